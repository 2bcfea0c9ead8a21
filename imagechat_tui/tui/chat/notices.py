"""What happened, in a word or two: others' actions, and verdicts on our own that went wrong."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, assert_never

from msgspec.structs import replace

from imagechat_tui.problems import Problem, ProblemKind
from imagechat_tui.tui.chat.drafting import WritingScreen
from imagechat_tui.tui.clock import Clock
from imagechat_tui.tui.textual_internals.corner_notes import take_back
from imagechat_tui.tui.widgets.people import name_of

if TYPE_CHECKING:
    from imagechat_tui.raster.image import Picture
    from imagechat_tui.raster.render import RenderOptions
    from imagechat_tui.sync.effects import Announce
    from imagechat_tui.sync.session import Session

RING_EVERY_S = 2.0
CHANGED = ", changed on disk"
PICTURE_NOTES = ("Not read again", "Picture changed")
"""Titles of notes that a picture which was read makes untrue."""


class TellingScreen(WritingScreen):
    """The part of the main screen that tells news."""

    def __init__(
        self, session: Session, *, name: str, options: RenderOptions, clock: Clock, bell: bool = False
    ) -> None:
        super().__init__(session, name=name, options=options, clock=clock)
        self._bell = bell
        self._quiet_until_s = 0.0

    def show_news(self, news: Sequence[Announce]) -> None:
        """Say what is worth a word. Own actions are not, but for a verdict that went wrong."""
        from imagechat_tui.sync.effects import News  # not before there are any: it would cost every start

        added = [item for item in news if item.news in (News.MARKER_ADDED, News.COMMENT_ADDED)]
        if len(added) > 1:  # after an outage there may be hundreds
            self._tell_many()
        for item in news:
            match item.news:
                case News.MARKER_ADDED | News.COMMENT_ADDED if len(added) > 1:
                    pass
                case News.SAVED:
                    self._saved(item)
                case News.NOT_SAVED | News.REFUSED:
                    self.tell_not_saved(item)
                case News.CHECKING:
                    self._tell_checking(item)
                case News.MARKER_ADDED:
                    self._tell_added(item, "added")
                case News.COMMENT_ADDED:
                    self._tell_added(item, "commented on")
                case News.THREAD_GONE:
                    self._thread_gone(item)
                case News.DRAFTS_NOT_STORED:
                    self._tell_drafts_not_stored()
                case News.CANNOT_SHOW:
                    self._tell_cannot_show()
                case News.PHASE:
                    pass  # header and banner say it
                case _:
                    assert_never(item.news)

    def _saved(self, item: Announce) -> None:
        """What was saved goes on under the id that the server gave it."""
        sent_as = item.broadcast_id
        if sent_as is None:
            return
        if self.thread(sent_as) is not None and item.conversation_id is not None:
            self.renamed[sent_as] = item.conversation_id
        elif self.comments.selected == sent_as and item.comment_id is not None:
            self.renamed[sent_as] = item.comment_id

    def _ring(self) -> None:
        """Once for all that comes together: what happened during an outage comes in many pieces."""
        now_s = self.clock.engine_s()
        if self._bell and now_s >= self._quiet_until_s:
            self._quiet_until_s = now_s + RING_EVERY_S
            self.app.bell()

    def _tell_many(self) -> None:
        self._ring()
        self.say("", "Several new markers and comments")

    def _tell_added(self, item: Announce, verb: str) -> None:
        who = name_of(self.session.state, item.by)
        self._ring()
        if item.conversation_id == self.open_key and self.open_key is not None:
            if not self.comments.is_at_end:
                self.say("", f"{who} commented below. G jumps to it.")
            return
        now = self.views.threads(self.session.state)
        thread = next((t for t in now if t.key == item.conversation_id), None)
        where = self.called(thread) if thread is not None else "a marker"
        self.say("", f"{who} {verb} {where}")

    def outdate_picture_notes(self) -> None:
        """The picture was read: that it was not, or should be, is true no more."""
        take_back(self.app, PICTURE_NOTES)

    def tell_picture_loss(self, picture: Picture) -> None:
        """A part of the picture is not there."""
        if picture.loss is not None:
            from imagechat_tui.words import picture_loss_words

            words = picture_loss_words(picture.name, picture.loss)
            self.say(words.title, f"{words.sentence} {words.action}")  # the header goes on saying so

    def tell_picture_changed(self) -> None:
        """Its file is another now; the header goes on saying so."""
        from imagechat_tui.words import picture_changed_words

        words = picture_changed_words(self.header.facts.name)
        self.say(words.title, f"{words.sentence} {words.action}")
        facts = self.header.facts
        self.header.facts = replace(facts, size=f"{facts.size.removesuffix(CHANGED)}{CHANGED}")

    def _tell_drafts_not_stored(self) -> None:
        if self.drafts_stored:
            self.drafts_stored = False
            self.say(
                "Drafts cannot be saved to disk",
                "They last only until you quit. Check the free space and permissions of the state folder.",
                failure=True,
            )

    def _tell_cannot_show(self) -> None:
        from imagechat_tui.words import cannot_show_words

        self.say("", cannot_show_words(self.session.state.confirmed.cannot_show))

    def _thread_gone(self, item: Announce) -> None:
        if item.conversation_id is None or item.conversation_id != self.open_key:
            return
        if item.conversation_id in self.deleting:
            return  # by us: it closes by itself
        who = name_of(self.session.state, item.by)
        thread = self._by_key.get(self.open_key) or self.gone
        if thread is not None:
            self.thread_is_gone(thread, f"by {who}")
        if self.composer.target is not None:
            self.keep_typed()
            self.composer.note = (
                f"{who} deleted this thread. Your text is kept as a draft: press Esc, then !."
            )
        self.say("Thread deleted", f"{who} deleted the thread you are reading. Esc goes back to the list.")

    def tell_not_saved(self, item: Announce) -> None:
        """A write of ours was refused, or ended as not saved: why, and where its text is."""
        from imagechat_tui.words import not_saved_words

        if item.draft_id is not None and item.draft_id == self.composer.draft_id:
            return  # it is said where the text is
        if item.conversation_id is not None:
            self.deleting.discard(item.conversation_id)
        draft = self.draft(item.draft_id) or next(
            (d for d in self.session.state.mine.drafts if d.broadcast_id == item.broadcast_id), None
        )
        write = item.write if draft is None else draft.write
        problem = item.problem or Problem(ProblemKind.NO_ANSWER)
        told = not_saved_words(problem, write, listed=draft is not None)
        self.say(told.title, f"{told.sentence} {told.action}".rstrip(), failure=True)

    def _tell_checking(self, item: Announce) -> None:
        from imagechat_tui.words import checking_words

        told = checking_words(item.write)
        self.say(told.title, told.sentence)
