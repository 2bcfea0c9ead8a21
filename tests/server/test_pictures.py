"""Pictures themselves, kept by what is in them (PROTOCOL 9.5)."""

from __future__ import annotations

import asyncio
import hashlib
import io
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from imagechat_tui.server.http import rest
from imagechat_tui.server.storage import pictures
from tests.server.house import PICTURE_BYTES, House, running_house

pytestmark = pytest.mark.security

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 2_000
KINDS = {
    "image/png": PNG,
    "image/jpeg": b"\xff\xd8\xff\xe0" + bytes(20),
    "image/gif": b"GIF89a" + bytes(20),
    "image/webp": b"RIFF\0\0\0\0WEBPVP8 " + bytes(20),
    "image/bmp": b"BM" + bytes(20),
}


def address(data: bytes, tenant: str = "demo") -> str:
    return f"/images/{tenant}/{hashlib.sha256(data).hexdigest()}"


def files(folder: Path) -> list[str]:
    """The names of all pictures and parts."""
    return sorted(path.name for path in folder.glob("pictures/*/*/*"))


@pytest.mark.parametrize("kind", KINDS)
async def test_a_picture_is_what_was_sent_for_whoever_may_read(house: House, kind: str) -> None:
    data = KINDS[kind]
    for _ in range(2):
        assert await house.person("alice").gets("PUT", address(data), data) == {"status": "success"}
    async with house.client.get(address(data)) as answer:
        assert (answer.status, await answer.read()) == (200, data)
        assert answer.headers["Content-Type"] == kind
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
        assert answer.headers["Cache-Control"] == "private, max-age=31536000, immutable"
        assert answer.headers["X-FC-Ext"] == "1"


@pytest.mark.parametrize(
    ("sent", "named"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", None),
        (b"<html>" + bytes(100_000), None),
        (b"PNG", None),
        (b"", None),
        (PNG, PNG + b"x"),
    ],
)
async def test_what_is_no_picture_or_another_one_is_not_kept(
    house: House, tmp_path: Path, sent: bytes, named: bytes | None
) -> None:
    path = address(sent if named is None else named)
    status, body, _ = await house.person("alice").asks("PUT", path, sent)
    assert (status, body["code"]) == (400, "invalid-input")
    assert files(tmp_path) == []
    assert (await house.person("alice").asks("GET", path))[0] == 404


async def test_it_is_of_one_tenant(house: House) -> None:
    await house.person("alice").gets("PUT", address(PNG), PNG)
    spy = house.person("spy", "other")
    status, body, _ = await spy.asks("GET", address(PNG, "other"))
    assert (status, body["reason"]) == (404, "Picture not found")


@pytest.mark.parametrize("name", ["x", "ab" * 31, "AB" * 32, "ab" * 33, "%2e%2e%2fseal.key"])
async def test_a_name_that_no_bytes_have_leads_nowhere(house: House, name: str) -> None:
    for method, data in (("GET", None), ("PUT", PNG)):
        status, body, _ = await house.person("alice").asks(method, f"/images/demo/{name}", data)
        assert (status, body["code"]) == (404, "not-found")


async def test_too_large_a_picture_is_refused_before_it_is_read(house: House, tmp_path: Path) -> None:
    query = {"sso": house.person("alice").token}
    large = io.BytesIO(PNG[:8] + bytes(20 * 1024 * 1024))
    async with house.client.put(address(PNG), params=query, data=large) as answer:
        told = await answer.json()
    assert (answer.status, told["code"], told["reason"]) == (413, "too-large", "A picture may have 20 MiB.")
    assert files(tmp_path) == []


async def test_a_picture_that_does_not_come_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rest, "PICTURE_BYTES_PER_S", 1e12)
    answered = asyncio.Event()

    async def half() -> AsyncIterator[bytes]:
        yield PNG[:1_000]
        await answered.wait()

    async with running_house(tmp_path, body_within_s=0.05) as house:
        query, headers = {"sso": house.person("alice").token}, {"Content-Length": str(len(PNG))}
        async with house.client.put(address(PNG), params=query, data=half(), headers=headers) as answer:
            assert (answer.status, (await answer.json())["code"]) == (408, "deadline")
            assert files(tmp_path) == []
            answered.set()


async def test_a_tenant_has_only_so_much_room_and_what_failed_took_none(house: House, tmp_path: Path) -> None:
    alice = house.person("alice")
    big = PNG[:8] + bytes(PICTURE_BYTES - 8)
    for _ in range(3):
        assert (await alice.asks("PUT", address(PNG), big))[0] == 400
    assert files(tmp_path) == []
    await alice.gets("PUT", address(big), big)
    status, body, _ = await alice.asks("PUT", address(PNG), PNG)
    assert (status, body["code"], body["reason"]) == (413, "too-large", "There is no room for more pictures.")
    await alice.gets("PUT", address(big), big)
    await house.person("ann", "open").gets("PUT", address(PNG, "open"), PNG)


async def test_what_another_process_left_half_done_goes(house: House, tmp_path: Path) -> None:
    folder = tmp_path / "pictures" / "demo" / "ab"
    folder.mkdir(parents=True, mode=0o700)
    old, new = folder / "part-old", folder / "part-new"
    for path in (old, new):
        path.write_bytes(b"x")
    os.utime(old, (0, 0))
    await house.person("alice").gets("PUT", address(PNG), PNG)
    assert (old.exists(), new.exists()) == (False, True)


async def test_a_link_in_the_folder_is_not_followed(house: House, tmp_path: Path) -> None:
    digest = hashlib.sha256(PNG).hexdigest()
    folder = tmp_path / "pictures" / "demo" / digest[:2]
    folder.mkdir(parents=True, mode=0o700)
    secret = tmp_path / "secret.png"
    secret.write_bytes(PNG)
    (folder / digest).symlink_to(secret)
    assert (await house.person("alice").asks("GET", address(PNG)))[0] == 503


def test_nothing_is_written_after_the_end(tmp_path: Path) -> None:
    """A thread may still be at it when nobody waits any more: the descriptor is another file's by then."""
    target = tmp_path / "ab" / "name"
    part = pictures._Part.begun(target)
    part.write(PNG)
    part.close()
    reused = os.open(tmp_path / "another", os.O_RDWR | os.O_CREAT)
    try:
        part.write(PNG)
        part.finish(target)
        assert os.fstat(reused).st_size == 0
    finally:
        os.close(reused)
    assert not target.exists()
