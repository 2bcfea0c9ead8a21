"""One attempt, a true ``sent``, and nothing of the library's own gets out."""

from __future__ import annotations

import asyncio
import errno
import json
import logging
import re
import socket
import ssl
import time
import traceback
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from msgspec.structs import replace

from imagechat_tui.net import exchange
from imagechat_tui.net.api import (
    Api,
    ApiError,
    BadAnswer,
    NoImageChats,
    Refused,
    TimedOut,
    Unreachable,
    Unsupported,
)
from imagechat_tui.net.endpoint import Credentials, Endpoint, Secret
from imagechat_tui.problems import SERVER_FAILED, ProblemKind
from imagechat_tui.protocol import codec, codes
from imagechat_tui.protocol.authorization import Proof
from imagechat_tui.protocol.ids import BroadcastId, CommentId, ConversationId, UrlId
from imagechat_tui.protocol.models import Point
from imagechat_tui.protocol.routes import (
    EXTENSION_HEADER,
    ConversationReply,
    EventLogQuery,
    ListComments,
    UsersOnline,
    VoteReply,
)
from imagechat_tui.sync import intents
from imagechat_tui.sync.effects import SendRequest
from imagechat_tui.sync.state import Peer, Room
from imagechat_tui.words import problem_words
from tests import examples as eg
from tests.fault_proxy import FaultProxy, Mode
from tests.net.stub_server import StubServer, never, ours

CHAT = ConversationId("ic_1")
COMMENT = CommentId("c_1")
THREAD = UrlId("gallery-42:/img/trail.jpg:25.5:30.25")
ROOM = Room(eg.TENANT, UrlId("gallery-42"), "/img/trail.jpg", "Gallery 42", "https://example.com/g")
START = intents.StartConversation(Point(25.5, 30.25), "Trail is wet")
CANARY = "canary-7f3a-sso"


def request(
    write: intents.Write = START, *, two_step: bool = False, timeout_s: float = 5.0, **more: object
) -> SendRequest:
    comment_id = more.get("comment_id")
    return SendRequest(
        broadcast_id=BroadcastId("b-1"),
        write=write,
        thread_url_id=None if isinstance(write, intents.StartConversation) else THREAD,
        two_step=two_step,
        comment_id=COMMENT if comment_id else None,
        timeout_s=timeout_s,
        deadline_ms=1_767_225_600_000,
    )


class Pauses:
    """Stands in for sleep: notes how long, and does not."""

    def __init__(self) -> None:
        self.taken: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.taken.append(seconds)


async def fails(api: Api, of: type[ApiError], asked: SendRequest | None = None) -> ApiError:
    with pytest.raises(of) as caught:
        await api.send(ROOM, asked or request())
    return caught.value


@pytest.fixture
async def api(stub: StubServer) -> AsyncIterator[Api]:
    api = Api(stub.endpoint(Credentials(sso=Secret(CANARY))), sleep=Pauses())
    yield api
    await api.close()


async def test_a_server_with_our_header_is_ours_and_another_is_hosted(api: Api, stub: StubServer) -> None:
    peer, listing = await api.conversations(ROOM)
    assert (peer, listing.conversations) == (Peer.OURS, eg.conversation_list().conversations)

    async def plain(_: web.Request) -> web.StreamResponse:
        answer = {"status": "success", "conversations": [], "urlIdClean": "gallery-42"}
        return web.json_response(answer, headers={"Date": "Thu, 01 Jan 2026 00:00:00 GMT"})

    stub.answer = plain
    peer, listing = await api.conversations(ROOM)
    assert peer is Peer.HOSTED
    assert listing.server_time_ms == 1_767_225_600_000 - 2_000, "the baseline is the answer's Date less 2 s"


@pytest.mark.security
@pytest.mark.parametrize("of_ours", [True, False])
async def test_who_is_here_is_asked_with_the_token_of_a_server_of_ours_alone(
    api: Api, stub: StubServer, of_ours: bool
) -> None:
    # A tenant that requires sign-in tells it to nobody else; the hosted service has no such parameter.
    async def answer(request: web.Request) -> web.Response:
        if request.path.endswith("/online"):
            told = codec.encode_users_online(UsersOnline((), 0, 0))
        else:
            told = codec.encode_conversation_list(eg.conversation_list(), tenant_id=eg.TENANT, v2=True)
        return web.Response(
            body=codec.dump_json(told),
            content_type="application/json",
            headers={EXTENSION_HEADER: "1", "Date": "Thu, 01 Jan 2026 00:00:00 GMT"}
            if of_ours
            else {"Date": "Thu, 01 Jan 2026 00:00:00 GMT"},
        )

    stub.answer = answer
    await api.conversations(ROOM)
    await api.users_online(ROOM.url_id)
    _, path, query, _ = stub.requests[-1]
    assert path.endswith("/users/online")
    assert "sso" not in query
    assert stub.said()[-1].sso == (CANARY if of_ours else "")
    assert query.get("v") == ("2" if of_ours else None)


@pytest.mark.parametrize(
    ("write", "method", "path", "query", "body"),
    [
        (
            replace(START, version=2),
            "POST",
            "/comment-image-chats/demo",
            {"v": "2"},
            {"comment": "Trail is wet", "windowUrlId": THREAD, "x": 25.5, "y": 30.25, "broadcastId": "b-1"}
            | {"version": 2},
        ),
        (
            intents.PostComment(CHAT, "Dry again", COMMENT),
            "POST",
            "/comments/demo",
            {"urlId": THREAD, "broadcastId": "b-1"},
            {"comment": "Dry again", "parentId": "c_1", "urlId": THREAD, "productId": 2},
        ),
        (
            intents.EditComment(CHAT, COMMENT, "Dry"),
            "POST",
            "/comments/demo/c_1/update-text",
            {"broadcastId": "b-1"},
            {"comment": "Dry"},
        ),
        (intents.DeleteComment(CHAT, COMMENT), "DELETE", "/comments/demo/c_1", {"broadcastId": "b-1"}, {}),
        (
            intents.DeleteConversation(CHAT),
            "DELETE",
            "/comment-image-chats/demo/ic_1",
            {"broadcastId": "b-1"},
            {"broadcastId": "b-1"},
        ),
        (
            intents.MoveConversation(CHAT, Point(1.239, 2)),
            "PATCH",
            "/comment-image-chats/demo/ic_1",
            {"v": "2"},
            {"broadcastId": "b-1", "x": 1.24, "y": 2},
        ),
        (
            intents.ResolveConversation(CHAT, True),
            "PATCH",
            "/comment-image-chats/demo/ic_1",
            {"v": "2"},
            {"broadcastId": "b-1", "resolved": True},
        ),
        (
            intents.VoteComment(CHAT, COMMENT, -1),
            "POST",
            "/comments/demo/c_1/vote",
            {"urlId": THREAD, "broadcastId": "b-1"},
            {"voteDir": "down", "commenterEmail": None},
        ),
        (
            intents.VoteComment(CHAT, COMMENT, 0),
            "DELETE",
            "/comments/demo/c_1/vote/own",
            {"urlId": THREAD, "broadcastId": "b-1"},
            {},
        ),
        (
            intents.PinComment(CHAT, COMMENT, pinned=True),
            "POST",
            "/comments/demo/c_1/pin",
            {"broadcastId": "b-1"},
            {},
        ),
        (
            intents.PinComment(CHAT, COMMENT, pinned=False),
            "POST",
            "/comments/demo/c_1/unpin",
            {"broadcastId": "b-1"},
            {},
        ),
        (
            intents.LockComment(CHAT, COMMENT, locked=True),
            "POST",
            "/comments/demo/c_1/lock",
            {"broadcastId": "b-1"},
            {},
        ),
        (
            intents.LockComment(CHAT, COMMENT, locked=False),
            "POST",
            "/comments/demo/c_1/unlock",
            {"broadcastId": "b-1"},
            {},
        ),
        (
            intents.FlagComment(CHAT, COMMENT, flagged=False),
            "POST",
            "/flag-comment/c_1",
            {"tenantId": "demo", "isFlagged": "false"},
            {},
        ),
        (
            intents.BlockAuthor(CHAT, COMMENT, blocked=True),
            "POST",
            "/block-from-comment/c_1",
            {"tenantId": "demo"},
            {"commentIds": None},
        ),
        (
            intents.BlockAuthor(CHAT, COMMENT, blocked=False),
            "DELETE",
            "/block-from-comment/c_1",
            {"tenantId": "demo"},
            {"commentIds": None},
        ),
    ],
    ids=lambda value: type(value).__name__ if not isinstance(value, str | dict) else "",
)
async def test_each_write_is_one_request_to_its_route(
    api: Api,
    stub: StubServer,
    write: intents.Write,
    method: str,
    path: str,
    query: dict[str, str],
    body: dict[str, object],
) -> None:
    async def fitting(_: web.Request) -> web.StreamResponse:
        comment = {"_id": "c_9", "commenterName": "A", "commentHTML": "x", "verified": True, "date": None}
        return ours(
            {
                "status": "success",
                "createdChatId": "ic_9",
                "voteId": "v_9",
                "comment": {**comment, "approved": True},
                "user": None,
            }
        )

    stub.answer = fitting
    await api.send(ROOM, request(write))
    ((sent_method, sent_path, sent_query, headers),) = stub.requests
    assert (sent_method, sent_path) == (method, path)
    assert sent_query == query
    assert stub.said() == [Proof(sso=CANARY)]
    assert headers["X-Deadline"] == "1767225600000"
    assert body.items() <= stub.rows[0].items()


async def test_a_hosted_vote_goes_back_by_its_id_and_may_wait_for_a_mail(api: Api, stub: StubServer) -> None:
    failure = await fails(api, Unsupported, request(intents.VoteComment(CHAT, COMMENT, 0), two_step=True))
    assert not failure.sent

    async def waits(_: web.Request) -> web.StreamResponse:
        return web.json_response({"status": "pending-verification", "voteId": "v_9", "editKey": "k"})

    stub.answer = waits
    given = await api.send(ROOM, request(intents.VoteComment(CHAT, COMMENT, 1), two_step=True))
    assert given == VoteReply("v_9", is_pending=True)
    back = request(intents.VoteComment(CHAT, COMMENT, 0), two_step=True)
    await api.send(ROOM, replace(back, vote_id="v_9"))
    assert [path for _, path, _, _ in stub.requests][-1] == "/comments/demo/c_1/vote/v_9"


@pytest.mark.security
async def test_a_server_of_ours_is_never_told_a_credential_in_an_address(api: Api, stub: StubServer) -> None:
    await api.conversations(ROOM)
    await api.thread(THREAD)
    await api.send(ROOM, request())
    await api.send(ROOM, request(intents.DeleteConversation(CHAT)))

    async def log(_: web.Request) -> web.StreamResponse:
        return ours({"status": "success", "events": []}, headers={"X-FC-Event-Log-Complete": "true"})

    stub.answer = log
    await api.event_log(EventLogQuery(THREAD, "u1.x", after=eg.position(3)))
    assert stub.said() == [*[Proof(sso=CANARY)] * 4, Proof(user_id_ws="u1.x")]
    assert not any(CANARY in path + str(query) or "u1.x" in str(query) for _, path, query, _ in stub.requests)


@pytest.mark.parametrize("first_status", [200, 401, 403])
async def test_the_hosted_service_is_told_who_asks_where_it_looks(
    api: Api, stub: StubServer, first_status: int
) -> None:
    async def hosted(asked: web.Request) -> web.StreamResponse:
        if "sso" not in asked.query and first_status != 200:
            refusal = {"status": "failed", "code": "unauthorized", "reason": "Sign in."}
            return web.json_response(refusal, status=first_status)
        told = codec.encode_conversation_list(eg.conversation_list(), tenant_id=eg.TENANT, v2=False)
        return web.json_response(told)

    stub.answer = hosted
    await api.conversations(ROOM)
    await api.conversations(ROOM)
    assert [query.get("sso") for _, _, query, _ in stub.requests] == [None, CANARY, CANARY]
    assert [said.sso for said in stub.said()] == [CANARY, "", ""]


@pytest.mark.parametrize(
    "answer",
    [
        web.Response(status=404, text="<html>Not found</html>"),
        web.Response(status=404, text='{"status": "failed", "code": "not-found"}'),
        web.Response(status=200, text="{}"),
        web.Response(status=405, text="no"),
    ],
    ids=lambda answer: f"{answer.status} {answer.text[:6]}",
)
async def test_a_picture_itself_is_sent_to_no_server_that_keeps_none(
    api: Api, stub: StubServer, answer: web.Response
) -> None:
    async def other(_: web.Request) -> web.StreamResponse:
        return web.Response(status=answer.status, text=answer.text)

    stub.answer = other
    with pytest.raises(Unsupported):
        await api.has_picture("0a" * 32)


async def test_a_picture_goes_in_one_request_with_its_length_and_tells_how_far_it_is(
    api: Api, stub: StubServer
) -> None:
    got: list[tuple[str, int | None, bytes, str]] = []

    async def keep(request: web.Request) -> web.StreamResponse:
        if request.method == "GET":
            assert request.headers["Range"] == "bytes=0-0"
            return ours({"status": "failed", "code": "not-found"}, 404)
        got.append((request.method, request.content_length, await request.read(), request.content_type))
        return ours({"status": "success"})

    stub.answer = keep
    file, sent = b'"%s"' % (b"x" * 200_000), list[int]()
    assert not await api.has_picture("0a" * 32)
    await api.keep_picture("0a" * 32, file, sent.append)
    assert got == [("PUT", len(file), file, "application/octet-stream")]
    assert len(sent) > 1
    assert sum(sent) == len(file)


async def test_who_is_refused_is_refused_once(api: Api, stub: StubServer) -> None:
    async def refuses(_: web.Request) -> web.StreamResponse:
        return ours({"status": "failed", "code": "malformed-sso", "reason": "No."}, status=401)

    stub.answer = refuses
    with pytest.raises(Refused):
        await api.conversations(ROOM)
    assert len(stub.requests) == 1


async def test_a_hosted_marker_is_a_comment_first_and_then_resumes_with_its_id(
    api: Api, stub: StubServer
) -> None:
    async def comment_saved(_: web.Request) -> web.StreamResponse:
        comment = {"_id": "c_9", "commenterName": "A", "commentHTML": "x", "verified": True, "date": None}
        return web.json_response({"status": "success", "comment": comment, "user": None})

    stub.answer = comment_saved
    await api.send(ROOM, request(two_step=True))
    assert stub.requests[-1][1] == "/comments/demo"
    assert stub.rows[-1]["urlId"] == THREAD

    async def marker_saved(_: web.Request) -> web.StreamResponse:
        return web.json_response({"status": "success", "createdChatId": "ic_9"})

    stub.answer = marker_saved
    made = replace(START, version=2)
    reply = await api.send(ROOM, request(made, two_step=True, comment_id=COMMENT))
    assert isinstance(reply, ConversationReply)
    assert reply.id == "ic_9"
    assert stub.rows[-1]["createdFromCommentId"] == "c_1"
    assert not {"comment", "version"} & stub.rows[-1].keys()
    assert "v" not in stub.requests[-1][2]


async def test_a_hosted_server_is_not_asked_for_what_it_does_not_have(api: Api, stub: StubServer) -> None:
    failure = await fails(api, Unsupported, request(intents.ResolveConversation(CHAT, True), two_step=True))
    assert not failure.sent
    assert not stub.requests


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (400, {"status": "failed", "code": "empty-comment", "reason": "Empty."}, ProblemKind.REFUSED),
        (401, {"status": "failed", "code": "unauthorized", "reason": "No."}, ProblemKind.SIGN_IN),
        (401, {"status": "failed", "code": "locked", "reason": "Locked."}, ProblemKind.REFUSED),
        (403, {"status": "failed", "code": "readonly", "reason": "No."}, ProblemKind.READ_ONLY),
        (403, {"status": "failed", "code": "banned", "reason": "No.", "bannedUntil": 5}, ProblemKind.REFUSED),
        (404, {"status": "error", "message": "Conversation not found"}, ProblemKind.GONE),
        (405, {}, ProblemKind.UNSUPPORTED),
        (408, {}, ProblemKind.TIMED_OUT),
        (429, {"status": "failed", "code": "rate-limited", "reason": "Slow."}, ProblemKind.RATE_LIMITED),
        (503, {}, ProblemKind.REFUSED),
        (504, {}, ProblemKind.UNREACHABLE),
        (302, {}, ProblemKind.REFUSED),
        (200, {"status": "failed", "code": "comment-too-big", "reason": "Long."}, ProblemKind.REFUSED),
    ],
)
async def test_a_refusal_says_why_and_is_not_tried_again(
    api: Api, stub: StubServer, status: int, body: dict[str, object], kind: ProblemKind
) -> None:
    async def refuse(_: web.Request) -> web.StreamResponse:
        return ours(body, status, {"Retry-After": "7", "Location": "http://127.0.0.1:9/elsewhere"})

    stub.answer = refuse
    failure = await fails(api, Refused)
    assert failure.problem.kind is kind
    assert failure.problem.code == body.get("code", failure.problem.code)
    assert failure.problem.until_ms == body.get("bannedUntil")
    assert failure.problem.retry_after_s == 7
    assert failure.sent
    assert failure.status == (400 if status == 200 else status)
    assert len(stub.rows) == 1


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        (500, {}, SERVER_FAILED),
        (500, {"status": "failed", "code": "internal", "reason": ""}, SERVER_FAILED),
        (503, {"status": "failed", "code": "overloaded", "reason": ""}, codes.OVERLOADED),
        (503, {"status": "failed", "code": "store-failed", "reason": ""}, "store-failed"),
    ],
)
async def test_what_is_wrong_with_the_server_is_told_apart_from_what_it_refuses(
    api: Api, stub: StubServer, status: int, body: dict[str, object], code: str
) -> None:
    async def fail(_: web.Request) -> web.StreamResponse:
        return ours(body, status)

    stub.answer = fail
    failure = await fails(api, Refused)
    assert (failure.problem.kind, failure.problem.code) == (ProblemKind.REFUSED, code)


@pytest.mark.parametrize(
    ("status", "body", "another"),
    [
        (404, b"<!DOCTYPE html>Error response", True),
        (404, b"", True),
        (404, b'{"status":"error","code":"not-found","message":"Not Found"}', True),
        (410, b"", True),
        (404, b'{"status":"failed","code":"invalid-tenant","reason":"No such tenant."}', False),
        (403, b'{"status":"failed","code":"unauthorized","reason":"No."}', False),
    ],
)
async def test_who_does_not_have_the_list_is_another_kind_of_server(
    api: Api, stub: StubServer, status: int, body: bytes, another: bool
) -> None:
    async def refuse(_: web.Request) -> web.StreamResponse:
        return web.Response(body=body, status=status, content_type="text/html")

    stub.answer = refuse
    with pytest.raises(NoImageChats if another else Refused) as failed:
        await api.conversations(ROOM)
    assert failed.value.status == status
    assert (failed.value.problem.kind is ProblemKind.UNSUPPORTED) == another
    gone = await fails(api, ApiError, request(intents.DeleteComment(CHAT, COMMENT)))
    assert gone.problem.kind is not ProblemKind.UNSUPPORTED
    assert gone.status == status, "it has certainly not happened"


async def test_what_cannot_be_read_is_left_out_of_a_hosted_list_and_sinks_one_of_ours(
    api: Api, stub: StubServer
) -> None:
    chats: list[object] = [{"_id": "ic_1", "urlId": "k", "x": 1, "y": 2}, {"_id": "ic_2"}]
    comments: list[object] = [{"_id": "c_1"}, {"_id": ""}]

    async def answer(request: web.Request) -> web.StreamResponse:
        skip = int(request.query.get("skip", "0"))
        thread = {"comments": comments, "hasMore": skip < 4}
        return respond({"status": "success", "conversations": chats, **thread})

    respond: Callable[[codec.JsonObject], web.Response] = web.json_response
    stub.answer = answer
    _, listing = await api.conversations(ROOM)
    assert ([chat.id for chat in listing.conversations], listing.left_out) == (["ic_1"], 1)
    thread = await api.thread(THREAD)
    assert ([comment.id for comment in thread.comments], thread.left_out) == (["c_1"], 3)
    assert [query["skip"] for _, path, query, _ in stub.requests if "comments" in path] == ["0", "2", "4"]

    respond = ours
    with pytest.raises(BadAnswer):
        await api.conversations(ROOM)
    with pytest.raises(BadAnswer):
        await api.thread(THREAD)


@pytest.mark.parametrize("host", ["xn--", "a" * 300, "[v1.a]", "\u2603", "a b", "\udcff"])
async def test_nobody_answers_at_a_host_that_no_name_can_be(host: str) -> None:
    api = Api(Endpoint(f"https://{host}", f"wss://{host}", eg.TENANT), sleep=Pauses())
    with pytest.raises(Unreachable) as failed:
        await api.conversations(ROOM)
    assert not failed.value.sent
    await api.close()


async def test_a_certificate_that_is_not_trusted_is_told_as_that(tmp_path: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    both = tmp_path / "both.pem"
    pem = serialization.Encoding.PEM
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    both.write_bytes(secret + certificate.public_bytes(pem))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(both)
    server = await asyncio.start_server(lambda _reader, writer: writer.close(), "127.0.0.1", 0, ssl=context)
    async with server:
        port = server.sockets[0].getsockname()[1]
        api = Api(Endpoint(f"https://127.0.0.1:{port}", "", eg.TENANT), sleep=Pauses())
        failure = await fails(api, Unreachable)
    assert not failure.sent
    assert failure.problem.code == "certificate"
    assert "self" in failure.problem.reason
    assert "self-signed" in problem_words(failure.problem).sentence


def refused(number: int) -> OSError:
    return OSError(number, "said by the system")


@pytest.mark.parametrize(
    ("said", "kind", "code"),
    [
        (refused(errno.ECONNREFUSED), ProblemKind.UNREACHABLE, "nobody-listens"),
        (refused(errno.ECONNRESET), ProblemKind.UNREACHABLE, "system"),
        (refused(errno.EMFILE), ProblemKind.UNREACHABLE, "system"),
        (refused(errno.ENETUNREACH), ProblemKind.OFFLINE, "system"),
        (refused(errno.EHOSTUNREACH), ProblemKind.OFFLINE, "system"),
        (ExceptionGroup("", [refused(errno.ENETUNREACH)] * 2), ProblemKind.OFFLINE, "system"),
        (
            ExceptionGroup("", [refused(errno.ENETUNREACH), refused(errno.ECONNREFUSED)]),
            ProblemKind.UNREACHABLE,
            "nobody-listens",
        ),
        (socket.gaierror(socket.EAI_NONAME, ""), ProblemKind.UNREACHABLE, "no-name"),
        (socket.gaierror(socket.EAI_AGAIN, ""), ProblemKind.OFFLINE, "no-lookup"),
        (ValueError(), ProblemKind.UNREACHABLE, ""),
    ],
    ids=repr,
)
def test_why_nobody_was_reached_is_what_the_system_said(
    said: Exception, kind: ProblemKind, code: str
) -> None:
    failure = OSError("All connection attempts failed")
    failure.__cause__ = said
    problem = Unreachable.because(failure, sent=False).problem
    assert (problem.kind, problem.code) == (kind, code)


@pytest.mark.parametrize("body", [b"[]", b"", b'{"status":"success","createdChatId":7}', b"\xff"])
async def test_an_answer_that_cannot_be_read_is_a_bad_answer(api: Api, stub: StubServer, body: bytes) -> None:
    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(body=body)

    stub.answer = answer
    failure = await fails(api, BadAnswer)
    assert (failure.problem.kind, failure.sent, failure.status) == (ProblemKind.BAD_ANSWER, True, 200)


async def test_a_read_is_tried_three_times_and_a_write_once(api: Api, stub: StubServer) -> None:
    async def broken(_: web.Request) -> web.StreamResponse:
        return ours({}, 500)

    stub.answer = broken
    with pytest.raises(Refused):
        await api.conversations(ROOM)
    assert len(stub.requests) == 3
    await fails(api, Refused)
    assert len(stub.requests) == 4


async def test_a_read_waits_as_long_as_it_was_told_or_gives_up(stub: StubServer) -> None:
    pauses = Pauses()
    api = Api(stub.endpoint(), sleep=pauses, uniform=lambda low, high: low)
    told = "3"

    async def busy(_: web.Request) -> web.StreamResponse:
        return ours({}, 429, {"Retry-After": told})

    stub.answer = busy
    with pytest.raises(Refused):
        await api.conversations(ROOM)
    assert pauses.taken == [3.0, 3.0]
    told = "60"
    with pytest.raises(Refused):
        await api.conversations(ROOM)
    assert len(pauses.taken) == 2
    await api.close()


async def test_a_long_thread_is_read_to_its_end_without_doubles(api: Api, stub: StubServer) -> None:
    def comment(number: int) -> dict[str, object]:
        return {
            "_id": f"c_{number}",
            "commenterName": "A",
            "commentHTML": "x",
            "verified": True,
            "date": None,
        }

    async def page(asked: web.Request) -> web.StreamResponse:
        skip = int(asked.query["skip"])
        numbers = range(max(0, skip - 1), min(skip + 2, 5))  # one came in between: the pages overlap
        comments = [comment(number) for number in numbers]
        return ours(
            {
                "status": "success",
                "comments": comments,
                "user": None,
                "pageNumber": 0,
                "hasMore": skip + 2 < 5,
            }
        )

    stub.answer = page
    thread = await api.thread(THREAD)
    assert [comment.id for comment in thread.comments] == [f"c_{n}" for n in range(5)]
    assert not thread.has_more


async def test_the_log_says_whether_it_is_complete(api: Api, stub: StubServer) -> None:
    async def log(_: web.Request) -> web.StreamResponse:
        return ours({"status": "success", "events": []}, headers={"X-FC-Event-Log-Complete": "false"})

    stub.answer = log
    answer = await api.event_log(EventLogQuery(THREAD, "u1.x", after=eg.position(3)))
    assert answer.complete is False
    assert stub.requests[-1][2]["seq"] == "3"
    assert CANARY not in str(stub.requests[-1]), "the log goes by userIdWS"


# -- slow links


async def long_list(_: web.Request) -> web.StreamResponse:
    """60 comments of 1,900 characters, and one that ends it."""
    comments = tuple(eg.comment(id=CommentId(f"c_{n}"), text="x" * 1_900, html="x") for n in range(60))
    listed = eg.conversation_list(comments=comments)
    return ours(codec.encode_conversation_list(listed, tenant_id=eg.TENANT, v2=True))


@asynccontextmanager
async def slowly(stub: StubServer, bytes_per_s: int) -> AsyncIterator[tuple[Api, FaultProxy]]:
    """A client of a server that has a long list and a slow link."""
    stub.answer = long_list
    async with FaultProxy(stub.port) as proxy:
        proxy.slow(bytes_per_s)
        api = Api(stub.endpoint(port=proxy.port), sleep=Pauses())
        yield api, proxy
        await api.close()


async def test_a_link_that_is_only_slow_is_waited_for(
    tcp_stub: StubServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However long it takes in all, each of its silences is short."""
    monkeypatch.setattr(exchange, "READ_TIMEOUT_S", 1.0)
    heard = list[int]()
    async with slowly(tcp_stub, 50_000) as (api, _):
        began = time.monotonic()
        _, listing = await api.conversations(ROOM, on_bytes=heard.append)
    assert time.monotonic() > began + 1.5, "it was slow, or this shows nothing"
    assert len(listing.comments) == 60
    assert heard == sorted(heard)
    assert heard[0] < 20_000 < 100_000 < heard[-1]


async def test_a_link_that_falls_silent_in_the_middle_is_given_up(
    tcp_stub: StubServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exchange, "READ_TIMEOUT_S", 0.5)
    async with slowly(tcp_stub, 20_000) as (api, proxy):

        def silence(_: int) -> None:
            proxy.mode = Mode.BLACK_HOLE

        with pytest.raises(TimedOut):
            await api.conversations(ROOM, on_bytes=silence)


async def test_who_sends_a_byte_now_and_then_does_not_hold_us_for_ever(
    tcp_stub: StubServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exchange, "READ_AT_MOST_S", 0.5)
    async with slowly(tcp_stub, 1_000) as (api, _):
        with pytest.raises(TimedOut):
            await api.conversations(ROOM)


async def test_answers_may_be_packed(api: Api, stub: StubServer) -> None:
    async def packed(_: web.Request) -> web.StreamResponse:
        answer = await long_list(_)
        assert isinstance(answer, web.Response)
        answer.enable_compression(web.ContentCoding.gzip)
        return answer

    stub.answer = packed
    _, listing = await api.conversations(ROOM)
    assert len(listing.comments) == 60
    assert "gzip" in stub.requests[0][3]["Accept-Encoding"]


# -- what was sent


async def test_without_a_listener_nothing_was_sent(tmp_path: Path, unused_port: int) -> None:
    for endpoint in (
        Endpoint(f"http://127.0.0.1:{unused_port}", "", eg.TENANT),
        Endpoint("http://imagechat.local", "", eg.TENANT, uds=tmp_path / "nobody"),
    ):
        api = Api(endpoint)
        failure = await fails(api, Unreachable)
        assert not failure.sent
        assert failure.problem.kind is ProblemKind.UNREACHABLE


async def test_without_an_answer_the_write_was_sent_and_timed_out(api: Api, stub: StubServer) -> None:
    stub.answer = never
    failure = await fails(api, TimedOut, request(timeout_s=0.2))
    assert failure.sent
    assert len(stub.rows) == 1


async def test_a_reply_that_is_lost_leaves_a_write_that_was_sent(api: Api, stub: StubServer) -> None:
    async def hang_up(asked: web.Request) -> web.StreamResponse:
        assert asked.transport is not None
        asked.transport.close()
        return web.Response()

    stub.answer = hang_up
    failure = await fails(api, Unreachable)
    assert failure.sent
    assert failure.status is None
    assert len(stub.rows) == 1


@pytest.mark.reliability
@pytest.mark.parametrize("cut_at", [0, 1, 40, 200, 10_000])
async def test_a_row_only_ever_stands_where_sent_says_it_may(tcp_stub: StubServer, cut_at: int) -> None:
    async with FaultProxy(tcp_stub.port) as proxy:
        proxy.cut_after(up=cut_at, down=None)
        api = Api(tcp_stub.endpoint(port=proxy.port))
        try:
            await api.send(ROOM, request(timeout_s=2.0))
            saved, sent = True, True
        except ApiError as failure:
            saved, sent = False, failure.sent
        assert len(tcp_stub.rows) == (1 if cut_at == 10_000 else 0)
        assert saved == (cut_at == 10_000)
        assert sent or not tcp_stub.rows


@pytest.mark.reliability
async def test_a_write_given_up_in_a_black_hole_is_not_delivered_when_the_link_heals(
    tcp_stub: StubServer,
) -> None:
    async with FaultProxy(tcp_stub.port, mode=Mode.BLACK_HOLE) as proxy:
        api = Api(tcp_stub.endpoint(port=proxy.port))
        failure = await fails(api, TimedOut, request(timeout_s=0.2))
        assert failure.sent
        proxy.mode = Mode.PASS
        # The link is good again: another write passes, the one given up does not.
        await api.send(ROOM, request(intents.DeleteConversation(CHAT)))
        assert [row.get("comment") for row in tcp_stub.rows] == [None]


async def test_cancelling_a_write_resets_its_connection(unused_port: int) -> None:
    ended: asyncio.Future[BaseException | None] = asyncio.get_running_loop().create_future()
    got_it = asyncio.Event()

    class Peer(asyncio.Protocol):
        def data_received(self, data: bytes) -> None:
            got_it.set()

        def connection_lost(self, exc: BaseException | None) -> None:
            ended.set_result(exc)

    server = await asyncio.get_running_loop().create_server(Peer, "127.0.0.1", unused_port)
    api = Api(Endpoint(f"http://127.0.0.1:{unused_port}", "", eg.TENANT))
    async with asyncio.TaskGroup() as tasks:
        write = tasks.create_task(api.send(ROOM, request()))
        await got_it.wait()
        write.cancel()
        assert isinstance(await ended, ConnectionResetError), "an orderly end would deliver what waits"
    server.close()
    await server.wait_closed()


# -- proxies and secrets


async def test_proxies_of_the_environment_are_ignored(
    tcp_stub: StubServer, unused_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy", "HTTPS_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{unused_port}")
    monkeypatch.delenv("NO_PROXY", raising=False)
    api = Api(tcp_stub.endpoint())
    await api.conversations(ROOM)
    await api.send(ROOM, request())
    assert len(tcp_stub.requests) == 2
    await api.close()


@pytest.mark.security
async def test_secrets_stay_out_of_logs_reprs_and_tracebacks(
    stub: StubServer, caplog: pytest.LogCaptureFixture
) -> None:
    credentials = Credentials(sso=Secret(CANARY), cookie=Secret(f"fc={CANARY}"))
    endpoint = stub.endpoint(credentials)
    api = Api(endpoint, sleep=Pauses())
    logging.getLogger().setLevel(logging.DEBUG)
    told = [repr(endpoint), str(credentials), f"{credentials.sso}", repr(api)]

    async def hang_up(asked: web.Request) -> web.StreamResponse:
        assert asked.transport is not None
        asked.transport.close()
        return web.Response()

    await api.conversations(ROOM)
    assert stub.said() == [Proof(sso=CANARY)]
    assert stub.requests[-1][3]["Cookie"] == f"fc={CANARY}"
    stub.answer = hang_up
    for attempt in (api.send(ROOM, request()), api.comments(ListComments(THREAD))):
        with pytest.raises(ApiError) as caught:
            await attempt
        assert caught.value.__cause__ is None
        told += traceback.format_exception(caught.value)
    seen = "\n".join([*told, caplog.text])
    assert "httpx" not in {record.name for record in caplog.records}
    assert not re.search(CANARY, seen)
    assert CANARY not in json.dumps(told)
    await api.close()
    logging.getLogger().setLevel(logging.WARNING)


def test_a_secret_is_equal_to_itself_and_cannot_be_pickled() -> None:
    import pickle

    assert Secret("a") == Secret("a") != Secret("b")
    assert hash(Secret("a")) == hash(Secret("a"))
    with pytest.raises(TypeError):
        pickle.dumps(Secret("a"))
