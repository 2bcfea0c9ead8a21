from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagechat_tui.protocol.ids import TenantId, UrlId, UserId
from imagechat_tui.protocol.thread_keys import clean
from imagechat_tui.server.guard.tokens import (
    DAY_S,
    MAX_TOKEN_LENGTH,
    Tokens,
    is_room_token,
)

TOKENS = Tokens(b"a server's secret")
ANOTHERS = Tokens(b"another secret")
DEMO = TenantId("demo")
OTHER = TenantId("other")
ALICE = UserId("demo:alice")
NOON_S = 20_000 * DAY_S + DAY_S // 2

PAGES = [
    "gallery-42",
    "https://example.com/a%20b?x=1#y",
    "https://example.com/",
    "ä ö",
    "a:b:25.5:30.25",
    "100%",
]


def test_a_room_token_survives_any_encoding() -> None:
    token = TOKENS.room(DEMO, UrlId("https://example.com/ä?b")).token
    assert is_room_token(token)
    assert len(token) == 26
    assert quote(quote(token, safe=""), safe="") == token


@pytest.mark.security
def test_rooms_of_tenants_and_pages_have_different_tokens() -> None:
    tokens = {TOKENS.room(tenant, UrlId(page)).token for tenant in (DEMO, OTHER) for page in PAGES}
    assert len(tokens) == 2 * len(PAGES)
    assert ANOTHERS.room(DEMO, UrlId("a")) != TOKENS.room(DEMO, UrlId("a"))


@pytest.mark.parametrize("page", PAGES)
def test_every_form_that_sdks_send_means_the_same_room(page: str) -> None:
    url_id = clean(page)
    expected = TOKENS.room(DEMO, url_id)
    prefixed = quote(f"demo:{page}", safe="")
    assert TOKENS.room_named(DEMO, page) == expected
    assert TOKENS.room_named(DEMO, prefixed) == expected
    assert TOKENS.room_named(DEMO, quote(prefixed, safe="")) == expected
    assert TOKENS.room_named(DEMO, prefixed.replace("%3A", "%3a")) == expected
    assert TOKENS.room_named(DEMO, expected.token) == expected


def test_a_plain_page_is_not_decoded() -> None:
    plain = TOKENS.room_named(DEMO, "https://example.com/a%20b")
    assert plain == TOKENS.room(DEMO, UrlId("https://example.com/a%20b"))


@pytest.mark.security
def test_another_tenants_prefix_stays_part_of_the_page() -> None:
    assert TOKENS.room_named(DEMO, "other%3Apage") == TOKENS.room(DEMO, UrlId("other%3Apage"))
    assert TOKENS.room_named(DEMO, "other:page") == TOKENS.room(DEMO, UrlId("other:page"))


def test_a_user_token_is_the_same_all_day_and_ends_at_a_midnight() -> None:
    day = 20_000 * DAY_S
    first = TOKENS.user_token(DEMO, ALICE, 0, day)
    assert TOKENS.user_token(DEMO, ALICE, 0, day + DAY_S - 0.001) == first
    assert TOKENS.user_token(DEMO, ALICE, 0, day + DAY_S) != first
    end = day + 3 * DAY_S
    assert TOKENS.read_user_token(first, end - 1) is not None
    assert TOKENS.read_user_token(first, end) is None


def test_a_user_token_says_what_was_put_in() -> None:
    token = TOKENS.read_user_token(TOKENS.user_token(DEMO, ALICE, 2, NOON_S), NOON_S)
    assert token is not None
    assert (token.tenant_id, token.user_id, token.role) == (DEMO, ALICE, 2)
    assert token.expires_s % DAY_S == 0


def test_ordinary_tokens_are_short() -> None:
    assert len(TOKENS.user_token(DEMO, UserId("demo:" + "x" * 64), 0, NOON_S)) < 400


@given(st.text(max_size=300), st.integers(0, 2))
def test_any_user_comes_back_out_of_his_token(user: str, role: int) -> None:
    text = TOKENS.user_token(DEMO, UserId(user), role, NOON_S)
    token = TOKENS.read_user_token(text, NOON_S)
    assert token is not None
    assert (token.user_id, token.role) == (user, role)
    assert quote(text, safe="") == text


@pytest.mark.security
@given(st.data())
def test_a_changed_token_is_nobodys(data: st.DataObject) -> None:
    token = TOKENS.user_token(DEMO, ALICE, 0, NOON_S)
    index = data.draw(st.integers(0, len(token) - 1))
    letter = data.draw(st.sampled_from("ABCxyz019-_.é\x00"))
    changed = token[:index] + letter + token[index + 1 :]
    if changed != token:
        assert TOKENS.read_user_token(changed, NOON_S) is None


@pytest.mark.security
@pytest.mark.parametrize(
    "value",
    [
        "",
        ".",
        "..",
        "u1",
        "u1.",
        "u1..",
        "u1.e30.",
        "u2.e30.x",
        "demo:alice",
        "é",
        "u1." + "A" * MAX_TOKEN_LENGTH,
        "\udc80",
    ],
)
def test_what_is_not_a_token_is_nobodys(value: str) -> None:
    assert TOKENS.read_user_token(value, NOON_S) is None


@pytest.mark.security
def test_another_servers_token_is_nobodys() -> None:
    token = ANOTHERS.user_token(DEMO, ALICE, 2, NOON_S)
    assert TOKENS.read_user_token(token, NOON_S) is None


def test_the_three_ids_belong_together() -> None:
    ids = TOKENS.room_ids(DEMO, UrlId("page"), user_id=ALICE, role=1, now_s=NOON_S)
    assert ids.tenant_id_ws == DEMO
    assert ids.url_id_ws == TOKENS.room(DEMO, UrlId("page")).token
    assert ids.user_id_ws == TOKENS.user_token(DEMO, ALICE, 1, NOON_S)
