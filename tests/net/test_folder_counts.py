"""Asking how it stands with all pictures of a folder: of whom, how many at once, and until when."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

import pytest

from imagechat_tui.net import folder_counts
from imagechat_tui.net.api import ApiError
from imagechat_tui.net.endpoint import Endpoint
from imagechat_tui.net.failures import Unreachable
from imagechat_tui.net.folder_counts import FolderCounts
from imagechat_tui.problems import Problem, ProblemKind
from imagechat_tui.protocol.ids import UrlId
from imagechat_tui.protocol.models import Place, PlaceKind, Summary
from imagechat_tui.protocol.routes import MAX_SUMMARIES, Summaries, Summarize
from tests import examples as eg

ENDPOINT = Endpoint("http://127.0.0.1:1", "ws://127.0.0.1:1", eg.TENANT)


class Server:
    """Knows the pictures with even places; each has as many open markers as its place says."""

    def __init__(self, *failures: ApiError | None) -> None:
        self.asked: list[Summarize] = []
        self.failures = list(failures)
        self.closed = False

    async def summaries(self, asked: Summarize) -> Summaries:
        self.asked.append(asked)
        failure = self.failures.pop(0) if self.failures else None
        if failure is not None:
            raise failure
        known = [UrlId(place.value) if int(place.value) % 2 == 0 else None for place in asked.places]
        return Summaries({key: Summary(int(key)) for key in known if key is not None}, tuple(known))

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

    def tell(news: Mapping[int, Summary]) -> None:
        told.update(news)

    counts = FolderCounts(ENDPOINT, None, count=lambda: count, place=place, tell=tell)
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(counts.run())
        await until(lambda: enough() or task.done())
        task.cancel()
    assert server.closed
    return told


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
