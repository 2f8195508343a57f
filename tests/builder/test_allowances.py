"""Who asks for mails too often waits, and nobody else does."""

from datetime import timedelta

import pytest
from django.db import transaction
from hypothesis import given
from hypothesis import strategies as st

from builder import allowances
from builder.allowances import Limit
from builder.models import Allowance
from tests.builder.test_races import at_once
from tests.factories.jeweler import NOW

HOURLY = Limit(name="hourly", most=2, hours=1)
DAILY = Limit(name="daily", most=5, hours=24)


def take(limit: Limit = HOURLY, asker: str = "ada@example.com", **later: int) -> None:
    with transaction.atomic():
        allowances.take(askers={limit: asker}, now=NOW + timedelta(**later))


@pytest.mark.django_db
def test_a_third_time_in_the_hour_is_refused_until_the_next_begins() -> None:
    take()
    take()
    with pytest.raises(allowances.TooMany) as refusal:
        take()
    take(seconds=refusal.value.wait_s)


@pytest.mark.django_db
def test_others_and_other_limits_are_not_touched() -> None:
    take()
    take()
    take(asker="eve@example.com")
    take(limit=DAILY)


@pytest.mark.django_db
def test_what_is_refused_by_one_limit_uses_none() -> None:
    take()
    take()
    for _ in range(9):
        with pytest.raises(allowances.TooMany), transaction.atomic():
            allowances.take(askers={DAILY: "her browser", HOURLY: "ada@example.com"}, now=NOW)
    take(limit=DAILY, asker="her browser")
    assert Allowance.objects.get(limit="daily").used == 1


@pytest.mark.django_db
def test_who_asked_cannot_be_read_back_and_is_dropped_after_two_days() -> None:
    take()
    assert "ada" not in Allowance.objects.get().asker_hash
    take(asker="eve@example.com", days=3)
    assert Allowance.objects.count() == 1


@given(st.integers(0, 3 * 24 * 60), st.sampled_from([1, 2, 6, 24]))
def test_a_stretch_begins_before_now_and_ends_after_it(minutes: int, hours: int) -> None:
    now = NOW + timedelta(minutes=minutes)
    began = allowances._began(Limit(name="", most=1, hours=hours), now)
    assert began <= now < began + timedelta(hours=hours)


@pytest.mark.django_db(transaction=True)
def test_four_at_once_take_two_turns_and_not_three() -> None:
    answers = at_once(*[take] * 4)
    assert sum(isinstance(each, allowances.TooMany) for each in answers) == 2
