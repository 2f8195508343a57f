"""Tickets that are rung up at the counter, what was done to each, and what was counted at the day's end."""

import uuid

from django.db import models
from django.db.models import F, Q

from builder.models import Design
from jeweler.models import Customer, Sale, SaleLine, StaffMember, Store
from jeweler.models.sale import amount_field


class Tender(models.TextChoices):
    """How money is taken or given back."""

    CARD = "card", "Card, on the terminal"
    CASH = "cash", "Cash"
    WIRE = "wire", "Wire"
    CHECK = "check", "Check"
    STORE_CREDIT = "store_credit", "Store credit"


class CounterTicket(models.Model):
    """A sale in the making. The sale itself begins with the first money; from then on the ticket only says how it is changed."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    key = models.CharField(max_length=64, unique=True, help_text="Of the form that began it")
    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="+")
    customer = models.ForeignKey(
        Customer, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    begun_by = models.ForeignKey(StaffMember, on_delete=models.PROTECT, related_name="+")
    begun_at = models.DateTimeField()
    currency = models.CharField(max_length=3)
    discount = amount_field(default=0, help_text="Off the whole, as the store tells prices")
    discount_reason = models.CharField(max_length=200, blank=True)
    typed_tax = amount_field(
        default=0, help_text="Where the store has no rate: what the associate worked out"
    )
    rounding = amount_field(default=0, help_text="Where cash has no coin for the last digit")
    version = models.PositiveIntegerField(default=0, help_text="Of its sale's report")
    called_off_at = models.DateTimeField(null=True, blank=True)
    sale = models.OneToOneField(
        Sale, on_delete=models.PROTECT, null=True, blank=True, related_name="ticket"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(discount=0) | (Q(discount__gt=0) & ~Q(discount_reason="")),
                name="ticket_discount_has_a_reason",
            ),
            models.CheckConstraint(condition=Q(typed_tax__gte=0), name="ticket_tax_is_sane"),
        ]
        indexes = [
            # The list of open tickets asks for these of one store.
            models.Index(
                fields=["store", "begun_at"], name="ticket_open", condition=Q(called_off_at=None)
            )
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def number(self) -> str:
        """What stands on the receipt and is said on the phone."""
        return f"{self.store.code.upper()}-T{self.pk:05d}"


class CounterLine(models.Model):
    """A position as it was rung up. `price` is each, as the store tells prices."""

    ticket = models.ForeignKey(CounterTicket, on_delete=models.CASCADE, related_name="lines")
    kind = models.CharField(max_length=16, choices=SaleLine.Kind)
    description = models.CharField(max_length=200)
    quantity = models.PositiveSmallIntegerField(default=1)
    price = amount_field()
    is_taxed = models.BooleanField(default=True)
    design = models.ForeignKey(
        Design, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    report_number = models.CharField(max_length=32, blank=True, help_text="The stone's grading")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(price__gte=0, quantity__gt=0), name="counter_line_is_sane"
            )
        ]

    def __str__(self) -> str:
        return self.description


class CounterAct(models.Model):
    """What somebody did to a ticket, once per form. Nothing of it is ever changed."""

    class Kind(models.TextChoices):
        LINES = "lines", "Rang up"
        REMOVED = "removed", "Took off"
        DISCOUNT = "discount", "Took off the price"
        TAX = "tax", "Tax"
        CUSTOMER = "customer", "Customer"
        TAKEN = "taken", "Took"
        VOIDED = "voided", "Voided"
        REFUNDED = "refunded", "Gave back"
        HANDED_OVER = "handed_over", "Handed over"
        CALLED_OFF = "called_off", "Called off"
        MAILED = "mailed", "Mailed the receipt"
        CREDIT_KEPT = "credit_kept", "Kept her credit"
        FRIEND = "friend", "Who sent her"
        CREDIT_FREED = "credit_freed", "Set her credit free"

    ticket = models.ForeignKey(CounterTicket, on_delete=models.CASCADE, related_name="acts")
    key = models.CharField(max_length=64, help_text="Of the form that was sent")
    kind = models.CharField(max_length=12, choices=Kind)
    by = models.ForeignKey(StaffMember, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    tender = models.CharField(max_length=16, choices=Tender, blank=True)
    amount = amount_field(null=True, blank=True)
    said = models.CharField(max_length=240, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["ticket", "key"], name="counter_act_once"),
            models.CheckConstraint(
                condition=~Q(kind__in=["taken", "voided", "refunded"])
                | (Q(amount__gt=0) & ~Q(tender="")),
                name="counter_act_of_money_says_how_much",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.said}".strip()


class DrawerCount(models.Model):
    """One tender of one store's day, as the facts expect it and as it was counted. The newest count of a day stands."""

    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="+")
    day_date = models.DateField(help_text="By the store's clock")
    key = models.CharField(max_length=64, help_text="Of the form that was sent")
    tender = models.CharField(max_length=32)
    currency = models.CharField(max_length=3)
    expected = amount_field()
    counted = amount_field()
    why = models.CharField(max_length=200, blank=True, help_text="It differs")
    counted_by = models.ForeignKey(StaffMember, on_delete=models.PROTECT, related_name="+")
    counted_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["store", "key", "tender"], name="drawer_counted_once"),
            models.CheckConstraint(
                condition=Q(counted=F("expected")) | ~Q(why=""), name="drawer_difference_has_a_why"
            ),
        ]
        indexes = [models.Index(fields=["store", "day_date"], name="drawer_of_day")]

    def __str__(self) -> str:
        return f"{self.tender} of {self.day_date}"

    @property
    def difference(self) -> object:
        return self.counted - self.expected
