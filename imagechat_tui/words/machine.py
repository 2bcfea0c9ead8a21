"""What this machine does not have: room, files, signs of one cell."""

from __future__ import annotations

from imagechat_tui.words.parts import Words, safe_name

WIDE_SIGNS = "Signs are two cells wide here: drawn in ASCII."
"""Told once, when the terminal has answered."""


def disk_full_words(name: str) -> Words:
    """There is no room left on a disk of this machine; ``name`` is the file, raw, empty if it is not known."""
    about = safe_name(name) or "what was to be written"
    return Words("Disk full", f"There is no room left for {about}.", "Make room on that disk of yours.")


def too_many_files_words() -> Words:
    """The system lets this program, or all together, open no more files."""
    return Words(
        "Too many open files", "The system lets us open no more of them.", "Raise the limit: ulimit -n 1024"
    )
