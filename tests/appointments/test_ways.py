"""When a stone has to leave, and that the quickest way is taken."""

import itertools

from hypothesis import given, settings
from hypothesis import strategies as st

from appointments.ways import Stop, Ways, leaving

HOUR = 60
A, B, C = 1, 2, 3


def ways(handling: int = 0, **hours: int) -> Ways:
    """Such as ab=10: ten hours from A to B."""
    ids = {"a": A, "b": B, "c": C}
    return Ways(
        transfers={(ids[pair[0]], ids[pair[1]]): each * HOUR for pair, each in hours.items()},
        usual=dict.fromkeys((A, B, C), 99 * HOUR),
        handling=dict.fromkeys((A, B, C), handling),
    )


def stop(number: int, store: int, hour: int) -> Stop:
    return Stop(id=number, store=store, start=hour * HOUR, end=(hour + 1) * HOUR)


def test_a_stone_that_stays_needs_no_way_and_one_that_moves_is_counted_in() -> None:
    way = ways(handling=30, ab=10)
    assert way.minutes(A, A) == 0
    assert way.minutes(A, B) == 10 * HOUR + 30
    assert way.minutes(B, A) == 99 * HOUR + 30  # its usual way: nobody said how long this one is


def test_a_way_over_a_third_store_is_taken_where_it_is_quicker() -> None:
    assert ways(ab=10, bc=12, ac=44).minutes(A, C) == 22 * HOUR
    assert ways(ab=10, bc=12, ac=20).minutes(A, C) == 20 * HOUR


def test_each_visit_is_left_for_from_the_one_before() -> None:
    stops = [stop(1, B, 30), stop(2, B, 40), stop(3, C, 60)]
    found = leaving(stops, place=A, ways=ways(ab=10, bc=12, ac=44))
    assert found == {1: 20 * HOUR, 2: 40 * HOUR, 3: 48 * HOUR}
    assert leaving([stop(1, B, 30)], place=None, ways=ways()) == {1: 30 * HOUR}


def test_between_promises_that_no_longer_fit_it_leaves_as_the_first_ends() -> None:
    stops = [stop(1, A, 10), stop(2, B, 15)]
    way = ways(ab=20, ba=20)
    assert leaving(stops, place=A, ways=way)[2] == 11 * HOUR
    assert leaving(stops, place=A, ways=way, new=[2])[2] == -5 * HOUR
    assert leaving(stops, place=A, ways=way, new=[1])[2] == -5 * HOUR


@settings(max_examples=50, deadline=None)
@given(
    hours=st.lists(st.integers(1, 60), min_size=6, max_size=6),
    handling=st.integers(0, 120),
)
def test_no_stop_taken_out_makes_the_rest_of_the_way_longer(
    hours: list[int], handling: int
) -> None:
    pairs = dict(zip(("ab", "ac", "ba", "bc", "ca", "cb"), hours, strict=True))
    way = ways(handling=handling, **pairs)
    for here, over, there in itertools.permutations((A, B, C)):
        assert way.minutes(here, there) <= way.minutes(here, over) + way.minutes(over, there)
