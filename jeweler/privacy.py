"""What the kernel keeps of a person, given to her or taken away, when she asks."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db import transaction

from jeweler import customers, mail, merging
from jeweler.events import CustomerForgotten
from jeweler.models import (
    ContactPoint,
    Customer,
    EmailMessage,
    IdentityEdge,
    Sale,
    SaleEvidence,
    Visitor,
)
from jeweler.outbox import publish

Exporter = Callable[[Customer], Any]
_exporters: dict[str, Exporter] = {}


def exports(name: str) -> Callable[[Exporter], Exporter]:
    """Have the decorated function say, as JSON values and under this name, what its room keeps of a person."""

    def register(function: Exporter) -> Exporter:
        _exporters[name] = function
        return function

    return register


def export(customer: Customer) -> dict[str, Any]:
    """Everything that the kernel keeps of a person, and what other rooms add, as JSON values, for whoever asks for hers."""
    ids = customers.ids_of(customer)
    root = customers.resolve_anew(customer)
    points = ContactPoint.objects.filter(customer__in=ids).order_by("created_at", "pk")
    sales = Sale.objects.filter(customer__in=ids).order_by("placed_at", "pk")
    mails = EmailMessage.objects.filter(customer__in=ids).order_by("queued_at", "pk")
    visitors = Visitor.objects.filter(customer__in=ids).order_by("first_seen_at", "pk")
    return {
        "name": {"first": root.first_name, "last": root.last_name},
        "known_since": root.created_at.isoformat(),
        "contact_points": [
            {"kind": point.kind, "value": point.value, "from": point.source} for point in points
        ],
        "browsers": [
            {
                "device": visitor.device,
                "first_seen": visitor.first_seen_at.isoformat(),
                "last_seen": visitor.last_seen_at.isoformat(),
            }
            for visitor in visitors
        ],
        "sales": [_exported_sale(sale) for sale in sales.prefetch_related("lines")],
        "mails": [
            {"to": each.to, "subject": each.subject, "queued": each.queued_at.isoformat()}
            for each in mails
        ],
        **{name: told(root) for name, told in sorted(_exporters.items())},
    }


@transaction.atomic
def forget(*, customer: Customer, now: datetime) -> None:
    """Take away all that tells who she is. Sales stay, with nobody's name: the books need them.

    Final: neither she nor a merge of hers comes back. The other rooms hear CustomerForgotten for
    each customer that she was.
    """
    merging.one_at_a_time()
    ids = customers.ids_of(customer)
    ContactPoint.objects.filter(customer__in=ids).delete()
    IdentityEdge.objects.filter(customer__in=ids).delete()
    browsers = Visitor.objects.filter(customer__in=ids)
    visitor_ids = list(browsers.order_by("pk").values_list("pk", flat=True))
    browsers.update(customer=None)
    SaleEvidence.objects.filter(
        customer__in=ids, kind__in=[SaleEvidence.Kind.EMAIL, SaleEvidence.Kind.PHONE]
    ).delete()
    Sale.objects.filter(customer__in=ids).update(note="")
    hers = EmailMessage.objects.filter(customer__in=ids)
    mail.forget(ids=hers.values_list("pk", flat=True), now=now)
    Customer.objects.filter(pk__in=ids).update(first_name="", last_name="", forgotten_at=now)
    for forgotten_id in ids:
        publish(CustomerForgotten(customer_id=forgotten_id, visitor_ids=visitor_ids), at=now)


def _exported_sale(sale: Sale) -> dict[str, Any]:
    return {
        "number": sale.number or sale.external_id,
        "placed": sale.placed_at.isoformat(),
        "total": str(sale.total),
        "currency": sale.currency,
        "lines": [
            {"description": line.description, "net_total": str(line.net_total)}
            for line in sale.lines.order_by("position")
        ],
    }
