"""Typed text outlives its program, and two programs never destroy each other's."""

from __future__ import annotations

import errno
import json
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagechat_tui.net.drafts.file import DraftFile, DraftsNotStored, drafts_path, joined
from imagechat_tui.net.drafts.json import drafts_from_text, text_from_drafts
from imagechat_tui.problems import Problem, ProblemKind
from imagechat_tui.protocol.ids import BroadcastId, CommentId, ConversationId, TenantId, UrlId
from imagechat_tui.protocol.models import Point
from imagechat_tui.sync.intents import (
    BlockAuthor,
    DeleteComment,
    DeleteConversation,
    EditComment,
    FlagComment,
    LockComment,
    MoveConversation,
    PinComment,
    PostComment,
    ResolveConversation,
    StartConversation,
    VoteComment,
)
from imagechat_tui.sync.state import Draft

CHAT = ConversationId("ic_1")


def typed(text: str, *, at_ms: int = 0, name: str = "new:1:2") -> Draft:
    return Draft(name, StartConversation(Point(1, 2), text), updated_at_ms=at_ms)


FAILED = Draft(
    "b-1",
    PostComment(CHAT, "Dry again"),
    broadcast_id=BroadcastId("b-1"),
    problem=Problem(ProblemKind.RESTARTED),
    comment_id=CommentId("c_1"),
)

texts = st.text(st.characters(exclude_categories=()), max_size=20)
numbers = st.floats(0, 100)
chats = texts.map(ConversationId)
ids = texts.map(CommentId)
writes = st.one_of(
    st.builds(StartConversation, st.builds(Point, numbers, numbers), texts, st.none() | st.integers()),
    st.builds(PostComment, chats, texts, st.none() | ids),
    st.builds(EditComment, chats, ids, texts),
    st.builds(DeleteComment, chats, ids),
    st.builds(DeleteConversation, chats),
    st.builds(MoveConversation, chats, st.builds(Point, numbers, numbers)),
    st.builds(ResolveConversation, chats, st.booleans()),
    st.builds(VoteComment, chats, ids, st.sampled_from([1, 0, -1])),
    st.builds(PinComment, chats, ids, st.booleans()),
    st.builds(LockComment, chats, ids, st.booleans()),
    st.builds(FlagComment, chats, ids, st.booleans()),
    st.builds(BlockAuthor, chats, ids, st.booleans()),
)
problems = st.builds(
    Problem, st.sampled_from(ProblemKind), texts, texts, st.none() | numbers, st.none() | st.integers(0)
)
drafts_of_any_kind = st.builds(
    Draft,
    texts,
    writes,
    st.none() | texts.map(BroadcastId),
    st.none() | problems,
    st.none() | ids,
    st.integers(0),
)


@given(st.lists(drafts_of_any_kind, max_size=3))
def test_every_draft_reads_back_as_it_was_written(drafts: list[Draft]) -> None:
    text = text_from_drafts(tuple(drafts))
    text.encode("ascii")
    assert drafts_from_text(text) == (tuple(drafts), True)


def test_the_next_session_finds_what_the_last_one_stored(tmp_path: Path) -> None:
    first = DraftFile(tmp_path / "d")
    assert first.load() == ()
    first.store((typed("half a"), FAILED))
    first.close()
    second = DraftFile(tmp_path / "d")
    assert second.load() == (typed("half a"), FAILED)
    second.store((FAILED,))
    second.sync()
    second.close()
    third = DraftFile(tmp_path / "d")
    assert third.load() == (FAILED,)
    third.store(())
    third.sync()
    third.close()
    assert list((tmp_path / "d").iterdir()) == [], "without drafts nothing is left behind"


def test_a_living_session_keeps_its_drafts_to_itself(tmp_path: Path) -> None:
    one, other = DraftFile(tmp_path), DraftFile(tmp_path)
    one.store((typed("of one"),))
    assert other.load() == ()
    other.store((typed("of other"),))
    one.store((typed("of one, longer"),))
    one.close()
    other.close()
    texts = {
        draft.write.text for draft in DraftFile(tmp_path).load() if isinstance(draft.write, StartConversation)
    }
    assert texts == {"of one, longer", "of other"}


def test_what_was_adopted_and_not_stored_yet_is_there_for_the_next(tmp_path: Path) -> None:
    first = DraftFile(tmp_path)
    first.store((typed("a"),))
    first.close()
    second = DraftFile(tmp_path)
    assert second.load() == (typed("a"),)
    assert DraftFile(tmp_path).load() == (), "nobody else may take it meanwhile"
    second.close()
    assert DraftFile(tmp_path).load() == (typed("a"),)


def test_two_texts_for_one_place_are_both_kept() -> None:
    older, newer = typed("older", at_ms=1), typed("newer", at_ms=2)
    renamed, kept = joined([newer, older])
    assert kept == newer
    assert renamed.write == older.write
    assert renamed.problem == Problem(ProblemKind.RESTARTED)
    assert renamed.id == renamed.broadcast_id != older.id
    assert joined([older, older]) == (older,)


def test_files_are_private(tmp_path: Path) -> None:
    old_mask = os.umask(0)
    try:
        folder = drafts_path(tmp_path / "state", "https://h", TenantId("demo"), UrlId("k"))
        drafts = DraftFile(folder)
        drafts.store((FAILED,))
    finally:
        os.umask(old_mask)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}
    drafts.close()


def test_images_servers_and_tenants_have_folders_of_their_own(tmp_path: Path) -> None:
    places = [("a", "b", "c"), ("a", "bc", ""), ("ab", "", "c"), ("a", "b", "\ud800")]
    folders = {drafts_path(tmp_path, s, TenantId(t), UrlId(u)) for s, t, u in places}
    assert len(folders) == 4


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        '{"version":2,"drafts":[]}',
        '{"version":1,"drafts":[{"id":7}]}',
        "[" * 100_000,
        "\x00",
        "NaN",
    ],
)
def test_a_file_that_cannot_be_read_is_kept_aside(tmp_path: Path, text: str) -> None:
    (tmp_path / "x.json").write_text(text)
    drafts = DraftFile(tmp_path)
    assert drafts.load() == ()
    drafts.store((FAILED,))
    drafts.close()
    assert (tmp_path / "x.bad").read_text() == text
    assert DraftFile(tmp_path).load() == (FAILED,)


def test_of_a_half_readable_file_the_good_half_is_taken(tmp_path: Path) -> None:
    obj = json.loads(text_from_drafts((typed("good"),)))
    obj["drafts"].append({"id": "bad"})
    (tmp_path / "x.json").write_text(json.dumps(obj))
    drafts = DraftFile(tmp_path)
    assert drafts.load() == (typed("good"),)
    assert (tmp_path / "x.bad").exists()
    drafts.close()


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text(text_from_drafts((FAILED,)))
    folder = tmp_path / "d"
    folder.mkdir()
    (folder / "x.json").symlink_to(elsewhere)
    drafts = DraftFile(folder)
    assert drafts.load() == ()
    drafts.close()
    assert elsewhere.exists()


def test_a_text_has_its_name_before_the_disk_has_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    drafts = DraftFile(tmp_path)
    with monkeypatch.context() as slow:
        slow.setattr(os, "fsync", asked.append)
        drafts.store((typed("a"),))
        assert asked == []
        assert "a" in drafts.path.read_text()
        drafts.sync()
        drafts.sync()
    assert len(asked) == 2, "the file and its folder, once"


def test_what_was_adopted_is_not_removed_before_the_disk_has_ours(tmp_path: Path) -> None:
    first = DraftFile(tmp_path)
    first.store((typed("a"),))
    first.close()
    second = DraftFile(tmp_path)
    second.store(second.load())
    assert first.path.exists()
    second.sync()
    assert not first.path.exists()


@pytest.mark.parametrize("error", [errno.EIO, errno.ENOSPC])
def test_a_disk_that_fails_later_is_told_once_and_nothing_is_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: int
) -> None:
    first = DraftFile(tmp_path)
    first.store((typed("a"),))
    first.close()

    def fails(fd: int) -> None:
        raise OSError(error, "")

    second = DraftFile(tmp_path)
    second.store(second.load())
    with monkeypatch.context() as broken:
        broken.setattr(os, "fsync", fails)
        with pytest.raises(DraftsNotStored):
            second.sync()
        second.sync()
    assert first.path.exists()
    second.sync()
    assert not first.path.exists()


def test_a_folder_that_cannot_be_made_is_told_once(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    drafts = DraftFile(tmp_path / "file" / "d")
    assert drafts.load() == ()
    with pytest.raises(DraftsNotStored):
        drafts.store((FAILED,))
    drafts.store((FAILED, typed("a")))
    drafts.close()


KILLED_AT_EACH_STEP = """
import json, os, signal, sys
from itertools import count
from pathlib import Path
from imagechat_tui.net.drafts import file as module
import tests.net.test_drafts as cases

def adopt(folder, step):
    calls = count(1)
    def stops(real):
        def stop(*given, **named):
            if next(calls) == step:
                os.kill(os.getpid(), signal.SIGKILL)
            return real(*given, **named)
        return stop
    for owner, name in ((os, "open"), (os, "fsync"), (os, "close"), (Path, "replace"), (Path, "unlink")):
        setattr(owner, name, stops(getattr(owner, name)))
    session = module.DraftFile(folder)
    found = session.load()
    session.store((*found, cases.typed("new", name="new:9:9")))
    (folder.parent / f"{step} stored").touch()
    session.sync()

for step in count(1):
    folder = Path(sys.argv[1]) / str(step)
    before = module.DraftFile(folder)
    before.store((cases.typed("old"), cases.FAILED))
    before.sync()
    before.close()
    child = os.fork()
    if not child:
        adopt(folder, step)
        os._exit(0)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    print(json.dumps([step, code]), flush=True)
    if code != -signal.SIGKILL:
        break
"""
"""One process that forks for each step: to start twenty would take longer than all that they do."""


@pytest.mark.reliability
def test_a_kill_at_any_step_of_adopting_loses_nothing(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", KILLED_AT_EACH_STEP, str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[2],
    )
    steps: list[tuple[int, int]] = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(steps) > 8, done.stderr
    assert [code for _, code in steps] == [-signal.SIGKILL] * (len(steps) - 1) + [0], done.stderr
    for step, _ in steps:
        found = DraftFile(tmp_path / str(step)).load()
        assert {typed("old"), FAILED} <= set(found), f"killed at step {step}"
        assert len(found) == len({draft.id for draft in found})
        if (tmp_path / f"{step} stored").exists():
            assert typed("new", name="new:9:9") in found


def test_an_older_text_that_comes_late_replaces_no_last_word(tmp_path: Path) -> None:
    file = DraftFile(tmp_path)
    file.store((typed("half"),))
    file.store_last((typed("half a thought"),))
    file.sync()
    file.close()
    file.store((typed("half a"),))
    assert DraftFile(tmp_path).load() == (typed("half a thought"),), "and the next one may take it"


def test_drafts_of_two_folders_are_adopted_into_one(tmp_path: Path) -> None:
    """A crash may come between the room's folder and the place's."""
    for name in ("room", "place"):
        left = DraftFile(tmp_path / name)
        left.store((typed(name, name=name),))
        left.close()
    both = DraftFile(tmp_path / "room", also=tmp_path / "place")
    found = both.load()
    assert {draft.id for draft in found} == {"room", "place"}
    both.store(found)
    both.sync()
    both.close()
    assert DraftFile(tmp_path / "place").load() == ()
    assert set(DraftFile(tmp_path / "room").load()) == set(found)
