"""What all writes have in common: checks in their order, stamps, one change of the store, the hint after it.

Checks come in the order of PROMISES 6: stored answer, existence, permission, body, deadline, rate.
"""

from __future__ import annotations

import hashlib
import time
import uuid
from collections.abc import Callable

from msgspec import Struct
from msgspec.structs import replace

from imagechat_tui.protocol.events import (
    DeletedComment,
    DeletedImageChat,
    ImageChatUpdated,
    NewComment,
    NewImageChat,
    Stamp,
    ThreadStateChange,
    UpdatedComment,
)
from imagechat_tui.protocol.ids import BroadcastId, CommentId, ConversationId, UrlId
from imagechat_tui.protocol.models import Comment, Conversation
from imagechat_tui.safetext import Kind, safe_text
from imagechat_tui.server.access import Action, Actor, Role, Thing, allowed
from imagechat_tui.server.comment_html import comment_html
from imagechat_tui.server.hub import Hub
from imagechat_tui.server.limits import Limit, Limits
from imagechat_tui.server.refusals import Refused
from imagechat_tui.server.storage import Announced, Change, Decision, Found, RoomKey, Store
from imagechat_tui.server.tokens import room_token

MAX_SRC = 2_000
MAX_TITLE = 500

Loggable = (
    NewImageChat
    | ImageChatUpdated
    | DeletedImageChat
    | NewComment
    | UpdatedComment
    | DeletedComment
    | ThreadStateChange
)


class Request(Struct, frozen=True):
    """Who wants a write, under which id, until when."""

    actor: Actor
    broadcast_id: BroadcastId
    deadline_ms: int | None
    """Server time after which it must not be carried out."""
    allow_anon: bool
    fingerprint: tuple[object, ...]
    """Everything that makes it this request and no other."""
    v2: bool = False

    @property
    def hash(self) -> bytes:
        """What a repetition must equal."""
        return hashlib.sha256(repr(self.fingerprint).encode("utf-8", "surrogatepass")).digest()

    @property
    def stamp(self) -> Stamp:
        """The part of the envelope that is known before the commit."""
        return Stamp(broadcast_id=self.broadcast_id, actor_id=self.actor.id)


class Writing:
    """Carries out writes for one server."""

    def __init__(
        self,
        store: Store,
        hub: Hub,
        limits: Limits,
        secret: bytes,
        now_ms: Callable[[], int],
        max_comment_length: int,
    ) -> None:
        self._store = store
        self._hub = hub
        self._limits = limits
        self._secret = secret
        self._now_ms = now_ms
        self._max_comment_length = max_comment_length

    async def carry_out(self, change: Change) -> bytes:
        """Change the store, then tell every process which logs grew."""
        outcome = await self._store.change(change)
        await self._hub.announce(outcome.rooms)
        return outcome.answer

    def change(
        self,
        request: Request,
        decide: Callable[[Found], Decision],
        *,
        conversation_id: ConversationId | None = None,
        comment_id: CommentId | None = None,
        whole_thread: bool = False,
    ) -> Change:
        """A change about one thing, found by its id."""
        return Change(
            tenant_id=request.actor.tenant_id,
            actor_id=request.actor.id,
            broadcast_id=request.broadcast_id,
            request_hash=request.hash,
            decide=decide,
            conversation_id=conversation_id,
            comment_id=comment_id,
            whole_thread=whole_thread,
        )

    def allow(
        self, request: Request, action: Action, owned: Comment | Conversation | None, *, locked: bool = False
    ) -> None:
        """Refuse what the table of rights does not grant."""
        owner = owned.author_id if owned is not None else None
        thing = Thing(owner=owner, locked=locked, allow_anon=request.allow_anon)
        verdict = allowed(request.actor, action, thing)
        if not verdict.granted:
            raise Refused(verdict.status, verdict.code)

    def in_time(self, request: Request, found: Found) -> None:
        """The last checks: still wanted, and not too often. Runs where the store decides, one at a time."""
        if request.deadline_ms is not None and found.now_ms > request.deadline_ms:
            raise Refused(408, "deadline")
        now, tenant_id = time.monotonic(), request.actor.tenant_id
        wait_s = self._limits.check(Limit.WRITE, f"{tenant_id} {request.actor.id}", now)
        if wait_s is not None:
            raise Refused(429, "user-rate-limited", retry_after_s=wait_s)
        wait_s = self._limits.check(Limit.TENANT_WRITE, tenant_id, now)
        if wait_s is not None:
            raise Refused(429, "rate-limited", retry_after_s=wait_s)

    def check_text(self, text: str) -> None:
        """Refuse a comment without words, or with too many."""
        if not text.strip():
            raise Refused(400, "empty-comment")
        if len(text.encode("utf-16-le", "surrogatepass")) // 2 > self._max_comment_length:
            raise Refused(400, "comment-too-big", max_length=self._max_comment_length)

    def new_comment(
        self,
        request: Request,
        found: Found,
        thread: UrlId,
        text: str,
        page_title: str,
        parent_id: CommentId | None = None,
        url: str = "",
    ) -> Comment:
        """The comment that the actor writes now."""
        actor, text = request.actor, harmless(text)
        return Comment(
            id=CommentId(f"c_{uuid.uuid4().hex}"),
            url_id=thread,
            user_id=None if actor.anonymous else actor.id,
            anon_user_id=actor.id if actor.anonymous else None,
            commenter_name=name_of(actor),
            html=comment_html(text),
            text=text,
            parent_id=parent_id,
            date_ms=found.now_ms,
            number=found.next_comment,
            verified=not actor.anonymous,
            is_by_admin=actor.role is Role.ADMIN,
            is_by_moderator=actor.role is Role.MODERATOR,
            url=url or thread,
            page_title=safe_text(page_title, Kind.LINE),
        )

    def announced(self, request: Request, url_id: UrlId, event: Loggable, *, plain: bool = True) -> Announced:
        """An event for the room of a page."""
        return Announced(self.room(request, url_id), url_id, event, plain)

    def room(self, request: Request, url_id: UrlId) -> RoomKey:
        """The room of a page, in the actor's tenant."""
        tenant_id = request.actor.tenant_id
        return RoomKey(tenant_id, room_token(self._secret, tenant_id, url_id))


def counted(found: Found, more: int, last_ms: int | None) -> Conversation | None:
    """The conversation with its number of comments brought up to date."""
    if found.conversation is None:
        return None
    return replace(found.conversation, comment_count=found.thread_count + more, last_comment_at_ms=last_ms)


def harmless(text: str) -> str:
    """A comment's text without what could act on a terminal."""
    return safe_text(text, Kind.BLOCK)


def name_of(actor: Actor) -> str:
    """The name under which the actor writes."""
    return safe_text("Anonymous" if actor.anonymous else actor.user.name, Kind.NAME)


def blanked(comment: Comment) -> Comment:
    """The full object that the wire wants of a deletion, without what it said."""
    return replace(comment, text="", html="")
