"""How a request is refused: raised anywhere, written once at the edge of the application."""

from __future__ import annotations

from imagechat_tui.protocol.routes import ErrorReply

_REASONS = {
    "already-used": "This broadcastId was used for another request.",
    "comment-too-big": "Comment too long.",
    "deadline": "The request came too late.",
    "empty-comment": "The comment is empty.",
    "encoded-body": "Send the body as it is, not packed.",
    "internal": "Something went wrong on the server.",
    "invalid-comment-id": "No such comment in this thread.",
    "invalid-input": "The request cannot be read.",
    "invalid-tenant": "No such tenant.",
    "locked": "The comment is locked.",
    "malformed-sso": "The SSO token is not valid.",
    "method-not-allowed": "This path does not know the method.",
    "missing-broadcast-id": "broadcastId is missing.",
    "missing-url-id": "urlId is missing.",
    "not-found": "Not found",
    "overloaded": "The server is busy.",
    "rate-limited": "Too many requests.",
    "readonly": "You may look and not write.",
    "store-failed": "The server cannot save at the moment.",
    "too-large": "The request is too large.",
    "unauthorized": "Not allowed.",
    "upgrade-required": (
        "This is a WebSocket. Whatever stands before the server must pass on the headers Upgrade and Connection."
    ),
    "url-too-long": "urlId is too long.",
    "user-rate-limited": "Too many requests.",
}


class Refused(Exception):
    """A request that is not carried out."""

    def __init__(
        self,
        status: int,
        code: str,
        reason: str | None = None,
        *,
        retry_after_s: float | None = None,
        max_length: int | None = None,
    ) -> None:
        super().__init__(code)
        self.reply = ErrorReply(
            status,
            code,
            reason or _REASONS.get(code, code),
            retry_after_s=retry_after_s,
            max_length=max_length,
        )


def conversation_not_found() -> Refused:
    """The documented words of a marker that is not there, or not this tenant's."""
    return Refused(404, "not-found", "Conversation not found")


def comment_not_found() -> Refused:
    """A comment that is not there, or not this tenant's."""
    return Refused(404, "not-found", "Comment not found")
