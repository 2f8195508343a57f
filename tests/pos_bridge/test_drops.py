"""Files of tills that write no webhooks, from the directory to the books."""

import os
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from jeweler import sales
from jeweler.models import Payment, Refund, Sale
from pos_bridge import drops, reconciliation
from pos_bridge.connections import Opened
from pos_bridge.models import (
    Connection,
    InboxEvent,
    ReconciliationRun,
    RegisterClosure,
    StockLevel,
)
from tests.factories import pos_bridge as tills
from tests.factories import vendors

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 10, 2, 12, tzinfo=UTC)
DAY = """\
Record,Store,Ticket #,Date,Item #,Description,Qty,Price,Net,Tax,Email,Number,Tender,Amount,Picked up
sale,nyc-lispenard,1042,10/01/2026 15:04,RING-1,Solitaire ring,1,"$4,850.00","4,800.00",288.00,bob@example.com,,,,yes
sale,nyc-lispenard,1042,10/01/2026 15:04,SIZE,Sizing,1,20.00,,,bob@example.com,,,,yes
payment,nyc-lispenard,1042,10/01/2026 15:05,,,,,,,,1,Visa,1000.00,
payment,nyc-lispenard,1042,10/01/2026 15:06,,,,,,,,2,Cash,4108.00,
refund,nyc-lispenard,1042,10/02/2026 09:00,,,,,,,,1,Cash,-20.00,
stock,nyc-lispenard,,10/01/2026 20:00,RING-1,,-1,,,,,,,,
payment,nyc-lispenard,1042,yesterday,,,,,,,,3,Cash,5.00,
tip,nyc-lispenard,1042,10/01/2026 15:04,,,,,,,,1,Cash,5.00,
"""


@pytest.fixture
def till(settings: Any, tmp_path: Path) -> Opened:
    settings.DROPS_DIR = tmp_path
    store = tills.open_store()
    opened = vendors.open_till(Connection.Provider.FILE_DROP, code="edge", store=store)
    opened.connection.store = store
    opened.connection.save()
    drops.directory_of(opened.connection).mkdir()
    return opened


def drop(
    till: Opened, name: str, text: str | bytes, *, at: datetime = NOW - timedelta(minutes=5)
) -> Path:
    path = drops.directory_of(till.connection) / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    os.utime(path, (at.timestamp(), at.timestamp()))
    return path


def test_a_day_of_a_till_is_booked_and_its_bad_rows_wait_with_their_reasons(till: Opened) -> None:
    path = drop(till, "day.csv", DAY)

    assert drops.read_due(now=NOW) == 1
    tills.work_off()

    sale = Sale.objects.get()
    assert (sale.external_id, sale.total, sale.tax) == (
        "nyc-lispenard:1042",
        Decimal("5108.00"),
        Decimal(288),
    )
    assert (sale.placed_at.isoformat(), sale.handed_over_at) == (
        "2026-10-01T19:04:00+00:00",
        sale.placed_at,
    )
    assert (sales.captured(sale), Refund.objects.get().amount) == (Decimal(5108), Decimal(20))
    assert StockLevel.objects.get().quantity == -1
    dead = (
        InboxEvent.objects.filter(state="dead").order_by("id").values_list("reason", "last_error")
    )
    assert [reason for reason, _ in dead] == ["malformed", "malformed"]
    assert "row 8: at: is no time" in dead[0][1]
    assert "record: is 'tip'" in dead[1][1]
    assert not path.exists()
    assert (path.parent / "done" / "day.csv").exists()


def test_the_same_period_exported_again_changes_nothing_but_what_was_corrected(
    till: Opened,
) -> None:
    drop(till, "day.csv", DAY)
    drops.read_all(connection=till.connection, now=NOW)
    again = drop(till, "day.csv", DAY)
    drops.read_all(connection=till.connection, now=NOW)
    kept = InboxEvent.objects.count()
    corrected = DAY.replace("Solitaire ring", "The Alba").replace(
        "1042,10/01/2026 15:04,SIZE", "1043,10/01/2026 15:04,SIZE"
    )
    drop(till, "day-2.csv", corrected, at=NOW - timedelta(minutes=2))
    drops.read_all(connection=till.connection, now=NOW)
    tills.work_off()

    assert kept == 7  # the second time was the same file
    assert Sale.objects.get(number="1042").lines.get().description == "The Alba"
    assert Payment.objects.count() == 2
    assert (again.parent / "done" / "day-1.csv").exists()


def test_a_file_that_is_still_written_or_hidden_is_left(till: Opened) -> None:
    fresh = drop(till, "day.csv", DAY, at=NOW - timedelta(seconds=30))
    hidden = drop(till, ".day.csv.part", DAY)
    partial = drop(till, "day.csv.filepart", DAY)

    assert drops.read_all(connection=till.connection, now=NOW) == 0

    assert all(path.exists() for path in (fresh, hidden, partial))


@pytest.mark.parametrize(
    "text", ["", "a,b\n1,2\n", b"Ticket\0\n1", "Ticket,Invoice\n1,2\n", 'Ticket,SKU\n"1,2\n']
)
def test_a_file_that_cannot_be_read_is_set_aside_with_its_reason(
    till: Opened, text: str | bytes
) -> None:
    path = drop(till, "day.csv", text)

    drops.read_all(connection=till.connection, now=NOW)

    assert (path.parent / "failed" / "day.csv").exists()
    assert InboxEvent.objects.get().state == "dead"
    assert "day.csv" in InboxEvent.objects.get().last_error


def test_a_card_number_in_a_file_never_reaches_the_table(till: Opened) -> None:
    drop(
        till,
        "day.csv",
        "Ticket,Store,Date,Net,Note\n1,nyc-lispenard,2026-10-01,5.00,paid with 4111 1111 1111 1111\n",
    )

    call_command("read_drops")
    tills.work_off()

    assert "[card number]" in Sale.objects.get().note


def test_nothing_comes_to_it_by_http(till: Opened) -> None:
    assert tills.send(till, b"Ticket\n1\n", headers={}).status_code == 401


def test_a_file_of_closings_is_compared_with_the_books_to_the_cent(till: Opened) -> None:
    drop(till, "day.csv", DAY)
    heading = "record,store,drawer,Z no,opened,at,tender,amount\n"
    desk = "closing,nyc-lispenard,Desk,7,10/01/2026 09:00,10/02/2026 10:00"
    drop(till, "z.csv", f"{heading}{desk},Visa,1000.00\n{desk},Cash,4088.00\n{desk},,5.00\n")
    drop(till, "z2.csv", f"{heading}{desk},Visa,1000.00\n{desk},Cash,4088.00\n")
    drops.read_due(now=NOW)
    tills.work_off()

    closure = RegisterClosure.objects.get()
    assert closure.tenders == {"visa": "1000.00", "cash": "4088.00"}
    assert (closure.opened_at.isoformat(), closure.register) == (
        "2026-10-01T13:00:00+00:00",
        "Desk",
    )
    bad = InboxEvent.objects.get(type="closing", state="dead")
    assert "tender: is missing" in bad.last_error
    reconciliation.reconcile_due(now=NOW + timedelta(hours=1))
    run = ReconciliationRun.objects.get()
    assert (run.state, run.theirs) == (ReconciliationRun.State.BALANCED, Decimal(5088))
