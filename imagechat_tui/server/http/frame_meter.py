"""WebSocket frames (RFC 6455 §5.2) from the client, counted."""

from __future__ import annotations

from collections.abc import Callable

from imagechat_tui.server.broker.buckets import Bucket

_WHOLE = frozenset({0x81, 0x82})
"""First bytes of a message in one frame."""
_MASKED = 0x80
_LENGTH = 0x7F
_LONGER = {126: 2, 127: 8}


class FrameMeter:
    """Counts what a client sends, frame by frame in the bytes as they come, before anything is made of them.

    One read may hold tens of thousands of frames, and a fragment never becomes a message of its own: whoever
    counts messages counts too late, or never.

    Args:
        whole: For messages in one frame.
        others: For everything else: control frames and fragments.
        now: Seconds of a clock that does not go back.
    """

    def __init__(self, whole: Bucket, others: Bucket, now: Callable[[], float]) -> None:
        self._whole = whole
        self._others = others
        self._now = now
        self._head = bytearray()
        """The head of a frame that has not come whole."""
        self._left = 0
        """Bytes of a frame's payload that are still to come."""

    def allows(self, data: bytes) -> bool:
        """Count the frames that begin in ``data``. False as soon as there is one too many."""
        at = 0
        while True:
            step = min(self._left, len(data) - at)
            self._left -= step
            at += step
            if at == len(data):
                return True
            self._head.append(data[at])
            at += 1
            if len(self._head) == 1:
                bucket = self._whole if self._head[0] in _WHOLE else self._others
                if bucket.take(self._now()) is not None:
                    return False
            self._finish_head()

    def _finish_head(self) -> None:
        """Once the head is whole, its payload comes."""
        head = self._head
        if len(head) < 2:
            return
        longer = _LONGER.get(head[1] & _LENGTH, 0)
        if len(head) == 2 + longer + (4 if head[1] & _MASKED else 0):
            self._left = int.from_bytes(head[2 : 2 + longer], "big") if longer else head[1] & _LENGTH
            head.clear()
