"""PROTOCOL 11 with plain clients, frame by frame."""

from __future__ import annotations

import json
import re

from tests.server.house import IMAGE, NOW_MS, SRC, House, Json, K, comment, frame, items, part, presence

ISO = "2026-01-01T00:00:00.000Z"


def log(answer: Json) -> list[Json]:
    return [json.loads(str(entry["data"])) for entry in items(answer, "events")]


async def test_the_worked_session_of_the_protocol(house: House) -> None:
    alice, bob = house.person("alice"), house.person("bob")

    image = await alice.list()
    assert {
        key: image[key] for key in ("status", "conversations", "urlIdClean", "isSiteAdmin", "tenantIdWS")
    } == {
        "status": "success",
        "conversations": [],
        "urlIdClean": IMAGE,
        "isSiteAdmin": False,
        "tenantIdWS": "demo",
    }
    assert image["serverTime"] == NOW_MS
    assert not image.keys() & {"seq", "epoch", "comments", "readOnly"}
    a_image = await alice.sub(image)
    assert await presence(a_image) == {"type": "p-u", "ts": NOW_MS, "uj": ["demo:alice"], "sc": 1}
    query = {"urlId": IMAGE, "userIdWS": str(image["userIdWS"]), "startTime": str(image["serverTime"])}
    assert await alice.gets("GET", "/event-log/demo/", **query) == {"status": "success", "events": []}
    b_ids = await bob.list()
    b_image = await bob.sub(b_ids)
    joined = {"type": "p-u", "ts": NOW_MS, "uj": ["demo:bob"], "sc": 2}
    assert await presence(a_image) == joined
    assert await presence(b_image) == joined

    thread = await alice.thread()
    assert (thread["comments"], thread["commentCount"], thread["hasMore"]) == ([], 0, False)
    a_thread = await alice.sub(thread)
    posted = await alice.writes("Trail is **wet**", "b1")
    c_1 = str(part(posted, "comment")["_id"])
    assert part(posted, "comment") == {
        "_id": c_1,
        "userId": "demo:alice",
        "commenterName": "Alice",
        "commentHTML": "Trail is <b>wet</b>",
        "parentId": None,
        "date": ISO,
        "votes": 0,
        "votesUp": 0,
        "votesDown": 0,
        "verified": True,
        "isByAdmin": False,
        "isByModerator": False,
        "isPinned": False,
        "isLocked": False,
        "isDeleted": False,
        "approved": True,
    }
    new_comment = await frame(a_thread)
    assert new_comment == {
        "type": "new-comment",
        "timestamp": NOW_MS,
        "broadcastId": "b1",
        "comment": part(posted, "comment")
        | {
            "tenantId": "demo",
            "urlId": K,
            "comment": "Trail is **wet**",
            "url": "https://example.com/gallery/42",
            "locale": None,
        },
    }

    made = await alice.gets(
        "POST",
        "/comment-image-chats/demo/",
        {
            "urlId": IMAGE,
            "windowUrlId": K,
            "pageTitle": "Gallery 42",
            "src": SRC,
            "x": 25.5,
            "y": 30.25,
            "createdFromCommentId": c_1,
            "broadcastId": "b2",
        },
    )
    chat = str(made["createdChatId"])
    new_chat = {
        "type": "new-image-chat",
        "timestamp": NOW_MS,
        "broadcastId": "b2",
        "imageChat": {
            "_id": chat,
            "urlId": K,
            "x": 25.5,
            "y": 30.25,
            "src": SRC,
            "createdFromCommentId": c_1,
            "userId": "demo:alice",
            "commenterName": "Alice",
            "commentCount": 1,
            "lastCommentAt": NOW_MS,
            "createdAt": NOW_MS,
            "number": 1,
            "resolved": False,
        },
    }
    assert await frame(a_image) == new_chat
    assert await frame(b_image) == new_chat

    house.clock.ms += 1000
    b_thread_ids = await bob.thread()
    assert [one["_id"] for one in items(b_thread_ids, "comments")] == [c_1]
    assert b_thread_ids["lastGenDate"] == NOW_MS + 1
    b_thread = await bob.sub(b_thread_ids)
    answer = await bob.writes("Since when?", "b3")
    c_2 = part(answer, "comment")["_id"]
    seen = await frame(a_thread)
    assert (seen["type"], seen["broadcastId"], part(seen, "comment")["_id"]) == ("new-comment", "b3", c_2)
    assert await frame(b_thread) == seen
    badge = await frame(a_image)
    assert (badge["type"], badge["broadcastId"]) == ("image-chat-updated", "b3")
    assert part(badge, "imageChat") == part(new_chat, "imageChat") | {
        "commentCount": 2,
        "lastCommentAt": NOW_MS + 1000,
        "activity": "new-comment",
    }
    assert await frame(b_image) == badge

    await b_image.close()
    await b_thread.close()
    left = await presence(a_image)
    while "ul" not in left:
        left = await presence(a_image)
    assert left == {"type": "p-u", "ts": NOW_MS + 1000, "ul": ["demo:bob"], "sc": 1}
    house.clock.ms += 1000
    await alice.writes("Since Monday", "b4")

    b_image = await bob.sub(b_ids)
    query = {"urlId": IMAGE, "userIdWS": str(b_ids["userIdWS"]), "startTime": str(badge["timestamp"])}
    status, missed, headers = await bob.asks("GET", "/event-log/demo", **query)
    assert (status, headers["X-FC-Event-Log-Complete"]) == (200, "true")
    assert [event["broadcastId"] for event in log(missed)] == ["b3", "b4"]
    assert part(log(missed)[1], "imageChat")["commentCount"] == 3
    entry = items(missed, "events")[0]
    assert entry.keys() == {"_id", "createdAt", "tenantId", "urlId", "broadcastId", "data"}
    assert json.loads(str(entry["data"])) == badge
    online = await bob.gets(
        "GET",
        "/user-presence-status",
        tenantId="demo",
        urlIdWS=str(b_thread_ids["urlIdWS"]),
        userIds="demo:alice,demo:carol",
    )
    assert online == {"status": "success", "userIdsOnline": {"demo:alice": True, "demo:carol": False}}

    deleted = await alice.gets(
        "DELETE", f"/comment-image-chats/demo/{chat}", {"broadcastId": "b6"}, broadcastId="b6"
    )
    assert deleted == {"status": "success"}
    gone = await frame(b_image)
    while gone["type"] != "deleted-image-chat":
        gone = await frame(b_image)
    assert (gone["broadcastId"], gone["imageChat"]) == ("b6", {"_id": chat, "urlId": K})
    told: list[Json] = []
    while not told or told[-1]["type"] != "thread-state-change":
        told.append(await frame(a_thread))
    told = [event for event in told if event["broadcastId"] == "b6"]
    assert [event["type"] for event in told] == ["deleted-comment"] * 3 + ["thread-state-change"]
    assert {part(event, "comment")["comment"] for event in told[:3]} == {""}
    stamps = [int(str(event["timestamp"])) for event in told]
    assert stamps == list(range(stamps[0], stamps[0] + 4))
    status, body, _ = await bob.asks("DELETE", f"/comment-image-chats/demo/{chat}", {"broadcastId": "b7"})
    assert (status, body) == (
        404,
        {
            "status": "error",
            "message": "Conversation not found",
            "code": "not-found",
            "reason": "Conversation not found",
        },
    )
    status, body, _ = await alice.asks(
        "POST", "/comments/demo", comment("too late"), urlId=K, broadcastId="b8"
    )
    assert (status, body["code"]) == (404, "not-found")
    assert re.fullmatch(r"ic_[0-9a-f]{32}", chat)
