"""What the doctor finds in the terminal, and says of it."""

from __future__ import annotations

import pytest

from imagechat_tui.cli.doctor import colors_finding, folder_findings, sign_in_finding, terminal_findings
from imagechat_tui.settings import ClientSettings, Folders


@pytest.mark.parametrize(
    ("environ", "told", "setting", "found", "remedy"),
    [
        ({"TERM": "screen", "STY": "1", "COLORTERM": "truecolor"}, 8, "auto", "256: GNU screen", "screen 5"),
        ({"TERM": "screen", "STY": "1"}, 8, "truecolor", "truecolor: the setting", ""),
        ({"TERM": "vt220"}, 0, "auto", "none: terminfo says so of TERM=vt220", "export TERM="),
        ({}, None, "auto", "none: TERM=(not set)", "export TERM="),
        ({"TERM": "xterm"}, 8, "auto", "16: terminfo", "export TERM="),
        ({"TERM": "foot", "NO_COLOR": "1"}, None, "auto", "none: NO_COLOR is set", ""),
        ({"TERM": "xterm", "COLORTERM": "truecolor"}, 8, "auto", "truecolor: COLORTERM=truecolor", ""),
    ],
)
def test_the_colours_are_told_with_their_reason(
    environ: dict[str, str], told: int | None, setting: str, found: str, remedy: str
) -> None:
    finding = colors_finding(ClientSettings(colors=setting), environ, told)
    assert finding.ok
    assert found in finding.found
    assert remedy in finding.remedy if remedy else not finding.remedy


@pytest.mark.parametrize("tty", [True, False])
def test_without_a_terminal_nothing_is_wrong(tty: bool) -> None:
    found = {item.subject: item for item in terminal_findings(ClientSettings(), {}, tty=tty)}
    assert found["terminal"].ok
    assert not found["terminal"].remedy
    assert ("none here" in found["terminal"].found) is not tty


def test_without_a_home_both_folders_are_missed_and_the_variables_named() -> None:
    findings = list(folder_findings(Folders(None, None, None)))
    assert [item.ok for item in findings] == [False, False]
    assert "XDG_DATA_HOME" in findings[0].remedy
    assert "XDG_STATE_HOME" in findings[1].remedy


TEAM = ClientSettings(server="https://review.example", tenant="design")
SIGNED = ClientSettings(server=TEAM.server, tenant="design", sso="t0ken", sources={"sso": "IMAGECHAT_SSO"})


@pytest.mark.parametrize(
    ("settings", "refused", "read_only", "ok", "said"),
    [
        (TEAM, "Who are you?", False, False, "no token, and may not even read"),
        (TEAM, "", True, False, "no token: you may only read"),
        (TEAM, "", False, True, "no token is needed"),
        (SIGNED, "Its time is over.", False, False, "(IMAGECHAT_SSO) is refused: Its time is over."),
        (SIGNED, "", True, True, "only read"),
        (SIGNED, "", False, True, "lets you read and write"),
    ],
)
def test_a_token_that_is_missing_is_missed(
    settings: ClientSettings, refused: str, read_only: bool, ok: bool, said: str
) -> None:
    finding = sign_in_finding(settings, refused=refused, read_only=read_only)
    assert finding.ok is ok
    assert said in finding.found
    assert bool(finding.remedy) is not ok
    assert "t0ken" not in f"{finding}"
