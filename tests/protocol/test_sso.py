"""Secure and Simple SSO (PROTOCOL 2.3 and 2.4, PROMISES D17): what is signed, believed and refused."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagechat_tui.protocol.sso import (
    MalformedSso,
    SimpleSsoUser,
    SsoUser,
    claimed_id,
    mint,
    parse_simple,
    verify,
)

pytestmark = pytest.mark.security

SECRET = b"test-api-secret"
NOW_MS = 1_700_000_000_000
USER = {"id": "123", "email": "test@example.com", "username": "tester"}
PUBLISHED = "f7e13d510e7f0cb11f027ce8161b8dc0f380df4aa85213ed15a973e34cb9dc2f"
"""The hash that the official SDKs' tests expect for these."""
SECOND_MS = 1_000
SLACK_MS = 60 * SECOND_MS
MAX_AGE_MS = 2 * 24 * 60 * 60 * SECOND_MS
SIGNED = ["userDataJSONBase64", "verificationHash", "timestamp"]


def signed(payload: str, timestamp: object = NOW_MS, secret: bytes = SECRET, **changes: object) -> str:
    """A token with a signature that is right for whatever is signed."""
    good = hmac.new(secret, f"{timestamp}{payload}".encode(), hashlib.sha256).hexdigest()
    return json.dumps(
        {"userDataJSONBase64": payload, "verificationHash": good, "timestamp": timestamp} | changes
    )


def of_user(user: object) -> str:
    """A signed token of a user."""
    return signed(base64.b64encode(json.dumps(user).encode()).decode())


def refused(token: str, now_ms: int = NOW_MS) -> str:
    """Why a token is refused."""
    with pytest.raises(MalformedSso) as caught:
        verify(token, SECRET, now_ms)
    return str(caught.value)


def test_the_published_vector_comes_out() -> None:
    token = json.loads(mint(USER, SECRET, NOW_MS))
    assert list(token) == SIGNED
    assert base64.b64decode(token["userDataJSONBase64"]) == json.dumps(USER, separators=(",", ":")).encode()
    assert (token["verificationHash"], token["timestamp"]) == (PUBLISHED, NOW_MS)


def test_a_minted_token_names_its_user() -> None:
    assert verify(mint(USER, SECRET, NOW_MS), SECRET, NOW_MS) == SsoUser("123", "test@example.com", "tester")


def test_everything_that_is_said_of_a_user_is_read() -> None:
    said = {
        "id": 7,
        "email": "m@e.org",
        "username": "@masha",
        "displayName": "Маша",
        "avatar": "data:image/png;base64," + "A" * 49_000,
        "displayLabel": "Team",
        "websiteUrl": "https://e.org",
        "locale": "ru_ru",
        "groupIds": ["a", "b"],
        "isAdmin": True,
        "isModerator": False,
        "isProfileActivityPrivate": True,
        "optedInNotifications": False,
        "badgeConfig": {"badgeIds": []},
    }
    assert verify(mint(said, SECRET, NOW_MS), SECRET, NOW_MS) == SsoUser(
        id="7",
        email="m@e.org",
        username="@masha",
        display_name="Маша",
        avatar=str(said["avatar"]),
        display_label="Team",
        website_url="https://e.org",
        locale="ru_ru",
        group_ids=("a", "b"),
        is_admin=True,
        is_private=True,
    )


def test_null_says_nothing_and_nobody_is_staff_or_private_by_default() -> None:
    bare = verify(of_user(USER), SECRET, NOW_MS)
    nulls = dict.fromkeys(["displayName", "avatar", "groupIds", "isAdmin", "isModerator", "websiteUrl"])
    assert verify(of_user(USER | {"avatar": "", "websiteUrl": "", "locale": ""}), SECRET, NOW_MS) == bare
    assert verify(of_user(USER | nulls), SECRET, NOW_MS) == bare
    assert (bare.is_admin, bare.is_moderator, bare.is_private) == (False, False, False)


@given(st.dictionaries(st.sampled_from(["displayName", "displayLabel", "locale"]), st.text(max_size=50)))
def test_any_text_survives_signing(said: Mapping[str, str]) -> None:
    clean = {key: value.encode("utf-8", "ignore").decode().replace("\0", "") for key, value in said.items()}
    user = verify(mint(USER | clean, SECRET, NOW_MS), SECRET, NOW_MS)
    assert user.display_name == clean.get("displayName", "")
    assert user.display_label == clean.get("displayLabel", "")


# Forged


def test_another_secret_signs_for_nobody() -> None:
    with pytest.raises(MalformedSso, match="does not match"):
        verify(mint(USER, SECRET, NOW_MS), b"another secret", NOW_MS)


@given(st.data())
def test_no_character_of_a_token_can_be_changed(data: st.DataObject) -> None:
    """Except in ways that change nothing of what is said."""
    token = mint(USER | {"isAdmin": False}, SECRET, NOW_MS)
    place = data.draw(st.integers(0, len(token) - 1))
    other = data.draw(st.characters(min_codepoint=32, max_codepoint=126))
    changed = token[:place] + other + token[place + 1 :]
    try:
        user = verify(changed, SECRET, NOW_MS)
    except MalformedSso:
        return
    assert json.loads(changed) == json.loads(token)
    assert user == verify(token, SECRET, NOW_MS)


def test_the_payload_counts_as_received() -> None:
    """Another Base64 text of the same bytes is another message."""
    token = json.loads(of_user(USER))
    token["userDataJSONBase64"] = token["userDataJSONBase64"].rstrip("=") + "===="
    assert "does not match" in refused(json.dumps(token))


def test_a_signature_of_another_moment_is_refused() -> None:
    token = json.loads(of_user(USER)) | {"timestamp": NOW_MS + 1}
    assert "does not match" in refused(json.dumps(token))


@pytest.mark.parametrize(
    "forged", ["", PUBLISHED.upper(), PUBLISHED[:-1], PUBLISHED + "0", "é" * 64, "\ud800"]
)
def test_a_signature_is_refused_whatever_it_is_made_of(forged: str) -> None:
    """``compare_digest`` raises on a string beyond ASCII: that must be no crash."""
    refused(json.dumps(json.loads(of_user(USER)) | {"verificationHash": forged}))


def test_the_signature_is_checked_before_anything_is_decoded() -> None:
    assert "does not match" in refused(signed("not Base64 !", verificationHash="0" * 64))
    for payload in ("not Base64 !", "eyJpZCI6\nIjEifQ==", "eyJpZCI6IjEifQ", "é"):
        assert "Base64" in refused(signed(payload))


# In time


@pytest.mark.parametrize("age_ms", [0, -SLACK_MS, MAX_AGE_MS])
def test_a_token_holds_for_two_days_and_a_minute_of_wrong_clock(age_ms: int) -> None:
    token = mint(USER, SECRET, NOW_MS)
    for _ in range(2):  # it is a bearer credential: used again, it is as good as new
        assert verify(token, SECRET, NOW_MS + age_ms).id == "123"


def test_a_token_from_the_future_is_refused() -> None:
    token = mint(USER, SECRET, NOW_MS)
    assert "dated 61 s in the future" in refused(token, NOW_MS - SLACK_MS - 1)


def test_a_token_that_is_too_old_is_refused() -> None:
    token = mint(USER, SECRET, NOW_MS)
    assert "too old" in refused(token, NOW_MS + MAX_AGE_MS + 1)


def test_both_bounds_can_be_made_narrower() -> None:
    token = mint(USER, SECRET, NOW_MS)
    verify(token, SECRET, NOW_MS + SECOND_MS, max_age_ms=SECOND_MS)
    with pytest.raises(MalformedSso):
        verify(token, SECRET, NOW_MS + SECOND_MS + 1, max_age_ms=SECOND_MS)
    verify(token, SECRET, NOW_MS - SECOND_MS, slack_ms=SECOND_MS)
    with pytest.raises(MalformedSso):
        verify(token, SECRET, NOW_MS - SECOND_MS - 1, slack_ms=SECOND_MS)


@pytest.mark.parametrize(
    "timestamp", [NOW_MS // 1000, NOW_MS * 10, -NOW_MS, 0, True, None, str(NOW_MS), 1.7e12, [NOW_MS]]
)
def test_a_timestamp_has_thirteen_digits(timestamp: object) -> None:
    payload = base64.b64encode(json.dumps(USER).encode()).decode()
    assert "timestamp" in refused(signed(payload, timestamp))


# Malformed


@pytest.mark.parametrize("key", SIGNED)
@pytest.mark.parametrize("value", [None, 1, True, [], {}])
def test_a_part_that_is_missing_or_no_text_is_refused(key: str, value: object) -> None:
    token: dict[str, Any] = json.loads(of_user(USER))
    refused(json.dumps(token | {key: value}))
    del token[key]
    refused(json.dumps(token))


@pytest.mark.parametrize(
    "token",
    [
        "",
        "null",
        "[]",
        "{}",
        "x",
        '{"a":' * 30,
        '{"timestamp":NaN}',
        '{"timestamp":1,"timestamp":1}',
        "\ud800",
    ],
)
def test_what_is_no_token_is_refused(token: str) -> None:
    refused(token)
    with pytest.raises(MalformedSso):
        parse_simple(token)


@pytest.mark.parametrize("user", [None, [], "alice", {}, {"id": None}, {"id": ""}, {"email": "a@e.org"}])
def test_a_payload_without_an_id_is_refused(user: object) -> None:
    refused(of_user(user))


@pytest.mark.parametrize(
    "user_id", ["a,b", "a\nb", "\x1b[2J", "a\u202eb", "\u200b", True, 1.5, ["a"], "x" * 1_001]
)
def test_an_id_that_cannot_travel_is_refused(user_id: object) -> None:
    refused(of_user(USER | {"id": user_id}))
    with pytest.raises(MalformedSso):
        parse_simple(json.dumps({"id": user_id, "username": "a"}))


@pytest.mark.parametrize(
    "flag",
    [
        "isAdmin",
        "isModerator",
        "isProfileActivityPrivate",
        "isProfileCommentsPrivate",
        "isProfileDMDisabled",
        "optedInNotifications",
        "optedInSubscriptionNotifications",
    ],
)
@pytest.mark.parametrize("value", ["true", "false", 1, 0, [], {}])
def test_only_true_and_false_are_flags(flag: str, value: object) -> None:
    assert flag in refused(of_user(USER | {flag: value}))


@pytest.mark.parametrize(
    ("key", "limit"),
    [("email", 1_000), ("username", 1_000), ("displayName", 500), ("displayLabel", 100), ("websiteUrl", 2_000),
     ("locale", 100), ("avatar", 3_000)],
)  # fmt: skip
def test_a_text_may_be_as_long_as_documented_and_no_longer(key: str, limit: int) -> None:
    verify(of_user(USER | {key: "x" * limit}), SECRET, NOW_MS)
    assert key in refused(of_user(USER | {key: "x" * (limit + 1)}))
    assert key in refused(of_user(USER | {key: 7}))


def test_a_picture_in_the_token_may_be_longer_than_its_address() -> None:
    verify(of_user(USER | {"avatar": "data:".ljust(50_000, "x")}), SECRET, NOW_MS)
    assert "avatar" in refused(of_user(USER | {"avatar": "data:".ljust(50_001, "x")}))


def test_groups_are_few_and_short() -> None:
    verify(of_user(USER | {"groupIds": ["g" * 50] * 100}), SECRET, NOW_MS)
    for groups in (["g"] * 101, ["g" * 51], [1], [None], "g", {"g": 1}):
        assert "groupIds" in refused(of_user(USER | {"groupIds": groups}))


def test_a_username_is_no_email_address() -> None:
    assert "email" in refused(of_user(USER | {"username": "tester@example.com"}))


def test_a_refusal_never_quotes_the_token() -> None:
    for user in (USER | {"username": "s3cret@e.org"}, USER | {"id": "s3cret,"}, USER | {"isAdmin": "s3cret"}):
        assert "s3cret" not in refused(of_user(user))


@given(st.text(max_size=80) | st.text('{}[]":,abceilmnorstuSAO@ 123', max_size=80))
def test_any_token_is_a_user_or_malformed(token: str) -> None:
    for read in (lambda: verify(token, SECRET, NOW_MS), lambda: parse_simple(token)):
        try:
            assert read().id
        except MalformedSso as error:
            assert str(error)


# Simple SSO


@pytest.mark.parametrize("wrapped", [False, True])
def test_both_forms_of_simple_sso_are_understood(wrapped: bool) -> None:
    said = {
        "username": "bob",
        "email": "bob@e.org",
        "id": "7",
        "displayName": "Bob",
        "avatar": "https://e.org/b",
    }
    token = json.dumps({"simpleSSOUser": said, "loginURL": "x"} if wrapped else said)
    assert parse_simple(token) == SimpleSsoUser("7", "bob", "bob@e.org", "Bob", "https://e.org/b")


@pytest.mark.parametrize(
    ("said", "user_id"),
    [
        ({"id": "7", "email": "bob@e.org", "username": "bob"}, "7"),
        ({"email": "bob@e.org", "username": "bob"}, "bob@e.org"),
        ({"username": "bob"}, "bob"),
        ({"id": 7}, "7"),
    ],
)
def test_simple_sso_goes_by_the_best_id_there_is(said: dict[str, Any], user_id: str) -> None:
    assert parse_simple(json.dumps(said)).id == user_id


@pytest.mark.parametrize(
    "said",
    [{}, {"displayName": "Bob"}, {"simpleSSOUser": None}, {"simpleSSOUser": "bob", "id": "7"}, {"simpleSSOUser": []},
     {"username": 7}, {"username": "b" * 1_001}, {"username": "b", "avatar": 7}],
)  # fmt: skip
def test_simple_sso_that_names_nobody_is_refused(said: dict[str, Any]) -> None:
    with pytest.raises(MalformedSso):
        parse_simple(json.dumps(said))


def test_simple_sso_makes_nobody_staff() -> None:
    claimed = parse_simple(json.dumps({"username": "bob", "isAdmin": True, "isModerator": True}))
    assert not {"is_admin", "is_moderator"} & set(SimpleSsoUser.__struct_fields__)
    assert claimed == parse_simple('{"username":"bob"}')


@pytest.mark.parametrize(
    ("token", "named"),
    [
        (of_user(USER), "123"),
        (of_user({**USER, "isAdmin": True, "username": "another"}), "123"),
        (of_user({**USER, "id": 7}), "7"),
        ('{"id":"7","username":"bob"}', "7"),
        ('{"simpleSSOUser":{"username":"bob"}}', "bob"),
        ('{"loginURL":"x"}', ""),
        ("", ""),
        ("rubbish", ""),
        ('{"userDataJSONBase64":"!"}', ""),
    ],
)
def test_whom_a_token_names_is_known_without_its_secret(token: str, named: str) -> None:
    assert claimed_id(token) == named
