"""What is kept of a person is hers to have and to take away."""

import pytest

from jeweler import customers, merging, privacy, visitors
from jeweler.models import EmailMessage, IdentityEdge, OutboxEvent, SaleEvidence
from tests.factories.jeweler import (
    NOW,
    EmailMessageFactory,
    SaleFactory,
    VisitorFactory,
    customer_with,
)

ADA = "ada@example.com"
PHONE = "+16505551212"
SAVED = IdentityEdge.Evidence.SAVED_DESIGN


@pytest.mark.django_db
def test_an_export_holds_what_any_of_her_had() -> None:
    kept, absorbed = customer_with(email=ADA), customer_with(phone=PHONE)
    merging.merge(kept=kept, absorbed=absorbed, reason="one", by=None, now=NOW)
    SaleFactory(customer=absorbed, number="1007")
    EmailMessageFactory(customer=kept, subject="Your notes")
    exported = privacy.export(absorbed)
    assert exported["name"] == {"first": "Ada", "last": "Okafor"}
    assert [point["value"] for point in exported["contact_points"]] == [ADA, PHONE]
    assert [sale["number"] for sale in exported["sales"]] == ["1007"]
    assert [mail["subject"] for mail in exported["mails"]] == ["Your notes"]


@pytest.mark.django_db
def test_whoever_asks_to_be_forgotten_leaves_only_her_sales_behind() -> None:
    ada = customer_with(email=ADA, phone=PHONE)
    visitor = VisitorFactory()
    visitors.recognize(visitor=visitor, customer=ada, evidence=SAVED, now=NOW)
    sale = SaleFactory(customer=ada, note="for Ada Okafor")
    SaleEvidence.objects.create(
        sale=sale, kind=SaleEvidence.Kind.EMAIL, value=ADA, customer=ada, grade="A", found_at=NOW
    )
    EmailMessageFactory(customer=ada, to=ADA)

    privacy.forget(customer=ada, now=NOW)

    ada.refresh_from_db()
    sale.refresh_from_db()
    visitor.refresh_from_db()
    assert str(ada) == f"Customer {ada.pk}"
    assert ada.forgotten_at == NOW
    assert customers.find(email=ADA, phone=PHONE) == []
    assert visitor.customer is None
    assert sale.customer == ada
    assert sale.note == ""
    assert not SaleEvidence.objects.exists()
    mail = EmailMessage.objects.get()
    assert ADA not in (mail.to, mail.text, mail.html)
    assert mail.dead_at == NOW
    assert OutboxEvent.objects.get().payload == {
        "customer_id": ada.pk,
        "visitor_ids": [visitor.pk],
    }
