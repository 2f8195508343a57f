"""What people are written to without having asked: who has had enough of which topic.

A refusal holds for an address whoever it belongs to, and outlives the person: it is kept as a hash.
"""

import hashlib
from datetime import datetime

from django.core import signing

from jeweler.models import MailRefusal

_PURPOSE = "jeweler.subscriptions.stop"


class NoSuchLink(ValueError):
    """The link to unsubscribe with was not made by us."""

    def __init__(self) -> None:
        super().__init__("This link says nothing to us. Use the one in the mail, whole.")


def token(*, address: str, topic: str) -> str:
    """What a link to unsubscribe carries: signed for this purpose, and telling nobody the address."""
    return signing.dumps([_hashed(address), topic], salt=_PURPOSE)


def read(given: str) -> tuple[str, str]:
    """The address's hash and the topic. Raises NoSuchLink."""
    try:
        address_hash, topic = signing.loads(given, salt=_PURPOSE)
    except (signing.BadSignature, ValueError) as error:
        raise NoSuchLink from error
    return address_hash, topic


def stop(*, given: str, now: datetime) -> str:
    """No more mails on the link's topic to its address, however often it is followed; returns the topic."""
    address_hash, topic = read(given)
    MailRefusal.objects.get_or_create(
        address_hash=address_hash, topic=topic, defaults={"since_at": now}
    )
    return topic


def go_on(*, given: str) -> str:
    """She wants them after all; returns the topic."""
    address_hash, topic = read(given)
    MailRefusal.objects.filter(address_hash=address_hash, topic=topic).delete()
    return topic


def topic_of(*, given: str) -> tuple[str, bool]:
    """The link's topic, and whether its address refuses it. Raises NoSuchLink."""
    address_hash, topic = read(given)
    refusals = MailRefusal.objects.filter(address_hash=address_hash, topic=topic)
    return topic, refusals.exists()


def is_refused(*, address: str, topic: str) -> bool:
    return MailRefusal.objects.filter(address_hash=_hashed(address), topic=topic).exists()


def _hashed(address: str) -> str:
    """`address` is canonical: `customers.canonical_email`."""
    return hashlib.sha256(address.encode()).hexdigest()
