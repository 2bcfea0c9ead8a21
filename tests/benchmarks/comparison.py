"""Two versions on one screen beside the picture alone, in one run: time and bytes a frame, memory, the comparison.

    python -m tests.benchmarks.comparison [--rounds 5]

At 120 × 40 cells in true colour, the widgets of the app without its sidebar. A frame is a step of the view once both
versions stand: processor time from the wish to its last byte. The screenshot is the demo's with three changes; the
page is 1440 × 20000 pixels.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import ClassVar

os.environ["OPENBLAS_NUM_THREADS"] = "1"
os.environ["TEXTUAL_COLOR_SYSTEM"] = "truecolor"

import numpy as np
from PIL import Image
from textual.app import App, ComposeResult

import imagechat_tui.tui
from imagechat_tui.net.comparing import compare
from imagechat_tui.net.pictures import PictureLimits, load_picture
from imagechat_tui.raster.comparison import Comparison
from imagechat_tui.raster.glyphs import GlyphSet
from imagechat_tui.raster.render import RenderOptions
from imagechat_tui.safetext import Kind, safe_text
from imagechat_tui.tui.app import LATER
from imagechat_tui.tui.chat.comparing import Shown, Versions
from imagechat_tui.tui.chat.picture_pane import PicturePane
from imagechat_tui.tui.themes import THEMES
from tests.benchmarks.peak_memory import peak_mb
from tests.benchmarks.picture import COLUMNS, ROWS, Sink, table
from tests.e2e.conftest import DEMO_PICTURE
from tests.raster.pictures import page

LIMITS = PictureLimits(max_bytes=100 << 20)
WAYS: dict[str, Shown | None] = {
    "the picture alone": None, "side by side": Shown.BOTH, "in turn": Shown.NOW, "difference": Shown.DIFFERENCE,
}  # fmt: skip


def written(folder: Path) -> dict[str, tuple[Path, Path]]:
    """Older and newer files of each pair."""
    shot = np.array(Image.open(DEMO_PICTURE).convert("RGB"))
    tall = page(1440, 20_000, seed=5)
    pairs = {}
    for name, old in (("screenshot", shot), ("page", tall)):
        new = old.copy()
        for top in range(90, len(old) - 100, max(300, len(old) // 12)):
            new[top : top + 40, 200:520] ^= 96
        pairs[name] = folder / f"{name}-before.png", folder / f"{name}.png"
        Image.fromarray(old).save(pairs[name][0], compress_level=1)
        Image.fromarray(new).save(pairs[name][1], compress_level=1)
    return pairs


async def compared(before: Path, now: Path) -> tuple[Comparison, float]:
    """The comparison of two files, and how many seconds it took once both were read."""
    old, new = await load_picture(str(before), limits=LIMITS), await load_picture(str(now), limits=LIMITS)
    start = time.perf_counter()
    made = await compare(old, new, lambda fraction: None)
    return made, time.perf_counter() - start


class Screen(App[None]):
    """The pane of the picture, 120 × 40 cells of it."""

    CSS_PATH: ClassVar = [Path(imagechat_tui.tui.__file__).with_name("app.tcss"), LATER]
    CSS = f"#picture-pane {{ width: {COLUMNS}; height: {ROWS}; }}"

    def __init__(self, comparison: Comparison, options: RenderOptions) -> None:
        super().__init__(driver_class=Sink)
        self.comparison = comparison
        self.pane = PicturePane(options, id="picture-pane")
        for theme in THEMES.values():
            self.register_theme(theme)
        self.theme = THEMES["dark"].name

    def compose(self) -> ComposeResult:
        """The pane."""
        yield self.pane

    def on_mount(self) -> None:
        """Have the other view in it."""
        self.pane.set_up()

    @property
    def sink(self) -> Sink:
        """The terminal."""
        assert isinstance(self._driver, Sink)
        return self._driver

    async def settled(self) -> None:
        """Wait until nothing is drawn or written any more."""
        seen = -1
        while seen != len(self.sink.written) or not self.pane.view.is_drawn:
            seen = len(self.sink.written)
            await asyncio.sleep(0.06)

    def show(self, shown: Shown | None) -> None:
        """Show the versions so, or the picture alone."""
        made = self.comparison
        name = safe_text("before.png", Kind.LINE)
        versions = Versions(name, shown, made.laid, made) if shown is not None else None
        self.pane.show_versions(versions)

    def steps(self, shown: Shown | None) -> Iterator[Callable[[], None]]:
        """Views one after the other; in turn, the two versions in one view."""
        view = self.pane.view
        if shown is Shown.NOW:
            yield from (partial(self.show, each) for each in (Shown.BEFORE, Shown.NOW) * 6)
            return
        for columns, rows in ((5, 3), (5, -2), (-3, 4), (-7, -5)) * 3:  # as a drag does
            yield partial(view._look, view._finder.pan, columns, rows)


async def measured(
    comparison: Comparison, options: RenderOptions, rounds: int
) -> dict[str, tuple[float, float, float]]:
    """Milliseconds (median, slowest of ten) and bytes of a frame, by how it is shown."""
    app = Screen(comparison, options)
    taken: dict[str, list[tuple[float, int]]] = {}
    async with app.run_test(size=(COLUMNS + 2, ROWS + 2), headless=False) as pilot:
        app.pane.show(comparison.new)
        await pilot.pause()
        await app.settled()
        for _ in range(rounds):
            for way, shown in WAYS.items():
                app.show(shown)
                await app.settled()
                app.pane.view.action_fit()
                app.pane.view.action_zoom(1)
                app.pane.view.action_zoom(1)
                await app.settled()
                for step in app.steps(shown):
                    app.sink.written.clear()
                    start = time.process_time()
                    step()
                    await app.settled()
                    sent = sum(len(text.encode()) for text in app.sink.written)
                    if sent:
                        taken.setdefault(way, []).append(((app.sink.cpu_at - start) * 1e3, sent))
    return {
        way: (
            statistics.median(ms for ms, _ in frames),
            statistics.quantiles((ms for ms, _ in frames), n=10)[-1],
            statistics.median(sent for _, sent in frames) / 1000,
        )
        for way, frames in taken.items()
    }


ALONE = """
import asyncio, sys
from imagechat_tui.net.pictures import PictureLimits, load_picture
asyncio.run(load_picture(sys.argv[1], limits=PictureLimits(max_bytes=100 << 20)))
"""
BOTH = """
import asyncio, sys
from imagechat_tui.net.comparing import compare
from imagechat_tui.net.pictures import PictureLimits, load_picture
async def main():
    new, old = [await load_picture(name, limits=PictureLimits(max_bytes=100 << 20)) for name in sys.argv[1:]]
    made = await compare(old, new, lambda fraction: None)
    made.difference.samples((0, 0, new.width, new.height), 240, 320)
asyncio.run(main())
"""


def main() -> None:
    """Measure everything and print tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=3, help="of the steps in each way")
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as folder:
        pairs = written(Path(folder))
        for name, (before, now) in pairs.items():
            made, seconds = asyncio.run(compared(before, now))
            print(f"\n{name}: {len(made.places)} places, compared in {seconds:.2f} s")
            for glyphs in (GlyphSet.QUADRANT, GlyphSet.OCTANT):
                found = asyncio.run(measured(made, RenderOptions(glyphs), rounds))
                alone = found["the picture alone"][0]
                table(
                    [f"a frame of {name}, {glyphs}", "ms, median (×)", "ms, slowest of ten", "kB"],
                    [
                        [way, f"{ms:.1f} ({ms / alone:.2f})", f"{slow:.1f}", f"{kb:.0f}"]
                        for way, (ms, slow, kb) in found.items()
                    ],
                )
            one, two = peak_mb(ALONE, str(now)), peak_mb(BOTH, str(now), str(before))
            table(
                ["memory at most", "MB (×)"],
                [["one", f"{one:.0f}"], ["both, compared", f"{two:.0f} ({two / one:.2f})"]],
            )


if __name__ == "__main__":
    main()
