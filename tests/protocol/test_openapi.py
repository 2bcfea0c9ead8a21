"""The judge of strict answers sees what generated clients see."""

from __future__ import annotations

from typing import Any

import pytest

from tests.protocol.openapi import breaches

VOTE: dict[str, Any] = {
    "_id": "v",
    "commentId": "c",
    "createdAt": 1,
    "direction": 1,
    "tenantId": "demo",
    "urlId": "k",
    "urlIdRaw": "k",
    "verificationId": None,
}


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({}, []),
        ({"userId": None}, []),
        ({"seq": 1}, ["PubSubVote.seq is not listed"]),
        ({"createdAt": 1.0}, ["PubSubVote.createdAt is not integer"]),
        ({"createdAt": True}, ["PubSubVote.createdAt is not integer"]),
        ({"createdAt": None}, ["PubSubVote.createdAt is not integer"]),
        ({"commentId": 3}, ["PubSubVote.commentId is not string"]),
    ],
)
def test_a_departure_is_found_inside_an_event_too(change: dict[str, Any], found: list[str]) -> None:
    assert breaches("PubSubVote", VOTE | change) == found
    assert breaches("LiveEvent", {"type": "new-vote", "vote": VOTE | change}) == found


def test_a_key_that_must_be_there_is_missed_even_if_it_may_be_null() -> None:
    del (vote := dict(VOTE))["verificationId"]
    assert breaches("PubSubVote", vote) == ["PubSubVote.verificationId is missing"]


def test_every_object_of_an_array_is_looked_at() -> None:
    answer = {"status": "success", "events": [{}, {"_id": 1}]}
    assert len(breaches("GetEventLogResponse", answer)) == 6 + 5 + 1
