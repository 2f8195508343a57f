"""What can be cut into the inside of a ring."""

from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from builder import engraving
from builder.engraving import BadEngraving, Rules

# The first example may wait for a busy machine; nothing here is about time.
unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

SIX = Decimal(6)


def test_what_fits_is_taken_with_symbols_and_accents() -> None:
    engraving.check("", rules=Rules(limit=0), size=SIX)
    engraving.check("Zoë ♥ René, 6-9-26", rules=Rules(limit=20), size=SIX)


@pytest.mark.parametrize(
    ("text", "rules", "words"),
    [
        ("a", Rules(limit=0), "no room inside"),
        ("x" * 17, Rules(), "16 characters fit inside this ring; yours has 17"),
        ("Zoë ☺", Rules(), "We cannot engrave ☺; leave it out"),
        ("Zoë ♥", Rules(has_symbols=False), "leave out ë ♥"),
        ("W" * 28, Rules(limit=30), "about 39 mm long; inside this size 31 mm are free"),
    ],
)
def test_what_does_not_is_refused_with_the_way_out(text: str, rules: Rules, words: str) -> None:
    with pytest.raises(BadEngraving, match=words):
        engraving.check(text, rules=rules, size=SIX)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("Rene\u0301", "René"),
        ("  for   ever ", "for ever"),
        ("a\u200bb\u202e", "ab"),
        ("❤\ufe0f", "♥"),
        ("x\u0302", "x\u0302"),
        ("😀", "😀"),
    ],
)
def test_a_text_is_kept_the_same_whichever_keyboard_it_came_from(typed: str, kept: str) -> None:
    assert engraving.tidied(typed) == kept
    assert engraving.tidied(kept) == kept


@pytest.mark.parametrize(("text", "words"), [("x\u0302", "engrave ◌\u0302;"), ("\0", "be seen;")])
def test_what_cannot_be_shown_alone_is_named_all_the_same(text: str, words: str) -> None:
    with pytest.raises(BadEngraving, match=words):
        engraving.check(text, rules=Rules(), size=SIX)


def test_a_text_is_measured_against_the_size_once_it_is_known() -> None:
    wide, rules = "W" * 24, Rules(limit=24)
    engraving.check(wide, rules=rules, size=None)
    engraving.check(wide, rules=rules, size=Decimal(9))
    with pytest.raises(BadEngraving, match="Shorten it"):
        engraving.check(wide, rules=rules, size=Decimal(4))


@unhurried
@given(text=st.text(alphabet=sorted(engraving.PLAIN | engraving.SYMBOLS), max_size=24))
def test_a_shorter_text_is_never_longer(text: str) -> None:
    assert engraving.width_mm(text[:-1]) <= engraving.width_mm(text)
    assert engraving.width_mm(text) <= Decimal("1.4") * len(text)


@pytest.mark.parametrize("size", [Decimal(half) / 2 for half in range(6, 27)])
def test_sixteen_usual_letters_fit_into_every_size(size: Decimal) -> None:
    engraving.check("Ever and always!", rules=Rules(), size=size)
