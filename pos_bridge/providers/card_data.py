"""Take card data out of what a till sent, before anything is written.

Kept are the brand and the last four digits, which PCI does not count as cardholder data. Gone are
whole groups that hold card data (`payment_details`, `receipt` …), single fields by name wherever they
stand, and card numbers in free text: 13 to 19 digits that begin like a card brand's and pass the
Luhn test. Of the mark by which a processor knows a card again, a keyed hash stays: whether two people paid with one card can be
asked, and nothing else. Identifiers are left alone (an order number may pass the test by chance), and so are
numbers written with a plus sign, which are phones.
"""

import re
from collections.abc import Iterator
from typing import Any

from django.utils.crypto import salted_hmac

MARK = "card_hash"
REMOVED = "[card number]"
SHORTEST, LONGEST = 13, 19
GROUPS = frozenset(
    {"payment_details", "card_details", "card", "receipt", "payment_receipt", "source_card"}
)
KEPT_OF_A_GROUP = {
    "brand": "brand",
    "card_brand": "brand",
    "credit_card_company": "brand",
    "last4": "last4",
    "last_4": "last4",
    "last_four": "last4",
    "status": "status",
}
FIELDS = frozenset(
    {
        "pan",
        "primary_account_number",
        "card_number",
        "credit_card_number",
        "account_number",
        "cvv",
        "cvv2",
        "cvc",
        "cvc2",
        "cid",
        "pin",
        "pin_block",
        "track1",
        "track2",
        "track_1",
        "track_2",
        "track_data",
        "emv",
        "emv_data",
        "cryptogram",
        "bin",
        "credit_card_bin",
        "iin",
        "fingerprint",
        "exp",
        "expiry",
        "expiration",
        "exp_month",
        "exp_year",
        "expiration_date",
        "credit_card_expiration_month",
        "credit_card_expiration_year",
        "cardholder",
        "cardholder_name",
        "card_holder",
        "card_holder_name",
        "credit_card_name",
        "name_on_card",
        "gift_card_gan",
    }
)
IDENTIFIERS = frozenset({"id", "version", "sku", "report_number"})
IDENTIFIERS_END = (
    "_id",
    "_ids",
)  # a tenth of the ids of 13 digits that begin with a 4 pass the Luhn test

# Groups of digits, as a number is written: 4111 1111-1111.1111
_WRITTEN = re.compile(r"\d+(?:[ \u00a0.\-/]{1,3}\d+)*")
# As many digits in a row as the shortest card number has: most texts have not, and need no closer look.
_LONG = re.compile(rf"\d(?:[ \u00a0.\-/]{{0,3}}\d){{{SHORTEST - 1}}}")
_GROUP = re.compile(r"\d+")
_BRANDS = re.compile(
    r"4\d{12}(?:\d{3}){0,2}"  # Visa
    r"|(?:5[1-5]|2[2-7])\d{14}"  # Mastercard
    r"|3[47]\d{13}"  # American Express
    r"|3(?:0[0-5]|[68]\d)\d{11}"  # Diners Club
    r"|6\d{12,18}"  # Discover, UnionPay, Maestro
    r"|35\d{14,17}"  # JCB
)


def redacted(value: Any) -> Any:
    """A copy without card data."""
    if isinstance(value, dict):
        return dict(_fields(value))
    if isinstance(value, list):
        return [redacted(item) for item in value]
    if isinstance(value, str):
        return without_card_numbers(value)
    if isinstance(value, int) and not isinstance(value, bool) and is_card_number(str(value)):
        return REMOVED
    return value


def without_card_numbers(text: str) -> str:
    """Whole groups of digits are taken together, so that what stands beside a number hides nothing."""
    is_long = len(text) >= SHORTEST and _LONG.search(text) is not None
    return _WRITTEN.sub(_masked, text) if is_long else text


def is_card_number(digits: str) -> bool:
    """Whether the digits begin like a known brand's and pass the Luhn test."""
    return _BRANDS.fullmatch(digits) is not None and _passes_luhn(digits)


def _fields(group: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for key, value in group.items():
        name = key.lower()
        if name in FIELDS:
            continue
        if name in GROUPS:
            yield key, _brand_and_last4(value)
        elif _is_identifier(name, value):
            yield key, value
        else:
            yield without_card_numbers(key), redacted(value)


def _is_identifier(name: str, value: Any) -> bool:
    if name in IDENTIFIERS or name.endswith(IDENTIFIERS_END):
        values = value if isinstance(value, list) else [value]
        return all(isinstance(each, str | int) for each in values)
    return False


def _brand_and_last4(value: Any) -> dict[str, str]:
    if not isinstance(value, dict):
        return {}
    kept = {
        ours: str(value[theirs])
        for theirs, ours in KEPT_OF_A_GROUP.items()
        if isinstance(value.get(theirs), str | int)
    }
    if "last4" in kept:
        kept["last4"] = kept["last4"][-4:]
    for name in {"brand", "status"} & kept.keys():
        kept[name] = without_card_numbers(kept[name])[:32]
    return kept | _mark(value)


def _mark(group: dict[str, Any]) -> dict[str, str]:
    """Square gives it within the card of the card's details. A watch or a phone has a mark of its own."""
    card = group.get("card")
    marks = [each.get("fingerprint") for each in (group, card) if isinstance(each, dict)]
    mark = next((each for each in marks if isinstance(each, str) and each), "")
    return {MARK: salted_hmac("jeweler.card", mark, algorithm="sha256").hexdigest()} if mark else {}


def _masked(found: re.Match[str]) -> str:
    """The groups, with those that make up a card number replaced."""
    text, kept, at = found[0], "", 0
    groups = list(_GROUP.finditer(text))
    is_phone = found.string[found.start() - 1 : found.start()] == "+"
    for first, group in enumerate(groups):
        if group.start() < at or (is_phone and first == 0):
            continue
        end = _end_of_card(groups[first:])
        if end:
            kept, at = kept + text[at : group.start()] + REMOVED, end
    return kept + text[at:]


def _end_of_card(groups: list[re.Match[str]]) -> int:
    """Where a card number that begins with the first group ends; 0 when none does."""
    digits = ""
    for group in groups:
        digits += "".join(str(int(character)) for character in group[0])
        if len(digits) > LONGEST:
            break
        if is_card_number(digits):
            return group.end()
    return 0


def _passes_luhn(digits: str) -> bool:
    doubled = (int(digit) * 2 for digit in digits[-2::-2])
    straight = sum(int(digit) for digit in digits[-1::-2])
    return (straight + sum(number - 9 if number > 9 else number for number in doubled)) % 10 == 0
