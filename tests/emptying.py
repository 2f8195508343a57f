"""Empty the database after a test that committed, as Django's flush does, in a tenth of its time.

Promise: no row is left in any model's table, but those that Django itself writes after a migration (content types and
permissions), and whoever is still writing is waited for. Django truncates every table, which makes a new file for each of
them and each of their indexes, and writes its own rows anew; most tests have rows in a dozen tables.

Limit: skipping foreign keys is a superuser's right, which the tests' own server gives. Elsewhere it is Django's flush.
"""

from django.core.management import call_command
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

# What a migration leaves, and what does not depend on any test.
KEPT = {"django_content_type", "auth_permission"}


def empty_tables() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
        may_skip_keys = cursor.fetchone()[0]
    if may_skip_keys:
        _delete_rows()
    else:
        call_command("flush", verbosity=0, interactive=False, reset_sequences=False)


@transaction.atomic
def _delete_rows() -> None:
    tables = sorted(set(connection.introspection.django_table_names(only_existing=True)) - KEPT)
    names = [connection.ops.quote_name(table) for table in tables]
    with connection.cursor() as cursor:
        # A request or a worker that outlived its test may not leave a row behind us.
        cursor.execute(f"LOCK TABLE {', '.join(names)} IN SHARE ROW EXCLUSIVE MODE")
        cursor.execute("SET LOCAL session_replication_role = replica")
        for name in _with_rows(cursor, names):
            cursor.execute(f"DELETE FROM {name}")  # noqa: S608  a table's own name


def _with_rows(cursor: CursorWrapper, names: list[str]) -> list[str]:
    looks = (f"SELECT '{name}' WHERE EXISTS (SELECT FROM {name})" for name in names)  # noqa: S608
    cursor.execute(" UNION ALL ".join(looks))
    return [name for (name,) in cursor.fetchall()]
