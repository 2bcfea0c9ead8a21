"""The banner: all that is said is read, at any width, and it does not move what is below it."""

from __future__ import annotations

import pytest
from textual.app import App, ComposeResult
from textual.widgets import Static

from imagechat_tui.problems import NOT_SIGNED_IN, Problem, ProblemKind
from imagechat_tui.sync.state import Connection, Phase
from imagechat_tui.tui.clock import Clock
from imagechat_tui.tui.widgets.offline_banner import MOST_ROWS, SHOWN_IN, OfflineBanner
from tests.tui.conftest import Sit
from tests.tui.scripted_session import two_threads

NOW_S = 1_000.0
NEWS = {
    Phase.STARTING: Problem(ProblemKind.UNREACHABLE),
    Phase.OFFLINE: Problem(ProblemKind.OFFLINE),
    Phase.READ_ONLY: Problem(ProblemKind.READ_ONLY, NOT_SIGNED_IN),
}
TOLD = sorted(SHOWN_IN - {Phase.CATCHING_UP})


class Banners(App[None]):
    CSS = f"""
    OfflineBanner {{ height: auto; max-height: {MOST_ROWS}; padding: 0 1; }}
    #below {{ height: 1fr; }}
    """

    def compose(self) -> ComposeResult:
        yield OfflineBanner(Clock(wall_ms=lambda: 1_700_000_000_000, engine_s=lambda: NOW_S))
        yield Static(id="below")

    @property
    def banner(self) -> OfflineBanner:
        return self.query_one(OfflineBanner)

    @property
    def lines(self) -> list[str]:
        """The rows of the banner as they are on screen."""
        strips = self.screen._compositor.render_strips()[: self.banner.size.height]
        return ["".join(segment.text for segment in strip).strip() for strip in strips]


def link(
    phase: Phase, *, wait_s: float | None = 18.0, as_of_s: float | None = 900.0, reason: str = ""
) -> Connection:
    problem = NEWS.get(phase)
    if problem is not None and reason:
        problem = Problem(problem.kind, reason=reason)
    due = None if wait_s is None else NOW_S + wait_s
    return Connection(phase=phase, lost_at_s=0.0, retry_at_s=due, as_of_s=as_of_s, problem=problem)


@pytest.mark.parametrize("width", [20, 24, 29, 30, 45, 59, 60, 80, 100, 120])
async def test_all_that_is_said_is_on_screen(width: int) -> None:
    app = Banners()
    async with app.run_test(size=(width, 10)) as pilot:
        for phase in TOLD:
            for as_of_s in (900.0, None):
                app.banner.connection = link(phase, as_of_s=as_of_s)
                await pilot.pause()
                shown = " ".join(app.lines)
                assert shown == str(app.banner.render())
                assert shown.endswith(".")
                if phase is Phase.SIGN_IN_NEEDED:
                    assert "IMAGECHAT_SSO to a valid token" in shown
                    assert "R retries" not in shown
                elif phase is Phase.READ_ONLY:
                    assert "set IMAGECHAT_SSO" in shown
                    assert "R retries" not in shown
                else:
                    assert "R retries" in shown


async def test_what_does_not_fit_is_cut_with_a_sign() -> None:
    app = Banners()
    async with app.run_test(size=(12, 10)) as pilot:
        app.banner.connection = link(Phase.SIGN_IN_NEEDED)
        await pilot.pause()
        assert app.lines[-1].endswith("…")


async def test_a_long_reason_of_a_server_gives_way_to_few_words() -> None:
    app = Banners()
    async with app.run_test(size=(60, 10)) as pilot:
        app.banner.connection = link(Phase.STARTING, reason="Down for repair. " * 20)
        await pilot.pause()
        assert " ".join(app.lines) == (
            "Not connected: Server unreachable. Drafts are kept. R retries (18 s)."
        )


@pytest.mark.parametrize(
    ("phase", "narrowest"), [(Phase.STARTING, 30), (Phase.RECONNECTING, 31), (Phase.OFFLINE, 32)]
)
async def test_a_countdown_moves_nothing_below(phase: Phase, narrowest: int) -> None:
    app = Banners()
    async with app.run_test(size=(60, 10)) as pilot:
        for width in range(narrowest, 121, 3):
            await pilot.resize_terminal(width, 10)
            heights = set()
            for wait_s in (18.0, 9.0, None):
                app.banner.connection = link(phase, wait_s=wait_s)
                await pilot.pause()
                heights.add((app.banner.size.height, app.query_one("#below").region))
            assert len(heights) == 1, width


async def test_who_may_only_read_is_promised_no_drafts(sit: Sit) -> None:
    offline = Connection(phase=Phase.OFFLINE, as_of_s=900.0, lost_at_s=900.0)
    for read_only in (True, False):
        async with sit(two_threads(read_only=read_only, connection=offline)) as desk:
            await desk.until(lambda: "R retries." in desk.text or "Trying now." in desk.text)
            assert ("kept as drafts" in desk.text) is not read_only
