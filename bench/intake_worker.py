"""A worker of the inbox for `bench intake`: it looks every two seconds, as beat rings for it, and says when it was done with what.

Each line that it prints is the moment with which it marks rows as finished, and the moment at which their transactions were over:
`python -m bench.intake_worker`; BENCH_DATABASE names the database.
"""

import os
import time
from datetime import UTC, datetime

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "jeweler.settings")
django.setup()

from django.db import connections  # noqa: E402  after the set-up

from pos_bridge import inbound  # noqa: E402

READY = "ready"
RINGS_EVERY_S, AT_ONCE, A_RING = 2.0, 40, 500


def main() -> None:
    connections["default"].settings_dict["NAME"] = os.environ["BENCH_DATABASE"]
    print(READY, flush=True)
    while True:
        rung = time.monotonic()
        for _ in range(A_RING // AT_ONCE):
            now = datetime.now(UTC)
            if not inbound.apply_due(now=now, limit=AT_ONCE):
                break
            print(now.isoformat(), datetime.now(UTC).isoformat(), flush=True)
        time.sleep(max(0.0, rung + RINGS_EVERY_S - time.monotonic()))


if __name__ == "__main__":
    main()
