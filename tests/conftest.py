"""What holds for every test."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings

for size in ("COLUMNS", "LINES"):  # of the terminal that the tests were started in: no test's terminal has it
    os.environ.pop(size, None)

# The hundreds of processes that tests start compile each module once, and not each for itself, which took 2 s apiece.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# A loaded machine is no defect of ours: nothing that Hypothesis tries is timed.
settings.register_profile("imagechat", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("imagechat")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--runs", type=int, default=1000, help="Schedules of the reliability tests; 100000 for a long night."
    )


def pytest_xdist_auto_num_workers() -> int:
    """One worker more than processors: many tests wait for other processes more than they compute."""
    return (os.cpu_count() or 1) + 1


@pytest.fixture
def runs(request: pytest.FixtureRequest) -> int:
    """How many schedules the reliability tests play."""
    number = request.config.getoption("--runs")
    assert isinstance(number, int)
    return number
