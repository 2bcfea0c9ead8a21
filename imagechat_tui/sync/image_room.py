"""What the engine needs of the image's room, whichever kind of server it is on.

Two kinds of room keep up in two ways, and share nothing but this face and the list: a `NumberedRoom` by places in
the log, a `HostedRoom` by time and lists. Which one it is the first list tells; until then it is hosted, which
asks for nothing of its own accord.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from imagechat_tui.problems import Problem
from imagechat_tui.protocol.events import LiveEvent
from imagechat_tui.protocol.models import Position
from imagechat_tui.sync.due import Due
from imagechat_tui.sync.room_list import Listed

POLL_EVERY_S = 4.0
"""Without live updates nothing on screen is older than 5 s."""


class ImageRoom(Protocol):
    """Keeping up with the image's room."""

    # Facts

    @property
    def numbered(self) -> bool:
        """Whether the log can be asked by place."""

    @property
    def resume_at(self) -> Position | None:
        """The place after which a new socket should go on; None if it cannot."""

    @property
    def head(self) -> Position | None:
        """The newest place that the log is known to have: whatever happens from now on comes after it."""

    @property
    def caught_up(self) -> bool:
        """Whether nothing is missing that the server had when the socket was registered."""

    def unregistered_at(self) -> float | None:
        """When a socket that stands and is not registered is given up; None while all is well."""

    def listed_since(self, at: float) -> bool:
        """Whether a list has come after ``at``: events before it need not have been seen one by one."""

    # What happened

    def opened(self) -> None:
        """The socket's handshake is done."""

    def lost(self) -> None:
        """The socket is gone."""

    def received(self, event: LiveEvent) -> None:
        """An event came over the socket."""

    def list_loaded(self, listed: Listed) -> None:
        """The list that was awaited is here."""

    def list_failed(self, problem: Problem, /) -> None:
        """The list that was awaited did not come; another one is wanted."""

    # What to do about it

    def refresh(self) -> None:
        """See to it that everything up to now is known."""

    def decide(self) -> None:
        """Take note of what has become known without a moment of its own."""

    def dues(self) -> Iterator[Due]:
        """Ask for what is missing."""
