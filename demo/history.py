"""Writes the simulated journeys as the rows that the product itself would have written.

Rows are written in bulk, without events and mails: what happened two years ago is announced to nobody.
What follows from the rows (conversions, credit) is then computed by the rooms that own it.
"""

import bisect
import random
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.conf import settings

from appointments.models import Appointment, Service, VisitDesign
from attribution.channels import classify
from attribution.models import AdSpend, Touchpoint
from builder import codes, compatibility, quotes
from builder.models import (
    Design,
    DesignLookup,
    DesignStep,
    DesignVersion,
    Metal,
    Setting,
    Stone,
)
from demo import people, steps
from demo.bulk import insert
from demo.market import DAYS, Campaign, Journey, journeys
from demo.visits import Past
from jeweler import tokens
from jeweler.models import ContactPoint, Customer, IdentityEdge, StaffMember, Store, Visitor

BATCH = 1000
SPARE_MM = Decimal("0.1")


@dataclass(kw_only=True)
class Thread:
    """A journey and the rows it became."""

    journey: Journey
    visitors: list[Visitor] = field(default_factory=list)
    customer: Customer | None = None
    email: str = ""
    design: Design | None = None
    version: DesignVersion | None = None
    entry: DesignStep.Entry = DesignStep.Entry.SETTING
    choices: steps.Choices = ()


class Vault:
    """Stones and settings that fit them, picked by budget. A stone is sold once."""

    def __init__(self, *, dice: random.Random) -> None:
        self.dice = dice
        self.settings = list(
            Setting.objects.order_by("position", "id").prefetch_related(
                "metals", "heads", "locations"
            )
        )
        self.metals: dict[int, list[Metal]] = {s.pk: list(s.metals.all()) for s in self.settings}
        self.stones = list(
            Stone.objects.filter(status=Stone.Status.AVAILABLE, price__isnull=False).order_by(
                "price", "id"
            )
        )
        self.prices = [float(stone.price or 0) for stone in self.stones]
        self.taken: set[int] = set()
        self.codes: set[str] = set()

    def pick(self, *, budget: float, is_bought: bool) -> tuple[Stone, Setting, Metal]:
        start = bisect.bisect_left(self.prices, budget * self.dice.uniform(0.62, 0.8))
        for step in range(len(self.stones)):
            stone = self.stones[(start + step) % len(self.stones)]
            if stone.pk in self.taken or (step <= 40 and self.dice.random() >= 0.2):
                continue
            if setting := self._fitting(stone):
                if is_bought:
                    self.taken.add(stone.pk)
                return stone, setting, self.dice.choice(self.metals[setting.pk])
        raise LookupError("The vault has no stone that fits any setting")

    def code(self) -> str:
        """A design code that nobody has yet."""
        while (code := codes.new()) in self.codes:
            pass
        self.codes.add(code)
        return code

    def _fitting(self, stone: Stone) -> Setting | None:
        """One of the settings that it sits in, by lot."""
        tried = self.dice.sample(self.settings, len(self.settings))
        return next((setting for setting in tried if _sits(stone, setting)), None)


def _sits(stone: Stone, setting: Setting) -> bool:
    """As it is, with a tenth of a millimeter to spare."""
    fit = compatibility.check(setting=setting.rules, stone=stone.measures, size=None)
    return fit.verdict == "fits" and fit.margin_mm is not None and fit.margin_mm >= SPARE_MM


def write(
    *, stores: dict[str, Store], dice: random.Random, now: datetime, days: int = DAYS
) -> list[Thread]:
    """Visitors, touches, people, designs, look-ups and visits of these days; returns their threads."""
    threads = [Thread(journey=journey) for journey in journeys(dice=dice, until=now, days=days)]
    _write_visitors(threads)
    _write_touchpoints(threads, dice=dice)
    _write_customers(threads, dice=dice)
    _write_designs(threads, vault=Vault(dice=dice), stores=stores, dice=dice, now=now)
    _write_visits(threads, stores=stores, now=now)
    _write_spend(threads, dice=dice, today=now.date())
    return threads


def _write_visitors(threads: list[Thread]) -> None:
    for thread in threads:
        first = thread.journey.touches[0].at
        for index, device in enumerate(thread.journey.devices):
            seen = [t.at for t in thread.journey.touches if t.device == index] or [first]
            _, token_hash = tokens.issue()
            thread.visitors.append(
                Visitor(
                    token_hash=token_hash,
                    device=device,
                    first_seen_at=min(seen),
                    last_seen_at=max(seen),
                )
            )
    insert(Visitor, [visitor for thread in threads for visitor in thread.visitors])


def _write_touchpoints(threads: list[Thread], *, dice: random.Random) -> None:
    rows = []
    for thread in threads:
        for touch in thread.journey.touches:
            campaign = touch.campaign
            click_id = f"{dice.getrandbits(96):024x}" if campaign.click_id_kind else ""
            rows.append(
                Touchpoint(
                    visitor=thread.visitors[touch.device],
                    occurred_at=touch.at,
                    channel=_channel(campaign),
                    source=campaign.source,
                    medium=campaign.medium,
                    campaign=campaign.name,
                    term=touch.term,
                    click_id_kind=campaign.click_id_kind,
                    click_id=click_id,
                    referrer_host=campaign.referrer_host,
                    landing_path="/" if campaign.medium != "email" else "/diamonds/",
                )
            )
    insert(Touchpoint, rows)


def _channel(campaign: Campaign) -> str:
    return classify(source=campaign.source, medium=campaign.medium, campaign=campaign.name)


def _write_customers(threads: list[Thread], *, dice: random.Random) -> None:
    contacts: list[ContactPoint] = []
    edges: list[IdentityEdge] = []
    known = [(t, t.journey.saved_at) for t in threads if t.journey.saved_at is not None]
    for number, (thread, saved_at) in enumerate(reversed(known)):
        first, last = people.name(dice=dice)
        thread.customer = Customer(first_name=first, last_name=last, created_at=saved_at)
        for visitor in thread.visitors:
            visitor.customer = thread.customer
        points = people.contact_points(
            customer=thread.customer, number=number, at=saved_at, dice=dice
        )
        thread.email = points[0].canonical
        contacts += points
    insert(Customer, [thread.customer for thread, _ in known if thread.customer])
    insert(ContactPoint, contacts)
    for thread, saved_at in known:
        for index, visitor in enumerate(thread.visitors):
            edges.append(
                IdentityEdge(
                    visitor=visitor,
                    customer=thread.customer,
                    evidence=IdentityEdge.Evidence.MAGIC_LINK
                    if index
                    else IdentityEdge.Evidence.SAVED_DESIGN,
                    created_at=visitor.last_seen_at if index else saved_at,
                )
            )
            visitor.customer = thread.customer
    insert(IdentityEdge, edges)
    Visitor.objects.bulk_update(
        [visitor for thread, _ in known for visitor in thread.visitors],
        ["customer"],
        batch_size=BATCH,
    )


def _write_designs(
    threads: list[Thread],
    *,
    vault: Vault,
    stores: dict[str, Store],
    dice: random.Random,
    now: datetime,
) -> None:
    started, lots = [], steps.Lots()
    for thread in threads:
        if (started_at := thread.journey.started_at) is None:
            continue
        started.append(thread)
        thread.entry = lots.way_in()
        thread.choices = lots.choices(
            entry=thread.entry, is_complete=thread.journey.completed_at is not None
        )
        thread.design = _design(
            thread, started_at=started_at, vault=vault, stores=stores, dice=dice
        )
        if thread.journey.saved_at is not None:
            thread.version = _version(thread.design, saved_at=thread.journey.saved_at)
            thread.design.saved_at = thread.journey.saved_at
            thread.design.next_watch_at = thread.journey.saved_at
    insert(Design, [thread.design for thread in started if thread.design])
    insert(DesignVersion, [thread.version for thread in started if thread.version])
    _write_steps(started, lots=lots, now=now)


def _write_steps(started: list[Thread], *, lots: steps.Lots, now: datetime) -> None:
    rows: list[DesignStep] = []
    for thread in started:
        if thread.design is not None:
            rows += lots.steps(
                journey=thread.journey,
                design=thread.design,
                visitors=thread.visitors,
                entry=thread.entry,
                choices=thread.choices,
            )
    steps.write(rows, now=now)


def _design(
    thread: Thread,
    *,
    started_at: datetime,
    vault: Vault,
    stores: dict[str, Store],
    dice: random.Random,
) -> Design:
    journey = thread.journey
    stone, setting, metal = vault.pick(
        budget=journey.budget, is_bought=journey.purchase is not None
    )
    is_complete = journey.completed_at is not None
    has = DesignStep.Step
    has_setting, has_size = has.SETTING in thread.choices, has.RING in thread.choices
    return Design(
        code=vault.code(),
        visitor=thread.visitors[0],
        customer=thread.customer,
        store=stores[journey.store] if journey.booked_at else None,
        setting=setting if has_setting else None,
        metal=metal if has_setting else None,
        stone=stone if has.STONE in thread.choices else None,
        ring_size=_size(dice) if is_complete else Decimal("6.0") if has_size else None,
        engraving=_engraving(setting, dice=dice) if is_complete else "",
        created_at=started_at,
        updated_at=journey.saved_at or journey.completed_at or started_at,
        completed_at=journey.completed_at,
    )


def _size(dice: random.Random) -> Decimal:
    return Decimal(dice.randrange(9, 16)) / 2


def _engraving(setting: Setting, *, dice: random.Random) -> str:
    """Often none, and never more than the ring takes."""
    wish = dice.choice(["", "", "Ever & always", "M & J", "Always, L."])
    return wish if len(wish) <= setting.engraving_limit else ""


def _version(design: Design, *, saved_at: datetime) -> DesignVersion:
    quote = quotes.quote(design, now=saved_at)
    if design.setting is None or design.metal is None or design.stone is None:
        raise LookupError(f"{design} was saved before it was complete")
    return DesignVersion(
        design=design,
        number=1,
        setting=design.setting,
        metal=design.metal,
        stone=design.stone,
        ring_size=design.ring_size or Decimal(6),
        engraving=design.engraving,
        price=quote.total,
        price_lines=quotes.written(quote.lines),
        priced_at=quote.priced_at,
        price_inputs=quote.inputs,
        price_until_date=(saved_at + timedelta(days=settings.PRICE_PROMISE_DAYS)).date(),
        picture_hash=quote.picture_hash,
        description=quote.description,
        saved_at=saved_at,
    )


def _write_visits(threads: list[Thread], *, stores: dict[str, Store], now: datetime) -> None:
    associate = StaffMember.objects.filter(role=StaffMember.Role.ASSOCIATE).earliest("pk")
    service, past = Service.objects.get(code="viewing"), Past()
    visits: list[Appointment] = []
    rings: list[Design | None] = []
    lookups: list[DesignLookup] = []
    for thread in threads:
        journey, store = thread.journey, stores[thread.journey.store]
        if journey.booked_at is None or journey.visit_at is None or thread.customer is None:
            continue
        visit = Appointment(
            store=store,
            customer=thread.customer,
            service=service,
            status=_visit_status(journey, now=now),
            booked_at=journey.booked_at,
            starts_at=journey.visit_at,
            ends_at=journey.visit_at + timedelta(minutes=service.minutes),
            email=thread.email,
        )
        past.tell(visit, journey)
        visits.append(visit)
        rings.append(thread.design)
        if journey.looked_up_at is not None:
            lookups.append(
                DesignLookup(
                    design=thread.design,
                    store=store,
                    staff=associate,
                    key=DesignLookup.Key.EMAIL,
                    opened_at=journey.looked_up_at,
                )
            )
    insert(Appointment, visits)
    shown = [
        VisitDesign(appointment=visit, design=ring)
        for visit, ring in zip(visits, rings, strict=True)
        if ring is not None
    ]
    insert(VisitDesign, shown)
    insert(DesignLookup, lookups)


def _visit_status(journey: Journey, *, now: datetime) -> str:
    if journey.came:
        return Appointment.Status.ATTENDED
    lies_ahead = journey.visit_at is not None and journey.visit_at > now
    return Appointment.Status.BOOKED if lies_ahead else Appointment.Status.MISSED


def _write_spend(threads: list[Thread], *, dice: random.Random, today: date) -> None:
    """What the clicks cost. One click in nine leaves no trace of itself and costs the same."""
    clicks: dict[tuple[date, Campaign, str], int] = defaultdict(int)
    for thread in threads:
        for touch in thread.journey.touches:
            if touch.campaign.click_cost and touch.at.date() <= today:
                clicks[touch.at.date(), touch.campaign, touch.term] += 1
    rows = []
    for (day, campaign, term), seen in clicks.items():
        all_clicks = seen + sum(dice.random() < 1 / 9 for _ in range(seen))
        cost = sum(campaign.click_cost * dice.lognormvariate(0, 0.35) for _ in range(all_clicks))
        rows.append(
            AdSpend(
                date=day,
                channel=_channel(campaign),
                source=campaign.source,
                campaign=campaign.name,
                term=term,
                clicks=all_clicks,
                amount=Decimal(cost).quantize(Decimal("0.01")),
            )
        )
    insert(AdSpend, rows)
