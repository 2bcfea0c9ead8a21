"""Numbered SQL, one file per engine and step; an engine applies what its database still lacks.

In-tree because each runner is fifteen lines: yoyo and its like bring an abstraction over drivers that the
store avoids on purpose, and cost more than the whole of the local server's budget to be ready.
"""

from __future__ import annotations

from importlib import resources


def steps(engine: str) -> list[str]:
    """The SQL of all steps for an engine (``sqlite``, ``postgres``), in order; the first has number 1."""
    ending = f".{engine}.sql"
    found = [step for step in resources.files(__name__).iterdir() if step.name.endswith(ending)]
    return [step.read_text("utf-8") for step in sorted(found, key=lambda step: step.name)]
