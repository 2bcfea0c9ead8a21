"""A tenant may have so many comments; what is deleted counts no more, what is repeated counts once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.server.house import House, K, Person, comment, marker, part, running_house

MOST = 3


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with running_house(tmp_path, tenant_comments=MOST) as house:
        yield house


async def refused(person: Person, text: str, broadcast_id: str) -> bool:
    """Whether a comment is one too many; it is carried out otherwise."""
    status, answer, _ = await person.asks(
        "POST", f"/comments/{person.tenant}", comment(text), urlId=K, broadcastId=broadcast_id
    )
    if status == 200:
        return False
    assert (status, answer["code"], answer["reason"]) == (
        413,
        "tenant-full",
        "There is no room for more comments here.",
    )
    return True


async def test_one_comment_too_many_is_refused_until_one_is_deleted(house: House) -> None:
    ann, bob, elsewhere = house.person("ann"), house.person("bob"), house.person("eve", "other")
    await ann.marks("m1")
    second = str(part(await ann.writes("two", "c2"), "comment")["_id"])
    await ann.writes("a reply", "c3", parentId=second)
    before = await ann.thread(v="2")
    assert await refused(bob, "four", "c4")
    assert await refused(ann, "**four**", "c4")
    assert await ann.thread(v="2") == before, "nothing was written, no event either"
    assert not await refused(elsewhere, "one", "e1")
    again = await ann.writes("a reply", "c3", parentId=second)
    assert part(again, "comment")["parentId"] == second, "a repetition adds nothing"
    await ann.gets("POST", f"/comments/demo/{second}/update-text", {"comment": "2"}, broadcastId="u1")
    assert await refused(bob, "four", "c5")
    await ann.gets("DELETE", f"/comments/demo/{second}", broadcastId="d1")
    assert [await refused(bob, "four", f"c{number}") for number in range(6, 9)] == [False, False, True]


async def test_a_marker_counts_as_its_comment_and_comes_back_even_so(house: House) -> None:
    ann = house.person("ann")
    chat = str((await ann.marks("m1"))["createdChatId"])
    await ann.writes("two", "c2")
    await ann.writes("three", "c3")
    path = f"/comment-image-chats/demo/{chat}"
    place = {"windowUrlId": "gallery-42:/img/trail.jpg:1:1", "x": 1, "y": 1}
    status, answer, _ = await ann.asks("POST", "/comment-image-chats/demo", _marker("m2", **place))
    assert (status, answer["code"]) == (413, "tenant-full")
    await ann.gets("DELETE", path, broadcastId="d1")
    await ann.gets("POST", "/comment-image-chats/demo", _marker("m3", **place))
    await ann.gets("POST", f"{path}/restore", broadcastId="r1")
    status, _, _ = await ann.asks("POST", "/comment-image-chats/demo", _marker("m4", **place))
    assert status == 413, "four are there"


def _marker(broadcast_id: str, **changes: object) -> dict[str, object]:
    return marker(broadcastId=broadcast_id, comment="one more", **changes)
