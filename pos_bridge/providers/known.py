"""The providers by their names. A new one is its own file, a line here, and a choice of `Connection`."""

from pos_bridge.models import Connection
from pos_bridge.providers import (
    bigcommerce,
    bigcommerce_api,
    file_drop,
    lightspeed,
    lightspeed_api,
    shopify,
    shopify_api,
    square,
    square_api,
    standard,
    stripe,
)
from pos_bridge.providers.asking import Api
from pos_bridge.providers.contract import Provider

_PROVIDERS: dict[str, Provider] = {
    Connection.Provider.STANDARD: standard,
    Connection.Provider.SHOPIFY: shopify,
    Connection.Provider.SQUARE: square,
    Connection.Provider.LIGHTSPEED: lightspeed,
    Connection.Provider.BIGCOMMERCE: bigcommerce,
    Connection.Provider.FILE_DROP: file_drop,
    Connection.Provider.STRIPE: stripe,
}

_APIS: dict[str, Api] = {
    Connection.Provider.SHOPIFY: shopify_api,
    Connection.Provider.SQUARE: square_api,
    Connection.Provider.LIGHTSPEED: lightspeed_api,
    Connection.Provider.BIGCOMMERCE: bigcommerce_api,
}


def of(connection: Connection) -> Provider:
    return _PROVIDERS[connection.provider]


def api_of(connection: Connection) -> Api | None:
    """None for a till that nothing can be asked of."""
    return _APIS.get(connection.provider)
