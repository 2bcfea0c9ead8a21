"""Answers that cannot be used are refused by key; refusals of the server are understood as far as they go."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from imagechat_tui.protocol import codec
from imagechat_tui.protocol.codec import JsonObject, MalformedMessage
from imagechat_tui.protocol.routes import EditReply, ErrorReply, EventLog, UsersOnline
from tests import examples as eg
from tests.protocol import strategies
from tests.protocol.openapi import breaches

_CHAT = {"_id": "ic", "urlId": "k", "x": 1, "y": 2}
_COMMENT = {"_id": "c", "commenterName": "a", "commentHTML": "h", "verified": True, "date": None}
_ENTRY = {
    "_id": "e",
    "createdAt": "2026-01-01T00:00:00Z",
    "tenantId": "demo",
    "urlId": "k",
    "broadcastId": "b",
    "data": "{}",
}
Reader = Callable[[JsonObject], object]
CASES: list[tuple[Reader, dict[str, Any], str]] = [
    (codec.decode_conversation_list, {}, "conversations"),
    (codec.decode_conversation_list, {"conversations": {}}, "conversations"),
    (codec.decode_conversation_list, {"conversations": [None]}, "conversations[0]"),
    (codec.decode_conversation_list, {"conversations": [_CHAT, _CHAT | {"_id": None}]}, "conversations[1]._id"),
    (codec.decode_conversation_list, {"conversations": [_CHAT | {"urlId": ""}]}, "conversations[0].urlId"),
    (codec.decode_conversation_list, {"conversations": [_CHAT | {"x": 100.01}]}, "conversations[0].x"),
    (codec.decode_conversation_list, {"conversations": [_CHAT | {"y": float("nan")}]}, "conversations[0].y"),
    (codec.decode_conversation_list, {"conversations": [_CHAT | {"y": None}]}, "conversations[0].y"),
    (codec.decode_conversation_list, {"conversations": [_CHAT | {"number": 1.5}]}, "conversations[0].number"),
    (codec.decode_conversation_list, {"conversations": [_CHAT | {"number": 2**60}]}, "conversations[0].number"),
    (codec.decode_conversation_list, {"conversations": [_CHAT | {"createdAt": -1}]}, "conversations[0].createdAt"),
    (codec.decode_conversation_list, {"conversations": [_CHAT | {"resolved": "no"}]}, "conversations[0].resolved"),
    (codec.decode_conversation_list, {"conversations": [], "user": "alice"}, "user"),
    (codec.decode_conversation_list, {"conversations": [], "user": {"username": 3}}, "user.username"),
    (codec.decode_conversation_list, {"conversations": [], "isSiteAdmin": "true"}, "isSiteAdmin"),
    (codec.decode_conversation_list, {"conversations": [], "serverTime": "soon"}, "serverTime"),
    (codec.decode_conversation_list, {"conversations": [], "seq": -1, "epoch": "e"}, "seq"),
    (codec.decode_conversation_list, {"conversations": [], "seq": 1, "epoch": ""}, "epoch"),
    (codec.decode_conversation_list, {"conversations": [], "comments": [_COMMENT | {"date": "x"}]}, "comments[0].date"),
    (codec.decode_conversation_list, {"conversations": [], "tenantIdWS": 1}, "tenantIdWS"),
    (codec.decode_conversation_reply, {}, "createdChatId"),
    (codec.decode_conversation_reply, {"createdChatId": ""}, "createdChatId"),
    (codec.decode_conversation_reply, {"conversation": _CHAT | {"x": -1}}, "conversation.x"),
    (codec.decode_conversation_reply, {"createdChatId": "ic", "comment": {}}, "comment._id"),
    (codec.decode_comment_list, {}, "comments"),
    (codec.decode_comment_list, {"comments": None}, "comments"),
    (codec.decode_comment_list, {"comments": [_COMMENT | {"votes": "1"}]}, "comments[0].votes"),
    (codec.decode_comment_list, {"comments": [_COMMENT | {"children": {}}]}, "comments[0].children"),
    (codec.decode_comment_list, {"comments": [_COMMENT | {"children": [{}]}]}, "comments[0].children[0]._id"),
    (codec.decode_comment_list, {"comments": [], "hasMore": 1}, "hasMore"),
    (codec.decode_comment_list, {"comments": [], "lastGenDate": 2**53}, "lastGenDate"),
    (codec.decode_comment_reply, {}, "comment"),
    (codec.decode_comment_reply, {"comment": []}, "comment"),
    (codec.decode_comment_reply, {"comment": _COMMENT, "userIdWS": 3}, "userIdWS"),
    (codec.decode_edit_reply, {"comment": {}}, "comment.commentHTML"),
    (codec.decode_edit_reply, {"comment": {"commentHTML": "x", "approved": 1}}, "comment.approved"),
    (codec.decode_comment_text, {}, "commentText"),
    (codec.decode_comment_text, {"commentText": 1}, "commentText"),
    (codec.decode_event_log, {}, "events"),
    *[
        (codec.decode_event_log, {"events": [{k: v for k, v in _ENTRY.items() if k != key}]}, f"events[0].{key}")
        for key in _ENTRY
        if key != "broadcastId"
    ],
    (codec.decode_event_log, {"events": [_ENTRY | {"createdAt": "1969-12-31T23:59:59Z"}]}, "events[0].createdAt"),
    (codec.decode_users_online, {"users": [{"displayName": "x"}]}, "users[0].id"),
    (codec.decode_users_online, {"users": [], "anonCount": "1"}, "anonCount"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("read", "wire", "key"), CASES, ids=lambda case: case if isinstance(case, str) else ""
)
def test_an_answer_that_cannot_be_used_is_refused_by_key(read: Reader, wire: JsonObject, key: str) -> None:
    with pytest.raises(MalformedMessage) as caught:
        read(wire)
    assert caught.value.key == key


READERS: list[Reader] = [
    codec.decode_conversation_list,
    codec.decode_conversation_reply,
    codec.decode_comment_list,
    codec.decode_comment_reply,
    codec.decode_edit_reply,
    codec.decode_comment_text,
    codec.decode_event_log,
    codec.decode_users_online,
    codec.decode_user,
]


def _answers() -> Iterator[JsonObject]:
    """One answer of each kind, as full as they come."""
    yield codec.encode_conversation_list(eg.conversation_list(), tenant_id=eg.TENANT, v2=True)
    yield codec.encode_conversation_reply(eg.conversation_reply(), tenant_id=eg.TENANT, v2=True)
    yield codec.encode_comment_list(eg.comment_list(position=eg.position()), tenant_id=eg.TENANT, v2=True)
    yield codec.encode_comment_reply(eg.comment_reply(user_id_ws="u1"), tenant_id=eg.TENANT, v2=True)
    yield codec.encode_edit_reply(EditReply("<b>x</b>"))
    yield codec.encode_comment_text("x")
    yield codec.encode_event_log(EventLog((eg.log_entry(),)))
    yield codec.encode_users_online(UsersOnline((eg.bob(),), 1, 2))
    yield codec.encode_user(eg.user())


def test_every_answer_says_that_it_succeeded() -> None:
    *answers, _user = _answers()
    answers += [codec.encode_success(), codec.encode_presence_status({}), codec.encode_comment_deleted()]
    assert all(map(codec.succeeded, answers))


@given(
    case=st.sampled_from(list(zip(READERS, _answers(), strict=True))),
    random=st.randoms(use_true_random=False),
    junk=strategies.junk(),
)
def test_an_answer_with_one_broken_value_is_read_or_malformed(
    case: tuple[Reader, JsonObject], random: Any, junk: object
) -> None:
    read, answer = case
    broken: Any = json.loads(json.dumps(answer))
    place = broken
    while True:
        key = random.choice(sorted(place)) if isinstance(place, dict) else random.randrange(len(place))
        if not (isinstance(place[key], dict | list) and place[key]) or random.random() < 0.3:
            break
        place = place[key]
    place[key] = junk
    try:
        read(broken)
    except MalformedMessage as error:
        assert error.key


# Errors


@given(
    st.builds(
        ErrorReply,
        status=st.integers(400, 599),
        code=strategies.texts,
        reason=strategies.words,
        retry_after_s=st.none() | st.integers(0, 300).map(float),
        max_length=st.none() | st.integers(1, 100_000),
        banned_until_ms=st.none() | strategies.times,
        shown=st.none() | strategies.words,
    )
)
def test_a_refusal_is_read_as_it_was_written(error: ErrorReply) -> None:
    wait = None if error.retry_after_s is None else str(int(error.retry_after_s))
    plain = codec.encode_error(error, image_chat=False)
    assert plain["status"] == "failed"
    assert breaches("APIError", plain) == []
    assert codec.decode_error(error.status, wait, codec.dump_json(plain)) == error
    union = codec.encode_error(error, image_chat=True)
    told = replace(error, shown=error.shown or error.reason)  # there the documented ``message`` is for people
    assert codec.decode_error(error.status, wait, codec.dump_json(union)) == told


def test_the_image_chat_endpoints_refuse_in_both_forms_at_once() -> None:
    error = ErrorReply(404, "not-found", "Conversation not found")
    assert codec.encode_error(error, image_chat=True) == {
        "status": "error",
        "message": "Conversation not found",
        "code": "not-found",
        "reason": "Conversation not found",
    }


@pytest.mark.parametrize(
    ("body", "code", "reason", "shown"),
    [
        (b'{"status":"error","message":"Not found"}', "", "Not found", "Not found"),
        (b'{"status":"failed","code":"locked","reason":"Locked."}', "locked", "Locked.", None),
        (b'{"code":"c","reason":"r","message":"m","translatedError":"t"}', "c", "r", "t"),
        (b'{"code":"c","reason":"r","message":"m"}', "c", "r", "m"),
        (b'{"code":7,"reason":["x"],"message":null}', "", "", None),
        (b"<html>502 Bad Gateway</html>", "", "", None),
        (b"\xff\xfe", "", "", None),
        (b"", "", "", None),
        (b"[]", "", "", None),
        (b'{"reason":"\\ud800"}', "", "", None),
        (b'{"code":"c","maxCharacterLength":"many"}', "c", "", None),
    ],
)  # fmt: skip
def test_any_refusal_is_understood_as_far_as_it_goes(
    body: bytes, code: str, reason: str, shown: str | None
) -> None:
    assert codec.decode_error(400, None, body) == ErrorReply(400, code, reason, shown=shown)


def test_the_words_of_a_refusal_are_cut_where_nobody_reads_on() -> None:
    error = codec.decode_error(400, None, json.dumps({"reason": "x" * 5_000, "code": "c" * 5_000}).encode())
    assert (len(error.reason), len(error.code)) == (2_000, 2_000)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("", None),
        ("3", 3.0),
        ("0", 0.0),
        ("1.5", 1.5),
        ("-1", None),
        ("nan", None),
        ("inf", None),
        ("soon", None),
        ("Wed, 21 Oct 2026 07:28:00 GMT", None),
        ("300", 300.0),
        ("3600", 300.0),
        ("31536000", 300.0),
        ("1e300", 300.0),
    ],
)
def test_a_wait_is_believed_for_five_minutes_at_most(header: str | None, seconds: float | None) -> None:
    assert codec.decode_error(429, header, b"").retry_after_s == seconds


@pytest.mark.parametrize(
    ("moment", "seconds"),
    [
        ("Wed, 21 Oct 2026 07:28:30 GMT", 30.0),
        ("Wed, 21 Oct 2026 07:28:00 GMT", 0.0),
        ("Wed, 21 Oct 2026 07:27:00 GMT", 0.0),
        ("Wed, 21 Oct 2027 07:28:00 GMT", 300.0),
        ("Wed, 21 Oct 2026 09:28:20 +0200", 20.0),
        ("Wed, 41 Oct 2026 07:28:00 GMT", None),
        ("Wed, 21 Oct 2026 07:28:30", None),
        ("tomorrow", None),
    ],
)
def test_a_moment_to_come_back_is_taken_by_the_clock_of_whoever_named_it(
    moment: str, seconds: float | None
) -> None:
    told = codec.decode_error(503, moment, b"", date="Wed, 21 Oct 2026 07:28:00 GMT")
    assert told.retry_after_s == seconds


@pytest.mark.parametrize(
    ("body", "ours"),
    [
        (b'{"status":"failed","code":"locked","reason":"Locked."}', True),
        (b'{"status":"error","message":"Conversation not found"}', True),
        (b'{"code":"not-found"}', True),
        (b"<html><h1>403 Forbidden</h1></html>", False),
        (b"", False),
        (b"[]", False),
        (b'{"message":"Forbidden"}', False),
        (b'{"kind":"Status","status":"Failure","code":403}', False),
        (b'{"error":"access_denied"}', False),
    ],
)
def test_a_refusal_of_the_wire_is_told_from_the_word_of_a_gateway(body: bytes, ours: bool) -> None:
    assert codec.is_refusal(body) is ours


@given(
    st.integers(),
    st.none() | st.text(max_size=10),
    st.binary(max_size=60) | st.builds(lambda o: json.dumps(o).encode(), strategies.junk()),
)
def test_no_refusal_is_an_error(status: int, header: str | None, body: bytes) -> None:
    assert codec.decode_error(status, header, body).status == status


def test_a_comment_that_is_too_long_tells_how_long_it_may_be() -> None:
    body = b'{"status":"failed","code":"comment-too-big","reason":"Comment too long.","maxCharacterLength":2000.0}'
    assert codec.decode_error(400, None, body).max_length == 2_000


@pytest.mark.parametrize("odd", ["soon", -1, 10**17, 0.5, {}, True])
def test_a_ban_that_ends_nobody_knows_when_is_a_ban_all_the_same(odd: object) -> None:
    body = json.dumps({"status": "failed", "code": "banned", "reason": "No.", "bannedUntil": odd}).encode()
    told = codec.decode_error(403, None, body)
    assert (told.code, told.banned_until_ms) == ("banned", None)
