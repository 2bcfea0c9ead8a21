"""What is not there of a file that is cut off or damaged."""

from __future__ import annotations

from typing import NamedTuple


class Lost(NamedTuple):
    """What is missing from a picture that is shown all the same."""

    what: str
    """``rows``: they are missing; ``detail``: they are coarser than they were made; ``unsure``: all is there, and
    some of it is wrong."""
    share: float = 0.0
    """Of the rows, 0-1."""
    upper: bool = False
    """Whether these are the upper rows, and not the lower ones."""
    cut: bool = False
    """Whether the file ends too early; else it is damaged within."""


class Unfinished(Exception):
    """There is nothing to be shown yet: no row is there."""

    def __init__(self, *, cut: bool) -> None:
        super().__init__()
        self.cut = cut
