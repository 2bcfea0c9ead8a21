"""Frames of the socket, which are also the ``data`` of the event log (PROTOCOL 6)."""

from __future__ import annotations

from typing import Final, TypeAlias, assert_never
from urllib.parse import unquote_to_bytes

from msgspec.structs import replace

from imagechat_tui.protocol.codec.fields import Fields, compact
from imagechat_tui.protocol.codec.json_text import (
    JsonObject,
    MalformedMessage,
    parse_object,
    write_json,
)
from imagechat_tui.protocol.codec.placements import placements_payload, read_placements
from imagechat_tui.protocol.codec.read_states import read_read_state, read_state_payload
from imagechat_tui.protocol.codec.things import (
    encode_conversation,
    encode_full_comment,
    encode_position,
    encode_pub_sub_comment,
    encode_vote,
    positions_payload,
    present_in,
    read_comment,
    read_conversation,
    read_position,
    read_positions,
    read_user_id,
    read_vote,
)
from imagechat_tui.protocol.codec.viewing import read_viewing, viewing_payload
from imagechat_tui.protocol.events import (
    CursorMoved,
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
    Subscribed,
    ThreadStateChange,
    UnknownEvent,
    UpdatedComment,
    ViewingChanged,
    VoteChanged,
)
from imagechat_tui.protocol.ids import BroadcastId, ConversationId, TenantId, UrlId, UserId
from imagechat_tui.protocol.models import Comment, Position

MAX_IMAGE_CHAT_FRAME = 1023
"""Bytes of an image-chat frame: documented as under 1 KB."""

_SHED_FIRST: Final = ("commenterName", "src", "urlId")
"""What a frame that is too long does without, in this order: the rest names the marker."""

_ImageChatEvent: TypeAlias = NewImageChat | ImageChatUpdated | DeletedImageChat | ImageChatsStale


def decode_event(frame: str | bytes) -> LiveEvent:
    """One frame, or the ``data`` of one log entry, of our servers or of hosted ones.

    Raises:
        MalformedMessage: It is no JSON object, or a known type lacks what it must have.
    """
    fields = Fields(_parse_frame(frame))
    kind = fields.text("type")
    stamp = _read_stamp(fields)
    match kind:
        case "new-comment":
            comment = read_comment(fields.nested("comment"))
            return NewComment(_by(stamp, comment.author_id), comment)
        case "updated-comment":
            changed = fields.nested("comment")
            comment = read_comment(changed)
            positions = read_positions(fields.optional_nested("extraInfo"))
            return UpdatedComment(_by(stamp, comment.author_id), comment, present_in(changed), positions)
        case "deleted-comment":
            comment = read_comment(fields.nested("comment"))
            return DeletedComment(_by(stamp, comment.author_id), comment.id, comment)
        case "new-vote" | "deleted-vote":
            vote = read_vote(fields.nested("vote"))
            return VoteChanged(_by(stamp, vote.user_id), vote, added=kind == "new-vote")
        case "thread-state-change":
            return ThreadStateChange(stamp, fields.flag("isClosed"))
        case "new-image-chat" | "image-chat-updated" | "deleted-image-chat":
            return _read_image_chat(kind, stamp, fields)
        case "p-u":
            return PresenceUpdate(
                joined=tuple(map(UserId, fields.texts("uj"))),
                left=tuple(map(UserId, fields.texts("ul"))),
                sockets=fields.optional_integer("sc"),
                ts_ms=fields.optional_ms("ts"),
            )
        case "subscribed":
            return Subscribed(_position(fields), fields.ms("serverTime"))
        case "reset":
            return Reset(fields.optional_text("reason") or "")
        case "skip":
            return Skip(_position(fields))
        case "cursor":
            return CursorMoved(UserId(fields.id("userId")), fields.point())
        case "read-state":
            return ReadStateChanged(read_read_state(fields))
        case "read-elsewhere":
            return ReadElsewhere()
        case "own-changed":
            return OwnChanged()
        case "placements":
            return PlacementsChanged(read_placements(fields))
        case "viewing":
            return ViewingChanged(read_viewing(fields, "viewing"))
        case _:
            return UnknownEvent(kind, stamp)


def encode_event(event: LiveEvent, *, tenant_id: TenantId, v2: bool) -> str:
    """The frame of an event: what plain sockets get, or (``v2``) all we know.

    Every ``%`` is written as ``\\u0025``, because one official client percent-decodes frames.

    Args:
        event: What happened.
        tenant_id: The room's tenant; mandatory inside comments.
        v2: For a reader that asked for ``v=2``.

    Raises:
        ValueError: A kind of event that exists for ``v=2`` only, for a plain reader.
    """
    match event:
        case NewImageChat() | ImageChatUpdated() | DeletedImageChat() | ImageChatsStale():
            return _image_chat_frame(event, tenant_id, v2)
        case NewComment(stamp, comment):
            payload = _enveloped("new-comment", stamp, v2, comment=_comment(comment, tenant_id, v2))
        case UpdatedComment(stamp, comment, positions=positions):
            payload = _enveloped("updated-comment", stamp, v2, comment=_comment(comment, tenant_id, v2))
            if positions:
                payload |= {"extraInfo": positions_payload(positions)}
        case DeletedComment(stamp, comment_id, blanked):
            comment = blanked or Comment(comment_id, UrlId(""))
            payload = _enveloped("deleted-comment", stamp, v2, comment=_comment(comment, tenant_id, v2))
        case VoteChanged(stamp, vote, added):
            payload = _enveloped("new-vote" if added else "deleted-vote", stamp, v2, vote=encode_vote(vote))
        case ThreadStateChange(stamp, is_closed):
            payload = _enveloped("thread-state-change", stamp, v2, isClosed=is_closed)
        case PresenceUpdate(joined, left, sockets, ts_ms):
            payload = {
                "type": "p-u",
                **compact(ts=ts_ms, uj=list(joined) or None, ul=list(left) or None, sc=sockets),
            }
        case UnknownEvent(kind, stamp):
            payload = _enveloped(kind, stamp, v2)
        case (
            Subscribed()
            | Reset()
            | Skip()
            | CursorMoved()
            | ReadStateChanged()
            | ReadElsewhere()
            | OwnChanged()
            | PlacementsChanged()
            | ViewingChanged()
        ):
            if not v2:
                raise ValueError(f"{type(event).__name__} is for v=2 readers only")
            payload = _extension(event)
        case _:
            assert_never(event)
    return _frame(payload)


def _parse_frame(frame: str | bytes) -> JsonObject:
    try:
        return parse_object(frame)
    except MalformedMessage:
        start = frame[:3]
        if start not in ("%7B", "%7b", b"%7B", b"%7b"):
            raise
        try:
            return parse_object(unquote_to_bytes(frame))
        except UnicodeEncodeError:
            raise MalformedMessage("", "not JSON") from None


def _read_stamp(fields: Fields) -> Stamp:
    broadcast_id = fields.optional_id("broadcastId") or fields.optional_id("bId")
    return Stamp(
        timestamp_ms=fields.optional_ms("timestamp"),
        broadcast_id=BroadcastId(broadcast_id) if broadcast_id is not None else None,
        actor_id=read_user_id(fields, "userId"),
        position=read_position(fields),
    )


def _by(stamp: Stamp, author_id: UserId | None) -> Stamp:
    """The stamp with the payload's author as actor, where the frame is of a server that names no actor."""
    if stamp.actor_id is not None or stamp.position is not None:
        return stamp
    return replace(stamp, actor_id=author_id)


def _position(fields: Fields) -> Position:
    position = read_position(fields)
    if position is None:
        raise fields.bad("epoch" if fields.has("seq") else "seq", "is missing")
    return position


def _read_image_chat(kind: str, stamp: Stamp, fields: Fields) -> LiveEvent:
    """The payload of hosted servers is not public: what cannot be read means "reload the list"."""
    try:
        nested = (fields.nested(key) for key in ("imageChat", "conversation", "chat") if fields.has(key))
        payload = next(nested, fields)
        if kind == "deleted-image-chat":
            url_id = payload.optional_id("urlId")
            return DeletedImageChat(
                stamp,
                ConversationId(payload.id("_id", "id", "chatId")),
                UrlId(url_id) if url_id is not None else None,
            )
        if payload.flag("partial"):
            return ImageChatsStale(stamp, kind)
        conversation = read_conversation(payload)
        if kind == "new-image-chat":
            restored = payload.optional_text("activity") == "restored"
            return NewImageChat(
                stamp if restored else _by(stamp, conversation.author_id), conversation, restored
            )
        comment_fields = fields.optional_nested("comment")
        comment = read_comment(comment_fields, conversation.url_id) if comment_fields is not None else None
        return ImageChatUpdated(stamp, conversation, payload.optional_text("activity") or "", comment)
    except MalformedMessage:
        return ImageChatsStale(stamp, kind)


def _image_chat_frame(event: _ImageChatEvent, tenant_id: TenantId, v2: bool) -> str:
    """The frame, under 1 KB: see PROTOCOL 6.4. With a comment in it the comment sets the size."""
    match event:
        case NewImageChat(stamp, conversation, restored):
            kind, chat = "new-image-chat", encode_conversation(conversation, v2=v2)
            if v2 and restored:
                chat |= {"activity": "restored"}
        case ImageChatUpdated(stamp, conversation, activity, comment):
            kind = "image-chat-updated"
            chat = encode_conversation(conversation, v2=v2) | compact(activity=activity or None)
            if v2 and comment is not None:
                full = encode_full_comment(comment, tenant_id)
                return _frame(_enveloped(kind, stamp, v2, imageChat=chat, comment=full))
        case DeletedImageChat(stamp, conversation_id, url_id):
            kind, chat = "deleted-image-chat", {"_id": conversation_id, **compact(urlId=url_id)}
        case ImageChatsStale(stamp, kind):
            chat = {"partial": True}
        case _:
            assert_never(event)
    payload = _enveloped(kind, stamp, v2, imageChat=chat)
    frame = _frame(payload)
    for key in _SHED_FIRST:
        if _fits(frame):
            return frame
        chat.pop(key, None)
        chat["partial"] = True
        frame = _frame(payload)
    if _fits(frame):
        return frame
    # Only ids of hundreds of bytes come to this. The reader reloads, so the marker's id will do.
    payload["imageChat"] = compact(_id=chat.get("_id"), partial=True)
    frame = _frame(payload)
    if _fits(frame):
        return frame
    payload.pop("userId", None)
    return _frame(payload)


def _fits(frame: str) -> bool:
    return len(frame.encode("utf-8")) <= MAX_IMAGE_CHAT_FRAME


def _comment(comment: Comment, tenant_id: TenantId, v2: bool) -> JsonObject:
    return encode_full_comment(comment, tenant_id) if v2 else encode_pub_sub_comment(comment, tenant_id)


def _enveloped(kind: str, stamp: Stamp, v2: bool, **payload: object) -> JsonObject:
    envelope: JsonObject = {
        "type": kind,
        **compact(timestamp=stamp.timestamp_ms, broadcastId=stamp.broadcast_id),
    }
    if v2:
        envelope |= compact(userId=stamp.actor_id)
        if stamp.position is not None:
            envelope |= encode_position(stamp.position)
    return envelope | payload


def _extension(
    event: Subscribed
    | Reset
    | Skip
    | CursorMoved
    | ReadStateChanged
    | ReadElsewhere
    | OwnChanged
    | PlacementsChanged
    | ViewingChanged,
) -> JsonObject:
    match event:
        case Subscribed(position, server_time_ms):
            return {"type": "subscribed", **encode_position(position), "serverTime": server_time_ms}
        case Reset(reason):
            return {"type": "reset", **compact(reason=reason or None)}
        case Skip(position):
            return {"type": "skip", **encode_position(position)}
        case CursorMoved(user_id, point):
            return {"type": "cursor", "userId": user_id, "x": point.x, "y": point.y}
        case ReadStateChanged(state):
            return {"type": "read-state", **read_state_payload(state)}
        case ReadElsewhere():
            return {"type": "read-elsewhere"}
        case OwnChanged():
            return {"type": "own-changed"}
        case PlacementsChanged(changed):
            return {"type": "placements", **placements_payload(changed)}
        case ViewingChanged(now):
            return {"type": "viewing", "viewing": viewing_payload(now)}
        case _:
            assert_never(event)


def _frame(payload: JsonObject) -> str:
    return write_json(payload).decode().replace("%", "\\u0025")
