"""`./bin/bench [NAME …] [--full]`: runs every bench, or those named, on a database of its own."""

import argparse
import importlib
import os
import pkgutil
import sys

import django
from django.db import connection

import bench
from bench import harness

PARTS = {
    "__main__",
    "harness",
    "site",
    "plain_price",
    "with_empty",
    "questions",
    "peers",
    "packing",
    "calendar",
    "peer_appointment",
    "peer_race",
    "with_peer_appointment",
    "with_bookings",
    "with_intake",
    "intake_worker",
    "signing",
    "with_site",
    "serving",
}


def names() -> list[str]:
    return sorted(m.name for m in pkgutil.iter_modules(bench.__path__) if m.name not in PARTS)


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of: {', '.join(names())}")
    parser.add_argument("--full", action="store_true", help="more rows and rounds")
    chosen = parser.parse_args()
    unknown = set(chosen.names) - set(names())
    if unknown:
        parser.error(f"no bench named {', '.join(sorted(unknown))}; there are {', '.join(names())}")
    run(chosen.names or names(), full=chosen.full)
    return 0


def run(chosen: list[str], *, full: bool) -> None:
    production = connection.settings_dict["NAME"]
    connection.creation.create_test_db(verbosity=0, autoclobber=True)
    try:
        for name in chosen:
            harness.publish(name, importlib.import_module(f"bench.{name}").run(full=full))
    finally:
        connection.creation.destroy_test_db(production, verbosity=0)


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "jeweler.settings")
    os.environ.setdefault("DEMO", "True")
    django.setup()
    sys.exit(main())
