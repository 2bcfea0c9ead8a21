"""The command ``imagechat``, and ``python -m imagechat_tui``."""

from __future__ import annotations

import gc
import sys


def main() -> None:
    """Run the command line and exit with its code."""
    # Collecting while modules load costs a tenth of the start and frees nothing (measured).
    gc.disable()
    from imagechat_tui.cli import run

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
