"""The picture beside other ways to show one, in one run: time, bytes, likeness, view changes, memory.

    python -m tests.benchmarks.picture [--rounds 3] [--skip-large]

Everything at 120 × 40 cells in true colour, on the pictures of ``images/README.md``, flattened and cut to whole
cells: every tool is handed the same pixels for the same cells. Read the ratios: × is to rich-pixels in the same
run, geometric means over the pictures. Times are processor time. chafa and timg are measured where they are
installed; their times are those of a process.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import math
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

os.environ["OPENBLAS_NUM_THREADS"] = "1"
os.environ["TEXTUAL_COLOR_SYSTEM"] = "truecolor"

import numpy as np
from PIL import Image
from rich.console import Console
from rich_pixels import Pixels
from textual.app import App, ComposeResult
from textual.drivers.headless_driver import HeadlessDriver
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import Static

from imagechat_tui.net.pictures import PictureLimits, load_picture
from imagechat_tui.protocol.models import Point
from imagechat_tui.raster.ansi import rows_text, texts, to_ansi
from imagechat_tui.raster.glyphs import GlyphSet
from imagechat_tui.raster.image import Picture
from imagechat_tui.raster.render import Grid, RenderOptions, render
from imagechat_tui.raster.viewport import Viewport
from imagechat_tui.tui.picture.image_view import ImageView
from imagechat_tui.tui.textual_internals.strips import CellStrip
from tests.benchmarks.fidelity import Fidelity, compare, pixels
from tests.benchmarks.peak_memory import peak_mb
from tests.e2e.conftest import DEMO_PICTURE

IMAGES = Path(__file__).with_name("images")
PICTURES = {
    "checkout": DEMO_PICTURE, "dashboard": IMAGES / "dashboard.png", "manual": IMAGES / "manual.png",
    "diagram": IMAGES / "diagram.png", "astronaut": IMAGES / "astronaut.jpg", "coffee": IMAGES / "coffee.jpg",
}  # fmt: skip
SCREENSHOTS = ("checkout", "dashboard", "manual")
PHOTOS = ("astronaut", "coffee")
COLUMNS, ROWS = 120, 40
BASE = "rich-pixels"
LARGE = (8000, 6000)
SETS = (GlyphSet.HALF, GlyphSet.QUADRANT, GlyphSet.SEXTANT, GlyphSet.OCTANT)


@dataclass
class Tool:
    """One way to show pictures, and what was measured of it: numbers by picture."""

    name: str
    draw: Callable[[str], str]
    """The bytes of a whole frame of a picture, outside of Textual."""
    is_process: bool = False
    options: RenderOptions | None = None
    """How it is drawn, if it is ours."""
    ms: dict[str, float] = field(default_factory=dict)
    kb: dict[str, float] = field(default_factory=dict)
    likeness: dict[str, Fidelity] = field(default_factory=dict)
    textual_ms: dict[str, float] = field(default_factory=dict)
    textual_kb: dict[str, float] = field(default_factory=dict)


class Gallery:
    """The pictures, decoded once: opaque, and of as many whole cells as they take of 120 × 40."""

    def __init__(self, folder: Path) -> None:
        self.images = {name: _whole_cells(_flattened(Image.open(path))) for name, path in PICTURES.items()}
        self.files = {name: folder / f"{name}.png" for name in PICTURES}
        """For tools that read files."""
        for name, image in self.images.items():
            image.save(self.files[name])
        self.pictures = {
            name: Picture(name, image.width, image.height, "", np.asarray(image))
            for name, image in self.images.items()
        }
        for picture in self.pictures.values():
            picture.prepare()

    def view(self, name: str) -> Viewport:
        """The whole picture."""
        columns, rows = _cells(self.images[name])
        return Viewport(*self.images[name].size, columns, rows)

    def views(self, name: str) -> list[Viewport]:
        """Whole, and closer in two places."""
        image = self.images[name]
        whole = Viewport(image.width, image.height, COLUMNS, ROWS)
        return [whole, whole.zoomed(1.5, Point(30, 30)), whole.zoomed(2.5, Point(65, 60))]

    def cut(self, name: str, view: Viewport) -> tuple[Image.Image, tuple[int, int]]:
        """What a view shows, for a tool that knows no views, and its size in half blocks."""
        x1, y1, x2, y2 = view.area
        left, top = view.left + x1 * view.scale, view.top + y1 * view.scale * view.aspect
        right, bottom = left + (x2 - x1) * view.scale, top + (y2 - y1) * view.scale * view.aspect
        return self.images[name].crop((int(left), int(top), int(right), int(bottom))), (
            x2 - x1,
            2 * (y2 - y1),
        )


def _flattened(image: Image.Image) -> Image.Image:
    """Opaque: what is transparent lies on white."""
    ground = Image.new("RGBA", image.size, "white")
    return Image.alpha_composite(ground, image.convert("RGBA")).convert("RGB")


def _cells(image: Image.Image) -> tuple[int, int]:
    """How many whole cells of 120 × 40 it takes; cells are twice as high as wide."""
    scale = max(image.width / COLUMNS, image.height / (2 * ROWS))
    return int(image.width / scale + 0.1), int(image.height / (2 * scale) + 0.1)


def _whole_cells(image: Image.Image) -> Image.Image:
    """Without the last pixels, if these would take a part of a cell."""
    scale = max(image.width / COLUMNS, image.height / (2 * ROWS))
    columns, rows = _cells(image)
    return image.crop(
        (0, 0, min(image.width, round(columns * scale)), min(image.height, round(rows * 2 * scale)))
    )


def tools(gallery: Gallery) -> list[Tool]:
    """All that can be measured here; rich-pixels first."""

    def rich(name: str) -> str:
        view = gallery.view(name)
        shown = Pixels.from_image(gallery.images[name], resize=(view.columns, 2 * view.rows))
        out = io.StringIO()
        console = Console(
            file=out, width=200, color_system="truecolor", force_terminal=True, legacy_windows=False
        )
        console.print(shown, end="")
        return out.getvalue()

    def ours(name: str, options: RenderOptions) -> Tool:
        def draw(name: str) -> str:
            return to_ansi(render(gallery.pictures[name], gallery.view(name), options))

        return Tool(f"imagechat {name}", draw, options=options)

    found = [Tool(BASE, rich)]
    found += [ours(glyphs, RenderOptions(glyphs)) for glyphs in SETS]
    found.append(ours("--renderer rich-pixels", RenderOptions(renderer="rich-pixels")))
    for name, program, command in (
        ("chafa (work 9)", "chafa", ["--stretch", "--work", "9", "--colors", "full", "--format", "symbols",
                                     "--animate", "off", "--size="]),
        ("timg quarter", "timg", ["-pq", "-g"]),
        ("timg half", "timg", ["-ph", "-g"]),
    ):  # fmt: skip
        if shutil.which(program):
            found.append(Tool(name, _process(gallery, [program, *command]), is_process=True))
        else:
            print(f"{program} is not installed: left out", file=sys.stderr)
    return found


def _process(gallery: Gallery, command: list[str]) -> Callable[[str], str]:
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": "/nonexistent",
        "TERM": "xterm-256color",
        "COLORTERM": "truecolor",
    }

    def draw(name: str) -> str:
        columns, rows = _cells(gallery.images[name])
        run = [*command[:-1], f"{command[-1]}{columns}x{rows}", str(gallery.files[name])]
        return subprocess.run(run, capture_output=True, text=True, check=True, env=environment).stdout

    return draw


def measure_likeness(tool: Tool, gallery: Gallery) -> None:
    """Bytes and likeness of one frame of each picture."""
    for name, source in gallery.images.items():
        text = tool.draw(name)
        tool.kb[name] = len(text.encode()) / 1000
        tool.likeness[name] = compare(pixels(text, *_cells(source)), source)


def measure_time(every: Sequence[Tool], rounds: int) -> None:
    """Milliseconds of processor time of one frame of each picture, tools and pictures in turn."""
    times: dict[tuple[str, str], list[float]] = {}
    for _ in range(rounds):
        for name in PICTURES:
            for tool in every:
                start = _processor_time()
                tool.draw(name)
                times.setdefault((tool.name, name), []).append((_processor_time() - start) * 1e3)
    for tool in every:
        tool.ms = {name: statistics.median(times[tool.name, name]) for name in PICTURES}


def _processor_time() -> float:
    """Seconds that this process and its children took."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


# -- inside Textual


class Sink(HeadlessDriver):
    """A terminal that takes everything at once and remembers when."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.written: list[str] = []
        self.cpu_at = 0.0

    @property
    def is_headless(self) -> bool:
        """It is written to like any terminal."""
        return False

    def write(self, data: str) -> None:
        """Take it."""
        self.written.append(data)
        self.cpu_at = time.process_time()


class CellsWidget(Widget):
    """Strips of cells and nothing else."""

    strips: tuple[CellStrip, ...] = ()

    def put(self, grid: Grid) -> None:
        """Show a grid."""
        rows = zip(texts(grid), grid.fg, grid.bg, rows_text(grid), strict=True)
        self.strips = tuple(CellStrip(text, fg, bg, grid.depth, rendered=row) for text, fg, bg, row in rows)
        self.refresh()

    def render_lines(self, crop: Region) -> list[Strip]:
        """The strips themselves."""
        if not self.strips:
            return super().render_lines(crop)
        return [self.strips[row].crop(crop.x, crop.right) for row in range(crop.y, crop.bottom)]


class Frames(App[None]):
    """One widget on a larger screen: ours is 120 × 40, a Static is as large as what it shows, as it comes."""

    CSS = f"CellsWidget, ImageView {{ width: {COLUMNS}; height: {ROWS}; padding: 0; border: none; }}"

    def __init__(self, widget: Widget) -> None:
        super().__init__(driver_class=Sink)
        self.widget = widget

    def compose(self) -> ComposeResult:
        """The widget."""
        yield self.widget

    @property
    def sink(self) -> Sink:
        """The terminal."""
        assert isinstance(self._driver, Sink)
        return self._driver

    async def settled(self) -> None:
        """Wait until nothing is written any more."""
        seen = -1
        while seen != len(self.sink.written):
            seen = len(self.sink.written)
            await asyncio.sleep(0.06)


async def frames(
    widget: Widget, changes: Iterable[tuple[str, Callable[[], None]]]
) -> dict[str, list[tuple[float, int]]]:
    """Make each change; milliseconds of processor time until its last byte was written, and bytes; by name."""
    found: dict[str, list[tuple[float, int]]] = {}
    app = Frames(widget)
    async with app.run_test(size=(160, 45), headless=False) as pilot:
        await pilot.pause()
        await app.settled()
        for name, change in changes:
            app.sink.written.clear()
            start = time.process_time()
            change()
            await app.settled()
            sent = sum(len(text.encode()) for text in app.sink.written)
            found.setdefault(name, []).append(((app.sink.cpu_at - start) * 1e3, sent))
    return found


def measure_textual(every: Sequence[Tool], gallery: Gallery, rounds: int, only: Sequence[str]) -> None:
    """Whole new frames: the views of all pictures in turn, so that no frame has the colours of the last."""
    plan = [(name, step) for _ in range(rounds) for step in range(3) for name in only]
    views = {name: gallery.views(name) for name in only}
    for tool in every:
        if tool.name == BASE:
            static = Static()
            cuts = [(name, *gallery.cut(name, views[name][step])) for name, step in plan]
            found = asyncio.run(
                frames(
                    static, [(name, partial(_show_pixels, static, image, size)) for name, image, size in cuts]
                )
            )
        elif tool.options is not None:
            cells = CellsWidget()
            draw = partial(render, options=tool.options, ground=0)
            found = asyncio.run(
                frames(
                    cells,
                    [
                        (name, partial(_show_cells, cells, draw, gallery.pictures[name], views[name][step]))
                        for name, step in plan
                    ],
                )
            )
        else:
            continue
        tool.textual_ms = {name: statistics.median(ms for ms, _ in seen) for name, seen in found.items()}
        tool.textual_kb = {
            name: statistics.median(sent for _, sent in seen) / 1000 for name, seen in found.items()
        }


def _show_pixels(widget: Static, image: Image.Image, size: tuple[int, int]) -> None:
    widget.update(Pixels.from_image(image, size))


def _show_cells(
    widget: CellsWidget, draw: Callable[[Picture, Viewport], Grid], picture: Picture, view: Viewport
) -> None:
    widget.put(draw(picture, view))


def crosshair_step(gallery: Gallery) -> tuple[float, int]:
    """Milliseconds of processor time and bytes of one step of the crosshair, the median of 30, in our own widget."""
    view = ImageView()

    def steps() -> Iterable[tuple[str, Callable[[], None]]]:
        yield "first", lambda: setattr(view, "picture", gallery.pictures["checkout"])
        for number in range(30):
            yield "step", lambda across=number % 3: view.action_step(1, across - 1)  # type: ignore[misc]

    found = asyncio.run(frames(view, steps()))["step"]
    return statistics.median(ms for ms, _ in found), round(statistics.median(sent for _, sent in found))


# -- a large picture


def large_jpeg(folder: Path) -> Path:
    """A photograph blown up to 48 million pixels, with grain."""
    source = Image.open(PICTURES["coffee"]).convert("RGB")
    grain = np.random.default_rng(1).integers(-6, 7, (500, LARGE[0], 3), dtype=np.int16)
    image = source.resize(LARGE, Image.Resampling.BICUBIC)
    for top in range(0, LARGE[1], 500):
        band = np.asarray(image.crop((0, top, LARGE[0], top + 500)), dtype=np.int16) + grain
        image.paste(Image.fromarray(np.clip(band, 0, 255).astype(np.uint8)), (0, top))
    path = folder / "large.jpg"
    image.save(path, quality=80)
    return path


def view_changes(path: Path) -> dict[str, tuple[float, float]]:
    """Median and slowest frame in ms while zooming into and panning over the large picture."""
    picture = asyncio.run(load_picture(str(path), limits=PictureLimits(max_bytes=100 << 20)))
    found = {}
    for glyphs in (GlyphSet.HALF, GlyphSet.OCTANT):
        view = Viewport(picture.width, picture.height, COLUMNS, ROWS)
        options, taken = RenderOptions(glyphs), []
        render(picture, view, options, ground=0)
        for _ in range(14):
            view = view.zoomed(1.5, Point(40, 40))
            for _ in range(5):
                view = view.panned(3, 2)
                start = time.perf_counter()
                rows_text(render(picture, view, options, ground=0))
                taken.append((time.perf_counter() - start) * 1e3)
        found[str(glyphs)] = statistics.median(taken), max(taken)
    return found


PILLOW = "import sys; from PIL import Image; image = Image.open(sys.argv[1]); image.load()"
RICH = (
    "import sys; from PIL import Image; from rich_pixels import Pixels;"
    f"Pixels.from_image(Image.open(sys.argv[1]), resize=({COLUMNS}, {2 * ROWS}))"
)
OURS = """
import asyncio, sys
from imagechat_tui.net.pictures import PictureLimits, load_picture
from imagechat_tui.raster.glyphs import GlyphSet
from imagechat_tui.raster.render import RenderOptions, render
from imagechat_tui.raster.viewport import Viewport
picture = asyncio.run(load_picture(sys.argv[1], limits=PictureLimits(max_bytes=100 << 20)))
render(picture, Viewport(picture.width, picture.height, 120, 40), RenderOptions(GlyphSet.OCTANT))
"""


# -- tables


def mean(values: Iterable[float]) -> float:
    """Geometric."""
    numbers = list(values)
    return math.exp(sum(math.log(number) for number in numbers) / len(numbers))


def times(one: dict[str, float], other: dict[str, float]) -> float:
    """The geometric mean of ratios."""
    return mean(one[name] / other[name] for name in one)


def table(head: Sequence[str], lines: Iterable[Sequence[str]]) -> None:
    """Print a table as Markdown."""
    print("\n| " + " | ".join(head) + " |")
    print("|" + "---|" * len(head))
    for line in lines:
        print("| " + " | ".join(line) + " |")


def frame_table(every: Sequence[Tool]) -> None:
    """Time and bytes."""
    base = every[0]
    lines = []
    for tool in every:
        line = [tool.name]
        kind = "(process)" if tool.is_process else f"({times(tool.ms, base.ms):.2f})"
        line.append(f"{mean(tool.ms.values()):.1f} {kind}")
        line.append(f"{mean(tool.kb.values()):.0f} ({times(tool.kb, base.kb):.2f})")
        if tool.textual_ms:
            line.append(
                f"{mean(tool.textual_ms.values()):.1f} ({times(tool.textual_ms, base.textual_ms):.3f})"
            )
            line.append(
                f"{mean(tool.textual_kb.values()):.0f} ({times(tool.textual_kb, base.textual_kb):.2f})"
            )
        lines.append([*line, "", ""][:5])
    table(["frame of 120 × 40", "ms (×)", "kB (×)", "ms inside Textual (×)", "kB inside Textual (×)"], lines)


def likeness_table(every: Sequence[Tool]) -> None:
    """Likeness, arithmetic means."""
    lines = []
    for tool in every:
        line = [tool.name]
        for names in (SCREENSHOTS, ("diagram",), PHOTOS):
            three = [statistics.fmean(tool.likeness[name][part] for name in names) for part in range(3)]
            line.append(f"{three[0]:.1f} / {three[1]:.3f} / {three[2]:.3f}")
        line.append(f"{mean(tool.kb[name] for name in SCREENSHOTS):.0f}")
        lines.append(line)
    head = ["PSNR / SSIM / gradient", "3 screenshots", "diagram", "2 photographs", "kB of a screenshot"]
    table(head, lines)


def main() -> None:
    """Measure everything and print tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=3, help="of every timed frame")
    parser.add_argument(
        "--skip-large", action="store_true", help="leave out the picture of 48 million pixels"
    )
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        measure(Gallery(Path(folder)), args.rounds, skip_large=args.skip_large)


def measure(gallery: Gallery, rounds: int, *, skip_large: bool) -> None:
    """As `main`."""
    every = tools(gallery)
    for tool in every:
        measure_likeness(tool, gallery)
    measure_time(every, rounds)
    measure_textual(every, gallery, rounds, list(PICTURES))
    frame_table(every)
    likeness_table(every)

    warm = [Tool(tool.name, tool.draw, options=tool.options) for tool in every]
    measure_textual(warm, gallery, rounds, ["checkout"])
    table(
        ["one screenshot panned: its colours stay in rich-pixels' cache", "ms in Textual (×)"],
        [
            [
                tool.name,
                f"{tool.textual_ms['checkout']:.1f} ({times(tool.textual_ms, warm[0].textual_ms):.3f})",
            ]
            for tool in warm
            if tool.textual_ms
        ],
    )
    ms, sent = crosshair_step(gallery)
    whole = every[0].textual_kb["checkout"] * 1000
    table(
        ["one step of the crosshair", "ms", "bytes"],
        [
            ["imagechat", f"{ms:.1f}", f"{sent}"],
            [f"{BASE}: the whole frame", f"{every[0].textual_ms['checkout']:.1f}", f"{whole:.0f}"],
        ],
    )
    if skip_large:
        return
    with tempfile.TemporaryDirectory() as folder:
        path = large_jpeg(Path(folder))
        table(
            ["view change on 48 million pixels", "ms, median", "ms, slowest of 70"],
            [[name, f"{median:.1f}", f"{most:.1f}"] for name, (median, most) in view_changes(path).items()],
        )
        pillow = peak_mb(PILLOW, str(path))
        peaks = [
            ("Pillow's own decode", pillow),
            ("imagechat, child and parent, with all copies", peak_mb(OURS, str(path))),
            (BASE, peak_mb(RICH, str(path))),
        ]
        table(
            ["48-Mpx JPEG to first frame", "peak MB", "× Pillow"],
            [[name, f"{peak:.0f}", f"{peak / pillow:.2f}"] for name, peak in peaks],
        )


if __name__ == "__main__":
    main()
