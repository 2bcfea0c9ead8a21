"""Each format's file to pixels, by Pillow: whole, or as much of them as is there."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import contextmanager, suppress
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

from imagechat_tui.net.decoder import bmp, gif, jpeg, png, webp
from imagechat_tui.net.decoder.lost import Lost, Unfinished

if TYPE_CHECKING:
    from collections.abc import Iterator

    from PIL import Image


class Drawing(NamedTuple):
    """A picture, and where it lies on its canvas."""

    image: Image.Image
    canvas: tuple[int, int]
    lost: Lost | None = None
    at: tuple[int, int] = (0, 0)


class Loader(Protocol):
    """How pictures are opened and loaded."""

    def open(self, data: bytes, format_: str) -> Image.Image:
        """A picture of a file, not loaded yet."""

    def load(self, image: Image.Image, *, final: bool) -> None:
        """Load it; if ``final``, nothing is done with its pixels afterwards but writing them."""


BAND: Final = 256
"""Rows that are worked on at once: no second copy of a picture is made."""
GAMMA: Final = 45455
"""What most files that name one are made for, in hundred thousandths."""


def draw_png(found: png.Png, loader: Loader, reduced: int) -> Drawing:
    """Pixels of a PNG.

    Raises:
        Unfinished: no row is there.
    """
    corrected = found.gamma and abs(found.gamma - GAMMA) > 2000
    keyed = len(found.clear) == {0: 2, 2: 6}.get(found.colors)
    final = not corrected and not keyed and found.frame[:2] == (0, 0) and found.frame[2:] == found.size
    image, known, total = loader.open(found.file(), "PNG"), None, found.frame[3]
    sound = found.sound
    try:
        loader.load(image, final=final)
    except (OSError, SyntaxError, ValueError):
        known, sound = found.known(), False
        image = loader.open(found.file(), "PNG")
        with _as_far_as_it_goes():
            image.load()
    else:
        if _may_be_short(image):
            known = found.known()
    if known is not None and not known.rows:
        raise Unfinished(cut=not found.ended)
    key = _key(found, image, loader) if keyed else None
    if corrected:
        image = _for_screens(image, found.gamma)
    if key is not None:
        image = colors(image).convert("RGBA")
        image.putalpha(key)
    lost = None if sound else Lost("unsure")
    if known is not None and known.grid != (1, 1) and known.rows == total:
        image = _filled(image, known)
        lost = Lost("detail", 1 - known.fine / total, cut=not found.ended)
    elif known is not None and known.rows < total:
        image = _upper(_filled(image, known) if known.grid != (1, 1) else image, known.rows)
        lost = Lost("rows", 1 - known.rows / total, cut=not found.ended)
    return Drawing(image, found.size, lost, found.frame[:2])


def _may_be_short(image: Image.Image) -> bool:
    """Whether one of the last two rows holds nothing but zeros, as rows do that no data ever reached."""
    width, height = image.size
    return any(
        image.crop((0, row, width, row + 1)).getbbox(alpha_only=False) is None
        for row in range(max(0, height - 2), height)
    )


def _key(found: png.Png, image: Image.Image, loader: Loader) -> Image.Image:
    """What is opaque where one colour is transparent."""
    from PIL import Image, ImageChops

    most = (1 << found.depth) - 1  # what is above it belongs to no sample
    samples = [int.from_bytes(found.clear[at : at + 2], "big") & most for at in range(0, len(found.clear), 2)]
    if found.colors == 0 and found.depth == 16:
        return image.convert("I").point([0 if value == samples[0] else 255 for value in range(65536)], "L")
    if found.colors == 0:
        value = samples[0] * 255 // most
        return image.convert("L").point([0 if level == value else 255 for level in range(256)])
    parts = [(image, [sample >> 8 if found.depth == 16 else sample for sample in samples])]
    if found.depth == 16:
        # Pillow keeps the upper bytes. Read the other way round the lower ones are the upper ones.
        low = loader.open(found.file(), "PNG")
        low.tile = [tile._replace(args="RGB;16L") for tile in low.tile]  # type: ignore[attr-defined]
        with _as_far_as_it_goes():
            low.load()
        parts.append((low, [sample & 255 for sample in samples]))
    key = Image.new("L", image.size)
    for part, values in parts:
        for band, value in zip(part.split(), values, strict=False):
            key = ImageChops.lighter(key, band.point([0 if level == value else 255 for level in range(256)]))
    return key


def _for_screens(image: Image.Image, gamma: int) -> Image.Image:
    """Colours that were stored for another gamma than that of screens."""

    def shown(value: int) -> int:
        light: float = (value / 255) ** (100_000 / gamma)
        return round(255 * (12.92 * light if light <= 0.0031308 else 1.055 * light ** (1 / 2.4) - 0.055))

    table = [shown(value) for value in range(256)]
    alike = list(range(256))
    clear = "A" in image.mode or "transparency" in image.info
    image = image.convert("RGBA") if clear else colors(image)
    return image.point(table * 3 + (alike if clear else []))


def colors(image: Image.Image) -> Image.Image:
    """As colours of 8 bits; of 16 bits a pixel the upper byte: Pillow would cut off what is above 255."""
    if image.mode.startswith(("I", "F")):
        image = image.convert("I").point(lambda value: value / 256).convert("L")
    return image.convert("RGB")


def _filled(image: Image.Image, known: png.Known) -> Image.Image:
    """An interlaced picture with the pixels that are not there as their neighbours are."""

    image = image.convert("RGBA") if "A" in image.mode or "transparency" in image.info else colors(image)
    finer = png.GRIDS[min(png.GRIDS.index(known.grid) + 1, len(png.GRIDS) - 1)]
    filled = _coarse(image, known.grid)
    if known.fine and known.rows == image.height:
        filled.paste(_coarse(image, finer).crop((0, 0, image.width, known.fine)), (0, 0))
    return filled


def _coarse(image: Image.Image, grid: tuple[int, int]) -> Image.Image:
    from PIL import Image

    (across, down), (width, height) = grid, image.size
    columns, rows = -(-width // across), -(-height // down)
    kept = image.transform(
        (columns, rows),
        Image.Transform.AFFINE,
        (across, 0, 0.5 - across / 2, 0, down, 0.5 - down / 2),
        Image.Resampling.NEAREST,
    )
    return kept.resize((columns * across, rows * down), Image.Resampling.NEAREST).crop((0, 0, width, height))


@contextmanager
def _as_far_as_it_goes() -> Iterator[None]:
    """Have Pillow decode what there is of a file, without complaint."""
    from PIL import ImageFile

    before = ImageFile.LOAD_TRUNCATED_IMAGES
    ImageFile.LOAD_TRUNCATED_IMAGES = True
    try:
        yield
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = before


_LARGE: Final = 4_000_000
"""Pixels of a JPEG above which time matters more than that a made-up end may happen to be right for a block."""


def draw_jpeg(found: jpeg.Jpeg, loader: Loader, reduced: int) -> Drawing:
    """Pixels of a JPEG, every ``reduced``-th of them each way.

    Raises:
        Unfinished: no row is there.
    """

    def opened(data: bytes) -> Image.Image:
        image = loader.open(data, "JPEG")
        if reduced > 1:
            image.draft(image.mode, (found.size[0] // reduced, found.size[1] // reduced))
        return image

    if jpeg.END in found.data:  # else libjpeg gives up, having decoded all there is
        image = opened(found.data)
        with suppress(OSError):
            loader.load(image, final=True)
            return Drawing(image, image.size)
    image = opened(found.ended())
    try:
        image.load()
    except OSError:
        return _damaged_jpeg(found, opened)
    count = 2 if image.width * image.height > _LARGE else len(jpeg.GARBLED)
    first = _first_change(image, (opened(found.ended(more)) for more in jpeg.GARBLED[:count]))
    if first is None:
        return Drawing(image, image.size)
    if found.scans > 1:
        return Drawing(image, image.size, Lost("detail", 1 - first / image.height, cut=True))
    if not first:
        raise Unfinished(cut=True)
    lost = Lost("rows", 1 - first / image.height, cut=True)
    return Drawing(_upper(image, first), image.size, lost)


def _damaged_jpeg(found: jpeg.Jpeg, opened: Callable[[bytes], Image.Image]) -> Drawing:
    """Pixels of a JPEG that libjpeg gives up: all of them, or the scans before the one that makes no sense."""

    def drawn(data: bytes) -> Image.Image | None:
        image = opened(data)
        try:
            image.load()
        except OSError:
            return None
        return image

    image = drawn(found.mended())
    if image is not None:
        return Drawing(image, image.size, Lost("unsure"))
    sound, bad = 0, found.scans
    while bad - sound > 1:
        count = (sound + bad) // 2
        coarse = drawn(found.of_scans(count))
        sound, bad, image = (sound, count, image) if coarse is None else (count, bad, coarse)
    if image is None:
        raise Unfinished(cut=False)
    return Drawing(image, image.size, Lost("detail", 1.0))


def _first_change(one: Image.Image, others: Iterable[Image.Image]) -> int | None:
    """The first row in which a picture differs from one with other data in place of its missing end.

    What such data changes was not there. None if it changes nothing. ``others`` are made and loaded one at a time.
    """
    from PIL import ImageChops

    width, end = one.width, one.height
    for other in others:
        other.load()
        for top in range(0, end, BAND):
            band = (0, top, width, min(end, top + BAND))
            box = ImageChops.difference(one.crop(band), other.crop(band)).getbbox(alpha_only=False)
            if box is not None:
                end = top + box[1]
                break
    return end if end < one.height else None


def _upper(image: Image.Image, rows: int) -> Image.Image:
    return image.crop((0, 0, image.width, rows))


def draw_webp(found: webp.Webp, loader: Loader, reduced: int) -> Drawing:
    """Pixels of a WebP's first picture.

    Raises:
        Unfinished: no row is there.
    """
    size, at = found.size, found.frame[:2]
    if not found.missing:
        image = loader.open(found.file(), "WEBP")
        with suppress(*_UNREADABLE):
            loader.load(image, final=found.frame[2:] == size)
            return Drawing(image, size, None, at)
    left = max(_LEAST_TRIES, _PIXELS_TRIED // (found.frame[2] * found.frame[3]))

    def tried(data: bytes) -> Image.Image | None:
        nonlocal left
        left -= 1
        if left < 0:
            return None
        with suppress(*_UNREADABLE):
            image = loader.open(data, "WEBP")
            image.load()
            return image
        return None

    if not found.missing:
        bare = tried(found._replace(alpha=b"").file()) if found.alpha else None
        if bare is not None:
            return Drawing(bare, size, Lost("unsure"), at)
        part = _most_of_webp(found, tried)
    else:
        part = _part_of_webp(found, tried)
    if part is None or not part[1]:
        raise Unfinished(cut=found.missing > 0)
    image, rows = part
    if rows == image.height:
        return Drawing(image, size, None, at)
    lost = Lost("rows", 1 - rows / image.height, cut=found.missing > 0)
    return Drawing(_upper(image, rows), size, lost, at)


_UNREADABLE: Final = (OSError, EOFError, ValueError)
"""What Pillow raises for a WebP that libwebp gives up."""
_LEAST_TRIES: Final = 6
_PIXELS_TRIED: Final = 160_000_000
"""Of a WebP that is not all there, so many are decoded at most: that takes some seconds."""
_Tried = Callable[[bytes], "Image.Image | None"]


def _part_of_webp(found: webp.Webp, tried: _Tried) -> tuple[Image.Image, int] | None:
    """A picture whose end is made up, and how many rows of it are not; None if no end can be."""
    if found.lossless:
        whole = tried(
            found._replace(missing=0).file()
        )  # it may lack nothing but what comes behind its pixels
        if whole is not None:
            return whole, whole.height
    for ending in webp.ENDINGS if found.lossless else webp.ENDINGS[:1]:
        image = tried(found.file(ending))
        if image is None:
            continue
        if not found.lossless:
            others = filter(None, (tried(found.file(more)) for more in jpeg.GARBLED))
            other = next(others, None)
            if other is None:
                return None  # made-up data makes no sense there: it is the header that ends
            first = _first_change(image, chain((other,), others))
            return image, image.height if first is None else first
        starts = (more[:length] for length in (24, 8, 3, 1) for more in jpeg.GARBLED)
        others = filter(None, (tried(found.file(ending, start)) for start in starts))
        count = 1 if image.width * image.height > _LARGE else len(jpeg.GARBLED)
        first = _first_change(image, islice(others, count))
        if first is not None:
            return image, first
    return None


def _most_of_webp(found: webp.Webp, tried: _Tried) -> tuple[Image.Image, int] | None:
    """What comes before the damage of a lossless picture, to a 32nd of its data."""
    best, sound, bad = None, 0, 32
    while found.lossless and bad - sound > 1:
        middle = (sound + bad) // 2
        part = _part_of_webp(found.upto(len(found.packed) * middle // 32), tried)
        best, sound, bad = (best, sound, middle) if part is None else (part, middle, bad)
    return best


def draw_gif(found: gif.Gif, loader: Loader, reduced: int) -> Drawing:
    """Pixels of a GIF's first picture.

    Raises:
        Unfinished: no row is there.
    """
    from PIL import Image, ImageChops

    size, how = found.frame[2:], (found.bits, found.interlaced, -1)

    def filled(index: int) -> tuple[Image.Image, bool]:
        image, whole = Image.new("L", size, index), False
        with suppress(ValueError):  # it says whether all of it came, and keeps what did
            image.frombytes(found.packed, "gif", how)
            whole = True
        return image, whole

    indices, whole = filled(0)
    lost = None
    if not whole or _may_be_short(indices):
        # Where no data came, two grounds show through.
        missing = ImageChops.difference(indices, filled(1)[0])
        box = missing.getbbox()
        if box is not None:
            cut = not found.ended
            lost = _unwoven(indices, missing) if found.interlaced else Lost("rows", 1 - box[1] / size[1])
            lost = lost._replace(cut=cut)
            if lost.what == "rows" and lost.share == 1:
                raise Unfinished(cut=cut)
    palette = found.palette or b"".join(bytes((level,)) * 3 for level in range(256))
    indices.putpalette(palette.ljust(768, b"\0"))
    if found.clear >= 0:
        indices.info["transparency"] = found.clear
    image = indices
    if lost is not None and lost.what == "rows":
        image = _upper(indices, round(size[1] * (1 - lost.share)))
    return Drawing(image, found.size, lost, found.frame[:2])


def _unwoven(indices: Image.Image, missing: Image.Image) -> Lost:
    """Fill the rows that have not come with the ones above them; tells what is lost by that."""
    width, height = indices.size
    order = gif.rows_by_pass(height)
    there = 0
    while missing.crop((0, order[there], width, order[there] + 1)).getbbox() is None:
        there += 1
    known = set(order[:there])
    first_pass = len(range(0, height, gif.PASSES[0][1]))
    reached = height if there >= first_pass else there * gif.PASSES[0][1]
    for row in range(1, reached):
        if row not in known:
            indices.paste(indices.crop((0, row - 1, width, row)), (0, row))
    if there < first_pass:
        return Lost("rows", 1 - reached / height)
    return Lost("detail", 1 - order[there] / height)


def draw_bmp(found: bmp.Bmp, loader: Loader, reduced: int) -> Drawing:
    """Pixels of a BMP.

    Raises:
        Unfinished: no row is there.
    """
    image, rows = bmp.draw(found)
    if not rows:
        raise Unfinished(cut=True)
    share = 1 - rows / found.size[1]
    lost = Lost("rows", share, upper=not found.upright, cut=True) if share else None
    return Drawing(image, found.size, lost, (0, 0 if found.upright else found.size[1] - image.height))


class Format(NamedTuple):
    """How files of a kind are read."""

    name: str
    read: Callable[[bytes], Any]
    draw: Callable[[Any, Loader, int], Drawing]


FORMATS: Final = {
    "png": Format("PNG", png.read, draw_png),
    "jpeg": Format("JPEG", jpeg.read, draw_jpeg),
    "gif": Format("GIF", gif.read, draw_gif),
    "webp": Format("WebP", webp.read, draw_webp),
    "bmp": Format("BMP", bmp.read, draw_bmp),
}
"""By what ``kinds.kind_of`` calls them."""
