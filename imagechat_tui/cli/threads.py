"""Verbs about markers and their threads: ls, add, reply, edit, resolve, reopen, rm."""

from __future__ import annotations

import re
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from typing import NamedTuple, TypeAlias

import click

from imagechat_tui import problems
from imagechat_tui.cli import ERROR
from imagechat_tui.cli.batch import Ending, report, write_each
from imagechat_tui.cli.documents import print_document
from imagechat_tui.cli.one_shot import Visit, find, find_comment, number_of, numbered, visit
from imagechat_tui.cli.questions import confirmed
from imagechat_tui.cli.several import Named, known_ones, several_named
from imagechat_tui.cli.target import (
    Target,
    completed_markers,
    picture_argument,
    picture_options,
    pictures_argument,
    server_options,
    target,
    to_look_at,
    to_write_on,
)
from imagechat_tui.cli.trust import Purpose
from imagechat_tui.cli.verb import Verb
from imagechat_tui.finding import Finder, Query, parsed
from imagechat_tui.problems import ProblemKind, VerbFailed
from imagechat_tui.protocol import codes
from imagechat_tui.protocol.codec import iso_from_ms
from imagechat_tui.protocol.ids import CommentId, ConversationId, UserId
from imagechat_tui.protocol.models import Comment, Conversation, Own, PlacementState, Point, User
from imagechat_tui.protocol.routes import CommentReply, ConversationList, ConversationReply
from imagechat_tui.protocol.thread_keys import rounded, thread_key
from imagechat_tui.safetext import Kind, comment_text, safe_text
from imagechat_tui.settings import sayable
from imagechat_tui.sync.intents import (
    DeleteComment,
    DeleteConversation,
    EditComment,
    PostComment,
    ResolveConversation,
    RestoreConversation,
    StartConversation,
)
from imagechat_tui.sync.state import ChatState, CommentView, Peer, Placings, Thread
from imagechat_tui.sync.unread import unread_of
from imagechat_tui.sync.views import placement_of
from imagechat_tui.words import back_words, cannot_show_words, safe_name, thread_words

as_json = click.option("--json", "json_", is_flag=True, help="Print one JSON document and nothing else.")
message = click.option(
    "-m", "--message", required=True, metavar="TEXT", help='The text; "-" reads it from stdin.'
)


def point_of(ctx: click.Context, param: click.Parameter, value: str) -> Point:
    """``60.8,45.1``: percent from the left and from the top."""
    try:
        x, y = (float(part.strip().removesuffix("%")) for part in value.split(","))
    except ValueError:
        raise click.BadParameter("a point is two percentages from the top left, as in 60.8,45.1") from None
    if not (0 <= x <= 100 and 0 <= y <= 100):
        raise click.BadParameter("percentages go from 0 to 100")
    return rounded(Point(x, y))


_UNSENDABLE = re.compile("[\x00\ud800-\udfff]")
"""What no JSON text of ours holds: NUL, and the halves that stand for bytes that are not of the locale."""


MAX_TEXT = 1 << 20
"""Characters of a text that are read: no server takes so many, and a device has no end."""


def _stdin() -> str:
    try:
        with open(sys.stdin.fileno(), encoding=sys.stdin.encoding, errors="replace", closefd=False) as stdin:
            text = stdin.read(MAX_TEXT + 1)
    except OSError as error:
        raise VerbFailed(problems.StdinUnreadable(error.strerror or "")) from None
    if len(text) > MAX_TEXT:
        raise VerbFailed(problems.StdinTooLong())
    return text


def text_of(words: str, image: str) -> str:
    """The text of a message option; what cannot be sent in it becomes U+FFFD."""
    if words == image == "-":
        raise VerbFailed(problems.StdinTwice())
    text = _stdin() if words == "-" else words
    if not text.strip():
        raise VerbFailed(problems.TextEmpty())
    return _UNSENDABLE.sub("\N{REPLACEMENT CHARACTER}", text.rstrip("\n"))


def _when(ms: int | None) -> str | None:
    return None if ms is None else iso_from_ms(ms)


def comment_json(
    number: int | None, place: int | None, comment: Comment, *, blocked: bool = False
) -> dict[str, object]:
    """A comment as the JSON documents have it; text raw, as the author wrote it. What is not known is null, and so is
    the text of somebody whom the person has ``blocked``."""
    return {
        "ref": None if number is None or place is None else f"{number}.{place}",
        "id": comment.id,
        "author": comment.commenter_name,
        "authorId": comment.author_id,
        "text": None if blocked else comment_text(comment) if comment.text is None else comment.text,
        "blocked": blocked,
        "parentId": comment.parent_id,
        "createdAt": _when(comment.date_ms),
        "editedAt": _when(comment.edited_at_ms),
        "votesUp": comment.votes_up,
        "votesDown": comment.votes_down,
        "pinned": comment.is_pinned,
        "locked": comment.is_locked,
    }


def marker_json(
    number: int | None,
    conversation: Conversation,
    comments: tuple[Comment, ...] | None,
    blocked: Collection[str | None] = (),
) -> dict[str, object]:
    """A marker as the JSON documents have it; ``blocked`` are authors whose words are not to be seen."""
    marker: dict[str, object] = {
        "number": number,
        "id": conversation.id,
        "urlId": conversation.url_id,
        "x": conversation.point.x,
        "y": conversation.point.y,
        "resolved": conversation.resolved,
        "closed": conversation.closed,
        "author": conversation.commenter_name,
        "authorId": conversation.author_id,
        "createdAt": _when(conversation.created_at_ms),
        "commentCount": conversation.comment_count,
        "version": conversation.version,
    }
    if comments is not None:
        marker["comments"] = [
            comment_json(number, place, comment, blocked=comment.author_id in blocked)
            for place, comment in numbered(comments)
        ]
    return marker


def placement_json(there: ChatState, conversation: Conversation) -> dict[str, object] | None:
    """Where a marker is on a version that it was not made on; null where it was, or nobody knows which it is.

    Its ``version`` is null if the server has not seen it.
    """
    placement, version = placement_of(there, conversation), there.placings.version
    if placement is None or version is None:
        return None
    return {
        "version": version if version > 0 else None,
        "x": placement.point.x,
        "y": placement.point.y,
        "state": placement.state.value,
        "by": placement.by,
    }


def place_words(there: ChatState, conversation: Conversation) -> str:
    """Where a marker is on the version that the picture is, and on which it was made, if that is another one."""
    placement, made_on = placement_of(there, conversation), conversation.version
    point = rounded(conversation.point if placement is None else placement.point)
    told = f"{point.x:g} %, {point.y:g} %"
    if there.placings.version is None or made_on in (None, there.placings.version):
        return told
    known = placement is not None and placement.state is not PlacementState.GUESS
    return f"{told} (made on v{made_on}{'' if known else ', look where it is'})"


ListedMarker: TypeAlias = tuple[int, Conversation, tuple[Comment, ...], frozenset[CommentId] | None]
"""A marker's number, the marker, its comments, and which of them are unread; None where that is not known."""


def _local_time(ms: int | None) -> str:
    return (
        "" if ms is None else datetime.fromtimestamp(ms / 1000, UTC).astimezone().strftime("%Y-%m-%d %H:%M")
    )


def place_of(comment: Comment, comments: tuple[Comment, ...]) -> int | None:
    """The number by which people call a comment of a thread; None if the thread does not have it."""
    return next((number for number, one in numbered(comments) if one.id == comment.id), None)


def added_words(number: int, place: int | None) -> str:
    """That a comment is in a thread that was there before."""
    return f"Added to marker {number}." if place is None else f"Added to marker {number} as {number}.{place}."


def query_of(ctx: click.Context, param: click.Parameter, value: str | None) -> Query:
    """Which threads a filter means."""
    query = parsed(value or "")
    if isinstance(query, problems.NotAFilter):
        raise VerbFailed(query)
    return query


@click.command("ls", cls=Verb)
@pictures_argument
@click.option(
    "--filter",
    "query",
    metavar="TEXT",
    callback=query_of,
    help="Only threads of which all holds: words, #7, is:open, resolved, mine, unread, check or mention, "
    "by:NAME, mentions:NAME (or me).",
)
@picture_options
@server_options
@as_json
def list_threads(images: tuple[str, ...], query: Query, json_: bool, **options: str | None) -> None:
    """List the markers of IMAGE with their threads; of a folder, those of all pictures in it.

    \b
    imagechat ls shot.png
    imagechat ls before.png after.png
    imagechat ls shot.png --filter 'is:open by:anna'
    imagechat ls shots/ --json | jq '.pictures[] | select(.unread > 0) | .path'
    imagechat ls shot.png --json | jq '.markers[] | select(.resolved | not) | .number'

    "unread" is how many threads have comments that you have not read, and of a marker how many of its
    comments; null where the server does not keep it. "version" is the one of the picture that a marker was made
    on, "placement" where it is on the one that IMAGE is now (its "state" is "guess" where somebody should look);
    null where that is the same one, or nobody knows which it is.
    """

    several = several_named(images, url_id=options["url_id"], src=options["src"])
    if several is not None:
        _list_several(several, query, json_=json_, **options)
        return
    chosen = to_look_at(images[0], **options)
    listed = _only(query, visit(chosen, partial(_listed, chosen)))
    _tell_left_out([listed])
    if json_:
        print_document(**_listed_json(listed))
        return
    if not listed.markers:
        there = bool(listed.listing.conversations)
        where = f"on {safe_name(chosen.title)}"
        click.echo(f"No marker {where} matches." if there else f"No markers {where} yet.")
    _print_markers(listed)
    threads = count_unread(listed.markers)
    if threads:
        click.echo(f"{_unread_words(threads)}.")


class Listed(NamedTuple):
    """What is on a picture."""

    listing: ConversationList
    markers: list[ListedMarker]
    there: ChatState
    """Of which only is known where markers are on the version that the picture is."""
    visit: Visit


async def _listed(chosen: Target, visit: Visit) -> Listed:
    listing = await visit.look()
    unread = await _unread_in(visit, listing, chosen.shown_since_ms)
    markers: list[ListedMarker] = [
        (
            number_of(listing, conversation),
            conversation,
            await visit.comments(listing, conversation),
            None if unread is None else unread[conversation.id],
        )
        for conversation in listing.conversations
    ]
    placings = await visit.placings() if markers else Placings()
    return Listed(listing, markers, ChatState(visit.room, placings=placings), visit)


def _only(query: Query, listed: Listed) -> Listed:
    """Those of its markers that are meant."""
    me = listed.listing.user
    threads = [_thread_of(listed, marker, me) for marker in listed.markers]
    found = {thread.key for thread in Finder().found(query, threads, me)}
    return listed._replace(markers=[marker for marker in listed.markers if marker[1].id in found])


def _thread_of(listed: Listed, marker: ListedMarker, me: User | None) -> Thread:
    """A marker as the screen has it."""
    number, conversation, comments, unread = marker
    blocked = listed.listing.own.blocked

    def mine(author: UserId | None) -> bool:
        return me is not None and author == me.id

    return Thread(
        conversation.id,
        conversation,
        tuple(
            CommentView(
                comment.id, comment, mine=mine(comment.author_id), blocked=comment.author_id in blocked
            )
            for comment in comments
        ),
        mine=mine(conversation.author_id),
        unread=bool(unread),
        number=number,
        placement=placement_of(listed.there, conversation),
    )


def _list_several(several: Named, query: Query, *, json_: bool, **options: str | None) -> None:
    for told in several.told:
        click.echo(f"imagechat: {told}", err=True)
    targets = several.targets(target(several.images[0], Purpose.READ, **options))
    known = {
        chosen.image: _only(query, visit(chosen, partial(_listed, chosen))) for chosen in known_ones(targets)
    }
    _tell_left_out(known.values())
    if json_:
        nothing: dict[str, object] = {"urlId": None, "src": None, "unread": None, "markers": []}
        print_document(
            pictures=[
                {"path": sayable(chosen.image)}
                | (_listed_json(known[chosen.image]) if chosen.image in known else nothing)
                for chosen in targets
            ]
        )
        return
    marked = [chosen for chosen in targets if chosen.image in known and known[chosen.image].markers]
    for chosen in marked:
        click.echo(click.style(safe_name(chosen.image), bold=True, underline=True))
        _print_markers(known[chosen.image])
    click.echo(f"Markers on {len(marked)} of {len(targets)} pictures.")
    markers = (marker for listed in known.values() for marker in listed.markers)
    threads = {conversation.id for _, conversation, _, unread in markers if unread}  # pictures share rooms
    if threads:
        click.echo(f"{_unread_words(len(threads))}.")


def _tell_left_out(listed: Iterable[Listed]) -> None:
    left_out = sum(one.visit.left_out for one in listed)
    if left_out:
        click.echo(f"imagechat: {cannot_show_words(left_out)}", err=True)


def _listed_json(listed: Listed) -> dict[str, object]:
    return {
        "urlId": listed.listing.url_id_clean,
        "src": listed.visit.room.src,
        "unread": count_unread(listed.markers),
        "markers": [
            marker_json(number, conversation, comments, listed.listing.own.blocked)
            | {"placement": placement_json(listed.there, conversation)}
            | {"unread": None if unread is None else len(unread)}
            for number, conversation, comments, unread in listed.markers
        ],
    }


def _unread_words(threads: int) -> str:
    return f"{threads} unread {'thread' if threads == 1 else 'threads'}"


HIDDEN = "(hidden: you have blocked its author)"


def judged_words(comment: Comment, own: Own) -> list[str]:
    """What is thought of a comment: votes, the person's own in brackets, and what moderators did to it."""
    vote = next((vote.direction for vote in own.votes if vote.comment_id == comment.id), 0)
    counts = ((1, comment.votes_up, "+"), (-1, comment.votes_down, "-"))
    votes = [
        f"[{sign}{count}]" if vote == direction else f"{sign}{count}"
        for direction, count, sign in counts
        if count > 0
    ]
    flagged = comment.id in own.flagged
    facts = (("pinned", comment.is_pinned), ("locked", comment.is_locked), ("flagged", flagged))
    return [*votes, *(word for word, holds in facts if holds)]


def _print_markers(listed: Listed) -> None:
    own = listed.listing.own
    for number, conversation, comments, unread in listed.markers:
        state = "resolved" if conversation.resolved else "open"
        if conversation.closed:
            state += ", closed to replies"
        if unread:
            state += f", {len(unread)} unread"
        click.echo(click.style(f"{number}  {place_words(listed.there, conversation)}  {state}", bold=True))
        for place, comment in numbered(comments):
            name = safe_text(comment.commenter_name, Kind.NAME)
            fresh = ", unread" if comment.id in (unread or ()) else ""
            told = "".join(f", {fact}" for fact in judged_words(comment, own))
            click.echo(f"   {number}.{place}  {name}, {_local_time(comment.date_ms)}{fresh}{told}")
            hidden = comment.author_id in own.blocked
            for line in (HIDDEN,) if hidden else comment_text(comment).splitlines() or [""]:
                click.echo(f"        {line}")


async def _unread_in(
    visit: Visit, listing: ConversationList, since_ms: int | None
) -> dict[ConversationId, frozenset[CommentId]] | None:
    """What of each thread the person has not read; None where that is not kept.

    ``since_ms``: since when they have been shown the folder: where they have never been, what was said later.
    """
    state = await visit.read_state()
    if state is None or listing.user is None:
        return None
    read = {mark.conversation_id: mark.number for mark in state.marks}
    unread: dict[ConversationId, frozenset[CommentId]] = {}
    for conversation in listing.conversations:
        knows = state.revision or since_ms is not None
        comments = await visit.comments(listing, conversation) if knows else ()
        if not state.revision and since_ms is not None:
            comments = tuple(one for one in comments if one.date_ms is not None and one.date_ms >= since_ms)
        found = unread_of(comments, read=read.get(conversation.id, 0), me=listing.user.id)
        unread[conversation.id] = frozenset(comment.id for comment in found)
    return unread


def count_unread(markers: Iterable[ListedMarker]) -> int | None:
    """In how many threads something is unread; None where that is not known."""
    counts = [None if unread is None else len(unread) > 0 for *_, unread in markers]
    return None if None in counts else sum(map(bool, counts))


@click.command(cls=Verb)
@picture_argument
@click.option(
    "--at",
    "point",
    metavar="X,Y",
    callback=point_of,
    required=True,
    help="Where, in percent from the top left.",
)
@message
@picture_options
@server_options
@as_json
def add(image: str, point: Point, message: str, json_: bool, **options: str | None) -> None:
    """Add a marker to IMAGE with its first comment.

    \b
    imagechat add shot.png --at 60.8,45.1 -m "Logo is cut off"
    git log -1 | imagechat add shot.png --at 5,5 -m -
    """
    text = text_of(message, image)
    chosen = to_write_on(image, **options)

    async def work(visit: Visit) -> tuple[int | None, Conversation, bool, str]:
        before = await visit.look()
        if not before.conversations:  # nobody has seen a picture there
            await chosen.check_fetched()
        version = await visit.noted_version()
        reply = await visit.send(StartConversation(point, text, version))
        assert isinstance(reply, ConversationReply)
        created = all(one.id != reply.id for one in before.conversations)
        listing = await visit.look_again()
        known = () if listing is None else listing.conversations
        made = next((one for one in known if one.id == reply.id), None)
        if listing is None or made is None:  # a hosted list may be a little behind
            key = thread_key(before.url_id_clean, visit.room.src, point)
            conversation = reply.conversation or Conversation(reply.id, key, point, src=visit.room.src)
            return None, conversation, created, f"The marker stands at {point.x:g} %, {point.y:g} %."
        number = number_of(listing, made)
        if created:
            return number, made, True, f"Marker {number} added at {point.x:g} %, {point.y:g} %."
        place = None if reply.comment is None else place_of(reply.comment, await visit.comments_again(made))
        return number, made, False, added_words(number, place)

    number, conversation, created, sentence = visit(chosen, work)
    if json_:
        print_document(marker=marker_json(number, conversation, None), created=created)
    else:
        click.echo(sentence)


@click.command(cls=Verb)
@picture_argument
@click.argument("marker", shell_complete=completed_markers)
@message
@picture_options
@server_options
@as_json
def reply(image: str, marker: str, message: str, json_: bool, **options: str | None) -> None:
    """Add a comment to the thread of MARKER (its number or id).

    \b
    imagechat reply shot.png 7 -m "Fixed in 4f2a1c"
    """
    text = text_of(message, image)

    async def work(visit: Visit) -> tuple[int, int | None, Comment]:
        listing = await visit.look()
        conversation = find(listing, marker)
        number = number_of(listing, conversation)
        answer = await visit.send(PostComment(conversation.id, text), conversation)
        assert isinstance(answer, CommentReply)
        comments = await visit.comments_again(conversation)
        return number, place_of(answer.comment, comments), answer.comment

    number, place, comment = visit(to_write_on(image, **options), work)
    if json_:
        print_document(comment=comment_json(number, place, comment))
    else:
        click.echo(added_words(number, place))


@click.command(cls=Verb)
@picture_argument
@click.argument("comment", shell_complete=completed_markers)
@message
@picture_options
@server_options
@as_json
def edit(image: str, comment: str, message: str, json_: bool, **options: str | None) -> None:
    """Give COMMENT another text; 7.2 is the second comment of marker 7.

    \b
    imagechat edit shot.png 7.2 -m "Fixed on Monday"
    """
    text = text_of(message, image)
    marker, place = _ref(comment)

    async def work(visit: Visit) -> Comment:
        listing = await visit.look()
        conversation = find(listing, marker)
        found = find_comment(await visit.comments(listing, conversation), place)
        with explain_not_the_author(visit, "edit"):
            await visit.send(EditComment(conversation.id, found.id, text), conversation)
        return found

    found = visit(to_write_on(image, **options), work)
    if json_:
        print_document(ref=comment, id=found.id, text=text)
    else:
        click.echo(f"Comment {safe_name(comment)} changed.")


def _ref(comment: str) -> tuple[str, str]:
    marker, dot, place = comment.partition(".")
    if not (dot and marker and place):
        raise VerbFailed(problems.NotACommentName(comment))
    return marker, place


@click.command(cls=Verb)
@picture_argument
@click.argument("markers", metavar="MARKER...", nargs=-1, required=True, shell_complete=completed_markers)
@picture_options
@server_options
@as_json
def resolve(image: str, markers: tuple[str, ...], json_: bool, **options: str | None) -> int:
    """Say that the thread of MARKER (its number or id) is done; several may be named.

    \b
    imagechat resolve shot.png 7
    imagechat resolve shot.png 3 4 7
    """
    return _resolving(image, markers, json_, options, resolved=True)


@click.command(cls=Verb)
@picture_argument
@click.argument("markers", metavar="MARKER...", nargs=-1, required=True, shell_complete=completed_markers)
@picture_options
@server_options
@as_json
def reopen(image: str, markers: tuple[str, ...], json_: bool, **options: str | None) -> int:
    """Say that the thread of MARKER (its number or id) is not done after all; several may be named.

    \b
    imagechat reopen shot.png 7
    """
    return _resolving(image, markers, json_, options, resolved=False)


def _resolving(
    image: str, markers: tuple[str, ...], json_: bool, options: dict[str, str | None], *, resolved: bool
) -> int:
    async def work(visit: Visit) -> list[Ending]:
        listing = await visit.look()
        there = {name: find(listing, name) for name in markers}

        async def write(name: str, conversation: Conversation) -> dict[str, object]:
            await visit.send(ResolveConversation(conversation.id, resolved), conversation)
            return {
                "number": number_of(listing, conversation),
                "id": conversation.id,
                "resolved": resolved,
                "changed": conversation.resolved is not resolved,
            }

        return await write_each(there, write)

    endings = visit(to_write_on(image, **options), work)
    now, already = ("resolved", "was resolved already") if resolved else ("reopened", "was open already")
    return report(
        endings, lambda done: f"Marker {done['number']} {now if done['changed'] else already}.", json=json_
    )


@click.command("rm", cls=Verb)
@picture_argument
@click.argument("whats", metavar="WHAT...", nargs=-1, required=True, shell_complete=completed_markers)
@click.option("--yes", is_flag=True, help="Do not ask first.")
@picture_options
@server_options
@as_json
def remove(image: str, whats: tuple[str, ...], yes: bool, json_: bool, **options: str | None) -> int:
    """Delete WHAT: a marker with its thread (7), or one comment (7.2); several may be named.

    \b
    imagechat rm shot.png 7.2
    imagechat rm shot.png 7 8 9.1 --yes
    """

    async def found(visit: Visit) -> tuple[dict[str, tuple[Conversation, Comment | None]], list[str]]:
        listing = await visit.look()
        peers[:] = [visit.peer]
        there: dict[str, tuple[Conversation, Comment | None]] = {}
        told: list[str] = []
        for what in whats:
            marker, _, place = what.partition(".")
            conversation = find(listing, marker)
            comments = await visit.comments(listing, conversation) if place or not yes else ()
            comment = find_comment(comments, place) if place else None
            there[what] = conversation, comment
            number = number_of(listing, conversation)
            names[what] = (
                f"Marker {number}" if comment is None else f"Comment {number}.{place_of(comment, comments)}"
            )
            told.append(to_delete_words(names[what], comment, comments))
        return there, told

    async def work(visit: Visit) -> list[Ending]:
        from imagechat_tui.net.failures import ApiError

        await visit.look()

        async def write(name: str, thing: tuple[Conversation, Comment | None]) -> dict[str, object]:
            conversation, comment = thing
            about = conversation if comment is None else comment
            deletion: DeleteComment | DeleteConversation = DeleteConversation(conversation.id)
            if comment is not None:
                deletion = DeleteComment(conversation.id, comment.id)
            try:
                with explain_not_the_author(visit, "delete"):
                    await visit.send(deletion, conversation)
            except ApiError as failure:
                # An answer goes with what it answers, a comment with its marker: one named before it.
                if failure.problem.kind is not ProblemKind.GONE or len(things) == 1:
                    raise
            return {"ref": name, "id": about.id, "deleted": True}

        return await write_each(things, write)

    chosen = to_write_on(image, **options)
    names: dict[str, str] = {}
    peers: list[Peer] = []
    things, told = visit(chosen, found)  # nobody is asked about what is not there
    if not yes:
        if not (sys.stdin.isatty() and sys.stderr.isatty()):
            raise VerbFailed(problems.NobodyToAsk())
        for line in told:
            click.echo(line, err=True)
        if any(comment is None for _, comment in things.values()):
            click.echo(back_words(restorable=peers == [Peer.OURS]), err=True)
        if not confirmed(f"Delete {'it' if len(told) == 1 else f'these {len(told)}'} for everybody?"):
            click.echo("Nothing deleted.", err=True)
            return ERROR
    endings = visit(chosen, work)

    def sentence(done: Mapping[str, object]) -> str:
        name, (_, comment) = names[str(done["ref"])], things[str(done["ref"])]
        back = "" if comment is not None or peers != [Peer.OURS] else f" (imagechat restore: {done['id']})"
        return f"{name} deleted.{back}"

    return report(endings, sentence, json=json_)


@click.command(cls=Verb)
@picture_argument
@click.argument("ids", metavar="ID...", nargs=-1, required=True)
@picture_options
@server_options
@as_json
def restore(image: str, ids: tuple[str, ...], json_: bool, **options: str | None) -> int:
    """Bring back markers with their threads, by the ids that rm told; within 10 minutes, by whoever may delete them.

    \b
    imagechat rm shot.png 7
    imagechat restore shot.png ic_5d0c…
    """

    async def work(visit: Visit) -> list[Ending]:
        await visit.look()

        async def write(name: str, conversation_id: ConversationId) -> dict[str, object]:
            from imagechat_tui.net.failures import ApiError

            try:
                with explain_not_the_author(visit, "restore"):
                    answer = await visit.send(RestoreConversation(conversation_id))
            except ApiError as failure:
                if failure.problem.kind is not ProblemKind.GONE:
                    raise
                raise VerbFailed(problems.NotRestorable(name)) from None
            assert isinstance(answer, ConversationReply)
            number = answer.conversation.number if answer.conversation is not None else None
            return {"number": number, "id": conversation_id, "restored": True}

        return await write_each({name: ConversationId(name) for name in ids}, write)

    endings = visit(to_write_on(image, **options), work)
    return report(endings, lambda done: f"Marker {done['number']} is back.", json=json_)


def to_delete_words(name: str, comment: Comment | None, comments: tuple[Comment, ...]) -> str:
    """What is to be deleted, as one line: what it is called, the beginning of its text, what goes with it."""
    told = comment if comment is not None else next(iter(comments), None)
    text = "" if told is None else safe_name(" ".join(comment_text(told).split()))
    text = text if len(text) <= MAX_TOLD else f"{text[: MAX_TOLD - 1]}…"
    if comment is None and comments:
        people = len({one.author_id for one in comments})
        name = thread_words(name, comments=len(comments), people=people)
    return f'{name}: "{text}"'


MAX_TOLD = 60
"""Characters of a text by which one knows it again."""


@contextmanager
def explain_not_the_author(visit: Visit, verb: str) -> Iterator[None]:
    """Say of a write that is refused as not allowed who may do it. Another server may have another reason.

    Raises:
        VerbFailed: it was refused so.
        ApiError: it failed otherwise.
    """
    from imagechat_tui.net.failures import ApiError

    try:
        yield
    except ApiError as failure:
        problem = failure.problem
        if visit.peer is Peer.OURS and (problem.kind, problem.code) == (
            ProblemKind.REFUSED,
            codes.UNAUTHORIZED,
        ):
            raise VerbFailed(problems.NotTheAuthor(verb)) from None
        raise
