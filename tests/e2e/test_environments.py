"""Every verb where something is missing that everybody has: words and an exit code, never a traceback."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys

import pytest

from imagechat_tui.commands import VERBS
from tests import forked
from tests.e2e.conftest import IMAGECHAT, Desk

pytestmark = pytest.mark.e2e

NO_ACCOUNT = """
import pwd, runpy, sys
def nobody(who):
    raise KeyError(who)
pwd.getpwuid = pwd.getpwnam = nobody
sys.argv[0] = "imagechat"
from imagechat_tui.__main__ import main
main()
"""
"""Runs `imagechat` as somebody whom the system does not know."""

ADD = ("add", "shot.png", "--at", "1,1", "-m", "x")
WALK: tuple[tuple[str, ...], ...] = (
    ("open", "shot.png"),
    ("demo",),
    ("serve", "--port", "0"),
    ("ls", "shot.png"),
    ("ls", "shot.png", "--json"),
    ("show", "shot.png", "--size", "20x5"),
    ("show", "shot.png", "--size", "20x5", "--markers"),
    ADD,
    ("reply", "shot.png", "1", "-m", "x"),
    ("edit", "shot.png", "1.1", "-m", "x"),
    ("resolve", "shot.png", "1"),
    ("reopen", "shot.png", "1"),
    ("vote", "shot.png", "1", "up"),
    ("pin", "shot.png", "1"),
    ("unpin", "shot.png", "1"),
    ("lock", "shot.png", "1"),
    ("unlock", "shot.png", "1"),
    ("flag", "shot.png", "1"),
    ("unflag", "shot.png", "1"),
    ("block", "shot.png", "1"),
    ("unblock", "shot.png", "1"),
    ("rm", "shot.png", "1", "--yes"),
    ("restore", "shot.png", "ic_1"),
    ("where", "shot.png"),
    ("versions", "shot.png"),
    ("link", "shot.png", "shot.png"),
    ("unlink", "shot.png"),
    ("share", "shot.png"),
    ("export", "--all"),
    ("watch", "shot.png"),
    ("tenant", "list"),
    ("user", "list", "demo"),
    ("server", "vacuum"),
    ("token", "design", "anna"),
    ("doctor",),
    ("trace", "none.jsonl"),
    ("config", "show"),
    ("config", "path"),
    ("completions", "bash"),
)
"""Every verb at least once."""

NOT_ONE_S_OWN = {"flag", "block"}
"""Refused of what one has written oneself."""

EACH = tuple(args for place, args in enumerate(WALK) if args[0] not in {before[0] for before in WALK[:place]})
"""Every verb once."""


def ended(command: list[str], desk: Desk, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, env=env, cwd=desk.root, stdin=subprocess.DEVNULL, capture_output=True, text=True,
        timeout=120, check=False,
    )  # fmt: skip


@pytest.mark.parametrize(
    "odd",
    [
        {"TEXTUAL_DRIVER": "nope:nope", "TEXTUAL_COLOR_SYSTEM": "nope"},
        {"TEXTUAL_DRIVER": "os:nope", "TEXTUAL_COLOR_SYSTEM": "nope", "NO_COLOR": "1"},
        {"TEXTUAL_DRIVER": "os:path"}
        | dict.fromkeys(("TEXTUAL_FPS", "TEXTUAL_DIM_FACTOR", "TEXTUAL_SLOW_THRESHOLD"), "9" * 400)
        | dict.fromkeys(("ESCDELAY", "TEXTUAL_SCREENSHOT"), "9" * 400),
        {"TEXTUAL_DRIVER": ""}
        | dict.fromkeys(("TEXTUAL_FPS", "TEXTUAL_ANIMATIONS", "TEXTUAL_THEME", "TEXTUAL_FILTERS"), "x"),
    ],
    ids=lambda odd: "+".join(f"{name}={value[:9]}" for name, value in odd.items()),
)
def test_a_variable_of_textual_that_it_cannot_read_does_not_count(desk: Desk, odd: dict[str, str]) -> None:
    desk.env |= odd
    desk.command(*IMAGECHAT, "shot.png").shows("LIVE", "No markers yet")


def in_shell(line: str, desk: Desk) -> subprocess.CompletedProcess[str]:
    return ended(["sh", "-c", line], desk, desk.env)


def test_all_verbs_are_walked() -> None:
    assert {args[0] for args in WALK} == {*VERBS}


def as_nobody(desk: Desk, *args: str, **env: str) -> subprocess.CompletedProcess[str]:
    kept = {"PATH": desk.env["PATH"], "XDG_RUNTIME_DIR": desk.env["XDG_RUNTIME_DIR"]}
    return ended([sys.executable, "-c", NO_ACCOUNT, *args], desk, {**kept, **env})


NEEDS_HOME = {
    "where",
    "versions",
    "link",
    "unlink",
    "ls",
    "add",
    "reply",
    "edit",
    "resolve",
    "reopen",
    "vote",
    *("flag", "unflag", "block", "unblock"),
    *("pin", "unpin", "lock", "unlock"),
    "rm",
    "restore",
    "share",
    "export",
    "watch",
    "tenant",
    "user",
    "server",
    "token",
    "serve",
}


@pytest.mark.parametrize("args", WALK, ids=" ".join)
def test_without_a_home_and_an_account_every_verb_does_what_needs_none(
    desk: Desk, args: tuple[str, ...]
) -> None:
    done = as_nobody(desk, *args)
    assert "Traceback" not in done.stdout + done.stderr
    assert not [path for path in desk.root.iterdir() if path.name.startswith("~")]
    if args[0] in ("open", "demo"):
        assert (done.returncode, done.stdout) == (2, "")
        assert "No terminal" in done.stderr
    elif args == ("doctor",):
        assert done.returncode == 1
        assert "BAD  data folder" in done.stdout
        assert "BAD  local server" in done.stdout
    elif args[0] == "trace":
        assert (done.returncode, done.stderr) == (1, "imagechat: No such file or directory: none.jsonl\n")
    elif args[0] in NEEDS_HOME or args == ("config", "path") or "--markers" in args:
        assert done.returncode == 2
        assert "Set HOME, or XDG_" in done.stderr
    else:
        assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.pty
def test_without_a_home_the_screen_says_what_it_needs_and_the_demo_plays(desk: Desk) -> None:
    desk.env = {name: desk.env[name] for name in ("PATH", "TERM", "XDG_RUNTIME_DIR")}
    command = f"{shlex.quote(sys.executable)} -c {shlex.quote(NO_ACCOUNT)}"
    screen = desk.command("sh", "-c", f"{command} open shot.png; echo code $?")
    screen.shows("No home:")
    screen.shows("code 2")
    demo = desk.command("sh", "-c", f"{command} demo")
    demo.shows("LIVE")


def test_a_server_elsewhere_needs_no_home(desk: Desk) -> None:
    done = as_nobody(desk, "ls", "shot.png", "--server", "http://127.0.0.1:9", "--tenant", "design")
    assert done.returncode == 3
    assert "HOME" not in done.stderr
    minted = as_nobody(desk, "token", "design", "anna", IMAGECHAT_API_SECRET="s3cret")
    assert minted.returncode == 0
    listed = as_nobody(desk, "tenant", "list", "--data-dir", str(desk.root / "team"))
    assert (listed.returncode, listed.stderr) == (0, "")


def test_somebody_without_an_account_can_use_folders_that_are_named(desk: Desk) -> None:
    named = {name: desk.env[name] for name in ("XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME")}
    assert as_nobody(desk, *ADD, **named).returncode == 0
    assert "1.1" in as_nobody(desk, "ls", "shot.png", **named).stdout


@pytest.mark.parametrize("home", ["", "relative", "/dev/null", "/proc/nobody"])
def test_a_home_that_is_none_is_no_end(desk: Desk, home: str) -> None:
    kept = {key: value for key, value in desk.env.items() if not key.startswith("XDG_")}
    for args in (("show", "shot.png", "--size", "9x4"), ("config", "show"), ADD, ("doctor",)):
        done = as_nobody(desk, *args, HOME=home)
        assert "Traceback" not in done.stdout + done.stderr
        assert done.returncode in ((0,) if args[0] in ("show", "config") else (1, 2, 3))
    assert kept
    assert not (desk.root / "relative").exists()


def test_variables_that_name_no_whole_path_are_as_if_not_set(desk: Desk) -> None:
    relative = {f"XDG_{name}_HOME": f"relative-{name}" for name in ("DATA", "STATE", "CONFIG", "CACHE")}
    done = desk.run(*ADD, **relative)
    assert done.returncode == 0, done.stderr
    assert not list(desk.root.glob("relative-*"))
    assert (desk.root / "home" / ".local").exists() or sys.platform == "darwin"


# Streams that are closed


def test_no_verb_minds_that_all_its_streams_are_closed(desk: Desk) -> None:
    desk.json(*ADD, "--json")
    for args in EACH:
        if args[0] in ("watch", "serve"):
            continue
        done = forked.start("imagechat_tui", args, env=desk.env, cwd=desk.root, descriptors={})
        expected = {"open": 2, "demo": 2, "token": 5, "user": 5, "trace": 1, "restore": 5, "share": 2}.get(
            args[0], 0
        )
        if args[0] in NOT_ONE_S_OWN:
            expected = 1
        assert done.wait(120) == expected, args


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-"])
def test_a_stream_that_is_closed_is_never_a_file_of_ours(desk: Desk, closed: str) -> None:
    done = in_shell(f"{shlex.join([*IMAGECHAT, *ADD])} {closed}", desk)
    assert (done.returncode, done.stderr) == (0, "")
    assert desk.run("ls", "shot.png").stdout.count("1.1") == 1
    missing = in_shell(f"{shlex.join([*IMAGECHAT, 'show', 'nowhere.png'])} {closed}", desk)
    assert missing.returncode == 5
    assert ("nowhere.png" in missing.stderr) is (closed != "2>&-")


@pytest.mark.pty
def test_the_screen_opens_on_the_terminal_though_all_streams_are_closed(desk: Desk) -> None:
    screen = desk.command("sh", "-c", f"{shlex.join([*IMAGECHAT, 'shot.png'])} <&- >&- 2>&-; echo code $?")
    screen.shows("LIVE")
    screen.press("q")
    screen.shows("code 0")


def test_a_text_from_a_stdin_that_is_closed_or_cannot_be_read_is_not_sent(desk: Desk) -> None:
    line = shlex.join([*IMAGECHAT, *ADD[:-1], "-"])
    for source in ("<&-", "0>/dev/null"):
        done = in_shell(f"{line} {source}", desk)
        assert (done.returncode, done.stdout) == (2, ""), source
        assert "Nothing to send" in done.stderr
    unasked = in_shell(f"{shlex.join([*IMAGECHAT, 'show', '-'])} <&-", desk)
    assert unasked.returncode == 1
    assert "Traceback" not in unasked.stderr
    endless = in_shell(f"yes | {line}", desk)
    assert endless.returncode == 2
    assert "Too long" in endless.stderr
    assert desk.json("ls", "shot.png", "--json")["markers"] == []


# A working folder that has been deleted


def test_in_a_folder_that_is_gone_whole_paths_work_and_others_are_said(desk: Desk) -> None:
    gone = desk.root / "gone"
    gone.mkdir()
    folder = os.open(gone, os.O_RDONLY)

    def run(*args: str) -> subprocess.CompletedProcess[bytes]:
        return forked.run(args, desk.env, folder, "")

    picture = str(desk.picture)
    there = shlex.quote(str(gone))
    add = shlex.join([*IMAGECHAT, "add", picture, "--at", "1,1", "-m", "x"])
    assert in_shell(f"cd {there} && rmdir {there} && exec {add}", desk).returncode == 0
    for args in EACH:
        if args[0] in ("watch", "serve", "open", "demo", "token", "user", "trace", "restore", "completions"):
            continue  # the one asks bash, which complains itself
        done = run(*(picture if word == "shot.png" else word for word in args))
        if args[0] in NOT_ONE_S_OWN:
            assert (done.returncode, b"Not allowed" in done.stderr) == (1, True), args
        elif args[0] == "share":
            assert (done.returncode, b"Cannot be shared" in done.stderr) == (2, True), args
        else:
            assert (done.returncode, done.stderr) == (0, b""), args
        if "shot.png" in args:
            relative = run(*args)
            assert relative.returncode == 5, (args, relative.stderr)
            assert b"has been deleted" in relative.stderr
            assert b"Traceback" not in relative.stderr
    assert b"has been deleted" in run("ls", picture, "--shared", "group").stderr
    os.close(folder)


# A limit of the system, and a disk of one's own


def test_too_few_files_are_told_as_such(desk: Desk) -> None:
    told = 0
    for limit in (8, 10, 12):
        line = f"ulimit -n {limit}; {shlex.join([*IMAGECHAT, 'show', 'shot.png', '--size', '9x4'])}"
        done = in_shell(line, desk)
        if done.returncode:
            assert done.returncode == 1, limit
            assert done.stderr.startswith("imagechat: Too many open files"), limit
            told += 1
    assert told


def test_a_full_disk_of_ones_own_is_named(desk: Desk) -> None:
    full = desk.root / "full"
    full.mkdir()
    try:
        subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=150k", "tmpfs", full], check=True, capture_output=True
        )
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("Only root can make a small disk.")
    try:
        places = {"XDG_DATA_HOME": str(full / "data"), "XDG_STATE_HOME": str(full / "state")}
        done = desk.run("ls", "shot.png", **places)
        assert done.returncode == 3
        assert "disk" in done.stderr
        assert "is full" in done.stderr
        assert "permissions" not in done.stderr
        served = desk.run("serve", "--port", "0", "--data-dir", str(full / "team"))
        assert served.returncode == 1
        assert "is full" in served.stderr
        found = desk.run("doctor", **places)
        assert found.returncode == 1
        assert "is full" in found.stdout
    finally:
        subprocess.run(["umount", full], check=False)
