"""A process of its own for what may take long or come to grief: it gets descriptors, and tells how far it is."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from imagechat_tui import problems
from imagechat_tui.problems import PictureError


async def ask(
    script: Path,
    arguments: Sequence[int],
    *,
    shared: Sequence[int],
    name: str,
    wall_s: float,
    progress: Callable[[float], None],
) -> dict[str, object]:
    """Run a script that prints fractions, one a line, and at last an object of JSON.

    Args:
        script: its file; it sees our package and its libraries, no environment and no current directory.
        arguments: what it is told.
        shared: descriptors that it gets, under the same numbers.
        name: of the picture that it is about.
        wall_s: how long it may take.
        progress: told the fractions, 0–1.

    Raises:
        PictureError: it took too long, or said nothing that makes sense.
    """
    import PIL

    # -I: no environment, no current directory. The libraries' folder and ours are all that it is told of.
    start = (
        "import sys, runpy; sys.path += [sys.argv.pop(1), sys.argv.pop(1)]; script = sys.argv.pop(1);"
        " sys.argv[0] = script; runpy.run_path(script, run_name='__main__')"
    )
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-I", "-S", "-c", start, str(Path(PIL.__file__).parents[1]), str(Path(__file__).parents[2]),
        str(script), *map(str, arguments),
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
        pass_fds=shared, env={}, start_new_session=True,
    )  # fmt: skip
    said: object = None
    try:
        async with asyncio.timeout(wall_s):
            if child.stdout is not None:
                async for line in child.stdout:
                    said = json.loads(line)
                    if isinstance(said, float) and 0 <= said <= 1:
                        progress(said)
            await child.wait()
    except TimeoutError:
        raise PictureError(problems.TooSlow(name)) from None
    except ValueError:
        raise PictureError(problems.PictureCorrupt(name)) from None  # no line that our child would write
    finally:
        if child.returncode is None:
            with suppress(ProcessLookupError):
                child.kill()
            await child.wait()
    if not isinstance(said, dict):
        slow = child.returncode in (-signal.SIGXCPU, -signal.SIGKILL)
        raise PictureError(problems.TooSlow(name) if slow else problems.PictureCorrupt(name))
    return said
