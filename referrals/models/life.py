"""Days of a guest's own life of which she asked to be reminded, and what the house then has for her.

Each row is her consent: when she gave it, where, and to what. Stopping one is a moment in its row; nothing is asked twice.
"""

from django.conf import settings
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import Q

from builder.models import Band, Design
from jeweler.models import Customer, EmailMessage, Store
from referrals.models.program import Perk, Program


class Occasion(models.TextChoices):
    WEDDING = "wedding", "A wedding"
    ANNIVERSARY = "anniversary", "An anniversary"
    BIRTH = "birth", "A birth"
    UPGRADE = "upgrade", "A larger stone"


class LifeEvent(models.Model):
    """A day that she told us, with her word that we may write of it."""

    class Source(models.TextChoices):
        VISIT = "visit", "On her visit's page"
        DESIGN = "design", "With her saved design"
        COUNTER = "counter", "Said at the counter"

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="life_events")
    occasion = models.CharField(max_length=12, choices=Occasion)
    date = models.DateField(
        help_text="The day itself; of an anniversary, the first one it counts from"
    )
    consented_at = models.DateTimeField()
    source = models.CharField(max_length=8, choices=Source)
    consented_to = models.CharField(max_length=200, help_text="The words that she said yes to")
    noted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    store = models.ForeignKey(Store, on_delete=models.PROTECT, null=True, blank=True)
    quiet_until = models.DateField(
        null=True, blank=True, help_text="It is a surprise: nothing is written before that day"
    )
    stopped_at = models.DateTimeField(null=True, blank=True)
    look_date = models.DateField(
        null=True, blank=True, help_text="When to look at it next; empty: never again"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["customer", "occasion", "date"],
                condition=Q(stopped_at=None),
                name="life_event_once",
            ),
            models.CheckConstraint(
                condition=Q(source="counter", noted_by__isnull=False)
                | (~Q(source="counter") & Q(noted_by=None)),
                name="life_event_spoken_says_to_whom",
            ),
            models.CheckConstraint(
                condition=Q(stopped_at=None) | Q(look_date=None), name="life_event_stopped_rests"
            ),
        ]
        indexes = [
            # The sweep asks for what is due.
            models.Index(
                fields=["look_date"], condition=Q(look_date__isnull=False), name="life_event_due"
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_occasion_display()} of customer {self.customer_id}"


class FollowOn(models.Model):
    """The perk that comes with a reminder: one for each occasion and how many years after it."""

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="follow_ons")
    occasion = models.CharField(max_length=12, choices=Occasion)
    years = models.PositiveSmallIntegerField(
        validators=[MaxValueValidator(75)], help_text="After the day; 0 is the day itself"
    )
    perk = models.ForeignKey(Perk, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["program", "occasion", "years"], name="follow_on_once"),
            models.CheckConstraint(condition=Q(years__lte=75), name="follow_on_in_a_lifetime"),
        ]

    def __str__(self) -> str:
        return f"{self.get_occasion_display()}, {self.years} years: {self.perk}"


class LifeReminder(models.Model):
    """One was written, for this many years after the day, and never a second."""

    event = models.ForeignKey(LifeEvent, on_delete=models.PROTECT, related_name="reminders")
    years = models.PositiveSmallIntegerField()
    written_at = models.DateTimeField()
    mail = models.ForeignKey(
        EmailMessage, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    design = models.ForeignKey(
        Design, on_delete=models.SET_NULL, null=True, blank=True, related_name="+",
        help_text="The ring beside which a band was proposed",
    )  # fmt: skip
    band = models.ForeignKey(
        Band, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["event", "years"], name="life_reminder_once")
        ]

    def __str__(self) -> str:
        return f"Reminder {self.years} of event {self.event_id}"
