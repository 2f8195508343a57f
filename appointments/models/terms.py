"""Which terms of visits are in force: whatever is known of hours, people and services is known under its token."""

import uuid

from django.db import models
from django.db.models import Q


class TermsVersion(models.Model):
    """One row. Triggers give it another token, never one that was there before, whenever stores, showrooms, hours, shifts, services,
    who takes them or the ways between stores are changed, by whatever writes them: what a process remembers of them is true while the token is the same.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    token = models.UUIDField(default=uuid.uuid4)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(id=1), name="terms_version_is_one"),
        ]

    def __str__(self) -> str:
        return str(self.token)
