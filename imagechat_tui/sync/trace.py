"""A session of the engine as lines of JSON, and the same session run again from them.

The first line is the head: what the engine was made with. Each line after it is one turn: when, what happened,
which numbers chance gave, what the engine asked for, when it wants to wake. The engine is pure, so the same
inputs give the same effects; where they do not, this program is another one than the one that was recorded, or
the engine is not pure, and the first such turn is where to look.

People send traces to others, so words and secrets are veiled before they are written: each is replaced by letters
of the same number, drawn from a key that is in no trace. What is equal stays equal, which is all that the engine
asks of them (a comment's HTML says the same as its text, a thread's key begins with its picture's). Ids of
markers and comments stay, as do places, times, numbers and what a server gave as its reason.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Mapping, Sequence, Set
from enum import Enum
from hashlib import blake2b
from math import isfinite
from typing import Any, Final

import msgspec
from msgspec import Struct

from imagechat_tui.sync.backoff import Uniform
from imagechat_tui.sync.effects import Effect, Publish
from imagechat_tui.sync.engine import SyncEngine
from imagechat_tui.sync.inputs import Input
from imagechat_tui.sync.state import ChatState, Room

VERSION: Final = 1
BEGINNING: Final = b'{"imagechat_trace":'
"""With what every trace begins, and hardly anything else."""

TEXTS: Final = frozenset({"text"})
"""Fields that hold what people wrote."""
HTML: Final = frozenset({"html"})
"""Fields that hold the same as HTML."""
NAMES: Final = frozenset(
    {
        *("session_id", "tenant_id_ws", "url_id_ws", "user_id_ws"),  # secrets
        *("user_id", "anon_user_id", "actor_id", "by", "joined", "left", "resolved_by", "blocked"),
        *("username", "display_name", "email", "avatar_src", "commenter_name"),
        *("display_label", "website_url", "commenter_link"),
        *("src", "url", "url_id", "url_id_clean", "thread_url_id", "page_title", "name", "project", "paths"),
        *("value", "pixels", "sha256"),
        *(
            "path",
            "log",
            "last_line",
            "why",
            "host",
            "user",
            "group",
            "keeper",
            "where",
        ),  # of a server that does not start
    }
)
"""Fields that hold secrets, ids and names of people, names of pictures (whose addresses may hold signatures)."""

_WORD: Final = re.compile(r"\w+")
_TAG: Final = re.compile(r"<[^>]*>")
_SHORT_NUMBER: Final = re.compile(r"[0-9]{1,3}\Z")
"""Such are the coordinates in a thread's key, which the engine makes itself."""


class Head(Struct, frozen=True):
    """What the engine was made with."""

    imagechat_trace: int
    """Version of the form."""
    program: str
    """Version of the program."""
    room: Room
    cap_s: float
    """Longest delay of the back-off, in seconds."""


class Turn(Struct, frozen=True):
    """One call of ``feed``."""

    at: float
    """``now``, in seconds on the engine's clock."""
    input: Input
    drawn: tuple[float, ...] = ()
    """What chance gave, in order."""
    effects: tuple[Effect, ...] = ()
    wake_at: float | None = None
    raised: str = ""
    """The exception that ended the turn, by its class."""


class Line(Struct, frozen=True):
    """A turn as it is read back: the effects are only there to be compared."""

    at: float
    input: Input
    drawn: tuple[float, ...] = ()
    effects: tuple[dict[str, Any], ...] = ()
    wake_at: float | None = None
    raised: str = ""


class NotATrace(ValueError):
    """A line is none of a trace; the message says why in words."""


class RecordedEngine:
    """An engine each of whose turns is handed to ``keep`` (``net.driver.Engine``).

    Args:
        room: see ``SyncEngine``.
        uniform: see ``SyncEngine``.
        cap_s: see ``SyncEngine``.
        keep: takes a turn; called at its end, before its effects are carried out.
    """

    def __init__(self, room: Room, *, uniform: Uniform, cap_s: float, keep: Callable[[Turn], None]) -> None:
        self._uniform = uniform
        self._keep = keep
        self._drawn: list[float] = []
        self._engine = SyncEngine(room, uniform=self._draw, cap_s=cap_s)

    @property
    def state(self) -> ChatState:
        """The newest state."""
        return self._engine.state

    @property
    def wake_at(self) -> float | None:
        """When the engine wants a Tick, on the clock of ``now``."""
        return self._engine.wake_at

    def feed(self, happened: Input, now: float, /) -> tuple[Effect, ...]:
        """As the engine does."""
        self._drawn = []
        try:
            effects = self._engine.feed(happened, now)
        except Exception as defect:
            self._keep(Turn(now, happened, tuple(self._drawn), raised=type(defect).__name__))
            raise
        self._keep(Turn(now, happened, tuple(self._drawn), effects, self._engine.wake_at))
        return effects

    def _draw(self, low: float, high: float) -> float:
        drawn = self._uniform(low, high)
        self._drawn.append(drawn)
        return drawn


class Writer:
    """Makes the lines of one trace, each with its line end.

    Args:
        key: random, at least 16 bytes: whoever has it can tell which words are meant by which letters.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key

    def head(self, room: Room, *, cap_s: float, program: str) -> bytes:
        """The first line."""
        return self._line(_plain(Head(VERSION, program, room, cap_s)))

    def turn(self, turn: Turn) -> bytes:
        """The line of one turn."""
        line = _plain(msgspec.structs.replace(turn, effects=()))
        line["effects"] = [effect_as_told(effect) for effect in turn.effects]
        return self._line(line)

    def _line(self, line: dict[str, Any]) -> bytes:
        return msgspec.json.encode(self._veiled(line, "")) + b"\n"

    def _veiled(self, value: Any, name: str) -> Any:
        """A plain value without words and secrets; ``name`` is of the field that it is in."""
        if isinstance(value, dict):
            person = "username" in value
            return {
                key: self._veiled(part, "user_id" if person and key == "id" else key)
                for key, part in value.items()
            }
        if isinstance(value, list | tuple):
            return [self._veiled(part, name) for part in value]
        if not isinstance(value, str):
            return value
        if name in TEXTS:
            return self._text(value)
        if name in HTML:
            return html.escape(self._text(html.unescape(_TAG.sub("", value))), quote=False)
        if name in NAMES or "@" in value:  # somebody's address
            return _WORD.sub(self._word, value)
        return value

    def _text(self, text: str) -> str:
        """A text with other letters; all of them depend on all that were there, so that no part can be guessed."""
        letters = iter(self._letters("".join(_WORD.findall(text))))
        return re.sub(r"\w", lambda _: next(letters), text)

    def _word(self, found: re.Match[str]) -> str:
        return found[0] if _SHORT_NUMBER.match(found[0]) else self._letters(found[0])

    def _letters(self, meant: str) -> str:
        drawn = b""
        while len(drawn) < len(meant):
            more = f"{len(drawn)} {meant}".encode("utf-8", "surrogatepass")
            drawn += blake2b(more, key=self._key).digest()
        return "".join(chr(ord("a") + byte % 26) for byte in drawn[: len(meant)])


def effect_as_told(effect: Effect) -> dict[str, Any]:
    """An effect as a trace has it; of a state its outline, for it has been told by inputs already."""
    if isinstance(effect, Publish):
        return {"is": "Publish", "state": outline(effect.state)}
    return _plain(effect)


def outline(value: object) -> Any:
    """A value without what it holds: numbers, flags and kinds as they are, of collections how many."""
    match value:
        case Enum():
            return value.value
        case Struct():
            return {name: outline(getattr(value, name)) for name in value.__struct_fields__}
        case str():
            return bool(value)
        case Mapping() | Set() | Sequence():
            return len(value)
        case _:
            return value


def _plain(value: Struct) -> dict[str, Any]:
    plain = msgspec.to_builtins(value, str_keys=True, order="deterministic")
    assert isinstance(plain, dict)
    return plain


# -- read back


def read_head(line: bytes) -> Head:
    """The first line.

    Raises:
        NotATrace: It is none, or of another version.
    """
    if not line.startswith(BEGINNING):
        raise NotATrace("it does not begin like one")
    try:
        version = msgspec.json.decode(line, type=dict[str, Any]).get("imagechat_trace")
        if version != VERSION:
            raise NotATrace(f"the form of the trace is {version!r}, and only {VERSION} is understood")
        return msgspec.json.decode(line, type=Head)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise NotATrace(_why(error)) from None


class Divergence(Struct, frozen=True):
    """Where the engine does something else than was recorded."""

    recorded: tuple[str, ...]
    """What is only in the record, as JSON; outside text."""
    replayed: tuple[str, ...]
    """What is only here, as JSON; outside text."""


class Replayed(Struct, frozen=True):
    """One turn, run again."""

    line: Line
    before: ChatState
    after: ChatState
    divergence: Divergence | None = None


class Replay:
    """A fresh engine that is fed with a trace, line by line."""

    def __init__(self, head: Head) -> None:
        self._engine = SyncEngine(head.room, uniform=self._draw, cap_s=head.cap_s)
        self._decoder = msgspec.json.Decoder(Line)
        self._drawn: list[float] = []
        self._too_many = 0
        self._now = float("-inf")

    def turn(self, line: bytes) -> Replayed:
        """Run the turn of one line.

        Raises:
            NotATrace: The line is no turn, or of an earlier time than the one before it.
        """
        try:
            turn = self._decoder.decode(line)
        except (msgspec.MsgspecError, RecursionError, ValueError) as error:
            raise NotATrace(_why(error)) from None
        if turn.at < self._now:
            raise NotATrace("time goes back")
        self._now = turn.at
        self._drawn, self._too_many = list(reversed(turn.drawn)), 0
        before = self._engine.state
        recorded: list[dict[str, Any]] = [*turn.effects, _rest(turn.wake_at, turn.drawn, turn.raised)]
        replayed = self._replayed(turn)
        return Replayed(turn, before, self._engine.state, _difference(recorded, replayed))

    def _replayed(self, turn: Line) -> list[dict[str, Any]]:
        try:
            effects = self._engine.feed(turn.input, turn.at)
        except Exception as defect:  # of any kind: that is what is looked for
            return [_rest(None, self._used(turn), type(defect).__name__)]
        told = [effect_as_told(effect) for effect in effects]
        return [*told, _rest(self._engine.wake_at, self._used(turn), "")]

    def _draw(self, low: float, high: float) -> float:
        if self._drawn and isfinite(self._drawn[-1]):
            return self._drawn.pop()
        self._too_many += 1
        return low

    def _used(self, turn: Line) -> tuple[float, ...]:
        return (*turn.drawn[: len(turn.drawn) - len(self._drawn)], *[0.0] * self._too_many)


def _rest(wake_at: float | None, drawn: tuple[float, ...], raised: str) -> dict[str, Any]:
    return {"wake_at": wake_at, "drawn": list(drawn), "raised": raised}


def _difference(recorded: list[dict[str, Any]], replayed: list[dict[str, Any]]) -> Divergence | None:
    """What differs, as values of JSON: 5 and 5.0 are one number there."""
    ours = [msgspec.json.decode(msgspec.json.encode(item)) for item in replayed]
    if ours == recorded:
        return None
    only_recorded = [item for item in recorded if item not in ours]
    only_replayed = [item for item in ours if item not in recorded]
    if not only_recorded and not only_replayed:  # in another order, or another number of times
        only_recorded, only_replayed = recorded, ours
    return Divergence(*(tuple(_text_of(item) for item in items) for items in (only_recorded, only_replayed)))


def _text_of(item: dict[str, Any]) -> str:
    return msgspec.json.encode(item, order="deterministic").decode()


def _why(error: Exception) -> str:
    return "it is nested too deeply" if isinstance(error, RecursionError) else str(error)


# -- what became of the state

_NOTHING: Final = object()


def changes(before: object, after: object, name: str = "") -> list[str]:
    """How two values differ, a line for each place; what they hold is outside text."""
    if before is after or before == after:
        return []
    if isinstance(before, Struct) and type(before) is type(after):
        fields = before.__struct_fields__
        return [
            line
            for field in fields
            for line in changes(getattr(before, field), getattr(after, field), f"{name}.{field}".lstrip("."))
        ]
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        keys = [*before, *(key for key in after if key not in before)]
        return [
            line
            for key in keys
            for line in changes(before.get(key, _NOTHING), after.get(key, _NOTHING), f"{name}[{key}]")
        ]
    if before is _NOTHING:
        return [f"{name} is new: {_short(after)}"]
    if after is _NOTHING:
        return [f"{name} is gone"]
    return [f"{name}: {_short(before)} -> {_short(after)}"]


def _short(value: object) -> str:
    match value:
        case Enum():
            return str(value.value)
        case frozenset():
            shown = f"{{{', '.join(sorted(_short(part) for part in value))}}}"
        case tuple():
            shown = f"[{', '.join(_short(part) for part in value)}]"
        case Mapping():
            shown = f"{{{', '.join(f'{key}: {_short(part)}' for key, part in value.items())}}}"
        case Struct():
            fields = msgspec.structs.fields(value)
            told = [(field.name, getattr(value, field.name)) for field in fields]
            held = [f"{key}={_short(part)}" for key, part in told if part not in (None, "", 0, False, ())]
            shown = f"{type(value).__name__}({', '.join(held)})"
        case _:
            shown = repr(value)
    return shown if len(shown) <= 200 else f"{shown[:199]}…"
