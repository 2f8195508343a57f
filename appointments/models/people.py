"""Who receives visitors, where and when."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from appointments.models.hours import WEEKDAYS
from appointments.models.services import Service
from jeweler.models import StaffMember, Store


class Associate(models.Model):
    """A member of staff as visitors know her. Her calendar is read by others through a token, kept as a hash."""

    staff = models.OneToOneField(StaffMember, on_delete=models.CASCADE, related_name="associate")
    name = models.CharField(max_length=80, help_text="As visitors read it")
    about = models.CharField(max_length=200, blank=True)
    languages = ArrayField(
        models.CharField(max_length=8), default=list, blank=True, help_text="en, es, zh"
    )
    services = models.ManyToManyField(Service, related_name="associates", blank=True)
    is_bookable = models.BooleanField(default=True)
    feed_token_hash = models.CharField(max_length=64, blank=True, editable=False)
    outside_calendar_url = models.URLField(
        blank=True, max_length=500, help_text="An .ics address: its busy times are kept free"
    )
    outside_etag = models.CharField(max_length=200, blank=True, editable=False)
    outside_polled_at = models.DateTimeField(null=True, blank=True, editable=False)
    outside_error = models.CharField(max_length=200, blank=True, editable=False)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Shift(models.Model):
    """One stretch of one weekday in one store, from a date on and perhaps until one."""

    associate = models.ForeignKey(Associate, on_delete=models.CASCADE, related_name="shifts")
    store = models.ForeignKey(Store, on_delete=models.CASCADE, related_name="shifts")
    weekday = models.PositiveSmallIntegerField(choices=WEEKDAYS)
    starts = models.TimeField()
    ends = models.TimeField()
    since_date = models.DateField(null=True, blank=True)
    until_date = models.DateField(null=True, blank=True)

    class Meta:
        ordering = ["associate", "weekday", "starts"]
        constraints = [
            models.CheckConstraint(
                condition=Q(weekday__lte=6)
                & ~Q(starts=F("ends"))
                & (
                    Q(since_date__isnull=True)
                    | Q(until_date__isnull=True)
                    | Q(since_date__lte=F("until_date"))
                ),
                name="shift_is_sane",
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_weekday_display()} {self.starts:%H:%M} to {self.ends:%H:%M}"


class ShiftChange(models.Model):
    """Where and when she works on one date, in place of her week. Without a store she is away."""

    associate = models.ForeignKey(Associate, on_delete=models.CASCADE, related_name="changes")
    day = models.DateField()
    store = models.ForeignKey(
        Store, on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    starts = models.TimeField(null=True, blank=True)
    ends = models.TimeField(null=True, blank=True)

    class Meta:
        ordering = ["day", "starts"]
        constraints = [
            models.CheckConstraint(
                condition=Q(store__isnull=True, starts__isnull=True, ends__isnull=True)
                | (
                    Q(store__isnull=False, starts__isnull=False, ends__isnull=False)
                    & ~Q(starts=F("ends"))
                ),
                name="shift_change_is_work_or_away",
            ),
            models.UniqueConstraint(
                fields=["associate", "day", "starts"], name="shift_change_once",
                nulls_distinct=False,
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.day:%Y-%m-%d}: {'at work' if self.store_id else 'away'}"
