"""What people note of comments and of each other for themselves: flags, and whom they do not want to see.

Neither is told to anybody but their own sockets, so neither needs a broadcastId: done twice it is done once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from imagechat_tui.protocol import codes
from imagechat_tui.protocol.ids import CommentId
from imagechat_tui.protocol.models import Comment
from imagechat_tui.server.guard.access import Action, Actor, thing_of
from imagechat_tui.server.storage.opinions import MAX_BLOCKED
from imagechat_tui.server.usecases import commands
from imagechat_tui.server.usecases.refusals import Refused, comment_not_found, require


class OpinionCommands(commands.Commands):
    """Flags comments and blocks their authors."""

    async def flag(self, actor: Actor, counted_as: str, comment_id: CommentId, *, flagged: bool) -> None:
        """Point a comment out to moderators, or no more."""
        await self._about(actor, Action.FLAG_COMMENT, comment_id)
        self.count(actor, counted_as)
        if not await self._store.flag(actor.tenant_id, comment_id, actor.id, flagged=flagged):
            raise comment_not_found()
        self._hub.own_changed(actor.tenant_id, actor.id)

    async def block(
        self,
        actor: Actor,
        counted_as: str,
        comment_id: CommentId,
        others: Sequence[CommentId],
        *,
        blocked: bool,
    ) -> Mapping[CommentId, bool]:
        """Block who has written a comment, or no more. Returns of which comments the author is blocked now: of
        ``others``, or of this one if there are none."""
        comment = await self._about(actor, Action.BLOCK_AUTHOR, comment_id)
        self.count(actor, counted_as)
        author = comment.author_id
        if author is not None:
            if not await self._store.block(actor.tenant_id, actor.id, author, blocked=blocked):
                raise Refused(400, codes.INVALID_INPUT, f"You have blocked {MAX_BLOCKED} people already.")
            self._hub.own_changed(actor.tenant_id, actor.id)
        return await self.blocked(actor, others or (comment_id,))

    async def blocked(self, actor: Actor, comment_ids: Sequence[CommentId]) -> Mapping[CommentId, bool]:
        """Of which comments the author is blocked; one that is not there is by nobody."""
        found = await self._store.of_blocked(actor.tenant_id, actor.id, comment_ids)
        return {comment_id: comment_id in found for comment_id in comment_ids}

    async def _about(self, actor: Actor, action: Action, comment_id: CommentId) -> Comment:
        comment = await self._store.comment(actor.tenant_id, comment_id)
        if comment is None:
            raise comment_not_found()
        require(actor, action, thing_of(comment))
        return comment
