"""The engine as a whole: its four invariants, and what a person's wishes do.

`Desk` checks the invariants with every input of every test; here each is shown to be there, and to bite.
"""

from __future__ import annotations

from typing import get_args

import pytest
from msgspec.structs import replace

from imagechat_tui.problems import Problem, ProblemKind
from imagechat_tui.protocol.events import ImageChatUpdated
from imagechat_tui.protocol.ids import BroadcastId, CommentId, ConversationId, UrlId
from imagechat_tui.protocol.models import Placements, Point, ReadState
from imagechat_tui.protocol.routes import NEW_IMAGE, ConversationReply
from imagechat_tui.sync.effects import (
    Applied,
    Effect,
    FetchImage,
    FetchSnapshot,
    News,
    Publish,
    SendLink,
    SendRequest,
    StoreDrafts,
)
from imagechat_tui.sync.engine import SyncEngine
from imagechat_tui.sync.inputs import (
    DraftsMoved,
    EventLogLoaded,
    EventReceived,
    FetchFailed,
    FrameMalformed,
    ImageLinked,
    Input,
    PictureKept,
    PlacementsLoaded,
    PlacementsNotWorkedOut,
    PlacementsWorkedOut,
    Pong,
    ReadStateLoaded,
    ReplyArrived,
    RoomFound,
    SnapshotComing,
    SnapshotLoaded,
    SocketClosed,
    SocketOpened,
    Started,
    ThreadLoaded,
    Tick,
    UsersLoaded,
    Woke,
    WriteFailed,
)
from imagechat_tui.sync.intents import (
    DeleteConversation,
    KeepDraft,
    LinkImage,
    LookUpImage,
    MarkRead,
    OpenThread,
    PostComment,
    StartConversation,
    Submitted,
)
from imagechat_tui.sync.state import Draft, Peer, Phase
from tests import examples as eg
from tests.sync.desk import UNREACHABLE, Desk, at_once, hosted, joined, late

HOME = ConversationId("ic_1")
POST = PostComment(HOME, "hello")
B = BroadcastId("b-1")


def by_bob(seq: int) -> ImageChatUpdated:
    """Bob answers, as event number ``seq``."""
    comment = eg.comment(id=CommentId(f"c_{seq}"), user_id=eg.BOB)
    return eg.image_chat_updated(seq, stamp=eg.stamp(seq, actor_id=eg.BOB), comment=comment)


# 1. Confirmed state changes only by snapshots and events


@pytest.mark.parametrize(
    "write",
    [POST, DeleteConversation(HOME), StartConversation(Point(5.0, 5.0), "here")],
    ids=lambda write: type(write).__name__,
)
def test_neither_a_wish_nor_its_answer_touches_what_is_confirmed(write: PostComment) -> None:
    desk = joined()
    before = desk.state
    desk.wish(write, B)
    desk.replies(B, ConversationReply(ConversationId("ic_9"), eg.conversation(id=ConversationId("ic_9"))))
    after = desk.state
    assert after.confirmed.conversations is before.confirmed.conversations
    assert after.confirmed.comments is before.confirmed.comments
    assert after.confirmed.position is before.confirmed.position


# 2. What was typed is on disk before anything is sent


def test_drafts_are_stored_first_and_the_state_is_told_last() -> None:
    desk = joined()
    effects = desk.engine.feed(Submitted(POST, B, eg.T0), desk.now)
    assert isinstance(effects[0], StoreDrafts)
    assert [type(effect) for effect in effects if isinstance(effect, SendRequest)] == [SendRequest]
    assert effects[-1] == Publish(desk.engine.state)


def test_what_is_on_disk_is_not_written_again() -> None:
    desk = joined()
    desk.wish(KeepDraft(POST))
    effects = desk.engine.feed(Submitted(KeepDraft(POST), B, eg.T0), desk.now)
    assert effects == ()


# 3. Nothing is sent but for a key press


def test_no_moment_of_any_day_sends_a_write_by_itself() -> None:
    desk = joined()
    desk.wish(KeepDraft(StartConversation(Point(5.0, 5.0), "typed")))
    desk.wish(PostComment(HOME, "lost"), B)
    desk.take(SendRequest)
    desk.write_fails(B, sent=False)
    desk.cut()
    desk.wait(86_400.0)
    desk.opens()
    desk.hears(eg.subscribed(1))
    desk.shows(Phase.LIVE)
    desk.wait(86_400.0)
    desk.nothing(SendRequest)
    assert {getattr(draft.write, "text", "") for draft in desk.stored} == {"typed", "lost"}


# 4. Nothing is due, or it is due later


def test_the_room_is_the_one_that_was_found() -> None:
    desk = Desk()
    found = eg.room(url_id=UrlId("img/1/a.png"), src="a.png")
    effects = desk.engine.feed(RoomFound(found), desk.now)
    assert desk.engine.state.room == found
    assert effects == (Publish(desk.engine.state),)
    assert desk.engine.feed(RoomFound(found), desk.now) == ()


EACH: list[Input] = [
    Submitted(POST, B, eg.T0),
    Started(),
    DraftsMoved((Draft("d1", POST),)),
    ImageLinked(UNREACHABLE),
    RoomFound(eg.room(url_id=UrlId("img/1/a.png"))),
    SocketOpened(1),
    SocketClosed(1),
    EventReceived(1, eg.presence_update()),
    FrameMalformed(1),
    Pong(1, 0.1),
    SnapshotComing(1, 65_536),
    SnapshotLoaded(1, Peer.OURS, eg.conversation_list()),
    ThreadLoaded(1, HOME, eg.comment_list()),
    EventLogLoaded(1, (), True),
    UsersLoaded(1, ()),
    ReadStateLoaded(1, ReadState(1)),
    PlacementsLoaded(1, Placements(1)),
    PlacementsWorkedOut(1, ()),
    PlacementsNotWorkedOut(1),
    PictureKept(1),
    FetchFailed(1, UNREACHABLE),
    ReplyArrived(B, None),
    WriteFailed(B, UNREACHABLE, sent=True),
    Woke(),
    Tick(),
]


def test_the_examples_leave_no_input_out() -> None:
    assert {type(happened) for happened in EACH} == set(get_args(Input))


@pytest.mark.parametrize("happened", EACH, ids=lambda happened: type(happened).__name__)
@pytest.mark.parametrize("stage", ["new", "live", "hosted", "lost", "polling", "shut out"])
def test_any_input_at_any_stage_is_taken_and_nothing_spins(happened: Input, stage: str) -> None:
    match stage:
        case "new":
            desk = Desk()
        case "live":
            desk = joined()
        case "hosted":
            desk = hosted()
            desk.wish(OpenThread(HOME))
        case "lost":
            desk = joined()
            desk.cut()
        case "polling":
            desk = joined()
            desk.cut()
            for wait in (1.0, 2.0, 4.0, 8.0):
                desk.wait(wait)
                desk.refuses()
            desk.wait(16.0)
            desk.list_comes()
            desk.shows(Phase.POLLING)
        case _:
            desk = Desk()
            desk.list_fails(Problem(ProblemKind.SIGN_IN), 401)
    desk.feed(happened)
    desk.feed(happened)
    desk.wakes = 0
    desk.wait(600.0)
    assert desk.wakes < 600


def test_a_tick_that_comes_early_or_late_does_no_harm() -> None:
    desk = joined()
    before = desk.state
    for _ in range(10):
        desk.feed(Tick())
    assert desk.state is before
    desk.cut()
    desk.now += 3_600.0  # nobody woke it
    desk.feed(Tick())
    desk.shows(Phase.OFFLINE)


def test_what_does_not_change_is_not_told() -> None:
    desk = joined()
    assert desk.engine.feed(Tick(), desk.now) == ()
    assert desk.engine.feed(Pong(desk.socket, 0.02), desk.now) != ()
    assert desk.engine.feed(Pong(desk.socket, 0.02), desk.now) == ()


# Reading


def test_a_thread_can_be_marked_read_without_opening_it() -> None:
    desk = joined()
    desk.hears(by_bob(2))
    desk.wish(MarkRead((HOME,)))
    assert desk.state.mine.unread == frozenset()


def test_a_marker_of_others_is_unread() -> None:
    desk = joined()
    fresh = replace(eg.conversation(), id=ConversationId("ic_9"), url_id=eg.IMAGE, user_id=eg.BOB)
    desk.hears(eg.new_image_chat(2, stamp=eg.stamp(2, actor_id=eg.BOB), conversation=fresh))
    assert desk.state.mine.unread == {"ic_9"}


def test_a_thread_that_is_gone_does_not_open() -> None:
    desk = joined()
    before = desk.state
    desk.wish(OpenThread(ConversationId("ic_gone")))
    assert desk.state is before


def test_a_thread_of_ours_opens_as_soon_as_it_was_answered_and_stays_open() -> None:
    desk = joined()
    made = replace(eg.conversation(), id=ConversationId("ic_9"), url_id=eg.IMAGE)
    desk.wish(StartConversation(Point(5.0, 5.0), "here"), B)
    desk.wait(1.0)
    desk.replies(B, ConversationReply(made.id, made))
    desk.wish(OpenThread(made.id))
    assert desk.state.mine.open_thread == made.id
    desk.hears(eg.new_image_chat(2, stamp=eg.stamp(2, broadcast_id=B), conversation=made))
    assert desk.state.mine.open_thread == made.id
    assert desk.told(News.THREAD_GONE) == []


def test_a_list_of_before_does_not_close_a_thread_that_was_answered_since() -> None:
    desk = joined()
    made = replace(eg.conversation(), id=ConversationId("ic_9"), url_id=eg.IMAGE)
    desk.wait(5.0)
    desk.hears_noise()
    on_its_way = desk.take(FetchSnapshot)
    desk.wish(StartConversation(Point(5.0, 5.0), "here"), B)
    desk.wait(1.0)
    desk.replies(B, ConversationReply(made.id, made))
    desk.wish(OpenThread(made.id))
    desk.feed(SnapshotLoaded(on_its_way.request, Peer.OURS, eg.conversation_list()))
    assert desk.state.mine.open_thread == made.id
    assert desk.told(News.THREAD_GONE) == []


def test_a_thread_that_others_delete_closes_and_is_told() -> None:
    desk = joined()
    desk.wish(OpenThread(HOME))
    desk.hears(eg.deleted_image_chat(2, stamp=eg.stamp(2, actor_id=eg.BOB)))
    assert desk.state.mine.open_thread is None
    assert [(news.conversation_id, news.by) for news in desk.told(News.THREAD_GONE)] == [(HOME, eg.BOB)]


# For the record


def test_each_applied_event_is_told_with_its_place() -> None:
    desk = joined()
    desk.hears(by_bob(2), eg.presence_update())
    told = desk.all(Applied)
    assert [(type(effect.event).__name__, effect.position) for effect in told] == [
        ("ImageChatUpdated", eg.position(2)),
        ("PresenceUpdate", None),
    ]


def test_two_engines_fed_the_same_are_the_same() -> None:
    def run() -> list[Effect]:
        engine = SyncEngine(eg.room(), uniform=late)
        effects: list[Effect] = []
        for now, happened in enumerate([*EACH, *EACH]):
            effects += engine.feed(happened, float(now))
        return effects

    assert run() == run()


def test_what_an_engine_remembers_does_not_grow_with_what_it_has_done() -> None:
    def size(desk: Desk) -> int:
        engine = desk.engine
        holders = (engine._facts, engine._rooms)
        held = [part for holder in holders for part in vars(holder).values() if hasattr(part, "__dict__")]
        parts = (engine._core, engine._writes, engine._lookup, *held)
        values = [value for part in parts for value in vars(part).values()]
        return sum(len(value) for value in values if hasattr(value, "__len__"))

    desk = joined()
    sizes = []
    for seq in range(2, 2_302):
        broadcast_id = desk.wish(PostComment(HOME, f"text {seq}"))
        stamp = eg.stamp(seq, broadcast_id=broadcast_id)
        desk.hears(eg.image_chat_updated(seq, stamp=stamp, comment=eg.comment(), activity="updated-comment"))
        desk.hears(eg.presence_update(joined=(eg.BOB,)), eg.presence_update(joined=(), left=(eg.BOB,)))
        desk.waiting.clear()
        sizes.append(size(desk))
    assert desk.state.mine.outbox == ()
    assert sizes[-1] == sizes[2_050] > 2_000


def test_where_the_picture_is_met_is_asked_for_once_it_is_known_which_one_it_is() -> None:
    desk = joined()
    desk.wish(LookUpImage())
    desk.nothing(FetchImage)
    known = eg.room(image=eg.opened_image())
    desk.feed(RoomFound(known))
    desk.wish(LookUpImage())
    assert desk.take(FetchImage).image_id == "im_1"
    told = replace(known, versions=(eg.version(),))
    desk.feed(RoomFound(told))
    assert desk.state.room == told


def test_a_room_of_its_own_is_asked_for_once_and_its_outcome_told() -> None:
    desk = joined()
    desk.feed(RoomFound(eg.room(image=eg.opened_image())))
    desk.wish(LinkImage(NEW_IMAGE))
    assert desk.take(SendLink).image_id == NEW_IMAGE
    desk.feed(ImageLinked())
    assert [told.news for told in desk.told(News.LINKED, News.NOT_LINKED)] == [News.LINKED]
    desk.feed(ImageLinked(already=True))
    assert [news.news for news in desk.told()] == [News.LINKED_ALREADY]
    desk.feed(ImageLinked(UNREACHABLE))
    (told,) = desk.told(News.LINKED, News.NOT_LINKED)
    assert (told.news, told.problem) == (News.NOT_LINKED, UNREACHABLE)
    desk.nothing(SendLink)


def test_where_nothing_can_be_written_no_other_room_is_asked_for() -> None:
    unknown = joined()
    unknown.wish(LinkImage(NEW_IMAGE))
    offline = joined(uniform=at_once)
    offline.feed(RoomFound(eg.room(image=eg.opened_image())))
    offline.cut()
    offline.refuses()
    offline.refuses()
    offline.wish(LinkImage(NEW_IMAGE))
    for desk, kind in ((unknown, ProblemKind.UNSUPPORTED), (offline, ProblemKind.OFFLINE)):
        desk.nothing(SendLink)
        told = desk.told(News.NOT_LINKED)[-1]
        assert told.problem is not None
        assert told.problem.kind is kind
