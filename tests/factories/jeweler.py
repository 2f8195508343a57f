"""Real rows of the kernel, with what a test does not care about filled in."""

from datetime import UTC, datetime
from decimal import Decimal

import factory
from django.contrib.auth.models import User
from factory.django import DjangoModelFactory

from jeweler import models, tokens

NOW = datetime(2026, 11, 21, 15, 0, tzinfo=UTC)


class UserFactory(DjangoModelFactory[User]):
    class Meta:
        model = User
        skip_postgeneration_save = True

    username = factory.Sequence(lambda number: f"user{number}")
    is_staff = True
    password = factory.django.Password(None)  # nobody logs in with it: hashing takes its time


class StoreFactory(DjangoModelFactory[models.Store]):
    class Meta:
        model = models.Store
        django_get_or_create = ("code",)

    code = factory.Sequence(lambda number: f"store-{number}")
    name = factory.LazyAttribute(lambda store: f"Osmere {store.code}")
    street = "12 Lispenard Street"
    city = "New York"
    region = "US"
    time_zone = "America/New_York"
    currency = "USD"


class StaffMemberFactory(DjangoModelFactory[models.StaffMember]):
    class Meta:
        model = models.StaffMember
        skip_postgeneration_save = True

    user = factory.SubFactory(UserFactory)
    role = models.StaffMember.Role.ASSOCIATE

    @factory.post_generation
    def stores(self, create: bool, extracted: object, **kwargs: object) -> None:
        if extracted:
            self.stores.set(extracted)


class CustomerFactory(DjangoModelFactory[models.Customer]):
    class Meta:
        model = models.Customer

    first_name = "Ada"
    last_name = "Okafor"
    created_at = NOW


class ContactPointFactory(DjangoModelFactory[models.ContactPoint]):
    class Meta:
        model = models.ContactPoint

    customer = factory.SubFactory(CustomerFactory)
    kind = models.ContactPoint.Kind.EMAIL
    canonical = factory.Sequence(lambda number: f"ada{number}@example.com")
    value = factory.SelfAttribute("canonical")
    source = "test"
    created_at = NOW


def customer_with(*, email: str = "", phone: str = "") -> models.Customer:
    """By their canonical forms."""
    customer: models.Customer = CustomerFactory()
    if email:
        ContactPointFactory(customer=customer, canonical=email)
    if phone:
        ContactPointFactory(customer=customer, kind=models.ContactPoint.Kind.PHONE, canonical=phone)
    return customer


class VisitorFactory(DjangoModelFactory[models.Visitor]):
    class Meta:
        model = models.Visitor

    token_hash = factory.LazyFunction(lambda: tokens.issue()[1])
    first_seen_at = NOW
    last_seen_at = NOW


class SaleFactory(DjangoModelFactory[models.Sale]):
    class Meta:
        model = models.Sale

    source = "till:nyc"
    external_id = factory.Sequence(lambda number: f"order-{number}")
    channel = models.Sale.Channel.STORE
    store = factory.SubFactory(StoreFactory)
    currency = "USD"
    total = Decimal("5088.00")
    tax = Decimal("388.00")
    placed_at = NOW
    recorded_at = NOW


class SaleLineFactory(DjangoModelFactory[models.SaleLine]):
    class Meta:
        model = models.SaleLine

    sale = factory.SubFactory(SaleFactory)
    position = factory.Sequence(lambda number: number + 1)
    list_price = Decimal("4700.00")
    net_total = Decimal("4700.00")


class PaymentFactory(DjangoModelFactory[models.Payment]):
    class Meta:
        model = models.Payment

    source = "till:nyc"
    external_id = factory.Sequence(lambda number: f"payment-{number}")
    sale = factory.SubFactory(SaleFactory)
    status = models.Payment.Status.CAPTURED
    amount = factory.SelfAttribute("sale.total")
    tender = "card"
    paid_at = NOW
    recorded_at = NOW


class RefundFactory(DjangoModelFactory[models.Refund]):
    class Meta:
        model = models.Refund

    source = "till:nyc"
    external_id = factory.Sequence(lambda number: f"refund-{number}")
    sale = factory.SubFactory(SaleFactory)
    amount = Decimal("1000.00")
    refunded_at = NOW
    recorded_at = NOW


class EmailMessageFactory(DjangoModelFactory[models.EmailMessage]):
    class Meta:
        model = models.EmailMessage

    key = factory.Sequence(lambda number: f"mail:{number}")
    kind = "builder/design_saved"
    to = "ada@example.com"
    subject = "Your notes from Osmere"
    text = "It is all here.\n"
    html = "<p>It is all here.</p>"
    queued_at = NOW
    next_attempt_at = NOW
