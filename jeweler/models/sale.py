"""What the tills and the web shop reported, as facts with natural keys.

A fact is keyed by who reported it (`source`, such as `till:nyc` or `web`) and by its id there, so the
same report twice is one row, and facts of one sale may arrive in any order. Amounts are in major
units of the sale's currency; refunds are positive amounts that lessen it. What a sale is worth, owes or has
been paid is always added up from the facts, never stored.
"""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from jeweler.models.customer import Customer
from jeweler.models.store import Store


def amount_field(**kwargs: Any) -> "models.DecimalField[Any, Any]":
    """Three decimals, for the currencies that have them."""
    return models.DecimalField(max_digits=14, decimal_places=3, **kwargs)


class Sale(models.Model):
    """An order at a till or in the web shop."""

    class Channel(models.TextChoices):
        STORE = "store", "In a store"
        WEB = "web", "Online"

    source = models.CharField(max_length=64)
    external_id = models.CharField(max_length=128)
    version = models.BigIntegerField(
        default=0, help_text="Of the source's snapshot; an older one never overwrites a newer one"
    )
    channel = models.CharField(max_length=8, choices=Channel)
    store = models.ForeignKey(Store, on_delete=models.PROTECT, null=True, blank=True)
    number = models.CharField(max_length=64, blank=True, help_text="The ticket's own number")
    customer = models.ForeignKey(
        Customer, on_delete=models.SET_NULL, null=True, blank=True, related_name="sales"
    )
    currency = models.CharField(max_length=3)
    total = amount_field(help_text="With tax, after discounts")
    tax = amount_field(default=0)
    placed_at = models.DateTimeField()
    handed_over_at = models.DateTimeField(null=True, blank=True)
    voided_at = models.DateTimeField(null=True, blank=True)
    note = models.TextField(blank=True)
    codes = models.JSONField(
        default=list,
        blank=True,
        db_default=[],
        help_text="Typed for a discount, as they were typed",
    )
    buyer_external_id = models.CharField(
        max_length=128, blank=True, default="", db_default="", help_text="The source's own for her"
    )
    sold_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+",
        help_text="Whose log-in rang it up; empty where a till does not say",
    )  # fmt: skip
    recorded_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source", "external_id"], name="sale_natural_key"),
            models.CheckConstraint(
                condition=Q(channel="web") | Q(store__isnull=False), name="sale_in_store_has_store"
            ),
            models.CheckConstraint(
                condition=Q(tax__gte=0, total__gte=F("tax")),
                name="sale_amounts_are_sane",
            ),
        ]
        indexes = [
            models.Index(fields=["placed_at"], name="sale_placed_at"),
            # Whoever learns who a till's customer is asks for what she bought before.
            models.Index(
                fields=["source", "buyer_external_id"],
                name="sale_buyer",
                condition=~Q(buyer_external_id=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.number or self.external_id}"


class SaleLine(models.Model):
    """One position of a sale. Only merchandise earns credit and rewards."""

    class Kind(models.TextChoices):
        MERCHANDISE = "merchandise", "Merchandise"
        SERVICE = "service", "Repair or service"
        GIFT_CARD = "gift_card", "Gift card"
        SHIPPING = "shipping", "Shipping"

    sale = models.ForeignKey(Sale, on_delete=models.CASCADE, related_name="lines")
    position = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=16, choices=Kind, default=Kind.MERCHANDISE)
    sku = models.CharField(max_length=64, blank=True)
    description = models.CharField(max_length=200, blank=True)
    quantity = models.PositiveIntegerField(default=1)
    list_price = amount_field(help_text="Each, before discounts, without tax")
    net_total = amount_field(help_text="Of the line, after discounts, without tax")
    design_code = models.CharField(max_length=16, blank=True)
    report_number = models.CharField(max_length=32, blank=True, help_text="The stone's grading")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["sale", "position"], name="sale_line_position_once")
        ]

    def __str__(self) -> str:
        return f"{self.sale_id}/{self.position} {self.description}"


class Payment(models.Model):
    """Money taken: a deposit, a balance, or the whole."""

    class Status(models.TextChoices):
        AUTHORIZED = "authorized", "Authorized"
        CAPTURED = "captured", "Captured"
        VOIDED = "voided", "Voided"

    source = models.CharField(max_length=64)
    external_id = models.CharField(max_length=128)
    sale = models.ForeignKey(Sale, on_delete=models.PROTECT, related_name="payments")
    status = models.CharField(max_length=16, choices=Status)
    amount = amount_field()
    tender = models.CharField(max_length=32, help_text="card, cash, wire, store_credit")
    reference = models.CharField(
        max_length=64, blank=True, help_text="What the tender rests on: credit_hold:<id>"
    )
    card_hash = models.CharField(
        max_length=64, blank=True, default="", db_default="",
        help_text="A keyed hash of the processor's mark of the card, where the till gives one",
    )  # fmt: skip
    paid_at = models.DateTimeField()
    recorded_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source", "external_id"], name="payment_natural_key"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="payment_is_positive"),
        ]
        indexes = [
            # Whether two people paid with one card is asked before a reward is given.
            models.Index(fields=["card_hash"], name="payment_card", condition=~Q(card_hash=""))
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.external_id}"


class Refund(models.Model):
    """Money given back."""

    source = models.CharField(max_length=64)
    external_id = models.CharField(max_length=128)
    sale = models.ForeignKey(Sale, on_delete=models.PROTECT, related_name="refunds")
    amount = amount_field(help_text="With tax")
    tax = amount_field(default=0)
    tender = models.CharField(
        max_length=32, blank=True, help_text="How it was given back, where the till says so"
    )
    reason = models.CharField(max_length=200, blank=True)
    refunded_at = models.DateTimeField()
    recorded_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source", "external_id"], name="refund_natural_key"),
            models.CheckConstraint(
                condition=Q(amount__gt=0, tax__gte=0) & Q(amount__gte=F("tax")),
                name="refund_amounts_are_sane",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.external_id}"


class SaleEvidence(models.Model):
    """What ties a sale to a person: kept with its grade, so that a wrong tie can be seen and undone."""

    class Kind(models.TextChoices):
        EMAIL = "email", "E-mail at the till"
        PHONE = "phone", "Phone at the till"
        DESIGN_CODE = "design_code", "Design code on the ticket"
        REPORT_NUMBER = "report_number", "The very stone she saved"
        LOOKUP = "lookup", "Her design was opened in that store"
        APPOINTMENT = "appointment", "She had a visit there"
        TILL_CUSTOMER = "till_customer", "The till's own customer"

    sale = models.ForeignKey(Sale, on_delete=models.CASCADE, related_name="evidence")
    kind = models.CharField(max_length=16, choices=Kind)
    value = models.CharField(max_length=254)
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="+")
    grade = models.CharField(max_length=1, help_text="A proves it alone, D only together")
    found_at = models.DateTimeField()

    class Meta:
        verbose_name = "evidence"
        verbose_name_plural = "evidence"
        constraints = [
            models.UniqueConstraint(
                fields=["sale", "kind", "value", "customer"], name="sale_evidence_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.sale_id}: {self.kind} {self.value}"
