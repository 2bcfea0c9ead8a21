"""How far the person has read, in step with the server."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from imagechat_tui.problems import EXPLORING, Problem, ProblemKind
from imagechat_tui.protocol.events import ImageChatUpdated, ReadElsewhere, ReadStateChanged
from imagechat_tui.protocol.ids import CommentId, ConversationId, UrlId
from imagechat_tui.protocol.models import ReadMark, ReadState
from imagechat_tui.protocol.routes import MAX_READ_MARKS, ChangeReadState, ConversationList
from imagechat_tui.sync.effects import (
    FetchReadState,
    News,
    ReadBeside,
    SendReadState,
    SendRequest,
    StoreMarks,
)
from imagechat_tui.sync.inputs import FetchFailed, ReadStateLoaded, RoomFound
from imagechat_tui.sync.intents import (
    CloseThread,
    Look,
    MarkRead,
    MarkUnread,
    OpenThread,
    PostComment,
    TryNow,
)
from imagechat_tui.sync.state import Mine, UnsentMarks
from tests import examples as eg
from tests.sync.desk import UNREACHABLE, Desk, hosted

HOME = ConversationId("ic_1")


def said(number: int, *, by: str = "") -> ConversationList:
    """A list with one thread, in which so many comments were made, the last of them by somebody."""
    last = eg.BOB if not by else eg.ALICE
    comments = tuple(
        eg.comment(id=CommentId(f"c_{n}"), user_id=last if n == number else eg.BOB, number=n)
        for n in range(1, number + 1)
    )
    return eg.conversation_list(comments=comments)


def begun(answer: ConversationList, *, explores: bool = False) -> Desk:
    """A session that is live, and has asked how far the person has read."""
    desk = Desk(explores=explores)
    desk.list_comes(answer)
    desk.opens()
    assert answer.position is not None
    desk.hears(eg.subscribed(answer.position.seq))
    return desk


def told(desk: Desk, state: ReadState) -> None:
    """The server answers the question."""
    desk.feed(ReadStateLoaded(desk.take(FetchReadState).request, state))


def confirmed(desk: Desk, revision: int) -> ChangeReadState:
    """The server carries out what it was told."""
    sent = desk.take(SendReadState)
    marks = (*sent.change.read, *sent.change.unread)
    desk.feed(ReadStateLoaded(sent.request, ReadState(revision, marks)))
    return sent.change


def at(number: int) -> tuple[ReadMark, ...]:
    return (ReadMark(HOME, number),)


def known(number: int, read: int) -> Desk:
    """So many comments are there, so many of them were read."""
    desk = begun(said(number))
    told(desk, ReadState(1, at(read)))
    desk.wait(1.0)
    return desk


def unkept(number: int, status: int = 403) -> Desk:
    """So many comments are there, and the server keeps nothing for this person."""
    desk = begun(said(number))
    desk.feed(FetchFailed(desk.take(FetchReadState).request, Problem(ProblemKind.REFUSED), status))
    return desk


def opened(desk: Desk, *, entered: bool = False, once: bool = False) -> None:
    """The person opens the thread, and looks at its end."""
    desk.wish(OpenThread(HOME, entered=entered))
    desk.wish(Look(HOME, once=once))


def by_bob(number: int, seq: int = 2) -> ImageChatUpdated:
    comment = eg.comment(id=CommentId(f"c_{number}"), user_id=eg.BOB, number=number)
    return eg.image_chat_updated(seq, stamp=eg.stamp(seq, actor_id=eg.BOB), comment=comment)


def test_what_was_said_during_an_absence_is_unread() -> None:
    assert known(3, read=2).state.mine.unread == {HOME}
    assert known(3, read=3).state.mine.unread == frozenset()


def test_what_the_person_said_is_not_unread() -> None:
    desk = begun(said(3, by="me"))
    told(desk, ReadState(1, at(2)))
    assert desk.state.mine.unread == frozenset()


def test_a_newcomer_has_read_all_and_has_the_server_note_it() -> None:
    desk = begun(said(3))
    told(desk, ReadState())
    assert desk.take(SendReadState).change == ChangeReadState()
    assert desk.state.mine.unread == frozenset()


def test_who_was_shown_the_folder_before_has_not_read_what_was_said_since() -> None:
    desk = begun(said(3))
    desk.feed(RoomFound(replace(desk.state.room, shown_since_ms=5)))
    told(desk, ReadState())
    assert confirmed(desk, 1) == ChangeReadState(since_ms=5)
    desk.wait(1.0)
    told(desk, ReadState(1))
    assert desk.state.mine.unread == {HOME}
    desk.wait(1.0)
    desk.wish(MarkRead((HOME,)))
    desk.wait(1.0)
    assert confirmed(desk, 2) == ChangeReadState(read=at(3)), "whoever has been there begins no more"


@pytest.mark.parametrize(("since_ms", "unread"), [(None, False), (0, True), (eg.T0 + 10**9, False)])
def test_who_only_looks_has_not_read_what_was_said_since_they_were_shown_the_folder(
    since_ms: int | None, unread: bool
) -> None:
    desk = begun(said(3), explores=True)
    desk.feed(RoomFound(replace(desk.state.room, shown_since_ms=since_ms)))
    told(desk, ReadState())
    assert desk.state.mine.unread == ({HOME} if unread else frozenset())
    desk.wait(60.0)
    desk.nothing(SendReadState)
    desk.hears(by_bob(4))
    assert desk.state.mine.unread == ({HOME} if since_ms is None or unread else frozenset())


def test_what_is_kept_goes_before_since_when_somebody_who_looks_was_shown_the_folder() -> None:
    desk = begun(said(3), explores=True)
    desk.feed(RoomFound(replace(desk.state.room, shown_since_ms=0)))
    told(desk, ReadState(1, at(3)))
    assert desk.state.mine.unread == frozenset()


def test_what_was_read_is_told_soon_and_once() -> None:
    desk = known(3, read=2)
    opened(desk)
    desk.wait(0.9)
    assert desk.state.mine.unread == {HOME}
    desk.nothing(SendReadState)
    desk.wait(1.0)
    assert desk.state.mine.unread == frozenset()
    assert confirmed(desk, 2) == ChangeReadState(read=at(3))
    desk.wait(60.0)
    desk.nothing(SendReadState, FetchReadState)


def test_another_session_that_reads_is_followed_at_once() -> None:
    desk = known(3, read=2)
    desk.hears(ReadStateChanged(ReadState(2, at(3))))
    assert desk.state.mine.unread == frozenset()
    desk.hears(ReadStateChanged(ReadState(3, at(1))))
    assert desk.state.mine.unread == {HOME}


def test_what_another_session_reads_of_another_image_is_told_and_changes_nothing_here() -> None:
    desk = known(3, read=2)
    desk.hears(ReadElsewhere())
    assert desk.take(ReadBeside) == ReadBeside()
    assert desk.state.mine.unread == {HOME}
    desk.nothing(FetchReadState, SendReadState)


def test_a_change_that_was_told_before_changes_nothing() -> None:
    desk = known(3, read=3)
    desk.hears(ReadStateChanged(ReadState(1, at(1))))
    assert desk.state.mine.unread == frozenset()


def test_after_changes_that_were_missed_the_server_is_asked() -> None:
    desk = known(3, read=2)
    desk.hears(ReadStateChanged(ReadState(5, at(3))))
    assert desk.state.mine.unread == frozenset()
    told(desk, ReadState(5, at(3)))
    desk.wait(60.0)
    desk.nothing(FetchReadState)


def test_an_answer_that_a_change_has_overtaken_is_asked_for_again() -> None:
    desk = begun(said(3))
    asked = desk.take(FetchReadState)
    desk.hears(ReadStateChanged(ReadState(2, at(3))))
    desk.feed(ReadStateLoaded(asked.request, ReadState(1, at(1))))
    desk.wait(1.0)
    told(desk, ReadState(2, at(3)))
    assert desk.state.mine.unread == frozenset()


def test_until_the_socket_is_registered_the_server_is_neither_asked_nor_told() -> None:
    """What another session reads before that is not told: an answer from before it would stay too old."""
    desk = Desk(marks=(left(read=at(2)),))
    desk.list_comes(said(3))
    desk.opens()
    desk.nothing(FetchReadState)
    assert desk.state.mine.reads_come
    desk.hears(eg.subscribed(1))
    told(desk, ReadState(2, at(1)))
    desk.wait(1.0)
    assert confirmed(desk, 3) == ChangeReadState(read=at(2))
    desk.wish(MarkRead((HOME,)))
    desk.cut()
    desk.wait(1.0)
    desk.opens()
    desk.wait(1.0)
    desk.nothing(FetchReadState, SendReadState)
    desk.hears(eg.subscribed(1))
    desk.wait(1.0)
    desk.nothing(SendReadState)
    told(desk, ReadState(4, at(2)))
    desk.wait(1.0)
    assert confirmed(desk, 5) == ChangeReadState(read=at(3))


def test_what_was_read_offline_is_told_when_the_link_is_back() -> None:
    desk = known(3, read=2)
    desk.cut()
    desk.wish(MarkRead((HOME,)))
    assert desk.state.mine.unread == frozenset()
    desk.wait(30.0)
    desk.nothing(SendReadState)
    desk.wish(TryNow())
    desk.opens()
    desk.hears(eg.subscribed(1))
    told(desk, ReadState(4, at(2)))
    assert desk.state.mine.unread == frozenset()
    desk.wait(1.0)
    assert confirmed(desk, 5) == ChangeReadState(read=at(3))


def test_what_nobody_confirmed_is_told_again() -> None:
    desk = known(3, read=2)
    desk.wish(MarkRead((HOME,)))
    desk.wait(1.0)
    desk.feed(FetchFailed(desk.take(SendReadState).request, UNREACHABLE))
    assert desk.state.mine.unread == frozenset()
    desk.wait(10.0)
    assert confirmed(desk, 2) == ChangeReadState(read=at(3))


def test_what_changes_while_it_is_told_is_told_too() -> None:
    desk = known(3, read=2)
    desk.wish(MarkRead((HOME,)))
    desk.wait(1.0)
    desk.wish(MarkUnread(HOME))
    assert desk.state.mine.unread == {HOME}
    assert confirmed(desk, 2) == ChangeReadState(read=at(3))
    assert desk.state.mine.unread == {HOME}
    desk.wait(1.0)
    assert confirmed(desk, 3) == ChangeReadState(unread=at(2))
    assert desk.state.mine.unread == {HOME}


def test_what_comes_in_the_thread_that_is_looked_at_is_read_after_its_own_second() -> None:
    desk = known(3, read=3)
    opened(desk)
    desk.wait(2.0)
    desk.hears(by_bob(4))
    assert desk.state.mine.unread == frozenset()
    desk.wait(0.9)
    desk.nothing(SendReadState)
    desk.wait(1.0)
    assert confirmed(desk, 2) == ChangeReadState(read=at(4))


@pytest.mark.parametrize("how", [Look(), CloseThread(), MarkUnread(HOME)])
def test_what_came_and_was_not_seen_for_a_second_is_unread(how: Look | CloseThread | MarkUnread) -> None:
    for desk in (known(3, read=3), unkept(3)):
        opened(desk)
        desk.wait(2.0)
        desk.hears(by_bob(4))
        desk.wait(0.9)
        assert desk.state.mine.unread == frozenset()
        desk.wish(how)
        assert desk.state.mine.unread == {HOME}


def test_a_thread_is_read_by_looking_at_its_end_and_not_by_having_it_open() -> None:
    desk = known(3, read=2)
    desk.wish(OpenThread(HOME))
    desk.wait(60.0)
    assert desk.state.mine.unread == {HOME}
    for _ in range(3):
        desk.wish(Look(HOME))
        desk.wait(0.9)
        desk.wish(Look())
        desk.wait(0.9)
    assert desk.state.mine.unread == {HOME}


def test_another_thread_than_the_open_one_is_not_looked_at() -> None:
    desk = known(3, read=2)
    desk.wish(Look(HOME))
    desk.wait(60.0)
    assert desk.state.mine.unread == {HOME}


def test_where_only_a_key_told_of_the_person_what_comes_later_waits_for_the_next() -> None:
    for desk in (known(3, read=2), unkept(3)):
        opened(desk, once=True)
        desk.wait(1.0)
        assert desk.state.mine.unread == frozenset()
        desk.hears(by_bob(4))
        desk.wait(60.0)
        assert desk.state.mine.unread == {HOME}
        desk.wish(Look(HOME, once=True))
        desk.wait(1.0)
        assert desk.state.mine.unread == frozenset()


def test_a_thread_that_goes_while_it_is_looked_at_leaves_nothing_unread() -> None:
    for desk in (known(3, read=3), unkept(3)):
        opened(desk)
        desk.wait(2.0)
        desk.hears(by_bob(4))
        desk.hears(eg.deleted_image_chat(3, stamp=eg.stamp(3, actor_id=eg.BOB)))
        desk.wish(Look())
        assert desk.state.mine.unread == frozenset()


def test_what_comes_before_the_thread_was_read_is_unread_until_it_is() -> None:
    desk = known(3, read=3)
    opened(desk)
    desk.wait(0.5)
    desk.hears(by_bob(4))
    desk.wait(0.9)
    assert desk.state.mine.unread == {HOME}
    desk.wait(0.1)
    assert desk.state.mine.unread == frozenset()


def test_what_was_marked_unread_stays_so_until_the_thread_is_entered() -> None:
    desk = known(3, read=3)
    opened(desk, entered=True)
    desk.wait(2.0)
    desk.wish(MarkUnread(HOME))
    desk.wait(1.0)
    assert confirmed(desk, 2) == ChangeReadState(unread=at(2))
    desk.hears(by_bob(4))
    for how in (Look(HOME), CloseThread(), OpenThread(HOME), Look(HOME)):
        desk.wish(how)
        desk.wait(60.0)
        assert desk.state.mine.unread == {HOME}
    desk.wish(OpenThread(HOME, entered=True))
    desk.wait(0.9)
    assert desk.state.mine.unread == {HOME}
    desk.wait(0.1)
    assert desk.state.mine.unread == frozenset()


@pytest.mark.parametrize("read", [MarkRead((HOME,)), ReadStateChanged(ReadState(3, at(3)))])
def test_what_was_read_otherwise_is_kept_unread_no_more(read: MarkRead | ReadStateChanged) -> None:
    desk = known(3, read=3)
    desk.wish(MarkUnread(HOME))
    desk.wait(1.0)
    confirmed(desk, 2)
    if isinstance(read, MarkRead):
        desk.wish(read)
    else:
        desk.hears(read)
    opened(desk)
    desk.hears(by_bob(4))
    desk.wait(1.0)
    assert desk.state.mine.unread == frozenset()


def test_what_another_session_marks_unread_stays_so_in_a_thread_that_is_open() -> None:
    desk = known(3, read=3)
    opened(desk)
    desk.wait(2.0)
    desk.hears(ReadStateChanged(ReadState(2, at(1))))
    desk.wait(60.0)
    assert desk.state.mine.unread == {HOME}
    desk.nothing(SendReadState)


@pytest.mark.parametrize("asked", [False, True])
def test_what_another_session_marks_unread_during_an_outage_stays_so(asked: bool) -> None:
    desk = known(3, read=3)
    opened(desk)
    desk.wait(2.0)
    if asked:
        desk.wish(TryNow())
        told(desk, ReadState(2, at(1)))
    else:
        desk.hears(ReadStateChanged(ReadState(4, at(1))))
        told(desk, ReadState(4, at(1)))
    desk.wait(60.0)
    assert desk.state.mine.unread == {HOME}
    desk.nothing(SendReadState)


def test_a_thread_looked_at_that_is_kept_unread_no_more_is_read_after_its_own_second() -> None:
    """Another session has read it so far: the second that went by here before does not count."""
    desk = known(3, read=3)
    opened(desk)
    desk.hears(ReadStateChanged(ReadState(2, at(1))))
    desk.wait(60.0)
    desk.hears(ReadStateChanged(ReadState(3, at(3))))
    assert desk.engine.wake_at == desk.now + 1.0
    desk.wait(1.0)
    desk.hears(by_bob(4))
    assert desk.state.mine.unread == frozenset()


@pytest.mark.parametrize("told_first", ["answer", "event"])
def test_what_was_entered_after_it_was_marked_unread_is_read_whatever_is_told_of_the_mark(
    told_first: str,
) -> None:
    desk = known(3, read=3)
    opened(desk)
    desk.wish(MarkUnread(HOME))
    desk.wait(0.3)
    sent = desk.take(SendReadState)
    desk.wish(OpenThread(HOME, entered=True))
    if told_first == "event":
        desk.hears(ReadStateChanged(ReadState(2, at(2))))
    desk.feed(ReadStateLoaded(sent.request, ReadState(2, at(2))))
    desk.wait(1.0)
    assert desk.state.mine.unread == frozenset()


def test_what_came_before_another_session_had_it_kept_during_an_outage_stays_unread() -> None:
    desk = begun(eg.conversation_list(conversations=(), comments=()))
    told(desk, ReadState())
    desk.feed(ReadStateLoaded(desk.take(SendReadState).request, ReadState()))
    desk.hears(eg.new_image_chat(2))
    desk.hears(by_bob(1, seq=3))
    desk.wish(TryNow())
    desk.wait(1.0)
    told(desk, ReadState(1, at(1)))
    assert desk.state.mine.unread == {HOME}


def test_a_thread_that_was_closed_is_not_followed() -> None:
    desk = known(3, read=3)
    opened(desk)
    desk.wait(2.0)
    desk.wish(CloseThread())
    desk.hears(by_bob(4))
    assert desk.state.mine.unread == {HOME}


@pytest.mark.parametrize("status", [401, 403, 404])
def test_where_nothing_is_kept_unread_is_what_came_during_the_session(status: int) -> None:
    desk = unkept(3, status)
    assert desk.state.mine.unread == frozenset()
    desk.hears(by_bob(4))
    assert desk.state.mine.unread == {HOME}
    desk.wish(MarkRead((HOME,)))
    desk.wait(60.0)
    desk.nothing(FetchReadState, SendReadState)
    assert desk.state.mine.unread == frozenset()


def test_a_room_that_nobody_has_made_is_told_of_once_there_is_a_comment() -> None:
    desk = begun(eg.conversation_list(conversations=(), comments=()))
    told(desk, ReadState())
    desk.feed(ReadStateLoaded(desk.take(SendReadState).request, ReadState()))
    desk.wait(60.0)
    desk.nothing(FetchReadState, SendReadState)
    desk.hears(eg.new_image_chat(2))
    desk.hears(by_bob(1, seq=3))
    desk.wait(1.0)
    assert desk.take(SendReadState).change == ChangeReadState()


def test_what_came_before_the_server_kept_anything_stays_unread_when_it_does() -> None:
    """With its first note of a person the server takes all that is there for read."""
    desk = begun(eg.conversation_list(conversations=(), comments=()))
    told(desk, ReadState())
    desk.feed(ReadStateLoaded(desk.take(SendReadState).request, ReadState()))
    desk.hears(eg.new_image_chat(2))
    desk.hears(by_bob(1, seq=3))
    desk.wait(1.0)
    desk.feed(ReadStateLoaded(desk.take(SendReadState).request, ReadState(1, at(1))))
    assert desk.state.mine.unread == {HOME}
    desk.wait(1.0)
    assert confirmed(desk, 2) == ChangeReadState(unread=at(0))
    assert desk.state.mine.unread == {HOME}
    desk.wait(60.0)
    desk.nothing(FetchReadState, SendReadState)


def test_what_came_before_another_session_had_it_kept_stays_unread() -> None:
    desk = begun(eg.conversation_list(conversations=(), comments=()))
    told(desk, ReadState())
    desk.feed(ReadStateLoaded(desk.take(SendReadState).request, ReadState()))
    desk.hears(eg.new_image_chat(2))
    desk.hears(by_bob(1, seq=3))
    desk.hears(ReadStateChanged(ReadState(1, at(1))))
    assert desk.state.mine.unread == {HOME}


def test_guests_and_hosted_servers_are_not_asked() -> None:
    guest = replace(said(3), user=eg.user(is_anonymous=True, session_id="s"))
    desk = begun(guest)
    desk.wish(MarkRead((HOME,)))
    desk.wait(60.0)
    desk.nothing(FetchReadState, SendReadState)
    desk = hosted()
    desk.wish(MarkRead((HOME,)))
    desk.wait(60.0)
    desk.nothing(FetchReadState, SendReadState)


def test_more_than_one_request_may_name_is_told_in_several() -> None:
    homes = [ConversationId(f"ic_{n}") for n in range(MAX_READ_MARKS + 1)]
    chats = [eg.conversation(id=home, url_id=f"{eg.IMAGE}:{home}") for home in homes]
    comments = [
        eg.comment(id=CommentId(f"c_{chat.id}"), url_id=chat.url_id, user_id=eg.BOB, number=1)
        for chat in chats
    ]
    desk = begun(eg.conversation_list(conversations=tuple(chats), comments=tuple(comments)))
    told(desk, ReadState(1))
    assert len(desk.state.mine.unread) == len(homes)
    for home in homes:
        desk.wish(MarkRead((home,)))
    desk.wait(1.0)
    assert len(confirmed(desk, 2).read) == MAX_READ_MARKS
    desk.wait(1.0)
    assert len(confirmed(desk, 3).read) == 1
    desk.wait(60.0)
    desk.nothing(SendReadState)


@pytest.mark.parametrize("revision", [0, 1])
def test_who_explores_sees_what_is_unread_and_changes_nothing(revision: int) -> None:
    desk = begun(said(3), explores=True)
    told(desk, ReadState(revision, at(2)))
    unread = {HOME} if revision else frozenset()
    for wish in (OpenThread(HOME, entered=True), Look(HOME), MarkRead((HOME,)), MarkUnread(HOME)):
        desk.wish(wish)
        desk.wait(60.0)
        assert desk.state.mine.unread == unread
    desk.wish(PostComment(HOME, "no"))
    desk.nothing(SendReadState, SendRequest)
    assert desk.told(News.REFUSED)[0].problem == Problem(ProblemKind.READ_ONLY, EXPLORING)


# On disk


def stored(desk: Desk) -> UnsentMarks:
    """What is to be kept on disk."""
    found = [effect for effect in desk.waiting if isinstance(effect, StoreMarks)]
    return found[-1].marks


def left(**changes: object) -> UnsentMarks:
    return replace(UnsentMarks(eg.ALICE, eg.IMAGE), **changes)


def came_back(*marks: UnsentMarks, read: int = 2) -> Desk:
    """A session that found these on disk, of a thread with three comments."""
    desk = Desk(marks=marks)
    desk.list_comes(said(3))
    desk.opens()
    desk.hears(eg.subscribed(1))
    told(desk, ReadState(1, at(read)))
    return desk


def test_what_is_not_confirmed_is_kept_until_it_is() -> None:
    desk = known(3, read=2)
    desk.nothing(StoreMarks)
    desk.wish(MarkRead((HOME,)))
    assert stored(desk) == left(read=at(3))
    desk.wish(MarkUnread(HOME))
    assert stored(desk) == left(unread=at(2))
    desk.wait(1.0)
    confirmed(desk, 2)
    assert stored(desk) == left()


def test_what_an_earlier_session_could_not_tell_is_shown_and_told() -> None:
    desk = came_back(left(read=at(3)))
    assert desk.state.mine.unread == frozenset()
    desk.wait(1.0)
    assert confirmed(desk, 2) == ChangeReadState(read=at(3))
    assert stored(desk) == left()


def test_what_an_earlier_session_marked_unread_is_told() -> None:
    desk = came_back(left(unread=at(1)), read=3)
    assert desk.state.mine.unread == {HOME}
    desk.wait(1.0)
    assert confirmed(desk, 2) == ChangeReadState(unread=at(1))


@pytest.mark.parametrize(
    "marks",
    [
        left(user_id=eg.BOB, read=at(3)),
        left(url_id=UrlId("another"), read=at(3)),
        left(read=(ReadMark(ConversationId("\ud800"), 3),)),
        left(unread=(ReadMark(ConversationId("gone"), 1),)),
        left(read=at(1)),
        left(unread=at(7)),
    ],
)
def test_what_is_of_somebody_else_or_about_nothing_is_not_told(marks: UnsentMarks) -> None:
    desk = came_back(marks)
    desk.wait(60.0)
    desk.nothing(SendReadState, StoreMarks)
    assert desk.state.mine.unread == {HOME}


def test_more_than_there_was_to_read_was_not_read() -> None:
    desk = came_back(left(read=at(1 << 50)))
    desk.wait(1.0)
    assert confirmed(desk, 2) == ChangeReadState(read=at(3))


def test_what_another_session_read_at_the_same_moment_is_not_lost_to_an_answer_that_changes_nothing() -> None:
    desk = known(3, read=2)
    desk.wish(MarkRead((HOME,)))
    desk.wait(1.0)
    desk.feed(ReadStateLoaded(desk.take(SendReadState).request, ReadState(2)))
    desk.hears(ReadStateChanged(ReadState(2, at(3))))
    assert desk.state.mine.unread == frozenset()


def known_of(desk: Desk) -> Mine:
    told(desk, ReadState(1, at(2)))
    return desk.state.mine


def test_until_the_server_has_told_it_is_not_known_what_is_unread() -> None:
    desk = begun(said(3))
    asked, known = desk.state.mine, known_of(desk)
    assert (asked.reads_come, known.reads_come) == (True, False)
    for other in (unkept(3), hosted()):
        assert not other.state.mine.reads_come
