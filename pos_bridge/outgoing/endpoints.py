"""Who is told: endpoints made, given new secrets and tokens, found by their token, and switched on again.

A secret and a token are shown once, when they are made. The token, with which an endpoint reads its messages, is stored hashed;
the secrets, with which we sign, are encrypted.

Whoever keeps an address judges it first (`jeweler.outward.check`); it is judged again at every call.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from jeweler import sealing, tokens
from pos_bridge.connections import NoOldSecret, OldSecretStillThere, new_secret
from pos_bridge.models import WebhookEndpoint

_PURPOSE = "pos_bridge.outgoing"


class NotDisabled(ValueError):
    def __init__(self, endpoint: WebhookEndpoint) -> None:
        super().__init__(f"{endpoint} is sent to already; there is nothing to switch on.")


@dataclass(frozen=True, kw_only=True)
class Opened:
    """An endpoint with what is shown this once."""

    endpoint: WebhookEndpoint
    secret: str
    token: str


def add(*, address: str, description: str, types: Sequence[str], now: datetime) -> Opened:
    """Tell this address from now on of what is of these types."""
    secret = new_secret()
    token, token_hash = tokens.issue()
    endpoint = WebhookEndpoint.objects.create(
        address=address,
        description=description,
        types=sorted(set(types)),
        secrets=[sealing.seal(secret, purpose=_PURPOSE)],
        token_hash=token_hash,
        created_at=now,
    )
    return Opened(endpoint=endpoint, secret=secret, token=token)


def find(*, token: str) -> WebhookEndpoint | None:
    """Whose token it is, unless the endpoint is off; one that we stopped sending to may go on reading."""
    return WebhookEndpoint.objects.filter(token_hash=tokens.hashed(token), is_active=True).first()


def secrets_of(endpoint: WebhookEndpoint) -> list[str]:
    """Newest first, without those that no key of ours opens."""
    opened = (sealing.unseal(each, purpose=_PURPOSE) for each in endpoint.secrets)
    return [secret for secret in opened if secret]


def rotate(*, endpoint: WebhookEndpoint) -> str:
    """A second secret: deliveries carry the signatures of both until `retire_old`. Raises OldSecretStillThere."""
    if len(endpoint.secrets) > 1:
        raise OldSecretStillThere(endpoint)
    secret = new_secret()
    endpoint.secrets = [sealing.seal(secret, purpose=_PURPOSE), *endpoint.secrets]
    endpoint.save(update_fields=["secrets"])
    return secret


def retire_old(*, endpoint: WebhookEndpoint) -> None:
    """From now on we sign with the newest secret alone. Raises NoOldSecret."""
    if len(endpoint.secrets) < 2:
        raise NoOldSecret(endpoint)
    endpoint.secrets = endpoint.secrets[:1]
    endpoint.save(update_fields=["secrets"])


def new_token(*, endpoint: WebhookEndpoint) -> str:
    """Another token to read with; the one before opens nothing any more."""
    token, endpoint.token_hash = tokens.issue()
    endpoint.save(update_fields=["token_hash"])
    return token


def switch_on(*, endpoint: WebhookEndpoint) -> None:
    """Send again, beginning with what has waited since we stopped. Raises NotDisabled."""
    disabled = WebhookEndpoint.objects.filter(pk=endpoint.pk, disabled_at__isnull=False)
    is_done = disabled.update(
        disabled_at=None, disabled_why="", failures=0, failing_since=None, warned_at=None,
        paused_until=None,
    )  # fmt: skip
    if not is_done:
        raise NotDisabled(endpoint)
