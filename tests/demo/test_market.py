import random
from datetime import UTC, datetime

import pytest

from demo import market

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def people() -> list[market.Journey]:
    return list(market.journeys(dice=random.Random(7), until=NOW))


def test_the_same_seed_gives_the_same_two_years() -> None:
    def first_touches() -> list[tuple[datetime, str]]:
        dice = random.Random(7)
        some = [j for j, _ in zip(market.journeys(dice=dice, until=NOW), range(500), strict=False)]
        return [(j.touches[0].at, j.touches[0].campaign.source) for j in some]

    assert first_touches() == first_touches()


def test_nothing_but_a_booked_visit_lies_in_the_future(people: list[market.Journey]) -> None:
    for person in people:
        happened = [
            person.started_at,
            person.completed_at,
            person.saved_at,
            person.booked_at,
            person.looked_up_at,
            person.purchase and person.purchase.at,
        ]
        assert all(at is None or at < NOW for at in happened)
        assert all(touch.at < NOW for touch in person.touches)


def test_each_step_comes_after_the_one_before(people: list[market.Journey]) -> None:
    for person in people:
        steps = [person.started_at, person.completed_at, person.saved_at, person.booked_at]
        taken = [at for at in steps if at is not None]
        assert taken == sorted(taken)
        assert None not in steps[: len(taken)]


def test_whoever_bought_had_saved_her_design(people: list[market.Journey]) -> None:
    buyers = [person for person in people if person.purchase is not None]
    assert len(buyers) > 100
    assert all(b.saved_at and b.purchase and b.purchase.at > b.saved_at for b in buyers)


def test_a_device_of_a_touch_is_one_that_she_has(people: list[market.Journey]) -> None:
    assert all(t.device < len(p.devices) for p in people for t in p.touches)
