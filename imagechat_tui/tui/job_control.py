"""Whether a shell is there that has a stopped program go on again."""

from __future__ import annotations

import os
import subprocess

_STOPS_ITSELF = ("/bin/sh", "-c", "kill -TSTP $$")


def can_go_on_again() -> bool:
    """Whether somebody would: not behind ``ssh -t host imagechat``, ``xterm -e`` or as a container's only program.

    The system knows: of a process group that nobody looks after it lets no process be stopped by SIGTSTP (POSIX
    calls it orphaned).
    """
    try:
        tried = subprocess.Popen(_STOPS_ITSELF, stdin=subprocess.DEVNULL)
    except OSError:
        return False
    try:
        _, status = os.waitpid(tried.pid, os.WUNTRACED)
        stopped = os.WIFSTOPPED(status)
        if not stopped:
            tried.returncode = os.waitstatus_to_exitcode(status)
        return stopped
    finally:
        if tried.returncode is None:
            tried.kill()
            tried.wait()
