"""What a process knows of the others, whatever of their words is lost, comes twice, or is not theirs."""

from __future__ import annotations

from collections import Counter

import pytest

from imagechat_tui.protocol.ids import UserId
from imagechat_tui.server.broker import Use, Viewer
from imagechat_tui.server.broker.buckets import Rule
from imagechat_tui.server.broker.envelopes import (
    MAX_BYTES,
    Beat,
    Content,
    Envelope,
    Gone,
    Seal,
    Seated,
    Told,
    Used,
    Whole,
)
from imagechat_tui.server.broker.messages import Joined, Left, LogGrew, LooksAt, Message, RulesChanged
from imagechat_tui.server.broker.neighbours import ASK_AGAIN_S, DEAD_S, Neighbours
from imagechat_tui.server.broker.shared_counts import SharedCounts
from imagechat_tui.server.storage import RoomKey
from tests import examples as eg

ROOM = RoomKey(eg.TENANT, "r1")
SEAT = ("user", eg.TENANT, eg.ALICE)


class Process:
    """One that hears others, and how often it missed something."""

    def __init__(self) -> None:
        self.heard: list[Message] = []
        self.missed = 0
        self.counts = SharedCounts("here", lambda: None)
        self.neighbours = Neighbours(self.counts, self.heard.append, self._missed)

    def hears(self, number: int, content: Content, now: float = 0.0, process: str = "there") -> bool:
        return self.neighbours.heard(Envelope(process, number, content), now)

    def viewers(self) -> Counter[Viewer]:
        return Counter(self.neighbours.elsewhere(ROOM))

    def _missed(self) -> None:
        self.missed += 1


@pytest.fixture
def here() -> Process:
    return Process()


def test_words_that_come_in_order_need_no_question(here: Process) -> None:
    words: list[Content] = [Beat(), Told(Joined(ROOM, eg.ALICE)), Beat()]
    for number, content in enumerate(words, start=1):
        assert here.hears(number, content)
    assert (here.heard, here.missed, here.neighbours.to_ask(0.0)) == ([Joined(ROOM, eg.ALICE)], 0, [])


def test_a_word_that_comes_again_is_not_heard_again(here: Process) -> None:
    assert here.hears(1, Told(Joined(ROOM, eg.ALICE)))
    assert not here.hears(1, Told(Joined(ROOM, eg.ALICE)))
    assert here.viewers() == {(eg.ALICE, None): 1}


@pytest.mark.reliability
def test_after_a_gap_hints_may_be_missing_and_what_there_is_is_asked_for_once_a_moment(here: Process) -> None:
    here.hears(1, Beat())
    here.hears(3, Told(LogGrew(ROOM)))
    assert (here.heard, here.missed) == ([LogGrew(ROOM)], 1), "what is heard is told all the same"
    asked = [list(here.neighbours.to_ask(now)) for now in (0.0, ASK_AGAIN_S / 2, ASK_AGAIN_S)]
    assert asked == [["there"], [], ["there"]]
    here.hears(4, Whole(0, 1))
    assert here.neighbours.to_ask(9.0) == []


@pytest.mark.reliability
def test_what_a_process_has_replaces_what_was_known_of_it(here: Process) -> None:
    here.hears(1, Told(Joined(ROOM, eg.ALICE)))
    here.hears(2, Told(Joined(ROOM, eg.BOB)))
    del here.heard[:]
    here.hears(5, Whole(0, 2, [(ROOM, eg.BOB, None, 1), (ROOM, eg.BOB, 3, 1)], [(SEAT, 1)]))
    assert here.heard == [], "one part of two says nothing"
    here.hears(6, Whole(1, 2, [(ROOM, UserId("carl"), None, 1)]))
    assert Counter(map(repr, here.heard)) == Counter(
        map(
            repr,
            [
                *(Joined(ROOM, eg.BOB), LooksAt(ROOM, eg.BOB, None, 3)),
                *(Joined(ROOM, UserId("carl")), Left(ROOM, eg.ALICE, None)),
            ],
        )
    )
    assert here.heard[-1] == Left(ROOM, eg.ALICE, None), "who is new is there before others have left"
    assert here.viewers() == {(eg.BOB, None): 1, (eg.BOB, 3): 1, (UserId("carl"), None): 1}
    assert not here.counts.take_seats({SEAT: 1})


@pytest.mark.parametrize("message", [Left(ROOM, eg.ALICE, None), LooksAt(ROOM, eg.ALICE, None, 2)])
def test_of_a_socket_that_was_never_told_of_nothing_is_told(here: Process, message: Message) -> None:
    here.hears(1, Told(message))
    assert (here.heard, here.viewers(), here.neighbours.to_ask(0.0)) == ([], {}, ["there"])


@pytest.mark.reliability
@pytest.mark.parametrize("how", ["says so", "is silent"])
def test_who_is_gone_takes_their_sockets_and_seats_along(here: Process, how: str) -> None:
    here.hears(1, Told(Joined(ROOM, eg.ALICE)))
    here.hears(2, Seated([(SEAT, 1)]))
    assert not here.counts.take_seats({SEAT: 1})
    if how == "says so":
        here.hears(3, Gone())
    else:
        here.neighbours.forget_dead(DEAD_S)
        assert here.viewers() == {(eg.ALICE, None): 1}
        here.neighbours.forget_dead(DEAD_S + 0.1)
    assert here.heard[1:] == [Left(ROOM, eg.ALICE, None)]
    assert here.counts.take_seats({SEAT: 1})


@pytest.mark.reliability
def test_nobody_dies_while_nothing_can_be_heard(here: Process) -> None:
    here.hears(1, Told(Joined(ROOM, eg.ALICE)))
    here.neighbours.heard_nothing(100.0)
    here.neighbours.forget_dead(100.0 + DEAD_S)
    assert here.viewers() == {(eg.ALICE, None): 1}


def test_what_others_use_is_used_up_here_but_for_a_burst_at_most(here: Process) -> None:
    use = Use("write", "ann", Rule(0.5, 2))
    assert here.counts.use((use,), 0.0) is None
    here.hears(1, Used([(use, 50)]))
    assert here.counts.wait_s(use, 0.0) == 6.0, "two are owed, and one is wanted"


# Envelopes


def test_an_envelope_is_opened_by_the_installation_that_closed_it() -> None:
    seal = Seal(b"key")
    envelope = Envelope("there", 7, Told(RulesChanged()))
    assert seal.open(seal.close(envelope)) == envelope
    assert Seal(b"other").open(seal.close(envelope)) is None
    assert Seal(b"other").channel != seal.channel


def changed(data: bytes, place: int) -> bytes:
    return data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]


@pytest.mark.security
def test_rubbish_is_no_envelope() -> None:
    seal = Seal(b"key")
    good = seal.close(Envelope("there", 1, Beat()))
    rubbish: list[object] = [
        b"",
        b"x" * 16,
        good[:-1],
        good + b" ",
        None,
        1,
        "text",
        b"\xff" * (MAX_BYTES + 1),
    ]
    rubbish += [changed(good, place) for place in range(len(good))]
    assert [seal.open(one) for one in rubbish] == [None] * len(rubbish)


def test_what_another_version_says_is_no_envelope() -> None:
    seal = Seal(b"key")
    said = b'["there", 1, {"type": "Unheard"}]'
    assert seal.open(seal._sealed(said) + said) is None
    huge = Envelope("there", 1, Told(LogGrew(RoomKey(eg.TENANT, "x" * MAX_BYTES))))
    assert seal.open(seal.close(huge)) is None
