"""The sync engine: inputs and time in, effects out. No socket, clock, task or chance of its own.

``feed`` lets an input change the facts; then every part looks at the facts and asks for what they call for.
`Facts` are what is known, each part of it written by one owner. The parts that work with them: the image's room
and the open thread's (`Rooms`) keep up with the server; ``Writes`` takes each write from intent to verdict;
``Lookup`` finds out about those that nobody answered. Inputs find the part they are for here.

Invariants:

1. Confirmed state changes only by lists and events, in the order of the log.
2. What the person typed is in a draft or in the outbox until the server has it or the person drops it, and
   every change of these is stored before anything is sent.
3. A write is sent only within a ``feed`` of the person's own intent (or as step two of one), never because
   time passed or a link came back.
4. After ``feed(x, now)`` either nothing is due or ``wake_at`` is later than ``now``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias, assert_never

from imagechat_tui.problems import Problem, ProblemKind
from imagechat_tui.protocol.events import (
    OwnChanged,
    PlacementsChanged,
    ReadElsewhere,
    ReadStateChanged,
    Subscribed,
)
from imagechat_tui.protocol.ids import ConversationId, ImageId
from imagechat_tui.protocol.models import Point
from imagechat_tui.protocol.thread_keys import rounded
from imagechat_tui.sync import inputs, intents
from imagechat_tui.sync.attention import Attention
from imagechat_tui.sync.backoff import CAP_S, Uniform
from imagechat_tui.sync.core import Core, Reader
from imagechat_tui.sync.due import Due, do_due, next_due
from imagechat_tui.sync.effects import (
    Effect,
    FetchImage,
    News,
    Publish,
    ReadBeside,
    SendLink,
    StoreDrafts,
    StoreMarks,
)
from imagechat_tui.sync.facts import Facts
from imagechat_tui.sync.lookup import Lookup
from imagechat_tui.sync.newer import Newer
from imagechat_tui.sync.outbox import on_disk
from imagechat_tui.sync.reading import Reading
from imagechat_tui.sync.rooms import Rooms
from imagechat_tui.sync.seeking import Seeking
from imagechat_tui.sync.state import ChatState, Room, read_only_problem
from imagechat_tui.sync.undoing import Undoing
from imagechat_tui.sync.writes import Writes

OfSocket: TypeAlias = (
    inputs.SocketOpened | inputs.SocketClosed | inputs.EventReceived | inputs.FrameMalformed | inputs.Pong
)
"""What happens to a socket; its number tells whose."""
Answer: TypeAlias = (
    inputs.SnapshotLoaded
    | inputs.ThreadLoaded
    | inputs.EventLogLoaded
    | inputs.UsersLoaded
    | inputs.ReadStateLoaded
    | inputs.PlacementsLoaded
    | inputs.FetchFailed
)
"""How a read ends; the request's number tells whose."""


class SyncEngine:
    """One session's brain.

    Args:
        room: what it looks at.
        uniform: source of chance for delays.
        cap_s: the longest of those, but for what the server asks for.
    """

    def __init__(self, room: Room, *, uniform: Uniform, cap_s: float = CAP_S) -> None:
        self._core = core = Core(room, uniform, cap_s)
        self._facts = facts = Facts(core)
        self._rooms = Rooms(core, facts)
        self._lookup = Lookup(core, facts, self._rooms)
        self._writes = Writes(core, facts, self._rooms, self._lookup)
        self._seeking = Seeking(core, facts)
        self._newer = Newer(core, facts)
        self._attention = Attention(core, facts, self._read)
        self._reading = Reading(core, facts, self._attention)
        self._undoing = Undoing(core, facts, self._writes, self._reading)
        self._enter(room)

    @property
    def state(self) -> ChatState:
        """The newest state."""
        return self._facts.state

    @property
    def wake_at(self) -> float | None:
        """When the engine wants a Tick, on the clock of ``now``."""
        return next_due(self._all_dues(), self._core.now)

    def feed(self, happened: inputs.Input, now: float, /) -> tuple[Effect, ...]:
        """Take in what happened at ``now`` (seconds, never going back); tell what to do, in order."""
        core, facts = self._core, self._facts
        core.now = now
        effects: list[Effect] = []
        core.effects = effects
        before, stored, marks = facts.state, on_disk(facts.state), self._reading.unsent
        self._take_in(happened)
        self._decide()
        state = facts.state
        drafts = on_disk(state)
        if drafts != stored:
            # First: what is sent in this turn must be found among the drafts after a crash.
            effects.insert(0, StoreDrafts(drafts))
        unsent = self._reading.unsent
        if unsent is not None and unsent != marks:
            effects.append(StoreMarks(unsent))
        if state is not before:
            effects.append(Publish(state))
        return tuple(effects)

    # What happened

    def _take_in(self, happened: inputs.Input) -> None:
        match happened:
            case intents.Submitted():
                self._wish(happened)
            case inputs.Started():
                self._facts.workspace.found(happened.drafts)
                self._reading.found(happened.marks)
            case inputs.DraftsMoved():
                self._facts.workspace.moved(happened.found, happened.left)
            case inputs.RoomFound():
                self._enter(happened.room)
            case (
                inputs.SocketOpened()
                | inputs.SocketClosed()
                | inputs.EventReceived()
                | inputs.FrameMalformed()
                | inputs.Pong()
            ):
                self._on_socket(happened)
            case inputs.SnapshotComing():
                if self._core.reader_of(happened.request) is Reader.LIST and self._rooms.list.coming(
                    happened
                ):
                    self._facts.link.list_part_came()
            case (
                inputs.SnapshotLoaded()
                | inputs.ThreadLoaded()
                | inputs.EventLogLoaded()
                | inputs.UsersLoaded()
                | inputs.ReadStateLoaded()
                | inputs.PlacementsLoaded()
                | inputs.FetchFailed()
            ):
                self._on_answer(happened)
            case inputs.ImageLinked(problem, already):
                linked = News.LINKED_ALREADY if already else News.LINKED
                self._core.announce(News.NOT_LINKED if problem else linked, problem=problem)
            case inputs.ReplyArrived():
                self._writes.replied(happened)
                self._facts.link.write_answered()
            case inputs.WriteFailed():
                self._write_failed(happened)
            case inputs.PlacementsWorkedOut():
                self._seeking.worked_out(happened)
            case inputs.PlacementsNotWorkedOut():
                self._seeking.not_worked_out(happened)
            case inputs.PictureKept(version):
                self._seeking.kept(version)
            case inputs.Woke():
                self._facts.link.woke()
            case inputs.Tick():
                pass
            case _:
                assert_never(happened)

    def _enter(self, room: Room) -> None:
        self._core.room = room
        self._facts.placing.shows(room.version)

    def _wish(self, submitted: intents.Submitted) -> None:
        facts, writes, at_ms = self._facts, self._writes, submitted.at_ms
        match submitted.intent:
            case intents.KeepDraft(write):
                facts.workspace.keep(write, at_ms)
            case intents.Retry(draft_id):
                writes.retry(draft_id, submitted.broadcast_id, at_ms)
            case intents.DiscardDraft(draft_id):
                facts.workspace.discard(draft_id)
            case intents.OpenThread(conversation_id) if facts.conversation(conversation_id) is None:
                pass  # deleted meanwhile
            case intents.OpenThread(conversation_id, entered):
                if facts.workspace.mine.open_thread != conversation_id:
                    self._attention.look(None)
                    facts.workspace.open_thread(conversation_id)
                if entered:
                    self._attention.enter(conversation_id)
            case intents.CloseThread():
                self._attention.look(None)
                facts.workspace.open_thread(None)
            case intents.Look() | intents.MarkRead() | intents.MarkUnread() if self._core.room.explores:
                pass
            case intents.Look(home, once):
                self._attention.look(home, once=once)
            case intents.MarkRead(conversations):
                self._undoing.marks_read(conversations, lambda: self._mark_read(conversations))
            case intents.MarkUnread(conversation_id):
                self._attention.keep_unread(conversation_id)
                if self._reading.mark_unread(conversation_id):
                    facts.workspace.show_unread(facts.workspace.mine.unread | {conversation_id})
            case intents.SetPlacement(conversation_id, point):
                self._undoing.places(conversation_id, lambda: self._set_placement(conversation_id, point))
            case intents.UnsetPlacement(conversation_id):
                self._undoing.places(conversation_id, lambda: facts.placing.unset(conversation_id))
            case intents.MoveCrosshair(point):
                facts.presence.point(point)
                self._seeking.look_at(point)
            case intents.LookUpImage():
                image = self._core.room.image
                if image is not None:
                    self._core.emit(FetchImage(image.id))
            case intents.LinkImage(image_id):
                self._link(image_id)
            case intents.Undo():
                self._undoing.undo(submitted.broadcast_id, at_ms)
            case intents.TryNow():
                if facts.link.try_now():
                    self._rooms.image.refresh()
                    self._rooms.thread.refresh()
                    self._reading.refresh()
                    facts.placing.refresh()
            case write:
                writes.submit(write, submitted.broadcast_id, at_ms)

    def _link(self, image_id: ImageId) -> None:
        """Have the picture be this image, if that can be asked of the server."""
        problem = self._writes.refusal_of_all()
        if problem is None and self._core.room.image is None:
            problem = Problem(ProblemKind.UNSUPPORTED)
        if problem is None:
            self._core.emit(SendLink(image_id))
        else:
            self._core.announce(News.NOT_LINKED, problem=problem)

    def _on_socket(self, happened: OfSocket) -> None:
        if happened.socket == self._facts.link.socket:
            self._on_image_socket(happened)
        elif happened.socket == self._rooms.thread.socket:
            self._on_thread_socket(happened)

    def _on_image_socket(self, happened: OfSocket) -> None:
        link, room, presence = self._facts.link, self._rooms.image, self._facts.presence
        match happened:
            case inputs.SocketOpened():
                link.opened()
                room.opened()
                presence.opened()
                self._seeking.opened()
                self._newer.opened()
            case inputs.SocketClosed():
                link.closed(happened)
                self._lost()
            case inputs.EventReceived(event=ReadStateChanged(state)):
                link.heard()
                self._reading.heard(state)
            case inputs.EventReceived(event=ReadElsewhere()):
                link.heard()
                self._core.emit(ReadBeside())
            case inputs.EventReceived(event=OwnChanged()):
                link.heard()
                self._rooms.list.want(self._core.now)
            case inputs.EventReceived(event=PlacementsChanged(changed)):
                link.heard()
                self._facts.placing.heard(changed)
                self._newer.placed(changed.version)
            case inputs.EventReceived():
                link.heard()
                room.received(happened.event)
                if isinstance(happened.event, Subscribed):
                    self._facts.placing.joined()
                    self._reading.joined()
            case inputs.FrameMalformed():
                link.heard()
                self._rooms.list.malformed()
            case inputs.Pong():
                link.ponged(happened)

    def _on_thread_socket(self, happened: OfSocket) -> None:
        room = self._rooms.thread
        match happened:
            case inputs.SocketOpened():
                room.opened()
            case inputs.SocketClosed():
                room.closed(happened)
            case inputs.EventReceived():
                room.received(happened.event)
            case inputs.FrameMalformed():
                room.malformed()
            case inputs.Pong():
                pass

    def _on_answer(self, answer: Answer) -> None:
        """Give an answer to the part whose request it is; to nobody, if nobody asked."""
        rooms, lookup = self._rooms, self._lookup
        match self._core.answered(answer.request), answer:
            case Reader.LIST, inputs.SnapshotLoaded():
                self._list_loaded(answer)
            case Reader.LIST, inputs.FetchFailed():
                self._list_failed(answer)
            case Reader.LOG, inputs.EventLogLoaded():
                rooms.numbered.log_loaded(answer)
            case Reader.LOG, inputs.FetchFailed():
                if rooms.numbered.log_failed(answer):
                    self._facts.link.read_failed(answer.problem, answer.status)
            case Reader.THREAD, inputs.ThreadLoaded():
                rooms.thread.list_loaded(answer)
            case Reader.THREAD, inputs.FetchFailed():
                rooms.thread.list_failed(answer)
            case Reader.THREAD_LOG, inputs.EventLogLoaded():
                rooms.thread.log_loaded(answer)
            case Reader.THREAD_LOG, inputs.FetchFailed():
                rooms.thread.log_failed(answer)
            case Reader.PEOPLE, inputs.UsersLoaded():
                if self._facts.presence.list_loaded(answer):
                    self._facts.ledger.introduce_users(answer.users)
            case Reader.PEOPLE, inputs.FetchFailed():
                self._facts.presence.list_failed(answer)
            case Reader.READING, inputs.ReadStateLoaded():
                self._reading.loaded(answer)
            case Reader.READING, inputs.FetchFailed():
                self._reading.failed(answer)
            case Reader.PLACEMENTS, inputs.PlacementsLoaded():
                self._facts.placing.loaded(answer)
            case Reader.PLACEMENTS, inputs.FetchFailed():
                self._facts.placing.failed(answer)
            case Reader.LOOKUP, inputs.ThreadLoaded():
                lookup.thread_loaded(answer)
            case Reader.LOOKUP, inputs.EventLogLoaded():
                lookup.log_loaded(answer)
            case Reader.LOOKUP, inputs.FetchFailed():
                lookup.read_failed(answer)
            case _:
                pass

    def _list_loaded(self, loaded: inputs.SnapshotLoaded) -> None:
        listed = self._rooms.list.arrived(loaded)
        if listed is not None:
            self._rooms.image.list_loaded(listed)
            self._facts.link.answered()

    def _list_failed(self, failed: inputs.FetchFailed) -> None:
        if not self._rooms.list.failed(failed):
            return
        self._rooms.image.list_failed(failed.problem)
        if self._facts.link.not_answered(failed.problem, failed.status):
            self._lost()

    def _write_failed(self, failed: inputs.WriteFailed) -> None:
        link = self._facts.link
        self._writes.failed(failed)
        if failed.problem.kind is ProblemKind.SIGN_IN:
            # Whether it is the credentials or only the right to write, the list tells, read with the same ones.
            link.wants_ids = True
            self._rooms.list.want(self._core.now)
        if failed.status is not None and failed.status < 500:
            link.write_answered()

    def _lost(self) -> None:
        self._rooms.lost()
        self._facts.presence.lost()
        self._facts.placing.lost()
        self._reading.lost()

    # What to do about it

    def _decide(self) -> None:
        now, rooms = self._core.now, self._rooms
        do_due(self._dues(), now)
        self._settle()
        do_due(self._facts.link.dues(self._begin_try), now)
        self._writes.decide()
        do_due(self._writes.dues(), now)
        rooms.image.decide()
        do_due(rooms.image.dues(), now)
        rooms.thread.decide()
        do_due(rooms.thread.dues(), now)
        do_due(self._presence_dues(), now)
        self._attention.decide()
        do_due(self._placing_dues(), now)
        self._seeking.decide()
        self._newer.decide()
        self._reading.decide()
        do_due(self._reading.dues(), now)
        self._undoing.decide()
        self._settle()

    def _all_dues(self) -> Iterator[Due]:
        yield from self._dues()
        yield from self._facts.link.dues(self._begin_try)
        yield from self._writes.dues()
        yield from self._lookup.dues()
        yield from self._rooms.image.dues()
        yield from self._rooms.thread.dues()
        yield from self._presence_dues()
        yield from self._placing_dues()
        yield from self._reading.dues()

    def _dues(self) -> Iterator[Due]:
        """What concerns several parts."""
        yield from self._attention.dues()
        unregistered_at = self._rooms.image.unregistered_at()
        if unregistered_at is not None:
            yield Due(unregistered_at, self._hang_up)

    def _presence_dues(self) -> Iterator[Due]:
        link = self._facts.link
        return self._facts.presence.dues(link.socket if link.open else None, ours=self._facts.ledger.ours)

    def _placing_dues(self) -> Iterator[Due]:
        me = self._facts.ledger.confirmed.me
        known = me is not None and not (me.is_anonymous and me.session_id is None)
        return self._facts.placing.dues(may_tell=known and not self._only_looks)

    def _set_placement(self, conversation_id: ConversationId, point: Point) -> None:
        if self._only_looks:
            problem = read_only_problem(self._facts.state)
            self._core.announce(News.NOT_PLACED, conversation_id=conversation_id, problem=problem)
        else:
            self._facts.placing.set(conversation_id, rounded(point))

    @property
    def _only_looks(self) -> bool:
        return self._facts.state.read_only

    def _read(self, conversation_id: ConversationId) -> None:
        self._facts.workspace.mark_read(conversation_id)
        self._reading.read(conversation_id)

    def _mark_read(self, conversations: tuple[ConversationId, ...]) -> None:
        for conversation_id in conversations:
            self._attention.enter(conversation_id)
            self._read(conversation_id)

    def _hang_up(self) -> None:
        self._facts.link.hang_up()
        self._lost()

    def _begin_try(self) -> None:
        ledger, resume_at = self._facts.ledger, self._rooms.image.resume_at
        if self._facts.link.begin_try(ledger.ids, v2=ledger.ours, resume_at=resume_at):
            self._rooms.list.ask()

    def _settle(self) -> None:
        rooms = self._rooms
        self._facts.link.settle(
            has_data=rooms.list.loaded,
            caught_up=rooms.image.caught_up,
            read_only=self._only_looks,
            complete_at=rooms.list.complete_at,
        )
