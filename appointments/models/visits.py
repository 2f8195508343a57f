"""Visits, what is to be shown at them, what happened to them, and what somebody has to do about one."""

import uuid

from django.db import models
from django.db.models import F, Q

from appointments.models.people import Associate
from appointments.models.services import Service
from builder.models import Design, Stone
from jeweler.models import Customer, StaffMember, Store, Visitor


class Appointment(models.Model):
    """One visit, from the ten minutes in which its form is filled to its outcome.

    Its time, associate, room and stones are promised by the rows of `diary`, which the database keeps apart. A visit that
    is moved stays this row: its `uid` is for life and `sequence` counts what calendars have to learn.
    """

    class Status(models.TextChoices):
        HELD = "held", "Being booked"
        EXPIRED = "expired", "Not booked in time"
        BOOKED = "booked", "Booked"
        ARRIVED = "arrived", "Checked in"
        SEEN = "seen", "Being seen"
        ATTENDED = "attended", "Came"
        MISSED = "missed", "Did not come"
        CANCELLED = "cancelled", "Cancelled"

    class Outcome(models.TextChoices):
        ORDERED = "ordered", "Ordered"
        INTERESTED = "interested", "Thinking about it"
        LOST = "lost", "Not for her"

    class Source(models.TextChoices):
        RING = "ring", "Ring builder"
        STONE = "stone", "A stone's page"
        SAVED = "saved", "A saved design"
        MAIL = "mail", "A mail"
        SITE = "site", "The site"
        WAITLIST = "waitlist", "Waiting list"
        STAFF = "staff", "Booked by staff"
        WALK_IN = "walk_in", "Walked in"

    uid = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    key = models.UUIDField(
        unique=True, default=uuid.uuid4, editable=False, help_text="Of the form: once per key"
    )
    asked_hash = models.CharField(
        max_length=64,
        blank=True,
        editable=False,
        help_text="Of what the form asked for with its key",
    )
    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="appointments")
    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="appointments")
    associate = models.ForeignKey(
        Associate, on_delete=models.PROTECT, null=True, blank=True, related_name="appointments"
    )
    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, null=True, blank=True, related_name="appointments",
        help_text="Known once it is booked",
    )  # fmt: skip
    visitor = models.ForeignKey(
        Visitor, on_delete=models.SET_NULL, null=True, blank=True, related_name="appointments"
    )
    designs = models.ManyToManyField(Design, through="VisitDesign", related_name="appointments")
    status = models.CharField(max_length=16, choices=Status, default=Status.BOOKED)
    source = models.CharField(max_length=12, choices=Source, default=Source.SITE)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    wall_start = models.CharField(
        max_length=16, blank=True,
        help_text="What was promised on the store's wall, 2026-07-01T15:00, should a zone's law change",
    )  # fmt: skip
    visitor_zone = models.CharField(max_length=64, blank=True, help_text="Her own, for video")
    held_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True, help_text="Of the hold")
    is_extended = models.BooleanField(default=False)
    booked_at = models.DateTimeField(null=True, blank=True)
    sequence = models.PositiveIntegerField(default=0, help_text="iCalendar SEQUENCE")
    link_version = models.PositiveSmallIntegerField(default=0, help_text="Raised: old links end")
    email = models.EmailField(blank=True)
    phone = models.CharField(max_length=32, blank=True)
    language = models.CharField(max_length=8, blank=True)
    occasion = models.CharField(max_length=40, blank=True)
    occasion_date = models.DateField(null=True, blank=True)
    is_surprise = models.BooleanField(default=False, help_text="Nobody else may learn of it")
    note = models.TextField(blank=True, max_length=1000)
    risk = models.CharField(max_length=120, blank=True, help_text="Why it has to be verified")
    verified_at = models.DateTimeField(null=True, blank=True)
    flagged_at = models.DateTimeField(null=True, blank=True)
    flag = models.CharField(max_length=160, blank=True, help_text="What is wrong with it now")
    arrived_at = models.DateTimeField(null=True, blank=True)
    seen_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    cancelled_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=12, choices=Outcome, blank=True)
    lost_reason = models.CharField(max_length=80, blank=True)
    lookbook_opened_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")), name="appointment_ends_after_it_starts"
            ),
            models.CheckConstraint(
                condition=Q(status__in=["held", "expired"])
                | Q(customer__isnull=False, booked_at__isnull=False),
                name="appointment_is_somebodys_once_booked",
            ),
            models.CheckConstraint(
                condition=~Q(status="held") | Q(expires_at__isnull=False, held_at__isnull=False),
                name="appointment_hold_runs_out",
            ),
            models.CheckConstraint(
                condition=Q(outcome="") | Q(status="attended"),
                name="appointment_outcome_of_a_visit",
            ),
        ]
        indexes = [
            models.Index(fields=["store", "starts_at"], name="appointment_store_day"),
            models.Index(fields=["associate", "starts_at"], name="appointment_associate_day"),
            # Who is to be reminded, or written to after it.
            models.Index(fields=["starts_at"], name="appointment_starts"),
            models.Index(
                fields=["expires_at"], name="appointment_hold_ends", condition=Q(status="held")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.customer_id} at {self.store_id}, {self.starts_at:%Y-%m-%d %H:%M}"


class VisitDesign(models.Model):
    """One of the rings that she comes to see."""

    appointment = models.ForeignKey(
        Appointment, on_delete=models.CASCADE, related_name="visit_designs"
    )
    design = models.ForeignKey(Design, on_delete=models.CASCADE, related_name="visit_designs")
    position = models.PositiveSmallIntegerField(default=0)
    was_tried = models.BooleanField(default=False)

    class Meta:
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(fields=["appointment", "design"], name="visit_design_once")
        ]

    def __str__(self) -> str:
        return f"{self.design_id} at {self.appointment_id}"


class VisitEvent(models.Model):
    """What happened to a visit or to a stone promised to it. Written once, changed never."""

    appointment = models.ForeignKey(Appointment, on_delete=models.CASCADE, related_name="events")
    kind = models.CharField(max_length=24)
    at = models.DateTimeField()
    by = models.ForeignKey(
        StaffMember, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    stone = models.ForeignKey(
        Stone, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    said = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["at", "id"]
        indexes = [models.Index(fields=["appointment", "at"], name="visit_event_in_order")]

    def __str__(self) -> str:
        return f"{self.kind} at {self.at:%Y-%m-%d %H:%M}"


class VisitTask(models.Model):
    """What a manager has to do about a visit. One for each cause: the same fact told twice makes one task."""

    store = models.ForeignKey(Store, on_delete=models.CASCADE, related_name="visit_tasks")
    appointment = models.ForeignKey(
        Appointment, on_delete=models.CASCADE, null=True, blank=True, related_name="tasks"
    )
    key = models.CharField(max_length=120, unique=True, help_text="Its cause: once per key")
    text = models.CharField(max_length=300)
    due_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True, blank=True)
    done_by = models.ForeignKey(
        StaffMember, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        indexes = [
            models.Index(
                fields=["store", "due_at"], name="visit_task_open", condition=Q(done_at=None)
            )
        ]

    def __str__(self) -> str:
        return self.text
