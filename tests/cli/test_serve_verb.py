"""The verb serve as an operator runs it: a process of its own."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from http.client import HTTPConnection
from pathlib import Path

import pytest

from imagechat_tui.cli import ERROR, OK, USAGE, run
from imagechat_tui.cli.serve_verb import METRICS_TOKEN
from imagechat_tui.server.process.options import ServeOptions

pytestmark = pytest.mark.e2e

COMMAND = (sys.executable, "-m", "imagechat_tui", "serve", "--port", "0", "--data-dir")


def test_it_prints_one_line_of_json_serves_and_ends_when_told(tmp_path: Path) -> None:
    with subprocess.Popen(
        [*COMMAND, str(tmp_path / "data")], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as server:
        try:
            assert server.stdout is not None
            line = json.loads(server.stdout.readline())
            assert line.keys() == {"ready", "port", "socket", "pid", "version"}
            assert (line["ready"], line["socket"], line["pid"]) == (True, None, server.pid)
            for path in ("/healthz", "/readyz", "/readyz/"):
                link = HTTPConnection("127.0.0.1", line["port"], timeout=60)
                link.request("GET", path)
                answer = link.getresponse()
                assert (answer.status, json.loads(answer.read())) == (200, {"status": "success"})
                link.close()
            server.send_signal(signal.SIGTERM)
            rest, log = server.communicate(timeout=60)
        finally:
            server.kill()
    assert (server.returncode, rest) == (OK, "")
    assert "Traceback" not in log


@pytest.mark.security
@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7"])
def test_without_tls_it_listens_on_this_machine_only(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    monkeypatch.setattr("imagechat_tui.server.process.run.serve", lambda options: OK)
    assert run(["serve", "--host", host, "--port", "0", "--data-dir", str(tmp_path / "data")]) == USAGE
    out, err = capsys.readouterr()
    assert out == ""
    assert f"On {host} without TLS" in err
    assert "--tls-cert" in err


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[ServeOptions]:
    """What servers were started with, of which none was."""
    taken: list[ServeOptions] = []

    def serve(options: ServeOptions) -> int:
        taken.append(options)
        return OK

    monkeypatch.setattr("imagechat_tui.server.process.run.serve", serve)
    return taken


@pytest.mark.security
@pytest.mark.parametrize(
    ("option", "given", "field", "taken"),
    [
        ("--trust-proxy", "127.0.0.1", "trusted_proxies", "127.0.0.1/32"),
        ("--trust-proxy", "2001:DB8::/32", "trusted_proxies", "2001:db8::/32"),
        ("--limit", "write=2.5/s,10", "limits", "write=2.5/s,10"),
        ("--limit", "seats-per-user=3", "limits", "seats-per-user=3"),
        ("--allow-origin", "https://example.com", "origins", "https://example.com"),
        ("--allow-origin", "https://Example.com/", "origins", "https://example.com"),
        ("--allow-origin", "https://example.com:443", "origins", "https://example.com"),
        ("--allow-origin", "http://[::1]:8080", "origins", "http://[::1]:8080"),
        ("--allow-origin", "app://viewer", "origins", "app://viewer"),
        ("--allow-host", "review.example", "hosts", "review.example"),
        ("--allow-host", "design_box", "hosts", "design_box"),
        ("--allow-host", "::1", "hosts", "::1"),
    ],
)
def test_who_may_come_in_is_named_as_requests_name_them(
    tmp_path: Path, served: list[ServeOptions], option: str, given: str, field: str, taken: str
) -> None:
    assert run(["serve", "--port", "0", "--data-dir", str(tmp_path / "data"), option, given]) == OK
    assert [getattr(options, field) for options in served] == [(taken,)]


@pytest.mark.security
@pytest.mark.parametrize(
    ("option", "given"),
    [
        *(("--trust-proxy", given) for given in ("proxy.example.net", "127.0.0.1:80", "10.0.0.1/8")),
        *(("--limit", given) for given in ("write", "write=5", "writes=5/s,20", "seats-per-user=0")),
        *(("--allow-origin", given) for given in ("x", "example.com", "https://", "https://a/page", "https://a b")),
        *(("--allow-origin", given) for given in ("*", "null", "https://u@a", "https://a:99999", "https://a:")),
        *(("--allow-host", given) for given in ("a b", "a:8787", "https://a", "*.example", "a/b", "a\nb")),
    ],
)  # fmt: skip
def test_what_no_request_could_name_is_not_let_in(
    tmp_path: Path, served: list[ServeOptions], capsys: pytest.CaptureFixture[str], option: str, given: str
) -> None:
    assert run(["serve", "--port", "0", "--data-dir", str(tmp_path / "data"), option, given]) == USAGE
    assert f"Give {option} " in capsys.readouterr().err
    assert served == []


@pytest.mark.parametrize(
    "options",
    [
        ("--shared", ".", "--port", "1"),
        ("--shared", ".", "--data-dir", "data"),
        ("--shared", ".", "--tls-cert", "cert.pem"),
        ("--shared", ".", "--allow-host", "review.example"),
        ("--shared", ".", "--allow-origin", "https://example.com"),
        ("--shared", ".", "--trust-proxy", "127.0.0.1"),
        ("--shared", ".", "--simple-sso"),
        ("--tls-key", "key.pem"),
    ],
)
def test_an_option_that_would_do_nothing_is_not_taken(
    served: list[ServeOptions], capsys: pytest.CaptureFixture[str], options: tuple[str, ...]
) -> None:
    assert run(["serve", *options]) == USAGE
    assert next(option for option in reversed(options) if option.startswith("--")) in capsys.readouterr().err
    assert served == []


@pytest.mark.parametrize(
    ("folder", "options", "word"),
    [
        ("data", ("--host", "name.invalid"), "name.invalid"),
        ("data", ("--tls-cert", __file__), "test_serve_verb.py or its key cannot be used"),
        ("file/data", (), "cannot be used"),
    ],
)
def test_what_stops_it_is_one_sentence(
    tmp_path: Path, folder: str, options: tuple[str, ...], word: str
) -> None:
    (tmp_path / "file").write_text("")
    done = subprocess.run(
        [*COMMAND, str(tmp_path / folder), *options],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (ERROR, "")
    assert word in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.security
@pytest.mark.parametrize(
    ("variable", "how", "token"),
    [(None, (), None), ("", (), None), ("s3cret", (), "s3cret"), ("s3cret", ("--local",), None)],
)
def test_the_token_for_metrics_comes_from_the_environment(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    served: list[ServeOptions],
    variable: str | None,
    how: tuple[str, ...],
    token: str | None,
) -> None:
    monkeypatch.delenv(METRICS_TOKEN, raising=False)
    if variable is not None:
        monkeypatch.setenv(METRICS_TOKEN, variable)
    assert run(["serve", *how, "--data-dir", str(tmp_path)]) == OK
    assert served[0].metrics_token == token
