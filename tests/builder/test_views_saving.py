"""Saving, my designs, shared links and hints as pages: without scripts, within limits, and nothing is lost."""

import re
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from redis.exceptions import ConnectionError as NoCache

from builder import designs, keeping, limits, sharing, states
from builder.models import Design, DesignLink, DesignVersion, Hint, Stone
from jeweler.models import EmailMessage, Visitor
from tests.builder.test_views import choose
from tests.factories.builder import DesignFactory, SettingFactory, StoneFactory

pytestmark = pytest.mark.django_db


def whole_ring(client: Client) -> Design:
    choose(client, setting=SettingFactory().code)
    choose(client, stone=str(StoneFactory().pk), ring_size="6", engraving="Ever & always")
    return Design.objects.latest("pk")


def save(client: Client, email: str = "ada@example.com", **fields: str) -> Any:
    return client.post(reverse("builder:save"), {"email": email, **fields}, follow=True)


def change(client: Client, design: Design, do: str, **fields: Any) -> Any:
    address = reverse("builder:change", args=[design.code])
    return client.post(address, {"do": do, **fields}, follow=True)


def link_in(mail: EmailMessage) -> str:
    found = re.search(r"/(d|ring/saved/all)/[\w:.-]+/", mail.text)
    assert found
    return found[0]


def page_of(response: Any) -> str:
    text: str = response.content.decode()
    return text


# Saving at any step.


@pytest.mark.parametrize(
    ("first", "open_part", "goes_on_at"),
    [("setting", "the stone and your size", "/diamonds/"), ("stone", "the setting", "/rings/")],
)
def test_a_single_choice_is_saved_and_resumed_at_the_open_step(
    client: Client, first: str, open_part: str, goes_on_at: str
) -> None:
    chosen = SettingFactory().code if first == "setting" else str(StoneFactory().pk)
    choose(client, **{first: chosen})
    asked = page_of(client.get(reverse("builder:save") + "?think=1"))
    assert "Take your time" in asked
    assert open_part in asked
    assert "Still open" in page_of(save(client, think="1"))
    assert DesignVersion.objects.get().price is None
    elsewhere = Client()
    opened = elsewhere.get(link_in(EmailMessage.objects.get()))
    assert open_part in page_of(opened)
    resumed = elsewhere.post(link_in(EmailMessage.objects.get()), follow=True)
    assert resumed.request["PATH_INFO"] == goes_on_at


def test_nothing_chosen_leads_to_what_is_to_be_chosen(client: Client) -> None:
    response = client.get(reverse("builder:save"), follow=True)
    assert response.request["PATH_INFO"] == reverse("builder:summary")


def test_known_and_unknown_addresses_are_answered_alike(client: Client) -> None:
    DesignFactory()
    whole_ring(client)
    save(client, "ada@example.com")
    other = Client()
    whole_ring(other)
    pages = []
    for email in ("ada@example.com", "eve@example.com"):
        shopper = Client()
        design = whole_ring(shopper)
        text = page_of(save(shopper, email))
        for hidden in (email, design.code, *re.findall(r'value="[\w-]{22,}"', text)):
            text = text.replace(hidden, "·")
        pages.append(re.sub(r"<svg.*?</svg>|stone=\d+|-\d+\b|\d{10}", "", text, flags=re.S))
    assert pages[0] == pages[1]


# Limits.


def test_a_ninth_mail_to_one_address_within_an_hour_waits_and_nothing_is_lost(
    client: Client,
) -> None:
    whole_ring(client)
    for _ in range(limits.SAVES[0].most):
        assert save(client).status_code == 200
    refused = save(client)
    assert refused.status_code == 429
    assert 0 < int(refused.headers["Retry-After"]) <= 3600
    assert "Nothing is lost" in page_of(refused)
    assert 'value="ada@example.com"' in page_of(refused)
    assert save(client, "other@example.com").status_code == 200


def test_a_family_on_one_network_saves_as_often_as_each_may() -> None:
    for member in range(6):
        client = Client(REMOTE_ADDR="203.0.113.7")
        whole_ring(client)
        for _ in range(4):
            assert save(client, f"member{member}@example.com").status_code == 200


def test_what_a_limit_refused_is_not_counted(client: Client) -> None:
    whole_ring(client)
    for _ in range(limits.SAVES[0].most + 3):
        save(client)
    assert save(client, "other@example.com").status_code == 200


def test_a_dead_cache_stops_no_save(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def down(*_: object, **__: object) -> None:
        raise NoCache

    for name in ("get", "set", "add", "incr"):
        monkeypatch.setattr(type(cache._connections["default"]), name, down, raising=False)
    whole_ring(client)
    assert save(client).status_code == 200


# My designs.


def test_two_rings_are_switched_between_renamed_copied_and_taken_off(client: Client) -> None:
    first = whole_ring(client)
    save(client)
    client.post(reverse("builder:choose"), {"another": "1"})
    choose(client, setting=SettingFactory().code)
    visitor = Visitor.objects.get()
    assert designs.current(visitor=visitor) != first

    assert change(client, first, "open").request["PATH_INFO"] == reverse("builder:ring")
    assert designs.current(visitor=visitor) == first
    assert "“For May” now" in page_of(change(client, first, "rename", name="For May"))
    assert "<h2>For May</h2>" in page_of(client.get(reverse("builder:saved")))
    change(client, first, "duplicate")
    assert Design.objects.filter(name="For May, again", visitor=visitor).exists()
    off = page_of(change(client, first, "remove"))
    assert "Put it back" in off
    assert "<h2>For May</h2>" not in off
    assert "back on your list" in page_of(change(client, first, "restore"))


def test_a_long_list_has_pages_and_each_form_leads_back_to_its_own(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "LISTED", 1)
    first, second = two_rings(client)
    newest, oldest = (page_of(client.get(f"/ring/saved/?page={number}")) for number in (1, 2))
    assert (second.code in newest, first.code in newest) == (True, False)
    assert (second.code in oldest, first.code in oldest) == (False, True)
    assert 'rel="next" href="?page=2"' in newest
    assert 'rel="prev" href="?page=1"' in oldest
    answer = change(client, first, "rename", name="For May")
    assert answer.redirect_chain[0][0] == f"/ring/saved/?page=2#{first.code}"
    assert "“For May” now" in page_of(answer)


@pytest.mark.parametrize("number", ["0", "-1", "99", "9" * 400, "²", "x", "\0"])
def test_a_page_that_is_none_is_the_nearest_one(client: Client, number: str) -> None:
    design = whole_ring(client)
    assert design.code in page_of(client.get("/ring/saved/", {"page": number}))


def test_what_she_has_in_mind_is_kept_with_the_ring_that_the_page_shows(client: Client) -> None:
    mine = whole_ring(client)
    other = SettingFactory(code="lune", name="The Lune")
    shown = page_of(client.get("/ring/", {"setting": "lune"}))
    form = re.search(r'<form class="intent".*?</form>', shown, re.S)
    assert form
    fields = dict(re.findall(r'type="hidden" name="(from|design)" value="([^"]*)"', form[0]))
    client.post(reverse("builder:intent"), {**fields, "budget": "10000"})

    mine.refresh_from_db()
    assert mine.budget == ""
    assert Design.objects.get(budget="10000").setting == other


def test_another_tab_s_ring_keeps_its_own_wishes(client: Client) -> None:
    first, second = two_rings(client)
    client.post(reverse("builder:intent"), {"design": first.code, "style": "quiet"})
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.style, second.style) == ("quiet", "")


def two_rings(client: Client) -> tuple[Design, Design]:
    """The one she began first, and the one she is at."""
    first = whole_ring(client)
    client.post(reverse("builder:choose"), {"another": "1"})
    choose(client, setting=SettingFactory(code="lune", name="The Lune").code)
    second = Design.objects.exclude(pk=first.pk).get()
    return first, second


def test_a_choice_is_made_for_the_ring_that_its_form_stood_beside(client: Client) -> None:
    first, second = two_rings(client)
    choose(client, design=first.code, ring_size="7")
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.ring_size, second.ring_size) == (7, None)
    assert client.get("/ring/")["Location"] == states.address(first)


def test_every_form_of_a_ring_names_it(client: Client) -> None:
    first = whole_ring(client)
    name = f'name="design" value="{first.code}"'
    page = page_of(client.get("/ring/", follow=True))
    assert page.count('action="/ring/choose/"') <= page.count(name)
    assert name in page_of(client.get("/ring/save/"))


def test_a_twin_on_the_list_is_set_in_the_ring_that_it_stands_beside(client: Client) -> None:
    first = whole_ring(client)
    twin = StoneFactory()
    Stone.objects.filter(pk=first.stone_id).update(status="sold", sold_at=timezone.now())
    client.post(reverse("builder:choose"), {"another": "1"})
    choose(client, setting=SettingFactory(code="lune", name="The Lune").code)
    page = page_of(client.get("/ring/saved/"))
    _, _, after = page.partition('<form class="alike"')
    form = after.partition("</form>")[0]
    assert f'value="{twin.pk}"' in form
    named = re.search(r'name="design" value="([^"]+)"', form)
    assert named
    choose(client, design=named[1], stone=str(twin.pk))
    first.refresh_from_db()
    assert first.stone == twin


def test_the_ring_that_is_saved_is_the_one_that_the_form_showed(client: Client) -> None:
    first, _ = two_rings(client)
    save(client, design=first.code)
    assert DesignVersion.objects.get().design == first


@pytest.mark.parametrize("page", ["choose", "save"])
def test_a_form_of_a_ring_that_is_not_hers_changes_nothing(client: Client, page: str) -> None:
    mine, stranger = whole_ring(client), DesignFactory(engraving="Hers")
    fields = {"design": stranger.code, "engraving": "Mine", "email": "ada@example.com"}
    answer = client.post(reverse(f"builder:{page}"), fields, follow=True)
    assert "is not on your list" in page_of(answer)
    for design, engraving in ((mine, "Ever & always"), (stranger, "Hers")):
        design.refresh_from_db()
        assert design.engraving == engraving
    assert not DesignVersion.objects.exists()


@pytest.mark.parametrize("said", ["a/b", "\x00", "OS-7K4Q-2M8", "x" * 10_000])
def test_what_is_no_code_is_on_nobody_s_list(client: Client, said: str) -> None:
    assert client.get("/ring/saved/", {"removed": said}).status_code == 200
    assert client.get("/ring/share/", {"design": said}).status_code == 302
    assert client.post(reverse("builder:change", args=["\x00"]), {"do": "open"}).status_code == 302


def test_a_name_of_ten_thousand_letters_is_refused_in_words(client: Client) -> None:
    design = whole_ring(client)
    save(client)
    assert "up to 60 letters; yours has 10,000" in page_of(
        change(client, design, "rename", name="a" * 10_000)
    )


@pytest.mark.parametrize("do", ["open", "rename", "duplicate", "remove", "restore", "", "x" * 99])
def test_another_s_design_is_not_touched(client: Client, do: str) -> None:
    design = whole_ring(Client())
    whole_ring(client)
    assert "not on your list" in page_of(change(client, design, do, name="Mine"))
    design.refresh_from_db()
    assert (design.name, design.removed_at) == ("", None)


def test_versions_say_what_changed_and_lead_back(client: Client) -> None:
    design = whole_ring(client)
    save(client)
    choose(client, ring_size="7")
    save(client)
    shown = page_of(client.get(reverse("builder:saved")))
    assert "2 versions" in shown
    assert "Size 7, before 6" in shown
    assert "as it was in version 1" in page_of(change(client, design, "go_back", number="1"))
    design.refresh_from_db()
    assert str(design.ring_size) == "6.0"


@pytest.mark.parametrize("number", ["", "9", "-1", "x", "9" * 500])
def test_a_version_that_never_was_is_said(client: Client, number: str) -> None:
    design = whole_ring(client)
    save(client)
    assert "no such version" in page_of(change(client, design, "go_back", number=number))


def test_a_version_whose_stone_was_sold_leads_to_what_is_like_it(client: Client) -> None:
    design = whole_ring(client)
    sold = design.stone
    assert sold
    save(client)
    choose(client, stone=str(StoneFactory().pk))
    Stone.objects.filter(pk=sold.pk).update(status="sold", sold_at=timezone.now())
    shown = page_of(change(client, design, "go_back", number="1"))
    assert f'href="/diamonds/?number={sold.report_number}"' in shown


def test_the_list_says_what_the_price_was_and_what_it_is_now(client: Client) -> None:
    design = whole_ring(client)
    save(client)
    assert "Yours until" in page_of(client.get(reverse("builder:saved")))
    DesignVersion.objects.update(price_until_date=timezone.now().date() - timedelta(days=1))
    Stone.objects.filter(pk=design.stone_id).update(price="12900.00")
    saved_at = f"${DesignVersion.objects.get().price:,.0f}"
    assert f"You saved it at {saved_at}" in page_of(client.get(reverse("builder:saved")))


def test_looking_at_the_list_changes_nothing_and_its_forms_need_their_token(client: Client) -> None:
    design = whole_ring(client)
    assert client.get(reverse("builder:change", args=[design.code])).status_code == 405
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = client.cookies
    assert strict.post(reverse("builder:change", args=[design.code])).status_code == 403


# A new link.


@pytest.mark.parametrize("known", [True, False])
def test_a_new_link_is_asked_for_and_every_address_is_answered_alike(
    client: Client, known: bool
) -> None:
    if known:
        whole_ring(client)
        save(client)
    answer = Client().post(reverse("builder:again"), {"email": "ada@example.com"})
    assert answer.status_code == 200
    assert "We have written to ada@example.com" in page_of(answer)
    mail = EmailMessage.objects.get(kind="builder/designs_again")
    assert ("/ring/saved/all/" in mail.text) == known


def test_the_new_link_opens_all_of_hers_by_a_button_alone(client: Client) -> None:
    design = whole_ring(client)
    save(client)
    Client().post(reverse("builder:again"), {"email": "ada@example.com"})
    link = link_in(EmailMessage.objects.get(kind="builder/designs_again"))
    phone = Client()
    assert design.code not in page_of(phone.get(link))
    assert "Nothing saved here yet" in page_of(phone.get(reverse("builder:saved")))
    assert design.code in page_of(phone.post(link, follow=True))


@pytest.mark.parametrize("address", ["", "ada", "a" * 300 + "@example.com"])
def test_a_new_link_to_no_address_is_refused_beside_its_field(client: Client, address: str) -> None:
    answer = client.post(reverse("builder:again"), {"email": address})
    assert answer.status_code == 400
    assert 'aria-invalid="true"' in page_of(answer)


def test_a_link_that_is_gone_offers_a_new_one(client: Client) -> None:
    for address in ("/d/forged/", "/ring/saved/all/forged/"):
        for answer in (client.get(address), client.post(address)):
            assert answer.status_code == 410
            assert f'action="{reverse("builder:again")}"' in page_of(answer)


def test_a_new_link_is_sent_three_times_an_hour_at_most(client: Client) -> None:
    answers = [
        client.post(reverse("builder:again"), {"email": "ada@example.com"}).status_code
        for _ in range(4)
    ]
    assert answers == [200, 200, 200, 429]


# Sharing.


def shared(client: Client, **fields: str) -> str:
    made = page_of(client.post(reverse("builder:share"), fields))
    found = re.search(r"/d/[\w-]+/", made)
    assert found
    return found[0]


@pytest.mark.parametrize("has_price", [True, False])
def test_a_shared_ring_is_looked_at_with_prices_as_she_wishes(
    client: Client, has_price: bool
) -> None:
    whole_ring(client)
    link = shared(client, **({"has_price": "1"} if has_price else {}))
    seen = page_of(Client().get(link))
    assert "The Alba, in yellow gold" in seen
    assert "GIA" in seen
    assert ("$" in seen) == has_price
    assert "always" not in seen


def test_a_ring_is_started_from_a_shared_one_and_hers_is_left_alone(client: Client) -> None:
    design = whole_ring(client)
    link = shared(client)
    friend = Client()
    assert friend.post(link, follow=True).request["PATH_INFO"] == reverse("builder:ring")
    choose(friend, engraving="Other")
    design.refresh_from_db()
    assert design.engraving == "Ever & always"


def form_of(page: str, name: str = "") -> dict[str, str]:
    """The key of the page's form."""
    found = re.search(r'name="once" value="([\w-]+)"', page)
    assert found
    return {"once": found[1]}


def test_a_double_click_makes_one_copy_and_another_page_makes_another(client: Client) -> None:
    first = whole_ring(client)
    form = form_of(page_of(client.get(reverse("builder:saved"))))
    for _ in range(2):
        answer = change(client, first, "duplicate", **form)
        assert answer.status_code == 200
    assert Design.objects.count() == 2
    change(client, first, "duplicate", **form_of(page_of(client.get(reverse("builder:saved")))))
    assert Design.objects.count() == 3


def test_a_double_click_makes_one_link_which_is_shown_both_times(client: Client) -> None:
    whole_ring(client)
    form = form_of(page_of(client.get(reverse("builder:share"))))
    assert shared(client, **form) == shared(client, **form)
    assert DesignLink.objects.filter(purpose="share").count() == 1
    assert shared(client, has_price="1", **form) != shared(client, **form)
    client.post(
        reverse("builder:change", args=[Design.objects.get().code]),
        {"do": "withdraw", "link": DesignLink.objects.filter(has_price=False).get().pk},
    )
    link = shared(client, **form)
    assert client.get(link).status_code == 200


def test_a_double_click_starts_one_ring_also_in_a_browser_that_was_not_known(
    client: Client,
) -> None:
    whole_ring(client)
    link = shared(client)
    friend = Client(headers={"user-agent": "Mozilla/5.0 (iPhone) Mobile Safari/605"})
    form = form_of(page_of(friend.get(link)))
    friend.post(link, form)
    friend.cookies.clear()  # the browser had not heard the first answer yet
    assert friend.post(link, form, follow=True).status_code == 200
    assert Design.objects.count() == 2
    assert designs.current(visitor=Visitor.objects.latest("pk")) == Design.objects.latest("pk")


@pytest.mark.parametrize("once", ["", "x", "\0" * 22, "é" * 22, "x" * 5000])
def test_a_form_without_a_key_of_ours_is_taken_as_it_comes(client: Client, once: str) -> None:
    first = whole_ring(client)
    for _ in range(2):
        change(client, first, "duplicate", once=once)
    assert Design.objects.count() == 3


def test_a_shared_link_is_taken_back_on_her_list(client: Client) -> None:
    design = whole_ring(client)
    save(client)
    link = shared(client)
    assert "Shared without prices" in page_of(client.get(reverse("builder:saved")))
    found = DesignLink.objects.get(purpose="share")
    assert "Nobody can open" in page_of(change(client, design, "withdraw", link=found.pk))
    assert Client().get(link).status_code == 410


def test_a_shared_ring_whose_stone_was_sold_says_so(client: Client) -> None:
    design = whole_ring(client)
    link = shared(client, has_price="1")
    Stone.objects.filter(pk=design.stone_id).update(status="sold", sold_at=timezone.now())
    seen = page_of(Client().get(link))
    assert "sold meanwhile" in seen
    assert "$" not in seen


HINT = {"to": "tom@example.com", "from_name": "Ada", "note": "This one."}


def test_a_hint_is_dropped_and_shows_no_price(client: Client) -> None:
    whole_ring(client)
    sent = client.post(reverse("builder:hint"), {**HINT, "has_size": "1"})
    assert "on its way to tom@example.com" in page_of(sent)
    mail = EmailMessage.objects.get()
    assert "size 6" in mail.text
    seen = page_of(Client().get(link_in(mail)))
    assert "A hint from Ada" in seen
    assert "This one." in seen
    for hidden in ("$", "ize 6", "always"):
        assert hidden not in seen
    assert Client().post(link_in(mail)).status_code == 410


@pytest.mark.parametrize(
    ("field", "text", "words"),
    [
        ("to", "", "Their address is missing"),
        ("to", "tom", "missing its @"),
        ("from_name", "", "Say who it is from"),
        ("note", "see evil.com", "no addresses and no links"),
        ("note", "a" * 10_000, "yours has 10,000"),
        ("wanted_date", "soon", "Write the day like"),
        ("wanted_date", "1999-01-01", "from today on"),
    ],
)
def test_a_hint_is_refused_beside_its_field_and_the_rest_is_kept(
    client: Client, field: str, text: str, words: str
) -> None:
    whole_ring(client)
    refused = client.post(reverse("builder:hint"), {**HINT, field: text})
    assert refused.status_code == 400
    assert words in page_of(refused)
    assert f'id="{field}-error"' in page_of(refused)
    assert field == "from_name" or 'value="Ada"' in page_of(refused)
    assert not Hint.objects.exists()


def test_a_fourth_hint_to_one_address_waits_and_its_words_are_kept(client: Client) -> None:
    whole_ring(client)
    for turn in range(limits.HINTS[0].most):
        words = {**HINT, "note": f"Hint {turn}."}
        assert client.post(reverse("builder:hint"), words).status_code == 200
    refused = client.post(reverse("builder:hint"), HINT)
    assert refused.status_code == 429
    assert "This one." in page_of(refused)
    assert Hint.objects.count() == limits.HINTS[0].most


@pytest.mark.parametrize("name", ["builder:share", "builder:hint"])
def test_there_is_nothing_to_show_of_nothing_or_of_another_s_ring(
    client: Client, name: str
) -> None:
    others = whole_ring(Client())
    for address in (reverse(name), f"{reverse(name)}?design={others.code}"):
        for answer in (client.get(address), client.post(address, HINT)):
            assert answer.status_code == 302
    assert not DesignLink.objects.exists()


def test_a_hint_of_a_ring_that_was_changed_since_shows_the_ring_as_it_is() -> None:
    design = DesignFactory()
    made = sharing.hint(
        design=design, to="tom@example.com", from_name="Ada", note="", wanted_date=None,
        now=timezone.now(),
    )  # fmt: skip
    designs.choose(design=design, stone=StoneFactory(carat=Decimal("1.60")), now=timezone.now())
    assert made.mail
    assert "1.60 ct round" in page_of(Client().get(link_in(made.mail)))


# What a network is.


@pytest.mark.parametrize(
    ("said", "network"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("nonsense", "nonsense"),
    ],
)
def test_a_network_is_an_address_or_a_household_s_range(rf: Any, said: str, network: str) -> None:
    assert limits.network_of(rf.get("/", REMOTE_ADDR=said)) == network


def test_a_made_up_forwarding_does_not_hide_the_network_that_our_proxy_saw(rf: Any) -> None:
    request = rf.get("/", headers={"X-Forwarded-For": "6.6.6.6, 203.0.113.7"})
    assert limits.network_of(request) == "203.0.113.7"
