"""A supplier's whole list into the catalog, beside a bare COPY of the same file into a plain table.

The bare side is the least that could be done: Postgres parses the file into typed columns, without indexes, constraints or
history. Ours reads every field, refuses what is wrong, compares with what is there, and leaves stones and offers as the shop uses
them. Each run is a process of its own, so that its peak memory is its own. Before anything is told: both have every row, the same
costs, and the prices that the markup rules make of them; a second import of the same file touches no row.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import django
from django.db import connection as database

from bench import harness

if __name__ == "__main__":  # one side, in its own process
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "jeweler.settings")
    os.environ.setdefault("DEMO", "True")
    django.setup()

from builder import catalog
from builder.models import MarkupRule, Stone, StoneOffer, Supplier
from demo import prices, wholesale

SEED = 20261121
CODE = "bench-import"
COLUMNS = {  # in the order of wholesale.CSV_COLUMNS
    "carat": "numeric(5, 2)", "length_mm": "numeric(5, 2)", "width_mm": "numeric(5, 2)", "depth_mm": "numeric(5, 2)",
    "cost": "numeric(10, 2)", "depth_pct": "numeric(4, 1)", "table_pct": "numeric(4, 1)",
    "crown_angle": "numeric(4, 1)", "pavilion_angle": "numeric(4, 1)", "girdle_pct": "numeric(4, 1)",
}  # fmt: skip
MEGABYTE = 1024  # Linux tells kilobytes


@dataclass(frozen=True, kw_only=True)
class Run:
    """Of one process: seconds of the work itself, and its peak memory in MB."""

    seconds: float
    peak_mb: float


def run(*, full: bool) -> list[harness.Case]:
    count, rounds = (1_000_000, 1) if full else (50_000, 2)
    with tempfile.TemporaryDirectory() as folder:
        whole, tenth = (_feed(Path(folder), count=each) for each in (count, count // 10))
        sides: dict[str, list[Run]] = {"ours": [], "again": [], "bare": []}
        for number in range(rounds):
            for side in ("ours", "bare") if number % 2 == 0 else ("bare", "ours"):
                _empty()
                sides[side].append(_apart(side, whole))
                if side == "ours":
                    _check_ours(count)
                    sides["again"] = sides["again"] or [_again(whole)]
                else:
                    _check_bare(count)
        _empty()
        small = _apart("ours", tenth)
        _empty()
    return _cases(count, sides, small=small)


def _cases(count: int, sides: dict[str, list[Run]], *, small: Run) -> list[harness.Case]:
    ours, again, bare = (
        statistics.median(each.seconds for each in sides[side])
        for side in ("ours", "again", "bare")
    )
    peak, bare_peak = (max(each.peak_mb for each in sides[side]) for side in ("ours", "bare"))
    rates = f"{count / ours:,.0f} rows/s beside {count / bare:,.0f}"
    return [
        _case(f"{count:,} stones, first import ({rates})", "s", ours, bare, "bare COPY"),
        _case(f"{count:,} stones, the same again", "s", again, bare, "bare COPY"),
        _case("peak memory", "MB", peak, bare_peak, "bare COPY"),
        _case("peak memory", "MB", peak, small.peak_mb, "a tenth of the file"),
    ]


def _case(name: str, unit: str, ours: float, reference: float, beside: str) -> harness.Case:
    return harness.Case(
        case=name,
        unit=unit,
        ours=round(ours, 3),
        reference=round(reference, 3),
        reference_name=beside,
        ratio=round(ours / reference, 2),
    )


# The file and the tables.


def _feed(folder: Path, *, count: int) -> Path:
    path = folder / f"{count}.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        wholesale.write_csv(file, count=count, seed=SEED)
    return path


def _empty() -> None:
    """No stones, one supplier with the house's markup rules, and the plain table."""
    columns = ", ".join(f"{name} {COLUMNS.get(name, 'text')}" for name in wholesale.CSV_COLUMNS)
    with database.cursor() as cursor:
        cursor.execute(f"TRUNCATE {Stone._meta.db_table}, {StoneOffer._meta.db_table} CASCADE")
        cursor.execute("DROP TABLE IF EXISTS bench_bare_feed")
        cursor.execute(f"CREATE TABLE bench_bare_feed ({columns})")
    supplier, is_new = Supplier.objects.get_or_create(
        code=CODE, defaults={"name": "Bench", "feed_format": "generic", "markup": Decimal("1.4")}
    )
    if is_new:
        MarkupRule.objects.bulk_create(
            MarkupRule(
                supplier=supplier, growth=growth, cost_from=low, cost_below=high, factor=factor
            )
            for growth, low, high, factor in prices.MARKUPS
        )


# One side, in its own process.


def _apart(side: str, path: Path) -> Run:
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "bench.import",
            side,
            str(path),
            str(database.settings_dict["NAME"]),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise harness.WrongAnswer(f"The side {side} failed:\n{done.stderr}")
    return Run(**json.loads(done.stdout.splitlines()[-1]))


def _import(path: Path) -> None:
    with path.open("rb") as file:
        catalog.import_feed(
            supplier=Supplier.objects.get(code=CODE),
            file=file,
            file_name=path.name,
            feed_format="generic",
            dry_run=False,
            allow_shrink=False,
            now=datetime.now(UTC),
        )


def _copy(path: Path) -> None:
    with (
        path.open("rb") as file,
        database.cursor() as cursor,
        cursor.copy("COPY bench_bare_feed FROM STDIN (FORMAT csv, HEADER)") as copy,
    ):
        while block := file.read(65_536):
            copy.write(block)


SIDES: dict[str, Callable[[Path], None]] = {"ours": _import, "again": _import, "bare": _copy}


def _side(side: str, path: Path, name: str) -> Run:
    database.settings_dict["NAME"] = name
    database.ensure_connection()
    began = time.perf_counter()
    SIDES[side](path)
    seconds = time.perf_counter() - began
    return Run(seconds=seconds, peak_mb=_peak_mb())


def _peak_mb() -> float:
    """Of this program alone: what `getrusage` tells begins with the memory of whoever started it."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    (peak,) = (line.split()[1] for line in lines if line.startswith("VmHWM:"))
    return int(peak) / MEGABYTE


# What must be true.


def _check_ours(count: int) -> None:
    harness.same(Stone.objects.filter(status="available").count(), count, what="stones")
    found = _one(
        "SELECT count(*), sum(cost), sum(price) FROM builder_stoneoffer WHERE withdrawn_at IS NULL"
    )
    harness.same(found, _expected(count), what="offers, their costs and prices")


def _check_bare(count: int) -> None:
    found = _one("SELECT count(*), sum(cost) FROM bench_bare_feed")
    harness.same(found, _expected(count)[:2], what="rows and costs of the bare copy")


def _expected(count: int) -> tuple[object, ...]:
    """Number, costs and prices, added up from the generator's own numbers."""
    supplier = Supplier.objects.get(code=CODE)
    costs = asked = 0
    for lot in wholesale.lots(count=count, seed=SEED):
        costs += int(lot.cost_cents.sum())
        cents = wholesale.asked_cents(
            cost_cents=lot.cost_cents, is_grown=lot.is_grown, supplier=supplier
        )
        asked += int(cents.sum())
    return count, Decimal(costs) / 100, Decimal(asked) / 100


def _again(path: Path) -> Run:
    """Import the same file once more; no stone and no offer may be written."""
    written = (
        "SELECT (SELECT sum(hashint8extended(xmin::text::bigint, id)) FROM builder_stone), "
        "(SELECT sum(hashint8extended(xmin::text::bigint, id)) FROM builder_stoneoffer)"
    )
    before = _one(written)
    done = _apart("again", path)
    harness.same(_one(written), before, what="rows after importing the same again")
    return done


def _one(query: str) -> tuple[object, ...]:
    with database.cursor() as cursor:
        cursor.execute(query)
        row: tuple[object, ...] = cursor.fetchone()
        return row


if __name__ == "__main__":
    print(json.dumps(asdict(_side(sys.argv[1], Path(sys.argv[2]), sys.argv[3]))))
