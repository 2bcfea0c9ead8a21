"""What a comment of 2,000 characters takes of the disk, on each store, and where that goes.

    python -m tests.benchmarks.storage [--comments 5000]

The comments are posted to a server, twenty to a thread of a marker, half of them with a little Markdown. Printed in
bytes a comment: the whole file after a checkpoint, or the whole schema, then its tables and indexes. Wants PostgreSQL
as the tests do, and a SQLite with dbstat.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sqlite3
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

from imagechat_tui.server.storage.postgres import PostgresStore
from imagechat_tui.server.storage.sql_store import SqlStore
from tests.contracts.services import ask, own_database
from tests.server.house import IMAGE, SRC, Clock, House, in_file, running_house

LENGTH = 2_000
IN_THREAD = 20
AT_ONCE = 32
_WORDS = """
the a this that of to in on and but so with for from at is was are has can should must not it we they somebody
left right top bottom edge corner line button field title margin colour shadow border padding contrast label
icon header footer picture crop grey blue green red dark light too very little wide narrow close far moved
missing wrong better agree disagree perhaps yesterday version export layer font weight baseline kerning résumé
naïve façade customer printed screen phone tablet between under above review once more please look again here
there because although deadline Friday meeting draft final approved rejected reason
""".split()  # noqa: SIM905


def natural(chance: random.Random) -> str:
    """Something that looks like prose, as long as a comment may be."""
    text = ""
    while len(text) < LENGTH:
        sentence = " ".join(chance.choices(_WORDS, k=chance.randint(4, 18)))
        text += (
            f"{sentence.capitalize()}{chance.choice('..?!:')}{chance.choice([' ', ' ', ' ', chr(10) * 2])}"
        )
    return text[:LENGTH].strip().ljust(LENGTH, ".")


async def fill(house: House, comments: int) -> None:
    """Have so many comments written, by several people at once."""
    chance, people = random.Random(1), [house.person(f"p{number}") for number in range(8)]
    texts = [natural(chance) for _ in range(comments)]
    texts[::2] = [f"**{text[:20]}**{text[24:]}" for text in texts[::2]]
    threads = range(-(-comments // IN_THREAD))

    async def work(number: int) -> None:
        for thread in threads[number::AT_ONCE]:
            x, y = thread % 100, thread // 100
            key, person = f"{IMAGE}:{SRC}:{x}:{y}", people[thread % len(people)]
            first, *rest = texts[thread * IN_THREAD : (thread + 1) * IN_THREAD]
            await person.marks(f"m{thread}", comment=first, windowUrlId=key, x=x, y=y)
            for reply, text in enumerate(rest):
                await people[reply % len(people)].writes(text, f"c{thread}-{reply}", key)

    await asyncio.gather(*(work(number) for number in range(AT_ONCE)))


async def filled(
    folder: Path, comments: int, open_store: Callable[[Path, Clock], Awaitable[SqlStore]]
) -> None:
    async with running_house(folder, open_store=open_store) as house:
        await fill(house, comments)


async def of_sqlite(comments: int) -> dict[str, int]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "test.sqlite"
        await filled(Path(folder), comments, in_file)
        found = {"the file": path.stat().st_size}
        with sqlite3.connect(path) as database:
            pages = database.execute("SELECT name, sum(pgsize) FROM dbstat GROUP BY name ORDER BY 2 DESC")
            found |= {name: size for name, size in pages if size >= comments}
        database.close()
    return found


async def of_postgres(comments: int) -> dict[str, int]:
    async with own_database() as url:

        async def open_store(folder: Path, clock: Clock) -> SqlStore:
            return await PostgresStore.open(url, now_ms=clock)

        with tempfile.TemporaryDirectory() as folder:
            await filled(Path(folder), comments, open_store)
        lines = await ask(
            url,
            "SELECT relname::text, pg_total_relation_size(pg_class.oid)::bigint, pg_indexes_size(pg_class.oid)::bigint"
            " FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace"
            " WHERE nspname = current_schema() AND relkind = 'r' ORDER BY 2 DESC",
        )
        sizes = [(str(name), int(str(total)), int(str(indexes))) for name, total, indexes in lines]
    found = {"the schema": sum(total for _, total, _ in sizes)}
    for name, total, indexes in sizes:
        if total >= comments:
            found |= {name: total - indexes, f"{name}'s indexes": indexes}
    return found


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--comments", type=int, default=5_000)
    comments = options.parse_args().comments
    for store, found in (
        ("SQLite", asyncio.run(of_sqlite(comments))),
        ("PostgreSQL", asyncio.run(of_postgres(comments))),
    ):
        for what, size in found.items():
            print(f"{store}, {what}: {size / comments:.0f}")


if __name__ == "__main__":
    main()
