"""The command line of a verb: what click reads, and what it lets pass that we do not."""

from __future__ import annotations

import os
import re

import click

NEGATIVE = re.compile(r"-[0-9]")
"""How click names the option that it takes a number below 0 for."""


class Verb(click.Command):
    """A command whose options and arguments hold something where they are given.

    An unset variable in a script (``--server "$SERVER"``) is a mistake of that script: to go on with the default
    would do something that nobody meant.
    """

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As click does, but for values that are empty and files that are called like an option."""
        if not ctx.resilient_parsing:
            self._look_at(ctx, args)
        return super().parse_args(ctx, args)

    def _look_at(self, ctx: click.Context, args: list[str]) -> None:
        try:
            said, _, _ = self.make_parser(ctx).parse_args(list(args))
        except click.NoSuchOption as error:
            file = next((arg for arg in args if arg.startswith("-") and os.path.lexists(arg)), None)
            if file is None and NEGATIVE.fullmatch(error.option_name) is not None:
                below = next(arg for arg in args if arg.startswith(error.option_name))
                raise click.UsageError(
                    f"{below} is no number here: markers and comments are counted from 1.", ctx
                ) from None
            if file is None:
                raise
            from imagechat_tui.words import safe_name

            told = f"{error.format_message()} The file of that name is written ./{safe_name(file)}"
            raise click.UsageError(told, ctx) from None
        for param in self.params:
            values = said.get(param.name or "")
            for value in values if isinstance(values, list | tuple) else [values]:
                # A file may be called " "; nothing else is.
                blank = value.strip() if isinstance(value, str) and isinstance(param, click.Option) else value
                if blank == "":
                    raise click.BadParameter("it is empty.", ctx, param)
