"""A recorded session is the session: run again it does the same, and what people wrote is not in it."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from typing import Any, get_args, get_type_hints

import pytest
from msgspec import Struct
from msgspec.structs import replace

from imagechat_tui.protocol.ids import BroadcastId, CommentId
from imagechat_tui.sync import effects, inputs
from imagechat_tui.sync.backoff import CAP_S
from imagechat_tui.sync.inputs import EventReceived, Started, Tick, Woke
from imagechat_tui.sync.intents import PostComment, Retry, Submitted
from imagechat_tui.sync.outbox import says
from imagechat_tui.sync.state import Draft, Peer, Phase, Room
from imagechat_tui.sync.trace import (
    HTML,
    NAMES,
    TEXTS,
    NotATrace,
    RecordedEngine,
    Replay,
    Replayed,
    Turn,
    Writer,
    changes,
    read_head,
)
from tests import examples as eg
from tests.sync.desk import joined
from tests.sync.world import ROOM, World

KEY = b"k" * 32
WRITE_ID = BroadcastId("w1")
UNVEILED = {
    *("id", "image_id", "broadcast_id", "comment_id", "conversation_id", "draft_id", "parent_id", "event_id"),
    *(
        "created_from_comment_id",
        "verification_id",
        "vote_id",
        "tenant_id",
        "unset",
        "still",
        "conversations",
    ),
    *("epoch", "thread", "type", "activity", "code", "reason", "why", "detail", "locale", "present", "gone"),
    *("positions", "before", "after", "branches", "shown", "flagged", "flags", "extra"),
}
"""Fields of texts that say nothing about people. Whoever adds a field decides where it belongs."""


class Trace:
    """The lines of one engine."""

    def __init__(self, room: Any, uniform: Callable[[float, float], float], cap_s: float = CAP_S) -> None:
        self._writer = Writer(KEY)
        self.lines = [self._writer.head(room, cap_s=cap_s, program="1")]
        self.engine = RecordedEngine(room, uniform=uniform, cap_s=cap_s, keep=self._keep)

    def _keep(self, turn: Turn) -> None:
        self.lines.append(self._writer.turn(turn))


def replayed(lines: list[bytes]) -> Iterator[Replayed]:
    """Each turn of a trace, run again."""
    replay = Replay(read_head(lines[0]))
    return (replay.turn(line) for line in lines[1:])


def first_difference(lines: list[bytes]) -> int | None:
    """The number of the first line that differs, the head being line 1."""
    return next((n for n, turn in enumerate(replayed(lines), 2) if turn.divergence is not None), None)


def session() -> list[bytes]:
    """A session with a list, an event, an outage and a write."""
    trace = Trace(eg.room(), lambda _, most: most)
    engine = trace.engine
    engine.feed(Started((Draft("d1", PostComment(eg.conversation().id, "half a thought")),)), 10.0)
    engine.feed(
        inputs.SnapshotLoaded(1, Peer.OURS, eg.conversation_list(user=eg.user(session_id="s3cret"))), 10.5
    )
    engine.feed(inputs.SocketOpened(2), 11.0)
    engine.feed(EventReceived(2, eg.subscribed(1)), 11.5)
    engine.feed(EventReceived(2, eg.image_chat_updated(2, comment=eg.comment(id=CommentId("c_2")))), 12.0)
    engine.feed(inputs.SocketClosed(2, 1012), 13.0)
    engine.feed(Tick(), 20.0)
    engine.feed(Submitted(Retry("d1"), WRITE_ID, eg.T0), 21.0)
    return trace.lines


@pytest.mark.parametrize("ours", [True, False])
@pytest.mark.parametrize("seed", range(6))
def test_whatever_the_network_does_a_recorded_session_runs_again_without_a_difference(
    seed: int, ours: bool
) -> None:
    traces: list[Trace] = []

    def new_engine(uniform: Callable[[float, float], float]) -> RecordedEngine:
        traces.append(Trace(ROOM, uniform))
        return traces[-1].engine

    world = World(seed, ours=ours, names=("anna", "bob"), new_engine=new_engine)
    for _ in range(60):
        world.step()
    world.heal()
    assert sum(len(trace.lines) for trace in traces) > 50
    assert [first_difference(trace.lines) for trace in traces] == [None] * len(traces)


def test_the_state_is_the_recorded_one() -> None:
    *_, last = replayed(session())
    assert last.after.connection.phase is Phase.RECONNECTING
    assert [*last.after.confirmed.conversations] == [eg.conversation().id]


@pytest.mark.parametrize(
    ("line", "was", "now"),
    [
        (3, b'"peer":"ours"', b'"peer":"hosted"'),
        (5, b'"at":11.5', b'"at":11.75'),
        (6, b'"activity":"new-comment"', b'"activity":"moved"'),
        (7, b'"drawn":[1.0]', b'"drawn":[]'),
        (7, b'"drawn":[1.0]', b'"drawn":[1.0,2.0]'),
        (7, b'"raised":""', b'"raised":"KeyError"'),
    ],
)
def test_a_line_that_was_changed_is_the_first_difference(line: int, was: bytes, now: bytes) -> None:
    lines = session()
    changed = lines[line - 1].replace(was, now, 1)
    assert changed != lines[line - 1]
    lines[line - 1] = changed
    assert first_difference(lines) == line


def test_a_defect_is_recorded_with_its_turn_and_comes_again() -> None:
    trace = Trace(eg.room(), lambda _, most: most)
    odd = inputs.SnapshotLoaded(1, Peer.OURS, eg.conversation_list())
    trace.engine.feed(Started(), 10.0)
    with pytest.raises(AttributeError):
        trace.engine.feed(replace(odd, list=None), 11.0)
    assert json.loads(trace.lines[-1])["raised"] == "AttributeError"


def strings_in(kind: Any, seen: set[Any]) -> Iterator[str]:
    """The names of all fields below a type that hold texts."""
    for part in get_args(kind):
        yield from strings_in(part, seen)
    if isinstance(kind, type) and issubclass(kind, Struct) and kind not in seen:
        seen.add(kind)
        for name, hint in get_type_hints(kind).items():
            if _holds_text(hint):
                yield name
            yield from strings_in(hint, seen)


def _holds_text(hint: Any) -> bool:
    plain = getattr(hint, "__supertype__", hint)
    return plain is str or any(_holds_text(part) for part in get_args(hint))


def test_of_each_field_with_a_text_it_is_known_whether_it_is_veiled() -> None:
    kinds = [kind for kind in get_args(effects.Effect) if kind is not effects.Publish]
    names = {name for kind in (inputs.Input, *kinds) for name in strings_in(kind, set())}
    names |= set(strings_in(Room, set()))
    assert names == TEXTS | HTML | NAMES | UNVEILED


def test_nothing_that_people_wrote_and_no_secret_is_in_it() -> None:
    text = b"".join(session()).decode()
    ids = eg.room_ids()
    for secret in (
        "s3cret",
        ids.url_id_ws,
        ids.user_id_ws,
        "half a thought",
        "wet",
        "Alice",
        "alice",
        "trail",
    ):
        assert secret not in text


def test_what_is_equal_stays_equal_and_html_still_says_its_text() -> None:
    writer, text = Writer(KEY), "a **b** & <c>"
    event = eg.new_comment()
    comment = replace(event.comment, text=text, html="a <b>b</b> &amp; &lt;c&gt;")
    heard = json.loads(writer.turn(Turn(1.0, EventReceived(1, replace(event, comment=comment)))))
    typed = json.loads(writer.turn(Turn(1.0, Submitted(PostComment(eg.conversation().id, text), WRITE_ID))))
    veiled = heard["input"]["event"]["comment"]
    assert veiled["text"] == typed["input"]["intent"]["text"] != text
    assert len(veiled["text"]) == len(text)
    assert says(eg.comment(text=None, html=veiled["html"]), veiled["text"])
    assert says(eg.comment(text=None, html=comment.html), text)


def test_the_letters_of_one_trace_tell_nothing_of_another() -> None:
    turn = Turn(1.0, EventReceived(1, eg.new_comment()))
    one, other = (json.loads(Writer(key).turn(turn)) for key in (b"1" * 32, b"2" * 32))
    assert one["input"]["event"]["comment"]["text"] != other["input"]["event"]["comment"]["text"]


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"\n",
        b'{"imagechat_trace":2}',
        b'{"imagechat_trace":1}',
        b'{"imagechat_trace":1,"room":NaN}',
        b'{"imagechat_trace":' + b"[" * 100_000,
        b"\x00" * 1000,
        b'{"threads":[]}',
    ],
)
def test_a_head_that_is_none_is_told_in_words(line: bytes) -> None:
    with pytest.raises(NotATrace) as told:
        read_head(line)
    assert 10 < len(str(told.value)) < 200


@pytest.mark.parametrize(
    "line",
    [
        b"\n",
        b"{}",
        b'{"at":NaN,"input":{"is":"Tick"}}',
        b'{"at":1e999,"input":{"is":"Tick"}}',
        b'{"at":5.0,"input":{"is":"Tick"}}',
        b'{"at":99.0,"input":{"is":"Tock"}}',
        b'{"at":99.0,"input":{"is":"SocketOpened","socket":"one"}}',
        b'{"at":99.0,"input":{"is":"Tick"},"more":' + b"[" * 1_000_000,
        b'{"at":99.0,"input":{"is":"Tick"},"effects":[' + b'{"a":[' * 1_000_000,
        b'{"at":99.0,"input":{"is":"SocketOpened","socket":' + b"9" * 100_000 + b"}}",
        b"\xff\xfe",
    ],
)
def test_a_line_that_is_no_turn_is_told_in_words(line: bytes) -> None:
    lines = session()
    replay = Replay(read_head(lines[0]))
    for good in lines[1:]:
        replay.turn(good)
    with pytest.raises(NotATrace) as told:
        replay.turn(line)
    assert 5 < len(str(told.value)) < 500


def test_inputs_that_nothing_sends_are_a_difference_and_no_crash() -> None:
    chance = random.Random(1)
    lines = session()
    for _ in range(300):
        damaged = list(lines)
        at = chance.randrange(1, len(lines))
        line = bytearray(damaged[at])
        line[chance.randrange(len(line))] = chance.choice(b'0123456789.-"{}[],:abcTtf')
        damaged[at] = bytes(line)
        try:
            first_difference(damaged)
        except NotATrace as told:
            assert str(told)


def test_a_change_is_told_by_its_place() -> None:
    state = joined().state
    later = eg.changed(state, connection=replace(state.connection, phase=Phase.OFFLINE), conversations={})
    told = changes(state, later)
    assert "connection.phase: live -> offline" in told
    assert "confirmed.conversations[ic_1] is gone" in told
    assert changes(state, state) == []


def test_waking_is_recorded_as_any_input() -> None:
    trace = Trace(eg.room(), lambda low, _: low)
    trace.engine.feed(Started(), 1.0)
    trace.engine.feed(Woke(), 2.0)
    assert first_difference(trace.lines) is None
