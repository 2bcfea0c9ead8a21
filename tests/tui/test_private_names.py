"""Private names of Textual stand in one package, and the probe there knows each of them.

Tests may touch some: they run on the Textual that is pinned, and look at what a person would see on a terminal.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from textwrap import dedent
from types import ModuleType

import pytest

import imagechat_tui
from imagechat_tui.tui import textual_internals
from imagechat_tui.tui.textual_internals.probe import NAMES, Feature, missing, supported

PACKAGE = Path(imagechat_tui.__file__).parent
INTERNALS = Path(textual_internals.__file__).parent
NO_ONES = frozenset({"_replace", "_asdict", "_exit"})
"""Public in all but spelling: of named tuples, and ``os._exit``."""
BY_NAME = frozenset({"getattr", "setattr", "hasattr", "delattr"})


def is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__")


def private_parts(name: str) -> list[str]:
    return [part for part in name.replace(":", ".").split(".") if is_private(part)]


def private_names_in(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Where a source touches a private name of another module or another object, and which."""
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                yield from ((node.lineno, part) for name in names for part in private_parts(name.name))
            case ast.ImportFrom(module=module, names=names):
                spelled = [module or "", *(name.name for name in names)]
                yield from ((node.lineno, part) for name in spelled for part in private_parts(name))
            case ast.Attribute(value=ast.Name(id="self" | "cls")):
                pass  # by class, below
            case ast.Attribute(value=ast.Call(func=ast.Name(id="super"))):
                pass  # the same
            case ast.Attribute(attr=attr) if is_private(attr) and attr not in NO_ONES:
                yield node.lineno, attr
            case ast.Call(func=ast.Name(id=function), args=[_, ast.Constant(value=str(attr)), *_]):
                if function in BY_NAME and is_private(attr):
                    yield node.lineno, attr


def own_names_in(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """The private names that a class defines, or uses of itself."""
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                pass
            case ast.Attribute(value=ast.Name(id="self" | "cls"), attr=name):
                pass
            case ast.Attribute(value=ast.Call(func=ast.Name(id="super")), attr=name):
                pass
            case ast.AnnAssign(target=ast.Name(id=name)):
                pass
            case _:
                continue
        if is_private(name):
            yield node.lineno, name


@cache
def source_of(kind: type) -> ast.AST | None:
    try:
        return ast.parse(dedent(inspect.getsource(kind)))
    except (OSError, TypeError):
        return None


@cache
def names_of_textuals(kind: type) -> frozenset[str]:
    """The private names that one of Textual's classes has."""
    tree = source_of(kind)
    return frozenset() if tree is None else frozenset(name for _, name in own_names_in(tree))


def inherited_names_in(kind: type) -> Iterator[tuple[int, str]]:
    """Where a class of ours overrides or uses a private name that a parent of Textual's has, and which."""
    theirs = frozenset[str]().union(
        *(names_of_textuals(parent) for parent in kind.__mro__ if parent.__module__.startswith("textual"))
    )
    tree = source_of(kind)
    if tree is not None:
        yield from ((line, name) for line, name in own_names_in(tree) if name in theirs)


def modules() -> Iterator[ModuleType]:
    package = importlib.import_module("imagechat_tui.tui")
    for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        yield importlib.import_module(found.name)


def classes() -> Iterator[type]:
    for module in modules():
        for kind in vars(module).values():
            if isinstance(kind, type) and kind.__module__ == module.__name__:
                yield kind


def sources(*, inside: bool) -> Iterator[Path]:
    for path in sorted((PACKAGE / "tui").rglob("*.py")):
        if (INTERNALS in path.parents) is inside:
            yield path


def test_nothing_outside_the_package_touches_a_private_name() -> None:
    touched = [
        f"{path.relative_to(PACKAGE)}:{line}: {name}"
        for path in sources(inside=False)
        for line, name in private_names_in(ast.parse(path.read_text()))
    ]
    assert not touched, "\n".join(touched)


def test_no_class_outside_the_package_overrides_or_uses_a_private_name_that_it_inherits() -> None:
    touched = [
        f"{kind.__module__}.{kind.__qualname__}: {name}"
        for kind in classes()
        if not kind.__module__.startswith(textual_internals.__name__)
        for _, name in inherited_names_in(kind)
    ]
    assert not touched, "\n".join(touched)


def test_only_the_screen_knows_textual() -> None:
    for path in sorted(PACKAGE.rglob("*.py")):
        if PACKAGE / "tui" not in path.parents:
            for node in ast.walk(ast.parse(path.read_text())):
                named = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
                named += [name.name for name in node.names] if isinstance(node, ast.Import) else []
                assert not any(name.split(".")[0] == "textual" for name in named), path


def test_the_probe_knows_every_private_name_that_the_package_touches() -> None:
    known = {part for names in NAMES.values() for name in names for part in private_parts(name)}
    known |= {"_ready"}  # asyncio's, asked for where it is used
    touched = {
        name for path in sources(inside=True) for _, name in private_names_in(ast.parse(path.read_text()))
    }
    touched |= {
        name
        for kind in classes()
        if kind.__module__.startswith(textual_internals.__name__)
        for _, name in inherited_names_in(kind)
    }
    assert touched <= known, sorted(touched - known)
    assert known <= touched, sorted(known - touched)


def test_the_textual_that_is_pinned_has_every_name() -> None:
    assert {feature: missing(feature) for feature in Feature if not supported(feature)} == {}


@pytest.mark.parametrize(
    "source",
    [
        "self.app._driver.write('')",
        "screen._compositor",
        "self.screen._dirty_widgets.clear()",
        "from textual._compositor import Compositor",
        "from textual import _compositor",
        "from textual.keys import _character_to_key",
        "import textual._xterm_parser",
        "from textual.widgets._toast import Toast",
        "getattr(app, '_driver')",
        "app._fatal_error = None",
    ],
)
def test_the_walk_finds_what_it_looks_for(source: str) -> None:
    assert [*private_names_in(ast.parse(source))]
