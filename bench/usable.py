"""How soon a shopper on a slow phone can use the ring's page and sees her ring in three dimensions, beside what we aim at.

Debian's Chromium opens the page of a chosen ring with an empty cache, behind Lighthouse's slow 4G (150 ms, 1.6 Mbit/s) and with a
processor four times slower, all by the DevTools protocol. *Usable* is when the page has been painted and its form is there, which
works without a script. *Drawn* is when the scene gives the graphics card its first ring; *shown* is when that frame is on the
stage. This machine has no graphics card: SwiftShader computes the frame on the same slowed processor, so that *shown* is later
here than on any phone; both are told. The weights are of what a page loads before it is usable, compressed as in production.
"""

import json
import os
import re
import shutil
import statistics
import subprocess
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from bench import harness, lighthouse, packing
from jeweler import sheet

PHONE = {"width": 390, "height": 844}
NETWORK = {
    "offline": False,
    "latency": 150,
    "downloadThroughput": 1_600_000 / 8,
    "uploadThroughput": 750_000 / 8,
}
SLOWER = 4
PATIENCE_MS = 60_000
AIMS_MS = {"usable": 700, "3D drawn": 2000, "3D shown": 2000}
MOST_SHIFT = 0.1
SCRIPT_KB, SCENE_KB = 20, 200
DIST = lighthouse.CHECKOUT / "static" / "dist"

WATCH = """
  window.seen = { shift: 0 };
  new PerformanceObserver((list) => {
    for (const each of list.getEntries()) if (!each.hadRecentInput) seen.shift += each.value;
  }).observe({ type: "layout-shift", buffered: true });
  addEventListener("ring:ready", () => { seen.shown ??= performance.now(); });
"""
TELL = """() => ({
  ...seen,
  drawn: performance.getEntriesByName("ring:drawn")[0].startTime,
  usable: Math.max(performance.getEntriesByName("first-contentful-paint")[0].startTime,
                   performance.getEntriesByType("navigation")[0].domInteractive),
  hasForm: document.querySelector("form[data-choices]") !== null,
})"""


def run(*, full: bool) -> list[harness.Case]:
    browser = os.environ.get("CHROMIUM") or next(
        filter(None, map(shutil.which, lighthouse.BROWSERS)), None
    )
    if browser is None:
        raise lighthouse.NoLighthouse("Chromium is missing: ./bin/test installs it.")
    with lighthouse.demo() as site:
        shopper = lighthouse.Shopper(site=site)
        shopper.design_and_save()
        pages = {name: shopper.get(address) for name, address in shopper.pages().items()}
        with packing.packed(site) as fast, shopper.opener.open(site + "/ring/") as response:
            address = response.geturl().replace(site, fast)
            looks = _looks(browser, address, shopper, times=9 if full else 5)
    return [*_times(looks), *_weights(pages)]


def _looks(
    browser: str, address: str, shopper: lighthouse.Shopper, *, times: int
) -> list[dict[str, Any]]:
    flags = [
        "--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--disable-component-update",
        "--disable-background-networking", "--disable-sync", "--no-first-run",
    ]  # fmt: skip
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=browser, args=flags)
        try:
            _look(running, address, shopper)  # so that everything has been packed once
            return [_look(running, address, shopper) for _ in range(times)]
        finally:
            running.close()


def _look(browser: Browser, address: str, shopper: lighthouse.Shopper) -> dict[str, Any]:
    """One visit with an empty cache; milliseconds since it began."""
    context = browser.new_context(
        viewport={"width": PHONE["width"], "height": PHONE["height"]},
        user_agent=lighthouse.PHONE,
        device_scale_factor=1.75,
        is_mobile=True,
        has_touch=True,
        bypass_csp=True,  # so that this bench may ask the page; the page itself asks for nothing more
    )
    context.add_cookies(
        [
            {"name": each.name, "value": each.value or "", "url": shopper.site}
            for each in shopper.jar
            if each.name != sheet.COOKIE  # nor has an empty cache the sheet
        ]
    )
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.add_init_script(WATCH)
    _slow(page)
    page.goto(address)
    page.wait_for_function("seen.shown")
    found: dict[str, Any] = page.evaluate(TELL)
    context.close()
    harness.same(found["hasForm"], True, what="the form of choices")
    return found


def _slow(page: Page) -> None:
    protocol = page.context.new_cdp_session(page)
    protocol.send("Network.enable")
    protocol.send("Network.emulateNetworkConditions", NETWORK)
    protocol.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})


def _times(looks: list[dict[str, Any]]) -> list[harness.Case]:
    measured = {"usable": "usable", "3D drawn": "drawn", "3D shown": "shown"}
    cases = [
        _case(f"ring, {name}", statistics.median(look[key] for look in looks), AIMS_MS[name], "ms")
        for name, key in measured.items()
    ]
    shift = statistics.median(look["shift"] for look in looks)
    return [*cases, _case("ring, layout shift", shift, MOST_SHIFT, "")]


def _weights(pages: dict[str, str]) -> list[harness.Case]:
    """Kilobytes of script that a page names itself, and of the scene, which comes when the page is idle."""
    cases = [
        _case(f"{name}, script", _packed(_named(html), by="brotli"), SCRIPT_KB, "kB brotli")
        for name, html in pages.items()
    ]
    scene = _packed([DIST / "ring-worker.js"], by="gzip")
    return [*cases, _case("the scene", scene, SCENE_KB, "kB gzip")]


def _named(html: str) -> list[Path]:
    """The scripts of a page and what they import at once."""
    found: list[Path] = []
    waiting = [
        DIST / name
        for name in re.findall(
            r"<script[^>]+/dist/([\w-]+)(?:\.\w+)?\.js",
            html,
        )
    ]
    waiting = [each.with_suffix(".js") for each in waiting]
    while waiting:
        path = waiting.pop().resolve()
        if path in found:
            continue
        found.append(path)
        imported = re.findall(r'(?:from|import)"(\.[^"]+)"', path.read_text())
        waiting += [path.parent / each for each in imported]
    return found


def _packed(paths: list[Path], *, by: str) -> float:
    """Each file is packed by itself, as it is sent."""
    pack = "brotliCompressSync" if by == "brotli" else "gzipSync"
    script = (
        "const zlib = require('node:zlib'), fs = require('node:fs');"
        f"console.log({json.dumps([str(path) for path in paths])}"
        f".reduce((sum, each) => sum + zlib.{pack}(fs.readFileSync(each)).length, 0));"
    )
    ran = subprocess.run(
        [lighthouse.NODE, "-e", script], capture_output=True, text=True, check=True, timeout=60
    )
    return int(ran.stdout) / 1000


def _case(case: str, ours: float, aim: float, unit: str) -> harness.Case:
    return harness.Case(
        case=case,
        unit=unit,
        ours=round(ours, 3 if aim < 1 else 1),
        reference=aim,
        reference_name="the aim, at most",
        ratio=round(ours / aim, 2),
    )
