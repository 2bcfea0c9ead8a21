"""Which of a thread's comments a list shows, and in which order (PROTOCOL 4.1)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct

from imagechat_tui.protocol.ids import CommentId
from imagechat_tui.protocol.models import Comment
from imagechat_tui.protocol.routes import Direction, ListComments

PAGE_SIZE = 30
MAX_LIMIT = 2_000


class CommentPage(Struct, frozen=True):
    """One page of a thread. A tree comes out flat, depth first; ``parent_id`` says the rest."""

    comments: tuple[Comment, ...]
    page_number: int
    count: int
    has_more: bool


def comment_page(comments: Sequence[Comment], asked: ListComments) -> CommentPage:
    """The page of ``comments`` (oldest first) that was asked for."""
    children: dict[CommentId | None, list[Comment]] = {}
    known = {comment.id for comment in comments}
    for comment in comments:
        parent = comment.parent_id if comment.parent_id in known else None
        children.setdefault(parent, []).append(comment)
    roots = _ordered(children.get(None, []), asked.direction)
    count = len(comments) if asked.count_all else len(roots)
    if asked.as_tree:
        return _tree_page(children, roots, asked, count)
    flat = [comment for root in roots for comment in _descent(root, children, None)]
    if asked.page is None:
        shown, more = _cut(flat, asked.skip, asked.limit)
        return CommentPage(shown, 0, count, more)
    if asked.page < 0:
        shown, more = _cut(flat, 0, MAX_LIMIT)
        return CommentPage(shown, 0, count, more)
    pages = list(_pages(roots, children))
    page = tuple(pages[asked.page]) if asked.page < len(pages) else ()
    return CommentPage(page, asked.page, count, asked.page + 1 < len(pages))


def _tree_page(
    children: dict[CommentId | None, list[Comment]],
    roots: list[Comment],
    asked: ListComments,
    count: int,
) -> CommentPage:
    """Only the tops count; below them at most ``max_tree_depth`` levels."""
    tops = roots if asked.parent_id is None else children.get(asked.parent_id, [])
    if asked.page is not None and asked.page >= 0:
        shown, more = _cut(tops, asked.page * PAGE_SIZE, PAGE_SIZE)
    else:
        shown, more = _cut(tops, asked.skip, asked.limit)
    flat = tuple(c for top in shown for c in _descent(top, children, asked.max_tree_depth, asked))
    return CommentPage(flat, max(asked.page or 0, 0), count, more)


def _ordered(roots: list[Comment], direction: Direction) -> list[Comment]:
    """Pinned ones first, in every direction."""
    match direction:
        case Direction.OLDEST_FIRST:
            ordered = list(roots)
        case Direction.NEWEST_FIRST:
            ordered = roots[::-1]
        case Direction.MOST_RELEVANT:
            ordered = sorted(roots, key=lambda comment: (-comment.votes, -(comment.date_ms or 0)))
    return sorted(ordered, key=lambda comment: not comment.is_pinned)


def _descent(
    top: Comment,
    children: dict[CommentId | None, list[Comment]],
    depth: int | None,
    asked: ListComments | None = None,
) -> Iterator[Comment]:
    """A comment and those below it, depth first; without recursion, since replies may nest for ever."""
    stack = [(top, 0)]
    while stack:
        comment, level = stack.pop()
        yield comment
        if depth is None or level < depth:
            below = children.get(comment.id, [])
            if asked is not None:
                limit = asked.limit_children if asked.limit_children is not None else len(below)
                below = below[max(asked.skip_children, 0) :][: max(limit, 0)]
            stack.extend((child, level + 1) for child in reversed(below))


def _cut(comments: Sequence[Comment], skip: int, limit: int) -> tuple[tuple[Comment, ...], bool]:
    first = max(skip, 0)
    last = first + min(max(limit, 1), MAX_LIMIT)
    return tuple(comments[first:last]), last < len(comments)


def _pages(roots: list[Comment], children: dict[CommentId | None, list[Comment]]) -> Iterator[list[Comment]]:
    """Pages of about 30: a root and its replies stay together."""
    page: list[Comment] = []
    for root in roots:
        group = list(_descent(root, children, None))
        if page and len(page) + len(group) > PAGE_SIZE:
            yield page
            page = []
        page += group
    if page:
        yield page
