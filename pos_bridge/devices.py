"""Tills that may ask: enrolled by a manager, logged in for a working day, revoked at once.

A till keeps the key that it was given when it was enrolled, which is good for nothing but logging in; each log-in gives a token
that asks for TILL_TOKEN_HOURS and ends the one before. Both are shown once and kept as hashes. A lost till is revoked in the
admin: neither its key nor its token opens anything from that moment.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction

from jeweler import audit, prepared, tokens
from jeweler.models import Store
from pos_bridge.models import TillDevice

NOTED_EVERY = timedelta(minutes=1)


class NameTaken(ValueError):
    def __init__(self, *, name: str, store: Store) -> None:
        super().__init__(f"{store} has a till named {name!r}. Choose another name, or revoke it.")


class NotEnrolled(PermissionError):
    def __init__(self) -> None:
        super().__init__(
            "No till is enrolled with this key. Ask the store's manager to enroll this one."
        )


class NotLoggedIn(PermissionError):
    def __init__(self) -> None:
        super().__init__(
            "This token is good for nothing, or has ended. Log in with the till's key."
        )


class AlreadyRevoked(ValueError):
    def __init__(self, device: TillDevice) -> None:
        super().__init__(f"{device} was revoked before.")


@dataclass(frozen=True, kw_only=True)
class Enrolled:
    """A till with the key that is shown this once."""

    device: TillDevice
    key: str


@dataclass(frozen=True, kw_only=True)
class LoggedIn:
    device: TillDevice
    token: str
    ends_at: datetime


def enroll(*, store: Store, name: str, by: User | None, now: datetime) -> Enrolled:
    """Raises NameTaken."""
    key, key_hash = tokens.issue()
    try:
        with transaction.atomic():
            device = TillDevice.objects.create(
                store=store, name=name, key_hash=key_hash, enrolled_at=now, enrolled_by=by
            )
            audit.record(action="till.enrolled", subject=device, actor=by, store=store, now=now)
    except IntegrityError as error:
        raise NameTaken(name=name, store=store) from error
    return Enrolled(device=device, key=key)


@transaction.atomic
def log_in(*, key: str, now: datetime) -> LoggedIn:
    """A new token; the one before ends. Raises NotEnrolled."""
    device = (
        TillDevice.objects.select_for_update(of=["self"])
        .select_related("store")
        .filter(key_hash=tokens.hashed(key), revoked_at=None)
        .first()
    )
    if device is None:
        raise NotEnrolled
    token, device.token_hash = tokens.issue()
    device.token_ends_at = now + timedelta(hours=settings.TILL_TOKEN_HOURS)
    device.last_used_at = now
    device.save(update_fields=["token_hash", "token_ends_at", "last_used_at"])
    audit.record(action="till.logged_in", subject=device, store=device.store, now=now)
    return LoggedIn(device=device, token=token, ends_at=device.token_ends_at)


def known(*, token: str, now: datetime) -> TillDevice:
    """The till whose token this is; its use is noted once a minute. Raises NotLoggedIn.

    Planned once, for every call asks, and every call asks for its store.
    """
    values = {"token": tokens.hashed(token), "now": now}
    device = next(iter(prepared.found(TillDevice, _KNOWN, values)), None)
    if device is None:
        raise NotLoggedIn
    [device.store] = prepared.found(Store, "id = %(id)s", {"id": device.store_id})
    if device.last_used_at is None or device.last_used_at < now - NOTED_EVERY:
        TillDevice.objects.filter(pk=device.pk).update(last_used_at=now)
    return device


@transaction.atomic
def revoke(*, device: TillDevice, by: User, now: datetime) -> None:
    """Raises AlreadyRevoked."""
    if not TillDevice.objects.filter(pk=device.pk, revoked_at=None).update(revoked_at=now):
        raise AlreadyRevoked(device)
    audit.record(action="till.revoked", subject=device, actor=by, store=device.store, now=now)


_KNOWN = "token_hash = %(token)s and revoked_at is null and token_ends_at > %(now)s"
