"""What can go wrong at the door: one sentence that says what to do, the right exit code, no traceback."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from imagechat_tui.cli import CANCELLED, READER_GONE
from tests.e2e.conftest import IMAGECHAT, Desk

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


@pytest.mark.parametrize(
    "verb", [("add", "--at", "1,1", "-m", "x"), ("reply", "1", "-m", "x"), ("rm", "1", "--yes")]
)
def test_a_mistyped_picture_gets_no_marker(desk: Desk, verb: tuple[str, ...]) -> None:
    done = desk.run(verb[0], "nowhere.png", *verb[1:])
    assert done.returncode == NOT_FOUND
    assert spoke_plainly(done)
    assert "--url-id" in done.stderr
    assert desk.json("ls", "nowhere.png", "--json")["markers"] == []


def test_a_mistyped_picture_is_listed_and_said_to_be_missing(desk: Desk) -> None:
    desk.json("add", "shot.png", "--at", "1,1", "-m", "here", "--json")
    done = desk.run("ls", "shto.png")
    assert (done.returncode, done.stdout) == (0, "No markers on shto.png yet.\n")
    assert "no picture 'shto.png' here" in done.stderr
    assert "Did you mean shot.png?" in done.stderr
    assert desk.run("ls", "shot.png").stderr == ""
    assert desk.run("ls", "shto.png", "--url-id", "mocks/shot").stderr == ""


def test_a_picture_that_is_gone_is_still_named_by_its_key(desk: Desk) -> None:
    desk.json("add", "gone.png", "--at", "1,1", "-m", "x", "--url-id", "mocks/gone", "--json")
    desk.json("resolve", "gone.png", "1", "--url-id", "mocks/gone", "--json")


def test_a_folder_means_its_first_picture_to_verbs_about_one(desk: Desk) -> None:
    (desk.root / "mocks").mkdir()
    (desk.root / "mocks" / "a.png").write_bytes(desk.picture.read_bytes())
    (desk.root / "mocks" / "._a.png").write_bytes(b"not for people")
    address = f"file://{desk.root}/mocks/a%2Epng"
    desk.json("add", "mocks", "--at", "1,1", "-m", "x", "--json")
    first = desk.json("ls", "mocks/a.png", "--json")
    assert first["markers"]
    assert first == desk.json("ls", address, "--json")
    assert desk.json("ls", "mocks", "--json") == {
        "schema": first.pop("schema"),
        "pictures": [{"path": "mocks/a.png"} | first],
    }
    done = desk.run("show", "mocks", "--size", "9x4")
    assert (done.returncode, done.stderr) == (0, "imagechat: mocks/a.png is the only picture there.\n")


def test_no_name_is_no_folder(desk: Desk) -> None:
    for verb in ("show", "ls", "watch"):
        done = desk.run(verb, "")
        assert done.returncode == USAGE
        assert spoke_plainly(done)


def test_a_corrupt_picture(desk: Desk) -> None:
    (desk.root / "bad.png").write_bytes(b"\x89PNG\r\n\x1a\n nonsense")
    done = desk.run("show", "bad.png")
    assert done.returncode == ERROR
    assert spoke_plainly(done)


def test_a_corrupt_picture_in_a_terminal_still_shows_its_threads(desk: Desk) -> None:
    (desk.root / "bad.png").write_bytes(desk.picture.read_bytes())
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
    assert "Run it again" in done.stderr
    assert "R retries" not in done.stderr
    for_programs = desk.run(
        "ls", "shot.png", "--json", "--server", f"http://127.0.0.1:{port}", "--tenant", "demo"
    )
    assert (for_programs.returncode, for_programs.stdout) == (UNREACHABLE, "")
    assert for_programs.stderr == done.stderr


def test_another_kind_of_server(desk: Desk) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), SimpleHTTPRequestHandler) as pages:
        Thread(target=pages.serve_forever, daemon=True).start()
        server = f"http://127.0.0.1:{pages.server_port}"
        done = desk.run("ls", "shot.png", "--server", server, "--tenant", "demo")
        pages.shutdown()
    assert done.returncode == ERROR
    assert spoke_plainly(done)
    assert "No imagechat server" in done.stderr


@pytest.mark.parametrize("status", [500, 502, 503])
def test_what_is_no_server_of_ours_and_fails(desk: Desk, status: int) -> None:
    class Failing(SimpleHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_error(status)

    with ThreadingHTTPServer(("127.0.0.1", 0), Failing) as pages:
        Thread(target=pages.serve_forever, daemon=True).start()
        server = f"http://127.0.0.1:{pages.server_port}"
        done = desk.run("ls", "shot.png", "--server", server, "--tenant", "demo")
        picture = desk.run("show", f"{server}/a.png")
        pages.shutdown()
    assert done.returncode == UNREACHABLE
    assert spoke_plainly(done)
    assert f"answered: {status}" in done.stderr
    assert "again" in done.stderr
    assert spoke_plainly(picture)
    assert f"answered {status}." in picture.stderr


@pytest.mark.parametrize("verb", ["ls", "watch"])
def test_a_disk_that_is_full(desk: Desk, verb: str) -> None:
    with open("/dev/full", "wb") as full:  # noqa: PTH123 (a device)
        done = subprocess.run(
            [*IMAGECHAT, verb, "shot.png"], env=desk.env, cwd=desk.root, stdin=subprocess.DEVNULL,
            stdout=full, stderr=subprocess.PIPE, text=True, timeout=120, check=False,
        )  # fmt: skip
    assert (done.returncode, done.stderr) == (
        ERROR,
        "imagechat: Disk full: There is no room left for what was to be written. Make room on that disk of yours.\n",
    )


@pytest.mark.parametrize("verb", ["ls", "watch"])
def test_a_reader_that_has_gone_ends_a_verb_without_a_word(desk: Desk, verb: str) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with open(writer, "wb") as pipe:  # noqa: PTH123 (a descriptor)
        done = subprocess.run(
            [*IMAGECHAT, verb, "shot.png"], env=desk.env, cwd=desk.root, stdin=subprocess.DEVNULL,
            stdout=pipe, stderr=subprocess.PIPE, text=True, timeout=120, check=False,
        )  # fmt: skip
    assert (done.returncode, done.stderr) == (READER_GONE, "")


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, CANCELLED), (signal.SIGTERM, 0)])
def test_watching_that_is_cancelled_says_so(desk: Desk, number: signal.Signals, code: int) -> None:
    watching = desk.start("watch", "shot.png")
    assert watching.stdout is not None
    while b"LIVE" not in watching.stdout.readline():
        pass
    watching.send_signal(number)
    assert watching.wait(timeout=120) == code


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


@pytest.mark.pty
@pytest.mark.security
def test_a_project_that_names_a_server_is_asked_about_once(desk: Desk) -> None:
    server = "http://127.0.0.1:9"
    (desk.root / ".imagechat.toml").write_text(f'server = "{server}"\ntenant = "design"')
    add = ("add", "shot.png", "--at", "1,1", "-m", "x")
    refused = desk.run(*add)
    assert refused.returncode == USAGE
    assert spoke_plainly(refused)
    assert server in refused.stderr
    read = desk.run("ls", "shot.png")
    assert (read.returncode, read.stdout) == (0, "No markers on shot.png yet.\n")
    assert "imagechat config trust" in read.stderr

    asked = desk.terminal(*add)
    asked.shows("Allow it?")
    assert f"server = {server}" in asked.text
    asked.send("\x1by\r")  # Esc first: it is no letter
    asked.shows("Server unreachable")
    for _ in range(2):
        done = desk.run(*add)  # it is remembered
        assert done.returncode == UNREACHABLE
        assert "trust" not in done.stderr
    assert desk.run("config", "distrust").returncode == 0
    assert desk.run(*add).returncode == 0


@pytest.mark.security
def test_a_project_cannot_send_words_to_another_tenant_unasked(desk: Desk) -> None:
    (desk.root / ".imagechat.toml").write_text('tenant = "other"')
    desk.env |= {"IMAGECHAT_SERVER": "http://127.0.0.1:9"}
    done = desk.run("add", "shot.png", "--at", "2,2", "-m", "x")
    assert done.returncode == USAGE
    assert spoke_plainly(done)
    assert "tenant = other" in done.stderr


@pytest.mark.pty
@pytest.mark.security
def test_the_screen_asks_before_it_opens(desk: Desk) -> None:
    (desk.root / ".imagechat.toml").write_text("max_megapixels = 90")
    screen = desk.terminal("shot.png")
    screen.shows("max_megapixels = 90")
    screen.send("n\r")
    screen.shows("LIVE")


@pytest.mark.pty
@pytest.mark.security
def test_a_public_name_that_leads_into_a_private_network_is_asked_about(desk: Desk) -> None:
    address = "http://2130706433:9/a.png"  # 127.0.0.1, as nobody would type it
    refused = desk.run("show", address)
    assert refused.returncode == ERROR
    assert spoke_plainly(refused)
    assert "leads to 127.0.0.1" in refused.stderr
    assert "--allow-private" in refused.stderr
    fetched = desk.run("show", address, "--allow-private")
    assert "could not be fetched" in fetched.stderr

    screen = desk.terminal(address)
    screen.shows("Fetch it?")
    screen.send("y\r")
    screen.shows("could not be fetched")
