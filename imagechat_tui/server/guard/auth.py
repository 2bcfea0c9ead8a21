"""Who is asking (PROTOCOL 2.1 to 2.4, PROMISES D17, D21), and whose key it is (PROTOCOL 2.7).

In this order: the kernel's word on the Unix socket, an ``sso`` parameter, the cookie of an anonymous
session, a ``sessionId`` parameter, nobody. Nobody is no error. Where the tenant allows anonymous writing they
get a session of their own: with the first list if that asks for ``v=2``, since they must know who they are
before they write to tell their own events from others'; else with the first write. Until then, and elsewhere, it is a
viewer whose id stays the same for a day (two SDKs reopen their socket when an answer carries another
``userIdWS``).

Anonymous sessions are signed, not stored: reading never writes to the database.
"""

from __future__ import annotations

import contextlib
import hmac
import os
import re
from collections import OrderedDict
from collections.abc import Callable
from enum import Enum, auto

from msgspec import Struct
from msgspec.structs import replace

from imagechat_tui.protocol import codes, sso
from imagechat_tui.protocol.codec import MalformedMessage, parse_object
from imagechat_tui.protocol.ids import ANONYMOUS_PREFIX, TenantId, UserId
from imagechat_tui.protocol.local import LOCAL_TENANT
from imagechat_tui.protocol.models import User
from imagechat_tui.safetext import Kind, safe_text
from imagechat_tui.server.guard.access import Actor, Role
from imagechat_tui.server.guard.peer import kernel_user
from imagechat_tui.server.guard.rules import RuleBook
from imagechat_tui.server.guard.seal import SealBroken, Sealer
from imagechat_tui.server.guard.tokens import DAY_S, Tokens
from imagechat_tui.server.storage import Store, StoreUnavailable, TenantRecord

MAX_SSO_LENGTH = 120_000
"""Characters of an ``sso`` parameter: the request target holds 128 KiB."""
MAX_USER_ID_LENGTH = 1_000

HTTPS = re.compile(r"https://[^\s\"'<>\\`\x00-\x20\x7f-\x9f]+", re.IGNORECASE)
"""Addresses that are handed on to others: nothing in them can end the place where they are written."""
_KNOWN_USERS = 4_096
_KNOWN_TOKENS = 1_024
_KNOWN_TOKEN_LENGTH = 4_096
"""Longer ones, which carry a picture, are read each time: all of them would take too much memory."""
TOKEN_KNOWN_MS = 60_000
"""How long it is believed that a token holds before it is looked at again."""

READER = "reader"
"""The role of whoever may look and not write."""
_ROLES = {READER: Role.USER, "member": Role.USER, "moderator": Role.MODERATOR, "admin": Role.ADMIN}
ROLES = frozenset(_ROLES)
"""What an operator may make somebody."""


class Caller(Struct, frozen=True):
    """What is known of who sends a request before anybody has looked whether it is true."""

    address: str
    """As of ``limits.address_key``."""
    uid: int | None = None
    """The user at the other end of a Unix socket, by the kernel's word."""
    sso: str = ""
    cookie: str = ""
    """The session that a browser keeps."""
    session_id: str = ""
    """The session that a client keeps itself."""
    agent: str = ""
    """The program, in its own words."""
    v2: bool = False
    """It asks for our extensions."""
    writes: bool = False


class Unauthorized(Exception):
    """The credentials that came are defective. Carries the code for the answer (401), and why where one may say."""

    def __init__(self, code: str, reason: str | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.reason = reason


class TenantDisabled(Exception):
    """The tenant's operator lets nobody in (403)."""


class UnknownTenant(Exception):
    """There is no such tenant for this caller (404, the same bytes whether or not it exists)."""


class Authenticator:
    """Tells who is asking. One per process; keeps nothing but which profiles the store already has, and for a minute
    what signed tokens say: every request of a client brings the same one.

    Args:
        store: Profiles.
        rules: Tenants, and what was decided of users.
        tokens: Makes and reads sessions and room tokens.
        seal: Opens the tenants' API secrets.
        peer_identity: Whether the Unix socket's peers are users of the local tenant.
        owner_uid: Of these the one whose server it is, by the system's number: they moderate it.
        now_ms: The server's clock.
        simple_sso: Whether unsigned ``sso`` is believed: only where the network is trusted.
    """

    def __init__(
        self,
        store: Store,
        rules: RuleBook,
        *,
        tokens: Tokens,
        seal: Sealer,
        peer_identity: bool,
        owner_uid: int | None = None,
        now_ms: Callable[[], int],
        simple_sso: bool = False,
    ) -> None:
        self._store = store
        self._rules = rules
        self._tokens = tokens
        self._seal = seal
        self._peer_identity = peer_identity
        self._owner_uid = owner_uid
        self._now_ms = now_ms
        self._simple_sso = simple_sso
        self._known: OrderedDict[tuple[TenantId, UserId], tuple[User, bool]] = OrderedDict()
        self._tokens_read: OrderedDict[tuple[TenantId, bytes, str], _ReadToken] = OrderedDict()
        """By whose token, under which sealed secret: after another secret was set none of them is found."""

    async def actor(self, caller: Caller, tenant_id: TenantId) -> Actor:
        """Who sent a request.

        Raises:
            Unauthorized: An ``sso`` parameter that does not hold.
            UnknownTenant: No such tenant, or the local one asked for from outside.
            TenantDisabled: Its operator lets nobody in.
        """
        if tenant_id == LOCAL_TENANT:
            return await self._kernel_actor(caller)
        tenant = await self._tenant(tenant_id)
        if caller.sso:
            signed_in = await self._sso_actor(tenant, caller.sso)
            if signed_in is not None:
                return signed_in
        return self._session_actor(caller, tenant)

    async def viewer(
        self,
        tenant_id: TenantId,
        user_id_ws: str,
        caller: Caller | None = None,
        *,
        renews: bool = False,
    ) -> Actor:
        """Who listens with a ``userIdWS``, on ``/sub`` and on the event log.

        A value that is missing, not ours or expired is an anonymous viewer, not an error: official clients
        would retry for ever. Only one that ``renews`` is told.

        Args:
            tenant_id: The room's tenant; a token of another one counts for nothing.
            user_id_ws: As received.
            caller: Who sends it; on the Unix socket the kernel's word wins.
            renews: The client fetches a new token when told that its own has ended (``v=2``).

        Raises:
            Unauthorized: The token of a client that ``renews`` does not hold.
            UnknownTenant: No such tenant, or the local one asked for from outside.
            TenantDisabled: Its operator lets nobody in.
        """
        if tenant_id == LOCAL_TENANT and caller is not None:
            return self._peer(self._kernel_uid(caller), await self._tenant(tenant_id))
        token = self._tokens.read_user_token(user_id_ws, self._now_ms() / 1000)
        tenant = await self._tenant(tenant_id)
        if token is None or (token.tenant_id, token.generation) != (tenant_id, tenant.generation):
            if renews and user_id_ws:
                raise Unauthorized(codes.UNAUTHORIZED)
            unique = user_id_ws.encode("utf-8", "surrogatepass") or os.urandom(16)
            return self._anonymous(tenant, self._tokens.viewer(tenant_id, unique))
        anonymous = token.user_id.startswith(ANONYMOUS_PREFIX)
        role = Role(token.role)
        user = User(id=token.user_id, is_anonymous=anonymous, is_admin=role >= Role.MODERATOR)
        return self._ruled(Actor(tenant, user, role, anonymous=anonymous))

    async def check_key(self, tenant_id: TenantId, key: str) -> None:
        """Refuse a key that is not the tenant's API secret, which official clients also call its API key.

        Raises:
            Unauthorized: There is none, or it is not this tenant's, or there is no such tenant, or it has none.
            TenantDisabled: Its operator lets nobody in.
        """
        if not key:
            raise Unauthorized(codes.MISSING_API_KEY)
        secret = b""
        with contextlib.suppress(UnknownTenant, SealBroken):
            tenant = await self._tenant(tenant_id)
            secret = self._seal.open(tenant_id, tenant.api_secret_sealed)
        if not secret or not hmac.compare_digest(secret, key.encode("utf-8", "surrogatepass")):
            raise Unauthorized(codes.INVALID_API_KEY)

    async def _kernel_actor(self, caller: Caller) -> Actor:
        """The kernel's word, which nothing that the request says can change."""
        uid = self._kernel_uid(caller)
        actor = self._peer(uid, await self._tenant(LOCAL_TENANT))
        await self._remember(LOCAL_TENANT, kernel_user(uid), verified=True)
        return actor

    def _peer(self, uid: int, tenant: TenantRecord) -> Actor:
        """A user of the machine. Whose server it is moderates it, for the data are theirs anyway; root does not by
        being root (PROMISES D21)."""
        owner = uid == self._owner_uid
        user = replace(kernel_user(uid), is_admin=owner)
        return self._ruled(Actor(tenant, user, Role.MODERATOR if owner else Role.USER, anonymous=False))

    async def _sso_actor(self, tenant: TenantRecord, token: str) -> Actor | None:
        """The user of an ``sso`` parameter; None for one that only says where to log in."""
        if len(token) > MAX_SSO_LENGTH:
            raise Unauthorized(codes.MALFORMED_SSO)
        try:
            known = self._read_before(tenant, token)
            match _Form.SIGNED if known is not None else _form_of(token):
                case _Form.SIGNED:
                    user, role = known or self._signed_user(tenant, token)
                    verified = True
                case _Form.SIMPLE if self._simple_sso:
                    user, role = _simple_user(tenant.id, token), Role.USER
                    verified = False
                case _Form.LOGIN_ONLY:
                    return None
                case _:
                    raise Unauthorized(codes.MALFORMED_SSO)
        except sso.MalformedSso as error:
            raise Unauthorized(codes.MALFORMED_SSO, f"Its SSO token: {error}.") from error
        except (MalformedMessage, SealBroken) as error:
            raise Unauthorized(codes.MALFORMED_SSO) from error
        if not await self._remember(tenant.id, user, verified=verified):
            raise Unauthorized(codes.UNAUTHORIZED)
        return self._ruled(Actor(tenant, user, role, anonymous=False))

    def _ruled(self, actor: Actor) -> Actor:
        """With what was decided of them, whatever their token says."""
        rule = self._rules.user(actor.tenant_id, actor.id)
        if rule is None:
            return actor
        role = actor.role if rule.role is None else _ROLES.get(rule.role, Role.USER)
        until_ms = rule.banned_until_ms
        return replace(
            actor,
            user=replace(actor.user, is_admin=role >= Role.MODERATOR),
            role=role,
            read_only=rule.role == READER,
            banned_until_ms=until_ms if until_ms is not None and until_ms > self._now_ms() else None,
        )

    def _read_before(self, tenant: TenantRecord, token: str) -> tuple[User, Role] | None:
        """What a signed token says, if it was looked at a moment ago and has not ended since."""
        key = tenant.id, tenant.api_secret_sealed, token
        known = self._tokens_read.get(key)
        if known is None:
            return None
        if not known.read_ms <= self._now_ms() <= known.until_ms:  # before: the clock was set back
            del self._tokens_read[key]
            return None
        self._tokens_read.move_to_end(key)
        return known.user, known.role

    def _signed_user(self, tenant: TenantRecord, token: str) -> tuple[User, Role]:
        user, role = self._verified(tenant, token)
        if len(token) <= _KNOWN_TOKEN_LENGTH:
            now_ms = self._now_ms()
            until_ms = min(now_ms + TOKEN_KNOWN_MS, sso.ends_at_ms(token))
            key = tenant.id, tenant.api_secret_sealed, token
            self._tokens_read[key] = _ReadToken(user, role, now_ms, until_ms)
            if len(self._tokens_read) > _KNOWN_TOKENS:
                self._tokens_read.popitem(last=False)
        return user, role

    def _verified(self, tenant: TenantRecord, token: str) -> tuple[User, Role]:
        secret = self._seal.open(tenant.id, tenant.api_secret_sealed)
        claimed = sso.verify(token, secret, self._now_ms())
        role = Role.ADMIN if claimed.is_admin else Role.MODERATOR if claimed.is_moderator else Role.USER
        user = User(
            id=_user_id(tenant.id, claimed.id),
            username=_name(claimed.username),
            display_name=_name(claimed.display_name),
            email=claimed.email,
            avatar_src=claimed.avatar,
            display_label=claimed.display_label,
            website_url=_link(claimed.website_url),
            is_private=claimed.is_private,
            is_admin=role >= Role.MODERATOR,
        )
        return user, role

    async def _remember(self, tenant_id: TenantId, user: User, *, verified: bool) -> bool:
        """Keep the profile in the store; written only when it changed, not with every request.

        Returns:
            False if it would take over a user who signs in with proof.
        """
        key = tenant_id, user.id
        if self._known.get(key) == (user, verified):
            self._known.move_to_end(key)
            return True
        try:
            # a picture that is written out is as long as a hundred profiles, and everybody would be sent it
            kept = replace(user, avatar_src=_link(user.avatar_src))
            if not await self._store.put_user(tenant_id, kept, verified=verified, now_ms=self._now_ms()):
                return False
        except StoreUnavailable:  # a full disk must not stop readers; a write will find out for itself
            if not verified:
                raise
            return True
        self._known[key] = user, verified
        if len(self._known) > _KNOWN_USERS:
            self._known.popitem(last=False)
        return True

    def _session_actor(self, caller: Caller, tenant: TenantRecord) -> Actor:
        """The anonymous session of a cookie or parameter, a new one for who may write, else a viewer."""
        for token in (caller.cookie, caller.session_id):
            session = self._tokens.read_session(tenant.id, token, self._now_ms() / 1000)
            if session is not None:
                guest = self._anonymous(tenant, session.user_id, session.token)
                renewed = token == caller.cookie != session.token
                return replace(guest, new_session=session.token) if renewed else guest
        if tenant.allow_anon and (caller.v2 or caller.writes):
            session = self._tokens.new_session(tenant.id, self._now_ms() / 1000)
            guest = self._anonymous(tenant, session.user_id, session.token)
            # the others take it from the answer; a cookie would win over what they keep
            return guest if caller.v2 else replace(guest, new_session=session.token)
        day = self._now_ms() // (DAY_S * 1000)
        traits = f"{day}\n{caller.address}\n{caller.agent}".encode("utf-8", "surrogatepass")
        return self._anonymous(tenant, self._tokens.viewer(tenant.id, traits))

    def _anonymous(self, tenant: TenantRecord, user_id: UserId, session: str | None = None) -> Actor:
        """Somebody without a name; with a session they may own what they write."""
        user = User(id=user_id, is_anonymous=True, authorized=session is not None, session_id=session)
        return self._ruled(Actor(tenant, user, Role.USER, anonymous=True))

    async def _tenant(self, tenant_id: TenantId) -> TenantRecord:
        tenant = await self._rules.tenant(tenant_id)
        if tenant is None:
            raise UnknownTenant
        if tenant.disabled:
            raise TenantDisabled
        return tenant

    def _kernel_uid(self, caller: Caller) -> int:
        if caller.uid is None or not self._peer_identity:
            raise UnknownTenant
        return caller.uid


class _ReadToken(Struct, frozen=True):
    """What a signed token says, as it was read."""

    user: User
    role: Role
    read_ms: int
    until_ms: int


class _Form(Enum):
    """The three things that come as ``sso``."""

    SIGNED = auto()
    SIMPLE = auto()
    LOGIN_ONLY = auto()


def _form_of(token: str) -> _Form:
    fields = parse_object(token)
    if fields.keys() & {"userDataJSONBase64", "verificationHash", "timestamp"}:
        return _Form.SIGNED
    if fields.keys() & {"simpleSSOUser", "username", "email", "id"}:
        return _Form.SIMPLE
    if "loginURL" in fields:
        return _Form.LOGIN_ONLY
    raise sso.MalformedSso("no known form")


def _simple_user(tenant_id: TenantId, token: str) -> User:
    """An unsigned user: never staff, whatever the token says."""
    claimed = sso.parse_simple(token)
    return User(
        id=_user_id(tenant_id, claimed.id),
        username=_name(claimed.username),
        display_name=_name(claimed.display_name),
        email=claimed.email,
        avatar_src=claimed.avatar,
        display_label=claimed.display_label,
        website_url=_link(claimed.website_url),
        authorized=bool(claimed.email),
    )


def _link(claimed: str | None) -> str | None:
    """An address that others may be sent to; any other is none."""
    return claimed if claimed is not None and HTTPS.fullmatch(claimed) else None


def _user_id(tenant_id: TenantId, claimed: str) -> UserId:
    """The id on the wire. Commas would tear the lists in which ids travel."""
    if not claimed or len(claimed) > MAX_USER_ID_LENGTH or "," in claimed:
        raise Unauthorized(codes.MALFORMED_SSO)
    return UserId(f"{tenant_id}:{claimed}")


def _name(claimed: str) -> str:
    """A name as it was signed (PROTOCOL 4.1). One of which nothing would be seen is no name."""
    if claimed and not safe_text(claimed, Kind.NAME):
        raise Unauthorized(codes.MALFORMED_SSO)
    return claimed
