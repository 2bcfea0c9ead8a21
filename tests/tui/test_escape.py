"""Esc and a key in one packet, as tmux and slow links deliver them: never a text sent that was to be left."""

from __future__ import annotations

import asyncio

import pytest
from textual import events
from textual._xterm_parser import XTermParser

from imagechat_tui.sync.intents import KeepDraft, StartConversation
from imagechat_tui.tui import escape
from tests.tui.conftest import Desk, Sit


def keys(data: str) -> list[events.Key]:
    """What the terminal's bytes are as keys."""
    assert escape.install()
    parser = XTermParser()
    return [event for event in [*parser.feed(data), *parser.feed("")] if isinstance(event, events.Key)]


def deliver(desk: Desk, data: str) -> None:
    """All of it at once."""
    for event in keys(data):
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
        # Enter, on the place where there is no marker yet, brought it back.
        assert desk.chat.composer.editor.text == "never send this"


async def test_what_follows_an_enter_in_one_packet_is_not_for_the_text(sit: Sit) -> None:
    async with sit() as desk:
        await desk.press("c")
        before = desk.chat.picture.crosshair
        deliver(desk, "sent\rl")
        await desk.press()
        assert [write.text for write in desk.session.asked(StartConversation)] == ["sent"]
        assert desk.chat.picture.crosshair.x > before.x


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


async def test_labels_their_letters_and_a_reply_in_one_packet(sit: Sit) -> None:
    async with sit() as desk:
        await desk.until(lambda: desk.chat.picture.is_drawn)
        deliver(desk, "fasrsoon")  # labels, the second marker, a reply to it
        await desk.press()
        assert desk.chat.open_key == "ic_2"
        assert desk.chat.composer.editor.text == "soon"
