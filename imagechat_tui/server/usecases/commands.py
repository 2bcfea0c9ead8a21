"""What all writes have in common: checks in their order, stamps, one change of the store, the hint after it.

Checks come in the order of PROMISES 6: stored answer, existence, permission, body, deadline, rate.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
import time
import uuid
from collections.abc import Callable
from concurrent.futures import Executor
from functools import partial

from msgspec import Struct
from msgspec.structs import replace

from imagechat_tui.protocol import codes
from imagechat_tui.protocol.events import LoggedEvent, Stamp
from imagechat_tui.protocol.ids import (
    ANONYMOUS_PREFIX,
    BroadcastId,
    CommentId,
    ConversationId,
    TenantId,
    UrlId,
)
from imagechat_tui.protocol.models import Comment, Conversation, User, Vote
from imagechat_tui.safetext import Kind, safe_text
from imagechat_tui.server.guard.access import Action, Actor, Role, allowed, thing_of
from imagechat_tui.server.guard.auth import HTTPS
from imagechat_tui.server.guard.limits import Limit, Limits, tenant_requests
from imagechat_tui.server.guard.tokens import Tokens
from imagechat_tui.server.live.hub import Hub
from imagechat_tui.server.storage import (
    Announced,
    Change,
    Decision,
    Outcome,
    ReaderKey,
    RoomKey,
    Store,
    Subject,
    TenantFull,
)
from imagechat_tui.server.usecases.comment_html import comment_html, is_plain
from imagechat_tui.server.usecases.edit_keys import opens
from imagechat_tui.server.usecases.refusals import Refused, require

MAX_SRC = 2_000
MAX_TITLE = 500
MAX_GUEST_NAME = 100

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")


class Request(Struct, frozen=True):
    """Who wants a write, under which id, until when."""

    actor: Actor
    counted_as: str
    """Whose writes this is one of: a user's, or, of people without sign-in, an address's."""
    broadcast_id: BroadcastId
    deadline_ms: int | None
    """Server time after which it must not be carried out."""
    fingerprint: tuple[object, ...]
    """Everything that makes it this request and no other."""
    v2: bool = False
    edit_key: str = ""
    """Of a guest who keeps no session; a secret."""

    @property
    def hash(self) -> bytes:
        """What a repetition must equal."""
        return hashlib.sha256(repr(self.fingerprint).encode("utf-8", "surrogatepass")).digest()

    @property
    def stamp(self) -> Stamp:
        """The part of the envelope that is known before the commit."""
        return Stamp(broadcast_id=self.broadcast_id, actor_id=self.actor.id)


class Unread(Exception):
    """Everything allows the write, and its Markdown has not been read yet."""


class Draft:
    """What somebody writes in one request, from its arrival to its commit.

    Markdown takes time that its writer decides, so it is read neither where all writes wait for each other
    nor before the limits allow it: the first attempt to decide ends with ``Unread`` if words alone are not
    all there is. Then it is read elsewhere, and the request is decided anew.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.counted = False
        """The limits have allowed this request."""
        self._html = comment_html(text) if is_plain(text) else None

    @property
    def html(self) -> str:
        """The text as HTML.

        Raises:
            Unread: See there.
        """
        if self._html is None:
            raise Unread
        return self._html

    def read(self) -> None:
        """Make the HTML, which takes as long as its writer decides."""
        self._html = comment_html(self.text)


class Commands:
    """Checks a write and carries it out: what those of markers and comments share."""

    def __init__(
        self,
        store: Store,
        hub: Hub,
        limits: Limits,
        tokens: Tokens,
        now_ms: Callable[[], int],
        max_comment_length: int,
        markdown: Executor,
        tenant_comments: int,
    ) -> None:
        self._store = store
        self._hub = hub
        self._limits = limits
        self._tokens = tokens
        self._now_ms = now_ms
        self._max_comment_length = max_comment_length
        self._markdown = markdown
        self._tenant_comments = tenant_comments

    async def carry_out(self, change: Change, draft: Draft | None = None) -> bytes:
        """Change the store. Every process is told of it, whether or not somebody still waits for the answer."""
        try:
            outcome = await self._changed(change, draft)
        except TenantFull:
            raise Refused(413, codes.TENANT_FULL) from None
        return outcome.answer

    def _tell(self, tenant_id: TenantId, outcome: Outcome) -> None:
        for of, placements in outcome.placed:  # first: what comes back is not to be looked for
            self._hub.placed(self._tokens.room(of.tenant_id, of.image), placements)
        if outcome.read is not None:  # neither is it to be unread for a moment
            image, read = outcome.read
            self._hub.read_on(self._tokens.room(tenant_id, image), read)
        self._hub.hand_over(outcome.logged)

    async def _changed(self, change: Change, draft: Draft | None) -> Outcome:
        told = partial(self._tell, change.tenant_id)
        try:
            return await self._store.change(change, told)
        except Unread:
            assert draft is not None
            await asyncio.get_running_loop().run_in_executor(self._markdown, draft.read)
            return await self._store.change(change, told)

    def change(
        self,
        request: Request,
        decide: Callable[[Subject], Decision],
        *,
        conversation_id: ConversationId | None = None,
        comment_id: CommentId | None = None,
        vote_id: str | None = None,
        thread: UrlId | None = None,
        whole_thread: bool = False,
        opener: bool = False,
        image_room: RoomKey | None = None,
        thread_room: RoomKey | None = None,
        spare_thread: Callable[[int], tuple[UrlId, RoomKey]] | None = None,
        marked: UrlId | None = None,
        version: int | None = None,
    ) -> Change:
        """What a request wants of the store; see ``Change``."""
        return Change(
            tenant_id=request.actor.tenant_id,
            actor_id=request.actor.id,
            broadcast_id=request.broadcast_id,
            request_hash=request.hash,
            decide=decide,
            conversation_id=conversation_id,
            comment_id=comment_id,
            vote_id=vote_id,
            thread=thread,
            whole_thread=whole_thread,
            opener=opener,
            image_room=image_room,
            thread_room=thread_room,
            spare_thread=spare_thread,
            marked=marked,
            version=version,
            most_comments=self._tenant_comments,
        )

    def allow(
        self,
        request: Request,
        action: Action,
        owned: Comment | Conversation | Vote | None,
        *,
        locked: bool = False,
        within: Comment | None = None,
    ) -> None:
        """Refuse what the table of rights does not grant.

        Args:
            request: Who wants it.
            action: What is wanted.
            owned: What it is about.
            locked: Whether a lock is in its way.
            within: A comment whose edit key opens ``owned``, too, if the same guest made both.
        """
        same = owned is not None and within is not None and within.author_id == owned.author_id
        has_key = opens(
            self._tokens, request.actor.tenant_id, request.edit_key, owned, within if same else None
        )
        thing = replace(thing_of(owned), locked=locked, has_key=has_key)
        require(request.actor, action, thing, edit_key=request.edit_key)

    def in_time(self, request: Request, subject: Subject, draft: Draft | None = None) -> None:
        """The last checks: still wanted, and not too often. Runs where the store decides, one at a time."""
        if request.deadline_ms is not None and subject.now_ms > request.deadline_ms:
            raise Refused(408, codes.DEADLINE)
        if draft is not None and draft.counted:
            return
        self.count(request.actor, request.counted_as)
        if draft is not None:
            draft.counted = True

    def count(self, actor: Actor, counted_as: str) -> None:
        """Count one write; refuse who writes too often.

        Args:
            actor: Who writes.
            counted_as: Whose writes this is one of (``Request.counted_as``).
        """
        tenant_id = actor.tenant_id
        guest = ((Limit.GUEST_WRITE, tenant_id),) if actor.anonymous else ()
        uses = (
            (Limit.WRITE, f"{tenant_id} {counted_as}"),
            *guest,
            (Limit.TENANT_WRITE, tenant_id),
            *tenant_requests(tenant_id, guest=actor.anonymous),
        )
        refused = self._limits.check_all(uses, time.monotonic())
        if refused is not None:
            limit, wait_s = refused
            code = codes.USER_RATE_LIMITED if limit is Limit.WRITE else codes.RATE_LIMITED
            raise Refused(429, code, retry_after_s=wait_s)

    def check_text(self, text: str) -> None:
        """Refuse a comment of which nothing would be seen, or with too many words."""
        if not safe_text(text, Kind.BLOCK).strip():
            raise Refused(400, codes.EMPTY_COMMENT)
        if len(text.encode("utf-16-le", "surrogatepass")) // 2 > self._max_comment_length:
            raise Refused(400, codes.COMMENT_TOO_BIG, max_length=self._max_comment_length)

    def new_comment(
        self,
        request: Request,
        subject: Subject,
        thread: UrlId,
        draft: Draft,
        page_title: str,
        parent_id: CommentId | None = None,
        url: str = "",
        guest_name: str = "",
    ) -> Comment:
        """The comment that the actor writes now. ``guest_name`` is what they call themselves if they are nobody.

        Raises:
            Refused: The guest's name will not do.
            Unread: Its Markdown has to be read first.
        """
        actor = request.actor
        return Comment(
            id=CommentId(f"c_{uuid.uuid4().hex}"),
            url_id=thread,
            user_id=None if actor.anonymous else actor.id,
            anon_user_id=actor.id if actor.anonymous else None,
            commenter_name=_checked_name(actor, guest_name) if actor.anonymous else name_of(actor),
            html=draft.html,
            text=draft.text,
            parent_id=parent_id,
            date_ms=subject.now_ms,
            number=subject.next_comment,
            verified=not actor.anonymous,
            is_by_admin=actor.role is Role.ADMIN,
            is_by_moderator=actor.role is Role.MODERATOR,
            url=url or thread,
            page_title=page_title,
            avatar_src=_face(actor.user),
            commenter_link=actor.user.website_url,
            display_label=actor.user.display_label,
        )

    def reader(self, request: Request, image: UrlId | None) -> ReaderKey | None:
        """The actor as a reader of an image's threads; None if it is not kept how far they have read."""
        actor = request.actor
        if image is None or not allowed(actor, Action.KEEP_READ_STATE).granted:
            return None
        return ReaderKey(actor.tenant_id, image, actor.id)

    def announced(
        self, request: Request, url_id: UrlId, event: LoggedEvent, *, plain: bool = True
    ) -> Announced:
        """An event for the room of a page."""
        return Announced(self.room(request, url_id), url_id, event, plain)

    def room(self, request: Request, url_id: UrlId) -> RoomKey:
        """The room of a page, in the actor's tenant."""
        return self._tokens.room(request.actor.tenant_id, url_id)


def counted(subject: Subject, more: int, last_ms: int | None) -> Conversation | None:
    """The conversation with its number of comments brought up to date."""
    if subject.conversation is None:
        return None
    return replace(
        subject.conversation, comment_count=subject.thread_count + more, last_comment_at_ms=last_ms
    )


def _checked_name(actor: Actor, name: str) -> str:
    """What a guest is called. Our own client has no other name for one than the id."""
    if len(name) > MAX_GUEST_NAME:
        raise Refused(400, codes.INVALID_NAME)
    if _EMAIL.fullmatch(name.strip()):
        raise Refused(400, codes.INVALID_NAME_IS_EMAIL)
    named = bool(safe_text(name, Kind.NAME)) and not name.startswith(ANONYMOUS_PREFIX)
    return name if named else name_of(actor)


def name_of(actor: Actor) -> str:
    """The name under which the actor writes."""
    return "Anonymous" if actor.anonymous else actor.user.name


def _face(user: User) -> str | None:
    """The picture that goes along with each comment: an address, and no picture that is written out."""
    avatar = user.avatar_src
    return avatar if avatar is not None and HTTPS.fullmatch(avatar) else None


def blanked(comment: Comment) -> Comment:
    """The full object that the wire wants of a deletion, without what it said."""
    return replace(comment, text="", html="")
