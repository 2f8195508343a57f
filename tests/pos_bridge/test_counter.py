from datetime import timedelta
from decimal import Decimal

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from builder import codes, lookup, saving, sharing
from builder.models import Design, DesignLookup, Stone
from jeweler import customers, tokens
from jeweler.models import AuditEntry, Customer, OutboxEvent, StaffMember, Store
from tests.factories import pos_bridge as tills
from tests.factories.builder import DesignFactory, HeadFactory, SettingFactory, StoneFactory
from tests.factories.jeweler import StaffMemberFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def store() -> Store:
    return tills.open_store()


@pytest.fixture
def marisol(store: Store) -> StaffMember:
    return StaffMemberFactory(stores=[store])


@pytest.fixture
def clara() -> Customer:
    return customers.identify(
        email="clara@example.com",
        phone="+12125550142",
        first_name="Clara",
        last_name="Whitcombe",
        source="design",
        now=tills.NOW,
    )


def at_the_counter(member: StaffMember) -> Client:
    client = Client()
    client.force_login(member.user)
    return client


def test_the_field_finds_a_design_by_the_whole_address(
    marisol: StaffMember, clara: Customer
) -> None:
    tills.saved_design(customer=clara)

    page = at_the_counter(marisol).get("/admin/counter/", {"q": " Clara@Example.com "})

    assert tills.CODE in page.content.decode()
    assert "C. W." in page.content.decode()


def test_the_list_does_not_say_whose_design_it_is(marisol: StaffMember, clara: Customer) -> None:
    tills.saved_design(customer=clara)

    page = at_the_counter(marisol).get("/admin/counter/", {"q": "(212) 555-0142"}).content.decode()

    assert tills.CODE in page
    assert "Whitcombe" not in page
    assert "clara@" not in page


@pytest.mark.parametrize(
    "text", ["clara", "clara@", "@example.com", "555", "OS-2345", "%", "_", "*"]
)
def test_a_part_of_an_address_a_number_or_a_code_finds_nothing(
    marisol: StaffMember, clara: Customer, text: str
) -> None:
    tills.saved_design(customer=clara)

    page = at_the_counter(marisol).get("/admin/counter/", {"q": text})

    assert page.status_code == 200
    assert tills.CODE not in page.content.decode()


@pytest.mark.parametrize("typed", ["OS-2345-67A", "os 2345 67a", "0S-2345-67A", "234567A"])
def test_a_code_opens_its_design_at_once(marisol: StaffMember, clara: Customer, typed: str) -> None:
    tills.saved_design(customer=clara)

    page = at_the_counter(marisol).get("/admin/counter/", {"q": typed}, follow=True)

    assert page.redirect_chain == [(f"/admin/counter/{tills.CODE}/?key=code", 302)]
    assert "Clara Whitcombe" in page.content.decode()


def test_a_scanned_qr_opens_its_design_and_says_so(marisol: StaffMember, clara: Customer) -> None:
    tills.saved_design(customer=clara)
    scanned = codes.scanned_address(code=tills.CODE, site=settings.SITE_URL)

    at_the_counter(marisol).get("/admin/counter/", {"q": scanned}, follow=True)

    assert DesignLookup.objects.get().key == "qr"


def test_what_is_scanned_leads_to_the_counter() -> None:
    assert codes.scanned_address(code=tills.CODE, site="https://osmere.example") == (
        f"https://osmere.example{reverse('counter')}?q={tills.CODE}&key=qr"
    )


def test_an_opened_design_shows_exactly_what_was_saved(
    marisol: StaffMember, clara: Customer
) -> None:
    tills.saved_design(customer=clara)

    page = at_the_counter(marisol).get(f"/admin/counter/{tills.CODE}/").content.decode()

    for shown in [
        "The Alba",
        "18 k yellow gold",
        "1.52 ct round, G, VS1, excellent cut",
        "GIA 2216048137",
        "US 6",
        "C &amp; J",
        "$15,490",
        "$12,480",
        "included",
        "Price kept until 5 December",
        "The stone is at its supplier’s",
        "1.90 mm wide, no diamonds along it",
        "QR code of OS-2345-67A",
    ]:
        assert shown in page, shown


def test_a_ring_is_shown_with_its_head_its_fit_and_what_its_price_was_made_from(
    marisol: StaffMember, store: Store
) -> None:
    setting = SettingFactory(head_code="six", head_setting_fee="90")
    HeadFactory(
        setting=setting, code="four", position=1, prongs=4, metal_family="platinum", min_width_mm="7.50",
        max_width_mm="9.20", extra_price="40", extra_days=3,
    )  # fmt: skip
    large = StoneFactory(width_mm="8.76", length_mm="8.80", depth_mm="5.40", carat=Decimal("2.51"))
    design = DesignFactory(setting=setting, stone=large)
    saving.save(
        design=design, email="ada@example.com", visitor=None, is_discreet=False, now=timezone.now()
    )

    page = at_the_counter(marisol).get(f"/admin/counter/{design.code}/").content.decode()

    for words in ("four-prong head, platinum", "The four-prong head fits:", "+3 days", "12480.00"):
        assert words in page, words


def test_prices_are_told_in_the_house_s_currency_whatever_the_store_s_till_takes(
    marisol: StaffMember, store: Store, clara: Customer
) -> None:
    Store.objects.update(currency="GBP")
    tills.saved_design(customer=clara)
    page = at_the_counter(marisol).get(f"/admin/counter/{tills.CODE}/").content.decode()
    assert "$15,490" in page
    assert "£" not in page


def test_a_version_that_costs_less_says_how_much(marisol: StaffMember) -> None:
    design = DesignFactory(engraving="", stone=StoneFactory(price="9000"))
    said = {"email": "ada@example.com", "visitor": None, "is_discreet": False}
    saving.save(design=design, now=timezone.now(), **said)
    Stone.objects.update(price="8000")
    saving.save(design=design, now=timezone.now(), **said)
    page = at_the_counter(marisol).get(f"/admin/counter/{design.code}/").content.decode()
    assert "$1,000 less than version 1" in page


def test_her_addresses_stay_covered_until_somebody_asks_and_is_noted(
    marisol: StaffMember, clara: Customer
) -> None:
    tills.saved_design(customer=clara)
    counter = at_the_counter(marisol)

    covered = counter.get(f"/admin/counter/{tills.CODE}/").content.decode()
    assert "cl…@…ple.com" in covered
    assert "…0142" in covered
    assert "clara@example.com" not in covered

    whole = counter.post(f"/admin/counter/{tills.CODE}/reach/").content.decode()
    assert "clara@example.com" in whole
    assert AuditEntry.objects.get(action="customer.uncovered").subject == f"customer:{clara.pk}"


def test_an_address_is_not_uncovered_before_the_design_was_opened(
    marisol: StaffMember, clara: Customer
) -> None:
    tills.saved_design(customer=clara)

    answer = at_the_counter(marisol).post(f"/admin/counter/{tills.CODE}/reach/")

    assert answer.status_code == 302
    assert not AuditEntry.objects.filter(action="customer.uncovered").exists()


def test_every_look_up_and_opening_is_written_down(
    marisol: StaffMember, clara: Customer, store: Store
) -> None:
    design = tills.saved_design(customer=clara)

    at_the_counter(marisol).get("/admin/counter/", {"q": tills.CODE}, follow=True)

    opened = DesignLookup.objects.get()
    assert (opened.design, opened.staff, opened.store) == (design, marisol, store)
    asked = AuditEntry.objects.filter(action="design.searched", actor=marisol.user)
    assert [entry.detail for entry in asked] == [{"by": "code", "found": 1}] * 2
    names = OutboxEvent.objects.values_list("name", flat=True)
    assert list(names).count("builder.DesignLookedUp") == 1


def test_a_link_from_her_mail_that_is_scanned_opens_its_design(
    marisol: StaffMember, clara: Customer
) -> None:
    design = tills.saved_design(customer=clara)
    token, token_hash = tokens.issue()
    design.links.create(
        purpose="resume",
        token_hash=token_hash,
        created_at=timezone.now(),
        expires_at=timezone.now() + timedelta(days=1),
    )

    text = {"q": f"http://localhost:8000/d/{token}/"}
    page = at_the_counter(marisol).get("/admin/counter/", text, follow=True)

    assert page.redirect_chain == [(f"/admin/counter/{tills.CODE}/?key=qr", 302)]


def test_loading_the_page_again_is_no_second_opening(marisol: StaffMember, clara: Customer) -> None:
    tills.saved_design(customer=clara)
    counter = at_the_counter(marisol)

    for _ in range(3):
        counter.get(f"/admin/counter/{tills.CODE}/")

    assert DesignLookup.objects.count() == 1
    assert AuditEntry.objects.filter(action="design.opened").count() == 3


def test_another_stores_design_does_not_exist_and_asking_for_it_is_noted(
    marisol: StaffMember, clara: Customer
) -> None:
    design = tills.saved_design(customer=clara, store=tills.open_store(code="boston-newbury"))
    counter = at_the_counter(marisol)

    theirs = counter.get(f"/admin/counter/{tills.CODE}/")
    nobodys = counter.get("/admin/counter/OS-2345-68G/")

    assert theirs.status_code == nobodys.status_code == 404
    assert not DesignLookup.objects.exists()
    refused = AuditEntry.objects.get(action="design.refused")
    assert (refused.actor, refused.subject) == (marisol.user, f"design:{design.pk}")
    by_address = counter.get("/admin/counter/", {"q": "clara@example.com"}).content.decode()
    assert tills.CODE not in by_address


def test_too_many_look_ups_in_an_hour_are_stopped_with_a_clear_word(
    marisol: StaffMember,
) -> None:
    counter = at_the_counter(marisol)
    AuditEntry.objects.bulk_create(
        AuditEntry(at=timezone.now(), actor=marisol.user, action="design.searched", subject="x")
        for _ in range(lookup.LOOKUPS_AN_HOUR)
    )

    page = counter.get("/admin/counter/", {"q": "clara@example.com"})

    assert page.status_code == 429
    assert f"That were {lookup.LOOKUPS_AN_HOUR} look-ups in one hour." in page.content.decode()


def test_too_many_openings_in_an_hour_are_stopped_too(
    marisol: StaffMember, clara: Customer, store: Store
) -> None:
    other = tills.saved_design(customer=None, code="OS-2345-68G")
    DesignLookup.objects.bulk_create(
        DesignLookup(design=other, store=store, staff=marisol, key="code", opened_at=timezone.now())
        for _ in range(lookup.OPENINGS_AN_HOUR)
    )
    tills.saved_design(customer=clara, its_stone=other.stone)

    page = at_the_counter(marisol).get(f"/admin/counter/{tills.CODE}/")

    assert page.status_code == 429
    assert "Whitcombe" not in page.content.decode()


def test_a_member_of_several_stores_says_where_she_is(clara: Customer, store: Store) -> None:
    boston = tills.open_store(code="boston-newbury", name="Boston")
    daniel = StaffMemberFactory(role=StaffMember.Role.MANAGER, stores=[store, boston])
    tills.saved_design(customer=clara)
    counter = at_the_counter(daniel)

    assert "Where are you today?" in counter.get("/admin/counter/").content.decode()
    counter.get(f"/admin/counter/{tills.CODE}/")
    assert not DesignLookup.objects.exists()

    counter.post("/admin/counter/store/", {"store": "boston-newbury"})
    counter.get(f"/admin/counter/{tills.CODE}/")

    assert DesignLookup.objects.get().store == boston


def test_nobody_stands_in_a_store_that_is_not_hers(marisol: StaffMember) -> None:
    tills.open_store(code="boston-newbury")

    answer = at_the_counter(marisol).post("/admin/counter/store/", {"store": "boston-newbury"})

    assert answer.status_code == 403


@pytest.mark.parametrize(
    "text",
    [
        "http://[::1",
        "http://[/d/x/",
        "https://?q=%00",
        "\0",
        "a\0@b.de",
        "\u202e",
        "x" * 5000,
        "<b>",
    ],
)
def test_nonsense_in_the_field_is_answered_with_the_way_out(
    marisol: StaffMember, text: str
) -> None:
    page = at_the_counter(marisol).get("/admin/counter/", {"q": text})
    assert page.status_code == 200
    assert "address" in page.content.decode()


def test_the_counter_is_not_for_a_marketer() -> None:
    member = StaffMemberFactory(role=StaffMember.Role.MARKETER, sees_all_stores=True)

    assert at_the_counter(member).get("/admin/counter/").status_code == 403


def test_an_anonymous_visitor_is_sent_to_log_in() -> None:
    answer = Client().get("/admin/counter/", {"q": tills.CODE})

    assert answer.status_code == 302
    assert answer["Location"].startswith("/admin/login/")


def test_an_earlier_version_and_what_changed_can_be_seen(
    marisol: StaffMember, clara: Customer
) -> None:
    versions = [{"engraving": "first", "price": Decimal(15000)}, {}]
    tills.saved_design(customer=clara, versions=versions)
    counter = at_the_counter(marisol)

    latest = counter.get(f"/admin/counter/{tills.CODE}/").content.decode()
    assert "Engraving “C &amp; J”, before “first”" in latest
    assert "$490 more than version 1" in latest

    earlier = counter.get(f"/admin/counter/{tills.CODE}/", {"version": "1"}).content.decode()
    assert "<em>first</em>" in earlier


def test_an_ended_promise_is_said(marisol: StaffMember, clara: Customer) -> None:
    over = (timezone.now() - timedelta(days=2)).date()
    tills.saved_design(customer=clara, versions=[{"price_until_date": over}])

    page = at_the_counter(marisol).get(f"/admin/counter/{tills.CODE}/").content.decode()

    assert "The price was kept until" in page


def test_a_design_that_was_never_saved_leads_back_to_the_field(
    marisol: StaffMember, clara: Customer
) -> None:
    tills.saved_design(customer=clara, versions=[])

    answer = at_the_counter(marisol).get(f"/admin/counter/{tills.CODE}/")

    assert answer.status_code == 302


# What an associate is told besides.


def opened_page(member: StaffMember, code: str = tills.CODE) -> str:
    return at_the_counter(member).get(f"/admin/counter/{code}/").content.decode()


def test_a_proposal_is_a_secret_said_before_anything_else(
    marisol: StaffMember, clara: Customer
) -> None:
    design = tills.saved_design(customer=clara)
    assert "say nothing on the telephone" not in opened_page(marisol)
    Design.objects.filter(pk=design.pk).update(is_discreet=True)
    page = opened_page(marisol)
    assert page.index("Proposal: say nothing on the telephone.") < page.index("As she left it")
    found = at_the_counter(marisol).get("/admin/counter/", {"q": "clara@example.com"})
    assert "a secret" in found.content.decode()


def test_a_design_that_is_not_whole_says_what_is_open(marisol: StaffMember) -> None:
    design = DesignFactory(ring_size=None, stone=None)
    saving.save(
        design=design, email="ada@example.com", visitor=None, is_discreet=False, now=timezone.now()
    )
    page = opened_page(marisol, design.code)
    for words in ("no size yet", "no stone yet", "She has chosen no stone yet.", "It has no price"):
        assert words in page, words
    listed = at_the_counter(marisol).get("/admin/counter/", {"q": "ada@example.com"})
    assert "The Alba in 18 k yellow gold" in listed.content.decode()


def test_a_stone_alone_is_shown_too(marisol: StaffMember) -> None:
    design = DesignFactory(setting=None, metal=None, ring_size=None)
    saving.save(
        design=design, email="ada@example.com", visitor=None, is_discreet=False, now=timezone.now()
    )
    page = opened_page(marisol, design.code)
    assert "no setting yet" in page
    assert "1.52 ct round, G, VS1" in page
    assert "Design sheet" not in page


def test_a_removed_design_is_found_by_its_code_alone_with_a_word(
    marisol: StaffMember, clara: Customer
) -> None:
    design = tills.saved_design(customer=clara)
    Design.objects.filter(pk=design.pk).update(removed_at=tills.NOW)
    counter = at_the_counter(marisol)
    for key in ("clara@example.com", "(212) 555-0142"):
        assert tills.CODE not in counter.get("/admin/counter/", {"q": key}).content.decode()
    page = counter.get("/admin/counter/", {"q": tills.CODE}, follow=True).content.decode()
    assert "took this design off her list on 21 November 2026" in page


def test_a_hint_is_told_of_and_never_to_whom(marisol: StaffMember, clara: Customer) -> None:
    design = tills.saved_design(customer=clara)
    sharing.hint(
        design=design, to="ben@example.com", from_name="C.", note="That one!", now=timezone.now(),
        wanted_date=timezone.localdate() + timedelta(days=90),
    )  # fmt: skip
    counter = at_the_counter(marisol)
    counter.get(f"/admin/counter/{tills.CODE}/")
    for page in (
        opened_page(marisol),
        counter.post(f"/admin/counter/{tills.CODE}/reach/").content.decode(),
    ):
        assert "She dropped a hint, to be worn on" in page
        assert "ben@" not in page
        assert "That one!" not in page


def test_the_design_sheet_is_for_the_design_she_has_open_and_noted(
    marisol: StaffMember, clara: Customer
) -> None:
    design = DesignFactory()
    saving.save(
        design=design, email="ada@example.com", visitor=None, is_discreet=False, now=timezone.now()
    )
    counter = at_the_counter(marisol)
    sheet = f"/admin/counter/{design.code}/sheet/1/"
    assert counter.get(sheet).status_code == 302
    assert not AuditEntry.objects.filter(action="design.sheet").exists()
    assert sheet in counter.get(f"/admin/counter/{design.code}/").content.decode()
    assert counter.get(sheet).content.startswith(b"%PDF")
    assert AuditEntry.objects.get(action="design.sheet").store is not None
    assert counter.get(f"/admin/counter/{design.code}/sheet/9/").status_code == 404


@pytest.mark.parametrize("text", ["x" * 10_000, "1" * 10_000, "@" * 10_000, "OS-" + "2" * 10_000])
def test_ten_thousand_characters_are_no_key(marisol: StaffMember, text: str) -> None:
    page = at_the_counter(marisol).get("/admin/counter/", {"q": text})
    assert page.status_code == 200
    assert tills.CODE not in page.content.decode()
    assert not DesignLookup.objects.exists()
