"""Who has had enough says so with one button, and may take it back."""

import pytest
from django.core import signing
from django.test import Client

from jeweler import subscriptions
from jeweler.models import MailRefusal
from tests.factories.jeweler import NOW

pytestmark = pytest.mark.django_db

ADDRESS = "ada@example.com"


def token(*, address: str = ADDRESS, topic: str = "designs") -> str:
    return subscriptions.token(address=address, topic=topic)


def page(given: str) -> str:
    return f"/mail/stop/{given}/"


def is_refused() -> bool:
    return subscriptions.is_refused(address=ADDRESS, topic="designs")


def test_looking_at_the_page_changes_nothing(client: Client) -> None:
    answer = client.get(page(token()))
    assert answer.status_code == 200
    assert "Shall we stop writing?" in answer.content.decode()
    assert not is_refused()


def test_the_button_stops_the_mails_and_the_next_one_takes_it_back() -> None:
    client = Client(enforce_csrf_checks=True)
    stopped = client.post(page(token()))
    assert "We will not write of this again" in stopped.content.decode()
    assert is_refused()
    assert "You asked us not to write of this" in client.get(page(token())).content.decode()
    again = client.post(page(token()), {"again": "1"})
    assert "We will write to you again" in again.content.decode()
    assert not is_refused()


def test_pressing_twice_refuses_once(client: Client) -> None:
    client.post(page(token()))
    client.post(page(token()))
    assert MailRefusal.objects.count() == 1
    assert client.post(page(token()), {"again": "1"}).status_code == 200
    assert client.post(page(token()), {"again": "1"}).status_code == 200


def test_a_refusal_is_of_one_address_and_one_topic() -> None:
    subscriptions.stop(given=token(), now=NOW)
    assert is_refused()
    assert not subscriptions.is_refused(address="grace@example.com", topic="designs")
    assert not subscriptions.is_refused(address=ADDRESS, topic="visits")


def test_neither_the_link_nor_the_row_tells_the_address() -> None:
    subscriptions.stop(given=token(), now=NOW)
    assert "ada" not in token()
    assert "ada" not in MailRefusal.objects.get().address_hash


@pytest.mark.parametrize("forged", ["x", "a.b.c", token() + "x", token()[:-1], token()[1:]])
def test_a_forged_link_gets_a_clear_page_and_changes_nothing(client: Client, forged: str) -> None:
    for answer in (client.get(page(forged)), client.post(page(forged))):
        assert answer.status_code == 404
        assert "This link says nothing to us" in answer.content.decode()
    assert not MailRefusal.objects.exists()


def test_a_link_signed_for_something_else_is_forged() -> None:
    with pytest.raises(subscriptions.NoSuchLink):
        subscriptions.read(signing.dumps(["hash", "designs"], salt="another purpose"))


def test_the_page_gives_its_address_to_nobody(client: Client) -> None:
    answer = client.get(page(token()))
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert "no-store" in answer.headers["Cache-Control"]
    assert answer.headers["X-Robots-Tag"] == "noindex"
