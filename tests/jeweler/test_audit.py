"""The trail that nobody can cover."""

import pytest
from django.db import IntegrityError, connection, transaction

from jeweler import audit
from jeweler.models import AuditEntry
from tests.factories.jeweler import NOW, CustomerFactory, StoreFactory, UserFactory

pytestmark = pytest.mark.django_db


def test_an_entry_says_who_did_what_to_what_and_where() -> None:
    customer, actor, store = CustomerFactory(), UserFactory(), StoreFactory()
    entry = audit.record(
        action="customer.viewed",
        subject=customer,
        actor=actor,
        store=store,
        detail={"by": "email"},
        now=NOW,
    )
    entry.refresh_from_db()
    assert (entry.subject, entry.actor, entry.store) == (f"customer:{customer.pk}", actor, store)
    assert entry.detail == {"by": "email"}
    assert str(entry) == f"2026-11-21 15:00 customer.viewed customer:{customer.pk}"


def test_a_subject_may_be_a_word_of_its_own() -> None:
    entry = audit.record(action="outbox.pruned", subject="outbox", now=NOW)
    assert (entry.subject, entry.actor) == ("outbox", None)


@pytest.mark.parametrize(
    "change",
    [
        "update jeweler_auditentry set action = 'nothing'",
        "delete from jeweler_auditentry",
        "delete from jeweler_auditentry where id > 0",
    ],
)
def test_the_database_refuses_to_change_or_delete_an_entry(change: str) -> None:
    audit.record(action="customer.viewed", subject="customer:1", now=NOW)
    with (
        pytest.raises(IntegrityError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(change)
    assert AuditEntry.objects.get().action == "customer.viewed"
