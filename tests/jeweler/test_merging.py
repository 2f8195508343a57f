"""Two who are one, and two again; also when two merge at once."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections, transaction
from hypothesis import example, given, settings
from hypothesis import strategies as st

from jeweler import customers, merging, privacy
from jeweler.models import AuditEntry, Customer, CustomerMerge, OutboxEvent
from tests.factories.jeweler import NOW, UserFactory, customer_with

ADA = "ada@example.com"


def merge(kept: Customer, absorbed: Customer) -> CustomerMerge:
    return merging.merge(kept=kept, absorbed=absorbed, reason="one person", by=None, now=NOW)


@pytest.mark.django_db(transaction=True)
def test_two_merges_against_each_other_make_no_circle() -> None:
    ada, eve = customer_with(), customer_with()

    def work(kept: Customer, absorbed: Customer) -> bool:
        try:
            merge(kept, absorbed)
        except merging.CannotMerge:
            return False
        finally:
            connections.close_all()
        return True

    with ThreadPoolExecutor(2) as pool:
        jobs = [pool.submit(work, ada, eve), pool.submit(work, eve, ada)]
        assert sorted(job.result() for job in jobs) == [False, True]
    assert Customer.objects.filter(merged_into=None).count() == 1


@pytest.mark.django_db
def test_a_chain_of_merges_is_kept_one_hop_long() -> None:
    first, second, third = customer_with(), customer_with(), customer_with()
    merge(second, third)
    merge(first, second)
    third.refresh_from_db()
    assert third.merged_into == first
    assert customers.ids_of(third) == [first.pk, second.pk, third.pk]
    assert customers.resolve(third) == first


@pytest.mark.django_db
def test_merging_an_absorbed_customer_merges_whom_it_stands_under() -> None:
    first, second, third = customer_with(), customer_with(), customer_with()
    merge(second, third)
    merge(first, third)
    assert customers.ids_of(first) == [first.pk, second.pk, third.pk]


@pytest.mark.django_db
def test_undoing_a_merge_restores_exactly_what_was() -> None:
    first, second, third = customer_with(), customer_with(), customer_with()
    merge(second, third)
    upper = merge(first, second)
    merging.unmerge(merge=upper, by=None, now=NOW)
    assert customers.ids_of(first) == [first.pk]
    third.refresh_from_db()
    assert third.merged_into == second


@pytest.mark.django_db
def test_undoing_the_lower_merge_leaves_the_upper_one() -> None:
    first, second, third = customer_with(), customer_with(), customer_with()
    lower = merge(second, third)
    merge(first, second)
    merging.unmerge(merge=lower, by=None, now=NOW)
    assert customers.ids_of(first) == [first.pk, second.pk]
    assert customers.ids_of(Customer.objects.get(pk=third.pk)) == [third.pk]


@pytest.mark.django_db
def test_a_merge_is_undone_once() -> None:
    done = merge(customer_with(), customer_with())
    merging.unmerge(merge=done, by=None, now=NOW)
    with pytest.raises(merging.AlreadyUnmerged):
        merging.unmerge(merge=done, by=None, now=NOW)


@pytest.mark.django_db
def test_those_who_are_one_already_are_not_merged_again() -> None:
    kept, absorbed = customer_with(), customer_with()
    merge(kept, absorbed)
    with pytest.raises(merging.CannotMerge, match="one customer already"):
        merge(absorbed, kept)
    with pytest.raises(merging.CannotMerge, match="one customer already"):
        merge(kept, kept)


@pytest.mark.django_db
def test_merging_and_unmerging_is_announced_and_audited() -> None:
    manager = UserFactory()
    kept, absorbed = customer_with(), customer_with()
    done = merging.merge(kept=kept, absorbed=absorbed, reason="same", by=manager, now=NOW)
    merging.unmerge(merge=done, by=manager, now=NOW)
    names = OutboxEvent.objects.order_by("pk").values_list("name", flat=True)
    assert list(names) == ["jeweler.CustomersMerged", "jeweler.CustomersUnmerged"]
    entries = AuditEntry.objects.order_by("pk").values_list("action", "subject", "actor")
    assert list(entries) == [
        ("customer.merged", f"customer:{absorbed.pk}", manager.pk),
        ("customer.unmerged", f"customer:{absorbed.pk}", manager.pk),
    ]


@pytest.mark.django_db
@settings(deadline=None, max_examples=120)
@example(steps=[(0, 1, False), (2, 0, False), (3, 0, False), (0, 0, True)])  # the chain goes on
@example(steps=[(1, 4, False), (0, 1, False), (2, 0, False), (1, 0, True)])  # hers go with her
@given(steps=st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4), st.booleans()), max_size=12))
def test_whatever_is_merged_and_unmerged_every_chain_is_one_hop(
    steps: list[tuple[int, int, bool]],
) -> None:
    with transaction.atomic():
        people = [customer_with() for _ in range(5)]
        in_force: list[CustomerMerge] = []
        for kept, absorbed, undo in steps:
            if undo and in_force:
                undone = in_force.pop(kept % len(in_force))
                merging.unmerge(merge=undone, by=None, now=NOW)
                continue
            try:
                in_force.append(merge(people[kept], people[absorbed]))
            except merging.CannotMerge:
                continue
        step = {done.absorbed_id: done.kept_id for done in in_force}
        for person in Customer.objects.all():
            root = person.pk
            while root in step:
                root = step[root]
            assert person.merged_into_id == (None if root == person.pk else root)
        transaction.set_rollback(True)


@pytest.mark.django_db
def test_a_forgotten_customer_is_not_merged() -> None:
    ada, eve = customer_with(email=ADA), customer_with()
    privacy.forget(customer=ada, now=NOW)
    with pytest.raises(merging.CannotMerge, match="forgotten"):
        merge(eve, ada)
