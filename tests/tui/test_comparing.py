"""How two versions are shown, without a screen."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from imagechat_tui.raster.compare import Box, Differences, differences
from imagechat_tui.raster.comparison import Comparison
from imagechat_tui.raster.image import Plane
from imagechat_tui.tui.chat.comparing import COMPARE, WALK, Comparing, Shown, Versions
from imagechat_tui.tui.chat.notices import Notices
from imagechat_tui.words import NO_ROOM, NOT_COMPARING, NOTHING_TO_COMPARE, STILL_COMPARING, Words
from tests.raster.pictures import page, picture
from tests.tui.chat_parts import WrittenCorner

PAGE = page(300, 220)
CHANGED = PAGE.copy()
CHANGED[47:68, 33:113] ^= 128
CHANGED[150:170, 200:220] ^= 128


class Wall:
    """Shows versions on paper."""

    def __init__(self) -> None:
        self.has_room_for_two = True
        self.versions: Versions | None = None
        self.looked_at: list[tuple[float, float]] = []

    def show_versions(self, versions: Versions | None, /) -> None:
        self.versions = versions

    def look_at(self, x: float, y: float, /) -> None:
        self.looked_at.append((x, y))


class Desk:
    """The part, and all that it acts on."""

    def __init__(self) -> None:
        self.wall, self.corner = Wall(), WrittenCorner()
        self.due: list[Callable[[], None]] = []
        self.comparing = Comparing(
            self.wall,
            Notices(self.corner, lambda: None),
            later=lambda seconds, act: self.due.append(act),
            on_change=lambda: None,
            on_ask=lambda: self.comparing.begin_nothing(),
        )
        self.old, self.new = picture(PAGE), picture(CHANGED)

    @property
    def shown(self) -> Shown | None:
        return self.wall.versions.shown if self.wall.versions is not None else None

    @property
    def note(self) -> str:
        assert self.wall.versions is not None
        return self.wall.versions.note

    def begin(self) -> None:
        self.comparing.take_now(self.new)
        self.comparing.begin("b.png")

    def read(self) -> None:
        self.begin()
        self.comparing.take_before(self.old)

    def compared(self) -> None:
        self.read()
        self.comparing.take_comparison(self.comparison())

    def comparison(self, found: Differences | None = None) -> Comparison:
        mask = np.zeros(self.new.pixels.shape[:2], dtype=np.uint8)
        found = found or differences(self.old.pixels, self.new.pixels, mask=mask)
        return Comparison(self.old, self.new, found, Plane(mask, 1))

    def second(self) -> None:
        """A second goes by."""
        due, self.due = self.due, []
        for act in due:
            act()


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_until_the_picture_from_before_is_there_it_is_said_how_far_it_is(desk: Desk) -> None:
    desk.begin()
    desk.comparing.show_reading(0.4)
    assert (desk.shown, desk.note) == (Shown.NOW, "reading 40%")
    desk.comparing.take_before(desk.old)
    assert (desk.shown, desk.note) == (Shown.BOTH, "comparing")
    desk.comparing.show_comparing(0.5)
    assert desk.note == "comparing 50%"
    desk.comparing.take_comparison(desk.comparison())
    assert desk.note.startswith("2 places, ")
    assert "2 places differ" in desk.corner.text


def test_the_key_goes_through_all_ways_and_back_to_the_picture(desk: Desk) -> None:
    desk.compared()
    seen = []
    for _ in range(4):
        desk.comparing.cycle()
        seen.append(desk.shown)
    assert seen == [Shown.BEFORE, Shown.DIFFERENCE, None, Shown.BOTH]


def test_where_two_have_no_room_they_are_shown_in_turn_and_that_is_said(desk: Desk) -> None:
    desk.compared()
    desk.comparing.leave()
    desk.wall.has_room_for_two = False
    desk.comparing.cycle()
    assert (desk.shown, desk.corner.text) == (Shown.BEFORE, NO_ROOM)
    desk.comparing.cycle()
    assert desk.shown is Shown.DIFFERENCE


def test_a_terminal_that_becomes_narrow_shows_them_in_turn_and_a_wide_one_side_by_side_again(
    desk: Desk,
) -> None:
    desk.compared()
    desk.wall.has_room_for_two = False
    desk.comparing.fit()
    seen = [desk.shown]
    desk.second()
    seen.append(desk.shown)
    desk.wall.has_room_for_two = True
    desk.comparing.fit()
    assert [*seen, desk.shown] == [Shown.NOW, Shown.BEFORE, Shown.BOTH]


def test_in_turn_one_is_shown_each_second_until_a_key_turns_them(desk: Desk) -> None:
    desk.compared()
    desk.comparing.blink()
    seen = [desk.shown]
    for _ in range(3):
        desk.second()
        seen.append(desk.shown)
    assert seen == [Shown.BEFORE, Shown.NOW, Shown.BEFORE, Shown.NOW]
    desk.comparing.blink()
    desk.second()
    desk.second()
    assert (desk.shown, desk.due) == (Shown.BEFORE, [])
    desk.comparing.blink()
    assert desk.shown is Shown.NOW


def test_there_is_never_more_than_one_timer_and_none_where_nothing_turns(desk: Desk) -> None:
    desk.compared()
    assert desk.due == []
    for _ in range(9):
        desk.comparing.blink()
        desk.comparing.cycle()
    assert len(desk.due) == 1
    desk.comparing.leave()
    desk.second()
    assert (desk.shown, desk.due) == (None, [])


def test_differences_are_walked_round_and_each_comes_into_view(desk: Desk) -> None:
    desk.compared()
    for step, number, at in (
        (1, 1, (24.3, 26.1)),
        (1, 2, (70, 72.7)),
        (1, 1, (24.3, 26.1)),
        (-1, 2, (70, 72.7)),
    ):
        desk.comparing.walk(step)
        assert desk.note.startswith(f"{number} of 2 places")
        assert desk.wall.looked_at[-1] == pytest.approx(at, abs=0.1)
    assert desk.wall.versions is not None
    assert desk.wall.versions.box == Box(200, 150, 20, 20)


def test_walked_backwards_the_last_one_is_first(desk: Desk) -> None:
    desk.compared()
    desk.comparing.walk(-1)
    assert desk.note.startswith("2 of 2")


def test_a_walk_without_anything_to_walk_says_why(desk: Desk) -> None:
    desk.comparing.walk(1)
    assert NOTHING_TO_COMPARE.sentence in desk.corner.text
    desk.read()
    desk.comparing.walk(1)
    assert STILL_COMPARING.sentence in desk.corner.text
    desk.comparing.take_comparison(desk.comparison(Differences((), (0, 1), 0, 0.0)))
    desk.comparing.walk(1)
    assert desk.corner.text == "Everything moved down by 1 px. Nothing else differs."
    desk.comparing.leave()
    desk.comparing.walk(1)
    assert NOT_COMPARING.sentence in desk.corner.text
    assert desk.wall.looked_at == []


def test_with_nothing_from_before_the_keys_say_so(desk: Desk) -> None:
    desk.comparing.take_now(desk.new)
    for act in (desk.comparing.cycle, desk.comparing.blink):
        desk.corner.clear()
        act()
        assert "--against" in desk.corner.text
        assert (desk.shown, desk.comparing.is_on) == (None, False)


def test_one_that_cannot_be_read_is_told_and_again_at_the_key(desk: Desk) -> None:
    desk.begin()
    desk.comparing.fail(Words("Not a picture", "b.png is text.", "Name a picture."))
    assert "No picture from before b.png is text. Name a picture." in desk.corner.text
    assert desk.shown is None
    desk.corner.clear()
    desk.comparing.cycle()
    assert "b.png is text" in desk.corner.text
    desk.comparing.take_before(desk.old)
    desk.comparing.cycle()
    assert desk.shown is Shown.BOTH


def test_one_that_cannot_be_read_again_stays(desk: Desk) -> None:
    desk.compared()
    desk.comparing.fail(Words("No such picture", "b.png does not exist."))
    assert desk.shown is Shown.BOTH
    assert "b.png does not exist" in desk.corner.text


def test_without_a_comparison_they_are_still_side_by_side(desk: Desk) -> None:
    desk.read()
    desk.comparing.fail_comparison(Words("Too heavy", "a.png needs more memory or time than is allowed."))
    assert (desk.shown, desk.note) == (Shown.BOTH, "not compared")
    assert "Side by side still works" in desk.corner.text


def test_what_was_compared_with_another_picture_is_not_shown(desk: Desk) -> None:
    desk.read()
    outdated = desk.comparison()
    desk.comparing.take_now(picture(PAGE))
    desk.comparing.take_comparison(outdated)
    assert desk.wall.versions is not None
    assert desk.wall.versions.comparison is None


def test_the_status_line_names_keys_only_where_they_do_something(desk: Desk) -> None:
    assert desk.comparing.disabled_commands == COMPARE | WALK
    desk.read()
    assert desk.comparing.disabled_commands == WALK
    desk.comparing.take_comparison(desk.comparison())
    assert desk.comparing.disabled_commands == frozenset()
    desk.comparing.leave()
    assert desk.comparing.disabled_commands == WALK


def test_pictures_of_other_sizes_are_told(desk: Desk) -> None:
    desk.new = picture(np.concatenate([PAGE, page(300, 80, seed=5)]))
    desk.compared()
    assert "Before 300×220, now 300×300: pixel on pixel from the upper left corner." in desk.corner.text
    desk.old = picture(np.repeat(np.repeat(desk.new.pixels, 2, axis=0), 2, axis=1))
    desk.read()
    desk.comparing.take_comparison(desk.comparison(Differences((), (0, 0), 0, 0.0)))
    assert "Before 600×600, now 300×300: shown at one size" in desk.corner.text


def test_the_name_of_a_file_is_harmless(desk: Desk) -> None:
    desk.comparing.take_now(desk.new)
    desk.comparing.begin("\x1b]0;x\x07b\n\u202egnp.png")
    assert desk.wall.versions is not None
    assert desk.wall.versions.name.isprintable()
