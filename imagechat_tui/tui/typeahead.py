"""Keys typed ahead go where the focus is when their turn comes, not where it was when they arrived.

Textual hands a key to the focused widget as it arrives, and acts on it only after it has bubbled up to the app.
Whoever types ``c`` and at once a word, or whose link delivers both in one packet, would have the word taken for
commands: its letters were handed to the picture before ``c`` opened the composer.
"""

from __future__ import annotations

from textual.events import Key

LOST_AFTER_S = 0.5
"""A key that has not come up by then was swallowed on its way; nothing waits for it any more."""


class Typeahead:
    """The keys that are on their way up, and those that wait for them."""

    def __init__(self) -> None:
        self._on_way: list[tuple[Key, Key]] = []
        """The event that is on its way, and the key as it was pressed."""
        self._waiting: list[Key] = []

    def sent(self, event: Key, pressed: Key) -> None:
        """``event`` was handed to a widget that takes keys as commands; ``pressed`` is what was typed."""
        self._on_way.append((event, pressed))

    def wait(self, pressed: Key) -> bool:
        """Whether a key for a text field must wait for commands before it; then it is kept."""
        self._on_way = [
            (event, key)
            for event, key in self._on_way
            if not event._stop_propagation and pressed.time - event.time < LOST_AFTER_S
        ]
        if self._on_way:
            self._waiting.append(pressed)
        return bool(self._on_way)

    def came_up(self, event: Key) -> Key | None:
        """A key has come up to the app: as it was pressed, or None if it was none of these."""
        for place, (sent, pressed) in enumerate(self._on_way):
            if sent is event:
                del self._on_way[place]
                return pressed
        return None

    def due(self) -> list[Key]:
        """The keys whose wait is over, in order."""
        if self._on_way:
            return []
        due, self._waiting = self._waiting, []
        return due
