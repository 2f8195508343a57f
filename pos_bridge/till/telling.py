"""What a till is told of a design, a customer and her credit: the counter's facts, as JSON."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from builder import showroom
from builder.models import Design, Stone
from jeweler import customers, money
from jeweler.models import ContactPoint, Customer
from pos_bridge.models import TillDevice
from pos_bridge.till import looking
from referrals import codes, credit, tender
from referrals.introducing import Introduction
from referrals.models import Advocate, CreditHold

MOST_DESIGNS = 20


def design(found: Design, *, device: TillDevice, now: datetime) -> dict[str, Any] | None:
    """As its owner last saved it; None where nothing was saved."""
    facts = showroom.spoken(design=found, store=device.store, now=now)
    if facts is None:
        return None
    version = facts.version
    return {
        "code": found.code,
        "title": facts.title,
        "version": version.number,
        "saved_at": version.saved_at.isoformat(),
        "parts": [
            {"what": part.what, "said": part.said, "note": part.note, "is_open": part.is_open}
            for part in facts.parts
        ],
        "stone": _stone(version.stone, place=facts.place) if version.stone else None,
        "currency": facts.currency,
        "price": _amount(version.price),
        "lines": version.price_lines if version.price is not None else [],
        "price_until_date": _date(version.price_until_date),
        "promise": facts.promise,
        "today": facts.today,
        "is_gone": facts.is_gone,
    }


def customer(found: Customer, *, device: TillDevice) -> dict[str, Any]:
    """Enough to compare with what she says, too little to use."""
    points = ContactPoint.objects.filter(customer__in=customers.ids_of(found))
    return {
        "customer": looking.handle(found, device=device),
        "initials": initials(found),
        "contacts": [customers.covered(point) for point in points.order_by("kind", "-created_at")],
        "designs": [each.code for each in looking.designs_of(found, device=device)[:MOST_DESIGNS]],
    }


def advocate(found: Advocate) -> dict[str, Any]:
    """That the code is good, and initials to say aloud; never who she is or what she bought."""
    return {
        "code": codes.shown(found.code),
        "initials": initials(customers.resolve(found.customer)),
    }


def introduction(made: Introduction) -> dict[str, Any]:
    return {"outcome": str(made.outcome), "said": made.said}


def balance(found: credit.Balance) -> dict[str, Any]:
    return {
        "currency": found.currency,
        **_both("available", found.available, currency=found.currency),
        **_both("held", found.held, currency=found.currency),
        "last_date": _date(found.first_last_date),
    }


def hold(kept: CreditHold) -> dict[str, Any]:
    return {
        "hold": str(kept.uid),
        "payment_reference": tender.reference_to(kept),
        "state": kept.state,
        "sale": kept.sale_reference,
        "currency": kept.currency,
        **_both("amount", kept.amount, currency=kept.currency),
        **_both("captured", kept.captured_amount, currency=kept.currency),
        "lapses_at": kept.lapses_at.isoformat(),
    }


def initials(who: Customer) -> str:
    return " ".join(f"{name[0]}." for name in (who.first_name, who.last_name) if name)


def _stone(stone: Stone, *, place: str) -> dict[str, Any]:
    return {
        "lab": stone.lab,
        "report_number": stone.report_number,
        "report_url": stone.report_url,
        "status": stone.status,
        "place": place,
    }


def _both(name: str, amount: Decimal, *, currency: str) -> dict[str, Any]:
    """An amount as tills speak it, in minor units, and in major ones."""
    minor = money.to_minor(amount, currency=currency)
    return {f"{name}_minor": minor, name: str(money.from_minor(minor, currency=currency))}


def _amount(price: Decimal | None) -> str | None:
    return None if price is None else str(price)


def _date(day: Any) -> str | None:
    return None if day is None else day.isoformat()
