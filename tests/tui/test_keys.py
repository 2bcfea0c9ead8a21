"""Letters by physical key, and keys by name."""

from __future__ import annotations

import pytest
from textual.events import Key

from imagechat_tui.tui.keys import as_us_layout, key_label


@pytest.mark.parametrize(
    ("typed", "us"),
    [
        ("с", "c"), ("к", "r"), ("у", "e"), ("в", "d"), ("ч", "x"), ("Ч", "X"), ("К", "R"), ("й", "q"), ("р", "h"),
        ("о", "j"), ("л", "k"), ("д", "l"), ("Р", "H"), ("ъ", "right_square_bracket"), ("х", "left_square_bracket"),
        ("Ж", "colon"), ("і", "s"), ("ї", "right_square_bracket"), ("ξ", "j"), ("Λ", "L"), ("ב", "c"), ("ל", "k"),
    ],
)  # fmt: skip
def test_a_key_of_another_script_is_the_key_in_that_place(typed: str, us: str) -> None:
    event = as_us_layout(Key(typed, typed))
    assert event is not None
    assert event.key == us


@pytest.mark.parametrize("typed", ["c", "R", "?", "!", "1", "é", "ß", None])
def test_what_is_latin_or_a_sign_stays(typed: str | None) -> None:
    assert as_us_layout(Key("whatever", typed)) is None


@pytest.mark.parametrize(
    ("key", "label"),
    [("c", "c"), ("R", "R"), ("f1", "F1"), ("ctrl+s", "Ctrl+S"), ("colon", ":"), ("right_square_bracket", "]"),
     ("question_mark", "?"), ("shift+tab", "Shift+Tab"), ("ctrl+d", "Ctrl+D"), ("space", "Space"), ("up", "↑"),
     ("at", "@"), ("number_sign", "#"), ("ctrl+at", "Ctrl+@"), ("underscore", "_"), ("delete", "Del"),
     ("ctrl+f5", "Ctrl+F5"), ("g g", "gg"), ("g equals_sign", "g="), ("g ctrl+s", "gCtrl+S")],
)  # fmt: skip
def test_keys_are_called_as_people_call_them(key: str, label: str) -> None:
    assert key_label(key) == label
