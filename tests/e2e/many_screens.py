"""``imagechat PICTURE`` for one picture after the other, in one process: what is imported once serves them all.

python -m tests.e2e.many_screens PICTURE...
"""

from __future__ import annotations

import sys

from imagechat_tui import typed_ahead
from imagechat_tui.cli import run


def main() -> None:
    """Open each; the next when the one before was left."""
    for picture in sys.argv[1:]:
        typed_ahead.keep()
        try:
            code = run([picture])
        finally:
            typed_ahead.give_back()
        if code:
            sys.exit(code)


if __name__ == "__main__":
    main()
