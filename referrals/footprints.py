"""By what a network and a browser are known again, and not read back: keyed hashes of a shortened address and of a browser's name."""

import ipaddress
from dataclasses import dataclass

from django.utils.crypto import salted_hmac


@dataclass(frozen=True, kw_only=True)
class Footprint:
    """As rows keep it; "" where nothing is known."""

    network_hash: str
    agent_hash: str


def of(*, network: str, agent: str) -> Footprint:
    """`network`: an address, or a network in its /48 or /64 form; `agent`: the User-Agent header."""
    return Footprint(network_hash=network_hash(network), agent_hash=_keyed("agent", agent[:400]))


def network_hash(address: str) -> str:
    """Of the first three parts of an IPv4 address, or the first 48 bits of an IPv6 one; "" for what is no address."""
    try:
        parsed = ipaddress.ip_address(address.partition("/")[0])
    except ValueError:
        return ""
    bits = 24 if parsed.version == 4 else 48
    shortened = ipaddress.ip_network((int(parsed), bits), strict=False)
    return _keyed("network", str(shortened))


def _keyed(purpose: str, text: str) -> str:
    if not text:
        return ""
    return salted_hmac(f"referrals.footprints.{purpose}", text, algorithm="sha256").hexdigest()
