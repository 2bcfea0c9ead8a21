"""Notices in the corner: which of them stay, and what is said once."""

from __future__ import annotations

from imagechat_tui.tui.chat.notices import LONGEST_QUOTE, Notices, quote
from tests.tui.chat_parts import WrittenCorner


def test_a_newer_hint_takes_the_place_of_an_older_one_but_not_of_a_failure() -> None:
    corner = WrittenCorner()
    notices = Notices(corner, lambda: None)
    notices.notice("", "one")
    notices.notice("", "two")
    assert corner.text == "two"
    notices.notice("Lost", "three", failure=True)
    notices.notice("", "four")
    notices.outdate()
    assert corner.text == "Lost three\nfour"
    notices.withdraw("Lost")
    notices.outdate()
    assert not corner.text


def test_a_key_that_does_nothing_says_so_once_for_each_place() -> None:
    corner = WrittenCorner()
    notices = Notices(corner, lambda: None)
    said = []
    for key, place in (("k", "list"), ("k", "list"), ("k", "picture"), ("j", "picture"), ("k", "list")):
        corner.clear()
        notices.unused_key(key, place, "nothing")
        said.append(corner.text)
    assert said == ["nothing", "", "nothing", "nothing", ""]


def test_room_is_made_before_a_notice_is_shown() -> None:
    corner = WrittenCorner()
    seen: list[int] = []
    Notices(corner, lambda: seen.append(len(corner.notices))).notice("", "one")
    assert seen == [0]


def test_words_of_others_are_harmless_and_quotes_short() -> None:
    corner = WrittenCorner()
    Notices(corner, lambda: None).notice("\x1b[2J", "a\nb")
    assert "\x1b" not in corner.text
    assert quote("a\n  b") == "a b"
    assert len(quote("x" * 999)) == LONGEST_QUOTE
