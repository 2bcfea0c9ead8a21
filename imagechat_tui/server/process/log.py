"""The server's log: to stderr, one line per record, with nothing in it that could be used (PROMISES D19)."""

from __future__ import annotations

import logging
import re
import sys

_QUERY = re.compile(r"\?[^\s\"'<>]+")
_TOKEN = re.compile(r"\b(?:(?:u1|s1)\.[A-Za-z0-9_-]+|e1)\.[A-Za-z0-9_-]+")
_AUTHORIZATION = re.compile(r"(?i)((?:authorization|cookie|x-api-key)['\"]?\s*[:=,]\s*).+")
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
    text = _TOKEN.sub("…", text)
    text = _AUTHORIZATION.sub(r"\1…", text)
    return _CONTROL.sub(lambda found: f"\\x{ord(found[0]):02x}", text)


def worth_writing(record: logging.LogRecord) -> bool:
    """Not what is no HTTP at all: anybody can send that, and would fill the disk with tracebacks."""
    error = record.exc_info[1] if record.exc_info else None
    return type(error).__module__ != "aiohttp.http_exceptions"


def start_log() -> None:
    """Send all loggers of this process to stderr, redacted."""
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(worth_writing)
    handler.setFormatter(RedactingFormatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    logging.getLogger("asyncio").setLevel(logging.WARNING)
    logging.getLogger("aiohttp.access").disabled = True
