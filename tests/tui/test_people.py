"""What people are called, so that two of one name are never taken for one."""

from __future__ import annotations

from types import MappingProxyType

import pytest
from msgspec.structs import replace

from imagechat_tui.protocol.ids import UserId
from imagechat_tui.sync.effects import Announce, News
from imagechat_tui.sync.state import CommentView
from imagechat_tui.tui.widgets.people import People
from tests import examples as eg
from tests.tui.conftest import Sit
from tests.tui.scripted_session import chat_state, comment, conversation

UUIDS = ("3f2a77aa-0001-4000-8000-000000000000", "3f2b00aa-0001-4000-8000-000000000000")
TOLD_APART = {
    "each of another name": ({"demo:anna": "Anna", "demo:ben": "Ben"}, ["Anna", "Ben"]),
    "two of one name": (
        {"demo:anna.k": "Anna", "demo:anna2": "Anna", "demo:ben": "Ben"},
        ["Anna (anna.k)", "Anna (anna2)", "Ben"],
    ),
    "by their addresses": (
        {"demo:anna@a.example": "Anna", "demo:anna@b.example": "Anna"},
        ["Anna (anna@a.example)", "Anna (anna@b.example)"],
    ),
    "by parts of long ids": (
        {f"demo:{uuid}": "Anna" for uuid in UUIDS},
        ["Anna (3f2a…)", "Anna (3f2b…)"],
    ),
    "by longer parts": (
        {f"demo:{'a' * 30}{n}": "Anna" for n in "12"},
        [f"Anna ({'a' * 30}1)", f"Anna ({'a' * 30}2)"],
    ),
    "names that only look alike": (
        {"demo:1": "Anna", "demo:2": "ANNA", "demo:3": " \uff21nna\u200b"},
        ["Anna (1)", "ANNA (2)", "Ａnna (3)"],
    ),
    "a name like one that is told apart": (
        {"demo:x": "Anna", "demo:ben": "Anna", "demo:eve": "Anna (ben)"},
        ["Anna (x)", "Anna (ben)", "Anna (ben) (eve)"],
    ),
    "nobody named": ({"demo:1": "", "demo:2": ""}, ["somebody (1)", "somebody (2)"]),
    "guests": ({"anon:1": "", "anon:2": "anon:2"}, ["Anonymous (1)", "Anonymous (2)"]),
}


@pytest.mark.parametrize(("names", "called"), TOLD_APART.values(), ids=TOLD_APART)
def test_people_of_one_name_are_told_apart(names: dict[str, str], called: list[str]) -> None:
    people = People({UserId(user): name for user, name in names.items()})
    assert [people.name_of(UserId(user)) for user in names] == called
    assert len({*called}) == len(names)


def test_what_they_are_called_does_not_hang_on_who_was_seen_first() -> None:
    names = {UserId(f"demo:{n}"): "Anna" for n in range(5)}
    backwards = dict(reversed(names.items()))
    assert [People(names).name_of(user) for user in names] == [
        People(backwards).name_of(user) for user in names
    ]


def test_the_asking_person_is_told_apart_too() -> None:
    people = People({UserId("demo:anna2"): "Alice"}, eg.user())
    assert people.name_of(eg.ALICE) == "Alice (alice)"
    assert people.name_of(None) == "somebody"


async def test_wherever_people_are_shown_they_are_told_apart(sit: Sit) -> None:
    other = UserId("demo:bob2")
    names = MappingProxyType({eg.ALICE: "Alice", eg.BOB: "Bob"})
    threads = (
        (conversation(1, 20.0, 20.0), [comment("c_1", "One")]),
        (conversation(2, 60.0, 60.0, user_id=other), [comment("c_2", "Two", by=other, commenter_name="Bob")]),
    )
    state = chat_state(*threads, names=names)
    async with sit(state) as desk:
        assert "Bob (bob" not in desk.text
        both = MappingProxyType({**names, other: "Bob"})
        state = eg.changed(state, names=both, online=frozenset({eg.ALICE, eg.BOB, other}))
        added = Announce(News.COMMENT_ADDED, conversation_id=conversation(1).id, by=other)
        await desk.publish(state, added)
        assert desk.text.count("Bob (bob)") == 2, "in the list, and among those who are here"
        assert "Bob (bob2)" in desk.text
        assert "Bob (bob2) commented on marker 1" in desk.toasts
        await desk.press("@")
        assert desk.text.count("B  Bob (bob2)") == 1
        await desk.press("escape", "]", "enter")
        assert "B  Bob (bob)" in desk.text
        await desk.press("i")
        assert desk.text.count("Bob (bob)") >= 2


CALLS = {
    "@anna": True,
    "Look, @Anna, the logo": True,
    "(@anna)": True,
    "@Anna Karenina should see it": True,
    "@anna.k": True,
    "@ANNA.K!": True,
    "anna": False,
    "@annabel": False,
    "mail@anna": False,
    "me@anna.k": False,
    "@@anna": False,
    "@ben": False,
    "": False,
}


@pytest.mark.parametrize(("text", "called"), CALLS.items())
def test_a_comment_calls_whom_it_names(text: str, called: bool) -> None:
    me = eg.user(id=UserId("demo:anna.k"), username="", display_name="Anna Karenina")
    people = People({}, me)
    view = CommentView("c_1", comment("c_1", text))
    assert people.mention_me(view) is called
    assert not people.mention_me(replace(view, mine=True)), "not whoever wrote it"
    assert not people.mention_me(replace(view, blocked=True)), "nor whom they have blocked"
    assert not People({}).mention_me(view)


@pytest.mark.parametrize("name", ["", " ", ".*", "(", "\u202e", "[a-", "a" * 5000])
def test_an_odd_name_is_compared_as_it_is(name: str) -> None:
    people = People({}, eg.user(id=UserId("demo:x"), username=name, display_name=name))
    assert not people.mention_me(CommentView("c_1", comment("c_1", "@b and @, nothing @")))


@pytest.mark.parametrize(("bell", "rings"), [("off", [0, 0]), ("on", [1, 2]), ("mentions", [0, 1])])
async def test_who_is_called_is_told_and_sees_it_in_the_list(
    sit: Sit, bell: str, rings: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    marker, first = conversation(1, 20.0, 20.0), comment("c_1", "One")
    rung: list[int] = []
    async with sit(chat_state((marker, [first])), options={"bell": bell}) as desk:
        monkeypatch.setattr(desk.app, "bell", lambda: rung.append(1))
        said = [first]
        counted = []
        for name, text in (("c_2", "Fine"), ("c_3", "@alice, do you agree?")):
            desk.chat._news._quiet_until_s = 0.0
            said.append(comment(name, text))
            state = chat_state((marker, said), unread=frozenset({marker.id}))
            added = Announce(News.COMMENT_ADDED, conversation_id=marker.id, comment_id=said[-1].id, by=eg.BOB)
            await desk.publish(state, added)
            counted.append(len(rung))
            assert ("@you" in desk.text) is (name == "c_3")
        assert counted == rings
        assert "Bob mentions you on marker 1" in desk.toasts
        await desk.publish(chat_state((marker, said)))
        assert "@you" not in desk.text, "read"
