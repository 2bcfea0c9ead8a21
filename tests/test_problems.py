"""Kinds of failures: each is there once, and all that travel come back as they were."""

from __future__ import annotations

import json
from enum import StrEnum
from importlib import import_module
from pkgutil import walk_packages
from typing import Any, get_args

import pytest
from msgspec import Struct, convert, to_builtins

import imagechat_tui
from imagechat_tui import problems
from tests import examples as eg

UNIONS = [
    problems.LocalServerProblem,
    problems.ServeProblem,
    problems.PictureProblem,
    problems.SettingsProblem,
    problems.AdminProblem,
    problems.VerbProblem,
]


def test_every_kind_is_of_a_union_and_every_union_of_all() -> None:
    kinds = {
        value
        for value in vars(problems).values()
        if isinstance(value, type) and issubclass(value, Struct) and value is not Struct
    }
    skipped = {problems.Mistake, problems.OneOf, problems.Between}
    skipped |= {*get_args(problems.SettingsFault), *get_args(problems.DataFault)}
    assert kinds == skipped.union({problems.Problem}, *(get_args(union) for union in UNIONS))
    assert set(get_args(problems.AnyProblem)) == {problems.Problem}.union(*map(get_args, UNIONS))


def test_every_failure_says_of_which_union_its_problem_is() -> None:
    said = {failure.__annotations__["problem"] for failure in problems.Failed.__subclasses__()}
    names = {name for name, value in vars(problems).items() if any(value is union for union in UNIONS)}
    assert said == names | {"Problem"}


def test_no_two_enums_hold_the_same_kinds() -> None:
    """Nor does one repeat what is a problem already."""
    tags = [
        kind.__struct_config__.tag for kind in get_args(problems.AnyProblem) if kind.__struct_config__.tag
    ]
    assert len(set(tags)) == len(tags)
    held: dict[str, set[str]] = {}
    for module in walk_packages(imagechat_tui.__path__, "imagechat_tui."):
        if not module.name.endswith(("__main__", "decode_child", "postgres", "redis")):
            for value in vars(import_module(module.name)).values():
                if isinstance(value, type) and issubclass(value, StrEnum) and value is not StrEnum:
                    held[value.__qualname__] = {member.value for member in value}
    assert len(held) > 5
    assert not [name for name, values in held.items() if len(values & set(tags)) > 1]
    assert len({frozenset(values) for values in held.values()}) == len(held)


@pytest.mark.parametrize("text", ["/a b", "\udcff\n€"])
def test_why_a_server_did_not_start_comes_back_from_its_line_as_it_was(text: str) -> None:
    for problem in eg.problems_of(problems.ServeProblem, text):
        line: dict[str, Any] = json.loads(json.dumps({"ready": False, **to_builtins(problem)}))
        assert convert(line, problems.ServeProblem) == problem
