"""A trace is written beside the session: no disk harms it, and nobody's file is taken for its own."""

from __future__ import annotations

import io
import os
import stat
import threading
from pathlib import Path

import pytest

from imagechat_tui.net import trace_file
from imagechat_tui.net.trace_file import TraceFile
from imagechat_tui.owned import NotOurs
from imagechat_tui.sync.inputs import Started, Tick
from imagechat_tui.sync.trace import Replay, Turn, read_head
from tests import examples as eg

TURN = Turn(1.0, Started())


def written(path: Path, turns: int = 2) -> list[bytes]:
    with TraceFile(path) as trace:
        trace.begin(eg.room(), 2.0)
        for number in range(turns):
            trace.keep(Turn(1.0 + number, Tick()))
    assert trace.failure is None
    return path.read_bytes().splitlines()


def test_what_is_kept_can_be_read_back(tmp_path: Path) -> None:
    head, *turns = written(tmp_path / "t", 3)
    assert read_head(head).cap_s == 2.0
    replay = Replay(read_head(head))
    assert [replay.turn(turn).line.at for turn in turns] == [1.0, 2.0, 3.0]


def test_only_the_owner_can_read_it(tmp_path: Path) -> None:
    path = tmp_path / "t"
    before = os.umask(0)
    try:
        written(path)
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.chmod(0o644)
    written(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_trace_that_is_there_is_replaced(tmp_path: Path) -> None:
    written(tmp_path / "t", 50)
    assert len(written(tmp_path / "t", 2)) == 3


def test_what_is_no_trace_stays_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "shot.png"
    path.write_bytes(b"pixels")
    with pytest.raises(NotOurs, match="something else than a trace"):
        TraceFile(path)
    assert path.read_bytes() == b"pixels"


def test_a_trace_that_is_being_written_is_nobody_elses(tmp_path: Path) -> None:
    path = tmp_path / "t"
    with TraceFile(path) as trace:
        trace.begin(eg.room(), 2.0)
        trace.keep(TURN)
        with pytest.raises(NotOurs, match="another session"):
            TraceFile(path)
        trace.keep(TURN)
    assert len(path.read_bytes().splitlines()) == 3
    assert len(written(path, 1)) == 2  # it is free again


def test_nothing_is_written_through_a_link_or_into_a_pipe(tmp_path: Path) -> None:
    victim, link, pipe = (tmp_path / name for name in ("victim", "link", "pipe"))
    victim.touch()
    link.symlink_to(victim)
    os.mkfifo(pipe)
    for path in (link, pipe, Path("/dev/null"), tmp_path):
        with pytest.raises(NotOurs):
            TraceFile(path)
    assert victim.read_bytes() == b""


def test_a_full_disk_ends_the_trace_and_nothing_else() -> None:
    full = os.fdopen(os.open("/dev/full", os.O_RDWR), "r+b")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(trace_file, "_emptied", lambda path: full)
        with TraceFile(Path("any")) as trace:
            trace.begin(eg.room(), 2.0)
            for _ in range(100):
                trace.keep(TURN)
    assert trace.failure is not None
    assert trace.failure.strerror == "No space left on device"


def test_a_disk_that_was_too_slow_once_ends_the_trace_and_its_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    goes_on = threading.Event()

    class Slow(io.BytesIO):
        def write(self, data: object) -> int:
            goes_on.wait()
            return 0

    monkeypatch.setattr(trace_file, "_emptied", lambda path: Slow())
    monkeypatch.setattr(trace_file, "WAITING", 3)
    monkeypatch.setattr(trace_file, "GOODBYE_S", 0.0)
    with TraceFile(Path("any")) as trace:
        trace.begin(eg.room(), 2.0)
        for _ in range(10):
            trace.keep(TURN)
    goes_on.set()
    for thread in threading.enumerate():
        if thread.name == "trace":
            thread.join(60)
            assert not thread.is_alive()


def test_a_disk_that_hangs_holds_up_neither_the_session_nor_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    reading, writing = os.pipe()
    monkeypatch.setattr(trace_file, "_emptied", lambda path: os.fdopen(writing, "wb"))
    monkeypatch.setattr(trace_file, "WAITING", 500)
    monkeypatch.setattr(trace_file, "GOODBYE_S", 0.0)
    with TraceFile(Path("any")) as trace:
        trace.begin(eg.room(), 2.0)
        for _ in range(3_000):  # more than the pipe and all that waits
            trace.keep(TURN)
    assert trace.failure is not None
    assert trace.failure.strerror == "the disk is too slow"
    os.close(reading)  # the writer's end fails, and its thread ends
    for thread in threading.enumerate():
        if thread.name == "trace":
            thread.join(60)
            assert not thread.is_alive()
