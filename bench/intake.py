"""The till's signed intake beside a bare INSERT of the same body.

Both keep one event durably and ignore a repetition. Ours also verifies the signature over the raw
bytes, reads the JSON strictly, takes card data out and checks every field; the ratio is what that
costs. Every fifth delivery is a repetition.
"""

import base64
import hashlib
import hmac
import json
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db import connection as database
from psycopg.types.json import Jsonb

from bench import harness, site
from jeweler.models import Store
from pos_bridge import connections
from pos_bridge.models import InboxEvent

CREATE_BARE = """
CREATE TABLE IF NOT EXISTS bench_bare_inbox (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    connection_id bigint NOT NULL,
    delivery_key text NOT NULL,
    body jsonb NOT NULL,
    received_at timestamptz NOT NULL,
    UNIQUE (connection_id, delivery_key)
)
"""
INSERT_BARE = """
INSERT INTO bench_bare_inbox (connection_id, delivery_key, body, received_at)
VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING
"""


@dataclass(frozen=True, kw_only=True)
class Delivery:
    key: str
    raw: bytes
    headers: dict[str, str]


def run(*, full: bool) -> list[harness.Case]:
    opened = _open()
    deliveries = _deliveries(opened.secret, count=4000 if full else 1000)
    with database.cursor() as cursor:
        cursor.execute(CREATE_BARE)
    answers: dict[str, list[str]] = {}

    def ours(delivery: Delivery) -> None:
        answer = site.call(opened.path, method="POST", body=delivery.raw, headers=delivery.headers)
        harness.same(answer.status, 200, what=f"status of {delivery.key}")
        answers.setdefault(delivery.key, []).append(json.loads(answer.body)["status"])

    def bare(delivery: Delivery) -> None:
        body = json.loads(delivery.raw)
        row: list[Any] = [opened.connection.pk, delivery.key, Jsonb(body), datetime.now(UTC)]
        with database.cursor() as cursor:
            cursor.execute(INSERT_BARE, row)

    mine, theirs = harness.side_by_side(ours, bare, deliveries)
    _check(answers, deliveries)
    return harness.compare(
        case="one signed sale kept, a fifth of them repetitions",
        reference_name="bare INSERT",
        ours=mine,
        reference=theirs,
    )


def _open() -> connections.Opened:
    store = Store.objects.create(
        code="bench", name="Bench", street="", city="", region="US", time_zone="UTC"
    )
    return connections.open_connection(
        code="bench", currency="USD", store=store, now=datetime.now(UTC)
    )


def _deliveries(secret: str, *, count: int) -> list[Delivery]:
    deliveries: list[Delivery] = []
    for number in range(count):
        is_repeated = number % 5 == 4
        deliveries.append(deliveries[-1] if is_repeated else signed(secret, number=number))
    return deliveries


def signed(secret: str, *, number: int) -> Delivery:
    raw = json.dumps(_event(number)).encode()
    key, at = f"msg_{number}", str(int(time.time()))
    digest = hmac.new(
        base64.b64decode(secret.removeprefix("whsec_")),
        f"{key}.{at}.".encode() + raw,
        hashlib.sha256,
    ).digest()
    signature = f"v1,{base64.b64encode(digest).decode()}"
    headers = {"webhook-id": key, "webhook-timestamp": at, "webhook-signature": signature}
    return Delivery(key=key, raw=raw, headers=headers)


def _check(answers: dict[str, list[str]], deliveries: list[Delivery]) -> None:
    """Each delivery was kept exactly once on both sides, and each repetition was known."""
    keys = {delivery.key for delivery in deliveries}
    for key, said in answers.items():
        harness.same(said[0], "kept", what=f"first answer to {key}")
        harness.same(set(said[1:]) - {"known"}, set(), what=f"later answers to {key}")
    harness.same(InboxEvent.objects.count(), len(keys), what="rows of the inbox")
    with database.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM bench_bare_inbox")
        harness.same(cursor.fetchone()[0], len(keys), what="rows of the bare table")


def _event(number: int) -> dict[str, object]:
    """A ring of $10,880 with tax, as a till in New York reports it."""
    at = datetime.now(UTC).isoformat()
    return {
        "type": "sale.recorded",
        "occurred_at": at,
        "store": "bench",
        "sale": {
            "id": f"S{number}",
            "version": 1,
            "number": f"NY {number}",
            "currency": "USD",
            "total_minor": 1088000,
            "tax_minor": 88000,
            "placed_at": at,
            "note": "collected by the customer",
        },
        "customer": {"email": f"bench.{number}@example.com"},
        "lines": [
            {
                "kind": "merchandise",
                "sku": "alba",
                "description": "The Alba, 18 k yellow gold",
                "quantity": 1,
                "price_minor": 1000000,
            }
        ],
    }
