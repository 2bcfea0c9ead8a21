"""Sequences of our own for the terminal, between what Textual writes."""

from __future__ import annotations

from typing import Any, Final

from textual.app import App

from imagechat_tui.tui.textual_internals.probe import Feature, supported

WRITES: Final = supported(Feature.TERMINAL_WRITES)


def write(app: App[Any], sequence: str) -> None:
    """Write to the app's terminal; nothing while it has none, or where Textual does not let us."""
    driver = app._driver if WRITES else None
    if driver is not None:
        driver.write(sequence)
