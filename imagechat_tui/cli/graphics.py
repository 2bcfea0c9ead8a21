"""Whether the terminal takes pixels, and true colours: asked for the screen, which hears the answer, and for doctor."""

from __future__ import annotations

import os

from msgspec.structs import replace

from imagechat_tui import typed_ahead
from imagechat_tui.cli.terminal import AFTER_S, ANSWER_S, answers_to, pixels_per_cell, told_colors
from imagechat_tui.raster.colors import ColorDepth, Reason, chosen_depth, lacks_chosen, may_have_more
from imagechat_tui.raster.graphics import Choice, Graphics, answers_in, begun, is_fence
from imagechat_tui.settings import ClientSettings


def asked_graphics(settings: ClientSettings, aspect: float) -> Graphics:
    """Ask the terminal, if it may be asked. Nobody waits for the answer: it comes with the keys.

    Not before the settings are known, which may say that nothing shall be asked; and before Textual is imported,
    which is what takes long of the start.

    Args:
        settings: what the person chose.
        aspect: height of a cell divided by its width.
    """
    graphics = _begun(settings, aspect)
    if not graphics.question or typed_ahead.ask(graphics.question):
        return graphics
    return replace(_unasked(graphics).without(graphics.fault or "not asked"), asks_color=False)


def answered_graphics(settings: ClientSettings, aspect: float, within_s: float = ANSWER_S) -> Graphics:
    """Ask the terminal, and wait for what it says. Arguments as for `asked_graphics`."""
    graphics = _begun(settings, aspect)
    while graphics.question:
        asked = graphics
        said = answers_in(answers_to(graphics.question, r"\x1b\[\?[\d;]*c", within_s, AFTER_S))
        for answer in said:
            if answer is said[-1] or not is_fence(answer):
                graphics = graphics.heard(answer)
        if sum(map(is_fence, said)) > 1:
            return _unasked(graphics).without("doubled")
        if graphics.stage == asked.stage:
            return _unasked(graphics).without(graphics.fault or "silent")
    return graphics


def _unasked(graphics: Graphics) -> Graphics:
    """With the colours that the person chose, where nobody can say that GNU screen lacks them."""
    if graphics.asks_screen:
        return replace(graphics, depth=ColorDepth.TRUECOLOR, asks_screen=False)
    return graphics


def _begun(settings: ClientSettings, aspect: float) -> Graphics:
    told = told_colors(os.environ)
    depth, reason = chosen_depth(os.environ, settings.colors, told)
    asks_screen = (
        depth is ColorDepth.TRUECOLOR and lacks_chosen(os.environ, settings.colors, told) is Reason.SCREEN
    )
    return begun(
        _choice(settings),
        os.environ,
        depth,
        pixels_per_cell(aspect),
        asks_color=may_have_more(depth, reason),
        asks_screen=asks_screen,
    )


def _choice(settings: ClientSettings) -> Choice:
    return "kitty" if settings.graphics == "kitty" else "off" if settings.graphics == "off" else "auto"
