"""Hint labels: two letters lead to one chip."""

from __future__ import annotations

from imagechat_tui.raster.markers import PlacedChip
from imagechat_tui.tui.picture.hints import LETTERS, Hints


def chips(count: int) -> list[PlacedChip]:
    return [PlacedChip(number % 20 * 4, number // 20, "▐1▌", ()) for number in range(count)]


def test_every_label_leads_to_the_chip_it_stands_on() -> None:
    some = chips(60)
    hints = Hints.on(reversed(some))
    labels = [hints.label_at(chip.column, chip.row) for chip in some]
    assert len(set(labels)) == 60
    for label, chip in zip(labels, some, strict=True):
        assert label is not None
        left = hints.after(label[0])
        assert isinstance(left, Hints)
        assert left.label_at(chip.column, chip.row) == label[1]
        assert left.after(label[1]) is chip


def test_a_letter_takes_the_other_labels_away_and_a_wrong_one_all() -> None:
    hints = Hints.on(chips(30))
    left = hints.after("s")
    assert isinstance(left, Hints)
    assert left.label_at(0, 0) is None
    assert left.label_at(6 * 4, 1) == "a"
    assert left.after("m") is None
    assert hints.after("1") is None


def test_more_chips_than_labels_leave_some_without() -> None:
    many = chips(1000)
    hints = Hints.on(many)
    labelled = [chip for chip in many if hints.label_at(chip.column, chip.row)]
    assert len(labelled) == len(LETTERS) ** 2
