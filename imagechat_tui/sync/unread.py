"""What of a thread somebody has not read."""

from __future__ import annotations

from collections.abc import Iterable

from imagechat_tui.protocol.ids import UserId
from imagechat_tui.protocol.models import Comment


def unread_of(comments: Iterable[Comment], *, read: int, me: UserId | None) -> tuple[Comment, ...]:
    """The comments of others behind the one of number ``read``; none that have no number."""
    return tuple(comment for comment in comments if comment.author_id != me and (comment.number or 0) > read)
