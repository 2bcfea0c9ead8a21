"""A request whose answer never came is carried out once or not at all, however often it is sent (PROMISES D8)."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
from urllib.parse import urlencode

import aiohttp
import pytest

from imagechat_tui.server.storage import Change, Outcome, OutcomeUnknown
from imagechat_tui.server.storage.sqlite import SqliteStore
from tests.server.house import House, K, Person, comment, frame, items, part

pytestmark = pytest.mark.reliability

BODY = comment("said once")


def sent(person: Person, path: str, body: object, **query: str) -> bytes:
    """A whole request as it stands on the wire."""
    content = json.dumps(body).encode()
    target = f"{path}?{urlencode({'sso': person.token} | query)}"
    head = f"POST {target} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    return f"{head}Content-Length: {len(content)}\r\n\r\n".encode() + content


def cut_after(house: House, request: bytes) -> socket.socket:
    """Send the bytes; closing what is returned resets the link, as one that broke."""
    link = socket.create_connection(("127.0.0.1", house.client.port or 0))
    link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    link.sendall(request)
    return link


async def test_an_answer_lost_after_the_commit_is_given_again(house: House) -> None:
    alice, bob = house.person("alice"), house.person("bob")
    await alice.marks()
    ids = await bob.thread(v="2")
    watcher = await bob.sub(ids, v="2")
    await frame(watcher)
    link = cut_after(house, sent(alice, "/comments/demo", BODY, urlId=K, broadcastId="b2"))
    event = await frame(watcher)  # it is saved; whether the answer was on its way does not matter
    link.close()
    again = await alice.writes("said once", "b2")
    assert part(again, "comment")["_id"] == part(event, "comment")["_id"]
    thread = await alice.thread(v="2")
    assert [one["comment"] for one in items(thread, "comments")] == ["Trail is **wet**", "said once"]
    assert thread["seq"] == event["seq"]


@pytest.mark.parametrize("missing", [1, 20, 200])
async def test_a_request_that_did_not_arrive_whole_is_not_carried_out(house: House, missing: int) -> None:
    """Cut inside the body, at its start, and inside the head."""
    alice = house.person("alice")
    await alice.marks()
    before = (await alice.thread(v="2"))["seq"]
    request = sent(alice, "/comments/demo", BODY, urlId=K, broadcastId="b2")
    cut_after(house, request[:-missing]).close()
    await alice.writes("said once", "b2")  # the same person's next request: the cut one was over by then
    thread = await alice.thread(v="2")
    assert [one["comment"] for one in items(thread, "comments")] == ["Trail is **wet**", "said once"]
    assert thread["seq"] == int(str(before)) + 1


async def test_a_request_repeated_while_it_is_carried_out_is_one(house: House) -> None:
    alice, bob = house.person("alice"), house.person("bob")
    await alice.marks()
    watcher = await bob.sub(await bob.thread(v="2"), v="2")
    await frame(watcher)
    async with asyncio.TaskGroup() as tasks:
        asked = [tasks.create_task(alice.writes("said once", "b2")) for _ in range(8)]
    answers = {json.dumps(one.result()) for one in asked}
    assert len(answers) == 1
    await alice.writes("next", "b3")
    told = [await frame(watcher) for _ in range(2)]
    assert [part(event, "comment")["comment"] for event in told] == ["said once", "next"]
    assert [event["seq"] for event in told] == [2, 3]


async def test_a_deletion_repeated_is_answered_like_the_first(house: House) -> None:
    alice, bob = house.person("alice"), house.person("bob")
    made = await alice.marks()
    comment_id = part(await alice.writes("x", "b2"), "comment")["_id"]
    watcher = await bob.sub(await bob.list(v="2"), v="2")
    await frame(watcher)
    chat = f"/comment-image-chats/demo/{made['createdChatId']}"
    for path, broadcast_id in ((f"/comments/demo/{comment_id}", "d1"), (chat, "d2")):
        first = await alice.asks("DELETE", path, broadcastId=broadcast_id)
        assert first[0] == 200
        assert (await alice.asks("DELETE", path, broadcastId=broadcast_id))[:2] == first[:2]
        assert (await alice.asks("DELETE", path, broadcastId="new"))[0] == 404, (
            "a new wish, and nothing there"
        )
        assert (await alice.asks("DELETE", "/comments/demo/c_0", broadcastId=broadcast_id))[0] == 409
    await alice.marks("b3")
    told = [await frame(watcher) for _ in range(3)]
    assert [event["broadcastId"] for event in told] == ["d1", "d2", "b3"]


async def test_where_nobody_knows_whether_it_was_kept_nothing_is_answered(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice = house.person("alice")
    await alice.marks()

    async def lost(self: SqliteStore, change: Change, told: object) -> Outcome:
        raise OutcomeUnknown

    with monkeypatch.context() as patch:
        patch.setattr(SqliteStore, "change", lost)
        with pytest.raises(aiohttp.ClientConnectionError):
            await alice.writes("said once", "b2")
    await alice.writes("said once", "b2")
