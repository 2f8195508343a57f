"""Standard Webhooks 1.0.0 signatures, made and checked over the raw bytes, and plain HMACs for the vendors' own schemes.

Promise: `verify` and `is_hmac` answer yes or no for whatever they are given, malformed or not, and compare in
constant time. No secret, or an empty one, signs nothing. Only the symmetric scheme (`v1`, HMAC-SHA256) is known; other schemes in the header
are passed over.
"""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

PREFIX = "whsec_"
TOLERANCE = 300
LATEST = 2**31 - 1  # a clock beyond 2038 is no clock
MOST_SIGNATURES = 16

# A dot would let one id and time be read as another pair; both are part of what is signed.
_ID = re.compile(r"[!-\-/-~]{1,200}", re.ASCII)
_TIME = re.compile(r"[0-9]{1,12}", re.ASCII)


class BadSecret(ValueError):
    def __init__(self) -> None:
        super().__init__(
            f"A signing secret is {PREFIX!r} and 24 to 64 bytes in base64; "
            "rotate the connection's secret to get a new one"
        )


def sign(*, secret: str, message_id: str, body: bytes, at: datetime) -> dict[str, str]:
    """The three headers of a delivery. Raises BadSecret."""
    key = _key(secret)
    if key is None:
        raise BadSecret
    seconds = str(int(at.timestamp()))
    return {
        "webhook-id": message_id,
        "webhook-timestamp": seconds,
        "webhook-signature": "v1," + _signature(key, message_id, seconds, body),
    }


def verify(
    *, secrets: Sequence[str], headers: Mapping[str, str], body: bytes, now: datetime
) -> bool:
    """Whether one of the secrets signed this body, within five minutes of `now`.

    No secret at all is a no. `headers` has lower-case names.
    """
    message_id = headers.get("webhook-id", "")
    seconds = headers.get("webhook-timestamp", "")
    if not _ID.fullmatch(message_id) or not _TIME.fullmatch(seconds):
        return False
    if abs(now.timestamp() - int(seconds)) > TOLERANCE:
        return False
    given = _given(headers.get("webhook-signature", ""))
    keys = [key for key in map(_key, secrets) if key is not None]
    matches = [
        hmac.compare_digest(_signature(key, message_id, seconds, body).encode(), signature)
        for key in keys
        for signature in given
    ]
    return any(matches)


def clock_of(*, secrets: Sequence[str], headers: Mapping[str, str], body: bytes) -> datetime | None:
    """What the sender's clock said, if one of the secrets signed this body at that time; None for a signature that is wrong."""
    seconds = headers.get("webhook-timestamp", "")
    if not _TIME.fullmatch(seconds) or int(seconds) > LATEST:
        return None
    said = datetime.fromtimestamp(int(seconds), tz=UTC)
    return said if verify(secrets=secrets, headers=headers, body=body, now=said) else None


def is_hmac(*, secrets: Sequence[str], signed: bytes, given: bytes) -> bool:
    """Whether one of the secrets, as it is written, made this HMAC-SHA256."""
    matches = [hmac.compare_digest(digest(secret, signed), given) for secret in secrets if secret]
    return any(matches)


def digest(secret: str, signed: bytes) -> bytes:
    """HMAC-SHA256 under the secret as it is written, which is how the vendors' own are used."""
    return hmac.digest(secret.encode(), signed, hashlib.sha256)


def from_base64(text: str) -> bytes:
    """The bytes; none for what is no base64, which are no signature of anything."""
    try:
        return base64.b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, ValueError):
        return b""


def from_hex(text: str) -> bytes:
    """The bytes; none for what is no hexadecimal."""
    try:
        return binascii.unhexlify(text.encode("ascii"))
    except (binascii.Error, ValueError):
        return b""


def _given(header: str) -> list[bytes]:
    parts = (part.partition(",") for part in header.split(" ")[:MOST_SIGNATURES])
    return [
        signature.encode("utf-8", "surrogatepass")
        for scheme, _, signature in parts
        if scheme == "v1" and signature
    ]


def _signature(key: bytes, message_id: str, seconds: str, body: bytes) -> str:
    signed = message_id.encode() + b"." + seconds.encode() + b"." + body
    return base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()


def _key(secret: str) -> bytes | None:
    """The secret's bytes; nothing when it is none, so that an empty one can sign nothing."""
    if not secret.startswith(PREFIX):
        return None
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        return None
    return key if len(key) >= 24 else None
