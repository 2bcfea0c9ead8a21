"""Programs on a slower core: each in a control group of its own that gives it a share of a core.

Needs root and the ``cpu`` controller (either version). The share is given every 10 ms, so that work of a few
milliseconds is slowed too, as on a core that is slow; a period of 100 ms, the usual one, lets it pass.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

PERIOD_US = 10_000
_FOLDER = next(
    (Path(path) for path in ("/sys/fs/cgroup/cpu", "/sys/fs/cgroup") if Path(path).is_dir()), Path("/")
)
_CONFINE = """
group=$1/imagechat-$$; mkdir "$group" && cd "$group" || exit 1
if [ -e cpu.max ]; then echo "$2 $3" >cpu.max; else echo "$3" >cpu.cfs_period_us; echo "$2" >cpu.cfs_quota_us; fi
echo $$ >cgroup.procs && cd "$OLDPWD" || exit 1
shift 3; exec "$@"
"""


def confined(share: float) -> tuple[str, ...]:
    """What to put before a command so that it, and what it starts, have this share of a core; of 1, nothing."""
    if share >= 1:
        return ()
    return ("sh", "-ec", _CONFINE, "sh", str(_FOLDER), str(int(share * PERIOD_US)), str(PERIOD_US))


def forget() -> None:
    """Remove the groups whose programs have ended."""
    for group in _FOLDER.glob("imagechat-*"):
        with contextlib.suppress(OSError):
            group.rmdir()
