"""The scripted verbs before and behind the server: what is sent, and what is said about it."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path

import pytest
from msgspec.structs import replace

from imagechat_tui import problems
from imagechat_tui.cli import threads
from imagechat_tui.cli.one_shot import Visit
from imagechat_tui.cli.threads import list_threads, place_words, placement_json, text_of
from imagechat_tui.finding import STATES
from imagechat_tui.problems import VerbFailed
from imagechat_tui.protocol import codec
from imagechat_tui.protocol.ids import CommentId, ConversationId, UrlId
from imagechat_tui.protocol.models import Placement, PlacementState, Point, ReadState
from imagechat_tui.protocol.routes import ConversationList
from imagechat_tui.sync.state import Peer, Placings
from tests import examples as eg


@pytest.mark.parametrize(
    ("said", "sent"),
    [
        ("bad\udcff", "bad\N{REPLACEMENT CHARACTER}"),
        ("caf\udcc3\udca9 né", "caf\N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER} né"),
        ("a\x00b", "a\N{REPLACEMENT CHARACTER}b"),
        ("👩‍👧 two\nlines\n", "👩‍👧 two\nlines"),
    ],
)
def test_every_text_of_an_option_can_be_sent_and_a_good_one_is_not_changed(said: str, sent: str) -> None:
    assert text_of(said, "shot.png") == sent
    assert codec.dump_json({"comment": sent})


@pytest.mark.parametrize(
    ("piped", "sent"),
    [
        (b"bad\xff", "bad\N{REPLACEMENT CHARACTER}"),
        (b"a\x00b\n", "a\N{REPLACEMENT CHARACTER}b"),
        ("né\r\nü\r\n".encode(), "né\nü"),
    ],
)
def test_every_text_from_stdin_can_be_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, piped: bytes, sent: str
) -> None:
    (tmp_path / "piped").write_bytes(piped)
    with (tmp_path / "piped").open(encoding="utf-8", errors="strict") as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        assert text_of("-", "shot.png") == sent


@pytest.mark.parametrize("said", ["", "  \n"])
def test_nothing_is_no_text(said: str) -> None:
    with pytest.raises(VerbFailed) as failed:
        text_of(said, "shot.png")
    assert failed.value.problem == problems.TextEmpty()


def test_stdin_is_the_picture_or_the_text_and_not_both() -> None:
    with pytest.raises(VerbFailed) as failed:
        text_of("-", "-")
    assert failed.value.problem == problems.StdinTwice()


@pytest.mark.parametrize(("left_out", "told"), [(0, ""), (1, "1 item cannot be shown."), (2, "2 items")])
def test_a_list_says_what_is_left_out_of_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], left_out: int, told: str
) -> None:
    class Stub(Visit):
        def __init__(self) -> None:
            self.left_out = left_out
            self.room = eg.room()

        async def look(self) -> ConversationList:
            return eg.conversation_list(conversations=())

        async def read_state(self) -> ReadState | None:
            return None

    def visit(target: object, work: Callable[[Visit], Coroutine[None, None, object]]) -> object:
        return asyncio.run(work(Stub()))

    monkeypatch.setattr(threads, "visit", visit)
    list_threads.main(["https://e.org/shot.png", "--json"], standalone_mode=False)
    out, err = capsys.readouterr()
    assert told in err
    assert bool(err) == bool(left_out)
    assert out.startswith("{")


LISTED: tuple[tuple[str, list[int], str], ...] = (
    ("trail", [1, 2], "1 unread thread."),
    ("is:unread", [2], "1 unread thread."),
    ("by:me is:mine", [1], ""),
    ("is:check", [2], "1 unread thread."),
    ("nothing of it", [], "No marker on shot.png matches."),
)


@pytest.mark.parametrize(("query", "numbers", "last"), LISTED)
def test_of_a_list_that_is_filtered_only_what_is_meant_is_told(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    query: str,
    numbers: list[int],
    last: str,
) -> None:
    chats = [eg.conversation(id=ConversationId(f"ic_{n}"), url_id=UrlId(f"t{n}"), number=n) for n in (1, 2)]
    theirs = replace(chats[1], user_id=eg.BOB)
    comments = [
        eg.comment(id=CommentId(f"c{n}"), url_id=UrlId(f"t{n}"), user_id=by, number=1)
        for n, by in ((1, eg.ALICE), (2, eg.BOB))
    ]

    class Stub(Visit):
        def __init__(self) -> None:
            self.left_out = 0
            self.peer = Peer.OURS
            self.room = eg.room()

        async def look(self) -> ConversationList:
            return eg.conversation_list(conversations=(chats[0], theirs), comments=tuple(comments))

        async def read_state(self) -> ReadState | None:
            return ReadState(1)

        async def placings(self) -> Placings:
            guess = Placement(theirs.id, Point(1, 1), PlacementState.GUESS, origin=theirs.point)
            return Placings(2, True, {theirs.id: guess})

    def visit(target: object, work: Callable[[Visit], Coroutine[None, None, object]]) -> object:
        return asyncio.run(work(Stub()))

    monkeypatch.setattr(threads, "visit", visit)
    asked = ["https://e.org/shot.png", "--filter", query]
    list_threads.main([*asked, "--json"], standalone_mode=False)
    assert [one["number"] for one in json.loads(capsys.readouterr().out)["markers"]] == numbers
    list_threads.main(asked, standalone_mode=False)
    told = capsys.readouterr().out
    assert told.splitlines()[-1] == last or not last


def test_a_filter_that_means_nothing_is_named_before_anything_is_asked() -> None:
    with pytest.raises(VerbFailed) as failed:
        list_threads.main(["https://e.org/shot.png", "--filter", "is:closed"], standalone_mode=False)
    assert failed.value.problem == problems.NotAFilter("is:closed", STATES)


HOME = ConversationId("ic_1")


@pytest.mark.parametrize(
    ("made_on", "placement", "words", "told"),
    [
        (1, Placement(HOME, Point(1.5, 60.0), PlacementState.MOVED, eg.point()), "1.5 %, 60 % (made on v1)", "moved"),
        (1, Placement(HOME, Point(1.5, 38.4422), PlacementState.SET, by=eg.BOB), "1.5 %, 38.44 % (made on v1)", "set"),
        (1, Placement(HOME, eg.point(), PlacementState.GUESS, eg.point()),
         "25.5 %, 30.25 % (made on v1, look where it is)", "guess"),
        (1, Placement(HOME, Point(1.5, 60.0), PlacementState.MOVED, Point(7.0, 7.0)),
         "25.5 %, 30.25 % (made on v1, look where it is)", "guess"),
        (1, None, "25.5 %, 30.25 % (made on v1, look where it is)", "guess"),
        (2, Placement(HOME, Point(1.5, 60.0), PlacementState.SET), "25.5 %, 30.25 %", None),
        (None, None, "25.5 %, 30.25 %", None),
    ],
)  # fmt: skip
def test_a_list_says_where_a_marker_is_on_the_version_that_the_picture_is(
    made_on: int | None, placement: Placement | None, words: str, told: str | None
) -> None:
    there = eg.chat_state(placings=Placings(2, True, {} if placement is None else {HOME: placement}))
    marker = eg.conversation(version=made_on)
    assert place_words(there, marker) == words
    found = placement_json(there, marker)
    assert (None if found is None else found["state"]) == told
    assert found is None or found["version"] == 2
    assert place_words(eg.chat_state(), marker) == "25.5 %, 30.25 %"
    unseen = eg.chat_state(placings=Placings(-1, told=True))
    known = placement_json(unseen, marker)
    assert (known is None) == (made_on is None)
    assert known is None or (known["version"], known["state"]) == (None, "guess")
