"""Our format as the reader takes it and as the published schema says it: the two must agree."""

import json
from copy import deepcopy
from decimal import Decimal
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pos_bridge import webhooks
from pos_bridge.providers import standard
from pos_bridge.providers.fields import Malformed
from pos_bridge.records import Ticket
from tests.factories import pos_bridge as tills

SCHEMA = json.loads(webhooks.SCHEMA.read_text())
PUBLISHED = jsonschema.Draft202012Validator(SCHEMA)
PAGE = Path(__file__).resolve().parents[2] / "docs" / "webhooks.md"
KINDS = [
    "sale.recorded",
    "payment.authorized",
    "payment.captured",
    "payment.voided",
    "refund.recorded",
    "sale.handed_over",
    "sale.voided",
    "register.closed",
]

# What a careless sender might put in a field's place.
ODD = st.sampled_from(
    [None, True, 0, 1, -1, 1.5, "", " ", "x", "x" * 3000, "usd", "USD", "1.2.3", "-5", [], [1], {}]
)


def problems_of(said: Any) -> dict[str, str]:
    with pytest.raises(Malformed) as caught:
        standard.parse(name="", body=said)
    return {problem.field: problem.message for problem in caught.value.problems}


def places(said: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Where each value of an event stands."""
    items = said.items() if isinstance(said, dict) else enumerate(said)
    found = []
    for key, value in items:
        found.append((*path, key))
        if isinstance(value, dict | list):
            found += places(value, (*path, key))
    return found


def changed(said: Any, place: tuple[Any, ...], value: Any) -> Any:
    said = deepcopy(said)
    at = said
    for key in place[:-1]:
        at = at[key]
    if value is ...:
        del at[place[-1]]
    else:
        at[place[-1]] = value
    return said


def is_read(said: Any) -> bool:
    try:
        standard.parse(name="", body=said)
    except Malformed:
        return False
    return True


def test_the_published_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("kind", KINDS)
def test_a_sound_event_is_read_and_fits_the_schema(kind: str) -> None:
    said = tills.event(kind)

    assert standard.parse(name="", body=said)
    PUBLISHED.validate(said)


def test_every_example_of_the_page_is_read_and_fits_the_schema() -> None:
    blocks = PAGE.read_text().split("```json\n")[1:]
    examples = [json.loads(block.split("```")[0]) for block in blocks]

    assert {example["type"] for example in examples} == set(KINDS)
    for example in examples:
        assert standard.parse(name="", body=example)
        PUBLISHED.validate(example)


@settings(deadline=None)  # a busy machine is no failure
@given(data=st.data(), kind=st.sampled_from(KINDS), value=ODD | st.just(...))
def test_reader_and_schema_agree_on_an_event_with_one_odd_field(
    data: st.DataObject, kind: str, value: Any
) -> None:
    said = tills.event(kind)
    place = data.draw(st.sampled_from(places(said)))
    odd = changed(said, place, value)
    is_sum_wrong = place[-1] in {"total_minor", "tax_minor", "price_minor"}
    is_currency_unknown = place[-1] == "currency" and value == "XXX"

    if is_read(odd):
        assert PUBLISHED.is_valid(odd), f"only the reader takes {place}={value!r}"
    elif not (is_sum_wrong or is_currency_unknown):
        assert not PUBLISHED.is_valid(odd), f"only the schema takes {place}={value!r}"


def test_every_problem_is_named_at_once_with_its_way_out() -> None:
    said = tills.event(
        "sale.recorded",
        occurred_at="yesterday",
        sale={"version": "3", "placed_at": "2026-11-21T15:00:00"},
        lines=[{"price_minor": 470000, "quantity": 0}, "ring"],
    )

    found = problems_of(said)

    assert set(found) == {
        "occurred_at",
        "sale.version",
        "sale.placed_at",
        "lines[0].quantity",
        "lines[1]",
        "lines[1].price",
    }
    assert "2026-11-21T14:10:00-05:00" in found["sale.placed_at"]


def test_a_ticket_must_agree_with_itself() -> None:
    said = tills.event("sale.recorded", sale={"total_minor": 508801})

    assert problems_of(said) == {
        "sale.total": "is 5088.01, but the lines and the tax come to 5088.00"
    }


def test_a_line_without_net_is_its_price_times_its_quantity() -> None:
    lines = [{"price_minor": 235000, "quantity": 2}]

    (ticket,) = standard.parse(name="", body=tills.event("sale.recorded", lines=lines))

    assert isinstance(ticket, Ticket)
    assert ticket.lines[0].net == Decimal(4700)


@pytest.mark.parametrize(
    ("currency", "said", "message"),
    [
        ("USD", {"amount": "1.234"}, "decimals"),
        ("JPY", {"amount": "1.5"}, "decimals"),
        ("USD", {"amount": 5088}, "decimal in a string"),
        ("USD", {"amount_minor": "5088"}, "whole number"),
        ("USD", {"amount_minor": True}, "whole number"),
        ("USD", {"amount_minor": -1}, "whole number"),
        ("USD", {"amount_minor": 1, "amount": "1"}, "twice"),
        ("USD", {"amount_minor": 0}, "zero"),
        ("USD", {"amount": "１２"}, "decimal in a string"),
    ],
)
def test_an_amount_that_is_not_exact_is_refused(
    currency: str, said: dict[str, Any], message: str
) -> None:
    payment = {"id": "P-1", "currency": currency, "tender": "card", **said}
    event = {**tills.event("payment.captured"), "payment": payment}

    assert message in " ".join(problems_of(event).values())


def test_an_unknown_currency_is_named() -> None:
    found = problems_of(tills.event("payment.captured", payment={"currency": "XYZ"}))

    assert found == {"payment.currency": "is an ISO 4217 code in capitals, such as USD"}


def test_an_unknown_type_is_answered_with_the_known_ones() -> None:
    found = problems_of({"type": "order.created", "occurred_at": "2026-11-21T15:00:00Z"})

    assert found == {"type": f"is one of {', '.join(KINDS)}"}


def test_a_tax_above_its_refund_is_refused() -> None:
    assert "refund.tax" in problems_of(tills.event("refund.recorded", refund={"tax_minor": 100001}))
