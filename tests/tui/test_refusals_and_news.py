"""Nothing goes unheard: every refusal is told and changes nothing, and all news have their place on screen."""

from __future__ import annotations

from typing import get_args

import pytest

from imagechat_tui.problems import Problem, ProblemKind
from imagechat_tui.protocol.ids import BroadcastId, CommentId, ConversationId
from imagechat_tui.protocol.models import Point
from imagechat_tui.sync.effects import Announce, News, Tally
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
    RestoreConversation,
    StartConversation,
    VoteComment,
    Write,
)
from imagechat_tui.sync.state import Draft, OutboxEntry, Phase, Status, WriteStatus
from imagechat_tui.tui.chat.layout import Sidebar
from imagechat_tui.tui.chat.needs import PATIENCE_S, Need
from imagechat_tui.tui.chat.screen import SIDEBAR
from imagechat_tui.tui.chat.sidebar import UNSAVED_WORDS
from imagechat_tui.tui.dialogs.details import STATUS_WORDS
from imagechat_tui.tui.widgets.offline_banner import SHOWN_IN
from imagechat_tui.words import phase_words, problem_words, write_words
from tests import examples as eg
from tests.tui.conftest import Desk, Sit
from tests.tui.engine_session import EngineSession, on_hosted
from tests.tui.scripted_session import two_threads

IC = ConversationId("ic_1")
LOST = Problem(ProblemKind.UNREACHABLE)
FAILED_REPLY = Draft("f1", PostComment(IC, "kept words"), BroadcastId("f1"), LOST)
FAILED_DELETION = Draft("f2", DeleteConversation(IC), BroadcastId("f2"), LOST)

SURFACES: dict[str, tuple[list[str], type[Write]]] = {
    "new marker": (["c", *"ab", "enter"], StartConversation),
    "reply": (["]", "r", *"ab", "enter"], PostComment),
    "edit": (["]", "enter", "e", *"ab", "enter"], EditComment),
    "resolve from the list": (["]", "x"], ResolveConversation),
    "resolve in the thread": (["]", "enter", "x"], ResolveConversation),
    "resolve from the palette": (["]", ":", *"resolve", "enter"], ResolveConversation),
    "vote in the thread": (["]", "enter", "+"], VoteComment),
    "delete a marker from the list": (["]", "d", "y"], DeleteConversation),
    "delete a comment": (["]", "enter", "d", "y"], DeleteComment),
}
"""Keys that end in a write, by where they are pressed."""

RETRIES: dict[str, tuple[list[str], Draft]] = {
    "retry a text in the list of the unsent": (["!", "enter"], FAILED_REPLY),
    "retry a text in its thread": (["]", "enter", "G", "enter"], FAILED_REPLY),
    "retry a deletion in the list of the unsent": (["!", "enter"], FAILED_DELETION),
}

REASON = {
    Phase.OFFLINE: "There is no connection to the server",
    Phase.SIGN_IN_NEEDED: "You are not signed in, or your token has expired",
    Phase.READ_ONLY: "Your account may only read here",
    Phase.STARTING: "The server has not answered yet",
}


def heard(desk: Desk) -> str:
    """Everything that is told on the screen, as one line."""
    return " ".join(f"{desk.toasts} {desk.chat.composer.note}".split())


@pytest.mark.parametrize("surface", SURFACES)
@pytest.mark.parametrize("phase", [Phase.OFFLINE, Phase.SIGN_IN_NEEDED, Phase.READ_ONLY])
async def test_a_write_that_is_refused_is_told_and_changes_nothing(
    sit: Sit, phase: Phase, surface: str
) -> None:
    keys, kind = SURFACES[surface]
    session = EngineSession(phase)
    before = session.state
    async with sit(session=session) as desk:
        told = ""
        for key in keys:  # where nothing may be written, what was meant as text is commands
            await desk.press(key)
            told += heard(desk)
        if not (phase is Phase.READ_ONLY and "palette" in surface):  # it does not offer it
            assert REASON[phase] in told
        assert session.state.confirmed.conversations == before.confirmed.conversations
        assert session.state.confirmed.comments == before.confirmed.comments
        assert not session.state.mine.outbox
        assert not session.sent()
        assert not desk.chat.selection.deleting
        assert desk.chat.state.threads
        if "enter" in keys[:-1] and keys[0] == "]":
            assert desk.chat.selection.open_key == IC
        texts = [getattr(draft.write, "text", "") for draft in session.state.mine.drafts]
        writes = kind in (StartConversation, PostComment, EditComment) and phase is not Phase.READ_ONLY
        assert [text[-2:] for text in texts] == (["ab"] if writes else [])


async def test_a_marker_that_was_not_deleted_stays_open(sit: Sit) -> None:
    session = EngineSession(Phase.OFFLINE)
    async with sit(session=session) as desk:
        await desk.press("]", "enter")
        desk.chat.thread_actions.delete_marker(desk.chat.state.threads[0])
        await desk.press()
        assert desk.chat.selection.open_key == IC
        assert "Marker not deleted" in desk.toasts
        assert "Nothing has changed" in desk.toasts


@pytest.mark.parametrize("surface", RETRIES)
@pytest.mark.parametrize("phase", [Phase.OFFLINE, Phase.SIGN_IN_NEEDED, Phase.READ_ONLY])
async def test_a_retry_that_is_refused_is_told_and_keeps_what_there_is(
    sit: Sit, phase: Phase, surface: str
) -> None:
    keys, draft = RETRIES[surface]
    session = EngineSession(phase, drafts=(draft,))
    async with sit(session=session) as desk:
        await desk.press(*keys)
        assert REASON[phase] in heard(desk)
        assert [kept.write for kept in session.state.mine.drafts] == [draft.write]
        assert not session.sent()


@pytest.fixture
def patience_over(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a key waits for a moment is as if it had waited."""
    for need in (Need.START, Need.SAVED):
        monkeypatch.setitem(PATIENCE_S, need, 0.0)


@pytest.mark.usefixtures("patience_over")
@pytest.mark.parametrize("keys", [["c", *"ab", "enter"], ["!", "enter"]])
async def test_what_is_refused_before_the_first_answer_is_told_and_kept(sit: Sit, keys: list[str]) -> None:
    session = EngineSession(Phase.STARTING, drafts=(FAILED_REPLY,))
    async with sit(session=session) as desk:
        await desk.press(*keys)
        assert REASON[Phase.STARTING] in heard(desk)
        assert FAILED_REPLY.write in [draft.write for draft in session.state.mine.drafts]
        assert not session.sent()


@pytest.mark.parametrize(
    ("phase", "surface"),
    [
        *((Phase.LIVE, surface) for surface in SURFACES),
        (Phase.RECONNECTING, "delete a marker from the list"),
        (Phase.CATCHING_UP, "delete a comment"),
    ],
)
async def test_a_write_that_the_server_refuses_is_told_and_the_thread_stays(
    sit: Sit, phase: Phase, surface: str
) -> None:
    keys, kind = SURFACES[surface]
    session = EngineSession(phase)
    async with sit(session=session) as desk:
        await desk.press(*keys)
        assert isinstance(session.state.mine.outbox[0].write, kind)
        session.fail(ProblemKind.REFUSED)
        await desk.press()
        assert "The server refused it" in heard(desk)
        assert not desk.chat.selection.deleting
        assert desk.chat.state.thread(IC) is not None
        if "enter" in keys[:-1] and keys[0] == "]":
            assert desk.chat.selection.open_key == IC


async def test_what_nobody_answered_is_told_to_be_checked(sit: Sit) -> None:
    session = EngineSession()
    async with sit(session=session) as desk:
        await desk.press("]", "d", "y")
        session.fail(ProblemKind.TIMED_OUT, sent=True)
        await desk.press()
        assert "Checking delete marker: no answer yet." in heard(desk)


async def test_an_open_thread_closes_when_its_deletion_is_confirmed_and_not_before(sit: Sit) -> None:
    session = EngineSession()
    async with sit(session=session) as desk:
        await desk.press("]", "enter")
        desk.chat.thread_actions.delete_marker(desk.chat.state.threads[0])
        await desk.press()
        assert desk.chat.selection.open_key == IC
        session.world.replies(session.sent()[-1].broadcast_id)
        session.tell()
        await desk.until(lambda: desk.chat.selection.open_key is None)
        assert desk.focus == "threads"
        assert "Marker 1 deleted. u brings it back, for 10 minutes." in desk.toasts


@pytest.mark.usefixtures("patience_over")
@pytest.mark.parametrize("keys", [["d"], ["enter", "d"], ["enter", "e"]])
async def test_what_is_in_flight_is_not_changed_a_second_time(sit: Sit, keys: list[str]) -> None:
    session = EngineSession()
    async with sit(session=session) as desk:
        first = ["]", "d", "y"] if keys == ["d"] else ["]", "enter", "d", "y", "escape"]
        await desk.press(*first)
        assert len(session.sent()) == 1
        await desk.press(*keys)
        assert "The server has not confirmed it yet." in desk.toasts
        assert desk.app.screen is desk.chat
        assert desk.chat.composer.target is None


@pytest.mark.usefixtures("patience_over")
@pytest.mark.parametrize("key", ["r", "x"])
async def test_a_marker_that_is_not_on_the_server_yet_takes_nothing(sit: Sit, key: str) -> None:
    async with sit(session=EngineSession()) as desk:
        await desk.press("c", *"ab", "enter", key)
        assert "The marker is not on the server yet." in desk.toasts


# Where each kind of news is told

TOAST: dict[News, str] = {
    News.NOT_SAVED: "Comment not saved",
    News.REFUSED: "Comment not saved",
    News.CHECKING: "no answer yet",
    News.MARKER_ADDED: "Bob added marker 1",
    News.MARKER_BACK: "Bob brought back marker 1",
    News.COMMENT_ADDED: "Bob commented on marker 1",
    News.THREAD_GONE: "Bob deleted the thread",
    News.PLACED: "1 moved along",
    News.NOT_PLACED: "Marker 1 stays where it was",
    News.NEWER: "Bob has a newer one: v4.",
    News.CANNOT_SHOW: "1 item cannot be shown",
    News.UNDONE: "Undone.",
    News.NOT_UNDONE: "Not undone",
    News.NOTHING_TO_UNDO: "Nothing to undo here.",
    News.DRAFTS_NOT_STORED: "Drafts cannot be saved to disk",
}
ELSEWHERE = {News.SAVED, News.PHASE, News.LINKED, News.LINKED_ALREADY, News.NOT_LINKED}
"""The sign of the thing itself turns to saved; the phase stands in the header; the actions about rooms tell of theirs
(test_room_actions)."""


def test_no_news_are_left_out() -> None:
    assert {*TOAST} | ELSEWHERE == set(News)
    assert not {*TOAST} & ELSEWHERE


@pytest.mark.parametrize("news", TOAST)
async def test_news_are_told_in_words(sit: Sit, news: News) -> None:
    async with sit(two_threads(cannot_show=1)) as desk:
        if news is News.THREAD_GONE:
            await desk.press("]", "enter")
        await desk.publish(
            desk.session.state,
            Announce(
                news,
                conversation_id=IC,
                by=eg.BOB,
                problem=LOST,
                write=PostComment(IC, "words"),
                tally=Tally(1, 2, moved=1),
                version=4,
            ),
        )
        assert TOAST[news] in heard(desk)


@pytest.mark.parametrize("news", [News.NOT_SAVED, News.REFUSED])
async def test_a_verdict_says_why_whatever_it_was(sit: Sit, news: News) -> None:
    async with sit() as desk:
        for kind in ProblemKind:
            problem = Problem(kind)
            for write in (StartConversation(Point(1, 1), "a"), DeleteComment(IC, CommentId("c_1")), None):
                desk.app.clear_notifications()
                await desk.publish(desk.session.state, Announce(news, problem=problem, write=write))
                assert problem_words(problem).sentence in heard(desk), (kind, write)
        desk.app.clear_notifications()
        await desk.publish(desk.session.state, Announce(news))
        assert "not saved" in heard(desk).lower()


@pytest.mark.long
async def test_the_composer_and_the_list_of_the_unsent_say_why_whatever_it_was(sit: Sit) -> None:
    async with sit(size=(160, 60)) as desk:
        for kind in ProblemKind:
            why = problem_words(Problem(kind))
            desk.session.refusing = Problem(kind)
            await desk.press("c", *"ab", "enter")
            assert f"Not sent: {why.title}. {why.sentence}" in desk.chat.composer.note
            assert not desk.toasts
            await desk.press("escape", "!")
            cause = "" if why.title == "Not saved" else f" · {why.title}"  # not the same words twice
            assert f"not saved · new marker{cause} at " in desk.text
            assert "new marker · Not saved" not in desk.text
            await desk.press("escape")


async def test_the_list_of_the_unsent_names_every_kind_of_write(sit: Sit) -> None:
    writes: list[Write] = [
        StartConversation(Point(1, 1), "a"), PostComment(IC, "b"), EditComment(IC, CommentId("c_1"), "c"),
        DeleteComment(IC, CommentId("c_1")), DeleteConversation(IC), MoveConversation(IC, Point(2, 2)),
        ResolveConversation(IC, True), ResolveConversation(IC, False), RestoreConversation(IC),
        VoteComment(IC, CommentId("c_1"), 1), PinComment(IC, CommentId("c_1"), True),
        LockComment(IC, CommentId("c_1"), True), FlagComment(IC, CommentId("c_1"), True),
        BlockAuthor(IC, CommentId("c_1"), True),
    ]  # fmt: skip
    assert {type(write) for write in writes} == set(get_args(Write))
    drafts = tuple(Draft(f"f{n}", write, problem=LOST) for n, write in enumerate(writes))
    async with sit(two_threads(drafts=drafts), size=(120, 56)) as desk:
        await desk.press("!")
        for write in writes:
            assert f"not saved · {write_words(write)} ·" in desk.text


def test_every_status_and_phase_has_words_on_each_surface_that_shows_it() -> None:
    assert set(STATUS_WORDS) == set(Status)
    assert set(UNSAVED_WORDS) == set(Status) - {Status.SAVED}
    assert set(SIDEBAR) == set(Sidebar)
    assert {phase_words(phase) for phase in Phase} == {phase.value.upper() for phase in Phase}
    assert set(Phase) - SHOWN_IN == {Phase.LIVE}  # all others may have a banner


@pytest.mark.parametrize("status", Status)
async def test_list_and_thread_say_how_a_marker_stands(sit: Sit, status: Status) -> None:
    write = StartConversation(Point(30.0, 30.0), "words of mine")
    outbox = {
        Status.PENDING: OutboxEntry(BroadcastId("b"), write, WriteStatus.PENDING, 1.0),
        Status.CHECKING: OutboxEntry(BroadcastId("b"), write, WriteStatus.CHECKING, 1.0),
    }
    drafts = {Status.FAILED: Draft("f", write, problem=LOST), Status.DRAFT: Draft("f", write)}
    state = two_threads(
        outbox=(outbox[status],) if status in outbox else (),
        drafts=(drafts[status],) if status in drafts else (),
    )
    words = {
        Status.SAVED: "5 min", Status.PENDING: "saving", Status.CHECKING: "checking",
        Status.FAILED: "not saved", Status.DRAFT: "not sent",
    }[status]  # fmt: skip
    async with sit(state) as desk:
        await desk.press("tab", "G")
        row = next(y for y, line in enumerate(desk.lines) if "words of mine" in line or "Total is" in line)
        if status is not Status.SAVED:
            row = next(y for y, line in enumerate(desk.lines) if "words of mine" in line)
        assert desk.lines[row - 1].endswith(words)
        await desk.press("enter")
        assert status is Status.SAVED or UNSAVED_WORDS[status] in desk.text
        await desk.press("i")
        assert STATUS_WORDS[status] in desk.text


# Hosted


async def test_on_a_hosted_server_whose_marker_it_is_is_for_the_server_to_say(sit: Sit) -> None:
    session = on_hosted()
    async with sit(session=session) as desk:
        await desk.press("]", "d")
        assert "Delete marker 1 and" in desk.text
        await desk.press("y")
        assert [request.write for request in session.sent()] == [DeleteConversation(IC)]
        assert not desk.toasts


@pytest.mark.parametrize("key", ["x", "X"])
async def test_on_a_hosted_server_resolving_is_refused_in_words(sit: Sit, key: str) -> None:
    async with sit(session=on_hosted()) as desk:
        await desk.press("]", key)
        assert "This server cannot do that" in desk.toasts or "Already open" in desk.toasts


async def test_a_note_about_a_key_goes_with_the_next_thing_that_is_done(sit: Sit) -> None:
    async with sit() as desk:
        await desk.press("]", "X")
        assert "Already open" in desk.toasts
        await desk.press("x")
        assert "Already open" not in desk.toasts


async def test_a_picture_that_was_read_takes_notes_that_it_was_not(sit: Sit) -> None:
    async with sit() as desk:
        desk.chat.notices.notice("Not read again", "Not readable.", failure=True)
        desk.chat.notices.notice("Picture changed", "R reads it again.")
        picture = desk.chat.picture.picture
        assert picture is not None
        desk.chat.show_picture(picture)
        assert "Not read again" not in desk.toasts
        assert "Picture changed" not in desk.toasts


@pytest.mark.parametrize(("keys", "said"), [([], "q quits too"), (["tab", "enter"], "q goes back")])
async def test_ctrl_c_says_what_q_does(sit: Sit, keys: list[str], said: str) -> None:
    async with sit() as desk:
        await desk.press(*keys, "ctrl+c")
        assert said in desk.toasts
