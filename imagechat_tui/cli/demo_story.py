"""What Dana does in the demo, and the relay through which the person's link goes."""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress

from msgspec import Struct

from imagechat_tui.cli.one_shot import Visit, find
from imagechat_tui.net.api import Api, ApiError
from imagechat_tui.net.driver import LiveSession
from imagechat_tui.net.endpoint import Credentials, Endpoint, Secret
from imagechat_tui.problems import VerbFailed
from imagechat_tui.protocol.ids import ConversationId, TenantId, UrlId
from imagechat_tui.protocol.models import Point
from imagechat_tui.protocol.routes import ConversationReply
from imagechat_tui.sync.intents import MoveCrosshair, PostComment, ResolveConversation, StartConversation
from imagechat_tui.sync.state import Room

LOGO, TOTAL, SMALL_PRINT = Point(8.6, 5.2), Point(90.3, 63.4), Point(79.8, 75.2)
POSTCODE, CHART = Point(46.7, 39.6), Point(43.5, 96.0)
"""What there is to talk about in the picture."""

OPENING = (
    (LOGO, "The logo is cut off at the bottom. Is the header too low?"),
    (TOTAL, "The total is off: 4 695 + 39 - 470 is 4 264."),
    (SMALL_PRINT, "This small print is too pale to read."),
)
"""Dana's first markers, before anybody looks."""

STEPS = 12
"""Of Dana's crosshair, on its way to the postcode."""


class DemoServer(Struct, frozen=True):
    """The server that the story is told on, and Dana's own way in."""

    tenant: str
    token: str
    """Dana's SSO token: a secret."""
    port: int
    """Of the server itself, without the relay."""


class Relay:
    """Passes bytes on to a port of this machine, until it is cut."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._open = True
        self._links: set[asyncio.StreamWriter] = set()

    def cut(self) -> None:
        """Break every link, and refuse new ones."""
        self._open = False
        for link in self._links:
            link.transport.abort()

    def heal(self) -> None:
        """Take links again."""
        self._open = True

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry one link."""
        if not self._open:
            writer.transport.abort()
            return
        try:
            upstream, to_server = await asyncio.open_connection("127.0.0.1", self._port)
        except OSError:
            writer.transport.abort()
            return
        self._links |= {writer, to_server}
        try:
            async with asyncio.TaskGroup() as both:
                both.create_task(_pass_on(reader, to_server))
                both.create_task(_pass_on(upstream, writer))
        finally:
            self._links -= {writer, to_server}
            writer.close()
            to_server.close()


async def _pass_on(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await source.read(65536):
            sink.write(data)
            await sink.drain()
    with suppress(OSError):
        sink.write_eof()


class Story:
    """Told on a thread of its own, so that the screen's loop has nothing to do with it."""

    def __init__(self, server_port: int) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.relay_port: int = self._listening.getsockname()[1]
        """Where the person's client connects."""
        self._relay = Relay(server_port)

    def tell(self, server: DemoServer) -> None:
        """Run until the program ends."""
        with suppress(ApiError, VerbFailed):
            asyncio.run(self._tell(server))

    async def _tell(self, server: DemoServer) -> None:
        base = f"127.0.0.1:{server.port}"
        endpoint = Endpoint(
            base_url=f"http://{base}",
            ws_url=f"ws://{base}",
            tenant_id=TenantId(server.tenant),
            credentials=Credentials(sso=Secret(server.token)),
        )
        room = Room(tenant_id=endpoint.tenant_id, url_id=UrlId("demo/checkout.png"), src="checkout.png")
        async with await asyncio.start_server(self._relay.serve, sock=self._listening):
            api = Api(endpoint)
            dana = Visit(room, api)
            try:
                await dana.look()
                placed = [await _pin(dana, point, text) for point, text in OPENING]
                async with asyncio.TaskGroup() as group:
                    session = LiveSession(room, endpoint, drafts=None)
                    group.create_task(session.run(lambda state, news: None))
                    # The person may delete what the script is about to answer: then Dana falls silent.
                    with suppress(ApiError, VerbFailed):
                        await self._scenes(dana, session, placed)
            finally:
                await api.close()

    async def _scenes(self, dana: Visit, session: LiveSession, placed: list[ConversationId]) -> None:
        await asyncio.sleep(8)
        for left in reversed(range(STEPS)):
            session.dispatch(MoveCrosshair(Point(POSTCODE.x - 2 * left, POSTCODE.y - left)))
            await asyncio.sleep(0.5)
        fresh = await _pin(
            dana,
            POSTCODE,
            "Hi! You see this marker the moment I add it. May a postcode have a space? Open it and answer.",
        )
        await asyncio.sleep(8)
        await _answer(dana, placed[1], "Two digits are swapped, I think. What do you say?")
        await asyncio.sleep(10)
        self._relay.cut()
        await asyncio.sleep(4)
        await _answer(dana, placed[0], "It was, I will fix it. You cannot see this yet: your link is cut.")
        await asyncio.sleep(2)
        missed = await _pin(dana, CHART, "Added while you were away: this chart names no hours.")
        await asyncio.sleep(4)
        self._relay.heal()
        await asyncio.sleep(6)
        await _answer(dana, missed, "And you are back, with nothing lost.")
        await asyncio.sleep(8)
        await dana.send(ResolveConversation(placed[2], True), find(await dana.look(), placed[2]))
        await _answer(dana, fresh, "That is all. Look around as long as you like: ? shows the keys, q quits.")


async def _pin(dana: Visit, point: Point, text: str) -> ConversationId:
    reply = await dana.send(StartConversation(point, text))
    assert isinstance(reply, ConversationReply)
    return reply.id


async def _answer(dana: Visit, marker: ConversationId, text: str) -> None:
    conversation = find(await dana.look(), marker)
    await dana.send(PostComment(marker, text), conversation)
