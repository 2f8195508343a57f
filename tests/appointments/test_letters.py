"""What is written about a visit: every fact, to one address, once, and nothing of a surprise."""

import re
import uuid
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.conf import settings
from django.db import transaction
from django.test import Client

from appointments import booking, bringing, letters, promises
from appointments.booking import Contact, Wishes
from appointments.diary import Asked
from appointments.models import Appointment, WaitlistEntry
from builder.models import Band, Design
from jeweler.models import EmailMessage, Store
from tests.factories.appointments import ServiceFactory, open_showroom
from tests.factories.builder import DesignFactory, StoneFactory
from tests.factories.jeweler import NOW, customer_with

pytestmark = pytest.mark.django_db

MONDAY = datetime(2026, 11, 23, 15, tzinfo=UTC)  # 10:00 in New York


@pytest.fixture
def store() -> Store:
    ServiceFactory()
    store = open_showroom()
    showroom = store.showroom
    showroom.directions, showroom.map_url = (
        "Ring twice, second floor",
        "https://maps.example/osmere",
    )
    showroom.save()
    return store


def rings(count: int) -> list[Design]:
    for profile in ("straight", "curved"):
        Band.objects.create(
            code=profile, name=f"{profile.title()} band", width_mm="1.80", thickness_mm="1.60",
            profile=profile,
        )  # fmt: skip
    return [DesignFactory() for _ in range(count)]


def book(
    store: Store,
    *,
    designs: list[Design] | None = None,
    contact: Contact | None = None,
    wishes: Wishes | None = None,
    risk: str = "",
    service: str = "viewing",
) -> Appointment:
    designs = designs or []
    stones = [design.stone for design in designs if design.stone]
    asked = Asked(service=ServiceFactory(code=service), store=store, stones=stones)
    held = booking.reserve(
        asked=asked, starts_at=MONDAY, key=uuid.uuid4(), designs=designs, now=NOW
    )
    ada = contact or Contact(email="Ada@Example.com", first_name="Ada")
    return booking.confirm(uid=held.uid, contact=ada, wishes=wishes, risk=risk, now=NOW)


def lookbook_of(store: Store, count: int) -> tuple[Appointment, EmailMessage]:
    designs = rings(count)
    for design in designs:
        assert design.stone is not None
        design.stone.store = store
        design.stone.save()
    return book(store, designs=designs), EmailMessage.objects.get()


def test_the_text_alone_says_everything_that_the_pictures_are_beside(store: Store) -> None:
    visit, mail = lookbook_of(store, 1)
    design = visit.designs.get()
    assert design.stone is not None
    assert visit.associate is not None
    for fact in (
        "Monday, November 23, 10:00 am, New York time",
        f"{store.name}, 12 Lispenard Street, New York",
        "https://maps.example/osmere",
        "Ring twice, second floor",
        f"With: {visit.associate.name}",
        "The Alba",
        "1.52 ct round, G, VS1",
        f"GIA {design.stone.report_number}, in this showroom",
        "Curved band: sits flush",
        "Straight band: ",
        f"{settings.SITE_URL}/visits/",
    ):
        assert fact in mail.text
        said = fact.removeprefix("With: ").split(":")[0].split(", in this")[0]
        assert said in mail.html.replace("&amp;", "&")
    assert mail.to == "ada@example.com"
    assert mail.calendar_method == "REQUEST"


def test_six_rings_with_their_pictures_stay_below_what_mail_programs_cut_off(store: Store) -> None:
    _, mail = lookbook_of(store, 6)
    pictures = re.findall(r'<img[^>]+src="([^"]+)"', mail.html)
    assert len(pictures) == 6
    assert all(each.startswith(f"{settings.SITE_URL}/") for each in pictures)
    assert len(mail.html.encode()) < 100_000
    assert mail.text.count("GIA 62") == 6


def test_a_picture_in_the_mail_can_be_drawn_as_long_as_the_mail_is_kept(
    store: Store, client: Client
) -> None:
    _, mail = lookbook_of(store, 1)
    [address] = re.findall(r'<img[^>]+src="([^"]+)"', mail.html)
    answer = client.get(address.removeprefix(settings.SITE_URL))
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("image/")
    assert len(b"".join(answer.streaming_content)) > 1000
    answer.close()


@pytest.mark.parametrize("step", ["booked", "moved", "changed", "cancelled", "broken"])
def test_a_surprise_tells_nothing_wherever_its_mail_is_seen(store: Store, step: str) -> None:
    stone = StoneFactory(store=store)
    visit = book(store, designs=[DesignFactory(stone=stone)], wishes=Wishes(is_surprise=True))
    if step == "moved":
        booking.move(appointment=visit, starts_at=MONDAY + timedelta(hours=2), now=NOW)
    elif step == "changed":
        bringing.bring(appointment=visit, design=DesignFactory(), now=NOW)
    elif step == "cancelled":
        booking.cancel(appointment=visit, now=NOW)
    elif step == "broken":
        promises.break_(stone=stone, why="It broke", cause="sold:1", now=NOW)
        letters.broken(visit, now=NOW)
    mail = EmailMessage.objects.latest("pk")
    assert mail.sender == settings.DISCREET_FROM_EMAIL
    assert "<img" not in mail.html
    shown = re.sub(r"https?://\S+", "", f"{mail.subject} {mail.text} {mail.html}".lower())
    shown = re.sub(r"<style.*?</style>|<[^>]+>", " ", shown, flags=re.DOTALL)
    for word in (r"\brings?\b", "diamond", "stone", "viewing", settings.SITE_NAME.lower(), "carat"):
        assert not re.search(word, shown), word


def test_a_mail_that_tells_an_old_time_is_not_sent_after_the_new_one(store: Store) -> None:
    visit = book(store)
    booking.move(appointment=visit, starts_at=MONDAY + timedelta(hours=2), now=NOW)
    first, second = EmailMessage.objects.order_by("pk")
    assert first.dead_at == NOW
    assert second.dead_at is None
    assert "Your visit is now Monday, November 23, 12:00 pm, New York time" in second.subject


def test_who_left_only_a_phone_is_written_nothing(store: Store) -> None:
    book(store, contact=Contact(phone="+1 212 555 0142", first_name="Ada"))
    assert not EmailMessage.objects.exists()


def test_a_call_is_told_by_her_clocks_and_by_ours(store: Store) -> None:
    ServiceFactory(code="video", name="By video", place="video", takes_pieces=False)
    for associate in store.shifts.all():
        associate.associate.services.add(ServiceFactory(code="video"))
    book(store, wishes=Wishes(zone="Europe/London"), service="video")
    mail = EmailMessage.objects.get()
    assert "Monday, November 23, 3:00 pm, London time (10:00 am, New York time for us)" in mail.text
    assert "sends you the link before it begins" in mail.text


def test_a_doubtful_booking_is_asked_for_a_word_before_it_is_told_anything(store: Store) -> None:
    visit = book(store, risk="a disposable address")
    [mail] = EmailMessage.objects.all()
    assert "/visits/verify/" in mail.text
    assert mail.calendar == ""
    Appointment.objects.filter(pk=visit.pk).update(verified_at=NOW)
    visit.refresh_from_db()
    with transaction.atomic():
        letters.confirm(visit, now=NOW)
        letters.confirm(visit, now=NOW)
    assert [each.calendar_method for each in EmailMessage.objects.order_by("pk")] == ["", "REQUEST"]


def test_who_waits_is_offered_a_time_by_a_link_that_opens_that_offer_alone(store: Store) -> None:
    service = ServiceFactory()
    held = booking.reserve(
        asked=Asked(service=service, store=store), starts_at=MONDAY, key=uuid.uuid4(), now=NOW,
        minutes=240,
    )  # fmt: skip
    entry = WaitlistEntry.objects.create(
        store=store, service=service, customer=customer_with(email="ada@example.com"),
        email="ada@example.com", since_date=NOW.date(), until_date=MONDAY.date(), asked_at=NOW,
    )  # fmt: skip
    with transaction.atomic():
        letters.offered(entry, held, now=NOW)
        letters.offered(entry, held, now=NOW)
    [mail] = EmailMessage.objects.all()
    assert "/visits/offered/" in mail.text
    assert "until Saturday, November 21, 2:00 pm, New York time" in mail.text


def test_a_scanner_that_follows_the_link_has_not_read_the_lookbook(
    store: Store, client: Client
) -> None:
    visit = book(store)
    found = re.search(r"/visits/\S+", EmailMessage.objects.get().text)
    assert found is not None
    with time_machine.travel(NOW, tick=False):
        assert client.get(found[0]).status_code == 200
        visit.refresh_from_db()
        assert visit.lookbook_opened_at is None
        client.get(found[0], headers={"sec-fetch-user": "?1"})
    visit.refresh_from_db()
    assert visit.lookbook_opened_at == NOW
