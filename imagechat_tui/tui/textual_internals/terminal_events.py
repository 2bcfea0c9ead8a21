"""What comes from the terminal beyond Textual's own events."""

from __future__ import annotations

from textual import events


class Pasted:
    """What came at once and has line breaks, so that it may have been pasted without marks."""

    def __init__(self) -> None:
        self.is_text = False
        """Whether an Enter in it was taken as a line break."""


class LineBreak(events.Event, bubble=False):
    """A key that is a line break or a tab of what is pasted, if a text is being written; else that key.

    Args:
        key: what it is else.
        pasted: what it is part of.
        last: whether no text stands behind it: then an Enter is a line break only if one before it was one.
    """

    def __init__(self, key: events.Key, pasted: Pasted, *, last: bool = False) -> None:
        super().__init__()
        self.key = key
        self.pasted = pasted
        self.last = last

    @property
    def may_be_text(self) -> bool:
        """Whether it is text where text is written."""
        return not self.last or self.pasted.is_text

    @property
    def text(self) -> str:
        """What it puts into a text."""
        return "\t" if self.key.key == "tab" else "\n"


class Burst(events.Event, bubble=False):
    """Keys that came at once: one message, because sending a message to the app costs more than most keys do."""

    def __init__(self, keys: list[events.Key | LineBreak]) -> None:
        super().__init__()
        self.keys = keys


class Answer(events.Event, bubble=False):
    """What a terminal says that was asked something: a whole sequence, with what begins and ends it."""

    def __init__(self, sequence: str) -> None:
        super().__init__()
        self.sequence = sequence
