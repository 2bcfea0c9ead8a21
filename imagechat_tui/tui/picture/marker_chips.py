"""What the conversations look like on a frame: threads become chips, chips become cells of rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

from imagechat_tui.raster.chips import Ink, chip_cells, edge_notes, halo_cell, note_cells
from imagechat_tui.raster.colors import ColorDepth
from imagechat_tui.raster.markers import Chip, Mark, PlacedChip
from imagechat_tui.sync.state import Status, Thread
from imagechat_tui.tui.picture.frame import Frame
from imagechat_tui.tui.picture.hints import Hints
from imagechat_tui.words import numbered

Row = dict[int, Ink]


UNNUMBERED = "+"
"""What a marker is called until the server has given it a number: one that is made up might be another's."""


class ThreadChips:
    """The chips of the threads; a thread that is the same object as before keeps its chip."""

    def __init__(self) -> None:
        self._made: dict[str, tuple[Thread, str, bool, Chip]] = {}

    def of(self, threads: Sequence[Thread], *, selected: str | None, shown: str) -> list[Chip]:
        """The chips of those that are ``shown`` (``all``, ``open``, ``none``); one may be ``selected``, a key."""
        before, self._made = self._made, {}
        chips = []
        for thread in threads:
            here = thread.key == selected
            if not is_shown(thread, shown, selected=here):
                continue
            label = UNNUMBERED if thread.number is None else numbered(thread.number, to_check=thread.to_check)
            made = before.get(thread.key)
            if made is None or made[0] is not thread or made[1] != label or made[2] != here:
                chip = Chip(thread.key, label, mark_of(thread), thread.point, here)
                made = (thread, label, here, chip)
            self._made[thread.key] = made
            chips.append(made[3])
        return chips


def is_shown(thread: Thread, shown: str, *, selected: bool) -> bool:
    """Whether a thread's marker is among the ``shown`` ones (``all``, ``open``, ``none``).

    One that is selected stays among them when it is resolved, as it stays in a list with a filter.
    """
    return shown != "none" and not (shown == "open" and thread.conversation.resolved and not selected)


def mark_of(thread: Thread) -> Mark:
    """A thread's state, the most urgent one."""
    match thread.status:
        case Status.FAILED:
            return Mark.FAILED
        case Status.CHECKING:
            return Mark.CHECKING
        case Status.PENDING:
            return Mark.PENDING
        case _ if thread.has_draft:
            return Mark.DRAFT
        case _ if thread.unread:
            return Mark.UNREAD_RESOLVED if thread.conversation.resolved else Mark.UNREAD
        case _ if thread.conversation.resolved:
            return Mark.RESOLVED
        case _:
            return Mark.MINE if thread.mine else Mark.OPEN


class MarkerChips:
    """The chips on one frame, and the notes at its edges: where they are, and their cells, made when asked for."""

    def __init__(self, frame: Frame, minimap: tuple[int, int, int, int] | None) -> None:
        self._frame = frame
        self._depth = frame.view.depth
        self._minimap = minimap
        self.hovered: tuple[int, int] | None = None
        """Column and row of the chip under the pointer."""
        self.hints: Hints | None = None
        self._notes = self._placed_notes()

    @property
    def rows(self) -> range:
        """All rows of the frame."""
        return range(self._frame.view.size[1])

    def put(self, chips: Iterable[Chip]) -> set[int]:
        """Have these markers and no others; returns the rows that may look different."""
        chips = list(chips)
        frame = self._frame
        touched = frame.places.put(chips)
        if frame.lens_places is not None and frame.scene.lens is not None:
            touched |= {row + frame.scene.lens.row for row in frame.lens_places.put(chips)}
        notes, self._notes = self._notes, self._placed_notes()
        return touched | {row for _, row, _ in {*notes} ^ {*self._notes}}

    def at(self, column: int, row: int) -> PlacedChip | None:
        """The chip that covers a cell of the screen."""
        if self._under_minimap(column, row):
            return None
        return next(
            (chip for chip in self._chips(row) if chip.column <= column < chip.column + len(chip.text)), None
        )

    @property
    def placed(self) -> Iterator[PlacedChip]:
        """The chips on screen, where they are on the screen."""
        for row in self.rows:
            yield from self._chips(row)

    def cells(self, row: int) -> Row:
        """The marks of a row by column."""
        cells: Row = {}
        if self.hints is None:
            halo = halo_cell(self._depth)
            cells = dict.fromkeys(self._halo(row), halo)
        for chip in self._chips(row):
            if self.hints is not None:
                label = self.hints.label_at(chip.column, row)
                if label is None:
                    continue
                inks = note_cells(f"{label:^{len(chip.text)}}", self._depth)
            else:
                hovered = self.hovered == (chip.column, row)
                inks = _inks(chip.text, chip.mark, self._depth, chip.selected, hovered)
            for column, ink in enumerate(inks, chip.column):
                if not self._under_minimap(column, row):
                    cells[column] = ink
        for start, on_row, text in self._notes:
            if on_row == row:
                cells.update(enumerate(note_cells(text, self._depth), start))
        return cells

    def _halo(self, row: int) -> Iterator[int]:
        """The columns beside a selected chip that are free for what sets it off; other chips go over them."""
        lens, columns = self._frame.scene.lens, self._frame.view.size[0]
        for chip in self._chips(row):
            if not chip.selected:
                continue
            inside = lens is not None and lens.covers(chip.column, row)
            for column in (chip.column - 1, chip.column + len(chip.text)):
                if self._under_minimap(column, row):
                    continue
                if inside and lens is not None:
                    free = lens.column <= column < lens.column + lens.view.columns
                else:
                    free = 0 <= column < columns and not (lens is not None and lens.covers(column, row))
                if free:
                    yield column

    def _placed_notes(self) -> tuple[tuple[int, int, str], ...]:
        """The notes at the edges, each as near the middle of its edge as all of it is free; else left out."""
        placed: list[tuple[int, int, str]] = []
        columns = self._frame.view.size[0]
        for column, row, text in edge_notes(self._frame.places):
            if text[0] in "^v":
                starts = range(columns - len(text) + 1)
                along = [(at, row) for at in sorted(starts, key=lambda at: abs(at - column))]
            else:
                along = [(column, at) for at in sorted(self.rows, key=lambda at: abs(at - row))]
            free = next((cell for cell in along if self._is_free(*cell, text, placed)), None)
            if free is not None:
                placed.append((*free, text))
        return tuple(placed)

    def _is_free(self, column: int, row: int, text: str, placed: Iterable[tuple[int, int, str]]) -> bool:
        """Whether nothing else lies on any cell of a note."""
        lens, end = self._frame.scene.lens, column + len(text)
        others = [(chip.column, chip.text) for chip in self._chips(row)]
        others += [(start, other) for start, on_row, other in placed if on_row == row]
        return not any(start < end and column < start + len(other) for start, other in others) and not any(
            self._under_minimap(at, row) or (lens is not None and lens.covers(at, row))
            for at in range(column, end)
        )

    def _chips(self, row: int) -> Iterator[PlacedChip]:
        lens, lens_places = self._frame.scene.lens, self._frame.lens_places
        for chip in self._frame.places.row(row):
            if lens is None or not any(
                lens.covers(column, row) for column in (chip.column, chip.column + len(chip.text) - 1)
            ):
                yield chip
        if lens is not None and lens_places is not None:
            for chip in lens_places.row(row - lens.row):
                yield _moved(chip, lens.column, lens.row)

    def _under_minimap(self, column: int, row: int) -> bool:
        box = self._minimap
        return box is not None and box[0] <= column < box[2] and box[1] <= row < box[3]


def _moved(chip: PlacedChip, columns: int, rows: int) -> PlacedChip:
    return PlacedChip(chip.column + columns, chip.row + rows, chip.text, chip.chips)


@lru_cache(maxsize=8192)
def _inks(text: str, mark: Mark, depth: ColorDepth, selected: bool, hovered: bool) -> tuple[Ink, ...]:
    return chip_cells(text, mark, depth, selected=selected, hovered=hovered)
