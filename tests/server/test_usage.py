"""What tenants use: counted once, kept over restarts, told to who holds the tenant's key (PROTOCOL 8.6)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pytest
from aiohttp import ClientWebSocketResponse

from imagechat_tui.protocol import sso
from imagechat_tui.protocol.ids import TenantId
from imagechat_tui.protocol.usage import MOST_DAYS, Usage, UsageQuery
from imagechat_tui.server.guard.seal import Sealer
from imagechat_tui.server.http.context import SERVING
from imagechat_tui.server.live.meters import Meters
from imagechat_tui.server.storage import OutcomeUnknown, StoreUnavailable
from imagechat_tui.server.storage.sqlite import SqliteStore
from imagechat_tui.server.usecases.usage import NOTE_EVERY_S, UsageRecords
from tests.contracts.test_store import Clock
from tests.protocol.openapi import breaches
from tests.server.house import NOW_MS, House, Json, K, api_secret, items, marker, part, running_house
from tests.server.test_check_order import few

DEMO, OTHER = TenantId("demo"), TenantId("other")
DAY_MS = 86_400_000
PATH = "/api/v1/tenant-daily-usage"


async def told(house: House, headers: Mapping[str, str] | None = None, **query: str) -> tuple[int, Json]:
    """What is told to nobody in particular who brings these."""
    status, body, _ = await house.person("").asks("GET", PATH, None, headers, **query)
    return status, body


async def days(house: House, tenant: str = "demo", **query: str) -> list[Json]:
    """All rows of a tenant, as its key opens them."""
    await house.client.app[SERVING].usage.note()
    status, body = await told(house, {"x-api-key": api_secret(tenant).decode()}, tenantId=tenant, **query)
    assert status == 200, body
    if "includePubSub" not in query:
        assert breaches("GetTenantDailyUsagesResponse", body) == []
    return items(body, "tenantDailyUsages")


def counted(row: Json) -> Json:
    """What of a row is not nothing, and no name of it."""
    return {
        key: value for key, value in row.items() if key.endswith(("Count", "Search", "Bandwidth")) and value
    }


async def test_a_day_is_told_as_the_official_model_has_it(house: House) -> None:
    ann, bob = house.person("ann"), house.person("bob")
    assert await days(house) == []
    for _ in range(2):
        made = await ann.marks("b1")
        first = part(made, "comment")["_id"]
        await bob.writes("a reply", "b2", parentId=first)
    for _ in range(2):
        await bob.gets("POST", f"/comments/demo/{first}/vote", {"voteDir": "up"}, urlId=K, broadcastId="v")
    await ann.gets("POST", f"/comments/demo/{first}/update-text", {"comment": "y"}, broadcastId="e")
    await ann.thread()
    await ann.list()  # without comments
    await ann.list(v="2")
    await bob.gets("GET", "/user-search/demo", usernameStartsWith="a", urlId=K)
    assert await days(house) == [
        {
            "id": "u_demo_20260101",
            "tenantId": "demo",
            "yearNumber": 2026,
            "monthNumber": 0,
            "dayNumber": 1,
            "commentFetchCount": 2,
            "commentCreateCount": 2,
            "conversationCreateCount": 1,
            "voteCount": 1,
            "accountCreatedCount": 0,
            "userMentionSearch": 1,
            "hashTagSearch": 0,
            "gifSearchTrending": 0,
            "gifSearch": 0,
            "apiCreditsUsed": 0,
            "createdAt": "2026-01-01T00:00:00.000Z",
            "billed": False,
            "ignored": False,
            "apiErrorCount": 0,
        }
    ]
    assert await days(house, "other") == []


async def test_a_marker_in_two_steps_counts_as_much_as_in_one(house: House) -> None:
    ann = house.person("ann")
    said = await ann.writes("first", "s1")
    await ann.marks("s2", createdFromCommentId=part(said, "comment")["_id"], comment=None)
    (row,) = await days(house)
    assert counted(row) == {"conversationCreateCount": 1, "commentCreateCount": 1}


async def test_what_is_refused_is_not_counted(house: House) -> None:
    ann, nobody = house.person("ann"), house.person("")
    assert (await nobody.asks("POST", "/comment-image-chats/demo", marker()))[0] == 401
    assert (await ann.asks("POST", "/comment-image-chats/demo", marker(comment=" ")))[0] == 400
    assert (await nobody.asks("GET", "/comments/strict", urlId=K))[0] == 401
    assert (await ann.asks("GET", "/comments/demo"))[0] == 400
    assert await days(house) == await days(house, "strict") == []


async def test_messages_are_counted_as_they_are_written_each_by_its_payload(house: House) -> None:
    """Greeting, presence and events, of both kinds of readers, however long their frames' heads are."""
    ann = house.person("ann")
    listed = await ann.list(v="2")
    sockets = [await ann.sub(listed, v="2"), await ann.sub(listed)]
    long = "x" * 1_900
    await house.person("bob").marks("b1", comment=long)
    heard: list[str] = []
    for socket in sockets:
        heard += await until(socket, "new-image-chat")
    await house.client.app[SERVING].hub.close()
    for socket in sockets:
        async for message in socket:
            heard.append(message.data)
    assert any(len(text) > 1_900 for text in heard) and any(len(text) < 126 for text in heard)
    (row,) = await days(house, includePubSub="true")
    assert row["pubSubMessageCount"] == len(heard)
    assert row["pubSubBandwidth"] == sum(len(text.encode()) for text in heard)
    (plain,) = await days(house)
    assert "pubSubMessageCount" not in plain
    assert await days(house, "other", includePubSub="true") == []


async def until(socket: ClientWebSocketResponse, kind: str) -> list[str]:
    """The frames up to the first one of a kind."""
    frames: list[str] = []
    while not frames or json.loads(frames[-1])["type"] != kind:
        frames.append(await socket.receive_str(timeout=60))
    return frames


@pytest.mark.security
@pytest.mark.parametrize(
    ("key", "tenant", "code"),
    [
        ("", "demo", "missing-api-key"),
        ("", "", "missing-api-key"),
        ("nonsense", "demo", "invalid-api-key"),
        (api_secret("demo").decode()[:-1], "demo", "invalid-api-key"),
        (api_secret("demo").decode() + " x", "demo", "invalid-api-key"),
        (api_secret("other").decode(), "demo", "invalid-api-key"),
        (api_secret("demo").decode(), "other", "invalid-api-key"),
        (api_secret("demo").decode(), "nobody", "invalid-api-key"),
        (api_secret("demo").decode(), "local", "invalid-api-key"),
        (sso.mint({"id": "ann"}, api_secret("demo"), NOW_MS), "demo", "invalid-api-key"),
        ("ключ", "demo", "invalid-api-key"),
    ],
)
async def test_only_the_tenants_own_key_opens_it(house: House, key: str, tenant: str, code: str) -> None:
    named = {"tenantId": tenant} if tenant else {}
    by_query, by_header = ({"API_KEY": key}, {"X-API-KEY": key}) if key else ({}, None)
    for headers, query in ((None, named | by_query), (by_header, named)):
        status, body = await told(house, headers, **query)
        assert (status, body["code"]) == (401, code)
        assert breaches("APIError", body) == []
    as_admin = await house.person("boss", isAdmin=True).asks("GET", PATH, tenantId="demo")
    assert (as_admin[0], as_admin[1]["code"]) == (401, "missing-api-key"), "a sign-in is no key"


@pytest.mark.security
async def test_a_key_of_before_and_one_of_a_disabled_tenant_open_nothing(
    house: House, tmp_path: Path
) -> None:
    key = {"x-api-key": api_secret("demo").decode()}
    sealed = Sealer(tmp_path / "seal.key").seal(DEMO, b"another secret")
    await house.change_tenant("demo", api_secret_sealed=sealed, generation=1)
    assert (await told(house, key, tenantId="demo"))[0] == 401
    assert (await told(house, {"x-api-key": "another secret"}, tenantId="demo"))[0] == 200
    await house.change_tenant("demo", disabled=True)
    assert (await told(house, {"x-api-key": "another secret"}, tenantId="demo"))[0] == 403


async def test_the_key_comes_in_a_header_or_in_the_query(house: House) -> None:
    key = api_secret("demo").decode()
    assert await told(house, {"x-api-key": key}, tenantId="demo") == (
        200,
        {"status": "success", "tenantDailyUsages": []},
    )
    assert (await told(house, tenantId="demo", API_KEY=key))[0] == 200
    assert (await told(house, {"x-api-key": key}))[0] == 400, "whose, nobody says"


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, ["u_demo_20251231", "u_demo_20260101", "u_demo_20260201"]),
        ({"yearNumber": "2026"}, ["u_demo_20260101", "u_demo_20260201"]),
        ({"yearNumber": "2026.0", "monthNumber": "0"}, ["u_demo_20260101"]),
        ({"monthNumber": "11"}, ["u_demo_20251231"]),
        ({"dayNumber": "1"}, ["u_demo_20260101", "u_demo_20260201"]),
        ({"monthNumber": "12"}, []),
        ({"dayNumber": "0"}, []),
        ({"yearNumber": "-1"}, []),
        ({"yearNumber": "1e15"}, []),
        ({"skip": "2"}, ["u_demo_20260201"]),
        ({"skip": "1e3"}, []),
        ({"yearNumber": "null", "skip": ""}, ["u_demo_20251231", "u_demo_20260101", "u_demo_20260201"]),
    ],
)
async def test_days_equal_what_is_asked_for(house: House, query: dict[str, str], found: list[str]) -> None:
    for day in (date(2025, 12, 31), date(2026, 1, 1), date(2026, 2, 1)):
        await house.store.add_usage({(DEMO, day): Usage(votes=1)})
    assert [row["id"] for row in await days(house, **query)] == found


@pytest.mark.parametrize(
    "query",
    [
        *({"yearNumber": value} for value in ("x", "nan", "inf", "2026.5", "1e99", "1_0", "0x10", " 1", "9" * 40)),
        *({"skip": value} for value in ("-1", "0.5", "1e17")),
    ],
)  # fmt: skip
async def test_what_is_no_whole_number_is_refused(house: House, query: dict[str, str]) -> None:
    key = api_secret("demo").decode()
    status, body = await told(house, {"x-api-key": key}, tenantId="demo", **query)
    assert (status, body["code"]) == (400, "invalid-input")


async def test_a_page_has_a_year_and_skip_goes_on(house: House) -> None:
    first = date(2020, 1, 1).toordinal()
    used = {(DEMO, date.fromordinal(first + n)): Usage(votes=1) for n in range(MOST_DAYS + 2)}
    await house.store.add_usage(used)
    assert len(await days(house)) == MOST_DAYS
    assert [row["dayNumber"] for row in await days(house, skip=str(MOST_DAYS))] == [31, 1]


@pytest.mark.security
async def test_who_tries_keys_is_counted_by_address_and_who_holds_one_is_not(tmp_path: Path) -> None:
    async with running_house(tmp_path, limits=few(ADDRESS=2)) as house:
        statuses = [(await told(house, tenantId="demo", API_KEY="x"))[0] for _ in range(4)]
        assert statuses == [401, 401, 429, 429]
        assert await days(house) == []


async def test_a_restart_keeps_what_was_counted_and_goes_on(tmp_path: Path) -> None:
    for number in (1, 2):
        async with running_house(tmp_path) as house:
            await house.person("ann").writes(f"text {number}", f"b{number}")
            await house.person("ann").thread()  # in memory until the end
    async with running_house(tmp_path) as house:
        (row,) = await days(house)
    assert counted(row) == {"commentCreateCount": 2, "commentFetchCount": 2}


async def test_meters_are_noted_for_the_day_on_which_they_ran(house: House) -> None:
    clock = Clock()
    clock.ms = NOW_MS + DAY_MS - 2_000
    meters = Meters()
    records = UsageRecords(house.store, meters, now_ms=clock)
    assert records.due_in_s == 2.0 < NOTE_EVERY_S
    meters.of(DEMO).messages += 1
    clock.ms += 2_001
    await records.note()
    assert 4 < records.due_in_s <= NOTE_EVERY_S
    meters.of(DEMO).messages += 2
    await records.note()
    await records.note()
    found = await records.show(DEMO, UsageQuery())
    assert [(one.day.day, one.usage.messages) for one in found] == [(1, 1), (2, 2)]
    assert (meters.messages, meters.message_bytes) == (3, 0), "those of the process go on"


@pytest.mark.reliability
@pytest.mark.parametrize(("error", "kept"), [(StoreUnavailable("full"), 3), (OutcomeUnknown("gone"), 2)])
async def test_what_could_not_be_written_is_kept_and_nothing_counts_twice(
    house: House, monkeypatch: pytest.MonkeyPatch, error: Exception, kept: int
) -> None:
    async def fails(self: SqliteStore, used: object) -> None:
        raise error

    meters = Meters()
    records = UsageRecords(house.store, meters, now_ms=Clock())
    meters.of(DEMO).messages += 1
    with monkeypatch.context() as sick:
        sick.setattr(SqliteStore, "add_usage", fails)
        await records.note()
    meters.of(DEMO).messages += 2
    await records.note()
    (found,) = await records.show(DEMO, UsageQuery())
    assert found.usage == Usage(messages=kept)


async def test_several_processes_add_up(house: House) -> None:
    meters = [Meters(), Meters()]
    for one in meters:
        one.of(DEMO).messages += 2
        one.of(OTHER).message_bytes += 1
        await UsageRecords(house.store, one, now_ms=Clock()).note()
    assert [day.usage.messages for day in await house.store.daily_usage(DEMO, UsageQuery())] == [4]
    assert [day.usage.message_bytes for day in await house.store.daily_usage(OTHER, UsageQuery())] == [2]


async def test_who_used_nothing_is_not_written_about(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    async def never(self: SqliteStore, used: object) -> None:
        raise AssertionError

    monkeypatch.setattr(SqliteStore, "add_usage", never)
    await house.person("ann").sub(await house.person("ann").list())
    meters = Meters()
    meters.of(DEMO)
    await UsageRecords(house.store, meters, now_ms=Clock()).note()
