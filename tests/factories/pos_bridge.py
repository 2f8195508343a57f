"""Tills of tests: a connection that is open, events that are said, signed and posted, and worked off."""

import json
import uuid
from collections.abc import Iterable, Sequence
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection, transaction
from django.test import Client
from django.test.client import ClientHandler
from django.utils import timezone

from appointments.events import AppointmentBooked
from appointments.models import Appointment
from builder.events import DesignSaved
from builder.models import Design, DesignVersion, Metal, Setting, Stone
from jeweler.events import SaleRecorded
from jeweler.models import Customer, OutboxEvent, Store
from jeweler.outbox import Event
from pos_bridge import connections, inbound, outgoing
from pos_bridge.connections import Opened
from pos_bridge.models import InboxEvent
from pos_bridge.providers import signatures
from pos_bridge.providers.contract import Message
from tests.factories.appointments import ServiceFactory
from tests.factories.jeweler import CustomerFactory

NOW = datetime(2026, 11, 21, 15, 0, tzinfo=UTC)
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
CODE = "OS-2345-67A"


def open_store(*, code: str = "nyc-lispenard", **more: Any) -> Store:
    values = {
        "name": "New York",
        "street": "48 Lispenard Street",
        "city": "New York",
        "region": "US",
        "time_zone": "America/New_York",
        "currency": "USD",
    }
    return Store.objects.get_or_create(code=code, defaults={**values, **more})[0]


def open_till(*, store: Store | None = None, code: str = "house", currency: str = "USD") -> Opened:
    return connections.open_connection(code=code, currency=currency, store=store, now=NOW)


def open_endpoint(
    *, address: str = "https://hooks.example/in", types: Sequence[str] = tuple(outgoing.TYPES)
) -> outgoing.Opened:
    return outgoing.add(
        address=address, description="Accounting", types=types, now=NOW - timedelta(days=1)
    )


def numbered(count: int = 1, *, at: datetime = NOW, event: Event | None = None) -> None:
    """So many events, each told to every endpoint that asked for it."""
    for _ in range(count):
        with transaction.atomic():
            record = OutboxEvent.objects.create(name="test", payload={}, occurred_at=at)
            outgoing.tell(event=event or SaleRecorded(sale_id=1), record=record, now=at)


def told_visit_and_design() -> tuple[Appointment, Design]:
    """A visit, then a design, of which every endpoint was told."""
    visit = Appointment.objects.create(
        store=open_store(), service=ServiceFactory(), customer=CustomerFactory(),
        starts_at=NOW, ends_at=NOW + timedelta(hours=1), booked_at=NOW,
    )  # fmt: skip
    design = saved_design(customer=visit.customer)
    hers = {"customer_id": visit.customer_id, "visitor_id": None}
    numbered(event=AppointmentBooked(appointment_id=visit.pk, **hers))
    numbered(event=DesignSaved(design_id=design.pk, version_id=design.versions.get().pk, **hers))
    return visit, design


def event(kind: str, **groups: Any) -> dict[str, Any]:
    """A sound event about sale T-1; groups replace or, with None, remove what it says."""
    occurred_at = NOW.isoformat()
    said: dict[str, Any] = {"type": kind, "occurred_at": occurred_at, "sale": {"id": "T-1"}}
    if kind == "sale.recorded":
        said["store"] = "nyc-lispenard"
        said["sale"] |= {
            "version": 1,
            "number": "1042",
            "currency": "USD",
            "total_minor": 508800,
            "tax_minor": 38800,
            "placed_at": occurred_at,
        }
        said["lines"] = [{"description": "Ring", "price_minor": 470000}]
    if kind.startswith("payment."):
        said["payment"] = {
            "id": "P-1",
            "amount_minor": 508800,
            "currency": "USD",
            "tender": "card",
        }
    if kind == "refund.recorded":
        said["refund"] = {"id": "R-1", "amount_minor": 100000, "currency": "USD"}
    if kind == "register.closed":
        said.pop("sale")
        said["store"] = "nyc-lispenard"
        said["closing"] = {
            "id": "Z-1",
            "register": "Front desk",
            "opened_at": (NOW - timedelta(hours=6)).isoformat(),
            "currency": "USD",
            "counted_whole": True,
            "tenders": [{"tender": "card", "taken_minor": 508800, "given_back_minor": 100}],
        }
    for name, values in groups.items():
        if values is None:
            said.pop(name)
        elif isinstance(values, dict):
            said[name] = deepcopy({**said.get(name, {}), **values})
        else:
            said[name] = values
    return said


def post(till: Opened, said: Any, *, key: str | None = None, at: datetime | None = None) -> Any:
    """Sign the event and post it, as the till does. Bytes are sent as they are."""
    body = said if isinstance(said, bytes) else json.dumps(said).encode()
    headers = signatures.sign(
        secret=till.secret,
        message_id=key or f"msg_{uuid.uuid4().hex}",
        body=body,
        at=at or timezone.now(),
    )
    return send(till, body, headers=headers)


# Made once: each client's own would look through all static files before its first request.
_SITE = ClientHandler(enforce_csrf_checks=False)


def send(till: Opened, body: bytes, *, headers: dict[str, str], address: str = "10.0.0.1") -> Any:
    meta = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()}
    client = Client(REMOTE_ADDR=address)
    client.handler = _SITE
    return client.post(till.path, body, content_type="application/json", **meta)


def keep(till: Opened, *, type_: str, about: str, body: Any, key: str = "") -> None:
    """As an answer of its API is kept."""
    key = key or f"recon:{type_}:{uuid.uuid4().hex}"
    message = Message(key=key, type=type_, about=about, body=body)
    inbound.keep(connection=till.connection, message=message, now=timezone.now())


def work_off(*, rounds: int = 3, at: datetime | None = None) -> int:
    """Apply what is due until nothing is; each round a minute later, so that back-offs pass."""
    start = at or timezone.now()
    return sum(inbound.apply_due(now=start + timedelta(minutes=number)) for number in range(rounds))


def states() -> list[tuple[str, str, str]]:
    rows = InboxEvent.objects.order_by("id").values_list("type", "state", "reason")
    return [(kind, state, reason) for kind, state, reason in rows]


def stone(*, report_number: str = "2216048137", **more: Any) -> Stone:
    values = {
        "lab": "GIA",
        "report_number": report_number,
        "shape": "round",
        "carat": Decimal("1.52"),
        "color": "G",
        "clarity": "VS1",
        "cut": "excellent",
        "length_mm": Decimal("7.41"),
        "width_mm": Decimal("7.38"),
        "depth_mm": Decimal("4.57"),
        "depth_pct": Decimal("61.8"),
        "table_pct": Decimal("57.0"),
        "price": Decimal("12480.00"),
        "created_at": NOW,
        "updated_at": NOW,
    }
    return Stone.objects.create(**{**values, **more})


def saved_design(
    *,
    customer: Customer | None,
    code: str = CODE,
    its_stone: Stone | None = None,
    store: Store | None = None,
    versions: Iterable[dict[str, Any]] = ({},),
) -> Design:
    """A design saved by e-mail, with its versions; the design is as the last of them."""
    ring = {
        "setting": _setting(),
        "metal": _metal(),
        "stone": its_stone or stone(),
        "ring_size": Decimal("6.0"),
        "engraving": "C & J",
    }
    design = Design.objects.create(
        code=code,
        customer=customer,
        store=store,
        created_at=NOW,
        updated_at=NOW,
        saved_at=NOW,
        next_watch_at=NOW,
        **ring,
    )
    for number, more in enumerate(versions, start=1):
        values = {
            **ring,
            "price": Decimal("15490.00"),
            "price_lines": [
                {"label": "Round diamond", "note": "1.52 ct, G, VS1", "amount": "12480.00"},
                {"label": "The Alba", "note": "18 k yellow gold", "amount": "3010.00"},
                {"label": "Engraving", "note": "", "amount": None},
            ],
            "price_until_date": (NOW + timedelta(days=14)).date(),
            "picture_hash": "",
            "description": {},
            "saved_at": NOW,
        }
        DesignVersion.objects.create(design=design, number=number, **{**values, **more})
    return design


def _metal() -> Metal:
    metal, _ = Metal.objects.get_or_create(
        code="18k-yellow",
        defaults={
            "name": "18 k yellow gold",
            "family": "yellow",
            "density": Decimal("15.60"),
        },
    )
    metal.prices.get_or_create(since_at=LONG_AGO, defaults={"price_per_gram": Decimal("92.00")})
    return metal


def _setting() -> Setting:
    setting, _ = Setting.objects.get_or_create(
        code="alba",
        defaults={
            "name": "The Alba",
            "style": "solitaire",
            "line": "Six claws and nothing else.",
            "shank_width_mm": Decimal("1.90"),
            "top_width_mm": Decimal("1.80"),
            "thickness_mm": Decimal("1.60"),
            "profile": "round",
            "labor_price": Decimal("900.00"),
        },
    )
    setting.metals.add(_metal())
    setting.heads.get_or_create(
        position=0,
        defaults={
            "code": "six-prong",
            "kind": "prong",
            "prongs": 6,
            "shapes": ["round"],
            "min_width_mm": Decimal("5.00"),
            "max_width_mm": Decimal("9.00"),
            "min_length_mm": Decimal("5.00"),
            "max_length_mm": Decimal("9.50"),
            "rise_mm": Decimal("6.00"),
        },
    )
    return setting


class Broken:
    """A table that refuses every new row while this lasts, as a full disk would."""

    def __init__(self, *, table: str) -> None:
        self.table = table

    def __enter__(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "CREATE FUNCTION broken() RETURNS trigger LANGUAGE plpgsql AS "
                "$$ BEGIN RAISE EXCEPTION 'broken'; END $$"
            )
            cursor.execute(
                f"CREATE TRIGGER broken BEFORE INSERT ON {self.table} EXECUTE FUNCTION broken()"
            )

    def __exit__(self, *error: object) -> None:
        with connection.cursor() as cursor:
            cursor.execute("DROP FUNCTION broken CASCADE")
