"""Odd files of every format: which pixels, how opaque, and what is said to be missing."""

from __future__ import annotations

import errno
import os
import random
import resource
import struct
import tracemalloc
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from imagechat_tui import problems
from imagechat_tui.net import decode_child
from imagechat_tui.net.decoder import drawing, kinds, webp
from imagechat_tui.net.decoder.page import Page
from imagechat_tui.net.pictures import DecoderDefect, load_picture
from imagechat_tui.problems import PictureError, PictureProblem
from imagechat_tui.raster.image import Loss, Picture
from tests.net.hostile_images import chunk, saved
from tests.net.problem_pictures import apng_with_cover, bmp, plain_png, raw_png, shot, woven_png
from tests.net.test_pictures import decode


def colored(width: int = 90, height: int = 64) -> Image.Image:
    return shot(random.Random(4), width, height)


async def load(data: bytes) -> Picture:
    return await load_picture("-", stdin=data)


def opacity(picture: Picture) -> list[list[int]]:
    assert picture.opacity is not None
    return [[int(value) for value in row] for row in picture.opacity]


# Cut off


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "LA", "P", "1"])
@pytest.mark.parametrize("rows", [1, 20, 63])
async def test_a_png_that_is_cut_off_shows_the_rows_that_are_there(mode: str, rows: int) -> None:
    image = colored().convert(mode)
    whole = await load(saved(image, "PNG"))
    width = image.width * len(image.getbands()) if mode != "1" else (image.width + 7) // 8
    body = image.tobytes()
    filtered = b"".join(b"\0" + body[at : at + width] for at in range(0, len(body), width))
    pressed = zlib.compressobj(6)
    packed = pressed.compress(filtered[: rows * (width + 1) + 5]) + pressed.flush(zlib.Z_SYNC_FLUSH)
    header = saved(image, "PNG")
    start = header.index(b"IDAT") - 4
    cut = await load(header[:start] + struct.pack(">I", len(packed) + 999) + b"IDAT" + packed)
    assert cut.loss == Loss("rows", "lower", 1 - rows / 64, cut=True)
    assert (cut.pixels[:rows] == whole.pixels[:rows]).all()
    assert {value for row in opacity(cut)[rows:] for value in row} == {0}
    assert mode in ("RGBA", "LA") or {value for row in opacity(cut)[:rows] for value in row} == {255}


async def test_what_is_missing_inside_a_png_is_told_as_damage() -> None:
    data = bytearray(saved(colored(), "PNG", compress_level=1))
    at = len(data) // 2
    data[at : at + 40] = b"\xff" * 40
    picture = await load(bytes(data))
    assert picture.loss is not None
    assert picture.loss.what in ("rows", "unsure")
    assert not picture.loss.cut


async def test_pixels_that_were_never_packed_are_missing_too() -> None:
    rows = (b"\0" + b"\x70" * 30) * 4
    picture = await load(raw_png(10, 10, rows))
    assert picture.loss == Loss("rows", "lower", 0.6)
    black = await load(raw_png(10, 10, (b"\0" + b"\0" * 30) * 10))
    assert black.loss is None


@pytest.mark.parametrize(("passes", "grid"), [(1, 8), (3, 4), (5, 2)])
async def test_a_woven_png_that_is_cut_off_is_coarse_and_whole(passes: int, grid: int) -> None:
    image = colored(64, 64)
    steps = ((8, 8), (8, 8), (4, 8), (4, 4), (2, 4), (2, 2), (1, 2))
    count = sum((64 // across * 3 + 1) * (64 // down) for across, down in steps[:passes])
    whole = woven_png(image)
    start = whole.index(b"IDAT") + 4
    rows = zlib.decompressobj().decompress(whole[start:])
    pressed = zlib.compressobj()
    packed = pressed.compress(rows[:count]) + pressed.flush(zlib.Z_SYNC_FLUSH)
    picture = await load(whole[: start - 8] + struct.pack(">I", len(packed) + 99) + b"IDAT" + packed)
    assert picture.loss is not None
    assert (picture.loss.what, picture.loss.cut) == ("detail", True)
    assert picture.opacity is None
    pixels = np.asarray(image)[::grid, ::grid]
    assert (picture.pixels == np.repeat(np.repeat(pixels, grid, 0), grid, 1)).all()


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"restart_marker_blocks": 4}])
@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
async def test_a_jpeg_without_its_end_mark_is_whole(mode: str, options: dict[str, object]) -> None:
    data = saved(colored().convert(mode), "JPEG", quality=90, **options)
    whole, bare = await load(data), await load(data[:-2])
    assert bare.loss is None
    assert (bare.pixels == whole.pixels).all()


@pytest.mark.parametrize("share", [0.4, 0.7, 0.9])
async def test_a_jpeg_that_is_cut_off_shows_the_rows_that_are_there(share: float) -> None:
    data = saved(colored(160, 400), "JPEG", quality=90)
    start = data.index(b"\xff\xda")
    whole = await load(data)
    cut = await load(data[: start + int((len(data) - start) * share)])
    assert cut.loss is not None
    assert (cut.loss.what, cut.loss.edge, cut.loss.cut) == ("rows", "lower", True)
    assert abs(cut.loss.share - (1 - share)) < 0.08
    there = round(400 * (1 - cut.loss.share))
    assert np.abs(cut.pixels[: there - 16].astype(int) - whole.pixels[: there - 16]).max() <= 2
    assert opacity(cut)[there] == [0] * 160


@pytest.mark.parametrize("progressive", [False, True])
def test_a_large_jpeg_that_is_cut_off_is_decoded_three_times(
    progressive: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    pillow = Page.open

    def counted(page: Page, data: bytes, format_: str) -> Image.Image:
        opened.append(format_)
        return pillow(page, data, format_)

    monkeypatch.setattr(Page, "open", counted)
    monkeypatch.setattr(drawing, "_LARGE", 0)
    data = saved(colored(160, 160), "JPEG", progressive=progressive)
    assert decode(data[: len(data) * 2 // 3])[0]["lost"] is not None
    assert opened == ["JPEG"] * 3


async def test_a_jpeg_in_passes_that_is_cut_off_is_coarse() -> None:
    data = saved(colored(160, 160), "JPEG", quality=90, progressive=True)
    picture = await load(data[: len(data) * 3 // 4])
    assert picture.loss is not None
    assert (picture.loss.what, picture.loss.cut) == ("detail", True)
    assert picture.opacity is None


@pytest.mark.parametrize(
    ("turn", "edge"),
    [
        (1, "lower"),
        (2, "lower"),
        (3, "upper"),
        (4, "upper"),
        (5, "right"),
        (6, "left"),
        (7, "left"),
        (8, "right"),
    ],
)
async def test_what_is_missing_is_named_as_the_picture_is_seen(turn: int, edge: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = turn
    data = saved(colored(160, 160), "JPEG", quality=90, exif=exif)
    picture = await load(data[: len(data) * 3 // 4])
    assert picture.loss is not None
    assert picture.loss.edge == edge
    clear = np.array(opacity(picture)) == 0
    sides = {"upper": clear[0], "lower": clear[-1], "left": clear[:, 0], "right": clear[:, -1]}
    assert [side for side, missing in sides.items() if missing.all()] == [edge]


@pytest.mark.parametrize(("interlace", "what"), [(0, "rows"), (1, "detail")])
async def test_a_gif_that_is_cut_off_shows_what_is_there(interlace: int, what: str) -> None:
    data = saved(colored(160, 160).quantize(64), "GIF", interlace=interlace)
    whole, cut = await load(data), await load(data[: len(data) // 2])
    assert cut.loss is not None
    assert (cut.loss.what, cut.loss.cut) == (what, True)
    assert (cut.pixels[0] == whole.pixels[0]).all()
    assert (cut.opacity is None) == (what == "detail")


async def test_of_a_bmp_that_is_cut_off_the_upper_rows_are_missing() -> None:
    data = saved(colored(40, 40), "BMP")
    whole, cut = await load(data), await load(data[: 54 + 120 * 10])
    assert cut.loss == Loss("rows", "upper", 0.75, cut=True)
    assert (cut.pixels[30:] == whole.pixels[30:]).all()
    assert opacity(cut)[29] == [0] * 40


async def test_a_webp_that_is_cut_off_shows_the_rows_that_are_there() -> None:
    data = saved(colored(160, 400), "WEBP", quality=95)
    whole, cut = await load(data), await load(data[: len(data) * 2 // 3])
    assert cut.loss is not None
    assert (cut.loss.what, cut.loss.cut) == ("rows", True)
    assert 0.2 < cut.loss.share < 0.5
    assert (cut.pixels[:64] == whole.pixels[:64]).all()


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "P"])
@pytest.mark.parametrize("quality", [20, 100])
def test_of_a_lossless_webp_that_is_cut_off_the_rows_before_the_cut_are_shown(
    mode: str, quality: int
) -> None:
    image = colored(120, 200)
    image = image.quantize(12).convert("RGB") if mode == "P" else image.convert(mode)
    data = saved(image, "WEBP", lossless=True, quality=quality)
    _, right = decode(data)
    shown = []
    for share in range(4, 20):
        answer, pixels = decode(data[: len(data) * share // 20])
        if "problem" in answer:
            assert answer["problem"] == "cut-off"
            continue
        lost = answer["lost"]
        assert isinstance(lost, dict)
        assert (lost["what"], lost["cut"]) == ("rows", True)
        rows = round(200 * (1 - lost["share"]))
        assert pixels[: rows * 360] == right[: rows * 360]
        shown.append(rows)
    assert shown == sorted(shown)
    assert len(shown) >= 12
    assert shown[-1] > 150


async def test_zeros_behind_a_webp_are_not_looked_at() -> None:
    data = saved(colored(), "WEBP")
    tracemalloc.start()
    found = webp.read(data + bytes(1 << 20))
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert found == webp.read(data)
    assert most < 3 << 20


async def test_a_lossless_webp_that_lacks_nothing_but_what_is_behind_its_pixels_is_whole() -> None:
    data = saved(colored(), "WEBP", lossless=True)
    whole = await load(data)
    picture = await load(data[:16] + struct.pack("<I", len(data)) + data[20:])
    assert picture.loss is None
    assert (picture.pixels == whole.pixels).all()


def test_of_a_lossless_webp_that_is_damaged_the_rows_before_are_shown() -> None:
    data = saved(colored(120, 200).quantize(12).convert("RGB"), "WEBP", lossless=True)
    _, right = decode(data)
    at = len(data) * 2 // 3
    told: list[int] = []
    for seed in range(20):  # not all that is wrong is noticed by libwebp
        answer, pixels = decode(data[:at] + random.Random(seed).randbytes(len(data) - at))
        lost = answer["lost"]
        if lost is None:
            continue
        assert isinstance(lost, dict)
        assert (lost["what"], lost["cut"]) == ("rows", False)
        rows = min(100, round(200 * (1 - lost["share"])))
        assert pixels[: rows * 360] == right[: rows * 360]
        told.append(rows)
    assert told
    assert max(told) > 80


async def test_a_webp_whose_transparency_is_damaged_is_shown_without_it() -> None:
    image = colored(80, 80)
    image.putalpha(Image.linear_gradient("L").resize((80, 80)))
    data = saved(image, "WEBP", alpha_quality=100)
    at = data.index(b"ALPH") + 8
    picture = await load(data[: at + 1] + b"\xff" * 6 + data[at + 7 :])
    assert picture.loss == Loss("unsure", "lower")
    assert picture.opacity is None


async def test_a_wrong_checksum_of_the_pixels_is_told_and_they_are_shown() -> None:
    data = bytearray(plain_png(colored()))
    data[29] ^= 1  # of the header
    picture = await load(bytes(data))
    assert picture.loss == Loss("unsure", "lower")


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
@pytest.mark.parametrize("progressive", [False, True])
async def test_a_mark_that_no_encoder_writes_hides_nothing_of_a_jpeg(mode: str, progressive: bool) -> None:
    data = saved(colored(160, 160).convert(mode), "JPEG", quality=95, progressive=progressive)
    whole = await load(data)
    at = data.index(b"\xff\0", data.index(b"\xff\xda"))
    picture = await load(data[:at] + b"\xff\x38" + data[at + 2 :])
    assert picture.loss == Loss("unsure", "lower")
    assert (picture.pixels == whole.pixels).all()


@pytest.mark.parametrize("bad", range(1, 10))
async def test_scans_before_one_that_makes_no_sense_are_shown(bad: int) -> None:
    image = colored(160, 160)
    data = saved(image, "JPEG", quality=90, progressive=True)
    starts = [at for at in range(len(data)) if data[at : at + 2] == b"\xff\xda"]
    at = starts[bad] + 5 + 2 * data[starts[bad] + 4]  # the first coefficient of the scan
    picture = await load(data[:at] + b"\x7f" + data[at + 1 :])
    assert picture.loss == Loss("detail", "lower", 1.0)
    assert np.abs(picture.pixels.astype(int) - np.asarray(image)).mean() < 40


async def test_a_jpeg_whose_first_scan_makes_no_sense_is_damaged() -> None:
    data = saved(colored(), "JPEG", progressive=True)
    at = data.index(b"\xff\xda") + 4
    with pytest.raises(PictureError) as caught:
        await load(data[: at + 1 + 2 * data[at]] + b"\x7f" + data[at + 2 + 2 * data[at] :])
    assert isinstance(caught.value.problem, problems.PictureCorrupt)


SMALL: dict[str, Callable[[Image.Image], bytes]] = {
    "png": lambda image: saved(image, "PNG"),
    "png woven": woven_png,
    "png palette": lambda image: saved(image.quantize(16), "PNG"),
    "jpeg": lambda image: saved(image, "JPEG"),
    "jpeg in passes": lambda image: saved(image, "JPEG", progressive=True),
    "jpeg grey in passes": lambda image: saved(image.convert("L"), "JPEG", progressive=True),
    "gif": lambda image: saved(image.quantize(16), "GIF", interlace=0),
    "gif woven": lambda image: saved(image.quantize(16), "GIF", interlace=1),
    "webp": lambda image: saved(image, "WEBP"),
    "webp clear": lambda image: saved(image.convert("RGBA"), "WEBP", lossless=True),
    "bmp": lambda image: saved(image, "BMP"),
    "bmp palette": lambda image: saved(image.quantize(16), "BMP"),
}


@pytest.mark.parametrize("kind", SMALL)
def test_wherever_a_file_is_cut_off_more_of_it_never_shows_less(kind: str, runs: int) -> None:
    data = SMALL[kind](colored(40, 40))
    step = max(1, len(data) * 20 // runs)
    missing: tuple[int, float] = (2, 1.0)
    """How bad it is: nothing is there, rows are missing, they are coarse; and how many."""
    for end in [*range(16, len(data), step), len(data)]:
        answer, _ = decode(data[:end])
        if "problem" in answer:
            assert answer["problem"] in ("cut-off", "not-an-image"), (end, answer)
            assert missing == (2, 1.0), (end, answer)
            continue
        lost = answer["lost"]
        if lost is None:
            missing = (0, 0.0)
            continue
        assert isinstance(lost, dict)
        assert lost["cut"], (end, answer)
        now = (1, lost["share"] if lost["what"] == "rows" else lost["share"] - 1)
        # A WebP's blocks of 16 rows are smoothed with the next ones: the last that came may change with these.
        slack = 16 / 40 if kind.startswith("webp") else 0.0
        assert now <= (missing[0], missing[1] + slack) or lost["what"] == "detail", (end, answer, missing)
        missing = now
    assert missing == (0, 0.0)


def test_a_webp_that_ends_in_its_header_is_cut_off() -> None:
    data = SMALL["webp"](colored(40, 40))
    for end in range(16, 64):
        answer, _ = decode(data[:end])
        assert answer.get("problem") == "cut-off", (end, answer)


# Transparency, colours, canvases


@pytest.mark.parametrize("bits", [1, 2, 4, 8, 16])
@pytest.mark.parametrize("bright", [True, False])
async def test_one_grey_may_be_transparent(bits: int, bright: bool) -> None:
    value = (1 << bits) - 1 if bright else 0
    other = (1 << bits) - 1 - value
    row = 0
    for x in range(32):
        row = row << bits | (value if x < 16 else other)
    rows = (b"\0" + row.to_bytes(4 * bits, "big")) * 8
    picture = await load(raw_png(32, 8, rows, chunk(b"tRNS", struct.pack(">H", value)), depth=bits, colors=0))
    assert opacity(picture) == [[0] * 16 + [255] * 16] * 8
    assert (picture.pixels[:, 16:] == (0 if bright else 255)).all()


async def test_a_colour_of_sixteen_bits_is_transparent_only_to_its_last_bit() -> None:
    rows = (b"\0" + b"\x12" * 6 * 2 + (b"\x12" * 5 + b"\x13") * 2) * 3
    key = chunk(b"tRNS", struct.pack(">HHH", 0x1212, 0x1212, 0x1212))
    assert opacity(await load(raw_png(4, 3, rows, key, depth=16))) == [[0, 0, 255, 255]] * 3


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
async def test_a_transparent_sample_is_as_deep_as_the_pixels(bits: int) -> None:
    rows = (b"\0" + b"\0" * bits) * 2  # 8 pixels of 0
    key = chunk(b"tRNS", struct.pack(">H", 0xFFFF << bits & 0xFFFF))
    assert opacity(await load(raw_png(8, 2, rows, key, depth=bits, colors=0))) == [[0] * 8] * 2
    color = chunk(b"tRNS", struct.pack(">HHH", 0x130, 0x8000, 0x100))
    picture = await load(raw_png(2, 1, b"\0" + b"\x30\0\0" + b"\x31\0\0", color))
    assert opacity(picture) == [[0, 255]]


@pytest.mark.parametrize(
    ("colors", "late"),
    [
        (0, chunk(b"tRNS", b"\0\x40")),
        (2, chunk(b"tRNS", b"\0\x40" * 3)),
        (3, chunk(b"tRNS", b"\0" * 4)),
        (2, chunk(b"gAMA", struct.pack(">I", 100_000))),
    ],
)
async def test_what_comes_behind_the_pixels_says_nothing_of_them(colors: int, late: bytes) -> None:
    palette = chunk(b"PLTE", b"\x40" * 3 * 65) if colors == 3 else b""
    rows = (b"\0" + b"\x40" * (24 if colors == 2 else 8)) * 8
    picture = await load(raw_png(8, 8, rows, palette, colors=colors, behind=late))
    assert picture.opacity is None
    assert (picture.pixels == 64).all()


@pytest.mark.parametrize("before", [True, False])
async def test_what_comes_on_the_wrong_side_of_the_palette_is_not_heeded(before: bool) -> None:
    palette = chunk(b"PLTE", b"\x40" * 3 * 4)
    gamma, clear = chunk(b"gAMA", struct.pack(">I", 100_000)), chunk(b"tRNS", b"\0\0")
    parts = (clear, palette, gamma) if before else (gamma, palette, clear)
    picture = await load(raw_png(8, 8, (b"\0" + b"\0" * 8) * 8, *parts, colors=3))
    assert (picture.opacity is None) == before
    assert before == (int(picture.pixels[0, 0, 0]) == 64)


@pytest.mark.parametrize("length", [0, 1, 3, 300])
async def test_transparency_that_makes_no_sense_is_none(length: int) -> None:
    rows = (b"\0" + b"\0" * 8) * 8
    assert (await load(raw_png(8, 8, rows, chunk(b"tRNS", b"\0" * length), colors=0))).opacity is None


async def test_beside_its_first_picture_the_canvas_of_a_gif_is_clear() -> None:
    frame = Image.new("P", (4, 3), 1)
    frame.putpalette([0, 0, 0, 255, 0, 0] + [0] * 762)
    data = saved(frame, "GIF")
    place = data.index(b",", 13 + 6) + 1
    moved = (
        data[:6] + struct.pack("<HH", 8, 6) + data[10:place] + struct.pack("<HH", 2, 1) + data[place + 4 :]
    )
    picture = await load(moved)
    assert (picture.width, picture.height) == (8, 6)
    assert opacity(picture) == [[255 * (2 <= x < 6 and 1 <= y < 4) for x in range(8)] for y in range(6)]
    assert picture.pixels[2, 3].tolist() == [255, 0, 0]


async def test_a_moving_png_starts_with_its_first_frame_and_not_with_its_cover() -> None:
    picture = await load(apng_with_cover((10, 5), (20, 10)))
    assert (picture.width, picture.height) == (40, 30)
    assert picture.pixels[6, 12].tolist() == [0, 0, 255]
    assert opacity(picture)[0] == [0] * 40


@pytest.mark.parametrize(("gamma", "shown"), [(45455, 64), (100_000, 137), (0, 64), (55_556, 81)])
async def test_colours_for_another_gamma_are_corrected(gamma: int, shown: int) -> None:
    rows = (b"\0" + b"\x40" * 24) * 8
    picture = await load(raw_png(8, 8, rows, chunk(b"gAMA", struct.pack(">I", gamma))))
    assert abs(int(picture.pixels[0, 0, 0]) - shown) <= 1
    profile = chunk(b"sRGB", b"\0")
    kept = await load(raw_png(8, 8, rows, chunk(b"gAMA", struct.pack(">I", gamma)), profile))
    assert kept.pixels[0, 0, 0] == 64


@pytest.mark.parametrize(
    ("bits", "masks", "pixel", "color", "clear"),
    [
        (16, (0xF00, 0xF0, 0xF, 0xF000), 0x8F0A, [255 * 136 // 255, 0, 170 * 136 // 255], 136),
        (16, (0xE000, 0x1C00, 0x300, 0), 0xE000 | 0x200, [255, 0, 170], 255),
        (16, (0xF800, 0x7E0, 0x1F, 0), 0x07E0, [0, 255, 0], 255),
        (32, (0xFF000000, 0xFF0000, 0xFF00, 0xFF), 0x0A141EFF, [10, 20, 30], 255),
        (32, (0x3FF00000, 0xFFC00, 0x3FF, 0), 0x3FF << 20 | 0x200 << 10, [255, 128, 0], 255),
        (24, (0xFF, 0xFF00, 0xFF0000, 0), 0x030201, [1, 2, 3], 255),
        (32, (0xFF0000, 0xFF00, 0xFF, 0xFF000000), 0x000A141E, [10, 20, 30], 255),
    ],
)
async def test_any_layout_of_bits_in_a_bmp_is_read(
    bits: int, masks: tuple[int, ...], pixel: int, color: list[int], clear: int
) -> None:
    stride = (16 * bits + 31) // 32 * 4
    row = (pixel.to_bytes(bits // 8, "little") * 16).ljust(stride, b"\0")
    picture = await load(bmp(bits, 3, masks, row * 8, header=124))
    assert np.abs(picture.pixels[3, 3].astype(int) - color).max() <= 1
    assert clear == (255 if picture.opacity is None else int(picture.opacity[3, 3]))


async def test_a_bmp_of_runs_is_read_and_what_no_run_reaches_is_clear() -> None:
    palette = b"\0\0\xff\0\xff\0\0\0"
    data = bmp(8, 1, (), b"\4\1\0\2\2\1\3\0\0\1", width=9, height=3, palette=palette, colors=2)
    picture = await load(data)
    assert opacity(picture) == [[0] * 9, [0] * 6 + [255] * 3, [255] * 4 + [0] * 5]
    assert picture.pixels[2, 0].tolist() == [0, 0, 255]
    assert picture.pixels[1, 7].tolist() == [255, 0, 0]


async def test_a_bmp_that_forgets_its_colours_when_it_says_where_its_pixels_are_is_read() -> None:
    palette = b"\0\0\xff\0\xff\0\0\0"
    data = bmp(8, 0, (), b"\0\1" * 64, palette=palette, colors=2)
    told = await load(data)
    forgetful = await load(data[:10] + struct.pack("<I", 54) + data[14:])
    assert (forgetful.pixels == told.pixels).all()
    assert told.pixels[0, :2].tolist() == [[255, 0, 0], [0, 0, 255]]


# What it is instead


@pytest.mark.parametrize("length", [1, 5, 11, 60, 4096])
def test_any_beginning_of_any_file_is_of_some_kind(length: int) -> None:
    for seed in range(200):
        head = np.random.default_rng(seed).bytes(length)
        assert kinds.kind_of(head)
        assert kinds.start_of(head) == 0
        assert kinds.kind_of(b"<" + head)


def test_a_long_text_whose_last_letter_is_cut_is_text() -> None:
    head = ("ä" * 4096).encode()[: kinds.HEAD]
    assert kinds.kind_of(b"x" + head[:-1]) == "text"
    assert kinds.kind_of(head) == "text"


# Where a system lacks what we would like


@pytest.fixture(params=["absent", "forbidden"])
def no_memory_files(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(name: str, flags: int) -> int:
        raise OSError(errno.EPERM, "Operation not permitted")

    if request.param == "absent":
        monkeypatch.delattr(os, "memfd_create")
        monkeypatch.delattr(os, "MFD_CLOEXEC")
    else:
        monkeypatch.setattr(os, "memfd_create", forbidden)


@pytest.mark.usefixtures("no_memory_files")
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP", "BMP"])
async def test_a_picture_opens_where_there_are_no_memory_files(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    image = Image.new("RGB", (40, 30), (0, 200, 0))
    picture = await load(saved(image, kind))
    assert (picture.width, picture.height) == (40, 30)
    assert picture.pixels[5, 5, 1] > 180
    assert list(tmp_path.iterdir()) == []  # noqa: ASYNC240 (a test)


@pytest.mark.parametrize("problem", ["absent", "refused"])
def test_a_system_without_a_limit_of_memory_sets_the_others(
    problem: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_: list[int] = []

    def setrlimit(kind: int, limits: tuple[int, int]) -> None:
        if kind == as_ and problem == "refused":
            raise ValueError("current limit exceeds maximum limit")
        set_.append(kind)

    as_ = resource.RLIMIT_AS
    monkeypatch.setattr(resource, "setrlimit", setrlimit)
    if problem == "absent":
        monkeypatch.delattr(resource, "RLIMIT_AS")
    decode_child.guard(1000)
    assert set_ == [resource.RLIMIT_CPU, resource.RLIMIT_CORE, resource.RLIMIT_NOFILE]


# Defects are no damaged pictures


async def test_a_defect_of_the_decoder_is_no_damaged_picture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    child = tmp_path / "child.py"
    child.write_text(
        "from imagechat_tui.net import decode_child\n"
        "def broken(*args): return undefined\n"
        "decode_child.outcome = broken\n"
        "decode_child.main()\n"
    )
    monkeypatch.setattr("imagechat_tui.net.pictures._CHILD", child)
    with pytest.raises(DecoderDefect, match="undefined"):
        await load(saved(colored(), "PNG"))


@pytest.mark.parametrize(
    ("make", "kind", "said"),
    [
        (lambda: bmp(24, 4, (), b"\0" * 99), problems.OddKind, "BMP with a JPEG inside"),
        (lambda: b"", problems.NotAPicture, "empty"),
        (lambda: saved(colored(), "TIFF"), problems.NotAPicture, "tiff"),
        (lambda: saved(colored(), "TGA"), problems.NotAPicture, "tga"),
        (
            lambda: saved(colored().convert("L"), "TGA", compression="tga_rle"),
            problems.NotAPicture,
            "tga",
        ),
        (lambda: saved(colored(), "ICO"), problems.NotAPicture, "ico"),
        (lambda: b"GIF89a" + b"\1\0\1\0\0\0\0;", problems.NotAPicture, "gif-without-picture"),
        (lambda: "Größe und Maß\n".encode("utf-16"), problems.NotAPicture, "text"),
        (lambda: "Größe und Maß\n".encode("latin-1"), problems.NotAPicture, "text"),
        (lambda: saved(colored(), "PNG")[:50], problems.PictureCutOff, "PNG"),
    ],
)
async def test_what_cannot_be_shown_is_named(
    make: Callable[[], bytes], kind: Callable[[str, str], PictureProblem], said: str
) -> None:
    with pytest.raises(PictureError) as caught:
        await load(make())
    assert caught.value.problem == kind("stdin", said)
