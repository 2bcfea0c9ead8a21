"""Guests: their names, how they are known again, the keys of those who keep no session (PROTOCOL 4.2, 4.3)."""

from __future__ import annotations

from pathlib import Path

import pytest

from imagechat_tui.protocol.ids import TenantId, UserId
from imagechat_tui.server.guard.tokens import Tokens
from imagechat_tui.server.usecases.edit_keys import opens
from tests import examples as eg
from tests.protocol.openapi import breaches
from tests.server.house import House, Json, K, Person, comment, frame, items, marker, part
from tests.server.test_commands import everything_in

pytestmark = pytest.mark.security


def stranger(house: House) -> Person:
    """Somebody new: whoever came before left no cookie."""
    house.client.session.cookie_jar.clear()
    return house.person("", "open")


async def wrote(house: House, text: str = "hello", broadcast_id: str = "b1", name: str = "Ben") -> Json:
    """What a new guest is answered to a comment."""
    query = {"urlId": K, "broadcastId": broadcast_id}
    said = await stranger(house).gets("POST", "/comments/open", comment(text, commenterName=name), **query)
    assert breaches("SaveCommentsResponseWithPresence", said) == []
    return said


async def test_a_guest_is_called_what_they_call_themselves(house: House) -> None:
    said = await wrote(house)
    assert part(said, "comment")["commenterName"] == "Ben"
    query = {"sessionId": str(part(said, "user")["sessionId"])}
    body = marker(broadcastId="m1", comment=None, createdFromCommentId=part(said, "comment")["_id"])
    made = await stranger(house).gets("POST", "/comment-image-chats/open", body, **query)
    assert part(made, "conversation")["commenterName"] == "Ben"
    ann = house.person("ann", "open")
    told = await ann.writes("mine", "b2", commenterName="somebody else")
    assert part(told, "comment")["commenterName"] == "Ann"


@pytest.mark.parametrize("name", ["", "  ", "\u200b", "anon:abc"])
async def test_a_guest_without_a_name_is_anonymous(house: House, name: str) -> None:
    assert part(await wrote(house, name=name), "comment")["commenterName"] == "Anonymous"


@pytest.mark.parametrize(
    ("name", "code"), [("x" * 101, "invalid-name"), ("ben@example.com", "invalid-name-is-email")]
)
async def test_a_name_that_will_not_do_is_refused(house: House, name: str, code: str) -> None:
    query = {"urlId": K, "broadcastId": "b1"}
    body = comment("hello", commenterName=name)
    status, refused, _ = await stranger(house).asks("POST", "/comments/open", body, **query)
    assert (status, refused["code"]) == (400, code)


async def test_the_answer_that_makes_a_session_says_how_to_listen_with_it(house: House) -> None:
    said = await wrote(house)
    session = str(part(said, "user")["sessionId"])
    guest = stranger(house)
    listed = await guest.thread(sessionId=session)
    assert listed["userIdWS"] == said["userIdWS"]
    again = {"urlId": K, "broadcastId": "b2", "sessionId": session}
    assert "userIdWS" not in await guest.gets("POST", "/comments/open", comment("more"), **again)
    with_cookie = house.person("", "open")
    said = await with_cookie.writes("from a browser", "b3")
    assert "userIdWS" in said
    ann = house.person("ann", "open")
    assert "userIdWS" not in await ann.writes("mine", "b4")


async def test_a_guest_who_kept_no_session_edits_and_deletes_with_the_key(house: House) -> None:
    made = part(await wrote(house), "comment")
    path, key = f"/comments/open/{made['_id']}", {"editKey": str(made["editKey"])}
    text = await stranger(house).gets("GET", f"{path}/text", **key)
    assert text["commentText"] == "hello"
    edit = {"comment": "*hi*"}
    for _ in range(2):
        edited = await stranger(house).gets("POST", f"{path}/update-text", edit, broadcastId="e1", **key)
        assert part(edited, "comment")["commentHTML"] == "<i>hi</i>"
    await stranger(house).gets("DELETE", path, broadcastId="d1", **key)
    assert items(await stranger(house).thread(), "comments") == []


async def test_a_key_opens_one_comment_of_a_guest_and_nothing_else(house: House) -> None:
    mine, other = [part(await wrote(house, text, text), "comment") for text in ("mine", "other")]
    ann = house.person("ann", "open")
    members = part(await ann.writes("a member's", "b3"), "comment")
    forged = house.person("", "demo")
    key = str(mine["editKey"])
    for thing, used in ((other, key), (members, key), (mine, key[:-1] + "-"), (mine, "e1."), (mine, "é")):
        for method, path, body in (
            ("GET", f"/comments/open/{thing['_id']}/text", None),
            ("POST", f"/comments/open/{thing['_id']}/update-text", {"comment": "new"}),
            ("DELETE", f"/comments/open/{thing['_id']}", None),
        ):
            query = {"broadcastId": "x1", "editKey": used}
            status, refused, _ = await stranger(house).asks(method, path, body, **query)
            assert (status, refused["code"]) == (401, "edit-key-invalid"), (method, used)
    status, refused, _ = await forged.asks(
        "DELETE", f"/comments/demo/{mine['_id']}", broadcastId="x", editKey=key
    )
    assert status == 401


def test_what_a_member_wrote_has_no_key_whoever_could_make_one() -> None:
    tokens = Tokens(b"secret")
    key = tokens.edit_key(eg.TENANT, eg.comment().id)
    assert not opens(tokens, eg.TENANT, key, eg.comment())
    guests = eg.comment(user_id=None, anon_user_id=UserId("anon:1"))
    assert opens(tokens, eg.TENANT, key, guests)
    assert not opens(tokens, TenantId("other"), key, guests)
    assert not opens(tokens, eg.TENANT, "", guests)


async def test_a_lock_holds_against_a_key_and_a_wrong_key_takes_no_right_away(house: House) -> None:
    made = part(await wrote(house), "comment")
    judge = house.person("judge", "open", isModerator=True)
    await judge.gets("POST", f"/comments/open/{made['_id']}/lock", broadcastId="l1")
    query = {"broadcastId": "d1", "editKey": str(made["editKey"])}
    status, refused, _ = await stranger(house).asks("DELETE", f"/comments/open/{made['_id']}", **query)
    assert (status, refused["code"]) == (401, "locked")
    await judge.gets("POST", f"/comments/open/{made['_id']}/unlock", broadcastId="l2")
    await judge.gets("DELETE", f"/comments/open/{made['_id']}", broadcastId="d2", editKey="e1.wrong")


async def test_a_vote_is_taken_back_with_its_key_or_that_of_the_guests_own_comment(house: House) -> None:
    made = part(await wrote(house), "comment")
    ballot, up = f"/comments/open/{made['_id']}/vote", {"voteDir": "up"}

    async def votes(broadcast_id: str, **query: str) -> Json:
        cast = await stranger(house).gets("POST", ballot, up, urlId=K, broadcastId=broadcast_id, **query)
        assert breaches("VoteResponse", cast) == []
        return cast

    theirs = await votes("v1")
    assert str(part(theirs, "user")["sessionId"]).startswith("s1.")

    async def unvotes(cast: Json, key: object) -> int:
        query = {"urlId": K, "broadcastId": "u1", "editKey": str(key)}
        return (await stranger(house).asks("DELETE", f"{ballot}/{cast['voteId']}", **query))[0]

    assert await unvotes(theirs, made["editKey"]) == 401, "another guest's vote"
    assert await unvotes(theirs, theirs["editKey"]) == 200
    session = str(part(await wrote(house, "again", "b2"), "user")["sessionId"])
    mine = part(
        await stranger(house).gets(
            "POST", "/comments/open", comment("my own"), urlId=K, broadcastId="b3", sessionId=session
        ),
        "comment",
    )
    ballot = f"/comments/open/{mine['_id']}/vote"
    assert await unvotes(await votes("v2", sessionId=session), mine["editKey"]) == 200


async def test_keys_are_told_their_guest_alone_and_kept_nowhere(house: House, tmp_path: Path) -> None:
    socket = await stranger(house).sub(await stranger(house).thread(v="2"), v="2")
    await frame(socket)
    made = part(await wrote(house), "comment")
    assert "editKey" not in part(await frame(socket), "comment")
    assert "editKey" not in items(await stranger(house).thread(), "comments")[0]
    kept = everything_in(tmp_path)
    assert str(made["_id"]).encode() in kept
    assert str(made["editKey"]).encode() not in kept
    ann = house.person("ann", "open")
    assert "editKey" not in part(await ann.writes("mine", "b2"), "comment")
