"""Whatever a picture file holds, the decoder answers in words, within its memory and time (PROMISES D18)."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol, TypeVar

import PIL
import pytest

from imagechat_tui import problems
from imagechat_tui.net import decode_child, pictures
from imagechat_tui.net.pictures import load_picture
from imagechat_tui.problems import PictureError, PictureProblem
from tests.net.hostile_images import PIXELS, TOO_MANY, Hostile, corpus, hostile

MOST = 40_000_000
BATCH = 60
"""Files decoded by one child: its ten seconds of processor time are for all of them."""
LARGEST_MIB = 120
"""Resident memory that no file may cost. Python and Pillow are 20 of them, the largest honest picture of the corpus
has 2,600 pixels, and what a text or profile bomb unpacks to is cut off by Pillow at 64."""

pytestmark = pytest.mark.security

DECODE_ALL = """
import json, os, resource, sys
sys.path += sys.argv[1:3]
import runpy
child = runpy.run_path(sys.argv[3])
most = int(sys.argv[4])
child["guard"](most)
for path in sys.argv[5:]:
    source = os.open(path, os.O_RDONLY)
    target = os.memfd_create("pixels")
    answer = child["outcome"](source, target, most)
    answer["size"] = os.fstat(target).st_size
    os.close(source)
    os.close(target)
    print(json.dumps(answer), flush=True)
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
used = resource.getrusage(resource.RUSAGE_SELF)
print(json.dumps({"mib": int(status["VmHWM"].split()[0]) / 1024, "cpu_s": used.ru_utime + used.ru_stime}))
"""


class File(Protocol):
    """A picture file to be tried."""

    @property
    def data(self) -> bytes: ...


Tried = TypeVar("Tried", bound=File)


def in_batches(
    items: Sequence[Tried], folder: Path
) -> Iterator[tuple[Sequence[Tried], list[dict[str, object]], dict[str, float]]]:
    """Some files after the other, what one guarded process says of each of them, and what it used up."""
    for start in range(0, len(items), BATCH):
        batch = items[start : start + BATCH]
        files = []
        for number, item in enumerate(batch, start):
            files.append(folder / f"{number}")
            files[-1].write_bytes(item.data)
        yield batch, *decoded(files)


def decoded(files: list[Path]) -> tuple[list[dict[str, object]], dict[str, float]]:
    """What one guarded process says of each file, and what it used up."""
    answer = subprocess.run(
        [sys.executable, "-I", "-S", "-c", DECODE_ALL, str(Path(PIL.__file__).parents[1]),
         str(Path(decode_child.__file__).parents[2]), decode_child.__file__, str(MOST), *map(str, files)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    lines = [json.loads(line) for line in answer.stdout.splitlines() if line.startswith("{")]
    assert answer.returncode == 0, (
        f"died of file {files[min(len(lines), len(files) - 1)].name}",
        answer.stderr,
    )
    return lines[:-1], lines[-1]


def wrong(item: Hostile, answer: dict[str, object]) -> str:
    """Why an answer is not one that the file may have; empty if it is."""
    outcome = str(answer.get("problem", PIXELS))
    if outcome not in item.outcomes:
        return f"{item.name}: {answer}"
    if outcome != PIXELS:
        return ""
    columns, rows = int(str(answer["columns"])), int(str(answer["rows"]))
    right = columns * rows <= MOST and answer["size"] == columns * rows * (4 if answer["clear"] else 3)
    return "" if right else f"{item.name}: {answer}"


def test_every_hostile_file_is_decoded_or_declined_within_the_limits(tmp_path: Path) -> None:
    items = corpus()
    assert len(items) >= 300
    found: Counter[str] = Counter()
    for batch, answers, used in in_batches(items, tmp_path):
        problems = [wrong(item, answer) for item, answer in zip(batch, answers, strict=True)]
        assert not any(problems), "\n".join(filter(None, problems))
        assert used["mib"] <= LARGEST_MIB, (batch[0].name, used)
        found.update(str(answer.get("problem", PIXELS)) for answer in answers)
    # Each way out is really taken by many: a decoder that declines everything would pass otherwise.
    assert found[PIXELS] >= 150
    assert found["corrupt"] >= 25
    assert found["cut-off"] >= 30
    assert found["odd-kind"] >= 5
    assert found["not-an-image"] >= 20
    assert found[TOO_MANY] >= 5


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("png of 50,000 x 50,000", problems.TooManyPixels),
        ("gif of 65535", problems.TooManyPixels),
        ("foreign: svg", problems.NotAPicture),
        ("foreign: tiff", problems.NotAPicture),
        ("foreign: postscript", problems.NotAPicture),
        ("cut at 0.1: jpeg RGB", problems.PictureCutOff),
        ("cut at 0.02: png RGBA", problems.PictureCutOff),
        ("png of depth 3", problems.PictureCorrupt),
    ],
)
async def test_the_person_is_told_what_is_wrong(name: str, kind: type[PictureProblem]) -> None:
    with pytest.raises(PictureError) as caught:
        await load_picture("-", stdin=hostile(name))
    assert isinstance(caught.value.problem, kind)


@pytest.mark.parametrize("name", ["gif of 600 frames", "sound: webp animated", "jpeg of 60 segments"])
async def test_what_is_only_large_or_moving_is_shown(name: str) -> None:
    picture = await load_picture("-", stdin=hostile(name))
    assert {picture.width, picture.height} == {61, 43}


def test_the_child_is_refused_more_memory_and_time_than_it_may_have() -> None:
    script = """
import resource, runpy, sys
child = runpy.run_path(sys.argv[1])
child["guard"](1000)
try:
    bytearray(1 << 30)
except MemoryError:
    print("refused", resource.getrlimit(resource.RLIMIT_CPU), resource.getrlimit(resource.RLIMIT_CORE))
"""
    answer = subprocess.run(
        [sys.executable, "-I", "-S", "-c", script, decode_child.__file__],
        capture_output=True,
        text=True,
        check=True,
    )
    assert answer.stdout == "refused (10, 10) (0, 0)\n"


def test_memory_that_was_refused_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def greedy(source: int, target: int, most: int) -> dict[str, object]:
        raise MemoryError

    monkeypatch.setattr(decode_child, "_decode", greedy)
    assert decode_child.outcome(0, 1, 2) == {"problem": "memory"}


@pytest.mark.parametrize(
    ("script", "kind"),
    [
        ("import os, signal; os.kill(os.getpid(), signal.SIGXCPU)", problems.TooSlow),
        ("raise SystemExit(3)", problems.PictureCorrupt),
        ("print('no json')", problems.PictureCorrupt),
        ("print('1' * 200000)", problems.PictureCorrupt),
        ("print('[1, 2]')", problems.PictureCorrupt),
        ("print('{}')", problems.PictureCorrupt),
        ("print('{\"width\": -1}')", problems.PictureCorrupt),
        (
            'print(\'{"width":9,"height":9,"columns":9,"rows":9,"reduced":1,"turn":1}\')',
            problems.PictureCorrupt,
        ),
    ],
)
async def test_a_decoder_that_was_taken_over_gets_nothing_past_us(
    script: str, kind: type[PictureProblem], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "child.py").write_text(script)
    monkeypatch.setattr(pictures, "_CHILD", tmp_path / "child.py")
    with pytest.raises(PictureError) as caught:
        await load_picture("-", stdin=hostile("sound: png RGB"))
    assert isinstance(caught.value.problem, kind)


async def test_a_decoder_that_never_answers_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "child.py").write_text("import signal; signal.pause()")
    started = []
    start = asyncio.create_subprocess_exec

    async def noted(*args: Any, **options: Any) -> asyncio.subprocess.Process:
        started.append(await start(*args, **options))
        return started[-1]

    monkeypatch.setattr(asyncio, "create_subprocess_exec", noted)
    monkeypatch.setattr(pictures, "_CHILD", tmp_path / "child.py")
    monkeypatch.setattr(pictures, "WALL_S", 0.05)
    with pytest.raises(PictureError) as caught:
        await load_picture("-", stdin=hostile("sound: png RGB"))
    assert isinstance(caught.value.problem, problems.TooSlow)
    assert [child.returncode for child in started] == [-signal.SIGKILL]


async def test_the_decoder_knows_none_of_our_secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "child.py").write_text(
        "import json, os, pathlib, sys\n"
        "fds = {fd: os.readlink(f'/proc/self/fd/{fd}') for fd in os.listdir('/proc/self/fd') if int(fd) > 2"
        " and os.path.exists(f'/proc/self/fd/{fd}')}\n"
        f"pathlib.Path({str(tmp_path / 'seen')!r}).write_text(json.dumps([dict(os.environ), sorted(fds.values())]))"
    )
    monkeypatch.setattr(pictures, "_CHILD", tmp_path / "child.py")
    monkeypatch.setenv("IMAGECHAT_TOKEN", "canary")
    with (tmp_path / "secret").open("w") as secret:
        os.set_inheritable(secret.fileno(), True)
        with pytest.raises(PictureError):
            await load_picture("-", stdin=hostile("sound: png RGB"))
    environment, files = json.loads((tmp_path / "seen").read_text())
    assert "IMAGECHAT_TOKEN" not in environment
    assert [file for file in files if "memfd" not in file and not file.startswith("/proc/")] == []
    assert len([file for file in files if "memfd" in file]) == 2
