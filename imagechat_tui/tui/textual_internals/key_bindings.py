"""What keys are bound to: running it, and listing it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from textual.app import App
from textual.binding import Binding, BindingsMap
from textual.dom import DOMNode

from imagechat_tui.tui.textual_internals.probe import Feature, supported

IN_ORDER: Final = supported(Feature.KEY_BINDINGS)


async def run_bound(app: App[Any], key: str, *, priority: bool = False) -> bool:
    """Run what a key is bound to where the focus is, or what it is bound to with priority; whether it was anything."""
    if IN_ORDER:
        return await app._check_bindings(key, priority=priority)
    active = app.screen.active_bindings.get(key)
    if active is None or not active.enabled or active.binding.priority is not priority:
        return False
    return await app.run_action(active.binding.action, active.node)


def bindings_of(node: DOMNode) -> Iterator[tuple[str, Binding]]:
    """Each key of a widget, a screen or the app, and what it is bound to; a class overrides its parents."""
    declared = (vars(kind).get("BINDINGS") for kind in reversed(type(node).__mro__))
    yield from BindingsMap.merge([BindingsMap(bindings) for bindings in declared if bindings])
