"""All that is said on all pictures of a tenant, while its server runs."""

from __future__ import annotations

import json

import pytest

from tests.e2e.conftest import Desk, desk
from tests.e2e.test_link import Team, team

__all__ = ["desk", "team"]

pytestmark = [pytest.mark.e2e]


def test_every_picture_is_a_line_with_all_that_is_said_on_it(desk: Desk) -> None:
    empty = desk.run("export", "--all")
    assert (empty.returncode, empty.stdout) == (0, "")
    assert empty.stderr == "imagechat: No picture of local has a marker.\n"
    assert desk.run("add", "shot.png", "--at", "1,2", "-m", "Logo \N{SNOWMAN}").returncode == 0
    assert desk.run("reply", "shot.png", "1", "-m", "since Monday").returncode == 0
    assert desk.run("add", "shot.png", "--at", "3,4", "-m", "gone").returncode == 0
    assert desk.run("rm", "shot.png", "2", "--yes").returncode == 0
    assert (
        desk.run("add", "shot.png", "--at", "5,5", "-m", "elsewhere", "--url-id", "room two").returncode == 0
    )
    done = desk.run("export", "--all")
    assert (done.returncode, done.stderr.strip()) == (0, "")
    pictures = [json.loads(line) for line in done.stdout.splitlines()]
    assert [picture["schema"] for picture in pictures] == [1, 1]
    said = {
        picture["urlId"]: [
            [comment["text"] for comment in marker["comments"]] for marker in picture["markers"]
        ]
        for picture in pictures
    }
    listed = desk.json("ls", "shot.png", "--json")
    assert said == {listed["urlId"]: [["Logo \N{SNOWMAN}", "since Monday"]], "room two": [["elsewhere"]]}
    assert desk.run("export").returncode == 2


def test_that_there_is_no_such_tenant_is_told_as_that(team: Team) -> None:
    server = team.options(through_proxy=False)[:2]
    assert server[0] == "--server"
    done = team.desk.run("export", "--all", *server, "--tenant", "nope")
    assert done.returncode == 5
    assert "No such tenant" in done.stderr
