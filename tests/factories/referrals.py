"""Advocates, and customers with credit."""

from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import count

import factory
from factory.django import DjangoModelFactory

from jeweler.models import Customer, Store
from referrals import codes, credit, full_price, models
from tests.factories.jeweler import NOW, CustomerFactory

_numbers = count(1)
LONG_AGO = datetime(2024, 1, 1, tzinfo=UTC)


class AdvocateFactory(DjangoModelFactory[models.Advocate]):
    class Meta:
        model = models.Advocate

    customer = factory.SubFactory(CustomerFactory)
    code = factory.LazyFunction(codes.new)
    joined_at = NOW


def grant(
    customer: Customer, amount: str | Decimal = "50.00", *, currency: str = "USD",
    last_date: date | None = None, key: str = "", pays_debt: bool = False, now: object = NOW,
) -> models.CreditLot:  # fmt: skip
    return credit.grant(
        customer=customer, amount=Decimal(amount), currency=currency, last_date=last_date,
        reason="A friend of hers bought", key=key or f"test:{next(_numbers)}", pays_debt=pays_debt,
        now=now,  # type: ignore[arg-type]
    )  # fmt: skip


def ring(price: str = "1800.00", net: str = "", kind: str = "merchandise") -> full_price.Asked:
    return full_price.Asked(kind=kind, list_price=Decimal(price), net_total=Decimal(net or price))


def hold(
    customer: Customer, amount: str | Decimal = "50.00", *, store: Store | None = None,
    currency: str = "USD", sale: str = "T-1", now: object = NOW,
) -> models.CreditHold:  # fmt: skip
    return credit.hold(
        customer=customer, amount=Decimal(amount), currency=currency, sale_reference=sale,
        lines=[ring()], store=store, now=now,  # type: ignore[arg-type]
    )  # fmt: skip


class PerkFactory(DjangoModelFactory[models.Perk]):
    class Meta:
        model = models.Perk
        django_get_or_create = ("code",)

    code = "engraving"
    name = factory.LazyAttribute(lambda perk: perk.code.capitalize())
    kind = models.Perk.Kind.ENGRAVING
    face_value = Decimal(95)
    cost = Decimal(22)
    currency = "GBP"


def a_program(*, currency: str = "GBP", **terms: object) -> models.Program:
    """The house's program with the terms of the scenarios; `terms` changes them, with `reward_amount`, `percent`, `most`."""
    amounts = {
        "reward": terms.pop("reward_amount", Decimal(100)),
        "percent": terms.pop("percent", 0),
        "most": terms.pop("most", None),
    }
    program = models.Program.objects.create(code="house", name="Friends", begins_at=LONG_AGO)
    version = models.Terms.objects.create(
        program=program, version=1, in_force_from=LONG_AGO, created_at=LONG_AGO,
        friend_perk=PerkFactory(), disclosure="I may receive a thank-you if you buy.", **terms,
    )  # fmt: skip
    models.TermsAmount.objects.create(
        terms=version, currency=currency, minimum=Decimal(500), **amounts
    )
    return program
