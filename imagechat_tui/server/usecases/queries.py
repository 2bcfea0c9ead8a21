"""What can be read: lists, threads, the log. Rights are checked here, with the one table."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from typing import TypeVar

from msgspec.structs import replace

from imagechat_tui.protocol import codec
from imagechat_tui.protocol.ids import (
    BroadcastId,
    CommentId,
    ConversationId,
    ImageId,
    TenantId,
    UrlId,
    UserId,
)
from imagechat_tui.protocol.local import LOCAL_TENANT
from imagechat_tui.protocol.models import Comment, Conversation, LogEntry, Own
from imagechat_tui.protocol.routes import (
    MAX_ROOMS,
    NEW_IMAGE,
    CommentList,
    ConversationList,
    EventLog,
    EventLogQuery,
    ListComments,
    RoomIds,
    Rooms,
    ThreadConfig,
    Voters,
)
from imagechat_tui.protocol.thread_keys import clean
from imagechat_tui.server.guard.access import NOTHING_YET, Action, Actor, Role, thing_of
from imagechat_tui.server.guard.tokens import Tokens
from imagechat_tui.server.storage import ImageQuery, RoomKey, Store, StoredEvent
from imagechat_tui.server.usecases.edit_keys import opens
from imagechat_tui.server.usecases.in_flight import InFlight
from imagechat_tui.server.usecases.kept_lists import KeptLists, Listing
from imagechat_tui.server.usecases.paging import comment_page
from imagechat_tui.server.usecases.refusals import (
    comment_not_found,
    conversation_not_found,
    image_not_found,
    require,
)

MANY = 300
"""Markers and comments that take longer to page or encode than others should wait: about 5 ms."""
MAX_VOTERS = 100
"""So many are named in one answer."""

T = TypeVar("T")


class Queries:
    """Answers what may be read: lists, threads, the source of a comment, the log."""

    def __init__(
        self,
        store: Store,
        tokens: Tokens,
        *,
        now_ms: Callable[[], int],
        max_comment_length: int,
        lists: Executor,
    ) -> None:
        self._store = store
        self._tokens = tokens
        self._now_ms = now_ms
        self._max_comment_length = max_comment_length
        self._lists = lists
        self._listings = InFlight[Listing]()
        self._kept = KeptLists()

    def admit(self, actor: Actor) -> None:
        """Refuse who may not read this tenant's rooms."""
        require(actor, Action.READ, NOTHING_YET)

    async def check(
        self,
        actor: Actor,
        action: Action,
        *,
        conversation_id: ConversationId | None = None,
        comment_id: CommentId | None = None,
        image_id: ImageId | None = None,
        edit_key: str = "",
    ) -> None:
        """Refuse an action whose thing is not there, or which is not the actor's right.

        For who cannot say what is to be written: a write checks it in its own transaction.
        """
        about: Conversation | Comment | None = None
        if conversation_id is not None:
            about = await self._store.conversation(actor.tenant_id, conversation_id)
            if about is None:
                raise conversation_not_found()
        if comment_id is not None:
            about = await self._store.comment(actor.tenant_id, comment_id)
            if about is None:
                raise comment_not_found()
        if image_id not in (None, NEW_IMAGE):
            found = await self._store.images(actor.tenant_id, ImageQuery(image_id=image_id))
            if found.named is None:
                raise image_not_found()
        has_key = opens(self._tokens, actor.tenant_id, edit_key, about)
        require(actor, action, replace(thing_of(about), has_key=has_key), edit_key=edit_key)

    async def rooms(self, actor: Actor, after: UrlId) -> Rooms:
        """Which pictures have markers, those whose keys come after one; on a machine's own server to all it serves."""
        if actor.tenant_id == LOCAL_TENANT:
            self.admit(actor)
        else:
            require(actor, Action.LIST_ROOMS, NOTHING_YET)
        found = await self._store.rooms(actor.tenant_id, after, MAX_ROOMS + 1)
        return Rooms(found[:MAX_ROOMS], has_more=len(found) > MAX_ROOMS)

    async def conversations(self, actor: Actor, url_id: UrlId, *, v2: bool) -> bytes:
        """All markers of an image, as LIST_CONVERSATIONS answers; for ``v=2`` with all their comments.

        What is the same for all who ask at one moment is read and encoded once for them, and if it is long for those
        as well who ask before anything has changed.
        """
        self.admit(actor)
        image, tenant_id = clean(url_id), actor.tenant_id
        room, user_id = self.room(tenant_id, image), _known_again(actor)
        listed = await self._listings.shared((room, image, v2), lambda: self._read_list(room, image, v2=v2))
        own = Own()  # read after what is listed: events from there on lead to it, or on from it
        if user_id is not None:
            own = await self._store.own(tenant_id, image, user_id)
        head = codec.dump_json(codec.encode_list_head(self._list_head(actor, image, listed, own), v2=v2))
        return b"%b,%b" % (head[:-1], listed.encoded)

    async def _read_list(self, room: RoomKey, image: UrlId, *, v2: bool) -> Listing:
        key = room, image, v2
        if key in self._kept:
            kept = self._kept.at(key, (await self._store.positions([room]))[room])
            if kept is not None:
                return kept
        found = await self._store.snapshot(room, image, comments=v2)
        approved = tuple(comment for comment in found.comments if comment.approved)

        def encoded() -> bytes:
            return codec.write_long(
                codec.encode_listed(found.conversations, approved, tenant_id=room.tenant_id, v2=v2)
            )[1:]

        things = len(found.conversations) + len(approved)
        listing = Listing(found.position, found.last_timestamp_ms, await self._off_loop(things, encoded))
        if things >= MANY:
            self._kept.keep(key, listing)
        return listing

    async def _off_loop(self, things: int, work: Callable[[], T]) -> T:
        """What comes of ``work``: done elsewhere, where all else would have to wait for it."""
        if things < MANY:
            return work()
        return await asyncio.get_running_loop().run_in_executor(self._lists, work)

    def _list_head(self, actor: Actor, image: UrlId, listed: Listing, own: Own) -> ConversationList:
        """The answer but for what is listed."""
        return ConversationList(
            conversations=(),
            url_id_clean=image,
            room=self._ids(actor, image),
            user=replace(actor.user, has_blocked_users=bool(own.blocked)),
            own=own,
            is_site_admin=actor.user.is_admin,
            server_time_ms=self._baseline(listed.last_timestamp_ms),
            position=listed.position,
            read_only=_read_only(actor),
            banned_until_ms=actor.banned_until_ms,
        )

    async def comments(self, actor: Actor, asked: ListComments) -> bytes:
        """One page of a thread, as LIST_COMMENTS answers."""
        self.admit(actor)
        thread = clean(asked.url_id)
        found = await self._store.thread(
            self.room(actor.tenant_id, thread),
            thread,
            _known_again(actor),
            flags=asked.v2 and actor.role >= Role.MODERATOR,
        )
        head = CommentList(
            comments=(),
            own=found.own,
            flags=found.flags,
            config=self._config(actor) if asked.include_config else None,
            url_id_clean=thread,
            room=self._ids(actor, thread),
            user=replace(actor.user, has_blocked_users=bool(found.own.blocked)),
            is_closed=found.closed,
            is_site_admin=actor.user.is_admin,
            last_gen_date_ms=self._baseline(found.last_timestamp_ms),
            position=found.position,
        )

        def encoded() -> bytes:
            page = comment_page([comment for comment in found.comments if comment.approved], asked)
            answer = replace(
                head,
                comments=page.comments,
                branches=page.branches,
                page_number=page.page_number,
                comment_count=page.count,
                has_more=page.has_more,
            )
            return codec.write_long(codec.encode_comment_list(answer, tenant_id=actor.tenant_id, v2=asked.v2))

        return await self._off_loop(len(found.comments), encoded)

    async def written(self, log: EventLog) -> bytes:
        """A log, as EVENT_LOG answers."""
        return await self._off_loop(len(log.entries), lambda: codec.write_long(codec.encode_event_log(log)))

    async def comment_text(self, actor: Actor, comment_id: CommentId, edit_key: str = "") -> str:
        """The source of a comment, for who may edit it."""
        comment = await self._store.comment(actor.tenant_id, comment_id)
        if comment is None:
            raise comment_not_found()
        has_key = opens(self._tokens, actor.tenant_id, edit_key, comment)
        require(actor, Action.EDIT_COMMENT, replace(thing_of(comment), has_key=has_key), edit_key=edit_key)
        return comment.text or ""

    async def voters(self, actor: Actor, comment_id: CommentId, direction: int) -> Voters:
        """Who has voted so on a comment, by name: guests have none."""
        if await self._store.comment(actor.tenant_id, comment_id) is None:
            raise comment_not_found()
        voters = await self._store.voters(actor.tenant_id, comment_id, direction, MAX_VOTERS + 1)
        return Voters(tuple(voter.name for voter in voters[:MAX_VOTERS]), len(voters) > MAX_VOTERS)

    async def event_log(
        self, actor: Actor, query: EventLogQuery, *, v2: bool, registered_ms: int | None
    ) -> EventLog:
        """What happened in a room, after a position or by time.

        Args:
            actor: Who asks.
            query: What for.
            v2: Whether positions are wanted.
            registered_ms: When the newest socket of the asking token came to the room. Clients' clocks
                drift, so an end before it would hide what the socket did not get either (PROTOCOL 8.1).
        """
        self.admit(actor)
        url_id = clean(query.url_id)
        room = self.room(actor.tenant_id, url_id)
        if v2 and query.after is not None:
            after = query.after
            heads = await self._store.positions([room])
            page = None
            if heads[room].epoch == after.epoch:
                page = await self._store.events_after(room, after.seq, event_id=after.event_id)
            if page is None:
                return EventLog((), complete=False)
            entries = tuple(_entry(actor.tenant_id, event, event.full) for event in page.events)
            return EventLog(entries, complete=page.complete)
        end_ms = query.end_time_ms
        if end_ms is not None:
            end_ms = max(end_ms, registered_ms) if registered_ms is not None else None
        since = await self._store.events_since(room, query.start_time_ms, end_ms)
        entries = tuple(
            _entry(actor.tenant_id, event, event.plain) for event in since.events if event.plain is not None
        )
        return EventLog(entries, complete=since.complete)

    def room(self, tenant_id: TenantId, url_id: UrlId) -> RoomKey:
        """The room of a page."""
        return self._tokens.room(tenant_id, url_id)

    def user_token(self, actor: Actor) -> str:
        """The actor's ``userIdWS``."""
        return self._tokens.user_token(
            actor.tenant_id,
            actor.id,
            actor.role,
            self._now_ms() / 1000,
            generation=actor.tenant.generation,
        )

    def _config(self, actor: Actor) -> ThreadConfig:
        tenant = actor.tenant
        return ThreadConfig(tenant.allow_anon, tenant.require_sso, self._max_comment_length)

    def _ids(self, actor: Actor, url_id: UrlId) -> RoomIds:
        return self._tokens.room_ids(
            actor.tenant_id,
            url_id,
            user_id=actor.id,
            role=actor.role,
            generation=actor.tenant.generation,
            now_s=self._now_ms() / 1000,
        )

    def _baseline(self, last_timestamp_ms: int) -> int:
        """Where a resync by time starts: no later event gets a smaller timestamp."""
        return last_timestamp_ms + 1 if last_timestamp_ms else self._now_ms()


def _known_again(actor: Actor) -> UserId | None:
    """Who asks, if anything can be theirs: mere viewers have nothing of their own."""
    return actor.id if not actor.anonymous or actor.user.session_id is not None else None


def _read_only(actor: Actor) -> bool:
    if actor.banned_until_ms is not None:
        return True
    return not actor.tenant.allow_anon if actor.anonymous else actor.read_only


def _entry(tenant_id: TenantId, event: StoredEvent, data: str) -> LogEntry:
    return LogEntry(
        id=event.id,
        created_at_ms=event.timestamp_ms,
        tenant_id=tenant_id,
        url_id=event.url_id,
        broadcast_id=BroadcastId(event.broadcast_id),
        data=data,
    )
