"""Conversations, comments, votes, users and positions as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from imagechat_tui.protocol.codec.fields import Fields, compact, iso_from_ms, json_number
from imagechat_tui.protocol.codec.json_text import JsonObject
from imagechat_tui.protocol.ids import CommentId, ConversationId, EventId, TenantId, UrlId, UserId
from imagechat_tui.protocol.models import Comment, Conversation, Neighbours, Position, User, Vote

NO_THREAD: Final = UrlId("")
"""For comments that do not name their thread where the caller does not know it either."""
_OURS_ALONE: Final = ("editedAt", "number")
"""Keys of a comment that no plain frame has."""

_COMMENT_FIELDS: Final[Mapping[str, str]] = {
    "_id": "id",
    "urlId": "url_id",
    "userId": "user_id",
    "anonUserId": "anon_user_id",
    "commenterName": "commenter_name",
    "commentHTML": "html",
    "comment": "text",
    "parentId": "parent_id",
    "date": "date_ms",
    "votes": "votes",
    "votesUp": "votes_up",
    "votesDown": "votes_down",
    "verified": "verified",
    "approved": "approved",
    "isDeleted": "is_deleted",
    "isPinned": "is_pinned",
    "isLocked": "is_locked",
    "isByAdmin": "is_by_admin",
    "isByModerator": "is_by_moderator",
    "editedAt": "edited_at_ms",
    "number": "number",
    "url": "url",
    "pageTitle": "page_title",
    "locale": "locale",
    "avatarSrc": "avatar_src",
    "commenterLink": "commenter_link",
    "displayLabel": "display_label",
}


def read_user_id(fields: Fields, key: str) -> UserId | None:
    """A user id, or None."""
    value = fields.optional_id(key)
    return UserId(value) if value is not None else None


def encode_conversation(conversation: Conversation, *, v2: bool) -> JsonObject:
    """An ImageChat object. It may hold our extensions for every reader (PROTOCOL 1.2), and more for ``v=2``."""
    return {
        "_id": conversation.id,
        "urlId": conversation.url_id,
        "x": json_number(conversation.point.x),
        "y": json_number(conversation.point.y),
        **compact(
            src=conversation.src,
            createdFromCommentId=conversation.created_from_comment_id,
            userId=conversation.user_id,
            anonUserId=conversation.anon_user_id,
            commenterName=conversation.commenter_name or None,
            commentCount=conversation.comment_count,
            lastCommentAt=conversation.last_comment_at_ms,
            createdAt=conversation.created_at_ms,
            number=conversation.number,
        ),
        "resolved": conversation.resolved,
        **compact(
            resolvedBy=conversation.resolved_by,
            resolvedAt=conversation.resolved_at_ms,
            version=conversation.version if v2 else None,
            isClosed=True if v2 and conversation.closed else None,
        ),
    }


def read_conversation(fields: Fields) -> Conversation:
    """A Conversation from an ImageChat object: ``_id``, ``urlId``, ``x``, ``y`` are enough."""
    created_from = fields.optional_id("createdFromCommentId")
    return Conversation(
        id=ConversationId(fields.id("_id", "id", "chatId")),
        url_id=UrlId(fields.id("urlId")),
        point=fields.point(),
        src=fields.optional_text("src"),
        created_from_comment_id=CommentId(created_from) if created_from is not None else None,
        user_id=read_user_id(fields, "userId"),
        anon_user_id=read_user_id(fields, "anonUserId"),
        commenter_name=fields.optional_text("commenterName") or "",
        comment_count=fields.optional_integer("commentCount"),
        last_comment_at_ms=fields.optional_ms("lastCommentAt"),
        created_at_ms=fields.optional_ms("createdAt"),
        number=fields.optional_integer("number"),
        resolved=fields.flag("resolved"),
        resolved_by=read_user_id(fields, "resolvedBy"),
        resolved_at_ms=fields.optional_ms("resolvedAt"),
        version=fields.optional_integer("version"),
        closed=fields.flag("isClosed"),
    )


def encode_public_comment(comment: Comment) -> JsonObject:
    """A PublicComment of the OpenAPI file: as the plain lists and answers hold it, without raw text."""
    public: JsonObject = {"_id": comment.id, "userId": comment.user_id}
    if comment.anon_user_id is not None:
        public["anonUserId"] = comment.anon_user_id
    public.update(
        commenterName=comment.commenter_name,
        commentHTML=comment.html,
        parentId=comment.parent_id,
        date=_iso_or_null(comment.date_ms),
        votes=comment.votes,
        votesUp=comment.votes_up,
        votesDown=comment.votes_down,
        verified=comment.verified,
        isByAdmin=comment.is_by_admin,
        isByModerator=comment.is_by_moderator,
        isPinned=comment.is_pinned,
        isLocked=comment.is_locked,
        isDeleted=comment.is_deleted,
        approved=comment.approved,
    )
    if comment.avatar_src is not None:
        public["avatarSrc"] = comment.avatar_src
    if comment.commenter_link is not None:
        public["commenterLink"] = comment.commenter_link
    if comment.display_label:
        public["displayLabel"] = comment.display_label
    return public


def encode_pub_sub_comment(comment: Comment, tenant_id: TenantId) -> JsonObject:
    """A PubSubComment of the OpenAPI file: as plain frames hold it, always in full."""
    full = encode_full_comment(comment, tenant_id)
    full["date"] = iso_from_ms(comment.date_ms or 0)  # not nullable there
    full["comment"] = comment.text or ""
    for key in _OURS_ALONE:
        full.pop(key, None)
    return full


def encode_full_comment(comment: Comment, tenant_id: TenantId) -> JsonObject:
    """A comment with all we know of it, for ``v=2``: decoding gives an equal Comment.

    One object that grows, and not one made of others: a list may have thousands.
    """
    full = encode_public_comment(comment)
    full["tenantId"] = tenant_id
    full["urlId"] = comment.url_id
    full["comment"] = comment.text
    full["url"] = comment.url
    if comment.page_title:
        full["pageTitle"] = comment.page_title
    full["locale"] = comment.locale
    if comment.edited_at_ms is not None:
        full["editedAt"] = comment.edited_at_ms
    if comment.number is not None:
        full["number"] = comment.number
    return full


def read_comment(fields: Fields, url_id: UrlId = NO_THREAD) -> Comment:
    """A Comment from a PublicComment or PubSubComment.

    Args:
        fields: The object.
        url_id: Key of its thread, for objects that do not name it.
    """
    parent = fields.optional_id("parentId")
    return Comment(
        id=CommentId(fields.id("_id", "id")),
        url_id=UrlId(fields.optional_text("urlId") or url_id),
        user_id=read_user_id(fields, "userId"),
        anon_user_id=read_user_id(fields, "anonUserId"),
        commenter_name=fields.optional_text("commenterName") or "",
        html=fields.optional_text("commentHTML") or "",
        text=fields.optional_text("comment"),
        parent_id=CommentId(parent) if parent is not None else None,
        date_ms=fields.optional_ms("date"),
        votes=fields.count("votes"),
        votes_up=fields.count("votesUp"),
        votes_down=fields.count("votesDown"),
        verified=fields.flag("verified", True),
        approved=fields.flag("approved", True),
        is_deleted=fields.flag("isDeleted"),
        is_pinned=fields.flag("isPinned"),
        is_locked=fields.flag("isLocked"),
        is_by_admin=fields.flag("isByAdmin"),
        is_by_moderator=fields.flag("isByModerator"),
        edited_at_ms=fields.optional_ms("editedAt"),
        number=fields.optional_integer("number"),
        url=fields.optional_text("url") or "",
        page_title=fields.optional_text("pageTitle") or "",
        locale=fields.optional_text("locale"),
        avatar_src=fields.optional_text("avatarSrc"),
        commenter_link=fields.optional_text("commenterLink"),
        display_label=fields.optional_text("displayLabel") or "",
    )


def present_in(fields: Fields) -> frozenset[str]:
    """The names of the Comment's fields that a comment object held."""
    return frozenset(name for key, name in _COMMENT_FIELDS.items() if key in fields)


def positions_payload(positions: Mapping[str, Neighbours]) -> JsonObject:
    """Where a root stands, as PIN_COMMENT answers and as ``extraInfo`` of an event says it."""
    return {
        "commentPositions": {
            order: {"before": beside.before, "after": beside.after} for order, beside in positions.items()
        }
    }


def read_positions(fields: Fields | None) -> Mapping[str, Neighbours]:
    """The same, read; empty if it is not said."""
    told = fields.optional_nested("commentPositions") if fields is not None else None
    if told is None:
        return {}
    return {order: _neighbours(told.nested(order)) for order in told}


def _neighbours(fields: Fields) -> Neighbours:
    before, after = fields.optional_id("before"), fields.optional_id("after")
    return Neighbours(
        CommentId(before) if before is not None else None, CommentId(after) if after is not None else None
    )


def encode_vote(vote: Vote) -> JsonObject:
    """A PubSubVote."""
    return {
        "_id": vote.id,
        "tenantId": vote.tenant_id,
        "urlId": vote.url_id,
        "urlIdRaw": vote.url_id,
        "commentId": vote.comment_id,
        "userId": vote.user_id,
        "direction": vote.direction,
        "createdAt": vote.created_at_ms,
        "verificationId": vote.verification_id,
    }


def read_vote(fields: Fields) -> Vote:
    """A Vote from a PubSubVote."""
    direction = fields.integer("direction")
    if direction not in (1, -1):
        raise fields.bad("direction", "is neither 1 nor -1")
    return Vote(
        id=fields.id("_id", "id"),
        tenant_id=TenantId(fields.optional_text("tenantId") or ""),
        url_id=UrlId(fields.optional_text("urlId") or ""),
        comment_id=CommentId(fields.id("commentId")),
        direction=direction,
        created_at_ms=fields.optional_ms("createdAt") or 0,
        user_id=read_user_id(fields, "userId"),
        verification_id=fields.optional_text("verificationId"),
    )


def encode_user(user: User) -> JsonObject:
    """A UserSessionInfo: what the asking user is told about themselves."""
    return {
        "id": user.id,
        "authorized": user.authorized,
        **compact(
            username=user.username or None,
            displayName=user.display_name or None,
            email=user.email or None,
            displayLabel=user.display_label or None,
            websiteUrl=user.website_url,
        ),
        "avatarSrc": user.avatar_src,
        "isAnonSession": user.is_anonymous,
        **compact(sessionId=user.session_id, hasBlockedUsers=user.has_blocked_users),
    }


def decode_user(obj: JsonObject) -> User:
    """A User from a UserSessionInfo. ``is_admin`` is not in it: the list's ``isSiteAdmin`` says that."""
    return read_user(Fields(obj))


def read_user(fields: Fields) -> User:
    """As ``decode_user``. A session without an id is nobody in particular: its id is empty."""
    return User(
        id=UserId(fields.optional_text("id") or ""),
        username=fields.optional_text("username") or "",
        display_name=fields.optional_text("displayName") or "",
        email=fields.optional_text("email") or "",
        avatar_src=fields.optional_text("avatarSrc"),
        display_label=fields.optional_text("displayLabel") or "",
        website_url=fields.optional_text("websiteUrl"),
        authorized=fields.flag("authorized", True),
        is_anonymous=fields.flag("isAnonSession"),
        session_id=fields.optional_text("sessionId"),
        has_blocked_users=fields.flag("hasBlockedUsers") if fields.has("hasBlockedUsers") else None,
    )


def encode_page_user(user: User) -> JsonObject:
    """A PageUserEntry: a user in a presence list. Who wishes to stay private has neither name nor face there."""
    name = "" if user.is_private else user.display_name or user.username
    face = None if user.is_private else user.avatar_src
    return {"id": user.id, "displayName": name, **compact(avatarSrc=face, isPrivate=None if name else True)}


def read_page_user(fields: Fields) -> User:
    """A User from a PageUserEntry."""
    return User(
        id=UserId(fields.id("id")),
        display_name=fields.optional_text("displayName") or "",
        avatar_src=fields.optional_text("avatarSrc"),
    )


def encode_position(position: Position) -> JsonObject:
    """The position's keys, to be merged into a frame or an answer (``v=2``)."""
    return {
        "seq": position.seq,
        "epoch": position.epoch,
        **compact(eventId=position.event_id or None),
    }


def read_position(fields: Fields) -> Position | None:
    """The position of a frame or an answer; None where there is none (hosted)."""
    if not (fields.has("seq") and fields.has("epoch")):
        return None
    seq = fields.integer("seq")
    if seq < 0:
        raise fields.bad("seq", "is negative")
    return Position(
        epoch=fields.id("epoch"), seq=seq, event_id=EventId(fields.optional_text("eventId") or "")
    )


def _iso_or_null(ms: int | None) -> str | None:
    return iso_from_ms(ms) if ms is not None else None
