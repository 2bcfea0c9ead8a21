"""The form of how far somebody has read (PROTOCOL 9.1)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagechat_tui.protocol import codec
from imagechat_tui.protocol.codec import JsonObject, MalformedMessage
from imagechat_tui.protocol.models import ReadState
from imagechat_tui.protocol.routes import MAX_READ_MARKS, ChangeReadState
from tests.protocol import strategies


def sent(body: JsonObject) -> JsonObject:
    """A body as it arrives."""
    return codec.parse_object(codec.dump_json(body))


@given(strategies.read_states)
def test_what_is_answered_arrives(state: ReadState) -> None:
    assert codec.decode_read_state(sent(codec.encode_read_state(state))) == state


@given(
    st.builds(ChangeReadState, strategies.read_marks, strategies.read_marks, st.sampled_from([None, 0, 5]))
)
def test_what_is_asked_arrives(change: ChangeReadState) -> None:
    assert codec.decode_change_read_state(sent(codec.encode_change_read_state(change))) == change


@pytest.mark.parametrize(
    ("body", "key"),
    [
        ({"read": {"a": -1}}, "read"),
        ({"unread": {"a": -1}}, "unread"),
        ({"read": {"a": "1"}}, "read.a"),
        ({"read": {"a": 2**53 + 1}}, "read.a"),
        ({"read": [1]}, "read"),
        ({"since": "now"}, "since"),
        ({"read": dict.fromkeys(map(str, range(MAX_READ_MARKS)), 1), "unread": {"a": 0}}, "read"),
    ],
)
def test_what_cannot_be_is_refused_by_name(body: JsonObject, key: str) -> None:
    with pytest.raises(MalformedMessage) as caught:
        codec.decode_change_read_state(sent(body))
    assert caught.value.key == key


@pytest.mark.parametrize("answer", [{}, {"revision": -1}, {"revision": 1, "read": {"a": None}}])
def test_an_answer_without_sense_is_malformed(answer: JsonObject) -> None:
    with pytest.raises(MalformedMessage):
        codec.decode_read_state(answer)
