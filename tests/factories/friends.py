"""Friends of tests: brought by an advocate, buying, paying and taking home, by a clock of their own."""

from datetime import UTC, datetime
from decimal import Decimal
from itertools import count
from zoneinfo import ZoneInfo

from jeweler import outbox, sales
from jeweler.models import Customer, Payment, Sale, StaffMember, Store, Visitor
from referrals import following, referring
from referrals.models import Advocate, Referral, Touch
from tests.factories.jeweler import (
    StaffMemberFactory,
    StoreFactory,
    UserFactory,
    VisitorFactory,
    customer_with,
)
from tests.factories.referrals import AdvocateFactory, a_program

LONDON = ZoneInfo("Europe/London")
MADE = datetime(2024, 1, 1, tzinfo=UTC)
_keys = count(1)


def on(month: int, day: int, hour: int = 12, minute: int = 0, *, year: int = 2026) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=LONDON).astimezone(UTC)


def london() -> Store:
    """The store of the scenarios, with its program."""
    a_program()
    return StoreFactory(  # type: ignore[no-any-return]
        code="london", name="Osmere London", time_zone="Europe/London", currency="GBP", region="GB"
    )


def ada(*, email: str = "ada@gmail.com", code: str = "7KQ2M9XDM") -> Advocate:
    person = customer_with(email=email, phone="+447911123456")
    return AdvocateFactory(customer=person, code=code, joined_at=MADE)  # type: ignore[no-any-return]


def member(store: Store, role: StaffMember.Role, *, email: str = "") -> StaffMember:
    user = UserFactory(email=email or f"staff{next(_keys)}@osmere.example")
    return StaffMemberFactory(user=user, role=role, stores=[store])  # type: ignore[no-any-return]


def friend(email: str = "", **more: object) -> Customer:
    found: Customer = customer_with(email=email or f"bea{next(_keys)}@quiet.example")
    found.first_name, found.last_name, found.created_at = "Bea", "Quist", MADE
    for name, value in more.items():
        setattr(found, name, value)
    found.save()
    return found


def brought(advocate: Advocate, *, at: datetime, whom: Customer | None = None, **touch: object) -> Referral:  # fmt: skip
    """She opened the link, and told who she is."""
    whom = whom or friend()
    visitor: Visitor = VisitorFactory(first_seen_at=at, last_seen_at=at, customer=whom)
    values = {"channel": Touch.Channel.LINK, **touch}
    referring.touch(advocate=advocate, visitor=visitor, at=at, **values)  # type: ignore[arg-type]
    referring.recognize(customer=whom, now=at)
    return Referral.objects.filter(friend=whom).latest("pk")


def order(whom: Customer, amount: str = "4200.00", *, store: Store, at: datetime, **more: object) -> Sale:  # fmt: skip
    line = sales.LineReport(list_price=Decimal(amount), net_total=Decimal(amount))
    report = sales.SaleReport(
        source="till:london", external_id=f"o-{next(_keys)}", version=1, channel=Sale.Channel.STORE,
        store=store, currency="GBP", total=Decimal(amount), placed_at=at, lines=(line,), **more,  # type: ignore[arg-type]
    )  # fmt: skip
    sale = sales.record_sale(report=report, now=at)
    sale.customer = whom
    sale.save()
    deliver(at)
    return sale


def pay(sale: Sale, *, at: datetime, card_hash: str = "") -> None:
    sales.record_payment(
        source="till:london", external_id=f"p-{next(_keys)}", sale=sale,
        status=Payment.Status.CAPTURED, amount=sale.total, currency="GBP", tender="card",
        card_hash=card_hash, paid_at=at, now=at,
    )  # fmt: skip
    deliver(at)


def buy(whom: Customer, *, store: Store, at: datetime, card_hash: str = "", **more: object) -> Sale:
    """Ordered, paid and taken home at once."""
    sale = order(whom, store=store, at=at, **more)
    pay(sale, at=at, card_hash=card_hash)
    sales.hand_over(sale=sale, at=at, now=at)
    deliver(at)
    return sale


def deliver(now: datetime) -> None:
    while outbox.deliver_due(now=now):
        pass


def sweep(now: datetime) -> None:
    while following.sweep(now=now):
        pass
    deliver(now)
