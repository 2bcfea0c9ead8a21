"""Two sessions and a real server: where a marker is on the version shown is the same for both, a moment later."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path

import pytest

from imagechat_tui.net.driver import LiveSession
from imagechat_tui.net.endpoint import Credentials, Endpoint, Secret
from imagechat_tui.protocol.ids import ImageId, TenantId, UrlId
from imagechat_tui.protocol.models import Matched, OpenedImage, PlacementState, Point
from imagechat_tui.sync.intents import (
    DeleteConversation,
    Intent,
    MoveConversation,
    SetPlacement,
    StartConversation,
    UnsetPlacement,
)
from imagechat_tui.sync.state import ChatState, Phase, Room, Thread
from imagechat_tui.sync.views import threads
from tests.server.house import IMAGE, SRC, House, running_house
from tests.server.test_placements import body, looks, moved, places

pytestmark = pytest.mark.e2e

WHERE = Point(25.5, 30.25)


class Screen:
    """One session, and whoever waits for what it shows."""

    def __init__(self, session: LiveSession) -> None:
        self._session = session
        self._changed = asyncio.Event()

    @property
    def state(self) -> ChatState:
        return self._session.state

    def told(self, state: ChatState, news: object) -> None:
        self._changed.set()

    def wish(self, intent: Intent) -> None:
        self._session.dispatch(intent)

    async def shows(self, what: Callable[[ChatState], bool]) -> None:
        async with asyncio.timeout(60):
            while not what(self.state):
                self._changed.clear()
                await self._changed.wait()

    async def places(self, placement: PlacementState | None, point: Point) -> Thread:
        """Wait until its one marker is there, and known to be so."""

        def there(state: ChatState) -> bool:
            found = threads(state)
            if len(found) != 1:
                return False
            held = found[0].placement
            return (held.state if held else None, found[0].point) == (placement, point)

        await self.shows(there)
        return threads(self.state)[0]


@asynccontextmanager
async def screen(house: House, name: str, version: int) -> AsyncIterator[Screen]:
    """Somebody's session, whose picture looks like this version."""
    port, token = house.client.port, house.person(name).token
    image = OpenedImage(ImageId("im_1"), UrlId(IMAGE), SRC, "a.png", "", Matched.KEY, version, latest=2)
    room = Room(TenantId("demo"), UrlId(IMAGE), SRC, image=image)
    host, credentials = f"127.0.0.1:{port}", Credentials(sso=Secret(token))
    endpoint = Endpoint(f"http://{host}", f"ws://{host}", room.tenant_id, credentials=credentials)
    session = LiveSession(room, endpoint, drafts=None)
    shown = Screen(session)
    running = asyncio.get_running_loop().create_task(session.run(shown.told))
    try:
        await shown.shows(lambda state: state.connection.phase is Phase.LIVE and state.placings.told)
        yield shown
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


async def test_sessions_are_in_step_about_where_a_marker_is_on_their_version(tmp_path: Path) -> None:
    async with running_house(tmp_path) as house, AsyncExitStack() as screens:
        for number in (1, 2):
            await looks(house.person("owner"), number)
        old = await screens.enter_async_context(screen(house, "anna", 1))
        new = [await screens.enter_async_context(screen(house, name, 2)) for name in ("anna", "ben")]
        old.wish(StartConversation(WHERE, "look here"))
        made = [await one.places(None, WHERE) for one in (old, *new)]
        await old.shows(lambda state: not state.mine.outbox and not state.mine.acknowledged)
        home = made[-1].conversation
        assert home.version == 1

        await places(house.person("anna"), body(moved(home.id) | {"state": "guess", "y": 30.25}))
        for one in new:
            await one.places(PlacementState.GUESS, WHERE)
        new[1].wish(SetPlacement(home.id, Point(40.0, 50.0)))
        for one in new:
            await one.places(PlacementState.SET, Point(40.0, 50.0))
        await new[0].shows(lambda state: state.placings.placements[home.id].by == "demo:ben")
        new[0].wish(UnsetPlacement(home.id))
        for one in new:
            await one.places(PlacementState.GUESS, WHERE)

        old.wish(MoveConversation(home.id, Point(60.0, 70.0)))
        for one in (old, *new):
            await one.places(None, Point(60.0, 70.0))
        late = await screens.enter_async_context(screen(house, "cleo", 2))
        await late.places(None, Point(60.0, 70.0))
        old.wish(DeleteConversation(home.id))
        await late.shows(lambda state: not threads(state))


async def test_two_who_mark_the_same_spot_begin_two_threads(tmp_path: Path) -> None:
    async with running_house(tmp_path) as house, AsyncExitStack() as screens:
        for number in (1, 2):
            await looks(house.person("owner"), number)
        people = [
            await screens.enter_async_context(screen(house, name, version))
            for name, version in (("anna", 1), ("ben", 2))
        ]
        for one in people:
            one.wish(StartConversation(WHERE, "mine"))
        for one in people:
            await one.shows(lambda state: len(state.confirmed.conversations) == 2)
            chats = one.state.confirmed.conversations.values()
            assert {(chat.point, chat.comment_count) for chat in chats} == {(WHERE, 1)}
            assert {chat.version for chat in chats} == {1, 2}
