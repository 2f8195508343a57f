"""Who is who: the only place that matches people.

People are matched by the canonical form of an e-mail address or phone number, never by name and never
by browser. Whoever looks and may create holds an advisory lock on each canonical key first, in
sorted order, so that two who bring the same address at once find or make one customer, and two who
bring several never wait for each other in a circle.

Merging moves no row. The absorbed customer's `merged_into` points at the one who stands for both, in
one hop, and is derived from the merges that are not undone; so undoing one restores exactly what was.
Facts written after a merge belong to the one kept, and stay there.
"""

import unicodedata
from datetime import datetime
from typing import Any

import phonenumbers
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Coalesce

from jeweler import audit, locking
from jeweler.events import CustomerForgotten, CustomersMerged, CustomersUnmerged
from jeweler.models import (
    ContactPoint,
    Customer,
    CustomerMerge,
    EmailMessage,
    IdentityEdge,
    Sale,
    SaleEvidence,
    Visitor,
)
from jeweler.outbox import publish

LONGEST_EMAIL = 254
LONGEST_PHONE = 64
INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff"  # what copying from a page brings along


class BadEmail(ValueError):
    """What was typed is no e-mail address; the text says what to mend."""


class BadPhone(ValueError):
    """What was typed is no phone number; the text says what to mend."""


class NothingToIdentify(ValueError):
    """Neither an e-mail address nor a phone number was given."""


class AmbiguousCustomer(ValueError):
    """The keys lead to several people. `candidates` are they; somebody has to choose."""

    def __init__(self, *, candidates: list[Customer]) -> None:
        self.candidates = candidates
        super().__init__(
            f"{len(candidates)} customers have this e-mail or phone. Choose one of them, "
            "or merge them if they are one person."
        )


class CannotMerge(ValueError):
    """The two cannot become one; the text says why."""


class AlreadyUnmerged(ValueError):
    """This merge was undone before."""


# Canonical forms.


def canonical_email(value: str) -> str:
    """Trimmed and in lower case, its domain in ASCII. Raises BadEmail.

    Dots and plus signs stay: two addresses that a provider delivers to one mailbox are still two.
    """
    typed = unicodedata.normalize("NFC", value).strip().strip(INVISIBLE).strip().lower()
    if "@" not in typed:
        raise BadEmail("That address is missing its @. Write it like ada@example.com.")
    local, _, domain = typed.rpartition("@")
    try:
        canonical = f"{local}@{domain.encode('idna').decode()}"
        validate_email(canonical)
    except (ValidationError, UnicodeError) as error:
        raise BadEmail(
            "That address could not receive mail. Write it like ada@example.com."
        ) from error
    if not canonical.isascii() or len(canonical) > LONGEST_EMAIL:
        raise BadEmail("That address has letters that mail cannot carry. Try another address.")
    return canonical


def canonical_phone(value: str, *, region: str) -> str:
    """E.164, such as +16505551212. Raises BadPhone.

    `region` is the ISO country whose own way of writing numbers is meant where no country code
    is given; a leading 00 begins a country code everywhere.
    """
    typed = unicodedata.normalize("NFKC", value).strip().strip(INVISIBLE).strip()
    if typed.startswith("00"):
        typed = f"+{typed[2:]}"
    way_out = "Write it with its area code, or in full with its country, like +1 650 555 1212."
    try:
        number = phonenumbers.parse(typed[: LONGEST_PHONE + 1], region)
    except phonenumbers.NumberParseException as error:
        raise BadPhone(f"That is not a phone number. {way_out}") from error
    if (
        len(typed) > LONGEST_PHONE
        or phonenumbers.is_possible_number_with_reason(number)
        != phonenumbers.ValidationResult.IS_POSSIBLE
    ):
        raise BadPhone(f"That phone number has too few or too many digits. {way_out}")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


# Finding people.


def find(*, email: str = "", phone: str = "", region: str = "US") -> list[Customer]:
    """The customers with this e-mail and phone, or, when nobody has both, with either.

    Merged customers are given as the one who stands for them. Raises BadEmail, BadPhone.
    """
    return _find(_keys(email=email, phone=phone, region=region))


def resolve(customer: Customer) -> Customer:
    """The one who stands for this customer, as it was read: itself, or whom it was merged into."""
    return customer.merged_into or customer


def ids_of(customer: Customer) -> list[int]:
    """The ids of all who are this one person now, for reading what belongs to any of them."""
    root = _root(customer).pk
    return list(
        Customer.objects.filter(Q(pk=root) | Q(merged_into=root))
        .order_by("pk")
        .values_list("pk", flat=True)
    )


@transaction.atomic
def identify(
    *,
    email: str = "",
    phone: str = "",
    region: str = "US",
    first_name: str = "",
    last_name: str = "",
    source: str,
    now: datetime,
) -> Customer:
    """Find the customer with this e-mail and phone, or make one; either may be empty.

    A key that the found customer lacks is added, and so is a name that she lacks. Raises
    AmbiguousCustomer when the keys lead to several people, NothingToIdentify, BadEmail, BadPhone.
    """
    keys = _keys(email=email, phone=phone, region=region)
    if not keys:
        raise NothingToIdentify("An e-mail address or a phone number is needed to know a customer")
    _lock(keys)
    found = _find(keys)
    if len(found) > 1:
        raise AmbiguousCustomer(candidates=found)
    customer = found[0] if found else Customer.objects.create(created_at=now)
    _add_name(customer, first_name=first_name, last_name=last_name)
    known = _keys_of(customer)
    typed = {ContactPoint.Kind.EMAIL: email, ContactPoint.Kind.PHONE: phone}
    ContactPoint.objects.bulk_create(
        ContactPoint(
            customer=customer,
            kind=kind,
            value=typed[kind].strip()[:254],
            canonical=canonical,
            source=source,
            created_at=now,
        )
        for kind, canonical in keys
        if (kind, canonical) not in known
    )
    return customer


@transaction.atomic
def recognize(
    *, visitor: Visitor, customer: Customer, evidence: IdentityEdge.Evidence, now: datetime
) -> None:
    """Believe that this browser is this customer's, and keep why.

    A showroom's own device says nothing about who uses it and is left alone. A browser that has
    been another customer's is from now on this one's, and the two stay two people, unless they
    share a phone number: then they are merged.
    """
    visitor = Visitor.objects.select_for_update(of=["self"], no_key=True).get(pk=visitor.pk)
    if visitor.is_store_device:
        return
    customer = resolve(customer)
    edges = visitor.edges.filter(revoked_at=None).select_related("customer__merged_into")
    others = {resolve(edge.customer) for edge in edges} - {customer}
    if not edges.filter(customer=customer, evidence=evidence).exists():
        IdentityEdge.objects.create(
            visitor=visitor, customer=customer, evidence=evidence, created_at=now
        )
    for other in sorted(others, key=lambda other: other.pk):
        if _phones_of(other) & _phones_of(customer):
            reason = "The same browser and the same phone number"
            merge(kept=other, absorbed=customer, reason=reason, by=None, now=now)
            customer = other
    visitor.customer = customer
    visitor.save(update_fields=["customer"])


# Two who are one, and one who are two.


@transaction.atomic
def merge(
    *, kept: Customer, absorbed: Customer, reason: str, by: User | None, now: datetime
) -> CustomerMerge:
    """Let `kept` stand for both. Raises CannotMerge."""
    _lock_merging()
    kept, absorbed = _root(kept), _root(absorbed)
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
    _lock_merging()
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


# What is kept of a person, and its end.


def export(customer: Customer) -> dict[str, Any]:
    """Everything that the kernel keeps of a person, as JSON values, for whoever asks for hers."""
    ids = ids_of(customer)
    root = _root(customer)
    points = ContactPoint.objects.filter(customer__in=ids).order_by("created_at", "pk")
    sales = Sale.objects.filter(customer__in=ids).order_by("placed_at", "pk")
    mails = EmailMessage.objects.filter(customer__in=ids).order_by("queued_at", "pk")
    visitors = Visitor.objects.filter(customer__in=ids).order_by("first_seen_at", "pk")
    return {
        "name": {"first": root.first_name, "last": root.last_name},
        "known_since": root.created_at.isoformat(),
        "contact_points": [
            {"kind": point.kind, "value": point.value, "from": point.source} for point in points
        ],
        "browsers": [
            {
                "device": visitor.device,
                "first_seen": visitor.first_seen_at.isoformat(),
                "last_seen": visitor.last_seen_at.isoformat(),
            }
            for visitor in visitors
        ],
        "sales": [_exported_sale(sale) for sale in sales.prefetch_related("lines")],
        "mails": [
            {"to": mail.to, "subject": mail.subject, "queued": mail.queued_at.isoformat()}
            for mail in mails
        ],
    }


@transaction.atomic
def forget(*, customer: Customer, now: datetime) -> None:
    """Take away all that tells who she is. Sales stay, with nobody's name: the books need them.

    Final: neither she nor a merge of hers comes back. The other rooms hear CustomerForgotten for
    each customer that she was.
    """
    _lock_merging()
    ids = ids_of(customer)
    ContactPoint.objects.filter(customer__in=ids).delete()
    IdentityEdge.objects.filter(customer__in=ids).delete()
    Visitor.objects.filter(customer__in=ids).update(customer=None)
    SaleEvidence.objects.filter(
        customer__in=ids, kind__in=[SaleEvidence.Kind.EMAIL, SaleEvidence.Kind.PHONE]
    ).delete()
    Sale.objects.filter(customer__in=ids).update(note="")
    mails = EmailMessage.objects.filter(customer__in=ids)
    mails.filter(sent_at=None, dead_at=None).update(dead_at=now, last_error="Forgotten")
    mails.update(to="forgotten@invalid.invalid", subject="", text="", html="")
    Customer.objects.filter(pk__in=ids).update(first_name="", last_name="", forgotten_at=now)
    for forgotten_id in ids:
        publish(CustomerForgotten(customer_id=forgotten_id), at=now)


# Inside.

Key = tuple[ContactPoint.Kind, str]


def _keys(*, email: str, phone: str, region: str) -> list[Key]:
    keys: list[Key] = []
    if email.strip():
        keys.append((ContactPoint.Kind.EMAIL, canonical_email(email)))
    if phone.strip():
        keys.append((ContactPoint.Kind.PHONE, canonical_phone(phone, region=region)))
    return keys


def _lock(keys: list[Key]) -> None:
    for kind, canonical in sorted(keys):
        locking.hold(f"customer {kind} {canonical}")


def _lock_merging() -> None:
    """Merges are rare and reach far: they happen one after the other."""
    locking.hold("merge customers")


def _find(keys: list[Key]) -> list[Customer]:
    found: list[set[Customer]] = []
    for kind, canonical in keys:
        points = ContactPoint.objects.filter(kind=kind, canonical=canonical)
        found.append(
            {resolve(point.customer) for point in points.select_related("customer__merged_into")}
        )
    if not found:
        return []
    matches = set.intersection(*found) or set.union(*found)
    return sorted(matches, key=lambda customer: customer.pk)


def _keys_of(customer: Customer) -> set[tuple[str, str]]:
    points = ContactPoint.objects.filter(customer__in=ids_of(customer))
    return set(points.values_list("kind", "canonical"))


def _phones_of(customer: Customer) -> set[str]:
    return {canonical for kind, canonical in _keys_of(customer) if kind == ContactPoint.Kind.PHONE}


def _add_name(customer: Customer, *, first_name: str, last_name: str) -> None:
    if customer.first_name or customer.last_name or not (first_name or last_name):
        return
    customer.first_name = first_name.strip()[:100]
    customer.last_name = last_name.strip()[:100]
    customer.save(update_fields=["first_name", "last_name"])


def _root(customer: Customer) -> Customer:
    """As `resolve`, as it stands in the database now."""
    return resolve(Customer.objects.select_related("merged_into").get(pk=customer.pk))


def _point_again(customers: list[Customer]) -> None:
    """Derive the pointers of all who are or were one with these, from the merges in force."""
    ids = [customer.pk for customer in customers]
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


def _exported_sale(sale: Sale) -> dict[str, Any]:
    return {
        "number": sale.number or sale.external_id,
        "placed": sale.placed_at.isoformat(),
        "total": str(sale.total),
        "currency": sale.currency,
        "lines": [
            {"description": line.description, "net_total": str(line.net_total)}
            for line in sale.lines.order_by("position")
        ],
    }
