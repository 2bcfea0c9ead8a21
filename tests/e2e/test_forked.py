"""The forked verbs of these tests: one that does not end is ended, and holds up nothing else."""

from __future__ import annotations

import subprocess

import pytest

from tests import forked
from tests.e2e.conftest import Desk

pytestmark = pytest.mark.e2e


def test_a_verb_that_does_not_end_is_ended_and_the_next_one_runs(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forked, "PATIENCE_S", 3.0)
    with pytest.raises(subprocess.TimeoutExpired):
        desk.run("watch", "shot.png")
    monkeypatch.undo()
    assert desk.run("ls", "shot.png").returncode == 0
