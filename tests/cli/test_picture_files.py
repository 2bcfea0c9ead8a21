"""Which file is meant by what people type, paste and drag."""

from __future__ import annotations

import errno
import os
import socket
import unicodedata
from pathlib import Path
from typing import NoReturn

import pytest

from imagechat_tui import problems
from imagechat_tui.cli import NOT_FOUND
from imagechat_tui.cli.failures import explained
from imagechat_tui.cli.picture_files import all_pictures, choose_picture, folded, pictures_in
from imagechat_tui.cli.target import Target, to_write_on
from imagechat_tui.problems import Failed, VerbFailed
from imagechat_tui.words import picture_words


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def make(*names: str, content: bytes = b"pixels") -> None:
    for name in names:
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_bytes(content)


def refused(image: str) -> problems.AnyProblem:
    with pytest.raises(Failed) as failed:
        choose_picture(image)
    return failed.value.problem


# A folder


def test_of_a_folder_only_plain_visible_files_that_hold_something_are_pictures() -> None:
    make("mocks/._a.png", "mocks/.hidden.png", "mocks/notes.txt", "mocks/.png")
    make("mocks/empty.png", content=b"")
    Path("mocks/folder.png").mkdir()
    os.mkfifo("mocks/pipe.png")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("mocks/s.png")
    Path("mocks/dangling.png").symlink_to("nowhere.png")
    Path("mocks/device.png").symlink_to("/dev/zero")
    Path("mocks/to_pipe.png").symlink_to("pipe.png")
    assert pictures_in(Path("mocks")) == []
    assert refused("mocks") == problems.NoPictureInFolder("mocks")
    make("elsewhere.png")
    Path("mocks/link.png").symlink_to("../elsewhere.png")
    assert choose_picture("mocks").image == "mocks/link.png"


@pytest.mark.parametrize(
    "name", ["a.png", "a.PNG", "a.jpg", "a.jpeg", "a.jpe", "a.JFIF", "a.gif", "a.webp", "a.bmp", "ä b.png"]
)
def test_every_kind_of_picture_is_found_by_its_name(name: str) -> None:
    make(f"mocks/{name}")
    assert choose_picture("mocks").image == f"mocks/{name}"


def test_pictures_stand_in_the_order_of_people() -> None:
    names = ["Shot 1.png", "shot 2.png", "shot 010 b.png", "shot 10.png", "zebra.png", "Ärger.png"]
    make(*(f"mocks/{name}" for name in reversed(names)))
    make(f"mocks/{'9' * 200}.png")
    assert pictures_in(Path("mocks")) == [f"{'9' * 200}.png", *names]


def test_it_is_said_which_picture_of_a_folder_was_taken() -> None:
    make("mocks/b.png")
    assert choose_picture("mocks").told == "mocks/b.png is the only picture there."
    make("mocks/a.png")
    assert choose_picture("mocks/").told == "mocks/a.png is the first of 2 pictures there."
    assert choose_picture("mocks/a.png").told == ""


# Several


def named(*images: str) -> list[str]:
    return [choice.image for choice in all_pictures(images)]


def test_a_folder_stands_for_all_its_pictures_among_others() -> None:
    make("mocks/shot10.png", "mocks/shot2.png", "mocks/.hidden.png", "z.png", "a.png")
    assert named("mocks") == ["mocks/shot2.png", "mocks/shot10.png"]
    assert named("z.png", "mocks/", "a.png") == ["z.png", "mocks/shot2.png", "mocks/shot10.png", "a.png"]
    address = "https://host/a.png"
    assert named("-", address) == ["-", address]


def test_what_is_named_twice_is_there_once_where_it_was_named_first(here: Path) -> None:
    make("mocks/a.png", "mocks/b.png")
    assert named("mocks/b.png", "./mocks/../mocks/b.png", "mocks", str(here / "mocks")) == [
        "mocks/b.png",
        "mocks/a.png",
    ]


def test_one_name_without_a_picture_is_told_before_anything_is_shown() -> None:
    make("a.png")
    with pytest.raises(Failed) as failed:
        all_pictures(["a.png", "b.png"])
    assert isinstance(failed.value.problem, problems.PictureMissing)


@pytest.mark.parametrize(
    "name", ["two\nlines.png", "red\x1b[31m.png", "\u202egnp.exe.png", os.fsdecode(b"bad\xff.png"), "-.png"]
)
def test_odd_names_are_pictures_like_others(name: str) -> None:
    make(f"mocks/{name}")
    assert named("mocks") == [f"mocks/{name}"]


def test_a_folder_of_very_many_files_is_taken_whole(here: Path) -> None:
    (here / "mocks").mkdir()
    (here / "mocks" / "0.png").write_bytes(b"pixels")
    for number in range(1, 2000):
        os.link(here / "mocks" / "0.png", here / "mocks" / f"{number}.png")
    assert named("mocks") == [f"mocks/{number}.png" for number in range(2000)]


# A name that looks the same


@pytest.mark.parametrize(
    ("typed", "there"),
    [
        ("Screenshot at 6.41 PM.png", "Screenshot at 6.41\N{NARROW NO-BREAK SPACE}PM.png"),
        ("Screenshot at 6.41\N{NARROW NO-BREAK SPACE}PM.png", "Screenshot at 6.41 PM.png"),
        ("a b.png", "a\N{NO-BREAK SPACE}b.png"),
        ("a b.png", "a\N{THIN SPACE}b.png"),
        ("a b.png", "a\N{IDEOGRAPHIC SPACE}b.png"),
        ("a b.png", "a\N{OGHAM SPACE MARK}b.png"),
        (unicodedata.normalize("NFC", "übersicht é.png"), unicodedata.normalize("NFD", "übersicht é.png")),
        (unicodedata.normalize("NFD", "übersicht é.png"), unicodedata.normalize("NFC", "übersicht é.png")),
        ("a.png", "a\N{ZERO WIDTH SPACE}.png"),
        ("\N{LEFT-TO-RIGHT EMBEDDING}a.png\N{POP DIRECTIONAL FORMATTING}", "a.png"),
        ("office.png", "o\N{LATIN SMALL LIGATURE FFI}ce.png"),
        ("한글.png", unicodedata.normalize("NFD", "한글.png")),
        ("my shots/a.png", "my\N{NO-BREAK SPACE}shots/a.png"),
        ("my shots/new one/a b.png", "my\N{NO-BREAK SPACE}shots/new\N{EM SPACE}one/a\N{EN SPACE}b.png"),
    ],
)
def test_a_name_that_looks_the_same_is_the_file_if_there_is_only_one(typed: str, there: str) -> None:
    make(there, "other.png")
    assert choose_picture(typed).image == there
    assert "looks the same" in choose_picture(typed).told
    assert choose_picture(there).told == ""


def test_a_folder_may_look_the_same_too() -> None:
    make("my\N{NO-BREAK SPACE}shots/a.png")
    choice = choose_picture("my shots")
    assert choice.image == "my\N{NO-BREAK SPACE}shots/a.png"
    assert "looks the same" in choice.told
    assert "only picture" in choice.told


def test_of_several_that_look_the_same_none_is_taken_and_all_are_spelled_out() -> None:
    make("a\N{NO-BREAK SPACE}b.png", "a\N{NARROW NO-BREAK SPACE}b.png")
    assert refused("a b.png") == problems.SeveralLookAlike("a b.png", ("a\\xa0b.png", "a\\u202fb.png"))
    make("a b.png")
    assert choose_picture("a b.png").image == "a b.png"


def test_what_is_not_one_kind_of_space_differs() -> None:
    assert folded("ab.png") != folded("a b.png") != folded("a_b.png")
    assert folded("a.png") != folded("A.png")
    make("ab.png")
    assert isinstance(refused("a b.png"), problems.PictureMissing)


# A name that is spelled almost like it


@pytest.mark.parametrize(
    ("typed", "near"),
    [
        ("shto.png", "shot.png"),
        ("SHOT.PNG", "shot.png"),
        ("shot", "shot.png"),
        ("shot.jpg", "shot.png"),
        ("mocks/shor.png", "mocks/shot.png"),
    ],
)
def test_a_mistyped_name_is_answered_with_what_it_may_have_been(typed: str, near: str) -> None:
    make(near, str(Path(near).with_name("quite-different.png")), str(Path(near).with_name("shot.txt")))
    missing = refused(typed)
    assert isinstance(missing, problems.PictureMissing)
    assert picture_words(missing).action == f"Did you mean {near}?"


def test_nothing_is_guessed_where_nothing_is_near() -> None:
    make("quite-different.png", "1x1.png", "-x.png")
    for name in ("x.png", "shot.png", "no/such/folder/shot.png"):
        assert refused(name) == problems.PictureMissing(name)


# Addresses of files, and homes


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("file://{}/a.png", "a.png"),
        ("file://localhost{}/a.png", "a.png"),
        ("FILE://LocalHost{}/a.png", "a.png"),
        ("file:{}/a.png", "a.png"),
        ("file://{host}{}/a.png", "a.png"),
        ("file://{}/a%20b%25.png", "a b%.png"),
        ("file://{}/caf%C3%A9.png", "café.png"),
        ("file://{}/caf%E9.png", os.fsdecode(b"caf\xe9.png")),
        ("file://{}/café.png", "café.png"),
        ("file://{}/a%23b%3Fc.png", "a#b?c.png"),
        ("file://{}/a#b?c.png", "a#b?c.png"),
        ("file://{}/a.png#part", "a.png"),
        ("file://{}/a.png?v=1", "a.png"),
        ("file://{}/100%.png", "100%.png"),
        ("file://{}/100%zz.png", "100%zz.png"),
    ],
)
def test_the_address_of_a_file_is_the_file(here: Path, address: str, name: str) -> None:
    make(name)
    address = address.replace("{host}", socket.gethostname()).replace("{}", str(here))
    assert choose_picture(address).image == str(here / name)


def test_what_is_on_another_machine_or_fetched_in_another_way_is_said() -> None:
    far = "file://elsewhere.example/home/a.png"
    assert refused(far) == problems.FileElsewhere(far)
    for address in ("ftp://e.org/a.png", "sftp://e.org/a.png", "s3://bucket/a.png"):
        assert refused(address) == problems.SchemeUnknown(address, address.partition(":")[0])


@pytest.mark.parametrize("address", ["file:///nowhere/a.png", "file:///%00.png", "file:///%"])
def test_an_address_without_a_file_is_a_missing_picture(address: str) -> None:
    assert isinstance(refused(address), problems.PictureMissing)


@pytest.mark.parametrize(
    "name", ["~root", "~", "~x.png", "~root/a.png", "http:", "https:a.png", "file:a.png", "-x.png", "a\nb.png",
             os.fsdecode(b"\xff\xfe.png"), " ", "a.png ", "%20.png"],
)  # fmt: skip
def test_a_file_that_is_there_wins_over_what_its_name_may_mean(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", "/nowhere")
    make(name)
    assert choose_picture(name).image == name
    assert choose_picture(name).told == ""


def test_a_home_is_meant_where_no_such_file_is_here(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(here / "home"))
    make("home/a.png")
    assert choose_picture("~/a.png").image == str(here / "home" / "a.png")
    assert isinstance(refused("~nobody-of-this-name/a.png"), problems.PictureMissing)


@pytest.mark.parametrize(
    ("typed", "image"),
    [
        ("-", "-"),
        ("https://e.org/A.png", "https://e.org/A.png"),
        ("HTTPS://E.org/A.png", "https://E.org/A.png"),
        ("https://anna:pw@e.org/a.png", "https://e.org/a.png"),
    ],
)
def test_an_address_and_stdin_are_what_they_are(typed: str, image: str) -> None:
    assert choose_picture(typed).image == image


# What the system says


def test_a_picture_that_may_not_be_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    def locked(path: Path) -> NoReturn:
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr(Path, "stat", locked)
    assert refused("locked/shot.png") == problems.PictureForbidden("locked/shot.png")


@pytest.mark.parametrize("name", ["a" * 300 + ".png", "a.png/b.png", "loop.png", "x/" * 3000 + "a.png"])
def test_names_under_which_nothing_can_be(name: str) -> None:
    make("a.png")
    Path("loop.png").symlink_to("loop.png")
    assert isinstance(refused(name), problems.PictureMissing)


@pytest.mark.parametrize("leads", ["link.png", "gone.png", "a.png/b.png"])
def test_a_link_that_leads_nowhere_is_called_so(leads: str) -> None:
    make("a.png")
    make("link.pmg")
    Path("link.png").symlink_to(leads)
    missing = refused("link.png")
    assert isinstance(missing, problems.PictureMissing)
    told = "No such picture: link.png is a link that leads nowhere. Check where it leads."
    assert picture_words(missing).text == told


@pytest.mark.parametrize(
    ("file", "said"),
    [
        (b"", "empty"),
        (b"only words\n", "text"),
        (b"%PDF-1.7\n", "PDF"),
        (b"\x89PNG\r\n\x1a\n nonsense", None),
        (b"\xff\xd8\xff\xe0 cut off", None),
        (b"\n\x89PNG\r\n\x1a\n behind a blank", None),
    ],
)
def test_what_is_no_picture_at_all_is_not_written_on_and_a_damaged_one_is(
    here: Path, file: bytes, said: str | None
) -> None:
    (here / "a.png").write_bytes(file)

    def chosen(image: str = "a.png", url_id: str | None = None) -> Target:
        return to_write_on(image, url_id=url_id, src=None, server=None, tenant=None, shared=None)

    assert chosen(url_id="key").url_id == "key"
    if said is None:
        assert chosen().image == "a.png"
        return
    with pytest.raises(VerbFailed) as not_there:
        chosen()
    found = explained(not_there.value)
    assert found is not None
    words, code = found
    assert (words.title, code) == ("Not a picture", NOT_FOUND)
    assert said in words.sentence and words.action.endswith("use --url-id.")
    with pytest.raises(VerbFailed):
        chosen("/dev/null")


def test_no_name_is_no_picture() -> None:
    assert refused("") == problems.NoPictureNamed()
