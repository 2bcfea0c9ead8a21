"""The state of the link: in the header, and as a banner below it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

from imagechat_tui.problems import EXPLORING, NOT_SIGNED_IN, Problem, ProblemKind
from imagechat_tui.protocol import codes
from imagechat_tui.sync.state import Connection, Phase
from imagechat_tui.words.parts import safe_name, seconds
from imagechat_tui.words.requests import RETRY, problem_words, until_words

BANNER_AFTER_S = 2.0
"""A blip shorter than this is not worth a line on the screen (PROMISES 5)."""
ONE_LINE = 98
"""Cells for a banner on a screen of 100 columns."""
NOTHING_YET = "Nothing loaded yet"
"""Where the server has not been reached since the start."""


def phase_words(phase: Phase) -> str:
    """The connection state as the header shows it."""
    return phase.value.upper()


def banner(connection: Connection, *, now_s: float, as_of: str, read_only: bool = False) -> str | None:
    """The line under the header, or None while there is nothing to say.

    Args:
        connection: the link.
        now_s: the engine's clock.
        as_of: the local time ``hh:mm:ss`` that ``connection.as_of_s`` was, empty if never.
        read_only: whether the person may write nothing, so that nothing becomes of comments.
    """
    tries = _next_try(connection, now_s)
    match connection.phase:
        case Phase.READ_ONLY:
            words = problem_words(connection.problem or Problem(ProblemKind.READ_ONLY))
            return f"READ-ONLY. {words.sentence} {words.action}"
        case Phase.LIVE | Phase.CATCHING_UP | Phase.STARTING:
            if connection.phase is Phase.STARTING and connection.problem is not None:
                why = problem_words(connection.problem)
                todo = f" {why.action}" if why.action not in ("", RETRY) else ""
                said = f"Not connected: {why.sentence}{todo}"
                full = f"{said} {NOTHING_YET}."
                return _fitting([full, said] if todo else [full]) + tries
            if connection.received_bytes is not None and connection.phase in (
                Phase.STARTING,
                Phase.CATCHING_UP,
            ):
                return received_words(connection.received_bytes)
            return None
        case Phase.RECONNECTING:
            if connection.lost_at_s is None or now_s - connection.lost_at_s < BANNER_AFTER_S:
                return None
            fate = "" if read_only else "; comments are tried once"
            return _unlinked("Reconnecting.", fate, connection, as_of) + tries
        case Phase.OFFLINE:
            fate = "" if read_only else "; comments are refused, kept as drafts"
            return _unlinked("OFFLINE.", fate, connection, as_of) + tries
        case Phase.POLLING:
            return "Live updates off: WebSockets do not get through. The list is at most 5 s old. R retries."
        case Phase.SIGN_IN_NEEDED:
            seen = f"As of {as_of}" if as_of else NOTHING_YET
            return f"SIGN-IN NEEDED. {seen}; set IMAGECHAT_SSO to a valid token and start again."
        case _:
            assert_never(connection.phase)


def _unlinked(state: str, fate: str, connection: Connection, as_of: str) -> str:
    """What is seen without a link, and what becomes of a comment; why, where waiting may not mend it."""
    age = f"As of {as_of}" if as_of else NOTHING_YET
    plain = _fitting(
        [*([f"{state} Everything as of {as_of}{fate}."] if as_of else []), f"{state} {age}{fate}."]
    )
    problem = connection.problem
    if problem is None or (as_of and not _says_why_it_is_away(problem)):
        return plain
    words = problem_words(problem)
    why = f"{state} {words.sentence}"
    ways = [f"{why} {age}{fate}.", f"{why} {age}.", f"{state} {words.title}. {age}."]
    if not as_of:
        ways.insert(2, why)  # that nothing is there is seen anyway
    return _fitting(ways)


def _says_why_it_is_away(problem: Problem) -> bool:
    """Whether it has answered: the link stands, and waiting may not mend it."""
    return problem.kind is ProblemKind.GONE or problem.code == codes.TENANT_DISABLED


def _fitting(ways: Sequence[str]) -> str:
    """The first way of saying it that leaves room for the longest countdown in one line, else the last."""
    return next((way for way in ways if len(way) + len(_LONGEST_TRY) <= ONE_LINE), ways[-1])


def short_banner(connection: Connection, *, now_s: float, as_of: str, read_only: bool = False) -> str:
    """The banner for a narrow screen: the state, its age, what happens to texts, what to do."""
    if connection.received_bytes is not None and not as_of:
        return received_words(connection.received_bytes)
    due = connection.retry_at_s
    wait = f" ({seconds(due - now_s)})" if due is not None and due > now_s else ""
    since = f" as of {as_of}." if as_of else f". {NOTHING_YET}."
    kept = _kept(connection, read_only)
    match connection.phase:
        case Phase.STARTING if connection.problem is not None:
            return f"Not connected: {problem_words(connection.problem).title}.{kept} R retries{wait}."
        case Phase.READ_ONLY if _not_signed_in(connection):
            return "READ-ONLY. To write, set IMAGECHAT_SSO and start again."
        case Phase.READ_ONLY if _explores(connection):
            return "READ-ONLY. Exploring: nothing is marked read."
        case Phase.READ_ONLY if connection.problem is not None and connection.problem.code == codes.BANNED:
            return f"READ-ONLY. You are banned{until_words(connection.problem.until_ms)}."
        case Phase.READ_ONLY:
            return "READ-ONLY. Your account may only read here."
        case Phase.POLLING:
            return "LIVE UPDATES OFF. The list is at most 5 s old. R retries."
        case Phase.SIGN_IN_NEEDED:
            return "SIGN-IN NEEDED. Set IMAGECHAT_SSO to a valid token and start again."
        case phase:
            return f"{phase_words(phase)}{since}{kept} R retries{wait}."


def shortest_banner(connection: Connection, *, as_of: str, read_only: bool = False) -> str:
    """The banner where the header has no room but for the state, so that only the rest of it is said here."""
    kept = _kept(connection, read_only)
    match connection.phase:
        case Phase.STARTING if connection.problem is not None:
            return f"{problem_words(connection.problem).title}. R retries."
        case Phase.POLLING:
            return "At most 5 s old. R retries."
        case Phase.READ_ONLY if _not_signed_in(connection):
            return "To write, set IMAGECHAT_SSO."
        case Phase.READ_ONLY if _explores(connection):
            return "Nothing is marked read."
        case Phase.READ_ONLY if connection.problem is not None and connection.problem.code == codes.BANNED:
            return f"Banned{until_words(connection.problem.until_ms)}."
        case Phase.READ_ONLY:
            return "Your account may only read."
        case Phase.SIGN_IN_NEEDED:
            return "Set IMAGECHAT_SSO to a valid token and restart."
        case _:
            return f"{f'As of {as_of}' if as_of else 'Nothing loaded'}.{kept} R retries."


def _not_signed_in(connection: Connection) -> bool:
    return connection.problem is not None and connection.problem.code == NOT_SIGNED_IN


def _explores(connection: Connection) -> bool:
    return connection.problem is not None and connection.problem.code == EXPLORING


def _kept(connection: Connection, read_only: bool) -> str:
    return "" if connection.can_write or read_only else " Drafts are kept."


_LONGEST_TRY = " Next try in 88 s; R retries."


def reached_here_words(server: str) -> str:
    """That a link leads only people on this machine to the server."""
    return f"Only people on this machine reach {safe_name(server)}."


def received_words(received_bytes: int) -> str:
    """How much of a list has come, of which nobody knows whether the link or the server is slow."""
    return f"Slow answer, {received_bytes / 1000:.0f} kB so far."


def _next_try(connection: Connection, now_s: float) -> str:
    if connection.received_bytes is not None:
        return f" {received_words(connection.received_bytes)}"
    if connection.retry_at_s is None or connection.retry_at_s <= now_s:
        return " Trying now."
    return f" Next try in {seconds(connection.retry_at_s - now_s)}; R retries."
