"""Who may do what: one table (PROMISES 6), read by the use cases and by the tests."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, IntEnum, StrEnum
from types import MappingProxyType

from msgspec import Struct

from imagechat_tui.protocol import codes
from imagechat_tui.protocol.ids import TenantId, UserId
from imagechat_tui.protocol.models import Comment, Conversation, User, Vote
from imagechat_tui.server.storage import TenantRecord


class Role(IntEnum):
    """A signed-in user's role in their tenant."""

    USER = 0
    MODERATOR = 1
    ADMIN = 2


class Actor(Struct, frozen=True):
    """Who asks, as the server has verified it."""

    tenant: TenantRecord
    """Whose rooms it is about, as read once for this request."""
    user: User
    role: Role
    anonymous: bool
    read_only: bool = False
    banned_until_ms: int | None = None
    """Somebody of whom an operator wants no more until then: they read what everybody may, and write nothing."""
    new_session: str | None = None
    """A session made for this request, which the edge hands to the browser as a cookie."""

    @property
    def tenant_id(self) -> TenantId:
        """The tenant's id."""
        return self.tenant.id

    @property
    def id(self) -> UserId:
        """The user id on the wire."""
        return self.user.id


class Action(StrEnum):
    """What somebody may want to do."""

    READ = "read"
    CREATE_MARKER = "create-marker"
    COMMENT = "comment"
    EDIT_COMMENT = "edit-comment"
    MOVE_MARKER = "move-marker"
    RESOLVE_MARKER = "resolve-marker"
    DELETE_COMMENT = "delete-comment"
    DELETE_MARKER = "delete-marker"
    PIN_COMMENT = "pin-comment"
    """Put a comment first, or back in its place."""
    LOCK_COMMENT = "lock-comment"
    """Have a comment neither answered, edited nor deleted, or again."""
    CLOSE_THREAD = "close-thread"
    """Have a thread take no comments, or again."""
    FLAG_COMMENT = "flag-comment"
    """Point a comment out to moderators."""
    BLOCK_AUTHOR = "block-author"
    """Not want to see what somebody writes."""
    VOTE = "vote"
    UNVOTE = "unvote"
    """Take a vote back."""
    UPLOAD = "upload"
    """Have a picture itself kept for others."""
    BIND_PICTURE = "bind-picture"
    """Say which image a picture is whose place nobody knows."""
    LINK_PICTURE = "link-picture"
    """Give a place to another image."""
    LIST_ROOMS = "list-rooms"
    """Be told which pictures of the tenant have markers."""
    FIND_PEOPLE = "find-people"
    """Look up people by their names."""
    KEEP_READ_STATE = "keep-read-state"
    """Have it kept how far one has read, and be told."""

    PLACE_MARKER = "place-marker"
    """Say where a marker is on a version of its image that it was not made on."""


class Standing(Enum):
    """A column of the table."""

    ANONYMOUS = "anonymous"
    SESSION = "session"
    """Anonymous with a session of their own, in a tenant that allows anonymous writing."""
    BANNED = "banned"
    READ_ONLY = "read-only"
    MEMBER = "member"
    STAFF = "staff"


class Grant(Enum):
    """A cell of the table."""

    NO = "no"
    OWN = "own"
    OTHERS = "others"
    """What is not one's own."""
    PUBLIC = "public"
    """Unless the tenant wants everybody signed in."""
    YES = "yes"


class Thing(Struct, frozen=True):
    """What an action is about, as far as rights depend on it."""

    owner: UserId | None = None
    locked: bool = False
    by_staff: bool = False
    """It was written by a moderator or an admin."""
    has_key: bool = False
    """A guest wrote it, and the actor has its edit key."""


NOTHING_YET = Thing()
"""What an action is about that makes something new, or only looks."""


def thing_of(about: Comment | Conversation | Vote | None) -> Thing:
    """What rights depend on of a thing that is there."""
    if isinstance(about, Comment):
        by_staff = about.is_by_admin or about.is_by_moderator
        return Thing(about.author_id, locked=about.is_locked, by_staff=by_staff)
    return NOTHING_YET if about is None else Thing(about.author_id)


class Verdict(Struct, frozen=True):
    """The answer: 200, or the status and code of the refusal."""

    status: int
    code: str

    @property
    def granted(self) -> bool:
        """Whether it may be done."""
        return self.status == 200


GRANTED = Verdict(200, "")
SIGN_IN = Verdict(401, codes.UNAUTHORIZED)
LOCKED = Verdict(401, codes.LOCKED)
READ_ONLY = Verdict(403, codes.READONLY)
BANNED = Verdict(403, codes.BANNED)
FORBIDDEN = Verdict(403, codes.UNAUTHORIZED)

_NO, _OWN, _OTHERS, _PUBLIC, _YES = Grant.NO, Grant.OWN, Grant.OTHERS, Grant.PUBLIC, Grant.YES

TABLE: Mapping[Action, Mapping[Standing, Grant]] = MappingProxyType(
    {
        action: MappingProxyType(dict(zip(Standing, grants, strict=True)))
        for action, grants in {
            #                      anonymous session banned  read-only member staff
            Action.READ: (_PUBLIC, _PUBLIC, _PUBLIC, _YES, _YES, _YES),
            Action.CREATE_MARKER: (_NO, _YES, _NO, _NO, _YES, _YES),
            Action.COMMENT: (_NO, _YES, _NO, _NO, _YES, _YES),
            Action.EDIT_COMMENT: (_NO, _OWN, _NO, _NO, _OWN, _YES),
            Action.MOVE_MARKER: (_NO, _OWN, _NO, _NO, _OWN, _YES),
            Action.RESOLVE_MARKER: (_NO, _NO, _NO, _NO, _YES, _YES),
            Action.DELETE_COMMENT: (_NO, _OWN, _NO, _NO, _OWN, _YES),
            Action.DELETE_MARKER: (_NO, _OWN, _NO, _NO, _OWN, _YES),
            Action.PIN_COMMENT: (_NO, _NO, _NO, _NO, _NO, _YES),
            Action.LOCK_COMMENT: (_NO, _NO, _NO, _NO, _NO, _YES),
            Action.CLOSE_THREAD: (_NO, _NO, _NO, _NO, _NO, _YES),
            Action.FLAG_COMMENT: (_NO, _OTHERS, _NO, _NO, _OTHERS, _OTHERS),
            Action.BLOCK_AUTHOR: (_NO, _OTHERS, _NO, _OTHERS, _OTHERS, _OTHERS),
            Action.VOTE: (_NO, _YES, _NO, _NO, _YES, _YES),
            Action.UNVOTE: (_NO, _OWN, _NO, _NO, _OWN, _OWN),
            Action.UPLOAD: (_NO, _NO, _NO, _NO, _YES, _YES),
            Action.BIND_PICTURE: (_NO, _YES, _NO, _NO, _YES, _YES),
            Action.LINK_PICTURE: (_NO, _NO, _NO, _NO, _YES, _YES),
            Action.LIST_ROOMS: (_NO, _NO, _NO, _NO, _NO, _YES),
            Action.FIND_PEOPLE: (_NO, _NO, _NO, _YES, _YES, _YES),
            Action.KEEP_READ_STATE: (_NO, _NO, _NO, _YES, _YES, _YES),
            Action.PLACE_MARKER: (_NO, _YES, _NO, _NO, _YES, _YES),
        }.items()
    }
)

_STOPPED_BY_LOCK = frozenset({Action.COMMENT, Action.EDIT_COMMENT, Action.DELETE_COMMENT})
_OPENED_BY_KEY = frozenset({Action.EDIT_COMMENT, Action.DELETE_COMMENT, Action.UNVOTE})


def standing(actor: Actor) -> Standing:
    """The column that counts for ``actor``."""
    if actor.banned_until_ms is not None:
        return Standing.BANNED
    if actor.anonymous:
        session = actor.tenant.allow_anon and actor.user.session_id is not None
        return Standing.SESSION if session else Standing.ANONYMOUS
    if actor.read_only:
        return Standing.READ_ONLY
    return Standing.STAFF if actor.role >= Role.MODERATOR else Standing.MEMBER


def allowed(actor: Actor, action: Action, thing: Thing = NOTHING_YET) -> Verdict:
    """Whether ``actor`` may do ``action`` to ``thing``, which is of the actor's tenant."""
    column = standing(actor)
    match TABLE[action][column]:
        case Grant.YES:
            verdict = GRANTED
        case Grant.PUBLIC:
            verdict = GRANTED
            if actor.tenant.require_sso:
                verdict = BANNED if column is Standing.BANNED else SIGN_IN
        case Grant.OWN:
            verdict = GRANTED if thing.owner is not None and thing.owner == actor.id else FORBIDDEN
        case Grant.OTHERS:
            verdict = GRANTED if thing.owner != actor.id else FORBIDDEN
        case Grant.NO if column is Standing.ANONYMOUS:
            verdict = SIGN_IN
        case Grant.NO if column is Standing.READ_ONLY:
            verdict = READ_ONLY
        case Grant.NO if column is Standing.BANNED:
            return BANNED
        case Grant.NO:
            verdict = FORBIDDEN
    if thing.has_key and action in _OPENED_BY_KEY and actor.tenant.allow_anon:
        verdict = GRANTED
    if verdict.granted and thing.locked and action in _STOPPED_BY_LOCK:
        return LOCKED
    if verdict.granted and thing.by_staff and action is Action.FLAG_COMMENT:
        return FORBIDDEN
    return verdict
