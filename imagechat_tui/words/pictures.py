"""Pictures: why one is not shown, what of it is missing, which one was taken."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, assert_never

from imagechat_tui import problems
from imagechat_tui.problems import PictureProblem, Unfetchable, Unfetched
from imagechat_tui.protocol.models import Matched, OpenedImage, OtherImage, Place, PlaceKind
from imagechat_tui.safetext import SafeText
from imagechat_tui.words.parts import Words, safe_line, safe_name, stopped, typed

if TYPE_CHECKING:
    from imagechat_tui.raster.image import Loss

_ANEW = "Export or download it again."
_CONVERT = "Convert it to PNG or JPEG."
_EXPORT = "Export it as PNG."
_ELSE = {
    "empty": ("is empty: it has no bytes", _ANEW),
    "zeros": ("holds nothing but zeros", _ANEW),
    "git-lfs": ("is a Git LFS pointer: the picture itself is not here", "Run: git lfs pull"),
    "git-annex": ("is a git-annex pointer: the picture itself is not here", "Run: git annex get"),
    "mangled": ("was moved as if it were text, which destroyed it", "Download it again, as binary."),
    "apple-double": (
        "holds a Mac's notes about another file",
        "Open the file whose name has no dot in front.",
    ),
    "web-page": ("is a web page", "Save the picture that is on it, and open that."),
    "base64": ("is a picture written as Base64 text", "Decode it first, as with base64 -d."),
    "gif-without-picture": ("is a GIF with no picture in it", _ANEW),
    "svg": ("is an SVG drawing, which is not read", _EXPORT),
    "pdf": ("is a PDF document", _EXPORT),
    "postscript": ("is a PostScript document", _EXPORT),
    "psd": ("is a Photoshop document", _EXPORT),
    "xcf": ("is a GIMP document", _EXPORT),
    "heic": ("is a HEIC picture, which is not read", _CONVERT),
    "avif": ("is an AVIF picture, which is not read", _CONVERT),
    "tiff": ("is a TIFF picture, which is not read", _CONVERT),
    "jxl": ("is a JPEG XL picture, which is not read", _CONVERT),
    "jpeg-2000": ("is a JPEG 2000 picture, which is not read", _CONVERT),
    "ico": ("is a Windows icon, which is not read", _CONVERT),
    "bmp-array": ("is a collection of OS/2 bitmaps, which is not read", _CONVERT),
    "mng": ("is a MNG film, which is not read", _CONVERT),
    "exr": ("is an OpenEXR picture, which is not read", _CONVERT),
    "hdr": ("is a Radiance HDR picture, which is not read", _CONVERT),
    "qoi": ("is a QOI picture, which is not read", _CONVERT),
    "dds": ("is a DDS texture, which is not read", _CONVERT),
    "fits": ("is a FITS picture, which is not read", _CONVERT),
    "tga": ("is a TGA picture, which is not read", _CONVERT),
    "pnm": ("is a PBM, PGM or PPM picture, which is not read", _CONVERT),
    "raw": ("is a camera's raw file, which is not read", _CONVERT),
    "video": ("is a film", "Save one frame of it as PNG."),
    "sound": ("is a sound", "Name a picture."),
    "archive": ("is an archive", "Unpack it, and open a picture from it."),
    "program": ("is a program", "Name a picture."),
    "json": ("is JSON text", "Name a picture."),
    "xml": ("is XML text", "Name a picture."),
    "text": ("is text", "Name a picture."),
    "device": ("is a device or a socket", "Name a file, or write: … | imagechat -"),
}
"""What files are that are called pictures, and what to do about it; by what ``net.decoder.kinds`` calls them."""
_NO_PICTURE = ("is not a PNG, JPEG, GIF, WebP or BMP", _CONVERT)
_NOT_FETCHED: Mapping[Unfetched, str] = {
    "nobody-answers": "Nothing answers there.",
    "took-too-long": "It took too long.",
    "no-address": "That is no address.",
    "broke": "The link broke.",
    "too-many-redirects": "Too many redirects.",
}
_NOT_FETCHABLE: Mapping[Unfetchable, str] = {
    "not-http": "Only http and https are fetched.",
    "no-longer-https": "From https to http.",
    "private": "It is a private address.",
}
_CHECK_ADDRESS = "Check the address."
_SMALLER = "Make it smaller."


def picture_words(problem: PictureProblem) -> Words:
    """Why a picture cannot be shown."""
    called = safe_name(problem.name)
    match problem:
        case problems.PictureMissing(link=True):
            return Words(
                "No such picture", f"{called} is a link that leads nowhere.", "Check where it leads."
            )
        case problems.PictureMissing(near=near):
            meant = did_you_mean(near)
            return Words("No such picture", f"{called} does not exist.", meant or "Check the name.")
        case problems.PictureForbidden():
            return Words("Not readable", f"You may not read {called}.", "Check its permissions.")
        case problems.PictureUnreadable(why=why):
            said = safe_line(why)
            return Words("No picture", f"{called} cannot be shown.{f' {stopped(said)}' if said else ''}")
        case problems.NoPictureInFolder():
            return Words(
                "No picture there",
                f"{called} holds no visible, non-empty PNG, JPEG, GIF, WebP or BMP.",
                "Name a picture.",
            )
        case problems.NotAPicture(what=kind):
            what, todo = _ELSE.get(kind, _NO_PICTURE)
            return Words("Not a picture", f"{called} {what}.", todo)
        case problems.OddKind(form=form):
            sentence = f"{called} is a {safe_line(form) or 'picture'}, a kind that cannot be read."
            return Words("Unusual kind", sentence, "Convert it to plain PNG.")
        case problems.PictureCorrupt(form=form):
            return Words("Damaged picture", f"{called} is a damaged {safe_line(form) or 'picture'}.", _ANEW)
        case problems.PictureCutOff(form=form):
            cut = f"{called} is a {safe_line(form) or 'picture'} that is cut off"
            return Words("Cut off", f"{cut}: nothing of it can be shown.", _ANEW)
        case problems.PictureNotWhole(cut=cut):
            how = "cut off" if cut else "damaged"
            return Words("Not whole", f"{called} is {how} now. You see it as it was before.", "")
        case problems.TooManyPixels(width=width, height=height, most=most):
            size = f"{width}×{height} pixels, more than {most / 1e6:g} million pixels"
            return Words("Too large", f"{called} is {size}.", "--max-megapixels raises the limit.")
        case problems.TooManyBytes(most=most, size=size_bytes):
            size = f"{size_bytes / (1 << 20):.1f} MiB, " if size_bytes is not None else ""
            limit = f"more than {most / (1 << 20):g} MiB"
            return Words("Too large", f"{called} is {size}{limit}.", "--max-file-mib raises the limit.")
        case problems.TooMuchMemory() | problems.TooSlow():
            return Words("Too heavy", f"{called} needs more memory or time than is allowed.", _SMALLER)
        case problems.PictureNotFetched(why=why):
            sentence = f"{called} could not be fetched. {_NOT_FETCHED[why]}"
            return Words("Not fetched", sentence, _CHECK_ADDRESS)
        case problems.PictureRefused(status=status):
            sentence = f"{called} could not be fetched. The server said {status}."
            return Words("Not fetched", sentence, _CHECK_ADDRESS)
        case problems.PictureServerFailed(status=status):
            return Words("Not fetched", f"The server of {called} answered {status}.", "Try again later.")
        case problems.AddressRefused(why=why):
            leads = f"{called} leads to an address that is not fetched."
            return Words("Address refused", f"{leads} {_NOT_FETCHABLE[why]}")
        case problems.PrivateAddress(address=address):
            leads = f"{called} has a public name and leads to {safe_line(address)}"
            return Words(
                "Private address",
                f"{leads}, in a private network.",
                "If that is what you mean: --allow-private.",
            )
        case problems.PictureNotTrusted(why=why):
            return Words(
                "Not trusted",
                f"The certificate of {called} is not trusted: {safe_line(why)}.",
                "Fetch the file yourself and open that.",
            )
        case problems.PipeSilent():
            return Words("Nothing came", f"Nothing writes to the pipe {called}.", "Or write: … | imagechat -")
        case _:
            assert_never(problem)


def did_you_mean(near: Sequence[str]) -> str:
    """The question after names that are spelled almost like one; empty if there are none."""
    meant = " or ".join(safe_name(other) for other in near)
    return f"Did you mean {meant}?" if meant else ""


def defect_words(path: str) -> Words:
    """A picture is not shown by a fault of ours; ``path`` is the file with its details, empty if there is none."""
    details = f"Details, without your data, are in {safe_line(path)}" if path else ""
    return Words("No picture", "A defect of imagechat keeps it from being shown.", details)


def picture_changed_words(name: str) -> Words:
    """The file of the picture on the screen is another, and a marker is being written or moved; ``name`` raw."""
    told = f"{safe_name(name)} has changed on disk."
    return Words("Picture changed", told, "It is read again when you are done with your marker.")


def picture_loss_words(name: str, loss: Loss) -> Words:
    """What is not there of a picture that is shown all the same; ``name`` is its file or address, raw."""
    called, part = safe_name(name), _lost_part(loss)
    subject = f"All of {called}" if part == "all" else f"The {part} of {called}"
    why = "the file is cut off" if loss.cut else "the file is damaged"
    match loss.what:
        case "rows":
            return Words("Incomplete picture", f"{subject} is missing: {why}.", _ANEW)
        case "detail":
            return Words("Incomplete picture", f"{subject} is coarser than made: {why}.", _ANEW)
        case "unsure":
            told = f"The data of {called} are damaged: it may not look as it was made."
            return Words("Damaged picture", told, _ANEW)
        case _:
            assert_never(loss.what)


def picture_loss_note(loss: Loss) -> str:
    """The same in few words, for the header."""
    match loss.what:
        case "rows":
            return f"{_lost_part(loss)} missing"
        case "detail":
            return f"{_lost_part(loss)} coarse"
        case "unsure":
            return "damaged"
        case _:
            assert_never(loss.what)


def _lost_part(loss: Loss) -> str:
    percent = max(1, round(loss.share * 100))
    return "all" if percent >= 100 else f"{loss.edge} {percent} %"


def no_such_picture_here(name: str, near: Sequence[str]) -> str:
    """Of a verb that needs no picture: that there is none, as far as this machine knows."""
    meant = f" {did_you_mean(near)}" if near else ""
    return (
        f"There is no picture {safe_name(name)!r} here. If the server has its threads, they are shown.{meant}"
    )


def first_picture_words(name: str, pictures: int) -> str:
    """Which picture of a folder was taken."""
    if pictures == 1:
        return f"{safe_name(name)} is the only picture there."
    return f"{safe_name(name)} is the first of {pictures} pictures there."


def album_change_words(added: Sequence[str], gone: Sequence[str], back: Sequence[str]) -> str:
    """Which pictures came to a folder and went from it while it is shown."""
    told = ((added, "New"), (gone, "Gone"), (back, "There again"))
    return " ".join(f"{verb}: {_several_words(names)}." for names, verb in told if names)


def picture_gone_words(name: str) -> str:
    """That the file of the picture that is shown is there no more; what is shown stays."""
    gone = album_change_words((), (name,), ())
    return f"{gone} You see it as it was. Once there is one again it is read by itself; R looks at once."


def _several_words(names: Sequence[str]) -> str:
    return safe_name(names[0]) if len(names) == 1 else f"{len(names)} pictures"


def look_alike_words(typed: str, there: str) -> str:
    """The file that was taken for one whose name looks the same; both spelled out."""
    return f"There is no {safe_name(typed)}; {safe_name(there)} looks the same and is taken."


def private_address_words(url: str, address: str) -> list[str]:
    """The question about a public name that leads into a private network, as lines."""
    return [
        f"{safe_name(url)} has a public name and leads to {safe_line(address)}, in a private network.",
        "Whoever made that address may want you to ask a machine that they cannot reach.",
    ]


def project_words(project: str) -> SafeText:
    """A project's id as one reads it at a glance: ``acme/web`` of ``github.com/acme/web``."""
    host, _, rest = project.partition("/")
    return safe_name(rest if "/" in rest and ("." in host or host.startswith("[")) else project)


def joined_words(people: Sequence[SafeText], name: str, project: str) -> Words:
    """Whom one meets in the room that a picture got by its bytes.

    Args:
        people: names of the others who have written there.
        name: what the picture is called there.
        project: the one it is of there; empty if it is of none.
    """
    if not people:
        where = f" in {project_words(project)}" if project else ""
        return Words("Known picture", f"Its pixels are those of {safe_name(name)}{where}.", "Not yours? i")
    match people:
        case [one]:
            who = f"{one} discusses"
        case [one, two]:
            who = f"{one} and {two} discuss"
        case [one, *more]:
            who = f"{one} and {len(more)} others discuss"
    return Words("Known picture", f"{who} this picture here.", "Not yours? i")


def also_discussed_words(others: Sequence[OtherImage]) -> str:
    """Where else a picture is discussed; in one of these rooms it is."""
    first, *more = sorted((other for other in others if other.markers), key=lambda other: -other.markers)
    where = f"in {project_words(first.project)}" if first.project else f"as {safe_name(first.name)}"
    markers = "1 marker" if first.markers == 1 else f"{first.markers} markers"
    rooms = f" and in {'another room' if len(more) == 1 else f'{len(more)} other rooms'}" if more else ""
    return f"Also discussed {where} ({markers}){rooms}: go"


def other_image_words(other: OtherImage) -> str:
    """Another image that may be the same picture."""
    project = f" in {project_words(other.project)}" if other.project else ""
    markers = "1 marker" if other.markers == 1 else f"{other.markers} markers"
    return f"{safe_name(other.name)}{project}, {markers}"


def start_anew_words(markers: int, key: str) -> str:
    """What comes of a picture's starting anew, before it does."""
    stay = "marker stays" if markers == 1 else f"{markers} markers stay"
    left = f" Its {stay} in {safe_name(key)}." if markers else ""
    return f"This picture gets a room of its own.{left}"


def started_anew_words() -> Words:
    """That a picture has a room of its own, and how that is undone."""
    return Words("Started anew", "This room is this picture's own.", "u undoes it.")


def back_in_room_words(key: str) -> Words:
    """That a picture that was started anew is in the room again that it was in."""
    return Words("Undone", f"This picture is in {safe_name(key)} again.", "")


def not_back_words(markers: int, name: str, key: str) -> Words:
    """That a picture stays in its own room because something was said there.

    Args:
        markers: how many markers there are.
        name: what the picture is called.
        key: of the room that it was in before.
    """
    there = "is 1 marker" if markers == 1 else f"are {markers} markers"
    return Words(
        "Still in a room of its own",
        f"There {there} in it by now, and they would stay.",
        undo_link_words(name, key),
    )


def undo_link_words(image: str, key: str) -> str:
    """What to type to have a picture share the room again that it was in."""
    no_options = "-- " if image.startswith("-") or key.startswith("-") else ""
    return f"To undo it: imagechat link {no_options}{typed(image)} {typed(key)}"


def share_words(url: str, server: str, tenant: str) -> str:
    """What a colleague types to open a shared picture."""
    return f"imagechat {typed(url)} --server {typed(server)} --tenant {typed(tenant)}"


def own_already_words(name: str) -> str:
    """That a picture has a room of its own, and nobody has said anything there."""
    return f"Nothing to unlink: {safe_name(name)} is alone in its room, and there is no marker."


def linked_elsewhere_words(own: OpenedImage) -> Words:
    """That somebody has linked the picture that is shown to another room meanwhile."""
    return Words(
        "Linked elsewhere",
        f"Somebody has linked this picture to {safe_name(own.url_id)}; you are in the room that it was in.",
        "go goes there.",
    )


def named_room_words(room: str, own: OpenedImage) -> Words:
    """That the room which the person named is not the one that the picture is in by its place."""
    return Words(
        "Another room",
        f"You named {safe_name(room)}. By {matched_words(own.matched)} this picture is in {safe_name(own.url_id)}.",
        "go goes there.",
    )


def places_words(places: Iterable[Place]) -> list[str]:
    """Where a picture is met; those that read alike in one: of files outside of projects no more is known."""
    met = Counter(map(_place_words, places))
    return [words if times == 1 else f"{words} ({times} times)" for words, times in met.items()]


def elsewhere_untold_words() -> str:
    """To a guest: that the server does not tell them in which rooms a picture's pixels are discussed."""
    return "Guests are not told where else these pixels are discussed. Who signs in is."


def _place_words(place: Place) -> str:
    """Where a picture is met."""
    match place.kind:
        case PlaceKind.PATH:
            return f"{safe_name(place.value)} in {safe_name(place.project)}"
        case PlaceKind.URL:
            return safe_name(place.value)
        case PlaceKind.FILE:
            return "a file outside of all projects"
        case _:
            assert_never(place.kind)


def version_words(number: int | None, latest: int) -> str:
    """Which version a picture is; nothing where there is only one, or it is not known. Below 0 it is none of them."""
    if number is not None and number < 0:
        return f"v? of {latest}"
    if number is None or latest < 2:
        return ""
    return f"v{number}" if number == latest else f"v{number} of {latest}"


def matched_words(matched: Matched) -> str:
    """By what a picture was recognised."""
    match matched:
        case Matched.KEY:
            return "the key of its room"
        case Matched.PATH:
            return "its path in the project"
        case Matched.URL:
            return "its address"
        case Matched.FILE:
            return "its file on this machine"
        case Matched.PIXELS:
            return "its pixels"
        case Matched.NEW:
            return "nothing: nobody knew it"
        case Matched.LINK:
            return "a link that somebody made"
        case _:
            assert_never(matched)
