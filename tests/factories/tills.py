"""Tills that ask: enrolled, logged in, and talking as a till talks."""

import json
import uuid
from typing import Any

from django.test import Client
from django.utils import timezone

from jeweler.models import Store
from pos_bridge import devices
from pos_bridge.models import TillDevice


class Till:
    """A till that is logged in."""

    def __init__(self, store: Store, name: str = "Front desk") -> None:
        now = timezone.now()
        enrolled = devices.enroll(store=store, name=name, by=None, now=now)
        self.device: TillDevice = enrolled.device
        self.key = enrolled.key
        self.token = devices.log_in(key=enrolled.key, now=now).token
        self.client = Client()

    def get(self, path: str, **asked: Any) -> Any:
        headers = {"authorization": f"Bearer {self.token}"}
        return self.client.get(f"/api/v1/till/{path}", asked, headers=headers)

    def post(self, path: str, said: Any = None, *, key: str | None = None) -> Any:
        headers = {"authorization": f"Bearer {self.token}"}
        if key != "":
            headers["idempotency-key"] = key or uuid.uuid4().hex
        body = said if isinstance(said, bytes) else json.dumps(said or {})
        return self.client.post(
            f"/api/v1/till/{path}", body, content_type="application/json", headers=headers
        )

    def knows(self, email: str) -> str:
        """The handle of the customer with this address."""
        [found] = self.post("customers/", {"email": email}).json()["customers"]
        handle: str = found["customer"]
        return handle

    def hold(self, handle: str, amount_minor: int = 5000, *, key: str = "", **more: Any) -> Any:
        said = {
            "customer": handle, "sale": "T-1042", "amount_minor": amount_minor,
            "lines": [{"price_minor": 180000}], **more,
        }  # fmt: skip
        return self.post("credit/holds/", said, key=key or None)
