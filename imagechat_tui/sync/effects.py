"""What the engine asks to be done. The driver does it and feeds the outcome back."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal, TypeAlias

from msgspec import Struct

from imagechat_tui.problems import Problem
from imagechat_tui.protocol.events import LiveEvent
from imagechat_tui.protocol.ids import BroadcastId, CommentId, ConversationId, ImageId, UrlId, UserId
from imagechat_tui.protocol.models import Placement, Point, Position
from imagechat_tui.protocol.routes import ChangePlacements, ChangeReadState, RoomIds
from imagechat_tui.protocol.tagged import Tagged
from imagechat_tui.sync.intents import Write
from imagechat_tui.sync.state import ChatState, Draft, Phase, UnsentMarks


class OpenSocket(Tagged, frozen=True):
    """Open ``/sub`` of the image's room, or (hosted) of one thread's room."""

    socket: int
    """Fresh number for this attempt; inputs about it carry it."""
    room: RoomIds
    v2: bool
    resume: Position | None = None
    """Ask for replay after this position (ours)."""
    thread: ConversationId | None = None
    """None is the image's room; else this conversation's thread room (hosted)."""
    unseen: bool = False
    """Nobody is to be told that the person is there (ours)."""


class CloseSocket(Tagged, frozen=True):
    """Close this socket now; nothing more is wanted from it."""

    socket: int


class Probe(Tagged, frozen=True):
    """Ping at once and answer with Pong, or SocketClosed after ``timeout_s``."""

    socket: int
    timeout_s: float


class SendCrosshair(Tagged, frozen=True):
    """Tell the others where the person points."""

    socket: int
    point: Point


class SendViewing(Tagged, frozen=True):
    """Tell the others which version of the image is shown (ours)."""

    socket: int
    version: int


class FetchSnapshot(Tagged, frozen=True):
    """GET the conversation list."""

    request: int


class FetchThread(Tagged, frozen=True):
    """GET all comments of a thread (hosted)."""

    request: int
    conversation_id: ConversationId
    url_id: UrlId


class FetchEventLog(Tagged, frozen=True):
    """GET the event log after a position (ours) or from a time (hosted)."""

    request: int
    url_id: UrlId
    user_id_ws: str
    after: Position | None = None
    start_time_ms: int | None = None


class FetchPresence(Tagged, frozen=True):
    """GET who is online."""

    request: int


class FetchReadState(Tagged, frozen=True):
    """GET how far the person has read (ours)."""

    request: int


class FetchImage(Tagged, frozen=True):
    """GET where the picture is met and what it has looked like (ours); the room that is found then tells it."""

    image_id: ImageId


class SendLink(Tagged, frozen=True):
    """POST that the picture's place is this image's from now on (ours). Sent once."""

    image_id: ImageId


class SendReadState(Tagged, frozen=True):
    """PUT how far the person has read (ours). Done twice it is done once, so nothing waits for it."""

    request: int
    change: ChangeReadState


class FetchPlacements(Tagged, frozen=True):
    """GET where markers are on a version (ours)."""

    request: int
    version: int


class SendPlacements(Tagged, frozen=True):
    """PUT where markers are on a version (ours). Done twice it is done once, so nothing waits for it."""

    request: int
    change: ChangePlacements


class Placeable(Struct, frozen=True):
    """A marker that is to be found on another version than its own."""

    conversation_id: ConversationId
    version: int
    """Its own."""
    point: Point
    """Where it is on that."""


class WorkOutPlacements(Tagged, frozen=True):
    """Look in the pictures where markers have gone; the first ones matter most."""

    image_id: ImageId
    version: int
    """Where they are looked for."""
    markers: tuple[Placeable, ...]
    before: int | None = None
    """The version that was shown before."""
    known: tuple[Placement, ...] = ()
    """Where the markers were on that, as far as this session knows: the server may not have been told."""


class SendRequest(Tagged, frozen=True):
    """Send one write, once, under the rules of PROMISES D9: own connection, deadline, abortive close."""

    broadcast_id: BroadcastId
    write: Write
    thread_url_id: UrlId | None
    """Thread key of the conversation it is about (None for a new marker)."""
    two_step: bool
    """Hosted: the comment first, then the marker."""
    comment_id: CommentId | None = None
    """Two-step: step one is done already."""
    vote_id: str | None = None
    """The vote that is to be taken back, where it is known."""
    timeout_s: float = 10.0
    deadline_ms: int | None = None


class StoreDrafts(Tagged, frozen=True):
    """Write these drafts to disk, replacing what was there. Writes in flight are among them."""

    drafts: tuple[Draft, ...]


class StoreMarks(Tagged, frozen=True):
    """Keep on disk how far the person has read, as long as the server has not confirmed it."""

    marks: UnsentMarks


class News(StrEnum):
    """Kinds of one-off news."""

    SAVED = "saved"
    NOT_SAVED = "not-saved"
    REFUSED = "refused"
    """Refused before any I/O (offline, read-only, not connected). The text is kept as a draft."""
    CHECKING = "checking"
    MARKER_ADDED = "marker-added"
    MARKER_BACK = "marker-back"
    """A marker that somebody had deleted is there again."""
    COMMENT_ADDED = "comment-added"
    THREAD_GONE = "thread-gone"
    """The thread that was open has been deleted by somebody."""
    PLACED = "placed"
    """Where markers are on another version was worked out here."""
    NOT_PLACED = "not-placed"
    """The person said where a marker is on the version shown, and the server does not take it."""
    NEWER = "newer"
    """Somebody has a newer version of the picture."""
    CANNOT_SHOW = "cannot-show"
    PHASE = "phase"
    LINKED = "linked"
    """The picture is another image when it is opened again; this room stays as it is."""
    LINKED_ALREADY = "linked-already"
    """It was to have a room of its own, and this one is."""
    NOT_LINKED = "not-linked"
    UNDONE = "undone"
    """What the person did last is as it was before."""
    NOT_UNDONE = "not-undone"
    """It cannot be undone: ``problem`` says why; without one, it is not any more as they left it."""
    NOTHING_TO_UNDO = "nothing-to-undo"
    DRAFTS_NOT_STORED = "drafts-not-stored"
    """The disk does not take drafts: typed text lives only as long as this program. Told once."""


class Tally(Struct, frozen=True):
    """What became of the markers when the picture became another."""

    before: int | None
    """The version that was shown before in this session; None if there was none. Below 0, as ``version``, one that the
    server has not seen."""
    version: int
    """The one that is shown."""
    stay: int = 0
    changed: int = 0
    """So many of those that stay stand on pixels that differ."""
    moved: int = 0
    to_check: int = 0
    unseen: int = 0
    """So many of those to check could not be looked for: the picture that they are on is not here."""


PlacedBack: TypeAlias = Literal["moved", "unconfirmed", "confirmed"]
"""Of a place that was said, or taken back: the marker is elsewhere again; where it is nobody says any more, or somebody
does again."""


class Undone(Struct, frozen=True):
    """What was undone, or was to be."""

    marker: int | None = None
    """The number of the marker that it was about."""
    threads: int = 0
    """So many threads that were marked read are unread again."""
    placed: PlacedBack | None = None
    """It was where the marker is on a version that it was not made on: what became of that."""


class Announce(Tagged, frozen=True):
    """One-off news for the person (toast, bell, ``watch`` line). Never for own actions but verdicts."""

    news: News
    broadcast_id: BroadcastId | None = None
    conversation_id: ConversationId | None = None
    comment_id: CommentId | None = None
    by: UserId | None = None
    problem: Problem | None = None
    draft_id: str | None = None
    phase: Phase | None = None
    write: Write | None = None
    """What a verdict is about."""
    tally: Tally | None = None
    version: int | None = None
    """Of the picture: the newer one."""
    undone: Undone | None = None


class Applied(Tagged, frozen=True):
    """An event was applied to the confirmed state (``watch --jsonl`` prints it)."""

    event: LiveEvent
    position: Position | None
    ours: bool
    """It confirmed a write in our outbox."""


class Missed(Tagged, frozen=True):
    """Events could not be had one by one: a list tells what came of them (``watch`` prints a reset)."""

    after: Position
    """The last place before them."""
    up_to: Position
    """The last of them; of another epoch, or a lower number, if the log was started anew or restored."""


class ReadBeside(Tagged, frozen=True):
    """The person has read something of another image, in another session: whoever counts that asks anew (ours)."""


Told: TypeAlias = Announce | Applied | Missed | ReadBeside
"""What is told along with the state."""


class Publish(Tagged, frozen=True):
    """The state changed; the newest replaces one still waiting."""

    state: ChatState


Effect: TypeAlias = (
    OpenSocket
    | CloseSocket
    | Probe
    | SendCrosshair
    | SendViewing
    | FetchSnapshot
    | FetchThread
    | FetchEventLog
    | FetchPresence
    | FetchReadState
    | FetchImage
    | SendLink
    | SendReadState
    | FetchPlacements
    | SendPlacements
    | WorkOutPlacements
    | SendRequest
    | StoreDrafts
    | StoreMarks
    | Told
    | Publish
)
