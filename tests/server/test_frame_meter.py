from __future__ import annotations

import itertools
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagechat_tui.server.broker.buckets import Bucket, Rule
from imagechat_tui.server.http.frame_meter import FrameMeter

NEVER_MORE = 1e-9


def meter(whole: int, others: int) -> FrameMeter:
    """Allows so many frames, and no more for a long time."""
    return FrameMeter(
        Bucket(Rule(NEVER_MORE, whole), 0.0), Bucket(Rule(NEVER_MORE, others), 0.0), lambda: 0.0
    )


def frame(first: int, size: int, *, masked: bool = True) -> bytes:
    bit = 0x80 * masked
    if size < 126:
        head = struct.pack("!BB", first, bit | size)
    elif size < 1 << 16:
        head = struct.pack("!BBH", first, bit | 126, size)
    else:
        head = struct.pack("!BBQ", first, bit | 127, size)
    return head + bytes(4 * masked) + b"\x89" * size


def allowed(counting: FrameMeter, pieces: list[bytes]) -> bool:
    return all(counting.allows(piece) for piece in pieces)


@pytest.mark.parametrize("first", [0x81, 0x82])
def test_whole_messages_have_a_limit_of_their_own(first: int) -> None:
    assert meter(3, 0).allows(frame(first, 5) * 3)
    assert not meter(3, 9).allows(frame(first, 5) * 4)


@pytest.mark.parametrize("first", [0x00, 0x01, 0x02, 0x80, 0x88, 0x89, 0x8A, 0x83, 0xC1])
def test_everything_else_is_counted_together(first: int) -> None:
    assert meter(0, 3).allows(frame(first, 0) * 3)
    assert not meter(9, 3).allows(frame(first, 0) * 4)


@given(
    st.lists(st.tuples(st.sampled_from([0x81, 0x01, 0x89]), st.sampled_from([0, 1, 125, 126, 4096, 65_536]))),
    st.lists(st.integers(0, 200_000), max_size=40),
    st.booleans(),
)
def test_frames_are_counted_however_they_are_cut(
    frames: list[tuple[int, int]], cuts: list[int], masked: bool
) -> None:
    stream = b"".join(frame(first, size, masked=masked) for first, size in frames)
    whole = sum(first == 0x81 for first, _ in frames)
    others = len(frames) - whole
    ends = sorted({min(cut, len(stream)) for cut in cuts} | {0, len(stream)})
    pieces = [stream[start:end] for start, end in itertools.pairwise(ends)]
    assert allowed(meter(whole, others), pieces)
    if whole:
        assert not allowed(meter(whole - 1, others), pieces)
    if others:
        assert not allowed(meter(whole, others - 1), pieces)
