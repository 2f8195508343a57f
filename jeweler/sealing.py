"""Secrets at rest: encrypted with a key of their purpose, derived from SECRET_KEY.

Secrets of one purpose are not opened for another. SECRET_KEY_FALLBACKS still open what was sealed before SECRET_KEY changed; without them
it is lost, and has to be made anew.
"""

import base64
import functools

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.utils.encoding import force_bytes


def seal(secret: str, *, purpose: str) -> str:
    return _box(purpose).encrypt(secret.encode()).decode()


def unseal(sealed: str, *, purpose: str) -> str:
    """Empty when no key of ours opens it."""
    try:
        return _box(purpose).decrypt(sealed.encode()).decode()
    except InvalidToken:
        return ""


def _box(purpose: str) -> MultiFernet:
    return _boxed((settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS), purpose)


@functools.lru_cache(maxsize=32)
def _boxed(keys: tuple[str | bytes, ...], purpose: str) -> MultiFernet:
    return MultiFernet([Fernet(_derived(key, purpose)) for key in keys])


def _derived(key: str | bytes, purpose: str) -> bytes:
    """By the key itself, so that a changed SECRET_KEY derives another one."""
    derivation = HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose.encode())
    return base64.urlsafe_b64encode(derivation.derive(force_bytes(key)))
