"""django-appointment as it comes, on a server of its own: `granian bench.with_peer_appointment:application`.

Run as a script it makes its tables first, one associate who works around the clock, and as many log-ins as there are clients, since its
form books at once for whom it knows; it prints what they need. Its mails go nowhere. BENCH_PEER says which database. Modules without
types are imported by name.
"""

import importlib
import importlib.metadata
import json
import logging
import os
import sys
from datetime import time, timedelta
from typing import Any

import django
from django.conf import settings
from django.urls import include, path


def _set_up() -> dict[str, Any]:
    said: dict[str, Any] = json.loads(os.environ["BENCH_PEER"])
    settings.configure(
        SECRET_KEY=said["secret"], USE_TZ=True, TIME_ZONE="UTC", ALLOWED_HOSTS=["127.0.0.1"],
        ROOT_URLCONF=__name__, STATIC_URL="/static/", LOGGING_CONFIG=None,
        EMAIL_BACKEND="django.core.mail.backends.dummy.EmailBackend",
        INSTALLED_APPS=[
            "django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions",
            "django.contrib.messages", "django.contrib.staticfiles", "phonenumber_field", "appointment",
        ],
        MIDDLEWARE=[
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
            "django.contrib.messages.middleware.MessageMiddleware",
        ],
        TEMPLATES=[{
            "BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True,
            "OPTIONS": {"context_processors": ["django.template.context_processors.request"]},
        }],
        DATABASES={"default": {**said["database"], "CONN_MAX_AGE": None}},
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        MIGRATION_MODULES=dict.fromkeys(("appointment", "auth", "contenttypes", "sessions")),
    )  # fmt: skip
    django.setup()
    logging.disable(logging.WARNING)  # it would tell of each step, and be slower for it
    return said


def _fill(clients: int) -> dict[str, Any]:
    """Its associate, its service, and a session's key for each client."""
    importlib.import_module("django.core.management").call_command(
        "migrate", verbosity=0, run_syncdb=True
    )
    models: Any = importlib.import_module("appointment.models")
    auth: Any = importlib.import_module("django.contrib.auth")
    sessions: Any = importlib.import_module("django.contrib.sessions.backends.db")
    users = auth.get_user_model()
    service = models.Service.objects.create(name="Bench", duration=timedelta(minutes=60), price=0)
    member = models.StaffMember.objects.create(
        user=users.objects.create(username="associate"), slot_duration=30, appointment_buffer_time=0,
        work_on_saturday=True, work_on_sunday=True,
    )  # fmt: skip
    member.services_offered.add(service)
    models.WorkingHours.objects.bulk_create(
        models.WorkingHours(
            staff_member=member, day_of_week=day, start_time=time(0), end_time=time(23, 59)
        )
        for day in range(7)
    )
    keys = []
    for number in range(clients):
        user = users.objects.create(username=f"client{number}", email=f"c{number}@example.com")
        session = sessions.SessionStore()
        session[auth.SESSION_KEY] = str(user.pk)
        session[auth.BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
        session[auth.HASH_SESSION_KEY] = user.get_session_auth_hash()
        session.create()
        keys.append(session.session_key)
    version = importlib.metadata.version("django-appointment")
    return {"version": version, "service": service.pk, "staff": member.pk, "sessions": keys}


told = _set_up()
urlpatterns = [path("appointment/", include("appointment.urls"))]
if __name__ == "__main__":
    print(json.dumps(_fill(told["clients"])))
    sys.exit()
application = importlib.import_module("django.core.wsgi").get_wsgi_application()
