"""What was deleted is said nowhere any more: not in the log, not to a socket, not in a stored answer."""

from __future__ import annotations

import json
import sqlite3
from importlib import resources
from pathlib import Path

import pytest

from imagechat_tui.protocol.routes import RESTORABLE_MS
from imagechat_tui.server.storage import sqlite
from imagechat_tui.server.storage.quotes import answer_with_words
from imagechat_tui.server.storage.sqlite import SqliteStore
from tests.server.house import IMAGE, Clock, House, Json, K, Person, frame, items, part

pytestmark = pytest.mark.security

WORDS = "the plum tree"


async def logged(person: Person, ids: Json, page: str, *, v2: bool) -> str:
    """The whole log of a room, as it is handed out."""
    query = {"urlId": page, "userIdWS": str(ids["userIdWS"]), "startTime": "0"}
    if v2:
        query |= {"v": "2", "seq": "0", "epoch": str(ids["epoch"])}
    answer = await person.gets("GET", "/event-log/demo", **query)
    assert items(answer, "events")
    return json.dumps(answer, ensure_ascii=False)


async def restorable_no_more(house: House) -> None:
    """Ten minutes have passed."""
    house.clock.ms += RESTORABLE_MS
    assert not await house.store.forget_deleted()


async def assert_unsaid(house: House, person: Person) -> None:
    ids = await person.list(v="2")
    for page in (IMAGE, K):
        for v2 in (False, True):
            assert WORDS not in await logged(person, ids, page, v2=v2), (page, v2)
    thread = await person.thread(v="2")
    for there in (ids, thread):
        position = {"seq": "0", "epoch": str(there["epoch"])}
        async with await person.sub(there, v="2", **position) as socket:
            for _ in range(int(str(there["seq"])) + 1):
                assert WORDS not in json.dumps(await frame(socket))


async def test_a_deleted_comment_is_blank_in_the_log_and_on_the_socket(house: House) -> None:
    ann = house.person("ann")
    await ann.marks("m1")
    said = await ann.writes(f"**{WORDS}** blooms", "c1")
    stays = await ann.writes("the pear tree", "c2")
    comment_id = str(part(said, "comment")["_id"])
    await ann.gets(
        "POST", f"/comments/demo/{comment_id}/update-text", {"comment": f"{WORDS}!"}, broadcastId="e1"
    )
    await ann.writes(f"a reply: {WORDS}", "c3", parentId=comment_id)
    await ann.gets("DELETE", f"/comments/demo/{comment_id}", broadcastId="d1")
    await assert_unsaid(house, ann)
    ids = await ann.list(v="2")
    assert "the pear tree" in await logged(ann, ids, K, v2=True), stays


async def test_a_deleted_marker_takes_the_words_of_its_whole_thread_along(house: House) -> None:
    ann, bob = house.person("ann"), house.person("bob")
    made = await ann.marks("m1", comment=WORDS)
    await bob.writes(f"{WORDS} again", "c1")
    await ann.gets("DELETE", f"/comment-image-chats/demo/{made['createdChatId']}", broadcastId="d1")
    await restorable_no_more(house)
    await assert_unsaid(house, ann)


async def test_repeating_a_request_does_not_bring_the_words_back(house: House) -> None:
    ann = house.person("ann")

    async def asks() -> dict[str, Json]:
        return {"m1": await ann.marks("m1", comment=WORDS), "c1": await ann.writes(WORDS, "c1")}

    first = await asks()
    comment_id = str(part(first["c1"], "comment")["_id"])
    edit = f"/comments/demo/{comment_id}/update-text"
    await ann.gets("POST", edit, {"comment": f"{WORDS}!"}, broadcastId="e1")
    await ann.gets("DELETE", f"/comment-image-chats/demo/{first['m1']['createdChatId']}", broadcastId="d1")
    await restorable_no_more(house)
    for name, again in (await asks()).items():
        assert WORDS not in json.dumps(again)
        assert part(again, "comment")["_id"] == part(first[name], "comment")["_id"]
    again = await ann.gets("POST", edit, {"comment": f"{WORDS}!"}, broadcastId="e1")
    assert part(again, "comment")["commentHTML"] == ""


async def test_what_an_earlier_version_left_is_blanked_when_the_store_is_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "old.sqlite"
    first = resources.files("imagechat_tui.server.storage.migrations") / "0001_first.sqlite.sql"
    kept, gone = (
        json.dumps({"type": "new-comment", "comment": {"_id": name, "comment": WORDS, "commentHTML": WORDS}})
        for name in ("c_kept", "c_gone")
    )
    with sqlite3.connect(path) as old:
        old.executescript(first.read_text("utf-8"))
        old.execute("PRAGMA user_version = 1")
        old.execute("INSERT INTO tenant VALUES ('demo', 'Demo', x'', 0, 0, 0)")
        old.execute("INSERT INTO room (tenant_id, token, url_id, epoch) VALUES ('demo', 'r1', 'p', 'ep')")
        old.execute(
            "INSERT INTO comment (tenant_id, id, url_id, commenter_name, html, text, date_ms, verified, approved,"
            " is_pinned, is_locked, is_by_admin, is_by_moderator, url, page_title)"
            " VALUES ('demo', 'c_kept', 'p', '', '', '', 0, 1, 1, 0, 0, 0, 0, '', '')"
        )
        for seq, body in enumerate((kept, gone), start=1):
            old.execute(
                "INSERT INTO event VALUES ('demo', 'r1', ?, ?, ?, 'p', ?, ?, ?)",
                (seq, f"e{seq}", seq, f"b{seq}", body, body),
            )
            old.execute("INSERT INTO answer VALUES ('demo', 'ann', ?, x'', ?, 0)", (f"b{seq}", body.encode()))
    old.close()
    store = await SqliteStore.open(path, now_ms=Clock())
    await store.close()
    new = sqlite._connect(path)
    numbered = [tuple(row) for row in new.execute("SELECT id, number FROM comment")]
    last = new.execute("SELECT last_number FROM room").fetchone()[0]
    rows = [*new.execute("SELECT plain, full_frame FROM event ORDER BY seq")]
    answers = [row[0] for row in new.execute("SELECT body FROM answer ORDER BY broadcast_id")]
    new.close()
    assert (numbered, last) == ([("c_kept", 1)], 1)
    for texts, words in (((*rows[0], answers[0].decode()), WORDS), ((*rows[1], answers[1].decode()), "")):
        assert not any(WORDS in text for text in texts)
        quoted = {"_id": "c_kept" if words else "c_gone", "comment": words, "commentHTML": words}
        for text in texts:
            assert json.loads(answer_with_words(text.encode(), words, words))["comment"] == quoted
