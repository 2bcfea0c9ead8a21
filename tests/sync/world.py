"""Several engines, one model server, and a network that misbehaves; time is a number and goes as fast as it can.

Everything that happens is drawn from one random number generator, so a schedule is its seed.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable
from dataclasses import dataclass, field

from msgspec import Struct
from msgspec.structs import replace

from imagechat_tui.problems import Problem, ProblemKind
from imagechat_tui.protocol.events import LiveEvent, PlacementsChanged, PresenceUpdate, ReadStateChanged
from imagechat_tui.protocol.ids import BroadcastId, ConversationId, ImageId, TenantId, UrlId, UserId
from imagechat_tui.protocol.models import (
    Matched,
    OpenedImage,
    Placement,
    Placements,
    PlacementState,
    Point,
    ReadMark,
    ReadState,
    User,
)
from imagechat_tui.protocol.routes import ChangePlacements, ChangeReadState, CommentReply, ConversationReply
from imagechat_tui.sync import effects, inputs
from imagechat_tui.sync.backoff import Uniform
from imagechat_tui.sync.engine import SyncEngine
from imagechat_tui.sync.intents import (
    CloseThread,
    DeleteComment,
    DeleteConversation,
    DiscardDraft,
    EditComment,
    Intent,
    KeepDraft,
    LockComment,
    Look,
    MarkRead,
    MarkUnread,
    MoveConversation,
    MoveCrosshair,
    OpenThread,
    PinComment,
    PostComment,
    ResolveConversation,
    RestoreConversation,
    Retry,
    SetPlacement,
    StartConversation,
    Submitted,
    TextWrite,
    TryNow,
    Undo,
    UnsetPlacement,
    VoteComment,
    Write,
)
from imagechat_tui.sync.outbox import typed_id
from imagechat_tui.sync.replay import stamp_of
from imagechat_tui.sync.state import Draft, Peer, Room
from imagechat_tui.sync.trace import RecordedEngine
from tests.sync.model_server import T0_MS, Denied, Logged, ModelServer

ROOM = Room(TenantId("demo"), UrlId("gallery-42"), "/img/trail.jpg")
UNREACHABLE = Problem(ProblemKind.UNREACHABLE)


def showing(version: int) -> Room:
    """The room, with a picture that looks like this version."""
    image = OpenedImage(
        ImageId("im_1"), ROOM.url_id, ROOM.src, "trail.jpg", "", Matched.PATH, version, latest=3
    )
    return replace(ROOM, image=image)


WRITES = (
    StartConversation | PostComment | EditComment | DeleteComment | DeleteConversation | MoveConversation
    | ResolveConversation | VoteComment | PinComment | LockComment
)  # fmt: skip


UNDOING = DeleteConversation | DeleteComment | EditComment
"""Without a log that tells ids, what these undo at once looks as if it had never been."""


class Faults(Struct):
    """How likely each misfortune is; all of them are 0 once the network has healed."""

    lose_request: float = 0.15
    lose_answer: float = 0.15
    slow: float = 0.2
    duplicate: float = 0.1
    swap: float = 0.05
    drop: float = 0.03
    spoil: float = 0.02
    refuse_socket: float = 0.2


@dataclass
class Link:
    """One socket of one session: frames arrive in the order in which they were sent, unless a fault says else."""

    number: int
    url_id: UrlId
    open: bool = False
    """The handshake is done."""
    registered: bool = False
    """The server has it in the room: from then on it is told what happens there."""
    arrives_at: float = 0.0


@dataclass
class Told:
    """What became of one write, as its session was told: of its last try the last item."""

    write: Write
    news: list[effects.Announce | None] = field(default_factory=list)
    """None: the program died while it was in flight."""


class Session:
    """One engine with the hands of a driver; what it does goes through the world's network."""

    def __init__(self, world: World, name: str) -> None:
        self.world = world
        self.user = UserId(f"demo:{name.rstrip('0123456789')}")
        self.name = name
        self.links: dict[int, Link] = {}
        self.stored: tuple[Draft, ...] = ()
        self.told: dict[BroadcastId, Told] = {}
        self.submitted: list[tuple[BroadcastId, Write]] = []
        self.typed: set[str] = set()
        """Every text the person ever typed."""
        self.dropped: set[str] = set()
        """Those that the person dropped, or wrote something else in their place."""
        self.trail: list[effects.Applied | effects.Missed] = []
        """What this run of the program told of the numbered log, in order."""
        self.news: list[effects.Announce] = []
        """What it was told that is about no write of its own."""
        self.sent_at_all = 0
        self.flying: dict[BroadcastId, Callable[[], None]] = {}
        self.crashed = False
        self._begin(())

    def _begin(self, drafts: tuple[Draft, ...]) -> None:
        self.run = object()
        self.engine = self.world.new_engine(self.world.chance.uniform)
        self.trail = []
        self.may_send = False
        self.feed(inputs.Started(drafts))

    def crash(self) -> None:
        """The program is killed, and started again with what is on disk."""
        self.crashed = True
        for entry in self.engine.state.mine.outbox:
            self._told(entry.broadcast_id, None)
        for link in list(self.links.values()):
            self.world.gone(self, link)
        self.links.clear()
        self.flying.clear()
        self._begin(self.stored)

    def feed(self, happened: inputs.Input) -> None:
        """Feed the engine and carry out what it asks for."""
        world, run = self.world, self.run
        self.may_send = isinstance(happened, Submitted | inputs.ReplyArrived)
        asked = self.engine.feed(happened, world.now)
        stored = False
        for effect in asked:
            if isinstance(effect, effects.StoreDrafts):
                stored = True
            if isinstance(effect, effects.SendRequest):
                in_flight = {entry.broadcast_id for entry in self.engine.state.mine.outbox}
                on_disk = {
                    draft.broadcast_id for draft in (self.stored if not stored else self._newest(asked))
                }
                assert in_flight <= on_disk, "a crash now would lose what is being sent"
            self._perform(effect)
        wake_at = self.engine.wake_at
        assert wake_at is None or wake_at > world.now, f"due at {wake_at}, now {world.now}: it would spin"
        if wake_at is not None:
            world.at(wake_at, lambda: self._tick(run, wake_at))

    @staticmethod
    def _newest(asked: tuple[effects.Effect, ...]) -> tuple[Draft, ...]:
        return next(effect.drafts for effect in asked if isinstance(effect, effects.StoreDrafts))

    def _tick(self, run: object, wake_at: float) -> None:
        if self.run is run and self.engine.wake_at == wake_at:
            self.feed(inputs.Tick())

    def wish(self, intent: Intent) -> None:
        """The person wants something."""
        broadcast_id = BroadcastId(f"{self.name}.{self.world.number()}")
        if isinstance(intent, WRITES):
            self.submitted.append((broadcast_id, intent))
        self.submitted += [
            (draft.broadcast_id or broadcast_id, draft.write)
            for draft in self.engine.state.mine.drafts
            if isinstance(intent, Retry) and draft.id == intent.draft_id
        ]
        written = intent.write if isinstance(intent, KeepDraft) else intent
        replaced = intent.draft_id if isinstance(intent, DiscardDraft) else None
        if isinstance(written, TextWrite):
            self.typed.add(written.text)
            replaced = typed_id(written)
        self.dropped |= {
            getattr(draft.write, "text", "")
            for draft in self.engine.state.mine.drafts
            if draft.id == replaced
        }
        self.feed(Submitted(intent, broadcast_id, 0))

    def _told(self, broadcast_id: BroadcastId, news: effects.Announce | None) -> None:
        known = next((write for b, write in self.submitted if b == broadcast_id), None)
        if known is not None:
            self.told.setdefault(broadcast_id, Told(known)).news.append(news)

    def _perform(self, effect: effects.Effect) -> None:
        world, run = self.world, self.run

        def to_us(happened: inputs.Input) -> Callable[[], None]:
            def arrives() -> None:
                if self.run is run:
                    self.feed(happened)

            return arrives

        match effect:
            case effects.Publish():
                assert effect.state is self.engine.state
            case effects.StoreDrafts():
                self.stored = effect.drafts
            case effects.Announce() if effect.broadcast_id is not None:
                self._told(effect.broadcast_id, effect)
            case effects.Announce():
                self.news.append(effect)
            case effects.Applied(position=None):
                pass
            case effects.Applied() | effects.Missed():
                self.trail.append(effect)
            case effects.OpenSocket():
                world.open_socket(self, effect)
            case effects.CloseSocket():
                link = self.links.pop(effect.socket, None)
                if link is not None:
                    world.gone(self, link)
            case effects.Probe():
                world.later(0.01, to_us(inputs.Pong(effect.socket, 0.01)))
            case effects.SendCrosshair() | effects.SendViewing():
                assert self.links[effect.socket].open
            case effects.SendRequest():
                assert self.may_send, "a write is sent for a wish of the person, never by itself"
                self.sent_at_all += 1
                world.write(self, effect)
            case effects.FetchSnapshot():
                world.read(self, effect.request, lambda: inputs.SnapshotLoaded(
                    effect.request, Peer.OURS if world.server.ours else Peer.HOSTED,
                    world.server.snapshot(self.user, world.server_ms),
                ))  # fmt: skip
            case effects.FetchThread():
                world.read(self, effect.request, lambda: inputs.ThreadLoaded(
                    effect.request,
                    effect.conversation_id,
                    world.server.thread(effect.url_id, world.server_ms, self.user),
                ))  # fmt: skip
            case effects.FetchEventLog(after=None):
                world.read(self, effect.request, lambda: inputs.EventLogLoaded(
                    effect.request, world.server.since(effect.url_id, effect.start_time_ms or 0), None
                ))  # fmt: skip
            case effects.FetchEventLog():
                after = effect.after
                assert after is not None
                world.read(self, effect.request, lambda: inputs.EventLogLoaded(
                    effect.request, *world.server.after(after)
                ))  # fmt: skip
            case effects.FetchPresence():
                world.read(self, effect.request, lambda: inputs.UsersLoaded(effect.request, world.users()))
            case effects.FetchReadState():
                world.read(self, effect.request, lambda: inputs.ReadStateLoaded(
                    effect.request, world.server.read_state(self.user)
                ))  # fmt: skip
            case effects.SendReadState():
                world.read(self, effect.request, lambda: inputs.ReadStateLoaded(
                    effect.request, world.read_on(self.user, effect.change)
                ))  # fmt: skip
            case effects.FetchPlacements():
                world.read(self, effect.request, lambda: inputs.PlacementsLoaded(
                    effect.request, world.server.placements(effect.version)
                ))  # fmt: skip
            case effects.SendPlacements():
                world.read(self, effect.request, lambda: inputs.PlacementsLoaded(
                    effect.request, world.placed(self.user, effect.change)
                ))  # fmt: skip


class World:
    """Time, chance, the network and the server."""

    def __init__(
        self,
        seed: int,
        *,
        ours: bool = True,
        names: tuple[str, ...] = ("anna1", "anna2", "bob"),
        new_engine: Callable[[Uniform], SyncEngine | RecordedEngine] = lambda uniform: SyncEngine(
            ROOM, uniform=uniform
        ),
    ) -> None:
        self.new_engine = new_engine
        self.chance = random.Random(seed)
        self.now = 100.0
        self.faults = Faults()
        self.reachable = True
        self.clock_off_ms = 0
        self.server = ModelServer(ROOM, ours=ours)
        self._queue: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = 0
        self.sessions: list[Session] = []
        self.doubtful: set[BroadcastId] = set()
        """Writes about whose fate the server's log was lost while they were in flight."""
        for name in names:
            self.sessions.append(Session(self, name))

    # Time

    def number(self) -> int:
        """A fresh number."""
        self._numbers += 1
        return self._numbers

    @property
    def server_ms(self) -> int:
        """The server's wall clock."""
        return T0_MS + round(self.now * 1000) + self.clock_off_ms

    def at(self, when: float, what: Callable[[], None]) -> None:
        """Do something at a moment."""
        heapq.heappush(self._queue, (when, self.number(), what))

    def later(self, delay: float, what: Callable[[], None]) -> None:
        """Do something after a while."""
        self.at(self.now + delay, what)

    def run_until(self, end: float) -> None:
        """Let everything happen that is due by ``end``."""
        while self._queue and self._queue[0][0] <= end:
            when, _, what = heapq.heappop(self._queue)
            self.now = max(self.now, when)
            what()
        self.now = max(self.now, end)

    def _happens(self, chance: float) -> bool:
        return self.chance.random() < chance

    def _delay(self) -> float:
        return (
            self.chance.uniform(0.0, 8.0)
            if self._happens(self.faults.slow)
            else self.chance.uniform(0.001, 0.05)
        )

    # Reading and writing

    def users(self) -> tuple[User, ...]:
        """Who has a socket."""
        online = {s.user for s in self.sessions if any(link.registered for link in s.links.values())}
        return tuple(User(user, username=user) for user in sorted(online))

    def read(self, session: Session, request: int, ask: Callable[[], inputs.Input]) -> None:
        """A GET: it arrives, is answered, the answer arrives; or not."""
        run = session.run

        def fails(status: int | None = None) -> Callable[[], None]:
            def failing() -> None:
                if session.run is run:
                    session.feed(inputs.FetchFailed(request, UNREACHABLE, status))

            return failing

        def arrives() -> None:
            if not self.reachable or self._happens(self.faults.lose_request):
                self.later(self.chance.uniform(0.0, 10.0), fails())
                return
            try:
                answer = ask()
            except Denied as denied:
                self.later(0.01, fails(denied.status))
                return
            if self._happens(self.faults.lose_answer):
                self.later(self.chance.uniform(0.0, 10.0), fails())
            else:
                self.later(self._delay(), lambda: session.feed(answer) if session.run is run else None)

        self.later(self._delay(), arrives)

    def read_on(self, user: UserId, change: ChangeReadState) -> ReadState:
        """Somebody has read on: their other sessions hear of it."""
        changed = self.server.change_read_state(user, change)
        if changed.marks or changed.revision == 1:
            self._tell_read({user: changed})
        return changed

    def _tell_read(self, changed: dict[UserId, ReadState]) -> None:
        for session in self.sessions:
            for link in session.links.values():
                if session.user in changed and link.registered and link.url_id == ROOM.url_id:
                    self._frame(session, link, ReadStateChanged(changed[session.user]))

    def placed(self, user: UserId, change: ChangePlacements) -> Placements:
        """Somebody says where markers are: everybody who looks at the image hears of it."""
        changed = self.server.place(user, change)
        if changed.placements or changed.gone:
            self._tell_placed(changed)
        return changed

    def _tell_placed(self, changed: Placements) -> None:
        for session in self.sessions:
            for link in session.links.values():
                if link.registered and link.url_id == ROOM.url_id:
                    self._frame(session, link, PlacementsChanged(changed))

    def _has_read(self, user: UserId, reply: CommentReply | ConversationReply) -> None:
        """Who writes in a thread has read it."""
        if reply.comment is not None:
            home = self.server.home(reply.comment.id)
            mark = ReadMark(home, reply.comment.number or 0)
            self.read_on(user, ChangeReadState(read=(mark,)))

    def write(self, session: Session, request: effects.SendRequest) -> None:
        """A write: refused at connect, lost, carried out and answered, or carried out and the answer lost."""
        run, user = session.run, session.user
        over = False

        def ends(happened: inputs.Input) -> None:
            nonlocal over
            session.flying.pop(request.broadcast_id, None)
            if session.run is run and not over:
                over = True
                session.feed(happened)

        def aborted() -> None:
            self.later(0.0, lambda: ends(inputs.WriteFailed(request.broadcast_id, UNREACHABLE, sent=True)))

        def arrives() -> None:
            if over:
                return  # an abortive close: what has not arrived does not arrive any more
            if self._happens(self.faults.lose_request):
                return
            try:
                reply, logged = self.server.carry_out(user, request, self.server_ms)
            except Denied as denied:
                kinds = {404: ProblemKind.GONE, 408: ProblemKind.TIMED_OUT}
                problem = Problem(kinds.get(denied.status, ProblemKind.REFUSED), denied.code)
                failure = inputs.WriteFailed(request.broadcast_id, problem, sent=True, status=denied.status)
                self.later(self._delay(), lambda: ends(failure))
                return
            if isinstance(request.write, RestoreConversation) and logged:
                for changed in self.server.placed_again(request.write.conversation_id):
                    self._tell_placed(changed)
                self._tell_read(self.server.read_again(request.write.conversation_id))
            self.publish(logged)
            if self.server.ours and isinstance(reply, CommentReply | ConversationReply) and logged:
                self._has_read(user, reply)
            if not self.server.ours and isinstance(request.write, UNDOING):
                self._doubt(besides=request.broadcast_id)
            if not self._happens(self.faults.lose_answer):
                self.later(self._delay(), lambda: ends(inputs.ReplyArrived(request.broadcast_id, reply)))

        position = session.engine.state.confirmed.position
        joined = any(link.open for link in session.links.values())
        if position is not None and not joined and not self.server.reaches(position):
            self.doubtful.add(
                request.broadcast_id
            )  # of the log behind what this session knows a part is gone
        if not self.reachable:
            self.later(0.01, lambda: ends(inputs.WriteFailed(request.broadcast_id, UNREACHABLE, sent=False)))
            return
        session.flying[request.broadcast_id] = aborted
        self.later(self._delay(), arrives)
        timed_out = inputs.WriteFailed(request.broadcast_id, Problem(ProblemKind.TIMED_OUT), sent=True)
        self.later(request.timeout_s, lambda: ends(timed_out))

    # Sockets

    def open_socket(self, session: Session, effect: effects.OpenSocket) -> None:
        """A handshake."""
        run = session.run
        url_id = ROOM.url_id if effect.thread is None else UrlId(effect.room.url_id_ws)
        link = session.links[effect.socket] = Link(effect.socket, url_id)

        def answered() -> None:
            if session.run is not run or link.number not in session.links:
                return
            if not self.reachable or self._happens(self.faults.refuse_socket):
                del session.links[link.number]
                session.feed(inputs.SocketClosed(link.number))
                return
            link.open = True
            session.feed(inputs.SocketOpened(link.number))
            if effect.v2:
                self.later(self._delay(), registered)
            else:
                registered()

        def registered() -> None:
            if session.run is not run or session.links.get(link.number) is not link:
                return
            link.registered = True
            for frame in self.server.joined(effect.resume, self.server_ms) if effect.v2 else []:
                self._frame(session, link, frame)
            self._announce_people()

        self.later(self._delay(), answered)

    def _announce_people(self) -> None:
        for session in self.sessions:
            for link in session.links.values():
                if link.registered and link.url_id == ROOM.url_id:
                    joined = tuple(user.id for user in self.users())
                    self._frame(session, link, PresenceUpdate(joined=joined, sockets=len(joined)))

    def gone(self, session: Session, link: Link) -> None:
        """A socket ended on the session's side."""
        link.open = link.registered = False
        for other in self.sessions:
            if other is not session and session.user not in {user.id for user in self.users()}:
                for its in other.links.values():
                    if its.registered and its.url_id == ROOM.url_id:
                        self._frame(other, its, PresenceUpdate(left=(session.user,)))

    def cut(self, session: Session) -> None:
        """The session's sockets break, and with the image's its writes in flight."""
        for link in list(session.links.values()):
            if link.open and session.links.pop(link.number, None) is not None:
                self.gone(session, link)
                if link.url_id == ROOM.url_id:
                    for abort in list(session.flying.values()):
                        abort()
                session.feed(inputs.SocketClosed(link.number))

    def publish(self, logged: list[Logged]) -> None:
        """New entries of the log go to every socket of their room."""
        for entry in logged:
            for session in self.sessions:
                for link in list(session.links.values()):
                    if link.registered and link.url_id == entry.url_id:
                        self._frame(session, link, entry.event)

    def _frame(self, session: Session, link: Link, event: LiveEvent) -> None:
        faults, run = self.faults, session.run
        logged = stamp_of(event) is not None

        def arrives() -> None:
            if session.run is not run or session.links.get(link.number) is not link:
                return
            if logged and self._happens(faults.spoil):
                session.feed(inputs.FrameMalformed(link.number))
            else:
                session.feed(inputs.EventReceived(link.number, event))

        if logged and self.server.ours and self._happens(faults.drop):
            return
        after = max(link.arrives_at, self.now) + (
            0.001 if self._happens(0.9) else self.chance.uniform(0.0, 2.0)
        )
        if logged and self._happens(faults.swap):
            self.at(after + 0.01, arrives)  # the next frame overtakes it
        else:
            link.arrives_at = after
            self.at(after, arrives)
        if logged and self._happens(faults.duplicate):
            self.at(after + self.chance.uniform(0.0, 1.0), arrives)

    # Schedules

    def step(self) -> None:
        """One random thing happens, then some time passes."""
        chance, session = self.chance, self.chance.choice(self.sessions)
        roll = chance.random()
        if roll < 0.55:
            self.person(session)
        elif roll < 0.70:
            self.cut(session)
        elif roll < 0.76:
            self.reachable = not self.reachable
            if not self.reachable:
                for each in self.sessions:
                    self.cut(each)
        elif roll < 0.80:
            self.trim()
        elif roll < 0.82 and self.server.ours:
            self.server_restarts(self.server.start_anew)
        elif roll < 0.84 and self.server.ours:
            self.server.back_up()
        elif roll < 0.85 and self.server.ours:
            self.server_restarts(self.server.restore)
        elif roll < 0.88 and self.server.ours:  # a hosted log goes by that clock, and so do all its clients
            self.clock_off_ms = chance.choice((-172_800_000, -5_000, 0, 5_000, 172_800_000))
        elif roll < 0.92:
            session.crash()
        elif roll < 0.95:
            session.feed(inputs.Woke())
        self.run_until(self.now + chance.choice((0.0, 0.01, 0.2, 1.0, 5.0, 20.0)))

    def trim(self) -> None:
        """The server forgets its old log."""
        self._doubt()
        self.server.trim()

    def server_restarts(self, change: Callable[[], None]) -> None:
        """The server stops, comes back with another log, and everybody has to connect again."""
        self._doubt()
        change()
        for session in self.sessions:
            self.cut(session)

    def _doubt(self, besides: BroadcastId | None = None) -> None:
        """About what is in flight only the lists can tell: no ids, and nothing of what was undone since."""
        for session in self.sessions:
            self.doubtful |= {entry.broadcast_id for entry in session.engine.state.mine.outbox} - {besides}

    def person(self, session: Session) -> None:
        """Somebody presses keys."""
        chance, state = self.chance, session.engine.state
        spots = [Point(float(x), 10.0) for x in range(10, 90, 20)]
        answered = [
            saved.conversation.id for saved in state.mine.acknowledged if saved.conversation is not None
        ]
        homes = [*state.confirmed.conversations, *answered] or [ConversationId("ic_none")]
        home = chance.choice(homes)
        comments = [
            comment.id
            for comment in state.confirmed.comments.get(home, {}).values()
            if self.server.ours or comment.author_id == session.user
        ]
        text = f"text {self.number()}"
        wishes: list[Intent] = [
            StartConversation(chance.choice(spots), text),
            StartConversation(Point(chance.uniform(0, 100), chance.uniform(0, 100)), text),
            PostComment(home, text),
            PostComment(home, text),
            DeleteConversation(home),
            MoveConversation(home, chance.choice(spots)),
            ResolveConversation(home, chance.random() < 0.7),
            OpenThread(home),
            OpenThread(home),
            CloseThread(),
            Look(home, once=chance.random() < 0.5),
            Look(),
            MarkRead((home,)),
            MarkUnread(home),
            SetPlacement(home, chance.choice(spots)),
            UnsetPlacement(home),
            MoveCrosshair(chance.choice(spots)),
            TryNow(),
            Undo(),
            Undo(),
            KeepDraft(PostComment(home, text)),
        ]
        if comments:
            wishes += [
                EditComment(home, chance.choice(comments), text),
                DeleteComment(home, chance.choice(comments)),
                VoteComment(home, chance.choice(comments), chance.choice([1, -1, 0])),
                VoteComment(home, chance.choice(comments), chance.choice([1, -1, 0])),
                PinComment(home, chance.choice(comments), chance.random() < 0.6),
                LockComment(home, chance.choice(comments), chance.random() < 0.4),
            ]
        if state.mine.drafts:
            wishes += [Retry(chance.choice(state.mine.drafts).id)] * 2
            draft = chance.choice(state.mine.drafts)
            wishes.append(DiscardDraft(draft.id))
        if self.server.ours and self.server.deleted:
            wishes.append(RestoreConversation(chance.choice(list(self.server.deleted))))
        if not self.server.ours:
            # At the spot of another marker a new one becomes a comment, and no list tells which was first.
            wishes = [w for w in wishes if not isinstance(w, StartConversation) or w.point not in spots]
        wish = chance.choice(wishes)
        session.wish(wish)
        if self.server.ours and chance.random() < 0.1:
            session.feed(inputs.RoomFound(showing(chance.choice([1, 2, 3]))))
        if self.server.ours and chance.random() < 0.2:
            self._works_out(session)

    def read_on_and_off(self) -> None:
        """Somebody reads, or not, writes, takes a marker away or has it back, or comes back after a crash."""
        session = self.chance.choice(self.sessions)
        open_thread = session.engine.state.mine.open_thread
        homes = list(session.engine.state.confirmed.conversations)
        home = self.chance.choice(homes or [ConversationId("ic_none")])
        wish = self.chance.choice(
            [
                PostComment(home, f"text {self.number()}")
                if homes
                else StartConversation(Point(10.0, 10.0), "here"),
                OpenThread(home, entered=self.chance.random() < 0.3),
                Look(open_thread, once=self.chance.random() < 0.3),
                Look(open_thread),
                MarkRead((home,)),
                MarkUnread(open_thread or home),
                DeleteConversation(home),
                Undo(),
                *[RestoreConversation(gone) for gone in list(self.server.deleted)[-2:]],
                None,
            ]
        )
        if wish is None:
            session.crash()
        else:
            session.wish(wish)

    def place_markers(self) -> None:
        """Somebody finds markers, says where one is, takes that back, or moves one."""
        session = self.chance.choice(self.sessions)
        homes = list(session.engine.state.confirmed.conversations)
        if not homes:
            session.wish(StartConversation(Point(10.0, 10.0), "here"))
            return
        # A place of its own: what was worked out for one that a marker has left holds again when it comes back there,
        # and nobody is told so.
        home, point = self.chance.choice(homes), Point(self.chance.uniform(0, 100), self.number() / 100 % 100)
        wish = self.chance.choice(
            [SetPlacement(home, point), UnsetPlacement(home), MoveConversation(home, point), None]
        )
        if wish is None:
            self._works_out(session)
        else:
            session.wish(wish)

    def _works_out(self, session: Session) -> None:
        """A session finds markers on the version that it shows, each time elsewhere."""
        state = session.engine.state
        version, chats = state.placings.version, state.confirmed.conversations.values()
        if version is not None:
            found = (
                Placement(
                    chat.id, Point(self.chance.uniform(0, 100), 10.0), PlacementState.MOVED, origin=chat.point
                )
                for chat in chats
                if chat.version != version
            )
            session.feed(inputs.PlacementsWorkedOut(version, tuple(found)))

    def heal(self) -> None:
        """The network does its work again; everybody gets the time to catch up."""
        self.faults = Faults(**dict.fromkeys(Faults.__struct_fields__, 0.0))
        self.reachable = True
        for session in self.sessions:
            session.wish(TryNow())
        self.run_until(self.now + 180.0)
        for session in self.sessions:
            session.wish(TryNow())
        self.run_until(self.now + 60.0)
