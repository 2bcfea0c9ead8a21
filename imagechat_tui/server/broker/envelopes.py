"""What goes over the bus: who says it, their how-manieth word it is, what is said, and a seal over all of it.

Whoever can write to the bus but has no key of the installation is not heard, and cannot close anybody's socket.
"""

from __future__ import annotations

import hashlib
import hmac

import msgspec
from msgspec import Struct

from imagechat_tui.protocol.ids import UserId
from imagechat_tui.server.broker import Seat, Use
from imagechat_tui.server.broker.messages import Message
from imagechat_tui.server.storage import RoomKey

MAX_BYTES = 256 * 1024
"""Nothing longer is looked at."""
_SEAL_BYTES = 16


class Told(Struct, frozen=True, tag=True):
    """A message for the parts above."""

    message: Message


class Beat(Struct, frozen=True, tag=True):
    """The process lives, and its words have come as far as this."""


class Asked(Struct, frozen=True, tag=True):
    """Somebody does not know what a process has, or whether there are others."""

    of: str
    """Which one; empty for all."""


Viewers = tuple[RoomKey, UserId, int | None, int]
"""A room, a user in it, the version that they look at, and by how many sockets."""
Taken = tuple[Seat, int]
"""A seat, and how many of it are taken."""


class Whole(Struct, frozen=True, tag=True):
    """All that a process has, in several parts that follow each other."""

    part: int
    parts: int
    viewers: list[Viewers] = []
    seats: list[Taken] = []


class Used(Struct, frozen=True, tag=True):
    """What a process has allowed since it said so last."""

    uses: list[tuple[Use, int]]


class Seated(Struct, frozen=True, tag=True):
    """How many seats are taken at a process now, of those of which that has changed."""

    seats: list[Taken]


class Gone(Struct, frozen=True, tag=True):
    """The process ends: it has nothing any more."""


Content = Told | Beat | Asked | Whole | Used | Seated | Gone


class Envelope(Struct, frozen=True, array_like=True):
    """One word of a process."""

    process: str
    number: int
    """Its words are numbered 1, 2, 3, …: whoever misses one notices."""
    content: Content


class Seal:
    """Seals and opens envelopes of one installation.

    Args:
        key: The installation's secret for its bus.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._decoder = msgspec.json.Decoder(Envelope)

    @property
    def channel(self) -> str:
        """The name under which the processes of the installation meet."""
        return f"imagechat:{hmac.digest(self._key, b'channel', hashlib.sha256).hex()[:32]}"

    def close(self, envelope: Envelope) -> bytes:
        """An envelope as it is sent."""
        said = msgspec.json.encode(envelope)
        return self._sealed(said) + said

    def open(self, data: object) -> Envelope | None:
        """An envelope that was sent; None if it is none of this installation's."""
        if not isinstance(data, bytes) or len(data) > MAX_BYTES:
            return None
        seal, said = data[:_SEAL_BYTES], data[_SEAL_BYTES:]
        if not hmac.compare_digest(seal, self._sealed(said)):
            return None
        try:
            return self._decoder.decode(said)
        except msgspec.MsgspecError:  # of another version of this program
            return None

    def _sealed(self, said: bytes) -> bytes:
        return hmac.digest(self._key, said, hashlib.sha256)[:_SEAL_BYTES]
