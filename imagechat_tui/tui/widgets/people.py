"""How a person appears: by name, by initials, in a steady colour."""

from __future__ import annotations

from imagechat_tui.protocol.ids import UserId
from imagechat_tui.protocol.models import Comment, Conversation
from imagechat_tui.safetext import Kind, SafeText, safe_text
from imagechat_tui.sync.state import ChatState

UNNAMED = SafeText("somebody")


def name_of(state: ChatState, user_id: UserId | None) -> SafeText:
    """A user's name, harmless; "somebody" if nobody said."""
    if user_id is None:
        return UNNAMED
    name = state.me.name if state.me is not None and state.me.id == user_id else state.names.get(user_id, "")
    return safe_text(name, Kind.NAME) or UNNAMED


def author_of(thing: Comment | Conversation) -> SafeText:
    """Who wrote it."""
    return safe_text(thing.commenter_name, Kind.NAME) or UNNAMED


def author_key(thing: Comment | Conversation) -> str:
    """What the colour of its author goes by."""
    return thing.author_id or thing.commenter_name


def initials(name: str) -> str:
    """One or two capital letters for a name."""
    words = [
        word
        for word in name.replace("-", " ").replace("_", " ").replace(".", " ").split()
        if word[0].isalnum()
    ]
    if not words:
        return "?"
    return (words[0][0] + (words[-1][0] if len(words) > 1 else "")).upper()
