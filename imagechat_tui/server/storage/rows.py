"""Rows of the tables to models and back."""

from __future__ import annotations

import json
from collections.abc import Collection
from datetime import date
from typing import Final

from msgspec.structs import astuple

from imagechat_tui.protocol.ids import (
    BroadcastId,
    CommentId,
    ConversationId,
    EventId,
    ImageId,
    TenantId,
    UrlId,
    UserId,
)
from imagechat_tui.protocol.models import (
    Comment,
    Conversation,
    Place,
    PlaceKind,
    Placement,
    PlacementState,
    Point,
    Position,
    User,
    Version,
    Vote,
)
from imagechat_tui.protocol.usage import DailyUsage, Usage
from imagechat_tui.server.storage import HeldPlace, ImageRecord, StoredEvent, TenantRecord, UserRule
from imagechat_tui.server.storage.packed_frames import pack_frames, unpack_frames
from imagechat_tui.server.storage.quotes import event_with_words
from imagechat_tui.server.storage.sql import Row
from imagechat_tui.server.storage.transaction import RoomState

CONVERSATION: Final = (
    "id, image, url_id, x, y, src, created_from_comment_id, user_id, anon_user_id, commenter_name,"
    " comment_count, last_comment_at_ms, created_at_ms, number, resolved, resolved_by, resolved_at_ms, version,"
    " closed"
)
COMMENT: Final = (
    "id, url_id, user_id, anon_user_id, commenter_name, html, text, parent_id, date_ms, votes_up, votes_down,"
    " verified, approved, is_pinned, is_locked, is_by_admin, is_by_moderator, edited_at_ms, url, page_title,"
    " locale, number, avatar_src, commenter_link, display_label"
)
EVENT: Final = "id, seq, timestamp_ms, url_id, broadcast_id, plain, full_frame, packed"
ROOM: Final = (
    "url_id, epoch, last_seq, last_event_id, last_ts, min_seq, last_number, closed_until_ms, is_closed,"
    " trim_due_ms"
)
ANSWER: Final = "tenant_id, actor_id, broadcast_id, request_hash, body, at_ms, comment_id"
TENANT: Final = "id, name, api_secret_sealed, allow_anon, require_sso, created_at_ms, generation, disabled"
USER_RULE: Final = "user_id, banned_until_ms, role"
PERSON: Final = "id, username, display_name, email, avatar_src, display_label, website_url, is_private"
VOTE: Final = "id, comment_id, user_id, url_id, direction, created_at_ms"
IMAGE: Final = "id, url_id, src, name, project, due_ms"
PLACE: Final = "kind, project, value, image_id, moved"
VERSION: Final = "number, pixels, sha256, width, height, scale, at_ms, by_id"
USAGE: Final = (
    "day, conversation_count, comment_count, vote_count, comment_list_count, user_search_count, message_count,"
    " message_bytes, created_at_ms"
)
PLACEMENT: Final = "conversation_id, version, by_person, x, y, state, from_x, from_y, score, by_id"


def placeholders(columns: str) -> str:
    """``?, ?, ?`` for a list of columns and the tenant before them."""
    return ", ".join("?" * (columns.count(",") + 2))


def of_table(table: str, columns: str) -> str:
    """A list of columns, each with its table, where several are read."""
    return ", ".join(f"{table}.{name}" for name in columns.split(", "))


def assignments(columns: str) -> str:
    """The SET clause that takes every column but the id from the row that was to be inserted."""
    names = [name.strip() for name in columns.split(",")]
    return ", ".join(f"{name} = excluded.{name}" for name in names if name != "id")


def sums(columns: str, table: str, but: Collection[str]) -> str:
    """The SET clause that adds every column but these to what the table has."""
    names = (name for name in columns.split(", ") if name not in but)
    return ", ".join(f"{name} = {table}.{name} + excluded.{name}" for name in names)


def conversation_row(conversation: Conversation, image: UrlId) -> tuple[object, ...]:
    """The values of CONVERSATION."""
    c = conversation
    return (
        c.id,
        image,
        c.url_id,
        c.point.x,
        c.point.y,
        c.src,
        c.created_from_comment_id,
        c.user_id,
        c.anon_user_id,
        c.commenter_name,
        c.comment_count,
        c.last_comment_at_ms,
        c.created_at_ms,
        c.number,
        int(c.resolved),
        c.resolved_by,
        c.resolved_at_ms,
        c.version,
        int(c.closed),
    )


def read_conversation(row: Row) -> Conversation:
    """A Conversation from a row of CONVERSATION."""
    created_from, user_id, anon = row["created_from_comment_id"], row["user_id"], row["anon_user_id"]
    return Conversation(
        id=ConversationId(row["id"]),
        url_id=UrlId(row["url_id"]),
        point=Point(row["x"], row["y"]),
        src=row["src"],
        created_from_comment_id=CommentId(created_from) if created_from is not None else None,
        user_id=UserId(user_id) if user_id is not None else None,
        anon_user_id=UserId(anon) if anon is not None else None,
        commenter_name=row["commenter_name"],
        comment_count=row["comment_count"],
        last_comment_at_ms=row["last_comment_at_ms"],
        created_at_ms=row["created_at_ms"],
        number=row["number"],
        resolved=bool(row["resolved"]),
        resolved_by=UserId(row["resolved_by"]) if row["resolved_by"] is not None else None,
        resolved_at_ms=row["resolved_at_ms"],
        version=row["version"],
        closed=bool(row["closed"]),
    )


def comment_row(comment: Comment) -> tuple[object, ...]:
    """The values of COMMENT."""
    c = comment
    return (
        c.id,
        c.url_id,
        c.user_id,
        c.anon_user_id,
        c.commenter_name,
        c.html,
        c.text or "",
        c.parent_id,
        c.date_ms,
        c.votes_up,
        c.votes_down,
        int(c.verified),
        int(c.approved),
        int(c.is_pinned),
        int(c.is_locked),
        int(c.is_by_admin),
        int(c.is_by_moderator),
        c.edited_at_ms,
        c.url,
        c.page_title,
        c.locale,
        c.number,
        c.avatar_src,
        c.commenter_link,
        c.display_label,
    )


def read_comment(row: Row) -> Comment:
    """A Comment from a row of COMMENT: by place, for a list may have thousands, and names take twice as long."""
    (
        id_, url_id, user_id, anon_user_id, commenter_name, html, text, parent_id, date_ms, votes_up, votes_down,
        verified, approved, is_pinned, is_locked, is_by_admin, is_by_moderator, edited_at_ms, url, page_title,
        locale, number, avatar_src, commenter_link, display_label,
    ) = row  # fmt: skip
    return Comment(
        id=id_,
        url_id=url_id,
        user_id=user_id,
        anon_user_id=anon_user_id,
        commenter_name=commenter_name,
        html=html,
        text=text,
        parent_id=parent_id,
        date_ms=date_ms,
        votes=votes_up - votes_down,
        votes_up=votes_up,
        votes_down=votes_down,
        verified=verified == 1,
        approved=approved == 1,
        is_pinned=is_pinned == 1,
        is_locked=is_locked == 1,
        is_by_admin=is_by_admin == 1,
        is_by_moderator=is_by_moderator == 1,
        edited_at_ms=edited_at_ms,
        url=url,
        page_title=page_title,
        locale=locale,
        number=number,
        avatar_src=avatar_src,
        commenter_link=commenter_link,
        display_label=display_label,
    )


def event_row(event: StoredEvent) -> tuple[object, ...]:
    """The values of EVENT."""
    e = event
    plain, packed = None if e.plain is None else "", pack_frames(e.full, e.plain)
    return e.id, e.seq, e.timestamp_ms, e.url_id, e.broadcast_id, plain, "", packed


def read_event(row: Row) -> StoredEvent:
    """A StoredEvent from a row of EVENT, and ``text`` and ``html`` of the comment that it quotes."""
    full, plain = row["full_frame"], row["plain"]
    if row["packed"] is not None:
        full, plain = unpack_frames(row["packed"])
    kept = StoredEvent(
        id=EventId(row["id"]),
        seq=row["seq"],
        timestamp_ms=row["timestamp_ms"],
        url_id=UrlId(row["url_id"]),
        broadcast_id=BroadcastId(row["broadcast_id"]),
        plain=plain,
        full=full,
    )
    return event_with_words(kept, row["text"], row["html"])


def read_room(row: Row) -> RoomState:
    """A RoomState from a row of ROOM."""
    return RoomState(
        url_id=UrlId(row["url_id"]),
        position=Position(row["epoch"], row["last_seq"], EventId(row["last_event_id"])),
        last_timestamp_ms=row["last_ts"],
        first_seq=row["min_seq"],
        last_number=row["last_number"],
        closed_until_ms=row["closed_until_ms"],
        is_closed=bool(row["is_closed"]),
        trim_due_ms=row["trim_due_ms"],
    )


def read_tenant(row: Row) -> TenantRecord:
    """A TenantRecord from a row of TENANT."""
    return TenantRecord(
        id=TenantId(row["id"]),
        name=row["name"],
        api_secret_sealed=row["api_secret_sealed"],
        allow_anon=bool(row["allow_anon"]),
        require_sso=bool(row["require_sso"]),
        created_at_ms=row["created_at_ms"],
        generation=row["generation"],
        disabled=bool(row["disabled"]),
    )


def tenant_row(tenant: TenantRecord) -> tuple[object, ...]:
    """The values of TENANT."""
    return (
        tenant.id,
        tenant.name,
        tenant.api_secret_sealed,
        int(tenant.allow_anon),
        int(tenant.require_sso),
        tenant.created_at_ms,
        tenant.generation,
        int(tenant.disabled),
    )


def read_user_rule(row: Row) -> UserRule:
    """A UserRule from a row of ``tenant_id`` and USER_RULE."""
    return UserRule(TenantId(row["tenant_id"]), UserId(row["user_id"]), row["banned_until_ms"], row["role"])


def person_row(user: User) -> tuple[object, ...]:
    """The values of PERSON."""
    u = user
    return (
        u.id,
        u.username,
        u.display_name,
        u.email,
        u.avatar_src,
        u.display_label,
        u.website_url,
        int(u.is_private),
    )


def read_person(row: Row) -> User:
    """A User from a row of PERSON."""
    return User(
        id=UserId(row["id"]),
        username=row["username"],
        display_name=row["display_name"],
        email=row["email"],
        avatar_src=row["avatar_src"],
        display_label=row["display_label"],
        website_url=row["website_url"],
        is_private=bool(row["is_private"]),
    )


def vote_row(vote: Vote) -> tuple[object, ...]:
    """The values of VOTE."""
    return vote.id, vote.comment_id, vote.user_id, vote.url_id, vote.direction, vote.created_at_ms


def read_vote(row: Row) -> Vote:
    """A Vote from a row of VOTE and its tenant."""
    return Vote(
        id=row["id"],
        tenant_id=TenantId(row["tenant_id"]),
        url_id=UrlId(row["url_id"]),
        comment_id=CommentId(row["comment_id"]),
        direction=row["direction"],
        created_at_ms=row["created_at_ms"],
        user_id=UserId(row["user_id"]),
    )


def image_row(record: ImageRecord) -> tuple[object, ...]:
    """The values of IMAGE."""
    return record.id, record.url_id, record.src, record.name, record.project, record.due_ms


def read_image(row: Row) -> ImageRecord:
    """An ImageRecord from a row of IMAGE."""
    return ImageRecord(
        id=ImageId(row["id"]),
        url_id=UrlId(row["url_id"]),
        src=row["src"],
        name=row["name"],
        project=row["project"],
        due_ms=row["due_ms"],
    )


def read_place(row: Row) -> HeldPlace:
    """A HeldPlace from a row of PLACE."""
    place = Place(PlaceKind(row["kind"]), row["value"], row["project"])
    return HeldPlace(place, ImageId(row["image_id"]), moved=bool(row["moved"]))


def version_row(version: Version) -> tuple[object, ...]:
    """The values of VERSION."""
    v = version
    return v.number, v.pixels, v.sha256, v.width, v.height, v.scale, v.at_ms, v.by


def seen_in_text(place: Place | None) -> str | None:
    """The one place where a version was seen, as it is kept."""
    return None if place is None else json.dumps([place.kind.value, place.project, place.value])


def read_seen_in(text: str | None) -> Place | None:
    """The same, read back."""
    if text is None:
        return None
    kind, project, value = json.loads(text)
    return Place(PlaceKind(kind), value, project)


def read_version(row: Row) -> Version:
    """A Version from a row of VERSION."""
    return Version(
        number=row["number"],
        pixels=row["pixels"],
        sha256=row["sha256"],
        width=row["width"],
        height=row["height"],
        scale=row["scale"],
        at_ms=row["at_ms"],
        by=UserId(row["by_id"]),
    )


def placement_row(placement: Placement, version: int) -> tuple[object, ...]:
    """The values of PLACEMENT."""
    p, origin = placement, placement.origin
    return (
        p.conversation_id,
        version,
        int(p.state is PlacementState.SET),
        p.point.x,
        p.point.y,
        p.state.value,
        origin.x if origin is not None else None,
        origin.y if origin is not None else None,
        p.score,
        p.by,
    )


def read_placement(row: Row) -> Placement:
    """A Placement from a row of PLACEMENT."""
    from_x, by_id = row["from_x"], row["by_id"]
    return Placement(
        conversation_id=ConversationId(row["conversation_id"]),
        point=Point(row["x"], row["y"]),
        state=PlacementState(row["state"]),
        origin=Point(from_x, row["from_y"]) if from_x is not None else None,
        score=row["score"],
        by=UserId(by_id) if by_id is not None else None,
    )


def day_number(day: date) -> int:
    """A day as USAGE has it: 20261130."""
    return day.year * 10_000 + day.month * 100 + day.day


def usage_row(day: date, usage: Usage, now_ms: int) -> tuple[object, ...]:
    """A row of USAGE."""
    return (day_number(day), *astuple(usage), now_ms)


def read_usage(row: Row) -> DailyUsage:
    """A DailyUsage from a row of USAGE."""
    number, *counts, created_at_ms = row
    day = date(number // 10_000, number // 100 % 100, number % 100)
    return DailyUsage(day, Usage(*counts), created_at_ms)
