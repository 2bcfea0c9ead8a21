"""One look or one write without a session: the verdict is true, and nothing is hidden."""

from __future__ import annotations

from typing import cast

import pytest
from msgspec.structs import replace

from imagechat_tui.cli.failures import VerbFailed, explained
from imagechat_tui.cli.one_shot import Visit
from imagechat_tui.net.api import Api
from imagechat_tui.net.failures import ApiError, BadAnswer, Refused, TimedOut, Unreachable
from imagechat_tui.protocol.ids import UrlId
from imagechat_tui.protocol.routes import CommentList, ConversationList, ErrorReply
from imagechat_tui.sync.intents import StartConversation
from imagechat_tui.sync.state import Peer, Room
from tests import examples as eg


class Server:
    """Stands in for the Api: fails writes as it is told, and has a thread of which some cannot be read."""

    def __init__(self, failure: ApiError | None = None) -> None:
        self.failure = failure

    async def send(self, room: Room, request: object) -> None:
        assert self.failure is not None
        raise self.failure

    async def conversations(self, room: Room) -> tuple[Peer, ConversationList]:
        return Peer.HOSTED, eg.conversation_list(left_out=2)

    async def thread(self, url_id: UrlId) -> CommentList:
        return replace(eg.comment_list(), left_out=3)


def visiting(server: Server) -> Visit:
    return Visit(eg.room(), cast(Api, server))


@pytest.mark.parametrize(
    "failure",
    [
        Unreachable(sent=True),
        TimedOut(sent=True),
        BadAnswer("not JSON", 200),
        Refused(ErrorReply(500, "", "")),
        Refused(ErrorReply(504, "", "")),
    ],
    ids=repr,
)
async def test_a_write_that_may_have_been_saved_is_not_called_failed(failure: ApiError) -> None:
    with pytest.raises(VerbFailed) as failed:
        await visiting(Server(failure)).send(StartConversation(eg.point(), "wet"))
    assert failed.value.words.title == "Not known to be saved"
    assert "imagechat ls" in failed.value.words.action


@pytest.mark.parametrize(
    "failure",
    [
        Unreachable(sent=False),
        TimedOut(sent=False),
        Refused(ErrorReply(400, "comment-too-big", "")),
        Refused(ErrorReply(503, "", "")),
    ],
    ids=repr,
)
async def test_a_write_that_was_not_saved_says_why(failure: ApiError) -> None:
    with pytest.raises(ApiError) as failed:
        await visiting(Server(failure)).send(StartConversation(eg.point(), "wet"))
    assert failed.value is failure


async def test_what_cannot_be_read_of_list_and_threads_is_counted() -> None:
    visit = visiting(Server())
    listing = await visit.look()
    assert visit.left_out == 2
    assert await visit.comments(listing, eg.conversation()) == eg.comment_list().comments
    assert visit.left_out == 5


def test_a_verb_that_fails_names_no_key() -> None:
    for failure in (Unreachable(sent=False), TimedOut(sent=False), BadAnswer("not JSON", 200)):
        known = explained(failure)
        assert known is not None
        words, _ = known
        assert not words.action.startswith("R ")
        assert words.action
