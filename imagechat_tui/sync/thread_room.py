"""The open thread of a hosted server: a room of its own, kept up by time (PROTOCOL 8.2).

Our servers tell of every thread over the image's socket, and nothing here is used. A hosted thread is read
whole when it is opened; then its socket opens, and every time it opens the log is asked from the newest server
time seen, while frames wait. The whole thread is read again when the log will not do: it says it is incomplete,
fails twice, the socket was down too long, or it holds votes (deltas, which the list may contain already).
"""

from __future__ import annotations

from collections.abc import Iterator

from imagechat_tui.protocol.events import (
    DeletedComment,
    LiveEvent,
    NewComment,
    UpdatedComment,
    VoteChanged,
)
from imagechat_tui.protocol.ids import CommentId, ConversationId, UrlId
from imagechat_tui.protocol.routes import RoomIds
from imagechat_tui.sync.backoff import RESET_AFTER_S
from imagechat_tui.sync.core import Core, Reader
from imagechat_tui.sync.due import Due
from imagechat_tui.sync.effects import CloseSocket, FetchEventLog, FetchThread, OpenSocket
from imagechat_tui.sync.facts import Facts
from imagechat_tui.sync.image_room import POLL_EVERY_S
from imagechat_tui.sync.inputs import EventLogLoaded, FetchFailed, SocketClosed, ThreadLoaded
from imagechat_tui.sync.link import refused
from imagechat_tui.sync.reads import LOG_TRIES, Read
from imagechat_tui.sync.replay import HELD_AT_MOST, Seen, Touched
from imagechat_tui.sync.room_list import DEBOUNCE_S
from imagechat_tui.sync.state import NO_COMMENTS, Peer

LOG_REACHES_S = 600.0
"""A socket that was down longer than this has the thread read whole."""


class ThreadRoom:
    """The thread the person looks at, on a hosted server; at most one."""

    def __init__(self, core: Core, facts: Facts) -> None:
        self._core = core
        self._facts = facts
        self._touched = Touched()
        self._left_out: dict[ConversationId, int] = {}
        """Comments of a thread that could not be read when it was read last."""
        self._leave()

    def _leave(self) -> None:
        self._conversation: ConversationId | None = None
        self._ids: RoomIds | None = None
        self.socket: int | None = None
        self._open = False
        self._opened_at = 0.0
        self._lost_at: float | None = None
        self._list = Read(self._core, Reader.THREAD)
        self._log = Read(self._core, Reader.THREAD_LOG)
        self._waiting: list[LiveEvent] | None = None
        """Frames kept until the log was read; None while nothing is awaited."""
        self._seen = Seen()
        self._attempt = 0
        self._retry_at = 0.0
        self._poll_at = 0.0

    # What happened

    def opened(self) -> None:
        """The handshake of the thread's socket is done."""
        now = self._core.now
        self._open, self._opened_at = True, now
        down_s = now - self._lost_at if self._lost_at is not None else 0.0
        self._lost_at = None
        self._log.abandon()  # one on its way was asked for an earlier socket
        if down_s > LOG_REACHES_S or self._seen.newest_ms is None:
            self._list.want(now)
        else:
            self._waiting = []
            self._log.want(now)

    def closed(self, closed: SocketClosed) -> None:
        """The thread's socket is gone, or could not be opened."""
        now = self._core.now
        self.socket = None
        if self._open:
            self._lost_at = now
            if now >= self._opened_at + RESET_AFTER_S:
                self._attempt = 0
        self._open = False
        self._release()
        if refused(closed):
            self._ids = None  # the list brings fresh ones
            self._list.want(now)
        self._retry_at = now + self._core.delay_s(self._attempt, closed.retry_after_s or 0.0)
        self._attempt += 1

    def received(self, event: LiveEvent) -> None:
        """An event came over the thread's socket."""
        if self._waiting is not None:
            if len(self._waiting) < HELD_AT_MOST:
                self._waiting.append(event)
            else:
                self._list.want(self._core.now)
            return
        self._take(event)

    def malformed(self) -> None:
        """A frame could not be decoded: read the thread again."""
        self._list.want(self._core.now + DEBOUNCE_S)

    def list_loaded(self, loaded: ThreadLoaded) -> None:
        """The thread is here."""
        if not self._list.loaded(loaded.request):
            return
        self._ids = loaded.list.room or self._ids
        self._seen.baseline(loaded.list.last_gen_date_ms)
        keep = self._touched.settle(loaded.request)
        more = loaded.list.left_out - self._left_out.get(loaded.conversation_id, 0)
        self._left_out[loaded.conversation_id] = loaded.list.left_out
        if more > 0:
            self._facts.ledger.cannot_show(more)
        self._facts.ledger.take_thread(loaded.conversation_id, loaded.list, keep=keep)

    def log_loaded(self, loaded: EventLogLoaded) -> None:
        """What the socket missed is here."""
        if not self._log.loaded(loaded.request):
            return
        if loaded.complete is False:
            self._list.want(self._core.now)
        votes = False
        for event in loaded.events:
            if isinstance(event, VoteChanged):
                votes = True
                self._seen.repeated(event)  # the list that follows counts it
            else:
                self._take(event)
        if votes:
            self._list.want(self._core.now)
        self._release()

    def list_failed(self, failed: FetchFailed) -> None:
        """The thread did not come."""
        if self._list.failed(failed):
            self._list.want(self._core.now)

    def log_failed(self, failed: FetchFailed) -> None:
        """What the socket missed did not come."""
        if not self._log.failed(failed):
            return
        if self._log.failures < LOG_TRIES:
            self._log.want(self._core.now)
        else:
            self._list.want(self._core.now)
            self._release()

    def want(self, conversation_id: ConversationId) -> None:
        """Something was changed by ourselves in this thread: read it again soon, if it is the open one."""
        if conversation_id == self._conversation:
            self._list.want(self._core.now + DEBOUNCE_S)

    def note(self, comment_id: CommentId) -> None:
        """A comment changed: lists that are on their way say nothing about it."""
        self._touched.note(comment_id, self._core.last_number)

    def refresh(self) -> None:
        """See to it that everything up to now is known."""
        if self._conversation is not None:
            self._list.want(self._core.now)

    # What to do about it

    def decide(self) -> None:
        """Follow the person: leave the thread that they left, enter the one they opened."""
        facts = self._facts
        hosted = facts.ledger.confirmed.peer is Peer.HOSTED
        wanted = facts.workspace.mine.open_thread if hosted else None
        if wanted == self._conversation:
            return
        if self.socket is not None:
            self._core.emit(CloseSocket(self.socket))
        self._leave()
        self._conversation = wanted
        if wanted is not None:
            self._list.want(self._core.now)

    def dues(self) -> Iterator[Due]:
        """Keep up with the open thread: its list, its socket, its log."""
        home, facts = self._conversation, self._facts
        url_id = facts.thread_url(home) if home is not None else None
        if home is None or url_id is None or not facts.reachable:
            return
        polling = facts.polling
        if polling:
            yield Due(self._poll_at, self._poll)
        list_at = self._list.due_at()
        if list_at is not None:
            yield Due(list_at, lambda: self._ask(home, url_id))
        ids = self._ids
        if ids is None or polling:
            return
        if self.socket is None:
            yield Due(self._retry_at, lambda: self._open_socket(ids, home))
        log_at = self._log.due_at() if self._waiting is not None else None
        if log_at is not None:
            yield Due(log_at, lambda: self._ask_log(ids, url_id))

    # Inside

    def _poll(self) -> None:
        self._poll_at = self._core.now + POLL_EVERY_S
        self._list.want(self._core.now)

    def _ask(self, home: ConversationId, url_id: UrlId) -> None:
        self._core.emit(FetchThread(self._list.begin(), home, url_id))

    def _open_socket(self, ids: RoomIds, home: ConversationId) -> None:
        self.socket = self._core.number()
        self._core.emit(OpenSocket(self.socket, ids, v2=False, thread=home))

    def _ask_log(self, ids: RoomIds, url_id: UrlId) -> None:
        since = self._seen.newest_ms
        self._core.emit(FetchEventLog(self._log.begin(), url_id, ids.user_id_ws, start_time_ms=since))

    def _release(self) -> None:
        """Apply the frames that waited, and wait no more."""
        self._log.forget()
        waiting, self._waiting = self._waiting, None
        for event in waiting or ():
            self._take(event)

    def _take(self, event: LiveEvent) -> None:
        if self._seen.repeated(event):
            return
        if isinstance(event, UpdatedComment) and not self._knows(event.comment.id):
            self._list.want(self._core.now + DEBOUNCE_S)  # not applied: it may have been deleted meanwhile
        self._facts.apply(event, thread=self._conversation)
        match event:
            case NewComment() | UpdatedComment():
                self.note(event.comment.id)
            case DeletedComment():
                self.note(event.comment_id)
            case VoteChanged() if self._list.running:
                # Nobody can say whether the list on its way counts this vote.
                self._list.want(self._core.now + DEBOUNCE_S)
            case _:
                pass

    def _knows(self, comment_id: CommentId) -> bool:
        home = self._conversation
        return home is not None and comment_id in self._facts.ledger.confirmed.comments.get(home, NO_COMMENTS)
