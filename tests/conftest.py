"""What every test stands on: servers of our own, closed doors to the world, a real browser.

Each process that runs tests has servers of its own, which end with it. Two xdist workers share nothing: a transaction
beside one's own holds back what is seen of a snapshot, and whoever clears the cache would clear it for both.
"""

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from django.conf import settings
from django.db import connections
from django.test import TransactionTestCase
from playwright.sync_api import Playwright, expect
from pytest_django.fixtures import Settings
from pytest_django.plugin import DjangoDbBlocker

from jeweler import embedded, processes
from tests import prepared
from tests.emptying import empty_tables

# The first is Debian's browser without its windows: one engine and one version with the second, at a third of its work.
BROWSERS = (
    "chromium-headless-shell",
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
)
BROWSER_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
BROWSER_FIXTURES = {"page", "context", "browser", "new_context"}
PATIENCE_MS = 60_000  # with a page, on a machine that has other work
# The longest first, so that no worker is left with one of them while the other has nothing to do.
LONG = (
    "tests/browser/",
    "tests/builder/test_ring_on_a_page.py",
    "tests/jeweler/test_commands.py",
    "tests/faults/",
    "tests/demo/",
    "tests/builder/search/",
    "tests/builder/feeds/",
    "tests/journeys/",
)
LOOPBACK = "127.0.0.1,::1,localhost"
SERVERS = pytest.StashKey[contextlib.ExitStack]()

# A slow machine is no failure, and what passed passes again: the examples are the same in every run. To look at others:
# pytest --hypothesis-profile=others
for name, is_the_same in (("house", True), ("others", False)):
    hypothesis.settings.register_profile(
        name,
        deadline=None,
        max_examples=50,
        derandomize=is_the_same,
        database=None,
        suppress_health_check=[hypothesis.HealthCheck.too_slow],
    )
hypothesis.settings.load_profile("house")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "browser: opens a page in Chromium")
    # No test reaches beyond this machine (before pytest-socket reads its options).
    config.option.allow_hosts = config.option.allow_hosts or LOOPBACK
    config.option.allow_unix_socket = True
    # A test that changes the catalog sees it at once.
    settings.PRICE_BOOK_PAUSE = 0.0
    # Playwright's synchronous interface runs an event loop, which Django would refuse to work in.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    expect.set_options(timeout=PATIENCE_MS)
    # WhiteNoise warns of a missing folder, and warnings are errors here.
    Path(settings.STATIC_ROOT).mkdir(parents=True, exist_ok=True)
    if runs_tests(config):
        needed = processes.servers(
            postgres="DATABASE_URL" not in os.environ,
            valkey="REDIS_URL" not in os.environ,
            is_durable=False,
        )
        config.stash[SERVERS] = contextlib.ExitStack()
        config.stash[SERVERS].enter_context(needed)


def runs_tests(config: pytest.Config) -> bool:
    """False: it collects what its workers report."""
    return hasattr(config, "workerinput") or config.getoption("dist", "no") == "no"


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes(specs: list[Any]) -> None:
    """A folder for each worker's servers, known to it before it reads the settings."""
    for number, spec in enumerate(specs):
        spec.env["JEWELER_HOME"] = str(embedded.home() / f"worker-{number}")


def pytest_unconfigure(config: pytest.Config) -> None:
    if SERVERS in config.stash:
        config.stash[SERVERS].close()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests with a page are marked, so that `-m "not browser"` can leave them out."""
    for item in items:
        if BROWSER_FIXTURES & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.browser)
    items.sort(key=_place)


def _place(item: pytest.Item) -> int:
    return next((n for n, path in enumerate(LONG) if item.nodeid.startswith(path)), len(LONG))


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings: None, django_db_blocker: DjangoDbBlocker
) -> None:
    with django_db_blocker.unblock():
        prepared.use()


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> None:
    with django_db_blocker.unblock():
        prepared.keep()


@pytest.fixture(scope="session", autouse=True)
def _emptied_quickly() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", lambda _: empty_tables())
        yield


def _browser() -> str | None:
    found = (shutil.which(name) for name in (os.environ.get("CHROMIUM", ""), *BROWSERS) if name)
    return next((path for path in found if path and Path(path).exists()), None)


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    path = _browser()
    if path is None:
        pytest.fail(
            "There is no Chromium for the browser tests. As root: apt-get install chromium "
            "libatomic1 fonts-liberation; or name the program in the variable CHROMIUM."
        )
    return {**browser_type_launch_args, "executable_path": path, "args": BROWSER_ARGUMENTS}


@pytest.fixture(scope="session")
def playwright(playwright: Playwright) -> Iterator[Playwright]:
    """Playwright runs an event loop in our thread, and Django keeps connections of its own for code under one.

    Whoever ran with it open, be it a test without a page, leaves such a connection, and the test database could not be
    dropped once the loop is gone.
    """
    yield playwright
    connections.close_all()


@pytest.fixture
def media(settings: Settings, tmp_path: Path) -> Path:
    """A folder of the test's own for what is uploaded and drawn."""
    folder = tmp_path / "media"
    folder.mkdir()
    settings.MEDIA_ROOT = folder
    return folder
