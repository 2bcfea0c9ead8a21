"""All facts about a marker, and about the selected comment."""

from __future__ import annotations

from imagechat_tui.safetext import Kind, safe_text
from imagechat_tui.sync.state import ChatState, CommentView, Status, Thread
from imagechat_tui.tui.clock import date_and_time
from imagechat_tui.tui.dialogs.facts import Facts
from imagechat_tui.tui.thread_words import replies_of
from imagechat_tui.tui.widgets.people import People
from imagechat_tui.words import placement_words, problem_words

STATUS_WORDS = {
    Status.SAVED: "saved",
    Status.PENDING: "being saved",
    Status.CHECKING: "sent, waiting for confirmation",
    Status.FAILED: "not saved",
    Status.DRAFT: "draft, not sent",
}


def facts(state: ChatState, thread: Thread, comment: CommentView | None) -> Facts:
    """All of a thread and a comment; text of others is made harmless."""
    conversation = thread.conversation
    people = People(state.confirmed.names, state.confirmed.me)
    rows: Facts = [
        ("marker", str(thread.number) if thread.number is not None else "no number yet"),
        ("by", people.starter_of(thread)),
        ("at", f"{thread.point.x:.2f} %, {thread.point.y:.2f} %"),
        *placement_facts(state, thread, people),
        ("state", ("resolved" if conversation.resolved else "open") + f", {STATUS_WORDS[thread.status]}"),
    ]
    if conversation.resolved and conversation.resolved_by is not None:
        rows.append(("resolved by", people.name_of(conversation.resolved_by)))
    if conversation.created_at_ms is not None:
        rows.append(("created", date_and_time(conversation.created_at_ms)))
    replies = replies_of(thread)
    rows.append(("comments", "not loaded" if replies is None else str(replies + 1)))
    if comment is not None:
        rows.append(("comment by", people.author_of(comment.comment)))
        if comment.comment.date_ms is not None:
            rows.append(("written", date_and_time(comment.comment.date_ms)))
        if comment.comment.edited_at_ms is not None:
            rows.append(("edited", date_and_time(comment.comment.edited_at_ms)))
        if comment.problem is not None:
            words = problem_words(comment.problem)
            rows.append(("not saved", f"{words.title}. {words.sentence}"))
    rows.append(("id", safe_text(thread.key, Kind.NAME)))
    return rows


def placement_facts(state: ChatState, thread: Thread, people: People) -> Facts:
    """Which version a marker was made on; on another one where it was, and what is known of it there."""
    placement, version = thread.placement, thread.conversation.version
    if version is None or version == state.placings.version:
        return []
    rows = [
        (
            "made on",
            f"version {version}, at {thread.conversation.point.x:.2f} %, {thread.conversation.point.y:.2f} %",
        )
    ]
    if placement is not None:
        shown = state.placings.version or 0
        rows.append((f"on v{shown}" if shown > 0 else "here", placement_words(placement)))
    if placement is not None and placement.by is not None:
        rows.append(("placed by", people.name_of(placement.by)))
    return rows
