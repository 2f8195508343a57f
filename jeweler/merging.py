"""Two customers who are one person, and one who turned out to be two.

Merging moves no row. The absorbed customer's `merged_into` points at the one who stands for both, in
one hop, and is derived from the merges that are not undone; so undoing one restores exactly what was.
Facts written after a merge belong to the one kept, and stay there.
"""

from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Coalesce

from jeweler import audit, customers, locking
from jeweler.events import CustomersMerged, CustomersUnmerged
from jeweler.models import Customer, CustomerMerge
from jeweler.outbox import publish


class CannotMerge(ValueError):
    """The two cannot become one; the text says why."""


class AlreadyUnmerged(ValueError):
    """This merge was undone before."""


@transaction.atomic
def merge(
    *, kept: Customer, absorbed: Customer, reason: str, by: User | None, now: datetime
) -> CustomerMerge:
    """Let `kept` stand for both. Raises CannotMerge."""
    one_at_a_time()
    kept, absorbed = customers.resolve_anew(kept), customers.resolve_anew(absorbed)
    if kept == absorbed:
        raise CannotMerge(f"{kept} and {absorbed} are one customer already")
    if kept.forgotten_at or absorbed.forgotten_at:
        raise CannotMerge("A customer who asked to be forgotten cannot be merged")
    merged = CustomerMerge.objects.create(
        kept=kept, absorbed=absorbed, reason=reason, merged_by=by, merged_at=now
    )
    _point_again([kept, absorbed])
    audit.record(
        action="customer.merged", subject=absorbed, actor=by, detail={"into": kept.pk}, now=now
    )
    publish(CustomersMerged(kept_id=kept.pk, absorbed_id=absorbed.pk), at=now)
    return merged


@transaction.atomic
def unmerge(*, merge: CustomerMerge, by: User | None, now: datetime) -> None:
    """Make them two again. Raises AlreadyUnmerged."""
    one_at_a_time()
    merge = CustomerMerge.objects.select_for_update(of=["self"]).get(pk=merge.pk)
    if merge.undone_at is not None:
        raise AlreadyUnmerged(f"The merge of {merge} was undone before")
    merge.undone_at = now
    merge.save(update_fields=["undone_at"])
    _point_again([merge.kept, merge.absorbed])
    audit.record(
        action="customer.unmerged",
        subject=merge.absorbed,
        actor=by,
        detail={"from": merge.kept_id},
        now=now,
    )
    publish(CustomersUnmerged(kept_id=merge.kept_id, absorbed_id=merge.absorbed_id), at=now)


def one_at_a_time() -> None:
    """Merges are rare and reach far: they happen one after the other."""
    locking.hold("merge customers")


def _point_again(people: list[Customer]) -> None:
    """Derive the pointers of all who are or were one with these, from the merges in force."""
    ids = [person.pk for person in people]
    roots = Customer.objects.filter(pk__in=ids).values_list(Coalesce("merged_into_id", "pk"))
    group = list(
        Customer.objects.filter(Q(pk__in=roots) | Q(merged_into__in=roots) | Q(pk__in=ids))
    )
    step = _steps_in_force({customer.pk for customer in group})
    for customer in group:
        root = customer.pk
        while root in step:
            root = step[root]
        customer.merged_into_id = None if root == customer.pk else root
    Customer.objects.bulk_update(group, ["merged_into"])


def _steps_in_force(ids: set[int]) -> dict[int, int]:
    """From each of these, and from whomever that leads to, the one step that its merge in force takes."""
    steps: dict[int, int] = {}
    while ids:
        in_force = CustomerMerge.objects.filter(absorbed__in=ids, undone_at=None)
        found = dict(in_force.values_list("absorbed_id", "kept_id"))
        steps |= found
        ids = set(found.values()) - steps.keys()
    return steps
