"""Answers of the routes: written by the server strictly as the OpenAPI file lists them, read tolerantly."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import replace

from imagechat_tui.protocol.codec.fields import Fields, compact, iso_from_ms
from imagechat_tui.protocol.codec.json_text import JsonObject, MalformedMessage, parse_object
from imagechat_tui.protocol.codec.things import (
    NO_THREAD,
    encode_conversation,
    encode_full_comment,
    encode_page_user,
    encode_position,
    encode_public_comment,
    encode_user,
    read_comment,
    read_conversation,
    read_page_user,
    read_position,
    read_user,
)
from imagechat_tui.protocol.ids import BroadcastId, ConversationId, EventId, TenantId, UrlId, UserId
from imagechat_tui.protocol.models import LogEntry, User
from imagechat_tui.protocol.routes import (
    CommentList,
    CommentReply,
    ConversationList,
    ConversationReply,
    EditReply,
    ErrorReply,
    EventLog,
    RoomIds,
    UsersOnline,
)

_LONGEST_WORDS = 2_000
"""Characters of an error's texts that are kept."""
_LONGEST_WAIT_S = 3_600.0
"""Who says "come back in a year" is asked again after an hour."""


def encode_success() -> JsonObject:
    """The answer of a write that has nothing to say."""
    return {"status": "success"}


def succeeded(obj: JsonObject) -> bool:
    """Whether an answer with HTTP 200 really says yes: older servers say no with 200 as well."""
    return obj.get("status") == "success"


def encode_conversation_list(answer: ConversationList, *, tenant_id: TenantId, v2: bool) -> JsonObject:
    """Answer of LIST_CONVERSATIONS. Position, comments and read-only go to ``v=2`` readers only."""
    plain: JsonObject = {
        "status": "success",
        **compact(user=encode_user(answer.user) if answer.user is not None else None),
        "conversations": [encode_conversation(conversation) for conversation in answer.conversations],
        "urlIdClean": answer.url_id_clean,
        "isSiteAdmin": answer.is_site_admin,
        **_room(answer.room),
        **compact(serverTime=answer.server_time_ms),
    }
    if not v2:
        return plain
    return {
        **plain,
        **(encode_position(answer.position) if answer.position is not None else {}),
        "comments": [encode_full_comment(comment, tenant_id) for comment in answer.comments],
        "readOnly": answer.read_only,
    }


def decode_conversation_list(obj: JsonObject) -> ConversationList:
    """Answer of LIST_CONVERSATIONS.

    Raises:
        MalformedMessage: A key is missing or wrong.
    """
    fields = Fields(obj)
    is_site_admin = fields.flag("isSiteAdmin")
    return ConversationList(
        conversations=tuple(map(read_conversation, fields.objects("conversations"))),
        url_id_clean=UrlId(fields.optional_text("urlIdClean") or ""),
        room=_read_room(fields),
        user=_read_user(fields, is_site_admin),
        is_site_admin=is_site_admin,
        server_time_ms=fields.optional_ms("serverTime"),
        position=read_position(fields),
        comments=tuple(map(read_comment, fields.objects("comments"))) if fields.has("comments") else (),
        read_only=fields.flag("readOnly"),
    )


def encode_conversation_reply(
    reply: ConversationReply, *, tenant_id: TenantId, created: bool = True
) -> JsonObject:
    """Answer of CREATE_CONVERSATION, or (not ``created``) of UPDATE_CONVERSATION."""
    conversation, comment = reply.conversation, reply.comment
    return {
        "status": "success",
        **compact(
            createdChatId=reply.id if created else None,
            conversation=encode_conversation(conversation) if conversation is not None else None,
            comment=encode_full_comment(comment, tenant_id) if comment is not None else None,
        ),
    }


def decode_conversation_reply(obj: JsonObject) -> ConversationReply:
    """Answer of CREATE_CONVERSATION or UPDATE_CONVERSATION.

    Raises:
        MalformedMessage: It names no conversation, or a key is wrong.
    """
    fields = Fields(obj)
    conversation = fields.optional_nested("conversation")
    comment = fields.optional_nested("comment")
    known = read_conversation(conversation) if conversation is not None else None
    return ConversationReply(
        id=known.id if known is not None else ConversationId(fields.id("createdChatId")),
        conversation=known,
        comment=read_comment(comment, known.url_id if known else NO_THREAD) if comment is not None else None,
    )


def encode_comment_list(answer: CommentList, *, tenant_id: TenantId, v2: bool) -> JsonObject:
    """Answer of LIST_COMMENTS: GetCommentsResponseWithPresence. Raw text and position for ``v=2`` only."""
    plain: JsonObject = {
        "status": "success",
        "pageNumber": answer.page_number,
        "user": encode_user(answer.user) if answer.user is not None else None,
        "comments": [
            encode_full_comment(comment, tenant_id) if v2 else encode_public_comment(comment)
            for comment in answer.comments
        ],
        "commentCount": answer.comment_count,
        "hasMore": answer.has_more,
        "isClosed": answer.is_closed,
        "isSiteAdmin": answer.is_site_admin,
        "urlIdClean": answer.url_id_clean,
        **compact(lastGenDate=answer.last_gen_date_ms),
        **_room(answer.room),
    }
    if not v2 or answer.position is None:
        return plain
    return plain | encode_position(answer.position)


def decode_comment_list(obj: JsonObject, *, url_id: UrlId = NO_THREAD) -> CommentList:
    """Answer of LIST_COMMENTS, pages and trees alike: a tree comes out flat, each root before its replies.

    Args:
        obj: The answer.
        url_id: The thread key asked for, which plain comments do not name.

    Raises:
        MalformedMessage: A key is missing or wrong.
    """
    fields = Fields(obj)
    is_site_admin = fields.flag("isSiteAdmin")
    url_id_clean = UrlId(fields.optional_text("urlIdClean") or url_id)
    return CommentList(
        comments=tuple(
            read_comment(comment, url_id or url_id_clean) for comment in _flat(fields.objects("comments"))
        ),
        url_id_clean=url_id_clean,
        room=_read_room(fields),
        user=_read_user(fields, is_site_admin),
        page_number=fields.count("pageNumber"),
        comment_count=fields.count("commentCount"),
        has_more=fields.flag("hasMore"),
        is_closed=fields.flag("isClosed"),
        is_site_admin=is_site_admin,
        last_gen_date_ms=fields.optional_ms("lastGenDate"),
        position=read_position(fields),
    )


def encode_comment_reply(reply: CommentReply, *, tenant_id: TenantId, v2: bool = False) -> JsonObject:
    """Answer of CREATE_COMMENT: SaveCommentsResponseWithPresence."""
    return {
        "status": "success",
        "comment": encode_full_comment(reply.comment, tenant_id)
        if v2
        else encode_public_comment(reply.comment),
        "user": encode_user(reply.user) if reply.user is not None else None,
        **compact(userIdWS=reply.user_id_ws),
    }


def decode_comment_reply(obj: JsonObject, *, url_id: UrlId = NO_THREAD) -> CommentReply:
    """Answer of CREATE_COMMENT.

    Args:
        obj: The answer.
        url_id: The thread key that was posted to, which plain comments do not name.

    Raises:
        MalformedMessage: A key is missing or wrong.
    """
    fields = Fields(obj)
    return CommentReply(
        comment=read_comment(fields.nested("comment"), url_id),
        user=_read_user(fields, False),
        user_id_ws=fields.optional_id("userIdWS"),
    )


def encode_edit_reply(reply: EditReply) -> JsonObject:
    """Answer of EDIT_COMMENT: PublicAPISetCommentTextResponse."""
    return {"status": "success", "comment": {"approved": reply.approved, "commentHTML": reply.html}}


def decode_edit_reply(obj: JsonObject) -> EditReply:
    """Answer of EDIT_COMMENT.

    Raises:
        MalformedMessage: A key is missing or wrong.
    """
    comment = Fields(obj).nested("comment")
    return EditReply(html=comment.text("commentHTML"), approved=comment.flag("approved", True))


def encode_comment_deleted() -> JsonObject:
    """Answer of DELETE_COMMENT: the comment and what answered it are gone for good."""
    return {"status": "success", "hardRemoved": True}


def encode_comment_text(text: str) -> JsonObject:
    """Answer of COMMENT_TEXT."""
    return {"status": "success", "commentText": text, "sanitizedCommentText": text}


def decode_comment_text(obj: JsonObject) -> str:
    """Answer of COMMENT_TEXT: the raw source, for editing.

    Raises:
        MalformedMessage: The text is missing.
    """
    return Fields(obj).text("commentText")


def encode_event_log(log: EventLog) -> JsonObject:
    """Answer of EVENT_LOG. Whether it is complete travels in a header."""
    return {
        "status": "success",
        "events": [
            {
                "_id": entry.id,
                "createdAt": iso_from_ms(entry.created_at_ms),
                "tenantId": entry.tenant_id,
                "urlId": entry.url_id,
                "broadcastId": entry.broadcast_id,
                "data": entry.data,
            }
            for entry in log.entries
        ],
    }


def decode_event_log(obj: JsonObject, *, complete: bool | None = None) -> EventLog:
    """Answer of EVENT_LOG; ``data`` is not decoded here, so that one bad event harms only itself.

    Args:
        obj: The answer.
        complete: What the header said.

    Raises:
        MalformedMessage: A key is missing or wrong.
    """
    return EventLog(tuple(map(_read_log_entry, Fields(obj).objects("events"))), complete)


def encode_users_online(online: UsersOnline) -> JsonObject:
    """Answer of USERS_ONLINE, on one page."""
    return {
        **encode_users_info(online.users),
        "anonCount": online.anon_count,
        "totalCount": online.total_count,
        "nextAfterName": None,
        "nextAfterUserId": None,
    }


def decode_users_online(obj: JsonObject) -> UsersOnline:
    """Answer of USERS_ONLINE.

    Raises:
        MalformedMessage: A key is missing or wrong.
    """
    fields = Fields(obj)
    return UsersOnline(
        users=tuple(map(read_page_user, fields.objects("users"))),
        anon_count=fields.count("anonCount"),
        total_count=fields.count("totalCount"),
    )


def encode_users_info(users: Iterable[User]) -> JsonObject:
    """Answer of USERS_INFO."""
    return {"status": "success", "users": [encode_page_user(user) for user in users]}


def encode_presence_status(online: Mapping[UserId, bool]) -> JsonObject:
    """Answer of PRESENCE_STATUS."""
    return {"status": "success", "userIdsOnline": dict(online)}


def encode_error(error: ErrorReply, *, image_chat: bool) -> JsonObject:
    """Body of a refusal: APIError, or (``image_chat``) the union of it and the documented form there."""
    status: JsonObject = (
        {"status": "error", "message": error.shown or error.reason} if image_chat else {"status": "failed"}
    )
    return {
        **status,
        "code": error.code,
        "reason": error.reason,
        **compact(maxCharacterLength=error.max_length, translatedError=error.shown),
    }


def decode_error(status: int, retry_after: str | None, body: bytes) -> ErrorReply:
    """A refusal, whatever came: proxies answer with HTML, older servers with other keys. Never raises.

    Args:
        status: HTTP status.
        retry_after: The header, if there is one. Only seconds are understood.
        body: The answer's body.
    """
    try:
        fields = Fields(parse_object(body))
    except MalformedMessage:
        fields = Fields({})
    message = _words(fields, "message")
    return ErrorReply(
        status=status,
        code=_words(fields, "code"),
        reason=_words(fields, "reason") or message,
        retry_after_s=_seconds(retry_after),
        max_length=_length(fields),
        shown=_words(fields, "translatedError") or message or None,
    )


def _room(room: RoomIds | None) -> JsonObject:
    if room is None:
        return {}
    return {"tenantIdWS": room.tenant_id_ws, "urlIdWS": room.url_id_ws, "userIdWS": room.user_id_ws}


def _read_room(fields: Fields) -> RoomIds | None:
    tenant_id_ws, url_id_ws = fields.optional_id("tenantIdWS"), fields.optional_id("urlIdWS")
    if tenant_id_ws is None or url_id_ws is None:
        return None
    return RoomIds(tenant_id_ws, url_id_ws, fields.optional_text("userIdWS") or "")


def _read_user(fields: Fields, is_site_admin: bool) -> User | None:
    user = fields.optional_nested("user")
    return replace(read_user(user), is_admin=is_site_admin) if user is not None else None


def _flat(roots: Iterable[Fields]) -> Iterable[Fields]:
    """Comments and their ``children``, depth first. The JSON reader bounds how deep that goes."""
    for comment in roots:
        yield comment
        if comment.has("children"):
            yield from _flat(comment.objects("children"))


def _read_log_entry(fields: Fields) -> LogEntry:
    return LogEntry(
        id=EventId(fields.id("_id", "id")),
        created_at_ms=fields.ms("createdAt"),
        tenant_id=TenantId(fields.text("tenantId")),
        url_id=UrlId(fields.text("urlId")),
        broadcast_id=BroadcastId(fields.optional_text("broadcastId") or ""),
        data=fields.text("data"),
    )


def _words(fields: Fields, key: str) -> str:
    value = fields.plain().get(key)
    return value[:_LONGEST_WORDS] if isinstance(value, str) else ""


def _seconds(retry_after: str | None) -> float | None:
    try:
        seconds = float(retry_after or "")
    except ValueError:
        return None
    return min(seconds, _LONGEST_WAIT_S) if math.isfinite(seconds) and seconds >= 0 else None


def _length(fields: Fields) -> int | None:
    try:
        return fields.optional_integer("maxCharacterLength")
    except MalformedMessage:
        return None
