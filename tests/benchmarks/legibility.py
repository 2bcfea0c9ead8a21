"""What of the small print in a whole screenshot is read from the screen: in real pixels, and in cells beside it.

    python -m tests.benchmarks.legibility [--kitty "kitty"] [--cells 192x60]

The app runs in a real kitty on a virtual X server, full of the picture; what is seen there is read by Tesseract, and
compared with the words of the page that the screenshot is of. Needs kitty 0.28 or later, Tesseract, Xvfb and
ImageMagick's import; ``--kitty`` names another one than that of ``PATH``, as in ``chroot FOLDER kitty``, which has to
see this checkout, its Python and /tmp at their places.
"""

from __future__ import annotations

import argparse
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from html.parser import HTMLParser
from pathlib import Path
from typing import Final, NamedTuple

from PIL import Image, ImageOps, ImageStat

from imagechat_tui.raster.graphics import fault_of

HERE: Final = Path(__file__).parent
TREE: Final = HERE.parents[1]
ENLARGED: Final = 3
"""The picture is this much larger when it is read: Tesseract is made for print of 300 dots an inch."""
DARK: Final = 128
"""Below this, of 255, letters are light: it is made for dark ones."""
LAYOUTS: Final = ("3", "11")
"""How it looks for text: in columns and lines, and anywhere."""
SETTLED_S: Final = 3.0
"""What looks the same for so long is all that comes."""
PATIENCE_S: Final = 120.0
BESIDE: Final = 2
"""Rows of the screen that are not the picture's: the first and the last one."""
WORD: Final = re.compile(r"[A-Za-z0-9]{2,}")
INLINE: Final = frozenset({"i", "span"})
UNSEEN: Final = frozenset({"style", "title", "script"})

PAGES: Final = {
    HERE / "images" / "dashboard.png": HERE / "images" / "dashboard.html",
    TREE / "imagechat_tui" / "demo" / "checkout.png": TREE / "screenshots" / "page" / "checkout.html",
}
"""Screenshots and the pages that they are of."""
SHOWN_AS: Final = {
    "real pixels": ["--graphics", "auto"],
    "octants": ["--graphics", "off", "--glyphs", "octant"],
    "quadrants": ["--graphics", "off", "--glyphs", "quadrant"],
}


class PageText(HTMLParser):
    """The words of a page that are seen."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self._parts: list[str] = []
        self._unseen = 0
        self.feed(page)
        self.words = words_of("".join(self._parts))

    def handle_starttag(self, tag: str, attrs: object) -> None:
        """Only what stands in a line joins the letters before and behind it."""
        self._unseen += tag in UNSEEN
        self._parts.append("" if tag in INLINE else " ")

    def handle_endtag(self, tag: str) -> None:
        """As where it begins."""
        self._unseen -= tag in UNSEEN
        self._parts.append("" if tag in INLINE else " ")

    def handle_data(self, data: str) -> None:
        """Text."""
        if not self._unseen:
            self._parts.append(data)


def words_of(text: str) -> Counter[str]:
    """Letters and digits that stand together, two at least, and how often they are there."""
    return Counter(WORD.findall(text))


def read(picture: Image.Image, width: int) -> Counter[str]:
    """The words that are read from a picture when it is so many pixels wide: as of a page, or as of scattered ones."""
    height = round(picture.height * width / picture.width)
    larger = picture.convert("L").resize((width, height), Image.Resampling.LANCZOS)
    if ImageStat.Stat(larger).mean[0] < DARK:
        larger = ImageOps.invert(larger)
    found: Counter[str] = Counter()
    with tempfile.NamedTemporaryFile(suffix=".png") as file:
        ImageOps.autocontrast(larger).save(file, dpi=(300, 300))
        file.flush()
        for layout in LAYOUTS:
            argv = ["tesseract", file.name, "-", "--psm", layout]
            found |= words_of(subprocess.run(argv, check=True, capture_output=True, text=True).stdout)
    return found


def of_picture(seen: Image.Image, picture: Image.Image) -> Image.Image:
    """What is seen of a picture that is shown whole, in the middle."""
    scale = min(seen.width / picture.width, seen.height / picture.height)
    across, down = scale * picture.width / 2, scale * picture.height / 2
    x, y = seen.width / 2, seen.height / 2
    return seen.crop((round(x - across), round(y - down), round(x + across), round(y + down)))


class Window(NamedTuple):
    """A kitty on a virtual X server.

    Attributes:
        kitty: how it is called.
        columns: of the picture; as many as the screen has.
        rows: of the picture.
        screen: the X server.
    """

    kitty: Sequence[str]
    columns: int
    rows: int
    screen: str

    def shows(self, picture: Path, look: Sequence[str]) -> Image.Image:
        """What is seen of the app where it shows a picture and nothing beside it, once it has come to rest."""
        with tempfile.TemporaryDirectory(prefix="legibility") as root:
            home = Path(root)
            (home / "run").mkdir(mode=0o700)
            env = {
                "HOME": home, "XDG_RUNTIME_DIR": home / "run", "PYTHONPATH": TREE, "PATH": os.environ["PATH"],
                "LANG": "C.UTF-8", "TERM": "xterm-kitty", "COLORTERM": "truecolor", "IMAGECHAT_USER": "Alice",
            }  # fmt: skip
            settings = {
                "font_family": "DejaVu Sans Mono", "font_size": 11, "remember_window_size": "no",
                "initial_window_width": f"{self.columns}c", "initial_window_height": f"{self.rows + BESIDE}c",
                "window_padding_width": 0, "allow_remote_control": "socket-only", "hide_window_decorations": "yes",
            }  # fmt: skip
            app = [
                *(f"{name}={value}" for name, value in env.items()),
                sys.executable,
                "-m",
                "imagechat_tui",
                "open",
            ]
            control = f"unix:{home}/control"
            process = subprocess.Popen(
                [
                    *self.kitty, "--config", "NONE", "--listen-on", control,
                    *(part for name, value in settings.items() for part in ("-o", f"{name}={value}")),
                    "env", *app, *look, str(picture),
                ],
                env={**os.environ, "DISPLAY": self.screen, "LIBGL_ALWAYS_SOFTWARE": "1"},
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd="/tmp",
            )  # fmt: skip
            try:
                self._wait_for("LIVE", control)
                self._at_rest()
                self._control(control, "send-text", "ss")  # the sidebar, to be there always, and never
                seen = self._at_rest()
                self._control(control, "send-text", "q")
                process.wait(PATIENCE_S)
            finally:
                process.terminate()
                process.wait()
        left, top, right, bottom = seen.getbbox() or (0, 0, *seen.size)
        cell = (bottom - top) / (self.rows + BESIDE)
        return seen.crop((left, round(top + cell), right, round(bottom - cell)))

    def _control(self, control: str, *command: str) -> str:
        called = [*self.kitty, "@", "--to", control, *command]
        return subprocess.run(called, capture_output=True, text=True, check=False, cwd="/tmp").stdout

    def _wait_for(self, text: str, control: str) -> None:
        until = time.monotonic() + PATIENCE_S
        while text not in self._control(control, "get-text"):
            if time.monotonic() > until:
                raise TimeoutError(text)
            time.sleep(0.5)

    def _at_rest(self) -> Image.Image:
        """What is on the screen once it stays as it is."""
        seen, since = self._seen(), time.monotonic()
        while time.monotonic() - since < SETTLED_S:
            time.sleep(0.5)
            now = self._seen()
            if now != seen:
                seen, since = now, time.monotonic()
        return seen

    def _seen(self) -> Image.Image:
        with tempfile.NamedTemporaryFile(suffix=".png") as file:
            subprocess.run(["import", "-display", self.screen, "-window", "root", file.name], check=True)
            return Image.open(file.name).convert("RGB")


def missing(kitty: Sequence[str]) -> list[str]:
    """What is not there of what is needed."""
    found = [name for name in ("tesseract", "Xvfb", "import", kitty[0]) if shutil.which(name) is None]
    if kitty[0] not in found:
        told = subprocess.run([*kitty, "--version"], capture_output=True, text=True, check=False).stdout
        if fault_of(told, "auto") is not None:
            found.append(f"a kitty that shows pictures in cells (here: {told.strip() or 'none that starts'})")
    return found


def measure(kitty: Sequence[str], columns: int, rows: int, keep: Path | None) -> None:
    """Print for each way of showing each picture the share of its words that are read, and of numbers and codes."""
    ours, theirs = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(theirs), "-screen", "0", "2560x1600x24", "-nolisten", "tcp"],
        pass_fds=[theirs],
        stderr=subprocess.DEVNULL,
    )
    os.close(theirs)
    try:
        with os.fdopen(ours) as told:
            window = Window(kitty, columns, rows, f":{told.readline().strip()}")
        for path, page in PAGES.items():
            there = PageText(page.read_text()).words
            picture = Image.open(path)
            width = ENLARGED * picture.width
            words = Counter({word: often for word, often in there.items() if word.isalpha()})
            parts = words, there - words
            print("{}, {} words, {} numbers and codes".format(path.name, *(part.total() for part in parts)))

            def tell(
                name: str, seen: Image.Image, parts: Sequence[Counter[str]] = parts, width: int = width
            ) -> None:
                found = read(seen, width)
                shares = [(found & part).total() / part.total() for part in parts]
                print(
                    f"  {name:16} {shares[0]:5.3f} {shares[1]:5.3f}  {seen.width} x {seen.height} pixels",
                    flush=True,
                )

            tell("the file itself", picture)
            for name, look in SHOWN_AS.items():
                seen = of_picture(window.shows(path, look), picture)
                if keep is not None:
                    seen.save(keep / f"{path.stem}-{name.replace(' ', '-')}.png")
                tell(name, seen)
    finally:
        server.terminate()
        server.wait()


def main() -> None:
    """Measure, or say what is missing."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--kitty", type=shlex.split, default=["kitty"])
    parser.add_argument("--cells", default="192x60")
    parser.add_argument("--keep", type=Path, help="a folder for what was seen")
    args = parser.parse_args()
    lacks = missing(args.kitty)
    if lacks:
        print(f"skipped; not there: {', '.join(lacks)}")
        return
    columns, rows = map(int, args.cells.split("x"))
    measure(args.kitty, columns, rows, args.keep)


if __name__ == "__main__":
    main()
