"""What the house promises to whoever brings a friend: terms that are never changed, campaigns in time, and perks.

A referral is judged by the terms that were in force when it was locked, for good. Changing them is writing a new version; the
database refuses to change or delete one (a trigger, see 0005).
"""

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q

from jeweler.models import Store
from jeweler.models.sale import amount_field


class Perk(models.Model):
    """Something other than money that a guest may be thanked with. `cost` is the house's own, `face_value` its real list price."""

    class Kind(models.TextChoices):
        ENGRAVING = "engraving", "Engraving"
        CLEANING = "cleaning", "Cleaning and inspection"
        RESIZING = "resizing", "Resizing"
        POLISHING = "polishing", "Polishing"
        WARRANTY = "warranty", "Extended warranty"
        PRIORITY_REPAIR = "priority_repair", "Priority repair"
        EARLY_ACCESS = "early_access", "Early access"
        PRIVATE_VIEWING = "private_viewing", "Private viewing"

    code = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=80, help_text="As a guest reads it")
    kind = models.CharField(max_length=16, choices=Kind)
    face_value = amount_field(help_text="What the house asks for it; 0 where it is not sold")
    cost = amount_field(help_text="What it costs the house: materials, and the bench's time")
    currency = models.CharField(max_length=3)
    bench_minutes = models.PositiveSmallIntegerField(
        default=0, help_text="Of the workshop's week; 0 for what needs no bench"
    )
    valid_days = models.PositiveSmallIntegerField(
        default=365, help_text="It can be asked for until that many days after it was given"
    )
    is_offered = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(face_value__gte=0, cost__gte=0), name="perk_amounts_are_sane"
            )
        ]

    def __str__(self) -> str:
        return self.name


class Program(models.Model):
    """A standing offer to those who bring friends."""

    code = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=80)
    begins_at = models.DateTimeField()
    paused_at = models.DateTimeField(
        null=True,
        blank=True,
        help_text="From then on nobody is locked anew; who is locked stays so",
    )
    goods_percent = models.DecimalField(
        max_digits=5,
        decimal_places=2,
        default=50,
        help_text="What goods cost the house, of their price: credit is counted at that, not at its face",
    )
    holdout_percent = models.PositiveSmallIntegerField(
        default=10,
        validators=[MaxValueValidator(50)],
        help_text="Of the customers, chosen by lot, are not invited: what the program adds is seen beside them",
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(holdout_percent__lte=50), name="program_holdout_is_a_minority"
            ),
            models.CheckConstraint(
                condition=Q(goods_percent__gte=0, goods_percent__lte=100),
                name="program_goods_cost_a_share",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Terms(models.Model):
    """A version of a program's terms. Never changed, never deleted."""

    class Reward(models.TextChoices):
        FIXED = "fixed", "A fixed amount"
        PERCENT = "percent", "A share of the purchase"

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="terms")
    version = models.PositiveIntegerField()
    in_force_from = models.DateTimeField()
    click_days = models.PositiveSmallIntegerField(
        default=90, help_text="From the first touch to knowing who she is; the last day counts"
    )
    lock_days = models.PositiveSmallIntegerField(
        default=365, help_text="From then to her order; the last day counts"
    )
    return_days = models.PositiveSmallIntegerField(
        default=30, help_text="After the final payment and the hand-over, whichever is later"
    )
    review_days = models.PositiveSmallIntegerField(
        default=7, help_text="After which a held reward is escalated; it is never let go by waiting"
    )
    credit_days = models.PositiveSmallIntegerField(default=365)
    cap = models.PositiveSmallIntegerField(
        default=5, validators=[MinValueValidator(1)], help_text="Rewards for one advocate …"
    )
    cap_days = models.PositiveSmallIntegerField(default=365, help_text="… in so many days")
    reward = models.CharField(max_length=8, choices=Reward, default=Reward.FIXED)
    friend_perk = models.ForeignKey(
        Perk, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    disclosure = models.CharField(
        max_length=200,
        help_text="What stands under every word that is passed on: that the sender may be thanked",
    )
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        verbose_name_plural = "terms"
        constraints = [
            models.UniqueConstraint(fields=["program", "version"], name="terms_version_once"),
            models.UniqueConstraint(fields=["program", "in_force_from"], name="terms_begin_once"),
            models.CheckConstraint(condition=Q(cap__gte=1), name="terms_cap_allows_one"),
        ]

    def __str__(self) -> str:
        return f"{self.program}, terms {self.version}"


class TermsAmount(models.Model):
    """The amounts of these terms in one currency; a purchase in a currency without a row earns nothing. Never changed."""

    terms = models.ForeignKey(Terms, on_delete=models.PROTECT, related_name="amounts")
    currency = models.CharField(max_length=3)
    minimum = amount_field(help_text="Of merchandise, paid with new money")
    reward = amount_field(default=0, help_text="Where the reward is a fixed amount")
    percent = models.DecimalField(
        max_digits=5, decimal_places=2, default=0, help_text="Where it is a share of the purchase"
    )
    most = amount_field(null=True, blank=True, help_text="A share is never more than this")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["terms", "currency"], name="terms_amount_once"),
            models.CheckConstraint(
                condition=Q(minimum__gte=0, reward__gte=0, percent__gte=0, percent__lte=50)
                & (Q(most=None) | Q(most__gt=0)),
                name="terms_amounts_are_sane",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.terms} in {self.currency}"


class Campaign(models.Model):
    """A season in which more friends bring more. Orders count by the day they were placed."""

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="campaigns")
    name = models.CharField(max_length=80)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(help_text="No longer in it from then on")
    settles_until = models.DateTimeField(
        help_text="A referral that qualifies before then still counts, if its order was placed in time"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at"), settles_until__gte=F("ends_at")),
                name="campaign_ends_after_it_starts",
            )
        ]

    def __str__(self) -> str:
        return self.name


class Milestone(models.Model):
    """What so many qualified friends in a campaign bring the advocate."""

    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="milestones")
    count = models.PositiveSmallIntegerField(validators=[MinValueValidator(1)])
    perk = models.ForeignKey(Perk, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["campaign", "count"]
        constraints = [
            models.UniqueConstraint(fields=["campaign", "count"], name="milestone_once"),
            models.CheckConstraint(condition=Q(count__gte=1), name="milestone_needs_a_friend"),
        ]

    def __str__(self) -> str:
        return f"{self.campaign}: {self.count} → {self.perk}"


class BenchWeek(models.Model):
    """How many minutes a store's workshop gives to perks in a week; `monday` empty says of every week without a row."""

    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="bench_weeks")
    monday = models.DateField(null=True, blank=True)
    minutes = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["store", "monday"], nulls_distinct=False, name="bench_week_once"
            ),
            models.CheckConstraint(
                condition=Q(monday=None) | Q(monday__iso_week_day=1), name="bench_week_is_a_monday"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.store}: {self.minutes} minutes"
