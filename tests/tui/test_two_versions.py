"""Two versions on the screen: what is drawn where, and what keys and pointer do to both."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import numpy as np
import pytest
from msgspec.structs import replace

from imagechat_tui.problems import PictureError, PictureMissing
from imagechat_tui.protocol.models import Point
from imagechat_tui.raster.image import Picture
from imagechat_tui.raster.render import RenderOptions
from imagechat_tui.tui.app import ImageChatApp
from imagechat_tui.tui.comparison_loading import Against, NothingEarlier
from imagechat_tui.tui.picture.uploads import IDS, IDS_BESIDE
from imagechat_tui.words import Words
from tests.raster.pictures import page
from tests.tui.conftest import Desk, Sit

PAGE = page(600, 400)
CHANGED = PAGE.copy()
CHANGED[300:330, 400:500] ^= 128


def version(pixels: object, name: str) -> Picture:
    assert isinstance(pixels, np.ndarray)
    return Picture(name, pixels.shape[1], pixels.shape[0], name, pixels)


NEW, OLD = version(CHANGED, "a.png"), version(PAGE, "b.png")


def against(old: Picture | Exception = OLD) -> Against:
    async def load(progress: Callable[[float], None]) -> Picture:
        if isinstance(old, Exception):
            raise old
        return old

    return Against("b.png", load, lambda: 1)


async def now(progress: Callable[[float], None]) -> Picture:
    return NEW


@asynccontextmanager
async def compared(sit: Sit, size: tuple[int, int] = (120, 36)) -> AsyncIterator[Desk]:
    async with sit(size=size, load=now, against=against()) as desk:
        await desk.until(lambda: "1 place" in desk.text)
        await drawn(desk)
        yield desk


async def drawn(desk: Desk) -> None:
    await desk.until(lambda: desk.chat.picture.is_drawn)
    await desk.pilot.pause()


def halves(desk: Desk) -> tuple[list[str], list[str]]:
    """What is in the two views."""
    before, view = desk.chat.picture.beside, desk.chat.picture
    assert before.size == view.size
    return [row.text for row in before.render_lines(before.size.region)], [
        row.text for row in view.render_lines(view.size.region)
    ]


async def test_before_and_now_are_side_by_side_with_one_crosshair(sit: Sit) -> None:
    async with compared(sit) as desk:
        assert desk.lines[1].split("│")[0].split() == ["BEFORE", "b.png", "NOW", "1", "place,", "1.25", "%"]
        await desk.press("+", "H", "j")
        await drawn(desk)
        left, right = halves(desk)
        assert [(row.index("┼"), at) for at, row in enumerate(left) if "┼" in row] == [
            (row.index("┼"), at) for at, row in enumerate(right) if "┼" in row
        ]
        assert left[2] == right[2]


async def test_a_walk_brings_the_difference_into_both_and_its_outline(sit: Sit) -> None:
    async with compared(sit) as desk:
        await desk.press(")")
        await drawn(desk)
        left, right = halves(desk)
        outlined = [any("┏" in row for row in half) for half in (left, right)]
        assert outlined == [True, True]
        assert left != right
        assert desk.chat.crosshair == Point(75.0, 78.75)
        assert "1 of 1 place" in desk.text


async def test_markers_stand_on_the_newer_one_alone(sit: Sit) -> None:
    async with compared(sit) as desk:
        left, right = halves(desk)
        assert any("▐" in row and "1" in row for row in right)
        assert not any("1" in row for row in left)


async def test_the_difference_has_its_boxes_and_escape_leaves(sit: Sit) -> None:
    async with compared(sit) as desk:
        await desk.press("C", "C")
        await drawn(desk)
        assert "DIFFERENCE" in desk.lines[1]
        assert any("┌" in row.text for row in desk.chat.picture.render_lines(desk.chat.picture.size.region))
        assert not desk.shows("#before")
        await desk.press("escape")
        await drawn(desk)
        assert "DIFFERENCE" not in desk.text
        assert not desk.shows("#compare-bar")
        assert desk.chat.picture.size.width == desk.chat.picture_pane.size.width


async def test_in_turn_each_press_shows_the_other_one(sit: Sit) -> None:
    async with compared(sit) as desk:
        await desk.press("B", "B")
        first = "BEFORE" in desk.text
        await desk.press("B")
        assert ("BEFORE" in desk.text) is not first


@pytest.mark.parametrize(
    ("size", "side"), [((80, 24), True), ((61, 20), True), ((60, 20), False), ((40, 12), False)]
)
async def test_they_are_side_by_side_where_they_fit(sit: Sit, size: tuple[int, int], side: bool) -> None:
    async with compared(sit, size) as desk:
        assert desk.shows("#before") is side


async def test_side_by_side_follows_the_size_of_the_terminal(sit: Sit) -> None:
    async with compared(sit) as desk:
        for width, side in ((50, False), (140, True), (99, True)):
            await desk.pilot.resize_terminal(width, 30)
            await desk.until(lambda side=side: desk.shows("#before") is side)  # type: ignore[misc]
            await drawn(desk)
        halves(desk)


async def test_the_pointer_on_the_older_one_moves_the_crosshair_of_both(sit: Sit) -> None:
    async with compared(sit) as desk:
        await desk.pilot.click("#before", offset=(5, 16))
        await drawn(desk)
        left, right = halves(desk)
        assert left[16][5] == right[16][5] == "┼"
        assert desk.focus == "picture"


async def test_a_picture_from_before_that_cannot_be_read_is_told_and_the_picture_stays(sit: Sit) -> None:
    async with sit(load=now, against=against(PictureError(PictureMissing("b.png")))) as desk:
        await desk.until(lambda: "No picture from before" in desk.toasts)
        await drawn(desk)
        assert not desk.shows("#compare-bar")
        assert desk.chat.picture.picture is NEW


async def test_without_one_the_key_says_how_to_start_with_one(sit: Sit) -> None:
    async with sit(load=now) as desk:
        await desk.until(lambda: desk.chat.picture.picture is not None)
        await desk.press("C")
        assert "--against" in desk.toasts
        await desk.press(")")
        assert "Nothing to compare with" in desk.toasts


async def test_a_page_that_lost_its_banner_can_be_seen_where_it_was(sit: Sit) -> None:
    longer = version(np.concatenate([page(600, 60, seed=9), CHANGED]), "longer.png")
    async with sit(load=now, against=against(longer)) as desk:
        await desk.until(lambda: "moved up by 60 px" in desk.toasts)
        await drawn(desk)
        await desk.press("+", "+", "+", "(", ")")
        await drawn(desk)
        scene = desk.chat.picture._finder.scene
        assert scene is not None
        assert scene.view.top == -60
        left, right = halves(desk)
        assert left[2:4] != right[2:4]
        assert left[15] == right[15]


async def test_a_picture_whose_file_changed_is_compared_with_what_it_was(sit: Sit) -> None:
    versions = [OLD, NEW]

    async def load(progress: Callable[[float], None]) -> Picture:
        return versions[0] if len(versions) == 1 else versions.pop(0)

    async with sit(load=load) as desk:
        await desk.until(lambda: desk.chat.picture.picture is OLD)
        await desk.press("R")
        await desk.until(lambda: desk.chat.picture.picture is NEW)
        await desk.press("C")
        await desk.until(lambda: "1 place" in desk.text)
        await drawn(desk)
        assert "as you saw it before" in desk.text
        left, right = halves(desk)
        assert left != right


@pytest.mark.parametrize("closed", [True, False])
async def test_when_it_changes_again_it_is_compared_with_the_one_just_before_in_the_same_way(
    sit: Sit, closed: bool
) -> None:
    third = version(255 - CHANGED, "third.png")
    versions = [OLD, NEW, third]

    async def load(progress: Callable[[float], None]) -> Picture:
        return versions[0] if len(versions) == 1 else versions.pop(0)

    async with sit(load=load) as desk:
        await desk.until(lambda: desk.chat.picture.picture is OLD)
        await desk.press("R")
        await desk.until(lambda: desk.chat.picture.picture is NEW)
        await desk.press("C")
        await desk.until(lambda: "1 place" in desk.text)
        if closed:
            await desk.press("escape")
        await desk.press("R")
        await desk.until(lambda: desk.chat.picture.picture is third)
        if closed:
            await desk.press("C")
        await desk.until(lambda: desk.chat.comparing._comparison is not None)
        assert desk.chat.comparing._old is NEW
        await desk.press("escape")
        assert not desk.chat.comparing.is_on


@pytest.mark.parametrize("known", [True, False])
async def test_what_is_before_comes_from_the_versions_that_are_known_and_else_from_what_was_seen(
    sit: Sit, known: bool
) -> None:
    versions = [OLD, NEW]
    note = Words("Damaged copy", "The copy of v3.", "It is dropped.")

    async def load(progress: Callable[[float], None]) -> Picture:
        return versions[0] if len(versions) == 1 else versions.pop(0)

    async def find(image: object, shown: Picture) -> Against | NothingEarlier:
        return replace(against(), name="v2", note=note) if known else NothingEarlier((1,))

    async with sit(load=load, find_earlier=find) as desk:
        await desk.until(lambda: desk.chat.picture.picture is OLD)
        await desk.press("R")
        await desk.until(lambda: desk.chat.picture.picture is NEW)
        await desk.press("C")
        await desk.until(lambda: f"BEFORE  {'v2' if known else 'as you saw it before'}" in desk.text)
        await desk.until(lambda: "1 place differs" in desk.toasts)
        assert ("The copy of v3. It is dropped. 1 place" in desk.toasts) == known


async def test_in_the_place_of_the_older_one_no_markers_are_drawn(sit: Sit) -> None:
    async with compared(sit) as desk:
        await desk.until(lambda: bool(desk.chat.picture.threads))
        for before in (True, False):
            await desk.press("B")
            await desk.until(lambda: ("BEFORE" in desk.text) is before)  # noqa: B023
            await drawn(desk)
            assert bool(desk.chat.picture._chips()) is not before


async def test_a_terminal_that_takes_pixels_has_each_version_as_a_picture_of_its_own(
    sit: Sit, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[str] = []
    module = "imagechat_tui.tui.picture.image_view"
    monkeypatch.setattr(f"{module}.write", lambda app, text: sent.append(text))

    def send(app: ImageChatApp, text: str, told: Callable[[], None]) -> None:
        sent.append(text)
        app.call_next(told)

    monkeypatch.setattr(f"{module}.send", send)
    async with compared(sit) as desk:
        desk.chat.draw_with(RenderOptions(pixels=(6, 12)))
        await drawn(desk)
        await desk.press(")", "+")
        await drawn(desk)

        def handed() -> set[int]:
            return {int(found) for text in sent for found in re.findall(r"\x1b_Ga=p[^;]*?i=(\d+)", text)}

        await desk.until(lambda: bool(handed() & {*IDS}) and bool(handed() & {*IDS_BESIDE}))
        assert handed() <= {*IDS, *IDS_BESIDE}
        sent.clear()
        await desk.press("escape")
        await drawn(desk)
        gone = {int(found) for text in sent for found in re.findall(r"a=d,d=I,i=(\d+)", text)}
        assert gone
        assert gone <= {*IDS_BESIDE}


async def test_without_a_named_one_it_is_compared_with_the_version_before(sit: Sit) -> None:
    async def find(image: object, shown: Picture) -> Against:
        return replace(against(), name="v2")

    async with sit(load=now, find_earlier=find) as desk:
        await desk.until(lambda: desk.chat.picture.picture is NEW)
        await desk.press("C")
        await desk.until(lambda: "1 place" in desk.text)
        await drawn(desk)
        assert "BEFORE  v2" in desk.text


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (NothingEarlier(), "--against"),
        (NothingEarlier((4,)), "v4 was not kept on this machine"),
        (NothingEarlier((4, 2)), "v4 and v2 were not kept"),
        (NothingEarlier((4, 2, 1)), "v4 and v2 and others were not kept"),
        (NothingEarlier(why=Words("Unreachable", "Nobody answers.")), "Nobody answers."),
    ],
)
async def test_where_no_version_is_at_hand_it_says_why_each_time(
    sit: Sit, found: NothingEarlier, words: str
) -> None:
    async def find(image: object, shown: Picture) -> NothingEarlier:
        return found

    async with sit(load=now, find_earlier=find) as desk:
        await desk.until(lambda: desk.chat.picture.picture is NEW)
        for _ in range(2):
            desk.app.clear_notifications()
            await desk.press("C")
            await desk.until(lambda: words in desk.toasts)
        assert not desk.shows("#compare-bar")
