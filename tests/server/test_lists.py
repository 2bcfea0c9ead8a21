"""Long lists: made where nobody else has to wait, and once for all who ask at one moment."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import pytest

from imagechat_tui.protocol import codec
from imagechat_tui.server.storage import Snapshot
from imagechat_tui.server.storage.sqlite import SqliteStore
from imagechat_tui.server.usecases import queries
from imagechat_tui.server.usecases.in_flight import InFlight
from imagechat_tui.server.usecases.paging import comment_page
from tests.server.house import House, items

pytestmark = pytest.mark.security


def noting(work: Callable[..., Any], noted: list[str]) -> Callable[..., Any]:
    """The same work, with the names of the threads that did it."""

    def noted_work(*given: Any, **named: Any) -> Any:
        noted.append(threading.current_thread().name)
        return work(*given, **named)

    return noted_work


@pytest.mark.parametrize(("many", "elsewhere"), [(1, True), (1_000, False)])
async def test_long_lists_keep_the_loop_free(
    house: House, monkeypatch: pytest.MonkeyPatch, many: int, elsewhere: bool
) -> None:
    ann, noted = house.person("ann"), list[str]()
    await ann.marks()
    plain, thread = [await ann.list(v=v) for v in "12"], await ann.thread()
    monkeypatch.setattr(queries, "MANY", many)
    monkeypatch.setattr(codec, "encode_listed", noting(codec.encode_listed, noted))
    monkeypatch.setattr(f"{queries.__name__}.comment_page", noting(comment_page, noted))
    assert [await ann.list(v=v) for v in "12"] == plain
    assert items(await ann.thread(), "comments") == items(thread, "comments")
    assert [name.startswith("lists") for name in noted] == [elsewhere] * 3


async def test_who_asks_at_one_moment_is_read_for_once_and_told_who_they_are(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = [house.person(name) for name in ("ann", "bob", "carl", "dora", "")]
    await people[0].marks()
    read, share, begun, asked = SqliteStore.snapshot, InFlight.shared, list[object](), list[object]()
    go = asyncio.Event()

    async def waiting(store: SqliteStore, *given: Any, **named: Any) -> Snapshot:
        begun.append(given)
        await go.wait()
        return await read(store, *given, **named)

    async def sharing(flights: InFlight[Any], key: Any, work: Any) -> Any:
        asked.append(key)
        if len(asked) == len(people):
            go.set()
        return await share(flights, key, work)

    monkeypatch.setattr(SqliteStore, "snapshot", waiting)
    monkeypatch.setattr(InFlight, "shared", sharing)
    told = await asyncio.gather(*(one.list(v="2") for one in people))
    assert len(begun) == 2, "the first, and one for all who came while it ran"
    assert {str(items(one, "conversations")) for one in told} == {str(items(told[0], "conversations"))}
    assert len({str(one["userIdWS"]) for one in told}) == len(people)
