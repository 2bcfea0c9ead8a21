"""Text from others in every surface of the screen: inert, whole, and never a crash (PROMISES D15)."""

from __future__ import annotations

import re
from types import MappingProxyType

import pytest
from msgspec.structs import replace

from imagechat_tui.problems import Problem, ProblemKind
from imagechat_tui.protocol.ids import BroadcastId, ConversationId, UrlId, UserId
from imagechat_tui.protocol.models import Matched, Place, PlaceKind
from imagechat_tui.sync.effects import Announce, News
from imagechat_tui.sync.intents import PostComment
from imagechat_tui.sync.state import ChatState, Draft
from tests import examples as eg
from tests.tui.conftest import Desk, Sit
from tests.tui.scripted_session import chat_state, comment, conversation

pytestmark = pytest.mark.security

SHORT = [
    "\x1b[2J\x1b]52;c;aGk=\x07",
    "\x9b31m\x9d0;t\x9c",
    "[/x] [/] [bold",
    "[@click=app.quit]press[/] [link=http://evil.example]x[/link]",
    "$accent {red} [$error]x",
    "\u202egnp.exe\u2066",
    "Z" + "\u0351" * 500,
    "\ud800 lone \udfff",
    "\U0010eeee\u0305",
    "line\r\n\x0b\x0c\u2028\u2029\x85end",
    "text [x] $accent",
]
HOSTILE = {"acting": " ".join(SHORT), "long": "a" * 10_000, "empty": ""}
ACTING = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def hostile_state(text: str) -> ChatState:
    """``text`` wherever somebody else decides what is written."""
    mallory = UserId(f"demo:{text}")
    key = ConversationId("ic_1")
    problem = Problem(ProblemKind.REFUSED, code=text, reason=text)
    draft = Draft("f1", PostComment(key, text), BroadcastId("f1"), problem)
    state = chat_state(
        (
            conversation(1, 20.0, 20.0, commenter_name=text, user_id=mallory),
            [
                comment("c_1", text, by=mallory, commenter_name=text),
                replace(comment("c_2", "", by=mallory), text=None, html=f"<b>{text}</b>"),
            ],
        ),
        (conversation(2, 20.1, 20.1, commenter_name=text), [comment("c_3", text)]),
        drafts=(draft,),
        names=MappingProxyType({mallory: text, eg.BOB: text}),
        online=frozenset({mallory, eg.BOB}),
    )
    image = eg.opened_image(name=text, project=text, matched=Matched.PIXELS)
    room = eg.room(
        page_title=text,
        url_id=UrlId(text),
        image=image,
        others=(eg.other_image(name=text, project=text, url_id=UrlId(text)),),
        places=(Place(PlaceKind.PATH, text, text), Place(PlaceKind.URL, text)),
        versions=(eg.version(by=mallory),),
    )
    return eg.changed(state, room=room, connection=replace(state.connection, problem=problem))


def check(desk: Desk) -> None:
    lines = desk.lines
    assert len(lines) == desk.app.size.height
    for line in lines:
        assert not ACTING.search(line), repr(line)


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
async def test_hostile_text_is_inert_in_every_surface(sit: Sit, text: str) -> None:
    news = Announce(
        News.NOT_SAVED, BroadcastId("f1"), problem=Problem(ProblemKind.REFUSED, text, text), draft_id="f1"
    )
    added = Announce(News.COMMENT_ADDED, conversation_id=ConversationId("ic_2"), by=UserId(f"demo:{text}"))
    async with sit(hostile_state(text), name=text) as desk:
        check(desk)  # header, list, presence
        await desk.press("i")
        assert "This picture" in desk.text
        check(desk)  # which picture it is
        await desk.press("escape")
        await desk.press("right_square_bracket", "enter")
        check(desk)  # thread
        await desk.press("i")
        check(desk)  # details
        await desk.press("escape", "d")
        check(desk)  # question
        await desk.press("escape", "exclamation_mark")
        check(desk)  # what is not sent
        await desk.press("escape")
        await desk.publish(desk.session.state, news, added)
        await desk.pilot.pause()
        check(desk)  # notes in the corner
        gone = Announce(News.THREAD_GONE, conversation_id=ConversationId("ic_1"), by=UserId(f"demo:{text}"))
        await desk.publish(eg.changed(desk.session.state, conversations=MappingProxyType({})), gone)
        check(desk)
        assert desk.app.is_running
        assert desk.app._exception is None


async def test_the_text_of_a_comment_is_whole(sit: Sit) -> None:
    text = "b[1:2] [x] [/nope] 100 % $accent"
    async with sit(chat_state((conversation(1), [comment("c_1", text)]))) as desk:
        await desk.press("right_square_bracket", "enter")
        assert text in desk.text


async def test_hostile_text_that_is_edited_or_pasted_does_not_act(sit: Sit) -> None:
    own = comment("c_1", "mine \x1b]52;c;aGk=\x07 \x9b2J", by=eg.ALICE)
    async with sit(chat_state((conversation(1), [own]))) as desk:
        await desk.press("right_square_bracket", "e")
        assert desk.focus == "editor"
        check(desk)
