"""Somebody has a newer version of the picture: told once, to whom it is news."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from imagechat_tui.protocol.events import PlacementsChanged
from imagechat_tui.protocol.ids import UserId
from imagechat_tui.protocol.models import Placements, Version
from imagechat_tui.sync.effects import FetchImage, News
from imagechat_tui.sync.inputs import RoomFound
from imagechat_tui.sync.intents import TryNow
from tests import examples as eg
from tests.sync.desk import Desk
from tests.sync.test_seeking import IMAGE, ONE, marker, shown


def turn(desk: Desk, version: int | None, latest: int, unseen: int | None = None) -> None:
    """The picture that is shown is this version of so many."""
    image = replace(IMAGE, version=version, latest=latest)
    desk.feed(RoomFound(replace(desk.state.room, image=image, unseen=unseen)))


def details(desk: Desk, latest: int, by: UserId = eg.BOB) -> None:
    """The server tells whose versions they are."""
    image = desk.state.room.image
    assert image is not None
    known = tuple(
        Version(number, f"{number:064}", "", 1, 1, 1, 0, by if number == latest else eg.ALICE)
        for number in range(1, latest + 1)
    )
    desk.feed(RoomFound(replace(desk.state.room, image=replace(image, latest=latest), versions=known)))


def told(desk: Desk) -> list[tuple[int | None, UserId | None]]:
    return [(one.version, one.by) for one in desk.told(News.NEWER)]


@pytest.mark.parametrize(
    ("had", "now", "latest", "news"),
    [
        ([], 1, 1, False),
        ([], 2, 2, False),
        ([], 1, 2, True),
        ([], 1, 4, True),
        ([1], 2, 2, False),
        ([2], 1, 2, False),
        ([3, 1], 2, 3, False),
        ([2], 1, 3, True),
        ([], None, 2, False),
        ([], -1, 2, False),
    ],
)
def test_who_has_an_older_version_is_told_of_the_newest_unless_they_had_it(
    had: list[int], now: int | None, latest: int, news: bool
) -> None:
    desk = shown(None, marker(ONE, version=None))
    for version in had:
        turn(desk, version, version)
    desk.all(FetchImage)
    unseen = now is not None and now < 0
    turn(desk, None if unseen else now, latest, now if unseen else None)
    assert len(desk.all(FetchImage)) == news
    details(desk, latest)
    assert told(desk) == ([(latest, eg.BOB)] if news else [])
    details(desk, latest)
    desk.nothing(FetchImage)
    assert told(desk) == []


def by_a_marker(desk: Desk) -> None:
    there = eg.conversation(id=eg.conversation().id, version=2)
    desk.hears(eg.new_image_chat(2, conversation=there))


def by_placements(desk: Desk) -> None:
    desk.hears(PlacementsChanged(Placements(2, 1)))


@pytest.mark.parametrize("heard", [by_a_marker, by_placements])
def test_a_version_that_comes_while_one_looks_is_heard_of(heard: Callable[[Desk], None]) -> None:
    desk = shown(None, marker(ONE, version=None))
    turn(desk, 1, 1)
    desk.nothing(FetchImage)
    heard(desk)
    assert len(desk.all(FetchImage)) == 1
    details(desk, 2)
    assert told(desk) == [(2, eg.BOB)]


def test_whose_it_is_is_asked_again_on_the_next_link() -> None:
    desk = shown(None, marker(ONE, version=None))
    turn(desk, 1, 2)
    assert len(desk.all(FetchImage)) == 1
    desk.cut()
    desk.wish(TryNow())
    desk.opens()
    assert len(desk.all(FetchImage)) == 1
