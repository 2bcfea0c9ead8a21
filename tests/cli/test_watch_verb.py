"""The lines of `watch`: every event, every change of the link, and what could not be had."""

from __future__ import annotations

import json

import pytest

from imagechat_tui.cli.watch_verb import line_of
from imagechat_tui.problems import Problem, ProblemKind
from imagechat_tui.protocol.events import LiveEvent
from imagechat_tui.protocol.models import Position
from imagechat_tui.sync.effects import Announce, Applied, Missed, News
from imagechat_tui.sync.state import ChatState, Connection, Phase
from tests import examples as eg

STATE = ChatState(eg.room())


def told(item: Announce | Applied | Missed, state: ChatState = STATE) -> dict[str, object]:
    printed = line_of(item, state, jsonl=True)
    assert printed is not None
    said = json.loads(printed)
    assert isinstance(said, dict)
    return said


def test_an_event_is_printed_as_the_wire_has_it() -> None:
    printed = told(Applied(eg.new_image_chat(7), eg.position(7), ours=False))
    assert (printed["type"], printed["seq"], printed["epoch"]) == ("new-image-chat", 7, eg.EPOCH)


def test_a_hole_names_both_its_ends() -> None:
    missed = Missed(eg.position(7), Position("ep2", 607))
    assert told(missed) == {
        "type": "reset",
        "from": {"epoch": "ep1", "seq": 7},
        "to": {"epoch": "ep2", "seq": 607},
    }


@pytest.mark.parametrize(
    ("up_to", "words"),
    [
        (eg.position(607), "Not told: 600 events, 8 to 607. The server does not give them back."),
        (eg.position(8), "Not told: event 8. The server does not give it back."),
        (eg.position(3), "Not told: what happened after event 7. The server started its log over."),
        (Position("ep2", 9), "Not told: what happened after event 7. The server started its log over."),
    ],
)
def test_a_hole_is_told_to_people_in_a_sentence(up_to: Position, words: str) -> None:
    assert line_of(Missed(eg.position(7), up_to), STATE, jsonl=False) == words


def test_a_change_of_the_link_is_printed_with_its_reason() -> None:
    offline = Connection(phase=Phase.OFFLINE, problem=Problem(ProblemKind.UNREACHABLE))
    news = Announce(News.PHASE, phase=Phase.OFFLINE)
    printed = told(news, ChatState(eg.room(), connection=offline))
    assert printed == {"type": "phase", "phase": "offline", "problem": "unreachable", "reason": ""}


NAMED = eg.chat_state(names={eg.ALICE: "Alice", eg.BOB: "Bob\x1b[2J"})


@pytest.mark.parametrize(
    ("event", "words"),
    [
        (eg.new_image_chat(7), "marker added  #"),
        (eg.image_chat_updated(7), "comment added"),
        (eg.image_chat_updated(7, activity="first-comment"), "comment added"),
        (eg.image_chat_updated(7, activity="updated-comment"), "comment edited"),
        (eg.image_chat_updated(7, activity="deleted-comment"), "comment deleted"),
        (eg.image_chat_updated(7, activity="moved"), "marker moved"),
        (eg.image_chat_updated(7, activity="resolved"), "marker resolved"),
        (eg.image_chat_updated(7, activity="reopened"), "marker reopened"),
        (eg.image_chat_updated(7, activity="several"), "marker changed"),
        (eg.image_chat_updated(7, activity=""), "marker changed"),
        (eg.deleted_image_chat(7), "marker deleted"),
        (eg.new_comment(7), "comment added"),
        (eg.updated_comment(7), "comment edited"),
        (eg.deleted_comment(7), "comment deleted"),
        (eg.presence_update(joined=(eg.ALICE,), left=()), "Alice came"),
        (eg.presence_update(joined=(eg.ALICE,), left=(eg.BOB,)), "Alice came, Bob␛[2J left"),
    ],
)
def test_an_event_is_told_to_people_in_words(event: LiveEvent, words: str) -> None:
    printed = line_of(Applied(event, eg.position(7), ours=False), NAMED, jsonl=False)
    assert printed is not None
    assert printed.startswith(words)


def test_another_socket_of_somebody_who_is_here_is_no_line_for_people() -> None:
    event = eg.presence_update(joined=(), left=(), sockets=3)
    assert line_of(Applied(event, None, ours=False), NAMED, jsonl=False) is None


def test_news_for_the_screen_is_no_line() -> None:
    assert line_of(Announce(News.MARKER_ADDED), STATE, jsonl=True) is None
