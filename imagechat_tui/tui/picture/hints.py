"""Hint labels: two letters on each chip, and what the letters typed so far leave."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from imagechat_tui.raster.markers import PlacedChip

LETTERS = "asdfghjklqwertyuiopzxcvbnm"
"""The home row first. As on a US layout: other layouts act by physical key."""


class Hints:
    """Labels of chips; each is two letters, and no two are alike."""

    def __init__(self, labels: Mapping[str, PlacedChip], typed: str = "") -> None:
        self._labels = labels
        self._typed = typed
        self._at = {(chip.column, chip.row): label for label, chip in labels.items()}

    @classmethod
    def on(cls, chips: Iterable[PlacedChip]) -> Hints:
        """Label chips in reading order, as many as there are labels."""
        labels = (first + second for first in LETTERS for second in LETTERS)
        ordered = sorted(chips, key=lambda chip: (chip.row, chip.column))
        return cls(dict(zip(labels, ordered, strict=False)))

    def label_at(self, column: int, row: int) -> str | None:
        """What is still to be typed for the chip that begins in a cell."""
        label = self._at.get((column, row))
        return label[len(self._typed) :] if label is not None else None

    def after(self, letter: str) -> Hints | PlacedChip | None:
        """What one more letter leaves: fewer labels, the chip it completes, or nothing."""
        typed = self._typed + letter
        left = {label: chip for label, chip in self._labels.items() if label.startswith(typed)}
        return left.get(typed) or (Hints(left, typed) if left else None)
