"""What happened, in a word or two: others' actions, verdicts on our own that went wrong, and losses."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final, assert_never

from imagechat_tui.problems import Problem, ProblemKind
from imagechat_tui.sync.intents import DeleteConversation, MoveConversation
from imagechat_tui.tui.chat.drafting import Drafting
from imagechat_tui.tui.chat.notices import Notices
from imagechat_tui.tui.chat.screen_state import ScreenState
from imagechat_tui.tui.chat.selection import Selection
from imagechat_tui.tui.thread_words import marker_name

if TYPE_CHECKING:
    from imagechat_tui.protocol.ids import ConversationId
    from imagechat_tui.raster.image import Picture
    from imagechat_tui.sync.effects import Announce

RING_EVERY_S: Final = 2.0
"""Once for all that comes together: what happened during an outage comes in many pieces."""

NOT_READ_AGAIN: Final = "Not read again"
PICTURE_CHANGED: Final = "Picture changed"
"""Titles of notices that a picture which was read makes untrue."""


class NewsNotices:
    """Says what is worth a word. Own actions are not, but for a verdict that went wrong.

    Args:
        state: names people and markers.
        selection: hears what became of the open thread.
        drafting: hears what became of what is being written.
        notices: says it.
        on_deleted: called with a marker of which our own deletion was carried out.
        undo_room: has the picture be in the room again that it was in, once nothing else is to be undone; False if
            it was in no other.
        at_end: whether the newest comment of the open thread is in view.
        ring: rings for others' actions,
        only_mentions: and only for those that call the person.
        now_s: the engine's clock, in seconds.
    """

    def __init__(
        self,
        state: ScreenState,
        *,
        selection: Selection,
        drafting: Drafting,
        notices: Notices,
        on_deleted: Callable[[ConversationId], None],
        undo_room: Callable[[], bool],
        at_end: Callable[[], bool],
        ring: Callable[[], None],
        only_mentions: bool = False,
        now_s: Callable[[], float],
    ) -> None:
        self._state = state
        self._selection = selection
        self._drafting = drafting
        self._notices = notices
        self._on_deleted = on_deleted
        self._undo_room = undo_room
        self._at_end = at_end
        self._bell = ring
        self._only_mentions = only_mentions
        self._now_s = now_s
        self._quiet_until_s = 0.0

    def show(self, news: Sequence[Announce]) -> None:
        """Take in news in the order they came."""
        from imagechat_tui.sync.effects import News  # not before there are any: it would cost every start

        added = [item for item in news if item.news in (News.MARKER_ADDED, News.COMMENT_ADDED)]
        if len(added) > 1:  # after an outage there may be hundreds
            called = self._mention(added)
            self._ring(mentioned=called)
            also = "; you are mentioned" if called else ""
            self._notices.notice("", f"Several new markers and comments{also}")
        for item in news:
            match item.news:
                case News.MARKER_ADDED | News.COMMENT_ADDED if len(added) > 1:
                    pass
                case News.SAVED:
                    self._saved(item)
                case News.NOT_SAVED | News.REFUSED:
                    self._not_saved(item)
                case News.CHECKING:
                    self._checking(item)
                case News.MARKER_ADDED:
                    self._added(item, "added")
                case News.MARKER_BACK:
                    self._added(item, "brought back")
                case News.COMMENT_ADDED:
                    self._added(item, "commented on")
                case News.THREAD_GONE:
                    self._thread_gone(item)
                case News.UNDONE | News.NOT_UNDONE:
                    self._undone(item)
                case News.NOTHING_TO_UNDO:
                    if not self._undo_room():
                        self._notices.notice("", "Nothing to undo here.")
                case News.PLACED:
                    self._placed(item)
                case News.NEWER:
                    self._newer(item)
                case News.DRAFTS_NOT_STORED:
                    self._drafts_not_stored()
                case News.NOT_PLACED:
                    self._not_placed(item)
                case News.CANNOT_SHOW:
                    self._cannot_show()
                case News.LINKED | News.LINKED_ALREADY | News.NOT_LINKED:
                    pass  # told by whoever asked for it
                case News.PHASE:
                    pass  # header and banner say it
                case _:
                    assert_never(item.news)

    # -- others

    def _ring(self, *, mentioned: bool) -> None:
        now_s = self._now_s()
        if (mentioned or not self._only_mentions) and now_s >= self._quiet_until_s:
            self._quiet_until_s = now_s + RING_EVERY_S
            self._bell()

    def _mention(self, added: Sequence[Announce]) -> bool:
        """Whether anything of what is new calls the person."""
        threads = self._state.newest_threads({item.conversation_id for item in added})
        people = self._state.newest_people
        for item in added:
            thread = threads.get(item.conversation_id or "")
            comments = thread.comments if thread is not None else ()
            new = [one for one in comments if item.comment_id in (None, one.comment.id)]
            if any(map(people.mention_me, new[-1:])):
                return True
        return False

    def _added(self, item: Announce, verb: str) -> None:
        who = self._state.newest_people.name_of(item.by)
        mentioned = self._mention([item])
        self._ring(mentioned=mentioned)
        if item.conversation_id == self._selection.open_key and self._selection.open_key is not None:
            if not self._at_end():
                self._notices.notice("", f"{who} commented below. G jumps to it.")
            return
        thread = self._state.newest_thread(item.conversation_id)
        where = marker_name(thread) if thread is not None else "a marker"
        self._notices.notice("", f"{who} {'mentions you on' if mentioned else verb} {where}")

    def _thread_gone(self, item: Announce) -> None:
        key = item.conversation_id
        if key is None or key != self._selection.open_key or key in self._selection.deleting:
            return  # one that we deleted closes by itself
        who = self._state.newest_people.name_of(item.by)
        self._selection.deleted(f"by {who}")
        self._drafting.thread_deleted(who)
        self._notices.notice(
            "Thread deleted", f"{who} deleted the thread you are reading. Esc goes back to the list."
        )

    def _placed(self, item: Announce) -> None:
        """The picture has become another one: what that means for the markers on it."""
        from imagechat_tui.words import tally_words

        if item.tally is not None:
            words = tally_words(item.tally)
            self._notices.notice(words.title, f"{words.sentence} {words.action}".rstrip())

    def _newer(self, item: Announce) -> None:
        """Somebody has a newer version of the picture; the person themself may have had it."""
        from imagechat_tui.words import newer_words

        people, me = self._state.newest_people, self._state.newest.confirmed.me
        own = me is not None and item.by == me.id
        words = newer_words(None if own else people.name_of(item.by), item.version or 0)
        self._notices.notice(words.title, words.sentence)

    # -- our own

    def _saved(self, item: Announce) -> None:
        if isinstance(item.write, DeleteConversation):
            self._on_deleted(item.write.conversation_id)
        if item.broadcast_id is not None:
            self._selection.saved(
                item.broadcast_id, conversation_id=item.conversation_id, comment_id=item.comment_id
            )

    def _not_saved(self, item: Announce) -> None:
        """A write of ours was refused, or ended as not saved: why, and where its text is."""
        from imagechat_tui.words import not_saved_words

        if self._drafting.is_shown(item.draft_id):
            return
        if item.conversation_id is not None:
            self._selection.deleting.discard(item.conversation_id)
        draft = self._state.draft(item.draft_id) or next(
            (d for d in self._state.drafts if d.broadcast_id == item.broadcast_id), None
        )
        write = item.write if draft is None else draft.write
        problem = item.problem or Problem(ProblemKind.NO_ANSWER)
        words = not_saved_words(problem, write, listed=draft is not None)
        self._notices.notice(words.title, f"{words.sentence} {words.action}".rstrip(), failure=True)

    def _undone(self, item: Announce) -> None:
        """What we did last is as it was before, or why not."""
        from imagechat_tui.sync.effects import News, Undone
        from imagechat_tui.words import not_undone_words, undone_words

        undone = item.undone or Undone()
        whose, who = self._author(item)
        if item.news is News.UNDONE:
            self._notices.notice("", undone_words(item.write, undone, whose=whose, who=who))
            if undone.placed and item.conversation_id is not None:
                self._look_at(item.conversation_id)
            if isinstance(item.write, MoveConversation | DeleteConversation):
                self._look_at(item.write.conversation_id)
        else:
            words = not_undone_words(item.write, undone, item.problem, whose=whose)
            self._notices.notice(words.title, f"{words.sentence} {words.action}".rstrip())

    def _author(self, item: Announce) -> tuple[str, str]:
        """Of the comment that a write is about: what it is called by its author, and what they are called."""
        comment_id = getattr(item.write, "comment_id", None)
        thread = self._state.newest_thread(item.conversation_id) if comment_id is not None else None
        comments = () if thread is None else thread.comments
        seen = next((one for one in comments if one.comment.id == comment_id), None)
        if seen is None:
            return "", "its author"
        if seen.mine:
            return "your comment", "you"
        name = self._state.newest_people.author_of(seen.comment)
        return f"{name}'s comment", name

    def _look_at(self, key: str) -> None:
        """Look at a marker that is elsewhere again; at one that is not there yet, once it is."""
        thread = self._state.newest_thread(key)
        if thread is not None and self._state.thread(key) is not None:
            self._selection.look_at(thread)
        else:
            self._selection.expect(key)

    def _not_placed(self, item: Announce) -> None:
        from imagechat_tui.words import not_placed_words

        thread = self._state.newest_thread(item.conversation_id)
        words = not_placed_words(
            item.problem or Problem(ProblemKind.NO_ANSWER), None if thread is None else marker_name(thread)
        )
        self._notices.notice(words.title, f"{words.sentence} {words.action}".rstrip(), failure=True)

    def _checking(self, item: Announce) -> None:
        from imagechat_tui.words import checking_words

        words = checking_words(item.write)
        self._notices.notice(words.title, words.sentence)

    # -- losses

    def _drafts_not_stored(self) -> None:
        if self._drafting.drafts_stored:
            self._drafting.drafts_stored = False
            self._notices.notice(
                "Drafts cannot be saved to disk",
                "They last only until you quit. Check the free space and permissions of the state folder.",
                failure=True,
            )

    def _cannot_show(self) -> None:
        from imagechat_tui.words import cannot_show_words

        self._notices.notice("", cannot_show_words(self._state.newest.confirmed.cannot_show))

    def picture_read(self, picture: Picture) -> None:
        """Say if a part of the picture is missing."""
        if picture.loss is not None:
            from imagechat_tui.words import picture_loss_words

            words = picture_loss_words(picture.name, picture.loss)
            self._notices.notice(
                words.title, f"{words.sentence} {words.action}"
            )  # the header goes on saying so

    def picture_changed(self, name: str) -> None:
        """Its file is another now."""
        from imagechat_tui.words import picture_changed_words

        words = picture_changed_words(name)
        self._notices.notice(words.title, f"{words.sentence} {words.action}")

    def before_changed(self, name: str) -> None:
        """The file of the picture that this one is compared with is another now."""
        from imagechat_tui.words import before_changed_words

        words = before_changed_words(name)
        self._notices.notice(words.title, f"{words.sentence} {words.action}")
