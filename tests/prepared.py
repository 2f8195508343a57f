"""A migrated database kept for the next run: building one from its migrations takes ten seconds of every process that tests.

Promise: it is used only while every migration of ours, and Django, are what they were when it was made; Django's own `migrate` still
runs on its copy. Limit: the tests' own server keeps it, and another server keeps none.
"""

import hashlib

import django
from django.conf import settings
from django.db import connection

PREFIX = "migrated_"


def use() -> None:
    """Have the test database copied, if there is something to copy."""
    if settings.USE_EMBEDDED_POSTGRES and _name() in _kept():
        connection.settings_dict["TEST"]["TEMPLATE"] = _name()


def keep() -> None:
    """Keep the test database as it is now, before any test, in place of those of other migrations."""
    if not settings.USE_EMBEDDED_POSTGRES or _name() in _kept():
        return
    connection.close()
    with connection._nodb_cursor() as cursor:
        for name in _kept():
            cursor.execute(f"DROP DATABASE {name}")
        cursor.execute(f"CREATE DATABASE {_name()} TEMPLATE {connection.settings_dict['NAME']}")


def _kept() -> list[str]:
    with connection._nodb_cursor() as cursor:
        cursor.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [PREFIX])
        return [name for (name,) in cursor.fetchall()]


def _name() -> str:
    digest = hashlib.sha256(django.__version__.encode())
    for file in sorted(settings.BASE_DIR.glob("*/migrations/*.py")):
        digest.update(f"{file.relative_to(settings.BASE_DIR)}\0".encode() + file.read_bytes())
    return PREFIX + digest.hexdigest()[:12]
