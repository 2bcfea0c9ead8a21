"""Several pictures on one screen: each with its own session, its own words and its own drafts."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager

import pytest
from msgspec.structs import replace

from imagechat_tui.protocol.ids import BroadcastId, ConversationId, UrlId, UserId
from imagechat_tui.protocol.models import Point, RoomSummary, Summary, User, Viewing
from imagechat_tui.protocol.routes import UsersOnline
from imagechat_tui.raster.image import Picture
from imagechat_tui.raster.markers import Chip
from imagechat_tui.raster.render import RenderOptions
from imagechat_tui.sync.effects import Announce, News, ReadBeside
from imagechat_tui.sync.intents import CloseThread, StartConversation
from imagechat_tui.sync.state import ChatState, OutboxEntry, WriteStatus
from imagechat_tui.tui import visits
from imagechat_tui.tui.app import ImageChatApp, ScreenOptions
from imagechat_tui.tui.clock import Clock
from imagechat_tui.tui.counts import AlbumChange
from imagechat_tui.tui.dialogs.here import ASKING, NOBODY_ELSEWHERE, NOT_KNOWN
from imagechat_tui.tui.picture.cell_painter import CellPainter
from imagechat_tui.tui.picture.fit import Fit
from imagechat_tui.tui.picture.frame import Frame, Wish
from imagechat_tui.tui.visits import ShownPicture
from imagechat_tui.words import Words
from tests import examples as eg
from tests.tui.conftest import Desk, grey_picture
from tests.tui.scripted_session import NOW_MS, NOW_S, ScriptedSession, chat_state, comment, conversation


class RunningSession(ScriptedSession):
    """Says whether it runs."""

    runs = 0

    async def run(self, on_change: Callable[..., None]) -> None:
        self.runs += 1
        await super().run(on_change)


class Folder:
    """Pictures with a marker each; what is broken is no picture, and copies share the room of the first picture."""

    def __init__(self, *names: str, broken: str = "", copies: Sequence[str] = ()) -> None:
        self.names = [*names]
        self.copies = copies
        self.broken = broken
        self.sessions: dict[str, RunningSession] = {}
        """The newest of each picture."""
        self.fits: dict[str, Fit] = {}
        """How far each is seen first."""
        self.opened: list[str] = []
        self.attended = 0
        self.watched: list[bool] = []
        self.newest: dict[int, Summary] = {}
        """What the server tells of the pictures when it is asked."""
        self.recounts = 0

    def __len__(self) -> int:
        return len(self.names)

    def open(self, at: int, room: UrlId | None = None) -> ShownPicture:
        name = self.names[at]
        self.opened.append(name)
        session = self.sessions[name] = RunningSession(
            one_thread(0 if name in self.copies else at, f"About {name}", self.room(at))
        )

        async def load(progress: Callable[[float], None]) -> Picture:
            if name == self.broken:
                raise ValueError("no picture at all")
            return replace(grey_picture(), name=name, sha256=f"{at:064}", width=60 + at)

        return ShownPicture(name, session, load, fit=self.fits.setdefault(name, Fit()))

    def room(self, at: int) -> UrlId:
        return UrlId("img/0" if self.names[at] in self.copies else f"img/{at}")

    def name(self, at: int) -> str:
        return self.names[at]

    async def attend(
        self,
        tell: Callable[[Mapping[int, RoomSummary]], None],
        changed: Callable[[AlbumChange], None],
        tell_people: Callable[[Mapping[int, UsersOnline] | None], None],
    ) -> None:
        self.attended += 1
        self._tell, self.changed, self.tell_people = tell, changed, tell_people

    def tell(self, told: Mapping[int, Summary]) -> None:
        self._tell({at: RoomSummary(self.room(at), summary) for at, summary in told.items()})

    async def recount(self) -> None:
        self.recounts += 1
        if self.attended:
            self.tell(self.newest)

    def watch_people(self, wanted: bool) -> None:
        self.watched.append(wanted)


def one_thread(at: int, text: str, room: UrlId = eg.IMAGE) -> ChatState:
    state = chat_state((conversation(at + 1, 20.0 + at, 20.0), [comment(f"c_{at}", text)]))
    return replace(state, room=replace(state.room, url_id=room))


@asynccontextmanager
async def leafing(folder: Folder, *, there: bool = True) -> AsyncIterator[Desk]:
    app = ImageChatApp(
        folder,
        options=ScreenOptions(render=RenderOptions()),
        clock=Clock(wall_ms=lambda: NOW_MS, engine_s=lambda: NOW_S),
        picture_problem=lambda error: Words("Damaged", f"{error}."),
    )
    async with app.run_test(size=(120, 36), notifications=True) as pilot:
        desk = Desk(app, pilot, folder.sessions[folder.names[0]])
        await desk.until(lambda: not there or app.chat.picture.picture is not None)
        yield desk
        app.workers.cancel_all()
        await pilot.pause()


async def shows(desk: Desk, name: str) -> None:
    """Wait until the screen is about a picture: its name, itself, its threads."""
    await desk.until(lambda: desk.chat.picture.picture is not None and desk.chat.picture.picture.name == name)
    await desk.until(lambda: name in desk.lines[0] and f"About {name}" in desk.text)


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(visits, "BEGINS_AFTER_S", 0.01)
    monkeypatch.setattr(visits, "ENDS_AFTER_S", 0.01)


async def test_how_far_a_picture_is_seen_first_is_about_that_one_alone() -> None:
    folder = Folder("a.png", "b.png")
    async with leafing(folder) as desk:
        for keys, name in (("", "a.png"), ("}", "b.png"), ("}", "a.png")):
            await desk.press(*keys)
            await shows(desk, name)
            assert desk.chat.picture._finder.chosen_fit is folder.fits[name]


async def test_the_brackets_go_round_through_all_pictures() -> None:
    async with leafing(Folder("a.png", "b.png", "c.png")) as desk:
        for keys, place, name in (
            ("", "1/3", "a.png"), ("}", "2/3", "b.png"), ("}", "3/3", "c.png"), ("}", "1/3", "a.png"),
            ("{", "3/3", "c.png"), ("{", "2/3", "b.png"),
        ):  # fmt: skip
            await desk.press(*keys)
            await shows(desk, name)
            assert desk.lines[0].startswith(f" {place} {name}")
            assert "} picture" in desk.lines[-1]


async def test_the_others_are_attended_to_once_the_first_picture_is_there() -> None:
    folder = Folder("a.png", "b.png", broken="a.png")
    async with leafing(folder, there=False) as desk:
        await desk.until(lambda: folder.attended == 1)
        await desk.press("}")
        await shows(desk, "b.png")
    assert folder.attended == 1


async def test_the_others_are_not_attended_to_while_the_first_picture_is_drawn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    drawn, draw = threading.Event(), CellPainter.draw

    def drawn_at_last(painter: CellPainter, wish: Wish, chips: Sequence[Chip]) -> Frame:
        drawn.wait(60)
        return draw(painter, wish, chips)

    monkeypatch.setattr(CellPainter, "draw", drawn_at_last)
    folder = Folder("a.png", "b.png")
    async with leafing(folder) as desk:
        try:
            await desk.pilot.pause()
            assert folder.attended == 0
        finally:
            drawn.set()
        await desk.until(lambda: folder.attended == 1)


async def test_of_a_single_picture_the_header_counts_nothing_and_the_keys_say_so() -> None:
    async with leafing(Folder("a.png")) as desk:
        assert desk.lines[0].startswith(" a.png")
        assert "} picture" not in desk.lines[-1]
        await desk.press("}")
        assert "There is no other picture" in desk.toasts


async def test_nothing_of_the_picture_before_is_left() -> None:
    folder = Folder("a.png", "b.png")
    async with leafing(folder) as desk:
        await desk.press("]", "tab", "enter")
        assert desk.chat.selection.open_key is not None
        before = desk.chat.picture.crosshair
        await desk.press("}")
        await shows(desk, "b.png")
        chat = desk.chat
        assert "About a.png" not in desk.text
        assert chat.selection.open_key is None
        assert chat.selection.selected_key == chat.picture.selected == chat.threads.selected != "ic_1"
        assert chat.picture.crosshair != before
        assert not chat.has_class("-reading")
        assert folder.sessions["a.png"].asked(CloseThread)


async def test_each_picture_has_a_session_and_leaving_ends_it() -> None:
    folder = Folder("a.png", "b.png")
    async with leafing(folder) as desk:
        await desk.press("}")
        await shows(desk, "b.png")
        async with asyncio.timeout(60):
            await folder.sessions["a.png"].stopped.wait()
        await desk.until(lambda: folder.sessions["b.png"].runs == 1)
        assert not folder.sessions["b.png"].stopped.is_set()


async def test_who_leafs_through_joins_no_room_on_the_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(visits, "BEGINS_AFTER_S", 3600.0)
    folder = Folder("a.png", "b.png", "c.png")
    async with leafing(folder) as desk:
        await desk.press("}", "}", "}")
        await shows(desk, "a.png")
        assert [folder.sessions[name].runs for name in ("b.png", "c.png")] == [0, 0]


async def test_who_wants_something_there_joins_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(visits, "BEGINS_AFTER_S", 3600.0)
    folder = Folder("a.png", "b.png")
    async with leafing(folder) as desk:
        await desk.press("}")
        await shows(desk, "b.png")
        await desk.press("l")
        await desk.until(lambda: folder.sessions["b.png"].runs == 1)


async def test_who_comes_back_soon_finds_the_same_session(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(visits, "ENDS_AFTER_S", 3600.0)
    folder = Folder("a.png", "b.png")
    async with leafing(folder) as desk:
        await desk.press("}", "{")
        await shows(desk, "a.png")
        assert folder.opened == ["a.png", "b.png"]
        assert not folder.sessions["a.png"].stopped.is_set()


async def test_what_is_being_written_is_kept_where_it_belongs() -> None:
    folder = Folder("a.png", "b.png")
    async with leafing(folder) as desk:
        await desk.press("c")
        await desk.type("half a tho")
        desk.chat.set_focus(desk.chat.picture)  # as a click on it does
        await desk.press("}")
        assert "It waits at a.png" in desk.toasts
        await shows(desk, "b.png")
        drafts = folder.sessions["a.png"].state.mine.drafts
        assert [draft.write.text for draft in drafts if isinstance(draft.write, StartConversation)] == [
            "half a tho"
        ]
        assert not desk.chat.drafting.is_writing
        assert folder.sessions["b.png"].state.mine.drafts == ()


async def test_a_session_with_a_write_on_its_way_is_left_when_that_is_over() -> None:
    folder = Folder("a.png", "b.png")
    async with leafing(folder) as desk:
        session = folder.sessions["a.png"]
        await desk.until(lambda: session.runs > 0)
        write = StartConversation(Point(1.0, 2.0), "On its way")
        on_its_way = OutboxEntry(BroadcastId("b9"), write, WriteStatus.PENDING, NOW_S)
        session.publish(eg.changed(session.state, outbox=(on_its_way,)))
        await desk.press("}")
        await shows(desk, "b.png")
        assert not session.stopped.is_set()
        session.publish(
            eg.changed(session.state, outbox=()),
            Announce(News.NOT_SAVED, on_its_way.broadcast_id, write=write),
        )
        async with asyncio.timeout(60):
            await session.stopped.wait()
        assert "Your text waits at a.png" in desk.toasts


async def leave_with(desk: Desk, folder: Folder, status: WriteStatus) -> OutboxEntry:
    """Go on to the second picture while a write on the first one has no answer."""
    session = folder.sessions["a.png"]
    await desk.until(lambda: session.runs > 0)
    entry = OutboxEntry(BroadcastId("b9"), StartConversation(Point(1.0, 2.0), "Sent"), status, NOW_S)
    session.publish(eg.changed(session.state, outbox=(entry,)))
    await desk.press("}")
    await shows(desk, "b.png")
    return entry


@pytest.mark.parametrize("status", WriteStatus)
async def test_a_write_without_an_answer_is_told_on_the_picture_that_is_shown(
    status: WriteStatus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(visits, "LONGEST_S", 0.05)
    folder = Folder("a.png", "b.png")
    async with leafing(folder) as desk:
        await leave_with(desk, folder, status)
        await desk.until(lambda: "Not known whether saved" in desk.toasts)
        assert "what you wrote on a.png" in desk.toasts
        assert "p goes there" in desk.toasts
        await desk.press("!")
        assert "Unsent elsewhere: 1 on a.png" in desk.toasts


@pytest.mark.parametrize(
    ("verdict", "told"),
    [(News.SAVED, "What you wrote on a.png is saved"), (News.NOT_SAVED, "Your text waits at a.png")],
)
async def test_the_verdict_of_a_write_that_is_checked_is_waited_for(verdict: News, told: str) -> None:
    folder = Folder("a.png", "b.png")
    async with leafing(folder) as desk:
        entry = await leave_with(desk, folder, WriteStatus.CHECKING)
        session = folder.sessions["a.png"]
        assert not session.stopped.is_set()
        session.publish(
            eg.changed(session.state, outbox=()), Announce(verdict, entry.broadcast_id, write=entry.write)
        )
        await desk.until(lambda: told in desk.toasts)
        async with asyncio.timeout(60):
            await session.stopped.wait()
        assert "Not known" not in desk.toasts


async def test_what_is_unsent_on_other_pictures_is_told_and_listed() -> None:
    folder = Folder("a.png", "b.png", "c.png")
    async with leafing(folder) as desk:
        await desk.press("!")
        assert "Nothing unsent on this picture, nor on those you came from." in desk.toasts
        await desk.press("c")
        await desk.type("half")
        await desk.press("escape", "}")
        await shows(desk, "b.png")
        async with asyncio.timeout(60):
            await folder.sessions["a.png"].stopped.wait()
        await desk.press("!")
        assert "Nothing unsent on this picture. Unsent elsewhere: 1 on a.png." in desk.toasts
        assert "everything" not in desk.toasts
        await desk.press("p")
        await desk.until(lambda: any("a.png" in line and "1 unsent" in line for line in desk.lines))
        assert not any("b.png" in line and "unsent" in line for line in desk.lines)
        await desk.press("escape", "c")
        await desk.type("more")
        await desk.press("escape", "!")
        await desk.until(lambda: "Not sent" in desk.text and "Unsent elsewhere: 1 on a.png" in desk.text)


async def test_leafing_through_forgets_nothing_that_is_unsent(monkeypatch: pytest.MonkeyPatch) -> None:
    folder = Folder("a.png", "b.png")
    async with leafing(folder) as desk:
        await desk.press("c")
        await desk.type("half")
        await desk.press("escape", "}")
        async with asyncio.timeout(60):
            await folder.sessions["a.png"].stopped.wait()
        await shows(desk, "b.png")
        monkeypatch.setattr(visits, "BEGINS_AFTER_S", 3600.0)
        await desk.press("{")
        await desk.press("}")
        await shows(desk, "b.png")
        await desk.press("!")
        assert "1 on a.png" in desk.toasts


async def test_quitting_asks_for_drafts_of_other_pictures_that_are_not_on_disk() -> None:
    folder = Folder("a.png", "b.png")
    async with leafing(folder) as desk:
        await desk.press("c")
        await desk.type("half")
        await desk.press("escape")
        session = folder.sessions["a.png"]
        await desk.press("}")
        session.publish(session.state, Announce(News.DRAFTS_NOT_STORED))
        await shows(desk, "b.png")
        await desk.press("q")
        await desk.until(lambda: "1 draft is not on disk" in desk.text)


async def test_what_is_no_picture_is_told_in_its_place_and_gone_past() -> None:
    async with leafing(Folder("a.png", "b.png", "c.png", broken="b.png")) as desk:
        await desk.press("}")
        await desk.until(lambda: "no picture at all" in desk.text and "About b.png" in desk.text)
        assert desk.lines[0].startswith(" 2/3 b.png")
        await desk.press("}")
        await shows(desk, "c.png")
        assert "no picture at all" not in desk.text


async def test_a_late_word_of_a_picture_that_was_left_changes_nothing() -> None:
    folder = Folder("a.png", "b.png")
    async with leafing(folder) as desk:
        await desk.press("}")
        await shows(desk, "b.png")
        folder.sessions["a.png"].publish(one_thread(0, "Too late"))
        await desk.settle()
        assert "Too late" not in desk.text


async def test_when_the_app_ends_so_do_all_sessions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(visits, "ENDS_AFTER_S", 3600.0)
    folder = Folder("a.png", "b.png")
    async with leafing(folder) as desk:
        await desk.press("}")
        await shows(desk, "b.png")
        await desk.until(lambda: folder.sessions["b.png"].runs == 1)
        await desk.press("q")
    assert all(session.stopped.is_set() for session in folder.sessions.values())


# How it stands with the others


async def test_what_is_unread_on_the_other_pictures_is_told_in_the_header() -> None:
    folder = Folder("a.png", "b.png", "c.png")
    async with leafing(folder) as desk:
        await desk.until(lambda: folder.attended == 1)
        folder.tell({0: Summary(9, 9), 1: Summary(4, 2), 2: Summary(1, 1)})
        await desk.until(lambda: "3 unread elsewhere" in desk.lines[0])
        await desk.press("}")
        await shows(desk, "b.png")
        assert "1 unread elsewhere" in desk.lines[0]


async def test_what_another_session_reads_of_another_picture_is_asked_about_at_once() -> None:
    folder = Folder("a.png", "b.png")
    async with leafing(folder) as desk:
        await desk.until(lambda: folder.attended == 1)
        folder.tell({1: Summary(2, 2)})
        await desk.until(lambda: "2 unread elsewhere" in desk.lines[0])
        folder.newest = {1: Summary(2, 1)}
        shown = folder.sessions["a.png"]
        shown.publish(shown.state, ReadBeside())
        await desk.until(lambda: "1 unread elsewhere" in desk.lines[0])
        assert folder.recounts == 1


async def test_space_goes_on_to_the_next_picture_with_something_unread() -> None:
    folder = Folder("a.png", "b.png", "c.png")
    async with leafing(folder) as desk:
        await desk.until(lambda: folder.attended == 1)
        await desk.press("space")
        await desk.until(lambda: "Nothing unread" in desk.toasts)
        assert folder.recounts == 1
        folder.tell({2: Summary(1, 1)})
        await desk.until(lambda: "1 unread elsewhere" in desk.lines[0])
        await desk.press("space")
        await shows(desk, "c.png")
        session = folder.sessions["c.png"]
        assert desk.chat.selection.open_key is None  # nobody knows yet which thread it is
        await desk.until(lambda: session.runs == 1)
        session.publish(eg.changed(session.state, unread=frozenset({ConversationId("ic_3")})))
        await desk.until(lambda: desk.chat.selection.open_key == "ic_3")


async def test_a_room_that_several_pictures_share_is_counted_and_visited_once() -> None:
    folder = Folder("a.png", "b.png", "c.png", "d.png", copies=("b.png", "a.png", "d.png"))
    async with leafing(folder) as desk:
        session = folder.sessions["a.png"]
        await desk.until(lambda: folder.attended == 1)
        session.publish(eg.changed(session.state, unread=frozenset({ConversationId("ic_1")})))
        folder.newest = {0: Summary(1, 1), 1: Summary(1, 1), 2: Summary(4, 2), 3: Summary(1, 1)}
        folder.tell(folder.newest)
        await desk.until(lambda: "1 unread, 2 elsewhere" in desk.lines[0])
        await desk.press("p")
        await desk.until(lambda: sum("1 unread" in line and "1 open" in line for line in desk.lines) == 3)
        await desk.press("escape", "space")
        assert desk.chat.selection.open_key == "ic_1"
        await desk.press("p")
        await desk.until(lambda: "4 pictures" in desk.text)
        assert not any("1 unread" in line and "1 open" in line for line in desk.lines), "it is being read"
        await desk.press("escape", "space")
        await shows(desk, "c.png")
        assert "elsewhere" not in desk.lines[0]
        folder.tell(dict.fromkeys((0, 1, 3), Summary(1, 1)))
        await desk.until(lambda: "1 unread elsewhere" in desk.lines[0])
        await desk.press("space")
        await shows(desk, "d.png")
        assert "elsewhere" not in desk.lines[0]


async def test_before_space_says_that_nothing_is_unread_it_asks() -> None:
    folder = Folder("a.png", "b.png", "c.png")
    async with leafing(folder) as desk:
        await desk.until(lambda: folder.attended == 1)
        folder.newest = {2: Summary(1, 1)}
        await desk.press("space")
        await shows(desk, "c.png")
        assert "Nothing unread" not in desk.toasts


async def test_the_list_of_pictures_asks_when_it_opens() -> None:
    folder = Folder("a.png", "b.png")
    async with leafing(folder) as desk:
        await desk.until(lambda: folder.attended == 1)
        folder.newest = {1: Summary(7, 3)}
        await desk.press("p")
        await desk.until(lambda: "3 unread" in desk.text)


async def test_what_is_open_is_being_read_and_space_goes_past_it() -> None:
    folder = Folder("a.png", "b.png")
    async with leafing(folder) as desk:
        session = folder.sessions["a.png"]
        await desk.until(lambda: folder.attended == 1)
        session.publish(eg.changed(session.state, unread=frozenset({ConversationId("ic_1")})))
        folder.tell({1: Summary(1, 1)})
        await desk.until(lambda: "1 unread, 1 elsewhere" in desk.lines[0])
        await desk.press("space")
        assert desk.chat.selection.open_key == "ic_1"
        await desk.press("space")
        await shows(desk, "b.png")
        assert "elsewhere" not in desk.lines[0]


async def test_all_pictures_are_listed_with_what_is_open_and_unread() -> None:
    folder = Folder("a.png", "b.png", "\x1b[31mred\n.png")
    async with leafing(folder) as desk:
        await desk.until(lambda: folder.attended == 1)
        folder.tell({1: Summary(4, 2)})
        await desk.press("p")
        await desk.until(lambda: "3 pictures" in desk.text)
        assert any("b.png" in line and "2 unread" in line and "4 open" in line for line in desk.lines)
        assert any("a.png" in line and "1 open" in line for line in desk.lines[1:])
        folder.tell({2: Summary(0, 7)})
        await desk.until(lambda: any("red" in line and "7 unread" in line for line in desk.lines))
        await desk.press("j", "enter")
        await shows(desk, "b.png")
        await desk.press("p", "escape")
        assert desk.lines[0].startswith(" 2/3 b.png")


async def test_pictures_that_come_and_go_are_told_counted_and_listed() -> None:
    folder = Folder("a.png", "b.png")
    async with leafing(folder) as desk:
        await desk.until(lambda: folder.attended == 1)
        folder.names.append("c\x1b[31m.png")
        await desk.press("}", "{")
        await shows(desk, "a.png")
        folder.changed(AlbumChange(added=(2,), gone=(1,)))
        await desk.until(lambda: "New: c" in desk.toasts)
        assert desk.lines[0].startswith(" 1/3 a.png")
        assert "Gone: b.png" in desk.toasts
        assert "\x1b" not in desk.toasts
        await desk.press("p")
        await desk.until(lambda: any("b.png" in line and "gone" in line for line in desk.lines))
        folder.changed(AlbumChange(back=(1,)))
        await desk.until(lambda: not any("b.png" in line and "gone" in line for line in desk.lines))


def test_a_file_that_went_before_anybody_opened_it_is_no_picture_to_go_through() -> None:
    folder = Folder(*"abcde")
    leafed = visits.Visits(folder, lambda visit, state, news: None, lambda visit: None)
    leafed.go(2)
    table = [
        (AlbumChange(), (0, 1, 2, 3, 4), 3),
        (AlbumChange(gone=(0, 1, 2, 3)), (0, 2, 4), 2),
        (AlbumChange(back=(1,)), (0, 1, 2, 4), 3),
        (AlbumChange(gone=(1, 4)), (0, 2), 2),
        (AlbumChange(back=(0, 1, 2, 3, 4)), (0, 1, 2, 3, 4), 3),
    ]
    for change, places, number in table:
        leafed.change(change)
        assert (leafed.places, leafed.number) == (places, number)


async def test_pictures_that_came_and_went_unopened_leave_list_and_count() -> None:
    folder = Folder("a.png", "b.png", "c.png")
    async with leafing(folder) as desk:
        await desk.until(lambda: folder.attended == 1)
        folder.tell({1: Summary(3, 2)})
        await desk.until(lambda: "2 unread" in desk.lines[0])
        folder.changed(AlbumChange(gone=(1,)))
        await desk.until(lambda: desk.lines[0].startswith(" 1/2 a.png"))
        assert "unread" not in desk.lines[0]
        await desk.press("p")
        await desk.until(lambda: any("2   c.png" in line for line in desk.lines))
        assert not any("b.png" in line and "open" in line for line in desk.lines)
        await desk.press("escape", "}")
        await shows(desk, "c.png")
        assert desk.lines[0].startswith(" 2/2 c.png")


# Who looks at which


def people(*users: str, anonymous: int = 0, **versions: int) -> UsersOnline:
    """Who looks at a picture, by their first names."""
    there = tuple(User(UserId(f"demo:{name.lower()}"), display_name=name) for name in users)
    viewing = tuple(Viewing(UserId(f"demo:{name}"), (version,)) for name, version in versions.items())
    return UsersOnline(there, anonymous, len(there) + anonymous, viewing)


async def test_who_looks_at_the_other_pictures_is_listed_and_gone_to() -> None:
    folder = Folder("a.png", "b.png", "c.png")
    async with leafing(folder) as desk:
        await desk.until(lambda: folder.attended == 1)
        await desk.press("at")
        assert (folder.watched, ASKING in desk.text) == ([True], True)
        folder.tell_people(
            {0: people("Zoe"), 1: people("Ben", ben=2), 2: people("Carl", "Anna", anonymous=2)}
        )
        await desk.until(lambda: "Ben" in desk.text)
        places = [desk.text.index(one) for one in (" Ben ", " Anna ", " Carl ", "2 guests ")]
        assert places == sorted(places)
        assert "Zoe" not in desk.text, "of the one that is shown its own room tells"
        assert "2/3 b.png · v2" in desk.text and "3/3 c.png" in desk.text
        await desk.press("G", "enter")
        await shows(desk, "c.png")
        assert folder.watched == [True, False]


@pytest.mark.parametrize(
    ("told", "said", "never"), [({}, NOBODY_ELSEWHERE, NOT_KNOWN), (None, NOT_KNOWN, NOBODY_ELSEWHERE)]
)
async def test_that_nobody_is_elsewhere_is_said_only_where_it_is_known(
    told: dict[int, UsersOnline] | None, said: str, never: str
) -> None:
    folder = Folder("a.png", "b.png")
    async with leafing(folder) as desk:
        await desk.until(lambda: folder.attended == 1)
        await desk.press("at")
        folder.tell_people(told)
        await desk.until(lambda: said in desk.text)
        assert never not in desk.text
        await desk.press("escape")
        assert folder.watched == [True, False]
