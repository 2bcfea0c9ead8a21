"""What is on its way to a terminal: counted by its signs of life, learnt from them, and never much."""

from __future__ import annotations

import random

import pytest

from imagechat_tui.tui.flow import ASK_FROM, HELD_S, PLENTY, QUEUE_S, STALE_S, Flow
from tests.benchmarks.slow_link import PIECE, Pipe

DELAY_S = 0.1


class Line:
    """A program that draws whenever there is room, and a terminal at the end of a line."""

    def __init__(self, rate: float) -> None:
        self.flow = Flow()
        self.now = 1000.0
        self.most = 0
        """Bytes that were in flight at the worst moment."""
        self.painted = 0
        self._there = Pipe(rate, DELAY_S)
        self._back: list[float] = []
        self._marks: list[int] = []
        self._sent = self._come = 0

    def write(self, size: int) -> None:
        self._put(size)
        if self.flow.wrote(size, self.now):
            self._ask()

    def _put(self, size: int) -> None:
        self._there.put(bytes(size), self.now)
        self._sent += size
        self.most = max(self.most, self._there.in_flight)

    def _ask(self) -> None:
        self.flow.asked(self.now)
        self._put(4)
        self._marks.append(self._sent)

    def pass_time(self, for_s: float) -> None:
        for _ in range(round(for_s * 100)):
            self.now += 0.01
            self._come += len(self._there.take(self.now))
            while self._marks and self._marks[0] <= self._come:
                self._marks.pop(0)
                self._back.append(self.now + DELAY_S)
            while self._back and self._back[0] <= self.now:
                self._back.pop(0)
                if self.flow.answered(self.now):
                    self._ask()

    def draw(self, for_s: float, *, row: int = 5000, key: int = 150) -> None:
        """Paint rows as there is room for them, for so long, with a key's few bytes between."""
        for _ in range(round(for_s * 30)):
            self.pass_time(1 / 30)
            self.write(key)
            space = self.flow.room(self.now)
            painted = 0
            while painted < min(space, 60_000):
                painted += row
            if painted:
                self.write(painted)
                self.painted += painted


@pytest.mark.parametrize("rate", [8_000, 32_000, 125_000])
def test_it_learns_how_fast_a_line_is_and_keeps_little_on_it(rate: float) -> None:
    line = Line(rate)
    line.write(60_000)  # before anything is known
    line.pass_time(60_000 / rate + 1)
    line.most = 0
    line.draw(10)
    assert line.flow.round_trip_s == pytest.approx(2 * DELAY_S, abs=0.05 + PIECE / rate)
    assert line.flow.rate is not None
    assert rate / 2 < line.flow.rate < rate * 1.5
    window = line.flow.rate * (2 * DELAY_S + QUEUE_S)
    assert line.most <= max(window, ASK_FROM) * 1.5 + 5000 + 5 * 150


def test_a_fast_line_is_never_held_back_for_long() -> None:
    line = Line(10_000_000)
    line.write(60_000)
    line.pass_time(0.5)
    line.draw(2)
    assert line.painted > 15 * 60_000  # of 60 frames, though none is known to have come before 0.2 s
    assert not line.flow.is_slow(100_000)


def test_keys_in_between_do_not_make_a_slow_line_seem_fast() -> None:
    line = Line(32_000)
    line.write(60_000)
    line.pass_time(5)
    for _ in range(300):  # a held key: 150 bytes, thirty times a second
        line.write(150)
        line.pass_time(1 / 30)
    assert line.flow.rate is not None
    assert line.flow.rate < 40_000
    assert line.flow.is_slow(64_000)


def test_who_never_answers_is_asked_once_and_held_back_for_once() -> None:
    flow = Flow()
    assert flow.room(0.0) == PLENTY
    assert not flow.wrote(ASK_FROM - 1, 0.0)
    assert flow.wrote(1, 0.0)
    flow.asked(0.0)
    assert flow.room(HELD_S - 0.01) == 0
    assert flow.room(HELD_S) == PLENTY
    for second in range(3, 60):
        assert not flow.wrote(50_000, second)
        assert flow.room(second) == PLENTY


def test_an_answer_that_comes_late_says_how_slow_the_line_is() -> None:
    flow = Flow()
    flow.wrote(100_000, 0.0)
    flow.asked(0.0)
    assert flow.room(HELD_S) == PLENTY
    assert flow.answered(4.0)  # and asks anew, for the length of the way
    assert flow.rate == pytest.approx(25_000)
    assert flow.is_slow(64_000)
    flow.asked(4.0)
    assert not flow.answered(4.2)
    assert flow.round_trip_s == pytest.approx(0.2)


def test_answers_come_in_order_and_what_another_one_overtakes_was_lost() -> None:
    flow, told = Flow(), list[str]()
    flow.wrote(5000, 0.0)
    flow.asked(0.0, lambda: told.append("first"))
    flow.asked(0.1, alive=False)
    flow.asked(0.2, lambda: told.append("second"))
    flow.answered(0.3)
    assert told == ["first"]
    flow.answered(0.4, alive=False)
    flow.answered(0.5)
    assert told == ["first", "second"]
    flow.asked(1.0, lambda: told.append("lost"))
    flow.asked(1.1, alive=False)
    flow.answered(1.3, alive=False)
    assert told[2:] == ["lost"]
    assert not flow.answered(1.4)  # to nothing that was asked


def test_a_lost_answer_is_not_waited_for_for_ever() -> None:
    flow, told = Flow(), list[str]()
    flow.asked(0.0, lambda: told.append("lost"))
    flow.asked(STALE_S + 1, lambda: told.append("next"))
    flow.answered(STALE_S + 1.1)
    assert told == ["lost", "next"]
    flow.asked(20.0, lambda: told.append("at a stop"))
    flow.begin_anew()
    assert told[2:] == ["at a stop"]
    assert not flow.answered(20.1)


def test_it_is_known_for_how_long_an_answer_is_on_its_way() -> None:
    line = Line(32_000)
    assert line.flow.answer_s(line.now) == 0
    line.write(20_000)
    line.pass_time(3)
    line.write(16_000)
    assert 0.5 < line.flow.answer_s(line.now) < 1.2
    line.pass_time(0.3)
    assert line.flow.answer_s(line.now) < 0.9
    line.pass_time(1)
    assert line.flow.answer_s(line.now) == 0


def test_whatever_is_told_nothing_is_held_back_for_good(runs: int) -> None:
    draws = random.Random(5)
    flow, now = Flow(), 0.0
    for _ in range(runs):
        now += draws.choice([0, 0.001, 0.3, 3, 12])
        match draws.randrange(5):
            case 0 if flow.wrote(draws.choice([0, 1, 5000, 100_000]), now):
                flow.asked(now)
            case 1:
                flow.asked(now, None, alive=draws.random() < 0.5)
            case 2:
                flow.answered(now, alive=draws.random() < 0.7)
            case 3:
                flow.begin_anew()
        assert 0 <= flow.room(now) <= PLENTY
        assert 0 <= flow.answer_s(now) <= HELD_S
    while flow.room(now) == 0:
        now += HELD_S
