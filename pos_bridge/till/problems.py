"""Refusals as problem documents (RFC 9457): what is wrong, and the way out, in words that a till can show."""

from dataclasses import dataclass, field
from typing import Any

from jeweler import customers, money
from pos_bridge import devices, repeats
from pos_bridge.providers import json_text
from pos_bridge.providers.fields import Malformed
from pos_bridge.till import looking
from referrals import credit, introducing, referring

MEDIA_TYPE = "application/problem+json"


@dataclass(frozen=True, kw_only=True)
class Problem:
    status: int
    content: dict[str, Any]
    headers: dict[str, str] = field(default_factory=dict)


class KeyMissing(ValueError):
    def __init__(self) -> None:
        super().__init__(
            "Send an Idempotency-Key of at most 128 visible characters, a new one for each call, "
            "so that the call can be repeated when its answer is lost."
        )


# Status, name and title of what the rules refuse.
_KNOWN: dict[type[Exception], tuple[int, str, str]] = {
    devices.NotEnrolled: (401, "not_enrolled", "This till is not enrolled"),
    devices.NotLoggedIn: (401, "not_logged_in", "This till is not logged in"),
    looking.NotFound: (404, "not_found", "Nothing has this code"),
    looking.UnknownSale: (404, "unknown_sale", "There is no such sale"),
    introducing.TooLate: (409, "too_late", "The code comes too late for a till"),
    introducing.TooLateForAll: (409, "too_late", "The code comes too late"),
    referring.ProgramPaused: (409, "paused", "New introductions are not taken"),
    looking.UnknownCustomer: (404, "unknown_customer", "Nobody has this handle"),
    looking.TooManyQuestions: (429, "too_many_questions", "Too many questions"),
    customers.BadEmail: (422, "bad_email", "That is no e-mail address"),
    customers.BadPhone: (422, "bad_phone", "That is no phone number"),
    json_text.NotReadable: (400, "not_readable", "The body cannot be read"),
    KeyMissing: (400, "key_missing", "There is no Idempotency-Key"),
    Malformed: (422, "malformed", "The body says something that cannot be understood"),
    repeats.OtherBody: (422, "key_reused", "The key was used for something else"),
    repeats.InFlight: (409, "in_flight", "The same call is being made"),
    credit.InsufficientCredit: (409, "insufficient_credit", "There is less credit"),
    credit.NotFullPrice: (422, "not_full_price", "Too little of the sale is at full price"),
    credit.UnknownHold: (404, "unknown_hold", "There is no such hold"),
    credit.HoldClosed: (409, "hold_closed", "The hold is closed"),
    credit.OtherAmount: (409, "other_amount", "The hold is of another amount"),
    money.FractionalMinorUnit: (422, "malformed", "The amount has too many decimals"),
}
REFUSALS = tuple(_KNOWN)


def told(error: Exception) -> Problem | None:
    """None for what is no refusal of ours."""
    known = _KNOWN.get(type(error))
    if known is None:
        return None
    status, name, title = known
    wait_s = getattr(error, "wait_s", None)
    headers = {} if wait_s is None else {"Retry-After": str(wait_s)}
    content = {**document(status, name, title, str(error)), **_more(error)}
    return Problem(status=status, content=content, headers=headers)


def document(status: int, name: str, title: str, detail: str) -> dict[str, Any]:
    return {
        "type": f"urn:jeweler:till:{name}", "title": title, "status": status, "detail": detail,
    }  # fmt: skip


def _more(error: Exception) -> dict[str, Any]:
    """What a program would read out of the words."""
    if isinstance(error, Malformed):
        problems = [{"field": each.field, "message": each.message} for each in error.problems]
        return {"problems": problems}
    if isinstance(error, credit.InsufficientCredit):
        minor = money.to_minor(error.available, currency=error.currency)
        return {
            "currency": error.currency, "available": str(error.available), "available_minor": minor,
        }  # fmt: skip
    if isinstance(error, credit.NotFullPrice):
        return {"eligible": str(error.eligible), "reasons": list(error.reasons)}
    return {}
