"""Commands on widgets: what is declared, with the keys that it has now and the widget whose action it is.

A binding with an id is a command; one without is a detail of a widget.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

from msgspec import Struct
from textual.app import App
from textual.binding import Binding, BindingType
from textual.dom import DOMNode
from textual.screen import Screen

from imagechat_tui.commands import BY_ID, COMMANDS, FOOTER, Command, Context
from imagechat_tui.tui.keys import key_label
from imagechat_tui.tui.textual_internals.key_bindings import bindings_of


def bindings(context: Context) -> list[BindingType]:
    """What a widget or screen binds: the commands of a context, in their order."""
    return [
        Binding(keys, command.action, command.title, id=command.id, show=False, priority=command.priority)
        for command in COMMANDS
        if (keys := command.keys_in(context))
    ]


class ActiveCommand(Struct, frozen=True):
    """A command that can be run."""

    command: Command
    keys: str
    """Its keys as people read them, as they are bound now."""
    group: str
    """Where it works."""
    node: DOMNode
    """Whose action it is."""

    @property
    def id(self) -> str:
        """The command's."""
        return self.command.id

    @property
    def title(self) -> str:
        """What it does."""
        return self.command.title

    def rank(self, words: str) -> int | None:
        """How well it fits what was typed: 0 by its title, 1 by its keys or group, 2 by another word for it.

        None if not all of ``words`` occur.
        """
        wanted = words.lower().split()
        texts = (
            self.title,
            f"{self.title} {self.group} {self.keys}",
            f"{self.title} {self.group} {self.keys} {self.command.synonyms} {self.id}",
        )
        return next(
            (rank for rank, text in enumerate(texts) if all(word in text.lower() for word in wanted)), None
        )


def matching(commands: Iterable[ActiveCommand], words: str) -> tuple[ActiveCommand, ...]:
    """The commands that fit what was typed, the best first; else in their order."""
    ranked = [(rank, command) for command in commands if (rank := command.rank(words)) is not None]
    return tuple(command for _, command in sorted(ranked, key=lambda pair: pair[0]))


def commands_here(screen: Screen[Any]) -> tuple[ActiveCommand, ...]:
    """What works where the focus is, the focused widget's own first."""
    active = (
        (active.node, key, active.binding) for key, active in screen.active_bindings.items() if active.enabled
    )
    return tuple(_merged(active))


def all_commands(nodes: Iterable[DOMNode]) -> tuple[ActiveCommand, ...]:
    """Everything that any of ``nodes`` can do."""
    bound = (
        (node, key, binding)
        for node in nodes
        for key, binding in bindings_of(node)
        if not _is_off(node, binding)
    )
    return tuple(_merged(bound))


def _is_off(node: DOMNode, binding: Binding) -> bool:
    return node.check_action(binding.action.partition("(")[0], ()) is False


def _merged(bound: Iterable[tuple[DOMNode, str, Binding]]) -> Iterator[ActiveCommand]:
    """One for each command, with all keys that it has on any of the nodes."""
    keys: dict[str, list[str]] = {}
    first: dict[str, DOMNode] = {}
    for node, key, binding in bound:
        if binding.id:
            keys.setdefault(binding.id, []).append(key_label(key))
            first.setdefault(binding.id, node)
    for name, node in first.items():
        yield ActiveCommand(BY_ID[name], " ".join(dict.fromkeys(keys[name])), group_of(node), node)


def group_of(node: DOMNode) -> str:
    """What a widget's commands stand under."""
    if isinstance(node, App | Screen):
        return "Everywhere"
    return getattr(node, "BINDING_GROUP_TITLE", None) or "Here"


def hints(
    screen: Screen[Any],
    focus: str,
    disabled: Container[str] = (),
    otherwise: Mapping[str, str] = MappingProxyType({}),
) -> tuple[tuple[str, str], ...]:
    """Keys and words for the status line; keys as they are bound now.

    Args:
        screen: whose keys.
        focus: id of the focused widget.
        disabled: ids of commands that would do nothing now.
        otherwise: words for commands that now do something else than they usually do, by id.
    """
    wanted = [name for name in FOOTER.get(focus, ()) if name not in disabled]
    bound: dict[str, list[str]] = {}
    for key, active in screen.active_bindings.items():
        name = active.binding.id
        if name in wanted and name is not None and active.enabled:
            bound.setdefault(name, []).append(key)
    return tuple(
        (key_label(min(bound[name], key=_plainness)), otherwise.get(name, BY_ID[name].hint))
        for name in wanted
        if name in bound
    )


def begins_keys(screen: Screen[Any], begun: str) -> bool:
    """Whether keys that are bound where the focus is begin with those that were pressed."""
    return any(_continues(key, begun) and active.enabled for key, active in screen.active_bindings.items())


def continuations(
    screen: Screen[Any], begun: str, disabled: Container[str] = ()
) -> tuple[tuple[str, str], ...]:
    """What may follow keys that were pressed: all the keys, and what they do.

    Args:
        screen: whose keys.
        begun: what was pressed.
        disabled: ids of commands that would do nothing now.
    """
    return tuple(
        (key_label(key), BY_ID[name].hint)
        for key, active in screen.active_bindings.items()
        if _continues(key, begun) and active.enabled
        if (name := active.binding.id) is not None and name not in disabled
    )


def _continues(key: str, begun: str) -> bool:
    return key.startswith(f"{begun} ")


def key_hint(command_id: str, words: str = "") -> tuple[str, str]:
    """The first key of a command as it is declared, and what it does: for lines that stay as they are."""
    command = BY_ID[command_id]
    return key_label(command.keys.partition(",")[0]), words or command.hint


def _plainness(key: str) -> tuple[bool, bool, int]:
    """Of several keys the one to name: Enter, Esc or Tab, else a letter, else the shortest."""
    return key not in ("enter", "escape", "tab"), len(key) > 1, len(key)
