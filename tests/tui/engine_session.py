"""A session that is the real engine on the tests' desk: what it refuses is refused as the product does it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from imagechat_tui.problems import ProblemKind
from imagechat_tui.protocol.ids import BroadcastId, CommentId
from imagechat_tui.protocol.models import Point
from imagechat_tui.sync.effects import SendRequest
from imagechat_tui.sync.intents import Intent
from imagechat_tui.sync.session import OnChange
from imagechat_tui.sync.state import ChatState, Draft, Peer, Phase
from tests import examples as eg
from tests.sync.desk import Desk as World
from tests.sync.desk import at_once, hosted, joined

ANSWER = eg.comment(id=CommentId("c_2"), text="Mine", commenter_name="Alice", parent_id=None)
LISTED = eg.conversation_list(
    conversations=(eg.conversation(comment_count=2, point=Point(20.0, 20.0)),),
    comments=(eg.comment(), ANSWER),
)
"""One marker of Alice's, who looks, with an answer of hers."""


def _live(drafts: tuple[Draft, ...]) -> World:
    return joined(LISTED, drafts=drafts, uniform=at_once)


def _starting(drafts: tuple[Draft, ...]) -> World:
    return World(drafts=drafts)


def _offline(drafts: tuple[Draft, ...]) -> World:
    world = _live(drafts)
    world.cut()
    world.refuses()
    world.refuses()
    return world


def _reconnecting(drafts: tuple[Draft, ...]) -> World:
    world = _live(drafts)
    world.cut()
    return world


def _catching_up(drafts: tuple[Draft, ...]) -> World:
    world = _reconnecting(drafts)
    world.opens()
    return world


def _sign_in(drafts: tuple[Draft, ...]) -> World:
    world = joined(LISTED, drafts=drafts)
    world.cut(code=4401)
    world.wait(1.0)
    world.list_comes(eg.conversation_list(room=eg.room_ids(user_id_ws="u1.fresh"), comments=LISTED.comments))
    world.refuses(status=401)
    return world


def _read_only(drafts: tuple[Draft, ...]) -> World:
    return joined(
        eg.conversation_list(read_only=True, conversations=LISTED.conversations, comments=LISTED.comments),
        drafts=drafts,
    )


WORLDS: dict[Phase, Callable[[tuple[Draft, ...]], World]] = {
    Phase.STARTING: _starting,
    Phase.LIVE: _live,
    Phase.OFFLINE: _offline,
    Phase.RECONNECTING: _reconnecting,
    Phase.CATCHING_UP: _catching_up,
    Phase.SIGN_IN_NEEDED: _sign_in,
    Phase.READ_ONLY: _read_only,
}


class EngineSession:
    """A running link in one phase; the test says what the server answers."""

    def __init__(
        self, phase: Phase = Phase.LIVE, *, drafts: tuple[Draft, ...] = (), world: World | None = None
    ) -> None:
        self.world = WORLDS[phase](drafts) if world is None else world
        if world is None:
            self.world.shows(phase)
        self.world.told()
        self.stopped = asyncio.Event()
        self._on_change: OnChange | None = None

    @property
    def state(self) -> ChatState:
        return self.world.state

    async def run(self, on_change: OnChange) -> None:
        self._on_change = on_change
        on_change(self.state, ())
        try:
            await asyncio.Event().wait()
        finally:
            self.stopped.set()

    def dispatch(self, intent: Intent) -> BroadcastId:
        sent_as = self.world.wish(intent)
        self.tell()
        return sent_as

    async def departed(self) -> None:
        pass

    def tell(self) -> None:
        """Hand the newest state and the news to the screen."""
        if self._on_change is not None:
            self._on_change(self.state, tuple(self.world.told()))

    def sent(self) -> list[SendRequest]:
        """The writes that went to the server since this was asked last."""
        return self.world.all(SendRequest)

    def fail(self, kind: ProblemKind = ProblemKind.UNREACHABLE, *, sent: bool = False) -> None:
        """The write that was sent last is answered with a failure."""
        self.world.write_fails(self.sent()[-1].broadcast_id, kind, sent=sent)
        self.tell()


def on_hosted() -> EngineSession:
    """A live session on a hosted server, whose markers have neither number nor author."""
    bare = eg.conversation(
        number=None, user_id=None, commenter_name="", comment_count=0, point=Point(20.0, 20.0),
        created_at_ms=None, last_comment_at_ms=None,
    )  # fmt: skip
    world = hosted(eg.conversation_list(position=None, comments=(), conversations=(bare,)))
    assert world.state.confirmed.peer is Peer.HOSTED
    return EngineSession(world=world)
