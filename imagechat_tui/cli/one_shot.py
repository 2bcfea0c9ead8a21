"""One look or one write without a session: what the scripted verbs do."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

from imagechat_tui.cli.failures import VerbFailed, problem_code
from imagechat_tui.cli.target import Target, words_to_fail
from imagechat_tui.protocol.ids import BroadcastId, ConversationId
from imagechat_tui.protocol.models import Comment, Conversation
from imagechat_tui.protocol.routes import (
    CommentReply,
    ConversationList,
)
from imagechat_tui.sync.effects import SendRequest
from imagechat_tui.sync.intents import MoveConversation, ResolveConversation, StartConversation, Write
from imagechat_tui.sync.outbox import comment_step_id
from imagechat_tui.sync.state import Peer, Problem, ProblemKind, Room
from imagechat_tui.words import not_known_words, problem_words, safe_name

if TYPE_CHECKING:
    from imagechat_tui.net.api import Api, WriteReply

Outcome = TypeVar("Outcome")


class Visit:
    """A connection to the server for one verb."""

    def __init__(self, room: Room, api: Api) -> None:
        self.room = room
        self._api = api
        self.peer = Peer.UNKNOWN
        self.left_out = 0
        """Markers and comments of what was looked at that could not be read."""

    async def look(self) -> ConversationList:
        """The list of conversations as it is now."""
        self.peer, listing = await self._api.conversations(self.room)
        self.left_out = listing.left_out
        return listing

    async def comments(self, listing: ConversationList, conversation: Conversation) -> tuple[Comment, ...]:
        """The comments of one thread, oldest first."""
        if self.peer is Peer.OURS:
            return tuple(comment for comment in listing.comments if comment.url_id == conversation.url_id)
        answer = await self._api.thread(conversation.url_id)
        self.left_out += answer.left_out
        return answer.comments

    async def send(self, write: Write, conversation: Conversation | None = None) -> WriteReply:
        """Carry out one write, once.

        Raises:
            VerbFailed: this server does not have it, or nobody knows what became of it.
            ApiError: it was refused, or never sent.
        """
        broadcast_id = BroadcastId(str(uuid.uuid4()))
        two_step = self.peer is Peer.HOSTED
        if two_step and isinstance(write, MoveConversation | ResolveConversation):
            problem = Problem(ProblemKind.UNSUPPORTED)
            raise VerbFailed(problem_words(problem, keys=False), problem_code(problem))
        request = SendRequest(
            broadcast_id=broadcast_id,
            write=write,
            thread_url_id=None if conversation is None else conversation.url_id,
            two_step=two_step,
        )
        if two_step and isinstance(write, StartConversation):
            from msgspec.structs import replace

            first = await self._sent(replace(request, broadcast_id=comment_step_id(broadcast_id)))
            assert isinstance(first, CommentReply)
            request = replace(request, comment_id=first.comment.id)
        return await self._sent(request)

    async def _sent(self, request: SendRequest) -> WriteReply:
        from imagechat_tui.net.failures import ApiError

        try:
            return await self._api.send(self.room, request)
        except ApiError as failure:
            status = failure.status or 0
            if not failure.sent or 300 <= status < 500 or status == 503:
                raise
            raise VerbFailed(not_known_words(failure.problem), problem_code(failure.problem)) from None


def visit(target: Target, errand: Callable[[Visit], Awaitable[Outcome]]) -> Outcome:
    """Connect (starting the local server if need be), run the errand, disconnect."""

    async def run() -> Outcome:
        from imagechat_tui.net.api import Api

        if target.before_connect is not None:
            await target.before_connect()
        api = Api(target.endpoint)
        try:
            return await errand(Visit(target.room, api))
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
    raise words_to_fail(
        "No such marker", f"There is no marker {safe_name(name)!r}.", "imagechat ls IMAGE shows them.", code=5
    )


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
    raise words_to_fail(
        "No such comment",
        f"There is no comment {safe_name(name)!r} in that thread.",
        "imagechat ls IMAGE shows them.",
        code=5,
    )
