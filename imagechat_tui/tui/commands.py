"""What keys can do, as a list: the help, the palette and the status line all read the same declarations.

The declarations are the ``BINDINGS`` of the widgets and screens. One with an id is a command; one without is
a detail of a widget.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from typing import Any

from msgspec import Struct
from textual.app import App
from textual.binding import Binding
from textual.dom import DOMNode
from textual.screen import Screen

from imagechat_tui.tui.keys import key_label


class Command(Struct, frozen=True):
    """One thing that can be done."""

    id: str
    """``pane.action``; what a keymap rebinds."""
    keys: str
    """Its keys as people read them."""
    title: str
    group: str
    """Where it works."""
    action: str
    node: DOMNode
    """Whose action it is."""

    def rank(self, words: str) -> int | None:
        """How well it fits what was typed: 0 by its title, 1 by its keys or group, 2 by another word for it.

        None if not all of ``words`` occur.
        """
        wanted = words.lower().split()
        texts = (
            self.title,
            f"{self.title} {self.group} {self.keys}",
            f"{self.title} {self.group} {self.keys} {SYNONYMS.get(self.id, '')} {self.id}",
        )
        return next(
            (rank for rank, text in enumerate(texts) if all(word in text.lower() for word in wanted)), None
        )


def found(commands: Iterable[Command], words: str) -> tuple[Command, ...]:
    """The commands that fit what was typed, the best first; else in their order."""
    ranked = [(rank, command) for command in commands if (rank := command.rank(words)) is not None]
    return tuple(command for _, command in sorted(ranked, key=lambda one: one[0]))


def commands_here(screen: Screen[Any]) -> tuple[Command, ...]:
    """What works where the focus is, the focused widget's own first."""
    found = (
        (active.node, key, active.binding) for key, active in screen.active_bindings.items() if active.enabled
    )
    return tuple(_merged(found))


def all_commands(nodes: Iterable[DOMNode]) -> tuple[Command, ...]:
    """Everything that any of ``nodes`` can do."""
    found = (
        (node, key, binding)
        for node in nodes
        for key, binding in node._bindings
        if not _disabled(node, binding)
    )
    return tuple(_merged(found))


def _disabled(node: DOMNode, binding: Binding) -> bool:
    return node.check_action(binding.action.partition("(")[0], ()) is False


def _merged(found: Iterable[tuple[DOMNode, str, Binding]]) -> Iterator[Command]:
    keys: dict[str, list[str]] = {}
    first: dict[str, tuple[DOMNode, Binding]] = {}
    for node, key, binding in found:
        if binding.id:
            keys.setdefault(binding.id, []).append(key_label(key))
            first.setdefault(binding.id, (node, binding))
    for name, (node, binding) in first.items():
        yield Command(
            id=name,
            keys=" ".join(dict.fromkeys(keys[name])),
            title=binding.tooltip or binding.description,
            group=group_of(node),
            action=binding.action,
            node=node,
        )


def group_of(node: DOMNode) -> str:
    """What a widget's commands stand under."""
    if isinstance(node, App | Screen):
        return "Everywhere"
    return getattr(node, "BINDING_GROUP_TITLE", None) or "Here"


SYNONYMS = {
    "marker.new": "add create annotate annotation comment note pin post write insert mark start thread",
    "thread.reply": "answer respond comment post write add message",
    "thread.edit": "change modify correct fix rewrite update comment text undo",
    "thread.delete": "remove rm erase discard trash drop comment marker thread undo",
    "thread.resolve": "done close complete finish fix mark check tick",
    "thread.reopen": "undo unresolve undone open again",
    "thread.details": "info information about properties author date time id show",
    "marker.next": "forward jump goto go to",
    "marker.previous": "back jump goto go to last",
    "marker.unread": "new jump goto go to mark read notification inbox",
    "marker.hints": "goto go to find search labels easymotion hop select pick",
    "marker.shown": "filter hide only toggle visible resolved view",
    "app.here": "people users members online presence list names collaborators",
    "app.help": "keys keyboard shortcuts bindings manual cheat sheet ?",
    "app.palette": "menu search find command palette actions run",
    "app.reconnect": "refresh reload sync retry try again update connect network",
    "app.unsent": "drafts failed outbox pending saved save resend retry errors draft unsaved",
    "app.back": "quit exit close leave",
    "app.quit": "exit close leave stop force",
    "app.repair": "refresh repaint clear fix garbled",
    "app.suspend": "background stop shell fg job pause",
    "app.hint": "exit interrupt cancel copy",
    "app.theme": "dark light color colour scheme appearance mode settings",
    "pane.sidebar": "toggle panel fullscreen maximize hide show layout list view width",
    "pane.next": "switch focus window move to tab",
    "pane.back": "close cancel escape return up parent",
    "image.left": "move pan scroll cursor arrow crosshair",
    "image.right": "move pan scroll cursor arrow crosshair",
    "image.up": "move pan scroll cursor arrow crosshair",
    "image.down": "move pan scroll cursor arrow crosshair",
    "image.far-left": "jump pan scroll fast page crosshair",
    "image.far-right": "jump pan scroll fast page crosshair",
    "image.far-up": "jump pan scroll fast page crosshair",
    "image.far-down": "jump pan scroll fast page crosshair",
    "image.closer": "magnify enlarge bigger larger closer increase",
    "image.farther": "shrink reduce smaller farther decrease",
    "image.fit": "zoom reset whole all overview picture image 100% home",
    "image.actual": "zoom 1:1 100% original size full real pixels",
    "image.loupe": "zoom magnify magnifier magnifying glass lens enlarge inspect look closer",
    "image.others": "cursors pointers people presence toggle hide",
    "image.open": "select choose enter read view thread comment",
    "list.next": "down move select thread comment",
    "list.previous": "up move select thread comment",
    "list.half-page-down": "scroll page down",
    "list.half-page-up": "scroll page up",
    "list.first": "top beginning home start",
    "list.last": "bottom end newest",
    "list.open": "select choose enter read view thread",
    "thread.act": "answer comment again resend",
    "write.send": "post submit save done commit",
    "write.new-line": "line break return",
    "write.leave": "cancel close quit back escape keep",
}
"""Other words that people search a command by."""

FOOTER = {
    "picture": ("marker.new", "image.open", "marker.next", "pane.next", "app.palette"),
    "threads": ("list.open", "marker.new", "marker.unread", "pane.next", "thread.resolve", "thread.reopen"),
    "comments": (
        "thread.reply",
        "thread.edit",
        "thread.delete",
        "thread.resolve",
        "thread.reopen",
        "pane.back",
    ),
}
"""Which commands the status line names, by the id of the focused widget, the most important first."""

SHORT = {
    "marker.new": "comment",
    "image.open": "open",
    "marker.next": "next",
    "marker.unread": "unread",
    "pane.next": "pane",
    "pane.back": "back",
    "list.open": "open",
    "thread.reply": "reply",
    "thread.edit": "edit",
    "thread.delete": "delete",
    "thread.resolve": "resolve",
    "thread.reopen": "reopen",
    "app.palette": "all",
}
"""The one word the status line has for a command."""


WRITES = frozenset(
    {"marker.new", "thread.reply", "thread.edit", "thread.delete", "thread.resolve", "thread.reopen"}
)
"""Commands for those who may write."""


def hints(screen: Screen[Any], focus: str, useless: Container[str] = ()) -> tuple[tuple[str, str], ...]:
    """Keys and words for the status line; keys as they are bound now.

    Args:
        screen: whose keys.
        focus: id of the focused widget.
        useless: ids of commands that would do nothing now.
    """
    wanted = [name for name in FOOTER.get(focus, ()) if name not in useless]
    bound: dict[str, list[str]] = {}
    for key, active in screen.active_bindings.items():
        name = active.binding.id
        if name in wanted and name is not None and active.enabled:
            bound.setdefault(name, []).append(key)
    return tuple(
        (key_label(min(bound[name], key=_plainness)), SHORT[name]) for name in wanted if name in bound
    )


def _plainness(key: str) -> tuple[bool, bool, int]:
    """Of several keys the one to name: Enter, Esc or Tab, else a letter, else the shortest."""
    return key not in ("enter", "escape", "tab"), len(key) > 1, len(key)
