"""Votes: one of each voter on a comment, counted once, told as deltas (PROTOCOL 4.4, 6.2)."""

from __future__ import annotations

import pytest

from imagechat_tui.server.usecases import queries
from tests.protocol.openapi import breaches
from tests.server.house import House, Json, K, Person, frame, items, part

UP: Json = {"voteDir": "up", "url": None, "commenterName": "whoever", "commenterEmail": None}
DOWN = UP | {"voteDir": "down"}


async def votes(person: Person, ballot: str, broadcast_id: str, body: Json = UP) -> str:
    cast = await person.gets("POST", ballot, body, urlId=K, broadcastId=broadcast_id)
    assert breaches("VoteResponse", cast) == []
    assert cast["isVerified"] is True
    return str(cast["voteId"])


async def a_comment(person: Person) -> str:
    """The path for votes on a new comment."""
    made = await person.marks()
    return f"/comments/{person.tenant}/{part(made, 'comment')['_id']}/vote"


async def counted(person: Person) -> tuple[object, ...]:
    listed = await person.thread()
    assert breaches("GetCommentsResponseWithPresence", listed) == []
    (comment,) = items(listed, "comments")
    own = (comment.get(key) for key in ("isVotedUp", "isVotedDown", "myVoteId"))
    return comment["votesUp"], comment["votesDown"], comment["votes"], *own


async def test_a_vote_is_counted_told_and_taken_back(house: House) -> None:
    alice, bob = house.person("alice"), house.person("bob")
    ballot = await a_comment(alice)
    socket = await alice.sub(await alice.thread())
    vote = await votes(bob, ballot, "v1")
    assert await counted(bob) == (1, 0, 1, True, False, vote)
    assert await counted(alice) == (1, 0, 1, None, None, None)
    told = await frame(socket)
    assert breaches("LiveEvent", told) == []
    assert (told["type"], told["broadcastId"]) == ("new-vote", "v1")
    given = part(told, "vote")
    assert (given["_id"], given["userId"], given["direction"]) == (vote, "demo:bob", 1)
    assert (given["urlId"], given["urlIdRaw"], given["verificationId"]) == (K, K, None)
    gone = await bob.gets("DELETE", f"{ballot}/{vote}", urlId=K, broadcastId="v2")
    assert breaches("VoteDeleteResponse", gone) == []
    assert gone == {"status": "success", "wasPendingVote": False}
    told = await frame(socket)
    assert (told["type"], told["broadcastId"], told["vote"]) == ("deleted-vote", "v2", given)
    assert await counted(bob) == (0, 0, 0, None, None, None)
    status, body, _ = await bob.asks("DELETE", f"{ballot}/{vote}", urlId=K, broadcastId="v3")
    assert (status, body["code"]) == (404, "not-found")


async def test_the_same_vote_again_is_refused_and_the_opposite_takes_its_place(house: House) -> None:
    alice, bob = house.person("alice"), house.person("bob")
    ballot = await a_comment(alice)
    first = await votes(bob, ballot, "v1")
    status, body, _ = await bob.asks("POST", ballot, UP, urlId=K, broadcastId="v2")
    assert (status, body["code"]) == (400, "already-voted")
    socket = await alice.sub(await alice.thread())
    second = await votes(bob, ballot, "v3", DOWN)
    told = [await frame(socket) for _ in range(2)]
    assert [(one["type"], one["broadcastId"], part(one, "vote")["_id"]) for one in told] == [
        ("deleted-vote", "v3", first),
        ("new-vote", "v3", second),
    ]
    assert await counted(bob) == (0, 1, -1, False, True, second)


@pytest.mark.reliability
async def test_a_repeated_vote_counts_once(house: House) -> None:
    alice, bob = house.person("alice"), house.person("bob")
    ballot = await a_comment(alice)
    vote = await votes(bob, ballot, "v1")
    assert await votes(bob, ballot, "v1") == vote
    assert await counted(bob) == (1, 0, 1, True, False, vote)
    status, body, _ = await bob.asks("POST", ballot, DOWN, urlId=K, broadcastId="v1")
    assert (status, body["code"]) == (409, "already-used")
    for _ in range(2):
        await bob.gets("DELETE", f"{ballot}/{vote}", urlId=K, broadcastId="v2")
    assert await counted(bob) == (0, 0, 0, None, None, None)


async def test_our_readers_hear_of_votes_in_the_room_of_the_image(house: House) -> None:
    alice, bob = house.person("alice"), house.person("bob")
    ballot = await a_comment(alice)
    listed = await alice.list(v="2")
    ours, plain = await alice.sub(listed, v="2"), await alice.sub(listed)
    assert (await frame(ours))["type"] == "subscribed"
    await votes(bob, ballot, "v1")
    told = await frame(ours)
    assert (told["type"], told["userId"]) == ("new-vote", "demo:bob")
    await bob.writes("after it", "b2")
    assert (await frame(plain))["type"] == "image-chat-updated"
    first = items(await alice.list(v="2"), "comments")[0]
    assert first["votes"] == 1


async def test_our_readers_are_told_which_votes_and_flags_are_their_own(house: House) -> None:
    alice, bob = house.person("alice"), house.person("bob")
    ballot = await a_comment(alice)
    comment = ballot.split("/")[-2]
    assert "own" not in await bob.list(v="2")
    vote = await votes(bob, ballot, "v1", DOWN)
    await bob.gets("POST", f"/flag-comment/{comment}", tenantId=bob.tenant, isFlagged="true")
    await bob.gets("POST", f"/block-from-comment/{comment}", {"commentIds": None}, tenantId=bob.tenant)
    told = await bob.list(v="2")
    assert told["own"] == {
        "votes": [{"_id": vote, "commentId": comment, "direction": -1}],
        "flagged": [comment],
        "blocked": ["demo:alice"],
    }
    assert "own" not in await alice.list(v="2")
    assert "own" not in await bob.list()


async def test_a_vote_is_taken_back_by_who_does_not_know_its_id(house: House) -> None:
    alice, bob = house.person("alice"), house.person("bob")
    ballot = await a_comment(alice)
    await votes(alice, ballot, "v1")
    await votes(bob, ballot, "v2")
    await bob.gets("DELETE", f"{ballot}/own", urlId=K, broadcastId="v3")
    assert (await counted(bob))[:3] == (1, 0, 1)
    status, body, _ = await bob.asks("DELETE", f"{ballot}/own", urlId=K, broadcastId="v4")
    assert (status, body["code"]) == (404, "not-found")


async def test_only_their_voter_takes_a_vote_back_even_from_staff(house: House) -> None:
    alice, bob, judge = house.person("alice"), house.person("bob"), house.person("judge", isAdmin=True)
    ballot = await a_comment(alice)
    vote = await votes(bob, ballot, "v1")
    for person in (alice, judge):
        status, body, _ = await person.asks("DELETE", f"{ballot}/{vote}", urlId=K, broadcastId="v2")
        assert (status, body["code"]) == (403, "unauthorized")


@pytest.mark.parametrize(
    ("body", "query", "code"),
    [
        ({"voteDir": "sideways"}, {"urlId": K, "broadcastId": "v"}, "invalid-direction"),
        ({}, {"urlId": K, "broadcastId": "v"}, "invalid-direction"),
        (UP, {"urlId": K}, "missing-broadcast-id"),
        (UP, {"broadcastId": "v"}, "missing-url-id"),
    ],
)
async def test_a_vote_that_says_nothing_is_refused(
    house: House, body: Json, query: dict[str, str], code: str
) -> None:
    alice = house.person("alice")
    status, told, _ = await alice.asks("POST", await a_comment(alice), body, **query)
    assert (status, told["code"]) == (400, code)


async def test_voters_are_told_by_name(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    alice, bob = house.person("alice"), house.person("bob")
    ballot = await a_comment(alice)
    for person, body in ((alice, UP), (bob, UP), (house.person("carol"), DOWN)):
        await votes(person, ballot, "v1", body)
    told = await alice.gets("GET", f"{ballot}s", dir="1")
    assert breaches("GetCommentVoteUserNamesSuccessResponse", told) == []
    assert told == {"status": "success", "voteUserNames": ["Alice", "Bob"], "hasMore": False}
    assert (await alice.gets("GET", f"{ballot}s", dir="-1"))["voteUserNames"] == ["Carol"]
    monkeypatch.setattr(queries, "MAX_VOTERS", 1)
    cut = await alice.gets("GET", f"{ballot}s", dir="1")
    assert (cut["voteUserNames"], cut["hasMore"]) == (["Alice"], True)
    for query in ({}, {"dir": "2"}, {"dir": "up"}):
        status, body, _ = await alice.asks("GET", f"{ballot}s", **query)
        assert (status, body["code"]) == (400, "invalid-direction")


async def test_a_guest_votes_where_guests_may_write_and_nowhere_else(house: House) -> None:
    ballot = await a_comment(house.person("alice"))
    status, body, _ = await house.person("").asks("POST", ballot, UP, urlId=K, broadcastId="v1")
    assert (status, body["code"]) == (401, "unauthorized")
    ballot = await a_comment(house.person("ann", "open"))
    guest = house.person("", "open")
    first = await guest.gets("POST", ballot, UP, urlId=K, broadcastId="v1")
    assert breaches("VoteResponse", first) == []
    (comment,) = items(await guest.thread(), "comments")
    assert comment["votes"] == 1
    assert (await guest.gets("GET", f"{ballot}s", dir="1"))["voteUserNames"] == []
