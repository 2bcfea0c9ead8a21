"""What all words are made of: their three parts, and text of others made harmless."""

from __future__ import annotations

from msgspec import Struct

from imagechat_tui.protocol.ids import ANONYMOUS_PREFIX
from imagechat_tui.protocol.local import LOCAL_TENANT
from imagechat_tui.safetext import Kind, SafeText, safe_text


class Words(Struct, frozen=True):
    """A failure as people read it."""

    title: str
    sentence: str
    action: str = ""
    """What to press or do next; empty if there is nothing."""

    @property
    def text(self) -> str:
        """All of it as one line, for stderr and logs."""
        return " ".join(
            part for part in (f"{self.title}:" if self.title else "", self.sentence, self.action) if part
        )


def safe_line(text: str) -> SafeText:
    """Outside text as one harmless line."""
    return safe_text(text, Kind.LINE)


MAX_NAME = 200
"""Characters of a name that are shown; who typed more knows the rest."""


def safe_name(text: str) -> SafeText:
    """A file's name or an argument as one harmless line that is not longer than anybody reads."""
    return safe_line(text if len(text) <= MAX_NAME else f"{text[: MAX_NAME - 1]}…")


def typed(word: str) -> str:
    """A path or a key as a word of a command line that somebody types after us: harmless, and one word for a shell."""
    import shlex

    return shlex.quote(safe_line(word))


def moderator_words(tenant: str, user: str) -> str:
    """How one becomes a moderator: what whoever runs the server types; empty where that is not known.

    Args:
        tenant: the tenant's id.
        user: the whole id of the user: ``design:anna``; empty if it is not known.
    """
    name = user.removeprefix(f"{tenant}:") or "USER"
    if not tenant or name.startswith(ANONYMOUS_PREFIX):
        return ""
    keeper = "Whose server it is" if tenant == LOCAL_TENANT else "Whoever runs the server"
    where = " --data-dir DIR/data, of the shared DIR" if tenant == LOCAL_TENANT else ""
    return f"{keeper} makes you one: imagechat user role {typed(tenant)} {typed(name)} moderator{where}"


def stopped(sentence: str) -> str:
    """A sentence of others with a full stop, so that ours can follow."""
    return sentence if sentence.endswith((".", "!", "?", "…")) else f"{sentence}."


def seconds(wait_s: float) -> str:
    """A wait in whole seconds: never none at all."""
    return f"{max(1.0, wait_s):.0f} s"
