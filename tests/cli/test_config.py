"""The verb config: what is in force here, and where each value comes from."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner

from imagechat_tui.cli import OK, run
from imagechat_tui.cli.config import config


@pytest.fixture
def user_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's settings file; nothing else is set."""
    for name in [name for name in os.environ if name.startswith("IMAGECHAT_")]:
        monkeypatch.delenv(name)
    for name in ("CONFIG", "DATA", "STATE", "CACHE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / name))
    (tmp_path / "project").mkdir()
    monkeypatch.chdir(tmp_path / "project")
    path = tmp_path / "CONFIG" / "imagechat" / "config.toml"
    path.parent.mkdir(parents=True)
    return path


def test_each_setting_is_shown_with_its_source(
    user_file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    user_file.write_text('theme = "light"\ncolors = "16"\n')
    Path(".imagechat.toml").write_text('glyphs = "half"\ncolors = "256"\n')
    monkeypatch.setenv("IMAGECHAT_CELL_ASPECT", "2.1")
    assert run(["config", "show"]) == OK
    shown = [line.split("#") for line in capsys.readouterr().out.splitlines()]
    lines = {setting.strip(): source.strip() for setting, source in shown}
    project_file = str(Path(".imagechat.toml").absolute())
    assert lines["theme = light"] == str(user_file)
    assert lines["glyphs = half"] == lines["colors = 256"] == project_file
    assert lines["cell_aspect = 2.1"] == "IMAGECHAT_CELL_ASPECT"
    assert lines["renderer = cells"] == "default"

    assert run(["config", "show", "--json"]) == OK
    document = json.loads(capsys.readouterr().out)
    assert document["sources"].keys() == document["settings"].keys()
    assert document["sources"]["glyphs"] == project_file
    assert document["sources"]["server"] == "default"


def test_a_secret_is_not_shown_and_its_source_is(
    user_file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    user_file.write_text('server = "https://review.example"\ntenant = "design"\n')
    monkeypatch.setenv("IMAGECHAT_SSO", "s3cret")
    assert run(["config", "show"]) == OK
    out = capsys.readouterr().out
    assert "s3cret" not in out
    (line,) = [line for line in out.splitlines() if line.startswith("sso")]
    assert line.split() == ["sso", "=", "***", "#", "IMAGECHAT_SSO"]


def test_every_verb_is_told_in_a_line_that_is_not_cut() -> None:
    done = CliRunner().invoke(config, ["--help"], terminal_width=80)
    assert done.exit_code == 0
    assert "..." not in done.output.replace("[ARGS]...", "")
    assert "that back" not in done.output  # of what, nobody can know there
