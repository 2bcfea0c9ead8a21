"""What the parts of the engine share."""

from __future__ import annotations

from msgspec.structs import replace

from imagechat_tui.protocol.ids import BroadcastId, ConversationId, UrlId
from imagechat_tui.sync.core import Core
from imagechat_tui.sync.intents import StartConversation
from imagechat_tui.sync.state import Acknowledged, Phase
from tests import examples as eg
from tests.sync.desk import late

MINE = ConversationId("ic_7")


def core() -> Core:
    return Core(eg.room(), late)


def test_a_change_that_changes_nothing_leaves_the_state_the_object_it_was() -> None:
    desk = core()
    before = desk.state
    desk.change_here(sockets=0, online=frozenset())
    desk.change_connection(phase=Phase.STARTING)
    assert desk.state is before
    desk.change_here(sockets=1)
    desk.change_connection(phase=Phase.LIVE)
    assert desk.state == eg.changed(
        before, sockets=1, connection=replace(before.connection, phase=Phase.LIVE)
    )


def test_numbers_are_never_given_twice() -> None:
    desk = core()
    assert [desk.number(), desk.number(), desk.last_number] == [1, 2, 2]


def test_a_marker_of_ours_is_there_as_soon_as_it_was_answered() -> None:
    desk = core()
    made = eg.conversation(id=MINE, url_id=UrlId("t7"))
    answered = Acknowledged(BroadcastId("b"), StartConversation(eg.point(), "x"), 1.0, made)
    desk.state = eg.chat_state(acknowledged=(answered,))
    assert desk.conversation(MINE) == made
    assert desk.thread_url(MINE) == "t7"
    assert desk.conversation(ConversationId("ic_8")) is None
    assert desk.thread_url(ConversationId("ic_8")) is None


def test_what_is_confirmed_goes_before_what_was_answered() -> None:
    desk = core()
    answered = Acknowledged(
        BroadcastId("b"), StartConversation(eg.point(), "x"), 1.0, eg.conversation(src="old")
    )
    desk.state = eg.chat_state(
        acknowledged=(answered,), conversations={ConversationId("ic_1"): eg.conversation()}
    )
    assert desk.conversation(ConversationId("ic_1")) == eg.conversation()


def test_the_servers_clock_goes_on_from_when_it_was_told() -> None:
    desk = core()
    assert desk.server_now_ms is None
    desk.now = 50.0
    desk.heard_clock(eg.T0)
    desk.now = 52.5
    assert desk.server_now_ms == eg.T0 + 2_500


def test_the_servers_clock_may_be_put_back() -> None:
    desk = core()
    desk.heard_clock(eg.T0)
    desk.heard_clock(eg.T0 - 172_800_000)
    assert desk.server_now_ms == eg.T0 - 172_800_000


def test_a_clock_that_proved_wrong_is_not_used_until_it_is_told_again() -> None:
    desk = core()
    desk.heard_clock(eg.T0)
    desk.doubt_clock()
    assert desk.server_now_ms is None
