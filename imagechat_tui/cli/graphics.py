"""Whether the terminal takes pictures in pixels: asked for the screen, which hears the answer, and for doctor."""

from __future__ import annotations

import os

from imagechat_tui import typed_ahead
from imagechat_tui.cli.terminal import ANSWER_S, answers_to, pixels_per_cell
from imagechat_tui.raster.colors import ColorDepth
from imagechat_tui.raster.graphics import Choice, Graphics, answers_in, begun
from imagechat_tui.settings import ClientSettings


def asked_graphics(settings: ClientSettings, colors: ColorDepth, aspect: float) -> Graphics:
    """Ask the terminal, if it may be asked. Nobody waits for the answer: it comes with the keys.

    Not before the settings are known, which may say that nothing shall be asked; and before Textual is imported,
    which is what takes long of the start.

    Args:
        settings: what the person chose.
        colors: those that are drawn with.
        aspect: height of a cell divided by its width.
    """
    graphics = begun(_choice(settings), os.environ, colors, pixels_per_cell(aspect))
    asked = bool(graphics.question) and typed_ahead.ask(graphics.question)
    return graphics if asked or not graphics.question else graphics.without("not asked")


def answered_graphics(
    settings: ClientSettings, colors: ColorDepth, aspect: float, within_s: float = ANSWER_S
) -> Graphics:
    """Ask the terminal, and wait for what it says. Arguments as for `asked_graphics`."""
    graphics = begun(_choice(settings), os.environ, colors, pixels_per_cell(aspect))
    while graphics.question:
        asked = graphics
        for answer in answers_in(answers_to(graphics.question, r"\x1b\[\?[\d;]*c", within_s)):
            graphics = graphics.heard(answer)
        if graphics.stage == asked.stage:
            return graphics.without("silent")
    return graphics


def _choice(settings: ClientSettings) -> Choice:
    return "kitty" if settings.graphics == "kitty" else "off" if settings.graphics == "off" else "auto"
