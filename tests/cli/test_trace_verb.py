"""The verb trace: what it prints of a trace, and that no file makes it crash, hang or eat all memory."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from imagechat_tui.cli import ERROR, OK, run, trace_verb
from tests.sync.test_trace import session


def printed(capsys: pytest.CaptureFixture[str], path: Path, *, code: int) -> tuple[str, str]:
    assert run(["trace", str(path)]) == code
    out, err = capsys.readouterr()
    assert "Traceback" not in err
    return out, err


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "t.jsonl"
    path.write_bytes(b"".join(session()))
    return path


def test_every_input_is_told_with_its_time_what_was_asked_for_and_what_became_of_the_state(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, err = printed(capsys, file, code=OK)
    assert err == ""
    assert "2: 0.000 s Started -> StoreDrafts, FetchSnapshot\n" in out
    assert "    connection.phase: starting -> catching up\n" in out
    assert "7: 3.000 s SocketClosed -> " in out
    assert out.endswith("Replayed up to line 9: no difference.\n")


def test_the_first_difference_is_told_with_its_line_and_nothing_after_it(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_bytes(file.read_bytes().replace(b'"peer":"ours"', b'"peer":"hosted"', 1))
    out, _ = printed(capsys, file, code=ERROR)
    assert "\nLine 3 is the first that differs.\n" in out
    assert "  recorded: {" in out
    assert "  now: {" in out
    assert "\n4: " not in out


def test_a_last_line_that_is_cut_off_is_left_out(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_bytes(file.read_bytes()[:-20])
    out, _ = printed(capsys, file, code=OK)
    assert out.endswith("Line 9, the last, is cut off.\nReplayed up to line 8: no difference.\n")


def test_a_line_in_the_middle_that_is_none_is_told(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(b"".join([*lines[:4], b"[" * 100_000 + b"\n", *lines[4:]]))
    _, err = printed(capsys, file, code=ERROR)
    assert err.startswith("imagechat: Not a trace: Line 5: ")


@pytest.mark.parametrize("content", [b"", b"{}\n", b"\x89PNG\r\n", b'{"imagechat_trace":9}\n', bytes(5_000)])
def test_any_other_file_is_told_to_be_none(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes
) -> None:
    path = tmp_path / "t"
    path.write_bytes(content)
    _, err = printed(capsys, path, code=ERROR)
    assert err.startswith("imagechat: Not a trace: Line 1: ")
    assert "no trace" not in err  # that has been said


def test_devices_pipes_and_folders_are_not_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for path in (pipe, tmp_path, Path("/dev/zero")):
        _, err = printed(capsys, path, code=ERROR)
        assert f"{path.name} is no plain file" in err
    _, err = printed(capsys, tmp_path / "none", code=ERROR)
    assert "No such file" in err


def test_a_line_that_never_ends_is_not_taken_into_memory(
    file: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trace_verb, "MAX_LINE", 1 << 20)
    with file.open("ab") as more:
        more.truncate(1 << 30)  # one gigabyte, and none of it on the disk
    _, err = printed(capsys, file, code=ERROR)
    assert "longer than 1 MiB" in err


def test_what_somebody_put_into_a_file_does_nothing_to_the_terminal(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    evil = rb"\u001b]0;evil\u0007\u202e"
    content = file.read_bytes().replace(b'"program":"1"', b'"program":"' + evil + b'"')
    file.write_bytes(content.replace(b'"is":"FetchSnapshot"', b'"is":"' + evil + b'"'))
    out, _ = printed(capsys, file, code=ERROR)
    assert "\x1b" not in out
    assert "\u202e" not in out
