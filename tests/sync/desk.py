"""A session's engine on the test's desk: the test plays the world and moves the clock by hand.

Whatever the engine asks for waits on the desk until the test takes it or says that there is none of it. What
holds after every single input (the invariants of ``sync.engine``) is checked with each.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from imagechat_tui.problems import Problem, ProblemKind
from imagechat_tui.protocol.events import LiveEvent
from imagechat_tui.protocol.ids import BroadcastId
from imagechat_tui.protocol.models import Position, User
from imagechat_tui.protocol.routes import CommentList, ConversationList
from imagechat_tui.sync import effects, inputs
from imagechat_tui.sync.backoff import CAP_S
from imagechat_tui.sync.engine import SyncEngine
from imagechat_tui.sync.intents import Intent, OpenThread, Submitted
from imagechat_tui.sync.outbox import on_disk
from imagechat_tui.sync.state import ChatState, Connection, Draft, Peer, Phase, UnsentMarks
from tests import examples as eg

E = TypeVar("E")

UNREACHABLE = Problem(ProblemKind.UNREACHABLE)
BEGUN_AT = 1_000.0
"""The engine's clock when a session begins: not zero, so that a missing moment is not taken for an early one."""


def late(_: float, most: float) -> float:
    """Chance that always draws the longest delay: 1, 2, 4 … s."""
    return most


def at_once(least: float, _: float) -> float:
    """Chance that always draws the shortest delay."""
    return least


class Desk:
    """One engine, and what it asked for that nobody has looked at yet."""

    def __init__(
        self,
        *,
        uniform: Callable[[float, float], float] = late,
        drafts: tuple[Draft, ...] = (),
        cap_s: float = CAP_S,
        explores: bool = False,
        marks: tuple[UnsentMarks, ...] = (),
    ) -> None:
        self.engine = SyncEngine(eg.room(explores=explores), uniform=uniform, cap_s=cap_s)
        self.now = BEGUN_AT
        self.waiting: list[effects.Effect] = []
        self.socket = 0
        """The image's socket that was opened last."""
        self.thread_socket = 0
        self.wakes = 0
        """How often the engine wanted to be woken."""
        self.stored: tuple[Draft, ...] = ()
        """What is on disk."""
        self._ids = 0
        self.feed(inputs.Started(drafts, marks))

    @property
    def state(self) -> ChatState:
        return self.engine.state

    @property
    def connection(self) -> Connection:
        return self.engine.state.connection

    def shows(self, phase: Phase) -> None:
        """This is the phase that the person sees."""
        assert self.engine.state.connection.phase is phase, self.engine.state.connection

    # The clock

    def feed(self, happened: inputs.Input) -> None:
        """Something happens now."""
        before = self.engine.state
        asked = self.engine.feed(happened, self.now)
        stored = [effect for effect in asked if isinstance(effect, effects.StoreDrafts)]
        if stored:
            assert asked[0] is stored[0] and len(stored) == 1, "what is sent must be on disk before"
            self.stored = stored[0].drafts
        assert self.stored == on_disk(self.engine.state), "what was typed would not survive a crash"
        if any(isinstance(effect, effects.SendRequest) for effect in asked):
            assert isinstance(happened, Submitted | inputs.ReplyArrived), "only a key press sends a write"
        published = [effect for effect in asked if isinstance(effect, effects.Publish)]
        assert bool(published) == (self.engine.state is not before), "every change is told, and only changes"
        assert not published or asked[-1] == effects.Publish(self.engine.state)
        self.waiting += [
            effect for effect in asked if not isinstance(effect, effects.StoreDrafts | effects.Publish)
        ]
        wake_at = self.engine.wake_at
        assert wake_at is None or wake_at > self.now, f"due at {wake_at}, and it is {self.now}: it would spin"

    def wait(self, seconds: float) -> None:
        """Time passes; the engine is woken whenever it wants to be."""
        end = self.now + seconds
        while (wake_at := self.engine.wake_at) is not None and wake_at <= end:
            self.now = wake_at
            self.wakes += 1
            self.feed(inputs.Tick())
        self.now = end

    # What it asked for

    def take(self, kind: type[E]) -> E:
        """The one effect of a kind that nobody has looked at."""
        found = self.all(kind)
        assert len(found) == 1, f"{len(found)} of {kind.__name__} in {self.waiting}"
        return found[0]

    def all(self, kind: type[E]) -> list[E]:
        """Every effect of a kind that nobody has looked at."""
        found: list[E] = [effect for effect in self.waiting if isinstance(effect, kind)]
        self.waiting = [effect for effect in self.waiting if not isinstance(effect, kind)]
        return found

    def waits_for(self, kind: type[Any]) -> bool:
        """Whether an effect of a kind is among those that nobody has looked at."""
        return any(isinstance(effect, kind) for effect in self.waiting)

    def nothing(self, *kinds: type[Any]) -> None:
        """There is none of these kinds that nobody has looked at."""
        assert not [effect for effect in self.waiting if isinstance(effect, kinds)], self.waiting

    def told(self, *kinds: effects.News) -> list[effects.Announce]:
        """The news of some kinds (all, if none is named) since they were last looked at."""
        found = self.all(effects.Announce)
        return [news for news in found if not kinds or news.news in kinds]

    # The world's answers

    def list_comes(self, answer: ConversationList | None = None, *, peer: Peer = Peer.OURS) -> None:
        """The list that was asked for last is here."""
        request = self.all(effects.FetchSnapshot)[-1].request
        self.feed(inputs.SnapshotLoaded(request, peer, eg.conversation_list() if answer is None else answer))

    def list_fails(self, problem: Problem = UNREACHABLE, status: int | None = None) -> None:
        self.feed(inputs.FetchFailed(self.all(effects.FetchSnapshot)[-1].request, problem, status))

    def log_comes(self, *events: LiveEvent, complete: bool | None = True) -> None:
        self.feed(inputs.EventLogLoaded(self.all(effects.FetchEventLog)[-1].request, events, complete))

    def log_fails(self, problem: Problem = UNREACHABLE, status: int | None = None) -> None:
        self.feed(inputs.FetchFailed(self.all(effects.FetchEventLog)[-1].request, problem, status))

    def thread_comes(self, answer: CommentList | None = None) -> None:
        asked = self.all(effects.FetchThread)[-1]
        listed = eg.comment_list() if answer is None else answer
        self.feed(inputs.ThreadLoaded(asked.request, asked.conversation_id, listed))

    def people_come(self, *users: User) -> None:
        """The list of who is here that was asked for last is here."""
        self.feed(inputs.UsersLoaded(self.all(effects.FetchPresence)[-1].request, users))

    def opens(self) -> effects.OpenSocket:
        """The handshake of the socket that was asked for last is done."""
        asked = self.all(effects.OpenSocket)[-1]
        if asked.thread is None:
            self.socket = asked.socket
        else:
            self.thread_socket = asked.socket
        self.feed(inputs.SocketOpened(asked.socket))
        return asked

    def refuses(self, **how: Any) -> None:
        """The handshake that was asked for last fails."""
        self.feed(inputs.SocketClosed(self.all(effects.OpenSocket)[-1].socket, **how))

    def cut(self, **how: Any) -> None:
        """The image's socket ends."""
        self.feed(inputs.SocketClosed(self.socket, **how))

    def hears(self, *events: LiveEvent) -> None:
        """Frames of the image's socket."""
        for event in events:
            self.feed(inputs.EventReceived(self.socket, event))

    def hears_noise(self) -> None:
        self.feed(inputs.FrameMalformed(self.socket))

    def wish(self, intent: Intent, broadcast_id: str = "") -> BroadcastId:
        """The person wants something; the id is fresh unless the test names one."""
        self._ids += 1
        wanted = BroadcastId(broadcast_id or f"w{self._ids}")
        self.feed(Submitted(intent, wanted, eg.T0))
        return wanted

    def replies(self, broadcast_id: BroadcastId, reply: Any = None) -> None:
        self.feed(inputs.ReplyArrived(broadcast_id, reply))

    def write_fails(
        self,
        broadcast_id: BroadcastId,
        kind: ProblemKind = ProblemKind.UNREACHABLE,
        *,
        sent: bool = True,
        status: int | None = None,
        retry_after_s: float | None = None,
        code: str = "",
    ) -> None:
        problem = Problem(kind, code, retry_after_s=retry_after_s)
        self.feed(inputs.WriteFailed(broadcast_id, problem, sent, status))


def joined(
    answer: ConversationList | None = None,
    *,
    uniform: Callable[[float, float], float] = late,
    drafts: tuple[Draft, ...] = (),
) -> Desk:
    """A session that is live on a server of ours; nothing waits on the desk."""
    desk = Desk(uniform=uniform, drafts=drafts)
    listed = eg.conversation_list() if answer is None else answer
    desk.list_comes(listed)
    desk.opens()
    assert listed.position is not None
    desk.hears(eg.subscribed(listed.position.seq))
    desk.people_come(eg.user())
    desk.shows(Phase.READ_ONLY if listed.read_only else Phase.LIVE)
    desk.waiting.clear()
    return desk


def hosted(
    answer: ConversationList | None = None, *, uniform: Callable[[float, float], float] = late
) -> Desk:
    """A session that is live on a hosted server; nothing waits on the desk."""
    desk = Desk(uniform=uniform)
    listed = eg.conversation_list(position=None, comments=()) if answer is None else answer
    desk.list_comes(listed, peer=Peer.HOSTED)
    desk.opens()
    desk.wait(0.5)
    desk.list_comes(listed, peer=Peer.HOSTED)
    desk.people_come(eg.user())
    desk.shows(Phase.READ_ONLY if listed.read_only else Phase.LIVE)
    desk.waiting.clear()
    return desk


def reading(desk: Desk) -> Desk:
    """A hosted session whose open thread is live as well."""
    desk.wish(OpenThread(eg.conversation().id))
    desk.thread_comes()
    desk.opens()
    desk.log_comes(complete=None)
    desk.waiting.clear()
    return desk


def anew(seq: int = 1, **overrides: Any) -> Position:
    """A place in a log that was started anew."""
    return eg.position(seq, epoch="ep2", **overrides)
