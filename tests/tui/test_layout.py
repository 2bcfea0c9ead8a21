"""Which panes stand where, for every size and every wish."""

from __future__ import annotations

import pytest

from imagechat_tui.tui.chat.layout import Layout, Pane, PaneLayout, Sidebar

SIZES = {Layout.SIDE: (120, 36), Layout.STACKED: (80, 24), Layout.SINGLE: (40, 12)}


def fitted(arrangement: Layout, sidebar: Sidebar = Sidebar.FITTING, pane: Pane = Pane.PICTURE) -> PaneLayout:
    layout = PaneLayout()
    layout.sidebar, layout.pane = sidebar, pane
    layout.fit(*SIZES[arrangement])
    return layout


@pytest.mark.parametrize("pane", Pane)
@pytest.mark.parametrize("sidebar", Sidebar)
@pytest.mark.parametrize("arrangement", Layout)
def test_one_pane_is_always_seen(arrangement: Layout, sidebar: Sidebar, pane: Pane) -> None:
    classes = fitted(arrangement, sidebar, pane).classes
    assert not (classes["-no-picture"] and classes["-no-sidebar"])
    assert [name for name in ("-side", "-stacked", "-single") if classes[name]] == [
        "-single" if sidebar is Sidebar.FULL else f"-{arrangement.value}"
    ]


@pytest.mark.parametrize("pane", Pane)
@pytest.mark.parametrize("sidebar", Sidebar)
@pytest.mark.parametrize("arrangement", Layout)
def test_a_pane_that_is_asked_for_is_seen(arrangement: Layout, sidebar: Sidebar, pane: Pane) -> None:
    layout = fitted(arrangement, sidebar)
    layout.show(pane)
    layout.fit(*SIZES[arrangement])
    assert not layout.classes[f"-no-{pane.value}"]


def test_the_key_for_the_sidebar_goes_round_and_shows_what_is_left() -> None:
    layout = fitted(Layout.SIDE)
    seen = []
    for _ in Sidebar:
        layout.cycle()
        layout.fit(*SIZES[Layout.SIDE])
        seen.append((layout.classes["-no-picture"], layout.classes["-no-sidebar"]))
    assert seen == [(True, False), (False, True), (False, False)]


@pytest.mark.parametrize(
    ("arrangement", "reads_sidebar", "reads_above", "writing", "left", "top"),
    [
        (Layout.SIDE, False, False, False, False, False),
        (Layout.SIDE, True, False, False, True, False),
        (Layout.SIDE, True, False, True, True, False),
        (Layout.STACKED, True, True, False, False, True),
        (Layout.SINGLE, True, True, False, False, False),
        (Layout.SINGLE, True, False, False, False, True),
        (Layout.SINGLE, False, False, True, False, True),
    ],
)
def test_notices_stand_where_nothing_is_read(
    arrangement: Layout, reads_sidebar: bool, reads_above: bool, writing: bool, left: bool, top: bool
) -> None:
    classes = fitted(arrangement).notice_classes(
        reads_sidebar=reads_sidebar, reads_above=reads_above, writing=writing
    )
    assert classes == {"-notes-left": left, "-notes-top": top}
