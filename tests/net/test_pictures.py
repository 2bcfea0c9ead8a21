"""Pictures: what is shown, what is declined, and why."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

import pytest
from PIL import Image

from imagechat_tui.net.pictures import PictureError, PictureKind, PictureLimits, load_picture


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


async def test_a_photo_is_turned_as_its_camera_says() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    picture = await load_picture("-", stdin=png(Image.new("RGB", (30, 20)), "JPEG", exif=exif))
    assert (picture.width, picture.height) == (20, 30)


@pytest.mark.parametrize(
    ("image", "kind", "colour"),
    [
        (Image.new("RGBA", (4, 4), (255, 0, 0, 0)), "PNG", 128),
        (Image.new("I;16", (4, 4), 0x8000), "PNG", 128),
        (Image.new("L", (4, 4), 77), "PNG", 77),
        (Image.new("1", (4, 4), 1), "BMP", 255),
        (Image.new("CMYK", (8, 8), (0, 0, 0, 0)), "JPEG", 255),
        (Image.new("P", (4, 4)), "GIF", 0),
    ],
)
async def test_every_kind_of_pixel_becomes_plain_colour(image: Image.Image, kind: str, colour: int) -> None:
    picture = await load_picture("-", stdin=png(image, kind))
    assert abs(picture.pixels.astype(int) - colour).max() <= 1


async def test_what_is_no_picture_is_named(tmp_path: Path) -> None:
    assert (await failure(str(tmp_path / "no.png"))).kind is PictureKind.MISSING
    assert (await failure(str(tmp_path))).kind is PictureKind.DIRECTORY
    assert (await failure("/dev/null")).kind is PictureKind.NOT_AN_IMAGE
    assert (await failure("-", stdin=b"<svg/>")).kind is PictureKind.NOT_AN_IMAGE
    assert (await failure("-", stdin=b"")).kind is PictureKind.NOT_AN_IMAGE


async def test_a_cut_off_picture_is_corrupt() -> None:
    data = png(Image.effect_noise((60, 60), 90))
    assert (await failure("-", stdin=data[: len(data) // 2])).kind is PictureKind.CORRUPT
    assert (await failure("-", stdin=data[:12])).kind is PictureKind.CORRUPT


async def test_too_many_pixels_are_declined_with_size_and_option() -> None:
    data = png(Image.new("1", (3000, 2000)))
    error = await failure("-", stdin=data, limits=PictureLimits(max_pixels=1_000_000))
    assert error.kind is PictureKind.TOO_MANY_PIXELS
    assert (error.detail, error.limit) == ("3000×2000 pixels", "1 million pixels")
    assert error.option == "--max-pixels"


async def test_too_many_bytes_are_declined_unread(tmp_path: Path) -> None:
    with (tmp_path / "big.png").open("wb") as file:
        file.truncate(21 << 20)
    assert (await failure(str(tmp_path / "big.png"))).kind is PictureKind.TOO_MANY_BYTES


async def test_only_http_is_fetched_and_nobody_there_is_said() -> None:
    assert (await failure("http://127.0.0.1:1/a.png")).kind is PictureKind.UNREACHABLE
