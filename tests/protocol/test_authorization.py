"""Credentials in a header."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagechat_tui.protocol import authorization
from imagechat_tui.protocol.authorization import Proof


@given(st.text())
def test_any_text_comes_back(text: str) -> None:
    for header, proof in (
        (authorization.of_sso(text), Proof(sso=text)),
        (authorization.of_session(text), Proof(session_id=text)),
        (authorization.of_listener(text), Proof(user_id_ws=text)),
    ):
        assert header.isascii()
        assert header.isprintable()
        assert authorization.read(header) == proof


@pytest.mark.parametrize(
    ("header", "proof"),
    [
        ("", Proof()),
        ("Bearer", Proof()),
        ("Bearer sso", Proof()),
        ("Basic c3NvLmE=", Proof()),
        ("Bearer eyJhbGciOiJIUzI1NiJ9.e30.x", Proof()),
        ("bearer sso.e30", Proof(sso="{}")),
        ("  Bearer   sso.e30  ", Proof(sso="{}")),
        ("Bearer sso.e30=", Proof(sso="{}")),
        ("Bearer sso.{}", Proof(sso="{}")),
        ("Bearer sso._w", Proof(sso="_w")),
    ],
)
def test_what_else_stands_there_is_for_somebody_else_or_as_it_is(header: str, proof: Proof) -> None:
    assert authorization.read(header) == proof


@given(st.text())
def test_no_header_breaks_it(header: str) -> None:
    authorization.read(header)
    authorization.read(f"Bearer sso.{header}")
