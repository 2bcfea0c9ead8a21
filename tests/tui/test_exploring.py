"""Who only explores writes nothing, from the first moment, and every key says that this is why."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import pytest

from imagechat_tui.commands import WRITES
from imagechat_tui.protocol.ids import ConversationId
from imagechat_tui.protocol.models import Point
from imagechat_tui.sync.state import ChatState, Connection, Peer, Phase
from imagechat_tui.tui.chat.availability import PLACINGS
from imagechat_tui.tui.chat.needs import Need
from imagechat_tui.tui.chat.placement_actions import PlacementActions
from imagechat_tui.tui.chat.room_actions import RoomActions
from imagechat_tui.tui.chat.screen_state import PictureStatus
from tests import examples as eg
from tests.tui.chat_parts import Parts
from tests.tui.scripted_session import chat_state, two_threads

ACTIONS: Final[dict[str, Callable[[Parts], object]]] = {
    "marker.new": lambda parts: parts.drafting.write_marker(Point(50.0, 50.0)),
    "thread.reply": lambda parts: parts.actions.reply(),
    "thread.edit": lambda parts: parts.actions.edit(),
    "thread.delete": lambda parts: parts.actions.delete(),
    "thread.resolve": lambda parts: parts.actions.resolve(True),
    "thread.reopen": lambda parts: parts.actions.resolve(False),
    "comment.vote-up": lambda parts: parts.comment_actions.vote(1),
    "comment.vote-down": lambda parts: parts.comment_actions.vote(-1),
    "comment.pin": lambda parts: parts.comment_actions.pin(),
    "comment.lock": lambda parts: parts.comment_actions.lock(),
    "comment.flag": lambda parts: parts.comment_actions.flag(),
    "comment.block": lambda parts: parts.comment_actions.block(),
    "image.anew": lambda parts: rooms(parts).start_anew(),
    "marker.confirm": lambda parts: places(parts).confirm(),
    "marker.take": lambda parts: places(parts).take(),
    "marker.put-back": lambda parts: places(parts).put_back(),
    "thread.undo": lambda parts: parts.actions.undo(),
    "thread.mark-unread": lambda parts: parts.actions.mark_unread(),
    "list.mark-read": lambda parts: parts.actions.mark_all_read(),
}
"""What the keys do that write or mark."""


def rooms(parts: Parts) -> RoomActions:
    return RoomActions(
        parts.state,
        parts.session.dispatch,
        notices=parts.notices,
        refusals=parts.refusals,
        confirm=lambda *_, **__: pytest.fail("it asks"),
        choose=lambda *_: None,
        enter=lambda *_: None,
        elsewhere=False,
    )


def places(parts: Parts) -> PlacementActions:
    return PlacementActions(
        parts.state,
        parts.session.dispatch,
        selection=parts.selection,
        picture=parts.picture,
        notices=parts.notices,
        refusals=parts.refusals,
        current=lambda: parts.actions.thread,
        on_change=lambda: None,
    )


def exploring(state: ChatState) -> ChatState:
    return eg.changed(state, room=eg.room(explores=True))


STATES: Final = {
    "starting": exploring(eg.chat_state()),
    "catching up": exploring(two_threads(connection=Connection(Phase.CATCHING_UP, as_of_s=1.0))),
    "offline, nothing came": exploring(chat_state(connection=Connection(Phase.OFFLINE))),
    "exploring": exploring(two_threads(read_only=True, connection=Connection(Phase.READ_ONLY, as_of_s=1.0))),
    "exploring a hosted server": exploring(two_threads(peer=Peer.HOSTED)),
}


def test_every_command_that_writes_is_in_the_table() -> None:
    assert set(ACTIONS) >= WRITES | PLACINGS


@pytest.mark.parametrize("selected", [None, ConversationId("ic_1"), ConversationId("ic_2")])
@pytest.mark.parametrize("picture", [PictureStatus.SHOWN, PictureStatus.MISSING])
@pytest.mark.parametrize("when", STATES)
def test_each_says_that_one_only_explores(
    when: str, picture: PictureStatus, selected: ConversationId | None
) -> None:
    parts = Parts(STATES[when])
    parts.state.picture = picture
    parts.selection.select(selected)
    for command_id, act in ACTIONS.items():
        parts.corner.clear()
        sent = len(parts.session.intents)
        act(parts)
        assert parts.corner.text.startswith("Exploring"), command_id
        assert parts.session.intents[sent:] == [], command_id
        assert not parts.text.target and not parts.question, command_id


def test_no_such_key_waits_for_the_threads() -> None:
    parts = Parts(STATES["starting"])
    assert not any(parts.availability.lacks(Need.START, command_id) for command_id in WRITES)
    assert parts.availability.disabled_commands >= WRITES
