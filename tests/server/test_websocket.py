"""Who may open a socket, what it may send, and when it is ended."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlencode

import pytest
from aiohttp import WSMsgType, WSServerHandshakeError

from imagechat_tui.protocol.models import Position
from imagechat_tui.server.broker.buckets import Rule
from imagechat_tui.server.broker.memory import MemoryCounts
from imagechat_tui.server.guard.limits import FrameRules, Limit, Limits
from imagechat_tui.server.guard.tokens import LIFETIME_DAYS
from imagechat_tui.server.http.context import SERVING
from imagechat_tui.server.storage import RoomKey, StoreUnavailable
from imagechat_tui.server.storage.sqlite import SqliteStore
from tests.server.house import IMAGE, NOW_MS, SUB_QUERY, UPGRADE, House, frame, part, presence, running_house


async def test_ping_texts_are_not_answered_and_a_flood_ends_the_socket(house: House) -> None:
    alice = house.person("alice")
    socket = await alice.sub(await alice.list(), v="2")
    await frame(socket)
    for _ in range(10):
        await socket.send_str("ping")
    await alice.marks()
    assert (await frame(socket))["type"] == "new-image-chat"
    assert (await frame(socket))["type"] == "image-chat-updated"
    await socket.send_str("ping")
    message = await socket.receive(timeout=60)
    assert (message.type, socket.close_code) == (WSMsgType.CLOSE, 1008)


MASKED = b"\x80" + bytes(4)
FLOODS = {
    "pings": (b"", b"\x89" + MASKED),
    "pongs": (b"", b"\x8a" + MASKED),
    "empty messages": (b"", b"\x81" + MASKED),
    "binary messages": (b"", b"\x82" + MASKED),
    "fragments": (b"\x01" + MASKED, b"\x00" + MASKED),
}


@pytest.mark.security
@pytest.mark.parametrize("together", [False, True], ids=["after the handshake", "with the handshake"])
@pytest.mark.parametrize("kind", FLOODS)
async def test_control_frames_and_fragments_count_even_in_one_packet(
    house: House, kind: str, together: bool
) -> None:
    """With them one stranger would keep the server busy for everybody."""
    ids = await house.person("").list()
    first, each = FLOODS[kind]
    target = "/sub?" + urlencode({key: str(ids[name]) for key, name in SUB_QUERY.items()})
    head = (
        f"GET {target} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
    ).encode()
    assert house.client.port is not None
    reader, writer = await asyncio.open_connection("127.0.0.1", house.client.port)
    flood = first + each * 3_000
    writer.write(head + flood if together else head)
    async with asyncio.timeout(30):
        answer = await reader.readuntil(b"\r\n\r\n")
        if not together:
            writer.write(flood)
        received = bytearray()
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(1 << 16):
                received += data
    assert b" 429 " in answer if together else CLOSE_POLICY in received
    assert received.count(b"\x8a\x00") <= 10
    writer.close()


CLOSE_POLICY = b"\x88\x02" + (1008).to_bytes(2, "big")


@pytest.mark.security
async def test_crosshairs_beyond_any_hand_end_the_socket(house: House) -> None:
    alice = house.person("alice")
    socket = await alice.sub(await alice.list(), v="2")
    await frame(socket)
    for _ in range(int(FrameRules().any.burst) + 20):
        await socket.send_str('{"type":"cursor","x":1,"y":2}')
    message = await socket.receive(timeout=60)
    while message.type is WSMsgType.TEXT:
        message = await socket.receive(timeout=60)
    assert (message.type, socket.close_code) == (WSMsgType.CLOSE, 1008)


@pytest.mark.security
async def test_pings_are_answered_as_long_as_they_are_few(house: House) -> None:
    alice = house.person("alice")
    url = house.client.make_url("/sub").update_query(
        {key: str((await alice.list())[name]) for key, name in SUB_QUERY.items()}
    )
    async with house.client.session.ws_connect(url, autoping=False) as socket:
        for number in range(3):
            await socket.ping(b"%d" % number)
        pongs: list[bytes] = []
        while len(pongs) < 3:
            message = await socket.receive(timeout=60)
            if message.type is WSMsgType.PONG:
                pongs.append(bytes(message.data))
        assert pongs == [b"0", b"1", b"2"]


@pytest.mark.security
@pytest.mark.parametrize("stale", ["expired", "another tenant's", "invented"])
async def test_a_stale_token_is_told_to_clients_that_renew_it_and_to_no_others(
    house: House, stale: str
) -> None:
    listed = await house.person("alice", "other" if stale == "another tenant's" else "demo").list()
    ids = listed | {"tenantIdWS": "demo"} | ({"userIdWS": "0b0c5a3e"} if stale == "invented" else {})
    if stale == "expired":
        house.clock.ms += 3 * 86_400_000
    nobody = house.person("")
    asked = {key: str(ids[name]) for key, name in (("urlId", "urlIdWS"), ("userIdWS", "userIdWS"))}
    status, body, _ = await nobody.asks("GET", "/sub", tenantIdWS="demo", v="2", **asked)
    assert (status, body["code"]) == (401, "unauthorized")
    told = await presence(await nobody.sub(ids))
    assert str(told["uj"]).startswith("['anon:")


@pytest.mark.security
@pytest.mark.parametrize("query", [{"v": "2"}, {}])
async def test_a_socket_ends_when_its_token_does(house: House, query: dict[str, str]) -> None:
    alice = house.person("alice")
    listed = await alice.list()
    day_ms = 86_400_000
    ends_ms = (NOW_MS // day_ms + LIFETIME_DAYS) * day_ms
    house.clock.ms = ends_ms - 20
    socket = await alice.sub(listed, **query)
    while (message := await socket.receive(timeout=60)).type is WSMsgType.TEXT:
        pass
    assert (message.type, socket.close_code) == (WSMsgType.CLOSE, 4401)
    assert house.client.app[SERVING].hub.sockets == 0


@pytest.mark.reliability
async def test_too_many_handshakes_at_once_are_sent_away_for_a_while(tmp_path: Path) -> None:
    wide = {limit: Rule(1e6, 1e6) for limit in Limit}
    async with running_house(
        tmp_path, limits=Limits(MemoryCounts(), wide | {Limit.HANDSHAKES: Rule(1e-6, 1)})
    ) as house:
        alice = house.person("alice")
        listed = await alice.list()
        socket = await alice.sub(listed)
        query = {"urlId": str(listed["urlIdWS"]), "tenantIdWS": "demo"}
        status, body, headers = await alice.asks("GET", "/sub", None, UPGRADE, **query)
        assert (status, body["code"]) == (503, "overloaded")
        assert int(headers["Retry-After"]) in range(1, 6)
        assert not socket.closed


async def test_one_user_has_twenty_sockets_and_no_more(house: House) -> None:
    alice = house.person("alice")
    listed = await alice.list()
    sockets = [await alice.sub(listed) for _ in range(20)]
    query = {key: str(listed[name]) for key, name in SUB_QUERY.items()}
    status, body, headers = await alice.asks("GET", "/sub", **query)
    assert (status, body["code"], headers["Retry-After"]) == (429, "rate-limited", "10")
    await sockets.pop().close()
    await alice.sub(listed)


@pytest.mark.security
@pytest.mark.parametrize(("size", "refused"), [(4096, False), (4097, True)])
async def test_a_frame_of_a_client_has_at_most_4_kib(house: House, size: int, refused: bool) -> None:
    alice = house.person("alice")
    socket = await alice.sub(await alice.list(), v="2")
    await frame(socket)
    await socket.send_str("x" * size)
    await alice.marks()
    while (message := await socket.receive(timeout=60)).type is WSMsgType.TEXT and refused:
        pass
    assert (message.type is WSMsgType.CLOSE and message.data == 1009) is refused


@pytest.mark.security
@pytest.mark.parametrize(
    ("field", "filler", "refused"),
    [(0, 0, 101), (0, 16_000, 101), (0, 17_000, 414), (1_000, 0, 101), (1_100, 0, 431)],
)
async def test_a_socket_keeps_no_long_request(house: House, field: int, filler: int, refused: int) -> None:
    alice = house.person("alice")
    listed = await alice.list()
    query = {key: str(listed[name]) for key, name in SUB_QUERY.items()} | {"filler": "x" * filler}
    headers = UPGRADE | {f"X-{n}": "x" * field for n in range(15)}
    answer = await house.client.get("/sub", params=query, headers=headers)
    assert answer.status == refused
    answer.close()


async def test_a_store_that_fails_during_the_join_is_told_before_there_is_a_socket(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice = house.person("alice")
    listed = await alice.list()

    async def broken(*_: object) -> None:
        raise StoreUnavailable("broken")

    monkeypatch.setattr(SqliteStore, "positions", broken)
    with pytest.raises(WSServerHandshakeError) as refused:
        await alice.sub(listed)
    assert refused.value.status == 503
    assert house.client.app[SERVING].hub.sockets == 0


@pytest.mark.parametrize("headers", [{}, {"Connection": "close"}, {"Upgrade": "websocket"}])
async def test_what_comes_without_the_headers_of_a_socket_is_told_which(
    house: House, headers: dict[str, str]
) -> None:
    """As a proxy sends it that was not told to pass them on."""
    alice = house.person("alice")
    listed = await alice.list()
    params = {key: str(listed[name]) for key, name in SUB_QUERY.items()}
    answer = await house.client.get("/sub", params=params, headers=headers)
    assert answer.status == 426
    told = await answer.json()
    assert told["code"] == "upgrade-required"
    assert "must pass on the headers Upgrade and Connection" in told["reason"]


@pytest.mark.parametrize("wrap", [str, lambda key: f"demo%3A{key}", lambda key: f"demo%253A{key}"])
async def test_foreign_room_ids_lead_to_the_same_room(house: House, wrap: object) -> None:
    assert callable(wrap)
    alice = house.person("alice")
    listed = await alice.list()
    socket = await alice.sub(listed | {"urlIdWS": wrap("gallery-42"), "userIdWS": "a-random-uuid"})
    await alice.marks()
    assert (await frame(socket))["type"] == "new-image-chat"


@pytest.mark.security
async def test_a_socket_hears_only_its_tenant(house: House) -> None:
    """Not even with the other tenant's room token; both sockets name the same page."""
    alice, spy = house.person("alice"), house.person("spy", "other")
    listed = await alice.list()
    by_token = await spy.sub(listed | {"tenantIdWS": "other"})
    by_page = await spy.sub(listed | {"tenantIdWS": "other", "urlIdWS": IMAGE, "userIdWS": ""})
    await alice.marks()
    await spy.marks("b2")
    assert part(await frame(by_page), "imageChat")["userId"] == "other:spy"
    for _ in range(2):  # the last frame of the room passes, and nothing came before it
        told = await presence(by_token)
        assert set(told) <= {"type", "ts", "uj", "ul", "sc"}
        if told["sc"] == 1:
            break
    status, body, _ = await spy.asks("GET", "/sub", urlId="x", tenantIdWS="nobody")
    assert (status, body["code"]) == (404, "invalid-tenant")


@pytest.mark.reliability
@pytest.mark.parametrize("query", [{"v": "2"}, {}])
async def test_who_comes_in_while_everybody_is_sent_away_is_sent_away_too(
    house: House, query: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    hub = house.client.server.app[SERVING].hub  # type: ignore[attr-defined]
    inside, closed = asyncio.Event(), asyncio.Event()
    positions = house.store.positions

    async def held(rooms: Sequence[RoomKey]) -> dict[RoomKey, Position]:
        inside.set()
        await closed.wait()
        return await positions(rooms)

    alice = house.person("alice")
    listed = await alice.list()
    monkeypatch.setattr(house.store, "positions", held)
    async with asyncio.TaskGroup() as tasks:
        opening = tasks.create_task(alice.sub(listed, **query))
        await inside.wait()
        await hub.close()
        closed.set()
    socket = opening.result()
    while (message := await socket.receive(timeout=60)).type is WSMsgType.TEXT:
        pass
    assert (message.type, socket.close_code) == (WSMsgType.CLOSE, 1012)
