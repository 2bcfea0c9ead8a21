"""How a client finds out which room is a picture's, of any kind of server (PROTOCOL 3.4)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from aiohttp import web
from msgspec.structs import replace

from imagechat_tui.net.api import Api, ApiError, Refused, Unreachable
from imagechat_tui.net.known_rooms import KnownRooms
from imagechat_tui.net.recognition import Recognition
from imagechat_tui.problems import PictureCorrupt, PictureError
from imagechat_tui.protocol import codec
from imagechat_tui.protocol.ids import ImageId, TenantId, UrlId, UserId
from imagechat_tui.protocol.models import Matched, OpenedImage, OtherImage, Place, PlaceKind, Version, Why
from imagechat_tui.protocol.routes import ImageDetails, ImageReply, Pixels
from imagechat_tui.sync.identity import Larger, Sighting
from imagechat_tui.sync.state import Peer
from imagechat_tui.words import version_words
from tests import examples as eg
from tests.net.stub_server import StubServer, ours, running

WEB = "github.com/acme/web"
PLACE = Place(PlaceKind.PATH, "shots/a.png", WEB)
MET = Sighting("a.png", PLACE, "/nowhere")
PIXELS = Pixels("ab" * 32, "cd" * 32, 1440, 1000)
IMAGE = OpenedImage(ImageId("im_1"), UrlId("img/1/b.png"), "b.png", "b.png", WEB, Matched.PATH, None, 3)
OTHER = OtherImage(ImageId("im_2"), UrlId("img/2/c.png"), "c.png", WEB, 4, ("shots/c.png",), Why.PIXELS)
GALLERY = replace(
    IMAGE, id=ImageId("im_9"), url_id=UrlId("gallery-42"), src="/img/a.jpg", matched=Matched.KEY
)
UNKNOWN = ImageReply(None)


@pytest.fixture
async def stub() -> AsyncIterator[StubServer]:
    async with running() as stub:
        yield stub


@pytest.fixture
async def api(stub: StubServer) -> AsyncIterator[Api]:
    async def at_once(seconds: float) -> None:
        pass

    api = Api(stub.endpoint(), sleep=at_once)
    yield api
    await api.close()


def details(*versions: tuple[str, int]) -> web.Response:
    """What the server knows of an image: hashes of its pixels, with their numbers."""
    known = [Version(number, pixels, pixels, 9, 9, 1, 0, UserId("u")) for pixels, number in versions]
    return ours(codec.encode_image_details(ImageDetails(IMAGE, (), tuple(known))))


def answers(stub: StubServer, *replies: ImageReply | web.Response) -> None:
    """One answer for each request, in order; the last for all that follow."""
    left = [ours(codec.encode_image_reply(one)) if isinstance(one, ImageReply) else one for one in replies]

    async def answer(request: web.Request) -> web.Response:
        return left.pop(0) if left else ours({"status": "success", "image": None, "others": []})

    stub.answer = answer


async def seen() -> Pixels:
    return PIXELS


async def unseen() -> None:
    return None


async def no_size(path: str) -> tuple[int, int]:
    raise AssertionError("nobody asks")


def recognition(
    met: Sighting = MET,
    look: Callable[[], Awaitable[Pixels | None]] = seen,
    size_of: Callable[[str], Awaitable[tuple[int, int]]] = no_size,
    *,
    binds: bool = True,
) -> Recognition:
    return Recognition(met, eg.TENANT, look, size_of, binds=binds)


async def test_a_place_that_is_known_tells_the_room_before_the_picture_is_there(
    stub: StubServer, api: Api
) -> None:
    answers(stub, ImageReply(IMAGE, (OTHER,)))

    async def never() -> Pixels:
        await asyncio.Event().wait()
        raise AssertionError

    room = await recognition(look=never).room(api)
    assert (room.url_id, room.src, room.page_title) == (IMAGE.url_id, "b.png", "a.png")
    assert (room.image, room.others) == (IMAGE, (OTHER,))
    (asked,) = stub.rows
    assert "pixels" not in asked
    assert stub.requests[0][2]["v"] == "2"


async def test_then_the_server_is_told_what_it_looks_like(stub: StubServer, api: Api) -> None:
    noted = replace(IMAGE, matched=Matched.KEY, version=4, latest=4)
    answers(stub, ImageReply(IMAGE), ImageReply(noted, (OTHER,)))
    found = recognition()
    room = await found.room(api)
    after = await found.noted(api, room)
    assert after == replace(room, image=replace(noted, matched=Matched.PATH), others=(OTHER,))
    assert (stub.rows[1]["urlId"], stub.rows[1]["pixels"]) == (IMAGE.url_id, PIXELS.pixels)


async def test_an_unknown_place_waits_for_the_picture_and_is_bound(stub: StubServer, api: Api) -> None:
    answers(stub, UNKNOWN, UNKNOWN, ImageReply(replace(IMAGE, matched=Matched.NEW, version=1)))
    room = await recognition().room(api)
    assert room.image is not None and room.image.version == 1
    assert [row.get("bind") for row in stub.rows] == [None, None, "new"]
    assert len({str(row["broadcastId"]) for row in stub.rows}) == 3


async def test_what_somebody_has_noted_meanwhile_is_decided_upon_again(stub: StubServer, api: Api) -> None:
    loose = replace(OTHER, project="", paths=())
    answers(stub, UNKNOWN, UNKNOWN, ImageReply(None, (loose,)), ImageReply(IMAGE))
    await recognition().room(api)
    sent = [(row.get("bind"), row.get("told")) for row in stub.rows]
    assert sent == [(None, None), (None, None), ("new", []), (loose.id, [loose.id])]
    assert len({str(row["broadcastId"]) for row in stub.rows}) == 4


async def test_after_three_decisions_the_last_one_holds(stub: StubServer, api: Api) -> None:
    crowd = [replace(OTHER, id=ImageId(f"im_{n}"), project="host/acme/shop", paths=()) for n in range(2)]
    answers(stub, UNKNOWN, UNKNOWN, *(ImageReply(None, (one,)) for one in crowd), ImageReply(IMAGE))
    await recognition().room(api)
    sent = [(row.get("bind"), row.get("told")) for row in stub.rows[2:]]
    assert sent == [("new", []), ("new", ["im_0"]), ("new", None)]


async def test_a_renamed_file_is_bound_to_the_image_whose_files_are_gone(
    stub: StubServer, api: Api, tmp_path: Path
) -> None:
    answers(stub, UNKNOWN, ImageReply(None, (OTHER,)), ImageReply(IMAGE))
    await recognition(replace(MET, folder=str(tmp_path))).room(api)
    assert stub.rows[-1]["bind"] == OTHER.id


async def test_a_copied_file_is_new(stub: StubServer, api: Api, tmp_path: Path) -> None:
    (tmp_path / "shots").mkdir()
    (tmp_path / "shots" / "c.png").write_bytes(b"")
    answers(stub, UNKNOWN, ImageReply(None, (OTHER,)), ImageReply(IMAGE))
    await recognition(replace(MET, folder=str(tmp_path))).room(api)
    assert stub.rows[-1]["bind"] == "new"


@pytest.mark.security
@pytest.mark.parametrize("path", ["/etc/passwd", "../outside.png", "x" * 9000])
async def test_a_path_that_others_tell_is_looked_for_in_our_folder_only(
    stub: StubServer, api: Api, tmp_path: Path, path: str
) -> None:
    folder = tmp_path / "clone"
    folder.mkdir()
    (tmp_path / "outside.png").write_bytes(b"")
    told = replace(OTHER, paths=(path,))
    answers(stub, UNKNOWN, ImageReply(None, (told,)), ImageReply(IMAGE))
    await recognition(replace(MET, folder=str(folder))).room(api)
    assert stub.rows[-1]["bind"] == OTHER.id, "as if no file were there"


async def test_who_only_looks_makes_no_room(stub: StubServer, api: Api) -> None:
    answers(stub, UNKNOWN, UNKNOWN)
    room = await recognition(binds=False).room(api)
    assert (room.url_id, room.image) == (f"{WEB}/shots/a.png", None)
    answers(stub, UNKNOWN, ImageReply(None, (OTHER,)))
    room = await recognition(binds=False).room(api)
    assert (room.url_id, room.src) == (OTHER.url_id, "c.png")
    assert not any("bind" in row for row in stub.rows)


@pytest.mark.parametrize("status", [401, 403])
async def test_who_may_only_look_looks(stub: StubServer, api: Api, status: int) -> None:
    answers(stub, UNKNOWN, UNKNOWN, ours({"status": "failed", "code": "readonly", "reason": ""}, status))
    assert (await recognition().room(api)).url_id == f"{WEB}/shots/a.png"


async def test_a_key_that_the_person_named_needs_no_question(stub: StubServer, api: Api) -> None:
    found = recognition(replace(MET, url_id=UrlId("gallery-42"), src="/img/a.jpg"))
    room = await found.room(api)
    assert (room.url_id, room.src) == ("gallery-42", "/img/a.jpg")
    assert stub.requests == []


@pytest.mark.parametrize(
    ("by_key", "by_place", "own"),
    [
        (ImageReply(GALLERY), ImageReply(IMAGE), IMAGE),
        (UNKNOWN, ImageReply(IMAGE), IMAGE),
        (ImageReply(GALLERY), ImageReply(GALLERY), None),
        (ImageReply(GALLERY), UNKNOWN, None),
    ],
)
async def test_of_a_room_that_was_named_it_is_told_whether_the_picture_has_another(
    stub: StubServer, api: Api, by_key: ImageReply, by_place: ImageReply, own: OpenedImage | None
) -> None:

    def versions() -> list[web.Response]:
        return [] if by_key.image is None else [details(("99" * 32, 7))]

    answers(stub, by_key, *versions(), by_place)
    found = recognition(replace(MET, url_id=GALLERY.url_id))
    noted = await found.noted(api, await found.room(api))
    known = None if by_key.image is None else replace(by_key.image, latest=7)
    assert (noted.url_id, noted.image, noted.own) == (GALLERY.url_id, known, own)
    answers(stub, by_key, *versions(), by_place)
    assert await found.compared(api, await found.room(api)) == noted
    assert noted.version == (None if known is None else -1)
    assert noted.src == ("a.png" if by_key.image is None else GALLERY.src)
    asked = [(GALLERY.url_id, False), (None, True)]
    assert [(row.get("urlId"), row["places"] != []) for row in stub.rows] == asked * 2
    assert all("pixels" not in row and "bind" not in row for row in stub.rows), "nothing is noted"


@pytest.mark.parametrize(
    ("versions", "looks", "number", "header"),
    [
        ([("11" * 32, 1), (PIXELS.pixels, 2), ("33" * 32, 3)], PIXELS, 2, "v2 of 3"),
        ([("11" * 32, 1), (PIXELS.pixels, 2)], PIXELS, 2, "v2"),
        ([("11" * 32, 1), ("22" * 32, 2)], PIXELS, -1, "v? of 2"),
        ([("11" * 32, 1)], PIXELS, -1, "v? of 1"),
        ([], PIXELS, None, ""),
        ([("11" * 32, 1)], None, None, ""),
    ],
)
async def test_whose_picture_is_not_noted_learns_which_version_it_is(
    stub: StubServer,
    api: Api,
    versions: list[tuple[str, int]],
    looks: Pixels | None,
    number: int | None,
    header: str,
) -> None:
    answers(stub, ImageReply(IMAGE), details(*versions), details(*versions))

    async def look() -> Pixels | None:
        return looks

    found = recognition(look=look, binds=False)
    room = await found.room(api)
    for _ in range(2 if looks else 1):
        room = await found.compared(api, room)
        assert room.version == number
        assert room.image is not None
        if versions and looks:
            assert version_words(room.version, room.image.latest) == header
    assert [row for row in stub.rows if "pixels" in row] == [], "nothing is noted"


async def test_of_two_pictures_that_the_server_has_not_seen_each_has_its_number(
    stub: StubServer, api: Api
) -> None:
    shown = ["aa" * 32, "bb" * 32, "aa" * 32]
    answers(stub, ImageReply(IMAGE), *(details(("11" * 32, 1)) for _ in shown))
    left = iter(shown)

    async def look() -> Pixels:
        return replace(PIXELS, pixels=next(left))

    found = recognition(look=look, binds=False)
    room = await found.room(api)
    assert [(room := await found.compared(api, room)).version for _ in shown] == [-1, -2, -1]


async def test_whom_the_server_takes_no_note_of_learns_the_version_too(stub: StubServer, api: Api) -> None:
    answers(stub, ImageReply(IMAGE), ImageReply(IMAGE), details((PIXELS.pixels, 3)))
    found = recognition()
    assert (await found.noted(api, await found.room(api))).version == 3


@pytest.mark.parametrize(("now_at", "own"), [(IMAGE, None), (GALLERY, GALLERY)])
async def test_a_picture_that_was_linked_elsewhere_is_followed_and_what_it_becomes_not_noted_where_it_was(
    stub: StubServer, api: Api, now_at: OpenedImage, own: OpenedImage | None
) -> None:
    answers(
        stub,
        ImageReply(IMAGE),
        ImageReply(now_at),
        ImageReply(replace(IMAGE, version=3)) if own is None else details(("x", 3)),
    )
    found = recognition()
    room = await found.followed(api, await found.room(api))
    assert room.own == own
    after = await found.noted(api, room)
    assert after.own == own
    assert ["pixels" in row for row in stub.rows] == [False, False, *([True] if own is None else [])]


async def test_without_images_a_room_that_was_named_is_all_there_is(stub: StubServer, api: Api) -> None:
    answers(stub, web.Response(status=404))
    found = recognition(replace(MET, url_id=GALLERY.url_id))
    room = await found.room(api)
    assert await found.noted(api, room) == room


@pytest.mark.parametrize("status", [200, 400, 401, 403, 404, 405])
@pytest.mark.parametrize(
    ("met", "key", "src"),
    [
        (MET, f"{WEB}/shots/a.png", "a.png"),
        (replace(MET, place=Place(PlaceKind.FILE, "ef" * 32)), f"sha256:{PIXELS.pixels[:32]}", "a.png"),
        (replace(MET, place=None), f"sha256:{PIXELS.pixels[:32]}", "a.png"),
        (
            Sighting("a", Place(PlaceKind.URL, "https://e.org/a"), address="https://e.org/a?sig=1"),
            "https://e.org/a",
            "https://e.org/a?sig=1",
        ),
    ],
)
async def test_a_server_that_knows_pages_only_gets_a_key_that_everybody_makes_alike(
    stub: StubServer, api: Api, status: int, met: Sighting, key: str, src: str
) -> None:
    answers(stub, *[web.json_response({"status": "failed", "code": "x"}, status=status) for _ in range(3)])
    found = recognition(met)
    room = await found.room(api)
    assert (room.url_id, room.src, room.image) == (key, src, None)
    assert await found.noted(api, room) == room
    found.check(Peer.HOSTED)
    with pytest.raises(Unreachable):
        found.check(Peer.OURS)


async def test_a_gateway_that_fails_says_nothing_of_the_server(stub: StubServer, api: Api) -> None:
    answers(stub, *[web.Response(status=502, text="<html>")] * 1, ImageReply(IMAGE))
    assert (await recognition().room(api)).image == IMAGE
    broken = [web.Response(status=502, text="<html>") for _ in range(3)]
    answers(stub, *broken)
    with pytest.raises(ApiError):
        await recognition().room(api)


async def test_the_same_question_is_asked_again_under_the_same_id(stub: StubServer, api: Api) -> None:
    answers(stub, web.Response(status=502, text="<html>"), ImageReply(IMAGE))
    await recognition().room(api)
    first, second = stub.rows
    assert first == second


async def test_what_the_server_refuses_is_told(stub: StubServer, api: Api) -> None:
    answers(stub, ours({"status": "failed", "code": "invalid-tenant", "reason": ""}, 404))
    with pytest.raises(Refused):
        await recognition().room(api)


LARGER = Larger("/shots/a.png", replace(PLACE, value="shots/a.png"), 2)
TWICE = replace(MET, name="a@2x.png", place=replace(PLACE, value="shots/a@2x.png"), larger=LARGER)


@pytest.mark.parametrize(
    ("size", "value", "scale"), [((720, 500), "shots/a.png", 2), ((720, 400), "shots/a@2x.png", 1)]
)
async def test_a_picture_twice_as_large_is_met_where_the_plain_one_is(
    stub: StubServer, api: Api, size: tuple[int, int], value: str, scale: int
) -> None:
    async def size_of(path: str) -> tuple[int, int]:
        assert path == LARGER.path
        return size

    answers(stub, ImageReply(IMAGE))
    await recognition(TWICE, size_of=size_of).room(api)
    assert stub.rows[0]["places"] == [{"kind": "path", "project": WEB, "value": value}]
    assert stub.rows[0]["scale"] == scale


async def test_a_plain_one_that_cannot_be_seen_is_no_measure(stub: StubServer, api: Api) -> None:
    async def broken(path: str) -> tuple[int, int]:
        raise PictureError(PictureCorrupt(path))

    answers(stub, ImageReply(IMAGE))
    await recognition(TWICE, size_of=broken).room(api)
    assert stub.rows[0]["scale"] == 1


async def test_a_picture_that_cannot_be_seen_is_known_by_its_place(stub: StubServer, api: Api) -> None:
    answers(stub, UNKNOWN, UNKNOWN, ImageReply(IMAGE))
    assert (await recognition(look=unseen).room(api)).image == IMAGE
    assert not any("pixels" in row for row in stub.rows)


async def test_without_images_a_file_stays_in_its_room_when_its_pixels_are_others(
    stub: StubServer, api: Api, tmp_path: Path
) -> None:
    async def no_such_route(request: web.Request) -> web.Response:
        return web.Response(status=404)

    stub.answer = no_such_route
    loose = replace(MET, place=Place(PlaceKind.FILE, "ef" * 32), folder="")

    async def first(
        known: KnownRooms | None, pixels: str, met: Sighting = loose, *, binds: bool = True
    ) -> UrlId:
        async def look() -> Pixels:
            return replace(PIXELS, pixels=pixels)

        found = Recognition(met, eg.TENANT, look, no_size, binds=binds, known=known)
        return (await found.room(api)).url_id

    known = KnownRooms(tmp_path / "rooms", "https://fc.example", eg.TENANT)
    looked_at = await first(known, "aa" * 32, binds=False)
    assert looked_at == f"sha256:{'aa' * 16}"
    assert not (tmp_path / "rooms").exists(), "a look keeps nothing"
    assert await first(known, "bb" * 32) == f"sha256:{'bb' * 16}"
    assert await first(known, "cc" * 32) == f"sha256:{'bb' * 16}", "replaced"
    elsewhere = replace(loose, place=Place(PlaceKind.FILE, "01" * 32))
    assert await first(known, "cc" * 32, elsewhere) == f"sha256:{'cc' * 16}"
    for other in (
        KnownRooms(tmp_path / "rooms", "https://other.example", eg.TENANT),
        KnownRooms(tmp_path / "rooms", "https://fc.example", TenantId("other")),
        KnownRooms(Path("/proc/rooms"), "https://fc.example", eg.TENANT),
        None,
    ):
        assert await first(other, "dd" * 32) == f"sha256:{'dd' * 16}"
    assert await first(known, "ee" * 32, MET) == f"{WEB}/shots/a.png", "a path is its key"


@pytest.mark.parametrize("kept", [b"", b"\xff\xfe", b"k" * 5000])
def test_a_room_that_was_kept_badly_is_made_anew(tmp_path: Path, kept: bytes) -> None:
    known, place = KnownRooms(tmp_path, "s", eg.TENANT), Place(PlaceKind.FILE, "ef" * 32)
    known.keep(place, UrlId("sha256:ab"))
    assert known.key_of(place) == "sha256:ab"
    (file,) = tmp_path.iterdir()
    assert file.stat().st_mode & 0o777 == 0o600
    file.write_bytes(kept)
    assert known.key_of(place) is None
