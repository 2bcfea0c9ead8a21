"""Requests: what the client writes the server reads, and what official SDKs write is understood."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from imagechat_tui.protocol import codec
from imagechat_tui.protocol.codec import ClientCursor, ClientViewing, JsonObject, MalformedMessage
from imagechat_tui.protocol.ids import BroadcastId, CommentId, UrlId
from imagechat_tui.protocol.models import Point, Position
from imagechat_tui.protocol.routes import (
    CreateComment,
    CreateConversation,
    Direction,
    EditComment,
    EventLogQuery,
    ListComments,
    RoomIds,
    UpdateConversation,
)
from tests import examples as eg
from tests.protocol import strategies
from tests.protocol.openapi import breaches

CREATE: dict[str, Any] = {
    "urlId": "gallery-42",
    "windowUrlId": "gallery-42:/img/trail.jpg:25.5:30.25",
    "pageTitle": "Gallery 42",
    "src": "/img/trail.jpg",
    "x": 25.5,
    "y": 30.25,
    "createdFromCommentId": "c_1",
    "broadcastId": "550e8400-e29b-41d4-a716-446655440000",
}
"""The body of PROTOCOL 3.2."""
COMMENT: dict[str, Any] = {
    "urlId": "gallery-42:/img/trail.jpg:25.5:30.25",
    "url": "https://example.com/gallery/42",
    "pageTitle": "Gallery 42",
    "commenterName": "alice",
    "commenterEmail": "alice@example.com",
    "comment": "Trail is **wet**",
    "parentId": None,
    "date": 1767225600000,
    "productId": 2,
}
"""The body of PROTOCOL 4.2."""
QUERY = {"urlId": "gallery-42:/img/trail.jpg:25.5:30.25", "broadcastId": "b1"}


def sent(body: JsonObject) -> JsonObject:
    """A body as it arrives."""
    return codec.parse_object(codec.dump_json(body))


def refused(read: Callable[[], object]) -> str:
    """The key that is named when a request is refused."""
    with pytest.raises(MalformedMessage) as caught:
        read()
    return caught.value.key


# Round trips


@given(strategies.url_ids, st.booleans())
def test_asking_for_conversations(url_id: UrlId, v2: bool) -> None:
    query = codec.encode_list_conversations(url_id, v2=v2)
    assert codec.decode_list_conversations(query) == url_id
    assert codec.wants_v2(query) == v2


@given(strategies.create_conversations)
def test_creating_a_conversation(create: CreateConversation) -> None:
    assert codec.decode_create_conversation(sent(codec.encode_create_conversation(create)), v2=True) == create


@given(strategies.create_conversations, strategies.junk())
def test_a_version_means_nothing_to_who_did_not_ask_for_extensions(
    create: CreateConversation, version: object
) -> None:
    body = sent(codec.encode_create_conversation(create) | {"version": 2}) | {"version": version}
    assert codec.decode_create_conversation(body, v2=False) == replace(create, version=None)


@given(strategies.url_ids, strategies.counts)
def test_asking_where_markers_are(url_id: UrlId, version: int) -> None:
    query = codec.encode_placements_query(url_id, version)
    assert codec.decode_placements_query(query) == (url_id, version)
    assert codec.wants_v2(query)


@given(strategies.update_conversations)
def test_updating_a_conversation(update: UpdateConversation) -> None:
    assert codec.decode_update_conversation(sent(codec.encode_update_conversation(update))) == update


@given(strategies.list_comments)
def test_asking_for_comments(listing: ListComments) -> None:
    assert codec.decode_list_comments(codec.encode_list_comments(listing)) == listing


@given(strategies.create_comments)
def test_creating_a_comment(create: CreateComment) -> None:
    body = sent(codec.encode_create_comment(create))
    assert codec.decode_create_comment(body, codec.encode_create_comment_query(create)) == create


@given(strategies.comment_ids, strategies.broadcast_ids, strategies.texts)
def test_editing_a_comment(comment_id: CommentId, broadcast_id: BroadcastId, text: str) -> None:
    edit = EditComment(comment_id, broadcast_id, text)
    body, query = sent(codec.encode_edit_comment(edit)), codec.encode_edit_comment_query(edit)
    assert codec.decode_edit_comment(body, query, comment_id) == edit


@given(strategies.event_log_queries)
def test_asking_for_the_event_log(query: EventLogQuery) -> None:
    wire = codec.encode_event_log_query(query)
    assert codec.decode_event_log_query(wire) == query
    assert codec.wants_v2(wire) == (query.after is not None)


@given(strategies.rooms, st.booleans(), st.none() | strategies.positions, st.booleans())
def test_subscribing(room: RoomIds, v2: bool, resume: Position | None, unseen: bool) -> None:
    query = codec.encode_subscribe(room, v2=v2, resume=resume, unseen=unseen)
    assert codec.wants_unseen(query) == (unseen and v2)
    assert codec.decode_subscribe(query) == (replace(room, user_id_ws="") if v2 else room)
    assert codec.wants_v2(query) == v2
    assert codec.decode_resume(query) == (resume if v2 else None)


@given(strategies.points)
def test_pointing(point: Point) -> None:
    assert codec.decode_client_frame(codec.encode_client_cursor(point)) == ClientCursor(point)


def test_telling_what_one_looks_at() -> None:
    assert codec.decode_client_frame(codec.encode_client_viewing(3)) == ClientViewing(3)


@given(strategies.broadcast_ids)
def test_a_broadcast_id_is_found_in_query_or_body(broadcast_id: BroadcastId) -> None:
    wire = codec.encode_broadcast_id(broadcast_id)
    for places in ((wire, {}), ({}, wire), (wire, {"broadcastId": "other"}), ({"broadcastId": ""}, wire)):
        assert codec.decode_broadcast_id(*places) == broadcast_id


# What is written is what PROTOCOL 3.2 and 4.2 list


def test_the_documented_bodies_come_out_as_they_went_in() -> None:
    assert codec.encode_create_conversation(codec.decode_create_conversation(CREATE, v2=True)) == CREATE
    assert codec.encode_create_comment(codec.decode_create_comment(COMMENT, QUERY)) == COMMENT


@given(strategies.create_comments)
def test_a_comment_is_what_the_openapi_file_lists(create: CreateComment) -> None:
    assert breaches("CommentData", codec.encode_create_comment(create)) == []


@given(strategies.texts)
def test_an_edit_is_what_the_openapi_file_lists(text: str) -> None:
    edit = EditComment(CommentId("c"), BroadcastId("b"), text)
    assert breaches("CommentTextUpdateRequest", codec.encode_edit_comment(edit)) == []


def test_a_thread_is_asked_for_flat_oldest_first_and_by_skip() -> None:
    assert codec.encode_list_comments(ListComments(eg.THREAD, skip=200)) == {
        "urlId": eg.THREAD,
        "direction": "OF",
        "skip": "200",
        "limit": "200",
        "countAll": "true",
    }


def test_plain_requests_carry_nothing_of_ours() -> None:
    assert codec.encode_list_conversations(eg.IMAGE, v2=False) == {"urlId": eg.IMAGE}
    assert set(codec.encode_event_log_query(EventLogQuery(eg.IMAGE, "u1", 5))) == {
        "urlId",
        "userIdWS",
        "startTime",
    }
    assert set(codec.encode_subscribe(eg.room_ids(), v2=False)) == {"urlId", "userIdWS", "tenantIdWS"}
    two_steps = eg.create_conversation(comment=None, created_from_comment_id=CommentId("c_1"))
    assert set(codec.encode_create_conversation(two_steps)) == set(CREATE)


def test_a_comment_is_posted_to_its_thread_by_query_too() -> None:
    assert codec.encode_create_comment_query(eg.create_comment()) == {"urlId": eg.THREAD, "broadcastId": "b3"}


def test_whole_percents_go_out_as_integers() -> None:
    body = codec.encode_create_conversation(eg.create_conversation(point=Point(30.0, 25.5)))
    assert json.dumps([body["x"], body["y"]]) == "[30, 25.5]"
    assert codec.encode_client_cursor(Point(30.0, 0.0)) == '{"type":"cursor","x":30,"y":0}'


# Tolerance


def test_unknown_keys_are_ignored() -> None:
    assert codec.decode_create_conversation(
        CREATE | {"someday": {}}, v2=True
    ) == codec.decode_create_conversation(CREATE, v2=True)
    extra = {"isLive": True, "mentions": [], "localDateHours": 3, "localDateString": "x", "avatarSrc": None}
    assert codec.decode_create_comment(COMMENT | extra, QUERY) == codec.decode_create_comment(COMMENT, QUERY)
    query = {"urlId": "k", "sso": "{}", "useFullTranslationIds": "true", "v": "3"}
    assert codec.decode_list_comments(query) == ListComments(
        UrlId("k"), Direction.MOST_RELEVANT, 0, 0, 30, count_all=False
    )


def test_what_official_sdks_ask_is_understood() -> None:
    asked = codec.decode_list_comments(
        {
            "urlId": "k",
            "direction": "NF",
            "skip": "30",
            "limit": "999999",
            "asTree": "true",
            "maxTreeDepth": "1",
            "countChildren": "true",
            "limitChildren": "31",
            "skipChildren": "0",
            "parentId": "null",
            "includeConfig": "true",
        }
    )
    assert asked == ListComments(
        UrlId("k"), Direction.NEWEST_FIRST, None, 30, 999_999, as_tree=True, count_all=False,
        max_tree_depth=1, count_children=True, limit_children=31, include_config=True,
    )  # fmt: skip
    assert codec.decode_list_comments({"urlId": "k", "page": "-1"}).page == -1
    assert codec.decode_list_comments({"urlId": "k", "page": "", "skip": "null"}).skip == 0
    assert codec.decode_list_comments({"urlId": "k", "limit": "5"}).page is None
    assert codec.decode_list_comments({"urlId": "k", "skip": "5"}).page is None
    assert codec.decode_list_comments({"urlId": "k", "asTree": "1", "countAll": "yes"}).as_tree
    assert not codec.decode_list_comments({"urlId": "k", "asTree": "false", "countAll": "yes"}).count_all


def test_a_query_can_name_any_position_there_is() -> None:
    last = Position("e", 2**53)
    query = codec.encode_event_log_query(EventLogQuery(eg.IMAGE, "u1", after=last))
    assert codec.decode_event_log_query(query).after == last


def test_a_position_needs_no_time_and_a_time_no_user() -> None:
    after = codec.decode_event_log_query({"urlId": "k", "seq": "3", "epoch": "e", "v": "2"})
    assert after == EventLogQuery(UrlId("k"), "", 0, None, Position("e", 3))


def test_the_thread_key_of_the_query_wins_and_the_body_helps_out() -> None:
    assert codec.decode_create_comment(COMMENT | {"urlId": "other"}, QUERY).url_id == eg.THREAD
    assert codec.decode_create_comment(COMMENT, {"broadcastId": "b1"}).url_id == eg.THREAD
    assert codec.decode_create_comment(COMMENT, {"broadcastId": "b1", "urlId": ""}).url_id == eg.THREAD


def test_numbers_may_come_with_a_fraction_of_nothing() -> None:
    create = codec.decode_create_comment(COMMENT | {"date": 1.7e12, "productId": 2.0}, QUERY)
    assert (create.date_ms, create.product_id) == (1_700_000_000_000, 2)


@pytest.mark.parametrize("user_id_ws", [{}, {"userIdWS": ""}])
def test_a_socket_without_a_user_is_anonymous(user_id_ws: dict[str, str]) -> None:
    assert codec.decode_subscribe({"urlId": "r1", "tenantIdWS": "demo", **user_id_ws}) == RoomIds(
        "demo", "r1", ""
    )


@pytest.mark.parametrize(
    "text",
    [
        *("ping", "", "{}", "[]", '{"type":"cursor"}', '{"type":"cursor","x":1,"y":101}', "\ud800"),
        *('{"type":"viewing"}', '{"type":"viewing","version":0}', '{"type":"viewing","version":1.5}'),
        *('{"type":"viewing","version":"3"}', '{"type":"viewing","version":[3]}'),
        *('{"type":"viewing","version":true}', '{"type":"viewing","version":1e300}'),
    ],
)
def test_a_frame_of_a_client_that_makes_no_sense_means_nothing(text: str) -> None:
    assert codec.decode_client_frame(text) is None


@given(st.text(max_size=60) | st.text('{}":,typecursox y1.0NaN', max_size=40))
def test_no_frame_of_a_client_is_an_error(text: str) -> None:
    codec.decode_client_frame(text)


# Refusals


@pytest.mark.parametrize("key", sorted(CREATE.keys() - {"pageTitle", "createdFromCommentId"}))
@pytest.mark.parametrize("value", [None, {}, [], True])
def test_a_conversation_names_the_key_that_is_missing_or_wrong(key: str, value: object) -> None:
    without = {name: held for name, held in CREATE.items() if name != key}
    assert refused(lambda: codec.decode_create_conversation(without, v2=True)) == key
    assert refused(lambda: codec.decode_create_conversation(CREATE | {key: value}, v2=True)) == key


@pytest.mark.parametrize("key", ["x", "y"])
@pytest.mark.parametrize("value", [-0.001, 100.001, float("nan"), float("inf"), -float("inf"), "25", 2**63])
def test_a_point_outside_the_image_is_refused(key: str, value: object) -> None:
    assert refused(lambda: codec.decode_create_conversation(CREATE | {key: value}, v2=True)) == key
    moved = {"broadcastId": "b", "x": 1, "y": 1, key: value}
    assert refused(lambda: codec.decode_update_conversation(moved)) == key


@pytest.mark.parametrize("corner", [0, 100, 0.0, 100.0, -0.0])
def test_the_edges_are_on_the_image(corner: float) -> None:
    point = codec.decode_create_conversation(CREATE | {"x": corner, "y": corner}, v2=True).point
    assert str(point) in ("Point(x=0.0, y=0.0)", "Point(x=100.0, y=100.0)")


@pytest.mark.parametrize("key", ["urlId", "windowUrlId", "broadcastId"])
def test_an_id_is_not_empty(key: str) -> None:
    assert refused(lambda: codec.decode_create_conversation(CREATE | {key: ""}, v2=True)) == key


def test_a_conversation_has_a_first_comment_or_its_text() -> None:
    bare = CREATE | {"createdFromCommentId": None}
    assert refused(lambda: codec.decode_create_conversation(bare, v2=True)) == "createdFromCommentId"
    assert codec.decode_create_conversation(bare | {"comment": ""}, v2=True).comment == ""
    assert refused(lambda: codec.decode_create_conversation(bare | {"comment": 3}, v2=True)) == "comment"


@pytest.mark.parametrize(
    ("body", "key"),
    [
        ({"broadcastId": "b"}, "resolved"),
        ({"broadcastId": "b", "x": None, "y": None, "resolved": None}, "resolved"),
        ({"broadcastId": "b", "x": 1}, "y"),
        ({"broadcastId": "b", "y": 1}, "x"),
        ({"broadcastId": "b", "resolved": "yes"}, "resolved"),
        ({"broadcastId": "b", "resolved": 1}, "resolved"),
        ({"resolved": True}, "broadcastId"),
    ],
)
def test_an_update_names_the_key_that_is_missing_or_wrong(body: JsonObject, key: str) -> None:
    assert refused(lambda: codec.decode_update_conversation(body)) == key


@pytest.mark.parametrize("key", ["comment", "url", "commenterName"])
@pytest.mark.parametrize("value", [None, 1, [], True])
def test_a_comment_names_the_key_that_is_missing_or_wrong(key: str, value: object) -> None:
    without = {name: held for name, held in COMMENT.items() if name != key}
    assert refused(lambda: codec.decode_create_comment(without, QUERY)) == key
    assert refused(lambda: codec.decode_create_comment(COMMENT | {key: value}, QUERY)) == key


@pytest.mark.parametrize(
    ("wrong", "key"),
    [
        ({"parentId": 3}, "parentId"),
        ({"pageTitle": 3}, "pageTitle"),
        ({"commenterEmail": 3}, "commenterEmail"),
        ({"date": "yesterday"}, "date"),
        ({"date": -1}, "date"),
        ({"date": float("nan")}, "date"),
        ({"date": 253_402_300_800_000}, "date"),
        ({"productId": 2.5}, "productId"),
        ({"productId": True}, "productId"),
    ],
)
def test_what_is_optional_in_a_comment_is_still_of_its_kind(wrong: JsonObject, key: str) -> None:
    assert refused(lambda: codec.decode_create_comment(COMMENT | wrong, QUERY)) == key


@pytest.mark.parametrize("bad", ["", "b" * 101, "é", "b\n", "b\x7f", "b\0", "\u202e"])
def test_a_broadcast_id_is_1_to_100_printable_ascii_characters(bad: str) -> None:
    key = "broadcastId"
    assert refused(lambda: codec.decode_broadcast_id({key: bad})) == key
    assert refused(lambda: codec.decode_create_conversation(CREATE | {key: bad}, v2=True)) == key
    assert refused(lambda: codec.decode_create_comment(COMMENT, QUERY | {key: bad})) == key
    assert refused(lambda: codec.decode_edit_comment({"comment": "x"}, {key: bad}, CommentId("c"))) == key
    assert codec.decode_broadcast_id({key: "0.123.456 ~"}) == "0.123.456 ~"
    assert codec.decode_broadcast_id({key: "b" * 100}) == "b" * 100


def test_a_write_without_a_broadcast_id_is_refused() -> None:
    assert refused(lambda: codec.decode_broadcast_id({}, {})) == "broadcastId"
    assert refused(lambda: codec.decode_broadcast_id({"broadcastId": 7})) == "broadcastId"


@pytest.mark.parametrize("key", ["page", "skip", "limit", "maxTreeDepth", "limitChildren", "skipChildren"])
@pytest.mark.parametrize("value", ["x", "1.5", "1e3", "٣", "0x10", "1 ", "9" * 17, "--1"])
def test_a_number_in_a_query_is_a_whole_one(key: str, value: str) -> None:
    assert refused(lambda: codec.decode_list_comments({"urlId": "k", key: value})) == key


@pytest.mark.parametrize(
    ("read", "query", "key"),
    [
        (codec.decode_list_conversations, {}, "urlId"),
        (codec.decode_list_conversations, {"urlId": ""}, "urlId"),
        (codec.decode_list_comments, {"urlId": ""}, "urlId"),
        (codec.decode_list_comments, {"urlId": "k", "direction": "XX"}, "direction"),
        (codec.decode_event_log_query, {"startTime": "1"}, "urlId"),
        (codec.decode_event_log_query, {"urlId": "k"}, "startTime"),
        (codec.decode_event_log_query, {"urlId": "k", "startTime": "now"}, "startTime"),
        (codec.decode_event_log_query, {"urlId": "k", "startTime": "1", "endTime": "x"}, "endTime"),
        (codec.decode_event_log_query, {"urlId": "k", "seq": "x", "epoch": "e"}, "seq"),
        (codec.decode_event_log_query, {"urlId": "k", "seq": "-1", "epoch": "e"}, "seq"),
        (codec.decode_event_log_query, {"urlId": "k", "seq": "3"}, "startTime"),
        (codec.decode_subscribe, {"tenantIdWS": "demo"}, "urlId"),
        (codec.decode_subscribe, {"urlId": "r1"}, "tenantIdWS"),
        (codec.decode_placements_query, {"version": "2"}, "urlId"),
        (codec.decode_placements_query, {"urlId": "k"}, "version"),
        (codec.decode_placements_query, {"urlId": "k", "version": "v2"}, "version"),
        (codec.decode_resume, {"seq": ""}, "seq"),
        (codec.decode_resume, {"seq": "9999999999999999", "epoch": "e"}, "seq"),
    ],
)
def test_a_query_names_the_key_that_is_missing_or_wrong(
    read: Callable[[Mapping[str, str]], object], query: Mapping[str, str], key: str
) -> None:
    assert refused(lambda: read(query)) == key


@given(
    body=st.dictionaries(
        st.sampled_from([*CREATE, *COMMENT, "resolved", "version", "placements", "unset"]), strategies.junk()
    ),
    query=st.dictionaries(
        st.sampled_from(["urlId", "broadcastId", "page", "skip", "limit", "parentId", "direction", "seq", "epoch",
                         "eventId", "startTime", "endTime", "userIdWS", "tenantIdWS", "version"]),
        st.text(max_size=8) | st.integers().map(str),
    ),
)  # fmt: skip
def test_any_request_is_read_or_malformed(body: JsonObject, query: dict[str, str]) -> None:
    readers: list[Callable[[], object]] = [
        lambda: codec.decode_create_conversation(body, v2=True),
        lambda: codec.decode_update_conversation(body),
        lambda: codec.decode_change_placements(body),
        lambda: codec.decode_placements_query(query),
        lambda: codec.decode_create_comment(body, query),
        lambda: codec.decode_edit_comment(body, query, CommentId("c")),
        lambda: codec.decode_broadcast_id(query, body),
        lambda: codec.decode_list_conversations(query),
        lambda: codec.decode_list_comments(query),
        lambda: codec.decode_event_log_query(query),
        lambda: codec.decode_subscribe(query),
        lambda: codec.decode_resume(query),
    ]
    for read in readers:
        try:
            read()
        except MalformedMessage as error:
            assert error.key
