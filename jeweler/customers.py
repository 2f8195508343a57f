"""Who is who: the only place that matches people.

People are matched by the canonical form of an e-mail address or phone number, never by name and never
by browser. Whoever looks and may create holds an advisory lock on each canonical key first, in
sorted order, so that two who bring the same address at once find or make one customer, and two who
bring several never wait for each other in a circle.

Two customers who turn out to be one are merged (`jeweler.merging`); whoever is found here is the one who stands for both.
"""

import re
import unicodedata
from datetime import datetime

import phonenumbers
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from jeweler import locking, prepared
from jeweler.models import (
    ContactPoint,
    Customer,
)

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


def resolve_anew(customer: Customer) -> Customer:
    """As `resolve`, as it stands in the database now."""
    return resolve(Customer.objects.select_related("merged_into").get(pk=customer.pk))


def ids_of(customer: Customer) -> list[int]:
    """The ids of all who are this one person now, for reading what belongs to any of them."""
    return [pk for (pk,) in prepared.rows(_IDS_OF, {"id": customer.pk})]


def phones_of(customer: Customer) -> set[str]:
    return {canonical for kind, canonical in _keys_of(customer) if kind == ContactPoint.Kind.PHONE}


def covered(point: ContactPoint) -> str:
    """cl…@…ple.com, or …0142: enough to compare with what she says, too little to use."""
    if point.kind == ContactPoint.Kind.PHONE:
        return f"…{re.sub(r'[^0-9]', '', point.canonical)[-4:]}"
    local, _, domain = point.canonical.partition("@")
    return f"{local[:2]}…@…{domain[-7:]}"


def emails_of(customer: Customer) -> set[str]:
    return {canonical for kind, canonical in _keys_of(customer) if kind == ContactPoint.Kind.EMAIL}


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
    # What is refused is refused outside: whoever catches it goes on in a transaction of her own.
    with transaction.atomic(savepoint=False):
        _lock(keys)
        found = _find(keys)
        if len(found) < 2:
            names = {"first_name": first_name.strip()[:100], "last_name": last_name.strip()[:100]}
            typed = {ContactPoint.Kind.EMAIL: email, ContactPoint.Kind.PHONE: phone}
            if not found:
                customer = Customer.objects.create(**names, created_at=now)
                _add_points(customer, keys, typed=typed, source=source, now=now)
                return customer
            (customer,) = found
            _add_name(customer, **names)
            known = _keys_of(customer)
            new = [key for key in keys if key not in known]
            _add_points(customer, new, typed=typed, source=source, now=now)
            return customer
    raise AmbiguousCustomer(candidates=found)


def unreached(*, first_name: str, last_name: str, now: datetime) -> Customer:
    """Somebody who left a name and nothing to reach her by. Nothing ever matches her; she can be merged by hand."""
    return Customer.objects.create(
        first_name=first_name.strip()[:100], last_name=last_name.strip()[:100], created_at=now
    )


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


# In plain SQL, for every ticket of every till asks who somebody is. Whoever was merged is given as the one who stands for her.
_WITH_KEY = """
id in (
    select coalesce(merged_into_id, id) from jeweler_customer
    where id in (
        select customer_id from jeweler_contactpoint where kind = %(kind)s and canonical = %(key)s
    )
)
"""
_IDS_OF = """
with root as (select coalesce(merged_into_id, id) as id from jeweler_customer where id = %(id)s)
select id from jeweler_customer where id = (select id from root) or merged_into_id = (select id from root)
order by id
"""
_KEYS_OF = "select kind, canonical from jeweler_contactpoint where customer_id = any(%(ids)s)"


def _find(keys: list[Key]) -> list[Customer]:
    found: list[set[Customer]] = []
    for kind, canonical in keys:
        found.append(set(prepared.found(Customer, _WITH_KEY, {"kind": kind, "key": canonical})))
    if not found:
        return []
    matches = set.intersection(*found) or set.union(*found)
    return sorted(matches, key=lambda customer: customer.pk)


def _keys_of(customer: Customer) -> set[tuple[str, str]]:
    found = prepared.rows(_KEYS_OF, {"ids": ids_of(customer)})
    return {(kind, canonical) for kind, canonical in found}


def _add_points(
    customer: Customer,
    keys: list[Key],
    *,
    typed: dict[ContactPoint.Kind, str],
    source: str,
    now: datetime,
) -> None:
    ContactPoint.objects.bulk_create(
        ContactPoint(
            customer=customer, kind=kind, value=typed[kind].strip()[:254], canonical=canonical,
            source=source, created_at=now,
        )
        for kind, canonical in keys
    )  # fmt: skip


def _add_name(customer: Customer, *, first_name: str, last_name: str) -> None:
    if customer.first_name or customer.last_name or not (first_name or last_name):
        return
    customer.first_name, customer.last_name = first_name, last_name
    customer.save(update_fields=["first_name", "last_name"])
