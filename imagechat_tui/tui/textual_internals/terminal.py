"""The way to the terminal and back: who reads what it sends, and sequences of our own for it."""

from __future__ import annotations

from typing import Any, Final

from textual.app import App
from textual.driver import Driver
from textual.drivers.linux_driver import LinuxDriver

from imagechat_tui import typed_ahead
from imagechat_tui.tui.textual_internals.probe import Feature, supported

WRITES: Final = supported(Feature.TERMINAL_WRITES)


def driver_class() -> type[Driver]:
    """Ours; Textual's own where it does not let us."""
    if not supported(Feature.TERMINAL_DRIVER):
        return LinuxDriver
    from imagechat_tui.tui.textual_internals.terminal_driver import TerminalDriver

    return TerminalDriver


def write(app: App[Any], sequence: str) -> None:
    """Write to the app's terminal; nothing while it has none, or where Textual does not let us."""
    driver = app._driver if WRITES else None
    if driver is not None:
        driver.write(sequence)


def on_leaving(app: App[Any], farewell: str) -> None:
    """Have this written whenever the screen is left, for good or for a while."""
    if WRITES and app._driver is not None:
        app._driver.farewell = farewell  # type: ignore[attr-defined]


def ask(app: App[Any], question: str) -> None:
    """As `write`, of something that ends with a question which every terminal answers."""
    if WRITES and app._driver is not None:
        typed_ahead.asked()
        write(app, question)
