"""One verb about several things: each is told, and the exit code is honest."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from imagechat_tui.cli import NOT_FOUND, UNREACHABLE
from imagechat_tui.cli.batch import Ending, report, write_each
from imagechat_tui.problems import Problem, ProblemKind, RequestFailed

GONE = RequestFailed(Problem(ProblemKind.GONE))
AWAY = RequestFailed(Problem(ProblemKind.UNREACHABLE))


async def written(**failures: RequestFailed | None) -> list[Ending]:
    """What became of things of which some fail."""

    async def write(name: str, failure: RequestFailed | None) -> Mapping[str, object]:
        if failure is not None:
            raise failure
        return {"ref": name}

    return await write_each(failures, write)


async def test_what_is_refused_keeps_none_of_the_others_from_being_written(
    capsys: pytest.CaptureFixture[str],
) -> None:
    endings = await written(a=None, b=GONE, c=None)
    assert report(endings, lambda done: f"{done['ref']} is done.", json=False) == NOT_FOUND
    out, err = capsys.readouterr()
    assert out == "a is done.\nc is done.\n"
    assert err == "imagechat: b: Gone: It has been deleted.\n"
    assert report(endings, str, json=True) == NOT_FOUND
    document = json.loads(capsys.readouterr().out)
    assert document["results"] == [{"ref": "a"}, {"ref": "c"}]
    assert document["failed"] == [{"ref": "b", "problem": "Gone: It has been deleted."}]


async def test_after_a_lost_server_the_rest_is_not_tried(capsys: pytest.CaptureFixture[str]) -> None:
    endings = await written(a=None, b=AWAY, c=None, d=None)
    assert [ending.code for ending in endings] == [0, UNREACHABLE, UNREACHABLE, UNREACHABLE]
    assert report(endings, str, json=False) == UNREACHABLE
    assert capsys.readouterr().err.count("Not tried") == 2


async def test_one_alone_is_the_document_itself(capsys: pytest.CaptureFixture[str]) -> None:
    assert report(await written(a=None), str, json=True) == 0
    assert json.loads(capsys.readouterr().out) == {"schema": 1, "ref": "a"}
    assert report(await written(a=GONE), str, json=True) == NOT_FOUND
    out, err = capsys.readouterr()
    assert (out, err) == ("", "imagechat: Gone: It has been deleted.\n")


async def test_a_defect_is_none_of_what_is_told() -> None:
    async def broken(name: str, thing: None) -> Mapping[str, object]:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await write_each({"a": None}, broken)
