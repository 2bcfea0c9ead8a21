"""What comes from the terminal beyond Textual's own events."""

from __future__ import annotations

from textual import events


class Pasted:
    """What came at once and has line breaks, so that it may have been pasted without marks."""

    def __init__(self) -> None:
        self.is_text = False
        """Whether an Enter in it was taken as a line break."""
        self.is_broken = False
        """Whether anything in it was."""

    def took(self, key: events.Key) -> None:
        """Know that a key of it was taken as text."""
        self.is_text |= key.key == "enter"
        self.is_broken |= key.key != "tab"


class LineBreak(events.Event, bubble=False):
    """A key that is a line break or a tab of what is pasted, if a text is being written; else that key.

    Args:
        key: what it is else.
        pasted: what it is part of.
        last: whether no text stands behind an Enter, or no line break behind a tab: then it is text only if
            there was a line break before it. (The Enter before it may have been one that opened the text.)
    """

    def __init__(self, key: events.Key, pasted: Pasted, *, last: bool = False) -> None:
        super().__init__()
        self.key = key
        self.pasted = pasted
        self.last = last

    @property
    def may_be_text(self) -> bool:
        """Whether it is text where text is written."""
        return not self.last or (self.pasted.is_broken if self.key.key == "tab" else self.pasted.is_text)

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
