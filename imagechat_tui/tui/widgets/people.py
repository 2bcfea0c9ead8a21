"""How a person appears: by name, by initials, in a steady colour."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from types import MappingProxyType

from msgspec import Struct

from imagechat_tui.finding import calling, own_part, plain
from imagechat_tui.protocol.ids import UserId
from imagechat_tui.protocol.models import Comment, Conversation, Point, User
from imagechat_tui.safetext import Kind, SafeText, comment_text, safe_text
from imagechat_tui.sync.state import ChatState, CommentView, Peer, Phase, Thread
from imagechat_tui.tui import symbols
from imagechat_tui.tui.name_completion import Offer, offer
from imagechat_tui.tui.person_colors import Colors, author_key, favorite

UNNAMED = SafeText("somebody")
ANONYMOUS = SafeText("Anonymous")
SHORT_SIGN = 4
"""Characters of a long id that tell people of one name apart, at least."""
LONGEST_SIGN = 24
"""A longer id says nothing to anybody: a part of it does."""


class People:
    """What people are called. Those of one name are told apart by their ids, so alike on every screen.

    Args:
        names: of the users that are known.
        me: the asking person.
        colors: which colours they have; others have their favourite one.
    """

    def __init__(
        self, names: Mapping[UserId, str], me: User | None = None, colors: Colors = MappingProxyType({})
    ) -> None:
        self.colors = colors
        self._names = names
        self._me = me
        shown = {
            user: self._plain_name(user) for user in {**names, **({me.id: ""} if me is not None else {})}
        }
        self.signs = _signs(shown)
        """Of those who share a name with somebody else."""
        self.called = calling(me)
        """What a comment has in it that calls the asking person; None if nothing does."""

    def is_about(self, state: ChatState, colors: Colors) -> bool:
        """Whether it holds for a state, and with these colours, too."""
        return (
            self._names is state.confirmed.names and self._me == state.confirmed.me and self.colors is colors
        )

    def color_of(self, key: str) -> str:
        """The theme's variable that holds somebody's colour; ``key`` is a user's id, or as of ``author_key``."""
        color = self.colors.get(key)
        return f"person-{favorite(key) if color is None else color}"

    def name_of(self, user_id: UserId | None) -> SafeText:
        """A user's name, harmless; "somebody" if nobody said."""
        return UNNAMED if user_id is None else self._told_apart(user_id, self._plain_name(user_id))

    def author_of(self, thing: Comment | Conversation) -> SafeText:
        """The author's name, harmless."""
        return self._told_apart(thing.author_id, _named(thing.author_id, thing.commenter_name))

    def starter_of(self, thread: Thread) -> SafeText:
        """Who started a thread: its author, where the server tells; else the author of its first comment."""
        named = bool(safe_text(thread.conversation.commenter_name, Kind.NAME))
        if named or not thread.comments:
            return self.author_of(thread.conversation)
        return self.author_of(thread.comments[0].comment)

    def mention_me(self, comment: CommentView) -> bool:
        """Whether somebody else's comment calls the asking person: ``@name``, by any of their names."""
        if comment.mine or comment.blocked or self.called is None or comment.comment.is_deleted:
            return False
        return self.called.search(plain(comment_text(comment.comment))) is not None

    @cached_property
    def offers(self) -> tuple[Offer, ...]:
        """Whom the asking person can call: everybody known by name but themselves."""
        found = []
        for user in self._names:
            name = self._plain_name(user)
            if name not in (UNNAMED, ANONYMOUS) and (self._me is None or user != self._me.id):
                own = safe_text(own_part(user), Kind.NAME)
                found.append(offer(self._told_apart(user, name), name, own, shared=user in self.signs))
        return tuple(one for one in found if one is not None)

    def same_looks(self, other: People) -> bool:
        """Whether these tell the same people apart, call the same one, and have the same colours."""
        return self.signs == other.signs and self.called == other.called and self.colors == other.colors

    def _plain_name(self, user_id: UserId) -> SafeText:
        is_me = self._me is not None and self._me.id == user_id
        name = self._me.name if self._me is not None and is_me else self._names.get(user_id, "")
        return _named(user_id, name)

    def _told_apart(self, user_id: UserId | None, name: SafeText) -> SafeText:
        sign = self.signs.get(user_id) if user_id is not None else None
        return name if sign is None else safe_text(f"{name} ({sign})", Kind.NAME)


def _named(user_id: UserId | None, name: str) -> SafeText:
    """The name that somebody goes by, harmless; a guest's id, which stands for a name they lack, is none."""
    if user_id is not None and user_id.startswith("anon:") and name in ("", user_id):
        return ANONYMOUS  # as the server names them in threads
    return safe_text(name, Kind.NAME) or UNNAMED


def _signs(names: Mapping[UserId, SafeText]) -> dict[UserId, str]:
    """What follows the names that several people have: of their ids what tells them apart.

    A name may look like another with what follows it. Then it gets one of its own.
    """
    signs: dict[UserId, str] = {}
    for _ in range(2):
        alike: dict[str, list[UserId]] = {}
        for user, name in names.items():
            sign = f" ({signs[user]})" if user in signs else ""
            alike.setdefault(plain(f"{name}{sign}"), []).append(user)
        for users in alike.values():
            if len(users) > 1:
                signs.update(zip(users, _parts([own_part(user) for user in users]), strict=True))
    return signs


def _parts(ids: Sequence[str]) -> list[str]:
    """Short ids as they are; of long ones as much of their beginnings as tells them apart."""
    longest = max(map(len, ids))
    if longest <= LONGEST_SIGN:
        return list(ids)
    enough = next(
        (n for n in range(SHORT_SIGN, longest) if len({one[:n] for one in ids}) == len(ids)), longest
    )
    return [f"{one[:enough]}{symbols.ELLIPSIS if len(one) > enough else ''}" for one in ids]


def nobody_words(state: ChatState) -> str:
    """What an empty list of people says: who may only read is not in it, and no guest is."""
    if state.is_guest and state.connection.phase is Phase.LIVE:
        return "Nobody who is signed in is here"
    alone = state.connection.phase is Phase.READ_ONLY and state.confirmed.peer is Peer.OURS
    return "Nobody else is here" if alone else "Presence unavailable"


def starter_key(thread: Thread) -> str:
    """What the colour of who started it goes by."""
    return author_key(thread.conversation) or (
        author_key(thread.comments[0].comment) if thread.comments else ""
    )


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
    color: str
    """The theme's variable that holds their colour."""
    asking: bool = False
    """Whether it is the person at this terminal."""
    at: Point | None = None
    """Where the crosshair is, in percent, if that is known."""
    versions: tuple[int, ...] = ()
    """Which versions of the picture they look at, as far as that is known."""

    @property
    def labels(self) -> tuple[str, ...]:
        """What to call them, the longest first."""
        you = " (you)" if self.asking else ""
        return f"{self.name}{you}", f"{initials(self.name)}{you}", initials(self.name)


def people_here(state: ChatState, people: People) -> list[Person]:
    """Who looks at the picture now, the asking person first, the others by name."""
    me = state.confirmed.me.id if state.confirmed.me is not None else UserId("")
    found = [
        Person(
            user,
            people.name_of(user),
            people.color_of(user),
            user == me,
            state.here.crosshairs.get(user),
            state.here.versions.get(user, ()),
        )
        for user in state.here.online
    ]
    return sorted(found, key=lambda person: (not person.asking, person.name.lower()))
