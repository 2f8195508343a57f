"""A server of our own on loopback that answers as a test says and remembers what it was asked.

Over TLS under a certificate of the test's own, or over plain HTTP for whoever may call this machine.
"""

import http.server
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from jeweler.outward import Reach

HERE = "127.0.0.1"
NAME = "hooks.example"


@dataclass(kw_only=True)
class Request:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Listener:
    """`answers` are given one after another, the last for ever: (status, headers, body)."""

    port: int = 0
    answers: list[tuple[int, dict[str, str], bytes]] = field(default_factory=lambda: [(200, {}, b"")])  # fmt: skip
    requests: list[Request] = field(default_factory=list)
    meanwhile: Callable[[], object] = lambda: None
    trust: ssl.SSLContext | None = None

    @property
    def url(self) -> str:
        if self.trust is None:
            return f"http://{HERE}:{self.port}/in"
        return f"https://{NAME}:{self.port}/in"

    def reach(self, **more: Any) -> Reach:
        """This listener by its name, and nobody else."""
        values: dict[str, Any] = {
            "resolves": lambda host, port: [HERE], "allows": HERE.__eq__,
            "trust": self.trust, "ports": frozenset({self.port}),
        }  # fmt: skip
        return Reach(**{**values, **more})


def self_signed(folder: Path) -> Path:
    """A key and a certificate for this machine and for NAME, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    names = [x509.DNSName("localhost"), x509.DNSName(NAME), x509.IPAddress(ip_address(HERE))]
    made = (
        x509.CertificateBuilder()
        .subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    file = folder / "server.pem"
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    file.write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain) + made.public_bytes(pem)
    )
    return file


class _Quiet(http.server.ThreadingHTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """Whoever hangs up on us is no news."""


@contextmanager
def serving(
    handler: type[http.server.BaseHTTPRequestHandler], certificate: Path | None
) -> Iterator[int]:
    """The port at which the handler answers while this lasts."""
    running = _Quiet((HERE, 0), handler)
    if certificate is not None:
        trust = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        trust.load_cert_chain(certificate)
        running.socket = trust.wrap_socket(
            running.socket, server_side=True, do_handshake_on_connect=False
        )
    thread = threading.Thread(target=running.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield running.server_address[1]
    finally:
        running.shutdown()
        running.server_close()
        thread.join()


@contextmanager
def listening(certificate: Path | None = None) -> Iterator[Listener]:
    trust = ssl.create_default_context(cafile=str(certificate)) if certificate else None
    listener = Listener(trust=trust)

    class Handler(http.server.BaseHTTPRequestHandler):
        def answer(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            body = self.rfile.read(length)
            listener.requests.append(
                Request(method=self.command, path=self.path, headers=headers, body=body)
            )
            listener.meanwhile()
            answers = listener.answers
            status, more, said = answers.pop(0) if len(answers) > 1 else answers[0]
            self.send_response(status)
            for name, value in {"Content-Length": str(len(said)), **more}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(said)

        do_GET = do_POST = answer  # noqa: N815  the library looks for these names

        def log_message(self, *said: Any) -> None:
            pass

    with serving(Handler, certificate) as port:
        listener.port = port
        yield listener
