"""Whose sale is it? What the ticket says is weighed, kept, and never guessed.

Grades:
  A  names a person alone: the e-mail or the phone typed at the till, the till's own customer, a design code on the ticket;
  B  names a person when nobody else shares it: the very stone that she saved in a design;
  C  only decides between people who are named already: her design was opened in that store in the
     fortnight before, or she had a visit there within a day.

Several people may be named: a household shares an address, two saved one stone. Then the one whom
more kinds of evidence of the best grade name owns the sale, and a tie is left to somebody who knows:
the evidence is kept, the sale has no customer, and the admin lists it. An address that nobody has
makes a new customer only when no better evidence names a known one: "he pays, she designed it" must
not part her sale from her design.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from django.db.models import QuerySet

from appointments.models import Appointment
from builder.codes import NotACode, read
from builder.models import Design, DesignLookup, Stone
from jeweler import customers, prepared, sales
from jeweler.models import Customer, Sale, SaleEvidence, SaleLine, Store
from jeweler.sales import Evidence
from pos_bridge.records import Person, Ticket

Kind = SaleEvidence.Kind
GRADES = "ABC"
LOOKUP_DAYS = 14
VISIT_DAYS = 1
MOST_SAVERS = 20  # a stone that more people saved says nothing about one of them
_CODE = re.compile(r"\b[O0]S[ \-–]?[0-9A-Z]{4}[ \-–]?[0-9A-Z]{3}\b", re.IGNORECASE)


def tie(
    *,
    sale: Sale,
    ticket: Ticket,
    person: Person,
    store: Store | None,
    known: Customer | None,
    now: datetime,
) -> Customer | None:
    """Find whose sale it is and keep why; the newest ticket's evidence replaces what was found.

    An online order has no store. `person` is who bought, as far as we may know her, and `known` whom of ours the till's id
    stands for.
    """
    region = store.region if store else "US"
    email, phone = usable(email=person.email, phone=person.phone, region=region)
    found = gather(sale=sale, ticket=ticket, store=store, email=email, phone=phone)
    if known is not None:
        found = [_evidence(Kind.TILL_CUSTOMER, person.id, known, "A"), *found]
    owner = decide(found)
    if owner is None and not found and (email or phone):
        owner = _identified(person, region=region, email=email, phone=phone, now=now)
        found = [_typed(kind, owner) for kind, text in _kinds(email, phone) if text]
    elif (
        owner is not None
        and _may_add(person, email, phone)
        and _names(found, owner, Kind.EMAIL, Kind.PHONE)
    ):
        _add_contact(person, region=region, email=email, phone=phone, now=now)
    sale.evidence.all().delete()
    sales.assign(sale=sale, customer=owner, evidence=found, now=now)
    return owner


def decide(evidence: Iterable[Evidence]) -> Customer | None:
    """The one person whom the evidence names, or nobody when it names several alike."""
    kinds: dict[Customer, set[tuple[str, str]]] = defaultdict(set)
    for found in evidence:
        kinds[found.customer].add((found.grade, found.kind))
    scores = {
        customer: tuple(Counter(grade for grade, _ in seen)[grade] for grade in GRADES)
        for customer, seen in kinds.items()
    }
    if not scores:
        return None
    best = max(scores.values())
    named = [customer for customer, score in scores.items() if score == best]
    is_enough = best[0] > 0 or best[1] > 0
    return named[0] if len(named) == 1 and is_enough else None


def gather(
    *, sale: Sale, ticket: Ticket, store: Store | None, email: str, phone: str
) -> list[Evidence]:
    """All that the ticket, the designs, the look-ups and the visits say. Raises nothing."""
    region = store.region if store else "US"
    named = [*_by_contact(email, phone, region=region), *_by_design(ticket)]
    named += _by_stone(sale)
    if store is None:
        return _once(named)
    people = {found.customer for found in named}
    ids = _ids(people)
    if not ids or not _was_seen(sale, store, ids):
        return _once(named)
    return _once([*named, *_by_lookup(sale, store, ids), *_by_visit(sale, store, ids)])


def usable(*, email: str, phone: str, region: str) -> tuple[str, str]:
    """The address and the number, without what is none: a typing error must not lose a sale."""
    try:
        if email:
            customers.canonical_email(email)
    except customers.BadEmail:
        email = ""
    try:
        if phone:
            customers.canonical_phone(phone, region=region)
    except customers.BadPhone:
        phone = ""
    return email, phone


def _by_contact(email: str, phone: str, *, region: str) -> Iterator[Evidence]:
    for kind, text in _kinds(email, phone):
        if text:
            key = {"email": text} if kind == Kind.EMAIL else {"phone": text}
            for customer in customers.find(**key, region=region):
                yield _typed(kind, customer)


def _by_design(ticket: Ticket) -> Iterator[Evidence]:
    for design in _owned(Design.objects.filter(code__in=_codes(ticket))):
        yield _evidence(Kind.DESIGN_CODE, design.code, _owner(design), "A")


def _by_stone(sale: Sale) -> Iterator[Evidence]:
    for stone in _stones(sale):
        owners = {_owner(each) for each in _owned(Design.objects.filter(versions__stone=stone))}
        if len(owners) <= MOST_SAVERS:
            for owner in owners:
                yield _evidence(Kind.REPORT_NUMBER, stone.report_number, owner, "B")


def _was_seen(sale: Sale, store: Store, ids: list[int]) -> bool:
    """Whether the two questions that follow can find anything: most have no design and no visit, and each ticket asks."""
    values = {
        "store": store.pk,
        "ids": ids,
        "since": sale.placed_at - timedelta(days=max(LOOKUP_DAYS, VISIT_DAYS)),
        "until": sale.placed_at + timedelta(days=VISIT_DAYS),
    }
    ((was_seen,),) = prepared.rows(_WAS_SEEN, values)
    return bool(was_seen)


def _by_lookup(sale: Sale, store: Store, ids: list[int]) -> Iterator[Evidence]:
    since = sale.placed_at - timedelta(days=LOOKUP_DAYS)
    lookups = DesignLookup.objects.filter(
        store=store, opened_at__range=(since, sale.placed_at + timedelta(hours=1))
    )
    theirs = Design.objects.filter(customer__in=ids, lookups__in=lookups)
    for design in _owned(theirs.distinct()):
        yield _evidence(Kind.LOOKUP, design.code, _owner(design), "C")


def _by_visit(sale: Sale, store: Store, ids: list[int]) -> Iterator[Evidence]:
    day = timedelta(days=VISIT_DAYS)
    visits = Appointment.objects.filter(
        store=store,
        customer__in=ids,
        starts_at__range=(sale.placed_at - day, sale.placed_at + day),
    ).exclude(status=Appointment.Status.CANCELLED)
    for visit in visits.select_related("customer__merged_into"):
        if visit.customer is None:
            continue  # nobody's yet
        owner = customers.resolve(visit.customer)
        yield _evidence(Kind.APPOINTMENT, f"{visit.starts_at:%Y-%m-%d}", owner, "C")


def _codes(ticket: Ticket) -> set[str]:
    """Every design code on the ticket: its own field, its lines, and its note."""
    typed = [ticket.design_code, *(line.design_code for line in ticket.lines)]
    typed += _CODE.findall(ticket.note)
    codes = set()
    for text in typed:
        try:
            codes.add(read(text))
        except NotACode:
            continue
    return codes


def _stones(sale: Sale) -> list[Stone]:
    numbers = prepared.rows(_NUMBERS, {"sale": sale.pk, "kind": SaleLine.Kind.MERCHANDISE})
    if not numbers:
        return []
    return list(Stone.objects.filter(report_number__in=[number for (number,) in numbers]))


def _identified(person: Person, *, region: str, email: str, phone: str, now: datetime) -> Customer:
    """Raises customers.AmbiguousCustomer."""
    return customers.identify(
        email=email,
        phone=phone,
        region=region,
        first_name=person.first_name,
        last_name=person.last_name,
        source="till",
        now=now,
    )


def _add_contact(person: Person, *, region: str, email: str, phone: str, now: datetime) -> None:
    """Keep the second address of somebody whom the first one named."""
    try:
        _identified(person, region=region, email=email, phone=phone, now=now)
    except customers.AmbiguousCustomer:
        return  # one of the two is somebody else's as well: nothing is added


def _kinds(email: str, phone: str) -> list[tuple[SaleEvidence.Kind, str]]:
    return [(Kind.EMAIL, email), (Kind.PHONE, phone)]


def _typed(kind: SaleEvidence.Kind, customer: Customer) -> Evidence:
    """The address itself stays with the contact points, where it can be forgotten."""
    return _evidence(kind, "at the till", customer, "A")


def _evidence(kind: SaleEvidence.Kind, value: str, customer: Customer, grade: str) -> Evidence:
    return Evidence(kind=kind, value=value, customer=customer, grade=grade)


def _owned(designs: QuerySet[Design]) -> QuerySet[Design]:
    return designs.filter(customer__isnull=False).select_related("customer__merged_into")


def _owner(design: Design) -> Customer:
    assert design.customer is not None  # `_owned` asked for it
    return customers.resolve(design.customer)


def _ids(people: set[Customer]) -> list[int]:
    return [pk for customer in people for pk in customers.ids_of(customer)]


def _may_add(person: Person, email: str, phone: str) -> bool:
    """Whether somebody whom her address or number named may learn more of herself from this ticket."""
    return bool((email and phone) or person.first_name or person.last_name)


def _names(found: list[Evidence], owner: Customer, *kinds: SaleEvidence.Kind) -> bool:
    return any(each.customer == owner and each.kind in kinds for each in found)


def _once(evidence: list[Evidence]) -> list[Evidence]:
    return list(dict.fromkeys(evidence))


_NUMBERS = """
select distinct report_number from jeweler_saleline
where sale_id = %(sale)s and kind = %(kind)s and report_number <> ''
"""
_WAS_SEEN = """
select exists (
    select from builder_design as design join builder_designlookup as lookup on lookup.design_id = design.id
    where design.customer_id = any(%(ids)s) and lookup.store_id = %(store)s
        and lookup.opened_at between %(since)s and %(until)s
) or exists (
    select from appointments_appointment
    where customer_id = any(%(ids)s) and store_id = %(store)s and starts_at between %(since)s and %(until)s
)
"""
