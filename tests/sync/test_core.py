"""What the parts of the engine share."""

from __future__ import annotations

from imagechat_tui.sync.core import Core, Reader
from tests import examples as eg
from tests.sync.desk import late


def core() -> Core:
    return Core(eg.room(), late)


def test_numbers_are_never_given_twice() -> None:
    desk = core()
    assert [desk.number(), desk.request(Reader.LOG), desk.last_number] == [1, 2, 2]


def test_an_answer_belongs_to_whoever_asked_and_comes_once() -> None:
    desk = core()
    listed, logged = desk.request(Reader.LIST), desk.request(Reader.LOG)
    assert (desk.reader_of(listed), desk.reader_of(logged)) == (Reader.LIST, Reader.LOG)
    assert desk.answered(listed) is Reader.LIST
    assert desk.answered(listed) is None
    assert desk.answered(logged) is Reader.LOG


def test_nobody_asked_for_what_was_never_requested() -> None:
    desk = core()
    assert desk.reader_of(7) is None
    assert desk.answered(desk.number()) is None
