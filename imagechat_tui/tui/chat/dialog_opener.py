"""Opens the dialogs over the main screen, and hands their answers on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from imagechat_tui.protocol.ids import UrlId
from imagechat_tui.sync.state import Draft, Thread
from imagechat_tui.tui.chat.notices import quote
from imagechat_tui.tui.chat.screen_state import ScreenState
from imagechat_tui.tui.commands import ActiveCommand
from imagechat_tui.tui.messages import CommandChosen
from imagechat_tui.tui.textual_internals.layers import Layer

if TYPE_CHECKING:
    from imagechat_tui.protocol.models import OtherImage
    from imagechat_tui.sync.state import CommentView
    from imagechat_tui.tui.clock import Clock


class DialogOpener:
    """Each method opens one dialog; what a dialog is made of is imported when it is opened first.

    Args:
        screen: the screen that they lie over.
        state: what is shown in them.
        clock: for the times in them.
    """

    def __init__(self, screen: Layer[Any], state: ScreenState, clock: Clock) -> None:
        self._screen = screen
        self._state = state
        self._clock = clock

    def confirm(
        self,
        question: str,
        about: str,
        yes: str,
        then: Callable[[], None],
        *,
        no: str = "keep",
        note: str = "",
    ) -> None:
        """Ask before something is lost, over whatever dialog is open; call ``then`` after a yes."""
        from imagechat_tui.tui.dialogs.confirm import ConfirmScreen

        def answered(agreed: bool | None) -> None:
            if agreed:
                then()

        top = self._screen.app.screen
        (top if isinstance(top, Layer) else self._screen).push_dialog(
            ConfirmScreen(question, quote(about), yes=yes, no=no, note=note), answered
        )

    def choose(self, threads: Sequence[Thread], chosen: Callable[[str], None]) -> None:
        """Ask which of the markers at one place is meant; call ``chosen`` with its key."""
        from imagechat_tui.tui.dialogs.choice import ChoiceScreen
        from imagechat_tui.tui.widgets.thread_list import ThreadList

        def answered(key: str | None) -> None:
            if key is not None:
                chosen(key)

        rows = ThreadList(self._clock, id="cluster")
        rows.people = self._state.people
        title = f"{len(threads)} markers at this spot"
        self._screen.push_dialog(ChoiceScreen(title, rows, threads), answered)

    def choose_room(self, others: Sequence[OtherImage], chosen: Callable[[UrlId], None]) -> None:
        """Ask which of several images is meant; call ``chosen`` with the key of its room."""
        from imagechat_tui.tui.dialogs.choice import ChoiceScreen
        from imagechat_tui.tui.dialogs.rooms import RoomRows

        def answered(url_id: str | None) -> None:
            if url_id is not None:
                chosen(UrlId(url_id))

        self._screen.push_dialog(ChoiceScreen("Also discussed in", RoomRows(id="rooms"), others), answered)

    def list_commands(self, title: str, text: str, commands: Sequence[ActiveCommand]) -> None:
        """List commands; the one that is chosen runs as its key would."""
        from imagechat_tui.tui.dialogs.command_list import CommandScreen

        def answered(command: ActiveCommand | None) -> None:
            if command is not None:
                self._screen.post_message(CommandChosen(command))

        self._screen.push_dialog(CommandScreen(title, text, commands), answered)

    def list_unsent(
        self,
        beside: str,
        *,
        retry: Callable[[Draft], None],
        discard: Callable[[Draft], None],
        write_on: Callable[[Draft], None],
    ) -> None:
        """List what is not on the server, what can be done with it, and what is said of other pictures."""
        from imagechat_tui.tui.dialogs.unsent import UnsentScreen

        def answered(draft: Draft | None) -> None:
            if draft is not None:
                write_on(draft)

        unsent = UnsentScreen(self._state.newest, self._clock, beside, retry=retry, discard=discard)
        self._screen.push_dialog(unsent, answered)

    def show_picture(self, size: str, start_anew: Callable[[], None] | None) -> None:
        """Show which picture it is: its room, how it was recognised, where it is met, what it has looked like.

        Args:
            size: its pixels, in words; empty if they are not known.
            start_anew: what gives it a room of its own; None if nothing can.
        """
        from imagechat_tui.tui.dialogs.facts import FactsScreen
        from imagechat_tui.tui.dialogs.picture import facts

        # Some of it is asked for only now, so it follows the state.
        shown = facts(self._state.shown, size)
        offers = start_anew is not None
        screen = FactsScreen("This picture", shown, lambda state: facts(state, size), offers_anew=offers)

        def answered(anew: bool | None) -> None:
            if anew and start_anew is not None:
                start_anew()

        self._screen.push_dialog(screen, answered)

    def show_details(self, thread: Thread, comment: CommentView | None) -> None:
        """Show who, when, where, and how a thread and one of its comments stand."""
        from imagechat_tui.tui.dialogs.details import facts
        from imagechat_tui.tui.dialogs.facts import FactsScreen

        self._screen.push_dialog(FactsScreen("Details", facts(self._state.shown, thread, comment)))
