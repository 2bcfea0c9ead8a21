"""One look or one write without a session: the verdict is true, and nothing is hidden."""

from __future__ import annotations

from typing import cast

import pytest
from msgspec.structs import replace

from imagechat_tui import problems
from imagechat_tui.cli.failures import explained
from imagechat_tui.cli.one_shot import LONGEST_WAIT_S, PAUSES_S, Visit
from imagechat_tui.net.api import Api
from imagechat_tui.net.failures import ApiError, BadAnswer, Intercepted, Refused, TimedOut, Unreachable
from imagechat_tui.net.recognition import Recognition
from imagechat_tui.problems import VerbFailed
from imagechat_tui.protocol.ids import CommentId, ConversationId, UrlId
from imagechat_tui.protocol.models import Comment
from imagechat_tui.protocol.routes import (
    CommentList,
    CommentReply,
    ConversationList,
    ConversationReply,
    ErrorReply,
)
from imagechat_tui.sync.effects import SendRequest
from imagechat_tui.sync.intents import StartConversation
from imagechat_tui.sync.state import Peer, Placings, Room
from tests import examples as eg


class Server:
    """Stands in for the Api: fails writes as it is told, and has a thread of which some cannot be read."""

    def __init__(self, failure: ApiError | None = None) -> None:
        self.failure = failure

    async def send(self, room: Room, request: object) -> None:
        assert self.failure is not None
        raise self.failure

    async def conversations(self, room: Room, *, on_bytes: object) -> tuple[Peer, ConversationList]:
        return Peer.HOSTED, eg.conversation_list(left_out=2)

    async def thread(self, url_id: UrlId) -> CommentList:
        return replace(eg.comment_list(), left_out=3)

    async def has_picture(self, sha256: str) -> bool:
        return False

    async def keep_picture(self, sha256: str, file: bytes, on_sent: object) -> None:
        assert self.failure is not None
        raise self.failure


def visiting(server: Server) -> Visit:
    return Visit(eg.room(), cast(Api, server))


@pytest.mark.parametrize(
    "late", [TimedOut(sent=True), Refused(ErrorReply(408, "deadline", "Late."))], ids=repr
)
async def test_a_picture_that_takes_too_long_is_told_as_that(late: ApiError) -> None:
    with pytest.raises(VerbFailed) as failed:
        await visiting(Server(late)).share("0a" * 32, b"file", lambda count: None)
    assert failed.value.problem == problems.NotShareable("too-slow", 65_536)


@pytest.mark.parametrize("failure", [TimedOut(sent=False), Unreachable(sent=True)], ids=repr)
async def test_a_picture_that_did_not_arrive_for_another_reason_says_that(failure: ApiError) -> None:
    with pytest.raises(ApiError) as failed:
        await visiting(Server(failure)).share("0a" * 32, b"file", lambda count: None)
    assert failed.value is failure


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
    assert failed.value.problem == problems.NotKnownIfSaved(failure.problem)


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


class InANamedRoom:
    """Recognises a picture in a room that the person named: the server has not seen it."""

    async def noted(self, api: object, room: Room) -> Room:
        return replace(room, unseen=-1)

    compared = noted


async def test_a_picture_that_is_none_of_the_versions_is_one_of_its_own() -> None:
    visit = visiting(Server())
    visit._recognition = cast(Recognition, InANamedRoom())
    assert await visit.placings() == Placings(-1, told=True)
    assert await visit.noted_version() == -1


def test_a_verb_that_fails_names_no_key() -> None:
    for failure in (Unreachable(sent=False), TimedOut(sent=False), BadAnswer("not JSON", 200)):
        known = explained(failure)
        assert known is not None
        words, _ = known
        assert not words.action.startswith("R ")
        assert words.action


# Hosted: two steps, and a server that wants to be asked less often

POINT = eg.point(10.0, 20.0)
TOO_FAST = Refused(ErrorReply(429, "rate-limited", "", 20.0))


class Hosted:
    """A hosted service: fails as it is told, one failure for each call of a kind, and notes what it was sent."""

    def __init__(self, **failures: list[ApiError | None]) -> None:
        self.failures = failures
        self.sent: list[SendRequest] = []
        self.comments: list[Comment] = []
        self.markers = 0

    def _fails(self, call: str) -> None:
        planned = self.failures.get(call, [])
        failure = planned.pop(0) if planned else None
        if failure is not None:
            raise failure

    async def send(self, room: Room, request: SendRequest) -> CommentReply | ConversationReply:
        self.sent.append(request)
        self._fails("marker" if request.comment_id is not None else "comment")
        if request.comment_id is not None:
            self.markers += 1
            return ConversationReply(ConversationId("ic_9"))
        made = eg.comment(id=CommentId(f"c_{len(self.comments)}"), html="wet &amp; cold", text=None)
        self.comments.append(made)
        return CommentReply(made)

    async def conversations(self, room: Room, *, on_bytes: object) -> tuple[Peer, ConversationList]:
        self._fails("list")
        return Peer.HOSTED, eg.conversation_list(position=None, comments=(), conversations=())

    async def thread(self, url_id: UrlId) -> CommentList:
        self._fails("thread")
        return eg.comment_list(comments=tuple(self.comments))


class Pauses(list[float]):
    async def __call__(self, seconds: float) -> None:
        self.append(seconds)


async def adding(server: Hosted, text: str = "wet & cold") -> object:
    """One run of ``add``."""
    visit = Visit(eg.room(), cast(Api, server), sleep=Pauses())
    await visit.look()
    return await visit.send(StartConversation(POINT, text))


@pytest.mark.parametrize(
    "failure", [Refused(ErrorReply(403, "unauthorized", "No.")), TOO_FAST, TimedOut(sent=True)], ids=repr
)
async def test_a_comment_that_is_saved_without_its_marker_is_told_and_the_next_try_goes_on_there(
    failure: ApiError,
) -> None:
    server = Hosted(marker=[failure])
    with pytest.raises(VerbFailed) as failed:
        await adding(server)
    assert isinstance(failed.value.problem, problems.MarkerNotSaved)
    await adding(server)
    assert [request.comment_id for request in server.sent] == [None, "c_0", "c_0"]
    assert (len(server.comments), server.markers) == (1, 1)


async def test_another_text_or_another_author_is_no_earlier_try() -> None:
    server = Hosted(marker=[TOO_FAST])
    with pytest.raises(VerbFailed):
        await adding(server)
    await adding(server, "dry")
    server.comments[:] = [eg.comment(html="wet & cold", text=None, user_id=eg.BOB)]
    await adding(server)
    assert [request.comment_id for request in server.sent[2::2]] == [None, None]


async def test_where_nobody_ever_wrote_there_is_nothing_to_go_on_with() -> None:
    server = Hosted(thread=[Refused(ErrorReply(404, "not-found", ""))])
    await adding(server)
    assert server.markers == 1


async def test_a_first_step_that_is_refused_is_not_called_half_saved() -> None:
    with pytest.raises(Refused):
        await adding(Hosted(comment=[Refused(ErrorReply(403, "unauthorized", "No."))]))


@pytest.mark.parametrize("too_fast", [TOO_FAST, Intercepted(429, retry_after_s=20.0)], ids=repr)
async def test_a_read_waits_as_long_as_the_server_wants_and_says_so(
    too_fast: ApiError, capsys: pytest.CaptureFixture[str]
) -> None:
    pauses, server = Pauses(), Hosted(thread=[too_fast, too_fast, None])
    visit = Visit(eg.room(), cast(Api, server), sleep=pauses)
    listing = await visit.look()
    assert await visit.comments(listing, eg.conversation()) == ()
    assert pauses == [20.0, 20.0]
    told = capsys.readouterr()
    assert told.err.count("asked less often; going on in 20 s") == 2
    assert ("Something in front of the server wants" in told.err) is isinstance(too_fast, Intercepted)
    assert told.out == ""


@pytest.mark.parametrize(
    ("failure", "who"),
    [
        (Refused(ErrorReply(429, "rate-limited", "", 61.0)), "Try again in 61 s"),
        (Intercepted(429, retry_after_s=300.0), "Something in front of the server answered: 429"),
    ],
    ids=repr,
)
async def test_who_is_to_wait_for_minutes_is_told_and_does_not(failure: ApiError, who: str) -> None:
    pauses = Pauses()
    visit = Visit(eg.room(), cast(Api, Hosted(list=[failure])), sleep=pauses)
    with pytest.raises(ApiError) as failed:
        await visit.look()
    assert pauses == []
    known = explained(failed.value)
    assert known is not None
    assert who in known[0].text


async def test_all_pauses_of_a_read_together_are_no_longer_than_a_minute() -> None:
    pauses = Pauses()
    visit = Visit(eg.room(), cast(Api, Hosted(list=[TOO_FAST] * 99)), sleep=pauses)
    with pytest.raises(Refused):
        await visit.look()
    assert sum(pauses) == LONGEST_WAIT_S == sum(PAUSES_S)


async def test_how_much_of_a_slow_list_has_come_is_said_now_and_then(
    capsys: pytest.CaptureFixture[str],
) -> None:
    clock = [0.0]

    class Trickle(Hosted):
        async def conversations(self, room: Room, *, on_bytes: object) -> tuple[Peer, ConversationList]:
            assert callable(on_bytes)
            for second in range(12):
                clock[0] = float(second)
                on_bytes(second * 1000)
            return await super().conversations(room, on_bytes=on_bytes)

    await Visit(eg.room(), cast(Api, Trickle()), now=lambda: clock[0]).look()
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.splitlines() == [
        f"imagechat: Slow answer, {thousands} kB so far." for thousands in (5, 10)
    ]


async def test_a_server_that_says_so_for_ever_is_believed_in_the_end() -> None:
    pauses = Pauses()
    visit = Visit(eg.room(), cast(Api, Hosted(list=[Refused(ErrorReply(429, "", ""))] * 99)), sleep=pauses)
    with pytest.raises(Refused):
        await visit.look()
    assert pauses == list(PAUSES_S)


async def test_what_cannot_be_looked_at_after_it_was_saved_is_saved(
    capsys: pytest.CaptureFixture[str],
) -> None:
    visit = Visit(eg.room(), cast(Api, Hosted(list=[Refused(ErrorReply(503, "", ""))])))
    assert await visit.look_again() is None
    assert "Saved. " in capsys.readouterr().err
    late = Visit(eg.room(), cast(Api, Hosted(list=[None, None], thread=[Unreachable(sent=True)])))
    assert await late.comments_again(eg.conversation()) == ()
    assert "Saved. " in capsys.readouterr().err
