"""Counters of the process: for whoever brings the token, or asks from this machine; of no tenant."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from aiohttp import web

from imagechat_tui.server.guard.proxies import TrustedProxies
from tests.server.house import House, running_house

pytestmark = pytest.mark.security

TOKEN = "a token for metrics"
HERE, THERE, PROXY = "127.0.0.1", "192.0.2.9", "10.0.0.1"
BEARER = {"Authorization": f"Bearer {TOKEN}"}


async def asked(house: House, **headers: str) -> int:
    async with house.client.get("/metrics", headers=headers) as answer:
        return answer.status


@pytest.mark.parametrize(
    ("peer", "headers", "without", "with_token"),
    [
        (HERE, {}, 200, 401),
        ("::1", {}, 200, 401),
        ("::ffff:127.0.0.1", {}, 200, 401),
        ("127.8.9.10", {}, 200, 401),
        (THERE, {}, 403, 401),
        (PROXY, {}, 403, 401),
        ("", {}, 403, 401),
        ("odd", {}, 403, 401),
        (HERE, {"X-Forwarded-For": THERE}, 403, 401),
        (HERE, {"X-Forwarded-For": HERE}, 403, 401),
        (HERE, {"X-Forwarded-For": ""}, 403, 401),
        (HERE, {"Forwarded": "for=127.0.0.1"}, 403, 401),
        (HERE, {"Via": "1.1 proxy"}, 403, 401),
        (HERE, {"X-Real-IP": HERE}, 403, 401),
        (HERE, {"X-Forwarded-Proto": "https"}, 403, 401),
        (HERE, {"X-Forwarded-Host": "review.example"}, 403, 401),
        (THERE, {"X-Forwarded-For": HERE}, 403, 401),
        (PROXY, {"X-Forwarded-For": HERE}, 403, 401),
        (PROXY, {"X-Forwarded-For": THERE}, 403, 401),
        (HERE, BEARER, 200, 200),
        (THERE, BEARER, 403, 200),
        (PROXY, BEARER | {"X-Forwarded-For": THERE}, 403, 200),
        (THERE, {"Authorization": f"Bearer {TOKEN}x"}, 403, 401),
        (THERE, {"Authorization": f"Bearer {TOKEN[:-1]}"}, 403, 401),
        (THERE, {"Authorization": TOKEN}, 403, 401),
        (THERE, {"Authorization": "Bearer "}, 403, 401),
        (THERE, {"Authorization": "Bearer ä"}, 403, 401),
    ],
)
async def test_who_may_read_them(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    peer: str,
    headers: dict[str, str],
    without: int,
    with_token: int,
) -> None:
    """Without a token who asks from this machine, through nobody; with one who brings it, and nobody else."""
    monkeypatch.setattr(web.BaseRequest, "remote", peer)
    for token, status in ((None, without), (TOKEN, with_token)):
        for proxies in (TrustedProxies(), TrustedProxies([PROXY, HERE])):
            async with running_house(tmp_path, metrics_token=token, proxies=proxies) as house:
                assert await asked(house, **headers) == status


async def test_they_are_of_the_process_and_tell_of_no_tenant(house: House) -> None:
    ann = house.person("ann")
    await ann.marks()
    async with await ann.sub(await ann.list()) as socket:
        await socket.receive_str(timeout=60)
        async with house.client.get("/metrics") as answer:
            assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
            text = await answer.text()
    lines = text.splitlines()
    assert lines[:4] == [
        "# TYPE imagechat_sockets gauge",
        "imagechat_sockets 1",
        "# TYPE imagechat_messages_total counter",
        "imagechat_messages_total 1",
    ]
    assert all(
        re.fullmatch(r"(# TYPE imagechat_\w+ (gauge|counter)|imagechat_\w+ \d+)", line) for line in lines
    )
    for name in ("demo", "ann", "other"):
        assert name not in text
