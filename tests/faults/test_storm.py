"""The small storm: real server processes are killed, the broker stands still, and wrong signatures come in a flood.

`./bin/faults pos` is the same at its full size, with PostgreSQL stopped under everybody.
"""

import random
import socket
from collections import Counter
from pathlib import Path

import pytest

from faults import invariants, pos, programs, till
from tests.faults import probe

pytestmark = pytest.mark.django_db(transaction=True)


def test_scenarios_51_and_57_a_storm_a_frozen_broker_and_a_flood_leave_exact_books(
    tmp_path: Path,
) -> None:
    dice, port = random.Random(57), _free_port()
    opened = pos.open_till()
    day = till.day(events=60, store=pos.STORE, dice=dice)
    started = programs.small_house(port=port, folder=tmp_path, database_url=probe.database_url())
    with started as house:
        web, worker = house.programs
        pos.wait_until(lambda: pos.answers(port), what="the web process answers")
        harms: list[pos.Harm] = [(0.3, web.kill), (0.6, worker.kill), (0.8, house.flush_valkey)]
        storm = pos.raise_storm(
            house, opened, day.deliveries, port=port, dice=dice, harms=harms, kill_every=(1e9, 1e9)
        )
        frozen = pos.freeze(house, opened, day.books, port=port, dice=dice, seconds=1.5)
        flooded = pos.flood(opened, day.books, port=port, dice=dice, seconds=1.5)
        pos.wait_until(lambda: not invariants.unapplied(), what="all is applied", house=house)

    assert storm.unanswered, "Nobody noticed that the web process was killed"
    for act in (frozen, flooded):
        # Nothing waits for the broker, and nobody is turned away for what another sends.
        assert (act["sent"].unanswered, set(act["sent"].statuses)) == (0, {200})
    assert set(flooded["answered"]) == {401, 429}
    acknowledged: Counter[str] = Counter()
    for sent in (storm, frozen["sent"], flooded["sent"]):
        acknowledged += sent.acknowledged
    assert invariants.broken(day.books, acknowledged=acknowledged) == []


def _free_port() -> int:
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        port: int = trial.getsockname()[1]
    return port
