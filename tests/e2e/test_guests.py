"""A tenant where people without a token may write: each is one person, on the screen and to the server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.e2e.conftest import Desk, both, place_marker
from tests.fault_proxy import FaultProxyThread
from tests.terminal import Terminal

pytestmark = [pytest.mark.e2e, pytest.mark.pty]


@dataclass
class OpenHouse:
    """`imagechat serve` with a tenant that is open to anybody, and a proxy in front of it."""

    desk: Desk
    proxy: FaultProxyThread

    @property
    def options(self) -> list[str]:
        return ["--server", f"http://127.0.0.1:{self.proxy.port}", "--tenant", "open", "--url-id", "the-shot"]

    def terminal(self, state: Path | None = None) -> Terminal:
        home = {} if state is None else {"XDG_STATE_HOME": str(state)}
        return self.desk.terminal("shot.png", *self.options, columns=120, rows=40, **home)

    def texts(self) -> list[object]:
        """What the first comments on the server say."""
        markers = self.desk.json("ls", "shot.png", *self.options, "--json")["markers"]
        assert isinstance(markers, list)
        return [marker["comments"][0]["text"] for marker in markers]


@pytest.fixture
def house(desk: Desk) -> Iterator[OpenHouse]:
    data = str(desk.root / "team")
    created = desk.run("tenant", "create", "open", "--allow-anon", "--data-dir", data)
    assert created.returncode == 0, created.stderr
    server = desk.start("serve", "--port", "0", "--data-dir", data)
    assert server.stdout is not None
    with FaultProxyThread(port=json.loads(server.stdout.readline())["port"]) as proxy:
        yield OpenHouse(desk, proxy)


def test_what_a_guest_wrote_is_his_in_every_pane_and_after_a_restart(house: OpenHouse) -> None:
    elsewhere = house.desk.root / "elsewhere"
    elsewhere.mkdir(mode=0o700)
    here, there = house.terminal(), house.terminal()
    stranger = house.terminal(elsewhere)
    both(here, there, stranger, show="LIVE")
    place_marker(here, "Mine to edit", "l", "l")
    both(here, there, stranger, show="Mine to edit")
    both(stranger, show="1 unread")
    for mine in (here, there):
        mine.quiet()
        assert "unread" not in mine.text
        assert "Anonymous put" not in mine.text

    there.press("]", "enter", "e")
    there.send(" at all times")
    there.press("enter")
    both(here, there, stranger, show="Mine to edit at all times")

    for terminal in (here, there):
        terminal.close()
    change = ("edit", "shot.png", "1.1", *house.options, "-m", "Mine tomorrow")
    assert house.desk.run(*change, XDG_STATE_HOME=str(elsewhere)).returncode != 0
    done = house.desk.run(*change)
    assert done.returncode == 0, done.stderr
    assert house.texts() == ["Mine tomorrow"]


def test_a_guests_write_whose_answer_is_lost_ends_in_a_true_verdict_and_once(house: OpenHouse) -> None:
    here = house.terminal()
    here.shows("LIVE", "×")
    here.press("l", "l")
    here.send("cSaid once")
    here.shows("Said once", "Enter send")
    house.proxy.cut_after(
        down=1
    )  # not before: any word of the server would cut the link, and then nothing is sent
    here.press("enter")
    here.wait_for(
        lambda: "Enter send" not in here.text and "LIVE" not in here.lines[0], what="the loss to show"
    )
    house.proxy.cut_after()
    here.press("R")
    here.shows("LIVE", within_s=40)
    here.wait_for(
        lambda: (
            "1 not saved" in here.text
            or ("1 marker" in here.text and "saving" not in here.text and "checking" not in here.text)
        ),
        what="the verdict",
        within_s=40,
    )
    if "1 not saved" in here.text:  # what else the server said at that moment cut the link before the write
        assert house.texts() == []
        here.press("!", "enter")
        here.shows("1 marker")
    here.quiet()
    assert "Said once" in here.text
    assert "not saved" not in here.text.lower()
    here.press("!")
    here.quiet()
    assert "Said once" not in here.lines[-1]
    assert house.texts() == ["Said once"]
