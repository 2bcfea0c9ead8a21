"""One look or one write without a session: what the scripted verbs do."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, TypeVar

import click
from msgspec.structs import replace

from imagechat_tui import problems
from imagechat_tui.cli.target import Target
from imagechat_tui.problems import ProblemKind, VerbFailed
from imagechat_tui.protocol.ids import BroadcastId, CommentId, ConversationId, ImageId, UrlId
from imagechat_tui.protocol.models import Comment, Conversation, Own, ReadState, Version
from imagechat_tui.protocol.routes import (
    NEW_IMAGE,
    PICTURE_BYTES_PER_S,
    CommentReply,
    ConversationList,
    ImageDetails,
    ImageReply,
    OpenImage,
)
from imagechat_tui.protocol.thread_keys import rounded, thread_key
from imagechat_tui.sync.effects import SendRequest
from imagechat_tui.sync.intents import (
    MoveConversation,
    ResolveConversation,
    RestoreConversation,
    StartConversation,
    Write,
)
from imagechat_tui.sync.outbox import comment_step_id, says
from imagechat_tui.sync.state import Peer, Placings, Room
from imagechat_tui.words import problem_words, received_words

if TYPE_CHECKING:
    from imagechat_tui.net.api import Api, WriteReply
    from imagechat_tui.net.recognition import Recognition

Outcome = TypeVar("Outcome")

PAUSES_S = (2.0, 4.0, 8.0, 16.0, 30.0)
"""Between the tries of one read where the server says "too fast" and not how long to wait."""
LONGEST_WAIT_S = 60.0
"""For one read, all pauses together: told to wait longer, a verb says so and ends."""
PROGRESS_EVERY_S = 5.0
"""So often a verb says how much of a slow list has come."""


class Visit:
    """A connection to the server for one verb."""

    def __init__(
        self,
        room: Room,
        api: Api,
        *,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.room = room
        self._api = api
        self._sleep = sleep
        self._now = now
        self._recognition: Recognition | None = None
        self._listing: ConversationList | None = None
        self.peer = Peer.UNKNOWN
        self.left_out = 0
        """Markers and comments of what was looked at that could not be read."""

    async def enter(self, recognition: Recognition) -> None:
        """Find the picture's room, for all that follows."""
        self._recognition = recognition
        self.room = await self._patiently(lambda: recognition.room(self._api))

    @property
    def has_key(self) -> bool:
        """Whether the room is known by a key, whoever has been in it."""
        return self._recognition is not None and self._recognition.has_key

    async def history(self) -> ImageDetails | None:
        """Where the picture is met and what it has looked like; None if the server knows no image of it."""
        image = self.room.image
        return None if image is None else await self._patiently(lambda: self._api.image(image.id))

    async def current(self, versions: tuple[Version, ...]) -> Version | None:
        """The one of these that the picture looks like. If there is one, the room tells of others alike, too."""
        found, room = self._recognition, self.room
        looks = None if found is None else await found.looks()
        version = next((one for one in versions if looks is not None and one.pixels == looks.pixels), None)
        if version is not None and found is not None:  # nothing new, so that asking notes nothing
            self.room = await self._patiently(lambda: found.noted(self._api, room))
        return version

    async def noted_version(self) -> int | None:
        """Which of its image's versions the picture is now; one that it has not had is noted. As ``Room.version``."""
        found, room = self._recognition, self.room
        if found is None:
            return None
        self.room = await self._patiently(lambda: found.noted(self._api, room))
        return self.room.version

    async def placings(self) -> Placings:
        """Where markers are on the version that the picture is; of none, if nobody knows which that is."""
        from imagechat_tui.net.failures import ApiError

        found, room = self._recognition, self.room
        if found is None:
            return Placings()
        version = (await self._patiently(lambda: found.compared(self._api, room))).version
        if version is None or version < 0:
            return Placings(version, told=True)
        try:
            told = await self._patiently(lambda: self._api.placements(self.room.url_id, version))
        except ApiError as failure:
            if failure.status != HTTPStatus.NOT_FOUND:  # an older server knows of none
                raise
            return Placings()
        return Placings(version, True, {one.conversation_id: one for one in told.placements})

    async def image_id(self) -> ImageId:
        """The image that the picture is.

        Raises:
            VerbFailed: this server knows none.
        """
        if self.room.image is None:
            raise VerbFailed(problems.NotOnThisServer())
        return self.room.image.id

    async def image_of_key(self, key: UrlId) -> ImageId | None:
        """The image of a room; one that has markers and no image gets one. None if there is no such room.

        Raises:
            VerbFailed: this server knows none.
        """
        reply = await self._opened(key)
        if reply.image is None:
            _, listing = await self._patiently(
                lambda: self._api.conversations(replace(self.room, url_id=key))
            )
            if not listing.conversations:
                return None
            reply = await self._opened(key, NEW_IMAGE)
        return None if reply.image is None else reply.image.id

    async def _opened(self, key: UrlId, bind: ImageId | None = None) -> ImageReply:
        asked = OpenImage(BroadcastId(str(uuid.uuid4())), key, url_id=key, bind=bind)
        reply = await self._patiently(lambda: self._api.open_image(asked))
        if reply is None:
            raise VerbFailed(problems.NotOnThisServer())
        return reply

    async def link(self, image_id: ImageId) -> ImageReply:
        """Have the picture be this image from now on.

        Raises:
            VerbFailed: this server knows none.
            ApiError: it was refused, or never sent.
        """
        assert self._recognition is not None
        reply = await self._recognition.linked(self._api, image_id)
        if reply is None:
            raise VerbFailed(problems.NotOnThisServer())
        return reply

    async def rooms(self) -> AsyncIterator[UrlId]:
        """The keys of the tenant's pictures.

        Raises:
            VerbFailed: this server does not tell them, or not this person.
        """
        from imagechat_tui.net.failures import ApiError

        after, more = UrlId(""), True
        while more:
            try:
                told = await self._patiently(partial(self._api.rooms, after))
            except ApiError as failure:
                if failure.status == HTTPStatus.NOT_FOUND and not failure.problem.no_tenant:
                    raise VerbFailed(problems.NotOnThisServer()) from None
                if failure.status == HTTPStatus.FORBIDDEN:
                    raise VerbFailed(problems.NotForYou("export", self.room.tenant_id)) from None
                raise
            for key in told.url_ids:
                yield key
            after, more = told.url_ids[-1] if told.url_ids else after, told.has_more

    async def share(self, sha256: str, file: bytes, on_sent: Callable[[int], None]) -> bool:
        """Have the server keep the picture itself. False if it had it.

        Raises:
            VerbFailed: this server keeps none, or it did not arrive in time.
            ApiError: it was refused, or did not arrive.
        """
        from imagechat_tui.net.failures import ApiError, Unsupported

        try:
            if await self._patiently(lambda: self._api.has_picture(sha256)):
                return False
        except Unsupported:
            raise VerbFailed(problems.NotOnThisServer()) from None
        try:
            await self._api.keep_picture(sha256, file, on_sent)
        except ApiError as failure:
            if failure.problem.kind is not ProblemKind.TIMED_OUT or not failure.sent:
                raise
            raise VerbFailed(problems.NotShareable("too-slow", PICTURE_BYTES_PER_S)) from None
        return True

    async def look_at(self, url_id: UrlId) -> ConversationList:
        """The list of another picture, by its key."""
        self.room = replace(self.room, url_id=url_id)
        return await self.look()

    async def look(self) -> ConversationList:
        """The list of conversations as it is now."""
        self.peer, listing = await self._patiently(
            lambda: self._api.conversations(self.room, on_bytes=self._progress())
        )
        if self._recognition is not None:
            self._recognition.check(self.peer)
        self.left_out = listing.left_out
        self._listing = listing
        return listing

    def _progress(self) -> Callable[[int], None]:
        """Says on stderr how much of a list has come, where that takes long."""
        told_at = self._now()

        def on_bytes(received: int) -> None:
            nonlocal told_at
            if self._now() >= told_at + PROGRESS_EVERY_S:
                told_at = self._now()
                _note(received_words(received))

        return on_bytes

    async def read_state(self) -> ReadState | None:
        """How far the person has read; None where that is not kept, or not told."""
        from imagechat_tui.net.failures import ApiError

        user = self._listing.user if self._listing is not None else None
        if self.peer is not Peer.OURS or user is None or user.is_anonymous:
            return None
        try:
            return await self._patiently(lambda: self._api.read_state(self.room.url_id))
        except ApiError as failure:
            if failure.status not in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND):
                raise
            return None

    async def look_again(self) -> ConversationList | None:
        """The list after a write; None, and why on stderr, if it cannot be read: what was saved is saved."""
        from imagechat_tui.net.failures import ApiError

        try:
            return await self.look()
        except ApiError as failure:
            _note(f"Saved. {problem_words(failure.problem, keys=False).text}")
            return None

    async def comments(self, listing: ConversationList, conversation: Conversation) -> tuple[Comment, ...]:
        """The comments of one thread, oldest first."""
        if self.peer is Peer.OURS:
            return tuple(comment for comment in listing.comments if comment.url_id == conversation.url_id)
        answer = await self._patiently(lambda: self._api.thread(conversation.url_id))
        self.left_out += answer.left_out
        return answer.comments

    async def thread(self, conversation: Conversation) -> tuple[tuple[Comment, ...], Own]:
        """The comments of one thread, oldest first, and what of it is the person's own."""
        listing = self._listing
        if self.peer is Peer.OURS and listing is not None:
            return await self.comments(listing, conversation), listing.own
        answer = await self._patiently(lambda: self._api.thread(conversation.url_id))
        return answer.comments, answer.own

    async def comments_again(self, conversation: Conversation) -> tuple[Comment, ...]:
        """The comments of a thread after a write; none, and why on stderr, if they cannot be read."""
        from imagechat_tui.net.failures import ApiError

        listing = await self.look_again()
        if listing is None:
            return ()
        try:
            return await self.comments(listing, conversation)
        except ApiError as failure:
            _note(f"Saved. {problem_words(failure.problem, keys=False).text}")
            return ()

    async def send(
        self, write: Write, conversation: Conversation | None = None, *, vote_id: str | None = None
    ) -> WriteReply:
        """Carry out one write, once. ``vote_id``: the vote that it takes back, where it is known.

        Raises:
            VerbFailed: this server does not have it, or nobody knows what became of it.
            ApiError: it was refused, or never sent.
        """
        broadcast_id = BroadcastId(str(uuid.uuid4()))
        two_step = self.peer is Peer.HOSTED
        if two_step and isinstance(write, MoveConversation | ResolveConversation | RestoreConversation):
            raise VerbFailed(problems.NotOnThisServer())
        request = SendRequest(
            broadcast_id=broadcast_id,
            write=write,
            thread_url_id=None if conversation is None else conversation.url_id,
            two_step=two_step,
            vote_id=vote_id,
        )
        if two_step and isinstance(write, StartConversation):
            comment_id = await self._first_step_done(write)
            if comment_id is None:
                first = await self._sent(replace(request, broadcast_id=comment_step_id(broadcast_id)))
                assert isinstance(first, CommentReply)
                comment_id = first.comment.id
            return await self._second_step(replace(request, comment_id=comment_id))
        return await self._sent(request)

    async def _first_step_done(self, write: StartConversation) -> CommentId | None:
        """The comment of this text at this place that has no marker yet: an earlier try made it."""
        from imagechat_tui.net.failures import ApiError

        listing = self._listing
        if listing is None:
            return None
        key = thread_key(listing.url_id_clean, self.room.src, rounded(write.point))
        if any(conversation.url_id == key for conversation in listing.conversations):
            return None
        try:
            thread = await self._patiently(lambda: self._api.thread(key))
        except ApiError as failure:
            if failure.problem.kind is ProblemKind.GONE:
                return None  # nobody ever wrote there
            raise
        me = listing.user.id if listing.user is not None else None
        ours = (comment for comment in thread.comments if me is None or comment.author_id == me)
        return next((comment.id for comment in ours if says(comment, write.text)), None)

    async def _second_step(self, request: SendRequest) -> WriteReply:
        from imagechat_tui.net.failures import ApiError

        try:
            return await self._sent(request)
        except ApiError as failure:
            raise VerbFailed(problems.MarkerNotSaved(failure.problem)) from None
        except VerbFailed as failure:
            assert isinstance(failure.problem, problems.NotKnownIfSaved)
            raise VerbFailed(problems.MarkerNotSaved(failure.problem)) from None

    async def _patiently(self, ask: Callable[[], Awaitable[Outcome]]) -> Outcome:
        """Read, and where the server says "too fast" read again as soon as it wants to be asked.

        Raises:
            ApiError: it failed otherwise, or says so again and again, or wants more than LONGEST_WAIT_S.
        """
        from imagechat_tui.net.failures import ApiError, Intercepted

        waited_s = 0.0
        for pause_s in (*PAUSES_S, None):
            try:
                return await ask()
            except ApiError as failure:
                foreign = isinstance(failure, Intercepted) and failure.of_what == HTTPStatus.TOO_MANY_REQUESTS
                if not (foreign or failure.problem.kind is ProblemKind.RATE_LIMITED) or pause_s is None:
                    raise
                wait_s = failure.problem.retry_after_s or pause_s
                waited_s += wait_s
                if waited_s > LONGEST_WAIT_S:
                    raise
                who = "Something in front of the server" if foreign else "The server"
                _note(f"{who} wants to be asked less often; going on in {wait_s:.0f} s.")
                await self._sleep(wait_s)
        raise AssertionError("the last try returns or raises")

    async def _sent(self, request: SendRequest) -> WriteReply:
        from imagechat_tui.net.failures import ApiError

        try:
            return await self._api.send(self.room, request)
        except ApiError as failure:
            status = failure.status or 0
            if not failure.sent or 300 <= status < 500 or status == 503:
                raise
            raise VerbFailed(problems.NotKnownIfSaved(failure.problem)) from None


def _note(words: str) -> None:
    click.echo(f"imagechat: {words}", err=True)


def visit(
    target: Target,
    work: Callable[[Visit], Awaitable[Outcome]],
    *,
    binds: bool | None = None,
    enters: bool = True,
) -> Outcome:
    """Connect (starting the local server if need be), run the work, disconnect.

    ``binds``: see ``Target.recognition``. Not ``enters``: it is about no picture.
    """

    async def run() -> Outcome:
        from imagechat_tui.net.api import Api

        if target.before_connect is not None:
            await target.before_connect()
        api = Api(target.endpoint)
        try:
            visit = Visit(target.room_before, api)
            if enters:
                await visit.enter(target.recognition(binds=binds))
            return await work(visit)
        finally:
            await api.close()

    return asyncio.run(run())


def find(listing: ConversationList, name: str) -> Conversation:
    """The conversation called ``name``: its number (``7`` or ``#7``) or its id.

    Raises:
        VerbFailed: there is none.
    """
    wanted = name.removeprefix("#")
    for place, conversation in enumerate(listing.conversations, 1):
        number = place if conversation.number is None else conversation.number
        if conversation.id == ConversationId(name) or str(number) == wanted:
            return conversation
    raise VerbFailed(problems.NoSuchMarker(name))


def number_of(listing: ConversationList, conversation: Conversation) -> int:
    """The number by which people call it: the server's, else its place in the list."""
    if conversation.number is not None:
        return conversation.number
    return next(n for n, item in enumerate(listing.conversations, 1) if item.id == conversation.id)


def numbered(comments: tuple[Comment, ...]) -> list[tuple[int, Comment]]:
    """Comments of a thread with the numbers by which people call them: the server's, else their places."""
    return [
        (place if comment.number is None else comment.number, comment)
        for place, comment in enumerate(comments, 1)
    ]


def find_comment(comments: tuple[Comment, ...], name: str) -> Comment:
    """The comment called ``name``: its number in the thread, or its id.

    Raises:
        VerbFailed: there is none.
    """
    for number, comment in numbered(comments):
        if name in (str(number), comment.id):
            return comment
    raise VerbFailed(problems.NoSuchComment(name))
