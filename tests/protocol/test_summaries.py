"""The form of how it stands with several images (PROTOCOL 9.3)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagechat_tui.protocol import codec
from imagechat_tui.protocol.codec import JsonObject, MalformedMessage
from imagechat_tui.protocol.ids import UrlId
from imagechat_tui.protocol.models import Place, Summary
from imagechat_tui.protocol.routes import MAX_SUMMARIES, Summaries, Summarize, UsersOnline
from tests.protocol import strategies
from tests.protocol.test_images import places
from tests.protocol.test_read_states import sent

keys = st.builds(UrlId, strategies.words.filter(bool))
summaries = st.builds(Summary, st.integers(0, 2**53), st.none() | st.integers(0, 2**53))


@given(st.lists(keys, max_size=20, unique=True), st.lists(places, max_size=20), st.booleans())
def test_what_is_asked_arrives(url_ids: list[UrlId], met: list[Place], people: bool) -> None:
    for begins, since_ms in ((False, None), (True, None), (True, 5)):
        asked = Summarize(tuple(url_ids), tuple(met), people, begins, since_ms)
        assert codec.decode_summarize(sent(codec.encode_summarize(asked))) == asked


@given(
    st.dictionaries(keys, summaries, max_size=20),
    st.none() | st.dictionaries(keys, strategies.users_online, max_size=3),
)
def test_what_is_answered_arrives(of: dict[UrlId, Summary], people: dict[UrlId, UsersOnline] | None) -> None:
    for at_ms in (None, 5):
        told = Summaries(of, (None, *of), people, at_ms)
        assert codec.decode_summaries(sent(codec.encode_summaries(told))) == told


@pytest.mark.parametrize(
    ("body", "key"),
    [
        ({"urlIds": [""]}, "urlIds"),
        ({"urlIds": "a"}, "urlIds"),
        ({"urlIds": [1]}, "urlIds"),
        (
            {"urlIds": list(map(str, range(MAX_SUMMARIES))), "places": [{"kind": "url", "value": "a"}]},
            "urlIds",
        ),
    ],
)
def test_what_cannot_be_is_refused_by_name(body: JsonObject, key: str) -> None:
    with pytest.raises(MalformedMessage) as caught:
        codec.decode_summarize(sent(body))
    assert caught.value.key.startswith(key)


def test_keys_that_are_named_twice_are_asked_once() -> None:
    assert codec.decode_summarize({"urlIds": ["a"] * (MAX_SUMMARIES + 1)}) == Summarize((UrlId("a"),))


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"summaries": {"a": {}}},
        {"summaries": {"a": {"open": -1}}},
        {"summaries": {"a": {"open": 1, "unread": -1}}},
        {"summaries": {}, "people": {"a": {"users": [{"displayName": "x"}]}}},
        {"summaries": {}, "people": {"a": {"users": [], "viewing": {"u": [0]}}}},
        {"summaries": {}, "people": {"a": {"users": [], "viewing": {"u": [1.5]}}}},
        {"summaries": {}, "people": {"a": {"users": [], "viewing": {"u": 1}}}},
    ],
)
def test_an_answer_without_sense_is_malformed(answer: JsonObject) -> None:
    with pytest.raises(MalformedMessage):
        codec.decode_summaries(answer)
