"""The form of a draft file: versioned JSON, and back. What is unreadable in it costs only itself."""

from __future__ import annotations

import json
import math
from typing import assert_never

from imagechat_tui.problems import Problem, ProblemKind
from imagechat_tui.protocol.ids import BroadcastId, CommentId, ConversationId
from imagechat_tui.protocol.models import Point
from imagechat_tui.sync import intents
from imagechat_tui.sync.state import Draft

VERSION = 1


class DraftsMalformed(ValueError):
    """Not a draft file, or not of this version."""


def text_from_drafts(drafts: tuple[Draft, ...]) -> str:
    """The drafts as the text of a file. ASCII: any text that could be typed survives it."""
    return json.dumps({"version": VERSION, "drafts": [_draft(draft) for draft in drafts]}, indent=1)


def drafts_from_text(text: str) -> tuple[tuple[Draft, ...], bool]:
    """The drafts of a file, and whether that was all of it.

    Raises:
        DraftsMalformed: There is nothing to be had.
    """
    try:
        obj = json.loads(text)
    except (ValueError, RecursionError) as failure:
        raise DraftsMalformed("not JSON") from failure
    if not isinstance(obj, dict) or obj.get("version") != VERSION or not isinstance(obj.get("drafts"), list):
        raise DraftsMalformed("not a draft file of this version")
    drafts, whole = [], True
    for item in obj["drafts"]:
        try:
            drafts.append(_read_draft(item))
        except (KeyError, TypeError, ValueError):
            whole = False
    return tuple(drafts), whole


def _draft(draft: Draft) -> dict[str, object]:
    problem = draft.problem
    return {
        "id": draft.id,
        "write": _write(draft.write),
        "broadcast_id": draft.broadcast_id,
        "problem": None
        if problem is None
        else {
            "kind": problem.kind.value,
            "code": problem.code,
            "reason": problem.reason,
            "retry_after_s": problem.retry_after_s,
            "until_ms": problem.until_ms,
        },
        "comment_id": draft.comment_id,
        "updated_at_ms": draft.updated_at_ms,
    }


def _write(write: intents.Write) -> dict[str, object]:
    match write:
        case intents.StartConversation():
            return {
                "type": "start",
                "x": write.point.x,
                "y": write.point.y,
                "text": write.text,
                "version": write.version,
            }
        case intents.PostComment():
            return {
                "type": "post",
                "conversation_id": write.conversation_id,
                "text": write.text,
                "parent_id": write.parent_id,
            }
        case intents.EditComment():
            return {
                "type": "edit",
                "conversation_id": write.conversation_id,
                "comment_id": write.comment_id,
                "text": write.text,
            }
        case intents.DeleteComment():
            return {
                "type": "delete-comment",
                "conversation_id": write.conversation_id,
                "comment_id": write.comment_id,
            }
        case intents.DeleteConversation():
            return {"type": "delete-conversation", "conversation_id": write.conversation_id}
        case intents.RestoreConversation():
            return {"type": "restore", "conversation_id": write.conversation_id}
        case intents.MoveConversation():
            return {
                "type": "move",
                "conversation_id": write.conversation_id,
                "x": write.point.x,
                "y": write.point.y,
            }
        case intents.ResolveConversation():
            return {
                "type": "resolve",
                "conversation_id": write.conversation_id,
                "resolved": write.resolved,
            }
        case intents.VoteComment():
            return _about(write, "vote") | {"direction": write.direction}
        case intents.PinComment():
            return _about(write, "pin") | {"pinned": write.pinned}
        case intents.LockComment():
            return _about(write, "lock") | {"locked": write.locked}
        case intents.FlagComment():
            return _about(write, "flag") | {"flagged": write.flagged}
        case intents.BlockAuthor():
            return _about(write, "block") | {"blocked": write.blocked}
        case _:
            assert_never(write)


def _about(write: intents.CommentWrite, kind: str) -> dict[str, object]:
    return {"type": kind, "conversation_id": write.conversation_id, "comment_id": write.comment_id}


def _read_draft(item: object) -> Draft:
    draft = _object(item)
    told = draft["problem"]
    problem = None
    if told is not None:
        fields = _object(told)
        retry_after_s, until_ms = fields["retry_after_s"], fields.get("until_ms")
        problem = Problem(
            ProblemKind(_text(fields["kind"])),
            _text(fields["code"]),
            _text(fields["reason"]),
            None if retry_after_s is None else _number(retry_after_s),
            None if until_ms is None else _whole(until_ms),
        )
    broadcast_id, comment_id = _optional_text(draft["broadcast_id"]), _optional_text(draft["comment_id"])
    return Draft(
        id=_text(draft["id"]),
        write=_read_write(_object(draft["write"])),
        broadcast_id=None if broadcast_id is None else BroadcastId(broadcast_id),
        problem=problem,
        comment_id=None if comment_id is None else CommentId(comment_id),
        updated_at_ms=_whole(draft["updated_at_ms"]),
    )


def _read_write(write: dict[str, object]) -> intents.Write:
    kind = write["type"]
    if kind == "start":
        version = write.get("version")
        return intents.StartConversation(
            _point(write), _text(write["text"]), None if version is None else _whole(version)
        )
    conversation_id = ConversationId(_text(write["conversation_id"]))
    match kind:
        case "post":
            parent_id = _optional_text(write["parent_id"])
            parent = None if parent_id is None else CommentId(parent_id)
            return intents.PostComment(conversation_id, _text(write["text"]), parent)
        case "edit":
            return intents.EditComment(
                conversation_id, CommentId(_text(write["comment_id"])), _text(write["text"])
            )
        case "delete-comment":
            return intents.DeleteComment(conversation_id, CommentId(_text(write["comment_id"])))
        case "delete-conversation":
            return intents.DeleteConversation(conversation_id)
        case "restore":
            return intents.RestoreConversation(conversation_id)
        case "move":
            return intents.MoveConversation(conversation_id, _point(write))
        case "resolve" if isinstance(resolved := write["resolved"], bool):
            return intents.ResolveConversation(conversation_id, resolved)
        case "vote" if (direction := write["direction"]) in (1, 0, -1):
            return intents.VoteComment(conversation_id, _comment_id(write), _whole(direction))
        case "pin":
            return intents.PinComment(conversation_id, _comment_id(write), _flag(write["pinned"]))
        case "lock":
            return intents.LockComment(conversation_id, _comment_id(write), _flag(write["locked"]))
        case "flag":
            return intents.FlagComment(conversation_id, _comment_id(write), _flag(write["flagged"]))
        case "block":
            return intents.BlockAuthor(conversation_id, _comment_id(write), _flag(write["blocked"]))
        case _:
            raise ValueError("an unknown kind of write")


def _comment_id(write: dict[str, object]) -> CommentId:
    return CommentId(_text(write["comment_id"]))


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError("neither true nor false")
    return value


def _point(write: dict[str, object]) -> Point:
    return Point(_number(write["x"]), _number(write["y"]))


def _object(value: object) -> dict[str, object]:
    if not isinstance(value, dict):
        raise TypeError("not an object")
    return value


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("not a text")
    return value


def _optional_text(value: object) -> str | None:
    return None if value is None else _text(value)


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise TypeError("not a number")
    return float(value)


def _whole(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError("not a whole number")
    return value
