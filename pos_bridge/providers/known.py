"""The providers by their names. A new one is its own file, a line here, and a choice of `Connection`."""

from pos_bridge.models import Connection
from pos_bridge.providers import standard, stripe
from pos_bridge.providers.contract import Provider

_PROVIDERS: dict[str, Provider] = {
    Connection.Provider.STANDARD: standard,
    Connection.Provider.STRIPE: stripe,
}


def of(connection: Connection) -> Provider:
    return _PROVIDERS[connection.provider]
