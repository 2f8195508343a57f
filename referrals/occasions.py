"""Days of guests' own lives: told with consent, remembered once each, and stopped with one click.

Promise: nothing is written of a day that she did not ask to be reminded of, nor after she stopped it; one reminder for each event and
year, by constraint, however many workers look. While anything is to stay a surprise (the event's own day of silence, or a referral of
hers that is kept from whoever brought her) nothing is written at all, to whatever address, since an address may be shared. The perk
that comes with it, the reminder and its mail are written in one transaction.

Limit: a reminder that could not be written until its day has passed is not written late.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.conf import settings
from django.contrib.auth.models import User
from django.core import signing
from django.db import IntegrityError, transaction
from django.urls import reverse

from builder import quotes, versions, workdays
from builder.models import Band, Design
from jeweler import audit, customers, locking, mail, subscriptions
from jeweler.models import ContactPoint, Customer, EmailMessage, SaleLine, StaffMember, Store
from referrals import program, rewards
from referrals.models import FollowOn, LifeEvent, LifeReminder, Occasion, Perk, Referral, Reward

TOPIC = "days"
AHEAD = {Occasion.WEDDING: 75, Occasion.ANNIVERSARY: 21, Occasion.BIRTH: 0, Occasion.UPGRADE: 0}
BAND_MARGIN = 21  # days to choose and to be measured, beside the days of making it
FARTHEST = 75  # years
BANDS = 3
GOOD_FOR = timedelta(minutes=30)
_SALT = "referrals.occasions"
_STAFF_SALT = "referrals.occasions.staff"
CONSENT = "You may write to me about this day. I can stop it at any time."


class NotKept(ValueError):
    """The day was not written down."""


class NoConsent(NotKept):
    def __init__(self) -> None:
        super().__init__("Say that we may write to you about it; without that we keep no day.")


class KnownAlready(NotKept):
    def __init__(self) -> None:
        super().__init__("We know this day already, and write to you about it.")


class DayPassed(NotKept):
    def __init__(self) -> None:
        super().__init__("That day is over. An anniversary counts from the first one; of anything else, tell us the day to come.")  # fmt: skip


class NoSuchPage(ValueError):
    """The link to her days was not made by us, or is another's."""


@dataclass(frozen=True, kw_only=True)
class Proposed:
    """A wedding band beside her ring: how it lies, what it costs as she may see it, and the last day to order it in time."""

    band: Band
    sentence: str
    is_flush: bool
    told: str
    order_by: date
    is_in_time: bool


@transaction.atomic
def tell(
    *, customer: Customer, occasion: str, day: date, source: str, has_consented: bool,
    quiet_until: date | None = None, by: User | None = None, store: Store | None = None, now: datetime,
) -> LifeEvent:  # fmt: skip
    """Write down a day that she told, with her word. Raises NoConsent, KnownAlready, DayPassed."""
    if not has_consented:
        raise NoConsent
    owner = customers.resolve_anew(customer)
    today = quotes.day_of(store, now=now)
    event = LifeEvent(
        customer=owner, occasion=occasion, date=day, consented_at=now, source=source,
        consented_to=CONSENT, noted_by=by, store=store, quiet_until=quiet_until,
    )  # fmt: skip
    event.look_date = _next_look(event, after=today)
    if event.look_date is None:
        raise DayPassed
    try:
        with transaction.atomic():
            event.save()
    except IntegrityError as error:
        raise KnownAlready from error
    if by is not None:
        audit.record(action="day.noted", subject=event, actor=by, store=store, now=now)
    return event


def stop(*, event: LifeEvent, now: datetime) -> None:
    """Nothing more is written of it. Stopping it again changes nothing."""
    LifeEvent.objects.filter(pk=event.pk, stopped_at=None).update(stopped_at=now, look_date=None)


def of(customer: Customer) -> list[LifeEvent]:
    """Her days that are alive, the next first."""
    ids = customers.ids_of(customer)
    return list(LifeEvent.objects.filter(customer__in=ids, stopped_at=None).order_by("date", "pk"))


def address(customer: Customer) -> str:
    """Her page of days: whoever holds it can add and stop them, so it goes to her alone."""
    token = signing.dumps(customers.resolve(customer).pk, salt=_SALT, compress=True)
    return reverse("friends:days", args=[token])


def opened(token: str) -> Customer:
    """Raises NoSuchPage, also for whoever was forgotten."""
    try:
        pk = signing.loads(token, salt=_SALT)
    except signing.BadSignature as error:
        raise NoSuchPage from error
    found = Customer.objects.filter(pk=pk, forgotten_at=None).first()
    if found is None:
        raise NoSuchPage
    return customers.resolve_anew(found)


def staff_token(customer: Customer, *, member: StaffMember) -> str:
    """Her days at the counter, for this member alone and for half an hour."""
    return signing.dumps([customers.resolve(customer).pk, member.pk], salt=_STAFF_SALT)


def opened_by_staff(token: str, *, member: StaffMember) -> Customer:
    """Raises NoSuchPage, also once the half hour is over."""
    try:
        pk, whose = signing.loads(token, salt=_STAFF_SALT, max_age=GOOD_FOR)
    except (signing.BadSignature, ValueError, TypeError) as error:
        raise NoSuchPage from error
    found = Customer.objects.filter(pk=pk, forgotten_at=None).first()
    if found is None or whose != member.pk:
        raise NoSuchPage
    return customers.resolve_anew(found)


def remind(*, now: datetime, limit: int = 100) -> int:
    """Write the reminders that are due, each in a transaction of its own; how many events were looked at."""
    seen = 0
    while seen < limit and _remind_one(now=now):
        seen += 1
    return seen


def bands_for(design: Design, *, day: date, now: datetime) -> list[Proposed]:
    """Wedding bands that lie beside her ring, those without a gap before the others, each with the last day to order it."""
    today = quotes.day_of(design.store, now=now)
    found = []
    for band in Band.objects.order_by("position", "pk"):
        lies = quotes.lies(design, band)
        order_by = workdays.before(day, days=band.lead_days)
        found.append(
            Proposed(
                band=band, sentence=lies.sentence if lies.is_flush else f"{lies.gap_mm} mm apart. {lies.sentence}", is_flush=lies.is_flush,
                told=quotes.band_told(band, design=design, now=now), order_by=order_by,
                is_in_time=order_by >= today,
            )
        )  # fmt: skip
    in_time = [each for each in found if each.is_in_time]
    return sorted(in_time, key=lambda each: not each.is_flush)[:BANDS]


def ring_of(customer: Customer) -> Design | None:
    """The one she bought, else the one she saved last, when it has its stone and its setting."""
    hers = Design.objects.filter(
        customer__in=customers.ids_of(customer), saved_at__isnull=False, removed_at=None,
        stone__isnull=False, setting__isnull=False, metal__isnull=False,
    ).select_related("setting", "metal", "stone", "store")  # fmt: skip
    bought = SaleLine.objects.filter(design_code__in=hers.values("code"), sale__voided_at=None)
    codes = list(bought.order_by("-pk").values_list("design_code", flat=True)[:1])
    return hers.filter(code__in=codes).first() or hers.order_by("-saved_at").first()


# Inside.


@transaction.atomic
def _remind_one(*, now: datetime) -> bool:
    today = quotes.day_of(None, now=now)
    due = LifeEvent.objects.filter(look_date__lte=today).order_by("look_date", "pk")
    if locking.are_on():
        due = due.select_for_update(skip_locked=True, of=["self"])
    event = due.select_related("customer__merged_into", "store").first()
    if event is None:
        return False
    years = _years_due(event, today=today)
    later = _silent_until(event, today=today)
    if later is not None:
        event.look_date = later
    elif years is None or _written(event, years=years, now=now):
        done = _years_written(event) | ({years} if years is not None else set())
        event.look_date = _next_look(event, after=today, written=done)
    else:
        event.look_date = today + timedelta(days=1)  # this week's mails to her are used up
    event.save(update_fields=["look_date"])
    return True


def _silent_until(event: LifeEvent, *, today: date) -> date | None:
    """The day from which on something may be written, while there is anything to keep; None: now."""
    kept = [event.quiet_until] if event.quiet_until else []
    hers = Referral.objects.filter(
        friend__in=customers.ids_of(event.customer), surprise_until__isnull=False
    )
    for referral in hers:
        revealed_at = rewards.revealed_at(referral)
        if revealed_at is not None:
            kept.append(quotes.day_of(None, now=revealed_at))
    return max((day for day in kept if day > today), default=None)


def _occurrences(event: LifeEvent) -> list[int]:
    """For how many years after the day something is written: an anniversary every year, and whatever has a perk."""
    yearly = range(1, FARTHEST + 1) if event.occasion == Occasion.ANNIVERSARY else range(1)
    tiers = FollowOn.objects.filter(occasion=event.occasion).values_list("years", flat=True)
    return sorted({*yearly, *tiers})


def _years_due(event: LifeEvent, *, today: date) -> int | None:
    """The one whose time has come and whose day has not passed, unless it was written."""
    written = _years_written(event)
    for years in _occurrences(event):
        day = _day(event, years=years)
        if years not in written and day - _ahead(event) <= today <= day:
            return years
    return None


def _years_written(event: LifeEvent) -> set[int]:
    return set(event.reminders.values_list("years", flat=True)) if event.pk else set()


def _next_look(event: LifeEvent, *, after: date, written: Collection[int] = ()) -> date | None:
    for years in _occurrences(event):
        if years not in written and _day(event, years=years) >= after:
            return max(_day(event, years=years) - _ahead(event), after)
    return None


def _ahead(event: LifeEvent) -> timedelta:
    days = AHEAD[Occasion(event.occasion)]
    if event.occasion == Occasion.WEDDING:
        longest = max(Band.objects.values_list("lead_days", flat=True), default=0)
        days = max(days, longest * 7 // 5 + BAND_MARGIN)
    return timedelta(days=days)


def _day(event: LifeEvent, *, years: int) -> date:
    """The twenty-ninth of February is kept on the last day of other Februaries."""
    try:
        return event.date.replace(year=event.date.year + years)
    except ValueError:
        return date(event.date.year + years, 2, 28)


def _written(event: LifeEvent, *, years: int, now: datetime) -> bool:
    """Write the reminder, its perk and its mail; False when the mail has to wait for another day."""
    customer = customers.resolve(event.customer)
    to = _address_of(customer)
    if customer.forgotten_at is not None or not to:
        return True
    day = _day(event, years=years)
    design = ring_of(customer) if event.occasion == Occasion.WEDDING and not years else None
    bands = bands_for(design, day=day, now=now) if design else []
    perk = _perk(event, years=years, now=now)
    with transaction.atomic():
        reminder = LifeReminder.objects.create(
            event=event, years=years, written_at=now, design=design if bands else None,
            band=bands[0].band if bands else None,
        )  # fmt: skip
        reward = rewards.follow_on(reminder, perk=perk, customer=customer, now=now) if perk else None  # fmt: skip
        sent = _mailed(event, reminder, day=day, design=design, bands=bands, reward=reward, to=to, now=now)  # fmt: skip
        if sent is None:
            transaction.set_rollback(True)
    return sent is not None or _is_stopped(to)


def _mailed(
    event: LifeEvent, reminder: LifeReminder, *, day: date, design: Design | None,
    bands: list[Proposed], reward: Reward | None, to: str, now: datetime,
) -> EmailMessage | None:  # fmt: skip
    discreet = design is not None and design.is_discreet
    sent = mail.nudge(
        key=f"day:{event.pk}:{reminder.years}",
        template="referrals/day",
        to=to,
        subject=_subject(event, has_bands=bool(bands), is_discreet=discreet),
        customer=event.customer,
        topic=TOPIC,
        zone=event.store.zone if event.store else None,
        context={
            "occasion": event.occasion,
            "day": day,
            "years": reminder.years,
            "bands": bands,
            "ring": versions.in_words(design) if design and bands and not discreet else "",
            "perk": reward.perk.name if reward and reward.perk else "",
            "perk_until": reward.last_date if reward else None,
            "link": f"{settings.SITE_URL}{address(event.customer)}",
        },
        now=now,
    )
    if sent is not None:
        reminder.mail = sent
        reminder.save(update_fields=["mail"])
    return sent


def _subject(event: LifeEvent, *, has_bands: bool, is_discreet: bool) -> str:
    if is_discreet:
        return "The day you asked us to remember"
    if has_bands:
        return "A band for your ring, in time for the day"
    return {
        Occasion.WEDDING: "Your wedding day comes near",
        Occasion.ANNIVERSARY: "Your anniversary comes near",
        Occasion.BIRTH: "For the day you told us of",
        Occasion.UPGRADE: "You asked us to remind you",
    }[Occasion(event.occasion)]


def _perk(event: LifeEvent, *, years: int, now: datetime) -> Perk | None:
    current = program.in_force(now=now)
    if current is None:
        return None
    tier = current.follow_ons.filter(occasion=event.occasion, years=years, perk__is_offered=True)
    found = tier.select_related("perk").first()
    return found.perk if found else None


def _address_of(customer: Customer) -> str:
    """The address she gave last."""
    points = ContactPoint.objects.filter(
        customer__in=customers.ids_of(customer), kind=ContactPoint.Kind.EMAIL
    )
    return points.order_by("-created_at", "-pk").values_list("canonical", flat=True).first() or ""


def _is_stopped(to: str) -> bool:
    return subscriptions.is_refused(address=to, topic=TOPIC)
