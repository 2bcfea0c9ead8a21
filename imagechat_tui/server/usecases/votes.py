"""Writes about votes: give one, turn it, take it back."""

from __future__ import annotations

import uuid

from msgspec.structs import replace

from imagechat_tui.protocol import codec, codes
from imagechat_tui.protocol.codec import dump_json
from imagechat_tui.protocol.events import VoteChanged
from imagechat_tui.protocol.ids import CommentId
from imagechat_tui.protocol.models import Comment, Vote
from imagechat_tui.protocol.routes import OWN_VOTE
from imagechat_tui.server.guard.access import Action
from imagechat_tui.server.storage import Announced, Decision, Subject
from imagechat_tui.server.usecases import commands
from imagechat_tui.server.usecases.refusals import Refused, comment_not_found, vote_not_found


class VoteCommands(commands.Commands):
    """Gives votes and takes them back. Each voter has one on a comment at most."""

    async def vote(self, request: commands.Request, comment_id: CommentId, direction: int) -> bytes:
        """Vote for or against a comment; a vote in the other direction goes."""

        def decide(subject: Subject) -> Decision:
            before, other = subject.comment, subject.vote
            if before is None:
                raise comment_not_found()
            self.allow(request, Action.VOTE, before)
            if other is not None and other.direction == direction:
                raise Refused(400, codes.ALREADY_VOTED)
            self.in_time(request, subject)
            vote = Vote(
                id=f"v_{uuid.uuid4().hex}",
                tenant_id=request.actor.tenant_id,
                url_id=before.url_id,
                comment_id=before.id,
                direction=direction,
                created_at_ms=subject.now_ms,
                user_id=request.actor.id,
            )
            comment, events = before, list[Announced]()
            if other is not None:
                comment = _counted(comment, other, -1)
                events += self._told(request, subject, other, added=False)
            return Decision(
                dump_json(codec.encode_vote_reply(vote.id)),
                comment=_counted(comment, vote, 1),
                removed_vote=other,
                vote=vote,
                events=(*events, *self._told(request, subject, vote, added=True)),
            )

        return await self.carry_out(self.change(request, decide, comment_id=comment_id))

    async def unvote(self, request: commands.Request, comment_id: CommentId, vote_id: str) -> bytes:
        """Take a vote back; which one says its id, or ``OWN_VOTE``."""
        named = None if vote_id == OWN_VOTE else vote_id

        def decide(subject: Subject) -> Decision:
            before, gone = subject.comment, subject.vote
            if before is None:
                raise comment_not_found()
            if gone is None:
                raise vote_not_found()
            self.allow(request, Action.UNVOTE, gone, within=before)
            self.in_time(request, subject)
            return Decision(
                dump_json(codec.encode_vote_deleted()),
                comment=_counted(before, gone, -1),
                removed_vote=gone,
                events=self._told(request, subject, gone, added=False),
            )

        return await self.carry_out(self.change(request, decide, comment_id=comment_id, vote_id=named))

    def _told(
        self, request: commands.Request, subject: Subject, vote: Vote, *, added: bool
    ) -> tuple[Announced, ...]:
        """The events: in the thread's room, and for readers of ours in the image's, which is all they hear."""
        event = VoteChanged(request.stamp, vote, added)
        in_thread = self.announced(request, vote.url_id, event)
        if subject.image is None:
            return (in_thread,)
        return in_thread, self.announced(request, subject.image, event, plain=False)


def _counted(comment: Comment, vote: Vote, step: int) -> Comment:
    """The comment with a vote more or less."""
    up = comment.votes_up + (step if vote.direction > 0 else 0)
    down = comment.votes_down + (step if vote.direction < 0 else 0)
    return replace(comment, votes=up - down, votes_up=up, votes_down=down)
