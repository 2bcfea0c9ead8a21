"""Each limit is asked for: with one use left the second is refused. Red as soon as no handler asks any more."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

import pytest

from imagechat_tui.protocol import routes
from imagechat_tui.protocol.routes import Route
from imagechat_tui.server.guard.limits import Limit, SeatRules
from imagechat_tui.server.http import rest, websocket
from tests.server.house import IMAGE, SUB_QUERY, UPGRADE, House, Json, Person, api_secret, running_house
from tests.server.test_check_order import few, says

pytestmark = pytest.mark.security

FREE = {routes.HEALTH, routes.READY, routes.LOGOUT, Route("GET", "/metrics")}
"""Count for an address alone."""
GET = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


async def asked(person: Person, method: str = "GET", path: str = "/comment-image-chats/demo") -> int:
    return (await person.asks(method, path, urlId=IMAGE, broadcastId="b"))[0]


async def knocks(person: Person, url_id: str = "page") -> int:
    """The status of a request for a socket that could not be one."""
    return (await person.asks("GET", "/sub", urlId=url_id, tenantIdWS="demo", userIdWS="x"))[0]


async def answered_at_all(house: House, sent: bytes = GET) -> int:
    """The status of a request on a connection of its own; 0 if there is no answer."""
    reader, writer = await asyncio.open_connection(house.client.host, house.client.port)
    writer.write(sent)
    try:
        line = await reader.readline()
    except ConnectionError:
        line = b""
    finally:
        writer.close()
    return int(line.split()[1]) if line else 0


async def connections(house: House) -> list[int]:
    return [await answered_at_all(house) for _ in range(2)]


async def for_nothing(house: House) -> list[int]:
    welcome = await answered_at_all(house)
    _, writer = await asyncio.open_connection(house.client.host, house.client.port)
    writer.close()
    while status := await answered_at_all(house):  # until the server has seen the end of that one
        assert status == 200
    return [welcome, status]


async def requests_of_an_address(house: House) -> list[int]:
    return [await asked(house.person(""), path="/healthz") for _ in range(2)]


async def sockets_of_a_room(house: House) -> list[int]:
    return [await knocks(house.person("ann")) for _ in range(2)]


async def sockets_of_a_person(house: House) -> list[int]:
    return [await knocks(house.person("ann"), room) for room in ("one", "two")]


async def sockets_let_in(house: House) -> list[int]:
    ann, bob = house.person("ann"), house.person("bob")
    assert [await knocks(ann), await knocks(ann)] == [426, 426], "who is refused counts for nothing"
    query = await bob.list()
    async with await ann.sub(await ann.list()):
        named = {key: str(query[name]) for key, name in SUB_QUERY.items()}
        return [200, (await bob.asks("GET", "/sub", None, UPGRADE, **named))[0]]


async def reads(house: House) -> list[int]:
    return [await asked(house.person("ann")) for _ in range(2)]


async def attempts(house: House) -> list[int]:
    return [await asked(house.person("ann"), "DELETE", "/comments/demo/c_0") for _ in range(2)]


async def writes(house: House) -> list[int]:
    return [(await says(house.person("ann"), n))[0] for n in range(2)]


async def writes_of_guests(house: House) -> list[int]:
    return [(await says(house.person("", "open"), n))[0] for n in range(2)]


async def writes_of_a_tenant(house: House) -> list[int]:
    return [(await says(house.person(name), 1))[0] for name in ("ann", "bob")]


async def requests_of_guests(house: House) -> list[int]:
    read = await asked(house.person("", "open"), path="/comment-image-chats/open")
    return [read, (await says(house.person("", "open"), 1))[0]]


async def requests_of_a_tenant(house: House) -> list[int]:
    return [await asked(house.person("ann")), (await says(house.person("bob"), 1))[0]]


TWICE: Mapping[Limit, tuple[Callable[[House], Awaitable[list[int]]], list[int]]] = {
    Limit.CONNECTION: (connections, [200, 0]),
    Limit.NO_REQUEST: (for_nothing, [200, 0]),
    Limit.ADDRESS: (requests_of_an_address, [200, 429]),
    Limit.HANDSHAKE: (sockets_of_a_room, [426, 429]),
    Limit.SOCKETS: (sockets_of_a_person, [426, 429]),
    Limit.HANDSHAKES: (sockets_let_in, [200, 503]),
    Limit.READ: (reads, [200, 429]),
    Limit.ATTEMPT: (attempts, [404, 429]),
    Limit.WRITE: (writes, [200, 429]),
    Limit.GUEST_WRITE: (writes_of_guests, [200, 429]),
    Limit.TENANT_WRITE: (writes_of_a_tenant, [200, 429]),
    Limit.GUEST_REQUEST: (requests_of_guests, [200, 429]),
    Limit.TENANT_REQUEST: (requests_of_a_tenant, [200, 429]),
}


@pytest.mark.parametrize("limit", Limit)
async def test_a_limit_with_one_use_left_refuses_the_second(tmp_path: Path, limit: Limit) -> None:
    twice, statuses = TWICE[limit]
    async with running_house(tmp_path, limits=few(**{limit.name: 1})) as house:
        assert await twice(house) == statuses


@pytest.mark.parametrize(
    ("seats", "people", "refused"),
    [
        (SeatRules(per_user=1), ("ann", "ann"), True),
        (SeatRules(per_user=1), ("ann", "bob"), False),
        (SeatRules(guests_per_address=1), ("", ""), True),
        (SeatRules(guests_per_address=1), ("", "ann"), False),
        (SeatRules(guests_per_tenant=1), ("", ""), True),
        (SeatRules(guests_per_tenant=1), ("", "ann"), False),
        (SeatRules(per_tenant=1), ("ann", "bob"), True),
        (SeatRules(per_process=1), ("ann", ""), True),
    ],
)
async def test_who_has_no_seat_left_is_refused(
    tmp_path: Path, seats: SeatRules, people: tuple[str, str], refused: bool
) -> None:
    async with running_house(tmp_path, seats=seats) as house:
        first, second = map(house.person, people)
        async with await first.sub(await first.list()):
            query = await second.list()
            named = {key: str(query[name]) for key, name in SUB_QUERY.items()}
            assert (await second.asks("GET", "/sub", **named))[0] == (429 if refused else 426)


async def test_reads_that_are_refused_cost_the_tenant_nothing(tmp_path: Path) -> None:
    async with running_house(tmp_path, limits=few(TENANT_REQUEST=1, GUEST_REQUEST=1)) as house:
        ann, stranger = house.person("ann"), house.person("")
        for _ in range(3):
            assert (await ann.asks("GET", "/comment-image-chats/demo"))[0] == 400
            assert (await ann.asks("GET", "/comments/demo/c_0/text"))[0] == 404
            assert (await stranger.asks("GET", "/comments/demo/c_0/text"))[0] == 401
        assert [await asked(ann), await asked(ann), await asked(stranger)] == [200, 429, 429]


async def test_no_route_forgets_to_count_whose_request_it_is(tmp_path: Path) -> None:
    limits = few(READ=0, ATTEMPT=0, HANDSHAKE=0)
    given = {"tenant_id": "demo", "sha256": "0" * 64}
    query = {"urlId": IMAGE, "tenantId": "demo", "urlIdWS": "x", "tenantIdWS": "demo", "userIdWS": "x"}
    query |= {
        "userIds": "x",
        "startTime": "0",
        "broadcastId": "b",
        "usernameStartsWith": "a",
        "ids": "x",
        "API_KEY": api_secret("demo").decode(),
    }
    body: Json = {}
    told = {}
    async with running_house(tmp_path, limits=limits) as house:
        ann = house.person("ann")
        for route, _ in (*rest.ROUTES, *websocket.ROUTES):
            if route not in FREE:
                path = re.sub(r"{(\w+)}", lambda part: given.get(part[1], "x"), route.template)
                v2 = {} if route == routes.SUBSCRIBE else {"v": "2"}  # whose token would have to be right
                told[route] = (await ann.asks(route.method, path, body, **query, **v2))[0]
    assert {route: status for route, status in told.items() if status != 429} == {}
