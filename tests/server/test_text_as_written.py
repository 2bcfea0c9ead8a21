"""What people write is stored and sent as they wrote it; only what no store can hold is refused (PROMISES D15)."""

from __future__ import annotations

import html
import json
import sqlite3
from pathlib import Path

import pytest

from imagechat_tui.protocol import sso
from imagechat_tui.safetext import comment_text
from tests import examples as eg
from tests.server.house import NOW_MS, House, K, api_secret, comment, frame, items, marker, part

WRITTEN = {
    "Persian with a non-joiner": "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
    "a family": "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466",
    "a coloured heart": "\u2764\ufe0f",
    "the flag of Scotland": "\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f",
    "an ideographic variant": "\u845b\U000e0100",
    "soft hyphens": "Donau\u00addampf\u00adschiff",
    "marks of direction": "\u200f\u05e9\u05dc\u05d5\u05dd\u200e \u2067abc\u2069",
    "more marks than are drawn": "e" + "\u0301" * 9,
    "spaces and tabs": " \u00a0a\u202fb\tc\u3000",
    "line ends of Windows": "one\r\ntwo",
    "control characters": "\x1b]52;c;AAAA\x07\x9b31m\x08",
    "private use": "\ue000\U0010fffd",
    "no Unicode yet": "\U0001fae9\ufffe",
}


@pytest.mark.parametrize("text", WRITTEN.values(), ids=WRITTEN)
async def test_a_text_is_everywhere_as_it_was_written(house: House, tmp_path: Path, text: str) -> None:
    ann = house.person("ann")
    user = {"id": "ann", "email": "ann@example.com", "username": "ann", "displayName": f"Ann {text}"}
    ann.token = sso.mint(user, api_secret("demo"), NOW_MS)
    listed = await ann.list(v="2")
    text = f"a {text} b"
    async with await ann.sub(listed, v="2") as live, await ann.sub(listed) as plain:
        await frame(live)
        await ann.marks("m1", comment=text, pageTitle=text)
        said = await ann.writes(text, "c1", pageTitle=text)
        comment_id = str(part(said, "comment")["_id"])
        edit = {"comment": f"{text}!"}
        await ann.gets("POST", f"/comments/demo/{comment_id}/update-text", edit, broadcastId="e1")
        seen = [await frame(live) for _ in range(4)]
        assert part(seen[1], "comment")["comment"] == part(seen[2], "comment")["comment"] == text
        assert part(seen[1], "comment")["pageTitle"] == text
        assert part(seen[3], "comment")["comment"] == f"{text}!"
        assert part(await frame(plain), "imageChat")["commenterName"] == user["displayName"]
    for comments in (items(await ann.list(v="2"), "comments"), items(await ann.thread(v="2"), "comments")):
        assert {one["comment"] for one in comments} == {text, f"{text}!"}
        assert {one["commenterName"] for one in comments} == {user["displayName"]}
    source = await ann.gets("GET", f"/comments/demo/{comment_id}/text")
    assert source["commentText"] == f"{text}!"
    log = await ann.gets("GET", "/event-log/demo", urlId=K, userIdWS=str(listed["userIdWS"]), startTime="0")
    frames = [json.loads(str(entry["data"])) for entry in items(log, "events")]
    assert {part(one, "comment")["comment"] for one in frames} == {text, f"{text}!"}
    database = sqlite3.connect(tmp_path / "test.sqlite")
    rows = database.execute("SELECT text, html, commenter_name, page_title FROM comment").fetchall()
    database.close()
    assert {row[0] for row in rows} == {text, f"{text}!"}
    assert {row[2:] for row in rows} == {(user["displayName"], text)}
    for stored, markup, *_ in rows:
        words = html.unescape(markup).replace("<br>", "\n")
        assert [line.strip(" \t") for line in words.splitlines()] == [
            line.strip(" \t") for line in stored.replace("\r\n", "\n").splitlines()
        ]


@pytest.mark.security
@pytest.mark.parametrize("bad", ["\\u0000", "\\ud83d", "\\udc00"])
@pytest.mark.parametrize("key", ["comment", "pageTitle", "src", "windowUrlId"])
async def test_nul_and_halves_of_characters_are_refused(house: House, bad: str, key: str) -> None:
    body = json.dumps(marker() | {key: f"{K} BAD"}).replace("BAD", bad).encode()
    status, answer, _ = await house.person("ann").asks("POST", "/comment-image-chats/demo", body)
    assert (status, answer["code"]) == (400, "invalid-input")


@pytest.mark.parametrize("nothing", ["", " \n", "\u200b\u200d", "\u202e", "\u3164", "\U000e0041"], ids=ascii)
async def test_a_comment_of_which_nothing_would_be_seen_is_empty(house: House, nothing: str) -> None:
    body = comment(nothing)
    status, answer, _ = await house.person("ann").asks(
        "POST", "/comments/demo", body, urlId=K, broadcastId="b1"
    )
    assert (status, answer["code"]) == (400, "empty-comment")


@pytest.mark.parametrize(
    ("written", "drawn"),
    [
        (WRITTEN["Persian with a non-joiner"], "\u0645\u06cc\u062e\u0648\u0627\u0647\u0645"),
        (WRITTEN["a family"], "\U0001f468\U0001f469\U0001f467\U0001f466"),
        (WRITTEN["a coloured heart"], "\u2764"),
        (WRITTEN["soft hyphens"], "Donaudampfschiff"),
        (WRITTEN["line ends of Windows"], "one\ntwo"),
    ],
)
def test_it_is_made_fit_for_cells_where_it_is_drawn(written: str, drawn: str) -> None:
    assert comment_text(eg.comment(text=written)) == drawn
