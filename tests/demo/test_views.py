"""The tour shows a stranger her own ring, and hands it on to the next person in it."""

import pytest
from django.test import Client
from django.utils import timezone

from builder import saving
from builder.models import Design, DesignLookup
from demo import house
from jeweler import tokens, visitors
from jeweler.models import EmailMessage
from tests.factories.builder import DesignFactory
from tests.factories.jeweler import VisitorFactory

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

    for step in ("ad", "ring", "people", "till", "returned"):
        assert f'<a href="#{step}">' in page
        assert f'id="{step}"' in page


def test_a_saved_ring_is_shown_with_its_code_its_page_and_its_mail(
    client: Client, design: Design
) -> None:
    page = client.get("/demo/").content.decode()

    assert f'<b class="num nw">{design.code}</b>' in page
    assert "You saved the Alba with 1.52 ct round." in page
    assert 'href="/ring/saved/"' in page
    assert f'href="/demo/mailbox/{EmailMessage.objects.get().pk}/"' in page


def test_marisol_scans_it_and_the_look_up_says_so(client: Client, design: Design) -> None:
    page = client.post("/demo/log-in/", {"username": "marisol", "code": design.code}, follow=True)

    assert page.redirect_chain[-1][0] == f"/admin/counter/{design.code}/?key=qr"
    assert DesignLookup.objects.get().key == "qr"


def test_no_code_leads_to_another_site(client: Client) -> None:
    for code in ("//evil.example", "https://evil.example/", "OS-2345-67B", "x" * 5000):
        answer = client.post("/demo/log-in/", {"username": "marisol", "code": code})
        assert answer.headers["Location"] == "/admin/counter/"


@pytest.mark.parametrize("username", ["", "\0", "owner\0", "nobody", "x" * 5000])
def test_nobody_but_the_sample_staff_logs_in_on_the_tour(client: Client, username: str) -> None:
    assert client.post("/demo/log-in/", {"username": username}).status_code == 404
