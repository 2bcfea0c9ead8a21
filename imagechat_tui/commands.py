"""What one can do, declared once: the keys and the verbs.

From here come the bindings of widgets and screens, the status line, help and palette, what a key waits for, the list
of verbs, and the tables in the README (``python -m tests.readme_tables`` writes them). Data alone: the command line
reads it at every start, so nothing is imported for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, StrEnum, auto
from types import MappingProxyType
from typing import Final, NamedTuple


class Context(StrEnum):
    """Where the keys of a command work; of a pane it is the widget's id."""

    APP = "app"
    """Wherever one is, dialogs included."""
    CHAT = "chat"
    """The main screen, but for the text that is being written."""
    PICTURE = "picture"
    LIST = "list"
    """Every list: threads, comments, those in dialogs."""
    THREADS = "threads"
    COMMENTS = "comments"
    WRITING = "editor"
    CLUSTER = "cluster"
    CONFIRM = "confirm"
    DETAILS = "details"
    THIS_PICTURE = "this-picture"
    """Details, where they are the picture's."""
    HERE = "here"
    PICTURES = "pictures"
    UNSENT = "unsent"
    DRAFTS = "drafts"
    """The list in the dialog of what is unsent."""


class Subject(Enum):
    """What a command is about: without it the key would do something else than was meant, so it waits for it."""

    PLACE = auto()
    """The place where the crosshair is."""
    VIEW = auto()
    """What is seen of the picture. Moves and zooms are not about it: the picture catches up with them."""
    THREAD = auto()
    """A marker or a comment of which something is asked of the server, so that it must know it."""
    CONTENTS = auto()
    """What the server has."""
    READS = auto()
    """What the person has read."""
    NEIGHBOUR = auto()
    """The next thing, or the one before: which that is depends on whether what is being deleted is gone."""


_NOWHERE: Final[Mapping[Context, int]] = MappingProxyType({})
_NO_OTHERS: Final[Mapping[Context, str]] = MappingProxyType({})


class Command(NamedTuple):
    """One thing that a key does."""

    id: str
    """``pane.action``; what a keymap rebinds."""
    context: Context
    keys: str
    """Textual's names of its keys, with commas between. ``g equals_sign`` are two, one pressed after the other."""
    action: str
    """Textual's name of the method that does it, with arguments: ``step(-1, 0)``."""
    title: str
    """What help and palette call it."""
    synonyms: str = ""
    """Other words that people search it by."""
    hint: str = ""
    """The one word that the status line, or the last line of a dialog, has for it. What two keys do has one."""
    footer: Mapping[Context, int] = _NOWHERE
    """In which panes the status line names it, and in what place: lower is named earlier."""
    about: tuple[Subject, ...] = ()
    writes: bool = False
    """Whether it is for those who may write, and needs the server."""
    verb: str = ""
    """The verb of the command line that does the same."""
    manual: str = ""
    """What the README says of it, where that is not its title. Neighbours that say the same stand on one line."""
    priority: bool = False
    """Whether its keys come before those of the widget that has the focus."""
    also: Mapping[Context, str] = _NO_OTHERS
    """More keys that it has in another context."""

    def keys_in(self, context: Context) -> str:
        """Its keys in a context; empty if it has none there."""
        return self.keys if context is self.context else self.also.get(context, "")


_BY_ONE: Final = "crosshair by one cell"
_BY_A_TENTH: Final = "crosshair by a tenth of the view"
_MOVE: Final = "move pan scroll cursor arrow crosshair"
_FAR: Final = "jump pan scroll fast page crosshair"
_LIST: Final = (Subject.CONTENTS, Subject.NEIGHBOUR)

COMMANDS: Final = (
    # -- the main screen
    Command(
        "marker.new", Context.CHAT, "c", "new_marker", "New marker at the crosshair, or reply on one",
        synonyms="add create annotate annotation comment note pin post write insert mark start thread",
        hint="comment", footer={Context.PICTURE: 10, Context.THREADS: 20},
        about=(Subject.PLACE,), writes=True, verb="add",
        manual="comment here: a new marker; on a marker, a reply",
    ),
    Command(
        "thread.reply", Context.CHAT, "r", "reply", "Reply",
        synonyms="answer respond comment post write add message",
        hint="reply", footer={Context.COMMENTS: 10}, about=(Subject.THREAD,), writes=True, verb="reply",
    ),
    Command(
        "thread.edit", Context.CHAT, "e", "edit", "Edit your comment",
        synonyms="change modify correct fix rewrite update comment text undo",
        hint="edit", footer={Context.COMMENTS: 20}, about=(Subject.THREAD,), writes=True, verb="edit",
    ),
    Command(
        "thread.delete", Context.CHAT, "d", "delete", "Delete (asks first: y deletes, Enter does not)",
        synonyms="remove rm erase discard trash drop comment marker thread undo",
        hint="delete", footer={Context.COMMENTS: 30}, about=(Subject.THREAD,), writes=True, verb="rm",
        manual="delete; `y` confirms",
    ),
    Command(
        "thread.undo", Context.CHAT, "u", "undo", "Undo what you did last",
        synonyms="restore undelete back recover delete remove resolve reopen move edit unread revert",
        about=(Subject.NEIGHBOUR,), verb="restore", manual="undo what you did last",
    ),
    Command(
        "thread.resolve", Context.CHAT, "x", "resolve(True)", "Resolve",
        synonyms="done close complete finish fix mark check tick",
        hint="resolve", footer={Context.THREADS: 50, Context.COMMENTS: 40},
        about=(Subject.THREAD,), writes=True, verb="resolve", manual="resolve, reopen",
    ),
    Command(
        "thread.reopen", Context.CHAT, "X", "resolve(False)", "Reopen",
        synonyms="undo unresolve undone open again",
        hint="reopen", footer={Context.THREADS: 60, Context.COMMENTS: 50},
        about=(Subject.THREAD,), writes=True, verb="reopen", manual="resolve, reopen",
    ),
    Command(
        "marker.next", Context.CHAT, "right_square_bracket", "step(1)", "Next marker",
        synonyms="forward jump goto go to",
        hint="next", footer={Context.PICTURE: 30}, about=_LIST, manual="next, previous marker",
    ),
    Command(
        "marker.previous", Context.CHAT, "left_square_bracket", "step(-1)", "Previous marker",
        synonyms="back jump goto go to last", about=_LIST, manual="next, previous marker",
    ),
    Command(
        "picture.next", Context.CHAT, "right_curly_bracket", "picture(1)", "Next picture",
        synonyms="forward image file folder jump go to",
        hint="picture", footer={Context.PICTURE: 35, Context.THREADS: 35}, manual="next, previous picture",
    ),
    Command(
        "picture.previous", Context.CHAT, "left_curly_bracket", "picture(-1)", "Previous picture",
        synonyms="back image file folder jump go to last", manual="next, previous picture",
    ),
    Command(
        "picture.list", Context.CHAT, "p", "list_pictures", "All pictures",
        synonyms="list overview folder files images open unread choose index",
    ),
    Command(
        "find.search", Context.CHAT, "slash", "search", "Search what is said, names, #7",
        synonyms="find look for text comment word grep query /",
        hint="search", footer={Context.THREADS: 45}, about=(Subject.CONTENTS,), manual="search, next, previous found",
    ),
    Command(
        "find.next", Context.CHAT, "n", "find(1)", "Next found",
        synonyms="search forward again match", about=_LIST, manual="search, next, previous found",
    ),
    Command(
        "find.previous", Context.CHAT, "N", "find(-1)", "Previous found",
        synonyms="search back again match", about=_LIST, manual="search, next, previous found",
    ),
    Command(
        "find.filter", Context.CHAT, "F", "filter", "Filter: is:open, is:unread, by:anna, words",
        synonyms="only hide show resolved mine author mentions check query narrow search",
        hint="filter", footer={Context.THREADS: 47}, about=(Subject.CONTENTS,), verb="ls",
        manual="filter the threads; Esc shows all",
    ),
    Command(
        "marker.unread", Context.CHAT, "space", "next_unread", "Next unread",
        synonyms="new jump goto go to mark read notification inbox",
        hint="unread", footer={Context.THREADS: 30}, about=(*_LIST, Subject.READS),
    ),
    Command(
        "thread.unread", Context.CHAT, "m", "mark_unread", "Mark unread, until opened with Enter",
        synonyms="unsee later remind keep new", about=_LIST, manual="mark unread, mark read what is shown",
    ),
    Command(
        "thread.read", Context.CHAT, "M", "mark_read", "Mark read what is shown",
        synonyms="all seen everything clear inbox", about=(*_LIST, Subject.READS),
        manual="mark unread, mark read what is shown",
    ),
    Command(
        "compare.cycle", Context.CHAT, "C", "compare", "Before and after: side by side, in turn, difference, off",
        synonyms="compare version diff against old new split blink side by side previous",
        hint="compare", footer={Context.PICTURE: 38}, about=(Subject.VIEW,),
        manual="before and after: side by side, in turn, difference, off",
    ),
    Command(
        "compare.blink", Context.CHAT, "B", "blink", "Before and after in turn; again: the other one",
        synonyms="compare flip flicker toggle swap old new before version", about=(Subject.VIEW,),
        manual="before and after in turn; again: the other one",
    ),
    Command(
        "look.next", Context.CHAT, "right_parenthesis", "look(1)", "Next difference, or marker to check",
        synonyms="compare change region box jump goto go to diff hunk version moved guess where placement",
        hint="difference", footer={Context.PICTURE: 5}, about=(Subject.VIEW,),
        manual="next, previous difference, or marker to check",
    ),
    Command(
        "look.previous", Context.CHAT, "left_parenthesis", "look(-1)", "Previous difference, or marker to check",
        synonyms="compare change region box jump goto go back to diff hunk version moved guess placement",
        about=(Subject.VIEW,),
        manual="next, previous difference, or marker to check",
    ),
    Command(
        "marker.confirm", Context.CHAT, "g equals_sign", "confirm_place", "The marker is right here",
        synonyms="confirm accept place placement version ok yes", hint="here", about=(Subject.THREAD,),
        manual="the marker is right there",
    ),
    Command(
        "marker.take", Context.CHAT, "g m", "take_marker", "Move the marker",
        synonyms="grab drag place placement version take along", hint="move", about=(Subject.THREAD,),
        manual="move the marker: Enter drops it",
    ),
    Command(
        "marker.put-back", Context.CHAT, "g u", "put_back", "Put the marker back",
        synonyms="undo unset place placement version restore return", hint="back", about=(Subject.THREAD,),
        manual="put the marker back",
    ),
    Command(
        "image.elsewhere", Context.CHAT, "g o", "elsewhere", "Go where this picture is discussed too, and back",
        synonyms="other room project jump goto same image return",
        hint="elsewhere", about=(Subject.CONTENTS,), manual="go where this picture is discussed too, and back",
    ),
    Command(
        "image.anew", Context.CHAT, "g n", "anew", "Start anew: a room of its own for this picture",
        synonyms="unlink separate split leave new empty room not mine", hint="anew",
        about=(Subject.CONTENTS,), writes=True, verb="unlink", manual="start anew: a room of its own, asks first",
        also={Context.THIS_PICTURE: "g n"},
    ),
    Command(
        "app.here", Context.CHAT, "at", "here", "Who is here, and on the other pictures",
        synonyms="people users members online presence list names collaborators folder version", hint="people",
    ),
    Command(
        "thread.details", Context.CHAT, "i", "details", "Details: the marker's, or the picture's",
        synonyms="info information about properties author date time id show image versions project room where",
        about=(Subject.CONTENTS,), verb="where", manual="details of this marker, or of the picture",
    ),
    Command(
        "marker.hints", Context.CHAT, "f", "hints", "Jump: letters on every marker",
        synonyms="goto go to find search labels easymotion hop select pick",
        about=(Subject.VIEW,), manual="jump: two letters on every marker",
    ),
    Command(
        "marker.shown", Context.CHAT, "t", "cycle_markers", "Show markers: all, open, none",
        synonyms="filter hide only toggle visible resolved view",
    ),
    Command(
        "pane.sidebar", Context.CHAT, "s", "cycle_sidebar", "Sidebar: auto, full, hidden",
        synonyms="toggle panel fullscreen maximize hide show layout list view width",
    ),
    Command(
        "app.theme", Context.CHAT, "T", "cycle_theme", "Theme: dark, light",
        synonyms="dark light color colour scheme appearance mode settings",
    ),
    Command(
        "pane.next", Context.CHAT, "tab,shift+tab", "next_pane", "Next pane",
        synonyms="switch focus window move to tab",
        hint="pane", footer={Context.PICTURE: 40, Context.THREADS: 40}, about=(Subject.NEIGHBOUR,),
    ),
    Command(
        "pane.back", Context.CHAT, "escape,h", "back", "Back",
        synonyms="close cancel escape return up parent",
        hint="back", footer={Context.COMMENTS: 60}, about=(Subject.NEIGHBOUR,),
    ),
    Command(
        "app.help", Context.CHAT, "question_mark,f1", "help", "Help for this pane",
        synonyms="keys keyboard shortcuts bindings manual cheat sheet ?",
    ),
    Command(
        "app.palette", Context.CHAT, "colon,ctrl+p", "palette", "All commands",
        synonyms="menu search find command palette actions run",
        hint="all", footer={Context.PICTURE: 50},
    ),
    Command(
        "app.reconnect", Context.CHAT, "R", "try_now", "Reconnect, and reload the picture",
        synonyms="refresh reload sync retry try again update connect network",
    ),
    Command(
        "app.unsent", Context.CHAT, "exclamation_mark", "unsent", "Unsent: drafts and failed writes",
        synonyms="drafts failed outbox pending saved save resend retry errors draft unsaved",
        about=(Subject.CONTENTS,),
    ),
    Command(
        "app.back", Context.CHAT, "q", "back_or_quit", "Back or quit",
        synonyms="quit exit close leave", about=(Subject.NEIGHBOUR,),
    ),
    # -- wherever one is
    Command(
        "app.quit", Context.APP, "ctrl+q", "quit", "Quit", synonyms="exit close leave stop force", priority=True
    ),
    Command(
        "app.repair", Context.APP, "ctrl+l", "repair", "Redraw the screen",
        synonyms="refresh repaint clear fix garbled", priority=True,
    ),
    Command(
        "app.suspend", Context.APP, "ctrl+z", "suspend_process", "Suspend",
        synonyms="background stop shell fg job pause", priority=True,
    ),
    Command(
        "app.hint", Context.APP, "ctrl+c", "hint_quit", "How to quit", synonyms="exit interrupt cancel copy"
    ),
    # -- the picture
    Command(
        "image.left", Context.PICTURE, "h,left", "step(-1, 0)", "Move left", synonyms=_MOVE, manual=_BY_ONE
    ),
    Command(
        "image.down", Context.PICTURE, "j,down", "step(0, 1)", "Move down", synonyms=_MOVE, manual=_BY_ONE
    ),
    Command("image.up", Context.PICTURE, "k,up", "step(0, -1)", "Move up", synonyms=_MOVE, manual=_BY_ONE),
    Command(
        "image.right", Context.PICTURE, "l,right", "step(1, 0)", "Move right", synonyms=_MOVE, manual=_BY_ONE
    ),
    Command(
        "image.far-left", Context.PICTURE, "H,shift+left", "stride(-1, 0)", "Move left by a tenth",
        synonyms=_FAR, manual=_BY_A_TENTH,
    ),
    Command(
        "image.far-down", Context.PICTURE, "J,shift+down", "stride(0, 1)", "Move down by a tenth",
        synonyms=_FAR, manual=_BY_A_TENTH,
    ),
    Command(
        "image.far-up", Context.PICTURE, "K,shift+up", "stride(0, -1)", "Move up by a tenth",
        synonyms=_FAR, manual=_BY_A_TENTH,
    ),
    Command(
        "image.far-right", Context.PICTURE, "L,shift+right", "stride(1, 0)", "Move right by a tenth",
        synonyms=_FAR, manual=_BY_A_TENTH,
    ),
    Command(
        "image.closer", Context.PICTURE, "plus,equals_sign", "zoom(1)", "Zoom in",
        synonyms="magnify enlarge bigger larger closer increase",
    ),
    Command(
        "image.farther", Context.PICTURE, "minus", "zoom(-1)", "Zoom out",
        synonyms="shrink reduce smaller farther decrease",
    ),
    Command(
        "image.fit", Context.PICTURE, "0", "fit", "Fit the whole picture, or fill the view",
        synonyms="zoom reset whole all overview picture image 100% home",
    ),
    Command(
        "image.actual", Context.PICTURE, "Z", "actual", "Actual size: one pixel per cell",
        synonyms="zoom 1:1 100% original size full real pixels",
    ),
    Command(
        "image.read", Context.PICTURE, "b", "read", "Body text: near enough to read, and back",
        synonyms="zoom read small print legible letters words closer text here",
    ),
    Command(
        "image.loupe", Context.PICTURE, "z", "loupe", "Loupe: magnify here",
        synonyms="zoom magnify magnifier magnifying glass lens enlarge inspect look closer",
    ),
    Command(
        "image.others", Context.PICTURE, "a", "others", "Others' crosshairs: show, hide",
        synonyms="cursors pointers people presence toggle hide",
    ),
    Command(
        "image.open", Context.PICTURE, "enter", "open", "Open this marker, or add one",
        synonyms="select choose enter read view thread comment",
        hint="open", footer={Context.PICTURE: 20}, about=(Subject.PLACE,),
    ),
    # -- lists
    Command(
        "list.next", Context.LIST, "j,down", "cursor_down", "Next",
        synonyms="down move select thread comment", about=_LIST, manual="next, previous",
    ),
    Command(
        "list.previous", Context.LIST, "k,up", "cursor_up", "Previous",
        synonyms="up move select thread comment", about=_LIST, manual="next, previous",
    ),
    Command(
        "list.half-page-down", Context.LIST, "ctrl+d,pagedown", "half_page(1)", "Half a page down",
        synonyms="scroll page down", about=_LIST, manual="half a page down, up",
    ),
    Command(
        "list.half-page-up", Context.LIST, "ctrl+u,pageup", "half_page(-1)", "Half a page up",
        synonyms="scroll page up", about=_LIST, manual="half a page down, up",
    ),
    Command(
        "list.first", Context.LIST, "g g,home", "first", "First",
        synonyms="top beginning home start", hint="first", about=_LIST, manual="first, last",
    ),
    Command(
        "list.last", Context.LIST, "G,end", "last", "Last",
        synonyms="bottom end newest", about=_LIST, manual="first, last",
    ),
    Command(
        "list.open", Context.LIST, "enter", "choose", "Open", also={Context.THREADS: "l,right"},
        synonyms="select choose enter read view thread",
        hint="open", footer={Context.THREADS: 10}, about=_LIST,
    ),
    Command(
        "thread.act", Context.COMMENTS, "enter", "choose", "Reply, or retry what was not saved",
        synonyms="answer comment again resend", about=(Subject.THREAD,),
    ),
    Command(
        "comment.vote-up", Context.COMMENTS, "plus", "screen.vote(1)", "Vote for it, or take the vote back",
        also={Context.THREADS: "plus"}, synonyms="like upvote thumbs up agree plus one support",
        hint="vote", footer={Context.COMMENTS: 35}, about=(Subject.THREAD,), writes=True, verb="vote",
        manual="vote for it, against it; again: take the vote back",
    ),
    Command(
        "comment.vote-down", Context.COMMENTS, "minus", "screen.vote(-1)", "Vote against it, or take the vote back",
        also={Context.THREADS: "minus"}, synonyms="dislike downvote thumbs down disagree minus one",
        about=(Subject.THREAD,), writes=True, verb="vote",
        manual="vote for it, against it; again: take the vote back",
    ),
    Command(
        "comment.pin", Context.COMMENTS, "g p", "screen.pin", "Pin the comment, or unpin it (moderators)",
        synonyms="sticky first top important moderate unpin", hint="pin",
        about=(Subject.THREAD,), writes=True, verb="pin", manual="pin the comment, or unpin it (moderators)",
    ),
    Command(
        "comment.lock", Context.COMMENTS, "g l", "screen.lock", "Lock the comment, or unlock it (moderators)",
        synonyms="close freeze no replies moderate unlock thread", hint="lock",
        about=(Subject.THREAD,), writes=True, verb="lock",
        manual="lock the comment, or unlock it (moderators); the first one locks its thread",
    ),
    Command(
        "comment.flag", Context.COMMENTS, "g f", "screen.flag", "Flag the comment for moderators, or no more",
        synonyms="report abuse spam moderate complain unflag", hint="flag",
        about=(Subject.THREAD,), writes=True, verb="flag", manual="flag the comment for moderators, or no more",
    ),
    Command(
        "comment.block", Context.COMMENTS, "g b", "screen.block", "Block its author, or no more: hides what they write",
        synonyms="mute hide ignore person unblock user", hint="block",
        about=(Subject.THREAD,), writes=True, verb="block",
        manual="block its author, or no more: hides what they write",
    ),
    # -- the text that is being written
    Command(
        "write.send", Context.WRITING, "enter,ctrl+s", "submit", "Send",
        synonyms="post submit save done commit", about=(Subject.CONTENTS,), priority=True,
    ),
    Command(
        "write.new-line", Context.WRITING, "ctrl+j", "new_line", "New line",
        synonyms="line break return", priority=True,
    ),
    Command(
        "write.leave", Context.WRITING, "escape", "leave", "Close and keep the draft",
        synonyms="cancel close quit back escape keep", priority=True,
    ),
    # -- dialogs
    Command("cluster.close", Context.CLUSTER, "escape,q,h", "close", "Close", hint="close"),
    Command("confirm.yes", Context.CONFIRM, "y", "answer(True)", "Yes"),
    Command("confirm.no", Context.CONFIRM, "escape,n,q", "answer(False)", "No"),
    Command("details.close", Context.DETAILS, "escape,q,i,enter", "close", "Close", hint="close"),
    Command("details.down", Context.DETAILS, "j", "read(1)", "Scroll down"),
    Command("details.up", Context.DETAILS, "k", "read(-1)", "Scroll up"),
    Command("here.close", Context.HERE, "escape,q,at", "close", "Close", hint="close"),
    Command("pictures.close", Context.PICTURES, "escape,q,p", "close", "Close", hint="close"),
    Command("unsent.close", Context.UNSENT, "escape,q,exclamation_mark", "close", "Close", hint="close"),
    Command("unsent.edit", Context.DRAFTS, "e", "screen.write_on", "Edit", hint="edit"),
    Command("unsent.discard", Context.DRAFTS, "d", "screen.discard", "Discard", hint="discard"),
)  # fmt: skip

BY_ID: Final = {command.id: command for command in COMMANDS}

WRITES: Final = frozenset(command.id for command in COMMANDS if command.writes)
"""Ids of commands for those who may write."""


FOOTER: Final[Mapping[str, tuple[str, ...]]] = {
    pane: tuple(
        command.id
        for command in sorted(COMMANDS, key=lambda command: command.footer.get(pane, 0))
        if pane in command.footer
    )
    for pane in Context
}
"""Ids of the commands that the status line names, by pane, the most important first."""


def ids_about(*subjects: Subject) -> frozenset[str]:
    """Ids of commands that are about any of these."""
    return frozenset(command.id for command in COMMANDS if {*subjects} & {*command.about})


class Verb(NamedTuple):
    """One word behind ``imagechat``."""

    name: str
    entry: str
    """``module:command`` below ``imagechat_tui.cli``; imported when the verb is called."""
    line: str
    """What the list of verbs says of it."""


VERBS: Final = {
    verb.name: verb
    for verb in (
        Verb("open", "open_verb:open_picture", "Open a picture: the screen."),
        Verb("demo", "demo:demo", "Watch a demo with a scripted colleague."),
        Verb("serve", "serve_verb:serve", "Run a server for a team."),
        Verb("ls", "threads:list_threads", "List markers and threads."),
        Verb("show", "show_verb:show", "Print the picture with its markers."),
        Verb("add", "threads:add", "Add a marker."),
        Verb("reply", "threads:reply", "Reply in a thread."),
        Verb("edit", "threads:edit", "Edit a comment."),
        Verb("resolve", "threads:resolve", "Resolve a thread."),
        Verb("reopen", "threads:reopen", "Reopen a thread."),
        Verb("vote", "opinions:vote", "Vote for a comment or against it."),
        Verb("pin", "opinions:pin", "Pin a comment (moderators)."),
        Verb("unpin", "opinions:unpin", "Take a comment's pin away (moderators)."),
        Verb("lock", "opinions:lock", "Lock a comment, or a thread (moderators)."),
        Verb("unlock", "opinions:unlock", "Unlock a comment, or a thread (moderators)."),
        Verb("flag", "opinions:flag", "Point a comment out to moderators."),
        Verb("unflag", "opinions:unflag", "Take your flag back."),
        Verb("block", "opinions:block", "Hide from you what a comment's author writes."),
        Verb("unblock", "opinions:unblock", "Show again what a comment's author writes."),
        Verb("rm", "threads:remove", "Delete a marker or a comment."),
        Verb("restore", "threads:restore", "Bring back a marker deleted a short time ago."),
        Verb("where", "images:where", "Tell a picture's room, and where it is met."),
        Verb("versions", "images:versions", "List what a picture has looked like."),
        Verb("link", "images:link", "Have a picture share a room."),
        Verb("unlink", "images:unlink", "Give a picture a room of its own."),
        Verb("share", "share_verb:share", "Send a picture to the server, for colleagues without the file."),
        Verb("export", "export_verb:export", "Print all pictures of a tenant with what is said on them."),
        Verb("watch", "watch_verb:watch", "Print live events, one per line."),
        Verb("tenant", "tenants:tenant", "Create tenants, decide of them, show what they use."),
        Verb("user", "users:user", "Ban users, and give them roles."),
        Verb("server", "upkeep:server", "Look after the data of a server."),
        Verb("token", "tenants:token", "Create a sign-in token for a user."),
        Verb("doctor", "doctor:doctor", "Find what is wrong here, and how to fix it."),
        Verb("trace", "trace_verb:trace", "Replay what --trace recorded."),
        Verb("config", "config:config", "Show the settings and where they come from."),
        Verb("completions", "completions:completions", "Print completions for a shell."),
    )
}
"""In the order in which a newcomer needs them."""
