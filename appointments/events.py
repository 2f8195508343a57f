"""What the showrooms announce."""

from dataclasses import dataclass

from jeweler.outbox import Event


@dataclass(frozen=True, kw_only=True)
class AppointmentBooked(Event):
    """`visitor_id` is the browser that booked, None when the staff did."""

    appointment_id: int
    customer_id: int
    visitor_id: int | None


@dataclass(frozen=True, kw_only=True)
class AppointmentRescheduled(Event):
    appointment_id: int


@dataclass(frozen=True, kw_only=True)
class AppointmentCancelled(Event):
    appointment_id: int


@dataclass(frozen=True, kw_only=True)
class AppointmentAttended(Event):
    appointment_id: int


@dataclass(frozen=True, kw_only=True)
class AppointmentMissed(Event):
    appointment_id: int
