"""What the server says over the socket: a closed union, plus ``UnknownEvent``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from msgspec import Struct, field

from imagechat_tui.protocol.ids import BroadcastId, CommentId, ConversationId, UrlId, UserId
from imagechat_tui.protocol.models import (
    Comment,
    Conversation,
    Neighbours,
    Placements,
    Point,
    Position,
    ReadState,
    Viewing,
    Vote,
)
from imagechat_tui.protocol.tagged import Tagged


class Stamp(Struct, frozen=True):
    """The envelope of a logged event."""

    timestamp_ms: int | None = None
    """Server time; rises strictly within a room."""
    broadcast_id: BroadcastId | None = None
    actor_id: UserId | None = None
    """Who caused it: ``userId`` of the frame (our servers), else what the payload says of its author."""
    position: Position | None = None
    """Where it stands in the log (``v=2`` sockets of our servers)."""


class NewImageChat(Tagged, frozen=True):
    """A marker was created, or came back."""

    stamp: Stamp
    conversation: Conversation
    restored: bool = False
    """It was deleted before (``v=2`` only)."""


class ImageChatUpdated(Tagged, frozen=True):
    """A marker or its thread changed. ``conversation`` is absolute, so applying it twice is harmless."""

    stamp: Stamp
    conversation: Conversation
    activity: str = ""
    """``new-comment``, ``updated-comment``, ``deleted-comment``, ``several``, ``moved``, ``resolved``,
    ``reopened``. For ``v=2`` sockets only: ``restored``, a comment that came back with its marker, and
    ``first-comment``, that of a marker just created, so that ``new-image-chat`` stays under 1,024 bytes."""
    comment: Comment | None = None
    """The comment that caused it (``v=2`` only): keeps every thread live over one socket."""


class DeletedImageChat(Tagged, frozen=True):
    """A marker and its thread are gone."""

    stamp: Stamp
    conversation_id: ConversationId
    url_id: UrlId | None = None


class ImageChatsStale(Tagged, frozen=True):
    """An image-chat event whose payload is unusable (partial, or of an unknown form): reload the list."""

    stamp: Stamp
    type: str


class NewComment(Tagged, frozen=True):
    """A comment was added to the thread of this room."""

    stamp: Stamp
    comment: Comment


class UpdatedComment(Tagged, frozen=True):
    """A comment changed. ``present`` names the model fields the frame held; the others keep their value."""

    stamp: Stamp
    comment: Comment
    present: frozenset[str] = frozenset()
    positions: Mapping[str, Neighbours] = {}
    """Where it stands now, by ``routes.Direction``, if that has changed."""


class DeletedComment(Tagged, frozen=True):
    """A comment and all its descendants are gone."""

    stamp: Stamp
    comment_id: CommentId
    comment: Comment | None = None
    """The blanked comment that the wire wants in full (the server always has it)."""


class VoteChanged(Tagged, frozen=True):
    """A vote was given (``added``) or taken back."""

    stamp: Stamp
    vote: Vote
    added: bool


class ThreadStateChange(Tagged, frozen=True):
    """The thread of this room was closed or opened."""

    stamp: Stamp
    is_closed: bool


class PresenceUpdate(Tagged, frozen=True):
    """Who came and went. Apply ``left`` first. Never logged, never replayed."""

    joined: tuple[UserId, ...] = ()
    left: tuple[UserId, ...] = ()
    sockets: int | None = None
    ts_ms: int | None = None


class Subscribed(Tagged, frozen=True):
    """The socket is registered; everything after ``position`` will come over it (``v=2``)."""

    position: Position
    server_time_ms: int


class Reset(Tagged, frozen=True):
    """The offered position cannot be replayed: take a fresh snapshot (``v=2``)."""

    reason: str = ""


class Skip(Tagged, frozen=True):
    """An event that this reader may not see; keeps the numbers whole (``v=2``)."""

    position: Position


class CursorMoved(Tagged, frozen=True):
    """Somebody else's crosshair (``v=2``); never logged."""

    user_id: UserId
    point: Point


class ReadStateChanged(Tagged, frozen=True):
    """The asking user's own read state changed, perhaps by another session (``v=2``); never logged."""

    state: ReadState
    """The marks that changed, and the revision with them."""


class ReadElsewhere(Tagged, frozen=True):
    """The asking user's read state changed in another room (``v=2``); never logged."""


class OwnChanged(Tagged, frozen=True):
    """What the asking user has noted for themselves changed, a flag or whom they block (``v=2``); never logged."""


class PlacementsChanged(Tagged, frozen=True):
    """Markers are somewhere else on a version of the image (``v=2``); never logged."""

    changed: Placements


class ViewingChanged(Tagged, frozen=True):
    """Some people look at other versions of the image (``v=2``); never logged."""

    now: tuple[Viewing, ...]
    """What they look at now: absolute, so applying it twice is harmless."""


class UnknownEvent(Tagged, frozen=True):
    """An event of a type we do not know: stepped over, its position still counts."""

    type: str
    stamp: Stamp = field(default_factory=Stamp)


LoggedEvent: TypeAlias = (
    NewImageChat
    | ImageChatUpdated
    | DeletedImageChat
    | ImageChatsStale
    | NewComment
    | UpdatedComment
    | DeletedComment
    | VoteChanged
    | ThreadStateChange
)
"""Events that have a place in a room's log, and so a stamp."""

LiveEvent: TypeAlias = (
    LoggedEvent
    | PresenceUpdate
    | Subscribed
    | Reset
    | Skip
    | CursorMoved
    | ReadStateChanged
    | ReadElsewhere
    | OwnChanged
    | PlacementsChanged
    | ViewingChanged
    | UnknownEvent
)
