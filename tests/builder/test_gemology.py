"""The trade's words and laws."""

from decimal import Decimal

import pytest

from builder import gemology


@pytest.mark.parametrize(
    ("field", "text", "word"),
    [
        ("shape", "Round Brilliant", "round"), ("shape", "CMB", "cushion"), ("shape", "Sq. Emerald", "asscher"),
        ("shape", "square modified brilliant", "princess"), ("color", "g", "G"), ("color", "F+", "F"),
        ("color", "G-H", "H"), ("clarity", "vvs1", "VVS1"), ("clarity", "SI1-SI2", "SI2"), ("cut", "X", "excellent"),
        ("cut", "ID", "ideal"), ("polish", "G-VG", "good"), ("symmetry", "VG-EX", "very_good"),
        ("fluorescence", "NON", "none"), ("fluorescence", "MB", "medium"), ("fluorescence", "Medium Blue", "medium"),
        ("fluorescence", "VSTB", "very_strong"), ("fluorescence", "VSL", "faint"), ("lab", "EGL USA", "EGL"),
        ("cut", "", ""), ("polish", " - ", ""),
    ],
)  # fmt: skip
def test_suppliers_words_are_understood_and_of_two_grades_the_worse_counts(
    field: str, text: str, word: str
) -> None:
    assert gemology.read(field=field, text=text, own={}) == word


@pytest.mark.parametrize(
    ("field", "text"),
    [("shape", "R"), ("shape", "Trilliant"), ("color", "C"), ("clarity", "VS"), ("polish", "VG-??"), ("lab", "FDI")],
)  # fmt: skip
def test_an_unknown_word_is_never_guessed(field: str, text: str) -> None:
    with pytest.raises(gemology.UnknownWord, match="add it to the supplier's aliases"):
        gemology.read(field=field, text=text, own={})


def test_a_suppliers_own_word_wins() -> None:
    assert gemology.read(field="shape", text="R", own={"r": "round"}) == "round"
    assert gemology.read(field="fluorescence", text="VS", own={"vs": "faint"}) == "faint"


def test_no_spelling_means_two_things() -> None:
    for words in (gemology._SHAPE_WORDS, gemology._FLUORESCENCE_WORDS, gemology._CUT_GRADE_WORDS):
        spellings = [each for text in words.values() for each in text.split(",")]
        assert len(spellings) == len(set(spellings))


@pytest.mark.parametrize("shape", gemology.SHAPES)
def test_every_shape_has_a_law_that_grows_and_turns_back(shape: str) -> None:
    small, large = (gemology.expected_mm(shape=shape, carat=carat) for carat in (0.9, 2.1))
    assert small.width <= small.length
    assert (large.width, large.length) > (small.width, small.length)
    for carat in (0.4, 1.0, 3.3):
        usual = gemology.expected_mm(shape=shape, carat=carat)
        again = gemology.faces_up_like(shape=shape, length_mm=usual.length, width_mm=usual.width)
        assert again == pytest.approx(carat, rel=1e-9)


def test_a_spread_stone_faces_up_like_a_heavier_one() -> None:
    assert gemology.faces_up_like(shape="round", length_mm=7.46, width_mm=7.42) > 1.54


@pytest.mark.parametrize(
    ("us_size", "diameter", "said"),
    [
        ("4", "14.8812", {"us": "4", "uk": "H½", "eu": "47"}),
        ("6", "16.5068", {"us": "6", "uk": "L½", "eu": "52"}),
        ("6.5", "16.9132", {"us": "6½", "uk": "M½", "eu": "53"}),
        ("8", "18.1324", {"us": "8", "uk": "P½", "eu": "57"}),
    ],
)
def test_a_ring_size_is_said_in_three_systems(
    us_size: str, diameter: str, said: dict[str, str]
) -> None:
    assert gemology.inner_diameter_mm(Decimal(us_size)) == Decimal(diameter)
    assert gemology.size_systems(Decimal(us_size)) == said


def test_size_six_is_nearly_fifty_two_millimeters_around() -> None:
    assert round(gemology.inner_circumference_mm(Decimal(6)), 1) == Decimal("51.9")
