"""What can go wrong at the door: one sentence that says what to do, the right exit code, no traceback."""

from __future__ import annotations

import socket
import subprocess
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from tests.e2e.conftest import Desk

pytestmark = pytest.mark.e2e

ERROR, USAGE, UNREACHABLE, NOT_FOUND = 1, 2, 3, 5


def spoke_plainly(done: subprocess.CompletedProcess[str]) -> bool:
    """A sentence or two on stderr, nothing on stdout, and nothing a programmer would recognise."""
    said = done.stderr.strip()
    return bool(said) and "Traceback" not in said and not done.stdout and len(said.splitlines()) <= 6


def test_no_terminal(desk: Desk) -> None:
    done = desk.run("shot.png")
    assert done.returncode == USAGE
    assert spoke_plainly(done)
    assert "terminal" in done.stderr


def test_a_missing_picture(desk: Desk) -> None:
    done = desk.run("show", "nowhere.png")
    assert done.returncode == NOT_FOUND
    assert spoke_plainly(done)
    assert "nowhere.png" in done.stderr


def test_a_corrupt_picture(desk: Desk) -> None:
    (desk.root / "bad.png").write_bytes(desk.picture.read_bytes()[:5000])
    done = desk.run("show", "bad.png")
    assert done.returncode == ERROR
    assert spoke_plainly(done)


def test_a_corrupt_picture_in_a_terminal_still_shows_its_threads(desk: Desk) -> None:
    desk.json("add", "bad.png", "--at", "10,10", "-m", "readable without the picture", "--json")
    (desk.root / "bad.png").write_bytes(b"\x89PNG\r\n\x1a\n nonsense")
    terminal = desk.terminal("bad.png")
    terminal.shows("readable without the picture")
    assert "Traceback" not in terminal.text


def test_a_folder_without_pictures(desk: Desk) -> None:
    (desk.root / "empty").mkdir()
    done = desk.run("show", "empty")
    assert done.returncode in (ERROR, NOT_FOUND)
    assert spoke_plainly(done)


def test_an_unreachable_server(desk: Desk) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    done = desk.run("ls", "shot.png", "--server", f"http://127.0.0.1:{port}", "--tenant", "demo")
    assert done.returncode == UNREACHABLE
    assert spoke_plainly(done)
    assert "run it again" in done.stderr
    assert "R tries" not in done.stderr


def test_another_kind_of_server(desk: Desk) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), SimpleHTTPRequestHandler) as pages:
        Thread(target=pages.serve_forever, daemon=True).start()
        server = f"http://127.0.0.1:{pages.server_port}"
        done = desk.run("ls", "shot.png", "--server", server, "--tenant", "demo")
        pages.shutdown()
    assert done.returncode == ERROR
    assert spoke_plainly(done)
    assert "No imagechat server" in done.stderr


def test_a_picture_whose_name_only_looks_like_a_home(desk: Desk) -> None:
    (desk.root / "~nobody-of-this-name.png").write_bytes(desk.picture.read_bytes())
    done = desk.run("show", "~nobody-of-this-name.png", "--size", "20x5")
    assert (done.returncode, done.stderr) == (0, "")


def test_a_port_in_use(desk: Desk) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = desk.run("serve", "--port", str(taken.getsockname()[1]), "--data-dir", str(desk.root / "team"))
    assert done.returncode == ERROR
    assert spoke_plainly(done)


def test_a_data_folder_that_cannot_be_written(desk: Desk) -> None:
    blocked = desk.root / "blocked"
    blocked.write_text("a file where the folder should be")
    done = desk.run("serve", "--port", "0", "--data-dir", str(blocked / "data"))
    assert done.returncode == ERROR
    assert spoke_plainly(done)


def test_the_local_server_without_a_place_for_its_data(desk: Desk) -> None:
    # /proc takes no folder from anybody, root included.
    done = desk.run("ls", "shot.png", XDG_DATA_HOME="/proc/imagechat")
    assert done.returncode in (ERROR, UNREACHABLE)
    assert spoke_plainly(done)
    assert "/proc/imagechat" in done.stderr
    assert "XDG_DATA_HOME" in done.stderr
    assert "--data-dir" not in done.stderr
    assert done.stderr.count("imagechat: ") == 1


def test_a_typing_mistake_gets_a_suggestion(desk: Desk) -> None:
    done = desk.run("shwo", "shot.png")
    assert done.returncode == USAGE
    assert "show" in done.stderr
