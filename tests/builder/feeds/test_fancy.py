"""Fancy colors in the trade's words and letters."""

import pytest

from builder import gemology
from builder.feeds import fancy


@pytest.mark.parametrize(
    ("text", "words", "hue", "intensity"),
    [
        ("fiy", "fancy intense yellow", "yellow", "fancy_intense"),
        ("fly", "fancy light yellow", "yellow", "fancy_light"),
        ("fy", "fancy yellow", "yellow", "fancy"),
        ("fdy", "fancy deep yellow", "yellow", "fancy_deep"),
        ("fcdbn", "fancy deep brown", "brown", "fancy_deep"),
        ("fvpk", "fancy vivid pink", "pink", "fancy_vivid"),
        ("tlb", "light brown", "brown", "light"),
        ("vivid fancy yellow", "vivid fancy yellow", "yellow", "fancy_vivid"),
        ("k-faint brown", "faint brown", "brown", "faint"),
        ("n, very light brown", "very light brown", "brown", "very_light"),
        ("fancy dark yellowish brown", "fancy dark yellowish brown", "brown", "fancy_dark"),
        ("fancy brown-yellow", "fancy brown-yellow", "yellow", "fancy"),
        ("grey", "grey", "gray", ""),
    ],
)
def test_one_column_says_it_all(text: str, words: str, hue: str, intensity: str) -> None:
    found = fancy.read(intensity="", overtone="", color=text)
    assert (found.words, found.hue, found.intensity) == (words, hue, intensity)


def test_three_columns_say_it_together() -> None:
    found = fancy.read(intensity="fcl", overtone="orangy", color="y")
    assert (found.words, found.hue, found.intensity) == (
        "fancy light orangy yellow",
        "yellow",
        "fancy_light",
    )


@pytest.mark.parametrize("text", ["chameleon", "sparkling", "fancy", "", "fzq"])
def test_what_names_no_hue_is_not_guessed(text: str) -> None:
    with pytest.raises(gemology.UnknownWord):
        fancy.read(intensity="", overtone="", color=text)


def test_every_intensity_and_hue_that_is_read_is_one_of_the_lists() -> None:
    for intensity in gemology.INTENSITIES:
        for hue in gemology.HUES:
            text = f"{intensity.replace('_', ' ')} {hue}"
            found = fancy.read(intensity="", overtone="", color=text)
            assert (found.intensity, found.hue) == (intensity, hue)
