"""Which image a picture is, asked of a running server by clients that decide as ours do (PROTOCOL 3.4)."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from itertools import count
from pathlib import Path

import pytest
from msgspec.structs import replace

from imagechat_tui.protocol import codec, sso
from imagechat_tui.protocol.ids import BroadcastId, ImageId, UrlId
from imagechat_tui.protocol.models import Matched, OpenedImage, Place, PlaceKind, Why
from imagechat_tui.protocol.routes import NEW_IMAGE, ImageDetails, ImageReply, OpenImage, Pixels
from imagechat_tui.server.broker.buckets import Rule
from imagechat_tui.server.broker.memory import MemoryCounts
from imagechat_tui.server.guard.limits import Limit, Limits
from imagechat_tui.sync.identity import bound_to
from tests.server.house import House, Json, Person, api_secret, items, marker, running_house

WEB, SHOP = "github.com/acme/web", "github.com/acme/shop"
DAY_MS = 86_400_000
_ids = count(1)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with running_house(tmp_path) as house:
        yield house


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def pixels(look: str, **more: int | bool) -> Pixels:
    return replace(Pixels(digest(look), digest(f"file {look}"), 1440, 1000), **more)


def fresh() -> BroadcastId:
    return BroadcastId(f"open-{next(_ids)}")


class Clone:
    """A person's folder: files and what they look like, in a project or in none."""

    def __init__(self, person: Person, project: str = WEB, **files: str) -> None:
        self.person = person
        self.project = project
        self.files = {name.replace("__", "."): look for name, look in files.items()}

    def place(self, name: str) -> Place:
        if self.project:
            return Place(PlaceKind.PATH, name, self.project)
        return Place(PlaceKind.FILE, digest(f"{self.person.id} {name}"))

    async def asks(self, opened: OpenImage, image_id: str = "") -> ImageReply:
        path = f"/comment-image-chats/{self.person.tenant}/images" + (image_id and f"/{image_id}/places")
        return codec.decode_image_reply(
            await self.person.gets("POST", path, codec.encode_open_image(opened), v="2")
        )

    def says(self, name: str, **more: int | bool) -> OpenImage:
        return OpenImage(fresh(), name, (self.place(name),), picture=pixels(self.files[name], **more))

    async def opens(self, name: str, **more: int | bool) -> tuple[OpenedImage, ImageReply]:
        """As a client does: ask, and as long as no place is known decide and ask again."""
        opened = self.says(name, **more)
        return await self.binds(opened, await self.asks(opened))

    async def binds(self, opened: OpenImage, reply: ImageReply) -> tuple[OpenedImage, ImageReply]:
        """What follows once it was asked."""
        for _ in range(3):
            if reply.image is None:
                here = {path for other in reply.others for path in other.paths if path in self.files}
                bind = bound_to(reply, opened.name, self.project, here)
                told = tuple(other.id for other in reply.others)
                reply = await self.asks(replace(opened, broadcast_id=fresh(), bind=bind, told=told))
        assert reply.image is not None
        return reply.image, reply

    async def room(self, name: str) -> str:
        return (await self.opens(name))[0].url_id

    async def marks(self, room: str) -> None:
        await self.person.gets(
            "POST",
            f"/comment-image-chats/{self.person.tenant}",
            marker(urlId=room, windowUrlId=f"{room}:a.png:1:{next(_ids)}", broadcastId=f"m{next(_ids)}"),
        )

    async def listed(self, room: str) -> Json:
        return await self.person.gets("GET", f"/comment-image-chats/{self.person.tenant}", urlId=room)

    async def shows(self, image_id: ImageId) -> ImageDetails:
        path = f"/comment-image-chats/{self.person.tenant}/images/{image_id}"
        return codec.decode_image_details(await self.person.gets("GET", path, v="2"))


def days_pass(house: House, days: int, person: Person) -> None:
    """And the person has signed in again."""
    house.clock.ms += days * DAY_MS
    user = {"id": "anna", "email": "anna@example.com", "username": "anna"}
    person.token = sso.mint(user, api_secret(person.tenant), house.clock.ms)


# The table of scenarios


async def test_two_clones_of_one_repository_are_one_room(house: House) -> None:
    anna = Clone(house.person("anna"), shot__png="mock")
    ben = Clone(house.person("ben"), shot__png="mock")
    first, _ = await anna.opens("shot.png")
    second, _ = await ben.opens("shot.png")
    assert (first.matched, second.matched) == (Matched.NEW, Matched.PATH)
    assert replace(first, matched=Matched.PATH) == second
    assert second.url_id.startswith("img/") and second.url_id.endswith("/shot.png")
    assert (second.version, second.latest, second.project, second.src) == (1, 1, WEB, "shot.png")


async def test_two_unrelated_clones_are_two_rooms(house: House) -> None:
    anna = house.person("anna")
    assert await Clone(anna, WEB, a__png="one").room("a.png") != await Clone(anna, SHOP, a__png="two").room(
        "a.png"
    )


async def test_who_gets_a_copy_by_mail_joins_and_is_told_by_what(house: House) -> None:
    anna = Clone(house.person("anna"), WEB, mock__png="mock")
    room = await anna.room("mock.png")
    await anna.marks(room)
    ben = Clone(house.person("ben"), "", download__png="mock")
    joined, _ = await ben.opens("download.png")
    assert (joined.url_id, joined.matched, joined.name) == (room, Matched.PIXELS, "mock.png")
    again, _ = await ben.opens("download.png")
    assert (again.url_id, again.matched) == (room, Matched.FILE)


async def test_one_logo_in_two_projects_is_two_rooms_and_each_names_the_other(house: House) -> None:
    anna = house.person("anna")
    web, shop = Clone(anna, WEB, logo__png="logo"), Clone(anna, SHOP, logo__png="logo")
    first = await web.room("logo.png")
    second, told = await shop.opens("logo.png")
    assert second.url_id != first
    assert [(other.url_id, other.project, other.why) for other in told.others] == [(first, WEB, Why.PIXELS)]
    await shop.marks(second.url_id)
    _, told = await web.opens("logo.png")
    assert [(other.url_id, other.markers) for other in told.others] == [(second.url_id, 1)]


async def test_a_renamed_file_keeps_its_room_and_both_its_places(house: House) -> None:
    anna = Clone(house.person("anna"), a__png="mock")
    room = await anna.room("a.png")
    anna.files = {"b.png": "mock"}
    renamed, _ = await anna.opens("b.png")
    assert (renamed.url_id, renamed.matched, renamed.version) == (room, Matched.PIXELS, 1)
    places = (await anna.shows(renamed.id)).places
    assert [place.value for place in places] == ["a.png", "b.png"]
    ben = Clone(house.person("ben"), a__png="mock")
    assert await ben.room("a.png") == room, "on a branch where it has its old name"


async def test_another_picture_under_the_old_name_is_another_image(house: House) -> None:
    anna = Clone(house.person("anna"), a__png="mock")
    room = await anna.room("a.png")
    anna.files = {"b.png": "mock"}
    await anna.room("b.png")
    anna.files["a.png"] = "something else"
    other, _ = await anna.opens("a.png")
    assert (other.url_id != room, other.matched) == (True, Matched.NEW)
    assert await anna.room("a.png") == other.url_id
    assert await anna.room("b.png") == room


async def test_a_new_mock_up_under_the_old_name_stays_where_nothing_was_renamed(house: House) -> None:
    anna = Clone(house.person("anna"), a__png="mock")
    room = await anna.room("a.png")
    await Clone(house.person("carl"), b__png="mock").room("b.png")
    ben = Clone(house.person("ben"), a__png="newer mock")
    newer, _ = await ben.opens("a.png")
    assert (newer.url_id, newer.version, newer.matched) == (room, 2, Matched.PATH)


async def test_a_copied_file_is_another_room(house: House) -> None:
    anna = Clone(house.person("anna"), a__png="mock", b__png="mock")
    room = await anna.room("a.png")
    copy, told = await anna.opens("b.png")
    assert copy.url_id != room
    assert [other.url_id for other in told.others] == [room]
    assert told.others[0].paths == ("a.png",)


async def test_a_new_mock_up_is_the_next_version_and_the_old_one_comes_back_as_what_it_was(
    house: House,
) -> None:
    anna = Clone(house.person("anna"), a__png="one")
    first, _ = await anna.opens("a.png")
    anna.files["a.png"] = "two"
    second, _ = await anna.opens("a.png")
    anna.files["a.png"] = "one"
    third, _ = await anna.opens("a.png")
    assert first.url_id == second.url_id == third.url_id
    assert [(image.version, image.latest) for image in (first, second, third)] == [(1, 1), (2, 2), (1, 2)]
    versions = (await anna.shows(first.id)).versions
    assert [(one.number, one.pixels, one.by) for one in versions] == [
        (1, digest("one"), "demo:anna"),
        (2, digest("two"), "demo:anna"),
    ]


async def test_a_larger_one_of_the_same_picture_is_a_version_that_says_so(house: House) -> None:
    anna = Clone(house.person("anna"), shot__png="mock")
    image, _ = await anna.opens("shot.png")
    anna.files["shot.png"] = "mock, twice as large"
    larger, _ = await anna.opens("shot.png", scale=2, width=2880, height=2000)
    assert larger.url_id == image.url_id
    assert [one.scale for one in (await anna.shows(image.id)).versions] == [1, 2]


@pytest.mark.security
async def test_another_tenant_and_a_guest_learn_nothing_by_pixels(house: House) -> None:
    anna = Clone(Person(house, "anna", "open"), WEB, mock__png="mock")
    room = await anna.room("mock.png")
    await anna.marks(room)
    for person in (house.person("ben"), Person(house, "", "open"), Person(house, "", "demo")):
        stranger = Clone(person, "", mock__png="mock")
        unknown = Clone(person, "", mock__png="seen by nobody")
        told = await stranger.asks(stranger.says("mock.png"))
        assert told == await unknown.asks(unknown.says("mock.png")) == ImageReply(None)
    guest = Clone(Person(house, "", "open"), "", mock__png="mock")
    mine, told = await guest.opens("mock.png")
    assert (mine.url_id != room, told.others) == (True, ())


async def test_blank_pictures_of_many_projects_are_many_rooms(house: House) -> None:
    anna, rooms = house.person("anna"), set()
    for n in range(40):
        image, told = await Clone(anna, f"host/acme/{n}", blank__png="white").opens("blank.png", plain=True)
        rooms.add(image.url_id)
        assert told.others == ()
    assert len(rooms) == 40
    loose, _ = await Clone(house.person("ben"), "", blank__png="white").opens("blank.png", plain=True)
    assert loose.url_id not in rooms


async def test_nothing_is_looked_for_by_the_pixels_of_a_plain_picture(house: House) -> None:
    """Whatever an earlier client has called plain."""
    anna, ben = Clone(house.person("anna"), dot__png="dot"), Clone(house.person("ben"), "", dot__png="dot")
    room = await anna.room("dot.png")
    image, told = await ben.opens("dot.png", plain=True)
    assert (image.url_id != room, told.others) == (True, ())


async def test_starting_anew_is_undone_by_linking_back(house: House) -> None:
    anna = Clone(house.person("anna"), a__png="mock")
    before, _ = await anna.opens("a.png")
    await anna.marks(before.url_id)
    anna.files["a.png"] = "a cat"
    await anna.room("a.png")
    anew = await anna.asks(anna.says("a.png"), NEW_IMAGE)
    assert anew.image is not None
    assert (anew.image.matched, anew.image.version, anew.left) == (Matched.LINK, 1, (before.url_id,))
    assert await anna.room("a.png") == anew.image.url_id != before.url_id
    back = await anna.asks(anna.says("a.png"), before.id)
    assert back.image is not None
    assert (back.image.url_id, back.image.version, back.left) == (before.url_id, 2, (anew.image.url_id,))
    assert await anna.room("a.png") == before.url_id


async def test_a_picture_that_is_alone_in_an_empty_room_of_its_own_starts_no_other(house: House) -> None:
    anna = Clone(house.person("anna"), a__png="mock", b__png="cat")
    before, _ = await anna.opens("a.png")
    assert before.url_id == await anew(anna, "a.png", left=[]), "nothing was said there"
    await anna.marks(before.url_id)
    own = await anew(anna, "a.png", left=[before.url_id])
    assert own != before.url_id
    assert own == await anew(anna, "a.png", left=[])
    image, _ = await anna.opens("a.png")
    await anna.asks(anna.says("b.png"), image.id)
    assert await anew(anna, "a.png", left=[own]) != own, "b.png is met there, too"
    assert await anew(anna, "b.png", left=[]) == own


async def anew(clone: Clone, file: str, *, left: list[UrlId]) -> UrlId:
    """The room that a picture has after it was given one of its own."""
    told = await clone.asks(clone.says(file), NEW_IMAGE)
    assert told.image is not None
    assert (told.image.matched, list(told.left)) == (Matched.LINK, left)
    return told.image.url_id


@pytest.mark.parametrize(
    ("meanwhile", "left"),
    [
        ("", ["mock"]),
        ("replaced twice", ["mock"]),
        ("marked", ["mock", "cat"]),
        ("placed", ["mock", "cat"]),
        ("seen in its own place, too", ["mock", "cat"]),
        ("its own place replaced", ["mock", "newer mock"]),
        ("its own place linked away, too", ["mock"]),
    ],
)
async def test_what_was_seen_through_a_linked_place_alone_goes_with_it(
    house: House, meanwhile: str, left: list[str]
) -> None:
    anna = Clone(house.person("anna"), a__png="mock", b__png="cat")
    image, _ = await anna.opens("a.png")
    await anna.marks(image.url_id)
    await anna.room("b.png")
    linked = await anna.asks(anna.says("b.png"), image.id)
    assert linked.image is not None and linked.image.version == 2
    match meanwhile:
        case "replaced twice":
            for look in ("dog", "cow"):
                anna.files["b.png"] = look
                await anna.room("b.png")
        case "marked":
            await anna.marks(image.url_id)
        case "placed":
            place = f"/comment-image-chats/{anna.person.tenant}/placements"
            (chat,) = items(await anna.listed(image.url_id), "conversations")
            said = {"chatId": chat["_id"], "x": 1, "y": 1, "state": "set"}
            body: Json = {"version": 2, "placements": [said], "unset": []}
            await anna.person.gets("PUT", place, body, urlId=image.url_id, v="2")
        case "seen in its own place, too":
            anna.files["a.png"] = "cat"
            await anna.room("a.png")
        case "its own place replaced":
            anna.files["a.png"] = "newer mock"
            await anna.room("a.png")
    own = await anna.asks(anna.says("b.png"), NEW_IMAGE)
    if meanwhile == "its own place linked away, too":
        await anna.asks(anna.says("a.png"), NEW_IMAGE)
    assert own.image is not None and own.image.version == 1
    versions = (await anna.shows(image.id)).versions
    assert [one.pixels for one in versions] == [digest(look) for look in left]


# What holds beside them


async def test_two_people_who_open_a_new_file_at_once_are_in_one_room(house: House) -> None:
    clones = [Clone(house.person(name), a__png="mock") for name in ("anna", "ben", "carl")]
    rooms = await asyncio.gather(*(clone.room("a.png") for clone in clones))
    assert len(set(rooms)) == 1


@pytest.mark.parametrize(
    ("first", "second", "names", "more", "rooms"),
    [
        pytest.param(("anna", WEB), ("ben", WEB), "a.png a.png", {}, 1, id="path"),
        pytest.param(("anna", "url"), ("ben", "url"), "a.png a.png", {}, 1, id="url"),
        pytest.param(("anna", ""), ("anna", ""), "a.png a.png", {}, 1, id="file"),
        pytest.param(("anna", ""), ("ben", ""), "a.png b.png", {}, 1, id="pixels, no project"),
        pytest.param(("anna", WEB), ("ben", ""), "a.png a.png", {}, 1, id="pixels, project first"),
        pytest.param(("anna", ""), ("ben", WEB), "a.png a.png", {}, 1, id="pixels, project last"),
        pytest.param(("anna", WEB), ("ben", WEB), "a.png b.png", {}, 1, id="pixels, each has its own name"),
        pytest.param(("anna", WEB), ("ben", SHOP), "a.png a.png", {}, 2, id="pixels, two projects"),
        pytest.param(("anna", ""), ("ben", ""), "a.png a.png", {"plain": True}, 2, id="plain"),
        pytest.param(("", ""), ("anna", ""), "a.png b.png", {}, 1, id="a guest first"),
        pytest.param(("anna", ""), ("", ""), "a.png b.png", {}, 2, id="a guest last"),
    ],
)
async def test_two_who_note_a_new_picture_at_once_are_where_they_were_one_after_the_other(
    house: House,
    first: tuple[str, str],
    second: tuple[str, str],
    names: str,
    more: dict[str, bool],
    rooms: int,
) -> None:
    """Each has been told that nobody knows it before either has decided."""
    asked = []
    for (who, where), name in zip((first, second), names.split(), strict=True):
        clone = Clone(Person(house, who, "open"), "" if where == "url" else where, **{name: "mock"})
        opened = clone.says(name, **more)
        if where == "url":
            opened = replace(opened, places=(Place(PlaceKind.URL, f"https://example.com/{name}"),))
        reply = await clone.asks(opened)
        assert reply == ImageReply(None)
        asked.append((clone, opened, reply))
    found = [await clone.binds(opened, reply) for clone, opened, reply in asked]
    assert len({image.url_id for image, _ in found}) == rooms


async def test_a_copy_that_was_told_of_stays_a_copy(house: House) -> None:
    """And who decides again as before makes a room: nobody is asked for ever."""
    anna = Clone(house.person("anna"), a__png="mock", b__png="mock")
    room, _ = await anna.opens("a.png")
    opened = replace(anna.says("b.png"), bind=NEW_IMAGE)
    early = await anna.asks(replace(opened, told=()))
    assert (early.image, [other.id for other in early.others]) == (None, [room.id])
    assert (await anna.asks(anna.says("b.png"))).image is None, "nothing was made"
    late = await anna.asks(replace(opened, broadcast_id=fresh(), told=(room.id,)))
    assert late.image is not None and late.image.url_id != room.url_id


async def test_the_same_request_again_gets_the_same_answer(house: House) -> None:
    anna = Clone(house.person("anna"), a__png="mock")
    opened = replace(anna.says("a.png"), bind=NEW_IMAGE)
    first = await anna.asks(opened)
    assert await anna.asks(opened) == first
    status, body, _ = await anna.person.asks(
        "POST",
        "/comment-image-chats/demo/images",
        codec.encode_open_image(replace(opened, name="b.png")),
        v="2",
    )
    assert (status, body["code"]) == (409, "already-used")


async def test_asking_by_places_alone_tells_the_room_and_notes_no_version(house: House) -> None:
    anna = Clone(house.person("anna"), a__png="mock")
    room = await anna.room("a.png")
    reply = await anna.asks(OpenImage(fresh(), "a.png", (anna.place("a.png"),)))
    assert reply.image is not None
    assert (reply.image.url_id, reply.image.version, reply.image.latest) == (room, None, 1)


async def test_a_key_wins_over_all_places_and_names_rooms_that_were_there_before(house: House) -> None:
    anna = Clone(house.person("anna"), a__png="mock")
    room = await anna.room("a.png")
    asked = replace(anna.says("a.png"), url_id=UrlId("gallery-42"), broadcast_id=fresh())
    reply = await anna.asks(asked)
    assert reply.image is not None
    assert (reply.image.url_id, reply.image.matched) == ("gallery-42", Matched.KEY)
    again = await anna.asks(replace(asked, broadcast_id=fresh()))
    assert again.image == reply.image
    assert await anna.room("a.png") == room, "a place that is somebody's stays theirs"


async def test_a_key_alone_is_asked_about_and_makes_nothing_that_is_not_wanted(house: House) -> None:
    anna = Clone(house.person("anna"), a__png="mock")
    room = await anna.room("a.png")
    asked = OpenImage(fresh(), "mistyped", (), url_id=UrlId("mistyped"))
    assert (await anna.asks(asked)).image is None
    assert (await anna.asks(replace(asked, broadcast_id=fresh()))).image is None
    known = (await anna.asks(replace(asked, url_id=UrlId(room), broadcast_id=fresh()))).image
    assert known is not None
    assert known.url_id == room
    made = (await anna.asks(replace(asked, bind=NEW_IMAGE, broadcast_id=fresh()))).image
    assert made is not None
    assert made.url_id == "mistyped"


async def test_a_room_that_was_left_alone_for_long_is_there_for_who_still_has_its_key(house: House) -> None:
    """A session that slept for weeks comes back to its room, whatever was forgotten meanwhile."""
    anna = Clone(house.person("anna"), a__png="mock", b__png="other")
    room = await anna.room("a.png")
    days_pass(house, 8, anna.person)
    await anna.room("b.png")
    renewed = await anna.asks(replace(anna.says("a.png"), url_id=UrlId(room)))
    assert renewed.image is not None
    assert (renewed.image.url_id, await anna.room("a.png")) == (room, room)


async def test_images_without_markers_are_forgotten_after_a_week_and_others_are_not(house: House) -> None:
    anna = Clone(house.person("anna"), a__png="one", b__png="two", c__png="three")
    rooms = {name: await anna.room(name) for name in anna.files}
    await anna.marks(rooms["a.png"])
    for _ in range(3):
        days_pass(house, 3, anna.person)
        assert await anna.room("b.png") == rooms["b.png"], "it is opened again and again"
    assert await anna.room("a.png") == rooms["a.png"]
    assert await anna.room("c.png") != rooms["c.png"]


async def test_opening_what_is_known_writes_nothing(tmp_path: Path) -> None:
    few = Limits(MemoryCounts(), {limit: Rule(1e6, 1e6) for limit in Limit} | {Limit.WRITE: Rule(1e-9, 1)})
    async with running_house(tmp_path, limits=few) as house:
        anna = Clone(house.person("anna"), a__png="mock")
        room = await anna.room("a.png")
        assert [await anna.room("a.png") for _ in range(5)] == [room] * 5
        anna.files["a.png"] = "newer"
        status, body, _ = await anna.person.asks(
            "POST", "/comment-image-chats/demo/images", codec.encode_open_image(anna.says("a.png")), v="2"
        )
        assert (status, body["code"]) == (429, "user-rate-limited")


@pytest.mark.security
async def test_who_may_only_look_finds_rooms_and_makes_none(house: House) -> None:
    anna = Clone(house.person("anna"), a__png="mock")
    room = await anna.room("a.png")
    nobody = Clone(house.person(""), WEB, a__png="another look", b__png="x")
    reply = await nobody.asks(nobody.says("a.png"))
    assert reply.image is not None
    assert (reply.image.url_id, reply.image.version, reply.image.latest) == (room, None, 1)
    assert await nobody.asks(nobody.says("b.png")) == ImageReply(None)
    body = codec.encode_open_image(replace(nobody.says("b.png"), bind=NEW_IMAGE))
    status, _, _ = await nobody.person.asks("POST", "/comment-image-chats/demo/images", body, v="2")
    assert status == 401


@pytest.mark.security
async def test_a_guest_makes_rooms_and_binds_nothing_to_those_of_others(house: House) -> None:
    anna = Clone(Person(house, "anna", "open"), a__png="mock")
    image, _ = await anna.opens("a.png")
    guest = Clone(Person(house, "", "open"), "", a__png="x")
    body = codec.encode_open_image(replace(guest.says("a.png"), bind=image.id))
    status, _, _ = await guest.person.asks("POST", "/comment-image-chats/open/images", body, v="2")
    assert status == 403


@pytest.mark.parametrize(
    "change",
    [
        {"pixels": "AB" * 32},
        {"sha256": "ab"},
        {"width": 0},
        {"height": 10**7},
        {"scale": 4},
        {"name": ""},
        {"name": "x" * 501},
        {"places": [{"kind": "path", "value": "a"}]},
        {"places": [{"kind": "path", "value": "", "project": "p"}]},
        {"places": [{"kind": "path", "value": "x" * 2001, "project": "p"}]},
        {"places": [{"kind": "path", "value": "a", "project": "x" * 501}]},
        {"places": [{"kind": "inode", "value": "a"}]},
        {"places": [{"kind": "file", "value": str(n)} for n in range(9)]},
        {"places": None},
        {"broadcastId": ""},
        {"urlId": "x" * 1001, "places": []},
    ],
)
async def test_what_is_odd_or_too_long_is_refused(house: House, change: Json) -> None:
    anna = Clone(house.person("anna"), a__png="mock")
    body = codec.encode_open_image(anna.says("a.png")) | change
    status, _, _ = await anna.person.asks("POST", "/comment-image-chats/demo/images", body, v="2")
    assert status == 400


async def test_only_who_asks_for_extensions_finds_the_routes(house: House) -> None:
    anna = Clone(house.person("anna"), a__png="mock")
    image, _ = await anna.opens("a.png")
    for method, path, body in (
        ("POST", "images", codec.encode_open_image(anna.says("a.png"))),
        ("GET", f"images/{image.id}", None),
        ("POST", f"images/{image.id}/places", codec.encode_open_image(anna.says("a.png"))),
    ):
        status, answer, _ = await anna.person.asks(method, f"/comment-image-chats/demo/{path}", body)
        assert (status, answer["code"]) == (404, "not-found")


async def test_an_image_that_is_not_there_is_told_so(house: House) -> None:
    anna = Clone(house.person("anna"), a__png="mock")
    body = codec.encode_open_image(anna.says("a.png"))
    bound = codec.encode_open_image(replace(anna.says("a.png"), bind=ImageId("im_0")))
    for method, path, sent in (
        ("GET", "images/im_0", None),
        ("POST", "images/im_0/places", body),
        ("POST", "images", bound),
    ):
        status, answer, _ = await anna.person.asks(method, f"/comment-image-chats/demo/{path}", sent, v="2")
        assert (status, answer["reason"]) == (404, "Image not found")


async def test_markers_stay_where_they_are_when_a_place_moves(house: House) -> None:
    anna = Clone(house.person("anna"), a__png="mock")
    before, _ = await anna.opens("a.png")
    await anna.marks(before.url_id)
    await anna.asks(anna.says("a.png"), NEW_IMAGE)
    listed = await anna.person.gets("GET", "/comment-image-chats/demo", urlId=before.url_id)
    assert len(items(listed, "conversations")) == 1


@pytest.mark.parametrize("name", ["a:1:2", "ü b/c\\d.png", "#?%", "x" * 300, " a.png\t"])
async def test_every_name_makes_a_key_that_stays_as_it_is(house: House, name: str) -> None:
    anna = Clone(house.person("anna"))
    anna.files[name] = "mock"
    room = await anna.room(name)
    listed = await anna.person.gets("GET", "/comment-image-chats/demo", urlId=room)
    assert listed["urlIdClean"] == room
    assert await anna.room(name) == room
