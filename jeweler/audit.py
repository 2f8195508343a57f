"""Write down who looked at or changed what. Entries are never changed: the database refuses it."""

from datetime import datetime
from typing import Any

from django.contrib.auth.models import AbstractBaseUser, User
from django.db import models

from jeweler.models import AuditEntry, Store


def record(
    *,
    action: str,
    subject: str | models.Model,
    actor: AbstractBaseUser | None = None,
    store: Store | None = None,
    detail: dict[str, Any] | None = None,
    now: datetime,
) -> AuditEntry:
    """Add an entry, in the caller's transaction where there is one.

    `action` is in the past tense, such as "customer.viewed"; `subject` is a row, kept as
    "customer:12", or such a word itself. `detail` takes no personal data: entries outlive
    whoever asks to be forgotten.
    """
    return AuditEntry.objects.create(
        at=now,
        actor=actor if isinstance(actor, User) else None,
        store=store,
        action=action,
        subject=subject if isinstance(subject, str) else named(subject),
        detail=detail or {},
    )


def named(row: models.Model) -> str:
    """How a row is called in an entry: "customer:12"."""
    return f"{row._meta.model_name}:{row.pk}"
