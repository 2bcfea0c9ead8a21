"""Two and three terminals on one picture, nothing set up: what one does is on the others' screens."""

from __future__ import annotations

import os
import signal

import pytest

from tests.e2e.conftest import Desk, both, place_marker
from tests.terminal import bells, wait_for

pytestmark = [pytest.mark.e2e, pytest.mark.pty]


def test_what_one_terminal_does_is_on_the_other(desk: Desk) -> None:
    one, two = desk.terminal("shot.png"), desk.terminal("shot.png")
    both(one, two, show="LIVE")

    place_marker(one, "Logo is cut off", "l", "l", "j")
    both(one, two, show="Logo is cut off")

    two.press("]", "enter")
    two.shows("Logo is cut off")
    two.press("r")
    two.send("Since the last deploy")
    two.press("enter")
    both(two, show="Since the last deploy")
    one.press("]", "enter")
    both(one, two, show="Since the last deploy")

    two.press("e")
    two.shows("Since the last deploy")
    two.send(" on Monday")
    two.press("enter")
    both(one, two, show="Since the last deploy on Monday")

    two.press("d")
    two.wait_for(lambda: "elete" in two.text, what="the question")
    two.press("y")
    wait_for(lambda: all("Monday" not in t.text for t in (one, two)), within_s=15, what="the comment to go")


def test_own_actions_in_another_session_come_without_bell_or_double(desk: Desk) -> None:
    terminals = [desk.terminal("shot.png") for _ in range(3)]
    both(*terminals, show="LIVE")
    place_marker(terminals[0], "Contrast too low", "l")
    both(*terminals, show="Contrast too low")
    both(*terminals, show="1 marker")
    for terminal in terminals:
        terminal.quiet()
        assert bells(terminal) == 0
    listing = desk.json("ls", "shot.png", "--json")
    markers = listing["markers"]
    assert isinstance(markers, list)
    assert len(markers) == 1


def test_two_terminals_at_the_same_moment_end_up_on_one_server(desk: Desk) -> None:
    terminals = [desk.terminal("shot.png") for _ in range(3)]
    both(*terminals, show="LIVE")
    assert desk.server_pid is not None
    place_marker(terminals[2], "Seen by all", "j")
    both(*terminals, show="Seen by all")


def test_the_local_server_comes_back_after_a_kill_and_the_text_stays(desk: Desk) -> None:
    one, two = desk.terminal("shot.png"), desk.terminal("shot.png")
    both(one, two, show="LIVE")
    place_marker(one, "Before the crash", "l", "l", "l")
    both(one, two, show="Before the crash")

    one.send("llchalf a comm")
    one.shows("half a comm")
    pid = desk.server_pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: desk.server_pid not in (None, pid), within_s=20, what="another server")
    both(one, two, show="LIVE")
    assert "half a comm" in one.text
    one.send("ent")
    one.press("enter")
    both(one, two, show="half a comment")
    assert "Before the crash" in two.text


def test_a_write_in_flight_when_the_server_is_killed_ends_in_a_true_verdict(desk: Desk) -> None:
    one, two = desk.terminal("shot.png"), desk.terminal("shot.png")
    both(one, two, show="LIVE")
    pid = desk.server_pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    place_marker(one, "Sent into the void", "l", "l")
    one.shows("saving")
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: desk.server_pid not in (None, pid), within_s=20, what="another server")
    both(one, two, show="LIVE")
    one.wait_for(lambda: "not saved" in one.text or "1 marker" in two.text, within_s=40, what="the verdict")
    saved = desk.json("ls", "shot.png", "--json")["markers"]
    if "not saved" in one.text:
        assert saved == []
        one.press("!", "enter")
    both(one, two, show="1 marker")
    assert len(desk.json("ls", "shot.png", "--json")["markers"]) == 1  # type: ignore[arg-type]


def test_a_vote_is_on_the_others_screen_and_in_the_voters_other_one(desk: Desk) -> None:
    one, two = desk.terminal("shot.png"), desk.terminal("shot.png")
    both(one, two, show="LIVE")
    place_marker(one, "Logo is cut off", "l")
    both(one, two, show="Logo is cut off")
    for terminal in (one, two):
        terminal.press("]", "enter")
    both(one, two, show="+ vote")
    one.press("+")
    both(one, two, show="[+1]")
    assert "Voted against 1.1: now +0 -1." in desk.run("vote", "shot.png", "1", "down").stdout
    both(one, two, show="[-1]")
    two.press("-")
    wait_for(lambda: all("-1]" not in t.text for t in (one, two)), within_s=15, what="the vote to go")
