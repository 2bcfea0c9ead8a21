"""Every limit of a server as a setting: one table of names and defaults (PROMISES 7)."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final, TypeVar

from msgspec import Struct
from msgspec.structs import asdict, replace

from imagechat_tui.server.broker.buckets import Rule
from imagechat_tui.server.guard.limits import DEFAULT_RULES, FrameRules, Limit, SeatRules
from imagechat_tui.server.http.app import ServerOptions
from imagechat_tui.server.http.connections import ConnectionRules

Value = Rule | float
"""A rate, or a number: of things, of seconds (``-s``) or of characters (``-length``)."""

_SEATS, _CONNECTIONS, _FRAMES = "seats", "connections", "frames"
_OTHERS: Final = ("body_within_s", "max_comment_length", "tenant_comments", "tenant_pictures_mb", "penalty_s")
_RATE = re.compile(r"(?P<per_s>[0-9]+(?:\.[0-9]+)?)/s,(?P<burst>[0-9]+)")
_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]+)?")
_MOST: Final = 1e9

T = TypeVar("T", bound=Struct)


def _named(prefix: str, rules: Struct) -> dict[str, Value]:
    return {_name(prefix, field): value for field, value in asdict(rules).items()}


def _name(prefix: str, field: str) -> str:
    return f"{prefix}-{field}".replace("_", "-").lstrip("-")


DEFAULTS: Mapping[str, Value] = MappingProxyType(
    {limit.value: rule for limit, rule in DEFAULT_RULES.items()}
    | _named(_FRAMES, FrameRules())
    | _named(_SEATS, SeatRules())
    | _named(_CONNECTIONS, ConnectionRules())
    | {_name("", field): getattr(ServerOptions(), field) for field in _OTHERS}
)
"""Every limit by the name it is set by, and what it is unless it is set."""


class NotALimit(ValueError):
    """No limit is called so, or it cannot be that."""

    def __init__(self, given: str) -> None:
        super().__init__(given)
        self.given = given


def parse_limits(given: Iterable[str]) -> Mapping[str, Value]:
    """What ``NAME=VALUE`` say; the last of several for one limit holds.

    Raises:
        NotALimit: One of them says nothing that can be.
    """
    return dict(map(_parsed, given))


def shown(value: Value) -> str:
    """A limit as it is written."""
    return f"{value.per_s:g}/s,{value.burst:g}" if isinstance(value, Rule) else f"{value:.12g}"


def rates(base: Mapping[Limit, Rule], chosen: Mapping[str, Value]) -> Mapping[Limit, Rule]:
    """Rates with those that were chosen."""
    named = ((limit, chosen.get(limit.value)) for limit in Limit)
    return dict(base) | {limit: rule for limit, rule in named if isinstance(rule, Rule)}


def seats(chosen: Mapping[str, Value]) -> SeatRules:
    """Seats with those that were chosen."""
    return _overruled(SeatRules(), _SEATS, chosen)


def connections(base: ConnectionRules, chosen: Mapping[str, Value]) -> ConnectionRules:
    """Connections as chosen, as far as this process can have so many."""
    wanted = _overruled(base, _CONNECTIONS, chosen)
    return replace(wanted, total=min(wanted.total, base.total))


def server_options(base: ServerOptions, chosen: Mapping[str, Value]) -> ServerOptions:
    """What the application goes by, with the limits that were chosen."""
    others = {field: chosen[_name("", field)] for field in _OTHERS if _name("", field) in chosen}
    frames = _overruled(FrameRules(), _FRAMES, chosen)
    return replace(base, seats=seats(chosen), frames=frames, **_typed(base, others))


def _overruled(rules: T, prefix: str, chosen: Mapping[str, Value]) -> T:
    names = {field: _name(prefix, field) for field in rules.__struct_fields__}
    return replace(
        rules, **_typed(rules, {field: chosen[name] for field, name in names.items() if name in chosen})
    )


def _typed(rules: Struct, values: Mapping[str, Value]) -> dict[str, object]:
    """The values, whole where the default is: ``sockets=20`` counts sockets."""
    return {
        field: int(value) if isinstance(getattr(rules, field), int) and not isinstance(value, Rule) else value
        for field, value in values.items()
    }


def _parsed(given: str) -> tuple[str, Value]:
    name, _, text = given.partition("=")
    default = DEFAULTS.get(name)
    value: Value | None = None
    if isinstance(default, Rule):
        rate = _RATE.fullmatch(text)
        value = Rule(float(rate["per_s"]), float(rate["burst"])) if rate else None
        usable = isinstance(value, Rule) and 0 < value.per_s <= _MOST and 1 <= value.burst <= _MOST
    else:
        value = float(text) if _NUMBER.fullmatch(text) else None
        whole = isinstance(default, int)
        usable = value is not None and 0 < value <= _MOST and (not whole or value == math.floor(value))
    if default is None or value is None or not usable:
        raise NotALimit(given)
    return name, value
