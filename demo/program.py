"""The sample house's offer to those who bring friends: terms, perks, a season of milestones, and the bench's weeks."""

from datetime import datetime, timedelta
from decimal import Decimal

from jeweler.models import Store
from referrals.models import (
    BenchWeek,
    Campaign,
    Milestone,
    Perk,
    Program,
    Terms,
    TermsAmount,
)

Kind = Perk.Kind
# Code, name, kind, what the house asks for it, what it costs, minutes at the bench.
PERKS = [
    ("engraving", "A complimentary engraving", Kind.ENGRAVING, 95, 22, 25),
    ("polishing", "Polishing, as new", Kind.POLISHING, 120, 31, 35),
    ("cleaning", "Cleaning and inspection for a year", Kind.CLEANING, 90, 18, 20),
    ("resizing", "A resizing", Kind.RESIZING, 140, 46, 50),
    ("warranty", "Two more years of warranty", Kind.WARRANTY, 250, 60, 0),
    ("priority", "Repairs before all others", Kind.PRIORITY_REPAIR, 0, 15, 0),
    ("early-access", "Early access to new pieces", Kind.EARLY_ACCESS, 0, 5, 0),
    ("private-viewing", "A private viewing", Kind.PRIVATE_VIEWING, 0, 80, 0),
]
MILESTONES = [(1, "early-access"), (3, "polishing"), (5, "private-viewing")]
WEEKLY_MINUTES = 240


def write(*, stores: dict[str, Store], begins_at: datetime, now: datetime) -> Program:
    perks = {
        code: Perk.objects.create(
            code=code, name=name, kind=kind, face_value=Decimal(face), cost=Decimal(cost),
            currency="USD", bench_minutes=minutes,
        )
        for code, name, kind, face, cost, minutes in PERKS
    }  # fmt: skip
    program = Program.objects.create(code="house", name="Friends of Osmere", begins_at=begins_at)
    terms = Terms.objects.create(
        program=program, version=1, in_force_from=begins_at, friend_perk=perks["engraving"],
        disclosure="I may receive a thank-you from Osmere if you buy.", created_at=begins_at,
    )  # fmt: skip
    TermsAmount.objects.create(
        terms=terms, currency="USD", minimum=Decimal(500), reward=Decimal(100)
    )
    starts_at = now - timedelta(days=150)
    season = Campaign.objects.create(
        program=program, name="A season of friends", starts_at=starts_at,
        ends_at=now + timedelta(days=60), settles_until=now + timedelta(days=240),
    )  # fmt: skip
    Milestone.objects.bulk_create(
        Milestone(campaign=season, count=count, perk=perks[code]) for count, code in MILESTONES
    )
    BenchWeek.objects.bulk_create(
        BenchWeek(store=store, minutes=WEEKLY_MINUTES) for store in stores.values()
    )
    return program
