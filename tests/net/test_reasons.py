"""What came, and what is said about it: each names what was seen, and no cause that nobody knows."""

from __future__ import annotations

import asyncio
import ipaddress
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from imagechat_tui.net.api import Api, ApiError
from imagechat_tui.net.endpoint import Credentials, Endpoint, Secret
from imagechat_tui.net.socket import SocketFailed, open_socket
from imagechat_tui.protocol.ids import BroadcastId
from imagechat_tui.protocol.routes import RoomIds
from imagechat_tui.sync.effects import OpenSocket, SendRequest
from imagechat_tui.sync.intents import PostComment
from imagechat_tui.words import problem_words
from tests import examples as eg

HTML = b"<html><body><h1>Sign in to the guest network</h1></body></html>"


def answer(status: str, body: bytes = HTML, *headers: str, kind: str = "text/html") -> bytes:
    lines = (f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", f"Content-Type: {kind}", *headers)
    return "\r\n".join((*lines, "Connection: close", "", "")).encode() + body


def wire(status: str, code: str, reason: str, *headers: str) -> bytes:
    body = f'{{"status":"failed","code":"{code}","reason":"{reason}"}}'.encode()
    return answer(status, body, *headers, kind="application/json")


OURS = "X-FC-Ext: 1"


@asynccontextmanager
async def peer(says: bytes | None, tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """Something that listens, and says always the same; None: it hangs up at the first byte."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if says is None:
                await reader.read(1)
            else:
                await reader.read(65_536)
                writer.write(says)
                await writer.drain()
        except OSError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0, ssl=tls)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def seen(endpoint: Endpoint) -> ApiError:
    """How reading the list fails."""

    async def at_once(_: float) -> None:
        """No pause between the tries."""

    api = Api(endpoint, sleep=at_once)
    try:
        with pytest.raises(ApiError) as failed:
            await api.conversations(eg.room())
    finally:
        await api.close()
    return failed.value


def at(port: int, scheme: str = "http", host: str = "127.0.0.1", **more: Any) -> Endpoint:
    place = f"{host}:{port}"
    return Endpoint(f"{scheme}://{place}", f"{scheme.replace('http', 'ws')}://{place}", eg.TENANT, **more)


ASKED = "/comment-image-chats/demo"
BEFORE = "Something in front of the server answered: "
SAID: dict[str, tuple[bytes | None, str]] = {
    "a gateway without a server": (answer("502 Bad Gateway"), f"{BEFORE}502 Bad Gateway."),
    "a gateway that gives up": (answer("504 Gateway Timeout"), f"{BEFORE}504 Gateway Timeout."),
    "a gateway that refuses": (answer("403 Forbidden"), f"{BEFORE}403 Forbidden."),
    "a gateway that asks": (answer("401 Unauthorized"), f"{BEFORE}401 Unauthorized."),
    "a gateway with a limit": (answer("429 Too Many"), f"{BEFORE}429 Too Many Requests."),
    "a proxy that asks": (answer("407 No"), f"{BEFORE}407 Proxy Authentication Required."),
    "an unknown status": (answer("599 Oops"), f"{BEFORE}599."),
    "plain HTTP to the TLS port of nginx": (answer("400 Bad Request"), f"{BEFORE}400 Bad Request."),
    "JSON of another house": (
        answer("403 Forbidden", b'{"message":"Forbidden"}', kind="application/json"),
        f"{BEFORE}403 Forbidden.",
    ),
    "a sign-in page of the network": (
        answer("200 OK"),
        "A web page came instead of the server's answer. Open the address in a browser",
    ),
    "http to https": (
        answer("301 Moved", HTML, f"Location: https://chat.example.com{ASKED}?sso=s3cret"),
        "The address leads on to https://chat.example.com; that is not followed. If that is your server",
    ),
    "a port of its own": (
        answer("308 Moved", b"", f"Location: https://user:s3cret@[::1]:8443/im{ASKED}/?sso=s3cret#x"),
        "The address leads on to https://[::1]:8443/im; that is not followed.",
    ),
    "to a sign-in page": (
        answer("302 Found", b"", "Location: /login?next=s3cret"),
        "/login; that is not followed.",
    ),
    "nowhere": (answer("302 Found"), f"{BEFORE}302 Found."),
    "another kind of server": (
        answer("404 Not Found"),
        "What answers there knows no image chats (404 Not Found). Check the server's address.",
    ),
    "the name of the host": (
        wire("421 Misdirected Request", "host-not-allowed", "No.", OURS),
        "The server does not go by the name 127.0.0.1. Whoever runs it: imagechat serve --allow-host 127.0.0.1",
    ),
    "the name that a proxy gave": (
        wire(
            "421 Misdirected Request",
            "host-not-allowed",
            "This server is not known as wiki.example.net. Whoever runs it can start it with --allow-host"
            " wiki.example.net.",
            OURS,
        ),
        "The server does not go by the name wiki.example.net. Whoever runs it:"
        " imagechat serve --allow-host wiki.example.net",
    ),
    "no name at all": (
        wire("421 Misdirected Request", "host-not-allowed", "Start it with --allow-host $(reboot)", OURS),
        "The server does not go by the name 127.0.0.1. Whoever runs it: imagechat serve --allow-host 127.0.0.1",
    ),
    "a full disk": (
        wire("503 Service Unavailable", "store-failed", "Its disk is full.", OURS),
        "The server could not write to its store. The server says: Its disk is full.",
    ),
    "a fast clock": (
        wire("401 Unauthorized", "malformed-sso", "It is dated in the future.", OURS),
        "The server does not accept your token. The server says: It is dated in the future.",
    ),
    "who is not known": (wire("401 Unauthorized", "unauthorized", "Not allowed."), "IMAGECHAT_SSO"),
    "no word": (None, "The connection was closed without an answer."),
    "another protocol": (b"SSH-2.0-OpenSSH_9.2\r\n\r\n\r\n", "What answers there does not speak HTTP."),
    "TLS to plain http": (
        b"\x15\x03\x03\x00\x02\x02\x46\r\n\r\n",
        "What answers there does not speak HTTP.",
    ),
}


@pytest.mark.parametrize("case", SAID)
async def test_what_is_said_is_what_was_seen(case: str) -> None:
    says, words = SAID[case]
    async with peer(says) as port:
        failure = await seen(at(port, credentials=Credentials(sso=Secret("s3cret"))))
    told = problem_words(failure.problem, keys=False).text
    assert words in told
    assert "s3cret" not in told


@pytest.mark.parametrize("keys", [True, False])
async def test_a_port_where_nobody_listens_is_named_as_that(unused_port: int, keys: bool) -> None:
    words = problem_words((await seen(at(unused_port))).problem, keys=keys)
    assert words.sentence == "Nothing listens there: Connection refused."


async def test_https_to_a_plain_port_is_told_as_that() -> None:
    async with peer(answer("400 Bad Request")) as port:
        failure = await seen(at(port, "https"))
    assert problem_words(failure.problem).sentence == "What answers there does not speak TLS."


async def test_a_link_cut_while_tls_is_set_up_says_what_the_system_said() -> None:
    async with peer(None) as port:
        failure = await seen(at(port, "https"))
    sentence = problem_words(failure.problem).sentence
    assert sentence.startswith(("TLS could not be set up: ", "The connection failed: "))
    assert "trust" not in sentence


async def test_a_proxy_that_does_not_connect_is_not_called_the_server(unused_port: int) -> None:
    failure = await seen(at(1, "https", "chat.example.com", proxy=f"http://127.0.0.1:{unused_port}"))
    assert problem_words(failure.problem).sentence == "The proxy did not connect: Connection refused."
    async with peer(answer("407 Proxy Authentication Required")) as port:
        failure = await seen(at(1, "https", "chat.example.com", proxy=f"http://127.0.0.1:{port}"))
    said = problem_words(failure.problem).sentence
    assert said == "The proxy did not connect: 407 Proxy Authentication Required."


def certificate(folder: Path, *, begins: int, ends: int, name: str = "127.0.0.1") -> Path:
    """A certificate that signs itself, from so many days from now to so many."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(name))])
    made = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now + timedelta(days=begins))
        .not_valid_after(now + timedelta(days=ends))
        .add_extension(address, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    both = folder / "both.pem"
    both.write_bytes(secret + made.public_bytes(pem))
    return both


@pytest.mark.parametrize(
    ("begins", "ends", "name", "trusted", "sentence", "advice"),
    [
        (-9, -1, "127.0.0.1", True, "By this machine's clock the server's certificate has expired.", "clock"),
        (1, 9, "127.0.0.1", True, "By this machine's clock the server's certificate is not valid yet.", "clock"),
        (-1, 9, "127.0.0.9", True, "The server's certificate is for another name: ", "address"),
        (-1, 9, "127.0.0.1", False, "The server's certificate is not trusted: self-signed", "ca_file"),
    ],
)  # fmt: skip
async def test_what_is_wrong_with_a_certificate_is_named(
    tmp_path: Path, begins: int, ends: int, name: str, trusted: bool, sentence: str, advice: str
) -> None:
    both = certificate(tmp_path, begins=begins, ends=ends, name=name)
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(both)
    async with peer(answer("200 OK"), tls) as port:
        failure = await seen(at(port, "https", ca_file=both if trusted else None))
    words = problem_words(failure.problem)
    assert words.sentence.startswith(sentence)
    assert advice in words.action


@pytest.mark.parametrize(
    ("says", "sentence"),
    [
        (answer("403 Forbidden"), "Something in front of the server answered: 403 Forbidden."),
        (answer("200 OK"), "A web page came instead of the server's answer."),
        (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", "Nothing answers there."),
    ],
)
async def test_a_socket_says_why_it_was_not_opened(says: bytes, sentence: str) -> None:
    async with peer(says) as port:
        with pytest.raises(SocketFailed) as failed:
            await open_socket(at(port), OpenSocket(1, RoomIds("t", "u", "w"), v2=True))
    assert failed.value.problem is not None
    assert problem_words(failed.value.problem).sentence == sentence


@pytest.mark.parametrize(
    ("status", "known"), [("403 Forbidden", 403), ("413 Too Large", 413), ("502 Bad Gateway", None), ("200 OK", None)]
)  # fmt: skip
async def test_a_write_that_was_sent_back_has_not_happened_and_of_others_nobody_knows(
    status: str, known: int | None
) -> None:
    write = SendRequest(BroadcastId("b"), PostComment(eg.conversation().id, "hi"), eg.THREAD, two_step=False)
    async with peer(answer(status)) as port:
        api = Api(at(port))
        with pytest.raises(ApiError) as failed:
            await api.send(eg.room(), write)
        await api.close()
    assert (failed.value.sent, failed.value.status) == (True, known)
