"""A team server behind a link that breaks: what is refused, what is kept, and what comes back."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from queue import Empty, Queue

import httpx
import pytest

from tests.e2e.conftest import Desk, both, place_marker
from tests.fault_proxy import FaultProxyThread, Mode
from tests.forked import Forked
from tests.terminal import Terminal, bells, pump, wait_for

pytestmark = [pytest.mark.e2e, pytest.mark.pty]

SILENT_S = 60
"""So long after the link has healed nothing may be sent by itself: past every timer that a link starts."""


class Lines:
    """The JSON lines of a `watch`, read as they come."""

    def __init__(self, process: Forked) -> None:
        self.queue: Queue[dict[str, object]] = Queue()
        self.seen: list[dict[str, object]] = []
        self._reader = threading.Thread(target=self._read, args=(process,), daemon=True)
        self._reader.start()

    def _read(self, process: Forked) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            self.queue.put(json.loads(line))

    def all(self) -> list[dict[str, object]]:
        """Everything so far."""
        while True:
            try:
                self.seen.append(self.queue.get_nowait())
            except Empty:
                return self.seen


@dataclass
class Team:
    """`imagechat serve` with a tenant, and a proxy in front of it."""

    desk: Desk
    port: int
    proxy: FaultProxyThread

    def token(self, name: str) -> str:
        done = self.desk.run("token", "demo", name, "--data-dir", str(self.desk.root / "team"))
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def options(self, *, through_proxy: bool) -> list[str]:
        port = self.proxy.port if through_proxy else self.port
        return ["--server", f"http://127.0.0.1:{port}", "--tenant", "demo", "--url-id", "the-shot"]

    def terminal(self, name: str, *flags: str, through_proxy: bool) -> Terminal:
        return self.desk.terminal(
            "shot.png", *flags, *self.options(through_proxy=through_proxy), IMAGECHAT_SSO=self.token(name)
        )

    def markers(self) -> list[dict[str, object]]:
        listing = self.desk.json(
            "ls",
            "shot.png",
            *self.options(through_proxy=False),
            "--json",
            IMAGECHAT_SSO=self.token("checker"),
        )
        markers = listing["markers"]
        assert isinstance(markers, list)
        return markers


@pytest.fixture
def team(desk: Desk) -> Iterator[Team]:
    data = str(desk.root / "team")
    created = desk.run("tenant", "create", "demo", "--data-dir", data)
    assert created.returncode == 0, created.stderr
    server = desk.start("serve", "--port", "0", "--data-dir", data)
    assert server.stdout is not None
    ready = json.loads(server.stdout.readline())
    with FaultProxyThread(port=ready["port"]) as proxy:
        yield Team(desk, ready["port"], proxy)


@pytest.mark.long
def test_a_create_tried_offline_fails_keeps_its_text_and_is_never_sent_by_itself(team: Team) -> None:
    here, there = team.terminal("anna", through_proxy=True), team.terminal("bob", through_proxy=False)
    both(here, there, show="LIVE")
    place_marker(there, "Readable offline", "l")
    both(here, there, show="Readable offline")

    team.proxy.mode = Mode.REFUSE
    team.proxy.cut()
    here.wait_for(
        lambda: here.lines[1].startswith((" Reconnecting", " OFFLINE")), what="the banner", within_s=3
    )
    here.wait_for(lambda: "OFFLINE" in here.lines[0], what="the header to say it", within_s=30)
    assert "Readable offline" in here.text
    place_marker(here, "tried while offline", "h", "h", "k")
    here.wait_for(
        lambda: "tried while offline" in here.text and "not sen" in here.text.lower(), what="the refusal"
    )

    team.proxy.mode = Mode.PASS
    here.press("esc", "R")
    here.shows("LIVE", within_s=40)
    healed = time.monotonic()
    while time.monotonic() < healed + SILENT_S:
        pump(0.5)
    assert len(team.markers()) == 1, "nothing may be sent by itself"

    here.press("!")
    here.shows("tried while offline")
    here.press("enter")
    there.shows("tried while offline")
    assert len(team.markers()) == 2


def test_a_black_hole_shows_within_twenty_seconds(team: Team) -> None:
    here = team.terminal("anna", through_proxy=True)
    here.shows("LIVE")
    team.proxy.mode = Mode.BLACK_HOLE
    took = here.wait_for(lambda: "LIVE" not in here.lines[0], within_s=20, what="the loss to show")
    assert took <= 20


def test_the_screen_tells_after_an_outage_what_happened_meanwhile(team: Team) -> None:
    here, quiet = (team.terminal("anna", "--bell", rings, through_proxy=True) for rings in ("on", "off"))
    both(here, quiet, show="LIVE")
    team.proxy.mode = Mode.REFUSE
    team.proxy.cut()
    both(here, quiet, show="OFFLINE")
    added = team.desk.run(
        "add", "shot.png", "--at", "5,5", "-m", "one", *team.options(through_proxy=False),
        IMAGECHAT_SSO=team.token("bob"),
    )  # fmt: skip
    assert added.returncode == 0, added.stderr
    assert bells(here) == 0
    team.proxy.mode = Mode.PASS
    here.press("R")
    quiet.press("R")
    both(here, quiet, show="Bob added marker 1")
    both(here, quiet, show="1 unread")
    assert (bells(here), bells(quiet)) == (1, 0)


def test_watch_prints_after_an_outage_what_happened_meanwhile(team: Team) -> None:
    """So many tries have failed that the next begins with the list: it must not swallow the events."""
    bob, meanwhile = team.token("bob"), 40
    added = team.desk.run(
        "add", "shot.png", "--at", "5,5", "-m", "one", *team.options(through_proxy=False), IMAGECHAT_SSO=bob
    )
    assert added.returncode == 0, added.stderr
    marker = team.markers()[0]["id"]
    watching = Lines(
        team.desk.start(
            "watch", "shot.png", *team.options(through_proxy=True), "--jsonl", IMAGECHAT_SSO=team.token("eve")
        )
    )

    def phases() -> list[object]:
        return [line["phase"] for line in watching.all() if line["type"] == "phase"]

    wait_for(lambda: phases()[-1:] == ["live"], within_s=30, what="live")
    team.proxy.mode = Mode.RESET
    team.proxy.cut()
    before = team.proxy.connections
    with httpx.Client(base_url=f"http://127.0.0.1:{team.port}", timeout=30) as client:
        for number in range(meanwhile):
            while True:
                answer = client.patch(
                    f"/comment-image-chats/demo/{marker}",
                    params={"sso": bob},
                    json={"broadcastId": f"b{number}", "resolved": number % 2 == 0},
                )
                if answer.status_code != 429:
                    break
                pump(float(answer.headers["Retry-After"]))
            assert answer.status_code == 200, answer.text
    wait_for(lambda: team.proxy.connections >= before + 5, within_s=120, what="tries to fail")
    team.proxy.mode = Mode.PASS
    wait_for(lambda: phases()[-1:] == ["live"], within_s=90, what="live again")
    wait_for(
        lambda: sum("seq" in line for line in watching.all()) >= meanwhile, within_s=30, what="the events"
    )
    numbers = [line["seq"] for line in watching.seen if "seq" in line]
    first = numbers[0]
    assert isinstance(first, int)
    assert numbers == list(range(first, first + meanwhile)), "each once, in order, none left out"
    assert not [line for line in watching.seen if line["type"] == "reset"]


def test_watch_tells_every_event_in_order_once(team: Team) -> None:
    watching = Lines(
        team.desk.start(
            "watch", "shot.png", *team.options(through_proxy=True), "--jsonl", IMAGECHAT_SSO=team.token("eve")
        )
    )
    wait_for(
        lambda: any("live" in json.dumps(line).lower() for line in watching.all()), within_s=15, what="live"
    )
    bob = team.token("bob")

    def write(*args: str) -> None:
        done = team.desk.run(*args, *team.options(through_proxy=False), IMAGECHAT_SSO=bob)
        assert done.returncode == 0, done.stderr

    write("add", "shot.png", "--at", "60.8,45.1", "-m", "one")
    write("reply", "shot.png", "1", "-m", "two")
    team.proxy.cut()
    write("reply", "shot.png", "1", "-m", "three")
    write("edit", "shot.png", "1.2", "-m", "two, edited")
    write("rm", "shot.png", "1", "--yes")
    wait_for(
        lambda: any(line.get("type") == "deleted-image-chat" for line in watching.all()),
        within_s=30,
        what="the end",
    )
    events = [line for line in watching.all() if "seq" in line and line.get("type")]
    numbers = [line["seq"] for line in events]
    assert numbers == sorted(set(map(int, map(str, numbers)))), "each once, in order"
    assert events[0]["type"] == "new-image-chat"
    assert events[-1]["type"] == "deleted-image-chat"
