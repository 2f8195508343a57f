"""Ways in for tills: made, given new secrets, and found by the token in their address.

A token and a secret are shown once, when they are made. The token is looked up by its hash; it and the secrets are kept
encrypted with a key derived from SECRET_KEY (SECRET_KEY_FALLBACKS still open old ones).
"""

import base64
import contextlib
import secrets
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db.models import F

from jeweler import prepared, sealing, tokens
from jeweler.models import Store
from pos_bridge.models import Connection

_PURPOSE = "pos_bridge.connections"


class OldSecretStillThere(RuntimeError):
    def __init__(self, whose: object) -> None:
        super().__init__(
            f"{whose} already has two secrets. Retire the old one before making another."
        )


class NoOldSecret(RuntimeError):
    def __init__(self, whose: object) -> None:
        super().__init__(f"{whose} has one secret only. Rotate it to have a second one first.")


@dataclass(frozen=True, kw_only=True)
class Opened:
    """A new connection with what is shown this once."""

    connection: Connection
    token: str
    secret: str

    @property
    def path(self) -> str:
        return f"/hooks/v1/{self.token}/"


def open_connection(
    *,
    code: str,
    currency: str,
    now: datetime,
    provider: Connection.Provider = Connection.Provider.STANDARD,
    store: Store | None = None,
    token: str = "",
    secret: str = "",
    api_url: str = "",
    api_token: str = "",
) -> Opened:
    """A way in for one till system; with a store, everything it says is of that store.

    A vendor that issues its secret itself is given with it. Without a token, which only the sample
    house's own till brings along, a new one is issued.
    """
    token = token or tokens.issue()[0]
    secret = secret or new_secret()
    connection = Connection.objects.create(
        code=code,
        provider=provider,
        token_hash=tokens.hashed(token),
        hook=_sealed(token),
        secrets=[_sealed(secret)],
        api_url=api_url,
        api_token=_sealed(api_token) if api_token else "",
        store=store,
        currency=currency,
        created_at=now,
    )
    return Opened(connection=connection, token=token, secret=secret)


def new_secret() -> str:
    """A signing secret as Standard Webhooks writes it: 32 random bytes."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


@dataclass(frozen=True, kw_only=True)
class Way:
    """A connection as it was read, with its secrets opened, the newest first."""

    connection: Connection
    secrets: list[str]


_ways: OrderedDict[str, Way] = OrderedDict()  # by the token's hash, the last one read at the end
_MOST_WAYS = 1000


def remembered(*, token: str) -> Way | None:
    """As this process read it last, without a question; whoever goes by it says so to `inbound.keep`, which finds out if it changed."""
    return _ways.get(tokens.hashed(token))


def read(*, token: str) -> Way | None:
    """As it stands, remembered from now on."""
    connection = find(token=token)
    if connection is None:
        _ways.pop(tokens.hashed(token), None)
        return None
    way = Way(connection=connection, secrets=secrets_of(connection))
    _ways[connection.token_hash] = way
    while len(_ways) > _MOST_WAYS:
        with contextlib.suppress(KeyError):  # somebody else let go of it
            _ways.popitem(last=False)
    return way


def find(*, token: str) -> Connection | None:
    """The active connection behind an address.

    Planned once: every delivery asks, and building this query anew took a third of its time.
    """
    values = {"token": tokens.hashed(token)}
    return next(
        iter(prepared.found(Connection, "token_hash = %(token)s and is_active", values)), None
    )


def secrets_of(connection: Connection) -> list[str]:
    """Newest first. A secret that our key no longer opens counts as none: it fails closed."""
    opened = (_opened(sealed) for sealed in connection.secrets)
    return [secret for secret in opened if secret]


def api_token_of(connection: Connection) -> str:
    """Empty when there is none, or none that our key opens."""
    return _opened(connection.api_token) if connection.api_token else ""


def hook_of(connection: Connection) -> str:
    """The whole address that it delivers to, for whoever has to subscribe it anew; empty when it is not known."""
    token = _opened(connection.hook) if connection.hook else ""
    return f"{settings.SITE_URL}/hooks/v1/{token}/" if token else ""


def keep_api_token(*, connection: Connection, token: str) -> None:
    """The token with which its API is asked from now on."""
    connection.api_token = _sealed(token)
    connection.save(update_fields=["api_token"])


def rotate(*, connection: Connection, secret: str = "") -> str:
    """A second secret beside the present one, which stays good until `retire_old`.

    The vendor's own when it issues them, else a new one. Raises OldSecretStillThere.
    """
    if len(connection.secrets) > 1:
        raise OldSecretStillThere(connection)
    secret = secret or new_secret()
    connection.secrets = [_sealed(secret), *connection.secrets]
    connection.save(update_fields=["secrets"])
    return secret


def retire_old(*, connection: Connection) -> None:
    """From now on only the newest secret is good.

    Raises NoOldSecret.
    """
    if len(connection.secrets) < 2:
        raise NoOldSecret(connection)
    connection.secrets = connection.secrets[:1]
    connection.save(update_fields=["secrets"])


def count_refusal(*, connection: Connection, clock: datetime | None, now: datetime) -> None:
    """`clock`: what its clock said, where the signature is right but for that."""
    ahead = None if clock is None else int((clock - now).total_seconds())
    Connection.objects.filter(pk=connection.pk).update(
        refusals=F("refusals") + 1, last_refusal_at=now, refused_clock_s=ahead
    )


def _sealed(secret: str) -> str:
    return sealing.seal(secret, purpose=_PURPOSE)


def _opened(sealed: str) -> str:
    return sealing.unseal(sealed, purpose=_PURPOSE)
