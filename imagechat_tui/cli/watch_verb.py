"""The verb watch: the live stream as lines, from the same engine as the screen."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import click

from imagechat_tui.cli import CANCELLED, OK
from imagechat_tui.cli.documents import line
from imagechat_tui.cli.several import several_named
from imagechat_tui.cli.target import (
    Target,
    picture_options,
    pictures_argument,
    server_options,
    target,
    to_look_at,
)
from imagechat_tui.cli.trace_verb import recording, trace_option
from imagechat_tui.cli.trust import Purpose
from imagechat_tui.cli.verb import Verb
from imagechat_tui.protocol.codec import encode_event
from imagechat_tui.protocol.ids import UserId
from imagechat_tui.safetext import Kind, safe_text
from imagechat_tui.settings import sayable
from imagechat_tui.sync.effects import Announce, Applied, Missed, News, Told
from imagechat_tui.words import cannot_show_words, missed_words, phase_words, problem_words, safe_name

if TYPE_CHECKING:
    from imagechat_tui.net.trace_file import TraceFile
    from imagechat_tui.protocol.models import Position
    from imagechat_tui.sync.state import ChatState


@click.command(cls=Verb)
@pictures_argument
@click.option("--jsonl", is_flag=True, help="One JSON object per line.")
@trace_option
@picture_options
@server_options
def watch(images: tuple[str, ...], jsonl: bool, trace: str | None, **options: str | None) -> int:
    """Print every event of IMAGE as it happens, until Ctrl+C; of several, or of a folder, those of all pictures.

    With --jsonl an event line is the event as the wire has it (type, timestamp, broadcastId, userId, seq,
    epoch, eventId); a line of type "phase" says how the link stands. After an outage everything that happened
    meanwhile is printed. Only what the server gives back no more is left out: a line of type "reset" names the
    positions, "from" the last event printed "to" the last one left out. Of several, each line begins with the
    path of its picture, with --jsonl as "path".

    \b
    imagechat watch shot.png --jsonl | jq -c 'select(.type == "new-image-chat")'
    """
    several = several_named(images, url_id=options["url_id"], src=options["src"])
    if several is None:
        targets = [to_look_at(images[0], **options)]
    else:
        for told in several.told:
            click.echo(f"imagechat: {told}", err=True)
        targets = several.targets(target(several.images[0], Purpose.READ, **options))
    if len(targets) > MOST_WATCHED:
        raise click.UsageError(
            f"{len(targets)} pictures are there, and {MOST_WATCHED} at most are watched at once."
        )
    if trace is not None and len(targets) > 1:
        raise click.UsageError("--trace records one picture, and there are several.")
    with recording(trace) as recorded:
        return asyncio.run(_watch(targets, jsonl=jsonl, named=several is not None, trace=recorded))


MOST_WATCHED: Final = 16
"""Each picture takes a socket, of which a server lets one person have so many and some for their screens."""


async def _watch(targets: Sequence[Target], *, jsonl: bool, named: bool, trace: TraceFile | None) -> int:
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
        async with asyncio.TaskGroup() as tasks:
            for chosen in targets:
                tasks.create_task(_watch_one(chosen, jsonl=jsonl, named=named, trace=trace))
    return code


async def _watch_one(chosen: Target, *, jsonl: bool, named: bool, trace: TraceFile | None) -> None:
    from imagechat_tui.net.driver import LiveSession

    session = LiveSession(
        chosen.room_before,
        chosen.endpoint,
        drafts=None,
        before_connect=chosen.before_connect,
        recognition=chosen.recognition(binds=True),
        trace=trace,
    )

    def on_change(state: ChatState, news: tuple[Told, ...]) -> None:
        for item in news:
            told = line_of(item, state, jsonl=jsonl)
            if told is not None:
                click.echo(told if not named else _with_path(told, chosen.image, jsonl=jsonl))
            elif isinstance(item, Announce) and item.news is News.CANNOT_SHOW:
                click.echo(f"imagechat: {cannot_show_words(state.confirmed.cannot_show)}", err=True)

    await session.run(on_change)


def _with_path(told: str, path: str, *, jsonl: bool) -> str:
    """A line that names its picture."""
    return line({"path": sayable(path)} | json.loads(told)) if jsonl else f"{safe_name(path)}  {told}"


_IN_WORDS = {
    "new-image-chat": "marker added",
    "image-chat-updated": "marker changed",
    "deleted-image-chat": "marker deleted",
    "new-comment": "comment added",
    "updated-comment": "comment edited",
    "deleted-comment": "comment deleted",
    "first-comment": "comment added",
    "moved": "marker moved",
    "resolved": "marker resolved",
    "reopened": "marker reopened",
}
"""Events for people, and what changed of a marker; an event without a word here has its name on the wire."""


def line_of(item: Told, state: ChatState, *, jsonl: bool) -> str | None:
    """What to print about one thing that happened; None if nothing.

    Args:
        item: the event, the hole or the news.
        state: what is known now.
        jsonl: as one JSON object, else for people.
    """
    match item:
        case Applied():
            frame = json.loads(encode_event(item.event, tenant_id=state.room.tenant_id, v2=True))
            return line(frame) if jsonl else _plain(frame, state)
        case Missed(after=after, up_to=up_to):
            if not jsonl:
                return missed_words(after, up_to)
            return line({"type": "reset", "from": _place(after), "to": _place(up_to)})
        case Announce(news=News.PHASE, phase=phase) if phase is not None:
            problem = state.connection.problem
            if not jsonl:
                why = "" if problem is None else f" ({problem_words(problem).sentence})"
                return f"{phase_words(phase)}{why}"
            told: dict[str, object] = {"type": "phase", "phase": phase.value}
            if problem is not None:
                told |= {"problem": problem.kind.value, "reason": problem.reason}
            return line(told)
        case _:
            return None


def _place(position: Position) -> dict[str, object]:
    return {"epoch": position.epoch, "seq": position.seq}


def _plain(frame: dict[str, object], state: ChatState) -> str | None:
    if frame["type"] == "p-u":
        came = [f"{_called(who, state)} came" for who in _ids(frame.get("uj"))]
        return ", ".join([*came, *(f"{_called(who, state)} left" for who in _ids(frame.get("ul")))]) or None
    who = frame.get("userId")
    thing = frame.get("imageChat")
    number = thing.get("number", "") if isinstance(thing, dict) else ""
    comment = frame.get("comment")
    words = safe_text(str(comment.get("comment", "")), Kind.LINE) if isinstance(comment, dict) else ""
    kind = str(frame["type"])
    activity = str(thing.get("activity", "")) if isinstance(thing, dict) else ""
    what = _IN_WORDS.get(activity) or _IN_WORDS.get(kind, kind)
    by = _called(who, state) if who else ""
    return "  ".join(part for part in (what, f"#{number}" if number else "", by, words) if part)


def _ids(ids: object) -> list[object]:
    return list(ids) if isinstance(ids, list | tuple) else []


def _called(who: object, state: ChatState) -> str:
    return safe_text(state.confirmed.names.get(UserId(str(who)), str(who)), Kind.NAME)
