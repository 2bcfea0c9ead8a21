"""JSON on stdout: exact when it is read back, and nothing in it that a terminal acts on."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from imagechat_tui.cli.documents import SCHEMA, document, line

TEXTS = st.text() | st.text(alphabet="\x00\x1b\x7f\x9b\x9d\u202e\u2028\u2066\U000e0041\ufeff\u200dab\n\t")


@given(TEXTS)
def test_what_is_printed_reads_back_as_it_was(text: str) -> None:
    assert json.loads(line({"text": text})) == {"text": text}
    assert json.loads(document(text=text)) == {"schema": SCHEMA, "text": text}


@given(TEXTS)
def test_nothing_printed_is_a_control_character(text: str) -> None:
    assert line({text: text}).isprintable()
    assert document(text=text).replace("\n", "").isprintable()


def test_a_line_is_one_line_and_a_document_keeps_its_letters() -> None:
    assert "\n" not in line({"text": "one\ntwo"})
    assert "Ж" in document(text="Ж")
