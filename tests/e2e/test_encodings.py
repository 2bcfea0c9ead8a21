"""Where output is in another encoding than UTF-8, every verb works, and JSON is whole."""

from __future__ import annotations

import contextlib
import json
import subprocess

import pytest

from imagechat_tui.commands import VERBS
from tests.e2e.conftest import IMAGECHAT, Desk, skip_without_locale

pytestmark = pytest.mark.e2e

TEXT = "Logo ist zu groß — 「大」 ☃ Ж 🙂"
NAME = "Bär ☃.png"
COPY = f"copy of {NAME}"

PEOPLE = {
    "ls": ["ls", NAME],
    "show": ["show", NAME, "--size", "40x12", "--markers", "--colors", "16"],
    "add": ["add", NAME, "--at", "5,5", "-m", TEXT],
    "reply": ["reply", NAME, "1", "-m", TEXT],
    "edit": ["edit", NAME, "1.1", "-m", TEXT],
    "resolve": ["resolve", NAME, "1"],
    "reopen": ["reopen", NAME, "1"],
    "vote": ["vote", NAME, "1", "down"],
    "pin": ["pin", NAME, "1"],
    "unpin": ["unpin", NAME, "1"],
    "lock": ["lock", NAME, "1"],
    "unlock": ["unlock", NAME, "1"],
    "flag": ["flag", NAME, "1"],
    "unflag": ["unflag", NAME, "1"],
    "block": ["block", NAME, "1"],
    "unblock": ["unblock", NAME, "1"],
    "share": ["share", NAME],
    "export": ["export", "--all"],
    "rm": ["rm", NAME, "1.2", "--yes"],
    "restore": ["restore", NAME, "☃"],
    "where": ["where", NAME],
    "versions": ["versions", NAME],
    "unlink": ["unlink", COPY],
    "link": ["link", COPY, NAME],
    "doctor": ["doctor"],
    "trace": ["trace", "☃.jsonl"],
    "config": ["config", "show"],
    "completions": ["completions", "bash"],
    "tenant": ["tenant", "list"],
    "server": ["server", "vacuum"],
    "user": ["user", "ban", "☃", "Ж"],
    "token": ["token", "☃", "Ж"],
    "serve": ["serve", "--port", "☃"],
    "open": [NAME],
    "demo": ["demo"],
}
"""A line for every verb, with what it prints to people; ``watch`` goes on, and is below."""

REFUSED = {
    *("open", "demo", "serve", "user", "token", "doctor", "trace", "restore", "share"),
    *("pin", "unpin", "lock", "unlock", "flag", "unflag", "block", "unblock"),
}

PROGRAMS = {verb: [*PEOPLE[verb], "--json"] for verb in ("ls", "add", "where", "versions", "config")}


@pytest.fixture
def talked(desk: Desk) -> Desk:
    """A picture with a name and threads that no old encoding has all letters of."""
    (desk.root / COPY).write_bytes(desk.picture.read_bytes())
    desk.picture.rename(desk.root / NAME)
    for _ in range(2):
        assert desk.run(*PEOPLE["add"]).returncode == 0
    return desk


def test_no_verb_breaks_on_a_letter_that_cannot_be_shown(talked: Desk) -> None:
    assert {*PEOPLE, "watch"} == {*VERBS}
    for verb, argv in PEOPLE.items():
        done = talked.run_bytes(*argv, PYTHONIOENCODING="latin-1")
        assert b"Traceback" not in done.stderr, (verb, done.stderr)
        if verb not in REFUSED:
            assert done.returncode == 0, (verb, done.stderr)
        shown = (done.stdout + done.stderr).decode("latin-1")
        assert "\\u" not in shown or verb in ("completions", "export"), (verb, shown)
    listed = talked.run_bytes(*PEOPLE["ls"], PYTHONIOENCODING="latin-1").stdout.decode("latin-1")
    assert "Logo ist zu groß ? ??? ? ? ?" in listed


def test_json_is_whole_and_read_by_every_program(talked: Desk) -> None:
    for verb, argv in PROGRAMS.items():
        done = talked.run_bytes(*argv, PYTHONIOENCODING="latin-1")
        assert done.stdout.isascii(), verb
        assert json.loads(done.stdout)["schema"] == 1
    done = talked.run_bytes(*PROGRAMS["ls"], PYTHONIOENCODING="ascii")
    assert json.loads(done.stdout)["markers"][0]["comments"][0]["text"] == TEXT
    assert TEXT.encode() in talked.run_bytes(*PROGRAMS["ls"]).stdout


@pytest.mark.parametrize("how", [["--jsonl"], []])
def test_watch_goes_on_behind_such_a_letter(talked: Desk, how: list[str]) -> None:
    watching = subprocess.Popen(
        [*IMAGECHAT, "watch", NAME, *how],
        env={**talked.env, "PYTHONIOENCODING": "latin-1", "PYTHONUNBUFFERED": "1"},
        cwd=talked.root,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    with contextlib.ExitStack() as ending:
        ending.callback(watching.communicate)
        ending.callback(watching.kill)
        assert watching.stdout is not None
        lines = iter(watching.stdout.readline, b"")
        next(line for line in lines if b"live" in line.lower())
        for _ in range(2):
            assert talked.run(*PEOPLE["reply"]).returncode == 0
            told = next(line for line in lines if b"Logo" in line).decode("latin-1")
            if how:
                assert json.loads(told)["comment"]["comment"] == TEXT
            else:
                assert "zu groß ?" in told


@pytest.mark.parametrize(
    ("encoding", "signs"),
    [("koi8-r", {"▄"}), ("latin-1", set()), ("cp437", {"▄"}), ("utf-8", {"▄", "▌", "▗"})],
)
def test_the_picture_is_printed_in_what_the_encoding_has(desk: Desk, encoding: str, signs: set[str]) -> None:
    argv = ["show", "shot.png", "--size", "60x20"]
    text = desk.run_bytes(*argv, PYTHONIOENCODING=encoding).stdout.decode(encoding)
    assert {letter for letter in text if not letter.isascii()} >= signs
    assert text.isascii() == (not signs)
    assert "?" not in text


@pytest.mark.parametrize("name", ["ru_RU.KOI8-R", "de_DE.ISO-8859-1"])
def test_a_locale_of_another_encoding_has_the_same_threads(desk: Desk, name: str) -> None:
    skip_without_locale(name)
    desk.picture.rename(desk.root / NAME)
    assert desk.run_bytes(*PEOPLE["add"], LANG="C.UTF-8").returncode == 0
    listed = desk.run_bytes(*PROGRAMS["ls"], LANG=name)
    assert listed.stdout.isascii()
    document = json.loads(listed.stdout)
    assert document["src"] == NAME
    assert document["markers"][0]["comments"][0]["text"] == TEXT
    plain = desk.run_bytes(*PEOPLE["ls"], LANG=name)
    assert (plain.returncode, plain.stderr) == (0, b"")
