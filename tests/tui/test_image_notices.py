"""What a person is told about which picture it is: whom they have joined by its bytes, where else it is discussed."""

from __future__ import annotations

import pytest

from imagechat_tui.protocol.ids import UrlId, UserId
from imagechat_tui.protocol.models import Matched
from imagechat_tui.sync.state import ChatState, Connection
from tests import examples as eg
from tests.tui.conftest import Sit
from tests.tui.scripted_session import chat_state, comment, conversation

JOINED = eg.room(image=eg.opened_image(matched=Matched.PIXELS, name="mock.png"))


def discussed_by(*people: str) -> ChatState:
    comments = [comment(f"c_{who}", "Look", by=UserId(f"demo:{who}")) for who in people]
    return eg.changed(chat_state((conversation(1), comments)), room=JOINED)


@pytest.mark.parametrize(
    ("people", "told"),
    [
        (["anna"], "Anna discusses this picture here. Not yours? i"),
        (["anna", "ben", "anna", "alice"], "Anna and Ben discuss this picture here. Not yours? i"),
        (["cleo", "ben", "anna"], "Cleo and 2 others discuss this picture here. Not yours? i"),
        ([], "Its pixels are those of mock.png in acme/web. Not yours? i"),
        (["alice"], "Its pixels are those of mock.png in acme/web. Not yours? i"),
    ],
)
async def test_who_joins_by_the_bytes_is_told_with_whom(sit: Sit, people: list[str], told: str) -> None:
    state = discussed_by(*people)
    async with sit(state) as desk:
        assert told in desk.toasts
        assert desk.toasts.count("Known picture") == 1
        desk.app.clear_notifications()
        await desk.publish(eg.changed(state, sockets=5))
        assert not desk.toasts, "said once"


async def test_who_is_writing_is_told_how_to_get_to_the_key(sit: Sit) -> None:
    async with sit(eg.changed(discussed_by("anna"), room=eg.room())) as desk:
        await desk.press("c", "x")
        await desk.publish(discussed_by("anna"))
        assert "Anna discusses this picture here. Not yours? i (Esc first)" in desk.toasts


async def test_nothing_is_told_before_it_is_known_who_is_there(sit: Sit) -> None:
    state = discussed_by("anna")
    async with sit(eg.changed(state, connection=Connection())) as desk:
        assert not desk.toasts
        await desk.publish(state)
        assert "Anna discusses" in desk.toasts


@pytest.mark.parametrize("matched", [matched for matched in Matched if matched is not Matched.PIXELS])
async def test_who_comes_by_a_place_is_told_nothing(sit: Sit, matched: Matched) -> None:
    room = eg.room(image=eg.opened_image(matched=matched))
    async with sit(eg.changed(discussed_by("anna"), room=room)) as desk:
        assert not desk.toasts


async def test_who_looks_at_what_somebody_links_elsewhere_is_told_and_shown_the_way(sit: Sit) -> None:
    image = eg.opened_image()
    state = eg.changed(discussed_by("anna"), room=eg.room(image=image))
    async with sit(state) as desk:
        own = eg.opened_image(url_id=UrlId("img/9/other.png"))
        moved = eg.changed(state, room=eg.room(image=image, own=own))
        await desk.publish(moved)
        assert "Linked elsewhere" in desk.toasts
        assert "to img/9/other.png; you are in the room that it was in. go goes there." in desk.toasts
        desk.app.clear_notifications()
        await desk.publish(eg.changed(moved, sockets=5))
        assert not desk.toasts, "said once"


LOGO = eg.other_image()
BARE = eg.other_image(project="", markers=1)
OTHERS = {
    "Also discussed in acme/shop (4 markers): go": (LOGO,),
    "Also discussed as logo.png (1 marker): go": (BARE,),
    "Also discussed in acme/shop (4 markers) and in another room: go": (BARE, LOGO),
    "Also discussed in acme/shop (4 markers) and in 2 other rooms: go": (BARE, LOGO, BARE),
    "": (eg.other_image(markers=0),),
}


@pytest.mark.parametrize(("told", "others"), OTHERS.items())
async def test_where_else_it_is_discussed_is_told(sit: Sit, told: str, others: tuple[object, ...]) -> None:
    image = eg.opened_image()
    async with sit(eg.changed(chat_state(), room=eg.room(image=image))) as desk:
        assert not desk.toasts
        state = eg.changed(chat_state(), room=eg.room(image=image, others=others))
        for _ in range(2):
            await desk.publish(state)
        assert [line.strip() for line in desk.toasts.splitlines()] == [told] * bool(told)
