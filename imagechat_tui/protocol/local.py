"""What client and server call the things that they share on one machine."""

from __future__ import annotations

from imagechat_tui.protocol.ids import TenantId

LOCAL_TENANT = TenantId("local")
"""The one tenant of a private or shared local server, whose users are known by the kernel's word; nobody reaches it
over TCP."""

SOCKET_NAME = "server.sock"
"""In a runtime directory, or a shared one: where the local server listens."""

ADMIN_SOCKET_NAME = "admin.sock"
"""In a data folder: where the server's owner may ask it to go, or about its tenants."""

SHARED_DATA = "data"
"""The data folder in the folder that a group shares: its keeper's alone."""
