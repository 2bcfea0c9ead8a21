"""Writes about comments: create, edit, delete, and what moderators do to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from imagechat_tui.protocol import codec, codes
from imagechat_tui.protocol.codec import dump_json
from imagechat_tui.protocol.events import (
    DeletedComment,
    ImageChatUpdated,
    NewComment,
    ThreadStateChange,
    UpdatedComment,
)
from imagechat_tui.protocol.ids import CommentId, UrlId
from imagechat_tui.protocol.models import Comment, Neighbours
from imagechat_tui.protocol.routes import CommentReply, CreateComment, Direction, EditComment, EditReply
from imagechat_tui.protocol.thread_keys import clean
from imagechat_tui.server.guard.access import Action
from imagechat_tui.server.storage import Announced, Decision, Subject
from imagechat_tui.server.usecases import commands
from imagechat_tui.server.usecases.paging import roots_in_order
from imagechat_tui.server.usecases.refusals import Refused, comment_not_found, conversation_not_found


class CommentCommands(commands.Commands):
    """Creates, edits, pins, locks and deletes comments, and closes threads."""

    async def create_comment(self, request: commands.Request, create: CreateComment) -> bytes:
        """Make a comment in a thread, whose marker may not exist yet (two steps)."""
        thread, draft = clean(create.url_id), commands.Draft(create.comment)

        def decide(subject: Subject) -> Decision:
            if subject.thread_closed and subject.conversation is None:
                raise conversation_not_found()
            parent = subject.comment
            # Threads of image chat are flat: what answers the comment that a marker was made with has no parent.
            answered = (subject.opener, parent)
            self.allow(request, Action.COMMENT, None, locked=any(one and one.is_locked for one in answered))
            if subject.closed_by_staff:
                raise Refused(403, codes.THREAD_CLOSED)
            if create.parent_id is not None and (parent is None or parent.url_id != thread):
                raise Refused(400, codes.INVALID_COMMENT_ID)
            self.check_text(create.comment)
            if len(create.page_title) > commands.MAX_TITLE or len(create.url) > commands.MAX_SRC:
                raise Refused(400, codes.INVALID_INPUT, "pageTitle or url is too long.")
            self.in_time(request, subject, draft)
            comment = self.new_comment(
                request,
                subject,
                thread,
                draft,
                create.page_title,
                create.parent_id,
                create.url,
                create.commenter_name,
            )
            events = [self.announced(request, thread, NewComment(request.stamp, comment))]
            after = commands.counted(subject, 1, comment.date_ms)
            if after is not None and subject.image is not None:
                event = ImageChatUpdated(request.stamp, after, "new-comment", comment)
                events.append(self.announced(request, subject.image, event))
            reply = CommentReply(comment, replace(request.actor.user, session_id=None))
            return Decision(
                dump_json(
                    codec.encode_comment_reply(reply, tenant_id=request.actor.tenant_id, v2=request.v2)
                ),
                quotes=comment.id,
                image=subject.image,
                conversation=after,
                comment=comment,
                read_by=self.reader(request, subject.image),
                events=tuple(events),
            )

        change = self.change(
            request,
            decide,
            thread=thread,
            comment_id=create.parent_id,
            opener=True,
            thread_room=self.room(request, thread),
        )
        return await self.carry_out(change, draft)

    async def edit_comment(self, request: commands.Request, edit: EditComment) -> bytes:
        """Give a comment another text."""
        draft = commands.Draft(edit.comment)

        def decide(subject: Subject) -> Decision:
            before = subject.comment
            if before is None:
                raise comment_not_found()
            self.allow(request, Action.EDIT_COMMENT, before, locked=before.is_locked)
            self.check_text(edit.comment)
            self.in_time(request, subject, draft)
            after = replace(before, text=draft.text, html=draft.html, edited_at_ms=subject.now_ms)
            events = [self.announced(request, before.url_id, UpdatedComment(request.stamp, after))]
            if subject.conversation is not None and subject.image is not None:
                event = ImageChatUpdated(request.stamp, subject.conversation, "updated-comment", after)
                events.append(self.announced(request, subject.image, event))
            return Decision(
                dump_json(codec.encode_edit_reply(EditReply(after.html, after.approved))),
                quotes=after.id,
                comment=after,
                events=tuple(events),
            )

        change = self.change(request, decide, comment_id=edit.comment_id)
        return await self.carry_out(change, draft)

    async def pin_comment(self, request: commands.Request, comment_id: CommentId, *, pinned: bool) -> bytes:
        """Put a root first in its thread, in every order, or back in its place."""

        def decide(subject: Subject) -> Decision:
            before = subject.comment
            if before is None:
                raise comment_not_found()
            self.allow(request, Action.PIN_COMMENT, before)
            if pinned and before.parent_id is not None:
                raise Refused(400, codes.INVALID_COMMENT_ID, "A reply cannot be pinned.")
            self.in_time(request, subject)
            after = replace(before, is_pinned=pinned)
            shown = [after if one.id == after.id else one for one in subject.thread if one.approved]
            positions = {order.value: _neighbours(shown, after, order) for order in Direction}
            return Decision(
                dump_json(codec.encode_pinned(positions)),
                comment=after,
                events=self._updated(request, subject, before, after, positions),
            )

        change = self.change(request, decide, comment_id=comment_id, whole_thread=True)
        return await self.carry_out(change)

    async def lock_comment(self, request: commands.Request, comment_id: CommentId, *, locked: bool) -> bytes:
        """Have a comment neither answered, edited nor deleted, or again; a marker's first one locks its thread."""

        def decide(subject: Subject) -> Decision:
            before = subject.comment
            if before is None:
                raise comment_not_found()
            self.allow(request, Action.LOCK_COMMENT, before)
            self.in_time(request, subject)
            after = replace(before, is_locked=locked)
            return Decision(
                dump_json(codec.encode_success()),
                comment=after,
                events=self._updated(request, subject, before, after),
            )

        return await self.carry_out(self.change(request, decide, comment_id=comment_id))

    async def close_thread(self, request: commands.Request, url_id: UrlId, *, closed: bool) -> bytes:
        """Have a thread take no comments, or again. What is in it can be voted on and deleted."""
        thread = clean(url_id)

        def decide(subject: Subject) -> Decision:
            self.allow(request, Action.CLOSE_THREAD, None)
            self.in_time(request, subject)
            answer = dump_json(codec.encode_success())
            if subject.closed_by_staff is closed:
                return Decision(answer)
            event = ThreadStateChange(request.stamp, is_closed=closed)
            events = [self.announced(request, thread, event)]
            after = None if subject.conversation is None else replace(subject.conversation, closed=closed)
            if after is not None and subject.image is not None:
                update = ImageChatUpdated(request.stamp, after, "closed" if closed else "opened")
                events.append(self.announced(request, subject.image, update, plain=False))
            return Decision(
                answer, closed=closed, image=subject.image, conversation=after, events=tuple(events)
            )

        change = self.change(request, decide, thread=thread, thread_room=self.room(request, thread))
        return await self.carry_out(change)

    async def delete_comment(self, request: commands.Request, comment_id: CommentId) -> bytes:
        """Take a comment away, and everything that answers it."""

        def decide(subject: Subject) -> Decision:
            top = subject.comment
            if top is None:
                raise comment_not_found()
            self.allow(request, Action.DELETE_COMMENT, top, locked=top.is_locked)
            self.in_time(request, subject)
            gone = _with_descendants(top.id, subject.thread)
            blank = commands.blanked(top)
            event = DeletedComment(request.stamp, top.id, blank)
            events = [self.announced(request, top.url_id, event)]
            kept = [comment for comment in subject.thread if comment.id not in gone and comment.approved]
            last_ms = max((comment.date_ms or 0 for comment in kept), default=0) or None
            after = commands.counted(subject, len(kept) - subject.thread_count, last_ms)
            if after is not None and subject.image is not None:
                update = ImageChatUpdated(request.stamp, after, "deleted-comment", blank)
                events.append(self.announced(request, subject.image, update))
            return Decision(
                dump_json(codec.encode_comment_deleted()),
                image=subject.image,
                conversation=after,
                removed_comments=tuple(gone),
                events=tuple(events),
            )

        change = self.change(request, decide, comment_id=comment_id, whole_thread=True)
        return await self.carry_out(change)

    def _updated(
        self,
        request: commands.Request,
        subject: Subject,
        before: Comment,
        after: Comment,
        positions: Mapping[str, Neighbours] = {},
    ) -> tuple[Announced, ...]:
        """The events of a comment that is pinned or locked, or no more: in the thread's room, and for readers of
        ours in the image's, which is all they hear."""
        if after == before:
            return ()
        event = UpdatedComment(request.stamp, after, positions=positions)
        in_thread = self.announced(request, after.url_id, event)
        if subject.image is None:
            return (in_thread,)
        return in_thread, self.announced(request, subject.image, event, plain=False)


def _neighbours(comments: Sequence[Comment], comment: Comment, order: Direction) -> Neighbours:
    roots = [root.id for root in roots_in_order(comments, order)]
    if comment.id not in roots:
        return Neighbours(None, None)
    place = roots.index(comment.id)
    return Neighbours(roots[place - 1] if place else None, next(iter(roots[place + 1 :]), None))


def _with_descendants(top: CommentId, thread: tuple[Comment, ...]) -> dict[CommentId, None]:
    """A comment and all below it. Replies come after what they answer, so once through is enough."""
    gone = {top: None}
    for comment in thread:
        if comment.parent_id in gone:
            gone[comment.id] = None
    return gone
