"""Which of a thread's comments a list shows, and in which order (PROTOCOL 4.1)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

from imagechat_tui.protocol.ids import CommentId
from imagechat_tui.protocol.models import Comment
from imagechat_tui.protocol.routes import Branch, Direction, ListComments

PAGE_SIZE = 30
MAX_LIMIT = 2_000
MAX_TREE_DEPTH = 32
"""Levels below the tops of a tree: readers of JSON do not nest for ever, replies may."""

_HASH_TAG = re.compile(r"#([\w-]+)")

Children = Mapping[CommentId | None, Sequence[Comment]]


class CommentPage(Struct, frozen=True):
    """One page of a thread, depth first."""

    comments: tuple[Comment, ...]
    page_number: int
    count: int
    has_more: bool
    branches: Mapping[CommentId, Branch] | None = None
    """How a tree nests."""


def comment_page(comments: Sequence[Comment], asked: ListComments) -> CommentPage:
    """The page of ``comments`` (oldest first) that was asked for."""
    sought = [comment for comment in comments if _is_sought(comment, asked)]
    children: dict[CommentId | None, list[Comment]] = {}
    known = {comment.id for comment in sought}
    for comment in sought:
        parent = comment.parent_id if comment.parent_id in known else None
        children.setdefault(parent, []).append(comment)
    roots = _ordered(children.get(None, []), asked.direction)
    count = len(sought) if asked.count_all else len(roots)
    tops = roots if asked.parent_id is None else children.get(asked.parent_id, [])
    if asked.as_tree:
        return _tree_page(sought, children, tops, asked, count)
    flat = [comment for top in tops for comment in _descent(top, children)]
    if asked.page is None or asked.page < 0:
        shown, more = _cut(flat, {comment.id: place for place, comment in enumerate(flat)}, asked)
        return CommentPage(shown, 0, count, more)
    pages = list(_pages(tops, children))
    number = asked.page
    if asked.page_of in known:
        number = next((n for n, page in enumerate(pages) if _holds(page, asked.page_of)), number)
    page = tuple(pages[number]) if number < len(pages) else ()
    return CommentPage(page, number, count, number + 1 < len(pages))


def roots_in_order(comments: Sequence[Comment], direction: Direction) -> list[Comment]:
    """The roots among comments (oldest first) in an order."""
    known = {comment.id for comment in comments}
    return _ordered([comment for comment in comments if comment.parent_id not in known], direction)


def _is_sought(comment: Comment, asked: ListComments) -> bool:
    if asked.user_id is not None and comment.author_id != asked.user_id:
        return False
    words = (comment.text or "").casefold() if asked.search_text or asked.hash_tags else ""
    if asked.search_text.casefold() not in words:
        return False
    return not asked.hash_tags or not {tag.casefold() for tag in asked.hash_tags}.isdisjoint(
        _HASH_TAG.findall(words)
    )


def _tree_page(
    sought: Sequence[Comment], children: Children, tops: Sequence[Comment], asked: ListComments, count: int
) -> CommentPage:
    """Only the tops count; below them at most ``max_tree_depth`` levels."""
    places: dict[CommentId | None, int] = {}
    if asked.page_of or asked.after or asked.before:
        for place, top in enumerate(tops):
            places |= {comment.id: place for comment in _descent(top, children)}
    number = max(asked.page or 0, 0)
    if asked.page is not None and asked.page >= 0:
        if asked.page_of in places:
            number = places[asked.page_of] // PAGE_SIZE
        first = number * PAGE_SIZE
        shown, more = tuple(tops[first : first + PAGE_SIZE]), first + PAGE_SIZE < len(tops)
    else:
        shown, more = _cut(tops, places, asked)
    nested = _nested_counts(sought) if asked.count_children else {}
    branches, flat = {}, []
    for comment, below, replies in _tree(shown, children, asked):
        flat.append(comment)
        branches[comment.id] = Branch(
            tuple(reply.id for reply in below),
            bool(replies),
            len(replies) if asked.count_children else None,
            nested.get(comment.id, 0) if asked.count_children else None,
        )
    return CommentPage(tuple(flat), number, count, more, branches)


def _tree(
    tops: Sequence[Comment], children: Children, asked: ListComments
) -> Iterator[tuple[Comment, Sequence[Comment], Sequence[Comment]]]:
    """Each comment of a tree, depth first, with the replies shown below it and all that it has."""
    depth = MAX_TREE_DEPTH if asked.max_tree_depth is None else min(asked.max_tree_depth, MAX_TREE_DEPTH)
    first = max(asked.skip_children, 0)
    last = None if asked.limit_children is None else first + max(asked.limit_children, 0)
    stack = [(top, 0) for top in reversed(tops)]
    while stack:
        comment, level = stack.pop()
        replies = children.get(comment.id, ())
        below = replies[first:last] if level < depth else ()
        yield comment, below, replies
        stack.extend((reply, level + 1) for reply in reversed(below))


def _nested_counts(comments: Sequence[Comment]) -> dict[CommentId, int]:
    """How many replies stand below each. They come after what they answer, so once backwards is enough."""
    counts: dict[CommentId, int] = {}
    for comment in reversed(comments):
        if comment.parent_id is not None:
            counts[comment.parent_id] = counts.get(comment.parent_id, 0) + 1 + counts.get(comment.id, 0)
    return counts


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


def _descent(top: Comment, children: Children) -> Iterator[Comment]:
    """A comment and those below it, depth first; without recursion, since replies may nest for ever."""
    stack = [top]
    while stack:
        comment = stack.pop()
        yield comment
        stack.extend(reversed(children.get(comment.id, ())))


def _cut(
    comments: Sequence[Comment], places: Mapping[CommentId | None, int], asked: ListComments
) -> tuple[tuple[Comment, ...], bool]:
    """So many as were asked for, from where they were asked for, and whether there are more beyond.

    Args:
        comments: What can be shown, in order.
        places: Where each comment, or the one that it stands below, is in them.
        asked: ``page`` -1 stands for all.
    """
    limit = MAX_LIMIT if asked.page is not None else min(max(asked.limit, 1), MAX_LIMIT)
    first = 0 if asked.page is not None else max(asked.skip, 0)
    if asked.before in places:
        last = places[asked.before]
        first = max(last - limit, 0)
        return tuple(comments[first:last]), first > 0
    if asked.after in places:
        first += places[asked.after] + 1
    elif asked.page_of in places:
        first = places[asked.page_of] // limit * limit
    return tuple(comments[first : first + limit]), first + limit < len(comments)


def _holds(page: Sequence[Comment], comment_id: CommentId | None) -> bool:
    return any(comment.id == comment_id for comment in page)


def _pages(tops: Sequence[Comment], children: Children) -> Iterator[list[Comment]]:
    """Pages of about 30: a top and its replies stay together."""
    page: list[Comment] = []
    for top in tops:
        group = list(_descent(top, children))
        if page and len(page) + len(group) > PAGE_SIZE:
            yield page
            page = []
        page += group
    if page:
        yield page
