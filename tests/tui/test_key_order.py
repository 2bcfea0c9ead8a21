"""Keys are taken in order, each when all that the one before it set off has happened; what they need they wait for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress

import pytest
from textual import events
from textual.events import Event, Key

from imagechat_tui.tui import key_order
from imagechat_tui.tui.key_order import KeyOrder
from imagechat_tui.tui.textual_internals import event_loop


def key(name: str) -> Key:
    return Key(name, name if len(name) == 1 else None)


class Doing:
    """Notes what is done, and sets off more."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.layouts = 0
        self.sending: asyncio.Event | None = None
        self.sets_off: dict[str, Callable[[], object]] = {}

    async def act(self, event: Event) -> None:
        assert isinstance(event, Key)
        self.done.append(event.key)
        if event.key in self.sets_off:
            self.sets_off[event.key]()

    async def type_in(self, typed: Sequence[Event]) -> None:
        self.done.append("".join(event.key for event in typed if isinstance(event, Key)))

    async def depart(self) -> bool:
        if self.sending is None:
            return False
        await self.sending.wait()
        self.sending = None
        self.done.append("sent")
        return True

    async def lay_out(self) -> bool:
        self.layouts, before = max(0, self.layouts - 1), self.layouts
        return bool(before)


@asynccontextmanager
async def taking(
    doing: Doing, *, types: Callable[[Event], bool] = lambda _: False
) -> AsyncIterator[KeyOrder]:
    order = KeyOrder(doing.act, doing.depart, doing.lay_out, types, doing.type_in)
    task = asyncio.get_running_loop().create_task(order.run())
    try:
        yield order
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def rest(order: KeyOrder) -> None:
    async with asyncio.timeout(60):
        await order.rest()


@pytest.mark.parametrize("loop_tells", [True, False])
@pytest.mark.parametrize("links", [1, 10, 49, 50, 51, 200, 400])
async def test_a_key_is_taken_when_all_that_the_one_before_set_off_has_happened(
    links: int, loop_tells: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not loop_tells:
        monkeypatch.setattr(event_loop, "ready_queue", lambda: None)
    doing = Doing()
    loop = asyncio.get_running_loop()

    def set_off(left: int) -> None:
        """A chain of callbacks, tasks and wakings, as messages that go from widget to widget are."""
        if not left:
            doing.done.append("happened")
        elif left % 3 == 0:
            loop.call_soon(set_off, left - 1)
        elif left % 3 == 1:
            tasks.append(loop.create_task(later(left - 1)))
        else:
            woken = loop.create_future()
            tasks.append(loop.create_task(when(woken, left - 1)))
            loop.call_soon(woken.set_result, None)

    async def later(left: int) -> None:
        set_off(left)

    async def when(woken: asyncio.Future[None], left: int) -> None:
        await woken
        set_off(left)

    tasks: list[asyncio.Task[None]] = []
    doing.sets_off["c"] = lambda: set_off(links)
    async with taking(doing) as order:
        for name in "ca":
            order.put(key(name))
        await rest(order)
    assert doing.done == ["c", "happened", "a"]


async def test_a_key_behind_the_one_that_sends_a_text_waits_until_that_has_left() -> None:
    doing, left = Doing(), asyncio.Event()

    def send() -> None:
        doing.sending = left
        asyncio.get_running_loop().call_later(0, left.set)

    doing.sets_off["enter"] = send
    async with taking(doing) as order:
        order.put(key("enter"))
        order.put(key("q"))
        await rest(order)
        order.put(key("enter"))
        await rest(order)
    assert doing.done == ["enter", "sent", "q", "enter", "sent"]


async def test_what_waits_for_time_or_the_world_holds_nobody() -> None:
    doing = Doing()
    never = asyncio.Event()
    waiting: list[asyncio.Task[object]] = []
    doing.sets_off["c"] = lambda: waiting.append(asyncio.get_running_loop().create_task(never.wait()))
    async with taking(doing) as order:
        for name in "cab":
            order.put(key(name))
        await rest(order)
        waiting[0].cancel()
    assert doing.done == ["c", "a", "b"]


async def test_a_loop_that_never_rests_holds_a_key_for_a_while_only() -> None:
    doing = Doing()
    async with taking(doing) as order:
        order.put(key("a"))
        order.put(key("b"))
        async with asyncio.timeout(60):
            while len(doing.done) < 2:  # noqa: ASYNC110 (this is the loop that never rests)
                await asyncio.sleep(0)
    assert doing.done == ["a", "b"]


async def test_a_layout_that_is_due_is_done_before_the_next_key_but_not_for_every_letter() -> None:
    doing = Doing()
    doing.layouts = 2
    async with taking(doing, types=lambda event: isinstance(event, Key) and event.is_printable) as order:
        order.put(key("a"))
        await rest(order)
        assert doing.layouts == 0
        doing.layouts = 1
        order.put(key("b"))
        order.put(key("c"))
        await rest(order)
        assert doing.layouts == 1
        order.put(key("up"))
        await rest(order)
    assert doing.layouts == 0


async def test_what_a_key_led_to_goes_before_the_keys_behind_it() -> None:
    doing = Doing()

    async def command() -> None:
        doing.done.append("command")

    async with taking(doing) as order:
        doing.sets_off["enter"] = lambda: order.put_first(command)
        for name in ("enter", "a"):
            order.put(key(name))
        await rest(order)
    assert doing.done == ["enter", "command", "a"]


class Needy(Doing):
    """``c`` needs something that is not there yet."""

    def __init__(self) -> None:
        super().__init__()
        self.order: KeyOrder | None = None
        self.there = False
        self.told = 0
        self.was_told = asyncio.Event()
        self.patience_s: float | None = None

    async def act(self, event: Event) -> None:
        assert isinstance(event, Key)
        assert self.order is not None
        if event.key != "c" or await self.order.wait(
            lambda: not self.there, patience_s=self.patience_s, notice=self.notice
        ):
            self.done.append(event.key)

    def notice(self) -> None:
        self.told += 1
        self.was_told.set()


@pytest.fixture
def soon_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(key_order, "NOTICE_AFTER_S", 0.0)


async def test_a_key_waits_for_what_it_needs_and_those_behind_it_with_it() -> None:
    doing = Needy()
    async with taking(doing) as order:
        doing.order = order
        for name in (
            "a",
            "c",
            "x",
            "escape",
            "ctrl+q",
        ):  # all before anything was told: they keep their places
            order.put(key(name))
        async with asyncio.timeout(60):
            await order.still()
        assert order.waiting
        assert doing.done == ["a"]
        doing.there = True
        await rest(order)
    assert doing.done == ["a", "c", "x", "escape", "ctrl+q"]
    assert not doing.told


async def test_patience_ends() -> None:
    doing = Needy()
    doing.patience_s = 0.0
    async with taking(doing) as order:
        doing.order = order
        for name in "cx":
            order.put(key(name))
        await rest(order)
    assert doing.done == ["c", "x"]


@pytest.mark.usefixtures("soon_told")
@pytest.mark.parametrize(("pressed", "done"), [("escape", ["b"]), ("ctrl+q", ["ctrl+q", "b"])])
async def test_who_was_told_that_keys_wait_drops_them_or_leaves(pressed: str, done: list[str]) -> None:
    doing = Needy()
    async with taking(doing) as order:
        doing.order = order
        for name in ("c", "x"):
            order.put(key(name))
        async with asyncio.timeout(60):
            await doing.was_told.wait()
        order.put(key(pressed))
        order.put(key("b"))
        await rest(order)
    assert doing.done == done
    assert doing.told == 1


@pytest.fixture
def quits_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(key_order, "QUIT_WITHIN_S", 0.0)


@pytest.mark.usefixtures("quits_at_once")
@pytest.mark.parametrize(("before", "taken"), [(0, 0), (51, 51), (52, 1), (100_000, 1)])
async def test_who_quits_waits_for_a_few_keys_but_for_no_backlog(before: int, taken: int) -> None:
    doing = Doing()
    async with taking(doing) as order:
        for _ in range(before):
            order.put(key("x"))
        order.put(key("ctrl+q"))
        await rest(order)
    assert doing.done[-1:] == ["ctrl+q"]
    assert doing.done[:-1] == ["x"] * taken


@pytest.mark.usefixtures("quits_at_once")
async def test_who_quits_behind_words_keeps_them_however_many() -> None:
    doing = Doing()
    async with taking(doing, types=lambda event: isinstance(event, Key) and event.is_printable) as order:
        for name in ["up", *"x" * 200, "ctrl+q"]:
            order.put(key(name))
        await rest(order)
    assert doing.done[-2:] == ["x" * 200, "ctrl+q"]


async def test_quitting_soon_behind_keys_drops_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(key_order, "QUIT_WITHIN_S", 3600.0)
    doing = Doing()
    async with taking(doing) as order:
        for name in [*"x" * 200, "ctrl+q"]:
            order.put(key(name))
        await rest(order)
    assert doing.done == [*"x" * 200, "ctrl+q"]


async def test_letters_that_follow_one_another_are_typed_as_one() -> None:
    doing = Doing()
    async with taking(doing, types=lambda event: isinstance(event, Key) and event.is_printable) as order:
        for name in [*"abc", "up", *"de"]:
            order.put(key(name))
        await rest(order)
    assert doing.done == ["abc", "up", "de"]


async def test_pastes_and_clicks_have_their_place_among_the_keys() -> None:
    done: list[Event] = []

    async def act(event: Event) -> None:
        done.append(event)

    order = KeyOrder(act, Doing().depart, Doing().lay_out, lambda _: False, Doing().type_in)
    task = asyncio.get_running_loop().create_task(order.run())
    came = [key("a"), events.Paste("b"), key("c")]
    for event in came:
        order.put(event)
    await rest(order)
    task.cancel()
    assert done == came
