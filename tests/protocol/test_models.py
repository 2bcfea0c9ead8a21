"""What the models say of themselves."""

from __future__ import annotations

from typing import get_args

import pytest
from msgspec import Struct

from imagechat_tui.protocol import events, models, routes
from imagechat_tui.protocol.ids import UserId
from tests import examples as eg


def test_a_user_goes_by_the_best_name_there_is() -> None:
    assert eg.user(display_name="Alice", username="alice").name == "Alice"
    assert eg.user(display_name="", username="alice").name == "alice"
    assert eg.user(display_name="", username="").name == "demo:alice"


def test_an_author_may_be_signed_in_or_not() -> None:
    guest = UserId("anon:7")
    for thing in (eg.comment, eg.conversation):
        assert thing(user_id=eg.ALICE, anon_user_id=guest).author_id == eg.ALICE
        assert thing(user_id=None, anon_user_id=guest).author_id == guest
        assert thing(user_id=None, anon_user_id=None).author_id is None


WIRE = [
    thing
    for module in (models, events, routes)
    for thing in vars(module).values()
    if isinstance(thing, type) and issubclass(thing, Struct) and thing.__module__ == module.__name__
]


@pytest.mark.parametrize("kind", WIRE, ids=lambda kind: kind.__name__)
def test_what_was_said_cannot_be_changed(kind: type[Struct]) -> None:
    assert kind.__struct_config__.frozen
    assert "__dict__" not in dir(kind)
    for said in kind.__annotations__.values():
        assert not any(mutable in said for mutable in ("list", "dict", "set[")) or "frozenset" in said


def test_the_union_of_events_leaves_none_out() -> None:
    known = {kind for kind in WIRE if kind.__module__ == events.__name__} - {events.Stamp}
    assert set(get_args(events.LiveEvent)) == known
