"""The whole program where the system has only what every Unix has: macOS, as far as that can be tried elsewhere."""

from __future__ import annotations

import pytest

from tests.e2e.conftest import Desk

pytestmark = pytest.mark.e2e

TAKEN_AWAY = """
import os, resource, select, signal, socket, time
for module, names in {
    os: (
        "memfd_create", "MFD_CLOEXEC", "O_PATH", "O_TMPFILE", "O_DIRECT", "pidfd_open", "P_PIDFD", "eventfd", "pipe2",
        "sched_getaffinity", "posix_fadvise", "posix_fallocate", "copy_file_range", "splice", "getresuid", "getresgid",
        "getrandom", "fdatasync",
    ),
    resource: ("RLIMIT_AS", "prlimit"),
    select: ("epoll",),
    signal: ("SIGPWR", "SIGSTKFLT", "SIGRTMIN"),
    socket: ("TCP_USER_TIMEOUT", "SOCK_CLOEXEC", "SOCK_NONBLOCK", "TCP_KEEPIDLE", "SO_BINDTODEVICE"),
    time: ("CLOCK_BOOTTIME", "CLOCK_TAI"),
}.items():
    for name in names:
        if hasattr(module, name):
            delattr(module, name)
if hasattr(os, "process_cpu_count"):  # where os has no sched_getaffinity when it is loaded, they are one
    os.process_cpu_count = os.cpu_count
"""
"""Run by every Python of the test before anything else. (The kernel's word on a peer has a way of its own there.)"""


@pytest.fixture
def elsewhere(desk: Desk) -> Desk:
    """A desk on such a system."""
    (desk.root / "taken").mkdir()
    (desk.root / "taken" / "sitecustomize.py").write_text(TAKEN_AWAY)
    desk.env["PYTHONPATH"] = str(desk.root / "taken")
    return desk


def test_nothing_that_only_linux_has_is_needed(elsewhere: Desk) -> None:
    elsewhere.json("add", "shot.png", "--at", "20,20", "-m", "hello there", "--json")
    shown = elsewhere.run("show", "shot.png", "--markers", "--size", "30x8", "--colors", "none")
    assert (shown.returncode, shown.stderr) == (0, "")
    assert "(1)" in shown.stdout
    screen = elsewhere.terminal("shot.png")
    screen.shows("LIVE", "hello there", " 1 ", within_s=30)
    screen.wait_for(lambda: "Loading picture" not in screen.text)
    assert "No picture" not in screen.text
