"""Python programs without their start: one process has loaded what they need, and forks for each that a test runs.

What a program does is shown as well as by an interpreter of its own, with its own streams, environment, folder and
session; only that the interpreter starts and loads modules is not, which costs several times what most programs do
after it. The local server that a forked `imagechat` starts is forked too. Tests about starting, encodings and streams
start real programs.
"""

from __future__ import annotations

import atexit
import contextlib
import ctypes
import fcntl
import gc
import json
import os
import runpy
import selectors
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import termios
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from threading import Thread
from types import SimpleNamespace
from typing import IO, TYPE_CHECKING, Any, NoReturn

import imagechat_tui

if TYPE_CHECKING:
    from imagechat_tui.raster.colors import ColorDepth

PATIENCE_S = 120.0
"""A program that was run to its end and has not ended by then hangs."""
LOADING_S = 120.0
"""A process that has not loaded and forked by then never will."""
LENGTH = 4
"""Bytes of a number on the link: of how long a message is, of a process, of what it ended with."""
OF_THE_START = ("PYTHON", "LANG", "LC_", "TEXTUAL", "ESCDELAY")
"""Variables that the interpreter and the modules go by when they start."""
SEARCHED = {"PATH": os.environ["PATH"]}
"""Where what the modules load is looked for, whatever the program is given."""
ABOVE = 200
"""Descriptors are kept above these numbers until each has the one that the program knows it by."""
CLONE_NEWUTS = 0x04000000
"""A host name of its own (sched.h); ``os.unshare`` came with Python 3.12."""
LIBRARIES = (
    *("PIL.Image", "PIL.PngImagePlugin", "PIL.JpegImagePlugin", "aiohttp.web", "anyio._backends._asyncio"),
    *("csv", "curses", "httpcore", "httpx", "importlib.resources.readers", "linkify_it", "markdown_it"),
    *("numpy", "sqlite3"),
    *("textual.drivers.linux_driver", "textual.widgets.text_area", "tomllib", "websockets.asyncio.client"),
)
"""What our modules load later, when they need it."""
LATE = ("__main__", "_child")
"""In the names of modules of ours that are programs of their own."""


class Forked:
    """A program that was forked; its face is that of ``subprocess.Popen``."""

    def __init__(self, link: socket.socket, args: Sequence[str], pid: int) -> None:
        self.args = [*args]
        self.pid = pid
        self.returncode: int | None = None
        self.stdout: IO[bytes] | None = None
        self.stderr: IO[bytes] | None = None
        self._link = link

    def __del__(self) -> None:
        self._link.close()

    def poll(self) -> int | None:
        """What it ended with, None while it runs."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.wait(0)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """What it ended with, as soon as it has; ``timeout`` in seconds.

        Raises:
            subprocess.TimeoutExpired: It runs still.
        """
        if self.returncode is None:
            self._link.settimeout(timeout)
            try:
                data = self._link.recv(LENGTH, socket.MSG_WAITALL)
            except (BlockingIOError, TimeoutError) as error:
                raise subprocess.TimeoutExpired(self.args, timeout or 0) from error
            # Without a number, whoever forked it is gone.
            self.returncode = int.from_bytes(data, "big", signed=True) if data else -signal.SIGKILL
            self._link.close()
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send it this signal, if it runs."""
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it."""
        self.send_signal(signal.SIGKILL)

    def communicate(self, timeout: float | None = None) -> tuple[bytes, bytes]:
        """All that it writes from now on, to its end; ``timeout`` in seconds.

        Raises:
            subprocess.TimeoutExpired: It has not closed its streams, or runs still.
        """
        said = [b"", b""]

        def read(number: int, stream: IO[bytes]) -> None:
            with stream:
                said[number] = stream.read()

        streams = [(number, stream) for number, stream in enumerate((self.stdout, self.stderr)) if stream]
        readers = [Thread(target=read, args=one, daemon=True) for one in streams if not one[1].closed]
        for reader in readers:
            reader.start()
        for reader in readers:
            reader.join(timeout)
            if reader.is_alive():
                raise subprocess.TimeoutExpired(self.args, timeout or 0)
        self.wait(timeout)
        return said[0], said[1]


class Forker:
    """A process of its own that forks one for each command line; its variables are those of ``env``."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self._folder = tempfile.mkdtemp(prefix="icf")
        self.address = f"{self._folder}/forker"
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(self.address)
            listener.listen(64)
            self._process = subprocess.Popen(
                [sys.executable, "-m", __name__, str(listener.fileno()), self.address],
                env=dict(env), cwd=Path(__file__).parents[1], pass_fds=(listener.fileno(),), start_new_session=True,
                stdin=subprocess.PIPE,
            )  # fmt: skip
        atexit.register(self._close)

    def _close(self) -> None:
        self._process.kill()
        self._process.wait()
        shutil.rmtree(self._folder)


@cache
def forker(env: tuple[tuple[str, str], ...]) -> Forker:
    """The one of this test process for these variables of the start."""
    return Forker(dict(env))


def start(
    module: str,
    args: Sequence[str],
    *,
    env: Mapping[str, str],
    cwd: Path | int | None,
    descriptors: Mapping[int, int],
    terminal: bool = False,
) -> Forked:
    """Start ``python -m module args`` in a session of its own.

    Args:
        module: its name.
        args: what follows it.
        env: all its variables.
        cwd: its folder, or an open one of ours, which may be deleted.
        descriptors: ours by the number that the program knows each by; of 0, 1 and 2, what is missing is closed.
        terminal: its stdin is a terminal, which it is to control.
    """
    at_start = {name: value for name, value in env.items() if name.startswith(OF_THE_START)} | SEARCHED
    address = forker(tuple(sorted(at_start.items()))).address
    with contextlib.ExitStack() as ending:
        if not isinstance(cwd, int):
            cwd = os.open(cwd or Path.cwd(), os.O_RDONLY)
            ending.callback(os.close, cwd)
        request = [module, [*args], dict(env), [*descriptors], terminal]
        return asked(address, request, [cwd, *descriptors.values()])


def asked(address: str, request: list[Any], descriptors: Sequence[int]) -> Forked:
    """Have the forker at this address fork for a request."""
    link = socket.socket(socket.AF_UNIX)
    link.settimeout(LOADING_S)
    link.connect(address)
    data = json.dumps(request).encode()
    socket.send_fds(link, [len(data).to_bytes(LENGTH, "big")], descriptors)
    link.sendall(data)
    pid = int.from_bytes(received(link, LENGTH), "big")
    return Forked(link, [sys.executable, "-m", request[0], *request[1]], pid)


def piped(module: str, args: Sequence[str], *, env: Mapping[str, str], cwd: Path | int, stdin: int) -> Forked:
    """Start a program that reads from this descriptor, its stdout and stderr pipes."""
    (out_ours, out_end), (err_ours, err_end) = os.pipe(), os.pipe()
    try:
        program = start(module, args, env=env, cwd=cwd, descriptors={0: stdin, 1: out_end, 2: err_end})
    finally:
        os.close(out_end)
        os.close(err_end)
    program.stdout = os.fdopen(out_ours, "rb")
    program.stderr = os.fdopen(err_ours, "rb")
    return program


def run(
    args: Sequence[str], env: Mapping[str, str], cwd: Path | int, stdin: str
) -> subprocess.CompletedProcess[bytes]:
    """Run ``imagechat`` to its end in a session of its own, its streams pipes.

    Raises:
        subprocess.TimeoutExpired: It hung, and was ended.
    """
    end, ours = os.pipe()
    try:
        program = piped("imagechat_tui", args, env=env, cwd=cwd, stdin=end)
    finally:
        os.close(end)

    def write() -> None:
        with contextlib.suppress(BrokenPipeError), os.fdopen(ours, "w", encoding="utf-8") as stream:
            stream.write(stdin)  # it may not want to read all of that

    Thread(target=write, daemon=True).start()
    try:
        out, err = program.communicate(PATIENCE_S)
    except subprocess.TimeoutExpired:
        program.kill()
        program.wait()
        raise
    assert program.returncode is not None
    return subprocess.CompletedProcess([*args], program.returncode, out, err)


def received(link: socket.socket, length: int) -> bytes:
    """So many bytes.

    Raises:
        EOFError: The other end is gone.
    """
    data = b""
    while len(data) < length:
        more = link.recv(length - len(data))
        if not more:
            raise EOFError
        data += more
    return data


def serve(listener: socket.socket, address: str) -> str:
    """Fork for every request; returns in each forked process, about to be a program: the name of its module."""
    links: dict[int, socket.socket] = {}
    wake, woken = socket.socketpair()
    wake.setblocking(False)
    woken.setblocking(False)
    signal.signal(signal.SIGCHLD, lambda number, frame: None)
    signal.set_wakeup_fd(woken.fileno(), warn_on_full_buffer=False)
    with selectors.DefaultSelector() as selector:
        selector.register(listener, selectors.EVENT_READ)
        selector.register(wake, selectors.EVENT_READ)
        selector.register(sys.stdin, selectors.EVENT_READ)  # at its end whoever asks is gone
        while True:
            for key, _ in selector.select():
                if key.fileobj is wake:
                    wake.recv(4096)
                    _tell_ended(links)
                    continue
                if key.fileobj is sys.stdin:
                    sys.exit()
                link, _ = listener.accept()
                header, descriptors, _, _ = socket.recv_fds(link, LENGTH, 8)
                request = json.loads(received(link, int.from_bytes(header, "big")))
                child = os.fork()
                if not child:
                    signal.set_wakeup_fd(-1)
                    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                    for end in (listener, wake, woken, link, *links.values()):
                        end.close()
                    return become(request, descriptors, address)
                links[child] = link
                for descriptor in descriptors:
                    os.close(descriptor)
                link.sendall(child.to_bytes(LENGTH, "big"))


def _tell_ended(links: dict[int, socket.socket]) -> None:
    """Tell whoever asked for each process that has ended, and forget it."""
    while links:
        child, status = os.waitpid(-1, os.WNOHANG)
        if not child:
            return
        with links.pop(child) as link, contextlib.suppress(OSError):  # nobody may wait for it any more
            link.sendall(os.waitstatus_to_exitcode(status).to_bytes(LENGTH, "big", signed=True))


def become(request: list[Any], descriptors: Sequence[int], address: str) -> str:
    """Take on what a program is started with; on a machine of the name in ``HOSTNAME``, where root may give one."""
    module, args, env, numbers, terminal = request
    os.setsid()
    if "HOSTNAME" in env and ctypes.CDLL(None).unshare(CLONE_NEWUTS) == 0:
        socket.sethostname(env["HOSTNAME"])
    kept = [fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, ABOVE) for descriptor in descriptors]
    for descriptor in descriptors:
        os.close(descriptor)
    cwd = kept.pop(0)
    os.fchdir(cwd)
    os.close(cwd)
    for number, descriptor in zip(numbers, kept, strict=True):
        os.dup2(descriptor, number)
        os.close(descriptor)
    # Whoever ran the tests may ignore these (a script's background job does); a person's shell does not.
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT):
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
    if terminal:
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        stream: IO[str] | None = None
        before = getattr(sys, name)
        if number in numbers:
            stream = os.fdopen(
                number, "w" if number else "r", encoding=before.encoding, errors=before.errors,
                buffering=1 if number == 2 or (number and terminal) else -1,
            )  # fmt: skip
        else:
            os.close(number)
        setattr(sys, name, stream)
    os.environ.clear()
    os.environ.update(env)
    sys.argv = [module, *args]
    fork_servers(address)
    tell_textual_late()
    return str(module)


def fork_servers(address: str) -> None:
    """Have the local server that this process starts be forked."""
    from imagechat_tui.net import local_server

    def popen(
        command: Sequence[str], *, stdin: int, stdout: int, stderr: int, pass_fds: Sequence[int], cwd: str,
        env: Mapping[str, str], start_new_session: bool,
    ) -> Forked:  # fmt: skip
        assert stdin == subprocess.DEVNULL
        assert start_new_session
        module = command.index("-m") + 1
        null, folder = os.open(os.devnull, os.O_RDONLY), os.open(cwd, os.O_RDONLY)
        try:
            request = [command[module], [*command[module + 1 :]], dict(env), [0, 1, 2, *pass_fds], False]
            return asked(address, request, [folder, null, stdout, stderr, *pass_fds])
        finally:
            os.close(null)
            os.close(folder)

    vars(local_server)["subprocess"] = SimpleNamespace(Popen=popen, DEVNULL=subprocess.DEVNULL)


def tell_textual_late() -> None:
    """Have Textual, which reads its variables when it is imported, read again what is told it before."""
    from textual import constants

    from imagechat_tui.cli import open_verb, terminal
    from imagechat_tui.tui import themes

    def tell_textual(depth: ColorDepth) -> None:
        terminal.tell_textual(depth)
        vars(constants)["COLOR_SYSTEM"] = os.environ.get("TEXTUAL_COLOR_SYSTEM", "auto")
        themes.THEMES.update(themes.themes_for(constants.COLOR_SYSTEM))

    vars(open_verb)["tell_textual"] = tell_textual


def main() -> NoReturn:
    """Load, fork, and be what was asked for."""
    listener, address = socket.socket(fileno=int(sys.argv[1])), sys.argv[2]
    ours = [module.name for module in walk_packages(imagechat_tui.__path__, "imagechat_tui.")]
    for name in (*LIBRARIES, *(name for name in ours if not any(late in name for late in LATE))):
        import_module(name)
    gc.collect()
    gc.freeze()
    module = serve(listener, address)
    if module == "imagechat_tui":
        from imagechat_tui.__main__ import main as program

        program()
    runpy.run_module(module, run_name="__main__", alter_sys=True)
    sys.exit()


if __name__ == "__main__":
    main()
