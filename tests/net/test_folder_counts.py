"""Asking how it stands with all pictures of a folder: of whom, how many at once, and until when."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeAlias

import pytest

from imagechat_tui.net import folder_counts
from imagechat_tui.net.api import ApiError
from imagechat_tui.net.endpoint import Endpoint
from imagechat_tui.net.failures import Unreachable
from imagechat_tui.net.folder_counts import FolderCounts
from imagechat_tui.net.folder_starts import FolderStarts
from imagechat_tui.problems import Problem, ProblemKind
from imagechat_tui.protocol.ids import TenantId, UrlId
from imagechat_tui.protocol.models import Place, PlaceKind, RoomSummary, Summary
from imagechat_tui.protocol.routes import MAX_SUMMARIES, Summaries, Summarize, UsersOnline
from tests import examples as eg

ENDPOINT = Endpoint("http://127.0.0.1:1", "ws://127.0.0.1:1", eg.TENANT)


BEN = UsersOnline((eg.bob(),), 0, 1)

People: TypeAlias = list[Mapping[int, UsersOnline] | None]


class Server:
    """Knows the pictures with even places; each has as many open markers as its place says."""

    def __init__(self, *failures: ApiError | None) -> None:
        self.asked: list[Summarize] = []
        self.failures = list(failures)
        self.closed = False
        self.tells_people = True
        self.answers = asyncio.Event()
        self.answers.set()

    async def summaries(self, asked: Summarize) -> Summaries:
        self.asked.append(asked)
        await self.answers.wait()
        failure = self.failures.pop(0) if self.failures else None
        if failure is not None:
            raise failure
        known = [UrlId(place.value) if int(place.value) % 2 == 0 else None for place in asked.places]
        people = {UrlId("2"): BEN} if asked.people and self.tells_people else None
        of = {key: Summary(int(key)) for key in known if key is not None}
        return Summaries(of, tuple(known), people, 1_000 * len(self.asked))

    async def close(self) -> None:
        self.closed = True


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Server:
    server = Server()
    monkeypatch.setattr(folder_counts, "Api", lambda endpoint: server)
    monkeypatch.setattr(folder_counts, "EVERY_S", 0.005)
    monkeypatch.setattr(folder_counts, "SOON_S", 0.0)
    return server


def place(at: int) -> Place | None:
    return None if at == 4 else Place(PlaceKind.FILE, str(at))


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110 (it works in a thread, too)
            await asyncio.sleep(0)


async def told_of(count: int, server: Server, enough: Callable[[], bool]) -> dict[int, Summary]:
    told: dict[int, Summary] = {}

    def tell(news: Mapping[int, RoomSummary]) -> None:
        assert all(one.url_id == str(at) for at, one in news.items())
        told.update({at: one.summary for at, one in news.items()})

    async with running(count, tell=tell) as (_, task, _people):
        await until(lambda: enough() or task.done())
    assert server.closed
    return told


@asynccontextmanager
async def running(
    count: int,
    tell: Callable[[Mapping[int, RoomSummary]], None] = lambda _: None,
    *,
    since: Callable[[int], int | None] = lambda _: None,
    begin: Callable[[int], None] | None = None,
) -> AsyncIterator[tuple[FolderCounts, asyncio.Task[None], People]]:
    people: People = []
    counts = FolderCounts(
        ENDPOINT,
        None,
        count=lambda: count,
        place=place,
        tell=tell,
        tell_people=people.append,
        since=since,
        begin=begin,
    )
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(counts.run())
        yield counts, task, people
        task.cancel()


async def test_what_somebody_knows_is_told_and_asked_for_again(server: Server) -> None:
    told = await told_of(7, server, lambda: len(server.asked) > 2)
    assert told == {0: Summary(0), 2: Summary(2), 6: Summary(6)}


async def test_many_pictures_are_asked_for_in_few_requests(server: Server) -> None:
    await told_of(450, server, lambda: len(server.asked) > 3)
    assert [len(asked.places) for asked in server.asked[:3]] == [MAX_SUMMARIES, MAX_SUMMARIES, 49]


async def test_of_too_many_only_those_around_the_shown_one_are_asked_for(server: Server) -> None:
    await told_of(100_000, server, lambda: len(server.asked) >= 10)
    assert sum(len(asked.places) for asked in server.asked[:10]) == folder_counts.MOST - 1


async def test_a_failure_is_asked_again_in_its_turn(server: Server) -> None:
    server.failures = [Unreachable(sent=True), ApiError(Problem(ProblemKind.REFUSED), sent=True, status=503)]
    told = await told_of(3, server, lambda: len(server.asked) > 3)
    assert told[2] == Summary(2)


async def test_a_server_without_such_a_question_is_asked_once(server: Server) -> None:
    server.failures = [ApiError(Problem(ProblemKind.REFUSED), sent=True, status=404)]
    assert await told_of(3, server, lambda: False) == {}
    assert len(server.asked) == 1


async def test_who_looks_at_the_others_is_asked_at_once_while_it_is_wanted_and_only_then(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folder_counts, "EVERY_S", 3600.0)
    monkeypatch.setattr(folder_counts, "PEOPLE_EVERY_S", 0.001)
    async with running(3) as (counts, _, people):
        await until(lambda: len(server.asked) == 1)
        assert not server.asked[0].people
        counts.watch_people(True)
        await until(lambda: len(people) >= 2)
        assert people[:2] == [{2: BEN}, {2: BEN}]
        counts.watch_people(False)
        told, asked = len(people), len(server.asked)
        for _ in range(50):
            await asyncio.sleep(0)
        assert (len(people), len(server.asked)) in ((told, asked), (told, asked + 1))


@pytest.mark.parametrize(("shown", "named"), [(0, 2), (3, 3), (5, 5)])
async def test_who_looks_at_a_room_that_several_pictures_share_is_told_of_one(
    server: Server, shown: int, named: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folder_counts, "PEOPLE_EVERY_S", 0.001)
    places = (0, 1, 2, 2, 6, 2)
    monkeypatch.setitem(globals(), "place", lambda at: Place(PlaceKind.FILE, str(places[at])))
    async with running(len(places)) as (counts, _, people):
        counts.show(shown)
        counts.watch_people(True)
        await until(lambda: bool(people))
        assert people[0] == {named: BEN}


async def test_what_is_wanted_while_an_answer_is_on_its_way_is_asked_behind_it(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folder_counts, "EVERY_S", 3600.0)
    monkeypatch.setattr(folder_counts, "PEOPLE_EVERY_S", 3600.0)
    server.answers.clear()
    async with running(3) as (counts, _, people):
        await until(lambda: len(server.asked) == 1)
        counts.watch_people(True)
        server.answers.set()
        await until(lambda: people == [{2: BEN}])
        assert [asked.people for asked in server.asked] == [False, True]


@pytest.mark.parametrize(
    "failure", [None, Unreachable(sent=True), ApiError(Problem(ProblemKind.REFUSED), sent=True, status=404)]
)
async def test_that_it_cannot_be_known_is_told_and_not_that_nobody_is_there(
    server: Server, failure: ApiError | None
) -> None:
    server.tells_people = False
    server.failures = [failure] * 3
    async with running(3) as (counts, task, people):
        counts.watch_people(True)
        await until(lambda: bool(people))
        assert people[0] is None
        if task.done():
            counts.watch_people(True)
            assert people[-1] is None and len(people) == 2, "asked again, the answer is the same"


def starts(
    kept_in: Path | None, server: str = "s", tenant: TenantId = eg.TENANT, person: str = "anna"
) -> FolderStarts:
    return FolderStarts(kept_in, server, tenant, person)


@pytest.mark.parametrize("begins", [True, False])
async def test_reading_begins_with_the_first_question_but_for_who_explores(
    server: Server, begins: bool
) -> None:
    begun: list[int] = []
    async with running(2, begin=begun.append if begins else None):
        await until(lambda: len(server.asked) > 2)
    assert {asked.begins for asked in server.asked} == {begins}
    assert [asked.since_ms for asked in server.asked[:3]] == [None, 1_000, 1_000], "counted alike"
    assert begun == [1_000] * begins


async def test_each_picture_is_asked_about_since_its_folder_was_shown(server: Server) -> None:
    def since(at: int) -> int | None:
        return {0: 5, 2: None, 6: 7}.get(at, 5)

    async with running(7, since=since) as (counts, _, _people):
        await until(lambda: len(server.asked) > 5)
        assert counts.first_ms == 1_000
    asked = [(one.since_ms, [place.value for place in one.places]) for one in server.asked[:6]]
    assert asked[:3] == [(5, ["0", "1", "3", "5"]), (None, ["2"]), (7, ["6"])]
    assert asked[3:] == [(5, ["0", "1", "3", "5"]), (1_000, ["2"]), (7, ["6"])]


def test_a_folder_has_been_shown_since_the_first_time(tmp_path: Path) -> None:
    starts(tmp_path).keep("/a", 1_000)
    starts(tmp_path).keep("/a", 2_000)
    starts(tmp_path).keep("/b", 2_000)
    assert (starts(tmp_path).since_ms("/a"), starts(tmp_path).since_ms("/b")) == (1_000, 2_000)
    for other in (
        starts(tmp_path, server="other"),
        starts(tmp_path, tenant=TenantId("other")),
        starts(tmp_path, person="bob"),
        starts(None),
    ):
        assert other.since_ms("/a") is None
    assert starts(tmp_path).since_ms("/c") is None
    starts(None).keep("/a", 1_000)


@pytest.mark.parametrize("rubbish", ["", "-1", "0", "1e3", "٣", "9" * 16, "9" * 5000, "soon"])
def test_what_is_no_time_is_as_if_nothing_was_kept(tmp_path: Path, rubbish: str) -> None:
    starts(tmp_path).keep("/a", 1_000)
    (file,) = tmp_path.iterdir()
    file.write_text(rubbish)
    assert starts(tmp_path).since_ms("/a") is None


async def test_who_wants_to_know_it_now_is_told_before_the_next_turn(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folder_counts, "EVERY_S", 1e6)
    monkeypatch.setattr(folder_counts, "AGAIN_S", 0.0)
    async with running(3) as (counts, _, _people):
        await until(lambda: len(server.asked) == 1)
        await counts.recount()
        assert len(server.asked) == 2


@pytest.mark.parametrize(
    "failure", [Unreachable(sent=True), ApiError(Problem(ProblemKind.REFUSED), sent=True, status=404)]
)
async def test_nobody_waits_for_a_server_that_does_not_answer(
    server: Server, monkeypatch: pytest.MonkeyPatch, failure: ApiError
) -> None:
    monkeypatch.setattr(folder_counts, "EVERY_S", 1e6)
    monkeypatch.setattr(folder_counts, "AGAIN_S", 0.0)
    server.failures = [None, failure]
    async with running(3) as (counts, _, _people):
        await until(lambda: len(server.asked) == 1)
        async with asyncio.timeout(60):
            await counts.recount()
            await counts.recount()
