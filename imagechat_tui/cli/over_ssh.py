"""What is told where the terminal is at the other end of an SSH link."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from imagechat_tui.owned import open_file


def over_ssh(environ: Mapping[str, str]) -> bool:
    """Whether the terminal is another machine's, as far as the environment tells."""
    return any(environ.get(name) for name in ("SSH_TTY", "SSH_CONNECTION"))


def first_time(mark: Path) -> bool:
    """Whether something is told for the first time, which a file remembers; every time where it cannot be written."""
    try:
        mark.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(open_file(mark, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
    except FileExistsError:
        return False
    except OSError:
        return True
    return True
