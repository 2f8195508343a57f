"""Networks and browsers are known again, and not read back."""

from referrals import footprints


def test_a_network_is_known_again_by_a_keyed_hash_of_its_shortened_address() -> None:
    first, neighbor, other = map(
        footprints.network_hash, ("203.0.113.7", "203.0.113.99", "203.0.114.7")
    )
    assert first == neighbor != other
    assert footprints.network_hash("2001:db8:1:2::/64") == footprints.network_hash(
        "2001:db8:1:9::1"
    )
    assert footprints.of(network="no address", agent="") == footprints.Footprint(
        network_hash="", agent_hash=""
    )
