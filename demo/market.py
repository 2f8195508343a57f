"""Two years of people who came to the sample house, simulated.

Pure: a seed and a day in, journeys out. Every later figure (visits, credit, return on ad spend, look-ups,
refunds) is counted from these journeys by the product itself; none is typed. The rates below are
inventions for a demonstration, not benchmarks.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

DAYS = 730
PEOPLE_PER_DAY = 21


@dataclass(frozen=True, kw_only=True)
class Campaign:
    """Where people come from. `click_cost` is in dollars; `intent` multiplies what they do next."""

    source: str
    medium: str
    name: str = ""
    terms: tuple[str, ...] = ("",)
    share: float
    click_cost: float = 0.0
    intent: float = 1.0
    click_id_kind: str = ""
    referrer_host: str = ""


SAVED_DESIGN_MAIL = Campaign(
    source="our mail", medium="email", name="saved design", share=0.0, intent=1.0
)

CAMPAIGNS = (
    Campaign(
        source="google",
        medium="cpc",
        name="Engagement rings, New York",
        terms=(
            "oval engagement ring nyc",
            "custom engagement ring manhattan",
            "diamond showroom new york",
            "2 carat oval diamond",
            "design your own ring",
        ),
        share=0.11,
        click_cost=18.6,
        intent=1.25,
        click_id_kind="gclid",
        referrer_host="www.google.com",
    ),
    Campaign(
        source="google",
        medium="cpc",
        name="Engagement rings, California",
        terms=("engagement rings los angeles", "oval solitaire", "lab diamond ring san francisco"),
        share=0.08,
        click_cost=16.3,
        intent=1.1,
        click_id_kind="gclid",
        referrer_host="www.google.com",
    ),
    Campaign(
        source="google",
        medium="cpc",
        name="Engagement rings, Chicago and Boston",
        terms=("engagement rings chicago", "newbury street jewelers", "emerald cut ring"),
        share=0.07,
        click_cost=13.5,
        intent=1.1,
        click_id_kind="gclid",
        referrer_host="www.google.com",
    ),
    Campaign(
        source="google",
        medium="cpc",
        name="Brand, all stores",
        terms=("osmere", "osmere jewelers", "osmere rings"),
        share=0.05,
        click_cost=2.7,
        intent=2.4,
        click_id_kind="gclid",
        referrer_host="www.google.com",
    ),
    Campaign(
        source="google",
        medium="cpc",
        name="Shopping, solitaires",
        terms=("solitaire ring", "round diamond ring 18k"),
        share=0.07,
        click_cost=4.9,
        intent=0.7,
        click_id_kind="gclid",
        referrer_host="www.google.com",
    ),
    Campaign(
        source="bing",
        medium="cpc",
        name="Engagement rings, all stores",
        terms=("engagement ring designer", "diamond ring builder"),
        share=0.03,
        click_cost=9.3,
        intent=1.1,
        click_id_kind="msclkid",
        referrer_host="www.bing.com",
    ),
    Campaign(
        source="instagram",
        medium="paid_social",
        name="Autumn film",
        terms=("the oval, three ways", "hands"),
        share=0.14,
        click_cost=4.4,
        intent=0.45,
        click_id_kind="fbclid",
        referrer_host="l.instagram.com",
    ),
    Campaign(
        source="facebook",
        medium="paid_social",
        name="Saved a design, and people like them",
        terms=("bench, one minute",),
        share=0.06,
        click_cost=6.8,
        intent=0.8,
        click_id_kind="fbclid",
        referrer_host="l.facebook.com",
    ),
    Campaign(
        source="youtube",
        medium="paid_video",
        name="At the bench",
        share=0.05,
        click_cost=2.5,
        intent=0.2,
        click_id_kind="gclid",
        referrer_host="www.youtube.com",
    ),
    Campaign(
        source="letter",
        medium="email",
        name="The month at the bench",
        share=0.03,
        click_cost=7.5,
        intent=1.7,
    ),
    Campaign(
        source="google", medium="organic", share=0.13, intent=0.9, referrer_host="www.google.com"
    ),
    Campaign(source="(direct)", medium="(none)", share=0.11, intent=1.0),
    Campaign(
        source="theknot.example",
        medium="referral",
        share=0.03,
        intent=1.2,
        referrer_host="theknot.example",
    ),
    Campaign(
        source="pinterest.com",
        medium="social",
        share=0.03,
        intent=0.4,
        referrer_host="www.pinterest.com",
    ),
    Campaign(
        source="chatgpt.com",
        medium="referral",
        share=0.01,
        intent=1.4,
        referrer_host="chatgpt.com",
    ),
)


@dataclass(frozen=True, kw_only=True)
class Touch:
    at: datetime
    campaign: Campaign
    term: str
    device: int  # index into Journey.devices


@dataclass(frozen=True, kw_only=True)
class Purchase:
    """`refunded_share` of the merchandise went back at `refunded_at`."""

    at: datetime
    online: bool
    deposit_share: float | None
    balance_at: datetime | None
    refunded_share: float
    refunded_at: datetime | None


@dataclass(kw_only=True)
class Journey:
    """One person from her first arrival to her purchase, as far as she went."""

    store: str
    devices: list[str]
    touches: list[Touch] = field(default_factory=list)
    started_at: datetime | None = None
    completed_at: datetime | None = None
    saved_at: datetime | None = None
    booked_at: datetime | None = None
    visit_at: datetime | None = None
    came: bool = False
    looked_up_at: datetime | None = None
    purchase: Purchase | None = None
    budget: float = 9000.0


STORE_SHARES = {
    "nyc-lispenard": 0.34,
    "la-melrose": 0.22,
    "chicago-oak": 0.17,
    "boston-newbury": 0.15,
    "sf-maiden": 0.12,
}


def journeys(*, dice: random.Random, until: datetime, days: int = DAYS) -> Iterator[Journey]:
    """People in the order of their first arrival, so many days up to `until`."""
    first_day = (until - timedelta(days=days)).date()
    for offset in range(days):
        day = first_day + timedelta(days=offset)
        for _ in range(_arrivals(day, offset=offset, dice=dice)):
            journey = _journey(day, dice=dice, until=until)
            if journey.touches:
                yield journey


def _arrivals(day: date, *, offset: int, dice: random.Random) -> int:
    season = {1: 0.9, 2: 1.15, 9: 1.05, 10: 1.2, 11: 1.35, 12: 1.3}.get(day.month, 0.95)
    week = 1.25 if day.weekday() >= 5 else 0.92
    growth = 1 + 0.18 * offset / DAYS
    return max(0, round(dice.gauss(PEOPLE_PER_DAY * season * week * growth, 3)))


def _journey(day: date, *, dice: random.Random, until: datetime) -> Journey:
    campaign = dice.choices(CAMPAIGNS, weights=[c.share for c in CAMPAIGNS])[0]
    journey = Journey(
        store=dice.choices(list(STORE_SHARES), weights=list(STORE_SHARES.values()))[0],
        devices=[dice.choices(["phone", "computer", "tablet"], weights=[66, 30, 4])[0]],
        budget=min(42000.0, max(2600.0, dice.lognormvariate(9.05, 0.45))),
    )
    at = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(
        hours=dice.triangular(13, 28, 25), minutes=dice.uniform(0, 59)
    )
    journey.touches.append(
        Touch(at=at, campaign=campaign, term=dice.choice(campaign.terms), device=0)
    )
    _go_on(journey, intent=campaign.intent, dice=dice)
    _forget_the_future(journey, until=until)
    return journey


def _go_on(journey: Journey, *, intent: float, dice: random.Random) -> None:
    first_at = journey.touches[0].at
    if dice.random() < 0.30:
        _come_back(journey, at=first_at + timedelta(days=dice.expovariate(1 / 6)), dice=dice)
    if dice.random() > min(0.7, 0.24 * intent):
        return
    journey.started_at = journey.touches[-1].at + timedelta(minutes=dice.uniform(1, 6))
    if dice.random() > 0.56:
        return
    journey.completed_at = journey.started_at + timedelta(minutes=dice.uniform(4, 28))
    if dice.random() > 0.64:
        return
    journey.saved_at = journey.completed_at + timedelta(minutes=dice.uniform(1, 5))
    if dice.random() < 0.45:
        journey.devices.append("computer" if journey.devices[0] == "phone" else "phone")
        journey.touches.append(
            Touch(
                at=journey.saved_at + timedelta(days=dice.expovariate(1 / 3)),
                campaign=SAVED_DESIGN_MAIL,
                term="",
                device=1,
            )
        )
    _visit_and_buy(journey, intent=intent, dice=dice)


def _come_back(journey: Journey, *, at: datetime, dice: random.Random) -> None:
    campaign = dice.choices(CAMPAIGNS, weights=[c.share * c.intent for c in CAMPAIGNS])[0]
    journey.touches.append(
        Touch(
            at=at,
            campaign=campaign,
            term=dice.choice(campaign.terms),
            device=len(journey.devices) - 1,
        )
    )


def _visit_and_buy(journey: Journey, *, intent: float, dice: random.Random) -> None:
    saved_at = journey.saved_at
    if saved_at is None:
        return
    if dice.random() < 0.5:
        journey.booked_at = saved_at + timedelta(days=dice.expovariate(1 / 9))
        if dice.random() < 0.4:
            _come_back(journey, at=journey.booked_at - timedelta(minutes=12), dice=dice)
        journey.visit_at = _opening_hour(
            journey.booked_at + timedelta(days=2 + dice.expovariate(1 / 6)), dice=dice
        )
        journey.came = dice.random() < 0.85
        if not journey.came:
            return
        if dice.random() < 0.75:
            journey.looked_up_at = journey.visit_at + timedelta(minutes=dice.uniform(2, 12))
        if dice.random() < min(0.75, 0.42 * max(0.6, intent)):
            later = 0.0 if dice.random() < 0.6 else dice.expovariate(1 / 11)
            journey.purchase = _purchase(
                _opening_hour(journey.visit_at + timedelta(days=later), dice=dice)
                if later
                else journey.visit_at + timedelta(minutes=dice.uniform(30, 70)),
                online=False,
                dice=dice,
            )
    elif dice.random() < 0.07:
        journey.purchase = _purchase(
            saved_at + timedelta(days=dice.expovariate(1 / 14)), online=True, dice=dice
        )


def _purchase(at: datetime, *, online: bool, dice: random.Random) -> Purchase:
    pays_in_parts = not online and dice.random() < 0.42
    is_refunded = dice.random() < 0.06
    return Purchase(
        at=at,
        online=online,
        deposit_share=dice.choice([0.2, 0.25, 0.3, 0.5]) if pays_in_parts else None,
        balance_at=_opening_hour(at + timedelta(days=dice.uniform(14, 34)), dice=dice)
        if pays_in_parts
        else None,
        refunded_share=dice.choice([1.0, 0.05, 0.12]) if is_refunded and not pays_in_parts else 0.0,
        refunded_at=at + timedelta(days=dice.uniform(3, 26)) if is_refunded else None,
    )


def walk_ins(
    *, dice: random.Random, until: datetime, days: int = DAYS
) -> Iterator[tuple[str, Purchase, float]]:
    """Sales that no thread leads to: (store, purchase, merchandise without tax)."""
    for offset in range(days):
        if dice.random() < 0.13:
            day = until - timedelta(days=days - offset)
            purchase = _purchase(_opening_hour(day, dice=dice), online=False, dice=dice)
            if purchase.at < until:
                store = dice.choices(list(STORE_SHARES), weights=list(STORE_SHARES.values()))[0]
                yield store, purchase, round(dice.lognormvariate(8.3, 0.7))


def _opening_hour(at: datetime, *, dice: random.Random) -> datetime:
    """About the same day, at a half hour between 16:00 and 23:00 UTC: open in all three zones."""
    day = datetime(at.year, at.month, at.day, tzinfo=UTC)
    opening = day + timedelta(hours=18) + timedelta(minutes=30 * dice.randrange(10))
    return opening if opening >= at else opening + timedelta(days=1)


def _forget_the_future(journey: Journey, *, until: datetime) -> None:
    """What would happen after `until` has not happened yet; a booked visit may still lie ahead."""
    journey.touches = sorted((t for t in journey.touches if t.at < until), key=lambda t: t.at)
    for name in ("started_at", "completed_at", "saved_at", "booked_at", "looked_up_at"):
        at = getattr(journey, name)
        if at is not None and at >= until:
            setattr(journey, name, None)
    if journey.booked_at is None:
        journey.visit_at = None
    if journey.visit_at is None or journey.visit_at >= until:
        journey.came = False
    if journey.purchase is not None and journey.purchase.at >= until:
        journey.purchase = None
