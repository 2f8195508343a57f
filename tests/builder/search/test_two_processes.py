"""A stone that one process sells is gone from another one's list at its next look, half a second later at the most.

No duration is asserted, for a busy machine may take any. What is: whichever answer the other process begins when that pause
has passed after the sale, by the clock that both share, does not list the stone.
"""

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import takewhile

import pytest

from builder.models import Stone
from builder.search import building
from tests.factories.builder import StoneFactory
from tests.factories.jeweler import NOW
from tests.faults import probe

pytestmark = pytest.mark.django_db(transaction=True)

PAUSE_S = 0.5
ANSWERING = """
import json, time
from builder import search
while True:
    began_at = time.monotonic()
    found = search.listing(search.StoneQuery())
    print(json.dumps([began_at, found.engine, found.ids]), flush=True)
    time.sleep(0.02)
"""


@dataclass(frozen=True)
class Answer:
    """`began_at` is on the machine's monotonic clock."""

    began_at: float
    engine: str
    ids: list[int]


@contextlib.contextmanager
def another_process(*, pause_s: float) -> Iterator[Iterator[Answer]]:
    """Asks for the list again and again; killed at the end."""
    process = subprocess.Popen(
        [sys.executable, "manage.py", "shell", "--no-imports", "-c", ANSWERING],
        cwd=probe.CHECKOUT,
        env={
            **os.environ,
            "DATABASE_URL": probe.database_url(),
            "DEMO": "True",
            "SEARCH_SNAPSHOT_POLL_S": str(pause_s),
        },
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        if process.stdout is None:
            raise AssertionError("it has a pipe")
        yield (Answer(*json.loads(line)) for line in process.stdout)
    finally:
        process.kill()
        process.communicate()


def answer_after_the_pause(*, pause_s: float) -> tuple[Stone, Answer]:
    """Sell a stone that another process lists; its first answer begun when PAUSE_S has passed since."""
    sold_stone = StoneFactory()
    StoneFactory()
    building.build(now=NOW)
    with another_process(pause_s=pause_s) as answers:
        before = next(answers)
        assert (before.engine, sold_stone.pk in before.ids) == ("snapshot", True)
        Stone.objects.filter(pk=sold_stone.pk).update(status="sold", sold_at=NOW)
        sold_at = time.monotonic()
        for _ in takewhile(lambda each: each.began_at < sold_at + PAUSE_S, answers):
            pass
        return sold_stone, next(answers)


def test_a_stone_that_is_sold_is_gone_from_another_process_at_its_next_look() -> None:
    sold_stone, after = answer_after_the_pause(pause_s=PAUSE_S)
    assert after.engine == "snapshot"
    assert sold_stone.pk not in after.ids
    assert len(after.ids) == 1


def test_a_process_that_does_not_look_would_still_list_it() -> None:
    """The proof that the look is what does it."""
    sold_stone, after = answer_after_the_pause(pause_s=3000)
    assert after.engine == "snapshot"
    assert sold_stone.pk in after.ids
