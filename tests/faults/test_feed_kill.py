"""A worker that is killed in the middle of an import leaves the catalog as it was, and the next one ends it."""

from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.db import connection, transaction

from builder import imports
from builder.models import FeedImport, Stone, StoneOffer, Supplier
from tests.builder.test_catalog import feed, line, stone_of, take_in
from tests.factories.builder import SupplierFactory
from tests.factories.jeweler import NOW, UserFactory
from tests.faults import probe

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("media")]
State = FeedImport.State
FIRST = [line(number) for number in range(20)]
NEXT = [
    line(0, total="6500"),
    line(1, color="H"),
    *[line(number) for number in range(3, 20)],
    *[line(number) for number in range(30, 40)],
]


def ask(supplier: Supplier, *lines: str) -> FeedImport:
    return imports.request(
        supplier=supplier,
        upload=ContentFile(feed(*lines), name="north.csv"),
        feed_format="generic",
        is_trial=False,
        may_shrink=False,
        by=UserFactory(),
        now=NOW,
    )


def catalog_as_it_is() -> list[tuple[Any, ...]]:
    """What shoppers could see, without numbers and times that another run makes anew."""
    stones = Stone.objects.order_by("report_number").values_list(
        "report_number", "status", "price", "color", "delivery_days"
    )
    offers = StoneOffer.objects.order_by("stock_number").values_list(
        "withdrawn_at", "stock_number", "cost", "price", "stone__report_number"
    )
    return [*stones, *((withdrawn is None, *rest) for withdrawn, *rest in offers)]


def at_the_last_steps() -> bool:
    """The worker waits for the row that this test holds, with new stones and offers written already."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'transactionid'"
        )
        waiting = cursor.fetchone()[0]
    return bool(waiting) and FeedImport.objects.filter(state=State.APPLYING, step=8).exists()


def test_an_import_that_is_killed_changes_nothing_and_is_ended_by_the_next_worker(
    tmp_path: Path,
) -> None:
    supplier = SupplierFactory()
    take_in(feed(*FIRST), supplier=supplier)
    before = catalog_as_it_is()
    record = ask(supplier, *NEXT)
    file = tmp_path / "notes"

    with probe.working("feeds", file=file) as worker, transaction.atomic():
        Stone.objects.select_for_update().get(pk=stone_of(0).pk)
        probe.wait_until(at_the_last_steps, what="the import waits at its last step")
        worker.kill()

    record.refresh_from_db()
    assert (record.state, record.attempts) == (State.APPLYING, 1)
    assert catalog_as_it_is() == before

    with probe.working("feeds", file=file):
        probe.wait_until(
            lambda: FeedImport.objects.filter(pk=record.pk, upload="", state=State.DONE).exists(),
            what="another worker ends it",
        )

    record.refresh_from_db()
    assert (record.attempts, record.report["new"], record.report["withdrawn"]) == (2, 10, 1)
    ended = catalog_as_it_is()
    assert ended != before
    assert ended == as_if_nobody_had_been_killed()


def as_if_nobody_had_been_killed() -> list[tuple[Any, ...]]:
    Stone.objects.all().delete()
    supplier = Supplier.objects.get()
    take_in(feed(*FIRST), supplier=supplier)
    take_in(feed(*NEXT), supplier=supplier)
    return catalog_as_it_is()
