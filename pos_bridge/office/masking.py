"""A till's message as it is shown to staff: without who it is about. (Card data was never kept.)"""

from typing import Any

_PERSONAL = {
    "customer", "customers", "email", "contact_email", "phone", "phone_number", "first_name", "last_name",
    "given_name", "family_name", "billing_address", "shipping_address", "address", "default_address",
    "addresses", "note", "customer_note", "customer_message", "client_details", "browser_ip", "buyer_email_address",
    "recipient", "name_on_card", "company", "birthday", "nickname",
}  # fmt: skip


def masked(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            name: _hidden(inner) if name in _PERSONAL else masked(inner)
            for name, inner in value.items()
        }
    if isinstance(value, list):
        return [masked(inner) for inner in value]
    return value


def _hidden(value: Any) -> Any:
    """That something was said stays to be seen, and a group's ids, by which it is found at the till."""
    if isinstance(value, dict):
        return {name: inner if name == "id" else "…" for name, inner in value.items() if inner}
    return "…" if value else value
