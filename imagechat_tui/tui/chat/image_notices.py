"""What a person should know about which picture it is, said once when that becomes known."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Final

from imagechat_tui.protocol.models import Matched
from imagechat_tui.tui.chat.notices import Notices
from imagechat_tui.tui.chat.screen_state import ScreenState
from imagechat_tui.tui.person_colors import author_key

if TYPE_CHECKING:
    from imagechat_tui.protocol.ids import UrlId
    from imagechat_tui.safetext import SafeText


GO_BACK: Final = "The same picture in another room. go goes back."


class ImageNotices:
    """Tells whom one has joined by a picture's bytes, and where else the picture is discussed.

    Args:
        state: what is shown.
        notices: says it.
        elsewhere: whether it is shown in another room than the one that it was opened in.
        writing: whether letters go into a text, so that the keys that are told need an Esc before them.
    """

    def __init__(
        self, state: ScreenState, notices: Notices, *, elsewhere: bool, writing: Callable[[], bool]
    ) -> None:
        self._state = state
        self._notices = notices
        self._writing = writing
        self._elsewhere = elsewhere
        self._told: set[tuple[UrlId, bool]] = set()
        """Rooms of which it was told by what the picture was recognised (True), or where else it is discussed."""

    def follow(self) -> None:
        """Take in that another state is shown."""
        room = self._state.shown.room
        if self._elsewhere:
            if self._state.loaded and self._begin(room.url_id, joined=True):
                self._tell("", GO_BACK)
            return
        if room.own is not None and room.image is not None and room.image.matched is not Matched.KEY:
            if self._begin(room.own.url_id, joined=True):
                from imagechat_tui.words import linked_elsewhere_words

                words = linked_elsewhere_words(room.own)
                self._tell(words.title, f"{words.sentence} {words.action}")
        elif room.own is not None and self._begin(room.url_id, joined=True):
            from imagechat_tui.words import named_room_words

            words = named_room_words(room.url_id, room.own)
            self._tell(words.title, f"{words.sentence} {words.action}")
        if room.image is None or not self._state.loaded:
            return
        if room.image.matched is Matched.PIXELS and self._begin(room.url_id, joined=True):
            from imagechat_tui.words import joined_words

            words = joined_words([*self._others()], room.image.name, room.image.project)
            self._tell(words.title, f"{words.sentence} {words.action}")
        elif any(other.markers for other in room.others) and self._begin(room.url_id, joined=False):
            from imagechat_tui.words import also_discussed_words

            self._tell("", also_discussed_words(room.others))

    def _tell(self, title: str, words: str) -> None:
        self._notices.notice(title, f"{words} (Esc first)" if self._writing() else words, lasting=True)

    def _begin(self, url_id: UrlId, *, joined: bool) -> bool:
        """Whether it was not told yet; now it is."""
        news = (url_id, joined) not in self._told
        self._told.add((url_id, joined))
        return news

    def _others(self) -> Iterable[SafeText]:
        """Names of the others who have written here, who wrote first before the others."""
        people = {
            author_key(comment.comment): self._state.people.author_of(comment.comment)
            for thread in self._state.threads
            for comment in thread.comments
            if not comment.mine and not comment.comment.is_deleted
        }
        return people.values()
