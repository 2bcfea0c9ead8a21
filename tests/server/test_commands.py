from __future__ import annotations

import asyncio
import sqlite3
import threading
from pathlib import Path

import pytest

from imagechat_tui.server.broker.buckets import Rule
from imagechat_tui.server.broker.memory import MemoryCounts
from imagechat_tui.server.guard.limits import Limit, Limits
from imagechat_tui.server.guard.proxies import TrustedProxies
from imagechat_tui.server.usecases import commands as writing
from imagechat_tui.server.usecases.comment_html import comment_html, is_plain
from tests.server.house import IMAGE, NOW_MS, House, K, comment, frame, items, marker, part, running_house

CHATS = "/comment-image-chats/demo"


def everything_in(folder: Path) -> bytes:
    """All bytes of all files."""
    return b"".join(path.read_bytes() for path in folder.iterdir())


@pytest.mark.reliability
async def test_a_repeated_request_gets_the_first_answer_and_changes_nothing(house: House) -> None:
    alice = house.person("alice")
    first = await alice.marks()
    house.clock.ms += 5000
    assert await alice.marks() == first
    listed = await alice.list(v="2")
    assert len(items(listed, "conversations")) == len(items(listed, "comments")) == 1
    assert listed["seq"] == 2
    said = await alice.writes("more", "b2")
    assert await alice.writes("more", "b2") == said
    assert len(items(await alice.thread(), "comments")) == 2


async def test_a_broadcast_id_used_for_another_request_is_refused(house: House) -> None:
    alice = house.person("alice")
    await alice.marks()
    status, body, _ = await alice.asks("POST", CHATS, marker(comment="something else"))
    assert (status, body["code"]) == (409, "already-used")
    assert len(items(await alice.list(), "conversations")) == 1


async def test_a_broadcast_id_belongs_to_its_user(house: House) -> None:
    alice, bob = house.person("alice"), house.person("bob")
    await alice.writes("mine", "b1")
    await bob.writes("mine", "b1")
    assert [one["userId"] for one in items(await alice.thread(), "comments")] == ["demo:alice", "demo:bob"]


async def test_a_late_request_is_not_carried_out(house: House) -> None:
    alice = house.person("alice")
    late, on_time = {"X-Deadline": str(NOW_MS - 1)}, {"X-Deadline": str(NOW_MS)}
    status, body, _ = await alice.asks("POST", CHATS, marker(), late)
    assert (status, body["code"]) == (408, "deadline")
    assert items(await alice.list(), "conversations") == []
    status, _, _ = await alice.asks("POST", CHATS, marker(), on_time)
    assert status == 200
    status, _, _ = await alice.asks("POST", CHATS, marker(), late)
    assert status == 200, "a stored answer comes before the deadline"


async def test_numbers_of_an_image_are_never_used_again(house: House) -> None:
    alice = house.person("alice")
    for number in (1, 2, 3):
        made = await alice.marks(f"b{number}", windowUrlId=f"{IMAGE}:/img/trail.jpg:{number}:1")
        assert part(made, "conversation")["number"] == number
    await alice.gets("DELETE", f"{CHATS}/{made['createdChatId']}", broadcastId="d")
    made = await alice.marks("b4", windowUrlId=f"{IMAGE}:/img/trail.jpg:4:1")
    assert part(made, "conversation")["number"] == 4


async def test_a_second_marker_on_the_same_point_becomes_a_comment_of_the_first(house: House) -> None:
    alice, bob = house.person("alice"), house.person("bob")
    first = await alice.marks("b1")
    second = await bob.marks("b2", comment="me too")
    assert second["createdChatId"] == first["createdChatId"]
    assert part(second, "conversation")["commentCount"] == 2
    assert [one["userId"] for one in items(await bob.thread(), "comments")] == ["demo:alice", "demo:bob"]


async def test_a_marker_is_moved_resolved_and_reopened(house: House) -> None:
    alice, bob, judge = house.person("alice"), house.person("bob"), house.person("judge", isModerator=True)
    chat = f"{CHATS}/{(await alice.marks())['createdChatId']}"
    socket = await bob.sub(await bob.list(v="2"), v="2")
    assert (await frame(socket))["type"] == "subscribed"
    status, body, _ = await bob.asks("PATCH", chat, {"broadcastId": "m", "x": 1, "y": 2})
    assert (status, body["code"]) == (403, "unauthorized")
    moved = await alice.gets("PATCH", chat, {"broadcastId": "m", "x": 1.234, "y": 2})
    assert moved.keys() == {"status", "conversation"}
    assert (part(moved, "conversation")["x"], part(moved, "conversation")["urlId"]) == (1.23, K)
    await bob.gets("PATCH", chat, {"broadcastId": "r", "resolved": True})
    await judge.gets("PATCH", chat, {"broadcastId": "o", "resolved": False})
    told = [await frame(socket) for _ in range(3)]
    assert [part(event, "imageChat")["activity"] for event in told] == ["moved", "resolved", "reopened"]
    assert part(told[1], "imageChat")["resolvedBy"] == "demo:bob"
    assert "resolvedBy" not in part(told[2], "imageChat")


async def test_editing_and_deleting_a_comment_reaches_thread_and_image(house: House) -> None:
    alice = house.person("alice")
    await alice.marks()
    parent = part(await alice.writes("parent", "b2"), "comment")["_id"]
    child = part(await alice.writes("child", "b3", parentId=parent), "comment")["_id"]
    thread = await alice.sub(await alice.thread())
    image = await alice.sub(await alice.list(), v="2")
    await frame(image)
    edited = await alice.gets(
        "POST", f"/comments/demo/{parent}/update-text", {"comment": "*new*"}, broadcastId="e"
    )
    assert edited == {"status": "success", "comment": {"approved": True, "commentHTML": "<i>new</i>"}}
    assert await alice.gets("GET", f"/comments/demo/{parent}/text") == {
        "status": "success",
        "commentText": "*new*",
        "sanitizedCommentText": "*new*",
    }
    in_thread, on_image = [await frame(thread)], [await frame(image)]  # before the log loses the words
    gone = await alice.gets("DELETE", f"/comments/demo/{parent}", broadcastId="d")
    assert gone == {"status": "success", "hardRemoved": True}
    in_thread.append(await frame(thread))
    on_image.append(await frame(image))
    assert [event["type"] for event in in_thread] == ["updated-comment", "deleted-comment"]
    assert [part(event, "comment")["comment"] for event in on_image] == ["*new*", ""]
    assert [part(event, "imageChat")["commentCount"] for event in on_image] == [3, 1]
    assert child not in [one["_id"] for one in items(await alice.thread(), "comments")]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"comment": " \n"}, "empty-comment"),
        ({"comment": "x" * 2001}, "comment-too-big"),
        ({"comment": "😀" * 1001}, "comment-too-big"),
        ({"x": 100.5}, "invalid-input"),
        ({"windowUrlId": "elsewhere:1:2"}, "invalid-input"),
        ({"src": "s" * 2001}, "invalid-input"),
        ({"broadcastId": ""}, "missing-broadcast-id"),
        ({"urlId": ""}, "missing-url-id"),
        ({"windowUrlId": IMAGE + ":" + "k" * 1000}, "url-too-long"),
        ({"comment": None}, "invalid-input"),
        ({"comment": None, "createdFromCommentId": "c_none"}, "invalid-comment-id"),
    ],
)
async def test_a_body_that_will_not_do_is_refused(house: House, change: dict[str, object], code: str) -> None:
    status, body, headers = await house.person("alice").asks("POST", CHATS, marker(**change))
    assert (status, body["code"], body["status"]) == (400, code, "error")
    assert body["message"] == body["reason"]
    assert headers["X-FC-Ext"] == "1"


async def test_text_at_the_limit_is_taken_whole(house: House) -> None:
    alice = house.person("alice")
    await alice.marks(comment="😀" * 1000)
    assert items(await alice.list(v="2"), "comments")[0]["comment"] == "😀" * 1000


async def test_raw_bodies_are_bounded_and_strict(house: House) -> None:
    alice = house.person("alice")
    for raw, status in ((b"{" + b" " * 65_536, 413), (b'{"x":NaN}', 400), (b"[]", 400), (b"\xff", 400)):
        answer, body, headers = await alice.asks("POST", CHATS, raw)
        assert (answer, body["status"], headers["Cache-Control"]) == (status, "error", "no-store")


@pytest.mark.security
async def test_another_tenants_things_do_not_exist(house: House) -> None:
    alice, mallory = house.person("alice"), house.person("mallory", "other", isAdmin=True)
    made = await alice.marks()
    chat, first = made["createdChatId"], part(made, "comment")["_id"]
    calls: list[tuple[str, str, object]] = [
        ("DELETE", "/comment-image-chats/other/{chat}", None),
        ("PATCH", "/comment-image-chats/other/{chat}", {"broadcastId": "x", "resolved": True}),
        ("PATCH", "/comment-image-chats/other/{chat}", {"nonsense": 1}),
        ("DELETE", "/comments/other/{comment}", None),
        ("GET", "/comments/other/{comment}/text", None),
        ("POST", "/comments/other/{comment}/update-text", {"comment": "mine now"}),
    ]
    for method, path, body in calls:
        theirs = await mallory.asks(method, path.format(chat=chat, comment=first), body, broadcastId="x")
        nowhere = await mallory.asks(method, path.format(chat="ic_0", comment="c_0"), body, broadcastId="x")
        assert theirs[:2] == nowhere[:2]
        assert theirs[0] == 404, (method, path)
    assert items(await mallory.list(), "conversations") == []
    assert items(await mallory.thread(), "comments") == []
    assert len(items(await alice.list(), "conversations")) == 1


@pytest.mark.security
async def test_a_borrowed_broadcast_id_hides_nothing(house: House) -> None:
    alice, mallory = house.person("alice"), house.person("mallory")
    socket = await alice.sub(await alice.thread())
    await alice.writes("mine", "b1")
    await mallory.writes("look away", "b1")
    told = [await frame(socket) for _ in range(2)]
    assert told[0]["broadcastId"] == "b1"
    assert told[1]["broadcastId"] != "b1"


@pytest.mark.security
async def test_a_guest_gets_his_session_and_the_store_does_not(house: House, tmp_path: Path) -> None:
    guest = house.person("", "open")
    said = await guest.writes("hello", "b1")
    session = str(part(said, "user")["sessionId"])
    assert session.startswith("s1.")
    query = {"urlId": K, "broadcastId": "b1", "sessionId": session}
    del said["userIdWS"]  # told with a new session only
    assert await guest.gets("POST", "/comments/open", comment("hello"), **query) == said
    assert session.split(".")[2].encode() not in everything_in(tmp_path)


async def test_a_guest_is_one_person_from_his_first_list_on(house: House) -> None:
    stranger, guest = house.person("", "open"), house.person("", "open")
    listed = await guest.list(v="2")
    me = part(listed, "user")
    said = {"sessionId": str(me["sessionId"])}
    socket = await guest.sub(listed, v="2")
    await frame(socket)
    made = part(await guest.gets("POST", "/comment-image-chats/open", marker(), **said), "conversation")
    assert made["anonUserId"] == me["id"]
    told = await frame(socket)
    assert (told["broadcastId"], part(told, "imageChat")["anonUserId"]) == ("b1", me["id"])
    again = await guest.list(v="2", **said)
    assert part(again, "user") == me
    assert again["userIdWS"] == listed["userIdWS"]
    chat = f"/comment-image-chats/open/{made['_id']}"
    theirs = str(part(await stranger.list(v="2"), "user")["sessionId"])
    assert (await stranger.asks("DELETE", chat, broadcastId="d0", sessionId=theirs))[0] == 403
    await guest.gets("DELETE", chat, broadcastId="d1", **said)


async def test_the_first_comment_of_a_marker_has_the_address_of_its_page(house: House) -> None:
    alice = house.person("alice")
    socket = await alice.sub(await alice.thread(v="2"), v="2")
    await frame(socket)
    await alice.marks()
    assert part(await frame(socket), "comment")["url"] == IMAGE


@pytest.mark.security
async def test_a_token_counts_only_in_its_own_tenant(house: House) -> None:
    alice = house.person("alice")
    status, body, _ = await alice.asks("GET", "/comment-image-chats/nobody", urlId=IMAGE)
    assert (status, body["code"]) == (404, "invalid-tenant")
    alice.token = alice.token[:-5] + '0"}'
    status, body, _ = await alice.asks("GET", CHATS, urlId=IMAGE)
    assert (status, body["code"]) == (401, "malformed-sso")


@pytest.mark.security
async def test_nobody_reads_and_does_not_write(house: House) -> None:
    nobody = house.person("")
    assert items(await nobody.list(), "conversations") == []
    status, body, _ = await nobody.asks("POST", CHATS, marker())
    assert (status, body["code"]) == (401, "unauthorized")
    status, body, _ = await nobody.asks("GET", "/comment-image-chats/strict", urlId=IMAGE)
    assert (status, body["code"]) == (401, "unauthorized")
    stranger = house.person("", "open")
    made = await stranger.gets("POST", "/comment-image-chats/open", marker())
    assert "userId" not in part(made, "conversation")
    assert str(part(made, "conversation")["anonUserId"]).startswith("anon:")


async def test_unknown_paths_and_methods_have_the_error_shape(house: House) -> None:
    alice = house.person("alice")
    assert (await alice.asks("GET", "/nowhere"))[:2] == (
        404,
        {"status": "failed", "code": "not-found", "reason": "Not found"},
    )
    status, body, headers = await alice.asks("PUT", CHATS)
    assert (status, body["code"], headers["X-FC-Ext"]) == (405, "method-not-allowed", "1")


async def test_writes_beyond_the_rate_wait_and_repeated_ones_do_not_count(tmp_path: Path) -> None:
    limits = Limits(MemoryCounts(), {limit: Rule(1e6, 1e6) for limit in Limit} | {Limit.WRITE: Rule(0.01, 1)})
    async with running_house(tmp_path, limits=limits) as house:
        alice = house.person("alice")
        first = await alice.marks()
        status, body, headers = await alice.asks(
            "POST", "/comments/demo", comment("x"), urlId=K, broadcastId="b2"
        )
        assert (status, body["code"]) == (429, "user-rate-limited")
        assert int(headers["Retry-After"]) >= 1
        assert await alice.marks() == first
        await house.person("bob").writes("others may", "b3")


@pytest.mark.security
async def test_guests_of_one_address_share_one_allowance(tmp_path: Path) -> None:
    """Each write without a session is by somebody new."""
    for counted, code in ((Limit.WRITE, "user-rate-limited"), (Limit.ATTEMPT, "rate-limited")):
        limits = Limits(MemoryCounts(), {limit: Rule(1e6, 1e6) for limit in Limit} | {counted: Rule(1e-6, 3)})
        (folder := tmp_path / counted).mkdir()
        async with running_house(folder, limits=limits, proxies=TrustedProxies(["127.0.0.1"])) as house:
            codes = [await _guest_writes(house, "192.0.2.1", f"b{number}") for number in range(5)]
            assert codes == [None, None, None, code, code]
            assert await _guest_writes(house, "192.0.2.2", "b9") is None
            await house.person("ann", "open").writes("members may", "b1")


@pytest.mark.security
async def test_guests_leave_a_share_of_the_tenants_writes_to_members(tmp_path: Path) -> None:
    rules = {Limit.GUEST_WRITE: Rule(1e-6, 2), Limit.TENANT_WRITE: Rule(1e-6, 4)}
    limits = Limits(MemoryCounts(), {limit: Rule(1e6, 1e6) for limit in Limit} | rules)
    async with running_house(tmp_path, limits=limits, proxies=TrustedProxies(["127.0.0.1"])) as house:
        codes = [await _guest_writes(house, f"192.0.2.{number}", f"b{number}") for number in range(1, 5)]
        assert codes == [None, None, "rate-limited", "rate-limited"]
        ann = house.person("ann", "open")
        await ann.writes("members may", "b1")
        await ann.writes("still", "b2")
        body = (await ann.asks("POST", "/comments/open", comment("x"), urlId=K, broadcastId="b3"))[1]
        assert body["code"] == "rate-limited"


async def _guest_writes(house: House, address: str, broadcast_id: str) -> object:
    """The code of the refusal of a new guest's comment, None if there is none."""
    house.client.session.cookie_jar.clear()
    query = {"urlId": K, "broadcastId": broadcast_id}
    headers = {"X-Forwarded-For": address}
    guest = house.person("", "open")
    _, body, _ = await guest.asks("POST", "/comments/open", comment("x"), headers, **query)
    return body.get("code")


@pytest.mark.reliability
async def test_a_failing_disk_stops_writes_and_tells_nobody(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice = house.person("alice")
    await alice.marks()
    socket = await alice.sub(await alice.list(v="2"), v="2")
    assert (await frame(socket))["seq"] == 2

    def full(*_: object, **__: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    with monkeypatch.context() as patch:
        patch.setattr("imagechat_tui.server.storage.apply_change._write", full)
        status, body, headers = await alice.asks(
            "POST", "/comments/demo", comment("lost"), urlId=K, broadcastId="b2"
        )
        assert (status, body["code"]) == (503, "store-failed")
        assert "Retry-After" in headers
        assert len(items(await alice.thread(), "comments")) == 1
    await alice.writes("kept", "b2")
    seen = await frame(socket)
    assert (seen["seq"], part(seen, "comment")["comment"]) == (3, "kept")


async def test_many_writes_at_once_share_commits_and_keep_every_number(house: House) -> None:
    people = [house.person(f"p{n}") for n in range(5)]
    await people[0].marks()
    async with asyncio.TaskGroup() as tasks:
        for n in range(40):
            tasks.create_task(people[n % 5].writes(f"text {n}", f"w{n}"))
    listed = await people[0].list(v="2")
    assert listed["seq"] == 42
    assert part({"c": items(listed, "conversations")[0]}, "c")["commentCount"] == 41


async def test_comments_are_numbered_in_their_thread_and_keep_their_numbers(house: House) -> None:
    ann = house.person("ann")
    made = await ann.marks("m1", comment="first")
    second = await ann.writes("second", "c1")
    await ann.writes("third", "c2")

    async def numbers() -> list[object]:
        return [one["number"] for one in items(await ann.thread(v="2"), "comments")]

    assert await numbers() == [1, 2, 3]
    await ann.gets("DELETE", f"/comments/demo/{part(second, 'comment')['_id']}", broadcastId="d1")
    await ann.writes("fourth", "c3")
    assert await numbers() == [1, 3, 4]
    for plain in items(await ann.thread(), "comments"):
        assert "number" not in plain  # of the plain wire it is no field
    await ann.gets("DELETE", f"/comment-image-chats/demo/{made['createdChatId']}", broadcastId="d2")
    assert await numbers() == []


@pytest.mark.security
async def test_markdown_is_read_off_the_writers_thread_and_only_for_writes_that_are_allowed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read_by: list[str] = []

    def recording(text: str) -> str:
        if not is_plain(text):
            read_by.append(threading.current_thread().name)
        return comment_html(text)

    monkeypatch.setattr(writing, "comment_html", recording)
    rules = {limit: Rule(1e6, 1e6) for limit in Limit} | {Limit.WRITE: Rule(1e-9, 3)}
    async with running_house(tmp_path, limits=Limits(MemoryCounts(), rules)) as house:
        alice, bob = house.person("alice"), house.person("bob")
        made = await alice.marks(comment="**wet**")
        first = part(made, "comment")
        assert first["commentHTML"] == "<b>wet</b>"
        said = await alice.writes("*so* wet", "b2")
        assert part(said, "comment")["commentHTML"] == "<i>so</i> wet"
        edit = f"/comments/demo/{first['_id']}/update-text"
        edited = await alice.gets("POST", edit, {"comment": "~~wet~~"}, broadcastId="b3")
        assert part(edited, "comment")["commentHTML"] == "<strike>wet</strike>"
        assert len(read_by) == 3
        assert all(name.startswith("markdown") for name in read_by)
        statuses = [
            (await alice.asks("POST", edit, {"comment": "**x**"}, broadcastId="b4"))[0],
            (await bob.asks("POST", edit, {"comment": "**x**"}, broadcastId="b5"))[0],
            (await bob.asks("POST", "/comments/demo/c_0/update-text", {"comment": "*x*"}, broadcastId="b6"))[
                0
            ],
            (await alice.asks("POST", "/comment-image-chats/demo", marker(comment="**wet**")))[0],
        ]
        assert statuses == [429, 403, 404, 200]
        assert len(read_by) == 3, "what is refused, or answered again, is not read"
