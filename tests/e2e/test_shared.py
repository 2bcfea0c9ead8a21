"""A folder that a group shares, with real users: who may do what, by the kernel."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from imagechat_tui.cli import ERROR as FAILED
from imagechat_tui.cli import OK, UNREACHABLE
from tests.e2e.conftest import DEMO_PICTURE

KEEPER, MEMBER, OUTSIDER = 61_001, 61_002, 61_003
"""User ids that nobody has; the first two are of the group."""
GROUP = 61_010

CHECKOUT = Path(__file__).parents[2]
AS_USER = """
set -e
mount --bind "$1" "$4/python"
mount --bind "$2" "$4/packages"
mount --bind "$3" "$4/checkout"
export PYTHONPATH="$4/checkout:$4/packages:$4" LD_LIBRARY_PATH="$4/python/lib" PYTHONDONTWRITEBYTECODE=1
python="$4/python/$5" user=$6 group=$7
shift 7
cd "$HOME"
exec setpriv --reuid "$user" --regid "$group" --clear-groups -- "$python" -m "$@"
"""
"""Show interpreter and program where any user can look, in a view of the files for this process alone, and run it."""


def _can_become_others() -> bool:
    if os.geteuid() != 0 or not all(map(shutil.which, ("unshare", "setpriv"))):
        return False
    probe = ["unshare", "--mount", "--propagation", "private", "mount", "--bind", "/", "/"]
    return subprocess.run(probe, capture_output=True, check=False).returncode == 0


pytestmark = [
    pytest.mark.security,
    pytest.mark.e2e,
    pytest.mark.skipif(
        not _can_become_others(), reason="only root, where it may mount, can be several users"
    ),
]


class House:
    """One machine with a folder that a group shares, and homes for three users."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.team = root / "team"
        self.running: list[subprocess.Popen[str]] = []
        root.chmod(0o755)
        self.team.mkdir()
        os.chown(self.team, KEEPER, GROUP)
        self.team.chmod(0o2750)
        for name in ("python", "packages", "checkout"):
            (root / name).mkdir()
        for user in (KEEPER, MEMBER, OUTSIDER):
            (root / str(user)).mkdir(mode=0o700)
            shutil.copy(DEMO_PICTURE, root / str(user) / "shot.png")
            os.chown(root / str(user), user, user)
            os.chown(root / str(user) / "shot.png", user, user)

    def command(self, user: int, module: str, *args: str) -> list[str]:
        """The command line that runs a Python module as a user."""
        places = [sys.base_prefix, sysconfig.get_path("purelib"), str(CHECKOUT), str(self.root)]
        python = str(Path(sys.executable).resolve().relative_to(sys.base_prefix))
        who = [str(user), str(user if user == OUTSIDER else GROUP)]
        view = ["unshare", "--mount", "--propagation", "private", "sh", "-c", AS_USER, "sh"]
        return [*view, *places, python, *who, module, *args]

    def env(self, user: int) -> dict[str, str]:
        home = self.root / str(user)
        return {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "HOME": str(home), "TMPDIR": str(home)}

    def run(self, user: int, *args: str, module: str = "imagechat_tui") -> subprocess.CompletedProcess[str]:
        """A verb of a user, or another program, to its end."""
        return subprocess.run(
            self.command(user, module, *args),
            env=self.env(user),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def serve(self, user: int) -> None:
        """Let a user serve the folder."""
        server = subprocess.Popen(
            self.command(user, "imagechat_tui", "serve", "--shared", str(self.team)),
            env=self.env(user),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.running.append(server)
        assert server.stdout is not None
        line = server.stdout.readline()
        assert line, f"it ended with {server.wait()}"
        assert json.loads(line)["ready"] is True

    def on(self, verb: str, *args: str) -> tuple[str, ...]:
        """A verb's words, in the shared folder."""
        return (verb, "shot.png", "--url-id", "shot", "--shared", str(self.team), *args)


@pytest.fixture
def house() -> Iterator[House]:
    root = Path(tempfile.mkdtemp(prefix="ic"))
    made = House(root)
    try:
        yield made
    finally:
        for server in made.running:
            server.kill()
            server.communicate()
        with contextlib.suppress(OSError, ValueError):
            os.kill(int((made.team / "data" / "server.lock").read_text()), signal.SIGKILL)
        shutil.rmtree(root)


def test_members_meet_and_each_writes_in_their_own_name_alone(house: House) -> None:
    away = house.run(MEMBER, *house.on("ls"))
    assert (away.returncode, away.stdout) == (UNREACHABLE, "")
    assert f"Ask user {KEEPER} to run: imagechat serve --shared {house.team}" in away.stderr

    for user in (KEEPER, MEMBER):  # the keeper's own verb starts the server
        added = house.run(user, *house.on("add", "--at", f"{user % 100},50", "-m", f"words of {user}"))
        lines = [line for line in added.stderr.splitlines() if "Slow answer" not in line]  # on a busy machine
        assert (added.returncode, lines) == (OK, [])
    listed = json.loads(house.run(MEMBER, *house.on("ls", "--json")).stdout)
    said = {
        comment["author"]: comment["text"] for marker in listed["markers"] for comment in marker["comments"]
    }
    assert said == {f"uid-{user}": f"words of {user}" for user in (KEEPER, MEMBER)}
    (of_keeper,) = (m["number"] for m in listed["markers"] if m["comments"][0]["author"] == f"uid-{KEEPER}")
    refused = house.run(MEMBER, *house.on("rm", str(of_keeper), "--yes"))
    assert refused.returncode == FAILED
    assert refused.stderr == "imagechat: Not yours: Only its author can delete it.\n"
    assert house.run(KEEPER, *house.on("rm", str(of_keeper), "--yes")).returncode == OK

    closed = house.run(OUTSIDER, *house.on("ls"))
    assert closed.returncode == UNREACHABLE
    assert f"open to the group group {GROUP} only" in closed.stderr
    doctor = house.run(MEMBER, "doctor", "--shared", str(house.team))
    assert f"user {KEEPER} keeps it" in doctor.stdout


FORGE = """
import contextlib, os, sqlite3, sys
folder = sys.argv[1]
done = []
def attempt(what, *args):
    try:
        what(*args)
        done.append(f"{what.__name__}{args}")
    except (OSError, sqlite3.Error):
        pass
def forge(name):
    with contextlib.closing(sqlite3.connect(f"{folder}/{name}")) as database:
        database.execute("UPDATE comment SET text = 'forged'")
        database.commit()
for name in ("data/imagechat.sqlite", "imagechat.sqlite"):
    attempt(forge, name)
for name in ("data", "server.sock", "data/imagechat.sqlite", "data/seal.key"):
    attempt(os.rename, f"{folder}/{name}", f"{folder}/gone")
    attempt(os.unlink, f"{folder}/{name}")
for name in ("data", "imagechat.sqlite", "server.lock", "data/imagechat.sqlite-journal", ".server.sock.1"):
    attempt(os.symlink, "/etc/passwd", f"{folder}/{name}")
    attempt(os.mkdir, f"{folder}/{name}")
attempt(os.listdir, f"{folder}/data")
attempt(os.chmod, folder, 0o2770)
sys.exit("\\n".join(done) or 0)
"""


def test_a_member_can_neither_forge_nor_read_nor_plant_anything(house: House) -> None:
    house.serve(KEEPER)
    house.run(KEEPER, *house.on("add", "--at", "50,50", "-m", "true words"))
    (house.root / "forge.py").write_text(FORGE)
    forged = house.run(MEMBER, str(house.team), module="forge")
    assert (forged.returncode, forged.stderr) == (OK, "")
    assert "true words" in house.run(MEMBER, *house.on("ls")).stdout


def test_links_that_a_member_planted_serve_nothing_and_create_nothing(house: House) -> None:
    """The folder was open to the group, as it was once advised, and one of them was there first."""
    private = house.root / str(KEEPER) / "private"
    private.mkdir(mode=0o700)
    with contextlib.closing(sqlite3.connect(private / "imagechat.sqlite")) as database:
        database.execute("CREATE TABLE secret (words)")
    os.chown(private, KEEPER, KEEPER)
    os.chown(private / "imagechat.sqlite", KEEPER, KEEPER)
    before = (private / "imagechat.sqlite").read_bytes()

    def plant(name: str, target: Path) -> None:
        (house.team / name).symlink_to(target)
        os.chown(house.team / name, MEMBER, GROUP, follow_symlinks=False)

    plant("data", private)
    for name in ("imagechat.sqlite", "imagechat.sqlite-wal", "server.lock", "server.log", "spawn.lock"):
        plant(name, private / name)
    plant("server.sock", private / "new.sock")

    house.team.chmod(0o2770)
    for user in (KEEPER, MEMBER):
        refused = house.run(user, *house.on("ls"))
        assert refused.returncode == UNREACHABLE
        assert f"chmod 2750 {house.team}" in refused.stderr
    serving = house.run(KEEPER, "serve", "--shared", str(house.team))
    assert serving.returncode == FAILED
    assert "chmod 2750" in serving.stderr

    house.team.chmod(0o2750)
    serving = house.run(KEEPER, "serve", "--shared", str(house.team))
    assert serving.returncode == FAILED
    assert "somebody else's link" in serving.stderr
    assert house.run(MEMBER, *house.on("ls")).returncode == UNREACHABLE
    assert sorted(path.name for path in private.iterdir()) == ["imagechat.sqlite"]
    assert (private / "imagechat.sqlite").read_bytes() == before

    (house.team / "data").unlink()
    house.serve(KEEPER)  # the socket takes the place of what was planted for it
    assert house.run(MEMBER, *house.on("ls")).returncode == OK
    assert sorted(path.name for path in private.iterdir()) == ["imagechat.sqlite"]
    assert (private / "imagechat.sqlite").read_bytes() == before


def test_the_keeper_moderates_and_says_who_does_so_too(house: House) -> None:
    house.serve(KEEPER)
    assert house.run(KEEPER, *house.on("add", "--at", "20,30", "-m", "mine")).returncode == 0
    refused = house.run(MEMBER, *house.on("pin", "1"))
    assert refused.returncode == 1
    assert "Only moderators and admins pin comments." in refused.stderr
    asked = re.search(r"imagechat (user role local \S+ moderator) --data-dir DIR/data", refused.stderr)
    assert asked is not None
    assert house.run(KEEPER, *house.on("pin", "1")).returncode == 0, "it is their server"
    made = house.run(KEEPER, *asked[1].split(), "--data-dir", str(house.team / "data"))
    assert made.returncode == 0, made.stderr
    assert house.run(MEMBER, *house.on("unpin", "1")).returncode == 0
