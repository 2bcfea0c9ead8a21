"""What every part of the engine may use: the moment, chance, numbers, and the effects of this turn.

It holds no facts: those live with their owners.
"""

from __future__ import annotations

from enum import Enum

from imagechat_tui.problems import Problem
from imagechat_tui.protocol.ids import BroadcastId, CommentId, ConversationId, UserId
from imagechat_tui.sync import effects
from imagechat_tui.sync.backoff import CAP_S, Uniform, delay_s
from imagechat_tui.sync.intents import Write
from imagechat_tui.sync.state import Phase, Room


class Reader(Enum):
    """Who reads: the owner of a request, to whom its answer goes."""

    LIST = "the image's room: its list"
    LOG = "the image's room: its event log"
    THREAD = "the open thread: its comments"
    THREAD_LOG = "the open thread: its event log"
    PEOPLE = "presence: who is here"
    READING = "how far the person has read"
    PLACEMENTS = "where markers are on the version that is shown"
    LOOKUP = "the search for a write that nobody answered"


class Core:
    """The turn that the engine is in, and the numbers it has given away.

    Args:
        room: what the session looks at, as far as that is known.
        uniform: source of chance for delays.
        cap_s: the longest of those, but for what the server asks for.
    """

    def __init__(self, room: Room, uniform: Uniform, cap_s: float = CAP_S) -> None:
        self.room = room
        """What the session looks at; its key is empty until the server has been asked for it."""
        self.uniform = uniform
        self._cap_s = cap_s
        self.now = 0.0
        """The moment of the turn, in seconds; never goes back."""
        self.effects: list[effects.Effect] = []
        """What is asked for in this turn, in order."""
        self.last_number = 0
        """The newest number given to a socket or a request."""
        self._readers: dict[int, Reader] = {}
        """Who awaits the answers that are on their way, by request."""

    def number(self) -> int:
        """A fresh number for a socket."""
        self.last_number += 1
        return self.last_number

    def request(self, reader: Reader) -> int:
        """A fresh number for a request of ``reader``."""
        number = self.number()
        self._readers[number] = reader
        return number

    def reader_of(self, request: int) -> Reader | None:
        """Whose request it is that a part of the answer came to; None if nobody asked."""
        return self._readers.get(request)

    def answered(self, request: int) -> Reader | None:
        """Whose request it is that ended with an answer or a failure; None if nobody asked."""
        return self._readers.pop(request, None)

    def delay_s(self, attempt: int, at_least_s: float = 0.0, cap_s: float | None = None) -> float:
        """The delay before try number ``attempt`` of a series (``sync.backoff``); ``cap_s`` may end it sooner."""
        cap_s = self._cap_s if cap_s is None else min(cap_s, self._cap_s)
        return delay_s(attempt, self.uniform, at_least_s=at_least_s, cap_s=cap_s)

    def emit(self, effect: effects.Effect) -> None:
        """Ask for something to be done."""
        self.effects.append(effect)

    def announce(
        self,
        news: effects.News,
        *,
        broadcast_id: BroadcastId | None = None,
        conversation_id: ConversationId | None = None,
        comment_id: CommentId | None = None,
        by: UserId | None = None,
        problem: Problem | None = None,
        draft_id: str | None = None,
        phase: Phase | None = None,
        write: Write | None = None,
        tally: effects.Tally | None = None,
        version: int | None = None,
        undone: effects.Undone | None = None,
    ) -> None:
        """Tell one-off news."""
        self.emit(
            effects.Announce(
                news,
                broadcast_id,
                conversation_id,
                comment_id,
                by,
                problem,
                draft_id,
                phase,
                write,
                tally,
                version,
                undone,
            )
        )
