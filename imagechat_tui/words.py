"""Failures and states as sentences: what happened, what it means for your text, what to do.

The one place where data becomes prose, for the screen and for the verbs alike. Outside text (a server's
reason, a file's name) comes in raw and leaves harmless.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import assert_never

from imagechat_tui.safetext import Kind, SafeText, safe_text
from imagechat_tui.sync.intents import (
    DeleteComment,
    DeleteConversation,
    EditComment,
    MoveConversation,
    PostComment,
    ResolveConversation,
    StartConversation,
    Write,
)
from imagechat_tui.sync.state import Connection, Phase, Problem, ProblemKind

BANNER_AFTER_S = 2.0
"""A blip shorter than this is not worth a line on the screen (PROMISES section 5)."""


@dataclass(frozen=True, slots=True)
class Words:
    """A failure as people read it."""

    title: str
    sentence: str
    action: str = ""
    """What to press or do next; empty if there is nothing."""

    @property
    def text(self) -> str:
        """All of it as one line, for stderr and logs."""
        return " ".join(
            part for part in (f"{self.title}:" if self.title else "", self.sentence, self.action) if part
        )


def safe_line(text: str) -> SafeText:
    """Outside text as one harmless line."""
    return safe_text(text, Kind.LINE)


def problem_words(problem: Problem) -> Words:
    """Why a write was not saved, or a link does not stand, in words."""
    reason = safe_line(problem.reason).strip()
    told = f" The server says: {_stopped(reason)}" if reason else ""
    match problem.kind:
        case ProblemKind.OFFLINE:
            return Words("Offline", "There is no link to the server.", "R tries now.")
        case ProblemKind.NOT_CONNECTED:
            return Words("Not connected yet", "The server has not answered so far.", "R tries now.")
        case ProblemKind.UNREACHABLE:
            return Words("Server unreachable", f"Nobody answers there.{told}", "R tries again.")
        case ProblemKind.TIMED_OUT:
            return Words("No answer in time", "The server did not answer within 10 seconds.")
        case ProblemKind.NO_ANSWER:
            return Words("Not saved", "The link broke before the answer; the server's log does not have it.")
        case ProblemKind.RESTARTED:
            return Words("Not known to be saved", "The program ended before the answer came.")
        case ProblemKind.REFUSED:
            return Words("Refused", _refusal(problem.code) or f"The server refused it.{told}")
        case ProblemKind.SIGN_IN:
            return Words(
                "Sign-in needed",
                f"The server does not know you, or no longer.{told}",
                "Set IMAGECHAT_SSO to a fresh token and start again.",
            )
        case ProblemKind.READ_ONLY:
            return Words("Read-only", "You may look here and not write.")
        case ProblemKind.RATE_LIMITED:
            wait = (
                f" Try again in {_seconds(problem.retry_after_s)}."
                if problem.retry_after_s
                else " Try again soon."
            )
            return Words("Too fast", f"The server limits how often one may write.{wait}")
        case ProblemKind.GONE if problem.code in ("invalid-tenant", "invalid-tenant-id"):
            return Words("No such tenant", "The server has no tenant of this name.", "Check --tenant.")
        case ProblemKind.GONE:
            return Words("Gone", "What it was about has been deleted.")
        case ProblemKind.UNSUPPORTED:
            return Words("Not on this server", "The server does not have this: only imagechat's own does.")
        case ProblemKind.BAD_ANSWER:
            where = f" ({reason})" if reason else ""
            return Words("Odd answer", f"The server answered something that makes no sense{where}.")
        case _:
            assert_never(problem.kind)


def _stopped(sentence: str) -> str:
    """A sentence of others with a full stop, so that ours can follow."""
    return sentence if sentence.endswith((".", "!", "?", "…")) else f"{sentence}."


_REFUSALS = {
    "comment-too-big": "It is too long for this server.",
    "empty-comment": "It is empty.",
    "locked": "The comment is locked.",
    "thread-closed": "The thread is closed: no new comments.",
    "unauthorized": "You may not do that here.",
    "banned": "You may not write here.",
    "user-rate-limited": "You write faster than this server allows; wait a minute.",
    "rate-limited": "The server is asked too often; wait a minute.",
    "url-too-long": "The picture's name is too long for this server.",
    "readonly": "This picture takes no comments.",
}
"""Codes of the wire that have words of their own."""


def _refusal(code: str) -> str:
    return _REFUSALS.get(code, "")


def write_words(write: Write) -> str:
    """What a write does, as a noun: "new marker", "comment" …"""
    match write:
        case StartConversation():
            return "new marker"
        case PostComment():
            return "comment"
        case EditComment():
            return "edit"
        case DeleteComment():
            return "deletion of a comment"
        case DeleteConversation():
            return "deletion of a marker"
        case MoveConversation():
            return "move of a marker"
        case ResolveConversation(resolved=resolved):
            return "resolving" if resolved else "reopening"
        case _:
            assert_never(write)


def not_saved_words(problem: Problem, write: Write) -> Words:
    """The verdict "not saved" about one write: why, and what became of the text."""
    why = problem_words(problem)
    kept = hasattr(write, "text")
    fate = "Your text is kept as a draft; it is not sent by itself." if kept else "Nothing has changed."
    return Words(
        f"Not saved: {write_words(write)}",
        f"{why.title}. {why.sentence} {fate}",
        "! lists what was not saved, Enter there tries again.",
    )


def phase_words(phase: Phase) -> str:
    """The connection state as the header shows it."""
    return phase.value.upper()


def banner(connection: Connection, *, now_s: float, as_of: str) -> str | None:
    """The line under the header, or None while there is nothing to say.

    Args:
        connection: the link.
        now_s: the engine's clock.
        as_of: the local time ``hh:mm:ss`` that ``connection.as_of_s`` was, empty if never.
    """
    since = f" as of {as_of}" if as_of else ""
    match connection.phase:
        case Phase.LIVE | Phase.CATCHING_UP | Phase.STARTING | Phase.READ_ONLY:
            if connection.phase is Phase.STARTING and connection.problem is not None:
                return f"Not connected: {problem_words(connection.problem).sentence}{_next_try(connection, now_s)}"
            return None
        case Phase.RECONNECTING:
            if connection.lost_at_s is None or now_s - connection.lost_at_s < BANNER_AFTER_S:
                return None
            return f"Link lost. You see everything{since}; a comment is tried once.{_next_try(connection, now_s)}"
        case Phase.OFFLINE:
            return (
                f"OFFLINE. You see everything{since}; new comments are refused and kept as drafts."
                f"{_next_try(connection, now_s)}"
            )
        case Phase.POLLING:
            return "Live updates off: the socket does not get through. The list is at most 5 s old. R tries again."
        case Phase.SIGN_IN_NEEDED:
            return f"Sign-in needed. You see everything{since}; set IMAGECHAT_SSO to a fresh token and start again."
        case _:
            assert_never(connection.phase)


def _next_try(connection: Connection, now_s: float) -> str:
    if connection.retry_at_s is None or connection.retry_at_s <= now_s:
        return " Trying now."
    return f" Next try in {_seconds(connection.retry_at_s - now_s)}, R tries now."


def _seconds(wait_s: float) -> str:
    """A wait in whole seconds: never none at all."""
    return f"{max(1.0, wait_s):.0f} s"


def picture_words(kind: str, *, name: str, detail: str = "", limit: str = "", option: str = "") -> Words:
    """Why a picture cannot be shown.

    Args:
        kind: the failure, as ``net.pictures`` names it.
        name: the file or address, raw.
        detail: the size that was too large, the system's word …, raw.
        limit: the limit that it exceeds, with its unit.
        option: the option that raises the limit.
    """
    called, said = safe_line(name), safe_line(detail)
    match kind:
        case "missing":
            return Words("No such picture", f"{called} does not exist.", "Check the name.")
        case "permission":
            return Words("Not readable", f"You may not read {called}.", "Check its permissions.")
        case "directory":
            return Words(
                "No picture there", f"{called} holds no PNG, JPEG, GIF, WebP or BMP.", "Name a picture."
            )
        case "not-an-image":
            return Words(
                "Not a picture",
                f"{called} is not a PNG, JPEG, GIF, WebP or BMP.",
                "Convert it to one of these.",
            )
        case "corrupt":
            return Words("Damaged picture", f"{called} is cut off or damaged.", "Make or fetch it anew.")
        case "too-many-pixels" | "too-many-bytes":
            beyond = f", more than {limit}" if limit else ""
            return Words(
                "Too large", f"{called} is {said}{beyond}.", f"{option} raises the limit." if option else ""
            )
        case "memory" | "too-slow":
            return Words(
                "Too heavy", f"{called} needs more memory or time than is allowed.", "Make it smaller."
            )
        case "refused-address":
            return Words(
                "Address refused", f"{called} leads to an address that is not fetched. {said}".rstrip()
            )
        case "unreachable":
            return Words(
                "Not fetched", f"{called} could not be fetched. {said}".rstrip(), "Check the address."
            )
        case _:
            return Words("No picture", f"{called} cannot be shown. {said}".rstrip())


def local_server_words(kind: str, *, path: str, cause: str = "", log_tail: str = "") -> Words:
    """Why there is no local server; ``kind`` and ``cause`` as ``net.local_server`` gives them."""
    where = safe_line(path)
    match kind:
        case "directory-unsafe":
            return Words(
                "No local server",
                f"{where} is not yours alone.",
                "Set XDG_RUNTIME_DIR to a private directory.",
            )
        case "shared-directory-wrong":
            return Words(
                "No shared server", f"{where} must exist with mode 2770.", f"Try: chmod 2770 {where}"
            )
        case "path-too-long":
            return Words(
                "No local server",
                f"{where} is too long for a socket.",
                "Set XDG_RUNTIME_DIR to a short path.",
            )
        case "not-writable":
            return Words(
                "No local server",
                f"{where} cannot be written ({safe_line(cause) or 'no permission'}).",
                "Check its permissions, or set XDG_DATA_HOME and XDG_STATE_HOME.",
            )
        case "died":
            last = safe_line(log_tail.strip().splitlines()[-1]) if log_tail.strip() else safe_line(cause)
            if cause == "data-folder":
                return Words(
                    "No local server",
                    f"Its data folder cannot be written. {last}",
                    "Set XDG_DATA_HOME elsewhere.",
                )
            return Words("No local server", f"It was started and ended at once. {last}", f"Its log: {where}")
        case _:
            return Words("No local server", "It was started and did not answer in time.", f"Its log: {where}")


def serve_words(kind: str, *, path: str = "", host: str = "", port: int | None = None, pid: int | None = None,
                detail: str = "") -> Words:  # fmt: skip
    """Why ``imagechat serve`` did not start; ``kind`` as ``server.serve_options`` names it."""
    where, said = safe_line(path), safe_line(detail)
    match kind:
        case "data-folder":
            return Words(
                "Cannot start",
                f"The data folder {where} cannot be written ({said}).",
                "Choose one with --data-dir.",
            )
        case "data-in-use":
            who = f" (process {pid})" if pid else ""
            return Words(
                "Cannot start",
                f"Another server{who} works on {where}.",
                "Stop it, or choose another --data-dir.",
            )
        case "data-broken":
            return Words(
                "Cannot start",
                f"The database in {where} cannot be used ({said}).",
                "Mend the disk, or restore a backup.",
            )
        case "data-newer":
            return Words(
                "Cannot start",
                f"The database in {where} was made by a newer version.",
                "Update imagechat, or choose another --data-dir.",
            )
        case "port-in-use":
            return Words(
                "Cannot start", f"Port {port} on {safe_line(host)} is in use.", "Choose another with --port."
            )
        case "port-denied":
            return Words(
                "Cannot start", f"Port {port} needs more rights.", "Choose one above 1023 with --port."
            )
        case "host-unknown":
            return Words(
                "Cannot start", f"{safe_line(host)} is no address of this machine.", "Choose another --host."
            )
        case "socket":
            return Words(
                "Cannot start", f"No socket can be made in {where}. {said}".rstrip(), "Check the directory."
            )
        case "tls":
            return Words(
                "Cannot start", f"The certificate {where} or its key cannot be used. {said}".rstrip()
            )
        case _:
            return Words("Cannot start", said or kind)


def admin_words(kind: str, *, subject: str) -> Words:
    """Why an operator's request was refused; ``kind`` as ``server.admin`` names it."""
    about = safe_line(subject)
    match kind:
        case "tenant-invalid":
            return Words("Not a tenant name", f"{about!r} must be 1-64 of A-Z a-z 0-9 _ - and not reserved.")
        case "tenant-exists":
            return Words(
                "Exists already", f"There is a tenant {about} already.", "imagechat tenant list shows them."
            )
        case "no-such-tenant":
            return Words(
                "No such tenant", f"There is no tenant {about}.", f"Try: imagechat tenant create {about}"
            )
        case "no-secret":
            return Words("No secret", f"Users of {about} are known by the kernel's word: no token is needed.")
        case "denied":
            return Words(
                "Not yours", f"The server's data in {about} belongs to another user.", "Ask its owner."
            )
        case "data-broken":
            return Words(
                "Data unusable",
                f"The database in {about} cannot be read or written.",
                "imagechat serve --data-dir says why.",
            )
        case "seal-broken":
            return Words(
                "Secrets sealed",
                f"The seal.key in {about} does not open its tenants' secrets, or others can read it.",
                "Restore it from the same backup as the database, with mode 600.",
            )
        case _:
            return Words("No answer", f"A server holds {about} and does not answer.", "Restart it.")


def news_words(what: str, who: str, where: str) -> str:
    """A line about what somebody did: "Bob commented on 3"."""
    return f"{safe_text(who, Kind.NAME)} {what} {where}"
