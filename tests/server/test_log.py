from __future__ import annotations

import logging
import sys

import pytest

from imagechat_tui.server.process.log import RedactingFormatter, safe_to_log

pytestmark = pytest.mark.security

TOKEN = "u1.eyJ0IjoiZGVtbyJ9.c2lnbmF0dXJl"


@pytest.mark.parametrize(
    "text",
    [
        "GET /comments/demo?urlId=x&sso=CANARY HTTP/1.1",
        "url http://host/sub?userIdWS=CANARY\nnext",
        "Authorization: Bearer CANARY",
        "{'Authorization': 'Basic CANARY'}",
        "cookie: fc_sid=CANARY; a=b",
        "X-Api-Key=CANARY",
        f"token {TOKEN} CANARY"[: -len(" CANARY")],
        "edit key e1.CANARY",
    ],
)
def test_what_could_be_used_is_not_written(text: str) -> None:
    written = safe_to_log(text)
    assert "CANARY" not in written
    assert "c2lnbmF0dXJl" not in written


def test_a_log_line_cannot_act_on_the_terminal_that_shows_it() -> None:
    assert safe_to_log("a\x1b]52;c;x\x07\x9b\r\nb") == "a\\x1b]52;c;x\\x07\\x9b\\x0d\nb"


def test_tracebacks_are_cleaned_too() -> None:
    try:
        raise ValueError("GET /?sso=CANARY")
    except ValueError:
        record = logging.LogRecord("x", logging.ERROR, __file__, 1, "failed", None, sys.exc_info())
    text = RedactingFormatter("%(message)s").format(record)
    assert "Traceback" in text
    assert "CANARY" not in text
