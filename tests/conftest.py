"""What holds for every test."""

from __future__ import annotations

import gc
import itertools
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
    """Four workers more than processors: most tests of whole programs wait for them."""
    return (os.cpu_count() or 1) + 4


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Spread the modules that mostly wait evenly among those that compute: in a row they leave the processors idle."""
    kinds: dict[bool, list[list[pytest.Item]]] = {True: [], False: []}
    for _, tests in itertools.groupby(items, key=lambda item: item.path):
        module = list(tests)
        kinds[module[0].get_closest_marker("e2e") is not None].append(module)
    shares = []
    for modules in kinds.values():
        before, whole = 0, sum(map(len, modules))
        for module in modules:
            shares.append(((before + len(module) / 2) / whole, module))
            before += len(module)
    shares.sort(key=lambda share: share[0])
    items[:] = [item for _, module in shares for item in module]
    items.sort(key=lambda item: item.get_closest_marker("long") is None)


def pytest_collection_finish() -> None:
    """Have what was imported and collected looked through for garbage no more: that took a fifth of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 50, 100)


@pytest.fixture
def runs(request: pytest.FixtureRequest) -> int:
    """How many schedules the reliability tests play."""
    number = request.config.getoption("--runs")
    assert isinstance(number, int)
    return number
