"""Who sent her, by a code or by name, as staff ask it: covered answers, each question written down, and no guessing.

Promise: an unknown, an ended and a suspended code are told alike. A code with one slip of the eye (5 for S) is proposed only when exactly one
change makes a good one, and never taken without asking. Twenty that found nothing within ten minutes shut this log-in for a quarter of
an hour, and no other. Names find at most five, covered, to choose from; more are not shown.
"""

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.core import signing
from django.db import transaction
from django.db.models import Q
from rapidfuzz.distance import JaroWinkler

from jeweler import audit, customers, locking
from jeweler.models import AuditEntry, ContactPoint, Customer, StaffMember, Store
from referrals import codes, referring
from referrals.models import Advocate
from referrals.scoring import ALIKE_FROM

MISSES, MISSED_WITHIN, SHUT_FOR = 20, timedelta(minutes=10), timedelta(minutes=15)
MOST = 5
GOOD_FOR = timedelta(minutes=30)
LOOK_ALIKES = {"5": "S", "S": "5", "2": "Z", "Z": "2", "8": "B", "B": "8", "6": "G", "G": "6"}
_ASKED = "referral.asked_who"
_SALT = "referrals.naming"


class TooManyGuesses(Exception):
    def __init__(self, *, wait_s: int) -> None:
        super().__init__(
            f"Too many codes and names were tried that are not there. Try again in {wait_s // 60 + 1} minutes; "
            "your colleagues are not held up."
        )
        self.wait_s = wait_s


class NoName(ValueError):
    def __init__(self) -> None:
        super().__init__("Type the whole name of who sent her, first and last: Ada Okafor.")


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """Enough for the guest to say “yes, that is her”, too little to find her by. `token` chooses her."""

    initials: str
    contacts: tuple[str, ...]
    since_date: date
    token: str


@dataclass(frozen=True, kw_only=True)
class Found:
    """`advocate` when the code is good; else perhaps one that was meant, for the staff to confirm."""

    advocate: Advocate | None = None
    meant: Candidate | None = None
    meant_code: str = ""


def by_code(*, text: str, member: StaffMember, store: Store | None, now: datetime) -> Found:
    """Raises TooManyGuesses."""
    with transaction.atomic():
        _refuse_guessing(member, now=now)
        found = _good(text, now=now)
        _note(member, "code", [found] if found else [], store=store, now=now)
    if found is not None:
        return Found(advocate=found)
    meant = did_you_mean(text, now=now)
    if meant is None:
        return Found()
    return Found(meant=_covered(meant, member=member), meant_code=codes.shown(meant.code))


def by_name(
    *, name: str, ending: str = "", member: StaffMember, store: Store | None, now: datetime
) -> list[Candidate]:
    """At most five advocates of this name, covered; `ending`: the last digits of her number, where they are more.

    Raises NoName, TooManyGuesses.
    """
    words = name.replace("\0", "").split()
    if len(words) < 2 or any(len(word) < 2 for word in (words[0], words[-1])):
        raise NoName
    with transaction.atomic():
        _refuse_guessing(member, now=now)
        found = _named(words[0], words[-1], now=now)
        digits = re.sub(r"\D", "", ending)
        if digits:
            found = [each for each in found if any(phone.endswith(digits[-4:]) for phone in customers.phones_of(each.customer))]  # fmt: skip
        _note(member, "name", found, store=store, now=now)
    return [_covered(each, member=member) for each in found[: MOST + 1]]


def chosen(token: str, *, member: StaffMember, now: datetime) -> Advocate:
    """Whom this member chose from what she was shown. Raises referring.CodeRefused."""
    try:
        advocate_id, asked_by = signing.loads(token, salt=_SALT, max_age=GOOD_FOR)
    except (signing.BadSignature, ValueError) as error:
        raise referring.CodeRefused from error
    found = Advocate.objects.filter(pk=advocate_id).first()
    if found is None or asked_by != member.pk:
        raise referring.CodeRefused
    return referring.advocate_of(found.code, now=now)


def did_you_mean(text: str, *, now: datetime) -> Advocate | None:
    """Whose code it would be with one look-alike read otherwise: only when that is one person's."""
    typed = codes.normalized(text)
    if len(typed) != codes.LENGTH:
        return None
    tries = {
        typed[:at] + LOOK_ALIKES[symbol] + typed[at + 1 :]
        for at, symbol in enumerate(typed)
        if symbol in LOOK_ALIKES
    }
    good = [found for each in sorted(tries) if (found := _good(each, now=now)) is not None]
    return good[0] if len(good) == 1 else None


def _good(text: str, *, now: datetime) -> Advocate | None:
    try:
        return referring.advocate_of(text, now=now)
    except referring.CodeRefused:
        return None


def _named(first: str, last: str, *, now: datetime) -> list[Advocate]:
    """The very name; where nobody has it, names that are nearly it."""
    good = (
        Advocate.objects.filter(Q(ends_at=None) | Q(ends_at__gt=now), suspended_at=None)
        .filter(customer__forgotten_at=None)
        .select_related("customer__merged_into")
        .order_by("joined_at", "pk")
    )
    exact = list(good.filter(customer__first_name__iexact=first, customer__last_name__iexact=last)[: MOST + 1])  # fmt: skip
    if exact:
        return exact
    near = good.filter(
        customer__first_name__istartswith=first[0], customer__last_name__istartswith=last[0]
    )
    return [each for each in near[:2000] if _is_near(each.customer, first, last)][: MOST + 1]


def _is_near(customer: Customer, first: str, last: str) -> bool:
    pairs = ((customer.first_name, first), (customer.last_name, last))
    return all(
        JaroWinkler.similarity(hers.casefold(), said.casefold()) >= ALIKE_FROM
        for hers, said in pairs
    )


def _covered(found: Advocate, *, member: StaffMember) -> Candidate:
    person = customers.resolve(found.customer)
    points = ContactPoint.objects.filter(customer__in=customers.ids_of(person)).order_by("kind", "pk")  # fmt: skip
    return Candidate(
        initials=" ".join(f"{name[0]}." for name in (person.first_name, person.last_name) if name),
        contacts=tuple(customers.covered(point) for point in points[:3]),
        since_date=found.joined_at.date(),
        token=signing.dumps([found.pk, member.pk], salt=_SALT),
    )


def _refuse_guessing(member: StaffMember, *, now: datetime) -> None:
    """Questions of one log-in wait for each other, so that two at once count two."""
    name = audit.named(member)
    locking.hold(f"questions of {name}")
    missed = AuditEntry.objects.filter(
        subject=name, action=_ASKED, at__gt=now - MISSED_WITHIN - SHUT_FOR, detail__found=[]
    )
    moments = list(missed.order_by("-at").values_list("at", flat=True)[:MISSES])
    if len(moments) < MISSES or moments[0] - moments[-1] > MISSED_WITHIN:
        return
    until = moments[0] + SHUT_FOR
    if until > now:
        raise TooManyGuesses(wait_s=int((until - now).total_seconds()))


def _note(
    member: StaffMember, how: str, found: list[Advocate], *, store: Store | None, now: datetime
) -> None:
    audit.record(
        action=_ASKED, subject=member, actor=member.user, store=store,
        detail={"by": how, "found": [audit.named(each) for each in found]}, now=now,
    )  # fmt: skip
