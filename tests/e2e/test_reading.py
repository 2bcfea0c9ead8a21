"""Who comes back sees what was said meanwhile, and all their sessions know what they have read."""

from __future__ import annotations

import pytest

from tests.e2e.conftest import both, place_marker
from tests.e2e.test_link import Team, team
from tests.terminal import Terminal

pytestmark = [pytest.mark.e2e, pytest.mark.pty]

__all__ = ["team"]


def says(terminal: Terminal, unread: str) -> None:
    """Wait until its header tells so much unread; nothing, if it is empty."""

    def told() -> bool:
        line = terminal.lines[0]
        return f"· {unread}" in line if unread else "LIVE" in line and "unread" not in line

    terminal.wait_for(told, what=unread or "nothing unread")


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
