"""The pictures that one goes through, and the session of each that is visited.

One screen shows them all: widgets stay, and what is about one picture is handed over anew. A session is of one
picture, so each visit has its own. It begins once the person stays: whoever leafs through a folder joins no room on
the way. When they go on it is left, and ends as soon as nothing is on its way any more, or is taken up again if they
come back before. All sessions are tasks of one group, which ends with ``Visits.run``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Final, Protocol, TypeAlias

from msgspec import Struct, field

from imagechat_tui.sync.state import ChatState
from imagechat_tui.tui.comparison_loading import Against, FindEarlier
from imagechat_tui.tui.counts import AlbumChange
from imagechat_tui.tui.picture.fit import Fit
from imagechat_tui.tui.picture_loading import LoadPicture, StampOf

if TYPE_CHECKING:
    from collections.abc import Mapping

    from imagechat_tui.protocol.ids import BroadcastId, UrlId
    from imagechat_tui.protocol.models import OpenedImage, RoomSummary
    from imagechat_tui.protocol.routes import UsersOnline
    from imagechat_tui.sync.effects import Told
    from imagechat_tui.sync.intents import Intent
    from imagechat_tui.sync.session import Session

BEGINS_AFTER_S: Final = 0.2
"""Who looks at a picture for so long stays; keys that are held come sooner."""
ENDS_AFTER_S: Final = 0.5
"""Who comes back sooner finds all as it was; what was read is told by then."""
LONGEST_S: Final = 15.0
"""A write that has no answer for so long is among the drafts, and is looked after when the picture is opened again."""


TellCounts: TypeAlias = "Callable[[Mapping[int, RoomSummary]], None]"
"""Takes how it stands with pictures, by their places."""


TellChange: TypeAlias = Callable[[AlbumChange], None]


TellPeople: TypeAlias = "Callable[[Mapping[int, UsersOnline] | None], None]"
"""Takes who looks at pictures where somebody does, by their places; None: that cannot be known."""


class ShownPicture(Struct, frozen=True):
    """A picture as the screen is handed it."""

    name: str
    session: Session
    load: LoadPicture
    stamp: StampOf | None = None
    against: Against | None = None
    """What it is compared with from the start."""
    find_earlier: FindEarlier | None = None
    """Looks for what it can be compared with else."""
    fit: Fit = field(default_factory=Fit)
    """How far it is seen first."""


class Album(Protocol):
    """The pictures that can be shown, in their order: one at least."""

    def __len__(self) -> int:
        """How many there are."""

    def open(self, at: int, room: UrlId | None = None, /) -> ShownPicture:
        """The one in a place, counted from 0, with a session that has not begun.

        Args:
            at: which one.
            room: the key of the room to show it in; None: the one that it is found to be in.
        """

    def name(self, at: int, /) -> str:
        """What the one in a place is called."""

    async def attend(self, tell: TellCounts, changed: TellChange, tell_people: TellPeople, /) -> None:
        """Do until cancelled what is good for all of them while one is shown. Not before the first one is.

        Args:
            tell: called with how it stands with pictures, by their places.
            changed: called when pictures came or went.
            tell_people: called, while that is wanted, with who looks at pictures, by their places.
        """

    async def recount(self) -> None:
        """Ask now how it stands with all of them; returns when that was told, or cannot be known."""

    def watch_people(self, wanted: bool, /) -> None:
        """It is wanted who looks at all of them, or no more."""


class OnePicture:
    """An album of a single picture."""

    def __init__(self, picture: ShownPicture) -> None:
        self._picture = picture

    def __len__(self) -> int:
        """One."""
        return 1

    def open(self, at: int, room: UrlId | None = None) -> ShownPicture:
        """The one, in whatever room its session is in."""
        return self._picture

    def name(self, at: int) -> str:
        """Its name."""
        return self._picture.name

    async def attend(self, tell: TellCounts, changed: TellChange, tell_people: TellPeople) -> None:
        """There is nothing to do."""

    async def recount(self) -> None:
        """Its own room tells."""

    def watch_people(self, wanted: bool) -> None:
        """Its own room tells."""


class Visit:
    """A picture that is or was on the screen, and its session (``sync.session.Session``).

    Args:
        at: its place among all pictures.
        picture: what is shown.
        room: the key of the room that it was asked to be shown in; None: that of the picture.
        stays: whether it is known that the person stays.
    """

    def __init__(self, at: int, picture: ShownPicture, room: UrlId | None = None, *, stays: bool) -> None:
        self.at = at
        self.picture = picture
        self.room = room
        self.left: OpenedImage | None = None
        """The image that the picture was before it was started anew, for as long as one stays with it."""
        self._session = picture.session
        self._wanted = asyncio.Event()
        """The session is needed, or the visit is over."""
        self._left, self._returned = asyncio.Event(), asyncio.Event()
        self._used = stays
        self.is_over = False
        """The session ends, or has ended."""
        if stays:
            self._wanted.set()

    @property
    def state(self) -> ChatState:
        """The newest state."""
        return self._session.state

    @property
    def unsent(self) -> int | None:
        """How many drafts and writes of it are not known to be saved; None if its session has not begun."""
        mine = self.state.mine
        return len(mine.drafts) + len(mine.outbox) if self._used else None

    def dispatch(self, intent: Intent) -> BroadcastId:
        """Hand over what the person wants: whoever wants something stays."""
        self._used = True
        self._wanted.set()
        return self._session.dispatch(intent)

    async def departed(self) -> None:
        """As the session's."""
        await self._session.departed()

    def leave(self) -> None:
        """Another picture is shown."""
        self._returned.clear()
        self._left.set()
        self._wanted.set()

    def come_back(self) -> None:
        """It is shown again."""
        self._left.clear()
        self._returned.set()

    async def run(self, on_change: Callable[[ChatState, News], None]) -> None:
        """Run the session until the visit is over."""
        with suppress(TimeoutError):
            async with asyncio.timeout(BEGINS_AFTER_S):
                await self._wanted.wait()
        if self._left.is_set() and not self._used:
            self.is_over = True
            return
        self._used = True
        async with asyncio.TaskGroup() as tasks:
            session = tasks.create_task(self._session.run(on_change))
            while not self.is_over:
                self.is_over = await self._ends()
            session.cancel()

    async def _ends(self) -> bool:
        """Wait until it is left; whether nobody came back before what was begun had come to its end."""
        await self._left.wait()
        clock = asyncio.get_running_loop().time
        longest = clock() + LONGEST_S
        while clock() < longest:
            with suppress(TimeoutError):
                async with asyncio.timeout(ENDS_AFTER_S):
                    await self._returned.wait()
                    return False
            if not self.state.mine.outbox:
                break
        return True


if TYPE_CHECKING:
    News: TypeAlias = tuple[Told, ...]
    OnChange: TypeAlias = Callable[[Visit, ChatState, News], None]


class Visits:
    """Goes from picture to picture.

    Args:
        album: the pictures; the first one is visited at once.
        on_change: called on the event loop with the visit whose session has another state, and with its news.
        on_end: called with a visit that is over, once its session has ended; not when all end.
    """

    def __init__(self, album: Album, on_change: OnChange, on_end: Callable[[Visit], None]) -> None:
        self._album = album
        self._on_change = on_change
        self._on_end = on_end
        self._tasks: asyncio.TaskGroup | None = None
        self._running: dict[tuple[int, UrlId | None], tuple[Visit, asyncio.Task[None]]] = {}
        """Visits that have not ended, by the place of their pictures and the room that was asked for."""
        self._left_unsent: dict[tuple[int, UrlId | None], int] = {}
        """How many drafts and writes those that ended have put away."""
        self.current = Visit(0, album.open(0), stays=True)
        """The visit of the picture that is shown."""
        self._opened = {0}
        self._gone: set[int] = set()

    @property
    def places(self) -> tuple[int, ...]:
        """Those of the pictures that one goes through. A file that went before anybody opened it is none of them."""
        dropped = self._gone - self._opened
        return tuple(at for at in range(len(self._album)) if at not in dropped)

    @property
    def number(self) -> int:
        """Which of them is shown, counted from 1."""
        return self.places.index(self.current.at) + 1

    def change(self, change: AlbumChange) -> None:
        """Files came and went. A picture that was opened stays, as it was."""
        self._gone = (self._gone | {*change.gone}) - {*change.back}

    def is_gone(self, at: int) -> bool:
        """Whether the file of a picture is."""
        return at in self._gone

    def go(self, at: int, room: UrlId | None = None, *, anew: bool = False) -> Visit:
        """Leave the picture that is shown for another one, or for another room.

        Args:
            at: the place of the picture.
            room: the key of the room to show it in; None: its own.
            anew: whether a visit that has not ended is none to come back to: its room is not the picture's any more.
        """
        self.current.leave()
        self._opened.add(at)
        visit, _ = self._running.get((at, room), (None, None))
        if visit is not None and not visit.is_over and not anew:
            visit.come_back()
        else:
            visit = Visit(at, self._album.open(at, room), room, stays=False)
        self.current = visit
        self._begin(visit)
        return visit

    def name(self, at: int) -> str:
        """What the picture in a place is called."""
        return self._album.name(at)

    def unsent(self, at: int) -> int:
        """How many drafts and writes of this run are not known to be saved on the picture in a place."""
        return sum(count for (place, _), count in self._all_unsent.items() if place == at)

    @property
    def unsent_beside(self) -> tuple[tuple[str, int], ...]:
        """Those on pictures, or in rooms, that are not shown: what each picture is called, and how many."""
        shown = self.current.at, self.current.room
        return tuple(
            (self.name(place[0]), count)
            for place, count in sorted(self._all_unsent.items(), key=lambda item: item[0][0])
            if count and place != shown
        )

    @property
    def _all_unsent(self) -> dict[tuple[int, UrlId | None], int]:
        visits = [visit for visit, _ in self._running.values()]
        running = {(visit.at, visit.room): visit.unsent for visit in (*visits, self.current)}
        return self._left_unsent | {place: count for place, count in running.items() if count is not None}

    async def attend(self, tell: TellCounts, changed: TellChange, tell_people: TellPeople) -> None:
        """As the album's."""
        await self._album.attend(tell, changed, tell_people)

    async def recount(self) -> None:
        """Ask now how it stands with all pictures; returns when that was told, or cannot be known."""
        await self._album.recount()

    def watch_people(self, wanted: bool) -> None:
        """As the album's."""
        self._album.watch_people(wanted)

    async def run(self) -> None:
        """Run the sessions until cancelled; once."""
        try:
            async with asyncio.TaskGroup() as self._tasks:
                self._begin(self.current)
                await asyncio.Event().wait()
        finally:
            self._tasks = None

    def _begin(self, visit: Visit) -> None:
        place = visit.at, visit.room
        before, task = self._running.get(place, (None, None))
        if self._tasks is None or before is visit:
            return
        self._running[place] = visit, self._tasks.create_task(self._visited(visit, task))

    async def _visited(self, visit: Visit, before: asyncio.Task[None] | None) -> None:
        """Run a visit, after an earlier one of the same picture has put its drafts away."""
        if before is not None:
            await asyncio.wait([before])
        await visit.run(partial(self._on_change, visit))
        if visit.unsent is not None:
            self._left_unsent[visit.at, visit.room] = visit.unsent
        if self._running[visit.at, visit.room][0] is visit:
            del self._running[visit.at, visit.room]
        self._on_end(visit)
