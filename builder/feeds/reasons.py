"""Why rows are refused, in words for the person who reads the report."""

REASONS = {
    "unknown_word": "A word that nobody here understands (see below)",
    "blank": "A field that every stone needs is blank",
    "no_report": "No grading report, or none of a lab",
    "bad_report_number": "The report number is ruined or none at all; a spreadsheet may have rounded it",
    "bad_weight": "The weight is no number, or no stone's",
    "bad_measurements": "The millimeters cannot be read",
    "no_measurements": "No millimeters, or zeros",
    "weight_and_measures_disagree": "The millimeters cannot hold this weight: one of them is wrong",
    "bad_price": "The price is no number",
    "no_price": "No price",
    "prices_disagree": "The total and the price per carat say different things",
    "price_out_of_range": "No stone of this weight costs that",
    "not_available": "The supplier says that it is not available",
    "treated": "The stone is treated",
    "not_a_single_stone": "The row is a pair or a parcel",
    "formula": "A cell that a spreadsheet would run",
    "growth_and_report_disagree": "Said to be natural, with the report of a lab-grown stone",
    "more_cells_than_columns": "The row has more cells than the header",
    "stock_number_repeated": "The stock number stood in an earlier row already",
    "stock_number_of_a_held_stone": "Its stock number is that of a stone that is held for somebody; it stays there meanwhile",
    "report_says_otherwise": "Another row or another supplier says that this report is of another stone",
}


def in_words(reason: str) -> str:
    return REASONS.get(reason, reason.replace("_", " ").capitalize())
