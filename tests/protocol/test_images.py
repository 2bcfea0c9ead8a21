"""Which image a picture is, as it goes over the wire: what one side writes the other reads (PROTOCOL 3.4)."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from imagechat_tui.protocol import codec
from imagechat_tui.protocol.codec import JsonObject, MalformedMessage
from imagechat_tui.protocol.ids import BroadcastId, ImageId, UrlId
from imagechat_tui.protocol.models import Matched, OpenedImage, OtherImage, Place, PlaceKind, Version, Why
from imagechat_tui.protocol.routes import NEW_IMAGE, ImageDetails, ImageReply, OpenImage, Pixels
from tests.protocol import strategies

OPENED: dict[str, Any] = {
    "places": [{"kind": "path", "project": "github.com/acme/web", "value": "shots/checkout.png"}],
    "name": "checkout.png",
    "pixels": "ab" * 32,
    "sha256": "cd" * 32,
    "width": 1440,
    "height": 1000,
    "plain": False,
    "scale": 1,
    "broadcastId": "b1",
}
"""The body of PROTOCOL 3.4."""

image_ids = strategies.opaque.map(ImageId)
hashes = st.text("0123456789abcdef", min_size=64, max_size=64)
places = st.one_of(
    st.builds(Place, st.just(PlaceKind.PATH), strategies.words, strategies.words),
    st.builds(Place, st.sampled_from([PlaceKind.URL, PlaceKind.FILE]), strategies.words),
)
pictures = st.builds(
    Pixels,
    hashes,
    hashes,
    st.integers(1, 1_000_000),
    st.integers(1, 1_000_000),
    st.booleans(),
    st.integers(1, 3),
)
requests = st.builds(
    OpenImage,
    strategies.broadcast_ids,
    strategies.words,
    st.lists(places, max_size=8).map(tuple),
    st.none() | strategies.url_ids,
    st.none() | pictures,
    st.none() | image_ids,
)
numbers = st.integers(1, 9_999)
images = st.builds(
    OpenedImage,
    image_ids,
    strategies.url_ids,
    strategies.texts,
    strategies.texts,
    strategies.texts,
    st.sampled_from(Matched),
    st.none() | numbers,
    numbers,
)
others = st.builds(
    OtherImage,
    image_ids,
    strategies.url_ids,
    strategies.texts,
    strategies.texts,
    numbers,
    st.lists(strategies.texts, max_size=3).map(tuple),
    st.sampled_from(Why),
)
replies = st.builds(
    ImageReply,
    st.none() | images,
    st.lists(others, max_size=3).map(tuple),
    st.lists(strategies.url_ids, max_size=2).map(tuple),
)
versions = st.builds(
    Version, numbers, hashes, hashes, numbers, numbers, numbers, strategies.times, strategies.user_ids
)
details = st.builds(
    ImageDetails, images, st.lists(places, max_size=3).map(tuple), st.lists(versions, max_size=3).map(tuple)
)


def sent(body: JsonObject) -> JsonObject:
    """A body as it arrives."""
    return codec.parse_object(codec.dump_json(body))


def refused(change: JsonObject) -> str:
    """The key that is named when a request is refused."""
    with pytest.raises(MalformedMessage) as caught:
        codec.decode_open_image(sent(OPENED | change))
    return caught.value.key


@given(requests)
def test_what_is_asked_arrives(opened: OpenImage) -> None:
    assert codec.decode_open_image(sent(codec.encode_open_image(opened))) == opened


@given(replies)
def test_what_is_answered_arrives(reply: ImageReply) -> None:
    assert codec.decode_image_reply(sent(codec.encode_image_reply(reply))) == reply


@given(details)
def test_what_is_told_of_an_image_arrives(told: ImageDetails) -> None:
    assert codec.decode_image_details(sent(codec.encode_image_details(told))) == told


def test_the_documented_body_is_what_the_client_writes() -> None:
    opened = OpenImage(
        BroadcastId("b1"),
        "checkout.png",
        (Place(PlaceKind.PATH, "shots/checkout.png", "github.com/acme/web"),),
        picture=Pixels("ab" * 32, "cd" * 32, 1440, 1000),
    )
    assert codec.encode_open_image(opened) == OPENED
    assert codec.decode_open_image(OPENED | {"urlId": "k", "bind": "new"}).url_id == UrlId("k")
    for told in (None, (), (ImageId("im_1"),)):
        decided = replace(opened, bind=NEW_IMAGE, told=told)
        assert codec.decode_open_image(sent(codec.encode_open_image(decided))) == decided


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"pixels": "AB" * 32}, "pixels"),
        ({"pixels": 7}, "pixels"),
        ({"sha256": None}, "sha256"),
        ({"width": 0}, "width"),
        ({"height": 1_000_001}, "height"),
        ({"scale": 4}, "scale"),
        ({"plain": "no"}, "plain"),
        ({"name": ""}, "name"),
        ({"name": "x" * 501}, "name"),
        ({"places": None}, "places"),
        ({"places": ["a"]}, "places[0]"),
        ({"places": [{"kind": "inode", "value": "a"}]}, "places[0].kind"),
        ({"places": [{"kind": "path", "value": "a"}]}, "places[0].project"),
        ({"places": [{"kind": "path", "value": "a", "project": "x" * 501}]}, "places[0].project"),
        ({"places": [{"kind": "url", "value": ""}]}, "places[0].value"),
        ({"places": [{"kind": "url", "value": "x" * 2001}]}, "places[0].value"),
        ({"places": [{"kind": "file", "value": "a"}] * 9}, "places"),
        ({"broadcastId": ""}, "broadcastId"),
        ({"told": "im_1"}, "told"),
    ],
)
def test_what_is_odd_or_too_long_is_refused_by_its_key(change: JsonObject, key: str) -> None:
    assert refused(change) == key


def test_only_a_path_is_of_a_project() -> None:
    told = {"places": [{"kind": "url", "value": "https://e.org/", "project": "x"}]}
    assert codec.decode_open_image(OPENED | told).places == (Place(PlaceKind.URL, "https://e.org/"),)


@pytest.mark.parametrize("key", ["matched", "why"])
def test_a_word_that_nobody_knows_is_an_answer_that_cannot_be_read(key: str) -> None:
    image = OpenedImage(ImageId("i"), UrlId("u"), "s", "n", "", Matched.NEW)
    other = OtherImage(ImageId("i"), UrlId("u"), "n", "", 0, (), Why.PIXELS)
    body: dict[str, Any] = codec.encode_image_reply(ImageReply(image, (other,)))
    (body["image"] if key == "matched" else body["others"][0])[key] = "magic"
    with pytest.raises(MalformedMessage):
        codec.decode_image_reply(body)


@given(strategies.junk())
def test_no_body_does_more_than_be_refused(value: object) -> None:
    for key in OPENED:
        try:
            codec.decode_open_image(OPENED | {key: value})
        except MalformedMessage:
            continue
