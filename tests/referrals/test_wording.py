"""Which words a guest may have, and which notes stand on a page."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from referrals import codes, wording


@pytest.mark.parametrize("typed", ["Ada-Ring", "ada ring", "ADARING", " ada.ring "])
def test_a_word_is_read_however_it_is_written(typed: str) -> None:
    assert wording.read(typed, house="Osmere") == "ADARING"


@pytest.mark.parametrize(
    "typed",
    ["SH1TABC", "x7shit9", "5LUT22", "FUUUCK1", "abc", "12345", "ADAÉ12", "A" * 17, "OSMERE4U", "0SMERE", "FREERING",
     "7KQ-2M9-XDM"],
)  # fmt: skip
def test_what_is_rude_reserved_too_short_or_a_code_is_no_word(typed: str) -> None:
    with pytest.raises(wording.BadWord):
        wording.read(typed, house="Osmere")


@given(st.sampled_from(wording.RUDE), st.sampled_from(["", "X", "9K"]))
def test_no_rude_word_passes_in_digits_that_look_like_letters(rude: str, around: str) -> None:
    spelled = rude.translate(str.maketrans("OIEASTB", "0134578"))
    assert wording.is_rude(f"{around}{spelled}{around}")


def test_few_codes_by_lot_are_rude() -> None:
    assert sum(wording.is_rude(codes.new()) for _ in range(200)) < 30


def test_a_note_holds_no_address_and_no_more_than_fits() -> None:
    assert wording.note("  They took\n their time. ") == "They took their time."
    for bad in ("see www.elsewhere.example", "write to me@example.com", "x" * 281, "what a sh1t"):
        with pytest.raises(wording.BadNote):
            wording.note(bad)
