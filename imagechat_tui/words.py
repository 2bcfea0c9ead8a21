"""Failures and states as sentences: what happened, what it means for your text, what to do.

The one place where data becomes prose, for the screen and for the verbs alike. Outside text (a server's
reason, a file's name) comes in raw and leaves harmless.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, assert_never

from msgspec import Struct

from imagechat_tui import problems
from imagechat_tui.problems import (
    NO_IMAGE_CHATS,
    NOT_SIGNED_IN,
    SERVER_FAILED,
    AdminProblem,
    FileFault,
    LocalServerProblem,
    Mistake,
    PictureProblem,
    Problem,
    ProblemKind,
    ServeProblem,
    SettingsFault,
    SettingsProblem,
    Unfetchable,
    Unfetched,
    VerbProblem,
)
from imagechat_tui.protocol import codes
from imagechat_tui.protocol.models import Position
from imagechat_tui.safetext import Kind, SafeText, safe_text
from imagechat_tui.sync import intents
from imagechat_tui.sync.state import Connection, Phase

if TYPE_CHECKING:
    from imagechat_tui.raster.image import Loss

BANNER_AFTER_S = 2.0
"""A blip shorter than this is not worth a line on the screen (PROMISES 5)."""

ONE_LINE = 98
"""Cells for a banner on a screen of 100 columns."""

RETRY = "R retries."
"""What to do where trying again is all; a banner that counts down says so anyway."""

WIDE_SIGNS = "Signs are two cells wide here: drawn in ASCII."
"""Told once, when the terminal has answered."""

NOTHING_YET = "Nothing loaded yet"
"""Where the server has not been reached since the start."""


class Words(Struct, frozen=True):
    """A failure as people read it."""

    title: str
    sentence: str
    action: str = ""
    """What to press or do next; empty if there is nothing."""

    @property
    def text(self) -> str:
        """All of it as one line, for stderr and logs."""
        return " ".join(
            part for part in (f"{self.title}:" if self.title else "", self.sentence, self.action) if part
        )


def safe_line(text: str) -> SafeText:
    """Outside text as one harmless line."""
    return safe_text(text, Kind.LINE)


MAX_NAME = 200
"""Characters of a name that are shown; who typed more knows the rest."""


def safe_name(text: str) -> SafeText:
    """A file's name or an argument as one harmless line that is not longer than anybody reads."""
    return safe_line(text if len(text) <= MAX_NAME else f"{text[: MAX_NAME - 1]}…")


def problem_words(problem: Problem, *, keys: bool = True) -> Words:
    """Why a write was not saved, or a link does not stand, in words.

    Args:
        problem: the failure.
        keys: whether there is a screen, which tries again by itself and has keys; a verb goes on in the shell.
    """
    reason = safe_line(problem.reason).strip()
    told = f" The server says: {_stopped(reason)}" if reason else ""
    now = RETRY if keys else "Run it again later."
    match problem.kind:
        case ProblemKind.NOT_CONNECTED:
            return Words("Not connected yet", "The server has not answered yet.", now)
        case ProblemKind.UNREACHABLE if problem.local is not None:
            return local_server_words(problem.local, named=False)
        case ProblemKind.OFFLINE | ProblemKind.UNREACHABLE if problem.code in UNREACHED_WORDS:
            title, sentence, advice = UNREACHED_WORDS[problem.code]
            return Words(title, sentence.format(said=reason or "no reason given"), advice or now)
        case ProblemKind.OFFLINE:
            return Words("Offline", "There is no connection to the server.", now)
        case ProblemKind.UNREACHABLE:
            again = RETRY if keys else "Check the server's address, or run it again later."
            return Words("Server unreachable", f"Nothing answers there.{told}", again)
        case ProblemKind.TIMED_OUT:
            return Words(
                "No answer in time", "The server did not answer within 10 seconds.", "" if keys else now
            )
        case ProblemKind.NO_ANSWER:
            return Words(
                "Not saved", "The connection broke before the answer; the server's log does not have it."
            )
        case ProblemKind.RESTARTED:
            return Words("Save not confirmed", "The program ended before the answer came.")
        case ProblemKind.REFUSED if problem.code == SERVER_FAILED:
            again = RETRY if keys else "Run it again; if that does not help, tell whoever runs it."
            return Words("Server error", f"The server had an internal error.{told}", again)
        case ProblemKind.REFUSED if problem.code == codes.STORE_FAILED:
            return Words("Server cannot save", f"The server could not write to its store.{told}", now)
        case ProblemKind.REFUSED if problem.code == codes.HOST_NOT_ALLOWED:
            called = f" {reason}" if reason else ""
            return Words(
                "Name not allowed",
                f"The server does not go by the name{called}.",
                f"Whoever runs it: imagechat serve --allow-host{called or ' NAME'}",
            )
        case ProblemKind.REFUSED if problem.code == codes.OVERLOADED:
            after = f"in {_seconds(problem.retry_after_s)}" if problem.retry_after_s else "later"
            again = RETRY if keys else f"Run it again {after}."
            return Words("Server overloaded", f"The server is busy or down.{told}", again)
        case ProblemKind.REFUSED:
            return Words("Refused", _refusal(problem.code) or f"The server refused it.{told}")
        case ProblemKind.SIGN_IN if problem.code == codes.MALFORMED_SSO:
            again = "start again" if keys else "run it again"
            return Words(
                "Sign-in needed",
                f"The server does not accept your token.{told}",
                f"Put a valid one in IMAGECHAT_SSO and {again}.",
            )
        case ProblemKind.SIGN_IN:
            again = "start again" if keys else "run it again"
            return Words(
                "Sign-in needed",
                f"You are not signed in, or your token has expired.{told}",
                f"Set IMAGECHAT_SSO to a valid token and {again}.",
            )
        case ProblemKind.READ_ONLY if problem.code == NOT_SIGNED_IN:
            return Words(
                "Read-only",
                "You are not signed in.",
                "To write, set IMAGECHAT_SSO to a sign-in token and start again.",
            )
        case ProblemKind.READ_ONLY:
            return Words(
                "Read-only",
                "Your account may only read here.",
                "Ask whoever runs the server for the right to write.",
            )
        case ProblemKind.RATE_LIMITED:
            wait = (
                f" Try again in {_seconds(problem.retry_after_s)}."
                if problem.retry_after_s
                else " Try again soon."
            )
            return Words("Too fast", f"You are sending faster than the server allows.{wait}")
        case ProblemKind.GONE if problem.code in (codes.INVALID_TENANT, codes.INVALID_TENANT_ID):
            return Words("No such tenant", "The server has no tenant of this name.", "Check --tenant.")
        case ProblemKind.GONE:
            return Words("Gone", "It has been deleted.")
        case ProblemKind.UNSUPPORTED if problem.code == NO_IMAGE_CHATS:
            return Words(
                "No imagechat server",
                f"What answers there knows no image chats{f' ({reason})' if reason else ''}.",
                "Check the server's address.",
            )
        case ProblemKind.UNSUPPORTED:
            return Words("Not on this server", "This server cannot do that; only imagechat's own can.")
        case ProblemKind.BAD_ANSWER:
            where = f" ({reason})" if reason else ""
            look = "" if keys else "Check the server's address."
            return Words("Unexpected answer", f"The server's answer makes no sense{where}.", look)
        case _:
            assert_never(problem.kind)


def not_tried_words() -> Words:
    """One of several writes that was not begun, because the one before it did not reach the server."""
    return Words(
        "Not tried", "The server could not be reached for the one before.", "Run it again for the rest."
    )


_ADDRESS = "Check the server's address."
UNREACHED_WORDS: Mapping[str, tuple[str, str, str]] = {
    "nobody-listens": ("Server unreachable", "Nothing listens there: {said}.", ""),
    "system": ("Server unreachable", "The connection failed: {said}.", ""),
    "hung-up": ("No answer", "The connection was closed without an answer.", ""),
    "no-http": ("Not a web server", "What answers there does not speak HTTP.", _ADDRESS),
    "no-tls": (
        "No TLS there",
        "What answers there does not speak TLS.",
        "Check the port: is it https:// there?",
    ),
    "tls": ("No secure link", "TLS could not be set up: {said}.", ""),
    "no-name": ("No such host", "There is no host of that name.", _ADDRESS),
    "no-lookup": ("Offline", "The server's name cannot be looked up at the moment.", ""),
    "proxy": ("Proxy failed", "The proxy did not connect: {said}.", "Check the proxy setting."),
    "ca-file": ("No certificates", "The file that ca_file names cannot be read.", "Check ca_file."),
    "certificate": (
        "Not trusted",
        "The server's certificate is not trusted: {said}.",
        "If a CA of your own signed it, name that in ca_file.",
    ),
    "certificate-expired": (
        "Certificate expired",
        "By this machine's clock the server's certificate has expired.",
        "Check the clock; if it is right, tell whoever runs the server.",
    ),
    "certificate-early": (
        "Certificate not valid yet",
        "By this machine's clock the server's certificate is not valid yet.",
        "Check the clock; if it is right, tell whoever runs the server.",
    ),
    "certificate-name": (
        "Another's certificate",
        "The server's certificate is for another name: {said}.",
        _ADDRESS,
    ),
    "intercepted": ("Not the server", "Something in front of the server answered: {said}.", ""),
    "web-page": (
        "Not the server",
        "A web page came instead of the server's answer.",
        "Open the address in a browser to see what it says.",
    ),
    "redirect": (
        "Server elsewhere",
        "The address leads on to {said}; that is not followed.",
        "If that is your server, name it with --server.",
    ),
}
"""What was seen where the server was not reached, for each ``Unreached``: title, sentence, and what to do where
trying again is not all."""


def _stopped(sentence: str) -> str:
    """A sentence of others with a full stop, so that ours can follow."""
    return sentence if sentence.endswith((".", "!", "?", "…")) else f"{sentence}."


_REFUSALS = {
    codes.COMMENT_TOO_BIG: "It is too long for this server.",
    codes.EMPTY_COMMENT: "It is empty.",
    codes.LOCKED: "The comment is locked.",
    codes.THREAD_CLOSED: "The thread is closed: no new comments.",
    codes.UNAUTHORIZED: "You may not do that here.",
    codes.BANNED: "You may not write here.",
    codes.USER_RATE_LIMITED: "You are writing faster than this server allows; wait a minute.",
    codes.RATE_LIMITED: "Too many requests; wait a minute.",
    codes.URL_TOO_LONG: "The picture's name is too long for this server.",
    codes.READONLY: "Your account may only read here.",
}
"""Codes of the wire that have words of their own."""


def _refusal(code: str) -> str:
    return _REFUSALS.get(code, "")


def write_words(write: intents.Write) -> str:
    """What a write is, in a list of several: "new marker", "comment", "delete marker" …"""
    match write:
        case intents.StartConversation():
            return "new marker"
        case intents.PostComment():
            return "comment"
        case intents.EditComment():
            return "edit"
        case intents.DeleteComment():
            return "delete comment"
        case intents.DeleteConversation():
            return "delete marker"
        case intents.MoveConversation():
            return "move marker"
        case intents.ResolveConversation(resolved=resolved):
            return "resolve" if resolved else "reopen"
        case _:
            assert_never(write)


def not_done_words(write: intents.Write) -> str:
    """That a write did not happen, as a title: "Marker not saved", "Comment not deleted" …"""
    match write:
        case intents.StartConversation():
            return "Marker not saved"
        case intents.PostComment():
            return "Comment not saved"
        case intents.EditComment():
            return "Edit not saved"
        case intents.DeleteComment():
            return "Comment not deleted"
        case intents.DeleteConversation():
            return "Marker not deleted"
        case intents.MoveConversation():
            return "Marker not moved"
        case intents.ResolveConversation(resolved=resolved):
            return "Not resolved" if resolved else "Not reopened"
        case _:
            assert_never(write)


def not_saved_words(problem: Problem, write: intents.Write | None, *, listed: bool = True) -> Words:
    """The verdict "not saved" about one write: why, and what became of the text.

    Args:
        problem: why.
        write: what was not saved, where that is known.
        listed: whether it is among what ``!`` lists. What was refused at once and has no text is not.
    """
    why = problem_words(problem)
    kept = write is None or hasattr(write, "text")
    fate = "Your text is kept as a draft; it is not sent by itself." if kept else "Nothing has changed."
    return Words(
        not_done_words(write) if write is not None else "Not saved",
        f"{why.title}. {why.sentence} {fate}",
        "! lists what was not saved; Enter there retries." if listed else why.action,
    )


def checking_words(write: intents.Write | None) -> Words:
    """That a write was sent and nobody knows yet what became of it."""
    what = f"{write_words(write)}: " if write is not None else ""
    return Words("Checking", f"{what}no answer yet. You will be told whether it was saved.")


def phase_words(phase: Phase) -> str:
    """The connection state as the header shows it."""
    return phase.value.upper()


def banner(connection: Connection, *, now_s: float, as_of: str) -> str | None:
    """The line under the header, or None while there is nothing to say.

    Args:
        connection: the link.
        now_s: the engine's clock.
        as_of: the local time ``hh:mm:ss`` that ``connection.as_of_s`` was, empty if never.
    """
    tries = _next_try(connection, now_s)
    match connection.phase:
        case Phase.READ_ONLY:
            words = problem_words(connection.problem or Problem(ProblemKind.READ_ONLY))
            return f"READ-ONLY. {words.sentence} {words.action}"
        case Phase.LIVE | Phase.CATCHING_UP | Phase.STARTING:
            if connection.phase is Phase.STARTING and connection.problem is not None:
                why = problem_words(connection.problem)
                todo = f" {why.action}" if why.action not in ("", RETRY) else ""
                said = f"Not connected: {why.sentence}{todo}"
                full = f"{said} {NOTHING_YET}."
                return _fitting([full, said] if todo else [full]) + tries
            if connection.received_bytes is not None and connection.phase in (
                Phase.STARTING,
                Phase.CATCHING_UP,
            ):
                return received_words(connection.received_bytes)
            return None
        case Phase.RECONNECTING:
            if connection.lost_at_s is None or now_s - connection.lost_at_s < BANNER_AFTER_S:
                return None
            return _unlinked("Reconnecting.", "comments are tried once", connection, as_of) + tries
        case Phase.OFFLINE:
            return _unlinked("OFFLINE.", "comments are refused, kept as drafts", connection, as_of) + tries
        case Phase.POLLING:
            return "Live updates off: WebSockets do not get through. The list is at most 5 s old. R retries."
        case Phase.SIGN_IN_NEEDED:
            seen = f"As of {as_of}" if as_of else NOTHING_YET
            return f"SIGN-IN NEEDED. {seen}; set IMAGECHAT_SSO to a valid token and start again."
        case _:
            assert_never(connection.phase)


def _unlinked(state: str, fate: str, connection: Connection, as_of: str) -> str:
    """What is seen without a link, and what becomes of a comment; why, where waiting may not mend it."""
    age = f"As of {as_of}" if as_of else NOTHING_YET
    plain = _fitting(
        [*([f"{state} Everything as of {as_of}; {fate}."] if as_of else []), f"{state} {age}; {fate}."]
    )
    problem = connection.problem
    if problem is None or (as_of and problem.kind is not ProblemKind.GONE):
        return plain
    words = problem_words(problem)
    why = f"{state} {words.sentence}"
    ways = [f"{why} {age}; {fate}.", f"{why} {age}.", f"{state} {words.title}. {age}."]
    if not as_of:
        ways.insert(2, why)  # that nothing is there is seen anyway
    return _fitting(ways)


def _fitting(ways: Sequence[str]) -> str:
    """The first way of saying it that leaves room for the longest countdown in one line, else the last."""
    return next((way for way in ways if len(way) + len(_LONGEST_TRY) <= ONE_LINE), ways[-1])


def short_banner(connection: Connection, *, now_s: float, as_of: str) -> str:
    """The banner for a narrow screen: the state, its age, what happens to texts, what to do."""
    if connection.received_bytes is not None and not as_of:
        return received_words(connection.received_bytes)
    due = connection.retry_at_s
    wait = f" ({_seconds(due - now_s)})" if due is not None and due > now_s else ""
    since = f" as of {as_of}." if as_of else f". {NOTHING_YET}."
    match connection.phase:
        case Phase.STARTING if connection.problem is not None:
            return f"Not connected: {problem_words(connection.problem).title}.{_kept(connection)} R retries{wait}."
        case Phase.READ_ONLY if _not_signed_in(connection):
            return "READ-ONLY. To write, set IMAGECHAT_SSO and start again."
        case Phase.READ_ONLY:
            return "READ-ONLY. Your account may only read here."
        case Phase.POLLING:
            return "LIVE UPDATES OFF. The list is at most 5 s old. R retries."
        case Phase.SIGN_IN_NEEDED:
            return "SIGN-IN NEEDED. Set IMAGECHAT_SSO to a valid token and start again."
        case phase:
            return f"{phase_words(phase)}{since}{_kept(connection)} R retries{wait}."


def shortest_banner(connection: Connection, *, as_of: str) -> str:
    """The banner where the header has no room but for the state, so that only the rest of it is said here."""
    match connection.phase:
        case Phase.STARTING if connection.problem is not None:
            return f"{problem_words(connection.problem).title}. R retries."
        case Phase.POLLING:
            return "At most 5 s old. R retries."
        case Phase.READ_ONLY if _not_signed_in(connection):
            return "To write, set IMAGECHAT_SSO."
        case Phase.READ_ONLY:
            return "Your account may only read."
        case Phase.SIGN_IN_NEEDED:
            return "Set IMAGECHAT_SSO to a valid token and restart."
        case _:
            return f"{f'As of {as_of}' if as_of else 'Nothing loaded'}.{_kept(connection)} R retries."


def _not_signed_in(connection: Connection) -> bool:
    return connection.problem is not None and connection.problem.code == NOT_SIGNED_IN


def _kept(connection: Connection) -> str:
    return "" if connection.can_write else " Drafts are kept."


_LONGEST_TRY = " Next try in 88 s; R retries."


def received_words(received_bytes: int) -> str:
    """How much of a list has come over a slow link."""
    return f"Slow link, {received_bytes / 1000:.0f} kB so far."


def _next_try(connection: Connection, now_s: float) -> str:
    if connection.received_bytes is not None:
        return f" {received_words(connection.received_bytes)}"
    if connection.retry_at_s is None or connection.retry_at_s <= now_s:
        return " Trying now."
    return f" Next try in {_seconds(connection.retry_at_s - now_s)}; R retries."


def _seconds(wait_s: float) -> str:
    """A wait in whole seconds: never none at all."""
    return f"{max(1.0, wait_s):.0f} s"


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
            meant = _did_you_mean(near)
            return Words("No such picture", f"{called} does not exist.", meant or "Check the name.")
        case problems.PictureForbidden():
            return Words("Not readable", f"You may not read {called}.", "Check its permissions.")
        case problems.PictureUnreadable(why=why):
            said = safe_line(why)
            return Words("No picture", f"{called} cannot be shown.{f' {_stopped(said)}' if said else ''}")
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


def _did_you_mean(near: Sequence[str]) -> str:
    """The question after names that are spelled almost like one; empty if there are none."""
    meant = " or ".join(safe_name(other) for other in near)
    return f"Did you mean {meant}?" if meant else ""


def defect_words(path: str) -> Words:
    """A picture is not shown by a fault of ours; ``path`` is the file with its details, empty if there is none."""
    details = f"Details, without your data, are in {safe_line(path)}" if path else ""
    return Words("No picture", "A defect of imagechat keeps it from being shown.", details)


def picture_changed_words(name: str) -> Words:
    """The file of the picture on the screen is another than the one that was read; ``name`` raw."""
    return Words("Picture changed", f"{safe_name(name)} has changed on disk.", "R reads it again.")


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
    meant = f" {_did_you_mean(near)}" if near else ""
    return (
        f"There is no picture {safe_name(name)!r} here. If the server has its threads, they are shown.{meant}"
    )


def first_picture_words(name: str, pictures: int) -> str:
    """Which picture of a folder was taken."""
    if pictures == 1:
        return f"{safe_name(name)} is the only picture there."
    return f"{safe_name(name)} is the first of {pictures} pictures there."


def look_alike_words(typed: str, there: str) -> str:
    """The file that was taken for one whose name looks the same; both spelled out."""
    return f"There is no {safe_name(typed)}; {safe_name(there)} looks the same and is taken."


def local_server_words(problem: LocalServerProblem, *, named: bool = True) -> Words:
    """Why there is no local server.

    Args:
        problem: why.
        named: whether paths and what the server told may be named; a banner has no room for them.
    """
    return Words("No local server", *_no_local_server(problem, named))


def _no_local_server(problem: LocalServerProblem, named: bool) -> tuple[str, str]:
    """What happened, and what to do about it."""

    def place(path: str, otherwise: str) -> str:
        return safe_line(path) if named else otherwise

    match problem:
        case problems.DirectoryUnsafe(path=path):
            return (
                f"{place(path, 'The folder for the socket')} is not yours alone.",
                "Set XDG_RUNTIME_DIR to a private directory.",
            )
        case problems.SharedDirectoryMissing(path=path):
            return (
                f"{place(path, 'The shared directory')} does not exist.",
                f"Whoever is to keep it: mkdir -m 2750 {place(path, 'DIR')}, and chgrp it to the group.",
            )
        case problems.SharedDirectoryUnfit(path=path):
            return (
                f"{place(path, 'The shared directory')} must be open to its group, and for its owner alone"
                " to write to: mode 2750.",
                f"Its owner can fix it: chmod 2750 {safe_line(path)}" if named else "",
            )
        case problems.SharedReplaceable(path=path):
            return (
                f"{place(path, 'A directory above the shared one')} is not safe:"
                " others could put another directory there.",
                "Share a directory whose parents only root or its owner can write to.",
            )
        case problems.NotAMember(path=path, group=group):
            return (
                f"{place(path, 'The shared directory')} is open to the group {safe_line(group)} only.",
                "Ask to be made a member, then log in again.",
            )
        case problems.KeeperAway(path=path, keeper=keeper):
            who = safe_line(keeper)
            return (
                f"No server runs in {place(path, 'the shared directory')}, and only {who} can start it.",
                f"Ask {who} to run: imagechat serve --shared {place(path, 'DIR')}",
            )
        case problems.Stranger(path=path, user=user):
            return (
                f"A program of {safe_line(user)} listens at {place(path, 'the socket')}. Nothing was sent to it.",
                "Remove the socket if you can, and ask them what it is.",
            )
        case problems.PathTooLong(path=path):
            return (
                f"{place(path, 'The path')} is too long for a socket.",
                "Set XDG_RUNTIME_DIR to a short path.",
            )
        case problems.DiskFull(path=path):
            return f"The disk that holds {place(path, 'the data of the server')} is full.", _MAKE_ROOM
        case problems.NotWritable(path=path, why=why):
            return (
                f"{place(path, 'A folder of the server')} cannot be created or written"
                f" ({safe_line(why) or 'no permission'}).",
                "Check its permissions, or set XDG_DATA_HOME and XDG_STATE_HOME.",
            )
        case problems.ServerDied(log=log, cause=cause, last_line=last_line):
            death = _local_death(cause) if cause is not None else None
            if cause is not None and death is not None:
                sentence, action = death
                return serve_words(cause).sentence if named else sentence, action
            last = safe_line(last_line).strip()
            ending = f" Its log ends with: {_stopped(last)}" if last else ""
            return f"The server stopped as soon as it was started.{ending}", _its_log(log, named)
        case problems.ServerNotReady(log=log):
            return "The server was started and did not answer in time.", _its_log(log, named)
        case _:
            assert_never(problem)


def _its_log(path: str, named: bool) -> str:
    return f"Its log: {safe_line(path)}" if named else ""


_MAKE_ROOM = "Make room there, or set XDG_DATA_HOME and XDG_STATE_HOME to folders on another."


def _local_death(cause: ServeProblem) -> tuple[str, str] | None:
    """What ended a local server, in few words, and what to do: who has one started runs no ``imagechat serve``.

    None if it is not said so: the end of its log tells more.
    """
    match cause:
        case problems.DiskFull():
            return "The disk that holds the server's data is full.", _MAKE_ROOM
        case problems.DataFolderUnusable():
            return (
                "The server's data folder cannot be used.",
                "Check its permissions, or set XDG_DATA_HOME to another folder.",
            )
        case problems.DataInUse():
            return (
                "Another server uses the same data.",
                "Stop that one, or set XDG_DATA_HOME to another folder.",
            )
        case problems.DataBroken():
            return (
                "The server's database cannot be used.",
                "Repair the disk, restore a backup, or move it away to start with an empty one.",
            )
        case problems.DataNewer():
            return (
                "The server's database was made by a newer version.",
                "Update imagechat, or set XDG_DATA_HOME to another folder.",
            )
        case problems.SocketImpossible() | problems.SocketExposed():
            return "The server's socket cannot be created.", "Set XDG_RUNTIME_DIR to a private directory."
        case problems.SharedFolderUnfit():
            return "The shared directory is not safe.", "Try: chmod 2750 DIR"
        case problems.PortInUse() | problems.PortDenied() | problems.HostUnknown() | problems.TlsUnusable():
            return None
        case _:
            assert_never(cause)


def serve_words(problem: ServeProblem) -> Words:
    """Why ``imagechat serve`` did not start."""
    return Words("Cannot start", *_no_server(problem))


def _no_server(problem: ServeProblem) -> tuple[str, str]:
    """What happened, and what to do about it."""
    match problem:
        case problems.DiskFull(path=path):
            return (
                f"The disk that holds {safe_line(path)} is full.",
                "Make room there, or choose another --data-dir.",
            )
        case problems.DataFolderUnusable(path=path, why=why):
            return (
                f"The data folder {safe_line(path)} cannot be used{_because(why)}.",
                "Choose one with --data-dir.",
            )
        case problems.DataInUse(path=path, pid=pid):
            who = f" (process {pid})" if pid else ""
            return (
                f"Another server{who} is using {safe_line(path)}.",
                "Stop it, or choose another --data-dir.",
            )
        case problems.DataBroken(path=path, why=why):
            return (
                f"The database in {safe_line(path)} cannot be used{_because(why)}.",
                "Repair the disk, or restore a backup.",
            )
        case problems.DataNewer(path=path):
            return (
                f"The database in {safe_line(path)} was made by a newer version.",
                "Update imagechat, or choose another --data-dir.",
            )
        case problems.PortInUse(host=host, port=port):
            return f"Port {port} on {safe_line(host)} is in use.", "Choose another with --port."
        case problems.PortDenied(port=port):
            return f"Port {port} needs more rights.", "Choose one above 1023 with --port."
        case problems.HostUnknown(host=host):
            return f"{safe_line(host)} is not an address of this machine.", "Choose another --host."
        case problems.SocketImpossible(path=path, why=why):
            return f"No socket can be created in {safe_line(path)}{_because(why)}.", "Check the directory."
        case problems.SocketExposed(path=path):
            return (
                f"No socket can be created in {safe_line(path)} (others can enter it).",
                "Check the directory.",
            )
        case problems.SharedFolderUnfit(path=path):
            return (
                f"{safe_line(path)} must be there, yours, open to its group, and for you alone to write to.",
                "Try: chgrp GROUP DIR && chmod 2750 DIR",
            )
        case problems.TlsUnusable(path=path, why=why):
            return f"The certificate {safe_line(path)} or its key cannot be used{_because(why)}.", ""
        case _:
            assert_never(problem)


def _because(why: str) -> str:
    said = safe_line(why)
    return f" ({said})" if said else ""


def settings_words(problem: SettingsProblem) -> Words:
    """Why settings cannot be used."""
    match problem:
        case problems.PlainHttp(server=server):
            return Words(
                "Not safe", f"{safe_name(server)} would send everything unencrypted.", "Use https://."
            )
        case problems.BadFlag(flag=flag, must=must, value=value):
            return Words("Not understood", f"{safe_name(f'{flag} {_must_be(must)}, not {value}')}.")
        case problems.BadServer(server=server):
            return Words("Not a server", f"{safe_name(server)} is not an address like https://host.")
        case problems.NoTenant():
            return Words("Tenant missing", "A server needs a tenant.", "Name yours with --tenant.")
        case problems.TenantNotAllowed():
            return Words(
                "Tenant missing",
                "A server needs a tenant, and only the project's file names one, which you have not allowed.",
                "To allow it: imagechat config trust; or name yours with --tenant.",
            )
        case problems.SecretReadable(path=path):
            file = safe_name(path)
            return Words("Secret readable by others", f"Others can read {file}.", f"Try: chmod 600 {file}")
        case problems.NoHome():
            return Words(
                "No home",
                "HOME names no folder by its whole path, and the system has no account with a home for you.",
                "Set HOME, or XDG_CONFIG_HOME, XDG_DATA_HOME and XDG_STATE_HOME.",
            )
        case problems.SecretMissing(path=path):
            sentence = f"{safe_name(path)} cannot be read."
            return Words("No token", sentence, "Check sso_file, or set IMAGECHAT_SSO.")
        case _:
            assert_never(problem)


def _must_be(rule: problems.OneOf | problems.Between) -> str:
    """What a setting must be, to be read behind its name."""
    match rule:
        case problems.OneOf(choices=choices):
            return f"must be one of {', '.join(choices)}"
        case problems.Between(least=least, most=most):
            limits = f"between {least:g} and {most:g}" if most < math.inf else f"above {least:g}"
            return f"must be a number {limits}"
        case _:
            assert_never(rule)


_ODD_FILES: Mapping[FileFault, str] = {
    "no-plain-file": "it is no plain file",
    "too-large": "it is larger than {most} KiB",
    "no-text": "it is not UTF-8 text",
    "too-many-dots": "a line of it has more than {most} dots",
    "too-deep": "it is nested too deeply",
}


def mistake_words(mistake: Mistake) -> str:
    """What is wrong in a settings file or a variable, on one line."""
    if isinstance(mistake.what, problems.TokenWithheld):
        return safe_line(
            f"only {mistake.where} names the server {mistake.what.server}, so your token does not go there; "
            "name it in config.toml or IMAGECHAT_SERVER as well"
        )
    return safe_line(f"{mistake.where}: {_fault(mistake.what)}")


def _fault(what: SettingsFault) -> str:
    match what:
        case problems.SettingWrong(key=key, must=must, value=value):
            return f"{key} {_must_be(must)}, not {value}"
        case problems.BadServer(server=server):
            return f"server must be an address like https://host, not {shown_value(server)}"
        case problems.PlainHttp(server=server):
            unsafe = "must be https:// (else everything travels unencrypted)"
            return f"server {unsafe}, not {shown_value(server)}"
        case problems.SettingUnknown(key=key):
            return f"there is no setting {key}"
        case problems.SettingMisplaced(key=key):
            return f"not the place for {key}"
        case problems.SettingNoValue(key=key):
            return f"{key} must be a text or a number"
        case problems.SettingTooLarge(key=key):
            return f"{key} is too large a number"
        case problems.ProjectNameTooLong(most=most):
            return f"project must be a name of at most {most} characters"
        case problems.FurtherMistakes(count=count):
            return f"and {count} more of this kind"
        case problems.SettingsUnreadable(why=why):
            return f"it cannot be read ({why})"
        case problems.SettingsMalformed(why=why):
            return why
        case problems.SettingsFileOdd(fault=fault, most=most):
            return _ODD_FILES[fault].format(most=most)
        case problems.TokenWithheld(server=server):
            return f"only this names {server}"
        case _:
            assert_never(what)


def shown_value(value: object) -> str:
    """A value of a settings file as a message has it: no longer than anybody reads."""
    shown = repr(value)
    return shown if len(shown) <= 80 else f"{shown[:79]}…"


def admin_words(problem: AdminProblem) -> Words:
    """Why an operator's request was refused."""
    match problem:
        case problems.TenantInvalid(tenant=tenant):
            sentence = f"{safe_name(tenant)!r} must be 1-64 of A-Z a-z 0-9 _ -."
            return Words("Invalid tenant name", sentence)
        case problems.TenantReserved(tenant=tenant):
            sentence = f"{safe_name(tenant)} is reserved for the server itself."
            return Words("Name reserved", sentence, "Choose another name.")
        case problems.TenantExists(tenant=tenant):
            sentence = f"There is already a tenant {safe_name(tenant)}."
            return Words("Already exists", sentence, "imagechat tenant list shows them.")
        case problems.NoSuchTenant(tenant=tenant):
            name = safe_name(tenant)
            return Words(
                "No such tenant", f"There is no tenant {name}.", f"Try: imagechat tenant create {name}"
            )
        case problems.NoSecret(tenant=tenant):
            sentence = f"Users of {safe_name(tenant)} are known by the kernel's word: no token is needed."
            return Words("No secret", sentence)
        case problems.DataDenied(path=path):
            sentence = f"The server's data in {safe_name(path)} belongs to another user."
            return Words("Not yours", sentence, "Ask its owner.")
        case problems.DataBroken(path=path):
            sentence = f"The database in {safe_name(path)} cannot be read or written."
            return Words("Data unusable", sentence, "imagechat serve --data-dir says why.")
        case problems.SecretsSealed(path=path):
            sealed = f"The seal.key in {safe_name(path)} does not open its tenants' secrets"
            return Words(
                "Secrets sealed",
                f"{sealed}, or others can read it.",
                "Restore it from the same backup as the database, with mode 600.",
            )
        case problems.DataUnanswered(path=path):
            return Words("No answer", f"A server holds {safe_name(path)} and does not answer.", "Restart it.")
        case _:
            assert_never(problem)


def verb_words(problem: VerbProblem) -> Words:
    """Why a verb cannot do what it was asked to, or does not know whether it did."""
    match problem:
        case problems.NoPictureNamed():
            return Words("No picture named", "The name of the picture is empty.")
        case problems.NoPictureToWriteOn(why=why):
            words = _no_picture_words(why)
            gone = "For the threads of a picture that is gone, use --url-id."
            return Words(words.title, words.sentence, f"{words.action} {gone}")
        case problems.SeveralLookAlike() | problems.NoWorkingFolder():
            return _no_picture_words(problem)
        case problems.FileElsewhere(address=address):
            return Words(
                "Not here",
                f"{safe_name(address)} names a file of another machine.",
                "Copy it here and open that.",
            )
        case problems.SchemeUnknown(address=address, scheme=scheme):
            begins = f"{safe_name(address)} begins with {safe_name(scheme)}://"
            return Words(
                "Address refused",
                f"{begins}, and only http, https and file are known.",
                "Fetch it yourself and open the file.",
            )
        case problems.NoTerminal():
            return Words(
                "No terminal",
                "The screen needs a terminal, and there is none.",
                "In scripts use imagechat ls, add, watch or show; over SSH, ssh -t.",
            )
        case problems.NotUtf8(variable=variable, value=value, encoding=encoding, remedy=remedy):
            return Words(
                "No UTF-8",
                f"{safe_name(variable)}={safe_name(value)} says that this terminal takes "
                f"{safe_name(encoding)}, and the screen is drawn in UTF-8.",
                f"If it takes UTF-8: {safe_name(remedy)}. Otherwise use imagechat show, ls, add or watch.",
            )
        case problems.PixelsBlocked():
            return Words(
                "No pixels here",
                "tmux, screen and zellij do not pass kitty's graphics on.",
                "Start it outside of them, or without --graphics kitty.",
            )
        case problems.PixelsNeedTruecolor(colors=colors):
            return Words(
                "No pixels here",
                f"Kitty's graphics need true colours, and {safe_name(colors)} was chosen.",
                "Add --colors truecolor, or leave out --graphics kitty.",
            )
        case problems.WishesUndecided(file=file, asked=asked):
            listed = ", ".join(f"{safe_name(key)} = {safe_name(value)}" for key, value in asked)
            keys = {key for key, _ in asked}
            # An answer about a tenant is for one server: the verb does not know of one that only a flag names.
            or_named = "; or name yours with --tenant" if "tenant" in keys and "server" not in keys else ""
            return Words(
                "Not allowed yet",
                f"{safe_line(file)} asks for {listed}, which is skipped.",
                f"To allow it: imagechat config trust{or_named}",
            )
        case problems.StdinUnreadable(why=why):
            return Words("Nothing to send", f"stdin cannot be read ({safe_line(why)}).")
        case problems.StdinTooLong():
            return Words("Too long", "The text on stdin has more than a million characters.")
        case problems.StdinTwice():
            return Words("One stdin", "It cannot be both the picture and the text.")
        case problems.TextEmpty():
            return Words("Nothing to send", "The text is empty.")
        case problems.NotACommentName(name=name):
            return Words(
                "Not a comment", f"{safe_name(name)!r} names no comment.", "7.2 is the second of marker 7."
            )
        case problems.NoSuchMarker(name=name):
            return Words(
                "No such marker", f"There is no marker {safe_name(name)!r}.", "imagechat ls IMAGE shows them."
            )
        case problems.NoSuchComment(name=name):
            return Words(
                "No such comment",
                f"There is no comment {safe_name(name)!r} in that thread.",
                "imagechat ls IMAGE shows them.",
            )
        case problems.NobodyToAsk():
            return Words("Not asked", "There is no terminal to ask on.", "Add --yes to delete anyway.")
        case problems.NotTheAuthor(verb=verb):
            return Words("Not yours", f"Only its author can {safe_name(verb)} it.")
        case problems.UserEmpty():
            return Words("Not a user name", "A user's id is not empty.")
        case problems.UserWithComma():
            return Words("Not a user name", "A user's id has no comma.")
        case problems.Unencrypted(host=host):
            return Words(
                "Not safe",
                f"On {safe_name(host)} without TLS everything would be sent unencrypted.",
                "Name a certificate with --tls-cert, or leave out --host and let a proxy on this machine do TLS.",
            )
        case problems.NotAnAddress(given=given):
            return Words(
                "No address",
                f"{safe_name(given)} is not an IP address.",
                "Give --trusted-proxy the address from which the proxy connects, such as 127.0.0.1.",
            )
        case problems.DemoServerDied(last_line=last_line):
            said = safe_line(last_line)
            return Words("No demo", f"Its server did not start.{f' {_stopped(said)}' if said else ''}")
        case problems.NotOnThisServer():
            return problem_words(Problem(ProblemKind.UNSUPPORTED), keys=False)
        case problems.TraceNotAFile(name=name):
            return Words("Not a trace", f"{safe_name(name)} is no plain file.")
        case problems.TraceUnreadable(line=line, why=why):
            return Words("Not a trace", f"Line {line}: {safe_name(why)}.")
        case problems.NotKnownIfSaved(why=request):
            broken = request.kind is ProblemKind.UNREACHABLE and not request.code
            seen = "The connection broke before the answer." if broken else problem_words(request).sentence
            return Words(
                "Save not confirmed",
                f"{seen} It may still have been saved.",
                "Check with imagechat ls before you run it again.",
            )
        case problems.MarkerNotSaved(why=second):
            why_not = problem_words(second, keys=False) if isinstance(second, Problem) else verb_words(second)
            return Words(
                "Comment saved without its marker",
                why_not.sentence,
                "Run the same command again: the comment stays as it is, the marker is made.",
            )
        case _:
            assert_never(problem)


def _no_picture_words(
    problem: problems.PictureMissing
    | problems.NoPictureInFolder
    | problems.SeveralLookAlike
    | problems.NoWorkingFolder,
) -> Words:
    match problem:
        case problems.SeveralLookAlike(name=typed, there=there):
            listed = ", ".join(safe_name(name) for name in there)
            sentence = f"{safe_name(typed)} does not exist, and these look like it: {listed}."
            return Words("Which one?", sentence, "Rename one.")
        case problems.NoWorkingFolder(name=name):
            return Words(
                "No working folder",
                f"The folder that this shell is in has been deleted, so {safe_name(name)} is nowhere.",
                "cd to another one, or name it by its whole path.",
            )
        case _:
            return picture_words(problem)


def private_address_words(url: str, address: str) -> list[str]:
    """The question about a public name that leads into a private network, as lines."""
    return [
        f"{safe_name(url)} has a public name and leads to {safe_line(address)}, in a private network.",
        "Whoever made that address may want you to ask a machine that they cannot reach.",
    ]


_WISHES = {
    "server": "threads would be read and written there",
    "tenant": "threads would be read and written in that tenant of {beside}",
    "shared": "threads would be read and written in that folder",
}
_LARGER = "larger pictures take more memory and time"


def wish_words(file: str, asked: Sequence[tuple[str, str, str]]) -> list[str]:
    """What a project's file asks for, as lines: the file, then each setting with what it means.

    Args:
        file: its path, raw.
        asked: settings with their values, and what each is asked for together with, raw.
    """
    return [
        f"The project's file {safe_line(file)} came with the pictures, and asks for:",
        *(
            f"  {key} = {safe_name(value) or '(the local server)'}"
            f"  ({_WISHES.get(key, _LARGER).format(beside=safe_name(beside))})"
            for key, value, beside in asked
        ),
    ]


def cannot_show_words(items: int) -> str:
    """That something of others could not be read, and is not among what is shown."""
    return "1 item cannot be shown." if items == 1 else f"{items} items cannot be shown."


def missed_words(after: Position, up_to: Position) -> str:
    """That the events between two places cannot be told one by one."""
    if up_to.epoch != after.epoch or up_to.seq <= after.seq:
        return f"Not told: what happened after event {after.seq}. The server started its log over."
    missed = up_to.seq - after.seq
    if missed == 1:
        return f"Not told: event {up_to.seq}. The server does not give it back."
    return f"Not told: {missed} events, {after.seq + 1} to {up_to.seq}. The server does not give them back."


def disk_full_words(name: str) -> Words:
    """There is no room left on a disk of this machine; ``name`` is the file, raw, empty if it is not known."""
    about = safe_name(name) or "what was to be written"
    return Words("Disk full", f"There is no room left for {about}.", "Make room on that disk of yours.")


def too_many_files_words() -> Words:
    """The system lets this program, or all together, open no more files."""
    return Words(
        "Too many open files", "The system lets us open no more of them.", "Raise the limit: ulimit -n 1024"
    )


def news_words(what: str, who: str, where: str) -> str:
    """A line about what somebody did: "Bob commented on 3"."""
    return f"{safe_text(who, Kind.NAME)} {what} {where}"
