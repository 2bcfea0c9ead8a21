"""Writes about markers: create, move, resolve, reopen, delete."""

from __future__ import annotations

import random
import uuid
from typing import Final

from msgspec.structs import replace

from imagechat_tui.protocol import codec, codes
from imagechat_tui.protocol.codec import dump_json
from imagechat_tui.protocol.events import (
    DeletedComment,
    DeletedImageChat,
    ImageChatUpdated,
    NewComment,
    NewImageChat,
    ThreadStateChange,
)
from imagechat_tui.protocol.ids import ConversationId, UrlId
from imagechat_tui.protocol.models import Comment, Conversation, Point
from imagechat_tui.protocol.routes import (
    RESTORABLE_MS,
    ConversationReply,
    CreateConversation,
    UpdateConversation,
)
from imagechat_tui.protocol.thread_keys import clean, rounded, thread_key
from imagechat_tui.server.guard.access import Action
from imagechat_tui.server.storage import Announced, Decision, DeletedThread, RoomKey, Subject
from imagechat_tui.server.usecases import commands
from imagechat_tui.server.usecases.refusals import Refused, conversation_not_found

NUDGES: Final = 100
"""Thread keys beside the one asked for that are tried one after the other."""


class MarkerCommands(commands.Commands):
    """Creates, moves, resolves, reopens and deletes markers."""

    async def create_conversation(self, request: commands.Request, create: CreateConversation) -> bytes:
        """Make a marker: with its first comment, or (two steps) for a comment posted before."""
        image, asked_for = clean(create.url_id), clean(create.window_url_id)
        draft = commands.Draft(create.comment) if create.comment is not None else None

        def decide(subject: Subject) -> Decision:
            self.allow(request, Action.CREATE_MARKER, None)
            prefixes = (f"{create.url_id}:", f"{image}:")
            thread = subject.thread_key or asked_for
            if not create.window_url_id.strip().startswith(prefixes) and not asked_for.startswith(prefixes):
                raise Refused(400, codes.INVALID_INPUT, "windowUrlId does not begin with urlId.")
            if len(create.src) > commands.MAX_SRC or len(create.page_title) > commands.MAX_TITLE:
                raise Refused(400, codes.INVALID_INPUT, "src or pageTitle is too long.")
            if draft is not None and subject.closed_by_staff:
                raise Refused(403, codes.THREAD_CLOSED)
            if draft is not None:
                self.check_text(draft.text)
                self.in_time(request, subject, draft)
                comment = self.new_comment(
                    request, subject, thread, draft, create.page_title, url=create.url_id
                )
            else:
                comment = self._own_comment(request, subject, thread)
                self.in_time(request, subject)
            if subject.conversation is not None and subject.image is not None:
                return self._added_to(
                    request, subject, subject.conversation, comment, create.comment is not None
                )
            return self._new_marker(request, subject, create, image, thread, comment)

        def spare_thread(tried: int) -> tuple[UrlId, RoomKey]:
            thread = _thread_beside(create, image, tried)
            return thread, self.room(request, thread)

        return await self.carry_out(
            self.change(
                request,
                decide,
                thread=asked_for,
                comment_id=create.created_from_comment_id if create.comment is None else None,
                image_room=self.room(request, image),
                thread_room=self.room(request, asked_for),
                spare_thread=spare_thread if request.v2 and create.comment is not None else None,
                marked=image,
                version=create.version,
            ),
            draft,
        )

    async def update_conversation(
        self, request: commands.Request, conversation_id: ConversationId, update: UpdateConversation
    ) -> bytes:
        """Move a marker, or resolve or reopen its thread."""

        def decide(subject: Subject) -> Decision:
            before = subject.conversation
            if before is None or subject.image is None:
                raise conversation_not_found()
            if update.point is not None:
                self.allow(request, Action.MOVE_MARKER, before)
            if update.resolved is not None:
                self.allow(request, Action.RESOLVE_MARKER, before)
            self.in_time(request, subject)
            after, activity = before, "moved"
            if update.point is not None:
                after = replace(after, point=rounded(update.point))
            if update.resolved is not None:
                activity = "resolved" if update.resolved else "reopened"
                after = replace(
                    after,
                    resolved=update.resolved,
                    resolved_by=request.actor.id if update.resolved else None,
                    resolved_at_ms=subject.now_ms if update.resolved else None,
                )
                if update.point is not None:
                    activity = "several"
            event = ImageChatUpdated(request.stamp, after, activity)
            reply = ConversationReply(after.id, after)
            return Decision(
                dump_json(
                    codec.encode_conversation_reply(
                        reply, tenant_id=request.actor.tenant_id, v2=request.v2, created=False
                    )
                ),
                image=subject.image,
                conversation=after,
                events=(self.announced(request, subject.image, event),),
            )

        return await self.carry_out(self.change(request, decide, conversation_id=conversation_id))

    async def delete_conversation(self, request: commands.Request, conversation_id: ConversationId) -> bytes:
        """Take a marker away with its whole thread."""

        def decide(subject: Subject) -> Decision:
            gone, image = subject.conversation, subject.image
            if gone is None or image is None:
                raise conversation_not_found()
            self.allow(request, Action.DELETE_MARKER, gone)
            self.in_time(request, subject)
            stamp, thread = request.stamp, gone.url_id
            roots = [comment for comment in subject.thread if comment.parent_id is None]
            in_thread = [DeletedComment(stamp, root.id, commands.blanked(root)) for root in roots]
            return Decision(
                dump_json(codec.encode_success()),
                removed_conversation=gone.id,
                removed_comments=tuple(comment.id for comment in subject.thread),
                restorable_until_ms=subject.now_ms + RESTORABLE_MS,
                closed_thread=self.room(request, thread),
                events=(
                    self.announced(request, image, DeletedImageChat(stamp, gone.id, thread)),
                    *(self.announced(request, thread, event) for event in in_thread),
                    self.announced(request, thread, ThreadStateChange(stamp, is_closed=True)),
                ),
            )

        change = self.change(request, decide, conversation_id=conversation_id, whole_thread=True)
        return await self.carry_out(change)

    async def restore_conversation(self, request: commands.Request, conversation_id: ConversationId) -> bytes:
        """Have a deleted marker back with its whole thread. One that is there stays as it is."""

        def decide(subject: Subject) -> Decision:
            there, gone = subject.conversation, subject.deleted
            if gone is not None:  # with its marker the closing went
                gone = replace(gone, conversation=replace(gone.conversation, closed=False))
            if there is None and (gone is None or gone.due_ms <= subject.now_ms):
                raise conversation_not_found()
            back = there if gone is None else gone.conversation
            self.allow(request, Action.DELETE_MARKER, back)
            if gone is not None and subject.occupied:
                raise Refused(409, codes.PLACE_TAKEN)
            self.in_time(request, subject)
            assert back is not None
            reply = ConversationReply(back.id, back)
            answer = dump_json(
                codec.encode_conversation_reply(
                    reply, tenant_id=request.actor.tenant_id, v2=request.v2, created=False
                )
            )
            if gone is None:
                return Decision(answer)
            return Decision(
                answer,
                restored=gone,
                restored_room=self.room(request, back.url_id),
                events=self._back(request, gone),
            )

        return await self.carry_out(self.change(request, decide, conversation_id=conversation_id))

    def _back(self, request: commands.Request, thread: DeletedThread) -> tuple[Announced, ...]:
        """The events that tell of a thread that has come back, to either kind of reader."""
        stamp, conversation, image = request.stamp, thread.conversation, thread.image
        return (
            self.announced(request, image, NewImageChat(stamp, conversation, restored=True)),
            *(
                self.announced(
                    request, image, ImageChatUpdated(stamp, conversation, "restored", comment), plain=False
                )
                for comment in thread.comments
            ),
            self.announced(request, conversation.url_id, ThreadStateChange(stamp, is_closed=False)),
            *(
                self.announced(request, conversation.url_id, NewComment(stamp, comment))
                for comment in thread.comments
            ),
        )

    def _own_comment(self, request: commands.Request, subject: Subject, thread: UrlId) -> Comment:
        """The comment that a marker is made from: in that thread, and by who makes it."""
        comment = subject.comment
        if comment is None or comment.url_id != thread:
            raise Refused(400, codes.INVALID_COMMENT_ID)
        if comment.author_id != request.actor.id:
            raise Refused(403, codes.UNAUTHORIZED)
        return comment

    def _new_marker(
        self,
        request: commands.Request,
        subject: Subject,
        create: CreateConversation,
        image: UrlId,
        thread: UrlId,
        comment: Comment,
    ) -> Decision:
        actor, is_new = request.actor, create.comment is not None
        conversation = Conversation(
            id=ConversationId(f"ic_{uuid.uuid4().hex}"),
            url_id=thread,
            point=rounded(create.point),
            src=create.src,
            created_from_comment_id=comment.id,
            user_id=None if actor.anonymous else actor.id,
            anon_user_id=actor.id if actor.anonymous else None,
            commenter_name=comment.commenter_name,
            comment_count=subject.thread_count + int(is_new),
            last_comment_at_ms=comment.date_ms,
            created_at_ms=subject.now_ms,
            number=subject.next_number,
            version=subject.version,
        )
        stamp = request.stamp
        events = [self.announced(request, image, NewImageChat(stamp, conversation))]
        first = ImageChatUpdated(stamp, conversation, "first-comment", comment)
        events.append(self.announced(request, image, first, plain=False))
        if is_new:
            events.append(self.announced(request, thread, NewComment(stamp, comment)))
        reply = ConversationReply(conversation.id, conversation, comment)
        return Decision(
            dump_json(codec.encode_conversation_reply(reply, tenant_id=actor.tenant_id, v2=request.v2)),
            quotes=comment.id,
            image=image,
            conversation=conversation,
            comment=comment if is_new else None,
            read_by=self.reader(request, image),
            events=tuple(events),
        )

    def _added_to(
        self, request: commands.Request, subject: Subject, there: Conversation, comment: Comment, is_new: bool
    ) -> Decision:
        """Two people hit the same point: the second finds the first one's marker, and adds to it."""
        assert subject.image is not None
        tenant_id, after = request.actor.tenant_id, there
        events: tuple[Announced, ...] = ()
        if is_new:
            after = commands.counted(subject, 1, comment.date_ms) or there
            update = ImageChatUpdated(request.stamp, after, "new-comment", comment)
            events = (
                self.announced(request, there.url_id, NewComment(request.stamp, comment)),
                self.announced(request, subject.image, update),
            )
        reply = ConversationReply(after.id, after, comment)
        return Decision(
            dump_json(codec.encode_conversation_reply(reply, tenant_id=tenant_id, v2=request.v2)),
            quotes=comment.id,
            image=subject.image,
            conversation=after,
            comment=comment if is_new else None,
            read_by=self.reader(request, subject.image),
            events=events,
        )


def _thread_beside(create: CreateConversation, image: UrlId, tried: int) -> UrlId:
    """The key of a thread for a marker whose own is taken: x goes by hundredths of a percent towards the middle, and
    where a hundred are taken any place will do. Keys are opaque: the marker stands where it was put."""
    x, y = create.point.x, create.point.y
    if tried <= NUDGES:
        beside = Point(x + (0.01 if x < 50 else -0.01) * tried, y)
    else:
        beside = Point(random.uniform(0, 100), random.uniform(0, 100))
    return clean(thread_key(image, create.src, beside))
