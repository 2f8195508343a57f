"""The site as its server calls it: the WSGI application in this process, without the network.

So the CPU time of this process is the server's own.
"""

import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.core.handlers.wsgi import WSGIHandler

APPLICATION = WSGIHandler()


@dataclass(frozen=True, kw_only=True)
class Answer:
    status: int
    body: bytes


def call(
    path: str,
    *,
    query: str = "",
    method: str = "GET",
    body: bytes = b"",
    headers: dict[str, str] | None = None,
    address: str = "127.0.0.1",
) -> Answer:
    """One request, answered whole. `address` is whose turn it is where turns are counted."""
    environ = {
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": address,
        "HTTP_HOST": "localhost",
        "HTTP_USER_AGENT": "bench, a program; bot",
        "CONTENT_LENGTH": str(len(body)),
        "CONTENT_TYPE": "application/json",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": io.StringIO(),
        "wsgi.url_scheme": "http",
        "wsgi.version": (1, 0),
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for name, value in (headers or {}).items():
        environ[f"HTTP_{name.upper().replace('-', '_')}"] = value
    statuses: list[int] = []

    def start_response(
        status: str, _headers: list[tuple[str, str]], _error: Any = None, /
    ) -> Callable[[bytes], object]:
        statuses.append(int(status.split()[0]))
        return bytes

    response = APPLICATION(environ, start_response)
    try:
        return Answer(status=statuses[0], body=b"".join(response))
    finally:
        response.close()
