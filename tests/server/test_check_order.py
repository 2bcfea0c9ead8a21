"""In which order a request is checked, and that who is refused costs nobody else anything (PROMISES 6)."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from imagechat_tui.server.broker.buckets import Rule
from imagechat_tui.server.broker.memory import MemoryCounts
from imagechat_tui.server.guard.limits import DEFAULT_RULES, Limit, Limits, SeatRules
from imagechat_tui.server.guard.proxies import TrustedProxies
from imagechat_tui.server.guard.turns import Turns
from tests.server.house import IMAGE, House, K, Person, comment, marker, part, running_house

pytestmark = pytest.mark.security

NEVER = 1e-9


def few(**bursts: float) -> Limits:
    """Wide limits but for these, which do not fill again."""
    wide = {limit: Rule(1e6, 1e6) for limit in Limit}
    return Limits(MemoryCounts(), wide | {Limit[name]: Rule(NEVER, burst) for name, burst in bursts.items()})


async def says(person: Person, n: int, text: str = "hello", **headers: str) -> tuple[int, object]:
    status, body, _ = await person.asks(
        "POST", f"/comments/{person.tenant}", comment(text), headers, urlId=K, broadcastId=f"b{n}"
    )
    return status, body.get("code")


async def test_writes_of_strangers_cost_the_tenant_nothing(tmp_path: Path) -> None:
    async with running_house(tmp_path, limits=few(TENANT_WRITE=2, TENANT_REQUEST=2)) as house:
        stranger, ann = house.person(""), house.person("ann")
        forged = house.person("eve")
        forged.token = forged.token.replace('verificationHash":"', 'verificationHash":"0')
        for n in range(20):
            assert (await says(stranger, n)) == (401, "unauthorized")
            assert (await says(forged, n)) == (401, "malformed-sso")
        assert [(await says(ann, n))[0] for n in range(3)] == [200, 200, 429]


async def test_writes_of_members_that_are_refused_cost_the_tenant_nothing(tmp_path: Path) -> None:
    async with running_house(tmp_path, limits=few(TENANT_WRITE=3, TENANT_REQUEST=3, WRITE=3)) as house:
        ann, bob = house.person("ann"), house.person("bob")
        made = await ann.marks("m1")
        theirs = part(made, "comment")["_id"]
        late = {"X-Deadline": "1"}
        for n in range(5):
            assert (await says(bob, n, ""))[0] == 400
            assert (await bob.asks("DELETE", "/comments/demo/c_0", broadcastId=f"d{n}"))[0] == 404
            assert (await bob.asks("DELETE", f"/comments/demo/{theirs}", broadcastId=f"d{n}"))[0] == 403
            assert (await says(bob, n, **late))[0] == 408
            assert (await ann.asks("POST", "/comment-image-chats/demo", marker(broadcastId="m1")))[0] == 200
            assert (await ann.asks("POST", "/comment-image-chats/demo", marker(broadcastId="m1", x=3)))[
                0
            ] == 409
        assert [(await says(bob, n))[0] for n in range(3)] == [200, 200, 429]


async def test_a_member_who_asks_for_ever_is_stopped_for_himself(tmp_path: Path) -> None:
    async with running_house(tmp_path, limits=few(ATTEMPT=3)) as house:
        eve, ann = house.person("eve"), house.person("ann")
        statuses = [(await eve.asks("DELETE", "/comments/demo/c_0", broadcastId="d"))[0] for _ in range(5)]
        assert statuses == [404, 404, 404, 429, 429]
        assert (await says(ann, 1))[0] == 200


async def test_strangers_are_counted_by_address_before_anything_else(tmp_path: Path) -> None:
    async with running_house(tmp_path, limits=few(ADDRESS=2)) as house:
        stranger, member = house.person(""), house.person("ann")
        assert [(await says(stranger, n)) for n in range(3)] == [
            (401, "unauthorized"),
            (401, "unauthorized"),
            (429, "rate-limited"),
        ]
        for path in ("/comment-image-chats/demo", "/nothing", "/healthz", "/comments/nobody", "/sub"):
            status, _, headers = await stranger.asks("GET", path, urlId=IMAGE)
            assert status == 429 and int(headers["Retry-After"]) > 0, path
        assert (await says(member, 1))[0] == 200, "members share the address with strangers"
        assert (await member.list())["status"] == "success"


@pytest.mark.parametrize("path", ["/comment-image-chats/demo", "/nothing", "/event-log/demo", "/healthz"])
async def test_credentials_that_prove_nothing_do_not_get_around_the_address(
    tmp_path: Path, path: str
) -> None:
    async with running_house(tmp_path, limits=few(ADDRESS=2)) as house:
        stranger = house.person("")
        query = {"urlId": IMAGE, "sso": "{}", "userIdWS": "x", "startTime": "0"}
        statuses = [(await stranger.asks("GET", path, **query))[0] for _ in range(4)]
        assert 429 not in statuses[:2] and statuses[2:] == [429, 429]


async def test_sockets_of_strangers_are_counted_by_address_at_once(tmp_path: Path) -> None:
    async with running_house(tmp_path, limits=few(ADDRESS=4), seats=SeatRules(guests_per_address=1)) as house:
        stranger, ann = house.person(""), house.person("ann")
        ids = await stranger.list()
        status = 0
        async with await stranger.sub(ids):
            query = {"urlId": str(ids["urlIdWS"]), "userIdWS": str(ids["userIdWS"]), "tenantIdWS": "demo"}
            for _ in range(3):
                status, body, _ = await stranger.asks("GET", "/sub", **query)
                assert status == 429
            async with await ann.sub(await ann.list()):
                pass
        status, body, _ = await stranger.asks("GET", "/healthz")
        assert (status, body["code"]) == (429, "rate-limited")


async def test_each_check_comes_before_the_next(tmp_path: Path) -> None:
    """A request fails everything from one check on; what it is told is the first of them."""
    async with running_house(tmp_path, limits=few(ADDRESS=1, WRITE=1)) as house:
        ann, bob, nobody = house.person("ann"), house.person("bob"), house.person("")
        made = await ann.marks("m1")
        await bob.writes("his one write", "b1")
        first, late = part(made, "comment")["_id"], {"X-Deadline": "1"}
        gone, theirs = "/comments/demo/c_0/update-text", f"/comments/demo/{first}/update-text"
        told = []
        for person, path, body, headers in (
            (nobody, gone, b"{", late),
            (bob, gone, b"{", late),
            (bob, theirs, b"{", late),
            (ann, theirs, {"comment": ""}, late),
            (ann, theirs, {"comment": "new"}, late),
            (ann, theirs, {"comment": "new"}, None),
        ):
            status, _, _ = await person.asks("POST", path, body, headers, broadcastId="b9")
            told.append(status)
        assert told == [401, 404, 403, 400, 408, 429]
        again = await ann.asks("POST", "/comment-image-chats/demo", marker(broadcastId="m1"), late)
        assert again[0] == 200, "what was answered is answered again, whatever the limits"
        assert (await nobody.asks("POST", gone, b"{", late))[0] == 429


async def test_who_asks_too_often_waits_and_nobody_else_does(tmp_path: Path) -> None:
    async with running_house(tmp_path, limits=few(ADDRESS=1), penalty_s=600) as house:
        stranger, ann = house.person(""), house.person("ann")
        await stranger.list()
        async with asyncio.TaskGroup() as tasks:
            asking = tasks.create_task(stranger.list())
            for _ in range(5):
                await ann.list()
            assert not asking.done()
            asking.cancel()


async def test_who_is_refused_and_proves_nothing_waits_and_nobody_else_does(tmp_path: Path) -> None:
    async with running_house(tmp_path, penalty_s=30_000) as house:
        stranger, ann, false = house.person(""), house.person("ann"), house.person("bob")
        false.token = false.token.replace("eyJ", "eyK")
        async with asyncio.TaskGroup() as tasks:
            asking = [
                tasks.create_task(person.asks("GET", path, urlId=IMAGE))
                for person, path in (
                    (stranger, "/nothing"),
                    (ann, "/nothing"),
                    (false, "/comment-image-chats/demo"),
                )
            ]
            for person in (ann, stranger):
                await person.list()
            edited = await ann.asks(
                "POST", "/comments/demo/c_0/update-text", {"comment": "x"}, broadcastId="b"
            )
            assert edited[0] == 404, "it is known who asked"
            assert not any(one.done() for one in asking)
            for one in asking:
                one.cancel()


async def test_refusals_of_one_address_come_one_after_the_other(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    take, taken = Turns.take, list[tuple[str, int]]()

    async def noting(turns: Turns, caller: str) -> asyncio.Lock:
        turn = await take(turns, caller)
        taken.append((caller, sum(lock.locked() for lock in turns._turns.values())))
        return turn

    monkeypatch.setattr(Turns, "take", noting)
    stranger = house.person("")
    told = await asyncio.gather(*(stranger.asks("GET", f"/nothing{n}") for n in range(5)))
    assert [status for status, _, _ in told] == [404] * 5
    assert taken == [("127.0.0.1", 1)] * 5


@pytest.mark.parametrize(
    ("header", "before"), [("X-Forwarded-For", "203.0.113.1, "), ("Forwarded", "for=203.0.113.1, for=")]
)
async def test_people_behind_a_trusted_proxy_are_told_apart(tmp_path: Path, header: str, before: str) -> None:
    limits = few(ADDRESS=1)
    async with running_house(tmp_path, limits=limits, proxies=TrustedProxies(["127.0.0.1"])) as house:
        for address, statuses in {"198.51.100.1": [200, 429], "198.51.100.2": [200, 429]}.items():
            assert [await asked(house, address, header, before) for _ in range(2)] == statuses


async def asked(house: House, address: str, header: str, before: str) -> int:
    headers = {header: before + address}
    status, _, _ = await house.person("").asks("GET", "/comment-image-chats/demo", None, headers, urlId=IMAGE)
    return status


def test_no_limit_is_forgotten() -> None:
    assert set(DEFAULT_RULES) == set(Limit)
