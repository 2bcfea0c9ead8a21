"""Links to shared pictures: what they look like, and whose they are."""

from __future__ import annotations

import pytest

from imagechat_tui.cli.share_link import ShareLink, check_link, link_of
from imagechat_tui.problems import LinkElsewhere, VerbFailed
from imagechat_tui.protocol.ids import TenantId, UrlId
from imagechat_tui.settings import ClientSettings

SHA256 = "0a" * 32
TEAM = ClientSettings(server="https://team.example", tenant="demo")


def link(
    room: str = "img/7k2m9qdt/a.png", server: str = "https://team.example", tenant: str = "demo"
) -> ShareLink:
    return ShareLink(server, TenantId(tenant), SHA256, UrlId(room))


@pytest.mark.parametrize(
    "room", ["img/7k2m9qdt/a.png", "Größe 100%/#1?", "a b", "/", "//", "☃\n", "https://x/y?z#w"]
)
def test_a_link_is_read_as_it_was_written(room: str) -> None:
    assert link_of(link(room).url) == link(room)
    assert link(room).url.isascii()
    assert link(room).name


def test_a_picture_is_called_by_the_end_of_its_key() -> None:
    assert link().name == "a.png"
    assert link("the-shot").name == "the-shot"


@pytest.mark.parametrize(
    "image",
    [
        link().url.partition("#")[0],
        link().url.replace(SHA256, SHA256[1:]),
        link().url.replace("/images/", "/image/"),
        link().url.replace("#", "?v=2#"),
        "https://example.org/a.png#b",
        "shot.png",
    ],
)
def test_any_other_address_is_no_link(image: str) -> None:
    assert link_of(image) is None
    check_link(image, TEAM)


@pytest.mark.parametrize(
    "server", ["https://team.example", "https://TEAM.example:443", "https://team.example/"]
)
def test_a_server_is_the_same_however_it_is_spelled(server: str) -> None:
    check_link(link(server=server).url, TEAM)


@pytest.mark.parametrize(
    "other",
    [
        link(server="http://team.example"),
        link(server="https://team.example:8443"),
        link(server="https://team.example.evil.example"),
        link(server="https://team.example@evil.example"),
        link(server="https://team.example/proxy"),
        link(server="https://team.example:99999"),
        link(tenant="Demo"),
    ],
    ids=lambda other: other.url[:40],
)
def test_a_link_of_another_server_or_tenant_is_refused(other: ShareLink) -> None:
    for settings in (TEAM, ClientSettings()):
        with pytest.raises(VerbFailed) as refused:
            check_link(other.url, settings)
        assert isinstance(refused.value.problem, LinkElsewhere)
