"""Writing, sending and keeping: from the first letter to the verdict. No road loses what was typed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Final, Protocol

from msgspec.structs import replace

from imagechat_tui.safetext import comment_text
from imagechat_tui.sync.intents import (
    DiscardDraft,
    EditComment,
    KeepDraft,
    PostComment,
    Retry,
    StartConversation,
    TextWrite,
)
from imagechat_tui.sync.outbox import same_target
from imagechat_tui.sync.state import CommentView, Draft, Thread
from imagechat_tui.tui.chat.notices import Notices, quote
from imagechat_tui.tui.chat.refusals import Refusals
from imagechat_tui.tui.chat.screen_state import ScreenState
from imagechat_tui.tui.chat.selection import Selection
from imagechat_tui.tui.thread_words import marker_name
from imagechat_tui.words import is_settled, problem_words

if TYPE_CHECKING:
    from imagechat_tui.protocol.ids import BroadcastId, ConversationId
    from imagechat_tui.protocol.models import Point
    from imagechat_tui.sync.intents import Intent

KEEP_AFTER_S: Final = 0.1
"""Between two times that typing is kept on disk; the first key is kept at once."""


SAFE: Final = "Your text is kept as a draft: press Esc, then !."
"""Where the words are of which nothing can become at the moment."""


class TextPane(Protocol):
    """Where the text is written."""

    target: TextWrite | None
    """What the text would become; None while nothing is being written."""
    draft_id: str | None
    """The write that was not saved and whose text this is."""
    tried: str | None
    """The text that write had."""

    @property
    def write(self) -> TextWrite | None:
        """What would be sent now."""

    def begin(self, target: TextWrite, title: str, text: str, *, draft_id: str | None = None) -> None:
        """Have a text for a target, and give it the focus; the arguments as the composer has them."""

    def insert(self, text: str, /) -> None:
        """Put more into the text."""

    def show_note(self, note: str, /) -> None:
        """Say something below the text."""

    def refused(self, why: str, draft_id: str, /) -> None:
        """Say that it was not sent; the text stays."""

    def end(self) -> None:
        """Stop writing, and forget the text."""


class WritingPlace(Protocol):
    """What drafting asks of the screen around the text."""

    @property
    def crosshair(self) -> Point:
        """Where the crosshair is."""

    def aim(self, point: Point | None, /) -> None:
        """Show on the picture where the marker would be; None: nowhere."""

    def begin_writing(self) -> None:
        """Give the text its room."""

    def writing_begun(self) -> None:
        """Count what is being written no longer among the drafts."""

    def resume_writing(self) -> None:
        """Have keys go to the text again."""

    def end_writing(self, *, about_picture: bool) -> None:
        """Take the text's room away; keys go back to picture or sidebar."""

    def refuse_writing(self) -> None:
        """Drop what was typed behind the key: it was to be the text."""


class Timer(Protocol):
    """Something that will be called."""

    def stop(self) -> None:
        """Have it called no more."""


class Drafting:
    """What is being written: its target, its text on disk, and what the session answered.

    Args:
        state: what is shown, and the drafts.
        dispatch: takes what the session shall do; returns the id that a write travels under.
        departed: waits until what was dispatched has left.
        text: where the text is written.
        place: what is around it.
        selection: follows to what was sent.
        notices: says where a draft is.
        refusals: what may not be written.
        later: calls something after so many seconds.
    """

    def __init__(
        self,
        state: ScreenState,
        dispatch: Callable[[Intent], BroadcastId],
        departed: Callable[[], Awaitable[None]],
        *,
        text: TextPane,
        place: WritingPlace,
        selection: Selection,
        notices: Notices,
        refusals: Refusals,
        later: Callable[[float, Callable[[], None]], Timer],
    ) -> None:
        self._state = state
        self._dispatch = dispatch
        self._departed = departed
        self._text = text
        self._place = place
        self._selection = selection
        self._notices = notices
        self._refusals = refusals
        self._later = later
        self._keep_timer: Timer | None = None
        self._kept: TextWrite | None = None
        self._edited: str | None = None
        """The text of the comment that is being edited, as it was seen last."""
        self._gone: ConversationId | None = None
        """The thread that is written in, while it is not there."""
        self._locked = False
        """Whether the thread that is answered takes no replies."""
        self.drafts_stored = True
        """Whether the disk takes what is typed, as far as is known."""

    @property
    def is_writing(self) -> bool:
        """Whether something is being written."""
        return self._text.target is not None

    @property
    def is_placing(self) -> bool:
        """Whether it is a new marker: its place is one on the picture as it is seen."""
        return isinstance(self._text.target, StartConversation)

    # -- beginning

    def write_marker(self, point: Point) -> None:
        """Write the first comment of a new marker."""
        if self._refusals.marker():
            self.refuse()
            return
        self._place.aim(point)
        self._begin(StartConversation(point, ""), place_title(point))

    def write_reply(self, thread: Thread) -> None:
        """Write an answer in a thread."""
        if self._refusals.writing() or self._refusals.unsaved(thread) or self._refusals.locked(thread):
            self.refuse()
            return
        self._selection.open(thread.key)
        self._selection.select_newest()  # the text takes lines from the list: what is answered is the newest
        self._begin(PostComment(thread.conversation.id, ""), f"Reply to {marker_name(thread)}")

    def write_edit(self, thread: Thread, comment: CommentView) -> None:
        """Write a new text for a comment, or write on at one that was not saved."""
        draft = self._state.draft(comment.draft_id)
        if draft is not None:
            self.write_on(draft)
        elif self._refusals.writing():
            self.refuse()
        else:
            target = EditComment(thread.conversation.id, comment.comment.id, "")
            text = raw_text(comment)
            self._begin(target, f"Edit comment on {marker_name(thread)}", text)
            self._edited = text

    def refuse(self) -> None:
        """Open no text, though a key asked for one, and why has been said: keys behind it were to be its words."""
        self._place.refuse_writing()

    def write_on(self, draft: Draft) -> None:
        """Go on writing where a draft left off."""
        write = draft.write
        if not isinstance(write, TextWrite):
            return
        if isinstance(write, StartConversation):
            self._place.aim(write.point)
            title = place_title(write.point)
        else:
            thread = self._state.thread(write.conversation_id)
            if thread is None:
                # Its thread is gone; the words are not: they go to a new marker where the crosshair is.
                self.write_marker(self._place.crosshair)
                self._text.insert(write.text)
                return
            self._selection.open(thread.key)
            verb = "Reply to" if isinstance(write, PostComment) else "Edit comment on"
            title = f"{verb} {marker_name(thread)}"
        self._begin(write, title, write.text, draft=draft)

    def _begin(self, target: TextWrite, title: str, text: str = "", *, draft: Draft | None = None) -> None:
        current = self._text.target
        if current is not None:
            if same_target(current, target) and draft is None:
                self._place.resume_writing()
                return
            self.keep()
        if draft is None:
            draft = self._state.draft_for(target)
            if draft is not None and isinstance(draft.write, TextWrite):
                text = draft.write.text
        failed = draft.id if draft is not None and draft.failed else None
        self._kept = replace(target, text=text)
        self._place.begin_writing()
        self._text.begin(target, title, text, draft_id=failed)
        self._follow_lock(target)
        self._place.writing_begun()

    # -- keeping

    def typed(self) -> None:
        """Keep the first key at once, before it is painted, and then no sooner than after a while."""
        if self._keep_timer is None:
            self._keep_now()

    def _keep_now(self) -> None:
        self._keep_timer = None
        if self.keep():
            self._keep_timer = self._later(KEEP_AFTER_S, self._keep_now)

    def _stop_keeping(self) -> None:
        if self._keep_timer is not None:
            self._keep_timer.stop()
            self._keep_timer = None

    def keep(self) -> bool:
        """Hand what is being written to the session, which puts it on disk. False if it has that already."""
        text = self._text
        write = text.write
        if write is None or write == self._kept:
            return False
        if text.draft_id is not None and write.text == text.tried:
            return False
        self._kept = write
        self._dispatch(KeepDraft(write))
        if text.draft_id is not None:  # after it: a kill between the two must find one of them
            self._dispatch(DiscardDraft(text.draft_id))
            text.draft_id = text.tried = None
        return True

    # -- ending

    def leave(self, write: TextWrite) -> None:
        """Stop writing; what was typed is a draft."""
        self.keep()
        self._end()
        if write.text.strip() and not isinstance(write, EditComment):
            until = "" if self.drafts_stored else " It is not on disk and lasts only until you quit."
            way = "! shows it." if self._bars(write) else "The same key continues it; ! lists all drafts."
            self._notices.notice("Draft kept", f"Not sent. {way}{until}")

    def _bars(self, write: TextWrite) -> bool:
        """Whether nothing may be written there now, so that the key for it opens no text."""
        if self._state.is_read_only or isinstance(write, StartConversation):
            return self._state.is_read_only
        thread = self._state.thread(write.conversation_id)
        return thread is None or (isinstance(write, PostComment) and not thread.takes_replies)

    def put_away(self) -> bool:
        """Stop writing, if anything is written: what was typed is a draft. Whether there is one by that."""
        write = self._text.write
        if write is None:
            return False
        self.keep()
        self._end()
        return bool(write.text.strip()) and not isinstance(write, EditComment)

    async def send(self, write: TextWrite) -> None:
        """Hand it to the session, and stop writing once it has left; what is refused at once stays where it is."""
        text = self._text
        self._stop_keeping()
        sent_as = self._dispatch(write)
        if text.draft_id is not None and write.text != text.tried:
            self._dispatch(DiscardDraft(text.draft_id))
        refused = next((d for d in self._state.drafts if d.failed and d.write == write), None)
        if refused is not None and refused.problem is not None:
            why, barred = problem_words(refused.problem), self._bars(write) or is_settled(refused.problem)
            way = ": Esc leaves it, then ! shows it." if barred else "; Enter retries."
            text.refused(f"Not sent: {why.title}. {why.sentence} Your text is kept{way}", refused.id)
            self._kept = write
            return
        self._kept = write  # it is in flight, and no draft
        await self._departed()  # what is drawn below would hold it up
        self._end()
        if isinstance(write, StartConversation):
            self._selection.select(sent_as)
        elif isinstance(write, PostComment):
            self._selection.select_comment(sent_as)

    def _end(self) -> None:
        about_picture = isinstance(self._text.target, StartConversation)
        self._stop_keeping()
        self._kept = self._edited = self._gone = None
        self._locked = False
        self._place.aim(None)
        self._text.end()
        self._place.end_writing(about_picture=about_picture)

    # -- meanwhile

    def follow(self) -> None:
        """Another state is shown: say so if what is written in is back, or what is being edited is another text now."""
        target = self._text.target
        self._follow_thread(target)
        self._follow_lock(target)
        if not isinstance(target, EditComment) or self._edited is None:
            return
        thread = self._state.thread(target.conversation_id)
        comments = thread.comments if thread is not None else ()
        now = next((raw_text(view) for view in comments if view.key == target.comment_id), None)
        if now is not None and now != self._edited:
            self._edited = now
            self._text.show_note(
                f'Meanwhile it was changed to "{quote(now)}". Enter replaces that with yours.'
            )

    def _follow_thread(self, target: TextWrite | None) -> None:
        """What was said while the thread was gone does not hold any more once somebody has brought it back."""
        home = target.conversation_id if isinstance(target, PostComment | EditComment) else None
        if home is not None and self._state.thread(home) is None:
            self._gone = home
        elif self._gone is not None:
            if home == self._gone:
                self._text.show_note("The thread was brought back. Enter sends.")
            self._gone = None

    def _follow_lock(self, target: TextWrite | None) -> None:
        """Say that the thread which is answered takes no replies any more, or takes them again."""
        thread = self._state.thread(target.conversation_id) if isinstance(target, PostComment) else None
        locked = thread is not None and not thread.takes_replies
        if thread is not None and locked is not self._locked:
            self._text.show_note(
                f"A moderator has {'closed' if thread.conversation.closed else 'locked'} this thread: "
                f"it takes no replies. {SAFE}"
                if locked
                else "The thread takes replies again. Enter sends."
            )
        self._locked = locked

    def thread_deleted(self, by: str) -> None:
        """The thread that is written in was deleted: the text is kept, and that is said."""
        if self.is_writing:
            self.keep()
            self._text.show_note(f"{by} deleted this thread. {SAFE}")

    def is_shown(self, draft_id: str | None) -> bool:
        """Whether a draft is the text that is being written: why it was not sent is said there."""
        return draft_id is not None and draft_id == self._text.draft_id

    # -- drafts

    def retry(self, draft: Draft) -> None:
        """Send once more what was not saved. If it is refused, the news tell why."""
        self._dispatch(Retry(draft.id))

    def discard(self, draft: Draft) -> None:
        """Forget a draft."""
        self._dispatch(DiscardDraft(draft.id))


def place_title(point: Point) -> str:
    """What stands above the text of a new marker."""
    return f"New marker at {point.x:.1f} %, {point.y:.1f} %"


def raw_text(comment: CommentView) -> str:
    """The words of a comment as they were typed; of hosted ones, what their HTML says."""
    raw = comment.comment.text
    return raw if raw is not None else comment_text(comment.comment)
