"""Which picture it is: its room, how it was recognised, what it has looked like, where else it is met."""

from __future__ import annotations

from imagechat_tui.protocol.models import Version
from imagechat_tui.safetext import Kind, safe_text
from imagechat_tui.sync.state import ChatState, Peer
from imagechat_tui.tui import symbols
from imagechat_tui.tui.clock import date_and_time
from imagechat_tui.tui.dialogs.facts import Facts
from imagechat_tui.tui.widgets.people import People
from imagechat_tui.words import (
    elsewhere_untold_words,
    matched_words,
    other_image_words,
    places_words,
    safe_name,
)


def facts(state: ChatState, size: str) -> Facts:
    """All of the picture; text of others is made harmless.

    Args:
        state: what the session knows.
        size: its pixels, in words; empty if they are not known.
    """
    room, image = state.room, state.room.image
    rows: Facts = [("picture", safe_name(room.page_title))]
    if size:
        rows.append(("size", size))
    rows.append(("room", safe_name(room.url_id) if room.url_id else "not known yet"))
    if image is None:
        if state.confirmed.peer is Peer.HOSTED:
            rows.append(("known by", "the key of its room: this server knows no pictures"))
        return rows
    rows.append(("project", safe_text(image.project, Kind.NAME) if image.project else "none"))
    rows.append(("known by", matched_words(image.matched)))
    people = People(state.confirmed.names, state.confirmed.me)
    known = [("versions", version_row(state, people, version)) for version in reversed(room.versions)]
    rows += known or [("versions", "not known yet" if image.latest else "none yet")]
    rows += [("met at", words) for words in places_words(room.places)]
    if room.own is not None:
        rows.append(("its own", f"{safe_name(room.own.url_id)}, by {matched_words(room.own.matched)}: go"))
    rows += [("also", other_image_words(other)) for other in room.others]
    if state.is_guest:
        rows.append(("also", elsewhere_untold_words()))
    return rows


def version_row(state: ChatState, people: People, version: Version) -> str:
    """A version: its number, when it was seen first and by whom, its size."""
    image = state.room.image
    here = ", this one" if image is not None and version.number == image.version else ""
    scale = f" @{version.scale}x" if version.scale > 1 else ""
    size = f"{version.width}{symbols.TIMES}{version.height}{scale}"
    return f"v{version.number}{here}, {size}, {date_and_time(version.at_ms)}, {people.name_of(version.by)}"
