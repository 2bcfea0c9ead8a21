"""Every setting of a server comes by flag, then variable, then its file, then the default; what is wrong is told."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from imagechat_tui.cli import OK, USAGE, run
from imagechat_tui.cli.serve_settings import Setting
from imagechat_tui.cli.serve_verb import serve
from imagechat_tui.server.process.options import ServeOptions
from imagechat_tui.settings import MAX_FILE_BYTES
from imagechat_tui.settings import SERVE_PREFIX as PREFIX

SETTINGS = {option.key: option for option in serve.params if isinstance(option, Setting)}

Case = tuple[str, str, str, str, Callable[[str], Any]]
TEXTS: Callable[[str], Any] = lambda value: (value,)  # noqa: E731
FILES = (__file__, pytest.__file__, str(Path(__file__).with_name("__init__.py")))
"""Three that are there."""
CASES: dict[str, Case] = {
    # field of the options; what flag, variable and file say; what comes of it
    "host": ("host", "127.0.0.2", "127.0.0.3", "127.0.0.4", str),
    "port": ("port", "1", "2", "3", int),
    "tls_cert": ("tls_cert", *FILES, Path),
    "tls_key": ("tls_key", *FILES, Path),
    "data_dir": ("data_dir", "/f", "/v", "/t", Path),
    "allow_host": ("hosts", "f.example", "v.example", "t.example", TEXTS),
    "allow_origin": ("origins", "https://f.example", "https://v.example", "https://t.example", TEXTS),
    "trust_proxy": ("trusted_proxies", "10.0.0.1/32", "10.0.0.2/32", "10.0.0.3/32", TEXTS),
    "limit": ("limits", "write=1/s,2", "write=3/s,4", "write=5/s,6", TEXTS),
    "database_url": ("database_url", "postgresql://f/x", "postgresql://v/x", "postgresql://t/x", str),
    "bus_url": ("bus_url", "redis://f", "redis://v", "redis://t", str),
    "workers": ("workers", "2", "3", "4", int),
}
BESIDE = {
    "tls_key": ("--tls-cert", FILES[0]),
    "bus_url": ("--database-url", "postgresql://b/x"),
    "workers": ("--database-url", "postgresql://b/x", "--bus-url", "redis://b"),
}
"""What each cannot do without."""


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[ServeOptions]:
    """What servers were started with, of which none was."""
    started: list[ServeOptions] = []

    def start(options: ServeOptions) -> int:
        started.append(options)
        return OK

    monkeypatch.setattr("imagechat_tui.server.process.run.serve", start)
    return started


def variable(key: str) -> str:
    envvar = SETTINGS[key].envvar
    assert isinstance(envvar, str)
    return envvar


def in_file(key: str, value: str) -> str:
    quoted = value if key in ("port", "workers") else f'"{value}"'
    return f"{key} = [{quoted}]\n" if SETTINGS[key].multiple else f"{key} = {quoted}\n"


def test_every_setting_is_in_the_table() -> None:
    assert SETTINGS.keys() - CASES.keys() == {"simple_sso"}  # a flag without a value
    kept = {"database_url": "IMAGECHAT_DATABASE_URL", "bus_url": "IMAGECHAT_BUS_URL"}
    assert {key: variable(key) for key in SETTINGS} == {
        key: kept.get(key, f"{PREFIX}{key.upper()}") for key in SETTINGS
    }


@pytest.mark.parametrize("key", CASES)
def test_a_flag_comes_before_a_variable_and_that_before_the_file(
    tmp_path: Path, served: list[ServeOptions], monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    field, flag, said, told, read = CASES[key]
    file = tmp_path / "serve.toml"
    file.write_text(in_file(key, told))
    beside = [*BESIDE.get(key, ()), *(() if key == "data_dir" else ("--data-dir", str(tmp_path)))]
    option = f"--{key.replace('_', '-')}"
    assert run(["serve", *beside]) == OK
    assert run(["serve", "--config", str(file), *beside]) == OK
    monkeypatch.setenv(f"{PREFIX}CONFIG", str(file))
    assert run(["serve", *beside]) == OK
    monkeypatch.setenv(variable(key), said)
    assert run(["serve", *beside]) == OK
    assert run(["serve", option, flag, *beside]) == OK
    monkeypatch.setenv(f"{PREFIX}PORT", "7")
    assert run(["serve", "--local", "--runtime-dir", str(tmp_path), "--data-dir", str(tmp_path)]) == OK
    *team, local = served
    default = getattr(team[0], field)
    assert [getattr(options, field) for options in team[1:]] == [
        read(told),
        read(told),
        read(said),
        read(flag),
    ]
    assert default not in (read(told), read(said), read(flag))
    assert local.port is None
    assert key == "data_dir" or getattr(local, field) == getattr(served[-1], field) != read(said)


def test_a_switch_is_set_by_any_of_them_and_turned_off_by_the_variable(
    tmp_path: Path, served: list[ServeOptions], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "serve.toml"
    file.write_text("simple_sso = true\n")
    assert run(["serve", "--config", str(file)]) == OK
    monkeypatch.setenv(variable("simple_sso"), "false")
    assert run(["serve", "--config", str(file)]) == OK
    assert run(["serve", "--config", str(file), "--simple-sso"]) == OK
    assert [options.simple_sso for options in served] == [True, False, True]


def test_files_are_named_from_where_the_settings_stand_and_lists_are_lists(
    tmp_path: Path, served: list[ServeOptions], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "serve.toml"
    (tmp_path / "cert.pem").touch()
    file.write_text('data_dir = "data"\ntls_cert = "cert.pem"\nallow_host = ["a.example", "b.example"]\n')
    monkeypatch.setenv(variable("limit"), "write=1/s,2 penalty-s=3")
    monkeypatch.setenv(variable("trust_proxy"), "10.0.0.1 10.1.0.0/16")
    assert run(["serve", "--config", str(file)]) == OK
    (options,) = served
    assert (options.data_dir, options.tls_cert) == (tmp_path / "data", tmp_path / "cert.pem")
    assert options.hosts == ("a.example", "b.example")
    assert options.trusted_proxies == ("10.0.0.1/32", "10.1.0.0/16")
    assert len(options.limits) == 2


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("# a\nport = 70000\n", 2, "port: 70000 is no whole number from 0 to 65535."),
        ('port = "many"\n', 1, "port: 'many' is no whole number from 0 to 65535."),
        ('workers = "some"\n', 1, "workers: 'some' is no whole number from 1 to 64."),
        ('tls_cert = "nowhere.pem"\n', 1, "nowhere.pem' does not exist."),
        ('limit = ["write=5/s,20", "write=6/s,20"]\n', 1, "limit: write is given twice."),
        ("port = 1\n[limit]\nwrite = 3\n", 2, "limit is a table, and there is none"),
        ("port = 1\n[[other]]\nwrite = 3\n", 2, "other is a table, and there is none"),
        ("port = 1\nlimit.write = 3\n", 2, "limit is a table, and there is none"),
        (
            '\n\nlimit = ["write=fast"]\n',
            3,
            "limit: write=fast is not a limit of a server. Give it a value such as",
        ),
        ('host = "127.0.0.1"\nallow_host = ["a b"]\n', 2, "allow_host"),
        ('trust_proxy = ["proxy.example"]\n', 1, "trust_proxy"),
        ('allow_origin = "nowhere"\n', 1, "allow_origin"),
        ("simple_sso = 1\n", 1, "true or false"),
        ("allow_host = [1]\n", 1, "a list of texts"),
        ("host = true\n", 1, "a text or a number"),
        ('host = ""\n', 1, "host is empty"),
        ("prot = 1\n", 1, "there is no setting 'prot'; it takes host, port"),
        ("local = true\n", 1, "there is no setting"),
        ("port = 1\nport = 2\n", 2, "port is set twice."),
        ("port = 1\n\nport = 2", 3, "port is set twice."),
        ('host = """\n\n', 2, "Unterminated string."),
        ("port =\n", 1, "Invalid value"),
    ],
)
def test_what_is_wrong_in_the_file_is_told_with_its_line_and_nothing_is_started(
    tmp_path: Path,
    served: list[ServeOptions],
    capsys: pytest.CaptureFixture[str],
    text: str,
    line: int,
    words: str,
) -> None:
    file = tmp_path / "serve.toml"
    file.write_text(text)
    assert run(["serve", "--config", str(file)]) == USAGE
    told = " ".join(capsys.readouterr().err.split())
    assert f"serve.toml, line {line}: " in told
    assert words in told
    assert served == []


def test_what_serves_this_machine_alone_goes_by_its_flags(
    tmp_path: Path,
    served: list[ServeOptions],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    file = tmp_path / "serve.toml"
    for key in ("shared", "local"):
        file.write_text(f'{key} = "{tmp_path}"\n')
        assert run(["serve", "--config", str(file)]) == USAGE
        assert f"serve.toml, line 1: there is no setting '{key}'; it takes host, port" in " ".join(
            capsys.readouterr().err.split()
        )
        monkeypatch.setenv(f"{PREFIX}{key.upper()}", str(tmp_path))
    assert run(["serve", "--port", "7", "--data-dir", str(tmp_path)]) == OK
    assert [(options.port, options.shared) for options in served] == [(7, False)]


def test_a_file_that_is_not_there_and_a_wrong_variable_are_told(
    tmp_path: Path,
    served: list[ServeOptions],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert run(["serve", "--config", str(tmp_path / "none.toml")]) == USAGE
    assert "none.toml: No such file" in capsys.readouterr().err
    monkeypatch.setenv(variable("port"), "many")
    assert run(["serve"]) == USAGE
    assert variable("port") in capsys.readouterr().err
    assert run(["serve", "--shared", str(tmp_path), "--config", str(tmp_path / "none.toml")]) == USAGE
    assert "leave out --config" in capsys.readouterr().err
    assert served == []


WRONG = {
    "limit": ("bogus", "bogus is not a limit of a server. Give it the name of one and a value"),
    "trust_proxy": ("bogus", "bogus is not an IP address. Give it the address from which the proxy connects"),
    "allow_host": ("https://a.example", "https://a.example is not a host name. Give it the name alone"),
    "allow_origin": ("nowhere", "nowhere is not the origin of a web page. Give it scheme and host"),
    "tls_cert": ("/nowhere/cert.pem", "'/nowhere/cert.pem' does not exist."),
    "tls_key": ("/nowhere/key.pem", "'/nowhere/key.pem' does not exist."),
    "port": ("many", "'many' is no whole number from 0 to 65535."),
    "workers": ("0", "'0' is no whole number from 1 to 64."),
}


@pytest.mark.parametrize("key", WRONG)
def test_what_is_wrong_in_a_variable_is_told_with_its_name_and_not_with_the_flag_s(
    served: list[ServeOptions], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    value, words = WRONG[key]
    monkeypatch.setenv(variable(key), value)
    assert run(["serve"]) == USAGE
    told = " ".join(capsys.readouterr().err.split())
    assert variable(key) in told
    assert words in told
    assert f"Give --{key.replace('_', '-')}" not in told
    assert served == []


def test_a_variable_that_is_misspelt_is_told_once_with_what_was_meant(
    served: list[ServeOptions],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    for name in (f"{PREFIX}PRT", "IMAGECHAT_METRIC_TOKEN", "IMAGECHAT_OF_MY_OWN", f"{PREFIX}PORT"):
        monkeypatch.setenv(name, "7")
    assert run(["serve"]) == OK
    told = capsys.readouterr().err
    assert f"{PREFIX}PRT: it is no variable of imagechat; did you mean {PREFIX}PORT?" in told
    assert "did you mean IMAGECHAT_METRICS_TOKEN?" in told
    assert len(told.splitlines()) == 2
    assert run(["serve", "--shared", str(tmp_path)]) == OK
    assert capsys.readouterr().err == "", "that goes by none of them"


def test_why_a_file_is_no_settings_file_is_told(
    tmp_path: Path, served: list[ServeOptions], capsys: pytest.CaptureFixture[str]
) -> None:
    pipe, bytes_, large = tmp_path / "pipe", tmp_path / "bytes", tmp_path / "large"
    os.mkfifo(pipe)
    bytes_.write_bytes(b"\xff\xfe")
    large.write_bytes(b"#" * (MAX_FILE_BYTES + 1))
    for file, words in (
        (pipe, "it is no plain file"),
        (bytes_, "it is not UTF-8"),
        (large, "it is larger than"),
    ):
        assert run(["serve", "--config", str(file)]) == USAGE
        assert words in " ".join(capsys.readouterr().err.split())
    assert served == []


def test_a_limit_that_is_given_twice_is_none(
    served: list[ServeOptions], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["serve", "--limit", "write=5/s,20", "--limit", "write=6/s,20"]) == USAGE
    assert "write is given twice." in capsys.readouterr().err
    assert served == []
