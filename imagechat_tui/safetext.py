"""Text from others, made harmless to look at (PROMISES D15).

After ``safe_text`` a text holds no character that acts on a terminal, none that hides or reorders others, and
none about whose width terminals disagree. It is for showing only: what is stored and sent stays as it was.
"""

from __future__ import annotations

import re
import unicodedata
from enum import StrEnum
from typing import Final

from msgspec import Struct

from imagechat_tui.protocol.models import Comment

MAX_MARKS: Final = 4
"""Combining marks on one character: enough for every script, too few to paint over the lines above."""
_MAX_HTML: Final = 100_000
_REPLACEMENT: Final = "\N{REPLACEMENT CHARACTER}"
_ELLIPSIS: Final = "…"


class SafeText(str):
    """Text that may be shown anywhere. Made by this module only; a part of one is a ``str`` again."""

    __slots__ = ()


class Kind(StrEnum):
    """What a text is shown as."""

    LINE = "line"
    """One line: titles, errors, file names."""
    NAME = "name"
    """A name within a line: also without space around it and without runs of space inside."""
    BLOCK = "block"
    """Several lines: comments."""


class Span(Struct, frozen=True):
    """A run of a comment in one style."""

    text: SafeText
    bold: bool = False
    italic: bool = False
    code: bool = False
    link: str = ""
    """The address, for looks only: nothing here is ever opened. Empty if it is no link."""


_MAX_LENGTH: Final = {Kind.LINE: 2_000, Kind.NAME: 200, Kind.BLOCK: 20_000}

# Patterns as text: `re` compiles each when it is first needed, and keeps it. The first paint needs none of them.
_NEWLINES: Final = "\r\n|[\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029]"

_DROPPED: Final = (
    "["
    "\u00ad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180e\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\ufeff\ufff0-\ufffb\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3"
    "\U0001d173-\U0001d17a"  # format characters: bidi controls, zero-width, joiners, soft hyphen
    "\u034f\u17b4\u17b5"  # marks that show nothing
    "\u115f\u1160\u3164\uffa0"  # Hangul fillers
    "\u180b-\u180d\u180f\ufe00-\ufe0f"  # variation selectors: terminals disagree on the width
    "\u20e3\U0001f3fb-\U0001f3ff"  # keycap and skin tones: likewise
    "\U000e0000-\U000e0fff"  # tags and more variation selectors
    "]+"
)
_REPLACED: Final = (
    "["
    "\x80-\x9f"  # C1: control sequences in one character
    "\ud800-\udfff"  # lone surrogates
    "\ue000-\uf8ff\U000f0000-\U0010ffff"  # private use; one of them draws pictures in kitty
    "\ufdd0-\ufdef\ufffe\uffff"
    + "".join(f"{chr(plane * 0x10000 + 0xFFFE)}{chr(plane * 0x10000 + 0xFFFF)}" for plane in range(1, 15))
    + "]"
)
_NEWER_MARKS: Final = frozenset(
    chr(code)
    for first, last in (
        (0x0897, 0x0897), (0x0CF3, 0x0CF3), (0x0ECE, 0x0ECE), (0x1ACF, 0x1AFF), (0x10D69, 0x10D6D),
        (0x10EF0, 0x10EFF), (0x11241, 0x11241), (0x113B8, 0x113C0), (0x113C2, 0x113C2), (0x113C5, 0x113C5),
        (0x113C7, 0x113CA), (0x113CC, 0x113D0), (0x113D2, 0x113D2), (0x113E1, 0x113E2), (0x11B60, 0x11B67),
        (0x11F00, 0x11F01), (0x11F03, 0x11F03), (0x11F34, 0x11F3A), (0x11F3E, 0x11F42), (0x11F5A, 0x11F5A),
        (0x13440, 0x13440), (0x13447, 0x13455), (0x1611E, 0x1612F), (0x1E08F, 0x1E08F), (0x1E4EC, 0x1E4EF),
        (0x1E5EE, 0x1E5EF), (0x1E6E3, 0x1E6E3), (0x1E6E6, 0x1E6E6), (0x1E6EE, 0x1E6EF), (0x1E6F5, 0x1E6F5),
    )
    for code in range(first, last + 1)
)  # fmt: skip
"""Combining marks of Unicode 15 to 17, which Python 3.11 does not know as such and terminals do."""
_PICTURES: Final = {code: 0x2400 + code for code in range(0x20) if code != 0x0A} | {0x7F: 0x2421}

# Never backtracks, and a comment that is not closed hides the rest, as in a browser: else time is quadratic.
_TAG: Final = r"<(/?)([A-Za-z][A-Za-z0-9]*+)[^<>]*+>|<!--(?s:.*?)(?:-->|\Z)"
_LONG_REFERENCE: Final = r"&#[0-9]{8,};?"
_MANY_NEWLINES: Final = r"\n{3,}"
_BREAKING: Final = frozenset({"br", "p", "div", "ul", "ol", "pre", "blockquote", "tr"})

_MARKDOWN: Final = r"""(?x)
      ```(?:[a-z]*\n)?(?P<fenced>[^`]+)```
    | `(?P<code>[^`\n]+)`
    | (?<![\w*])\*\*(?=\S)(?P<bold>[^*\n]+)(?<=\S)\*\*(?![\w*])
    | (?<![\w*])\*(?=\S)(?P<italic>[^*\n]+)(?<=\S)\*(?![\w*])
    | (?<!\w)__(?=\S)(?P<bold_>[^_\n]+)(?<=\S)__(?!\w)
    | (?<!\w)_(?=\S)(?P<italic_>[^_\n]+)(?<=\S)_(?!\w)
    | \[(?P<words>[^\[\]\n]+)\]\((?P<address>https?://[^()\s]+)\)
    | (?P<link>https?://[^\s<>"'`*()\[\]]+)
    """


def safe_text(raw: str, kind: Kind) -> SafeText:
    """Make a text from others safe to show. Doing it twice changes nothing; time is linear and bounded."""
    limit = _MAX_LENGTH[kind]
    text = raw[: limit + 1]
    if not (text.isascii() and text.isprintable()):
        text = _harmless(text, kind)
    if kind is Kind.NAME:
        text = " ".join(text.split())
    if len(raw) > limit or len(text) > limit:
        text = text[: limit - 1].rstrip() + _ELLIPSIS
    return SafeText(text)


def html_text(markup: str) -> str:
    """The text of comment HTML: tags taken out, then entities decoded. The result is still hostile.

    This is no parser: it never has to be right about HTML, only to leave readable text.
    """
    import html

    text = re.sub(_TAG, _instead_of_tag, markup[:_MAX_HTML])
    text = html.unescape(re.sub(_LONG_REFERENCE, _REPLACEMENT, text))
    return re.sub(_MANY_NEWLINES, "\n\n", text).strip("\n")


def comment_text(comment: Comment) -> SafeText:
    """What a comment says: its source where the server tells it, else the text of its HTML."""
    text = comment.text if comment.text is not None else html_text(comment.html)
    return safe_text(text, Kind.BLOCK)


def spans(text: SafeText) -> tuple[Span, ...]:
    """A comment's text as runs of one style: bold, italic, code and links of Markdown, nothing nested.

    The address of a link stands behind its words: nobody has to trust the words.
    """
    found: list[Span] = []
    end = 0
    for match in re.finditer(_MARKDOWN, text):
        if match.start() > end:
            found.append(Span(SafeText(text[end : match.start()])))
        found.extend(_styled(match))
        end = match.end()
    if end < len(text):
        found.append(Span(SafeText(text[end:])))
    return tuple(found)


def _harmless(text: str, kind: Kind) -> str:
    text = re.sub(_NEWLINES, "\n" if kind is Kind.BLOCK else " ", text)
    text = text.replace("\t", " " if kind is Kind.NAME else "    ")
    text = text.translate(_PICTURES)
    if text.isascii():
        return text
    return _limit_marks(re.sub(_REPLACED, _REPLACEMENT, re.sub(_DROPPED, "", text)))


def _limit_marks(text: str) -> str:
    """At most MAX_MARKS marks in a row, and none on space or at the start, where it would sit on a border."""
    kept: list[str] = []
    marks = MAX_MARKS
    for character in text:
        if character >= "\u0300" and _is_mark(character):
            marks += 1
            if marks > MAX_MARKS:
                continue
        else:
            marks = MAX_MARKS if character.isspace() else 0
        kept.append(character)
    return "".join(kept)


def _is_mark(character: str) -> bool:
    """Whether it takes no column of its own: combining marks, and the Hangul parts that join a syllable."""
    return (
        unicodedata.category(character)[0] == "M"
        or character in _NEWER_MARKS
        or "\u1160" <= character <= "\u11ff"
        or "\ud7b0" <= character <= "\ud7ff"
    )


def _instead_of_tag(tag: re.Match[str]) -> str:
    closing, name = tag[1], (tag[2] or "").lower()
    if name == "img" and not closing:
        return "[image]"
    if name == "li":
        return "" if closing else "\n• "
    if name in _BREAKING and (closing or name in ("br", "pre", "blockquote")):
        return "\n"
    return ""


def _styled(match: re.Match[str]) -> tuple[Span, ...]:
    found = SafeText(match[match.lastgroup or 0])
    match match.lastgroup:
        case "bold" | "bold_":
            return (Span(found, bold=True),)
        case "italic" | "italic_":
            return (Span(found, italic=True),)
        case "code" | "fenced":
            return (Span(found, code=True),)
        case "link":
            return (Span(found, link=found),)
        case _:
            words, address = SafeText(match["words"]), match["address"]
            return (Span(words, link=address), Span(SafeText(f" ({address})")))
