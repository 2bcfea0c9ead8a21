"""JSON texts, strictly: what is refused here is refused once, for both stores and both ends (PROMISES 7)."""

from __future__ import annotations

import json
import math
from typing import TypeAlias

import msgspec

JsonObject: TypeAlias = dict[str, object]

MAX_LEVELS = 20
"""Objects and arrays inside each other."""
_MAX_DIGITS = 19
"""Digits of an integer: more than 64 bits hold is no number anybody means."""


class MalformedMessage(ValueError):
    """Something on the wire is not what it has to be. Never quotes the value: it may be a secret."""

    def __init__(self, key: str, detail: str) -> None:
        super().__init__(f"{key}: {detail}" if key else detail)
        self.key = key
        """The JSON key or query parameter at fault; empty if the text as a whole is."""
        self.detail = detail
        """What is wrong with it."""


def parse_json(raw: bytes | str) -> object:
    """The value of a JSON text.

    Raises:
        MalformedMessage: Also for what Python would take: NaN, Infinity, numbers too large, a key given
            twice, lone surrogates, NUL, and more than 20 levels.
    """
    text = _text(raw)
    try:
        value: object = json.loads(
            text,
            object_pairs_hook=_object,
            parse_int=_integer,
            parse_float=_float,
            parse_constant=_constant,
        )
    except MalformedMessage:
        raise
    except RecursionError:
        raise MalformedMessage("", "nested too deeply") from None
    except ValueError:
        raise MalformedMessage("", "not JSON") from None
    if "\\u" in text or text.count("[") + text.count("{") > MAX_LEVELS:
        _check(value)
    return value


def parse_object(raw: bytes | str) -> JsonObject:
    """The JSON object of a text.

    Raises:
        MalformedMessage: As ``parse_json``, and if it is something else than an object.
    """
    value = parse_json(raw)
    if not isinstance(value, dict):
        raise MalformedMessage("", "not an object")
    return value


def dump_json(value: object) -> bytes:
    """Compact JSON in UTF-8.

    Raises:
        MalformedMessage: It holds a lone surrogate, or a number that is not finite. (NUL is written; the
            reader refuses it in words.)
    """
    return dump_text(value).encode("utf-8")


def dump_text(value: object) -> str:
    """Compact JSON as a string that is certain to be encodable.

    Raises:
        MalformedMessage: As ``dump_json``.
    """
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    except ValueError:
        raise MalformedMessage("", "a number that is not finite") from None
    if not text.isascii():
        _check_string("", text)
    return text


def write_json(value: object) -> bytes:
    """The same as of ``dump_json``, in a fifth of its time, for what is made of models: numbers of theirs are finite.

    Raises:
        MalformedMessage: It holds a lone surrogate.
    """
    try:
        return msgspec.json.encode(value, enc_hook=str)  # str: of its subclasses it knows nothing
    except UnicodeEncodeError:
        raise MalformedMessage("", "half a character") from None


def write_long(value: JsonObject) -> bytes:
    """The same as of ``write_json``, for an object whose lists may be long: each of their things is written by itself.

    While something is written no other thread has its turn, so that a list written as one would hold up all of them.
    """
    return b"{%b}" % b",".join(
        [
            b"%b:%b"
            % (
                write_json(key),
                b"[%b]" % b",".join([write_json(one) for one in held])
                if isinstance(held, list)
                else write_json(held),
            )
            for key, held in value.items()
        ]
    )


def _text(raw: bytes | str) -> str:
    if isinstance(raw, str):
        if not raw.isascii():
            _check_string("", raw)
        return raw
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        raise MalformedMessage("", "not UTF-8") from None


def _object(pairs: list[tuple[str, object]]) -> JsonObject:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise MalformedMessage(_shown(twice), "given twice")
    return fields


def _integer(digits: str) -> int:
    if len(digits) > _MAX_DIGITS + digits.startswith("-"):
        raise MalformedMessage("", "a number that is too large")
    return int(digits)


def _float(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise MalformedMessage("", "a number that is too large")
    return number


def _constant(name: str) -> object:
    raise MalformedMessage("", f"{name} is not JSON")


def _check(value: object) -> None:
    """Walk a parsed value, without recursion, for too many levels and characters nobody may send."""
    level: list[tuple[str, object]] = [("", value)]
    depth = 0
    while level:
        deeper: list[tuple[str, object]] = []
        for key, item in level:
            if isinstance(item, str):
                _check_string(key, item)
            elif isinstance(item, dict):
                for name, inner in item.items():
                    _check_string(name, name)
                    deeper.append((name, inner))
            elif isinstance(item, list):
                deeper.extend((key, inner) for inner in item)
        depth += any(isinstance(item, dict | list) for _, item in level)
        if depth > MAX_LEVELS:
            raise MalformedMessage("", "nested too deeply")
        level = deeper


def _check_string(key: str, text: str) -> None:
    if "\0" in text:
        raise MalformedMessage(_shown(key), "contains NUL")
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise MalformedMessage(_shown(key), "contains half a character") from None


def _shown(key: str) -> str:
    """A key of the sender's choice, made fit for a message: short and in ASCII."""
    return key[:40].encode("ascii", "backslashreplace").decode("ascii").replace("\0", "\\0")
