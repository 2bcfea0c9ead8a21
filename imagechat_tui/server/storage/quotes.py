"""What quotes a comment, a logged event or a kept answer, is kept without its words: they stand in the comment's row.
So they go everywhere with that row, an edit takes the earlier ones away, and nothing is stored twice.

Frames and answers are JSON texts, in which no control character stands as it is: two of these mark where words belong.
Nothing else is touched: what is handed out is letter by letter what was written, unless the words have changed.
"""

from __future__ import annotations

import re
from typing import Final

from msgspec.structs import replace

from imagechat_tui.protocol.codec import dump_frame, dump_text
from imagechat_tui.server.storage import StoredEvent

TEXT: Final = "\x01"
HTML: Final = "\x02"
_MARKS: Final = {"comment": TEXT, "commentHTML": HTML}
_WORDS: Final = re.compile(r'"(comment|commentHTML)":"[^"\\]*+(?:\\.[^"\\]*+)*+"')


def without_words(quoting: str) -> str:
    """A frame or an answer that quotes a comment, as it is kept."""
    return _WORDS.sub(lambda found: f'"{found[1]}":{_MARKS[found[1]]}', quoting)


def event_with_words(kept: StoredEvent, text: str | None, html: str | None) -> StoredEvent:
    """An event as it is handed out.

    Args:
        kept: As it is kept; it need not quote anything.
        text: The words of the comment that it quotes, as they are now; None if it is gone.
        html: The same as HTML.
    """
    if HTML not in kept.full:
        return kept
    said, shown = dump_frame(text or ""), dump_frame(html or "")
    plain = None if kept.plain is None else _filled(kept.plain, said, shown)
    return replace(kept, plain=plain, full=_filled(kept.full, said, shown))


def answer_with_words(kept: bytes, text: str | None, html: str | None) -> bytes:
    """The same of an answer."""
    return _filled(kept.decode(), dump_text(text or ""), dump_text(html or "")).encode()


def _filled(kept: str, said: str, shown: str) -> str:
    return kept.replace(TEXT, said).replace(HTML, shown)
