"""What must be true of the books, whatever was killed: counted in the database, compared with what the till told."""

from collections import Counter
from decimal import Decimal

from django.db import connection
from django.db.models import Count, Sum

from faults.till import POISON, Books
from jeweler.models import OutboxDelivery, OutboxEvent, Payment, Refund, Sale
from pos_bridge.models import InboxEvent


def poison_the_books() -> None:
    """From now on the database ends the session of whoever writes a sale of that number."""
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE OR REPLACE FUNCTION kill_the_writer() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NEW; END $$"
        )
        cursor.execute(
            "CREATE OR REPLACE TRIGGER kill_the_writer AFTER INSERT ON jeweler_sale FOR EACH ROW "
            f"WHEN (NEW.external_id = '{POISON}') EXECUTE FUNCTION kill_the_writer()"
        )


def unapplied() -> int:
    return InboxEvent.objects.exclude(state__in=["done", "dead"]).count()


def undelivered() -> int:
    return OutboxDelivery.objects.filter(delivered_at=None, dead_at=None).count()


def broken(books: Books, *, acknowledged: Counter[str]) -> list[str]:
    """Every invariant that does not hold, in words; nothing when all do."""
    return [
        *_lost(books, acknowledged),
        *_stuck(books),
        *_sales(books),
        *_money(books),
        *_told(books),
    ]


def fingerprint() -> tuple[object, ...]:
    """All that the books say, to be compared with what they say later."""
    sales = Sale.objects.order_by("external_id").values_list(
        "external_id", "version", "total", "customer"
    )
    payments = Payment.objects.order_by("external_id").values_list(
        "external_id", "status", "amount"
    )
    refunds = Refund.objects.order_by("external_id").values_list("external_id", "amount")
    return (*sales, *payments, *refunds, OutboxEvent.objects.count())


def _lost(books: Books, acknowledged: Counter[str]) -> list[str]:
    kept = set(InboxEvent.objects.values_list("delivery_key", flat=True))
    said = [f"{key} was acknowledged and is not kept" for key in sorted(set(acknowledged) - kept)]
    never = sorted(books.keys - set(acknowledged))
    return said + [f"{key} was never acknowledged" for key in never]


def _stuck(books: Books) -> list[str]:
    events = InboxEvent.objects.exclude(state="done").exclude(delivery_key__in=books.poison)
    said = [
        f"{each.delivery_key} is {each.state} ({each.reason}): {each.last_error}"
        for each in events[:20]
    ]
    poison = InboxEvent.objects.filter(delivery_key__in=books.poison).exclude(state="dead")
    return said + [
        f"the poison {each.delivery_key} is {each.state}, not given up" for each in poison
    ]


def _sales(books: Books) -> list[str]:
    found = dict(Sale.objects.values_list("external_id", "version"))
    totals = dict(Sale.objects.values_list("external_id", "total"))
    said = []
    for id_, version in books.versions.items():
        if found.get(id_) != version:
            said.append(f"sale {id_} is at version {found.get(id_)}, its newest is {version}")
        elif totals[id_] != books.totals[id_]:
            said.append(f"sale {id_} is worth {totals[id_]}, told were {books.totals[id_]}")
    too_many = sorted(set(found) - set(books.versions))
    buyers = Sale.objects.exclude(customer=None).aggregate(n=Count("customer", distinct=True))["n"]
    if buyers != len(books.versions):
        said.append(f"{buyers} people bought, told were {len(books.versions)}")
    return said + [f"sale {id_} is in the books, and nobody told of it" for id_ in too_many]


def _money(books: Books) -> list[str]:
    captured = dict(
        Payment.objects.filter(status="captured")
        .values_list("sale__external_id")
        .annotate(sum=Sum("amount"))
    )
    refunded = dict(Refund.objects.values_list("sale__external_id").annotate(sum=Sum("amount")))
    said = []
    for name, found, told in (
        ("taken", captured, books.captured),
        ("given back", refunded, books.refunded),
    ):
        for id_, amount in told.items():
            if found.get(id_, Decimal(0)) != amount:
                said.append(f"of sale {id_} {found.get(id_)} were {name}, told were {amount}")
        if sum(found.values()) != sum(told.values()):
            said.append(f"{sum(found.values())} were {name} in all, told were {sum(told.values())}")
    return said


def _told(books: Books) -> list[str]:
    """Each fact was announced once, however often it was told."""
    names = Counter(OutboxEvent.objects.values_list("name", flat=True))
    sales = len(books.versions)
    expected = {
        "jeweler.PaymentCaptured": 2 * sales,
        "jeweler.RefundRecorded": sales,
        "jeweler.SaleHandedOver": sales,
    }
    said = [
        f"{name} was announced {names[name]} times, it happened {count} times"
        for name, count in expected.items()
        if names[name] != count
    ]
    dead = OutboxDelivery.objects.exclude(dead_at=None).count()
    return said + ([f"{dead} announcements were given up"] if dead else [])
