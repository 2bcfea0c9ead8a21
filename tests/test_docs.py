"""The README tells of what is there, and so do the two documents that the code cites."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from imagechat_tui.commands import VERBS
from imagechat_tui.sync.state import Phase
from imagechat_tui.words import phase_words
from tests.readme_tables import with_tables

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
PACKAGE = ROOT / "imagechat_tui"
DOCUMENTS = {
    "PROTOCOL": (PACKAGE / "protocol" / "PROTOCOL.md").read_text(encoding="utf-8"),
    "PROMISES": (PACKAGE / "PROMISES.md").read_text(encoding="utf-8"),
}
SOURCES = [
    path for part in (PACKAGE, ROOT / "tests", ROOT / "screenshots") for path in sorted(part.rglob("*.py"))
]
NUMBER = r"D?[0-9]+(?:\.[0-9]+)?"
CITATION = re.compile(rf"\b({'|'.join(DOCUMENTS)}) ({NUMBER}(?:(?:, | and | to ){NUMBER})*)")
HEADING = re.compile(rf"^#+ ({NUMBER}) ", flags=re.MULTILINE)


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_is_told_of(verb: str) -> None:
    assert re.search(rf"`(imagechat )?{verb}\b", README)


def test_its_tables_of_keys_and_verbs_are_what_is_declared() -> None:
    assert with_tables(README) == README, "python -m tests.readme_tables writes them anew"


def test_no_verb_is_told_of_that_does_not_exist() -> None:
    called = set(re.findall(r"^imagechat ([a-z]+) ", README, flags=re.MULTILINE))
    assert called
    assert called <= set(VERBS)


@pytest.mark.parametrize("phase", Phase)
def test_every_state_of_the_link_is_told_of(phase: Phase) -> None:
    assert f"`{phase_words(phase)}`" in README


def test_every_picture_in_it_is_there() -> None:
    pictures = re.findall(r"!\[[^]]+\]\(([^)]+)\)", README)
    assert len(pictures) >= 4
    assert all((ROOT / picture).is_file() for picture in pictures)


def test_nothing_in_it_waits_to_be_filled_in() -> None:
    assert "@@" not in README


def test_what_is_cited_is_there() -> None:
    headings = {name: set(HEADING.findall(text)) for name, text in DOCUMENTS.items()}
    texts = [*(path.read_text(encoding="utf-8") for path in SOURCES), *DOCUMENTS.values()]
    cited = {
        (found[1], number)
        for text in (*texts, (ROOT / "pyproject.toml").read_text(encoding="utf-8"))
        for found in CITATION.finditer(text)
        for number in re.findall(NUMBER, found[2])
    }
    assert len(cited) > 30
    assert not {(name, number) for name, number in cited if number not in headings[name]}


def test_nothing_else_is_cited_and_in_no_other_way() -> None:
    odd = {str(path.relative_to(ROOT)): odd_citations(path.read_text(encoding="utf-8")) for path in SOURCES}
    assert {path: found for path, found in odd.items() if found} == {}


def odd_citations(text: str) -> list[str]:
    rest = CITATION.sub("", text)
    papers = re.findall(r"\b[A-Z]{4,}\.md\b", rest)
    return [
        *re.findall(rf"\b(?:{'|'.join(DOCUMENTS)}) \S+", rest),
        *re.findall(r"\b[A-Z]{4,} (?:section |§ ?)[0-9]+", rest),
        *re.findall(r"\bD[1-9][0-9]?\b", rest),
        *(
            paper
            for paper in papers
            if paper.removesuffix(".md") not in (*DOCUMENTS, "README", "CONTRIBUTING")
        ),
    ]


def test_every_promise_names_tests_that_are_there() -> None:
    promises = re.split(r"^### (D[0-9]+) ", DOCUMENTS["PROMISES"], flags=re.MULTILINE)[1:]
    shown = {
        number: re.findall(r"`(tests/\S+\.py)`", text)
        for number, text in zip(*[iter(promises)] * 2, strict=True)
    }
    assert list(shown) == [f"D{number}" for number in range(1, 23)]
    assert all(shown.values())
    assert [test for tests in shown.values() for test in tests if not (ROOT / test).is_file()] == []


def test_both_documents_can_be_reached_from_the_readme() -> None:
    linked = re.findall(r"\]\((\S+\.md)\)", README)
    assert {ROOT / link for link in linked} >= {PACKAGE / "protocol" / "PROTOCOL.md", PACKAGE / "PROMISES.md"}


def test_every_module_and_verb_that_contributors_are_sent_to_is_there() -> None:
    known = [str(path.relative_to(ROOT)) for path in SOURCES]
    named = set(re.findall(r"(?<![\w/.])(?:[a-z_0-9]+/)*[a-z_0-9]+\.py\b", CONTRIBUTING))
    assert len(named) > 40
    assert {name for name in named if not any(f"/{path}".endswith(f"/{name}") for path in known)} == set()
    folders = re.findall(r"`((?:[a-z_0-9]+/)+)`", CONTRIBUTING)
    assert [name for name in folders if not any(f"/{name}" in f"/{path}" for path in known)] == []
    assert set(re.findall(r"`imagechat ([a-z]+) ", CONTRIBUTING)) <= set(VERBS)
