"""The steps of the database, one file for each engine."""

from __future__ import annotations

import re
from importlib import resources

import pytest

from imagechat_tui.server.storage import migrations


@pytest.mark.parametrize("engine", ["sqlite", "postgres"])
def test_each_number_is_one_step_and_none_is_left_out(engine: str) -> None:
    """Two of one number would run in the order of their names, which the next renaming changes."""
    names = sorted(step.name for step in resources.files(migrations).iterdir())
    numbers = [int(found[1]) for name in names if (found := re.fullmatch(rf"(\d+)_\w+\.{engine}\.sql", name))]
    assert numbers == list(range(1, len(numbers) + 1))
    assert len(numbers) == len(migrations.steps(engine))
