"""What is written to her about a visit."""

from datetime import datetime

from appointments.models import Appointment


def confirm(visit: Appointment, *, now: datetime) -> None: ...


def moved(visit: Appointment, *, now: datetime) -> None: ...


def changed(visit: Appointment, *, now: datetime) -> None: ...


def cancelled(visit: Appointment, *, now: datetime) -> None: ...
