"""A picture in another room: going there and back, and a room of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TypeAlias

import pytest

from imagechat_tui.problems import Problem, ProblemKind
from imagechat_tui.protocol.ids import ImageId, UrlId, UserId
from imagechat_tui.protocol.models import Comment, Conversation, Matched, User
from imagechat_tui.protocol.routes import NEW_IMAGE
from imagechat_tui.raster.image import Picture
from imagechat_tui.raster.render import RenderOptions
from imagechat_tui.sync.effects import Announce, News
from imagechat_tui.sync.intents import LinkImage, Undo
from imagechat_tui.sync.state import ChatState, Peer, Room
from imagechat_tui.tui import visits
from imagechat_tui.tui.app import ImageChatApp, ScreenOptions
from imagechat_tui.tui.chat.room_actions import RoomActions
from imagechat_tui.tui.clock import Clock
from imagechat_tui.tui.visits import ShownPicture, TellChange, TellCounts, TellPeople
from imagechat_tui.words import Words
from tests import examples as eg
from tests.tui.chat_parts import Parts
from tests.tui.conftest import Desk, Sit, grey_picture
from tests.tui.scripted_session import (
    NOW_MS,
    NOW_S,
    ScriptedSession,
    chat_state,
    comment,
    conversation,
    two_threads,
)

OWN = UrlId("img/1/checkout.png")
LOGO = UrlId("img/2/logo.png")
OTHER = UrlId("img/3/mail.png")
IMAGE = eg.opened_image(url_id=OWN)
ELSEWHERE = (
    eg.other_image(url_id=LOGO),
    eg.other_image(url_id=OTHER, project="", name="mail.png", markers=1),
)


Said: TypeAlias = tuple[Conversation, list[Comment]]


class Rooms:
    """One picture, in whatever room it is asked for."""

    def __init__(self, room: Room) -> None:
        self.room = room
        self.asked: list[UrlId | None] = []
        self.sessions: list[ScriptedSession] = []

    def __len__(self) -> int:
        return 1

    def open(self, at: int, room: UrlId | None = None) -> ShownPicture:
        self.asked.append(room)
        key = room or self.room.url_id
        said = (conversation(1, 20.0, 20.0), [comment("c_1", f"Said in {key}")])
        shown = (
            self.room if room is None else eg.room(url_id=room, image=eg.opened_image(url_id=room), own=IMAGE)
        )
        self.sessions.append(ScriptedSession(eg.changed(chat_state(said), room=shown)))

        async def load(progress: Callable[[float], None]) -> Picture:
            return grey_picture()

        return ShownPicture("checkout.png", self.sessions[-1], load)

    def name(self, at: int) -> str:
        return "checkout.png"

    async def attend(self, tell: TellCounts, changed: TellChange, tell_people: TellPeople) -> None:
        pass

    async def recount(self) -> None:
        pass

    def watch_people(self, wanted: bool) -> None:
        pass


@asynccontextmanager
async def seated(rooms: Rooms) -> AsyncIterator[Desk]:
    app = ImageChatApp(
        rooms,
        options=ScreenOptions(render=RenderOptions()),
        clock=Clock(wall_ms=lambda: NOW_MS, engine_s=lambda: NOW_S),
        picture_problem=lambda error: Words("No picture", f"{error}."),
    )
    async with app.run_test(size=(120, 36), notifications=True) as pilot:
        desk = Desk(app, pilot, rooms.sessions[0])
        await desk.until(lambda: app.chat.picture.picture is not None)
        yield desk
        app.workers.cancel_all()
        await pilot.pause()


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(visits, "BEGINS_AFTER_S", 0.01)
    monkeypatch.setattr(visits, "ENDS_AFTER_S", 0.01)


async def test_go_goes_where_it_is_discussed_too_and_back() -> None:
    rooms = Rooms(eg.room(url_id=OWN, image=IMAGE, others=ELSEWHERE[:1]))
    async with seated(rooms) as desk:
        assert "Also discussed in acme/shop (4 markers): go" in desk.toasts
        await desk.press("g")
        assert "go elsewhere" in desk.lines[-1]
        await desk.press("o")
        await desk.until(lambda: f"Said in {LOGO}" in desk.text and f"Said in {OWN}" not in desk.text)
        await desk.until(lambda: "go goes back" in desk.toasts)
        await desk.press("g", "o")
        await desk.until(lambda: f"Said in {OWN}" in desk.text)
        assert rooms.asked in ([None, LOGO, None], [None, LOGO])


async def test_where_it_is_discussed_nowhere_else_going_is_not_offered() -> None:
    async with seated(Rooms(eg.room(url_id=OWN, image=IMAGE))) as desk:
        await desk.press("]", "g")
        assert "elsewhere" not in desk.lines[-1] and "gn anew" in desk.lines[-1]
        await desk.press("o")
        assert "Discussed nowhere else, as far as the server knows." in desk.toasts


def test_a_guest_who_would_go_elsewhere_is_told_why_they_cannot() -> None:
    parts = Parts(eg.changed(two_threads(), peer=Peer.OURS, me=User(id=UserId("anon:a"), is_anonymous=True)))
    RoomActions(
        parts.state,
        parts.session.dispatch,
        notices=parts.notices,
        refusals=parts.refusals,
        confirm=parts._confirm,
        choose=lambda *_: None,
        enter=lambda *_: None,
        elsewhere=False,
    ).go_elsewhere()
    assert "Guests are not told where else" in parts.corner.text


async def test_of_several_one_is_chosen() -> None:
    rooms = Rooms(eg.room(url_id=OWN, image=IMAGE, others=(*ELSEWHERE, eg.other_image(markers=0))))
    async with seated(rooms) as desk:
        await desk.press("g", "o")
        assert "logo.png in acme/shop, 4 markers" in desk.text
        assert "mail.png, 1 marker" in desk.text
        assert "0 markers" not in desk.text
        await desk.press("escape")
        assert rooms.asked == [None]
        await desk.press("g", "o", "j", "enter")
        await desk.until(lambda: f"Said in {OTHER}" in desk.text)


async def test_from_a_room_that_was_named_it_goes_to_the_pictures_own() -> None:
    image = eg.opened_image(url_id=UrlId("gallery-42"), matched=Matched.KEY)
    named = eg.room(url_id=UrlId("gallery-42"), image=image, own=IMAGE)
    rooms = Rooms(named)
    async with seated(rooms) as desk:
        assert f"You named gallery-42. By its path in the project this picture is in {OWN}." in desk.toasts
        await desk.press("i")
        assert f"{OWN}, by its path in the project: go" in " ".join(desk.text.split())
        await desk.press("escape", "g", "o")
        await desk.until(lambda: f"Said in {OWN}" in desk.text)
        assert rooms.asked[-1] == OWN


async def test_where_there_is_nothing_to_go_to_it_says_so(sit: Sit) -> None:
    async with sit(eg.changed(two_threads(), room=eg.room(image=IMAGE))) as desk:
        await desk.press("g", "o")
        assert "Discussed nowhere else" in desk.toasts


async def test_starting_anew_asks_first_and_tells_how_to_undo_it() -> None:
    rooms = Rooms(eg.room(url_id=OWN, image=IMAGE, page_title="check out.png"))
    async with seated(rooms) as desk:
        await desk.press("g", "n")
        assert "Start anew?" in desk.text
        assert "This picture gets a room of its own" in desk.text
        assert str(OWN) in desk.text
        await desk.press("escape")
        assert not desk.session.asked(LinkImage)
        await desk.press("g", "n", "y")
        assert desk.session.asked(LinkImage) == [LinkImage(NEW_IMAGE)]
        rooms.room = eg.room(url_id=OTHER, image=eg.opened_image(id=ImageId("im_3"), url_id=OTHER))
        desk.session.publish(desk.session.state, Announce(News.LINKED))
        await desk.until(lambda: f"Said in {OTHER}" in desk.text)
        assert rooms.asked == [None, None], "not the visit that has not ended yet"
        assert "This room is this picture's own. u undoes it." in desk.toasts


@asynccontextmanager
async def started_anew(rooms: Rooms, *said: Said) -> AsyncIterator[tuple[Desk, ScriptedSession]]:
    """In the picture's new room, where so much was said by now; the session in it."""
    async with seated(rooms) as desk:
        await desk.press("g", "n", "y")
        rooms.room = eg.room(url_id=OTHER, image=eg.opened_image(id=ImageId("im_3"), url_id=OTHER))
        desk.session.publish(desk.session.state, Announce(News.LINKED))
        await desk.until(lambda: f"Said in {OTHER}" in desk.text)
        session = rooms.sessions[-1]
        session.publish(eg.changed(chat_state(*said), room=eg.room(url_id=OTHER, page_title="check out.png")))
        await desk.until(lambda: f"Said in {OTHER}" not in desk.text)
        await desk.press("u")
        assert session.asked(Undo) == [Undo()]
        session.publish(session.state, Announce(News.NOTHING_TO_UNDO))
        yield desk, session


async def test_when_nothing_else_is_to_be_undone_u_takes_back_that_it_was_started_anew() -> None:
    rooms = Rooms(eg.room(url_id=OWN, image=IMAGE))
    async with started_anew(rooms) as (desk, session):
        await desk.until(lambda: session.asked(LinkImage) == [LinkImage(IMAGE.id)])
        rooms.room = eg.room(url_id=OWN, image=IMAGE)
        session.publish(session.state, Announce(News.LINKED))
        await desk.until(lambda: f"Said in {OWN}" in desk.text)
        assert f"This picture is in {OWN} again." in desk.toasts
        rooms.sessions[-1].publish(rooms.sessions[-1].state, Announce(News.NOTHING_TO_UNDO))
        await desk.until(lambda: "Nothing to undo here." in desk.toasts)
        assert not rooms.sessions[-1].asked(LinkImage), "once is enough"


async def test_what_keeps_it_from_going_back_is_said_as_not_undone() -> None:
    async with started_anew(Rooms(eg.room(url_id=OWN, image=IMAGE))) as (desk, session):
        await desk.until(lambda: bool(session.asked(LinkImage)))
        session.publish(session.state, Announce(News.NOT_LINKED, problem=Problem(ProblemKind.OFFLINE)))
        await desk.until(lambda: "Not undone" in desk.toasts)


async def test_with_something_said_in_its_own_room_the_picture_stays_there() -> None:
    said = (conversation(1, 20.0, 20.0), [comment("c_1", "Here now")])
    async with started_anew(Rooms(eg.room(url_id=OWN, image=IMAGE)), said) as (desk, session):
        await desk.until(lambda: "Still in a room of its own" in desk.toasts)
        assert f"imagechat link 'check out.png' {OWN}" in desk.toasts
        assert not session.asked(LinkImage)


async def test_what_keeps_it_from_starting_anew_is_said(sit: Sit) -> None:
    state = eg.changed(two_threads(), room=eg.room(image=IMAGE))
    async with sit(state) as desk:
        await desk.press("g", "n", "y")
        await desk.publish(state, Announce(News.LINKED_ALREADY))
        assert "Nothing to unlink: " in desk.toasts
        await desk.publish(state, Announce(News.NOT_LINKED, problem=Problem(ProblemKind.OFFLINE)))
        assert "Not started anew" in desk.toasts


@pytest.mark.parametrize(
    "state",
    [
        eg.changed(two_threads(peer=Peer.HOSTED), room=eg.room()),
        eg.changed(two_threads(read_only=True), room=eg.room(image=IMAGE)),
    ],
    ids=["a server that knows no images", "who may only read"],
)
async def test_where_it_cannot_start_anew_nobody_is_asked(sit: Sit, state: ChatState) -> None:
    async with sit(state) as desk:
        await desk.press("g", "n")
        assert desk.app.screen is desk.chat
        assert desk.toasts
