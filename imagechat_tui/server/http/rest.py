"""REST: decode, call the use case, encode."""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import re
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable

from aiohttp import hdrs, web
from msgspec.structs import replace

from imagechat_tui.protocol import codec, codes, routes
from imagechat_tui.protocol.codec import JsonObject, MalformedMessage
from imagechat_tui.protocol.codec.usage import decode_usage_query, encode_daily_usages, wants_messages
from imagechat_tui.protocol.ids import BroadcastId, CommentId, ConversationId, ImageId, TenantId, UrlId
from imagechat_tui.protocol.routes import MAX_PICTURE_BYTES, PICTURE_BYTES_PER_S
from imagechat_tui.server.guard.access import SIGN_IN, Action, Actor, allowed
from imagechat_tui.server.guard.limits import Limit, tenant_requests
from imagechat_tui.server.http.callers import (
    SESSION_COOKIE,
    SHARED_USES,
    TURN,
    address_of,
    api_key_of,
    from_this_machine,
    hold_key,
    listener_of,
    session_of,
    sign_in,
    view,
)
from imagechat_tui.server.http.context import SERVING
from imagechat_tui.server.usecases.commands import Request
from imagechat_tui.server.usecases.refusals import Refused, picture_not_found

PICTURE_CHUNK_BYTES = 256 * 1024

_SHA256 = re.compile(r"[0-9a-f]{64}")
_PICTURE_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    hdrs.CACHE_CONTROL: "private, max-age=31536000, immutable",
}

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


async def list_conversations(request: web.Request) -> web.Response:
    """Answer with the markers of an image."""
    actor, v2 = await reader(request), codec.wants_v2(request.query)
    url_id = codec.decode_list_conversations(request.query)
    await take_turn(request, actor)
    answer = await request.app[SERVING].queries.conversations(actor, url_id, v2=v2)
    if v2:  # it has the comments of all threads
        request.app[SERVING].meters.of(actor.tenant_id).comment_lists += 1
    return _stored(answer)


async def list_rooms(request: web.Request) -> web.Response:
    """Answer with the keys of a tenant's pictures."""
    actor = await reader(request)
    _extended(request)
    await take_turn(request, actor)
    rooms = await request.app[SERVING].queries.rooms(actor, UrlId(request.query.get("after", "")))
    return answered(codec.encode_rooms(rooms))


async def create_conversation(request: web.Request) -> web.Response:
    """Make a marker."""
    actor = await writer(request)
    async with _rights_first(request, actor, Action.CREATE_MARKER):
        create = codec.decode_create_conversation(await body_of(request), v2=codec.wants_v2(request.query))
    asked = _request(request, actor, create.broadcast_id, create)
    return _stored(await request.app[SERVING].markers.create_conversation(asked, create))


async def update_conversation(request: web.Request) -> web.Response:
    """Move, resolve or reopen a marker."""
    actor, chat_id = await writer(request), ConversationId(request.match_info["chat_id"])
    async with _rights_first(request, actor, Action.RESOLVE_MARKER, conversation_id=chat_id):
        update = codec.decode_update_conversation(await body_of(request))
    asked = _request(request, actor, update.broadcast_id, chat_id, update)
    return _stored(await request.app[SERVING].markers.update_conversation(asked, chat_id, update))


async def delete_conversation(request: web.Request) -> web.Response:
    """Delete a marker with its thread."""
    actor, chat_id = await writer(request), ConversationId(request.match_info["chat_id"])
    async with _rights_first(request, actor, Action.DELETE_MARKER, conversation_id=chat_id):
        body = await body_of(request) if request.can_read_body else {}
        broadcast_id = codec.decode_broadcast_id(request.query, body)
    asked = _request(request, actor, broadcast_id, "delete", chat_id)
    return _stored(await request.app[SERVING].markers.delete_conversation(asked, chat_id))


async def restore_conversation(request: web.Request) -> web.Response:
    """Have a deleted marker back with its thread."""
    actor, chat_id = await writer(request), ConversationId(request.match_info["chat_id"])
    broadcast_id = codec.decode_broadcast_id(
        request.query, await body_of(request) if request.can_read_body else {}
    )
    asked = _request(request, actor, broadcast_id, "restore", chat_id)
    return _stored(await request.app[SERVING].markers.restore_conversation(asked, chat_id))


async def open_image(request: web.Request) -> web.Response:
    """Say which image a picture is."""
    actor = await reader(request)
    _extended(request)
    async with _rights_first(request, actor, Action.READ):
        opened = codec.decode_open_image(await body_of(request))
    if opened.bind is not None:
        _identified(actor)
        check_limit(request, Limit.ATTEMPT, f"{actor.tenant_id} {_counted_as(request, actor)}")
    asked = _request(request, actor, opened.broadcast_id, opened)
    return _stored(await request.app[SERVING].images.open_image(asked, opened))


async def show_image(request: web.Request) -> web.Response:
    """Answer with the places and the versions of an image."""
    actor = await reader(request)
    _extended(request)
    details = await request.app[SERVING].images.show_image(actor, ImageId(request.match_info["image_id"]))
    return answered(codec.encode_image_details(details))


async def link_image(request: web.Request) -> web.Response:
    """Give places to an image."""
    actor, image_id = await writer(request), ImageId(request.match_info["image_id"])
    _extended(request)
    async with _rights_first(request, actor, Action.LINK_PICTURE, image_id=image_id):
        opened = codec.decode_open_image(await body_of(request))
    asked = _request(request, actor, opened.broadcast_id, image_id, opened)
    return _stored(await request.app[SERVING].images.link_image(asked, image_id, opened))


async def read_state(request: web.Request) -> web.Response:
    """Answer with how far the asking user has read."""
    actor = await reader(request)
    _extended(request)
    url_id = codec.decode_list_conversations(request.query)
    return answered(codec.encode_read_state(await request.app[SERVING].read_states.show(actor, url_id)))


async def change_read_state(request: web.Request) -> web.Response:
    """Note how far the asking user has read. It is counted as a read: to others it changes nothing."""
    actor = await reader(request)
    _extended(request)
    states = request.app[SERVING].read_states
    states.admit(actor)
    url_id = codec.decode_list_conversations(request.query)
    change = codec.decode_change_read_state(await body_of(request))
    return answered(codec.encode_read_state(await states.change(actor, url_id, change)))


async def placements(request: web.Request) -> web.Response:
    """Answer with where the markers of an image are on one of its versions."""
    actor = await reader(request)
    _extended(request)
    url_id, version = codec.decode_placements_query(request.query)
    shown = await request.app[SERVING].placements.show(actor, url_id, version)
    return answered(codec.encode_placements(shown))


async def change_placements(request: web.Request) -> web.Response:
    """Note where markers are on a version. It needs no broadcastId: done twice it is done once."""
    actor = await writer(request)
    _extended(request)
    commands = request.app[SERVING].placements
    commands.admit(actor)
    url_id = codec.decode_list_conversations(request.query)
    change = codec.decode_change_placements(await body_of(request))
    changed = await commands.place(actor, _counted_as(request, actor), url_id, change)
    return answered(codec.encode_placements(changed))


async def summarize(request: web.Request) -> web.Response:
    """Answer with how it stands with several images."""
    actor = await reader(request)
    _extended(request)
    asked = codec.decode_summarize(await body_of(request))
    await take_turn(request, actor)
    return answered(codec.encode_summaries(await request.app[SERVING].summaries.show(actor, asked)))


async def show_picture(request: web.Request) -> web.StreamResponse:
    """Answer with a picture itself. What has this address never changes."""
    actor = await reader(request)
    path, kind = await request.app[SERVING].pictures.show(actor, _sha256(request))
    return web.FileResponse(path, headers=_PICTURE_HEADERS | {hdrs.CONTENT_TYPE: kind})


async def keep_picture(request: web.Request) -> web.Response:
    """Keep a picture itself; it needs no broadcastId: done twice it is done once."""
    actor = await writer(request)
    pictures, sha256, length = request.app[SERVING].pictures, _sha256(request), request.content_length or 0
    pictures.admit(actor)
    if length > MAX_PICTURE_BYTES:
        raise Refused(413, codes.TOO_LARGE, "A picture may have 20 MiB.")
    try:
        async with asyncio.timeout(request.app[SERVING].body_within_s + length / PICTURE_BYTES_PER_S):
            chunks = request.content.iter_chunked(PICTURE_CHUNK_BYTES)
            await pictures.keep(actor, _counted_as(request, actor), sha256, length, chunks)
    except TimeoutError:
        raise Refused(408, codes.DEADLINE, "The body did not come in time.") from None
    return answered(codec.encode_success())


async def list_comments(request: web.Request) -> web.Response:
    """Answer with a page of a thread."""
    actor, query = await reader(request), dict(request.query)
    if tags := request.query.getall("hashTags", ()):  # SDKs repeat it
        query["hashTags"] = ",".join(tags)
    asked = codec.decode_list_comments(query)
    await take_turn(request, actor)
    answer = await request.app[SERVING].queries.comments(actor, asked)
    request.app[SERVING].meters.of(actor.tenant_id).comment_lists += 1
    return _stored(answer)


async def create_comment(request: web.Request) -> web.Response:
    """Make a comment."""
    actor = await writer(request)
    async with _rights_first(request, actor, Action.COMMENT):
        create = codec.decode_create_comment(await body_of(request), request.query)
    # when it was sent is another time with each repetition, and means nothing here
    asked = _request(request, actor, create.broadcast_id, replace(create, date_ms=None))
    answer = await request.app[SERVING].comments.create_comment(asked, create)
    return _for_guest(request, answer, actor, "comment")


async def comment_text(request: web.Request) -> web.Response:
    """Answer with the source of a comment."""
    actor, edit_key = await reader(request), _edit_key(request)
    if not edit_key:
        _identified(actor)
    text = await request.app[SERVING].queries.comment_text(actor, _comment_id(request), edit_key)
    return answered(codec.encode_comment_text(text))


async def edit_comment(request: web.Request) -> web.Response:
    """Give a comment another text."""
    actor, comment_id = await writer(request), _comment_id(request)
    async with _rights_first(request, actor, Action.EDIT_COMMENT, comment_id=comment_id):
        edit = codec.decode_edit_comment(await body_of(request), request.query, comment_id)
    asked = _request(request, actor, edit.broadcast_id, edit)
    return _stored(await request.app[SERVING].comments.edit_comment(asked, edit))


async def delete_comment(request: web.Request) -> web.Response:
    """Delete a comment and its replies."""
    actor, comment_id = await writer(request), _comment_id(request)
    async with _rights_first(request, actor, Action.DELETE_COMMENT, comment_id=comment_id):
        broadcast_id = codec.decode_broadcast_id(request.query)
    asked = _request(request, actor, broadcast_id, "delete", comment_id)
    return _stored(await request.app[SERVING].comments.delete_comment(asked, comment_id))


def pinning(*, pinned: bool) -> Handler:
    """The handler that pins a comment, or takes its pin away."""

    async def pin(request: web.Request) -> web.Response:
        actor, comment_id = await writer(request), _comment_id(request)
        async with _rights_first(request, actor, Action.PIN_COMMENT, comment_id=comment_id):
            broadcast_id = codec.decode_broadcast_id(request.query)
        asked = _request(request, actor, broadcast_id, "pin", comment_id, pinned)
        return _stored(await request.app[SERVING].comments.pin_comment(asked, comment_id, pinned=pinned))

    return pin


def locking(*, locked: bool) -> Handler:
    """The handler that locks a comment, or unlocks it."""

    async def lock(request: web.Request) -> web.Response:
        actor, comment_id = await writer(request), _comment_id(request)
        async with _rights_first(request, actor, Action.LOCK_COMMENT, comment_id=comment_id):
            broadcast_id = codec.decode_broadcast_id(request.query)
        asked = _request(request, actor, broadcast_id, "lock", comment_id, locked)
        return _stored(await request.app[SERVING].comments.lock_comment(asked, comment_id, locked=locked))

    return lock


def closing(*, closed: bool) -> Handler:
    """The handler that closes a thread, or opens it again. SDKs give it no broadcastId: done twice it is done once."""

    async def close(request: web.Request) -> web.Response:
        actor = await writer(request)
        async with _rights_first(request, actor, Action.CLOSE_THREAD):
            url_id = codec.decode_list_conversations(request.query)
            given = "broadcastId" in request.query
            broadcast_id = (
                codec.decode_broadcast_id(request.query) if given else BroadcastId(str(uuid.uuid4()))
            )
        asked = _request(request, actor, broadcast_id, "close", url_id, closed)
        return _stored(await request.app[SERVING].comments.close_thread(asked, url_id, closed=closed))

    return close


async def logout(request: web.Request) -> web.Response:
    """Take the session's cookie away. Sessions are signed and stored nowhere: there is nothing else to end."""
    answer = answered(codec.encode_success())
    answer.del_cookie(SESSION_COOKIE, httponly=True, secure=True, samesite="None")
    return answer


async def vote(request: web.Request) -> web.Response:
    """Vote for or against a comment."""
    actor, comment_id = await writer(request), _comment_id(request)
    async with _rights_first(request, actor, Action.VOTE, comment_id=comment_id):
        codec.decode_list_conversations(request.query)  # SDKs name the page; the comment knows it
        broadcast_id, direction = (
            codec.decode_broadcast_id(request.query),
            codec.decode_vote(await body_of(request)),
        )
    asked = _request(request, actor, broadcast_id, "vote", comment_id, direction)
    answer = await request.app[SERVING].votes.vote(asked, comment_id, direction)
    return _for_guest(request, answer, actor, "vote")


async def unvote(request: web.Request) -> web.Response:
    """Take a vote back."""
    actor, comment_id = await writer(request), _comment_id(request)
    async with _rights_first(request, actor, Action.VOTE, comment_id=comment_id):
        broadcast_id = codec.decode_broadcast_id(request.query)
    vote_id = request.match_info["vote_id"]
    asked = _request(request, actor, broadcast_id, "unvote", comment_id, vote_id)
    return _stored(await request.app[SERVING].votes.unvote(asked, comment_id, vote_id))


async def voters(request: web.Request) -> web.Response:
    """Answer who has voted."""
    actor, direction = await reader(request), codec.decode_voters_query(request.query)
    answer = await request.app[SERVING].queries.voters(actor, _comment_id(request), direction)
    return answered(codec.encode_voters(answer))


async def flag_comment(request: web.Request) -> web.Response:
    """Point a comment out to moderators, or no more."""
    actor, comment_id = await writer(request), _comment_id(request)
    async with _rights_first(request, actor, Action.FLAG_COMMENT, comment_id=comment_id):
        flagged = codec.decode_flag_query(request.query)
    opinions = request.app[SERVING].opinions
    await opinions.flag(actor, _counted_as(request, actor), comment_id, flagged=flagged)
    return answered(codec.encode_success())


def blocking(*, blocked: bool) -> Handler:
    """The handler that blocks the author of a comment, or lets them be seen again."""

    async def block(request: web.Request) -> web.Response:
        actor, comment_id = await writer(request), _comment_id(request)
        async with _rights_first(request, actor, Action.BLOCK_AUTHOR, comment_id=comment_id):
            others = codec.decode_block(await body_of(request) if request.can_read_body else {})
        opinions, counted_as = request.app[SERVING].opinions, _counted_as(request, actor)
        statuses = await opinions.block(actor, counted_as, comment_id, others, blocked=blocked)
        return answered(codec.encode_blocked(statuses))

    return block


async def check_blocked(request: web.Request) -> web.Response:
    """Answer which comments are by people whom the asking user has blocked."""
    actor, comment_ids = await reader(request), codec.decode_check_blocked(request.query)
    return answered(codec.encode_blocked(await request.app[SERVING].opinions.blocked(actor, comment_ids)))


async def event_log(request: web.Request) -> web.Response:
    """Answer with what happened in a room."""
    serving, v2 = request.app[SERVING], codec.wants_v2(request.query)
    tenant_id = _tenant_id(request)
    query = codec.decode_event_log_query(request.query)
    actor = await view(request, serving.auth, tenant_id, listener_of(request))
    serving.queries.admit(actor)
    count_read(request, actor)
    room = serving.tokens.room(tenant_id, codec.decode_list_conversations(request.query))
    await take_turn(request, actor)
    registered_ms = serving.hub.registered_at_ms(room, actor.id)
    log = await serving.queries.event_log(actor, query, v2=v2, registered_ms=registered_ms)
    answer = _stored(await serving.queries.written(log))
    answer.headers[routes.LOG_COMPLETE_HEADER] = "true" if log.complete else "false"
    return answer


async def daily_usage(request: web.Request) -> web.Response:
    """Answer with what a tenant has used, to who holds its key."""
    serving = request.app[SERVING]
    if not api_key_of(request):
        raise Refused(401, codes.MISSING_API_KEY)
    tenant_id = _tenant_id(request)
    await hold_key(request, serving.auth, tenant_id)
    _count_read_of(request, tenant_id, tenant_id, guest=False)
    asked, messages = decode_usage_query(request.query), wants_messages(request.query)
    return answered(
        encode_daily_usages(tenant_id, await serving.usage.show(tenant_id, asked), messages=messages)
    )


async def health(request: web.Request) -> web.Response:
    """Say that the process runs."""
    return answered(codec.encode_success())


async def ready(request: web.Request) -> web.Response:
    """Say that the store can be read from and written to."""
    await request.app[SERVING].store.check()
    return answered(codec.encode_success())


async def metrics(request: web.Request) -> web.Response:
    """Answer with counters of the process in the Prometheus text format, none of them about one tenant."""
    serving = request.app[SERVING]
    _may_read_metrics(request, serving.metrics_token)
    counters, meters = serving.hub.counters, serving.meters
    told = {
        "imagechat_sockets": ("gauge", serving.hub.sockets),
        "imagechat_messages_total": ("counter", meters.messages),
        "imagechat_message_bytes_total": ("counter", meters.message_bytes),
        "imagechat_resets_total": ("counter", counters.resets),
        "imagechat_replays_total": ("counter", counters.replays),
        "imagechat_slow_closes_total": ("counter", counters.slow_closes),
    }
    text = "".join(f"# TYPE {name} {kind}\n{name} {value}\n" for name, (kind, value) in told.items())
    return web.Response(text=text, content_type="text/plain", charset="utf-8")


def _may_read_metrics(request: web.Request, token: str | None) -> None:
    """Refuse who does not bring the token; where there is none, who does not ask from this machine."""
    if token is None:
        if not from_this_machine(request):
            raise Refused(403, codes.UNAUTHORIZED, "Without a token these are told on this machine only.")
    elif not hmac.compare_digest(
        f"Bearer {token}".encode(),
        request.headers.get(hdrs.AUTHORIZATION, "").encode("utf-8", "surrogateescape"),
    ):
        raise Refused(401, codes.UNAUTHORIZED, "The token for metrics is missing, or another one.")


async def reader(request: web.Request) -> Actor:
    """Find out who reads; refuse who may not."""
    actor = await sign_in(request, request.app[SERVING].auth, _tenant_id(request))
    request.app[SERVING].queries.admit(actor)
    count_read(request, actor)
    return actor


async def writer(request: web.Request) -> Actor:
    """Find out who writes. It is counted where it is decided: what is refused before costs the tenant nothing."""
    actor = await sign_in(request, request.app[SERVING].auth, _tenant_id(request))
    _identified(actor)
    check_limit(request, Limit.ATTEMPT, f"{actor.tenant_id} {_counted_as(request, actor)}")
    return actor


def _extended(request: web.Request) -> None:
    """Refuse who did not ask for our extensions: for them the path is one that is not there."""
    if not codec.wants_v2(request.query):
        raise Refused(404, codes.NOT_FOUND)


def _identified(actor: Actor) -> None:
    """Refuse nobody in particular before they learn what is there and what is not."""
    if allowed(actor, Action.COMMENT) == SIGN_IN:
        raise Refused(SIGN_IN.status, SIGN_IN.code)


async def body_of(request: web.Request) -> JsonObject:
    """The JSON object in the body, which has some seconds to come."""
    try:
        async with asyncio.timeout(request.app[SERVING].body_within_s):
            raw = await request.read()
    except TimeoutError:
        raise Refused(408, codes.DEADLINE, "The body did not come in time.") from None
    return codec.parse_object(raw)


def answered(body: JsonObject) -> web.Response:
    """The answer of a request that succeeds: always 200."""
    return _stored(codec.dump_json(body))


def check_limit(request: web.Request, limit: Limit, key: str) -> None:
    """Count one use; refuse who has used it up."""
    wait_s = request.app[SERVING].limits.check(limit, key, time.monotonic())
    if wait_s is not None:
        raise Refused(429, codes.RATE_LIMITED, retry_after_s=wait_s)


async def take_turn(request: web.Request, actor: Actor) -> None:
    """Wait until nothing else is read for the same caller that may be long."""
    request[TURN] = await request.app[SERVING].turns.take(f"{actor.tenant_id} {_counted_as(request, actor)}")


def count_read(request: web.Request, actor: Actor) -> None:
    """Count one read by its user, or address; by its tenant only once it is answered (``SHARED_USES``)."""
    _count_read_of(request, actor.tenant_id, _counted_as(request, actor), guest=actor.anonymous)


def _count_read_of(request: web.Request, tenant_id: TenantId, reader: str, *, guest: bool) -> None:
    limits, now = request.app[SERVING].limits, time.monotonic()
    shared = tenant_requests(tenant_id, guest=guest)
    own = (Limit.READ, f"{tenant_id} {reader}")
    refused = limits.look_at_all(shared, now) or limits.check_all((own,), now)
    if refused is not None:
        raise Refused(429, codes.RATE_LIMITED, retry_after_s=refused[1])
    request[SHARED_USES] = shared


def _counted_as(request: web.Request, actor: Actor) -> str:
    """Whose use something is: who did not sign in is somebody else whenever they like, at one address."""
    return address_of(request) if actor.anonymous else actor.id


def _tenant_id(request: web.Request) -> TenantId:
    """The tenant of the path, else of the query."""
    tenant_id = request.match_info.get("tenant_id") or request.query.get("tenantId")
    if not tenant_id:
        raise Refused(400, codes.INVALID_INPUT, "tenantId is missing.")
    return TenantId(tenant_id)


def _sha256(request: web.Request) -> str:
    """A picture that nothing can have is one that is not there."""
    sha256 = request.match_info["sha256"]
    if not _SHA256.fullmatch(sha256):
        raise picture_not_found()
    return sha256


def _comment_id(request: web.Request) -> CommentId:
    return CommentId(request.match_info["comment_id"])


def _request(request: web.Request, actor: Actor, broadcast_id: BroadcastId, *fingerprint: object) -> Request:
    return Request(
        actor=actor,
        counted_as=_counted_as(request, actor),
        broadcast_id=broadcast_id,
        deadline_ms=_deadline_ms(request),
        fingerprint=fingerprint,
        v2=codec.wants_v2(request.query),
        edit_key=_edit_key(request),
    )


def _edit_key(request: web.Request) -> str:
    return request.query.get("editKey", "")


def _deadline_ms(request: web.Request) -> int | None:
    given = request.headers.get(routes.DEADLINE_HEADER, "")
    return int(given) if given.isascii() and given.isdigit() and len(given) <= 15 else None


@contextlib.asynccontextmanager
async def _rights_first(
    request: web.Request,
    actor: Actor,
    action: Action,
    *,
    conversation_id: ConversationId | None = None,
    comment_id: CommentId | None = None,
    image_id: ImageId | None = None,
) -> AsyncIterator[None]:
    """For reading a body: one that cannot be read must not hide that the thing is not there, or not the
    caller's (the order of PROMISES 6)."""
    try:
        yield
    except MalformedMessage:
        await request.app[SERVING].queries.check(
            actor,
            action,
            conversation_id=conversation_id,
            comment_id=comment_id,
            image_id=image_id,
            edit_key=_edit_key(request),
        )
        raise


def _for_guest(request: web.Request, stored: bytes, actor: Actor, made: str) -> web.Response:
    """The answer with what a guest needs to be known again: session, edit key of what they made, and the token for
    sockets if there was no session before. The store never sees any of them."""
    session = actor.user.session_id
    if session is None:
        return _stored(stored)
    serving, answer = request.app[SERVING], codec.parse_object(stored)
    if made == "vote":
        key = serving.tokens.edit_key(actor.tenant_id, str(answer["voteId"]))
        return answered(answer | {"user": {"sessionId": session}, "editKey": key})
    comment = answer["comment"]
    assert isinstance(comment, dict)
    key = serving.tokens.edit_key(actor.tenant_id, str(comment["_id"]))
    answer |= {"comment": comment | {"editKey": key}, "user": codec.encode_user(actor.user)}
    if session in (session_of(request), request.cookies.get(SESSION_COOKIE)):
        return answered(answer)
    return answered(answer | {"userIdWS": serving.queries.user_token(actor)})


def _stored(body: bytes) -> web.Response:
    return web.Response(body=body, content_type="application/json", charset="utf-8")


ROUTES: tuple[tuple[routes.Route, Handler], ...] = (
    (routes.LIST_CONVERSATIONS, list_conversations),
    (routes.CREATE_CONVERSATION, create_conversation),
    (routes.UPDATE_CONVERSATION, update_conversation),
    (routes.DELETE_CONVERSATION, delete_conversation),
    (routes.RESTORE_CONVERSATION, restore_conversation),
    (routes.OPEN_IMAGE, open_image),
    (routes.SHOW_IMAGE, show_image),
    (routes.LINK_IMAGE, link_image),
    (routes.READ_STATE, read_state),
    (routes.CHANGE_READ_STATE, change_read_state),
    (routes.PLACEMENTS, placements),
    (routes.CHANGE_PLACEMENTS, change_placements),
    (routes.LIST_ROOMS, list_rooms),
    (routes.SUMMARIZE, summarize),
    (routes.SHOW_PICTURE, show_picture),
    (routes.KEEP_PICTURE, keep_picture),
    (routes.LIST_COMMENTS, list_comments),
    (routes.CREATE_COMMENT, create_comment),
    (routes.COMMENT_TEXT, comment_text),
    (routes.EDIT_COMMENT, edit_comment),
    (routes.DELETE_COMMENT, delete_comment),
    (routes.PIN_COMMENT, pinning(pinned=True)),
    (routes.UNPIN_COMMENT, pinning(pinned=False)),
    (routes.LOCK_COMMENT, locking(locked=True)),
    (routes.UNLOCK_COMMENT, locking(locked=False)),
    (routes.CLOSE_THREAD, closing(closed=True)),
    (routes.REOPEN_THREAD, closing(closed=False)),
    (routes.LOGOUT, logout),
    (routes.VOTE, vote),
    (routes.UNVOTE, unvote),
    (routes.VOTERS, voters),
    (routes.FLAG_COMMENT, flag_comment),
    (routes.BLOCK_AUTHOR, blocking(blocked=True)),
    (routes.UNBLOCK_AUTHOR, blocking(blocked=False)),
    (routes.CHECK_BLOCKED, check_blocked),
    (routes.EVENT_LOG, event_log),
    (routes.DAILY_USAGE, daily_usage),
    (routes.HEALTH, health),
    (routes.READY, ready),
    (routes.Route("GET", "/metrics"), metrics),
)
