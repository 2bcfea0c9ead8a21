"""Pictures: what is shown, what is declined, and why."""

from __future__ import annotations

import hashlib
import io
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFile, ImageOps

from imagechat_tui import problems
from imagechat_tui.net import decode_child
from imagechat_tui.net.decoder.page import Page
from imagechat_tui.net.pictures import PictureLimits, load_picture, pixels_of
from imagechat_tui.problems import PictureError


def png(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


async def failure(source: str, **options: object) -> PictureError:
    with pytest.raises(PictureError) as caught:
        await load_picture(source, **options)  # type: ignore[arg-type]
    return caught.value


async def test_a_file_becomes_its_pixels(tmp_path: Path) -> None:
    data = png(Image.new("RGB", (30, 20), (10, 20, 30)))
    (tmp_path / "a.png").write_bytes(data)
    told: list[float] = []
    picture = await load_picture(str(tmp_path / "a.png"), progress=told.append)
    assert (picture.name, picture.width, picture.height) == ("a.png", 30, 20)
    assert picture.sha256 == hashlib.sha256(data).hexdigest()
    assert (picture.pixels == (10, 20, 30)).all()
    assert told[-1] == 1.0


@pytest.mark.parametrize("orientation", range(9))
async def test_a_photo_is_turned_as_its_camera_says(orientation: int) -> None:
    image = Image.effect_noise((30, 20), 90).convert("RGB")
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = png(image, exif=exif)
    picture = await load_picture("-", stdin=data)
    expected = ImageOps.exif_transpose(Image.open(io.BytesIO(data)))
    assert (picture.width, picture.height) == expected.size
    assert (picture.pixels == np.asarray(expected)).all()


async def looks(image: Image.Image, kind: str = "PNG", **options: object) -> tuple[str, bool]:
    """The name of a picture's pixels, and whether it is a plain one."""
    seen = pixels_of(await load_picture("-", stdin=png(image, kind, **options)))
    assert (seen.width, seen.height) != (0, 0)
    return seen.pixels, seen.plain


def noise(mode: str = "RGB", size: tuple[int, int] = (80, 300)) -> Image.Image:
    return Image.effect_noise(size, 90).convert(mode)


async def test_pixels_are_the_same_however_the_file_is_packed() -> None:
    image = noise()
    one, plain = await looks(image)
    assert not plain
    for kind, options in (("PNG", {"compress_level": 0}), ("BMP", {}), ("WEBP", {"lossless": True})):
        assert (await looks(image, kind, **options))[0] == one
    opaque = image.convert("RGBA")
    assert (await looks(opaque))[0] == one
    exif = Image.Exif()
    exif[0x010E] = "a description"
    assert (await looks(image, exif=exif))[0] == one
    turned = image.transpose(Image.Transpose.ROTATE_90)
    exif[0x0112] = 6
    assert (await looks(turned, exif=exif))[0] == one, "as the camera was held"


async def test_other_pixels_are_another_name() -> None:
    image = noise()
    one, _ = await looks(image)
    other = image.copy()
    other.putpixel((79, 299), (1, 2, 3))
    dim = image.convert("RGBA")
    dim.putpixel((0, 0), (0, 0, 0, 254))
    squeezed = Image.frombytes("RGB", (300, 80), image.tobytes())
    names = {one, *[(await looks(each))[0] for each in (other, dim, squeezed)]}
    assert len(names) == 4


async def test_what_is_wholly_clear_has_no_color() -> None:
    red, blue = (Image.new("RGBA", (80, 80), (*color, 0)) for color in ((255, 0, 0), (0, 0, 255)))
    for image in (red, blue):
        image.paste((9, 9, 9, 255), (0, 0, 40, 40))
    assert (await looks(red))[0] == (await looks(blue))[0]


async def test_a_picture_of_one_color_or_a_small_one_is_plain() -> None:
    white = Image.new("RGB", (400, 300), "white")
    assert (await looks(white))[1]
    assert (await looks(Image.new("RGBA", (400, 300), (0, 0, 0, 0))))[1]
    assert (await looks(noise(size=(63, 300))))[1]
    assert not (await looks(noise(size=(64, 64))))[1]
    white.putpixel((399, 299), (254, 255, 255))
    assert not (await looks(white))[1]


async def test_a_bent_exif_word_does_not_hide_the_picture() -> None:
    picture = await load_picture(
        "-", stdin=png(Image.new("RGB", (30, 20)), "JPEG", exif=b"Exif\0\0MM\0*\0\0\0\x08\xff\xff")
    )
    assert (picture.width, picture.height) == (30, 20)


def photo(width: int, height: int, **options: object) -> bytes:
    """A JPEG whose left half is dark and whose right half is light."""
    image = Image.new("RGB", (width, height), (40, 40, 40))
    image.paste((200, 200, 200), (width // 2, 0, width, height))
    return png(image, "JPEG", **options)


async def test_a_jpeg_beyond_the_limit_is_opened_smaller_and_keeps_its_own_measures() -> None:
    picture = await load_picture("-", stdin=photo(1201, 801), limits=PictureLimits(max_pixels=100_000))
    assert (picture.width, picture.height, picture.reduced) == (1201, 801, 4)
    assert picture.pixels.shape == (201, 301, 3)
    dark, light = picture.samples((0, 0, 1201, 801), 2, 1)[0, :, 0].tolist()
    assert abs(dark - 40) <= 2
    assert abs(light - 200) <= 2
    edge = (
        picture.samples((590, 0, 600, 801), 1, 1)[0, 0, 0],
        picture.samples((604, 0, 614, 801), 1, 1)[0, 0, 0],
    )
    assert edge[0] < 100 < edge[1]


async def test_a_turned_jpeg_beyond_the_limit_keeps_its_turned_measures() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    data = photo(1200, 800, exif=exif)
    picture = await load_picture("-", stdin=data, limits=PictureLimits(max_pixels=300_000))
    assert (picture.width, picture.height, picture.reduced) == (800, 1200, 2)
    assert picture.pixels.shape == (600, 400, 3)
    assert picture.pixels[10, 200, 0] < 100 < picture.pixels[-10, 200, 0]


async def test_a_jpeg_whose_smallest_copy_is_beyond_the_limit_is_declined_with_its_own_size() -> None:
    error = await failure("-", stdin=photo(1600, 800), limits=PictureLimits(max_pixels=10_000))
    assert error.problem == problems.TooManyPixels("stdin", 1600, 800, 10_000)


async def test_progress_is_told_while_a_large_picture_is_decoded() -> None:
    told: list[float] = []
    data = png(Image.effect_noise((1500, 1500), 90).convert("RGB"), compress_level=1)
    await load_picture("-", stdin=data, progress=told.append)
    assert len(told) >= 20
    assert told == sorted(told)
    assert told[0] == 0.0
    assert told[-1] == 1.0


def decode(data: bytes, most: int = 1_000_000) -> tuple[dict[str, object], bytes]:
    """What the child's own function answers, and what it writes."""
    source, target = os.memfd_create("source"), os.memfd_create("target")
    try:
        os.write(source, data)
        os.lseek(source, 0, os.SEEK_SET)
        answer = decode_child.outcome(source, target, most)
        return answer, os.pread(target, os.fstat(target).st_size, 0)
    finally:
        os.close(source)
        os.close(target)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_plain_picture_is_decoded_without_a_second_copy(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def copied(page: Page, *drawn: object) -> None:
        raise AssertionError("a second copy")

    monkeypatch.setattr(Page, "_write_bands", copied)
    data = png(Image.effect_noise((91, 700), 90).convert("RGB"), kind)
    answer, pixels = decode(data)
    assert (answer["columns"], answer["rows"]) == (91, 700)
    assert pixels == Image.open(io.BytesIO(data)).convert("RGB").tobytes()


def test_a_pillow_that_takes_no_image_of_ours_decodes_as_it_used_to(monkeypatch: pytest.MonkeyPatch) -> None:
    def fresh(image: ImageFile.ImageFile) -> None:
        image.im = Image.new(image.mode, image.size).im

    monkeypatch.setattr(ImageFile.ImageFile, "load_prepare", fresh)
    image = Image.effect_noise((91, 700), 90).convert("RGB")
    answer, pixels = decode(png(image))
    assert (answer["columns"], answer["rows"]) == (91, 700)
    assert pixels == image.tobytes()


@pytest.mark.parametrize(
    ("image", "kind", "colour"),
    [
        (Image.new("I;16", (4, 4), 0x8000), "PNG", 128),
        (Image.new("L", (4, 4), 77), "PNG", 77),
        (Image.new("1", (4, 4), 1), "BMP", 255),
        (Image.new("CMYK", (8, 8), (0, 0, 0, 0)), "JPEG", 255),
        (Image.new("P", (4, 4)), "GIF", 0),
        (Image.new("L", (4, 4), 90), "JPEG", 90),
    ],
)
async def test_every_kind_of_pixel_becomes_plain_colour(image: Image.Image, kind: str, colour: int) -> None:
    picture = await load_picture("-", stdin=png(image, kind))
    assert abs(picture.pixels.astype(int) - colour).max() <= 1


@pytest.mark.parametrize(
    ("image", "kind", "opacity"),
    [
        (Image.new("RGBA", (4, 4), (255, 0, 0, 0)), "PNG", 0),
        (Image.new("LA", (4, 300), (255, 0)), "PNG", 0),
        (Image.new("RGBA", (4, 4), (0, 0, 0, 128)), "WEBP", 128),
        (Image.new("RGBA", (4, 4), (90, 0, 0, 200)), "BMP", None),
        (Image.new("RGBA", (4, 4), (90, 0, 0, 255)), "PNG", None),
    ],
)
async def test_what_is_transparent_is_known_apart_from_its_colour(
    image: Image.Image, kind: str, opacity: int | None
) -> None:
    picture = await load_picture("-", stdin=png(image, kind))
    if opacity is None:
        assert picture.opacity is None
    else:
        assert picture.opacity is not None
        assert (picture.opacity == opacity).all()
        assert picture.pixels.max() <= opacity


async def test_only_the_first_frame_of_a_moving_picture_is_shown() -> None:
    frames = [Image.new("RGB", (20, 10), colour) for colour in ((200, 0, 0), (0, 200, 0))]
    picture = await load_picture("-", stdin=png(frames[0], "GIF", save_all=True, append_images=frames[1:]))
    assert picture.pixels[5, 5].tolist() == [200, 0, 0]


async def test_what_is_no_picture_is_named(tmp_path: Path) -> None:
    assert isinstance((await failure(str(tmp_path / "no.png"))).problem, problems.PictureMissing)
    assert isinstance((await failure(str(tmp_path))).problem, problems.NoPictureInFolder)
    assert isinstance((await failure("/dev/null")).problem, problems.NotAPicture)
    assert isinstance((await failure("-", stdin=b"<svg/>")).problem, problems.NotAPicture)
    assert isinstance((await failure("-", stdin=b"")).problem, problems.NotAPicture)


async def test_what_ends_before_its_first_row_is_no_picture_yet() -> None:
    data = png(Image.effect_noise((60, 60), 90))
    assert isinstance((await failure("-", stdin=data[:60])).problem, problems.PictureCutOff)
    assert isinstance((await failure("-", stdin=data[:12])).problem, problems.PictureCutOff)


async def test_too_many_pixels_are_declined_with_size_and_option() -> None:
    data = png(Image.new("1", (3000, 2000)))
    error = await failure("-", stdin=data, limits=PictureLimits(max_pixels=1_000_000))
    assert error.problem == problems.TooManyPixels("stdin", 3000, 2000, 1_000_000)


async def test_too_many_bytes_are_declined_unread(tmp_path: Path) -> None:
    with (tmp_path / "big.png").open("wb") as file:
        file.truncate(21 << 20)
    assert isinstance((await failure(str(tmp_path / "big.png"))).problem, problems.TooManyBytes)


async def test_only_http_is_fetched_and_nobody_there_is_said() -> None:
    assert isinstance((await failure("http://127.0.0.1:1/a.png")).problem, problems.PictureNotFetched)
