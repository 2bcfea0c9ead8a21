"""How a request can fail, as data. It becomes words at the surface, never here.

::

    ApiError                 .problem  .sent  .status
    ├── Unreachable          nobody answers, no way there, or the link broke; ``sent``: it may have arrived
    ├── TimedOut             no answer in time
    ├── Refused(reply)       the server said no
    ├── NoImageChats         what answers is another kind of server
    ├── BadAnswer(detail)    an answer that cannot be read
    └── Unsupported          this server does not have it; nothing was sent

No message, argument or cause of them holds a URL: credentials travel in those.
"""

from __future__ import annotations

import errno
import socket
import ssl
from collections.abc import Iterator

from imagechat_tui.protocol.routes import ErrorReply
from imagechat_tui.sync.state import Problem, ProblemKind

_ABOUT_THE_THING = frozenset({"locked", "edit-key-invalid"})
"""Codes that come with 401 and yet are not cured by signing in (PROTOCOL 8.4)."""


_NO_ROUTE = frozenset({errno.ENETDOWN, errno.ENETUNREACH, errno.EHOSTDOWN, errno.EHOSTUNREACH})
"""What the system says where there is no way to the server; trying again at once is of no use."""


CERTIFICATE = "certificate"
"""Code of a server whose certificate is not trusted."""

OVERLOADED, SERVER_FAILED = "overloaded", "server-failed"
"""Codes of all refusals that come with 503, and with any other 5xx: not the thing is wrong, but the server."""


class ApiError(Exception):
    """A request that was not answered with success."""

    def __init__(self, problem: Problem, *, sent: bool, status: int | None = None) -> None:
        super().__init__(problem.kind.value, problem.code)
        self.problem = problem
        self.sent = sent
        """False: it certainly did not reach the server."""
        self.status = status
        """HTTP status, if there was an answer."""


class Unreachable(ApiError):
    """Nobody answers, or the link broke."""

    def __init__(self, *, sent: bool, code: str = "", reason: str = "", no_route: bool = False) -> None:
        kind = ProblemKind.OFFLINE if no_route else ProblemKind.UNREACHABLE
        super().__init__(Problem(kind, code, reason), sent=sent)

    @classmethod
    def because(cls, failure: BaseException, *, sent: bool) -> Unreachable:
        """From whatever the layers below made of it: what the system said lies at the bottom."""
        said = [cause for cause in _causes(failure) if isinstance(cause, OSError)]
        for cause in said:
            if isinstance(cause, ssl.SSLCertVerificationError):
                return cls(sent=sent, code=CERTIFICATE, reason=cause.verify_message)
            if isinstance(cause, socket.gaierror):
                return cls(sent=sent, code="no-name", no_route=cause.errno == socket.EAI_AGAIN)
        numbers = {cause.errno for cause in said if cause.errno is not None}
        return cls(sent=sent, no_route=bool(numbers) and numbers <= _NO_ROUTE)


class TimedOut(ApiError):
    """No answer in time."""

    def __init__(self, *, sent: bool) -> None:
        super().__init__(Problem(ProblemKind.TIMED_OUT), sent=sent)


class Refused(ApiError):
    """The server said no."""

    def __init__(self, reply: ErrorReply) -> None:
        kind, code = _kind(reply), reply.code
        if kind is ProblemKind.REFUSED and reply.status >= 500:
            code = OVERLOADED if reply.status == 503 else SERVER_FAILED
        problem = Problem(kind, code, reply.shown or reply.reason, reply.retry_after_s)
        super().__init__(problem, sent=True, status=reply.status)
        self.reply = reply


class NoImageChats(ApiError):
    """What answers there does not have the list: another kind of server, or another path of one."""

    def __init__(self, refusal: Refused) -> None:
        problem = Problem(ProblemKind.UNSUPPORTED, "no-image-chats", refusal.problem.reason)
        super().__init__(problem, sent=True, status=refusal.status)


class BadAnswer(ApiError):
    """An answer that cannot be read. What a write did is then unknown."""

    def __init__(self, detail: str, status: int | None = None) -> None:
        super().__init__(Problem(ProblemKind.BAD_ANSWER, reason=detail), sent=True, status=status)


class Unsupported(ApiError):
    """This server does not have it; nothing was sent."""

    def __init__(self) -> None:
        super().__init__(Problem(ProblemKind.UNSUPPORTED), sent=False)


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
        case 403 if reply.code == "readonly":
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
