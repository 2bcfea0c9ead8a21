from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast
from unittest import mock
from urllib.parse import urlencode

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request
from msgspec.structs import replace

from imagechat_tui.protocol import sso
from imagechat_tui.protocol.ids import TenantId, UserId
from imagechat_tui.protocol.models import User
from imagechat_tui.server.guard import auth
from imagechat_tui.server.guard.access import Actor, Role
from imagechat_tui.server.guard.auth import (
    MAX_SSO_LENGTH,
    TOKEN_KNOWN_MS,
    Authenticator,
    Unauthorized,
    UnknownTenant,
)
from imagechat_tui.server.guard.peer import kernel_user
from imagechat_tui.server.guard.rules import RuleBook
from imagechat_tui.server.guard.seal import Sealer
from imagechat_tui.server.guard.tokens import DAY_S, SESSION_DAYS, SESSION_RENEWED_DAYS, Tokens
from imagechat_tui.server.http.callers import SESSION_COOKIE, caller_of
from imagechat_tui.server.storage import Store, TenantRecord, UserRule

DEMO = TenantId("demo")
OPEN = TenantId("open")
LOCAL = TenantId("local")
SECRET = b"api secret"
TOKENS = Tokens(b"server secret")
NOW_MS = 1_767_225_600_000
ALICE = {"id": "alice", "email": "alice@example.com", "username": "alice", "displayName": "Alice"}


class Book:
    """The part of a store that identity needs, with every profile written counted."""

    def __init__(self, seal: Sealer) -> None:
        self.records = {
            tenant_id: TenantRecord(
                id=tenant_id,
                name="",
                api_secret_sealed=sealed,
                allow_anon=tenant_id == OPEN,
                require_sso=False,
                created_at_ms=0,
            )
            for tenant_id, sealed in ((DEMO, seal.seal(DEMO, SECRET)), (OPEN, b""), (LOCAL, b""))
        }
        self.users: dict[tuple[TenantId, UserId], tuple[User, bool]] = {}
        self.writes = 0

    async def tenant(self, tenant_id: TenantId) -> TenantRecord | None:
        return self.records.get(tenant_id)

    async def put_user(self, tenant_id: TenantId, user: User, *, verified: bool, now_ms: int) -> bool:
        self.writes += 1
        known = self.users.get((tenant_id, user.id))
        if known is not None and known[1] and not verified:
            return False
        self.users[tenant_id, user.id] = user, verified
        return True


class Clock:
    def __init__(self) -> None:
        self.ms = NOW_MS

    def __call__(self) -> int:
        return self.ms


class Desk:
    """An authenticator with everything around it in reach."""

    def __init__(
        self,
        key: Path,
        *,
        simple_sso: bool = False,
        peer_identity: bool = True,
        owner_uid: int | None = None,
    ) -> None:
        self.clock = Clock()
        self.seal = seal = Sealer(key)
        self.book = Book(seal)
        self.auth = Authenticator(
            cast(Store, self.book),
            RuleBook(cast(Store, self.book)),
            tokens=TOKENS,
            seal=seal,
            peer_identity=peer_identity,
            owner_uid=owner_uid,
            now_ms=self.clock,
            simple_sso=simple_sso,
        )

    async def asks(
        self,
        tenant_id: TenantId = DEMO,
        *,
        method: str = "GET",
        token: object = None,
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
        peer: socket.socket | None = None,
    ) -> Actor:
        request = asked(method, token=token, headers=headers, query=query, peer=peer)
        return await self.auth.actor(caller_of(request), tenant_id)


def asked(
    method: str = "GET",
    *,
    token: object = None,
    headers: Mapping[str, str] | None = None,
    query: Mapping[str, str] | None = None,
    peer: socket.socket | None = None,
) -> web.Request:
    parameters = dict(query or {})
    if token is not None:
        parameters["sso"] = token if isinstance(token, str) else json.dumps(token)
    protocol = mock.Mock()
    protocol.peername = ("192.0.2.7", 1)
    protocol.transport.get_extra_info = lambda name, default=None: peer if name == "socket" else default
    return make_mocked_request(
        method,
        f"/comments/demo?{urlencode(parameters)}",
        headers=headers,
        protocol=protocol,
        transport=protocol.transport,
    )


def signed(user: Mapping[str, object] = ALICE, *, secret: bytes = SECRET, at_ms: int = NOW_MS) -> str:
    return sso.mint(user, secret, at_ms)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path / "key")


@pytest.fixture
def unix() -> Iterator[socket.socket]:
    one, other = socket.socketpair(socket.AF_UNIX)
    with one, other:
        yield one


async def test_a_signed_token_is_its_user(desk: Desk) -> None:
    actor = await desk.asks(token=signed())
    assert (actor.id, actor.role, actor.anonymous) == ("demo:alice", Role.USER, False)
    assert (actor.user.username, actor.user.display_name) == ("alice", "Alice")
    assert not actor.user.is_admin
    assert desk.book.users[DEMO, actor.id] == (actor.user, True)


@pytest.mark.parametrize(
    ("flags", "role"),
    [
        ({"isAdmin": True}, Role.ADMIN),
        ({"isModerator": True}, Role.MODERATOR),
        ({"isAdmin": True, "isModerator": True}, Role.ADMIN),
        ({"isAdmin": False}, Role.USER),
    ],
)
async def test_flags_of_a_signed_token_give_the_role(desk: Desk, flags: dict[str, bool], role: Role) -> None:
    actor = await desk.asks(token=signed({**ALICE, **flags}))
    assert actor.role is role
    assert actor.user.is_admin is (role is not Role.USER)


async def test_a_profile_is_written_when_it_changed_and_not_with_every_call(desk: Desk) -> None:
    for _ in range(5):
        await desk.asks(token=signed())
    assert desk.book.writes == 1
    await desk.asks(token=signed(ALICE | {"displayName": "Al"}))
    assert desk.book.writes == 2


@pytest.mark.security
async def test_defective_tokens_are_refused(desk: Desk) -> None:
    good = json.loads(signed())
    defective: list[object] = [
        "",
        "no json",
        "[]",
        "null",
        "{}",
        '{"a":' * 50 + "1" + "}" * 50,
        good | {"verificationHash": "0" * 64},
        good | {"verificationHash": good["verificationHash"][:-1] + "\u00e9"},
        good | {"verificationHash": ""},
        good | {"verificationHash": None},
        good | {"timestamp": NOW_MS + 1},
        good | {"timestamp": str(NOW_MS + 1)},
        {key: value for key, value in good.items() if key != "verificationHash"},
        {key: value for key, value in good.items() if key != "timestamp"},
        {"verificationHash": good["verificationHash"], "loginURL": "https://example.com"},
        signed(secret=b"another secret"),
        signed(secret=b""),
        signed(at_ms=NOW_MS + 61_000),
        signed(at_ms=NOW_MS - 2 * 86_400_000 - 1),
        signed(ALICE | {"id": ""}),
        signed(ALICE | {"id": "a,b"}),
        signed(ALICE | {"id": "x" * 5_000}),
        "x" * (MAX_SSO_LENGTH + 1),
    ]
    for token in defective[1:]:
        with pytest.raises(Unauthorized) as refused:
            await desk.asks(token=token)
        assert refused.value.code == "malformed-sso", token
    assert desk.book.users == {}


@pytest.mark.security
async def test_a_token_counts_only_for_the_tenant_whose_secret_signed_it(desk: Desk) -> None:
    with pytest.raises(Unauthorized):
        await desk.asks(OPEN, token=signed())
    with pytest.raises(Unauthorized):
        await desk.asks(OPEN, token=signed(secret=b""))


@pytest.mark.parametrize(
    ("after_ms", "looks"),
    [(0, 0), (TOKEN_KNOWN_MS, 0), (TOKEN_KNOWN_MS + 1, 1), (-1, 1)],
    ids=["at once", "a minute later", "later than that", "by a clock set back"],
)
async def test_what_a_signed_token_says_is_known_for_a_minute(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, after_ms: int, looks: int
) -> None:
    token, looked, verify = signed(), [], sso.verify

    def noted(*args: Any) -> sso.SsoUser:
        looked.append(args)
        return verify(*args)

    first = await desk.asks(token=token)
    monkeypatch.setattr(sso, "verify", noted)
    desk.clock.ms += after_ms
    assert await desk.asks(token=token) == first
    assert len(looked) == looks


@pytest.mark.security
async def test_a_token_that_is_known_ends_all_the_same(desk: Desk) -> None:
    desk.clock.ms += sso.MAX_AGE_MS - TOKEN_KNOWN_MS // 2
    token = signed()
    await desk.asks(token=token)
    desk.clock.ms = NOW_MS + sso.MAX_AGE_MS
    await desk.asks(token=token)
    desk.clock.ms += 1
    with pytest.raises(Unauthorized):
        await desk.asks(token=token)


@pytest.mark.security
async def test_a_token_that_is_known_is_none_under_another_secret_or_of_another_tenant(desk: Desk) -> None:
    token = signed()
    await desk.asks(token=token)
    with pytest.raises(Unauthorized):
        await desk.asks(OPEN, token=token)
    known = await desk.auth._tenant(DEMO)
    resealed = replace(known, api_secret_sealed=desk.seal.seal(DEMO, b"another"))
    desk.book.records[DEMO] = desk.auth._rules._tenants[DEMO] = resealed
    with pytest.raises(Unauthorized):
        await desk.asks(token=token)


@pytest.mark.security
async def test_who_is_known_loses_rights_at_once(desk: Desk) -> None:
    token = signed({**ALICE, "isAdmin": True})
    assert (await desk.asks(token=token)).role is Role.ADMIN
    rule = UserRule(DEMO, UserId("demo:alice"), banned_until_ms=NOW_MS + 1, role="member")
    desk.auth._rules._users[DEMO, rule.user_id] = rule
    actor = await desk.asks(token=token)
    assert (actor.role, actor.banned_until_ms) == (Role.USER, NOW_MS + 1)


@pytest.mark.security
async def test_only_so_many_tokens_are_known_and_no_long_ones(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(auth, "_KNOWN_TOKENS", 3)
    for number in range(5):
        await desk.asks(token=signed(at_ms=NOW_MS - number))
    await desk.asks(token=signed({**ALICE, "avatar": "data:image/png;base64," + "A" * 5_000}))
    assert [json.loads(token)["timestamp"] for *_, token in desk.auth._tokens_read] == [
        NOW_MS - 2,
        NOW_MS - 3,
        NOW_MS - 4,
    ]


async def test_the_slack_of_clocks_is_a_minute(desk: Desk) -> None:
    assert (await desk.asks(token=signed(at_ms=NOW_MS + 59_000))).id == "demo:alice"
    assert (await desk.asks(token=signed(at_ms=NOW_MS - 2 * 86_400_000 + 1_000))).id == "demo:alice"


async def test_a_login_address_alone_is_a_viewer(desk: Desk) -> None:
    actor = await desk.asks(method="POST", token={"loginURL": "https://example.com/login"})
    assert actor.anonymous


@pytest.mark.security
async def test_unsigned_users_are_refused_unless_the_operator_wants_them(desk: Desk) -> None:
    with pytest.raises(Unauthorized):
        await desk.asks(token={"username": "bob", "email": "bob@example.com"})


@pytest.mark.parametrize("wrap", [False, True])
async def test_unsigned_users_are_never_staff(tmp_path: Path, wrap: bool) -> None:
    desk = Desk(tmp_path / "key", simple_sso=True)
    user = {"username": "bob", "email": "bob@example.com", "isAdmin": True, "isModerator": True}
    actor = await desk.asks(token={"simpleSSOUser": user} if wrap else user)
    assert (actor.id, actor.role) == ("demo:bob@example.com", Role.USER)
    assert not actor.user.is_admin


@pytest.mark.security
async def test_an_unsigned_user_cannot_take_over_a_signed_one(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "key", simple_sso=True)
    await desk.asks(token=signed())
    with pytest.raises(Unauthorized):
        await desk.asks(token={"id": "alice", "username": "alice", "email": "evil@example.com"})
    assert desk.book.users[DEMO, UserId("demo:alice")][0].email == "alice@example.com"


async def test_nobody_reads_as_the_same_viewer_all_day(desk: Desk) -> None:
    viewer = await desk.asks()
    assert viewer.anonymous
    assert viewer.id.startswith("anon:")
    assert viewer.user.session_id is None
    assert (await desk.asks()).id == viewer.id
    assert (await desk.asks(headers={"User-Agent": "other"})).id != viewer.id
    desk.clock.ms += DAY_S * 1000
    assert (await desk.asks()).id != viewer.id
    assert desk.book.writes == 0


async def test_nobody_who_writes_gets_a_session_where_the_tenant_allows_it(desk: Desk) -> None:
    writer = await desk.asks(OPEN, method="POST")
    session = writer.user.session_id
    assert session is not None
    assert writer.new_session == session
    assert writer.id != (await desk.asks(OPEN, method="POST")).id
    by_cookie = await desk.asks(OPEN, headers={"Cookie": f"{SESSION_COOKIE}={session}"})
    by_parameter = await desk.asks(OPEN, method="POST", query={"sessionId": session})
    assert by_cookie.id == by_parameter.id == writer.id
    assert by_cookie.new_session is by_parameter.new_session is None
    assert (await desk.asks(DEMO, method="POST")).user.session_id is None


async def test_who_asks_for_v2_gets_his_session_before_he_writes(desk: Desk) -> None:
    """Echoes are told by the author: they must know who they are."""
    reader = await desk.asks(OPEN, query={"v": "2"})
    session = reader.user.session_id
    assert session is not None
    assert reader.new_session is None, "a cookie would win over the session that they keep"
    for method, query in (("GET", {"v": "2"}), ("GET", {}), ("POST", {})):
        again = await desk.asks(OPEN, method=method, query=query | {"sessionId": session})
        assert (again.id, again.user.session_id) == (reader.id, session)
    assert (await desk.asks(OPEN)).user.session_id is None
    assert (await desk.asks(DEMO, query={"v": "2"})).user.session_id is None


async def test_a_session_that_is_used_goes_on_and_one_that_is_not_ends(desk: Desk) -> None:
    writer = await desk.asks(OPEN, method="POST")
    first = str(writer.user.session_id)

    async def known(session: str) -> Actor:
        by_parameter = await desk.asks(OPEN, query={"v": "2", "sessionId": session})
        by_cookie = await desk.asks(OPEN, headers={"Cookie": f"{SESSION_COOKIE}={session}"})
        assert by_parameter.new_session is None
        told = by_parameter.user.session_id
        assert by_cookie.new_session == (told if by_cookie.id == writer.id and told != session else None)
        return by_parameter

    day_ms = DAY_S * 1000
    desk.clock.ms += SESSION_RENEWED_DAYS * day_ms
    assert (await known(first)).user.session_id == first
    desk.clock.ms += day_ms
    renewed = str((await known(first)).user.session_id)
    assert renewed != first
    assert str((await known(first)).user.session_id) == renewed, "for all sessions of that person"
    desk.clock.ms += (SESSION_DAYS - SESSION_RENEWED_DAYS) * day_ms
    assert (await known(renewed)).id == writer.id
    assert (await known(first)).id != writer.id, "the old one ended"
    desk.clock.ms += SESSION_DAYS * day_ms
    assert (await known(renewed)).id != writer.id


@pytest.mark.parametrize("key", ["displayName", "username"])
async def test_a_name_goes_out_as_it_was_signed(desk: Desk, key: str) -> None:
    """Whoever draws it makes it harmless: without its joiners a Persian name is another one."""
    signed_name = "\u0645\u06cc\u200c\u062e\u0648\u0627 \U0001f469\u200d\U0001f466 \u202e\x1b[31m"
    actor = await desk.asks(token=signed(ALICE | {key: signed_name}))
    assert (actor.user.display_name if key == "displayName" else actor.user.username) == signed_name


@pytest.mark.parametrize("key", ["displayName", "username"])
@pytest.mark.parametrize("blank", [" ", "\u202e", "\u200b \t"], ids=ascii)
async def test_a_name_of_which_nothing_is_seen_is_refused(desk: Desk, key: str, blank: str) -> None:
    with pytest.raises(Unauthorized) as caught:
        await desk.asks(token=signed(ALICE | {key: blank}))
    assert caught.value.code == "malformed-sso"
    assert (await desk.asks(token=signed(ALICE | {"displayName": ""}))).user.name == "alice"


@pytest.mark.security
async def test_a_session_is_not_guessed_changed_or_taken_elsewhere(desk: Desk) -> None:
    writer = await desk.asks(OPEN, method="POST")
    session = str(writer.user.session_id)
    assert session.split(".")[2] not in writer.id
    for wrong in (
        session[:-1] + ("A" if session[-1] != "A" else "B"),
        "s1..",
        "s1...",
        "s1.x.AA.AA",
        "s1.5000.AA.AA",
        session.replace("s1.", "s1.+"),
        session.replace("s1.", "s1.0"),
        "..",
        "s1.AA.AA",
        "\u00e9.a.b",
        writer.id,
    ):
        assert (await desk.asks(OPEN, query={"sessionId": wrong})).id != writer.id
    elsewhere = await desk.asks(DEMO, query={"sessionId": session})
    assert elsewhere.id != writer.id
    assert elsewhere.user.session_id is None


@pytest.mark.security
async def test_on_the_unix_socket_the_kernels_word_is_final(desk: Desk, unix: socket.socket) -> None:
    actor = await desk.asks(
        LOCAL,
        method="POST",
        token=signed(ALICE | {"isAdmin": True}),
        headers={"X-Forwarded-For": "1.2.3.4", "X-Remote-User": "root", "Cookie": f"{SESSION_COOKIE}=s1.a.b"},
        peer=unix,
    )
    assert actor.user == kernel_user(os.geteuid())
    assert (actor.role, actor.anonymous) == (Role.USER, False)
    forged = TOKENS.user_token(LOCAL, UserId("local:somebody"), 2, NOW_MS / 1000)
    assert await desk.auth.viewer(LOCAL, forged, caller_of(asked(peer=unix))) == actor


@pytest.mark.security
@pytest.mark.parametrize(
    ("owner_uid", "moderates"), [(os.geteuid(), True), (os.geteuid() + 1, False), (None, False)]
)
async def test_whose_server_it_is_moderates_it_and_nobody_else_by_themselves(
    tmp_path: Path, unix: socket.socket, owner_uid: int | None, moderates: bool
) -> None:
    desk = Desk(tmp_path / "key", owner_uid=owner_uid)
    actor = await desk.asks(LOCAL, peer=unix)
    assert actor.role is (Role.MODERATOR if moderates else Role.USER)
    assert actor.user.is_admin is moderates
    assert await desk.auth.viewer(LOCAL, "", caller_of(asked(peer=unix))) == actor
    assert (await desk.asks(DEMO, peer=unix)).role is Role.USER, "the team's tenants are not theirs by that"


@pytest.mark.security
async def test_the_local_tenant_does_not_exist_over_tcp(
    desk: Desk, tmp_path: Path, unix: socket.socket
) -> None:
    with pytest.raises(UnknownTenant):
        await desk.asks(LOCAL)
    with pytest.raises(UnknownTenant):
        await desk.auth.viewer(
            LOCAL, TOKENS.user_token(LOCAL, UserId("local:x"), 0, NOW_MS / 1000), caller_of(asked())
        )
    with pytest.raises(UnknownTenant):
        await Desk(tmp_path / "key2", peer_identity=False).asks(LOCAL, peer=unix)


async def test_other_tenants_on_the_unix_socket_ask_for_proof(desk: Desk, unix: socket.socket) -> None:
    assert (await desk.asks(DEMO, peer=unix)).anonymous
    assert (await desk.asks(DEMO, token=signed(), peer=unix)).id == "demo:alice"


async def test_a_tenant_that_does_not_exist_is_unknown(desk: Desk) -> None:
    with pytest.raises(UnknownTenant):
        await desk.asks(TenantId("missing"), token=signed())


async def test_a_subscriber_is_whom_his_token_names(desk: Desk) -> None:
    for role in Role:
        token = TOKENS.user_token(DEMO, UserId("demo:alice"), role, NOW_MS / 1000)
        viewer = await desk.auth.viewer(DEMO, token)
        assert (viewer.id, viewer.role, viewer.anonymous) == ("demo:alice", role, False)


@pytest.mark.security
async def test_a_subscriber_without_a_token_of_this_tenant_is_anonymous(desk: Desk) -> None:
    good = TOKENS.user_token(DEMO, UserId("demo:alice"), 2, NOW_MS / 1000)
    desk.clock.ms += 4 * DAY_S * 1000
    stale = await desk.auth.viewer(DEMO, good)
    desk.clock.ms = NOW_MS
    foreign = await desk.auth.viewer(OPEN, good)
    for viewer in (
        stale,
        foreign,
        await desk.auth.viewer(DEMO, "any-uuid"),
        await desk.auth.viewer(DEMO, ""),
    ):
        assert viewer.anonymous
        assert viewer.role is Role.USER
        assert viewer.id.startswith("anon:")
    assert (await desk.auth.viewer(DEMO, "any-uuid")).id == (await desk.auth.viewer(DEMO, "any-uuid")).id
    assert (await desk.auth.viewer(DEMO, "")).id != (await desk.auth.viewer(DEMO, "")).id
    assert "any-uuid" not in (await desk.auth.viewer(DEMO, "any-uuid")).id
