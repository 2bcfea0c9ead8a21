"""A yes or a no, whatever else the keyboard sent."""

from __future__ import annotations

import click
import pytest
from click.testing import CliRunner

from imagechat_tui.cli.questions import confirmed


@click.command()
def asks() -> None:
    click.echo(f"answer {confirmed('Allow it?')}")


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        ("y\n", True),
        ("YES \n", True),
        ("\x1by\n", True),
        ("\x1b[A\x1b[3~y\n", True),
        ("\x1bOAn\n", False),
        ("no\n", False),
        ("\n", False),
        ("\x1b\n", False),
        ("why\nq\ny\n", True),
    ],
)
def test_keys_that_are_no_letters_are_no_part_of_an_answer(typed: str, answer: bool) -> None:
    done = CliRunner().invoke(asks, input=typed)
    assert done.stdout == f"answer {answer}\n"
    assert done.stderr.count("Allow it? [y/N]: ") == typed.count("\n")


def test_no_answer_at_all_is_none() -> None:
    assert CliRunner().invoke(asks, input="").exit_code == 1
