"""Partial screen updates that send the changed cells only, where Textual's inside lets us."""

from __future__ import annotations

import inspect

from imagechat_tui.tui.textual_internals.probe import Feature, supported


def install() -> bool:
    """Use tight updates from now on; False where this Textual is not the one that they fit."""
    if not supported(Feature.PARTIAL_UPDATES):
        return False
    from textual import _compositor

    from imagechat_tui.tui.textual_internals.tight_update import TightUpdate, WholeUpdate

    takes = [*inspect.signature(_compositor.ChopsUpdate).parameters]
    fits = takes == ["chops", "spans", "chop_ends"]
    fits = fits and "ChopsUpdate" in _compositor.Compositor.render_partial_update.__code__.co_names
    fits = fits and "LayoutUpdate" in _compositor.Compositor.render_full_update.__code__.co_names
    if fits:
        _compositor.ChopsUpdate = TightUpdate  # type: ignore[misc]
        _compositor.LayoutUpdate = WholeUpdate  # type: ignore[misc]
    return fits
