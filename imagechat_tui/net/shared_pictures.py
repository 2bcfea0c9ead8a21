"""Pictures themselves, as a server of ours has them (PROTOCOL 9.5)."""

from __future__ import annotations

from http import HTTPStatus

from imagechat_tui import problems
from imagechat_tui.net.api import Api, ApiError, Intercepted, TimedOut, Unreachable
from imagechat_tui.net.endpoint import Endpoint
from imagechat_tui.problems import PictureError, PictureProblem


async def fetched(endpoint: Endpoint, sha256: str, link: str) -> bytes:
    """The file of a shared picture.

    Args:
        endpoint: the server that has it.
        sha256: of the file, in hex.
        link: how the person named it.

    Raises:
        PictureError: it is not there, or not given to them.
    """
    api = Api(endpoint)
    try:
        return await api.picture(sha256)
    except ApiError as failure:
        raise PictureError(_why(failure, link)) from None
    finally:
        await api.close()


def _why(failure: ApiError, link: str) -> PictureProblem:
    status = failure.of_what if isinstance(failure, Intercepted) else failure.status
    if failure.problem.code in problems.CERTIFICATES:
        return problems.PictureNotTrusted(link, failure.problem.reason)
    if status == HTTPStatus.NOT_FOUND:
        return problems.PictureMissing(link)
    if status is not None and status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return problems.PictureServerFailed(link, status)
    if status is not None and status >= HTTPStatus.BAD_REQUEST:
        return problems.PictureRefused(link, status)
    if isinstance(failure, TimedOut):
        return problems.PictureNotFetched(link, "took-too-long")
    return problems.PictureNotFetched(link, "nobody-answers" if isinstance(failure, Unreachable) else "broke")
