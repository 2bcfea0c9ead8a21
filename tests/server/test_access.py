from __future__ import annotations

import pytest

from imagechat_tui.protocol.ids import UserId
from imagechat_tui.protocol.models import User
from imagechat_tui.server.guard.access import (
    FORBIDDEN,
    GRANTED,
    LOCKED,
    READ_ONLY,
    SIGN_IN,
    TABLE,
    Action,
    Actor,
    Role,
    Standing,
    Thing,
    Verdict,
    allowed,
)
from imagechat_tui.server.storage import TenantRecord
from tests import examples as eg

WRITES = [action for action in Action if action is not Action.READ]


def actor(
    role: Role = Role.USER,
    *,
    anonymous: bool = False,
    read_only: bool = False,
    session: bool = False,
    allow_anon: bool = False,
    require_sso: bool = False,
) -> Actor:
    user = User(id=UserId("anon:x") if anonymous else eg.ALICE, session_id="s" if session else None)
    tenant = TenantRecord(
        eg.TENANT, "", b"", allow_anon=allow_anon, require_sso=require_sso, created_at_ms=eg.T0
    )
    return Actor(tenant, user, role, anonymous, read_only)


def own(by: Actor, *, locked: bool = False) -> Thing:
    return Thing(owner=by.id, locked=locked)


OTHERS = Thing(owner=eg.BOB)


def test_the_table_has_every_cell() -> None:
    assert TABLE.keys() == set(Action)
    assert all(list(row) == list(Standing) for row in TABLE.values())


@pytest.mark.parametrize("action", WRITES)
def test_nobody_in_particular_writes_nothing(action: Action) -> None:
    for allow_anon in (False, True):
        somebody = actor(anonymous=True, allow_anon=allow_anon)
        assert allowed(somebody, action, own(somebody)) == SIGN_IN
    with_session = actor(anonymous=True, session=True)
    assert allowed(with_session, action, own(with_session)) == SIGN_IN


FOR_ONESELF = {Action.KEEP_READ_STATE, Action.BLOCK_AUTHOR, Action.FIND_PEOPLE}
"""What nobody else sees anything of."""


@pytest.mark.parametrize("action", [action for action in WRITES if action not in FOR_ONESELF])
def test_who_is_read_only_writes_nothing_for_others(action: Action) -> None:
    reader = actor(read_only=True)
    assert allowed(reader, action, own(reader)) == READ_ONLY


@pytest.mark.parametrize(
    "action", [Action.EDIT_COMMENT, Action.DELETE_COMMENT, Action.MOVE_MARKER, Action.DELETE_MARKER]
)
@pytest.mark.parametrize(
    ("role", "verdict"), [(Role.USER, FORBIDDEN), (Role.MODERATOR, GRANTED), (Role.ADMIN, GRANTED)]
)
def test_what_others_made_is_for_staff(action: Action, role: Role, verdict: Verdict) -> None:
    assert allowed(actor(role), action, OTHERS) == verdict
    member = actor(role)
    assert allowed(member, action, own(member)) == GRANTED
    assert allowed(member, action, Thing()) == verdict


def test_any_member_resolves() -> None:
    assert allowed(actor(), Action.RESOLVE_MARKER, OTHERS) == GRANTED


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("action", [Action.EDIT_COMMENT, Action.DELETE_COMMENT, Action.COMMENT])
def test_a_locked_comment_is_locked_for_everybody(role: Role, action: Action) -> None:
    member = actor(role)
    assert allowed(member, action, own(member, locked=True)) == LOCKED


def test_reading_is_free_unless_everybody_must_sign_in() -> None:
    assert allowed(actor(anonymous=True), Action.READ) == GRANTED
    assert allowed(actor(anonymous=True, require_sso=True), Action.READ) == SIGN_IN
    assert allowed(actor(read_only=True, require_sso=True), Action.READ) == GRANTED


def test_an_anonymous_session_owns_what_it_wrote() -> None:
    session = actor(anonymous=True, session=True, allow_anon=True)
    assert allowed(session, Action.COMMENT) == GRANTED
    assert allowed(session, Action.DELETE_COMMENT, own(session)) == GRANTED
    assert allowed(session, Action.DELETE_COMMENT, OTHERS) == FORBIDDEN
