"""The form of where markers are on a version of their image (PROTOCOL 9.2)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagechat_tui.protocol import codec
from imagechat_tui.protocol.codec import JsonObject, MalformedMessage
from imagechat_tui.protocol.models import Placements
from imagechat_tui.protocol.routes import MAX_PLACEMENTS, ChangePlacements
from tests.protocol import strategies

MOVED: JsonObject = {
    "chatId": "ic_1",
    "x": 10,
    "y": 20.5,
    "state": "moved",
    "fromX": 10,
    "fromY": 12,
    "score": 0.9,
}
SET: JsonObject = {"chatId": "ic_1", "x": 10, "y": 20.5, "state": "set"}


def sent(body: JsonObject) -> JsonObject:
    """A body as it arrives."""
    return codec.parse_object(codec.dump_json(body))


def many(count: int) -> list[JsonObject]:
    return [SET | {"chatId": f"ic_{number}"} for number in range(count)]


@given(strategies.placements)
def test_what_is_answered_arrives(placements: Placements) -> None:
    assert codec.decode_placements(sent(codec.encode_placements(placements))) == placements


@given(st.builds(ChangePlacements, strategies.counts, strategies.placement_tuples))
def test_what_is_asked_arrives(change: ChangePlacements) -> None:
    assert codec.decode_change_placements(sent(codec.encode_change_placements(change))) == change


def test_what_is_taken_back_arrives() -> None:
    change = codec.decode_change_placements({"version": 2, "placements": [], "unset": ["ic_1", "ic_2"]})
    assert codec.decode_change_placements(sent(codec.encode_change_placements(change))) == change
    assert change.unset == ("ic_1", "ic_2")


def test_what_a_person_says_holds_wherever_the_marker_goes() -> None:
    (placement,) = codec.decode_change_placements(
        {"version": 2, "placements": [SET | MOVED | SET]}
    ).placements
    assert (placement.origin, placement.score) == (None, None)


@pytest.mark.parametrize("key", ["x", "y", "fromX", "fromY", "score"])
@pytest.mark.parametrize("value", [-0.01, 100.01, 1e308, -1e308, "50", True, [50], {"x": 1}])
def test_a_number_that_cannot_be_is_refused_by_name(key: str, value: object) -> None:
    with pytest.raises(MalformedMessage) as caught:
        codec.decode_change_placements({"version": 2, "placements": [MOVED | {key: value}]})
    assert caught.value.key == f"placements[0].{key}"


@pytest.mark.parametrize("key", ["x", "y", "fromX", "fromY", "score"])
@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_no_number_at_all_is_refused_before_anything_is_read(key: str, value: str) -> None:
    body = codec.dump_json({"version": 2, "placements": [MOVED | {key: "here"}]})
    with pytest.raises(MalformedMessage):
        codec.decode_change_placements(codec.parse_object(body.replace(b'"here"', value.encode())))


@pytest.mark.parametrize(
    ("body", "key"),
    [
        ({"placements": []}, "version"),
        ({"version": 2.5, "placements": []}, "version"),
        ({"version": 2**53 + 1, "placements": []}, "version"),
        ({"version": 2}, "placements"),
        ({"version": 2, "placements": {}}, "placements"),
        ({"version": 2, "placements": [7]}, "placements[0]"),
        ({"version": 2, "placements": [MOVED | {"chatId": ""}]}, "placements[0].chatId"),
        ({"version": 2, "placements": [MOVED | {"state": "unset"}]}, "placements[0].state"),
        ({"version": 2, "placements": [{**MOVED, "fromX": None}]}, "placements[0].fromX"),
        ({"version": 2, "placements": [], "unset": [7]}, "unset[0]"),
        ({"version": 2, "placements": many(MAX_PLACEMENTS + 1)}, "placements"),
        ({"version": 2, "placements": many(MAX_PLACEMENTS), "unset": ["ic_x"]}, "placements"),
        ({"version": 2, "placements": [SET, MOVED]}, "placements"),
        ({"version": 2, "placements": [SET], "unset": ["ic_1"]}, "placements"),
    ],
)
def test_what_cannot_be_is_refused_by_name(body: JsonObject, key: str) -> None:
    with pytest.raises(MalformedMessage) as caught:
        codec.decode_change_placements(body)
    assert caught.value.key == key


def test_as_many_as_one_request_may_name_are_taken() -> None:
    body = sent({"version": 2, "placements": many(MAX_PLACEMENTS)})
    assert len(codec.decode_change_placements(body).placements) == MAX_PLACEMENTS


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"version": 2, "revision": -1, "placements": []},
        {"version": 2, "revision": 1},
        {"version": 2, "revision": 1, "placements": [{}]},
    ],
)
def test_an_answer_without_sense_is_malformed(answer: JsonObject) -> None:
    with pytest.raises(MalformedMessage):
        codec.decode_placements(answer)
