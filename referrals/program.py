"""The program that is in force, and the versions of its terms."""

from datetime import datetime
from decimal import Decimal

from referrals.models import Program, Terms


def in_force(*, now: datetime) -> Program | None:
    """The house's program, paused or not; None where none was set up or it has not begun."""
    return Program.objects.filter(begins_at__lte=now).order_by("begins_at").first()


def terms(program: Program, *, at: datetime) -> Terms | None:
    """The version that a referral is pinned to that is locked at this moment."""
    return program.terms.filter(in_force_from__lte=at).order_by("-in_force_from").first()


def minimums(version: Terms) -> dict[str, Decimal]:
    """By currency."""
    return {row.currency: row.minimum for row in version.amounts.all()}
