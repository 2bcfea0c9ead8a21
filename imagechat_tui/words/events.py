"""What others did, and what of it cannot be told."""

from __future__ import annotations

from imagechat_tui.protocol.models import Position
from imagechat_tui.safetext import Kind, safe_text


def cannot_show_words(items: int) -> str:
    """That something of others could not be read, and is not among what is shown."""
    return "1 item cannot be shown." if items == 1 else f"{items} items cannot be shown."


def missed_words(after: Position, up_to: Position) -> str:
    """That the events between two places cannot be told one by one."""
    if up_to.epoch != after.epoch or up_to.seq <= after.seq:
        return f"Not told: what happened after event {after.seq}. The server started its log over."
    missed = up_to.seq - after.seq
    if missed == 1:
        return f"Not told: event {up_to.seq}. The server does not give it back."
    return f"Not told: {missed} events, {after.seq + 1} to {up_to.seq}. The server does not give them back."


def news_words(what: str, who: str, where: str) -> str:
    """A line about what somebody did: "Bob commented on 3"."""
    return f"{safe_text(who, Kind.NAME)} {what} {where}"
