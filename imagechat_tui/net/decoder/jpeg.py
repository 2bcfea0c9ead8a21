"""A JPEG file reduced to what its pixels need. https://www.w3.org/Graphics/JPEG/itu-t81.pdf"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from imagechat_tui.net.decoder.lost import Unfinished

_FRAMES: Final = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})
_READ: Final = frozenset({0xC0, 0xC1, 0xC2, 0xC9, 0xCA})
"""What libjpeg decodes: sequential and progressive."""
_NEEDED: Final = frozenset({*_FRAMES, 0xC4, 0xCC, 0xDB, 0xDD})
_APP0, _APP1, _APP14, _SOS, _EOI = 0xE0, 0xE1, 0xEE, 0xDA, 0xD9
END: Final = b"\xff\xd9"
_NO_MARKER: Final = re.compile(rb"\xff[^\x00\x01\xc4\xcc\xd0-\xde\xe0-\xef\xfe\xff]", re.DOTALL)
"""What no encoder writes between the first scan and the end: most often it was ``FF 00``, which is a byte of pixels."""
GARBLED: Final = tuple(bytes(number * step % 251 + 1 for number in range(1, 513)) for step in (97, 60, 181))
"""No picture's data: what any of it changes in one that was cut off was not there. One alone may happen to be right."""


class Jpeg(NamedTuple):
    """A JPEG, as far as it was read."""

    size: tuple[int, int]
    exif: bytes
    data: bytes
    """A file of nothing but the pixels, as far as they are there."""
    scans: int
    """How many were begun: a progressive one has many, and each adds to the picture."""
    odd: str
    """Why it cannot be read, if it is a kind that few write."""

    def ended(self, more: bytes = b"") -> bytes:
        """The file with an end mark, behind data that may be in place of what is missing."""
        return _without_begun_segment(self.data.rstrip(b"\xff")) + more + END

    def mended(self) -> bytes:
        """The file, ended, without the marks that no encoder writes: at these libjpeg gives up."""
        start = self.data.find(b"\xff\xda")
        return self.data[:start] + _NO_MARKER.sub(b"\xff\0", self.ended()[start:])

    def of_scans(self, count: int) -> bytes:
        """The file without what comes after so many scans, ended."""
        at = -1
        for _ in range(count + 1):
            at = self.data.find(b"\xff\xda", at + 1)
        return self._replace(data=self.data[: at if at >= 0 else None]).ended()


def read(data: bytes) -> Jpeg | None:
    """Find what the pixels need; None if there are none.

    Raises:
        Unfinished: the file ends before they begin.
    """
    parts, exif, frame = [data[:2]], b"", b""
    sof, at = 0, 2
    while True:
        # Bytes that belong to nothing are stepped over, as every decoder does.
        at = data.find(b"\xff", at)
        while at >= 0 and data[at : at + 1] == b"\xff":
            at += 1
        if at < 0 or at >= len(data):
            raise Unfinished(cut=True)
        marker = data[at]
        at += 1
        length = int.from_bytes(data[at : at + 2], "big")
        if marker == 0 or 0xD0 <= marker <= 0xD8 or marker == 1 or length < 2:
            continue
        if marker == _EOI:
            return None
        segment = data[at : at + length]
        body = segment[2:]
        if len(segment) < length:
            raise Unfinished(cut=True)
        if marker == _SOS:
            break
        if marker in _FRAMES and not frame:
            sof, frame = marker, body
        elif marker == _APP1 and body.startswith(b"Exif\0\0"):
            exif = exif or body[6:]
        if (
            marker in _NEEDED
            or (marker == _APP0 and body.startswith(b"JFIF\0") and length >= 16)
            or (marker == _APP14 and body.startswith(b"Adobe") and length >= 14)
        ):
            parts.append(bytes((0xFF, marker)) + segment)
        at += length
    if len(frame) < 6:
        return None
    rest = memoryview(data)[at - 2 :]
    precision, components = frame[0], frame[5]
    height, width = int.from_bytes(frame[1:3], "big"), int.from_bytes(frame[3:5], "big")
    odd = ""
    if sof not in _READ:
        odd = "lossless or hierarchical"
    elif precision != 8:
        odd = f"of {precision} bits a sample"
    elif components not in (1, 3, 4):
        odd = f"of {components} channels"
    elif not height and width:
        odd = "that tells its height at its end"
    return Jpeg((width, height), exif, b"".join((*parts, rest)), data.count(b"\xff\xda", at - 2), odd)


def _without_begun_segment(data: bytes) -> bytes:
    """A file whose last segment of tables or begun scan is taken away if it is not all there."""
    at = len(data)
    while (at := data.rfind(b"\xff", 0, at)) >= 0:
        marker = data[at + 1]
        if marker == 0 or 0xD0 <= marker <= 0xD7:
            continue
        begun = at + 2 + int.from_bytes(data[at + 2 : at + 4].ljust(2, b"\xff"), "big") > len(data)
        return data[:at] if begun else data
    return data
