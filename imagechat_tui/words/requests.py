"""Why a request failed, or a link does not stand."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import assert_never

from imagechat_tui.problems import (
    EXPLORING,
    FOR_EVER_MS,
    NO_IMAGE_CHATS,
    NOT_SIGNED_IN,
    SERVER_FAILED,
    Problem,
    ProblemKind,
)
from imagechat_tui.protocol import codes
from imagechat_tui.words.parts import Words, safe_line, seconds, stopped
from imagechat_tui.words.servers import local_server_words

RETRY = "R retries."
"""What to do where trying again is all; a banner that counts down says so anyway."""


def problem_words(problem: Problem, *, keys: bool = True) -> Words:
    """Why a write was not saved, or a link does not stand, in words.

    Args:
        problem: the failure.
        keys: whether there is a screen, which tries again by itself and has keys; a verb goes on in the shell.
    """
    reason = safe_line(problem.reason).strip()
    told = f" The server says: {stopped(reason)}" if reason else ""
    now = RETRY if keys else "Run it again later."
    match problem.kind:
        case ProblemKind.NOT_CONNECTED:
            return Words("Not connected yet", "The server has not answered yet.", now)
        case ProblemKind.UNREACHABLE if problem.local is not None:
            return local_server_words(problem.local, named=False)
        case ProblemKind.OFFLINE | ProblemKind.UNREACHABLE if problem.code in UNREACHED_WORDS:
            title, sentence, advice = UNREACHED_WORDS[problem.code]
            return Words(title, sentence.format(said=reason or "no reason given"), advice or now)
        case ProblemKind.OFFLINE:
            return Words("Offline", "There is no connection to the server.", now)
        case ProblemKind.UNREACHABLE:
            again = RETRY if keys else "Check the server's address, or run it again later."
            return Words("Server unreachable", f"Nothing answers there.{told}", again)
        case ProblemKind.TIMED_OUT:
            return Words(
                "No answer in time", "The server did not answer within 10 seconds.", "" if keys else now
            )
        case ProblemKind.NO_ANSWER:
            return Words(
                "Not saved", "The connection broke before the answer; the server's log does not have it."
            )
        case ProblemKind.RESTARTED:
            return Words("Save not confirmed", "The program ended before the answer came.")
        case ProblemKind.REFUSED if problem.code == SERVER_FAILED:
            again = RETRY if keys else "Run it again; if that does not help, tell whoever runs it."
            return Words("Server error", f"The server had an internal error.{told}", again)
        case ProblemKind.REFUSED if problem.code == codes.STORE_FAILED:
            return Words("Server cannot save", f"The server could not write to its store.{told}", now)
        case ProblemKind.REFUSED if problem.code == codes.HOST_NOT_ALLOWED:
            called = f" {reason}" if reason else ""
            return Words(
                "Name not allowed",
                f"The server does not go by the name{called}.",
                f"Whoever runs it: imagechat serve --allow-host{called or ' NAME'}",
            )
        case ProblemKind.REFUSED if problem.code == codes.OVERLOADED:
            after = f"in {seconds(problem.retry_after_s)}" if problem.retry_after_s else "later"
            again = RETRY if keys else f"Run it again {after}."
            return Words("Server overloaded", f"The server is busy or down.{told}", again)
        case ProblemKind.REFUSED | ProblemKind.READ_ONLY if problem.code == codes.BANNED:
            return Words("Banned", banned_sentence(problem.until_ms), "Ask whoever runs the server.")
        case ProblemKind.REFUSED:
            title = _TITLES.get(problem.code, "Refused")
            return Words(title, _refusal(problem.code) or f"The server refused it.{told}")
        case ProblemKind.SIGN_IN if problem.code == codes.MALFORMED_SSO:
            again = "start again" if keys else "run it again"
            return Words(
                "Sign-in needed",
                f"The server does not accept your token.{told}",
                f"Put a valid one in IMAGECHAT_SSO and {again}.",
            )
        case ProblemKind.SIGN_IN:
            again = "start again" if keys else "run it again"
            return Words(
                "Sign-in needed",
                f"You are not signed in, or your token has expired.{told}",
                f"Set IMAGECHAT_SSO to a valid token and {again}.",
            )
        case ProblemKind.READ_ONLY if problem.code == NOT_SIGNED_IN:
            return Words(
                "Read-only",
                "You are not signed in.",
                "To write, set IMAGECHAT_SSO to a sign-in token and start again.",
            )
        case ProblemKind.READ_ONLY if problem.code == EXPLORING:
            return Words(
                "Exploring",
                "Nothing is written and nothing is marked read.",
                "To write, open it without --explore.",
            )
        case ProblemKind.READ_ONLY:
            return Words(
                "Read-only",
                "Your account may only read here.",
                "Ask whoever runs the server for the right to write.",
            )
        case ProblemKind.RATE_LIMITED:
            wait = (
                f" Try again in {seconds(problem.retry_after_s)}."
                if problem.retry_after_s
                else " Try again soon."
            )
            return Words("Too fast", f"You are sending faster than the server allows.{wait}")
        case ProblemKind.GONE if problem.no_tenant:
            return Words("No such tenant", "The server has no tenant of this name.", "Check --tenant.")
        case ProblemKind.GONE:
            return Words("Gone", "It has been deleted.")
        case ProblemKind.UNSUPPORTED if problem.code == NO_IMAGE_CHATS:
            return Words(
                "No imagechat server",
                f"What answers there knows no image chats{f' ({reason})' if reason else ''}.",
                "Check the server's address.",
            )
        case ProblemKind.UNSUPPORTED:
            return Words("Not on this server", "This server cannot do that; only imagechat's own can.")
        case ProblemKind.BAD_ANSWER:
            where = f" ({reason})" if reason else ""
            look = "" if keys else "Check the server's address."
            return Words("Unexpected answer", f"The server's answer makes no sense{where}.", look)
        case _:
            assert_never(problem.kind)


def banned_sentence(until_ms: int | None) -> str:
    """That the person may not write, and until when, as ``until_words`` takes it."""
    return f"You are banned{until_words(until_ms)}; you may read on."


def until_words(until_ms: int | None) -> str:
    """When a ban ends, as a sentence goes on: " until 2026-12-24 18:00", in local time; empty if it does not end.

    Args:
        until_ms: ms since the epoch; the last day that there is stands for no end.
    """
    if until_ms is None or until_ms > FOR_EVER_MS - 86_400_000:
        return ""
    return f" until {datetime.fromtimestamp(until_ms / 1000, UTC).astimezone():%Y-%m-%d %H:%M}"


SETTLED = frozenset({codes.LOCKED, codes.THREAD_CLOSED, codes.BANNED})
"""Codes of what somebody has decided: another try is of no use before they decide otherwise."""


def is_settled(problem: Problem) -> bool:
    """Whether a write would only be refused again, so that nobody is told to retry it."""
    return problem.kind in (ProblemKind.READ_ONLY, ProblemKind.GONE) or problem.code in SETTLED


def not_tried_words() -> Words:
    """One of several writes that was not begun, because the one before it did not reach the server."""
    return Words(
        "Not tried", "The server could not be reached for the one before.", "Run it again for the rest."
    )


_ADDRESS = "Check the server's address."
UNREACHED_WORDS: Mapping[str, tuple[str, str, str]] = {
    "nobody-listens": ("Server unreachable", "Nothing listens there: {said}.", ""),
    "system": ("Server unreachable", "The connection failed: {said}.", ""),
    "hung-up": ("No answer", "The connection was closed without an answer.", ""),
    "no-http": ("Not a web server", "What answers there does not speak HTTP.", _ADDRESS),
    "no-tls": (
        "No TLS there",
        "What answers there does not speak TLS.",
        "Check the port: is it https:// there?",
    ),
    "tls": ("No secure link", "TLS could not be set up: {said}.", ""),
    "no-name": ("No such host", "There is no host of that name.", _ADDRESS),
    "no-lookup": ("Offline", "The server's name cannot be looked up at the moment.", ""),
    "proxy": ("Proxy failed", "The proxy did not connect: {said}.", "Check the proxy setting."),
    "ca-file": ("No certificates", "The file that ca_file names cannot be read.", "Check ca_file."),
    "certificate": (
        "Not trusted",
        "The server's certificate is not trusted: {said}.",
        "If a CA of your own signed it, name that in ca_file.",
    ),
    "certificate-expired": (
        "Certificate expired",
        "By this machine's clock the server's certificate has expired.",
        "Check the clock; if it is right, tell whoever runs the server.",
    ),
    "certificate-early": (
        "Certificate not valid yet",
        "By this machine's clock the server's certificate is not valid yet.",
        "Check the clock; if it is right, tell whoever runs the server.",
    ),
    "certificate-name": (
        "Another's certificate",
        "The server's certificate is for another name: {said}.",
        _ADDRESS,
    ),
    "intercepted": ("Not the server", "Something in front of the server answered: {said}.", ""),
    "web-page": (
        "Not the server",
        "A web page came instead of the server's answer.",
        "Open the address in a browser to see what it says.",
    ),
    "redirect": (
        "Server elsewhere",
        "The address leads on to {said}; that is not followed.",
        "If that is your server, name it with --server.",
    ),
}
"""What was seen where the server was not reached, for each ``Unreached``: title, sentence, and what to do where
trying again is not all."""
_REFUSALS = {
    codes.COMMENT_TOO_BIG: "It is too long for this server.",
    codes.EMPTY_COMMENT: "It is empty.",
    codes.LOCKED: "A moderator has locked the comment: it is neither answered, edited nor deleted.",
    codes.TENANT_FULL: "This server has no room for more comments of yours; tell whoever runs it.",
    codes.THREAD_CLOSED: "The thread is closed: no new comments.",
    codes.UNAUTHORIZED: "You may not do that here.",
    codes.TENANT_DISABLED: "Its operator has closed your tenant.",
    codes.USER_RATE_LIMITED: "You are writing faster than this server allows; wait a minute.",
    codes.RATE_LIMITED: "Too many requests; wait a minute.",
    codes.URL_TOO_LONG: "The picture's name is too long for this server.",
    codes.READONLY: "Your account may only read here.",
}
"""Codes of the wire that have words of their own."""
_TITLES = {codes.LOCKED: "Locked", codes.THREAD_CLOSED: "Closed"}


def _refusal(code: str) -> str:
    return _REFUSALS.get(code, "")
