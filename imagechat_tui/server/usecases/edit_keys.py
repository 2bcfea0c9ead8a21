"""The keys with which guests who keep no session can still change what they wrote (PROTOCOL 4.3).

A key is made of what it opens and kept nowhere. What signed-in people wrote has none.
"""

from __future__ import annotations

from imagechat_tui.protocol.ids import ANONYMOUS_PREFIX, TenantId
from imagechat_tui.protocol.models import Comment, Conversation, Vote
from imagechat_tui.server.guard.tokens import Tokens


def opens(
    tokens: Tokens, tenant_id: TenantId, edit_key: str, *things: Comment | Conversation | Vote | None
) -> bool:
    """Whether a key is that of one of these things."""
    return bool(edit_key) and any(
        thing.author_id is not None
        and thing.author_id.startswith(ANONYMOUS_PREFIX)
        and tokens.is_edit_key(tenant_id, thing.id, edit_key)
        for thing in things
        if thing is not None
    )
