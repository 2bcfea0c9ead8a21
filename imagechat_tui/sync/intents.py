"""What the person wants. An intent says nothing about how, or whether, it is done."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from imagechat_tui.protocol.ids import BroadcastId, CommentId, ConversationId
from imagechat_tui.protocol.models import Point


@dataclass(frozen=True, slots=True)
class StartConversation:
    """A new marker at ``point`` with its first comment."""

    point: Point
    text: str


@dataclass(frozen=True, slots=True)
class PostComment:
    """A comment in an existing thread."""

    conversation_id: ConversationId
    text: str
    parent_id: CommentId | None = None


@dataclass(frozen=True, slots=True)
class EditComment:
    """A new text for a comment."""

    conversation_id: ConversationId
    comment_id: CommentId
    text: str


@dataclass(frozen=True, slots=True)
class DeleteComment:
    """Remove a comment (and what answers it)."""

    conversation_id: ConversationId
    comment_id: CommentId


@dataclass(frozen=True, slots=True)
class DeleteConversation:
    """Remove a marker and its thread."""

    conversation_id: ConversationId


@dataclass(frozen=True, slots=True)
class MoveConversation:
    """Put a marker elsewhere."""

    conversation_id: ConversationId
    point: Point


@dataclass(frozen=True, slots=True)
class ResolveConversation:
    """Resolve (or reopen) a thread."""

    conversation_id: ConversationId
    resolved: bool


Write: TypeAlias = (
    StartConversation
    | PostComment
    | EditComment
    | DeleteComment
    | DeleteConversation
    | MoveConversation
    | ResolveConversation
)
"""The intents that change something on the server."""


@dataclass(frozen=True, slots=True)
class KeepDraft:
    """Keep what was typed for a target and not sent. An empty text forgets the draft.

    ``write`` is the write that the text would become; its target (everything but the text) names the
    draft, so there is one typed draft per target.
    """

    write: StartConversation | PostComment | EditComment


@dataclass(frozen=True, slots=True)
class Retry:
    """Send a write that failed once more, with the same broadcastId."""

    draft_id: str


@dataclass(frozen=True, slots=True)
class Drop:
    """Forget a draft or a write that failed."""

    draft_id: str


@dataclass(frozen=True, slots=True)
class OpenThread:
    """The person looks at this thread: its comments are wanted, and count as read."""

    conversation_id: ConversationId


@dataclass(frozen=True, slots=True)
class CloseThread:
    """The person left the open thread."""


@dataclass(frozen=True, slots=True)
class MarkRead:
    """This thread was read."""

    conversation_id: ConversationId


@dataclass(frozen=True, slots=True)
class MoveCrosshair:
    """Where the person points now; told to the others (at most 2 a second) where the server takes it."""

    point: Point


@dataclass(frozen=True, slots=True)
class TryNow:
    """Reconnect or catch up at once (key ``R``)."""


Intent: TypeAlias = (
    Write | KeepDraft | Retry | Drop | OpenThread | CloseThread | MarkRead | MoveCrosshair | TryNow
)


@dataclass(frozen=True, slots=True)
class Submitted:
    """An intent together with the id it would travel under (made by the driver, so that sync stays pure)."""

    intent: Intent
    broadcast_id: BroadcastId
    at_ms: int = 0
    """Wall clock, ms since the epoch: dates drafts, decides nothing."""
