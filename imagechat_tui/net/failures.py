"""How a request can fail, as data. It becomes words at the surface, never here.

::

    ApiError                 .problem  .sent  .status
    ├── Unreachable          nobody answers, or the link broke; ``sent``: it may have arrived
    ├── TimedOut             no answer in time
    ├── Refused(reply)       the server said no
    ├── NoImageChats         what answers is another kind of server
    ├── BadAnswer(detail)    an answer that cannot be read
    └── Unsupported          this server does not have it; nothing was sent

No message, argument or cause of them holds a URL: credentials travel in those.
"""

from __future__ import annotations

from imagechat_tui.protocol.routes import ErrorReply
from imagechat_tui.sync.state import Problem, ProblemKind

_ABOUT_THE_THING = frozenset({"locked", "edit-key-invalid"})
"""Codes that come with 401 and yet are not cured by signing in (PROTOCOL 8.4)."""


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

    def __init__(self, *, sent: bool, code: str = "") -> None:
        super().__init__(Problem(ProblemKind.UNREACHABLE, code), sent=sent)


class TimedOut(ApiError):
    """No answer in time."""

    def __init__(self, *, sent: bool) -> None:
        super().__init__(Problem(ProblemKind.TIMED_OUT), sent=sent)


class Refused(ApiError):
    """The server said no."""

    def __init__(self, reply: ErrorReply) -> None:
        problem = Problem(_kind(reply), reply.code, reply.shown or reply.reason, reply.retry_after_s)
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
