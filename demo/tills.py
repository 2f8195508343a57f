"""The sample house's sales: what its tills and its web shop would have reported."""

import random
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from builder.models import Stone
from demo import house
from demo.bulk import insert
from demo.history import Thread
from demo.market import DAYS, Purchase, walk_ins
from jeweler import money
from jeweler.models import Payment, Refund, Sale, SaleEvidence, SaleLine, Store

TAX = {code: pct / 100 for code, pct in house.TAX_PCT.items()}
INITIALS = {
    "nyc-lispenard": "NY",
    "boston-newbury": "BO",
    "chicago-oak": "CH",
    "la-melrose": "LA",
    "sf-maiden": "SF",
}
WALK_IN_GOODS = ("Plain band, 2.0 mm", "Eternity band", "Diamond studs", "Oval pendant", "Signet")


@dataclass(kw_only=True)
class Books:
    """Rows of sales and of everything that hangs on them."""

    sales: list[Sale] = field(default_factory=list)
    lines: list[SaleLine] = field(default_factory=list)
    payments: list[Payment] = field(default_factory=list)
    refunds: list[Refund] = field(default_factory=list)
    evidence: list[SaleEvidence] = field(default_factory=list)
    sold_stones: list[Stone] = field(default_factory=list)


def write(
    threads: list[Thread],
    *,
    stores: dict[str, Store],
    dice: random.Random,
    now: datetime,
    days: int = DAYS,
) -> list[int]:
    """Sales with their lines, payments, refunds and evidence; returns the sales' ids."""
    books = Books()
    for thread in threads:
        if thread.journey.purchase is not None and thread.version is not None:
            _sell_ring(thread, stores=stores, books=books, dice=dice, now=now)
    for code, purchase, merchandise in walk_ins(dice=dice, until=now, days=days):
        sale = _sale(
            purchase, store=stores[code], amount=Decimal(merchandise), books=books, now=now
        )
        books.lines.append(
            SaleLine(
                sale=sale,
                position=1,
                description=dice.choice(WALK_IN_GOODS),
                list_price=Decimal(merchandise),
                net_total=Decimal(merchandise),
            )
        )
        _money(sale, purchase, amount=Decimal(merchandise), books=books, now=now)
    insert(Sale, books.sales)
    insert(SaleLine, books.lines)
    insert(Payment, books.payments)
    insert(Refund, books.refunds)
    insert(SaleEvidence, books.evidence)
    Stone.objects.bulk_update(books.sold_stones, ["status", "sold_at"], batch_size=500)
    return [sale.pk for sale in books.sales]


def _sell_ring(
    thread: Thread, *, stores: dict[str, Store], books: Books, dice: random.Random, now: datetime
) -> None:
    purchase, version, design = thread.journey.purchase, thread.version, thread.design
    if purchase is None or version is None or design is None or thread.customer is None:
        return
    if not (version.price and version.setting and version.metal and version.stone):
        raise LookupError(f"{design} was bought before it was whole")
    store = stores[thread.journey.store]
    sale = _sale(purchase, store=store, amount=version.price, books=books, now=now)
    sale.customer = thread.customer
    books.lines.append(
        SaleLine(
            sale=sale,
            position=1,
            sku=version.setting.code,
            description=f"{version.setting.name}, {version.metal.name}",
            list_price=version.price,
            net_total=version.price,
            design_code=design.code,
            report_number=version.stone.report_number,
        )
    )
    kinds = [SaleEvidence.Kind.EMAIL] if dice.random() < 0.8 else []
    if thread.journey.looked_up_at is not None or not kinds:
        kinds.append(SaleEvidence.Kind.DESIGN_CODE)
    for kind in kinds:
        is_code = kind == SaleEvidence.Kind.DESIGN_CODE
        books.evidence.append(
            SaleEvidence(
                sale=sale,
                kind=kind,
                value=design.code if is_code else thread.email,
                customer=thread.customer,
                grade="A",
                found_at=purchase.at,
            )
        )
    _money(sale, purchase, amount=version.price, books=books, now=now)
    version.stone.status = Stone.Status.SOLD
    version.stone.sold_at = purchase.at
    books.sold_stones.append(version.stone)


def _sale(
    purchase: Purchase, *, store: Store, amount: Decimal, books: Books, now: datetime
) -> Sale:
    number = len(books.sales) + 18_000
    tax = money.rounded(amount * TAX[store.code], currency="USD")
    is_whole = purchase.balance_at is None
    handed_over_at = purchase.at if is_whole else purchase.balance_at
    sale = Sale(
        source="web" if purchase.online else f"till:{store.code}",
        external_id=f"S{number}",
        version=1,
        channel=Sale.Channel.WEB if purchase.online else Sale.Channel.STORE,
        store=None if purchase.online else store,
        number=f"WEB {number}" if purchase.online else f"{INITIALS[store.code]} {number}",
        currency="USD",
        total=amount + tax,
        tax=tax,
        placed_at=purchase.at,
        handed_over_at=handed_over_at if handed_over_at and handed_over_at <= now else None,
        recorded_at=purchase.at,
    )
    books.sales.append(sale)
    return sale


def _money(sale: Sale, purchase: Purchase, *, amount: Decimal, books: Books, now: datetime) -> None:
    if purchase.deposit_share is None or purchase.balance_at is None:
        _pay(sale, 1, sale.total, at=purchase.at, books=books)
    else:
        deposit = (sale.total * Decimal(str(purchase.deposit_share))).quantize(Decimal(100))
        _pay(sale, 1, deposit, at=purchase.at, books=books)
        if purchase.balance_at <= now:
            _pay(sale, 2, sale.total - deposit, at=purchase.balance_at, books=books)
    if purchase.refunded_share and purchase.refunded_at and purchase.refunded_at <= now:
        share = Decimal(str(purchase.refunded_share))
        net = money.rounded(amount * share, currency="USD")
        tax = money.rounded(sale.tax * share, currency="USD")
        books.refunds.append(
            Refund(
                source=sale.source,
                external_id=f"{sale.external_id}-R1",
                sale=sale,
                amount=net + tax,
                tax=tax,
                reason="Returned" if share == 1 else "Price adjusted",
                refunded_at=purchase.refunded_at,
                recorded_at=purchase.refunded_at,
            )
        )


def _pay(sale: Sale, number: int, amount: Decimal, *, at: datetime, books: Books) -> None:
    books.payments.append(
        Payment(
            source=sale.source,
            external_id=f"{sale.external_id}-P{number}",
            sale=sale,
            status=Payment.Status.CAPTURED,
            amount=amount,
            tender="card",
            paid_at=at,
            recorded_at=at,
        )
    )
