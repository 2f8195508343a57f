"""An endpoint's messages by their numbers, and what each is about as it stands now.

Whoever has every number up to `last_seq` has everything: that is the proof that nothing is missing. What was thrown away for its
age is never passed over in silence. What a message is about is read when it is asked for, so that of a customer who was forgotten
nothing is said, and is told to the endpoint that had the message alone.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Max

from appointments.models import Appointment
from builder.models import DesignVersion
from jeweler import customers, money, sales
from jeweler.models import ContactPoint, Customer, Sale
from pos_bridge.models import WebhookEndpoint, WebhookMessage
from referrals.models import CreditHold, CreditLot

MOST_AT_ONCE = 500

About = dict[str, Any]


class NoLongerKept(LookupError):
    """Messages between the one that was named and the oldest that is kept were thrown away."""

    def __init__(self, *, kept_after: int) -> None:
        self.kept_after = kept_after
        super().__init__(
            f"Messages up to number {kept_after} are older than {settings.WEBHOOK_KEEP_DAYS} days and no longer kept. "
            f"Compare your records with ours by hand, then go on with after_seq={kept_after}."
        )


class NoSuchMessage(LookupError):
    """This endpoint was told nothing under that number."""

    def __init__(self, seq: int) -> None:
        super().__init__(f"There is no message number {seq} for this endpoint.")


@dataclass(frozen=True, kw_only=True)
class Page:
    """`next` is what to ask after next time; when it is `last_seq` nothing is missing."""

    messages: list[WebhookMessage]
    next: int
    last_seq: int


def after(*, endpoint: WebhookEndpoint, seq: int, limit: int) -> Page:
    """The messages that follow, in order and without a gap. Raises NoLongerKept."""
    # The newest number is read first: what is numbered meanwhile comes with the next page.
    known = WebhookEndpoint.objects.get(pk=endpoint.pk)
    if seq < known.kept_after_seq:
        raise NoLongerKept(kept_after=known.kept_after_seq)
    limit = max(1, min(limit, MOST_AT_ONCE))
    following = known.messages.filter(seq__gt=seq, seq__lte=known.last_seq).order_by("seq")[:limit]
    messages = list(following)
    return Page(
        messages=messages, next=messages[-1].seq if messages else seq, last_seq=known.last_seq
    )


def one(*, endpoint: WebhookEndpoint, seq: int) -> tuple[WebhookMessage, About]:
    """A message, and what it is about now. Raises NoSuchMessage, NoLongerKept."""
    if seq <= endpoint.kept_after_seq:
        raise NoLongerKept(kept_after=endpoint.kept_after_seq)
    message = endpoint.messages.filter(seq=seq).first()
    if message is None:
        raise NoSuchMessage(seq)
    about = _ABOUT.get(message.type.partition(".")[0], _nothing)
    return message, about(message.data)


def prune(*, now: datetime) -> int:
    """Throw away messages that are older than is kept, from the oldest on and without a hole; how many."""
    before = now - timedelta(days=settings.WEBHOOK_KEEP_DAYS)
    return sum(_prune(pk, before) for pk in WebhookEndpoint.objects.values_list("pk", flat=True))


@transaction.atomic
def _prune(pk: int, before: datetime) -> int:
    old = WebhookMessage.objects.filter(endpoint_id=pk, created_at__lt=before)
    newest: int | None = old.aggregate(newest=Max("seq"))["newest"]
    if newest is None:
        return 0
    WebhookEndpoint.objects.filter(pk=pk).update(kept_after_seq=newest)
    gone = WebhookMessage.objects.filter(endpoint_id=pk, seq__lte=newest)
    return gone.delete()[1].get(WebhookMessage._meta.label, 0)


# What a message is about.


def _nothing(data: About) -> About:
    return {}


def _design(data: About) -> About:
    versions = DesignVersion.objects.filter(design__code=data["design"], number=data["version"])
    version = versions.select_related("design__customer__merged_into", "setting", "metal", "stone").first()  # fmt: skip
    if version is None:
        return {}
    return {
        "code": version.design.code,
        "version": version.number,
        "saved_at": version.saved_at,
        "setting": version.setting.code if version.setting else None,
        "metal": version.metal.code if version.metal else None,
        "report_number": version.stone.report_number if version.stone else None,
        "ring_size": None if version.ring_size is None else str(version.ring_size),
        "price": None if version.price is None else str(version.price),
        "price_until_date": version.price_until_date,
        "customer": _who(version.design.customer),
    }


def _visit(data: About) -> About:
    visits = Appointment.objects.select_related("store", "service", "customer__merged_into")
    visit = visits.filter(uid=data["visit"]).first() if data["visit"] else None
    if visit is None:
        return {}
    return {
        "id": visit.uid,
        "status": visit.status,
        "store": visit.store.code,
        "service": visit.service.code,
        "starts_at": visit.starts_at,
        "ends_at": visit.ends_at,
        "time_zone": visit.store.time_zone,
        "outcome": visit.outcome,
        "customer": _who(visit.customer),
    }


def _sale(data: About) -> About:
    found = Sale.objects.select_related("store", "customer__merged_into")
    sale = found.filter(pk=data["sale"]).first()
    if sale is None:
        return {}

    def told(amount: Decimal) -> str:
        return str(money.rounded(amount, currency=sale.currency))

    return {
        "id": sale.pk,
        "source": sale.source,
        "external_id": sale.external_id,
        "number": sale.number,
        "channel": sale.channel,
        "store": sale.store.code if sale.store else None,
        "currency": sale.currency,
        "total": told(sale.total),
        "tax": told(sale.tax),
        "captured": told(sales.captured(sale)),
        "refunded": told(sales.refunded(sale)),
        "due": told(sales.due(sale)),
        "placed_at": sale.placed_at,
        "handed_over_at": sale.handed_over_at,
        "voided_at": sale.voided_at,
        "lines": [
            {
                "kind": line.kind,
                "sku": line.sku,
                "description": line.description,
                "quantity": line.quantity,
                "list_price": told(line.list_price),
                "net_total": told(line.net_total),
                "design_code": line.design_code,
                "report_number": line.report_number,
            }
            for line in sale.lines.order_by("position")
        ],
        "customer": _who(sale.customer),
    }


def _credit(data: About) -> About:
    if "lot" in data:
        lots = CreditLot.objects.select_related("account__customer__merged_into")
        lot = lots.filter(pk=data["lot"]).first()
        return _lot(lot) if lot else {}
    holds = CreditHold.objects.select_related("store", "customer__merged_into")
    hold = holds.filter(uid=data["hold"]).first() if data["hold"] else None
    return _hold(hold) if hold else {}


def _lot(lot: CreditLot) -> About:
    currency = lot.account.currency
    amounts = {name: getattr(lot, name) for name in ("face", "available", "held", "spent")}
    return {
        "lot": lot.pk,
        "currency": currency,
        **{name: str(money.rounded(each, currency=currency)) for name, each in amounts.items()},
        "last_date": lot.last_date,
        "granted_at": lot.granted_at,
        "customer": _who(lot.account.customer),
    }


def _hold(hold: CreditHold) -> About:
    return {
        "hold": hold.uid,
        "currency": hold.currency,
        "amount": str(money.rounded(hold.amount, currency=hold.currency)),
        "captured": str(money.rounded(hold.captured_amount, currency=hold.currency)),
        "state": hold.state,
        "store": hold.store.code if hold.store else None,
        "sale_reference": hold.sale_reference,
        "held_at": hold.held_at,
        "lapses_at": hold.lapses_at,
        "customer": _who(hold.customer),
    }


def _customer(data: About) -> About:
    found = Customer.objects.select_related("merged_into").filter(pk=data["customer"]).first()
    return {"customer": _who(found)}


def _who(customer: Customer | None) -> About | None:
    """The one who stands for her now, and how she is reached: nothing of whom was forgotten."""
    if customer is None:
        return None
    known = customers.resolve(customer)
    if known.forgotten_at is not None:
        return {"id": known.pk, "forgotten_at": known.forgotten_at}
    points = ContactPoint.objects.filter(customer__in=customers.ids_of(known)).order_by("pk")
    reached: dict[str, str] = {}
    for kind, canonical in points.values_list("kind", "canonical"):
        reached.setdefault(kind, canonical)
    return {
        "id": known.pk,
        "first_name": known.first_name,
        "last_name": known.last_name,
        "email": reached.get(ContactPoint.Kind.EMAIL),
        "phone": reached.get(ContactPoint.Kind.PHONE),
    }


_ABOUT: dict[str, Callable[[About], About]] = {
    "design": _design,
    "appointment": _visit,
    "sale": _sale,
    "credit": _credit,
    "customer": _customer,
}
