"""What a key may have to wait for, because without it the key would do something else than was meant."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from typing import Final

from imagechat_tui.commands import Subject, ids_about
from imagechat_tui.sync.state import CommentView, Status, Thread


class Need(Enum):
    """What is not there yet; the value is what the person is told: title, sentence."""

    PICTURE = ("The picture is not there yet", "Your keys wait for it. Esc drops them.")
    DRAWING = ("", "Drawing the picture.")
    START = ("Not connected yet", "Your keys wait a moment for the threads. Esc drops them.")
    READS = ("Not known yet what you have read", "Your keys wait a moment for it. Esc drops them.")
    SAVED = ("Still being saved", "Your keys wait a moment for it. Esc drops them.")


PATIENCE_S: Final = {Need.PICTURE: None, Need.DRAWING: 2.0, Need.START: 2.0, Need.READS: 2.0, Need.SAVED: 2.0}
"""How long a key waits for it; None: until it comes or is known not to. Then the key acts, and says why not."""

# Ids of the commands that have such needs.
OF_PLACE: Final = ids_about(Subject.PLACE)
OF_PICTURE: Final = ids_about(Subject.PLACE, Subject.VIEW)
OF_THREAD: Final = ids_about(Subject.THREAD)
OF_START: Final = ids_about(Subject.PLACE, Subject.VIEW, Subject.THREAD, Subject.CONTENTS)
OF_READS: Final = ids_about(Subject.READS)
OF_WHAT_IS_LEFT: Final = ids_about(Subject.NEIGHBOUR)


def on_the_way(things: Iterable[Thread | CommentView | None]) -> bool:
    """Whether it is not known yet of any of them whether it is saved."""
    return any(thing is not None and thing.status is Status.PENDING for thing in things)
