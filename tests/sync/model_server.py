"""A server as PROMISES D1 to D8 have it, in memory and in no time: the truth that every session must end up with."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field

from msgspec.structs import replace

from imagechat_tui.protocol import codes
from imagechat_tui.protocol.events import (
    DeletedComment,
    DeletedImageChat,
    ImageChatUpdated,
    LiveEvent,
    NewComment,
    NewImageChat,
    Reset,
    Stamp,
    Subscribed,
    UpdatedComment,
    VoteChanged,
)
from imagechat_tui.protocol.ids import BroadcastId, CommentId, ConversationId, EventId, UrlId, UserId
from imagechat_tui.protocol.models import (
    Comment,
    Conversation,
    Own,
    Placement,
    Placements,
    PlacementState,
    Position,
    ReadMark,
    ReadState,
    User,
    Vote,
)
from imagechat_tui.protocol.routes import (
    ChangePlacements,
    ChangeReadState,
    CommentList,
    CommentReply,
    ConversationList,
    ConversationReply,
    EditReply,
    RoomIds,
    VoteReply,
)
from imagechat_tui.protocol.thread_keys import rounded, thread_key
from imagechat_tui.sync.effects import SendRequest
from imagechat_tui.sync.intents import (
    BlockAuthor,
    DeleteComment,
    DeleteConversation,
    EditComment,
    FlagComment,
    LockComment,
    MoveConversation,
    PinComment,
    PostComment,
    ResolveConversation,
    RestoreConversation,
    StartConversation,
    VoteComment,
)
from imagechat_tui.sync.outbox import conversation_of
from imagechat_tui.sync.replay import position_of, stamp_of
from imagechat_tui.sync.state import Room

T0_MS = 1_767_225_600_000
Reply = ConversationReply | CommentReply | EditReply | VoteReply | None


@dataclass
class Denied(Exception):
    """The server says no."""

    status: int
    code: str = ""


@dataclass
class Logged:
    """One entry of the log: the room it belongs to and the event."""

    url_id: UrlId
    event: LiveEvent


@dataclass
class ModelServer:
    """One image's room. ``ours`` numbers its events; else it is a hosted server with thread rooms."""

    room: Room
    ours: bool = True
    epoch: int = 1
    epochs: int = 1
    """How many there have been: no backup makes an epoch come again, for its name is random."""
    log: list[Logged] = field(default_factory=list)
    kept_from: int = 1
    """The first number that the log still has."""
    conversations: dict[ConversationId, Conversation] = field(default_factory=dict)
    comments: dict[ConversationId, dict[CommentId, Comment]] = field(default_factory=dict)
    deleted: dict[ConversationId, tuple[Conversation, dict[CommentId, Comment]]] = field(default_factory=dict)
    """Markers that can be brought back, with their threads."""
    answers: dict[tuple[UserId, BroadcastId], Reply] = field(default_factory=dict)
    done: list[BroadcastId] = field(default_factory=list)
    """Every write that was carried out, once each."""
    numbers: dict[UrlId, int] = field(default_factory=dict)
    """The highest number of a comment, by thread."""
    revisions: dict[UserId, int] = field(default_factory=dict)
    read: dict[tuple[UserId, ConversationId], int] = field(default_factory=dict)
    placed: dict[tuple[int, ConversationId, bool], Placement] = field(default_factory=dict)
    """Where markers are, by version: what was worked out, and (True) what a person said."""
    unplaced: dict[ConversationId, dict[tuple[int, ConversationId, bool], Placement]] = field(
        default_factory=dict
    )
    """Where markers were that are deleted."""
    placings: dict[int, int] = field(default_factory=dict)
    """The revision of each version's placements."""
    votes: dict[tuple[UserId, CommentId], Vote] = field(default_factory=dict)
    last_ms: int = 0
    made: int = 0
    replays: int = 20
    """The most events that a socket begins with; beyond it there is a reset."""
    backup: ModelServer | None = None
    restored: int = 0

    # Reading

    @property
    def position(self) -> Position:
        """Where the log stands."""
        return Position(f"ep{self.epoch}", len(self.log), self.event_id(len(self.log)))

    def event_id(self, seq: int) -> EventId:
        """Names the event at a number, so that a restored backup is noticed."""
        if 0 < seq <= len(self.log):
            position = position_of(self.log[seq - 1].event)
            return position.event_id if position is not None else EventId("")
        return EventId(f"e{self.epoch}.{self.restored}.{seq}") if seq else EventId("")

    def snapshot(self, user: UserId, now_ms: int) -> ConversationList:
        """The list, as of one moment."""
        self.last_ms = max(self.last_ms, now_ms)
        return ConversationList(
            conversations=tuple(self.conversations.values()),
            url_id_clean=self.room.url_id,
            room=RoomIds("demo", "room", user),
            user=User(user, username=user.rpartition(":")[2]),
            server_time_ms=self._baseline(now_ms),
            position=self.position if self.ours else None,
            comments=tuple(c for thread in self.comments.values() for c in thread.values())
            if self.ours
            else (),
            own=self.own(user) if self.ours else Own(),
        )

    def own(self, user: UserId) -> Own:
        """How somebody has voted on what is there."""
        there = {key for thread in self.comments.values() for key in thread}
        return Own(tuple(vote for (who, key), vote in self.votes.items() if who == user and key in there))

    def read_state(self, user: UserId) -> ReadState:
        """How far somebody has read."""
        marks = {key: n for (who, key), n in self.read.items() if who == user and key in self.conversations}
        return ReadState(self.revisions.get(user, 0), tuple(ReadMark(*mark) for mark in marks.items()))

    def change_read_state(self, user: UserId, change: ChangeReadState) -> ReadState:
        """Somebody has read on, or marked something unread; what that changed."""
        before = self.read_state(user)
        known = {mark.conversation_id: mark.number for mark in before.marks}
        after = dict(known)
        if not before.revision:
            after = {
                key: max(c.number or 0 for c in said.values()) for key, said in self.comments.items() if said
            }
        for mark in change.read:
            after[mark.conversation_id] = max(mark.number, after.get(mark.conversation_id, 0))
        after |= {mark.conversation_id: mark.number for mark in change.unread}
        changed = {key: n for key, n in after.items() if key in self.conversations and known.get(key, 0) != n}
        if before.revision and not changed:
            return ReadState(before.revision)
        self.revisions[user] = before.revision + 1
        self.read |= {(user, key): n for key, n in changed.items()}
        return ReadState(before.revision + 1, tuple(ReadMark(*mark) for mark in changed.items()))

    def read_again(self, home: ConversationId) -> dict[UserId, ReadState]:
        """A marker has come back: how far each user had read it, which those who came meanwhile do not know."""
        marks = {user: ReadMark(home, number) for (user, key), number in self.read.items() if key == home}
        for user in marks:
            self.revisions[user] += 1
        return {user: ReadState(self.revisions[user], (mark,)) for user, mark in marks.items()}

    def placements(self, version: int) -> Placements:
        """Where markers are on a version."""
        holding = (self._holding(version, key) for key in self.conversations)
        return Placements(
            version, self.placings.get(version, 0), tuple(one for one in holding if one is not None)
        )

    def place(self, user: UserId, change: ChangePlacements) -> Placements:
        """Somebody says where markers are on a version; what that changed."""
        version = change.version
        elsewhere = {key for key, chat in self.conversations.items() if chat.version != version}
        before = {key: self._holding(version, key) for key in elsewhere}
        for placement in change.placements:
            key, said = placement.conversation_id, placement.state is PlacementState.SET
            known = self.placed.get((version, key, False))
            if key in elsewhere and said:
                self.placed[version, key, True] = replace(placement, by=user)
            elif (
                key in elsewhere
                and placement.origin == self.conversations[key].point
                and (known is None or known.origin != placement.origin)
            ):
                self.placed[version, key, False] = placement
        for key in change.unset:
            self.placed.pop((version, key, True), None)
        after = {key: self._holding(version, key) for key in elsewhere}
        changed = {key: placement for key, placement in after.items() if placement != before[key]}
        self.placings[version] = self.placings.get(version, 0) + bool(changed)
        return Placements(
            version,
            self.placings[version],
            tuple(one for one in changed.values() if one is not None),
            tuple(key for key, placement in changed.items() if placement is None),
        )

    def placed_again(self, key: ConversationId) -> list[Placements]:
        """A marker that was restored is where it was; what that changed."""
        back = self.unplaced.pop(key, {})
        self.placed |= back
        changed = []
        for version in sorted({version for version, _, _ in back}):
            stands = self._holding(version, key)
            if stands is not None:
                self.placings[version] = self.placings.get(version, 0) + 1
                changed.append(Placements(version, self.placings[version], (stands,)))
        return changed

    def _holding(self, version: int, key: ConversationId) -> Placement | None:
        worked_out = self.placed.get((version, key, False))
        if worked_out is not None and worked_out.origin != self.conversations[key].point:
            worked_out = None
        return self.placed.get((version, key, True)) or worked_out

    def home(self, comment_id: CommentId) -> ConversationId:
        """The conversation that a comment is in."""
        return next(home for home, said in self.comments.items() if comment_id in said)

    def _baseline(self, now_ms: int) -> int:
        """No clock: ours tells the time of the newest event, which may be of last week (PROTOCOL 8.2)."""
        if not self.ours:
            return now_ms - 2000
        newest = self.log[-1].event if self.log else None
        stamp = stamp_of(newest) if newest is not None else None
        return (stamp.timestamp_ms or 0) + 1 if stamp is not None else now_ms

    def thread(self, url_id: UrlId, now_ms: int, user: UserId) -> CommentList:
        """The comments under a thread key; comments whose marker was not made are there too."""
        found = [c for thread in self.comments.values() for c in thread.values() if c.url_id == url_id]
        return CommentList(
            comments=tuple(replace(c, text=None, html=c.text or "") for c in found),
            url_id_clean=url_id,
            room=RoomIds("demo", url_id, "u"),
            own=self.own(user),
            comment_count=len(found),
            last_gen_date_ms=now_ms - 2000,
        )

    def after(self, position: Position) -> tuple[tuple[LiveEvent, ...], bool]:
        """The log after a position (at most five entries at a time), and whether that is all of it."""
        if not self.reaches(position):
            return (), False
        rest = [entry.event for entry in self.log[position.seq :]]
        return tuple(rest[:5]), len(rest) <= 5

    def reaches(self, position: Position) -> bool:
        """Whether the log still has everything after a position."""
        known = position.epoch == f"ep{self.epoch}" and self.kept_from - 1 <= position.seq <= len(self.log)
        return known and (not position.seq or position.event_id in ("", self.event_id(position.seq)))

    def since(self, url_id: UrlId, start_ms: int) -> tuple[LiveEvent, ...]:
        """The log of a room from a time on."""
        return tuple(
            entry.event
            for entry in self.log
            if entry.url_id == url_id and (entry.event.stamp.timestamp_ms or 0) >= start_ms  # type: ignore[union-attr]
        )

    def joined(self, resume: Position | None, now_ms: int) -> list[LiveEvent]:
        """The frames with which a socket begins: registered, then what it missed, or a reset."""
        frames: list[LiveEvent] = [Subscribed(self.position, now_ms)]
        if resume is None:
            return frames
        missed = len(self.log) - resume.seq
        known = (
            resume.epoch == f"ep{self.epoch}"
            and 0 <= missed <= self.replays
            and resume.seq + 1 >= self.kept_from
        )
        if not known or (resume.seq and resume.event_id != self.event_id(resume.seq)):
            return [*frames, Reset()]
        return frames + [entry.event for entry in self.log[resume.seq :]]

    # Writing

    def carry_out(self, user: UserId, request: SendRequest, now_ms: int) -> tuple[Reply, list[Logged]]:
        """Carry a write out: the answer, and what it adds to the log.

        Raises:
            Denied: it is past its deadline, or about something that is not there.
        """
        key = (user, request.broadcast_id)
        if self.ours and key in self.answers:
            return self.answers[key], []
        if request.deadline_ms is not None and now_ms > request.deadline_ms:
            raise Denied(408)
        before = len(self.log)
        reply = self._change(user, request, now_ms)
        self.answers[key] = reply
        self.done.append(request.broadcast_id)
        return reply, self.log[before:]

    def _change(self, user: UserId, request: SendRequest, now_ms: int) -> Reply:
        write, broadcast_id = request.write, request.broadcast_id
        home = conversation_of(write)
        there = {*self.conversations, *(self.deleted if isinstance(write, RestoreConversation) else ())}
        if home is not None and home not in there:
            raise Denied(404)
        match write:
            case StartConversation():
                return self._start(user, request, write, now_ms)
            case VoteComment():
                return self._vote(write, user, broadcast_id, now_ms)
            case PinComment() | LockComment():
                before = self._known(write.conversation_id, write.comment_id)
                if isinstance(write, PinComment):
                    after = replace(before, is_pinned=write.pinned)
                else:
                    after = replace(before, is_locked=write.locked)
                if after != before:
                    self.comments[write.conversation_id][after.id] = after
                    stamp = self._stamp(user, broadcast_id, now_ms)
                    present = frozenset() if self.ours else frozenset({"is_pinned", "is_locked"})
                    self._tell_in_thread(after.url_id, UpdatedComment(stamp, after, present))
                return None
            case FlagComment() | BlockAuthor():
                raise AssertionError("nothing in the log tells of it")
            case PostComment():
                self._refuse_locked(next(iter(self.comments[write.conversation_id].values()), None))
                comment = self._comment(
                    user, self.conversations[write.conversation_id].url_id, write.text, now_ms
                )
                self.comments[write.conversation_id][comment.id] = comment
                self._touched(write.conversation_id, "new-comment", comment, user, broadcast_id, now_ms)
                return CommentReply(replace(comment, text=None))
            case EditComment() | DeleteComment():
                known = self.comments[write.conversation_id].get(write.comment_id)
                if known is None:
                    raise Denied(404)
                self._refuse_locked(known)
                if isinstance(write, EditComment):
                    edited = replace(known, text=write.text, html=write.text)
                    self.comments[write.conversation_id][known.id] = edited
                    self._touched(
                        write.conversation_id, "updated-comment", edited, user, broadcast_id, now_ms
                    )
                    return EditReply(write.text)
                del self.comments[write.conversation_id][known.id]
                self._touched(write.conversation_id, "deleted-comment", known, user, broadcast_id, now_ms)
                return None
            case DeleteConversation():
                gone = self.conversations.pop(write.conversation_id)
                self.deleted[gone.id] = gone, self.comments.pop(write.conversation_id)
                self.unplaced[gone.id] = {key: one for key, one in self.placed.items() if key[1] == gone.id}
                self.placed = {key: one for key, one in self.placed.items() if key[1] != gone.id}
                stamp = self._stamp(user, broadcast_id, now_ms)
                self._add(DeletedImageChat(stamp, gone.id, gone.url_id))
                return None
            case RestoreConversation():
                return self._bring_back(write.conversation_id, user, broadcast_id, now_ms)
            case MoveConversation():
                return self._update(
                    write.conversation_id, "moved", user, broadcast_id, now_ms, point=rounded(write.point)
                )
            case ResolveConversation():
                activity = "resolved" if write.resolved else "reopened"
                return self._update(
                    write.conversation_id, activity, user, broadcast_id, now_ms, resolved=write.resolved
                )

    def _known(self, home: ConversationId, comment_id: CommentId) -> Comment:
        known = self.comments[home].get(comment_id)
        if known is None:
            raise Denied(404)
        return known

    def _refuse_locked(self, comment: Comment | None) -> None:
        if comment is not None and comment.is_locked and self.ours:
            raise Denied(401, codes.LOCKED)

    def _tell_in_thread(self, url_id: UrlId, event: LiveEvent) -> None:
        """What the thread's room hears, and of ours the image's."""
        self.log.append(Logged(self.room.url_id if self.ours else url_id, event))

    def _vote(self, write: VoteComment, user: UserId, broadcast_id: BroadcastId, now_ms: int) -> Reply:
        home, key = write.conversation_id, (user, write.comment_id)
        known, standing = self._known(home, write.comment_id), self.votes.get(key)
        if standing is None and not write.direction:
            raise Denied(404)
        if standing is not None and standing.direction == write.direction:
            raise Denied(400, codes.ALREADY_VOTED)
        if standing is not None:
            del self.votes[key]
            known = self._counted(home, known, standing, -1)
            stamp = self._stamp(user, broadcast_id, now_ms)
            self._tell_in_thread(known.url_id, VoteChanged(stamp, standing, added=False))
        if not write.direction:
            return None
        self.made += 1
        vote = Vote(
            f"v_{self.made}", self.room.tenant_id, known.url_id, known.id, write.direction, now_ms, user
        )
        self.votes[key] = vote
        self._counted(home, known, vote, 1)
        stamp = self._stamp(user, broadcast_id, now_ms)
        self._tell_in_thread(known.url_id, VoteChanged(stamp, vote, added=True))
        return VoteReply(vote.id)

    def _counted(self, home: ConversationId, comment: Comment, vote: Vote, step: int) -> Comment:
        up = comment.votes_up + (step if vote.direction > 0 else 0)
        down = comment.votes_down + (step if vote.direction < 0 else 0)
        counted = replace(comment, votes=up - down, votes_up=up, votes_down=down)
        self.comments[home][comment.id] = counted
        return counted

    def _bring_back(
        self, home: ConversationId, user: UserId, broadcast_id: BroadcastId, now_ms: int
    ) -> Reply:
        if home not in self.conversations:
            back, said = self.deleted.pop(home)
            if any(other.url_id == back.url_id for other in self.conversations.values()):
                self.deleted[home] = back, said
                raise Denied(409)
            self.conversations[home], self.comments[home] = back, said
            self.conversations = dict(sorted(self.conversations.items(), key=lambda one: one[1].number or 0))
            self._add(NewImageChat(self._stamp(user, broadcast_id, now_ms), back, restored=True))
            for comment in said.values():
                stamp = self._stamp(user, broadcast_id, now_ms)
                self._add(ImageChatUpdated(stamp, back, "restored", comment))
        return ConversationReply(home, self.conversations[home])

    def _start(self, user: UserId, request: SendRequest, write: StartConversation, now_ms: int) -> Reply:
        key = thread_key(self.room.url_id, self.room.src, rounded(write.point))
        taken = {c.url_id: c for c in self.conversations.values()}
        while self.ours and key in taken:
            key = UrlId(f"{key}~")
        there = taken.get(key)
        if request.two_step and request.comment_id is None:
            comment = self._comment(user, key, write.text, now_ms)
            home = there.id if there is not None else ConversationId(f"for {key}")
            self.comments.setdefault(home, {})[comment.id] = comment
            if there is not None:
                self._touched(there.id, "new-comment", comment, user, request.broadcast_id, now_ms)
            return CommentReply(replace(comment, text=None))
        if there is not None and request.two_step:
            return ConversationReply(there.id)
        self.made += 1
        conversation = Conversation(
            ConversationId(f"ic_{self.made}"), key, rounded(write.point), src=self.room.src, user_id=user,
            commenter_name=user.rpartition(":")[2], comment_count=1, number=self.made if self.ours else None,
            version=write.version,
        )  # fmt: skip
        self.conversations[conversation.id] = conversation
        if request.two_step:
            self.comments[conversation.id] = self.comments.pop(ConversationId(f"for {key}"), {})
            self._add(NewImageChat(self._stamp(user, request.broadcast_id, now_ms), conversation))
            return ConversationReply(conversation.id)
        comment = self._comment(user, key, write.text, now_ms)
        self.comments[conversation.id] = {comment.id: comment}
        self._add(NewImageChat(self._stamp(user, request.broadcast_id, now_ms), conversation))
        stamp = self._stamp(user, request.broadcast_id, now_ms)
        self._add(ImageChatUpdated(stamp, conversation, "first-comment", comment))
        return ConversationReply(conversation.id, conversation, comment)

    def _comment(self, user: UserId, key: UrlId, text: str, now_ms: int) -> Comment:
        self.made += 1
        name = user.rpartition(":")[2]
        number = None
        if self.ours:
            number = self.numbers[key] = self.numbers.get(key, 0) + 1
        comment_id = CommentId(f"c_{self.made:04}")
        return Comment(comment_id, key, user, None, name, text, text, date_ms=now_ms, number=number)

    def _update(
        self,
        home: ConversationId,
        activity: str,
        user: UserId,
        broadcast_id: BroadcastId,
        now_ms: int,
        **changes: object,
    ) -> Reply:
        changed = self.conversations[home] = replace(self.conversations[home], **changes)
        self._add(ImageChatUpdated(self._stamp(user, broadcast_id, now_ms), changed, activity))
        return ConversationReply(home, changed)

    def _touched(
        self,
        home: ConversationId,
        activity: str,
        comment: Comment,
        user: UserId,
        broadcast_id: BroadcastId,
        now_ms: int,
    ) -> None:
        count = len(self.comments[home])
        changed = self.conversations[home] = replace(self.conversations[home], comment_count=count)
        if not self.ours:
            kinds = {"new-comment": NewComment, "updated-comment": UpdatedComment}
            stamp = self._stamp(user, broadcast_id, now_ms)
            event: LiveEvent
            if activity == "deleted-comment":
                event = DeletedComment(stamp, comment.id, comment)
            elif activity == "new-comment":
                event = kinds["new-comment"](stamp, comment)
            else:
                event = UpdatedComment(stamp, comment, frozenset({"text", "html"}))
            self.log.append(Logged(comment.url_id, event))
        carried = comment if self.ours else None
        self._add(ImageChatUpdated(self._stamp(user, broadcast_id, now_ms), changed, activity, carried))

    def _stamp(self, user: UserId, broadcast_id: BroadcastId, now_ms: int) -> Stamp:
        self.last_ms = max(self.last_ms + 1, now_ms)
        seq = len(self.log) + 1
        position = Position(f"ep{self.epoch}", seq, self.event_id(seq)) if self.ours else None
        return Stamp(self.last_ms, broadcast_id, user, position)

    def _add(self, event: LiveEvent) -> None:
        self.log.append(Logged(self.room.url_id, event))

    # Fate

    def trim(self) -> None:
        """Old entries of the log go."""
        self.kept_from = len(self.log) + 1

    def back_up(self) -> None:
        """Remember everything as it is now."""
        self.backup = None
        self.backup = copy.deepcopy(self)

    def restore(self) -> None:
        """Go back to the last backup: later writes are lost, their numbers are given again."""
        if self.backup is None:
            return
        saved = copy.deepcopy(self.backup)
        self.epoch, self.log, self.kept_from = saved.epoch, saved.log, saved.kept_from
        self.conversations, self.comments = saved.conversations, saved.comments
        self.deleted, self.votes = saved.deleted, saved.votes
        self.answers, self.numbers = saved.answers, saved.numbers
        self.revisions, self.read = saved.revisions, saved.read
        self.restored += 1

    def start_anew(self) -> None:
        """The log is lost, the data is not: a new epoch."""
        self.epochs += 1
        self.epoch = self.epochs
        self.log.clear()
        self.kept_from = 1
