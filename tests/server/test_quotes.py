"""What quotes a comment, kept without its words, comes back letter by letter."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from imagechat_tui.protocol import codec
from imagechat_tui.protocol.codec import encode_event
from imagechat_tui.protocol.events import ImageChatUpdated, NewComment
from imagechat_tui.protocol.ids import BroadcastId, EventId, UrlId
from imagechat_tui.protocol.models import Comment
from imagechat_tui.protocol.routes import CommentReply
from imagechat_tui.server.storage import StoredEvent
from imagechat_tui.server.storage.quotes import answer_with_words, event_with_words, without_words
from tests import examples as eg
from tests.protocol import strategies

WORDS = strategies.texts | st.sampled_from(
    ["", "%", "\\", '"', '","comment":"', "\\u0001", "\x01", "\x02\x01", '{"commentHTML":""}', 'a\\\\"b']
)
COMMENTS = st.builds(
    lambda comment, text, html: replace(comment, text=text, html=html, votes=0),
    strategies.comments,
    WORDS,
    WORDS,
)


@given(COMMENTS, st.booleans())
def test_a_frame_comes_back_letter_by_letter(comment: Comment, in_image: bool) -> None:
    event: NewComment | ImageChatUpdated = NewComment(eg.stamp(), comment)
    if in_image:
        event = ImageChatUpdated(eg.stamp(), eg.conversation(), "new-comment", comment)
    plain, full = (encode_event(event, tenant_id=eg.TENANT, v2=v2) for v2 in (False, True))
    sent = StoredEvent(EventId("e"), 1, 1, UrlId("u"), BroadcastId("b"), plain, full)
    kept = replace(sent, plain=without_words(plain), full=without_words(full))
    assert event_with_words(kept, comment.text, comment.html) == sent
    blank = event_with_words(kept, None, None)
    decoded = codec.decode_event(blank.full)
    assert isinstance(decoded, NewComment | ImageChatUpdated)
    assert decoded.comment == replace(comment, text="", html="")


@given(COMMENTS, st.booleans())
def test_an_answer_comes_back_letter_by_letter(comment: Comment, v2: bool) -> None:
    sent = codec.dump_json(codec.encode_comment_reply(CommentReply(comment), tenant_id=eg.TENANT, v2=v2))
    kept = without_words(sent.decode())
    assert kept.count('"') < sent.count(b'"')
    assert answer_with_words(kept.encode(), comment.text, comment.html) == sent
