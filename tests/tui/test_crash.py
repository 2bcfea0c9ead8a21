"""What a defect leaves behind: enough to mend it, nothing to be ashamed of."""

from __future__ import annotations

import stat
from itertools import count
from pathlib import Path

import pytest

from imagechat_tui.tui.clock import Clock
from imagechat_tui.tui.crash import CrashReports, safe_to_share, write_crash_file


def test_secrets_are_cut() -> None:
    text = safe_to_share(
        "GET https://host/sub?userIdWS=abc&sso=%7B%22 x\n"
        "Authorization: Bearer abcdef\n"
        "cookie=fc_sid=1234; path\n"
        "body eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9eyJzdWIiOiIx\n"
        "File imagechat_tui/tui/app.py, line 3"
    )
    for secret in ("userIdWS", "Bearer", "1234", "eyJhbGci"):
        assert secret not in text
    assert "https://host/sub?[cut] x" in text
    assert "imagechat_tui/tui/app.py, line 3" in text


def test_only_its_owner_can_read_the_file(tmp_path: Path) -> None:
    try:
        raise ValueError("at https://host/?token=x")
    except ValueError as error:
        path = write_crash_file(error, tmp_path / "new", now_ms=1)
    assert path is not None
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert "ValueError" in path.read_text()
    assert "token=x" not in path.read_text()


def test_a_folder_that_cannot_be_written_is_no_second_defect() -> None:
    assert write_crash_file(ValueError(), Path("/proc/nowhere"), now_ms=1) is None


def test_a_source_file_is_named_however_deep_it_lies() -> None:
    frame = f'  File "/{"deep/" * 20}app.py", line 7, in on_key\n'
    assert safe_to_share(frame) == frame
    assert safe_to_share(f"RuntimeError: {'deep/' * 20}") == "RuntimeError: [cut]"


@pytest.mark.parametrize("written", [True, False])
def test_a_defect_says_where_its_traceback_is(tmp_path: Path, written: bool) -> None:
    reports = CrashReports(
        tmp_path if written else None, Clock(wall_ms=count(7).__next__, engine_s=lambda: 0.0)
    )
    notice = reports.notice(ValueError("hunter2"))
    assert "a defect ended the program (ValueError). What you typed is kept." in notice
    assert "hunter2" not in notice
    assert (str(tmp_path) in notice) is written
    assert ("No details could be written." in notice) is not written
    assert (str(tmp_path) in reports.words(KeyError()).text) is written
