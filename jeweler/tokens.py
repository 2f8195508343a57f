"""Secrets in links and cookies: guessed by nobody, stored only as a hash."""

import hashlib
import secrets


def issue() -> tuple[str, str]:
    """A new token of 256 bits and the hash to keep: (token, token_hash)."""
    token = secrets.token_urlsafe(32)
    return token, hashed(token)


def hashed(token: str) -> str:
    """SHA-256 in hex. The token is random and long, so no salt and no slow hash is needed."""
    return hashlib.sha256(token.encode()).hexdigest()
