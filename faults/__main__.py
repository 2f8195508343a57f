"""`./bin/faults pos [--events N]`: break things on purpose on a database of its own, and count the books."""

import argparse
import json
import os
import platform
import socket
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import django
from django.db import connection

RESULTS = Path(__file__).resolve().parents[1] / "bench" / "results"
EVENTS = 5_000


def main() -> int:
    parser = argparse.ArgumentParser(prog="faults", description=__doc__)
    parser.add_argument("name", choices=["pos"])
    parser.add_argument("--events", type=int, default=EVENTS, help=f"default: {EVENTS}")
    parser.add_argument(
        "--frozen", type=float, default=20.0, help="seconds that Valkey answers nothing"
    )
    chosen = parser.parse_args()
    from faults import pos  # noqa: PLC0415  its models need Django to be set up

    production = connection.settings_dict["NAME"]
    connection.creation.create_test_db(verbosity=0, autoclobber=True)
    try:
        with connection.cursor() as cursor:
            # The embedded server waits for no commit; what is acknowledged here has to be on the disk.
            name = connection.ops.quote_name(connection.settings_dict["NAME"])
            cursor.execute(f"ALTER DATABASE {name} SET synchronous_commit = on")
        connection.close()
        figures = pos.run(
            events=chosen.events, port=_free_port(), database_url=_url(), frozen_s=chosen.frozen
        )
    finally:
        connection.close()
        connection.creation.destroy_test_db(production, verbosity=0)
    _publish("faults_pos", figures)
    return 1 if figures["broken"] else 0


def _publish(name: str, figures: dict[str, Any]) -> None:
    machine = {
        "cpu_count": os.cpu_count(),
        "machine": platform.machine(),
        "python": platform.python_version(),
        "load": round(os.getloadavg()[0], 2),
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    said = json.dumps({"machine": machine, **figures}, indent=2) + "\n"
    (RESULTS / f"{name}.json").write_text(said)
    print(said)


def _url() -> str:
    known = connection.settings_dict
    host, name = quote(str(known["HOST"]), safe=""), known["NAME"]
    return f"postgres://{quote(str(known['USER']))}@{host}/{name}"


def _free_port() -> int:
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        port: int = trial.getsockname()[1]
    return port


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "jeweler.settings")
    os.environ.setdefault("DEMO", "True")
    django.setup()
    sys.exit(main())
