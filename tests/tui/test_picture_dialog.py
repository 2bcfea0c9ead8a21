"""Which picture it is, as the person asks for it: in the header, and with i."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from imagechat_tui.protocol.ids import UrlId, UserId
from imagechat_tui.protocol.models import Matched, Place, PlaceKind, Point, User
from imagechat_tui.sync.intents import LookUpImage, StartConversation
from imagechat_tui.sync.state import Draft, Peer, Phase, Room
from imagechat_tui.tui.dialogs.facts import FactsScreen
from imagechat_tui.tui.dialogs.picture import facts
from imagechat_tui.tui.widgets.people import nobody_words
from tests import examples as eg
from tests.tui.conftest import Sit
from tests.tui.scripted_session import chat_state, two_threads

ROOM = eg.room(
    url_id=UrlId("img/7k2m9qdt/checkout.png"), page_title="checkout.png", image=eg.opened_image(version=2)
)
TOLD = eg.room(
    url_id=ROOM.url_id,
    page_title="checkout.png",
    image=ROOM.image,
    others=(eg.other_image(),),
    places=(
        Place(PlaceKind.PATH, "shots/checkout.png", "github.com/acme/web"),
        Place(PlaceKind.FILE, "ab" * 32),
    ),
    versions=(eg.version(), eg.version(number=2, width=2880, height=2000, scale=2, by=eg.BOB)),
)


async def test_where_no_marker_is_meant_the_picture_is(sit: Sit) -> None:
    state = eg.changed(two_threads(), room=ROOM)
    async with sit(state) as desk:
        assert "shot.png · acme/web · v2 of 3" in desk.lines[0]
        await desk.press("i")
        assert desk.session.asked(LookUpImage)
        for told in (
            "This picture", "img/7k2m9qdt/checkout.png", "github.com/acme/web", "its path in the project",
            "60×40", "not known yet",
        ):  # fmt: skip
            assert told in desk.text
        await desk.publish(eg.changed(state, room=TOLD))
        for told in (
            "v2, this one, 2880×2000 @2x", "v1, 1440×1000", "Bob", "Alice",
            "shots/checkout.png in github.com/acme/web", "a file outside of all projects",
            "logo.png in acme/shop, 4 markers",
        ):  # fmt: skip
            assert told in desk.text
        assert desk.text.index("v2, this") < desk.text.index("v1, ")
        await desk.press("i")
        assert desk.app.screen is desk.chat


@pytest.mark.parametrize(
    ("room", "read_only", "offered"),
    [(ROOM, False, True), (ROOM, True, False), (eg.room(), False, False)],
    ids=["known", "may only look", "not known"],
)
async def test_where_the_picture_can_have_a_room_of_its_own_its_key_is_named_and_acts(
    sit: Sit, room: Room, read_only: bool, offered: bool
) -> None:
    async with sit(eg.changed(two_threads(), room=room, read_only=read_only)) as desk:
        await desk.press("i")
        assert any("Esc close" in line and ("gn a room of its own" in line) is offered for line in desk.lines)
        await desk.press("g", "n")
        assert ("Start anew?" in desk.text) is offered
        assert isinstance(desk.app.screen, FactsScreen) is not offered


def test_places_that_are_told_alike_are_one_line() -> None:
    files = tuple(Place(PlaceKind.FILE, sign * 64) for sign in "abc")
    room = eg.room(image=ROOM.image, places=(*files, Place(PlaceKind.URL, "https://a.example/x.png")))
    rows = facts(eg.changed(two_threads(), room=room), "60×40")
    assert [str(words) for name, words in rows if name == "met at"] == [
        "a file outside of all projects (3 times)",
        "https://a.example/x.png",
    ]


GUEST = User(id=UserId("anon:Nu_f3"), is_anonymous=True)


@pytest.mark.parametrize(
    ("me", "peer", "told"),
    [
        (GUEST, Peer.OURS, True),
        (GUEST, Peer.HOSTED, False),
        (eg.user(), Peer.OURS, False),
        (None, Peer.OURS, False),
    ],
)
def test_a_guest_is_told_what_they_are_not_told(me: User | None, peer: Peer, told: bool) -> None:
    state = eg.changed(two_threads(), room=ROOM, me=me, peer=peer)
    rows = [str(words) for name, words in facts(state, "60×40") if name == "also"]
    assert any("Guests are not told where else" in words for words in rows) is told
    live = eg.changed(state, connection=replace(state.connection, phase=Phase.LIVE))
    assert (nobody_words(live) == "Nobody who is signed in is here") is told
    lost = eg.changed(state, connection=replace(state.connection, phase=Phase.OFFLINE))
    assert nobody_words(lost) == "Presence unavailable"


async def test_on_a_marker_it_is_the_marker_and_beside_it_the_picture(sit: Sit) -> None:
    async with sit(eg.changed(two_threads(), room=ROOM)) as desk:
        await desk.press("]", "i")
        assert "marker" in desk.text
        assert "This picture" not in desk.text
        await desk.press("escape", "H", "i")
        assert "This picture" in desk.text
        await desk.press("escape", "tab", "i")
        assert "This picture" not in desk.text, "a thread is selected in the list"
        await desk.press("escape")
        await desk.publish(eg.changed(chat_state(), room=ROOM))
        await desk.press("i")
        assert "This picture" in desk.text


async def test_on_a_draft_that_is_not_selected_it_is_the_picture(sit: Sit) -> None:
    draft = Draft("d1", StartConversation(Point(50.0, 50.0), "Half a thought"))
    async with sit(eg.changed(chat_state(), room=ROOM, drafts=(draft,))) as desk:
        await desk.until(lambda: desk.chat.picture.is_on_marker)
        await desk.press("i")
        assert "This picture" in desk.text
        await desk.press("escape", "]", "i")
        assert "not sent" in desk.text and "This picture" not in desk.text


async def test_a_server_that_knows_no_images_is_asked_for_none(sit: Sit) -> None:
    state = eg.changed(two_threads(), room=eg.room(), peer=Peer.HOSTED)
    async with sit(state) as desk:
        await desk.press("i")
        assert "this server knows no pictures" in " ".join(desk.text.split())
        assert "project" not in desk.text


@pytest.mark.parametrize("matched", Matched)
async def test_however_it_was_recognised_it_is_said(sit: Sit, matched: Matched) -> None:
    room = eg.room(image=eg.opened_image(matched=matched))
    async with sit(eg.changed(two_threads(), room=room)) as desk:
        await desk.press("i")
        assert any(
            "known by" in line and len(line.partition("known by")[2].strip()) > 5 for line in desk.lines
        )
