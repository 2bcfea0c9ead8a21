"""Colours of people: all different while there are eight, the same ones in every session."""

from __future__ import annotations

from types import MappingProxyType

import pytest
from msgspec.structs import replace

from imagechat_tui.protocol.ids import UserId
from imagechat_tui.sync.state import ChatState
from imagechat_tui.tui.person_colors import PEOPLE, FirstSeen, assigned, favorite
from tests import examples as eg
from tests.tui.conftest import Sit
from tests.tui.scripted_session import chat_state, comment, conversation

LIKE = {n: [key for key in (f"demo:u{i}" for i in range(400)) if favorite(key) == n] for n in range(PEOPLE)}
"""Ids by what their favourite is."""
A, B, C = LIKE[2][:3]
D, E = LIKE[3][:2]
LAST, LAST_TOO = LIKE[7][:2]
EIGHT = [LIKE[n][0] for n in range(PEOPLE)]

CHOOSING: dict[str, tuple[list[str], list[int]]] = {
    "nobody": ([], []),
    "each their favourite": ([D, A], [3, 2]),
    "who comes later steps aside": ([A, B], [2, 3]),
    "and pushes nobody away but those behind": ([A, B, D, E], [2, 3, 4, 5]),
    "round and round": ([LAST, LAST_TOO], [7, 0]),
    "nobody chooses twice": ([A, A, B, A], [2, 3]),
    "all eight": (EIGHT, [*range(PEOPLE)]),
    "eight of one favourite": (LIKE[5][:8], [5, 6, 7, 0, 1, 2, 3, 4]),
    "the ninth has a favourite again": ([*EIGHT, LIKE[5][1]], [*range(PEOPLE), 5]),
    "and the tenth another one than the ninth": ([*EIGHT, *LIKE[5][1:3]], [*range(PEOPLE), 5, 6]),
}


@pytest.mark.parametrize(("keys", "colors"), CHOOSING.values(), ids=CHOOSING)
def test_who_chooses_what(keys: list[str], colors: list[int]) -> None:
    assert list(assigned(keys).values()) == colors


def test_each_eight_differ_and_a_new_one_changes_nobody() -> None:
    keys = [f"demo:{n}" for n in range(24)]
    for count in range(len(keys)):
        colors = assigned(keys[:count])
        assert all(
            len({*list(colors.values())[at : at + 8]}) == len(list(colors.values())[at : at + 8])
            for at in (0, 8, 16)
        )
        assert {**assigned(keys[: count + 1]), **colors} == assigned(keys[: count + 1])


ANN, BEN, CARL, DORA = (UserId(f"demo:{name}") for name in ("ann", "ben", "carl", "dora"))
EARLY, LATE = (
    conversation(1, 20.0, 20.0, user_id=BEN, created_at_ms=1_000),
    conversation(2, 60.0, 60.0, user_id=ANN, created_at_ms=2_000),
)
SAID = (
    (EARLY, [comment("c_1", "One", by=BEN, date_ms=1_000), comment("c_3", "Three", by=CARL, date_ms=3_000)]),
    (LATE, [comment("c_2", "Two", by=ANN, date_ms=2_000)]),
)


def order(state: ChatState) -> list[str]:
    return [*FirstSeen().of(state)]


def test_those_who_wrote_choose_first_by_when_and_then_those_who_are_here() -> None:
    here = frozenset({DORA, BEN, UserId("demo:abe")})
    state = eg.changed(chat_state(*SAID, me=eg.user()), online=here)
    assert list(dict.fromkeys(order(state))) == [BEN, ANN, CARL, "demo:abe", eg.ALICE, DORA]


def test_the_order_follows_what_is_said_and_is_that_of_a_session_that_begins_now() -> None:
    seen = FirstSeen()
    state = eg.changed(chat_state(*SAID, me=eg.user()), online=frozenset({DORA}))
    assert list(seen.of(state)) == order(state)
    more = (LATE, [*SAID[1][1], comment("c_4", "Four", by=DORA, date_ms=4_000)])
    for said, online in (
        ((SAID[0], more), {DORA}),
        ((SAID[0],), {DORA}),
        (SAID, {DORA, ANN}),
        (SAID, set()),
    ):
        now = eg.changed(chat_state(*said, me=eg.user()), online=frozenset(online))
        assert list(seen.of(now)) == order(now)
        come = replace(now, here=now.here.replace(online=frozenset({*online, UserId("demo:abe")})))
        assert list(seen.of(come)) == order(come)
    assert order(eg.changed(chat_state(SAID[0], more), online=frozenset()))[:4] == [BEN, ANN, CARL, DORA]


async def test_two_who_would_have_one_colour_have_two_wherever_they_are_shown(sit: Sit) -> None:
    first, second = UserId(A), UserId(B)
    marker = conversation(1, 20.0, 20.0, user_id=second, commenter_name="Zed")
    state = chat_state(
        (marker, [comment("c_1", "One", by=second, commenter_name="Zed")]),
        me=eg.user(id=first, display_name="Yan"),
    )
    state = eg.changed(
        state, online=frozenset({first, second}), names=MappingProxyType({first: "Yan", second: "Zed"})
    )
    async with sit(state) as desk:
        colors = desk.app.theme_variables
        people = desk.chat.state.people
        assert (people.color_of(second), people.color_of(first)) == ("person-2", "person-3")
        assert [person.color for person in desk.chat.sidebar.presence.people] == ["person-3", "person-2"]
        row = desk.chat.threads.render_line(0)
        assert any(
            segment.style is not None
            and segment.style.color is not None
            and segment.style.color.name == colors["person-2"].lower()
            and "Zed" in segment.text
            for segment in row
        )
