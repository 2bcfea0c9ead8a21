"""What is drawn goes out whole on a terminal that is slow, and nothing fails on one that is gone."""

from __future__ import annotations

import os
import pty
import tty
from types import SimpleNamespace

import pytest

from imagechat_tui.tui.textual_internals import screen_file
from imagechat_tui.tui.textual_internals.screen_file import TOGETHER, ScreenFile

FRAME = "▀é\udcff" * TOGETHER


def test_a_long_frame_waits_for_a_terminal_that_must_not_block(monkeypatch: pytest.MonkeyPatch) -> None:
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    read = bytearray()

    def is_read(_r: object, writers: tuple[int], _x: object) -> None:
        assert writers == (writer,)
        read.extend(os.read(reader, 1 << 20))

    monkeypatch.setattr(screen_file, "select", SimpleNamespace(select=is_read))
    screen = ScreenFile(writer)
    screen.write(FRAME)
    screen.write("end")
    screen.flush()
    read += os.read(reader, 1 << 20)
    os.close(writer)
    os.close(reader)
    assert read.decode() == FRAME.replace("\udcff", "?") + "end"


def test_small_parts_go_out_together_with_the_next_flush() -> None:
    reader, writer = os.pipe()
    os.set_blocking(reader, False)
    screen = ScreenFile(writer)
    screen.write("a")
    screen.write("b")
    with pytest.raises(BlockingIOError):
        os.read(reader, 9)
    screen.flush()
    assert os.read(reader, 9) == b"ab"
    os.close(reader)
    os.close(writer)


def test_a_terminal_that_is_gone_takes_everything() -> None:
    master, slave = pty.openpty()
    tty.setraw(slave)
    screen = ScreenFile(slave)
    os.close(master)
    for _ in range(3):
        screen.write(FRAME)
        screen.flush()
    assert screen.fileno() == slave
    os.close(slave)
