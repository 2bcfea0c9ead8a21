"""What is no message is refused, always in the same way."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagechat_tui.protocol.codec import MalformedMessage, dump_json, parse_json, parse_object, write_long

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text("abcé", max_size=3), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(json_values)
def test_what_is_written_is_read_back(value: object) -> None:
    assert parse_json(dump_json(value)) == value


@given(st.dictionaries(st.text("abc", max_size=3), json_values, max_size=4))
def test_what_is_long_is_written_as_all_is(value: dict[str, object]) -> None:
    assert parse_json(write_long(value)) == value


@given(st.recursive(st.text() | st.integers(0, 9), st.lists, max_leaves=9))
def test_what_cannot_be_encoded_is_malformed_however_it_is_written(value: object) -> None:
    written = dict[str, bytes | None]()
    for write in (dump_json, write_long):
        written[write.__name__] = None
        with suppress(MalformedMessage):
            written[write.__name__] = write({"a": value})
    assert written["write_long"] == written["dump_json"]


@given(st.binary(max_size=200))
def test_any_bytes_are_a_value_or_malformed(raw: bytes) -> None:
    try:
        parse_json(raw)
    except MalformedMessage as error:
        assert str(error)


@given(st.text('{}[]",:\\u0d8fe1.-NaInfty \0\ud800', max_size=60))
def test_any_text_is_a_value_or_malformed(raw: str) -> None:
    try:
        parse_json(raw)
    except MalformedMessage as error:
        assert str(error).isascii()


@pytest.mark.parametrize(
    ("raw", "key", "detail"),
    [
        ('{"x":NaN}', "", "NaN"),
        ('{"x":-Infinity}', "", "Infinity"),
        ('{"x":1e999}', "", "too large"),
        ('{"x":-1e999}', "", "too large"),
        ('{"x":' + "9" * 20 + "}", "", "too large"),
        ('{"x":' + "9" * 5_000 + "}", "", "too large"),
        (r'{"comment":"\ud83d"}', "comment", "half a character"),
        (r'{"comment":["ok","\udc00"]}', "comment", "half a character"),
        (r'{"\ud800":1}', "\\ud800", "half a character"),
        ('{"comment":"\ud800"}', "", "half a character"),
        (r'{"comment":"\u0000"}', "comment", "NUL"),
        ('{"comment":"\0"}', "", "not JSON"),
        ('{"x":1,"y":2,"x":3}', "x", "given twice"),
        (b'{"x":"\xff"}', "", "not UTF-8"),
        ("\ufeff{}", "", "not JSON"),
        ("{'x':1}", "", "not JSON"),
        ("pong", "", "not JSON"),
        ("", "", "not JSON"),
        ("[]", "", "not an object"),
    ],
)
def test_it_names_what_is_wrong(raw: str | bytes, key: str, detail: str) -> None:
    with pytest.raises(MalformedMessage) as caught:
        parse_object(raw)
    assert caught.value.key == key
    assert detail in caught.value.detail


def test_twenty_levels_are_read_and_twenty_one_refused() -> None:
    assert parse_json("[" * 20 + "]" * 20)
    assert parse_json('{"a":' * 20 + "1" + "}" * 20)
    assert parse_json(json.dumps([[1]] * 50))
    for text in ("[" * 21 + "]" * 21, '{"a":' * 21 + "1" + "}" * 21, "[" * 100_000, '{"a":' * 100_000):
        with pytest.raises(MalformedMessage):
            parse_json(text)


def test_levels_count_and_not_brackets() -> None:
    def beside(levels: int) -> str:
        return "[[],{}," + "[" * (levels - 1) + "]" * levels

    assert parse_json(beside(20))
    with pytest.raises(MalformedMessage) as caught:
        parse_json(beside(21))
    assert str(caught.value) == "nested too deeply"


def test_a_key_of_the_senders_choice_is_named_short_and_in_ascii() -> None:
    with pytest.raises(MalformedMessage) as caught:
        parse_json('{"' + "é" * 100 + '":"\\ud800"}')
    assert caught.value.key == "\\xe9" * 40
    with pytest.raises(MalformedMessage) as caught:
        parse_json('{"a\\u0000b":1}')
    assert caught.value.key == "a\\0b"


def test_the_largest_integers_of_64_bits_are_read() -> None:
    assert parse_json("[9223372036854775807,-9223372036854775808]") == [2**63 - 1, -(2**63)]


def test_a_message_never_quotes_the_value() -> None:
    with pytest.raises(MalformedMessage) as caught:
        parse_json('{"sso":"s3cret\ud800"}')
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    "value", [float("nan"), float("-inf"), "\ud800", {"\udfff": 1}, ["ok", {"x": "\ud83d"}]]
)
def test_what_no_json_can_hold_is_not_written(value: object) -> None:
    with pytest.raises(MalformedMessage):
        dump_json(value)


@pytest.mark.parametrize("value", ["\0", {"key\0": 1}, [["\0"]]])
def test_nul_is_refused_by_who_reads_it(value: object) -> None:
    with pytest.raises(MalformedMessage, match="NUL"):
        parse_json(dump_json(value))


def test_text_is_written_as_it_is() -> None:
    assert dump_json({"name": "Мария", "x": 1}) == '{"name":"Мария","x":1}'.encode()
