"""What advocates and friends are thanked with: credit, which then lives in the ledger, and perks, which are reserved and consumed."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from jeweler.models import Customer, Sale, Store
from jeweler.models.sale import amount_field
from referrals.models.credit import CreditLot
from referrals.models.friends import Referral
from referrals.models.life import LifeReminder
from referrals.models.program import Milestone, Perk


class Reward(models.Model):
    """A thank-you: one for each referral, rule and beneficiary, and one for each milestone and advocate, ever."""

    class Beneficiary(models.TextChoices):
        ADVOCATE = "advocate", "The advocate"
        FRIEND = "friend", "The friend"
        GUEST = "guest", "A guest, on a day of her own"

    class Kind(models.TextChoices):
        CREDIT = "credit", "Store credit"
        PERK = "perk", "A perk"

    class State(models.TextChoices):
        ISSUED = "issued", "Given"
        REDEEMED = "redeemed", "Used"
        EXPIRED = "expired", "Ended unused"
        REVOKED = "revoked", "Taken back unused"
        CLAWED_BACK = "clawed_back", "Taken back"
        LOSS_RECORDED = "loss_recorded", "Used, and lost"

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="rewards")
    beneficiary = models.CharField(max_length=8, choices=Beneficiary)
    rule = models.CharField(max_length=40, help_text="credit, perk, milestone or occasion")
    referral = models.ForeignKey(
        Referral, on_delete=models.PROTECT, null=True, blank=True, related_name="rewards"
    )
    milestone = models.ForeignKey(
        Milestone, on_delete=models.PROTECT, null=True, blank=True, related_name="rewards"
    )
    reminder = models.OneToOneField(
        LifeReminder, on_delete=models.PROTECT, null=True, blank=True, related_name="reward"
    )
    kind = models.CharField(max_length=8, choices=Kind)
    perk = models.ForeignKey(
        Perk, on_delete=models.PROTECT, null=True, blank=True, related_name="rewards"
    )
    lot = models.OneToOneField(
        CreditLot, on_delete=models.PROTECT, null=True, blank=True, related_name="reward"
    )
    currency = models.CharField(max_length=3)
    face_value = amount_field()
    cost = amount_field(
        help_text="The perk's when it was given; of credit, what it is expected to cost"
    )
    loss = amount_field(default=0, help_text="What was used and could not be taken back")
    state = models.CharField(max_length=16, choices=State, default=State.ISSUED)
    reason = models.CharField(max_length=32, blank=True, default="")
    issued_at = models.DateTimeField()
    last_date = models.DateField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["referral", "rule", "beneficiary"],
                condition=Q(referral__isnull=False),
                name="reward_once",
            ),
            models.UniqueConstraint(
                fields=["milestone", "customer"],
                condition=Q(milestone__isnull=False) & ~Q(state="revoked"),
                name="reward_of_milestone_once",
            ),
            models.CheckConstraint(
                condition=Q(referral__isnull=False)
                | Q(milestone__isnull=False)
                | Q(reminder__isnull=False),
                name="reward_has_its_cause",
            ),
            models.CheckConstraint(
                condition=Q(kind="credit", perk=None, lot__isnull=False)
                | Q(kind="perk", perk__isnull=False, lot=None),
                name="reward_is_credit_or_perk",
            ),
        ]
        indexes = [models.Index(fields=["customer", "state"], name="reward_of_customer")]

    def __str__(self) -> str:
        return f"Reward {self.pk}"


class PerkUse(models.Model):
    """A perk that is reserved for a piece of work, then consumed when the work is done, or released."""

    class State(models.TextChoices):
        RESERVED = "reserved", "Reserved"
        CONSUMED = "consumed", "Done"
        RELEASED = "released", "Released"

    reward = models.ForeignKey(Reward, on_delete=models.PROTECT, related_name="uses")
    store = models.ForeignKey(Store, on_delete=models.PROTECT)
    sale = models.ForeignKey(Sale, on_delete=models.PROTECT, null=True, blank=True)
    monday = models.DateField(help_text="The workshop's week that it counts in")
    bench_minutes = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=8, choices=State, default=State.RESERVED)
    reserved_at = models.DateTimeField()
    reserved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["reward"],
                condition=Q(state__in=["reserved", "consumed"]),
                name="perk_used_once",
            ),
            models.CheckConstraint(
                condition=Q(state="reserved", closed_at=None)
                | (~Q(state="reserved") & Q(closed_at__isnull=False)),
                name="perk_use_closed_says_when",
            ),
        ]
        indexes = [models.Index(fields=["store", "monday"], name="perk_use_week")]

    def __str__(self) -> str:
        return f"Use of reward {self.reward_id}"
