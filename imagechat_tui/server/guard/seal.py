"""Tenants' API secrets at rest: sealed with a key that is not in the database (PROMISES D19)."""

from __future__ import annotations

import os
import stat
from functools import cached_property
from pathlib import Path

from imagechat_tui.owned import NotOurs, open_file
from imagechat_tui.protocol.ids import TenantId

KEY_BYTES = 32
NONCE_BYTES = 12
_VERSION = b"\x01"


class SealBroken(Exception):
    """A sealed secret cannot be opened: another key file, another tenant's row, or a changed byte."""


class KeyFileExposed(Exception):
    """Others can read the key file, or it is not a key."""

    def __init__(self, path: Path) -> None:
        super().__init__(str(path))
        self.path = path


class Sealer:
    """AES-256-GCM with the tenant's id as associated data, so that no secret opens in another's row.

    The key file is made when the first secret is sealed: a private local server has none and never pays for
    the import of the cipher (20 ms).
    """

    def __init__(self, key_file: Path) -> None:
        self._key_file = key_file

    def seal(self, tenant_id: TenantId, secret: bytes) -> bytes:
        """Encrypt a secret for storage."""
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        if not self._key_file.exists():
            self._make_key()
        nonce = os.urandom(NONCE_BYTES)
        return _VERSION + nonce + AESGCM(self._key).encrypt(nonce, secret, tenant_id.encode())

    def open(self, tenant_id: TenantId, sealed: bytes) -> bytes:
        """Decrypt a secret.

        Raises:
            SealBroken: It was not sealed by this key for this tenant, or there is no key.
        """
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        nonce, sealed_text = sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :]
        if sealed[:1] != _VERSION or len(nonce) != NONCE_BYTES:
            raise SealBroken
        try:
            return AESGCM(self._key).decrypt(nonce, sealed_text, tenant_id.encode())
        except (InvalidTag, FileNotFoundError) as error:
            raise SealBroken from error

    def _make_key(self) -> None:
        """Write under another name and link: whoever comes second keeps the first one's key."""
        draft = self._key_file.with_name(f"{self._key_file.name}.{os.getpid()}")
        draft.unlink(missing_ok=True)
        descriptor = open_file(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
        try:
            os.write(descriptor, os.urandom(KEY_BYTES))
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        try:
            os.link(draft, self._key_file)
        except FileExistsError:
            pass
        finally:
            draft.unlink()

    @cached_property
    def _key(self) -> bytes:
        try:
            descriptor = open_file(self._key_file, os.O_RDONLY)
        except NotOurs as error:
            raise KeyFileExposed(self._key_file) from error
        try:
            mode = os.fstat(descriptor).st_mode
            key = os.read(descriptor, KEY_BYTES + 1)
        finally:
            os.close(descriptor)
        if mode & (stat.S_IRWXO | stat.S_IRWXG) or len(key) != KEY_BYTES:
            raise KeyFileExposed(self._key_file)
        return key
