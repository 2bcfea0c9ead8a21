"""A marker that was deleted comes back as it was, on every screen, for ten minutes."""

from __future__ import annotations

import pytest

from tests.e2e.conftest import both
from tests.e2e.test_link import Team, team
from tests.e2e.test_reading import unread, writes
from tests.fault_proxy import Mode

pytestmark = [pytest.mark.e2e, pytest.mark.pty]

__all__ = ["team"]


def thread_of_two(team: Team) -> None:
    writes(team, "anna", "add", "--at", "20,20", "-m", "Question")
    for name, text in (("bob", "Answer"), ("anna", "Thanks"), ("bob", "Welcome")):
        writes(team, name, "reply", "1", "-m", text)


def test_what_goes_is_named_and_it_comes_back_on_every_screen(team: Team) -> None:
    thread_of_two(team)
    before = team.markers(), unread(team, "anna")
    anna, bob = (team.terminal(name, through_proxy=name == "bob") for name in ("anna", "bob"))
    both(anna, bob, show="Question")
    anna.send("]d")
    anna.shows("Delete marker 1 and 4 comments of 2 people?", "brought back for 10 minutes")
    anna.press("enter")
    anna.shows("Delete marker 1")
    anna.send("y")
    both(anna, bob, show="No markers yet")
    anna.shows("u brings it back")
    anna.send("u")
    both(anna, bob, show="Question")
    bob.shows("brought back marker 1")
    assert (team.markers(), unread(team, "anna")) == before

    # Who was away catches up with either.
    team.proxy.mode = Mode.REFUSE
    team.proxy.cut()
    bob.shows("RECONNECTING")
    anna.send("]d")
    anna.shows("Delete marker 1")
    anna.send("y")
    anna.shows("No markers yet", "u brings it back")
    anna.send("u")
    anna.shows("Question")
    team.proxy.mode = Mode.PASS
    bob.send("R")
    bob.shows("LIVE", "Question")
    bob.send("]")
    bob.press("enter")
    bob.shows("Welcome")


def test_a_verb_tells_how_a_marker_comes_back_and_brings_it_back(team: Team) -> None:
    thread_of_two(team)
    options = team.options(through_proxy=False)
    anna, bob = ({"IMAGECHAT_SSO": team.token(name)} for name in ("anna", "bob"))
    before = team.markers()
    gone = team.desk.run("rm", "shot.png", "1", "--yes", *options, **anna)
    told = gone.stdout.strip()
    assert told.startswith("Marker 1 deleted. (imagechat restore: ic_")
    name = told.removesuffix(")").rpartition(" ")[2]
    refused = team.desk.run("restore", "shot.png", name, *options, **bob)
    assert (refused.returncode, "Only its author can restore it" in refused.stderr) == (1, True)
    back = team.desk.run("restore", "shot.png", name, *options, **anna)
    assert (back.stdout, back.returncode) == ("Marker 1 is back.\n", 0)
    assert team.markers() == before
    never = team.desk.run("restore", "shot.png", "ic_never", *options, **anna)
    assert (never.returncode, "was deleted here in the last 10 minutes" in never.stderr) == (5, True)
