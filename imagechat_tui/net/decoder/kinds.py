"""What a file is by its first bytes, whatever it is called."""

from __future__ import annotations

import re
from typing import Final

HEAD: Final = 4096
"""Bytes that are looked at."""
READ: Final = frozenset({"png", "jpeg", "gif", "webp", "bmp"})
"""The kinds that are decoded."""
_BLANK: Final = b" \t\r\n\f\0"

_STARTS: Final = (
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"\xff\xd8", "jpeg"),
    (b"GIF8", "gif"),
    (b"II*\0", "tiff"),
    (b"MM\0*", "tiff"),
    (b"II+\0", "tiff"),
    (b"MM\0+", "tiff"),
    (b"%PDF-", "pdf"),
    (b"%!PS", "postscript"),
    (b"8BPS", "psd"),
    (b"\xff\x0a", "jxl"),
    (b"\0\0\0\x0cJXL ", "jxl"),
    (b"\0\0\0\x0cjP  ", "jpeg-2000"),
    (b"\xff\x4f\xff\x51", "jpeg-2000"),
    (b"\x8aMNG\r\n", "mng"),
    (b"\x76\x2f\x31\x01", "exr"),
    (b"#?RADIANCE", "hdr"),
    (b"qoif", "qoi"),
    (b"DDS ", "dds"),
    (b"gimp xcf", "xcf"),
    (b"SIMPLE  =", "fits"),
    (b"FUJIFILMCCD-RAW", "raw"),
    (b"\0\5\x16\7", "apple-double"),
    (b"\x1a\x45\xdf\xa3", "video"),
    (b"FLV\1", "video"),
    (b"OggS", "video"),
    (b"\0\0\1\xba", "video"),
    (b"PK\3\4", "archive"),
    (b"PK\5\6", "archive"),
    (b"\x1f\x8b", "archive"),
    (b"BZh", "archive"),
    (b"\xfd7zXZ\0", "archive"),
    (b"\x28\xb5\x2f\xfd", "archive"),
    (b"7z\xbc\xaf\x27\x1c", "archive"),
    (b"Rar!", "archive"),
    (b"\x7fELF", "program"),
    (b"MZ", "program"),
    (b"#!", "program"),
    (b"version https://git-lfs.github.com/spec/", "git-lfs"),
    (b"/annex/objects/", "git-annex"),
    # What is left of a PNG that was moved as text: its first bytes are there to tell.
    (b"\x89PNG\n", "mangled"),
    (b"\x89PNG\r\r\n", "mangled"),
    (b"\x09PNG\r\n", "mangled"),
    (b"\xc2\x89PNG", "mangled"),
    (b"\xef\xbf\xbdPNG", "mangled"),
    (b"\xc3\xbf\xc3\x98\xc3\xbf", "mangled"),
    (b"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd", "mangled"),
    (b"\x89PNG", "png"),
)
_RIFF: Final = {b"WEBP": "webp", b"AVI ": "video", b"WAVE": "sound"}
_BRANDS: Final = (
    ("avif", (b"avif", b"avis")),
    ("heic", (b"heic", b"heix", b"hevc", b"heim", b"heis", b"hevm", b"hevs", b"mif1", b"msf1")),
    ("raw", (b"crx ",)),
)
"""What the brands of an ISO media file say of it; any other is a film."""
DECLINED: Final = (
    {kind for _, kind in _STARTS} | set(_RIFF.values()) | {kind for kind, _ in _BRANDS} | {
        "empty", "zeros", "bmp-array", "ico", "tga", "pnm", "svg", "web-page", "base64", "json", "xml", "text",
        "unknown",
    }
) - READ  # fmt: skip
"""Every other kind."""
_TARGA: Final = frozenset(bytes((0, way)) + b"\0" * 5 for way in (2, 3, 10, 11))
_SVG: Final = re.compile(rb"<(?:[\w.-]+:)?svg[\s>/]", re.IGNORECASE)
_WEB: Final = re.compile(rb"<(?:!doctype html|html|head|body|title|script|meta|div|!--)", re.IGNORECASE)
_BASE64: Final = re.compile(rb"[A-Za-z0-9+/_-]+={0,2}")
_PICTURES_IN_BASE64: Final = (b"iVBORw0KGgo", b"/9j/", b"R0lGOD", b"UklGR", b"Qk")
_BMP_HEADERS: Final = range(12, 257)


def start_of(head: bytes) -> int:
    """Where the file begins behind a byte order mark and blanks, which are no part of any picture; 0 if it is none."""
    bare = head.removeprefix(b"\xef\xbb\xbf").lstrip(_BLANK)
    start = len(head) - len(bare)
    return start if start and kind_of(bare) in READ else 0


def kind_of(head: bytes) -> str:
    """The kind of a file, as ``words.picture_words`` names it; ``unknown`` if nothing tells.

    Args:
        head: its first ``HEAD`` bytes, fewer if it has fewer.
    """
    if not head:
        return "empty"
    for start, kind in _STARTS:
        if head.startswith(start):
            return kind
    if head.startswith(b"RIFF"):
        return _RIFF.get(head[8:12], "unknown")
    if head.startswith(b"BM") and int.from_bytes(head[14:18], "little") in _BMP_HEADERS:
        return "bmp"
    if head.startswith(b"BA") and head[14:16] == b"BM":
        return "bmp-array"
    if head[:4] in (b"\0\0\1\0", b"\0\0\2\0") and head[4:6] not in (b"\0\0", b""):
        return "ico"
    if _is_tga(head):
        return "tga"
    if head[:1] == b"P" and head[1:2] in b"123456" and head[2:3].isspace():
        return "pnm"
    if head[4:8] == b"ftyp":
        return _of_brands(head)
    if not head.strip(b"\0"):
        return "zeros"
    return _of_text(head)


def _is_tga(head: bytes) -> bool:
    """Whether it is a Targa file without a palette, which begins with no mark."""
    return (
        head[1:8] in _TARGA
        and head[16:17] in (b"\x08", b"\x0f", b"\x10", b"\x18", b"\x20")
        and any(head[12:14])
        and any(head[14:16])
    )


def _of_brands(head: bytes) -> str:
    end = min(len(head), max(16, int.from_bytes(head[:4], "big")))
    brands = [head[8:12], *(head[at : at + 4] for at in range(16, end, 4))]
    for kind, names in _BRANDS:
        if any(brand in names for brand in brands):
            return kind
    return "video"


def _of_text(head: bytes) -> str:
    text = head.removeprefix(b"\xef\xbb\xbf")
    if text.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = text.replace(b"\0", b"")[2:]
    text = text.strip()
    if _SVG.search(text):
        return "svg"
    if text[:1] == b"<" and _WEB.match(text):
        return "web-page"
    if text.startswith(b"data:image/"):
        return "base64"
    if any(byte < 9 or (13 < byte < 32 and byte != 27) for byte in text):
        return "unknown"
    joined = b"".join(text.split())
    if text.startswith(_PICTURES_IN_BASE64) and _BASE64.fullmatch(joined):
        return "base64"
    if text.startswith((b"{", b"[")):
        return "json"
    if text[:1] == b"<":
        return "xml"
    return "text" if _is_text(head) else "unknown"


def _is_text(head: bytes) -> bool:
    """Whether bytes without controls are letters: of UTF-8, of UTF-16 with its mark, or of one byte each."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return True
    try:
        head[: len(head) - 4].decode("utf-8") if len(head) == HEAD else head.decode("utf-8")
    except UnicodeDecodeError as error:
        plain = sum(byte < 0x80 for byte in head)
        return (error.start >= len(head) - 8 and len(head) == HEAD) or plain > len(head) * 0.7
    return True
