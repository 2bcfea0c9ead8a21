"""What people really have: each is shown, as far as it is there, or refused in words that say what is wrong."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from imagechat_tui.net.pictures import PictureLimits, refusal
from imagechat_tui.words import picture_words
from tests.net.problem_pictures import PARTLY, REFUSED, SHOWN, Problem, problems
from tests.net.test_hostile_images import in_batches

EVERY = 20
"""So many runs that are asked for decode one picture: the usual 1,000 decode 50."""
NEAR = 0.06
"""How far from the truth a share may be: what a header takes is no row."""


def chosen(runs: int) -> list[Problem]:
    """So many of them, of every kind; all of them in a long night."""
    everything = problems()
    step = max(1, len(everything) * EVERY // runs)
    return list(everything[::step])


def judged(problem: Problem, answer: dict[str, object]) -> tuple[str, str]:
    """What became of it, and what is wrong about that; empty if nothing is."""
    said = refusal(answer, "a.png", PictureLimits())
    if said is not None:
        words = picture_words(said)
        fault = "" if problem.says in words.text and words.action else f"says {words.text}"
        return REFUSED, fault
    lost = answer["lost"]
    if lost is None:
        return SHOWN, ""
    assert isinstance(lost, dict)
    off = problem.share is not None and abs(lost["share"] - problem.share) > NEAR
    odd = off or not 0 < lost["share"] <= (1 if lost["what"] == "detail" else 0.999)
    return PARTLY, f"share {lost['share']}" if odd else ""


def test_every_odd_picture_is_shown_as_far_as_it_is_there_or_named(tmp_path: Path, runs: int) -> None:
    assert len(problems()) >= 300
    items = chosen(runs)
    assert {item.kind for item in items} == {item.kind for item in problems()}
    found: Counter[str] = Counter()
    faults = []
    for batch, answers, _ in in_batches(items, tmp_path):
        for item, answer in zip(batch, answers, strict=True):
            outcome, fault = judged(item, answer)
            found[outcome] += 1
            if fault or outcome not in item.outcomes:
                faults.append(
                    f"{item.kind}: {item.name}: {outcome}, not {set(item.outcomes)}; {fault} {answer}"
                )
    assert not faults, "\n".join(faults)
    assert min(found[SHOWN], found[PARTLY], found[REFUSED]) >= 3


@pytest.mark.parametrize("kind", sorted({item.kind for item in problems()}))
def test_the_pictures_are_the_same_each_time(kind: str) -> None:
    once = [item.name for item in problems() if item.kind == kind]
    assert len(set(once)) == len(once) > 1
