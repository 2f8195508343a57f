"""Our verifiers beside the vendors' own libraries, which are the oracles where they answer at all.

Shopify's library needs a session of its API to verify, so its documented scheme is the oracle, as its libraries in three languages
write it: base64 of the HMAC-SHA256 of the body under the app's secret.
"""

import base64
import hashlib
import hmac
import json
import time

import stripe
from hypothesis import given, settings
from hypothesis import strategies as st
from square.utils.webhooks_helper import verify_signature

from pos_bridge.providers import shopify, square
from pos_bridge.providers import stripe as ours_of_stripe
from pos_bridge.providers.contract import Delivery
from tests.factories.pos_bridge import NOW

ADDRESS = "https://shop.example/hooks/v1/token/"
texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40)
secrets = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=40)
bodies = st.dictionaries(texts, texts, max_size=3).map(
    lambda said: json.dumps(said, ensure_ascii=False).encode()
)


@settings(max_examples=40)
@given(body=bodies, secret=secrets, other=bodies)
def test_squares_library_and_ours_judge_alike(body: bytes, secret: str, other: bytes) -> None:
    headers = square.sign(body, secret=secret, address=ADDRESS)

    for signed in (body, other):
        oracle = verify_signature(
            request_body=signed.decode(),
            signature_header=headers["x-square-hmacsha256-signature"],
            signature_key=secret,
            notification_url=ADDRESS,
        )
        sent = Delivery(headers=headers, body=signed, address=ADDRESS)
        assert square.is_signed(sent, secrets=[secret], now=NOW) is oracle
        assert oracle is (signed == body)


@settings(max_examples=40)
@given(body=bodies, secret=secrets)
def test_shopifys_documented_scheme_is_what_we_take(body: bytes, secret: str) -> None:
    documented = base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()
    sent = Delivery(headers={"x-shopify-hmac-sha256": documented}, body=body, address="")

    assert shopify.is_signed(sent, secrets=[secret], now=NOW)
    changed = Delivery(headers=sent.headers, body=body + b" ", address="")
    assert not shopify.is_signed(changed, secrets=[secret], now=NOW)


@settings(max_examples=40)
@given(body=bodies, secret=secrets, header=st.text(max_size=60))
def test_whatever_stands_in_a_header_is_answered(body: bytes, secret: str, header: str) -> None:
    """Where Square's library raises, ours says no."""
    names = (
        "x-shopify-hmac-sha256",
        "x-square-hmacsha256-signature",
        "x-signature",
        "stripe-signature",
    )
    sent = Delivery(headers=dict.fromkeys(names, header), body=body, address=ADDRESS)

    for provider in (shopify, square, ours_of_stripe):
        assert provider.is_signed(sent, secrets=[secret, ""], now=NOW) is False


@settings(max_examples=20)
@given(body=bodies, secret=secrets)
def test_stripes_library_and_ours_judge_alike(body: bytes, secret: str) -> None:
    at = int(time.time())
    digest = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    header = f"t={at},v1={digest}"

    assert stripe.WebhookSignature.verify_header(body.decode(), header, secret, tolerance=300)
    sent = Delivery(headers={"stripe-signature": header}, body=body, address="")
    now = NOW.fromtimestamp(at, tz=NOW.tzinfo)
    assert ours_of_stripe.is_signed(sent, secrets=[secret], now=now)
    assert not ours_of_stripe.is_signed(sent, secrets=[secret + "x"], now=now)
