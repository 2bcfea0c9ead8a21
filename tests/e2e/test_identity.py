"""Which picture is it: two people with clones and machines of their own, one server, real programs (PROTOCOL 3.4)."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, PngImagePlugin

from tests.e2e.conftest import IMAGECHAT, Desk, both, place_marker
from tests.terminal import Terminal

pytestmark = pytest.mark.e2e

WEB = "git@github.com:acme/web.git"
SHOP = "https://github.com/acme/shop"


def draw(path: Path, look: str, size: tuple[int, int] = (120, 90), **options: Any) -> None:
    """A picture file: the same look is the same pixels."""
    image = Image.new("RGB", size, look)
    image.paste("white", (size[0] // 3, size[1] // 3, size[0], size[1]))
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save(path, **options)


@dataclass
class Person:
    """Somebody with a home of their own on some machine."""

    desk: Desk
    name: str
    env: dict[str, str] = field(default_factory=dict)

    @property
    def home(self) -> Path:
        return self.desk.root / self.name

    def clone(self, folder: str, remote: str) -> Path:
        """A clone of a remote, in a folder of any name."""
        path = self.home / folder
        (path / ".git").mkdir(parents=True)
        (path / ".git" / "config").write_text(f'[remote "origin"]\n\turl = {remote}\n')
        return path

    def room(self, picture: Path) -> str:
        """Where the picture's markers are."""
        return str(self.desk.json("ls", str(picture), "--json", **self.env)["urlId"])

    def marks(self, picture: Path, text: str = "Look here", at: str = "5,5") -> str:
        """Put a marker on it, as whoever opens it for the first time; the room it is in."""
        self.desk.json("add", str(picture), "--at", at, "-m", text, "--json", **self.env)
        return self.room(picture)

    def tells(self, *args: str) -> Any:
        """What a verb says in JSON."""
        return self.desk.json(*args, "--json", **self.env)

    def texts(self, picture: Path) -> list[str]:
        """What is said on it."""
        document = self.desk.json("ls", str(picture), "--json", **self.env)
        markers = document["markers"]
        assert isinstance(markers, list)
        return [comment["text"] for marker in markers for comment in marker["comments"]]

    def screen(self, picture: Path) -> Terminal:
        line = [*IMAGECHAT, str(picture)]
        if os.geteuid() == 0:
            line = ["unshare", "-u", "sh", "-c", f'hostname {self.env["HOSTNAME"]} && exec "$0" "$@"', *line]
        return self.desk.command(*line, columns=120, rows=40, **self.env)


@pytest.fixture
def anna(desk: Desk) -> Iterator[Person]:
    """At a team's server."""
    data = str(desk.root / "team")
    assert desk.run("tenant", "create", "demo", "--data-dir", data).returncode == 0
    server = desk.start("serve", "--port", "0", "--data-dir", data)
    assert server.stdout is not None
    port = json.loads(server.stdout.readline())["port"]
    yield member(desk, "anna", port)


def member(desk: Desk, name: str, port: str) -> Person:
    """Somebody with an account, and nothing else in common with anybody on this machine."""
    token = desk.run("token", "demo", name, "--data-dir", str(desk.root / "team")).stdout.strip()
    person = Person(desk, name)
    homes = {f"XDG_{what}_HOME": str(person.home / what.lower()) for what in ("DATA", "STATE", "CONFIG")}
    server = {"IMAGECHAT_SERVER": f"http://127.0.0.1:{port}", "IMAGECHAT_TENANT": "demo"}
    person.env = (
        homes | server | {"HOME": str(person.home), "IMAGECHAT_SSO": token, "HOSTNAME": f"box-of-{name}"}
    )
    person.home.mkdir()
    return person


@pytest.fixture
def ben(anna: Person) -> Person:
    return member(anna.desk, "ben", anna.env["IMAGECHAT_SERVER"].rpartition(":")[2])


def test_two_clones_of_one_repository_are_one_room(anna: Person, ben: Person) -> None:
    """Row 1: whatever the folders are called, and by whichever protocol they were cloned."""
    hers, his = anna.clone("web", WEB), ben.clone("web-clone", "https://github.com/Acme/Web")
    for clone in (hers, his):
        draw(clone / "shots" / "a.png", "red")
    room = anna.marks(hers / "shots" / "a.png", "Logo is cut off")
    assert ben.room(his / "shots" / "a.png") == room
    assert ben.texts(his / "shots" / "a.png") == ["Logo is cut off"]


def test_two_unrelated_clones_of_one_name_are_two_rooms(anna: Person, ben: Person) -> None:
    """Row 2."""
    hers, his = anna.clone("web", WEB), ben.clone("web", SHOP)
    draw(hers / "a.png", "red")
    draw(his / "a.png", "blue")
    assert anna.marks(hers / "a.png") != ben.marks(his / "a.png")


def test_who_gets_it_by_mail_joins(anna: Person, ben: Person) -> None:
    """Row 3, and back: also once the copy has been replaced it is the room that it was."""
    clone = anna.clone("web", WEB)
    draw(clone / "mock.png", "red")
    room = anna.marks(clone / "mock.png", "From the mock-up")
    copy = ben.home / "Downloads" / "image (3).png"
    draw(copy, "red", compress_level=0)
    assert ben.texts(copy) == ["From the mock-up"]
    assert ben.marks(copy, "Mine too", at="50,50") == room
    draw(copy, "green")
    assert ben.room(copy) == room


def test_the_same_logo_in_two_projects_is_two_rooms(anna: Person) -> None:
    """Row 4."""
    web, shop = anna.clone("web", WEB), anna.clone("shop", SHOP)
    for clone in (web, shop):
        draw(clone / "logo.png", "red")
    assert anna.marks(web / "logo.png") != anna.marks(shop / "logo.png")


def test_a_renamed_file_keeps_its_room_and_a_copied_one_has_its_own(anna: Person) -> None:
    """Rows 5 and 6; and another picture under the old name is another one."""
    clone = anna.clone("web", WEB)
    draw(clone / "a.png", "red")
    room = anna.marks(clone / "a.png")
    (clone / "a.png").rename(clone / "b.png")
    assert anna.room(clone / "b.png") == room
    anna.marks(clone / "b.png", at="7,7")
    shutil.copy(clone / "b.png", clone / "c.png")
    assert anna.marks(clone / "c.png") != room
    draw(clone / "a.png", "blue")
    assert anna.marks(clone / "a.png") != room
    assert anna.room(clone / "b.png") == room


def test_links_and_composed_letters_lead_to_the_same_room(anna: Person, ben: Person) -> None:
    """Row 7."""
    hers, his = anna.clone("web", WEB), ben.clone("web", WEB)
    draw(hers / unicodedata.normalize("NFD", "ä.png"), "red")
    draw(his / "ä.png", "red")
    (ben.home / "link.png").symlink_to(his / "ä.png")
    room = anna.marks(hers / unicodedata.normalize("NFD", "ä.png"))
    assert ben.room(ben.home / "link.png") == room == ben.room(his / "ä.png")


def test_a_file_packed_anew_is_the_same_picture(anna: Person, ben: Person) -> None:
    """Row 8: recognised by its pixels alone, whatever else is in the file."""
    clone = anna.clone("web", WEB)
    draw(clone / "a.png", "red", compress_level=0)
    room = anna.marks(clone / "a.png")
    text = PngImagePlugin.PngInfo()
    text.add_text("Comment", "packed anew")
    draw(ben.home / "b.png", "red", optimize=True, pnginfo=text)
    assert ben.room(ben.home / "b.png") == room


def test_a_replaced_picture_stays_in_its_room(anna: Person, ben: Person) -> None:
    """Rows 9, 10 and 14: a new mock-up, or a cat."""
    hers, his = anna.clone("web", WEB), ben.clone("web", WEB)
    draw(hers / "a.png", "red")
    room = anna.marks(hers / "a.png")
    draw(his / "a.png", "blue", size=(300, 60))
    assert ben.room(his / "a.png") == room


def test_a_larger_one_is_the_same_room_and_a_crop_is_not(anna: Person) -> None:
    """Row 11."""
    clone = anna.clone("web", WEB)
    draw(clone / "shot.png", "red", size=(120, 90))
    draw(clone / "shot@2x.png", "red", size=(240, 180))
    draw(clone / "crop@2x.png", "red", size=(240, 180))
    draw(clone / "crop.png", "red", size=(100, 90))
    room = anna.marks(clone / "shot.png")
    assert anna.room(clone / "shot@2x.png") == room
    assert anna.marks(clone / "crop@2x.png") not in (room, anna.marks(clone / "crop.png"))


@pytest.mark.security
def test_a_guest_learns_nothing_by_the_bytes(anna: Person, ben: Person) -> None:
    """Row 12."""
    clone = anna.clone("web", WEB)
    draw(clone / "a.png", "red")
    room = anna.marks(clone / "a.png", "Between us")
    draw(ben.home / "a.png", "red")
    guest = {key: value for key, value in ben.env.items() if key != "IMAGECHAT_SSO"}
    stranger = Person(ben.desk, "ben", guest)
    assert stranger.room(ben.home / "a.png") != room
    assert stranger.texts(ben.home / "a.png") == []


def test_blank_pictures_have_rooms_of_their_own(anna: Person, ben: Person) -> None:
    """Row 13."""
    rooms = set()
    for number in range(3):
        clone = anna.clone(f"p{number}", f"https://github.com/acme/p{number}")
        (clone / "blank.png").parent.mkdir(exist_ok=True)
        Image.new("RGB", (120, 90), "white").save(clone / "blank.png")
        rooms.add(anna.marks(clone / "blank.png"))
    Image.new("RGB", (120, 90), "white").save(ben.home / "mine.png")
    assert len({*rooms, ben.marks(ben.home / "mine.png")}) == 4


def test_what_is_only_looked_at_is_not_noted(anna: Person) -> None:
    clone = anna.clone("web", WEB)
    draw(clone / "a.png", "red")
    assert anna.room(clone / "a.png") == "github.com/acme/web/a.png", "nobody's room, and the same for all"
    assert anna.marks(clone / "a.png").startswith("img/")


def test_a_picture_that_is_gone_is_found_by_where_it_was(anna: Person) -> None:
    clone = anna.clone("web", WEB)
    for path in (clone / "a.png", anna.home / "loose.png"):
        draw(path, "red" if path.name == "a.png" else "blue")
        anna.marks(path, path.name)
        path.unlink()
        assert anna.texts(path) == [path.name]


def test_a_machine_may_change_its_name(anna: Person) -> None:
    draw(anna.home / "a.png", "red")
    anna.marks(anna.home / "a.png", "Still here")
    anna.env["HOSTNAME"] = "another-box"
    assert anna.texts(anna.home / "a.png") == ["Still here"]


@pytest.mark.skipif(os.geteuid() != 0, reason="Only root gives a program another host name.")
def test_each_person_here_is_on_a_machine_of_their_own(anna: Person, ben: Person) -> None:
    draw(anna.home / "a.png", "red")
    for person in (anna, ben):
        for host in (anna.env["HOSTNAME"], ben.env["HOSTNAME"]):
            done = person.desk.run("ls", f"file://{host}{anna.home / 'a.png'}", **person.env)
            assert (done.returncode == 0) is (host == person.env["HOSTNAME"]), done.stderr


# What the verbs tell, and change


def test_where_a_picture_is_met_is_told(anna: Person, ben: Person) -> None:
    clone, shop = anna.clone("web", WEB), anna.clone("shop", SHOP)
    draw(clone / "a.png", "red")
    room = anna.marks(clone / "a.png")
    (clone / "a.png").rename(clone / "b.png")
    anna.marks(clone / "b.png", at="7,7")
    told = anna.tells("where", str(clone / "b.png"))
    assert [place["value"] for place in told["places"]] == ["a.png", "b.png"]
    assert (told["urlId"], told["project"], told["matched"]) == (room, "github.com/acme/web", "path")
    assert (told["version"], told["latest"]) == (1, 1)
    draw(shop / "logo.png", "red")
    other = anna.marks(shop / "logo.png")
    (also,) = anna.tells("where", str(clone / "b.png"))["others"]
    assert (also["urlId"], also["markers"], also["why"]) == (other, 1, "pixels")
    draw(ben.home / "mail.png", "red")
    people = ben.desk.run("where", str(ben.home / "mail.png"), **ben.env)
    assert people.returncode == 0, people.stderr
    assert "logo.png in github.com/acme/shop, 1 marker" in people.stdout


def test_where_of_a_picture_that_nobody_has_talked_about(anna: Person) -> None:
    draw(anna.home / "new.png", "red")
    assert (
        "Nobody has talked about new.png"
        in anna.desk.run("where", str(anna.home / "new.png"), **anna.env).stdout
    )
    told = anna.tells("where", str(anna.home / "new.png"))
    assert (told["urlId"], told["places"], told["version"]) == (None, [], None)
    assert anna.tells("versions", str(anna.home / "new.png"))["versions"] == []


def test_a_picture_gets_a_room_of_its_own_and_goes_back(anna: Person, ben: Person) -> None:
    """The mailed copy that is not that picture after all; the last row's "start anew" as well."""
    clone = anna.clone("web", WEB)
    draw(clone / "a.png", "red")
    room, copy = anna.marks(clone / "a.png", "Not his"), ben.home / "b (1).png"
    draw(copy, "red")
    assert ben.marks(copy, at="9,9") == room
    apart = ben.tells("unlink", str(copy))
    assert (apart["left"], ben.room(copy), ben.texts(copy)) == ([room], apart["urlId"], [])
    assert anna.texts(clone / "a.png") == ["Not his", "Look here"], "markers stay"
    again = ben.desk.run("unlink", str(copy), **ben.env)
    assert (again.returncode, again.stdout) == (
        0,
        "Nothing to unlink: b (1).png is alone in its room, and there is no marker.\n",
    )
    assert ben.tells("unlink", str(copy)) == apart | {"left": []}
    said = ben.desk.run("link", str(copy), room, **ben.env)
    assert f"To undo it: imagechat link '{copy}' '{apart['urlId']}'" in said.stdout
    assert ben.room(copy) == room


def test_a_picture_shares_the_room_of_another_or_of_a_key(anna: Person) -> None:
    draw(anna.home / "mock.png", "red")
    draw(anna.home / "final.png", "blue")
    room = anna.marks(anna.home / "mock.png", "Still true")
    anna.tells("link", str(anna.home / "final.png"), str(anna.home / "mock.png"))
    assert anna.texts(anna.home / "final.png") == ["Still true"]
    anna.tells("add", "--url-id", "gallery-42", "gone.png", "--at", "5,5", "-m", "From before images")
    anna.tells("link", str(anna.home / "final.png"), "gallery-42")
    assert anna.room(anna.home / "final.png") == "gallery-42"
    assert anna.room(anna.home / "mock.png") == room
    gone = anna.home / "mock.png"
    gone.unlink()
    anna.tells("link", str(anna.home / "final.png"), str(gone))
    assert anna.room(anna.home / "final.png") == room, "a picture that is gone is known by where it was"


ODD_GOALS = {
    "mistyped": "mokc.png",
    "elsewhere": "/nonexistent/mock.png",
    "above": "../../mock.png",
    "no-key": "img/7k2m9qdt/checkout.png",
    "empty": "",
    "blank": " ",
    "folder": "folder",
    "dangling": "dangling.png",
    "text": "notes.txt",
    "cut-off": "cut.png",
    "long": "k" * 5000,
    "odd": "\x1b[31mä\u202e",
    "scheme": "ftp://example.org/a.png",
    "option": "--",
}


@pytest.mark.parametrize("named", ODD_GOALS.values(), ids=ODD_GOALS)
def test_what_names_no_picture_and_no_room_makes_none(anna: Person, named: str) -> None:
    here = anna.desk.root
    draw(here / "mail.png", "red")
    draw(here / "mock.png", "blue")
    room = anna.marks(here / "mail.png")
    (here / "folder").mkdir()
    (here / "dangling.png").symlink_to("nowhere.png")
    (here / "notes.txt").write_text("mock.png")
    (here / "cut.png").write_bytes((here / "mock.png").read_bytes()[:20])
    done = anna.desk.run("link", "mail.png", "--", named, **anna.env)
    assert done.returncode in (1, 2, 5), done.stdout
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    assert not re.search("[\x00-\x09\x0b-\x1f\u202e]", done.stderr)
    if named == "mokc.png":
        assert "No such picture or room" in done.stderr
        assert "Did you mean mock.png?" in done.stderr
    assert anna.room(here / "mail.png") == room
    if named.strip() and len(named) < 200:
        assert anna.desk.json("ls", "--url-id", named, "x", "--json", **anna.env)["markers"] == []


def test_what_is_met_nowhere_cannot_be_linked(anna: Person) -> None:
    data = Path(anna.desk.picture).read_bytes()
    done = subprocess.run(
        [*IMAGECHAT, "unlink", "-"],
        input=data,
        env=anna.desk.env | anna.env,
        cwd=anna.desk.root,
        capture_output=True,
    )
    assert done.returncode == 2
    assert b"No place to link" in done.stderr


@pytest.mark.pty
def test_a_replaced_picture_is_the_next_version(anna: Person) -> None:
    picture = anna.home / "a.png"
    for look in ("red", "blue"):
        draw(picture, look)
        screen = anna.screen(picture)
        screen.shows("LIVE")
        screen.wait_for(lambda: anna.tells("where", str(picture))["version"] is not None, what="a version")
        screen.press("q")
        assert screen.exit_code() == 0
    one, two = anna.tells("versions", str(picture))["versions"]
    assert [(one["number"], one["current"]), (two["number"], two["current"])] == [(1, False), (2, True)]
    assert (two["by"], two["size"]) == ("demo:anna", [120, 90])
    assert "v2" in anna.desk.run("versions", str(picture), **anna.env).stdout


def test_versions_tell_who_met_them_first(anna: Person, ben: Person) -> None:
    hers, his = (person.clone("web", WEB) / "a.png" for person in (anna, ben))
    draw(hers, "red")
    anna.tells("unlink", str(hers))  # without a word of hers
    draw(his, "blue")
    ben.marks(his)
    told = [anna.desk.run("versions", str(hers), **person.env).stdout for person in (anna, ben)]
    assert [[line.split("  ")[3] for line in lines.splitlines()] for lines in told] == [
        ["Anna", "Ben"],
        ["anna", "Ben"],
    ]


def test_a_marker_is_of_the_version_that_it_was_added_to(anna: Person) -> None:
    picture = anna.home / "a.png"
    for number, look in enumerate(("red", "blue"), 1):
        draw(picture, look)
        anna.tells("add", str(picture), "--at", f"{number},1", "-m", look)
    markers = anna.tells("ls", str(picture))["markers"]
    placed = [(marker["version"], (marker["placement"] or {}).get("state")) for marker in markers]
    assert placed == [(1, "guess"), (2, None)]
    told = anna.desk.run("ls", str(picture), **anna.env).stdout
    assert "1 %, 1 % (made on v1, look where it is)" in told
    assert "2 %, 1 %  open" in told
    draw(picture, "red")
    assert "1 %, 1 %  open" in anna.desk.run("ls", str(picture), **anna.env).stdout


@pytest.mark.pty
def test_two_screens_with_a_clone_each_are_live_with_each_other(anna: Person, ben: Person) -> None:
    hers, his = anna.clone("web", WEB), ben.clone("elsewhere", WEB)
    for clone in (hers, his):
        draw(clone / "a.png", "red")
    here, there = anna.screen(hers / "a.png"), ben.screen(his / "a.png")
    both(here, there, show="LIVE")
    place_marker(here, "Seen by both")
    both(here, there, show="Seen by both")


@pytest.mark.pty
def test_a_colleague_opens_a_mailed_copy_and_is_in_the_room(anna: Person, ben: Person) -> None:
    clone = anna.clone("web", WEB)
    draw(clone / "a.png", "red")
    here = anna.screen(clone / "a.png")
    here.shows("LIVE")
    place_marker(here, "Please look")
    here.shows("1 marker")
    draw(ben.home / "mail.png", "red")
    there = ben.screen(ben.home / "mail.png")
    there.shows("LIVE", "Please look")


@pytest.mark.pty
def test_the_drafts_of_a_renamed_file_are_found_by_its_room(anna: Person) -> None:
    clone = anna.clone("web", WEB)
    draw(clone / "a.png", "red")
    anna.marks(clone / "a.png")
    screen = anna.screen(clone / "a.png")
    screen.shows("LIVE", "1 marker")
    screen.press("c")
    screen.shows("WRITING")
    screen.send("Half a thought")
    screen.press("esc")
    screen.shows("1 draft")
    screen.press("q")
    assert screen.exit_code() == 0
    (clone / "a.png").rename(clone / "b.png")
    screen = anna.screen(clone / "b.png")
    screen.shows("LIVE", "1 marker", "1 draft")
    screen.press("q")
    assert screen.exit_code() == 0
    draw(clone / "a.png", "blue")
    screen = anna.screen(clone / "a.png")
    screen.shows("LIVE", "No markers yet")
    assert "1 draft" not in screen.text, "another picture has come where it was"


@pytest.mark.pty
def test_who_landed_in_a_room_starts_anew_and_goes_to_the_other_and_back(anna: Person, ben: Person) -> None:
    clone = anna.clone("web", WEB)
    draw(clone / "a.png", "red")
    room = anna.marks(clone / "a.png", "Between us")
    copy = ben.home / "mail.png"
    draw(copy, "red")
    screen = ben.screen(copy)
    screen.shows("LIVE", "Between us", "Anna discusses this picture here")
    screen.press("g", "n")
    screen.shows("Start anew?", room)
    screen.press("y")
    screen.shows("Started anew", "No markers yet", "LIVE")
    assert ben.room(copy) != room
    screen.press("g", "o")
    screen.shows("Between us", "LIVE")
    screen.press("g", "o")
    screen.shows("No markers yet", "LIVE")
    screen.press("q")
    assert screen.exit_code() == 0
    assert ben.tells("link", str(copy), room)["urlId"] == room
    assert ben.texts(copy) == ["Between us"]


@pytest.mark.pty
def test_who_looks_at_a_picture_that_is_linked_elsewhere_is_told_with_r_and_goes_there(anna: Person) -> None:
    mock, final = anna.home / "mock.png", anna.home / "final.png"
    draw(mock, "red")
    draw(final, "blue")
    room = anna.marks(mock, "Over there")
    screen = anna.screen(final)
    screen.shows("LIVE", "No markers yet")
    assert anna.tells("link", str(final), str(mock))["urlId"] == room
    screen.press("R")
    screen.shows("Linked elsewhere")
    screen.press("g", "o")
    screen.shows("Over there", "LIVE")
