"""The verb watch: the live stream as lines, from the same engine as the screen."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
from typing import TYPE_CHECKING

import click

from imagechat_tui.cli import CANCELLED, OK
from imagechat_tui.cli.documents import line
from imagechat_tui.cli.target import Target, picture_options, server_options, to_look_at
from imagechat_tui.protocol.codec import encode_event
from imagechat_tui.safetext import Kind, safe_text
from imagechat_tui.sync.effects import Announce, Applied, News
from imagechat_tui.words import phase_words, problem_words

if TYPE_CHECKING:
    from imagechat_tui.sync.state import ChatState


@click.command()
@click.argument("image")
@click.option("--jsonl", is_flag=True, help="One JSON object per line.")
@picture_options
@server_options
def watch(image: str, jsonl: bool, **options: str | None) -> int:
    """Print every event of IMAGE as it happens, until Ctrl+C.

    With --jsonl an event line is the event as the wire has it (type, timestamp, broadcastId, userId, seq,
    epoch, eventId); a line of type "phase" says how the link stands.

    \b
    imagechat watch shot.png --jsonl | jq -c 'select(.type == "new-image-chat")'
    """
    return asyncio.run(_watch(to_look_at(image, **options), jsonl=jsonl))


async def _watch(chosen: Target, *, jsonl: bool) -> int:
    from imagechat_tui.net.driver import LiveSession

    room = chosen.room
    session = LiveSession(room, chosen.endpoint, drafts=None, before_connect=chosen.before_connect)

    def listen(state: ChatState, news: tuple[Announce | Applied, ...]) -> None:
        for item in news:
            if isinstance(item, Applied):
                frame = json.loads(encode_event(item.event, tenant_id=room.tenant_id, v2=True))
                click.echo(line(frame) if jsonl else _plain(frame))
            elif item.news is News.PHASE and item.phase is not None:
                problem = state.connection.problem
                if jsonl:
                    told: dict[str, object] = {"type": "phase", "phase": item.phase.value}
                    if problem is not None:
                        told |= {"problem": problem.kind.value, "reason": problem.reason}
                    click.echo(line(told))
                else:
                    why = "" if problem is None else f" ({problem_words(problem).sentence})"
                    click.echo(f"{phase_words(item.phase)}{why}")

    loop = asyncio.get_running_loop()
    task = asyncio.current_task()
    assert task is not None
    code = OK

    def end(chosen: int) -> None:
        nonlocal code
        code = chosen
        task.cancel()

    loop.add_signal_handler(signal.SIGINT, end, CANCELLED)
    loop.add_signal_handler(signal.SIGTERM, end, OK)
    with contextlib.suppress(asyncio.CancelledError):
        await session.run(listen)
    return code


def _plain(frame: dict[str, object]) -> str:
    who = safe_text(str(frame.get("userId", "")), Kind.NAME)
    thing = frame.get("imageChat")
    number = thing.get("number", "") if isinstance(thing, dict) else ""
    comment = frame.get("comment")
    words = safe_text(str(comment.get("comment", "")), Kind.LINE) if isinstance(comment, dict) else ""
    return "  ".join(
        part for part in (str(frame["type"]), f"#{number}" if number else "", who, words) if part
    )
