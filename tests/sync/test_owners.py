"""Who may write what in ``sync``: each part of the state has one owner, and nobody else touches it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

SYNC = Path(__file__).parent.parent.parent / "imagechat_tui" / "sync"
OWNERS = {
    "_confirmed": "ledger",
    "_mine": "workspace",
    "_here": "presence",
    "_connection": "link",
    "_placings": "placing",
}


def foreign_private_names(tree: ast.AST) -> Iterator[str]:
    attributes = (node for node in ast.walk(tree) if isinstance(node, ast.Attribute))
    for node in attributes:
        private = node.attr.startswith("_") and not node.attr.startswith("__")
        if private and not (isinstance(node.value, ast.Name) and node.value.id in ("self", "cls")):
            yield f"line {node.lineno}: {ast.unparse(node)}"


@pytest.mark.parametrize("path", sorted(SYNC.glob("*.py")), ids=lambda path: path.stem)
def test_no_part_touches_a_private_name_of_another(path: Path) -> None:
    assert list(foreign_private_names(ast.parse(path.read_text()))) == []


def test_each_part_of_the_state_is_kept_by_its_owner_alone() -> None:
    keepers = {
        name: {
            path.stem
            for path in SYNC.glob("*.py")
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.Attribute) and node.attr == name and isinstance(node.ctx, ast.Store)
        }
        for name in OWNERS
    }
    assert keepers == {name: {owner} for name, owner in OWNERS.items()}
