"""Markers as small numbered chips in cells: where they stand, which ones fall together, what a cell hits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import Enum

from msgspec import Struct, field

from imagechat_tui.protocol.models import Point
from imagechat_tui.raster.viewport import Cell, Viewport

WIDEST = 5
"""Characters of the widest chip, without its edges: those it needs on any picture."""

LEFT_EDGE, RIGHT_EDGE = "\u2590", "\u258c"
"""Half blocks round a chip: half of the cell is the chip's, half what sets it off."""

TIMES = "\u00d7"
"""Before a count."""


class Mark(Enum):
    """A marker's state, the most urgent first; the value is its sign, and the one for ASCII alone."""

    FAILED = "!", "!"
    CHECKING = "?", "?"
    PENDING = "\u25cb", "o"
    DRAFT = "\u270e", "&"
    UNREAD = "\u25cf", "@"
    UNREAD_RESOLVED = "\u25cf\u2713", "@v"
    OPEN = "", ""
    MINE = "*", "*"
    RESOLVED = "\u2713", "v"


_MARKS = tuple(Mark)
_URGENCY = {mark: place for place, mark in enumerate(_MARKS)}


class Chip(Struct, frozen=True):
    """One marker."""

    key: str
    label: str
    mark: Mark
    point: Point
    selected: bool = False


class PlacedChip(Struct, frozen=True):
    """One chip on screen; stands for several markers where they fall together."""

    column: int
    row: int
    text: str
    """All its cells, edges included."""
    chips: tuple[Chip, ...]

    @property
    def selected(self) -> bool:
        """Whether the selected marker is among them."""
        return any(chip.selected for chip in self.chips)

    @property
    def mark(self) -> Mark:
        """The most urgent state among them."""
        return _most_urgent(self.chips)

    @property
    def keys(self) -> tuple[str, ...]:
        """Keys of the markers that it stands for."""
        return tuple(chip.key for chip in self.chips)


class Placement:
    """All chips of one view, by row: a marker that changes costs its own row and no other.

    None covers another. Those that would are one chip with their count, at the place of the leftmost. Markers
    beyond an edge are counted there.
    """

    def __init__(self, viewport: Viewport, *, ascii_only: bool = False) -> None:
        """Begin without markers; ``ascii_only`` keeps to signs that every terminal has."""
        self.viewport = viewport
        self._ascii_only = ascii_only
        self._cell_of = viewport.locator()
        self._known: dict[str, tuple[Chip, Cell]] = {}
        self._rows: dict[int, _Row] = {}
        self._beyond = [0, 0, 0, 0]

    @property
    def beyond(self) -> tuple[int, int, int, int]:
        """How many markers lie beyond the left, right, upper and lower edge."""
        left, right, above, below = self._beyond
        return left, right, above, below

    @property
    def chips(self) -> Iterator[PlacedChip]:
        """All chips on screen."""
        for row in self._rows.values():
            yield from row.placed

    def row(self, row: int) -> Sequence[PlacedChip]:
        """The chips of one row, from left to right."""
        found = self._rows.get(row)
        return found.placed if found is not None else ()

    def put(self, chips: Iterable[Chip]) -> set[int]:
        """Have these markers and no others; returns the rows whose chips changed.

        A chip that is the same object as before is known to stand where it stood.
        """
        before, self._known = self._known, {}
        touched: set[int] = set()
        for chip in chips:
            old = before.pop(chip.key, None)
            if old is not None and old[0] is chip:
                self._known[chip.key] = old
                continue
            if old is not None:
                self._take(*old, touched)
            cell = self._cell_of(chip.point)
            self._known[chip.key] = (chip, cell)
            if not self._side(cell, 1):
                self._rows.setdefault(cell.row, _Row()).chips[chip.key] = (cell.column, chip)
                touched.add(cell.row)
        for old in before.values():
            self._take(*old, touched)
        return {row for row in touched if self._lay(row)}

    def _take(self, chip: Chip, cell: Cell, touched: set[int]) -> None:
        if not self._side(cell, -1):
            del self._rows[cell.row].chips[chip.key]
            touched.add(cell.row)

    def _side(self, cell: Cell, count: int) -> bool:
        """Count a marker that is beyond an edge; False if it is on screen."""
        column, row = cell
        if not 0 <= column < self.viewport.columns:
            self._beyond[0 if column < 0 else 1] += count
        elif not 0 <= row < self.viewport.rows:
            self._beyond[2 if row < 0 else 3] += count
        else:
            return False
        return True

    def _lay(self, row: int) -> bool:
        here = self._rows[row]
        placed = _placed(row, here.chips, self.viewport.columns, ascii_only=self._ascii_only)
        changed = placed != here.placed
        here.placed = placed
        return changed


class _Row(Struct):
    chips: dict[str, tuple[int, Chip]] = field(default_factory=dict)
    placed: list[PlacedChip] = field(default_factory=list)


def place(chips: Iterable[Chip], viewport: Viewport, *, ascii_only: bool = False) -> Placement:
    """Lay chips out in a view."""
    placement = Placement(viewport, ascii_only=ascii_only)
    placement.put(chips)
    return placement


class _Group:
    """Chips that fall together, as they are being laid out."""

    __slots__ = ("_anchor", "_rank", "_selected", "chips", "column", "end", "text")

    def __init__(self, anchor: int, chip: Chip) -> None:
        self.chips = [chip]
        self._anchor = anchor
        self._rank = _URGENCY[chip.mark]
        self._selected = chip.selected

    def take(self, later: _Group) -> None:
        self.chips += later.chips
        self._rank = min(self._rank, later._rank)
        self._selected = self._selected or later._selected

    def lay(self, columns: int, *, ascii_only: bool) -> None:
        count = len(self.chips)
        label = self.chips[0].label if count == 1 else None
        self.text = _text(label, count, _MARKS[self._rank], selected=self._selected, ascii_only=ascii_only)[
            :columns
        ]
        self.column = max(0, min(self._anchor - len(self.text) // 2, columns - len(self.text)))
        self.end = self.column + len(self.text)


def _placed(
    row: int, chips: Mapping[str, tuple[int, Chip]], columns: int, *, ascii_only: bool
) -> list[PlacedChip]:
    groups: list[_Group] = []
    for column, chip in sorted(chips.values(), key=_column):
        group = _Group(column, chip)
        group.lay(columns, ascii_only=ascii_only)
        # A count may be wider than what it counts, and so reach its left neighbour.
        while groups and group.column < groups[-1].end:
            early = groups.pop()
            early.take(group)
            early.lay(columns, ascii_only=ascii_only)
            group = early
        groups.append(group)
    return [PlacedChip(group.column, row, group.text, tuple(group.chips)) for group in groups]


def _column(item: tuple[int, Chip]) -> int:
    return item[0]


def _text(label: str | None, count: int, mark: Mark, *, selected: bool, ascii_only: bool) -> str:
    """The cells of a chip; ``label`` is None for one that stands for several."""
    sign = mark.value[ascii_only]
    if label is not None:
        # The last digits tell neighbours apart.
        text = sign + label[max(0, len(sign + label) - WIDEST) :]
    else:
        text = f"{sign}{'x' if ascii_only else TIMES}{min(count, 999)}"
    if selected:
        return f"[{text}]"
    if ascii_only:
        return f"({text})"
    return f"{LEFT_EDGE}{text}{RIGHT_EDGE}"


def _most_urgent(chips: tuple[Chip, ...]) -> Mark:
    return min((chip.mark for chip in chips), key=_URGENCY.__getitem__)
