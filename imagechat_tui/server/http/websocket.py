"""The socket, and who is online."""

from __future__ import annotations

import asyncio
import random
import time
from functools import partial

from aiohttp import WSMsgType, hdrs, web
from msgspec.structs import replace

from imagechat_tui.protocol import codec, codes, routes
from imagechat_tui.protocol.ids import ANONYMOUS_PREFIX, TenantId, UrlId, UserId
from imagechat_tui.protocol.models import Position
from imagechat_tui.protocol.routes import RoomIds
from imagechat_tui.protocol.thread_keys import clean
from imagechat_tui.server.broker.buckets import Bucket
from imagechat_tui.server.guard.access import Actor
from imagechat_tui.server.guard.limits import Limit
from imagechat_tui.server.http.callers import address_of, listener_of, sign_in, view
from imagechat_tui.server.http.connections import Gate, gate_of
from imagechat_tui.server.http.context import SERVING, Serving
from imagechat_tui.server.http.frame_meter import FrameMeter
from imagechat_tui.server.http.rest import Handler, answered, check_limit, count_read, reader, take_turn
from imagechat_tui.server.live.frames import CloseCode
from imagechat_tui.server.live.hub import ANSWER_WITHIN_S
from imagechat_tui.server.live.subscribers import Subscriber
from imagechat_tui.server.storage import RoomKey
from imagechat_tui.server.usecases.refusals import Refused

PING_EVERY_S = 20.0
CLOSE_WITHIN_S = 2.0
MAX_FRAME_BYTES = 4 * 1024
MAX_SOCKET_TARGET_BYTES = 16 * 1024
"""Of the address and ``Authorization`` of a request that would be kept as long as its socket: room, token and position
are far shorter."""
MAX_IDS = 500
OVERLOAD_SPREAD_S = 5
"""Over how many seconds those are spread who come all at once."""


async def subscribe(request: web.Request) -> web.StreamResponse:
    """Make the request a socket of one room, and serve it until it ends."""
    serving = request.app[SERVING]
    if len(request.raw_path) + len(request.headers.get(hdrs.AUTHORIZATION, "")) > MAX_SOCKET_TARGET_BYTES:
        raise Refused(414, codes.TOO_LARGE)
    ids = codec.decode_subscribe(request.query)
    ids = replace(ids, user_id_ws=listener_of(request))
    v2, resume = codec.wants_v2(request.query), codec.decode_resume(request.query)
    tenant_id, changes = TenantId(ids.tenant_id_ws), serving.rules.changes
    actor = await view(request, serving.auth, tenant_id, ids.user_id_ws, renews=v2)
    room = serving.tokens.room_named(tenant_id, ids.url_id_ws)
    guest_from = address_of(request) if actor.anonymous else None
    if guest_from is not None:  # not when the socket ends: that may be a day away
        check_limit(request, Limit.ADDRESS, guest_from)
    serving.queries.admit(actor)
    check_limit(request, Limit.HANDSHAKE, f"{room} {guest_from or actor.id}")
    check_limit(request, Limit.SOCKETS, f"{tenant_id} {guest_from or actor.id}")
    if not serving.seats.take(tenant_id, actor.id, guest_from):
        raise Refused(429, codes.RATE_LIMITED, "Too many sockets.", retry_after_s=10)
    try:
        return await _listen(
            request, serving, room, actor, ids, v2=v2, resume=resume if v2 else None, changes=changes
        )
    finally:
        serving.seats.give_back(tenant_id, actor.id, guest_from)


async def _listen(
    request: web.Request,
    serving: Serving,
    room: RoomKey,
    actor: Actor,
    ids: RoomIds,
    *,
    v2: bool,
    resume: Position | None,
    changes: int,
) -> web.WebSocketResponse:
    gate, flooded, now = gate_of(request), asyncio.Event(), time.monotonic()
    meter = FrameMeter(Bucket(serving.frames.any, now), Bucket(serving.frames.others, now), time.monotonic)
    if gate is not None:
        gate.count_frames(meter, flooded.set)
        if flooded.is_set():  # before there is a socket
            raise Refused(429, codes.RATE_LIMITED, retry_after_s=serving.frames.others.burst)
    socket = web.WebSocketResponse(
        timeout=CLOSE_WITHIN_S,
        heartbeat=PING_EVERY_S,
        compress=False,
        autoping=False,  # pings count, too: see _hear
        max_msg_size=MAX_FRAME_BYTES + 1,  # aiohttp refuses what reaches it
    )
    if not socket.can_prepare(request):
        raise Refused(426, codes.UPGRADE_REQUIRED)
    # last: it is everybody's, so that whom another check refuses must not use it up
    if serving.limits.check(Limit.HANDSHAKES, serving.process, time.monotonic()) is not None:
        raise Refused(503, codes.OVERLOADED, retry_after_s=random.randint(1, OVERLOAD_SPREAD_S))
    transport = request.transport
    if transport is None:
        return socket
    subscriber = await serving.hub.join(
        room,
        transport,
        actor.id,
        v2=v2,
        resume=resume,
        unseen=codec.wants_unseen(request.query),
        open_wire=partial(socket.prepare, request),
    )
    if (
        serving.rules.changes != changes
    ):  # an operator has decided something meanwhile, and it was not here yet
        serving.hub.dismiss(subscriber, CloseCode.SIGN_IN)
    token = serving.tokens.read_user_token(ids.user_id_ws, serving.now_ms() / 1000)
    expiry: asyncio.TimerHandle | None = None
    if token is not None:
        left_s = token.expires_s - serving.now_ms() / 1000
        expiry = asyncio.get_running_loop().call_later(
            left_s, serving.hub.dismiss, subscriber, CloseCode.SIGN_IN
        )
    try:
        if gate is not None:
            gate.count_frames(meter, lambda: serving.hub.dismiss(subscriber, CloseCode.POLICY))
        if flooded.is_set() or not await _hear(socket, serving, subscriber):
            await _send_away(serving, subscriber, gate)
    finally:
        if expiry is not None:
            expiry.cancel()
        serving.hub.leave(subscriber)
    return socket


async def _hear(socket: web.WebSocketResponse, serving: Serving, subscriber: Subscriber) -> bool:
    """Read what the client sends until it goes: crosshairs and versions count, everything else only up to a limit.

    Counted here as well as at the gate: what came in one packet with the handshake did not pass there.

    Returns:
        False if it was too much.
    """
    started = time.monotonic()
    frames, crosshairs = Bucket(serving.frames.others, started), Bucket(serving.frames.crosshairs, started)
    messages = Bucket(serving.frames.any, started)
    async for message in socket:
        now = time.monotonic()
        told = codec.decode_client_frame(message.data) if message.type is WSMsgType.TEXT else None
        if messages.take(now) is not None or (told is None and frames.take(now) is not None):
            return False
        if message.type is WSMsgType.PING:
            await socket.pong(message.data)
        elif not subscriber.v2:
            continue
        elif isinstance(told, codec.ClientViewing):
            serving.hub.looks_at(subscriber, told.version)
        elif told is not None and crosshairs.take(now) is None:
            serving.hub.crosshair_moved(subscriber, told.point)
    return True


async def _send_away(serving: Serving, subscriber: Subscriber, gate: Gate | None) -> None:
    """End a socket that sends too much. What it has sent is not read to find its goodbye among it."""
    serving.hub.dismiss(subscriber, CloseCode.POLICY)
    if gate is not None:
        gate.stop_reading()
        await asyncio.sleep(ANSWER_WITHIN_S)


async def presence_status(request: web.Request) -> web.Response:
    """Answer which of some users are in a room."""
    serving, query = request.app[SERVING], request.query
    tenant_id, url_id_ws = TenantId(query.get("tenantId", "")), query.get("urlIdWS", "")
    ids = [part for part in query.get("userIds", "").split(",") if part]
    if not tenant_id or not url_id_ws or not ids or len(ids) > MAX_IDS:
        raise Refused(422, codes.INVALID_INPUT)
    actor = await sign_in(request, serving.auth, tenant_id)
    serving.queries.admit(actor)
    count_read(request, actor)
    online = set(serving.hub.online(serving.tokens.room_named(tenant_id, url_id_ws)))
    return answered(codec.encode_presence_status({UserId(one): UserId(one) in online for one in ids}))


async def users_online(request: web.Request) -> web.Response:
    """Answer who is on a page."""
    actor, url_id = await _page_reader(request)
    answer = await request.app[SERVING].people.online(actor.tenant_id, url_id)
    return answered(codec.encode_users_online(answer, v2=codec.wants_v2(request.query)))


async def users_offline(request: web.Request) -> web.Response:
    """Answer who has written on a page and is not there now."""
    actor, url_id = await _page_reader(request)
    serving = request.app[SERVING]
    here = set(serving.hub.online(serving.tokens.room(actor.tenant_id, url_id)))
    wrote = await serving.store.commenters(actor.tenant_id, url_id)
    away = [one for one in wrote if one not in here and not one.startswith(ANONYMOUS_PREFIX)]
    users = await serving.people.profiles(actor.tenant_id, away[:MAX_IDS])
    body = codec.encode_users_info(users)
    return answered({**body, "nextAfterName": None, "nextAfterUserId": None})


async def users_info(request: web.Request) -> web.Response:
    """Answer with the profiles of some users."""
    actor = await reader(request)
    serving = request.app[SERVING]
    ids = [UserId(part) for part in request.query.get("ids", "").split(",") if part]
    if not ids or len(ids) > MAX_IDS:
        raise Refused(422, codes.INVALID_INPUT)
    await take_turn(request, actor)
    users = await serving.store.users(actor.tenant_id, ids)
    return answered(codec.encode_users_info(users))


async def search_users(request: web.Request) -> web.Response:
    """Answer with people whose name begins so."""
    actor = await reader(request)
    await take_turn(request, actor)
    found = await request.app[SERVING].people.named(actor, request.query.get("usernameStartsWith", ""))
    request.app[SERVING].meters.of(actor.tenant_id).user_searches += 1
    return answered(codec.encode_users_found(found))


async def _page_reader(request: web.Request) -> tuple[Actor, UrlId]:
    actor = await reader(request)
    if not request.query.get("urlId"):
        raise Refused(422, codes.INVALID_INPUT, "urlId is missing.")
    await take_turn(request, actor)
    return actor, clean(request.query["urlId"])


ROUTES: tuple[tuple[routes.Route, Handler], ...] = (
    (routes.SUBSCRIBE, subscribe),
    (routes.PRESENCE_STATUS, presence_status),
    (routes.USERS_ONLINE, users_online),
    (routes.Route("GET", "/pages/{tenant_id}/users/offline"), users_offline),
    (routes.USERS_INFO, users_info),
    (routes.SEARCH_USERS, search_users),
)
