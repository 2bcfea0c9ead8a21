"""What quotes a comment, a logged event or a kept answer, is kept without its words: they stand in the comment's row.
So they go everywhere with that row, an edit takes the earlier ones away, and nothing is stored twice.

Frames and answers are JSON texts, in which no control character stands as it is: two of these mark where words belong.
Nothing else is touched: what is handed out is letter by letter what was written, unless the words have changed.
"""

from __future__ import annotations

from typing import Final

import msgspec
from msgspec.structs import replace

from imagechat_tui.server.storage import StoredEvent

TEXT: Final = "\x01"
HTML: Final = "\x02"
_MARKS: Final = (('"comment":"', TEXT), ('"commentHTML":"', HTML))


def without_words(quoting: str) -> str:
    """A frame or an answer that quotes a comment, as it is kept."""
    for key, mark in _MARKS:
        found = quoting.find(
            key
        )  # the key itself: inside a string its quotation marks would have backslashes
        if found >= 0:
            value = found + len(key)
            quoting = f"{quoting[: value - 1]}{mark}{quoting[_end(quoting, value) :]}"
    return quoting


def _end(text: str, start: int) -> int:
    """Where a JSON string ends that begins there, its quotation mark included."""
    while True:
        end = back = text.index('"', start)
        while text[back - 1] == "\\":
            back -= 1
        if (end - back) % 2 == 0:
            return end + 1
        start = end + 1


def event_with_words(kept: StoredEvent, text: str | None, html: str | None) -> StoredEvent:
    """An event as it is handed out.

    Args:
        kept: As it is kept; it need not quote anything.
        text: The words of the comment that it quotes, as they are now; None if it is gone.
        html: The same as HTML.
    """
    if HTML not in kept.full:
        return kept
    # No % stands in frames as it is (``encode_event``).
    said, shown = (_string(words).replace("%", "\\u0025") for words in (text, html))
    plain = None if kept.plain is None else _filled(kept.plain, said, shown)
    return replace(kept, plain=plain, full=_filled(kept.full, said, shown))


def answer_with_words(kept: bytes, text: str | None, html: str | None) -> bytes:
    """The same of an answer."""
    return _filled(kept.decode(), _string(text), _string(html)).encode()


def _filled(kept: str, said: str, shown: str) -> str:
    return kept.replace(TEXT, said).replace(HTML, shown)


def _string(words: str | None) -> str:
    """Words as JSON: the same as ``dump_text``, in a tenth of its time."""
    return msgspec.json.encode(words or "").decode()
