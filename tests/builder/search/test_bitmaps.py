"""Ranges of values, joined and taken apart, are what looking at each value finds."""

from hypothesis import given
from hypothesis import strategies as st
from pyroaring import BitMap

from builder.search.bitmaps import BLOCK, Values

ends = st.one_of(st.none(), st.integers(-5, 130))


@given(values=st.sets(st.integers(0, 120), max_size=6 * BLOCK), low=ends, high=ends)
def test_a_range_holds_the_stones_of_its_values_and_no_others(
    values: set[int], low: int | None, high: int | None
) -> None:
    places = {value: BitMap([2 * value, 2 * value + 1]) for value in sorted(values)}
    found = Values(list(places), list(places.values())).between(low, high)
    expected = BitMap()
    for value, each in places.items():
        if (low is None or value >= low) and (high is None or value <= high):
            expected |= each
    assert found == expected


def test_a_range_is_the_askers_own() -> None:
    """Whoever changes what is found changes no bitmap."""
    values = Values([1, 2], [BitMap([1]), BitMap([2])])
    for low, high in ((1, 1), (1, 2), (None, None)):
        values.between(low, high).clear()
    assert values.between(None, None) == BitMap([1, 2])
