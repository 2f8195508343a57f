"""The public stone list over HTTP."""

import time
from statistics import quantiles

import pytest
from django.core.cache import cache
from django.test import Client

from builder import api, search, turns
from builder.models import Stone
from demo.catalog import load_catalog
from tests.factories.builder import SettingFactory, StoneFactory, StoneOfferFactory
from tests.factories.jeweler import NOW, StoreFactory

pytestmark = pytest.mark.django_db
STONES = "/api/v1/stones/"


@pytest.fixture(autouse=True)
def _nobody_has_asked_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    cache.clear()
    monkeypatch.setattr(api, "TURNS", turns.Turns(scope="stones"))


def test_a_stone_is_told_with_its_measures_its_price_and_where_it_lies(client: Client) -> None:
    StoneFactory(store=StoreFactory(code="nyc"))
    answer = client.get(STONES).json()
    assert (answer["total"], answer["page"], answer["pages"]) == (1, 1, 1)
    stone = answer["stones"][0]
    assert (stone["length_mm"], stone["price"], stone["currency"]) == ("7.38", "12480.00", "USD")
    assert (stone["store"], stone["faces_up_like_carat"], stone["fit"]) == ("nyc", 1.52, None)


def test_with_a_setting_each_stone_says_how_it_fits(client: Client) -> None:
    StoneFactory()
    StoneFactory(width_mm="9.00", length_mm="9.05")
    setting = SettingFactory(head_code="six-prong")
    (stone,) = client.get(STONES, {"fits": setting.code}).json()["stones"]
    assert stone["store"] is None
    assert stone["fit"] == {
        "verdict": "fits",
        "reason": "This six-prong head holds your 1.52 ct round: 0.3 mm to spare.",
        "margin_mm": "0.32",
        "head": "six-prong",
        "fix": "",
        "fix_price": None,
        "fix_days": None,
        "is_estimated": False,
    }


@pytest.mark.parametrize(
    ("params", "field", "words"),
    [
        ({"shape": "triangle"}, "shape", "round, oval"),
        ({"carat_min": "one"}, "carat_min", "1.50"),
        ({"colour": "G"}, "colour", "use any of"),
        ({"page": "0"}, "page", "from 1"),
    ],
)
def test_a_wrong_filter_is_named_with_what_to_write_instead(
    client: Client, params: dict[str, str], field: str, words: str
) -> None:
    answer = client.get(STONES, params)
    assert answer.status_code == 400
    assert words in str(answer.json()[field])


def test_too_many_questions_are_told_to_wait(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api, "TURNS", turns.Turns(scope="few", per_minute=2))
    answers = [client.get(STONES) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert 0 < int(answers[2].headers["Retry-After"]) <= 61


def test_without_a_cache_stones_are_still_shown(client: Client, settings: object) -> None:
    settings.CACHES = {  # type: ignore[attr-defined]
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": "unix:///nowhere/at/all.sock",
        }
    }
    assert client.get(STONES).status_code == 200


def test_the_api_describes_itself(client: Client) -> None:
    description = client.get("/api/v1/schema/", headers={"accept": "application/json"}).json()
    parameters = description["paths"][STONES]["get"]["parameters"]
    assert {"shape", "fits", "carat_min", "sort"} <= {each["name"] for each in parameters}


def test_the_answer_has_just_the_fields_that_are_described(client: Client) -> None:
    StoneFactory()
    answer = client.get(STONES, {"fits": SettingFactory().code}).json()
    assert list(answer) == list(api.ResultsSerializer().fields)
    assert set(answer["stones"][0]) == set(api.StoneSerializer().fields)
    assert set(answer["stones"][0]["fit"]) == set(api.FitSerializer().fields)
    assert set(answer["facets"]["shape"][0]) == set(api.FacetValueSerializer().fields)


def test_crossed_ends_find_nothing_and_say_how_to_turn_them(client: Client) -> None:
    StoneFactory()
    answer = client.get(STONES, {"carat_min": "2", "carat_max": "1"})
    assert answer.status_code == 200
    told = answer.json()
    assert (told["total"], told["stones"]) == (0, [])
    assert told["nearest"] == [
        {
            "label": "Carat 1 ct to 2 ct",
            "changes": {"carat_min": "1", "carat_max": "2"},
            "count": 1,
        }
    ]


def test_pages_are_followed_by_their_cursors(client: Client) -> None:
    StoneFactory.create_batch(5)
    first = client.get(STONES, {"page_size": 2}).json()
    second = client.get(STONES, {"page_size": 2, "after": first["next"]}).json()
    back = client.get(STONES, {"page_size": 2, "before": second["previous"]}).json()
    assert first["stones"] == back["stones"] != second["stones"]
    assert (first["previous"], second["page"]) == (None, None)


def test_a_stone_sold_a_moment_ago_is_not_told(client: Client) -> None:
    stone = StoneFactory()
    listing = search.listing(search.StoneQuery())
    Stone.objects.filter(pk=stone.pk).update(status="held")
    assert api.answer(listing, fits=None)["stones"] == []


# One stone.


def test_one_stone_is_told_with_its_twins_and_its_offers(client: Client) -> None:
    stone, twin = StoneFactory(), StoneFactory(price="12360.00")
    StoneOfferFactory(stone=stone, price="12480.00")
    StoneOfferFactory(stone=stone, price="12100.00", withdrawn_at=NOW)
    told = client.get(f"{STONES}{stone.pk}/", {"fits": SettingFactory().code}).json()
    assert (told["status"], told["stone"]["id"]) == ("available", stone.pk)
    assert told["stone"]["fit"]["verdict"] == "fits"
    assert told["offers"] == ["12480.00"]
    assert told["market"] is None
    [told_twin] = told["twins"]
    assert (told_twin["stone"]["id"], told_twin["words"]) == (twin.pk, "$120 less")


def test_one_stones_place_in_the_market_is_counted(client: Client) -> None:
    stones = [StoneFactory(price=10_000 + 100 * number) for number in range(13)]
    told = client.get(f"{STONES}{stones[3].pk}/").json()["market"]
    assert (told["n"], told["cheaper"], told["median"]) == (12, 3, "10650.00")
    assert told["words"].startswith("Costs less than 75 of 100 comparable stones (n = 12;")


def test_a_sold_stone_still_shows_its_twins(client: Client) -> None:
    stone = StoneFactory(status="sold", sold_at=NOW)
    StoneFactory()
    told = client.get(f"{STONES}{stone.pk}/").json()
    assert (told["status"], len(told["twins"])) == ("sold", 1)


@pytest.mark.parametrize("number", [999, 2**63, 10**30])
def test_a_stone_that_never_was_is_not_found(client: Client, number: int) -> None:
    answer = client.get(f"{STONES}{number}/")
    assert answer.status_code == 404
    assert answer.json() == {"detail": "There is no stone of this id."}


def test_one_stone_has_just_the_fields_that_are_described(client: Client) -> None:
    stones = [StoneFactory() for _ in range(14)]
    told = client.get(f"{STONES}{stones[0].pk}/").json()
    assert set(told) == set(api.OneStoneSerializer().fields)
    assert set(told["market"]) == set(api.MarketSerializer().fields)
    assert set(told["twins"][0]) == set(api.TwinSerializer().fields)
    assert set(told["twins"][0]["stone"]) == set(api.StoneSerializer().fields)


def test_nobody_can_write_stones(client: Client) -> None:
    assert client.post(STONES, {}).status_code == 405


def test_the_sample_catalog_is_searched_within_a_shoppers_patience(client: Client) -> None:
    """A loose bound for a busy machine; bench/ measures the real figure."""
    load_catalog(now=NOW)
    assert Stone.objects.count() == 20_000
    questions = ["", "shape=round&color=G", "fits=alba&sort=-carat", "growth=lab&sort=clarity"]
    spent = []
    for question in questions * 3:
        begun_at = time.thread_time()
        assert client.get(f"{STONES}?{question}").status_code == 200
        spent.append(time.thread_time() - begun_at)
    assert quantiles(spent, n=20)[-1] < 0.2


@pytest.mark.parametrize("asked", ["version=%0A", "version=2", "format=%00", "lang=%0D%0A"])
def test_the_description_is_the_same_whatever_stands_behind_its_address(
    client: Client, asked: str
) -> None:
    assert client.get(f"/api/v1/schema/?{asked}").status_code in {200, 404}
