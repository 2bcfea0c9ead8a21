"""Frames: the samples of PROTOCOL 6, round trips, tolerance, and the size of image-chat frames."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from imagechat_tui.protocol.codec import MalformedMessage, decode_event, encode_event
from imagechat_tui.protocol.codec.json_text import dump_text
from imagechat_tui.protocol.events import (
    DeletedComment,
    DeletedImageChat,
    ImageChatsStale,
    ImageChatUpdated,
    LiveEvent,
    NewComment,
    NewImageChat,
    OwnChanged,
    PlacementsChanged,
    PresenceUpdate,
    ReadElsewhere,
    ReadStateChanged,
    Reset,
    Skip,
    Stamp,
    ThreadStateChange,
    UnknownEvent,
    UpdatedComment,
    ViewingChanged,
    VoteChanged,
)
from imagechat_tui.protocol.ids import BroadcastId, CommentId, ConversationId, UrlId, UserId
from imagechat_tui.protocol.models import Comment, Placements, Position, ReadState
from imagechat_tui.safetext import Kind, safe_text
from tests import examples as eg
from tests.protocol import strategies
from tests.protocol.openapi import breaches

_COMMENT: dict[str, Any] = {
    "_id": "c_1",
    "tenantId": "demo",
    "urlId": "gallery-42:/img/trail.jpg:25.5:30.25",
    "url": "https://example.com/gallery/42",
    "userId": "demo:alice",
    "commenterName": "Alice",
    "comment": "Trail is **wet**",
    "commentHTML": "Trail is <b>wet</b>",
    "parentId": None,
    "date": "2026-01-01T00:00:00.000Z",
    "verified": True,
    "approved": True,
    "locale": "en_us",
}
_COMMENT_STATE: dict[str, Any] = {
    "votes": 0,
    "votesUp": 0,
    "votesDown": 0,
    "isByAdmin": False,
    "isByModerator": False,
    "isPinned": False,
    "isLocked": False,
    "isDeleted": False,
}
_IMAGE_CHAT: dict[str, Any] = {
    "_id": "ic_1",
    "urlId": "gallery-42:/img/trail.jpg:25.5:30.25",
    "x": 25.5,
    "y": 30.25,
    "src": "/img/trail.jpg",
    "createdFromCommentId": "c_1",
    "userId": "demo:alice",
    "anonUserId": None,
    "commenterName": "Alice",
    "commentCount": 1,
    "lastCommentAt": 1767225600500,
    "createdAt": 1767225601000,
}
NEW_COMMENT = {
    "type": "new-comment",
    "timestamp": 1767225600500,
    "broadcastId": "0b0c5a3e-6f2e-4b57-9d0c-3a8f5d1c9e01",
    "comment": _COMMENT | _COMMENT_STATE,
}
DELETED_COMMENT = {
    "type": "deleted-comment",
    "timestamp": 1767225900000,
    "broadcastId": "9b2d8f6e-1c1a-4f43-8a52-0f6f2f7f1a10",
    "comment": _COMMENT | {"comment": "", "commentHTML": "", "locale": None},
}
UPDATED_COMMENT = {
    "type": "updated-comment",
    "timestamp": 1767225800000,
    "broadcastId": "5e6f7a8b-0000-4000-8000-000000000001",
    "extraInfo": {"commentPositions": {"OF": {"before": None, "after": "c_2"}}},
    "comment": _COMMENT
    | {"comment": "Trail is **dry**", "commentHTML": "Trail is <b>dry</b>", "isPinned": True},
}
NEW_VOTE = {
    "type": "new-vote",
    "timestamp": 1767225650000,
    "broadcastId": "3f1c1d52-7a77-4d4e-8f0e-111111111111",
    "vote": {
        "_id": "v_1",
        "tenantId": "demo",
        "urlId": "gallery-42:/img/trail.jpg:25.5:30.25",
        "urlIdRaw": "gallery-42:/img/trail.jpg:25.5:30.25",
        "commentId": "c_1",
        "userId": "demo:bob",
        "direction": 1,
        "createdAt": 1767225650000,
        "verificationId": None,
    },
}
THREAD_STATE_CHANGE = {
    "type": "thread-state-change",
    "timestamp": 1767225910000,
    "broadcastId": "b-1",
    "isClosed": True,
}
PRESENCE = {"type": "p-u", "ts": 1767225605000, "uj": ["demo:bob"], "sc": 2}
NEW_IMAGE_CHAT = {
    "type": "new-image-chat",
    "timestamp": 1767225601000,
    "broadcastId": "550e8400-e29b-41d4-a716-446655440000",
    "imageChat": _IMAGE_CHAT,
}
IMAGE_CHAT_UPDATED = {
    "type": "image-chat-updated",
    "timestamp": 1767225660010,
    "broadcastId": "7d444840-9dc0-11d1-b245-5ffdce74fad2",
    "imageChat": _IMAGE_CHAT | {"commentCount": 2, "lastCommentAt": 1767225660000, "activity": "new-comment"},
}
DELETED_IMAGE_CHAT = {
    "type": "deleted-image-chat",
    "timestamp": 1767225900001,
    "broadcastId": "1f9f1c2e-3a44-4c5e-9b1a-222222222222",
    "imageChat": {"_id": "ic_1", "urlId": "gallery-42:/img/trail.jpg:25.5:30.25"},
}
SAMPLES: list[dict[str, Any]] = [
    NEW_COMMENT,
    DELETED_COMMENT,
    UPDATED_COMMENT,
    NEW_VOTE,
    THREAD_STATE_CHANGE,
    PRESENCE,
    NEW_IMAGE_CHAT,
    IMAGE_CHAT_UPDATED,
    DELETED_IMAGE_CHAT,
]


def decoded(value: object) -> LiveEvent:
    return decode_event(json.dumps(value))


def plain(event: LiveEvent) -> dict[str, Any]:
    """The frame that a plain socket gets."""
    frame: dict[str, Any] = json.loads(encode_event(event, tenant_id=eg.TENANT, v2=False))
    return frame


def extended(event: LiveEvent) -> dict[str, Any]:
    """The frame that a v=2 socket gets."""
    frame: dict[str, Any] = json.loads(encode_event(event, tenant_id=eg.TENANT, v2=True))
    return frame


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample["type"])
def test_the_samples_of_the_protocol_come_out_as_they_went_in(sample: dict[str, Any]) -> None:
    frame = plain(decoded(sample))
    if "comment" in sample:
        # A frame of ours always says how things stand.
        assert frame == sample | {"comment": _COMMENT_STATE | sample["comment"]}
    elif "activity" in sample.get("imageChat", {}) or "x" in sample.get("imageChat", {}):
        expected_chat = {key: value for key, value in sample["imageChat"].items() if value is not None}
        assert frame == sample | {"imageChat": expected_chat | {"resolved": False}}
    else:
        assert frame == sample


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample["type"])
def test_the_samples_become_the_event_they_name(sample: dict[str, Any]) -> None:
    kinds: dict[str, type] = {
        "new-comment": NewComment,
        "deleted-comment": DeletedComment,
        "updated-comment": UpdatedComment,
        "new-vote": VoteChanged,
        "thread-state-change": ThreadStateChange,
        "p-u": PresenceUpdate,
        "new-image-chat": NewImageChat,
        "image-chat-updated": ImageChatUpdated,
        "deleted-image-chat": DeletedImageChat,
    }
    event = decoded(sample)
    assert type(event) is kinds[sample["type"]]
    if not isinstance(event, PresenceUpdate):
        assert event.stamp.timestamp_ms == sample["timestamp"]  # type: ignore[union-attr]
        assert event.stamp.broadcast_id == sample["broadcastId"]  # type: ignore[union-attr]


def test_a_sample_comment_is_read_whole() -> None:
    event = decoded(NEW_COMMENT)
    assert isinstance(event, NewComment)
    assert event.comment == eg.comment()
    assert event.stamp.actor_id == eg.ALICE


NUMBER = re.compile(r"(?<=:)[-+.e0-9]+(?=[,}\]])")


@given(strategies.events)
def test_a_frame_is_written_as_all_json_is(event: LiveEvent) -> None:
    frame = encode_event(event, tenant_id=eg.TENANT, v2=True)
    assert "%" not in frame
    again = dump_text(json.loads(frame)).replace("%", "\\u0025")
    # 1e-7 is 1e-07 there, the same number
    assert NUMBER.sub("", frame) == NUMBER.sub("", again)


@pytest.mark.parametrize("text", [safe_text("a % \u00e4", Kind.NAME), "half \ud800", '"\\\x7f\x01'])
def test_a_frame_takes_every_kind_of_text_or_says_why_not(text: str) -> None:
    event = NewComment(eg.stamp(1), eg.comment(commenter_name=text))
    if "\ud800" in text:
        with pytest.raises(MalformedMessage):
            encode_event(event, tenant_id=eg.TENANT, v2=True)
    else:
        frame = encode_event(event, tenant_id=eg.TENANT, v2=True)
        assert json.loads(frame)["comment"]["commenterName"] == text


@given(strategies.events)
def test_a_v2_frame_says_everything(event: LiveEvent) -> None:
    frame = encode_event(event, tenant_id=eg.TENANT, v2=True)
    read = decode_event(frame)
    if isinstance(read, ImageChatsStale) and '"partial":true' in frame:
        assert isinstance(event, NewImageChat | ImageChatUpdated | ImageChatsStale)
        assert read.stamp == event.stamp
    elif isinstance(read, DeletedImageChat) and '"partial":true' in frame:
        assert isinstance(event, DeletedImageChat)
        assert read == replace(event, url_id=None)
    else:
        assert read == event


@given(strategies.comment_events)
def test_plain_comment_frames_hold_exactly_what_the_openapi_file_lists(event: LiveEvent) -> None:
    assert breaches("LiveEvent", plain(event)) == []


@pytest.mark.parametrize(
    "event", [eg.vote_changed(), eg.thread_state_change(), eg.presence_update(), PresenceUpdate()]
)
def test_other_plain_frames_do_so_too(event: LiveEvent) -> None:
    assert breaches("LiveEvent", plain(event)) == []


def test_plain_frames_carry_nothing_of_ours() -> None:
    ours = {"userId", "seq", "epoch", "eventId", "comment"}
    chat = eg.conversation(version=2)
    updated = eg.image_chat_updated(conversation=chat)
    for event in (eg.new_image_chat(conversation=chat), updated, eg.deleted_image_chat()):
        assert plain(event).keys() & ours == set()
        assert extended(event).keys() >= {"userId", "seq", "epoch", "eventId"}
    assert extended(updated)["imageChat"]["version"] == 2
    assert "version" not in plain(updated)["imageChat"]
    assert "comment" in extended(updated)
    assert "userId" not in plain(eg.new_comment())


def test_events_of_v2_are_never_written_for_plain_sockets() -> None:
    own = (
        ReadStateChanged(ReadState(1)),
        ReadElsewhere(),
        OwnChanged(),
        PlacementsChanged(Placements(2, 1)),
        ViewingChanged(()),
    )
    for event in (eg.subscribed(), Skip(eg.position(3)), *own):
        with pytest.raises(ValueError, match="v=2"):
            encode_event(event, tenant_id=eg.TENANT, v2=False)


def test_a_percent_sign_never_stands_in_a_frame() -> None:
    event = eg.new_comment(comment=eg.comment(text="100 % %41", html="100 % %41"))
    frame = encode_event(event, tenant_id=eg.TENANT, v2=False)
    assert "%" not in frame
    assert json.loads(frame)["comment"]["comment"] == "100 % %41"


def test_text_beyond_ascii_goes_out_as_it_is() -> None:
    event = eg.new_comment(comment=eg.comment(text="мокро ☔"))
    assert "мокро ☔" in encode_event(event, tenant_id=eg.TENANT, v2=False)


@given(strategies.events)
def test_a_frame_that_was_percent_encoded_is_read(event: LiveEvent) -> None:
    frame = encode_event(event, tenant_id=eg.TENANT, v2=True)
    assert decode_event(quote(frame)) == decode_event(frame)
    assert decode_event(quote(frame).encode()) == decode_event(frame)
    lower = quote(frame).replace("%7B", "%7b", 1)
    assert decode_event(lower) == decode_event(lower.encode()) == decode_event(frame)


@pytest.mark.parametrize("frame", ["%20%7B%22type%22%3A%22x%22%7D", "%5B%5D", "{%22type%22:1}"])
def test_only_what_starts_with_an_encoded_brace_is_decoded(frame: str) -> None:
    with pytest.raises(MalformedMessage):
        decode_event(frame)


# Image chats: size


@pytest.mark.parametrize("v2", [False, True])
@given(event=strategies.image_chat_events)
def test_an_image_chat_frame_stays_under_1_kb(event: LiveEvent, v2: bool) -> None:
    if isinstance(event, ImageChatUpdated) and v2:
        event = replace(event, comment=None)
    assert len(encode_event(event, tenant_id=eg.TENANT, v2=v2).encode()) < 1_024


@pytest.mark.parametrize("v2", [False, True])
@pytest.mark.parametrize("character", ["x", "я", "☔", "🌧", '"', "%", "\x01"])
@pytest.mark.parametrize("length", [100, 300, 900])
def test_whatever_is_long_in_it_it_stays_under_1_kb(v2: bool, character: str, length: int) -> None:
    long = character * length
    url_id = UrlId(f"{eg.IMAGE}:{long}:25.5:30.25")
    user_id = UserId(f"demo:{long}")
    stamp = eg.stamp(actor_id=user_id, broadcast_id=BroadcastId("b" * 100))
    conversation = eg.conversation(
        url_id=url_id,
        src=long,
        commenter_name=long,
        user_id=user_id,
        resolved_by=user_id,
        id=ConversationId("i" * 64),
    )
    for event in (
        NewImageChat(stamp, conversation),
        ImageChatUpdated(stamp, conversation, "resolved"),
        DeletedImageChat(stamp, conversation.id, url_id),
    ):
        frame = encode_event(event, tenant_id=eg.TENANT, v2=v2)
        assert len(frame.encode()) < 1_024
        chat = json.loads(frame)["imageChat"]
        assert chat["_id"] == conversation.id
        read = decode_event(frame)
        reload = "partial" in chat and not isinstance(event, DeletedImageChat)
        assert type(read) is (ImageChatsStale if reload else type(event))
        assert isinstance(read, NewImageChat | ImageChatUpdated | DeletedImageChat | ImageChatsStale)
        if v2:
            assert read.stamp.position == stamp.position


def test_a_frame_sheds_the_name_first_then_the_source_then_the_key() -> None:
    def shed(length: int) -> set[str]:
        conversation = eg.conversation(commenter_name="n" * 200, src="s" * length, url_id=UrlId("u" * length))
        chat: dict[str, Any] = plain(eg.new_image_chat(conversation=conversation))["imageChat"]
        return {"commenterName", "src", "urlId"} - chat.keys()

    shed_at = [shed(length) for length in (10, 290, 500, 900)]
    assert shed_at == [set(), {"commenterName"}, {"commenterName", "src"}, {"commenterName", "src", "urlId"}]


def test_a_frame_of_1023_bytes_is_whole_and_of_1024_is_not() -> None:
    def frame(length: int) -> str:
        event = eg.new_image_chat(conversation=eg.conversation(commenter_name="n" * length))
        return encode_event(event, tenant_id=eg.TENANT, v2=True)

    room = 1_023 - len(frame(1)) + 1
    assert len(frame(room)) == 1_023
    assert "partial" not in frame(room)
    assert "partial" in frame(room + 1)


def test_a_frame_too_long_for_all_else_still_says_who_if_it_can() -> None:
    def who(length: int) -> object:
        user_id = UserId("u" * length)
        conversation = eg.conversation(user_id=user_id, resolved_by=user_id)
        frame = extended(eg.new_image_chat(stamp=eg.stamp(actor_id=user_id), conversation=conversation))
        assert frame["imageChat"] == {"_id": "ic_1", "partial": True}
        return frame.get("userId")

    assert who(500) == "u" * 500
    assert who(900) is None


def test_what_cannot_be_used_is_passed_on_as_reload() -> None:
    assert plain(ImageChatsStale(Stamp(), "new-image-chat")) == {
        "type": "new-image-chat",
        "imageChat": {"partial": True},
    }


def test_a_frame_that_shed_something_means_reload() -> None:
    event = eg.new_image_chat(conversation=eg.conversation(commenter_name="n" * 2_000))
    frame = extended(event)
    assert frame["imageChat"]["partial"] is True
    assert decoded(frame) == ImageChatsStale(event.stamp, "new-image-chat")


def test_an_update_keeps_its_comment_however_long() -> None:
    reply = eg.comment(text="x" * 2_000, html="x" * 2_000)
    event = eg.image_chat_updated(comment=reply)
    assert decoded(extended(event)) == event


# Reading what others write


@pytest.mark.parametrize("place", ["imageChat", "conversation", "chat", None])
@pytest.mark.parametrize("key", ["_id", "id", "chatId"])
def test_hosted_forms_of_an_image_chat_are_understood(place: str | None, key: str) -> None:
    chat = {key: "ic_9", "urlId": "k", "x": 1, "y": 99.5, "someday": {"new": []}}
    frame = {"type": "new-image-chat", "timestamp": 1.7e12, "broadcastId": "b"}
    event = decoded(frame | ({place: chat} if place else chat))
    assert isinstance(event, NewImageChat)
    assert (event.conversation.id, event.conversation.url_id) == ("ic_9", "k")
    assert event.conversation.point == eg.point(1.0, 99.5)
    assert event.stamp.timestamp_ms == 1_700_000_000_000


def test_an_image_chat_goes_by_its_first_known_place_and_id() -> None:
    chat = {"_id": "right", "id": "wrong", "urlId": "k", "x": 1, "y": 2}
    other = {"_id": "other", "urlId": "k", "x": 1, "y": 2}
    event = decoded({"type": "new-image-chat", "imageChat": chat, "chat": other})
    assert isinstance(event, NewImageChat)
    assert event.conversation.id == "right"


@pytest.mark.parametrize(
    "payload",
    [
        {},
        {"imageChat": None},
        {"imageChat": "ic_1"},
        {"imageChat": {"_id": ""}},
        {"imageChat": {"_id": 7, "urlId": "k", "x": 1, "y": 2}},
        {"imageChat": {"urlId": "k", "x": 1, "y": 2}},
        {"imageChat": {"_id": "a", "urlId": "k", "x": 100.1, "y": 2}},
        {"imageChat": {"_id": "a", "urlId": "k", "x": -0.1, "y": 2}},
        {"imageChat": {"_id": "a", "urlId": "k", "x": True, "y": 2}},
        {"imageChat": {"_id": "a", "urlId": "k", "x": "1", "y": 2}},
        {"imageChat": {"_id": "a", "x": 1, "y": 2}},
        {"imageChat": {"_id": "a", "urlId": "k", "x": 1, "y": 2, "partial": True}},
    ],
)
@pytest.mark.parametrize("kind", ["new-image-chat", "image-chat-updated"])
def test_an_image_chat_that_cannot_be_used_means_reload(kind: str, payload: dict[str, Any]) -> None:
    event = decoded({"type": kind, "seq": 7, "epoch": "e"} | payload)
    assert event == ImageChatsStale(Stamp(position=Position("e", 7)), kind)


@pytest.mark.parametrize("place", ["imageChat", "conversation", "chat", None])
@pytest.mark.parametrize("key", ["_id", "id", "chatId"])
def test_hosted_forms_of_a_deleted_marker_are_understood(place: str | None, key: str) -> None:
    frame: dict[str, Any] = {"type": "deleted-image-chat"}
    event = decoded(frame | ({place: {key: "ic_9"}} if place else {key: "ic_9"}))
    assert event == DeletedImageChat(Stamp(), ConversationId("ic_9"))


def test_a_deleted_marker_without_an_id_means_reload() -> None:
    assert decoded({"type": "deleted-image-chat"}) == ImageChatsStale(Stamp(), "deleted-image-chat")


def test_an_update_with_an_unusable_comment_means_reload() -> None:
    event = decoded(IMAGE_CHAT_UPDATED | {"comment": {"text": "no id"}})
    assert isinstance(event, ImageChatsStale)


def test_null_and_missing_are_the_same_for_what_is_optional() -> None:
    full = decoded({"type": "new-comment", "comment": {"_id": "c", **dict.fromkeys(_COMMENT_STATE)}})
    bare = decoded({"type": "new-comment", "comment": {"_id": "c"}})
    assert full == bare
    assert isinstance(bare, NewComment)
    assert (bare.comment.verified, bare.comment.approved, bare.comment.text) == (True, True, None)


def test_an_update_tells_which_fields_it_held() -> None:
    event = decoded({"type": "updated-comment", "comment": {"_id": "c", "isPinned": True, "parentId": None}})
    assert isinstance(event, UpdatedComment)
    assert event.present == {"id", "is_pinned", "parent_id"}
    whole = eg.comment(
        anon_user_id=UserId("anon:1"),
        page_title="t",
        edited_at_ms=eg.T0,
        number=2,
        avatar_src="https://example.com/a.png",
        commenter_link="https://example.com",
        display_label="Team",
    )
    event = decoded(extended(eg.updated_comment(comment=whole)))
    assert isinstance(event, UpdatedComment)
    assert event.present == set(Comment.__struct_fields__)


def test_a_deletion_without_a_body_still_names_its_comment() -> None:
    event = decoded({"type": "deleted-comment", "comment": {"_id": "c_9"}})
    assert isinstance(event, DeletedComment)
    assert event.comment_id == "c_9"
    frame = plain(DeletedComment(eg.stamp(), CommentId("c_9")))
    assert breaches("LiveEvent", frame) == []


def test_a_reset_may_say_why() -> None:
    assert decoded({"type": "reset"}) == Reset("")
    assert decoded({"type": "reset", "reason": "epoch"}) == Reset("epoch")


def test_an_unknown_event_keeps_its_place_in_the_log() -> None:
    event = decoded(
        {"type": "page-react", "timestamp": 5, "broadcastId": "b", "seq": 9, "epoch": "e", "x": "?"}
    )
    assert event == UnknownEvent("page-react", Stamp(5, BroadcastId("b"), None, Position("e", 9)))


def test_comments_and_votes_go_by_either_name_of_their_id() -> None:
    comment = decoded({"type": "new-comment", "comment": {"id": "c_9"}})
    vote = decoded({"type": "new-vote", "vote": {"id": "v_9", "commentId": "c_9", "direction": -1.0}})
    assert isinstance(comment, NewComment)
    assert isinstance(vote, VoteChanged)
    assert (comment.comment.id, vote.vote.id, vote.vote.direction) == ("c_9", "v_9", -1)


def test_an_echo_id_is_also_found_under_its_second_name() -> None:
    event = decoded({"type": "thread-state-change", "bId": "b7", "isClosed": False})
    assert isinstance(event, ThreadStateChange)
    assert event.stamp.broadcast_id == "b7"


def test_the_actor_is_who_the_frame_names_else_who_wrote_it() -> None:
    named = decoded(NEW_COMMENT | {"userId": "demo:bob", "seq": 1, "epoch": "e"})
    hosted = decoded(NEW_COMMENT)
    ours_without = decoded(NEW_COMMENT | {"seq": 1, "epoch": "e"})
    vote = decoded(NEW_VOTE)
    assert isinstance(named, NewComment)
    assert isinstance(hosted, NewComment)
    assert isinstance(ours_without, NewComment)
    assert isinstance(vote, VoteChanged)
    assert named.stamp.actor_id == "demo:bob"
    assert hosted.stamp.actor_id == "demo:alice"
    assert ours_without.stamp.actor_id is None
    assert vote.stamp.actor_id == "demo:bob"


@pytest.mark.parametrize(
    ("frame", "key"),
    [
        ({}, "type"),
        ({"type": 3}, "type"),
        ({"type": None}, "type"),
        ({"type": "new-comment"}, "comment"),
        ({"type": "new-comment", "comment": []}, "comment"),
        ({"type": "new-comment", "comment": {}}, "comment._id"),
        ({"type": "new-comment", "comment": {"_id": "c", "votes": "3"}}, "comment.votes"),
        ({"type": "new-comment", "comment": {"_id": "c", "votes": 1.5}}, "comment.votes"),
        ({"type": "new-comment", "comment": {"_id": "c", "votes": 1e300}}, "comment.votes"),
        ({"type": "new-comment", "comment": {"_id": "c", "approved": "no"}}, "comment.approved"),
        ({"type": "new-comment", "comment": {"_id": "c", "date": "yesterday"}}, "comment.date"),
        (
            {"type": "new-comment", "comment": {"_id": "c", "date": "9999-12-31T23:59:59-23:59"}},
            "comment.date",
        ),
        (
            {"type": "new-comment", "comment": {"_id": "c", "date": "0001-01-01T00:00:00+23:59"}},
            "comment.date",
        ),
        ({"type": "new-vote", "vote": {"_id": "v", "commentId": "c", "direction": 2}}, "vote.direction"),
        ({"type": "new-vote", "vote": {"_id": "v", "commentId": "c", "direction": True}}, "vote.direction"),
        ({"type": "new-vote", "vote": {"_id": "v", "direction": 1}}, "vote.commentId"),
        ({"type": "p-u", "uj": "demo:bob"}, "uj"),
        ({"type": "p-u", "ul": [1]}, "ul[0]"),
        ({"type": "skip"}, "seq"),
        ({"type": "skip", "seq": 3}, "epoch"),
        ({"type": "skip", "seq": -3, "epoch": "e"}, "seq"),
        ({"type": "subscribed", "seq": 3, "epoch": "e"}, "serverTime"),
        ({"type": "cursor", "userId": "u", "x": 1, "y": 101}, "y"),
        ({"type": "x", "timestamp": -1}, "timestamp"),
        ({"type": "x", "timestamp": 2**60}, "timestamp"),
        ({"type": "x", "seq": 1.5, "epoch": "e"}, "seq"),
    ],
)
def test_a_broken_frame_is_refused_by_key(frame: dict[str, Any], key: str) -> None:
    with pytest.raises(MalformedMessage) as caught:
        decoded(frame)
    assert caught.value.key == key


@given(st.binary(max_size=120) | st.text(max_size=120) | st.text('%7BbdD"{}', max_size=30))
def test_any_frame_is_an_event_or_malformed(frame: str | bytes) -> None:
    with suppress(MalformedMessage):
        decode_event(frame)


_junk = strategies.junk(st.sampled_from(list(_COMMENT)))
_KEYS = sorted(
    {key for sample in SAMPLES for key in sample}
    | {"seq", "epoch", "eventId", "userId", "serverTime", "x", "y", "_id", "urlId"}
)


@given(
    kind=st.sampled_from(
        [sample["type"] for sample in SAMPLES] + ["skip", "reset", "subscribed", "cursor", "read-state"]
    ),
    junk=st.dictionaries(st.sampled_from(_KEYS), _junk, max_size=5),
)
def test_any_object_is_an_event_or_malformed(kind: str, junk: dict[str, object]) -> None:
    frame = json.dumps(junk | {"type": kind})
    try:
        event = decode_event(frame)
    except MalformedMessage:
        return
    decode_event(encode_event(event, tenant_id=eg.TENANT, v2=True))


@given(sample=st.sampled_from(SAMPLES), path=st.randoms(use_true_random=False), junk=_junk)
def test_a_frame_with_one_broken_value_is_an_event_or_malformed(
    sample: dict[str, Any], path: Any, junk: object
) -> None:
    broken = json.loads(json.dumps(sample))
    place = broken
    key = path.choice(sorted(place))
    if isinstance(place[key], dict):
        place = place[key]
        key = path.choice(sorted(place))
    place[key] = junk
    with suppress(MalformedMessage):
        decode_event(json.dumps(broken))
