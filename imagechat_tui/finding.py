"""Which threads a person means: the words behind ``/`` and ``F`` on the screen, and of ``ls --filter``.

::

    logo "cut off" #7 is:open is:unread by:anna mentions:me

All of them have to hold. Words are looked for in what is said and in who said it, small and capital letters alike.
Whatever else has a colon in it is a word like any other.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Final, TypeAlias, assert_never

from msgspec import Struct

from imagechat_tui.problems import NotAFilter
from imagechat_tui.protocol.ids import UserId
from imagechat_tui.protocol.models import User
from imagechat_tui.safetext import Kind, comment_text, safe_text
from imagechat_tui.sync.state import Thread


class Is(Struct, frozen=True):
    """The thread stands so (``is:open``)."""

    state: str


class Numbered(Struct, frozen=True):
    """It is the one of that number (``#7``)."""

    number: int


class By(Struct, frozen=True):
    """Somebody of such a name has written in it (``by:anna``), or the asking person (``by:me``)."""

    name: str


class Mentions(Struct, frozen=True):
    """A comment in it calls somebody (``mentions:anna``), or the asking person (``mentions:me``)."""

    name: str


class Says(Struct, frozen=True):
    """It is said in it, or part of the name of somebody who has written in it."""

    words: str


Term: TypeAlias = Is | Numbered | By | Mentions | Says

ME: Final = "me"
MENTION: Final = Mentions(ME)

_STATES: Final[Mapping[str, Callable[[Thread], bool]]] = MappingProxyType(
    {
        "open": lambda thread: not thread.conversation.resolved,
        "resolved": lambda thread: thread.conversation.resolved,
        "mine": lambda thread: thread.mine,
        "unread": lambda thread: thread.unread,
        "check": lambda thread: thread.to_check,
    }
)
STATES: Final = (*_STATES, "mention")
"""What ``is:`` takes. ``is:mention`` is short for ``mentions:me``."""

_TERM: Final = re.compile(r'(is|by|mentions):(?:"([^"]*)"?|(\S*))|"([^"]*)"?|(\S+)', re.IGNORECASE)
_NUMBER: Final = re.compile(r"#(\d{1,18})")


class Query(Struct, frozen=True):
    """What was asked for; without terms it is every thread."""

    text: str
    """As it was typed, without space around it."""
    terms: tuple[Term, ...] = ()


EVERY: Final = Query("")
"""Every thread is meant."""


def parsed(text: str) -> Query | NotAFilter:
    """What a text asks for, or what in it cannot be meant."""
    terms: list[Term] = []
    for match in _TERM.finditer(text):
        key, bare = (match[1] or "").lower(), match[5] or ""
        value = " ".join(plain(match[2] or match[3] or match[4] or bare).split())
        if key == "is" and value not in STATES:
            return NotAFilter(match[0], STATES)
        if key and not value.removeprefix("@"):
            return NotAFilter(match[0])
        if key == "is":
            terms.append(MENTION if value == "mention" else Is(value))
        elif key:
            terms.append(By(value) if key == "by" else Mentions(value.removeprefix("@")))
        elif number := _NUMBER.fullmatch(bare):
            terms.append(Numbered(int(number[1])))
        elif value:
            terms.append(Says(value))
    return Query(text.strip(), tuple(terms))


class _Comment(Struct, frozen=True):
    """A comment as it is looked through: plain, as names and words are compared."""

    text: str
    author: str
    """Their name, and what is theirs of their id."""
    mine: bool


class Finder:
    """Looks through threads. One that is the same object as last time is not read again."""

    def __init__(self) -> None:
        self._read: dict[str, tuple[Thread, tuple[_Comment, ...]]] = {}
        self._me: User | None = None
        self._called: re.Pattern[str] | None = None

    def found(self, query: Query, threads: Iterable[Thread], me: User | None) -> tuple[Thread, ...]:
        """Those that are meant, in their order; ``me`` asks."""
        if me != self._me:
            self._me, self._called = me, calling(me)
        before, self._read = self._read, {}
        found = []
        for thread in threads:
            known = before.get(thread.key)
            read = known if known is not None and known[0] is thread else (thread, _looked_through(thread))
            self._read[thread.key] = read
            if all(self._holds(term, *read) for term in query.terms):
                found.append(thread)
        return tuple(found)

    def _holds(self, term: Term, thread: Thread, comments: tuple[_Comment, ...]) -> bool:
        match term:
            case Is(state):
                return _STATES[state](thread)
            case Numbered(number):
                return thread.number == number
            case By(name):
                return any(one.mine if name == ME else name in one.author for one in comments)
            case Mentions(name):
                called = self._called if name == ME else _calls([name], whole=False)
                others = (one for one in comments if name != ME or not one.mine)
                return called is not None and any(called.search(one.text) for one in others)
            case Says(words):
                return any(words in one.text or words in one.author for one in comments)
            case _:
                assert_never(term)


def _looked_through(thread: Thread) -> tuple[_Comment, ...]:
    return tuple(
        _Comment(
            # Of somebody blocked the name is seen, and nothing that they say.
            "" if view.blocked else " ".join(plain(comment_text(view.comment)).split()),
            plain(f"{safe_text(view.comment.commenter_name, Kind.NAME)}\n{_named(view.comment.author_id)}"),
            view.mine,
        )
        for view in thread.comments
        if not view.comment.is_deleted
    )


def _named(user_id: UserId | None) -> str:
    return "" if user_id is None else own_part(user_id)


# Who is called in a comment


def plain(text: str) -> str:
    """A text as names and words in it are compared."""
    return unicodedata.normalize("NFKC", text).casefold()


def own_part(user_id: UserId) -> str:
    """Of an id what is the user's: the tenant stands before it."""
    return user_id.rpartition(":")[2] or user_id


def calling(me: User | None) -> re.Pattern[str] | None:
    """What a plain text has in it that calls somebody: ``@name``, by any of their names; None if they have none."""
    if me is None or me.is_anonymous:
        return None
    shown = [safe_text(name, Kind.NAME) for name in (me.display_name, me.username, own_part(me.id))]
    names = {plain(name) for whole in shown for name in (whole, whole.partition(" ")[0]) if name}
    return _calls(names) if names else None


def _calls(names: Iterable[str], *, whole: bool = True) -> re.Pattern[str]:
    longest_first = sorted(names, key=lambda name: (-len(name), name))
    end = r"(?!\w)" if whole else ""
    return re.compile(rf"(?<![\w@.])@(?:{'|'.join(map(re.escape, longest_first))}){end}")
