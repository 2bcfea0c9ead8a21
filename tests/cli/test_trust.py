"""A project's wishes: asked once, remembered by value, never taken for granted."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click
import pytest

from imagechat_tui import typed_ahead
from imagechat_tui.cli import OK, USAGE, run, trust
from imagechat_tui.cli.trust import Purpose, answer_path, answered, granted, remember
from imagechat_tui.problems import VerbFailed
from imagechat_tui.settings import Folders, Wish
from imagechat_tui.words import verb_words

pytestmark = pytest.mark.security

SERVER = Wish(Path("/shop/.imagechat.toml"), "server", "https://review.example")
LIMIT = Wish(Path("/shop/.imagechat.toml"), "max_megapixels", "5000")


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    return Folders(tmp_path / "config", tmp_path / "data", tmp_path / "state")


@pytest.fixture
def person(monkeypatch: pytest.MonkeyPatch) -> Callable[[bool], list[str]]:
    """Somebody at a terminal who gives this answer; what they were asked."""

    def answers(yes: bool) -> list[str]:
        asked: list[str] = []

        def confirmed(text: str) -> bool:
            asked.append(text)
            return yes

        monkeypatch.setattr(sys.stdin, "isatty", lambda: True)
        monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
        monkeypatch.setattr(trust, "confirmed", confirmed)
        return asked

    return answers


@pytest.mark.parametrize("yes", [True, False])
def test_the_person_is_asked_once_for_all_and_the_answer_is_kept(
    folders: Folders, person: Callable[[bool], list[str]], capsys: pytest.CaptureFixture[str], yes: bool
) -> None:
    asked = person(yes)
    both = [SERVER, LIMIT]
    for _ in range(2):
        assert granted(folders, both, Purpose.READ) == (both if yes else [])
    assert len(asked) == 1
    said = capsys.readouterr().err
    assert "/shop/.imagechat.toml" in said
    assert "server = https://review.example" in said
    assert "max_megapixels = 5000" in said
    assert [answered(folders, wish) for wish in both] == [yes, yes]


def test_what_is_typed_once_the_question_begins_to_show_answers_it(
    folders: Folders, person: Callable[[bool], list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was typed earlier is thrown away, and whoever reads the first line may answer already."""
    happened: list[str] = []

    @contextmanager
    def asking() -> Iterator[None]:
        happened.append("earlier keys thrown away")
        yield

    def echo(line: str, **options: object) -> None:
        happened.append(line)

    person(True)
    monkeypatch.setattr(typed_ahead, "asking", asking)
    monkeypatch.setattr(click, "echo", echo)
    granted(folders, [SERVER], Purpose.READ)
    assert happened[0] == "earlier keys thrown away"
    assert any("asks for" in line for line in happened)


@pytest.mark.parametrize(
    "other",
    [
        Wish(SERVER.file, "server", "https://evil.example"),
        Wish(SERVER.file, "shared", SERVER.value),
        Wish(Path("/other/.imagechat.toml"), "server", SERVER.value),
        Wish(SERVER.file, "server", SERVER.value, "another tenant"),
    ],
)
def test_another_wish_is_another_question(folders: Folders, other: Wish) -> None:
    remember(folders, [SERVER], allowed=True)
    assert answered(folders, SERVER) is True
    assert answered(folders, other) is None


def test_a_tenant_is_asked_for_with_its_server_and_without_an_answer_nothing_is_written(
    folders: Folders, person: Callable[[bool], list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    file = SERVER.file
    tenant = Wish(file, "tenant", "other", SERVER.value)
    with pytest.raises(VerbFailed) as failed:
        granted(folders, [tenant], Purpose.WRITE)
    words = verb_words(failed.value.problem).text
    assert "tenant = other" in words
    assert "imagechat config trust; or name yours with --tenant" in words
    person(True)
    assert granted(folders, [tenant], Purpose.WRITE) == [tenant]
    asked = capsys.readouterr().err
    assert "tenant = other" in asked
    assert f"that tenant of {SERVER.value}" in asked
    assert answered(folders, Wish(file, "tenant", "other", "https://second.example")) is None
    assert answered(folders, Wish(file, "tenant", "third", SERVER.value)) is None


def test_only_what_was_not_answered_is_asked(
    folders: Folders, person: Callable[[bool], list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    remember(folders, [SERVER], allowed=False)
    person(True)
    assert granted(folders, [SERVER, LIMIT], Purpose.READ) == [LIMIT]
    assert "server" not in capsys.readouterr().err


def test_where_nobody_can_be_asked_reading_goes_on_without_and_writing_does_not(
    folders: Folders, capsys: pytest.CaptureFixture[str]
) -> None:
    assert granted(folders, [SERVER, LIMIT], Purpose.READ) == []
    assert "imagechat config trust" in capsys.readouterr().err
    assert granted(folders, [LIMIT], Purpose.WRITE) == []
    with pytest.raises(VerbFailed) as failed:
        granted(folders, [SERVER, LIMIT], Purpose.WRITE)
    assert "https://review.example" in verb_words(failed.value.problem).text
    remember(folders, [SERVER, LIMIT], allowed=False)
    capsys.readouterr()
    assert granted(folders, [SERVER, LIMIT], Purpose.WRITE) == []
    assert capsys.readouterr().err == ""


def test_an_answer_that_cannot_be_kept_counts_this_once(
    folders: Folders, person: Callable[[bool], list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    person(True)
    folders.state.write_text("a file where the folder should be")
    assert granted(folders, [SERVER], Purpose.WRITE) == [SERVER]
    assert "cannot be kept" in capsys.readouterr().err


def test_a_kept_answer_is_of_the_person_alone_and_any_other_file_is_none(folders: Folders) -> None:
    odd = Wish(Path("/caf\udce9/.imagechat.toml"), "shared", "/a\nb\udcff")
    remember(folders, [odd], allowed=True)
    path = answer_path(folders.state, odd)
    assert path.parent.stat().st_mode & 0o077 == 0
    assert answered(folders, odd) is True
    for content in (b"", b"allowed?", b"\xff", b"yes\n"):
        path.write_bytes(content)
        assert answered(folders, odd) is None


def test_the_project_here_is_trusted_and_distrusted_by_a_verb(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("CONFIG", "DATA", "STATE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / name))
    monkeypatch.chdir(tmp_path)

    def shown() -> tuple[str, str]:
        assert run(["config", "show"]) == OK
        out, err = capsys.readouterr()
        return next(line.split("#")[0].strip() for line in out.splitlines() if "max_meg" in line), err

    assert run(["config", "trust"]) == OK
    assert "No project's file" in capsys.readouterr().out
    Path(".imagechat.toml").write_text("max_megapixels = 90")
    value, told = shown()
    assert (value, "imagechat config trust" in told) == ("max_megapixels = 60.0", True)
    assert run(["config", "trust"]) == OK
    assert "max_megapixels = 90" in capsys.readouterr().out
    assert shown() == ("max_megapixels = 90.0", "")
    Path(".imagechat.toml").write_text("max_megapixels = 91")
    assert shown()[0] == "max_megapixels = 60.0"
    assert run(["config", "distrust"]) == OK
    capsys.readouterr()
    assert shown() == ("max_megapixels = 60.0", "")


def own_file(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The settings file, not there yet, of somebody who works in their home."""
    for name in ("CONFIG", "DATA", "STATE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(home / name))
    monkeypatch.chdir(home)
    own = home / "CONFIG" / "imagechat" / "config.toml"
    own.parent.mkdir(parents=True)
    return own


@pytest.mark.parametrize("server_of", ["user", "variable"])
def test_a_tenant_is_allowed_by_the_verb_for_the_server_that_is_named_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], server_of: str
) -> None:
    own = own_file(tmp_path, monkeypatch)
    own.write_text(f'{f"server = {SERVER.value!r}" if server_of == "user" else ""}\ntenant = "design"')
    if server_of == "variable":
        monkeypatch.setenv("IMAGECHAT_SERVER", SERVER.value)

    def tenant() -> str:
        assert run(["config", "show"]) == OK
        out, _ = capsys.readouterr()
        return next(line.split()[2] for line in out.splitlines() if line.startswith("tenant"))

    Path(".imagechat.toml").write_text('tenant = "other"')
    assert tenant() == "design"
    assert run(["config", "trust"]) == OK
    assert SERVER.value in capsys.readouterr().out
    assert tenant() == "other"
    Path(".imagechat.toml").write_text('tenant = "third"')  # it is asked for anew
    assert tenant() == "design"


@pytest.mark.parametrize("source", ["project", "user", "variable"])
def test_a_server_that_is_none_is_told_and_skipped_and_nothing_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], source: str
) -> None:
    own = own_file(tmp_path, monkeypatch)
    if source == "variable":
        monkeypatch.setenv("IMAGECHAT_SERVER", "//")
    else:
        (own if source == "user" else Path(".imagechat.toml")).write_text('server = "//"')
    assert run(["config", "show"]) == OK
    assert "server must be an address like https://host, not '//' (skipped)" in capsys.readouterr().err
    Path("shot.png").write_bytes(b"")
    assert run(["add", "shot.png", "--at", "2,2", "-m", "wet"]) == USAGE
    assert "Not a server: //" in capsys.readouterr().err
