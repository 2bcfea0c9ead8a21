"""Every failure and state has words: what happened, what it means for the text, what to do."""

from __future__ import annotations

import re
import shlex
import time
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from itertools import product
from typing import Any, get_args

import pytest
from msgspec.structs import replace

from imagechat_tui import problems
from imagechat_tui.net.decoder.kinds import DECLINED
from imagechat_tui.problems import EXPLORING, FOR_EVER_MS, NOT_SIGNED_IN, SERVER_FAILED, Problem, ProblemKind
from imagechat_tui.protocol import codes
from imagechat_tui.protocol.ids import CommentId, ConversationId
from imagechat_tui.protocol.usage import DailyUsage, Usage
from imagechat_tui.raster.compare import Box, Differences
from imagechat_tui.raster.image import Loss
from imagechat_tui.sync import intents
from imagechat_tui.sync.state import Connection, Phase
from imagechat_tui.words import (
    BANNER_AFTER_S,
    MAX_NAME,
    ONE_LINE,
    UNREACHED_WORDS,
    Words,
    admin_words,
    banner,
    before_changed_words,
    cannot_show_words,
    checking_words,
    difference_note,
    differences_words,
    left_not_saved_words,
    left_saved_words,
    left_unanswered_words,
    local_server_words,
    mistake_words,
    moderator_words,
    news_words,
    no_such_picture_here,
    not_back_words,
    not_placed_words,
    not_saved_words,
    nothing_unsent_words,
    phase_words,
    picture_loss_words,
    picture_words,
    problem_words,
    project_words,
    safe_name,
    serve_words,
    settings_words,
    short_banner,
    shortest_banner,
    thread_words,
    undo_link_words,
    unsent_beside_words,
    verb_words,
    write_words,
)
from imagechat_tui.words.servers import fault_words
from imagechat_tui.words.usage import DAYS_SHOWN, usage_words
from tests import examples as eg

HOSTILE = "\x1b]52;c;aGk=\x07\x9b2J\u202egnp\n\u2028two\x00\ud800\u200b"
ACTING = re.compile("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")

IC, C = ConversationId("ic_1"), CommentId("c_1")
WRITES: dict[str, intents.Write] = {
    "new marker": intents.StartConversation(eg.point(), "text"),
    "comment": intents.PostComment(IC, "text"),
    "edit": intents.EditComment(IC, C, "text"),
    "delete comment": intents.DeleteComment(IC, C),
    "delete marker": intents.DeleteConversation(IC),
    "bring back marker": intents.RestoreConversation(IC),
    "move marker": intents.MoveConversation(IC, eg.point()),
    "resolve": intents.ResolveConversation(IC, True),
    "reopen": intents.ResolveConversation(IC, False),
    "vote": intents.VoteComment(IC, C, 1),
    "take back vote": intents.VoteComment(IC, C, 0),
    "pin": intents.PinComment(IC, C, True),
    "unpin": intents.PinComment(IC, C, False),
    "lock": intents.LockComment(IC, C, True),
    "unlock": intents.LockComment(IC, C, False),
    "flag": intents.FlagComment(IC, C, True),
    "take back flag": intents.FlagComment(IC, C, False),
    "block": intents.BlockAuthor(IC, C, True),
    "unblock": intents.BlockAuthor(IC, C, False),
}
NOT_DONE = {
    "new marker": "Marker not saved",
    "comment": "Comment not saved",
    "edit": "Edit not saved",
    "delete comment": "Comment not deleted",
    "delete marker": "Marker not deleted",
    "bring back marker": "Marker not brought back",
    "move marker": "Marker not moved",
    "resolve": "Not resolved",
    "reopen": "Not reopened",
    "vote": "Vote not counted",
    "take back vote": "Vote not taken back",
    "pin": "Not pinned",
    "unpin": "Not unpinned",
    "lock": "Not locked",
    "unlock": "Not unlocked",
    "flag": "Not flagged",
    "take back flag": "Flag not taken back",
    "block": "Not blocked",
    "unblock": "Not unblocked",
}

CODES = [
    codes.COMMENT_TOO_BIG,
    codes.EMPTY_COMMENT,
    codes.LOCKED,
    codes.TENANT_FULL,
    codes.THREAD_CLOSED,
    codes.UNAUTHORIZED,
    codes.BANNED,
    codes.USER_RATE_LIMITED,
    codes.RATE_LIMITED,
    codes.URL_TOO_LONG,
    codes.READONLY,
]
"""Codes of PROTOCOL 8.4 that a person can bring about; the others are told in the server's words."""


def is_plain(words: Words) -> bool:
    """Whether they can stand on the screen: sentences, on one line each, with nothing of the program in them."""
    return (
        bool(words.title and words.sentence.endswith((".", "!")))
        and not words.title.endswith(".")
        and (not words.action or len(words.action) > 1)
        and not ACTING.search(words.text)
        and not re.search(r"None|Problem|Kind|\{|  | \.", words.text)
        and words.text == " ".join(words.text.split())
    )


# Problems


@pytest.mark.parametrize("kind", ProblemKind)
def test_every_problem_has_words_of_its_own(kind: ProblemKind) -> None:
    for reason in ("", "Because", " Because! "):
        assert is_plain(problem_words(Problem(kind, reason=reason)))
    others = {problem_words(Problem(other)).sentence for other in ProblemKind if other is not kind}
    assert problem_words(Problem(kind)).sentence not in others


@pytest.mark.parametrize("kind", ProblemKind)
def test_the_words_of_a_server_leave_harmless(kind: ProblemKind) -> None:
    words = problem_words(Problem(kind, code=HOSTILE, reason=HOSTILE))
    assert not ACTING.search(words.title + words.sentence + words.action)


def test_the_words_of_a_server_end_before_ours_go_on() -> None:
    words = problem_words(Problem(ProblemKind.UNREACHABLE, reason="Down for repair"))
    assert words.text == (
        "Server unreachable: Nothing answers there. The server says: Down for repair. R retries."
    )


def test_an_odd_answer_says_what_is_odd_about_it() -> None:
    words = problem_words(Problem(ProblemKind.BAD_ANSWER, reason="comments[3].date: is not a date"))
    assert words.sentence == "The server's answer makes no sense (comments[3].date: is not a date)."


def test_every_code_of_a_refusal_has_words_of_its_own() -> None:
    told = [problem_words(Problem(ProblemKind.REFUSED, code, "server words")) for code in CODES]
    assert all(is_plain(words) for words in told)
    assert not any("server words" in words.sentence for words in told)
    assert len({words.sentence for words in told}) == len(CODES)


def test_a_refusal_without_words_of_ours_is_told_in_those_of_the_server() -> None:
    words = problem_words(Problem(ProblemKind.REFUSED, "someday", "Ask again on Monday"))
    assert words.sentence == "The server refused it. The server says: Ask again on Monday."
    assert problem_words(Problem(ProblemKind.REFUSED, "someday")).sentence == "The server refused it."


@pytest.mark.parametrize(
    ("code", "retry_after_s", "said"),
    [
        (SERVER_FAILED, None, "The server had an internal error. Run it again; if"),
        (codes.OVERLOADED, None, "The server is busy or down. Run it again later."),
        (codes.OVERLOADED, 3.0, "The server is busy or down. Run it again in 3 s."),
    ],
)
def test_a_server_that_fails_has_not_refused(code: str, retry_after_s: float | None, said: str) -> None:
    problem = Problem(ProblemKind.REFUSED, code, retry_after_s=retry_after_s)
    words = problem_words(problem, keys=False)
    assert is_plain(words)
    assert said in words.text
    assert "efused" not in words.text
    assert problem_words(problem).action == "R retries."


@pytest.mark.parametrize("kind", ProblemKind)
def test_a_verb_names_no_key(kind: ProblemKind) -> None:
    words = problem_words(Problem(kind), keys=False)
    assert is_plain(words)
    assert not words.action.startswith("R ")
    assert words.sentence == problem_words(Problem(kind)).sentence
    if kind in (ProblemKind.UNREACHABLE, ProblemKind.TIMED_OUT):
        assert "run it again" in words.action.lower()


@pytest.mark.parametrize("kind", ProblemKind)
def test_a_write_of_which_nobody_knows_says_how_to_find_out(kind: ProblemKind) -> None:
    words = verb_words(problems.NotKnownIfSaved(Problem(kind)))
    assert is_plain(words)
    assert words.sentence.endswith(" It may still have been saved.")
    assert "imagechat ls" in words.action


def test_another_kind_of_server_is_not_called_gone() -> None:
    words = problem_words(Problem(ProblemKind.UNSUPPORTED, "no-image-chats", "404 Not Found"))
    assert words.title == "No imagechat server"
    assert words.sentence == "What answers there knows no image chats (404 Not Found)."
    assert "address" in words.action


def test_certificates_that_cannot_be_read_are_not_a_server_that_does_not_answer() -> None:
    assert "ca_file" in problem_words(Problem(ProblemKind.UNREACHABLE, "ca-file")).sentence


def test_what_a_person_can_do_is_said_where_there_is_something() -> None:
    for kind in (ProblemKind.OFFLINE, ProblemKind.NOT_CONNECTED, ProblemKind.UNREACHABLE):
        assert problem_words(Problem(kind)).action.startswith("R ")
    assert "IMAGECHAT_SSO" in problem_words(Problem(ProblemKind.SIGN_IN)).action


@pytest.mark.parametrize("code", [codes.INVALID_TENANT, codes.INVALID_TENANT_ID])
def test_a_tenant_that_does_not_exist_was_not_deleted(code: str) -> None:
    words = problem_words(Problem(ProblemKind.GONE, code, "No such tenant."))
    assert words == Words("No such tenant", "The server has no tenant of this name.", "Check --tenant.")
    assert "deleted" in problem_words(Problem(ProblemKind.GONE, codes.NOT_FOUND)).sentence


@pytest.mark.parametrize(
    ("retry_after_s", "said"),
    [
        (None, "Try again soon."),
        (0.0, "Try again soon."),
        (0.2, "Try again in 1 s."),
        (2.4, "Try again in 2 s."),
    ],
)
def test_a_limit_says_how_long_to_wait(retry_after_s: float | None, said: str) -> None:
    words = problem_words(Problem(ProblemKind.RATE_LIMITED, retry_after_s=retry_after_s))
    assert words.sentence.endswith(said)


# Writes


@pytest.mark.parametrize(
    ("comments", "people", "said"),
    [
        (1, 1, "marker 7 and 1 comment"),
        (4, 1, "marker 7 and 4 comments"),
        (4, 2, "marker 7 and 4 comments of 2 people"),
        (4, None, "marker 7 and 4 comments"),
        (None, None, "marker 7 and its comments"),
    ],
)
def test_what_goes_with_a_marker_is_named(comments: int | None, people: int | None, said: str) -> None:
    assert thread_words("marker 7", comments=comments, people=people) == said


def test_every_kind_of_write_has_a_name() -> None:
    assert {type(write) for write in WRITES.values()} == set(get_args(intents.Write))
    assert {write_words(write): write for write in WRITES.values()} == WRITES


@pytest.mark.parametrize("name", WRITES)
@pytest.mark.parametrize("kind", ProblemKind)
def test_what_was_not_saved_says_why_and_what_became_of_the_text(kind: ProblemKind, name: str) -> None:
    write = WRITES[name]
    words = not_saved_words(Problem(kind, reason=HOSTILE), write)
    why = problem_words(Problem(kind, reason=HOSTILE))
    assert words.title == NOT_DONE[name]
    unlisted = not_saved_words(Problem(kind, reason=HOSTILE), write, listed=False)
    assert (unlisted.title, unlisted.sentence, unlisted.action) == (words.title, words.sentence, why.action)
    assert is_plain(checking_words(write))
    assert words.sentence.startswith(f"{why.title}. {why.sentence} ")
    kept = "Your text is kept as a draft; it is not sent by itself."
    assert words.sentence.endswith(kept if hasattr(write, "text") else "Nothing has changed.")
    again = kind not in (ProblemKind.READ_ONLY, ProblemKind.GONE)
    assert words.action == ("! lists what was not saved; Enter there retries." if again else "! shows it.")
    assert not ACTING.search(words.text)


@pytest.mark.parametrize("kind", ProblemKind)
@pytest.mark.parametrize("marker", ["marker 7", None])
def test_a_marker_that_could_not_be_placed_says_why(kind: ProblemKind, marker: str | None) -> None:
    words = not_placed_words(Problem(kind), marker)
    assert is_plain(words)
    assert words.title == ("Marker 7 stays where it was" if marker else "The marker stays where it was")
    assert problem_words(Problem(kind)).sentence in words.sentence
    assert not ACTING.search(not_placed_words(Problem(kind, reason=HOSTILE), marker).text)


def test_a_verdict_on_what_is_not_known_has_words_too() -> None:
    assert is_plain(not_saved_words(Problem(ProblemKind.OFFLINE), None))
    assert is_plain(checking_words(None))


def test_words_as_one_line() -> None:
    assert Words("Title", "Sentence.", "Action.").text == "Title: Sentence. Action."
    assert Words("Title", "Sentence.").text == "Title: Sentence."
    assert Words("", "Sentence.").text == "Sentence."


# States

README_WORDS = {
    Phase.STARTING: "STARTING",
    Phase.LIVE: "LIVE",
    Phase.CATCHING_UP: "CATCHING UP",
    Phase.RECONNECTING: "RECONNECTING",
    Phase.OFFLINE: "OFFLINE",
    Phase.POLLING: "LIVE UPDATES OFF",
    Phase.SIGN_IN_NEEDED: "SIGN-IN NEEDED",
    Phase.READ_ONLY: "READ-ONLY",
}


def test_every_state_has_its_word() -> None:
    assert {phase: phase_words(phase) for phase in Phase} == README_WORDS


def said(
    phase: Phase, *, now_s: float = 100.0, as_of: str = "12:00:00", **facts: float | Problem | None
) -> str | None:
    """The banner of a link."""
    return banner(Connection(phase=phase, **facts), now_s=now_s, as_of=as_of)  # type: ignore[arg-type]


@pytest.mark.parametrize("phase", Phase)
def test_a_state_in_which_something_is_missing_has_a_banner(phase: Phase) -> None:
    words = said(phase, lost_at_s=0.0, retry_at_s=107.0)
    quiet = (Phase.LIVE, Phase.CATCHING_UP, Phase.STARTING)
    assert (words is None) == (phase in quiet)
    if words is not None:
        assert words.endswith(".")
        assert "12:00:00" in words or phase in (Phase.POLLING, Phase.READ_ONLY)


@pytest.mark.parametrize(
    ("code", "why", "how"),
    [
        (NOT_SIGNED_IN, "You are not signed in.", "set IMAGECHAT_SSO to a sign-in token"),
        (EXPLORING, "nothing is marked read", "open it without --explore"),
        ("", "Your account may only read here.", "Ask whoever runs the server"),
    ],
)
def test_who_may_only_read_is_told_why_and_what_to_do(code: str, why: str, how: str) -> None:
    link = Connection(phase=Phase.READ_ONLY, problem=Problem(ProblemKind.READ_ONLY, code))
    full = str(banner(link, now_s=0.0, as_of=""))
    assert full.startswith("READ-ONLY. ")
    assert why in full
    assert how in full
    assert len(full) <= ONE_LINE
    for shorter in (short_banner(link, now_s=0.0, as_of=""), shortest_banner(link, as_of="")):
        assert ("IMAGECHAT_SSO" in shorter) is (code == NOT_SIGNED_IN)
        assert "R retries" not in shorter


@pytest.fixture
def _in_kathmandu(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Five hours and three quarters ahead of UTC."""
    monkeypatch.setenv("TZ", "NPT-5:45")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


CHRISTMAS_MS = 1_798_110_900_000
"""2026-12-24 11:15 UTC."""


@pytest.mark.usefixtures("_in_kathmandu")
@pytest.mark.parametrize("kind", [ProblemKind.REFUSED, ProblemKind.READ_ONLY])
@pytest.mark.parametrize(
    ("until_ms", "said"),
    [
        (CHRISTMAS_MS, "You are banned until 2026-12-24 17:00; you may read on."),
        (None, "You are banned; you may read on."),
        (FOR_EVER_MS, "You are banned; you may read on."),
        (FOR_EVER_MS - 1, "You are banned; you may read on."),
    ],
)
def test_who_is_banned_is_told_until_when_by_their_own_clock(
    kind: ProblemKind, until_ms: int | None, said: str
) -> None:
    problem = Problem(kind, codes.BANNED, "You may not write here.", until_ms=until_ms)
    for keys in (True, False):
        assert problem_words(problem, keys=keys).sentence == said
    link = Connection(phase=Phase.READ_ONLY, problem=problem)
    full = str(banner(link, now_s=0.0, as_of=""))
    assert full == f"READ-ONLY. {said} Ask whoever runs the server."
    assert len(full) <= ONE_LINE
    for shorter in (short_banner(link, now_s=0.0, as_of=""), shortest_banner(link, as_of="")):
        assert "anned" in shorter
        assert ("17:00" in shorter) is (until_ms == CHRISTMAS_MS)


@pytest.mark.parametrize(
    ("tenant", "user", "said"),
    [
        (
            "design",
            "design:ben",
            "Whoever runs the server makes you one: imagechat user role design ben moderator",
        ),
        ("design", "", "Whoever runs the server makes you one: imagechat user role design USER moderator"),
        (
            "local",
            "local:ben",
            "Whose server it is makes you one: imagechat user role local ben moderator "
            "--data-dir DIR/data, of the shared DIR",
        ),
        ("design", "anon:12", ""),
        ("", "design:ben", ""),
    ],
)
def test_who_may_not_moderate_is_told_what_makes_them_a_moderator(tenant: str, user: str, said: str) -> None:
    assert moderator_words(tenant, user) == said
    for verb in ("pin", "unlock", "export"):
        assert verb_words(problems.NotForYou(verb, tenant, user)).action == said


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("1.2", "1.2 is a comment of marker 1, and this is done to a whole marker. Name it 1."),
        ("#12.34", "#12.34 is a comment of marker 12, and this is done to a whole marker. Name it 12."),
        ("9", "There is no marker '9'. imagechat ls IMAGE shows them."),
        ("1.x", "There is no marker '1.x'. imagechat ls IMAGE shows them."),
    ],
)
def test_who_names_a_comment_for_a_marker_is_told_which_marker_that_is(name: str, said: str) -> None:
    assert verb_words(problems.NoSuchMarker(name)).text == f"No such marker: {said}"


def test_a_blip_is_not_worth_a_banner() -> None:
    assert BANNER_AFTER_S == 2.0  # PROMISES 5
    lost = 100.0 - BANNER_AFTER_S
    assert said(Phase.RECONNECTING, lost_at_s=lost + 0.001) is None
    assert said(Phase.RECONNECTING, lost_at_s=lost) is not None
    assert said(Phase.RECONNECTING, lost_at_s=None) is None


def test_a_banner_counts_down_and_names_the_key() -> None:
    for phase in (Phase.OFFLINE, Phase.RECONNECTING):
        assert str(said(phase, lost_at_s=0.0, retry_at_s=107.0)).endswith(" Next try in 7 s; R retries.")
        assert str(said(phase, lost_at_s=0.0, retry_at_s=100.2)).endswith(" Next try in 1 s; R retries.")
        for due in (None, 100.0, 99.0):
            assert str(said(phase, lost_at_s=0.0, retry_at_s=due)).endswith(" Trying now.")


def test_a_banner_says_what_becomes_of_comments() -> None:
    assert "comments are refused, kept as drafts" in str(said(Phase.OFFLINE))
    assert "are tried once" in str(said(Phase.RECONNECTING, lost_at_s=0.0))


@pytest.mark.parametrize("phase", [Phase.OFFLINE, Phase.RECONNECTING])
@pytest.mark.parametrize("as_of", ["", "12:00:00"])
def test_who_may_only_read_is_told_nothing_of_comments(phase: Phase, as_of: str) -> None:
    link = Connection(phase=phase, lost_at_s=0.0)
    full = banner(link, now_s=100.0, as_of=as_of, read_only=True)
    short = short_banner(link, now_s=100.0, as_of=as_of, read_only=True)
    for words in (str(full), short, shortest_banner(link, as_of=as_of, read_only=True)):
        assert "comments" not in words
        assert "rafts" not in words
        assert as_of in words


@pytest.mark.parametrize("phase", [Phase.OFFLINE, Phase.RECONNECTING, Phase.SIGN_IN_NEEDED])
def test_what_was_never_loaded_is_not_said_to_be_seen(phase: Phase) -> None:
    never = str(said(phase, as_of="", lost_at_s=0.0))
    assert "Nothing loaded yet;" in never
    assert "You see" not in never
    assert "s of 12:00:00;" in str(said(phase, lost_at_s=0.0))


def test_a_banner_is_one_line_on_a_screen_of_100_columns() -> None:
    for phase in Phase:
        for as_of in ("", "12:00:00"):
            words = said(phase, as_of=as_of, lost_at_s=0.0, retry_at_s=118.0)
            assert words is None or len(words) <= 98


def test_a_start_that_fails_says_why() -> None:
    words = said(Phase.STARTING, problem=Problem(ProblemKind.UNREACHABLE, reason=HOSTILE), retry_at_s=103.0)
    assert words is not None
    assert words.startswith("Not connected: Nothing answers there.")
    assert "Nothing loaded yet." in words
    assert words.endswith(" Next try in 3 s; R retries.")
    assert not ACTING.search(words)


@pytest.mark.parametrize(
    ("phase", "words"),
    [
        (Phase.STARTING, "Slow answer, 240 kB so far."),
        (Phase.CATCHING_UP, "Slow answer, 240 kB so far."),
        (Phase.OFFLINE, "refused, kept as drafts. Slow answer, 240 kB so far."),
        (Phase.LIVE, None),
    ],
)
def test_a_list_that_takes_its_time_says_how_far_it_is(phase: Phase, words: str | None) -> None:
    told = said(phase, lost_at_s=0.0, received_bytes=240_123)
    assert told is None if words is None else str(told).endswith(words)
    if words is not None:
        short = short_banner(Connection(phase=phase, received_bytes=240_123), now_s=100.0, as_of="")
        assert short == "Slow answer, 240 kB so far."


def test_a_tenant_that_its_operator_has_closed_is_told_as_that() -> None:
    closed = Problem(ProblemKind.REFUSED, codes.TENANT_DISABLED)
    for phase in (Phase.RECONNECTING, Phase.OFFLINE):
        words = str(said(phase, lost_at_s=0.0, problem=closed, retry_at_s=103.0))
        assert "Its operator has closed your tenant." in words
        assert "IMAGECHAT_SSO" not in words
        assert words.endswith("R retries.")


NO_TENANT = Problem(ProblemKind.GONE, codes.INVALID_TENANT)


def test_a_start_that_fails_says_what_to_do_about_it() -> None:
    words = str(said(Phase.STARTING, problem=NO_TENANT, retry_at_s=103.0))
    assert words == (
        "Not connected: The server has no tenant of this name. Check --tenant. Next try in 3 s; R retries."
    )


@pytest.mark.parametrize("phase", [Phase.OFFLINE, Phase.RECONNECTING])
@pytest.mark.parametrize("as_of", ["", "12:00:00"])
def test_a_banner_says_why_waiting_will_not_help(phase: Phase, as_of: str) -> None:
    words = str(said(phase, as_of=as_of, lost_at_s=0.0, problem=NO_TENANT))
    assert "The server has no tenant of this name." in words
    assert as_of in words
    passing = str(said(phase, as_of="12:00:00", lost_at_s=0.0, problem=Problem(ProblemKind.UNREACHABLE)))
    assert "s of 12:00:00;" in passing


@pytest.mark.parametrize("phase", [Phase.OFFLINE, Phase.RECONNECTING])
def test_where_nothing_was_ever_loaded_the_banner_says_why(phase: Phase) -> None:
    words = str(said(phase, as_of="", lost_at_s=0.0, problem=Problem(ProblemKind.UNREACHABLE)))
    assert "Nothing answers there. Nothing loaded yet." in words


@pytest.mark.parametrize("kind", ProblemKind)
@pytest.mark.parametrize("as_of", ["", "12:00:00"])
def test_a_reason_leaves_the_banner_on_one_line_and_its_words_alike_while_it_counts(
    kind: ProblemKind, as_of: str
) -> None:
    for phase, reason in product((Phase.OFFLINE, Phase.RECONNECTING), ("", "Down for repair. " * 9)):
        problem = Problem(kind, reason=reason)
        waits = [
            str(said(phase, as_of=as_of, lost_at_s=0.0, retry_at_s=due, problem=problem))
            for due in (188.0, 109.0, None)
        ]
        assert all(len(words) <= ONE_LINE for words in waits)
        assert len({re.sub(" (Next try in|Trying).*", "", words) for words in waits}) == 1


# What fails elsewhere


@pytest.mark.parametrize(
    ("loss", "told"),
    [
        (Loss("rows", "lower", 0.4, cut=True), "The lower 40 % of a.png is missing: the file is cut off."),
        (Loss("rows", "left", 0.001), "The left 1 % of a.png is missing: the file is damaged."),
        (
            Loss("detail", "lower", 0.5, cut=True),
            "The lower 50 % of a.png is coarser than made: the file is cut off.",
        ),
        (Loss("detail", "lower", 1.0, cut=True), "All of a.png is coarser than made: the file is cut off."),
        (Loss("unsure"), "The data of a.png are damaged: it may not look as it was made."),
    ],
)
def test_what_is_missing_from_a_picture_is_told(loss: Loss, told: str) -> None:
    words = picture_loss_words("a.png", loss)
    assert words.sentence == told
    assert is_plain(words)
    assert not ACTING.search(picture_loss_words(HOSTILE, loss).text)


@pytest.mark.parametrize("kind", ["", "something new", *sorted(DECLINED)])
def test_what_is_called_a_picture_and_is_none_is_named_with_what_to_do(kind: str) -> None:
    words = picture_words(problems.NotAPicture("a.png", kind))
    assert is_plain(words)
    assert words.action
    unknown = picture_words(problems.NotAPicture("a.png"))
    assert (words == unknown) == (kind in ("", "something new", "unknown"))


TELL: dict[str, tuple[object, Callable[[Any], Words]]] = {
    "local server": (problems.LocalServerProblem, local_server_words),
    "local server, on the screen": (
        problems.LocalServerProblem,
        lambda problem: problem_words(Problem(ProblemKind.UNREACHABLE, local=problem)),
    ),
    "serve": (problems.ServeProblem, serve_words),
    "pictures": (problems.PictureProblem, picture_words),
    "settings": (problems.SettingsProblem, settings_words),
    "operators": (problems.AdminProblem, admin_words),
    "verbs": (problems.VerbProblem, verb_words),
}
"""A union of kinds, and who tells them."""

PASSING_ON = {"ServerDied", "NoPictureToWriteOn", "MarkerNotSaved", "TooSlow"}
"""What is told in the words of its cause; and what takes too long, in those of what takes too much."""


@pytest.mark.parametrize("who", TELL)
def test_every_kind_of_problem_has_words_of_its_own(who: str) -> None:
    union, tell = TELL[who]
    said: dict[str, str] = {}
    for problem in eg.problems_of(union, "/x"):
        words = tell(problem)
        assert is_plain(words), problem
        kind = type(problem).__name__
        if kind not in PASSING_ON:
            assert said.setdefault(words.sentence, kind) == kind, problem


@pytest.mark.parametrize("who", TELL)
def test_what_a_problem_holds_from_outside_leaves_harmless(who: str) -> None:
    union, tell = TELL[who]
    for problem in eg.problems_of(union, HOSTILE):
        assert not ACTING.search(tell(problem).text), problem


@pytest.mark.parametrize("text", ["/x", HOSTILE])
def test_what_is_wrong_in_settings_is_told_harmlessly_on_one_line(text: str) -> None:
    said: dict[str, str] = {}
    for mistake in eg.problems_of(problems.Mistake, text):
        words = mistake_words(mistake)
        assert not ACTING.search(words)
        kind = type(mistake.what).__name__
        assert said.setdefault(words, kind) == kind


@pytest.mark.parametrize("text", ["/x", HOSTILE])
def test_what_is_wrong_with_a_servers_data_is_told_harmlessly_on_one_line(text: str) -> None:
    said: dict[str, str] = {}
    for fault in eg.problems_of(problems.DataFault, text):
        words = fault_words(fault)
        assert not ACTING.search(words)
        assert text == HOSTILE or not re.search(r"None|Problem|Kind|\{|  | \.", words)
        kind = type(fault).__name__
        assert said.setdefault(words, kind) == kind


def test_whatever_is_seen_where_a_server_was_not_reached_has_words() -> None:
    assert set(UNREACHED_WORDS) == set(get_args(problems.Unreached))
    for code in UNREACHED_WORDS:
        words = problem_words(Problem(ProblemKind.UNREACHABLE, code, "what the system says"))
        assert is_plain(words), code


def test_the_last_line_of_a_log_says_why_a_server_died() -> None:
    words = local_server_words(problems.ServerDied("/l", last_line="no space left"))
    assert words.text == (
        "No local server: The server stopped as soon as it was started. Its log ends with: no space left. Its log: /l"
    )


@pytest.mark.parametrize("cause", [None, *eg.problems_of(problems.ServeProblem, "/d")])
@pytest.mark.parametrize("last_line", ["", "nobody here: ending"])
def test_a_local_server_that_died_is_told_in_plain_sentences(
    cause: problems.ServeProblem | None, last_line: str
) -> None:
    words = local_server_words(problems.ServerDied("/l", cause, last_line))
    assert is_plain(words)
    if "Its log ends with" not in words.sentence:
        assert words.sentence.count(". ") == 0
        assert "--data-dir" not in words.text


def test_a_local_server_tells_its_own_reason_and_not_the_advice_for_serve() -> None:
    died = problems.ServerDied(
        "/l", problems.DataFolderUnusable("/d", "Read-only file system"), "nobody here: ending"
    )
    assert local_server_words(died).text == (
        "No local server: The data folder /d cannot be used (Read-only file system)."
        " Check its permissions, or set XDG_DATA_HOME to another folder."
    )
    assert local_server_words(died, named=False).sentence == "The server's data folder cannot be used."


def test_the_screen_says_without_paths_why_there_is_no_local_server() -> None:
    for problem in eg.problems_of(problems.LocalServerProblem, "x"):
        place = "log" if hasattr(problem, "log") else "path"
        deep = replace(problem, **{place: "/a/long/path"})
        words = problem_words(Problem(ProblemKind.UNREACHABLE, local=deep))
        assert "/a/long/path" not in words.text
        assert is_plain(words)


def test_what_is_too_large_names_limit_and_option() -> None:
    words = picture_words(problems.TooManyPixels("a.png", 9000, 10_000, 60_000_000))
    assert words == Words(
        "Too large",
        "a.png is 9000×10000 pixels, more than 60 million pixels.",
        "--max-megapixels raises the limit.",
    )
    assert picture_words(problems.TooManyBytes("a.png", 1 << 20, 9 << 20)) == Words(
        "Too large", "a.png is 9.0 MiB, more than 1 MiB.", "--max-file-mib raises the limit."
    )


def test_nobody_has_to_read_a_name_of_thousands_of_letters() -> None:
    words = picture_words(problems.PictureMissing("x" * 3000))
    assert words.sentence == f"{'x' * (MAX_NAME - 1)}… does not exist."
    assert safe_name("a" * MAX_NAME) == "a" * MAX_NAME
    assert not ACTING.search(safe_name(HOSTILE * 100))


@pytest.mark.parametrize(
    ("holder", "told", "unanswered"),
    [
        (
            "server",
            "Another server (process 7) is using /d.",
            "A server (process 7) holds /d and does not answer.",
        ),
        (
            "verb",
            "An imagechat verb (process 7) is at work on /d.",
            "Another imagechat verb (process 7) holds /d and does not let go.",
        ),
        (
            None,
            "Another process (process 7) is using /d.",
            "Another process (process 7) holds /d and does not let go.",
        ),
    ],
)
def test_who_holds_the_same_data_is_named_if_it_is_known(
    holder: problems.DataHolder | None, told: str, unanswered: str
) -> None:
    for pid in (7, None):
        known = " (process 7)" if pid is None else ""
        assert serve_words(problems.DataInUse("/d", pid, holder)).sentence == told.replace(known, "")
        said = admin_words(problems.DataUnanswered("/d", pid, holder)).sentence
        assert said == unanswered.replace(known, "")


@pytest.mark.parametrize(
    ("name", "number"),
    [("1", True), ("#12", True), ("1.2", True), ("ic_1", False), ("#", False), ("", False)],
)
def test_who_restores_by_a_number_is_told_that_it_takes_ids(name: str, number: bool) -> None:
    words = verb_words(problems.NotRestorable(name))
    assert ("is a number; restore takes ids" in words.sentence) is number
    assert "imagechat rm told" in words.action


def test_what_cannot_be_shown_is_counted() -> None:
    assert cannot_show_words(1) == "1 item cannot be shown."
    assert cannot_show_words(3) == "3 items cannot be shown."


def test_news_name_who_did_it_harmlessly() -> None:
    assert news_words("commented on", "Bob", "3") == "Bob commented on 3"
    assert not ACTING.search(news_words("commented on", HOSTILE, "3"))


def test_a_blank_at_the_end_of_a_name_can_be_seen() -> None:
    said = no_such_picture_here("shot.png ", ["shot.png"])
    assert said.startswith("There is no picture 'shot.png ' here. ")
    assert said.endswith(" Did you mean shot.png?")


@pytest.mark.parametrize(
    ("project", "short"),
    [
        ("github.com/acme/web", "acme/web"),
        ("gitlab.com/group/sub/web", "group/sub/web"),
        ("[::1]/acme/web", "acme/web"),
        ("host.example/web", "host.example/web"),
        ("work/acme/web", "work/acme/web"),
        ("Our website", "Our website"),
        ("a/b", "a/b"),
        ("", ""),
        ("..//", "/"),
    ],
)
def test_a_project_in_short_is_without_its_host(project: str, short: str) -> None:
    assert project_words(project) == short


BOX = Box(1, 2, 30, 40)


@pytest.mark.parametrize(
    ("found", "words", "note"),
    [
        (Differences((), (0, 0), 0, 0.0), "No pixel differs.", "nothing differs"),
        (Differences((), (0, 0), 1, 1e-7), "1 pixel differs, few and apart.", "1 pixel"),
        (Differences((), (0, 0), 7, 1e-7), "7 pixels differ, few and apart.", "7 pixels"),
        (
            Differences((), (0, 1), 0, 0.0),
            "Everything moved down by 1 px. Nothing else differs.",
            "moved down by 1 px",
        ),
        (
            Differences((), (-3, -1), 2, 1e-7),
            "Everything moved left by 3 px and up by 1 px. 2 pixels differ, few and apart.",
            "2 pixels, moved left by 3 px and up by 1 px",
        ),
        (
            Differences((BOX,), (0, 0), 1200, 0.0123),
            "1 place differs, 1.23 % of the pixels.",
            "1 place, 1.23 %",
        ),
        (
            Differences((BOX,), (0, -9), 5, 0.00001, (BOX,)),
            "Everything moved up by 9 px. Besides, 2 places differ, under 0.1 % of the pixels.",
            "2 places, under 0.1 %, moved up by 9 px",
        ),
        (Differences((BOX,), (0, 0), 99, 1.0), "1 place differs, 100 % of the pixels.", "1 place, 100 %"),
    ],
)
def test_what_differs_is_told_in_a_sentence_and_in_few_words(
    found: Differences, words: str, note: str
) -> None:
    assert (differences_words(found), difference_note(found)) == (words, note)


def test_the_place_that_is_looked_at_is_counted() -> None:
    assert difference_note(Differences((BOX, BOX), (0, 0), 9, 0.5), 1) == "2 of 2 places, 50 %"


def test_the_name_of_a_picture_from_before_is_harmless() -> None:
    assert not ACTING.search(before_changed_words(HOSTILE).text)


def test_pictures_with_something_unsent_are_named_and_counted() -> None:
    beside = [(f"{number}.png", number) for number in range(1, 7)]
    assert unsent_beside_words([]) == ""
    assert unsent_beside_words(beside) == (
        "Unsent elsewhere: 1 on 1.png, 2 on 2.png, 3 on 3.png, 15 on 3 more pictures. p lists the pictures."
    )
    assert "1 more picture." in unsent_beside_words(beside[:4])


@pytest.mark.parametrize("several", [False, True])
def test_all_is_said_to_be_saved_only_where_that_is_known(several: bool) -> None:
    assert ("everything" in nothing_unsent_words([], several=several)) is not several
    assert "everything" not in nothing_unsent_words([("a.png", 1)], several=several)


def test_names_of_pictures_that_were_left_are_harmless() -> None:
    left = [words(HOSTILE) for words in (left_saved_words, left_not_saved_words, left_unanswered_words)]
    said = [
        unsent_beside_words([(HOSTILE, 1)]),
        *(part for words in left for part in (words.title, words.sentence)),
    ]
    assert not any(map(ACTING.search, said))


TODAY = date(2026, 3, 1)


def used(**counts: dict[int, int]) -> str:
    """What is shown of counts, by how many days ago they were."""
    ago = {back for found in counts.values() for back in found}
    days = [
        DailyUsage(
            TODAY - timedelta(days=back),
            Usage(**{name: found.get(back, 0) for name, found in counts.items()}),
            0,
        )
        for back in ago
    ]
    return usage_words("design", days, TODAY)


def bars(shown: str, name: str) -> str:
    line = next(line for line in shown.splitlines() if line.startswith(name))
    return line[15 : 15 + DAYS_SHOWN]


def test_usage_has_a_bar_for_each_day_and_something_is_more_than_nothing() -> None:
    shown = used(comments={0: 1, 1: 7_000, 2: 3_500, 29: 7_000, 30: 9}, messages={3: 1})
    assert bars(shown, "comments made") == "█" + "▁" * 26 + "▅█▂"
    assert bars(shown, "live messages") == "▁" * 26 + "█" + "▁" * 3
    assert bars(shown, "votes given") == "▁" * 30
    line = next(line for line in shown.splitlines() if line.startswith("comments made"))
    assert line.split()[-2:] == ["1", "17,501"], "today's, and those of all days that are shown"
    assert bars(shown, " ") == "31 Jan                   1 Mar"


@pytest.mark.parametrize(
    ("count", "told"),
    [
        *((0, "0 B"), (999, "999 B"), (1_000, "1.0 kB"), (99_900, "99.9 kB"), (99_950, "100 kB")),
        *((999_499, "999 kB"), (999_500, "1.0 MB"), (1 << 40, "1.1 TB"), (10**16, "10000 TB")),
    ],
)
def test_bytes_are_told_in_three_digits(count: int, told: str) -> None:
    assert used(message_bytes={0: count}).splitlines()[-1].endswith(f"  {told}")


def test_usage_fits_a_terminal_whatever_the_numbers_and_is_drawn_without_blocks_too() -> None:
    most = Usage(*[10**9 - 1] * 7)
    days = [DailyUsage(TODAY, most, 0)]
    for utf8 in (True, False):
        shown = usage_words("design", days, TODAY, utf8=utf8)
        assert max(map(len, shown.splitlines())) < 80
        assert utf8 or shown.isascii()
    assert "\x1b" not in usage_words("a\x1b[31m", days, TODAY)


TO_TYPE = re.compile(r"(?:imagechat|chmod|mkdir) .*?(?=, and chgrp|$)")
ODD_NAMES = ["/a/mock (1).png", "it's.png", "a b", "$(id)", "a;b&c|d", "*?~#", '"', "/plain/shot.png"]


@pytest.mark.parametrize("name", ODD_NAMES)
@pytest.mark.parametrize(
    ("tell", "words"),
    [
        (lambda name: not_back_words(2, name, name).action, ["imagechat", "link", "NAME", "NAME"]),
        (lambda name: undo_link_words(name, name), ["imagechat", "link", "NAME", "NAME"]),
        (lambda name: settings_words(problems.SecretReadable(name)).action, ["chmod", "600", "NAME"]),
        (
            lambda name: local_server_words(problems.SharedDirectoryUnfit(name)).action,
            ["chmod", "2750", "NAME"],
        ),
        (
            lambda name: local_server_words(problems.SharedDirectoryMissing(name)).action,
            ["mkdir", "-m", "2750", "NAME"],
        ),
        (
            lambda name: local_server_words(problems.KeeperAway(name, "ben")).action,
            ["imagechat", "serve", "--shared", "NAME"],
        ),
        (
            lambda name: admin_words(problems.NoSuchTenant(name)).action,
            ["imagechat", "tenant", "create", "NAME"],
        ),
    ],
)
def test_a_command_line_that_is_told_can_be_typed_whatever_the_name(
    tell: Callable[[str], str], words: list[str], name: str
) -> None:
    line = TO_TYPE.search(tell(name))
    assert line is not None
    assert shlex.split(line[0]) == [name if word == "NAME" else word for word in words]


@pytest.mark.parametrize(("image", "key"), [("-a.png", "img/1"), ("a.png", "-key")])
def test_what_begins_like_an_option_is_none_where_a_link_is_undone(image: str, key: str) -> None:
    assert shlex.split(undo_link_words(image, key))[-4:] == ["link", "--", image, key]
    assert not ACTING.search(undo_link_words(HOSTILE, HOSTILE))
