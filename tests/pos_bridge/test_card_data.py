from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pos_bridge.providers import card_data

# Published test numbers of each brand.
CARDS = [
    "4111111111111111",
    "4222222222222",
    "5555555555554444",
    "2223003122003222",
    "378282246310005",
    "30569309025904",
    "6011111111111117",
    "3530111333300000",
    "6200000000000005",
]


@pytest.mark.parametrize("number", CARDS)
@pytest.mark.parametrize("gap", ["", " ", "-", " - ", "\u00a0"])
def test_a_card_number_in_free_text_is_taken_out(number: str, gap: str) -> None:
    written = gap.join(number[start : start + 4] for start in range(0, len(number), 4))

    said = card_data.without_card_numbers(f"paid with {written}, thanks")

    assert said == f"paid with {card_data.REMOVED}, thanks"


@pytest.mark.parametrize(
    "text",
    [
        "4111111111111112",
        "1111111111111111",
        "+491701234567890",
        "GIA 2216048137",
        "IGI LG612345678",
        "1042",
        "41111111111111110000000",
        "2026-11-21 15:00",
    ],
)
def test_other_numbers_stay(text: str) -> None:
    assert card_data.without_card_numbers(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "4111 1111 1111 1111 12/28 cvv 123",
        "12 4111 1111 1111 1111",
        "28.11.2026 4111111111111111 1042",
        "1/4111-1111-1111-1111/2",
    ],
)
def test_numbers_beside_a_card_number_hide_nothing(text: str) -> None:
    said = card_data.without_card_numbers(text)

    assert card_data.REMOVED in said
    assert "1111" not in said


def test_digits_of_other_scripts_hide_nothing() -> None:
    written = "４１１１ １１１１ １１１１ １１１１"

    assert card_data.without_card_numbers(written) == card_data.REMOVED


def test_groups_that_hold_card_data_keep_brand_and_last_four() -> None:
    said = {
        "card_details": {"card_brand": "VISA", "last_4": "1111", "bin": "411111", "exp": "12/28"}
    }

    assert card_data.redacted(said) == {"card_details": {"brand": "VISA", "last4": "1111"}}


def test_a_whole_number_in_the_field_for_the_last_four_is_cut() -> None:
    said = {"card": {"last4": "4111111111111111"}}

    assert card_data.redacted(said) == {"card": {"last4": "1111"}}


@pytest.mark.parametrize(
    "field", ["cvv", "PAN", "track2", "cardholder_name", "emv_data", "exp_month"]
)
def test_single_fields_of_cards_are_dropped_wherever_they_stand(field: str) -> None:
    assert card_data.redacted({"a": [{"b": {field: "x", "kept": 1}}]}) == {
        "a": [{"b": {"kept": 1}}]
    }


def test_a_number_among_the_values_or_keys_is_masked_too() -> None:
    said = {"memo": 4111111111111111, "4111 1111 1111 1111": "x"}

    assert card_data.redacted(said) == {"memo": card_data.REMOVED, card_data.REMOVED: "x"}


def test_identifiers_are_left_as_they_are() -> None:
    said = {"sale": {"id": "4111111111111111", "version": 4111111111111111}}

    assert card_data.redacted(said) == said


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=30),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)


@settings(deadline=None)  # a busy machine is no failure
@given(said=json_values)
def test_taking_out_twice_takes_out_no_more(said: Any) -> None:
    once = card_data.redacted(said)

    assert card_data.redacted(once) == once


def test_of_a_cards_mark_a_keyed_hash_stays_and_the_mark_is_gone() -> None:
    body = {"payment": {"card_details": {"card": {"last_4": "1111", "fingerprint": "sq-1-abc"}}}}
    clean = card_data.redacted(body)
    assert "sq-1-abc" not in str(clean)
    assert len(clean["payment"]["card_details"]["card_hash"]) == 64
    assert card_data.redacted(body) == clean
    assert "card_hash" not in str(card_data.redacted({"card": {"fingerprint": ""}}))
