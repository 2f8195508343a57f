"""What registers counted at their closing, and whether it agrees with the books, day by day and store by store."""

from decimal import Decimal

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from jeweler.models import Store
from jeweler.models.sale import amount_field
from pos_bridge.models.connections import Connection


class RegisterClosure(models.Model):
    """One session of one register: what it took less what it gave back, as it said itself."""

    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="closures")
    external_id = models.CharField(max_length=128)
    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="+")
    register = models.CharField(max_length=100, blank=True)
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField()
    currency = models.CharField(max_length=3)
    tenders = models.JSONField(help_text="By tender, decimals in text")
    is_counted_whole = models.BooleanField(
        default=True, help_text="It names every tender; else only those that it names are compared"
    )
    kept_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["connection", "external_id"], name="closure_once"),
            models.CheckConstraint(
                condition=Q(closed_at__gt=F("opened_at")), name="closure_ends_after_its_beginning"
            ),
        ]
        indexes = [models.Index(fields=["store", "opened_at"], name="closure_of_day")]

    def __str__(self) -> str:
        return f"{self.register or 'register'} {self.external_id}"


class ReconciliationRun(models.Model):
    """One store's day at one till: the register's word beside the books'. Repeated until the two agree."""

    class State(models.TextChoices):
        OPEN = "open", "No register has closed yet"
        BALANCED = "balanced", "To the cent"
        DIFFERS = "differs", "Differs"
        SETTLED = "settled", "Differs, and somebody said why"

    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="runs")
    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="+")
    day_date = models.DateField(
        help_text="By the store's clock; a session belongs to its opening's"
    )
    state = models.CharField(max_length=8, choices=State)
    currency = models.CharField(max_length=3)
    theirs = amount_field(default=0)
    ours = amount_field(default=0)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True, blank=True)
    compared_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["connection", "store", "day_date"], name="reconciled_once_a_day"
            ),
            # Tolerance is nothing: a cent is a difference.
            models.CheckConstraint(
                condition=~Q(state="balanced") | Q(theirs=F("ours")), name="balanced_to_the_cent"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.store} on {self.day_date}"

    @property
    def difference(self) -> Decimal:
        """What the registers took beyond what the books know of."""
        apart: Decimal = self.theirs - self.ours
        return apart


class Discrepancy(models.Model):
    """One thing in which a day differs, named, until it is gone or somebody settles it."""

    class Kind(models.TextChoices):
        MISSING_HERE = "missing_here", "Came, but is not in the books"
        MISSING_THERE = "missing_there", "In the books, but the till does not know it"
        AMOUNT = "amount", "The amounts differ"
        TENDER = "tender", "A tender differs"
        OTHER_DAY = "other_day", "Was taken while no register was open"

    run = models.ForeignKey(ReconciliationRun, on_delete=models.CASCADE, related_name="found")
    kind = models.CharField(max_length=16, choices=Kind)
    subject = models.CharField(max_length=128, help_text="A sale's id at the till, or a tender")
    theirs = amount_field(null=True, blank=True)
    ours = amount_field(null=True, blank=True)
    detail = models.CharField(max_length=500, help_text="What it is, and what to do")
    found_at = models.DateTimeField()
    gone_at = models.DateTimeField(null=True, blank=True)
    settled_at = models.DateTimeField(null=True, blank=True)
    settled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    settled_because = models.CharField(max_length=500, blank=True)

    class Meta:
        verbose_name_plural = "discrepancies"
        constraints = [
            models.UniqueConstraint(fields=["run", "kind", "subject"], name="discrepancy_once"),
            models.CheckConstraint(
                condition=Q(settled_at=None) | Q(settled_by__isnull=False) & ~Q(settled_because=""),
                name="settled_by_somebody_and_why",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject}"
