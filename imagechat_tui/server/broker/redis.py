"""A broker over Redis' (or Valkey's) publish and subscribe: nothing is kept there, and nothing depends on it.

All processes of an installation meet in one channel. What Redis loses is noticed by its number, within a second
(``Beat``), and made good; while it is away each process serves its own people and finds others' events in the log.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
import uuid
from collections import deque
from collections.abc import Callable, Sequence
from itertools import islice

from redis import asyncio as redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from imagechat_tui.server.broker import Viewer
from imagechat_tui.server.broker.envelopes import (
    Asked,
    Beat,
    Content,
    Envelope,
    Gone,
    Seal,
    Seated,
    Taken,
    Told,
    Used,
    Viewers,
    Whole,
)
from imagechat_tui.server.broker.messages import Message
from imagechat_tui.server.broker.neighbours import Neighbours, ViewersBook
from imagechat_tui.server.broker.shared_counts import SharedCounts
from imagechat_tui.server.storage import RoomKey

BEAT_S = 1.0
SILENT_S = 3.0
"""Not even its own beats come back to a process: the link is broken, whatever it looks like."""
TELL_COUNTS_S = 0.1
"""How often at most the others are told what is counted."""
CALL_S = 2.0
FIRST_LINK_S = 5.0
"""How long a process that starts waits for Redis; without it it serves its own people."""
RETRY_S = (0.2, 0.5, 1.0)
"""Pauses between attempts; the last one again and again."""
MOST_WAITING = 10_000
"""Words that wait to be sent. Beyond it the oldest goes, as if Redis had lost it."""
PER_SEND = 256
PER_PART = 500
A_TURN = 64
"""Words that are heard before the loop turns to others."""

_Down = (RedisError, OSError, TimeoutError)

_log = logging.getLogger(__name__)


class RedisBroker:
    """One process's link to the others.

    Args:
        url: ``redis://``, ``rediss://`` or ``unix://``.
        key: The installation's secret for its bus.

    Raises:
        ValueError: The URL is none of Redis'.
    """

    def __init__(self, url: str, key: bytes) -> None:
        self.process = uuid.uuid4().hex
        self.counts = SharedCounts(self.process, self._has_news)
        self.ignored = 0
        """Words on the channel that were nobody's, or that came twice."""
        self._redis = redis.from_url(
            url, socket_timeout=CALL_S, socket_connect_timeout=CALL_S, retry=Retry(NoBackoff(), 0)
        )
        self._seal = Seal(key)
        self._number = 0
        self._waiting: deque[bytes] = deque(maxlen=MOST_WAITING)
        self._here = ViewersBook()
        self._neighbours: Neighbours | None = None
        self._news = asyncio.Event()
        self._linked = asyncio.Event()
        self._asked = False
        """Whether somebody wants to know all that is here."""
        self._own_heard_at = 0.0
        self._running: asyncio.Task[None] | None = None
        self._ending = False

    async def start(self, hear: Callable[[Message], None], missed: Callable[[], None]) -> None:
        """See Broker. Returns once the others can be heard, or it is clear that they cannot for now."""
        self._neighbours = Neighbours(self.counts, hear, missed)
        self._missed = missed
        self._running = asyncio.create_task(self._run(), name="bus")  # noqa: TID251
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(FIRST_LINK_S):
                await self._linked.wait()

    def tell(self, message: Message) -> None:
        """See Broker."""
        self._here.apply(message)
        self._say(Told(message))

    def elsewhere(self, room: RoomKey) -> Sequence[Viewer]:
        """See Broker."""
        return self._neighbours.elsewhere(room) if self._neighbours is not None else ()

    async def close(self) -> None:
        """See Broker."""
        running, self._running, self._neighbours = self._running, None, None
        if running is not None:
            self._ending = True
            self._say(Gone())
            self._news.set()
            _, left = await asyncio.wait([running], timeout=CALL_S if self._linked.is_set() else 0)
            while left:  # a cancellation may be lost inside the library
                running.cancel()
                _, left = await asyncio.wait([running], timeout=CALL_S)
            self._linked.clear()
        await self._redis.aclose()

    # The link

    async def _run(self) -> None:
        """Keep a link to the others."""
        tried = 0
        while True:
            try:
                await self._linked_once()
            except* _Down as errors:
                if self._linked.is_set() or not tried:
                    _log.warning("the bus is lost, trying on: %s", _told(errors.exceptions[0]))
            tried = 0 if self._linked.is_set() else tried + 1
            if self._ending:
                return
            self._linked.clear()
            self._waiting.clear()
            await asyncio.sleep(RETRY_S[min(tried, len(RETRY_S) - 1)])

    async def _linked_once(self) -> None:
        """Hear and tell until the link is lost."""
        async with self._redis.pubsub() as channel:
            await channel.subscribe(self._seal.channel)
            async with asyncio.TaskGroup() as tasks:
                listening = tasks.create_task(self._listen(channel))
                await self._keep_telling(listening)
                listening.cancel()

    async def _listen(self, channel: redis.client.PubSub) -> None:
        heard = 0
        while not self._ending:
            said = await channel.get_message(timeout=SILENT_S)
            now = time.monotonic()
            if said is not None and said["type"] == "subscribe":
                self._begin(now)
            elif said is not None:
                self._heard(said["data"], now)
            if now - self._own_heard_at > SILENT_S:
                raise TimeoutError("nothing comes back")
            heard += 1
            if heard % A_TURN == 0:
                await asyncio.sleep(0)

    def _begin(self, now: float) -> None:
        """From now on the others are heard; what they have said before is not known, nor what is here to them."""
        assert self._neighbours is not None
        self._own_heard_at = now
        self._neighbours.heard_nothing(now)
        self._linked.set()
        self._say(Asked(""))
        self._asked = True
        self._missed()

    def _heard(self, data: object, now: float) -> None:
        envelope = self._seal.open(data)
        if envelope is None:
            self._ignore()
            return
        if envelope.process == self.process:
            self._own_heard_at = now
            return
        if self._neighbours is None:
            return
        try:
            if not self._neighbours.heard(envelope, now):
                self._ignore()
        except Exception:  # what cannot be applied must not silence the rest (PROMISES D14)
            _log.exception("a word of another process cannot be used: stepped over")
        match envelope.content:
            case Asked(of) if of in ("", self.process):
                self._asked = True
                self._has_news()
        for name in self._neighbours.to_ask(now):
            self._say(Asked(name))

    def _ignore(self) -> None:
        self.ignored += 1
        if self.ignored == 1:
            _log.warning(
                "something on the bus is nobody's of this installation: ignored, like all that follows"
            )

    # Telling

    def _has_news(self) -> None:
        self._news.set()

    def _say(self, content: Content) -> None:
        """Have something said. What cannot be said now counts as lost: whoever hears the next word notices."""
        self._number += 1
        if self._linked.is_set():
            self._waiting.append(self._seal.close(Envelope(self.process, self._number, content)))
            self._news.set()

    async def _keep_telling(self, listening: asyncio.Task[None]) -> None:
        """Send what is to be said, as long as others are listened to; at the end all that still waits."""
        beat_at = counts_at = 0.0
        while not (self._ending or listening.done()):
            now = time.monotonic()
            wake_at = min(beat_at, counts_at) if self.counts.has_news else beat_at
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(max(0.0, wake_at - now)):
                    await self._news.wait()
            self._news.clear()
            now = time.monotonic()
            if self._asked:
                self._asked = False
                self._say_all()
            if now >= counts_at and self.counts.has_news:
                counts_at = now + TELL_COUNTS_S
                self._say_counts()
            if now >= beat_at:
                beat_at = now + BEAT_S
                self._say(Beat())
                if self._neighbours is not None:
                    self._neighbours.forget_dead(now)
            await self._send()

    def _say_counts(self) -> None:
        used, seated = self.counts.news()
        if used:
            self._say(Used(used))
        if seated:
            self._say(Seated(seated))

    def _say_all(self) -> None:
        """Say all that is here, in parts that are no longer than is looked at."""
        viewers = iter([(room, *viewer, sockets) for room, viewer, sockets in self._here.items()])
        seats = iter(self.counts.all_seats())
        parts: list[tuple[list[Viewers], list[Taken]]] = []
        while (some := list(islice(viewers, PER_PART))) or not parts:
            parts.append((some, list(islice(seats, PER_PART))))
        while more := list(islice(seats, PER_PART)):
            parts.append(([], more))
        for number, (some, taken) in enumerate(parts):
            self._say(Whole(number, len(parts), some, taken))

    async def _send(self) -> None:
        while self._waiting:
            words = [self._waiting.popleft() for _ in range(min(len(self._waiting), PER_SEND))]
            async with self._redis.pipeline(transaction=False) as pipe:
                for word in words:
                    pipe.publish(self._seal.channel, word)
                await pipe.execute()


def _told(error: BaseException) -> str:
    return str(error) or type(error).__name__
