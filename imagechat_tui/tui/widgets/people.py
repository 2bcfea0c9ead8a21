"""How a person appears: by name, by initials, in a steady colour."""

from __future__ import annotations

from msgspec import Struct

from imagechat_tui.protocol.ids import UserId
from imagechat_tui.protocol.models import Comment, Conversation, Point
from imagechat_tui.safetext import Kind, SafeText, safe_text
from imagechat_tui.sync.state import ChatState, Peer, Phase, Thread

UNNAMED = SafeText("somebody")
ANONYMOUS = SafeText("Anonymous")


def name_of(state: ChatState, user_id: UserId | None) -> SafeText:
    """A user's name, harmless; "somebody" if nobody said."""
    if user_id is None:
        return UNNAMED
    name = (
        state.confirmed.me.name
        if state.confirmed.me is not None and state.confirmed.me.id == user_id
        else state.confirmed.names.get(user_id, "")
    )
    if user_id.startswith("anon:") and name in ("", user_id):
        return ANONYMOUS  # as the server names them in threads
    return safe_text(name, Kind.NAME) or UNNAMED


def nobody_words(state: ChatState) -> str:
    """What an empty list of people says: who may only read is not in it."""
    alone = state.connection.phase is Phase.READ_ONLY and state.confirmed.peer is Peer.OURS
    return "Nobody else is here" if alone else "Presence unavailable"


def author_of(thing: Comment | Conversation) -> SafeText:
    """The author's name, harmless."""
    return safe_text(thing.commenter_name, Kind.NAME) or UNNAMED


def starter_of(thread: Thread) -> SafeText:
    """Who started a thread: its author, where the server tells; else the author of its first comment."""
    named = safe_text(thread.conversation.commenter_name, Kind.NAME)
    return named or (author_of(thread.comments[0].comment) if thread.comments else UNNAMED)


def starter_key(thread: Thread) -> str:
    """What the colour of who started it goes by."""
    return author_key(thread.conversation) or (
        author_key(thread.comments[0].comment) if thread.comments else ""
    )


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


class Person(Struct, frozen=True):
    """Somebody who looks at the picture now."""

    id: str
    name: SafeText
    asking: bool = False
    """Whether it is the person at this terminal."""
    at: Point | None = None
    """Where the crosshair is, in percent, if that is known."""

    @property
    def labels(self) -> tuple[str, ...]:
        """What to call them, the longest first."""
        you = " (you)" if self.asking else ""
        return f"{self.name}{you}", f"{initials(self.name)}{you}", initials(self.name)


def people_here(state: ChatState) -> list[Person]:
    """Who looks at the picture now, the asking person first, the others by name."""
    me = state.confirmed.me.id if state.confirmed.me is not None else UserId("")
    found = [
        Person(user, name_of(state, user), user == me, state.here.crosshairs.get(user))
        for user in state.here.online
    ]
    return sorted(found, key=lambda person: (not person.asking, person.name.lower()))
