"""What an event of others means to the person."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from imagechat_tui.protocol.events import LiveEvent, Skip
from imagechat_tui.protocol.ids import CommentId, ConversationId, UrlId
from imagechat_tui.protocol.models import Point
from imagechat_tui.sync.effects import Announce, News
from imagechat_tui.sync.news import actor_of, news_of, news_of_list
from imagechat_tui.sync.state import ChatState, Peer
from tests import examples as eg
from tests.sync.whole_state import with_list, with_thread

HOME = ConversationId("ic_1")
C9 = CommentId("c_9")
BY_BOB = eg.stamp(5, actor_id=eg.BOB)
UNSAID = eg.stamp(5, actor_id=None)


def listed(peer: Peer = Peer.OURS) -> ChatState:
    ours = peer is Peer.OURS
    answer = eg.conversation_list(
        position=eg.position(1) if ours else None, comments=(eg.comment(),) if ours else ()
    )
    return with_list(eg.chat_state(peer=peer), answer)


# Who did it


@pytest.mark.parametrize(
    ("event", "actor"),
    [
        (eg.new_image_chat(stamp=BY_BOB), eg.BOB),
        (eg.new_image_chat(stamp=UNSAID), eg.ALICE),
        (eg.new_comment(stamp=BY_BOB), eg.BOB),
        (eg.new_comment(stamp=UNSAID), eg.ALICE),
        (eg.image_chat_updated(stamp=UNSAID), eg.BOB),
        # Who made the marker did not necessarily move it.
        (eg.image_chat_updated(stamp=UNSAID, activity="moved", comment=None), None),
        (eg.image_chat_updated(stamp=UNSAID, activity="updated-comment"), None),
        (eg.deleted_image_chat(stamp=UNSAID), None),
        (eg.updated_comment(stamp=UNSAID), None),
        (eg.deleted_comment(stamp=UNSAID), None),
        (eg.deleted_comment(stamp=BY_BOB), eg.BOB),
        (eg.presence_update(), None),
        (Skip(eg.position(2)), None),
    ],
)
def test_the_actor_is_who_the_frame_names_else_the_author_of_what_is_new(
    event: LiveEvent, actor: str | None
) -> None:
    assert actor_of(event) == actor


# Worth a word


def test_a_marker_of_others_is_news_once() -> None:
    event = eg.new_image_chat(stamp=BY_BOB)
    assert news_of(ChatState(eg.room()), event) == Announce(
        News.MARKER_ADDED, conversation_id=HOME, by=eg.BOB
    )
    assert news_of(listed(), event) is None


@pytest.mark.parametrize(
    "event",
    [
        eg.new_image_chat(conversation=eg.conversation(id=ConversationId("ic_9"))),
        eg.image_chat_updated(stamp=eg.stamp(5)),
        eg.new_comment(comment=eg.comment(id=C9)),
        eg.deleted_image_chat(),
    ],
    ids=lambda event: type(event).__name__,
)
def test_what_we_did_ourselves_in_any_session_is_no_news(event: LiveEvent) -> None:
    state = eg.changed(listed(), open_thread=HOME)
    assert news_of(state, event, thread=HOME) is None
    stranger = eg.changed(state, me=eg.bob())
    assert news_of(stranger, event, thread=HOME) is not None


def test_a_comment_of_others_is_news_once() -> None:
    event = eg.image_chat_updated(comment=eg.comment(id=C9, user_id=eg.BOB), stamp=BY_BOB)
    expected = Announce(News.COMMENT_ADDED, conversation_id=HOME, comment_id=C9, by=eg.BOB)
    assert news_of(listed(), event) == expected
    known = eg.image_chat_updated(comment=eg.comment(), stamp=BY_BOB)
    assert news_of(listed(), known) is None


@pytest.mark.parametrize(
    "activity", ["updated-comment", "deleted-comment", "moved", "resolved", "first-comment", ""]
)
def test_only_a_new_comment_is_news(activity: str) -> None:
    assert news_of(listed(), eg.image_chat_updated(activity=activity, stamp=BY_BOB)) is None


def test_a_hosted_count_that_grew_is_news_unless_the_thread_is_open() -> None:
    state = listed(Peer.HOSTED)
    event = eg.image_chat_updated(comment=None, stamp=UNSAID)
    assert news_of(state, event) == Announce(News.COMMENT_ADDED, conversation_id=HOME)
    assert news_of(eg.changed(state, open_thread=HOME), event) is None
    same = eg.image_chat_updated(comment=None, conversation=eg.conversation(), stamp=UNSAID)
    assert news_of(state, same) is None


def test_the_room_of_a_hosted_thread_tells_of_its_comments() -> None:
    event = eg.new_comment(comment=eg.comment(id=C9, user_id=eg.BOB), stamp=UNSAID)
    expected = Announce(News.COMMENT_ADDED, conversation_id=HOME, comment_id=C9, by=eg.BOB)
    assert news_of(listed(Peer.HOSTED), event, thread=HOME) == expected
    assert news_of(listed(Peer.HOSTED), event) is None


def test_only_the_end_of_the_open_thread_is_told() -> None:
    event = eg.deleted_image_chat(stamp=BY_BOB)
    assert news_of(listed(), event) is None
    opened = eg.changed(listed(), open_thread=HOME)
    assert news_of(opened, event) == Announce(News.THREAD_GONE, conversation_id=HOME, by=eg.BOB)


# News of a list


def relisted(before: ChatState, *, count: int = 1, **overrides: object) -> set[ConversationId | None]:
    answer = eg.conversation_list(
        conversations=(eg.conversation(comment_count=count),), comments=(eg.comment(),)
    )
    return {
        news.conversation_id for news in news_of_list(before, with_list(before, replace(answer, **overrides)))
    }


def test_a_list_that_tells_nothing_new_is_no_news() -> None:
    assert relisted(listed()) == set()


def test_a_comment_of_others_found_in_a_list_is_news_and_ours_is_not() -> None:
    theirs, ours = eg.comment(id=C9, user_id=eg.BOB), eg.comment(id=C9)
    assert relisted(listed(), comments=(eg.comment(), theirs)) == {HOME}
    assert relisted(listed(), comments=(eg.comment(), ours)) == set()


def test_a_marker_that_only_moved_is_no_news() -> None:
    moved = eg.conversation(point=Point(1.0, 2.0), resolved=True)
    assert relisted(listed(), conversations=(moved,)) == set()


def test_a_new_marker_is_news_if_anybody_else_wrote_there() -> None:
    new = ConversationId("ic_2")
    mine = eg.conversation(id=new, url_id=UrlId("t2"))
    theirs = replace(mine, user_id=eg.BOB)
    said = eg.comment(id=C9, url_id=UrlId("t2"), user_id=eg.BOB)
    assert relisted(listed(), conversations=(eg.conversation(), mine)) == set()
    assert relisted(listed(), conversations=(eg.conversation(), theirs)) == {new}
    both = (eg.conversation(), mine)
    assert relisted(listed(), conversations=both, comments=(eg.comment(), said)) == {new}


@pytest.mark.parametrize("read_before", [False, True], ids=["never opened", "opened before"])
def test_a_hosted_thread_that_grew_is_news(read_before: bool) -> None:
    before = listed(Peer.HOSTED)
    if read_before:
        before = with_thread(before, HOME, (eg.comment(),))
    assert relisted(before, count=2, position=None, comments=()) == {HOME}
    assert relisted(before, count=1, position=None, comments=()) == set()
