"""Credentials come in a header, as our client sends them, or in the address: it is the same caller."""

from __future__ import annotations

import json

import pytest
from aiohttp import WSServerHandshakeError

from imagechat_tui.protocol import authorization, sso
from tests.server.house import IMAGE, NOW_MS, SUB_QUERY, House, Json, Person, api_secret, frame, part


def header(value: str) -> dict[str, str]:
    return {"Authorization": value}


async def listed(house: House, headers: dict[str, str], **query: str) -> tuple[int, Json]:
    path = f"/comment-image-chats/{query.pop('tenant', 'strict')}"
    status, answer, _ = await house.person("").asks("GET", path, None, headers, urlId=IMAGE, v="2", **query)
    return status, answer


async def test_a_token_in_the_header_signs_in(house: House) -> None:
    alice = house.person("alice", "strict")
    status, answer = await listed(house, header(authorization.of_sso(alice.token)))
    assert status == 200
    assert part(answer, "user")["id"] == alice.id
    assert (await listed(house, {}))[0] == 401


@pytest.mark.parametrize(
    "value",
    [
        authorization.of_sso('{"userDataJSONBase64": "e30=", "verificationHash": "0", "timestamp": 1}'),
        authorization.of_sso("{"),
        "Bearer sso.{",
        "Bearer sso.%%%",
        "Bearer sso.",
        "Bearer userIdWS.dTEueA",
        "Basic YWxpY2U6eA==",
    ],
)
async def test_one_that_does_not_hold_signs_in_nobody(house: House, value: str) -> None:
    assert (await listed(house, header(value)))[0] == 401


async def test_the_header_counts_where_both_are_there(house: House) -> None:
    alice, bob = house.person("alice", "strict"), house.person("bob", "strict")
    _, answer = await listed(house, header(authorization.of_sso(alice.token)), sso=bob.token)
    assert part(answer, "user")["id"] == alice.id


async def test_a_token_with_a_picture_in_it_fits_into_the_header(house: House) -> None:
    user: dict[str, object] = {
        "id": "alice", "email": "a@example.com", "username": "alice",
        "avatar": "data:image/png;base64," + "A" * 49_900,
    }  # fmt: skip
    token = sso.mint(user, api_secret("strict"), NOW_MS)
    status, answer = await listed(house, header(authorization.of_sso(token)))
    assert (status, part(answer, "user")["id"]) == (200, "strict:alice")
    many = {f"X-{number}": "x" * 4_000 for number in range(5)}
    assert (await listed(house, header(authorization.of_sso(token)) | many))[0] == 431


async def test_a_guest_is_known_by_the_header(house: House) -> None:
    _, first = await listed(house, {}, tenant="open")
    session = str(part(first, "user")["sessionId"])
    _, again = await listed(house, header(authorization.of_session(session)), tenant="open")
    assert part(again, "user")["id"] == part(first, "user")["id"]


async def listening(person: Person) -> tuple[dict[str, str], dict[str, str]]:
    """The parameters of a socket without the token, and the token."""
    ids = await person.list(v="2")
    params = {key: str(ids[name]) for key, name in SUB_QUERY.items()}
    return params, header(authorization.of_listener(params.pop("userIdWS")))


async def test_who_listens_says_so_in_the_header(house: House) -> None:
    alice = house.person("alice", "strict")
    params, token = await listening(alice)
    socket = await house.client.ws_connect("/sub", params=params | {"v": "2"}, headers=token)
    assert (await frame(socket))["type"] == "subscribed"
    await socket.close()
    log = {"urlId": IMAGE, "startTime": "0"}
    stranger = house.person("")
    assert (await stranger.asks("GET", "/event-log/strict", None, token, **log))[0] == 200
    assert (await stranger.asks("GET", "/event-log/strict", None, **log))[0] == 401
    with pytest.raises(WSServerHandshakeError) as refused:
        await house.client.ws_connect("/sub", params=params | {"v": "2"})
    assert refused.value.status == 401


async def test_a_socket_is_not_kept_with_a_long_header(house: House) -> None:
    params, _ = await listening(house.person("alice"))
    long = header(authorization.of_listener("x" * 16_384))
    with pytest.raises(WSServerHandshakeError) as refused:
        await house.client.ws_connect("/sub", params=params, headers=long)
    assert refused.value.status == 414


async def test_a_guest_who_wrote_with_the_header_is_told_no_other_id_to_listen_with(house: House) -> None:
    """Official clients reopen their socket when it changes."""
    _, first = await listed(house, {}, tenant="open")
    session = authorization.of_session(str(part(first, "user")["sessionId"]))
    body = json.dumps(
        {"urlId": "page", "url": "https://example.com", "commenterName": "Me", "comment": "x", "date": NOW_MS}
    ).encode()
    status, said, _ = await house.person("").asks(
        "POST", "/comments/open", body, header(session), urlId="page", broadcastId="b1"
    )
    assert status == 200
    assert "userIdWS" not in said
