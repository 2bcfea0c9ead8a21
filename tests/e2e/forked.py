"""`imagechat` without its start: loaded once, and forked for each verb that a test runs.

What a verb does is shown as well as by a program of its own, with its own streams, environment, folder and session;
only that the interpreter starts and loads modules is not, which costs four times what the verb itself does. Tests
about starting, encodings and streams start real programs.
"""

from __future__ import annotations

import atexit
import ctypes
import gc
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module
from pathlib import Path
from threading import Thread

PATIENCE_S = 120.0
"""A verb that has not ended by then hangs."""
LENGTH = 4
"""Bytes of the number that says how long a message is."""
OF_THE_START = ("PYTHON", "LANG", "LC_")
"""Variables that the interpreter goes by when it starts."""
CLONE_NEWUTS = 0x04000000
"""A host name of its own (sched.h); ``os.unshare`` came with Python 3.12."""
LOADED = (
    *("cli", "cli.threads", "cli.one_shot", "cli.target", "cli.show_verb", "cli.config", "cli.doctor"),
    *("cli.tenants", "cli.completions", "net.api", "net.local_server", "net.pictures", "net.drafts.file"),
)


class Forker:
    """A process of its own that forks one for each command line; its variables are those of ``env``."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self._ours, theirs = socket.socketpair()
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__, str(theirs.fileno())],
            env=dict(env), cwd=Path(__file__).parents[2], pass_fds=(theirs.fileno(),), start_new_session=True,
        )  # fmt: skip
        theirs.close()
        self._ours.settimeout(PATIENCE_S)
        atexit.register(self._close)

    def _close(self) -> None:
        self._ours.close()
        self._process.kill()
        self._process.wait()

    def run(
        self, args: Sequence[str], env: Mapping[str, str], cwd: Path, stdin: str
    ) -> subprocess.CompletedProcess[str]:
        """As ``subprocess.run`` of ``imagechat`` with these arguments."""
        request = json.dumps([[*args], dict(env), str(cwd)]).encode()
        (stdin_end, stdin_ours), (out_ours, out_end), (err_ours, err_end) = (os.pipe() for _ in range(3))
        header = len(request).to_bytes(LENGTH, "big")
        socket.send_fds(self._ours, [header], [stdin_end, out_end, err_end])
        self._ours.sendall(request)
        for end in (stdin_end, out_end, err_end):
            os.close(end)
        child = self._number()
        said: dict[int, str] = {}

        def read(end: int) -> None:
            with os.fdopen(end, encoding="utf-8") as stream:
                said[end] = stream.read()

        def write() -> None:
            try:
                with os.fdopen(stdin_ours, "w", encoding="utf-8") as stream:
                    stream.write(stdin)
            except BrokenPipeError:
                pass  # it did not want to read all of that

        threads = [
            Thread(target=read, args=(out_ours,), daemon=True),
            Thread(target=read, args=(err_ours,), daemon=True),
            Thread(target=write, daemon=True),
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(PATIENCE_S)
            if thread.is_alive():
                os.kill(child, signal.SIGKILL)
                self._number()
                raise subprocess.TimeoutExpired([*args], PATIENCE_S)
        return subprocess.CompletedProcess([*args], self._number(), said[out_ours], said[err_ours])

    def _number(self) -> int:
        """The next that the other process sends: of the process that it forked, then what that ended with."""
        return int.from_bytes(received(self._ours, LENGTH), "big", signed=True)


@cache
def forker(env: tuple[tuple[str, str], ...]) -> Forker:
    """The one of this test process for these variables of the start."""
    return Forker(dict(env))


def run(
    args: Sequence[str], env: Mapping[str, str], cwd: Path, stdin: str
) -> subprocess.CompletedProcess[str]:
    """Run ``imagechat`` to its end in a session of its own, its streams pipes."""
    start = {name: value for name, value in env.items() if name.startswith((*OF_THE_START, "PATH"))}
    return forker(tuple(sorted(start.items()))).run(args, env, cwd, stdin)


def received(link: socket.socket, length: int) -> bytes:
    """So many bytes."""
    data = b""
    while len(data) < length:
        more = link.recv(length - len(data))
        if not more:
            raise EOFError
        data += more
    return data


def serve(link: socket.socket) -> None:
    """Fork for every request, until nobody asks any more; returns in the forked process, about to be `imagechat`."""
    while True:
        header, streams, _, _ = socket.recv_fds(link, LENGTH, 3)
        if not header:
            raise SystemExit
        header += received(link, LENGTH - len(header))
        args, env, cwd = json.loads(received(link, int.from_bytes(header, "big")))
        child = os.fork()
        if not child:
            link.close()
            become(args, env, cwd, streams)
            return
        link.sendall(child.to_bytes(LENGTH, "big"))
        for stream in streams:
            os.close(stream)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        link.sendall(code.to_bytes(LENGTH, "big", signed=True))


def become(args: list[str], env: dict[str, str], cwd: str, streams: list[int]) -> None:
    """Take on what a program is started with; on a machine of the name in ``HOSTNAME``, where root may give one."""
    os.setsid()
    if "HOSTNAME" in env and ctypes.CDLL(None).unshare(CLONE_NEWUTS) == 0:
        socket.sethostname(env["HOSTNAME"])
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    errors = [stream.errors for stream in (sys.stdin, sys.stdout, sys.stderr)]
    sys.stdin = os.fdopen(0, encoding="utf-8", errors=errors[0])
    sys.stdout = os.fdopen(1, "w", encoding="utf-8", errors=errors[1])
    sys.stderr = os.fdopen(2, "w", encoding="utf-8", errors=errors[2], buffering=1)
    os.environ.clear()
    os.environ.update(env)
    os.chdir(cwd)
    sys.argv = ["imagechat", *args]


if __name__ == "__main__":
    for name in LOADED:
        import_module(f"imagechat_tui.{name}")
    import httpx  # noqa: F401

    from imagechat_tui.__main__ import main

    gc.freeze()
    serve(socket.socket(fileno=int(sys.argv[1])))
    main()
