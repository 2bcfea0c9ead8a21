"""The kinds of identifier on the wire. All are opaque strings; the types keep them apart."""

from __future__ import annotations

from typing import NewType

TenantId = NewType("TenantId", str)
"""An account: ``[A-Za-z0-9_-]{1,64}``."""

UrlId = NewType("UrlId", str)
"""A page: an image key, or a thread key (opaque once created)."""

ConversationId = NewType("ConversationId", str)
"""One marker and its thread."""

CommentId = NewType("CommentId", str)

UserId = NewType("UserId", str)
"""``tenantId:id`` for a signed-in user, ``anon:…`` for an anonymous session."""
ANONYMOUS_PREFIX = "anon:"
"""What the ids of people without sign-in begin with: they have no name."""

BroadcastId = NewType("BroadcastId", str)
"""Names one write by one client; copied into every event that the write causes."""

EventId = NewType("EventId", str)

ImageId = NewType("ImageId", str)
"""What is talked about, whatever its file is called and whichever pixels it has. Our servers only."""
