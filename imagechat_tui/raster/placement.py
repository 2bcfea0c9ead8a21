"""Where the spot that a marker stands on has gone in the next version of its picture.

First the rows round the marker are looked for byte for byte: pages mostly grow and shrink between rows that stay what
they were. Then what surrounds the marker is looked for by its edges, which a new theme or another encoding hardly
changes. Where that does not say clearly, the answer is a guess: a marker that stands wrong in silence is worse than
one that asks to be looked at.

Pictures are rows × columns of grey, rows × columns × 3 of colours, or × 4 with the opacity last and the colours
multiplied by it; 8 bits each. They are expected upright and whole.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from functools import cached_property
from math import ceil
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from msgspec import Struct

from imagechat_tui.protocol.models import Point

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Pixels = NDArray[np.uint8]
    Floats = NDArray[np.float32]
    Bools = NDArray[np.bool_]

WIDEST: Final = 1000
"""Edges are looked for in pictures that are at most so many pixels wide."""
_HALF_ROWS: Final = 14
_STRIPS: Final = (520, 240)
"""Pixels across the rows that are looked for byte for byte: the second, narrower ones if the first are nowhere."""
_HALF: Final = 64
"""The surroundings are 129 × 129 pixels of the reduced picture."""
_NEAR: Final = 16
"""The spot itself is 33 × 33 of them."""
_STAYS: Final = 0.90
_ALMOST_BEST: Final = 0.03
"""Where it was is good enough, if no other place is better by more."""
_MOVED: Final = 0.85
_MOVED_AT_RIM: Final = 0.92
"""At the rim of a picture there are fewer surroundings, and bars at the top of unlike pages are alike: with 0.85 each
ninth marker that moved by its edges from there was wrong."""
_CLEARLY: Final = 0.10
"""A new place has to be better by so much than the next best one."""
_APART: Final = 32
"""Pixels of the reduced picture; nearer peaks are the same one."""
_SPOT: Final = 0.70
_CHANGED: Final = 3.0
"""Of 255, on average: more than that, and the spot looks different."""
_FLAT: Final = 0.25
"""Spread of the edges below which there is nothing to go by."""
_CHUNK: Final = 512
"""Rows of the reduced picture that are searched at once."""
_CHUNKS: Final = 8
"""How many of these are searched at most, nearest first: on long pages that is 4,000 pixels up and down, together."""
_FINE_HALF: Final = 32
_FINE_REACH: Final = 4
"""A place found in a reduced picture is made exact in the whole one: 65 × 65 pixels, up to 4 away."""
_RESAVED: Final = 30.0
_BLOCK: Final = 16
_NOISE: Final = 0.08
"""The share of equal neighbours that such noise makes unequal."""
_BAND: Final = 1024
"""Rows worked on at once; whole blocks."""

State = Literal["same", "changed", "moved", "guess"]


class Placed(Struct, frozen=True):
    """Where a marker stands on another version."""

    state: State
    """It stays; it stays, but the pixels under it differ; it went elsewhere; nobody can tell."""
    x: float
    """Percent of the other version's width, 0–100. A guess keeps its percent."""
    y: float
    """Percent of its height, 0–100."""
    score: float
    """How alike the surroundings are, 0–1: 1 if they are the same byte for byte."""


def same_pixels(old: Pixels, new: Pixels) -> bool:
    """Whether two pictures have the same size and the same pixels; grey is the colour with three equal parts."""
    import numpy as np

    if old.shape[:2] != new.shape[:2]:
        return False
    old, new = alike(old, new)
    return all(
        np.array_equal(old[top : top + _BAND], new[top : top + _BAND]) for top in range(0, len(old), _BAND)
    )


def resaved(old: Pixels, new: Pixels, *, lossy: bool) -> bool:
    """Whether one picture is the other, encoded again: the same size, and no 16 × 16 block differs much.

    Much is more than 30 of 255 on average; JPEG of quality 60 makes up to 27 of it. One light theme for another, or a
    label in small type, can be below. So where no file is in a lossy format, what differs has to be the noise that
    such a format leaves.

    Args:
        old: one of them.
        new: the other.
        lossy: whether one of their files is in a format that changes pixels.
    """
    if old.shape[:2] != new.shape[:2]:
        return False
    old, new = alike(old, new)
    return _differs_little(old, new) and (lossy or same_pixels(old, new) or _is_noise(old, new))


def _differs_little(old: Pixels, new: Pixels) -> bool:
    import numpy as np

    columns = np.arange(0, old.shape[1], _BLOCK)
    for top in range(0, len(old), _BAND):
        one, other = old[top : top + _BAND], new[top : top + _BAND]
        off = (np.maximum(one, other) - np.minimum(one, other)).astype(np.float32)
        if off.ndim == 3:
            off = off.mean(axis=2)
        rows = np.arange(0, len(off), _BLOCK)
        sums = np.add.reduceat(np.add.reduceat(off, rows, axis=0), columns, axis=1)
        high = np.diff(rows, append=len(off))
        wide = np.diff(columns, append=off.shape[1])
        if (sums > _RESAVED * np.outer(high, wide)).any():
            return False
    return True


def _is_noise(old: Pixels, new: Pixels) -> bool:
    """Whether what differs is what a lossy format leaves: near edges, neighbours that were equal are so no more.

    Of such neighbours that is 17 % and more with JPEG 60, 11 % with WebP 80. Another theme turns equal ones into
    equal ones, and another label is in few places.
    """
    became_uneven, even = 0, 0
    back, uneven = 0, 0
    for top in range(0, len(old), _BAND):
        one, other = _even(old[top : top + _BAND]), _even(new[top : top + _BAND])
        near = _near_edges(one) | _near_edges(other)
        even += int((one & near).sum())
        became_uneven += int((one & ~other & near).sum())
        uneven += int((other & near).sum())
        back += int((other & ~one & near).sum())
    return became_uneven > _NOISE * even or back > _NOISE * uneven


def _even(pixels: Pixels) -> Bools:
    """Which pixels equal their right neighbour."""
    import numpy as np

    equal: Bools = pixels[:, 1:] == pixels[:, :-1]
    if equal.ndim == 3:
        equal = np.all(equal, axis=2)
    return equal


def _near_edges(even: Bools) -> Bools:
    """The 16 × 16 blocks in which some neighbours differ, and most do not."""
    import numpy as np

    rows, columns = np.arange(0, even.shape[0], _BLOCK), np.arange(0, even.shape[1], _BLOCK)
    sums = np.add.reduceat(np.add.reduceat(even, rows, axis=0, dtype=np.int32), columns, axis=1)
    near = (sums > _BLOCK) & (sums < _BLOCK * (_BLOCK - 1))
    return near.repeat(_BLOCK, axis=0)[: even.shape[0]].repeat(_BLOCK, axis=1)[:, : even.shape[1]]


def place(old: Pixels, new: Pixels, points: Sequence[Point]) -> tuple[Placed, ...]:
    """Say for markers on one picture where they stand on another one, in the order of ``points``.

    A marker takes 10 to 50 ms of CPU; on 1440 × 20000 pixels at worst a quarter of a second, with 250 MB besides.

    Args:
        old: the picture they were made on.
        new: the other one.
        points: where they stand on the old one.
    """
    if same_pixels(old, new):
        return tuple(Placed("same", point.x, point.y, 1.0) for point in points)
    pair = _Pair(*alike(old, new))
    found: dict[int, Placed] = {}
    # From top to bottom: neighbours are looked for in the same part of the picture.
    for number in sorted(range(len(points)), key=lambda number: points[number].y):
        found[number] = pair.placed(points[number])
    return tuple(found[number] for number in range(len(points)))


class _Place(NamedTuple):
    """A place in a picture: pixels from the top left corner, and parts of them."""

    x: float
    y: float


class _Search(NamedTuple):
    """What is found of a marker's surroundings in one of the scales."""

    scale: _Scale
    stays: float
    """How alike they are where they should be if nothing moved, or at the same percent."""
    stayed: _Place
    """That place, in pixels of the whole picture."""
    best: float
    """How alike they are at the best place of all."""
    second: float
    """And at the best one that is not next to it."""
    moved: _Place
    """The best place, in pixels of the whole picture."""
    wanted: float
    """How alike they have to be there."""
    spot: float
    """How alike the spot itself is there."""


class _Pair:
    """Two pictures with the same number of channels."""

    def __init__(self, old: Pixels, new: Pixels) -> None:
        self.old, self.new = old, new
        self.old_size, self.new_size = (old.shape[1], old.shape[0]), (new.shape[1], new.shape[0])

    @cached_property
    def scales(self) -> tuple[_Scale, ...]:
        """Pixel for pixel, and width for width where that is another one."""
        old, new = self.old_size[0], self.new_size[0]
        greys = brightness(self.old), brightness(self.new)
        factor = min(1.0, WIDEST / max(old, new))
        scales = [_Scale(*greys, factor, factor)]
        if old != new:
            width = min(WIDEST, old, new)
            scales.append(_Scale(*greys, width / old, width / new))
        return tuple(scales)

    def placed(self, point: Point) -> Placed:
        """Where the marker stands on the new picture."""
        place = _Place(point.x / 100 * self.old_size[0], point.y / 100 * self.old_size[1])
        return self._by_rows(point, place) or self._by_edges(point, place)

    def _by_rows(self, point: Point, place: _Place) -> Placed | None:
        x, y = _pixel(place, self.old_size)
        for wide in _STRIPS:
            left, right = max(0, x - wide // 2), min(x + wide // 2, self.old_size[0], self.new_size[0])
            if x >= right:
                return None
            top = max(0, y - _HALF_ROWS)
            tops = _tops(self.old[top : y + _HALF_ROWS + 1, left:right], self.new[:, left:right])
            if len(tops) > 1:
                return Placed("guess", point.x, point.y, 1.0)
            if tops:
                down = tops[0] - top
                return self._at(
                    "moved" if down else "same", point, place, _Place(place.x, place.y + down), 1.0
                )
        return None

    def _by_edges(self, point: Point, place: _Place) -> Placed:
        percent = _Place(point.x / 100 * self.new_size[0], point.y / 100 * self.new_size[1])
        found: list[_Search] = []
        for scale in self.scales:
            search = scale.search(place, percent)
            if search is not None:
                found.append(search)
        best = max((search.best for search in found), default=0.0)
        guess = Placed("guess", point.x, point.y, min(1.0, max(0.0, best)))
        if not found:
            return guess
        search = max(found, key=lambda search: search.stays)
        if search.stays >= _STAYS and search.stays >= best - _ALMOST_BEST:
            there = self._exact(search.scale, place, search.stayed)
            if there != search.stayed:
                return self._at("moved", point, place, there, search.stays)
            state: State = "changed" if self._difference(search.scale, place, there) > _CHANGED else "same"
            return self._at(state, point, place, there, search.stays)
        search = max(found, key=lambda search: search.best)
        if search.best < search.wanted or search.best - search.second < _CLEARLY or search.spot < _SPOT:
            return guess
        there = self._exact(search.scale, place, search.moved)
        return self._at("moved", point, place, there, search.best)

    def _exact(self, scale: _Scale, place: _Place, there: _Place) -> _Place:
        """The place at most 4 pixels from ``there`` where the whole pixels fit best, if the scale has fewer of them."""
        if not scale.even or scale.whole:
            return there
        at, to = _pixel(place, self.old_size), _pixel(there, self.new_size)
        left, top, right, bottom = _reach(at, self.old_size, to, self.new_size, _FINE_HALF)
        window = _Window.of(
            brightness(self.old[at[1] - top : at[1] + bottom, at[0] - left : at[0] + right]), 0, 0
        )
        if window is None:
            return there
        low_x, low_y = max(0, to[0] - left - _FINE_REACH), max(0, to[1] - top - _FINE_REACH)
        part = self.new[low_y : to[1] + bottom + _FINE_REACH, low_x : to[0] + right + _FINE_REACH]
        scores = _Searched(_edges(brightness(part))).scores(window)
        row, column = divmod(int(scores.argmax()), scores.shape[1])
        middle_row, middle_column = to[1] - top - low_y, to[0] - left - low_x
        if scores[row, column] < scores[middle_row, middle_column] + _ALMOST_BEST:
            return there  # along a line every place fits
        return _Place(there.x + column - middle_column, there.y + row - middle_row)

    def _difference(self, scale: _Scale, place: _Place, there: _Place) -> float:
        """How much the pixels round two places differ on average, of 255."""
        if not scale.even:
            return scale.difference(place, there)
        return _difference(self.old, _pixel(place, self.old_size), self.new, _pixel(there, self.new_size))

    def _at(self, state: State, point: Point, place: _Place, there: _Place, score: float) -> Placed:
        """The answer in percent; what stays in a picture of the same size keeps its very numbers."""
        score = min(1.0, max(0.0, score))
        if there == place and self.old_size == self.new_size:
            return Placed(state, point.x, point.y, score)
        x, y = (100 * at / size for at, size in zip(there, self.new_size, strict=True))
        return Placed(state, min(100.0, max(0.0, x)), min(100.0, max(0.0, y)), score)


class _Scale:
    """Both pictures reduced to grey ones in which the same thing is hoped to have the same size."""

    def __init__(self, old: Pixels, new: Pixels, old_factor: float, new_factor: float) -> None:
        self.even = old_factor == new_factor
        """Whether a pixel of one picture is one of the other."""
        self.whole = old_factor == new_factor == 1
        self.old, self.new = _reduced(old, old_factor), _reduced(new, new_factor)
        self._to_old = self.old.shape[1] / old.shape[1], self.old.shape[0] / old.shape[0]
        self._to_new = self.new.shape[1] / new.shape[1], self.new.shape[0] / new.shape[0]
        self._searched: OrderedDict[int, _Searched] = OrderedDict()

    def search(self, place: _Place, percent: _Place) -> _Search | None:
        """Look for what surrounds a marker; None if that has no edges, or there is no room for it.

        Args:
            place: of the marker, in pixels of the whole old picture.
            percent: the same percent, in pixels of the whole new one.
        """
        marker = _Place(place.x * self._to_old[0], place.y * self._to_old[1])
        x, y = _pixel(marker, _size(self.old))
        window = _Window.of(self.old, x, y)
        if window is None or window.rows > len(self.new) or window.columns > self.new.shape[1]:
            return None

        def whole(top: int, left: int) -> _Place:
            across, down = left - window.left, top - window.top
            if self.even:  # by whole pixels, whatever the scale is
                return _Place(
                    place.x + round(across / self._to_new[0]), place.y + round(down / self._to_new[1])
                )
            return _Place((marker.x + across) / self._to_new[0], (marker.y + down) / self._to_new[1])

        tops = window.top, window.top + round(percent.y * self._to_new[1] - marker.y)
        lefts = window.left, window.left + round(percent.x * self._to_new[0] - marker.x)
        stays, top, left = self._likeness(window, window.top, window.left), window.top, window.left
        if (tops[0], lefts[0]) != (tops[1], lefts[1]):
            # The percent falls between two pixels.
            around = [(tops[1] + down, lefts[1] + across) for down in (0, -1, 1) for across in (0, -1, 1)]
            stays, top, left = max(
                (stays, top, left), max((self._likeness(window, *there), *there) for there in around)
            )
        if stays > 1 - _ALMOST_BEST:  # nothing can be better by more
            return _Search(self, stays, whole(top, left), stays, 0.0, whole(top, left), _MOVED, 1.0)
        stayed = whole(top, left)
        best, second, top, left = self._best(window, tops)
        spot = self._spot((x, y), (x + left - window.left, y + top - window.top))
        wanted = _MOVED_AT_RIM if min(window.rows, window.columns) <= 2 * _HALF else _MOVED
        return _Search(self, stays, stayed, best, second, whole(top, left), wanted, spot)

    def difference(self, place: _Place, there: _Place) -> float:
        """How much the pixels round two places of the whole pictures differ on average, of 255."""
        at = _pixel(_Place(place.x * self._to_old[0], place.y * self._to_old[1]), _size(self.old))
        to = _pixel(_Place(there.x * self._to_new[0], there.y * self._to_new[1]), _size(self.new))
        return _difference(self.old, at, self.new, to)

    def _likeness(self, window: _Window, top: int, left: int) -> float:
        """How alike the surroundings are to those at one place of the new picture, -1 to 1."""
        bottom, right = top + window.rows, left + window.columns
        if top < 0 or left < 0 or bottom > len(self.new) or right > self.new.shape[1]:
            return -1.0
        return _correlation(window.edges, _edges_within(self.new, left, top, right, bottom))

    def _spot(self, at: tuple[int, int], to: tuple[int, int]) -> float:
        """How alike two spots are without their surroundings."""
        left, top, right, bottom = _reach(at, _size(self.old), to, _size(self.new), _NEAR)
        return _correlation(
            _edges_within(self.old, at[0] - left, at[1] - top, at[0] + right, at[1] + bottom),
            _edges_within(self.new, to[0] - left, to[1] - top, to[0] + right, to[1] + bottom),
        )

    def _best(self, window: _Window, tops: tuple[int, int]) -> tuple[float, float, int, int]:
        """The best likeness, the best one elsewhere, and the upper left corner of the best, near these rows."""
        import numpy as np

        parts = [(start, searched.scores(window)) for start, searched in self._parts(tops)]
        best, top, left = -1.0, 0, 0
        for start, scores in parts:
            row, column = divmod(int(scores.argmax()), scores.shape[1])
            if scores[row, column] > best:
                best, top, left = float(scores[row, column]), start + row, column
        second = -1.0
        for start, scores in parts:
            rows = slice(max(0, top - start - _APART), max(0, top - start + _APART + 1))
            scores[rows, max(0, left - _APART) : left + _APART + 1] = -1
            second = max(second, float(np.max(scores)))
        return best, second, top, left

    def _parts(self, tops: tuple[int, int]) -> Iterator[tuple[int, _Searched]]:
        """The parts of the new picture nearest to these rows, with the row where each begins."""
        step = _CHUNK - 2 * _HALF
        high, wide = self.new.shape
        count = max(1, ceil((high - 2 * _HALF) / step))
        middle = _CHUNK / 2 - _HALF
        near = sorted(range(count), key=lambda part: min(abs(part * step + middle - top) for top in tops))
        for part in near[:_CHUNKS]:
            if part in self._searched:
                self._searched.move_to_end(part)
            else:
                edges = _edges_within(self.new, 0, part * step, wide, min(high, part * step + _CHUNK))
                self._searched[part] = _Searched(edges)
                if len(self._searched) > 2 * _CHUNKS:
                    self._searched.popitem(last=False)
            yield part * step, self._searched[part]


class _Window(NamedTuple):
    """The surroundings of a marker in a reduced picture."""

    edges: Floats
    top: int
    left: int

    @classmethod
    def of(cls, grey: Pixels, x: int, y: int) -> _Window | None:
        """Up to 64 pixels to each side, as far as the picture goes; None if there are no edges."""
        top, left = max(0, y - _HALF), max(0, x - _HALF)
        bottom, right = min(len(grey), y + _HALF + 1), min(grey.shape[1], x + _HALF + 1)
        edges = _edges_within(grey, left, top, right, bottom)
        return cls(edges, top, left) if edges.std() >= _FLAT else None

    @property
    def rows(self) -> int:
        """How high it is."""
        return len(self.edges)

    @property
    def columns(self) -> int:
        """How wide it is."""
        return int(self.edges.shape[1])


class _Searched:
    """Edges that windows are looked for in, by multiplying what Fourier makes of both."""

    def __init__(self, edges: Floats) -> None:
        import numpy as np

        self._edges = edges
        self._shape = _round(edges.shape[0]), _round(edges.shape[1])
        self._spectrum = np.fft.rfft2(edges, self._shape)
        self._spreads: tuple[tuple[int, ...], Floats] | None = None

    def scores(self, window: _Window) -> Floats:
        """The correlation with the window, -1 to 1, for each place of its upper left corner.

        Source: J. P. Lewis, "Fast Normalized Cross-Correlation" (1995).
        """
        import numpy as np

        centered = window.edges - window.edges.mean()
        product = self._spectrum * np.fft.rfft2(centered, self._shape).conj()
        spread = self._spread(window.rows, window.columns)
        sums = np.fft.irfft2(product, self._shape)[: spread.shape[0], : spread.shape[1]]
        scores: Floats = sums / (spread * np.float32(np.sqrt(np.square(centered).sum())))
        return scores

    def _spread(self, rows: int, columns: int) -> Floats:
        """The root of the summed squares under the window, without their mean; huge where there are no edges."""
        import numpy as np

        if self._spreads is None or self._spreads[0] != (rows, columns):
            count = rows * columns
            sums, squares = (_sums(values, rows, columns) for values in (self._edges, np.square(self._edges)))
            variance = squares - np.square(sums) / count
            flat = variance < count * _FLAT**2
            spread = np.where(flat, np.inf, np.sqrt(np.maximum(variance, 1e-9)))
            self._spreads = (rows, columns), spread.astype(np.float32)
        return self._spreads[1]


def alike(old: Pixels, new: Pixels) -> tuple[Pixels, Pixels]:
    """Both with as many channels as the one that has more; what is not said to be transparent is opaque."""
    channels = max(_channels(old), _channels(new))
    return _with_channels(old, channels), _with_channels(new, channels)


def _channels(pixels: Pixels) -> int:
    return 1 if pixels.ndim == 2 else pixels.shape[2]


def _with_channels(pixels: Pixels, channels: int) -> Pixels:
    import numpy as np

    if _channels(pixels) == channels:
        return pixels
    if pixels.ndim == 2:
        pixels = np.broadcast_to(pixels[:, :, None], (*pixels.shape, 3))
    if channels == 4:
        opaque = np.full((*pixels.shape[:2], 1), 255, dtype=np.uint8)
        pixels = np.concatenate([pixels, opaque], axis=2)
    return pixels


def brightness(pixels: Pixels) -> Pixels:
    """Brightness, 0-255, over a middling grey: what is black on nothing has edges too."""
    import numpy as np

    if pixels.ndim == 2:
        return pixels
    grey = np.empty(pixels.shape[:2], dtype=np.uint8)
    for top in range(0, len(pixels), _BAND):
        part = pixels[top : top + _BAND].astype(np.uint16)
        bright = (77 * part[..., 0] + 150 * part[..., 1] + 29 * part[..., 2]) >> 8
        if part.shape[2] == 4:
            bright += (255 - part[..., 3]) >> 1
        grey[top : top + _BAND] = bright
    return grey


def _reduced(grey: Pixels, factor: float) -> Pixels:
    import numpy as np
    from PIL import Image

    if factor >= 1:
        return grey
    high, wide = grey.shape
    size = max(1, round(wide * factor)), max(1, round(high * factor))
    return np.asarray(Image.fromarray(grey).resize(size, Image.Resampling.BILINEAR))


def _edges_within(grey: Pixels, left: int, top: int, right: int, bottom: int) -> Floats:
    """The edges of a part; those at its rim know of what is beyond it."""
    before_y, before_x = min(1, top), min(1, left)
    edges = _edges(grey[top - before_y : bottom + 1, left - before_x : right + 1])
    return edges[before_y : before_y + bottom - top, before_x : before_x + right - left]


def _edges(grey: Pixels) -> Floats:
    """The root of how steep the brightness is: faint edges count beside strong ones."""
    import numpy as np

    bright = grey.astype(np.float32)
    down = np.gradient(bright, axis=0) if len(bright) > 1 else np.zeros_like(bright)
    across = np.gradient(bright, axis=1) if bright.shape[1] > 1 else np.zeros_like(bright)
    edges: Floats = np.sqrt(np.hypot(down, across))
    return edges


def _correlation(one: Floats, other: Floats) -> float:
    """How alike two fields of edges are, -1 to 1; 0 where one of them has none."""
    import numpy as np

    if min(one.std(), other.std()) < _FLAT:
        return 0.0
    one, other = one - one.mean(), other - other.mean()
    return float((one * other).sum() / np.sqrt(np.square(one).sum() * np.square(other).sum()))


def _sums(values: Floats, rows: int, columns: int) -> NDArray[np.float64]:
    """The sum under a window of that size, for each place of its upper left corner."""
    import numpy as np

    table = np.zeros((values.shape[0] + 1, values.shape[1] + 1))
    np.cumsum(values, axis=0, dtype=np.float64, out=table[1:, 1:])
    np.cumsum(table[1:, 1:], axis=1, out=table[1:, 1:])
    sums: NDArray[np.float64] = (
        table[rows:, columns:] - table[:-rows, columns:] - table[rows:, :-columns] + table[:-rows, :-columns]
    )
    return sums


def _tops(strip: Pixels, columns: Pixels) -> list[int]:
    """The first two rows of ``columns`` from which on they are the rows of ``strip``, byte for byte."""
    import numpy as np

    high = len(strip)
    if len(columns) < high:
        return []
    # One row tells the places that come into question: the one with the most changes of colour.
    steps = strip[:, 1:] != strip[:, :-1]
    steps = steps.any(axis=2) if steps.ndim == 3 else steps
    chosen = int(steps.sum(axis=1).argmax())
    told = np.flatnonzero(steps[chosen])[:: max(1, int(steps[chosen].sum()) // 16)] + 1
    told = np.append(0, told)
    rows = columns[chosen : len(columns) - high + chosen + 1]
    same = rows[:, told] == strip[chosen, told]
    tops: list[int] = []
    for top in np.flatnonzero(same.reshape(len(rows), -1).all(axis=1)).tolist():
        if np.array_equal(columns[top : top + high], strip):
            tops.append(top)
            if len(tops) == 2:
                break
    return tops


def _difference(old: Pixels, at: tuple[int, int], new: Pixels, to: tuple[int, int]) -> float:
    """How much up to 33 × 33 pixels round two places differ on average, of 255."""
    import numpy as np

    left, top, right, bottom = _reach(at, _size(old), to, _size(new), _NEAR)
    one = old[at[1] - top : at[1] + bottom, at[0] - left : at[0] + right].astype(np.int16)
    other = new[to[1] - top : to[1] + bottom, to[0] - left : to[0] + right]
    return float(np.abs(one - other).mean())


def _reach(
    at: tuple[int, int], size: tuple[int, int], to: tuple[int, int], other_size: tuple[int, int], half: int
) -> tuple[int, int, int, int]:
    """How far both pictures go round two pixels: to the left, up, and to the right and down with the pixel itself."""
    return (
        min(half, at[0], to[0]),
        min(half, at[1], to[1]),
        min(half + 1, size[0] - at[0], other_size[0] - to[0]),
        min(half + 1, size[1] - at[1], other_size[1] - to[1]),
    )


def _pixel(place: _Place, size: tuple[int, int]) -> tuple[int, int]:
    """Column and row of the pixel that a place lies in; at the lower and right rim the last one."""
    return min(max(0, int(place.x)), size[0] - 1), min(max(0, int(place.y)), size[1] - 1)


def _size(pixels: Pixels) -> tuple[int, int]:
    return pixels.shape[1], pixels.shape[0]


def _round(length: int) -> int:
    """The next number without prime factors above 5, which Fourier transforms are fast with."""
    while True:
        rest = length
        for factor in (2, 3, 5):
            while rest % factor == 0:
                rest //= factor
        if rest == 1:
            return length
        length += 1
