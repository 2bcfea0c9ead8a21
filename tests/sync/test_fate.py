"""Convergence with Hypothesis in the place of fate: it looks for the shortest schedule that breaks a promise."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from imagechat_tui.protocol.ids import CommentId, ConversationId
from imagechat_tui.protocol.models import Point
from imagechat_tui.sync.inputs import Woke
from imagechat_tui.sync.intents import (
    CloseThread,
    DeleteComment,
    DeleteConversation,
    DiscardDraft,
    EditComment,
    Intent,
    KeepDraft,
    LockComment,
    Look,
    MarkRead,
    MoveConversation,
    OpenThread,
    PinComment,
    PostComment,
    ResolveConversation,
    Retry,
    StartConversation,
    TryNow,
    Undo,
    VoteComment,
)
from imagechat_tui.sync.state import Status
from imagechat_tui.sync.views import threads
from tests.sync.test_convergence import check, check_order, check_text
from tests.sync.world import Faults, Session, World

WHO = st.integers(0, 2)
WHICH = st.integers(0, 5)
WRITES = st.sampled_from(["post", "keep", "edit", "delete comment", "delete", "move", "resolve"])
CALM = Faults(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)


class Fate(RuleBasedStateMachine):
    """Three sessions of two persons on one server, and everything that may befall them."""

    world: World
    healed = False

    @initialize(seed=st.integers(0, 1_000), ours=st.booleans())
    def begin(self, seed: int, ours: bool) -> None:
        names = ("anna1", "anna2", "bob") if ours else ("anna", "bob", "carl")
        self.world = World(seed, ours=ours, names=names)

    def _session(self, who: int) -> Session:
        return self.world.sessions[who]

    def _ours(self) -> bool:
        return self.world.server.ours

    # What people do

    @rule(who=WHO)
    def start_conversation(self, who: int) -> None:
        number = self.world.number()  # a spot of its own: what two make of one spot no hosted list can tell
        self._session(who).wish(StartConversation(Point(number % 100, number // 100), f"text {number}"))

    @rule(
        who=WHO,
        which=WHICH,
        what=st.sampled_from(
            ["post", "keep", "edit", "delete comment", "delete", "move", "resolve", "vote", "pin", "lock"]
        ),
    )
    def write(self, who: int, which: int, what: str) -> None:
        session, text = self._session(who), f"text {self.world.number()}"
        homes = [thread.conversation.id for thread in threads(session.engine.state)]
        home = homes[which % len(homes)] if homes else ConversationId("ic_none")
        known = session.engine.state.confirmed.comments.get(home, {}).values()
        mine = [comment.id for comment in known if self._ours() or comment.author_id == session.user]
        comment = mine[which % len(mine)] if mine else CommentId("c_none")
        wishes: dict[str, Intent] = {
            "post": PostComment(home, text),
            "keep": KeepDraft(PostComment(home, text)),
            "edit": EditComment(home, comment, text),
            "delete comment": DeleteComment(home, comment),
            "delete": DeleteConversation(home),
            "move": MoveConversation(home, Point(float(which), 99.0)),
            "resolve": ResolveConversation(home, resolved=which % 2 == 0),
            "vote": VoteComment(home, comment, which % 3 - 1),
            "pin": PinComment(home, comment, pinned=which % 2 == 0),
            "lock": LockComment(home, comment, locked=which % 3 == 0),
        }
        session.wish(wishes[what])

    @rule(who=WHO, which=WHICH, again=st.booleans())
    def see_to_a_draft(self, who: int, which: int, again: bool) -> None:
        session = self._session(who)
        drafts = session.engine.state.mine.drafts
        if drafts:
            draft = drafts[which % len(drafts)].id
            session.wish(Retry(draft) if again else DiscardDraft(draft))

    @rule(who=WHO, which=WHICH, what=st.sampled_from([OpenThread, Look, MarkRead, CloseThread, TryNow, Undo]))
    def look(self, who: int, which: int, what: type) -> None:
        session = self._session(who)
        homes = list(session.engine.state.confirmed.conversations) or [ConversationId("ic_none")]
        home = homes[which % len(homes)]
        session.wish(
            what((home,)) if what is MarkRead else what(home) if what in (OpenThread, Look) else what()
        )

    # What befalls them

    @rule(seconds=st.sampled_from([0.01, 0.3, 1.0, 5.0, 20.0, 120.0]))
    def time_passes(self, seconds: float) -> None:
        self.world.run_until(self.world.now + seconds)

    @rule(who=WHO)
    def the_link_breaks(self, who: int) -> None:
        self.world.cut(self._session(who))

    @rule()
    def the_network_goes_or_comes(self) -> None:
        self.world.reachable = not self.world.reachable
        if not self.world.reachable:
            for session in self.world.sessions:
                self.world.cut(session)

    @rule(calm=st.booleans())
    def the_network_is_good_or_bad(self, calm: bool) -> None:
        self.world.faults = CALM if calm else Faults()

    @rule(who=WHO)
    def the_program_is_killed(self, who: int) -> None:
        self._session(who).crash()

    @rule(who=WHO)
    def the_machine_wakes(self, who: int) -> None:
        self._session(who).feed(Woke())

    @rule()
    def the_log_is_trimmed(self) -> None:
        self.world.trim()

    @precondition(lambda self: self._ours())
    @rule(what=st.sampled_from(["start_anew", "back_up", "restore"]))
    def the_server_restarts(self, what: str) -> None:
        self.world.server_restarts(getattr(self.world.server, what))

    @precondition(lambda self: self._ours())
    @rule(hours=st.sampled_from([-48, 0, 48]))
    def the_servers_clock_jumps(self, hours: int) -> None:
        self.world.clock_off_ms = hours * 3_600_000

    # What holds at every moment; that nothing spins and nothing is sent by itself, `Session` checks with each input

    @invariant()
    def no_text_is_lost(self) -> None:
        for session in self.world.sessions if hasattr(self, "world") else ():
            check_text(self.world, session)

    @invariant()
    def no_event_is_applied_twice(self) -> None:
        for session in self.world.sessions if hasattr(self, "world") else ():
            check_order(self.world, session)

    @invariant()
    def every_thread_is_shown_once_and_every_unsaved_text_somewhere(self) -> None:
        for session in self.world.sessions if hasattr(self, "world") else ():
            state = session.engine.state
            shown = threads(state)
            assert len({thread.key for thread in shown}) == len(shown)
            said = {view.comment.text for thread in shown for view in thread.comments}
            deleted = set(state.confirmed.conversations) - {thread.key for thread in shown}
            for entry in state.mine.outbox:
                if isinstance(entry.write, StartConversation):
                    assert entry.write.text in said
                elif isinstance(entry.write, PostComment) and entry.write.conversation_id not in deleted:
                    there = entry.write.conversation_id in state.confirmed.conversations
                    assert entry.write.text in said or not there
            for thread in shown:
                keys = [view.key for view in thread.comments]
                assert len(set(keys)) == len(keys)
                assert thread.status is not Status.SAVED or thread.draft_id is None

    def teardown(self) -> None:
        if hasattr(self, "world"):
            self.world.heal()
            check(self.world)


TestFate = Fate.TestCase
TestFate.settings = settings(max_examples=60, stateful_step_count=30)
