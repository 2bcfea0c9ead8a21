"""Frames come out of their packing as they went in, also those that earlier versions packed or did not pack."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from imagechat_tui.protocol.codec import encode_event
from imagechat_tui.protocol.ids import BroadcastId, EventId, UrlId
from imagechat_tui.server.storage import StoredEvent, rows
from imagechat_tui.server.storage.packed_frames import pack_frames, unpack_frames
from imagechat_tui.server.storage.quotes import without_words
from tests import examples as eg

FRAMES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))


@given(FRAMES, st.none() | FRAMES)
def test_frames_come_out_as_they_went_in(full: str, plain: str | None) -> None:
    assert unpack_frames(pack_frames(full, plain)) == (full, plain)


def test_what_a_comment_logs_is_short() -> None:
    full, plain = (
        without_words(encode_event(eg.image_chat_updated(comment=eg.comment()), tenant_id=eg.TENANT, v2=v2))
        for v2 in (True, False)
    )
    assert len(pack_frames(full, plain)) < (len(full) + len(plain)) / 3


def test_what_was_packed_once_is_read_for_ever() -> None:
    packed = bytes.fromhex("0183a759e4d047320c11f886083ba0c15b5bcb505d0b00")
    assert unpack_frames(packed) == (
        '{"type":"new-comment","comment":{"_id":"c_1","commentHTML":\x02}}',
        "{}",
    )


def test_an_event_of_an_earlier_version_is_read_as_it_is() -> None:
    row = {
        "id": "e",
        "seq": 1,
        "timestamp_ms": 2,
        "url_id": "u",
        "broadcast_id": "b",
        "plain": None,
        "full_frame": "{}",
    }
    read = rows.read_event(row | {"packed": None, "text": None, "html": None})
    assert read == StoredEvent(EventId("e"), 1, 2, UrlId("u"), BroadcastId("b"), None, "{}")
