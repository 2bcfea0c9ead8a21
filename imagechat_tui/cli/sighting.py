"""Where and as what a picture is met: its project, its place in it. Read without running git (PROTOCOL 3.4).

A repository comes from others. What its files say is data: they are read up to a bound, only plain ones, and nothing
in them names anything that is looked at but the settings that belong to this folder's own ``.git``.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import secrets
import stat
from pathlib import Path

from imagechat_tui.owned import open_file
from imagechat_tui.protocol.ids import UrlId
from imagechat_tui.protocol.models import Place, PlaceKind
from imagechat_tui.settings import (
    PROJECT_FILE,
    is_url,
    nearest,
    on_disk,
    picture_path,
    project_name,
    sayable,
    title_of,
)
from imagechat_tui.sync.identity import (
    Larger,
    Sighting,
    path_place,
    project_of_config,
    project_of_settings,
    scaled,
    url_place,
)

INSTALLATION = "installation"
MAX_CONFIG = 1 << 20
"""Bytes of a clone's settings."""
MAX_POINTER = 4096
"""Bytes of a file that says where the rest of a clone is."""
_ID = re.compile(r"[0-9a-f]{64}")


def sighted(
    image: str,
    *,
    cwd: Path,
    data: Path | None,
    url_id: str | None = None,
    src: str | None = None,
    stdin: bytes | None = None,
) -> Sighting:
    """A picture as it is met here.

    Args:
        image: path, address, or ``-``. A path need not exist.
        cwd: what a relative path starts from.
        data: the user's data folder, for the secret of the installation; None if there is no home for it.
        url_id: the option that wins over everything.
        src: the option for thread keys.
        stdin: the bytes, if ``image`` is ``-``.
    """
    name = title_of(image, cwd)
    key = None if not url_id else UrlId(sayable(url_id))
    source = None if not src else sayable(src)
    if image == "-":
        digest = hashlib.sha256(stdin or b"").hexdigest()
        return Sighting(name, url_id=key, src=source, stdin=digest)
    if is_url(image):
        scheme, _, rest = image.partition(":")
        address = sayable(f"{scheme.lower()}:{rest}")
        return Sighting(name, url_place(address), url_id=key, src=source, address=address)
    real = Path(os.path.realpath(os.path.normpath(cwd / picture_path(image, cwd))))
    found = project_at(real.parent)
    place = _place(real, found, data)
    larger = _larger(real, found, data) if place is not None else None
    folder = "" if found is None or place is None or not place.project else str(found[1])
    return Sighting(name, place, folder, key, source, larger=larger)


def project_at(folder: Path) -> tuple[str, Path] | None:
    """The project that a folder is in, and where its paths start; None outside of all."""
    file = nearest(folder, PROJECT_FILE)
    name = project_of_settings(project_name(file)) if file is not None else None
    if file is not None and name is not None:
        return name, file
    clone = nearest(folder, ".git")
    settings = None if clone is None else _clone_settings(clone)
    project = None if settings is None else project_of_config(settings)
    return None if clone is None or project is None else (project, clone)


def _clone_settings(clone: Path) -> str | None:
    """The settings of a clone, of one of its worktrees, or of a submodule."""
    git = clone / ".git"
    if not git.is_dir():
        pointer = _text(git, MAX_POINTER)
        if pointer is None or not pointer.startswith("gitdir:"):
            return None
        git = _beside(clone, pointer.removeprefix("gitdir:"))
    common = _text(git / "commondir", MAX_POINTER)
    if common is not None:
        git = _beside(git, common)
    return _text(git / "config", MAX_CONFIG)


def _beside(folder: Path, said: str) -> Path:
    return folder / said.strip("\r\n ").partition("\0")[0]


def _text(path: Path, most: int) -> str | None:
    """A plain file, as far as that; None if there is none."""
    try:
        # A pipe that nobody writes to must not hang us.
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except (OSError, ValueError):
        return None
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return None
        with open(descriptor, "rb", closefd=False) as file:
            return file.read(most).decode("utf-8", "replace")
    except OSError:
        return None
    finally:
        os.close(descriptor)


def _place(path: Path, found: tuple[str, Path] | None, data: Path | None) -> Place | None:
    """Where a file is met: in its project, else by a hash that nobody else can make."""
    if found is not None:
        project, folder = found
        place = path_place(project, on_disk(path.relative_to(folder).as_posix()))
        if place is not None:
            return place
    own = None if data is None else installation(data)
    if own is None:
        return None
    digest = hashlib.sha256(own.encode() + b"\0" + os.fsencode(path)).hexdigest()
    return Place(PlaceKind.FILE, digest)


def _larger(path: Path, found: tuple[str, Path] | None, data: Path | None) -> Larger | None:
    more = scaled(path.name)
    if more is None or not (path.parent / more.plain).is_file():
        return None
    plain = path.parent / more.plain
    place = _place(plain, found, data)
    return None if place is None else Larger(str(plain), place, more.scale)


def has_installation(data: Path) -> bool:
    """Whether there is one already."""
    return (data / INSTALLATION).exists()


def installation(data: Path) -> str | None:
    """The secret of this installation, made when first asked for; None where it cannot be kept.

    With it a file's path becomes a name that is always the same, and that nobody else can make: host names change,
    and are the same on many machines.
    """
    try:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = open_file(data / INSTALLATION, os.O_RDWR | os.O_CREAT)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        kept = os.pread(descriptor, 65, 0).decode("ascii", "replace")
        if _ID.fullmatch(kept):
            return kept
        made = secrets.token_hex(32)
        os.fchmod(descriptor, 0o600)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, made.encode(), 0)
        return made
    except OSError:
        return None
    finally:
        os.close(descriptor)
