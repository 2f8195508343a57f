"""One sale's journey: every touch, join, look-up and payment, in order, with what each earned.

Shown without name, e-mail or phone: a marketer sees what led to a sale, not who she is.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import Enum

from django.conf import settings
from django.db.models import Q

from attribution.channels import Channel
from attribution.crediting import CreditModel
from attribution.models import Conversion, Touchpoint
from jeweler.models import IdentityEdge, Payment, Refund, Sale, SaleEvidence, Visitor

PAID = {
    Channel.CROSS_NETWORK,
    Channel.PAID_SHOPPING,
    Channel.PAID_SEARCH,
    Channel.PAID_SOCIAL,
    Channel.PAID_VIDEO,
    Channel.PAID_OTHER,
    Channel.DISPLAY,
}
SOON = timedelta(days=1)
SHOWROOM, TILL, WEB_SHOP = "Showroom", "Till", "Web shop"
JOINED_BY = {
    IdentityEdge.Evidence.SAVED_DESIGN: ("B", "Saved by e-mail there"),
    IdentityEdge.Evidence.MAGIC_LINK: ("B", "Link from her mail"),
    IdentityEdge.Evidence.BOOKING: ("B", "Booked there"),
    IdentityEdge.Evidence.CHECKOUT: ("B", "Bought there"),
}
# Title, the words of the drawing, grade, and how it is known.
DEEDS = {
    Conversion.Kind.BUILDER_COMPLETED: ("Completed a ring", "ring completed", "A", "Same browser"),
    Conversion.Kind.DESIGN_SAVED: (
        "Saved the design by e-mail",
        "design saved by e-mail",
        "B",
        "E-mail",
    ),
    Conversion.Kind.DESIGN_LOOKED_UP: (
        "Came; the design was opened",
        "design opened",
        "D",
        "Design look-up",
    ),
    Conversion.Kind.APPOINTMENT_BOOKED: ("Booked a visit", "visit booked", "B", "E-mail"),
}


class Mark(Enum):
    """How a step is drawn: a dot earns credit, a ring joins or confirms, a square is money."""

    TOUCH = "touch"
    JOIN = "join"
    PAYMENT = "payment"
    REFUND = "refund"


@dataclass(frozen=True, kw_only=True)
class Step:
    at: datetime
    lane: str
    mark: Mark
    title: str
    detail: str = ""
    brief: str = ""  # for the drawing
    grade: str = ""
    how: str = ""
    shares: dict[CreditModel, Decimal] | None = None


@dataclass(frozen=True, kw_only=True)
class Thread:
    """The steps in order; `nobody` is what no touch was credited with."""

    conversion: Conversion
    steps: list[Step]
    lanes: list[str]
    nobody: dict[CreditModel, Decimal]
    credited: dict[CreditModel, Decimal]
    refunded: dict[CreditModel, Decimal]
    evidence: list[SaleEvidence]

    @property
    def began_at(self) -> datetime:
        return self.steps[0].at

    @property
    def ended_at(self) -> datetime:
        return self.steps[-1].at

    @property
    def lasted(self) -> timedelta:
        return self.ended_at - self.began_at


@dataclass(kw_only=True)
class _Shares:
    by_touch: dict[int, dict[CreditModel, Decimal]] = field(default_factory=dict)
    by_refund: dict[int, dict[CreditModel, Decimal]] = field(default_factory=dict)
    nobody: dict[CreditModel, Decimal] = field(default_factory=dict)


def thread(*, conversion: Conversion) -> Thread:
    """The journey of a sale's conversion."""
    sale = conversion.sale
    assert sale is not None, "only a sale has a journey"
    visitors = list(_visitors(conversion))
    lanes = _lanes(visitors)
    shares = _shares(conversion)
    steps = [
        *_touch_steps(conversion, visitors, lanes, shares),
        *_deeds(conversion, lanes),
        *_money(sale, shares),
    ]
    steps.sort(key=lambda step: step.at)  # those of one moment stay in the order above
    used = {step.lane for step in steps}
    order = [*lanes.values(), "Online", SHOWROOM, WEB_SHOP, TILL]
    zero = dict.fromkeys(CreditModel, Decimal(0))
    credited = {
        model: sum((row.get(model, Decimal(0)) for row in shares.by_touch.values()), Decimal(0))
        + shares.nobody.get(model, Decimal(0))
        for model in zero
    }
    refunded = {
        model: sum((row.get(model, Decimal(0)) for row in shares.by_refund.values()), Decimal(0))
        for model in zero
    }
    return Thread(
        conversion=conversion,
        steps=steps,
        lanes=[lane for lane in dict.fromkeys(order) if lane in used],
        nobody=shares.nobody,
        credited=credited,
        refunded=refunded,
        evidence=list(sale.evidence.order_by("grade", "found_at")),
    )


def _visitors(conversion: Conversion) -> Iterator[Visitor]:
    owner = conversion.customer_id
    if owner is None:
        return
    yield from (
        Visitor.objects.filter(
            Q(customer=owner) | Q(customer__merged_into=owner), is_store_device=False
        )
        .prefetch_related("edges")
        .order_by("first_seen_at", "pk")
    )


def _lanes(visitors: list[Visitor]) -> dict[int, str]:
    """A name for each browser: Phone, Computer, and Phone 2 when there are two."""
    names: dict[int, str] = {}
    for visitor in visitors:
        label = Visitor.Device(visitor.device).label
        before = sum(name.partition(" ")[0] == label for name in names.values())
        names[visitor.pk] = f"{label} {before + 1}" if before else label
    return names


def _shares(conversion: Conversion) -> _Shares:
    found = _Shares()
    for credit in conversion.credits.all():
        model = CreditModel(credit.model)
        if credit.refund_id is not None:
            row = found.by_refund.setdefault(credit.refund_id, {})
            row[model] = row.get(model, Decimal(0)) + credit.amount
        elif credit.touchpoint_id is not None:
            found.by_touch.setdefault(credit.touchpoint_id, {})[model] = credit.amount
        else:
            found.nobody[model] = credit.amount
    return found


def _touch_steps(
    conversion: Conversion, visitors: list[Visitor], lanes: dict[int, str], shares: _Shares
) -> Iterator[Step]:
    known = {visitor.pk: visitor for visitor in visitors}
    since = conversion.occurred_at - timedelta(days=settings.LOOKBACK_DAYS)
    touches = Touchpoint.objects.filter(
        visitor__in=visitors, occurred_at__range=(since, conversion.occurred_at)
    )
    for touch in touches.order_by("occurred_at", "pk"):
        title, detail, brief = _said(touch)
        grade, how = _known_by(touch, known[touch.visitor_id])
        yield Step(
            at=touch.occurred_at,
            lane=lanes[touch.visitor_id],
            mark=Mark.TOUCH,
            title=title,
            detail=detail,
            brief=brief,
            grade=grade,
            how=how,
            shares=shares.by_touch.get(touch.pk, {}),
        )


def _said(touch: Touchpoint) -> tuple[str, str, str]:
    """What she did, with what, and both in two words for the drawing."""
    channel, source = Channel(touch.channel), touch.source.capitalize()
    campaign = f"{source}, {touch.campaign}" if touch.campaign else source
    if channel in PAID:
        what = touch.term or touch.content
        return (f"Clicked “{what}”" if what else "Clicked an ad"), campaign, "Ad click"
    said = {
        Channel.DIRECT: ("Came directly", f"To {touch.landing_path}", "Direct"),
        Channel.ORGANIC_SEARCH: (
            f"Searched, came to {touch.landing_path}",
            f"{source}, unpaid",
            "Search",
        ),
        Channel.EMAIL: ("Came from a mail", campaign, "Mail"),
        Channel.AI_ASSISTANT: ("Asked an assistant", campaign, "Assistant"),
    }
    other = f"{channel.label}, {touch.campaign or 'unpaid'}"
    return said.get(channel, (f"Came from {touch.source}", other, channel.label))


def _known_by(touch: Touchpoint, visitor: Visitor) -> tuple[str, str]:
    """A click id or her own browser proves it alone; a browser joined by a mail as far as the mail does."""
    edges = sorted(
        (edge for edge in visitor.edges.all() if edge.revoked_at is None),
        key=lambda edge: edge.created_at,
    )
    if edges and edges[0].evidence != IdentityEdge.Evidence.SAVED_DESIGN:
        return JOINED_BY[IdentityEdge.Evidence(edges[0].evidence)]
    return ("A", "Click id") if touch.click_id else ("A", "Same browser")


def _deeds(conversion: Conversion, lanes: dict[int, str]) -> Iterator[Step]:
    owner = conversion.customer_id
    hers = Q(design_code=conversion.design_code) if conversion.design_code else Q(pk=None)
    if owner is not None:
        hers |= Q(customer=owner) | Q(customer__merged_into=owner) | Q(visitor__in=list(lanes))
    since = conversion.occurred_at - timedelta(days=settings.LOOKBACK_DAYS)
    deeds = Conversion.objects.filter(hers, occurred_at__range=(since, conversion.occurred_at))
    for deed in deeds.exclude(sale__isnull=False).select_related("store").order_by("occurred_at"):
        title, brief, grade, how = DEEDS[Conversion.Kind(deed.kind)]
        is_in_store = deed.kind == Conversion.Kind.DESIGN_LOOKED_UP
        yield Step(
            at=deed.occurred_at,
            lane=SHOWROOM if is_in_store else lanes.get(deed.visitor_id or 0, "Online"),
            mark=Mark.JOIN,
            title=title,
            detail=f"Design {deed.design_code}" + (f", {deed.store}" if deed.store else ""),
            brief=brief,
            grade=grade,
            how=how,
        )


def _money(sale: Sale, shares: _Shares) -> Iterator[Step]:
    lane = WEB_SHOP if sale.channel == Sale.Channel.WEB else TILL
    best = sale.evidence.order_by("grade", "found_at").first()
    what = "" if sale.payments.filter(paid_at__lt=sale.placed_at + SOON).exists() else "Sale opened"
    payments = list(sale.payments.filter(status=Payment.Status.CAPTURED).order_by("paid_at", "pk"))
    yield Step(
        at=sale.placed_at,
        lane=lane,
        mark=Mark.JOIN,
        title=f"Sale {sale.number or sale.external_id} opened",
        detail=str(sale.store) if sale.store else "In the web shop",
        brief=what,
        grade=best.grade if best else "",
        how=SaleEvidence.Kind(best.kind).label if best else "Nothing ties it to a person",
    )
    taken = Decimal(0)
    for payment in payments:
        taken += payment.amount
        yield _payment(sale, payment, lane=lane, is_last=taken >= sale.total)
    for refund in sale.refunds.order_by("refunded_at", "pk"):
        yield _refund(refund, lane=lane, shares=shares.by_refund.get(refund.pk, {}))
    taken_at = [sale.placed_at, *(payment.paid_at for payment in payments)]
    if sale.handed_over_at is not None:
        yield Step(
            at=sale.handed_over_at,
            lane=lane,
            mark=Mark.JOIN,
            title="Took it home",
            brief="taken home" if sale.handed_over_at - taken_at[-1] > SOON else "",
            detail="The return clock starts here" if taken >= sale.total else "",
            grade="A",
            how="Sale number",
        )


def _payment(sale: Sale, payment: Payment, *, lane: str, is_last: bool) -> Step:
    whole = payment.amount == sale.total
    what = "Paid" if whole else "Paid the last" if is_last else "Deposit of"
    tender = payment.tender.replace("_", " ")
    return Step(
        at=payment.paid_at,
        lane=lane,
        mark=Mark.PAYMENT,
        title=f"{what} {payment.amount:,.2f}",
        detail=f"By {tender}, with tax",
        brief=f"{payment.amount:,.2f}",
        grade="A",
        how="Sale number",
    )


def _refund(refund: Refund, *, lane: str, shares: dict[CreditModel, Decimal]) -> Step:
    return Step(
        at=refund.refunded_at,
        lane=lane,
        mark=Mark.REFUND,
        title=f"Given back {refund.amount:,.2f}",
        detail=refund.reason or "With tax",
        brief=f"−{refund.amount:,.2f}",
        grade="A",
        how="Sale number",
        shares=shares,
    )
