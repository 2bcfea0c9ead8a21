"""Lists of comments as official clients ask for them (PROTOCOL 4.1)."""

from __future__ import annotations

import pytest

from tests.protocol.openapi import breaches
from tests.server.house import House, K, Person, items, part


async def wrote(person: Person, text: str, parent: str | None = None) -> str:
    said = await person.writes(text, f"w-{text}", K, parentId=parent)
    return str(part(said, "comment")["_id"])


async def test_a_tree_is_nested_and_its_limit_counts_roots(house: House) -> None:
    alice, bob = house.person("alice"), house.person("bob")
    first = await wrote(alice, "first")
    reply = await wrote(bob, "reply", first)
    await wrote(alice, "again", reply)
    await wrote(bob, "second")
    await wrote(bob, "third")
    tree = await alice.thread(asTree="true", countChildren="true", limit="2")
    assert breaches("GetCommentsResponseWithPresence", tree) == []
    tops = items(tree, "comments")
    assert [top["commentHTML"] for top in tops] == ["first", "second"]
    assert (tree["hasMore"], tree["commentCount"]) == (True, 5)
    assert (tops[0]["childCount"], tops[0]["nestedChildrenCount"], tops[0]["hasChildren"]) == (1, 2, True)
    (below,) = items(tops[0], "children")
    assert [one["commentHTML"] for one in items(below, "children")] == ["again"]
    only = await alice.thread(asTree="true", parentId=first, maxTreeDepth="0")
    assert [(one["_id"], one["children"], one["hasChildren"]) for one in items(only, "comments")] == [
        (reply, [], True)
    ]
    assert "childCount" not in items(only, "comments")[0]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("searchText=MAP", ["the map"]),
        ("searchText=nothing", []),
        ("hashTags=%23wet", ["is #wet", "so #Wet"]),
        ("hashTags=wet,dry", ["is #wet", "so #Wet", "or #dry"]),
        ("hashTags=wet&hashTags=dry", ["is #wet", "so #Wet", "or #dry"]),
        ("userId=demo:bob", ["or #dry"]),
        ("searchText=wet&userId=demo:alice&limit=1", ["is #wet"]),
    ],
)
async def test_comments_are_found_by_words_tags_and_author(
    house: House, query: str, found: list[str]
) -> None:
    alice, bob = house.person("alice"), house.person("bob")
    for text in ("the map", "is #wet", "so #Wet"):
        await wrote(alice, text)
    await wrote(bob, "or #dry")
    path = f"/comments/demo?urlId={K}&direction=OF&skip=0&{query}"
    async with house.client.get(path) as answer:
        told = await answer.json()
    assert breaches("GetCommentsResponseWithPresence", told) == []
    assert [one["commentHTML"] for one in told["comments"]] == found


async def test_a_comment_is_found_with_its_page_and_with_what_follows_it(house: House) -> None:
    alice = house.person("alice")
    ids = [await wrote(alice, f"text {n}") for n in range(35)]
    query = {"urlId": K, "direction": "OF"}
    page = await alice.gets("GET", "/comments/demo", fetchPageForCommentId=ids[31], **query)
    assert (page["pageNumber"], [one["_id"] for one in items(page, "comments")]) == (1, ids[30:])
    after = await alice.gets("GET", "/comments/demo", afterCommentId=ids[31], limit="2", **query)
    assert [one["_id"] for one in items(after, "comments")] == ids[32:34]
    before = await alice.gets("GET", "/comments/demo", beforeCommentId=ids[31], limit="2", **query)
    assert [one["_id"] for one in items(before, "comments")] == ids[29:31]


async def test_who_asks_is_told_what_a_server_allows(house: House) -> None:
    for tenant, anon in (("demo", False), ("open", True)):
        told = await house.person("alice", tenant).thread(includeConfig="true")
        assert breaches("GetCommentsResponseWithPresence", told) == []
        assert told["customConfig"] == {
            "allowAnon": anon,
            "allowAnonVotes": anon,
            "allowAnonFlag": anon,
            "requireSSO": False,
            "maxCommentCharacterLength": 2000,
            "noImageUploads": True,
        }
    assert "customConfig" not in await house.person("alice").thread()


async def test_words_too_long_to_look_for_are_refused(house: House) -> None:
    status, body, _ = await house.person("alice").asks("GET", "/comments/demo", urlId=K, searchText="x" * 201)
    assert (status, body["code"]) == (400, "invalid-input")
