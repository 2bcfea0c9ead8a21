"""The driver carries out each effect, tells the engine what came of it, and decides nothing."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import pytest
from aiohttp import web
from msgspec.structs import replace

from imagechat_tui.clock import boottime
from imagechat_tui.net.api import Api
from imagechat_tui.net.departure import Departure
from imagechat_tui.net.drafts.file import DraftFile
from imagechat_tui.net.driver import LiveSession, SessionTimings
from imagechat_tui.net.endpoint import Endpoint
from imagechat_tui.net.placing import Part
from imagechat_tui.net.recognition import Recognition
from imagechat_tui.net.socket import SocketTimings
from imagechat_tui.problems import LocalServerFailed, Problem, ProblemKind, ServerDied
from imagechat_tui.protocol import codec
from imagechat_tui.protocol.ids import BroadcastId, ConversationId, ImageId, UrlId, UserId
from imagechat_tui.protocol.models import (
    Matched,
    OpenedImage,
    Place,
    PlaceKind,
    Placement,
    Placements,
    PlacementState,
    Point,
    Version,
)
from imagechat_tui.protocol.routes import ChangePlacements, ImageDetails, ImageReply, Pixels
from imagechat_tui.sync.effects import (
    Announce,
    CloseSocket,
    Effect,
    FetchEventLog,
    FetchImage,
    FetchPlacements,
    FetchPresence,
    FetchSnapshot,
    FetchThread,
    News,
    OpenSocket,
    Placeable,
    Probe,
    Publish,
    SendCrosshair,
    SendPlacements,
    SendRequest,
    SendViewing,
    StoreDrafts,
    Told,
    WorkOutPlacements,
)
from imagechat_tui.sync.identity import Sighting
from imagechat_tui.sync.inputs import (
    EventLogLoaded,
    EventReceived,
    FetchFailed,
    FrameMalformed,
    Input,
    PictureKept,
    PlacementsLoaded,
    PlacementsWorkedOut,
    Pong,
    ReplyArrived,
    RoomFound,
    SnapshotLoaded,
    SocketClosed,
    SocketOpened,
    Started,
    ThreadLoaded,
    Tick,
    UsersLoaded,
    Woke,
    WriteFailed,
)
from imagechat_tui.sync.intents import KeepDraft, StartConversation, Submitted, TryNow
from imagechat_tui.sync.placements import guess
from imagechat_tui.sync.session import OnChange
from imagechat_tui.sync.state import ChatState, Draft, Peer, Phase, Room
from tests import examples as eg
from tests.fault_proxy import FaultProxy, Mode
from tests.net.stub_server import StubServer, never, ours

ROOM = Room(eg.TENANT, UrlId("gallery-42"), "/img/trail.jpg")
QUICK = SessionTimings(
    tick_s=0.02,
    slept_s=60.0,
    goodbye_s=0.1,
    socket=SocketTimings(open_s=2.0, ping_every_s=0.05, pong_within_s=0.1, close_s=0.1),
)
WRITE = SendRequest(
    BroadcastId("b-1"), StartConversation(Point(1.0, 2.0), "text"), None, False, timeout_s=5.0
)
DRAFT = Draft("b-1", WRITE.write, BroadcastId("b-1"))
OPEN = OpenSocket(1, eg.room_ids(), True)

Wanted = TypeVar("Wanted", bound=Input)


class ScriptedEngine:
    """Notes every input, and answers those of a type with the effects scripted for it."""

    def __init__(self, *at_start: Effect) -> None:
        self.state = ChatState(ROOM)
        self.wake_at: float | None = None
        self.inputs: list[Input] = []
        self.script: dict[type[Input], Sequence[Effect]] = {Started: at_start}
        self._fed = asyncio.Event()

    def feed(self, happened: Input, now: float, /) -> tuple[Effect, ...]:
        self.inputs.append(happened)
        self._fed.set()
        if isinstance(happened, Tick):
            self.wake_at = None
        return tuple(self.script.get(type(happened), ()))

    async def hears(self, kind: type[Wanted], where: Callable[[Wanted], bool] = lambda _: True) -> Wanted:
        async with asyncio.timeout(60):
            while True:
                for happened in self.inputs:
                    if isinstance(happened, kind) and where(happened):
                        return happened
                self._fed.clear()
                await self._fed.wait()

    def count(self, kind: type[Input]) -> int:
        return sum(isinstance(happened, kind) for happened in self.inputs)


class Said:
    """An ``on_change`` that notes what it was told."""

    def __init__(self) -> None:
        self.news: list[Told] = []
        self.states: list[ChatState] = []
        self.once = asyncio.Event()

    def __call__(self, state: ChatState, news: tuple[Told, ...]) -> None:
        self.states.append(state)
        self.news += news
        self.once.set()


@asynccontextmanager
async def session(
    engine: ScriptedEngine | None,
    endpoint: Endpoint,
    told: OnChange | None = None,
    room: Room = ROOM,
    **more: object,
) -> AsyncIterator[LiveSession]:
    options = {"drafts": None, "timings": QUICK, **more}
    live = LiveSession(room, endpoint, engine=engine, **options)  # type: ignore[arg-type]
    task = asyncio.get_running_loop().create_task(live.run(told or Said()))
    try:
        yield live
    finally:
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_where_markers_are_comes_back_as_it_was_told(stub: StubServer) -> None:
    here = Placement(ConversationId("ic_1"), Point(1.0, 2.0), PlacementState.SET)
    change = ChangePlacements(2, (here,), (ConversationId("ic_2"),))
    engine = ScriptedEngine(FetchPlacements(1, 2), SendPlacements(2, change))

    async def answer(asked: web.Request) -> web.StreamResponse:
        revision = 3 if asked.method == "GET" else 4
        return ours(codec.encode_placements(Placements(2, revision, (here,))))

    stub.answer = answer
    async with session(engine, stub.endpoint()):
        answers = [await engine.hears(PlacementsLoaded, lambda one: one.request == 1)]
        answers.append(await engine.hears(PlacementsLoaded, lambda one: one.request == 2))
    assert [told.placements for told in answers] == [Placements(2, n, (here,)) for n in (3, 4)]
    paths = {(method, path) for method, path, _, _ in stub.requests}
    assert paths == {(method, "/comment-image-chats/demo/placements") for method in ("GET", "PUT")}
    assert all(query["urlId"] == "gallery-42" and query["v"] == "2" for _, _, query, _ in stub.requests)
    assert codec.decode_change_placements(stub.rows[0]) == change


async def test_what_the_server_says_no_to_comes_back_as_a_failure(stub: StubServer) -> None:
    engine = ScriptedEngine(SendPlacements(1, ChangePlacements(2)))

    async def answer(asked: web.Request) -> web.StreamResponse:
        return ours({"status": "error", "code": "readonly", "reason": "no"}, status=403)

    stub.answer = answer
    async with session(engine, stub.endpoint()):
        assert (await engine.hears(FetchFailed)).status == 403


async def test_reads_come_back_as_inputs(stub: StubServer) -> None:
    engine = ScriptedEngine(
        FetchSnapshot(1),
        FetchThread(2, ConversationId("ic_1"), eg.THREAD),
        FetchPresence(3),
        FetchEventLog(4, eg.THREAD, "u1"),
    )

    async def answer(asked: web.Request) -> web.StreamResponse:
        if asked.path.startswith("/pages"):
            return ours(codec.encode_users_info([eg.bob()]))
        if asked.path.startswith("/comments"):
            return ours(codec.encode_comment_list(eg.comment_list(), tenant_id=eg.TENANT, v2=True))
        if asked.path.startswith("/event-log"):
            good = codec.encode_event(eg.new_comment(1), tenant_id=eg.TENANT, v2=True)
            entry = {
                "createdAt": "2026-01-01T00:00:00.500Z",
                "tenantId": "demo",
                "urlId": "k",
                "broadcastId": "b",
            }
            events = [{**entry, "_id": "e_1", "data": "{"}, {**entry, "_id": "e_2", "data": good}]
            return ours({"status": "success", "events": events})
        return ours(codec.encode_conversation_list(eg.conversation_list(), tenant_id=eg.TENANT, v2=True))

    stub.answer = answer
    async with session(engine, stub.endpoint()):
        assert (await engine.hears(SnapshotLoaded)).peer is Peer.OURS
        assert (await engine.hears(ThreadLoaded)).list.comments
        assert [user.id for user in (await engine.hears(UsersLoaded)).users] == [eg.BOB]
        log = await engine.hears(EventLogLoaded)
        assert [type(event).__name__ for event in log.events] == ["NewComment"], (
            "the unreadable one is left out"
        )


IMAGE = OpenedImage(ImageId("im_1"), UrlId("img/1/a.png"), "a.png", "a.png", "", Matched.FILE, None, 1)
MET = Sighting("a.png", Place(PlaceKind.FILE, "ab" * 32))


def knows_images(stub: StubServer) -> None:
    """The server says which image a picture is, and lists its room only."""

    async def answer(asked: web.Request) -> web.StreamResponse:
        if asked.path.endswith("/images"):
            version = 1 if "pixels" in stub.rows[-1] else None
            return ours(codec.encode_image_reply(ImageReply(replace(IMAGE, version=version))))
        if asked.path.endswith(f"/images/{IMAGE.id}"):
            version_three = Version(3, "ab" * 32, "cd" * 32, 100, 100, 1, 0, UserId("u"))
            return ours(codec.encode_image_details(ImageDetails(IMAGE, (), (version_three,))))
        assert asked.query["urlId"] == IMAGE.url_id
        return ours(codec.encode_conversation_list(eg.conversation_list(), tenant_id=eg.TENANT, v2=True))

    stub.answer = answer


def recognition(looked: asyncio.Event) -> Recognition:
    async def look() -> Pixels:
        await looked.wait()
        return Pixels("ab" * 32, "cd" * 32, 100, 100)

    async def no_size(path: str) -> tuple[int, int]:
        raise AssertionError("nobody asks")

    return Recognition(MET, eg.TENANT, look, no_size, binds=True)


async def test_the_room_is_asked_for_before_its_list_and_the_picture_is_noted_when_it_is_there(
    stub: StubServer,
) -> None:
    knows_images(stub)
    engine, looked = ScriptedEngine(FetchSnapshot(1)), asyncio.Event()
    async with session(engine, stub.endpoint(), recognition=recognition(looked)):
        found = await engine.hears(RoomFound)
        assert (found.room.url_id, found.room.src, found.room.image) == (IMAGE.url_id, "a.png", IMAGE)
        await engine.hears(SnapshotLoaded)
        looked.set()
        noted = await engine.hears(RoomFound, lambda got: got.room.image != IMAGE)
        assert noted.room == replace(found.room, image=replace(IMAGE, version=1))


@pytest.mark.parametrize("again", [FetchSnapshot(3), FetchPlacements(3, 1)], ids=["list", "placements"])
async def test_a_picture_that_is_linked_elsewhere_is_told_with_what_is_read_next(
    stub: StubServer, again: FetchSnapshot | FetchPlacements
) -> None:
    """Its list, or only the log and where the markers are, as of every server of ours."""
    knows_images(stub)
    engine, looked = ScriptedEngine(FetchSnapshot(1)), asyncio.Event()
    engine.script[SnapshotLoaded] = (FetchPlacements(2, 1),)
    engine.script[Submitted] = (again,)
    async with session(engine, stub.endpoint(), recognition=recognition(looked)) as running:
        await engine.hears(SnapshotLoaded)
        before, own = stub.answer, replace(IMAGE, id=ImageId("im_2"), url_id=UrlId("img/2/b.png"))

        async def answer(asked: web.Request) -> web.StreamResponse:
            if asked.path.endswith("/images") and "urlId" not in stub.rows[-1]:
                return ours(codec.encode_image_reply(ImageReply(own)))
            return await before(asked)

        stub.answer = answer
        running.dispatch(TryNow())
        found = await engine.hears(RoomFound, lambda got: got.room.own is not None)
        assert (found.room.own, found.room.url_id) == (own, IMAGE.url_id)


async def test_where_the_picture_is_met_is_told_when_it_is_asked_and_left_alone_when_it_cannot(
    stub: StubServer,
) -> None:
    knows_images(stub)
    whole, looked, tried = stub.answer, asyncio.Event(), []
    details = ImageDetails(IMAGE, (Place(PlaceKind.URL, "https://a.example/"),), (eg.version(),))

    async def then_details(asked: web.Request) -> web.StreamResponse:
        if not asked.path.endswith("/images/im_1"):
            return await whole(asked)
        tried.append(asked)
        return ours(codec.encode_image_details(details)) if len(tried) > 1 else web.Response(status=503)

    stub.answer = then_details
    engine = ScriptedEngine(FetchSnapshot(1))
    engine.script[SnapshotLoaded] = [FetchImage(IMAGE.id)] * 2
    async with session(engine, stub.endpoint(), recognition=recognition(looked)):
        told = await engine.hears(RoomFound, lambda got: bool(got.room.places))
        assert (told.room.places, told.room.versions) == (details.places, details.versions)


def draft(text: str) -> Draft:
    return Draft(f"new:{text}", StartConversation(Point(1, 2), text))


def on_disk(folder: Path) -> set[str]:
    """Texts of drafts that whoever comes next finds in a folder."""
    file = DraftFile(folder)
    try:
        return {one.write.text for one in file.load() if isinstance(one.write, StartConversation)}
    finally:
        file.close()


def left_behind(folder: Path, *texts: str) -> None:
    file = DraftFile(folder)
    file.store(tuple(map(draft, texts)))
    file.close()


@pytest.mark.parametrize("known", [None, UrlId("img/0/old.png"), IMAGE.url_id])
async def test_drafts_are_found_by_the_room_and_stay_with_theirs(
    stub: StubServer, tmp_path: Path, known: UrlId | None
) -> None:
    """None: a renamed file's place was never here. The others: the room that it was in last."""
    knows_images(stub)

    def of(url_id: str) -> Path:
        return tmp_path / url_id.replace("/", "-")

    left_behind(of("place"), "of the place")
    left_behind(of(IMAGE.url_id), "of the room")
    left_behind(of("img/0/old.png"), "of the old room")
    first = DraftFile(of("place")) if known is None else DraftFile(of(known), also=of("place"))
    options: dict[str, Any] = {
        "drafts": first,
        "drafts_room": known,
        "drafts_of": lambda url_id: DraftFile(of(url_id)),
        "recognition": recognition(asyncio.Event()),
    }
    told = Said()
    async with session(None, stub.endpoint(), told, **options) as live:
        live.dispatch(KeepDraft(StartConversation(Point(3, 4), "typed before")))
        async with asyncio.timeout(60):
            while live.state.room.url_id != IMAGE.url_id:
                told.once.clear()
                await told.once.wait()
        live.dispatch(KeepDraft(StartConversation(Point(5, 6), "typed after")))
        texts = {one.write.text for one in live.state.mine.drafts if isinstance(one.write, StartConversation)}
    came_along = {"of the place"} if known != "img/0/old.png" else set()
    assert texts == {"of the room", "typed before", "typed after", *came_along}
    assert on_disk(of(IMAGE.url_id)) == texts
    assert on_disk(of("place")) == set()
    stays = {"of the old room"} if known != "img/0/old.png" else {"of the old room", "of the place"}
    assert on_disk(of("img/0/old.png")) == stays


async def test_a_picture_that_is_looked_at_for_days_is_told_of_each_day(stub: StubServer) -> None:
    knows_images(stub)
    engine, looked, days = ScriptedEngine(FetchSnapshot(1)), asyncio.Event(), [0.0]
    looked.set()
    more: Any = {"recognition": recognition(looked), "now": lambda: days[0]}
    engine.script[Woke] = [FetchSnapshot(2)]
    async with session(engine, stub.endpoint(), None, **more):
        await engine.hears(RoomFound, lambda got: got.room.image != IMAGE)
        asked = len(stub.rows)
        days[0] = 86_401.0  # which looks like a sleep, after which the list is read
        await engine.hears(SnapshotLoaded, lambda got: got.request == 2)
    assert [row["urlId"] for row in stub.rows[asked:]] == [IMAGE.url_id]


async def test_a_picture_that_was_read_again_is_told_of_at_once_or_when_the_link_is_back(
    stub: StubServer,
) -> None:
    knows_images(stub)
    engine, looked = ScriptedEngine(FetchSnapshot(1)), asyncio.Event()
    engine.script[Submitted] = [OPEN]
    looked.set()

    async def until(rows: int) -> None:
        async with asyncio.timeout(60):
            while len(stub.rows) < rows:
                stub.arrived.clear()
                await stub.arrived.wait()

    async with session(engine, stub.endpoint(), recognition=recognition(looked)) as live:
        await engine.hears(RoomFound, lambda got: got.room.image != IMAGE)
        answer, asked = stub.answer, len(stub.rows)
        live.picture_read()
        await until(asked + 1)

        async def refuse(_: web.Request) -> web.StreamResponse:
            return ours({"status": "failed", "code": "server-failed", "reason": "No."}, 500)

        stub.answer = refuse
        live.picture_read()
        await until(asked + 2)
        stub.answer = answer
        live.dispatch(TryNow())
        await until(asked + 3)
    assert all(row["urlId"] == IMAGE.url_id for row in stub.rows[asked:])


async def test_of_a_picture_that_is_only_explored_nothing_is_noted_but_its_version_is_known(
    stub: StubServer,
) -> None:
    knows_images(stub)
    engine, looked, days = ScriptedEngine(FetchSnapshot(1)), asyncio.Event(), [0.0]
    looked.set()
    more: Any = {"recognition": recognition(looked), "now": lambda: days[0]}
    engine.script[Woke] = [FetchSnapshot(2)]
    async with session(engine, stub.endpoint(), room=replace(ROOM, explores=True), **more):
        found = await engine.hears(RoomFound)
        assert found.room.explores
        compared = await engine.hears(RoomFound, lambda got: got.room.version is not None)
        assert compared.room.version == 3
        await engine.hears(SnapshotLoaded)
        days[0] = 86_401.0
        await engine.hears(SnapshotLoaded, lambda got: got.request == 2)
    assert len(stub.rows) == 1


class Looking:
    """A placer that finds nothing for want of a picture, until that comes."""

    def __init__(self) -> None:
        self.told: Sequence[Placements] = ()
        self.kept = asyncio.Event()
        self.wanted: set[str] = set()

    async def parts(
        self, asked: WorkOutPlacements, versions: object, told: Sequence[Placements]
    ) -> AsyncIterator[Part]:
        self.told = told
        yield Part((guess(asked.markers[0].conversation_id, eg.point()),), seen=False, lacks="ab")

    async def until_kept(self, pixels: set[str]) -> None:
        self.wanted = pixels
        await self.kept.wait()


@pytest.mark.parametrize(
    ("made_on", "sure", "asked_of"), [(1, None, [3, 2]), (1, 3, [3]), (1, 2, [3, 2]), (3, None, [])]
)
async def test_for_a_marker_the_server_is_asked_where_it_was_last_and_a_picture_is_waited_for(
    stub: StubServer, made_on: int, sure: int | None, asked_of: list[int]
) -> None:
    home = ConversationId("ic_1")
    said = Placement(home, eg.point(), PlacementState.SET)

    async def answer(asked: web.Request) -> web.StreamResponse:
        if asked.path.endswith("/placements"):
            number = int(asked.query["version"])
            return ours(codec.encode_placements(Placements(number, 1, (said,) if number == sure else ())))
        known = [Version(number, "ab" * 32, "cd" * 32, 1, 1, 1, 0, UserId("u")) for number in (1, 2, 3, 4)]
        return ours(codec.encode_image_details(ImageDetails(IMAGE, (), tuple(known))))

    stub.answer = answer
    effect = WorkOutPlacements(IMAGE.id, 4, (Placeable(home, made_on, eg.point()),))
    engine, placer = ScriptedEngine(effect), Looking()
    async with session(engine, stub.endpoint(), placer=placer):
        assert not (await engine.hears(PlacementsWorkedOut)).seen
        assert [one.version for one in placer.told] == asked_of
        assert engine.count(PictureKept) == 0
        placer.kept.set()
        assert await engine.hears(PictureKept) == PictureKept(4)
        assert placer.wanted == {"ab"}


async def test_a_room_that_is_not_told_is_a_read_that_failed(stub: StubServer) -> None:
    async def refuse(_: web.Request) -> web.StreamResponse:
        return ours({"status": "failed", "code": "malformed-sso", "reason": "No."}, 401)

    stub.answer = refuse
    engine = ScriptedEngine(FetchSnapshot(7))
    async with session(engine, stub.endpoint(), recognition=recognition(asyncio.Event())):
        failed = await engine.hears(FetchFailed)
    assert (failed.request, failed.status, failed.problem.kind) == (7, 401, ProblemKind.SIGN_IN)


async def test_a_key_for_a_server_without_images_is_given_up_when_it_knows_them_after_all(
    stub: StubServer,
) -> None:
    """A gateway has answered the first question in its place."""
    knows_images(stub)
    whole, looked = stub.answer, asyncio.Event()
    looked.set()

    async def first_another(asked: web.Request) -> web.StreamResponse:
        if asked.path.endswith("/images") and len(stub.rows) == 1:
            return web.Response(status=404)
        if asked.method == "GET" and asked.query["urlId"] != IMAGE.url_id:
            return ours(codec.encode_conversation_list(eg.conversation_list(), tenant_id=eg.TENANT, v2=True))
        return await whole(asked)

    stub.answer = first_another
    engine = ScriptedEngine(FetchSnapshot(1))
    engine.script[FetchFailed] = [FetchSnapshot(2)]
    async with session(engine, stub.endpoint(), recognition=recognition(looked)):
        await engine.hears(SnapshotLoaded, lambda got: got.request == 2)
        assert (
            await engine.hears(RoomFound, lambda got: got.room.image is not None)
        ).room.url_id == IMAGE.url_id


async def test_a_read_that_fails_says_why(stub: StubServer) -> None:
    async def refuse(_: web.Request) -> web.StreamResponse:
        return ours({"status": "failed", "code": "malformed-sso", "reason": "No."}, 401)

    stub.answer = refuse
    engine = ScriptedEngine(FetchSnapshot(7))
    async with session(engine, stub.endpoint()):
        failed = await engine.hears(FetchFailed)
    assert (failed.request, failed.status, failed.problem.kind) == (7, 401, ProblemKind.SIGN_IN)


async def test_a_socket_opens_speaks_and_closes_exactly_once(stub: StubServer) -> None:
    engine = ScriptedEngine(OPEN)
    async with session(engine, stub.endpoint()):
        await engine.hears(SocketOpened)
        (socket,) = stub.sockets
        await socket.send_str(codec.encode_event(eg.new_image_chat(1), tenant_id=eg.TENANT, v2=True))
        await socket.send_str("nonsense")
        await socket.send_bytes(b"{}")
        await engine.hears(EventReceived, lambda got: got.event == eg.new_image_chat(1))
        await engine.hears(FrameMalformed, lambda got: "binary" in got.detail)
        assert engine.count(FrameMalformed) == 2
        assert (await engine.hears(Pong)).round_trip_s > 0
        await socket.close(code=1012)
        assert (await engine.hears(SocketClosed)).code == 1012
    assert engine.count(SocketClosed) == 1


async def test_a_refused_handshake_is_a_closed_socket(stub: StubServer) -> None:
    async def refuse(_: web.Request) -> web.StreamResponse:
        return web.Response(status=503, headers={"Retry-After": "3"})

    stub.live = refuse
    engine = ScriptedEngine(OPEN)
    async with session(engine, stub.endpoint()):
        closed = await engine.hears(SocketClosed)
    seen = Problem(ProblemKind.UNREACHABLE, "intercepted", "503 Service Unavailable", 3.0)
    assert closed == SocketClosed(1, None, 503, 3.0, foreign=True, problem=seen)
    assert engine.count(SocketOpened) == 0


async def test_closing_a_socket_says_goodbye_to_the_server(stub: StubServer) -> None:
    engine = ScriptedEngine(OPEN)
    engine.script[SocketOpened] = [CloseSocket(1)]
    gone = asyncio.Event()

    async def live(request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        async for _ in socket:
            pass
        assert socket.close_code == 1000
        gone.set()
        return socket

    stub.live = live
    async with session(engine, stub.endpoint()):
        async with asyncio.timeout(60):
            await gone.wait()


async def test_the_crosshair_reaches_the_server(stub: StubServer) -> None:
    engine = ScriptedEngine(OPEN)
    engine.script[SocketOpened] = [SendCrosshair(1, Point(1.5, 2.5))]
    async with session(engine, stub.endpoint()):
        await stub.arrived.wait()
    assert stub.rows == [{"type": "cursor", "x": 1.5, "y": 2.5}]


async def test_which_version_is_looked_at_reaches_the_server(stub: StubServer) -> None:
    engine = ScriptedEngine(OPEN)
    engine.script[SocketOpened] = [SendViewing(1, 3)]
    async with session(engine, stub.endpoint()):
        await stub.arrived.wait()
    assert stub.rows == [{"type": "viewing", "version": 3}]


@pytest.mark.reliability
async def test_a_dead_link_is_noticed_within_ping_and_pong_time(tcp_stub: StubServer) -> None:
    async with FaultProxy(tcp_stub.port) as proxy:
        engine = ScriptedEngine(OPEN)
        async with session(engine, tcp_stub.endpoint(port=proxy.port)):
            await engine.hears(Pong)
            proxy.mode = Mode.BLACK_HOLE
            began = time.monotonic()
            assert (await engine.hears(SocketClosed)).code is None
            assert time.monotonic() - began < 0.6
    assert engine.count(SocketClosed) == 1


async def test_a_probe_is_answered_or_ends_the_socket(tcp_stub: StubServer) -> None:
    patient = SessionTimings(tick_s=0.02, goodbye_s=0.1, socket=SocketTimings())
    async with FaultProxy(tcp_stub.port) as proxy:
        engine = ScriptedEngine(OPEN)
        engine.script[Submitted] = [Probe(1, 0.1)]
        async with session(engine, tcp_stub.endpoint(port=proxy.port), timings=patient) as live:
            await engine.hears(Pong)
            heard = engine.count(Pong)
            live.dispatch(TryNow())
            await engine.hears(Pong, lambda _: engine.count(Pong) > heard)
            proxy.mode = Mode.BLACK_HOLE
            live.dispatch(TryNow())
            await engine.hears(SocketClosed)


async def test_a_probe_ends_a_handshake_that_hangs(tcp_stub: StubServer) -> None:
    async with FaultProxy(tcp_stub.port, mode=Mode.BLACK_HOLE) as proxy:
        engine = ScriptedEngine(OPEN, Probe(1, 0.05))
        engine.script[Submitted] = [Probe(1, 0.05)]
        timings = SessionTimings(tick_s=0.02, goodbye_s=0.1)
        async with session(engine, tcp_stub.endpoint(port=proxy.port), timings=timings) as live:
            await engine.hears(Started)
            await proxy.connected.wait()
            live.dispatch(TryNow())
            await engine.hears(SocketClosed)


# -- writes


async def test_a_write_ends_in_its_reply(stub: StubServer) -> None:
    engine = ScriptedEngine(WRITE)
    async with session(engine, stub.endpoint()):
        assert (await engine.hears(ReplyArrived)).broadcast_id == "b-1"
    assert len(stub.rows) == 1


async def test_a_write_to_nobody_was_not_sent(unused_port: int) -> None:
    engine = ScriptedEngine(WRITE)
    async with session(engine, Endpoint(f"http://127.0.0.1:{unused_port}", "", eg.TENANT)):
        failed = await engine.hears(WriteFailed)
    assert (failed.sent, failed.status, failed.problem.kind) == (False, None, ProblemKind.UNREACHABLE)


async def test_a_write_has_left_before_the_screen_hears_of_it(
    stub: StubServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    order: list[str] = []

    async def send(_: Api, __: Room, request: SendRequest, departure: Departure) -> None:
        for _turn in range(50):  # whatever it takes to connect
            await asyncio.sleep(0)
        order.append("left")
        departure.end()
        await asyncio.Event().wait()

    def on_change(*_: object) -> None:
        order.append("told")
        told.set()

    monkeypatch.setattr(Api, "send", send)
    told, engine = asyncio.Event(), ScriptedEngine(WRITE, Publish(ChatState(ROOM)))
    timings = replace(QUICK, depart_s=3600.0)
    async with session(engine, stub.endpoint(), on_change, timings=timings) as live:
        await told.wait()
        await live.departed()
    assert order == ["left", "told"]


async def test_a_write_that_cannot_leave_holds_the_screen_for_a_moment_only(
    stub: StubServer, tmp_path: Path
) -> None:
    finish, told = threading.Event(), Said()

    class SlowDisk(DraftFile):
        def sync(self) -> None:
            finish.wait(60)
            super().sync()

    engine = ScriptedEngine(StoreDrafts((DRAFT,)), WRITE, Publish(ChatState(ROOM)))
    async with session(engine, stub.endpoint(), told, drafts=SlowDisk(tmp_path)) as live:
        await live.departed()
        await told.once.wait()
        assert not stub.rows
        finish.set()
        await engine.hears(ReplyArrived)


async def test_a_write_that_fails_before_it_leaves_holds_nothing(unused_port: int) -> None:
    told, engine = Said(), ScriptedEngine(WRITE, Publish(ChatState(ROOM)))
    timings = replace(QUICK, depart_s=3600.0)
    async with session(
        engine, Endpoint(f"http://127.0.0.1:{unused_port}", "", eg.TENANT), told, timings=timings
    ):
        await told.once.wait()
        assert engine.count(WriteFailed) == 1


async def test_the_last_byte_of_a_write_ends_its_departure(tcp_stub: StubServer) -> None:
    never = asyncio.Event()

    async def unanswered(_: web.Request) -> web.StreamResponse:
        await never.wait()
        raise AssertionError

    tcp_stub.answer = unanswered
    api, departure = Api(tcp_stub.endpoint()), Departure()
    sending = asyncio.get_running_loop().create_task(api.send(ROOM, WRITE, departure))
    await departure.over()
    assert departure.begun
    await tcp_stub.arrived.wait()
    sending.cancel()
    await asyncio.wait([sending])
    await api.close()


@pytest.mark.reliability
async def test_a_broken_link_aborts_the_write_in_flight(tcp_stub: StubServer) -> None:
    tcp_stub.answer = never
    async with FaultProxy(tcp_stub.port) as proxy:
        engine = ScriptedEngine(OPEN)
        engine.script[SocketOpened] = [replace(WRITE, timeout_s=60.0)]
        async with session(engine, tcp_stub.endpoint(port=proxy.port)):
            await tcp_stub.arrived.wait()
            proxy.mode = Mode.BLACK_HOLE
            failed = await engine.hears(WriteFailed)
            assert (failed.sent, failed.status) == (True, None)
            assert engine.count(WriteFailed) == 1


async def test_an_orderly_close_leaves_the_write_its_chance(tcp_stub: StubServer) -> None:
    finish = asyncio.Event()

    async def slow(_: web.Request) -> web.StreamResponse:
        await finish.wait()
        return ours({"status": "success", "createdChatId": "ic_9"})

    tcp_stub.answer = slow
    engine = ScriptedEngine(OPEN)
    engine.script[SocketOpened] = [WRITE]
    async with session(engine, tcp_stub.endpoint()):
        await tcp_stub.arrived.wait()
        await tcp_stub.sockets[0].close(code=1012)
        await engine.hears(SocketClosed)
        finish.set()
        await engine.hears(ReplyArrived)


# -- time


async def test_the_engine_is_woken_when_it_wants_to_be(stub: StubServer) -> None:
    engine = ScriptedEngine()
    engine.wake_at = boottime() + 0.05
    async with session(engine, stub.endpoint()):
        await engine.hears(Tick)
        assert engine.count(Tick) == 1


@pytest.mark.reliability
async def test_a_jump_of_the_clock_is_a_sleep_and_aborts_what_was_in_flight(stub: StubServer) -> None:
    stub.answer = never
    slept = 0.0
    engine = ScriptedEngine(replace(WRITE, timeout_s=60.0))
    async with session(engine, stub.endpoint(), now=lambda: time.monotonic() + slept):
        await stub.arrived.wait()
        assert engine.count(Woke) == 0
        slept = 600.0
        await engine.hears(Woke)
        await engine.hears(WriteFailed)
        assert engine.count(Woke) == 1


# -- telling


async def test_the_newest_state_is_told_once_with_all_its_news(stub: StubServer) -> None:
    told, news = Said(), Announce(News.PHASE)
    engine = ScriptedEngine(Publish(ChatState(ROOM)), news)
    engine.script[Submitted] = [Publish(ChatState(ROOM)), news]
    async with session(engine, stub.endpoint(), told) as live:
        live.dispatch(TryNow())
        await told.once.wait()
        assert told.news == [news, news]
        assert told.states == [engine.state]


async def test_what_is_dispatched_before_the_run_is_carried_out_by_it(stub: StubServer) -> None:
    engine = ScriptedEngine()
    engine.script[Submitted] = [WRITE]
    live = LiveSession(ROOM, stub.endpoint(), drafts=None, engine=engine, timings=QUICK)
    live.dispatch(TryNow())
    assert isinstance(engine.inputs[0], Started)
    task = asyncio.get_running_loop().create_task(live.run(Said()))
    await engine.hears(ReplyArrived)
    task.cancel()
    await asyncio.wait([task])


async def test_a_defect_ends_the_run_loudly(stub: StubServer) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    engine = ScriptedEngine(Announce(News.PHASE))
    live = LiveSession(ROOM, stub.endpoint(), drafts=None, engine=engine, timings=QUICK)
    with pytest.raises(ExceptionGroup) as caught:
        await live.run(broken)
    assert caught.group_contains(ZeroDivisionError)


# -- before connecting


async def test_the_local_server_is_awaited_and_its_failure_is_nobody_there(stub: StubServer) -> None:
    starts, died = 0, ServerDied("log", last_line="the cause")

    async def start() -> None:
        nonlocal starts
        starts += 1
        raise LocalServerFailed(died)

    engine = ScriptedEngine(OPEN, FetchSnapshot(2))
    async with session(engine, stub.endpoint(), before_connect=start):
        failed = await engine.hears(FetchFailed)
        await engine.hears(SocketClosed)
    assert starts == 2
    assert failed.problem == Problem(ProblemKind.UNREACHABLE, reason="the cause", local=died)
    assert not stub.requests


@pytest.mark.parametrize(("path", "longest"), [(Path("/nobody"), 2.0), (None, 30.0)], ids=["unix", "tcp"])
async def test_the_server_of_this_machine_is_not_waited_for_as_long_as_another(
    path: Path | None, longest: float
) -> None:
    bounds: list[float] = []
    enough = asyncio.Event()

    async def fail() -> None:
        raise LocalServerFailed(ServerDied("log"))

    def at_once(_: float, most: float) -> float:
        bounds.append(most)
        if len(bounds) >= 20:
            enough.set()
        return 0.0

    live = LiveSession(
        ROOM, Endpoint("", "", eg.TENANT, uds=path), drafts=None, before_connect=fail, uniform=at_once
    )
    task = asyncio.get_running_loop().create_task(live.run(Said()))
    async with asyncio.timeout(60):
        await enough.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert max(bounds) == longest


# -- drafts


async def test_a_write_is_on_disk_before_it_is_on_the_wire(stub: StubServer, tmp_path: Path) -> None:
    begun, finish = threading.Event(), threading.Event()

    class SlowDisk(DraftFile):
        def store(self, drafts: tuple[Draft, ...]) -> None:
            begun.set()
            finish.wait(60)
            super().store(drafts)

    engine = ScriptedEngine(StoreDrafts((DRAFT,)), WRITE, FetchSnapshot(1))
    async with session(engine, stub.endpoint(), drafts=SlowDisk(tmp_path)):
        await asyncio.to_thread(begun.wait)
        await engine.hears(SnapshotLoaded)
        assert not stub.rows, "others go on, the write waits for the disk"
        finish.set()
        await engine.hears(ReplyArrived)


async def test_what_is_typed_does_not_wait_for_a_slow_disk_and_a_write_does(
    stub: StubServer, tmp_path: Path
) -> None:
    begun, finish, renewed = threading.Event(), threading.Event(), threading.Event()

    class SlowDisk(DraftFile):
        def store(self, drafts: tuple[Draft, ...]) -> None:
            super().store(drafts)
            if drafts[0].updated_at_ms == 7:
                renewed.set()

        def sync(self) -> None:
            begun.set()
            finish.wait(60)
            super().sync()

    file, engine = SlowDisk(tmp_path), ScriptedEngine(StoreDrafts((DRAFT,)), WRITE, FetchSnapshot(1))
    engine.script[Submitted] = [StoreDrafts((replace(DRAFT, updated_at_ms=7),))]
    async with session(engine, stub.endpoint(), drafts=file) as live:
        await asyncio.to_thread(begun.wait)
        live.dispatch(TryNow())
        assert await asyncio.to_thread(renewed.wait, 10)
        assert '"updated_at_ms": 7' in file.path.read_text()
        await engine.hears(SnapshotLoaded)
        assert not stub.rows
        finish.set()
        await engine.hears(ReplyArrived)


async def test_what_was_typed_last_is_on_disk_when_the_run_has_ended(
    stub: StubServer, tmp_path: Path
) -> None:
    engine = ScriptedEngine()
    engine.script[Submitted] = [StoreDrafts((DRAFT,))]
    async with session(engine, stub.endpoint(), drafts=DraftFile(tmp_path)) as live:
        await engine.hears(Started)
        live.dispatch(TryNow())
    engine = ScriptedEngine()
    async with session(engine, stub.endpoint(), drafts=DraftFile(tmp_path)):
        assert (await engine.hears(Started)).drafts == (DRAFT,)


async def test_a_disk_that_takes_no_drafts_is_told_once_and_stops_nothing(
    stub: StubServer, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    told = Said()
    engine = ScriptedEngine(StoreDrafts((DRAFT,)), WRITE)
    engine.script[ReplyArrived] = [StoreDrafts(()), StoreDrafts((DRAFT,))]
    async with session(engine, stub.endpoint(), told, drafts=DraftFile(tmp_path / "file" / "d")):
        await engine.hears(ReplyArrived)
        await told.once.wait()
    assert told.news == [Announce(News.DRAFTS_NOT_STORED)]


def test_importing_the_driver_loads_no_heavy_library() -> None:
    heavy = "{'httpx', 'websockets', 'anyio', 'numpy', 'textual'}"
    code = f"import sys, imagechat_tui.net.driver; print(*sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


# -- somebody on the way


@pytest.mark.parametrize("status", [401, 403, 407, 421, 429, 502, 200])
@pytest.mark.parametrize("joined_before", [False, True], ids=["at the start", "later"])
async def test_what_a_gateway_says_for_a_while_heals_by_itself(
    stub: StubServer, status: int, joined_before: bool
) -> None:
    well, phases = stub.answer, list[Phase]()

    async def gateway(_: web.Request) -> web.StreamResponse:
        return web.Response(status=status, text="<h1>No</h1>", headers={"Retry-After": "0"})

    async def greeted(request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        stub.sockets.append(socket)
        await socket.send_str(codec.encode_event(eg.subscribed(1), tenant_id=eg.TENANT, v2=True))
        async for _ in socket:
            pass
        return socket

    changed = asyncio.Event()

    def on_change(state: ChatState, _: object) -> None:
        if phases[-1:] != [state.connection.phase]:
            phases.append(state.connection.phase)
            changed.set()

    async def until(phase: Phase) -> None:
        async with asyncio.timeout(30):
            while phases[-1:] != [phase]:
                changed.clear()
                await changed.wait()

    def broken() -> None:
        stub.answer = stub.live = gateway

    def healed() -> None:
        stub.answer, stub.live = well, greeted

    if joined_before:
        healed()
    else:
        broken()
    live_session = LiveSession(
        ROOM, stub.endpoint(), drafts=None, timings=QUICK, uniform=lambda _, most: min(most, 0.05)
    )
    running = asyncio.get_running_loop().create_task(live_session.run(on_change))
    try:
        if joined_before:
            await until(Phase.LIVE)
            broken()
            for socket in stub.sockets:
                await socket.close()
        await until(Phase.OFFLINE)
        healed()
        await until(Phase.LIVE)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    assert Phase.SIGN_IN_NEEDED not in phases
