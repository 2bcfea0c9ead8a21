"""Reading one JSON object: tolerant of what differs harmlessly, exact about what does not.

A missing key and ``null`` are the same for what is optional; integers may come as ``1.7e12``. Anything else
that is not what it has to be raises MalformedMessage with its key.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta

from imagechat_tui.protocol.codec.json_text import JsonObject, MalformedMessage
from imagechat_tui.protocol.models import Point

_MAX_INTEGER = 2**53
"""Beyond it a peer in JavaScript has lost digits already."""
_MAX_MS = 253_402_300_799_999
"""The end of the year 9999: every accepted time can be written as a date."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


class Fields:
    """The keys of one JSON object, read by type.

    Args:
        fields: The object.
        prefix: What to put before a key in messages, such as ``comment.``.
    """

    __slots__ = ("_fields", "_prefix")

    def __init__(self, fields: Mapping[str, object], prefix: str = "") -> None:
        self._fields = fields
        self._prefix = prefix

    def __contains__(self, key: str) -> bool:
        return key in self._fields

    def __iter__(self) -> Iterator[str]:
        return iter(self._fields)

    def has(self, key: str) -> bool:
        """Whether the key is there and not null."""
        return self._fields.get(key) is not None

    def bad(self, key: str, detail: str) -> MalformedMessage:
        """The error to raise for a key."""
        return MalformedMessage(self._prefix + key, detail)

    def text(self, key: str) -> str:
        """A string that must be there; it may be empty."""
        value = self._fields.get(key)
        if isinstance(value, str):
            return value
        raise self.bad(key, "is missing" if value is None else "is not a string")

    def id(self, *keys: str) -> str:
        """A string that must be there, not empty, under the first of these keys that holds anything."""
        key = next((name for name in keys if self.has(name)), keys[0])
        value = self.text(key)
        if not value:
            raise self.bad(key, "is empty")
        return value

    def optional_text(self, key: str) -> str | None:
        """A string, or None for null and for a missing key."""
        return self.text(key) if self.has(key) else None

    def optional_id(self, key: str) -> str | None:
        """A string that is not empty, else None."""
        return self.optional_text(key) or None

    def flag(self, key: str, default: bool = False) -> bool:
        """A JSON boolean, or the default."""
        value = self._fields.get(key)
        if value is None:
            return default
        if isinstance(value, bool):
            return value
        raise self.bad(key, "is not a boolean")

    def number(self, key: str) -> float:
        """A finite number that must be there."""
        value = self._fields.get(key)
        if value is None:
            raise self.bad(key, "is missing")
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.bad(key, "is not a number")
        number = float(value)
        if not math.isfinite(number):
            raise self.bad(key, "is not a finite number")
        return number

    def integer(self, key: str) -> int:
        """A whole number that must be there; ``1.7e12`` is one."""
        value = self._fields.get(key)
        if isinstance(value, int) and not isinstance(value, bool):
            whole = value
        else:
            number = self.number(key)
            if not number.is_integer():
                raise self.bad(key, "is not a whole number")
            whole = int(number)
        if abs(whole) > _MAX_INTEGER:
            raise self.bad(key, "is too large")
        return whole

    def optional_integer(self, key: str) -> int | None:
        """A whole number, or None."""
        return self.integer(key) if self.has(key) else None

    def count(self, key: str) -> int:
        """A whole number, 0 if it is not there."""
        return self.integer(key) if self.has(key) else 0

    def ms(self, key: str) -> int:
        """A time in ms since the epoch that must be there: a number, or an ISO-8601 date."""
        if isinstance(self._fields.get(key), str):
            try:
                return ms_from_iso(self.text(key))
            except MalformedMessage as error:
                raise self.bad(key, error.detail) from None
        value = self.integer(key)
        if not 0 <= value <= _MAX_MS:
            raise self.bad(key, "is not a time")
        return value

    def optional_ms(self, key: str) -> int | None:
        """A time, or None."""
        return self.ms(key) if self.has(key) else None

    def percent(self, key: str) -> float:
        """A number from 0 to 100 that must be there."""
        value = self.number(key)
        if not 0 <= value <= 100:
            raise self.bad(key, "is not within 0 to 100")
        return value + 0.0  # -0.0 becomes 0.0

    def point(self) -> Point:
        """``x`` and ``y``, in percent."""
        return Point(self.percent("x"), self.percent("y"))

    def nested(self, key: str) -> Fields:
        """An object that must be there."""
        value = self._fields.get(key)
        if isinstance(value, dict):
            return Fields(value, f"{self._prefix}{key}.")
        raise self.bad(key, "is missing" if value is None else "is not an object")

    def optional_nested(self, key: str) -> Fields | None:
        """An object, or None."""
        return self.nested(key) if self.has(key) else None

    def objects(self, key: str, *, tolerant: bool = False) -> Iterator[Fields]:
        """The objects of an array that must be there; ``tolerant`` takes anything else in it for an empty one."""
        for index, item in enumerate(self._array(key)):
            if not (tolerant or isinstance(item, dict)):
                raise self.bad(f"{key}[{index}]", "is not an object")
            yield Fields(item if isinstance(item, dict) else {}, f"{self._prefix}{key}[{index}].")

    def texts(self, key: str) -> Iterator[str]:
        """The strings of an array that may be missing."""
        if not self.has(key):
            return
        for index, item in enumerate(self._array(key)):
            if not isinstance(item, str):
                raise self.bad(f"{key}[{index}]", "is not a string")
            yield item

    def integers(self, key: str) -> Iterator[int]:
        """The whole numbers of an array that must be there."""
        for index, item in enumerate(self._array(key)):
            yield Fields({f"{key}[{index}]": item}, self._prefix).integer(f"{key}[{index}]")

    def plain(self) -> Mapping[str, object]:
        """The object itself, for keys whose names the sender chose."""
        return self._fields

    def _array(self, key: str) -> list[object]:
        value = self._fields.get(key)
        if isinstance(value, list):
            return value
        raise self.bad(key, "is missing" if value is None else "is not an array")


def compact(**fields: object) -> JsonObject:
    """An object without the fields that are None."""
    return {key: value for key, value in fields.items() if value is not None}


def json_number(value: float) -> int | float:
    """A number as JavaScript writes it: ``30`` and not ``30.0``."""
    return int(value) if value.is_integer() else value


def iso_from_ms(ms: int) -> str:
    """A time in ms since the epoch as UTC with three fraction digits and ``Z``.

    Raises:
        MalformedMessage: Before 1970 or after 9999.
    """
    if not 0 <= ms <= _MAX_MS:
        raise MalformedMessage("", "is not a time")
    return (_EPOCH + ms * _MILLISECOND).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def ms_from_iso(text: str) -> int:
    """An ISO-8601 date as ms since the epoch; without a zone it is UTC.

    Raises:
        MalformedMessage: No date, or before 1970.
    """
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        ms = (moment - _EPOCH) // _MILLISECOND
    except (ValueError, OverflowError):
        raise MalformedMessage("", "is not a date") from None
    if not 0 <= ms <= _MAX_MS:
        raise MalformedMessage("", "is not a time")
    return ms
