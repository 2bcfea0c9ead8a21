"""The end of the app by a defect: a notice of ours instead of Textual's report.

That report prints local variables, and those hold what others wrote and what is secret.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, Final, TypeAlias

from textual.app import App

from imagechat_tui.tui.textual_internals.probe import Feature, supported

OWN: Final = supported(Feature.CRASH_NOTICE)
Notice: TypeAlias = Callable[[BaseException | None], str]


def end_with_notice(app: App[int], notice: Notice, *, code: int) -> None:
    """Have a defect end the app with a notice, printed when the terminal is as it was, and an exit code.

    Args:
        app: the app, before it runs.
        notice: what to print, for an exception.
        code: exit code. Where Textual does not let us set one, it is 1.
    """
    if not OWN:
        _print_for_tracebacks(notice)
        return
    told = False

    def fatal_error() -> None:
        nonlocal told
        if not told:  # what breaks in the wake of the first would only hide it
            told = True
            app.exit(code, return_code=code, message=notice(app._exception))

    app._fatal_error = fatal_error  # type: ignore[method-assign]


def _print_for_tracebacks(notice: Notice) -> None:
    """Print the notice wherever Rich would print a traceback from now on: it is what Textual reports with."""
    from rich import traceback
    from rich.console import Console, ConsoleOptions, RenderResult
    from rich.text import Text

    class NoticeOfTraceback(traceback.Traceback):
        """The notice, for the exception that is being handled."""

        def __init__(self, *_: Any, **__: Any) -> None:
            self.text = notice(sys.exc_info()[1])

        def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
            yield Text(self.text)

    traceback.Traceback = NoticeOfTraceback  # type: ignore[misc]
