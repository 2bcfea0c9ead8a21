"""The rules of a write, whatever the database: stored answer, subject, numbers, log (PROMISES D2, D8)."""

from __future__ import annotations

import uuid
from collections.abc import Mapping

from msgspec import Struct
from msgspec.structs import replace

from imagechat_tui.protocol import events
from imagechat_tui.protocol.codec import decode_event, encode_event
from imagechat_tui.protocol.ids import BroadcastId, CommentId, EventId, TenantId, UrlId, UserId
from imagechat_tui.protocol.models import Comment, Placements, Position, ReadMark, ReadState
from imagechat_tui.protocol.routes import ChangeReadState
from imagechat_tui.protocol.usage import Usage, day_of
from imagechat_tui.server.storage import (
    Announced,
    BroadcastIdUsed,
    Change,
    Decision,
    DeletedThread,
    ImagesFound,
    Logged,
    Outcome,
    RoomKey,
    StoredEvent,
    Subject,
    TenantFull,
    VersionKey,
    trim_logs,
)
from imagechat_tui.server.storage.apply_placements import place_again
from imagechat_tui.server.storage.apply_read_change import apply_read_change
from imagechat_tui.server.storage.find_images import find_images
from imagechat_tui.server.storage.quotes import answer_with_words, event_with_words, without_words
from imagechat_tui.server.storage.transaction import Answer, Marker, RoomState, Transaction

TRIM_EVERY = 256
"""Events more than are kept that a room gets before they are taken away again."""
_NUL = "\\u0000"
IMAGES_KEPT_MS = 7 * 86_400_000
"""An image without markers, since it was opened last."""
IMAGES_DROPPED = 4
"""Images that opening one looks at: more than it adds."""
CLOSED_MS = 60_000
"""How long a deleted marker's thread takes no comments: a slow writer must not revive it."""


def apply_change(tx: Transaction, change: Change, *, now_ms: int, epoch: str) -> Outcome:
    """Carry out ``change`` in an open transaction.

    Args:
        tx: The transaction.
        change: What to read and how to decide.
        now_ms: The server's clock.
        epoch: The epoch of a room that is made now.

    Raises:
        BroadcastIdUsed: See there.
        TenantFull: See there.
        Exception: What ``decide`` raised.
    """
    known = tx.answer(change.tenant_id, change.actor_id, change.broadcast_id)
    if known is not None:
        if known.request_hash != change.request_hash:
            raise BroadcastIdUsed
        return Outcome(_told_again(tx, known))
    rooms = _Rooms(tx, epoch)
    change = _with_free_thread(tx, change, rooms, now_ms)
    subject = _subject(tx, change, rooms, now_ms)
    decision = change.decide(subject)
    broadcast_id = _broadcast_id(tx, change)
    entries = [
        _entry(announced, *rooms.next_place(announced, now_ms), broadcast_id) for announced in decision.events
    ]
    _number(change, decision, rooms, now_ms)
    rooms.save()
    for entry in entries:
        tx.log(entry.room, entry.event, quotes=entry.quotes)
    _keep_deleted(tx, change.tenant_id, subject, decision)
    _write(tx, change.tenant_id, decision)
    _count(tx, change, subject, decision)
    read = _read(tx, decision)
    placed: tuple[tuple[VersionKey, Placements], ...] = ()
    if decision.restored is not None:
        read = _restore(tx, change.tenant_id, decision.restored)
        placed = place_again(tx, change.tenant_id, decision.restored)
    used = _used(subject, decision)
    if used != Usage():
        tx.add_usage(change.tenant_id, day_of(now_ms), used, now_ms)
    tx.put_answer(
        Answer(
            change.tenant_id,
            change.actor_id,
            change.broadcast_id,
            change.request_hash,
            without_words(decision.answer.decode()).encode()
            if decision.quotes is not None
            else decision.answer,
            now_ms,
            decision.quotes,
        )
    )
    if decision.image_change is not None:
        _drop_images(tx, now_ms)
    return Outcome(decision.answer, tuple(entry.logged for entry in entries), read, placed)


def _told_again(tx: Transaction, known: Answer) -> bytes:
    if known.quotes is None:
        return known.body
    quoted = tx.comment(known.tenant_id, known.quotes)
    if quoted is None:
        return answer_with_words(known.body, None, None)
    return answer_with_words(known.body, quoted.text, quoted.html)


class _Entry(Struct, frozen=True):
    """An event on its way into a log."""

    room: RoomKey
    event: StoredEvent
    quotes: CommentId | None
    logged: Logged
    """The same as its readers get it."""


class _Rooms:
    """The rooms that a change is about: each is read once and written once, and locked in between."""

    def __init__(self, tx: Transaction, epoch: str) -> None:
        self._tx = tx
        self._epoch = epoch
        self._states: dict[RoomKey, RoomState | None] = {}
        self._changed: dict[RoomKey, RoomState] = {}

    def state(self, room: RoomKey | None) -> RoomState | None:
        """How a room stands; None if there is none."""
        if room is None:
            return None
        if room not in self._states:
            self._states[room] = self._tx.room(room)
        return self._states[room]

    def change(self, room: RoomKey, state: RoomState) -> None:
        """How a room stands from now on."""
        self._states[room] = self._changed[room] = state

    def next_place(self, announced: Announced, now_ms: int) -> tuple[Position, int]:
        """The place of one more event in its room's log, and its time, which is later than all before."""
        state = self.state(announced.room) or RoomState(announced.url_id, Position(self._epoch, 0))
        seq = state.position.seq + 1
        position = Position(state.position.epoch, seq, EventId(uuid.uuid4().hex))
        timestamp_ms = max(state.last_timestamp_ms + 1, now_ms)
        trim_due_ms = state.trim_due_ms
        if seq - state.first_seq >= trim_logs.EVENTS_KEPT + TRIM_EVERY:
            trim_due_ms = 0
        elif trim_due_ms is None:
            trim_due_ms = timestamp_ms + trim_logs.EVENTS_KEPT_MS
        state = replace(state, position=position, last_timestamp_ms=timestamp_ms, trim_due_ms=trim_due_ms)
        self.change(announced.room, state)
        return position, timestamp_ms

    def count_up(self, room: RoomKey | None, number: int | None) -> None:
        """Note the highest number of a room: of markers for an image, of comments for a thread."""
        state = self.state(room)
        if room is not None and state is not None and (number or 0) > state.last_number:
            self.change(room, replace(state, last_number=number or 0))

    def save(self) -> None:
        """Write down what has changed."""
        for room, state in self._changed.items():
            self._tx.put_room(room, state)
        self._changed.clear()


def _with_free_thread(tx: Transaction, change: Change, rooms: _Rooms, now_ms: int) -> Change:
    """The change with a thread in which nothing is, where a new one is wanted."""
    tried = 0
    while change.spare_thread is not None and _is_taken(tx, change, rooms.state(change.thread_room), now_ms):
        tried += 1
        thread, room = change.spare_thread(tried)
        change = replace(change, thread=thread, thread_room=room)
    return change


def _is_taken(tx: Transaction, change: Change, room: RoomState | None, now_ms: int) -> bool:
    """Whether a marker has the thread, or comments were made in it: a deleted one may be restored with them."""
    if room is not None and (room.last_number or room.is_closed or room.closed_until_ms > now_ms):
        return True
    return tx.marker(change.tenant_id, thread=change.thread) is not None


def _version(tx: Transaction, change: Change) -> int | None:
    """The number of the version that is meant."""
    if change.marked is None:
        return None
    if change.version is not None:
        of = VersionKey(change.tenant_id, change.marked, change.version)
        return None if tx.revision(of) is None else change.version
    image = tx.image(change.tenant_id, url_id=change.marked)
    newest = tx.version(change.tenant_id, image.id, None) if image is not None else None
    return newest.number if newest is not None else None


def _subject(tx: Transaction, change: Change, rooms: _Rooms, now_ms: int) -> Subject:
    tenant_id, thread = change.tenant_id, change.thread
    marker = comment = None
    if change.conversation_id is not None:
        marker = tx.marker(tenant_id, conversation_id=change.conversation_id)
    if change.comment_id is not None:
        comment = tx.comment(tenant_id, change.comment_id)
    if thread is None and comment is not None:
        thread = comment.url_id
    if thread is None and marker is not None:
        thread = marker.conversation.url_id
    if marker is None and thread is not None:
        marker = tx.marker(tenant_id, thread=thread)
    vote = None
    if comment is not None and change.vote_id is not None:
        vote = tx.vote(tenant_id, comment.id, vote_id=change.vote_id)
    elif comment is not None:
        vote = tx.vote(tenant_id, comment.id, user_id=change.actor_id)
    deleted = None
    if marker is None and change.conversation_id is not None:
        deleted = tx.deleted_thread(tenant_id, change.conversation_id)
    image_room, thread_room = rooms.state(change.image_room), rooms.state(change.thread_room)
    count = 0
    if marker is not None:  # it knows; only for a new one they are counted
        count = marker.conversation.comment_count or 0
    elif change.image_room is not None and thread is not None:
        count = tx.approved_in(tenant_id, thread)
    return Subject(
        now_ms=now_ms,
        conversation=marker.conversation if marker is not None else None,
        image=marker.image if marker is not None else None,
        deleted=deleted,
        occupied=deleted is not None and _is_occupied(tx, tenant_id, deleted.conversation.url_id),
        comment=comment,
        vote=vote,
        thread=tx.thread(tenant_id, thread) if change.whole_thread and thread is not None else (),
        opener=_opener(tx, tenant_id, marker) if change.opener and marker is not None else None,
        thread_key=thread,
        thread_closed=thread_room is not None and thread_room.closed_until_ms > now_ms,
        closed_by_staff=thread_room is not None and thread_room.is_closed,
        thread_count=count,
        next_number=(image_room.last_number if image_room is not None else 0) + 1,
        next_comment=(thread_room.last_number if thread_room is not None else 0) + 1,
        images=ImagesFound() if change.images is None else find_images(tx, tenant_id, change.images),
        version=_version(tx, change),
    )


def _opener(tx: Transaction, tenant_id: TenantId, marker: Marker) -> Comment | None:
    made_with = marker.conversation.created_from_comment_id
    return None if made_with is None else tx.comment(tenant_id, made_with)


def _is_occupied(tx: Transaction, tenant_id: TenantId, thread: UrlId) -> bool:
    return tx.marker(tenant_id, thread=thread) is not None or bool(tx.thread(tenant_id, thread))


def _broadcast_id(tx: Transaction, change: Change) -> BroadcastId:
    """The id for the events. Ids are public once sent: one that is somebody else's is replaced.

    Clients drop events that carry an id of their own; with a borrowed one a comment could be hidden from
    its reader (PROTOCOL 7).
    """
    borrowed = tx.is_borrowed(change.tenant_id, change.actor_id, change.broadcast_id)
    return BroadcastId(str(uuid.uuid4())) if borrowed else change.broadcast_id


def _entry(announced: Announced, position: Position, timestamp_ms: int, broadcast_id: BroadcastId) -> _Entry:
    """An event with its frames, as they are kept. What no client could read is never logged (PROMISES D14): it would
    have a NUL in it. That all else is read that ``encode_event`` writes is shown by its tests, not tried each time."""
    tenant_id = announced.room.tenant_id
    event, quoted = _blanked(announced.event)
    stamp = replace(event.stamp, timestamp_ms=timestamp_ms, broadcast_id=broadcast_id, position=position)
    event = replace(event, stamp=stamp)
    full = encode_event(event, tenant_id=tenant_id, v2=True)
    if _NUL in full:
        decode_event(full)  # which refuses it, unless it is a backslash that somebody wrote
    plain = encode_event(event, tenant_id=tenant_id, v2=False) if announced.plain else None
    if quoted is not None:
        plain, full = plain and without_words(plain), without_words(full)
    kept = StoredEvent(
        position.event_id, position.seq, timestamp_ms, announced.url_id, broadcast_id, plain, full
    )
    told = kept if quoted is None else event_with_words(kept, quoted.text, quoted.html)
    return _Entry(
        announced.room,
        kept,
        None if quoted is None else quoted.id,
        Logged(announced.room, position.epoch, told),
    )


def _blanked(event: events.LoggedEvent) -> tuple[events.LoggedEvent, Comment | None]:
    """An event without the words that it quotes, and the comment whose they are."""
    match event:
        case (
            events.NewComment(_, comment)
            | events.UpdatedComment(_, comment)
            | events.ImageChatUpdated(comment=Comment() as comment)
        ):
            return replace(event, comment=replace(comment, text="", html="")), comment
        case _:
            return event, None


def _number(change: Change, decision: Decision, rooms: _Rooms, now_ms: int) -> None:
    """What else changes of the rooms: their highest numbers, and whether a thread is closed."""
    if decision.conversation is not None and decision.image is not None:
        rooms.count_up(change.image_room, decision.conversation.number)
    if decision.comment is not None:
        rooms.count_up(change.thread_room, decision.comment.number)
    thread = rooms.state(decision.closed_thread)
    if decision.closed_thread is not None and thread is not None:
        # One that may come back keeps its key: a new marker in its place gets another.
        last_number = 0 if decision.restorable_until_ms is None else thread.last_number
        rooms.change(
            decision.closed_thread,
            replace(thread, closed_until_ms=now_ms + CLOSED_MS, last_number=last_number, is_closed=False),
        )
    thread = rooms.state(change.thread_room)
    if decision.closed is not None and change.thread_room is not None and thread is not None:
        rooms.change(change.thread_room, replace(thread, is_closed=decision.closed))
    restored, room = decision.restored, decision.restored_room
    thread = rooms.state(room)
    if restored is not None and room is not None and thread is not None:
        rooms.change(room, replace(thread, closed_until_ms=0))


def _write(tx: Transaction, tenant_id: TenantId, decision: Decision) -> None:
    if decision.conversation is not None and decision.image is not None:
        tx.put_marker(tenant_id, Marker(decision.conversation, decision.image))
    if decision.comment is not None:
        tx.put_comment(tenant_id, decision.comment)
    if decision.removed_vote is not None:
        tx.remove_vote(decision.removed_vote)
    if decision.vote is not None:
        tx.put_vote(decision.vote)
    if decision.removed_conversation is not None:
        tx.remove_marker(tenant_id, decision.removed_conversation)
    if decision.removed_comments:
        tx.remove_comments(tenant_id, decision.removed_comments)
    opened = decision.image_change
    if opened is not None:
        tx.put_image(tenant_id, opened.record)
        for held in opened.places:
            tx.put_place(tenant_id, held)
        if opened.version is not None:
            tx.put_version(tenant_id, opened.record.id, opened.version, plain=opened.plain)
            if opened.seen_in is not None:
                tx.put_seen_in(tenant_id, opened.record.id, opened.version.number, opened.seen_in)
        if opened.seen_too is not None:
            tx.put_seen_in(tenant_id, opened.record.id, opened.seen_too, None)
        for left in opened.left:
            if tx.places(tenant_id, left.image_id, 1):
                tx.remove_unmarked(tenant_id, left.image_id, left.place)


def _count(tx: Transaction, change: Change, subject: Subject, decision: Decision) -> None:
    """Keep count of the tenant's comments, and refuse one too many. What comes back was there before."""
    is_new = _makes_comment(subject, decision)
    back = () if decision.restored is None else decision.restored.comments
    more = int(is_new) + len(back) - len(decision.removed_comments)
    if more:
        comments = tx.count_comments(change.tenant_id, more)
        if is_new and change.most_comments is not None and comments > change.most_comments:
            raise TenantFull


def _makes_comment(subject: Subject, decision: Decision) -> bool:
    """Whether there is a comment more, and not another text of one, or one more vote on it."""
    said, before = decision.comment, subject.comment
    return said is not None and (before is None or before.id != said.id)


def _used(subject: Subject, decision: Decision) -> Usage:
    """What a change makes that was not there; what comes back was counted when it was made."""
    return Usage(
        conversations=int(decision.conversation is not None and subject.conversation is None),
        comments=int(_makes_comment(subject, decision)),
        votes=int(decision.vote is not None),
    )


def _keep_deleted(tx: Transaction, tenant_id: TenantId, subject: Subject, decision: Decision) -> None:
    gone, image, due_ms = subject.conversation, subject.image, decision.restorable_until_ms
    if gone is None or image is None or due_ms is None:
        return
    read, placements = tx.marks(tenant_id, gone.id), tx.all_placements(tenant_id, gone.id)
    votes = tuple(
        vote
        for comment in subject.thread
        if comment.votes_up or comment.votes_down
        for vote in tx.votes_on(tenant_id, comment.id)
    )
    flags = tuple(
        (comment.id, user_id) for comment in subject.thread for user_id in tx.flags_on(tenant_id, comment.id)
    )
    tx.keep_deleted_thread(
        tenant_id, DeletedThread(gone, image, subject.thread, read, placements, due_ms, votes, flags)
    )


def _restore(
    tx: Transaction, tenant_id: TenantId, thread: DeletedThread
) -> tuple[UrlId, Mapping[UserId, ReadState]]:
    """Have a thread back as it was. Returns how far each user has read it, for them to be told: whoever came while it
    was gone does not know."""
    home, image = thread.conversation.id, thread.image
    tx.put_marker(tenant_id, Marker(thread.conversation, image))
    for comment in thread.comments:
        tx.put_comment(tenant_id, comment)
    for vote in thread.votes:
        tx.put_vote(vote)
    there = {comment.id: comment for comment in thread.comments}
    for comment_id, user_id in thread.flags:
        tx.put_flag(tenant_id, there[comment_id], user_id)
    tx.put_marks(tenant_id, home, thread.read)
    tx.forget_deleted_thread(tenant_id, home)
    revisions = tx.raise_revisions(tenant_id, image, home)
    return image, {
        user: ReadState(revisions[user], (ReadMark(home, number),))
        for user, number in thread.read
        if user in revisions  # else the image was forgotten meanwhile, and with it who had been there
    }


def _read(tx: Transaction, decision: Decision) -> tuple[UrlId, Mapping[UserId, ReadState]] | None:
    """Note that whoever writes in a thread has read it."""
    reader, conversation, comment = decision.read_by, decision.conversation, decision.comment
    if reader is None or conversation is None or comment is None or comment.number is None:
        return None
    mark = ReadMark(conversation.id, comment.number)
    return reader.image, {reader.user_id: apply_read_change(tx, reader, ChangeReadState(read=(mark,)))}


def _drop_images(tx: Transaction, now_ms: int) -> None:
    """Forget images that nobody has opened for long, and that nobody put a marker on."""
    for tenant_id, record in tx.due_images(now_ms, IMAGES_DROPPED):
        if tx.markers_on(tenant_id, record.url_id):
            tx.put_image(tenant_id, replace(record, due_ms=now_ms + IMAGES_KEPT_MS))
        else:
            tx.remove_image(tenant_id, record.id)
