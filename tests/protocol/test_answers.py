"""Answers: the server writes what the OpenAPI file lists and no more, the client reads what anybody writes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from imagechat_tui.protocol import codec
from imagechat_tui.protocol.codec import JsonObject
from imagechat_tui.protocol.ids import CommentId, ConversationId, UrlId, UserId
from imagechat_tui.protocol.models import Comment, Conversation, Own, Point, User
from imagechat_tui.protocol.routes import (
    Branch,
    CommentList,
    CommentReply,
    ConversationList,
    ConversationReply,
    EditReply,
    EventLog,
    RoomIds,
    UsersOnline,
)
from tests import examples as eg
from tests.protocol import strategies
from tests.protocol.openapi import breaches

DEMO = eg.TENANT
OURS = {"own", "seq", "epoch", "eventId", "comments", "readOnly", "bannedUntil"}
"""What a list of conversations holds for v=2 readers only."""


def sent(answer: JsonObject) -> JsonObject:
    """An answer as it arrives."""
    return codec.parse_object(codec.dump_json(answer))


def publicly(comment: Comment) -> Comment:
    """A comment without what plain answers do not tell of it."""
    return replace(comment, text=None, url="", page_title="", locale=None, edited_at_ms=None, number=None)


def plain_conversation(conversation: Conversation) -> Conversation:
    """What plain readers hear of it."""
    return replace(conversation, version=None, closed=False)


# Round trips


@given(strategies.conversation_lists)
def test_a_list_of_conversations_for_v2_says_everything(answer: ConversationList) -> None:
    wire = sent(codec.encode_conversation_list(answer, tenant_id=DEMO, v2=True))
    assert codec.decode_conversation_list(wire) == answer


@given(strategies.conversation_lists)
def test_a_plain_list_of_conversations_says_the_documented_rest(answer: ConversationList) -> None:
    wire = sent(codec.encode_conversation_list(answer, tenant_id=DEMO, v2=False))
    assert not wire.keys() & OURS
    conversations = tuple(map(plain_conversation, answer.conversations))
    plain = replace(
        answer,
        conversations=conversations,
        position=None,
        comments=(),
        read_only=False,
        banned_until_ms=None,
        own=Own(),
    )
    assert codec.decode_conversation_list(wire) == plain


@given(strategies.conversation_replies)
def test_a_conversation_that_was_made_or_changed(reply: ConversationReply) -> None:
    wire = sent(codec.encode_conversation_reply(reply, tenant_id=DEMO, v2=True))
    assert codec.succeeded(wire)
    assert codec.decode_conversation_reply(wire) == reply


@given(strategies.conversation_replies)
def test_a_plain_answer_about_a_conversation_says_the_documented_rest(reply: ConversationReply) -> None:
    wire = sent(codec.encode_conversation_reply(reply, tenant_id=DEMO, v2=False))
    told = None if reply.conversation is None else plain_conversation(reply.conversation)
    assert codec.decode_conversation_reply(wire) == replace(reply, conversation=told)


@given(strategies.comment_lists)
def test_a_list_of_comments_for_v2_says_everything(answer: CommentList) -> None:
    wire = sent(codec.encode_comment_list(answer, tenant_id=DEMO, v2=True))
    assert codec.decode_comment_list(wire) == answer


@given(strategies.comment_lists)
def test_a_plain_list_of_comments_says_the_documented_rest(answer: CommentList) -> None:
    wire = sent(codec.encode_comment_list(answer, tenant_id=DEMO, v2=False))
    assert breaches("GetCommentsResponseWithPresence", wire) == []
    plain = tuple(replace(publicly(comment), url_id=eg.THREAD) for comment in answer.comments)
    expected = replace(answer, comments=plain, position=None)
    assert codec.decode_comment_list(wire, url_id=eg.THREAD) == expected


@pytest.mark.parametrize("v2", [False, True])
def test_a_tree_is_nested_and_is_read_flat(v2: bool) -> None:
    comments = tuple(
        eg.comment(id=CommentId(f"c_{n}"), parent_id=CommentId(f"c_{n - 1}") if n else None) for n in range(3)
    )
    ids = [comment.id for comment in comments]
    branches = {
        ids[0]: Branch((ids[1],), True, 1, 2),
        ids[1]: Branch((ids[2],), True, 1, 1),
        ids[2]: Branch((), True),
    }
    answer = eg.comment_list(comments=comments, branches=branches)
    wire = sent(codec.encode_comment_list(answer, tenant_id=DEMO, v2=v2))
    if not v2:
        assert breaches("GetCommentsResponseWithPresence", wire) == []
    told: object = wire["comments"]
    for place, counts in enumerate(((1, 2), (1, 1), (None, None))):
        assert isinstance(told, list)
        (comment,) = told
        assert (comment["_id"], comment["hasChildren"]) == (ids[place], True)
        assert (comment.get("childCount"), comment.get("nestedChildrenCount")) == counts
        told = comment["children"]
    assert told == []
    flat = sent(codec.encode_comment_list(replace(answer, branches=None), tenant_id=DEMO, v2=v2))
    assert codec.decode_comment_list(wire) == codec.decode_comment_list(flat)


@given(strategies.comment_replies)
def test_a_comment_that_was_made(reply: CommentReply) -> None:
    full = sent(codec.encode_comment_reply(reply, tenant_id=DEMO, v2=True))
    assert codec.decode_comment_reply(full) == reply
    plain = sent(codec.encode_comment_reply(reply, tenant_id=DEMO))
    assert breaches("SaveCommentsResponseWithPresence", plain) == []
    made = replace(publicly(reply.comment), url_id=eg.THREAD)
    assert codec.decode_comment_reply(plain, url_id=eg.THREAD) == replace(reply, comment=made)


@given(strategies.texts, st.booleans())
def test_a_comment_that_was_edited(html: str, approved: bool) -> None:
    wire = sent(codec.encode_edit_reply(EditReply(html, approved)))
    assert breaches("PublicAPISetCommentTextResponse", wire) == []
    assert codec.decode_edit_reply(wire) == EditReply(html, approved)


@given(strategies.texts)
def test_the_source_of_a_comment(text: str) -> None:
    wire = sent(codec.encode_comment_text(text))
    assert breaches("PublicAPIGetCommentTextResponse", wire) == []
    assert codec.decode_comment_text(wire) == text


@given(strategies.event_logs)
def test_the_event_log(log: EventLog) -> None:
    wire = sent(codec.encode_event_log(log))
    assert breaches("GetEventLogResponse", wire) == []
    assert codec.decode_event_log(wire, complete=log.complete) == log


@given(strategies.users_online)
def test_who_is_online(online: UsersOnline) -> None:
    wire = sent(codec.encode_users_online(online))
    assert breaches("PageUsersOnlineResponse", wire) == []
    assert codec.decode_users_online(wire) == replace(online, viewing=())
    assert codec.decode_users_online(sent(codec.encode_users_online(online, v2=True))) == online


@given(st.lists(strategies.users, max_size=3))
def test_users_in_presence_lists_are_what_the_openapi_file_lists(users: list[User]) -> None:
    assert breaches("PageUsersInfoResponse", sent(codec.encode_users_info(users))) == []


@given(strategies.users)
def test_the_asking_user(user: User) -> None:
    wire = sent(codec.encode_user(user))
    assert breaches("UserSessionInfo", wire) == []
    assert codec.decode_user(wire) == user


@given(st.dictionaries(strategies.user_ids, st.booleans(), max_size=3))
def test_presence(online: dict[UserId, bool]) -> None:
    wire = sent(codec.encode_presence_status(online))
    assert breaches("GetUserPresenceStatusesResponse", wire) == []
    assert wire["userIdsOnline"] == online


def test_answers_that_have_nothing_to_say() -> None:
    assert breaches("APIEmptyResponse", codec.encode_success()) == []
    assert codec.encode_comment_deleted() == {"status": "success", "hardRemoved": True}


# What exactly is written


def test_a_plain_list_of_conversations_is_the_documented_sample() -> None:
    answer = eg.conversation_list(
        conversations=(eg.conversation(number=None, commenter_name="", comment_count=2),),
        position=eg.position(3),
    )
    assert codec.encode_conversation_list(answer, tenant_id=DEMO, v2=False) == {
        "status": "success",
        "user": {
            "id": "demo:alice",
            "authorized": True,
            "username": "alice",
            "displayName": "Alice",
            "avatarSrc": None,
            "isAnonSession": False,
        },
        "conversations": [
            {
                "_id": "ic_1",
                "urlId": eg.THREAD,
                "x": 25.5,
                "y": 30.25,
                "src": eg.SRC,
                "createdFromCommentId": "c_1",
                "userId": "demo:alice",
                "commentCount": 2,
                "lastCommentAt": eg.T0 + 500,
                "createdAt": eg.T0 + 1_000,
                "resolved": False,
            }
        ],
        "urlIdClean": "gallery-42",
        "isSiteAdmin": False,
        "tenantIdWS": "demo",
        "urlIdWS": "r1Zk0yB3pQm8s5XvTe1uWcNaLd",
        "userIdWS": "u1.eyJ0IjoiZGVtbyJ9.c2ln",
        "serverTime": eg.T0 + 100_000,
    }


def test_keys_that_strict_clients_look_for_are_there_even_if_null() -> None:
    plain = codec.encode_comment_list(eg.comment_list(user=None), tenant_id=DEMO, v2=False)
    assert plain["user"] is None
    nowhen = codec.encode_comment_reply(CommentReply(eg.comment(date_ms=None)), tenant_id=DEMO)
    assert nowhen["user"] is None
    made = nowhen["comment"]
    assert isinstance(made, dict)
    assert made["date"] is None
    assert made["parentId"] is None


def test_the_answer_to_a_new_marker_names_it_and_that_to_a_change_does_not() -> None:
    reply = eg.conversation_reply()
    made = codec.encode_conversation_reply(reply, tenant_id=DEMO, v2=True)
    changed = codec.encode_conversation_reply(
        replace(reply, comment=None), tenant_id=DEMO, v2=True, created=False
    )
    assert made["createdChatId"] == "ic_1"
    assert set(changed) == {"status", "conversation"}
    assert codec.decode_conversation_reply(changed).id == "ic_1"


def test_who_wishes_to_stay_private_is_marked_and_not_named() -> None:
    private = eg.user(is_private=True, avatar_src="https://example.com/a.png")
    people = [User(UserId("demo:x")), eg.bob(), eg.user(display_name=""), private]
    entries = codec.encode_users_info(people)["users"]
    assert entries == [
        {"id": "demo:x", "displayName": "", "isPrivate": True},
        {"id": "demo:bob", "displayName": "Bob"},
        {"id": "demo:alice", "displayName": "alice"},
        {"id": "demo:alice", "displayName": "", "isPrivate": True},
    ]


# What others write


def test_four_documented_fields_make_a_conversation() -> None:
    wire: JsonObject = {
        "status": "success",
        "conversations": [{"_id": "ic_1", "urlId": "k:s:1:2", "x": 1, "y": 2}],
    }
    answer = codec.decode_conversation_list(wire)
    assert answer == ConversationList(answer.conversations, UrlId(""), None)
    (conversation,) = answer.conversations
    assert (conversation.id, conversation.url_id, conversation.point) == ("ic_1", "k:s:1:2", Point(1.0, 2.0))
    assert (conversation.comment_count, conversation.src, conversation.author_id) == (None, None, None)


def test_hosted_extras_nulls_and_floats_do_no_harm() -> None:
    chat = {"id": "ic_1", "urlId": "k", "x": 1, "y": 2.0, "src": None, "commentCount": 3.0, "createdAt": 1.7e12,
            "userId": None, "userHasReadTOS": {"x": []}}  # fmt: skip
    wire: JsonObject = {
        "conversations": [chat],
        "user": None,
        "isSiteAdmin": None,
        "customConfig": {},
        "serverTime": None,
    }
    (conversation,) = codec.decode_conversation_list(wire).conversations
    assert (conversation.id, conversation.comment_count) == ("ic_1", 3)
    assert conversation.created_at_ms == 1_700_000_000_000


UNREADABLE = [
    {},
    {"_id": "", "urlId": "k", "x": 1, "y": 2},
    {"_id": "ic_9", "urlId": "k", "x": 101, "y": 2},
    {"_id": "ic_9", "urlId": "k", "x": 1, "y": 2, "createdAt": "yesterday"},
    "ic_9",
    None,
]
"""Conversations that nobody can put on a picture."""


@pytest.mark.parametrize("bad", UNREADABLE)
def test_a_conversation_of_a_hosted_list_that_cannot_be_read_harms_only_itself(bad: object) -> None:
    good = [{"_id": f"ic_{n}", "urlId": f"k{n}", "x": n, "y": n} for n in (1, 2)]
    wire: JsonObject = {"conversations": [good[0], bad, good[1], bad]}
    answer = codec.decode_conversation_list(wire, tolerant=True)
    assert [conversation.id for conversation in answer.conversations] == ["ic_1", "ic_2"]
    assert answer.left_out == 2
    with pytest.raises(codec.MalformedMessage, match=r"conversations\[1\]"):
        codec.decode_conversation_list(wire)


@pytest.mark.parametrize("bad", [{}, {"_id": "c_9", "date": "yesterday"}, "c_9", None])
def test_a_comment_of_a_hosted_thread_that_cannot_be_read_harms_only_itself(bad: object) -> None:
    wire: JsonObject = {"comments": [{"_id": "1", "children": [bad, {"_id": "2"}]}, bad, {"_id": "3"}]}
    answer = codec.decode_comment_list(wire, url_id=eg.THREAD, tolerant=True)
    assert [comment.id for comment in answer.comments] == ["1", "2", "3"]
    assert answer.left_out == 2
    with pytest.raises(codec.MalformedMessage):
        codec.decode_comment_list(wire, url_id=eg.THREAD)


def test_a_hosted_list_that_is_none_is_still_refused() -> None:
    wires: list[JsonObject] = [{}, {"conversations": {}}, {"conversations": [], "isSiteAdmin": "no"}]
    for wire in wires:
        with pytest.raises(codec.MalformedMessage):
            codec.decode_conversation_list(wire, tolerant=True)


def test_the_user_of_a_list_is_staff_if_the_list_says_so() -> None:
    wire: JsonObject = {"conversations": [], "isSiteAdmin": True, "user": {"id": "demo:a"}}
    user = codec.decode_conversation_list(wire).user
    assert user == User(UserId("demo:a"), is_admin=True)


def test_a_session_without_a_user_has_no_id() -> None:
    user = codec.decode_user({"isAnonSession": True, "sessionId": "s"})
    assert user == User(UserId(""), is_anonymous=True, session_id="s")


@pytest.mark.parametrize("missing", ["tenantIdWS", "urlIdWS"])
def test_without_its_ids_a_room_has_no_socket(missing: str) -> None:
    ids: JsonObject = {"tenantIdWS": "demo", "urlIdWS": "r1", "userIdWS": "u1"}
    whole = codec.decode_conversation_list({"conversations": [], **ids})
    assert whole.room == RoomIds("demo", "r1", "u1")
    for absent in (None, ""):
        assert codec.decode_conversation_list({"conversations": [], **ids, missing: absent}).room is None
    stranger = codec.decode_conversation_list({"conversations": [], **ids, "userIdWS": None})
    assert stranger.room == RoomIds("demo", "r1", "")


def test_a_tree_of_comments_comes_out_flat_each_before_its_replies() -> None:
    tree = [
        {
            "_id": "1",
            "children": [{"_id": "2", "parentId": "1", "children": [{"_id": "3", "parentId": "2"}]}],
        },
        {"_id": "4", "children": None},
        {"_id": "5", "children": []},
    ]
    comments = codec.decode_comment_list({"comments": tree}, url_id=eg.THREAD).comments
    assert [comment.id for comment in comments] == ["1", "2", "3", "4", "5"]
    assert {comment.url_id for comment in comments} == {eg.THREAD}


def test_a_thread_is_named_by_who_asked_else_by_the_answer() -> None:
    wire: JsonObject = {"comments": [{"_id": "1"}], "urlIdClean": "clean"}
    asked = codec.decode_comment_list(wire, url_id=UrlId("asked"))
    assert (asked.comments[0].url_id, asked.url_id_clean) == ("asked", "clean")
    told = codec.decode_comment_list(wire)
    assert (told.comments[0].url_id, told.url_id_clean) == ("clean", "clean")
    assert codec.decode_comment_list({"comments": []}, url_id=UrlId("asked")).url_id_clean == "asked"


def test_a_conversation_of_two_steps_is_named_by_its_id_alone() -> None:
    assert codec.decode_conversation_reply({"createdChatId": "ic_9"}) == ConversationReply(
        ConversationId("ic_9")
    )


def test_an_edit_that_says_no_more_is_approved() -> None:
    assert codec.decode_edit_reply({"comment": {"commentHTML": "x"}}) == EditReply("x", approved=True)


def test_one_bad_event_of_a_log_harms_only_itself() -> None:
    entry: JsonObject = {
        "_id": "e",
        "createdAt": "2026-01-01T00:00:00.500Z",
        "tenantId": "demo",
        "urlId": "k",
        "data": "{nonsense",
    }
    (read,) = codec.decode_event_log({"events": [entry]}).entries
    assert (read.data, read.created_at_ms, read.broadcast_id) == ("{nonsense", eg.T0 + 500, "")
    (other,) = codec.decode_event_log({"events": [entry | {"_id": None, "id": "e2"}]}).entries
    assert (read.id, other.id) == ("e", "e2")


@pytest.mark.parametrize("status", ["failed", "error", "", None, True, 200, "Success"])
def test_only_success_is_success(status: object) -> None:
    assert codec.succeeded({"status": "success", "code": "x"})
    assert not codec.succeeded({"status": status})
    assert not codec.succeeded({})


def test_a_placeholder_of_a_deleted_comment_is_recognised() -> None:
    wire: JsonObject = {
        "comments": [{"_id": "c", "isDeleted": True, "commentHTML": "[deleted]", "commenterName": None}]
    }
    (comment,) = codec.decode_comment_list(wire, url_id=eg.THREAD).comments
    assert comment == Comment(CommentId("c"), eg.THREAD, html="[deleted]", is_deleted=True)
