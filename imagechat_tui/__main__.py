"""The command ``imagechat``, and ``python -m imagechat_tui``."""

from __future__ import annotations

import gc
import io
import os
import signal
import sys

from imagechat_tui import typed_ahead


def main() -> None:
    """Run the command line and exit with its code."""
    # Collecting while modules load costs a tenth of the start and frees nothing (measured).
    gc.disable()
    _open_missing_streams()
    _print_whole()
    if typed_ahead.opens_a_screen(sys.argv[1:]):
        typed_ahead.keep()
    try:
        from imagechat_tui.cli import run

        code = run(sys.argv[1:])
    except KeyboardInterrupt:  # while modules load; later, the command line says what was cancelled
        code = 128 + signal.SIGINT
    finally:
        typed_ahead.give_back()
    sys.exit(code)


def _open_missing_streams() -> None:
    """Put the null device where stdin, stdout or stderr is closed (`<&-`): the next file would take its number."""
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest number that is free
    sys.stdin = sys.stdin or open(0, encoding="utf-8")  # noqa: SIM115 (until the end)
    sys.stdout = sys.stdout or open(1, "w", encoding="utf-8")  # noqa: SIM115
    sys.stderr = sys.stderr or open(2, "w", encoding="utf-8")  # noqa: SIM115


def _print_whole() -> None:
    """With PYTHONUNBUFFERED, Python forgets what a pipe or a disk does not take at once: have it be kept."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if isinstance(stream, io.TextIOWrapper) and isinstance(stream.buffer, io.RawIOBase):
            buffer = io.BufferedWriter(stream.buffer)
            whole = io.TextIOWrapper(buffer, stream.encoding, stream.errors, line_buffering=True)
            setattr(sys, name, whole)


if __name__ == "__main__":
    main()
