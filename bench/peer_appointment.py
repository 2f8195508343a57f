"""django-appointment with the calendar of one of our stores, in a process and a database of its own.

It has neither stores nor rooms, and no time after a visit, so its visits are as long as ours with that time. Only the asked month
of the one store is in its books: what it is timed with is the least that it could be. Its answer is its own function's,
`get_available_slots_for_staff`, asked for each associate and day as its page asks. Modules without types are imported by name.
"""

import importlib
import importlib.metadata
import json
import os
import secrets
import statistics
import subprocess
import sys
import time
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock
from pathlib import Path
from typing import Any

import django
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.db import connection as database

NAME = "bench_peer_appointment"
CHECKOUT = Path(__file__).resolve().parent.parent
APART = (
    Path(sys.prefix) / "peers"
)  # where ./bin/bench --full puts it, with the Pillow that it takes
PATIENCE_S = 600
ROUNDS = 3


class Absent(RuntimeError):
    """Not installed, or it does not run on this machine."""


def month(store: Any, *, first: date, days: int) -> tuple[str, dict[str, list[int]], float]:
    """Its version, its free times with who is free, and the milliseconds of a month. Raises Absent."""
    if not (APART / "appointment").is_dir():
        raise Absent("it is not installed; ./bin/bench --full installs it")
    said = {
        "database": {key: str(value) for key, value in database.settings_dict.items()
                     if key in ("ENGINE", "HOST", "PORT", "USER", "PASSWORD")},
        **_calendar(store, first=first, days=days),
    }  # fmt: skip
    with database.cursor() as cursor:
        cursor.execute(f"drop database if exists {NAME}")
        cursor.execute(f"create database {NAME}")
    try:
        done = subprocess.run(
            [sys.executable, "-m", "bench.peer_appointment"],
            cwd=CHECKOUT, input=json.dumps(said), capture_output=True, text=True, check=False,
            timeout=PATIENCE_S, env={**os.environ, "DJANGO_SETTINGS_MODULE": "", "PYTHONPATH": f"{APART}{os.pathsep}{CHECKOUT}"},
        )  # fmt: skip
    finally:
        with database.cursor() as cursor:
            cursor.execute(f"drop database {NAME} with (force)")
    if done.returncode:
        raise Absent(done.stderr[-500:])
    told = json.loads(done.stdout.splitlines()[-1])
    return told["version"], told["free"], told["ms"]


def _calendar(store: Any, *, first: date, days: int) -> dict[str, Any]:
    ours: Any = importlib.import_module("appointments.models")
    since = datetime.combine(first, clock(), tzinfo=store.zone)
    until = since + timedelta(days=days + 1)
    shifts = ours.Shift.objects.filter(store=store)
    people = sorted({shift.associate_id for shift in shifts})
    busy = ours.StaffBusy.objects.filter(associate__in=people, blocked__overlap=(since, until))
    return {
        "zone": store.time_zone, "first": first.isoformat(), "days": days, "people": people,
        "shifts": [[each.associate_id, each.weekday, f"{each.starts:%H:%M}", f"{each.ends:%H:%M}"] for each in shifts],
        "busy": [
            [row.associate_id, *(each.astimezone(store.zone).strftime("%Y-%m-%dT%H:%M")
                                 for each in (row.blocked.lower, row.blocked.upper))]
            for row in busy
        ],
    }  # fmt: skip


# In the process of its own.


def main() -> None:
    said = json.load(sys.stdin)
    _set_up(said)
    people = _fill(said)
    first, days = date.fromisoformat(said["first"]), range(said["days"])
    taken: list[float] = []
    free: dict[str, list[int]] = {}
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        free = _month(people, [first + timedelta(days=number) for number in days])
        taken.append((time.perf_counter() - begun) * 1e3)
    version = importlib.metadata.version("django-appointment")
    print(json.dumps({"version": version, "free": free, "ms": statistics.median(taken)}))


def _set_up(said: dict[str, Any]) -> None:
    settings.configure(
        SECRET_KEY=secrets.token_hex(), USE_TZ=True, TIME_ZONE=said["zone"],
        INSTALLED_APPS=[
            "django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions",
            "django.contrib.messages", "django.contrib.staticfiles", "phonenumber_field", "appointment",
        ],
        DATABASES={"default": {**said["database"], "NAME": NAME}},
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        MIGRATION_MODULES=dict.fromkeys(("appointment", "auth", "contenttypes", "sessions")),
    )  # fmt: skip
    django.setup()
    call_command("migrate", verbosity=0, run_syncdb=True)


def _fill(said: dict[str, Any]) -> dict[int, Any]:
    models: Any = importlib.import_module("appointment.models")
    users = get_user_model()
    length = timedelta(minutes=75)
    service = models.Service.objects.create(name="Bench", duration=length, price=0)
    client = users.objects.create(username="client")
    people: dict[int, Any] = {}
    for person in said["people"]:
        member = models.StaffMember.objects.create(
            user=users.objects.create(username=f"bench-{person}"), slot_duration=30,
            work_on_saturday=True, work_on_sunday=True, appointment_buffer_time=0,
        )  # fmt: skip
        member.services_offered.add(service)
        people[person] = member
    models.WorkingHours.objects.bulk_create(
        models.WorkingHours(
            staff_member=people[person], day_of_week=(weekday + 1) % 7,  # its week begins on Sunday
            start_time=clock.fromisoformat(starts), end_time=clock.fromisoformat(ends),
        )
        for person, weekday, starts, ends in said["shifts"]
    )  # fmt: skip
    asked = [
        models.AppointmentRequest(
            staff_member=people[person], service=service, date=datetime.fromisoformat(starts).date(),
            start_time=datetime.fromisoformat(starts).time(), end_time=datetime.fromisoformat(ends).time(),
            id_request=f"{person} {starts}",
        )
        for person, starts, ends in said["busy"]
    ]  # fmt: skip
    models.AppointmentRequest.objects.bulk_create(asked)
    models.Appointment.objects.bulk_create(
        models.Appointment(
            client=client, appointment_request=request, id_request=request.id_request
        )
        for request in asked
    )
    return people


def _month(people: dict[int, Any], days: list[date]) -> dict[str, list[int]]:
    services: Any = importlib.import_module("appointment.services")
    models: Any = importlib.import_module("appointment.models")
    service = models.Service.objects.get()
    free: dict[str, list[int]] = {}
    for day in days:
        weekday = (day.weekday() + 1) % 7
        for person, member in people.items():
            for slot in services.get_available_slots_for_staff(day, member, weekday, service):
                shown = slot if isinstance(slot, datetime) else _read(day, slot)
                free.setdefault(f"{shown:%Y-%m-%dT%H:%M}", []).append(person)
    return {start: sorted(who) for start, who in sorted(free.items())}


def _read(day: date, shown: str) -> datetime:
    at = datetime.strptime(shown, "%I:%M %p").replace(tzinfo=UTC).time()
    return datetime.combine(day, at)


if __name__ == "__main__":
    main()
