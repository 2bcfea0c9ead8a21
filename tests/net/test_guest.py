"""Who does not sign in is one person to a server: in every request, in every pane, and tomorrow."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from aiohttp import web
from msgspec.structs import replace

from imagechat_tui.net.api import Api
from imagechat_tui.net.endpoint import Credentials, Secret
from imagechat_tui.net.guest import MAX_SESSION_BYTES, Guest, guest_path
from imagechat_tui.protocol import authorization, codec
from imagechat_tui.protocol.ids import BroadcastId, TenantId, UrlId
from imagechat_tui.protocol.models import Point, User
from imagechat_tui.protocol.routes import ListComments
from imagechat_tui.sync.effects import SendRequest
from imagechat_tui.sync.intents import StartConversation
from imagechat_tui.sync.state import Room
from tests import examples as eg
from tests.net.stub_server import StubServer, ours

ROOM = Room(eg.TENANT, UrlId("gallery-42"), "/img/trail.jpg")
MARK = SendRequest(
    BroadcastId("b-1"),
    StartConversation(Point(1, 2), "wet"),
    thread_url_id=None,
    two_step=False,
    comment_id=None,
    timeout_s=5.0,
    deadline_ms=None,
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return guest_path(tmp_path / "state", "https://team.example", eg.TENANT)


def known(guest: Guest) -> str | None:
    return None if guest.session is None else guest.session.reveal()


def test_each_tenant_of_each_server_has_a_file_of_its_own(tmp_path: Path) -> None:
    names = {
        guest_path(tmp_path, server, TenantId(tenant))
        for server in ("https://a", "https://b")
        for tenant in ("one", "two")
    }
    assert len(names) == 4


@pytest.mark.security
def test_a_session_is_kept_where_nobody_else_can_read_it(path: Path) -> None:
    assert Guest(path).session is None
    assert Guest(path).take("s1.first")
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    later = Guest(path)
    assert known(later) == "s1.first"
    assert "s1.first" not in repr(later.session)


@pytest.mark.security
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o622])
def test_a_session_that_others_could_reach_is_none(path: Path, mode: int) -> None:
    Guest(path).take("s1.first")
    path.chmod(mode)
    guest = Guest(path)
    assert guest.session is None
    assert guest.take("s1.second")
    assert (known(Guest(path)), path.stat().st_mode & 0o777) == ("s1.second", 0o600)


@pytest.mark.security
def test_a_link_in_place_of_the_file_is_not_followed(path: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.touch(0o600)
    path.parent.mkdir(parents=True)
    path.symlink_to(elsewhere)
    guest = Guest(path)
    assert guest.take("s1.first")
    assert known(guest) == "s1.first"
    assert elsewhere.read_text() == ""


def test_of_two_that_start_together_the_second_becomes_the_first(path: Path) -> None:
    first, second = Guest(path), Guest(path)
    assert (first.session, second.session) == (None, None)
    assert first.take("s1.first")
    assert not second.take("s1.second")
    assert known(second) == "s1.first"


def test_a_session_that_the_server_forgot_is_replaced_once_for_all(path: Path) -> None:
    Guest(path).take("s1.old")
    first, second = Guest(path), Guest(path)
    assert known(first) == known(second) == "s1.old"
    assert first.take("s1.new")
    assert not second.take("s1.newer")
    assert known(second) == known(Guest(path)) == "s1.new"


def test_without_a_place_to_keep_it_a_session_lives_as_long_as_the_program(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for nowhere in (None, tmp_path / "file" / "guests" / "x"):
        guest = Guest(nowhere)
        assert guest.take("s1.first")
        assert known(guest) == "s1.first"


@pytest.mark.parametrize("odd", ["s1.\u00e9", "x" * (MAX_SESSION_BYTES + 1)], ids=["not ASCII", "too long"])
def test_what_is_no_session_of_ours_is_not_kept(path: Path, odd: str) -> None:
    guest = Guest(path)
    assert guest.take(odd)
    assert guest.session is None
    assert not path.exists()


def giving(*sessions: str) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """A server that gives whoever has no session the next one, and knows him by it."""
    left = list(sessions)

    async def answer(request: web.Request) -> web.StreamResponse:
        if request.method != "GET":
            return ours({"status": "success", "createdChatId": "ic_9"})
        session = session_of(request) or left.pop(0)
        user = User(eg.ALICE, is_anonymous=True, session_id=session)
        if request.path.startswith("/comments"):
            listed = replace(eg.comment_list(), user=user)
            return ours(codec.encode_comment_list(listed, tenant_id=eg.TENANT, v2=True))
        chats = replace(eg.conversation_list(), user=user)
        return ours(codec.encode_conversation_list(chats, tenant_id=eg.TENANT, v2=True))

    return answer


def session_of(request: web.Request) -> str:
    return authorization.read(request.headers.get("Authorization", "")).session_id


def sent(stub: StubServer) -> list[str | None]:
    assert not any("sessionId" in query for _, _, query, _ in stub.requests)
    return [said.session_id or None for said in stub.said()]


async def test_every_request_says_who_asks_once_the_server_has_told(stub: StubServer, path: Path) -> None:
    stub.answer = giving("s1.me")
    here = Api(stub.endpoint(Credentials(guest=path)))
    await here.conversations(ROOM)
    await here.conversations(ROOM)
    await here.comments(ListComments(url_id=eg.THREAD, v2=True))
    await here.send(ROOM, MARK)
    await here.close()
    tomorrow = Api(stub.endpoint(Credentials(guest=path)))
    await tomorrow.conversations(ROOM)
    await tomorrow.close()
    assert sent(stub) == [None, "s1.me", "s1.me", "s1.me", "s1.me"]


async def test_a_thread_tells_who_asks_as_well(stub: StubServer) -> None:
    stub.answer = giving("s1.me")
    api = Api(stub.endpoint())
    await api.comments(ListComments(url_id=eg.THREAD, v2=True))
    await api.send(ROOM, MARK)
    await api.close()
    assert sent(stub) == [None, "s1.me"]


async def test_two_panes_that_start_together_are_one_person(stub: StubServer, path: Path) -> None:
    both, give = asyncio.Barrier(2), giving("s1.first", "s1.second")

    async def answer(request: web.Request) -> web.StreamResponse:
        if not session_of(request):
            await both.wait()
        return await give(request)

    stub.answer = answer
    panes = [Api(stub.endpoint(Credentials(guest=path))) for _ in range(2)]
    (_, one), (_, other) = await asyncio.gather(*(pane.conversations(ROOM) for pane in panes))
    for pane in panes:
        await pane.close()
    assert one.user is not None
    assert one.user == other.user
    assert sent(stub) == [None, None, one.user.session_id]


@pytest.mark.security
async def test_a_hosted_server_is_told_no_session_and_none_of_its_own_is_kept(
    stub: StubServer, path: Path
) -> None:
    async def plain(_: web.Request) -> web.StreamResponse:
        user = {"id": "anon:x", "isAnonSession": True, "sessionId": "theirs"}
        return web.json_response(
            {"status": "success", "conversations": [], "urlIdClean": "gallery-42", "user": user}
        )

    stub.answer = plain
    api = Api(stub.endpoint(Credentials(guest=path)))
    await api.conversations(ROOM)
    await api.conversations(ROOM)
    await api.close()
    assert sent(stub) == [None, None]
    assert Guest(path).session is None


async def test_who_signs_in_has_no_session(stub: StubServer) -> None:
    api = Api(stub.endpoint(Credentials(sso=Secret("token"))))
    await api.conversations(ROOM)
    await api.send(ROOM, MARK)
    await api.close()
    assert sent(stub) == [None, None]
