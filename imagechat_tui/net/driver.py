"""Hands without opinions: one loop that carries out what the engine asks for, and tells it what came of it.

Each turn: wait for something to happen or for the next moment that counts; notice whether the machine slept;
wake the engine if it is due; tell of the newest state. All waiting for the world happens in tasks of one
TaskGroup, which end with ``run``. Nothing here decides: no retry, no back-off, no verdict.

One thing follows from PROMISES D9 rather than from an effect: when the link of the image's room breaks, or
the machine has slept, the writes in flight are aborted, so that the kernel cannot deliver them later.
"""

from __future__ import annotations

import asyncio
import random
import uuid
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from typing import TYPE_CHECKING, Protocol, TypeAlias, assert_never

from msgspec import Struct, field
from msgspec.structs import replace

from imagechat_tui import problems
from imagechat_tui.clock import boottime, wall_ms
from imagechat_tui.net.api import Api, ApiError
from imagechat_tui.net.departure import Departure
from imagechat_tui.net.drafts.file import DraftFile
from imagechat_tui.net.drafts.keeper import DraftKeeper
from imagechat_tui.net.endpoint import Endpoint
from imagechat_tui.net.failures import Unreachable
from imagechat_tui.net.inbound import readable_events, received
from imagechat_tui.net.socket import LiveSocket, SocketFailed, SocketTimings, open_socket
from imagechat_tui.net.unsent_marks import UnsentMarksFile, UnsentMarksKeeper
from imagechat_tui.problems import LocalServerFailed, LocalServerProblem, Problem, ProblemKind
from imagechat_tui.protocol.ids import BroadcastId, ImageId, UrlId
from imagechat_tui.protocol.routes import EventLogQuery
from imagechat_tui.sync import effects, inputs
from imagechat_tui.sync.intents import Intent, Submitted
from imagechat_tui.sync.outbox import on_disk
from imagechat_tui.sync.placements import distance, start_of
from imagechat_tui.sync.session import OnChange
from imagechat_tui.sync.state import ChatState, Draft, Peer, Room

if TYPE_CHECKING:
    from imagechat_tui.net.placing import Placer
    from imagechat_tui.net.recognition import Recognition
    from imagechat_tui.net.trace_file import TraceFile
    from imagechat_tui.protocol.models import Placements, Version

NOTED_EVERY_S = 86_400.0
"""How often the server is told that a picture is looked at; it forgets one without markers after seven days."""
MOST_ELSEWHERE = 10
"""Versions that the server is asked of at most when markers are looked for: farther ones say little."""
PROGRESS_EVERY_S = 1.0
"""How often it is told that a list is still coming."""
FRAMES_PER_TURN = 64
"""After so many frames at once the screen gets its turn."""


Fetch: TypeAlias = (
    effects.FetchSnapshot
    | effects.FetchThread
    | effects.FetchEventLog
    | effects.FetchPresence
    | effects.FetchReadState
    | effects.SendReadState
    | effects.FetchPlacements
    | effects.SendPlacements
)
"""Reads that the engine asks for."""


class SessionTimings(Struct, frozen=True):
    """Times of the driver, in seconds."""

    tick_s: float = 1.0
    """The longest rest between two looks at the clock."""
    slept_s: float = 5.0
    """A look that comes later than this means that the machine slept, or this program was stopped."""
    depart_s: float = 0.1
    """A write has left sooner, or the screen does not wait for it."""
    goodbye_s: float = 0.3
    """For the closing handshake when the session ends: the person waits for it."""
    socket: SocketTimings = field(default_factory=SocketTimings)


class Engine(Protocol):
    """The part of ``SyncEngine`` that the driver uses."""

    @property
    def state(self) -> ChatState:
        """The newest state."""

    @property
    def wake_at(self) -> float | None:
        """When it wants a Tick, on the clock of ``now``."""

    def feed(self, happened: inputs.Input, now: float, /) -> tuple[effects.Effect, ...]:
        """Take in what happened; tell what to do."""


class LiveSession:
    """A running link to one image (``sync.session.Session``).

    Args:
        room: What is looked at.
        endpoint: Where.
        drafts: Where drafts are kept until the room is known; None keeps none.
        drafts_room: The room that ``drafts`` is of; None: it is the place's.
        drafts_of: Where drafts are kept for a room; None: they stay where they are.
        marks: Where it is kept how far the person has read, until the server knows; None keeps nothing.
        before_connect: Awaited before each connection; a LocalServerFailed of it means "nobody there".
        recognition: Finds the room, if it is not known yet.
        placer: Looks for markers in pictures; None: nobody does.
        now: Clock of the engine, in seconds.
        wall_ms: Wall clock; dates drafts and decides nothing.
        uniform: Randomness of the engine's back-off.
        new_id: Makes the id of each write.
        timings: For tests.
        trace: Where the engine's turns are recorded; None records none.
        engine: For tests; else a SyncEngine of this room.
    """

    def __init__(
        self,
        room: Room,
        endpoint: Endpoint,
        *,
        drafts: DraftFile | None,
        marks: UnsentMarksFile | None = None,
        drafts_room: UrlId | None = None,
        drafts_of: Callable[[UrlId], DraftFile] | None = None,
        before_connect: Callable[[], Awaitable[None]] | None = None,
        recognition: Recognition | None = None,
        placer: Placer | None = None,
        now: Callable[[], float] = boottime,
        wall_ms: Callable[[], int] = wall_ms,
        uniform: Callable[[float, float], float] = random.uniform,
        new_id: Callable[[], BroadcastId] = lambda: BroadcastId(str(uuid.uuid4())),
        timings: SessionTimings = SessionTimings(),
        engine: Engine | None = None,
        trace: TraceFile | None = None,
    ) -> None:
        self._room = room
        self._endpoint = endpoint
        self._drafts = DraftKeeper(drafts, self._drafts_not_stored)
        self._marks = UnsentMarksKeeper(marks)
        self._drafts_of = drafts_of
        self._drafts_room = drafts_room
        self._loaded: tuple[Draft, ...] = ()
        """Drafts that were found for it."""
        self._before_connect = before_connect
        self._recognition = recognition
        self._placer = placer
        self._noted_at: float | None = None
        """When the server was last told that this picture is looked at; None before its room is known."""
        self._awaiting: asyncio.Task[None] | None = None
        """Waits for a picture that was not there when markers were looked for."""
        self._unnoted = False
        """The picture looks different, and the server has not been told."""
        self._asked_placements = False
        """Where its markers are was asked for; what is asked with the first answer of a room is no news."""
        self._now = now
        self._wall_ms = wall_ms
        self._new_id = new_id
        self._timings = timings
        self._engine = _engine(room, endpoint, uniform, trace) if engine is None else engine
        self._api = Api(endpoint)
        self._started = False
        self._tasks: asyncio.TaskGroup | None = None
        self._waiting: list[effects.Effect] = []
        """Effects from before ``run``."""
        self._happened = asyncio.Event()
        self._publishable = False
        self._news: list[effects.Told] = []
        self._one_start = asyncio.Lock()
        self._one_note = asyncio.Lock()
        self._socket_tasks: dict[int, asyncio.Task[None]] = {}
        self._opening: dict[int, asyncio.Timeout] = {}
        self._sockets: dict[int, LiveSocket] = {}
        self._writes: dict[BroadcastId, asyncio.Timeout] = {}
        """Writes in flight, each with the means to abort it."""
        self._departing: set[Departure] = set()
        """How far the writes in flight have got on their way out."""

    @property
    def state(self) -> ChatState:
        """The newest state; cheap, never blocks."""
        return self._engine.state

    def dispatch(self, intent: Intent) -> BroadcastId:
        """Hand over what the person wants; ``state`` has taken it in on return."""
        self._start()
        broadcast_id = self._new_id()
        self._feed(Submitted(intent, broadcast_id, self._wall_ms()))
        return broadcast_id

    async def departed(self) -> None:
        """Wait until the writes that were handed over have left, or cannot, or take too long to wait for."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._timings.depart_s):
                for departure in tuple(self._departing):
                    await departure.over()

    def picture_read(self) -> None:
        """The picture looks different now: tell the server, or when it can be reached again."""
        self._unnoted = True
        self._note_again()

    async def run(self, on_change: OnChange) -> None:
        """Run until cancelled; once. Calls ``on_change`` on the event loop after every change."""
        try:
            async with asyncio.TaskGroup() as tasks:
                self._tasks = tasks
                tasks.create_task(self._drafts.run())
                for effect in self._waiting:
                    self._perform(effect)
                self._waiting.clear()
                self._start()
                await self._turns(on_change)
        finally:
            self._tasks = None
            self._drafts.leave()
            self._marks.leave()
            await self._api.close()

    # -- turns

    def _start(self) -> None:
        if not self._started:
            self._started = True
            self._loaded = self._drafts.load()
            self._feed(inputs.Started(self._loaded, self._marks.load()))

    def _feed(self, happened: inputs.Input) -> None:
        for effect in self._engine.feed(happened, self._now()):
            if self._tasks is None:
                self._waiting.append(effect)
            else:
                self._perform(effect)
        self._happened.set()

    async def _turns(self, on_change: OnChange) -> None:
        looked_at = self._now()
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._rest_s()):
                    await self._happened.wait()
            self._happened.clear()
            now = self._now()
            if now - looked_at > self._timings.tick_s + self._timings.slept_s:
                self._abort_writes()
                self._feed(inputs.Woke())
            looked_at = now
            wake_at = self._engine.wake_at
            if wake_at is not None and wake_at <= now:
                self._feed(inputs.Tick())
            if self._publishable or self._news:
                await self.departed()  # drawing what a write changes would hold it up
                news, self._news, self._publishable = tuple(self._news), [], False
                on_change(self._engine.state, news)

    def _rest_s(self) -> float:
        wake_at = self._engine.wake_at
        due_s = self._timings.tick_s if wake_at is None else wake_at - self._now()
        return min(self._timings.tick_s, max(0.0, due_s))

    def _perform(self, effect: effects.Effect) -> None:
        match effect:
            case effects.Publish():
                self._publishable = True
            case effects.Announce() | effects.Applied() | effects.Missed() | effects.ReadBeside():
                self._news.append(effect)
            case effects.StoreDrafts():
                self._drafts.store(effect.drafts)
            case effects.StoreMarks():
                self._marks.store(effect.marks)
            case effects.OpenSocket():
                self._socket_tasks[effect.socket] = self._spawn(self._socket(effect))
            case effects.CloseSocket():
                task = self._socket_tasks.get(effect.socket)
                if task is not None:
                    task.cancel()
            case effects.Probe():
                self._spawn(self._probe(effect))
            case effects.SendCrosshair():
                socket = self._sockets.get(effect.socket)
                if socket is not None:
                    self._spawn(socket.send_crosshair(effect.point))
            case effects.SendViewing():
                socket = self._sockets.get(effect.socket)
                if socket is not None:
                    self._spawn(socket.send_viewing(effect.version))
            case effects.WorkOutPlacements():
                self._spawn(self._work_out(effect))
            case effects.SendRequest():
                departure = Departure()
                self._departing.add(departure)
                self._spawn(self._write(effect, self._drafts.asked, departure))
            case effects.SendLink():
                self._spawn(self._link(effect.image_id))
            case effects.FetchImage():
                self._spawn(self._look_up(effect.image_id))
            case (
                effects.FetchSnapshot()
                | effects.FetchThread()
                | effects.FetchEventLog()
                | effects.FetchPresence()
                | effects.FetchReadState()
                | effects.SendReadState()
                | effects.FetchPlacements()
                | effects.SendPlacements()
            ):
                self._spawn(self._fetch(effect))
            case _:
                assert_never(effect)

    def _spawn(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        assert self._tasks is not None
        return self._tasks.create_task(work)

    async def _ready(self) -> None:
        """Whatever has to be there before connecting; one at a time, so that one start serves all."""
        if self._before_connect is not None:
            async with self._one_start:
                await self._before_connect()

    # -- reads and writes

    async def _fetch(self, effect: Fetch) -> None:
        try:
            await self._ready()
            self._feed(await self._fetched(effect))
        except LocalServerFailed as failure:
            self._feed(inputs.FetchFailed(effect.request, _no_local_server(failure)))
        except ApiError as failure:
            self._feed(inputs.FetchFailed(effect.request, failure.problem, failure.status))

    async def _fetched(self, effect: Fetch) -> inputs.Input:
        match effect:
            case effects.FetchSnapshot():
                await self._find_room()
                peer, listing = await self._api.conversations(
                    self._room, on_bytes=self._progress_of(effect.request)
                )
                self._check(peer)
                return inputs.SnapshotLoaded(effect.request, peer, listing)
            case effects.FetchThread():
                thread = await self._api.thread(effect.url_id)
                return inputs.ThreadLoaded(effect.request, effect.conversation_id, thread)
            case effects.FetchEventLog():
                query = EventLogQuery(
                    effect.url_id, effect.user_id_ws, effect.start_time_ms or 0, after=effect.after
                )
                log = await self._api.event_log(query)
                return inputs.EventLogLoaded(effect.request, readable_events(log), log.complete)
            case effects.FetchPresence():
                online = await self._api.users_online(self._room.url_id)
                return inputs.UsersLoaded(effect.request, online.users, online.viewing)
            case effects.FetchReadState():
                return inputs.ReadStateLoaded(effect.request, await self._api.read_state(self._room.url_id))
            case effects.SendReadState():
                changed = await self._api.change_read_state(self._room.url_id, effect.change)
                return inputs.ReadStateLoaded(effect.request, changed)
            case effects.FetchPlacements():
                self._follow_again()
                told = await self._api.placements(self._room.url_id, effect.version)
                return inputs.PlacementsLoaded(effect.request, told)
            case effects.SendPlacements():
                placed = await self._api.change_placements(self._room.url_id, effect.change)
                return inputs.PlacementsLoaded(effect.request, placed)
            case _:
                assert_never(effect)

    async def _find_room(self) -> None:
        """Ask for the picture's room, and once a day tell that it is still looked at: else it would be forgotten."""
        if self._recognition is None:
            return
        if self._noted_at is None:
            self._enter(await self._recognition.room(self._api))
            self._spawn(self._note())
        elif self._unnoted or self._now() >= self._noted_at + NOTED_EVERY_S:
            await self._note()
        else:
            self._spawn(self._follow())
            return
        self._noted_at = self._now()

    async def _note(self) -> None:
        """Tell what the picture looks like, when it is there, or only learn which version it is.

        The session goes on without it.
        """
        assert self._recognition is not None
        found = self._recognition
        async with self._one_note:  # what was seen last is told last
            self._unnoted = False
            try:
                tell = found.compared if self._room.explores else found.noted
                self._enter(await tell(self._api, self._room))
            except ApiError:
                self._unnoted = True

    async def _follow(self) -> None:
        """Learn whether somebody has linked the picture elsewhere; unanswered, it is asked the next time."""
        assert self._recognition is not None
        with suppress(ApiError):
            own = (await self._recognition.followed(self._api, self._room)).own
            self._enter(replace(self._room, own=own))

    def _follow_again(self) -> None:
        """With R, and whenever the link is back, a room with a log gives what is missing, and no list."""
        if self._asked_placements and self._recognition is not None and self._noted_at is not None:
            self._spawn(self._follow())
        self._asked_placements = True

    def _note_again(self) -> None:
        if self._unnoted and self._tasks is not None and self._noted_at is not None:
            self._spawn(self._note())

    async def _look_up(self, image_id: ImageId) -> None:
        """Learn where the picture is met, and what it has looked like; unanswered, that stays unknown."""
        with suppress(ApiError):
            details = await self._api.image(image_id)
            room = replace(self._room, places=details.places, versions=details.versions)
            if room.image is not None:
                latest = max((one.number for one in details.versions), default=0)
                room = replace(room, image=replace(room.image, latest=max(latest, room.image.latest)))
            self._enter(room)

    async def _link(self, image_id: ImageId) -> None:
        """Have the picture be another image. This session stays in its room."""
        assert self._recognition is not None
        try:
            reply = await self._recognition.linked(self._api, image_id)
        except ApiError as failure:
            self._feed(inputs.ImageLinked(failure.problem))
        else:
            problem = Problem(ProblemKind.UNSUPPORTED) if reply is None else None
            known, linked = self._room.image, None if reply is None else reply.image
            same = known is not None and linked is not None and linked.id == known.id
            self._feed(inputs.ImageLinked(problem, already=same))

    def _enter(self, room: Room) -> None:
        room = replace(room, explores=self._room.explores, shown_since_ms=self._room.shown_since_ms)
        if room != self._room:
            self._room = room
            self._move_drafts(room.url_id)
            self._feed(inputs.RoomFound(room))

    def _move_drafts(self, url_id: UrlId) -> None:
        """Keep drafts for this room. Those of another room stay there, those of the place come along."""
        if self._drafts_of is None or url_id == self._drafts_room:
            return
        drafts = self._engine.state.mine.drafts
        left = (
            tuple(draft for draft in self._loaded if draft in drafts) if self._drafts_room is not None else ()
        )
        self._drafts_room = url_id
        self._loaded = self._drafts.move(self._drafts_of(url_id), left)
        self._feed(inputs.DraftsMoved(self._loaded, left))
        self._drafts.store(on_disk(self._engine.state))

    def _check(self, peer: Peer) -> None:
        """Find the room anew if it is not for this kind of server.

        Raises:
            Unreachable: See ``Recognition.check``.
        """
        if self._recognition is not None:
            try:
                self._recognition.check(peer)
            except ApiError:
                self._noted_at = None
                raise

    async def _work_out(self, effect: effects.WorkOutPlacements) -> None:
        """Have markers looked for in the pictures, and tell of some after the other."""
        if self._placer is None:
            return
        if self._awaiting is not None:
            self._awaiting.cancel()
        try:
            versions = (await self._api.image(effect.image_id)).versions
            told = await self._placed_elsewhere(effect, versions)
        except ApiError:
            self._feed(inputs.PlacementsNotWorkedOut(effect.version))
            return
        left, lacking = len(effect.markers), set[str]()
        async for part in self._placer.parts(effect, versions, told):
            left -= len(part.placements)
            lacking.add(part.lacks)
            self._feed(
                inputs.PlacementsWorkedOut(
                    effect.version,
                    part.placements,
                    part.seen,
                    part.resaved,
                    last=left == 0,
                    still=part.still,
                )
            )
        if left:
            self._feed(inputs.PlacementsNotWorkedOut(effect.version))
        elif lacking := lacking - {""}:
            self._awaiting = self._spawn(self._await_kept(self._placer, effect.version, lacking))

    async def _placed_elsewhere(
        self, effect: effects.WorkOutPlacements, versions: tuple[Version, ...]
    ) -> list[Placements]:
        """Where markers are on other versions, the nearest first, until of each one is known where it is for sure."""
        told: list[Placements] = []
        numbers = (one.number for one in versions if one.number != effect.version)
        for number in sorted(numbers, key=lambda number: distance(number, effect.version))[:MOST_ELSEWHERE]:
            starts = (start_of(one, effect.version, told).version for one in effect.markers)
            if max(distance(start, effect.version) for start in starts) <= distance(number, effect.version):
                break
            told.append(await self._api.placements(self._room.url_id, number))
        return told

    async def _await_kept(self, placer: Placer, version: int, lacking: set[str]) -> None:
        """Tell when a picture is kept that was not there to look in."""
        await placer.until_kept(lacking)
        self._feed(inputs.PictureKept(version))

    def _progress_of(self, request: int) -> Callable[[int], None]:
        """Tells the engine how much of a list has come, where that takes long."""
        told_at = self._now()

        def on_bytes(received: int) -> None:
            nonlocal told_at
            if self._now() >= told_at + PROGRESS_EVERY_S:
                told_at = self._now()
                self._feed(inputs.SnapshotComing(request, received))

        return on_bytes

    async def _write(self, request: effects.SendRequest, drafts: int, departure: Departure) -> None:
        broadcast_id = request.broadcast_id
        try:
            async with asyncio.timeout(None) as self._writes[broadcast_id]:
                # A crash from here on must find the write among the drafts.
                await self._drafts.stored(drafts)
                reply = await self._api.send(self._room, request, departure)
        except TimeoutError:
            broken = Unreachable(sent=departure.begun)
            self._feed(inputs.WriteFailed(broadcast_id, broken.problem, broken.sent))
        except ApiError as failure:
            self._feed(inputs.WriteFailed(broadcast_id, failure.problem, failure.sent, failure.status))
        else:
            self._feed(inputs.ReplyArrived(broadcast_id, reply))
        finally:
            departure.end()
            self._departing.discard(departure)
            self._writes.pop(broadcast_id, None)

    def _abort_writes(self) -> None:
        for limit in self._writes.values():
            limit.reschedule(0.0)  # long past: it ends at once

    # -- sockets

    async def _socket(self, effect: effects.OpenSocket) -> None:
        number, socket = effect.socket, None
        try:
            async with asyncio.timeout(None) as self._opening[number]:
                await self._ready()
                socket = await open_socket(self._endpoint, effect, self._timings.socket)
            del self._opening[number]
            await self._read(number, socket)
        except (SocketFailed, LocalServerFailed, TimeoutError) as failure:
            end = failure if isinstance(failure, SocketFailed) else SocketFailed()
            if socket is not None and end.code is None and effect.thread is None:
                self._abort_writes()
            self._feed(
                inputs.SocketClosed(number, end.code, end.status, end.retry_after_s, end.foreign, end.problem)
            )
        finally:
            self._opening.pop(number, None)
            self._sockets.pop(number, None)
            self._socket_tasks.pop(number, None)
            if socket is not None:
                await self._say_goodbye(socket)

    async def _read(self, number: int, socket: LiveSocket) -> None:
        self._sockets[number] = socket
        self._feed(inputs.SocketOpened(number))
        self._note_again()
        pings = self._spawn(self._keep_pinging(number, socket))
        frames = 0
        try:
            async for frame in socket.frames():
                self._feed(received(number, frame))
                frames += 1
                if frames % FRAMES_PER_TURN == 0:
                    await asyncio.sleep(0)
        finally:
            pings.cancel()

    async def _keep_pinging(self, number: int, socket: LiveSocket) -> None:
        with suppress(SocketFailed):  # the reader ends with it, and tells
            while True:
                self._feed(inputs.Pong(number, await socket.ping()))
                await asyncio.sleep(self._timings.socket.ping_every_s)

    async def _probe(self, effect: effects.Probe) -> None:
        opening = self._opening.get(effect.socket)
        if opening is not None:
            opening.reschedule(asyncio.get_running_loop().time() + effect.timeout_s)
        socket = self._sockets.get(effect.socket)
        if socket is not None:
            with suppress(SocketFailed):
                self._feed(inputs.Pong(effect.socket, await socket.ping(effect.timeout_s)))

    async def _say_goodbye(self, socket: LiveSocket) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(self._timings.goodbye_s):
                await socket.close()

    def _drafts_not_stored(self) -> None:
        self._news.append(effects.Announce(effects.News.DRAFTS_NOT_STORED))
        self._happened.set()


def _engine(
    room: Room, endpoint: Endpoint, uniform: Callable[[float, float], float], trace: TraceFile | None
) -> Engine:
    from imagechat_tui.sync.backoff import CAP_S, LOCAL_CAP_S
    from imagechat_tui.sync.engine import SyncEngine

    cap_s = CAP_S if endpoint.uds is None else LOCAL_CAP_S
    if trace is None:
        return SyncEngine(room, uniform=uniform, cap_s=cap_s)
    from imagechat_tui.sync.trace import RecordedEngine

    trace.begin(room, cap_s)
    return RecordedEngine(room, uniform=uniform, cap_s=cap_s, keep=trace.keep)


def _no_local_server(failure: LocalServerFailed) -> Problem:
    return Problem(ProblemKind.UNREACHABLE, reason=_reason(failure.problem), local=failure.problem)


def _reason(problem: LocalServerProblem) -> str:
    """What was told of it by others: the server, its log, or the system."""
    match problem:
        case problems.ServerDied(cause=None, last_line=said) | problems.ServerNotReady(last_line=said):
            return said
        case problems.ServerDied(cause=cause) if cause is not None:
            return str(cause.__struct_config__.tag)
        case (
            problems.NotAMember(group=said) | problems.KeeperAway(keeper=said) | problems.Stranger(user=said)
        ):
            return said
        case problems.DiskFull(why=said) | problems.NotWritable(why=said):
            return said
        case _:
            return ""
