"""What the system refuses is named by what was seen."""

from __future__ import annotations

import errno
import os

import pytest

from imagechat_tui.cli import ERROR
from imagechat_tui.cli.failures import explained
from imagechat_tui.settings import SettingsError, SettingsProblem


@pytest.mark.parametrize(
    ("number", "file", "said"),
    [
        (errno.ENOSPC, None, "Disk full: There is no room left for what was to be written."),
        (errno.EDQUOT, "/data/x", "Disk full: There is no room left for /data/x."),
        (errno.EMFILE, "/lib/x.py", "Too many open files: The system lets us open no more of them."),
        (errno.ENFILE, None, "Raise the limit: ulimit -n 1024"),
        (errno.EIO, "/data/x", "Input/output error: /data/x"),
        (errno.EACCES, None, "Permission denied."),
    ],
)
def test_what_the_system_says_in_words(number: int, file: str | None, said: str) -> None:
    known = explained(OSError(number, os.strerror(number), file))
    assert known is not None
    words, code = known
    assert said in words.text
    assert code == ERROR


def test_a_defect_is_none_of_them() -> None:
    assert explained(ZeroDivisionError()) is None


def test_of_a_server_that_was_not_asked_nothing_is_claimed() -> None:
    known = explained(SettingsError(SettingsProblem.NO_TENANT, "http://127.0.0.1:1"))
    assert known is not None
    assert known[0].text == "Tenant missing: A server needs a tenant. Name yours with --tenant."
