"""A list drawn by line, of items with a key: what threads, comments, drafts and commands are shown in.

Selection goes by key, so it survives any change of the items. Something inserted above the viewport leaves
what is read where it is. Only changed items are redrawn.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from typing import Any, ClassVar, Generic, TypeVar

from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual import events
from textual.binding import BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from imagechat_tui.commands import Context
from imagechat_tui.tui import symbols
from imagechat_tui.tui.commands import bindings

Item = TypeVar("Item")


class OfItem(Message):
    """Of a list: something was done with one of its items."""

    def __init__(self, rows: Rows[Any], key: str) -> None:
        super().__init__()
        self.rows = rows
        self.key = key

    @property
    def control(self) -> Rows[Any]:
        """The list that it is about."""
        return self.rows


class Rows(ScrollView, Generic[Item], can_focus=True, inherit_bindings=False):
    """Items as blocks of lines; one of them is selected.

    A subclass says what the key of an item is, how many lines it needs and how they look.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "rows--plain",
        "rows--dim",
        "rows--code",
        "rows--strong",
        "rows--accent",
        "rows--error",
        "rows--cursor",
        "rows--mark",
        "rows--mark-focused",
    }

    BINDINGS: ClassVar[list[BindingType]] = bindings(Context.LIST)

    selected: reactive[str | None] = reactive(None, repaint=False)
    """Key of the selected item."""

    empty: str = ""
    """What to say while there is nothing in it."""

    gap: int = 0
    """How many of an item's last lines only keep it apart from the next."""

    class Selected(OfItem):
        """The person moved the selection."""

    class Scrolled(Message):
        """Other lines are in view."""

        def __init__(self, rows: Rows[Any]) -> None:
            super().__init__()
            self.rows = rows

        @property
        def control(self) -> Rows[Any]:
            """The list that it is about."""
            return self.rows

    class Chosen(OfItem):
        """Enter, or a double click."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, classes=classes)
        self._items: tuple[Item, ...] = ()
        self._keys: tuple[str, ...] = ()
        self._index: dict[str, int] = {}
        self._tops: list[int] = [0]
        """First line of each item, and the line after the last."""
        self._strips: dict[str, list[Strip]] = {}
        """The drawn lines of items, by their keys."""
        self._styles: dict[str, Style] = {}
        self._left_at = 0
        """Where the item was that is selected no more, with none in its place: from there keys go on."""
        self._width = 0
        self._empty_wrapped: tuple[int, list[Text]] | None = None
        """A width in cells, and ``empty`` wrapped to it."""

    # -- what a subclass says

    def key_of(self, item: Item) -> str:
        """The identity of an item."""
        raise NotImplementedError

    def height_of(self, item: Item, width: int) -> int:
        """How many lines an item needs at a width in cells."""
        raise NotImplementedError

    def lines_of(self, item: Item, width: int) -> list[Text]:
        """The lines of an item; as many as ``height_of`` says."""
        raise NotImplementedError

    # -- items

    @property
    def items(self) -> tuple[Item, ...]:
        """The items, in their order."""
        return self._items

    @items.setter
    def items(self, items: Sequence[Item]) -> None:
        new = tuple(items)
        if new == self._items:
            return
        old_items, old_keys, old_tops, old_index = self._items, self._keys, self._tops, self._index
        anchor = self._anchor()
        selected = self.selected
        at = self._index.get(selected or "")
        self._take(new)
        self._stand_by(at)
        if self._keys == old_keys and self._tops == old_tops:
            for index, (before, after) in enumerate(zip(old_items, new, strict=True)):
                if before is not after and before != after:
                    self._redraw(index)
            return
        for key, strips in tuple(self._strips.items()):
            now = self._index.get(key)
            if now is None or new[now] != old_items[old_index[key]] or len(strips) != self._height(now):
                del self._strips[key]
        if self.selected != selected:
            self._strips.pop(self.selected or "", None)
        self._restore(anchor)
        self.refresh()

    @property
    def item(self) -> Item | None:
        """The selected item."""
        index = self._index.get(self.selected or "")
        return None if index is None else self._items[index]

    def _take(self, items: tuple[Item, ...]) -> None:
        width = self._width
        self._items = items
        self._keys = tuple(self.key_of(item) for item in items)
        self._index = {key: index for index, key in enumerate(self._keys)}
        # Without a width yet nothing can be wrapped; the first resize reckons.
        heights = (self.height_of(item, width) if width else 1 for item in items)
        self._tops = list(accumulate(heights, initial=0))
        self.virtual_size = Size(width, self._tops[-1])

    def _stand_by(self, at: int | None) -> None:
        """If the selected item has gone, its neighbour is selected; whoever does not want that selects none first."""
        if not self._keys:
            self._left_at = 0
        if at is None or self.selected in self._index:
            return
        key = self._keys[min(at, len(self._keys) - 1)] if self._keys else None
        self.set_reactive(Rows.selected, key)

    def _anchor(self) -> list[tuple[str, int]]:
        """Keys from the first visible line on, each with its line on screen; none while at the top."""
        if not self.scroll_offset.y or not self._keys:
            return []
        first = self._index_at(self.scroll_offset.y)
        if first is None:
            return []
        last = min(len(self._keys), first + max(1, self.size.height))
        return [(self._keys[i], self._tops[i] - self.scroll_offset.y) for i in range(first, last)]

    def _restore(self, anchor: list[tuple[str, int]]) -> None:
        for key, line in anchor:
            index = self._index.get(key)
            if index is not None:
                self._scroll_to_line(self._tops[index] - line)
                return

    def _scroll_to_line(self, line: int) -> None:
        # max_scroll_y follows only with the next layout; the virtual size is known now.
        bottom = max(0, self._tops[-1] - self.size.height)
        self.set_reactive(ScrollView.scroll_y, float(min(max(0, line), bottom)))
        self.set_reactive(ScrollView.scroll_target_y, self.scroll_y)
        if self.show_vertical_scrollbar:
            self.vertical_scrollbar.position = self.scroll_y
        self.refresh()
        self.post_message(self.Scrolled(self))

    def _index_at(self, line: int) -> int | None:
        if not 0 <= line < self._tops[-1]:
            return None
        return bisect_right(self._tops, line) - 1

    def _height(self, index: int) -> int:
        return self._tops[index + 1] - self._tops[index]

    def _redraw(self, index: int) -> None:
        self._strips.pop(self._keys[index], None)
        self.refresh_lines(self._tops[index], self._height(index))

    # -- selection

    def watch_selected(self, before: str | None, after: str | None) -> None:
        """Redraw the two items, and bring the new one into view."""
        self._left_at = self._index.get(before or "", 0) if after is None else 0
        for key in (before, after):
            if key is not None and key in self._index:
                self._redraw(self._index[key])
        self.show_selected()

    def show_selected(self) -> None:
        """Scroll as little as it takes to see the selected item."""
        index = self._index.get(self.selected or "")
        height = self.size.height
        if index is None or not height:
            return
        top, end, at = self._tops[index], self._tops[index + 1], round(self.scroll_y)
        if top < at:
            self._scroll_to_line(top)
        elif end > at + height:
            self._scroll_to_line(min(top, end - height))

    @property
    def is_at_end(self) -> bool:
        """Whether the last line is in view."""
        return self._tops[-1] <= round(self.scroll_y) + self.size.height

    def show_end(self) -> None:
        """Bring the last line into view."""
        self._scroll_to_line(self._tops[-1] - self.size.height)

    def _select(self, index: int) -> None:
        if not self._keys:
            return
        key = self._keys[min(max(0, index), len(self._keys) - 1)]
        if key != self.selected:
            self.selected = key
            self.post_message(self.Selected(self, key))
        else:
            self.show_selected()

    def _step(self, step: int) -> None:
        index = self._index.get(self.selected or "")
        if index is not None:
            self._select(index + step)
        elif self._keys:
            self._select((self._left_at + min(step, 0)) % len(self._keys))

    def action_cursor_down(self) -> None:
        """Select the next item, or read on in a long one."""
        self._read_on(1)

    def action_cursor_up(self) -> None:
        """Select the previous item, or read back in a long one."""
        self._read_on(-1)

    def _read_on(self, step: int) -> None:
        index = self._index.get(self.selected or "")
        if index is not None:
            top, end = self._tops[index], self._tops[index + 1]
            at, height = round(self.scroll_y), self.size.height
            below, above = end > at + height, top < at
            if end - top > height and (below if step > 0 else above):
                self._scroll_to_line(at + step)
                return
        self._step(step)

    def action_half_page(self, step: int) -> None:
        """Go down or up by half of what is visible."""
        index = self._index.get(self.selected or "", min(self._left_at, len(self._keys) - 1))
        if not self._keys:
            return
        line = self._tops[index] + step * max(1, self.size.height // 2)
        target = self._index_at(min(max(0, line), self._tops[-1] - 1))
        self._select(index if target is None else target)

    def action_first(self) -> None:
        """Select the first item."""
        self._select(0)

    def action_last(self) -> None:
        """Select the last item."""
        self._select(len(self._keys) - 1)

    def action_choose(self) -> None:
        """Open the selected item."""
        if self.selected in self._index:
            self.post_message(self.Chosen(self, self.selected or ""))
        elif self._keys:
            self._select(self._left_at)

    def on_click(self, event: events.Click) -> None:
        """A click selects, a double click opens."""
        offset = event.get_content_offset(self)
        if offset is None:
            return
        index = self._index_at(offset.y + round(self.scroll_y))
        if index is None:
            return
        event.stop()
        self._select(index)
        if event.chain == 2:
            self.action_choose()

    # -- drawing

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Tell that other lines are in view."""
        super().watch_scroll_y(old_value, new_value)
        self.post_message(self.Scrolled(self))

    def on_resize(self, event: events.Resize) -> None:
        """Wrap anew if the width changed; keep the selected item in view."""
        width = self.scrollable_content_region.width
        if width != self._width:
            self._width = width
            self._strips.clear()
            self._take(self._items)
            self.refresh()  # on a busy machine it was painted since the layout, at the width of before
        self.show_selected()
        self.post_message(self.Scrolled(self))

    def notify_style_update(self) -> None:
        """Forget what was drawn with other colours."""
        super().notify_style_update()
        self._strips.clear()
        self._styles.clear()

    def on_focus(self) -> None:
        """Show by the mark that keys go here; an unselected list gets a selection to start from."""
        if self.selected is None:  # one that is not there yet, such as a comment just sent, is on its way
            self._select(self._left_at)
        self._redraw_selected()

    def on_blur(self) -> None:
        """Dim the mark: keys go elsewhere."""
        self._redraw_selected()

    def _redraw_selected(self) -> None:
        index = self._index.get(self.selected or "")
        if index is not None:
            self._redraw(index)

    def ink(self, name: str) -> Style:
        """The style of a component class: dim, strong, accent, error, cursor, mark."""
        style = self._styles.get(name)
        if style is None:
            style = self._styles[name] = self.get_component_rich_style(f"rows--{name}", partial=True)
        return style

    def person(self, name: str) -> Style:
        """The style of a person's name in their colour, by the theme's variable that holds it."""
        style = self._styles.get(name)
        if style is None:
            style = self._styles[name] = Style(color=self.app.theme_variables[name], bold=True)
        return style

    def forget_drawn(self) -> None:
        """Draw everything anew (relative times have moved on)."""
        self._strips.clear()
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """One line of the viewport."""
        width = self.size.width
        base = self.rich_style
        if not self._items:
            return self._empty_line(y, width, base)
        line = y + round(self.scroll_y)
        index = self._index_at(line)
        if index is None:
            return Strip.blank(width, base)
        key = self._keys[index]
        strips = self._strips.get(key)
        if strips is None:
            strips = self._strips[key] = self._drawn(index, base)
        return strips[line - self._tops[index]].adjust_cell_length(width, base)

    def _drawn(self, index: int, base: Style) -> list[Strip]:
        # Heights were reckoned at this width; the widget's own may already be another.
        width = self._width
        here = self._keys[index] == self.selected
        if here:
            base = base + self.ink("cursor")
        mark = symbols.CURSOR if here else " "
        mark_style = base + self.ink("mark-focused" if self.has_focus or not self.can_focus else "mark")
        plain = self.rich_style
        drawn = []
        lines = self.lines_of(self._items[index], width - 1)
        for number, text in enumerate(lines):
            if number >= len(lines) - self.gap:
                drawn.append(Strip.blank(width, plain))
                continue
            strip = Strip(text.render(self.app.console), text.cell_len).apply_style(base)
            strip = Strip([Segment(mark, mark_style), *strip])
            drawn.append(strip.adjust_cell_length(width, base))
        return drawn

    def show_empty(self, words: str) -> None:
        """What to say while there is nothing in it, from now on."""
        if words != self.empty:
            self.empty = words
            self._empty_wrapped = None
            if not self._items:
                self.refresh()

    def _empty_line(self, y: int, width: int, base: Style) -> Strip:
        lines = self._empty_lines(max(1, width - 2))
        if not 1 <= y <= len(lines):
            return Strip.blank(width, base)
        text = lines[y - 1]
        strip = Strip([Segment(" "), *text.render(self.app.console)])
        return strip.apply_style(base + self.ink("dim")).adjust_cell_length(width, base)

    def _empty_lines(self, width: int) -> list[Text]:
        if self._empty_wrapped is None or self._empty_wrapped[0] != width:
            self._empty_wrapped = (
                width,
                list(Text(self.empty).wrap(self.app.console, width)) if self.empty else [],
            )
        return self._empty_wrapped[1]

    def region_of(self, key: str) -> Region | None:
        """Where an item is, in the list's own lines."""
        index = self._index.get(key)
        if index is None:
            return None
        top, end = self._tops[index], self._tops[index + 1]
        return Region(0, top - round(self.scroll_y), self.size.width, end - top)


def spread(left: Text, right: Text, width: int) -> Text:
    """One line with something at either end; the left gives way."""
    room = width - right.cell_len - 1
    if room < 4 or not right.cell_len:
        left.truncate(max(1, width - 1), overflow="ellipsis")
        return left
    left.truncate(room, overflow="ellipsis", pad=True)
    left.append(" ")
    left.append_text(right)
    return left
