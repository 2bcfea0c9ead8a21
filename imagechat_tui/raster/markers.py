"""Markers as small numbered chips in cells: where they stand, which ones fall together, what a cell hits."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from imagechat_tui.protocol.models import Point
from imagechat_tui.raster.viewport import Viewport


class Mark(Enum):
    """A marker's state; the value is the sign before its number, first match wins."""

    FAILED = "!"
    CHECKING = "?"
    PENDING = "\u25cb"
    DRAFT = "\u270e"
    UNREAD = "\u25cf"
    RESOLVED = "\u2713"
    MINE = "*"
    OPEN = ""


@dataclass(frozen=True, slots=True)
class Chip:
    """One marker."""

    key: str
    label: str
    mark: Mark
    point: Point
    selected: bool = False


@dataclass(frozen=True, slots=True)
class PlacedChip:
    """One chip on screen; stands for several markers where they fall together."""

    column: int
    row: int
    text: str
    chips: tuple[Chip, ...]

    @property
    def selected(self) -> bool:
        """Whether the selected marker is among them."""
        return any(chip.selected for chip in self.chips)

    @property
    def keys(self) -> tuple[str, ...]:
        """Keys of the markers that it stands for."""
        return tuple(chip.key for chip in self.chips)


@dataclass(frozen=True, slots=True)
class Placement:
    """All chips of a view, and how many markers lie beyond each edge."""

    chips: tuple[PlacedChip, ...]
    left: int = 0
    right: int = 0
    above: int = 0
    below: int = 0

    def at(self, column: int, row: int) -> PlacedChip | None:
        """The chip that covers a cell."""
        for chip in self.chips:
            if chip.row == row and chip.column <= column < chip.column + len(chip.text):
                return chip
        return None


def place(chips: Iterable[Chip], viewport: Viewport) -> Placement:
    """Lay the chips out so that none covers another: those that would are counted in one."""
    rows: dict[int, list[tuple[int, Chip]]] = {}
    beyond = [0, 0, 0, 0]
    for chip in chips:
        column, row = viewport.cell_of(chip.point)
        if viewport.holds((column, row)):
            rows.setdefault(row, []).append((column, chip))
        elif not 0 <= column < viewport.columns:
            beyond[0 if column < 0 else 1] += 1
        else:
            beyond[2 if row < 0 else 3] += 1
    placed = []
    for row, found in rows.items():
        found.sort(key=lambda item: item[0])
        groups: list[tuple[int, list[Chip]]] = []
        for column, chip in found:
            groups.append((column, [chip]))
            while len(groups) > 1 and _start(groups[-1], viewport) < _end(groups[-2], viewport):
                late, early = groups.pop(), groups.pop()
                groups.append((early[0], early[1] + late[1]))
        placed += [PlacedChip(_start(g, viewport), row, _text(g[1]), tuple(g[1])) for g in groups]
    return Placement(tuple(placed), *beyond)


def _text(chips: list[Chip]) -> str:
    if len(chips) > 1:
        count = f"{len(chips)}" if len(chips) < 1000 else "999+"
        return f"({count})" if len(count) < 4 else count
    chip = chips[0]
    text = chip.mark.value + chip.label[:4]
    return f"[{text}]"[:6] if chip.selected else text


def _start(group: tuple[int, list[Chip]], viewport: Viewport) -> int:
    width = len(_text(group[1]))
    return max(0, min(group[0] - width // 2, viewport.columns - width))


def _end(group: tuple[int, list[Chip]], viewport: Viewport) -> int:
    return _start(group, viewport) + len(_text(group[1]))
