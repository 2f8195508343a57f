"""The public stone list over HTTP."""

import time
from statistics import quantiles

import pytest
from django.core.cache import cache
from django.test import Client

from builder import api
from builder.models import Stone
from demo.catalog import load_catalog
from tests.factories.builder import SettingFactory, StoneFactory
from tests.factories.jeweler import NOW, StoreFactory

pytestmark = pytest.mark.django_db
STONES = "/api/v1/stones/"


@pytest.fixture(autouse=True)
def _nobody_has_asked_yet() -> None:
    cache.clear()


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
    monkeypatch.setattr(api.PublicThrottle, "rate", "2/min")
    codes = [client.get(STONES).status_code for _ in range(3)]
    assert codes == [200, 200, 429]


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
