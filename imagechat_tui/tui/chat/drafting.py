"""Writing, sending and keeping: from the first letter to the verdict. No road loses what was typed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace
from textual import on
from textual.timer import Timer

from imagechat_tui.protocol.models import Point
from imagechat_tui.safetext import comment_text
from imagechat_tui.sync.intents import (
    Drop,
    EditComment,
    KeepDraft,
    PostComment,
    Retry,
    StartConversation,
    TextWrite,
)
from imagechat_tui.sync.outbox import same_target
from imagechat_tui.sync.state import ChatState, CommentView, Draft, Phase, Thread, read_only_problem
from imagechat_tui.tui.chat.selection import ReadingScreen
from imagechat_tui.tui.clock import Clock
from imagechat_tui.tui.messages import WritingRefused
from imagechat_tui.tui.widgets.composer import Composer
from imagechat_tui.words import problem_words

if TYPE_CHECKING:
    from imagechat_tui.raster.render import RenderOptions
    from imagechat_tui.sync.session import Session

KEEP_AFTER_S = 0.1
"""Between two times that typing is kept on disk; the first key is kept at once."""


class WritingScreen(ReadingScreen):
    """The part of the main screen that turns keys into writes."""

    def __init__(self, session: Session, *, name: str, options: RenderOptions, clock: Clock) -> None:
        super().__init__(session, name=name, options=options, clock=clock)
        self._keep_timer: Timer | None = None
        self._kept: TextWrite | None = None
        self._edited: str | None = None
        """The text of the comment that is being edited, as it was seen last."""
        self.drafts_stored = True
        """Whether the disk takes what is typed, as far as is known."""

    # -- beginning

    def write_marker(self, point: Point) -> None:
        """Write the first comment of a new marker."""
        if self.pictureless:
            self.refuse_writing("No picture", "A marker needs a picture. You can still reply with r.")
        elif not self.may_write():
            self.refuse_writing()
        else:
            place = f"New marker at {point.x:.1f} %, {point.y:.1f} %"
            self.picture.target = point
            self._begin(StartConversation(point, ""), place)

    def write_reply(self, thread: Thread) -> None:
        """Write an answer in a thread."""
        if not self.may_write() or not self.is_on_server(thread):
            self.refuse_writing()
            return
        self.open_thread(thread.key)
        self.comments.action_last()  # the text takes lines from the list: what is answered is the newest
        self._begin(PostComment(thread.conversation.id, ""), f"Reply to {self.called(thread)}")

    def write_edit(self, thread: Thread, comment: CommentView) -> None:
        """Write a new text for a comment, or write on at one that was not saved."""
        draft = self.draft(comment.draft_id)
        if draft is not None:
            self.write_on(draft)
        elif self.may_write():
            target = EditComment(thread.conversation.id, comment.comment.id, "")
            text = raw_text(comment)
            self._begin(target, f"Edit comment on {self.called(thread)}", text)
            self._edited = text
        else:
            self.refuse_writing()

    def refuse_writing(self, title: str = "", why: str = "") -> None:
        """Open no text, though a key asked for one: keys behind it were to be its words.

        Args:
            title: What is said about it, with the sentence; nothing if that was done.
            why: The sentence.
        """
        if why:
            self.say(title, why)
        self.post_message(WritingRefused())

    def write_on(self, draft: Draft) -> None:
        """Go on writing where a draft left off."""
        write = draft.write
        if not isinstance(write, TextWrite):
            return
        if isinstance(write, StartConversation):
            self.picture.target = write.point
            title = f"New marker at {write.point.x:.1f} %, {write.point.y:.1f} %"
        else:
            thread = self.thread(write.conversation_id)
            if thread is None:
                # Its thread is gone; the words are not: they go to a new marker where the crosshair is.
                self.write_marker(self.picture.crosshair)
                self.composer.editor.insert(write.text)
                return
            self.open_thread(thread.key)
            verb = "Reply to" if isinstance(write, PostComment) else "Edit comment on"
            title = f"{verb} {self.called(thread)}"
        self._begin(write, title, write.text, draft=draft)

    def _begin(self, target: TextWrite, title: str, text: str = "", *, draft: Draft | None = None) -> None:
        composer = self.composer
        current = composer.target
        if current is not None:
            if same_target(current, target) and draft is None:
                self.go(composer.editor)
                return
            self.keep_typed()
        if draft is None:
            kept = [d for d in self.session.state.mine.drafts if same_target(d.write, target)]
            draft = min(
                kept, key=lambda d: d.failed, default=None
            )  # what was typed last, else what was not saved
            if draft is not None and isinstance(draft.write, TextWrite):
                text = draft.write.text
        failed = draft.id if draft is not None and draft.failed else None
        self._kept = replace(target, text=text)
        self.add_class("-writing")
        self.show_pane("sidebar")
        self.app.clear_notifications()
        composer.begin(target, title, text, draft_id=failed)
        self.show_edges()

    def may_write(self) -> bool:
        """Whether anything may be written here; if not, that is said, and why."""
        if self.chat.confirmed.read_only or self.chat.connection.phase is Phase.READ_ONLY:
            words = problem_words(read_only_problem(self.chat))
            self.say(words.title, f"{words.sentence} {words.action}")
            return False
        return True

    def is_on_server(self, thread: Thread) -> bool:
        """Whether something can be done with a thread; if not, that is said."""
        there = self.on_server(thread)
        if not there:
            self.say("Not saved yet", "The marker is not on the server yet.")
        return there

    def show_state(self, state: ChatState) -> None:
        """As below, and say so if what is being edited is another text now."""
        super().show_state(state)
        target = self.composer.target
        if not isinstance(target, EditComment) or self._edited is None:
            return
        thread = self.thread(target.conversation_id)
        comments = thread.comments if thread is not None else ()
        now = next((raw_text(view) for view in comments if view.key == target.comment_id), None)
        if now is not None and now != self._edited:
            self._edited = now
            became = self.quote(now)
            self.composer.note = f'Meanwhile it was changed to "{became}". Enter replaces that with yours.'

    # -- keeping

    @on(Composer.Typed)
    def _typed(self) -> None:
        if self._keep_timer is None:
            self._keep_now()

    def _keep_now(self) -> None:
        """Keep at once, before the key is painted, and then no sooner than after a while."""
        self._keep_timer = None
        if self.keep_typed():
            self._keep_timer = self.set_timer(KEEP_AFTER_S, self._keep_now)

    def keep_typed(self) -> bool:
        """Hand what is being written to the engine, which puts it on disk. False if it has that already."""
        composer = self.composer
        write = composer.write
        if write is None or write == self._kept:
            return False
        if composer.draft_id is not None and write.text == composer.tried:
            return False
        self._kept = write
        self.session.dispatch(KeepDraft(write))
        if composer.draft_id is not None:  # after it: a kill between the two must find one of them
            self.session.dispatch(Drop(composer.draft_id))
            composer.draft_id = composer.tried = None
        return True

    # -- ending

    @on(Composer.Left)
    def _left(self, event: Composer.Left) -> None:
        self.keep_typed()
        kept = bool(event.write.text.strip())
        self._end()
        if kept and not isinstance(event.write, EditComment):
            until = "" if self.drafts_stored else " It is not on disk and lasts only until you quit."
            self.say("Draft kept", f"Not sent. The same key continues it; ! lists all drafts.{until}")

    def _end(self) -> None:
        """Stop writing; the focus goes back to what it was about."""
        was_marker = isinstance(self.composer.target, StartConversation)
        self._stop_keeping()
        self._kept = self._edited = None
        self.picture.target = None
        self.composer.end()
        self.show_state(self.chat)  # what was kept while it was written has its place in the list from now on
        self.remove_class("-writing")
        self.show_edges()
        self.go(self.picture if was_marker else self.list_pane)

    def _stop_keeping(self) -> None:
        if self._keep_timer is not None:
            self._keep_timer.stop()
            self._keep_timer = None

    @on(Composer.Submitted)
    def _submitted(self, event: Composer.Submitted) -> None:
        write, composer = event.write, self.composer
        self._stop_keeping()
        sent_as = self.session.dispatch(write)
        if composer.draft_id is not None and write.text != composer.tried:
            self.session.dispatch(Drop(composer.draft_id))
        refused = next((d for d in self.session.state.mine.drafts if d.failed and d.write == write), None)
        if refused is not None and refused.problem is not None:
            why = problem_words(refused.problem)
            composer.refused(
                f"Not sent: {why.title}. {why.sentence} Your text is kept; Enter retries.", refused.id
            )
            self._kept = write
            return
        self._kept = None
        self._end()
        if isinstance(write, StartConversation):
            self.select(sent_as)
        elif isinstance(write, PostComment):
            self.comments.selected = sent_as

    # -- after a failure

    def retry(self, draft: Draft) -> None:
        """Send once more what was not saved. If it is refused, the news tell why."""
        self.session.dispatch(Retry(draft.id))

    def draft(self, draft_id: str | None) -> Draft | None:
        """A draft by its id."""
        return next((draft for draft in self.session.state.mine.drafts if draft.id == draft_id), None)


def raw_text(comment: CommentView) -> str:
    """The words of a comment as they were typed; of hosted ones, what their HTML says."""
    raw = comment.comment.text
    return raw if raw is not None else comment_text(comment.comment)
