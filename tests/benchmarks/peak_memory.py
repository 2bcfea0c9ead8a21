"""The most memory that a program and its children hold at once."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

EVERY_S = 0.004


def peak_mb(script: str, *args: str) -> float:
    """Run a Python script; million bytes of what is its own and its children's, shared memory counted once."""
    program = subprocess.Popen([sys.executable, "-c", script, *args], stdout=subprocess.DEVNULL)
    most = 0
    while program.poll() is None:
        most = max(most, _held(program.pid))
        time.sleep(EVERY_S)
    if program.returncode:
        raise RuntimeError(f"the measured program failed: {program.returncode}")
    return most / 1e6


def _held(pid: int) -> int:
    """Private pages of all processes, and each memory file once, mapped or not."""
    private = 0
    files: dict[int, int] = {}
    for process in _family(pid):
        folder = Path(f"/proc/{process}")
        try:
            for line in (folder / "smaps_rollup").read_text().splitlines():
                if line.startswith(("Pss_Anon", "Pss_File")):
                    private += int(line.split()[1]) * 1024
            for line in (folder / "maps").read_text().splitlines():
                if "/memfd:" in line:
                    start, end = line.split()[0].split("-")
                    files.setdefault(int(line.split()[4]), int(end, 16) - int(start, 16))
            for link in (folder / "fd").iterdir():
                if str(link.readlink()).startswith("/memfd:"):
                    facts = link.stat()
                    files[facts.st_ino] = facts.st_blocks * 512
        except OSError:
            continue  # it has just ended
    return private + sum(files.values())


def _family(pid: int) -> list[int]:
    family = [pid]
    try:
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                family += _family(int(child))
    except OSError:
        pass
    return family
