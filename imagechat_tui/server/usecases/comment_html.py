"""From the Markdown that people write to the few HTML tags that the wire allows (PROTOCOL 4.1).

Every tag is written out by hand below, from a closed list: whatever the parser may learn, nothing else can
come out. Raw HTML is text. There are no headings, quotes, tables or rules: their marks stay as typed.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Sequence
from functools import cache
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.ruler import StateBase
    from markdown_it.rules_block import StateBlock
    from markdown_it.rules_inline import StateInline
    from markdown_it.token import Token

ALLOWED_TAGS = frozenset({"a", "b", "br", "code", "i", "img", "li", "ol", "pre", "strike", "ul"})
"""What this module can write: a subset of what the wire allows."""

MAX_NESTING = 20
MAX_STEPS = 16_000
"""Work that a comment may make: places looked at (``_PLACE`` each) and looked up. What takes more stays as
typed."""
_PLACE = 20
_TURN = 500
"""Steps between two pauses: about a fifth of a millisecond."""
_STEPS = "steps"
"""Key of the parser's environment under which they are counted."""

_ADDRESS = re.compile(r"(?:https?://|mailto:)[^\s\"'<>\\`\x00-\x20\x7f-\x9f]+", re.IGNORECASE)
_BARE_ADDRESS = re.compile(r"\bhttps?://[^\s\"'<>\\`\x00-\x20\x7f-\x9f]+", re.IGNORECASE)
_PICTURE = re.compile(r"\[img\](https?://[^\s\[\]\"'<>\\`]+)\[/img\]", re.IGNORECASE)
_PLAIN = re.compile(r"[^\W\d_](?:[^\W_]|[ ,.?'\"()]|\n(?=[^\W\d_]))*")
_BETWEEN_WORDS = re.compile(r"\n|  | $")
"""Where the parser takes something away."""
_TRAILING = ".,;:!?*_~)]}"
_OFF = (
    "blockquote",
    "code",
    "heading",
    "hr",
    "html_block",
    "lheading",
    "reference",
    "html_inline",
)
_PAIRS = {
    "strong_open": "<b>",
    "strong_close": "</b>",
    "em_open": "<i>",
    "em_close": "</i>",
    "s_open": "<strike>",
    "s_close": "</strike>",
    "bullet_list_open": "<ul>",
    "bullet_list_close": "</ul>",
    "ordered_list_close": "</ol>",
    "list_item_open": "<li>",
    "list_item_close": "</li>",
    "link_close": "</a>",
    "softbreak": "<br>",
    "hardbreak": "<br>",
}


def comment_html(markdown: str) -> str:
    """The HTML of a comment.

    Args:
        markdown: What was typed.

    Returns:
        HTML of ``ALLOWED_TAGS`` alone; line breaks are kept, addresses become links. Time is bounded: brackets
        within brackets would take the parser a time that grows with the cube of their number.
    """
    if is_plain(markdown) and not _BETWEEN_WORDS.search(markdown):
        return escape(markdown)  # what the parser makes of it, for a tenth of its time
    try:
        return "".join(_blocks(_parser().parse(markdown, {_STEPS: 0})))
    except _TooMuch:
        return _linked(markdown).replace("\n", "<br>")


def is_plain(text: str) -> bool:
    """Whether ``comment_html`` costs next to nothing: most comments are words alone."""
    return _PLAIN.fullmatch(text) is not None


class _TooMuch(Exception):
    """The text makes more work than a comment is worth."""


def _blocks(tokens: Sequence[Token]) -> Iterable[str]:
    """Paragraphs have no tag on the wire: two breaks stand between them."""
    after_text = False
    for token in tokens:
        match token.type:
            case "paragraph_open":
                if after_text:
                    yield "<br><br>"
                after_text = True
            case "paragraph_close":
                pass
            case "inline":
                yield from _inline(token.children or ())
            case "fence":
                yield f"<pre><code>{escape(token.content)}</code></pre>"
                after_text = False
            case "ordered_list_open":
                start = token.attrGet("start")
                yield f'<ol start="{start}">' if isinstance(start, int) else "<ol>"
                after_text = False
            case kind if kind in _PAIRS:
                yield _PAIRS[kind]
                after_text = False
            case _:
                yield escape(token.content)


def _inline(tokens: Sequence[Token]) -> Iterable[str]:
    in_link, closing = 0, ""
    for token in tokens:
        match token.type:
            case "text":
                yield escape(token.content) if in_link else _linked(token.content)
            case "code_inline":
                yield f"<code>{escape(token.content)}</code>"
            case "link_open" if not token.attrGet("href"):  # no address, so no link: as it was typed
                closing = "]()"
                yield "["
            case "link_close" if closing:
                yield closing
                closing = ""
            case "link_open":
                in_link += 1
                yield _anchor(str(token.attrGet("href")))
            case "image":
                yield _image(str(token.attrGet("src")), token.content)
            case kind if kind in _PAIRS:
                in_link -= kind == "link_close"
                yield _PAIRS[kind]
            case _:
                yield escape(token.content)


def _linked(text: str) -> str:
    """Escaped text in which bare web addresses are links."""
    parts: list[str] = []
    end = 0
    for found in _BARE_ADDRESS.finditer(text):
        address = found[0].rstrip(_TRAILING)
        parts += [escape(text[end : found.start()]), _anchor(address), escape(address), "</a>"]
        end = found.start() + len(address)
    parts.append(escape(text[end:]))
    return "".join(parts)


def _anchor(address: str) -> str:
    return f'<a href="{escape(address)}" rel="nofollow noopener noreferrer" target="_blank">'


def _image(address: str, alt: str) -> str:
    """A picture only over the web: what a comment shows must not reach into the reader's machine."""
    if not address.lower().startswith(("http://", "https://")):
        return escape(alt or address)
    return f'<img src="{escape(address)}" alt="{escape(alt)}">'


@cache
def _parser() -> MarkdownIt:
    """Imported with the first comment: it costs 50 ms, which the start of a local server cannot spare."""
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark", {"html": False, "maxNesting": MAX_NESTING}).enable("strikethrough")
    parser.disable(list(_OFF))
    parser.validateLink = lambda url: _ADDRESS.fullmatch(url) is not None  # type: ignore[method-assign]
    parser.inline.ruler.before("link", "picture", _picture)
    parser.inline.ruler.before("text", "count", _counted)
    parser.block.ruler.before(parser.get_active_rules()["block"][0], "count", _counted_block)
    skip = parser.inline.skipToken

    def counted_skip(state: StateInline) -> None:
        _count(state, 1)
        skip(state)

    parser.inline.skipToken = counted_skip  # type: ignore[method-assign]
    return parser


def _count(state: StateBase, steps: int) -> None:
    """Note what the parser does next, and now and then let other threads have the interpreter.

    They would get it anyway, each time after 5 ms: somebody else's list needs it several times.
    """
    before = state.env[_STEPS]
    state.env[_STEPS] = after = before + steps
    if after > MAX_STEPS:
        raise _TooMuch
    if before // _TURN != after // _TURN:
        time.sleep(0)


def _counted(state: StateInline, silent: bool) -> bool:
    """A rule that never applies: it is asked at each place before the others."""
    _count(state, _PLACE)
    return False


def _counted_block(state: StateBlock, first: int, last: int, silent: bool) -> bool:
    """The same for lines."""
    _count(state, _PLACE)
    return False


def _picture(state: StateInline, silent: bool) -> bool:
    """``[img]address[/img]``, the one mark that Markdown lacks."""
    if not state.src.startswith("[", state.pos):
        return False
    found = _PICTURE.match(state.src, state.pos, state.posMax)
    if found is None:
        return False
    if not silent:
        token = state.push("image", "img", 0)
        token.attrs = {"src": state.md.normalizeLink(found[1])}
        token.children = []
    state.pos = found.end()
    return True
