"""Writes about comments: create, edit, delete."""

from __future__ import annotations

from msgspec.structs import replace

from imagechat_tui.protocol import codec, codes
from imagechat_tui.protocol.codec import dump_json
from imagechat_tui.protocol.events import DeletedComment, ImageChatUpdated, NewComment, UpdatedComment
from imagechat_tui.protocol.ids import CommentId
from imagechat_tui.protocol.models import Comment
from imagechat_tui.protocol.routes import CommentReply, CreateComment, EditComment, EditReply
from imagechat_tui.protocol.thread_keys import clean
from imagechat_tui.server.guard.access import Action
from imagechat_tui.server.storage import Decision, Subject
from imagechat_tui.server.usecases import commands
from imagechat_tui.server.usecases.refusals import Refused, comment_not_found, conversation_not_found


class CommentCommands(commands.Commands):
    """Creates, edits and deletes comments."""

    async def create_comment(self, request: commands.Request, create: CreateComment) -> bytes:
        """Make a comment in a thread, whose marker may not exist yet (two steps)."""
        thread, draft = clean(create.url_id), commands.Draft(create.comment)

        def decide(subject: Subject) -> Decision:
            if subject.thread_closed and subject.conversation is None:
                raise conversation_not_found()
            parent = subject.comment
            self.allow(request, Action.COMMENT, None, locked=parent is not None and parent.is_locked)
            if create.parent_id is not None and (parent is None or parent.url_id != thread):
                raise Refused(400, codes.INVALID_COMMENT_ID)
            self.check_text(create.comment)
            if len(create.page_title) > commands.MAX_TITLE or len(create.url) > commands.MAX_SRC:
                raise Refused(400, codes.INVALID_INPUT, "pageTitle or url is too long.")
            self.in_time(request, subject, draft)
            comment = self.new_comment(
                request, subject, thread, draft, create.page_title, create.parent_id, create.url
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


def _with_descendants(top: CommentId, thread: tuple[Comment, ...]) -> dict[CommentId, None]:
    """A comment and all below it. Replies come after what they answer, so once through is enough."""
    gone = {top: None}
    for comment in thread:
        if comment.parent_id in gone:
            gone[comment.id] = None
    return gone
