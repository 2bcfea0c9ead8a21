"""The codes of refusals are those that the document lists."""

from __future__ import annotations

import re
from pathlib import Path

from imagechat_tui.protocol import codes

DOCUMENT = Path(codes.__file__).with_name("PROTOCOL.md").read_text(encoding="utf-8")
OF_HOSTED_SERVERS = {codes.INVALID_TENANT_ID}


def test_our_codes_are_those_of_the_document() -> None:
    table = re.findall(
        r"^\| [45]\d\d.*\|$", DOCUMENT.split("### 8.4 ")[1].split("\n###")[0], flags=re.MULTILINE
    )
    listed = set(re.findall(r"`([a-z-]+)`", "".join(table))) - {"sub"}
    ours = {value for name, value in vars(codes).items() if name.isupper()} - OF_HOSTED_SERVERS
    assert listed == ours
