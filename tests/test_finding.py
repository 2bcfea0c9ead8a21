"""Which threads are meant: one language for the screen and for ls."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from imagechat_tui.finding import STATES, Finder, Mentions, Numbered, Query, Says, parsed
from imagechat_tui.problems import NotAFilter
from imagechat_tui.protocol.ids import CommentId, ConversationId, UserId
from imagechat_tui.protocol.models import Placement, PlacementState
from imagechat_tui.sync.state import CommentView, Thread
from tests import examples as eg

ANNA, BEN = UserId("demo:anna"), UserId("demo:b.9")
ME = eg.user(id=ANNA, username="anna", display_name="Anna Berg")


def comment(text: str, by: UserId = BEN, name: str = "Ben Ö.", **overrides: object) -> CommentView:
    said = eg.comment(id=CommentId(text), user_id=by, commenter_name=name, text=text, **overrides)
    return CommentView(text, said, mine=by == ANNA)


def thread(number: int, *comments: CommentView, resolved: bool = False, **overrides: object) -> Thread:
    chat = eg.conversation(id=ConversationId(f"ic_{number}"), number=number, resolved=resolved)
    return replace(Thread(f"ic_{number}", chat, comments, number=number), **overrides)


GUESS = Placement(ConversationId("ic_3"), eg.point(1, 1), PlacementState.GUESS)
THREADS = (
    thread(
        1,
        comment("The Logo is\ncut off"),
        comment("see https://example.com/a:b", ANNA, "Anna Berg"),
        unread=True,
    ),
    thread(2, comment("STRASSE, not Straße", ANNA, "Anna Berg"), comment("@Ann and @anna: look"), mine=True),
    thread(3, comment("12:30 is late"), resolved=True, placement=GUESS),
    thread(
        12,
        comment("nothing", is_deleted=True),
        comment("@anna I say it myself", ANNA, "Anna Berg"),
        comment("thanks @ben", UserId("demo:carl"), "Carl"),
    ),
)
MEANT = {
    "": [1, 2, 3, 12],
    "   ": [1, 2, 3, 12],
    '""': [1, 2, 3, 12],
    "logo": [1],
    "LOGO CUT": [1],
    "cut logo": [1],
    '"logo cut"': [],
    '"is cut': [1],
    "strasse": [2],
    "straße": [2],
    "logo 12:30": [],
    "12:30": [3],
    "https://example.com/a:b": [1],
    "#1": [1],
    "#12": [12],
    "#": [],
    "1": [3],
    "nothing": [],
    "berg": [1, 2, 12],
    "b.9": [1, 2, 3],
    "ö": [1, 2, 3],
    "is:open": [1, 2, 12],
    "is:resolved": [3],
    "IS:Resolved": [3],
    "is:open is:resolved": [],
    "is:unread": [1],
    "is:mine": [2],
    "is:check": [3],
    "is:mention": [2],
    "mentions:me": [2],
    "mentions:anna": [2, 12],
    "mentions:ann": [2, 12],
    "mentions:@ben": [12],
    "mentions:berg": [],
    "by:anna": [1, 2, 12],
    'by:"anna b"': [1, 2, 12],
    "by:me": [1, 2, 12],
    "by:carl is:open": [12],
    "by:carl by:anna": [12],
    "by:nobody": [],
    "this:that": [],
}


@pytest.mark.parametrize(("text", "numbers"), MEANT.items())
def test_what_is_typed_means_these_threads(text: str, numbers: list[int]) -> None:
    query = parsed(text)
    assert isinstance(query, Query)
    assert [found.number for found in Finder().found(query, THREADS, ME)] == numbers


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("is:", NotAFilter("is:", STATES)),
        ("logo is:closed", NotAFilter("is:closed", STATES)),
        ('is:"open now"', NotAFilter('is:"open now"', STATES)),
        ("by: anna", NotAFilter("by:")),
        ('mentions:""', NotAFilter('mentions:""')),
        ("mentions:@", NotAFilter("mentions:@")),
    ],
)
def test_what_cannot_be_meant_is_named(text: str, problem: NotAFilter) -> None:
    assert parsed(text) == problem


def test_what_was_typed_is_kept_to_be_shown() -> None:
    assert parsed(' #7  Mentions:"Anna B" Ab ') == Query(
        '#7  Mentions:"Anna B" Ab', (Numbered(7), Mentions("anna b"), Says("ab"))
    )


def test_a_name_that_looks_like_a_pattern_is_none() -> None:
    query = parsed("mentions:.*")
    assert isinstance(query, Query)
    assert Finder().found(query, THREADS, ME) == ()


def test_a_guest_is_not_called() -> None:
    query = parsed("mentions:me")
    assert isinstance(query, Query)
    for me in (None, replace(ME, is_anonymous=True)):
        assert Finder().found(query, THREADS, me) == ()


def test_a_thread_that_changed_is_read_again() -> None:
    finder, query = Finder(), parsed("new")
    assert isinstance(query, Query)
    assert finder.found(query, THREADS, ME) == ()
    after = (replace(THREADS[0], comments=(comment("A new one"),)), *THREADS[1:])
    assert finder.found(query, after, ME) == after[:1]


def test_of_whom_one_has_blocked_the_name_is_found_and_not_what_they_say() -> None:
    hidden = replace(comment("@anna: the logo"), blocked=True)
    threads = (thread(1, hidden), thread(2, comment("@anna: the logo")))
    for text, numbers in (("logo", [2]), ("mentions:me", [2]), ("mentions:anna", [2]), ("by:ben", [1, 2])):
        query = parsed(text)
        assert isinstance(query, Query)
        assert [one.number for one in Finder().found(query, threads, ME)] == numbers
