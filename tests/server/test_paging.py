from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagechat_tui.protocol.ids import CommentId
from imagechat_tui.protocol.models import Comment
from imagechat_tui.protocol.routes import Direction, ListComments
from imagechat_tui.server.usecases.paging import PAGE_SIZE, comment_page
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
    said("a1", "a", date_ms=3),
    said("b1", "b", date_ms=4),
    said("a2", "a", date_ms=5),
    said("a11", "a1", date_ms=6),
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
