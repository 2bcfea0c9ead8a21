from __future__ import annotations

import pytest

from imagechat_tui.protocol.codec import decode_event, encode_event
from imagechat_tui.protocol.events import ImageChatUpdated, LiveEvent
from imagechat_tui.protocol.ids import BroadcastId
from imagechat_tui.server.live.frames import CloseCode, close_frame, joined, text_frame, together
from imagechat_tui.server.live.meters import Meter
from imagechat_tui.server.live.subscribers import (
    MAX_UNREAD_BYTES,
    MAX_UNREAD_FRAMES,
    MERGE_S,
    Merger,
    Subscriber,
)
from tests import examples as eg


class Wire:
    """A transport whose reader may be asleep."""

    def __init__(self) -> None:
        self.writes: list[bytes] = []
        self.asleep = False
        self.aborted = False

    def write(self, data: bytes) -> None:
        self.writes.append(data)

    def get_write_buffer_size(self) -> int:
        return sum(map(len, self.writes)) if self.asleep else 0

    def abort(self) -> None:
        self.aborted = True

    def is_closing(self) -> bool:
        return self.aborted


@pytest.fixture
def wire() -> Wire:
    return Wire()


def plain(event: LiveEvent) -> str:
    return encode_event(event, tenant_id=eg.TENANT, v2=False)


def updated(seq: int, **changes: object) -> str:
    return plain(eg.image_chat_updated(seq, conversation=eg.conversation(comment_count=seq, **changes)))


@pytest.mark.parametrize(
    ("size", "head"),
    [(125, b"\x81\x7d"), (126, b"\x81\x7e\x00\x7e"), (65_536, b"\x81\x7f" + b"\0" * 5 + b"\1\0\0")],
)
def test_a_frame_names_its_length_in_the_shortest_form(size: int, head: bytes) -> None:
    assert text_frame("x" * size) == head + b"x" * size


def test_what_gathers_in_one_turn_goes_out_as_one_write(wire: Wire) -> None:
    subscriber = Subscriber(wire, eg.ALICE, Meter(), v2=True)
    subscriber.begin()
    for data in (b"a", b"b", b"c"):
        subscriber.push(joined([data]))
    assert subscriber.flush()
    assert subscriber.flush()
    assert wire.writes == [b"abc"]


def test_what_comes_while_joining_waits_behind_the_greeting(wire: Wire) -> None:
    subscriber = Subscriber(wire, eg.ALICE, Meter(), v2=True)
    subscriber.push(joined([b"live"]))
    assert subscriber.flush()
    assert wire.writes == []
    subscriber.begin([b"subscribed ", b"replayed "])
    subscriber.flush()
    assert wire.writes == [b"subscribed replayed live"]


@pytest.mark.reliability
def test_a_reader_who_leaves_too_many_frames_is_too_slow(wire: Wire) -> None:
    subscriber = Subscriber(wire, eg.ALICE, Meter(), v2=True)
    subscriber.begin()
    wire.asleep = True
    for _ in range(MAX_UNREAD_FRAMES):
        subscriber.push(joined([b"x"]))
        assert subscriber.flush()
    subscriber.push(joined([b"x"]))
    assert not subscriber.flush()


@pytest.mark.reliability
def test_a_reader_who_leaves_too_many_bytes_is_too_slow(wire: Wire) -> None:
    subscriber = Subscriber(wire, eg.ALICE, Meter(), v2=True)
    subscriber.begin()
    wire.asleep = True
    subscriber.push(joined([b"x" * MAX_UNREAD_BYTES]))
    assert subscriber.flush()
    subscriber.push(joined([b"x"]))
    assert not subscriber.flush()


def test_a_reader_who_keeps_up_may_get_any_number(wire: Wire) -> None:
    subscriber = Subscriber(wire, eg.ALICE, Meter(), v2=True)
    subscriber.begin()
    for _ in range(MAX_UNREAD_FRAMES * 3):
        subscriber.push(joined([b"x"]))
        assert subscriber.flush()


def test_the_end_is_said_once_and_nothing_follows(wire: Wire) -> None:
    subscriber = Subscriber(wire, eg.ALICE, Meter(), v2=True)
    subscriber.begin()
    subscriber.push(joined([b"never"]))
    subscriber.end(CloseCode.OVERLOAD)
    subscriber.push(joined([b"nor this"]))
    assert subscriber.flush()
    assert wire.writes == [close_frame(CloseCode.OVERLOAD)] == [b"\x88\x02\x03\xf5"]


def test_nothing_is_written_before_the_beginning_not_even_the_end(wire: Wire) -> None:
    subscriber = Subscriber(wire, eg.ALICE, Meter(), v2=True)
    subscriber.push(joined([b"held"]))
    subscriber.end(CloseCode.RESTART)
    assert subscriber.flush() and wire.writes == []
    subscriber.begin([b"first"])
    assert subscriber.flush()
    assert wire.writes == [close_frame(CloseCode.RESTART)]


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65_535, 65_536])
def test_of_frames_their_messages_are_counted_without_heads(size: int) -> None:
    frames = joined([text_frame("x" * size), text_frame("ä")])
    assert (frames.count, frames.payload) == (2, size + 2)
    assert together([frames, joined([text_frame("y")])]) == joined(
        [text_frame("x" * size), text_frame("ä"), text_frame("y")]
    )


def test_what_is_written_is_counted_and_nothing_else(wire: Wire) -> None:
    meter = Meter()
    subscriber = Subscriber(wire, eg.ALICE, meter, v2=True)
    frame = text_frame("hello")
    subscriber.push(joined([frame]))
    subscriber.begin([frame, frame])
    assert (meter.messages, meter.message_bytes) == (0, 0), "nothing has left yet"
    subscriber.flush()
    subscriber.flush()
    assert (meter.messages, meter.message_bytes) == (3, 15)
    wire.asleep = True
    subscriber.push(joined([frame] * (MAX_UNREAD_FRAMES + 1)))
    assert not subscriber.flush()
    subscriber.end(CloseCode.OVERLOAD)
    subscriber.push(joined([frame]))
    subscriber.flush()
    closed = Subscriber(wire, eg.ALICE, meter, v2=True)
    closed.begin([frame])
    wire.aborted = True
    closed.flush()
    assert (meter.messages, meter.message_bytes) == (3, 15)


@pytest.fixture
def merger() -> Merger:
    return Merger(eg.TENANT, lambda: BroadcastId("fresh"))


def test_the_first_update_goes_at_once_and_the_latest_of_the_rest_a_second_later(merger: Merger) -> None:
    assert list(merger.passed(updated(1), 0.0)) == [updated(1)]
    assert [list(merger.passed(updated(n), 0.1 * n)) for n in (2, 3)] == [[], []]
    assert merger.wake_at == MERGE_S
    assert list(merger.due(0.9)) == []
    [frame] = merger.due(1.0)
    event = decode_event(frame)
    assert isinstance(event, ImageChatUpdated)
    assert (event.conversation.comment_count, event.activity) == (3, "several")
    assert event.stamp.broadcast_id == "fresh"
    assert merger.wake_at is None


def test_a_single_late_update_keeps_its_name(merger: Merger) -> None:
    list(merger.passed(updated(1), 0.0))
    list(merger.passed(updated(2), 0.5))
    assert list(merger.due(1.0)) == [updated(2)]


def test_markers_wait_together_and_leave_in_the_order_of_their_changes(merger: Merger) -> None:
    list(merger.passed(updated(1), 0.0))
    for seq, marker in ((2, "ic_1"), (3, "ic_2"), (4, "ic_1")):
        assert list(merger.passed(updated(seq, id=marker), 0.1)) == []
    sent = [decode_event(frame) for frame in merger.due(1.0)]
    assert [
        (event.conversation.id, event.stamp.timestamp_ms)
        for event in sent
        if isinstance(event, ImageChatUpdated)
    ] == [
        ("ic_2", eg.T0 + 3_000),
        ("ic_1", eg.T0 + 4_000),
    ]


@pytest.mark.reliability
def test_nothing_overtakes_what_waits(merger: Merger) -> None:
    """A reader's position is the newest time he has seen: what was overtaken would be lost with his link."""
    list(merger.passed(updated(1), 0.0))
    list(merger.passed(updated(2), 0.1))
    other = plain(eg.new_image_chat(3, conversation=eg.conversation(id="ic_2")))
    assert list(merger.passed(other, 0.2)) == [updated(2), other]
    assert list(merger.passed(updated(4), 0.3)) == [], "the second begins anew with what was sent"
    assert merger.wake_at == 0.2 + MERGE_S
    gone = plain(eg.deleted_image_chat(5))
    assert list(merger.passed(gone, 0.4)) == [updated(4), gone]
    assert merger.wake_at is None


def test_other_events_pass_as_they_are(merger: Merger) -> None:
    frame = plain(eg.new_image_chat(1))
    assert list(merger.passed(frame, 0.0)) == [frame] == list(merger.passed(frame, 0.0))
