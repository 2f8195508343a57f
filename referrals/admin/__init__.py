"""Friends and their credit in the back office."""

from referrals.admin import credit, friends

__all__ = ["credit", "friends"]
