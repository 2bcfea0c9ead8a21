"""Servers of this machine: why there is none, why one does not start, what its operator is refused."""

from __future__ import annotations

from typing import assert_never

from imagechat_tui import problems
from imagechat_tui.problems import AdminProblem, DataFault, LocalServerProblem, ServeProblem
from imagechat_tui.protocol.local import LOCAL_TENANT
from imagechat_tui.words.parts import Words, safe_line, safe_name, stopped, typed


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
                f"Whoever is to keep it: mkdir -m 2750 {typed(path) if named else 'DIR'}, and chgrp it to the group.",
            )
        case problems.SharedDirectoryUnfit(path=path):
            return (
                f"{place(path, 'The shared directory')} must be open to its group, and for its owner alone"
                " to write to: mode 2750.",
                f"Its owner can fix it: chmod 2750 {typed(path)}" if named else "",
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
                f"Ask {who} to run: imagechat serve --shared {typed(path) if named else 'DIR'}",
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
            reason = safe_line(why) or "no permission"
            return (
                f"{safe_line(path)} cannot be created or written ({reason})."
                if named
                else f"The local server cannot write ({reason}).",
                "Check its permissions, or set XDG_DATA_HOME and XDG_STATE_HOME.",
            )
        case problems.ServerDied(log=log, cause=cause, last_line=last_line):
            death = _local_death(cause) if cause is not None else None
            if cause is not None and death is not None:
                sentence, action = death
                return serve_words(cause).sentence if named else sentence, action
            last = safe_line(last_line).strip()
            ending = f" Its log ends with: {stopped(last)}" if last else ""
            return f"The server stopped as soon as it was started.{ending}", _its_log(log, named)
        case problems.ServerNotReady(log=log):
            return "The server was started and did not answer in time.", _its_log(log, named)
        case _:
            assert_never(problem)


def _its_log(path: str, named: bool) -> str:
    return f"Its log: {safe_line(path)}" if named else ""


_START_AGAIN = "Start the server again, and report what the log says."
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
        case problems.DataInUse(holder="verb"):
            return "An operator's verb is at work on the same data.", "Try again when it has ended."
        case problems.DataInUse(holder=holder):
            return (
                f"Another {holder or 'process'} uses the same data.",
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
        case (
            problems.PortInUse()
            | problems.PortDenied()
            | problems.HostUnknown()
            | problems.TlsUnusable()
            | problems.PartEnded()
        ):
            return None
        case problems.DatabaseUnusable() | problems.DatabaseNewer() | problems.BusUnusable():
            return None
        case problems.SealKeyDiffers() | problems.ExtraMissing() | problems.WorkersEnded():
            return None
        case _:
            assert_never(cause)


def serve_words(problem: ServeProblem) -> Words:
    """Why ``imagechat serve`` did not start, or has ended."""
    title = "Server ended" if isinstance(problem, problems.PartEnded) else "Cannot start"
    return Words(title, *_no_server(problem))


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
        case problems.DataInUse(path=path, pid=pid, holder="verb"):
            return (
                f"An imagechat verb{_process(pid)} is at work on {safe_line(path)}.",
                "Start again when it has ended.",
            )
        case problems.DataInUse(path=path, pid=pid, holder=holder):
            return (
                f"Another {holder or 'process'}{_process(pid)} is using {safe_line(path)}.",
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
        case problems.PartEnded(part=part):
            work = "keeps what people write" if part == "writer" else "tells people what is new"
            return f"Its part that {work} has ended by itself.", _START_AGAIN
        case problems.DatabaseUnusable(where=where, why=why):
            return _no_database(where, why)
        case problems.DatabaseNewer(where=where):
            return (
                f"The database at {safe_line(where)} was made by a newer version.",
                "Update imagechat, or choose another with --database-url.",
            )
        case problems.BusUnusable(where=where):
            return (
                f"{safe_line(where)} is no address of a Redis.",
                "Name one as redis://HOST:6379, rediss://HOST:6379 or unix:///PATH.",
            )
        case problems.SealKeyDiffers(path=path):
            return (
                f"The seal.key in {safe_line(path)} does not open the tenants' secrets in the database.",
                f"Copy it from the data folder of a server that does, to {safe_line(path)}, with mode 600.",
            )
        case problems.ExtraMissing(extra=extra):
            return _no_extra(extra)
        case problems.WorkersEnded():
            return "A worker ended before it was ready.", "The lines above say why."
        case _:
            assert_never(problem)


def _no_database(where: str, why: str) -> tuple[str, str]:
    return (
        f"The database at {safe_line(where)} cannot be used{_because(why)}.",
        "Check that PostgreSQL runs there, and the name and rights in --database-url.",
    )


def _no_extra(extra: str) -> tuple[str, str]:
    return (
        "This needs libraries that are not installed.",
        f"Try: pip install 'imagechat-tui[{safe_line(extra)}]'",
    )


def _process(pid: int | None) -> str:
    return f" (process {pid})" if pid else ""


def _because(why: str) -> str:
    said = safe_line(why)
    return f" ({said})" if said else ""


def vacuumed(before: int, after: int) -> str:
    """How many bytes the data of a server took, and takes now."""
    return f"{before / 1e6:.1f} MB before, {after / 1e6:.1f} MB now."


def contents_words(tenants: int, comments: int, pictures: int) -> str:
    """What the data of a server, or a backup of it, has in it."""
    counts = ((tenants, "tenant"), (comments, "comment"), (pictures, "picture"))
    return ", ".join(f"{count:,} {what}{'' if count == 1 else 's'}" for count, what in counts)


KEY_IN_BACKUP = (
    "seal.key is in it, so that it can be restored: whoever can read it can sign in as anybody."
    " Keep it where only you can."
)


def fault_words(fault: DataFault) -> str:
    """What is wrong with the data of a server, and what to do about it."""
    match fault:
        case problems.DatabaseDamaged(why=why):
            return f"The database is damaged: {stopped(safe_line(why))} Check the disk and restore a backup."
        case problems.RowsLost(table=table, of=of, rows=rows):
            lost = f"{rows} rows of {safe_line(table)} refer to {safe_line(of)} that is not there."
            return f"{lost} Restore a backup, or report this."
        case problems.StepsUnknown(steps=steps, known=known):
            newer = f"The database is of a newer version (step {steps}, and {known} are known here)."
            return f"{newer} Update imagechat."
        case problems.SecretLocked(tenant=tenant):
            name = safe_name(tenant)
            return (
                f"seal.key does not open the API secret of {name}. Restore it from the same backup as the"
                f" database, or give another secret: imagechat tenant rotate {name}"
            )
        case problems.KeyExposed(path=path):
            return f"{safe_name(path)} can be read by others, or is no key. Its mode has to be 600."
        case problems.PictureDamaged(path=path):
            return (
                f"{safe_line(path)} is not the picture that it is called by. Put that of a backup in its place,"
                " or remove it."
            )
        case _:
            assert_never(fault)


_NOT_A_BACKUP = {
    "foreign": "is no backup of a server's data.",
    "cut-off": "is not whole: its end is missing.",
    "changed": "is not what was written: its checksums differ.",
}


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
        case problems.NoSuchTenant(tenant=tenant) if tenant == LOCAL_TENANT:
            sentence = "There is no server of this machine's own in this data folder, or it was never used."
            return Words("No such tenant", sentence, "imagechat IMAGE starts it.")
        case problems.NoSuchTenant(tenant=tenant):
            name = safe_name(tenant)
            return Words(
                "No such tenant",
                f"There is no tenant {name}.",
                f"Try: imagechat tenant create {typed(tenant)}",
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
        case problems.DiskFull(path=path):
            sentence = f"The disk that holds {safe_name(path)} is full."
            return Words("Disk full", sentence, _MAKE_ROOM)
        case problems.StopFirst(path=path):
            sentence = (
                f"The data in {safe_name(path)} is so much that people would wait too long for a write."
            )
            return Words("Server running", sentence, "Stop the server, then vacuum.")
        case problems.SecretsSealed(path=path):
            sealed = f"The seal.key in {safe_name(path)} does not open its tenants' secrets"
            return Words(
                "Secrets sealed",
                f"{sealed}, or others can read it.",
                "Restore it from the same backup as the database, with mode 600.",
            )
        case problems.DataUnanswered(path=path, pid=pid, holder="server"):
            sentence = f"A server{_process(pid)} holds {safe_name(path)} and does not answer."
            return Words("No answer", sentence, "Restart it.")
        case problems.DataUnanswered(path=path, pid=pid, holder=holder):
            who = f"{'Another imagechat verb' if holder == 'verb' else 'Another process'}{_process(pid)}"
            sentence = f"{who} holds {safe_name(path)} and does not let go."
            return Words("No answer", sentence, "Try again when it has ended, or end it.")
        case problems.DatabaseUnusable(where=where, why=why):
            return Words("Data unusable", *_no_database(where, why))
        case problems.ExtraMissing(extra=extra):
            return Words("Not installed", *_no_extra(extra))
        case problems.NoDatabase(path=path):
            sentence = f"There is no database of a server in {safe_name(path)}."
            return Words("No data", sentence, "Name its folder with --data-dir.")
        case problems.FileThere(path=path):
            sentence = f"{safe_name(path)} is there already, or is being written."
            return Words("Already there", sentence, "Choose another name.")
        case problems.NotABackup(path=path, why=why):
            sentence = f"{safe_name(path)} {_NOT_A_BACKUP[why]}"
            return Words("Cannot restore", sentence, "Nothing was written. Try another backup.")
        case problems.BackupNewer(path=path):
            sentence = f"{safe_name(path)} was made by a newer version."
            return Words("Cannot restore", sentence, "Nothing was written. Update imagechat first.")
        case problems.DataThere(path=path):
            sentence = f"There is data already: {safe_name(path)}."
            return Words("Cannot restore", sentence, "Choose an empty folder with --data-dir.")
        case problems.PostgresBacksUp(path=path):
            return Words(
                "PostgreSQL",
                "PostgreSQL makes backups with a program of its own, while all goes on.",
                'Try: pg_dump --format=custom --file=imagechat.dump "$IMAGECHAT_DATABASE_URL" (and keep'
                f" seal.key and pictures of {safe_name(path)} with it, for you alone to read).",
            )
        case problems.PostgresRestores(path=path):
            return Words(
                "PostgreSQL",
                "PostgreSQL restores backups with a program of its own, into an empty database.",
                'Try: pg_restore --no-owner --exit-on-error --dbname="$IMAGECHAT_DATABASE_URL" imagechat.dump'
                f" (and put seal.key and pictures back into {safe_name(path)}, then: imagechat server check).",
            )
        case _:
            assert_never(problem)
