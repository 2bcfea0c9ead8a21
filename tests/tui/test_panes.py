"""Which pane is seen and which has the keys, told to a screen that only writes it down."""

from __future__ import annotations

from typing import cast

import pytest
from textual.geometry import Size
from textual.screen import Screen
from textual.widget import Widget

from imagechat_tui.sync.state import CommentView
from imagechat_tui.tui.chat.layout import Layout, Pane, Sidebar
from imagechat_tui.tui.chat.panes import Panes
from imagechat_tui.tui.chat.sidebar import ThreadSidebar

SIDE, STACKED, SINGLE = Size(120, 36), Size(80, 24), Size(40, 12)


class Part:
    """Something that can have the focus."""

    def __init__(self, name: str, *ancestors: object) -> None:
        self.name = name
        self.ancestors = ancestors


class Side:
    """A sidebar of three parts."""

    def __init__(self) -> None:
        self.threads = Part("threads", self)
        self.comments = Part("comments", self)
        self.editor = Part("editor", self)
        self.composer = self
        self.comment = cast(CommentView, object())
        self.above = {"list": False, "thread": False}

    def reads_above(self, *, thread: bool) -> bool:
        return self.above["thread" if thread else "list"]


class Desk:
    """A screen with its panes; as the screen it has a size, classes and a focus."""

    def __init__(self, size: Size = SIDE) -> None:
        self.size = size
        self.classes: set[str] = set()
        self.picture, self.sidebar = Part("picture"), Side()
        self.focused: Part | None = self.picture
        self.changes: list[set[str]] = []
        self.panes = Panes(
            cast("Screen[object]", self),
            picture=cast(Widget, self.picture),
            sidebar=cast(ThreadSidebar, self.sidebar),
            on_change=lambda: self.changes.append(set(self.classes)),
        )
        self.panes.fit(*size)

    def set_class(self, has: bool, name: str) -> None:
        (self.classes.add if has else self.classes.discard)(name)

    def has_class(self, name: str) -> bool:
        return name in self.classes

    def set_focus(self, widget: Part, *, scroll_visible: bool) -> None:
        assert not scroll_visible, "what is read would move"
        self.focused = widget

    @property
    def focus(self) -> str:
        assert self.focused is not None
        return self.focused.name


@pytest.mark.parametrize(
    ("size", "layout"), [(SIDE, Layout.SIDE), (STACKED, Layout.STACKED), (SINGLE, Layout.SINGLE)]
)
def test_who_is_told_of_a_change_finds_the_classes_set(size: Size, layout: Layout) -> None:
    desk = Desk(size)
    assert desk.panes.arrangement is layout
    assert desk.changes == [desk.classes]
    assert f"-{layout.value}" in desk.classes


def test_what_gets_the_keys_is_seen_first() -> None:
    desk = Desk(SINGLE)
    assert "-no-sidebar" in desk.classes
    desk.panes.go(cast(Widget, desk.sidebar.threads))
    assert ("-no-sidebar" in desk.classes, "-no-picture" in desk.classes) == (False, True)
    assert desk.focus == "threads"
    desk.panes.go(cast(Widget, desk.picture))
    assert ("-no-sidebar" in desk.classes, "-no-picture" in desk.classes) == (True, False)
    assert desk.focus == "picture"


@pytest.mark.parametrize(
    ("doing", "beside"), [((), "threads"), (("-reading",), "comments"), (("-reading", "-writing"), "editor")]
)
def test_keys_go_round_between_the_picture_and_what_one_reads_or_writes(
    doing: tuple[str, ...], beside: str
) -> None:
    desk = Desk()
    desk.classes.update(doing)
    seen = []
    for _ in range(3):
        desk.panes.next()
        seen.append(desk.focus)
    assert seen == [beside, "picture", beside]


def test_the_sidebar_alone_has_the_keys_and_away_gives_them_back() -> None:
    desk = Desk()
    assert desk.panes.cycle_sidebar() is Sidebar.FULL
    assert (desk.focus, desk.panes.arrangement) == ("threads", Layout.SINGLE)
    assert desk.panes.cycle_sidebar() is Sidebar.HIDDEN
    assert (desk.focus, "-no-sidebar" in desk.classes) == ("picture", True)
    desk.focused = None
    assert desk.panes.cycle_sidebar() is Sidebar.FITTING
    assert desk.focused is None, "both are seen: nothing has to move"


def test_a_hidden_sidebar_comes_back_when_it_is_asked_for() -> None:
    desk = Desk()
    desk.panes.cycle_sidebar()
    desk.panes.cycle_sidebar()
    desk.panes.show(Pane.SIDEBAR)
    assert "-no-sidebar" not in desk.classes
    assert desk.focus == "picture", "seen is not focused"


def test_a_comment_is_meant_only_while_keys_go_to_the_thread() -> None:
    desk = Desk()
    for part, meant in (
        (desk.sidebar.comments, desk.sidebar.comment),
        (desk.sidebar.editor, None),
        (desk.picture, None),
        (None, None),
    ):
        desk.focused = part
        assert desk.panes.focused_comment is meant
        assert desk.panes.reads_sidebar is (part is not None and part is not desk.picture)


def test_notices_keep_off_what_one_reads() -> None:
    desk = Desk(SINGLE)
    desk.focused = desk.sidebar.comments
    desk.classes.add("-reading")
    desk.panes.place_notices()
    assert "-notes-top" in desk.classes, "the selected comment is below"
    desk.sidebar.above["thread"] = True
    desk.panes.place_notices()
    assert "-notes-top" not in desk.classes
    desk.classes.add("-writing")
    desk.panes.place_notices()
    assert "-notes-top" in desk.classes
