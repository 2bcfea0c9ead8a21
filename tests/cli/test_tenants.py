"""The operator's verbs, from the command line to the database."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from imagechat_tui.cli import ERROR, NOT_FOUND, OK, USAGE, run
from imagechat_tui.clock import wall_ms
from imagechat_tui.protocol import sso


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
        {"id": "design", "name": "design", "allowAnon": False, "requireSso": False}
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


@pytest.mark.parametrize(
    "verb", [("tenant", "list"), ("tenant", "create", "design"), ("token", "design", "anna")]
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
