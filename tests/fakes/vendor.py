"""Vendors' APIs on this machine: what they list, page by page, and how they fail."""

import http.server
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from jeweler.outward import Reach

HERE = "127.0.0.1"
REACH = Reach(lets_loopback=True)
Said = tuple[int, dict[str, str], Any]


@dataclass(kw_only=True)
class Asked:
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any


@dataclass(kw_only=True)
class Vendor:
    """`answers` says what there is; `faults` are given first, one for each request, None: none."""

    answers: Callable[[Asked], Said]
    faults: list[Said | None] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    url: str = ""

    def paths(self) -> list[str]:
        return [each.path for each in self.asked]


@contextmanager
def serving(vendor: Vendor) -> Iterator[Vendor]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def answer(self) -> None:
            raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            parts = urlsplit(self.path)
            asked = Asked(
                method=self.command,
                path=parts.path,
                query={name: values[0] for name, values in parse_qs(parts.query).items()},
                headers={name.lower(): value for name, value in self.headers.items()},
                body=json.loads(raw) if raw else None,
            )
            vendor.asked.append(asked)
            fault = vendor.faults.pop(0) if vendor.faults else None
            status, headers, body = fault or vendor.answers(asked)
            said = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.send_response(status)
            for name, value in {"Content-Length": str(len(said)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(said)

        do_GET = do_POST = do_PUT = answer  # noqa: N815  the library looks for these names

        def log_message(self, *said: Any) -> None:
            pass

    running = http.server.ThreadingHTTPServer((HERE, 0), Handler)
    thread = threading.Thread(target=running.serve_forever, args=(0.02,))
    thread.start()
    vendor.url = f"http://{HERE}:{running.server_address[1]}"
    try:
        yield vendor
    finally:
        running.shutdown()
        running.server_close()
        thread.join()


@dataclass(kw_only=True)
class Shop:
    """A Shopify shop: orders listed by `updated_at`, two on a page; `meanwhile` runs after each page."""

    orders: list[dict[str, Any]] = field(default_factory=list)
    transactions: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    webhooks: list[dict[str, Any]] = field(default_factory=list)
    meanwhile: Callable[[], object] = lambda: None
    page: int = 2

    def __call__(self, asked: Asked) -> Said:
        name = asked.path.rpartition("/")[2]
        if name == "orders.json":
            return self._list(asked)
        if name == "transactions.json":
            order_id = asked.path.split("/")[-2]
            return 200, {}, {"transactions": self.transactions.get(order_id, [])}
        if name == "webhooks.json":
            if asked.method == "POST":
                self.webhooks.append(asked.body["webhook"])
                return 201, {}, {"webhook": asked.body["webhook"]}
            return 200, {}, {"webhooks": self.webhooks}
        if "/orders/" in asked.path:
            order = next((each for each in self.orders if f"{each['id']}.json" == name), None)
            return (200, {}, {"order": order}) if order else (404, {}, {"errors": "Not Found"})
        return 403, {}, {"errors": "not for you"}

    def _list(self, asked: Asked) -> Said:
        """By the moment after which the next page begins, as a cursor has to."""
        after = asked.query.get("page_info") or asked.query["updated_at_min"]
        until = asked.query.get("updated_at_max", "9999")
        due = sorted(
            (each for each in self.orders if after <= each["updated_at"] <= until),
            key=lambda each: str(each["updated_at"]),
        )
        if asked.query.get("page_info"):
            due = [each for each in due if each["updated_at"] > after]
        shown, more = due[: self.page], due[self.page :]
        headers = {}
        if more:
            there = f"https://elsewhere.example{asked.path}?page_info={shown[-1]['updated_at']}"
            headers["Link"] = f'<{there}>; rel="next"'
        answer = {"orders": [dict(each) for each in shown]}
        self.meanwhile()
        return 200, headers, answer
