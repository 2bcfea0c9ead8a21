"""Loads the picture that the person named: file, address or stdin, decoded in a guarded child process."""

from __future__ import annotations

import asyncio
import errno
import hashlib
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self
from urllib.parse import urljoin, urlsplit

from msgspec import Struct

from imagechat_tui import problems
from imagechat_tui.net.addresses import address_of, is_local_name, is_private
from imagechat_tui.net.decoder import kinds
from imagechat_tui.net.guarded_child import ask
from imagechat_tui.net.pixel_memory import PixelMemory, new_memory
from imagechat_tui.problems import PictureError, PictureProblem, Unfetched
from imagechat_tui.protocol.routes import Pixels

if TYPE_CHECKING:
    import httpx

    from imagechat_tui.raster.image import Loss, Picture

WALL_S: Final = 15.0
"""A picture that takes longer to decode is given up."""
FETCH_S: Final = 30.0
REDIRECTS: Final = 3
_PIECE: Final = 1 << 20
_CHILD: Final = Path(__file__).with_name("decode_child.py")


class DecoderDefect(Exception):
    """The decoder failed in a way that is its own fault; it carries that process's traceback."""


class PictureLimits(Struct, frozen=True):
    """What is too large."""

    max_bytes: int = 20 << 20
    max_pixels: int = 60_000_000


async def load_picture(
    source: str,
    *,
    stdin: bytes | None = None,
    name: str = "stdin",
    private: bool = False,
    limits: PictureLimits = PictureLimits(),
    progress: Callable[[float], None] = lambda fraction: None,
) -> Picture:
    """Read and decode a picture.

    Args:
        source: path, http(s) address, or ``-`` for ``stdin``.
        stdin: the bytes, if ``source`` is ``-``.
        name: what they are called.
        private: whether the host of an address may be in a private network though its name is public.
        limits: what is declined.
        progress: told the fraction done, 0–1; called in the event loop, and never with less than before.

    Raises:
        PictureError: it cannot be shown.
        DecoderDefect: by a fault of ours.
    """
    with _Held() as held:
        fetched = 0.0
        if source == "-":
            _check_bytes(len(stdin or b""), name, limits)
            held.add(stdin or b"")
        elif source.startswith(("http://", "https://")):
            fetched = 0.7
            await _fetch(source, held, limits, lambda fraction: progress(fetched * fraction), private=private)
            name = urlsplit(source).path.rsplit("/", 1)[-1] or source
        else:
            name = Path(source).name or source
            await asyncio.to_thread(_read, source, held, limits)
        progress(fetched)
        decoding = 0.95 - fetched
        picture = await _decoded(held, name, limits, lambda done: progress(fetched + decoding * done))
    progress(1.0)
    return picture


SMALL: Final = 64
"""A picture with a side of fewer pixels looks like too many others."""
_HASHED_AT_ONCE: Final = 256
"""Rows: no second copy of a picture is made."""


def pixels_of(picture: Picture) -> Pixels:
    """What a server is told of a picture's looks. Slow for large ones: for a thread.

    Of pixels that are not opaque the colour counts as far as it is seen.
    """
    digest = hashlib.sha256(f"{picture.width}x{picture.height}\n".encode())
    rows, plain = picture.pixels, min(picture.width, picture.height) < SMALL
    clear = picture.opacity is not None and not bool((picture.opacity == 255).all())
    layers = [rows, picture.opacity] if clear and picture.opacity is not None else [rows]
    one_color = True
    for layer in layers:
        for top in range(0, len(layer), _HASHED_AT_ONCE):
            band = layer[top : top + _HASHED_AT_ONCE]
            digest.update(band.tobytes())
            one_color = one_color and bool((band == layer[0, 0]).all())
    return Pixels(digest.hexdigest(), picture.sha256, picture.width, picture.height, plain=plain or one_color)


def file_as_read(source: str, sha256: str, limits: PictureLimits = PictureLimits()) -> bytes | None:
    """A file, if it still is what was read. For a thread.

    Args:
        source: its path.
        sha256: of what was read, in hex.
        limits: what is declined.
    """
    try:
        file = file_of(source, limits)
    except PictureError:
        return None
    return file if hashlib.sha256(file).hexdigest() == sha256 else None


def file_of(source: str, limits: PictureLimits = PictureLimits()) -> bytes:
    """A picture's file. For a thread.

    Raises:
        PictureError: it cannot be read, or is too large.
    """
    with _Held() as held:
        _read(source, held, limits)
        return os.pread(held.descriptor, held.size, 0)


def check_kind(source: str, stdin: bytes | None = None) -> None:
    """See by its first bytes whether a file is a picture at all. Whether it is whole tells only who decodes it.

    Args:
        source: its path, or ``-`` for ``stdin``; what cannot be read is left to who reads it.
        stdin: the bytes, if ``source`` is ``-``.

    Raises:
        PictureError: it is something else.
    """
    if source == "-":
        kind = _kind_of(stdin or b"")
    else:
        try:
            descriptor = os.open(source, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
            with open(descriptor, "rb", buffering=0) as file:  # noqa: PTH123 (a descriptor)
                plain = stat.S_ISREG(os.fstat(descriptor).st_mode)
                kind = _kind_of(file.read(kinds.HEAD)) if plain else "device"
        except (OSError, ValueError):
            return
    if kind not in kinds.READ:
        raise PictureError(problems.NotAPicture("stdin" if source == "-" else Path(source).name, kind))


def _kind_of(file: bytes) -> str:
    head = file[: kinds.HEAD]
    return kinds.kind_of(head[kinds.start_of(head) :])


def file_stamp(source: str) -> tuple[int, ...] | None:
    """What tells one state of a file from another; None if there is no file of that name."""
    try:
        facts = Path(source).stat()
    except (OSError, ValueError):
        return None
    return facts.st_dev, facts.st_ino, facts.st_size, facts.st_mtime_ns


class _Held:
    """The file as it was read, in memory of its own that the child is handed; nothing can change it meanwhile."""

    def __init__(self) -> None:
        self.descriptor = new_memory()
        self.size = 0
        self._hash = hashlib.sha256()

    @property
    def sha256(self) -> str:
        """Of all that was added, in hex."""
        return self._hash.hexdigest()

    def add(self, data: bytes) -> None:
        """Append to the file."""
        self.size += len(data)
        self._hash.update(data)
        view = memoryview(data)
        while view:
            view = view[os.write(self.descriptor, view) :]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        os.close(self.descriptor)


def _check_bytes(size: int, name: str, limits: PictureLimits) -> None:
    if size > limits.max_bytes:
        raise PictureError(problems.TooManyBytes(name, limits.max_bytes, size))


def _read(source: str, held: _Held, limits: PictureLimits) -> None:
    try:
        # A pipe that nobody writes to must not hang us: only plain files are read.
        descriptor = os.open(source, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        with open(descriptor, "rb", buffering=0) as file:  # noqa: PTH123 (a descriptor)
            facts = os.fstat(descriptor)
            if stat.S_ISDIR(facts.st_mode):
                raise PictureError(problems.NoPictureInFolder(source))
            if not stat.S_ISREG(facts.st_mode):
                raise PictureError(problems.NotAPicture(source, "device"))
            _check_bytes(facts.st_size, source, limits)
            while piece := file.read(_PIECE):
                _check_bytes(held.size + len(piece), source, limits)
                held.add(piece)
    except (FileNotFoundError, NotADirectoryError):
        raise PictureError(problems.PictureMissing(source)) from None
    except PermissionError:
        raise PictureError(problems.PictureForbidden(source)) from None
    except IsADirectoryError:
        raise PictureError(problems.NoPictureInFolder(source)) from None
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            raise PictureError(problems.PictureMissing(source)) from None
        raise PictureError(problems.PictureUnreadable(source, error.strerror or "")) from None
    except ValueError:
        raise PictureError(problems.PictureMissing(source)) from None


async def _decoded(
    held: _Held, name: str, limits: PictureLimits, progress: Callable[[float], None]
) -> Picture:
    pixels = new_memory()
    try:
        answer = await _asked(held.descriptor, pixels, name, limits, progress)
        if "defect" in answer:
            raise DecoderDefect(str(answer["defect"]))
        problem = refusal(answer, name, limits)
        if problem is not None:
            raise PictureError(problem)
        return await asyncio.to_thread(_mapped, pixels, name, answer, held.sha256)
    finally:
        os.close(pixels)


def refusal(answer: dict[str, object], name: str, limits: PictureLimits) -> PictureProblem | None:
    """Why the child did not decode a picture, of its answer; None if it did."""
    match answer:
        case {"problem": "not-an-image", "detail": str(what)}:
            return problems.NotAPicture(name, what)
        case {"problem": "odd-kind", "detail": str(form)}:
            return problems.OddKind(name, form)
        case {"problem": "cut-off", "detail": str(form)}:
            return problems.PictureCutOff(name, form)
        case {"problem": "too-many-pixels", "width": int(width), "height": int(height)}:
            return problems.TooManyPixels(name, width, height, limits.max_pixels)
        case {"problem": "memory"}:
            return problems.TooMuchMemory(name)
        case {"problem": _, **rest}:
            return problems.PictureCorrupt(name, str(rest.get("detail", "")))
        case _:
            return None


async def _asked(
    file: int, pixels: int, name: str, limits: PictureLimits, progress: Callable[[float], None]
) -> dict[str, object]:
    """Have the child decode ``file`` into ``pixels``; what it says of it."""
    os.lseek(file, 0, os.SEEK_SET)
    return await ask(
        _CHILD,
        (file, pixels, limits.max_pixels),
        shared=(file, pixels),
        name=name,
        wall_s=WALL_S,
        progress=progress,
    )


def _mapped(pixels: int, name: str, answer: dict[str, object], sha256: str) -> Picture:
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # two threads are slower at our sizes
    from imagechat_tui.raster.image import Picture

    width, height, columns, rows, reduced, turn = (
        _number(answer, key, name) for key in ("width", "height", "columns", "rows", "reduced", "turn")
    )
    memory = PixelMemory(os.dup(pixels), columns, rows, clear=answer.get("clear") is True, turn=turn)
    if turn > 8 or os.fstat(pixels).st_size != memory.size:
        raise PictureError(problems.PictureCorrupt(name))
    color, alpha = memory.layers()
    if turn >= 5:
        width, height = height, width
    loss = _loss(answer.get("lost"), turn)
    picture = Picture(name, width, height, sha256, color, reduced, alpha, loss, memory)
    picture.prepare()  # here, in a thread, not at the first view
    return picture


_LOWER_EDGES: Final = ("", "lower", "lower", "upper", "upper", "right", "left", "left", "right")
"""Where the lower edge of the stored picture is in each of the ways in which a camera was held."""


def _loss(lost: object, turn: int) -> Loss | None:
    from imagechat_tui.raster.image import Loss

    match lost:
        case {
            "what": ("rows" | "detail" | "unsure") as what,
            "share": float() | int() as share,
            "upper": upper,
            "cut": cut,
        }:
            edge = "upper" if upper is True else _LOWER_EDGES[turn]
            return Loss(what, edge, min(1.0, max(0.0, share)), cut=cut is True)
        case _:
            return None


def _number(answer: dict[str, object], key: str, name: str) -> int:
    value = answer.get(key)
    if not isinstance(value, int) or value < 1:
        raise PictureError(problems.PictureCorrupt(name))
    return value


async def _fetch(
    source: str, held: _Held, limits: PictureLimits, progress: Callable[[float], None], *, private: bool
) -> None:
    import httpx

    from imagechat_tui.net.failures import Unreachable

    try:
        address, typed = source, urlsplit(source).hostname
        async with (
            asyncio.timeout(FETCH_S),
            httpx.AsyncClient(follow_redirects=False, trust_env=False, timeout=10.0) as client,
        ):
            for _ in range(REDIRECTS + 1):
                dial, host = await _allowed(address, source, typed, private=private)
                headers = {"Host": host, "Accept": "image/*"}
                request = client.build_request(
                    "GET", dial, headers=headers, extensions={"sni_hostname": urlsplit(address).hostname}
                )
                answer = await client.send(request, stream=True)
                try:
                    if answer.is_redirect:
                        onward = urljoin(address, answer.headers.get("location", ""))
                        if address.startswith("https:") and not onward.startswith("https:"):
                            raise PictureError(problems.AddressRefused(source, "no-longer-https"))
                        address = onward
                        continue
                    if answer.status_code == 404:
                        raise PictureError(problems.PictureMissing(source))
                    if answer.is_server_error:
                        raise PictureError(problems.PictureServerFailed(source, answer.status_code))
                    if not answer.is_success:
                        raise PictureError(problems.PictureRefused(source, answer.status_code))
                    await _stream(answer, source, held, limits, progress)
                    return
                finally:
                    await answer.aclose()
    except (httpx.HTTPError, httpx.InvalidURL, OSError, TimeoutError, ValueError) as error:
        problem = Unreachable.because(error, sent=False).problem
        if problem.code in problems.CERTIFICATES:
            raise PictureError(problems.PictureNotTrusted(source, problem.reason)) from None
        raise PictureError(problems.PictureNotFetched(source, _why(error))) from None
    raise PictureError(problems.PictureNotFetched(source, "too-many-redirects"))


def _why(error: Exception) -> Unfetched:
    import httpx

    match error:
        case TimeoutError() | httpx.TimeoutException():
            return "took-too-long"
        case httpx.ConnectError() | OSError():
            return "nobody-answers"
        case ValueError() | httpx.InvalidURL():
            return "no-address"
        case _:
            return "broke"


async def _stream(
    answer: httpx.Response,
    source: str,
    held: _Held,
    limits: PictureLimits,
    progress: Callable[[float], None],
) -> None:
    told = int(answer.headers.get("content-length", "0") or 0)
    _check_bytes(told, source, limits)
    async for piece in answer.aiter_bytes():
        _check_bytes(held.size + len(piece), source, limits)
        held.add(piece)
        if told:
            progress(min(1.0, held.size / told))


async def _allowed(address: str, source: str, typed: str | None, *, private: bool) -> tuple[str, str]:
    """Resolve once and dial just that address, so that a second answer of the name server changes nothing.

    A private address is dialled for the host that the person typed, and only if they could not mean another or
    said so (``private``).
    """
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise PictureError(problems.AddressRefused(source, "not-http"))
    port = parts.port or (443 if parts.scheme == "https" else 80)
    loop = asyncio.get_running_loop()
    dialled = address_of(await loop.getaddrinfo(parts.hostname, port, type=1))
    if is_private(dialled):
        if parts.hostname != typed:
            raise PictureError(problems.AddressRefused(source, "private"))
        if not (private or is_local_name(typed)):
            raise PictureError(problems.PrivateAddress(source, str(dialled)))
    host = f"[{dialled}]" if dialled.version == 6 else str(dialled)
    named = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    shown = named if parts.port is None else f"{named}:{parts.port}"
    return parts._replace(netloc=f"{host}:{port}", fragment="").geturl(), shown
