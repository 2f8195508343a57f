"""Somebody counts a sale while its facts change."""

import threading
import time
from decimal import Decimal

import pytest
from django.db import connection, transaction

from attribution import conversions
from attribution.models import Credit
from tests.factories.jeweler import NOW, RefundFactory, SaleFactory, SaleLineFactory

pytestmark = pytest.mark.django_db(transaction=True)


def wait_until_somebody_waits() -> None:
    deadline = time.monotonic() + 120
    with connection.cursor() as cursor:
        while time.monotonic() < deadline:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            if cursor.fetchone()[0]:
                return
            time.sleep(0.02)
    pytest.fail("The other worker never waited for a lock")


def test_facts_are_read_after_the_lock_so_that_the_last_to_count_is_right() -> None:
    """Held up at its first write, a worker that had read before would credit without the refund."""
    sale = SaleFactory()
    SaleLineFactory(sale=sale, net_total=Decimal("4700.00"))
    conversions.rebuild(sale_ids=[sale.pk], now=NOW)

    def count() -> None:
        conversions.rebuild(sale_ids=[sale.pk], now=NOW)
        connection.close()

    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("LOCK TABLE attribution_conversion IN SHARE MODE")
        worker = threading.Thread(target=count)
        worker.start()
        wait_until_somebody_waits()
        RefundFactory(sale=sale, amount=Decimal("300.00"))
    worker.join()
    amounts = Credit.objects.order_by("amount").values_list("amount", flat=True)
    assert list(amounts) == [-300, -300, 4700, 4700]
