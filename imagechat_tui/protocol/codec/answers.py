"""Answers of the routes: written by the server strictly as the OpenAPI file lists them, read tolerantly."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final, TypeVar

from msgspec.structs import replace

from imagechat_tui.protocol.codec.fields import Fields, compact, iso_from_ms
from imagechat_tui.protocol.codec.json_text import JsonObject, MalformedMessage
from imagechat_tui.protocol.codec.things import (
    NO_THREAD,
    encode_conversation,
    encode_full_comment,
    encode_page_user,
    encode_position,
    encode_public_comment,
    encode_user,
    positions_payload,
    read_comment,
    read_conversation,
    read_page_user,
    read_position,
    read_user,
    read_vote,
)
from imagechat_tui.protocol.codec.viewing import read_viewing, viewing_payload
from imagechat_tui.protocol.ids import (
    BroadcastId,
    CommentId,
    ConversationId,
    EventId,
    TenantId,
    UrlId,
    UserId,
)
from imagechat_tui.protocol.models import Comment, Conversation, LogEntry, Neighbours, Own, User, Vote
from imagechat_tui.protocol.routes import (
    Branch,
    CommentList,
    CommentReply,
    ConversationList,
    ConversationReply,
    EditReply,
    EventLog,
    RoomIds,
    Rooms,
    ThreadConfig,
    UsersOnline,
    VoteReply,
    Voters,
)

Thing = TypeVar("Thing")


def encode_success() -> JsonObject:
    """The answer of a write that has nothing to say."""
    return {"status": "success"}


PENDING_VERIFICATION: Final = "pending-verification"
"""The status of a vote that is stored, and does not count yet."""


def succeeded(obj: JsonObject) -> bool:
    """Whether an answer with HTTP 200 really says yes: older servers say no with 200 as well."""
    return obj.get("status") in ("success", PENDING_VERIFICATION)


def encode_conversation_list(answer: ConversationList, *, tenant_id: TenantId, v2: bool) -> JsonObject:
    """Answer of LIST_CONVERSATIONS. Position, comments and read-only go to ``v=2`` readers only."""
    return encode_list_head(answer, v2=v2) | encode_listed(
        answer.conversations, answer.comments, tenant_id=tenant_id, v2=v2
    )


def encode_listed(
    conversations: Sequence[Conversation], comments: Sequence[Comment], *, tenant_id: TenantId, v2: bool
) -> JsonObject:
    """The part of LIST_CONVERSATIONS that is the same for all who ask at one moment, and may be long."""
    listed: JsonObject = {
        "conversations": [encode_conversation(conversation, v2=v2) for conversation in conversations]
    }
    if v2:
        listed["comments"] = [encode_full_comment(comment, tenant_id) for comment in comments]
    return listed


def encode_list_head(answer: ConversationList, *, v2: bool) -> JsonObject:
    """The part of LIST_CONVERSATIONS that depends on who asks."""
    plain: JsonObject = {
        "status": "success",
        **compact(user=encode_user(answer.user) if answer.user is not None else None),
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
        "readOnly": answer.read_only,
        **compact(bannedUntil=answer.banned_until_ms),
        **({"own": _encode_own(answer.own)} if answer.own != Own() else {}),
    }


def decode_conversation_list(obj: JsonObject, *, tolerant: bool = False) -> ConversationList:
    """Answer of LIST_CONVERSATIONS.

    Args:
        obj: The answer.
        tolerant: A conversation that cannot be read is left out and counted, as another kind of server may
            have some that we do not foresee. One of ours has none.

    Raises:
        MalformedMessage: A key is missing or wrong.
    """
    fields = Fields(obj)
    is_site_admin = fields.flag("isSiteAdmin")
    told = fields.objects("conversations", tolerant=tolerant)
    conversations, left_out = _readable(told, read_conversation, tolerant=tolerant)
    has_comments = fields.has("comments") and not tolerant  # ours alone have them here (PROTOCOL 9)
    return ConversationList(
        conversations=conversations,
        url_id_clean=UrlId(fields.optional_text("urlIdClean") or ""),
        room=_read_room(fields),
        user=_read_user(fields, is_site_admin),
        is_site_admin=is_site_admin,
        server_time_ms=fields.optional_ms("serverTime"),
        position=read_position(fields),
        comments=tuple(map(read_comment, fields.objects("comments"))) if has_comments else (),
        read_only=fields.flag("readOnly"),
        banned_until_ms=fields.optional_ms("bannedUntil"),
        own=_read_own(fields.optional_nested("own")),
        left_out=left_out,
    )


def encode_conversation_reply(
    reply: ConversationReply, *, tenant_id: TenantId, v2: bool, created: bool = True
) -> JsonObject:
    """Answer of CREATE_CONVERSATION, or (not ``created``) of UPDATE_CONVERSATION."""
    conversation, comment = reply.conversation, reply.comment
    return {
        "status": "success",
        **compact(
            createdChatId=reply.id if created else None,
            conversation=encode_conversation(conversation, v2=v2) if conversation is not None else None,
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
    votes = {vote.comment_id: vote for vote in answer.own.votes}
    comments = [
        (encode_full_comment(comment, tenant_id) if v2 else encode_public_comment(comment))
        | _own(votes, answer.own, comment)
        | ({"flagCount": answer.flags[comment.id]} if v2 and comment.id in answer.flags else {})
        for comment in answer.comments
    ]
    plain: JsonObject = {
        "status": "success",
        "pageNumber": answer.page_number,
        "user": encode_user(answer.user) if answer.user is not None else None,
        "comments": comments if answer.branches is None else _nested(comments, answer.branches),
        "commentCount": answer.comment_count,
        "hasMore": answer.has_more,
        "isClosed": answer.is_closed,
        "isSiteAdmin": answer.is_site_admin,
        "urlIdClean": answer.url_id_clean,
        **compact(
            lastGenDate=answer.last_gen_date_ms,
            customConfig=None if answer.config is None else _config(answer.config),
        ),
        **_room(answer.room),
    }
    if not v2 or answer.position is None:
        return plain
    return plain | encode_position(answer.position)


def decode_comment_list(obj: JsonObject, *, url_id: UrlId = NO_THREAD, tolerant: bool = False) -> CommentList:
    """Answer of LIST_COMMENTS, pages and trees alike: a tree comes out flat, each root before its replies.

    Args:
        obj: The answer.
        url_id: The thread key asked for, which plain comments do not name.
        tolerant: A comment that cannot be read is left out and counted.

    Raises:
        MalformedMessage: A key is missing or wrong.
    """
    fields = Fields(obj)
    is_site_admin = fields.flag("isSiteAdmin")
    url_id_clean = UrlId(fields.optional_text("urlIdClean") or url_id)

    votes, flagged = list[Vote](), set[CommentId]()

    def read(comment: Fields) -> Comment:
        known = read_comment(comment, url_id or url_id_clean)
        votes.extend(_own_vote(comment, known))
        if comment.flag("isFlagged"):
            flagged.add(known.id)
        return known

    told = _flat(fields.objects("comments", tolerant=tolerant), tolerant=tolerant)
    comments, left_out = _readable(told, read, tolerant=tolerant)
    return CommentList(
        comments=comments,
        url_id_clean=url_id_clean,
        room=_read_room(fields),
        own=Own(tuple(votes), frozenset(flagged)),
        user=_read_user(fields, is_site_admin),
        page_number=fields.count("pageNumber"),
        comment_count=fields.count("commentCount"),
        has_more=fields.flag("hasMore"),
        is_closed=fields.flag("isClosed"),
        is_site_admin=is_site_admin,
        last_gen_date_ms=fields.optional_ms("lastGenDate"),
        position=read_position(fields),
        left_out=left_out,
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


def encode_vote_reply(vote_id: str) -> JsonObject:
    """Answer of VOTE: VoteResponse. Votes count at once or are refused: none waits to be verified."""
    return {"status": "success", "voteId": vote_id, "isVerified": True}


def decode_vote_reply(obj: JsonObject) -> VoteReply:
    """Answer of VOTE. Where votes are confirmed by mail its ``status`` says that it waits for that.

    Raises:
        MalformedMessage: The vote's id is missing.
    """
    fields = Fields(obj)
    return VoteReply(fields.id("voteId"), is_pending=fields.optional_text("status") == PENDING_VERIFICATION)


def encode_vote_deleted() -> JsonObject:
    """Answer of UNVOTE: VoteDeleteResponse."""
    return {"status": "success", "wasPendingVote": False}


def encode_rooms(rooms: Rooms) -> JsonObject:
    """Answer of LIST_ROOMS."""
    return {"status": "success", "rooms": list(rooms.url_ids), "hasMore": rooms.has_more}


def decode_rooms(obj: JsonObject) -> Rooms:
    """Answer of LIST_ROOMS.

    Raises:
        MalformedMessage: A key is missing or wrong.
    """
    fields = Fields(obj)
    return Rooms(tuple(map(UrlId, fields.texts("rooms"))), fields.flag("hasMore"))


def encode_voters(voters: Voters) -> JsonObject:
    """Answer of VOTERS: GetCommentVoteUserNamesSuccessResponse."""
    return {"status": "success", "voteUserNames": list(voters.names), "hasMore": voters.has_more}


def encode_pinned(positions: Mapping[str, Neighbours]) -> JsonObject:
    """Answer of PIN_COMMENT and UNPIN_COMMENT: ChangeCommentPinStatusResponse."""
    return {"status": "success", **positions_payload(positions)}


def encode_blocked(statuses: Mapping[CommentId, bool]) -> JsonObject:
    """Answer of BLOCK_AUTHOR, UNBLOCK_AUTHOR and CHECK_BLOCKED: of whether each comment is by somebody blocked."""
    return {"status": "success", "commentStatuses": dict(statuses)}


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


def encode_users_online(online: UsersOnline, *, v2: bool = False) -> JsonObject:
    """Answer of USERS_ONLINE, on one page. Which versions they look at goes to ``v=2`` readers only."""
    return {
        "status": "success",
        **users_online_payload(online, v2=v2),
        "nextAfterName": None,
        "nextAfterUserId": None,
    }


def decode_users_online(obj: JsonObject) -> UsersOnline:
    """Answer of USERS_ONLINE.

    Raises:
        MalformedMessage: A key is missing or wrong.
    """
    return read_users_online(Fields(obj))


def users_online_payload(online: UsersOnline, *, v2: bool) -> JsonObject:
    """What the answers of USERS_ONLINE and SUMMARIZE share."""
    return {
        "users": [encode_page_user(user) for user in online.users],
        "anonCount": online.anon_count,
        "totalCount": online.total_count,
        **({"viewing": viewing_payload(online.viewing)} if v2 else {}),
    }


def read_users_online(fields: Fields) -> UsersOnline:
    """What the answers of USERS_ONLINE and SUMMARIZE share, read."""
    return UsersOnline(
        users=tuple(map(read_page_user, fields.objects("users"))),
        anon_count=fields.count("anonCount"),
        total_count=fields.count("totalCount"),
        viewing=read_viewing(fields, "viewing"),
    )


def encode_users_info(users: Iterable[User]) -> JsonObject:
    """Answer of USERS_INFO."""
    return {"status": "success", "users": [encode_page_user(user) for user in users]}


def encode_users_found(users: Iterable[User]) -> JsonObject:
    """Answer of SEARCH_USERS: SearchUsersResponse."""
    return {
        "status": "success",
        "users": [
            {
                "id": user.id,
                "name": user.username or user.display_name,
                **compact(displayName=user.display_name or None, avatarSrc=user.avatar_src),
                "type": "sso",
            }
            for user in users
        ],
    }


def encode_presence_status(online: Mapping[UserId, bool]) -> JsonObject:
    """Answer of PRESENCE_STATUS."""
    return {"status": "success", "userIdsOnline": dict(online)}


def _config(config: ThreadConfig) -> JsonObject:
    """CustomConfigParameters."""
    return {
        "allowAnon": config.allow_anon,
        "allowAnonVotes": config.allow_anon,
        "allowAnonFlag": config.allow_anon,
        "requireSSO": config.require_sso,
        "maxCommentCharacterLength": config.max_comment_length,
        "noImageUploads": True,
    }


def _own(votes: Mapping[CommentId, Vote], own: Own, comment: Comment) -> JsonObject:
    """What a comment's object says of the asking user."""
    said: JsonObject = {}
    if (vote := votes.get(comment.id)) is not None:
        said |= {"isVotedUp": vote.direction > 0, "isVotedDown": vote.direction < 0, "myVoteId": vote.id}
    if comment.id in own.flagged:
        said["isFlagged"] = True
    if comment.author_id in own.blocked:
        said["isBlocked"] = True
    return said


def _own_vote(fields: Fields, comment: Comment) -> Iterator[Vote]:
    """The asking user's vote on a comment, where its object says so."""
    up, down = fields.flag("isVotedUp"), fields.flag("isVotedDown")
    vote_id = fields.optional_id("myVoteId")
    if vote_id is not None and up is not down:
        yield Vote(vote_id, TenantId(""), UrlId(""), comment.id, 1 if up else -1, 0)


def _encode_own(own: Own) -> JsonObject:
    """What of an image's threads is the asking user's own."""
    return compact(
        votes=[
            {"_id": vote.id, "commentId": vote.comment_id, "direction": vote.direction} for vote in own.votes
        ]
        or None,
        flagged=sorted(own.flagged) or None,
        blocked=sorted(own.blocked) or None,
    )


def _read_own(fields: Fields | None) -> Own:
    if fields is None:
        return Own()

    def named(key: str) -> Iterator[str]:
        return fields.texts(key) if fields.has(key) else iter(())

    return Own(
        votes=tuple(map(read_vote, fields.objects("votes"))) if fields.has("votes") else (),
        flagged=frozenset(map(CommentId, named("flagged"))),
        blocked=frozenset(map(UserId, named("blocked"))),
    )


def _nested(comments: list[JsonObject], branches: Mapping[CommentId, Branch]) -> list[JsonObject]:
    """The comments that no other one has below it, each with those below it in it."""
    told = {str(comment["_id"]): comment for comment in comments}
    tops = dict(told)
    for comment_id, branch in branches.items():
        told[comment_id] |= {
            "hasChildren": branch.has_children,
            **compact(childCount=branch.count, nestedChildrenCount=branch.nested),
            "children": [told[shown] for shown in branch.shown],
        }
        for shown in branch.shown:
            del tops[shown]
    return list(tops.values())


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


def _readable(
    told: Iterable[Fields], read: Callable[[Fields], Thing], *, tolerant: bool
) -> tuple[tuple[Thing, ...], int]:
    """What is told, read one by one, and how many were left out because they cannot be."""
    things, left_out = [], 0
    for fields in told:
        try:
            things.append(read(fields))
        except MalformedMessage:
            if not tolerant:
                raise
            left_out += 1
    return tuple(things), left_out


def _flat(roots: Iterable[Fields], *, tolerant: bool) -> Iterable[Fields]:
    """Comments and their ``children``, depth first. The JSON reader bounds how deep that goes."""
    for comment in roots:
        yield comment
        if comment.has("children"):
            yield from _flat(comment.objects("children", tolerant=tolerant), tolerant=tolerant)


def _read_log_entry(fields: Fields) -> LogEntry:
    return LogEntry(
        id=EventId(fields.id("_id", "id")),
        created_at_ms=fields.ms("createdAt"),
        tenant_id=TenantId(fields.text("tenantId")),
        url_id=UrlId(fields.text("urlId")),
        broadcast_id=BroadcastId(fields.optional_text("broadcastId") or ""),
        data=fields.text("data"),
    )
