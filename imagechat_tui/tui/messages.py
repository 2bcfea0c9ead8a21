"""The messages that cross widgets; those of one widget are nested in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.message import Message

from imagechat_tui.sync.state import ChatState

if TYPE_CHECKING:
    from collections.abc import Mapping

    from imagechat_tui.protocol.ids import UrlId
    from imagechat_tui.protocol.models import OpenedImage, RoomSummary
    from imagechat_tui.protocol.routes import UsersOnline
    from imagechat_tui.raster.comparison import Comparison
    from imagechat_tui.raster.image import Picture
    from imagechat_tui.sync.effects import Announce
    from imagechat_tui.tui.commands import ActiveCommand
    from imagechat_tui.tui.counts import AlbumChange
    from imagechat_tui.words import Words


class OfVisit(Message):
    """Something about one picture: of no interest once another one is shown."""

    visit: object = None
    """The visit of that picture."""


class StateChanged(OfVisit):
    """The session has a new state. A newer one replaces one still waiting, so a burst costs one redraw."""

    def __init__(self, state: ChatState) -> None:
        super().__init__()
        self.state = state

    def can_replace(self, message: Message) -> bool:
        """A newer state says all that an older one did."""
        return isinstance(message, StateChanged)


class NewsArrived(OfVisit):
    """One-off news, in order; never replaced."""

    def __init__(self, news: tuple[Announce, ...]) -> None:
        super().__init__()
        self.news = news


class PictureLoading(OfVisit):
    """How far the picture has come: a fraction, 0–1."""

    def __init__(self, fraction: float) -> None:
        super().__init__()
        self.fraction = fraction

    def can_replace(self, message: Message) -> bool:
        """Only the newest counts."""
        return isinstance(message, PictureLoading)


class PictureLoaded(OfVisit):
    """The picture was read, and can be shown."""

    def __init__(self, picture: Picture) -> None:
        super().__init__()
        self.picture = picture


class PictureFailed(OfVisit):
    """The picture cannot be shown."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error


class PictureChanged(OfVisit):
    """Its file is another than the one that was read."""


class PictureAsked(Message):
    """The person wants to see the picture as it is now."""


class PictureWanted(Message):
    """The person wants to see another picture: so many places on."""

    def __init__(self, step: int) -> None:
        super().__init__()
        self.step = step


class BeforeTold(OfVisit):
    """What is told of the picture that this one is compared with: a message as of the picture itself."""

    def __init__(self, told: PictureLoading | PictureLoaded | PictureFailed | PictureChanged) -> None:
        super().__init__()
        self.told = told

    def can_replace(self, message: Message) -> bool:
        """As the message itself."""
        return isinstance(message, BeforeTold) and self.told.can_replace(message.told)


class ComparisonAsked(Message):
    """The person wants to compare the picture, and nothing was named that it is compared with."""


class ComparisonProgress(OfVisit):
    """How far a comparison has come: a fraction, 0–1."""

    def __init__(self, fraction: float) -> None:
        super().__init__()
        self.fraction = fraction

    def can_replace(self, message: Message) -> bool:
        """Only the newest counts."""
        return isinstance(message, ComparisonProgress)


class ComparisonMade(OfVisit):
    """It is known what differs."""

    def __init__(self, comparison: Comparison) -> None:
        super().__init__()
        self.comparison = comparison


class ComparisonFailed(OfVisit):
    """It cannot be known what differs."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error


class PicturesAsked(Message):
    """The person wants to see which pictures there are."""


class PeopleAsked(Message):
    """The person wants to see who is here."""


class PeopleTold(Message):
    """It is known who looks at the pictures, by their places; or, with None, that it cannot be known."""

    def __init__(self, told: Mapping[int, UsersOnline] | None) -> None:
        super().__init__()
        self.told = told


class UnreadWanted(Message):
    """The person wants to go on to something unread, and there is nothing on this picture."""


class Recounted(OfVisit):
    """It was asked how it stands with the other pictures, since nothing was unread as far as was known."""


class AlbumChanged(Message):
    """Pictures came or went."""

    def __init__(self, change: AlbumChange) -> None:
        super().__init__()
        self.change = change


class CountsTold(Message):
    """How it stands with pictures, by their places."""

    def __init__(self, told: Mapping[int, RoomSummary]) -> None:
        super().__init__()
        self.told = told


class RoomWanted(Message):
    """The person wants to see this picture in another room.

    Args:
        url_id: its key; None: the one that the picture is found to be in.
        linked: that is another one now; what is said of it.
        left: the image that the picture was before, if a key is to make it that again.
    """

    def __init__(
        self, url_id: UrlId | None, linked: Words | None = None, left: OpenedImage | None = None
    ) -> None:
        super().__init__()
        self.url_id = url_id
        self.linked = linked
        self.left = left


class WritingRefused(Message):
    """Nothing may be written where the person wanted to; they have been told why."""


class EditorSent(Message):
    """Enter in the text that is being written."""


class EditorLeft(Message):
    """Esc in the text that is being written."""


class EditorStepped(Message):
    """Another one of the names that are offered shall be the chosen one."""

    def __init__(self, step: int) -> None:
        super().__init__()
        self.step = step


class CommandChosen(Message):
    """A command shall be run, as its key would."""

    def __init__(self, command: ActiveCommand) -> None:
        super().__init__()
        self.command = command
