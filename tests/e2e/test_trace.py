"""A session with a real server, an outage included, runs again from its trace as it was."""

from __future__ import annotations

import json
import os
import signal

import pytest

from tests.e2e.conftest import Desk, place_marker
from tests.terminal import wait_for

pytestmark = [pytest.mark.e2e, pytest.mark.pty]


def test_a_session_with_an_outage_runs_again_without_a_difference(desk: Desk) -> None:
    here = desk.terminal("shot.png", "--trace", "bug.jsonl")
    here.shows("LIVE")
    place_marker(here, "Logo is cut off")
    here.shows("1 marker", "Logo is cut off")
    # The marker may be seen before it is answered; what another one says comes after the answer.
    desk.json("add", "shot.png", "--at", "9,9", "-m", "Before the outage", "--json")
    here.shows("Before the outage")
    before = desk.server_pid
    assert before is not None
    os.kill(before, signal.SIGKILL)
    wait_for(lambda: desk.server_pid not in (None, before), within_s=20, what="another server")
    desk.json("add", "shot.png", "--at", "5,5", "-m", "From somewhere else", "--json")
    here.shows("From somewhere else")
    here.press("q")
    assert here.exit_code() == 0

    trace = desk.root / "bug.jsonl"
    lines = trace.read_text().splitlines()
    inputs = [json.loads(line)["input"]["is"] for line in lines[1:]]
    assert {"Submitted", "ReplyArrived", "SocketClosed", "EventReceived"} <= {*inputs}
    assert "Logo" not in trace.read_text()
    assert desk.picture.name not in trace.read_text()
    done = desk.run("trace", "bug.jsonl")
    assert done.returncode == 0, done.stdout[-2000:]
    assert done.stdout.endswith(f"Replayed up to line {len(lines)}: no difference.\n")


def test_the_variable_has_a_watch_recorded_and_a_kill_leaves_what_was_written(desk: Desk) -> None:
    watch = desk.terminal("watch", "shot.png", "--jsonl", IMAGECHAT_TRACE=str(desk.root / "w.jsonl"))
    watch.shows('"live"')
    desk.json("add", "shot.png", "--at", "5,5", "-m", "Seen", "--json")
    watch.shows("new-image-chat")
    watch.process.kill()
    done = desk.run("trace", "w.jsonl")
    assert done.returncode == 0, done.stdout[-2000:]
    assert "EventReceived -> " in done.stdout


def test_no_token_is_in_it(desk: Desk) -> None:
    data = ("--data-dir", str(desk.root / "team"))
    assert desk.run("tenant", "create", "design", *data).returncode == 0
    token = desk.run("token", "design", "anna", "--name", "Anna Berg", *data).stdout.strip()
    assert len(token) > 40
    server = desk.start("serve", "--port", "0", *data)
    assert server.stdout is not None
    address = f"http://127.0.0.1:{json.loads(server.stdout.readline())['port']}"
    options = ("--jsonl", "--trace", "w.jsonl", "--server", address, "--tenant", "design")
    watch = desk.terminal("watch", "shot.png", *options, IMAGECHAT_SSO=token)
    watch.shows('"live"')
    watch.press("\x03")
    assert watch.exit_code() == 130
    text = (desk.root / "w.jsonl").read_text()
    assert "SnapshotLoaded" in text
    for secret in (token, "Anna", "anna"):
        assert secret not in text


def test_a_place_that_cannot_be_written_is_told_before_the_screen(desk: Desk) -> None:
    for place in ("shot.png", "none/t.jsonl"):
        here = desk.terminal("shot.png", "--trace", place)
        here.shows("imagechat: ")
        assert here.exit_code() == 1
    assert desk.picture.read_bytes().startswith(b"\x89PNG")
