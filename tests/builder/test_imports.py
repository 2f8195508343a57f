"""A feed that staff upload is taken in by one worker, whatever becomes of workers."""

import io
import threading
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection, connections

from builder import catalog, imports
from builder.feeds import applying, progress
from builder.feeds.source import UnreadableFile
from builder.models import FeedImport, Stone, Supplier
from jeweler.models import AuditEntry
from tests.builder.test_catalog import feed, line
from tests.factories.builder import SupplierFactory
from tests.factories.jeweler import NOW, UserFactory

State = FeedImport.State


def ask(data: bytes, *, supplier: Supplier | None = None, **changes: Any) -> FeedImport:
    options: dict[str, Any] = {"feed_format": "generic", "is_trial": False, "may_shrink": False}
    return imports.request(
        supplier=supplier or SupplierFactory(),
        upload=ContentFile(data, name="north.csv"),
        by=UserFactory(),
        now=NOW,
        **options | changes,
    )


pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("media")]


def test_an_upload_waits_and_is_then_taken_in_and_deleted() -> None:
    record = ask(feed(line(1), line(2, shape="Trapeze")))
    name = record.upload.name
    assert (record.state, AuditEntry.objects.get().action) == (State.WAITING, "feed.requested")
    assert imports.run_due(now=NOW + timedelta(minutes=1)) == 1
    record.refresh_from_db()
    assert (record.state, record.attempts, record.report["new"]) == (State.DONE, 1, 1)
    assert (record.read_rows, record.read_bytes) == (2, record.total_bytes)
    assert not record.upload
    assert not default_storage.exists(name)
    assert Stone.objects.count() == 1


def test_the_refused_rows_can_be_read_and_no_cell_runs_in_a_spreadsheet() -> None:
    record = ask(feed(line(1, stock="=cmd|' /C calc'!A0"), line(2, report="1.04075E+11")))
    imports.run_due(now=NOW)
    record.refresh_from_db()
    with record.refused_rows.open() as file:
        lines = file.read().decode().splitlines()
    assert [each.split(",")[:2] for each in lines[1:]] == [
        ["line 2", "formula"],
        ["line 3", "bad_report_number"],
    ]
    assert ",'=cmd|" in lines[1]


def test_what_waited_first_is_taken_in_first_and_then_nothing_waits() -> None:
    first, second = ask(feed(line(1))), ask(feed(line(2)), may_shrink=True)
    assert [imports.run_due(now=NOW) for _ in range(3)] == [1, 1, 0]
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.state, second.state, second.report["withdrawn"]) == (State.DONE, State.DONE, 1)


def test_when_no_feed_waits_the_worker_reprices_what_was_asked_for() -> None:
    record = ask(feed(line(1)))
    imports.run_due(now=NOW)
    Supplier.objects.update(markup=2, reprice_asked_at=NOW)
    assert imports.run_due(now=NOW) == 0
    assert Stone.objects.get().price == 12000
    record.supplier.refresh_from_db()
    assert record.supplier.reprice_asked_at is None


def test_a_trial_from_the_admin_keeps_its_report_and_nothing_else() -> None:
    record = ask(feed(line(1)), is_trial=True)
    imports.run_due(now=NOW)
    record.refresh_from_db()
    assert (record.state, record.report["new"], record.report["dry_run"]) == (State.DONE, 1, True)
    assert not Stone.objects.exists()


def test_a_feed_that_stops_or_cannot_be_read_says_why_and_is_not_tried_again() -> None:
    ask(feed(*[line(number) for number in range(10)]))
    imports.run_due(now=NOW)
    shrunk, broken = ask(feed(line(1))), ask(feed(line(1)) + b"\xff")
    assert [imports.run_due(now=NOW) for _ in range(3)] == [1, 1, 0]
    shrunk.refresh_from_db()
    broken.refresh_from_db()
    assert (shrunk.state, "lacks 9 of the 10" in shrunk.error) == (State.STOPPED, True)
    assert (broken.state, "not UTF-8" in broken.error) == (State.FAILED, True)


def test_an_import_whose_worker_was_killed_is_run_again_but_not_for_ever() -> None:
    killed = ask(feed(line(1)))
    FeedImport.objects.filter(pk=killed.pk).update(state=State.READING, attempts=1, read_rows=1)
    deadly = ask(feed(line(2)), may_shrink=True)
    FeedImport.objects.filter(pk=deadly.pk).update(state=State.APPLYING, attempts=3)
    assert imports.run_due(now=NOW) == 1
    imports.run_due(now=NOW)
    killed.refresh_from_db()
    deadly.refresh_from_db()
    assert (killed.state, killed.attempts) == (State.DONE, 2)
    assert (deadly.state, deadly.error[:22]) == (State.FAILED, "Given up after 3 attem")
    assert Stone.objects.count() == 1


def test_an_import_of_the_command_that_was_killed_is_not_shown_as_running_for_ever() -> None:
    left = FeedImport.objects.create(
        supplier=SupplierFactory(), file_name="x.csv", state=State.READING, started_at=NOW
    )
    imports.run_due(now=NOW)
    left.refresh_from_db()
    assert (left.state, left.error) == (
        State.FAILED,
        "The program that imported it ended. Import it again.",
    )


def test_a_file_that_is_gone_says_so() -> None:
    record = ask(feed(line(1)))
    default_storage.delete(record.upload.name)
    imports.run_due(now=NOW)
    record.refresh_from_db()
    assert (record.state, record.error) == (
        State.FAILED,
        "The uploaded file is gone. Upload it again.",
    )


def test_what_is_too_large_or_packed_or_of_no_format_does_not_even_wait(settings: Any) -> None:
    settings.FEED_LARGEST_BYTES = 50
    with pytest.raises(imports.UploadTooLarge, match="on the server: manage"):
        ask(feed(line(1)))
    with pytest.raises(UnreadableFile, match="zip"):
        ask(b"PK\x03\x04....")
    with pytest.raises(ValueError, match="rapnet, "):
        ask(b"x", feed_format="magic")
    assert not FeedImport.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_two_workers_never_take_in_one_feed_both() -> None:
    ask(feed(*[line(number) for number in range(200)]))
    start = threading.Barrier(4)
    done = []

    def worker() -> None:
        start.wait()
        try:
            done.append(imports.run_due(now=NOW))
        finally:
            connections.close_all()

    workers = [threading.Thread(target=worker) for _ in range(4)]
    for each in workers:
        each.start()
    for each in workers:
        each.join()
    assert sum(done) == 1
    assert FeedImport.objects.get().attempts == 1


@pytest.mark.django_db(transaction=True)
def test_others_see_how_far_the_reading_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("builder.catalog.TOLD_EVERY", 10)
    seen = []

    class Watched(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            data = super().read(min(size or 0, 1000))
            seen.append(looked_at_from_elsewhere())
            return data

    catalog.import_feed(
        supplier=SupplierFactory(),
        file=Watched(feed(*[line(number) for number in range(60)])),
        file_name="x.csv",
        feed_format="generic",
        dry_run=False,
        allow_shrink=False,
        now=NOW,
    )
    told = [rows for state, rows in seen if state == State.READING]
    assert told == sorted(told)
    assert 0 < max(told) < 60


@pytest.mark.django_db(transaction=True)
def test_others_see_which_step_of_the_change_is_being_done(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    run = applying.run

    def watched(*args: Any) -> int:
        seen.append(looked_at_from_elsewhere("step"))
        return run(*args)

    monkeypatch.setattr(applying, "run", watched)
    record = ask(feed(line(1), line(2)))
    imports.run_due(now=NOW)
    assert {state for state, _ in seen} == {State.APPLYING}
    steps = [step for _, step in seen]
    assert steps == sorted(steps)
    assert set(steps) >= {2, 3, 4, 5, 6, 7, 8}
    record.refresh_from_db()
    assert (record.state, record.step) == (State.DONE, len(progress.STEPS))


def looked_at_from_elsewhere(column: str = "read_rows") -> tuple[str, int]:
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute(f"SELECT state, {column} FROM builder_feedimport")  # noqa: S608  a name of our own
            found = cursor.fetchone()
    finally:
        other.close()
    return tuple(found)
