"""Keeping up with the image's room of our servers: by places in its log (PROMISES D4, D5, D14).

An event is applied only as the successor of the last one. What comes too early is held, what is missing is asked
from the log, and what the log no longer has comes as a list. While a list is on its way everything is held, so
that nothing older can overwrite anything newer. A list that is ahead of the last event waits for the events
before it, which the replay or the log gives: it must not swallow what somebody wants to hear of. Only where they
cannot be had it leaps, and that is told (`Missed`).
"""

from __future__ import annotations

from collections.abc import Iterator
from math import inf

from imagechat_tui.problems import Problem, ProblemKind
from imagechat_tui.protocol.events import (
    ImageChatsStale,
    ImageChatUpdated,
    LiveEvent,
    Reset,
    Subscribed,
)
from imagechat_tui.protocol.models import Position
from imagechat_tui.sync.core import Core, Reader
from imagechat_tui.sync.due import Due
from imagechat_tui.sync.effects import FetchEventLog, Missed
from imagechat_tui.sync.facts import Facts
from imagechat_tui.sync.image_room import POLL_EVERY_S
from imagechat_tui.sync.inputs import EventLogLoaded, FetchFailed
from imagechat_tui.sync.reads import LOG_TRIES, Read
from imagechat_tui.sync.replay import Held, Place, Seen, place, position_of, restarted
from imagechat_tui.sync.room_list import SNAPSHOT_EVERY_S, Listed, RoomList

STALL_AFTER_S = 2.0
"""A promised replay that does not go on for this long is fetched from the log."""
SUBSCRIBED_WITHIN_S = 10.0
LOG_TRIES_UNHEARD = 4
"""The same where nothing answered or it said "later", which tells nothing about the log."""
REPLAY_AT_MOST = 500
"""Events that a server of ours gives back one by one (PROMISES D4); who is farther behind gets the list."""
UNREADABLE_LISTS = 2
"""After so many unreadable lists a hole is stepped over without one."""


class NumberedRoom:
    """The image's room with a numbered log (`image_room.ImageRoom`)."""

    def __init__(self, core: Core, facts: Facts, room_list: RoomList) -> None:
        self._core = core
        self._facts = facts
        self._list = room_list
        self._listed_at: float | None = None
        self._seen = Seen()
        self._repair = False
        """The position cannot be trusted: hold everything until a list came."""
        self._log = Read(core, Reader.LOG)
        self._log_after: Position | None = None
        """Where the log on its way begins."""
        self._log_owes = 0
        """The newest number that existed when the log on its way was asked for."""
        self._stuck_at: Position | None = None
        """The log cannot give what comes after this."""
        self._waiting: Listed | None = None
        """A list that is here, and waits for the events before it."""
        self._held = Held()
        self._target: Position | None = None
        """Where the log stood when the socket was registered."""
        self._target_at = -inf
        """When it was told."""
        self._joined = False
        """The target was reached."""
        self._progress_at = 0.0
        self._poll_at = 0.0

    # Facts

    @property
    def numbered(self) -> bool:
        """Whether a list has told the place it was read at."""
        return self._mine is not None

    @property
    def resume_at(self) -> Position | None:
        """The place after which a new socket should go on; None if it cannot be trusted."""
        return None if self._repair else self._mine

    @property
    def head(self) -> Position | None:
        """The newest place that the log is known to have: whatever happens from now on comes after it."""
        mine, told = self._mine, self._target
        return told if mine is not None and told is not None and self._behind(told) else mine

    @property
    def caught_up(self) -> bool:
        """Whether nothing is missing that the server had when the socket was registered."""
        if not self._list.loaded or self._repair or len(self._held) or self._waiting is not None:
            return False
        if not self.numbered:
            complete_at = self._list.complete_at
            return complete_at is not None and complete_at >= self._facts.link.opened_at
        return self._target is not None and not self._behind(self._target)

    def unregistered_at(self) -> float | None:
        """When a socket that stands and yet does not do its work is given up: it was not registered."""
        link = self._facts.link
        return link.opened_at + SUBSCRIBED_WITHIN_S if link.open and self._target is None else None

    def listed_since(self, at: float) -> bool:
        """Whether a list took the place of events after ``at``."""
        return self._listed_at is not None and self._listed_at >= at

    @property
    def _mine(self) -> Position | None:
        return self._facts.ledger.position

    def _behind(self, target: Position) -> bool:
        mine = self._mine
        return mine is None or mine.epoch != target.epoch or mine.seq < target.seq

    # What happened

    def opened(self) -> None:
        """The socket's handshake is done."""
        self._target = None
        self._progress_at = self._core.now

    def lost(self) -> None:
        """The socket is gone: a rejoin by position brings everything again."""
        self._target = None
        self._held.clear()
        self._list.forget()
        self._log.forget()

    def received(self, event: LiveEvent) -> None:
        """An event came over the image's socket."""
        match event:
            case Subscribed():
                self._subscribed(event)
            case Reset():
                self._break()
            case _:
                position = position_of(event)
                if position is not None:
                    self._offer(position, event)
                elif not self._seen.repeated(event):
                    self._unnumbered(event)

    def list_loaded(self, listed: Listed) -> None:
        """The list is here: it is put in place, or waits for the events before it."""
        core = self._core
        self._log.failures = 0
        self._waiting = listed
        self._progress_at = core.now
        its = listed.answer.position
        if its is None or not self._within_reach(its) or not self._behind(its):
            self._settle()
        else:
            self._drain()
        if self._gap() and (self._facts.link.open or len(self._held)):
            self._log.want(core.now)

    def list_failed(self, problem: Problem) -> None:
        """The list did not come."""
        if problem.kind is ProblemKind.BAD_ANSWER and self._list.unreadable >= UNREADABLE_LISTS:
            self._step_over()
        if not self._repair:
            self._drain()  # what waited for the list goes on without it
        self._list.want(self._core.now)

    def log_loaded(self, loaded: EventLogLoaded) -> None:
        """A part of the log is here."""
        if not self._log.loaded(loaded.request) or self._repair or self._list.running:
            return
        last = None
        for event in loaded.events:
            position = position_of(event)
            if position is not None:
                last = position
                self._offer(position, event)
        if not self._repair:
            self._go_on_after(last, more=loaded.complete is False)

    def _go_on_after(self, last: Position | None, *, more: bool) -> None:
        """The events of the log up to ``last`` are applied or held; ``more`` of it is to come."""
        mine = self._mine
        if more and mine != self._log_after:
            self._log.want(self._core.now)
        elif more or (mine is not None and mine.seq < self._log_owes):
            if last is not None and self._behind(last):
                self._list.cannot_show()  # the log goes on behind the hole: what is in it cannot be decoded
            self._leap()
        elif self._gap():
            self._log.want(self._core.now)  # it was learnt while the log was on its way
        else:
            self._list.completed(self._log.began_at)

    def log_failed(self, failed: FetchFailed) -> bool:
        """The log did not come. False if another one is awaited."""
        if not self._log.failed(failed):
            return False
        unheard = failed.status is None or failed.status == 429
        refused = failed.status is not None and 400 <= failed.status < 500 and failed.status != 429
        if refused or self._log.failures >= (LOG_TRIES_UNHEARD if unheard else LOG_TRIES):
            self._log.failures = 0
            self._leap()
        else:
            self._log.want(self._core.now)
        return True

    # What to do about it

    def refresh(self) -> None:
        """See to it that everything up to now is known."""
        if self.numbered and not self._repair:
            self._log.want(self._core.now)
        else:
            self._list.want(self._core.now)

    def decide(self) -> None:
        """Take note once everything is here that the server had when the socket was registered."""
        if self._target is None or self._joined or self._repair or self._gap() or not self._may_read:
            return
        self._joined = True
        self._list.completed(self._facts.link.began_at)

    def dues(self) -> Iterator[Due]:
        """Ask for what is missing: one list and one part of the log at a time."""
        if not self._may_read:
            return
        if self._polling:
            yield Due(self._poll_at, self._poll)
        list_at = self._list.due_at()
        if list_at is not None:
            yield Due(list_at, self._list.ask)
        log_at = self._log_at()
        if log_at is not None:
            yield Due(log_at, self._ask_log)

    # Inside

    @property
    def _polling(self) -> bool:
        return self._facts.polling and not self._facts.link.open

    @property
    def _may_read(self) -> bool:
        """Whether there is a link, or REST does without one and something waits for it."""
        link = self._facts.link
        return link.open or self._polling or (self._waiting is not None and link.rest_answers)

    def _poll(self) -> None:
        self._poll_at = self._core.now + POLL_EVERY_S
        self.refresh()

    def _ask_log(self) -> None:
        core, ids = self._core, self._facts.ledger.ids
        if ids is not None:
            self._log_after, self._log_owes = self._mine, self._newest_known()
            core.emit(
                FetchEventLog(self._log.begin(), core.room.url_id, ids.user_id_ws, after=self._log_after)
            )

    def _log_at(self) -> float | None:
        """When the log should be asked for what is missing; None if it need not, or will not do."""
        may_read = self.numbered and self._facts.ledger.ids is not None
        list_at = self._list.due_at()
        soon = list_at is not None and list_at <= self._core.now + SNAPSHOT_EVERY_S
        if not may_read or self._repair or self._list.running or (soon and self._waiting is None):
            return None
        if not self._gap():
            return self._log.due_at()
        return self._log.due_at(self._progress_at + (0.0 if len(self._held) else STALL_AFTER_S))

    def _gap(self) -> bool:
        """Whether something is missing that the log may have."""
        return self.numbered and (
            len(self._held) > 0
            or self._waiting is not None
            or (self._target is not None and self._behind(self._target))
        )

    def _newest_known(self) -> int:
        """The highest number that is known to exist."""
        waiting = self._waiting.answer.position if self._waiting is not None else None
        known = [self._mine, self._target, waiting, self._held.last()]
        return max((position.seq for position in known if position is not None), default=0)

    def _within_reach(self, its: Position) -> bool:
        """Whether the events up to ``its`` can be had one by one, as far as is known."""
        mine = self._mine
        if mine is None or self._repair or restarted(mine, its):
            return False
        return its.seq - mine.seq <= REPLAY_AT_MOST and self._stuck_at != mine

    def _leap(self) -> None:
        """The log cannot give what comes next: a list takes its place, the one that waits or the next."""
        self._stuck_at = self._mine
        if self._waiting is not None:
            self._settle()
            if self._gap():
                self._log.want(self._core.now)
        else:
            self._list.want(self._core.now)

    def _settle(self) -> None:
        """Take the list that waits; what could not be had of the events before it is told as missed."""
        listed, self._waiting = self._waiting, None
        assert listed is not None
        mine, position = self._mine, listed.answer.position
        if mine is not None and position is not None:
            self._catch_up(mine, position)
        self._list.put(listed)
        self._repair = False
        self._stuck_at = None
        if position is None:
            self._listed_at = self._core.now
            return
        self._held.forget(position)
        if self._target is not None and listed.began_at >= self._target_at:
            self._target = position  # the list is the truth, even if it is less than was said
        self._drain()

    def _catch_up(self, mine: Position, its: Position) -> None:
        """Before a list at ``its``: tell the events that are held, and of the others that they were missed."""
        if mine.epoch == its.epoch and mine.seq == its.seq:
            return
        core = self._core
        self._listed_at = core.now
        for position, event in self._held.between(mine, its):
            if position.epoch != mine.epoch or position.seq != mine.seq + 1:
                core.emit(Missed(mine, Position(position.epoch, position.seq - 1)))
            mine = position_of(event) or position
            self._facts.apply(event, mine)
        if mine.epoch != its.epoch or mine.seq != its.seq:
            core.emit(Missed(mine, its))

    def _subscribed(self, event: Subscribed) -> None:
        self._facts.server_clock.set(event.server_time_ms)
        self._target = event.position
        self._joined = False
        self._target_at = self._progress_at = self._core.now
        mine = self._mine
        if mine is None or self._repair or restarted(mine, event.position):
            self._break()

    def _break(self) -> None:
        """The position is of no use: hold everything, take a fresh list."""
        self._repair = True
        self._waiting = None
        self._list.want(self._core.now)

    def _offer(self, position: Position, event: LiveEvent) -> None:
        """A numbered event: apply it if it is next."""
        if self._repair or self._list.running:
            self._held.add(position, event)
            return
        match place(self._mine, position):
            case Place.BEHIND:
                pass
            case Place.NEXT:
                self._take(event, position)
                self._drain()
            case Place.AHEAD if self.numbered:
                self._held.add(position, event)
            case Place.AHEAD | Place.ELSEWHERE:
                self._held.add(position, event)
                self._break()

    def _drain(self) -> None:
        """Apply what was held and has its turn now."""
        position = self._mine
        if position is not None and len(self._held):
            for event in self._held.after(position):
                its = position_of(event)
                if its is not None:
                    self._take(event, its)
            self._held.forget(self._mine or position)

    def _take(self, event: LiveEvent, position: Position) -> None:
        self._progress_at = self._core.now
        self._facts.apply(event, position)
        waiting = self._waiting.answer.position if self._waiting is not None else None
        if waiting is not None and not self._behind(waiting):
            self._settle()
        if isinstance(event, ImageChatsStale) or (
            isinstance(event, ImageChatUpdated)
            and event.comment is None
            and event.activity in _ABOUT_COMMENTS
        ):
            self._list.want(self._core.now)
        elif _may_hold_own(event):
            self._list.want_soon()

    def _unnumbered(self, event: LiveEvent) -> None:
        known = self._facts.ledger.confirmed.conversations
        if isinstance(event, ImageChatUpdated) and event.conversation.id not in known:
            # It came before its marker, or after its deletion, and a deletion wins (PROMISES D7): the list knows.
            self._list.want_soon()
        else:
            self._facts.apply(event)

    def _step_over(self) -> None:
        """Go on behind a hole that neither log nor list fills: never limp, never loop (PROMISES D14)."""
        mine = self._mine
        behind = self._held.first() if mine is not None else None
        if mine is None or behind is None or behind.epoch != mine.epoch:
            return
        self._list.cannot_show()
        self._repair = False
        last_missing = Position(mine.epoch, behind.seq - 1)
        self._core.emit(Missed(mine, last_missing))
        self._facts.ledger.step_to(last_missing)
        self._drain()


_ABOUT_COMMENTS = frozenset({"new-comment", "first-comment", "updated-comment", "deleted-comment", "several"})


def _may_hold_own(event: LiveEvent) -> bool:
    """Whether a comment came back on which the person may have voted: the list alone says how."""
    if not isinstance(event, ImageChatUpdated) or event.activity != "restored" or event.comment is None:
        return False
    return event.comment.votes_up > 0 or event.comment.votes_down > 0
