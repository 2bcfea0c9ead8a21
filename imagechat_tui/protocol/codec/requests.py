"""Queries and bodies of requests: written by the client, read by the server."""

from __future__ import annotations

import re
from collections.abc import Mapping

from msgspec import Struct

from imagechat_tui.protocol.codec.fields import Fields, compact, json_number
from imagechat_tui.protocol.codec.json_text import (
    JsonObject,
    MalformedMessage,
    dump_text,
    parse_object,
)
from imagechat_tui.protocol.codec.things import encode_position, read_position
from imagechat_tui.protocol.ids import BroadcastId, CommentId, TenantId, UrlId, UserId
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

_BROADCAST_ID = re.compile(r"[ -~]{1,100}")
_MAX_SEARCH = 200
_MAX_COMMENT_IDS = 500
_MAX_HASH_TAGS = 20
_WHOLE = re.compile(r"-?[0-9]{1,16}")
"""As long as 2**53, the largest whole number that a peer in JavaScript can name."""


class ClientCursor(Struct, frozen=True):
    """A ``v=2`` client tells over the socket where its crosshair is."""

    point: Point


class ClientViewing(Struct, frozen=True):
    """A ``v=2`` client tells over the socket which version of the image it shows."""

    version: int


def encode_list_conversations(url_id: UrlId, *, v2: bool) -> dict[str, str]:
    """Query of LIST_CONVERSATIONS."""
    return _query(urlId=url_id, v="2" if v2 else None)


def decode_list_conversations(query: Mapping[str, str]) -> UrlId:
    """The image key asked for; ``wants_v2`` tells the form."""
    return UrlId(Fields(query).id("urlId"))


def encode_placements_query(url_id: UrlId, version: int) -> dict[str, str]:
    """Query of PLACEMENTS."""
    return _query(urlId=url_id, version=version, v="2")


def decode_placements_query(query: Mapping[str, str]) -> tuple[UrlId, int]:
    """Query of PLACEMENTS: the image key, and of which version.

    Raises:
        MalformedMessage: Either is missing or wrong.
    """
    return decode_list_conversations(query), _whole(query, "version", None)


def encode_create_conversation(create: CreateConversation) -> JsonObject:
    """Body of CREATE_CONVERSATION."""
    return {
        "urlId": create.url_id,
        "windowUrlId": create.window_url_id,
        "pageTitle": create.page_title,
        "src": create.src,
        "x": json_number(create.point.x),
        "y": json_number(create.point.y),
        **compact(
            createdFromCommentId=create.created_from_comment_id,
            comment=create.comment,
            version=create.version,
        ),
        "broadcastId": create.broadcast_id,
    }


def decode_create_conversation(obj: JsonObject, *, v2: bool) -> CreateConversation:
    """Body of CREATE_CONVERSATION.

    Args:
        obj: The body.
        v2: Whether the writer asked for our extensions: only then ``version`` means anything.

    Raises:
        MalformedMessage: A required key is missing or wrong; also if there is neither a first comment's id
            nor its text.
    """
    fields = Fields(obj)
    created_from = fields.optional_id("createdFromCommentId")
    comment = fields.optional_text("comment")
    if created_from is None and comment is None:
        raise MalformedMessage("createdFromCommentId", "is missing")
    return CreateConversation(
        url_id=UrlId(fields.id("urlId")),
        window_url_id=UrlId(fields.id("windowUrlId")),
        page_title=fields.optional_text("pageTitle") or "",
        src=fields.text("src"),
        point=fields.point(),
        broadcast_id=_broadcast_id(fields),
        created_from_comment_id=CommentId(created_from) if created_from is not None else None,
        comment=comment,
        version=fields.optional_integer("version") if v2 else None,
    )


def encode_update_conversation(update: UpdateConversation) -> JsonObject:
    """Body of UPDATE_CONVERSATION."""
    point = update.point
    return {
        "broadcastId": update.broadcast_id,
        **compact(
            x=json_number(point.x) if point is not None else None,
            y=json_number(point.y) if point is not None else None,
            resolved=update.resolved,
        ),
    }


def decode_update_conversation(obj: JsonObject) -> UpdateConversation:
    """Body of UPDATE_CONVERSATION.

    Raises:
        MalformedMessage: Also for one coordinate without the other, and for a body that changes nothing.
    """
    fields = Fields(obj)
    moved = fields.has("x") or fields.has("y")
    if not moved and not fields.has("resolved"):
        raise MalformedMessage("resolved", "is missing, and so are x and y")
    return UpdateConversation(
        broadcast_id=_broadcast_id(fields),
        point=fields.point() if moved else None,
        resolved=fields.flag("resolved") if fields.has("resolved") else None,
    )


def encode_broadcast_id(broadcast_id: BroadcastId) -> dict[str, str]:
    """Query, and for DELETE_CONVERSATION also the body, of a write that says nothing else."""
    return {"broadcastId": broadcast_id}


def decode_broadcast_id(*places: Mapping[str, object]) -> BroadcastId:
    """The broadcastId of the first place (query, body) that has one.

    Raises:
        MalformedMessage: None has, or it is not 1-100 printable ASCII characters. Its key is
            ``broadcastId``.
    """
    place = next((Fields(place) for place in places if place.get("broadcastId")), Fields({}))
    return _broadcast_id(place)


def encode_list_comments(listing: ListComments) -> dict[str, str]:
    """Query of LIST_COMMENTS."""
    flexible = listing.page is None
    return _query(
        urlId=listing.url_id,
        direction=listing.direction.value,
        page=listing.page,
        skip=listing.skip if flexible else None,
        limit=listing.limit if flexible else None,
        asTree=listing.as_tree or None,
        parentId=listing.parent_id,
        countAll=listing.count_all,
        maxTreeDepth=listing.max_tree_depth,
        countChildren=listing.count_children or None,
        limitChildren=listing.limit_children,
        skipChildren=listing.skip_children or None,
        includeConfig=listing.include_config or None,
        fetchPageForCommentId=listing.page_of,
        afterCommentId=listing.after,
        beforeCommentId=listing.before,
        searchText=listing.search_text or None,
        hashTags=",".join(listing.hash_tags) or None,
        userId=listing.user_id,
        v="2" if listing.v2 else None,
    )


def decode_list_comments(query: Mapping[str, str]) -> ListComments:
    """Query of LIST_COMMENTS, as any SDK writes it. Limits are not clamped here."""
    fields = Fields(query)
    parent_id, user_id = fields.optional_id("parentId"), fields.optional_id("userId")
    search_text = query.get("searchText", "")
    if len(search_text) > _MAX_SEARCH:
        raise fields.bad("searchText", "is too long")
    flexible = "skip" in query or "limit" in query
    return ListComments(
        url_id=UrlId(fields.id("urlId")),
        direction=_direction(fields),
        page=_optional_whole(query, "page", None if flexible else 0),
        skip=_whole(query, "skip", 0),
        limit=_whole(query, "limit", 30),
        as_tree=_boolean(query, "asTree"),
        parent_id=CommentId(parent_id) if parent_id not in (None, "null") else None,
        count_all=_boolean(query, "countAll"),
        max_tree_depth=_optional_whole(query, "maxTreeDepth"),
        count_children=_boolean(query, "countChildren"),
        limit_children=_optional_whole(query, "limitChildren"),
        skip_children=_whole(query, "skipChildren", 0),
        include_config=_boolean(query, "includeConfig"),
        page_of=_comment_id(fields, "fetchPageForCommentId"),
        after=_comment_id(fields, "afterCommentId"),
        before=_comment_id(fields, "beforeCommentId"),
        search_text=search_text,
        hash_tags=_hash_tags(query.get("hashTags", "")),
        user_id=UserId(user_id) if user_id is not None else None,
        v2=wants_v2(query),
    )


def encode_create_comment(create: CreateComment) -> JsonObject:
    """Body of CREATE_COMMENT: CommentData. The rest is in ``encode_create_comment_query``."""
    return {
        "urlId": create.url_id,
        "url": create.url,
        "pageTitle": create.page_title,
        "commenterName": create.commenter_name,
        **compact(commenterEmail=create.commenter_email),
        "comment": create.comment,
        "parentId": create.parent_id,
        **compact(date=create.date_ms, productId=create.product_id),
    }


def encode_create_comment_query(create: CreateComment) -> dict[str, str]:
    """Query of CREATE_COMMENT."""
    return {"urlId": create.url_id, "broadcastId": create.broadcast_id}


def decode_create_comment(obj: JsonObject, query: Mapping[str, str]) -> CreateComment:
    """Body and query of CREATE_COMMENT; the query's thread key wins.

    Raises:
        MalformedMessage: A mandatory key is missing or wrong.
    """
    fields = Fields(obj)
    parent_id = fields.optional_id("parentId")
    return CreateComment(
        url_id=UrlId(Fields(query if query.get("urlId") else obj).id("urlId")),
        broadcast_id=_broadcast_id(Fields(query)),
        comment=fields.text("comment"),
        url=fields.text("url"),
        commenter_name=fields.text("commenterName"),
        parent_id=CommentId(parent_id) if parent_id is not None else None,
        page_title=fields.optional_text("pageTitle") or "",
        date_ms=fields.optional_ms("date"),
        commenter_email=fields.optional_text("commenterEmail"),
        product_id=fields.optional_integer("productId"),
    )


def encode_edit_comment(edit: EditComment) -> JsonObject:
    """Body of EDIT_COMMENT. The rest is in the path and in ``encode_edit_comment_query``."""
    return {"comment": edit.comment}


def encode_edit_comment_query(edit: EditComment) -> dict[str, str]:
    """Query of EDIT_COMMENT."""
    return encode_broadcast_id(edit.broadcast_id)


def decode_edit_comment(obj: JsonObject, query: Mapping[str, str], comment_id: CommentId) -> EditComment:
    """Body, query and path of EDIT_COMMENT.

    Raises:
        MalformedMessage: A mandatory key is missing or wrong.
    """
    return EditComment(comment_id, _broadcast_id(Fields(query)), Fields(obj).text("comment"))


def encode_vote_body(direction: int, *, name: str, url: str) -> JsonObject:
    """Body of VOTE, VoteBodyParams: all four keys, whatever is known."""
    return {
        "voteDir": "up" if direction > 0 else "down",
        "url": url or None,
        "commenterName": name,
        "commenterEmail": None,
    }


def encode_about_comment(url_id: UrlId, broadcast_id: BroadcastId) -> dict[str, str]:
    """Query of VOTE and UNVOTE, which name the thread too."""
    return {"urlId": url_id, **encode_broadcast_id(broadcast_id)}


def encode_flag_query(tenant_id: TenantId, *, flagged: bool) -> dict[str, str]:
    """Query of FLAG_COMMENT."""
    return {"tenantId": tenant_id, "isFlagged": "true" if flagged else "false"}


def encode_block_query(tenant_id: TenantId) -> dict[str, str]:
    """Query of BLOCK_AUTHOR and UNBLOCK_AUTHOR."""
    return {"tenantId": tenant_id}


def decode_vote(obj: JsonObject) -> int:
    """Body of VOTE, VoteBodyParams: 1 or -1. Who votes is known without it.

    Raises:
        MalformedMessage: Its key is ``voteDir``.
    """
    match Fields(obj).text("voteDir"):
        case "up":
            return 1
        case "down":
            return -1
        case _:
            raise MalformedMessage("voteDir", "is neither up nor down")


def decode_voters_query(query: Mapping[str, str]) -> int:
    """Query of VOTERS: votes of which direction, 1 or -1.

    Raises:
        MalformedMessage: Its key is ``dir``.
    """
    direction = _whole(query, "dir", None)
    if direction not in (1, -1):
        raise MalformedMessage("dir", "is neither 1 nor -1")
    return direction


def decode_flag_query(query: Mapping[str, str]) -> bool:
    """Query of FLAG_COMMENT: whether it is to be flagged.

    Raises:
        MalformedMessage: It is not said.
    """
    if query.get("isFlagged") not in ("true", "false", "1", "0"):
        raise MalformedMessage("isFlagged", "is neither true nor false")
    return _boolean(query, "isFlagged")


def decode_block(obj: JsonObject) -> tuple[CommentId, ...]:
    """Body of BLOCK_AUTHOR and UNBLOCK_AUTHOR, PublicBlockFromCommentParams: the comments to tell of afterwards.

    Raises:
        MalformedMessage: They are no list, or too many.
    """
    fields = Fields(obj)
    return _comment_ids(fields, tuple(fields.texts("commentIds")))


def decode_check_blocked(query: Mapping[str, str]) -> tuple[CommentId, ...]:
    """Query of CHECK_BLOCKED.

    Raises:
        MalformedMessage: It names no comment, or too many.
    """
    fields = Fields(query)
    named = tuple(filter(None, fields.id("commentIds").split(",")))
    if not named:
        raise fields.bad("commentIds", "is empty")
    return _comment_ids(fields, named)


def _comment_ids(fields: Fields, named: tuple[str, ...]) -> tuple[CommentId, ...]:
    if len(named) > _MAX_COMMENT_IDS:
        raise fields.bad("commentIds", "names too many")
    return tuple(map(CommentId, named))


def encode_event_log_query(query: EventLogQuery) -> dict[str, str]:
    """Query of EVENT_LOG. A position goes with ``v=2``."""
    return _query(
        urlId=query.url_id,
        userIdWS=query.user_id_ws,
        startTime=query.start_time_ms,
        endTime=query.end_time_ms,
    ) | (_resume(query.after) if query.after is not None else {})


def decode_event_log_query(query: Mapping[str, str]) -> EventLogQuery:
    """Query of EVENT_LOG.

    Raises:
        MalformedMessage: ``urlId`` or ``startTime`` is missing or wrong.
    """
    fields = Fields(query)
    after = decode_resume(query)
    return EventLogQuery(
        url_id=UrlId(fields.id("urlId")),
        user_id_ws=query.get("userIdWS", ""),
        start_time_ms=_whole(query, "startTime", None if after is None else 0),
        end_time_ms=_optional_whole(query, "endTime"),
        after=after,
    )


def encode_subscribe(
    room: RoomIds, *, v2: bool, resume: Position | None = None, unseen: bool = False
) -> dict[str, str]:
    """Query of SUBSCRIBE. ``urlId`` is the name there of what answers call ``urlIdWS``.

    With ``v2`` who listens is said in the header (``authorization.of_listener``).
    """
    query = {"urlId": room.url_id_ws, "tenantIdWS": room.tenant_id_ws}
    if not v2:
        return query | {"userIdWS": room.user_id_ws}
    query |= _resume(resume) if resume is not None else {"v": "2"}
    return query | {"unseen": "1"} if unseen else query


def decode_subscribe(query: Mapping[str, str]) -> RoomIds:
    """The three ids of SUBSCRIBE, as received; ``wants_v2``, ``wants_unseen`` and ``decode_resume`` tell the rest.

    Raises:
        MalformedMessage: ``urlId`` or ``tenantIdWS`` is missing.
    """
    fields = Fields(query)
    return RoomIds(fields.id("tenantIdWS"), fields.id("urlId"), query.get("userIdWS", ""))


def decode_resume(query: Mapping[str, str]) -> Position | None:
    """The position after which a ``v=2`` client wants to go on (SUBSCRIBE, EVENT_LOG).

    Raises:
        MalformedMessage: ``seq`` is there and is no whole number.
    """
    if "seq" not in query:
        return None
    return read_position(Fields({**query, "seq": _whole(query, "seq", None)}))


def wants_unseen(query: Mapping[str, str]) -> bool:
    """Whether a ``v=2`` client asks that nobody be told of its socket (SUBSCRIBE)."""
    return wants_v2(query) and query.get("unseen") == "1"


def wants_v2(query: Mapping[str, str]) -> bool:
    """Whether the reader asked for our extensions."""
    return query.get("v") == "2"


def encode_client_cursor(point: Point) -> str:
    """The frame that tells the others where the crosshair is (``v=2``)."""
    return dump_text({"type": "cursor", "x": json_number(point.x), "y": json_number(point.y)})


def encode_client_viewing(version: int) -> str:
    """The frame that tells the others which version of the image is shown (``v=2``)."""
    return dump_text({"type": "viewing", "version": version})


def decode_client_frame(text: str) -> ClientCursor | ClientViewing | None:
    """What a client's frame means. Anything else than these, such as ``ping``, means nothing."""
    try:
        fields = Fields(parse_object(text))
        match fields.text("type"):
            case "cursor":
                return ClientCursor(fields.point())
            case "viewing" if (version := fields.integer("version")) >= 1:
                return ClientViewing(version)
            case _:
                return None
    except MalformedMessage:
        return None


def _resume(position: Position) -> dict[str, str]:
    return _query(v="2", **encode_position(position))


def _query(**values: object) -> dict[str, str]:
    """A query of the values that are not None; booleans as ``true`` and ``false``."""
    return {
        key: str(value).lower() if isinstance(value, bool) else str(value)
        for key, value in values.items()
        if value is not None
    }


def _broadcast_id(fields: Fields) -> BroadcastId:
    value = fields.id("broadcastId")
    if not _BROADCAST_ID.fullmatch(value):
        raise fields.bad("broadcastId", "is not 1 to 100 printable ASCII characters")
    return BroadcastId(value)


def _direction(fields: Fields) -> Direction:
    value = fields.optional_id("direction")
    if value is None:
        return Direction.MOST_RELEVANT
    try:
        return Direction(value)
    except ValueError:
        raise fields.bad("direction", "is none of MR, NF, OF") from None


def _comment_id(fields: Fields, key: str) -> CommentId | None:
    value = fields.optional_id(key)
    return CommentId(value) if value is not None else None


def _hash_tags(listed: str) -> tuple[str, ...]:
    """The tags of a comma list, with or without their ``#``."""
    tags = (tag.strip().lstrip("#") for tag in listed.split(",", _MAX_HASH_TAGS)[:_MAX_HASH_TAGS])
    return tuple(tag for tag in tags if tag)


def _boolean(query: Mapping[str, str], key: str) -> bool:
    return query.get(key) in ("true", "1")


def _whole(query: Mapping[str, str], key: str, default: int | None) -> int:
    value = _optional_whole(query, key, default)
    if value is None:
        raise MalformedMessage(key, "is missing")
    return value


def _optional_whole(query: Mapping[str, str], key: str, default: int | None = None) -> int | None:
    value = query.get(key)
    if not value or value == "null":
        return default
    if not _WHOLE.fullmatch(value):
        raise MalformedMessage(key, "is not a whole number")
    return int(value)
