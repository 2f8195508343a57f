"""Custom orders: what was agreed, in which parts it is paid, and what she has to look at before it is made."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from builder.models import Design, DesignVersion
from jeweler.models import Customer, Sale, Store
from jeweler.models.sale import amount_field


class Invoice(models.Model):
    """An order that is quoted, made and paid in parts. What it asks for never changes once it was sent."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    link_version = models.PositiveSmallIntegerField(
        default=1, help_text="Of its link; raised to end the links that are out"
    )
    customer = models.ForeignKey(
        Customer, on_delete=models.SET_NULL, null=True, related_name="invoices"
    )
    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="+")
    design = models.ForeignKey(Design, on_delete=models.PROTECT, related_name="invoices")
    version = models.ForeignKey(DesignVersion, on_delete=models.PROTECT, related_name="+")
    currency = models.CharField(max_length=3)
    total = amount_field(help_text="With tax")
    tax = amount_field(default=0)
    lines = models.JSONField(
        help_text="As they go on the sale: [{description, list_price, net_total, …}], amounts as strings"
    )
    note = models.TextField(blank=True, help_text="To her")
    code = models.CharField(max_length=32, blank=True, help_text="A friend's, as she typed it")
    written_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    written_at = models.DateTimeField()
    good_until_date = models.DateField(help_text="Not begun by then, it is no longer offered")
    cancelled_at = models.DateTimeField(null=True, blank=True)
    sale = models.OneToOneField(
        Sale, on_delete=models.PROTECT, null=True, blank=True, related_name="invoice"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(tax__gte=0, total__gt=0, total__gte=F("tax")),
                name="invoice_amounts_are_sane",
            ),
            models.CheckConstraint(
                condition=Q(sale__isnull=True) | Q(cancelled_at__isnull=True),
                name="invoice_with_a_sale_is_not_cancelled",
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def number(self) -> str:
        """What stands on it and is said on the phone."""
        return f"{self.store.code.upper()}-{self.pk:05d}"


class InvoiceStage(models.Model):
    """Something she looks at and approves before the work goes on: the drawing, the stone, the wax."""

    class Answer(models.TextChoices):
        APPROVED = "approved", "Approved"
        CHANGES = "changes", "Changes wished"

    invoice = models.ForeignKey(Invoice, on_delete=models.CASCADE, related_name="stages")
    position = models.PositiveSmallIntegerField()
    title = models.CharField(max_length=60)
    words = models.CharField(max_length=500, blank=True, help_text="What she is shown, in words")
    picture = models.ImageField(upload_to="invoices/%Y/%m", blank=True)
    shown_at = models.DateTimeField(null=True, blank=True)
    answer = models.CharField(max_length=8, choices=Answer, blank=True)
    answer_note = models.CharField(max_length=500, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["invoice", "position"], name="invoice_stage_once"),
            models.CheckConstraint(
                condition=Q(answer="", answered_at__isnull=True)
                | (~Q(answer="") & Q(answered_at__isnull=False, shown_at__isnull=False)),
                name="invoice_stage_answered_after_shown",
            ),
        ]

    def __str__(self) -> str:
        return self.title


class InvoicePart(models.Model):
    """A part of the price, in the order in which they are paid. One after a stage waits for its approval."""

    invoice = models.ForeignKey(Invoice, on_delete=models.CASCADE, related_name="parts")
    position = models.PositiveSmallIntegerField()
    title = models.CharField(max_length=60)
    amount = amount_field()
    after = models.ForeignKey(
        InvoiceStage, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["invoice", "position"], name="invoice_part_once"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="invoice_part_is_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.title}, {self.amount}"


class Checkout(models.Model):
    """A payment page at the payment provider, opened for one part. What was paid there comes through the inbox."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    part = models.ForeignKey(InvoicePart, on_delete=models.CASCADE, related_name="checkouts")
    amount = amount_field()
    began_at = models.DateTimeField()
    session_id = models.CharField(max_length=128, blank=True)
    address = models.URLField(max_length=1000, blank=True)
    ends_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.session_id or str(self.uid)
