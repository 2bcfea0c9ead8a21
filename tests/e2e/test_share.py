"""A picture that is handed on by a link: whoever opens it is in the same room, without the file."""

from __future__ import annotations

import shlex
import shutil
from pathlib import Path

import pytest

from tests.e2e.conftest import DEMO_PICTURE, both, place_marker
from tests.e2e.test_identity import WEB, Person, anna, ben, draw

__all__ = ["anna", "ben"]

pytestmark = [pytest.mark.e2e, pytest.mark.pty]


def shared(person: Person, picture: Path, *flags: str) -> list[str]:
    """What comes after ``imagechat`` in the line that a colleague is given."""
    done = person.desk.run("share", str(picture), *flags, **person.env)
    assert done.returncode == 0, done.stderr
    command = shlex.split(done.stdout)
    assert command[0] == "imagechat"
    return command[1:]


def without_server(person: Person) -> dict[str, str]:
    """Somebody with a token, whose settings name no server."""
    return {
        key: value for key, value in person.env.items() if key not in ("IMAGECHAT_SERVER", "IMAGECHAT_TENANT")
    }


def test_two_who_open_it_meet_on_the_screen(anna: Person, ben: Person) -> None:
    picture = anna.clone("web", WEB) / "checkout.png"
    shutil.copy(DEMO_PICTURE, picture)
    anna.marks(picture, "The logo is cut off")
    given = shared(anna, picture)
    here = anna.desk.terminal(str(picture), columns=120, rows=40, **anna.env)
    there = ben.desk.terminal(*given, columns=120, rows=40, **without_server(ben))
    both(here, there, show="The logo is cut off")
    assert "checkout.png" in there.lines[0]
    place_marker(there, "It is on purpose", "l", "l")
    both(here, there, show="It is on purpose")
    place_marker(here, "Since when", "h", "j")
    both(here, there, show="Since when")


def test_a_picture_that_no_pixels_find_is_found_by_its_link(anna: Person, ben: Person) -> None:
    """So small a one looks like too many others."""
    picture = anna.home / "dot.png"
    draw(picture, "red", size=(20, 20))
    told = anna.tells("share", str(picture))
    ben.desk.json("add", told["url"], "--at", "5,5", "-m", "Too red", "--json", **ben.env)
    assert anna.texts(picture) == ["Too red"]
    anna.marks(picture, "Redder", at="7,7")
    listed = ben.tells("ls", told["url"])
    assert listed["urlId"] == told["urlId"] == anna.room(picture)
    assert [marker["version"] for marker in listed["markers"]] == [1, 1]
    assert (told["sent"], anna.tells("share", str(picture))) == (True, told | {"sent": False})


def test_the_link_leads_to_the_room_that_the_sharer_named(anna: Person, ben: Person) -> None:
    """Also where the same file is in two, and whatever letters their keys have."""
    picture = anna.home / "a.png"
    draw(picture, "red")
    for key in ("Größe 100%/#1?", "the-shot"):
        url = anna.tells("share", str(picture), "--url-id", key)["url"]
        assert url.isascii()
        ben.desk.json("add", url, "--at", "5,5", "-m", key, "--json", **ben.env)
        assert [m["comments"][0]["text"] for m in anna.tells("ls", "--url-id", key, "-")["markers"]] == [key]


def test_what_no_link_helps_is_refused_before_anything_is_sent(anna: Person, ben: Person) -> None:
    picture = anna.home / "a.png"
    draw(picture, "red")
    local = without_server(anna)

    def refused(*args: str, **env: str) -> str:
        done = anna.desk.run(*args, **env)
        assert (done.returncode, done.stdout) == (2, ""), done.stderr
        return done.stderr

    assert "The local server is yours alone" in refused("share", str(picture), **local)
    assert "It has an address already" in refused("share", "https://example.org/a.png", **anna.env)
    large = anna.home / "large.bmp"
    draw(large, "red", size=(2700, 2700))
    assert "at most 20 MiB" in refused("share", str(large), **anna.env, IMAGECHAT_MAX_FILE_MIB="40")
    url = anna.tells("share", str(picture))["url"]
    elsewhere = refused("ls", url, **local)
    assert "the local server is in use" in elsewhere
    assert f"--server {anna.env['IMAGECHAT_SERVER']} --tenant demo" in elsewhere
    other = ("--server", "https://a.example")
    assert "demo on https://a.example is in use" in refused(
        "add", url, "--at", "1,1", "-m", "x", *other, **anna.env
    )


def test_who_does_not_sign_in_opens_a_link_and_sends_nothing(anna: Person, ben: Person) -> None:
    picture, other = anna.home / "a.png", anna.home / "b.png"
    draw(picture, "red")
    draw(other, "blue")
    url = anna.tells("share", str(picture))["url"]
    guest = {key: value for key, value in ben.env.items() if key != "IMAGECHAT_SSO"}
    assert ben.desk.json("where", url, "--json", **guest)["urlId"] == anna.room(picture)
    ben.desk.terminal(url, columns=120, rows=40, **guest).shows("READ-ONLY", "120×90", "No markers yet")
    done = ben.desk.run("share", str(other), **guest)
    assert (done.returncode, done.stdout) == (4, "")
    assert "not signed in" in done.stderr


def test_a_link_to_a_picture_that_is_not_there_says_so(anna: Person) -> None:
    server = anna.env["IMAGECHAT_SERVER"]
    screen = anna.desk.terminal(
        f"{server}/images/demo/{'0' * 64}#img/x/gone.png", columns=120, rows=40, **anna.env
    )
    screen.shows("No such picture")
    assert "gone.png" in screen.lines[0]
