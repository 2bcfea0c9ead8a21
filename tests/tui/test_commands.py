"""Help and palette: every key is in them, with words and an id, and Enter runs it."""

from __future__ import annotations

import re

import pytest
from textual.binding import Binding
from textual.dom import DOMNode

from imagechat_tui.commands import BY_ID, COMMANDS, FOOTER, WRITES
from imagechat_tui.tui.app import ImageChatApp
from imagechat_tui.tui.chat.screen import ChatScreen
from imagechat_tui.tui.commands import all_commands, matching
from imagechat_tui.tui.dialogs.command_list import CommandRows
from imagechat_tui.tui.picture.image_view import ImageView
from imagechat_tui.tui.widgets.comment_list import CommentList
from imagechat_tui.tui.widgets.editor import Editor
from imagechat_tui.tui.widgets.thread_list import ThreadList
from tests.tui.conftest import Sit
from tests.tui.scripted_session import two_threads

NEVER = {"ctrl+i", "ctrl+m", "ctrl+h", "ctrl+left_square_bracket", "ctrl+a", "ctrl+b"}
"""Keys that are other keys, or belong to tmux and screen."""


def bindings(*nodes: type[DOMNode]) -> list[Binding]:
    found = []
    for node in nodes:
        merged = node._merged_bindings
        assert merged is not None
        found += [binding for several in merged.key_to_bindings.values() for binding in several]
    return found


def ours() -> list[Binding]:
    found = bindings(ChatScreen, CommentList, ThreadList, ImageView, ImageChatApp)
    return [binding for binding in found if binding.id]


def test_every_key_of_the_product_is_bound() -> None:
    keys = {binding.key for binding in ours()}
    for key in (
        "c", "r", "e", "d", "x", "X", "right_square_bracket", "left_square_bracket", "question_mark", "f1", "colon",
        "ctrl+p", "R", "exclamation_mark", "q", "ctrl+q", "ctrl+l", "ctrl+z", "space", "t", "s", "i", "tab", "escape",
        "h", "j", "k", "l", "up", "down", "left", "right", "enter",
    ):  # fmt: skip
        assert key in keys, key


def test_every_command_has_an_id_by_pane_and_words() -> None:
    for binding in ours():
        assert re.fullmatch(r"[a-z]+\.[a-z0-9-]+", binding.id or ""), binding
        assert binding.description or binding.tooltip, binding


def test_no_key_is_one_that_a_terminal_cannot_send() -> None:
    for binding in [*ours(), *(b for b in Editor.BINDINGS if isinstance(b, Binding))]:
        for key in binding.key.split(","):
            assert key not in NEVER
            assert not key.startswith("alt+")
            assert key != "ctrl+enter"


def test_the_status_line_names_commands_that_exist() -> None:
    ids = {binding.id for binding in ours()}
    for wanted in FOOTER.values():
        assert set(wanted) <= ids
        assert all(BY_ID[name].hint for name in wanted)


async def test_the_palette_holds_everything(sit: Sit) -> None:
    async with sit() as desk:
        chat = desk.chat
        listed = {
            command.id
            for command in all_commands((chat.picture, chat.threads, chat.comments, chat, desk.app))
        }
        assert {binding.id for binding in ours()} <= listed


async def test_the_palette_is_searched_and_enter_runs_it(sit: Sit) -> None:
    async with sit() as desk:
        await desk.press("colon")
        await desk.type("new marker")
        assert "New marker at the crosshair" in desk.text
        await desk.press("enter")
        assert desk.focus == "editor"


async def test_the_palette_does_what_belongs_to_another_pane(sit: Sit) -> None:
    async with sit() as desk:
        await desk.press("tab", "colon")
        await desk.type("previous marker")
        await desk.press("enter")
        assert desk.chat.selection.selected_key == "ic_2"


async def test_help_is_about_where_the_focus_is(sit: Sit) -> None:
    async with sit() as desk:
        await desk.press("question_mark")
        assert "Picture" in desk.text
        await desk.press("escape", "tab", "question_mark")
        assert "Half a page" in desk.text
        assert "The threads of this picture" in desk.text
        assert desk.text.index("Next") < desk.text.index("Previous")
        await desk.press("escape")
        assert desk.focus == "threads"


async def test_help_while_writing_is_a_function_key_away(sit: Sit) -> None:
    async with sit() as desk:
        await desk.press("c")
        await desk.type("?")
        assert desk.chat.composer.editor.text == "?"
        assert "F1 help" in desk.lines[-1]
        await desk.press("f1")
        assert "Close and keep the draft" in desk.text
        await desk.press("escape")
        assert desk.focus == "editor"
        assert desk.chat.composer.editor.text == "?"


WANTED = {
    "zoom": {"image.closer", "image.farther", "image.fit", "image.actual", "image.read", "image.loupe"},
    "zoom in": {"image.closer"},
    "zoom out": {"image.farther"},
    "magnify": {"image.loupe", "image.closer"},
    "100%": {"image.actual"},
    "reset": {"image.fit"},
    "pan": {"image.left", "image.right", "image.up", "image.down"},
    "scroll": {"image.left", "list.half-page-down"},
    "jump": {"marker.hints", "marker.next"},
    "goto": {"marker.hints"},
    "go to": {"marker.hints", "marker.next"},
    "delete": {"thread.delete"},
    "remove": {"thread.delete"},
    "rm": {"thread.delete"},
    "filter": {"marker.shown"},
    "hide": {"marker.shown", "pane.sidebar", "image.others"},
    "toggle": {"marker.shown", "pane.sidebar", "image.others"},
    "theme": {"app.theme"},
    "dark": {"app.theme"},
    "light": {"app.theme"},
    "color": {"app.theme"},
    "quit": {"app.quit", "app.back"},
    "exit": {"app.quit", "app.back"},
    "close": {"app.quit", "pane.back", "thread.resolve"},
    "search": {"app.palette", "marker.hints"},
    "find": {"app.palette", "marker.hints"},
    "command palette": {"app.palette"},
    "menu": {"app.palette"},
    "help": {"app.help"},
    "keys": {"app.help"},
    "shortcuts": {"app.help"},
    "save": {"app.unsent"},
    "undo": {"thread.reopen", "thread.edit"},
    "drafts": {"app.unsent"},
    "retry": {"app.unsent", "app.reconnect"},
    "next": {"marker.next", "list.next", "pane.next"},
    "previous": {"marker.previous", "list.previous"},
    "comment": {"marker.new", "thread.reply", "thread.edit", "thread.delete"},
    "annotate": {"marker.new"},
    "add": {"marker.new"},
    "create": {"marker.new"},
    "answer": {"thread.reply"},
    "change": {"thread.edit"},
    "done": {"thread.resolve"},
    "users": {"app.here"},
    "who": {"app.here"},
    "info": {"thread.details"},
    "refresh": {"app.reconnect", "app.repair"},
    "reload": {"app.reconnect"},
    "fullscreen": {"pane.sidebar"},
    "panel": {"pane.sidebar"},
    "focus": {"pane.next"},
    "switch": {"pane.next"},
    "top": {"list.first"},
    "bottom": {"list.last"},
    "unread": {"marker.unread"},
    "@": {"app.here"},
}
"""What people type who come from other programs, and what must be among the answers."""


async def test_the_palette_finds_what_people_search_for_by_their_words(sit: Sit) -> None:
    async with sit() as desk:
        chat = desk.chat
        commands = all_commands((chat.picture, chat.threads, chat.comments, chat, desk.app))
        for words, wanted in WANTED.items():
            hits = {command.id for command in matching(commands, words)}
            assert wanted <= hits, words
        assert not matching(commands, "zzz")


async def test_what_the_title_says_comes_before_what_another_word_for_it_says(sit: Sit) -> None:
    async with sit() as desk:
        chat = desk.chat
        commands = all_commands((chat.picture, chat.threads, chat.comments, chat, desk.app))
        assert [c.id for c in matching(commands, "zoom")][:2] == ["image.closer", "image.farther"]
        assert matching(commands, "delete")[0].id == "thread.delete"
        assert matching(commands, "quit")[0].id in ("app.quit", "app.back")
        assert matching(commands, "") == commands


def test_every_command_has_other_words_for_it_and_no_other_is_left_over() -> None:
    ids = {binding.id for binding in [*ours(), *(b for b in Editor.BINDINGS if isinstance(b, Binding))]}
    assert ids - {None} == {command.id for command in COMMANDS if command.synonyms}


async def test_no_key_is_written_by_its_name(sit: Sit) -> None:
    async with sit() as desk:
        chat = desk.chat
        for command in all_commands((chat.picture, chat.threads, chat.comments, chat, desk.app)):
            for key in command.keys.split():
                assert re.fullmatch(
                    r"g?(Ctrl\+|Shift\+)*([^a-z]|[a-z]|F\d+|Esc|Enter|Tab|Space|Home|End|PgUp|PgDn)", key
                ), key
        await desk.press("@", "escape", ":")
        await desk.type("who is")
        row = next(line for line in desk.lines if "Who is here" in line)
        assert "@" in row
        assert " at " not in row


async def test_a_search_without_a_hit_says_so(sit: Sit) -> None:
    async with sit() as desk:
        await desk.press("question_mark")
        await desk.type("zzz")
        assert "No command matches." in desk.text
        await desk.press("enter")
        assert desk.focus == "picture"


async def test_what_may_follow_a_key_is_in_the_status_line_until_it_has_followed(sit: Sit) -> None:
    async with sit() as desk:
        await desk.press("tab", "]", "]")
        before = desk.lines[-1].rpartition("%")[2]
        await desk.press("g")
        assert "gg first  Esc cancel" in desk.lines[-1]
        await desk.press("g")
        assert desk.chat.selection.selected_key == "ic_1"
        assert desk.lines[-1].rpartition("%")[2] == before
        await desk.press("]", "g", "escape")
        assert desk.chat.selection.selected_key == "ic_2"
        assert (desk.focus, desk.lines[-1].rpartition("%")[2]) == ("threads", before)
        await desk.press("g", "c")
        assert desk.focus == "threads"
        assert "gc does nothing here" in desk.toasts


async def test_a_list_in_a_dialog_has_them_too(sit: Sit) -> None:
    async with sit() as desk:
        await desk.press("@", "g")
        assert "gg first" in desk.lines[-1]
        await desk.press("escape")
        assert "Here now" in desk.text
        await desk.press("escape")
        assert "Here now" not in desk.text


async def test_a_keymap_can_have_two_keys_for_a_command(sit: Sit) -> None:
    async with sit() as desk:
        desk.app.set_keymap({"app.here": "g h"})
        await desk.press("g")
        assert "gh people" in desk.lines[-1]
        await desk.press("h")
        assert "Here now" in desk.text
        await desk.press("escape", "?")
        await desk.type("who is")
        assert any("gh" in line and "Who is here" in line for line in desk.lines)


async def test_a_keymap_rebinds_by_id_and_the_status_line_follows(sit: Sit) -> None:
    async with sit() as desk:
        desk.app.set_keymap({"marker.new": "w"})
        desk.chat.show_status()
        await desk.press("w")
        assert desk.focus == "editor"
        await desk.press("escape")
        assert "w comment" in desk.lines[-1]


@pytest.mark.parametrize("key", ["?", ":"])
async def test_who_may_only_read_is_offered_nothing_that_writes(sit: Sit, key: str) -> None:
    async with sit(two_threads(read_only=True)) as desk:
        await desk.press(key)
        (rows,) = desk.app.screen.query(CommandRows)
        assert rows.items
        assert not {item.id for item in rows.items} & WRITES
