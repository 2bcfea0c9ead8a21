"""Exceptions of all rings to words and exit codes: what a verb says when it fails."""

from __future__ import annotations

import errno
import sys

from imagechat_tui.problems import LocalServerFailed, Problem, ProblemKind, ServeError
from imagechat_tui.settings import SettingsError, SettingsProblem
from imagechat_tui.words import (
    Words,
    disk_full_words,
    local_server_words,
    picture_words,
    problem_words,
    safe_line,
    safe_name,
    serve_words,
    too_many_files_words,
)

ERROR, USAGE, UNREACHABLE, SIGN_IN, NOT_FOUND = 1, 2, 3, 4, 5


class VerbFailed(Exception):
    """A verb cannot do what it was asked to; words and exit code say it all."""

    def __init__(self, words: Words, code: int = ERROR) -> None:
        super().__init__(words.text)
        self.words = words
        self.code = code


def explained(error: BaseException) -> tuple[Words, int] | None:
    """Words and exit code for an expected failure; None for a defect.

    A ring whose module was never imported cannot have raised, so none is imported just to look.
    """
    if isinstance(error, VerbFailed):
        return error.words, error.code
    if isinstance(error, SettingsError):
        return _settings(error), USAGE
    if isinstance(error, LocalServerFailed):
        return local_server_words(error.problem), UNREACHABLE
    if isinstance(error, ServeError):
        return serve_words(error.problem), ERROR
    for look in (_network, _picture, _admin):
        known = look(error)
        if known is not None:
            return known
    if isinstance(error, OSError):
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            return disk_full_words(str(error.filename or "")), ERROR
        if error.errno in (errno.EMFILE, errno.ENFILE):
            return too_many_files_words(), ERROR
        what = safe_line(error.strerror or str(error))
        return Words("", f"{what}: {safe_name(str(error.filename))}" if error.filename else f"{what}."), ERROR
    return None


def problem_code(problem: Problem) -> int:
    """The exit code for a failed write or read."""
    match problem.kind:
        case (
            ProblemKind.UNREACHABLE | ProblemKind.TIMED_OUT | ProblemKind.OFFLINE | ProblemKind.NOT_CONNECTED
        ):
            return UNREACHABLE
        case ProblemKind.SIGN_IN:
            return SIGN_IN
        case ProblemKind.GONE:
            return NOT_FOUND
        case _:
            return ERROR


def _settings(error: SettingsError) -> Words:
    subject = safe_name(error.subject)
    match error.problem:
        case SettingsProblem.PLAIN_HTTP:
            return Words("Not safe", f"{subject} would send everything unencrypted.", "Use https://.")
        case SettingsProblem.BAD_FLAG:
            return Words("Not understood", f"{subject}.")
        case SettingsProblem.BAD_SERVER:
            return Words("Not a server", f"{subject} is not an address like https://host.")
        case SettingsProblem.NO_TENANT:
            return Words("Tenant missing", "A server needs a tenant.", "Name yours with --tenant.")
        case SettingsProblem.TENANT_NOT_ALLOWED:
            return Words(
                "Tenant missing",
                "A server needs a tenant, and only the project's file names one, which you have not allowed.",
                "To allow it: imagechat config trust; or name yours with --tenant.",
            )
        case SettingsProblem.SECRET_READABLE:
            return Words(
                "Secret readable by others", f"Others can read {subject}.", f"Try: chmod 600 {subject}"
            )
        case SettingsProblem.NO_HOME:
            return Words(
                "No home",
                "HOME names no folder by its whole path, and the system has no account with a home for you.",
                "Set HOME, or XDG_CONFIG_HOME, XDG_DATA_HOME and XDG_STATE_HOME.",
            )
        case SettingsProblem.SECRET_MISSING:
            return Words("No token", f"{subject} cannot be read.", "Check sso_file, or set IMAGECHAT_SSO.")


def _network(error: BaseException) -> tuple[Words, int] | None:
    api = sys.modules.get("imagechat_tui.net.api")
    if api is None or not isinstance(error, api.ApiError):
        return None
    problem = error.problem
    return problem_words(problem, keys=False), problem_code(problem)


def _picture(error: BaseException) -> tuple[Words, int] | None:
    pictures = sys.modules.get("imagechat_tui.net.pictures")
    if pictures is None or not isinstance(error, pictures.PictureError):
        return None
    code = NOT_FOUND if error.kind.value == "missing" else ERROR
    return picture_error_words(error), code


def picture_words_for(error: BaseException) -> Words | None:
    """Words for why a picture is not shown; None for a defect."""
    known = _picture(error)
    return known[0] if known is not None else None


def picture_error_words(error: BaseException) -> Words:
    """Words for a ``PictureError``."""
    data = {key: str(getattr(error, key, "") or "") for key in ("name", "detail", "limit", "option")}
    kind = getattr(error, "kind", "")
    return picture_words(getattr(kind, "value", str(kind)), **data)


def _admin(error: BaseException) -> tuple[Words, int] | None:
    module = sys.modules.get("imagechat_tui.server.process.admin")
    if module is None or not isinstance(error, module.AdminRefused):
        return None
    code = NOT_FOUND if error.problem.value == "no-such-tenant" else ERROR
    return admin_words(error.problem.value, subject=error.subject), code


_ADMIN_WORDS = {
    "tenant-invalid": (
        "Invalid tenant name",
        "{about!r} must be 1-64 of A-Z a-z 0-9 _ -.",
        "",
    ),
    "tenant-reserved": (
        "Name reserved",
        "{about} is reserved for the server itself.",
        "Choose another name.",
    ),
    "tenant-exists": (
        "Already exists",
        "There is already a tenant {about}.",
        "imagechat tenant list shows them.",
    ),
    "no-such-tenant": (
        "No such tenant",
        "There is no tenant {about}.",
        "Try: imagechat tenant create {about}",
    ),
    "no-secret": ("No secret", "Users of {about} are known by the kernel's word: no token is needed.", ""),
    "denied": ("Not yours", "The server's data in {about} belongs to another user.", "Ask its owner."),
    "data-broken": (
        "Data unusable",
        "The database in {about} cannot be read or written.",
        "imagechat serve --data-dir says why.",
    ),
    "seal-broken": (
        "Secrets sealed",
        "The seal.key in {about} does not open its tenants' secrets, or others can read it.",
        "Restore it from the same backup as the database, with mode 600.",
    ),
}
"""Title, what happened, and what to do about it."""


def admin_words(kind: str, *, subject: str) -> Words:
    """Why an operator's request was refused; ``kind`` as ``server.admin`` names it."""
    unanswered = ("No answer", "A server holds {about} and does not answer.", "Restart it.")
    about = safe_name(subject)
    return Words(*(part.format(about=about) for part in _ADMIN_WORDS.get(kind, unanswered)))
