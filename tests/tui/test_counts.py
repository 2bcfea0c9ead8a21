"""Which picture has something unread, and how much is unread beside the one that is shown."""

from __future__ import annotations

import pytest

from imagechat_tui.protocol.ids import UrlId
from imagechat_tui.protocol.models import RoomSummary, Summary
from imagechat_tui.tui.counts import AlbumChange, AlbumNews, Counts

NOT_KNOWN = UrlId("")


def counted(**unread: int | None) -> Counts:
    counts = Counts()
    counts.take(told(**unread))
    return counts


def told(**unread: int | None) -> dict[int, RoomSummary]:
    """By places and perhaps, behind an underscore, by rooms."""
    found: dict[int, RoomSummary] = {}
    for key, number in unread.items():
        at, _, room = key.removeprefix("at").partition("_")
        found[int(at)] = RoomSummary(UrlId(room or at), Summary(1, number))
    return found


@pytest.mark.parametrize(("shown", "then"), [(0, 2), (1, 2), (2, 5), (3, 5), (5, 2), (6, 2)])
def test_the_next_picture_with_anything_unread_is_found_round_and_round(shown: int, then: int) -> None:
    assert counted(at1=0, at2=1, at3=None, at5=4).next_unread(shown, range(7), NOT_KNOWN) == then


def test_the_picture_that_is_shown_and_one_that_is_gone_are_none() -> None:
    assert counted(at1=3, at9=1).next_unread(1, range(5), NOT_KNOWN) is None


def test_what_is_unread_beside_is_counted_without_what_is_shown() -> None:
    counts = counted(at0=1, at1=2, at2=None)
    assert [counts.unread_beside(shown, range(3), NOT_KNOWN) for shown in range(3)] == [2, 1, 3]
    assert counts.unread_beside(0, (0, 2), NOT_KNOWN) == 0
    counts.take(told(at1=0))
    assert counts.unread_beside(0, range(3), NOT_KNOWN) == 0
    assert counts[7] is None


@pytest.mark.parametrize(
    ("shown", "room", "unread", "then"),
    [
        (0, "", 3, 3),  # the room of the shown one is known from the server
        (0, "x", 3, 3),
        (0, "y", 2, 1),  # it was asked to be shown in another room
        (1, "x", 3, 3),
        (3, "y", 2, 0),
        (4, "", 5, 0),
    ],
)
def test_a_room_that_several_pictures_share_counts_once(
    shown: int, room: str, unread: int, then: int
) -> None:
    counts = counted(at0_x=2, at1_x=2, at2_x=2, at3_y=3, at4_z=0)
    seen = (
        counts.unread_beside(shown, range(5), UrlId(room)),
        counts.next_unread(shown, range(5), UrlId(room)),
    )
    assert seen == (unread, then)


def test_what_is_read_on_one_picture_is_read_on_all_that_share_its_room() -> None:
    counts = counted(at0_x=2, at1_x=2, at2_y=1)
    counts.note(0, UrlId("x"), Summary(1, 0), its_own=True)
    assert counts[1] == Summary(1, 0)
    assert (counts.unread_beside(2, range(3), UrlId("y")), counts.next_unread(2, range(3), UrlId("y"))) == (
        0,
        None,
    )


def test_a_picture_that_was_shown_in_another_room_stays_in_its_own() -> None:
    counts = counted(at0_x=2, at1_y=1)
    counts.note(0, UrlId("y"), Summary(5, 0), its_own=False)
    assert (counts[0], counts[1]) == (Summary(1, 2), Summary(5, 0))
    counts.note(0, UrlId("y"), Summary(5, 0), its_own=True)
    assert counts[0] == Summary(5, 0)
    counts.note(7, NOT_KNOWN, Summary(5, 3), its_own=True)
    assert counts[7] is None


A, B = tuple(range(140)), tuple(range(140, 300))


@pytest.mark.parametrize(
    ("burst", "told"),
    [
        ([(0.0, AlbumChange(added=A))], AlbumChange(added=A)),
        ([(0.0, AlbumChange(added=A)), (2.0, AlbumChange(added=B))], AlbumChange(added=A + B)),
        ([(0.0, AlbumChange(added=A)), (4.0, AlbumChange(gone=A))], AlbumChange(gone=A)),
        ([(0.0, AlbumChange(gone=A)), (2.0, AlbumChange(back=A))], AlbumChange(back=A)),
        ([(0.0, AlbumChange(gone=A)), (2.0, AlbumChange(added=B))], AlbumChange(added=B, gone=A)),
        ([(0.0, AlbumChange(added=A)), (6.0, AlbumChange(added=B))], AlbumChange(added=B)),
        (
            [(0.0, AlbumChange(added=(1,))), (4.0, AlbumChange(added=(2,))), (8.0, AlbumChange(added=(3,)))],
            AlbumChange(added=(1, 2, 3)),
        ),
    ],
)
def test_what_comes_and_goes_in_one_burst_is_told_together(
    burst: list[tuple[float, AlbumChange]], told: AlbumChange
) -> None:
    news = AlbumNews()
    assert [news.take(change, 100.0 + at_s) for at_s, change in burst][-1] == told
