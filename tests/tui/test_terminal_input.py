"""What comes from the terminal: Esc and a key in one packet, pastes that hold anything, bytes that are no text."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual import events
from textual.message import Message

from imagechat_tui.sync.intents import KeepDraft, PostComment, ResolveConversation, StartConversation
from imagechat_tui.tui.textual_internals.terminal_events import LineBreak
from imagechat_tui.tui.textual_internals.terminal_input import TerminalInput
from tests.terminal import Terminal
from tests.tui.conftest import Desk, Sit


def keys(data: str) -> list[events.Key]:
    """What the terminal's bytes are as keys."""
    found = [event.key if isinstance(event, LineBreak) else event for event in read(data)]
    return [event for event in found if isinstance(event, events.Key)]


def read(*pieces: str, **options: Any) -> list[Message]:
    """What the terminal's bytes are, read in these pieces; nothing comes behind them."""
    terminal = TerminalInput(**options)
    found = [message for piece in pieces for message in terminal.feed(piece, 0.0)]
    return [*found, *terminal.tick(60.0)]


def deliver(desk: Desk, data: str) -> None:
    """All of it at once."""
    for event in read(data):
        event.set_sender(desk.app)
        desk.app.post_message(event)


@pytest.mark.parametrize(
    ("data", "names"),
    [
        ("\x1b\r", ["escape", "enter"]),
        ("\x1bc", ["escape", "c"]),
        ("\x1bQ", ["escape", "Q"]),
        ("\x1b\rab", ["escape", "enter", "a", "b"]),
        ("\x1b\x1b[A", ["escape", "up"]),
        ("\x1b", ["escape"]),
        ("\x1b[A", ["up"]),
        ("\x1bf", ["ctrl+right"]),
        ("\x1b\x7f", ["ctrl+w"]),
        ("\x1b\t", ["escape", "tab"]),
        ("\x1b[Z", ["shift+tab"]),
        ("\x1b[97;3u", ["alt+a"]),
    ],
)
def test_an_escape_before_a_key_is_an_escape(data: str, names: list[str]) -> None:
    assert [key.key for key in keys(data)] == names


@pytest.mark.parametrize("answer", ["\x1b[?64;1;2c", "\x1b_Gi=1;OK\x1b\\", "\x1bP>|tmux 3.4\x1b\\"])
def test_a_terminals_belated_answer_presses_no_escape(answer: str) -> None:
    assert "escape" not in [key.key for key in keys(answer)]


async def test_escape_and_enter_in_one_packet_send_nothing(sit: Sit) -> None:
    async with sit() as desk:
        await desk.press("c")
        await desk.type("never send this")
        deliver(desk, "\x1b\r")
        await desk.press()
        assert not desk.session.asked(StartConversation)
        assert [kept.write.text for kept in desk.session.asked(KeepDraft)][-1] == "never send this"
        # Enter was for the picture: it opened the draft, which stands there now.
        assert desk.focus == "comments"


PASTED = "one\r\r\ttwo\rthree"


async def test_what_is_pasted_without_marks_is_one_text(sit: Sit) -> None:
    async with sit() as desk:
        deliver(desk, f"c{PASTED}")
        await desk.press()
        assert not desk.session.asked(StartConversation)
        assert desk.chat.composer.editor.text == PASTED.replace("\r", "\n")
        deliver(desk, " end\r")
        await desk.press()
        sent = [write.text for write in desk.session.asked(StartConversation)]
        assert sent == [f"{PASTED} end".replace("\r", "\n")]


@pytest.mark.parametrize(
    ("pasted", "text"),
    [
        ("name\tx\tdone\rnext line", "name\tx\tdone\nnext line"),
        ("\tname\rnext\t", "\tname\nnext\t"),
        ("name\tx\nnext", "name\tx\nnext"),
        ("name\tx\r\nnext\r\n", "name\tx\nnext\n"),
        ("one\r\n\r\ntwo\r\nthree", "one\n\ntwo\nthree"),
        ("one\r\rtwo\r", "one\n\ntwo\n"),
    ],
)
async def test_tabs_and_line_ends_of_what_is_pasted_without_marks_are_text(
    sit: Sit, pasted: str, text: str
) -> None:
    async with sit() as desk:
        await desk.press("]", "r")
        deliver(desk, pasted)
        await desk.press()
        assert desk.chat.composer.editor.text == text
        assert desk.focus == "editor"
        assert not [*desk.session.asked(ResolveConversation), *desk.session.asked(PostComment)]


@pytest.mark.parametrize(
    ("typed", "sent"), [("a\tb", []), ("one\r\n", ["one"]), ("one\ntwo\r", ["one\ntwo"])]
)
async def test_tab_and_enter_behind_what_is_typed_are_keys(sit: Sit, typed: str, sent: list[str]) -> None:
    async with sit() as desk:
        await desk.press("]", "r")
        deliver(desk, typed)
        await desk.press()
        assert [write.text for write in desk.session.asked(PostComment)] == sent
        assert desk.focus != "editor"


async def test_what_is_pasted_without_marks_changes_the_text_once(
    sit: Sit, monkeypatch: pytest.MonkeyPatch
) -> None:
    changes: list[str] = []
    async with sit() as desk:
        await desk.press("c", "ctrl+j", "up")
        editor = desk.chat.composer.editor
        type_in = editor.type_in

        def noted(text: str) -> None:
            changes.append(text)
            type_in(text)

        monkeypatch.setattr(editor, "type_in", noted)
        pasted = "\r".join(f"{line:03d} abc\tdef" for line in range(130))
        deliver(desk, pasted)
        await desk.press()
        assert desk.chat.composer.editor.text == pasted.replace("\r", "\n") + "\n"
        assert "".join(changes) == pasted.replace("\r", "\n")
        assert len(changes) < 10


@pytest.mark.parametrize(
    ("typed", "text", "writing"),
    [
        ("\rsoon\t", "soon", False),
        ("\rs\to", "s", False),
        ("\rs\to\rn", "s\to\nn", True),
        ("\rso\ron\t", "so\non\t", True),
        ("\rso\non\t", "so\non\t", True),
    ],
)
async def test_a_tab_behind_an_enter_that_opened_the_text_is_a_key_unless_a_line_is_broken(
    sit: Sit, typed: str, text: str, writing: bool
) -> None:
    async with sit() as desk:
        deliver(desk, typed)
        await desk.press()
        assert (desk.focus == "editor") is writing
        kept = desk.session.asked(KeepDraft)
        assert text == (desk.chat.composer.editor.text if writing else kept[-1].write.text)


async def test_an_enter_with_keys_behind_it_is_enter_where_no_text_is_written(sit: Sit) -> None:
    async with sit() as desk:
        await desk.press("tab")
        deliver(desk, "\rrsoon")
        await desk.press()
        assert desk.chat.selection.open_key is not None
        assert desk.chat.composer.editor.text == "soon"


@pytest.mark.parametrize("turns", [*range(12), 20, 40])
async def test_keys_keep_their_order_however_close_they_come(sit: Sit, turns: int) -> None:
    async with sit() as desk:
        for key in keys("cleft\x1bccsent\r"):
            key.set_sender(desk.app)
            desk.app.post_message(key)
            for _ in range(turns):
                await asyncio.sleep(0)
        await desk.press()
        assert [write.text for write in desk.session.asked(StartConversation)] == ["leftcsent"]


@pytest.mark.parametrize(
    ("burst", "sent", "kept"),
    [
        ("cabc def\nghi\r", ["abc def\nghi"], []),
        ("cabc\x1b[D\x1b[DX\x1b", [], ["aXbc"]),
        ("ctext\x7f\x7f\x7fxyz\x1b", [], ["txyz"]),
        ("c\n\x7fb\x1b", [], ["b"]),
        ("cab\ncd\x1b[Ax\x1b", [], ["abx\ncd"]),
        ("ctext\x11", [], ["text"]),
        ("cone\x1blctwo\x13", ["two"], ["one"]),
    ],
)
async def test_a_burst_is_what_the_same_keys_are_one_by_one(
    sit: Sit, burst: str, sent: list[str], kept: list[str]
) -> None:
    for pieces in ([burst], re.findall(r"\x1b\[.|.", burst, re.DOTALL)):
        async with sit() as desk:
            await desk.until(lambda: desk.chat.picture.is_drawn)
            for piece in pieces:
                deliver(desk, piece)
                if len(pieces) > 1:
                    await desk.press()
            await desk.settle()
            assert [write.text for write in desk.session.asked(StartConversation)] == sent
            assert [getattr(draft.write, "text", "") for draft in desk.session.state.mine.drafts] == kept


async def test_labels_their_letters_and_a_reply_in_one_packet(sit: Sit) -> None:
    async with sit() as desk:
        await desk.until(lambda: desk.chat.picture.is_drawn)
        deliver(desk, "fasrsoon")  # labels, the second marker, a reply to it
        await desk.press()
        assert desk.chat.selection.open_key == "ic_2"
        assert desk.chat.composer.editor.text == "soon"


@pytest.mark.parametrize(("column", "row"), [(5000, 3), (3, 5000), (120, 36)])
async def test_a_pointer_beside_the_screen_takes_no_focus_away(sit: Sit, column: int, row: int) -> None:
    async with sit() as desk:
        await desk.press("c", *"ab")
        deliver(
            desk,
            f"\x1b[<64;{column + 1};{row + 1}M\x1b[<0;{column + 1};{row + 1}M\x1b[<0;{column + 1};{row + 1}mc",
        )
        await desk.press()
        assert desk.chat.composer.editor.text == "abc"


COPIED_LOG = "one\x1bd\rtwo \x1b[31mred\x1b[0m\r\x1b[Zend\x1b"


@pytest.mark.security
@given(st.data())
def test_a_paste_is_one_text_however_it_is_cut_into_pieces(data: st.DataObject) -> None:
    pasted = data.draw(st.one_of(st.just(COPIED_LOG), st.text("\x1b[200~1abZ\r", max_size=30)))
    pasted = pasted.replace("\x1b[201~", "")
    stream = f"ab\x1b[200~{pasted}\x1b[201~cd"
    cuts = sorted(data.draw(st.sets(st.integers(1, len(stream) - 1), max_size=6)))
    pieces = [stream[start:end] for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    came = read(*pieces)
    assert [getattr(event, "key", None) or getattr(event, "text", None) for event in came] == [
        "a",
        "b",
        pasted.replace("\x1b", "\u241b"),
        "c",
        "d",
    ]


async def test_a_paste_with_escapes_and_line_ends_sends_nothing(sit: Sit) -> None:
    async with sit() as desk:
        await desk.press("c")
        for event in read(f"\x1b[200~{COPIED_LOG}\x1b[201~"):
            desk.app.post_message(event.set_sender(desk.app))
        await desk.press()
        assert not desk.session.asked(StartConversation)
        text = desk.chat.composer.editor.text
        assert text.replace("\n", "\r") == COPIED_LOG.replace("\x1b", "\u241b")


@pytest.mark.pty
def test_bytes_that_are_no_text_do_not_make_it_deaf(tmp_path: Path) -> None:
    env = {
        key: value for key, value in os.environ.items() if not key.startswith(("TEXTUAL", "COV", "NO_COLOR"))
    }
    program = [sys.executable, "-m", "tests.tui.scripted_app", str(tmp_path / "drafts")]
    root = Path(__file__).parents[2]
    with Terminal(program, env=env | {"TERM": "xterm-256color"}, cwd=root, fork=True) as terminal:
        terminal.shows("LIVE")
        os.write(terminal.master, b"\xff\xe9")
        terminal.press("c")
        terminal.shows("Enter send")


@pytest.mark.pty
def test_a_defect_in_reading_keys_ends_it_with_a_word_and_a_crash_file(tmp_path: Path) -> None:
    program = [sys.executable, "-m", "tests.tui.scripted_app", str(tmp_path / "drafts"), "deaf"]
    env = {
        key: value for key, value in os.environ.items() if not key.startswith(("TEXTUAL", "COV", "NO_COLOR"))
    }
    with Terminal(
        program, env=env | {"TERM": "xterm-256color"}, cwd=Path(__file__).parents[2], fork=True
    ) as terminal:
        terminal.shows("LIVE")
        terminal.press("c")
        assert terminal.exit_code() == 1
        assert "Traceback" not in terminal.text
        assert "crash-" in terminal.text
    (file,) = (tmp_path / "crash").iterdir()
    assert "a sequence that nobody thought of" in file.read_text()
