"""Who comes back sees what was said meanwhile, and all their sessions know what they have read."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.e2e.conftest import both, place_marker
from tests.e2e.test_link import Team, team
from tests.fault_proxy import Mode
from tests.terminal import Terminal

pytestmark = [pytest.mark.e2e, pytest.mark.pty]

__all__ = ["team"]


def says(terminal: Terminal, unread: str, *, within_s: float = 15.0) -> float:
    """Wait until its header tells so much unread; nothing, if it is empty."""

    def told() -> bool:
        line = terminal.lines[0]
        return f"· {unread}" in line if unread else "LIVE" in line and "unread" not in line

    return terminal.wait_for(told, within_s=within_s, what=unread or "nothing unread")


def test_what_was_answered_during_an_absence_is_unread_until_it_was_seen(team: Team) -> None:
    anna = team.terminal("anna", through_proxy=False)
    anna.shows("LIVE")
    for number, move in enumerate(("l", "j", "h"), 1):
        place_marker(anna, f"Question {number}", move, move, move)
        anna.shows(f"{number} marker{'s' if number > 1 else ''}", "LIVE")
    says(anna, "")
    anna.close()
    for number in (1, 3):
        done = team.desk.run(
            "reply", "shot.png", str(number), "-m", f"Answer {number}", *team.options(through_proxy=False),
            IMAGECHAT_SSO=team.token("bob"),
        )  # fmt: skip
        assert done.returncode == 0, done.stderr

    back, beside = (team.terminal("anna", through_proxy=False) for _ in range(2))
    newcomer = team.terminal("eve", through_proxy=False)
    both(back, beside, newcomer, show="3 markers")
    for terminal in (back, beside):
        says(terminal, "2 unread")
    seen = []
    for left in ("1 unread", ""):
        back.send(" ")
        for terminal in (back, beside):
            says(terminal, left)
        seen.append(next(number for number in (1, 3) if f"Answer {number}" in back.text))
    assert seen == [1, 3]
    newcomer.quiet()
    says(newcomer, "")


def test_what_one_session_reads_or_marks_another_shows_within_a_second(team: Team) -> None:
    writes(team, "anna", "add", "--at", "20,20", "-m", "Question")
    writes(team, "bob", "reply", "1", "-m", "Answer")
    here, beside = (team.terminal("anna", through_proxy=False) for _ in range(2))
    for terminal in (here, beside):
        says(terminal, "1 unread")
    here.send("]M")
    says(beside, "", within_s=1.0)
    here.send("m")
    says(beside, "1 unread", within_s=1.0)
    writes(team, "anna", "reply", "1", "-m", "Thanks")
    for terminal in (here, beside):
        says(terminal, "", within_s=1.0)


def unread(team: Team, name: str) -> object:
    """What the verb tells of this person's unread: all together, and by marker."""
    options = team.options(through_proxy=False)
    document: Any = json.loads(
        team.desk.run("ls", "shot.png", "--json", *options, IMAGECHAT_SSO=team.token(name)).stdout
    )
    return document["unread"], [marker["unread"] for marker in document["markers"]]


def writes(team: Team, name: str, verb: str, *arguments: str) -> None:
    options = team.options(through_proxy=False)
    done = team.desk.run(verb, "shot.png", *arguments, *options, IMAGECHAT_SSO=team.token(name))
    assert done.returncode == 0, done.stderr


def test_a_list_tells_what_is_unread_and_who_replies_has_read(team: Team) -> None:
    for place in ("20,20", "60,60"):
        writes(team, "anna", "add", "--at", place, "-m", "Question")
    assert unread(team, "bob") == (0, [0, 0])
    for text in ("Answer", "More"):
        writes(team, "bob", "reply", "2", "-m", text)
    assert unread(team, "anna") == (1, [0, 2])
    told = team.desk.run(
        "ls", "shot.png", *team.options(through_proxy=False), IMAGECHAT_SSO=team.token("anna")
    ).stdout
    assert "open, 2 unread" in told
    assert told.endswith("1 unread thread.\n")
    assert len([line for line in told.splitlines() if line.endswith(", unread")]) == 2
    writes(team, "anna", "reply", "2", "-m", "Thanks")
    assert unread(team, "anna") == (0, [0, 0])
    assert unread(team, "bob") == (1, [0, 1])


def test_who_only_explores_leaves_everything_unread(team: Team) -> None:
    writes(team, "anna", "add", "--at", "20,20", "-m", "Question")
    writes(team, "bob", "reply", "1", "-m", "Answer")
    before = unread(team, "anna")
    anna = team.terminal("anna", "--explore", through_proxy=False)
    anna.shows("READ-ONLY", "1 unread")
    anna.send(" ")
    anna.shows("Answer")
    for key in "jkmM":
        anna.send(key)
    anna.shows("Exploring")
    anna.send("r")
    anna.shows("open it without --explore")
    anna.close()
    assert unread(team, "anna") == before == (1, [1])


@pytest.mark.parametrize("same", [True, False])
def test_what_was_read_without_a_link_is_told_by_the_same_persons_next_session(
    team: Team, same: bool
) -> None:
    writes(team, "anna", "add", "--at", "20,20", "-m", "Question")
    writes(team, "carl", "reply", "1", "-m", "I know")
    writes(team, "bob", "reply", "1", "-m", "Answer")
    here = team.terminal("anna", through_proxy=True)
    says(here, "1 unread")
    team.proxy.mode = Mode.REFUSE
    team.proxy.cut()
    here.shows("RECONNECTING")
    here.send("M")
    here.shows("1 thread marked read.")
    here.close()
    assert unread(team, "anna") == (1, [2])
    team.proxy.mode = Mode.PASS
    back = team.terminal("anna" if same else "carl", through_proxy=True)
    says(back, "" if same else "1 unread")
    back.wait_for(lambda: unread(team, "anna") == (1 - same, [2 * (1 - same)]), what="what the server knows")
    assert unread(team, "carl") == (1, [1])
