"""The tenants and the data of a server, for its operator, whether it runs or not.

A running server is the only process on its SQLite database. So it has a control
socket, ``admin.sock`` in its data folder, for its own user (and root): one JSON object per line each way.
Without a server the store is opened here.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import json
import logging
import os
import re
import secrets
import shutil
import socket
import stat
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, get_args

from msgspec import Struct, ValidationError, convert, to_builtins
from msgspec.structs import replace

from imagechat_tui import problems
from imagechat_tui.clock import wall_ms
from imagechat_tui.owned import NotOurs, peer_uid
from imagechat_tui.problems import AdminProblem, AdminRefused
from imagechat_tui.protocol.codec.usage import decode_daily_usage, encode_daily_usage
from imagechat_tui.protocol.ids import ANONYMOUS_PREFIX, TenantId, UserId
from imagechat_tui.protocol.local import ADMIN_SOCKET_NAME, LOCAL_TENANT
from imagechat_tui.protocol.routes import Tenant
from imagechat_tui.protocol.usage import MOST_DAYS, DailyUsage, UsageQuery, day_of
from imagechat_tui.server.guard.seal import KeyFileExposed, SealBroken, Sealer
from imagechat_tui.server.process.data_folder import (
    DataInUse,
    held_folder,
    is_disk_full,
    make_data_folder,
    opened_store,
    without_credentials,
)
from imagechat_tui.server.process.listeners import short_path
from imagechat_tui.server.storage import Store, StoreError, TenantRecord, UserRule

if TYPE_CHECKING:
    from imagechat_tui.server.process.backup import BackedUp
    from imagechat_tui.server.process.checkup import Checked

ANSWER_TIMEOUT_S = 10.0
VACUUM_TIMEOUT_S = 600.0
VACUUMED_RUNNING_BYTES = 200_000_000
"""What SQLite writes anew while those who write wait: a write has 10 s, a slow disk writes this in four."""
MAX_LINE_BYTES = 64 * 1024
SECRET_BYTES = 32

RESERVED = frozenset({LOCAL_TENANT, TenantId("anon"), TenantId("__internal_profiles")})
"""The kernel's users, the prefix of anonymous ids, and a name that SDKs use for themselves."""

_BACKUP_PREFIX = "backup-"
"""Of folders in which a server has made a backup for somebody to take."""
_TENANT_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_log = logging.getLogger(__name__)


class TenantChanges(Struct, frozen=True):
    """What is decided of a tenant; None: nothing."""

    name: str | None = None
    allow_anon: bool | None = None
    require_sso: bool | None = None
    disabled: bool | None = None


class Banned(Struct, frozen=True, tag=True):
    """A user may write nothing until a time; None: they may again."""

    until_ms: int | None


class RoleGiven(Struct, frozen=True, tag=True):
    """A user has one of ``auth.ROLES``, whatever their token says; None: what it says."""

    role: str | None


UserDecision = Banned | RoleGiven


class Tenants:
    """The use cases of an operator, on an open store.

    Args:
        store: The store.
        seal: What seals the secrets of tenants.
        now_ms: The clock, ms since the epoch.
        data_dir: The server's folder, for what is told.
        vacuumed_bytes: How much data is vacuumed at most, where people wait for it; None for any.
        decided: Called when something was decided of a tenant or a user, so that it holds at once.
    """

    def __init__(
        self,
        store: Store,
        seal: Sealer,
        *,
        now_ms: Callable[[], int],
        data_dir: Path,
        vacuumed_bytes: int | None = None,
        decided: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self._store = store
        self._seal = seal
        self._now_ms = now_ms
        self._data_dir = data_dir
        self._vacuumed_bytes = vacuumed_bytes
        self._decided = decided

    async def create(self, tenant: Tenant) -> str:
        """Make a tenant.

        Returns:
            Its API secret, which whoever mints SSO tokens needs.

        Raises:
            AdminRefused: The id is taken or will not do.
        """
        if tenant.id in RESERVED:
            raise AdminRefused(problems.TenantReserved(tenant.id))
        if not _TENANT_ID.fullmatch(tenant.id):
            raise AdminRefused(problems.TenantInvalid(tenant.id))
        if await self._store.tenant(tenant.id) is not None:
            raise AdminRefused(problems.TenantExists(tenant.id))
        secret = secrets.token_urlsafe(SECRET_BYTES)
        await self._store.create_tenant(
            TenantRecord(
                id=tenant.id,
                name=tenant.name,
                api_secret_sealed=self._seal.seal(tenant.id, secret.encode()),
                allow_anon=tenant.allow_anon,
                require_sso=tenant.require_sso,
                created_at_ms=self._now_ms(),
            )
        )
        return secret

    async def create_local(self) -> None:
        """Make the tenant of the kernel's users, unless it exists. It has no secret to sign in with."""
        if await self._store.tenant(LOCAL_TENANT) is None:
            await self._store.create_tenant(
                TenantRecord(
                    id=LOCAL_TENANT,
                    name="This machine",
                    api_secret_sealed=b"",
                    allow_anon=False,
                    require_sso=False,
                    created_at_ms=self._now_ms(),
                )
            )

    async def all(self) -> tuple[Tenant, ...]:
        """Every tenant."""
        return tuple(map(_shown, await self._store.tenants()))

    async def usage(self, tenant_id: TenantId) -> tuple[DailyUsage, ...]:
        """What a tenant has used in the last ``MOST_DAYS`` days, as far as it was noted down.

        Raises:
            AdminRefused: There is no such tenant.
        """
        if await self._store.tenant(tenant_id) is None:
            raise AdminRefused(problems.NoSuchTenant(tenant_id))
        since = day_of(self._now_ms()) - timedelta(days=MOST_DAYS - 1)
        return await self._store.daily_usage(tenant_id, UsageQuery(since=since))

    async def secret(self, tenant_id: TenantId) -> str:
        """The API secret of a tenant.

        Raises:
            AdminRefused: There is no such tenant, or it has none.
        """
        record = await self._record(tenant_id)
        if not record.api_secret_sealed:
            raise AdminRefused(problems.NoSecret(tenant_id))
        return self._seal.open(tenant_id, record.api_secret_sealed).decode()

    async def vacuum(self) -> tuple[int, int]:
        """Give back what was deleted.

        Returns:
            How many bytes the data took before, and takes now.

        Raises:
            AdminRefused: People would wait for it too long, or the disk has no room for it.
        """
        before = await self._store.size_bytes()
        if self._vacuumed_bytes is not None and before > self._vacuumed_bytes:
            raise AdminRefused(problems.StopFirst(str(self._data_dir)))
        try:
            await self._store.vacuum()
        except StoreError as error:
            if error.disk_full:
                raise AdminRefused(problems.DiskFull(str(self._data_dir), str(error))) from error
            raise
        return before, await self._store.size_bytes()

    async def rotate(self, tenant_id: TenantId) -> str:
        """Give a tenant another API secret. What was signed with the one before, and every open socket, ends.

        Raises:
            AdminRefused: There is no such tenant, or it has none.
        """
        record = await self._record(tenant_id)
        if not record.api_secret_sealed:
            raise AdminRefused(problems.NoSecret(tenant_id))
        secret = secrets.token_urlsafe(SECRET_BYTES)
        sealed = self._seal.seal(tenant_id, secret.encode())
        await self._put(replace(record, api_secret_sealed=sealed, generation=record.generation + 1))
        return secret

    async def change(self, tenant_id: TenantId, changes: TenantChanges) -> Tenant:
        """Decide of a tenant what ``changes`` says, and nothing else.

        Raises:
            AdminRefused: There is no such tenant.
        """
        record = await self._record(tenant_id)
        said = {
            name: value for name in changes.__struct_fields__ if (value := getattr(changes, name)) is not None
        }
        await self._put(changed := replace(record, **said))
        return _shown(changed)

    async def rule(self, tenant_id: TenantId, user: str, decided: UserDecision) -> UserRule:
        """Decide of a user what is said; what was decided before of the rest holds on.

        Raises:
            AdminRefused: There is no such tenant.
        """
        await self._record(tenant_id)
        user_id = _user_id(tenant_id, user)
        known = {rule.user_id: rule for rule in await self.rules(tenant_id)}
        rule = known.get(user_id, UserRule(tenant_id, user_id))
        match decided:
            case Banned(until_ms):
                rule = replace(rule, banned_until_ms=until_ms)
            case RoleGiven(role):
                rule = replace(rule, role=role)
        await self._store.rule_user(rule)
        await self._tell()
        return rule

    async def rules(self, tenant_id: TenantId) -> tuple[UserRule, ...]:
        """Of whom something is decided that holds, by their ids.

        Raises:
            AdminRefused: There is no such tenant.
        """
        await self._record(tenant_id)
        rules = await self._store.rules()
        theirs = (self._as_of_now(rule) for rule in rules.users if rule.tenant_id == tenant_id)
        return tuple(rule for rule in theirs if rule != UserRule(rule.tenant_id, rule.user_id))

    def _as_of_now(self, rule: UserRule) -> UserRule:
        over = rule.banned_until_ms is not None and rule.banned_until_ms <= self._now_ms()
        return replace(rule, banned_until_ms=None) if over else rule

    async def _record(self, tenant_id: TenantId) -> TenantRecord:
        record = await self._store.tenant(tenant_id)
        if record is None:
            raise AdminRefused(problems.NoSuchTenant(tenant_id))
        return record

    async def _put(self, record: TenantRecord) -> None:
        await self._store.change_tenant(record)
        await self._tell()

    async def _tell(self) -> None:
        if self._decided is not None:
            await self._decided()


class ControlSocket:
    """The socket on which a running server takes its operator's requests.

    Args:
        tenants: What may be asked for.
        data_dir: The folder that it stands in.
        retire: Called for a client of another version: ends the server if nobody uses it, and says whether
            it will.
        database_url: PostgreSQL, if the data lies there.
    """

    def __init__(
        self,
        tenants: Tenants,
        data_dir: Path,
        *,
        retire: Callable[[], Awaitable[bool]],
        database_url: str | None = None,
    ) -> None:
        self._tenants = tenants
        self._data_dir = data_dir
        self._retire = retire
        self._database_url = database_url

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Listen until left. The caller holds the lock of the data folder, so a file in the way is stale."""
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        path = self._data_dir / ADMIN_SOCKET_NAME
        for left in self._data_dir.glob(f"{_BACKUP_PREFIX}*"):  # by a server that was killed
            shutil.rmtree(left, ignore_errors=True)
        with listener:
            path.unlink(missing_ok=True)
            with short_path(path) as short:
                listener.bind(short)
            path.chmod(0o600)
            server = await asyncio.start_unix_server(self._serve, sock=listener, limit=MAX_LINE_BYTES)
            try:
                yield
            finally:
                server.close()
                path.unlink(missing_ok=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.closing(writer):
            if peer_uid(writer.get_extra_info("socket")) not in (0, os.geteuid()):
                return
            try:
                async with asyncio.timeout(ANSWER_TIMEOUT_S):
                    request = json.loads(await reader.readline())
                async with asyncio.timeout(_patience_s(request)), contextlib.AsyncExitStack() as stack:
                    answer = await self._answer(request, stack)
                    writer.write(json.dumps(answer).encode() + b"\n")
                    await writer.drain()
                    if _is_backup(
                        request
                    ):  # what lies there goes when it was opened, or nobody is there any more
                        await reader.read()
            except (OSError, ValueError, TimeoutError):
                _log.warning("a request at the control socket was cut short")

    async def _answer(self, request: object, stack: contextlib.AsyncExitStack) -> dict[str, object]:
        try:
            match request:
                case {"op": "retire"}:
                    return {"ok": await self._retire()}
                case {"op": "backup"}:
                    folder = TemporaryDirectory(prefix=_BACKUP_PREFIX, dir=self._data_dir)
                    stack.push_async_callback(asyncio.to_thread, folder.cleanup)
                    return {"ok": True, "result": await asyncio.to_thread(self._back_up, Path(folder.name))}
                case {"op": "check"}:
                    return {"ok": True, "result": await asyncio.to_thread(self._check)}
                case dict():
                    return {"ok": True, "result": await _carry_out(self._tenants, request)}
                case _:
                    return _refusal(problems.DataUnanswered(""))
        except AdminRefused as refused:
            return _refusal(refused.problem)
        except ValidationError:
            return _refusal(problems.DataUnanswered(""))
        except (StoreError, SealBroken, KeyFileExposed) as error:
            return _refusal(_defect(self._data_dir, error).problem)

    def _back_up(self, folder: Path) -> object:
        """Make a backup in a folder of the server's own; where it is, and what is in it."""
        from imagechat_tui.server.process.backup import back_up

        if self._database_url is not None:
            raise AdminRefused(problems.PostgresBacksUp(str(self._data_dir)))
        file = folder / "all.tar"
        try:
            made = back_up(self._data_dir, file, lambda done, expected: None)
        except OSError as error:
            if is_disk_full(error):
                raise AdminRefused(problems.DiskFull(str(self._data_dir), str(error))) from error
            raise
        return [str(file.relative_to(self._data_dir)), to_builtins(made)]

    def _check(self) -> object:
        from imagechat_tui.server.process.checkup import check

        return to_builtins(check(self._data_dir, database_url=self._database_url))


def back_up(data_dir: Path, file: Path, told: Callable[[int, int], None]) -> BackedUp:
    """See ``backup.back_up``. Of another user's data root asks their server, which has to run then.

    Root opens no database in a folder that somebody else can write to: SQLite makes files beside it, through links.
    """
    from imagechat_tui.server.process import backup

    if not _is_anothers(data_dir):
        return backup.back_up(data_dir, file, told)
    with _asked_of_owner(data_dir, {"op": "backup"}) as result:
        place, made = convert(result, tuple[str, backup.BackedUp])
        owner = data_dir.stat().st_uid
        backup.take_over(data_dir / place, owner, file, lambda done: told(done, made.bytes))
        return made


def check(data_dir: Path, *, database_url: str | None = None) -> Checked:
    """See ``checkup.check``. Of another user's data root asks their server, which has to run then."""
    from imagechat_tui.server.process import checkup

    if not _is_anothers(data_dir):
        return checkup.check(data_dir, database_url=database_url)
    with _asked_of_owner(data_dir, {"op": "check"}) as result:
        return convert(result, checkup.Checked)


def _is_anothers(data_dir: Path) -> bool:
    """Whether root looks at data of somebody else."""
    return os.geteuid() == 0 and data_dir.exists() and data_dir.stat().st_uid != 0


@contextlib.contextmanager
def _asked_of_owner(data_dir: Path, request: dict[str, object]) -> Iterator[object]:
    try:
        with _asked(data_dir, request) as result:
            yield result
    except (FileNotFoundError, ConnectionRefusedError) as error:
        raise AdminRefused(problems.DataDenied(str(data_dir))) from error
    except (TimeoutError, ConnectionError) as error:
        raise AdminRefused(problems.DataUnanswered(str(data_dir))) from error


def create_tenant(data_dir: Path, tenant: Tenant, *, database_url: str | None = None) -> str:
    """Make a tenant and return its API secret. The data folder is made with the first one.

    Raises:
        AdminRefused: The id is taken or will not do; or the data cannot be reached.
        OSError: The data folder cannot be made, or others can write to it.
    """
    if not _is_there(data_dir):
        make_data_folder(data_dir)
    fields = {"id": tenant.id, "name": tenant.name, "allowAnon": tenant.allow_anon}
    request = {"op": "create", **fields, "requireSso": tenant.require_sso}
    return str(_ask(data_dir, request, database_url))


def list_tenants(data_dir: Path, *, database_url: str | None = None) -> tuple[Tenant, ...]:
    """Every tenant of a server.

    Raises:
        AdminRefused: The data cannot be reached.
        OSError: There is no data folder of that name, but something else.
    """
    if not _is_there(data_dir):
        return ()
    return convert(_ask(data_dir, {"op": "list"}, database_url), tuple[Tenant, ...])


def tenant_secret(data_dir: Path, tenant_id: TenantId, *, database_url: str | None = None) -> str:
    """The API secret of a tenant.

    Raises:
        AdminRefused: No such tenant, or it has none; or the data cannot be reached.
        OSError: There is no data folder of that name, but something else.
    """
    return str(_ask_of_tenant(data_dir, {"op": "secret", "id": tenant_id}, database_url))


def rotate_secret(data_dir: Path, tenant_id: TenantId, *, database_url: str | None = None) -> str:
    """Give a tenant another API secret, and return it.

    Raises:
        AdminRefused: No such tenant, or it has none; or the data cannot be reached.
        OSError: There is no data folder of that name, but something else.
    """
    return str(_ask_of_tenant(data_dir, {"op": "rotate", "id": tenant_id}, database_url))


def change_tenant(
    data_dir: Path, tenant_id: TenantId, changes: TenantChanges, *, database_url: str | None = None
) -> Tenant:
    """Decide of a tenant; how it is now.

    Raises:
        AdminRefused: No such tenant, or the data cannot be reached.
        OSError: There is no data folder of that name, but something else.
    """
    request: dict[str, object] = {"op": "set", "id": tenant_id, "changes": to_builtins(changes)}
    return convert(_ask_of_tenant(data_dir, request, database_url), Tenant)


def rule_user(
    data_dir: Path,
    tenant_id: TenantId,
    user: str,
    decided: UserDecision,
    *,
    database_url: str | None = None,
) -> UserRule:
    """Decide of a user, by their id with or without the tenant before it; all that is decided of them now.

    Raises:
        AdminRefused: No such tenant, or the data cannot be reached.
        OSError: There is no data folder of that name, but something else.
    """
    request: dict[str, object] = {
        "op": "rule",
        "id": tenant_id,
        "user": user,
        "decided": to_builtins(decided),
    }
    return convert(_ask_of_tenant(data_dir, request, database_url), UserRule)


def user_rules(
    data_dir: Path, tenant_id: TenantId, *, database_url: str | None = None
) -> tuple[UserRule, ...]:
    """Of whom something is decided.

    Raises:
        AdminRefused: No such tenant, or the data cannot be reached.
        OSError: There is no data folder of that name, but something else.
    """
    told = _ask_of_tenant(data_dir, {"op": "rules", "id": tenant_id}, database_url)
    return convert(told, tuple[UserRule, ...])


def _ask_of_tenant(data_dir: Path, request: dict[str, object], database_url: str | None) -> object:
    if not _is_there(data_dir):
        raise AdminRefused(problems.NoSuchTenant(str(request["id"])))
    return _ask(data_dir, request, database_url)


def tenant_usage(
    data_dir: Path, tenant_id: TenantId, *, database_url: str | None = None
) -> tuple[DailyUsage, ...]:
    """What a tenant has used in the last ``MOST_DAYS`` days, the oldest first; a day without use is not among them.

    Raises:
        AdminRefused: No such tenant, or the data cannot be reached.
        OSError: There is no data folder of that name, but something else.
    """
    if not _is_there(data_dir):
        raise AdminRefused(problems.NoSuchTenant(tenant_id))
    told = _ask(data_dir, {"op": "usage", "id": tenant_id}, database_url)
    assert isinstance(told, list)
    return tuple(map(decode_daily_usage, told))


def vacuum(data_dir: Path, *, database_url: str | None = None) -> tuple[int, int]:
    """Give back what was deleted, and say how many bytes the data took before, and takes now.

    Raises:
        AdminRefused: It cannot be reached, or not while the server runs; or there is no room for it.
        OSError: There is no data folder of that name, but something else.
    """
    if not _is_there(data_dir):
        return 0, 0
    sizes = _ask(data_dir, {"op": "vacuum"}, database_url)
    assert isinstance(sizes, list)
    before, after = sizes
    return before, after


def _patience_s(request: object) -> float:
    """How long an answer may take."""
    match request:
        case {"op": "vacuum" | "backup" | "check"}:
            return VACUUM_TIMEOUT_S
        case _:
            return ANSWER_TIMEOUT_S


def _is_backup(request: object) -> bool:
    return isinstance(request, dict) and request.get("op") == "backup"


def _is_there(data_dir: Path) -> bool:
    """Whether a server has had this folder; where it has had none, there is no tenant.

    Raises:
        AdminRefused: One may not look.
        OSError: It is no folder.
    """
    try:
        if stat.S_ISDIR(data_dir.stat().st_mode):
            return True
    except FileNotFoundError:
        return False
    except PermissionError as error:
        raise AdminRefused(problems.DataDenied(str(data_dir))) from error
    raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(data_dir))


async def _carry_out(tenants: Tenants, request: Mapping[str, object]) -> object:
    """One request as JSON, with its result as JSON: the same over the socket and without a server."""
    match request:
        case {"op": "create"}:
            return await tenants.create(_tenant(request))
        case {"op": "list"}:
            return [to_builtins(tenant) for tenant in await tenants.all()]
        case {"op": "rotate", "id": str(tenant_id)}:
            return await tenants.rotate(TenantId(tenant_id))
        case {"op": "set", "id": str(tenant_id), "changes": changes}:
            return to_builtins(await tenants.change(TenantId(tenant_id), convert(changes, TenantChanges)))
        case {"op": "rule", "id": str(tenant_id), "user": str(user), "decided": decided}:
            return to_builtins(await tenants.rule(TenantId(tenant_id), user, convert(decided, UserDecision)))
        case {"op": "rules", "id": str(tenant_id)}:
            return [to_builtins(rule) for rule in await tenants.rules(TenantId(tenant_id))]
        case {"op": "usage", "id": str(tenant_id)}:
            tenant_id = TenantId(tenant_id)
            told = await tenants.usage(tenant_id)
            return [encode_daily_usage(tenant_id, day, messages=True) for day in told]
        case {"op": "secret", "id": str(tenant_id)}:
            return await tenants.secret(TenantId(tenant_id))
        case {"op": "vacuum"}:
            return list(await tenants.vacuum())
        case _:
            raise AdminRefused(problems.DataUnanswered(""))


def _shown(record: TenantRecord) -> Tenant:
    return Tenant(
        record.id,
        record.name,
        allow_anon=record.allow_anon,
        require_sso=record.require_sso,
        disabled=record.disabled,
    )


def _user_id(tenant_id: TenantId, user: str) -> UserId:
    """The id on the wire of somebody whom an operator names by it, or by the id that the tenant's site gave them."""
    return UserId(user if user.startswith((f"{tenant_id}:", ANONYMOUS_PREFIX)) else f"{tenant_id}:{user}")


def _tenant(fields: Mapping[str, object]) -> Tenant:
    return Tenant(
        id=TenantId(str(fields.get("id", ""))),
        name=str(fields.get("name", "")),
        allow_anon=fields.get("allowAnon") is True,
        require_sso=fields.get("requireSso") is True,
    )


def _ask(data_dir: Path, request: dict[str, object], database_url: str | None) -> object:
    """Ask at the control socket of the running server, else with the store opened here.

    A server that is just starting or ending holds the data without answering: that is waited for.
    """
    deadline = time.monotonic() + ANSWER_TIMEOUT_S
    while True:
        try:
            return _ask_server(data_dir, request)
        except (FileNotFoundError, ConnectionRefusedError):
            pass
        except PermissionError as error:
            raise AdminRefused(problems.DataDenied(str(data_dir))) from error
        except (TimeoutError, ConnectionError) as error:  # it hangs, or it ended in between
            raise AdminRefused(problems.DataUnanswered(str(data_dir))) from error
        try:
            return asyncio.run(_ask_store(data_dir, request, database_url))
        except DataInUse as error:
            if time.monotonic() > deadline:
                held = problems.DataUnanswered(str(data_dir), error.pid, error.holder)
                raise AdminRefused(held) from error
            time.sleep(0.05)
        except NotOurs:
            raise
        except PermissionError as error:
            raise AdminRefused(problems.DataDenied(str(data_dir))) from error
        except ModuleNotFoundError as error:
            raise AdminRefused(problems.ExtraMissing("server-scale")) from error
        except StoreError as error:
            if database_url is not None:
                where = without_credentials(database_url)
                raise AdminRefused(problems.DatabaseUnusable(where, str(error))) from error
            raise _defect(data_dir, error) from error
        except (SealBroken, KeyFileExposed) as error:
            raise _defect(data_dir, error) from error


def _defect(data_dir: Path, error: Exception) -> AdminRefused:
    """What is wrong with the data, in the operator's terms."""
    kind = problems.DataBroken if isinstance(error, StoreError) else problems.SecretsSealed
    return AdminRefused(kind(str(data_dir)))


_KINDS: dict[str, type[AdminProblem]] = {
    str(kind.__struct_config__.tag): kind for kind in get_args(AdminProblem)
}


def _refusal(problem: AdminProblem) -> dict[str, object]:
    """A refusal as an answer."""
    subject = getattr(problem, problem.__struct_fields__[0])
    return {"ok": False, "problem": problem.__struct_config__.tag, "subject": subject}


def _ask_server(data_dir: Path, request: dict[str, object]) -> object:
    with _asked(data_dir, request) as result:
        return result


@contextlib.contextmanager
def _asked(data_dir: Path, request: dict[str, object]) -> Iterator[object]:
    """What the running server answers; the connection stands until this is left."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as control:
        control.settimeout(_patience_s(request))
        with short_path(data_dir / ADMIN_SOCKET_NAME) as short:
            control.connect(short)
        if peer_uid(control) != data_dir.stat().st_uid:
            raise AdminRefused(problems.DataDenied(str(data_dir)))
        control.sendall(json.dumps(request).encode() + b"\n")
        with control.makefile("rb") as answers:
            line = answers.readline()
        yield _result(data_dir, line)


def _result(data_dir: Path, line: bytes) -> object:
    try:
        answer = json.loads(line or b"null")
    except ValueError:
        answer = None
    match answer:
        case {"ok": True, "result": result}:
            return result
        case {"ok": False, "problem": str(problem), **rest}:
            raise AdminRefused(_KINDS[problem](str(rest.get("subject", ""))))
        case _:
            raise AdminRefused(problems.DataUnanswered(str(data_dir)))


async def _ask_store(data_dir: Path, request: dict[str, object], database_url: str | None) -> object:
    with held_folder(data_dir, "verb"):
        async with opened_store(data_dir, database_url) as (store, seal):
            return await _carry_out(Tenants(store, seal, now_ms=wall_ms, data_dir=data_dir), request)
