"""Methods and paths of the routes, as PROTOCOL 3 to 9 and the OpenAPI file have them."""

from __future__ import annotations

from urllib.parse import unquote

import pytest
from hypothesis import given

from imagechat_tui.protocol import routes
from imagechat_tui.protocol.routes import Direction, ListComments, Route
from tests import examples as eg
from tests.protocol import strategies

DOCUMENTED = {
    "LIST_CONVERSATIONS": ("GET", "/comment-image-chats/{tenant_id}"),
    "CREATE_CONVERSATION": ("POST", "/comment-image-chats/{tenant_id}"),
    "UPDATE_CONVERSATION": ("PATCH", "/comment-image-chats/{tenant_id}/{chat_id}"),
    "DELETE_CONVERSATION": ("DELETE", "/comment-image-chats/{tenant_id}/{chat_id}"),
    "RESTORE_CONVERSATION": ("POST", "/comment-image-chats/{tenant_id}/{chat_id}/restore"),
    "OPEN_IMAGE": ("POST", "/comment-image-chats/{tenant_id}/images"),
    "SHOW_IMAGE": ("GET", "/comment-image-chats/{tenant_id}/images/{image_id}"),
    "LINK_IMAGE": ("POST", "/comment-image-chats/{tenant_id}/images/{image_id}/places"),
    "READ_STATE": ("GET", "/comment-image-chats/{tenant_id}/read-state"),
    "CHANGE_READ_STATE": ("PUT", "/comment-image-chats/{tenant_id}/read-state"),
    "PLACEMENTS": ("GET", "/comment-image-chats/{tenant_id}/placements"),
    "CHANGE_PLACEMENTS": ("PUT", "/comment-image-chats/{tenant_id}/placements"),
    "LIST_ROOMS": ("GET", "/comment-image-chats/{tenant_id}/rooms"),
    "SUMMARIZE": ("POST", "/comment-image-chats/{tenant_id}/summary"),
    "SHOW_PICTURE": ("GET", "/images/{tenant_id}/{sha256}"),
    "KEEP_PICTURE": ("PUT", "/images/{tenant_id}/{sha256}"),
    "LIST_COMMENTS": ("GET", "/comments/{tenant_id}"),
    "CREATE_COMMENT": ("POST", "/comments/{tenant_id}"),
    "DELETE_COMMENT": ("DELETE", "/comments/{tenant_id}/{comment_id}"),
    "COMMENT_TEXT": ("GET", "/comments/{tenant_id}/{comment_id}/text"),
    "EDIT_COMMENT": ("POST", "/comments/{tenant_id}/{comment_id}/update-text"),
    "PIN_COMMENT": ("POST", "/comments/{tenant_id}/{comment_id}/pin"),
    "UNPIN_COMMENT": ("POST", "/comments/{tenant_id}/{comment_id}/unpin"),
    "LOCK_COMMENT": ("POST", "/comments/{tenant_id}/{comment_id}/lock"),
    "UNLOCK_COMMENT": ("POST", "/comments/{tenant_id}/{comment_id}/unlock"),
    "CLOSE_THREAD": ("PUT", "/auth/my-account/moderate-comments/close-thread"),
    "REOPEN_THREAD": ("PUT", "/auth/my-account/moderate-comments/reopen-thread"),
    "LOGOUT": ("PUT", "/auth/logout"),
    "VOTE": ("POST", "/comments/{tenant_id}/{comment_id}/vote"),
    "UNVOTE": ("DELETE", "/comments/{tenant_id}/{comment_id}/vote/{vote_id}"),
    "VOTERS": ("GET", "/comments/{tenant_id}/{comment_id}/votes"),
    "FLAG_COMMENT": ("POST", "/flag-comment/{comment_id}"),
    "BLOCK_AUTHOR": ("POST", "/block-from-comment/{comment_id}"),
    "UNBLOCK_AUTHOR": ("DELETE", "/block-from-comment/{comment_id}"),
    "CHECK_BLOCKED": ("GET", "/check-blocked-comments"),
    "EVENT_LOG": ("GET", "/event-log/{tenant_id}"),
    "PRESENCE_STATUS": ("GET", "/user-presence-status"),
    "USERS_ONLINE": ("GET", "/pages/{tenant_id}/users/online"),
    "USERS_INFO": ("GET", "/pages/{tenant_id}/users/info"),
    "SEARCH_USERS": ("GET", "/user-search/{tenant_id}"),
    "DAILY_USAGE": ("GET", "/api/v1/tenant-daily-usage"),
    "SUBSCRIBE": ("GET", "/sub"),
    "HEALTH": ("GET", "/healthz"),
    "READY": ("GET", "/readyz"),
}


def test_every_route_is_the_documented_one() -> None:
    ours = {
        name: (route.method, route.template) for name, route in vars(routes).items() if type(route) is Route
    }
    assert ours == DOCUMENTED


@given(strategies.words, strategies.words)
def test_a_part_never_reaches_beyond_its_place(tenant_id: str, comment_id: str) -> None:
    path = routes.EDIT_COMMENT.path(tenant_id=tenant_id, comment_id=comment_id)
    nothing, comments, tenant, comment, verb = path.split("/")
    assert (nothing, comments, verb) == ("", "comments", "update-text")
    assert (unquote(tenant), unquote(comment)) == (tenant_id, comment_id)
    assert not set("?#:") & set(path)


def test_a_part_that_is_missing_is_a_mistake_of_ours() -> None:
    with pytest.raises(KeyError):
        routes.DELETE_COMMENT.path(tenant_id="demo")


def test_a_list_of_comments_is_asked_for_flat_and_oldest_first() -> None:
    asked = ListComments(eg.THREAD)
    assert (asked.direction, asked.page, asked.skip, asked.limit) == (Direction.OLDEST_FIRST, None, 0, 200)


def test_a_comment_says_that_it_belongs_to_an_image_chat() -> None:
    assert eg.create_comment().product_id == 2
