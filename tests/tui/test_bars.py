"""The lines at the edges: what matters most is there at any width."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from rich.cells import cell_len
from textual.app import App, ComposeResult
from textual.geometry import Region

from imagechat_tui.protocol.models import Point
from imagechat_tui.safetext import SafeText
from imagechat_tui.sync.state import Phase
from imagechat_tui.tui.chat.layout import Layout, Sidebar, layout_for, next_sidebar
from imagechat_tui.tui.clock import DAY_MS, HOUR_MS, MINUTE_MS, ago
from imagechat_tui.tui.widgets.bars import (
    HeaderBar,
    HeaderFacts,
    PresenceBar,
    StatusBar,
    StatusFacts,
    fitted,
    round_trip,
)
from imagechat_tui.tui.widgets.people import Person, initials

FACTS = HeaderFacts(
    SafeText("a-long-picture-name-of-a-screenshot.png"), "2560×1440", SafeText("demo"), Phase.RECONNECTING,
    here=3, markers=12, unread=2, drafts=1, failed=1,
)  # fmt: skip


class Edges(App[None]):
    CSS = "HeaderBar, PresenceBar, StatusBar { height: 1; }"

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return {"dim": "#888888", **{f"person-{n}": "#888888" for n in range(8)}}

    def compose(self) -> ComposeResult:
        yield HeaderBar(FACTS)
        yield PresenceBar()
        yield StatusBar()


@pytest.mark.parametrize("width", [20, 30, 40, 59, 60, 80, 100, 160])
async def test_every_line_is_as_wide_as_the_screen_and_says_what_matters_most(width: int) -> None:
    app = Edges()
    async with app.run_test(size=(width, 5)) as pilot:
        status = app.query_one(StatusBar)
        status.facts = StatusFacts(
            "PICTURE", Point(60.8, 45.1), 2.0, 0.041, hints=(("c", "comment"), ("Enter", "open"))
        )
        presence = app.query_one(PresenceBar)
        presence.people = [
            Person(f"demo:{n}", SafeText(f"Person Number {n}"), f"person-{n % 8}", n == 0) for n in range(20)
        ]
        await pilot.pause()
        header = app.query_one(HeaderBar).render().plain
        assert cell_len(header) == width
        assert "RECONNECTING" in header
        assert ("12 markers" in header) or width < 60
        line = status.render().plain
        assert cell_len(line) == width
        assert "?" in line
        assert "q" in line
        assert ("60.8 %, 45.1 %" in line) is (width >= 60)
        assert (" 61 %,  45 %" in line) is (30 <= width < 60)
        shown = presence.render().plain
        assert cell_len(shown) <= width
        assert "+" in shown
        assert "(you)" in shown


WHICH = replace(
    FACTS, name=SafeText("checkout.png"), project=SafeText("acme/web"), version="v3", phase=Phase.LIVE,
    drafts=0, failed=0,
)  # fmt: skip


@pytest.mark.parametrize(
    ("width", "line"),
    [
        (100, " checkout.png · acme/web · v3 · 2560×1440 · demo      LIVE · 3 here · 12 markers · 2 unread "),
        (80, " checkout.png · acme/web · v3 · 2560×1440  LIVE · 3 here · 12 markers · 2 unread "),
        (70, " checkout.png · acme/web · v3     LIVE · 3 here · 12 markers · 2 unread "),
        (58, " checkout.png · v3  LIVE · 3 here · 12 markers · 2 unread "),
        (54, " checkout.png   LIVE · 3 here · 12 markers · 2 unread "),
        (20, " checkout.png LIVE "),
    ],
)
async def test_the_header_says_which_picture_it_is_as_far_as_there_is_room(width: int, line: str) -> None:
    app = Edges()
    async with app.run_test(size=(width, 5)):
        header = app.query_one(HeaderBar)
        header.facts = WHICH
        assert header.render().plain.split() == line.split()
        assert cell_len(header.render().plain) == width


async def test_a_failure_is_named_before_anything_else() -> None:
    app = Edges()
    async with app.run_test(size=(44, 5)):
        assert "1 not saved" in app.query_one(HeaderBar).render().plain


async def test_a_step_of_the_crosshair_rewrites_its_figures_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    app = Edges()
    async with app.run_test(size=(100, 5)):
        status = app.query_one(StatusBar)
        facts = StatusFacts("PICTURE", Point(60.8, 45.1), 2.0, 0.041, hints=(("c", "comment"),))
        status.facts = facts
        drawn: list[tuple[Region, ...]] = []
        monkeypatch.setattr(status, "refresh", lambda *regions, **_: drawn.append(regions))
        status.facts = replace(facts, crosshair=Point(60.9, 45.1))
        status.facts = replace(facts, crosshair=Point(60.9, 45.1))
        ((region,),) = drawn
        assert region.height == 1
        assert region.x == len(" PICTURE  60.")
        assert region.right <= len(" PICTURE  60.8 %, 45.1 % · 2× · server 50 ms")


@pytest.mark.parametrize(("width", "shown"), [(120, True), (93, True), (92, False), (79, False)])
async def test_the_round_trip_to_the_server_is_named_and_gives_way_to_keys(width: int, shown: bool) -> None:
    hints = (("c", "comment"), ("Enter", "mark"), ("Tab", "pane"))
    app = Edges()
    async with app.run_test(size=(width, 5)):
        status = app.query_one(StatusBar)
        status.facts = StatusFacts("PICTURE", Point(60.8, 45.1), 2.0, 0.041, hints=hints)
        line = status.render().plain
        assert ("2× · server 50 ms" in line) is shown
        assert ("ms" in line) is shown
        assert "c comment  Enter mark  Tab pane  ? help  q quit" in line
        assert cell_len(line) == width


async def test_while_writing_the_keys_for_help_and_quit_are_others() -> None:
    app = Edges()
    async with app.run_test(size=(80, 5)):
        status = app.query_one(StatusBar)
        status.facts = replace(StatusFacts("WRITING"), typing=True)
        assert status.render().plain.rstrip().endswith("F1 help  Ctrl+Q quit")


@pytest.mark.parametrize(("width", "named"), [(160, True), (120, True), (100, True), (80, False)])
async def test_what_may_follow_a_key_is_told_before_all_else(width: int, named: bool) -> None:
    follow = (("gg", "first"), ("go", "elsewhere"), ("g=", "here"), ("gm", "move"), ("Esc", "cancel"))
    facts = StatusFacts("PICTURE", Point(60.8, 45.1), 2.0, 0.041, typing=True, begun=True, hints=follow)
    app = Edges()
    async with app.run_test(size=(width, 5)):
        status = app.query_one(StatusBar)
        status.facts = facts
        line = status.render().plain
        assert cell_len(line) == width
        assert "gg first  go elsewhere  g= here  gm move  Esc cancel" in line
        assert ("F1 help" in line) is named
        assert "F1" in line
        assert ("60.8 %" in line) is (width >= 120)


@pytest.mark.parametrize(
    ("past", "words"),
    [
        (0, "now"),
        (-5, "now"),
        (MINUTE_MS, "1 min"),
        (59 * MINUTE_MS, "59 min"),
        (HOUR_MS, "1 h"),
        (3 * DAY_MS, "3 d"),
    ],
)
def test_times_are_relative(past: int, words: str) -> None:
    assert ago(1_700_000_000_000 - past, 1_700_000_000_000) == words


def test_an_old_time_is_a_date() -> None:
    assert ago(1_700_000_000_000, 1_800_000_000_000).startswith("2023-11-1")
    assert ago(None, 0) == ""


def test_a_steady_link_shows_a_steady_figure() -> None:
    assert {round_trip(ms / 1000) for ms in (41, 43, 47, 49)} == {"50 ms"}
    assert round_trip(0.001) == "<5 ms"
    assert round_trip(9.0) == ">2 s"


@pytest.mark.parametrize(
    ("name", "letters"), [("Anna Petrova", "AP"), ("bob", "B"), ("x.y", "XY"), ("", "?"), ("…", "?")]
)
def test_initials(name: str, letters: str) -> None:
    assert initials(name) == letters


def test_a_text_that_is_cut_says_so() -> None:
    assert fitted("checkout.png", 8) == "checkou…"
    assert fitted("日本語の名前", 6) == "日本…"
    assert fitted("ab", 1) == ""


@pytest.mark.parametrize(
    ("size", "layout"),
    [((160, 45), Layout.SIDE), ((100, 10), Layout.SIDE), ((99, 30), Layout.STACKED), ((60, 16), Layout.STACKED),
     ((60, 15), Layout.SINGLE), ((59, 40), Layout.SINGLE), ((20, 10), Layout.SINGLE)],
)  # fmt: skip
def test_the_layout_goes_by_size(size: tuple[int, int], layout: Layout) -> None:
    assert layout_for(*size) is layout


def test_the_sidebar_goes_round() -> None:
    assert next_sidebar(next_sidebar(next_sidebar(Sidebar.FITTING))) is Sidebar.FITTING
