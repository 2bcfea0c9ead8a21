"""The list drawn by line: selection by key, a view that stands still, long items that can be read."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest
from rich.text import Text
from textual.app import App, ComposeResult
from textual.pilot import Pilot

from imagechat_tui.tui.themes import DARK
from imagechat_tui.tui.widgets.rows import Rows, spread


@dataclass(frozen=True)
class Item:
    key: str
    lines: int = 2
    text: str = ""


class Items(Rows[Item]):
    def key_of(self, item: Item) -> str:
        return item.key

    def height_of(self, item: Item, width: int) -> int:
        return item.lines

    def lines_of(self, item: Item, width: int) -> list[Text]:
        return [Text(f"{item.key}.{number} {item.text}") for number in range(item.lines)]


class Shelf(App[None]):
    CSS = "Items { height: 6; scrollbar-size-vertical: 1; scrollbar-gutter: stable; }"

    def __init__(self) -> None:
        super().__init__()
        self.register_theme(DARK)
        self.theme = DARK.name

    def compose(self) -> ComposeResult:
        yield Items()

    @property
    def rows(self) -> Items:
        return self.query_one(Items)


def seen(rows: Items) -> list[str]:
    return [
        rows.render_line(y).text[1:].split()[0] if rows.render_line(y).text.strip() else "" for y in range(6)
    ]


def drawn_by(rows: Items) -> list[str]:
    """The keys of items, as they are drawn from now on."""
    drawn: list[str] = []
    original = rows.lines_of

    def counted(item: Item, width: int) -> list[Text]:
        drawn.append(item.key)
        return original(item, width)

    rows.lines_of = counted  # type: ignore[method-assign]
    return drawn


@asynccontextmanager
async def shelf(items: Sequence[Item]) -> AsyncIterator[tuple[Items, Pilot[None]]]:
    app = Shelf()
    async with app.run_test(size=(30, 8)) as pilot:
        app.rows.items = items
        app.rows.focus()
        await pilot.pause()
        yield app.rows, pilot


def named(*keys: str) -> list[Item]:
    return [Item(key) for key in keys]


async def test_keys_select_and_scroll_as_little_as_it_takes() -> None:
    async with shelf(named(*"abcdef")) as (rows, pilot):
        await pilot.press("j", "j", "j", "j")
        assert rows.selected == "d"
        assert seen(rows) == ["b.0", "b.1", "c.0", "c.1", "d.0", "d.1"]
        await pilot.press("G")
        assert rows.selected == "f"
        assert seen(rows)[-1] == "f.1"
        await pilot.press("home")
        assert rows.selected == "a"
        assert seen(rows)[0] == "a.0"


async def test_what_is_inserted_above_leaves_the_view_where_it_is() -> None:
    async with shelf(named(*"abcdef")) as (rows, pilot):
        await pilot.press("G")
        before = seen(rows)
        rows.items = named("x", "y", *"abcdef")
        await pilot.pause()
        assert seen(rows) == before
        assert rows.selected == "f"


async def test_the_selected_item_keeps_its_selection_when_it_moves() -> None:
    async with shelf(named(*"abc")) as (rows, pilot):
        await pilot.press("j", "j")
        assert rows.selected == "b"
        rows.items = named("c", "a", "b")
        await pilot.pause()
        assert rows.selected == "b"
        assert rows.item == Item("b")


async def test_a_removed_item_hands_the_selection_to_its_neighbour() -> None:
    async with shelf(named(*"abc")) as (rows, pilot):
        await pilot.press("j", "j")
        rows.items = named("a", "c")
        await pilot.pause()
        assert rows.selected == "c"
        rows.items = named("a")
        assert rows.selected == "a"
        rows.items = []
        assert rows.selected is None


@pytest.mark.parametrize(("key", "selected"), [("j", "c"), ("k", "a"), ("enter", "c")])
async def test_keys_go_on_from_an_item_that_is_selected_no_more(key: str, selected: str) -> None:
    async with shelf(named(*"abcd")) as (rows, pilot):
        rows.selected = "b"
        rows.selected = None
        rows.items = named(*"acd")
        await pilot.press(key)
        assert rows.selected == selected


async def test_only_the_changed_item_is_drawn_again() -> None:
    async with shelf(named(*"abc")) as (rows, pilot):
        drawn = drawn_by(rows)
        rows.items = [Item("a"), Item("b", text="new"), Item("c")]
        await pilot.pause()
        assert drawn == ["b"]


async def test_of_a_list_that_grows_only_what_is_new_is_drawn() -> None:
    async with shelf(named(*"abc")) as (rows, pilot):
        drawn = drawn_by(rows)
        rows.items = [Item("x"), Item("a"), Item("b", text="new"), Item("c")]
        await pilot.pause()
        assert drawn == ["x", "b"]


async def test_the_neighbour_that_is_selected_for_one_that_went_is_drawn_so() -> None:
    async with shelf(named(*"abc")) as (rows, pilot):
        rows.selected = "b"
        await pilot.pause()
        drawn = drawn_by(rows)
        rows.items = named("a", "c")
        await pilot.pause()
        assert drawn == ["c"]


async def test_an_item_longer_than_the_view_is_read_line_by_line() -> None:
    async with shelf([Item("a"), Item("b", lines=10), Item("c")]) as (rows, pilot):
        await pilot.press("j", "j")
        assert seen(rows)[0] == "b.0"
        await pilot.press("j", "j")
        assert rows.selected == "b"
        assert seen(rows)[0] == "b.2"
        await pilot.press("j", "j", "j")
        assert rows.selected == "c"


async def test_half_pages_go_by_what_is_visible() -> None:
    async with shelf(named(*"abcdefghij")) as (rows, pilot):
        await pilot.press("j", "ctrl+d")
        assert rows.selected == "b"
        await pilot.press("ctrl+d", "ctrl+d")
        assert rows.selected == "d"
        await pilot.press("ctrl+u")
        assert rows.selected == "b"


async def test_five_thousand_items_are_drawn_as_far_as_they_are_seen() -> None:
    async with shelf([Item(f"k{number}") for number in range(5_000)]) as (rows, pilot):
        drawn = drawn_by(rows)
        await pilot.press("G")
        assert rows.selected == "k4999"
        assert len(drawn) <= 4


def test_a_line_with_two_ends_is_as_wide_as_it_may_be() -> None:
    for width in range(1, 40):
        line = spread(Text("a long name that gives way"), Text("5 min"), width)
        assert line.cell_len <= width
    assert spread(Text("name"), Text("5 min"), 20).plain == "name           5 min"
