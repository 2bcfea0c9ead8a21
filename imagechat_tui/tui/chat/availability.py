"""Which commands would do nothing now, and which have to wait for something."""

from __future__ import annotations

from collections.abc import Callable, Set
from typing import TYPE_CHECKING, Final, Protocol, assert_never

from imagechat_tui.commands import COMMANDS, WRITES
from imagechat_tui.protocol.models import PlacementState
from imagechat_tui.sync.intents import DeleteComment, DeleteConversation
from imagechat_tui.sync.state import CommentView, Peer, Thread, WriteStatus
from imagechat_tui.tui.chat import needs
from imagechat_tui.tui.chat.needs import Need
from imagechat_tui.tui.chat.refusals import IN_FLIGHT
from imagechat_tui.tui.chat.screen_state import PictureStatus, ScreenState
from imagechat_tui.tui.chat.selection import Selection

if TYPE_CHECKING:
    from imagechat_tui.protocol.models import Point


PLACINGS: Final = frozenset({"marker.confirm", "marker.take", "marker.put-back"})
"""Ids of commands about where a marker is."""


OPINIONS: Final = frozenset(command.id for command in COMMANDS if command.id.startswith("comment."))
"""Ids of commands about what is thought of a comment."""


class PictureView(Protocol):
    """What commands have to know of the picture."""

    @property
    def crosshair(self) -> Point:
        """Where the crosshair is."""

    @property
    def is_drawn(self) -> bool:
        """Whether what is wished for is on the screen."""


class Availability:
    """Looks at the state, the selection and the picture for each command, by its id.

    Args:
        state: what is shown.
        selection: what keys are about.
        picture: the picture that is shown.
        focused_comment: the selected comment, if keys go to the open thread.
    """

    def __init__(
        self,
        state: ScreenState,
        selection: Selection,
        picture: PictureView,
        focused_comment: Callable[[], CommentView | None],
    ) -> None:
        self._state = state
        self._selection = selection
        self._picture = picture
        self._focused_comment = focused_comment

    # -- what would do nothing

    @property
    def forbidden_commands(self) -> Set[str]:
        """Ids of commands that are not for somebody who may only read."""
        return WRITES if self._state.is_read_only else frozenset()

    @property
    def disabled_commands(self) -> Set[str]:
        """Ids of commands that would do nothing now."""
        disabled = set(self.forbidden_commands)
        thread = self._selection.current
        if thread is None:
            disabled |= WRITES - {"marker.new"} | PLACINGS
        else:
            disabled |= self._disabled_for(thread) | self._useless_placings(thread)
        if self._selection.gone is not None:
            disabled.add("marker.new")
        if not self._state.found:
            disabled |= {"marker.next", "list.open"}
        if not any(thread.unread for thread in self._state.threads):
            disabled.add("marker.unread")
        if self._state.shown.room.image is None:  # the server does not know the picture
            disabled.add("image.anew")
        if self._state.pictureless:
            disabled |= {"marker.new", "image.open"}
        return disabled

    def _disabled_for(self, thread: Thread) -> set[str]:
        """Ids of commands that would do nothing for a thread, or for the selected comment of it."""
        state = self._state
        disabled = {"thread.resolve" if thread.conversation.resolved else "thread.reopen"}
        connected = state.shown.connection.can_write
        if not connected or state.shown.confirmed.peer is Peer.HOSTED or not state.is_on_server(thread):
            disabled |= {"thread.resolve", "thread.reopen"}
        if not state.is_on_server(thread):
            disabled.add("thread.reply")
        if not thread.takes_replies:
            disabled.add("thread.reply")
        disabled |= self._useless_opinions(thread)
        edited = self._selection.to_edit(thread)
        if edited is None or (edited.draft_id is None and not self._can_change(edited)):
            disabled.add("thread.edit")
        comment = self._focused_comment()
        deleted = comment if comment is not None and len(thread.comments) > 1 else thread
        if deleted.draft_id is None and not (connected and self._can_change(deleted)):
            disabled.add("thread.delete")
        return disabled

    def _useless_opinions(self, thread: Thread) -> Set[str]:
        """Ids of commands about the current comment of a thread that would do nothing."""
        state, comment = self._state, self._focused_comment() or next(iter(thread.comments), None)
        unsaved = comment is None or comment.draft_id is not None or not state.is_on_server(thread)
        if comment is None or unsaved or not state.shown.connection.can_write:
            return OPINIONS
        me, useless = state.shown.confirmed.me, set[str]()
        if me is not None and not me.is_admin:
            useless |= {"comment.pin", "comment.lock"}
        if comment.mine:
            useless |= {"comment.flag", "comment.block"}
        return useless

    def _useless_placings(self, thread: Thread) -> Set[str]:
        """Ids of commands about a marker's place that would do nothing for it."""
        state = self._state
        if state.is_read_only or not state.shown.connection.can_write or not state.is_on_server(thread):
            return PLACINGS
        if thread.placement is None:
            return PLACINGS - {"marker.take"} if self._can_change(thread) else PLACINGS
        match thread.placement.state:
            case PlacementState.SET:
                return frozenset({"marker.confirm"})
            case PlacementState.MOVED:
                return frozenset()
            case PlacementState.SAME | PlacementState.CHANGED | PlacementState.GUESS:
                return frozenset({"marker.put-back"})
            case unknown:
                assert_never(unknown)

    def _can_change(self, thing: Thread | CommentView) -> bool:
        locked = isinstance(thing, CommentView) and thing.comment.is_locked
        return self._state.may_change(thing) and thing.status not in IN_FLIGHT and not locked

    # -- what has to wait

    def lacks(self, need: Need, command_id: str | None) -> bool:
        """Whether a command should wait for something: without it, it would do something else than was meant."""
        match need:
            case Need.PICTURE:
                return command_id in needs.OF_PICTURE and self._state.picture is PictureStatus.COMING
            case Need.DRAWING:
                return command_id == "marker.hints" and not self._picture.is_drawn
            case Need.START:
                waits = command_id in needs.OF_START and command_id not in self.forbidden_commands
                return waits and self._state.is_starting
            case Need.READS:
                return command_id in needs.OF_READS and self._state.newest.mine.reads_come
            case Need.SAVED:
                waits = command_id in needs.OF_WHAT_IS_LEFT and self._deletes
                undoes = command_id == "thread.undo" and self._writes
                return needs.on_the_way(self._about(command_id)) or waits or undoes

    @property
    def _deletes(self) -> bool:
        """Whether the server is being asked to delete something."""
        deletions = (DeleteConversation, DeleteComment)
        return any(
            isinstance(entry.write, deletions) and entry.status is WriteStatus.PENDING
            for entry in self._state.shown.mine.outbox
        )

    @property
    def _writes(self) -> bool:
        """Whether the server is being asked to change something: what was done last is known when it has answered."""
        return any(entry.status is WriteStatus.PENDING for entry in self._state.newest.mine.outbox)

    def _about(self, command_id: str | None) -> list[Thread | CommentView | None]:
        """What the server must know of for a command."""
        if command_id in needs.OF_PLACE:
            crosshair = self._picture.crosshair
            return [here for here in self._state.threads if here.point == crosshair]
        if command_id not in needs.OF_THREAD:
            return []
        thread = self._selection.current
        edits = command_id == "thread.edit" and thread is not None
        edited = self._selection.to_edit(thread) if edits and thread is not None else None
        return [thread, self._focused_comment(), edited]
