"""Who is at the other end of a Unix socket, by the kernel's word (PROMISES D21)."""

from __future__ import annotations

import pwd
import re
from functools import lru_cache

from imagechat_tui.protocol.ids import UserId
from imagechat_tui.protocol.local import LOCAL_TENANT
from imagechat_tui.protocol.models import User

_LOGIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._@-]{0,63}\$?")
_MAX_NAME_LENGTH = 200


@lru_cache(maxsize=1024)
def kernel_user(uid: int) -> User:
    """The user behind a user id: ``local:<login>``, shown by the full name if the system knows one.

    Looked up once per process: behind the password database may be a directory service. A login that would
    not do as an id on the wire (commas, spaces), or none at all, becomes ``uid-<number>``.
    """
    try:
        entry = pwd.getpwuid(uid)
    except KeyError:
        login, full_name = "", ""
    else:
        login = entry.pw_name
        full_name = entry.pw_gecos.partition(",")[0].replace("&", login.capitalize()).strip()
    if not _LOGIN.fullmatch(login):
        login = f"uid-{uid}"
    return User(
        id=UserId(f"{LOCAL_TENANT}:{login}"),
        username=login,
        display_name=full_name[:_MAX_NAME_LENGTH] or login,
    )
