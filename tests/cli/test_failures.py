"""What the system refuses is named by what was seen."""

from __future__ import annotations

import errno
import os

import pytest

from imagechat_tui import problems
from imagechat_tui.cli import ERROR, NOT_FOUND, SIGN_IN, UNREACHABLE, USAGE
from imagechat_tui.cli.failures import explained
from imagechat_tui.problems import Failed, Problem, ProblemKind, SettingsError, VerbFailed


@pytest.mark.parametrize(
    ("number", "file", "said"),
    [
        (errno.ENOSPC, None, "Disk full: There is no room left for what was to be written."),
        (errno.EDQUOT, "/data/x", "Disk full: There is no room left for /data/x."),
        (errno.EMFILE, "/lib/x.py", "Too many open files: The system lets us open no more of them."),
        (errno.ENFILE, None, "Raise the limit: ulimit -n 1024"),
        (errno.EIO, "/data/x", "Input/output error: /data/x"),
        (errno.EACCES, None, "Permission denied."),
    ],
)
def test_what_the_system_says_in_words(number: int, file: str | None, said: str) -> None:
    known = explained(OSError(number, os.strerror(number), file))
    assert known is not None
    words, code = known
    assert said in words.text
    assert code == ERROR


def test_a_defect_is_none_of_them() -> None:
    assert explained(ZeroDivisionError()) is None


def test_of_a_server_that_was_not_asked_nothing_is_claimed() -> None:
    known = explained(SettingsError(problems.NoTenant()))
    assert known is not None
    assert known[0].text == "Tenant missing: A server needs a tenant. Name yours with --tenant."


SAID = Problem(ProblemKind.UNREACHABLE)
CODES: list[tuple[Failed, int]] = [
    (VerbFailed(problems.TextEmpty()), USAGE),
    (VerbFailed(problems.NoTerminal()), USAGE),
    (VerbFailed(problems.WishesUndecided("/f", (("server", "s"),))), USAGE),
    (VerbFailed(problems.FileElsewhere("file://h/a.png")), USAGE),
    (VerbFailed(problems.NotTheAuthor("edit")), ERROR),
    (VerbFailed(problems.NotForYou("pin")), ERROR),
    (VerbFailed(problems.NotForYou("flag")), ERROR),
    (VerbFailed(problems.NotForYou("block")), ERROR),
    (VerbFailed(problems.NotOnThisServer()), ERROR),
    (VerbFailed(problems.NotShareable("local-server")), USAGE),
    (VerbFailed(problems.NotShareable("too-slow", 65_536)), UNREACHABLE),
    (VerbFailed(problems.LinkElsewhere("https://a.example", "t", "", "")), USAGE),
    (VerbFailed(problems.MetNowhere("stdin")), USAGE),
    (VerbFailed(problems.NoSuchMarker("7")), NOT_FOUND),
    (VerbFailed(problems.NoSuchRoom("a.png")), NOT_FOUND),
    (VerbFailed(problems.NotRestorable("ic_7")), NOT_FOUND),
    (VerbFailed(problems.SeveralLookAlike("a", ("b", "c"))), NOT_FOUND),
    (VerbFailed(problems.NoPictureToWriteOn(problems.PictureMissing("a"))), NOT_FOUND),
    (VerbFailed(problems.NotKnownIfSaved(SAID)), UNREACHABLE),
    (VerbFailed(problems.MarkerNotSaved(Problem(ProblemKind.REFUSED))), ERROR),
    (VerbFailed(problems.MarkerNotSaved(problems.NotKnownIfSaved(SAID))), UNREACHABLE),
    (problems.PictureError(problems.PictureMissing("a.png")), NOT_FOUND),
    (problems.PictureError(problems.NoPictureInFolder("a")), NOT_FOUND),
    (problems.PictureError(problems.PictureForbidden("a.png")), ERROR),
    (problems.RequestFailed(Problem(ProblemKind.SIGN_IN)), SIGN_IN),
    (problems.LocalServerFailed(problems.DiskFull("/d")), UNREACHABLE),
    (problems.ServeError(problems.DiskFull("/d")), ERROR),
    (problems.AdminRefused(problems.NoSuchTenant("x")), NOT_FOUND),
    (problems.AdminRefused(problems.TenantExists("x")), ERROR),
]


@pytest.mark.parametrize(("failure", "code"), CODES, ids=lambda part: repr(getattr(part, "problem", part)))
def test_scripts_can_tell_failures_apart(failure: Failed, code: int) -> None:
    known = explained(failure)
    assert known is not None
    assert known[1] == code
