"""What every test stands on: servers of our own, closed doors to the world, a real browser.

The servers are started once, by the process that starts the workers, and end with it. Each
xdist worker gets its own test database in them.
"""

import os
import shutil
from pathlib import Path
from typing import Any

import pytest
import pytest_socket

from jeweler import embedded

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
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
STARTED = pytest.StashKey[list[str]]()


def pytest_configure(config: pytest.Config) -> None:
    # Playwright's synchronous interface runs an event loop, which Django would refuse to work in.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    if hasattr(config, "workerinput"):
        return
    started = []
    if "DATABASE_URL" not in os.environ and embedded.start_postgres():
        started.append("postgres")
    if "REDIS_URL" not in os.environ and embedded.start_valkey():
        started.append("valkey")
    config.stash[STARTED] = started


def pytest_unconfigure(config: pytest.Config) -> None:
    started = config.stash.get(STARTED, [])
    if "postgres" in started:
        embedded.stop_postgres()
    if "valkey" in started:
        embedded.stop_valkey()


def pytest_runtest_setup(item: pytest.Item) -> None:
    """No test reaches beyond this machine."""
    pytest_socket.socket_allow_hosts(["127.0.0.1", "::1", "localhost"], allow_unix_socket=True)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests with a page are marked, so that `-m "not browser"` can leave them out."""
    for item in items:
        if BROWSER_FIXTURES & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.browser)


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
