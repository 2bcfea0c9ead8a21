"""The operator's verbs, from the command line to the database."""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from imagechat_tui.cli import ERROR, NOT_FOUND, OK, USAGE, run
from imagechat_tui.cli.tenants import data_folder
from imagechat_tui.clock import wall_ms
from imagechat_tui.protocol import sso
from imagechat_tui.protocol.usage import DailyUsage, Usage, day_of
from imagechat_tui.server.process import admin


@dataclass
class Said:
    """What a verb printed, and its exit code."""

    code: int
    out: str
    err: str


Operator = Callable[..., Said]


@pytest.fixture
def operator(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Operator:
    monkeypatch.delenv("IMAGECHAT_API_SECRET", raising=False)

    def carry_out(*args: str) -> Said:
        code = run([*args, "--data-dir", str(tmp_path / "data")])
        said = capsys.readouterr()
        return Said(code, said.out, said.err)

    return carry_out


def test_a_tenants_secret_is_all_that_is_printed_and_only_once(operator: Operator) -> None:
    made = operator("tenant", "create", "design")
    secret = made.out.strip()
    assert (made.code, len(secret) >= 43, "design" in made.err) == (OK, True, True)
    again = operator("tenant", "create", "design")
    assert (again.code, again.out, secret in again.err) == (ERROR, "", False)
    listed = operator("tenant", "list", "--json")
    assert secret not in listed.out
    assert json.loads(listed.out)["tenants"] == [
        {"id": "design", "name": "design", "allowAnon": False, "requireSso": False, "disabled": False}
    ]


def test_bytes_that_are_no_text_are_spelled_out(operator: Operator) -> None:
    assert operator("tenant", "create", "design", "--title", "caf\udce9").code == OK
    assert operator("tenant", "list").out == "design  caf\\xe9\n"
    minted = operator("token", "design", "a\udcff", "--name", "\udcff")
    assert minted.code == OK
    user = json.loads(base64.b64decode(json.loads(minted.out)["userDataJSONBase64"]))
    assert (user["id"], user["displayName"]) == ("a\\xff", "\\xff")
    assert operator("tenant", "create", "\udcff").code == ERROR
    assert operator("token", "\udcff", "anna").code == NOT_FOUND


def test_tenants_are_listed_with_their_rules(operator: Operator) -> None:
    assert operator("tenant", "list") == Said(OK, "", "")
    operator("tenant", "create", "a", "--title", "Team \x1b[31mA", "--allow-anon")
    operator("tenant", "create", "b", "--require-sso", "--json")
    lines = operator("tenant", "list").out.splitlines()
    assert lines[0].startswith("a  Team ")
    assert lines[0].endswith("anonymous may write")
    assert "\x1b" not in lines[0]
    assert lines[1] == "b  b  SSO only"


def test_without_a_data_folder_there_are_no_tenants(operator: Operator) -> None:
    assert operator("tenant", "list") == Said(OK, "", "")


def test_what_a_tenant_used_is_shown_by_day(operator: Operator, monkeypatch: pytest.MonkeyPatch) -> None:
    def usage(*where: object, **options: object) -> tuple[DailyUsage, ...]:
        return (DailyUsage(today - timedelta(days=40), used, 0), DailyUsage(today, used, 0))

    today, used = day_of(wall_ms()), Usage(1, 2, 3, 4, 5, 6, 7_000)
    operator("tenant", "create", "design")
    empty = operator("tenant", "usage", "design", "--json")
    assert json.loads(empty.out) == {"schema": 1, "tenant": "design", "days": []}
    monkeypatch.setattr(admin, "tenant_usage", usage)
    shown = operator("tenant", "usage", "design")
    assert shown.code == OK
    assert "7.0 kB" in shown.out
    told = json.loads(operator("tenant", "usage", "design", "--json").out)
    assert told["days"][1] == {
        "date": today.isoformat(),
        "conversationCreateCount": 1,
        "commentCreateCount": 2,
        "voteCount": 3,
        "commentFetchCount": 4,
        "userMentionSearch": 5,
        "pubSubMessageCount": 6,
        "pubSubBandwidth": 7_000,
    }
    assert len(told["days"]) == 2


def test_of_a_tenant_that_is_not_there_no_usage_is_shown(operator: Operator) -> None:
    for _ in range(2):
        refused = operator("tenant", "usage", "nobody")
        assert (refused.code, refused.out) == (NOT_FOUND, "")
        assert "There is no tenant nobody." in refused.err
        operator("tenant", "create", "design")


@pytest.mark.parametrize(
    "verb",
    [
        ("tenant", "list"),
        ("tenant", "create", "design"),
        ("tenant", "usage", "design"),
        ("token", "design", "anna"),
    ],
)
@pytest.mark.parametrize("kind", ["file", "device", "below a file", "loop"])
def test_what_is_no_data_folder_is_said_to_be_none(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, verb: tuple[str, ...],
    kind: str,
) -> None:  # fmt: skip
    monkeypatch.delenv("IMAGECHAT_API_SECRET", raising=False)
    (tmp_path / "file").write_text("")
    (tmp_path / "loop").symlink_to("loop")
    places = {"device": Path("/dev/null"), "below a file": tmp_path / "file" / "data"}
    place = places.get(kind, tmp_path / kind)
    assert run([*verb, "--data-dir", str(place)]) == ERROR
    told = capsys.readouterr()
    assert told.out == ""
    assert str(place) in told.err
    assert len(told.err.splitlines()) == 1


def test_a_name_that_will_not_do_is_refused_in_words(operator: Operator) -> None:
    for name in ("a b", "local"):
        refused = operator("tenant", "create", name)
        assert (refused.code, refused.out) == (ERROR, "")
        assert "Traceback" not in refused.err
        assert name in refused.err


@pytest.mark.parametrize("source", ["data folder", "environment"])
def test_a_token_signs_its_user_in(operator: Operator, monkeypatch: pytest.MonkeyPatch, source: str) -> None:
    secret = "given"
    if source == "environment":
        monkeypatch.setenv("IMAGECHAT_API_SECRET", secret)
    else:
        secret = operator("tenant", "create", "design").out.strip()
    minted = operator("token", "design", "anna", "--name", "Anna Berg", "--moderator")
    user = sso.verify(minted.out.strip(), secret.encode(), wall_ms())
    assert (user.id, user.display_name, user.is_moderator, user.is_admin) == (
        "anna",
        "Anna Berg",
        True,
        False,
    )
    assert secret not in minted.out + minted.err


def test_a_plain_token_gives_no_rights(operator: Operator) -> None:
    operator("tenant", "create", "design")
    token = json.loads(operator("token", "design", "anna").out)
    claims = json.loads(base64.b64decode(token["userDataJSONBase64"]))
    assert claims == {
        "id": "anna",
        "email": "anna@design.invalid",
        "username": "anna",
        "displayName": "Anna",
    }


def test_no_token_without_a_tenant_or_a_user_or_with_a_comma(operator: Operator) -> None:
    unknown = operator("token", "nobody", "anna")
    assert (unknown.code, unknown.out) == (NOT_FOUND, "")
    operator("tenant", "create", "design")
    for user in ("a,b", "", " "):
        refused = operator("token", "design", user)
        assert (refused.code, refused.out) == (USAGE, "")


def test_what_is_decided_of_a_tenant_holds_until_it_is_decided_otherwise(operator: Operator) -> None:
    first = operator("tenant", "create", "design").out.strip()
    assert operator("tenant", "set", "design", "--title", "Design", "--require-sso").code == OK
    assert operator("tenant", "disable", "design").code == OK
    assert operator("tenant", "list").out == "design  Design  SSO only  disabled\n"
    assert operator("tenant", "enable", "design").code == OK
    assert operator("tenant", "set", "design", "--no-require-sso", "--allow-anon").code == OK
    assert operator("tenant", "list").out == "design  Design  anonymous may write\n"
    rotated = operator("tenant", "rotate", "design")
    assert rotated.code == OK
    assert rotated.out.strip() not in ("", first)
    minted = json.loads(operator("token", "design", "anna").out)
    message = f"{minted['timestamp']}{minted['userDataJSONBase64']}".encode()
    signed = hmac.new(rotated.out.strip().encode(), message, "sha256").hexdigest()
    assert minted["verificationHash"] == signed, "tokens are made with the new one"


def test_nothing_to_change_is_a_mistake(operator: Operator) -> None:
    operator("tenant", "create", "design")
    assert operator("tenant", "set", "design").code == USAGE


def test_what_is_decided_of_users_is_listed(operator: Operator) -> None:
    operator("tenant", "create", "design")
    assert operator("user", "list", "design").out == ""
    assert operator("user", "ban", "design", "anna").out == "design:anna  banned\n"
    assert operator("user", "role", "design", "design:anna", "reader").out == "design:anna  banned  reader\n"
    assert operator("user", "unban", "design", "anna").out == "design:anna  reader\n"
    assert operator("user", "role", "design", "anna", "token").out == "design:anna  as their token says\n"
    until = json.loads(operator("user", "ban", "design", "anon:x", "--for", "7d", "--json").out)["user"]
    week_ms = until["bannedUntil"] - wall_ms()
    assert (until["id"], until["role"]) == ("anon:x", None)
    assert 0 < week_ms <= 7 * 86_400_000
    listed = json.loads(operator("user", "list", "design", "--json").out)["users"]
    assert listed == [until]


def test_the_machines_own_tenant_is_looked_for_where_its_server_keeps_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    for verb in (["user", "role", "local", "ben", "moderator"], ["user", "list", "local"]):
        assert run(verb) == NOT_FOUND
        said = capsys.readouterr()
        assert "imagechat IMAGE starts it" in said.err
        assert "tenant create" not in said.err
    assert data_folder(None, "local") == tmp_path / "imagechat"
    assert data_folder(None, "design") == data_folder(None) == tmp_path / "imagechat" / "team"
    assert data_folder(tmp_path, "local") == tmp_path


@pytest.mark.parametrize("said", ["0d", "7", "d", "1.5h", "-1d", "123456d", "7 d"])
def test_a_time_that_cannot_be_read_is_a_mistake(operator: Operator, said: str) -> None:
    operator("tenant", "create", "design")
    refused = operator("user", "ban", "design", "anna", "--for", said)
    assert refused.code == USAGE
    assert "90m, 12h, 7d or 4w" in refused.err
    assert operator("user", "list", "design").out == ""


@pytest.mark.parametrize(
    "verb",
    [
        ("tenant", "rotate", "nobody"), ("tenant", "set", "nobody", "--allow-anon"), ("tenant", "disable", "nobody"),
        ("tenant", "enable", "nobody"), ("user", "ban", "nobody", "anna"), ("user", "list", "nobody"),
        ("user", "unban", "nobody", "anna"), ("user", "role", "nobody", "anna", "admin"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("made", [True, False])
def test_what_is_asked_of_no_tenant_is_refused(operator: Operator, verb: tuple[str, ...], made: bool) -> None:
    if made:
        operator("tenant", "create", "design")
    refused = operator(*verb)
    assert (refused.code, refused.out) == (NOT_FOUND, "")
    assert "nobody" in refused.err


def test_data_is_backed_up_restored_and_checked(operator: Operator, tmp_path: Path) -> None:
    file = str(tmp_path / "all.tar")
    missing = operator("server", "backup", file)
    assert (missing.code, "no database" in missing.err) == (ERROR, True)
    operator("tenant", "create", "design")
    made = operator("server", "backup", file)
    assert (made.code, "1 tenant, 0 comments" in made.out, "seal.key is in it" in made.err) == (
        OK,
        True,
        True,
    )
    assert operator("server", "backup", file).code == ERROR
    there = operator("server", "restore", file)
    assert (there.code, "There is data already" in there.err) == (ERROR, True)
    (tmp_path / "data").rename(tmp_path / "lost")
    restored = operator("server", "restore", file, "--json")
    assert (restored.code, json.loads(restored.out)["faults"]) == (OK, [])
    assert operator("server", "check").out == "Nothing is wrong: 1 tenant, 0 comments, 0 pictures.\n"
    (tmp_path / "data" / "seal.key").unlink()
    wrong = operator("server", "check")
    assert (wrong.code, "API secret of design" in wrong.out) == (ERROR, True)
    assert len(json.loads(operator("server", "check", "--json").out)["faults"]) == 1


@pytest.mark.parametrize("verb", ["backup", "restore"])
def test_of_postgresql_it_is_told_what_to_type(
    operator: Operator, monkeypatch: pytest.MonkeyPatch, verb: str, tmp_path: Path
) -> None:
    monkeypatch.setenv("IMAGECHAT_DATABASE_URL", "postgresql://me:canary@db.example/imagechat")
    told = operator("server", verb, str(tmp_path / "all.tar"))
    assert told.code == ERROR
    assert {"backup": "pg_dump", "restore": "pg_restore"}[verb] in told.err
    assert "seal.key" in told.err
    assert "canary" not in told.err
    assert list(tmp_path.iterdir()) == []
