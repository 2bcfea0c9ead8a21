"""Make the pictures of the README from the running app: real processes, real keys, a real pseudo terminal.

    python -m screenshots.make [--page]

Anna and Bob sit at two terminals of one team server; a proxy stands in Anna's way, so that her link can be
cut.
``--page`` also renders the demo's picture anew from ``page/checkout.html`` (needs Chromium).
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
from pathlib import Path

from PIL import Image, ImageDraw

from screenshots.paint import paint
from tests.e2e.conftest import DEMO_PICTURE, Desk, both, new_desk
from tests.fault_proxy import FaultProxyThread, Mode
from tests.terminal import Terminal

HERE = Path(__file__).parent
THREADS = (
    ("bob", "8.6,4.9", "Logo is cut off at the bottom since the header became 68 px", ()),
    (
        "anna",
        "78.5,63.4",
        "Total is wrong: 4 695 + 39 - 470 = **4 264**, not 4 246",
        ("bob:Two digits swapped. Mine.",),
    ),
    (
        "bob",
        "79.8,76.2",
        "Contrast of the small print is too low, 1.6 : 1",
        ("anna:Use the muted grey", "bob:Done"),
    ),
    ("carla", "41.2,39.5", "The field takes a space but the message talks of digits", ()),
    (
        "anna",
        "30.4,66.8",
        "Can we say the day instead of 2-4 days?",
        ("carla:Only from 18:00 on", "anna:Good enough"),
    ),
    ("carla", "43.5,94.0", "Axis has no hours", ()),
)


class Scene:
    """A team server with people on it, and a link that can be cut."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.data = str(desk.root / "team")
        self._verb("tenant", "create", "demo", "--data-dir", self.data)
        server = desk.start("serve", "--port", "0", "--data-dir", self.data)
        assert server.stdout is not None
        self.port = json.loads(server.stdout.readline())["port"]
        self.tokens = {
            name: self._verb("token", "demo", name, "--data-dir", self.data)
            for name in ("anna", "bob", "carla")
        }

    def _verb(self, *args: str, **env: str) -> str:
        done = self.desk.run(*args, **env)
        if done.returncode:
            raise SystemExit(f"{args}: {done.stderr}")
        return done.stdout.strip()

    def options(self, port: int) -> list[str]:
        """How a client finds the picture."""
        return ["--server", f"http://127.0.0.1:{port}", "--tenant", "demo", "--url-id", "shop/checkout.png"]

    def say(self) -> None:
        """Let everybody write their threads."""
        for number, (who, point, text, replies) in enumerate(THREADS, 1):
            base = ("checkout.png", *self.options(self.port))
            self._verb("add", *base, "--at", point, "-m", text, IMAGECHAT_SSO=self.tokens[who])
            for reply in replies:
                name, words = reply.split(":", 1)
                self._verb(
                    "reply", base[0], str(number), *base[1:], "-m", words, IMAGECHAT_SSO=self.tokens[name]
                )

    def sit_down(self, who: str, port: int, columns: int, rows: int, *more: str) -> Terminal:
        """Open the picture as ``who``."""
        return self.desk.terminal(
            "checkout.png",
            *self.options(port),
            *more,
            columns=columns,
            rows=rows,
            IMAGECHAT_SSO=self.tokens[who],
        )


def draw_before(now: Path, before: Path) -> None:
    """Draw what the page was like: without its notice, with another button and a sum that was not there."""
    image = Image.open(now).convert("RGB")
    draw = ImageDraw.Draw(image)
    draw.rectangle((104, 366, 520, 420), fill=(255, 255, 255))
    draw.rectangle((944, 676, 1336, 724), fill=(38, 92, 168))
    draw.rectangle((1200, 600, 1336, 650), fill=(255, 255, 255))
    image.save(before)


def compare(scene: Scene, columns: int, rows: int, name: str) -> None:
    """Take before and after side by side, and what differs."""
    terminal = scene.sit_down("anna", scene.port, columns, rows, "--against", "before.png")
    terminal.shows("LIVE", "places")
    terminal.press(")", ")")
    terminal.shows("2 of")
    terminal.wait_for(lambda: "Before and after" not in terminal.text, what="the notice to go")
    save(terminal, name)
    terminal.press("C", "C")
    terminal.shows("DIFFERENCE")
    save(terminal, f"{name}-difference")
    terminal.press("ctrl+q")


def save(terminal: Terminal, name: str) -> None:
    """Write the terminal's screen as a picture."""
    terminal.quiet(0.8)
    path = HERE / f"{name}.png"
    # maximum coverage: a median cut has no room for the colours of a few letters, and people changed theirs
    colors = paint(terminal.screen).quantize(256, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    colors.save(path, optimize=True)
    print(f"{path.name}: {path.stat().st_size // 1024} kB")


def render_page() -> None:
    """Render the demo's picture from its page."""
    with tempfile.TemporaryDirectory() as profile:
        subprocess.run(
            [
                "chromium", "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
                "--no-first-run", "--disable-background-networking", f"--user-data-dir={profile}",
                "--window-size=1440,1000",
                f"--screenshot={DEMO_PICTURE}", (HERE / "page" / "checkout.html").as_uri(),
            ],
            check=True,
        )  # fmt: skip


def main() -> None:
    """Make them all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--page", action="store_true", help="render the demo's picture anew first")
    if parser.parse_args().page:
        render_page()
    desk = new_desk()
    (desk.root / "shot.png").rename(desk.root / "checkout.png")
    try:
        scene = Scene(desk)
        scene.say()
        draw_before(desk.root / "checkout.png", desk.root / "before.png")
        compare(scene, 120, 36, "compare")
        compare(scene, 80, 24, "compare-small")
        with FaultProxyThread(port=scene.port) as proxy:
            anna = scene.sit_down("anna", proxy.port, 150, 42)
            bob = scene.sit_down("bob", scene.port, 50, 30)
            both(anna, bob, show="LIVE")
            anna.press("]", "]", "enter")
            anna.shows("Two digits swapped")
            save(anna, "review")
            save(bob, "narrow")

            anna.press("tab", *"]]++++")
            anna.wait_for(lambda: "5.06×" in anna.text, what="the closer view")
            save(anna, "closer")
            anna.press("0", *"[[")

            proxy.mode = Mode.REFUSE
            proxy.cut()
            anna.wait_for(lambda: "OFFLINE" in anna.text, within_s=40, what="the banner")
            save(anna, "offline")
    finally:
        desk.close()


if __name__ == "__main__":
    main()
