"""What is declared of keys and verbs fits together."""

from __future__ import annotations

from collections import Counter

import pytest

from imagechat_tui.commands import BY_ID, COMMANDS, VERBS, Context


def test_each_command_is_declared_once() -> None:
    assert len(BY_ID) == len(COMMANDS)


def test_every_command_that_writes_has_a_verb() -> None:
    assert [command.id for command in COMMANDS if command.writes and not command.verb] == []


def test_no_command_names_a_verb_that_does_not_exist() -> None:
    assert {command.verb for command in COMMANDS if command.verb} <= VERBS.keys()


def test_what_the_status_line_names_has_one_word_and_a_place_of_its_own() -> None:
    named = [command for command in COMMANDS if command.footer]
    assert all(command.hint and " " not in command.hint for command in named)
    places = Counter((pane, rank) for command in named for pane, rank in command.footer.items())
    assert max(places.values()) == 1


TOGETHER = (
    *((Context.APP, Context.CHAT, pane) for pane in (Context.PICTURE, Context.THREADS, Context.COMMENTS)),
    *((Context.APP, dialog, Context.LIST) for dialog in (Context.CLUSTER, Context.HERE, Context.DRAFTS)),
)
"""Contexts whose keys work at one time; those of a list do where threads and comments are."""


@pytest.mark.parametrize("contexts", TOGETHER)
def test_no_key_that_others_have_to_follow_does_something_by_itself(contexts: tuple[Context, ...]) -> None:
    lists = (Context.LIST,) if {Context.THREADS, Context.COMMENTS} & {*contexts} else ()
    keys = {
        key
        for command in COMMANDS
        for context in (*contexts, *lists)
        for key in command.keys_in(context).split(",")
        if key
    }
    assert [key for key in keys if any(longer.startswith(f"{key} ") for longer in keys)] == []


def test_what_two_keys_do_has_a_word_for_the_status_line() -> None:
    several = [command for command in COMMANDS if " " in command.keys + "".join(command.also.values())]
    assert several
    assert all(command.hint for command in several)


@pytest.mark.parametrize("context", Context)
def test_no_key_has_two_meanings_in_one_context(context: Context) -> None:
    keys = Counter(key for command in COMMANDS for key in command.keys_in(context).split(",") if key)
    assert keys
    assert max(keys.values()) == 1
