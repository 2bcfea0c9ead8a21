"""What becomes of what the person wrote: what it is called, and its verdict."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, assert_never

from imagechat_tui.problems import Problem, ProblemKind
from imagechat_tui.sync import intents
from imagechat_tui.words.parts import Words, safe_name
from imagechat_tui.words.requests import is_settled, problem_words

if TYPE_CHECKING:
    from imagechat_tui.sync import effects


def write_words(write: intents.Write) -> str:
    """What a write is, in a list of several: "new marker", "comment", "delete marker" …"""
    match write:
        case intents.StartConversation():
            return "new marker"
        case intents.PostComment():
            return "comment"
        case intents.EditComment():
            return "edit"
        case intents.DeleteComment():
            return "delete comment"
        case intents.DeleteConversation():
            return "delete marker"
        case intents.RestoreConversation():
            return "bring back marker"
        case intents.MoveConversation():
            return "move marker"
        case intents.ResolveConversation(resolved=resolved):
            return "resolve" if resolved else "reopen"
        case intents.VoteComment(direction=direction):
            return "vote" if direction else "take back vote"
        case intents.PinComment(pinned=pinned):
            return "pin" if pinned else "unpin"
        case intents.LockComment(locked=locked):
            return "lock" if locked else "unlock"
        case intents.FlagComment(flagged=flagged):
            return "flag" if flagged else "take back flag"
        case intents.BlockAuthor(blocked=blocked):
            return "block" if blocked else "unblock"
        case _:
            assert_never(write)


def not_done_words(write: intents.Write) -> str:
    """That a write did not happen, as a title: "Marker not saved", "Comment not deleted" …"""
    match write:
        case intents.StartConversation():
            return "Marker not saved"
        case intents.PostComment():
            return "Comment not saved"
        case intents.EditComment():
            return "Edit not saved"
        case intents.DeleteComment():
            return "Comment not deleted"
        case intents.DeleteConversation():
            return "Marker not deleted"
        case intents.RestoreConversation():
            return "Marker not brought back"
        case intents.MoveConversation():
            return "Marker not moved"
        case intents.ResolveConversation(resolved=resolved):
            return "Not resolved" if resolved else "Not reopened"
        case intents.VoteComment(direction=direction):
            return "Vote not counted" if direction else "Vote not taken back"
        case intents.PinComment(pinned=pinned):
            return "Not pinned" if pinned else "Not unpinned"
        case intents.LockComment(locked=locked):
            return "Not locked" if locked else "Not unlocked"
        case intents.FlagComment(flagged=flagged):
            return "Not flagged" if flagged else "Flag not taken back"
        case intents.BlockAuthor(blocked=blocked):
            return "Not blocked" if blocked else "Not unblocked"
        case _:
            assert_never(write)


def thread_words(name: str, *, comments: int | None, people: int | None = None) -> str:
    """What goes with a marker: "marker 7 and 4 comments of 2 people".

    Args:
        name: what the marker is called.
        comments: how many there are; None if nobody knows.
        people: how many have written them; None if nobody knows.
    """
    if comments is None:
        return f"{name} and its comments"
    said = f"{name} and {comments} comment{'' if comments == 1 else 's'}"
    return said if people is None or people < 2 else f"{said} of {people} people"


def back_words(*, restorable: bool) -> str:
    """Whether what is about to be deleted can be brought back, and how long."""
    if not restorable:
        return "Nobody can bring it back: this server deletes for good."
    from imagechat_tui.protocol.routes import RESTORABLE_MS

    return f"It can be brought back for {RESTORABLE_MS // 60_000} minutes."


def not_saved_words(problem: Problem, write: intents.Write | None, *, listed: bool = True) -> Words:
    """The verdict "not saved" about one write: why, and what became of the text.

    Args:
        problem: why.
        write: what was not saved, where that is known.
        listed: whether it is among what ``!`` lists. What was refused at once and has no text is not.
    """
    why = problem_words(problem)
    kept = write is None or hasattr(write, "text")
    fate = "Your text is kept as a draft; it is not sent by itself." if kept else "Nothing has changed."
    return Words(
        not_done_words(write) if write is not None else "Not saved",
        f"{why.title}. {why.sentence} {fate}",
        (_listed_words(problem) if listed else why.action),
    )


def _listed_words(problem: Problem) -> str:
    return "! shows it." if is_settled(problem) else "! lists what was not saved; Enter there retries."


def undone_words(
    write: intents.Write | None, undone: effects.Undone, *, whose: str = "", who: str = "its author"
) -> str:
    """That what the person did last is as it was before.

    Args:
        write: what was undone; None if threads had been marked read, or a marker placed.
        undone: which of these, and of which marker.
        whose: how the comment is called that it was about: "your comment", "Ben's comment"; empty if nobody knows.
        who: how its author is called.
    """
    which = "the marker" if undone.marker is None else f"#{undone.marker}"
    threads, comment = undone.threads, f"{whose or 'a comment'} on {which}"
    match write:
        case None if undone.placed == "unconfirmed":
            return f"The place of {which} is confirmed no more."
        case None if undone.placed == "confirmed":
            return f"The place of {which} is confirmed again."
        case None if undone.placed == "moved":
            return f"Moved {which} back."
        case None:
            return "1 thread is unread again." if threads == 1 else f"{threads} threads are unread again."
        case intents.ResolveConversation(resolved=resolved):
            return f"{'Reopened' if resolved else 'Resolved'} {which} again."
        case intents.MoveConversation():
            return f"Moved {which} back."
        case intents.EditComment():
            return f"{comment[0].upper()}{comment[1:]} reads as before."
        case intents.DeleteConversation():
            return f"Brought {which} back."
        case intents.VoteComment():
            return f"Your vote on {comment} is as before."
        case intents.PinComment(pinned=pinned):
            return f"{'Unpinned' if pinned else 'Pinned'} {comment} again."
        case intents.LockComment(locked=locked):
            return f"{'Unlocked' if locked else 'Locked'} {comment} again."
        case intents.FlagComment(flagged=flagged):
            return f"Took back your flag on {comment}." if flagged else f"Flagged {comment} again."
        case intents.BlockAuthor(blocked=blocked):
            return f"What {who} writes is {'shown' if blocked else 'hidden'} again."
        case _:
            return "Undone."


def not_undone_words(
    write: intents.Write | None, undone: effects.Undone, problem: Problem | None, *, whose: str = ""
) -> Words:
    """Why what the person did last stays so; without a problem: it is not as they left it any more.

    Args:
        write, undone, whose: as ``undone_words`` takes them.
        problem: why.
    """
    which = "The marker" if undone.marker is None else f"#{undone.marker}"
    if isinstance(write, intents.CommentWrite):
        place = "the marker" if undone.marker is None else which
        which = f"{whose[:1].upper()}{whose[1:]} on {place}" if whose else f"A comment on {place}"
    if problem is None and undone.placed:
        return Words("Not undone", f"{which} was placed anew since, or the picture is another version.")
    if problem is None:
        since = "Those threads have been read on since." if write is None else f"{which} has changed since."
        return Words("Not undone", since)
    if problem.kind is ProblemKind.NO_ANSWER:
        return Words("Not undone", "What you did last has no answer yet.")
    if problem.kind is not ProblemKind.UNSUPPORTED:
        why = problem_words(problem)
        return Words("Not undone", f"{why.title}. {why.sentence} Nothing has changed.", why.action)
    match write:
        case intents.DeleteComment():
            return Words("Not undone", "A deleted comment cannot be brought back.")
        case intents.DeleteConversation():
            return Words("Not undone", "This server deletes for good.")
        case _:
            return Words("Not undone", "How it was before is not known.")


def not_placed_words(problem: Problem, marker: str | None) -> Words:
    """That it is not kept where the person put a marker on another version of the picture.

    Args:
        problem: why.
        marker: what the marker is called, if that is known.
    """
    why = problem_words(problem)
    what = "The marker" if marker is None else marker[:1].upper() + marker[1:]
    return Words(f"{what} stays where it was", f"{why.title}. {why.sentence}", why.action)


def checking_words(write: intents.Write | None) -> Words:
    """That a write was sent and nobody knows yet what became of it."""
    what = f"{write_words(write)}: " if write is not None else ""
    return Words("Checking", f"{what}no answer yet. You will be told whether it was saved.")


def not_linked_words(problem: Problem, *, undoing: bool = False) -> Words:
    """Why a picture did not get a room of its own; ``undoing``: or not back to the one that it was in."""
    why = problem_words(problem)
    return Words("Not undone" if undoing else "Not started anew", f"{why.title}. {why.sentence}", why.action)


NAMED = 3
"""So many pictures are named in one sentence."""


def unsent_beside_words(beside: Sequence[tuple[str, int]]) -> str:
    """What is unsent on pictures that are not shown, and how to get there; empty if nothing is.

    Args:
        beside: what each is called, and how many drafts and writes are unsent there.
    """
    if not beside:
        return ""
    told = [f"{number} on {safe_name(name)}" for name, number in beside[:NAMED]]
    if more := beside[NAMED:]:
        pictures = "1 more picture" if len(more) == 1 else f"{len(more)} more pictures"
        told.append(f"{sum(number for _, number in more)} on {pictures}")
    return f"Unsent elsewhere: {', '.join(told)}. p lists the pictures."


def nothing_unsent_words(beside: Sequence[tuple[str, int]], *, several: bool) -> str:
    """That nothing is unsent on the picture that is shown; what is on others.

    Args:
        beside: as ``unsent_beside_words`` takes it.
        several: whether there are other pictures. What was written there in an earlier run is not known.
    """
    if beside:
        return f"Nothing unsent on this picture. {unsent_beside_words(beside)}"
    if several:
        return "Nothing unsent on this picture, nor on those you came from."
    return "Nothing unsent: everything you wrote is saved."


def left_saved_words(name: str) -> Words:
    """That a write on a picture that was left is saved.

    Args:
        name: what the picture is called.
    """
    return Words("Saved", f"What you wrote on {safe_name(name)} is saved.")


def left_not_saved_words(name: str) -> Words:
    """That a write on a picture that was left is not saved.

    Args:
        name: what the picture is called.
    """
    return Words("Not saved", f"Your text waits at {safe_name(name)}.", "p goes there; ! lists it there.")


def left_unanswered_words(name: str) -> Words:
    """That nobody waits any longer for what became of a write on a picture that was left.

    Args:
        name: what the picture is called.
    """
    where = safe_name(name)
    return Words(
        "Not known whether saved",
        f"No answer about what you wrote on {where}. The text is kept there.",
        "p goes there, and it is looked up; ! lists it.",
    )
