"""Keeping up with a hosted image's room: lists after events, and what they may not undo (PROTOCOL 8.2)."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from imagechat_tui.problems import Problem, ProblemKind
from imagechat_tui.protocol.events import DeletedImageChat, LiveEvent
from imagechat_tui.protocol.ids import ConversationId, UrlId
from imagechat_tui.protocol.models import Conversation, Point
from imagechat_tui.sync.effects import Applied, FetchSnapshot, News
from imagechat_tui.sync.inputs import SnapshotLoaded
from imagechat_tui.sync.state import Peer, Phase
from tests import examples as eg
from tests.sync.desk import Desk, at_once, hosted

HOME = ConversationId("ic_1")


def chat(seq: int) -> Conversation:
    return eg.conversation(id=ConversationId(f"ic_{seq}"), url_id=UrlId(f"t{seq}"), user_id=eg.BOB)


def made(seq: int) -> LiveEvent:
    """Bob makes marker ``ic_<seq>``."""
    return eg.new_image_chat(seq, conversation=chat(seq))


def unnumbered(event: Any, seq: int = 5) -> Any:
    """The event as a hosted server sends it: with a time, without a place and without who did it."""
    return replace(event, stamp=eg.stamp(seq, actor_id=None, position=None))


def test_a_hosted_room_reads_the_list_again_once_its_socket_stands() -> None:
    desk = Desk(uniform=at_once)
    listed = eg.conversation_list(position=None, comments=())
    desk.list_comes(listed, peer=Peer.HOSTED)
    desk.wait(1.0)
    desk.opens()
    desk.shows(Phase.CATCHING_UP)
    desk.list_comes(listed, peer=Peer.HOSTED)
    desk.shows(Phase.LIVE)


def test_a_hosted_rejoin_waits_a_little_for_the_herd() -> None:
    desk = hosted()
    desk.cut()
    desk.wait(1.0)
    desk.opens()
    desk.wait(1.9)
    desk.nothing(FetchSnapshot)
    desk.wait(0.1)
    desk.take(FetchSnapshot)


def test_a_hosted_change_is_shown_at_once_and_followed_by_one_list_for_a_burst() -> None:
    desk = hosted()
    for seq in range(2, 6):
        desk.hears(unnumbered(made(seq), seq))
        desk.wait(0.1)
    assert list(desk.state.confirmed.conversations) == ["ic_1", "ic_2", "ic_3", "ic_4", "ic_5"]
    desk.nothing(FetchSnapshot)
    desk.wait(1.4)
    desk.take(FetchSnapshot)


def test_a_hosted_repeat_is_not_applied_twice() -> None:
    desk = hosted()
    event = unnumbered(made(2))
    desk.hears(event, event)
    assert len(desk.all(Applied)) == 1


def test_a_hosted_list_does_not_undo_what_was_heard_while_it_was_on_its_way() -> None:
    desk = hosted()
    desk.hears(unnumbered(made(2), 2))
    desk.wait(2.0)
    on_its_way = desk.take(FetchSnapshot)
    desk.hears(unnumbered(made(3), 3), unnumbered(DeletedImageChat(eg.stamp(), HOME), 4))
    stale = eg.conversation_list(conversations=(eg.conversation(), chat(2)), position=None, comments=())
    desk.feed(SnapshotLoaded(on_its_way.request, Peer.HOSTED, stale))
    assert set(desk.state.confirmed.conversations) == {"ic_2", "ic_3"}
    desk.wait(2.0)
    truth = eg.conversation_list(conversations=(chat(2),), position=None, comments=())
    desk.list_comes(truth, peer=Peer.HOSTED)
    assert set(desk.state.confirmed.conversations) == {"ic_2"}


def test_a_hosted_deletion_wins_over_a_late_update() -> None:
    desk = hosted()
    desk.hears(unnumbered(DeletedImageChat(eg.stamp(), HOME), 4))
    moved = eg.image_chat_updated(conversation=eg.conversation(point=Point(1.0, 2.0)), comment=None)
    desk.hears(unnumbered(moved, 3))
    assert desk.state.confirmed.conversations == {}
    desk.wait(2.0)
    desk.take(FetchSnapshot)


def test_a_hosted_frame_that_cannot_be_decoded_is_told_and_read_over() -> None:
    desk = hosted()
    desk.wait(1.0)
    desk.hears_noise()
    desk.hears_noise()
    assert desk.state.confirmed.cannot_show == 1
    desk.take(FetchSnapshot)


def test_what_a_hosted_list_leaves_out_is_told_once() -> None:
    desk = hosted(uniform=at_once)
    listed = eg.conversation_list(position=None, comments=())
    counts: list[tuple[int, int]] = []
    for left_out in (2, 2, 3, 0, 1):
        desk.hears(
            replace(eg.new_image_chat(), stamp=eg.stamp(len(counts) + 2, actor_id=None, position=None))
        )
        desk.wait(0.5)
        desk.list_comes(replace(listed, left_out=left_out), peer=Peer.HOSTED)
        counts.append((desk.state.confirmed.cannot_show, len(desk.told(News.CANNOT_SHOW))))
    assert counts == [(2, 1), (2, 0), (3, 1), (3, 0), (4, 1)]


def test_a_hosted_list_that_says_later_is_not_asked_for_at_every_event() -> None:
    desk = hosted(uniform=at_once)
    desk.hears(unnumbered(made(2), 2))
    desk.wait(1.0)
    desk.list_fails(Problem(ProblemKind.RATE_LIMITED, retry_after_s=20.0), 429)
    for seq in range(3, 13):
        desk.hears(unnumbered(made(seq), seq))
        desk.wait(1.5)
        desk.nothing(FetchSnapshot)
    desk.wait(5.0)
    desk.take(FetchSnapshot)


def test_hosted_comments_of_others_make_a_thread_unread_and_our_own_do_not() -> None:
    desk = hosted()
    grown = eg.conversation(comment_count=2)
    by_bob = eg.image_chat_updated(conversation=grown, comment=None)
    desk.hears(unnumbered(by_bob))
    assert desk.state.mine.unread == {HOME}
    assert [news.conversation_id for news in desk.told(News.COMMENT_ADDED)] == [HOME]
