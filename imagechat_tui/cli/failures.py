"""Exceptions to words and exit codes: what a verb says when it fails."""

from __future__ import annotations

import errno

from imagechat_tui import problems
from imagechat_tui.cli import ERROR, NOT_FOUND, SIGN_IN, UNREACHABLE, USAGE
from imagechat_tui.problems import Problem, ProblemKind, VerbProblem
from imagechat_tui.words import (
    Words,
    admin_words,
    disk_full_words,
    local_server_words,
    picture_words,
    problem_words,
    safe_line,
    safe_name,
    serve_words,
    settings_words,
    too_many_files_words,
    verb_words,
)


def explained(error: BaseException) -> tuple[Words, int] | None:
    """Words and exit code for an expected failure; None for a defect."""
    match error:
        case problems.VerbFailed(problem=problem):
            return verb_words(problem), _verb_code(problem)
        case problems.SettingsError(problem=problem):
            return settings_words(problem), USAGE
        case problems.PictureError(problem=problem):
            missing = isinstance(problem, problems.PictureMissing | problems.NoPictureInFolder)
            return picture_words(problem), NOT_FOUND if missing else ERROR
        case problems.RequestFailed(problem=problem):
            return problem_words(problem, keys=False), request_code(problem)
        case problems.LocalServerFailed(problem=problem):
            return local_server_words(problem), UNREACHABLE
        case problems.ServeError(problem=problem):
            return serve_words(problem), ERROR
        case problems.AdminRefused(problem=problem):
            return admin_words(problem), NOT_FOUND if isinstance(problem, problems.NoSuchTenant) else ERROR
        case OSError(errno=errno.ENOSPC | errno.EDQUOT):
            return disk_full_words(str(error.filename or "")), ERROR
        case OSError(errno=errno.EMFILE | errno.ENFILE):
            return too_many_files_words(), ERROR
        case OSError():
            what = safe_line(error.strerror or str(error))
            named = f"{what}: {safe_name(str(error.filename))}" if error.filename else f"{what}."
            return Words("", named), ERROR
        case _:
            return None


def picture_words_for(error: BaseException) -> Words | None:
    """Words for why a picture is not shown; None for a defect."""
    return picture_words(error.problem) if isinstance(error, problems.PictureError) else None


def request_code(problem: Problem) -> int:
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


def _verb_code(problem: VerbProblem) -> int:
    match problem:
        case problems.NotKnownIfSaved(why=request):
            return request_code(request)
        case problems.NotShareable(why="too-slow"):
            return UNREACHABLE
        case problems.MarkerNotSaved(why=second):
            return request_code(second) if isinstance(second, Problem) else _verb_code(second)
        case (
            problems.NoPictureToWriteOn()
            | problems.SeveralLookAlike()
            | problems.NoWorkingFolder()
            | problems.NoSuchMarker()
            | problems.NotRestorable()
            | problems.NoSuchComment()
            | problems.NoSuchRoom()
        ):
            return NOT_FOUND
        case (
            problems.NotTheAuthor()
            | problems.NotForYou()
            | problems.DemoServerDied()
            | problems.NotOnThisServer()
            | problems.TraceNotAFile()
            | problems.TraceUnreadable()
        ):
            return ERROR
        case _:
            return USAGE
