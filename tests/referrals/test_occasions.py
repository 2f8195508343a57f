"""Days of guests' own lives: kept with a yes, written of once each and in time, never before a surprise is over, and ended by a click."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.test import Client

from builder.models import Band
from jeweler import outbox, privacy, subscriptions
from jeweler.access import Role
from jeweler.models import AuditEntry, Customer, EmailMessage
from referrals import occasions
from referrals.models import FollowOn, LifeEvent, LifeReminder, Program, Referral, Reward
from tests.factories.builder import DesignFactory
from tests.factories.jeweler import StaffMemberFactory, customer_with
from tests.factories.referrals import AdvocateFactory, PerkFactory, a_program

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 2, 15, tzinfo=UTC)
WEDDING = date(2026, 9, 12)
DAY = timedelta(days=1)


@pytest.fixture
def program() -> Program:
    return a_program(currency="USD")


@pytest.fixture
def bea(program: Program) -> Customer:
    return customer_with(email="bea@example.com")


def told(customer: Customer, occasion: str = "wedding", day: date = WEDDING, **more: object) -> LifeEvent:  # fmt: skip
    return occasions.tell(customer=customer, occasion=occasion, day=day, source="visit", has_consented=True, now=NOW, **more)  # type: ignore[arg-type]  # fmt: skip


def written(now: datetime) -> list[EmailMessage]:
    occasions.remind(now=now)
    return list(EmailMessage.objects.filter(kind="referrals/day").order_by("pk"))


def test_nothing_is_kept_without_a_yes_nor_twice_nor_of_a_day_that_is_over(bea: Customer) -> None:
    with pytest.raises(occasions.NoConsent):
        occasions.tell(customer=bea, occasion="wedding", day=WEDDING, source="visit", has_consented=False, now=NOW)  # fmt: skip
    event = told(bea)
    assert (event.consented_at, event.consented_to) == (NOW, occasions.CONSENT)
    with pytest.raises(occasions.KnownAlready):
        told(bea)
    with pytest.raises(occasions.DayPassed):
        told(bea, day=date(2026, 3, 1))
    with pytest.raises(IntegrityError), transaction.atomic():  # spoken, and nobody heard it
        LifeEvent.objects.filter(pk=event.pk).update(source="counter")


def test_an_anniversary_is_written_of_once_a_year_and_its_years_have_their_perks(
    bea: Customer, program: Program
) -> None:
    polish = PerkFactory(code="polishing", cost=Decimal(31))
    FollowOn.objects.create(program=program, occasion="anniversary", years=5, perk=polish)
    told(bea, "anniversary", date(2022, 5, 20))
    assert not written(datetime(2026, 4, 28, 15, tzinfo=UTC))
    for _ in range(2):
        assert len(written(datetime(2026, 4, 29, 15, tzinfo=UTC))) == 1
    assert not Reward.objects.filter(rule="occasion").exists()
    fifth = written(datetime(2027, 4, 30, 15, tzinfo=UTC))
    assert len(fifth) == 2
    assert "Polishing" in fifth[-1].text
    reward = Reward.objects.get(rule="occasion")
    assert (reward.customer, reward.perk, reward.cost) == (bea, polish, Decimal(31))
    assert LifeReminder.objects.count() == 2


def test_nothing_is_written_while_a_surprise_is_kept_hers_or_that_of_her_referral(
    bea: Customer,
) -> None:
    birth = date(2026, 6, 1)
    told(bea, "birth", birth, quiet_until=date(2026, 6, 10))
    told(bea)
    advocate = AdvocateFactory(joined_at=NOW)
    Referral.objects.create(
        advocate=advocate, friend=bea, terms=Program.objects.get().terms.get(), locked_at=NOW,
        lock_ends_at=NOW + 366 * DAY, time_zone="America/New_York", surprise_until=date(2026, 8, 1),
    )  # fmt: skip
    for day in range(1, 150):
        assert not written(NOW + day * DAY), day
    [mail] = written(datetime(2026, 8, 1, 15, tzinfo=UTC))
    assert mail.key.startswith("day:")
    assert "September 12" in mail.text  # the birth's day had passed, and is not written of late


def test_a_band_that_fits_her_ring_is_proposed_in_time_with_the_day_by_which_to_order(
    bea: Customer,
) -> None:
    design = a_whole_ring(bea)
    Band.objects.create(code="curved", name="Willow", width_mm=2, thickness_mm=Decimal("1.6"), profile="curved", lead_days=15)  # fmt: skip
    Band.objects.create(code="slow", name="Never", width_mm=2, thickness_mm=2, profile="curved", lead_days=200)  # fmt: skip
    event = told(bea)
    assert event.look_date is not None
    mails = written(
        datetime.combine(event.look_date, datetime.min.time(), UTC) + timedelta(hours=15)
    )
    [mail] = mails
    assert mail.subject == "A band for your ring, in time for the day"
    assert "Willow" in mail.text
    assert "Follows the head around" in mail.text
    assert "Ordered by August 21" in mail.text  # fifteen working days before September 12
    assert LifeReminder.objects.get().design == design
    [willow] = [each for each in occasions.bands_for(design, day=WEDDING, now=NOW + 100 * DAY) if each.band.code == "curved"]  # fmt: skip
    assert willow.is_flush
    assert "Never" not in mail.text


def test_she_stops_one_day_on_her_page_and_all_of_them_from_any_mail(bea: Customer) -> None:
    anniversary = told(bea, "anniversary", date(2022, 5, 20))
    told(bea)
    page = occasions.address(bea)
    browser = Client()
    with time_machine.travel(NOW, tick=False):
        assert "May 20, 2022" in browser.get(page).content.decode()
        browser.post(page, {"stop": str(anniversary.pk)})
        assert "May 20, 2022" not in browser.get(page).content.decode()
        browser.post(page, {"occasion": "birth", "day": "2026-12-01", "agreed": "on"})
        assert LifeEvent.objects.get(occasion="birth").source == "visit"
        assert browser.post(page, {"occasion": "birth", "day": "2026-12-02"}).status_code == 400
        assert browser.get("/days/made-up/").status_code == 404
    assert not written(datetime(2026, 4, 29, 15, tzinfo=UTC))
    subscriptions.stop(given=subscriptions.token(address="bea@example.com", topic="days"), now=NOW)  # fmt: skip
    for day in range(100, 230, 10):
        assert not written(NOW + day * DAY)
    assert not LifeReminder.objects.exists()


def test_at_the_counter_her_spoken_word_is_noted_with_who_heard_it_and_the_link_is_that_members(
    bea: Customer,
) -> None:
    marisol, other = StaffMemberFactory(role=Role.ASSOCIATE), StaffMemberFactory(role=Role.ASSOCIATE)  # fmt: skip
    page = f"/admin/friends/days/{occasions.staff_token(bea, member=marisol)}/"
    desk, elsewhere = Client(), Client()
    desk.force_login(marisol.user)
    elsewhere.force_login(other.user)
    said = {"occasion": "wedding", "day": "2099-09-12"}
    assert desk.post(page, said).status_code == 400
    assert elsewhere.post(page, {**said, "agreed": "on"}).status_code == 302
    assert not LifeEvent.objects.exists()
    desk.post(page, {**said, "agreed": "on"})
    event = LifeEvent.objects.get()
    assert (event.source, event.noted_by) == ("counter", marisol.user)
    assert AuditEntry.objects.filter(action="day.noted", actor=marisol.user).exists()


def test_what_she_told_is_hers_to_read_and_is_written_of_no_more_once_she_is_forgotten(
    bea: Customer,
) -> None:
    told(bea, "anniversary", date(2022, 5, 20))
    [kept] = privacy.export(bea)["friends"]["days_to_remember"]
    assert (kept["occasion"], kept["agreed_to"]) == ("anniversary", occasions.CONSENT)
    privacy.forget(customer=bea, now=NOW)
    while outbox.deliver_due(now=NOW):
        pass
    assert LifeEvent.objects.get().stopped_at == NOW
    assert not written(datetime(2026, 4, 29, 15, tzinfo=UTC))


def a_whole_ring(customer: Customer) -> object:
    return DesignFactory(customer=customer, saved_at=NOW)
