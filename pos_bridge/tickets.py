"""A ticket of the counter as a row: held, added up, and told to the ledger as a sale.

Promises: whoever changes a ticket holds its row first, so that two associates wait for each other; each form does what it says
once (`Act.key`); and the sale, from the first money on, is reported anew with each change under the ticket's own id, so that
everything after it is facts like any till's. A stone that is promised to somebody else's visit is sold only when a manager says
so. Limits: prices and tax are the store's, and amounts are never converted.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from appointments import promises
from appointments.models import PieceHold
from builder import pricing
from builder.models import Design, Stone
from jeweler import audit, customers, locking, money, sales
from jeweler.models import Sale, SaleEvidence, SaleLine, StaffMember, Store
from jeweler.sales import LineReport, SaleReport
from pos_bridge import inventory, totals
from pos_bridge.models import CounterAct, CounterTicket
from pos_bridge.providers import card_data

MANAGERS = frozenset({StaffMember.Role.MANAGER, StaffMember.Role.OWNER})
ROUNDING = "Rounded to the coin"


class CannotSell(ValueError):
    """It cannot be rung up like this; the text says what to mend."""


class NotNow(ValueError):
    """It does not go with how the ticket stands; the text says what does."""


class NeedsManager(ValueError):
    """Only a manager may; the text says what an associate can do."""


class CardNumberTyped(ValueError):
    def __init__(self) -> None:
        super().__init__(
            "That looks like a card’s number. Nothing was kept of it. The card is charged on the terminal; "
            "only the amount is typed here."
        )


class Promised(NeedsManager):
    """The stone is to be shown to somebody else."""

    def __init__(self, hold: PieceHold) -> None:
        at = hold.during.lower.astimezone(hold.store.zone)
        super().__init__(
            f"{hold.stone} is promised to somebody else’s visit on {at:%-d %B at %H:%M} in {hold.store.name}. "
            "A manager can sell it all the same; the visit is told at once and offered the nearest stones."
        )


@dataclass(frozen=True, kw_only=True)
class Act:
    """Who does it, by which form, and when. `despite`: a manager was warned of a promise and goes on."""

    by: StaffMember
    key: str
    now: datetime
    despite: bool = False

    @property
    def is_manager(self) -> bool:
        return self.by.role in MANAGERS


def add_up(ticket: CounterTicket) -> totals.Totals:
    """What the ticket comes to as it stands, without the coin's rounding."""
    return totals.add_up(rung(ticket), discount=ticket.discount, rules=_rules(ticket))


def total(ticket: CounterTicket) -> Decimal:
    found: Decimal = add_up(ticket).total + ticket.rounding
    return found


def due(ticket: CounterTicket) -> Decimal:
    """What is still to be paid, from the facts."""
    return sales.due(ticket.sale) if ticket.sale else total(ticket)


def stones(ticket: CounterTicket) -> list[Stone]:
    """The stones of its lines, by their reports; a number that two laboratories use is none."""
    numbers = {line.report_number for line in ticket.lines.all() if line.report_number}
    found: dict[str, list[Stone]] = {}
    for stone in Stone.objects.filter(report_number__in=numbers).order_by("pk"):
        found.setdefault(stone.report_number, []).append(stone)
    return [known[0] for known in found.values() if len(known) == 1]


def promised_elsewhere(ticket: CounterTicket, *, now: datetime) -> list[PieceHold]:
    """Promises of its stones to visits of anybody else that are still to come."""
    holds = PieceHold.objects.filter(
        stone__in=stones(ticket), state__in=PieceHold.ACTIVE, during__endswith__gt=now
    ).select_related("stone", "store")
    if ticket.customer is not None:
        holds = holds.exclude(appointment__customer__in=customers.ids_of(ticket.customer))
    return list(holds.order_by("during"))


def refuse_card_numbers(*texts: str) -> None:
    """Raises CardNumberTyped."""
    if any(card_data.without_card_numbers(text) != text for text in texts):
        raise CardNumberTyped


def rung(ticket: CounterTicket) -> list[totals.Rung]:
    return [
        totals.Rung(
            kind=line.kind, quantity=line.quantity, price=line.price, is_taxed=line.is_taxed
        )
        for line in sorted(ticket.lines.all(), key=lambda line: line.pk)
    ]


def in_words(amount: Decimal, ticket: CounterTicket) -> str:
    return money.in_words(amount, currency=ticket.currency)


# Everything below runs within the caller's transaction.


def opened(ticket: CounterTicket, act: Act) -> CounterTicket | None:
    """The ticket as it is now, its row held; None when this form has been answered before. Raises NotNow when it was called off."""
    rows = CounterTicket.objects.select_related("store", "customer__merged_into", "sale")
    if locking.are_on():
        rows = rows.select_for_update(of=["self"])
    found = rows.get(pk=ticket.pk)
    if found.acts.filter(key=act.key).exists():
        return None
    if found.called_off_at is not None:
        raise NotNow(f"{found.number} was called off. Begin a new one.")
    return found


def written(
    ticket: CounterTicket,
    act: Act,
    *,
    kind: CounterAct.Kind,
    said: str = "",
    tender: str = "",
    amount: Decimal | None = None,
) -> None:
    CounterAct.objects.create(
        ticket=ticket, key=act.key, kind=kind, by=act.by, at=act.now, said=said[:240],
        tender=tender, amount=amount,
    )  # fmt: skip


def changed(ticket: CounterTicket, act: Act, *, kind: CounterAct.Kind, said: str) -> None:
    written(ticket, act, kind=kind, said=said)
    if ticket.sale is not None:
        report(ticket, act)


def report(ticket: CounterTicket, act: Act) -> Sale:
    """Its sale, begun or told anew; its stones leave the builder. Raises CannotSell, Promised."""
    _claim_stones(ticket, act)
    lines = _lines(ticket)
    worked = add_up(ticket)
    before = inventory.stones_of_sale(source=source(ticket.store), external_id=ticket.uid.hex)
    ticket.version += 1
    sale = sales.record_sale(
        report=SaleReport(
            source=source(ticket.store),
            external_id=ticket.uid.hex,
            version=ticket.version,
            channel=Sale.Channel.STORE,
            store=ticket.store,
            number=ticket.number,
            currency=ticket.currency,
            total=worked.total + ticket.rounding,
            tax=worked.tax,
            placed_at=ticket.sale.placed_at if ticket.sale else act.now,
            sold_by=ticket.begun_by.user,
            lines=lines,
        ),
        now=act.now,
    )
    is_new, ticket.sale = ticket.sale is None, sale
    ticket.save(update_fields=["version", "sale"])
    inventory.sell_stones(sale=sale, sold_before=before, now=act.now)
    if is_new or ticket.customer is not None:
        assign(ticket, now=act.now)
    return sale


def source(store: Store) -> str:
    """How the store's own facts are signed in the ledger."""
    return f"counter:{store.code}"


def assign(ticket: CounterTicket, *, now: datetime) -> None:
    """The associate chose her: by her design, or by what she typed."""
    assert ticket.sale is not None
    if ticket.customer is None:
        return
    owner = customers.resolve(ticket.customer)
    ids = customers.ids_of(owner)
    designs = Design.objects.filter(pk__in=ticket.lines.values("design"), customer__in=ids)
    found = [
        sales.Evidence(kind=SaleEvidence.Kind.DESIGN_CODE, value=code, customer=owner, grade="A")
        for code in sorted(designs.values_list("code", flat=True))
    ] or [
        sales.Evidence(
            kind=SaleEvidence.Kind.EMAIL, value="at the counter", customer=owner, grade="A"
        )
    ]
    sales.assign(sale=ticket.sale, customer=owner, evidence=found, now=now)


# Inside.


def _rules(ticket: CounterTicket) -> totals.Rules:
    store = ticket.store
    return totals.Rules(
        currency=ticket.currency,
        tax_pct=store.tax_pct,
        is_included=store.tax_display == pricing.INCLUDED,
        typed_tax=ticket.typed_tax,
    )


def _lines(ticket: CounterTicket) -> tuple[LineReport, ...]:
    rung = list(ticket.lines.select_related("design").order_by("pk"))
    lines = [
        LineReport(
            kind=SaleLine.Kind(line.kind),
            description=line.description,
            quantity=line.quantity,
            list_price=worked.list_price,
            net_total=worked.net_total,
            design_code=line.design.code if line.design else "",
            report_number=line.report_number,
        )
        for line, worked in zip(rung, add_up(ticket).lines, strict=True)
    ]
    if ticket.rounding:
        lines.append(
            LineReport(
                kind=SaleLine.Kind.SERVICE, description=ROUNDING,
                list_price=ticket.rounding, net_total=ticket.rounding,
            )
        )  # fmt: skip
    return tuple(lines)


def _claim_stones(ticket: CounterTicket, act: Act) -> None:
    """Hold the names of its stones, as bookings do, and look whether they can be sold to her."""
    found = stones(ticket)
    if not found:
        return
    locking.hold_all(promises.names(found))
    ours: set[int] = set()
    if ticket.sale is not None:
        ours = {stone.pk for stone in inventory.stones_of_sale(source=ticket.sale.source, external_id=ticket.sale.external_id)}  # fmt: skip
    for stone in Stone.objects.filter(pk__in=[each.pk for each in found]):
        if stone.status == Stone.Status.SOLD and stone.pk not in ours:
            raise CannotSell(f"{stone} was sold meanwhile. Take it off, and choose another.")
    held = [hold for hold in promised_elsewhere(ticket, now=act.now) if hold.stone_id not in ours]
    if held and not (act.despite and act.is_manager):
        raise Promised(held[0])
    for hold in held:
        audit.record(
            action="stone.sold_despite_promise", subject=hold.stone, actor=act.by.user,
            store=ticket.store, detail={"visit": hold.appointment_id}, now=act.now,
        )  # fmt: skip
