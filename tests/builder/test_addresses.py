"""The pages of a ring at its own address: hers, an earlier one, and one that somebody sent."""

from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from builder import states
from builder.models import Band, Design, Picture, Setting, Stone
from jeweler.models import OutboxEvent
from tests.factories.builder import HeadFactory, SettingFactory, StoneFactory
from tests.factories.jeweler import NOW

pytestmark = pytest.mark.django_db

NOT_HERS = "This is not the ring you were last at."


@pytest.fixture
def client() -> Client:
    return Client(headers={"user-agent": "Mozilla/5.0 (Macintosh) Safari/605"})


def choose(client: Client, **fields: object) -> str:
    """Post choices; the address that follows."""
    response = client.post(reverse("builder:choose"), fields)
    assert response.status_code == 302
    return str(response["Location"])


def whole_ring(client: Client, **more: object) -> Design:
    choose(client, setting=SettingFactory(code="alba", **more).code)
    choose(client, stone=StoneFactory().pk, ring_size="6", engraving="Ever")
    return Design.objects.select_related("setting", "metal", "stone", "band").get()


def source_on(page: str) -> str:
    """The hidden field of a page that shows another ring than hers."""
    before, _, after = page.partition('name="from" value="')
    assert after, before[-300:]
    return after.partition('"')[0].replace("&amp;", "&")


def test_the_ring_s_page_and_the_summary_lead_to_the_address_of_her_ring(client: Client) -> None:
    design = whole_ring(client)
    said = f"?setting=alba&metal=18k-yellow&stone={design.stone_id}&size=6&engraving=Ever"
    assert client.get("/ring/")["Location"] == f"/ring/{said}"
    assert client.get("/ring/summary/")["Location"] == f"/ring/summary/{said}"
    page = client.get(f"/ring/{said}")
    assert page.status_code == 200
    assert NOT_HERS not in page.content.decode()
    assert page["Cache-Control"] == "private, no-store"


def test_a_choice_leads_to_the_address_of_the_ring_as_it_then_is(client: Client) -> None:
    design = whole_ring(client)
    assert choose(client, ring_size="7") == (
        f"/ring/?setting=alba&metal=18k-yellow&stone={design.stone_id}&size=7&engraving=Ever"
    )
    assert choose(client, engraving="", next="summary") == (
        f"/ring/summary/?setting=alba&metal=18k-yellow&stone={design.stone_id}&size=7"
    )


def test_an_earlier_ring_is_shown_as_it_was_and_changes_nothing_until_she_takes_it(
    client: Client,
) -> None:
    design = whole_ring(client)
    earlier = states.address(design)
    choose(client, ring_size="7", engraving="")
    page = client.get(earlier).content.decode()
    assert NOT_HERS in page
    assert "US 6, UK L½, EU 52" in page
    assert Design.objects.get().ring_size == 7
    later = choose(client, **{"from": source_on(page), "engraving": "Now"})
    taken = Design.objects.get()
    assert (taken.ring_size, taken.engraving) == (6, "Now")
    assert (
        later
        == f"/ring/?setting=alba&metal=18k-yellow&stone={design.stone_id}&size=6&engraving=Now"
    )


def test_the_button_takes_an_earlier_ring_up_as_it_was(client: Client) -> None:
    design = whole_ring(client)
    earlier = states.address(design)
    choose(client, ring_size="7", engraving="")
    choose(client, **{"from": source_on(client.get(earlier).content.decode())})
    assert states.address(Design.objects.get()) == earlier


def test_a_ring_that_somebody_sent_becomes_a_new_design_and_hers_is_kept(client: Client) -> None:
    mine = whole_ring(client)
    sent = f"setting={SettingFactory(code='lune', name='The Lune').code}&stone={StoneFactory().pk}&size=5"
    page = client.get(f"/ring/?{sent}").content.decode()
    assert "The Lune</h1>" in page
    choose(client, **{"from": source_on(page), "ring_size": "5.5"})
    new = Design.objects.exclude(pk=mine.pk).get()
    assert new.setting is not None
    assert (new.setting.code, new.ring_size) == ("lune", Decimal("5.5"))
    assert Design.objects.get(pk=mine.pk).ring_size == 6


def test_a_saved_ring_is_never_changed_from_an_earlier_address(client: Client) -> None:
    mine = whole_ring(client)
    Design.objects.update(saved_at=NOW)
    choose(client, **{"from": f"setting=alba&stone={mine.stone_id}&size=8"})
    assert Design.objects.get(pk=mine.pk).ring_size == 6
    assert Design.objects.exclude(pk=mine.pk).get().ring_size == 8


def test_two_tabs_of_one_ring_each_change_only_what_they_chose(client: Client) -> None:
    design = whole_ring(client)
    address = states.address(design)
    first, second = (client.get(address).content.decode() for _ in range(2))
    assert 'name="from"' not in first + second
    choose(client, ring_size="7")
    choose(client, engraving="Always")
    kept = Design.objects.get()
    assert (kept.ring_size, kept.engraving) == (7, "Always")


def test_a_stranger_sees_a_ring_without_leaving_anything_behind(client: Client) -> None:
    setting, stone = SettingFactory(code="alba"), StoneFactory()
    said = f"setting={setting.code}&stone={stone.pk}&size=6"
    for page in ("/ring/", "/ring/summary/"):
        shown = client.get(f"{page}?{said}")
        assert shown.status_code == 200
        assert "1.52 ct" in shown.content.decode()
    assert not Design.objects.exists()
    assert not OutboxEvent.objects.exists()
    choose(client, **{"from": said, "ring_size": "7"})
    assert Design.objects.get().ring_size == 7


def test_the_summary_of_another_ring_completes_nothing(client: Client) -> None:
    design = whole_ring(client)
    other = states.address(design, page="builder:summary").replace("size=6", "size=7")
    page = client.get(other).content.decode()
    assert NOT_HERS in page
    assert "Go on with this ring" in page
    assert "Save my design" not in page
    assert Design.objects.get().completed_at is None


def test_a_sold_stone_in_an_address_says_so_and_its_twin_is_set_with_the_rest_of_the_ring(
    client: Client,
) -> None:
    setting, sold, twin = SettingFactory(code="alba"), StoneFactory(), StoneFactory(price="12100")
    Stone.objects.filter(pk=sold.pk).update(status="sold", sold_at=NOW)
    page = client.get(f"/ring/?setting={setting.code}&stone={sold.pk}&size=6.5").content.decode()
    assert "This stone was sold." in page
    assert f'value="{twin.pk}"' in page
    choose(client, **{"from": source_on(page), "stone": twin.pk})
    taken = Design.objects.get()
    assert (taken.stone, taken.ring_size) == (twin, Decimal("6.5"))


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("setting=gone", 400),
        ("setting=alba&metal=tin&size=nine", 200),
        ("stone=%00&setting=%00", 400),
        ("engraving=" + "x" * 5000, 400),
        ("utm_source=google", 200),
        ("setting=alba&" * 1100, 400),
    ],
)
def test_nonsense_in_an_address_is_answered_with_a_page_in_words(
    client: Client, query: str, status: int
) -> None:
    SettingFactory(code="alba")
    for page in ("/ring/", "/ring/summary/", "/ring/sizes/"):
        answer = client.get(f"{page}?{query}")
        assert answer.status_code in {status, 200}
        assert "<h1>" in answer.content.decode()
    assert client.get(f"/ring/?{query}").status_code == status


@pytest.mark.parametrize("source", ["x" * 5000, "setting=gone", "\0", "setting=alba&" * 70])
def test_a_page_s_ring_that_cannot_be_read_is_refused_and_nothing_is_lost(
    client: Client, source: str
) -> None:
    design = whole_ring(client)
    answer = client.post("/ring/choose/", {"from": source, "ring_size": "7"}, follow=True)
    kept = Design.objects.get(pk=design.pk)
    assert answer.status_code == 200
    assert (kept.ring_size == 6) == ("setting=alba" not in source)


# What of the band is chosen.


def test_width_and_accents_are_chosen_on_the_ring_s_page_and_priced(client: Client) -> None:
    whole_ring(
        client, widths_mm=["2.4"], band_accents=["half"], accent_mm="1.30", stones={"halo": "1.20"}
    )
    page = client.get("/ring/", follow=True).content.decode()
    assert 'name="width" value="2.4"' in page
    assert 'name="accents" value="half"' in page
    assert choose(client, width="2.4", accents="half").endswith(
        "size=6&width=2.4&accents=half&engraving=Ever"
    )
    page = client.get("/ring/", follow=True).content.decode()
    assert "18 diamonds of 1.3 mm" in page
    assert "Half pavé" in page
    assert '"width_mm": 2.4' in page
    choose(client, width="1.9", accents="none")
    kept = Design.objects.get()
    assert (kept.width_mm, kept.accents) == (None, "")


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"width": "2.4"}, "is not made 2.4 mm wide; choose 1.9 mm."),
        ({"width": "wide"}, "This is no width that a band has."),
        ({"accents": "full"}, "is not made with these diamonds along its band; choose none."),
        ({"accents": "some"}, "We do not set diamonds this way."),
        ({"band": "none-such"}, "We no longer make this band."),
    ],
)
def test_what_the_band_cannot_be_is_refused_with_a_word(
    client: Client, fields: dict[str, str], words: str
) -> None:
    whole_ring(client)
    assert words in client.get(choose(client, **fields), follow=True).content.decode()
    kept = Design.objects.get()
    assert (kept.width_mm, kept.accents, kept.band) == (None, "", None)


def test_another_setting_keeps_what_of_the_band_it_offers_and_says_what_it_does_not(
    client: Client,
) -> None:
    more = {"widths_mm": ["2.4"], "band_accents": ["half"], "accent_mm": "1.30"}
    whole_ring(client, stones={"halo": "1.20"}, **more)
    choose(client, width="2.4", accents="half")
    SettingFactory(code="lune", name="The Lune", **more)
    SettingFactory(code="vesper", name="The Vesper", shank_width_mm="2.00")
    page = client.get(choose(client, setting="lune"), follow=True).content.decode()
    assert "The Lune is not made" not in page
    assert Design.objects.get().width_mm == Decimal("2.4")
    page = client.get(choose(client, setting="vesper"), follow=True).content.decode()
    assert "The Vesper is not made 2.4 mm wide; yours is 2.0 mm now." in page
    assert "The Vesper does not have the diamonds you chose along its band" in page
    kept = Design.objects.get()
    assert (kept.width_mm, kept.accents) == (None, "")


# Refusals with a way out.


def test_a_stone_that_does_not_fit_is_refused_with_the_settings_that_hold_it_as_buttons(
    client: Client,
) -> None:
    whole_ring(client)
    SettingFactory(
        code="grand", name="The Grand", head_min_width_mm="8.00", head_max_width_mm="9.50"
    )
    large = StoneFactory(carat="2.51", length_mm="8.82", width_mm="8.76", depth_mm="5.40")
    page = client.get(choose(client, stone=large.pk), follow=True).content.decode()
    assert "is 8.76 mm wide" in page
    assert '<button class="link" name="setting" value="grand">The Grand</button>' in page
    assert f'name="stone" value="{large.pk}"' in page
    choose(client, setting="grand", stone=large.pk)
    kept = Design.objects.select_related("setting").get()
    assert kept.setting is not None
    assert (kept.setting.code, kept.stone, kept.engraving) == ("grand", large, "Ever")


def test_a_setting_that_does_not_hold_her_stone_may_be_taken_with_another_stone(
    client: Client,
) -> None:
    whole_ring(client)
    SettingFactory(
        code="small", name="The Small", head_min_width_mm="4.00", head_max_width_mm="5.00"
    )
    page = client.get(choose(client, setting="small"), follow=True).content.decode()
    assert "Take the Small and choose another stone" in page
    assert choose(client, setting="small", stone="") == "/diamonds/?fits=small"
    kept = Design.objects.select_related("setting").get()
    assert kept.setting is not None
    assert (kept.setting.code, kept.stone, kept.ring_size, kept.engraving) == (
        "small",
        None,
        6,
        "Ever",
    )


def test_a_size_outside_the_setting_s_is_refused_with_those_made_in_it(client: Client) -> None:
    whole_ring(client)
    SettingFactory(code="broad", name="The Broad", max_size="12")
    page = client.get(choose(client, ring_size="12"), follow=True).content.decode()
    assert "sizes 3 to 10, not in 12" in page
    assert 'value="broad">The Broad</button>' in page
    choose(client, setting="broad", ring_size="12")
    assert Design.objects.get().ring_size == 12


def test_a_setting_not_made_in_her_size_says_so_before_it_is_chosen(client: Client) -> None:
    whole_ring(client)
    choose(client, ring_size="9")
    SettingFactory(code="slim", name="The Slim", max_size="8")
    page = client.get("/rings/").content.decode()
    assert "We make this ring in sizes 3 to 8, not in 9." in page
    assert "Take the Slim and choose another size" in page
    choose(client, stone="")
    assert "not in 9" in client.get(choose(client, setting="slim"), follow=True).content.decode()
    choose(client, setting="slim", ring_size="")
    kept = Design.objects.select_related("setting").get()
    assert kept.setting is not None
    assert (kept.setting.code, kept.ring_size) == ("slim", None)


def test_a_fix_and_its_price_are_said_where_the_setting_is_chosen(client: Client) -> None:
    choose(client, stone=StoneFactory(width_mm="8.60", length_mm="8.70", depth_mm="5.10").pk)
    HeadFactory(
        setting=SettingFactory(code="alba", head_code="six"), code="four", prongs=4, position=1,
        min_width_mm="7.50", max_width_mm="9.20", extra_price="40", extra_days=3,
    )  # fmt: skip
    # The head is $40 more; two prongs fewer take less platinum.
    assert "The four-prong head fits: +$31, +3 days." in client.get("/rings/").content.decode()


def test_an_engraving_that_is_refused_stays_in_its_field(client: Client) -> None:
    whole_ring(client)
    page = client.get(choose(client, engraving="Ever 💎"), follow=True).content.decode()
    assert "We cannot engrave 💎; leave it out." in page
    assert 'name="engraving" value="Ever 💎"' in page
    assert Design.objects.get().engraving == "Ever"


# The band beside it, and the sizes.


def test_a_wedding_band_is_laid_beside_the_ring_and_its_price_stands_apart(client: Client) -> None:
    design = whole_ring(client)
    Band.objects.create(
        code="plain", name="Plain", width_mm="2.00", thickness_mm="1.60", profile="straight"
    )
    plain = client.get("/ring/summary/", follow=True).content.decode()
    after = choose(client, band="plain", next="summary")
    assert after == states.address(design, page="builder:summary") + "&band=plain"
    page = client.get(after).content.decode()
    assert "With the plain band beside it" in page
    assert "Take the band away" in page
    total = '<td><span class="price">'
    assert page.partition(total)[2][:10] == plain.partition(total)[2][:10]
    assert any("beside" in picture.description for picture in Picture.objects.all())
    choose(client, band="", next="summary")
    assert Design.objects.get().band is None


@pytest.mark.parametrize(
    ("missing", "words"),
    [
        ([], "All proportions are from its report."),
        (["crown_angle", "girdle_pct"], "Table and pavilion angle from its report; crown angle and girdle as usual"),
        (["table_pct", "crown_angle", "pavilion_angle", "girdle_pct"], "Its report gives no proportions"),
    ],
)  # fmt: skip
def test_the_pages_say_which_proportions_are_the_report_s(
    client: Client, missing: list[str], words: str
) -> None:
    whole_ring(client)
    Stone.objects.update(**dict.fromkeys(missing))
    for page in ("/ring/", "/ring/summary/"):
        assert words in client.get(page, follow=True).content.decode()


def test_where_the_stone_s_price_stands_is_on_the_summary(client: Client) -> None:
    whole_ring(client)
    for number in range(30):
        StoneFactory(price=9000 + 200 * number)
    page = client.get("/ring/summary/", follow=True).content.decode()
    assert "Against its market." in page


def test_the_size_guide_leads_back_to_the_ring_with_the_size(client: Client) -> None:
    design = whole_ring(client)
    page = client.get(
        f"/ring/sizes/{states.address(design).removeprefix('/ring/')}"
    ).content.decode()
    for words in ("L½", "52", "16.5 mm", "51.9 mm", "Back to your ring", "bank card"):
        assert words in page
    assert choose(client, size_said="54.4", size_system="mm").startswith("/ring/?setting=alba")
    assert Design.objects.get().ring_size == 7


def test_a_stranger_reads_the_size_guide(client: Client) -> None:
    assert client.get("/ring/sizes/").status_code == 200
    assert not Setting.objects.exists()
