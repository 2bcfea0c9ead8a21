"""Pictures that are sound but odd, or of which a part is missing: what people really have. Made anew from a seed.

``python -m tests.net.problem_pictures FOLDER`` writes them, to be looked at with other programs.
"""

from __future__ import annotations

import base64
import random
import struct
import sys
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image

from tests.net.hostile_images import chunk, saved

SEED: Final = 20261129
SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"

SHOWN, PARTLY, REFUSED = "shown", "partly", "refused"


@dataclass(frozen=True)
class Problem:
    """One file."""

    kind: str
    name: str
    data: bytes
    outcomes: frozenset[str]
    """``SHOWN`` whole, ``PARTLY``, or ``REFUSED``."""
    share: float | None = None
    """How much of its rows is missing or coarse, where that is known beforehand."""
    says: str = ""
    """What a refusal must name."""


@cache
def problems() -> tuple[Problem, ...]:
    """All of them; the same ones each time."""
    rng = random.Random(SEED)
    return (
        *_cut(rng), *_ancillary(rng), *_other_metadata(rng), *_bitmaps(rng), *_grey_and_clear(),
        *_canvases(rng), *_foreign(), *_sizes(), *_rubbish_around(rng),
    )  # fmt: skip


def _problem(kind: str, name: str, data: bytes, *outcomes: str, says: str = "") -> Problem:
    return Problem(kind, name, data, frozenset(outcomes), None, says)


def shot(rng: random.Random, width: int, height: int) -> Image.Image:
    """Areas of colour with some noise, none of it black, white or grey as what is missing would be."""
    noise = np.random.default_rng(rng.randrange(1 << 30)).integers(0, 24, (height, width, 3))
    across, down = np.meshgrid(np.linspace(40, 200, width), np.linspace(60, 180, height))
    base = np.stack([across, down, 220 - down / 2], axis=-1)
    return Image.fromarray((base + noise).astype(np.uint8))


def raw_png(
    width: int, height: int, rows: bytes, *extra: bytes, depth: int = 8, colors: int = 2, woven: int = 0,
    behind: bytes = b"",
) -> bytes:  # fmt: skip
    """A PNG of rows that have their filter byte already."""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colors, 0, 0, woven))
    body = chunk(b"IDAT", zlib.compress(rows, 6))
    return SIGNATURE + head + b"".join(extra) + body + behind + chunk(b"IEND", b"")


def plain_png(image: Image.Image, *extra: bytes, behind: bytes = b"") -> bytes:
    """A PNG of an RGB image, with chunks before and behind its pixels."""
    width, height = image.size
    rows = image.tobytes()
    stride = width * 3
    filtered = b"".join(b"\0" + rows[at : at + stride] for at in range(0, len(rows), stride))
    return raw_png(width, height, filtered, *extra, behind=behind)


def woven_png(image: Image.Image) -> bytes:
    """The same, interlaced."""
    pixels = np.asarray(image)
    rows = b""
    for x, y, across, down in (
        (0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2),
    ):  # fmt: skip
        part = pixels[y::down, x::across]
        if part.size:
            rows += b"".join(b"\0" + row.tobytes() for row in part)
    return raw_png(image.width, image.height, rows, woven=1)


def _cut(rng: random.Random) -> Iterator[Problem]:
    for number in range(12):
        image = shot(rng, rng.randrange(40, 200), rng.randrange(40, 200))
        grey, dark = image.convert("L"), image.quantize(64)
        clear = image.convert("RGBA")
        clear.putalpha(grey)
        whole = {
            "png": saved(image, "PNG"), "png grey": saved(grey, "PNG"), "png palette": saved(dark, "PNG"),
            "png clear": saved(clear, "PNG"), "png woven": woven_png(image),
            "jpeg": saved(image, "JPEG", quality=90), "jpeg grey": saved(grey, "JPEG", quality=95),
            "jpeg cmyk": saved(image.convert("CMYK"), "JPEG"),
            "jpeg in passes": saved(image, "JPEG", quality=90, progressive=True),
            "gif": saved(dark, "GIF", interlace=0), "gif woven": saved(dark, "GIF", interlace=1),
            "webp": saved(image, "WEBP"), "webp lossless": saved(image, "WEBP", lossless=True),
            "bmp": saved(image, "BMP"), "bmp palette": saved(dark, "BMP"),
        }  # fmt: skip
        for name, data in whole.items():
            share = rng.choice([0.3, 0.5, 0.6, 0.75, 0.9, 0.99])
            end = int(len(data) * share)
            outcomes = {PARTLY, REFUSED} if "lossless" in name else {PARTLY}
            outcomes |= {SHOWN} if share == 0.99 else set()  # it may be the end mark alone that lacks
            outcomes |= {REFUSED} if share <= 0.5 else set()  # of small files that much is colours and tables
            missing = 1 - share if name in ("bmp",) else None
            yield Problem("cut", f"{name} {number} at {share}", data[:end], frozenset(outcomes), missing)
        yield _problem("cut", f"jpeg {number} without its end mark", whole["jpeg"][:-2], SHOWN)
        yield _problem("cut", f"png {number} without its end mark", whole["png"][:-12], SHOWN)
        yield _problem("cut", f"gif {number} without its end mark", whole["gif"][:-1], SHOWN)


def bad(kind: bytes, body: bytes) -> bytes:
    """A chunk with a wrong checksum."""
    right = chunk(kind, body)
    return right[:-1] + bytes((right[-1] ^ 0x55,))


BODIES: Final = {
    b"tEXt": b"Software\0shot", b"zTXt": b"a\0\0" + zlib.compress(b"text " * 50),
    b"iTXt": b"a\0\1\0\0\0" + zlib.compress(b"text " * 50), b"pHYs": struct.pack(">IIB", 5669, 5669, 1),
    b"tIME": b"\x07\xea\1\1\1\1\1", b"gAMA": struct.pack(">I", 45455), b"cHRM": struct.pack(">8I", *range(8)),
    b"sRGB": b"\0", b"iCCP": b"icc\0\0" + zlib.compress(b"x" * 300), b"eXIf": b"MM\0*\0\0\0\x08\0\0",
    b"bKGD": b"\0\1\0\1\0\1", b"sBIT": b"\x08\x08\x08", b"hIST": b"\0\1", b"sPLT": b"a\0\x08" + b"\1" * 6,
    b"acTL": struct.pack(">II", 1, 0), b"fcTL": b"\0" * 26, b"fdAT": b"\0\0\0\1abc", b"prVW": b"private",
    b"oFFs": b"\0" * 9, b"cICP": b"\1\x0d\0\1",
}  # fmt: skip


def _ancillary(rng: random.Random) -> Iterator[Problem]:
    image = shot(rng, 60, 40)
    huge = zlib.compress(b"<mxCell/>" * 300_000, 9)
    for kind, body in BODIES.items():
        name = kind.decode()
        odd = {
            "wrong checksum": bad(kind, body),
            "empty": chunk(kind, b""),
            "short": chunk(kind, body[: len(body) // 2]),
            "long": chunk(kind, body * 40),
            "noise": chunk(kind, rng.randbytes(rng.randrange(1, 80))),
        }
        for how, part in odd.items():
            yield _problem("ancillary", f"{name}, {how}", plain_png(image, part), SHOWN)
        yield _problem(
            "ancillary", f"{name}, wrong, at the end", plain_png(image, behind=bad(kind, body)), SHOWN
        )
    for kind, body in (
        (b"zTXt", b"mxfile\0\0" + huge), (b"iTXt", b"mxfile\0\1\0\0\0" + huge), (b"iCCP", b"a\0\0" + huge),
        (b"tEXt", b"parameters\0" + b"word " * 500_000),
    ):  # fmt: skip
        yield _problem(
            "ancillary", f"{kind.decode()} of megabytes", plain_png(image, chunk(kind, body)), SHOWN
        )


def _segment(marker: int, body: bytes) -> bytes:
    return bytes((0xFF, marker)) + struct.pack(">H", len(body) + 2) + body


def _riff(*chunks: tuple[bytes, bytes]) -> bytes:
    body = b"".join(
        kind + struct.pack("<I", len(data)) + data + b"\0" * (len(data) & 1) for kind, data in chunks
    )
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body


def _other_metadata(rng: random.Random) -> Iterator[Problem]:
    image = shot(rng, 60, 40)
    jpeg = saved(image, "JPEG")
    bodies = {
        "Exif": b"Exif\0\0" + rng.randbytes(60),
        "XMP": b"http://ns.adobe.com/xap/1.0/\0<x",
        "profile": b"ICC_PROFILE\0\1",
        "profile of zero parts": b"ICC_PROFILE\0\0\0",
        "MPF": b"MPF\0MM\0*" + rng.randbytes(9),
        "JFIF": b"JFIF\0\1",
        "Photoshop": b"Photoshop 3.0\x008BIM\4\4\0\0\0\0\xff\xff",
        "Adobe": b"Adobe\0",
        "FlashPix": b"FPXR\0",
        "nothing": b"",
    }
    for name, body in bodies.items():
        for marker in (0xE0, 0xE1, 0xE2, 0xED, 0xEE, 0xFE):
            data = jpeg[:2] + _segment(marker, body) + jpeg[2:]
            yield _problem("metadata", f"jpeg {marker:x} {name}", data, SHOWN)
    scan, tables = jpeg.index(b"\xff\xda"), jpeg.index(b"\xff\xdb")
    yield _problem("metadata", "jpeg with fill bytes", jpeg[:scan] + b"\xff" * 9 + jpeg[scan:], SHOWN)
    yield _problem("metadata", "jpeg with stray bytes", jpeg[:tables] + b"\0\1\2" + jpeg[tables:], SHOWN)
    webp = saved(image, "WEBP")
    pixels = (b"VP8 ", webp[20:])
    canvas = struct.pack("<I", 0x2C) + (59).to_bytes(3, "little") + (39).to_bytes(3, "little")
    for extra in (b"ICCP", b"EXIF", b"XMP ", b"ABCD"):
        for how, body in {"noise": rng.randbytes(41), "empty": b""}.items():
            data = _riff((b"VP8X", canvas), (extra, body), pixels)
            yield _problem("metadata", f"webp {extra.decode()} {how}", data, SHOWN)
            data = _riff((b"VP8X", canvas), pixels, (extra, body))
            yield _problem("metadata", f"webp {extra.decode()} {how} behind", data, SHOWN)
    gif = saved(image.quantize(16), "GIF")
    at = gif.index(b",", 13 + 48)
    for name, part in {
        "comment": b"\x21\xfe\x03abc\0", "empty application": b"\x21\xff\0", "unknown": b"\x21\x77\x02ab\0",
        "short control": b"\x21\xf9\x01\0\0", "empty control": b"\x21\xf9\0", "long control": b"\x21\xf9\x06abcdef\0",
        "short loop": b"\x21\xff\x0bNETSCAPE2.0\x01\1\0", "empty text": b"\x21\x01\0", "zeros": b"\0\0\0",
    }.items():  # fmt: skip
        yield _problem("metadata", f"gif {name}", gif[:at] + part + gif[at:], SHOWN)


def bmp(
    bits: int, how: int, masks: tuple[int, ...], pixels: bytes, *, header: int = 40, width: int = 16, height: int = 8,
    palette: bytes = b"", colors: int = 0,
) -> bytes:  # fmt: skip
    """A BMP of any kind."""
    if header == 12:
        head = struct.pack("<IHHHH", 12, width, height & 0xFFFF, 1, bits)
    else:
        head = struct.pack(
            "<IiiHHIIiiII", header, width, height, 1, bits, how, len(pixels), 2835, 2835, colors, 0
        )
        fields = b"".join(struct.pack("<I", mask) for mask in masks)
        head = (head + fields).ljust(header, b"\0")[:header] if header > 40 else head + fields
    start = 14 + len(head) + len(palette)
    return b"BM" + struct.pack("<IHHI", start + len(pixels), 0, 0, start) + head + palette + pixels


def _bitmaps(rng: random.Random) -> Iterator[Problem]:
    layouts = {
        16: (
            (0x0F00, 0xF0, 0x0F, 0xF000), (0xE000, 0x1C00, 0x0300, 0), (0xF800, 0x7E0, 0x1F, 0),
            (0x7C00, 0x3E0, 0x1F, 0x8000), (0x1F, 0x7E0, 0xF800, 0), (0x3, 0xC, 0x30, 0), (0xFF00, 0xF0, 0xF, 0),
        ),
        32: (
            (0xFF000000, 0xFF0000, 0xFF00, 0xFF), (0xFF, 0xFF00, 0xFF0000, 0xFF000000), (0x3FF00000, 0xFFC00, 0x3FF, 0),
            (0xF000000, 0xF0000, 0xF00, 0xF), (0x1, 0x2, 0x4, 0), (0xFFF00000, 0xFFC00, 0x3FF, 0),
            (0xFF0000, 0xFF00, 0xFF, 0),
        ),
        24: ((0xFF, 0xFF00, 0xFF0000, 0), (0xFF0000, 0xFF00, 0xFF, 0)),
    }  # fmt: skip
    for bits, kinds in layouts.items():
        for masks in kinds:
            for header in (40, 52, 56, 108, 124):
                height = rng.choice([8, -8])
                fields = masks[:3] if header < 56 else masks
                pixels = rng.randbytes((16 * bits + 31) // 32 * 4 * 8)
                data = bmp(bits, 3, fields, pixels, header=header, height=height)
                name = (
                    f"{bits} bits {'-'.join(f'{mask:x}' for mask in masks)} header {header} height {height}"
                )
                yield _problem("bmp", name, data, SHOWN)
    for bits in (1, 2, 4, 8):
        for header in (12, 16, 40, 64, 108):
            entry = b"".join(rng.randbytes(3) + (b"" if header == 12 else b"\0") for _ in range(1 << bits))
            pixels = rng.randbytes((16 * bits + 31) // 32 * 4 * 8)
            data = bmp(bits, 0, (), pixels, header=header, palette=entry)
            yield _problem("bmp", f"{bits} bits, header {header}", data, SHOWN)
    few = b"\0\0\xff\0\0\xff\0\0"
    yield _problem("bmp", "palette of two", bmp(8, 0, (), b"\0\1" * 64, palette=few, colors=2), SHOWN)
    yield _problem("bmp", "runs", bmp(8, 1, (), b"\x10\1\0\0" * 8 + b"\0\1", palette=few, colors=2), SHOWN)
    yield _problem(
        "bmp", "runs of nibbles", bmp(4, 2, (), b"\x10\x01\0\0" * 8 + b"\0\1", palette=few, colors=2), SHOWN
    )
    yield _problem(
        "bmp", "runs with gaps", bmp(8, 1, (), b"\4\1\0\2\3\2\4\1\0\1", palette=few, colors=2), SHOWN
    )
    yield _problem("bmp", "runs cut off", bmp(8, 1, (), b"\x10\1\0\0" * 4, palette=few, colors=2), PARTLY)
    for how, says in ((4, "JPEG inside"), (5, "PNG inside"), (9, "way 9")):
        yield _problem("bmp", f"packed in way {how}", bmp(24, how, (), b"\0" * 99), REFUSED, says=says)
    yield _problem("bmp", "OS/2 fax", bmp(1, 3, (), b"\0" * 99, header=64), REFUSED, says="OS/2")


def _grey_and_clear() -> Iterator[Problem]:
    for bits in (1, 2, 4, 8, 16):
        top = (1 << bits) - 1
        for value in {0, top, top // 2}:
            rows = b""
            for _ in range(16):
                levels = [value if x < 16 else (value + 1) & top for x in range(32)]
                row = 0
                for level in levels:
                    row = row << bits | level
                rows += b"\0" + row.to_bytes(32 * bits // 8, "big")
            data = raw_png(32, 16, rows, chunk(b"tRNS", struct.pack(">H", value)), depth=bits, colors=0)
            yield _problem("grey", f"{bits} bits, {value} clear", data, SHOWN)
    for depth in (8, 16):
        size = depth // 8
        left, right = b"\x12" * 3 * size, b"\x12" * (3 * size - 1) + b"\x13"
        rows = b"".join(b"\0" + left * 16 + right * 16 for _ in range(16))
        key = struct.pack(">HHH", *((0x1212,) * 3 if depth == 16 else (0x12,) * 3))
        data = raw_png(32, 16, rows, chunk(b"tRNS", key), depth=depth)
        yield _problem("grey", f"colours of {depth} bits, one clear", data, SHOWN)
    for body in (b"", b"\0", b"\0\0\0", b"\0" * 300):
        data = raw_png(8, 8, b"\0" * 72, chunk(b"tRNS", body), colors=0)
        yield _problem("grey", f"tRNS of {len(body)} bytes", data, SHOWN)


def _canvases(rng: random.Random) -> Iterator[Problem]:
    frame = Image.new("P", (20, 10), 1)
    frame.putpalette([0, 0, 0, 255, 0, 0, 0, 0, 255] + [0] * 759)
    gif = saved(frame, "GIF")
    place = gif.index(b",", 13 + 3) + 1
    for number in range(10):
        x, y = rng.randrange(30), rng.randrange(30)
        wide, high = rng.randrange(1, 80), rng.randrange(1, 60)
        data = (
            gif[:6]
            + struct.pack("<HH", wide, high)
            + gif[10:place]
            + struct.pack("<HH", x, y)
            + gif[place + 4 :]
        )
        yield _problem("canvas", f"gif {number}", data, SHOWN)
    frames = [shot(rng, 40, 30), shot(rng, 40, 30)]
    for kind in ("GIF", "WEBP", "PNG"):
        data = saved(frames[0], kind, save_all=True, append_images=frames[1:], duration=100)
        yield _problem("canvas", f"moving {kind}", data, SHOWN)
    yield _problem("canvas", "apng with a cover", apng_with_cover((10, 5), (20, 10)), SHOWN)


def apng_with_cover(at: tuple[int, int], size: tuple[int, int]) -> bytes:
    """A moving PNG of 40 × 30 whose picture is no frame: red; its first frame is blue, and smaller."""
    rows = b"".join(b"\0" + b"\xff\0\0" * 40 for _ in range(30))
    blue = zlib.compress(b"".join(b"\0" + b"\0\0\xff" * size[0] for _ in range(size[1])))
    frame = chunk(b"fcTL", struct.pack(">IIIIIHHBB", 0, *size, *at, 1, 10, 0, 0))
    behind = frame + chunk(b"fdAT", struct.pack(">I", 1) + blue)
    return raw_png(40, 30, rows, chunk(b"acTL", struct.pack(">II", 1, 0)), behind=behind)


def _foreign() -> Iterator[Problem]:
    image = Image.new("RGB", (9, 9), (200, 0, 0))
    good = saved(image, "PNG")

    def media(brand: bytes) -> bytes:
        return struct.pack(">I", 24) + b"ftyp" + brand + b"\0\0\0\0mif1" + brand

    for name, (data, says) in {
        "nothing": (b"", "empty"),
        "zeros": (b"\0" * 9000, "zeros"),
        "lfs": (b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n", "git lfs pull"),
        "annex": (b"/annex/objects/SHA256E-s1--0.png\n", "git annex get"),
        "web page": (b"<!DOCTYPE html>\n<html><body>404</body></html>", "web page"),
        "web page, bare": (b"\xef\xbb\xbf\r\n <html lang=de><head>", "web page"),
        "base64": (base64.encodebytes(good), "Base64"),
        "base64 jpeg": (base64.b64encode(saved(image, "JPEG")), "Base64"),
        "data address": (b"data:image/png;base64," + base64.b64encode(good), "Base64"),
        "svg": (b'<svg xmlns="http://www.w3.org/2000/svg"/>', "SVG"),
        "svg, declared": (b'<?xml version="1.0"?>\n<!-- drawn -->\n<svg width="9"/>', "SVG"),
        "tiff": (saved(image, "TIFF"), "TIFF"),
        "icon": (saved(image, "ICO"), "icon"),
        "ppm": (saved(image, "PPM"), "PPM"),
        "jpeg 2000": (saved(image, "JPEG2000"), "JPEG 2000"),
        "avif": (media(b"avif"), "AVIF"),
        "heic": (media(b"heic"), "HEIC"),
        "film": (struct.pack(">I", 20) + b"ftypisom\0\0\0\0mp42", "film"),
        "film 2": (b"\x1a\x45\xdf\xa3" + b"\0" * 50, "film"),
        "jxl": (b"\xff\x0a" + b"\1" * 50, "JPEG XL"),
        "psd": (b"8BPS\0\1" + b"\0" * 99, "Photoshop"),
        "pdf": (b"%PDF-1.7\n", "PDF"),
        "postscript": (b"%!PS-Adobe-3.0\n", "PostScript"),
        "sound": (b"RIFF\x24\0\0\0WAVEfmt ", "sound"),
        "zip": (b"PK\3\4" + b"\0" * 99, "archive"),
        "gzip": (b"\x1f\x8b\x08" + b"\0" * 30, "archive"),
        "program": (b"\x7fELF" + b"\0" * 99, "program"),
        "script": (b"#!/bin/sh\n", "program"),
        "json": (b'{"error": "not found"}', "JSON"),
        "xml": (b"<?xml version='1.0'?><Error/>", "XML"),
        "text": (b"hello\n" * 9, "text"),
        "mangled": (good.replace(b"\r\n", b"\n"), "as if it were text"),
        "mangled 2": (good.decode("latin-1").encode(), "as if it were text"),
        "mangled 3": (good.decode("utf-8", "replace").encode(), "as if it were text"),
        "mac": (b"\0\5\x16\7\0\2\0\0Mac OS X        ", "Mac"),
        "qoi": (b"qoif" + b"\0" * 30, "QOI"),
        "xcf": (b"gimp xcf v011\0", "GIMP"),
        "exr": (b"\x76\x2f\x31\x01" + b"\0" * 20, "OpenEXR"),
        "dds": (b"DDS |" + b"\0" * 30, "DDS"),
        "bitmaps of OS/2": (b"BA" + b"\0" * 12 + b"BM" + b"\0" * 40, "OS/2"),
        "noise": (random.Random(5).randbytes(500), "not a PNG"),
    }.items():
        yield _problem("foreign", name, data, REFUSED, says=says)


def _sizes() -> Iterator[Problem]:
    for width, height in ((1, 1), (1, 9000), (9000, 1), (3, 20_000), (1440, 4000), (20_000, 2)):
        yield _problem("size", f"{width}x{height}", saved(Image.new("1", (width, height)), "PNG"), SHOWN)
    for width, height in ((50_000, 50_000), (2**31 - 1, 2**31 - 1)):
        data = raw_png(width, height, b"\0" * 1000, depth=1, colors=0)
        yield _problem("size", f"{width}x{height}", data, REFUSED, says="more than")


def _rubbish_around(rng: random.Random) -> Iterator[Problem]:
    image = shot(rng, 40, 30)
    for kind in ("PNG", "JPEG", "GIF", "BMP", "WEBP"):
        data = saved(image, kind)
        for name, before in {"newline": b"\n", "mark": b"\xef\xbb\xbf", "blanks": b"\r\n\r\n  \t"}.items():
            yield _problem("around", f"{kind} behind a {name}", before + data, SHOWN)
        for name, behind in {"page": b"<!-- served -->" * 40, "zeros": b"\0" * 3000, "picture": data}.items():
            yield _problem("around", f"{kind} before a {name}", data + behind, SHOWN)


def main() -> None:
    """Write them all into a folder."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for number, problem in enumerate(problems()):
        safe = "".join(letter if letter.isalnum() else "-" for letter in problem.name)
        (folder / f"{number:04}-{problem.kind}-{safe}.png").write_bytes(problem.data)


if __name__ == "__main__":
    main()
