"""Every operation of the official API is offered or refused in words, and the README says which."""

from __future__ import annotations

import re

import pytest

from tests.protocol.openapi import OPERATIONS, breaches
from tests.server.house import IMAGE, House
from tests.test_docs import README

ALL = [operation.strip() for operation in OPERATIONS.strip().splitlines()]
PARTS = {"tenantId": "demo", "commentId": "c_0", "voteId": "v_0"}
LISTED = re.findall(
    r"^\| [^|`]+ \|(.*)\|(.*)\|$", README.split("### Official clients")[1], flags=re.MULTILINE
)
OFFERED, REFUSED = (
    [found for row in LISTED for found in re.findall(r"`([A-Z]+ /[^`]*)`", row[column])] for column in (0, 1)
)


def test_the_readme_tells_of_every_operation_once() -> None:
    assert sorted(OFFERED + REFUSED) == sorted(ALL)


@pytest.mark.parametrize("operation", ALL)
async def test_an_operation_is_offered_or_refused_in_words(house: House, operation: str) -> None:
    alice = house.person("alice")
    method, template = operation.split(" ")
    path = re.sub(r"\{(\w+)\}", lambda part: PARTS.get(part[1], "x"), template)
    query = {"urlId": IMAGE, "tenantId": "demo", "broadcastId": "b1", "dir": "1"}
    for slash in ("", "/"):
        status, body, _ = await alice.asks(method, path + slash, None, **query)
        if operation in REFUSED:
            assert (status, body["code"]) == (501, "not-supported"), body
            assert str(body["reason"]).startswith("This server does not offer ")
            assert breaches("APIError", body) == []
        else:
            assert status not in (405, 501)
            assert body.get("reason") != "Not found", "nothing is there"


async def test_whoever_asks_for_what_is_not_offered_is_counted(house: House) -> None:
    """They need not sign in to be told: so they are counted by their address, like all others."""
    status, body, headers = await house.person("").asks("GET", "/gifs/search/demo", search="cat")
    assert (status, body["reason"], headers["X-FC-Ext"]) == (501, "This server does not offer GIFs.", "1")


async def test_what_is_nowhere_in_the_api_is_not_found(house: House) -> None:
    status, body, _ = await house.person("").asks("GET", "/nowhere")
    assert (status, body["code"]) == (404, "not-found")
