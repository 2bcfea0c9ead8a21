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


@pytest.mark.security
def test_a_trusted_proxy_is_an_address(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[tuple[str, ...]] = []

    def served(options: ServeOptions) -> int:
        taken.append(options.trusted_proxies)
        return OK

    monkeypatch.setattr("imagechat_tui.server.process.run.serve", served)
    common = ["serve", "--port", "0", "--data-dir", str(tmp_path / "data")]
    assert run([*common, "--trusted-proxy", "127.0.0.1", "--trusted-proxy", "2001:DB8::1"]) == OK
    assert taken == [("127.0.0.1", "2001:db8::1")]
    for given in ("proxy.example.net", "127.0.0.1:80"):
        assert run([*common, "--trusted-proxy", given]) == USAGE
        assert "--trusted-proxy" in capsys.readouterr().err
    assert len(taken) == 1


@pytest.mark.parametrize(
    ("folder", "options", "word"),
    [
        ("data", ("--host", "name.invalid"), "name.invalid"),
        ("data", ("--tls-cert", "nowhere.pem"), "nowhere.pem"),
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
