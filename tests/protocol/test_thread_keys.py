"""Page ids and thread keys (PROTOCOL 1.3): cleaning, rounding, and the key of a new thread."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from imagechat_tui.protocol.ids import UrlId
from imagechat_tui.protocol.models import Point
from imagechat_tui.protocol.thread_keys import UrlTooLong, clean, rounded, thread_key
from tests import examples as eg
from tests.protocol import strategies

TRACKING = [
    "utm_source", "utm_", "fbclid", "gclid", "dclid", "msclkid", "yclid", "mc_cid", "mc_eid", "igshid", "_ga", "_gl",
]  # fmt: skip
PIECES = [
    "http://",
    "https://",
    "x",
    "a=1",
    "&",
    "?",
    "#",
    " ",
    "\u00a0",
    "\t",
    ":1:2",
    ":-3.5:0",
    "/",
    "%20",
    *TRACKING,
]

url_like = st.lists(st.sampled_from(PIECES), max_size=12).map("".join)


@pytest.mark.parametrize(
    ("raw", "cleaned"),
    [
        ("gallery-42", "gallery-42"),
        ("  gallery 42\n", "gallery 42"),
        ("https://e.org/a", "https://e.org/a"),
        ("https://e.org/a?utm_source=x", "https://e.org/a"),
        ("http://e.org/a?utm_source=x", "http://e.org/a"),
        ("https://e.org/a?utm_source=x&b=1", "https://e.org/a?b=1"),
        ("https://e.org/a?b=1&fbclid=2&c=%20+%2F", "https://e.org/a?b=1&c=%20+%2F"),
        ("https://e.org/a?fbclid=2#part?utm_x=1", "https://e.org/a#part?utm_x=1"),
        ("https://e.org/a#/route?gclid=1", "https://e.org/a#/route?gclid=1"),
        ("https://e.org/a?", "https://e.org/a?"),
        ("https://e.org/a?b&&c", "https://e.org/a?b&&c"),
        ("https://e.org/a?xutm_source=1&gclid2=3", "https://e.org/a?xutm_source=1&gclid2=3"),
        ("gallery?utm_source=x", "gallery?utm_source=x"),
        ("ftp://e.org/?fbclid=1", "ftp://e.org/?fbclid=1"),
        # A thread key: the query belongs to the picture's address, and cutting it would change the place.
        ("https://e.org/?utm_source=x:/a.jpg:25.5:30", "https://e.org/?utm_source=x:/a.jpg:25.5:30"),
        ("https://e.org/?gclid=1:/a.jpg:-1:0", "https://e.org/?gclid=1:/a.jpg:-1:0"),
        ("https://e.org/?gclid=1:/a.jpg:1:2.", "https://e.org/"),
        ("https://e.org/?gclid=1:/a.jpg:1", "https://e.org/"),
    ],
)
def test_only_what_tracks_people_is_taken_out(raw: str, cleaned: str) -> None:
    assert clean(raw) == cleaned


@pytest.mark.parametrize("name", TRACKING)
def test_every_tracking_pair_goes(name: str) -> None:
    assert clean(f"https://e.org/?a=1&{name}=2&b=3") == "https://e.org/?a=1&b=3"


@given(url_like | st.text(max_size=60))
@example(
    "http://e.org?fbclid &utm_a=1"
)  # the end that is cut off must not make a new pair out of the one before
@example("http://e.org?a &utm_a=1")
def test_cleaning_twice_changes_nothing(raw: str) -> None:
    once = clean(raw)
    assert clean(once) == once


@given(url_like)
def test_cleaning_only_ever_leaves_things_out(raw: str) -> None:
    left = iter(raw)
    assert all(character in left for character in clean(raw))


def test_a_thousand_characters_are_a_key_and_one_more_is_too_long() -> None:
    assert clean("k" * 1_000) == "k" * 1_000
    with pytest.raises(UrlTooLong):
        clean("k" * 1_001)


def test_only_what_is_left_is_measured() -> None:
    address = "https://e.org/?a=1"
    assert clean(f"  {address}&fbclid={'x' * 2_000}  ") == address


@pytest.mark.parametrize(
    ("point", "end"),
    [
        (Point(25.5, 30.25), ":25.5:30.25"),
        (Point(30.0, 100.0), ":30:100"),
        (Point(0.0, -0.0), ":0:0"),
        (Point(0.004, 0.006), ":0:0.01"),
        (Point(1e-9, 99.999), ":0:100"),
        (Point(10.0, 20.1), ":10:20.1"),
        (Point(100 / 3, 200 / 3), ":33.33:66.67"),
    ],
)
def test_a_thread_key_ends_in_two_decimals_without_exponent_or_zeros(point: Point, end: str) -> None:
    assert thread_key(eg.IMAGE, eg.SRC, point) == f"{eg.IMAGE}:{eg.SRC}{end}"


def test_the_example_of_the_protocol() -> None:
    assert thread_key(eg.IMAGE, eg.SRC, eg.point(25.5, 30.25)) == eg.THREAD


@given(strategies.points)
def test_the_numbers_sent_are_those_in_the_key(point: Point) -> None:
    sent = rounded(point)
    key = thread_key(UrlId("https://e.org/a"), "b:c", point)
    x, y = key.rsplit(":", 2)[1:]
    assert (float(x), float(y)) == (sent.x, sent.y)
    assert re.fullmatch(r"\d{1,3}(\.\d?[1-9])?", x)
    assert re.fullmatch(r"\d{1,3}(\.\d?[1-9])?", y)


@given(strategies.points)
def test_rounding_stays_on_the_image_and_near_the_point(point: Point) -> None:
    near = rounded(point)
    assert 0 <= near.x <= 100
    assert 0 <= near.y <= 100
    assert abs(near.x - point.x) <= 0.005 + 1e-12
    assert abs(near.y - point.y) <= 0.005 + 1e-12
    assert rounded(near) == near


def test_a_zero_has_no_sign() -> None:
    near = rounded(Point(-0.0, -0.001))
    assert str(near) == "Point(x=0.0, y=0.0)"


@given(url_like, st.text(st.characters(exclude_categories=["Cs"]), max_size=20), strategies.points)
def test_a_key_of_a_clean_page_survives_cleaning(page: str, src: str, point: Point) -> None:
    """Or the server would look for the thread under another name than the client."""
    key = thread_key(clean(page), src, point)
    assert clean(key) == key
