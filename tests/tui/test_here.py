"""Who looks at the picture now, by name, while they come and go."""

from __future__ import annotations

from types import MappingProxyType

from msgspec.structs import replace

from imagechat_tui.protocol.ids import UserId
from imagechat_tui.protocol.models import Point
from imagechat_tui.sync.state import Peer, Phase
from imagechat_tui.tui.widgets.people import People
from tests import examples as eg
from tests.tui.conftest import Sit
from tests.tui.scripted_session import two_threads


async def test_everybody_is_there_by_name_and_the_list_follows(sit: Sit) -> None:
    many = {UserId(f"demo:{n}"): f"Person Number {n}" for n in range(20)}
    state = two_threads(
        names=MappingProxyType({**many, eg.ALICE: "Alice"}),
        online=frozenset({*many, eg.ALICE}),
        crosshairs=MappingProxyType({UserId("demo:3"): Point(12.5, 80.0)}),
    )
    async with sit(state) as desk:
        assert "Number 19" not in desk.text
        await desk.press("at")
        assert "Here now" in desk.text
        assert desk.text.index("Alice (you)") < desk.text.index("Person Number 0")
        assert "12.5 %, 80.0 %" in desk.text
        await desk.press("G")
        assert "Person Number 9" in desk.text
        await desk.publish(eg.changed(state, online=frozenset({eg.ALICE})))
        assert "Person Number 9" not in desk.text
        await desk.press("enter")
        assert desk.app.screen is desk.chat


async def test_nobody_is_made_up_while_it_is_not_known(sit: Sit) -> None:
    async with sit(two_threads(online=frozenset())) as desk:
        await desk.press("at")
        assert desk.text.count("Presence unavailable") == 2  # in the bar, too


async def test_who_may_only_read_is_told_that_nobody_else_is_here(sit: Sit) -> None:
    state = two_threads(online=frozenset(), read_only=True)
    state = eg.changed(state, peer=Peer.OURS, connection=replace(state.connection, phase=Phase.READ_ONLY))
    async with sit(state) as desk:
        await desk.press("at")
        assert desk.text.count("Nobody else is here") == 2


async def test_that_nobody_else_is_here_is_not_said_without_a_link(sit: Sit) -> None:
    state = two_threads(online=frozenset(), read_only=True)
    alone = eg.changed(state, peer=Peer.OURS, connection=replace(state.connection, phase=Phase.READ_ONLY))
    async with sit(alone) as desk:
        assert "Nobody else is here" in desk.text
        await desk.publish(eg.changed(alone, connection=replace(state.connection, phase=Phase.OFFLINE)))
        assert "Presence unavailable" in desk.text


def test_an_unnamed_session_is_called_as_in_threads() -> None:
    user = UserId("anon:a1b2")
    for names in ({}, {user: "anon:a1b2"}):
        assert People(names).name_of(user) == "Anonymous"
