"""When a showroom is open, how many rooms it has, and how long a stone travels to it.

Hours are times on the store's wall. Those that close no later than they open run past midnight.
"""

from django.db import models
from django.db.models import F, Q

from jeweler.models import Store

WEEKDAYS = [
    (number, name)
    for number, name in enumerate(
        ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
    )
]


class Showroom(models.Model):
    """What a store needs to receive visits. A store without this row takes none."""

    store = models.OneToOneField(Store, on_delete=models.CASCADE, related_name="showroom")
    rooms = models.PositiveSmallIntegerField(default=1, help_text="Visits that fit in at once")
    handling_minutes = models.PositiveSmallIntegerField(
        default=30, help_text="To count in a stone that has arrived, and lay it out"
    )
    transfer_minutes = models.PositiveIntegerField(
        default=2 * 24 * 60, help_text="From a store that no transfer time is kept for"
    )
    directions = models.TextField(blank=True, help_text="Entrance, floor, bell, parking")
    map_url = models.URLField(blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(rooms__range=(1, 60)), name="showroom_has_rooms")
        ]

    def __str__(self) -> str:
        return f"Showroom of {self.store}"


class OpeningHours(models.Model):
    """One stretch of one weekday; a lunch break makes two of them."""

    store = models.ForeignKey(Store, on_delete=models.CASCADE, related_name="opening_hours")
    weekday = models.PositiveSmallIntegerField(choices=WEEKDAYS)
    opens = models.TimeField()
    closes = models.TimeField()

    class Meta:
        verbose_name_plural = "opening hours"
        ordering = ["store", "weekday", "opens"]
        constraints = [
            models.UniqueConstraint(fields=["store", "weekday", "opens"], name="opening_once"),
            models.CheckConstraint(
                condition=Q(weekday__lte=6) & ~Q(opens=F("closes")), name="opening_is_sane"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_weekday_display()} {self.opens:%H:%M} to {self.closes:%H:%M}"


class SpecialHours(models.Model):
    """The hours of one date in place of the week's: a closure, a holiday, a late night, a one-off opening."""

    store = models.ForeignKey(
        Store, on_delete=models.CASCADE, null=True, blank=True, related_name="special_hours",
        help_text="Empty: every store",
    )  # fmt: skip
    day = models.DateField()
    opens = models.TimeField(null=True, blank=True, help_text="Empty: closed all day")
    closes = models.TimeField(null=True, blank=True)
    reason = models.CharField(max_length=80, blank=True)

    class Meta:
        verbose_name_plural = "special hours"
        ordering = ["day", "opens"]
        constraints = [
            models.UniqueConstraint(
                fields=["store", "day", "opens"], name="special_hours_once", nulls_distinct=False
            ),
            models.CheckConstraint(
                condition=Q(opens__isnull=True, closes__isnull=True)
                | (Q(opens__isnull=False, closes__isnull=False) & ~Q(opens=F("closes"))),
                name="special_hours_are_open_or_closed",
            ),
        ]

    def __str__(self) -> str:
        hours = f"{self.opens:%H:%M} to {self.closes:%H:%M}" if self.opens else "closed"
        return f"{self.day:%Y-%m-%d}: {hours}"


class TransferTime(models.Model):
    """How long a stone is on its way from one store to another, door to door."""

    from_store = models.ForeignKey(Store, on_delete=models.CASCADE, related_name="+")
    to_store = models.ForeignKey(Store, on_delete=models.CASCADE, related_name="+")
    minutes = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["from_store", "to_store"], name="transfer_time_once"),
            models.CheckConstraint(
                condition=~Q(from_store=F("to_store")) & Q(minutes__gt=0),
                name="transfer_time_is_between_two_stores",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.from_store_id} to {self.to_store_id}: {self.minutes} min"
