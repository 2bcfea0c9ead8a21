"""What every Store promises. A further implementation adds its opener to ``OPENERS``."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from datetime import date, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from imagechat_tui.protocol.codec import MalformedMessage
from imagechat_tui.protocol.events import NewComment, Stamp
from imagechat_tui.protocol.ids import (
    BroadcastId,
    CommentId,
    ConversationId,
    EventId,
    ImageId,
    TenantId,
    UrlId,
    UserId,
)
from imagechat_tui.protocol.models import (
    Comment,
    Conversation,
    Place,
    PlaceKind,
    Placement,
    Placements,
    PlacementState,
    Point,
    Position,
    ReadMark,
    ReadState,
    Summary,
    User,
    Version,
    Vote,
)
from imagechat_tui.protocol.routes import ChangePlacements, ChangeReadState
from imagechat_tui.protocol.usage import DailyUsage, Usage, UsageQuery, day_of, ms_left_of_day
from imagechat_tui.server.storage import (
    Announced,
    BroadcastIdUsed,
    Change,
    Decision,
    DeletedThread,
    FoundImage,
    HeldPlace,
    ImageChange,
    ImageHistory,
    ImageQuery,
    ImageRecord,
    ImagesFound,
    ReaderKey,
    RoomKey,
    Rules,
    Store,
    StoreError,
    StoreUnavailable,
    Subject,
    TenantFull,
    TenantRecord,
    UserRule,
    VersionKey,
    apply_change,
    opinions,
    trim_logs,
)
from imagechat_tui.server.storage.sql_transaction import SqlTransaction
from imagechat_tui.server.storage.sqlite import SqliteStore
from tests import examples as eg
from tests.contracts.memory_store import MemoryStore
from tests.contracts.services import drop_database, new_database

OTHER = TenantId("other")
DAY_MS = 86_400_000
ROOM = RoomKey(eg.TENANT, "r1-thread")
IMAGE_ROOM = RoomKey(eg.TENANT, "r1-image")


class Clock:
    def __init__(self) -> None:
        self.ms = eg.T0

    def __call__(self) -> int:
        return self.ms


Opener = Callable[[Path, Clock], contextlib.AbstractAsyncContextManager[Store]]


@contextlib.asynccontextmanager
async def sqlite(folder: Path, clock: Clock) -> AsyncIterator[Store]:
    store = await SqliteStore.open(folder / "contract.sqlite", now_ms=clock)
    try:
        yield store
    finally:
        await store.close()


@contextlib.asynccontextmanager
async def memory(folder: Path, clock: Clock) -> AsyncIterator[Store]:
    store = MemoryStore(folder, now_ms=clock)
    try:
        yield store
    finally:
        await store.close()


@contextlib.asynccontextmanager
async def postgres(folder: Path, clock: Clock) -> AsyncIterator[Store]:
    """Opened again for the same folder, it is the same database; then it is dropped."""
    from imagechat_tui.server.storage.postgres import PostgresStore

    kept = folder / "url"
    if not kept.exists():
        kept.write_text(await new_database())
    store = await PostgresStore.open(kept.read_text(), now_ms=clock)
    try:
        yield store
    finally:
        await store.close()


@pytest.fixture(autouse=True)
async def tidied(tmp_path: Path) -> AsyncIterator[None]:
    """What tests make outside of their folder goes when they end."""
    yield
    kept = tmp_path / "url"
    if kept.exists():
        await drop_database(kept.read_text())


OPENERS: dict[str, Opener] = {"sqlite": sqlite, "memory": memory, "postgres": postgres}


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=OPENERS)
async def store(request: pytest.FixtureRequest, tmp_path: Path, clock: Clock) -> AsyncIterator[Store]:
    async with OPENERS[request.param](tmp_path, clock) as store:
        for tenant_id in (eg.TENANT, OTHER):
            await store.create_tenant(tenant(tenant_id))
        yield store


def tenant(tenant_id: TenantId) -> TenantRecord:
    return TenantRecord(tenant_id, "Name", b"sealed", allow_anon=True, require_sso=False, created_at_ms=eg.T0)


def saying(
    text: str, *, key: str | None = None, tenant_id: TenantId = eg.TENANT, actor: UserId = eg.ALICE
) -> Change:
    """A change that adds one comment and logs it."""
    comment = Comment(
        CommentId(f"c_{key or text}"), eg.THREAD, user_id=actor, html=text, text=text, date_ms=eg.T0
    )
    broadcast_id = BroadcastId(key or text)
    room = RoomKey(tenant_id, ROOM.token)
    event = NewComment(Stamp(broadcast_id=broadcast_id, actor_id=actor), comment)
    decision = Decision(text.encode(), comment=comment, events=(Announced(room, eg.THREAD, event),))
    return Change(tenant_id, actor, broadcast_id, text.encode(), always(decision), thread=eg.THREAD)


def always(decision: Decision) -> Callable[[Subject], Decision]:
    """Decides the same whatever is subject."""

    def decide(subject: Subject) -> Decision:
        return decision

    return decide


async def log(store: Store, seq: int = 0, room: RoomKey = ROOM) -> list[int]:
    page = await store.events_after(room, seq)
    assert page is not None
    return [event.seq for event in page.events]


async def test_a_change_is_there_when_it_returns(store: Store) -> None:
    outcome = await store.change(saying("one"))
    assert (outcome.answer, outcome.rooms) == (b"one", (ROOM,))
    page = await store.thread(ROOM, eg.THREAD)
    assert [comment.text for comment in page.comments] == ["one"]
    assert page.position.seq == 1
    assert page.last_timestamp_ms == eg.T0


async def test_a_refused_change_leaves_nothing_and_gives_its_number_back(store: Store) -> None:
    class No(Exception):
        pass

    def refuse(subject: Subject) -> Decision:
        raise No

    await store.change(saying("one"))
    with pytest.raises(No):
        await store.change(replace(saying("two"), decide=refuse))
    await store.change(saying("three"))
    assert await log(store) == [1, 2]


async def test_a_change_that_fails_half_way_is_undone_alone(store: Store) -> None:
    good = saying("one")
    first = good.decide(Subject(now_ms=eg.T0))
    unreadable = eg.conversation(commenter_name="a\0b")
    unloggable = Announced(ROOM, eg.THREAD, eg.image_chat_updated(conversation=unreadable))
    half = replace(saying("half"), decide=always(replace(first, events=(*first.events, unloggable))))
    results = await asyncio.gather(store.change(half), store.change(saying("two")), return_exceptions=True)
    assert isinstance(results[0], MalformedMessage)
    assert await log(store) == [1]
    assert [one.text for one in (await store.thread(ROOM, eg.THREAD)).comments] == ["two"]


async def test_numbers_have_no_holes_and_times_rise_whatever_the_clock_does(
    store: Store, clock: Clock
) -> None:
    for step in (0, 0, -5000, 7, 0):
        clock.ms += step
        await store.change(saying(f"at {step} {clock.ms} {await log(store)}"))
    page = await store.events_since(ROOM, 0, None)
    times = [event.timestamp_ms for event in page.events]
    assert [event.seq for event in page.events] == [1, 2, 3, 4, 5]
    assert times == sorted(set(times))


async def test_changes_at_once_get_numbers_in_the_order_in_which_they_are_seen(store: Store) -> None:
    async with asyncio.TaskGroup() as tasks:
        for n in range(60):
            tasks.create_task(store.change(saying(f"n{n}")))
    assert await log(store) == list(range(1, 61))


async def test_a_repetition_is_answered_and_not_carried_out(store: Store) -> None:
    first = await store.change(saying("one"))
    again = await store.change(saying("one"))
    assert (again.answer, again.rooms) == (first.answer, ())
    assert await log(store) == [1]
    with pytest.raises(BroadcastIdUsed):
        await store.change(saying("else", key="one"))
    await store.change(replace(saying("one", key="one"), actor_id=eg.BOB, decide=saying("bob's").decide))
    assert await log(store) == [1, 2]


async def test_an_answer_is_kept_for_seven_days(store: Store, clock: Clock) -> None:
    await store.change(saying("one"))
    clock.ms += 7 * 86_400_000
    await store.change(saying("a week later"))
    await store.trim_logs()
    assert (await store.change(saying("one"))).rooms == ()
    clock.ms += 2 * 86_400_000
    await store.trim_logs()
    assert (await store.change(saying("one"))).rooms == (ROOM,)


async def test_what_a_tenant_has_no_other_tenant_finds(store: Store) -> None:
    await store.change(saying("one"))
    theirs = RoomKey(OTHER, ROOM.token)
    assert (await store.thread(theirs, eg.THREAD)).comments == ()
    assert await log(store, room=theirs) == []
    assert await store.comment(OTHER, CommentId("c_one")) is None
    assert await store.commenters(OTHER, eg.THREAD) == ()
    await store.change(saying("one", tenant_id=OTHER))
    assert (await store.positions([ROOM, theirs]))[theirs].seq == 1


async def test_a_log_that_cannot_be_continued_says_so(store: Store) -> None:
    for text in ("one", "two", "three"):
        await store.change(saying(text))
    page = await store.events_after(ROOM, 1, limit=1)
    assert page is not None
    assert ([event.seq for event in page.events], page.complete) == ([2], False)
    known = page.events[0].id
    assert await store.events_after(ROOM, 2, event_id=known) is not None
    assert await store.events_after(ROOM, 2, event_id=EventId("another")) is None
    assert await store.events_after(ROOM, 4) is None
    assert await log(store, 3) == []


async def test_a_trimmed_log_says_what_is_missing(
    store: Store, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trim_logs, "EVENTS_KEPT", 3)
    monkeypatch.setattr(apply_change, "TRIM_EVERY", 1)
    for n in range(5):
        clock.ms += 10
        await store.change(saying(f"n{n}"))
    assert not await store.trim_logs()
    assert await store.events_after(ROOM, 1) is None
    assert await log(store, 2) == [3, 4, 5]
    assert not (await store.events_since(ROOM, eg.T0, None)).complete
    assert (await store.events_since(ROOM, clock.ms, None)).complete


async def test_a_small_log_nobody_writes_to_is_trimmed_by_its_age(store: Store, clock: Clock) -> None:
    for text in ("one", "two"):
        await store.change(saying(text))
    head = (await store.positions([ROOM]))[ROOM]
    clock.ms += trim_logs.EVENTS_KEPT_MS
    assert not await store.trim_logs()
    assert await log(store, 1) == [2], "its time is a ms later"
    clock.ms += 1
    assert not await store.trim_logs()
    assert (await store.positions([ROOM]))[ROOM] == head
    assert await store.events_after(ROOM, 1) is None
    assert await log(store, 2) == []
    assert await store.events_after(ROOM, 2, event_id=head.event_id) is not None
    assert await store.events_after(ROOM, 2, event_id=EventId("of a log that was restored")) is None
    assert not (await store.events_since(ROOM, eg.T0, None)).complete
    assert (await store.events_since(ROOM, clock.ms, None)).complete
    await store.change(saying("three"))
    assert await log(store, 2) == [3]
    clock.ms += trim_logs.EVENTS_KEPT_MS + 1
    assert not await store.trim_logs()
    assert await store.events_after(ROOM, 2) is None


async def test_what_is_trimmed_at_once_is_little_however_much_there_is(
    store: Store, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trim_logs, "EVENTS_TRIMMED", 2)
    rooms = [ROOM, *(RoomKey(eg.TENANT, f"r1-{number}") for number in range(3))]
    for number, room in enumerate([ROOM, ROOM, *rooms]):
        event = Announced(room, eg.THREAD, eg.thread_state_change())
        await store.change(replace(saying(f"{number}"), decide=always(Decision(b"", events=(event,)))))
    clock.ms += trim_logs.EVENTS_KEPT_MS + 10
    assert [await store.trim_logs() for _ in range(4)] == [True, True, True, False]
    assert [await store.events_after(room, 0) for room in rooms] == [None] * 4


async def test_the_log_by_time_takes_both_ends(store: Store) -> None:
    for text in ("one", "two", "three"):
        await store.change(saying(text))
    page = await store.events_since(ROOM, eg.T0 + 1, eg.T0 + 2)
    assert ([event.seq for event in page.events], page.complete) == ([2, 3], True)
    page = await store.events_since(ROOM, 0, None, limit=2)
    assert ([event.seq for event in page.events], page.complete) == ([1, 2], False)


async def test_a_tenant_has_no_more_comments_than_it_may(store: Store) -> None:
    def wanted(text: str) -> Change:
        return replace(saying(text), most_comments=2)

    for text in ("one", "two", "one"):
        await store.change(wanted(text))
    with pytest.raises(TenantFull):
        await store.change(wanted("three"))
    assert await log(store) == [1, 2]
    await store.change(replace(wanted("elsewhere"), tenant_id=OTHER))
    gone = always(Decision(b"", removed_comments=(CommentId("c_one"),)))
    await store.change(replace(saying("delete"), decide=gone))
    await store.change(wanted("three"))
    with pytest.raises(TenantFull):
        await store.change(wanted("four"))


async def test_a_vacuumed_store_tells_the_same_and_goes_on(store: Store) -> None:
    for text in ("one", "two"):
        await store.change(saying(text))
    before = await store.events_after(ROOM, 0)
    assert await store.size_bytes() > 0
    await asyncio.gather(store.vacuum(), store.change(saying("three")))
    assert await log(store) == [1, 2, 3]
    page = await store.events_after(ROOM, 0, limit=2)
    assert page is not None and before is not None
    assert page.events == before.events


async def test_a_room_nobody_wrote_to_has_a_position(store: Store) -> None:
    nowhere = RoomKey(eg.TENANT, "r1-nowhere")
    before = (await store.positions([nowhere, ROOM]))[ROOM]
    assert before.seq == 0
    await store.change(saying("one"))
    after = (await store.positions([nowhere, ROOM]))[ROOM]
    assert (after.epoch, after.seq) == (before.epoch, 1)
    assert await store.positions([]) == {}


async def test_markers_keep_their_numbers_and_come_in_their_order(store: Store) -> None:
    for n, number in enumerate((2, 1)):
        conversation = eg.conversation(
            id=f"ic_{n}", url_id=UrlId(f"{eg.IMAGE}:s:{n}:1"), number=number, created_at_ms=eg.T0
        )
        decision = Decision(b"", image=eg.IMAGE, conversation=conversation)
        change = Change(
            eg.TENANT, eg.ALICE, BroadcastId(f"b{n}"), b"", always(decision), image_room=IMAGE_ROOM
        )
        await store.change(change)
        assert await store.conversation(eg.TENANT, conversation.id) == conversation
    listed = await store.snapshot(IMAGE_ROOM, eg.IMAGE, comments=True)
    assert [one.number for one in listed.conversations] == [1, 2]


READER = ReaderKey(eg.TENANT, eg.IMAGE, eg.ALICE)


async def mark_with(store: Store, name: str, comments: int, *, tenant_id: TenantId = eg.TENANT) -> ReadMark:
    """A marker with so many comments; the answer is its newest."""
    thread = UrlId(f"{eg.IMAGE}:s:{name}:1")
    marker = eg.conversation(id=f"ic_{name}", url_id=thread, number=ord(name), created_at_ms=eg.T0)
    decisions = [Decision(b"", image=eg.IMAGE, conversation=marker)]
    for number in range(1, comments + 1):
        comment_id = CommentId(f"c_{name}{number}")
        comment = Comment(comment_id, thread, user_id=eg.BOB, date_ms=eg.T0, number=number)
        decisions.append(Decision(b"", comment=comment))
    for count, decision in enumerate(decisions):
        broadcast_id = BroadcastId(f"{name}{count}")
        await store.change(Change(tenant_id, eg.BOB, broadcast_id, b"", always(decision)))
    return ReadMark(marker.id, comments)


async def test_who_comes_first_has_read_all_that_is_there(store: Store) -> None:
    one = await mark_with(store, "a", 2)
    await mark_with(store, "b", 0)
    assert await store.read_state(READER) == ReadState()
    assert await store.change_read_state(READER, ChangeReadState()) == ReadState(1, (one,))
    two = await mark_with(store, "c", 1)
    assert await store.read_state(READER) == ReadState(1, (one,))
    assert await store.change_read_state(READER, ChangeReadState(read=(two,))) == ReadState(2, (two,))
    assert await store.read_state(READER) == ReadState(2, (one, two))


async def test_reading_goes_forward_and_unread_goes_back(store: Store) -> None:
    one = await mark_with(store, "a", 5)
    await store.change_read_state(READER, ChangeReadState())
    back = replace(one, number=3)
    assert await store.change_read_state(READER, ChangeReadState(read=(back,))) == ReadState(1)
    assert await store.change_read_state(READER, ChangeReadState(unread=(back,))) == ReadState(2, (back,))
    assert await store.change_read_state(READER, ChangeReadState(unread=(back,))) == ReadState(2)
    assert await store.change_read_state(READER, ChangeReadState(read=(one,))) == ReadState(3, (one,))


async def test_what_was_read_goes_with_its_marker(store: Store) -> None:
    one, two = await mark_with(store, "a", 1), await mark_with(store, "b", 1)
    await store.change_read_state(READER, ChangeReadState())
    gone = Decision(b"", removed_conversation=one.conversation_id)
    await store.change(Change(eg.TENANT, eg.BOB, BroadcastId("gone"), b"", always(gone)))
    assert await store.read_state(READER) == ReadState(1, (two,))
    late = ChangeReadState(read=(replace(one, number=9),))
    assert await store.change_read_state(READER, late) == ReadState(1)


async def test_who_was_there_is_forgotten_with_the_image(store: Store, clock: Clock) -> None:
    for key, name in (("1", "one"), ("2", "two")):
        await store.change(image_change(key, ImageChange(image(name))))
    reader = READER._replace(image=image("one").url_id)
    await store.change_read_state(reader, ChangeReadState())
    clock.ms += 8 * DAY_MS
    await store.change(image_change("3", ImageChange(image("three", due_ms=clock.ms + DAY_MS))))
    assert await store.read_state(reader) == ReadState()


@pytest.mark.security
async def test_of_a_room_that_nobody_has_made_nothing_is_kept(store: Store) -> None:
    await mark_with(store, "a", 1, tenant_id=OTHER)
    for number in range(3):
        nowhere = READER._replace(image=UrlId(f"nowhere-{number}"))
        for reader in (nowhere, READER):
            assert await store.change_read_state(reader, ChangeReadState()) == ReadState()
            assert await store.read_state(reader) == ReadState()
    one = await mark_with(store, "a", 1)
    assert await store.change_read_state(READER, ChangeReadState()) == ReadState(1, (one,))


@pytest.mark.security
async def test_nobody_else_has_read_what_somebody_read(store: Store) -> None:
    one = await mark_with(store, "a", 2)
    await store.change_read_state(READER, ChangeReadState())
    theirs, less = READER._replace(user_id=eg.BOB), replace(one, number=1)
    assert await store.read_state(theirs) == ReadState()
    await store.change_read_state(theirs, ChangeReadState(unread=(less,)))
    assert await store.read_state(theirs) == ReadState(1, (less,))
    elsewhere = image("two")
    for tenant_id in (eg.TENANT, OTHER):
        await store.change(image_change("1", ImageChange(elsewhere), tenant_id=tenant_id))
        other = READER._replace(tenant_id=tenant_id, image=elsewhere.url_id)
        assert await store.read_state(other) == ReadState()
        change = ChangeReadState(read=(less,), unread=(less,))
        assert await store.change_read_state(other, change) == ReadState(1)
    assert await store.read_state(READER) == ReadState(1, (one,))


async def test_of_images_their_open_markers_and_unread_threads_are_counted(store: Store) -> None:
    one, two, three = [await mark_with(store, name, 2) for name in "abc"]

    async def told(user_id: UserId | None) -> list[Summary]:
        found = await store.summaries(eg.TENANT, (READER.image, UrlId("nowhere")), user_id)
        return [found[READER.image], found[UrlId("nowhere")]]

    assert await told(None) == [Summary(3), Summary()]
    assert await told(READER.user_id) == [Summary(3, 0), Summary(0, 0)]  # a newcomer
    await store.change_read_state(READER, ChangeReadState())
    assert await told(READER.user_id) == [Summary(3, 0), Summary(0, 0)]
    back = ChangeReadState(unread=(replace(one, number=1), replace(two, number=0)))
    await store.change_read_state(READER, back)
    assert (await told(READER.user_id))[0] == Summary(3, 2)
    assert (await told(eg.BOB))[0] == Summary(3, 0)  # all of it is his
    await mark_with(store, "d", 1)
    assert (await told(READER.user_id))[0] == Summary(4, 3)
    gone = Decision(b"", removed_conversation=three.conversation_id)
    await store.change(Change(eg.TENANT, eg.BOB, BroadcastId("gone"), b"", always(gone)))
    assert (await told(READER.user_id))[0] == Summary(3, 3)


@pytest.mark.parametrize(
    ("since_ms", "unread"),
    [(None, 0), (eg.T0 - 10**9, 2), (eg.T0 + 10**9, 0)],
    ids=["all is read", "said since", "said before"],
)
async def test_somebody_begins_to_read_once(store: Store, since_ms: int | None, unread: int) -> None:
    for name in "ab":
        await mark_with(store, name, 2)
    other = READER._replace(image=UrlId("nowhere"))
    begun = await store.begin_reading([READER, other], since_ms=since_ms)
    assert list(begun) == [READER], "of a room that nobody has made nothing is kept"
    assert begun[READER] == await store.read_state(READER)
    assert begun[READER].revision == 1
    found = await store.summaries(eg.TENANT, [READER.image], READER.user_id)
    assert found[READER.image].unread == unread
    assert await store.begin_reading([READER], since_ms=None) == {}


async def test_what_is_unread_since_then_is_counted_without_noting_anything(store: Store) -> None:
    for name in "ab":
        await mark_with(store, name, 2)
    for since_ms, unread in ((None, 0), (eg.T0 - 10**9, 2), (eg.T0 + 10**9, 0)):
        for user_id, theirs in ((READER.user_id, unread), (eg.BOB, 0)):  # all of it is his
            found = await store.summaries(eg.TENANT, [READER.image], user_id, since_ms=since_ms)
            assert found[READER.image] == Summary(2, theirs)
    assert await store.read_state(READER) == ReadState()
    await store.change_read_state(READER, ChangeReadState())
    found = await store.summaries(eg.TENANT, [READER.image], READER.user_id, since_ms=eg.T0 - 10**9)
    assert found[READER.image] == Summary(2, 0), "what is kept goes before it"


@pytest.mark.parametrize(
    ("since_ms", "unread"),
    [(None, 0), (eg.T0 - 10**9, 1), (eg.T0 + 10**9, 0)],
    ids=["all is read", "said since", "said before"],
)
async def test_whoever_comes_first_begins_to_read_where_they_say(
    store: Store, since_ms: int | None, unread: int
) -> None:
    await mark_with(store, "a", 2)
    begun = await store.change_read_state(READER, ChangeReadState(since_ms=since_ms))
    assert begun.revision == 1
    again = await store.change_read_state(READER, ChangeReadState(since_ms=0))
    assert again == ReadState(1), "whoever has been there begins no more"
    found = await store.summaries(eg.TENANT, [READER.image], READER.user_id)
    assert found[READER.image].unread == unread


@pytest.mark.security
async def test_nothing_is_counted_of_another_tenant(store: Store) -> None:
    await mark_with(store, "a", 2, tenant_id=OTHER)
    found = await store.summaries(eg.TENANT, (READER.image,), READER.user_id)
    assert found == {READER.image: Summary(0, 0)}


def image_change(key: str, change: ImageChange, *, tenant_id: TenantId = eg.TENANT) -> Change:
    decision = Decision(key.encode(), image_change=change)
    return Change(tenant_id, eg.ALICE, BroadcastId(key), key.encode(), always(decision))


def image(name: str, *, due_ms: int = 0) -> ImageRecord:
    due_ms = due_ms or eg.T0 + 7 * DAY_MS
    return ImageRecord(ImageId(f"im_{name}"), UrlId(f"img/{name}"), name, name, "host/acme/web", due_ms)


def met(path: str, *, project: str = "host/acme/web") -> Place:
    return Place(PlaceKind.PATH, path, project)


def looking(number: int, look: str) -> Version:
    return Version(number, look, f"file {look}", 3, 2, 1, eg.T0, eg.ALICE)


async def test_images_are_found_by_id_key_place_and_pixels(store: Store) -> None:
    one, two = image("one"), image("two")
    held = HeldPlace(met("a.png"), one.id)
    await store.change(image_change("1", ImageChange(one, (held,), looking(1, "old"))))
    moved = (HeldPlace(met("a.png"), one.id, moved=True), HeldPlace(met("b.png"), one.id))
    await store.change(image_change("2", ImageChange(one, moved, looking(2, "new"))))
    await store.change(image_change("3", ImageChange(two, (), looking(1, "new"))))
    await store.change(image_change("4", ImageChange(image("three"), (), looking(1, "new"), plain=True)))
    found = FoundImage(one, markers=0, paths=("b.png",), version=1, latest=2)
    by_pixels = ImageQuery(pixels="old", project="host/acme/web")
    assert await store.images(eg.TENANT, replace(by_pixels, image_id=one.id)) == ImagesFound(found)
    assert await store.images(eg.TENANT, replace(by_pixels, url_id=one.url_id)) == ImagesFound(found)
    at = await store.images(eg.TENANT, replace(by_pixels, places=(met("x.png"), met("a.png"))))
    assert at == ImagesFound(at=((moved[0], found),))
    at = await store.images(eg.TENANT, replace(by_pixels, places=(met("b.png"),)))
    assert at == ImagesFound(at=((moved[1], replace(found, lone=True)),)), "moved away from the other place"
    alike = await store.images(eg.TENANT, ImageQuery(pixels="new", alike=True))
    assert [(one.record.name, one.version, one.paths) for one in alike.alike] == [
        ("one", 2, ()),
        ("two", 1, ()),
    ]
    assert await store.images(eg.TENANT, ImageQuery(pixels="new")) == ImagesFound()
    history = ImageHistory(one, moved, (looking(1, "old"), looking(2, "new")))
    assert await store.image_history(eg.TENANT, one.id) == history
    assert await store.image_history(eg.TENANT, ImageId("im_0")) is None


async def test_of_two_who_note_one_picture_at_once_the_second_sees_the_first(store: Store) -> None:
    """What is found and what is noted are of one transaction."""
    asked, seen = ImageQuery(places=(met("a.png"),), pixels="look", alike=True), []

    def noting(name: str) -> Change:
        def decide(subject: Subject) -> Decision:
            found = subject.images
            seen.append(({one.record.name for _, one in found.at}, {one.record.name for one in found.alike}))
            if found.alike:
                return Decision(b"null")
            one = image(name)
            held = (HeldPlace(met("a.png"), one.id),)
            return Decision(b"made", image_change=ImageChange(one, held, looking(1, "look")))

        return Change(eg.TENANT, eg.ALICE, BroadcastId(name), name.encode(), decide, images=asked)

    outcomes = await asyncio.gather(*(store.change(noting(name)) for name in ("one", "two")))
    assert sorted(outcome.answer for outcome in outcomes) == [b"made", b"null"]
    (first,) = {name for names, _ in seen for name in names}
    assert seen == [(set(), set()), ({first}, {first})]
    assert len((await store.images(eg.TENANT, asked)).alike) == 1


async def test_versions_that_were_seen_in_a_place_alone_go_with_it_unless_people_marked_them(
    store: Store,
) -> None:
    one, own, linked = image("one"), met("a.png"), met("b.png")
    places = HeldPlace(own, one.id), HeldPlace(linked, one.id)
    for number, seen_in in enumerate((own, linked, linked, linked, linked, None), 1):
        change = ImageChange(one, places, looking(number, f"look {number}"), seen_in=seen_in)
        await store.change(image_change(f"look {number}", change))
    asked = ImageQuery(one.id, places=(own,), pixels="look 5")
    found = (await store.images(eg.TENANT, asked)).named
    assert found is not None and found.seen_elsewhere
    await store.change(image_change("too", ImageChange(one, seen_too=5)))
    found = (await store.images(eg.TENANT, asked)).named
    assert found is not None and not found.seen_elsewhere
    await put(store, eg.conversation(version=2))
    for number, placement in ((3, said(40)), (4, worked_out(40))):
        of = SECOND._replace(number=number)
        await store.change_placements(of, ChangePlacements(number, (placement,)), eg.BOB)
    left = ImageChange(image("two"), (HeldPlace(linked, image("two").id),), left=(places[1],))
    await store.change(image_change("left", left))
    history = await store.image_history(eg.TENANT, one.id)
    assert history is not None and [one.number for one in history.versions] == [1, 2, 3, 5, 6]
    await store.change(image_change("again", ImageChange(one, (), looking(4, "look 4"))))
    assert await store.placements(SECOND._replace(number=4)) == Placements(4), "nothing is left of it"
    last = ImageChange(image("two"), (HeldPlace(own, image("two").id),), left=(places[0],))
    await store.change(image_change("last", last))
    history = await store.image_history(eg.TENANT, one.id)
    assert history is not None and history.versions[0].number == 1, "it is met nowhere else"


@pytest.mark.security
async def test_an_image_of_one_tenant_is_none_of_another(store: Store) -> None:
    one, place = image("one"), met("a.png")
    change = ImageChange(one, (HeldPlace(place, one.id),), looking(1, "look"))
    await store.change(image_change("1", change))
    asked = ImageQuery(image_id=one.id, places=(place,), pixels="look", alike=True)
    assert await store.images(OTHER, asked) == ImagesFound()
    assert await store.images(OTHER, ImageQuery(url_id=one.url_id)) == ImagesFound()
    assert await store.image_history(OTHER, one.id) is None
    await store.change(image_change("1", change, tenant_id=OTHER))
    theirs = await store.images(OTHER, asked)
    assert theirs.named is not None and len(theirs.alike) == 1


async def test_a_place_goes_from_one_image_to_another(store: Store) -> None:
    one, two, place = image("one"), image("two"), met("a.png")
    await store.change(image_change("1", ImageChange(one, (HeldPlace(place, one.id),))))
    await store.change(image_change("2", ImageChange(two, (HeldPlace(place, two.id),))))
    found = await store.images(eg.TENANT, ImageQuery(places=(place,)))
    assert [(held.image_id, owner.record.id) for held, owner in found.at] == [(two.id, two.id)]
    history = await store.image_history(eg.TENANT, one.id)
    assert history is not None and history.places == ()


async def test_an_image_that_nobody_marked_goes_when_it_is_due(store: Store, clock: Clock) -> None:
    silent, marked = image("silent"), image("marked")
    held = HeldPlace(met("a.png"), silent.id)
    await store.change(image_change("1", ImageChange(silent, (held,), looking(1, "x"))))
    await store.change(image_change("2", ImageChange(marked)))
    marker = Decision(b"", image=marked.url_id, conversation=eg.conversation(number=1))
    await store.change(Change(eg.TENANT, eg.ALICE, BroadcastId("m"), b"m", always(marker)))
    clock.ms += 7 * DAY_MS
    await store.change(image_change("3", ImageChange(image("new", due_ms=clock.ms + DAY_MS))))
    assert await store.image_history(eg.TENANT, silent.id) is not None, "not before"
    clock.ms += 1
    await store.change(image_change("4", ImageChange(image("newer", due_ms=clock.ms + DAY_MS))))
    assert await store.image_history(eg.TENANT, silent.id) is None
    gone = ImageQuery(places=(held.place,), pixels="x", alike=True)
    assert await store.images(eg.TENANT, gone) == ImagesFound()
    kept = await store.image_history(eg.TENANT, marked.id)
    assert kept is not None and kept.record.due_ms == clock.ms + 7 * DAY_MS


HOME = ConversationId("ic_1")
SECOND = VersionKey(eg.TENANT, image("one").url_id, 2)
"""The version that markers made on the first one are placed on."""


async def put(store: Store, marker: Conversation, *, tenant_id: TenantId = eg.TENANT) -> None:
    """A marker on the image, as it is made and as it is moved."""
    key = BroadcastId(f"{marker.id} {marker.point}")
    decision = Decision(b"", image=SECOND.image, conversation=marker)
    await store.change(Change(tenant_id, eg.BOB, key, b"", always(decision)))


async def two_versions(store: Store, *, tenant_id: TenantId = eg.TENANT) -> Conversation:
    """An image that has had two looks, and a marker that was made on the first."""
    for number, look in ((1, "old"), (2, "new")):
        change = ImageChange(image("one"), (), looking(number, look))
        await store.change(image_change(f"look {number}", change, tenant_id=tenant_id))
    marker = eg.conversation(version=1)
    await put(store, marker, tenant_id=tenant_id)
    return marker


async def four_versions(store: Store, own: int) -> None:
    """An image that has had four looks, and a marker that was made on that one."""
    for number in range(1, 5):
        change = ImageChange(image("one"), (), looking(number, f"look {number}"))
        await store.change(image_change(f"look {number}", change))
    await put(store, eg.conversation(version=own))


def worked_out(y: float, origin: Point | None = None, conversation_id: ConversationId = HOME) -> Placement:
    return Placement(conversation_id, Point(25.5, y), PlacementState.MOVED, origin or eg.point(), 0.9)


def said(y: float, by: UserId | None = None, conversation_id: ConversationId = HOME) -> Placement:
    return Placement(conversation_id, Point(25.5, y), PlacementState.SET, by=by)


async def place(
    store: Store, *placements: Placement, unset: tuple[ConversationId, ...] = (), by: UserId = eg.ALICE
) -> Placements:
    (changed, *_) = await store.change_placements(SECOND, ChangePlacements(2, placements, unset), by)
    return changed


def changed(revision: int, *placements: Placement) -> Placements:
    return Placements(2, revision, placements)


async def test_the_first_that_is_worked_out_stands(store: Store) -> None:
    await two_versions(store)
    assert await store.placements(SECOND) == Placements(2)
    assert await place(store, worked_out(40)) == changed(1, worked_out(40))
    assert await place(store, worked_out(50), by=eg.BOB) == changed(1)
    assert await store.placements(SECOND) == changed(1, worked_out(40))


async def test_two_who_work_it_out_at_once_are_told_the_same(store: Store) -> None:
    await two_versions(store)
    told = await asyncio.gather(*(place(store, worked_out(y)) for y in range(20)))
    stands = (await store.placements(SECOND)).placements
    assert [one.placements for one in told if one.placements] == [stands]
    assert {one.revision for one in told} == {1}


async def test_what_a_person_says_goes_before_and_is_taken_back(store: Store) -> None:
    await two_versions(store)
    await place(store, worked_out(40))
    assert await place(store, said(50)) == changed(2, said(50, eg.ALICE))
    assert await place(store, said(50)) == changed(2)
    assert await place(store, worked_out(45)) == changed(2)
    assert await place(store, said(60), by=eg.BOB) == changed(3, said(60, eg.BOB))
    assert await store.placements(SECOND) == changed(3, said(60, eg.BOB))
    assert await place(store, unset=(HOME,)) == changed(4, worked_out(40))
    assert await place(store, unset=(HOME,)) == changed(4)


async def test_what_is_worked_out_under_what_a_person_said_comes_to_light_with_it(store: Store) -> None:
    await two_versions(store)
    await place(store, said(50))
    assert await place(store, worked_out(40)) == changed(1)
    assert await place(store, unset=(HOME,)) == changed(2, worked_out(40))


async def test_where_nothing_was_worked_out_nothing_is_left(store: Store) -> None:
    await two_versions(store)
    await place(store, said(50))
    assert await place(store, unset=(HOME,)) == Placements(2, 2, gone=(HOME,))
    assert await store.placements(SECOND) == changed(2)


async def test_what_was_worked_out_holds_while_the_marker_stays(store: Store) -> None:
    marker = await two_versions(store)
    await place(store, worked_out(40))
    there = eg.point(70, 70)
    assert await place(store, worked_out(80, there)) == changed(1), "it does not stand there"
    await put(store, replace(marker, point=there))
    assert await store.placements(SECOND) == changed(1)
    assert await place(store, worked_out(41)) == changed(1), "it stood there"
    assert await place(store, worked_out(80, there)) == changed(2, worked_out(80, there))
    assert await place(store, said(50)) == changed(3, said(50, eg.ALICE))
    await put(store, replace(marker, point=eg.point(1, 1)))
    assert await store.placements(SECOND) == changed(3, said(50, eg.ALICE))


async def test_markers_that_cannot_be_placed_are_passed_over(store: Store) -> None:
    marker = await two_versions(store)
    here = eg.conversation(id="ic_2", url_id="thread 2", number=2, version=2)
    await put(store, here)
    elsewhere = eg.conversation(id="ic_3", url_id="thread 3", number=1, version=1)
    await store.change(
        Change(
            eg.TENANT,
            eg.BOB,
            BroadcastId("e"),
            b"",
            always(Decision(b"", image=eg.IMAGE, conversation=elsewhere)),
        )
    )
    for other in (here.id, elsewhere.id, ConversationId("ic_0")):
        for one in (worked_out(40, conversation_id=other), said(40, conversation_id=other)):
            assert await place(store, one) == changed(0)
        assert await place(store, unset=(other,)) == changed(0)
    assert await place(store, said(40), said(41, conversation_id=here.id)) == changed(1, said(40, eg.ALICE))
    assert marker.version == 1


async def test_of_a_version_that_there_is_not_nothing_is_kept(store: Store) -> None:
    await two_versions(store)
    for nowhere in (
        SECOND._replace(number=3),
        SECOND._replace(number=0),
        SECOND._replace(image=eg.IMAGE),
        SECOND._replace(tenant_id=OTHER),
    ):
        change = ChangePlacements(nowhere.number, (said(40),))
        assert await store.change_placements(nowhere, change, eg.ALICE) == (Placements(nowhere.number),)
        assert await store.placements(nowhere) == Placements(nowhere.number)
    assert await store.placements(SECOND) == changed(0)


@pytest.mark.security
async def test_where_a_marker_is_in_one_tenant_is_nothing_to_another(store: Store) -> None:
    for tenant_id in (eg.TENANT, OTHER):
        await two_versions(store, tenant_id=tenant_id)
    await place(store, said(40))
    theirs = SECOND._replace(tenant_id=OTHER)
    assert await store.placements(theirs) == changed(0)
    await store.change_placements(theirs, ChangePlacements(2, unset=(HOME,)), eg.BOB)
    assert await store.placements(SECOND) == changed(1, said(40, eg.ALICE))


async def test_each_version_has_placements_of_its_own(store: Store) -> None:
    await two_versions(store)
    third = SECOND._replace(number=3)
    await store.change(image_change("look 3", ImageChange(image("one"), (), looking(3, "newest"))))
    await place(store, said(40))
    assert await store.placements(third) == Placements(3)
    (told,) = await store.change_placements(third, ChangePlacements(3, (worked_out(70),)), eg.BOB)
    assert told == Placements(3, 1, (worked_out(70),))
    assert await store.placements(SECOND) == changed(1, said(40, eg.ALICE))


@pytest.mark.parametrize(
    ("own", "put", "says", "gone"),
    [
        pytest.param(1, {3: worked_out(70)}, said(50), {3}, id="the next"),
        pytest.param(1, {3: worked_out(70), 4: worked_out(70)}, said(50), {3, 4}, id="all that follow"),
        pytest.param(
            1, {3: said(60), 4: worked_out(70)}, said(50), set[int](), id="as far as somebody has said it"
        ),
        pytest.param(1, {3: worked_out(70), 4: said(60)}, said(50), {3}, id="and what comes before that one"),
        pytest.param(3, {4: worked_out(70)}, said(50), set[int](), id="as far as its own version"),
        pytest.param(4, {1: worked_out(70), 3: worked_out(70)}, said(50), {3}, id="none before"),
        pytest.param(1, {3: worked_out(70)}, None, {3}, id="taken back"),
        pytest.param(1, {3: worked_out(70)}, said(40), set[int](), id="the same again"),
        pytest.param(
            1, {3: worked_out(70)}, worked_out(50), set[int](), id="what was worked out goes before nothing"
        ),
        pytest.param(
            1, {3: worked_out(70, eg.point(1, 1))}, said(50), set[int](), id="what does not hold is not told"
        ),
    ],
)
async def test_what_a_person_says_ends_what_was_worked_out_for_later_versions(
    store: Store, own: int, put: dict[int, Placement], says: Placement | None, gone: set[int]
) -> None:
    """Of version 2, where it was said before that the marker is at 40."""
    await four_versions(store, own)
    await place(store, said(40))
    for number, placement in put.items():
        of = SECOND._replace(number=number)
        await store.change_placements(of, ChangePlacements(number, (placement,)), eg.BOB)
    before = {number: await store.placements(SECOND._replace(number=number)) for number in (1, 3, 4)}
    change = ChangePlacements(2, (says,)) if says is not None else ChangePlacements(2, unset=(HOME,))
    (_, *told) = await store.change_placements(SECOND, change, eg.ALICE)
    assert told == [Placements(n, before[n].revision + 1, gone=(HOME,)) for n in sorted(gone)]
    for number, was in before.items():
        now = await store.placements(SECOND._replace(number=number))
        assert now == (Placements(number, was.revision + 1) if number in gone else was)
    if gone:
        of = SECOND._replace(number=min(gone))
        (again,) = await store.change_placements(of, ChangePlacements(of.number, (worked_out(75),)), eg.BOB)
        assert again.placements == (worked_out(75),), "it is looked for anew"


async def test_placements_go_with_their_marker(store: Store) -> None:
    marker = await two_versions(store)
    await place(store, worked_out(40))
    await place(store, said(50))
    gone = Decision(b"", removed_conversation=marker.id)
    await store.change(Change(eg.TENANT, eg.BOB, BroadcastId("gone"), b"", always(gone)))
    assert await store.placements(SECOND) == changed(2)
    assert await place(store, said(50)) == changed(2)
    await put(store, replace(marker, number=9, point=eg.point(1, 2)))
    assert await store.placements(SECOND) == changed(2)


def deletion(marker: Conversation, due_ms: int) -> Change:
    """The marker goes, and may be restored until then."""
    gone = Decision(b"", removed_conversation=marker.id, restorable_until_ms=due_ms)
    key = BroadcastId(f"delete {marker.id} {due_ms}")
    return Change(eg.TENANT, eg.BOB, key, b"", always(gone), conversation_id=marker.id)


def restoring(marker: Conversation, found: list[DeletedThread | None]) -> Change:
    """The marker comes back, if it was deleted; what is kept of it is noted."""

    def decide(subject: Subject) -> Decision:
        found.append(subject.deleted)
        return Decision(b"", restored=subject.deleted)

    key = BroadcastId(f"restore {marker.id} {len(found)}")
    return Change(eg.TENANT, eg.BOB, key, b"", decide, conversation_id=marker.id)


async def test_placements_come_back_with_their_marker_on_every_version_and_are_told(store: Store) -> None:
    marker = await two_versions(store)
    third = SECOND._replace(number=3)
    await store.change(image_change("look 3", ImageChange(image("one"), (), looking(3, "newest"))))
    await place(store, worked_out(40))
    await place(store, said(50))
    await store.change_placements(third, ChangePlacements(3, (worked_out(70),)), eg.BOB)
    await store.change(deletion(marker, eg.T0 + DAY_MS))
    assert [await store.placements(of) for of in (SECOND, third)] == [changed(2), Placements(3, 1)]
    outcome = await store.change(restoring(marker, []))
    on_second, on_third = changed(3, said(50, eg.ALICE)), Placements(3, 2, (worked_out(70),))
    assert outcome.placed == ((SECOND, on_second), (third, on_third))
    assert [await store.placements(of) for of in (SECOND, third)] == [on_second, on_third]
    assert await place(store, unset=(HOME,)) == changed(4, worked_out(40))


async def test_what_did_not_hold_when_the_marker_went_comes_back_untold(store: Store) -> None:
    marker = await two_versions(store)
    await place(store, worked_out(40))
    await put(store, moved := replace(marker, point=eg.point(70, 70)))
    await store.change(deletion(moved, eg.T0 + DAY_MS))
    assert (await store.change(restoring(moved, []))).placed == ()
    assert await store.placements(SECOND) == changed(1)
    await put(store, replace(moved, point=marker.point, resolved=True))
    assert await store.placements(SECOND) == changed(1)


async def test_how_far_it_was_read_comes_back_with_a_marker_and_is_told(store: Store) -> None:
    marker = await two_versions(store)
    readers = {
        user: ReaderKey(eg.TENANT, SECOND.image, user) for user in (eg.ALICE, eg.BOB, UserId("demo:carol"))
    }
    for user, number in ((eg.ALICE, 1), (eg.BOB, 7)):
        await store.change_read_state(readers[user], ChangeReadState())
        await store.change_read_state(readers[user], ChangeReadState(unread=(ReadMark(HOME, number),)))
    before = {user: await store.read_state(readers[user]) for user in readers}
    await store.change(deletion(marker, eg.T0 + DAY_MS))
    outcome = await store.change(restoring(marker, []))
    told = {user: ReadState(was.revision + 1, was.marks) for user, was in before.items() if was.marks}
    assert outcome.read == (SECOND.image, told)
    assert {user: await store.read_state(readers[user]) for user in readers} == before | told


async def test_where_a_marker_was_is_forgotten_with_it(store: Store, clock: Clock) -> None:
    marker = await two_versions(store)
    await place(store, said(50))
    await store.change(deletion(marker, clock.ms + 1))
    kept: list[DeletedThread | None] = []
    await store.change(restoring(marker, kept))
    await store.change(deletion(marker, clock.ms + 2))
    clock.ms += 2
    assert not await store.forget_deleted()
    await store.change(restoring(marker, kept))
    assert [one and one.placements for one in kept] == [((2, said(50, eg.ALICE)),), None]
    assert await store.placements(SECOND) == changed(2)


async def test_a_marker_knows_its_version(store: Store) -> None:
    asked: list[int | None] = []

    def note(subject: Subject) -> Decision:
        asked.append(subject.version)
        return Decision(b"")

    change = Change(eg.TENANT, eg.ALICE, BroadcastId("1"), b"", note, marked=SECOND.image)
    await store.change(change)
    await two_versions(store)
    for number, version in enumerate((None, 1, 2, 3, 0, -1)):
        await store.change(replace(change, broadcast_id=BroadcastId(f"n{number}"), version=version))
    assert asked == [None, 2, 1, 2, None, None, None]


async def test_a_thread_stays_closed_until_it_is_opened_or_its_marker_goes(
    store: Store, clock: Clock
) -> None:
    event = Announced(ROOM, eg.THREAD, eg.thread_state_change())
    seen: list[bool] = []

    def about(key: str, decision: Decision) -> Change:
        def decide(subject: Subject) -> Decision:
            seen.append(subject.closed_by_staff)
            return decision

        return replace(saying(key), decide=decide, thread_room=ROOM)

    async def shown() -> bool:
        return (await store.thread(ROOM, eg.THREAD)).closed

    await store.change(about("closes", Decision(b"", closed=True, events=(event,))))
    clock.ms += DAY_MS
    assert await shown()
    await store.change(about("does something else", Decision(b"", events=(event,))))
    assert await shown()
    await store.change(about("opens", Decision(b"", closed=False)))
    assert not await shown()
    await store.change(about("closes once more", Decision(b"", closed=True)))
    await store.change(about("deletes its marker", Decision(b"", closed_thread=ROOM)))
    clock.ms += DAY_MS
    assert not await shown()
    assert seen == [False, True, True, False, True]


def balloting(key: str, decision: Decision, *, vote_id: str | None = None) -> Change:
    """A change about votes on the comment ``c_one``."""
    voter = UserId(key.partition(" ")[0])
    return Change(
        eg.TENANT,
        voter,
        BroadcastId(key),
        key.encode(),
        always(decision),
        comment_id=CommentId("c_one"),
        vote_id=vote_id,
    )


def ballot(voter: UserId, direction: int = 1, *, at_ms: int = eg.T0) -> Vote:
    return Vote(f"v_{voter}", eg.TENANT, eg.THREAD, CommentId("c_one"), direction, at_ms, voter)


async def test_a_vote_is_found_by_voter_and_by_id_and_goes_with_its_comment(store: Store) -> None:
    await store.change(saying("one"))
    for voter in (eg.ALICE, eg.BOB):
        await store.change(balloting(f"{voter} votes", Decision(b"", vote=ballot(voter))))
    seen: list[Vote | None] = []

    def look(subject: Subject) -> Decision:
        seen.append(subject.vote)
        return Decision(b"")

    for vote_id in (None, f"v_{eg.BOB}", "v_none"):
        looks = balloting(f"{eg.ALICE} looks {vote_id}", Decision(b""), vote_id=vote_id)
        await store.change(replace(looks, decide=look))
    assert seen == [ballot(eg.ALICE), ballot(eg.BOB), None]
    assert (await store.thread(ROOM, eg.THREAD, eg.ALICE)).own.votes == (ballot(eg.ALICE),)
    assert (await store.thread(ROOM, eg.THREAD)).own.votes == ()
    await store.change(balloting(f"{eg.ALICE} turns", Decision(b"", removed_vote=ballot(eg.ALICE))))
    assert (await store.thread(ROOM, eg.THREAD, eg.ALICE)).own.votes == ()
    gone = Decision(b"", removed_comments=(CommentId("c_one"),))
    await store.change(balloting(f"{eg.ALICE} deletes", gone))
    assert (await store.thread(ROOM, eg.THREAD, eg.BOB)).own.votes == ()


async def test_flags_are_of_one_user_and_counted_and_go_with_the_comment(store: Store) -> None:
    one = CommentId("c_one")
    await store.change(saying("one"))
    assert await store.flag(eg.TENANT, one, eg.ALICE, flagged=True)
    for _ in range(2):
        assert await store.flag(eg.TENANT, one, eg.BOB, flagged=True)
    assert not await store.flag(eg.TENANT, CommentId("c_none"), eg.BOB, flagged=True)
    assert not await store.flag(OTHER, one, eg.BOB, flagged=True)

    async def flagged(user: UserId) -> tuple[object, object]:
        page = await store.thread(ROOM, eg.THREAD, user, flags=True)
        return page.own.flagged, page.flags

    assert await flagged(eg.ALICE) == ({one}, {one: 2})
    assert (await store.thread(ROOM, eg.THREAD, eg.ALICE)).flags == {}
    assert await store.flag(eg.TENANT, one, eg.ALICE, flagged=False)
    assert await flagged(eg.ALICE) == (frozenset(), {one: 1})
    await store.change(balloting(f"{eg.ALICE} deletes", Decision(b"", removed_comments=(one,))))
    assert await flagged(eg.BOB) == (frozenset(), {})


async def test_whom_somebody_has_blocked_is_theirs_alone(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine, theirs = CommentId("c_one"), CommentId("c_two")
    await store.change(saying("one"))
    await store.change(saying("two", actor=eg.BOB))
    for _ in range(2):
        assert await store.block(eg.TENANT, eg.ALICE, eg.BOB, blocked=True)

    async def seen(user: UserId, tenant_id: TenantId = eg.TENANT) -> tuple[object, ...]:
        room = RoomKey(tenant_id, ROOM.token)
        page = await store.thread(room, eg.THREAD, user)
        asked = (mine, theirs, CommentId("c_none"))
        assert (await store.own(tenant_id, eg.IMAGE, user)).blocked == page.own.blocked
        return page.own.blocked, await store.of_blocked(tenant_id, user, asked)

    assert await seen(eg.ALICE) == ({eg.BOB}, {theirs})
    assert await seen(eg.BOB) == await seen(eg.ALICE, OTHER) == (frozenset(), frozenset())
    monkeypatch.setattr(opinions, "MAX_BLOCKED", 2)
    carol, dave = UserId("demo:carol"), UserId("demo:dave")
    assert await store.block(eg.TENANT, eg.ALICE, carol, blocked=True)
    assert not await store.block(eg.TENANT, eg.ALICE, dave, blocked=True)
    assert await store.block(eg.TENANT, eg.ALICE, carol, blocked=True), "they are blocked already"
    for user in (eg.BOB, carol, dave):
        assert await store.block(eg.TENANT, eg.ALICE, user, blocked=False)
    assert await seen(eg.ALICE) == (frozenset(), frozenset())


async def test_rooms_are_told_in_order_and_each_once(store: Store) -> None:
    for number, image in enumerate(("b", "\N{SNOWMAN}", "a", "b", "Z")):
        marker = eg.conversation(id=ConversationId(f"ic_{number}"), url_id=UrlId(f"t{number}"), number=number)
        decision = Decision(b"", image=UrlId(image), conversation=marker)
        key = BroadcastId(f"m{number}")
        await store.change(Change(eg.TENANT, eg.ALICE, key, key.encode(), always(decision)))

    async def told(after: str, most: int = 9, tenant_id: TenantId = eg.TENANT) -> tuple[UrlId, ...]:
        return await store.rooms(tenant_id, UrlId(after), most)

    assert await told("") == ("Z", "a", "b", "\N{SNOWMAN}")
    assert await told("a") == ("b", "\N{SNOWMAN}")
    assert await told("", 2) == ("Z", "a")
    assert await told("", tenant_id=OTHER) == ()


async def test_voters_are_named_in_order_as_far_as_they_have_names(store: Store) -> None:
    await store.change(saying("one"))
    carol, guest = UserId("demo:carol"), UserId("anon:1")
    for at, (voter, direction) in enumerate([(eg.BOB, 1), (guest, 1), (eg.ALICE, 1), (carol, -1)]):
        if voter is not guest:
            await store.put_user(eg.TENANT, User(voter, username=voter), verified=True, now_ms=eg.T0)
        vote = ballot(voter, direction, at_ms=eg.T0 + at)
        await store.change(balloting(f"{voter} votes", Decision(b"", vote=vote)))
    told = [
        [voter.username for voter in await store.voters(tenant_id, CommentId("c_one"), direction, most)]
        for tenant_id, direction, most in (
            (eg.TENANT, 1, 9),
            (eg.TENANT, 1, 1),
            (eg.TENANT, -1, 9),
            (OTHER, 1, 9),
        )
    ]
    assert told == [[eg.BOB, eg.ALICE], [eg.BOB], [carol], []]


async def test_people_are_found_by_the_beginning_of_a_name(store: Store) -> None:
    people = [
        User(UserId("demo:1"), username="Anna", display_name="Zoe"),
        User(UserId("demo:2"), username="bob", display_name="ANNE"),
        User(UserId("demo:3"), username="anton", is_private=True),
        User(UserId("demo:4")),
        User(UserId("demo:5"), username="an", display_name="an"),
        User(UserId("demo:6"), username="y" + "😀" * 999, display_name="z" + "😀" * 499),
    ]
    for user in people:
        await store.put_user(eg.TENANT, user, verified=True, now_ms=eg.T0)
    found = {
        (tenant_id, beginning, most): [
            user.id for user in await store.users_named(tenant_id, beginning, most)
        ]
        for tenant_id in (eg.TENANT, OTHER)
        for beginning, most in (("an", 9), ("AN", 1), ("z", 9), ("", 9), ("ann%", 9))
    }
    assert found == {
        (eg.TENANT, "an", 9): ["demo:5", "demo:2", "demo:1"],
        (eg.TENANT, "AN", 1): ["demo:5"],
        (eg.TENANT, "z", 9): ["demo:1", "demo:6"],
        (eg.TENANT, "", 9): ["demo:5", "demo:2", "demo:1", "demo:6"],
        (eg.TENANT, "ann%", 9): [],
    } | {
        (OTHER, beginning, most): []
        for beginning, most in (("an", 9), ("AN", 1), ("z", 9), ("", 9), ("ann%", 9))
    }
    assert await store.users(eg.TENANT, [UserId("demo:3")]) == (people[2],)


async def test_a_verified_profile_is_not_taken_over(store: Store) -> None:
    user = eg.user(email="a@example.com")
    assert await store.put_user(eg.TENANT, user, verified=True, now_ms=eg.T0)
    assert not await store.put_user(eg.TENANT, replace(user, username="evil"), verified=False, now_ms=eg.T0)
    assert await store.put_user(eg.TENANT, replace(user, display_name="Al"), verified=True, now_ms=eg.T0)
    assert [one.display_name for one in await store.users(eg.TENANT, [eg.ALICE, eg.BOB])] == ["Al"]
    assert await store.users(OTHER, [eg.ALICE]) == ()
    with pytest.raises(StoreUnavailable):
        await store.put_user(TenantId("nobody"), user, verified=True, now_ms=eg.T0)


async def test_page_ids_and_places_may_be_long_in_any_script(store: Store, clock: Clock) -> None:
    """In bytes longer than an index entry of some databases; without pattern, so that no packing helps."""
    letters = random.Random(1)
    long = UrlId("".join(chr(letters.randrange(0x4E00, 0x9FFF)) for _ in range(1_000)))
    place = met(long * 2, project=long[:500])
    marker = replace(eg.conversation(), url_id=long)
    said = Comment(CommentId("c_long"), long, user_id=eg.ALICE, html="x", text="x", date_ms=eg.T0, number=1)
    record = replace(image("long"), url_id=long)
    decision = Decision(
        b"",
        image=long,
        conversation=marker,
        comment=said,
        image_change=ImageChange(record, (HeldPlace(place, record.id),)),
    )
    change = replace(saying("one"), decide=always(decision))
    await store.change(change)
    await store.change(replace(change, broadcast_id=BroadcastId("again")))
    reader = ReaderKey(eg.TENANT, long, eg.BOB)
    assert (await store.change_read_state(reader, ChangeReadState())).revision == 1
    assert (await store.read_state(reader)).revision == 1
    assert [one.text for one in (await store.thread(ROOM, long)).comments] == ["x"]
    found = await store.images(eg.TENANT, ImageQuery(places=(place,)))
    assert [held.place for held, _ in found.at] == [place]


async def test_tenants_are_listed_by_id(store: Store) -> None:
    assert await store.tenants() == (tenant(eg.TENANT), tenant(OTHER))
    assert await store.tenant(eg.TENANT) == tenant(eg.TENANT)
    assert await store.tenant(TenantId("nobody")) is None


@pytest.mark.parametrize("opener", OPENERS.values(), ids=OPENERS)
async def test_everything_outlives_the_store(opener: Opener, tmp_path: Path, clock: Clock) -> None:
    async with opener(tmp_path, clock) as store:
        await store.create_tenant(tenant(eg.TENANT))
        await store.change(saying("one"))
        secret = await store.secret("a")
        assert secret != await store.secret("b")
        position: Position = (await store.positions([ROOM]))[ROOM]
    async with opener(tmp_path, clock) as store:
        assert await store.secret("a") == secret
        assert (await store.positions([ROOM]))[ROOM] == position
        assert (await store.change(saying("one"))).answer == b"one"
        assert await log(store) == [1]


async def test_only_one_process_opens_a_file(tmp_path: Path, clock: Clock) -> None:
    async with sqlite(tmp_path, clock):
        with pytest.raises(StoreError):
            await SqliteStore.open(tmp_path / "contract.sqlite", now_ms=clock)
    async with sqlite(tmp_path, clock):
        pass


async def test_every_commit_is_synced_and_readers_cannot_write(tmp_path: Path, clock: Clock) -> None:
    """No kill shows the difference, only a power cut would: so the settings themselves are looked at."""

    def setting(name: str) -> Callable[[SqlTransaction], object]:
        return lambda tx: tx.db.execute(f"PRAGMA {name}").fetchone()[0]

    full = 2
    async with sqlite(tmp_path, clock) as store:
        assert isinstance(store, SqliteStore)
        written = {
            name: await store._engine.write((), setting(name)) for name in ("journal_mode", "foreign_keys")
        }
        assert written == {"journal_mode": "wal", "foreign_keys": 1}
        assert await store._engine.write((), setting("synchronous")) == full
        read = {
            name: await store._engine.read(setting(name)) for name in ("query_only", "wal_autocheckpoint")
        }
        assert read == {"query_only": 1, "wal_autocheckpoint": 0}


async def test_a_file_that_is_no_database_is_refused(tmp_path: Path, clock: Clock) -> None:
    (tmp_path / "contract.sqlite").write_bytes(b"not a database at all" * 100)
    with pytest.raises(StoreError):
        await SqliteStore.open(tmp_path / "contract.sqlite", now_ms=clock)


@pytest.mark.reliability
async def test_a_full_disk_is_told_from_a_broken_one(tmp_path: Path, clock: Clock) -> None:
    def fill(tx: SqlTransaction) -> None:
        pages = tx.db.execute("PRAGMA page_count").fetchone()[0]
        tx.db.execute(f"PRAGMA max_page_count = {pages}")
        tx.db.execute("INSERT INTO installation VALUES ('a', zeroblob(1000000))")

    async with sqlite(tmp_path, clock) as store:
        assert isinstance(store, SqliteStore)
        with pytest.raises(StoreUnavailable) as full:
            await store._engine.write((), fill)
        with pytest.raises(StoreUnavailable) as broken:
            await store._engine.write((), lambda tx: tx.db.execute("no SQL"))
    assert (full.value.disk_full, broken.value.disk_full) == (True, False)


@pytest.mark.reliability
async def test_a_failing_disk_fails_all_that_shared_the_commit_and_nothing_else(
    tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with sqlite(tmp_path, clock) as store:
        await store.create_tenant(tenant(eg.TENANT))
        await store.change(saying("before"))

        def full(subject: Subject) -> Decision:
            raise sqlite3.OperationalError("database or disk is full")

        changes = [saying("lost one"), replace(saying("lost two"), decide=full)]
        results = await asyncio.gather(*map(store.change, changes), return_exceptions=True)
        assert isinstance(results[1], StoreUnavailable)
        kept = [result for result in results if not isinstance(result, BaseException)]
        assert len(await log(store)) == 1 + len(kept)
        await store.change(saying("after"))
        assert len(await log(store)) == 2 + len(kept)


WRITER = """
import asyncio, sys
from pathlib import Path
from tests import examples as eg
from tests.contracts.test_store import OPENERS, Clock, saying, tenant

async def write():
    async with OPENERS[sys.argv[1]](Path(sys.argv[2]), Clock()) as store:
        await store.create_tenant(tenant(eg.TENANT))
        async def one(n):
            await store.change(saying(f"n{n}"))
            sys.stdout.write(f"n{n}\\n")
            sys.stdout.flush()
        n = 0
        while True:
            await asyncio.gather(*(one(n + k) for k in range(8)))
            n += 8

asyncio.run(write())
"""


def said_until_killed(database: str, folder: Path) -> list[str]:
    """What a writing process had acknowledged when it was killed."""
    root = Path(__file__).parents[2]
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, database, str(folder)], stdout=subprocess.PIPE, text=True, cwd=root
    ) as writer:
        assert writer.stdout is not None
        said = [writer.stdout.readline().strip() for _ in range(100)]
        os.kill(writer.pid, signal.SIGKILL)
        return said + [line.strip() for line in writer.stdout if line.endswith("\n")]


@pytest.mark.reliability
@pytest.mark.parametrize("database", ["sqlite", "postgres"])
async def test_what_was_acknowledged_survives_a_kill(database: str, tmp_path: Path, clock: Clock) -> None:
    said = said_until_killed(database, tmp_path)
    async with OPENERS[database](tmp_path, clock) as store:
        page = await store.thread(ROOM, eg.THREAD)
        kept = {comment.text for comment in page.comments}
        assert set(said) <= kept
        assert page.position.seq == len(kept), "a row and its event come and go together"


async def test_what_is_decided_has_another_revision_each_time(store: Store) -> None:
    seen = [await store.rules_revision()]
    changed = replace(tenant(OTHER), name="Other", require_sso=True, generation=3, disabled=True)
    await store.change_tenant(changed)
    seen.append(await store.rules_revision())
    assert await store.tenant(OTHER) == changed
    ban, role = UserRule(eg.TENANT, eg.ALICE, banned_until_ms=9), UserRule(OTHER, eg.ALICE, role="reader")
    for rule in (role, replace(ban, role="admin"), ban):
        await store.rule_user(rule)
        seen.append(await store.rules_revision())
    rules = await store.rules()
    assert rules == Rules(
        seen[-1], (tenant(eg.TENANT), changed), tuple(sorted((ban, role), key=lambda rule: rule.tenant_id))
    )
    await store.rule_user(UserRule(eg.TENANT, eg.ALICE))
    assert (await store.rules()).users == (role,)
    await store.create_tenant(tenant(TenantId("third")))
    seen.append(await store.rules_revision())
    assert len(set(seen)) == len(seen)


async def used(store: Store, tenant_id: TenantId = eg.TENANT) -> dict[str, Usage]:
    """What a tenant has used, by day."""
    return {told.day.isoformat(): told.usage for told in await store.daily_usage(tenant_id, UsageQuery())}


TODAY = day_of(eg.T0)


def making(marker: Conversation) -> Change:
    """The marker is written, new or not."""
    decision = Decision(b"", image=eg.IMAGE, conversation=marker)
    key = BroadcastId(f"make {marker}")
    return Change(eg.TENANT, eg.ALICE, key, b"", always(decision), conversation_id=marker.id)


async def test_what_changes_make_is_counted_with_them_and_once(store: Store) -> None:
    assert await used(store) == {}
    for _ in range(2):
        await store.change(saying("one"))
    await store.change(making(eg.conversation()))
    counted = {TODAY.isoformat(): Usage(conversations=1, comments=1)}
    assert await used(store) == counted
    written = saying("one", key="edited")
    edited = replace(saying("one").decide(Subject(now_ms=eg.T0)), events=())
    await store.change(replace(written, comment_id=CommentId("c_one"), decide=always(edited)))
    await store.change(making(replace(eg.conversation(), point=eg.point(1.0))))
    assert await used(store) == counted, "nothing came of these that was not there"
    assert await used(store, OTHER) == {}


async def test_votes_are_counted_when_they_are_given(store: Store) -> None:
    await store.change(saying("one"))
    up, down = ballot(eg.BOB), ballot(eg.BOB, -1)
    for _ in range(2):
        await store.change(balloting("up", Decision(b"", vote=up)))
        await store.change(balloting("turned", Decision(b"", removed_vote=up, vote=down)))
        await store.change(balloting("taken back", Decision(b"", removed_vote=down)))
    assert await used(store) == {TODAY.isoformat(): Usage(comments=1, votes=2)}


async def test_what_is_refused_or_fails_is_not_counted(store: Store) -> None:
    def refuse(subject: Subject) -> Decision:
        raise ValueError

    with pytest.raises(ValueError):
        await store.change(replace(saying("one"), decide=refuse))
    unreadable = Announced(
        ROOM, eg.THREAD, eg.image_chat_updated(conversation=eg.conversation(commenter_name="\0"))
    )
    half = replace(saying("two").decide(Subject(now_ms=eg.T0)), events=(unreadable,))
    with pytest.raises(MalformedMessage):
        await store.change(replace(saying("two"), decide=always(half)))
    assert await used(store) == {}


async def test_a_thread_that_comes_back_was_counted_when_it_was_made(store: Store) -> None:
    marker = eg.conversation()
    await store.change(making(marker))
    await store.change(deletion(marker, eg.T0 + DAY_MS))
    await store.change(restoring(marker, []))
    assert await store.conversation(eg.TENANT, marker.id) is not None
    assert await used(store) == {TODAY.isoformat(): Usage(conversations=1)}


async def test_usage_is_added_up_whoever_adds_and_keeps_its_first_time(store: Store, clock: Clock) -> None:
    await store.change(saying("one"))
    clock.ms += 1_000
    added = Usage(comment_lists=1, user_searches=2, messages=3, message_bytes=1 << 40)
    tomorrow = TODAY + timedelta(days=1)
    async with asyncio.TaskGroup() as tasks:
        for _ in range(20):
            tasks.create_task(
                store.add_usage({(eg.TENANT, TODAY): added, (OTHER, tomorrow): Usage(messages=1)})
            )
    (told,) = await store.daily_usage(eg.TENANT, UsageQuery())
    assert told == DailyUsage(TODAY, Usage(0, 1, 0, 20, 40, 60, 20 << 40), eg.T0)
    assert await used(store, OTHER) == {tomorrow.isoformat(): Usage(messages=20)}


async def test_a_change_belongs_to_the_day_on_which_it_is_made(store: Store, clock: Clock) -> None:
    clock.ms += ms_left_of_day(clock.ms) - 1
    for text in ("late", "early"):
        await store.change(saying(text))
        clock.ms += 1
    assert await used(store) == {
        day.isoformat(): Usage(comments=1) for day in (TODAY, TODAY + timedelta(days=1))
    }


@pytest.mark.parametrize(
    ("asked", "days"),
    [
        (UsageQuery(), ["2025-12-31", "2026-01-01", "2026-01-31", "2026-03-01", "2027-01-01"]),
        (UsageQuery(year=2026), ["2026-01-01", "2026-01-31", "2026-03-01"]),
        (UsageQuery(month=1), ["2026-01-01", "2026-01-31", "2027-01-01"]),
        (UsageQuery(day=1), ["2026-01-01", "2026-03-01", "2027-01-01"]),
        (UsageQuery(day=31), ["2025-12-31", "2026-01-31"]),
        (UsageQuery(year=2026, month=1, day=1), ["2026-01-01"]),
        (UsageQuery(year=2026, month=2), []),
        (UsageQuery(month=13), []),
        (UsageQuery(month=0), []),
        (UsageQuery(day=2**53), []),
        (UsageQuery(year=0), []),
        (UsageQuery(year=2**53), []),
        (UsageQuery(skip=3), ["2026-03-01", "2027-01-01"]),
        (UsageQuery(skip=2**53), []),
        (UsageQuery(skip=1, most=2), ["2026-01-01", "2026-01-31"]),
        (UsageQuery(since=date(2026, 1, 31)), ["2026-01-31", "2026-03-01", "2027-01-01"]),
        (UsageQuery(since=date(2026, 1, 31), year=2026, day=1), ["2026-03-01"]),
    ],
)
async def test_days_are_those_that_equal_all_that_is_asked_for(
    store: Store, asked: UsageQuery, days: list[str]
) -> None:
    for day in ("2027-01-01", "2026-03-01", "2026-01-31", "2026-01-01", "2025-12-31"):
        await store.add_usage({(eg.TENANT, date.fromisoformat(day)): Usage(messages=1)})
    found = await store.daily_usage(eg.TENANT, asked)
    assert [told.day.isoformat() for told in found] == days
    assert await store.daily_usage(OTHER, asked) == ()
