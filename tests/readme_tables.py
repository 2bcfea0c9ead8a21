"""The README's tables of keys and verbs, from what is declared. ``python -m tests.readme_tables`` writes them anew."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, groupby, zip_longest
from pathlib import Path

from imagechat_tui.commands import COMMANDS, VERBS, Command, Context
from imagechat_tui.tui.keys import key_label

README = Path(__file__).parents[1] / "README.md"
COLUMNS = (
    (("Everywhere but in text", (Context.CHAT,)),),
    (("On the picture", (Context.PICTURE,)), ("Wherever you are", (Context.APP,))),
    (("Threads and list", (Context.LIST, Context.COMMENTS)), ("Writing", (Context.WRITING,))),
)
"""What stands below each other: titles, and where the commands under them work."""
ARROWS = ("←", "↓", "↑", "→")

Line = tuple[str, str]
Section = tuple[str, tuple[Context, ...]]


def tables() -> dict[str, str]:
    """The generated parts of the README by their names."""
    return {"keys": keys_table(), "verbs": verbs_table()}


def keys_table() -> str:
    """Every command that has a key outside of dialogs, and what it does."""
    columns = [[*column_of(sections)] for sections in COLUMNS]
    heads, *rows = (chain.from_iterable(cells) for cells in zip_longest(*columns, fillvalue=("", "")))
    return table(heads, rows)


def column_of(sections: Iterable[Section]) -> Iterator[Line]:
    """Titles, of which the first heads the column, with their lines."""
    for place, (title, contexts) in enumerate(sections):
        yield f"**{title}**" if place else title, ""
        yield from lines_of(contexts)


def lines_of(contexts: Sequence[Context]) -> Iterator[Line]:
    """Keys and words; neighbours of which the same is said are one."""
    commands = [command for command in COMMANDS if command.context in contexts]
    for words, alike in groupby(commands, key=words_of):
        yield keys_of([*alike]), words


def words_of(command: Command) -> str:
    """What is said of a command: as its title, but within a sentence."""
    return command.manual or command.title[0].lower() + command.title[1:]


def keys_of(commands: Iterable[Command]) -> str:
    """The keys of commands: the first of each, then the second of each; four arrows are called so."""
    sets = [
        ",".join(dict.fromkeys((command.keys, *command.also.values()))).split(",") for command in commands
    ]
    labels = [key_label(key) for key in chain.from_iterable(zip_longest(*sets)) if key is not None]
    shown = " ".join(f"`{label}`" for label in labels)
    for shift in ("Shift+", ""):
        shown = shown.replace(" ".join(f"`{shift}{arrow}`" for arrow in ARROWS), f"{shift}arrows")
    return shown


def verbs_table() -> str:
    """Every verb, the key that does the same on the screen, and what it does."""
    by_verb: dict[str, list[Command]] = {}
    for command in COMMANDS:
        by_verb.setdefault(command.verb, []).append(command)
    return table(
        ("Verb", "Key", ""),
        ((f"`{verb.name}`", keys_of(by_verb.get(verb.name, ())), verb.line) for verb in VERBS.values()),
    )


def table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """As Markdown has tables."""
    first = [*heads]
    lines = [first, ["---"] * len(first), *rows]
    return "\n".join("".join(f"| {cell} " if cell else "| " for cell in cells) + "|" for cells in lines)


def with_tables(text: str) -> str:
    """A README with its generated parts as they should be."""
    for name, part in tables().items():
        begin, end = f"<!-- {name}: python -m tests.readme_tables -->\n", "\n<!-- end -->"
        before, _, rest = text.partition(begin)
        text = before + begin + part + end + rest.partition(end)[2]
    return text


if __name__ == "__main__":
    README.write_text(with_tables(README.read_text(encoding="utf-8")), encoding="utf-8")
