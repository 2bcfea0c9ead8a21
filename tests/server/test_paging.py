from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from imagechat_tui.protocol.ids import CommentId
from imagechat_tui.protocol.models import Comment
from imagechat_tui.protocol.routes import Branch, Direction, ListComments
from imagechat_tui.server.usecases.paging import MAX_TREE_DEPTH, PAGE_SIZE, comment_page
from tests import examples as eg


def said(name: str, parent: str | None = None, **changes: object) -> Comment:
    parent_id = CommentId(parent) if parent is not None else None
    return eg.comment(id=CommentId(name), parent_id=parent_id, **changes)


def names(comments: list[Comment], **asked: object) -> list[str]:
    query = {"url_id": eg.THREAD, "limit": 30, **asked}
    return [str(comment.id) for comment in comment_page(comments, ListComments(**query)).comments]  # type: ignore[arg-type]


THREAD = [
    said("a", date_ms=1),
    said("b", date_ms=2, votes=3),
    said("a1", "a", date_ms=3, text="it is a1"),
    said("b1", "b", date_ms=4, user_id=eg.BOB),
    said("a2", "a", date_ms=5, text="all is #wet here"),
    said("a11", "a1", date_ms=6, text="is it a1?"),
]


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({}, ["a", "a1", "a11", "a2", "b", "b1"]),
        ({"direction": Direction.NEWEST_FIRST}, ["b", "b1", "a", "a1", "a11", "a2"]),
        ({"direction": Direction.MOST_RELEVANT}, ["b", "b1", "a", "a1", "a11", "a2"]),
        ({"skip": 1, "limit": 2}, ["a1", "a11"]),
        ({"as_tree": True, "limit": 1}, ["a", "a1", "a11", "a2"]),
        ({"as_tree": True, "max_tree_depth": 0}, ["a", "b"]),
        ({"as_tree": True, "max_tree_depth": 1}, ["a", "a1", "a2", "b", "b1"]),
        ({"as_tree": True, "limit_children": 1}, ["a", "a1", "a11", "b", "b1"]),
        ({"as_tree": True, "skip_children": 1, "max_tree_depth": 1}, ["a", "a2", "b"]),
        ({"as_tree": True, "parent_id": CommentId("a")}, ["a1", "a11", "a2"]),
        ({"page": 0}, ["a", "a1", "a11", "a2", "b", "b1"]),
        ({"page": 1}, []),
        ({"parent_id": CommentId("a")}, ["a1", "a11", "a2"]),
        ({"parent_id": CommentId("gone")}, []),
        ({"after": CommentId("a11")}, ["a2", "b", "b1"]),
        ({"after": CommentId("a11"), "skip": 1, "limit": 1}, ["b"]),
        ({"after": CommentId("gone")}, ["a", "a1", "a11", "a2", "b", "b1"]),
        ({"before": CommentId("a2"), "limit": 2}, ["a1", "a11"]),
        ({"before": CommentId("a1"), "limit": 2}, ["a"]),
        ({"page_of": CommentId("a2"), "limit": 2}, ["a11", "a2"]),
        ({"as_tree": True, "after": CommentId("a11"), "limit": 1}, ["b", "b1"]),
        ({"as_tree": True, "before": CommentId("b1"), "max_tree_depth": 0}, ["a"]),
        ({"as_tree": True, "page_of": CommentId("b1"), "limit": 1}, ["b", "b1"]),
        ({"search_text": "A1"}, ["a1", "a11"]),
        ({"hash_tags": ("Wet", "none")}, ["a2"]),
        ({"hash_tags": ("we",)}, []),
        ({"user_id": eg.BOB}, ["b1"]),
    ],
)
def test_a_thread_is_listed_as_asked(asked: dict[str, object], expected: list[str]) -> None:
    assert names(THREAD, **asked) == expected


def test_pinned_roots_come_first_in_every_direction() -> None:
    thread = [*THREAD, said("p", is_pinned=True, date_ms=9)]
    assert {names(thread, direction=direction)[0] for direction in Direction} == {"p"}


def test_replies_count_only_if_wanted() -> None:
    assert comment_page(THREAD, ListComments(eg.THREAD)).count == 6
    assert comment_page(THREAD, ListComments(eg.THREAD, count_all=False)).count == 2


def test_a_reply_whose_parent_is_not_shown_stands_as_a_root() -> None:
    assert names([said("x", "gone"), said("y")]) == ["x", "y"]


def test_a_page_is_found_by_a_comment_of_it_and_says_which_it_is() -> None:
    thread = [said(f"c{n}") for n in range(PAGE_SIZE * 2 + 1)]
    for as_tree in (False, True):
        page = comment_page(
            thread, ListComments(eg.THREAD, page=0, page_of=CommentId("c31"), as_tree=as_tree)
        )
        assert (page.page_number, page.comments[0].id, page.has_more) == (1, "c30", True)
    assert comment_page(thread, ListComments(eg.THREAD, page=0, page_of=CommentId("gone"))).page_number == 0


def test_a_tree_says_what_stands_below_each_and_how_many_there_are() -> None:
    asked = ListComments(eg.THREAD, as_tree=True, max_tree_depth=1, limit_children=1)
    page = comment_page(THREAD, asked)
    assert page.branches == {
        "a": Branch((CommentId("a1"),), True),
        "a1": Branch((), True),
        "b": Branch((CommentId("b1"),), True),
        "b1": Branch((), False),
    }
    counted = comment_page(THREAD, replace(asked, count_children=True)).branches
    assert counted is not None
    assert [(branch.count, branch.nested) for branch in counted.values()] == [(2, 3), (1, 1), (1, 1), (0, 0)]


def test_a_tree_nests_only_so_deep_and_says_that_there_is_more() -> None:
    thread = [said(f"c{n}", f"c{n - 1}" if n else None) for n in range(2_000)]
    page = comment_page(thread, ListComments(eg.THREAD, as_tree=True))
    assert len(page.comments) == MAX_TREE_DEPTH + 1
    assert page.branches is not None
    assert page.branches[page.comments[-1].id] == Branch((), True)


@given(st.lists(st.integers(0, 40), max_size=100), st.integers(1, 50))
def test_after_and_before_walk_the_same_way_forth_and_back(parents: list[int], limit: int) -> None:
    thread = [said(f"c{n}", f"c{parent}" if parent < n else None) for n, parent in enumerate(parents)]
    everything = names(thread, limit=2000)
    forth: list[str] = []
    while len(forth) < len(thread):
        forth += names(thread, limit=limit, after=CommentId(forth[-1]) if forth else None)
    assert forth == everything
    back = everything[-1:]
    while more := names(thread, limit=limit, before=CommentId(back[0])) if back else []:
        back = more + back
    assert back == everything


@given(st.lists(st.integers(0, 40), max_size=100), st.integers(1, 50))
def test_pages_of_either_style_show_every_comment_once(parents: list[int], limit: int) -> None:
    thread = [said(f"c{n}", f"c{parent}" if parent < n else None) for n, parent in enumerate(parents)]
    everything = names(thread, limit=2000)
    assert sorted(everything) == sorted(comment.id for comment in thread)
    skipped: list[str] = []
    for skip in range(0, len(thread), limit):
        skipped += names(thread, skip=skip, limit=limit)
    assert skipped == everything
    paged: list[str] = []
    number, more = 0, True
    while more:
        page = comment_page(thread, ListComments(eg.THREAD, page=number))
        paged += [str(comment.id) for comment in page.comments]
        number, more = number + 1, page.has_more
    assert paged == everything
    assert number <= max(1, len(thread)) and PAGE_SIZE == 30
