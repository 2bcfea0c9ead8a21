"""Example objects, ``from tests import examples as eg``: each takes overrides by keyword.

They are the cast of PROTOCOL 11: tenant ``demo``, Alice and Bob, the image ``gallery-42`` and a
marker on the wet trail.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from itertools import product
from types import NoneType
from typing import Any, Final, Literal, get_args, get_origin, get_type_hints

from msgspec.structs import replace

from imagechat_tui.protocol.events import (
    DeletedComment,
    DeletedImageChat,
    ImageChatUpdated,
    NewComment,
    NewImageChat,
    PresenceUpdate,
    Stamp,
    Subscribed,
    ThreadStateChange,
    UpdatedComment,
    VoteChanged,
)
from imagechat_tui.protocol.ids import (
    BroadcastId,
    CommentId,
    ConversationId,
    EventId,
    ImageId,
    TenantId,
    UrlId,
    UserId,
)
from imagechat_tui.protocol.models import (
    Comment,
    Conversation,
    LogEntry,
    Matched,
    OpenedImage,
    OtherImage,
    Point,
    Position,
    User,
    Version,
    Vote,
    Why,
)
from imagechat_tui.protocol.routes import (
    CommentList,
    CommentReply,
    ConversationList,
    ConversationReply,
    CreateComment,
    CreateConversation,
    RoomIds,
)
from imagechat_tui.sync.state import ChatState, Confirmed, Here, Mine, Room

TENANT: Final = TenantId("demo")
ALICE: Final = UserId("demo:alice")
BOB: Final = UserId("demo:bob")
IMAGE: Final = UrlId("gallery-42")
SRC: Final = "/img/trail.jpg"
THREAD: Final = UrlId("gallery-42:/img/trail.jpg:25.5:30.25")
EPOCH: Final = "ep1"
T0: Final = 1_767_225_600_000
"""2026-01-01T00:00:00Z in ms: when the examples begin."""


def chat_state(**overrides: Any) -> ChatState:
    """A state of which only these fields are known, whichever part of it they belong to."""
    return changed(ChatState(room()), **overrides)


def changed(state: ChatState, **overrides: Any) -> ChatState:
    """``state`` with some fields changed, whichever part of it they belong to."""

    def of(kind: type[Any]) -> dict[str, Any]:
        return {name: overrides.pop(name) for name in kind.__struct_fields__ if name in overrides}

    confirmed, mine, here = of(Confirmed), of(Mine), of(Here)
    return replace(
        state,
        confirmed=replace(state.confirmed, **confirmed),
        mine=replace(state.mine, **mine),
        here=replace(state.here, **here),
        **overrides,
    )


def user(**overrides: Any) -> User:
    return replace(User(id=ALICE, username="alice", display_name="Alice"), **overrides)


def bob(**overrides: Any) -> User:
    return replace(User(id=BOB, username="bob", display_name="Bob"), **overrides)


def point(x: float = 25.5, y: float = 30.25) -> Point:
    return Point(x, y)


def position(seq: int = 1, **overrides: Any) -> Position:
    return replace(Position(epoch=EPOCH, seq=seq, event_id=EventId(f"e_{seq}")), **overrides)


def room(**overrides: Any) -> Room:
    """What a session looks at."""
    return replace(
        Room(TENANT, IMAGE, SRC, page_title="Gallery 42", url="https://example.com/gallery/42"), **overrides
    )


def opened_image(**overrides: Any) -> OpenedImage:
    """What a server knows the picture as."""
    return replace(
        OpenedImage(
            ImageId("im_1"), IMAGE, SRC, "trail.jpg", "github.com/acme/web", Matched.PATH, version=3, latest=3
        ),
        **overrides,
    )


def other_image(**overrides: Any) -> OtherImage:
    """Another image that may be the same picture."""
    return replace(
        OtherImage(
            ImageId("im_2"), UrlId("img/2/logo.png"), "logo.png", "github.com/acme/shop", 4, (), Why.PIXELS
        ),
        **overrides,
    )


def version(**overrides: Any) -> Version:
    """A version of an image."""
    return replace(Version(1, "ab" * 32, "cd" * 32, 1440, 1000, 1, T0, ALICE), **overrides)


def room_ids(**overrides: Any) -> RoomIds:
    """What ``/sub`` wants."""
    return replace(RoomIds("demo", "r1Zk0yB3pQm8s5XvTe1uWcNaLd", "u1.eyJ0IjoiZGVtbyJ9.c2ln"), **overrides)


def conversation(**overrides: Any) -> Conversation:
    return replace(
        Conversation(
            id=ConversationId("ic_1"),
            url_id=THREAD,
            point=point(),
            src=SRC,
            created_from_comment_id=CommentId("c_1"),
            user_id=ALICE,
            commenter_name="Alice",
            comment_count=1,
            last_comment_at_ms=T0 + 500,
            created_at_ms=T0 + 1_000,
            number=1,
        ),
        **overrides,
    )


def comment(**overrides: Any) -> Comment:
    return replace(
        Comment(
            id=CommentId("c_1"),
            url_id=THREAD,
            user_id=ALICE,
            commenter_name="Alice",
            html="Trail is <b>wet</b>",
            text="Trail is **wet**",
            date_ms=T0,
            url="https://example.com/gallery/42",
            locale="en_us",
        ),
        **overrides,
    )


def vote(**overrides: Any) -> Vote:
    return replace(
        Vote(
            id="v_1",
            tenant_id=TENANT,
            url_id=THREAD,
            comment_id=CommentId("c_1"),
            direction=1,
            created_at_ms=T0 + 50_000,
            user_id=BOB,
        ),
        **overrides,
    )


def stamp(seq: int = 1, **overrides: Any) -> Stamp:
    """The envelope of the ``seq``-th event of the image's room, caused by Alice."""
    return replace(
        Stamp(
            timestamp_ms=T0 + seq * 1_000,
            broadcast_id=BroadcastId(f"b{seq}"),
            actor_id=ALICE,
            position=position(seq),
        ),
        **overrides,
    )


def new_image_chat(seq: int = 1, **overrides: Any) -> NewImageChat:
    return replace(NewImageChat(stamp(seq), conversation()), **overrides)


def image_chat_updated(seq: int = 2, **overrides: Any) -> ImageChatUpdated:
    """Bob answers."""
    reply = comment(
        id=CommentId("c_2"),
        user_id=BOB,
        commenter_name="Bob",
        text="Since when?",
        html="Since when?",
        date_ms=T0 + seq * 1_000,
    )
    updated = conversation(comment_count=2, last_comment_at_ms=T0 + seq * 1_000)
    return replace(
        ImageChatUpdated(stamp(seq, actor_id=BOB), updated, "new-comment", reply),
        **overrides,
    )


def deleted_image_chat(seq: int = 3, **overrides: Any) -> DeletedImageChat:
    return replace(DeletedImageChat(stamp(seq), ConversationId("ic_1"), THREAD), **overrides)


def new_comment(seq: int = 1, **overrides: Any) -> NewComment:
    return replace(NewComment(stamp(seq), comment()), **overrides)


def updated_comment(seq: int = 2, **overrides: Any) -> UpdatedComment:
    dry = comment(text="Trail is **dry**", html="Trail is <b>dry</b>")
    return replace(UpdatedComment(stamp(seq), dry), **overrides)


def deleted_comment(seq: int = 3, **overrides: Any) -> DeletedComment:
    blanked = comment(text="", html="", locale=None)
    return replace(DeletedComment(stamp(seq), blanked.id, blanked), **overrides)


def vote_changed(seq: int = 2, **overrides: Any) -> VoteChanged:
    return replace(VoteChanged(stamp(seq, actor_id=BOB), vote(), added=True), **overrides)


def thread_state_change(seq: int = 3, **overrides: Any) -> ThreadStateChange:
    return replace(ThreadStateChange(stamp(seq), is_closed=True), **overrides)


def presence_update(**overrides: Any) -> PresenceUpdate:
    return replace(PresenceUpdate(joined=(BOB,), sockets=2, ts_ms=T0 + 5_000), **overrides)


def subscribed(seq: int = 0, **overrides: Any) -> Subscribed:
    return replace(Subscribed(position(seq), T0), **overrides)


def conversation_list(**overrides: Any) -> ConversationList:
    return replace(
        ConversationList(
            conversations=(conversation(),),
            url_id_clean=IMAGE,
            room=room_ids(),
            user=user(),
            server_time_ms=T0 + 100_000,
            position=position(1),
            comments=(comment(),),
        ),
        **overrides,
    )


def comment_list(**overrides: Any) -> CommentList:
    return replace(
        CommentList(
            comments=(comment(),),
            url_id_clean=THREAD,
            room=room_ids(url_id_ws="r1Qf7wEr2tYu9iOp4aSd1fGhJk"),
            user=user(),
            comment_count=1,
            last_gen_date_ms=T0 + 100_000,
        ),
        **overrides,
    )


def create_conversation(**overrides: Any) -> CreateConversation:
    """A marker with its first comment in one POST."""
    return replace(
        CreateConversation(
            url_id=IMAGE,
            window_url_id=THREAD,
            page_title="Gallery 42",
            src=SRC,
            point=point(),
            broadcast_id=BroadcastId("550e8400-e29b-41d4-a716-446655440000"),
            comment="Trail is **wet**",
        ),
        **overrides,
    )


def conversation_reply(**overrides: Any) -> ConversationReply:
    return replace(ConversationReply(ConversationId("ic_1"), conversation(), comment()), **overrides)


def create_comment(**overrides: Any) -> CreateComment:
    return replace(
        CreateComment(
            url_id=THREAD,
            broadcast_id=BroadcastId("b3"),
            comment="Since when?",
            url="https://example.com/gallery/42",
            commenter_name="bob",
            page_title="Gallery 42",
            date_ms=T0,
        ),
        **overrides,
    )


def comment_reply(**overrides: Any) -> CommentReply:
    return replace(CommentReply(comment(), user()), **overrides)


def log_entry(seq: int = 1, **overrides: Any) -> LogEntry:
    """The entry of a thread that was closed."""
    at_ms = T0 + seq * 1_000
    data = f'{{"type":"thread-state-change","timestamp":{at_ms},"broadcastId":"b{seq}","isClosed":true}}'
    entry = LogEntry(EventId(f"e_{seq}"), at_ms, TENANT, THREAD, BroadcastId(f"b{seq}"), data)
    return replace(entry, **overrides)


def problems_of(kinds: object, text: str) -> Iterator[Any]:
    """Values of every kind of a union of problems, with ``text`` for all that is told, and each choice there is."""
    for kind in get_args(kinds) or (kinds,):
        hints = get_type_hints(kind)
        for values in product(*(tuple(_values_of(hints[name], text)) for name in kind.__struct_fields__)):
            yield kind(*values)


def _values_of(hint: Any, text: str) -> Iterator[Any]:
    parts = get_args(hint)
    if get_origin(hint) is Literal:
        yield from parts
    elif get_origin(hint) is tuple:
        yield from product(*(tuple(_values_of(part, text)) for part in parts if part is not Ellipsis))
    elif parts:
        for part in parts:
            yield from _values_of(part, text)
    elif hint in (str, int, float, bool, NoneType):
        samples: dict[Any, tuple[object, ...]] = {
            str: (text,), int: (7,), float: (7.0,), bool: (False, True), NoneType: (None,)
        }  # fmt: skip
        yield from samples[hint]
    elif issubclass(hint, Enum):
        yield from hint
    else:
        yield from problems_of(hint, text)
