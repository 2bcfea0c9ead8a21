"""Which picture has something unread, and how much is unread beside the one that is shown."""

from __future__ import annotations

import pytest

from imagechat_tui.protocol.models import Summary
from imagechat_tui.tui.counts import AlbumChange, AlbumNews, Counts


def counted(**unread: int | None) -> Counts:
    counts = Counts()
    counts.take({int(at.removeprefix("at")): Summary(1, number) for at, number in unread.items()})
    return counts


@pytest.mark.parametrize(("shown", "then"), [(0, 2), (1, 2), (2, 5), (3, 5), (5, 2), (6, 2)])
def test_the_next_picture_with_anything_unread_is_found_round_and_round(shown: int, then: int) -> None:
    assert counted(at1=0, at2=1, at3=None, at5=4).next_unread(shown, range(7)) == then


def test_the_picture_that_is_shown_and_one_that_is_gone_are_none() -> None:
    assert counted(at1=3, at9=1).next_unread(1, range(5)) is None


def test_what_is_unread_beside_is_counted_without_what_is_shown() -> None:
    counts = counted(at0=1, at1=2, at2=None)
    assert [counts.unread_beside(shown, range(3)) for shown in range(3)] == [2, 1, 3]
    assert counts.unread_beside(0, (0, 2)) == 0
    counts.take({1: Summary(0, 0)})
    assert counts.unread_beside(0, range(3)) == 0
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
