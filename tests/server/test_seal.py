from __future__ import annotations

import os
from pathlib import Path

import pytest

from imagechat_tui.protocol.ids import TenantId
from imagechat_tui.server.guard.seal import KEY_BYTES, KeyFileExposed, SealBroken, Sealer

DEMO = TenantId("demo")
SECRET = b"a tenant's API secret"


def test_a_sealed_secret_opens_with_the_same_key_file(tmp_path: Path) -> None:
    sealed = Sealer(tmp_path / "key").seal(DEMO, SECRET)
    assert SECRET not in sealed
    assert Sealer(tmp_path / "key").open(DEMO, sealed) == SECRET


def test_sealing_twice_looks_different(tmp_path: Path) -> None:
    seal = Sealer(tmp_path / "key")
    assert seal.seal(DEMO, SECRET) != seal.seal(DEMO, SECRET)


@pytest.mark.security
def test_a_secret_does_not_open_in_another_tenants_row(tmp_path: Path) -> None:
    seal = Sealer(tmp_path / "key")
    with pytest.raises(SealBroken):
        seal.open(TenantId("other"), seal.seal(DEMO, SECRET))


@pytest.mark.security
def test_a_secret_does_not_open_with_another_key_or_a_changed_byte(tmp_path: Path) -> None:
    seal = Sealer(tmp_path / "key")
    sealed = seal.seal(DEMO, SECRET)
    with pytest.raises(SealBroken):
        Sealer(tmp_path / "other-key").open(DEMO, sealed)
    for index in range(len(sealed)):
        changed = bytearray(sealed)
        changed[index] ^= 1
        with pytest.raises(SealBroken):
            seal.open(DEMO, bytes(changed))
    for length in range(len(sealed)):
        with pytest.raises(SealBroken):
            seal.open(DEMO, sealed[:length])


@pytest.mark.security
def test_a_lost_key_is_not_made_anew_by_looking(tmp_path: Path) -> None:
    """A second key would seal what comes next, and restoring the first one would lose that."""
    key_file = tmp_path / "key"
    sealed = Sealer(key_file).seal(DEMO, b"secret")
    key_file.unlink()
    with pytest.raises(SealBroken):
        Sealer(key_file).open(DEMO, sealed)
    assert not key_file.exists()


def test_the_key_is_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "key"
    sealed = Sealer(path).seal(DEMO, SECRET)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.stat().st_size == KEY_BYTES
    path.chmod(0o640)
    with pytest.raises(KeyFileExposed):
        Sealer(path).open(DEMO, sealed)
    path.chmod(0o600)
    assert Sealer(path).open(DEMO, sealed) == SECRET


def test_a_link_or_a_pipe_in_place_of_the_key_is_none(tmp_path: Path) -> None:
    sealed = Sealer(tmp_path / "key").seal(DEMO, SECRET)
    (tmp_path / "link").symlink_to(tmp_path / "key")
    os.mkfifo(tmp_path / "pipe", 0o600)
    for name in ("link", "pipe"):
        with pytest.raises(KeyFileExposed):
            Sealer(tmp_path / name).open(DEMO, sealed)


def test_nothing_is_written_until_a_secret_is_sealed(tmp_path: Path) -> None:
    Sealer(tmp_path / "key")
    assert list(tmp_path.iterdir()) == []
    Sealer(tmp_path / "key").seal(DEMO, SECRET)
    assert [path.name for path in tmp_path.iterdir()] == ["key"]
