"""The owners of the state, side by side."""

from __future__ import annotations

from typing import get_type_hints

import pytest

from imagechat_tui.protocol.events import LiveEvent, PlacementsChanged, ReadStateChanged, ViewingChanged
from imagechat_tui.protocol.ids import BroadcastId, ConversationId, UrlId
from imagechat_tui.protocol.models import Placements, ReadState, Viewing
from imagechat_tui.sync.core import Core
from imagechat_tui.sync.facts import Facts
from imagechat_tui.sync.intents import StartConversation
from imagechat_tui.sync.state import (
    ChatState,
    Confirmed,
    ConfirmedChanges,
    Connection,
    ConnectionChanges,
    Here,
    HereChanges,
    Mine,
    MineChanges,
    OutboxEntry,
    Peer,
    WriteStatus,
)
from tests import examples as eg
from tests.sync.desk import late

MADE = ConversationId("ic_7")


def facts() -> Facts:
    return Facts(Core(eg.room(), late))


def entry() -> OutboxEntry:
    return OutboxEntry(BroadcastId("b"), StartConversation(eg.point(), "x"), WriteStatus.PENDING, 1.0)


def test_the_state_is_the_same_object_until_a_part_changes() -> None:
    known = facts()
    before = known.state
    assert before == ChatState(eg.room())
    known.workspace.mark_unread(set())
    known.workspace.complete_at(5.0)
    known.presence.lost()
    known.link.received(None)
    assert known.state is before
    known.workspace.mark_unread({MADE})
    assert known.state.mine.unread == {MADE}
    assert known.state.confirmed is before.confirmed


def test_a_marker_of_ours_is_there_as_soon_as_it_was_answered() -> None:
    known = facts()
    made = eg.conversation(id=MADE, url_id=UrlId("t7"))
    known.workspace.acknowledge(entry(), made, None)
    assert known.conversation(MADE) == made
    assert known.thread_url(MADE) == "t7"
    assert known.conversation(ConversationId("ic_8")) is None
    assert known.thread_url(ConversationId("ic_8")) is None


def test_what_is_confirmed_goes_before_what_was_answered() -> None:
    known = facts()
    known.workspace.acknowledge(entry(), eg.conversation(src="old"), None)
    known.ledger.introduce_server(Peer.OURS, eg.conversation_list())
    known.ledger.take_list(eg.conversation_list())
    assert known.conversation(ConversationId("ic_1")) == eg.conversation()


@pytest.mark.parametrize(
    "event",
    [
        ReadStateChanged(ReadState(1)),
        PlacementsChanged(Placements(2, 1)),
        ViewingChanged((Viewing(eg.BOB, (2,)),)),
    ],
)
def test_what_is_read_where_markers_went_and_who_looks_at_what_are_no_events_of_the_room(
    event: LiveEvent,
) -> None:
    core = Core(eg.room(), late)
    Facts(core).apply(event)
    assert core.effects == []


@pytest.mark.parametrize(
    ("part", "changes"),
    [
        (Confirmed, ConfirmedChanges),
        (Mine, MineChanges),
        (Here, HereChanges),
        (Connection, ConnectionChanges),
    ],
)
def test_each_part_of_the_state_can_change_every_field_it_has(part: type, changes: type) -> None:
    assert get_type_hints(part) == get_type_hints(changes)
