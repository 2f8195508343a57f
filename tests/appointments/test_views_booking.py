"""From a ring to a booked visit as pages: without scripts, and nothing typed is lost."""

import html
import re
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from appointments import booking, looking
from appointments.models import Appointment, Associate, PieceHold, Service, Shift, TransferTime
from builder import links
from builder.models import Design, DesignLink, Stone
from jeweler.models import EmailMessage, Store
from tests.builder.test_views import choose
from tests.factories.appointments import ServiceFactory, open_showroom
from tests.factories.builder import SettingFactory, StoneFactory

pytestmark = pytest.mark.django_db

BOOK = reverse("visits:book")
ADA = {"name": "Ada Okafor", "email": "ada@example.com", "phone": "212 555 0123"}
EXPIRED = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture
def service() -> Service:
    return ServiceFactory()


@pytest.fixture
def store(service: Service) -> Store:
    return open_showroom(associates=2, rooms=2)


def page_of(response: Any) -> str:
    return html.unescape(response.content.decode())


def buttons(response: Any) -> list[str]:
    return re.findall(r'name="start" value="([^"]+)"', page_of(response))


def key_of(response: Any) -> str:
    return re.search(r'name="key" value="([^"]+)"', page_of(response))[1]  # type: ignore[index]


def hold(client: Client, number: int = 0, query: str = "") -> Any:
    """Choose one of the first day's times."""
    shown = client.get(BOOK + query)
    said = {"start": buttons(shown)[number], "key": key_of(shown)}
    return client.post(BOOK + query, said, follow=True)


def held() -> Appointment:
    return Appointment.objects.latest("pk")


def form_of(visit: Appointment) -> str:
    return reverse("visits:form", args=[visit.uid])


def run_out(visit: Appointment) -> None:
    for rows in (Appointment.objects.filter(pk=visit.pk), visit.holds):
        rows.update(expires_at=timezone.now() - timedelta(seconds=1))
    for rows in booking.seating.rows_of(visit):
        rows.update(expires_at=timezone.now() - timedelta(seconds=1))


def whole_ring(client: Client, stone: Stone) -> Design:
    choose(client, setting=SettingFactory().code)
    choose(client, stone=str(stone.pk), ring_size="6")
    return Design.objects.latest("pk")


def test_a_ring_becomes_a_visit_on_three_pages_with_its_stone_promised(
    client: Client, store: Store
) -> None:
    stone = StoneFactory(store=store)
    design = whole_ring(client, stone)
    shown = page_of(client.get(f"{BOOK}?design={design.code}"))
    assert "It is here now; first time" in shown
    assert "New York time" in shown
    form = hold(client, query=f"?design={design.code}")
    assert form.status_code == 200
    assert "Kept for you" in page_of(form)
    assert PieceHold.objects.get().state == "held"
    booked = client.post(
        form_of(held()),
        {**ADA, "occasion": "engagement", "occasion_date": "2027-06-01", "is_surprise": "on", "note": "Ring me."},
        follow=True,
    )  # fmt: skip
    assert booked.status_code == 200
    assert "It is booked" in page_of(booked)
    assert stone.report_number in page_of(booked)
    visit = held()
    assert (visit.status, visit.source, visit.is_surprise, visit.note) == ("booked", "ring", True, "Ring me.")  # fmt: skip
    assert visit.customer is not None
    assert (visit.customer.first_name, visit.customer.last_name) == ("Ada", "Okafor")
    assert visit.phone == "+12125550123"
    assert EmailMessage.objects.filter(key__startswith=f"visit:{visit.pk}:").exists()


def test_each_showroom_says_when_the_stone_can_be_there(
    client: Client, store: Store, service: Service
) -> None:
    there = open_showroom("boston-newbury")
    there.city = "Boston"
    there.save(update_fields=["city"])
    TransferTime.objects.create(from_store=store, to_store=there, minutes=48 * 60)
    stone = StoneFactory(store=store)
    shown = page_of(client.get(f"{BOOK}?stone={stone.pk}"))
    first = looking.next_available(
        booking.Asked(service=service, store=there, stones=[stone]), now=timezone.now()
    )
    assert first is not None
    assert first > timezone.now() + timedelta(hours=48)
    wall = first.astimezone(there.zone)
    assert f"From {wall:%a, %b}\u00a0{wall.day}" in shown
    seen = page_of(client.get(f"{reverse('visits:seen')}?stone={stone.pk}"))
    assert f"From {wall:%a, %b}\u00a0{wall.day}" in seen
    sold = StoneFactory(status="sold", sold_at=timezone.now())
    assert "was sold meanwhile" in page_of(client.get(f"{BOOK}?stone={sold.pk}"))


def test_a_month_is_walked_through_by_links_to_its_days(client: Client, store: Store) -> None:
    shown = client.get(BOOK)
    later = re.search(r'rel="next" href="([^"]+)"', page_of(shown))
    assert later
    month = client.get(BOOK + later[1])
    day = re.findall(r'href="([^"]+day=[^"]+)" id="day-', page_of(month))[3]
    chosen = client.get(BOOK + day)
    said = re.search(r"day=([\d-]+)", day)
    assert said
    assert all(start.startswith(said[1]) for start in buttons(chosen))
    for odd in ("?day=never&month=x&store=none&service=none&stone=9999999999999999999&with=q", "?zone=No/Where&day=0001-01-01"):  # fmt: skip
        assert buttons(client.get(BOOK + odd))


def test_a_call_is_told_by_her_clock_with_the_stores_beside_it(client: Client) -> None:
    ServiceFactory(code="video", name="By video", place="video", takes_room=False)
    open_showroom()
    shown = page_of(client.get(f"{BOOK}?service=video&zone=Asia/Tokyo"))
    assert "Tokyo time" in shown
    assert re.search(r"<small>[\d:]+ [ap]m New York time</small>", shown)
    form = page_of(hold(client, query="?service=video&zone=Asia/Tokyo"))
    assert "Tokyo time" in form
    booked = client.post(form_of(held()), {**ADA, "zone": "Asia/Tokyo"}, follow=True)
    assert held().visitor_zone == "Asia/Tokyo"
    assert "in the showroom it is" in page_of(booked)


def test_a_form_posted_twice_holds_one_time_and_another_time_another(
    client: Client, store: Store
) -> None:
    shown = client.get(BOOK)
    first, second = buttons(shown)[:2]
    key = key_of(shown)
    for _ in range(2):
        client.post(BOOK, {"start": first, "key": key})
    assert Appointment.objects.count() == 1
    client.post(BOOK, {"start": second, "key": key})
    assert Appointment.objects.filter(status="held").count() == 1
    client.post(BOOK, {"start": first, "key": key})
    assert held().starts_at == datetime.fromisoformat(first)
    assert held().status == "held"


def test_a_time_that_somebody_took_leads_to_the_three_nearest(client: Client) -> None:
    ServiceFactory()
    open_showroom()
    shown = client.get(BOOK)
    said = {"start": buttons(shown)[2], "key": key_of(shown)}
    hold(Client(), 2)
    taken = client.post(BOOK, said)
    assert taken.status_code == 409
    nearest = buttons(taken)
    assert len(nearest) == 3
    again = client.post(BOOK, {"start": nearest[0], "key": key_of(taken)}, follow=True)
    assert "Kept for you" in page_of(again)
    assert client.post(BOOK, {"start": "soon"}).status_code == 400


def test_a_hold_that_ran_out_is_booked_again_in_one_click_with_all_that_was_typed(
    client: Client, store: Store
) -> None:
    hold(client)
    first = held()
    run_out(first)
    gone = client.post(form_of(first), {**ADA, "note": "I am <late>"})
    assert gone.status_code == 410
    page = page_of(gone)
    assert "still free" in page
    typed = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page))
    assert typed["note"] == "I am <late>"
    said = {**typed, "start": buttons(gone)[0]}
    booked = client.post(form_of(first), said, follow=True)
    assert "It is booked" in page_of(booked)
    visit = held()
    assert (visit.status, visit.note, visit.starts_at) == ("booked", "I am <late>", first.starts_at)
    assert client.get(form_of(first)).status_code == 410
    assert client.post(form_of(first), said).status_code == 412


def test_what_is_booked_is_booked_once_and_another_browser_learns_nothing(
    client: Client, store: Store
) -> None:
    hold(client)
    client.post(form_of(held()), ADA)
    again = client.post(form_of(held()), ADA)
    assert again.status_code == 412
    assert "To your visit" in page_of(again)
    assert Client().get(form_of(held())).status_code == 404
    assert Client().post(form_of(held()), ADA).status_code == 404
    assert client.get(reverse("visits:form", args=[uuid.uuid4()])).status_code == 404


def test_a_form_keeps_what_was_typed_while_it_says_what_is_wrong(
    client: Client, store: Store
) -> None:
    hold(client)
    answer = client.post(form_of(held()), {"name": "Ada", "email": "ada.example", "note": "Yes"})
    assert answer.status_code == 400
    page = page_of(answer)
    assert "missing its @" in page
    assert 'value="Ada"' in page
    longer = page_of(client.post(form_of(held()), {**ADA, "do": "longer"}))
    assert held().is_extended
    assert 'value="ada@example.com"' in longer
    assert "longer</button>" not in longer
    client.post(form_of(held()), {"do": "leave"})
    assert held().status == "expired"


def test_more_of_her_rings_are_ticked_and_one_whose_stone_cannot_come_stays_out(
    client: Client, store: Store
) -> None:
    first = whole_ring(client, StoneFactory(store=store))
    choose(client, another="1")
    second = whole_ring(client, StoneFactory(store=store))
    choose(client, another="1")
    third = whole_ring(client, StoneFactory(store=store))
    Stone.objects.filter(pk=third.stone_id).update(status="sold", sold_at=timezone.now())
    form = page_of(hold(client, query=f"?design={first.code}"))
    assert f'value="{second.code}"' in form
    booked = client.post(
        form_of(held()), {**ADA, "designs": [second.code, third.code]}, follow=True
    )
    visit = held()
    assert set(visit.designs.all()) == {first, second}
    assert visit.holds.filter(state="promised").count() == 2
    assert visit.sequence == 0
    assert "stays out of this visit" in page_of(booked)


def test_the_builders_pages_lead_to_a_visit_with_what_they_show(
    client: Client, store: Store
) -> None:
    stone = StoneFactory(store=store)
    design = whole_ring(client, stone)
    for name in ("builder:ring", "builder:summary", "builder:saved"):
        page = page_of(client.get(reverse(name), follow=True))
        assert f'href="{BOOK}?design={design.code}' in page
    assert f'data-lazy="{reverse("visits:seen")}?stone={stone.pk}' in page_of(
        client.get(reverse("builder:summary"), follow=True)
    )
    opened = page_of(client.get(reverse("builder:diamonds") + f"?open={stone.pk}&carat_min=1"))
    assert f"{BOOK}?stone={stone.pk}&source=stone" in opened
    assert f"{BOOK}?store={store.code}" in page_of(client.get(reverse("builder:home")))


def test_whoever_was_given_a_link_books_the_ring_that_it_shows(
    client: Client, store: Store
) -> None:
    design = whole_ring(Client(), StoneFactory(store=store))
    token = links.issue(design=design, purpose=DesignLink.Purpose.SHARE, now=timezone.now())
    shown = page_of(client.get(f"/d/{token}/"))
    assert f"{BOOK}?link={token}" in shown
    hold(client, query=f"?link={token}")
    assert held().designs.get() == design
    assert PieceHold.objects.get().stone == design.stone
    assert "of yours" not in page_of(client.get(form_of(held())))
    hold(Client(), query=f"?design={design.code}")
    assert not held().designs.exists()


def test_she_asks_for_a_certain_associate_and_a_language(client: Client, store: Store) -> None:
    first = Associate.objects.earliest("pk")
    Associate.objects.filter(pk=first.pk).update(id=12_345, languages=["es"])
    for row in (
        Shift.objects.filter(associate=first.pk),
        first.services.through.objects.filter(associate=first.pk),
    ):
        row.update(associate=12_345)
    shown = page_of(client.get(BOOK))
    assert '<option value="12345">' in shown
    hold(client, query="?with=12345")
    assert held().associate_id == 12_345
    form = page_of(hold(Client(), query="?language=es"))
    assert 'name="language" value="es"' in form
