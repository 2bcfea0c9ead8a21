from __future__ import annotations

import io
import logging
import re
import sys

import pytest

from imagechat_tui.protocol import authorization
from imagechat_tui.protocol.ids import TenantId, UserId
from imagechat_tui.server.guard.tokens import Tokens
from imagechat_tui.server.process.log import (
    LINES_OF_A_KIND,
    RedactingFormatter,
    Sparing,
    handler_to,
    safe_to_log,
)

pytestmark = pytest.mark.security

TOKEN = "u1.eyJ0IjoiZGVtbyJ9.c2lnbmF0dXJl"
SESSION = "s1.4fe6.gvmWZnc5zdNUbx9v1wGObw.B2Paorwkrrg8t6wKKutWJLvMJO00hoxr2f9shhf-1gw"


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
        f"session {SESSION}",
        authorization.of_sso('{"userDataJSONBase64": "CANARY"}').removeprefix("Bearer "),
        f"token {authorization.of_session(SESSION)}",
        f"token {authorization.of_listener(TOKEN)}",
        "the database at postgresql://imagechat:CANARY@host:5432/imagechat",
        "the bus at rediss://:CANARY@host",
    ],
)
def test_what_could_be_used_is_not_written(text: str) -> None:
    written = safe_to_log(text)
    assert "CANARY" not in written
    assert "c2lnbmF0dXJl" not in written
    assert not any(len(word) > 20 for word in re.findall(r"[A-Za-z0-9_-]+", written))


def test_of_no_token_of_ours_a_part_is_written() -> None:
    tokens, tenant = Tokens(b"secret"), TenantId("demo")
    for token in (
        tokens.new_session(tenant, 1_767_225_600).token,
        tokens.user_token(tenant, UserId("demo:x"), 0, 1_767_225_600),
        tokens.edit_key(tenant, "c_1"),
    ):
        assert safe_to_log(f"a {token} b") == "a … b"


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


def line(line_number: int = 1, at_s: float = 0.0, error: BaseException | None = None) -> logging.LogRecord:
    told = None if error is None else (type(error), error, None)
    record = logging.LogRecord("x", logging.ERROR, "module.py", line_number, "it failed: %s", ("why",), told)
    record.created = at_s
    return record


def test_lines_of_one_kind_do_not_fill_the_disk_and_leave_the_others_alone() -> None:
    sparing, most = Sparing(), int(LINES_OF_A_KIND.burst)
    assert sum(sparing.filter(line()) for _ in range(1_000)) == most
    assert sparing.filter(line(2)) and sparing.filter(line(error=OSError()))
    later = line(at_s=1 / LINES_OF_A_KIND.per_s)
    assert sparing.filter(later)
    assert later.getMessage() == f"it failed: why ({1_000 - most} more like it before this)"
    last = line(at_s=2 / LINES_OF_A_KIND.per_s)
    assert sparing.filter(last) and last.getMessage() == "it failed: why"


def test_what_is_written_is_spared() -> None:
    written = io.StringIO()
    handler = handler_to(written)
    for _ in range(1_000):
        handler.handle(line())
    assert len(written.getvalue().splitlines()) == LINES_OF_A_KIND.burst
