"""Text from others cannot act on the terminal: hostile rooms paint no sequence that harmless ones lack."""

from __future__ import annotations

import json
import re

import pytest

from tests.e2e.conftest import Desk, new_desk

pytestmark = [pytest.mark.e2e, pytest.mark.pty, pytest.mark.security]

HOSTILE = [
    "\x1b[2J\x1b[Hgone",
    "\x1b]52;c;aGFja2Vk\x07",
    "\x1b]0;title\x07\x1b]8;;http://evil.example\x1b\\link\x1b]8;;\x1b\\",
    "\x9b2J \x9d52;c;aGFja2Vk\x9c \x90q#0\x9c",
    "\u202egnp.exe\u202c \u2066x\u2069",
    "[/x] [/] [bold",
    "[@click=app.quit]press[/] [link=http://evil.example]x[/link]",
    "\U0010eeee\u0305\u0305 tofu \ufdd0 \uffff",
    "a" * 1900,
    "Z\u0351\u0352\u0353" * 300,
    "\u2028\u2029\x85\x0b\x0c\x01\x7f",
]
SEQUENCE = re.compile(
    rb"\x1b\[[0-?]*[ -/]*[@-~]"  # CSI
    rb"|\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)"  # OSC, DCS, SOS, PM, APC
    rb"|\x1b."
)


def kinds(raw: bytes) -> set[bytes]:
    """The control sequences in ``raw`` by kind: parameters blanked, OSC by number, C0 and C1 as they are."""
    found = set()
    for match in SEQUENCE.findall(raw):
        if match.startswith(b"\x1b]"):
            found.add(b"OSC " + match[2:].split(b";")[0])
        else:
            found.add(re.sub(rb"[0-9;:]+", b"#", match))
    rest = SEQUENCE.sub(b"", raw)
    found |= {bytes([byte]) for byte in rest if byte < 0x20 or byte == 0x7F}
    found |= {char.encode() for char in rest.decode("utf-8", "replace") if "\x80" <= char <= "\x9f"}
    return found


def session(desk: Desk, texts: list[str], *where: str, picture: str = "shot.png", **env: str) -> bytes:
    """Open a room with these comments, walk through every thread, and give back the bytes."""
    for number, text in enumerate(texts):
        at = ("--at", f"{10 + 7 * number},50")
        done = desk.run("add", picture, *where, *at, "-m", "-", stdin=text, **env)
        assert done.returncode == 0, (text, done.stderr)
    terminal = desk.terminal(picture, *where, columns=120, rows=40, **env)
    terminal.shows("LIVE")
    for _ in texts:
        terminal.press("]", "enter", "i")
        terminal.quiet(0.15)
        terminal.press("esc")
        terminal.quiet(0.15)
        terminal.press("esc")
        terminal.quiet(0.15)
    assert "Traceback" not in terminal.text
    assert terminal.process.poll() is None
    for _ in range(3):
        terminal.press("q")
        terminal.quiet(0.2)
    terminal.exit_code()
    return bytes(terminal.raw)


def test_hostile_comments_bring_no_new_control_sequence(desk: Desk) -> None:
    tame = new_desk()
    try:
        allowed = kinds(session(tame, ["harmless words"] * 3))
    finally:
        tame.close()
    raw = session(desk, HOSTILE)
    assert kinds(raw) <= allowed
    assert b"\x1b]52" not in raw
    assert b"\xc2\x9d" not in raw


def as_somebody(desk: Desk, name: str, picture: str) -> bytes:
    """The same on a team's server, as a user of this name, with a picture of this name."""
    data = str(desk.root / "team")
    assert desk.run("tenant", "create", "demo", "--data-dir", data).returncode == 0
    server = desk.start("serve", "--port", "0", "--data-dir", data)
    assert server.stdout is not None
    port = json.loads(server.stdout.readline())["port"]
    token = desk.run("token", "demo", "somebody", "--name", name, "--data-dir", data).stdout.strip()
    desk.picture.rename(desk.root / picture)
    where = ("--server", f"http://127.0.0.1:{port}", "--tenant", "demo", "--url-id", "the-shot")
    return session(desk, ["words", "more words"], *where, picture=picture, IMAGECHAT_SSO=token)


def test_hostile_names_of_people_and_pictures_bring_no_new_control_sequence(desk: Desk) -> None:
    hostile = "\x1b]52;c;aGFja2Vk\x07\x9b2J\u202e[@click=app.quit]x[/y]\x1b]0;t\x07\x1b[31m"
    tame = new_desk()
    try:
        allowed = kinds(as_somebody(tame, "Somebody", "harmless.png"))
    finally:
        tame.close()
    raw = as_somebody(desk, f"Some{hostile}body", f"a{hostile.replace('/', '')}.png")
    assert kinds(raw) <= allowed
