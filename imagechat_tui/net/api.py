"""The server's REST routes, one method each. Failures leave as ApiError, never as the library's own."""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import NamedTuple, TypeVar, assert_never
from urllib.parse import urlsplit

from msgspec.structs import replace

from imagechat_tui.net.departure import Departure
from imagechat_tui.net.endpoint import Endpoint
from imagechat_tui.net.exchange import Answer, Exchange
from imagechat_tui.net.failures import (
    ApiError,
    BadAnswer,
    Intercepted,
    NoImageChats,
    Refused,
    TimedOut,
    Unreachable,
    Unsupported,
    pointed_to,
)
from imagechat_tui.net.guest import Guest
from imagechat_tui.problems import ProblemKind
from imagechat_tui.protocol import authorization, codec, codes, routes
from imagechat_tui.protocol.ids import BroadcastId, CommentId, ImageId, UrlId
from imagechat_tui.protocol.models import Placements, ReadState, User
from imagechat_tui.protocol.thread_keys import UrlTooLong, clean, rounded, thread_key
from imagechat_tui.sync.effects import SendRequest
from imagechat_tui.sync.intents import (
    BlockAuthor,
    DeleteComment,
    DeleteConversation,
    EditComment,
    FlagComment,
    LockComment,
    MoveConversation,
    PinComment,
    PostComment,
    ResolveConversation,
    RestoreConversation,
    StartConversation,
    VoteComment,
)
from imagechat_tui.sync.state import Peer, Room

__all__ = [
    "Api",
    "ApiError",
    "BadAnswer",
    "Intercepted",
    "NoImageChats",
    "Refused",
    "TimedOut",
    "Unreachable",
    "Unsupported",
    "WriteReply",
]

WriteReply = routes.ConversationReply | routes.CommentReply | routes.EditReply | routes.VoteReply | None
"""What a write is answered with; None for deletions."""

WRITE_S = 10.0
UPLOAD_S = 25.0
"""Besides what a picture may take on its way: longer than the server waits, which then says so itself."""
READ_RETRIES = 2
RETRY_PAUSE_S = (0.5, 2.0)
"""Bounds of the random pause before a read is tried again."""
_ALLOWED_BY = re.compile(r"--allow-host ([a-z0-9_](?:[a-z0-9._-]{0,251}[a-z0-9_])?)", re.IGNORECASE)
"""The name that a request came under, in the sentence of a server that does not go by it."""
LONGEST_RETRY_AFTER_S = 5.0
"""Told to wait longer, a read fails: whoever asked knows better what to do meanwhile."""
MOST_PAGES = 50
"""Pages of one thread: 10,000 comments."""
HOSTED_BASELINE_SLACK_MS = 2_000
"""A hosted list is at most this much older than the ``Date`` of its answer (PROTOCOL 8.2)."""

_NO_SUCH_ROUTE = frozenset({400, 401, 403, 404, 405, 501})
"""What a server that knows pages only may say of a path of ours; without our header it is not ours that says it."""

Asked = TypeVar("Asked")
Decoded = TypeVar("Decoded")
Listing = TypeVar("Listing", routes.ConversationList, routes.CommentList)


class _Signed(NamedTuple):
    """A request's query and headers, with what says who asks."""

    query: Mapping[str, str]
    headers: Mapping[str, str]


class Api:
    """One server, asked for one tenant. Reads are retried; a write is sent once (PROMISES D9)."""

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        uniform: Callable[[float, float], float] = random.uniform,
    ) -> None:
        self._tenant = endpoint.tenant_id
        self._base_url = endpoint.base_url
        self._sso = endpoint.credentials.sso
        self._guest = Guest(endpoint.credentials.guest)
        self._exchange = Exchange(endpoint)
        self._sleep = sleep
        self._uniform = uniform
        self._user: User | None = None
        self._cleaned: dict[UrlId, UrlId] = {}
        """Image keys as the server cleaned them."""
        self._ours = False
        """Whether the last list was of a server of ours."""
        self._in_address = False
        """Whether it is said in the address who asks: to a server that showed itself to be no server of ours."""

    async def conversations(
        self, room: Room, *, on_bytes: Callable[[int], None] | None = None
    ) -> tuple[Peer, routes.ConversationList]:
        """The conversations of an image, and which kind of server told them.

        Args:
            room: Which image.
            on_bytes: Told how many bytes of the list have come so far.

        Raises:
            ApiError: see ``net.failures``.
        """
        path = routes.LIST_CONVERSATIONS.path(tenant_id=self._tenant)
        query = codec.encode_list_conversations(room.url_id, v2=True)
        try:
            ours, listing, answer = await self._list(
                path,
                query,
                lambda obj, ours: codec.decode_conversation_list(obj, tolerant=not ours),
                on_bytes,
            )
        except Refused as refusal:
            raise _about_the_list(refusal) from None
        except Intercepted as answer_of_others:
            if answer_of_others.of_what in (404, 410):
                raise NoImageChats(answer_of_others) from None
            raise
        self._user = listing.user or self._user
        self._cleaned[room.url_id] = listing.url_id_clean
        self._ours = ours
        if ours:
            return Peer.OURS, listing
        return Peer.HOSTED, replace(listing, server_time_ms=_baseline_ms(answer))

    async def comments(self, query: routes.ListComments) -> routes.CommentList:
        """One page of a thread.

        Raises:
            ApiError: see ``net.failures``.
        """
        path = routes.LIST_COMMENTS.path(tenant_id=self._tenant)
        ours, listing, answer = await self._list(
            path,
            codec.encode_list_comments(query),
            lambda obj, ours: codec.decode_comment_list(obj, url_id=query.url_id, tolerant=not ours),
        )
        if ours:
            return listing
        return replace(listing, last_gen_date_ms=_baseline_ms(answer))

    async def thread(self, url_id: UrlId) -> routes.CommentList:
        """A whole thread, oldest first: its pages put together, with the first one's baseline.

        Raises:
            ApiError: see ``net.failures``.
        """
        first = page = await self.comments(routes.ListComments(url_id=url_id, v2=True))
        comments, left_out = list(first.comments), first.left_out
        for _ in range(MOST_PAGES - 1):
            if not page.has_more or not (page.comments or page.left_out):
                break
            skip = len(comments) + left_out
            page = await self.comments(routes.ListComments(url_id=url_id, skip=skip, v2=True))
            comments += page.comments
            left_out += page.left_out
        # A comment that came between two pages shifts the second: the same one may be in both.
        unique = {comment.id: comment for comment in comments}
        return replace(first, comments=tuple(unique.values()), has_more=False, left_out=left_out)

    async def event_log(self, query: routes.EventLogQuery) -> routes.EventLog:
        """The log of a room from a time or after a position.

        Raises:
            ApiError: see ``net.failures``.
        """
        path = routes.EVENT_LOG.path(tenant_id=self._tenant)
        answer = await self._read(path, self._listening(query))
        told = answer.headers.get(routes.LOG_COMPLETE_HEADER)
        complete = None if told is None else told.strip().lower() == "true"
        return _decoded(answer, lambda obj: codec.decode_event_log(obj, complete=complete))

    async def users_online(self, url_id: UrlId) -> routes.UsersOnline:
        """Who looks at a page now.

        Raises:
            ApiError: see ``net.failures``.
        """
        path = routes.USERS_ONLINE.path(tenant_id=self._tenant)
        query = {"urlId": url_id}
        # The hosted service asks nobody who they are here, so a secret has no business in the address.
        return _decoded(
            await self._read(path, self._signed({**query, "v": "2"}) if self._ours else _Signed(query, {})),
            codec.decode_users_online,
        )

    async def read_state(self, url_id: UrlId) -> ReadState:
        """How far the asking user has read.

        Raises:
            ApiError: see ``net.failures``.
        """
        path = routes.READ_STATE.path(tenant_id=self._tenant)
        query = self._signed(codec.encode_list_conversations(url_id, v2=True))
        return _decoded(await self._read(path, query), codec.decode_read_state)

    async def change_read_state(self, url_id: UrlId, change: routes.ChangeReadState) -> ReadState:
        """Tell how far the asking user has read; what that changed. Sent once.

        Raises:
            ApiError: see ``net.failures``.
        """
        path = routes.CHANGE_READ_STATE.path(tenant_id=self._tenant)
        body = codec.dump_json(codec.encode_change_read_state(change))
        answer = await self._put(routes.CHANGE_READ_STATE.method, path, url_id, body)
        return _decoded(answer, codec.decode_read_state)

    async def placements(self, url_id: UrlId, version: int) -> Placements:
        """Where markers are on a version of their image.

        Raises:
            ApiError: see ``net.failures``.
        """
        path = routes.PLACEMENTS.path(tenant_id=self._tenant)
        query = self._signed(codec.encode_placements_query(url_id, version))
        return _decoded(await self._read(path, query), codec.decode_placements)

    async def change_placements(self, url_id: UrlId, change: routes.ChangePlacements) -> Placements:
        """Tell where markers are on a version; what that changed. Sent once.

        Raises:
            ApiError: see ``net.failures``.
        """
        path = routes.CHANGE_PLACEMENTS.path(tenant_id=self._tenant)
        body = codec.dump_json(codec.encode_change_placements(change))
        answer = await self._put(routes.CHANGE_PLACEMENTS.method, path, url_id, body)
        return _decoded(answer, codec.decode_placements)

    async def rooms(self, after: UrlId) -> routes.Rooms:
        """The keys of the tenant's pictures that come after one; for moderators.

        Raises:
            ApiError: see ``net.failures``.
        """
        path = routes.LIST_ROOMS.path(tenant_id=self._tenant)
        return _decoded(await self._read(path, self._signed({"after": after, "v": "2"})), codec.decode_rooms)

    async def summaries(self, asked: routes.Summarize) -> routes.Summaries:
        """How it stands with images. Asked once: it is asked again before long anyway.

        Raises:
            ApiError: see ``net.failures``.
        """
        path = routes.SUMMARIZE.path(tenant_id=self._tenant)
        body = codec.dump_json(codec.encode_summarize(asked))
        answer = await self._send_once(routes.SUMMARIZE.method, path, {"v": "2"}, body)
        return _decoded(self._of_the_server(answer, path), codec.decode_summaries)

    async def open_image(self, opened: routes.OpenImage) -> routes.ImageReply | None:
        """Ask which image a picture is. Asked again it is the same request, so it is retried like a read.

        Returns:
            The answer; None of a server that knows pages only.

        Raises:
            ApiError: see ``net.failures``.
        """
        path = routes.OPEN_IMAGE.path(tenant_id=self._tenant)
        body = codec.dump_json(codec.encode_open_image(opened))
        return await self._patiently(lambda: self._image_answer(routes.OPEN_IMAGE.method, path, body))

    async def link_image(self, image_id: ImageId, opened: routes.OpenImage) -> routes.ImageReply | None:
        """Give a picture's places to an image. As ``open_image``, but sent once: it is a write.

        Raises:
            ApiError: see ``net.failures``.
        """
        path = routes.LINK_IMAGE.path(tenant_id=self._tenant, image_id=image_id)
        body = codec.dump_json(codec.encode_open_image(opened))
        return await self._image_answer(routes.LINK_IMAGE.method, path, body)

    async def image(self, image_id: ImageId) -> routes.ImageDetails:
        """An image with its places and versions.

        Raises:
            ApiError: see ``net.failures``.
        """
        path = routes.SHOW_IMAGE.path(tenant_id=self._tenant, image_id=image_id)
        return _decoded(await self._read(path, self._signed({"v": "2"})), codec.decode_image_details)

    async def has_picture(self, sha256: str) -> bool:
        """Whether the tenant has a picture itself: one byte of it is asked for.

        Raises:
            Unsupported: the server keeps none.
            ApiError: see ``net.failures``.
        """
        path = routes.SHOW_PICTURE.path(tenant_id=self._tenant, sha256=sha256)
        signed = self._signed({})
        headers = {**signed.headers, "Range": "bytes=0-0"}
        try:
            answer = await self._read(path, _Signed(signed.query, headers))
        except Refused as refusal:
            if refusal.hosted:
                raise Unsupported from None
            if refusal.status != HTTPStatus.NOT_FOUND or refusal.problem.no_tenant:
                raise
            return False
        except Intercepted as answer_of_others:
            if answer_of_others.of_what in _NO_SUCH_ROUTE:
                raise Unsupported from None
            raise
        if routes.EXTENSION_HEADER not in answer.headers:
            raise Unsupported
        return True

    async def picture(self, sha256: str) -> bytes:
        """A picture itself.

        Raises:
            ApiError: see ``net.failures``.
        """
        path = routes.SHOW_PICTURE.path(tenant_id=self._tenant, sha256=sha256)
        return (await self._read(path, self._signed({}))).body

    async def keep_picture(self, sha256: str, file: bytes, on_sent: Callable[[int], None]) -> None:
        """Have a picture itself kept. Sent once.

        Args:
            sha256: Of the file, in hex.
            file: The file.
            on_sent: Told how many bytes each piece had that went.

        Raises:
            ApiError: see ``net.failures``.
        """
        path = routes.KEEP_PICTURE.path(tenant_id=self._tenant, sha256=sha256)
        signed = self._signed({})
        answer = await self._exchange.write(
            routes.KEEP_PICTURE.method,
            path,
            signed.query,
            file,
            headers={**signed.headers, "Content-Type": "application/octet-stream"},
            timeout_s=UPLOAD_S + len(file) / routes.PICTURE_BYTES_PER_S,
            departure=Departure(),
            on_sent=on_sent,
        )
        self._of_the_server(answer, path)

    async def _put(self, method: str, path: str, url_id: UrlId, body: bytes) -> Answer:
        """Send, once, what done twice is done once."""
        query = codec.encode_list_conversations(url_id, v2=True)
        return self._of_the_server(await self._send_once(method, path, query, body), path)

    async def _send_once(self, method: str, path: str, query: Mapping[str, str], body: bytes) -> Answer:
        signed = self._signed(query)
        return await self._exchange.write(
            method,
            path,
            signed.query,
            body,
            headers=signed.headers,
            timeout_s=WRITE_S,
            departure=Departure(),
        )

    async def _image_answer(self, method: str, path: str, body: bytes) -> routes.ImageReply | None:
        answer = await self._send_once(method, path, {"v": "2"}, body)
        no_such_route = answer.status == HTTPStatus.OK or answer.status in _NO_SUCH_ROUTE
        if routes.EXTENSION_HEADER not in answer.headers and no_such_route:
            return None
        return _decoded(self._of_the_server(answer, path), codec.decode_image_reply)

    async def send(self, room: Room, request: SendRequest, departure: Departure | None = None) -> WriteReply:
        """Carry out one write: one HTTP request, one attempt.

        With ``two_step`` a new marker is its first comment while ``comment_id`` is None, else the marker.

        Args:
            room: Where.
            request: What.
            departure: Told how far it has got. Cancelled before that has begun, nothing happened.

        Raises:
            ApiError: ``sent`` False: it certainly did not happen. Without ``status``: nobody knows.
        """
        departure = departure or Departure()
        write, tenant, broadcast_id = request.write, self._tenant, request.broadcast_id
        id_only = codec.encode_broadcast_id(broadcast_id)
        extended = {} if request.two_step else {"v": "2"}
        match write:
            case StartConversation() if request.two_step and request.comment_id is None:
                key = self._new_thread(room, write)
                return await self._comment(room, request, departure, key, write.text, None)
            case StartConversation():
                create = routes.CreateConversation(
                    url_id=room.url_id,
                    window_url_id=self._new_thread(room, write),
                    page_title=room.page_title,
                    src=room.src,
                    point=rounded(write.point),
                    broadcast_id=broadcast_id,
                    created_from_comment_id=request.comment_id,
                    comment=None if request.two_step else write.text,
                    version=None if request.two_step else write.version,
                )
                path = routes.CREATE_CONVERSATION.path(tenant_id=tenant)
                body = codec.dump_json(codec.encode_create_conversation(create))
                answer = await self._write(
                    request, departure, routes.CREATE_CONVERSATION.method, path, extended, body
                )
                return _decoded(answer, codec.decode_conversation_reply)
            case PostComment():
                return await self._comment(
                    room, request, departure, _thread(request), write.text, write.parent_id
                )
            case EditComment():
                edit = routes.EditComment(write.comment_id, broadcast_id, write.text)
                path = routes.EDIT_COMMENT.path(tenant_id=tenant, comment_id=write.comment_id)
                body = codec.dump_json(codec.encode_edit_comment(edit))
                query = codec.encode_edit_comment_query(edit)
                answer = await self._write(request, departure, routes.EDIT_COMMENT.method, path, query, body)
                return _decoded(answer, codec.decode_edit_reply)
            case DeleteComment():
                path = routes.DELETE_COMMENT.path(tenant_id=tenant, comment_id=write.comment_id)
                answer = await self._write(
                    request, departure, routes.DELETE_COMMENT.method, path, id_only, None
                )
                return _decoded(answer, _nothing)
            case DeleteConversation():
                path = routes.DELETE_CONVERSATION.path(tenant_id=tenant, chat_id=write.conversation_id)
                body = codec.dump_json(id_only)
                answer = await self._write(
                    request, departure, routes.DELETE_CONVERSATION.method, path, id_only, body
                )
                return _decoded(answer, _nothing)
            case RestoreConversation():
                if request.two_step:
                    raise Unsupported
                path = routes.RESTORE_CONVERSATION.path(tenant_id=tenant, chat_id=write.conversation_id)
                body = codec.dump_json(id_only)
                answer = await self._write(
                    request, departure, routes.RESTORE_CONVERSATION.method, path, id_only, body
                )
                return _decoded(answer, codec.decode_conversation_reply)
            case MoveConversation() | ResolveConversation():
                if request.two_step:
                    raise Unsupported
                update = _update(broadcast_id, write)
                path = routes.UPDATE_CONVERSATION.path(tenant_id=tenant, chat_id=write.conversation_id)
                body = codec.dump_json(codec.encode_update_conversation(update))
                answer = await self._write(
                    request, departure, routes.UPDATE_CONVERSATION.method, path, extended, body
                )
                return _decoded(answer, codec.decode_conversation_reply)
            case VoteComment():
                return await self._vote(room, request, departure, write)
            case PinComment() | LockComment():
                route = _pin_or_lock(write)
                path = route.path(tenant_id=tenant, comment_id=write.comment_id)
                answer = await self._write(request, departure, route.method, path, id_only, None)
                return _decoded(answer, _nothing)
            case FlagComment():
                path = routes.FLAG_COMMENT.path(comment_id=write.comment_id)
                query = codec.encode_flag_query(tenant, flagged=write.flagged)
                answer = await self._write(request, departure, routes.FLAG_COMMENT.method, path, query, None)
                return _decoded(answer, _nothing)
            case BlockAuthor():
                route = routes.BLOCK_AUTHOR if write.blocked else routes.UNBLOCK_AUTHOR
                path = route.path(comment_id=write.comment_id)
                query, body = codec.encode_block_query(tenant), codec.dump_json({"commentIds": None})
                answer = await self._write(request, departure, route.method, path, query, body)
                return _decoded(answer, _nothing)
            case _:
                assert_never(write)

    async def _vote(
        self, room: Room, request: SendRequest, departure: Departure, write: VoteComment
    ) -> routes.VoteReply | None:
        query = codec.encode_about_comment(_thread(request), request.broadcast_id)
        if write.direction:
            name = self._user.name if self._user is not None else ""
            body = codec.encode_vote_body(write.direction, name=name, url=room.url or room.url_id)
            path = routes.VOTE.path(tenant_id=self._tenant, comment_id=write.comment_id)
            answer = await self._write(
                request, departure, routes.VOTE.method, path, query, codec.dump_json(body)
            )
            return _decoded(answer, codec.decode_vote_reply)
        vote_id = request.vote_id
        if vote_id is None:
            if request.two_step:
                raise Unsupported
            vote_id = routes.OWN_VOTE
        path = routes.UNVOTE.path(tenant_id=self._tenant, comment_id=write.comment_id, vote_id=vote_id)
        answer = await self._write(request, departure, routes.UNVOTE.method, path, query, None)
        return _decoded(answer, _nothing)

    async def close(self) -> None:
        """Close the connections."""
        await self._exchange.close()

    async def _comment(
        self,
        room: Room,
        request: SendRequest,
        departure: Departure,
        key: UrlId,
        text: str,
        parent_id: CommentId | None,
    ) -> routes.CommentReply:
        # No date: a retry under the same id must have the same body, or it is another write (PROMISES D8).
        create = routes.CreateComment(
            url_id=key,
            broadcast_id=request.broadcast_id,
            comment=text,
            url=room.url or room.url_id,
            commenter_name=self._user.name if self._user is not None else "",
            parent_id=parent_id,
            page_title=room.page_title,
        )
        path = routes.CREATE_COMMENT.path(tenant_id=self._tenant)
        body = codec.dump_json(codec.encode_create_comment(create))
        query = codec.encode_create_comment_query(create)
        answer = await self._write(request, departure, routes.CREATE_COMMENT.method, path, query, body)
        return _decoded(answer, lambda obj: codec.decode_comment_reply(obj, url_id=key))

    def _new_thread(self, room: Room, write: StartConversation) -> UrlId:
        try:
            image = self._cleaned.get(room.url_id) or clean(room.url_id)
        except UrlTooLong:
            raise Unsupported from None
        return thread_key(image, room.src, write.point)

    async def _list(
        self,
        path: str,
        query: Mapping[str, str],
        decode: Callable[[codec.JsonObject, bool], Listing],
        on_bytes: Callable[[int], None] | None = None,
    ) -> tuple[bool, Listing, Answer]:
        """A list: whether it is of a server of ours, what it says, and the answer as received."""
        ours, listing, answer = await self._listed(path, query, decode, on_bytes)
        told = listing.user.session_id if ours and listing.user is not None else None
        if told is not None and not self._guest.take(told):
            return await self._listed(path, query, decode, on_bytes)
        return ours, listing, answer

    async def _listed(
        self,
        path: str,
        query: Mapping[str, str],
        decode: Callable[[codec.JsonObject, bool], Listing],
        on_bytes: Callable[[int], None] | None,
    ) -> tuple[bool, Listing, Answer]:
        try:
            answer = await self._read(path, self._signed(query), on_bytes)
        except Refused as refusal:
            if refusal.hosted and self._say_in_address():
                return await self._listed(path, query, decode, on_bytes)
            raise
        ours = routes.EXTENSION_HEADER in answer.headers
        if ours:
            self._in_address = False
        elif self._say_in_address():
            return await self._listed(path, query, decode, on_bytes)
        return ours, _decoded(answer, lambda obj: decode(obj, ours)), answer

    def _say_in_address(self) -> bool:
        """Say there who asks from now on: this server does not read the header. False if that changes nothing."""
        if self._sso is None or self._in_address:
            return False
        self._in_address = True
        return True

    def _signed(self, query: Mapping[str, str]) -> _Signed:
        """With what says who asks. A session was kept only if a server of ours told it, under this address."""
        sso, session = self._sso, self._guest.session
        if self._in_address:
            return _Signed(query if sso is None else {**query, "sso": sso.reveal()}, {})
        if sso is not None:
            return _Signed(query, {authorization.HEADER: authorization.of_sso(sso.reveal())})
        if session is not None:
            return _Signed(query, {authorization.HEADER: authorization.of_session(session.reveal())})
        return _Signed(query, {})

    def _listening(self, query: routes.EventLogQuery) -> _Signed:
        """With what says who listens."""
        if not self._ours:
            return _Signed(codec.encode_event_log_query(query), {})
        header = authorization.of_listener(query.user_id_ws)
        unsaid = codec.encode_event_log_query(replace(query, user_id_ws=""))
        return _Signed(unsaid, {authorization.HEADER: header})

    async def _write(
        self,
        request: SendRequest,
        departure: Departure,
        method: str,
        path: str,
        query: Mapping[str, str],
        body: bytes | None,
    ) -> Answer:
        signed, deadline_ms = self._signed(query), request.deadline_ms
        until = {} if deadline_ms is None else {routes.DEADLINE_HEADER: str(deadline_ms)}
        try:
            return self._of_the_server(
                await self._exchange.write(
                    method,
                    path,
                    signed.query,
                    body,
                    headers={**signed.headers, **until},
                    timeout_s=request.timeout_s,
                    departure=departure,
                ),
                path,
            )
        except Intercepted as failure:
            if 300 <= failure.of_what < 500:
                failure.status = failure.of_what  # it was sent back, not passed on: nothing has happened
            raise

    async def _read(
        self, path: str, signed: _Signed, on_bytes: Callable[[int], None] | None = None
    ) -> Answer:
        async def read() -> Answer:
            answer = await self._exchange.read(path, signed.query, headers=signed.headers, on_bytes=on_bytes)
            return self._of_the_server(answer, path)

        return await self._patiently(read)

    async def _patiently(self, ask: Callable[[], Awaitable[Asked]]) -> Asked:
        for tries_left in range(READ_RETRIES, -1, -1):
            try:
                return await ask()
            except ApiError as failure:
                pause_s = self._pause_s(failure)
                if not tries_left or pause_s is None:
                    raise
                await self._sleep(pause_s)
        raise AssertionError("the last try returns or raises")

    def _of_the_server(self, answer: Answer, path: str) -> Answer:
        """A success. Whatever else came is a refusal only if it is the server's own word.

        Raises:
            Refused: The server said no.
            Intercepted: Something else answered.
        """
        success = 200 <= answer.status < 300
        ours = routes.EXTENSION_HEADER in answer.headers
        is_page = answer.body.lstrip()[:1] == b"<"
        if success and (ours or not is_page):
            return answer
        wait = answer.headers.get("retry-after")
        told = codec.decode_error(answer.status, wait, answer.body, date=answer.headers.get("date"))
        if not success and (ours or codec.is_refusal(answer.body)):
            if told.code == codes.HOST_NOT_ALLOWED:
                heard = _ALLOWED_BY.search(told.reason)  # not the name here, where a proxy gives its own
                own = urlsplit(self._base_url).hostname or ""
                told = replace(told, reason=heard[1] if heard else own, shown=None)
            raise Refused(told, hosted=not ours)
        to = answer.headers.get("location", "")
        to = pointed_to(to, path, self._base_url) if to else ""
        raise Intercepted(answer.status, retry_after_s=told.retry_after_s, location=to)

    def _pause_s(self, failure: ApiError) -> float | None:
        """How long to wait before a read is tried again; None: not at all."""
        status = failure.status
        passing = isinstance(failure, Unreachable) or status == 429 or (status is not None and status >= 500)
        passing = passing and not (isinstance(failure, Intercepted) and failure.of_what < 500)
        told_s = failure.problem.retry_after_s or 0.0
        if not passing or told_s > LONGEST_RETRY_AFTER_S or (status == 429 and not told_s):
            return None
        return max(told_s, self._uniform(*RETRY_PAUSE_S))


def _about_the_list(refusal: Refused) -> ApiError:
    """What it means that the list is refused. A list may be empty; it is never gone."""
    no_tenant = refusal.problem.no_tenant
    gone = refusal.problem.kind is ProblemKind.GONE and not no_tenant
    return NoImageChats(refusal) if gone else refusal


def _decoded(answer: Answer, decode: Callable[[codec.JsonObject], Decoded]) -> Decoded:
    try:
        obj = codec.parse_object(answer.body)
        if codec.succeeded(obj):
            return decode(obj)
    except codec.MalformedMessage as failure:
        raise BadAnswer(str(failure), answer.status) from None
    # Older answers say no with status 200 (PROTOCOL 8.4); to all others here it is a plain no.
    raise Refused(codec.decode_error(400, answer.headers.get("retry-after"), answer.body))


def _nothing(_: codec.JsonObject) -> None:
    return None


def _update(
    broadcast_id: BroadcastId, write: MoveConversation | ResolveConversation
) -> routes.UpdateConversation:
    match write:
        case MoveConversation():
            return routes.UpdateConversation(broadcast_id, point=rounded(write.point))
        case ResolveConversation():
            return routes.UpdateConversation(broadcast_id, resolved=write.resolved)


def _pin_or_lock(write: PinComment | LockComment) -> routes.Route:
    match write:
        case PinComment():
            return routes.PIN_COMMENT if write.pinned else routes.UNPIN_COMMENT
        case LockComment():
            return routes.LOCK_COMMENT if write.locked else routes.UNLOCK_COMMENT


def _thread(request: SendRequest) -> UrlId:
    if request.thread_url_id is None:
        raise Unsupported
    return request.thread_url_id


def _baseline_ms(answer: Answer) -> int | None:
    """The server's clock when it wrote the answer, less the slack; None if it does not tell."""
    from email.utils import parsedate_to_datetime

    try:
        told = parsedate_to_datetime(answer.headers.get("date", ""))
    except ValueError:
        return None
    return int(told.timestamp() * 1000) - HOSTED_BASELINE_SLACK_MS
