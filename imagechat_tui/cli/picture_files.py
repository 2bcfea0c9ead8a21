"""Which file is meant: names as people, browsers and terminals hand them over, and what lies in a folder."""

from __future__ import annotations

import errno
import os
import re
import stat
import unicodedata
from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from imagechat_tui import problems
from imagechat_tui.problems import PictureError, VerbFailed
from imagechat_tui.settings import (
    FILE_ADDRESS,
    is_this_machine,
    is_url,
    picture_address,
    picture_path,
    working_folder,
)
from imagechat_tui.words import (
    first_picture_words,
    look_alike_words,
)

SUFFIXES = (".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".gif", ".webp", ".bmp")
"""What the names of pictures end with, where nobody named one."""

_NOT_THERE = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG, errno.ELOOP})
"""What the system says of a name under which there is nothing."""

_ADDRESS = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)://")
_DIGITS = re.compile(r"([0-9]+)")

MOST_LOOKED_AT = 20_000
"""Entries of a folder among which a name like the missing one is looked for: a second's work at most."""


class PictureChoice(Struct, frozen=True):
    """The picture that was meant."""

    image: str
    """What to open: a path, an address, or ``-``."""
    told: str = ""
    """What to tell of the choice, where it is not simply what was typed."""
    in_folder: bool = False
    """It was found in a folder: it is a plain file, and has the name of a picture."""


def choose_picture(image: str) -> PictureChoice:
    """The picture that is named: a folder stands for its first one, and a name for the one that looks like it.

    Raises:
        PictureError: there is none.
        VerbFailed: it cannot be known which one is meant.
    """
    all_of_it = choose_pictures(image)
    if all_of_it.folder is None:
        return all_of_it.choice(0)
    first = all_of_it.choice(0)
    told = first_picture_words(first.image, len(all_of_it.names))
    return PictureChoice(first.image, " ".join(filter(None, (first.told, told))))


class PicturesChoice(Struct, frozen=True):
    """The pictures that were meant by one name: one, or those of a folder."""

    names: tuple[str, ...]
    """What to open; in a folder, as they are called there. One at least."""
    folder: Path | None = None
    told: str = ""
    """What to tell of the choice, where it is not simply what was typed."""

    def choice(self, at: int) -> PictureChoice:
        """One of them."""
        name, folder = self.names[at], self.folder
        if folder is None:
            return PictureChoice(name, self.told)
        return PictureChoice(os.path.join(folder, name), self.told, in_folder=True)  # noqa: PTH118 (of thousands)


def all_pictures(images: Sequence[str]) -> list[PictureChoice]:
    """All pictures that are named, folders replaced by what is in them, each one once.

    Raises:
        PictureError: one of the names has no picture.
        VerbFailed: it cannot be known which one is meant.
    """
    there: dict[str, PictureChoice] = {}
    for name in images:
        several = choose_pictures(name)
        for at in range(len(several.names)):
            choice = several.choice(at)
            there.setdefault(_once(choice.image) if len(images) > 1 else choice.image, choice)
    return list(there.values())


def _once(image: str) -> str:
    """What is the same for all names of a picture that lead through no link."""
    return image if image == "-" or is_url(image) else os.path.normpath(from_root(Path(image)))


def choose_pictures(image: str) -> PicturesChoice:
    """As ``choose_picture``, but a folder stands for all of its pictures."""
    if image == "-":
        return PicturesChoice((image,))
    if is_url(image):
        return PicturesChoice((picture_address(image),))
    if not image:
        raise VerbFailed(problems.NoPictureNamed())
    path = picture_path(image, Path())
    try:
        facts = path.stat()
        if not stat.S_ISDIR(facts.st_mode):
            return PicturesChoice((str(path),))
        pictures = pictures_in(path)
    except PermissionError:
        raise PictureError(problems.PictureForbidden(image)) from None
    except ValueError:
        raise _missing(image, path) from None
    except OSError as error:
        if error.errno not in _NOT_THERE:
            raise
        return _look_alike(image, path)
    if not pictures:
        raise PictureError(problems.NoPictureInFolder(image))
    return PicturesChoice(tuple(pictures), path)


def _look_alike(image: str, path: Path) -> PicturesChoice:
    same = look_alikes(path)
    if not same:
        raise _missing(image, path)
    if len(same) > 1:
        there = tuple(spelled_out(str(other)) for other in same)
        raise VerbFailed(problems.SeveralLookAlike(image, there))
    seen = look_alike_words(spelled_out(str(path)), spelled_out(str(same[0])))
    inside = choose_pictures(str(same[0]))
    return PicturesChoice(inside.names, inside.folder, " ".join(filter(None, (seen, inside.told))))


def _missing(image: str, path: Path) -> PictureError | VerbFailed:
    """There is nothing under this name: because it is another machine's, or is none."""
    address = FILE_ADDRESS.fullmatch(image)
    if address is not None and not is_this_machine(address["host"] or ""):
        return VerbFailed(problems.FileElsewhere(image))
    scheme = _ADDRESS.match(image)
    if address is None and scheme is not None:
        return VerbFailed(problems.SchemeUnknown(image, scheme[1].lower()))
    if not path.is_absolute() and working_folder() is None:
        return VerbFailed(problems.NoWorkingFolder(image))
    link = os.path.islink(path)  # noqa: PTH114 (pathlib raises where a name is too long)
    near = () if link else tuple(near_misses(path))
    return PictureError(problems.PictureMissing(image, near, link))


def from_root(path: Path) -> Path:
    """The path from the root on.

    Raises:
        VerbFailed: it starts from the working folder, and that is gone.
    """
    here = Path("/") if path.is_absolute() else working_folder()
    if here is None:
        raise VerbFailed(problems.NoWorkingFolder(str(path)))
    return here / path


def pictures_in(folder: Path) -> list[str]:
    """Names of the pictures in a folder, as people order them: plain, visible files that hold something.

    Raises:
        OSError: the folder cannot be read.
    """
    with os.scandir(folder) as entries:
        names = [entry.name for entry in entries if _is_picture(entry)]
    return sorted(names, key=_natural)


def _is_picture(entry: os.DirEntry[str]) -> bool:
    # A file system for other computers keeps `._shot.png` beside `shot.png`: not for people.
    if entry.name.startswith(".") or not entry.name.lower().endswith(SUFFIXES):
        return False
    try:
        return entry.is_file() and entry.stat().st_size > 0
    except OSError:
        return False


def _natural(name: str) -> tuple[list[tuple[int, str]], str]:
    """A key that puts ``shot2`` before ``shot10``."""
    parts = _DIGITS.split(name.casefold())
    return [(int(part), "") if part.isdecimal() and part.isascii() else (-1, part) for part in parts], name


def look_alikes(path: Path) -> list[Path]:
    """What is there under names that look the same on a screen: another form of a letter, another space.

    In folders on the way the name itself comes first.
    """
    found = [Path(path.anchor)]
    for part in path.relative_to(path.anchor).parts:
        found = [way for place in found for way in _like(place, part)]
    return found


def _like(place: Path, part: str) -> list[Path]:
    if os.path.exists(place / part):  # noqa: PTH110 (pathlib raises where it may not look)
        return [place / part]
    wanted = folded(part)
    same = (place / name for name in sorted(_names_in(place)) if folded(name) == wanted)
    return [path for path in same if os.path.exists(path)]  # noqa: PTH110


def folded(name: str) -> str:
    """A name without what cannot be seen: compatibility forms, kinds of spaces, joiners and marks of direction."""
    return "".join(
        " " if unicodedata.category(character) == "Zs" else character
        for character in unicodedata.normalize("NFKC", name)
        if unicodedata.category(character) != "Cf"
    )


def spelled_out(path: str) -> str:
    """A path in which whatever looks like something else is written as its code point."""
    return "".join(
        character if character == " " or not _is_odd(character) else ascii(character)[1:-1]
        for character in path
    )


def _is_odd(character: str) -> bool:
    return (
        unicodedata.category(character) in ("Zs", "Cf", "Mn")
        or unicodedata.normalize("NFKC", character) != character
    )


def near_misses(path: Path) -> list[str]:
    """Pictures beside a missing one whose names are spelled almost like it, the likeliest first."""
    from difflib import get_close_matches

    folder, wanted = path.parent, path.name.casefold()
    stem = wanted.rpartition(".")[0] if wanted.endswith(SUFFIXES) else wanted
    stems: dict[str, list[str]] = {}
    for name in sorted(_names_in(folder), key=_natural):
        if name.casefold().endswith(SUFFIXES):
            stems.setdefault(name.casefold().rpartition(".")[0], []).append(name)
    near = [name for close in get_close_matches(stem, stems, n=2, cutoff=0.7) for name in stems[close]]
    return [str(folder / name) for name in near[:2]]


def _names_in(folder: Path) -> list[str]:
    try:
        with os.scandir(folder) as entries:
            names = [entry.name for entry, _ in zip(entries, range(MOST_LOOKED_AT + 1), strict=False)]
    except OSError:
        return []
    return names if len(names) <= MOST_LOOKED_AT else []
