"""A server in front of the demo that packs what production packs: the demo serves its scripts and sheets as they are."""

import contextlib
import functools
import http.server
import threading
import urllib.request
from collections.abc import Iterator

import brotli  # type: ignore[import-untyped]

PACKED = ("text/", "application/json", "image/svg")
KEPT = ("Content-Type", "Cache-Control", "Content-Security-Policy")


@contextlib.contextmanager
def packed(site: str) -> Iterator[str]:
    """The address at which the same site is served in brotli. It answers GET alone."""
    handler = functools.partial(_Packing, site)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


@functools.lru_cache(maxsize=64)
def _static(url: str) -> tuple[bytes, tuple[tuple[str, str], ...]]:
    """Packed as hard as it gets, once, as `collectstatic` does."""
    return _fetched(urllib.request.Request(url), quality=11)  # noqa: S310  our own address


def _fetched(
    request: urllib.request.Request, *, quality: int
) -> tuple[bytes, tuple[tuple[str, str], ...]]:
    with urllib.request.urlopen(request, timeout=60) as response:  # noqa: S310  our own address
        body = response.read()
        headers = [(name, response.headers[name]) for name in KEPT if name in response.headers]
    if dict(headers).get("Content-Type", "").startswith(PACKED):
        body = brotli.compress(body, quality=quality)
        headers.append(("Content-Encoding", "br"))
    return body, tuple(headers)


class _Packing(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def __init__(self, site: str, *rest: object) -> None:
        self.site = site
        super().__init__(*rest)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        url = self.site + self.path
        if self.path.startswith("/static/"):
            body, headers = _static(url)
        else:
            wanted = {
                name: self.headers[name]
                for name in ("Cookie", "User-Agent", "Accept")
                if name in self.headers
            }
            request = urllib.request.Request(url, headers=wanted)  # noqa: S310  our own address
            body, headers = _fetched(request, quality=4)
        self.send_response(200)
        for name, value in (*headers, ("Content-Length", str(len(body)))):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        """Reports of the page about itself go nowhere."""
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.send_response(204)
        self.end_headers()

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Nobody reads it."""
