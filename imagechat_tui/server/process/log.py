"""The server's log: to stderr, one line per record, with nothing in it that could be used (PROMISES D19)."""

from __future__ import annotations

import logging
import re
import sys
from typing import TextIO

from imagechat_tui.server.broker.buckets import Bucket, Rule

LINES_OF_A_KIND = Rule(0.2, 20)
"""Lines of one kind that are written: 20 at once, then one in 5 s."""

_QUERY = re.compile(r"\?[^\s\"'<>]+")
_TOKEN = re.compile(r"\b(?:(?:u1|s1|e1)(?:\.[A-Za-z0-9_-]+)+|(?:sso|sessionId|userIdWS)\.[A-Za-z0-9_-]+)")
_AUTHORIZATION = re.compile(r"(?i)((?:authorization|cookie|x-api-key)['\"]?\s*[:=,]\s*).+")
_CREDENTIALS = re.compile(r"(?<=://)[^\s/\"'<>]*@")
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]")


class RedactingFormatter(logging.Formatter):
    """Takes query strings, tokens and credentials out of the finished text, tracebacks included."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as one harmless text."""
        return safe_to_log(super().format(record))


def safe_to_log(text: str) -> str:
    """``text`` without what must not be written down; control characters are shown, not sent.

    Tokens are this server's own, known by their form: a log without its long words would name no room and no folder.
    """
    text = _QUERY.sub("?…", text)
    text = _CREDENTIALS.sub("…@", text)
    text = _TOKEN.sub("…", text)
    text = _AUTHORIZATION.sub(r"\1…", text)
    return _CONTROL.sub(lambda found: f"\\x{ord(found[0]):02x}", text)


def worth_writing(record: logging.LogRecord) -> bool:
    """Not what is no HTTP at all: anybody can send that, and would fill the disk with tracebacks."""
    error = record.exc_info[1] if record.exc_info else None
    return type(error).__module__ != "aiohttp.http_exceptions"


class Sparing(logging.Filter):
    """Lets through only so many lines of one kind: whoever can cause a line could fill the disk with it.

    A kind is a place in the program and a type of error, of which there are few. The first line that passes
    after others were left out says how many.
    """

    def __init__(self) -> None:
        super().__init__()
        self._kinds: dict[tuple[str, int, type[BaseException] | None], Bucket] = {}
        self._left_out: dict[tuple[str, int, type[BaseException] | None], int] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether to write the line, by the time that it tells itself."""
        kind = (record.pathname, record.lineno, record.exc_info[0] if record.exc_info else None)
        bucket = self._kinds.setdefault(kind, Bucket(LINES_OF_A_KIND, record.created))
        if bucket.take(record.created) is not None:
            self._left_out[kind] = self._left_out.get(kind, 0) + 1
            return False
        if left_out := self._left_out.pop(kind, 0):
            record.msg, record.args = f"{record.getMessage()} ({left_out} more like it before this)", ()
        return True


def handler_to(stream: TextIO) -> logging.Handler:
    """What writes lines to a stream: worth it, not too many of one kind, harmless."""
    handler = logging.StreamHandler(stream)
    handler.addFilter(worth_writing)
    handler.addFilter(Sparing())
    handler.setFormatter(RedactingFormatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    return handler


def start_log() -> None:
    """Send all loggers of this process to stderr, redacted."""
    logging.basicConfig(level=logging.INFO, handlers=[handler_to(sys.stderr)], force=True)
    logging.getLogger("asyncio").setLevel(logging.WARNING)
    logging.getLogger("aiohttp.access").disabled = True
