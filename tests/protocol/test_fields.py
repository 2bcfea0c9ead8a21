"""Reading one object, and times on the wire."""

from __future__ import annotations

import pytest
from hypothesis import given

from imagechat_tui.protocol.codec import MalformedMessage, iso_from_ms, ms_from_iso
from imagechat_tui.protocol.codec.fields import Fields, compact, json_number
from tests import examples as eg
from tests.protocol import strategies

END_OF_TIME_MS = 253_402_300_799_999


@given(strategies.times)
def test_a_time_is_written_with_three_digits_and_z_and_read_back(ms: int) -> None:
    text = iso_from_ms(ms)
    assert len(text) == len("2026-01-01T00:00:00.000Z")
    assert text.endswith("Z")
    assert ms_from_iso(text) == ms


@pytest.mark.parametrize(
    ("text", "ms"),
    [
        ("2026-01-01T00:00:00.000Z", eg.T0),
        ("2026-01-01T00:00:00Z", eg.T0),
        ("2026-01-01T00:00:00", eg.T0),
        ("2026-01-01", eg.T0),
        ("2026-01-01T03:00:00+03:00", eg.T0),
        ("2026-01-01T00:00:00.0019Z", eg.T0 + 1),
        ("1970-01-01T00:00:00Z", 0),
        ("9999-12-31T23:59:59.999Z", END_OF_TIME_MS),
    ],
)
def test_dates_of_others_are_understood(text: str, ms: int) -> None:
    assert ms_from_iso(text) == ms
    assert Fields({"date": text}).ms("date") == ms


@pytest.mark.parametrize(
    "text", ["", "soon", "2026-13-01", "1969-12-31T23:59:59.999Z", "0001-01-01", "\ud800", "٢٠٢٦-01-01"]
)
def test_what_is_no_date_is_refused(text: str) -> None:
    with pytest.raises(MalformedMessage):
        ms_from_iso(text)
    with pytest.raises(MalformedMessage) as caught:
        Fields({"date": text}, "comment.").ms("date")
    assert caught.value.key == "comment.date"


@pytest.mark.parametrize("ms", [-1, END_OF_TIME_MS + 1, 2**60])
def test_what_is_no_time_is_neither_written_nor_read(ms: int) -> None:
    with pytest.raises(MalformedMessage):
        iso_from_ms(ms)
    with pytest.raises(MalformedMessage):
        Fields({"at": ms}).ms("at")


@pytest.mark.parametrize("value", [3, 3.0, 2**53, -(2.0**53)])
def test_whole_numbers_come_in_two_forms(value: float) -> None:
    read = Fields({"n": value}).integer("n")
    assert (read, type(read)) == (value, int)


@pytest.mark.parametrize(
    "value", [True, False, "3", 3.5, 2**53 + 1, -(2**53) - 1, 1e300, float("nan"), float("inf"), [], {}]
)
def test_nothing_else_is_a_whole_number(value: object) -> None:
    with pytest.raises(MalformedMessage) as caught:
        Fields({"n": value}).integer("n")
    assert caught.value.key == "n"


@pytest.mark.parametrize(
    ("held", "detail"),
    [
        ({}, "is missing"),
        ({"n": None}, "is missing"),
        ({"n": "3"}, "is not a number"),
        ({"n": True}, "is not a number"),
        ({"n": float("nan")}, "is not a finite number"),
        ({"n": -float("inf")}, "is not a finite number"),
    ],
)
def test_it_is_told_why_something_is_no_number(held: dict[str, object], detail: str) -> None:
    with pytest.raises(MalformedMessage) as caught:
        Fields(held).number("n")
    assert (caught.value.key, caught.value.detail) == ("n", detail)


def test_an_id_is_taken_from_the_first_key_that_holds_anything() -> None:
    assert Fields({"_id": None, "id": "b", "chatId": "c"}).id("_id", "id", "chatId") == "b"
    with pytest.raises(MalformedMessage) as caught:
        Fields({"_id": "", "id": "b"}).id("_id", "id")
    assert caught.value.key == "_id"


def test_a_missing_key_and_null_are_the_same_for_what_is_optional() -> None:
    for fields in (Fields({}), Fields(dict.fromkeys(["k"]))):
        assert fields.optional_text("k") is None
        assert fields.optional_id("k") is None
        assert fields.optional_integer("k") is None
        assert fields.optional_ms("k") is None
        assert fields.optional_nested("k") is None
        assert fields.flag("k", True) is True
        assert fields.count("k") == 0
        assert list(fields.texts("k")) == []
    assert Fields({"k": ""}).optional_id("k") is None
    assert Fields({"k": ""}).optional_text("k") == ""


def test_a_place_inside_is_named_from_the_outside() -> None:
    fields = Fields({"a": {"list": [{}, {"b": 1}]}})
    _, second = fields.nested("a").objects("list")
    with pytest.raises(MalformedMessage) as caught:
        second.text("b")
    assert caught.value.key == "a.list[1].b"
    assert str(caught.value) == "a.list[1].b: is not a string"


def test_a_refusal_never_quotes_the_value() -> None:
    fields = Fields({"sso": "s3cret"})
    for read in (
        fields.integer,
        fields.flag,
        fields.nested,
        fields.ms,
        fields.percent,
        fields.objects,
        fields.texts,
    ):
        with pytest.raises(MalformedMessage) as caught:
            list(read("sso"))  # type: ignore[arg-type]
        assert "s3cret" not in str(caught.value)


def test_what_is_not_known_is_not_written() -> None:
    assert compact(a=None, b=0, c="", d=False) == {"b": 0, "c": "", "d": False}
    assert [str(json_number(value)) for value in (30.0, 30.25, 0.0)] == ["30", "30.25", "0"]
