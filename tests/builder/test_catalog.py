"""A supplier's feed is taken in whole, or not at all, and never at the cost of a sold stone."""

import io
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from builder import catalog, inventory
from builder.feeds import applying, sql
from builder.feeds.text import UnreadableFile
from builder.models import FeedImport, MarkupRule, Stone, StoneOffer, Supplier
from tests.factories.builder import StoneFactory, StoneOfferFactory, SupplierFactory
from tests.factories.jeweler import NOW, StoreFactory

pytestmark = pytest.mark.django_db

HEADER = "Stock #,Shape,Weight,Color,Clarity,Cut,Measurements,Lab,Report #,Total Price,Table %"
RAPNET_HEADER = (
    "Stock Number,Shape,Weight,Color,Clarity,Cut,Measurements,Lab,Certificate Number,Total Price,"
    "Price Per Carat,Table,HPHT,Laser Drilled,Number of Diamonds,Availability"
)


def line(number: int, **changes: str) -> str:
    cells = {
        "stock": f"N-{number}", "shape": "Round", "carat": "1.01", "color": "G", "clarity": "VS1", "cut": "EX",
        "mm": "6.40x6.43x3.98", "lab": "GIA", "report": str(2116281000 + number), "total": "6000", "table": "57",
    }  # fmt: skip
    return ",".join((cells | changes).values())


def feed(*lines: str, header: str = HEADER) -> bytes:
    return "\n".join([header, *lines]).encode()


def take_in(data: bytes, *, supplier: Supplier | None = None, **changes: Any) -> FeedImport:
    options = {"feed_format": "generic", "dry_run": False, "allow_shrink": False, "now": NOW}
    return catalog.import_feed(
        **{
            "supplier": supplier or SupplierFactory(),
            "file": io.BytesIO(data),
            "file_name": "feed.csv",
            **options,
            **changes,
        }
    )


def stone_of(number: int) -> Stone:
    return Stone.objects.get(report_number=str(2116281000 + number))


def test_a_stone_is_offered_at_the_feeds_price_times_the_markup() -> None:
    record = take_in(feed(line(1)), supplier=SupplierFactory(code="south", markup=Decimal("1.4")))
    stone = stone_of(1)
    assert (stone.status, stone.price, stone.shape) == ("available", Decimal(8400), "round")
    assert stone.offers.get().cost == Decimal(6000)
    assert record.report["new_stones"] == record.report["offers"] == 1
    assert FeedImport.objects.get().report == record.report


def test_the_same_feed_again_changes_nothing() -> None:
    take_in(feed(line(1), line(2)))
    before = list(Stone.objects.order_by("id").values())
    report = take_in(feed(line(1), line(2)), now=NOW + timedelta(days=1)).report
    assert (report["new_stones"], report["changed_stones"], report["withdrawn"]) == (0, 0, 0)
    assert list(Stone.objects.order_by("id").values()) == before
    assert (report["new"], report["changed"], report["unchanged"], report["offers"]) == (0, 0, 2, 2)


def test_a_feed_without_news_writes_no_row_at_all() -> None:
    take_in(feed(line(1), line(2, color="FIY"), line(3, report="12")))
    before = list(StoneOffer.objects.order_by("id").values())
    stamps = list(Stone.objects.order_by("id").values_list("changed_xid", "updated_at"))
    take_in(feed(line(1), line(2, color="FIY"), line(3, report="12")), now=NOW + timedelta(days=1))
    assert list(StoneOffer.objects.order_by("id").values()) == before
    assert list(Stone.objects.order_by("id").values_list("changed_xid", "updated_at")) == stamps


def test_the_report_shows_what_is_new_changed_and_withdrawn() -> None:
    lines = [line(number) for number in range(10)]
    first = take_in(feed(*lines)).report
    assert len(first["shown"]["new"]) == 10
    report = take_in(feed(line(0, color="H"), line(1, total="6500"), *lines[3:], line(11))).report
    assert [report[name] for name in ("new", "changed", "unchanged", "withdrawn")] == [1, 2, 7, 1]
    assert report["offers"] + sum(report["refused"].values()) == report["rows"]
    shown = report["shown"]
    named = "1.01 ct round, GIA 21162810"
    assert shown["new"] == [{"stock_number": "N-11", "stone": f"{named}11", "price": "6000"}]
    assert shown["withdrawn"] == [
        {"stock_number": "N-2", "stone": f"{named}02", "price": "6000.00"}
    ]
    assert [each["changes"] for each in shown["changed"]] == [
        {"color": ["G", "H"]},
        {"cost": ["6000.00", "6500.00"], "price": ["6000.00", "6500"]},
    ]


def test_a_row_that_is_refused_keeps_the_offer_it_had() -> None:
    lines = [line(number) for number in range(10)]
    take_in(feed(*lines))
    broken = [line(number, mm="oops", total="1") for number in range(3)]
    report = take_in(feed(*broken, *lines[3:])).report
    assert (report["kept"], report["withdrawn"], report["refused"]) == (
        3,
        0,
        {"bad_measurements": 3},
    )
    assert Stone.objects.filter(status="available", price=6000).count() == 10


def test_without_stock_numbers_a_refused_row_still_speaks_of_its_offer() -> None:
    take_in(feed(*[line(number, stock="") for number in range(10)]))
    report = take_in(
        feed(line(0, stock="", mm="oops"), *[line(n, stock="") for n in range(1, 10)])
    ).report
    assert (report["kept"], report["withdrawn"]) == (1, 0)


def test_a_row_that_says_the_stone_is_gone_withdraws_it() -> None:
    header = f"{HEADER},Availability,Treatment"
    lines = [f"{line(number)},G," for number in range(20)]
    take_in(feed(*lines, header=header))
    gone = [f"{line(0)},Memo,", f"{line(1)},G,HPHT"]
    report = take_in(feed(*gone, *lines[2:], header=header)).report
    assert (report["withdrawn"], report["kept"]) == (2, 0)
    assert {stone_of(0).status, stone_of(1).status} == {"withdrawn"}


def test_a_report_number_that_another_row_contradicts_keeps_the_offer() -> None:
    lines = [line(number) for number in range(10)]
    take_in(feed(*lines))
    report = take_in(feed(*lines[1:], line(0, report="2116281001", carat="1.08"))).report
    assert report["refused"] == {"report_says_otherwise": 1}
    assert (report["kept"], stone_of(0).status) == (1, "available")


def test_a_fancy_color_has_its_hue_and_intensity_and_may_be_corrected_to_a_letter() -> None:
    take_in(feed(line(1, color="FIY")))
    stone = stone_of(1)
    assert (stone.color, stone.fancy_hue, stone.fancy_intensity) == ("", "yellow", "fancy_intense")
    take_in(feed(line(1, color="M")))
    stone.refresh_from_db()
    assert (stone.color, stone.fancy_color, stone.fancy_hue, stone.fancy_intensity) == (
        "M", "", "", "",
    )  # fmt: skip


@pytest.mark.parametrize("cell", ["=cmd|' /C calc'!A0", "+1", "@SUM(A1)", "-cmd", "\t=1", " =1+1"])
def test_a_cell_that_a_spreadsheet_would_run_is_refused(cell: str) -> None:
    report = take_in(feed(line(1, stock=cell), line(2, color=cell), line(3))).report
    assert report["refused"] == {"formula": 2}


# What we ask.


def test_a_markup_rule_covers_its_growth_and_costs_and_the_supplier_s_factor_the_rest() -> None:
    supplier = SupplierFactory(code="south", markup=Decimal("1.2"))
    add_rule(supplier, cost_from=0, cost_below=5000, factor=2)
    add_rule(supplier, cost_from=5000, cost_below=6000, factor="1.5")
    add_rule(supplier, cost_from=0, cost_below=None, factor=3, growth="lab")
    header = f"{HEADER},Growth"
    totals = {1: "4999.99", 2: "5000", 3: "5999.99", 4: "6000"}
    rows = [f"{line(number, total=total)},natural" for number, total in totals.items()]
    take_in(feed(*rows, f"{line(5)},CVD", header=header), supplier=supplier)
    assert [stone_of(number).price for number in range(1, 6)] == [10000, 7500, 9000, 7200, 18000]


def test_repricing_changes_what_is_asked_and_never_a_stone_that_is_held_or_sold() -> None:
    supplier = SupplierFactory()
    take_in(feed(line(1), line(2), line(3)), supplier=supplier)
    Stone.objects.filter(pk=stone_of(2).pk).update(status="held")
    Stone.objects.filter(pk=stone_of(3).pk).update(status="sold", sold_at=NOW)
    add_rule(supplier, cost_from=0, cost_below=None, factor="1.5")
    assert catalog.reprice(supplier=supplier, now=NOW) == 1
    assert [stone_of(number).price for number in (1, 2, 3)] == [9000, 6000, 6000]
    assert catalog.reprice(supplier=supplier, now=NOW) == 0


def test_a_long_list_is_repriced_by_a_worker_and_meanwhile_costs_what_it_did(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(catalog, "MOST_AT_ONCE", 2)
    supplier = SupplierFactory()
    take_in(feed(line(1), line(2)), supplier=supplier)
    add_rule(supplier, cost_from=0, cost_below=None, factor="1.5")
    assert catalog.ask_to_reprice(supplier=supplier, now=NOW) == 2
    take_in(feed(line(1), line(2), line(3)), supplier=supplier)
    MarkupRule.objects.update(factor=2)
    assert catalog.ask_to_reprice(supplier=supplier, now=NOW) is None
    assert stone_of(1).price == 9000
    assert [catalog.reprice_due(now=NOW) for _ in range(2)] == [1, 0]
    assert [stone_of(number).price for number in (1, 2, 3)] == [12000] * 3
    supplier.refresh_from_db()
    assert supplier.reprice_asked_at is None


def test_a_stone_is_delivered_as_fast_as_its_cheapest_supplier_and_at_once_from_a_store() -> None:
    slow = SupplierFactory(code="slow", delivery_days=9)
    take_in(feed(line(1), line(2)), supplier=slow)
    take_in(
        feed(line(1, stock="F", total="7000")),
        supplier=SupplierFactory(code="fast", delivery_days=2),
    )
    assert stone_of(1).delivery_days == 9
    take_in(feed(line(1, stock="F", total="5000")), supplier=Supplier.objects.get(code="fast"))
    assert stone_of(1).delivery_days == 2
    Stone.objects.filter(pk=stone_of(2).pk).update(store=StoreFactory(code="nyc"))
    take_in(feed(line(1), line(2)), supplier=slow)
    assert stone_of(2).delivery_days == 0


def add_rule(supplier: Supplier, *, growth: str = "natural", **changes: Any) -> None:
    MarkupRule.objects.create(supplier=supplier, growth=growth, **changes)


def test_rows_are_refused_by_reason_and_unknown_words_are_counted() -> None:
    report = take_in(
        feed(
            line(1),
            line(2, shape="Trapeze"),
            line(3, shape="Trapeze"),
            line(4, report="1.04075E+11"),
            line(5, cut="Stellar"),
            line(6) + ",one cell too many",
            line(1),
        )
    ).report
    assert report["rows"] == 7
    assert report["offers"] == 2
    assert report["refused"] == {
        "unknown_word": 2,
        "bad_report_number": 1,
        "more_cells_than_columns": 1,
        "stock_number_repeated": 1,
    }
    assert report["unknown_words"] == {"shape": {"Trapeze": 2}, "cut": {"Stellar": 1}}
    assert report["examples"]["bad_report_number"] == ["line 5: '1.04075E+11' is no report number"]


def test_one_report_from_two_suppliers_is_one_stone_at_the_lower_price() -> None:
    take_in(feed(line(1)))
    other = SupplierFactory(code="south")
    take_in(feed(line(1, stock="S-9", total="5500")), supplier=other)
    stone = stone_of(1)
    assert stone.offers.count() == 2
    assert stone.price == Decimal(5500)
    take_in(feed(line(2, stock="S-10")), supplier=other, allow_shrink=True)
    stone.refresh_from_db()
    assert (stone.status, stone.price) == ("available", Decimal(6000))


def test_what_two_suppliers_say_differently_stays_as_first_said_and_blanks_are_filled() -> None:
    take_in(feed(line(1, table="", color="G")))
    take_in(feed(line(1, color="F", cut="VG")), supplier=SupplierFactory(code="south"))
    stone = stone_of(1)
    assert (stone.color, stone.cut, stone.table_pct) == ("G", "excellent", Decimal(57))


def test_a_supplier_may_correct_a_stone_that_only_it_offers_but_a_blank_erases_nothing() -> None:
    take_in(feed(line(1)))
    take_in(feed(line(1, color="H", table="")))
    stone = stone_of(1)
    assert (stone.color, stone.table_pct) == ("H", Decimal(57))


def test_a_report_number_typed_wrong_does_not_turn_one_stone_into_another() -> None:
    take_in(feed(line(1)))
    other = SupplierFactory(code="south")
    report = take_in(
        feed(line(1, stock="S-1", shape="Oval", mm="7.8x5.6x3.5"), line(2)), supplier=other
    ).report
    assert report["refused"] == {"report_says_otherwise": 1}
    assert stone_of(1).shape == "round"


def test_two_rows_of_one_feed_that_contradict_each_other_do_not_both_count() -> None:
    report = take_in(feed(line(1), line(1, stock="N-7", carat="1.20"))).report
    assert report["refused"] == {"report_says_otherwise": 1}
    assert stone_of(1).carat == Decimal("1.01")


def test_a_stone_that_left_the_feed_is_withdrawn_and_comes_back_with_it() -> None:
    lines = [line(number) for number in range(10)]
    take_in(feed(*lines))
    assert take_in(feed(*lines[1:])).report["withdrawn"] == 1
    assert stone_of(0).status == "withdrawn"
    take_in(feed(*lines))
    assert stone_of(0).status == "available"


def test_a_stock_number_that_moves_to_another_stone_withdraws_the_first() -> None:
    take_in(feed(line(1)))
    take_in(feed(line(2, stock="N-1")))
    assert (stone_of(1).status, stone_of(2).status) == ("withdrawn", "available")


@pytest.mark.parametrize("status", ["sold", "held"])
def test_a_sold_or_held_stone_is_neither_withdrawn_nor_changed(status: str) -> None:
    lines = [line(number) for number in range(10)]
    take_in(feed(*lines))
    sold_at = NOW if status == "sold" else None
    Stone.objects.filter(pk=stone_of(0).pk).update(status=status, sold_at=sold_at)
    take_in(feed(*lines[1:]))
    assert stone_of(0).status == status
    take_in(feed(line(0, color="D", total="9000"), *lines[1:]))
    stone = stone_of(0)
    assert (stone.status, stone.color, stone.price) == (status, "G", Decimal(6000))


def test_a_feed_that_lost_a_fifth_of_its_stones_stops_and_says_so() -> None:
    lines = [line(number) for number in range(10)]
    take_in(feed(*lines))
    with pytest.raises(applying.FeedWouldShrink, match=r"lacks 3 of the 10 .*--allow-shrink"):
        take_in(feed(*lines[3:], line(11)))
    assert Stone.objects.filter(status="available").count() == 10
    assert FeedImport.objects.latest("id").report["stopped"] == "would withdraw 3 of 10"
    take_in(feed(*lines[3:]), allow_shrink=True)
    assert Stone.objects.filter(status="available").count() == 7


def test_an_empty_feed_does_not_empty_the_shop() -> None:
    take_in(feed(line(1)))
    with pytest.raises(applying.FeedWouldShrink):
        take_in(feed())
    assert stone_of(1).status == "available"


def test_another_suppliers_stones_are_left_alone() -> None:
    theirs = StoneOfferFactory(supplier=SupplierFactory(code="south"))
    take_in(feed(line(1)))
    theirs.stone.refresh_from_db()
    assert theirs.stone.status == "available"


def test_a_trial_reports_and_changes_nothing() -> None:
    record = take_in(feed(line(1)), dry_run=True)
    assert (record.report["new_stones"], record.report["dry_run"], record.pk) == (1, True, None)
    assert not Stone.objects.exists()


def test_a_file_that_breaks_in_the_middle_leaves_nothing_behind() -> None:
    with pytest.raises(UnreadableFile):
        take_in(feed(*[line(number) for number in range(3000)]) + b"\nN-1,\xff\xfe")
    assert not Stone.objects.exists()
    [failed] = FeedImport.objects.all()
    assert failed.state == "failed"
    assert 0 < failed.report["rows"] < 3000
    assert "not UTF-8" in failed.error
    assert take_in(feed(line(1))).report["new_stones"] == 1


def test_rapnets_download_is_read_with_its_percentages_treatments_and_lone_returns() -> None:
    row = (
        "A-1,Radiant,1.01,G,VS1,,6.21 x 5.20 x 3.60,GIA,2116281084,6000,5940.59,57.00%,FALSE,{},{},"
    )
    lines = [row.format("FALSE", "1"), row.format("TRUE", "1"), row.format("FALSE", "2")]
    data = feed(*lines, header=RAPNET_HEADER).replace(b"\n", b"\r")
    report = take_in(data, feed_format="rapnet").report
    assert report["refused"] == {"treated": 1, "not_a_single_stone": 1}
    assert Stone.objects.get().table_pct == Decimal("57.0")


def test_a_suppliers_own_spelling_is_understood() -> None:
    supplier = SupplierFactory(
        code="premier", aliases={"shape": {"R": "round"}}, columns={"price_per_carat": "Price"}
    )
    header = HEADER.replace("Total Price", "Price")
    take_in(feed(line(1, shape="R", total="6000"), header=header), supplier=supplier)
    assert (stone_of(1).shape, stone_of(1).price) == ("round", Decimal(6060))


# The command.


def test_the_command_tells_what_became_of_the_rows(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    SupplierFactory(code="north")
    file = tmp_path / "feed.csv"
    file.write_bytes(feed(line(1), line(2, shape="Trapeze")))
    call_command("import_stones", file, supplier="north")
    told = capsys.readouterr().out
    assert "new stones: 1" in told
    assert "refused, unknown word: 1" in told
    assert "unknown shape: 'Trapeze' 1" in told


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda path: path, "No such file"),
        (lambda path: path.write_bytes(b"\0\0") and path, "NUL"),
        (lambda path: path.write_bytes(b"a,b\n1,2") and path, "no column for shape"),
    ],
)
def test_the_command_refuses_a_bad_file_in_words(
    tmp_path: Path, make: Callable[[Path], object], words: str
) -> None:
    SupplierFactory(code="north")
    make(tmp_path / "feed.csv")
    with pytest.raises(CommandError, match=words):
        call_command("import_stones", tmp_path / "feed.csv", supplier="north")


def test_a_file_in_another_format_is_told_which(tmp_path: Path) -> None:
    SupplierFactory(code="north")
    file = tmp_path / "feed.csv"
    file.write_bytes(feed("A-1,", header=RAPNET_HEADER))
    with pytest.raises(CommandError, match="It looks like rapnet: choose that format"):
        call_command("import_stones", file, supplier="north", format="polygon")
    with pytest.raises(CommandError, match="looks like CSV, and this format is JSON"):
        call_command("import_stones", file, supplier="north", format="vdb_json")


def test_the_command_names_the_suppliers_it_knows(tmp_path: Path) -> None:
    SupplierFactory(code="north")
    with pytest.raises(CommandError, match=r"no supplier 'nroth'.*Known: north"):
        call_command("import_stones", tmp_path / "feed.csv", supplier="nroth")


def test_a_stone_without_an_offer_is_nobodys_to_withdraw() -> None:
    bought_back = StoneFactory()
    take_in(feed(line(1)))
    bought_back.refresh_from_db()
    assert bought_back.status == "available"


# Files that mean harm, and slips of suppliers.


def test_a_stone_that_a_till_sells_while_its_feed_comes_in_is_sold_at_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    take_in(feed(line(1), line(2)))
    run = applying.run

    def sold_after_it_was_looked_at(cursor: Any, statement: str, values: Any) -> int:
        done = run(cursor, statement, values)
        if statement == sql.FIND_CHANGED_STONES:
            inventory.sell(stone=stone_of(1), sale_id=7, at=NOW, now=NOW)
        return done

    monkeypatch.setattr(applying, "run", sold_after_it_was_looked_at)
    take_in(feed(line(1, color="H", total="6500"), line(2, color="H")))
    sold = stone_of(1)
    assert (sold.status, sold.color, sold.price) == ("sold", "G", 6000)
    assert stone_of(2).color == "H"


def test_a_header_that_repeats_counts_by_its_first_column() -> None:
    header = f"{HEADER},Total Price"
    take_in(feed(f"{line(1)},9999", header=header))
    assert stone_of(1).price == 6000


def test_ten_thousand_columns_are_refused_in_words() -> None:
    with pytest.raises(UnreadableFile, match="more than 400 columns"):
        take_in(feed(line(1), header=HEADER + ",x" * 10_000))


@pytest.mark.parametrize(
    "total", ["-6000", "0", "1e9", "NaN", "\u0666\u0660\u0660\u0660", "6000\u200b"]
)
def test_a_price_that_is_no_plain_amount_is_refused(total: str) -> None:
    report = take_in(feed(line(1, total=total), line(2))).report
    assert (report["offers"], sum(report["refused"].values())) == (1, 1)


@pytest.mark.parametrize(
    "report", ["2116281\u0660\u0660\u0661", "２１１６２８１００１", "2116281001\u202e"]
)
def test_a_report_number_in_other_digits_or_with_hidden_signs_is_refused(report: str) -> None:
    told = take_in(feed(line(1, report=report), line(2))).report
    assert (told["offers"], told["refused"]) == (1, {"bad_report_number": 1})


def test_columns_mapped_to_nonsense_refuse_every_row_and_change_nothing() -> None:
    supplier = SupplierFactory()
    take_in(feed(line(1), line(2)), supplier=supplier)
    supplier.columns = {"carat": "Color", "price_total": "Stock #"}
    supplier.save()
    report = take_in(feed(line(1), line(2)), supplier=supplier).report
    assert (report["offers"], report["kept"], report["withdrawn"]) == (0, 2, 0)
    assert Stone.objects.filter(status="available", price=6000).count() == 2


def test_a_stock_number_that_moves_away_from_a_held_stone_is_refused_until_it_is_free() -> None:
    take_in(feed(line(1)))
    Stone.objects.update(status="held")
    report = take_in(feed(line(2, stock="N-1"))).report
    assert report["refused"] == {"stock_number_of_a_held_stone": 1}
    assert StoneOffer.objects.get().stone == stone_of(1)
    Stone.objects.update(status="available")
    take_in(feed(line(2, stock="N-1")))
    assert (stone_of(1).status, stone_of(2).status) == ("withdrawn", "available")
