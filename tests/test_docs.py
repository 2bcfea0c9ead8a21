"""The README tells of what is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from imagechat_tui.cli import VERBS
from imagechat_tui.sync.state import Phase
from imagechat_tui.words import phase_words

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_is_told_of(verb: str) -> None:
    assert re.search(rf"`(imagechat )?{verb}\b", README)


def test_no_verb_is_told_of_that_does_not_exist() -> None:
    called = set(re.findall(r"^imagechat ([a-z]+) ", README, flags=re.MULTILINE))
    assert called
    assert called <= set(VERBS)


@pytest.mark.parametrize("phase", Phase)
def test_every_state_of_the_link_is_told_of(phase: Phase) -> None:
    assert f"`{phase_words(phase)}`" in README


def test_every_picture_in_it_is_there() -> None:
    pictures = re.findall(r"!\[[^]]+\]\(([^)]+)\)", README)
    assert len(pictures) >= 4
    assert all((ROOT / picture).is_file() for picture in pictures)


def test_nothing_in_it_waits_to_be_filled_in() -> None:
    assert "@@" not in README
