"""How a request can fail, as data. It becomes words at the surface, never here.

::

    ApiError                 a problems.RequestFailed with .sent  .status
    ├── Unreachable          nobody answers, no way there, or the link broke; ``sent``: it may have arrived
    │   └── Intercepted      something else than the server answered in its place
    ├── TimedOut             no answer in time
    ├── Refused(reply)       the server said no
    ├── NoImageChats         what answers is another kind of server
    ├── BadAnswer(detail)    an answer that cannot be read
    └── Unsupported          this server does not have it; nothing was sent

No message, argument or cause of them holds a URL: credentials travel in those.
"""

from __future__ import annotations

import errno
import os
import socket
import ssl
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from urllib.parse import urlsplit

from imagechat_tui.problems import (
    NO_IMAGE_CHATS,
    SERVER_FAILED,
    Problem,
    ProblemKind,
    RequestFailed,
    Unreached,
)
from imagechat_tui.protocol import codes
from imagechat_tui.protocol.routes import ErrorReply

_ABOUT_THE_THING = frozenset({codes.LOCKED, codes.EDIT_KEY_INVALID})
"""Codes that come with 401 and yet are not cured by signing in (PROTOCOL 8.4)."""


_NOBODY_LISTENS = frozenset({errno.ECONNREFUSED, errno.ENOENT})
_NO_ROUTE = frozenset({errno.ENETDOWN, errno.ENETUNREACH, errno.EHOSTDOWN, errno.EHOSTUNREACH})
"""What the system says where there is no way to the server; trying again at once is of no use."""


_CERTIFICATES: Mapping[int, Unreached] = {
    9: "certificate-early",
    10: "certificate-expired",
    62: "certificate-name",
    64: "certificate-name",
}
"""OpenSSL's X509_V_ERR_*: not yet valid, expired, another host, another address."""

_NO_TLS = frozenset(
    {"WRONG_VERSION_NUMBER", "HTTP_REQUEST", "UNKNOWN_PROTOCOL", "PACKET_LENGTH_TOO_LONG", "RECORD_TOO_SMALL"}
)
"""What OpenSSL says of bytes that are no TLS."""


class ApiError(RequestFailed):
    """A request that was not answered with success."""

    def __init__(self, problem: Problem, *, sent: bool, status: int | None = None) -> None:
        super().__init__(problem)
        self.sent = sent
        """False: it certainly did not reach the server."""
        self.status = status
        """HTTP status, if there was an answer."""


class Unreachable(ApiError):
    """Nobody answers, or the link broke."""

    def __init__(
        self, *, sent: bool, code: Unreached | None = None, reason: str = "", no_route: bool = False
    ) -> None:
        kind = ProblemKind.OFFLINE if no_route else ProblemKind.UNREACHABLE
        super().__init__(Problem(kind, code or "", reason), sent=sent)

    @classmethod
    def because(cls, failure: BaseException, *, sent: bool) -> Unreachable:
        """From whatever the layers below made of it: what the system said lies at the bottom."""
        said = [cause for cause in _causes(failure) if isinstance(cause, OSError)]
        for cause in said:
            if isinstance(cause, ssl.SSLCertVerificationError):
                code = _CERTIFICATES.get(getattr(cause, "verify_code", 0), "certificate")
                return cls(sent=sent, code=code, reason=cause.verify_message)
            if isinstance(cause, ssl.SSLError):
                if cause.reason in _NO_TLS:
                    return cls(sent=sent, code="no-tls")
                return cls(sent=sent, code="tls", reason=(cause.reason or "").replace("_", " ").lower())
            if isinstance(cause, socket.gaierror):
                again = cause.errno == socket.EAI_AGAIN
                return cls(sent=sent, code="no-lookup" if again else "no-name", no_route=again)
        numbers = [cause.errno for cause in said if cause.errno is not None]
        no_route = bool(numbers) and set(numbers) <= _NO_ROUTE
        # Of several addresses each has failed in its own way: that there is no way to one tells least.
        told = next(
            (number for number in numbers if number not in _NO_ROUTE), numbers[0] if numbers else None
        )
        if told is None:
            return cls(sent=sent)
        code = "nobody-listens" if told in _NOBODY_LISTENS else "system"
        return cls(sent=sent, code=code, reason=os.strerror(told), no_route=no_route)


class Intercepted(Unreachable):
    """Something on the way answered in the server's place: a gateway, a sign-in page of the network.

    ``status`` is None, for the server has said nothing; ``of_what`` is the status that came.
    """

    def __init__(self, status: int, *, retry_after_s: float | None = None, location: str = "") -> None:
        reason = _named(status)
        code: Unreached = "web-page" if status < 300 else "intercepted"
        if 300 <= status < 400 and location:
            code, reason = "redirect", location
        super().__init__(sent=True, code=code, reason=reason)
        self.problem = Problem(ProblemKind.UNREACHABLE, code, reason, retry_after_s)
        self.of_what = status


class TimedOut(ApiError):
    """No answer in time."""

    def __init__(self, *, sent: bool) -> None:
        super().__init__(Problem(ProblemKind.TIMED_OUT), sent=sent)


class Refused(ApiError):
    """The server said no."""

    def __init__(self, reply: ErrorReply, *, hosted: bool = False) -> None:
        kind, code = _kind(reply), reply.code
        if kind is ProblemKind.REFUSED and reply.status >= 500 and code != codes.STORE_FAILED:
            code = codes.OVERLOADED if reply.status == 503 else SERVER_FAILED
        problem = Problem(kind, code, reply.shown or reply.reason, reply.retry_after_s, reply.banned_until_ms)
        super().__init__(problem, sent=True, status=reply.status)
        self.reply = reply
        self.hosted = hosted
        """It is no server of ours."""


class NoImageChats(ApiError):
    """What answers there does not have the list: another kind of server, or another path of one."""

    def __init__(self, refusal: Refused | Intercepted) -> None:
        status = refusal.of_what if isinstance(refusal, Intercepted) else refusal.status or 0
        reason = refusal.problem.reason or _named(status)
        super().__init__(Problem(ProblemKind.UNSUPPORTED, NO_IMAGE_CHATS, reason), sent=True, status=status)


class BadAnswer(ApiError):
    """An answer that cannot be read. What a write did is then unknown."""

    def __init__(self, detail: str, status: int | None = None) -> None:
        super().__init__(Problem(ProblemKind.BAD_ANSWER, reason=detail), sent=True, status=status)


class Unsupported(ApiError):
    """This server does not have it; nothing was sent."""

    def __init__(self) -> None:
        super().__init__(Problem(ProblemKind.UNSUPPORTED), sent=False)


def _named(status: int) -> str:
    """A status as people know it: ``502 Bad Gateway``."""
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


def pointed_to(location: str, asked: str, base_url: str) -> str:
    """Where a redirect points, without what must not be shown: user, query, and the path that was asked for.

    Args:
        location: The header as it came; it may repeat the query, and so the token.
        asked: The path that was asked for.
        base_url: The server's address, to which a short ``location`` belongs.
    """
    try:
        target, base = urlsplit(location), urlsplit(base_url)
        host, port = target.hostname, target.port
    except ValueError:
        return ""
    if not host:
        host, port = base.hostname or "", base.port
    shown = f"[{host}]" if ":" in host else host
    path = target.path.removesuffix("/").removesuffix(asked.removesuffix("/"))
    return f"{target.scheme or base.scheme}://{shown}{f':{port}' if port else ''}{path.rstrip('/')}"


def _causes(failure: BaseException) -> Iterator[BaseException]:
    """It, and what led to it; of several addresses each has its own."""
    yield failure
    for cause in getattr(failure, "exceptions", ()):
        yield from _causes(cause)
    before = failure.__cause__ or failure.__context__
    if before is not None:
        yield from _causes(before)


def _kind(reply: ErrorReply) -> ProblemKind:
    match reply.status:
        case 401 if reply.code not in _ABOUT_THE_THING:
            return ProblemKind.SIGN_IN
        case 403 if reply.code == codes.READONLY:
            return ProblemKind.READ_ONLY
        case 404 | 410:
            return ProblemKind.GONE
        case 405 | 501:
            return ProblemKind.UNSUPPORTED
        case 408:
            return ProblemKind.TIMED_OUT
        case 429:
            return ProblemKind.RATE_LIMITED
        case 502 | 504:
            return ProblemKind.UNREACHABLE
        case _:
            return ProblemKind.REFUSED
