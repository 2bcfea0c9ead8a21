"""What may happen to the engine besides an intent: the world's answers, and time."""

from __future__ import annotations

from typing import TypeAlias

from imagechat_tui.problems import Problem
from imagechat_tui.protocol.events import LiveEvent
from imagechat_tui.protocol.ids import BroadcastId, ConversationId
from imagechat_tui.protocol.models import Placement, Placements, ReadState, User, Viewing
from imagechat_tui.protocol.routes import (
    CommentList,
    CommentReply,
    ConversationList,
    ConversationReply,
    EditReply,
    VoteReply,
)
from imagechat_tui.protocol.tagged import Tagged
from imagechat_tui.sync.intents import Submitted
from imagechat_tui.sync.state import Draft, Peer, Room, UnsentMarks


class Started(Tagged, frozen=True):
    """The session begins; ``drafts`` were found on disk.

    Writes that were in flight when a run died come as failed (RESTARTED) with their broadcastId.
    """

    drafts: tuple[Draft, ...] = ()
    marks: tuple[UnsentMarks, ...] = ()
    """What earlier sessions, or others, could not tell of what was read; of anybody, in any room."""


class DraftsMoved(Tagged, frozen=True):
    """The room is another than was thought: these drafts were found for it, and those are about the other one."""

    found: tuple[Draft, ...]
    left: tuple[Draft, ...] = ()


class RoomFound(Tagged, frozen=True):
    """Which room is the picture's, or more of what the server knows of it."""

    room: Room


class SocketOpened(Tagged, frozen=True):
    """The socket's handshake is done. ``socket`` numbers the attempt, as OpenSocket did."""

    socket: int


class SocketClosed(Tagged, frozen=True):
    """The socket is gone, or could not be opened."""

    socket: int
    code: int | None = None
    """Close code (1012, 4401 …) or None if it never opened or just broke."""
    status: int | None = None
    """HTTP status of a refused handshake."""
    retry_after_s: float | None = None
    foreign: bool = False
    """It was no server of ours that refused the handshake: a proxy on the way, or the hosted service."""
    problem: Problem | None = None
    """Why it could not be opened, as far as one knows."""


class EventReceived(Tagged, frozen=True):
    """One event from a socket (OpenSocket said which room that is)."""

    socket: int
    event: LiveEvent


class FrameMalformed(Tagged, frozen=True):
    """A frame could not be decoded (PROMISES D14)."""

    socket: int
    detail: str = ""


class Pong(Tagged, frozen=True):
    """The peer answered a ping; ``round_trip_s`` was measured."""

    socket: int
    round_trip_s: float


class SnapshotLoaded(Tagged, frozen=True):
    """Answer of FetchSnapshot."""

    request: int
    peer: Peer
    list: ConversationList


class SnapshotComing(Tagged, frozen=True):
    """A part of the answer of FetchSnapshot has come: on a slow link it takes its time."""

    request: int
    received_bytes: int


class ThreadLoaded(Tagged, frozen=True):
    """Answer of FetchThread (hosted)."""

    request: int
    conversation_id: ConversationId
    list: CommentList


class EventLogLoaded(Tagged, frozen=True):
    """Answer of FetchEventLog: the events in order, decoded by the same codec as frames."""

    request: int
    events: tuple[LiveEvent, ...]
    complete: bool | None = None


class UsersLoaded(Tagged, frozen=True):
    """Answer of FetchPresence."""

    request: int
    users: tuple[User, ...]
    viewing: tuple[Viewing, ...] = ()
    """Which versions they look at (ours)."""


class ReadStateLoaded(Tagged, frozen=True):
    """Answer of FetchReadState (everything), or of SendReadState (what it changed)."""

    request: int
    state: ReadState


class PlacementsLoaded(Tagged, frozen=True):
    """Answer of FetchPlacements (all of them), or of SendPlacements (what it changed)."""

    request: int
    placements: Placements


class FetchFailed(Tagged, frozen=True):
    """A read failed. ``status`` is the HTTP status if the server answered at all."""

    request: int
    problem: Problem
    status: int | None = None


class ImageLinked(Tagged, frozen=True):
    """Answer of SendLink; ``problem`` says why the picture is not that image."""

    problem: Problem | None = None
    already: bool = False
    """It was that before."""


class ReplyArrived(Tagged, frozen=True):
    """A write was answered with success. ``reply`` depends on the write; None for deletions."""

    broadcast_id: BroadcastId
    reply: ConversationReply | CommentReply | EditReply | VoteReply | None


class WriteFailed(Tagged, frozen=True):
    """A write was not answered with success.

    ``sent`` False: it certainly did not reach the server (refused at connect). True without ``status``:
    its outcome is unknown (PROMISES D10). With ``status``: the server answered no.
    """

    broadcast_id: BroadcastId
    problem: Problem
    sent: bool
    status: int | None = None


class PlacementsWorkedOut(Tagged, frozen=True):
    """Markers were found on a version that they were not made on, or it is certain that nobody can tell."""

    version: int
    placements: tuple[Placement, ...]
    seen: bool = True
    """Whether both pictures were there to look in. Else they are guesses, and somebody else may know better."""
    resaved: bool = False
    """Whether the markers' version is this one, but for how it was saved."""
    last: bool = True
    """Whether no other part comes."""
    still: tuple[ConversationId, ...] = ()
    """Those that had moved before: they stand where they stood on the version that was shown before."""


class PlacementsNotWorkedOut(Tagged, frozen=True):
    """WorkOutPlacements, or what is left of it, cannot be done now."""

    version: int


class PictureKept(Tagged, frozen=True):
    """An older picture is at hand that was not when markers were looked for on this version."""

    version: int


class Woke(Tagged, frozen=True):
    """The machine slept (PROMISES D11): the link must prove itself before it is trusted."""


class Tick(Tagged, frozen=True):
    """``wake_at`` has come."""


Input: TypeAlias = (
    Submitted
    | Started
    | DraftsMoved
    | RoomFound
    | SocketOpened
    | SocketClosed
    | EventReceived
    | FrameMalformed
    | Pong
    | SnapshotComing
    | SnapshotLoaded
    | ThreadLoaded
    | EventLogLoaded
    | UsersLoaded
    | ReadStateLoaded
    | PlacementsLoaded
    | FetchFailed
    | ImageLinked
    | ReplyArrived
    | WriteFailed
    | PlacementsWorkedOut
    | PlacementsNotWorkedOut
    | PictureKept
    | Woke
    | Tick
)
