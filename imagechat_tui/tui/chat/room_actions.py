"""What is done about the room that a picture is in: another one is opened, or it gets one of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeAlias

from imagechat_tui.problems import Problem, ProblemKind
from imagechat_tui.sync.intents import LinkImage
from imagechat_tui.tui.chat.notices import Notices
from imagechat_tui.tui.chat.refusals import Refusals
from imagechat_tui.tui.chat.screen_state import ScreenState
from imagechat_tui.tui.chat.thread_actions import Confirm

if TYPE_CHECKING:
    from imagechat_tui.protocol.ids import UrlId
    from imagechat_tui.protocol.models import OpenedImage, OtherImage
    from imagechat_tui.sync.effects import Announce
    from imagechat_tui.sync.intents import Intent
    from imagechat_tui.words import Words

    EnterRoom: TypeAlias = Callable[[UrlId | None, Words | None, OpenedImage | None], None]
    """Shows this picture in another room; None is the one that it is found to be in. If that is another one now, what
    is said of it comes with it, and the image that a key makes it again."""


class RoomActions:
    """What keys do about the picture's room. Each says why, if it does nothing.

    Args:
        state: what is shown.
        dispatch: takes what the session shall do.
        notices: says why nothing was done.
        refusals: what may not be done.
        confirm: asks before markers are left behind.
        choose: asks which of several images is meant.
        enter: shows this picture in another room.
        elsewhere: whether it is shown in another room than the one that it was opened in.
        left: the image that it was before it was started anew; None if it was not.
    """

    def __init__(
        self,
        state: ScreenState,
        dispatch: Callable[[Intent], object],
        *,
        notices: Notices,
        refusals: Refusals,
        confirm: Confirm,
        choose: Callable[[Sequence[OtherImage], Callable[[UrlId], None]], None],
        enter: EnterRoom,
        elsewhere: bool,
        left: OpenedImage | None = None,
    ) -> None:
        self._state = state
        self._dispatch = dispatch
        self._notices = notices
        self._refusals = refusals
        self._confirm = confirm
        self._choose = choose
        self._enter = enter
        self._elsewhere = elsewhere
        self._left = left
        self._goes_back = False
        """What was asked of the server is that it is that image again."""

    @property
    def leads_elsewhere(self) -> bool:
        """Whether there is another room to go to."""
        return self._elsewhere or self._state.shown.room.own is not None or bool(self._others)

    @property
    def _others(self) -> list[OtherImage]:
        return [other for other in self._state.shown.room.others if other.markers]

    def go_elsewhere(self) -> None:
        """Show this picture in another room where it is discussed; from there back to where it was opened."""
        room, others = self._state.shown.room, self._others
        if self._elsewhere:
            self._enter(None, None, None)
        elif room.own is not None:
            self._enter(room.own.url_id, None, None)
        elif len(others) == 1:
            self._enter(others[0].url_id, None, None)
        elif others:
            self._choose(others, lambda url_id: self._enter(url_id, None, None))
        elif not self._state.loaded:
            self._notices.nothing_loaded()
        else:
            from imagechat_tui.words import elsewhere_untold_words

            guest = self._state.shown.is_guest
            words = (
                elsewhere_untold_words() if guest else "Discussed nowhere else, as far as the server knows."
            )
            self._notices.notice("", words)

    def start_anew(self) -> None:
        """Ask, then give the picture a room of its own."""
        from imagechat_tui.words import start_anew_words

        if self._refusals.writing():
            return
        if not self._state.loaded:
            self._notices.nothing_loaded()
        elif self._state.shown.room.image is None:
            self._refuse(Problem(ProblemKind.UNSUPPORTED))
        else:
            room, count = self._state.shown.room, len(self._state.shown.confirmed.conversations)
            self._confirm(
                "Start anew?",
                start_anew_words(count, room.url_id),
                "start anew",
                self._start_anew,
                no="stay",
            )

    def _start_anew(self) -> None:
        from imagechat_tui.protocol.routes import NEW_IMAGE

        self._goes_back = False
        self._dispatch(LinkImage(NEW_IMAGE))

    def undo(self) -> bool:
        """Have the picture be in the room again that it was in before it was started anew; False if it was not.

        What was said in its own room since would be out of sight: then it stays, and that is said.
        """
        from imagechat_tui.words import not_back_words

        left, markers = self._left, len(self._state.newest.confirmed.conversations)
        if left is None:
            return False
        if markers:
            words = not_back_words(markers, self._state.newest.room.page_title, left.url_id)
            self._notices.notice(words.title, f"{words.sentence} {words.action}", failure=True)
        else:
            self._goes_back = True
            self._dispatch(LinkImage(left.id))
        return True

    def hear(self, news: Sequence[Announce]) -> None:
        """Take in what became of it."""
        from imagechat_tui.sync.effects import News
        from imagechat_tui.words import back_in_room_words, own_already_words, started_anew_words

        room = self._state.newest.room
        for item in news:
            if item.news is News.LINKED and self._goes_back and self._left is not None:
                self._enter(None, back_in_room_words(self._left.url_id), None)
            elif item.news is News.LINKED:
                self._enter(None, started_anew_words(), room.own or room.image)
            elif item.news is News.LINKED_ALREADY:
                self._notices.notice("", own_already_words(room.page_title))
            elif item.news is News.NOT_LINKED and item.problem is not None:
                self._refuse(item.problem)

    def _refuse(self, problem: Problem) -> None:
        from imagechat_tui.words import not_linked_words

        words = not_linked_words(problem, undoing=self._goes_back)
        self._notices.notice(words.title, f"{words.sentence} {words.action}".rstrip(), failure=True)
