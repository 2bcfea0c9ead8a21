"""The state on the screen: what is there, where keys go, what moves and what must not."""

from __future__ import annotations

from types import MappingProxyType

import pytest
from msgspec.structs import replace
from textual.geometry import Region
from textual.strip import Strip

from imagechat_tui.problems import Problem, ProblemKind
from imagechat_tui.protocol.ids import BroadcastId, ConversationId, UserId
from imagechat_tui.protocol.models import Point
from imagechat_tui.sync.effects import Announce, News
from imagechat_tui.sync.intents import (
    CloseThread,
    KeepDraft,
    MarkRead,
    MarkUnread,
    OpenThread,
    PostComment,
    ResolveConversation,
    StartConversation,
    TryNow,
)
from imagechat_tui.sync.state import ChatState, Connection, Draft, Peer, Phase
from imagechat_tui.tui.widgets.rows import Rows
from tests import examples as eg
from tests.tui.conftest import Sit
from tests.tui.scripted_session import NOW_S, chat_state, comment, conversation, two_threads

FIRST, SECOND = "ic_1", "ic_2"


def without(state: ChatState, key: str) -> ChatState:
    gone = ConversationId(key)
    return eg.changed(
        state,
        conversations=MappingProxyType({k: v for k, v in state.confirmed.conversations.items() if k != gone}),
        comments=MappingProxyType({k: v for k, v in state.confirmed.comments.items() if k != gone}),
    )


async def test_the_screen_says_what_there_is(sit: Sit) -> None:
    async with sit(two_threads(unread=frozenset({ConversationId(FIRST)}))) as desk:
        header, *_, footer = desk.lines
        assert "shot.png · 60×40 · demo" in header
        assert "LIVE · 2 here · 2 markers · 1 unread" in header
        assert "Logo is cut off" in desk.text
        assert "1 reply" in desk.text
        assert "5 min" in desk.text
        assert "Alice (you)" in desk.text
        assert footer.startswith(" PICTURE ")
        assert footer.endswith("? help  q quit")


async def test_one_marker_is_one_marker(sit: Sit) -> None:
    async with sit(chat_state((conversation(1), [comment("c_1", "one")]))) as desk:
        assert "1 marker" in desk.lines[0]
        assert "1 markers" not in desk.lines[0]


async def test_an_empty_picture_teaches(sit: Sit) -> None:
    async with sit(chat_state()) as desk:
        assert "No markers yet" in desk.text
        assert "press c" in desk.text


async def test_next_and_previous_marker_go_round(sit: Sit) -> None:
    async with sit() as desk:
        await desk.press("right_square_bracket")
        assert desk.chat.selection.selected_key == FIRST
        assert desk.chat.picture.selected == FIRST
        assert desk.chat.picture.crosshair == Point(20.0, 20.0)
        await desk.press("right_square_bracket")
        assert desk.chat.selection.selected_key == SECOND
        await desk.press("right_square_bracket")
        assert desk.chat.selection.selected_key == FIRST
        await desk.press("left_square_bracket")
        assert desk.chat.selection.selected_key == SECOND
        assert desk.focus == "picture"


async def test_enter_on_a_marker_opens_its_thread_and_escape_goes_back(sit: Sit) -> None:
    async with sit() as desk:
        await desk.press("right_square_bracket", "enter")
        assert desk.focus == "comments"
        assert desk.session.asked(OpenThread) == [OpenThread(ConversationId(FIRST), entered=True)]
        assert "Marker 1" in desk.text
        assert "Since Monday" in desk.text
        assert "Total is wrong" not in desk.text
        await desk.press("escape")
        assert desk.focus == "threads"
        assert desk.session.asked(CloseThread)
        assert "Total is wrong" in desk.text
        await desk.press("escape")
        assert desk.focus == "picture"


async def test_the_list_is_walked_and_opened_by_keys(sit: Sit) -> None:
    async with sit() as desk:
        await desk.press("tab")
        assert desk.focus == "threads"
        await desk.press("j", "j")
        assert desk.chat.picture.selected == SECOND
        await desk.press("k")
        assert desk.chat.picture.selected == FIRST
        await desk.press("enter")
        assert desk.focus == "comments"
        await desk.press("h")
        assert desk.focus == "threads"
        await desk.press("l")
        assert desk.focus == "comments"
        await desk.press("tab")
        assert desk.focus == "picture"
        await desk.press("tab")
        assert desk.focus == "comments"


async def test_a_marker_selected_in_the_list_is_seen_on_a_zoomed_picture(sit: Sit) -> None:
    async with sit() as desk:
        await desk.until(lambda: desk.chat.picture.is_drawn)
        await desk.type("]+++")
        crosshair = desk.chat.picture.crosshair
        await desk.until(lambda: desk.chat.picture.is_drawn)
        assert "2▌" not in desk.text
        await desk.press("tab", "j")
        await desk.until(lambda: "[*2]" in desk.text)
        assert desk.chat.picture.crosshair == crosshair


async def test_space_opens_the_next_unread(sit: Sit) -> None:
    async with sit(two_threads(unread=frozenset({ConversationId(SECOND)}))) as desk:
        await desk.press("space")
        assert desk.chat.selection.open_key == SECOND
        await desk.publish(two_threads())
        await desk.press("space")
        assert "Nothing unread" in desk.toasts


async def test_a_thread_is_marked_unread_and_all_are_marked_read(sit: Sit) -> None:
    chats = [
        (eg.conversation(id=ConversationId(key), number=n), [comment(f"c_{n}", "said")])
        for n, key in enumerate((FIRST, SECOND), 1)
    ]
    async with sit(chat_state(*chats)) as desk:
        await desk.press("M")
        assert "Nothing unread" in desk.toasts
        await desk.press("right_square_bracket", "m")
        assert desk.session.asked(MarkUnread) == [MarkUnread(ConversationId(FIRST))]
        await desk.publish(chat_state(*chats, unread=frozenset({ConversationId(FIRST)})))
        await desk.press("m")
        assert "Already unread" in desk.toasts
        await desk.press("M")
        assert desk.session.asked(MarkRead) == [MarkRead((ConversationId(FIRST),))]


async def test_a_thread_of_ones_own_has_nothing_to_be_unread(sit: Sit) -> None:
    async with sit(
        chat_state((eg.conversation(id=ConversationId(FIRST)), [comment("c_1", "said", by=eg.ALICE)]))
    ) as desk:
        await desk.press("right_square_bracket", "m")
        assert not desk.session.asked(MarkUnread)
        assert "Nobody else has written here" in desk.toasts


async def test_a_click_selects_and_a_double_click_opens(sit: Sit) -> None:
    async with sit() as desk:
        await desk.pilot.click("#threads", offset=(6, 2))
        await desk.pilot.pause()
        assert desk.chat.selection.selected_key == SECOND
        assert not desk.shows("#comments")
        await desk.pilot.click("#threads", offset=(6, 2), times=2)
        await desk.pilot.pause()
        assert desk.chat.selection.open_key == SECOND
        assert not desk.chat.has_class("-writing")


async def test_a_remote_marker_changes_list_and_counts_but_not_the_selection(sit: Sit) -> None:
    async with sit() as desk:
        await desk.press("right_square_bracket")
        state = two_threads()
        more = eg.changed(
            state,
            conversations=MappingProxyType(
                {**state.confirmed.conversations, ConversationId("ic_3"): conversation(3)}
            ),
            comments=MappingProxyType(
                {**state.confirmed.comments, ConversationId("ic_3"): MappingProxyType({})}
            ),
        )
        await desk.publish(
            more, Announce(News.MARKER_ADDED, conversation_id=ConversationId("ic_3"), by=eg.BOB)
        )
        assert "3 markers" in desk.lines[0]
        assert desk.chat.selection.selected_key == FIRST
        assert "Bob added marker 3" in desk.toasts


async def test_a_burst_of_news_rings_once_and_is_one_note(sit: Sit, monkeypatch: pytest.MonkeyPatch) -> None:
    rung: list[int] = []
    async with sit(options={"bell": "on"}) as desk:
        monkeypatch.setattr(desk.app, "bell", lambda: rung.append(1))
        one = Announce(News.COMMENT_ADDED, conversation_id=ConversationId(FIRST), by=eg.BOB)
        for _ in range(5):  # in pieces, as an outage's events come
            desk.session.publish(two_threads(), one, one, one)
        await desk.publish(two_threads(), one, one, one)
        assert desk.toasts.strip() == "Several new markers and comments"
        assert rung == [1]


async def test_an_event_of_the_sidebar_alone_leaves_the_picture_undrawn(
    sit: Sit, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with sit() as desk:
        drawn: list[Region] = []
        original = desk.chat.picture.render_lines

        def counted(crop: Region) -> list[Strip]:
            drawn.append(crop)
            return list(original(crop))

        monkeypatch.setattr(desk.chat.picture, "render_lines", counted)
        state = two_threads()
        first = state.confirmed.comments[ConversationId(FIRST)]
        new = comment("c_9", "One more", by=eg.BOB)
        await desk.publish(
            eg.changed(
                state,
                comments=MappingProxyType(
                    {
                        **state.confirmed.comments,
                        ConversationId(FIRST): MappingProxyType({**first, new.id: new}),
                    }
                ),
            )
        )
        assert not drawn
        assert "2 replies" in desk.text


async def test_the_open_thread_deleted_by_somebody_is_said_and_typed_text_is_kept(sit: Sit) -> None:
    async with sit() as desk:
        await desk.press("right_square_bracket", "enter", "r")
        await desk.type("my answer")
        state = replace(without(desk.session.state, FIRST))
        await desk.publish(
            state, Announce(News.THREAD_GONE, conversation_id=ConversationId(FIRST), by=eg.BOB)
        )
        assert "Deleted · by Bob" in desk.text
        assert "my answer" in desk.text
        assert [d.write.text for d in desk.session.state.mine.drafts if hasattr(d.write, "text")] == [
            "my answer"
        ]
        await desk.press("escape", "escape")
        assert desk.focus == "threads"
        assert "Total is wrong" in desk.text
        assert "1 draft" in desk.lines[0]


async def test_what_cannot_be_shown_is_said(sit: Sit) -> None:
    async with sit() as desk:
        await desk.publish(two_threads(cannot_show=2), Announce(News.CANNOT_SHOW))
        assert "2 items cannot be shown." in desk.toasts


async def test_the_open_thread_deleted_here_closes_quietly(sit: Sit) -> None:
    async with sit() as desk:
        await desk.press("[", "enter", "g", "g", "d", "y")
        await desk.publish(without(two_threads(), SECOND))
        assert desk.chat.selection.open_key is None
        assert desk.focus == "threads"
        assert not desk.toasts


@pytest.mark.parametrize("by", [eg.BOB, None], ids=["somebody", "the same person elsewhere"])
async def test_no_key_is_about_another_thread_than_the_deleted_one_that_is_read(
    sit: Sit, by: UserId | None
) -> None:
    async with sit() as desk:
        await desk.press("]", "enter")
        news = [Announce(News.THREAD_GONE, conversation_id=ConversationId(FIRST), by=by)] if by else []
        await desk.publish(without(two_threads(), FIRST), *news)
        assert f"Deleted · {'by Bob' if by else 'in another session of yours'}" in desk.text
        assert "Logo is cut off" in desk.text
        before = len(desk.session.intents)
        for key in "xXredi":
            await desk.press(key)
            assert desk.chat.composer.target is None
            assert desk.app.screen is desk.chat
        assert desk.session.intents[before:] == []
        assert "no longer exists" in desk.toasts
        assert "reply" not in desk.lines[-1]
        await desk.press("escape", "x")
        assert desk.session.asked(ResolveConversation) == [ResolveConversation(ConversationId(SECOND), True)]


FOOTERS = {
    "nothing is selected": (
        [],
        {"comment", "mark", "next"},
        {"reply", "edit", "delete", "resolve", "reopen"},
    ),
    "somebody else's marker": (["]", "tab"], {"open", "resolve"}, {"reopen"}),
    "somebody else's comment": (["]", "enter", "g", "g"], {"reply", "resolve"}, {"edit", "delete", "reopen"}),
    "a comment of one's own": (["]", "enter", "G"], {"reply", "edit", "delete", "resolve"}, {"reopen"}),
}


@pytest.mark.parametrize("where", FOOTERS)
async def test_the_status_line_offers_only_what_works_there(sit: Sit, where: str) -> None:
    keys, offered, missing = FOOTERS[where]
    async with sit(size=(160, 36)) as desk:
        await desk.press(*keys)
        words = set(desk.lines[-1].split())
        assert offered <= words
        assert not missing & words


@pytest.mark.parametrize(
    ("phase", "offered", "missing"),
    [
        (Phase.OFFLINE, {"reply", "edit"}, {"delete", "resolve"}),
        (Phase.SIGN_IN_NEEDED, {"reply", "edit"}, {"delete", "resolve"}),
        (Phase.READ_ONLY, {"back"}, {"reply", "edit", "delete", "resolve"}),
        (Phase.RECONNECTING, {"reply", "edit", "delete", "resolve"}, set()),
    ],
)
async def test_what_needs_a_link_is_not_offered_without_one(
    sit: Sit, phase: Phase, offered: set[str], missing: set[str]
) -> None:
    state = two_threads(connection=Connection(phase=phase, as_of_s=NOW_S, lost_at_s=NOW_S))
    async with sit(state, size=(160, 36)) as desk:
        await desk.press("]", "enter", "G")
        words = set(desk.lines[-1].split())
        assert offered <= words
        assert not missing & words


async def test_what_a_hosted_server_does_not_have_is_not_offered(sit: Sit) -> None:
    async with sit(two_threads(peer=Peer.HOSTED), size=(160, 36)) as desk:
        await desk.press("]", "enter")
        assert "reply" in desk.lines[-1]
        assert "resolve" not in desk.lines[-1]


async def test_resolved_or_open_decides_between_x_and_shift_x(sit: Sit) -> None:
    done = conversation(1, resolved=True)
    async with sit(chat_state((done, [comment("c_1", "one")])), size=(160, 36)) as desk:
        await desk.press("]", "tab")
        assert "X reopen" in desk.lines[-1]
        assert "resolve" not in desk.lines[-1]


@pytest.mark.parametrize(
    ("before", "key", "told"),
    [
        (["tab"], "b", "b is a key of the picture: Tab goes there."),
        (["tab"], "0", "0 is a key of the picture: Tab goes there."),
        (["]", "enter"], "z", "z is a key of the picture: Tab goes there."),
        ([], "ctrl+d", "Ctrl+D is a key of the threads: Tab goes there."),
        (["]", "enter", "tab"], "ctrl+u", "Ctrl+U is a key of the thread: Tab goes there."),
        ([], "g p", "gp is about a comment: Enter on a marker opens its thread, and there it works."),
        (["tab"], "g l", "gl is about a comment: Enter on a marker opens its thread, and there it works."),
        (["]"], "g f", "gf is about a comment: Enter on a marker opens its thread, and there it works."),
        ([], "g b", "gb is about a comment: Enter on a marker opens its thread, and there it works."),
        (["tab"], "w", "w does nothing here. ? shows the keys."),
    ],
)
async def test_a_key_of_another_pane_says_where_it_works(
    sit: Sit, before: list[str], key: str, told: str
) -> None:
    async with sit() as desk:
        await desk.press(*before)
        await desk.press(*key.split())
        assert told in desk.toasts


async def test_a_key_without_a_use_says_so_once_for_each_place(sit: Sit) -> None:
    async with sit() as desk:
        await desk.press("w")
        assert "w does nothing here. ? shows the keys." in desk.toasts
        desk.app.clear_notifications()
        await desk.press("w")
        assert not desk.toasts
        await desk.press("W")
        assert "W does nothing here" in desk.toasts
        await desk.press("tab", "w")
        assert "w does nothing here" in desk.toasts
        desk.app.clear_notifications()
        await desk.press("@", "w")
        assert "w does nothing here." in desk.toasts
        assert "?" not in desk.toasts
        await desk.press("escape", "c", "w")
        assert not desk.toasts
        assert desk.chat.composer.editor.text == "w"


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        (["0"], "The whole picture is already in view."),
        (["minus"] * 20, "Cannot zoom out any further."),
        (["plus"] * 30, "Cannot zoom in any further."),
        (["escape"], "Nothing to go back from. q quits."),
        (["space"], "Nothing unread."),
        (["a"], "Others' crosshairs: hidden"),
        (["a", "a"], "Others' crosshairs: shown"),
        (["s"], "Sidebar: full"),
        (["s", "s"], "Sidebar: hidden"),
        (["s", "s", "s"], "Sidebar: auto"),
        (["T"], "Theme: light"),
        (["T", "T"], "Theme: dark"),
    ],
)
async def test_a_key_whose_effect_is_not_seen_is_answered_in_words(
    sit: Sit, keys: list[str], words: str
) -> None:
    async with sit() as desk:
        await desk.press(*keys)
        assert words in desk.toasts


async def test_unread_and_resolved_are_both_shown(sit: Sit) -> None:
    done = conversation(1, resolved=True)
    state = chat_state((done, [comment("c_1", "one")]), unread=frozenset({ConversationId(FIRST)}))
    async with sit(state) as desk:
        await desk.until(lambda: desk.chat.picture.is_drawn)
        assert "▐●✓1▌" in desk.text
        assert "1 ●✓ Bob" in desk.text


async def test_letters_on_markers_where_there_is_none_say_so(sit: Sit) -> None:
    async with sit(chat_state()) as desk:
        await desk.press("f")
        assert "No markers in view." in desk.toasts


async def test_the_theme_changes_what_is_drawn(sit: Sit) -> None:
    async with sit() as desk:
        before = desk.chat.threads.render_line(0)
        await desk.press("T")
        assert desk.app.theme == "imagechat-light"
        assert desk.chat.threads.render_line(0) != before
        await desk.press("T")
        assert desk.chat.threads.render_line(0) == before


@pytest.mark.parametrize(
    ("size", "keys", "left", "top"),
    [
        ((120, 36), ["]"], False, False),  # on the picture: over the list
        ((120, 36), ["]", "tab"], True, False),  # in the list: over the picture
        ((120, 36), ["]", "enter"], True, False),
        ((80, 24), ["]", "enter"], False, True),  # the picture is above
        ((50, 20), ["]", "enter", "g", "g"], False, False),  # what one reads is above
        ((50, 20), ["]", "enter", "G"], False, True),
    ],
)
async def test_a_note_does_not_cover_what_one_reads(
    sit: Sit, size: tuple[int, int], keys: list[str], left: bool, top: bool
) -> None:
    many = [comment(f"c_{n}", f"words {n}") for n in range(30)]
    async with sit(chat_state((conversation(1, 20.0, 20.0), many)), size=size, notes=True) as desk:
        await desk.press(*keys)
        desk.chat.notices.notice("Not yours", "Only its author can edit it.")
        await desk.until(lambda: "Not yours" in desk.text)
        row = next(y for y, line in enumerate(desk.lines) if "Not yours" in line)
        assert (row < size[1] // 2) is top
        assert (desk.lines[row].index("Not yours") < 20) is (left or size[0] < 60)
        rows = desk.chat.panes.list_pane
        if desk.chat.panes.reads_sidebar:
            assert isinstance(rows, Rows)
            place = rows.region_of(rows.selected or "")
            assert place is not None
            for y in place.translate(rows.region.offset).line_range:
                assert "Only its author" not in desk.lines[y] or left


async def test_a_comment_below_what_is_read_is_said(sit: Sit) -> None:
    many = [comment(f"c_{n}", f"words {n}") for n in range(30)]
    state = chat_state((conversation(1, 20.0, 20.0, comment_count=30), many))
    new = Announce(News.COMMENT_ADDED, conversation_id=ConversationId(FIRST), by=eg.BOB)
    async with sit(state) as desk:
        await desk.press("]", "enter")
        await desk.publish(state, new)
        assert not desk.toasts
        await desk.press("g", "g")
        await desk.publish(state, new)
        assert "Bob commented below. G jumps to it." in desk.toasts


async def test_what_is_not_saved_is_not_counted(sit: Sit) -> None:
    offline = Problem(ProblemKind.OFFLINE)
    drafts = (
        Draft("f1", PostComment(ConversationId(FIRST), "again"), BroadcastId("f1"), offline),
        Draft("f2", StartConversation(Point(5.0, 5.0), "new"), BroadcastId("f2"), offline),
    )
    async with sit(two_threads(drafts=drafts)) as desk:
        assert "2 markers" in desk.lines[0]
        assert "Threads · 2 open" in desk.text
        assert "1 reply" in desk.text
        assert "Bob ! not saved" in desk.text


async def test_the_status_line_says_whether_enter_opens_or_adds_a_marker(sit: Sit) -> None:
    async with sit() as desk:
        assert "Enter mark" in desk.lines[-1]
        await desk.press("]")
        assert "Enter open" in desk.lines[-1]
        await desk.press("L")
        assert "Enter mark" in desk.lines[-1]
        await desk.press("H")
        assert "Enter open" in desk.lines[-1]
        await desk.press("t", "t")
        assert "Enter mark" in desk.lines[-1]  # nothing can be opened that is not shown
        await desk.press("t")
        await desk.publish(chat_state())
        assert "Enter mark" in desk.lines[-1]


async def test_the_status_line_names_what_does_something_now(sit: Sit) -> None:
    state = two_threads()
    first = replace(state.confirmed.conversations[ConversationId(FIRST)], resolved=True)
    state = eg.changed(
        state, conversations=MappingProxyType({**state.confirmed.conversations, first.id: first})
    )
    async with sit(state) as desk:
        await desk.press("tab")
        assert desk.chat.selection.selected_key == FIRST
        assert "X reopen" in desk.lines[-1]
        assert "x resolve" not in desk.lines[-1]
        assert "unread" not in desk.lines[-1]
        assert "q quit" in desk.lines[-1]
        await desk.press("j")
        assert "x resolve" in desk.lines[-1]
        await desk.press("enter")
        assert "q back" in desk.lines[-1]
        await desk.press("q", "escape", "t", "t")
        assert "no markers" in desk.lines[-1]
        await desk.press("f")
        assert "Markers are hidden" in desk.toasts
        await desk.press("t", "f")
        assert "two letters open a marker" in desk.lines[-1]
        await desk.press("escape")
        assert "c comment" in desk.lines[-1]
        await desk.publish(eg.changed(state, read_only=True))
        assert "c comment" not in desk.lines[-1]


@pytest.mark.parametrize(
    ("phase", "problem", "said"),
    [
        (Phase.STARTING, None, "Loading threads"),
        (Phase.OFFLINE, ProblemKind.UNREACHABLE, "Nothing loaded yet"),
        (Phase.SIGN_IN_NEEDED, ProblemKind.SIGN_IN, "Nothing loaded yet"),
    ],
)
async def test_what_was_never_loaded_is_not_called_empty(
    sit: Sit, phase: Phase, problem: ProblemKind | None, said: str
) -> None:
    link = Connection(phase=phase, problem=Problem(problem) if problem is not None else None, lost_at_s=NOW_S)
    async with sit(chat_state(connection=link)) as desk:
        assert said in desk.text
        assert "No markers yet" not in desk.text
        assert "markers" not in desk.lines[0]
        await desk.publish(chat_state())
        assert "No markers yet" in desk.text
        assert "press c" in desk.text
        assert "0 markers" in desk.lines[0]
        await desk.publish(chat_state(read_only=True))
        assert "press c" not in desk.text


@pytest.mark.parametrize("key", ["]", "[", "r", "e", "x", "M"])
async def test_what_is_typed_behind_a_key_that_found_no_threads_is_dropped(sit: Sit, key: str) -> None:
    """Enter was to open the marker that ``]`` would have brought; on empty ground it begins a comment."""
    lost = Connection(phase=Phase.OFFLINE, problem=Problem(ProblemKind.UNREACHABLE), lost_at_s=NOW_S)
    async with sit(chat_state(connection=lost)) as desk:
        for pressed in (key, "enter", "j"):
            desk._send(pressed)
        await desk.settle()
        assert "Nothing loaded yet" in desk.toasts
        assert "2 keys typed behind it dropped." in desk.toasts
        assert not desk.chat.has_class("-writing")
        assert not any(isinstance(intent, KeepDraft) for intent in desk.session.intents)
        await desk.press("enter")
        assert desk.chat.has_class("-writing"), "what is pressed once it was said acts"


@pytest.mark.parametrize("key", ["]", "[", "r", "e", "d", "x", "space"])
async def test_a_key_about_threads_of_which_none_came_says_so(sit: Sit, key: str) -> None:
    lost = Connection(phase=Phase.OFFLINE, problem=Problem(ProblemKind.UNREACHABLE), lost_at_s=NOW_S)
    async with sit(chat_state(connection=lost)) as desk:
        await desk.press(key)
        assert "The threads have not come yet" in desk.toasts


async def test_a_round_trip_is_not_told_of_a_link_that_is_gone(sit: Sit) -> None:
    state = two_threads()
    async with sit(state) as desk:
        assert "server 20 ms" in desk.lines[-1]
        await desk.publish(eg.changed(state, connection=replace(state.connection, phase=Phase.OFFLINE)))
        assert "20 ms" not in desk.lines[-1]


@pytest.mark.parametrize("phase", [Phase.OFFLINE, Phase.RECONNECTING, Phase.POLLING, Phase.SIGN_IN_NEEDED])
async def test_the_banner_comes_and_goes_with_the_link(sit: Sit, phase: Phase) -> None:
    async with sit() as desk:
        state = two_threads()
        lost = replace(state.connection, phase=phase, lost_at_s=990.0, retry_at_s=1_007.0)
        await desk.publish(eg.changed(state, connection=lost))
        assert desk.shows("#banner")
        assert phase.value.upper() in desk.lines[0]
        if phase is Phase.OFFLINE:
            assert "Next try in 7 s" in desk.lines[1]
            assert "s of" in desk.lines[1]
        await desk.press("R")
        assert desk.session.asked(TryNow)
        await desk.publish(state)
        assert not desk.shows("#banner")
        assert "LIVE" in desk.lines[0]


async def test_a_blip_shows_no_banner(sit: Sit) -> None:
    async with sit() as desk:
        state = two_threads()
        blip = replace(state.connection, phase=Phase.RECONNECTING, lost_at_s=999.0, retry_at_s=1_000.5)
        await desk.publish(eg.changed(state, connection=blip))
        assert not desk.shows("#banner")
        assert "RECONNECTING" in desk.lines[0]


@pytest.mark.parametrize(
    ("size", "picture", "sidebar"),
    [((120, 36), True, True), ((80, 24), True, True), ((59, 20), True, False), ((20, 10), True, False)],
)
async def test_panes_by_width(sit: Sit, size: tuple[int, int], picture: bool, sidebar: bool) -> None:
    async with sit(size=size) as desk:
        assert bool(desk.chat.picture.size) is picture
        assert bool(desk.chat.threads.size) is sidebar
        assert desk.chat.header.size.width == size[0]
        assert desk.lines[-1].endswith("quit") or desk.lines[-1].endswith("q")


async def test_one_pane_at_a_time_is_switched_by_tab_enter_and_escape(sit: Sit) -> None:
    async with sit(size=(40, 20)) as desk:
        await desk.press("tab")
        assert desk.focus == "threads"
        assert "Total is wrong" in desk.text
        assert not desk.chat.picture.size
        await desk.press("enter")
        assert "Since Monday" in desk.text
        await desk.press("escape")
        assert desk.focus == "threads"
        await desk.press("escape")
        assert desk.focus == "picture"
        assert desk.chat.picture.size


async def test_a_resize_keeps_selection_crosshair_and_focus(sit: Sit) -> None:
    async with sit() as desk:
        await desk.press("right_square_bracket", "right_square_bracket")
        before = desk.chat.picture.crosshair
        for size in ((80, 24), (40, 20), (20, 10), (160, 45)):
            await desk.pilot.resize_terminal(*size)
            await desk.pilot.pause()
            assert desk.chat.selection.selected_key == SECOND
            assert desk.chat.picture.crosshair == before
            assert desk.focus == "picture"


async def test_the_sidebar_can_be_alone_or_away(sit: Sit) -> None:
    async with sit() as desk:
        await desk.press("s")
        assert not desk.chat.picture.size
        assert desk.focus == "threads"
        await desk.press("s")
        assert not desk.chat.threads.size
        assert desk.focus == "picture"
        await desk.press("s")
        assert desk.chat.picture.size
        assert desk.chat.threads.size


async def test_markers_can_be_hidden(sit: Sit) -> None:
    async with sit() as desk:
        shown = []
        for _ in range(3):
            await desk.press("t")
            shown.append(desk.chat.picture.markers_shown)
        assert shown == ["open", "none", "all"]


async def test_details_tell_all_about_a_marker(sit: Sit) -> None:
    async with sit() as desk:
        await desk.press("right_square_bracket", "i")
        for fact in ("Bob", "20.00 %, 20.00 %", "open, saved", "ic_1"):
            assert fact in desk.text
        await desk.press("escape")
        assert desk.focus == "picture"
