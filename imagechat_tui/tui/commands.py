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

    def matches(self, words: str) -> bool:
        """Whether all ``words`` occur in its title, group, keys or id."""
        text = f"{self.title} {self.group} {self.keys} {self.id}".lower()
        return all(word in text for word in words.lower().split())


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
