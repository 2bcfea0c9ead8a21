"""The lines at the edges of the main screen, filled in: header, banner, who is here, status."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from imagechat_tui.safetext import SafeText
from imagechat_tui.sync.intents import Write
from imagechat_tui.sync.state import ChatState, Phase, counts, read_only_problem
from imagechat_tui.tui import symbols
from imagechat_tui.tui.chat.screen_state import ScreenState
from imagechat_tui.tui.picture.image_view import ImageView
from imagechat_tui.tui.widgets.bars import HeaderBar, PresenceBar, StatusBar, StatusFacts
from imagechat_tui.tui.widgets.offline_banner import OfflineBanner
from imagechat_tui.tui.widgets.people import nobody_words, people_here
from imagechat_tui.words import picture_loss_note, placing_words, project_words, version_words

if TYPE_CHECKING:
    from imagechat_tui.raster.image import Picture

PANES: Final = {"picture": "PICTURE", "threads": "THREADS", "comments": "THREAD", "editor": "WRITING"}
"""What the status line calls the pane that has the focus, by the widget's id."""

CANCEL: Final = ("Esc", "cancel")
CHOOSING: Final = (("two letters", "open a marker"), CANCEL)
"""What the status line says while keys are letters on markers."""

UP: Final = frozenset({Phase.LIVE, Phase.CATCHING_UP, Phase.READ_ONLY})
"""Phases in which a measured round trip is still true."""

CHANGED: Final = ", changed on disk"
"""Behind the picture's size, once its file is another."""


class ScreenBars:
    """Tells each line its part of the state that is shown.

    Args:
        state: what is shown.
        header: which picture, how the link is, what there is.
        banner: what does not work now.
        presence: who is here.
        status: where keys go, and where the crosshair is.
        picture: has the crosshair.
    """

    def __init__(
        self,
        state: ScreenState,
        *,
        header: HeaderBar,
        banner: OfflineBanner,
        presence: PresenceBar,
        status: StatusBar,
        picture: ImageView,
    ) -> None:
        self._state = state
        self._header = header
        self._banner = banner
        self._presence = presence
        self._status = status
        self._picture = picture

    @property
    def picture_name(self) -> str:
        """What the header calls the picture."""
        return self._header.facts.name

    def show_state(self, writing: Write | None) -> None:
        """Fill in all but the status line; ``writing`` is counted no longer among the drafts."""
        state = self._state.shown
        connection = state.connection
        if connection.phase is Phase.READ_ONLY:
            connection = replace(connection, problem=read_only_problem(state))
        self._banner.read_only = self._state.is_read_only
        self._banner.connection = connection
        drafts, failed = self._state.unfinished(writing)
        threads = self._state.threads
        project, version = which_image(state)
        self._header.facts = replace(
            self._header.facts,
            project=project,
            version=version,
            phase=state.connection.phase,
            here=len(state.here.online),
            markers=sum(counts(thread.status) for thread in threads) if self._state.loaded else None,
            unread=sum(thread.unread for thread in threads),
            drafts=drafts,
            failed=failed,
        )
        # Without their crosshairs: the bar is not painted anew for a step of somebody's.
        self._presence.nobody = nobody_words(state)
        self._presence.people = [
            replace(person, at=None) for person in people_here(state, self._state.people)
        ]

    def show_status(
        self, focus: str, *, reading: bool, begun: bool, hints: tuple[tuple[str, str], ...]
    ) -> None:
        """Fill in the status line.

        Args:
            focus: id of the widget that has the focus.
            reading: whether a thread is open.
            begun: whether a key was pressed that others have to follow.
            hints: keys that matter now, and what they do.
        """
        connection, picture = self._state.shown.connection, self._picture
        placings = self._state.shown.placings
        self._status.facts = StatusFacts(
            pane=PANES.get(focus, "PICTURE"),
            crosshair=None if self._state.pictureless else picture.target or picture.crosshair,
            zoom=picture.zoom,
            round_trip_s=connection.round_trip_s if connection.phase in UP else None,
            typing=focus == "editor" or begun,
            begun=begun,
            markers=picture.markers_shown,
            hidden=self._state.hidden,
            placing=placing_words(placings.placed, placings.coming) if placings.coming else "",
            leaving="back" if reading else "quit",
            hints=CHOOSING if picture.choosing else (*hints, CANCEL) if begun else hints,
        )

    def show_place(self, place: str) -> None:
        """Say which of how many pictures it is."""
        self._header.facts = replace(self._header.facts, place=place)

    def show_unread_beside(self, unread: int) -> None:
        """Say how many threads are unread on the other pictures."""
        self._header.facts = replace(self._header.facts, unread_beside=unread)

    def show_size(self, picture: Picture) -> None:
        """Name a picture's size in the header."""
        self._header.facts = replace(self._header.facts, size=size_words(picture))

    def show_changed(self) -> None:
        """Say behind its size that its file is another now."""
        facts = self._header.facts
        self._header.facts = replace(facts, size=f"{facts.size.removesuffix(CHANGED)}{CHANGED}")


def which_image(state: ChatState) -> tuple[SafeText, str]:
    """The project and the version of the picture, in few words; each empty if there is none to tell."""
    image = state.room.image
    if image is None:
        return SafeText(""), ""
    return project_words(image.project), version_words(state.room.version, image.latest)


def size_words(picture: Picture) -> str:
    """A picture's size in pixels, and what is not there of it."""
    words = f"{picture.width}{symbols.TIMES}{picture.height}"
    if picture.reduced > 1:
        rows, columns = picture.pixels.shape[:2]
        words += f", reduced to {columns}{symbols.TIMES}{rows}"  # small print may be lost: they should know
    if picture.loss is not None:
        words += f", {picture_loss_note(picture.loss)}"
    return words
