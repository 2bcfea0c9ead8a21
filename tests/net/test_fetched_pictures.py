"""Pictures by address: fetched from where the person said, and from nowhere that an answer points to."""

from __future__ import annotations

import asyncio
import io
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial

import httpx
import pytest
from PIL import Image

from imagechat_tui import problems
from imagechat_tui.net.pictures import PictureLimits, load_picture
from imagechat_tui.problems import PictureError, PictureProblem, Unfetched

pytestmark = pytest.mark.security

Answer = Callable[[str, dict[str, str]], bytes]
"""Path and headers of a request to the bytes of an answer."""


def picture_file() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (20, 10), (1, 2, 3)).save(out, "PNG")
    return out.getvalue()


def answer(status: str, body: bytes = b"", *headers: str, length: int | None = None) -> bytes:
    lines = [f"HTTP/1.1 {status}", "Connection: close", *headers]
    if length is None or length >= 0:
        lines.append(f"Content-Length: {len(body) if length is None else length}")
    return "\r\n".join([*lines, "", ""]).encode() + body


def moved(to: str) -> bytes:
    return answer("302 Found", b"", f"Location: {to}")


@asynccontextmanager
async def site(respond: Answer) -> AsyncIterator[tuple[int, list[tuple[str, dict[str, str]]]]]:
    """A server on loopback: its port and the requests that it got."""
    asked: list[tuple[str, dict[str, str]]] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in head[1:] if line)}
        asked.append((head[0].split()[1], headers))
        writer.write(respond(*asked[-1]))
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1], asked


async def failure(address: str, **options: object) -> PictureError:
    with pytest.raises(PictureError) as caught:
        await load_picture(address, **options)  # type: ignore[arg-type]
    return caught.value


async def test_a_picture_is_fetched_and_progress_is_told() -> None:
    told: list[float] = []
    async with site(lambda path, headers: answer("200 OK", picture_file())) as (port, asked):
        picture = await load_picture(f"http://127.0.0.1:{port}/mock/a.png?v=2", progress=told.append)
    assert (picture.name, picture.width) == ("a.png", 20)
    assert told == sorted(told)
    assert (told[0] > 0.5, told[-1]) == (True, 1.0)
    assert [path for path, _ in asked] == ["/mock/a.png?v=2"]


async def test_nothing_of_ours_goes_along() -> None:
    async with site(lambda path, headers: answer("200 OK", picture_file(), "Set-Cookie: a=b")) as (
        port,
        asked,
    ):
        await load_picture(f"http://127.0.0.1:{port}/a.png")
    sent = asked[0][1]
    assert "cookie" not in sent
    assert "authorization" not in sent
    assert sent["host"] == f"127.0.0.1:{port}"


async def test_up_to_three_redirects_are_followed() -> None:
    def respond(path: str, headers: dict[str, str]) -> bytes:
        hops = int(path.removeprefix("/"))
        return answer("200 OK", picture_file()) if hops == 0 else moved(f"/{hops - 1}")

    async with site(respond) as (port, asked):
        assert (await load_picture(f"http://127.0.0.1:{port}/3")).width == 20
        assert len(asked) == 4
        error = await failure(f"http://127.0.0.1:{port}/4")
    assert isinstance(error.problem, problems.PictureNotFetched)
    assert len(asked) == 8


@pytest.mark.parametrize(
    "target",
    ["http://localhost:{port}/", "http://[::1]:{port}/", "http://127.0.0.2:{port}/", "http://0.0.0.0:{port}/",
     "http://10.0.0.1/", "http://169.254.169.254/latest/meta-data", "http://[fd00::1]/", "http://192.168.1.1/a.png",
     "http://[::ffff:127.0.0.1]:{port}/", "http://[64:ff9b::7f00:1]/", "http://[2002:7f00:1::]/", "http://[fec0::1]/",
     "http://[ff02::1]/", "http://224.0.0.1/", "http://100.64.0.1/", "http://2130706433:{port}/",
     "file:///etc/passwd", "ftp://example.org/a.png", "gopher://x/"],
)  # fmt: skip
async def test_a_redirect_to_a_private_address_or_another_scheme_is_refused(target: str) -> None:
    async with site(lambda path, headers: moved(target.format(port=port))) as (port, asked):
        error = await failure(f"http://127.0.0.1:{port}/a.png")
    assert isinstance(error.problem, problems.AddressRefused)
    assert len(asked) == 1


def leads_to(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    """Have every name lead to one address; what is dialled there answers with a picture."""

    async def resolved(host: str, port: int, **_: object) -> list[tuple[object, ...]]:
        return [(2, 1, 6, "", (address, port))]

    picture = httpx.MockTransport(lambda request: httpx.Response(200, content=picture_file()))
    monkeypatch.setattr(httpx, "AsyncClient", partial(httpx.AsyncClient, transport=picture))
    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", resolved)


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "10.0.0.5", "::1", "64:ff9b::a00:5", "2002:a00:5::", "fe80::1%lo"]
)
async def test_a_public_name_leads_into_a_private_network_only_if_the_person_says_so(
    monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    leads_to(monkeypatch, address)
    error = await failure("https://pictures.example.org/a.png")
    assert error.problem == problems.PrivateAddress(
        "https://pictures.example.org/a.png", address.partition("%")[0]
    )
    assert (await load_picture("https://pictures.example.org/a.png", private=True)).width == 20


@pytest.mark.parametrize(
    "host", ["localhost", "nas.local", "wiki", "box.home.arpa", "127.0.0.1", "[::1]", "10.1.2.3"]
)
async def test_a_host_that_can_only_be_ones_own_is_what_the_person_typed(
    monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    leads_to(monkeypatch, "10.0.0.5")
    assert (await load_picture(f"http://{host}/a.png")).width == 20


async def test_a_public_address_is_not_asked_about(monkeypatch: pytest.MonkeyPatch) -> None:
    leads_to(monkeypatch, "64:ff9b::5db8:d70e")  # as a network without IPv4 has every name
    assert (await load_picture("https://pictures.example.org/a.png")).width == 20


async def test_from_https_nothing_leads_to_http(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def respond(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        return httpx.Response(302, headers={"Location": "http://93.184.215.14/a.png"})

    async def resolved(*_: object, **__: object) -> list[tuple[object, ...]]:
        return [(2, 1, 6, "", ("93.184.215.14", 443))]

    client = partial(httpx.AsyncClient, transport=httpx.MockTransport(respond))
    monkeypatch.setattr(httpx, "AsyncClient", client)
    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", resolved)
    error = await failure("https://example.org/a.png")
    assert isinstance(error.problem, problems.AddressRefused)
    assert len(asked) == 1
    assert asked[0].startswith("https://93.184.215.14")


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        ("404 Not Found", problems.PictureMissing),
        ("403 Forbidden", problems.PictureRefused),
        ("500 Internal Server Error", problems.PictureServerFailed),
    ],
)
async def test_a_server_that_has_none_is_told_apart(status: str, kind: type[PictureProblem]) -> None:
    async with site(lambda path, headers: answer(status, picture_file())) as (port, _):
        assert isinstance((await failure(f"http://127.0.0.1:{port}/a.png")).problem, kind)


async def test_a_certificate_that_nobody_vouches_for_is_told_as_such(monkeypatch: pytest.MonkeyPatch) -> None:
    async def dial(*args: object, **kwargs: object) -> httpx.Response:
        bad = ssl.SSLCertVerificationError("CERTIFICATE_VERIFY_FAILED")
        bad.verify_message = "self-signed certificate"
        raise httpx.ConnectError("refused") from bad

    monkeypatch.setattr(httpx.AsyncClient, "send", dial)
    error = await failure("https://127.0.0.1:1/a.png")
    assert error.problem == problems.PictureNotTrusted("https://127.0.0.1:1/a.png", "self-signed certificate")


@pytest.mark.parametrize("length", [None, -1, 10])
async def test_more_bytes_than_allowed_are_not_read_whatever_was_announced(length: int | None) -> None:
    body = b"\x89PNG" + bytes(200_000)
    async with site(lambda path, headers: answer("200 OK", body, length=length)) as (port, _):
        limits = PictureLimits(max_bytes=65_536)
        error = await failure(f"http://127.0.0.1:{port}/a.png", limits=limits)
    # A server that announces ten bytes is held to them.
    assert isinstance(error.problem, problems.PictureCutOff if length == 10 else problems.TooManyBytes)


async def test_an_answer_that_is_no_http_is_unreachable() -> None:
    async with site(lambda path, headers: b"SSH-2.0-OpenSSH_9.2\r\n") as (port, _):
        error = await failure(f"http://127.0.0.1:{port}/a.png")
    assert error.problem == problems.PictureNotFetched(f"http://127.0.0.1:{port}/a.png", "broke")


@pytest.mark.parametrize(
    ("raised", "told"),
    [
        (OSError("no such host"), "nobody-answers"),
        (httpx.ConnectError("refused"), "nobody-answers"),
        (TimeoutError(), "took-too-long"),
        (httpx.ReadTimeout("slow"), "took-too-long"),
        (httpx.InvalidURL("?"), "no-address"),
        (UnicodeError("idna"), "no-address"),
    ],
)
async def test_it_is_told_why_nothing_was_fetched(
    monkeypatch: pytest.MonkeyPatch, raised: Exception, told: Unfetched
) -> None:
    async def fail(*args: object, **kwargs: object) -> list[object]:
        raise raised

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", fail)
    error = await failure("https://example.org/a.png")
    assert error.problem == problems.PictureNotFetched("https://example.org/a.png", told)


async def test_an_address_that_is_none_is_told_and_not_fetched() -> None:
    error = await failure("http://[::1/a.png")
    assert error.problem == problems.PictureNotFetched("http://[::1/a.png", "no-address")
