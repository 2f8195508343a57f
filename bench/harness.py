"""How we measure: both sides in one run, turn and turn about, medians, CPU time beside wall time.

A case compares one way of ours with a named reference that does the same work; the answers of both are
compared by the bench before anything is timed. `ratio` is ours over the reference: below 1 we are
faster, above 1 we pay for what we do besides.
"""

import gc
import json
import os
import platform
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")
RESULTS = Path(__file__).resolve().parent / "results"


class WrongAnswer(AssertionError):
    """The two sides of a bench disagree: there is nothing to time."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """One comparison. `ours` and `reference` are in `unit`."""

    case: str
    unit: str
    ours: float
    reference: float
    reference_name: str
    ratio: float


@dataclass(kw_only=True)
class Sample:
    """Milliseconds of each call."""

    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)

    def percentile(self, share: float) -> float:
        ordered = sorted(self.wall)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def same(ours: object, reference: object, *, what: str) -> None:
    if ours != reference:
        raise WrongAnswer(f"{what}: ours is {ours!r}, the reference is {reference!r}")


def side_by_side(
    ours: Callable[[T], object], reference: Callable[[T], object], inputs: Sequence[T]
) -> tuple[Sample, Sample]:
    """Each input through both sides in turns (A B, then B A), after one unmeasured round each."""
    samples = (Sample(), Sample())
    sides = (ours, reference)
    for item in inputs[:10]:
        ours(item)
        reference(item)
    gc.collect()
    for number, item in enumerate(inputs):
        for index in (0, 1) if number % 2 == 0 else (1, 0):
            wall, cpu = time.perf_counter(), time.process_time()
            sides[index](item)
            samples[index].cpu.append((time.process_time() - cpu) * 1e3)
            samples[index].wall.append((time.perf_counter() - wall) * 1e3)
    return samples


def compare(*, case: str, reference_name: str, ours: Sample, reference: Sample) -> list[Case]:
    """Median wall, median CPU of this process, and the 95th percentile of wall time."""
    figures = (
        ("median", statistics.median(ours.wall), statistics.median(reference.wall)),
        ("median, CPU", statistics.median(ours.cpu), statistics.median(reference.cpu)),
        ("95th percentile", ours.percentile(0.95), reference.percentile(0.95)),
    )
    return [
        Case(
            case=f"{case} ({figure})",
            unit="ms",
            ours=round(mine, 3),
            reference=round(theirs, 3),
            reference_name=reference_name,
            ratio=round(mine / theirs, 2) if theirs else 0.0,
        )
        for figure, mine, theirs in figures
    ]


def publish(name: str, cases: list[Case]) -> None:
    """Print the table, the ratio last, and keep it in bench/results/."""
    print(f"\n{name}")
    for case in cases:
        print(
            f"  {case.case:<58} ours {case.ours:>9.3f} {case.unit}"
            f"   {case.reference_name} {case.reference:>9.3f} {case.unit}   ratio {case.ratio:.2f}"
        )
    RESULTS.mkdir(exist_ok=True)
    machine = {
        "cpu_count": os.cpu_count(),
        "machine": platform.machine(),
        "python": platform.python_version(),
        "load": round(os.getloadavg()[0], 2),
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    (RESULTS / f"{name}.json").write_text(
        json.dumps({"machine": machine, "cases": [asdict(case) for case in cases]}, indent=2) + "\n"
    )
