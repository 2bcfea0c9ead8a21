"""What a tenant uses, day by day: question and answer (PROTOCOL 8.6). Clients never ask: imported by servers alone."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Final

from imagechat_tui.protocol.codec.fields import Fields, iso_from_ms
from imagechat_tui.protocol.codec.json_text import JsonObject
from imagechat_tui.protocol.ids import TenantId
from imagechat_tui.protocol.usage import DailyUsage, Usage, UsageQuery

_NUMBER: Final = re.compile(r"-?[0-9]{1,17}(?:\.[0-9]{1,17})?(?:[eE][+-]?[0-9]{1,2})?")
_NOT_COUNTED: Final = {
    "accountCreatedCount": 0,
    "hashTagSearch": 0,
    "gifSearchTrending": 0,
    "gifSearch": 0,
    "apiCreditsUsed": 0,
    "apiErrorCount": 0,
    "billed": False,
    "ignored": False,
}
"""What the model wants to be there, and a server without accounts, GIFs and bills has nothing of."""


def decode_usage_query(query: Mapping[str, str]) -> UsageQuery:
    """Query of DAILY_USAGE. Its month counts from 0, its day from 1; some SDKs write ``2026.0``.

    Raises:
        MalformedMessage: One of them is no whole number, or there is less than nothing to skip.
    """
    year, month, day, skip = (
        _optional_whole(query, key) for key in ("yearNumber", "monthNumber", "dayNumber", "skip")
    )
    if skip is not None and skip < 0:
        raise Fields(query).bad("skip", "is less than 0")
    return UsageQuery(year, None if month is None else month + 1, day, skip=skip or 0)


def wants_messages(query: Mapping[str, str]) -> bool:
    """Whether messages and their bytes are to be told, too: our extension, for the model has no place for them."""
    return query.get("includePubSub") in ("true", "1")


def encode_daily_usages(tenant_id: TenantId, days: Iterable[DailyUsage], *, messages: bool) -> JsonObject:
    """Answer of DAILY_USAGE: GetTenantDailyUsagesResponse; with ``messages`` more than that model lists."""
    return {
        "status": "success",
        "tenantDailyUsages": [encode_daily_usage(tenant_id, day, messages=messages) for day in days],
    }


def encode_daily_usage(tenant_id: TenantId, told: DailyUsage, *, messages: bool) -> JsonObject:
    """APITenantDailyUsage: all its keys are mandatory."""
    day, usage = told.day, told.usage
    row: JsonObject = {
        "id": f"u_{tenant_id}_{day:%Y%m%d}",
        "tenantId": tenant_id,
        "yearNumber": day.year,
        "monthNumber": day.month - 1,
        "dayNumber": day.day,
        "commentFetchCount": usage.comment_lists,
        "commentCreateCount": usage.comments,
        "conversationCreateCount": usage.conversations,
        "voteCount": usage.votes,
        "userMentionSearch": usage.user_searches,
        **_NOT_COUNTED,
        "createdAt": iso_from_ms(told.created_at_ms),
    }
    if messages:
        row |= {"pubSubMessageCount": usage.messages, "pubSubBandwidth": usage.message_bytes}
    return row


def decode_daily_usage(row: JsonObject) -> DailyUsage:
    """A row with messages, as ``encode_daily_usage`` writes it.

    Raises:
        MalformedMessage: It is none.
    """
    fields = Fields(row)
    year, month, day = (fields.integer(key) for key in ("yearNumber", "monthNumber", "dayNumber"))
    try:
        of = date(year, month + 1, day)
    except ValueError:
        raise fields.bad("dayNumber", "is no day") from None
    usage = Usage(
        conversations=fields.integer("conversationCreateCount"),
        comments=fields.integer("commentCreateCount"),
        votes=fields.integer("voteCount"),
        comment_lists=fields.integer("commentFetchCount"),
        user_searches=fields.integer("userMentionSearch"),
        messages=fields.count("pubSubMessageCount"),
        message_bytes=fields.count("pubSubBandwidth"),
    )
    return DailyUsage(of, usage, fields.ms("createdAt"))


def _optional_whole(query: Mapping[str, str], key: str) -> int | None:
    value = query.get(key)
    if not value or value == "null":
        return None
    if not _NUMBER.fullmatch(value):
        raise Fields(query).bad(key, "is not a number")
    return Fields({key: float(value)}).integer(key)
