"""The tour shows a stranger her own ring, and hands it on to the next person in it."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from builder import keeping, living, saving, versions
from builder.models import Design, DesignLookup, Stone
from demo import house
from jeweler import tokens, visitors
from jeweler.models import EmailMessage
from tests.factories.builder import DesignFactory
from tests.factories.jeweler import VisitorFactory
from tests.factories.referrals import AdvocateFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def people() -> None:
    house.hire(stores=house.open_stores())


@pytest.fixture
def design(client: Client) -> Design:
    """A ring that this browser has saved."""
    token, token_hash = tokens.issue()
    visitor = VisitorFactory(token_hash=token_hash)
    client.cookies[visitors.COOKIE] = token
    made = DesignFactory(visitor=visitor)
    saving.save(
        design=made, email="ada@example.com", visitor=visitor, is_discreet=False, now=timezone.now()
    )
    return made


def test_before_anything_is_saved_the_tour_reads_as_a_sentence(client: Client) -> None:
    page = client.get("/demo/").content.decode()

    assert "code: she sees exactly" in " ".join(page.split())
    assert "Be Marisol, and scan the QR" not in page


def test_every_step_is_one_press_away(client: Client) -> None:
    page = client.get("/demo/").content.decode()

    for step in ("ad", "ring", "thinking", "people", "till", "returned", "friend"):
        assert f'<a href="#{step}">' in page
        assert f'id="{step}"' in page


def test_a_saved_ring_is_shown_with_its_code_its_page_and_its_mail(
    client: Client, design: Design
) -> None:
    page = client.get("/demo/").content.decode()

    assert f'<b class="num nw">{design.code}</b>' in page
    assert f"You saved {versions.in_words(design).replace('The', 'the')}." in page
    assert 'href="/ring/saved/"' in page
    assert f'href="/demo/mailbox/{EmailMessage.objects.get().pk}/"' in page


def test_marisol_scans_it_and_the_look_up_says_so(client: Client, design: Design) -> None:
    page = client.post("/demo/log-in/", {"username": "marisol", "code": design.code}, follow=True)

    assert page.redirect_chain[-1][0] == f"/admin/counter/{design.code}/?key=qr"
    assert DesignLookup.objects.get().key == "qr"


def test_a_ring_that_is_not_whole_is_shown_as_far_as_it_is(client: Client, design: Design) -> None:
    design.versions.update(
        setting=None, metal=None, ring_size=None, price=None, price_until_date=None
    )

    assert "You saved 1.52 ct round." in client.get("/demo/").content.decode()


def test_a_ring_off_her_list_is_the_tours_no_more(client: Client, design: Design) -> None:
    keeping.remove(design=design, now=timezone.now())

    assert design.code not in client.get("/demo/").content.decode()


def test_her_stone_can_be_sold_to_somebody_else_until_it_is_gone(
    client: Client, design: Design
) -> None:
    assert "Sell this stone to somebody else" in client.get("/demo/").content.decode()

    Stone.objects.update(status="sold", sold_at=timezone.now())

    page = client.get("/demo/").content.decode()
    assert "Sell this stone to somebody else" not in page
    assert f'href="/ring/saved/#{design.code}">See what comes nearest' in page


def test_what_she_was_told_unasked_is_read_on_the_tour(client: Client, design: Design) -> None:
    Stone.objects.update(status="sold", sold_at=timezone.now())
    living.watch(now=timezone.now())

    page = client.get("/demo/").content.decode()

    assert f'href="/demo/mailbox/{design.notices.get().mail_id}/"' in page
    assert "Its stone was sold or withdrawn" in page


def test_a_till_that_has_nothing_to_sell_says_so_where_it_was_pressed(
    client: Client, design: Design
) -> None:
    Stone.objects.update(status="sold", sold_at=timezone.now())

    answer = client.post("/demo/sell-elsewhere/", {"code": design.code}, follow=True)

    assert answer.redirect_chain[-1][0] == "/demo/#thinking"
    page = answer.content.decode()
    assert page.count("Its stone is sold already") == 1
    assert page.index('id="thinking"') < page.index("Its stone is sold already")
    assert page.index("Its stone is sold already") < page.index('id="people"')


def test_a_mail_of_the_night_waits_for_the_morning_in_the_mailbox(
    client: Client, design: Design
) -> None:
    EmailMessage.objects.update(next_attempt_at=timezone.now() + timedelta(hours=6))

    assert "waits for her morning" in client.get("/demo/mailbox/").content.decode()


def test_the_mailbox_hands_out_a_mails_invitation(client: Client, design: Design) -> None:
    EmailMessage.objects.update(calendar="BEGIN:VCALENDAR\r\n", calendar_method="REQUEST")
    [mail] = EmailMessage.objects.all()
    address = f"/demo/mailbox/{mail.pk}/?as=calendar"

    assert f'href="{address}"' in client.get("/demo/mailbox/").content.decode()
    answer = client.get(address)
    assert answer.content.decode() == mail.calendar
    assert answer.headers["Content-Type"] == "text/calendar; method=REQUEST; charset=utf-8"


def test_ines_is_led_to_the_funnel_and_to_no_other_door(client: Client) -> None:
    answer = client.post("/demo/log-in/", {"username": "ines", "door": "funnel"})
    assert answer.headers["Location"] == "/admin/builder/funnel/"

    answer = client.post("/demo/log-in/", {"username": "ines", "door": "//evil.example"})
    assert answer.headers["Location"] == "/admin/attribution/"


def test_no_code_leads_to_another_site(client: Client) -> None:
    for code in ("//evil.example", "https://evil.example/", "OS-2345-67B", "x" * 5000):
        answer = client.post("/demo/log-in/", {"username": "marisol", "code": code})
        assert answer.headers["Location"] == "/admin/counter/"


@pytest.mark.parametrize("username", ["", "\0", "owner\0", "nobody", "x" * 5000])
def test_nobody_but_the_sample_staff_logs_in_on_the_tour(client: Client, username: str) -> None:
    assert client.post("/demo/log-in/", {"username": username}).status_code == 404


def test_an_advocate_s_page_and_her_friends_landing_are_one_press_away(client: Client) -> None:
    assert client.post("/demo/advocate/").status_code == 404
    advocate = AdvocateFactory(code="7KQ2M9XDM")

    assert f'href="/r/{advocate.code}' in client.get("/demo/").content.decode()
    page = client.post("/demo/advocate/", follow=True).content.decode()
    assert "7KQ-2M9-XDM" in page
