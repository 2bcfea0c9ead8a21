"""A right that ends ends at once, on sockets that are open, too."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from aiohttp import ClientWebSocketResponse, WSMsgType, WSServerHandshakeError

from imagechat_tui.protocol import sso
from imagechat_tui.protocol.ids import TenantId, UserId
from imagechat_tui.server.guard.seal import Sealer
from imagechat_tui.server.storage import UserRule
from tests.server.house import IMAGE, NOW_MS, SUB_QUERY, House, K, Person, comment, frame, part

HOUR_MS = 3_600_000


async def listens(person: Person) -> ClientWebSocketResponse:
    socket = await person.sub(await person.list(v="2"), v="2")
    assert (await frame(socket))["type"] == "subscribed"
    return socket


async def ended_with(socket: ClientWebSocketResponse) -> int | None:
    while (await socket.receive(timeout=60)).type not in (WSMsgType.CLOSE, WSMsgType.CLOSED):
        pass
    return socket.close_code


async def status(
    person: Person, method: str = "GET", body: object = None, **query: str
) -> tuple[int, object]:
    path = f"/comment-image-chats/{person.tenant}" if method == "GET" else f"/comments/{person.tenant}"
    said = {"urlId": IMAGE if method == "GET" else K, "v": "2"} | query
    answer, told, _ = await person.asks(method, path, body, **said)
    return answer, told.get("code")


async def says(person: Person, broadcast_id: str = "b9") -> tuple[int, object]:
    return await status(person, "POST", comment("hello"), broadcastId=broadcast_id)


async def banned(house: House) -> None:
    await house.rule("alice", "strict", banned_until_ms=NOW_MS + HOUR_MS)


async def made_a_moderator(house: House) -> None:
    await house.rule("alice", "strict", role="moderator")


async def made_a_reader(house: House) -> None:
    await house.rule("alice", "strict", role="reader")


async def disabled(house: House) -> None:
    await house.change_tenant("strict", disabled=True)


async def rotated(house: House) -> None:
    await house.change_tenant("strict", api_secret_sealed=b"other", generation=1)


@pytest.mark.security
@pytest.mark.parametrize(
    ("decided", "others_go"),
    [(banned, False), (made_a_moderator, False), (made_a_reader, False), (disabled, True), (rotated, True)],
)
async def test_a_decision_ends_the_sockets_that_it_concerns(
    house: House, decided: Callable[[House], Awaitable[None]], others_go: bool
) -> None:
    alice, bob, elsewhere = (
        house.person("alice", "strict"), house.person("bob", "strict"), house.person("alice"),
    )  # fmt: skip
    mine, bobs, other = await listens(alice), await listens(bob), await listens(elsewhere)
    await decided(house)
    assert await ended_with(mine) == 4401
    if others_go:
        assert await ended_with(bobs) == 4401
    else:
        await bob.marks("after")
        assert (await frame(bobs))["type"] == "new-image-chat"
    await elsewhere.marks("elsewhere")
    assert (await frame(other))["type"] == "new-image-chat", "another tenant's user of that name stays"


@pytest.mark.security
async def test_a_token_for_sockets_of_before_the_key_changed_opens_none(house: House) -> None:
    alice = house.person("alice", "strict")
    ids = await alice.list(v="2")
    await rotated(house)
    with pytest.raises(WSServerHandshakeError) as refused:
        await alice.sub(ids, v="2")
    assert refused.value.status == 401
    with pytest.raises(WSServerHandshakeError):  # of a client that is told nothing
        await alice.sub(ids)


async def test_with_the_new_key_one_is_let_in(house: House, tmp_path: Path) -> None:
    sealed = Sealer(tmp_path / "seal.key").seal(TenantId("strict"), b"another secret")
    await house.change_tenant("strict", api_secret_sealed=sealed, generation=1)
    alice = house.person("alice", "strict")
    assert await status(alice) == (401, "malformed-sso")
    user: dict[str, object] = {"id": "alice", "email": "a@example.com", "username": "alice"}
    alice.token = sso.mint(user, b"another secret", NOW_MS)
    await (await listens(alice)).close()


async def test_who_is_banned_reads_what_everybody_may_and_is_told_until_when(house: House) -> None:
    alice = house.person("alice")
    await alice.marks()
    await house.rule("alice", banned_until_ms=NOW_MS + HOUR_MS)
    listed = await alice.list(v="2")
    assert (listed["readOnly"], listed["bannedUntil"]) == (True, NOW_MS + HOUR_MS)
    answer, told, _ = await alice.asks("POST", "/comments/demo", comment("hello"), urlId=K, broadcastId="b2")
    assert (answer, told["code"], told["bannedUntil"]) == (403, "banned", NOW_MS + HOUR_MS)
    house.clock.ms += HOUR_MS
    assert (await says(alice))[0] == 200, "and when it is over they may again"


async def test_who_is_banned_where_one_has_to_sign_in_does_not_even_read(house: House) -> None:
    await house.rule("alice", "strict", banned_until_ms=NOW_MS + HOUR_MS)
    assert await status(house.person("alice", "strict")) == (403, "banned")
    assert (await status(house.person("bob", "strict")))[0] == 200


@pytest.mark.security
async def test_a_banned_guest_is_banned_with_their_session_and_their_edit_key(house: House) -> None:
    guest = house.person("", "open")
    said = await guest.writes("mine", "b1")
    user = part(said, "user")
    await house.store.rule_user(
        UserRule(TenantId("open"), UserId(str(user["id"])), banned_until_ms=NOW_MS + HOUR_MS)
    )
    await house.decided()
    session, edit_key = str(user["sessionId"]), str(part(said, "comment")["editKey"])
    path = f"/comments/open/{part(said, 'comment')['_id']}/update-text"
    for proof in ({"sessionId": session}, {"sessionId": session, "editKey": edit_key}):
        answer, told, _ = await guest.asks("POST", path, {"comment": "x"}, broadcastId="b2", **proof)
        assert (answer, told["code"]) == (403, "banned")


async def test_a_role_counts_whatever_the_token_says(house: House) -> None:
    alice, judge = house.person("alice"), house.person("judge", isAdmin=True)
    made = await house.person("bob").marks()
    first = part(made, "comment")["_id"]
    pin = f"/comments/demo/{first}/pin"
    assert (await alice.asks("POST", pin, broadcastId="b2"))[0] == 403
    await house.rule("alice", role="moderator")
    assert (await alice.asks("POST", pin, broadcastId="b3"))[0] == 200
    assert (await alice.list(v="2"))["isSiteAdmin"] is True
    await house.rule("judge", role="member")
    assert (await judge.asks("POST", pin, broadcastId="b4"))[0] == 403
    await house.rule("judge")
    assert (await judge.asks("POST", f"/comments/demo/{first}/unpin", broadcastId="b5"))[0] == 200


async def test_a_disabled_tenant_lets_nobody_in_until_it_is_enabled(house: House) -> None:
    await house.change_tenant("demo", disabled=True)
    for person in (house.person("alice"), house.person(""), house.person("judge", isAdmin=True)):
        assert await status(person) == (403, "tenant-disabled")
        assert await says(person) == (403, "tenant-disabled")
    assert (await status(house.person("alice", "other")))[0] == 200
    await house.change_tenant("demo", disabled=False)
    assert (await says(house.person("alice")))[0] == 200


@pytest.mark.security
async def test_who_comes_in_while_it_is_decided_is_sent_away(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They were let in by the rules of before, and had no socket yet when these ended."""
    alice = house.person("alice", "strict")
    ids = await alice.list(v="2")
    positions = house.store.positions

    async def decide_first(rooms: object) -> object:
        monkeypatch.undo()
        await banned(house)
        return await positions(rooms)  # type: ignore[arg-type]

    monkeypatch.setattr(house.store, "positions", decide_first)
    params = {key: str(ids[name]) for key, name in SUB_QUERY.items()}
    socket = await house.client.ws_connect("/sub", params=params | {"v": "2"})
    assert await ended_with(socket) == 4401
