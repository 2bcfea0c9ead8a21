"""How far the person has read, where the server keeps it: what it told, and what it has not been told yet.

A change is shown at once, told as soon as there is a link, and told again until it was answered: done twice it is
done once (PROTOCOL 9.1). It is no write that others see, so it may be sent by itself, long after it was meant.
Until the server has told its state, and where it keeps none (hosted, guests), unread is what came during this
session; the `Workspace` holds it either way.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from math import inf

from msgspec import Struct

from imagechat_tui.protocol.ids import ConversationId, UserId
from imagechat_tui.protocol.models import Comment, ReadMark, ReadState
from imagechat_tui.protocol.routes import MAX_READ_MARKS, ChangeReadState
from imagechat_tui.sync.attention import Attention
from imagechat_tui.sync.core import Core, Reader
from imagechat_tui.sync.due import Due
from imagechat_tui.sync.effects import FetchReadState, SendReadState
from imagechat_tui.sync.facts import Facts
from imagechat_tui.sync.inputs import FetchFailed, ReadStateLoaded
from imagechat_tui.sync.reads import Read
from imagechat_tui.sync.state import NO_COMMENTS, Comments, Confirmed, UnsentMarks
from imagechat_tui.sync.unread import unread_of

TOLD_AFTER_S = 0.2
"""What is read in a burst is told at once; two sessions are to be in step within a second."""
TOLD_EVERY_S = 0.5

Marks = dict[ConversationId, int]


class _Newest(Struct, frozen=True):
    """The highest numbers of comments in a thread, and the comments that they were found in."""

    comments: Comments
    me: UserId | None
    since_ms: int | None
    others: int
    any: int
    before: int
    """Of what was said before that time."""


class Reading:
    """Keeps in step with what the server holds of the person's reading."""

    def __init__(self, core: Core, facts: Facts, attention: Attention) -> None:
        self._core = core
        self._facts = facts
        self._attention = attention
        self._request = Read(core, Reader.READING)
        self._joined = False
        """The image's socket is registered: whatever changes from now on is told."""
        self._ask = False
        """The server is to be asked before it is told anything."""
        self._refused = False
        """On this link the server keeps nothing for this person."""
        self._made = True
        """Whether there is a room to keep it of, as far as is known: one that nobody has made has nothing kept."""
        self._revision: int | None = None
        """Of what the server told; None before it did."""
        self._heard = 0
        """The newest revision of which a change was told since the server was asked."""
        self._told: Marks = {}
        self._read: Marks = {}
        """Read at least so far, which the server has not confirmed."""
        self._unread: Marks = {}
        """Read so far and no farther, which the server has not confirmed."""
        self._unsent: UnsentMarks | None = None
        self._found: tuple[UnsentMarks, ...] = ()
        """What earlier sessions have left, until the server has told its state."""
        self._changed_at = -inf
        """When the newest of these was made."""
        self._sent: ChangeReadState | None = None
        """What is on its way to the server; None while it is asked."""
        self._newest: dict[ConversationId, _Newest] = {}
        self._shown: tuple[Confirmed, int, ConversationId | None] | None = None
        """What the threads shown as unread were found from."""
        self._turn = 0
        """Grows with every change of the marks."""

    @property
    def kept(self) -> bool:
        """Whether the server keeps it, and has told; of a newcomer it knows nothing yet.

        Of one who only looks around it never will: what they have not read goes by since when they have been shown it.
        """
        known = bool(self._revision) or (self._revision == 0 and self._looks_since_ms is not None)
        return known and not self._refused

    @property
    def unsent(self) -> UnsentMarks | None:
        """What the server has not confirmed; None if there is nothing, and never was."""
        return self._unsent

    # What happened

    def found(self, marks: tuple[UnsentMarks, ...]) -> None:
        """Earlier sessions have left this on disk, of anybody and in any room."""
        self._found = marks

    def joined(self) -> None:
        """The image's socket is registered: something may have changed before, by another session."""
        self._joined, self._refused, self._made = True, False, True
        self.refresh()

    def lost(self) -> None:
        """The link is gone, and with it the answer; what was not confirmed is told again."""
        self._joined = False
        self._request.abandon()
        self._sent = None

    def refresh(self) -> None:
        """Ask anew."""
        self._request.abandon()
        self._sent, self._ask = None, True

    def heard(self, changed: ReadState) -> None:
        """A change was told: by another session, or our own."""
        self._heard = max(self._heard, changed.revision)
        self._take(changed)

    def loaded(self, loaded: ReadStateLoaded) -> None:
        """The server answered."""
        if not self._request.loaded(loaded.request):
            return
        sent, state = self._sent, loaded.state
        if sent is None and state.revision < self._heard:
            pass  # a change has overtaken the answer: once more
        elif sent is None:
            self._ask = False
            self._hold(state.revision, _marks(state.marks))
            self._take_up_found()
        else:
            if state.marks:
                self._take(state)
            elif self._revision is not None and state.revision > self._revision:
                self._ask = True  # another session was faster: what it changed is on its way, or was missed
            self._confirm(sent)
            self._made = bool(state.revision)
        self._sent = None
        # That a newcomer has been here is told at once: they may be gone in a moment.
        self._request.every_s = TOLD_EVERY_S if self._revision or sent is not None else 0.0
        self._turn += 1

    def failed(self, failed: FetchFailed) -> None:
        """The server did not answer, or has nothing of the kind."""
        if not self._request.failed(failed):
            return
        self._sent = None
        status = failed.status
        if status is not None and 400 <= status < 500 and status not in (408, 429):
            self._refused, self._revision = True, None
            self._read.clear()
            self._unread.clear()

    # What the person did

    def read(self, conversation_id: ConversationId) -> None:
        """The person has read this thread to its end."""
        self._note_read(conversation_id, self._number(conversation_id))

    def mark_unread(self, conversation_id: ConversationId) -> bool:
        """Have the newest comment of others unread again; False if there is none."""
        newest = self._newest_of(conversation_id)
        if newest.others == 0:
            return False
        self._read.pop(conversation_id, None)
        self._unread[conversation_id] = newest.others - 1
        self._changed()
        return True

    def mark(self, conversation_id: ConversationId) -> int:
        """How far the person has read this thread, as far as the server keeps it."""
        return self._mark(conversation_id)

    def mark_back(self, conversation_id: ConversationId, number: int) -> None:
        """Have read this thread so far and no farther: what is behind it is unread again."""
        if not self._refused:
            self._read.pop(conversation_id, None)
            self._unread[conversation_id] = number
            self._changed()
        self._attention.seen_again(conversation_id)

    # What to do about it

    def decide(self) -> None:
        """Show what is unread."""
        if self.kept:
            self._show_unread()
        self._facts.workspace.await_reads(self._is_asked and self._revision is None)
        self._attention.unread(self._facts.workspace.mine.unread)
        self._note_unsent()

    def dues(self) -> Iterator[Due]:
        """Ask the server, or tell it."""
        explores = self._core.room.explores
        pending = bool(self._read or self._unread) and not explores
        newcomer = self._revision == 0 and not explores
        if not self._joined or not self._is_asked or not (self._ask or pending or newcomer):
            return
        if not self._made and not any(self._facts.ledger.confirmed.comments.values()):
            return
        at = self._request.due_at(self._changed_at + TOLD_AFTER_S if pending and not self._ask else -inf)
        if at is not None:
            yield Due(at, self._begin)

    # Inside

    @property
    def _looks_since_ms(self) -> int | None:
        room = self._core.room
        return room.shown_since_ms if room.explores else None

    @property
    def _is_asked(self) -> bool:
        """Whether this server keeps it for this person, as far as is known, and can be asked."""
        me, facts = self._facts.ledger.confirmed.me, self._facts
        known = me is not None and not me.is_anonymous
        return known and facts.link.open and facts.ledger.ours and not self._refused

    def _note_unsent(self) -> None:
        me, told = self._facts.ledger.me, self._unsent
        if told is not None and told.place != (me, self._core.room.url_id):
            self._read.clear()  # of somebody else, or elsewhere: whoever is there again finds it on disk
            self._unread.clear()
        if me is not None and (
            self._read or self._unread or (told is not None and (told.read or told.unread))
        ):
            self._unsent = UnsentMarks(
                me, self._core.room.url_id, _named(self._read, None), _named(self._unread, None)
            )

    def _take_up_found(self) -> None:
        """Have what was left by the same person in this room told now, as far as there still is what it is about."""
        place = self._facts.ledger.me, self._core.room.url_id
        known = self._facts.ledger.confirmed.conversations
        for left in self._found:
            if left.place != place:
                continue
            for mark in left.read:
                if mark.conversation_id in known:
                    newest = self._number(mark.conversation_id)
                    self._note_read(mark.conversation_id, min(mark.number, newest))
            for mark in left.unread:
                if (
                    mark.conversation_id in known
                    and mark.number < self._newest_of(mark.conversation_id).others
                ):
                    self._unread[mark.conversation_id] = mark.number
                    self._changed()
        self._found = ()

    def _show_unread(self) -> None:
        confirmed, reads_along = self._facts.ledger.confirmed, self._attention.reads_along
        if self._shown == (confirmed, self._turn, reads_along):
            return
        self._newest = {key: self._newest_of(key) for key in confirmed.conversations}
        self._shown = confirmed, self._turn, reads_along
        self._facts.workspace.show_unread(
            frozenset(
                conversation_id
                for conversation_id in confirmed.conversations
                if conversation_id != reads_along
                and self._newest_of(conversation_id).others > self._mark(conversation_id)
            )
        )

    def _begin(self) -> None:
        if self._ask or self._revision is None:
            self._ask, self._heard = True, 0
            self._core.emit(FetchReadState(self._request.begin()))
            return
        unread = _named(self._unread, MAX_READ_MARKS)
        since_ms = None if self._revision else self._core.room.shown_since_ms
        self._sent = ChangeReadState(_named(self._read, MAX_READ_MARKS - len(unread)), unread, since_ms)
        self._core.emit(SendReadState(self._request.begin(), self._sent))

    def _take(self, changed: ReadState) -> None:
        """A change of the server's state: the next, one that is known, or one behind others that were missed."""
        known = self._revision
        if known is None or changed.revision <= known:
            return
        next_one = changed.revision == known + 1
        if not next_one:
            self._ask = True
        self._hold(changed.revision if next_one else known, self._told | _marks(changed.marks))
        self._turn += 1

    def _hold(self, revision: int, told: Marks) -> None:
        """What the server holds now, as far as it has told."""
        known, before = self._revision, self._told
        self._revision, self._told = revision, told
        ours = {} if self._sent is None else _marks(self._sent.unread)
        for home, number in told.items():
            if number < before.get(home, 0) and number not in (ours.get(home), self._unread.get(home)):
                self._attention.keep_unread(home)  # another session marked it so
        if known == 0 and (revision or told):
            self._keep_what_came()

    def _keep_what_came(self) -> None:
        """From now on the server keeps it. It took all for read; what came while it kept nothing, only we know."""
        for conversation_id in self._facts.workspace.mine.unread:
            self.mark_unread(conversation_id)

    def _confirm(self, sent: ChangeReadState) -> None:
        """The server has carried this out; what was changed since is still to be told."""
        for pending, marks in ((self._read, sent.read), (self._unread, sent.unread)):
            for mark in marks:
                if pending.get(mark.conversation_id) == mark.number:
                    del pending[mark.conversation_id]

    def _note_read(self, conversation_id: ConversationId, number: int) -> None:
        if self._refused or number <= self._mark(conversation_id):
            return
        # What is still to be told as unread would be carried out after this: it must not bring it back.
        self._unread.pop(conversation_id, None)
        self._read[conversation_id] = number
        self._changed()

    def _changed(self) -> None:
        self._turn += 1
        self._changed_at = self._core.now

    def _mark(self, conversation_id: ConversationId) -> int:
        if conversation_id in self._unread:
            return self._unread[conversation_id]
        if self._revision == 0 and self._looks_since_ms is not None:
            return self._newest_of(conversation_id).before
        return max(self._told.get(conversation_id, 0), self._read.get(conversation_id, 0))

    def _number(self, conversation_id: ConversationId) -> int:
        return self._newest_of(conversation_id).any

    def _newest_of(self, conversation_id: ConversationId) -> _Newest:
        confirmed = self._facts.ledger.confirmed
        comments, me = confirmed.comments.get(conversation_id, NO_COMMENTS), self._facts.ledger.me
        since_ms = self._looks_since_ms
        known = self._newest.get(conversation_id)
        if known is None or known.comments is not comments or (known.me, known.since_ms) != (me, since_ms):
            known = self._newest[conversation_id] = _Newest(
                comments,
                me,
                since_ms,
                others=_highest(unread_of(comments.values(), read=0, me=me)),
                any=_highest(comments.values()),
                before=_highest(one for one in comments.values() if (one.date_ms or 0) < (since_ms or 0)),
            )
        return known


def _highest(comments: Iterable[Comment]) -> int:
    return max((comment.number or 0 for comment in comments), default=0)


def _marks(marks: tuple[ReadMark, ...]) -> Marks:
    return {mark.conversation_id: mark.number for mark in marks}


def _named(marks: Mapping[ConversationId, int], most: int | None) -> tuple[ReadMark, ...]:
    return tuple(ReadMark(*mark) for mark in islice(marks.items(), most))
