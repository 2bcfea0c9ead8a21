from __future__ import annotations

import contextlib
import html
from html import escape
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imagechat_tui.server.usecases.comment_html import (
    _PLACE,
    _STEPS,
    ALLOWED_TAGS,
    MAX_STEPS,
    _blocks,
    _parser,
    _TooMuch,
    comment_html,
    is_plain,
)

WIRE_TAGS = {
    "b",
    "em",
    "u",
    "i",
    "strike",
    "pre",
    "span",
    "code",
    "img",
    "a",
    "strong",
    "ul",
    "ol",
    "li",
    "br",
}
REL = 'rel="nofollow noopener noreferrer" target="_blank"'

MARKS = "[ ] ( ) ! * _ ` ~~ < > - 1. \" ' & \\ ```"
WORDS = "https://e.org/x javascript:x [img] [/img] <script> a &lt; #"
PIECES = [*MARKS.split(" "), *WORDS.split(" "), "\n", " ", "    ", "\t", "\x00", "- ", "1. "]


class Strict(HTMLParser):
    """Reads HTML as a browser would, and refuses what the wire does not allow."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.text: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in ALLOWED_TAGS
        if tag not in {"br", "img"}:
            self.open.append(tag)
        for name, value in attrs:
            match tag, name:
                case ("a", "href"):
                    assert value is not None and value.lower().startswith(("http://", "https://", "mailto:"))
                case ("img", "src"):
                    assert value is not None and value.lower().startswith(("http://", "https://"))
                case ("a", "rel" | "target") | ("img", "alt"):
                    pass
                case ("ol", "start"):
                    assert value is not None and value.isdigit()
                case _:
                    raise AssertionError((tag, name))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    def handle_comment(self, data: str) -> None:
        raise AssertionError(data)

    def handle_decl(self, decl: str) -> None:
        raise AssertionError(decl)

    def handle_pi(self, data: str) -> None:
        raise AssertionError(data)


def read(html: str) -> Strict:
    reader = Strict()
    reader.feed(html)
    reader.close()
    assert reader.open == []
    return reader


def test_only_tags_of_the_wire_can_be_written() -> None:
    assert ALLOWED_TAGS <= WIRE_TAGS


@pytest.mark.parametrize(
    ("markdown", "html"),
    [
        ("Trail is **wet**", "Trail is <b>wet</b>"),
        ("*a* ~~b~~ `c`", "<i>a</i> <strike>b</strike> <code>c</code>"),
        ("one\ntwo\n\nthree", "one<br>two<br><br>three"),
        ("- a\n- b", "<ul><li>a</li><li>b</li></ul>"),
        ("3. a\n4. b", '<ol start="3"><li>a</li><li>b</li></ol>'),
        ("text\n\n- a\n\n  b\n\nend", "text<ul><li>a<br><br>b</li></ul>end"),
        ("```\n<b>&\n```", "<pre><code>&lt;b&gt;&amp;\n</code></pre>"),
        ("# no heading", "# no heading"),
        ("no heading\n---", "no heading<br>---"),
        ("> no quote", "&gt; no quote"),
        ("<b>x</b> & <script>", "&lt;b&gt;x&lt;/b&gt; &amp; &lt;script&gt;"),
        ("    four spaces are no code", "four spaces are no code"),
        ("[img]https://e.org/x.png[/img]", '<img src="https://e.org/x.png" alt="">'),
        ('![a"b](http://e.org/x.png)', '<img src="http://e.org/x.png" alt="a&quot;b">'),
        ("![x](mailto:a@e.org)", "x"),
        ("[t](https://e.org/?a=1&b=2)", f'<a href="https://e.org/?a=1&amp;b=2" {REL}>t</a>'),
        ("see https://e.org/a_b_c.", f'see <a href="https://e.org/a_b_c" {REL}>https://e.org/a_b_c</a>.'),
        ("<https://e.org>", f'<a href="https://e.org" {REL}>https://e.org</a>'),
        ("[a]: https://e.org\n", f'[a]: <a href="https://e.org" {REL}>https://e.org</a>'),
        ("[img]()", "[img]()"),
        ("a [**b** c]( ) d", "a [<b>b</b> c]() d"),
        ("![img]()", "img"),
        ("", ""),
    ],
)
def test_markdown_becomes(markdown: str, html: str) -> None:
    assert comment_html(markdown) == html
    read(html)


@pytest.mark.security
@pytest.mark.parametrize(
    "hostile",
    [
        "[x](javascript:alert(1))",
        "[x](JaVaScRiPt:alert(1))",
        "[x](java\tscript:alert(1))",
        "[x](&#106;avascript:alert(1))",
        "[x](data:text/html;base64,PHNjcmlwdD4=)",
        "[x](vbscript:x)",
        "[x](file:///etc/passwd)",
        "[x](//e.org)",
        "[x](/relative)",
        '[x](https://e.org/"onmouseover="alert(1))',
        "[x](https://e.org/'onmouseover='alert(1))",
        '![x](https://e.org/" onerror="alert(1))',
        "![x](data:image/svg+xml;base64,PHN2Zz4=)",
        "[img]javascript:alert(1)[/img]",
        '[img]https://e.org/" onerror="x[/img]',
        "[img]https://e.org/<script>[/img]",
        "<javascript:alert(1)>",
        "<img src=x onerror=alert(1)>",
        "<!-- x --><!DOCTYPE x><?x?>",
        "<a href='javascript:x'>",
        "https://e.org/<script>alert(1)</script>",
        'https://e.org/"onclick="x',
        "```<script>\n</code></pre><script>\n```",
        "`</code><script>`",
        "1" * 30 + ". x",
        "-999. x",
        "[![x](javascript:1)](https://e.org)",
        "[a https://e.org b](https://f.org)",
        "\x00\x1b]52;c;AAAA\x07",
        "[x](https://e.org/\u202egpj.exe)",
    ],
)
def test_hostile_input_stays_text(hostile: str) -> None:
    reader = read(comment_html(hostile))
    assert "script" not in reader.open


@pytest.mark.security
@pytest.mark.parametrize(
    "piece",
    ["[", "![", "*a ", "`", "> ", "- ", "[img]", "<", "[a](", "**", "~~a", "http://a)", "&", "\\", "| a |\n"],
)
def test_a_wall_of_one_mark_stays_well_formed(piece: str) -> None:
    read(comment_html(piece * 2_000))


@pytest.mark.security
@settings(max_examples=300)
@given(st.lists(st.sampled_from(PIECES), max_size=25))
def test_whatever_is_typed_the_html_is_well_formed_and_allowed(pieces: list[str]) -> None:
    read(comment_html("".join(pieces)))


COSTLY = ["![", "[![", "[", "[](", "![[](", "*_", "**a *b ", "~~[](", "__![", "- *_>\n", "<[", "`[", "[img]["]


@pytest.mark.security
@pytest.mark.parametrize("piece", COSTLY)
def test_what_would_take_long_stays_as_it_was_typed(piece: str) -> None:
    """Each of 2,000 characters: some took a third of a second."""
    costly = (piece * 2_000)[:2_000]
    shown = comment_html(costly)
    read(shown)
    environment = {_STEPS: 0}
    with contextlib.suppress(_TooMuch):
        _parser().parse(costly, environment)
    assert environment[_STEPS] <= MAX_STEPS + _PLACE
    if environment[_STEPS] > MAX_STEPS:
        assert shown == escape(costly).replace("\n", "<br>")


@pytest.mark.security
@given(st.lists(st.sampled_from([*PIECES, *COSTLY]), min_size=1, max_size=6), st.integers(1, 2_000))
def test_no_text_makes_more_work_than_the_bound(pieces: list[str], times: int) -> None:
    environment = {_STEPS: 0}
    with contextlib.suppress(_TooMuch):
        _parser().parse(("".join(pieces) * times)[:2_000], environment)
    assert environment[_STEPS] <= MAX_STEPS + _PLACE


def test_a_long_comment_of_a_person_is_far_below_the_bound() -> None:
    sentence = "The **quick** fox jumps over [a lazy](https://e.org/a) dog, `code` and *more*: 50% of x_y.\n\n- item\n"
    environment = {_STEPS: 0}
    _parser().parse((sentence * 30)[:2_000], environment)
    assert environment[_STEPS] < MAX_STEPS * 0.75


@given(st.text("aZ\u00e4\u06cc9 ,.?'\"()\n", min_size=1, max_size=60))
def test_words_alone_need_no_parser(words: str) -> None:
    parsed = "".join(_blocks(_parser().parse(words, {_STEPS: 0})))
    assert comment_html(words) == parsed or not is_plain(words)


@pytest.mark.parametrize("words", ["Trail is wet", "Since 9, (I was there.)", "\u0645\u06cc, ja"])
def test_words_alone_are_plain_and_stay_what_they_are(words: str) -> None:
    assert is_plain(words)
    assert html.unescape(comment_html(words)) == words


@pytest.mark.parametrize(
    "marked", ["**a**", "[a](b)", "a_b", "`a`", "https://e.org", "- a", "1. a", "a\n2. b", "a & b", "a\\b"]
)
def test_whatever_could_be_a_mark_is_not_plain(marked: str) -> None:
    assert not is_plain(marked)
