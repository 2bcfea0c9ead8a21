"""Names behind @ in a text: who is offered, what keys make of it, and what it puts in."""

from __future__ import annotations

from types import MappingProxyType

import pytest

from imagechat_tui.finding import calling, plain
from imagechat_tui.protocol.ids import UserId
from imagechat_tui.protocol.models import User
from imagechat_tui.safetext import Kind, comment_text, safe_text
from imagechat_tui.sync.intents import PostComment
from imagechat_tui.tui.name_completion import NameCompletion
from imagechat_tui.tui.widgets.people import People
from tests import examples as eg
from tests.tui.conftest import Sit
from tests.tui.scripted_session import comment, two_threads

TEAM = {
    "alice": "Alice",  # the asking person
    "ab": "Anna Berg",
    "ben1": "Ben",
    "ben2": "Ben",
    "carl": "Carl-Otto von Aue",
    "anon": "",
    "long": "x" * 200,
}


def people(names: dict[str, str]) -> People:
    return People({UserId(f"demo:{user}"): name for user, name in names.items()}, eg.user())


def following(before: str, names: dict[str, str] = TEAM) -> NameCompletion:
    """The list behind what stands before the cursor."""
    completion = NameCompletion()
    completion.know(people(names).offers)
    completion.follow(0, before)
    return completion


def offered(before: str, names: dict[str, str] = TEAM) -> list[str]:
    completion = following(before, names)
    found: list[str] = []
    while completion.is_open and len(found) < 20:
        label = next(label for label, chosen in completion.rows(20) if chosen)
        if found and label == found[0]:
            break
        found.append(str(label))
        completion.step(1)
    return found


OFFERED = {
    "": [],
    "Anna": [],
    "@": ["Anna Berg", "Ben (ben1)", "Ben (ben2)", "Carl-Otto von Aue", "x" * 200],
    "look @a": ["Anna Berg", "Carl-Otto von Aue"],
    "(@AN": ["Anna Berg"],
    "@anna be": ["Anna Berg"],
    "@berg": ["Anna Berg"],
    "@otto": ["Carl-Otto von Aue"],
    "@von a": ["Carl-Otto von Aue"],
    "@ab": [],  # typed whole: Enter sends
    "@anna berg": [],
    "@ben": ["Ben (ben1)", "Ben (ben2)"],
    "@ben2": [],
    "@zoe": [],
    "@alice": [],
    "@somebody": [],
    "@ anna": [],
    "anna@": [],
    "me@ber": [],
    "@@an": [],
    "@.an": [],
    "@anna berg and @b": ["Anna Berg", "Ben (ben1)", "Ben (ben2)"],
    "@an" + "x" * 500: [],
    "x" * 5000 + " @an": ["Anna Berg"],
    ".* @.*": [],
}


@pytest.mark.parametrize(("before", "names"), OFFERED.items())
def test_who_is_offered(before: str, names: list[str]) -> None:
    assert offered(before) == names


ODD = {
    "control characters": ("Ev\x1b[31mil\x07", "eve"),
    "several lines": ("Eve\nRoot", "eve"),
    "turned around": ("\u202eevE\u202c", "eve"),
    "right to left": ("שרה לוי", "sara"),
    "spaces": ("  Anna   Berg  ", "ab"),
    "nothing but joiners": ("\u200d\u2060", "eve"),
    "two hundred characters": ("x" * 200, "eve"),
    "all too long": ("x" * 200, "y" * 200),
    "an @ in it": ("@anna@", "eve"),
    "a pattern": ("(.*)+$", "eve"),
    "wide": ("田中さん", "tanaka"),
}


@pytest.mark.parametrize(("name", "user"), ODD.values(), ids=ODD)
@pytest.mark.parametrize("shared", [False, True])
def test_what_is_put_in_is_harmless_short_and_calls_them(name: str, user: str, shared: bool) -> None:
    completion = following("@", {user: name, **({"z": name} if shared else {})})
    took = []
    for _ in range(2 if completion.is_open else 0):
        took.append(completion.take()[1])
        completion.forget()
        completion.follow(0, "@")
        completion.step(1)
    them = calling(User(id=UserId(f"demo:{user}"), display_name=name))
    theirs = [
        text
        for text in took
        if them is not None and them.search(plain(comment_text(comment("c", f"Look, {text} ok"))))
    ]
    assert all(text.isprintable() and len(text) <= 61 for text in took)
    assert bool(theirs) is (len(user) <= 60 and bool(safe_text(name, Kind.NAME)))
    assert not (shared and theirs) or len({*took}) == 2


def test_of_several_with_one_name_only_the_one_who_is_meant_is_called() -> None:
    completion = following("@ben")
    completion.step(1)
    assert completion.take() == (0, "@ben2")
    assert following("see @ann").take() == (4, "@Anna Berg")


def test_keys_go_round_and_the_chosen_one_stays_in_view() -> None:
    completion = following("@p", {f"p{n}": f"Person {n}" for n in range(6)})
    for step in (*[1] * 7, *[-1] * 9):
        completion.step(step)
        for room in (1, 2, 4, 6, 9):
            rows = completion.rows(room)
            assert len(rows) == min(room, 6)
            assert sum(chosen for _, chosen in rows) == 1
    assert (completion.place, completion.take()) == ("5/6", (0, "@Person 4"))


def test_who_is_chosen_stays_so_while_more_is_typed() -> None:
    completion = following("@b")
    completion.step(2)
    completion.follow(0, "@be")
    assert completion.take()[1] == "@ben2"
    again = following("@b")
    again.step(2)
    again.follow(0, "@b, @b")
    assert again.take()[1] == "@Anna Berg", "another @ begins anew"


def test_a_closed_list_stays_closed_until_an_at_is_typed_anew() -> None:
    completion = following("@b")
    completion.close()
    for before, is_open in (("@be", False), ("@b", False), ("", False), ("@b", True)):
        completion.follow(0, before)
        assert completion.is_open is is_open
    completion.take()
    for before, is_open in (("@Anna Berg ", False), ("@Anna", False), ("@Anna Berg @", True)):
        completion.follow(0, before)
        assert completion.is_open is is_open


@pytest.mark.parametrize(
    ("before", "first", "then", "took"),
    [
        ("@car", {"ab": "Anna"}, {"ab": "Anna", "carl": "Carol"}, None),
        ("@b", {"ben1": "Ben"}, {"ben1": "Ben", "ba": "Basil"}, "@Ben"),
        ("@b", {"ben1": "Ben", "ba": "Basil"}, {"ben1": "Ben"}, "@Basil"),
        ("@b", {"ben1": "Ben"}, {}, "@Ben"),
        ("@b", {"ben1": "Ben"}, {"ben1": "Ben", "ben0": "Ben"}, "@Ben"),
    ],
)
def test_nobody_else_opens_closes_or_changes_the_list(
    before: str, first: dict[str, str], then: dict[str, str], took: str | None
) -> None:
    completion = following(before, first)
    completion.know(people(then).offers)
    completion.follow(0, before)
    assert (completion.take()[1] if completion.is_open else None) == took


def test_who_is_chosen_stays_so_when_another_of_that_name_comes() -> None:
    completion = following("@b", {"ben2": "Ben", "bo": "Bo"})
    completion.know(people({"ben1": "Ben", "ben2": "Ben", "bo": "Bo"}).offers)
    completion.follow(0, "@be")
    assert completion.take()[1] == "@ben2"


def test_a_text_that_is_there_offers_nobody_until_one_writes_on() -> None:
    completion = NameCompletion()
    completion.know(people(TEAM).offers)
    completion.begin(0, "hi @an")
    completion.follow(0, "hi @an")
    assert not completion.is_open
    completion.follow(0, "hi @ann")
    assert completion.take() == (3, "@Anna Berg")


NAMES = MappingProxyType(
    {
        eg.ALICE: "Alice",
        UserId("demo:ben1"): "Ben",
        UserId("demo:ben2"): "Ben",
        UserId("demo:ab"): "Anna Berg",
    }
)


async def test_keys_choose_and_take_a_name_and_the_next_enter_sends(sit: Sit) -> None:
    async with sit(two_threads(names=NAMES)) as desk:
        await desk.press("]", "r", *"hi", "space", "@")
        assert "Ben (ben2)" in desk.text, "there is room for all"
        assert "▌Anna Berg" in desk.text and "1/3 · Enter take" in desk.text
        await desk.press("b", "tab", "down")
        assert "▌Ben (ben2)" in desk.text
        await desk.press("up", "enter")
        editor = desk.chat.composer.editor
        assert (editor.text, editor.cursor_location) == ("hi @ben1 ", (0, 9))
        assert "▌" not in desk.text.split("Enter send")[0].split("@ben1")[-1]
        await desk.press("enter")
        assert [intent.text for intent in desk.session.intents if isinstance(intent, PostComment)] == [
            "hi @ben1"
        ]


async def test_escape_closes_the_list_first_and_enter_sends_what_is_there(sit: Sit) -> None:
    async with sit(two_threads(names=NAMES)) as desk:
        await desk.press("]", "r", "@", *"an", "escape")
        assert "Anna Berg" not in desk.text and desk.chat.composer.editor.text == "@an"
        await desk.press("enter")
        sent = [intent for intent in desk.session.intents if isinstance(intent, PostComment)]
        assert [intent.text for intent in sent] == ["@an"]
        await desk.press("r", "@", *"anna", "space", *"berg", "enter")
        sent = [intent for intent in desk.session.intents if isinstance(intent, PostComment)]
        assert [intent.text for intent in sent] == ["@an", "@anna berg"]
