"""The main screen: state in, intents out. Messages come up here, attributes go down from here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual import on
from textual.binding import BindingType

from imagechat_tui.commands import Context
from imagechat_tui.sync.intents import (
    DeleteComment,
    DeleteConversation,
    Drop,
    MoveCrosshair,
    ResolveConversation,
    TryNow,
)
from imagechat_tui.sync.state import CommentView, Draft, Status, Thread, WriteStatus
from imagechat_tui.tui.chat.layout import Sidebar
from imagechat_tui.tui.chat.needs import (
    OF_PICTURE,
    OF_PLACE,
    OF_START,
    OF_THREAD,
    OF_WHAT_IS_LEFT,
    Need,
    on_the_way,
)
from imagechat_tui.tui.chat.notices import TellingScreen
from imagechat_tui.tui.chat.selection import IN_FLIGHT
from imagechat_tui.tui.commands import ActiveCommand, all_commands, bindings, commands_here
from imagechat_tui.tui.messages import CommandChosen, PictureAsked
from imagechat_tui.tui.picture.image_view import ImageView
from imagechat_tui.tui.textual_internals.layers import Layer
from imagechat_tui.tui.themes import THEMES
from imagechat_tui.tui.widgets.rows import Rows
from imagechat_tui.tui.widgets.thread_list import first_line, one_line, replies_of

SHOWN = ("all", "open", "none")
"""What the key ``t`` goes through."""

SIDEBAR = {Sidebar.FITTING: "auto", Sidebar.FULL: "full", Sidebar.HIDDEN: "hidden"}
"""What the key ``s`` goes through, in words."""

ALL_SENT = "Nothing unsent: everything you wrote is saved."


class ChatScreen(TellingScreen):
    """The picture, its threads, and everything one can do with them."""

    HELP = "Move the crosshair on the picture, press c, type, then Enter. Each line is a key; Enter runs it."

    BINDINGS: ClassVar[list[BindingType]] = bindings(Context.CHAT)

    @on(Rows.Chosen, "#comments")
    def _comment_chosen(self) -> None:
        comment = self.comments.item
        draft = self.draft(comment.draft_id) if comment is not None else None
        if draft is not None:
            self.retry(draft)
        else:
            self.action_reply()

    @on(ImageView.CrosshairMoved)
    def _crosshair_moved(self, event: ImageView.CrosshairMoved) -> None:
        self.session.dispatch(MoveCrosshair(event.point))
        self.tell_status()

    @on(ImageView.ViewChanged)
    def _view_changed(self) -> None:
        self.tell_status()

    @on(ImageView.Told)
    def _picture_told(self, event: ImageView.Told) -> None:
        self.say("", event.words)

    @on(ImageView.Unchanged)
    def _picture_unchanged(self, event: ImageView.Unchanged) -> None:
        self.say_unused(event.key, event.why)

    @on(ImageView.MarkerChosen)
    def _marker_chosen(self, event: ImageView.MarkerChosen) -> None:
        self.select(event.key)
        if self.open_key is not None and self.composer.target is None:
            self.open_thread(event.key)
            self.go(self.picture)

    @on(ImageView.MarkersOpened)
    def _markers_opened(self, event: ImageView.MarkersOpened) -> None:
        keys = [key for key in event.keys if key in self._by_key]
        if len(keys) == 1:
            self.open_thread(keys[0])
        elif keys:
            from imagechat_tui.tui.dialogs.cluster import ClusterScreen

            screen = ClusterScreen([self._by_key[key] for key in keys], self.clock)
            self.cover(screen, self._cluster_chosen)

    def _cluster_chosen(self, key: str | None) -> None:
        if key is not None:
            self.open_thread(key)

    @on(ImageView.PointChosen)
    def _point_chosen(self, event: ImageView.PointChosen) -> None:
        self.write_marker(event.point)

    # -- keys

    def lacks(self, need: Need, command_id: str | None) -> bool:
        """Whether a command should wait for something: without it, it would do something else than was meant."""
        match need:
            case Need.PICTURE:
                return command_id in OF_PICTURE and not self.pictureless and self.picture.picture is None
            case Need.DRAWING:
                return command_id == "marker.hints" and not self.picture.is_drawn
            case Need.START:
                starting = not self.loaded and self.chat.connection.problem is None
                return command_id in OF_START and starting
            case Need.SAVED:
                return on_the_way(self._about(command_id)) or (
                    command_id in OF_WHAT_IS_LEFT and self._deletes
                )

    @property
    def _deletes(self) -> bool:
        """Whether the server is being asked to delete something."""
        deletions = (DeleteConversation, DeleteComment)
        return any(
            isinstance(entry.write, deletions) and entry.status is WriteStatus.PENDING
            for entry in self.chat.mine.outbox
        )

    def _about(self, command_id: str | None) -> list[Thread | CommentView | None]:
        """What the server must know of for a command."""
        if command_id in OF_PLACE:
            return [here for here in self.all_threads if here.conversation.point == self.picture.crosshair]
        if command_id not in OF_THREAD:
            return []
        thread = self.current
        comment = self.comments.item if self.focused is self.comments else None
        edited = self.to_edit(thread) if command_id == "thread.edit" and thread is not None else None
        return [thread, comment, edited]

    def action_new_marker(self) -> None:
        """Write a comment for a new marker at the crosshair; on a marker's own point, a reply to it.

        Two markers on one point would be one thread to the server (PROTOCOL 1.3).
        """
        point = self.picture.place
        saved = (thread for thread in self.all_threads if thread.status is Status.SAVED)
        here = next((thread for thread in saved if thread.conversation.point == point), None)
        if here is not None:
            self.write_reply(here)
        else:
            self.write_marker(point or self.picture.crosshair)

    def action_reply(self) -> None:
        """Answer in the current thread."""
        thread = self._need_thread()
        if thread is not None:
            self.write_reply(thread)

    def action_edit(self) -> None:
        """Edit the selected comment, else the last own one of the thread."""
        thread = self._need_thread()
        if thread is None:
            return
        comment = self.to_edit(thread)
        if comment is None:
            self.refuse_writing("Nothing to edit", "You have no comment in this thread.")
        elif comment.draft_id is None and not self.may_change(comment):
            self.refuse_writing("Not yours", "Only its author can edit it. Press r to reply.")
        elif comment.draft_id is None and (not self.may_write() or self._is_in_flight(comment)):
            self.refuse_writing()  # it has said why
        else:
            self.open_thread(thread.key)
            self.comments.selected = comment.key
            self.write_edit(thread, comment)

    def action_delete(self) -> None:
        """Ask, then delete the selected comment, or the marker with its whole thread."""
        thread = self._need_thread()
        if thread is None:
            return
        comment = self.comments.item if self.focused is self.comments else None
        whole = comment is None or len(thread.comments) <= 1
        draft = self.draft(comment.draft_id if comment is not None else thread.draft_id)
        if draft is not None:
            self._ask(
                "Discard this draft?",
                getattr(draft.write, "text", ""),
                "discard",
                lambda: self._drop(draft.id),
            )
        elif not self.may_write():
            pass  # it has said why
        elif not self.may_change(thing := thread if whole or comment is None else comment):
            self.say("Not yours", f"Only its author can delete {'the marker' if whole else 'it'}.")
        elif self._is_in_flight(thing):
            pass  # it has said so
        elif comment is not None and not whole:
            text = one_line(comment.comment)
            self._ask("Delete this comment?", text, "delete", lambda: self._delete_comment(thread, comment))
        else:
            replies = replies_of(thread)
            what = f"Delete {self.called(thread)}" + (
                f" and its {replies} {'reply' if replies == 1 else 'replies'}?" if replies else "?"
            )
            about = first_line(thread)
            self._ask(what, about, "delete", lambda: self._delete_marker(thread))

    def _is_in_flight(self, thing: Thread | CommentView) -> bool:
        """Whether the server has still to answer about it; if so, that is said."""
        waits = thing.status in IN_FLIGHT
        if waits:
            self.say("Not yet", "The server has not confirmed it yet.")
        return waits

    def _ask(
        self, question: str, about: str, yes: str, then: Callable[[], None], *, no: str = "keep"
    ) -> None:
        from imagechat_tui.tui.dialogs.confirm import ConfirmScreen

        def answered(agreed: bool | None) -> None:
            if agreed:
                then()

        top = self.app.screen
        (top if isinstance(top, Layer) else self).cover(
            ConfirmScreen(question, self.quote(about), yes=yes, no=no), answered
        )

    def _drop(self, draft_id: str) -> None:
        self.session.dispatch(Drop(draft_id))

    def _delete_comment(self, thread: Thread, comment: CommentView) -> None:
        now = self.thread(thread.key)
        if now is None or all(shown.key != comment.key for shown in now.comments):
            self.say("Already deleted", "It was deleted in the meantime.")
            return
        self.outdate_hints()
        self.session.dispatch(DeleteComment(thread.conversation.id, comment.comment.id))

    def _delete_marker(self, thread: Thread) -> None:
        if self.thread(thread.key) is None:
            self.say("Already deleted", "It was deleted in the meantime.")
            return
        self.deleting.add(thread.key)  # it closes when it is gone, and not before: it may be refused
        self.outdate_hints()
        self.session.dispatch(DeleteConversation(thread.conversation.id))

    def action_resolve(self, resolved: bool) -> None:
        """Resolve or reopen the current thread."""
        thread = self._need_thread()
        if thread is None:
            return
        if not self.may_write() or not self.is_on_server(thread):
            return
        if thread.conversation.resolved == resolved:
            self.say("", f"Already {'resolved' if resolved else 'open'}.")
        else:
            self.outdate_hints()
            self.session.dispatch(ResolveConversation(thread.conversation.id, resolved))

    def _need_thread(self) -> Thread | None:
        thread = self.current
        if thread is None and self.gone is not None:
            self.say("Thread deleted", "This thread no longer exists. Esc goes back.")
        elif thread is None:
            self.say("No marker selected", "Press ] for the next one, or Enter on one in the picture.")
        return thread

    def action_step(self, step: int) -> None:
        """Select the next or previous marker, and put the crosshair on it."""
        keys = [thread.key for thread in self.all_threads]
        if not keys:
            self.say("No markers yet", "Move the crosshair with hjkl and press c to add one.")
            return
        at = keys.index(self.selected_key) if self.selected_key in keys else (-1 if step > 0 else 0)
        self._go_to(keys[(at + step) % len(keys)])

    def _go_to(self, key: str) -> None:
        self.select(key)
        point = self._by_key[key].conversation.point
        self.picture.bring_into_view(point)
        self.picture.move_to(point)
        if self.open_key is not None and self.composer.target is None:
            from_picture = self.focused is self.picture
            self.open_thread(key)
            if from_picture:
                self.go(self.picture)

    def action_next_unread(self) -> None:
        """Open the next thread with something unread."""
        keys = [thread.key for thread in self.all_threads]
        at = keys.index(self.selected_key) + 1 if self.selected_key in keys else 0
        for key in keys[at:] + keys[:at]:
            if self._by_key[key].unread:
                self.open_thread(key)
                return
        self.say("", "Nothing unread.")

    def action_hints(self) -> None:
        """Put letters on the markers; the picture takes the next two keys."""
        if self.picture.markers_shown == "none":
            self.say("", "Markers are hidden. t shows them.")
            return
        self.go(self.picture)
        if not self.picture.show_hints():
            self.say("", "No markers in view.")

    def action_cycle_markers(self) -> None:
        """Markers on the picture: all, only open ones, none."""
        now = SHOWN[(SHOWN.index(self.picture.markers_shown) + 1) % len(SHOWN)]
        self.picture.markers_shown = now
        self.say("", f"Markers shown: {now}")
        self.tell_status()

    def action_cycle_theme(self) -> None:
        """Dark, light, and round again; for this session."""
        name = "light" if self.app.theme == THEMES["dark"].name else "dark"
        self.app.theme = THEMES[name].name
        self.say("", f"Theme: {name}")

    def action_cycle_sidebar(self) -> None:
        """Sidebar as it fits, alone, or away; and say which."""
        super().action_cycle_sidebar()
        self.say("", f"Sidebar: {SIDEBAR[self.sidebar_wish]}")

    def action_back(self) -> None:
        """Out of the text that is being written, from the thread to the list, from the list to the picture."""
        if self.composer.target is not None:
            self.composer.leave()
        elif self.open_key is not None:
            self.close_thread()
        elif self.focused is not self.picture:
            self.go(self.picture)
        else:
            self.say_unused("escape", "Nothing to go back from. q quits.")

    def action_back_or_quit(self) -> None:
        """Back; with nothing to go back from, quit."""
        if self.open_key is not None:
            self.close_thread()
        elif self.session.state.mine.drafts and not self.drafts_stored:
            kept = len(self.session.state.mine.drafts)
            what = "1 draft is" if kept == 1 else f"{kept} drafts are"
            self._ask("Quit and lose unsent drafts?", f"{what} not on disk.", "quit", self._quit, no="stay")
        else:
            self._quit()

    def _quit(self) -> None:
        self.run_worker(self.app.run_action("app.quit"), name="quit")

    def action_try_now(self) -> None:
        """Reconnect or catch up at once, and read the picture again if it may be another."""
        self.session.dispatch(TryNow())
        self.post_message(PictureAsked())

    def action_help(self) -> None:
        """What works where the focus is."""
        focused = self.focused
        text = getattr(focused, "HELP", None) or self.HELP
        self._list_commands("Help", text, commands_here(self))

    def action_palette(self) -> None:
        """Everything there is."""
        nodes = (self.picture, self.threads, self.comments, self, self.app)
        self._list_commands("All commands", "", all_commands(nodes))

    def _list_commands(self, title: str, text: str, commands: Sequence[ActiveCommand]) -> None:
        from imagechat_tui.tui.dialogs.command_list import CommandScreen

        forbidden = self.forbidden_commands()
        allowed = [command for command in commands if command.id not in forbidden]
        self.cover(CommandScreen(title, text, allowed), self._run_command)

    def _run_command(self, command: ActiveCommand | None) -> None:
        if command is not None:
            self.post_message(CommandChosen(command))

    def action_unsent(self) -> None:
        """What is not on the server."""
        if not self.session.state.mine.drafts:
            self.say("", ALL_SENT)
            return
        from imagechat_tui.tui.dialogs.unsent import UnsentScreen

        unsent = UnsentScreen(self.session.state, self.clock, retry=self.retry, drop=self._ask_to_drop)
        self.cover(unsent, self._unsent_chosen)

    def _ask_to_drop(self, draft: Draft) -> None:
        text = getattr(draft.write, "text", "")
        self._ask("Discard this draft?", text, "discard", lambda: self._drop(draft.id))

    def _unsent_chosen(self, draft: Draft | None) -> None:
        if draft is not None:
            self.write_on(draft)

    def action_here(self) -> None:
        """All people that look at the picture now."""
        from imagechat_tui.tui.dialogs.here import HereScreen

        self.cover(HereScreen(self.chat))

    def action_details(self) -> None:
        """Who, when, where, and how it stands."""
        thread = self._need_thread()
        if thread is not None:
            from imagechat_tui.tui.dialogs.details import DetailsScreen

            comment = self.comments.item if self.open_key is not None else None
            self.cover(DetailsScreen(self.chat, thread, comment))
