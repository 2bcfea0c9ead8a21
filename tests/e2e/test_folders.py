"""Several pictures in one terminal: each is its own room, wherever one is in the folder."""

from __future__ import annotations

import json
import os
import signal

import pytest
from PIL import Image

from tests.e2e.conftest import Desk, place_marker
from tests.e2e.test_link import Team, team
from tests.e2e.test_reading import says

__all__ = ["team"]

pytestmark = [pytest.mark.e2e, pytest.mark.pty]


def make_folder(desk: Desk, *names: str) -> None:
    """Pictures that differ: one with the pixels of another would be in its room."""
    folder = desk.root / "shots"
    folder.mkdir()
    for number, name in enumerate(names):
        picture = Image.new("RGB", (160, 100), (30, 60, 90))
        picture.paste((200, 40 * number, 90), (20, 20, 60, 60))
        picture.save(folder / name, "png")


def test_a_folder_is_gone_through_and_each_picture_is_its_own_room(desk: Desk) -> None:
    make_folder(desk, "shot2.png", "shot10.png", "odd\x1b[31m\n.png")
    (desk.root / "shots" / "shot3.png").write_bytes(b"no picture")
    folder = desk.terminal("shots")
    folder.shows("1/4 odd", "LIVE")
    alone = desk.terminal("shots/shot10.png")
    alone.shows("LIVE", "0 markers")
    folder.send("}")
    folder.shows("2/4 shot2.png", "LIVE", "0 markers")
    place_marker(folder, "On the second", "l")
    folder.shows("1 marker")
    folder.send("}")
    folder.shows("3/4 shot3.png", "LIVE", "Not a picture")
    folder.send("}")
    folder.shows("4/4 shot10.png", "LIVE", "0 markers")
    place_marker(alone, "On the last", "h")
    folder.shows("On the last")
    folder.send("}")
    folder.shows("1/4 odd", "LIVE")
    folder.send("{{{")
    folder.shows("2/4 shot2.png", "LIVE", "On the second")


def test_a_draft_waits_at_its_picture(desk: Desk) -> None:
    make_folder(desk, "a.png", "b.png")
    terminal = desk.terminal("shots")
    terminal.shows("1/2 a.png", "LIVE")
    terminal.send("cHalf a thought\x1b")
    terminal.shows("1 draft")
    terminal.send("}")
    terminal.shows("2/2 b.png", "LIVE")
    terminal.wait_for(lambda: "1 draft" not in terminal.text)
    terminal.send("}")
    terminal.shows("1/2 a.png", "LIVE", "1 draft")


def test_a_write_that_died_with_the_server_is_told_on_the_next_picture(desk: Desk) -> None:
    make_folder(desk, "a.png", "b.png", "c.png")
    terminal = desk.terminal("shots")
    terminal.shows("1/3 a.png", "LIVE")
    pid = desk.server_pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    place_marker(terminal, "checked words", "l")
    terminal.shows("saving")
    os.kill(pid, signal.SIGKILL)
    terminal.shows("Checking")
    terminal.send("}")
    terminal.shows("2/3 b.png", "LIVE")
    terminal.wait_for(lambda: "Your text waits at a.png" in terminal.text, within_s=40, what="the verdict")
    terminal.send("!")
    terminal.shows("Nothing unsent on this picture.", "elsewhere: ")
    terminal.send("p")
    terminal.shows("1 unsent")


def test_names_of_one_picture_do_not_fit_several(desk: Desk) -> None:
    make_folder(desk, "a.png", "b.png")
    terminal = desk.terminal("shots", "--url-id", "key")
    terminal.shows("--url-id and --src are about one picture")
    assert terminal.exit_code() == 2


def test_space_visits_what_was_said_on_all_pictures_during_an_absence(team: Team) -> None:
    make_folder(team.desk, "a.png", "b.png", "c.png")
    options = team.options(through_proxy=False)[:-2]  # no key: each picture has its own room
    anna, bob = (team.token(name) for name in ("anna", "bob"))

    def says_on(name: str, who: str, verb: str, *words: str) -> None:
        done = team.desk.run(verb, f"shots/{name}", *words, *options, IMAGECHAT_SSO=who)
        assert done.returncode == 0, done.stderr

    for name, point in (("a.png", "20,20"), ("a.png", "60,60"), ("c.png", "20,20")):
        says_on(name, anna, "add", "--at", point, "-m", "Question")
    for name, number in (("a.png", "1"), ("a.png", "2"), ("c.png", "1")):
        says_on(name, bob, "reply", number, "-m", f"Answer {number} on {name}")

    here = team.desk.terminal("shots", *options, IMAGECHAT_SSO=anna)
    beside = {
        name: team.desk.terminal(f"shots/{name}", *options, IMAGECHAT_SSO=anna) for name in ("a.png", "c.png")
    }
    says(beside["a.png"], "2 unread")
    says(beside["c.png"], "1 unread")
    says(here, "2 unread, 1 elsewhere")
    second = team.desk.terminal("shots", *options, IMAGECHAT_SSO=anna)
    says(second, "2 unread, 1 elsewhere")
    here.send("p")
    here.shows("1 unread · 1 open", "2 unread · 2 open")
    here.press("esc")
    for answer, name, left, left_in_all in (
        ("Answer 1 on a.png", "a.png", "1 unread", "1 unread, 1 elsewhere"),
        ("Answer 2 on a.png", "a.png", "", "1 unread elsewhere"),
        ("Answer 1 on c.png", "c.png", "", ""),
    ):
        here.send(" ")
        here.shows(answer)
        says(beside[name], left)
        says(second, left_in_all)
    here.shows("3/3 c.png")
    says(here, "")

    here.press("ctrl+q")
    assert here.exit_code() == 0
    says_on("b.png", bob, "add", "--at", "5,5", "-m", "A picture that nobody had talked of")
    Image.new("RGB", (160, 100), "orange").save(team.desk.root / "shots" / "0.png")
    says_on("0.png", bob, "add", "--at", "5,5", "-m", "One that nobody had seen")
    assert "2 unread threads." in team.desk.run("ls", "shots", *options, IMAGECHAT_SSO=anna).stdout
    newcomer = team.desk.run("ls", "shots", *options, IMAGECHAT_SSO=team.token("eve")).stdout
    assert "Markers on" in newcomer and "unread" not in newcomer, (
        "anna was shown the folder, at the same login"
    )
    assert "1 unread thread." in team.desk.run("ls", "shots/0.png", *options, IMAGECHAT_SSO=anna).stdout
    looks = team.desk.terminal("shots", "--explore", *options, IMAGECHAT_SSO=anna)
    says(looks, "1 unread, 1 elsewhere")
    looks.close()
    alone = team.desk.terminal("shots/b.png", "--explore", *options, IMAGECHAT_SSO=anna)
    says(alone, "1 unread")
    alone.close()
    alone = team.desk.terminal("shots/b.png", *options, IMAGECHAT_SSO=anna)
    says(alone, "1 unread")
    alone.close()
    again = team.desk.terminal("shots", *options, IMAGECHAT_SSO=anna)
    again.shows("1/4 0.png")
    says(again, "1 unread, 1 elsewhere")


def test_one_unread_thread_of_a_room_that_several_files_share_is_counted_and_visited_once(team: Team) -> None:
    make_folder(team.desk, "a.png", "other.png")
    folder = team.desk.root / "shots"
    (folder / "copy.png").write_bytes((folder / "a.png").read_bytes())
    (folder / "link.png").symlink_to("a.png")
    options = team.options(through_proxy=False)[:-2]
    anna, bob = (team.token(name) for name in ("anna", "bob"))

    def says_on(name: str, who: str, verb: str, *words: str) -> None:
        done = team.desk.run(verb, f"shots/{name}", *words, *options, IMAGECHAT_SSO=who)
        assert done.returncode == 0, done.stderr

    for name in ("a.png", "copy.png", "link.png", "other.png"):
        says_on(name, anna, "add", "--at", "20,20", "-m", "Question")
    says_on("a.png", bob, "reply", "1", "-m", "The one answer")
    listed = team.desk.run("ls", "shots", "--filter", "is:unread", *options, IMAGECHAT_SSO=anna).stdout
    assert "Markers on 3 of 4 pictures.\n1 unread thread." in listed
    here = team.desk.terminal("shots", *options, IMAGECHAT_SSO=anna)
    here.shows("1/4 a.png", "LIVE")
    here.wait_for(
        lambda: here.lines[0].rstrip().endswith("· 1 unread"), what="one unread thread, none elsewhere"
    )
    here.send("p")
    here.wait_for(
        lambda: here.text.count("1 unread · 3 open") == 3, what="a line of each that shares the room"
    )
    here.press("esc")
    here.send(" ")
    here.shows("The one answer")
    says(here, "")
    here.send(" ")
    here.shows("1/4 a.png", "Nothing unread")


def test_ls_lists_a_whole_folder(desk: Desk) -> None:
    make_folder(desk, "shot2.png", "shot10.png", "shot1.png")
    (desk.root / "shots" / "shot3.png").write_bytes(b"no picture")
    for name, text in (("shot10.png", "On ten"), ("shot1.png", "On one")):
        assert desk.run("add", f"shots/{name}", "--at", "20,20", "-m", text).returncode == 0
    listed = desk.json("ls", "shots", "--json")["pictures"]
    assert isinstance(listed, list)
    texts = {
        one["path"]: [comment["text"] for marker in one["markers"] for comment in marker["comments"]]
        for one in listed
    }
    assert list(texts.items()) == [
        ("shots/shot1.png", ["On one"]), ("shots/shot2.png", []), ("shots/shot3.png", []),
        ("shots/shot10.png", ["On ten"]),
    ]  # fmt: skip
    told = desk.run("ls", "shots")
    assert told.returncode == 0
    assert told.stdout.index("shots/shot1.png") < told.stdout.index("On one") < told.stdout.index("On ten")
    assert "Markers on 2 of 4 pictures." in told.stdout
    named = desk.run("ls", "shots/shot1.png", "shots/shot2.png", "./shots/shot1.png")
    assert "Markers on 1 of 2 pictures." in named.stdout
    for wrong in (("--url-id", "k"), ("--src", "k"), ("-",)):
        refused = desk.run("ls", "shots/shot1.png", "shots/shot2.png", *wrong)
        assert (refused.returncode, refused.stdout) == (2, "")


def test_watch_tells_of_a_whole_folder_and_which_picture_it_was(desk: Desk) -> None:
    make_folder(desk, "a.png", "b.png")
    watching = desk.start("watch", "shots/a.png", "shots/b.png", "--jsonl")
    assert watching.stdout is not None
    live: set[object] = set()
    while len(live) < 2:
        told = json.loads(watching.stdout.readline())
        if told.get("phase") == "live":
            live.add(told["path"])
    assert live == {"shots/a.png", "shots/b.png"}
    assert desk.run("add", "shots/b.png", "--at", "20,20", "-m", "On b").returncode == 0
    while told["type"] != "new-image-chat":
        told = json.loads(watching.stdout.readline())
    assert told["path"] == "shots/b.png"
    watching.send_signal(signal.SIGINT)
    assert watching.wait(30) == 130


def test_more_pictures_than_sockets_are_not_watched(desk: Desk) -> None:
    make_folder(desk, *(f"{number}.png" for number in range(17)))
    done = desk.run("watch", "shots")
    assert done.returncode == 2
    assert "17 pictures" in done.stderr
