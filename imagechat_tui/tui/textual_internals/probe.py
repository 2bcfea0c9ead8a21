"""Which private names of Textual we need, what for, and whether this Textual has them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import Enum, auto
from functools import cache
from importlib import import_module
from types import FunctionType
from typing import Final


class Feature(Enum):
    """Something that is done with private names; each has a public way beside it."""

    CELL_STRIPS = auto()
    """Rows of the picture stay cells until they are bytes. Else: plain strips of segments."""
    CRASH_NOTICE = auto()
    """A defect ends the app with one sentence. Else: the sentence stands in for Rich's traceback."""
    KEY_BINDINGS = auto()
    """A key runs what it is bound to, priority first. Else: by the list of active bindings."""
    LAYOUT_AT_ONCE = auto()
    """A layout that is due is done between two keys. Else: the second key waits for the next frame."""
    NOTES = auto()
    """Notes in the corner are known by title and severity. Else: by what is on the screen."""
    PARTIAL_UPDATES = auto()
    """Changed cells only are sent. Else: all of the row from the widget's edge to them."""
    PLACES_OF_DIALOGS = auto()
    """A dialog that comes or goes has its own place painted. Else: the whole screen."""
    TERMINAL_DRIVER = auto()
    """Our own reader of keys, and a screen that may be gone or slow. Else: Textual's."""
    TERMINAL_WRITES = auto()
    """Sequences of our own go out between frames. Else: none, so no question and no picture in pixels."""


_DRIVER = "textual.drivers.linux_driver:LinuxDriver"

NAMES: Final[Mapping[Feature, tuple[str, ...]]] = {
    Feature.CELL_STRIPS: (
        "textual.strip:Strip._segments",
        "textual.strip:Strip._cell_length",
        "textual.strip:Strip._render_cache",
    ),
    Feature.CRASH_NOTICE: ("textual.app:App._fatal_error", "textual.app:App._exception"),
    Feature.KEY_BINDINGS: ("textual.app:App._check_bindings",),
    Feature.LAYOUT_AT_ONCE: (
        "textual.screen:Screen._layout_required",
        "textual.screen:Screen._scroll_required",
        "textual.screen:Screen._on_timer_update",
    ),
    Feature.NOTES: (
        "textual.app:App._notifications",
        "textual.app:App._refresh_notifications",
        "textual.app:App._unnotify",
    ),
    Feature.PARTIAL_UPDATES: (
        "textual._compositor:ChopsUpdate.chops",
        "textual._compositor:ChopsUpdate.spans",
        "textual._compositor:ChopsUpdate.chop_ends",
        "textual._compositor:ChopsUpdate.render_segments",
        "textual._compositor:Compositor.render_full_update",
        "textual._compositor:Compositor.render_partial_update",
        "textual._compositor:LayoutUpdate.render_segments",
    ),
    Feature.PLACES_OF_DIALOGS: (
        "textual.screen:Screen._compositor",
        "textual.screen:Screen._compositor_refresh",
        "textual.screen:Screen._dirty_widgets",
        "textual.screen:Screen._exchange_repaint_regions",
        "textual.app:App._background_screens",
        "textual._compositor:Compositor._dirty_regions",
        "textual._compositor:Compositor._render_chops",
        "textual._compositor:Compositor.update_widgets",
        "textual._compositor:Compositor.visible_widgets",
    ),
    Feature.TERMINAL_DRIVER: (
        "textual._ansi_sequences:ANSI_SEQUENCES_KEYS",
        "textual._keyboard_protocol:FUNCTIONAL_KEYS",
        "textual._keyboard_protocol:MODIFIER_FUNCTIONAL_KEYS",
        "textual._xterm_parser:IS_ITERM",
        "textual._xterm_parser:XTermParser.parse_mouse_code",
        "textual.keys:KEY_NAME_REPLACEMENTS",
        "textual.keys:_character_to_key",
        f"{_DRIVER}._app",
        f"{_DRIVER}._file",
        f"{_DRIVER}._key_thread",
        f"{_DRIVER}._loop",
        f"{_DRIVER}._must_signal_resume",
        f"{_DRIVER}._run_input_thread",
    ),
    Feature.TERMINAL_WRITES: ("textual.app:App._driver",),
}
"""``module:name`` or ``module:class.name``: the private ones, and the public ones of private modules."""


@cache
def supported(feature: Feature) -> bool:
    """Whether this Textual has every name that a feature needs."""
    return not missing(feature)


def missing(feature: Feature) -> tuple[str, ...]:
    """The names that a feature needs and this Textual lacks."""
    return tuple(name for name in NAMES[feature] if not _is_there(name))


def _is_there(name: str) -> bool:
    module, _, path = name.partition(":")
    try:
        found: object = import_module(module)
    except ImportError:
        return False
    for part in path.split("."):
        if isinstance(found, type):
            return hasattr(found, part) or part in _set_up_by(found)
        if not hasattr(found, part):
            return False
        found = getattr(found, part)
    return True


def _set_up_by(kind: type) -> Iterator[str]:
    """What the constructors of a class and its parents speak of: attributes of an object are not on its class."""
    for parent in kind.__mro__:
        constructor = vars(parent).get("__init__")
        if isinstance(constructor, FunctionType):
            yield from constructor.__code__.co_names
