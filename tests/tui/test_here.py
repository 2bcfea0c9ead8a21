"""Who looks at the picture now, by name, while they come and go."""

from __future__ import annotations

from types import MappingProxyType

import pytest
from msgspec.structs import replace

from imagechat_tui.protocol.ids import UserId
from imagechat_tui.protocol.models import Point, User, Viewing
from imagechat_tui.protocol.routes import UsersOnline
from imagechat_tui.sync.state import Peer, Phase
from imagechat_tui.tui.dialogs.here import Beside, people_elsewhere
from imagechat_tui.tui.widgets.people import People
from tests import examples as eg
from tests.tui.conftest import Sit
from tests.tui.scripted_session import conversation, two_threads


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
        assert "other picture" not in desk.text
        await desk.press("enter")
        assert desk.app.screen is desk.chat


async def test_which_version_somebody_looks_at_is_told_and_follows(sit: Sit) -> None:
    state = two_threads(online=frozenset({eg.ALICE, eg.BOB}), versions={eg.ALICE: (3,), eg.BOB: (2, 3)})
    async with sit(state) as desk:
        await desk.press("at")
        assert [line.strip("│ ").split()[-2:] for line in desk.lines if "v3" in line and "│" in line] == [
            ["(you)", "v3"],
            ["v2,", "v3"],
        ]
        await desk.publish(eg.changed(state, versions={eg.BOB: (4,)}))
        assert "v4" in desk.text and "v2" not in desk.text


def elsewhere(*told: UsersOnline, me: str = "alice", **names: str) -> list[tuple[int, str, tuple[int, ...]]]:
    """Where who is listed when the first of several pictures is shown; ``names`` are known on it."""
    known = {UserId(f"demo:{user}"): name for user, name in names.items()}
    state = two_threads(names=MappingProxyType(known), me=eg.user(id=UserId(f"demo:{me}")))
    beside = Beside(0, tuple(range(len(told))), str)
    found = people_elsewhere(dict(enumerate(told)), beside, state)
    return [(at, person.labels[0], person.versions) for at, person in found]


def looking(*users: tuple[str, str], anonymous: int = 0, more: int = 0, **viewing: int) -> UsersOnline:
    return UsersOnline(
        tuple(User(UserId(f"demo:{user}"), display_name=name) for user, name in users),
        anonymous,
        len(users) + anonymous + more,
        tuple(Viewing(UserId(f"demo:{user}"), (version,)) for user, version in viewing.items()),
    )


NOBODY = looking()


@pytest.mark.parametrize(
    ("told", "listed"),
    [
        ((NOBODY, NOBODY), []),
        ((looking(("ben", "Ben")), NOBODY), []),  # its own room tells of this picture
        ((NOBODY, looking(("ben", "Ben"), ben=2)), [(1, "Ben", (2,))]),
        ((NOBODY, looking(("alice", "Alice"))), []),  # where oneself is one knows
        (
            (NOBODY, looking(("zoe", "zoe"), ("ben", "Ben")), looking(("ben", "Ben"), ben=1)),
            [(1, "Ben", ()), (1, "zoe", ()), (2, "Ben", (1,))],
        ),
        (
            (NOBODY, looking(("b1", "Ben")), looking(("b2", "Ben"))),
            [(1, "Ben (b1)", ()), (2, "Ben (b2)", ())],
        ),
        ((NOBODY, looking(("quiet", ""))), [(1, "somebody", ())]),  # who wishes no name
        ((NOBODY, looking(anonymous=1)), [(1, "1 guest", ())]),
        ((NOBODY, looking(("ben", "Ben"), anonymous=2)), [(1, "Ben", ()), (1, "2 guests", ())]),
        ((NOBODY, looking(("ben", "Ben"), more=7)), [(1, "Ben", ()), (1, "7 others", ())]),
        ((NOBODY, looking(("eve", "Ben\x1b[31m\u202e\nyou"))), [(1, "Ben␛[31m you", ())]),
    ],
)
def test_who_is_listed_of_the_other_pictures(
    told: tuple[UsersOnline, ...], listed: list[tuple[int, str, tuple[int, ...]]]
) -> None:
    assert elsewhere(*told) == listed


def test_who_is_elsewhere_is_told_apart_from_who_is_known_here() -> None:
    assert elsewhere(NOBODY, looking(("b2", "Ben")), b1="Ben") == [(1, "Ben (b2)", ())]


def test_a_picture_that_is_not_there_any_more_is_not_gone_to() -> None:
    told = {5: looking(("ben", "Ben"))}
    assert people_elsewhere(told, Beside(0, (0, 1), str), two_threads()) == []


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
    for name in ("", user):  # a draft of one's own has the id for a name
        draft = replace(conversation(1), user_id=None, anon_user_id=user, commenter_name=name)
        assert People({}).author_of(draft) == "Anonymous"
