"""Which picture it is: every form of a remote, every rule of whose room it gets (PROTOCOL 3.4)."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from msgspec.structs import replace

from imagechat_tui.protocol.ids import ImageId, UrlId
from imagechat_tui.protocol.models import OtherImage, Place, PlaceKind, Why
from imagechat_tui.protocol.routes import MAX_PLACE, MAX_PROJECT, NEW_IMAGE, ImageReply
from imagechat_tui.protocol.thread_keys import clean
from imagechat_tui.sync.identity import (
    Scaled,
    bound_to,
    hosted_key,
    is_scaled,
    path_place,
    project_of_config,
    project_of_remote,
    project_of_settings,
    scaled,
    url_place,
)

WEB = "github.com/acme/web"

# Projects


@pytest.mark.parametrize(
    "url",
    [
        "https://github.com/acme/web.git",
        "https://github.com/acme/web",
        "https://github.com/acme/web/",
        "http://github.com/acme/web.git",
        "https://anna:t0ken@github.com/acme/web.git",
        "https://github.com:443/acme/web.git",
        "ssh://git@github.com/acme/web.git",
        "ssh://git@github.com:22/acme/web.git",
        "git+ssh://git@github.com/acme/web",
        "git://github.com/acme/web.git",
        "git@github.com:acme/web.git",
        "git@github.com:/acme/web.git",
        "github.com:acme/web",
        "git@GitHub.com:Acme/Web.GIT",
        "https://github.com//acme///web.git/",
        "https://github.com./acme/web",
    ],
)
def test_however_a_remote_is_written_it_is_the_same_project(url: str) -> None:
    assert project_of_remote(url) == WEB


@pytest.mark.parametrize(
    ("url", "project"),
    [
        ("https://gitlab.example/a/b/c/web.git", "gitlab.example/a/b/c/web"),
        ("git@[2001:db8::1]:acme/web.git", "[2001:db8::1]/acme/web"),
        ("ssh://git@[2001:DB8::1]:2222/acme/web", "[2001:db8::1]/acme/web"),
        ("build-box:web.git", "build-box/web"),
        ("git@host:~anna/web", "host/~anna/web"),
        ("https://host/acme/a%20b.git", "host/acme/a b"),
        ("https://host/acme/web.git.git", "host/acme/web.git"),
        ("https://host/acme/.github", "host/acme/.github"),
    ],
)
def test_other_hosts_and_depths(url: str, project: str) -> None:
    assert project_of_remote(url) == project


@pytest.mark.parametrize(
    "url",
    [
        "",
        "/srv/git/web.git",
        "../web",
        "./a:b",
        "~/web.git",
        "file:///srv/git/web.git",
        "C:\\git\\web",
        "C:/git/web",
        "ext::sh -c evil",
        "https://",
        "https://github.com",
        "https://github.com/",
        "https://github.com/.git",
        "https://github.com/acme/../web",
        "https://github.com/acme/%2e%2e/web",
        "https://github.com/acme/web?x=1",
        "https://github.com/acme/web#x",
        "https://github.com/acme/%ff",
        "https://github.com/ac\x1bme/web",
        "https://github.com:port/acme/web",
        "https://[half/acme/web",
        "https://a b/acme/web",
        "-oProxyCommand=evil:web",
        "git@host:",
        f"https://github.com/{'x' * MAX_PROJECT}",
        "ftp://host/web",
    ],
)
def test_what_is_no_address_of_another_host_makes_no_project(url: str) -> None:
    assert project_of_remote(url) is None


def config(**remotes: str) -> str:
    return "[core]\n\tbare = false\n" + "".join(
        f'[remote "{name}"]\n\turl = {url}\n\tfetch = +refs/heads/*:refs/remotes/{name}/*\n'
        for name, url in remotes.items()
    )


def test_the_upstream_of_a_fork_is_the_project_and_else_its_origin() -> None:
    fork, web, other = "git@github.com:anna/web", "git@github.com:acme/web", "https://host/x"
    assert project_of_config(config(origin=fork, upstream=web)) == WEB
    assert project_of_config(config(other=other, origin=web)) == WEB
    assert project_of_config(config(backup=web)) == WEB
    assert project_of_config(config(one=web, two=other)) is None
    assert project_of_config(config()) is None
    assert project_of_config(config(origin="/srv/web.git", backup=web)) is None


@pytest.mark.parametrize(
    "text",
    [
        '[remote "origin"]\nurl=git@github.com:acme/web.git',
        '[remote "origin"]\r\n\turl = git@github.com:acme/web.git\r\n',
        '[REMOTE "origin"]\n URL = git@github.com:acme/web.git ; the forge',
        '[remote "origin"] url = git@github.com:acme/web.git # the forge',
        '[remote "origin"]\n\turl = "git@github.com:acme/web.git"',
        '[remote "origin"]\n\turl = "git@github.com:"acme/web.git',
        '[remote "origin"]\n\turl = git@github.com:\\\nacme/web.git',
        "[remote.origin]\n\turl = git@github.com:acme/web.git",
        '[remote "or\\igin"]\n\turl = git@github.com:acme/web.git',
        '# [remote "upstream"]\n[remote "origin"]\n#url = x:y/z\nurl = git@github.com:acme/web.git',
        '[remote "origin"]\nurl = git@github.com:acme/web.git\nurl = git@host:second/one.git',
        '[remote "origin"]\npushurl = git@host:a/b\nurl = git@github.com:acme/web.git',
        '[branch "main"]\nremote = origin\nurl = git@host:a/b\n[remote "origin"]\nurl=github.com:acme/web',
        '[url "git@host:"]\ninsteadOf = git@github.com:\n[remote "origin"]\nurl = git@github.com:acme/web',
        '[include]\npath = ../evil\n[remote "origin"]\nurl = git@github.com:acme/web',
        '[remote "origin"]\nurl = git@github.com:acme/web\n[broken\nurl = git@host:a/b',
    ],
)
def test_settings_are_read_as_git_reads_them(text: str) -> None:
    assert project_of_config(text) == WEB


@given(st.text() | st.text('[]"\\=#;\n remotuglivx:/@.'))
@example('[remote "origin"]\nurl = "' + "\\" * 99)
@example('[remote "' + '\\"' * 500)
@example("[remote \x00]\nurl")
def test_no_text_of_a_repository_does_more_than_name_a_project(text: str) -> None:
    for project in (project_of_config(text), project_of_remote(text), project_of_settings(text)):
        assert project is None or (0 < len(project) <= MAX_PROJECT and project.isprintable())


@given(
    st.from_regex(r"[a-z][a-z0-9.-]{0,20}[a-z0-9]", fullmatch=True),
    st.from_regex(r"[a-z0-9_-]{1,10}(/[a-z0-9_-]{1,10}){0,3}", fullmatch=True),
)
def test_every_form_of_an_address_names_the_same(host: str, path: str) -> None:
    forms = (f"https://{host}/{path}.git", f"ssh://git@{host}:2222/{path}", f"git@{host}:{path}.git")
    assert {project_of_remote(form) for form in forms} == {f"{host}/{path}"}


def test_a_name_in_the_settings_is_kept_as_it_is() -> None:
    assert project_of_settings("Web Shop") == "Web Shop"
    assert project_of_settings(unicodedata.normalize("NFD", "Überblick")) == "Überblick"
    assert project_of_settings("  ") is project_of_settings("a\nb") is project_of_settings("x" * 501) is None


# Places


def test_a_path_is_the_same_however_its_letters_are_composed() -> None:
    nfd = path_place(WEB, unicodedata.normalize("NFD", "schön/ä b.png"))
    assert nfd == path_place(WEB, "schön/ä b.png") == Place(PlaceKind.PATH, "schön/ä b.png", WEB)
    assert path_place(WEB, "x" * (MAX_PLACE + 1)) is None


@pytest.mark.parametrize(
    ("address", "value"),
    [
        ("https://e.org/a.png", "https://e.org/a.png"),
        ("https://e.org", "https://e.org/"),
        ("HTTPS://E.org:443/A.png#top", "https://e.org/A.png"),
        ("http://anna:secret@e.org:8080/a.png", "http://e.org:8080/a.png"),
        ("https://[2001:db8::1]/a.png", "https://[2001:db8::1]/a.png"),
        ("https://e.org/a.png?w=3&utm_source=x&h=4", "https://e.org/a.png?w=3&h=4"),
        ("https://e.org/a?X-Amz-Signature=1&X-Amz-Date=2&id=7", "https://e.org/a?id=7"),
        ("https://e.org/a?Expires=1&Signature=2&Key-Pair-Id=3", "https://e.org/a"),
        ("https://e.org/a?sv=1&se=2&sr=b&sig=3", "https://e.org/a"),
        ("https://e.org/a?sv=en&se=2", "https://e.org/a?sv=en&se=2"),
        ("https://e.org/a?ex=1&is=2&hm=3&", "https://e.org/a"),
        ("https://e.org/a?is=2", "https://e.org/a?is=2"),
        ("https://e.org/a?token=1", "https://e.org/a"),
    ],
)
def test_an_address_is_known_without_what_lets_one_in(address: str, value: str) -> None:
    assert url_place(address) == Place(PlaceKind.URL, value)


@given(st.text() | st.from_regex(r"https?://[^ ]{0,40}"))
@example("https://[half/a.png")
@example("http://e.org:99999/")
@example("http://\udcff/")
def test_cleaning_an_address_twice_changes_nothing(address: str) -> None:
    place = url_place(address)
    if place is not None:
        assert url_place(place.value) == place
        assert clean(UrlId(place.value)) == place.value
        assert "#" not in place.value


def test_a_name_says_how_many_times_as_large_its_picture_is() -> None:
    assert scaled("shot@2x.png") == Scaled("shot.png", 2)
    assert scaled("a/b@3x") == Scaled("a/b", 3)
    assert (
        scaled("a@2x.b/shot.png") is scaled("shot@4x.png") is scaled("@2x.png") is scaled("shot.png") is None
    )


@pytest.mark.parametrize(
    ("size", "plain", "scale", "same"),
    [
        ((200, 100), (100, 50), 2, True),
        ((199, 99), (100, 50), 2, True),
        ((201, 100), (100, 50), 2, False),
        ((300, 148), (100, 50), 3, True),
        ((200, 100), (100, 60), 2, False),
        ((100, 50), (100, 50), 2, False),
    ],
)
def test_a_larger_picture_is_as_large_as_its_name_says(
    size: tuple[int, int], plain: tuple[int, int], scale: int, same: bool
) -> None:
    assert is_scaled(size, plain, scale) is same


def test_a_server_that_knows_no_images_gets_a_key_that_two_people_make_alike() -> None:
    pixels = "ab" * 32
    assert hosted_key(path_place(WEB, "a/b.png"), pixels) == "github.com/acme/web/a/b.png"
    assert hosted_key(url_place("https://e.org/a?sig=1"), pixels) == "https://e.org/a"
    assert hosted_key(Place(PlaceKind.FILE, "c" * 64), pixels) == f"sha256:{pixels[:32]}"
    assert hosted_key(None, pixels) == f"sha256:{pixels[:32]}"


# Whose room

ALIKE = OtherImage(ImageId("i1"), UrlId("img/1"), "a.png", WEB, 4, ("a.png",), Why.PIXELS)
LOOSE = replace(ALIKE, project="", paths=())
ABROAD = replace(ALIKE, project="github.com/acme/shop", paths=())
MOVED = replace(ALIKE, id=ImageId("i2"), paths=("b.png",), why=Why.MOVED)


def bound(*others: OtherImage, name: str = "b.png", project: str = WEB, here: str = "") -> ImageId:
    return bound_to(ImageReply(None, others), name, project, here.split())


def test_nobody_knows_it_so_it_is_new() -> None:
    assert bound() == bound(project="") == NEW_IMAGE


def test_the_file_was_renamed() -> None:
    assert bound(ALIKE) == ALIKE.id


def test_the_file_was_copied() -> None:
    assert bound(ALIKE, here="a.png") == NEW_IMAGE


def test_one_of_its_names_is_left() -> None:
    assert bound(replace(ALIKE, paths=("a.png", "c.png")), here="c.png") == NEW_IMAGE


def test_of_two_that_may_have_been_renamed_the_one_of_this_name_was() -> None:
    one = replace(ALIKE, paths=("old/a.png",))
    two = replace(ALIKE, id=ImageId("i3"), paths=("old/b.png",))
    assert bound(one, two) == two.id
    assert bound(one, two, name="c.png") == NEW_IMAGE


@pytest.mark.parametrize(("other", "project"), [(ALIKE, ""), (LOOSE, WEB), (LOOSE, ""), (ABROAD, "")])
def test_a_copy_without_a_project_joins_the_only_room(other: OtherImage, project: str) -> None:
    assert bound(replace(other, paths=()), project=project) == other.id


def test_two_rooms_have_the_same_pixels_and_none_is_joined() -> None:
    assert bound(LOOSE, replace(ABROAD, id=ImageId("i3")), project="") == NEW_IMAGE


def test_a_room_where_nobody_has_said_anything_keeps_nobody_from_the_one_where_people_talk() -> None:
    silent = replace(ABROAD, id=ImageId("i3"), markers=0)
    assert bound(silent, LOOSE, project="") == LOOSE.id
    assert bound(silent, replace(LOOSE, markers=0), project="") == NEW_IMAGE


def test_the_same_logo_in_two_projects_has_two_rooms() -> None:
    assert bound(ABROAD) == NEW_IMAGE


def test_a_place_without_paths_was_not_renamed() -> None:
    assert bound(replace(ALIKE, paths=())) == NEW_IMAGE


def test_another_picture_under_the_name_that_one_moved_away_from_is_new() -> None:
    assert bound(MOVED, name="a.png", here="b.png") == NEW_IMAGE


def test_where_it_never_moved_a_new_mock_up_stays_in_its_room() -> None:
    """On another branch the picture still has its old name."""
    assert bound(MOVED, name="a.png", here="a.png") == MOVED.id


@given(
    st.lists(
        st.builds(
            OtherImage,
            id=st.sampled_from([ImageId("i1"), ImageId("i2"), ImageId("i3")]),
            url_id=st.just(UrlId("img/1")),
            name=st.just("a"),
            project=st.sampled_from(["", WEB, "x/y"]),
            markers=st.integers(0, 3),
            paths=st.lists(st.sampled_from(["a", "b", "c"])).map(tuple),
            why=st.sampled_from(Why),
        )
    ),
    st.sampled_from(["a", "b"]),
    st.sampled_from(["", WEB]),
    st.sets(st.sampled_from(["a", "b", "c"])),
)
def test_it_is_one_of_those_told_of_or_new_and_never_one_whose_file_is_here(
    others: list[OtherImage], name: str, project: str, here: set[str]
) -> None:
    chosen = bound_to(ImageReply(None, tuple(others)), name, project, here)
    candidates = [other for other in others if other.id == chosen]
    assert chosen == NEW_IMAGE or candidates
    if chosen != NEW_IMAGE and project:
        assert any(not here.intersection(other.paths) for other in candidates) or any(
            not other.project for other in candidates
        )
