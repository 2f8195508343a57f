"""Who, which room and which stone is taken, and when. Two visits cannot have one of them at once: the database refuses it.

Ranges are half open and in UTC. An associate's and a room's rows are deleted when a visit lets them go; a stone's stay, as
the ledger of what was promised. What is held and has run out is gone for every reader and is tidied by the next writer.
"""

from datetime import timedelta

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.contrib.postgres.indexes import GistIndex
from django.db import models
from django.db.models import F, Func, Q

from appointments.models.people import Associate
from appointments.models.services import Service
from appointments.models.visits import Appointment
from builder.models import Stone
from jeweler.models import Store


def _is_a_stretch(field: str) -> Q:
    """Bounded on both sides and not empty: an empty range overlaps nothing, so that two of them would fit."""
    return Q(
        **{
            f"{field}__isempty": False,
            f"{field}__lower_inf": False,
            f"{field}__upper_inf": False,
        }
    )


def _is_a_day_at_most(field: str) -> Q:
    """So that whoever asks for what is taken from a minute on needs to look back one day and no further."""
    return Q(**{f"{field}__endswith__lte": F(f"{field}__startswith") + timedelta(days=1)})


class StaffBusy(models.Model):
    """An associate's time that is taken: by a visit with its time after, or kept free by hand."""

    associate = models.ForeignKey(Associate, on_delete=models.CASCADE, related_name="busy")
    blocked = DateTimeRangeField()
    appointment = models.OneToOneField(
        Appointment, on_delete=models.CASCADE, null=True, blank=True, related_name="staff_busy"
    )
    reason = models.CharField(max_length=80, blank=True, help_text="Of time kept free by hand")
    expires_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "staff busy"
        constraints = [
            ExclusionConstraint(
                name="associate_in_one_place",
                expressions=[
                    ("associate", RangeOperators.EQUAL),
                    ("blocked", RangeOperators.OVERLAPS),
                ],
            ),
            models.CheckConstraint(
                condition=_is_a_stretch("blocked") & _is_a_day_at_most("blocked"),
                name="staff_busy_is_a_stretch",
            ),
        ]
        indexes = [
            models.Index("associate", Func("blocked", function="lower"), name="staff_busy_from")
        ]

    def __str__(self) -> str:
        return f"{self.associate_id} {self.blocked}"


class RoomBusy(models.Model):
    """One of a store's rooms that is taken. A store of N rooms has the lanes 1 to N."""

    store = models.ForeignKey(Store, on_delete=models.CASCADE, related_name="room_busy")
    lane = models.PositiveSmallIntegerField()
    during = DateTimeRangeField()
    appointment = models.OneToOneField(
        Appointment, on_delete=models.CASCADE, related_name="room_busy"
    )
    expires_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "room busy"
        constraints = [
            ExclusionConstraint(
                name="room_for_one_visit",
                expressions=[
                    ("store", RangeOperators.EQUAL),
                    ("lane", RangeOperators.EQUAL),
                    ("during", RangeOperators.OVERLAPS),
                ],
            ),
            models.CheckConstraint(
                condition=_is_a_stretch("during") & _is_a_day_at_most("during"),
                name="room_busy_is_a_stretch",
            ),
        ]
        indexes = [models.Index("store", Func("during", function="lower"), name="room_busy_from")]

    def __str__(self) -> str:
        return f"Room {self.lane} of {self.store_id} {self.during}"


class PieceHold(models.Model):
    """A stone promised to a visit: for the visit itself, and for the way there before it.

    One viewing at a time anywhere, and as much time between two stores as the way takes, to both sides. `occupied` begins
    when the stone has to leave wherever it lies before: `promises` keeps it so, under the stone's lock, for each next visit.
    """

    class State(models.TextChoices):
        HELD = "held", "While the form is filled"
        PROMISED = "promised", "Promised"
        KEPT = "kept", "Shown to her"
        RELEASED = "released", "Let go"
        EXPIRED = "expired", "Ran out"
        BROKEN = "broken", "Could not be kept"

    ACTIVE = (State.HELD, State.PROMISED)

    stone = models.ForeignKey(Stone, on_delete=models.PROTECT, related_name="holds")
    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="piece_holds")
    appointment = models.ForeignKey(Appointment, on_delete=models.CASCADE, related_name="holds")
    during = DateTimeRangeField()
    occupied = DateTimeRangeField(help_text="With the way there before it")
    state = models.CharField(max_length=12, choices=State)
    expires_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True, help_text="On its way to the store")
    replaced_by = models.OneToOneField(
        "self", on_delete=models.SET_NULL, null=True, blank=True, related_name="replaces"
    )
    brought_at = models.DateTimeField(null=True, blank=True, help_text="Laid on the tray")
    why = models.CharField(max_length=160, blank=True, help_text="It was let go or broken")

    class Meta:
        constraints = [
            ExclusionConstraint(
                name="piece_one_viewing",
                expressions=[("stone", RangeOperators.EQUAL), ("during", RangeOperators.OVERLAPS)],
                condition=Q(state__in=["held", "promised"]),
                violation_error_code="piece_one_viewing",
            ),
            ExclusionConstraint(
                name="piece_transfer_time",
                expressions=[
                    ("stone", RangeOperators.EQUAL),
                    ("store", RangeOperators.NOT_EQUAL),
                    ("occupied", RangeOperators.OVERLAPS),
                ],
                condition=Q(state__in=["held", "promised"]),
                violation_error_code="piece_transfer_time",
            ),
            models.CheckConstraint(
                condition=Q(occupied__contains=F("during"))
                & _is_a_stretch("during")
                & _is_a_stretch("occupied"),
                name="piece_hold_occupies_its_visit",
            ),
            models.CheckConstraint(
                condition=~Q(state="held") | Q(expires_at__isnull=False),
                name="piece_hold_runs_out",
            ),
            models.UniqueConstraint(
                fields=["appointment", "stone"], name="piece_hold_once",
                condition=Q(state__in=["held", "promised"]),
            ),
        ]  # fmt: skip
        indexes = [
            GistIndex(fields=["during"], name="piece_hold_during"),
            models.Index(
                fields=["stone"],
                name="piece_hold_active",
                condition=Q(state__in=["held", "promised"]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.stone_id} at {self.store_id} {self.during}"


class DayPlace(models.Model):
    """One of the visits of a service that a store takes on one of its days, where there is a limit."""

    store = models.ForeignKey(Store, on_delete=models.CASCADE, related_name="+")
    service = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="+")
    day = models.DateField(help_text="On the store's wall")
    number = models.PositiveSmallIntegerField()
    appointment = models.OneToOneField(
        Appointment, on_delete=models.CASCADE, related_name="day_place"
    )
    expires_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["store", "service", "day", "number"], name="day_place_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.number} on {self.day:%Y-%m-%d}"


class OutsideBusy(models.Model):
    """Busy in a calendar outside of the house. It may overlap itself, and refuses nothing: it only hides slots."""

    associate = models.ForeignKey(Associate, on_delete=models.CASCADE, related_name="outside_busy")
    during = DateTimeRangeField()

    class Meta:
        verbose_name_plural = "outside busy"
        constraints = [
            models.CheckConstraint(
                condition=_is_a_stretch("during") & _is_a_day_at_most("during"),
                name="outside_busy_is_a_stretch",
            )
        ]
        indexes = [
            models.Index("associate", Func("during", function="lower"), name="outside_busy_from")
        ]

    def __str__(self) -> str:
        return f"{self.associate_id} {self.during}"
