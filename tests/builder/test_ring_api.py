"""A ring named by its parts: the same figures as on the pages, and every mistake named."""

import json
import random
import re
import time
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.http import QueryDict
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from builder import pricebook, quotes, ring_api, turns
from builder.models import Design, MeleePrice, Setting, Stone
from builder.search import building, snapshot
from tests.factories.builder import (
    HeadFactory,
    MetalFactory,
    SettingFactory,
    StoneFactory,
)
from tests.factories.jeweler import StoreFactory

pytestmark = pytest.mark.django_db

URL = "/api/v1/ring/"


@pytest.fixture(autouse=True)
def _everybodys_first_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ring_api, "TURNS", turns.Turns(scope="ring-test", per_minute=10_000))


@pytest.fixture
def alba() -> Setting:
    setting: Setting = SettingFactory(
        code="alba", head_setting_fee="90", stones={"half_band": "1.40"}, engraving_price="60",
        metals=[MetalFactory(waste_pct=6), MetalFactory(code="18k-rose", name="18 k rose gold", family="rose")],
    )  # fmt: skip
    return setting


def ask(client: Client, *, status: int = 200, **params: Any) -> dict[str, Any]:
    response = client.get(URL, params)
    assert response.status_code == status, response.content
    assert response.headers["Content-Type"] == "application/json"
    assert response.headers["Cache-Control"] == "no-store"
    answer: dict[str, Any] = json.loads(response.content)
    return answer


def test_a_whole_ring_is_answered_at_once(client: Client, alba: Setting) -> None:
    stone = StoneFactory(delivery_days=3)
    answer = ask(
        client, setting="alba", metal="18k-yellow", stone=stone.pk, size="6", engraving="Ever"
    )
    design = Design(
        setting=alba, metal=alba.metals.get(code="18k-yellow"), stone=stone,
        ring_size=Decimal(6), engraving="Ever",
    )  # fmt: skip
    quoted = quotes.quote(design, now=timezone.now())
    assert answer["total"] == str(quoted.total)
    assert answer["told"] == quoted.told
    assert answer["fit"]["verdict"] == "fits"
    assert answer["fit"]["reason"].startswith("This six-prong head holds your 1.52 ct round")
    assert answer["ready_date"] == quoted.ready_date.isoformat()
    assert sum(Decimal(line["amount"]) for line in answer["breakdown"] if line["amount"]) == (
        quoted.total
    )
    assert answer["inputs"]["stone"] == {"id": stone.pk, "price": "12480.00"}
    assert (answer["mode"], answer["currency"], answer["size"]) == ("shown", "USD", "6")
    assert answer["priced_at"].endswith("Z") or "+00:00" in answer["priced_at"]


def test_a_band_s_width_and_accents_are_priced_as_on_the_pages(
    client: Client, alba: Setting
) -> None:
    Setting.objects.update(widths_mm=["2.4"], band_accents=["none", "full"])
    plain = ask(client, setting="alba", metal="18k-yellow")
    wide = ask(client, setting="alba", metal="18k-yellow", width="2.40 mm", accents="full")
    design = Design(
        setting=Setting.objects.get(),
        metal=alba.metals.get(code="18k-yellow"),
        width_mm=Decimal("2.4"),
        accents="full",
    )
    assert (plain["width_mm"], plain["accents"]) == ("1.90", "half")
    assert (wide["width_mm"], wide["accents"]) == ("2.40", "full")
    assert wide["total"] == str(quotes.quote(design, now=timezone.now()).total) > plain["total"]
    assert wide["inputs"]["band"] == {"width_mm": "2.40", "accents": "full"}
    assert "band" not in plain["inputs"]
    own = ask(client, setting="alba", metal="18k-yellow", width="1.9", accents="half")
    assert (own["total"], own["inputs"]) == (plain["total"], plain["inputs"])


def several() -> Iterator[tuple[Setting, list[Stone]]]:
    dice = random.Random(20261122)
    for _ in range(12):
        StoneFactory(
            shape=dice.choice(["round", "oval", "cushion"]),
            width_mm=(width := Decimal(dice.randrange(640, 880)) / 100),
            length_mm=width + Decimal(dice.randrange(0, 40)) / 100,
            depth_mm=Decimal(dice.randrange(400, 520)) / 100,
            price=Decimal(dice.randrange(900, 60_000)),
            delivery_days=dice.randrange(6),
        )
    stones = list(Stone.objects.order_by("id"))
    metals = [MetalFactory(waste_pct=Decimal("6.5")), MetalFactory(
        code="platinum", name="platinum", family="platinum", density="20.70", waste_pct=8,
        price_per_gram="76.15",
    )]  # fmt: skip
    for number, places in enumerate(
        ({}, {"half_band": "1.40"}, {"halo": "1.20"}, {"sides": "3.10", "hidden_halo": "0.90"})
    ):
        setting = SettingFactory(
            code=f"s{number}", stones=places, metals=metals, head_setting_fee="75.50",
            labor_price=dice.randrange(500, 2000), head_metal_family=dice.choice(["", "platinum"]),
            engraving_price=dice.choice(["0", "60"]),
        )  # fmt: skip
        HeadFactory(
            setting=setting, position=1, prongs=4, min_width_mm="6.00", max_width_mm="8.40",
            max_length_mm="9.00", extra_price="140", extra_days=3, setting_fee="95",
        )  # fmt: skip
        yield setting, stones


def test_its_figures_are_those_of_a_quote_for_many_configurations(client: Client) -> None:
    dice = random.Random(7)
    asked = 0
    verdicts = set()
    for setting, stones in several():
        for stone in stones:
            metal = dice.choice(list(setting.metals.all()))
            size = dice.choice([None, Decimal("4.5"), Decimal(6), Decimal(9)])
            text = dice.choice(["", "Ever & always"])
            params = {"setting": setting.code, "metal": metal.code, "stone": stone.pk}
            params |= {"size": str(size)} if size else {}
            params |= {"engraving": text} if text else {}
            answer = ask(client, **params)
            design = Design(
                setting=setting, metal=metal, stone=stone, ring_size=size, engraving=text
            )
            quoted = quotes.quote(design, now=timezone.now())
            assert answer["total"] == str(quoted.total)
            assert [line["label"] for line in answer["breakdown"]] == [
                line.label for line in quoted.lines
            ]
            assert answer["ready_date"] == quoted.ready_date.isoformat()
            assert quoted.fit is not None
            assert answer["fit"]["reason"] == quoted.fit.reason
            assert answer["inputs"] == {
                name: value for name, value in quoted.inputs.items() if name != "tax"
            }
            verdicts.add(quoted.fit.verdict)
            asked += 1
    assert asked == 48
    assert verdicts == {"fits", "fits_with_change", "does_not_fit"}


def test_without_a_stone_it_is_the_setting_in_its_first_metal(
    client: Client, alba: Setting
) -> None:
    answer = ask(client, setting="alba")
    assert (answer["fit"], answer["size"]) == (None, None)
    assert answer["metal"] == alba.metals.order_by("position", "id")[0].code
    assert "Round diamond" not in {line["label"] for line in answer["breakdown"]}


def test_a_shape_and_a_weight_give_an_estimated_fit_without_the_stones_price(
    client: Client, alba: Setting
) -> None:
    answer = ask(client, setting="alba", shape="round", carat="1.5")
    assert answer["fit"]["is_estimated"] is True
    assert answer["fit"]["verdict"] == "fits"
    assert answer["breakdown"][0]["label"] == "The Alba"
    assert "stone" not in answer["inputs"]


@pytest.mark.parametrize(
    ("params", "field", "words"),
    [
        ({}, "setting", "is missing; give a setting's code"),
        ({"setting": "none"}, "setting", "'none' is no setting that we make"),
        ({"setting": "retired"}, "setting", "is no setting that we make"),
        ({"setting": "alba", "metal": "tin"}, "metal", "use 18k-yellow, 18k-rose"),
        ({"setting": "alba", "stone": "abc"}, "stone", "'abc' is no stone on offer"),
        ({"setting": "alba", "stone": "9" * 30}, "stone", "is no stone on offer"),
        ({"setting": "alba", "stone": "²"}, "stone", "is no stone on offer"),
        ({"setting": "alba", "size": "huge"}, "size", "huge"),
        ({"setting": "alba", "width": "wide"}, "width", "is no width of a band"),
        ({"setting": "alba", "width": "2.4"}, "width", "choose 1.9 mm"),
        ({"setting": "alba", "accents": "some"}, "accents", "is none of none, half, full"),
        ({"setting": "alba", "accents": "full"}, "accents", "choose half way"),
        ({"setting": "alba", "engraving": "x" * 33}, "engraving", "characters fit inside"),
        ({"setting": "alba", "engraving": "⚒"}, "engraving", "We cannot engrave ⚒"),
        ({"setting": "alba", "store": "moon"}, "store", "'moon' is no store of ours"),
        ({"setting": "alba", "shape": "cube", "carat": "1"}, "shape", "use any of round"),
        ({"setting": "alba", "shape": "round"}, "carat", "give it with the shape"),
        ({"setting": "alba", "carat": "1"}, "carat", "give a shape with it"),
        ({"setting": "alba", "shape": "round", "carat": "NaN"}, "carat", "0.05 to 30 carats"),
        ({"setting": "alba", "shape": "round", "carat": "1e9"}, "carat", "0.05 to 30 carats"),
        ({"setting": "alba", "colour": "D"}, "colour", "is no parameter; use any of setting"),
        ({"setting": ["alba", "alba"]}, "setting", "is given twice"),
        ({"setting": "a" * 65}, "setting", "is longer than 64 characters"),
    ],
)
def test_each_mistake_is_named_by_its_parameter(
    client: Client, alba: Setting, params: dict[str, Any], field: str, words: str
) -> None:
    SettingFactory(code="retired", is_offered=False)
    errors = ask(client, status=400, **params)
    assert words in errors[field]


def test_all_mistakes_are_named_at_once(client: Client, alba: Setting) -> None:
    errors = ask(client, status=400, setting="alba", metal="tin", size="?", stone="y", more="z")
    assert set(errors) == {"metal", "size", "stone", "more"}


@pytest.mark.parametrize("status", ["sold", "held", "withdrawn"])
def test_a_stone_that_cannot_be_had_is_refused(client: Client, alba: Setting, status: str) -> None:
    sold_at = timezone.now() if status == "sold" else None
    stone = StoneFactory(status=status, sold_at=sold_at)
    assert "stone" in ask(client, status=400, setting="alba", stone=stone.pk)


@pytest.mark.parametrize("mode", ["range", "on_request"])
def test_a_store_that_does_not_show_prices_gives_no_exact_amount(
    client: Client, alba: Setting, mode: str
) -> None:
    StoreFactory(code="boston", price_mode=mode, tax_pct="6.25")
    HeadFactory(
        setting=alba, code="larger", position=1, prongs=4, min_width_mm="7.00", max_width_mm="9.00",
        max_length_mm="9.50", extra_price="1234", extra_days=3, setting_fee="95",
    )  # fmt: skip
    stone = StoneFactory(width_mm="8.60", length_mm="8.70", depth_mm="5.10")
    shown = ask(client, setting="alba", stone=stone.pk)
    assert shown["fit"]["fix_price"] == "1229"  # $5 more for setting it, and $10 less gold in it
    answer = ask(client, setting="alba", stone=stone.pk, store="boston")
    assert answer["mode"] == mode
    assert (answer["total"], answer["inputs"], answer["fit"]["fix_price"]) == (None, None, None)
    assert {line["amount"] for line in answer["breakdown"]} == {None}
    text = json.dumps(answer)
    exact = [line["amount"] for line in shown["breakdown"] if line["amount"]] + [shown["total"]]
    for amount in exact:
        assert not re.search(rf"\b{amount}\b", text.replace(",", "")), amount
    if mode == "on_request":
        assert "$" not in text
        assert answer["told"] == "Price on request"
        assert answer["tax"] == ""
    else:
        assert re.fullmatch(r"\$[\d,]+ to \$[\d,]+", answer["told"])


def test_a_ring_that_lacks_a_price_is_on_request(client: Client, alba: Setting) -> None:
    MeleePrice.objects.all().delete()
    answer = ask(client, setting="alba")
    assert (answer["mode"], answer["told"], answer["total"]) == (
        "on_request", "Price on request", None,
    )  # fmt: skip
    assert answer["breakdown"] == []


def test_too_many_requests_wait_for_the_next_minute(
    client: Client, alba: Setting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ring_api, "TURNS", turns.Turns(scope="ring-few", per_minute=2))
    answers = [client.get(URL, {"setting": "alba"}) for _ in range(6)]
    assert 429 in {answer.status_code for answer in answers}
    refused = next(answer for answer in answers if answer.status_code == 429)
    assert 1 <= int(refused.headers["Retry-After"]) <= 61
    assert client.get(URL, {"setting": "alba"}, REMOTE_ADDR="10.9.8.7").status_code == 200


@pytest.mark.parametrize("method", ["post", "put", "delete", "patch"])
def test_other_methods_are_refused(client: Client, method: str) -> None:
    assert getattr(client, method)(URL).status_code == 405


def test_a_head_request_has_no_body(client: Client, alba: Setting) -> None:
    response = client.head(URL, {"setting": "alba"})
    assert (response.status_code, response.content) == (200, b"")


def test_while_the_book_is_kept_a_ring_without_a_stone_asks_no_table(
    client: Client, alba: Setting, settings: Any
) -> None:
    settings.PRICE_BOOK_PAUSE = 3600.0
    pricebook.fresh()
    with CaptureQueriesContext(connection) as asked:
        ask(client, setting="alba", shape="round", carat="1.5", size="6½")
    assert len(asked) == 0


@pytest.fixture
def _looks_rarely(settings: Any) -> Iterator[None]:
    """Neither the book nor the snapshot is looked at again while a test runs."""
    settings.PRICE_BOOK_PAUSE = settings.SEARCH_SNAPSHOT_POLL_S = 3600.0
    snapshot.forget()
    yield
    snapshot.forget()


def _build_with(stone: Stone) -> None:
    """A snapshot that has this stone for good: while another test's transaction runs, it may still count as changed."""
    for _ in range(300):
        building.build(now=timezone.now())
        snapshot.forget()
        if (built := snapshot.current()) and built.is_as_built(stone.pk):
            return
        time.sleep(0.1)
    pytest.fail("Another transaction ran all the while.")


# A transaction that has written is not answered from memory, so these commit what they make.
@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("_looks_rarely")
@pytest.mark.parametrize("color", ["G", ""])
def test_with_a_snapshot_a_ring_with_a_stone_asks_no_table(
    client: Client, alba: Setting, color: str
) -> None:
    stone = StoneFactory(color=color, fancy_color="" if color else "fancy deep yellowish brown")
    other_stone = StoneFactory()
    _build_with(stone)
    pricebook.fresh()
    ask(client, setting="alba", stone=stone.pk, size="6")
    with CaptureQueriesContext(connection) as asked:
        answer = ask(client, setting="alba", stone=stone.pk, size="7", engraving="Ever")
        if color:
            ask(client, setting="alba", stone=other_stone.pk)
    assert asked.captured_queries == []
    assert answer["breakdown"][0]["note"] == (
        f"1.52 ct, {color or 'fancy deep yellowish brown'}, VS1, excellent cut"
    )


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("_looks_rarely")
def test_a_snapshot_answers_as_the_table_does(client: Client) -> None:
    rings = [(setting, stone) for setting, stones in several() for stone in stones]
    Stone.objects.filter(pk=rings[0][1].pk).update(color="", fancy_color="fancy pink", cut="")
    pricebook.fresh()

    def answers() -> list[dict[str, Any]]:
        found = [ask(client, setting=each.code, stone=stone.pk) for each, stone in rings]
        return [{**answer, "priced_at": None} for answer in found]

    from_table = answers()
    building.build(now=timezone.now())
    snapshot.forget()
    assert snapshot.current() is not None
    assert answers() == from_table


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("_looks_rarely")
def test_a_fancy_color_that_is_corrected_is_told_as_it_is_now(
    client: Client, alba: Setting, settings: Any
) -> None:
    stone = StoneFactory(color="", fancy_color="fancy pink")
    building.build(now=timezone.now())
    pricebook.fresh()
    settings.SEARCH_SNAPSHOT_POLL_S = 0.0
    assert "fancy pink" in ask(client, setting="alba", stone=stone.pk)["breakdown"][0]["note"]
    Stone.objects.filter(pk=stone.pk).update(fancy_color="fancy purplish pink")
    corrected = ask(client, setting="alba", stone=stone.pk)
    assert "fancy purplish pink" in corrected["breakdown"][0]["note"]


@pytest.mark.parametrize(
    "query",
    [
        "", "setting=alba", "setting=alba&size=6.5", "&&a=&=b&c&a=1&a=2&d==e", "x=1;y=2",
        "size=6%C2%BD", "engraving=for+ever", "q=é", "a=" + "b" * 2000,
    ],
)  # fmt: skip
def test_a_query_is_read_as_django_reads_it(query: str, rf: RequestFactory) -> None:
    request = rf.get(URL, QUERY_STRING=query)
    django_reads = dict(QueryDict(query).lists())
    ours: dict[str, list[str]] = {}
    for name, value in ring_api.given(request):
        ours.setdefault(name, []).append(value)
    assert ours == django_reads


def test_the_answer_is_what_the_description_says(client: Client, alba: Setting) -> None:
    stone = StoneFactory()
    answer = ask(client, setting="alba", stone=stone.pk)
    schema = client.get("/api/v1/schema/", {"format": "json"}).json()
    described = schema["paths"][URL]["get"]
    names = {parameter["name"] for parameter in described["parameters"]}
    assert names >= {"setting", "metal", "stone", "shape", "carat", "size", "engraving", "store"}
    kinds = schema["components"]["schemas"]
    assert set(kinds["Ring"]["properties"]) == set(answer)
    assert set(kinds["RingFit"]["properties"]) == set(answer["fit"])
    assert set(kinds["RingLine"]["properties"]) == set(answer["breakdown"][0])
