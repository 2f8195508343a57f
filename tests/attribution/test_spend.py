"""Ad spend from a file: once, corrected by a corrected file, refused row by row."""

import io
from decimal import Decimal
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from attribution import spend
from attribution.models import AdSpend

HEAD = "date,source,medium,campaign,term,clicks,amount\n"
ROW = "2026-11-01,google,cpc,New York,oval ring,12,140.50\n"

pytestmark = pytest.mark.django_db


def imported(text: str) -> spend.SpendImport:
    return spend.import_spend(file=io.StringIO(text))


def test_the_same_file_twice_changes_nothing_the_second_time() -> None:
    assert imported(HEAD + ROW).added == 1
    again = imported(HEAD + ROW)
    assert (again.added, again.changed, again.unchanged) == (0, 0, 1)
    row = AdSpend.objects.get()
    assert (row.channel, row.amount, row.clicks) == ("paid_search", Decimal("140.50"), 12)


def test_a_corrected_file_corrects() -> None:
    imported(HEAD + ROW)
    assert imported(HEAD + ROW.replace("140.50", "99")).changed == 1
    assert AdSpend.objects.get().amount == 99


@pytest.mark.parametrize(
    ("row", "field", "word"),
    [
        ("2026-02-30,google,cpc,A,,1,1", "date", "2026-11-21"),
        ("11/01/2026,google,cpc,A,,1,1", "date", "no day"),
        ("2026-11-01,,cpc,A,,1,1", "source", "empty"),
        ("2026-11-01,google,cpc,A,,many,1", "clicks", "many"),
        ('2026-11-01,google,cpc,A,,1,"1,234.50"', "amount", "1234.50"),
        ("2026-11-01,google,cpc,A,,1,1.234", "amount", "1.234"),
        ("2026-11-01,google,cpc,A,,1,-5", "amount", "negative"),
        ("2026-11-01,google,cpc,A,,1,NaN", "amount", "NaN"),
        ("2026-11-01,google,cpc,A,,1,1e30", "amount", "1e30"),
    ],
)
def test_a_bad_row_is_named_with_its_field_and_the_others_come_in(
    row: str, field: str, word: str
) -> None:
    report = imported(HEAD + ROW + row + "\n")
    assert report.added == 1
    (error,) = report.errors
    assert (error.line, error.field) == (3, field)
    assert word in error.message


def test_a_row_that_stands_twice_is_refused_instead_of_losing_money() -> None:
    report = imported(HEAD + ROW + ROW)
    assert (report.added, [error.field for error in report.errors]) == (1, ["term"])
    assert "line 2" in report.errors[0].message


def test_a_channel_may_be_named_as_it_is_shown() -> None:
    imported("date,source,channel,amount\n2026-11-01,meta,Paid social,5\n")
    assert AdSpend.objects.get().channel == "paid_social"
    report = imported("date,source,channel,amount\n2026-11-01,meta,Billboards,5\n")
    assert [error.field for error in report.errors] == ["channel"]


@pytest.mark.parametrize("text", ["", "day,cost\n1,2\n", "date,source,amount,price\n", "a\x00b"])
def test_a_file_that_is_none_of_ours_says_what_it_needs(text: str) -> None:
    with pytest.raises(spend.UnreadableFile):
        imported(text)


def test_the_command_names_the_refused_rows_and_fails(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "spend.csv"
    file.write_text("\ufeff" + HEAD + ROW + "x" + ROW[1:], encoding="utf-8")
    with pytest.raises(CommandError, match="Mend"):
        call_command("import_spend", str(file))
    said = capsys.readouterr()
    assert "1 added" in said.out
    assert "Line 3, date" in said.err
