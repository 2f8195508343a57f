"""Codes said aloud: written as they are meant, and no slip of one symbol or two is taken for another's."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from referrals import codes

BODIES = st.text(codes.ALPHABET, min_size=8, max_size=8).filter(lambda body: len(set(body)) > 1)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("7kq 2m9 xdm", "7KQ-2M9-XDM"),
        ("C4R-B0N-81V", "C4R-B0N-81V"),
        ("c4r.bon.81v", "C4R-B0N-81V"),
        ("ldlam0ndw", "1D1-AM0-NDW"),
        ("1d1amond w", "1D1-AM0-NDW"),
        ("9HJ–3TW–5P9", "9HJ-3TW-5P9"),
        ("ZZZZZZZZ3", "ZZZ-ZZZ-ZZ3"),
    ],
)
def test_a_code_is_read_however_it_was_typed(typed: str, meant: str) -> None:
    assert codes.shown(codes.read(typed)) == meant


@pytest.mark.parametrize("typed", ["", "K7Q-2M9-XDM", "1KQ-2M9-XDM", "000000000", "7KQ-2M9-XD", "7KQ-2M9-UDM"])  # fmt: skip
def test_what_is_no_code_is_refused(typed: str) -> None:
    with pytest.raises(codes.NotACode, match="such as 7KQ-2M9-XDM"):
        codes.read(typed)


@settings(max_examples=50)
@given(body=BODIES, place=st.integers(0, 8), other=st.sampled_from(codes.ALPHABET))
def test_one_wrong_symbol_and_two_swapped_are_always_caught(
    body: str, place: int, other: str
) -> None:
    code = codes.checked(body)
    assert codes.read(codes.shown(code).lower()) == code
    slips = {code[:place] + other + code[place + 1 :]}
    for step in (1, 2):
        if place + step < len(code):
            swapped = list(code)
            swapped[place], swapped[place + step] = swapped[place + step], swapped[place]
            slips.add("".join(swapped))
    for slip in slips - {code}:
        with pytest.raises(codes.NotACode):
            codes.read(slip)
