"""What a token says of a person, and where that is seen (PROTOCOL 2.3)."""

from __future__ import annotations

import pytest

from tests.protocol.openapi import breaches
from tests.server.house import House, K, comment, frame, items, part

WEBSITE, FACE = "https://example.com/alice", "https://example.com/alice.png"


async def test_label_link_and_face_go_along_with_a_comment(house: House) -> None:
    alice = house.person("alice", websiteUrl=WEBSITE, avatar=FACE, displayLabel="Team")
    socket = await alice.sub(await alice.thread())
    said = await alice.writes("hello", "b1")
    assert breaches("SaveCommentsResponseWithPresence", said) == []
    told = await frame(socket)
    assert breaches("LiveEvent", told) == []
    listed = items(await alice.thread(), "comments")[0]
    for seen in (part(said, "comment"), part(told, "comment"), listed):
        assert (seen["commenterLink"], seen["avatarSrc"], seen["displayLabel"]) == (WEBSITE, FACE, "Team")
    me = part(said, "user")
    assert (me["websiteUrl"], me["avatarSrc"], me["displayLabel"]) == (WEBSITE, FACE, "Team")


@pytest.mark.security
@pytest.mark.parametrize(
    "link",
    [
        "javascript:alert(1)",
        "http://example.com",
        "https://",
        "https://a b",
        'https://a"b',
        "data:image/png,x",
    ],
)
async def test_nobody_is_sent_to_an_address_that_is_none(house: House, link: str) -> None:
    alice = house.person("alice", websiteUrl=link, avatar=link)
    seen = part(await alice.writes("hello", "b1"), "comment")
    assert seen.keys().isdisjoint({"commenterLink", "avatarSrc"})
    assert "websiteUrl" not in part(await alice.thread(), "user")


@pytest.mark.security
async def test_a_picture_that_is_written_out_is_sent_to_nobody_else(house: House) -> None:
    drawn = "data:image/png;base64," + "A" * 20_000
    alice, bob = house.person("alice", avatar=drawn), house.person("bob")
    async with await alice.sub(await alice.thread()) as socket:
        await frame(socket, presence=True)
        for path, query in (
            ("/pages/demo/users/online", {"urlId": K}),
            ("/pages/demo/users/info", {"ids": alice.id}),
        ):
            (seen,) = items(await bob.gets("GET", path, **query), "users")
            assert (seen["id"], "avatarSrc" in seen) == (alice.id, False)
    assert part(await alice.thread(), "user")["avatarSrc"] == drawn


async def test_who_wishes_to_stay_private_is_named_beside_their_comments_only(house: House) -> None:
    alice = house.person("alice", isProfileActivityPrivate=True, avatar=FACE)
    said = part(await alice.writes("hello", "b1"), "comment")
    assert said["commenterName"] == "Alice"
    bob = house.person("bob")
    ballot = f"/comments/demo/{said['_id']}/vote"
    for person in (alice, bob):
        await person.gets("POST", ballot, {"voteDir": "up"}, urlId=K, broadcastId="v1")
    assert (await bob.gets("GET", f"{ballot}s", dir="1"))["voteUserNames"] == ["Bob"]
    hidden = [{"id": alice.id, "displayName": "", "isPrivate": True}]
    assert (await bob.gets("GET", "/pages/demo/users/info", ids=alice.id))["users"] == hidden
    assert (await bob.gets("GET", "/pages/demo/users/offline", urlId=K))["users"] == hidden
    async with await alice.sub(await alice.thread()) as socket:
        await frame(socket, presence=True)
        assert (await bob.gets("GET", "/pages/demo/users/online", urlId=K))["users"] == hidden
    assert (await bob.gets("GET", "/user-search/demo", usernameStartsWith="al", urlId=K))["users"] == []


async def test_people_are_found_by_the_beginning_of_their_name(house: House) -> None:
    for name in ("anna", "anton", "bob"):
        await house.person(name).list()
    bob = house.person("bob", avatar=FACE)
    found = await bob.gets("GET", "/user-search/demo", usernameStartsWith="AN", urlId=K)
    assert breaches("SearchUsersResponse", found) == []
    assert items(found, "users") == [
        {"id": f"demo:{name}", "name": name, "displayName": name.title(), "type": "sso"}
        for name in ("anna", "anton")
    ]
    (me,) = items(await bob.gets("GET", "/user-search/demo", usernameStartsWith="bob"), "users")
    assert me["avatarSrc"] == FACE
    assert (await bob.gets("GET", "/user-search/demo", usernameStartsWith="x" * 101))["users"] == []
    spy = house.person("spy", "other")
    assert (await spy.gets("GET", "/user-search/other", usernameStartsWith="an"))["users"] == []


@pytest.mark.reliability
async def test_when_a_comment_was_sent_makes_no_other_comment_of_it(house: House) -> None:
    alice = house.person("alice")
    first = await alice.writes("hello", "b1", date=1)
    assert await alice.writes("hello", "b1", date=2) == first
    status, body, _ = await alice.asks("POST", "/comments/demo", comment("other"), urlId=K, broadcastId="b1")
    assert (status, body["code"]) == (409, "already-used")
