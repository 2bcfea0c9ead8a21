"""What a key may have to wait for, because without it the key would do something else than was meant."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from typing import Final

from imagechat_tui.sync.state import CommentView, Status, Thread


class Need(Enum):
    """What is not there yet; the value is what the person is told: title, sentence."""

    PICTURE = ("The picture is not there yet", "Your keys wait for it. Esc drops them.")
    DRAWING = ("", "Drawing the picture.")
    START = ("Not connected yet", "Your keys wait a moment for the threads. Esc drops them.")
    SAVED = ("Still being saved", "Your keys wait a moment for it. Esc drops them.")


PATIENCE_S: Final = {Need.PICTURE: None, Need.DRAWING: 2.0, Need.START: 2.0, Need.SAVED: 2.0}
"""How long a key waits for it; None: until it comes or is known not to. Then the key acts, and says why not."""

OF_PLACE: Final = frozenset({"marker.new", "image.open"})
"""Commands about the place where the crosshair is, by id."""

OF_PICTURE: Final = OF_PLACE | {"marker.hints"}
"""Commands about what is seen. Moves and zooms are none: the picture catches up with them."""

OF_THREAD: Final = frozenset(
    {
        "thread.act", "thread.reply", "thread.edit", "thread.delete", "thread.resolve", "thread.reopen",
    }
)  # fmt: skip
"""Commands that ask something of the server about a marker or a comment it must know."""

OF_START: Final = (
    OF_PICTURE
    | OF_THREAD
    | {
        "app.unsent", "list.first", "list.half-page-down", "list.half-page-up", "list.last", "list.next",
        "list.open", "list.previous", "marker.next", "marker.previous", "marker.unread", "thread.details",
        "write.send",
    }
)  # fmt: skip
"""Commands about what the server has."""

OF_WHAT_IS_LEFT: Final = frozenset(
    {
        "app.back", "list.first", "list.half-page-down", "list.half-page-up", "list.last", "list.next",
        "list.open", "list.previous", "marker.next", "marker.previous", "marker.unread", "pane.back", "pane.next",
    }
)  # fmt: skip
"""Commands that go from one thing to another: where to depends on whether what is being deleted is gone."""


def on_the_way(things: Iterable[Thread | CommentView | None]) -> bool:
    """Whether it is not known yet of any of them whether it is saved."""
    return any(thing is not None and thing.status is Status.PENDING for thing in things)
