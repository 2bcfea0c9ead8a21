from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.server.house import House, running_house


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with running_house(tmp_path) as house:
        yield house


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def runtime() -> Iterator[Path]:
    """A short path: a socket's holds 107 bytes."""
    with TemporaryDirectory(prefix="ic") as directory:
        yield Path(directory)
