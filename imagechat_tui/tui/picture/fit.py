"""How far a picture is seen when it is opened: wholly, or as wide or high as the view."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property


class Fit:
    """What the person chose last for one picture, if that is not what is usual for its shape.

    Args:
        known: tells whether it fills the view; None: as is usual. Called once the picture is there.
        keep: keeps that for when it is opened again.
    """

    def __init__(
        self,
        known: Callable[[], bool | None] = lambda: None,
        keep: Callable[[bool | None], None] = lambda _: None,
    ) -> None:
        self._known = known
        self._keep = keep

    @cached_property
    def filled(self) -> bool | None:
        """Whether it fills the view; None: as is usual."""
        return self._known()

    def choose(self, filled: bool, *, usual: bool) -> None:
        """See it so from now on; nothing is kept of what is usual."""
        chosen = None if filled is usual else filled
        if chosen is not self.filled:
            self.filled = chosen
            self._keep(chosen)
