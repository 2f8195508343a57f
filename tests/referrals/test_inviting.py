"""Who is asked to tell somebody, once; and who is left out."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from appointments.models import Appointment
from builder.models import Design
from jeweler import subscriptions
from jeweler.models import Customer, EmailMessage, Sale
from referrals import inviting, letters
from referrals.models import Invitation, Program
from tests.factories import introductions as friends
from tests.factories.appointments import ServiceFactory, open_showroom
from tests.factories.builder import DesignFactory
from tests.factories.jeweler import (
    NOW,
    RefundFactory,
    UserFactory,
    customer_with,
)

pytestmark = pytest.mark.django_db

BOUGHT = NOW - timedelta(days=40)


@pytest.fixture
def program() -> Program:
    return friends.program(holdout_percent=0)


def buyer(email: str = "bea@example.com", *, at: datetime = BOUGHT) -> Customer:
    made = customer_with(email=email)
    friends.bought(made, at=at)
    return made


def invited() -> list[str]:
    return list(EmailMessage.objects.order_by("pk").values_list("to", flat=True))


def test_a_happy_customer_is_asked_once_with_one_click_to_hear_no_more(program: Program) -> None:
    bea = buyer()
    for day in range(3):
        inviting.sweep(now=NOW + timedelta(days=day))
    mail = EmailMessage.objects.get()
    assert (mail.to, mail.customer, mail.topic) == ("bea@example.com", bea, letters.TOPIC)
    assert "/friends/join/" in mail.text
    assert "/mail/stop/" in mail.text
    assert "ring" not in mail.subject.lower() + mail.text.lower()
    assert Invitation.objects.get().customer == bea


def test_the_day_after_the_return_window_and_not_the_last_day_of_it(program: Program) -> None:
    buyer(at=datetime.fromisoformat("2026-10-20T23:30:00-04:00"))
    last_minute = datetime.fromisoformat("2026-11-19T23:59:00-05:00")
    assert inviting.sweep(now=last_minute) == 0
    assert inviting.sweep(now=last_minute + timedelta(minutes=1)) == 1


@pytest.mark.parametrize(
    "why", ["not paid", "not handed over", "given back in part", "another called off", "long ago"]
)
def test_who_owes_waits_or_gave_something_back_is_not_asked(program: Program, why: str) -> None:
    bea = buyer(at=NOW - timedelta(days=100) if why == "long ago" else BOUGHT)
    sale = Sale.objects.get()
    match why:
        case "not paid":
            Sale.objects.update(total=sale.total + 1)
        case "not handed over":
            Sale.objects.update(handed_over_at=None)
        case "given back in part":
            RefundFactory(sale=sale, amount=1, refunded_at=BOUGHT)
        case "another called off":
            friends.bought(bea, at=NOW - timedelta(days=300))
            Sale.objects.exclude(pk=sale.pk).update(voided_at=NOW)
    assert inviting.sweep(now=NOW) == 0


def test_who_is_one_already_keeps_a_secret_or_wants_no_such_mails_is_not_asked(
    program: Program,
) -> None:
    friends.bought(friends.advocate().customer, at=BOUGHT)
    discreet = buyer("discreet@example.com")
    DesignFactory(customer=discreet, is_discreet=True)
    assert Design.objects.filter(is_discreet=True).exists()
    Appointment.objects.create(
        store=open_showroom(), service=ServiceFactory(), customer=buyer("proposing@example.com"), status="attended",
        starts_at=BOUGHT, ends_at=NOW, booked_at=BOUGHT, is_surprise=True, occasion_date=date(2027, 6, 1),
    )  # fmt: skip
    refused = subscriptions.token(address="no@example.com", topic=letters.TOPIC)
    buyer("no@example.com")
    subscriptions.stop(given=refused, now=NOW)
    buyer("staff@example.com")
    UserFactory(email="staff@example.com")
    Customer.objects.filter(pk=buyer("gone@example.com").pk).update(forgotten_at=NOW)
    assert inviting.sweep(now=NOW) == 0
    assert invited() == []


def test_one_in_ten_is_held_out_by_a_lot_that_falls_the_same_each_time() -> None:
    program = friends.program()
    drawn = [inviting.in_hold_out(program, Customer(pk=number)) for number in range(2000)]
    assert drawn == [inviting.in_hold_out(program, Customer(pk=number)) for number in range(2000)]
    assert 150 < sum(drawn) < 250


def test_who_is_held_out_is_written_down_and_not_to() -> None:
    program = friends.program()
    held_out = next(
        each for number in range(200)
        if inviting.in_hold_out(program, each := customer_with(email=f"c{number}@example.com"))
    )  # fmt: skip
    friends.bought(held_out, at=BOUGHT)
    assert inviting.sweep(now=NOW) == 1
    assert Invitation.objects.get().is_held_out
    assert invited() == []


@pytest.mark.parametrize("state", [{"paused_at": NOW}, {"begins_at": NOW + timedelta(days=1)}])
def test_nobody_is_asked_while_nobody_is_taken(state: dict[str, Any]) -> None:
    friends.program(holdout_percent=0)
    Program.objects.update(**state)
    buyer()
    assert inviting.sweep(now=NOW) == 0


def test_a_full_week_of_mails_puts_the_question_off_and_does_not_use_it_up(
    program: Program,
) -> None:
    bea = buyer()
    for number in range(2):
        EmailMessage.objects.create(
            key=f"n{number}", kind="builder/design_pause", to="bea@example.com", subject="x", text="x", html="x",
            topic="designs", queued_at=NOW, next_attempt_at=NOW, customer=bea,
        )  # fmt: skip
    assert inviting.sweep(now=NOW) == 0
    assert not Invitation.objects.exists()
    assert inviting.sweep(now=NOW + timedelta(days=8)) == 1
