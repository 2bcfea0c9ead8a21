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
from imagechat_tui.protocol.ids import ConversationId
from imagechat_tui.protocol.routes import RoomIds
from imagechat_tui.sync.backoff import delay_s
from imagechat_tui.sync.connection import Link
from imagechat_tui.sync.core import Core
from imagechat_tui.sync.effects import CloseSocket, FetchEventLog, FetchThread, OpenSocket
from imagechat_tui.sync.image_room import DEBOUNCE_S, POLL_EVERY_S, Apply
from imagechat_tui.sync.inputs import EventLogLoaded, FetchFailed, ThreadLoaded
from imagechat_tui.sync.reducer import with_thread
from imagechat_tui.sync.replay import HELD_AT_MOST, Seen, Touched
from imagechat_tui.sync.state import Peer, Phase

LOG_REACHES_S = 600.0
"""A socket that was down longer than this has the thread read whole."""


class ThreadRoom:
    """The thread the person looks at, on a hosted server; at most one."""

    def __init__(self, core: Core, link: Link, apply: Apply) -> None:
        self._core = core
        self._link = link
        self._apply = apply
        self.touched = Touched()
        self._leave()

    def _leave(self) -> None:
        self._conversation: ConversationId | None = None
        self._ids: RoomIds | None = None
        self.socket: int | None = None
        self._open = False
        self._lost_at: float | None = None
        self._list: int | None = None
        self._list_due: float | None = None
        self._log: int | None = None
        self._log_failures = 0
        self._waiting: list[LiveEvent] | None = None
        """Frames kept until the log was read; None while nothing is awaited."""
        self._seen = Seen()
        self._attempt = 0
        self._retry_at = 0.0
        self._poll_at = 0.0

    # What happened

    def opened(self) -> None:
        """The handshake of the thread's socket is done."""
        self._open = True
        down_s = self._core.now - self._lost_at if self._lost_at is not None else 0.0
        self._lost_at = None
        if down_s > LOG_REACHES_S or self._seen.newest_ms is None:
            self._want_list(self._core.now)
        else:
            self._waiting = []
            self._log_failures = 0

    def closed(self) -> None:
        """The thread's socket is gone, or could not be opened."""
        self.socket = None
        if self._open:
            self._attempt = 0
            self._lost_at = self._core.now
        self._open = False
        self._release()
        self._retry_at = self._core.now + delay_s(self._attempt, self._core.uniform)
        self._attempt += 1

    def received(self, event: LiveEvent) -> None:
        """An event came over the thread's socket."""
        if self._waiting is not None:
            if len(self._waiting) < HELD_AT_MOST:
                self._waiting.append(event)
            else:
                self._want_list(self._core.now)
            return
        self._take(event)

    def malformed(self) -> None:
        """A frame could not be decoded: read the thread again."""
        self._want_list(self._core.now + DEBOUNCE_S)

    def list_loaded(self, loaded: ThreadLoaded) -> bool:
        """The thread is here. False if another request is awaited."""
        if loaded.request != self._list:
            return False
        self._list = None
        self._attempt = 0
        self._ids = loaded.list.room or self._ids
        self._seen.baseline(loaded.list.last_gen_date_ms)
        keep = self.touched.settle(loaded.request)
        self._core.state = with_thread(
            self._core.state, loaded.conversation_id, loaded.list.comments, keep=keep
        )
        return True

    def log_loaded(self, loaded: EventLogLoaded) -> bool:
        """What the socket missed is here. False if another request is awaited."""
        if loaded.request != self._log:
            return False
        self._log = None
        if loaded.complete is False:
            self._want_list(self._core.now)
        votes = False
        for event in loaded.events:
            if isinstance(event, VoteChanged):
                votes = True
                self._seen.repeated(event)  # the list that follows counts it
            else:
                self._take(event)
        if votes:
            self._want_list(self._core.now)
        self._release()
        return True

    def failed(self, failed: FetchFailed) -> bool:
        """A read failed. False if it was not one of this room."""
        wait = delay_s(self._attempt, self._core.uniform, at_least_s=failed.problem.retry_after_s or 0.0)
        if failed.request == self._list:
            self._list = None
            self._attempt += 1
            self._want_list(self._core.now + wait)
            return True
        if failed.request == self._log:
            self._log = None
            self._log_failures += 1
            if self._log_failures >= 2:
                self._want_list(self._core.now)
                self._release()
            return True
        return False

    def want(self, conversation_id: ConversationId) -> None:
        """Something was changed by ourselves in this thread: read it again soon, if it is the open one."""
        if conversation_id == self._conversation:
            self._want_list(self._core.now + DEBOUNCE_S)

    def refresh(self) -> None:
        """See to it that everything up to now is known."""
        if self._conversation is not None:
            self._want_list(self._core.now)

    # What to do about it

    def decide(self) -> None:
        """Follow the open thread: its list, its socket, its log."""
        core = self._core
        wanted = core.state.open_thread if core.state.peer is Peer.HOSTED else None
        if wanted != self._conversation:
            if self.socket is not None:
                core.emit(CloseSocket(self.socket))
            self._leave()
            self._conversation = wanted
            if wanted is not None:
                self._want_list(core.now)
        if wanted is None:
            return
        url_id = core.thread_url(wanted)
        polling = core.state.connection.phase is Phase.POLLING
        if url_id is None or not (self._link.open or polling):
            return
        if polling and core.now >= self._poll_at:
            self._poll_at = core.now + POLL_EVERY_S
            self._want_list(core.now)
        if self._list is None and self._list_due is not None and core.now >= self._list_due:
            self._list_due = None
            self._list = core.number()
            core.emit(FetchThread(self._list, wanted, url_id))
        if self._ids is None or polling:
            return
        if self.socket is None and core.now >= self._retry_at:
            self.socket = core.number()
            core.emit(OpenSocket(self.socket, self._ids, v2=False, thread=wanted))
        if self._waiting is not None and self._log is None and self._seen.newest_ms is not None:
            self._log = core.number()
            core.emit(
                FetchEventLog(self._log, url_id, self._ids.user_id_ws, start_time_ms=self._seen.newest_ms)
            )

    def wake_at(self) -> float | None:
        """When time alone changes something here."""
        polling = self._core.state.connection.phase is Phase.POLLING
        if self._conversation is None or not (self._link.open or polling):
            return None
        times = [self._poll_at] if polling else []
        if self._list is None and self._list_due is not None:
            times.append(self._list_due)
        if self._ids is not None and self.socket is None and not polling:
            times.append(self._retry_at)
        return min(times, default=None)

    # Inside

    def _want_list(self, at: float) -> None:
        self._list_due = at if self._list_due is None else min(at, self._list_due)

    def _release(self) -> None:
        """Apply the frames that waited."""
        waiting, self._waiting = self._waiting, None
        for event in waiting or ():
            self._take(event)

    def _take(self, event: LiveEvent) -> None:
        if self._seen.repeated(event):
            return
        self._apply(event, None, self._conversation)
        match event:
            case NewComment() | UpdatedComment():
                self.touched.note(event.comment.id, self._core.last_number)
            case DeletedComment():
                self.touched.note(event.comment_id, self._core.last_number)
            case VoteChanged() if self._list is not None:
                # Nobody can say whether the list on its way counts this vote.
                self._want_list(self._core.now + DEBOUNCE_S)
            case _:
                pass
