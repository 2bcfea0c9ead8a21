"""How a request is refused: raised anywhere, written once at the edge of the application."""

from __future__ import annotations

from imagechat_tui.protocol import codes
from imagechat_tui.protocol.routes import ErrorReply
from imagechat_tui.server.guard.access import Action, Actor, Thing, allowed

_REASONS = {
    codes.PLACE_TAKEN: "Another marker stands where the deleted one stood.",
    codes.BANNED: "You may not write here.",
    codes.TENANT_DISABLED: "This tenant is disabled.",
    codes.ALREADY_USED: "This broadcastId was used for another request.",
    codes.ALREADY_VOTED: "You have voted so already.",
    codes.COMMENT_TOO_BIG: "Comment too long.",
    codes.DEADLINE: "The request came too late.",
    codes.EDIT_KEY_INVALID: "The edit key is not that of this comment or vote.",
    codes.EMPTY_COMMENT: "The comment is empty.",
    codes.ENCODED_BODY: "Send the body as it is, not packed.",
    codes.INTERNAL: "Something went wrong on the server.",
    codes.INVALID_API_KEY: "The API key is not that of this tenant.",
    codes.INVALID_COMMENT_ID: "No such comment in this thread.",
    codes.INVALID_DIRECTION: "A vote is up or down.",
    codes.INVALID_INPUT: "The request cannot be read.",
    codes.INVALID_NAME: "The name is too long.",
    codes.INVALID_NAME_IS_EMAIL: "The name is an email address, which everybody would read.",
    codes.INVALID_TENANT: "No such tenant.",
    codes.LOCKED: "The comment is locked.",
    codes.MALFORMED_SSO: "The SSO token is not valid.",
    codes.METHOD_NOT_ALLOWED: "This path does not know the method.",
    codes.MISSING_API_KEY: "The API key is missing: the header x-api-key, or API_KEY.",
    codes.MISSING_BROADCAST_ID: "broadcastId is missing.",
    codes.MISSING_URL_ID: "urlId is missing.",
    codes.NOT_FOUND: "Not found",
    codes.OVERLOADED: "The server is busy.",
    codes.RATE_LIMITED: "Too many requests.",
    codes.READONLY: "You may look and not write.",
    codes.THREAD_CLOSED: "The thread is closed: no new comments.",
    codes.STORE_FAILED: "The server cannot save at the moment.",
    codes.TENANT_FULL: "There is no room for more comments here.",
    codes.TOO_LARGE: "The request is too large.",
    codes.UNAUTHORIZED: "Not allowed.",
    codes.UPGRADE_REQUIRED: (
        "This is a WebSocket. Whatever stands before the server must pass on the headers Upgrade and Connection."
    ),
    codes.URL_TOO_LONG: "urlId is too long.",
    codes.USER_RATE_LIMITED: "Too many requests.",
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
        banned_until_ms: int | None = None,
    ) -> None:
        super().__init__(code)
        self.reply = ErrorReply(
            status,
            code,
            reason or _REASONS.get(code, code),
            retry_after_s=retry_after_s,
            max_length=max_length,
            banned_until_ms=banned_until_ms if code == codes.BANNED else None,
        )


def require(actor: Actor, action: Action, thing: Thing, *, edit_key: str = "") -> None:
    """Refuse what the table of rights does not grant; who brought a key is told that it does not fit."""
    verdict = allowed(actor, action, thing)
    if verdict.granted:
        return
    if edit_key and not thing.has_key and verdict.code != codes.LOCKED:
        raise Refused(401, codes.EDIT_KEY_INVALID)
    raise Refused(verdict.status, verdict.code, banned_until_ms=actor.banned_until_ms)


def conversation_not_found() -> Refused:
    """The documented words of a marker that is not there, or not this tenant's."""
    return Refused(404, codes.NOT_FOUND, "Conversation not found")


def comment_not_found() -> Refused:
    """A comment that is not there, or not this tenant's."""
    return Refused(404, codes.NOT_FOUND, "Comment not found")


def vote_not_found() -> Refused:
    """A vote that is not there, or not on this comment."""
    return Refused(404, codes.NOT_FOUND, "Vote not found")


def picture_not_found() -> Refused:
    """A picture that is not there, or not this tenant's."""
    return Refused(404, codes.NOT_FOUND, "Picture not found")


def image_not_found() -> Refused:
    """An image that is not there, or not this tenant's."""
    return Refused(404, codes.NOT_FOUND, "Image not found")
