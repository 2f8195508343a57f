"""The store-credit ledger: what the house owes its customers, in entries that are never changed.

An entry moves an amount from one bucket to another, so that an entry which does not balance cannot be written. The buckets of
all entries of a lot sum to zero; a lot's `available`, `held` and `spent` and an account's `owed` repeat that sum, and are kept by
a trigger on the entries alone (see 0003): nothing else may change them, and a constraint refuses what would go below zero.
"""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from jeweler.models import Customer, Payment, Store
from jeweler.models.sale import amount_field


class CreditAccount(models.Model):
    """A customer's credit in one currency. Its row's lock makes whoever spends from it wait for each other."""

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="credit_accounts")
    currency = models.CharField(max_length=3)
    owed = amount_field(
        default=0, help_text="What was taken back after it was spent: paid by her next rewards"
    )
    blocked_at = models.DateTimeField(
        null=True, blank=True, help_text="Since then nothing is held: its balances differ"
    )
    blocked_because = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["customer", "currency"], name="credit_account_once"),
            models.CheckConstraint(condition=Q(owed__gte=0), name="credit_debt_is_no_credit"),
            models.CheckConstraint(
                condition=Q(blocked_at=None, blocked_because="")
                | (Q(blocked_at__isnull=False) & ~Q(blocked_because="")),
                name="credit_account_blocked_says_why",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.currency} credit of customer {self.customer_id}"


class CreditLot(models.Model):
    """Credit that was granted at one time, with its own last day. The lot that ends first is spent first."""

    account = models.ForeignKey(CreditAccount, on_delete=models.PROTECT, related_name="lots")
    face = amount_field(help_text="As it was granted")
    available = amount_field(default=0)
    held = amount_field(default=0)
    spent = amount_field(default=0)
    last_date = models.DateField(
        null=True, blank=True, help_text="It can be spent until that day ends by the house's clock"
    )
    granted_at = models.DateTimeField()
    reversed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(face__gt=0, available__gte=0, held__gte=0, spent__gte=0),
                name="credit_lot_is_never_below_zero",
            ),
            models.CheckConstraint(
                condition=Q(face__gte=F("available") + F("held") + F("spent")),
                name="credit_lot_is_within_its_face",
            ),
        ]
        indexes = [
            # The sweep asks for what has ended and is still there.
            models.Index(
                fields=["last_date"], condition=Q(available__gt=0), name="credit_lot_ending"
            )
        ]

    def __str__(self) -> str:
        return f"Lot {self.pk} of {self.face}"


class CreditHold(models.Model):
    """Credit that is kept for one sale until it is captured, released, or its time has run out."""

    class State(models.TextChoices):
        HELD = "held", "Held"
        CAPTURED = "captured", "Captured"
        RELEASED = "released", "Released"
        LAPSED = "lapsed", "Ran out"
        RETURNED = "returned", "Given back by a manager"

    uid = models.UUIDField(unique=True, default=uuid.uuid4)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="credit_holds")
    currency = models.CharField(max_length=3)
    amount = amount_field()
    store = models.ForeignKey(Store, on_delete=models.PROTECT, null=True, blank=True)
    sale_reference = models.CharField(max_length=128, help_text="The ticket, in the till's words")
    state = models.CharField(max_length=8, choices=State, default=State.HELD)
    held_at = models.DateTimeField()
    lapses_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)
    captured_amount = amount_field(default=0)
    payment = models.OneToOneField(
        Payment,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="credit_hold",
        help_text="The tender that it paid, once its till has reported it",
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(amount__gt=0, captured_amount__gte=0)
                & Q(amount__gte=F("captured_amount")),
                name="credit_hold_amounts_are_sane",
            ),
            models.CheckConstraint(
                condition=Q(state="captured", captured_amount__gt=0)
                | (~Q(state="captured") & Q(captured_amount=0)),
                name="credit_hold_captured_says_how_much",
            ),
            models.CheckConstraint(
                condition=Q(state="held", closed_at=None)
                | (~Q(state="held") & Q(closed_at__isnull=False)),
                name="credit_hold_closed_says_when",
            ),
        ]
        indexes = [
            models.Index(fields=["lapses_at"], condition=Q(state="held"), name="credit_hold_lapse")
        ]

    def __str__(self) -> str:
        return f"Hold {self.uid}"


class CreditTransaction(models.Model):
    """Entries that were made together, once for their key. Never changed, never deleted (a trigger, see 0003)."""

    class Kind(models.TextChoices):
        GRANT = "grant", "Granted"
        HOLD = "hold", "Held"
        CAPTURE = "capture", "Captured"
        RELEASE = "release", "Released"
        GIVE_BACK = "give_back", "Given back"
        EXPIRE = "expire", "Ended"
        REVERSE = "reverse", "Taken back"

    key = models.CharField(max_length=200, unique=True)
    kind = models.CharField(max_length=12, choices=Kind)
    at = models.DateTimeField()
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    reason = models.CharField(max_length=200, blank=True)
    hold = models.ForeignKey(
        CreditHold, on_delete=models.PROTECT, null=True, blank=True, related_name="transactions"
    )
    reverses = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="reversed_by"
    )

    def __str__(self) -> str:
        return self.key


class CreditEntry(models.Model):
    """An amount that left one bucket of a lot and came into another. Never changed, never deleted."""

    class Bucket(models.TextChoices):
        ISSUED = "issued", "Issued by the house"
        AVAILABLE = "available", "Available"
        HELD = "held", "Held"
        SPENT = "spent", "Spent"
        ENDED = "ended", "Ended unspent"
        OWED = "owed", "Owed by the customer"

    transaction = models.ForeignKey(
        CreditTransaction, on_delete=models.PROTECT, related_name="entries"
    )
    lot = models.ForeignKey(CreditLot, on_delete=models.PROTECT, related_name="entries")
    source = models.CharField(max_length=12, choices=Bucket)
    target = models.CharField(max_length=12, choices=Bucket)
    amount = amount_field()

    class Meta:
        verbose_name_plural = "credit entries"
        constraints = [
            models.CheckConstraint(
                condition=Q(amount__gt=0) & ~Q(source=F("target")), name="credit_entry_moves"
            )
        ]

    def __str__(self) -> str:
        return f"{self.amount} from {self.source} to {self.target}"


class CreditMismatch(models.Model):
    """A payment by store credit that no hold covers. The sale is booked, her credit is untouched, a manager decides."""

    class Reason(models.TextChoices):
        NO_HOLD = "no_hold", "It names no hold"
        UNKNOWN_HOLD = "unknown_hold", "There is no such hold"
        OTHER_CUSTOMER = "other_customer", "The hold is another customer's"
        OTHER_CURRENCY = "other_currency", "The hold is in another currency"
        OTHER_SALE = "other_sale", "The hold is for another sale"
        OTHER_AMOUNT = "other_amount", "The hold is of another amount"
        HOLD_CLOSED = "hold_closed", "The hold was released, or ran out"
        HOLD_USED = "hold_used", "The hold paid for something else"
        NOT_FULL_PRICE = "not_full_price", "The sale has too little at full price"

    payment = models.OneToOneField(
        Payment, on_delete=models.PROTECT, related_name="credit_mismatch"
    )
    reason = models.CharField(max_length=16, choices=Reason)
    hold = models.ForeignKey(
        CreditHold, on_delete=models.PROTECT, null=True, blank=True, related_name="mismatches"
    )
    found_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True, blank=True)
    settled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        verbose_name = "payment without its credit"
        verbose_name_plural = "payments without their credit"

    def __str__(self) -> str:
        return f"Payment {self.payment_id}: {self.get_reason_display().lower()}"
