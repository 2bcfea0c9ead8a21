"""The second wall: even a text that slipped past the first one does not act."""

from __future__ import annotations

import pytest
from rich.segment import ControlType, Segment
from rich.style import Style
from textual.color import Color

from imagechat_tui.tui.sanitizer_filter import SanitizerFilter

BLACK = Color(0, 0, 0)


@pytest.mark.security
@pytest.mark.parametrize(
    "text", ["\x1b[2J", "\x9b2J", "\x07", "a\u202eb", "\u2066", "\x7f", "\u2028", "\ud800", "я\x00"]
)
def test_what_acts_is_replaced_cell_by_cell(text: str) -> None:
    (segment,) = SanitizerFilter().apply([Segment(text, Style(bold=True))], BLACK)
    assert "\N{REPLACEMENT CHARACTER}" in segment.text
    assert len(segment.text) == len(text)
    assert not any(ord(c) < 0x20 or 0x7F <= ord(c) < 0xA0 or 0x2028 <= ord(c) < 0x202F for c in segment.text)


@pytest.mark.security
def test_links_are_dropped_whatever_the_text() -> None:
    style = Style(link="http://evil.example/\x1b]52;c;aGk=\x07", bold=True)
    for text in ("plain", "ясно", "\x1b"):
        (segment,) = SanitizerFilter().apply([Segment(text, style)], BLACK)
        assert segment.style is not None
        assert segment.style.link is None
        assert segment.style.bold


def test_harmless_segments_pass_as_they_are() -> None:
    segments = [
        Segment("plain"),
        Segment("ясно ┼ ●", Style(bold=True)),
        Segment("", None, [(ControlType.BELL,)]),
    ]
    assert all(a is b for a, b in zip(SanitizerFilter().apply(segments, BLACK), segments, strict=True))
