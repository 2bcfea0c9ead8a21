"""Whatever the network did, all screens end up equal to the server, and every verdict was true."""

from __future__ import annotations

import pytest

from imagechat_tui.problems import ProblemKind
from imagechat_tui.protocol.models import Comment
from imagechat_tui.sync.effects import Missed, News
from imagechat_tui.sync.inputs import RoomFound
from imagechat_tui.sync.intents import Look, StartConversation, TextWrite
from imagechat_tui.sync.numbered_room import REPLAY_AT_MOST
from imagechat_tui.sync.outbox import comment_step_id
from imagechat_tui.sync.placements import guess
from imagechat_tui.sync.state import Phase
from imagechat_tui.sync.views import placement_of
from tests.sync.world import Faults, Session, Told, World, showing

STEPS = 40
VERDICTS = (News.SAVED, News.NOT_SAVED, News.REFUSED)


def played(seed: int, *, ours: bool) -> World:
    """A schedule of misfortunes, and then the time to recover."""
    world = World(seed, ours=ours, names=("anna1", "anna2", "bob") if ours else ("anna", "bob", "carl"))
    world.run_until(world.now + 2.0)
    for _ in range(STEPS):
        world.step()
    world.heal()
    return world


def check(world: World) -> None:
    """What must hold in the end, for every session."""
    for session in world.sessions:
        check_equal(world, session)
        check_read(world, session)
        check_placed(world, session)
        check_order(world, session, at_rest=True)
        check_verdicts(world, session)
        check_text(world, session)


def check_equal(world: World, session: Session) -> None:
    state, server = session.engine.state, world.server
    assert state.connection.phase is Phase.LIVE, state.connection
    assert state.confirmed.conversations == server.conversations
    assert list(state.confirmed.conversations) == list(server.conversations)
    assert state.mine.outbox == ()
    assert state.mine.acknowledged == ()
    assert state.here.online == {user.id for user in world.users()}
    threads = state.confirmed.comments.items() if server.ours else [
        (key, thread) for key, thread in state.confirmed.comments.items() if key == state.mine.open_thread
    ]  # fmt: skip
    if server.ours:
        assert state.confirmed.comments.keys() == server.comments.keys()
    for key, thread in threads:
        mine = [(c.id, c.text or c.html, *judged(c)) for c in thread.values()]
        its = [(c.id, c.text, *judged(c)) for c in server.comments[key].values()]
        assert (mine if server.ours else sorted(mine)) == (its if server.ours else sorted(its))

    own = {vote.comment_id: vote for vote in server.own(session.user).votes}
    if server.ours:
        assert state.confirmed.votes == own
    for _, thread in threads:
        assert state.confirmed.votes.items() & own.items() >= {
            (key, vote) for key, vote in own.items() if key in thread
        }


def judged(comment: Comment) -> tuple[object, ...]:
    """What others think of a comment."""
    return comment.votes, comment.votes_up, comment.votes_down, comment.is_pinned, comment.is_locked


def check_read(world: World, session: Session) -> None:
    """What is unread is what the server says of this person, in each of their sessions."""
    server, user = world.server, session.user
    if not server.ours:
        return
    assert server.revisions[user] > 0
    unread = {
        key
        for key, thread in server.comments.items()
        if any(
            (c.number or 0) > server.read.get((user, key), 0) for c in thread.values() if c.user_id != user
        )
    }
    assert session.engine.state.mine.unread == unread


def check_placed(world: World, session: Session) -> None:
    """Where markers are on the version shown is what the server says of it; of others nobody can tell."""
    state = session.engine.state
    version = state.placings.version
    if version is None:
        return
    assert state.placings.told
    told = {placement.conversation_id: placement for placement in world.server.placements(version).placements}
    for key, chat in state.confirmed.conversations.items():
        shown, untold = placement_of(state, chat), (None, guess(key, chat.point))
        assert shown == told.pop(key) if key in told else shown in untold
    assert not told


def check_in_step(world: World) -> None:
    """After the network has healed each placement is heard of: no later list or question mends it."""
    for number, session in enumerate(world.sessions):
        session.feed(RoomFound(showing(number % 2 + 1)))
    for _ in range(20):
        world.place_markers()
        world.run_until(world.now + world.chance.choice([0.0, 0.1, 1.0]))
    world.run_until(world.now + 10.0)
    for session in world.sessions:
        check_placed(world, session)


def check_order(world: World, session: Session, *, at_rest: bool = False) -> None:
    """Each event once and in its place, or told as missed (until the server itself went back); at rest, all of them."""
    if world.server.restored or not world.server.ours:
        return
    place = None
    for told in session.trail:
        if isinstance(told, Missed):
            assert place in (None, (told.after.epoch, told.after.seq)), told
            place = told.up_to.epoch, told.up_to.seq
        else:
            assert told.position is not None
            epoch, seq = told.position.epoch, told.position.seq
            assert place in (None, (epoch, seq - 1)), told
            place = epoch, seq
    if at_rest:
        position = world.server.position
        assert place in (None, (position.epoch, position.seq))


def check_verdicts(world: World, session: Session) -> None:
    """Saved means carried out; not saved means not carried out; nothing was carried out twice."""
    done = world.server.done
    if world.server.ours and not world.server.restored:
        assert len(done) == len(set(done))
    for broadcast_id, told in session.told.items():
        last = told.news[-1]
        if not isinstance(told.write, TextWrite) or broadcast_id in world.doubtful or last is None:
            continue
        assert last.news in VERDICTS, told
        if last.news is News.SAVED:
            # A hosted marker whose comment joined a thread that is there already is saved with its first step.
            assert broadcast_id in done or (
                not world.server.ours and comment_step_id(broadcast_id) in done
            ), told
        elif not unsure(told):
            assert broadcast_id not in done, told


def unsure(told: Told) -> bool:
    """Whether a write that was in flight when its program died is told as "not known to be saved"."""
    died = max((n for n, news in enumerate(told.news) if news is None), default=-1)
    return died >= 0 and all(
        news is not None
        and (
            news.news in (News.REFUSED, News.CHECKING)
            or (news.problem is not None and news.problem.kind is ProblemKind.RESTARTED)
        )
        for news in told.news[died + 1 :]
    )


def check_text(world: World, session: Session) -> None:
    """Whatever was typed is on the server, or on disk, or was dropped by the person."""
    kept = {getattr(draft.write, "text", None) for draft in session.stored}
    done = {broadcast_id.removesuffix(".comment") for broadcast_id in world.server.done}
    saved = {
        getattr(write, "text", None) for broadcast_id, write in session.submitted if broadcast_id in done
    }
    assert session.typed <= kept | saved | session.dropped, session.typed - (kept | saved | session.dropped)


@pytest.mark.reliability
@pytest.mark.parametrize("block", range(20))
def test_all_sessions_end_up_equal_to_our_server(block: int, runs: int) -> None:
    for seed in range(block * runs // 20, (block + 1) * runs // 20):
        try:
            world = played(seed, ours=True)
            check(world)
            check_in_step(world)
        except Exception as error:
            error.add_note(f"seed {seed}")
            raise


@pytest.mark.reliability
@pytest.mark.parametrize("block", range(5))
def test_no_event_that_the_log_still_has_is_left_out_after_any_outage(block: int, runs: int) -> None:
    for seed in range(block * runs // 20, (block + 1) * runs // 20):
        world = World(seed)
        world.server.replays = REPLAY_AT_MOST
        world.faults = Faults(lose_request=0.05, lose_answer=0.05)
        world.run_until(world.now + 2.0)
        for _ in range(15):
            for each in world.sessions:
                world.person(each)
            world.reachable = world.chance.random() < 0.5
            if not world.reachable:
                for each in world.sessions:
                    world.cut(each)
            world.run_until(world.now + world.chance.choice((1.0, 8.0, 20.0, 40.0)))
        world.heal()
        try:
            check(world)
            missed = [told for each in world.sessions for told in each.trail if isinstance(told, Missed)]
            assert missed == []
        except Exception as error:
            error.add_note(f"seed {seed}")
            raise


@pytest.mark.reliability
@pytest.mark.parametrize("block", range(5))
def test_all_sessions_end_up_equal_to_a_hosted_server(block: int, runs: int) -> None:
    for seed in range(block * runs // 20, (block + 1) * runs // 20):
        try:
            check(played(seed, ours=False))
        except Exception as error:
            error.add_note(f"seed {seed}")
            raise


def test_a_marker_at_the_spot_of_another_begins_a_thread_of_its_own() -> None:
    world = World(1, names=("anna1", "bob"))
    world.faults.slow = 0.0
    world.heal()
    from imagechat_tui.protocol.models import Point

    for session in world.sessions:
        session.wish(StartConversation(Point(50.0, 50.0), f"by {session.name}"))
    world.heal()
    check(world)
    assert len(world.server.conversations) == 2


@pytest.mark.reliability
@pytest.mark.parametrize("block", range(3))
def test_what_is_unread_is_in_step_with_nobody_asking_anew(block: int, runs: int) -> None:
    """Also of a marker that was taken away and is back, and for a session that came while it was gone."""
    for seed in range(block * runs // 20, (block + 1) * runs // 20):
        world = World(seed)
        world.faults = Faults(**dict.fromkeys(Faults.__struct_fields__, 0.0))
        world.run_until(world.now + 2.0)
        for _ in range(60):
            world.read_on_and_off()
            world.run_until(world.now + world.chance.choice([0.0, 0.1, 1.2]))
        for session in world.sessions:
            session.wish(Look())
        world.run_until(world.now + 20.0)
        try:
            for session in world.sessions:
                check_read(world, session)
        except Exception as error:
            error.add_note(f"seed {seed}")
            raise
