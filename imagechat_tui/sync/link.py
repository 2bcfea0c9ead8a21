"""The link to the image's room: the one owner of what the person is told about the connection.

Two tables and a few flags tell everything, as in h11's ``_state.py``.

**Tries.** At a moment there is one try to have the link, and it is in one of five places. A step that a place
does not list keeps the place::

                ASK     DIAL     ANSWERED  OPENED  ENDED    SHUT      WISHED
    WAITING     ASKING  OPENING  .         .       .        SHUT_OUT  .
    ASKING      .       .        WAITING   .       WAITING  .         .
    OPENING     .       .        .         OPEN    WAITING  .         .
    OPEN        .       .        .         .       WAITING  .         .
    SHUT_OUT    .       .        .         .       .        .         WAITING

There is a socket in OPENING and OPEN, and only there; a moment for the next try only in WAITING.

**Phases.** What is known about the link at a moment is one `Signal` (`Link._signal`: it follows from the try and
the flags, so it is looked at in every turn). The phase is what the person sees, one of PROMISES 5. Two phases
remember: OFFLINE is left only when a link stands or REST answers, not by starting another try; and SIGN_IN_NEEDED
is not replaced by "reconnecting". A signal that a phase does not list keeps the phase::

                    BEHIND       JOINED  BARRED     LOST          FAILED   SLEPT    POLLED   SHUT_OUT
    STARTING        CATCHING_UP  LIVE    READ_ONLY  .             OFFLINE  .        POLLING  SIGN_IN_NEEDED
    LIVE            CATCHING_UP  .       READ_ONLY  RECONNECTING  OFFLINE  OFFLINE  POLLING  SIGN_IN_NEEDED
    CATCHING_UP     .            LIVE    READ_ONLY  RECONNECTING  OFFLINE  OFFLINE  POLLING  SIGN_IN_NEEDED
    RECONNECTING    CATCHING_UP  LIVE    READ_ONLY  .             OFFLINE  OFFLINE  POLLING  SIGN_IN_NEEDED
    OFFLINE         CATCHING_UP  LIVE    READ_ONLY  .             .        .        POLLING  SIGN_IN_NEEDED
    POLLING         CATCHING_UP  LIVE    READ_ONLY  RECONNECTING  OFFLINE  OFFLINE  .        SIGN_IN_NEEDED
    SIGN_IN_NEEDED  CATCHING_UP  LIVE    READ_ONLY  .             OFFLINE  .        POLLING  .
    READ_ONLY       CATCHING_UP  LIVE    .          RECONNECTING  OFFLINE  OFFLINE  POLLING  SIGN_IN_NEEDED

**Flags.** What neither table tells::

    flag           set when                              cleared when                   what it does
    wants_ids      at the start; a capability, or a      a list was answered            the next try begins with
                   write as signed out, was refused                                     ASK instead of DIAL
    _asked         a try began with ASK                  a try began with DIAL          from the fourth failed socket
                                                                                        on ASK and DIAL take turns
    _renewed       a capability was refused, and a new   joined; the person wishes a    the next refusal is SHUT
                   one is asked for                      new start
    _unproven      the machine slept with a socket open  a pong; the socket ended       the signal is SLEPT
    _no_route      a read failed for want of a route     opened; a list was answered    LOST is FAILED at once
    _was_open      the first handshake                   never                          before it, data without a
                                                                                        socket is BEHIND, not LOST
    rest_answers   a list was answered; a read was       a joined link ended; a read    with enough failed sockets
                   refused by status                     was not answered               the signal is POLLED
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from enum import Enum
from math import inf
from types import MappingProxyType
from typing import Unpack

from imagechat_tui.problems import Problem, ProblemKind
from imagechat_tui.protocol import codes
from imagechat_tui.protocol.models import Position
from imagechat_tui.protocol.routes import RoomIds
from imagechat_tui.sync.backoff import RESET_AFTER_S, RESTART_CAP_S
from imagechat_tui.sync.core import Core
from imagechat_tui.sync.due import Due
from imagechat_tui.sync.effects import CloseSocket, News, OpenSocket, Probe
from imagechat_tui.sync.inputs import Pong, SocketClosed
from imagechat_tui.sync.state import Connection, ConnectionChanges, Phase

OFFLINE_AFTER_S = 15.0
"""A link lost for this long is "offline", however few tries were made."""
OFFLINE_TRIES = 2
POLLING_TRIES = 4
"""Failed sockets after which a try begins with REST."""
TRY_NOW_EVERY_S = 2.0
PROBE_TIMEOUT_S = 2.0
HUNG_AFTER_S = 2.0
"""A try still without an answer after this is given up when the person wants another."""
NOTHING_THERE_S = 60.0
"""A server that says "no such tenant" is not asked again sooner, unless the person wants it."""
CLOSED_S = 5.0
"""A tenant that its operator has closed is asked for after this, and some more each time."""
STALE_AFTER_S = 5.0
"""Without live updates nothing older than this is called up to date."""
RESTARTS_WITHIN_S = 30.0
"""A server that says that it restarts (1012) is expected back within this time: until then waits stay short."""
ROUND_TRIP_CHANGE = 0.25
"""A round trip is told again when it changed by this share (and 5 ms): an idle screen is not repainted."""

_RESTARTS = 1012
_RENEW_CODES = frozenset({4401, 4403})
_RENEW_STATUSES = frozenset({401, 403})


def refused(closed: SocketClosed) -> bool:
    """Whether a socket ended because its capability is not accepted (any more)."""
    return closed.code in _RENEW_CODES or closed.status in _RENEW_STATUSES


class Try(Enum):
    """Where the try to have the link is."""

    WAITING = "the next one has its moment"
    ASKING = "GET is running, for fresh ids or to see whether REST answers"
    OPENING = "the handshake is running"
    OPEN = "the socket stands"
    SHUT_OUT = "the server does not know us; the person has to do something"


class Step(Enum):
    """What leads a try from one place to another."""

    ASK = "begin with a list"
    DIAL = "begin with a socket"
    ANSWERED = "the list is here"
    OPENED = "the handshake is done"
    ENDED = "it failed, the socket ended, or it was given up"
    SHUT = "refused again, with a new capability"
    WISHED = "the person wants a new start"


TRIES: Mapping[Try, Mapping[Step, Try]] = MappingProxyType(
    {
        Try.WAITING: {Step.ASK: Try.ASKING, Step.DIAL: Try.OPENING, Step.SHUT: Try.SHUT_OUT},
        Try.ASKING: {Step.ANSWERED: Try.WAITING, Step.ENDED: Try.WAITING},
        Try.OPENING: {Step.OPENED: Try.OPEN, Step.ENDED: Try.WAITING},
        Try.OPEN: {Step.ENDED: Try.WAITING},
        Try.SHUT_OUT: {Step.WISHED: Try.WAITING},
    }
)


def next_try(place: Try, step: Step) -> Try:
    """Where ``step`` leads from ``place``."""
    return TRIES[place].get(step, place)


class Signal(Enum):
    """What is known about the link now."""

    BEHIND = "the link stands, replay or snapshot is running"
    JOINED = "the link stands and nothing is missing"
    BARRED = "joined, but the role or the room says read-only"
    LOST = "no link, a try is due or running; or REST answers, but slowly"
    FAILED = "no link, tries failed or it takes too long"
    SLEPT = "the machine slept, the link has not proved itself"
    POLLED = "sockets fail, REST answers in time"
    SHUT_OUT = "the server does not know us, and a new capability did not help"


_UP: dict[Signal, Phase] = {
    Signal.BEHIND: Phase.CATCHING_UP,
    Signal.JOINED: Phase.LIVE,
    Signal.BARRED: Phase.READ_ONLY,
    Signal.POLLED: Phase.POLLING,
    Signal.SHUT_OUT: Phase.SIGN_IN_NEEDED,
}
_DOWN: dict[Signal, Phase] = {
    Signal.LOST: Phase.RECONNECTING,
    Signal.FAILED: Phase.OFFLINE,
    Signal.SLEPT: Phase.OFFLINE,
}
TRANSITIONS: Mapping[Phase, Mapping[Signal, Phase]] = MappingProxyType(
    {
        Phase.STARTING: _UP | {Signal.FAILED: Phase.OFFLINE},
        Phase.LIVE: _UP | _DOWN,
        Phase.CATCHING_UP: _UP | _DOWN,
        Phase.RECONNECTING: _UP | {Signal.FAILED: Phase.OFFLINE, Signal.SLEPT: Phase.OFFLINE},
        Phase.OFFLINE: _UP,
        Phase.POLLING: _UP | _DOWN,
        Phase.SIGN_IN_NEEDED: _UP | {Signal.FAILED: Phase.OFFLINE},
        Phase.READ_ONLY: _UP | _DOWN,
    }
)


def next_phase(phase: Phase, signal: Signal) -> Phase:
    """Where ``signal`` leads from ``phase``."""
    return TRANSITIONS[phase].get(signal, phase)


class Link:
    """The socket of the image's room, and the tries to have one; `Connection` is what is told of them."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._connection = Connection()
        self._try = Try.WAITING
        self.socket: int | None = None
        """The socket's number in OPENING and OPEN, else None."""
        self.opened_at = 0.0
        self.wants_ids = True
        self.rest_answers = False
        self._failed_tries = 0
        """Since the link was last joined: what the person is told."""
        self._failed_sockets = 0
        """In a row, with which the room was not joined: leads to POLLING."""
        self._retry_at: float | None = 0.0
        """When the next try is due; counts in WAITING."""
        self._attempt = 0
        self._back_soon_until = -inf
        """Until then a server that sent us away on purpose lets us in again."""
        """Place in the series of delays; starts anew only after a minute live."""
        self.began_at = 0.0
        """When the running try began, or the one that led to the socket."""
        self._asked_heard_at = 0.0
        """When a part of the answer that the running try waits for came."""
        self._joined_at: float | None = None
        self._lost_at: float | None = None
        self._heard_at: float | None = None
        self._true_at: float | None = None
        """While joined: what is shown was the server's then."""
        self._complete_at: float | None = None
        """Everything the server had at this moment was read."""
        self._was_open = False
        self._renewed = False
        self._unproven = False
        self._no_route = False
        self._asked = False
        self._shut_out: Problem | None = None
        """Why the server shut us out."""
        self._problem: Problem | None = None
        self._tried_now_at = -TRY_NOW_EVERY_S
        self._told_until = 0.0
        """Until then the server asked to be left alone."""

    @property
    def connection(self) -> Connection:
        """What the person is told about the link."""
        return self._connection

    @property
    def open(self) -> bool:
        """Whether the socket stands."""
        return self._try is Try.OPEN

    # What happened

    def opened(self) -> None:
        """The handshake is done."""
        self._step(Step.OPENED)
        self.opened_at = self._core.now
        self._was_open = True
        self._no_route = False
        self.heard()

    def heard(self) -> None:
        """Something came over the socket: the link stands, what is shown is as of now."""
        self._heard_at = self._core.now

    def closed(self, closed: SocketClosed) -> None:
        """The socket is gone, or the try failed."""
        was_open, was_joined = self.open, self._joined_at is not None
        self._drop_socket()
        if was_joined:
            self.rest_answers = False  # whatever REST said, it said before the link broke
        else:
            self._failed_sockets += 1
        at_least_s = closed.retry_after_s or 0.0
        if closed.code == _RESTARTS:  # away on purpose, and not for many of us: the series begins anew
            self._attempt = 0
            self._back_soon_until = self._core.now + RESTARTS_WITHIN_S
        elif was_joined and closed.code in _RENEW_CODES:  # an operator decides several things in a row
            self._back_soon_until = self._core.now + RESTARTS_WITHIN_S
        if closed.problem is not None and closed.problem.code == codes.TENANT_DISABLED:
            self._problem = closed.problem
            self.rest_answers, self.wants_ids = False, True  # the next try asks whether it is open again
            self._later(CLOSED_S)
        elif self._renewed and (closed.foreign or closed.status == 403) and refused(closed):
            # A list was answered to the same credentials since: it is sockets that somebody on the way refuses.
            self._failed_sockets = max(self._failed_sockets, POLLING_TRIES)
            self._try_failed(closed.problem or Problem(ProblemKind.UNREACHABLE), at_least_s)
        elif refused(closed):
            self._refused(Problem(ProblemKind.SIGN_IN, code=str(closed.code or closed.status)))
        elif not was_open:
            self._try_failed(closed.problem or Problem(ProblemKind.UNREACHABLE), at_least_s)
        else:
            self._later(at_least_s)

    def list_part_came(self) -> None:
        """A part of a list has come: slow, and not hung."""
        self._asked_heard_at = self._core.now

    def answered(self) -> None:
        """REST answered with a snapshot: fresh ids are here."""
        self.rest_answers = True
        self.wants_ids = False
        self._no_route = False
        self._problem = None
        if self._try is Try.ASKING:
            self._step(Step.ANSWERED)
            self._retry_at = self._core.now

    def not_answered(self, problem: Problem, status: int | None) -> bool:
        """A snapshot failed. True if the socket is given up with it."""
        self.read_failed(problem, status)
        unknown = problem.kind is ProblemKind.SIGN_IN
        if self._try is not Try.ASKING and not unknown:
            return False
        if self._try is Try.ASKING:
            self._step(Step.ENDED)
        socket = self.socket
        if problem.code == codes.TENANT_DISABLED:
            self._later(CLOSED_S)  # likewise an answer; no token helps, and it may be open again
        elif unknown or status in _RENEW_STATUSES:
            if socket is not None:
                self._core.emit(CloseSocket(socket))
                self._drop_socket()
            self._renewed = True
            self._refused(problem)
        elif problem.kind is ProblemKind.GONE:
            self._later(NOTHING_THERE_S)  # an answer, and no failed try: nobody is offline
        else:
            self._try_failed(problem, problem.retry_after_s or 0.0)
        return socket is not None

    def read_failed(self, problem: Problem, status: int | None) -> None:
        """A read of the room failed. One that was refused was answered all the same."""
        self._problem = problem
        self._no_route = problem.kind is ProblemKind.OFFLINE
        self.rest_answers = status is not None and status < 500

    def write_answered(self) -> None:
        """The server answered a write that a person sent: as good as their wish to have the link now (PROMISES D12).

        Not where REST was known to answer and it is sockets that fail, nor where the server asked for time.
        """
        told_to_wait = self._core.now < self._told_until
        if self._try is Try.WAITING and self._failed_sockets < POLLING_TRIES and not told_to_wait:
            self._at_once()

    def ponged(self, pong: Pong) -> None:
        """The peer answered a ping: the link has proved itself."""
        self._unproven = False
        self.heard()
        told = self._connection.round_trip_s
        change = abs(pong.round_trip_s - (told or 0.0))
        if told is None or change > max(0.005, ROUND_TRIP_CHANGE * told):
            self._change(round_trip_s=pong.round_trip_s)

    def received(self, received_bytes: int | None) -> None:
        """So much of the list has come, while it takes long to come; None: it is here."""
        self._change(received_bytes=received_bytes)

    def known_as_of(self, at: float) -> None:
        """The confirmed state was the server's at ``at``."""
        told = self._connection.as_of_s
        self._change(as_of_s=at if told is None else max(at, told))

    def woke(self) -> None:
        """The machine slept: probe the link, or try at once if there is none."""
        if self.open and self.socket is not None:
            self._unproven = True
            self._core.emit(Probe(self.socket, PROBE_TIMEOUT_S))
        elif self._try is not Try.SHUT_OUT:
            self._at_once()

    def try_now(self) -> bool:
        """The person wants the link now; granted at most once in 2 s. True if it stands: read on instead."""
        if self.open:
            granted = self._core.now >= self._tried_now_at + TRY_NOW_EVERY_S
            if granted:
                self._tried_now_at = self._core.now
            return granted
        if self._try is Try.SHUT_OUT:
            self._step(Step.WISHED)
            self._shut_out = None
            self._renewed = False
            self._failed_tries = 0
            self._lost_at = self._core.now  # this is a new start: it is not overdue yet
        self._at_once()
        return False

    def hang_up(self) -> None:
        """Give up a socket that does not do its work; counts as a failed one."""
        if self.socket is not None:
            self._core.emit(CloseSocket(self.socket))
            self._drop_socket()
            self._failed_sockets += 1
            self._try_failed(Problem(ProblemKind.TIMED_OUT), 0.0)

    # What to do about it

    def begin_try(self, ids: RoomIds | None, *, v2: bool, resume_at: Position | None) -> bool:
        """Begin a try. True if it begins with a list, which the caller asks for.

        Args:
            ids: the capability for the socket, if a list has brought one.
            v2: whether the server has our extensions.
            resume_at: the place after which the socket should go on.
        """
        core = self._core
        self._retry_at = None
        self.began_at = core.now
        # From the fourth failure on REST is asked first: are the ids stale, is it only sockets that fail?
        ask = self._failed_sockets >= POLLING_TRIES and not self._asked
        self._asked = ask or self.wants_ids or ids is None
        if ids is None or self._asked:
            self._step(Step.ASK)
            return True
        self._step(Step.DIAL)
        self.socket = core.number()
        unseen = v2 and core.room.explores
        core.emit(OpenSocket(self.socket, ids, v2=v2, resume=resume_at, unseen=unseen))
        return False

    def settle(self, *, has_data: bool, caught_up: bool, read_only: bool, complete_at: float | None) -> None:
        """Bring phase and times in line with the facts.

        Args:
            has_data: a snapshot has come.
            caught_up: nothing is missing that the server had when the socket was registered.
            read_only: the server takes no writes from us.
            complete_at: everything that the server had at this moment is in the confirmed state.
        """
        core = self._core
        self._complete_at = complete_at
        signal = self._signal(has_data=has_data, caught_up=caught_up, read_only=read_only)
        before = self._connection.phase
        phase = next_phase(before, signal)
        if signal in (Signal.JOINED, Signal.BARRED):
            self._joined()
        elif self._joined_at is not None:
            self._unjoined()
        standing = phase in (Phase.LIVE, Phase.READ_ONLY, Phase.CATCHING_UP, Phase.POLLING)
        self._change(
            phase=phase,
            lost_at_s=None if standing else self._lost_at,
            retry_at_s=None if self.open else self._retry_at,
            failed_tries=self._failed_tries,
            problem=self._shut_out or (None if standing else self._problem),
        )
        if phase is not before:
            core.announce(News.PHASE, phase=phase, problem=self._connection.problem)

    def dues(self, begin_try: Callable[[], None]) -> Iterator[Due]:
        """The next try; and when time alone changes the signal.

        ``begin_try`` calls the method of that name, with what it needs.
        """
        if self._try is Try.WAITING and self._retry_at is not None:
            yield Due(self._retry_at, begin_try)
        if self._joined_at is not None and self._attempt:
            yield Due(self._joined_at + RESET_AFTER_S, self._forget_attempts)
        if not self.open:
            yield from (Due(at) for at in (self._overdue_at, self._stale_at, self._old_at) if at is not None)

    # Inside

    @property
    def _overdue_at(self) -> float | None:
        """When a lost link is called offline, however few tries were made."""
        return self._lost_at + OFFLINE_AFTER_S if self._lost_at is not None else None

    @property
    def _stale_at(self) -> float | None:
        """Without live updates: when what is shown is not up to date any more."""
        return self._polled_at + STALE_AFTER_S if self._polled_at is not None else None

    @property
    def _old_at(self) -> float | None:
        """Without live updates: when REST is not said to answer any more."""
        return self._polled_at + OFFLINE_AFTER_S if self._polled_at is not None else None

    @property
    def _polled_at(self) -> float | None:
        """Where sockets fail: when everything that REST has was read last."""
        return self._complete_at if self._failed_sockets >= POLLING_TRIES else None

    def _forget_attempts(self) -> None:
        self._attempt = 0

    def _step(self, step: Step) -> None:
        self._try = next_try(self._try, step)

    def _change(self, **changes: Unpack[ConnectionChanges]) -> None:
        after = self._connection.replace(**changes)
        if after != self._connection:
            self._connection = after

    def _signal(self, *, has_data: bool, caught_up: bool, read_only: bool) -> Signal:
        now = self._core.now
        if self._try is Try.SHUT_OUT:
            return Signal.SHUT_OUT
        if self._unproven:
            return Signal.SLEPT
        if self.open:
            if not caught_up:
                return Signal.BEHIND
            return Signal.BARRED if read_only else Signal.JOINED
        if self.rest_answers and self._stale_at is not None and now < self._stale_at:
            return Signal.POLLED
        if self.rest_answers and self._old_at is not None and now < self._old_at:
            return Signal.LOST  # slow answers: no reason to refuse writes
        overdue = self._overdue_at is not None and now >= self._overdue_at
        if self._failed_tries >= OFFLINE_TRIES or overdue or self._no_route:
            return Signal.FAILED
        if has_data and not self._was_open and self._failed_tries == 0:
            return Signal.BEHIND
        return Signal.LOST

    def _joined(self) -> None:
        self._failed_tries = self._failed_sockets = 0
        self._renewed = False
        self._problem = None
        self._lost_at = None
        if self._joined_at is None:
            self._joined_at = self._core.now
            self.known_as_of(self._core.now)
        self._true_at = self._heard_at

    def _unjoined(self) -> None:
        """From here on what is shown gets old."""
        self._joined_at = None
        if self._true_at is not None:
            self.known_as_of(self._true_at)
            self._true_at = None

    def _drop_socket(self) -> None:
        if self._lost_at is None:
            self._lost_at = self._core.now
        self.socket = None
        self._step(Step.ENDED)
        self._unproven = False

    def _refused(self, problem: Problem) -> None:
        """401 or 4401: a new capability once, then ask the person (PROMISES D12)."""
        if self._renewed:
            self._step(Step.SHUT)
            self._shut_out = problem
            self._retry_at = None
            return
        self._renewed = True
        self.wants_ids = True
        self._later(0.0)

    def _try_failed(self, problem: Problem, at_least_s: float) -> None:
        if self._lost_at is None:
            self._lost_at = self._core.now
        self._failed_tries += 1
        self._problem = problem
        self._later(at_least_s)

    def _later(self, at_least_s: float) -> None:
        self._told_until = self._core.now + at_least_s
        cap_s = RESTART_CAP_S if self._core.now < self._back_soon_until else None
        self._retry_at = self._core.now + self._core.delay_s(self._attempt, at_least_s, cap_s)
        self._attempt += 1

    def _at_once(self) -> None:
        """Try now, or as soon as 2 s have passed since the last time."""
        core = self._core
        if self._try is not Try.WAITING:
            if core.now < max(self.began_at, self._asked_heard_at) + HUNG_AFTER_S:
                return
            if self.socket is not None:
                core.emit(CloseSocket(self.socket))
                self._drop_socket()
            else:
                self._step(Step.ENDED)
        at = max(core.now, self._tried_now_at + TRY_NOW_EVERY_S)
        if self._retry_at is None or at < self._retry_at:
            self._retry_at = self._tried_now_at = at
