"""The open thread of a hosted server: a room of its own, kept up by time (PROTOCOL 8.2).

Our servers tell of every thread over the image's socket, and nothing here is used. A hosted thread is read
whole when it is opened; then its socket opens, and every time it opens the log is asked from the newest server
time seen, while frames wait. The whole thread is read again when the log will not do: it says it is incomplete,
fails twice, the socket was down too long, or it holds votes (deltas, which the list may contain already).
"""

from __future__ import annotations

from imagechat_tui.protocol.events import (
    DeletedComment,
    LiveEvent,
    NewComment,
    UpdatedComment,
    VoteChanged,
)
from imagechat_tui.protocol.ids import CommentId, ConversationId
from imagechat_tui.protocol.routes import RoomIds
from imagechat_tui.sync.backoff import RESET_AFTER_S
from imagechat_tui.sync.core import Core
from imagechat_tui.sync.effects import CloseSocket, FetchEventLog, FetchThread, OpenSocket
from imagechat_tui.sync.inputs import EventLogLoaded, FetchFailed, SocketClosed, ThreadLoaded
from imagechat_tui.sync.link import Link, refused
from imagechat_tui.sync.numbered_room import DEBOUNCE_S, LOG_TRIES, POLL_EVERY_S, Apply
from imagechat_tui.sync.reads import Read
from imagechat_tui.sync.reducer import with_thread
from imagechat_tui.sync.replay import HELD_AT_MOST, Seen, Touched
from imagechat_tui.sync.state import NO_COMMENTS, Peer, Phase

LOG_REACHES_S = 600.0
"""A socket that was down longer than this has the thread read whole."""


class ThreadRoom:
    """The thread the person looks at, on a hosted server; at most one."""

    def __init__(self, core: Core, link: Link, apply: Apply) -> None:
        self._core = core
        self._link = link
        self._apply = apply
        self.touched = Touched()
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
        self._list = Read(self._core)
        self._log = Read(self._core)
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

    def list_loaded(self, loaded: ThreadLoaded) -> bool:
        """The thread is here. False if another request is awaited."""
        if not self._list.loaded(loaded.request):
            return False
        self._ids = loaded.list.room or self._ids
        self._seen.baseline(loaded.list.last_gen_date_ms)
        keep = self.touched.settle(loaded.request)
        more = loaded.list.left_out - self._left_out.get(loaded.conversation_id, 0)
        self._left_out[loaded.conversation_id] = loaded.list.left_out
        if more > 0:
            self._core.cannot_show(more)
        self._core.state = with_thread(
            self._core.state, loaded.conversation_id, loaded.list.comments, keep=keep
        )
        return True

    def log_loaded(self, loaded: EventLogLoaded) -> bool:
        """What the socket missed is here. False if another request is awaited."""
        if not self._log.loaded(loaded.request):
            return False
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
        return True

    def failed(self, failed: FetchFailed) -> bool:
        """A read failed. False if it was not one of this room."""
        now = self._core.now
        if self._list.failed(failed):
            self._list.want(now)
            return True
        if self._log.failed(failed):
            if self._log.failures < LOG_TRIES:
                self._log.want(now)
            else:
                self._list.want(now)
                self._release()
            return True
        return False

    def want(self, conversation_id: ConversationId) -> None:
        """Something was changed by ourselves in this thread: read it again soon, if it is the open one."""
        if conversation_id == self._conversation:
            self._list.want(self._core.now + DEBOUNCE_S)

    def refresh(self) -> None:
        """See to it that everything up to now is known."""
        if self._conversation is not None:
            self._list.want(self._core.now)

    # What to do about it

    def decide(self) -> None:
        """Follow the open thread: its list, its socket, its log."""
        core = self._core
        wanted = core.state.mine.open_thread if core.state.confirmed.peer is Peer.HOSTED else None
        if wanted != self._conversation:
            if self.socket is not None:
                core.emit(CloseSocket(self.socket))
            self._leave()
            self._conversation = wanted
            if wanted is not None:
                self._list.want(core.now)
        if wanted is None:
            return
        url_id = core.thread_url(wanted)
        polling = core.state.connection.phase is Phase.POLLING
        if url_id is None or not (self._link.open or polling):
            return
        if polling and core.now >= self._poll_at:
            self._poll_at = core.now + POLL_EVERY_S
            self._list.want(core.now)
        if self._list.due:
            core.emit(FetchThread(self._list.begin(), wanted, url_id))
        if self._ids is None or polling:
            return
        if self.socket is None and core.now >= self._retry_at:
            self.socket = core.number()
            core.emit(OpenSocket(self.socket, self._ids, v2=False, thread=wanted))
        if self._waiting is not None and self._log.due:
            number, user = self._log.begin(), self._ids.user_id_ws
            core.emit(FetchEventLog(number, url_id, user, start_time_ms=self._seen.newest_ms))

    def wake_at(self) -> float | None:
        """When time alone changes something here."""
        polling = self._core.state.connection.phase is Phase.POLLING
        if self._conversation is None or not (self._link.open or polling):
            return None
        times = [self._poll_at if polling else None, self._list.wake_at()]
        if self._ids is not None and not polling:
            times.append(self._retry_at if self.socket is None else None)
            times.append(self._log.wake_at() if self._waiting is not None else None)
        return min((at for at in times if at is not None), default=None)

    # Inside

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
        self._apply(event, None, self._conversation)
        match event:
            case NewComment() | UpdatedComment():
                self.touched.note(event.comment.id, self._core.last_number)
            case DeletedComment():
                self.touched.note(event.comment_id, self._core.last_number)
            case VoteChanged() if self._list.running:
                # Nobody can say whether the list on its way counts this vote.
                self._list.want(self._core.now + DEBOUNCE_S)
            case _:
                pass

    def _knows(self, comment_id: CommentId) -> bool:
        home = self._conversation
        return home is not None and comment_id in self._core.state.confirmed.comments.get(home, NO_COMMENTS)
