from __future__ import annotations

import asyncio
import json
import time
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlencode

import pytest
from aiohttp import WSMsgType

from imagechat_tui.protocol.ids import BroadcastId, EventId, TenantId, UrlId, UserId
from imagechat_tui.protocol.models import Position
from imagechat_tui.server.http.context import SERVING
from imagechat_tui.server.live.frames import Frames
from imagechat_tui.server.live.subscribers import Subscriber
from imagechat_tui.server.storage import LogPage, RoomKey, StoredEvent
from imagechat_tui.server.storage.sqlite import SqliteStore
from tests.contracts.test_broker import until
from tests.server.house import (
    IMAGE,
    NOW_MS,
    House,
    Json,
    frame,
    items,
    part,
    presence,
)
from tests.server.test_subscribers import Wire

BIG = '{"type":"filler","text":"' + "x" * 60_000 + '"}'


def resume(event: Json) -> dict[str, str]:
    """The position of an event, as a rejoining client names it."""
    return {
        "v": "2",
        "epoch": str(event["epoch"]),
        "seq": str(event["seq"]),
        "eventId": str(event["eventId"]),
    }


@pytest.mark.reliability
async def test_a_new_socket_learns_where_it_stands_and_misses_nothing_after(house: House) -> None:
    alice = house.person("alice")
    await alice.marks()
    listed = await alice.list(v="2")
    socket = await alice.sub(listed, v="2")
    subscribed = await frame(socket)
    assert subscribed["type"] == "subscribed"
    assert (subscribed["seq"], subscribed["epoch"]) == (listed["seq"], listed["epoch"])
    await alice.writes("next", "b2")
    event = await frame(socket)
    assert (event["seq"], event["userId"], event["type"]) == (3, "demo:alice", "image-chat-updated")
    assert part(event, "comment")["comment"] == "next"


@pytest.mark.reliability
async def test_writes_during_the_join_come_either_with_the_list_or_over_the_socket(house: House) -> None:
    alice = house.person("alice")
    listed = await alice.list(v="2")
    async with asyncio.TaskGroup() as tasks:
        writing = [
            tasks.create_task(alice.marks(f"b{n}", windowUrlId=f"gallery-42:/s:{n}:1")) for n in range(10)
        ]
        sockets = [tasks.create_task(alice.sub(listed, v="2")) for _ in range(5)]
    assert len(writing) == 10
    for joined in sockets:
        socket = joined.result()
        seq = int(str((await frame(socket))["seq"]))
        while seq < 20:
            event = await frame(socket)
            assert event["seq"] == seq + 1
            seq += 1


@pytest.mark.reliability
async def test_a_rejoining_socket_gets_what_it_missed(house: House) -> None:
    alice = house.person("alice")
    await alice.marks()
    listed = await alice.list(v="2")
    socket = await alice.sub(listed, v="2")
    await frame(socket)
    await alice.writes("one", "b2")
    seen = await frame(socket)
    await socket.close()
    for n in range(3):
        await alice.writes(f"missed {n}", f"m{n}")
    socket = await alice.sub(listed, **resume(seen))
    assert (await frame(socket))["seq"] == 6
    assert [part(await frame(socket), "comment")["comment"] for _ in range(3)] == [
        "missed 0",
        "missed 1",
        "missed 2",
    ]
    await alice.writes("live", "b3")
    assert (await frame(socket))["seq"] == 7


@pytest.mark.reliability
@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"epoch": "another"}, "epoch"),
        ({"seq": "99"}, "ahead"),
        ({"eventId": "of-a-restored-backup"}, "gone"),
    ],
)
async def test_a_position_that_cannot_be_followed_is_reset(
    house: House, change: dict[str, str], reason: str
) -> None:
    alice = house.person("alice")
    listed = await alice.list(v="2")
    await alice.marks()
    socket = await alice.sub(listed, v="2", epoch=str(listed["epoch"]), seq="0")
    assert [(await frame(socket))["type"] for _ in range(3)] == [
        "subscribed",
        "new-image-chat",
        "image-chat-updated",
    ]
    await alice.writes("x", "b2")
    event = await frame(socket)
    again = await alice.sub(listed, **(resume(event) | change))
    assert (await frame(again))["type"] == "subscribed"
    assert await frame(again) == {"type": "reset", "reason": reason}
    await alice.writes("live", "b3")
    assert (await frame(again))["seq"] == 4


async def test_who_is_more_than_500_events_behind_starts_anew(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice = house.person("alice")
    listed = await alice.list(v="2")
    await alice.marks()
    after = SqliteStore.events_after

    async def short(
        self: SqliteStore, room: RoomKey, seq: int, *, event_id: EventId = EventId(""), limit: int = 1
    ) -> LogPage | None:
        return await after(self, room, seq, event_id=event_id, limit=1)

    monkeypatch.setattr(SqliteStore, "events_after", short)
    socket = await alice.sub(listed, v="2", epoch=str(listed["epoch"]), seq="0")
    await frame(socket)
    assert await frame(socket) == {"type": "reset", "reason": "far-behind"}
    nearer = await alice.sub(listed, v="2", epoch=str(listed["epoch"]), seq="1")
    await frame(nearer)
    assert (await frame(nearer))["seq"] == 2


async def test_the_log_goes_on_after_a_position(house: House) -> None:
    alice = house.person("alice")
    await alice.marks()
    listed = await alice.list(v="2")
    await alice.writes("one", "b2")
    query = {
        "urlId": "gallery-42",
        "userIdWS": str(listed["userIdWS"]),
        "startTime": "0",
        "v": "2",
        "epoch": str(listed["epoch"]),
        "seq": "2",
    }
    _, log, headers = await alice.asks("GET", "/event-log/demo", **query)
    assert len(items(log, "events")) == 1
    assert '"seq":3' in str(items(log, "events")[0]["data"])
    assert headers["X-FC-Event-Log-Complete"] == "true"
    _, log, headers = await alice.asks("GET", "/event-log/demo", **(query | {"epoch": "another"}))
    assert (items(log, "events"), headers["X-FC-Event-Log-Complete"]) == ([], "false")
    for bad in ({"seq": "x"}, {"urlId": ""}):
        status, _, _ = await alice.asks("GET", "/event-log/demo", **(query | bad))
        assert status == 400


async def test_an_event_that_is_delivered_twice_is_sent_once(house: House) -> None:
    alice = house.person("alice")
    socket = await alice.sub(await alice.list(), v="2")
    await frame(socket)
    serving = house.client.app[SERVING]
    room = serving.queries.room(TenantId("demo"), UrlId("gallery-42"))
    await alice.marks()
    page = await serving.store.events_after(room, 0)
    assert page is not None
    assert [(await frame(socket))["seq"] for _ in range(2)] == [1, 2]
    serving.hub.deliver(room, page.events)
    await alice.writes("next", "b2")
    assert (await frame(socket))["seq"] == 3


async def test_an_end_that_lies_before_the_socket_came_is_moved_to_it(house: House) -> None:
    alice = house.person("alice")
    await alice.marks()
    house.clock.ms += 60_000
    listed = await alice.list()
    await alice.writes("while joining", "b2")
    query = {"urlId": "gallery-42", "userIdWS": str(listed["userIdWS"]), "startTime": "0"}
    early, later = str(NOW_MS), str(NOW_MS + 60_000)

    async def told(end: str) -> int:
        log = await alice.gets("GET", "/event-log/demo", endTime=end, **query)
        return len(items(log, "events"))

    assert await told(early) == 2, "no socket: a clock that is wrong must hide nothing"
    socket = await alice.sub(listed)
    assert (await presence(socket))["sc"] == 1
    assert await told(early) == 2
    house.clock.ms += 60_000
    await alice.writes("live", "b3")
    assert await told(early) == await told(later) == 2, "what the socket got is not told twice"
    assert await told(str(house.clock.ms)) == 3


async def test_plain_readers_get_one_update_per_marker_and_second(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    now_s = time.monotonic()
    monkeypatch.setattr("imagechat_tui.server.live.hub.time", SimpleNamespace(monotonic=lambda: now_s))
    alice = house.person("alice")
    await alice.marks()
    socket = await alice.sub(await alice.list())
    witness = await alice.sub(await alice.list(v="2"), v="2")
    await frame(witness)
    await alice.writes("c0", "m0")
    first = await frame(socket)
    assert (first["broadcastId"], part(first, "imageChat")["commentCount"]) == ("m0", 2)
    for n in range(1, 4):
        await alice.writes(f"c{n}", f"m{n}")
    while (await frame(witness)).get("broadcastId") != "m3":
        pass
    now_s += 1
    merged = await frame(socket)
    assert part(merged, "imageChat")["commentCount"] == 5
    assert part(merged, "imageChat")["activity"] == "several"
    assert merged["broadcastId"] not in {"m0", "m1", "m2", "m3"}
    assert not merged.keys() & {"seq", "epoch", "eventId", "comment", "userId"}


async def test_a_lost_hint_costs_a_moment_and_no_event(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    alice = house.person("alice")
    await alice.marks()
    socket = await alice.sub(await alice.list(v="2"), v="2")
    await frame(socket)

    def lost(*_: object) -> None:
        return None

    monkeypatch.setattr("imagechat_tui.server.live.log_follower.LogFollower.hint", lost)
    await alice.writes("quiet", "b2")
    assert part(await frame(socket), "comment")["comment"] == "quiet"


async def test_crosshairs_reach_the_others_and_are_not_logged(house: House) -> None:
    alice, bob = house.person("alice"), house.person("bob")
    listed = await alice.list(v="2")
    a, b = await alice.sub(listed, v="2"), await bob.sub(await bob.list(v="2"), v="2")
    plain = await bob.sub(await bob.list())
    await frame(a), await frame(b)
    await a.send_str('{"type":"cursor","x":10,"y":20.5}')
    assert await frame(b) == {"type": "cursor", "userId": "demo:alice", "x": 10.0, "y": 20.5}
    await alice.marks()
    assert (await frame(plain))["type"] == "new-image-chat"
    assert (await frame(a))["seq"] == 1


async def test_a_log_that_was_lost_sends_everybody_to_a_fresh_start(house: House) -> None:
    alice = house.person("alice")
    listed = await alice.list(v="2")
    v2, plain = await alice.sub(listed, v="2"), await alice.sub(listed)
    await frame(v2)
    await presence(plain)
    serving = house.client.app[SERVING]
    room = serving.queries.room(TenantId("demo"), UrlId("gallery-42"))
    serving.hub.lost(room, Position("another", 7))
    await alice.marks()
    assert await frame(v2) == {"type": "reset", "reason": "gone"}
    while (await plain.receive(timeout=60)).type is WSMsgType.TEXT:
        pass
    assert plain.close_code == 1012


async def test_a_restart_says_come_back(house: House) -> None:
    alice = house.person("alice")
    socket = await alice.sub(await alice.list(), v="2")
    await frame(socket)
    runner = house.client.server.runner
    assert runner is not None
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(runner.shutdown())
        while (await socket.receive(timeout=60)).type is WSMsgType.TEXT:
            pass
    assert socket.close_code == 1012


@pytest.mark.reliability
async def test_a_reader_who_sleeps_is_let_go_and_delays_nobody(house: House) -> None:
    alice, sleeper = house.person("alice"), house.person("sleeper")
    listed = await sleeper.list(v="2")
    query = {"urlId": str(listed["urlIdWS"]), "tenantIdWS": "demo", "v": "2"}
    query["userIdWS"] = str(listed["userIdWS"])
    reading, writing = await asyncio.open_connection("127.0.0.1", house.client.port, limit=1024)
    writing.write(
        f"GET /sub?{urlencode(query)} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode()
    )
    head = await reading.readuntil(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 101 ")
    assert b"X-FC-Ext: 1\r\n" in head
    await reading.readuntil(b'"subscribed"')
    awake = await alice.sub(await alice.list(), v="2")
    await frame(awake)
    # Nothing reads the sleeper's stream any more: its buffer fills, then the kernel's, then ours.
    hub = house.client.app[SERVING].hub
    room = house.client.app[SERVING].queries.room(TenantId("demo"), UrlId("gallery-42"))
    written = 0
    while not hub.counters.slow_closes:
        written += 1
        events = [
            StoredEvent(EventId(f"e{n}"), n, 0, UrlId("gallery-42"), BroadcastId("b"), None, BIG)
            for n in range(written * 10 - 9, written * 10 + 1)
        ]
        hub.deliver(room, events)
        for _ in events:
            assert (await frame(awake))["type"] == "filler"
        assert written < 1000
    assert hub.sockets == 1
    await until(lambda: sleeper.id not in hub.online(room))  # whom people were told of counts for 2 s more
    # Who wakes up in time reads whole frames, and then why he was let go.
    *frames, last = frames_in(await reading.read())
    assert {head for head, _ in frames} == {0x81}
    assert last == (0x88, (1013).to_bytes(2, "big"))
    writing.close()


def frames_in(stream: bytes) -> list[tuple[int, bytes]]:
    """First byte and payload of each frame; the stream begins inside one, behind the word "subscribed"."""
    found, at = [], stream.index(b"}") + 1
    while at < len(stream):
        head, size = stream[at], stream[at + 1]
        at += 2
        if size >= 126:
            width = 2 if size == 126 else 8
            size = int.from_bytes(stream[at : at + width], "big")
            at += width
        assert at + size <= len(stream)
        found.append((head, stream[at : at + size]))
        at += size
    return found


@pytest.mark.reliability
async def test_writers_at_once_are_heard_in_one_order_by_everybody(house: House) -> None:
    """Numbers without holes and times that rise, though the clock stands still."""
    people = [house.person(f"p{n}") for n in range(4)]
    await people[0].marks()
    listed = await people[0].list(v="2")
    sockets = [await person.sub(await person.list(), v="2") for person in people]
    async with asyncio.TaskGroup() as tasks:
        for n in range(32):
            tasks.create_task(people[n % 4].writes(f"text {n}", f"w{n}"))
    heard = []
    for socket in sockets:
        assert (await frame(socket))["type"] == "subscribed"
        heard.append([await frame(socket) for _ in range(32)])
    assert heard[1:] == heard[:-1]
    first = int(str(listed["seq"]))
    assert [event["seq"] for event in heard[0]] == list(range(first + 1, first + 33))
    times = [int(str(event["timestamp"])) for event in heard[0]]
    assert times == sorted(set(times))
    log = await people[0].gets("GET", "/event-log/demo", urlId=IMAGE, startTime="0", userIdWS="")
    assert [json.loads(str(entry["data"]))["timestamp"] for entry in items(log, "events")][1:] == times


async def test_an_event_costs_no_look_at_the_log_and_one_write_a_socket(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "imagechat_tui.server.live.presence.JOIN_DELAY_S", 60.0
    )  # who came costs a write, too
    alice = house.person("alice")
    await alice.marks()
    listed = await alice.list(v="2")
    sockets = [await alice.sub(listed, v="2") for _ in range(12)]
    for socket in sockets:
        await frame(socket)
    reads, writes = [], []
    after, written = SqliteStore.events_after, Subscriber._written

    async def counted(
        self: SqliteStore, room: RoomKey, seq: int, *, event_id: EventId = EventId("")
    ) -> LogPage | None:
        reads.append(room)
        return await after(self, room, seq, event_id=event_id)

    def counts(self: Subscriber, frames: Frames) -> bool:
        writes.append(self)
        return written(self, frames)

    monkeypatch.setattr(SqliteStore, "events_after", counted)
    monkeypatch.setattr(Subscriber, "_written", counts)
    before = house.client.app[SERVING].meters.messages
    await house.person("bob").writes("one", "b2")  # who writes hears besides how far they have read
    for socket in sockets:
        assert (await frame(socket))["seq"] == 3
    assert reads == []
    assert len(writes) == len(set(writes)) == 12
    assert house.client.app[SERVING].meters.messages == before + 12


@pytest.mark.reliability
async def test_a_position_that_this_process_has_not_reached_yet_is_no_reason_to_start_anew(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The list is read from the store, which may be ahead of the room, here or in another process."""
    alice = house.person("alice")
    await alice.marks()
    early = await alice.sub(await alice.list(v="2"), v="2")
    await frame(early)
    hub = house.client.app[SERVING].hub
    with monkeypatch.context() as patch:
        patch.setattr(hub, "deliver", lambda room, events: None)
        await alice.writes("not delivered yet", "b2")
        listed = await alice.list(v="2")
        position = {key: str(listed[key]) for key in ("epoch", "seq")}
        socket = await alice.sub(listed, v="2", **position)
        assert (await frame(socket))["seq"] == listed["seq"] == 3
    await alice.writes("next", "b3")
    told = [(await frame(socket))["seq"] for _ in range(2)]
    assert told == [3, 4]


@pytest.mark.parametrize("v2", ["", "2"])
async def test_a_socket_that_is_open_misses_nothing_from_then_on(
    house: House, monkeypatch: pytest.MonkeyPatch, v2: str
) -> None:
    """An official client reads the room once its socket is open, and relies on the socket for all that comes after."""
    alice = house.person("alice")
    await alice.marks("b0")
    listed = await alice.list()
    hub = house.client.app[SERVING].hub
    join, let_in, at_the_door = hub.join, asyncio.Event(), asyncio.Event()

    async def slow(*args: Any, **options: Any) -> Subscriber:
        at_the_door.set()
        await let_in.wait()
        return await join(*args, **options)

    monkeypatch.setattr(hub, "join", slow)
    async with asyncio.TaskGroup() as tasks:
        opening = tasks.create_task(alice.sub(listed, **({"v": v2} if v2 else {})))
        await at_the_door.wait()
        await alice.writes("before", "b1")
        assert not opening.done(), "open, and heard nothing of what came then"
        let_in.set()
    socket = opening.result()
    await alice.writes("after", "b2")
    while (await frame(socket))["type"] != "image-chat-updated":
        pass


async def test_who_left_leaves_nothing_behind(house: House) -> None:
    """A public room that never empties sees any number of passers-by."""
    hub = house.client.app[SERVING].hub
    room = RoomKey(TenantId("demo"), "r1")
    stays, passes = UserId("demo:alice"), UserId("anon:1")
    first_of_all = await hub.join(room, Wire(), stays, v2=False)
    first, second = [await hub.join(room, Wire(), passes, v2=False) for _ in range(2)]
    hub.leave(first)
    assert hub.registered_at_ms(room, passes) == NOW_MS, "his newest socket is still here"
    hub.leave(second)
    assert hub.registered_at_ms(room, passes) is None
    assert hub.registered_at_ms(room, stays) == NOW_MS
    hub.leave(first_of_all)
