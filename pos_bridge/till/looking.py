"""What a till may find: only by whole keys, only of its store, each question written down and counted by the till.

Too many questions in an hour, or twenty that found nothing within ten minutes, shut this till and no other. A question that is
refused for that is not counted, so that a till opens again by itself.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.core import signing
from django.db import transaction
from django.db.models import Q, QuerySet

from builder import lookup
from builder.codes import NotACode, read
from builder.models import Design
from jeweler import audit, customers, locking, prepared
from jeweler.models import Customer, Sale
from pos_bridge.models import TillDevice
from referrals import referring
from referrals.models import Advocate

HOUR = timedelta(hours=1)
AN_HOUR = {"design": 240, "customer": 100, "referral code": 240}
MISSES, MISSED_WITHIN, SHUT_FOR = 20, timedelta(minutes=10), timedelta(minutes=15)
HANDLE_LASTS = timedelta(hours=12)
_ASKED = "till.asked"
_HANDLE = "pos_bridge.till.customer"


class TooManyQuestions(Exception):
    def __init__(self, *, wait_s: int) -> None:
        super().__init__(
            f"This till has asked too often, or for too much that is not there. Ask again in "
            f"{wait_s // 60 + 1} minutes; other tills and the counter are not held up."
        )
        self.wait_s = wait_s


class NotFound(LookupError):
    """Nothing here has this key: unknown, another store's and no longer good are told alike."""


class UnknownSale(LookupError):
    def __init__(self) -> None:
        super().__init__(
            "No sale of your store has this number yet. Tell us of the sale first, or leave it out: the code then counts for "
            "what she orders from now on."
        )


class UnknownCustomer(LookupError):
    def __init__(self) -> None:
        super().__init__("This customer's handle is not this till's, or is old. Look her up anew.")


def design(*, device: TillDevice, text: str, now: datetime) -> Design:
    """The saved design of this code, meant for the till's store or for none; it counts as looked up in the store.

    Raises NotFound, TooManyQuestions.
    """
    with transaction.atomic():
        _take_turn(device, "design", now=now)
        found = _design(device, text, now=now)
        _note(device, "design", found=[found] if found else [], now=now)
        if found is not None:
            lookup.note_till(design=found, store=device.store, now=now)
    if found is None:
        raise NotFound("No design of your store has this code. Check it letter by letter.")
    return found


def people(
    *, device: TillDevice, email: str = "", phone: str = "", code: str = "", now: datetime
) -> list[Customer]:
    """Whom a whole e-mail address, phone number or design code leads to; several when they share it.

    Raises TooManyQuestions, customers.BadEmail, customers.BadPhone.
    """
    with transaction.atomic():
        _take_turn(device, "customer", now=now)
        if code:
            saved = _design(device, code, now=now)
            found = [customers.resolve(saved.customer)] if saved and saved.customer else []
        else:
            found = customers.find(email=email, phone=phone, region=device.store.region)
        found = [each for each in found if each.forgotten_at is None]
        _note(device, "customer", found=found, now=now)
    return found


def advocate(*, device: TillDevice, text: str, now: datetime) -> Advocate:
    """Whose code it is. What is no code, is unknown, or has ended costs the same one look and is told alike.

    Raises NotFound, TooManyQuestions.
    """
    found: Advocate | None
    with transaction.atomic():
        _take_turn(device, "referral code", now=now)
        try:
            found = referring.advocate_of(text[:64], now=now)
        except referring.CodeRefused:
            found = None
        _note(device, "referral code", found=[found] if found else [], now=now)
    if found is None:
        raise NotFound("This code is not good, or no longer. Ask her to read it from her card.")
    return found


def sale_of(text: str, *, device: TillDevice) -> Sale:
    """By its number or its id at the till. Raises UnknownSale."""
    named = Q(number=text) | Q(external_id=text)
    found = Sale.objects.filter(named, store=device.store).order_by("-placed_at").first()
    if found is None:
        raise UnknownSale
    return found


def designs_of(customer: Customer, *, device: TillDevice) -> QuerySet[Design]:
    """What she saved and keeps, meant for the till's store or for none, the last first."""
    saved = Design.objects.filter(saved_at__isnull=False, removed_at=None)
    hers = saved.filter(customer__in=customers.ids_of(customer))
    return hers.filter(Q(store=None) | Q(store=device.store)).order_by("-updated_at", "-pk")


def handle(customer: Customer, *, device: TillDevice) -> str:
    """How this till names a customer whom it has looked up: good for this till alone, for half a day."""
    return signing.dumps([device.pk, customer.pk], salt=_HANDLE)


def customer_of(text: str, *, device: TillDevice) -> Customer:
    """Raises UnknownCustomer."""
    try:
        asked_by, customer_id = signing.loads(text, salt=_HANDLE, max_age=HANDLE_LASTS)
    except (signing.BadSignature, ValueError) as error:
        raise UnknownCustomer from error
    found = Customer.objects.select_related("merged_into").filter(pk=customer_id).first()
    if asked_by != device.pk or found is None:
        raise UnknownCustomer
    return customers.resolve(found)


def _design(device: TillDevice, text: str, *, now: datetime) -> Design | None:
    try:
        code = read(text)
    except NotACode:
        return None
    saved = "code = %(code)s and saved_at is not null"
    found = next(iter(prepared.found(Design, saved, {"code": code})), None)
    if found is None or found.store_id is None:
        return found
    if found.store_id == device.store_id:
        found.store = device.store
        return found
    audit.record(
        action="design.refused",
        subject=found,
        store=device.store,
        detail={"till": device.pk},
        now=now,
    )
    return None


def _note(
    device: TillDevice,
    what: str,
    *,
    found: Sequence[Design | Customer | Advocate],
    now: datetime,
) -> None:
    """One entry of the till's question, and one of each customer who was found."""
    audit.record(
        action=_ASKED,
        subject=device,
        store=device.store,
        detail={"for": what, "found": [audit.named(each) for each in found]},
        now=now,
    )
    for each in found:
        if isinstance(each, Customer):
            detail = {"till": device.pk}
            audit.record(
                action="customer.found", subject=each, store=device.store, detail=detail, now=now
            )


def _take_turn(device: TillDevice, what: str, *, now: datetime) -> None:
    """Questions of one till wait for each other, so that two at once count two."""
    name = audit.named(device)
    locking.hold(f"questions of {name}")
    values = {"what": what, "most": AN_HOUR[what], "misses": MISSES, "name": name, "asked": _ASKED, "since": now - HOUR}  # fmt: skip
    ((first_of_hour, last_miss, first_miss),) = prepared.rows(_LATELY, values)
    if first_of_hour is not None:
        _refuse(first_of_hour + HOUR, now=now)
    if first_miss is not None and last_miss - first_miss <= MISSED_WITHIN:
        _refuse(last_miss + SHUT_FOR, now=now)


def _refuse(until: datetime, *, now: datetime) -> None:
    if until > now:
        raise TooManyQuestions(wait_s=int((until - now).total_seconds()) + 1)


# When the question was asked that would have to be forgotten before the next one, the last that found nothing, and the
# twentieth before it; planned once, because each look-up asks this.
_LATELY = """
select
    (array_agg(at order by at desc) filter (where detail ->> 'for' = %(what)s))[%(most)s::int],
    max(at) filter (where detail -> 'found' = '[]'),
    (array_agg(at order by at desc) filter (where detail -> 'found' = '[]'))[%(misses)s::int]
from jeweler_auditentry
where subject = %(name)s and action = %(asked)s and at > %(since)s
"""
