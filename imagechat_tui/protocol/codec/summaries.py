"""How it stands with several images: question and answer (PROTOCOL 9.3)."""

from __future__ import annotations

from imagechat_tui.protocol.codec.answers import read_users_online, users_online_payload
from imagechat_tui.protocol.codec.fields import Fields, compact
from imagechat_tui.protocol.codec.images import encode_place, read_place
from imagechat_tui.protocol.codec.json_text import JsonObject
from imagechat_tui.protocol.ids import UrlId
from imagechat_tui.protocol.models import Summary
from imagechat_tui.protocol.routes import MAX_SUMMARIES, Summaries, Summarize


def encode_summarize(asked: Summarize) -> JsonObject:
    """Body of SUMMARIZE."""
    return {
        "urlIds": list(asked.url_ids),
        "places": [encode_place(place) for place in asked.places],
        **compact(people=asked.people or None, begins=asked.begins or None, since=asked.since_ms),
    }


def decode_summarize(obj: JsonObject) -> Summarize:
    """Body of SUMMARIZE.

    Raises:
        MalformedMessage: Also for more images than one request may name.
    """
    fields = Fields(obj)
    asked = Summarize(
        tuple(dict.fromkeys(map(UrlId, fields.texts("urlIds")))),
        tuple(map(read_place, fields.objects("places"))) if fields.has("places") else (),
        fields.flag("people"),
        fields.flag("begins"),
        fields.optional_integer("since"),
    )
    if "" in asked.url_ids:
        raise fields.bad("urlIds", "holds an empty key")
    if len(asked.url_ids) + len(asked.places) > MAX_SUMMARIES:
        raise fields.bad("urlIds", f"and places name more than {MAX_SUMMARIES} images")
    return asked


def encode_summaries(told: Summaries) -> JsonObject:
    """Answer of SUMMARIZE."""
    summaries = {url_id: {"open": one.open, "unread": one.unread} for url_id, one in told.of.items()}
    people = told.people
    return {
        "status": "success",
        "summaries": summaries,
        "places": [key or "" for key in told.at],
        **compact(
            people=None
            if people is None
            else {url_id: users_online_payload(online, v2=True) for url_id, online in people.items()},
            serverTime=told.server_time_ms,
        ),
    }


def decode_summaries(obj: JsonObject) -> Summaries:
    """Answer of SUMMARIZE.

    Raises:
        MalformedMessage: A key is missing or wrong.
    """
    fields = Fields(obj)
    of = fields.nested("summaries")
    summaries = {UrlId(key): _summary(of.nested(key)) for key in of}
    at = tuple(UrlId(key) or None for key in fields.texts("places"))
    if any(key is not None and key not in summaries for key in at):
        raise fields.bad("places", "names an image of which nothing is told")
    people = fields.optional_nested("people")
    online = None if people is None else {UrlId(key): read_users_online(people.nested(key)) for key in people}
    return Summaries(summaries, at, online, fields.optional_integer("serverTime"))


def _summary(fields: Fields) -> Summary:
    summary = Summary(fields.integer("open"), fields.optional_integer("unread"))
    if summary.open < 0:
        raise fields.bad("open", "is negative")
    if summary.unread is not None and summary.unread < 0:
        raise fields.bad("unread", "is negative")
    return summary
