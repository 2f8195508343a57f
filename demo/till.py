"""The tour's till: it rings up a saved design and reports it as a real till would, signed and by HTTP.

A ticket's number comes from its design's code and every payment's from the ticket's, so that pressing
a button twice reports the same facts again, which changes nothing.
"""

import http.client
import json
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

from django.utils.crypto import salted_hmac

from builder.codes import NotACode, read
from builder.models import Design, DesignVersion, Stone
from demo.tills import TAX
from jeweler import customers, money, sales
from jeweler.models import Sale
from pos_bridge import connections
from pos_bridge.connections import Opened
from pos_bridge.models import Connection
from pos_bridge.providers import signatures

CODE = "tour"
CURRENCY = "USD"
DEPOSIT = Decimal("0.20")
# Whoever buys her stone has to be known: a ticket that names nobody would be taken for hers, since she saved the stone.
SOMEBODY_ELSE = "somebody-else@osmere.example"
ELSEWHERE = "sf-maiden"
ON_SALE = {Stone.Status.AVAILABLE, Stone.Status.HELD}
LOOPBACK = {"localhost", "127.0.0.1", "::1"}
KINDS = {
    "deposit": "She leaves a deposit of 20 %",
    "balance": "She pays the rest and takes the ring",
    "whole": "She pays it all and takes the ring",
    "storm": "All of it, twice and in the wrong order",
    "refund": "She brings it back",
    "void": "It was a mistake: the ticket is voided",
}

Event = dict[str, Any]


class CannotRingUp(ValueError):
    """The tour's till has nothing to ring up; the text says what is missing."""


@dataclass(frozen=True, kw_only=True)
class Signed:
    """One delivery as it goes over the wire."""

    what: str
    path: str
    body: bytes
    headers: dict[str, str]


@dataclass(frozen=True, kw_only=True)
class Answer:
    what: str
    status: int


@dataclass(frozen=True, kw_only=True)
class Ticket:
    """What lies on the counter: amounts in minor units, tax on top of the lines."""

    sale_id: str
    version: int
    store: str
    lines: tuple[Event, ...]
    tax_minor: int
    email: str = ""
    phone: str = ""
    design_code: str = ""

    @property
    def total_minor(self) -> int:
        return self.tax_minor + sum(int(line["price_minor"]) for line in self.lines)


def connection(*, now: datetime) -> Opened:
    """The tour's way in, opened when it is first needed.

    A real token is shown once and kept by the till; this one is derived from the site's key, so that
    the tour still knows it tomorrow.
    """
    token = salted_hmac("demo.till", "token").hexdigest()
    found = Connection.objects.filter(code=CODE).first()
    if found is None:
        return connections.open_connection(code=CODE, currency=CURRENCY, token=token, now=now)
    known = connections.secrets_of(found)
    if not known:
        raise CannotRingUp("The site's key changed since the till was set up; begin a new demo.")
    return Opened(connection=found, token=token, secret=known[0])


def ring_up_design(
    *, code: str, email: str, store: str, kind: str, site: str, now: datetime
) -> list[Answer]:
    """Report what the button says about a saved design to the running site.

    Raises CannotRingUp.
    """
    ticket = ticket_of(code=code, email=email.strip(), store=store)
    till = connection(now=now)
    signed = ring_up(till=till, ticket=ticket, kind=kind, now=now)
    return send(signed, site=site)


def sell_stone_elsewhere(*, code: str, site: str, now: datetime) -> list[Answer]:
    """Report that the saved design's stone was sold to another customer, loose and in another store than hers.

    Raises CannotRingUp.
    """
    ticket = ticket_of_stone(code=code)
    customers.identify(email=SOMEBODY_ELSE, source="demo", now=now)
    signed = ring_up(till=connection(now=now), ticket=ticket, kind="whole", now=now)
    return send(signed, site=site)


def ticket_of_stone(*, code: str) -> Ticket:
    """Another customer's ticket of the stone in a saved design's last version."""
    stone = _last_version(code).stone
    if stone is None:
        raise CannotRingUp("There is no stone in it yet. Choose one, and save it.")
    if stone.status not in ON_SALE or stone.price is None:
        raise CannotRingUp("Its stone is sold already. Set a twin, and save it.")
    tax = money.rounded(stone.price * TAX[ELSEWHERE], currency=CURRENCY)
    line = {
        "sku": "LOOSE",
        "description": f"{stone.carat:.2f} ct {stone.get_shape_display().lower()}, loose",
        "price_minor": money.to_minor(stone.price, currency=CURRENCY),
        "report_number": stone.report_number,
    }
    return Ticket(
        sale_id=f"TOUR-{stone.lab}-{stone.report_number}",
        version=1,
        store=ELSEWHERE,
        lines=(line,),
        tax_minor=money.to_minor(tax, currency=CURRENCY),
        email=SOMEBODY_ELSE,
    )


def ticket_of(*, code: str, email: str, store: str) -> Ticket:
    """The ticket of a saved design, at the price that was promised with its last save."""
    version = _last_version(code)
    if store not in TAX:
        raise CannotRingUp(f"There is no store {store!r}; choose one of {', '.join(TAX)}.")
    if not (version.price and version.setting and version.metal and version.stone):
        raise CannotRingUp(f"{version.design} is not whole yet. Choose what is open, and save it.")
    tax = money.rounded(version.price * TAX[store], currency=CURRENCY)
    line = {
        "sku": version.setting.code,
        "description": f"{version.setting.name}, {version.metal.name}",
        "price_minor": money.to_minor(version.price, currency=CURRENCY),
        "design_code": version.design.code,
        "report_number": version.stone.report_number,
    }
    return Ticket(
        sale_id=f"TOUR-{version.design.code.removeprefix('OS-')}",
        version=version.number,
        store=store,
        lines=(line,),
        tax_minor=money.to_minor(tax, currency=CURRENCY),
        email=email,
        design_code=version.design.code,
    )


def ring_up(*, till: Opened, ticket: Ticket, kind: str, now: datetime) -> list[Signed]:
    """The signed deliveries of what happens at the counter, in the order they are sent.

    Raises CannotRingUp.
    """
    deposit = int(ticket.total_minor * DEPOSIT)
    rest = _payment(ticket, "2", ticket.total_minor - deposit, now=now)
    first = _payment(ticket, "1", deposit, now=now)
    taken = _about(ticket, "sale.handed_over", now=now)
    sold = _sold(ticket, now=now)
    said: dict[str, list[Event]] = {
        "deposit": [sold, first],
        "balance": [rest, taken],
        "whole": [sold, first, rest, taken],
        "storm": [taken, rest, first, sold, rest, taken, sold, first],
        "void": [_about(ticket, "sale.voided", now=now)],
    }
    if kind == "refund":
        said["refund"] = [_refund(ticket, now=now)]
    if kind not in said:
        raise CannotRingUp(f"{kind!r} is no button of this till; choose one of {', '.join(KINDS)}.")
    return [_signed(till, event, now=now) for event in said[kind]]


def send(deliveries: Iterable[Signed], *, site: str) -> list[Answer]:
    """Post the deliveries to the running site, which must be on this machine.

    Raises CannotRingUp.
    """
    address = urlsplit(site)
    if address.scheme != "http" or address.hostname not in LOOPBACK:
        raise CannotRingUp(f"The tour's till only speaks to this machine, not to {site}.")
    line = http.client.HTTPConnection(address.hostname, address.port or 80, timeout=10)
    try:
        return [_posted(line, delivery) for delivery in deliveries]
    except OSError as error:
        raise CannotRingUp(f"The till could not reach {site}: {error}. Try again.") from error
    finally:
        line.close()


def _posted(line: http.client.HTTPConnection, delivery: Signed) -> Answer:
    headers = {"content-type": "application/json", **delivery.headers}
    line.request("POST", delivery.path, body=delivery.body, headers=headers)
    response = line.getresponse()
    response.read()
    return Answer(what=delivery.what, status=response.status)


def _last_version(code: str) -> DesignVersion:
    try:
        design = Design.objects.get(code=read(code))
    except (NotACode, Design.DoesNotExist) as error:
        raise CannotRingUp(
            f"There is no design {code!r}. Save one first; its code is then here."
        ) from error
    versions = design.versions.select_related("design", "setting", "metal", "stone")
    version = versions.order_by("-number").first()
    if version is None:
        raise CannotRingUp(f"{design} was not saved yet. Save it by e-mail first.")
    return version


def _sold(ticket: Ticket, *, now: datetime) -> Event:
    event = _about(ticket, "sale.recorded", now=now)
    event["sale"] |= {
        "version": ticket.version,
        "number": ticket.sale_id,
        "currency": CURRENCY,
        "total_minor": ticket.total_minor,
        "tax_minor": ticket.tax_minor,
        "placed_at": now.isoformat(),
        "design_code": ticket.design_code,
    }
    event["customer"] = {"email": ticket.email or None, "phone": ticket.phone or None}
    event["lines"] = list(ticket.lines)
    return event


def _payment(ticket: Ticket, number: str, amount_minor: int, *, now: datetime) -> Event:
    event = _about(ticket, "payment.captured", now=now)
    event["payment"] = {
        "id": f"{ticket.sale_id}-P{number}",
        "amount_minor": amount_minor,
        "currency": CURRENCY,
        "tender": "card",
        "card": {"brand": "Visa", "last4": "4242"},
    }
    return event


def _refund(ticket: Ticket, *, now: datetime) -> Event:
    """All that she has paid so far."""
    sale = Sale.objects.filter(source=f"till:{CODE}", external_id=ticket.sale_id).first()
    paid = sales.captured(sale) - sales.refunded(sale) if sale else Decimal(0)
    if sale is None or paid <= 0:
        raise CannotRingUp("Nothing is paid yet that could be given back. Ring up the sale first.")
    tax = money.rounded(sale.tax * paid / sale.total, currency=CURRENCY)
    event = _about(ticket, "refund.recorded", now=now)
    event["refund"] = {
        "id": f"{ticket.sale_id}-R{sale.refunds.count() + 1}",
        "amount_minor": money.to_minor(paid, currency=CURRENCY),
        "tax_minor": money.to_minor(tax, currency=CURRENCY),
        "currency": CURRENCY,
        "reason": "Returned",
    }
    return event


def _about(ticket: Ticket, kind: str, *, now: datetime) -> Event:
    return {
        "type": kind,
        "occurred_at": now.isoformat(),
        "store": ticket.store,
        "sale": {"id": ticket.sale_id},
    }


def _signed(till: Opened, event: Event, *, now: datetime) -> Signed:
    body = json.dumps(event).encode()
    message_id = f"msg_{secrets.token_hex(12)}"
    return Signed(
        what=event["type"],
        path=till.path,
        body=body,
        headers=signatures.sign(secret=till.secret, message_id=message_id, body=body, at=now),
    )
