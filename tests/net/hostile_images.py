"""Pictures that no camera and no designer made: cut off, bent, lying, exploding. Made anew from a seed."""

from __future__ import annotations

import io
import random
import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Final

from PIL import Image

SEED: Final = 20261125

PIXELS, CORRUPT, CUT, FOREIGN, TOO_MANY = "pixels", "corrupt", "cut-off", "not-an-image", "too-many-pixels"
ODD = "odd-kind"


@dataclass(frozen=True)
class Hostile:
    """One file."""

    name: str
    data: bytes
    outcomes: frozenset[str]
    """What may come of it: ``PIXELS`` or a problem."""


@cache
def corpus() -> tuple[Hostile, ...]:
    """All of them; the same ones each time."""
    rng = random.Random(SEED)
    return (*_sound(), *_cut(), *_bent(rng), *_lying(), *_bombs(), *_foreign(), *_noise(rng))


def hostile(name: str) -> bytes:
    """The file of one of them."""
    return next(item.data for item in corpus() if item.name == name)


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    """The file of an image."""
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def _one(name: str, data: bytes, *outcomes: str) -> Hostile:
    return Hostile(name, data, frozenset(outcomes))


def _base(size: tuple[int, int] = (61, 43)) -> Image.Image:
    image = Image.new("RGB", size)
    for x in range(size[0]):
        for y in range(size[1]):
            image.putpixel((x, y), (x * 255 // size[0], y * 255 // size[1], (x * y) % 256))
    return image


@cache
def seeds() -> dict[str, bytes]:
    """Good files, of every kind that is decoded."""
    base = _base()
    grey = base.convert("L")
    clear = base.convert("RGBA")
    clear.putalpha(grey)
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "a camera" * 20
    frames: list[Image.Image] = [base.rotate(angle).convert("P") for angle in (90, 180, 270)]
    dark = base.convert("P")
    return {
        "png 1": saved(base.convert("1"), "PNG"),
        "png L": saved(grey, "PNG"),
        "png LA": saved(clear.convert("LA"), "PNG"),
        "png P": saved(dark, "PNG", transparency=3),
        "png RGB": saved(base, "PNG", pnginfo=None),
        "png RGBA": saved(clear, "PNG"),
        "png 16": saved(grey.convert("I").point(lambda value: value * 257).convert("I;16"), "PNG"),
        "jpeg L": saved(grey, "JPEG"),
        "jpeg RGB": saved(base, "JPEG", exif=exif),
        "jpeg CMYK": saved(base.convert("CMYK"), "JPEG"),
        "jpeg progressive": saved(base, "JPEG", progressive=True, quality=95),
        "gif": saved(dark, "GIF"),
        "gif animated": saved(dark, "GIF", save_all=True, append_images=frames, loop=0),
        "gif clear": saved(dark, "GIF", transparency=0),
        "webp": saved(base, "WEBP"),
        "webp lossless": saved(clear, "WEBP", lossless=True),
        "webp animated": saved(base, "WEBP", save_all=True, append_images=[base.rotate(90)]),
        "bmp 1": saved(base.convert("1"), "BMP"),
        "bmp 8": saved(dark, "BMP"),
        "bmp 24": saved(base, "BMP"),
        "bmp 32": saved(clear, "BMP"),
    }


def _sound() -> Iterator[Hostile]:
    for name, data in seeds().items():
        yield _one(f"sound: {name}", data, PIXELS)
        yield _one(f"with a tail: {name}", data + b"\0" * 100 + b"<script>", PIXELS)


def _cut() -> Iterator[Hostile]:
    for name, data in seeds().items():
        for share in (0.02, 0.1, 0.3, 0.5, 0.7):
            # What is there is shown; a lossless WebP has nothing until it is whole.
            outcomes = {PIXELS, CUT} if share >= 0.5 else {PIXELS, CUT, CORRUPT, FOREIGN}
            yield Hostile(f"cut at {share}: {name}", data[: int(len(data) * share)], frozenset(outcomes))
        yield _one(f"without its last byte: {name}", data[:-1], PIXELS)


def _bent(rng: random.Random) -> Iterator[Hostile]:
    for name, data in seeds().items():
        for number in range(9):
            bent = bytearray(data)
            for _ in range(1 + number * 3):
                place = rng.randrange(min(len(bent), 64) if number % 2 else len(bent))
                bent[place] ^= 1 << rng.randrange(8)
            yield _one(
                f"bent {number}: {name}", bytes(bent), PIXELS, CORRUPT, CUT, ODD, FOREIGN, TOO_MANY, "memory"
            )


def chunk(kind: bytes, data: bytes) -> bytes:
    """A PNG chunk with a right checksum."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int, height: int, *chunks: bytes, depth: int = 8, color: int = 2, body: bytes = b"") -> bytes:
    """A PNG that says what it is told to say."""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, 0))
    packed = chunk(b"IDAT", zlib.compress(body, 9))
    return b"\x89PNG\r\n\x1a\n" + head + b"".join(chunks) + packed + chunk(b"IEND", b"")


def _lying() -> Iterator[Hostile]:
    row = b"\0" + b"\x50" * 30
    yield _one("png no rows", png(10, 0, body=row), CORRUPT)
    yield _one("png no columns", png(0, 10, body=row), CORRUPT)
    yield _one("png too short a body", png(10, 10, body=row * 3), PIXELS, CORRUPT)
    yield _one("png too long a body", png(10, 10, body=row * 4000), PIXELS, CORRUPT)
    yield _one("png of colour 5", png(10, 10, color=5, body=row * 10), CORRUPT)
    yield _one("png of depth 3", png(10, 10, depth=3, body=row * 10), CORRUPT)
    yield _one("png without pixels", b"\x89PNG\r\n\x1a\n" + chunk(b"IEND", b""), CORRUPT)
    yield _one("png of signature only", b"\x89PNG\r\n\x1a\n", CUT)
    yield _one(
        "png with two headers", png(10, 10, chunk(b"IHDR", b"\0" * 13), body=row * 10), PIXELS, CORRUPT
    )
    yield _one("png palette missing", png(10, 10, color=3, body=(b"\0" + b"\1" * 10) * 10), PIXELS, CORRUPT)
    for kind in (
        b"tEXt",
        b"iTXt",
        b"zTXt",
        b"iCCP",
        b"eXIf",
        b"pHYs",
        b"gAMA",
        b"tRNS",
        b"cHRM",
        b"acTL",
        b"fcTL",
    ):
        strange = png(10, 10, chunk(kind, b"\xff" * 7), body=row * 10)
        yield _one(f"png with a bent {kind.decode()}", strange, PIXELS, CORRUPT)
    for size in (
        (0x7FFFFFFF, 0x7FFFFFFF),
        (0x7FFFFFFF, 1),
        (1, 0x7FFFFFFF),
        (0xFFFFFFFF, 0xFFFFFFFF),
        (60001, 1001),
    ):
        yield _one(f"png of {size}", png(*size, body=row), TOO_MANY, CORRUPT)
    jpeg = seeds()["jpeg L"]
    start = jpeg.index(b"\xff\xc0")
    for high, wide in ((65535, 65535), (0, 61), (43, 0), (1, 65535), (20000, 20000)):
        lie = jpeg[: start + 5] + struct.pack(">HH", high, wide) + jpeg[start + 9 :]
        yield _one(f"jpeg of {wide}x{high}", lie, CORRUPT, ODD, TOO_MANY, PIXELS, "memory")
    for precision in (0, 1, 12, 16, 255):
        lie = jpeg[: start + 4] + bytes([precision]) + jpeg[start + 5 :]
        yield _one(f"jpeg of precision {precision}", lie, ODD)
    gif = seeds()["gif"]
    yield _one("gif of 65535", gif[:6] + b"\xff\xff\xff\xff" + gif[10:], TOO_MANY)
    yield _one("gif without colours", gif[:10] + b"\0" + gif[11:], PIXELS, CORRUPT)
    bmp = seeds()["bmp 24"]
    for wide, high in ((-61, 43), (61, -43), (0x7FFFFFFF, 0x7FFFFFFF), (61, 0), (1 << 20, 1 << 20)):
        lie = bmp[:18] + struct.pack("<ii", wide, high) + bmp[26:]
        yield _one(f"bmp of {wide}x{high}", lie, CORRUPT, TOO_MANY, PIXELS)
    for bits in (0, 2, 7, 16, 64):
        yield _one(f"bmp of {bits} bits", bmp[:28] + struct.pack("<H", bits) + bmp[30:], ODD, PIXELS, CUT)
    yield _one("bmp pixels elsewhere", bmp[:10] + struct.pack("<I", 1 << 30) + bmp[14:], PIXELS)


def _bombs() -> Iterator[Hostile]:
    def wide(size: int) -> bytes:
        return png(size, size, depth=1, color=0, body=b"\0" * 1000)

    yield _one("png of 50,000 x 50,000", wide(50_000), TOO_MANY)
    yield _one("png of 1,000,000 x 1,000,000", wide(1_000_000), TOO_MANY, CORRUPT)
    # 64 MiB of zeros in 64 KiB, thrice.
    blown = zlib.compress(b"\0" * (64 << 20), 9)
    row = b"\0" + b"\x50" * 30
    yield _one("png text bomb", png(10, 10, chunk(b"zTXt", b"a\0\0" + blown), body=row * 10), CORRUPT, PIXELS)
    yield _one(
        "png profile bomb", png(10, 10, chunk(b"iCCP", b"a\0\0" + blown), body=row * 10), CORRUPT, PIXELS
    )
    texts = [chunk(b"zTXt", b"a\0\0" + zlib.compress(b"\0" * (1 << 20), 9)) for _ in range(100)]
    yield _one("png of a hundred texts", png(10, 10, *texts, body=row * 10), CORRUPT, PIXELS)
    yield _one(
        "png of ten thousand chunks",
        png(10, 10, *[chunk(b"tIME", b"\0" * 7)] * 10_000, body=row * 10),
        PIXELS,
    )
    dark = Image.new("P", (61, 43))
    frames = [Image.new("P", (61, 43), number % 256) for number in range(600)]
    yield _one("gif of 600 frames", saved(dark, "GIF", save_all=True, append_images=frames), PIXELS)
    jpeg = seeds()["jpeg RGB"]
    segment = b"\xff\xe5" + struct.pack(">H", 60_002) + b"x" * 60_000
    yield _one("jpeg of 60 segments", jpeg[:2] + segment * 60 + jpeg[2:], PIXELS)
    yield _one("webp of a large canvas", _canvas(16_384, 16_384), TOO_MANY, CORRUPT)


def _canvas(width: int, height: int) -> bytes:
    plain = saved(_base(), "WEBP")
    head = (
        b"VP8X"
        + struct.pack("<II", 10, 0)
        + (width - 1).to_bytes(3, "little")
        + (height - 1).to_bytes(3, "little")
    )
    body = b"WEBP" + head + plain[12:]
    return b"RIFF" + struct.pack("<I", len(body)) + body


def _foreign() -> Iterator[Hostile]:
    base = _base()
    svg = b'<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>'
    for name, data in {
        "nothing": b"",
        "one byte": b"\0",
        "svg": svg,
        "svg with a declaration": b'<?xml version="1.0"?>\n' + svg,
        "entities": b'<!DOCTYPE x [<!ENTITY a "aaaaaaaa">]><svg>&a;</svg>',
        "html": b"<html><img src=x onerror=alert(1)></html>",
        "text": b"not a picture\n" * 100,
        "script": b"#!/bin/sh\nrm -rf /\n",
        "pdf": b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj",
        "postscript": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
        "program": b"\x7fELF" + b"\0" * 200,
        "archive": b"PK\x03\x04" + b"\0" * 200,
        "tiff": saved(base, "TIFF"),
        "icon": saved(base, "ICO"),
        "ppm": saved(base, "PPM"),
        "jpeg 2000": saved(base, "JPEG2000"),
        "tga": saved(base, "TGA"),
        "pcx": saved(base, "PCX"),
        "layers": b"8BPS\0\1" + b"\0" * 100,
        "film": b"\0\0\0\x18ftypmp42" + b"\0" * 100,
        "sound in a riff": b"RIFF\x24\0\0\0WAVEfmt " + b"\0" * 40,
    }.items():
        yield _one(f"foreign: {name}", data, FOREIGN)


def _noise(rng: random.Random) -> Iterator[Hostile]:
    starts: dict[str, bytes] = {
        "png": b"\x89PNG\r\n\x1a\n", "jpeg": b"\xff\xd8\xff\xe0", "gif": b"GIF89a", "webp": b"RIFF\xff\xff\0\0WEBPVP8 ",
        "bmp": b"BM", "nothing": b"",
    }  # fmt: skip
    length: Callable[[], int] = lambda: rng.randrange(1, 3000)  # noqa: E731
    for name, start in starts.items():
        for number in range(10):
            outcomes = (FOREIGN, CORRUPT) if name == "nothing" else (CORRUPT, CUT, PIXELS, TOO_MANY, "memory")
            outcomes = (FOREIGN, ODD, *outcomes) if name == "bmp" else outcomes
            yield _one(f"noise {number} after {name}", start + rng.randbytes(length()), *outcomes)
