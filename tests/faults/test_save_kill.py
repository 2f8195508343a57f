"""The web process is killed in the middle of a save: all of it is there afterwards, or nothing.

The test holds the shopper's row, so that the save has written its version and its mail and waits,
uncommitted, for that row. There the process is killed.
"""

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from urllib.parse import urlencode

import pytest
from django.db import connection, transaction

from builder.models import Design, DesignVersion
from jeweler import visitors
from jeweler.models import EmailMessage, OutboxEvent, Visitor
from tests.factories.builder import SettingFactory, StoneFactory
from tests.faults import probe
from tests.journeys.browsers import BROWSER, Shopper

pytestmark = pytest.mark.django_db(transaction=True)


@contextlib.contextmanager
def serving() -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """The site in a process of its own, on the tests' database."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "granian", "jeweler.wsgi:application", "--interface", "wsgi"]
    process = subprocess.Popen(
        [*command, "--host", "127.0.0.1", "--port", str(port), "--log-level", "error"],
        cwd=probe.CHECKOUT,
        env={**os.environ, "DATABASE_URL": probe.database_url(), "DEMO": "True"},
        start_new_session=True,
    )
    try:
        probe.wait_until(lambda: answers(port), what="the site answers")
        yield process, port
    finally:
        kill(process)


def answers(port: int) -> bool:
    with (
        contextlib.suppress(OSError),
        contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=5)) as site,
    ):
        site.request("GET", "/healthz")
        return site.getresponse().status == 200
    return False


def kill(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def post_save(shopper: Shopper, *, port: int) -> int | None:
    """The status of her save, None when the connection broke."""
    cookies = shopper.client.cookies
    site = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    headers = {
        "Host": "localhost",
        "User-Agent": BROWSER,
        "Content-Type": "application/x-www-form-urlencoded",
        "Cookie": "; ".join(f"{name}={cookie.value}" for name, cookie in cookies.items()),
        "X-CSRFToken": cookies["csrftoken"].value,
    }
    try:
        site.request("POST", "/ring/save/", urlencode({"email": "ada@example.com"}), headers)
        return site.getresponse().status
    except (OSError, http.client.HTTPException):
        return None
    finally:
        site.close()


def somebody_waits_for_a_row() -> bool:
    """Looks afresh: within a transaction Postgres lists the connections that were there at its first look."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity "
            "WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return bool(cursor.fetchone()[0])


@pytest.fixture
def shopper() -> Shopper:
    """Somebody whose ring is complete and not saved yet."""
    setting, stone = SettingFactory(), StoneFactory()
    shopper = Shopper().open("/rings/").send(to="/ring/choose/", having=setting.code)
    shopper.send(to="/ring/choose/", stone=str(stone.pk))
    shopper.send(to="/ring/choose/", ring_size="6")
    return shopper.open("/ring/save/")


def test_a_save_that_is_killed_leaves_nothing_and_is_made_once_when_tried_again(
    shopper: Shopper,
) -> None:
    status: list[int | None] = []
    with serving() as (process, port):
        with transaction.atomic():
            Visitor.objects.select_for_update().get()
            saving = threading.Thread(target=lambda: status.append(post_save(shopper, port=port)))
            saving.start()
            probe.wait_until(somebody_waits_for_a_row, what="the save waits")
            kill(process)
        saving.join()
    assert status == [None]
    assert not DesignVersion.objects.exists()
    assert not EmailMessage.objects.exists()
    assert not OutboxEvent.objects.filter(name="builder.DesignSaved").exists()
    assert Design.objects.get().saved_at is None

    with serving() as (_, port):
        assert post_save(shopper, port=port) == 302

    assert DesignVersion.objects.count() == 1
    assert EmailMessage.objects.count() == 1
    assert OutboxEvent.objects.filter(name="builder.DesignSaved").count() == 1
    assert visitors.COOKIE in shopper.client.cookies
