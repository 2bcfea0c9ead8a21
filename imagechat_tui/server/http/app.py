"""The application: routes, what every answer has in common, start and end."""

from __future__ import annotations

import asyncio
import gzip
import logging
import math
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus

from aiohttp import hdrs, web
from msgspec import Struct

from imagechat_tui.clock import wall_ms
from imagechat_tui.protocol import codes
from imagechat_tui.protocol.codec import MalformedMessage, dump_json, encode_error
from imagechat_tui.protocol.routes import EXTENSION_HEADER, ErrorReply
from imagechat_tui.protocol.thread_keys import UrlTooLong
from imagechat_tui.server.broker import Broker
from imagechat_tui.server.guard.auth import Authenticator, TenantDisabled, Unauthorized, UnknownTenant
from imagechat_tui.server.guard.limits import FrameRules, Limit, Limits, SeatLimit, SeatRules
from imagechat_tui.server.guard.proxies import TrustedProxies
from imagechat_tui.server.guard.rules import RuleBook
from imagechat_tui.server.guard.tokens import Tokens
from imagechat_tui.server.guard.turns import Pace, Turns
from imagechat_tui.server.http import rest as handlers
from imagechat_tui.server.http import websocket as handlers_live
from imagechat_tui.server.http.callers import (
    ADDRESS,
    SHARED_USES,
    SIGNED_IN,
    TURN,
    api_key_of,
    caller_address,
    over_unix,
)
from imagechat_tui.server.http.connections import gate_of
from imagechat_tui.server.http.context import SERVING, Serving
from imagechat_tui.server.http.not_offered import add_not_offered
from imagechat_tui.server.live.hub import Hub
from imagechat_tui.server.live.meters import Meters
from imagechat_tui.server.storage import BroadcastIdUsed, OutcomeUnknown, Store, StoreUnavailable
from imagechat_tui.server.storage.pictures import Pictures
from imagechat_tui.server.usecases.comments import CommentCommands
from imagechat_tui.server.usecases.images import ImageCommands
from imagechat_tui.server.usecases.markers import MarkerCommands
from imagechat_tui.server.usecases.opinions import OpinionCommands
from imagechat_tui.server.usecases.people import People
from imagechat_tui.server.usecases.pictures import PictureCommands
from imagechat_tui.server.usecases.placements import PlacementCommands
from imagechat_tui.server.usecases.queries import Queries
from imagechat_tui.server.usecases.read_states import ReadStates
from imagechat_tui.server.usecases.refusals import Refused
from imagechat_tui.server.usecases.revoking import Revoking
from imagechat_tui.server.usecases.summaries import SummaryQueries
from imagechat_tui.server.usecases.usage import UsageRecords
from imagechat_tui.server.usecases.votes import VoteCommands

MAX_BODY_BYTES = 64 * 1024
MAX_HEAD_BYTES = 16 * 1024
"""All headers of a request together, but for ``Authorization``, which may carry a picture."""
STORE_RETRY_S = 5
REFUSALS_A_PENALTY = 50
"""Of one address, of whom nobody signed for: with a penalty of 1 s as many a second as it may ask in the long run."""
COMPRESSED_BYTES = 4 * 1024
"""Answers from here on are compressed: shorter ones are a few packets anyway."""

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_IMAGE_CHATS = "/comment-image-chats"
_CREDENTIALS = ("sso", "userIdWS")
"""In the address."""
_AUTHORIZATION = hdrs.AUTHORIZATION.lower().encode()
_AS_IT_IS = "identity"
_REFUSALS = range(400, 500)
_CODES = {404: codes.NOT_FOUND, 413: codes.TOO_LARGE}

_log = logging.getLogger(__name__)


class ServerOptions(Struct, frozen=True):
    """What may differ between servers."""

    max_comment_length: int = 2_000
    """UTF-16 units."""
    tenant_comments: int = 1_000_000
    """Of one tenant, all in all: some 7 GB."""
    tenant_pictures_mb: int = 2_048
    """Of all pictures of one tenant."""
    now_ms: Callable[[], int] = wall_ms
    proxies: TrustedProxies = TrustedProxies()
    seats: SeatRules = SeatRules()
    frames: FrameRules = FrameRules()
    body_within_s: float = 15.0
    penalty_s: float = 1.0
    """How long the answer takes that somebody asks too often."""
    metrics_token: str | None = None
    """Whoever brings it is told the counters of the process; without one, whoever asks from this machine."""


def create_app(
    store: Store,
    broker: Broker,
    *,
    tokens: Tokens,
    rules: RuleBook,
    auth: Authenticator,
    limits: Limits,
    pictures: Pictures,
    settings: ServerOptions,
) -> web.Application:
    """The application over a store and a broker. It closes neither store nor authenticator."""
    app = web.Application(client_max_size=MAX_BODY_BYTES, middlewares=[_entrance, _answering])

    async def serving(app: web.Application) -> AsyncIterator[None]:
        meters = Meters()
        hub = Hub(store, broker, meters, now_ms=settings.now_ms)
        usage = UsageRecords(store, meters, now_ms=settings.now_ms)
        markdown = ThreadPoolExecutor(1, thread_name_prefix="markdown")
        lists = ThreadPoolExecutor(1, thread_name_prefix="lists")
        options = settings.max_comment_length, markdown, settings.tenant_comments
        writing = store, hub, limits, tokens, settings.now_ms, *options
        people = People(store, hub, tokens)
        app[SERVING] = Serving(
            store=store,
            auth=auth,
            limits=limits,
            turns=Turns(),
            refusals=Turns(),
            pace=Pace(),
            seats=SeatLimit(settings.seats, broker.counts, broker.process),
            hub=hub,
            queries=Queries(
                store,
                tokens,
                now_ms=settings.now_ms,
                max_comment_length=settings.max_comment_length,
                lists=lists,
            ),
            markers=MarkerCommands(*writing),
            comments=CommentCommands(*writing),
            votes=VoteCommands(*writing),
            opinions=OpinionCommands(*writing),
            images=(images := ImageCommands(*writing)),
            pictures=PictureCommands(pictures, images.count),
            read_states=ReadStates(store, hub, tokens),
            placements=PlacementCommands(*writing),
            people=people,
            meters=meters,
            usage=usage,
            summaries=SummaryQueries(store, people, hub, tokens, now_ms=settings.now_ms),
            tokens=tokens,
            rules=rules,
            revoking=Revoking(rules, hub),
            process=broker.process,
            now_ms=settings.now_ms,
            proxies=settings.proxies,
            frames=settings.frames,
            body_within_s=settings.body_within_s,
            penalty_s=settings.penalty_s,
            metrics_token=settings.metrics_token,
        )
        await hub.start()
        yield
        await usage.note()
        for executor in (markdown, lists):
            await asyncio.to_thread(executor.shutdown)

    async def shut_down(app: web.Application) -> None:
        await app[SERVING].hub.close()

    app.cleanup_ctx.append(serving)
    app.on_shutdown.append(shut_down)
    app.on_response_prepare.append(_mark)
    for route, handler in (*handlers.ROUTES, *handlers_live.ROUTES):
        for path in (route.template, f"{route.template}/"):
            app.router.add_route(route.method, path, handler)
    add_not_offered(app)
    return app


async def _mark(request: web.Request, response: web.StreamResponse) -> None:
    response.headers[EXTENSION_HEADER] = "1"
    response.headers.setdefault("Cache-Control", "no-store")


@web.middleware
async def _entrance(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Where requests come in, and their callers' turns are given back."""
    try:
        return await _let_in(request, handler)
    finally:
        turn = request.get(TURN)
        if turn is not None:
            turn.release()


async def _let_in(request: web.Request, handler: Handler) -> web.StreamResponse:
    """The connection's clocks, and the limit by address, which comes before everything else.

    It counts whom nobody signed for: members share an address with strangers, behind a proxy or in one
    office. Who brings credentials is heard first, and counted afterwards if they proved nothing. Who asks too
    often waits for the answer that says so: else it would be asked for as fast as it can be given.
    """
    serving, gate = request.app[SERVING], gate_of(request)
    address = request[ADDRESS] = caller_address(request, serving.proxies)
    claims = (
        hdrs.AUTHORIZATION in request.headers
        or bool(api_key_of(request))
        or any(request.query.get(key) for key in _CREDENTIALS)
    )
    if gate is not None:
        gate.request_began(with_body=request.body_exists)
    response: web.StreamResponse | None = None
    if address:
        await serving.pace.begin(address)
    try:
        if not claims:
            _count(serving, address)
        response = await handler(request)
        if claims and SIGNED_IN not in request:
            _count(serving, address)
        if response.status < HTTPStatus.BAD_REQUEST:
            serving.limits.check_all(request.get(SHARED_USES, ()), time.monotonic())
    except Refused as refused:
        response = _refusal(request, refused.reply)
    finally:
        unread = not request.content.is_eof()
        if unread and response is not None:
            response.force_close()
        if gate is not None:
            gate.request_ended(unread=unread)
    if response.status == HTTPStatus.TOO_MANY_REQUESTS:
        await asyncio.sleep(serving.penalty_s)
    elif response.status in _REFUSALS and address and SIGNED_IN not in request:
        await _refused_in_line(serving, address)
    if isinstance(response, web.Response) and isinstance(response.body, bytes):
        await _compress(request, response, response.body)
    return response


async def _refused_in_line(serving: Serving, address: str) -> None:
    """One after the other: who tries one token or path after the other does not care how many fail, and could try as
    many at once as they have connections."""
    turn = await serving.refusals.take(address)
    try:
        await asyncio.sleep(serving.penalty_s / REFUSALS_A_PENALTY)
    finally:
        turn.release()


async def _compress(request: web.Request, response: web.Response, body: bytes) -> None:
    """Long answers are for slow links, if the client takes them so; on the Unix socket nothing is slow."""
    if len(body) < COMPRESSED_BYTES or over_unix(request):
        return
    response.headers.add(hdrs.VARY, hdrs.ACCEPT_ENCODING)
    if not _takes_gzip(request):
        return
    response.body = await asyncio.to_thread(gzip.compress, body, 1, mtime=0)
    response.headers[hdrs.CONTENT_ENCODING] = "gzip"


def _field_bytes(field: tuple[bytes, bytes]) -> int:
    name, value = field
    return 0 if name.lower() == _AUTHORIZATION else len(name) + len(value)


def _takes_gzip(request: web.Request) -> bool:
    for offer in ",".join(request.headers.getall(hdrs.ACCEPT_ENCODING, ())).split(","):
        coding, _, weight = offer.replace(" ", "").lower().partition(";")
        if coding in ("gzip", "*"):
            return weight.rstrip("0") not in ("q=", "q=0.", "q=.")
    return False


def _count(serving: Serving, address: str) -> None:
    """Count a request of nobody in particular."""
    wait_s = serving.limits.check(Limit.ADDRESS, address, time.monotonic())
    if wait_s is not None:
        raise Refused(429, codes.RATE_LIMITED, retry_after_s=wait_s)


@web.middleware
async def _answering(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Every refusal in its one shape; a bug is told to the log and to nobody else."""
    try:
        if "%00" in request.raw_path:  # no store shall have to keep NUL; bodies are checked by their codec
            raise Refused(400, codes.INVALID_INPUT)
        if sum(map(_field_bytes, request.raw_headers)) > MAX_HEAD_BYTES:
            raise Refused(431, codes.TOO_LARGE)
        if request.body_exists and request.headers.get(hdrs.CONTENT_ENCODING, _AS_IT_IS) != _AS_IT_IS:
            raise Refused(415, codes.ENCODED_BODY)
        return await handler(request)
    except Refused as refused:
        return _refusal(request, refused.reply)
    except web.HTTPMethodNotAllowed as error:
        refusal = _refusal(request, Refused(error.status, codes.METHOD_NOT_ALLOWED).reply)
        refusal.headers["Allow"] = error.headers["Allow"]
        return refusal
    except web.HTTPException as error:
        return _refusal(request, Refused(error.status, _CODES.get(error.status, codes.INVALID_INPUT)).reply)
    except OutcomeUnknown as error:
        _log.error("nobody knows whether a write was kept: %s", error)
        if request.transport is not None:
            request.transport.abort()  # no answer tells the client just that, and it looks for itself (PROMISES D10)
        return web.Response(status=HTTPStatus.GATEWAY_TIMEOUT)
    except Exception as error:
        return _refusal(request, _refused_by(error).reply)


def _refused_by(error: Exception) -> Refused:
    match error:
        case MalformedMessage(key="broadcastId"):
            return Refused(400, codes.MISSING_BROADCAST_ID, str(error))
        case MalformedMessage(key="urlId"):
            return Refused(400, codes.MISSING_URL_ID, str(error))
        case MalformedMessage(key="voteDir" | "dir"):
            return Refused(400, codes.INVALID_DIRECTION, str(error))
        case MalformedMessage():
            return Refused(400, codes.INVALID_INPUT, str(error))
        case UrlTooLong():
            return Refused(400, codes.URL_TOO_LONG)
        case Unauthorized(code=code, reason=reason):
            return Refused(401, code, reason)
        case TenantDisabled():
            return Refused(403, codes.TENANT_DISABLED)
        case UnknownTenant():
            return Refused(404, codes.INVALID_TENANT)
        case BroadcastIdUsed():
            return Refused(409, codes.ALREADY_USED)
        case StoreUnavailable(disk_full=full):
            _log.error("the store failed: %s", error)
            reason = "Its disk is full." if full else None
            return Refused(503, codes.STORE_FAILED, reason, retry_after_s=STORE_RETRY_S)
        case _:
            _log.error("a request failed", exc_info=error)
            return Refused(500, codes.INTERNAL)


def _refusal(request: web.Request, reply: ErrorReply) -> web.Response:
    body = encode_error(reply, image_chat=request.path.startswith(_IMAGE_CHATS))
    headers = {}
    if reply.retry_after_s is not None:
        headers["Retry-After"] = str(max(1, math.ceil(reply.retry_after_s)))
    return web.Response(
        status=reply.status, body=dump_json(body), content_type="application/json", headers=headers
    )
