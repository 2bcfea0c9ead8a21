"""Verbs about what is thought of comments: vote, pin, lock, flag, block, and their opposites."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Final, TypeAlias

import click

from imagechat_tui import problems
from imagechat_tui.cli.batch import Ending, report, write_each
from imagechat_tui.cli.one_shot import Visit, find, find_comment, number_of, visit
from imagechat_tui.cli.target import (
    completed_markers,
    picture_argument,
    picture_options,
    server_options,
    to_write_on,
)
from imagechat_tui.cli.threads import as_json, place_of
from imagechat_tui.cli.verb import Verb
from imagechat_tui.problems import ProblemKind, VerbFailed
from imagechat_tui.protocol import codes
from imagechat_tui.protocol.models import Comment, Conversation, Own
from imagechat_tui.protocol.routes import ConversationList
from imagechat_tui.sync.intents import (
    BlockAuthor,
    CommentWrite,
    FlagComment,
    LockComment,
    PinComment,
    VoteComment,
)
from imagechat_tui.sync.state import Peer
from imagechat_tui.words import safe_name

DIRECTIONS: Final = {"up": 1, "down": -1, "none": 0}

Facts: TypeAlias = Mapping[str, object]


def about_comments(run: Callable[..., int]) -> click.Command:
    """Make a verb of it that does one thing to several comments of a picture."""
    comments = click.argument(
        "comments", metavar="COMMENT...", nargs=-1, required=True, shell_complete=completed_markers
    )
    with_options = picture_argument(comments(picture_options(server_options(as_json(run)))))
    return click.command(cls=Verb)(with_options)


def _votes(context: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    return [name for name in DIRECTIONS if name.startswith(incomplete)]


@click.command(cls=Verb)
@picture_argument
@click.argument("comment", shell_complete=completed_markers)
@click.argument("vote", type=click.Choice(tuple(DIRECTIONS)), shell_complete=_votes)
@picture_options
@server_options
@as_json
def vote(image: str, comment: str, vote: str, json_: bool, **options: str | None) -> int:
    """Vote for COMMENT (up) or against it (down), or take your vote back (none).

    \b
    imagechat vote shot.png 7.2 up
    imagechat vote shot.png 7 none

    7.2 is the second comment of marker 7, and 7 the one that it began with. Each person has one vote on a
    comment: another one takes its place.
    """
    wanted = DIRECTIONS[vote]

    async def work(visit: Visit) -> list[Ending]:
        listing = await visit.look()
        marker, _, place = comment.partition(".")
        conversation = find(listing, marker)
        found, own = await _found(visit, conversation, place)
        before = next((one for one in own.votes if one.comment_id == found.id), None)
        standing = 0 if before is None else before.direction
        number = place_of(found, await visit.comments(listing, conversation))

        async def write(name: str, about: Comment) -> Facts:
            changed = standing != wanted
            if changed:
                cast = VoteComment(conversation.id, about.id, wanted)
                await visit.send(cast, conversation, vote_id=None if before is None else before.id)
            after = next((c for c in await visit.comments_again(conversation) if c.id == about.id), about)
            return {
                "ref": f"{number_of(listing, conversation)}.{number}",
                "id": about.id,
                "vote": None if wanted == 0 else vote,
                "votesUp": after.votes_up,
                "votesDown": after.votes_down,
                "changed": changed,
            }

        return await write_each({comment: found}, write)

    def sentence(done: Facts) -> str:
        ref, counts = done["ref"], f"now +{done['votesUp']} -{done['votesDown']}"
        if not done["changed"]:
            return f"You had {'no vote' if wanted == 0 else 'voted so already'} on {ref}: {counts}."
        if wanted == 0:
            return f"Took your vote on {ref} back: {counts}."
        return f"Voted {'for' if wanted > 0 else 'against'} {ref}: {counts}."

    return report(visit(to_write_on(image, **options), work), sentence, json=json_)


async def _found(visit: Visit, conversation: Conversation, place: str) -> tuple[Comment, Own]:
    """The comment that is meant, and what of its thread is the person's own; without a place the first one."""
    comments, own = await visit.thread(conversation)
    if place:
        return find_comment(comments, place), own
    made_with = conversation.created_from_comment_id
    first = next((one for one in comments if made_with in (None, one.id)), None)
    if first is None:
        raise VerbFailed(problems.NoSuchComment("1"))
    return first, own


def _each(
    image: str,
    names: tuple[str, ...],
    json_: bool,
    options: dict[str, str | None],
    *,
    write: Callable[[Conversation, Comment], CommentWrite],
    stands: Callable[[Comment, Own], bool],
    key: str,
    value: bool,
    verb: str,
    done: str,
    already: str,
    of_author: bool = False,
) -> int:
    """Do one thing to several comments. Of what is so already the server is asked nothing.

    Args:
        image: the picture.
        names: of the comments.
        json_: whether to print a document.
        options: of picture and server.
        write: what is asked of the server for each.
        stands: whether it is so by now, as ``value`` has it after the verb.
        key: what the document calls it.
        value: how it is afterwards.
        verb: what it is called where it may not be done.
        done: the sentence about one, with ``{ref}`` or ``{author}`` in it.
        already: what is said instead where it was so before.
        of_author: whether it is about the author of each, so that two of theirs are one.
    """

    async def work(visit: Visit) -> list[Ending]:
        listing = await visit.look()
        there: dict[str, tuple[Conversation, Comment, str]] = {}
        was_so: dict[str, bool] = {}
        for name in names:
            marker, _, place = name.partition(".")
            conversation = find(listing, marker)
            comment, own = await _found(visit, conversation, place)
            was_so[name] = stands(comment, own) is value
            number = place_of(comment, await visit.comments(listing, conversation))
            there[name] = conversation, comment, f"{number_of(listing, conversation)}.{number}"

        asked: set[str | None] = set()

        async def do(name: str, about: tuple[Conversation, Comment, str]) -> Facts:
            conversation, comment, ref = about
            thing = comment.author_id if of_author else comment.id
            if thing not in asked and not was_so[name]:
                with _explained(visit, verb, listing):
                    await visit.send(write(conversation, comment), conversation)
                asked.add(thing)
            facts = {"ref": ref, "id": comment.id, key: value, "author": comment.commenter_name}
            return facts | {"changed": not was_so[name]}

        return await write_each(there, do)

    def sentence(facts: Facts) -> str:
        words = done if facts["changed"] else already
        return words.format(ref=facts["ref"], author=safe_name(str(facts["author"])))

    return report(visit(to_write_on(image, **options), work), sentence, json=json_)


@contextmanager
def _explained(visit: Visit, verb: str, listing: ConversationList) -> Iterator[None]:
    """Say of a write that is refused as not allowed who may do it.

    Raises:
        VerbFailed: it was refused so.
        ApiError: it failed otherwise.
    """
    from imagechat_tui.net.failures import ApiError

    try:
        yield
    except ApiError as failure:
        told = failure.problem
        if visit.peer is Peer.OURS and (told.kind, told.code) == (ProblemKind.REFUSED, codes.UNAUTHORIZED):
            me = "" if listing.user is None else listing.user.id
            raise VerbFailed(problems.NotForYou(verb, visit.room.tenant_id, me)) from None
        raise


@about_comments
def pin(image: str, comments: tuple[str, ...], json_: bool, **options: str | None) -> int:
    """Put COMMENT first wherever comments are sorted; for moderators. 7.2 is the second comment of marker 7.

    \b
    imagechat pin shot.png 7.2
    """
    return _pinning(image, comments, json_, options, pinned=True)


@about_comments
def unpin(image: str, comments: tuple[str, ...], json_: bool, **options: str | None) -> int:
    """Put COMMENT back in its place; for moderators.

    \b
    imagechat unpin shot.png 7.2
    """
    return _pinning(image, comments, json_, options, pinned=False)


def _pinning(
    image: str, comments: tuple[str, ...], json_: bool, options: dict[str, str | None], *, pinned: bool
) -> int:
    return _each(
        image,
        comments,
        json_,
        options,
        write=lambda conversation, comment: PinComment(conversation.id, comment.id, pinned),
        key="pinned",
        value=pinned,
        stands=lambda comment, _: comment.is_pinned,
        verb="pin" if pinned else "unpin",
        done=f"Comment {{ref}} {'pinned' if pinned else 'unpinned'}.",
        already=f"Comment {{ref}} was {'pinned already' if pinned else 'not pinned'}.",
    )


@about_comments
def lock(image: str, comments: tuple[str, ...], json_: bool, **options: str | None) -> int:
    """Have COMMENT neither answered, edited nor deleted; for moderators.

    \b
    imagechat lock shot.png 7
    imagechat lock shot.png 7.2

    7 is the comment that marker 7 began with: locked, it locks its thread, which then takes no replies.
    """
    return _locking(image, comments, json_, options, locked=True)


@about_comments
def unlock(image: str, comments: tuple[str, ...], json_: bool, **options: str | None) -> int:
    """Have COMMENT answered, edited and deleted again; for moderators.

    \b
    imagechat unlock shot.png 7
    """
    return _locking(image, comments, json_, options, locked=False)


def _locking(
    image: str, comments: tuple[str, ...], json_: bool, options: dict[str, str | None], *, locked: bool
) -> int:
    return _each(
        image,
        comments,
        json_,
        options,
        write=lambda conversation, comment: LockComment(conversation.id, comment.id, locked),
        key="locked",
        value=locked,
        stands=lambda comment, _: comment.is_locked,
        verb="lock" if locked else "unlock",
        done=f"Comment {{ref}} {'locked' if locked else 'unlocked'}.",
        already=f"Comment {{ref}} was {'locked already' if locked else 'not locked'}.",
    )


@about_comments
def flag(image: str, comments: tuple[str, ...], json_: bool, **options: str | None) -> int:
    """Point COMMENT out to moderators. Nobody else is told; not your own, and not what moderators write.

    \b
    imagechat flag shot.png 7.2
    """
    return _flagging(image, comments, json_, options, flagged=True)


@about_comments
def unflag(image: str, comments: tuple[str, ...], json_: bool, **options: str | None) -> int:
    """Take your flag on COMMENT back.

    \b
    imagechat unflag shot.png 7.2
    """
    return _flagging(image, comments, json_, options, flagged=False)


def _flagging(
    image: str, comments: tuple[str, ...], json_: bool, options: dict[str, str | None], *, flagged: bool
) -> int:
    return _each(
        image,
        comments,
        json_,
        options,
        write=lambda conversation, comment: FlagComment(conversation.id, comment.id, flagged),
        key="flagged",
        value=flagged,
        stands=lambda comment, own: comment.id in own.flagged,
        verb="flag" if flagged else "unflag",
        done="Comment {ref} flagged." if flagged else "Your flag on {ref} is taken back.",
        already="You had flagged {ref} already." if flagged else "You had no flag on {ref}.",
    )


@about_comments
def block(image: str, comments: tuple[str, ...], json_: bool, **options: str | None) -> int:
    """Hide from you what the author of COMMENT writes, on every picture. Nobody else is told.

    \b
    imagechat block shot.png 7.2
    """
    return _blocking(image, comments, json_, options, blocked=True)


@about_comments
def unblock(image: str, comments: tuple[str, ...], json_: bool, **options: str | None) -> int:
    """Show again what the author of COMMENT writes.

    \b
    imagechat unblock shot.png 7.2
    """
    return _blocking(image, comments, json_, options, blocked=False)


def _blocking(
    image: str, comments: tuple[str, ...], json_: bool, options: dict[str, str | None], *, blocked: bool
) -> int:
    return _each(
        image,
        comments,
        json_,
        options,
        write=lambda conversation, comment: BlockAuthor(conversation.id, comment.id, blocked),
        key="blocked",
        value=blocked,
        stands=lambda comment, own: comment.author_id in own.blocked,
        verb="block" if blocked else "unblock",
        done="{author} is blocked: you do not see what they write."
        if blocked
        else "{author} is blocked no more: you see what they write again.",
        already="{author} was blocked already." if blocked else "{author} was not blocked.",
        of_author=True,
    )
