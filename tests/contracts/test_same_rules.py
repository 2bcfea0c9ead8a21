"""Whatever is written, in whatever order: each database and dictionaries hold the same in the end."""

from __future__ import annotations

import asyncio
import itertools
import re
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from imagechat_tui.protocol.events import (
    DeletedComment,
    ImageChatUpdated,
    NewComment,
    NewImageChat,
    Stamp,
    ThreadStateChange,
    VoteChanged,
)
from imagechat_tui.protocol.ids import BroadcastId, CommentId, ConversationId, UrlId, UserId
from imagechat_tui.protocol.models import Comment, Placement, PlacementState, ReadMark, User, Vote
from imagechat_tui.protocol.routes import ChangePlacements, ChangeReadState
from imagechat_tui.protocol.usage import UsageQuery
from imagechat_tui.server.storage import (
    Announced,
    BroadcastIdUsed,
    Change,
    Decision,
    HeldPlace,
    ImageChange,
    ImageQuery,
    ReaderKey,
    RoomKey,
    Store,
    Subject,
    VersionKey,
    apply_change,
    trim_logs,
)
from imagechat_tui.server.storage.sqlite import SqliteStore
from tests import examples as eg
from tests.contracts.memory_store import MemoryStore
from tests.contracts.services import own_database
from tests.contracts.test_store import IMAGE_ROOM, Clock, image, image_change, looking, met, tenant

THREADS = [UrlId(f"{eg.IMAGE}:s:{n}:1") for n in range(2)]
ROOMS = [RoomKey(eg.TENANT, f"r1-{n}") for n in range(2)]


@dataclass(frozen=True)
class Step:
    """One write, by its number, of somebody, in a thread; or a repetition, if the number was there before."""

    what: str
    number: int
    by: UserId
    thread: int
    target: int
    passes_ms: int


ACTS = ["say", "say", "edit", "mark", "remove", "unmark", "move", "open", "open", "read", "unread"]
VOTING = ["vote", "vote", "unvote"]
CLOSING = ["close", "open again"]
OPINIONS = ["flag", "flag", "unflag", "block", "unblock"]
ABOUT_A_COMMENT = frozenset({"edit", "remove", "vote", "unvote"})
PLACING = ["place", "place", "set", "unset"]
STEPS = st.lists(
    st.builds(
        Step,
        what=st.sampled_from(ACTS + VOTING + CLOSING + OPINIONS + PLACING),
        number=st.integers(0, 12),
        by=st.sampled_from([eg.ALICE, eg.BOB]),
        thread=st.integers(0, 1),
        target=st.integers(0, 12),
        passes_ms=st.sampled_from([0, 0, 1, 70_000, 9 * 86_400_000, -5_000]),
    ),
    max_size=25,
)


def change(step: Step) -> Change:
    thread, room = THREADS[step.thread], ROOMS[step.thread]
    broadcast_id = BroadcastId(f"b{step.number}")
    stamp = Stamp(broadcast_id=broadcast_id, actor_id=step.by)

    def decide(subject: Subject) -> Decision:
        return DECIDERS[step.what](step, stamp, subject)

    return Change(
        eg.TENANT,
        step.by,
        broadcast_id,
        f"{step.what} {step.thread}".encode(),
        decide,
        conversation_id=ConversationId(f"ic_{step.thread}") if step.what in ("unmark", "move") else None,
        thread=thread if step.what in ("say", "mark", *CLOSING) else None,
        comment_id=CommentId(f"c_{step.target}") if step.what in ABOUT_A_COMMENT else None,
        vote_id=f"v_{step.target}_{eg.ALICE}_1" if step.what == "unvote" else None,
        image_room=IMAGE_ROOM if step.what == "mark" else None,
        thread_room=room if step.what in ("say", "mark", *CLOSING) else None,
        whole_thread=step.what in ("remove", "unmark"),
        images=looked_for(step) if step.what == "open" else None,
        marked=eg.IMAGE if step.what == "mark" else None,
        version=step.target if step.what == "mark" and step.target else None,
    )


def looked_for(step: Step) -> ImageQuery:
    """An image, two of its places, and one of three looks."""
    places = (met("a.png"), met("b.png", project=f"p{step.thread}"))
    name, look = image(f"{step.number % 4}"), f"look {step.target % 3}"
    return ImageQuery(name.id, places=places, pixels=look, alike=True, project="p1")


class Refused(Exception):
    """There is nothing to change."""


def say(step: Step, stamp: Stamp, subject: Subject) -> Decision:
    if subject.thread_closed or subject.closed_by_staff:
        raise Refused
    thread = THREADS[step.thread]
    comment = Comment(
        CommentId(f"c_{step.number}"),
        thread,
        user_id=step.by,
        html=f"<b>{step.number}</b>",
        text=f"{step.number}",
        date_ms=subject.now_ms,
        number=subject.next_comment,
        url=thread,
        page_title="t",
    )
    events = [Announced(ROOMS[step.thread], thread, NewComment(stamp, comment))]
    after = subject.conversation
    if after is not None and subject.image is not None:
        after = replace(after, comment_count=subject.thread_count + 1, last_comment_at_ms=subject.now_ms)
        updated = ImageChatUpdated(stamp, after, "new-comment", comment)
        events.append(Announced(IMAGE_ROOM, subject.image, updated))
    return Decision(
        b'{"comment":{"comment":"said"}}',
        quotes=comment.id,
        image=subject.image,
        conversation=after,
        comment=comment,
        events=tuple(events),
    )


def edit(step: Step, stamp: Stamp, subject: Subject) -> Decision:
    if subject.comment is None:
        raise Refused
    after = replace(subject.comment, text="new", html="new", edited_at_ms=subject.now_ms)
    event = Announced(ROOMS[THREADS.index(after.url_id)], after.url_id, NewComment(stamp, after))
    return Decision(b"{}", quotes=after.id, comment=after, events=(event,))


def mark(step: Step, stamp: Stamp, subject: Subject) -> Decision:
    if subject.conversation is not None:
        raise Refused
    conversation = eg.conversation(
        id=f"ic_{step.thread}",
        url_id=THREADS[step.thread],
        comment_count=subject.thread_count,
        created_at_ms=subject.now_ms,
        number=subject.next_number,
        version=subject.version,
    )
    event = Announced(IMAGE_ROOM, eg.IMAGE, NewImageChat(stamp, conversation), plain=step.number % 2 == 0)
    return Decision(b"{}", image=eg.IMAGE, conversation=conversation, events=(event,))


def move(step: Step, stamp: Stamp, subject: Subject) -> Decision:
    if subject.conversation is None:
        raise Refused
    moved = replace(subject.conversation, point=eg.point(step.target % 3 + 0.5))
    return Decision(b"{}", image=subject.image, conversation=moved)


def remove(step: Step, stamp: Stamp, subject: Subject) -> Decision:
    if subject.comment is None:
        raise Refused
    gone = replace(subject.comment, text="", html="")
    event = Announced(ROOMS[THREADS.index(gone.url_id)], gone.url_id, DeletedComment(stamp, gone.id, gone))
    return Decision(b"{}", removed_comments=(gone.id,), events=(event,))


def vote(step: Step, stamp: Stamp, subject: Subject) -> Decision:
    """For or against; the other way after that."""
    before, other = subject.comment, subject.vote
    if before is None:
        raise Refused
    direction = -other.direction if other is not None else 1
    vote_id = f"v_{step.target}_{step.by}_{direction}"
    given = Vote(vote_id, eg.TENANT, before.url_id, before.id, direction, subject.now_ms, step.by)
    event = Announced(ROOMS[THREADS.index(before.url_id)], before.url_id, VoteChanged(stamp, given, True))
    comment = replace(before, votes_up=before.votes_up + 1, votes=before.votes + 1)
    return Decision(b"{}", comment=comment, removed_vote=other, vote=given, events=(event,))


def unvote(step: Step, stamp: Stamp, subject: Subject) -> Decision:
    if subject.comment is None or subject.vote is None:
        raise Refused
    return Decision(b"{}", removed_vote=subject.vote)


def close(step: Step, stamp: Stamp, subject: Subject) -> Decision:
    closed = step.what == "close"
    event = Announced(ROOMS[step.thread], THREADS[step.thread], ThreadStateChange(stamp, closed))
    return Decision(b"{}", closed=closed, events=(event,))


def unmark(step: Step, stamp: Stamp, subject: Subject) -> Decision:
    if subject.conversation is None:
        raise Refused
    return Decision(
        b"{}",
        removed_conversation=subject.conversation.id,
        removed_comments=tuple(comment.id for comment in subject.thread),
        closed_thread=ROOMS[step.thread],
    )


def open_image(step: Step, stamp: Stamp, subject: Subject) -> Decision:
    """What is found is the answer; what is new is written, and a place goes to whoever opens."""
    found, asked = subject.images, looked_for(step)
    record = found.named.record if found.named is not None else image(f"{step.number % 4}")
    record = replace(record, due_ms=subject.now_ms + 60_000)
    version, latest = (found.named.version, found.named.latest) if found.named is not None else (None, 0)
    return Decision(
        repr(found).encode(),
        image_change=ImageChange(
            record,
            tuple(HeldPlace(place, record.id, moved=step.target % 2 == 0) for place in asked.places),
            looking(latest + 1, asked.pixels or "") if version is None else None,
            plain=step.target == 0,
        ),
    )


DECIDERS = {
    "say": say,
    "edit": edit,
    "mark": mark,
    "remove": remove,
    "unmark": unmark,
    "close": close,
    "open again": close,
    "vote": vote,
    "unvote": unvote,
    "move": move,
    "open": open_image,
}


def nothing_new(subject: Subject) -> Decision:
    """Only what is stored is answered."""
    raise Refused


def reader(step: Step) -> ReaderKey:
    return ReaderKey(eg.TENANT, eg.IMAGE, step.by)


def read(step: Step) -> ChangeReadState:
    """How far somebody read a thread, which may not be there, or that they did not."""
    marks = (ReadMark(ConversationId(f"ic_{step.thread}"), step.target),)
    return ChangeReadState(read=marks) if step.what == "read" else ChangeReadState(unread=marks)


def of_version(step: Step) -> VersionKey:
    """One of the three versions that the image has, or one that it does not have."""
    return VersionKey(eg.TENANT, eg.IMAGE, step.number % 4 + 1)


def placed(step: Step) -> ChangePlacements:
    """Where a marker is, which may not be there, or that nobody has said it."""
    chat_id, version = ConversationId(f"ic_{step.thread}"), of_version(step).number
    if step.what == "unset":
        return ChangePlacements(version, unset=(chat_id,))
    if step.what == "set":
        return ChangePlacements(
            version, (Placement(chat_id, eg.point(float(step.target)), PlacementState.SET),)
        )
    origin = eg.point(step.target % 3 + 0.5) if step.target else eg.point()
    moved = Placement(chat_id, eg.point(float(step.target)), PlacementState.MOVED, origin, step.target / 12)
    return ChangePlacements(version, (moved,))


async def opinion(store: Store, step: Step) -> bool:
    if "flag" in step.what:
        about = CommentId(f"c_{step.target}")
        return await store.flag(eg.TENANT, about, step.by, flagged=step.what == "flag")
    other = eg.BOB if step.by == eg.ALICE else eg.ALICE
    return await store.block(eg.TENANT, step.by, other, blocked=step.what == "block")


async def answer(store: Store, change: Change) -> object:
    try:
        return await store.change(change)
    except (Refused, BroadcastIdUsed) as refused:
        return type(refused)


async def played(store: Store, clock: Clock, steps: Sequence[Step]) -> list[object]:
    """What a store says to each step, and what it holds after all of them."""
    await store.create_tenant(tenant(eg.TENANT))
    for user_id in (eg.ALICE, eg.BOB):
        await store.put_user(eg.TENANT, User(user_id), verified=True, now_ms=eg.T0)
    marked = replace(image("marked", due_ms=1 << 50), url_id=eg.IMAGE)
    for number in (1, 2, 3):
        await store.change(image_change(f"v{number}", ImageChange(marked, (), looking(number, f"v{number}"))))
    epoch = (await store.positions([IMAGE_ROOM]))[IMAGE_ROOM].epoch
    told: list[object] = []
    for step in steps:
        clock.ms += step.passes_ms
        if step.what in ("read", "unread"):
            told.append(await store.change_read_state(reader(step), read(step)))
        elif step.what in PLACING:
            told.append(await store.change_placements(of_version(step), placed(step), step.by))
            told.append(await store.placements(of_version(step)))
        elif step.what in OPINIONS:
            told.append(await opinion(store, step))
        else:
            told.append(await answer(store, change(step)))
        told.append(await store.read_state(reader(step)))
        told.append(await store.trim_logs())
    written = [step for step in steps if step.what in DECIDERS]
    told += [await answer(store, replace(change(step), decide=nothing_new)) for step in written]
    told.append(await store.snapshot(IMAGE_ROOM, eg.IMAGE, comments=True))
    told.append(await store.commenters(eg.TENANT, eg.IMAGE))
    told.append(await store.daily_usage(eg.TENANT, UsageQuery()))
    for number in range(4):
        told.append(await store.image_history(eg.TENANT, image(f"{number}").id))
        told.append(await store.images(eg.TENANT, ImageQuery(url_id=image(f"{number}").url_id)))
    for target in range(13):
        told += [await store.voters(eg.TENANT, CommentId(f"c_{target}"), way, 3) for way in (1, -1)]
    told += [await store.placements(VersionKey(eg.TENANT, eg.IMAGE, number)) for number in range(5)]
    told.append(await store.positions([IMAGE_ROOM, *ROOMS]))
    for room, thread in zip([IMAGE_ROOM, *ROOMS], [eg.IMAGE, *THREADS], strict=True):
        for user in (None, eg.ALICE, eg.BOB):
            page = await store.thread(room, thread, user, flags=True)
            told += [sorted(page.own.flagged), replace(page, own=replace(page.own, flagged=frozenset()))]
        told += [await store.events_after(room, seq, limit=3) for seq in range(5)]
        told.append(await store.events_since(room, eg.T0 + 1, None, limit=4))
    await store.close()
    return [re.sub(r"\\u([0-9a-f]{4})", r"u\1", repr(one).replace(epoch, "epoch")) for one in told]


async def in_sqlite(clock: Clock, steps: Sequence[Step]) -> list[object]:
    with tempfile.TemporaryDirectory() as folder:
        return await held(await SqliteStore.open(Path(folder) / "one.sqlite", now_ms=clock), clock, steps)


async def in_postgres(clock: Clock, steps: Sequence[Step]) -> list[object]:
    from imagechat_tui.server.storage.postgres import PostgresStore

    async with own_database() as url:
        return await held(await PostgresStore.open(url, now_ms=clock), clock, steps)


async def held(store: Store, clock: Clock, steps: Sequence[Step]) -> list[object]:
    """All that a store tells while the steps are taken, and in the end."""
    numbers = itertools.count(1)
    ids = SimpleNamespace(uuid4=lambda: SimpleNamespace(hex=f"id{next(numbers)}"))
    with (
        mock.patch.object(apply_change, "uuid", ids),
        mock.patch.object(apply_change, "TRIM_EVERY", 4),
        mock.patch.object(trim_logs, "EVENTS_KEPT", 3),
        mock.patch.object(trim_logs, "EVENTS_TRIMMED", 2),
    ):
        return await played(store, clock, steps)


def in_dictionaries(steps: Sequence[Step]) -> list[object]:
    with tempfile.TemporaryDirectory() as folder:
        clock = Clock()
        return asyncio.run(held(MemoryStore(Path(folder), now_ms=clock), clock, steps))


@settings(max_examples=25)
@given(STEPS)
def test_sqlite_and_dictionaries_hold_the_same(steps: list[Step]) -> None:
    assert asyncio.run(in_sqlite(Clock(), steps)) == in_dictionaries(steps)


@settings(max_examples=6)
@given(STEPS)
def test_postgresql_and_dictionaries_hold_the_same(steps: list[Step]) -> None:
    assert asyncio.run(in_postgres(Clock(), steps)) == in_dictionaries(steps)
