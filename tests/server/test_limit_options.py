"""Every limit is a setting: by one table, which the README shows."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from imagechat_tui.server.broker.buckets import Rule
from imagechat_tui.server.guard.limits import DEFAULT_RULES, FrameRules, Limit, SeatRules
from imagechat_tui.server.http.app import ServerOptions
from imagechat_tui.server.http.connections import ConnectionRules
from imagechat_tui.server.process.limit_options import (
    DEFAULTS,
    NotALimit,
    Value,
    connections,
    parse_limits,
    rates,
    server_options,
    shown,
)

README = Path(__file__).parents[2] / "README.md"
ROW = re.compile(r"^\| `([a-z-]+)` \| `([^`]+)` \|", re.MULTILINE)


def doubled(value: Value) -> Value:
    return Rule(value.per_s * 2, value.burst * 2) if isinstance(value, Rule) else value * 2


def test_the_readme_names_every_limit_with_its_default() -> None:
    section = README.read_text().partition("### Limits")[2].partition("\n## ")[0]
    assert dict(ROW.findall(section)) == {name: shown(value) for name, value in DEFAULTS.items()}


def test_no_field_of_any_rules_is_left_out() -> None:
    structs = (SeatRules, ConnectionRules, FrameRules)
    assert len(DEFAULTS) == len(Limit) + sum(len(one.__struct_fields__) for one in structs) + 5


@pytest.mark.parametrize("name", DEFAULTS)
def test_each_limit_is_set_by_its_name_and_no_other_with_it(name: str) -> None:
    def all_of(chosen: dict[str, Value]) -> dict[str, object]:
        options = server_options(ServerOptions(), chosen)
        book = connections(ConnectionRules(total=100_000), chosen)
        return {
            **{limit.value: rule for limit, rule in rates(DEFAULT_RULES, chosen).items()},
            **{f"seats {field}": getattr(options.seats, field) for field in SeatRules.__struct_fields__},
            **{f"frames {field}": getattr(options.frames, field) for field in FrameRules.__struct_fields__},
            **{field: getattr(book, field) for field in ConnectionRules.__struct_fields__},
            **{
                field: getattr(options, field)
                for field in (
                    "body_within_s",
                    "max_comment_length",
                    "tenant_comments",
                    "tenant_pictures_mb",
                    "penalty_s",
                )
            },
        }

    wanted = doubled(DEFAULTS[name])
    chosen = parse_limits([f"{name}={shown(wanted)}"])
    before, after = all_of({}), all_of(dict(chosen))
    changed = {key: value for key, value in after.items() if value != before[key]}
    assert list(changed.values()) == [wanted]
    assert all(type(value) is type(before[key]) for key, value in after.items())


def test_a_process_promises_no_more_connections_than_it_can_have() -> None:
    chosen = parse_limits(["connections-total=5000"])
    assert connections(ConnectionRules(total=1_000), chosen).total == 1_000
    assert connections(ConnectionRules(total=9_000), chosen).total == 5_000


@pytest.mark.parametrize(
    "given",
    [
        *("", "write", "=", "write=", "write=5", "write=5/20", "write=5/s", "write=0/s,20", "write=5/s,0"),
        *("write=-5/s,20", "write=5/s,20.5", "write=nan/s,20", "write=1e9/s,20", "write= 5/s,20", "WRITE=5/s,20"),
        *("seats-per-user=0", "seats-per-user=1.5", "seats-per-user=5/s,20", "seats-per-user=inf"),
        *("seats-per-user=-1", "body-within-s=0", "nothing=5", "seats-per-user=" + "9" * 400),
    ],
)  # fmt: skip
def test_what_can_be_no_limit_is_refused(given: str) -> None:
    with pytest.raises(NotALimit):
        parse_limits([given])


def test_the_last_of_several_holds() -> None:
    assert parse_limits(["read=1/s,2", "read=3/s,4"]) == {"read": Rule(3, 4)}
