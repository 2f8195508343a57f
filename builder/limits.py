"""How often one browser, one address and one network may have us write.

A network is many people: its limits are far above what a family or an office asks for. What is refused was not done, and
the page keeps what was typed.
"""

import ipaddress
from datetime import datetime

from django.http import HttpRequest, HttpResponse

from builder import allowances, turns
from builder.allowances import Limit
from jeweler import customers
from jeweler.models import Visitor

Limits = tuple[Limit, Limit, Limit]  # of the address written to, the browser, the network

SAVES: Limits = (
    Limit(name="save-to", most=8, hours=1),
    Limit(name="save-from", most=20, hours=1),
    Limit(name="save-network", most=240, hours=1),
)
HINTS: Limits = (
    Limit(name="hint-to", most=3, hours=24),
    Limit(name="hint-from", most=6, hours=24),
    Limit(name="hint-network", most=60, hours=24),
)
AGAIN: Limits = (
    Limit(name="again-to", most=3, hours=1),
    Limit(name="again-from", most=8, hours=1),
    Limit(name="again-network", most=120, hours=1),
)


def take(
    limits: Limits, *, request: HttpRequest, to: str, visitor: Visitor | None, now: datetime
) -> None:
    """Use each once, in the transaction of what it allows. Raises allowances.TooMany."""
    address, browser, network = limits
    askers = {address: customers.canonical_email(to), network: network_of(request)}
    if visitor is not None:
        askers[browser] = str(visitor.pk)
    allowances.take(askers=askers, now=now)


def in_words(error: allowances.TooMany) -> str:
    minutes = error.wait_s // 60 + 1
    hours = minutes // 60 + 1
    wait = f"{minutes} minutes" if minutes < 90 else f"{hours} hours"
    return (
        "We have written as often as we may for now. Nothing is lost, and nothing was sent; "
        f"try again in {wait}, or come and see us."
    )


def later(response: HttpResponse, error: allowances.TooMany) -> HttpResponse:
    """The page with its answer made to "too many", and when to ask again."""
    response.status_code = 429
    response.headers["Retry-After"] = str(error.wait_s)
    return response


def network_of(request: HttpRequest) -> str:
    """An IPv4 address, or the network of an IPv6 one, which a household changes its addresses in."""
    said = turns.address_of(request).rpartition(",")[2]  # what our own proxy saw
    try:
        address = ipaddress.ip_address(said)
    except ValueError:
        return said
    if address.version == 4:
        return str(address)
    return str(ipaddress.ip_network((int(address), 64), strict=False))
