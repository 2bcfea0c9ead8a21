"""The server's wall clock, as its frames tell it."""

from __future__ import annotations

from imagechat_tui.sync.core import Core
from imagechat_tui.sync.server_clock import ServerClock
from tests import examples as eg
from tests.sync.desk import late


def core() -> Core:
    return Core(eg.room(), late)


def test_the_servers_clock_goes_on_from_when_it_was_told() -> None:
    desk = core()
    clock = ServerClock(desk)
    assert clock.now_ms is None
    desk.now = 50.0
    clock.set(eg.T0)
    desk.now = 52.5
    assert clock.now_ms == eg.T0 + 2_500


def test_the_servers_clock_may_be_put_back() -> None:
    clock = ServerClock(core())
    clock.set(eg.T0)
    clock.set(eg.T0 - 172_800_000)
    assert clock.now_ms == eg.T0 - 172_800_000


def test_a_clock_that_proved_wrong_is_not_used_until_it_is_told_again() -> None:
    clock = ServerClock(core())
    clock.set(eg.T0)
    clock.forget()
    assert clock.now_ms is None
