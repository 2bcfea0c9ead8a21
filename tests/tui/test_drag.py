"""What the pointer's button does with the picture."""

from __future__ import annotations

from imagechat_tui.protocol.models import Point
from imagechat_tui.tui.picture.drag import Drag

HERE = Point(30.0, 40.0)


def test_a_press_that_moves_nothing_is_a_click_where_it_was_pressed() -> None:
    drag = Drag()
    seen = [(drag.holds, drag.clicked)]
    drag.press(10, 5, HERE)
    seen.append((drag.holds, drag.clicked))
    assert drag.move(10, 5) == (0, 0)
    drag.release()
    seen.append((drag.holds, drag.clicked))
    assert seen == [(False, None), (True, HERE), (False, HERE)]


def test_the_picture_follows_the_pointer_and_that_is_no_click() -> None:
    drag = Drag()
    drag.press(10, 5, HERE)
    assert [drag.move(12, 5), drag.move(12, 4), drag.move(10, 5)] == [(-2, 0), (0, 1), (2, -1)]
    drag.release()
    assert drag.clicked is None, "though it is where it was"


def test_a_press_after_a_drag_is_a_click_again() -> None:
    drag = Drag()
    drag.press(10, 5, HERE)
    drag.move(11, 5)
    drag.press(11, 5, HERE)
    assert drag.clicked == HERE


def test_beside_the_picture_nothing_is_clicked() -> None:
    drag = Drag()
    drag.press(0, 0, None)
    drag.release()
    assert drag.clicked is None
