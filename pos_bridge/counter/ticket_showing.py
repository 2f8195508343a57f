"""How a ticket is shown: its lines and sums, what was paid, and what can be done next."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db.models import Q

from builder import pricing
from builder.models import Design
from jeweler import money, sales
from jeweler.models import Payment, SaleLine, Store
from pos_bridge import reserving, taking, tickets, totals
from pos_bridge.models import CounterLine, CounterTicket, Tender

MOST_LISTED = 100
QUICK = ((Decimal("0.2"), "20 %"), (Decimal("0.5"), "Half"), (Decimal(1), "All"))


@dataclass(frozen=True, kw_only=True)
class Listed:
    """A ticket of the list; `state` is what is to be done about it."""

    ticket: CounterTicket
    said: str
    paid: Decimal
    due: Decimal
    state: str


def listed(store: Store, *, now: datetime) -> dict[str, object]:
    """Those that are not handed over, the newest first; and what was handed over since yesterday."""
    known = CounterTicket.objects.filter(store=store, called_off_at=None)
    known = known.select_related("store", "customer", "sale").prefetch_related(
        "lines", "sale__payments", "sale__refunds"
    )
    not_yet = Q(sale=None) | Q(sale__handed_over_at=None, sale__voided_at=None)
    lately = known.filter(sale__handed_over_at__gt=now - timedelta(days=1))
    return {
        "rows": [_listed(each) for each in known.filter(not_yet).order_by("-begun_at")[:MOST_LISTED]],
        "done": [_listed(each) for each in lately.order_by("-sale__handed_over_at")[:20]],
    }  # fmt: skip


def shown(ticket: CounterTicket, *, is_manager: bool, now: datetime) -> dict[str, object]:
    """All that the ticket's page says."""
    lines = list(ticket.lines.select_related("design__band").order_by("pk"))
    designs = list({line.design_id: line.design for line in lines if line.design}.values())
    due = tickets.due(ticket)
    sale = ticket.sale
    payments = list(sale.payments.order_by("paid_at", "pk")) if sale else []
    paid = sales.captured(sale) - sales.refunded(sale) if sale else Decimal(0)
    spendable = taking.credit_for(ticket, now=now) if due > 0 and lines else Decimal(0)
    is_done = bool(ticket.called_off_at or (sale and sale.voided_at))
    today = now.astimezone(ticket.store.zone).date()
    return {
        "ticket": ticket,
        "store": ticket.store,
        "lines": lines,
        "rows": _rows(lines),
        "designs": designs,
        "bands": [design for design in designs if _has_band(design, lines)],
        "worked": tickets.add_up(ticket),
        "total": sale.total if sale else tickets.total(ticket),
        "is_included": ticket.store.tax_display == pricing.INCLUDED,
        "due": due,
        "paid": paid,
        "due_typed": _typed(ticket, due),
        "to_give_back": taking.to_give_back(ticket),
        "back_typed": _typed(ticket, taking.to_give_back(ticket)),
        "payments": [_payment(each, ticket, today=today) for each in payments],
        "refunds": sale.refunds.order_by("refunded_at") if sale else [],
        "quick": [(words, _typed(ticket, _quick(ticket, due * part))) for part, words in QUICK] if due > 0 else [],
        "in_cash": totals.in_cash(due, currency=ticket.currency),
        "credit": spendable,
        "credit_typed": _typed(ticket, spendable),
        "kept": reserving.kept(ticket, now=now),
        "kept_days": reserving.KEPT_FOR.days,
        "tenders": Tender.choices,
        "kinds": SaleLine.Kind.choices,
        "holds": tickets.promised_elsewhere(ticket, now=now) if not sale else [],
        "acts": ticket.acts.select_related("by__user").order_by("-at", "-pk")[:12],
        "is_manager": is_manager,
        "is_done": is_done,
        "is_ready": bool(sale and not is_done and due <= 0 and not sale.handed_over_at),
        "has_discreet": any(design.is_discreet for design in designs),
    }  # fmt: skip


def _payment(payment: Payment, ticket: CounterTicket, *, today: date) -> tuple[Payment, str, bool]:
    """The payment, its tender in words, and whether it can still be voided."""
    is_new = payment.paid_at.astimezone(ticket.store.zone).date() == today
    is_handed_over = ticket.sale is not None and ticket.sale.handed_over_at is not None
    is_voidable = payment.status == Payment.Status.CAPTURED and is_new and not is_handed_over
    return payment, dict(Tender.choices).get(payment.tender, payment.tender), is_voidable


def _listed(ticket: CounterTicket) -> Listed:
    sale = ticket.sale
    paid, due = sales.standing(sale) if sale else (Decimal(0), tickets.total(ticket))
    if sale is None:
        state = "Nothing paid yet" if ticket.lines.all() else "Empty"
    elif sale.handed_over_at:
        state = "Handed over"
    elif due > 0:
        state = "Balance due"
    else:
        state = "Ready to hand over"
    names = list(dict.fromkeys(line.description for line in ticket.lines.all()))
    more = f" and {len(names) - 1} more" if len(names) > 1 else ""
    return Listed(
        ticket=ticket, said=f"{names[0]}{more}" if names else "–", paid=paid, due=due, state=state
    )


def _has_band(design: Design, lines: list[CounterLine]) -> bool:
    if design.band is None:
        return False
    words = f"{design.band.name}, beside {design.code}"
    return all(line.description != words for line in lines)


def _quick(ticket: CounterTicket, amount: Decimal) -> Decimal:
    """A round part of what is due; all of it exactly."""
    if amount == tickets.due(ticket):
        return amount
    return amount.quantize(Decimal(1))


def _rows(lines: list[CounterLine]) -> list[tuple[CounterLine, str]]:
    """Each line, with its design's code where that begins."""
    codes = [line.design.code if line.design else "" for line in lines]
    return [
        (line, code if code != before else "")
        for line, code, before in zip(lines, codes, ["", *codes], strict=False)
    ]


def _typed(ticket: CounterTicket, amount: Decimal) -> str:
    """As it is typed: with its currency's decimals, and no comma."""
    return f"{amount:.{money.exponent(ticket.currency)}f}"
