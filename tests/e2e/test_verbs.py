"""Everything by verbs alone: the same picture driven from a script, and a machine that tells how it is."""

from __future__ import annotations

import json
import re
from subprocess import CompletedProcess
from typing import Any

import pytest

from tests.e2e.conftest import Desk
from tests.e2e.test_link import Team, team

pytestmark = pytest.mark.e2e

__all__ = ["team"]


def items(document: dict[str, Any], key: str) -> list[dict[str, Any]]:
    """A list of objects in a document."""
    found = document[key]
    assert isinstance(found, list)
    return found


def markers(desk: Desk) -> list[Any]:
    listing: Any = desk.json("ls", "shot.png", "--json")
    assert listing["schema"] == 1
    found: list[Any] = listing["markers"]
    return found


def said(done: CompletedProcess[str]) -> str:
    """What a verb said, but for the ids with which a deletion is undone."""
    return re.sub(r" \(imagechat restore: ic_\w+\)", "", done.stdout)


def test_a_picture_is_discussed_from_a_script(desk: Desk) -> None:
    made: Any = desk.json("add", "shot.png", "--at", "60.8,45.1", "-m", "Logo is cut off", "--json")
    assert made["marker"]["number"] == 1
    desk.json("reply", "shot.png", "1", "-m", "Since Monday", "--json")
    desk.json("edit", "shot.png", "1.2", "-m", "Since Tuesday", "--json")
    desk.json("resolve", "shot.png", "1", "--json")
    [marker] = markers(desk)
    assert (marker["x"], marker["y"], marker["resolved"]) == (60.8, 45.1, True)
    assert [comment["text"] for comment in marker["comments"]] == ["Logo is cut off", "Since Tuesday"]
    desk.json("reopen", "shot.png", "1", "--json")
    assert not markers(desk)[0]["resolved"]
    desk.json("rm", "shot.png", "1.2", "--yes", "--json")
    assert len(markers(desk)[0]["comments"]) == 1
    desk.json("rm", "shot.png", "1", "--yes", "--json")
    assert markers(desk) == []


def test_bytes_that_are_no_text_are_sent_as_what_stands_for_them(desk: Desk) -> None:
    desk.json("add", "shot.png", "--at", "5,5", "-m", "bad \udcff", "--json")
    desk.json("reply", "shot.png", "1", "-m", "caf\udce9", "--json")
    desk.json("edit", "shot.png", "1.2", "-m", "th\udce9", "--json")
    (marker,) = markers(desk)
    assert [comment["text"] for comment in marker["comments"]] == ["bad \ufffd", "th\ufffd"]


def test_a_number_is_never_given_twice(desk: Desk) -> None:
    for text in ("one", "two"):
        desk.json(
            "add", "shot.png", "--at", f"{len(text)},{len(text)}0.{text == 'two':d}", "-m", text, "--json"
        )
    desk.json("rm", "shot.png", "2", "--yes", "--json")
    made: Any = desk.json("add", "shot.png", "--at", "70,70", "-m", "three", "--json")
    assert made["marker"]["number"] == 3


@pytest.mark.parametrize(
    ("args", "code", "said"),
    [
        (("reply", "shot.png", "7", "-m", "x"), 5, "There is no marker"),
        (("rm", "shot.png", "1"), 2, "--yes"),
        (("rm", "shot.png", "0"), 5, "There is no marker"),
        (("rm", "shot.png", "1.9"), 5, "There is no comment"),
        (("show", "shot.png", "--cell-aspect", "nan"), 2, "--cell-aspect must be a number between"),
        (
            ("show", "shot.png", "--max-megapixels", "0"),
            2,
            "--max-megapixels must be a number between 0 and 100000, not '0'.",
        ),
        (("ls", "shot.png", "--server", "http://a b/"), 2, "is not an address"),
        (("add", "shot.png", "--at", "120,4", "-m", "x"), 2, "percentages go from 0 to 100"),
        (("add", "shot.png", "--at", "1,4", "-m", "  "), 2, "empty"),
        (("show", "nope.png"), 5, "does not exist"),
    ],
)
def test_what_cannot_be_done_is_said_with_its_exit_code(
    desk: Desk, args: tuple[str, ...], code: int, said: str
) -> None:
    if args[0] == "rm":
        desk.json("add", "shot.png", "--at", "1,1", "-m", "here", "--json")
    done = desk.run(*args)
    assert done.returncode == code, done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_the_picture_is_printed_with_its_markers(desk: Desk) -> None:
    desk.json("add", "shot.png", "--at", "50,50", "-m", "here", "--json")
    done = desk.run("show", "shot.png", "--size", "60x20", "--markers", "--colors", "none")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert "1" in done.stdout
    assert 0 < len(lines) <= 20
    assert all(len(line) <= 60 for line in lines)
    assert "\x1b" not in done.stdout


def test_several_markers_are_resolved_reopened_and_deleted_at_once(desk: Desk) -> None:
    for n in range(1, 5):
        desk.json("add", "shot.png", "--at", f"{n * 10},10", "-m", f"no {n}", "--json")
    done = desk.json("resolve", "shot.png", "1", "3", "#4", "--json")
    assert [(one["number"], one["resolved"]) for one in items(done, "results")] == [
        (n, True) for n in (1, 3, 4)
    ]
    assert done["failed"] == []
    alone = desk.json("reopen", "shot.png", "3", "--json")
    assert (alone["number"], alone["resolved"]) == (3, False)

    missing = desk.run("resolve", "shot.png", "2", "9", "3", "--json")
    assert (missing.returncode, missing.stdout) == (5, "")
    assert "no marker '9'" in missing.stderr
    markers = items(desk.json("ls", "shot.png", "--json"), "markers")
    assert [one["resolved"] for one in markers] == [True, False, False, True]  # nothing was done

    desk.json("reply", "shot.png", "2", "-m", "an answer", "--json")
    gone = desk.run("rm", "shot.png", "1", "2", "2.2", "--yes")
    assert (gone.returncode, gone.stderr) == (0, "")
    assert said(gone) == "Marker 1 deleted.\nMarker 2 deleted.\nComment 2.2 deleted.\n"
    left = items(desk.json("ls", "shot.png", "--json"), "markers")
    assert [one["number"] for one in left] == [3, 4]


def test_what_was_done_is_said_and_nothing_else(desk: Desk) -> None:
    made: Any = desk.json("add", "shot.png", "--at", "20,30", "-m", "here", "--json")
    again: Any = desk.json("add", "shot.png", "--at", "20,30", "-m", "again same spot", "--json")
    assert (made["marker"]["number"], again["marker"]["number"]) == (1, 2), (
        "each marker is one of its own, wherever it stands"
    )
    for args, words in (
        (("add", "shot.png", "--at", "20,31", "-m", "x"), "Marker 3 added at 20 %, 31 %."),
        (("reply", "shot.png", "1", "-m", "y"), "Added to marker 1 as 1.2."),
        (("edit", "shot.png", "1.2", "-m", "z"), "Comment 1.2 changed."),
        (("reopen", "shot.png", "1"), "Marker 1 was open already."),
        (("resolve", "shot.png", "#1"), "Marker 1 resolved."),
        (("resolve", "shot.png", "1", "2"), "Marker 1 was resolved already.\nMarker 2 resolved."),
        (("reopen", "shot.png", "1"), "Marker 1 reopened."),
        (("unpin", "shot.png", "1"), "Comment 1.1 was not pinned."),
        (("pin", "shot.png", "1", "1.1", "2"), "Comment 1.1 pinned.\nComment 2.1 pinned."),
        (("pin", "shot.png", "1"), "Comment 1.1 was pinned already."),
        (("unpin", "shot.png", "1"), "Comment 1.1 unpinned."),
        (("lock", "shot.png", "1.2"), "Comment 1.2 locked."),
        (("lock", "shot.png", "1.2"), "Comment 1.2 was locked already."),
        (("unlock", "shot.png", "1.2", "1"), "Comment 1.2 unlocked.\nComment 1.1 was not locked."),
        (("rm", "shot.png", "1.2", "#2", "--yes"), "Comment 1.2 deleted.\nMarker 2 deleted."),
    ):
        done = desk.run(*args)
        assert (said(done), done.stderr, done.returncode) == (f"{words}\n", "", 0)


@pytest.mark.pty
def test_who_deletes_is_asked_about_what_goes_with_it(desk: Desk) -> None:
    desk.json("add", "shot.png", "--at", "20,30", "-m", "Logo is cut off", "--json")
    desk.json("reply", "shot.png", "1", "-m", "since Monday", "--json")
    asked = desk.terminal("rm", "shot.png", "1")
    asked.shows(
        'Marker 1 and 2 comments: "Logo is cut off"', "for 10 minutes", "Delete it for everybody? [y/N]"
    )
    asked.send("n\r")
    asked.shows("Nothing deleted.")
    assert asked.exit_code() == 1
    asked = desk.terminal("rm", "shot.png", "1.2", "1")
    asked.shows(
        'Comment 1.2: "since Monday"', 'Marker 1 and 2 comments: "Logo', "Delete these 2 for everybody? [y/N]"
    )
    assert len(markers(desk)) == 1
    asked.send("y\r")
    asked.shows("Comment 1.2 deleted.", "Marker 1 deleted.")


def test_the_number_of_a_comment_stays_when_one_before_it_is_deleted(desk: Desk) -> None:
    desk.json("add", "shot.png", "--at", "10,10", "-m", "first", "--json")
    for text in ("second", "third", "fourth"):
        desk.json("reply", "shot.png", "1", "-m", text, "--json")

    def listed() -> dict[object, object]:
        (marker,) = items(desk.json("ls", "shot.png", "--json"), "markers")
        return {one["ref"]: one["text"] for one in items(marker, "comments")}

    desk.json("rm", "shot.png", "1.2", "1.4", "--yes", "--json")
    assert listed() == {"1.1": "first", "1.3": "third"}
    desk.json("edit", "shot.png", "1.3", "-m", "third!", "--json")
    said = desk.json("reply", "shot.png", "1", "-m", "fifth", "--json")["comment"]
    assert isinstance(said, dict)
    assert said["ref"] == "1.5"
    assert listed() == {"1.1": "first", "1.3": "third!", "1.5": "fifth"}
    assert desk.run("rm", "shot.png", "1.2", "--yes").returncode == 5
    assert "1.5  " in desk.run("ls", "shot.png").stdout


def test_doctor_knows_its_server(desk: Desk) -> None:
    desk.json("ls", "shot.png", "--json")
    done = desk.run("doctor", "--json")
    document = json.loads(done.stdout)
    found = {item["subject"]: item for item in document["findings"]}
    assert found["local server"]["ok"]
    assert "none here" in found["terminal"]["found"]
    assert (done.returncode, document["ok"], done.stderr) == (0, True, "")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completions_are_printed_for(desk: Desk, shell: str) -> None:
    done = desk.run("completions", shell)
    assert done.returncode == 0
    assert "imagechat" in done.stdout


def test_settings_are_shown_and_a_mistake_in_them_is_told(desk: Desk) -> None:
    path = desk.root / "config" / "imagechat" / "config.toml"
    path.parent.mkdir(parents=True)
    path.write_text('glyphs = "half"\ncolours = "256"\n')
    done = desk.run("config", "show", IMAGECHAT_THEME="light")
    assert done.returncode == 0
    assert re.search(rf"^glyphs = half +# {re.escape(str(path))}$", done.stdout, re.MULTILINE)
    assert re.search("^theme = light +# IMAGECHAT_THEME$", done.stdout, re.MULTILINE)
    assert "colours" in done.stderr
    assert desk.run("config", "path").stdout.strip() == str(path)


@pytest.mark.pty
def test_the_demo_is_alive(desk: Desk) -> None:
    terminal = desk.terminal("demo")
    terminal.shows("LIVE", "Dana", within_s=20)
    terminal.press("]", "enter", "r")
    terminal.send("Hello Dana")
    terminal.press("enter")
    terminal.shows("Hello Dana")
    terminal.press("ctrl+q")
    assert terminal.exit_code(within_s=10) == 0


def test_what_one_thinks_of_others_is_said_once_of_each(team: Team) -> None:
    def done(name: str, *args: str) -> str:
        verb = team.desk.run(*args, *team.options(through_proxy=False), IMAGECHAT_SSO=team.token(name))
        assert verb.returncode == 0, verb.stderr
        return said(verb)

    for point, who in (("20,30", "anna"), ("40,30", "anna"), ("60,30", "bob")):
        done(who, "add", "shot.png", "--at", point, "-m", "here")
    for args, words in (
        (("flag", "1", "3"), "Comment 1.1 flagged.\nComment 3.1 flagged."),
        (("flag", "1"), "You had flagged 1.1 already."),
        (("unflag", "1"), "Your flag on 1.1 is taken back."),
        (("unflag", "1"), "You had no flag on 1.1."),
        (
            ("block", "1", "2", "3", "1.1"),
            "Anna is blocked: you do not see what they write.\nBob is blocked: you do not see what they write.",
        ),
        (("block", "2"), "Anna was blocked already."),
        (("unblock", "2", "1"), "Anna is blocked no more: you see what they write again."),
        (("unblock", "1"), "Anna was not blocked."),
    ):
        assert done("carol", args[0], "shot.png", *args[1:]) == f"{words}\n"
        if args[0] == "block":
            listed = json.loads(done("carol", "ls", "shot.png", "--json"))
            shown = [
                (one["author"], one["blocked"], one["text"])
                for m in listed["markers"]
                for one in m["comments"]
            ]
            assert shown == [("Anna", True, None), ("Anna", True, None), ("Bob", True, None)]
            assert "No marker on shot.png matches" in done("carol", "ls", "shot.png", "--filter", "here")
    listed = json.loads(done("carol", "ls", "shot.png", "--json"))
    assert [m["comments"][0]["text"] for m in listed["markers"]] == ["here", "here", None], (
        "Bob is blocked still"
    )


def test_no_marker_is_put_on_a_picture_that_cannot_be_fetched(desk: Desk) -> None:
    nowhere = "http://127.0.0.1:9/shot.png"
    refused = desk.run("add", nowhere, "--at", "3,3", "-m", "here")
    assert (refused.returncode, said(refused)) == (5, "")
    assert "could not be fetched. Nothing answers there." in refused.stderr
    assert "use --url-id" in refused.stderr
    assert desk.json("ls", nowhere, "--json")["markers"] == []
    assert desk.run("add", nowhere, "--url-id", "shot", "--at", "3,3", "-m", "here").returncode == 0
