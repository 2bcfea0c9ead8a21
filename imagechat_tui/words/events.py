"""What others did, and what of it cannot be told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, assert_never

from imagechat_tui.protocol.models import Placement, PlacementState, Position
from imagechat_tui.safetext import Kind, safe_text
from imagechat_tui.words.parts import Words

if TYPE_CHECKING:
    from imagechat_tui.sync.effects import Tally


TO_CHECK: Final = "~"
"""Before the number of a marker of which nobody can tell where it is now."""


def numbered(number: int, *, to_check: bool) -> str:
    """How a marker is called on picture and lists."""
    return f"{TO_CHECK}{number}" if to_check else str(number)


def placement_words(placement: Placement) -> str:
    """What is known of a marker on a version that it was not made on."""
    match placement.state:
        case PlacementState.SAME:
            return "the same place"
        case PlacementState.CHANGED:
            return "the same place, and it looks different"
        case PlacementState.MOVED:
            return "moved along with what it points at"
        case PlacementState.GUESS:
            same = placement.origin in (None, placement.point)
            where = "the same percent" if same else "the percent where it was known last, on another version"
            return f"a guess: {where}. g= confirms it, gm moves it"
        case PlacementState.SET:
            return "where somebody put it"
        case _:
            assert_never(placement.state)


def placing_words(placed: int, coming: int) -> str:
    """How far it is with looking for markers on another version."""
    return f"placing {placed}/{coming}"


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


def tally_words(tally: Tally) -> Words:
    """What became of the markers when the picture became another version."""
    count = tally.stay + tally.moved + tally.to_check
    title = turn_words(tally.before, tally.version)
    if tally.unseen == tally.to_check == count:
        found = f"{_markers(count)} to check: the picture from before was not kept here."
        return Words(title, found, ") walks them.")
    if tally.to_check == count > 2:
        found = f"None of its {count} markers was found again."
        return Words(title, found, ") walks them, gn starts anew.")
    stay = f"{_markers(tally.stay)} {'stays' if tally.stay == 1 else 'stay'}"
    if tally.changed:
        stay += f" ({tally.changed} changed)"
    parts = [
        *([stay] if tally.stay else []),
        *([f"{tally.moved} moved along"] if tally.moved else []),
        *([f"{tally.to_check} to check"] if tally.to_check else []),
    ]
    keys = [*([") next"] if tally.to_check else []), "C compare", *(["gu put back"] if tally.moved else [])]
    return Words(title, f"{', '.join(parts)}.", f"{', '.join(keys)}.")


def newer_words(name: str | None, version: int) -> Words:
    """That there is a newer version of the picture; ``name`` says whose, None if it is the person's own."""
    who = "You have already opened" if name is None else f"{name} has"
    return Words("", f"{who} a newer one: v{version}.")


def turn_words(before: int | None, version: int) -> str:
    """That the picture was one version, if any, and is another; versions below 0 have no number that anybody knows."""
    if before is None:
        return f"Markers on {_version(version)}"
    return f"{_version(before)} → {_version(version)}"


def _version(number: int) -> str:
    return f"v{number}" if number > 0 else "this picture"


def _markers(count: int) -> str:
    return "1 marker" if count == 1 else f"{count} markers"
