"""Text from others, made harmless (PROMISES D15): every code point, every kind, and comments as HTML."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from imagechat_tui.safetext import (
    Kind,
    SafeText,
    Span,
    comment_text,
    html_text,
    safe_text,
    spans,
)
from tests import examples as eg

pytestmark = pytest.mark.security

LIMITS = {Kind.LINE: 2_000, Kind.NAME: 200, Kind.BLOCK: 20_000}
MAX_MARKS = 4
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def chars(*ranges: int | tuple[int, int]) -> list[str]:
    """Characters by code point; a pair is a range with both ends."""
    pairs = [item if isinstance(item, tuple) else (item, item) for item in ranges]
    return [chr(code) for first, last in pairs for code in range(first, last + 1)]


NEWLINES = ["\n", "\r", "\r\n", "\v", "\f", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029"]
C0 = [character for character in chars((0x00, 0x1F)) if character not in (*NEWLINES, "\t")]
C1 = [character for character in chars((0x80, 0x9F)) if character not in NEWLINES]
BIDI = chars(0x061C, 0x200E, 0x200F, (0x202A, 0x202E), (0x2066, 0x2069))
ZERO_WIDTH = chars(
    0x00AD, 0x034F, 0x180E, (0x200B, 0x200D), (0x2060, 0x2064), 0xFEFF, 0x115F, 0x1160, 0x3164, 0xFFA0
)
SELECTORS = chars((0xFE00, 0xFE0F), (0xE0100, 0xE01EF), (0x180B, 0x180D), 0x20E3, (0x1F3FB, 0x1F3FF))
TAGS = chars((0xE0000, 0xE007F))
SURROGATES = chars((0xD800, 0xDFFF))
PRIVATE = chars((0xE000, 0xF8FF), (0xF0000, 0xF0FFF), 0xFFFFD, 0x100000, 0x10EEEE, 0x10FFFD)
NON_CHARACTERS = chars(
    (0xFDD0, 0xFDEF), *((plane * 0x10000 + 0xFFFE, plane * 0x10000 + 0xFFFF) for plane in range(17))
)

ACTING = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufe00-\ufe0f\ufdd0-\ufdef\ufffe\uffff"
    "\ud800-\udfff\ue000-\uf8ff\U000e0000-\U000e0fff\U000f0000-\U0010ffff]"
)
"""What is in no safe text, whatever it is shown as."""
MARKS = "\u0300\u0301\u0351\u0489\u05b0\u0e31\u0e49\u0f71\u20dd\u1ab0\u302a\ufe20\U0001d165\U000e0100"
HOSTILE = (
    [item for group in (NEWLINES, C0, C1, BIDI, ZERO_WIDTH) for item in group]
    + [*SELECTORS[:20], *TAGS[:3], *SURROGATES[:2], *PRIVATE[:3], *NON_CHARACTERS[:3], *MARKS]
    + ["\t", " ", "a", "Я", "中", "😀", "🇩🇪", "👩‍👩‍👧", "각", "ᅡ", "\u1acf", "\u0897"]
)
hostile_texts = st.lists(st.sampled_from(HOSTILE) | st.characters(), max_size=40).map("".join)
kinds = st.sampled_from(Kind)


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("newline", NEWLINES)
def test_every_newline_is_one_newline_and_only_in_blocks(newline: str, kind: Kind) -> None:
    assert safe_text(f"a{newline}b", kind) == ("a\nb" if kind is Kind.BLOCK else "a b")


@pytest.mark.parametrize("kind", Kind)
def test_control_characters_become_pictures_of_themselves(kind: Kind) -> None:
    for character in C0:
        assert safe_text(f"a{character}b", kind) == f"a{chr(0x2400 + ord(character))}b"
    assert safe_text("a\x7fb", kind) == "a\u2421b"


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize(
    "group", [C1, SURROGATES, PRIVATE, NON_CHARACTERS], ids=["c1", "surrogates", "private", "non"]
)
def test_what_nobody_may_send_is_replaced(group: list[str], kind: Kind) -> None:
    for character in group:
        assert safe_text(f"a{character}b", kind) == f"a{REPLACEMENT}b", hex(ord(character))


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize(
    "group", [BIDI, ZERO_WIDTH, SELECTORS, TAGS], ids=["bidi", "zero-width", "selectors", "tags"]
)
def test_what_hides_or_reorders_or_widens_is_dropped(group: list[str], kind: Kind) -> None:
    for character in group:
        assert safe_text(f"a{character}b", kind) == "ab", hex(ord(character))


@pytest.mark.parametrize("kind", [Kind.LINE, Kind.BLOCK])
def test_no_code_point_of_a_dangerous_category_is_left(kind: Kind) -> None:
    step = LIMITS[kind] // 8  # a tab becomes four characters
    for first in range(0, 0x110000, step):
        text = safe_text("".join(f"|{chr(code)}" for code in range(first, min(first + step, 0x110000))), kind)
        assert not text.endswith("…")
        for character in text:
            category = unicodedata.category(character)
            bad = category in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp") and (character, kind) != ("\n", Kind.BLOCK)
            assert not bad, hex(ord(character))


def test_what_takes_no_column_is_piled_up_four_high_at_most() -> None:
    """As ``rich`` counts columns, whose tables are newer than those of Python."""
    for code in range(0x300, 0x110000):
        mark = chr(code)
        if cell_len(mark) == 0:
            assert safe_text("a" + mark * 9, Kind.LINE).count(mark) <= MAX_MARKS, hex(code)


@settings(max_examples=1_000)
@given(hostile_texts | st.text(), kinds)
@example("\u0301 \u0301x", Kind.NAME)
@example(" \u0301x", Kind.NAME)
@example("x" * 198 + "\u200b" * 9 + "\u0301", Kind.NAME)
@example("\r\u200b\n", Kind.BLOCK)
def test_whatever_comes_in_is_harmless_when_it_comes_out(raw: str, kind: Kind) -> None:
    text = safe_text(raw, kind)
    assert type(text) is SafeText
    assert not ACTING.search(text)
    assert len(text) <= LIMITS[kind]
    text.encode()
    if kind is not Kind.BLOCK:
        assert "\n" not in text
    if kind is Kind.NAME:
        assert text == " ".join(text.split())
    marks = 0
    for before, character in zip("\n" + text, text, strict=False):
        marks = marks + 1 if unicodedata.category(character)[0] == "M" else 0
        assert marks <= MAX_MARKS
        assert not (marks and before.isspace())
    assert safe_text(text, kind) == text


@given(
    st.text(st.characters(categories=["Ll", "Lu", "Lo", "Nd", "Po", "Sm", "Sc"], max_codepoint=0xD7AF)), kinds
)
def test_ordinary_text_stays_as_it_is(raw: str, kind: Kind) -> None:
    jamo = re.compile("[\u115f-\u11ff\u3164\ud7b0-\ud7ff]")
    plain = jamo.sub("", raw)
    assert safe_text(plain, kind) == plain


@pytest.mark.parametrize(
    "text",
    [
        "b[1:2] [x] [/nope] 100 % $accent {red}",
        "Привет, мир!",
        "שָׁלוֹם",
        "สวัสดีครับ",
        "नमस्ते",
        "한국어 中文 日本語",
        "é ế ǖ Z\u0351\u0352\u0353\u0354",
        "😀 🇩🇪 🫨 🪿",  # the last two are newer than the tables of Python 3.11
        "\u2400 \ufffd … • ✎",
    ],
)
def test_what_people_write_stays_as_it_is(text: str) -> None:
    for kind in Kind:
        assert safe_text(text, kind) == text


def test_widths_no_longer_depend_on_who_counts() -> None:
    """What terminals disagree about (measured in several) is gone: each character counts for itself."""
    for text in ("❤️", "👍🏽", "1️⃣", "👨‍👩‍👧‍👦", "🏳️‍🌈"):
        shown = safe_text(text, Kind.LINE)
        assert cell_len(shown) == sum(cell_len(character) for character in shown)
        assert not set(shown) & {"\u200d", "\ufe0f", "\u20e3", "\U0001f3fd"}


@given(hostile_texts, kinds)
def test_a_width_is_the_sum_of_its_characters(raw: str, kind: Kind) -> None:
    text = safe_text(raw.replace("🇩", "").replace("🇪", ""), kind)
    assert cell_len(text) == sum(cell_len(character) for character in text)


@pytest.mark.parametrize("mark", ["\u0351", "\u0e49", "\u1acf", "\u11a8"])
def test_marks_are_piled_four_high_and_never_on_nothing(mark: str) -> None:
    assert safe_text(f"Z{mark * 500}Z{mark}", Kind.BLOCK) == f"Z{mark * MAX_MARKS}Z{mark}"
    for nothing in ("", " ", "\n", "a\n", "a "):
        assert mark not in safe_text(nothing + mark * 3 + "b", Kind.BLOCK)


def test_tabs_are_spaces() -> None:
    assert safe_text("a\tb", Kind.BLOCK) == "a    b"
    assert safe_text("a\tb", Kind.LINE) == "a    b"
    assert safe_text("a\tb", Kind.NAME) == "a b"


def test_a_name_has_no_space_around_it_nor_runs_of_it_inside() -> None:
    assert safe_text("\u3000 Alice \u00a0\n\t Smith \u2003", Kind.NAME) == "Alice Smith"
    assert safe_text("\u200b\u2060", Kind.NAME) == ""
    assert safe_text(" a ", Kind.LINE) == " a "


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("character", ["a", "я", "😀"])
def test_a_text_is_cut_at_its_limit_and_says_so(kind: Kind, character: str) -> None:
    limit = LIMITS[kind]
    assert safe_text(character * limit, kind) == character * limit
    assert safe_text(character * (limit + 1), kind) == character * (limit - 1) + "…"
    assert safe_text(character * 10**6, kind) == character * (limit - 1) + "…"
    assert len(safe_text("\t" * limit, kind)) <= limit


def test_a_part_of_a_safe_text_has_to_be_made_safe_again() -> None:
    text = safe_text("abc", Kind.LINE)
    assert type(text[1:]) is str
    assert type(f"{text}{text}") is str


# HTML


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("Trail is <b>wet</b>", "Trail is wet"),
        ("a<br>b<br/>c<BR />d", "a\nb\nc\nd"),
        ("<p>one</p><p>two</p>", "one\ntwo"),
        ("a<blockquote>b</blockquote>c<div>d</div>e", "a\nb\ncd\ne"),
        ("<ol><li>a</ol>b<table><tr><td>c</tr>d</table>", "• a\nbc\nd"),
        ("x<ul><li>a</li><li>b</li></ul>y", "x\n• a\n• b\ny"),
        ('<a href="https://e.org/?a=1&amp;b" rel=x>here</a>', "here"),
        ('see <img src="x.png" alt=""> there', "see [image] there"),
        ("a &lt;b&gt; &amp; &quot;c&quot; &#39;d&#39; &nbsp;|", "a <b> & \"c\" 'd' \u00a0|"),
        ("&amp;lt;b&amp;gt;", "&lt;b&gt;"),  # decoded once, as a browser does
        ("1 < 2 and 3 > 2", "1 < 2 and 3 > 2"),
        ("<3 <- <=> a<b", "<3 <- <=> a<b"),
        ("<b unclosed", "<b unclosed"),
        ("</b></i>stray", "stray"),
        ("before<!-- hidden <b> -->after", "beforeafter"),
        ("before<!-- never closed", "before"),
        ("<script>alert(1)</script><style>b{}</style>", "alert(1)b{}"),
        ("<pre>code</pre>", "code"),
        ("a\n\n\n\n\nb", "a\n\nb"),
        ("&#27;[2J&#x1b;&#155;", "[2J›"),
        ("&#99999999999999999999;&#x110000;&#xd800;", f"{REPLACEMENT * 3}"),
        ("", ""),
    ],
)
def test_comment_html_becomes_readable_text(markup: str, text: str) -> None:
    assert html_text(markup) == text


@given(
    st.lists(
        st.sampled_from(["<", ">", "/", "!--", "-->", "b", "li", "img", "br", "&", "#", "x", "27", ";", "lt", "amp",
                         "\x1b", "\x9b", "\u202e", "\n", " ", "script", '"', "="]),
        max_size=40,
    ).map("".join)
)  # fmt: skip
def test_no_markup_brings_anything_acting_to_the_screen(markup: str) -> None:
    comment = eg.comment(text=None, html=markup)
    shown = comment_text(comment)
    assert not ACTING.search(shown)
    assert not re.search("<[a-z]+>", html_text(markup.replace("&", "")))


def test_entities_are_decoded_before_they_are_made_safe() -> None:
    for markup in ("&#27;]52;c;aGk=&#7;", "&#x9b;2J", "&#8238;gnp.exe", "a&#0;b", "&#xfeff;&zwj;&rlm;&shy;"):
        assert not ACTING.search(comment_text(eg.comment(text=None, html=markup)))


@pytest.mark.parametrize(
    "piece", ["<!--", "<", "<!", "&", "&#1234567", "&#x1", "<a ", "<b", "\n", "</", "<a<!--"]
)
def test_a_flood_of_openings_is_read_in_one_pass(piece: str) -> None:
    """One that looks for its end again from every place would need hours for these."""
    assert len(html_text(piece * (2_000_000 // len(piece)))) <= 100_000
    assert len(html_text("<" + "a" * 2_000_000)) <= 100_000


def test_a_comment_says_its_source_where_it_is_told_else_its_html() -> None:
    assert comment_text(eg.comment()) == "Trail is **wet**"
    assert comment_text(eg.comment(text=None)) == "Trail is wet"
    assert comment_text(eg.comment(text="")) == ""


# Styles


def looks(text: str) -> list[Span]:
    return list(spans(safe_text(text, Kind.BLOCK)))


def plain(text: str) -> Span:
    return Span(SafeText(text))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a **b c** d", [plain("a "), Span(SafeText("b c"), bold=True), plain(" d")]),
        ("__b__", [Span(SafeText("b"), bold=True)]),
        ("*i* _j_", [Span(SafeText("i"), italic=True), plain(" "), Span(SafeText("j"), italic=True)]),
        ("run `rm *x*`!", [plain("run "), Span(SafeText("rm *x*"), code=True), plain("!")]),
        ("```py\nx = 1\n```", [Span(SafeText("x = 1\n"), code=True)]),
        (
            "[us](https://e.org/a) x",
            [Span(SafeText("us"), link="https://e.org/a"), plain(" (https://e.org/a)"), plain(" x")],
        ),
        ("https://e.org", [Span(SafeText("https://e.org"), link="https://e.org")]),
        ("snake_case_name 2*3*4 ** a **", [plain("snake_case_name 2*3*4 ** a **")]),
        ("[us](javascript:x) [x](file:///etc)", [plain("[us](javascript:x) [x](file:///etc)")]),
        ("**open", [plain("**open")]),
        ("", []),
    ],
)
def test_markdown_is_shown_and_anything_else_is_text(text: str, found: list[Span]) -> None:
    assert looks(text) == found


def test_words_cannot_hide_where_a_link_goes() -> None:
    shown = "".join(span.text for span in looks("[https://bank.example](https://evil.example)"))
    assert shown == "https://bank.example (https://evil.example)"


# No small letters alone on a line: after a fence they would be the language of the block, which is not shown.
@given(st.lists(st.sampled_from([*"*_`[) \n", "```", "](", "https://e", "A", "É"])).map("".join))
def test_styles_leave_out_nothing_but_the_signs(text: str) -> None:
    def words(shown: str) -> str:
        return re.sub(r"[*_`\[\]()\s]", "", shown)

    found = looks(text)
    assert all(type(span.text) is SafeText and span.text for span in found)
    shown = "".join(span.text for span in found)
    assert words(shown) == words(text)
