"""Whom a till knows by an id of its own, and who of ours that is.

Promise: what a till says of its customers ends the same in any order. A till that finds two of its customers to be one makes ours
one, unless they have neither an address nor a number in common and have both: then somebody has to look. Whom the till's house
erased is not made anew by what it said of her before.
"""

from datetime import datetime

from django.db.models import Q

from jeweler import customers, merging, privacy, sales
from jeweler.models import Customer, Sale, SaleEvidence
from jeweler.sales import Evidence
from pos_bridge import alarms, matching
from pos_bridge.models import Connection, TillCustomer
from pos_bridge.records import CustomerCard, CustomerErased, CustomersJoined, Person

LONGEST_CHAIN = 32


def known_as(
    *, person: Person, connection: Connection, at: datetime
) -> tuple[Person, Customer | None]:
    """Who a ticket of then names: nobody, if she was erased since; and whom of ours the till's id stands for."""
    if not person.id:
        return person, None
    row = _row(person.id, connection)
    if row is None:
        return person, None
    if row.erased_at is not None and at <= row.erased_at:
        return Person(), None
    return person, customers.resolve(row.customer) if row.customer else None


def learn(*, person: Person, customer: Customer, connection: Connection, now: datetime) -> None:
    """Whoever bought under the till's id is she, if nobody is yet."""
    if person.id:
        row = _kept(person.id, connection, at=now)
        TillCustomer.objects.filter(pk=row.pk, customer=None).update(customer=customer)


def keep_card(card: CustomerCard, *, connection: Connection, now: datetime) -> None:
    """A person with an address or a number is a customer of ours; what she bought before is hers."""
    row = _kept(card.person.id, connection, at=card.at)
    if row.erased_at is not None and card.at <= row.erased_at:
        return
    found = _identified(card.person, connection=connection, now=now)
    if found is None:
        return
    if row.customer is None:
        row.customer = found
        row.save(update_fields=["customer"])
    else:
        _make_one([row.customer, found], connection=connection, subject=card.person.id, now=now)
    _claim_sales(row, connection=connection, now=now)


def join(joined: CustomersJoined, *, connection: Connection, now: datetime) -> None:
    """Those that were joined lead to the one that is left, and so do ours that stand behind them."""
    root = _kept(joined.to_id, connection, at=None)
    people = [root.customer] if root.customer else []
    for from_id in joined.from_ids:
        row = _kept(from_id, connection, at=None)
        if row.pk == root.pk:
            continue  # told before
        if row.customer:
            people.append(row.customer)
        row.joined_into = root.external_id
        row.save(update_fields=["joined_into"])
    if people:
        if root.customer is None:
            root.customer = people[0]
            root.save(update_fields=["customer"])
        _make_one(people, connection=connection, subject=joined.to_id, now=now)
        _claim_sales(root, connection=connection, now=now)


def erase(erased: CustomerErased, *, connection: Connection, now: datetime) -> None:
    """Forget her, if it is clear who she is; else somebody has to look, and nothing is taken away."""
    found: list[Customer] = []
    if erased.person.id:
        row = _kept(erased.person.id, connection, at=erased.at)
        row.erased_at = max(filter(None, (row.erased_at, erased.at)))
        row.save(update_fields=["erased_at"])
        found = [customers.resolve(row.customer)] if row.customer else []
    if not found:
        found = _found(erased.person, connection=connection)
    if len(found) > 1:
        alarms.sound(
            connection=connection,
            kind=alarms.Kind.ERASURE,
            subject=erased.person.id,
            detail="The till's house was asked to erase somebody whose address several customers have. Find out which of "
            "them asked, and forget her on her page.",
            now=now,
        )
    for customer in found if len(found) == 1 else []:
        if customer.forgotten_at is None:
            privacy.forget(customer=customer, now=now)


# Inside.


def _row(external_id: str, connection: Connection) -> TillCustomer | None:
    """The one that this id leads to now."""
    for _ in range(LONGEST_CHAIN):
        row = (
            TillCustomer.objects.select_related("customer__merged_into")
            .filter(connection=connection, external_id=external_id)
            .first()
        )
        if row is None or not row.joined_into:
            return row
        external_id = row.joined_into
    return row


def _kept(external_id: str, connection: Connection, *, at: datetime | None) -> TillCustomer:
    """The same, made if it is new. `as_of` is the newest report of her."""
    first = at or datetime.min.replace(year=1970, tzinfo=connection.created_at.tzinfo)
    TillCustomer.objects.get_or_create(
        connection=connection, external_id=external_id, defaults={"as_of": first}
    )
    row = _row(external_id, connection)
    assert row is not None  # it was just made, and rows are never taken away
    if row.external_id != external_id:
        row, _ = TillCustomer.objects.get_or_create(
            connection=connection, external_id=row.external_id, defaults={"as_of": first}
        )
    if at is not None:
        TillCustomer.objects.filter(pk=row.pk, as_of__lt=at).update(as_of=at)
    return row


def _identified(person: Person, *, connection: Connection, now: datetime) -> Customer | None:
    """Found or made by what can be used of her address and number; nobody, where they lead to several."""
    region = connection.store.region if connection.store else "US"
    email, phone = matching.usable(email=person.email, phone=person.phone, region=region)
    if not (email or phone):
        return None
    try:
        return customers.identify(
            email=email,
            phone=phone,
            region=region,
            first_name=person.first_name,
            last_name=person.last_name,
            source="till",
            now=now,
        )
    except customers.AmbiguousCustomer:
        return None


def _found(person: Person, *, connection: Connection) -> list[Customer]:
    region = connection.store.region if connection.store else "US"
    email, phone = matching.usable(email=person.email, phone=person.phone, region=region)
    return customers.find(email=email, phone=phone, region=region) if email or phone else []


def _make_one(
    people: list[Customer], *, connection: Connection, subject: str, now: datetime
) -> None:
    """The earliest stands for all, whatever order they came in."""
    several = {each.pk: each for each in map(customers.resolve_anew, people)}
    kept, *others = sorted(several.values(), key=lambda each: each.pk)
    parted = [each for each in others if _disagree(kept, each)]
    if parted:
        alarms.sound(
            connection=connection,
            kind=alarms.Kind.UNCLEAR_JOIN,
            subject=subject,
            detail=f"The till holds {kept} (customer {kept.pk}) and {', '.join(f'customer {each.pk}' for each in parted)} for one "
            "person, but neither their addresses nor their numbers agree. Merge them if they are one.",
            now=now,
        )
    for each in others:
        if each not in parted and not (each.forgotten_at or kept.forgotten_at):
            merging.merge(
                kept=kept, absorbed=each, reason="One customer at the till", by=None, now=now
            )


def _disagree(one: Customer, other: Customer) -> bool:
    """Both have addresses and numbers, and none in common."""
    pairs = [
        (customers.emails_of(one), customers.emails_of(other)),
        (customers.phones_of(one), customers.phones_of(other)),
    ]
    return all(ours and theirs and not ours & theirs for ours, theirs in pairs)


def _claim_sales(row: TillCustomer, *, connection: Connection, now: datetime) -> None:
    """What was sold under her ids and is still nobody's."""
    if row.customer is None:
        return
    ids = _all_ids(row, connection)
    unowned = Sale.objects.filter(
        source=connection.source, buyer_external_id__in=ids, customer=None
    ).order_by("pk")
    hers = Evidence(
        kind=SaleEvidence.Kind.TILL_CUSTOMER,
        value=row.external_id,
        customer=customers.resolve_anew(row.customer),
        grade="A",
    )
    for sale in unowned:
        known = [
            Evidence(
                kind=SaleEvidence.Kind(each.kind),
                value=each.value,
                customer=customers.resolve(each.customer),
                grade=each.grade,
            )
            for each in sale.evidence.select_related("customer__merged_into")
        ]
        owner = matching.decide([*known, hers])
        sales.assign(sale=sale, customer=owner, evidence=[hers], now=now)


def _all_ids(row: TillCustomer, connection: Connection) -> set[str]:
    ids = {row.external_id}
    while True:
        more = TillCustomer.objects.filter(connection=connection, joined_into__in=ids)
        found = set(more.exclude(Q(external_id__in=ids)).values_list("external_id", flat=True))
        if not found:
            return ids
        ids |= found
