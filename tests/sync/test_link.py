"""The connection states of PROMISES 5, and the tries between them."""

from __future__ import annotations

import itertools
import random
from typing import Any

import pytest

from imagechat_tui.problems import Problem, ProblemKind
from imagechat_tui.protocol.models import Point
from imagechat_tui.sync import link
from imagechat_tui.sync.backoff import LOCAL_CAP_S
from imagechat_tui.sync.effects import (
    Announce,
    CloseSocket,
    FetchEventLog,
    FetchPresence,
    FetchSnapshot,
    FetchThread,
    News,
    OpenSocket,
    Probe,
)
from imagechat_tui.sync.inputs import EventLogLoaded, Pong, SocketClosed, SocketOpened, Woke
from imagechat_tui.sync.intents import OpenThread, StartConversation, TryNow
from imagechat_tui.sync.link import TRANSITIONS, TRIES, Signal, Step, Try, next_phase, next_try
from imagechat_tui.sync.state import Connection, Peer, Phase
from tests import examples as eg
from tests.sync.desk import UNREACHABLE, Desk, at_once, hosted, joined

# The table, written out once more: what PROMISES 5 says, not what the module says.
UP = {
    Signal.BEHIND: Phase.CATCHING_UP,
    Signal.JOINED: Phase.LIVE,
    Signal.BARRED: Phase.READ_ONLY,
    Signal.POLLED: Phase.POLLING,
    Signal.SHUT_OUT: Phase.SIGN_IN_NEEDED,
}
LOST, FAILED, SLEPT = Signal.LOST, Signal.FAILED, Signal.SLEPT
R, OFF, S = Phase.RECONNECTING, Phase.OFFLINE, Phase.SIGN_IN_NEEDED
DOWN = {
    Phase.STARTING: {LOST: Phase.STARTING, FAILED: OFF, SLEPT: Phase.STARTING},
    Phase.LIVE: {LOST: R, FAILED: OFF, SLEPT: OFF},
    Phase.CATCHING_UP: {LOST: R, FAILED: OFF, SLEPT: OFF},
    Phase.RECONNECTING: {LOST: R, FAILED: OFF, SLEPT: OFF},
    Phase.OFFLINE: {LOST: OFF, FAILED: OFF, SLEPT: OFF},
    Phase.POLLING: {LOST: R, FAILED: OFF, SLEPT: OFF},
    Phase.SIGN_IN_NEEDED: {LOST: S, FAILED: OFF, SLEPT: S},
    Phase.READ_ONLY: {LOST: R, FAILED: OFF, SLEPT: OFF},
}


@pytest.mark.parametrize("phase", Phase)
@pytest.mark.parametrize("signal", Signal)
def test_every_signal_leads_where_the_promises_say(phase: Phase, signal: Signal) -> None:
    assert next_phase(phase, signal) is (UP | DOWN[phase])[signal]


def test_the_table_leaves_no_phase_out() -> None:
    assert set(TRANSITIONS) == set(Phase)


def drawn_tables() -> list[list[list[str]]]:
    """The tables of the module's docstring: rows of words, the first the head."""
    blocks = (link.__doc__ or "").split("\n\n")
    rows = [[line.split() for line in block.splitlines()] for block in blocks if block.startswith("    ")]
    return [table for table in rows if len({len(row) for row in table[1:]}) == 1]


@pytest.mark.parametrize(
    ("head", "place", "leads_to"),
    [(head, row[0], row[1:]) for head, *rows in drawn_tables() for row in rows],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_tables_that_the_module_draws_are_the_ones_it_runs(
    head: list[str], place: str, leads_to: list[str]
) -> None:
    run = {
        **{(kept.name, step.name): next_try(kept, step).name for kept in Try for step in Step},
        **{(kept.name, told.name): next_phase(kept, told).name for kept in Phase for told in Signal},
    }
    drawn = {(place, by): place if to == "." else to for by, to in zip(head, leads_to, strict=True)}
    assert drawn.items() <= run.items()


def test_both_tables_are_drawn_whole() -> None:
    tries, phases = drawn_tables()
    assert ([row[0] for row in tries[1:]], tries[0]) == (
        [place.name for place in Try],
        [s.name for s in Step],
    )
    assert {row[0] for row in phases[1:]} == {phase.name for phase in Phase}
    assert phases[0] == [signal.name for signal in Signal]
    assert set(TRIES) == set(Try)


@pytest.mark.parametrize(
    ("phase", "writes"),
    [
        (Phase.STARTING, False),
        (Phase.LIVE, True),
        (Phase.CATCHING_UP, True),
        (Phase.RECONNECTING, True),
        (Phase.OFFLINE, False),
        (Phase.POLLING, True),
        (Phase.SIGN_IN_NEEDED, False),
        (Phase.READ_ONLY, False),
    ],
)
def test_writes_are_tried_only_where_the_promises_say(phase: Phase, writes: bool) -> None:
    assert Connection(phase).can_write is writes


# Joining


def test_a_session_goes_from_starting_over_catching_up_to_live() -> None:
    desk = Desk()
    desk.shows(Phase.STARTING)
    desk.nothing(OpenSocket)
    desk.list_comes()
    desk.shows(Phase.CATCHING_UP)
    opened = desk.opens()
    assert (opened.room, opened.v2, opened.thread) == (eg.room_ids(), True, None)
    desk.shows(Phase.CATCHING_UP)
    desk.hears(eg.subscribed(1))
    desk.shows(Phase.LIVE)
    assert [news.phase for news in desk.told(News.PHASE)] == [Phase.CATCHING_UP, Phase.LIVE]


def test_a_hosted_session_asks_for_nothing_that_is_ours() -> None:
    desk = Desk()
    desk.list_comes(eg.conversation_list(position=None, comments=()), peer=Peer.HOSTED)
    opened = desk.opens()
    assert (opened.v2, opened.resume) == (False, None)


@pytest.mark.parametrize("peer", [Peer.OURS, Peer.HOSTED])
def test_a_reader_without_the_right_to_write_is_told_so(peer: Peer) -> None:
    listed = eg.conversation_list(read_only=True, position=eg.position(1) if peer is Peer.OURS else None)
    desk = joined(listed) if peer is Peer.OURS else hosted(listed)
    desk.shows(Phase.READ_ONLY)


def test_a_role_that_changes_is_seen_with_the_next_list() -> None:
    desk = joined()
    desk.cut(code=4401)
    desk.wait(1.0)
    desk.list_comes(eg.conversation_list(read_only=True))
    desk.opens()
    desk.hears(eg.subscribed(1))
    desk.shows(Phase.READ_ONLY)


# Losing


def test_a_lost_link_is_reconnecting_and_offline_after_fifteen_seconds() -> None:
    desk = joined()
    desk.cut()
    lost_at = desk.now
    assert (desk.connection.phase, desk.connection.lost_at_s) == (Phase.RECONNECTING, lost_at)
    desk.wait(1.0)
    desk.take(OpenSocket)  # it hangs
    desk.wait(13.9)
    desk.shows(Phase.RECONNECTING)
    desk.wait(0.1)
    assert (desk.connection.phase, desk.connection.lost_at_s) == (Phase.OFFLINE, lost_at)


def test_two_failed_tries_are_offline_however_fast_they_failed() -> None:
    desk = joined(uniform=at_once)
    desk.cut()
    desk.refuses()
    assert (desk.connection.phase, desk.connection.failed_tries) == (Phase.RECONNECTING, 1)
    desk.refuses()
    assert (desk.connection.phase, desk.connection.failed_tries) == (Phase.OFFLINE, 2)
    assert desk.connection.problem == UNREACHABLE


def test_no_data_and_no_server_is_starting_then_offline() -> None:
    desk = Desk()
    desk.list_fails()
    assert (desk.connection.phase, desk.connection.problem) == (Phase.STARTING, UNREACHABLE)
    desk.wait(1.0)
    desk.list_fails()
    desk.shows(Phase.OFFLINE)


def test_no_route_is_offline_at_once() -> None:
    desk = Desk()
    desk.list_fails(Problem(ProblemKind.OFFLINE))
    desk.shows(Phase.OFFLINE)


def test_a_route_that_is_back_is_not_held_against_the_next_loss() -> None:
    desk = joined(uniform=at_once)
    desk.cut(code=4401)
    desk.list_fails(Problem(ProblemKind.OFFLINE))
    desk.shows(Phase.OFFLINE)
    desk.list_comes()
    desk.opens()
    desk.hears(eg.subscribed(1))
    desk.cut()
    desk.shows(Phase.RECONNECTING)


def test_offline_ends_with_a_link_and_not_with_another_try() -> None:
    desk = joined(uniform=at_once)
    desk.cut()
    desk.refuses()
    desk.refuses()
    desk.shows(Phase.OFFLINE)
    desk.wish(TryNow())
    desk.shows(Phase.OFFLINE)
    desk.opens()
    desk.shows(Phase.CATCHING_UP)
    desk.hears(eg.subscribed(1))
    desk.shows(Phase.LIVE)
    assert (desk.connection.failed_tries, desk.connection.lost_at_s, desk.connection.problem) == (
        0,
        None,
        None,
    )


@pytest.mark.parametrize("step", ["listed", "opening", "opened", "subscribed"])
def test_a_socket_lost_at_any_step_of_the_join_is_opened_again(step: str) -> None:
    desk = Desk()
    desk.list_comes()
    if step == "listed":
        desk.refuses()
    else:
        asked = desk.all(OpenSocket)[-1]
        if step != "opening":
            desk.feed(SocketOpened(asked.socket))
        if step == "subscribed":
            desk.socket = asked.socket
            desk.hears(eg.subscribed(1))
        desk.feed(SocketClosed(asked.socket))
    desk.wait(1.0)
    again = desk.opens()
    assert again.resume == eg.position(1)
    desk.hears(eg.subscribed(1))
    desk.shows(Phase.LIVE)


def test_a_list_lost_at_the_start_is_asked_for_again() -> None:
    desk = Desk()
    desk.list_fails()
    desk.nothing(FetchSnapshot)
    desk.wait(1.0)
    desk.list_comes()
    desk.opens()
    desk.hears(eg.subscribed(1))
    desk.shows(Phase.LIVE)


def test_words_of_an_earlier_socket_count_no_more() -> None:
    desk = joined()
    first = desk.socket
    desk.cut()
    desk.wait(1.0)
    desk.opens()
    desk.feed(SocketClosed(first))
    desk.shows(Phase.CATCHING_UP)
    desk.feed(SocketOpened(first))
    desk.feed(Pong(first, 9.0))
    assert desk.connection.round_trip_s is None


# As of when


def test_what_is_shown_is_as_of_the_last_word_of_a_joined_link() -> None:
    desk = joined()
    desk.wait(10.0)
    desk.feed(Pong(desk.socket, 0.02))
    heard_at = desk.now
    desk.wait(14.0)
    desk.cut()
    assert desk.connection.as_of_s == heard_at


def test_a_link_that_stood_without_catching_up_does_not_make_old_things_new() -> None:
    desk = joined()
    heard_at = desk.now
    desk.wait(20.0)
    desk.cut()
    desk.wait(1.0)
    desk.opens()
    desk.hears(eg.subscribed(9))  # eight events are missing, and do not come
    desk.cut()
    assert desk.connection.as_of_s == heard_at


def test_what_was_polled_is_not_made_older_by_the_link_that_was_lost_before() -> None:
    desk = polling()
    polled_at = desk.now
    desk.wait(4.0)
    desk.log_fails()
    desk.shows(Phase.OFFLINE)
    assert desk.connection.as_of_s == polled_at


def test_there_is_no_as_of_before_there_is_anything() -> None:
    desk = Desk()
    desk.list_fails()
    desk.wait(1.0)
    desk.list_fails()
    assert desk.connection.as_of_s is None


# Back-off


def test_tries_wait_for_the_doubling_series() -> None:
    desk = joined()
    desk.cut()
    waits = []
    for _ in range(7):
        waits.append((desk.connection.retry_at_s or 0.0) - desk.now)
        desk.wait(waits[-1])
        if any(isinstance(effect, FetchSnapshot) for effect in desk.waiting):
            desk.list_fails()
        else:
            desk.refuses()
    assert waits == [1, 2, 4, 8, 16, 30, 30]


def test_the_series_starts_anew_only_after_a_minute_live() -> None:
    desk = joined()
    for expected in (1.0, 2.0, 4.0):
        desk.cut()
        assert desk.connection.retry_at_s == desk.now + expected
        desk.wait(expected)
        desk.opens()
        desk.hears(eg.subscribed(1))
        desk.wait(59.9)
    desk.wait(0.1)
    desk.cut()
    assert desk.connection.retry_at_s == desk.now + 1.0


@pytest.mark.parametrize(
    "how", [{"status": 503, "retry_after_s": 5.0}, {"status": 429, "retry_after_s": 5.0}], ids=["503", "429"]
)
def test_a_refused_handshake_waits_at_least_as_long_as_asked(how: dict[str, Any]) -> None:
    desk = joined(uniform=at_once)
    desk.cut()
    desk.refuses(**how)
    assert desk.connection.retry_at_s == desk.now + 5.0
    desk.wait(4.9)
    desk.nothing(OpenSocket)
    desk.wait(0.1)
    desk.take(OpenSocket)


def test_a_server_that_restarts_is_given_the_time_it_asked_for() -> None:
    desk = joined(uniform=at_once)
    desk.cut(code=1012, retry_after_s=3.0)
    assert desk.connection.retry_at_s == desk.now + 3.0


def test_a_list_that_was_refused_waits_at_least_as_long_as_asked() -> None:
    desk = Desk(uniform=at_once)
    desk.list_fails(Problem(ProblemKind.RATE_LIMITED, retry_after_s=7.0), 429)
    assert desk.connection.retry_at_s == desk.now + 7.0


# A key press


def test_a_key_press_tries_at_once() -> None:
    desk = joined()
    desk.cut()
    desk.wish(TryNow())
    desk.take(OpenSocket)


def test_tries_by_hand_are_granted_once_in_two_seconds() -> None:
    desk = joined()
    desk.cut()
    for wait in (1.0, 2.0, 4.0):
        desk.wait(wait)
        desk.refuses()
    desk.wish(TryNow())
    desk.refuses(retry_after_s=60.0)
    desk.wait(0.5)
    for _ in range(20):
        desk.wish(TryNow())
    assert desk.connection.retry_at_s == desk.now + 1.5
    desk.wait(1.4)
    desk.nothing(OpenSocket, FetchSnapshot)
    desk.wait(0.1)
    desk.list_fails()
    # However often it was pressed meanwhile, the next grant is two seconds after the last.
    desk.wish(TryNow())
    assert desk.connection.retry_at_s == desk.now + 2.0


def test_a_try_by_hand_never_comes_later_than_the_next_one_anyway() -> None:
    desk = joined()
    desk.wish(TryNow())
    desk.cut()
    due = desk.connection.retry_at_s
    desk.wish(TryNow())
    assert desk.connection.retry_at_s == due == desk.now + 1.0


def test_a_try_that_hangs_is_given_up_for_a_key_press() -> None:
    desk = joined()
    desk.cut()
    desk.wait(1.0)
    hung = desk.take(OpenSocket)
    desk.wait(1.9)
    desk.wish(TryNow())
    desk.nothing(OpenSocket, CloseSocket)
    desk.wait(0.1)
    desk.wish(TryNow())
    assert desk.take(CloseSocket).socket == hung.socket
    assert desk.take(OpenSocket).socket != hung.socket


def test_a_list_that_hangs_is_given_up_for_a_key_press() -> None:
    desk = Desk()
    hung = desk.take(FetchSnapshot)
    desk.wait(1.9)
    desk.wish(TryNow())
    desk.nothing(FetchSnapshot)
    desk.wait(0.1)
    desk.wish(TryNow())
    assert desk.take(FetchSnapshot).request != hung.request


def test_on_a_standing_link_the_key_reads_what_is_new() -> None:
    desk = joined()
    desk.wish(TryNow())
    asked = desk.take(FetchEventLog)
    assert asked.after == eg.position(1)
    desk.feed(EventLogLoaded(asked.request, (), True))
    desk.wish(TryNow())
    desk.nothing(FetchEventLog)
    desk.wait(2.0)
    desk.wish(TryNow())
    desk.take(FetchEventLog)


@pytest.mark.parametrize("answer", ["yes", 400, 404])
def test_a_write_that_is_answered_while_reconnecting_has_the_socket_tried_at_once(answer: str | int) -> None:
    desk = joined()
    desk.cut()
    desk.wait(0.5)
    desk.nothing(OpenSocket)
    sent = desk.wish(StartConversation(Point(1, 2), "over REST"))
    desk.nothing(OpenSocket)
    if isinstance(answer, int):
        desk.write_fails(sent, ProblemKind.REFUSED, status=answer)
    else:
        desk.replies(sent, eg.conversation_reply())
    desk.take(OpenSocket)


@pytest.mark.parametrize("status", [None, 502, 503])
def test_a_write_that_no_server_answered_tells_nothing_of_the_socket(status: int | None) -> None:
    desk = joined()
    desk.cut()
    sent = desk.wish(StartConversation(Point(1, 2), "into the void"))
    desk.write_fails(sent, status=status)
    desk.nothing(OpenSocket)


def test_writes_that_are_answered_try_the_socket_no_more_often_than_the_person_may() -> None:
    desk = joined()
    desk.cut()
    for number in (2, 3):
        sent = desk.wish(StartConversation(Point(number, 2), "quick"))
        desk.replies(sent, eg.conversation_reply())
        if number == 2:
            desk.refuses()  # the next is due in 2 s, and 4 s by chance
    desk.wait(1.9)
    desk.nothing(OpenSocket)
    desk.wait(0.1)
    desk.take(OpenSocket)


def test_an_answered_write_cuts_no_retry_after_short() -> None:
    desk = joined()
    desk.cut(code=1013, retry_after_s=20.0)
    sent = desk.wish(StartConversation(Point(1, 2), "over REST"))
    desk.replies(sent, eg.conversation_reply())
    desk.wait(19.9)
    desk.nothing(OpenSocket)


def test_an_answered_write_tells_nothing_new_where_it_is_sockets_that_fail() -> None:
    desk = shut_to_sockets_for_now()
    sent = desk.wish(StartConversation(Point(1, 2), "over REST"))
    desk.replies(sent, eg.conversation_reply())
    desk.nothing(FetchSnapshot, OpenSocket)


def test_the_local_server_is_tried_every_two_seconds_at_the_latest() -> None:
    desk = Desk(cap_s=LOCAL_CAP_S)
    for wait_s in (1.0, 2.0, 2.0, 2.0, 2.0, 2.0):
        desk.list_fails()
        desk.wait(wait_s - 0.1)
        desk.nothing(FetchSnapshot)
        desk.wait(0.1)


# Sign-in


def test_a_link_that_ends_with_4401_gets_new_ids_once_and_then_asks_the_person() -> None:
    desk = joined()
    desk.cut(code=4401)
    desk.shows(Phase.RECONNECTING)
    desk.wait(1.0)
    desk.nothing(OpenSocket)
    fresh = eg.room_ids(user_id_ws="u1.fresh")
    desk.list_comes(eg.conversation_list(room=fresh))
    asked = desk.take(OpenSocket)
    assert asked.room == fresh
    desk.feed(SocketClosed(asked.socket, status=401))
    desk.shows(Phase.SIGN_IN_NEEDED)
    assert desk.connection.problem == Problem(ProblemKind.SIGN_IN, code="401")
    desk.wait(300.0)
    desk.nothing(OpenSocket, FetchSnapshot)


@pytest.mark.parametrize("how", [{"code": 4401}, {"code": 4403}, {"status": 401}, {"status": 403}], ids=str)
def test_each_refusal_of_the_capability_asks_for_a_new_one(how: dict[str, Any]) -> None:
    desk = joined()
    desk.cut(**how)
    desk.wait(1.0)
    desk.nothing(OpenSocket)
    desk.take(FetchSnapshot)


def shut_to_sockets(**how: Any) -> Desk:
    """A session whose handshakes are refused like this, and whose list is answered."""
    desk = Desk(uniform=at_once)
    desk.list_comes()
    desk.refuses(**how)
    desk.list_comes()
    desk.refuses(**how)
    return desk


@pytest.mark.parametrize(
    "how", [{"status": 403, "foreign": True}, {"status": 401, "foreign": True}, {"status": 403}], ids=str
)
def test_a_socket_that_is_refused_where_the_list_is_answered_is_no_matter_of_signing_in(
    how: dict[str, Any],
) -> None:
    desk = shut_to_sockets(**how)
    desk.shows(Phase.POLLING)
    for _ in range(3):
        desk.list_comes()  # each try asks REST first: it may be the credentials by now
        desk.refuses(**how)
        desk.shows(Phase.POLLING)
    desk.list_comes()
    desk.opens()
    desk.hears(eg.subscribed(1))
    desk.shows(Phase.LIVE)


def shut_to_sockets_for_now() -> Desk:
    """The same; the next try is due in 2 s."""
    desk = Desk()
    desk.list_comes()
    desk.refuses(status=403, foreign=True)
    desk.wait(1.0)
    desk.list_comes()
    desk.refuses(status=403, foreign=True)
    desk.shows(Phase.POLLING)
    desk.nothing(FetchSnapshot, OpenSocket)
    return desk


def test_the_person_may_try_a_socket_that_was_refused() -> None:
    desk = shut_to_sockets_for_now()
    desk.wish(TryNow())
    desk.list_comes()
    desk.take(OpenSocket)


def test_credentials_that_expire_while_sockets_are_refused_are_a_matter_of_signing_in() -> None:
    desk = shut_to_sockets(status=403, foreign=True)
    desk.list_fails(Problem(ProblemKind.SIGN_IN, "malformed-sso"), 401)
    desk.shows(Phase.SIGN_IN_NEEDED)


def test_new_ids_that_work_make_the_next_expiry_a_first_one() -> None:
    desk = joined()
    for wait in (1.0, 2.0, 4.0):
        desk.cut(code=4401)
        desk.wait(wait)
        desk.list_comes()
        desk.opens()
        desk.hears(eg.subscribed(1))
        desk.shows(Phase.LIVE)


@pytest.mark.parametrize("status", [401, 403])
def test_a_list_that_is_refused_leads_straight_to_sign_in(status: int) -> None:
    desk = Desk()
    desk.list_fails(Problem(ProblemKind.SIGN_IN, "bad-sso"), status)
    assert (desk.connection.phase, desk.connection.problem) == (
        Phase.SIGN_IN_NEEDED,
        Problem(ProblemKind.SIGN_IN, "bad-sso"),
    )
    desk.wait(300.0)
    desk.nothing(FetchSnapshot)
    assert desk.wakes == 0


def test_a_write_that_is_refused_for_its_credentials_has_them_tried_and_asks_the_person() -> None:
    desk = joined()
    desk.wait(5.0)
    sent = desk.wish(StartConversation(Point(1, 2), "too late"))
    desk.write_fails(sent, ProblemKind.SIGN_IN, status=401)
    desk.shows(Phase.LIVE)
    desk.list_fails(Problem(ProblemKind.SIGN_IN, "malformed-sso"), 401)
    assert desk.take(CloseSocket).socket == desk.socket
    desk.shows(Phase.SIGN_IN_NEEDED)
    desk.wait(300.0)
    desk.nothing(FetchSnapshot, OpenSocket)
    desk.wish(TryNow())
    desk.list_comes()
    desk.opens()
    desk.hears(eg.subscribed(1))
    desk.shows(Phase.LIVE)


def test_somebody_who_may_read_and_not_write_stays_live() -> None:
    desk = joined()
    desk.wait(5.0)
    sent = desk.wish(StartConversation(Point(1, 2), "by nobody"))
    desk.write_fails(sent, ProblemKind.SIGN_IN, status=401)
    desk.list_comes()
    desk.shows(Phase.LIVE)
    desk.nothing(CloseSocket, OpenSocket)


def test_a_write_refused_for_its_credentials_while_reconnecting_makes_the_next_try_ask_for_new_ones() -> None:
    desk = joined()
    desk.cut()
    sent = desk.wish(StartConversation(Point(1, 2), "too late"))
    desk.write_fails(sent, ProblemKind.SIGN_IN, status=401)
    desk.nothing(OpenSocket)
    desk.list_fails(Problem(ProblemKind.SIGN_IN), 401)
    desk.shows(Phase.SIGN_IN_NEEDED)


# Nothing there


def test_a_server_without_the_tenant_is_not_offline_and_not_hammered() -> None:
    desk = Desk()
    nothing = Problem(ProblemKind.GONE, "invalid-tenant")
    for _ in range(3):
        desk.list_fails(nothing, 404)
        assert (desk.connection.phase, desk.connection.problem) == (Phase.STARTING, nothing)
        desk.wait(59.9)
        desk.nothing(FetchSnapshot)
        desk.wait(30.1)
        desk.shows(Phase.STARTING)
    desk.list_fails(nothing, 404)
    desk.wish(TryNow())
    desk.list_comes()
    desk.opens()
    desk.hears(eg.subscribed(1))
    desk.shows(Phase.LIVE)
    assert desk.connection.problem is None


def test_sign_in_stays_on_screen_while_the_person_tries_again() -> None:
    desk = Desk()
    desk.list_fails(Problem(ProblemKind.SIGN_IN), 401)
    desk.wait(60.0)
    desk.wish(TryNow())
    desk.shows(Phase.SIGN_IN_NEEDED)
    desk.list_comes()
    desk.opens()
    desk.hears(eg.subscribed(1))
    desk.shows(Phase.LIVE)


def test_sign_in_gives_way_to_offline_when_nobody_answers_any_more() -> None:
    desk = Desk(uniform=at_once)
    desk.list_fails(Problem(ProblemKind.SIGN_IN), 401)
    desk.wish(TryNow())
    desk.list_fails()
    desk.shows(Phase.SIGN_IN_NEEDED)
    desk.list_fails()
    desk.shows(Phase.OFFLINE)


# Sleeping


def test_a_woken_machine_is_offline_until_the_link_has_proved_itself() -> None:
    desk = joined()
    desk.feed(Woke())
    probe = desk.take(Probe)
    assert (probe.socket, probe.timeout_s) == (desk.socket, 2.0)
    desk.shows(Phase.OFFLINE)
    desk.hears(eg.presence_update())  # may have been in the kernel since before
    desk.shows(Phase.OFFLINE)
    desk.feed(Pong(desk.socket, 0.02))
    desk.shows(Phase.LIVE)


def test_a_link_that_did_not_survive_the_sleep_is_opened_again() -> None:
    desk = joined()
    desk.feed(Woke())
    desk.wait(2.0)
    desk.cut()
    desk.shows(Phase.OFFLINE)
    desk.wait(1.0)
    desk.opens()
    desk.shows(Phase.CATCHING_UP)


def test_a_machine_that_wakes_without_a_link_tries_at_once() -> None:
    desk = joined()
    desk.cut()
    desk.feed(Woke())
    desk.take(OpenSocket)
    desk.nothing(Probe)


def test_waking_up_shut_out_changes_nothing() -> None:
    desk = Desk()
    desk.list_fails(Problem(ProblemKind.SIGN_IN), 401)
    desk.feed(Woke())
    desk.nothing(FetchSnapshot, OpenSocket)
    assert desk.connection.retry_at_s is None
    desk.shows(Phase.SIGN_IN_NEEDED)


# Polling


def polling() -> Desk:
    """A session whose sockets fail while REST answers; everything is read up to now."""
    desk = joined(uniform=at_once)
    desk.cut()
    for _ in range(4):
        assert desk.connection.phase is not Phase.POLLING
        desk.refuses()
    desk.shows(Phase.OFFLINE)
    desk.list_comes()
    desk.shows(Phase.POLLING)
    desk.log_comes()
    return desk


def test_four_failed_sockets_and_a_list_that_comes_are_polling() -> None:
    desk = polling()
    assert desk.connection.lost_at_s is None
    assert desk.connection.problem is None
    desk.take(OpenSocket)  # the tries go on


def test_polling_reads_every_four_seconds_so_that_nothing_is_older_than_five() -> None:
    desk = polling()
    desk.all(OpenSocket)
    reads = []
    for _ in range(5):
        desk.wait(4.0)
        reads.append(desk.now)
        desk.log_comes()
        desk.shows(Phase.POLLING)
        as_of_s = desk.connection.as_of_s
        assert as_of_s is not None and desk.now - as_of_s <= 5.0
    assert len(reads) == 5


def test_polling_ends_as_soon_as_what_is_shown_is_too_old() -> None:
    desk = polling()
    desk.all(OpenSocket)
    desk.wait(4.9)
    desk.take(FetchEventLog)  # slow
    desk.shows(Phase.POLLING)
    desk.wait(0.1)
    desk.shows(Phase.RECONNECTING)  # slow answers are no reason to refuse writes
    desk.wait(10.0)
    desk.shows(Phase.OFFLINE)


def test_a_slow_answer_makes_it_polling_again() -> None:
    desk = polling()
    desk.all(OpenSocket)
    desk.wait(4.0)
    slow = desk.take(FetchEventLog)
    desk.wait(1.0)
    desk.shows(Phase.RECONNECTING)
    desk.feed(EventLogLoaded(slow.request, (), True))
    desk.shows(Phase.POLLING)


def test_a_slow_answer_does_not_make_older_what_was_read_since() -> None:
    desk = polling()
    desk.wait(4.0)
    slow = desk.take(FetchEventLog)
    desk.wait(0.5)
    desk.refuses()
    desk.list_comes()
    desk.wait(0.2)
    desk.feed(EventLogLoaded(slow.request, (), True))
    desk.wait(3.2)
    desk.shows(Phase.POLLING)
    as_of_s = desk.connection.as_of_s
    assert as_of_s is not None and desk.now - as_of_s <= 5.0


@pytest.mark.parametrize(
    ("status", "expected"), [(None, Phase.OFFLINE), (503, Phase.OFFLINE), (429, Phase.POLLING)]
)
def test_polling_is_offline_when_rest_fails_but_not_when_it_says_later(
    status: int | None, expected: Phase
) -> None:
    desk = polling()
    desk.all(OpenSocket)
    desk.wait(4.0)
    desk.log_fails(status=status)
    desk.shows(expected)


def test_a_socket_that_opens_ends_polling() -> None:
    desk = polling()
    desk.opens()
    desk.shows(Phase.CATCHING_UP)
    desk.hears(eg.subscribed(1))
    desk.shows(Phase.LIVE)
    desk.cut()
    desk.shows(Phase.RECONNECTING)  # the count of failed sockets began anew


def test_sockets_that_open_and_never_do_their_work_lead_to_polling_as_well() -> None:
    desk = joined(uniform=at_once)
    desk.cut()
    for _ in range(4):
        desk.opens()
        desk.wait(10.0)
        desk.take(CloseSocket)
    desk.list_comes()
    desk.shows(Phase.POLLING)


def test_sockets_that_break_before_the_room_is_joined_lead_to_polling_as_well() -> None:
    desk = joined(uniform=at_once)
    desk.cut()
    for _ in range(4):
        desk.opens()
        desk.cut()
    desk.list_comes()
    desk.shows(Phase.POLLING)


# Round trip, and rest


def test_a_round_trip_is_told_when_it_changed_enough_to_matter() -> None:
    desk = joined()
    desk.feed(Pong(desk.socket, 0.100))
    for same in (0.100, 0.120, 0.080):
        desk.feed(Pong(desk.socket, same))
        assert desk.connection.round_trip_s == 0.100
    desk.feed(Pong(desk.socket, 0.130))
    assert desk.connection.round_trip_s == 0.130


def test_an_idle_session_sleeps() -> None:
    desk = joined()
    desk.wait(60.0)
    desk.waiting.clear()
    before, desk.wakes = desk.state, 0
    for _ in range(360):
        desk.wait(10.0)
        desk.feed(Pong(desk.socket, 0.02))
    assert desk.wakes == 0
    assert desk.engine.wake_at is None
    assert desk.state.confirmed.conversations is before.confirmed.conversations
    desk.nothing(FetchSnapshot, FetchEventLog, FetchPresence, OpenSocket, Announce)


def test_an_idle_hosted_session_sleeps_with_a_thread_open() -> None:
    desk = hosted()
    desk.wish(OpenThread(eg.conversation().id))
    desk.thread_comes()
    desk.opens()
    desk.log_comes(complete=None)
    desk.wait(120.0)
    desk.waiting.clear()
    desk.wakes = 0
    desk.wait(3_600.0)
    assert desk.wakes == 0
    desk.nothing(FetchSnapshot, FetchEventLog, FetchThread, OpenSocket)


def back_after(rng: random.Random, code: int | None, *, gone_s: float, tries_before: int = 0) -> float:
    """How long one of many sessions is without a link when its server goes away and comes back after a while."""
    desk = joined(uniform=rng.uniform)
    for _ in range(tries_before):
        desk.cut()
        tries_until_open(desk, desk.now)
    desk.wait(rng.uniform(0, 3))  # they are sent away one after the other
    lost_at = desk.now
    desk.cut(code=code)
    return tries_until_open(desk, lost_at + gone_s) - lost_at


def tries_until_open(desk: Desk, back_at: float) -> float:
    while True:
        asked, dialled = desk.waits_for(FetchSnapshot), desk.waits_for(OpenSocket)
        if desk.now < back_at and asked:
            desk.list_fails()
        elif desk.now < back_at and dialled:
            desk.refuses()
        elif asked:
            desk.list_comes()
        elif dialled:
            opened_at = desk.now
            desk.opens()
            desk.hears(eg.subscribed(1))
            return opened_at
        else:
            assert desk.engine.wake_at is not None
            desk.wait(desk.engine.wake_at - desk.now)


@pytest.mark.parametrize("tries_before", [0, 3])
def test_after_a_restart_that_was_announced_nearly_all_are_back_within_15_s(tries_before: int) -> None:
    rng = random.Random(7)
    back = sorted(back_after(rng, 1012, gone_s=6.0, tries_before=tries_before) for _ in range(100))
    assert back[98] <= 15.0, back[-10:]


def test_a_server_that_does_not_come_back_is_not_hurried_for_ever() -> None:
    desk = joined()  # which draws the longest waits
    desk.cut(code=1012)
    dialled: list[float] = []
    while desk.now - (dialled[0] if dialled else desk.now) < 120:
        assert desk.engine.wake_at is not None
        desk.wait(desk.engine.wake_at - desk.now)
        if desk.waits_for(FetchSnapshot):
            desk.list_fails()
        elif desk.waits_for(OpenSocket):
            desk.refuses()
        else:
            continue
        dialled.append(desk.now)
    waits = [later - earlier for earlier, later in itertools.pairwise(dialled)]
    assert max(waits[:5]) <= 4.0
    assert max(waits) == 30.0


def test_a_tenant_that_is_closed_is_no_matter_of_tokens_and_one_comes_back_by_oneself() -> None:
    closed = Problem(ProblemKind.REFUSED, code="tenant-disabled")
    desk = joined(uniform=at_once)
    desk.cut(code=4401)
    for _ in range(5):
        desk.list_fails(closed, status=403)
        assert desk.connection.problem == closed
        assert desk.connection.phase in (Phase.RECONNECTING, Phase.OFFLINE)
        assert not desk.waits_for(FetchSnapshot)
        desk.wait(link.CLOSED_S)
    desk.list_comes()
    desk.opens()
    desk.hears(eg.subscribed(1))
    desk.shows(Phase.LIVE)
    desk.cut(code=4401)
    desk.list_comes()
    desk.refuses(status=403, problem=closed)
    assert desk.connection.problem == closed
    assert desk.connection.phase in (Phase.RECONNECTING, Phase.OFFLINE)
    desk.wait(link.CLOSED_S)
    desk.list_comes()
    desk.opens()


def test_who_is_sent_away_again_and_again_to_show_what_they_may_is_soon_back() -> None:
    desk = joined()  # which draws the longest waits
    for _ in range(6):
        sent_away_at = desk.now
        desk.cut(code=4401)
        while not desk.waits_for(FetchSnapshot):
            assert desk.engine.wake_at is not None
            desk.wait(desk.engine.wake_at - desk.now)
        assert desk.now - sent_away_at <= 4.0
        desk.list_comes()
        desk.opens()
        desk.hears(eg.subscribed(1))
        desk.shows(Phase.LIVE)
