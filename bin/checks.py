"""Every check of the code, each with its time. All run, also when one fails."""

import os
import secrets
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from jeweler import processes  # noqa: E402  the checkout is no installed package

BIN = ROOT / ".venv" / "bin"
PYTHON = str(BIN / "python")
# As in production, so that the deployment check looks at what production would be.
PRODUCTION = {
    "DEBUG": "False",
    "DEMO": "False",
    "SECRET_KEY": secrets.token_urlsafe(64),
    "ALLOWED_HOSTS": "shop.example",
    "SITE_URL": "https://shop.example",
    "DATABASE_URL": "postgresql://jeweler@database/jeweler",
    "REDIS_URL": "redis://broker:6379/0",
    "EMAIL_BACKEND": "anymail.backends.postmark.EmailBackend",
    "DEFAULT_FROM_EMAIL": "Osmere <hello@shop.example>",
}
CHECKS: list[tuple[str, list[str], dict[str, str]]] = [
    ("types", [str(BIN / "mypy")], {}),
    ("format", [str(BIN / "ruff"), "format", "--check", "."], {}),
    ("lint", [str(BIN / "ruff"), "check", "--output-format", "concise", "."], {}),
    ("import contracts", [str(BIN / "lint-imports")], {}),
    ("migrations", [PYTHON, "manage.py", "makemigrations", "--check", "--dry-run"], {}),
    (
        "deployment",
        [PYTHON, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        PRODUCTION,
    ),
]


def main() -> int:
    servers = processes.servers(postgres="DATABASE_URL" not in os.environ, valkey=False)
    with servers, ThreadPoolExecutor(max_workers=2) as pool:
        failed = [name for name, good in pool.map(_check, CHECKS) if not good]
    print(f"failed: {', '.join(failed)}" if failed else "all checks passed", flush=True)
    return 1 if failed else 0


def _check(check: tuple[str, list[str], dict[str, str]]) -> tuple[str, bool]:
    name, command, environment = check
    began = time.monotonic()
    done = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    good = done.returncode == 0
    line = f"{'ok    ' if good else 'FAILED'} {name:18} {time.monotonic() - began:5.1f} s"
    print(line if good else f"{line}\n{done.stdout.rstrip()}", flush=True)
    return name, good


if __name__ == "__main__":
    sys.exit(main())
