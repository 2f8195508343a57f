"""Every mail about a visit, as mail programs show it: nothing wider than the screen, every picture there."""

import uuid
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from appointments import booking, bringing, letters, memos, promises, receiving, reminders
from appointments.booking import Contact, Wishes
from appointments.diary import Asked
from appointments.models import Appointment, WaitlistEntry
from builder import inventory
from builder.models import Setting, Stone
from jeweler.models import EmailMessage, Store
from tests.browser.conftest import SCREENSHOTS, Visit, rounds
from tests.factories.appointments import ServiceFactory, open_showroom
from tests.factories.builder import (
    DesignFactory,
    StoneFactory,
    StoneOfferFactory,
    SupplierFactory,
)
from tests.factories.jeweler import StaffMemberFactory, customer_with

pytestmark = pytest.mark.django_db(transaction=True)

ADA = Contact(email="ada@example.com", first_name="Ada", last_name="Okafor")


def showroom() -> Store:
    ServiceFactory(name="A viewing")
    ServiceFactory(code="video", name="A call", place="video", takes_pieces=False)
    store = open_showroom(rooms=4, associates=4)
    store.showroom.directions = (
        "Ring at the green door; the second floor.\nParking at 20 Lispenard."
    )
    store.showroom.map_url = "https://maps.example/osmere"
    store.showroom.save()
    store.phone = "+12125550142"
    store.save()
    for shift in store.shifts.filter(weekday=0):
        shift.associate.name, shift.associate.about = (
            "Marisol Vega",
            "Fifteen years at the bench, speaks Spanish",
        )
        shift.associate.save()
    Stone.objects.update(store=store)
    return store


def reserved(store: Store, starts_at: datetime, **more: Any) -> Appointment:
    code, designs = more.pop("code", "viewing"), more.pop("designs", ())
    stones = [design.stone for design in designs if design.stone]
    asked = Asked(service=ServiceFactory(code=code), store=store, stones=stones)
    return booking.reserve(
        asked=asked, starts_at=starts_at, key=uuid.uuid4(), designs=designs, now=timezone.now(), **more
    )  # fmt: skip


def booked(store: Store, starts_at: datetime, **more: Any) -> Appointment:
    wishes, risk = more.pop("wishes", None), more.pop("risk", "")
    held = reserved(store, starts_at, **more)
    return booking.confirm(uid=held.uid, contact=ADA, wishes=wishes, risk=risk, now=timezone.now())


def every_mail() -> None:
    now, store = timezone.now(), showroom()
    day = (now + timedelta(days=5)).replace(hour=19, minute=0, second=0, microsecond=0)
    setting = Setting.objects.get(code="lune")
    alba = [DesignFactory(stone=stone, setting=setting) for stone in rounds()[:3]]
    visit = booked(store, day, designs=alba[:2])
    visit = bringing.bring(appointment=visit, design=alba[2], now=now)
    visit = booking.move(appointment=visit, starts_at=day + timedelta(hours=1), now=now)
    reminders.remind(now=day - timedelta(days=2))
    promises.break_(stone=rounds()[0], why="It was sold", cause="sold:1", now=now)
    inventory.sell(stone=rounds()[0], sale_id=1, at=now, now=now)
    with transaction.atomic():
        letters.broken(visit, now=now)
    booked(store, day, code="video", wishes=Wishes(zone="Europe/London"))
    booked(store, day + timedelta(hours=2), risk="a disposable address")
    surprise = booked(
        store,
        day - timedelta(days=1),
        designs=[DesignFactory(stone=rounds()[5])],
        wishes=Wishes(is_surprise=True),
    )
    booking.cancel(appointment=surprise, now=now)
    came = booked(
        store, day + timedelta(days=1), designs=[DesignFactory(stone=rounds()[6], setting=setting)]
    )
    by = StaffMemberFactory()
    receiving.check_in(appointment=came, by=by, now=day)
    came = receiving.complete(
        appointment=came, outcome="interested", by=by, now=day + timedelta(days=1),
        tried=[design.pk for design in came.designs.all()],
    )  # fmt: skip
    reminders.follow_up(now=day + timedelta(days=2))
    entry = WaitlistEntry.objects.create(
        store=store, service=ServiceFactory(), customer=customer_with(email="bo@example.com"),
        email="bo@example.com", since_date=day.date(), until_date=day.date(), asked_at=now,
    )  # fmt: skip
    with transaction.atomic():
        letters.offered(entry, reserved(store, day + timedelta(days=2)), now=now)
    booking.cancel(appointment=visit, now=now)
    north = SupplierFactory(memo_email="memo@north.example")
    lent = StoneOfferFactory(stone=StoneFactory(), supplier=north).stone
    booked(store, day + timedelta(days=9), designs=[DesignFactory(stone=lent)])
    memos.attend(now=now)


@pytest.mark.width(1280)
def test_every_mail_fits_every_screen_and_has_its_pictures(visit: Visit) -> None:
    every_mail()
    mails = list(EmailMessage.objects.order_by("pk"))
    kinds = {mail.kind.partition("/")[2] for mail in mails}
    assert kinds == {
        "lookbook", "reminder", "broken", "verify", "note", "follow_up", "offered", "cancelled",
        "memo",
    }  # fmt: skip
    for mail in mails:
        assert len(mail.html.encode()) < 100_000
        visit.page.set_content(mail.html.replace(settings.SITE_URL, visit.shop), wait_until="load")
        for width in (600, 1280, 390):
            visit.page.set_viewport_size({"width": width, "height": 844})
            wider = visit.page.evaluate("document.documentElement.scrollWidth - innerWidth")
            assert wider <= 0, f"{mail.key} is {wider} px wider than {width} px"
            name = mail.key.partition(":")[2].replace(":", "-")
            visit.page.screenshot(path=SCREENSHOTS / f"mail-{name}-{width}.png", full_page=True)
        missing = "[...document.images].filter(each => !each.naturalWidth || !each.alt).length"
        assert visit.page.evaluate(missing) == 0, mail.key
    assert visit.heard == []
