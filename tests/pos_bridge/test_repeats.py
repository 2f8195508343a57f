"""One key, one effect, one answer: whoever repeats, changes, crashes or comes at the same moment."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection

from jeweler.models import Store
from pos_bridge import repeats
from pos_bridge.models import IdempotencyKey
from pos_bridge.repeats import Answer, Call
from tests.factories import pos_bridge as tills
from tests.factories.jeweler import NOW

pytestmark = pytest.mark.django_db


def call(body: bytes = b"{}", *, actor: str = "till:1", path: str = "/holds/") -> Call:
    return Call(actor=actor, key="k-1", method="POST", path=path, body=body)


class Effect:
    """Counts how often it was had, in the database too."""

    def __init__(self, status: int = 201) -> None:
        self.times, self.status = 0, status

    def __call__(self) -> Answer:
        self.times += 1
        tills.open_store(code=f"effect-{self.times}")
        return Answer(status=self.status, content={"times": self.times})


@pytest.mark.parametrize("status", [201, 409])
def test_the_same_call_has_the_stored_answer_be_it_a_refusal(status: int) -> None:
    effect = Effect(status)
    first = repeats.once(call=call(), effect=effect, now=NOW)
    again = repeats.once(call=call(), effect=effect, now=NOW + timedelta(days=29))
    assert (first.content, first.status) == (again.content, again.status) == ({"times": 1}, status)
    assert (first.is_repeated, again.is_repeated) == (False, True)


def test_another_body_or_path_under_the_key_is_refused_and_another_till_has_its_own_keys() -> None:
    effect = Effect()
    repeats.once(call=call(), effect=effect, now=NOW)
    for other in (call(b'{"a": 1}'), call(path="/release/")):
        with pytest.raises(repeats.OtherBody):
            repeats.once(call=other, effect=effect, now=NOW)
    repeats.once(call=call(actor="till:2"), effect=effect, now=NOW)
    assert effect.times == 2


def test_what_failed_unexpectedly_left_nothing_and_can_be_tried_at_once() -> None:
    def broken() -> Answer:
        tills.open_store(code="half")
        raise RuntimeError("the disk is full")

    with pytest.raises(RuntimeError):
        repeats.once(call=call(), effect=broken, now=NOW)
    assert not Store.objects.exists()
    assert repeats.once(call=call(), effect=Effect(), now=NOW).content == {"times": 1}


def test_a_call_whose_process_died_can_be_made_again_when_its_lease_has_ended() -> None:
    died = call()
    repeats._take(died, now=NOW)  # and never came to its effect
    effect = Effect()
    with pytest.raises(repeats.InFlight) as wait:
        repeats.once(call=died, effect=effect, now=NOW + timedelta(seconds=29))
    assert wait.value.wait_s == 1
    assert repeats.once(call=died, effect=effect, now=NOW + timedelta(seconds=30)).status == 201


def test_a_call_that_outlived_its_lease_takes_its_effect_back() -> None:
    """It slept; meanwhile the lease ended and the till's second call was answered."""
    effect = Effect()

    def slept() -> Answer:
        later = NOW + repeats.LEASE
        IdempotencyKey.objects.update(
            lease_until=later + repeats.LEASE
        )  # as the second one took it
        tills.open_store(code="late")
        return Answer(status=201, content={})

    with pytest.raises(repeats.InFlight):
        repeats.once(call=call(), effect=slept, now=NOW)
    assert not Store.objects.filter(code="late").exists()
    assert effect.times == 0


def test_keys_are_forgotten_after_their_days_and_not_before() -> None:
    repeats.once(call=call(), effect=Effect(), now=NOW)
    assert repeats.prune(now=NOW + timedelta(days=30)) == 0
    assert repeats.prune(now=NOW + timedelta(days=30, seconds=1)) == 1


@pytest.mark.django_db(transaction=True)
def test_of_the_same_call_at_the_same_moment_one_has_the_effect_and_the_others_wait_or_hear_it() -> (
    None
):
    effect, gate = Effect(), threading.Barrier(8)

    def send(_: int) -> object:
        try:
            connection.ensure_connection()
            gate.wait()
            return repeats.once(call=call(), effect=effect, now=NOW).content["times"]
        except repeats.InFlight:
            return "in flight"
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        heard = list(pool.map(send, range(8)))
    assert effect.times == Store.objects.count() == 1
    assert set(heard) <= {1, "in flight"}
    assert 1 in heard
