"""Secrets in links and cookies."""

from jeweler import tokens


def test_a_token_is_long_random_and_kept_as_a_hash_alone() -> None:
    issued = [tokens.issue() for _ in range(50)]
    assert len({token for token, _ in issued}) == 50
    for token, token_hash in issued:
        assert len(token) == 43  # 256 bits
        assert token_hash == tokens.hashed(token)
        assert token not in token_hash
        assert len(token_hash) == 64


def test_a_hash_is_the_same_everywhere_and_on_every_day() -> None:
    assert tokens.hashed("ring") == (
        "16b974583155fdcb11fb6832a37be09c18c7acecbfb352c25a35512bfd755a33"
    )
