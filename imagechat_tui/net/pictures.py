"""Loads the picture that the person named: file, address or stdin, decoded in a guarded child process."""

from __future__ import annotations

import asyncio
import errno
import hashlib
import ipaddress
import json
import mmap
import os
import stat
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urljoin, urlsplit

if TYPE_CHECKING:
    import httpx

    from imagechat_tui.raster.image import Picture

WALL_S: Final = 15.0
"""A picture that takes longer to decode is given up."""
FETCH_S: Final = 30.0
REDIRECTS: Final = 3
_CHILD: Final = Path(__file__).with_name("decode_child.py")


class PictureKind(StrEnum):
    """Why a picture cannot be shown; the words for it are in ``words.picture_words``."""

    MISSING = "missing"
    PERMISSION = "permission"
    DIRECTORY = "directory"
    NOT_AN_IMAGE = "not-an-image"
    CORRUPT = "corrupt"
    TOO_MANY_PIXELS = "too-many-pixels"
    TOO_MANY_BYTES = "too-many-bytes"
    MEMORY = "memory"
    TOO_SLOW = "too-slow"
    REFUSED_ADDRESS = "refused-address"
    UNREACHABLE = "unreachable"
    UNREADABLE = "unreadable"


class PictureError(Exception):
    """A picture cannot be shown."""

    def __init__(
        self, kind: PictureKind, name: str, *, detail: str = "", limit: str = "", option: str = ""
    ) -> None:
        super().__init__(f"{kind.value}: {name} {detail}".rstrip())
        self.kind = kind
        self.name = name
        self.detail = detail
        self.limit = limit
        self.option = option


@dataclass(frozen=True, slots=True)
class PictureLimits:
    """What is too large."""

    max_bytes: int = 20 << 20
    max_pixels: int = 60_000_000


async def load_picture(
    source: str,
    *,
    stdin: bytes | None = None,
    limits: PictureLimits = PictureLimits(),
    progress: Callable[[float], None] = lambda fraction: None,
) -> Picture:
    """Read and decode a picture.

    Args:
        source: path, http(s) address, or ``-`` for ``stdin``.
        stdin: the bytes, if ``source`` is ``-``.
        limits: what is declined.
        progress: told the fraction read, 0–1.

    Raises:
        PictureError: it cannot be shown.
    """
    if source == "-":
        name, data = "stdin", stdin or b""
        _check_bytes(len(data), name, limits)
    elif source.startswith(("http://", "https://")):
        name = urlsplit(source).path.rsplit("/", 1)[-1] or source
        data = await _fetched(source, limits, progress)
    else:
        name = Path(source).name or source
        data = await asyncio.to_thread(_read, source, limits)
    progress(0.5)
    picture = await _decoded(data, name, limits)
    progress(1.0)
    return picture


def _check_bytes(size: int, name: str, limits: PictureLimits) -> None:
    if size > limits.max_bytes:
        raise PictureError(
            PictureKind.TOO_MANY_BYTES,
            name,
            detail=f"{size / (1 << 20):.1f} MiB",
            limit=f"{limits.max_bytes >> 20} MiB",
        )


def _read(source: str, limits: PictureLimits) -> bytes:
    path = Path(source).expanduser()
    try:
        # A pipe that nobody writes to must not hang us: only plain files are read.
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        with open(descriptor, "rb") as file:  # noqa: PTH123 (a descriptor)
            facts = os.fstat(descriptor)
            if stat.S_ISDIR(facts.st_mode):
                raise PictureError(PictureKind.DIRECTORY, source)
            if not stat.S_ISREG(facts.st_mode):
                raise PictureError(PictureKind.NOT_AN_IMAGE, source)
            _check_bytes(facts.st_size, source, limits)
            data = file.read(limits.max_bytes + 1)
            _check_bytes(len(data), source, limits)
            return data
    except (FileNotFoundError, NotADirectoryError):
        raise PictureError(PictureKind.MISSING, source) from None
    except PermissionError:
        raise PictureError(PictureKind.PERMISSION, source) from None
    except IsADirectoryError:
        raise PictureError(PictureKind.DIRECTORY, source) from None
    except OSError as error:
        kind = PictureKind.MISSING if error.errno == errno.ENAMETOOLONG else PictureKind.UNREADABLE
        raise PictureError(kind, source, detail=error.strerror or "") from None
    except ValueError:
        raise PictureError(PictureKind.MISSING, source) from None


async def _decoded(data: bytes, name: str, limits: PictureLimits) -> Picture:
    file, pixels = os.memfd_create("picture", os.MFD_CLOEXEC), os.memfd_create("pixels", os.MFD_CLOEXEC)
    try:
        await asyncio.to_thread(_write, file, data)
        answer = await _asked(file, pixels, name, limits)
        problem = answer.get("problem")
        if problem == "too-many-pixels":
            width, height = answer["width"], answer["height"]
            raise PictureError(
                PictureKind.TOO_MANY_PIXELS,
                name,
                detail=f"{width}×{height} pixels",
                limit=f"{limits.max_pixels / 1e6:g} million pixels",
                option="--max-pixels",
            )
        if problem is not None:
            raise PictureError(PictureKind(str(problem)), name, detail=str(answer.get("detail", "")))
        return await asyncio.to_thread(_mapped, pixels, name, answer, data)
    finally:
        os.close(file)
        os.close(pixels)


def _write(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]
    os.lseek(descriptor, 0, os.SEEK_SET)


async def _asked(file: int, pixels: int, name: str, limits: PictureLimits) -> dict[str, object]:
    import PIL

    # -I: no environment, no current directory. Pillow's own folder is all that it is told of.
    start = (
        "import sys, runpy; sys.path.insert(0, sys.argv.pop(1)); script = sys.argv.pop(1);"
        " sys.argv[0] = script; runpy.run_path(script, run_name='__main__')"
    )
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-I", "-S", "-c", start, str(Path(PIL.__file__).parents[1]), str(_CHILD),
        str(file), str(pixels), str(limits.max_pixels),
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
        pass_fds=(file, pixels), env={}, start_new_session=True,
    )  # fmt: skip
    try:
        async with asyncio.timeout(WALL_S):
            out, _ = await child.communicate()
    except TimeoutError:
        raise PictureError(PictureKind.TOO_SLOW, name) from None
    finally:
        if child.returncode is None:
            with suppress(ProcessLookupError):
                child.kill()
            await child.wait()
    try:
        answer = json.loads(out)
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        slow = child.returncode is not None and child.returncode < 0
        raise PictureError(PictureKind.TOO_SLOW if slow else PictureKind.CORRUPT, name)
    return answer


def _mapped(pixels: int, name: str, answer: dict[str, object], data: bytes) -> Picture:
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # two threads are slower at our sizes
    import numpy as np

    from imagechat_tui.raster.image import Picture

    width, height = answer.get("width"), answer.get("height")
    if not isinstance(width, int) or not isinstance(height, int) or width < 1 or height < 1:
        raise PictureError(PictureKind.CORRUPT, name)
    size = width * height * 3
    if os.fstat(pixels).st_size != size:
        raise PictureError(PictureKind.CORRUPT, name)
    array = np.frombuffer(mmap.mmap(pixels, size, prot=mmap.PROT_READ), dtype=np.uint8)
    picture = Picture(
        name=name,
        width=width,
        height=height,
        sha256=hashlib.sha256(data).hexdigest(),
        pixels=array.reshape(height, width, 3),
    )
    _ = picture.levels  # made here, in a thread, not at the first view
    return picture


async def _fetched(source: str, limits: PictureLimits, progress: Callable[[float], None]) -> bytes:
    import httpx

    address, typed = source, urlsplit(source).hostname
    try:
        async with (
            asyncio.timeout(FETCH_S),
            httpx.AsyncClient(follow_redirects=False, trust_env=False, timeout=10.0) as client,
        ):
            for _ in range(REDIRECTS + 1):
                dial, host = await _allowed(address, source, typed)
                headers = {"Host": host, "Accept": "image/*"}
                request = client.build_request(
                    "GET", dial, headers=headers, extensions={"sni_hostname": urlsplit(address).hostname}
                )
                answer = await client.send(request, stream=True)
                try:
                    if answer.is_redirect:
                        onward = urljoin(address, answer.headers.get("location", ""))
                        if address.startswith("https:") and not onward.startswith("https:"):
                            raise PictureError(
                                PictureKind.REFUSED_ADDRESS, source, detail="From https to http."
                            )
                        address = onward
                        continue
                    if answer.status_code == 404:
                        raise PictureError(PictureKind.MISSING, source)
                    if not answer.is_success:
                        detail = f"The server said {answer.status_code}."
                        raise PictureError(PictureKind.UNREACHABLE, source, detail=detail)
                    return await _streamed(answer, source, limits, progress)
                finally:
                    await answer.aclose()
    except (httpx.HTTPError, httpx.InvalidURL, OSError, TimeoutError, ValueError) as error:
        raise PictureError(PictureKind.UNREACHABLE, source, detail=type(error).__name__) from None
    raise PictureError(PictureKind.UNREACHABLE, source, detail="Too many redirects.")


async def _streamed(
    answer: httpx.Response, source: str, limits: PictureLimits, progress: Callable[[float], None]
) -> bytes:
    told = int(answer.headers.get("content-length", "0") or 0)
    _check_bytes(told, source, limits)
    data = bytearray()
    async for piece in answer.aiter_bytes():
        data += piece
        _check_bytes(len(data), source, limits)
        if told:
            progress(min(0.5, 0.5 * len(data) / told))
    return bytes(data)


async def _allowed(address: str, source: str, typed: str | None) -> tuple[str, str]:
    """Resolve once and dial just that address, so that a second answer of the name server changes nothing."""
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise PictureError(PictureKind.REFUSED_ADDRESS, source, detail="Only http and https are fetched.")
    port = parts.port or (443 if parts.scheme == "https" else 80)
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(parts.hostname, port, type=1)
    dialled = ipaddress.ip_address(str(found[0][4][0]).split("%")[0])
    if not dialled.is_global and parts.hostname != typed:
        raise PictureError(PictureKind.REFUSED_ADDRESS, source, detail="It is a private address.")
    host = f"[{dialled}]" if dialled.version == 6 else str(dialled)
    named = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    shown = named if parts.port is None else f"{named}:{parts.port}"
    return parts._replace(netloc=f"{host}:{port}", fragment="").geturl(), shown
