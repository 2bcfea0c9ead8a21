"""Where the settings of ``imagechat serve`` come from: flag, then variable, then the server's file, then the default.

A server is not the client: it has a file of its own, and a mistake in that is no reason to go on without the setting.
What serves this machine alone (``--local``, ``--shared``) goes by its flags and by nothing else, for it is started
in the environment of whoever looks at a picture.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import click
from click.core import ParameterSource

from imagechat_tui import problems
from imagechat_tui.cli.verb import Verb
from imagechat_tui.problems import VerbFailed
from imagechat_tui.settings import SERVE_PREFIX, OddFile, expanded, plain_text
from imagechat_tui.words import odd_file_words, verb_words

_ALONE: Final = ("--local", "--shared")
_META: Final = "imagechat.serve.alone"
_KEY = re.compile(r"""\s*(?:"(?P<quoted>[^"]*)"|'(?P<plain>[^']*)'|(?P<bare>[A-Za-z0-9_-]+))\s*=""")

_TOLD_AT = re.compile(r"(.*) \(at (?:line ([0-9]+), column [0-9]+|end of document)\)", re.DOTALL)
_TABLE = re.compile(
    r"""\s*\[*\s*(?:"(?P<quoted>[^"]*)"|'(?P<plain>[^']*)'|(?P<bare>[A-Za-z0-9_-]+))\s*[.\]]"""
)
"""A table's head, or a key of one: ``[limit]``, ``limit.write``."""


class Serve(Verb):
    """The verb, which knows before its options are read whether it serves this machine alone."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As any verb does."""
        ctx.meta[_META] = any(arg.partition("=")[0] in _ALONE for arg in args)
        return super().parse_args(ctx, args)


class Setting(click.Option):
    """An option that has a variable and a key in the server's file, both called like it."""

    def __init__(self, *args: Any, **attributes: Any) -> None:
        flag = next(name for name in args[0] if name.startswith("--"))
        self.key = flag.removeprefix("--").replace("-", "_")
        named: dict[str, Any] = {"envvar": f"{SERVE_PREFIX}{self.key.upper()}", "show_envvar": True}
        super().__init__(*args, **(named | attributes))

    def resolve_envvar_value(self, ctx: click.Context) -> str | None:
        """What the variable says, if it is asked."""
        return None if ctx.meta[_META] else super().resolve_envvar_value(ctx)

    def process_value(self, ctx: click.Context, value: Any) -> Any:
        """As click does. What cannot be meant of a variable's value is told with its name, as click tells its own."""
        try:
            return super().process_value(ctx, value)
        except VerbFailed as failure:
            if ctx.get_parameter_source(str(self.name)) is not ParameterSource.ENVIRONMENT:
                raise
            raise VerbFailed(problems.ServeFileWrong(str(self.envvar), None, self.told(failure))) from None

    def told(self, failure: VerbFailed) -> str:
        """What is wrong with a value that did not come by the flag."""
        words = verb_words(failure.problem)
        flag = max(self.opts, key=len)
        return f"{words.sentence} {words.action}".replace(f"Give {flag}", "Give it")


class Whole(click.IntRange):
    """A whole number between two others."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """As click does, in words that name both."""
        try:
            return int(super().convert(value, param, ctx))
        except click.BadParameter:
            self.fail(f"{value!r} is no whole number from {self.min} to {self.max}.", param, ctx)


def each(check: Callable[[str], str]) -> Callable[[click.Context, click.Parameter, tuple[str, ...]], object]:
    """A callback that has every value of an option checked."""
    return lambda ctx, param, values: tuple(map(check, values))


def load(ctx: click.Context, param: click.Parameter, file: Path | None) -> Path | None:
    """Take the settings of a server's file for what neither flag nor variable names.

    Raises:
        VerbFailed: It cannot be read, or something in it cannot be meant.
    """
    if file is not None and ctx.meta[_META]:
        if ctx.get_parameter_source(str(param.name)) is ParameterSource.COMMANDLINE:
            raise click.UsageError("--local and --shared go by flags alone: leave out --config.")
    elif file is not None and not ctx.resilient_parsing:
        ctx.default_map = _settings(ctx, file)
    return file


def _settings(ctx: click.Context, file: Path) -> dict[str, object]:
    import tomllib

    try:
        text = plain_text(file)
    except OSError as error:
        raise _wrong(file, None, error.strerror or "it cannot be read") from None
    except OddFile as odd:
        raise _wrong(file, None, odd_file_words(odd.problem.fault, odd.problem.most)) from None
    except ValueError:  # a name that no file can have
        raise _wrong(file, None, "it is no settings file") from None
    try:
        told: Mapping[str, object] = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        lines = text.splitlines()
        told_at = _TOLD_AT.fullmatch(str(error))
        said, at = (str(error), None) if told_at is None else told_at.groups()
        last = min(int(at), len(lines)) if at else len(lines)
        twice = _KEY.match(lines[last - 1]) if lines and said == "Cannot overwrite a value" else None
        if twice is not None:
            said = f"{twice[twice.lastgroup or 0]} is set twice"
        raise _wrong(file, last or None, said) from None
    except RecursionError:
        raise _wrong(file, None, "it is nested too deeply") from None
    known = {option.key: option for option in ctx.command.params if isinstance(option, Setting)}
    found: dict[str, object] = {}
    for key, value in told.items():
        line = _line_of(text, key)
        option = known.get(key)
        if isinstance(value, dict) or (
            isinstance(value, list) and any(isinstance(one, dict) for one in value)
        ):
            raise _wrong(
                file, line, f"{key} is a table, and there is none: each setting is a line, as port = 8787"
            )
        if option is None:
            raise _wrong(file, line, f"there is no setting {key!r}; it takes {', '.join(known)}")
        found[str(option.name)] = _read(ctx, option, value, file, line)
    return found


def _read(ctx: click.Context, option: Setting, value: object, file: Path, line: int | None) -> object:
    """A value as the option would take it from the command line."""
    given: object = value
    if option.multiple:
        given = value if isinstance(value, list) else [value]
        fits = all(isinstance(one, str) for one in given)
    elif option.is_flag:
        fits = isinstance(value, bool)
    else:
        fits = isinstance(value, str) or (isinstance(value, int) and not isinstance(value, bool))
    if not fits:
        kind = (
            "true or false"
            if option.is_flag
            else "a list of texts"
            if option.multiple
            else "a text or a number"
        )
        raise _wrong(file, line, f"{option.key} takes {kind}")
    if given == "" or (option.multiple and "" in given):  # type: ignore[operator]
        raise _wrong(file, line, f"{option.key} is empty")
    if isinstance(option.type, click.Path):
        given = str(file.absolute().parent / expanded(str(given)))
    try:
        option.process_value(ctx, given)
    except click.BadParameter as error:
        raise _wrong(file, line, f"{option.key}: {error.message}") from None
    except VerbFailed as failure:
        raise _wrong(file, line, f"{option.key}: {option.told(failure)}") from None
    return given


def _line_of(text: str, key: str) -> int | None:
    """Where a key or a table stands; None if it is written in a way that few use."""
    for number, line in enumerate(text.splitlines(), 1):
        found = _KEY.match(line) or _TABLE.match(line)
        if found is not None and key in found.groups():
            return number
    return None


def _wrong(file: Path, line: int | None, why: str) -> VerbFailed:
    return VerbFailed(problems.ServeFileWrong(str(file), line, why))
