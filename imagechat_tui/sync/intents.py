"""What the person wants. An intent says nothing about how, or whether, it is done."""

from __future__ import annotations

from typing import TypeAlias

from imagechat_tui.protocol.ids import BroadcastId, CommentId, ConversationId, ImageId
from imagechat_tui.protocol.models import Point
from imagechat_tui.protocol.tagged import Tagged


class StartConversation(Tagged, frozen=True):
    """A new marker at ``point`` with its first comment."""

    point: Point
    text: str
    version: int | None = None
    """Of the image's versions the one that was shown when it was sent first; None if that was not known. Below 0 it is
    one that the server has not seen: it notes none then, and without a number it would note the latest."""


class PostComment(Tagged, frozen=True):
    """A comment in an existing thread."""

    conversation_id: ConversationId
    text: str
    parent_id: CommentId | None = None


class EditComment(Tagged, frozen=True):
    """A new text for a comment."""

    conversation_id: ConversationId
    comment_id: CommentId
    text: str


class DeleteComment(Tagged, frozen=True):
    """Remove a comment (and what answers it)."""

    conversation_id: ConversationId
    comment_id: CommentId


class DeleteConversation(Tagged, frozen=True):
    """Remove a marker and its thread."""

    conversation_id: ConversationId


class RestoreConversation(Tagged, frozen=True):
    """Have a marker back that was deleted a short time ago, with its thread."""

    conversation_id: ConversationId


class MoveConversation(Tagged, frozen=True):
    """Put a marker elsewhere."""

    conversation_id: ConversationId
    point: Point


class ResolveConversation(Tagged, frozen=True):
    """Resolve (or reopen) a thread."""

    conversation_id: ConversationId
    resolved: bool


class VoteComment(Tagged, frozen=True):
    """Vote for or against a comment. There is one vote of each person on a comment: the one before goes."""

    conversation_id: ConversationId
    comment_id: CommentId
    direction: int
    """1 or -1; 0 takes the vote back."""


class PinComment(Tagged, frozen=True):
    """Put a comment first where others sort (moderators), or back in its place."""

    conversation_id: ConversationId
    comment_id: CommentId
    pinned: bool


class LockComment(Tagged, frozen=True):
    """Have a comment neither answered, edited nor deleted (moderators), or again. The first one locks its thread."""

    conversation_id: ConversationId
    comment_id: CommentId
    locked: bool


class FlagComment(Tagged, frozen=True):
    """Point a comment out to moderators, or no more. Nobody else is told."""

    conversation_id: ConversationId
    comment_id: CommentId
    flagged: bool


class BlockAuthor(Tagged, frozen=True):
    """Not want to see what the author of a comment writes, anywhere, or again. Nobody else is told."""

    conversation_id: ConversationId
    comment_id: CommentId
    blocked: bool


Write: TypeAlias = (
    StartConversation
    | PostComment
    | EditComment
    | DeleteComment
    | DeleteConversation
    | RestoreConversation
    | MoveConversation
    | ResolveConversation
    | VoteComment
    | PinComment
    | LockComment
    | FlagComment
    | BlockAuthor
)
"""The intents that change something on the server."""


CommentWrite: TypeAlias = (
    EditComment | DeleteComment | VoteComment | PinComment | LockComment | FlagComment | BlockAuthor
)
"""The writes that are about a comment that is there."""


Opinion: TypeAlias = FlagComment | BlockAuthor
"""What a person notes for themselves: no event tells of it, and done twice it is done once."""


TextWrite: TypeAlias = StartConversation | PostComment | EditComment
"""The writes that carry what a person typed."""


class KeepDraft(Tagged, frozen=True):
    """Keep what was typed for a target and not sent. An empty text forgets the draft.

    ``write`` is the write that the text would become; its target (everything but the text) names the
    draft, so there is one typed draft per target.
    """

    write: StartConversation | PostComment | EditComment


class Retry(Tagged, frozen=True):
    """Send a write that failed once more, with the same broadcastId."""

    draft_id: str


class DiscardDraft(Tagged, frozen=True):
    """Forget a draft or a write that failed."""

    draft_id: str


class OpenThread(Tagged, frozen=True):
    """The person opened this thread: its comments are wanted."""

    conversation_id: ConversationId
    entered: bool = False
    """They mean to read it, even if they had it kept unread."""


class CloseThread(Tagged, frozen=True):
    """The person left the open thread."""


class Look(Tagged, frozen=True):
    """The end of the open thread is before the person's eyes from now on; without one, it is no more."""

    conversation_id: ConversationId | None = None
    once: bool = False
    """Only a key has told that they are there: what comes later they may not see."""


class MarkRead(Tagged, frozen=True):
    """These threads were read."""

    conversations: tuple[ConversationId, ...]


class MarkUnread(Tagged, frozen=True):
    """The newest comment of others in this thread shall be unread again, until the thread is entered."""

    conversation_id: ConversationId


class SetPlacement(Tagged, frozen=True):
    """The person says where a marker is on the version that is shown."""

    conversation_id: ConversationId
    point: Point


class UnsetPlacement(Tagged, frozen=True):
    """What a person has said of a marker's place holds no more: what was worked out does again."""

    conversation_id: ConversationId


class MoveCrosshair(Tagged, frozen=True):
    """Where the person points now; told to the others (at most 2 a second) where the server takes it."""

    point: Point


class LookUpImage(Tagged, frozen=True):
    """The person wants to know where the picture is met, and what it has looked like."""


class LinkImage(Tagged, frozen=True):
    """The picture shall be this image from now on, whenever it is met here; ``new``: one of its own."""

    image_id: ImageId


class Undo(Tagged, frozen=True):
    """What the person did last on this picture shall be as it was before (key ``u``)."""


class TryNow(Tagged, frozen=True):
    """Reconnect or catch up at once (key ``R``)."""


Intent: TypeAlias = (
    Write
    | KeepDraft
    | Retry
    | DiscardDraft
    | OpenThread
    | CloseThread
    | Look
    | MarkRead
    | MarkUnread
    | SetPlacement
    | UnsetPlacement
    | MoveCrosshair
    | LookUpImage
    | LinkImage
    | Undo
    | TryNow
)


class Submitted(Tagged, frozen=True):
    """An intent together with the id it would travel under (made by the driver, so that sync stays pure)."""

    intent: Intent
    broadcast_id: BroadcastId
    at_ms: int = 0
    """Wall clock, ms since the epoch: dates drafts, decides nothing."""
