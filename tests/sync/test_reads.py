"""Reads: one at a time, and never before the server can bear it."""

from __future__ import annotations

import pytest

from imagechat_tui.problems import Problem, ProblemKind
from imagechat_tui.sync.core import Core, Reader
from imagechat_tui.sync.inputs import FetchFailed
from imagechat_tui.sync.reads import Read
from tests import examples as eg
from tests.sync.desk import late


@pytest.fixture
def core() -> Core:
    core = Core(eg.room(), late)
    core.now = 100.0
    return core


def failure(number: int, retry_after_s: float | None = None) -> FetchFailed:
    return FetchFailed(number, Problem(ProblemKind.RATE_LIMITED, retry_after_s=retry_after_s))


def due(core: Core, read: Read) -> bool:
    """Whether the next one should be asked for now."""
    at = read.due_at()
    return at is not None and core.now >= at


def test_nothing_is_due_until_something_is_wanted(core: Core) -> None:
    read = Read(core, Reader.LIST)
    assert read.due_at() is None
    read.want(105.0)
    read.want(110.0)
    assert read.due_at() == 105.0
    assert not due(core, read)
    core.now = 105.0
    assert due(core, read)


def test_a_wish_waits_for_the_one_on_its_way(core: Core) -> None:
    read = Read(core, Reader.LIST)
    number = read.begin()
    read.want(100.0)
    assert (read.running, due(core, read)) == (True, False)
    assert read.loaded(number)
    assert due(core, read)


def test_an_answer_that_is_not_awaited_changes_nothing(core: Core) -> None:
    read = Read(core, Reader.LIST)
    number = read.begin()
    assert not read.loaded(number + 1)
    assert not read.failed(failure(number + 1))
    assert read.running
    read.begin()
    assert not read.loaded(number)


def test_two_never_begin_within_the_time_between_them(core: Core) -> None:
    read = Read(core, Reader.LIST)
    read.loaded(read.begin())
    core.now = 101.0
    read.want(101.0)
    assert read.due_at() == 101.0
    read.every_s = 5.0
    assert read.due_at() == 105.0


def test_failures_wait_longer_each_time_until_one_is_answered(core: Core) -> None:
    read = Read(core, Reader.LIST)
    waits = []
    for _ in range(4):
        assert read.failed(failure(read.begin()))
        read.want(core.now)
        waits.append((read.due_at() or 0.0) - core.now)
        core.now += 100.0
    assert waits == [1.0, 2.0, 4.0, 8.0]
    read.loaded(read.begin())
    assert read.failed(failure(read.begin()))
    read.want(core.now)
    assert read.due_at() == core.now + 1.0


def test_no_wish_cuts_a_retry_after_short(core: Core) -> None:
    read = Read(core, Reader.LIST)
    read.failed(failure(read.begin(), retry_after_s=30.0))
    read.want(core.now)
    assert read.due_at() == 131.0
    assert read.due_at(0.0) == 131.0


def test_a_further_wish_counts_beside_the_one_that_is_kept(core: Core) -> None:
    read = Read(core, Reader.LIST)
    assert read.due_at(103.0) == 103.0
    read.want(102.0)
    assert read.due_at(103.0) == 102.0
    read.want(90.0)
    assert read.due_at(80.0) == 80.0


def test_what_is_forgotten_may_still_come_and_what_is_abandoned_not(core: Core) -> None:
    read = Read(core, Reader.LIST)
    number = read.begin()
    read.want(100.0)
    read.forget()
    assert read.loaded(number)
    assert read.due_at() is None
    number = read.begin()
    read.want(100.0)
    read.abandon()
    assert (read.running, read.due_at()) == (False, None)
    assert not read.loaded(number)
