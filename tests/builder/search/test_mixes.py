"""Facets counted several at once are what each would be by itself."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.search import mixes
from builder.search.facets import FACETS

BASES = {name: len(facet.labels) + 1 for name, facet in FACETS.items()}


@given(seed=st.integers(0, 2**32 - 1), stones=st.integers(1, 200), share=st.floats(0, 1))
def test_counts_are_those_of_each_facet_by_itself(seed: int, stones: int, share: float) -> None:
    rng = np.random.default_rng(seed)
    values = {name: rng.integers(0, base, stones) for name, base in BASES.items()}
    places = np.flatnonzero(rng.random(stones) < share).astype(np.uint32)
    facets = [name for name in FACETS if rng.random() < 0.6]
    found = mixes.counted(mixes.mixed(values), places, facets=facets)
    assert set(found) == set(facets)
    for name in facets:
        expected = np.bincount(values[name][places], minlength=BASES[name])
        assert found[name] == expected.tolist()


def test_every_facet_is_in_one_mix_and_no_mix_is_too_large_for_its_column() -> None:
    assert [name for mix in mixes.MIXES for name in mix] == list(FACETS)
    highest = {name: np.array([base - 1]) for name, base in BASES.items()}
    for mix, column in zip(mixes.MIXES, mixes.mixed(highest), strict=True):
        assert column.tolist() == [np.prod(list(mix.values())) - 1]


@pytest.mark.parametrize("facets", [["shape"], ["shape", "color"], list(FACETS)])
def test_facets_of_one_mix_take_one_pass(facets: list[str]) -> None:
    passes = sum(any(name in mix for name in facets) for mix in mixes.MIXES)
    assert mixes.passes(facets) == passes
