"""What `./bin/faults pos` counts the books by finds what it is there to find."""

import random
from collections import Counter

import pytest

from faults import invariants, pos, till

pytestmark = pytest.mark.django_db


def test_the_counting_of_the_books_finds_what_is_lost_doubled_stale_or_a_cent_amiss() -> None:
    """The invariants themselves: against an empty ledger everything that was told is missing."""
    day = till.day(events=8, store=pos.STORE, dice=random.Random(1))
    [sale] = day.books.versions
    said = invariants.broken(day.books, acknowledged=Counter(dict.fromkeys(day.books.keys, 1)))
    assert f"msg_{sale}-0 was acknowledged and is not kept" in said
    assert any(f"sale {sale} is at version None" in each for each in said)
    assert any("were taken in all" in each for each in said)
    assert any("PaymentCaptured was announced 0 times" in each for each in said)
