"""The storefront's pages over HTTP: what they show, what they refuse and how."""

import html
import io
import re
from pathlib import Path

import pytest
from django.http import QueryDict
from django.test import Client
from django.urls import reverse
from PIL import Image
from pytest_django import DjangoAssertNumQueries, Settings

from builder import search
from builder.models import Band, Design, DesignVersion, Head, Picture, Setting, Stone
from builder.templatetags import bars
from builder.views import histograms
from jeweler.models import EmailMessage, Visitor
from tests.factories.builder import MetalFactory, SettingFactory, StoneFactory
from tests.factories.jeweler import NOW, StoreFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def client() -> Client:
    return Client(headers={"user-agent": "Mozilla/5.0 (Macintosh) Safari/605"})


@pytest.fixture(autouse=True)
def _no_bars_of_another_test() -> None:
    histograms.counted.cache_clear()


def choose(client: Client, **fields: object) -> str:
    """Post choices and return the page that follows."""
    response = client.post(reverse("builder:choose"), fields, follow=True)
    assert response.status_code == 200
    return response.content.decode()


@pytest.mark.parametrize("name", ["setting", "metal", "stone", "ring_size"])
@pytest.mark.parametrize("value", ["\0", "alba\0", "\u202ealba", "x" * 5000, "😀", "1e309", "-1"])
def test_a_choice_that_says_nothing_is_refused_with_a_word(
    client: Client, name: str, value: str
) -> None:
    setting = SettingFactory()
    choose(client, setting=setting.code)
    page = choose(client, **{name: value})
    assert '<div class="word"><p>' in page
    assert Design.objects.get().setting == setting


def whole_ring(client: Client) -> Design:
    choose(client, setting=SettingFactory().code)
    choose(client, stone=StoneFactory().pk)
    choose(client, ring_size="6", engraving="Ever & always")
    return Design.objects.get()


@pytest.mark.parametrize("name", ["home", "rings", "diamonds", "ring", "summary", "saved"])
def test_every_page_opens_for_a_stranger_and_begins_no_design(client: Client, name: str) -> None:
    assert client.get(reverse(f"builder:{name}"), follow=True).status_code == 200
    assert not Design.objects.exists()


def test_a_robot_that_reads_every_page_leaves_nothing_behind() -> None:
    robot = Client(headers={"user-agent": "Googlebot/2.1 (+http://www.google.com/bot.html)"})
    SettingFactory()

    for name in ("home", "rings", "diamonds", "ring", "summary", "saved"):
        assert "ring_visitor" not in robot.get(reverse(f"builder:{name}")).cookies

    assert not Visitor.objects.exists()


def test_the_landing_leads_to_the_setting_and_to_the_stone_and_names_the_showrooms(
    client: Client,
) -> None:
    SettingFactory()
    StoreFactory(city="Boston", street="121 Newbury Street", phone="+16175550177")

    shown = client.get("/").content.decode()

    assert "Begin with a setting" in shown
    assert "Begin with a stone" in shown
    assert "121 Newbury Street" in shown
    assert "(617) 555-0177" in shown


def test_settings_are_filtered_by_style_and_metal(client: Client) -> None:
    rose = MetalFactory(code="18k-rose", name="18 k rose gold", family="rose")
    SettingFactory(name="The Alba", style="solitaire")
    SettingFactory(name="The Vesper", style="bezel", metals=[rose])

    by_style = client.get("/rings/?style=bezel").content.decode()
    by_both = client.get("/rings/?style=solitaire&metal=18k-rose").content.decode()

    assert "The Vesper</h2>" in by_style
    assert "The Alba</h2>" not in by_style
    assert "No setting is both" in by_both


def test_an_unknown_style_or_metal_shows_all_settings(client: Client) -> None:
    SettingFactory(name="The Alba")

    assert "The Alba</h2>" in client.get("/rings/?style=nose&metal=tin").content.decode()


def test_a_setting_that_does_not_hold_her_stone_says_so_in_the_list(client: Client) -> None:
    choose(client, stone=StoneFactory().pk)
    SettingFactory(name="The Small", head_min_width_mm="4.00", head_max_width_mm="5.00")

    shown = client.get("/rings/").content.decode()

    assert "is 7.34 mm wide; this six-prong head takes 4.0 to 5.0 mm" in shown
    assert "Take the Small and choose another stone" in shown


def test_the_first_choice_makes_a_visitor_and_leads_to_the_stones_that_fit(client: Client) -> None:
    setting = SettingFactory(name="The Alba")

    response = client.post(reverse("builder:choose"), {"setting": setting.code})

    assert response["Location"] == f"/diamonds/?fits={setting.code}"
    assert Visitor.objects.count() == 1
    assert "The Alba, six prongs" in client.get(response["Location"]).content.decode()


def test_a_choice_without_the_form_s_token_is_refused() -> None:
    strict = Client(enforce_csrf_checks=True)

    response = strict.post(reverse("builder:choose"), {"setting": SettingFactory().code})

    assert response.status_code == 403
    assert "Once more, please" in response.content.decode()
    assert not Design.objects.exists()


def test_choosing_is_never_done_by_looking(client: Client) -> None:
    assert client.get(reverse("builder:choose")).status_code == 405
    assert client.get(reverse("builder:intent")).status_code == 405


def test_a_stone_that_does_not_fit_is_refused_with_the_reason_and_nothing_is_lost(
    client: Client,
) -> None:
    setting = SettingFactory()
    choose(client, setting=setting.code)
    large = StoneFactory(carat="3.00", width_mm="9.20", length_mm="9.30", depth_mm="5.60")

    shown = choose(client, stone=large.pk, back="/diamonds/?shape=round")

    assert "is 9.20 mm wide; this six-prong head takes 6.9 to 7.7 mm" in shown
    assert Design.objects.get().setting == setting
    assert Design.objects.get().stone is None


def test_a_setting_that_is_not_made_in_her_metal_says_which_one_it_is_in_now(
    client: Client,
) -> None:
    platinum = MetalFactory(code="platinum", name="platinum", family="platinum")
    whole_ring(client)
    same = SettingFactory(name="The Lune")
    other = SettingFactory(name="The Vesper", metals=[platinum])
    assert "is not made in" not in choose(client, setting=same.code)
    said = choose(client, setting=other.code)
    assert "The Vesper is not made in 18 k yellow gold; yours is in platinum now." in said


def test_a_refusal_never_leads_to_another_site(client: Client) -> None:
    for elsewhere in ("https://evil.example/", "//evil.example/", "\\\\evil.example", "evil"):
        response = client.post(reverse("builder:choose"), {"ring_size": "nine", "back": elsewhere})
        assert response["Location"] == reverse("builder:ring")


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"ring_size": "nine"}, "no ring size we can read. Write a US size such as 6½"),
        ({"ring_size": "NaN"}, "no ring size we can read."),
        ({"ring_size": "6.3"}, "We make half sizes. Choose 6 or 6½."),
        ({"ring_size": "15"}, "15 is no size we make: US 3 to 13, UK F½ to Z+1, EU 44 to 70."),
        ({"engraving": "x" * 40}, "characters fit inside this ring; yours has 40"),
        ({"engraving": "⚒"}, "We cannot engrave ⚒"),
        ({"metal": "tin"}, "We do not work in this metal."),
        ({"stone": "999999999"}, "We do not know this stone."),
        ({"stone": "1 OR 1=1"}, "We do not know this stone."),
        ({"stone": "9" * 30}, "We do not know this stone."),
        ({"setting": "none-such"}, "We no longer make this setting."),
    ],
)
def test_each_field_is_refused_with_the_way_out(
    client: Client, fields: dict[str, str], sentence: str
) -> None:
    choose(client, setting=SettingFactory().code)

    assert sentence in choose(client, **fields)
    assert Design.objects.get().engraving == ""


def test_the_ring_s_page_says_fit_size_price_and_description(client: Client) -> None:
    whole_ring(client)

    shown = client.get(reverse("builder:ring"), follow=True).content.decode()

    assert "This six-prong head holds your 1.52 ct round" in shown
    assert "0.3 mm to spare." in shown
    assert "US 6, UK L½, EU 52" in shown
    assert 'id="description" type="application/json"' in shown
    assert "13</span> of 16 characters" in shown


def test_a_size_may_be_typed_in_another_system_and_wins_over_the_ruler(client: Client) -> None:
    choose(client, setting=SettingFactory().code, ring_size="5")
    choose(client, ring_size="5", size_said="N½")
    assert Design.objects.get().ring_size == 7
    assert "14 is no size we make: US 3 to 13" in choose(client, ring_size="5", size_said="14")
    assert Design.objects.get().ring_size == 7
    assert 'name="size_said"' in client.get(reverse("builder:ring"), follow=True).content.decode()


def test_a_ring_without_its_stone_is_shown_with_what_its_head_takes(client: Client) -> None:
    setting = SettingFactory(head_shapes=["round"])
    choose(client, setting=setting.code)

    shown = client.get(reverse("builder:ring"), follow=True).content.decode()

    assert "Its head takes 6.9 to 7.7 mm, about 1.25 to 1.75 ct" in shown
    assert "Its stone is still to come" in shown


def test_a_stone_sold_meanwhile_is_said_on_the_ring_s_page_and_cannot_be_saved(
    client: Client,
) -> None:
    design = whole_ring(client)
    Stone.objects.update(status="sold", sold_at=NOW)

    shown = client.get(reverse("builder:ring"), follow=True).content.decode()
    saving = client.post(reverse("builder:save"), {"email": "ada@example.com"}, follow=True)

    assert "This stone was sold." in shown
    assert "Choose a stone" in shown
    assert "face up the same" not in shown
    assert "This stone was sold.</strong> Everything else is kept." in saving.content.decode()
    assert not DesignVersion.objects.exists()
    design.refresh_from_db()
    assert design.engraving == "Ever & always"


def test_what_the_house_changed_under_her_ring_is_said_before_she_saves_it(client: Client) -> None:
    whole_ring(client)
    Setting.objects.update(is_offered=False)
    for page in ("ring", "summary"):
        said = client.get(reverse(f"builder:{page}"), follow=True).content.decode()
        assert "We no longer make The Alba." in said
    answer = client.post(reverse("builder:save"), {"email": "ada@example.com"}, follow=True)
    assert "We no longer make The Alba." in answer.content.decode()
    assert not DesignVersion.objects.exists()


def test_the_summary_says_that_its_setting_s_new_head_does_not_hold_the_stone(
    client: Client,
) -> None:
    whole_ring(client)
    Head.objects.update(max_width_mm="7.00", max_length_mm="7.00")
    assert "this six-prong head takes" in client.get("/ring/summary/", follow=True).content.decode()


def test_stones_like_the_sold_one_are_offered_where_she_is(client: Client) -> None:
    design = whole_ring(client)
    twin = StoneFactory(price="12100.00")
    Stone.objects.filter(pk=design.stone_id).update(status="sold", sold_at=NOW)

    shown = client.get(reverse("builder:ring"), follow=True).content.decode()

    assert "Here is the one that comes nearest" in shown
    assert "$380 less" in shown
    assert f'name="stone" value="{twin.pk}"' in shown


def test_the_summary_names_what_is_missing(client: Client) -> None:
    choose(client, setting=SettingFactory().code)

    shown = client.get(reverse("builder:summary"), follow=True).content.decode()

    assert "Almost a ring" in shown
    assert "Choose a stone" in shown
    assert "Choose your size" in shown


def test_the_summary_adds_up_and_completes_the_design_once(client: Client) -> None:
    design = whole_ring(client)

    shown = client.get(reverse("builder:summary"), follow=True).content.decode()
    design.refresh_from_db()
    first = design.completed_at
    client.get(reverse("builder:summary"), follow=True)
    design.refresh_from_db()

    assert design.code in shown
    assert "$12,480" in shown
    assert "14 of 14 days of price promise left" in shown
    assert first is not None
    assert design.completed_at == first


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("", "Your e-mail address is missing."),
        ("ada.example.com", "We keep your ring open while you look."),
        ("a" * 300 + "@example.com", "too long"),
    ],
)
def test_a_bad_address_is_refused_beside_its_field(
    client: Client, address: str, sentence: str
) -> None:
    whole_ring(client)

    response = client.post(reverse("builder:save"), {"email": address})

    assert response.status_code == 400
    assert sentence in response.content.decode()
    assert 'aria-invalid="true"' in response.content.decode()
    assert not DesignVersion.objects.exists()


def test_saving_twice_keeps_one_version_and_says_where_the_mail_went(client: Client) -> None:
    whole_ring(client)

    for _ in range(2):
        response = client.post(
            reverse("builder:save"), {"email": "ada@example.com", "is_discreet": "on"}, follow=True
        )

    assert "on its way to ada@example.com" in response.content.decode()
    assert DesignVersion.objects.count() == 1
    assert EmailMessage.objects.get().subject == "Here is your link"


def test_the_mail_names_ring_bill_promise_code_and_one_link(client: Client) -> None:
    design = whole_ring(client)
    client.post(reverse("builder:save"), {"email": "ada@example.com"})

    sent = EmailMessage.objects.get()

    assert f"/pictures/{DesignVersion.objects.get().picture_hash}.png" in sent.html
    assert sent.html.count("/d/") == sent.text.count("/d/") == 1
    for words in (design.code, "$12,480", "Ever & always"):
        assert words in sent.text
        assert words.replace("&", "&amp;") in sent.html


def test_her_pages_and_her_mail_show_the_code_that_the_counter_scans(
    client: Client, settings: Settings
) -> None:
    design = whole_ring(client)
    page = client.post(
        reverse("builder:save"), {"email": "ada@example.com"}, follow=True
    ).content.decode()
    mail = EmailMessage.objects.get()
    link = re.search(r"/d/[\w-]+/", mail.text)
    assert link

    for shown in (page, client.get(link[0]).content.decode()):
        assert f'aria-label="QR code of {design.code}"><svg' in shown
    assert f'src="{settings.SITE_URL}/codes/{design.code}.png"' in mail.html
    assert f'alt="QR code of {design.code}"' in mail.html


def test_a_code_is_drawn_for_a_mail_without_asking_the_database(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(0):
        response = client.get("/codes/OS-2345-67A.png")

    assert response["Content-Type"] == "image/png"
    assert response["Cache-Control"] == "public, max-age=31536000, immutable"
    assert Image.open(io.BytesIO(response.content)).width >= 264


@pytest.mark.parametrize("code", ["OS-2345-67B", "OS-2345", "ada@example.com", "%00", "x" * 300])
def test_a_misheard_code_is_not_drawn(client: Client, code: str) -> None:
    assert client.get(f"/codes/{code}.png").status_code == 404


def test_what_she_has_in_mind_is_kept_and_nonsense_is_refused(client: Client) -> None:
    choose(client, setting=SettingFactory().code)

    client.post(reverse("builder:intent"), {"budget": "10000", "style": "quiet", "timeline": ""})
    refused = client.post(reverse("builder:intent"), {"budget": "a yacht"}, follow=True)

    assert Design.objects.get().budget == "10000"
    assert "The budget is none of those we ask for." in refused.content.decode()


def test_stones_are_listed_with_their_twin_and_can_be_set(client: Client) -> None:
    stone = StoneFactory(store=StoreFactory(city="Boston"))

    shown = client.get(f"/diamonds/?open={stone.pk}").content.decode()

    assert "Profile of the stone: table 57 percent" in shown
    assert "In Boston" in shown
    assert "Set this stone" in shown


def test_a_stone_with_a_long_number_can_be_opened_and_set(client: Client) -> None:
    choose(client, setting=SettingFactory().code)
    StoneFactory(pk=1234567)

    shown = client.get("/diamonds/?open=1234567").content.decode()
    choose(client, stone="1234567")

    assert 'name="stone" value="1234567"' in shown
    assert Design.objects.get().stone_id == 1234567


def test_a_filter_that_says_nothing_is_named_and_the_others_hold(client: Client) -> None:
    StoneFactory(color="G")
    StoneFactory(color="D")

    response = client.get("/diamonds/?color=G&carat_min=lots&sort=luck")

    shown = response.content.decode()
    assert response.status_code == 400
    assert "&#x27;lots&#x27; is no amount; write one such as 1.50" in shown
    assert "&#x27;luck&#x27; is unknown" in shown
    assert "1 stone</b>" in shown


@pytest.mark.parametrize("facets", ["shape", "lab,cut", "luck"])
def test_the_page_counts_every_facet_whichever_an_address_asks_for(
    client: Client, facets: str
) -> None:
    StoneFactory(color="G", lab="GIA")

    response = client.get(f"/diamonds/?facets={facets}")

    assert response.status_code == 200
    assert list(response.context["facets"]) == list(search.FACETS)
    assert "facets" not in response.context["params"]


def test_the_bars_show_every_stone_on_offer_and_what_the_filter_takes() -> None:
    for carat, price in (("0.50", 1000), ("1.52", 12480), ("1.52", 12480), ("6.00", 90000)):
        StoneFactory(carat=carat, price=price)
    StoneFactory(carat="9.00", price=1, status="sold", sold_at=NOW)
    query = search.StoneQuery.from_params(QueryDict("carat_min=1&carat_max=2"))

    carat, price, *_ = histograms.spreads(query, now=NOW)

    assert (str(carat.least), str(carat.most)) == ("0.5", "6")
    assert (str(price.least), str(price.most)) == ("1000", "90000")
    assert [many for many in carat.stones if many] == [1, 2, 1]
    assert sum(price.stones) == 4
    drawn = bars.spread_bars(carat)
    assert drawn.count('class="in"') == 11  # from 1 to 2 carats
    assert bars.spread_bars(price).count('class="in"') == histograms.BARS


def test_stones_beyond_a_scale_s_ends_stand_in_its_last_bars() -> None:
    for table_pct in ("40.0", "57.0", "57.4", "95.0", None):
        StoneFactory(table_pct=table_pct)

    spreads = histograms.spreads(search.StoneQuery(), now=NOW)

    table = next(each for each in spreads if each.name == "table")
    assert (str(table.least), str(table.most)) == ("50", "80")
    assert (table.stones[0], table.stones[-1], sum(table.stones)) == (1, 1, 4)


def test_a_shop_of_one_stone_has_bars_too(client: Client) -> None:
    StoneFactory()

    assert len(histograms.spreads(search.StoneQuery(), now=NOW)) == 5
    assert client.get("/diamonds/").status_code == 200


def test_a_page_of_nothing_shows_the_way_back(client: Client) -> None:
    StoneFactory()

    shown = client.get("/diamonds/?carat_min=9").content.decode()

    assert "No stone is all of this at once" in shown


@pytest.mark.parametrize("stones", [1, 40])
def test_the_stone_list_asks_the_database_ten_times_at_most_however_long_it_is(
    client: Client, django_assert_max_num_queries: DjangoAssertNumQueries, stones: int
) -> None:
    """Whether the price book and the snapshot are still the newest is asked when it is time to."""
    StoneFactory.create_batch(stones, store=StoreFactory())

    with django_assert_max_num_queries(10):
        client.get("/diamonds/", headers={"sec-fetch-site": "same-origin"})


def test_filters_that_find_nothing_lead_to_the_nearest_that_do(client: Client) -> None:
    StoneFactory.create_batch(2, carat="1.40")

    shown = client.get("/diamonds/?carat_min=1.5&color=G").content.decode()

    assert "No stone is all of this at once" in shown
    way = re.search(r'class="link num" href="([^"]+)">([^<]+)</a><span[^>]*>([^<]+)', shown)
    assert way
    assert way[2] == "Carat from 1.4 ct"
    assert way[3] == "2 stones"
    found = client.get(f"/diamonds/{html.unescape(way[1])}").content.decode()
    assert "2 stones</b>" in found


def test_a_number_leads_straight_to_the_stone_and_says_how_it_sits(client: Client) -> None:
    choose(client, setting=SettingFactory().code)
    stone = StoneFactory(report_number="2141438171")
    StoneFactory.create_batch(2)

    shown = client.get("/diamonds/?number=GIA 2141 438 171").content.decode()

    assert "1 stone</b>" in shown
    assert f'id="stone-{stone.pk}"' in shown
    assert "unasked" not in shown
    assert "to spare" in shown
    assert "Two like it" in shown


def test_the_number_of_a_sold_stone_says_so_and_shows_what_is_like_it(client: Client) -> None:
    StoneFactory(report_number="2141438171", status="sold", sold_at=NOW)
    StoneFactory(price=12400)

    shown = client.get("/diamonds/?number=2141438171").content.decode()

    assert "sold on" in shown
    assert "One like it" in shown
    assert "$80 less" in shown


def test_a_number_that_nobody_has_is_said_and_nonsense_is_refused(client: Client) -> None:
    StoneFactory()

    assert (
        "No stone of ours has the number 77." in client.get("/diamonds/?number=77").content.decode()
    )
    refused = client.get("/diamonds/?number=%F0%9F%98%80")
    assert refused.status_code == 400
    assert "is no number of a report" in refused.content.decode()


def test_looking_at_fancy_colors_shows_hues_and_keeps_the_letters_for_later(client: Client) -> None:
    StoneFactory()
    StoneFactory(
        color="",
        fancy_color="Fancy vivid yellow",
        fancy_hue="yellow",
        fancy_intensity="fancy_vivid",
    )

    shown = client.get("/diamonds/?color=G&look=fancy").content.decode()

    assert "1 stone</b>" in shown
    assert "Fancy vivid yellow" in shown
    assert 'id="fancy_hue-yellow"' in shown
    assert 'id="color-G"' not in shown
    assert '<input type="hidden" name="color" value="G">' in shown
    back = re.search(r'href="([^"]*)"[^>]*>All</a>', shown)
    assert back
    assert back[1] == "?color=G"


def test_each_kind_of_stones_is_an_address(client: Client) -> None:
    StoneFactory(growth="lab")
    StoneFactory()

    shown = client.get("/diamonds/?shape=round&growth=lab").content.decode()

    assert "1 stone</b>" in shown
    assert re.search(r'aria-current="true"[^>]*>Lab-grown</a>', shown)
    assert '<input type="hidden" name="growth" value="lab">' in shown
    assert re.search(r'href="\?shape=round&amp;growth=natural"[^>]*>Natural</a>', shown)


def test_pages_follow_one_another_by_links_and_miss_no_stone(client: Client) -> None:
    StoneFactory.create_batch(30)
    address, seen, pages = "/diamonds/", [], 0

    while address:
        shown = client.get(address).content.decode()
        seen += re.findall(r'id="stone-(\d+)"', shown)
        following = re.search(r'rel="next" href="([^"#]+)', shown)
        address = f"/diamonds/{html.unescape(following[1])}" if following else ""
        pages += 1

    assert pages == 2
    assert len(seen) == len(set(seen)) == 30
    assert 'rel="prev"' in shown


def test_prices_on_request_are_not_to_be_found_out_by_filtering(
    client: Client, settings: Settings
) -> None:
    settings.PRICE_MODE = "on_request"
    StoneFactory(price=12345)

    shown = client.get("/diamonds/?price_max=20000")

    assert shown.status_code == 400
    words = shown.content.decode()
    assert "the list does not go by them" in words
    assert "12,345" not in words
    assert 'name="price_max"' not in words
    assert "Lowest price first" not in words


@pytest.mark.parametrize(
    "asked",
    [
        "ready_by=soon",
        "ready_by=2001-01-01",
        "carat_min=lots",
        "sort=luck",
        "after=x",
        "fancy_hue=mauve",
        "store=mars",
    ],
)
def test_a_refused_filter_is_named_in_words(client: Client, asked: str) -> None:
    StoneFactory()

    shown = client.get(f"/diamonds/?{asked}")

    assert shown.status_code == 400
    title = search.TITLES[asked.partition("=")[0]]
    assert f"<p>{title}: " in shown.content.decode()


def test_a_row_s_words_are_escaped_and_its_link_keeps_the_filters(client: Client) -> None:
    StoneFactory(store=StoreFactory(city="<b>Oz</b>"), lab="GIA", report_number="1&2")

    shown = client.get("/diamonds/?lab=GIA&sort=-price").content.decode()

    assert "In &lt;b&gt;Oz&lt;/b&gt;</span>" in shown
    assert "GIA 1&amp;2</td>" in shown
    assert 'href="?lab=GIA&amp;sort=-price&amp;open=' in shown


def test_a_known_picture_is_drawn_once_and_kept(client: Client, media: Path) -> None:
    whole_ring(client)
    client.get(reverse("builder:ring"), follow=True)
    known = Picture.objects.latest("id").hash

    first = client.get(f"/pictures/{known}.png?w=300")
    (kept,) = (media / "pictures").rglob("*.png")
    written = kept.stat().st_mtime_ns
    png = b"".join(first.streaming_content)  # type: ignore[attr-defined]
    again = client.get(f"/pictures/{known}.png?w=300")
    again.close()

    assert Image.open(io.BytesIO(png)).size == (300, 225)
    assert "immutable" in first["Cache-Control"]
    assert kept.stat().st_mtime_ns == written


def test_a_browser_is_given_a_lighter_picture_and_a_mail_program_the_png(
    client: Client, media: Path
) -> None:
    whole_ring(client)
    client.get(reverse("builder:ring"), follow=True)
    address = f"/pictures/{Picture.objects.latest('id').hash}.png?w=300"

    browser = client.get(address, headers={"accept": "image/avif,image/webp,*/*;q=0.8"})
    mail = client.get(address, headers={"accept": "*/*"})

    shown = [b"".join(each.streaming_content) for each in (browser, mail)]  # type: ignore[attr-defined]
    assert [Image.open(io.BytesIO(each)).format for each in shown] == ["WEBP", "PNG"]
    assert [each["Content-Type"] for each in (browser, mail)] == ["image/webp", "image/png"]
    assert browser["Vary"] == mail["Vary"] == "Accept"


@pytest.mark.parametrize("address", ["0" * 64, "..%2F..%2Fetc", "A" * 64, "short"])
def test_a_made_up_picture_is_never_drawn(client: Client, media: Path, address: str) -> None:
    assert client.get(f"/pictures/{address}.png").status_code == 404
    assert list(media.iterdir()) == []


@pytest.mark.parametrize("width", ["299", "9000", "-1", "x"])
def test_a_picture_has_three_sizes_only(client: Client, width: str) -> None:
    whole_ring(client)
    client.get(reverse("builder:ring"), follow=True)
    known = Picture.objects.latest("id").hash

    assert client.get(f"/pictures/{known}.png?w={width}").status_code == 404


def mailed_link() -> str:
    found = re.search(r"/d/[\w-]+/", EmailMessage.objects.get().text)
    assert found
    return found[0]


@pytest.mark.parametrize("taken_back", ["setting", "stone", "ring_size"])
def test_a_saved_ring_of_which_something_was_taken_back_still_opens(
    client: Client, taken_back: str
) -> None:
    whole_ring(client)
    client.post(reverse("builder:save"), {"email": "ada@example.com"})
    link = mailed_link()
    choose(client, **{taken_back: ""})
    for opened in (client.get(link), client.get(reverse("builder:saved"))):
        assert opened.status_code == 200
    said = Client().get(link).content.decode()
    assert "Still open: the " in said or "Still open: your size" in said
    assert "not promised" not in said


def test_a_mailed_link_says_when_the_price_on_it_is_not_the_promised_one(client: Client) -> None:
    whole_ring(client)
    client.post(reverse("builder:save"), {"email": "ada@example.com"})
    link = mailed_link()
    assert "not promised" not in client.get(link).content.decode()
    choose(client, ring_size="7")
    assert "not promised" in client.get(link).content.decode()


def test_a_link_that_nobody_made_is_gone_in_the_house_s_words(client: Client) -> None:
    for response in (client.get("/d/forged/"), client.post("/d/forged/")):
        assert response.status_code == 410
        assert "This link no longer opens" in response.content.decode()


def test_an_unknown_address_is_answered_in_the_house_s_words(client: Client) -> None:
    response = client.get("/no/such/page/")

    assert response.status_code == 404
    assert "There is nothing at this address" in response.content.decode()


def test_a_broken_page_is_answered_in_the_house_s_words(client: Client, settings: Settings) -> None:
    settings.ROOT_URLCONF = "tests.builder.broken_urls"
    client.raise_request_exception = False

    response = client.get("/broken/")

    assert response.status_code == 500
    assert "Something slipped on our side" in response.content.decode()


def test_no_page_needs_the_broker(client: Client, settings: Settings) -> None:
    settings.CELERY_BROKER_URL = "redis://127.0.0.1:1/0"
    settings.CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": "redis://127.0.0.1:1/0",
        }
    }
    whole_ring(client)

    for name in ("home", "rings", "diamonds", "ring", "summary", "saved"):
        assert client.get(reverse(f"builder:{name}"), follow=True).status_code == 200
    assert client.post(reverse("builder:save"), {"email": "ada@example.com"}).status_code == 302


def test_settings_that_do_not_hold_her_stone_stand_last_with_their_reason(
    client: Client,
) -> None:
    choose(client, stone=StoneFactory().pk)
    SettingFactory(name="The Alba", code="alba")
    SettingFactory(
        name="The Small", code="small", head_min_width_mm="4.00", head_max_width_mm="5.00"
    )

    shown = client.get("/rings/").content.decode()

    assert "One that would not hold it" in shown
    assert shown.index("The Alba</h2>") < shown.index("One that would not hold it")
    assert shown.index("One that would not hold it") < shown.index("The Small</h2>")


def test_a_setting_s_price_is_the_least_of_its_metals_until_one_is_chosen(client: Client) -> None:
    dear = MetalFactory(
        code="platinum", name="platinum", family="platinum", price_per_gram="900.00"
    )
    SettingFactory(code="alba", metals=[MetalFactory(), dear])

    prices = [
        re.findall(r'price num">(.*?)</span>', client.get(address).content.decode())[0]
        for address in ("/rings/", "/rings/?metal=18k-yellow", "/rings/?metal=platinum")
    ]

    assert prices[0] == f"<small>from </small>{prices[1]}"
    assert prices[2] != prices[1]


def test_alloys_of_one_color_stand_together_and_each_is_named_in_full(client: Client) -> None:
    metals = [
        MetalFactory(),
        MetalFactory(code="14k-yellow", name="14 k yellow gold", position=1),
        MetalFactory(code="platinum", name="platinum", family="platinum", position=2),
    ]
    SettingFactory(metals=metals)

    shown = client.get("/rings/").content.decode()

    assert shown.count('class="metal"') == 2
    for name in ("18 k yellow gold", "14 k yellow gold", "Platinum"):
        assert f'aria-label="{name}"' in shown


def test_an_opened_stone_says_where_its_price_stands_among_those_like_it(client: Client) -> None:
    for number in range(12):
        StoneFactory(price=12000 + 100 * number)
    cheap = StoneFactory(price=11000)

    shown = client.get(f"/diamonds/?open={cheap.pk}").content.decode()

    assert "Lower than most like it." in shown
    assert "Half of the 12 like it ask between $12,275 and $12,825" in shown
    assert 'aria-label="Costs less than 100 of 100 comparable stones' in shown


def test_the_price_bar_says_for_how_long_a_price_is_held(
    client: Client, settings: Settings
) -> None:
    settings.PRICE_PROMISE_DAYS = 21
    whole_ring(client)
    assert "We hold the price for 21 days." in client.get("/ring/", follow=True).content.decode()
    settings.PRICE_MODE = "on_request"
    assert "We hold the price" not in client.get("/ring/", follow=True).content.decode()


def test_the_ring_s_page_says_what_its_engraving_takes(client: Client) -> None:
    choose(
        client,
        setting=SettingFactory(
            engraving_price="60", engraving_symbols=False, engraving_limit=12
        ).code,
    )

    shown = client.get("/ring/", follow=True).content.decode()

    assert "of 12 characters, $60" in shown
    assert "Plain letters, digits and points." in shown


def test_an_engraving_is_the_same_on_the_page_and_in_the_api(client: Client) -> None:
    setting = SettingFactory(engraving_limit=6)
    choose(client, setting=setting.code)
    typed = " Re\u0301ne\u0301 \u200b ❤\ufe0f"
    choose(client, engraving=typed)
    assert Design.objects.get().engraving == "Réné ♥"
    answer = client.get("/api/v1/ring/", {"setting": setting.code, "engraving": typed})
    assert answer.status_code == 200


def test_a_ring_that_cannot_be_engraved_says_so(client: Client) -> None:
    choose(client, setting=SettingFactory(engraving_limit=0).code)

    shown = client.get("/ring/", follow=True).content.decode()

    assert "no room inside for an engraving" in shown
    assert 'name="engraving"' not in shown


def test_bands_that_lie_flush_come_first_on_the_summary(client: Client) -> None:
    whole_ring(client)
    for position, (name, thickness, profile) in enumerate(
        (
            ("The High", "3.00", "straight"),
            ("The Low", "1.20", "straight"),
            ("The Bow", "3.00", "curved"),
        )
    ):
        Band.objects.create(
            code=f"band-{position}",
            name=name,
            width_mm="2.00",
            thickness_mm=thickness,
            profile=profile,
            position=position,
        )

    shown = client.get("/ring/summary/", follow=True).content.decode()

    names = re.findall(r'<div class="ft"><h3>([^<]+)', shown)
    assert names == ["The Low", "The Bow", "The High"]
    assert "working days at our bench" in shown
