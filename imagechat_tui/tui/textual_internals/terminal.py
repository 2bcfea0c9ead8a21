"""The way to the terminal and back: who reads what it sends, and sequences of our own for it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from textual.app import App
from textual.driver import Driver
from textual.drivers.linux_driver import LinuxDriver

from imagechat_tui.tui.flow import PLENTY, QUEUE_S, Flow
from imagechat_tui.tui.textual_internals.probe import Feature, supported
from imagechat_tui.tui.textual_internals.shown_cells import SHOWN
from imagechat_tui.tui.textual_internals.terminal_events import Answer

if TYPE_CHECKING:
    from imagechat_tui.tui.textual_internals.terminal_driver import TerminalDriver

WRITES: Final = supported(Feature.TERMINAL_WRITES)
DRIVES: Final = supported(Feature.TERMINAL_DRIVER)


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


def forget_shown() -> None:
    """What is on the screen is not known any more: all that is painted is sent."""
    SHOWN.forget()


def on_leaving(app: App[Any], farewell: str) -> None:
    """Have this written whenever the screen is left, for good or for a while."""
    if WRITES and app._driver is not None:
        app._driver.farewell = farewell  # type: ignore[attr-defined]


def ask(app: App[Any], question: str) -> None:
    """Write something that ends with a question which every terminal answers."""
    driver = _own_driver(app)
    if driver is not None:
        driver.ask(question)


def send(app: App[Any], sequence: str, told: Callable[[], None]) -> None:
    """As `write`; ``told`` is called when the terminal has taken it in."""
    driver = _own_driver(app)
    if driver is not None:
        driver.send(sequence, told)


def is_sign_of_life(app: App[Any], answer: Answer) -> bool:
    """Whether an answer is one; who waits for it is told."""
    driver = _own_driver(app)
    return driver is not None and driver.heard(answer.sequence, answer.time)


def flow_of(app: App[Any]) -> Flow:
    """What is on its way to the app's terminal; where that is not known, as if nothing were."""
    driver = _own_driver(app)
    return driver.flow if driver is not None else Flow()


def room(app: App[Any], queue_s: float = QUEUE_S) -> int:
    """Bytes of what can wait that may go to the terminal now, if a key may come so much later for them."""
    driver = _own_driver(app)
    return driver.flow.room(time.monotonic(), queue_s) if driver is not None else PLENTY


def _own_driver(app: App[Any]) -> TerminalDriver | None:
    driver = app._driver if WRITES else None
    return driver if DRIVES and isinstance(driver, driver_class()) else None  # type: ignore[return-value]
