"""Where a picture is met: read from what lies around it, without running git, whoever put it there."""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import subprocess
import unicodedata
from pathlib import Path

import pytest

from imagechat_tui.cli.sighting import MAX_CONFIG, installation, sighted
from imagechat_tui.protocol.models import Place, PlaceKind
from imagechat_tui.sync.identity import Sighting

WEB = "github.com/acme/web"
REMOTE = '[remote "origin"]\n\turl = git@github.com:acme/web.git\n'


class Box:
    """A machine: a clone of acme/web, a loose folder, the user's data folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.clone = root / "checked out as"
        self.data = root / "data"
        self.loose = root / "loose"
        for folder in (self.clone / ".git", self.clone / "shots", self.loose):
            folder.mkdir(parents=True)
        self.config = self.clone / ".git" / "config"
        self.config.write_text(REMOTE)

    def meets(self, image: str | Path, *, cwd: Path | None = None, **options: str | bytes | None) -> Sighting:
        return sighted(str(image), cwd=cwd or self.clone, data=self.data, **options)  # type: ignore[arg-type]

    def place(self, image: str | Path, *, cwd: Path | None = None) -> Place:
        place = self.meets(image, cwd=cwd).place
        assert place is not None
        return place


@pytest.fixture
def box(tmp_path: Path) -> Box:
    return Box(tmp_path)


def path(value: str, project: str = WEB) -> Place:
    return Place(PlaceKind.PATH, value, project)


def test_a_file_of_a_clone_is_met_by_its_path_in_the_project(box: Box) -> None:
    assert box.meets("shots/a.png") == Sighting("a.png", path("shots/a.png"), folder=str(box.clone))
    for same in ("./shots/a.png", "shots/x/../a.png", str(box.clone / "shots" / "a.png")):
        assert box.meets(same) == box.meets("shots/a.png")
    assert box.place("a.png", cwd=box.clone / "shots") == path("shots/a.png")
    assert box.place("shots/ünï cödé.png") == path("shots/ünï cödé.png")


def test_the_folder_of_a_clone_may_be_called_anything(box: Box) -> None:
    moved = box.root / "web"
    box.clone.rename(moved)
    assert box.place("shots/a.png", cwd=moved) == path("shots/a.png")


def test_letters_may_be_composed_either_way(box: Box) -> None:
    assert box.place(unicodedata.normalize("NFD", "ä.png")) == box.place("ä.png") == path("ä.png")


def test_a_link_is_the_file_that_it_leads_to(box: Box) -> None:
    (box.clone / "shots" / "a.png").write_bytes(b"")
    (box.loose / "link.png").symlink_to(box.clone / "shots" / "a.png")
    (box.root / "other-name").symlink_to(box.clone)
    assert box.meets(box.loose / "link.png").place == path("shots/a.png")
    assert box.meets(box.loose / "link.png").name == "link.png"
    assert box.meets(box.root / "other-name" / "shots" / "a.png").place == path("shots/a.png")


def test_a_loop_of_links_is_a_name_like_any_other(box: Box) -> None:
    (box.clone / "a.png").symlink_to("b.png")
    (box.clone / "b.png").symlink_to("a.png")
    assert box.place("a.png").kind is PlaceKind.PATH


def test_the_settings_file_names_the_project_and_where_its_paths_start(box: Box) -> None:
    (box.clone / "shots" / ".imagechat.toml").write_text('project = "The Shots"')
    assert box.place("shots/a.png") == path("a.png", "The Shots")
    (box.clone / "shots" / ".imagechat.toml").write_text('glyphs = "ascii"')
    assert box.place("shots/a.png") == path("shots/a.png")
    (box.root / ".imagechat.toml").write_text('project = "all"')
    assert box.place("a.png") == path(f"{box.clone.name}/a.png", "all")


def test_a_file_of_no_project_is_met_by_what_only_this_installation_can_make(box: Box) -> None:
    place = box.place(box.loose / "a.png")
    assert place.kind is PlaceKind.FILE
    assert len(place.value) == 64 and "a.png" not in place.value
    assert box.place("../loose/a.png") == place != box.place("../loose/b.png")
    shutil.rmtree(box.data)
    assert box.place(box.loose / "a.png") != place


@pytest.mark.parametrize(
    "config", ["", '[remote "origin"]\nurl = /srv/git/web.git\n', "[core]\n", "\x00\xff"]
)
def test_a_clone_of_nowhere_is_no_project(box: Box, config: str) -> None:
    box.config.write_text(config)
    assert box.place("shots/a.png").kind is PlaceKind.FILE
    assert box.meets("shots/a.png").folder == ""


def test_an_address_is_met_without_what_lets_one_in(box: Box) -> None:
    met = box.meets("HTTPS://Anna:pw@e.org/a.png?sig=1#x")
    assert met.place == Place(PlaceKind.URL, "https://e.org/a.png")
    assert met.name == "a.png"
    assert met.address == "https://Anna:pw@e.org/a.png?sig=1#x"
    assert box.meets("http://e.org/").name == "http://e.org/"
    assert box.meets("https://e.org/a.png?sig=s3cret/x#f").name == "a.png"


def test_a_picture_from_a_pipe_is_met_nowhere(box: Box) -> None:
    digest = hashlib.sha256(b"pixels").hexdigest()
    assert box.meets("-", stdin=b"pixels") == Sighting("stdin", stdin=digest)


@pytest.mark.parametrize("image", ["shots/a.png", "https://e.org/a.png", "-"])
def test_what_the_person_says_of_it_is_kept_as_it_is(box: Box, image: str) -> None:
    met = box.meets(image, url_id="gallery-42", src="/img/trail.jpg", stdin=b"x")
    assert (met.url_id, met.src) == ("gallery-42", "/img/trail.jpg")
    odd = box.meets(image, url_id=os.fsdecode(b"\xff"), src=os.fsdecode(b"\xfe"), stdin=b"x")
    assert (odd.url_id, odd.src) == ("\\xff", "\\xfe")


def test_bytes_that_are_no_text_are_spelled_out(box: Box) -> None:
    met = box.meets(os.fsdecode(b"caf\xe9.png"))
    assert (met.place, met.name) == (path("caf\\xe9.png"), "caf\\xe9.png")


def test_a_larger_picture_is_met_where_the_plain_one_is(box: Box) -> None:
    assert box.meets("shots/a@2x.png").larger is None
    (box.clone / "shots" / "a.png").write_bytes(b"")
    larger = box.meets("shots/a@2x.png").larger
    assert larger is not None
    assert (larger.place, larger.scale) == (path("shots/a.png"), 2)
    assert larger.path == str(box.clone / "shots" / "a.png")


def test_without_a_home_a_loose_file_is_met_nowhere_and_one_of_a_project_is(box: Box) -> None:
    assert sighted("a.png", cwd=box.loose, data=None).place is None
    assert sighted("a.png", cwd=box.clone, data=None).place == path("a.png")


# What git makes


GIT = shutil.which("git")


def git(*args: str, cwd: Path) -> None:
    assert GIT is not None
    env = {"PATH": os.environ["PATH"], "HOME": str(cwd), "GIT_CONFIG_NOSYSTEM": "1"}
    who = ("-c", "user.name=a", "-c", "user.email=a@e.org", "-c", "protocol.file.allow=always")
    subprocess.run([GIT, *who, *args], cwd=cwd, env=env, check=True, capture_output=True)


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A clone that git itself has made, with a remote elsewhere."""
    if GIT is None:
        pytest.skip("git is not installed")
    clone = tmp_path / "clone"
    clone.mkdir()
    git("init", "-q", cwd=clone)
    git("commit", "-q", "--allow-empty", "-m", "x", cwd=clone)
    git("remote", "add", "origin", "https://anna:t0ken@GitHub.com/Acme/Web.git", cwd=clone)
    return clone


def test_a_clone_of_gits(clone: Path) -> None:
    assert sighted("a.png", cwd=clone, data=None).place == path("a.png")


def test_a_worktree_is_the_same_project(clone: Path) -> None:
    git("worktree", "add", "-q", "../tree", "-b", "other", cwd=clone)
    tree = clone.parent / "tree"
    (tree / "sub").mkdir()
    assert (tree / ".git").is_file()
    assert sighted("sub/a.png", cwd=tree, data=None).place == path("sub/a.png")


def test_a_submodule_is_the_project_of_its_own_remote(clone: Path) -> None:
    part = clone.parent / "part"
    part.mkdir()
    git("init", "-q", cwd=part)
    git("commit", "-q", "--allow-empty", "-m", "x", cwd=part)
    git("submodule", "add", "-q", str(part), "part", cwd=clone)
    git("remote", "set-url", "origin", "ssh://git@github.com/acme/part", cwd=clone / "part")
    assert sighted("part/a.png", cwd=clone, data=None).place == path("a.png", "github.com/acme/part")


# A repository that somebody made to do harm


@pytest.mark.security
@pytest.mark.parametrize(
    "pointer",
    [
        "gitdir: /dev/zero",
        "gitdir: nowhere",
        "gitdir:",
        "gitdir: a\x00b",
        "nonsense",
        "gitdir: " + "x/" * 3000,
    ],
)
def test_a_pointer_that_leads_nowhere_is_no_project(box: Box, pointer: str) -> None:
    shutil.rmtree(box.clone / ".git")
    (box.clone / ".git").write_bytes(pointer.encode())
    assert box.place("a.png").kind is PlaceKind.FILE


@pytest.mark.security
def test_only_plain_files_are_read_and_only_so_much_of_them(box: Box) -> None:
    box.config.unlink()
    os.mkfifo(box.config)  # whoever opened it to read would wait for ever
    assert box.place("a.png").kind is PlaceKind.FILE
    box.config.unlink()
    box.config.mkdir()
    assert box.place("a.png").kind is PlaceKind.FILE
    box.config.rmdir()
    box.config.symlink_to("/dev/zero")
    assert box.place("a.png").kind is PlaceKind.FILE
    box.config.unlink()
    box.config.write_text("#" * MAX_CONFIG + "\n" + REMOTE)
    assert box.place("a.png").kind is PlaceKind.FILE


@pytest.mark.security
def test_settings_are_not_followed_into_other_files(box: Box) -> None:
    (box.root / "elsewhere").write_text('[remote "upstream"]\nurl = git@evil.example:a/b\n')
    box.config.write_text(f"[include]\npath = {box.root / 'elsewhere'}\n{REMOTE}")
    assert box.place("a.png") == path("a.png")


@pytest.mark.security
def test_nothing_of_the_machine_is_in_what_is_told(box: Box) -> None:
    for image in (box.loose / "a.png", box.clone / "shots" / "a.png"):
        place = box.place(image)
        assert str(box.root) not in place.value + place.project
        assert os.uname().nodename not in place.value


# The secret of the installation


def test_it_is_made_once_and_is_nobody_elses(box: Box) -> None:
    made = installation(box.data)
    assert made is not None and len(made) == 64
    assert installation(box.data) == made != installation(box.root / "another")
    assert stat.S_IMODE((box.data / "installation").stat().st_mode) == 0o600


@pytest.mark.parametrize("found", ["", "short", "\xff" * 64, "x" * 64])
def test_what_is_none_is_made_anew(box: Box, found: str) -> None:
    box.data.mkdir()
    (box.data / "installation").write_text(found)
    made = installation(box.data)
    assert made is not None and made != found
    assert installation(box.data) == made


@pytest.mark.security
def test_a_link_in_its_place_is_not_written_through(box: Box) -> None:
    box.data.mkdir()
    (box.root / "victim").write_text("mine")
    (box.data / "installation").symlink_to(box.root / "victim")
    assert installation(box.data) is None
    assert (box.root / "victim").read_text() == "mine"


def test_where_nothing_can_be_kept_there_is_none(box: Box) -> None:
    (box.root / "file").write_text("")
    assert installation(box.root / "file" / "data") is None
