"""A till's signed sale, as `bench intake` and `bench till` send it."""

import base64
import hashlib
import hmac
import json
import time
from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True, kw_only=True)
class Delivery:
    key: str
    raw: bytes
    headers: dict[str, str]


def signed(secret: str, *, number: int) -> Delivery:
    raw = json.dumps(event(number)).encode()
    key, at = f"msg_{number}", str(int(time.time()))
    digest = hmac.new(
        base64.b64decode(secret.removeprefix("whsec_")),
        f"{key}.{at}.".encode() + raw,
        hashlib.sha256,
    ).digest()
    signature = f"v1,{base64.b64encode(digest).decode()}"
    headers = {"webhook-id": key, "webhook-timestamp": at, "webhook-signature": signature}
    return Delivery(key=key, raw=raw, headers=headers)


def event(number: int) -> dict[str, object]:
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
