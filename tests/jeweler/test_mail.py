"""Mails: owed once per key, sent from a worker, and never lost."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings
from django.core import mail as django_mail
from django.core.mail import EmailMultiAlternatives
from django.core.mail.backends.base import BaseEmailBackend
from django.db import connections, transaction
from django.db.transaction import TransactionManagementError
from django.template import TemplateDoesNotExist
from django.test import Client, override_settings
from hypothesis import given
from hypothesis import strategies as st

from jeweler import locking, mail, subscriptions
from jeweler.models import EmailMessage
from tests.factories.jeweler import NOW, EmailMessageFactory

pytestmark = pytest.mark.django_db(transaction=True)

CONTEXT: dict[str, Any] = {
    "words": 'The Alba & "Ever <always>"',
    "link": "https://shop.example/d/abc?from=mail&to=ring",
    "picture": "https://shop.example/pictures/abc.png",
    "lines": [{"label": "Round diamond", "note": "1.52 ct", "amount": "$12,480"}],
}


class ClosedMailServer(BaseEmailBackend):
    def send_messages(self, email_messages: object) -> int:
        raise ConnectionRefusedError("no mail server here")


CLOSED = f"{__name__}.ClosedMailServer"


@pytest.fixture(autouse=True)
def own_templates() -> Iterator[None]:
    [engine] = settings.TEMPLATES
    folders = [*engine["DIRS"], Path(__file__).parent / "mails"]
    with override_settings(TEMPLATES=[{**engine, "DIRS": folders}]):
        yield


def queue(*, key: str = "design:1", **changes: Any) -> EmailMessage:
    with transaction.atomic():
        return mail.queue(
            key=key,
            template=changes.pop("template", "tests/everything"),
            to="ada@example.com",
            subject=changes.pop("subject", "Your notes from Osmere"),
            context=CONTEXT,
            sender=changes.pop("sender", ""),
            now=NOW,
        )


def test_a_mail_is_from_the_house_unless_another_sender_is_named() -> None:
    queue(key="plain")
    queue(key="discreet", sender=settings.DISCREET_FROM_EMAIL)
    assert mail.send_due(now=NOW) == 2
    assert [sent.from_email for sent in django_mail.outbox] == [
        settings.DEFAULT_FROM_EMAIL,
        "Kept for you <hello@osmere.example>",
    ]


def test_a_mail_is_sent_once_with_its_text_beside_its_html() -> None:
    queue()
    assert mail.send_due(now=NOW) == 1
    assert mail.send_due(now=NOW + timedelta(days=1)) == 0
    [sent] = django_mail.outbox
    assert sent.to == ["ada@example.com"]
    assert sent.body.startswith("It is all here")
    [alternative] = sent.alternatives
    assert alternative.mimetype == "text/html"
    assert "<!doctype html>" in alternative.content


def test_one_key_owes_one_mail() -> None:
    first = queue()
    assert queue(subject="Something else") == first
    assert EmailMessage.objects.get().subject == "Your notes from Osmere"


def test_queueing_outside_a_transaction_is_refused() -> None:
    with pytest.raises(TransactionManagementError, match="outside a transaction"):
        mail.queue(
            key="k", template="tests/everything", to="a@b.co", subject="", context={}, now=NOW
        )


def test_a_rolled_back_change_owes_no_mail() -> None:
    with transaction.atomic():
        queue()
        transaction.set_rollback(True)
    assert mail.send_due(now=NOW) == 0


def test_what_people_wrote_cannot_become_markup_and_stays_as_typed_in_the_text() -> None:
    message = queue()
    assert "The Alba &amp; &quot;Ever &lt;always&gt;&quot;" in message.html
    assert 'The Alba & "Ever <always>"' in message.text
    assert "?from=mail&to=ring" in message.text


def test_a_mail_calls_nobody_but_our_own_house() -> None:
    assert "googleapis" not in queue().html


def test_a_subject_stays_on_one_line() -> None:
    assert queue(subject="Your notes\nBcc: eve@example.com").subject == (
        "Your notes Bcc: eve@example.com"
    )


def test_a_template_that_is_missing_is_named() -> None:
    with pytest.raises(TemplateDoesNotExist, match="emails/builder/nothing"):
        queue(template="builder/nothing")


def test_a_template_that_is_no_mjml_is_named() -> None:
    with pytest.raises(mail.BadMail, match=r"templates/emails/tests/broken\.mjml is no MJML"):
        queue(template="tests/broken")


def test_a_mail_that_could_not_be_sent_is_tried_again_later() -> None:
    queue()
    with override_settings(EMAIL_BACKEND=CLOSED):
        assert mail.send_due(now=NOW) == 0
    owed = EmailMessage.objects.get()
    assert "no mail server here" in owed.last_error
    assert owed.attempts == 1
    assert mail.send_due(now=NOW + timedelta(seconds=4)) == 0
    assert mail.send_due(now=NOW + timedelta(seconds=6)) == 1
    assert EmailMessage.objects.get().last_error == ""


def test_one_mail_that_fails_holds_up_no_other() -> None:
    EmailMessageFactory(to="not an address\n")
    EmailMessageFactory(to="ada@example.com")
    assert mail.send_due(now=NOW) == 1
    assert [sent.to for sent in django_mail.outbox] == [["ada@example.com"]]


@override_settings(OUTBOX_MAX_ATTEMPTS=2)
def test_a_mail_that_keeps_failing_is_given_up_and_can_be_replayed() -> None:
    queue()
    with override_settings(EMAIL_BACKEND=CLOSED):
        for hours in range(3):
            mail.send_due(now=NOW + timedelta(hours=hours))
    given_up = EmailMessage.objects.get()
    assert given_up.dead_at is not None
    assert mail.send_due(now=NOW + timedelta(days=1)) == 0

    mail.replay(message=given_up, now=NOW + timedelta(days=1))
    assert mail.send_due(now=NOW + timedelta(days=1)) == 1


@override_settings(OUTBOX_MAX_ATTEMPTS=2)
def test_a_mail_whose_last_attempt_killed_its_worker_is_given_up() -> None:
    message = EmailMessageFactory(attempts=2)
    assert mail.send_due(now=NOW) == 0
    message.refresh_from_db()
    assert message.dead_at == NOW
    assert "died" in message.last_error


def test_only_a_mail_that_was_given_up_is_replayed() -> None:
    message = queue()
    with pytest.raises(mail.NotGivenUp):
        mail.replay(message=message, now=NOW)
    mail.send_due(now=NOW)
    with pytest.raises(mail.NotGivenUp):
        mail.replay(message=message, now=NOW)


def test_both_copies_of_a_mail_sent_twice_carry_one_message_id() -> None:
    message = queue()
    mail.send_due(now=NOW)
    EmailMessage.objects.update(sent_at=None)
    mail.send_due(now=NOW + timedelta(hours=1))
    first, second = (sent.message()["Message-ID"] for sent in django_mail.outbox)
    assert first == second == mail.message_id(message)
    assert "design" not in first


def test_workers_side_by_side_never_share_a_mail() -> None:
    EmailMessageFactory.create_batch(30)

    def work() -> int:
        try:
            return mail.send_due(now=NOW)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        sent = sum(done.result() for done in [pool.submit(work) for _ in range(4)])
    assert sent == len(django_mail.outbox) == 30


def test_sending_inside_a_transaction_is_refused() -> None:
    with pytest.raises(RuntimeError, match="durable"), transaction.atomic():
        mail.send_due(now=NOW)


# Mails that nobody asked for.

NEW_YORK = ZoneInfo("America/New_York")
NOON = datetime(2026, 11, 21, 17, 0, tzinfo=UTC)  # in New York


def nudge(*, key: str = "gone:1", now: datetime = NOON, **changes: Any) -> EmailMessage | None:
    with transaction.atomic():
        return mail.nudge(
            key=key,
            template="tests/everything",
            to=changes.pop("to", "ada@example.com"),
            subject="About your design",
            context=CONTEXT,
            customer=None,
            topic="designs",
            zone=changes.pop("zone", NEW_YORK),
            now=now,
            **changes,
        )


def refuse(*, address: str = "ada@example.com", topic: str = "designs") -> None:
    subscriptions.stop(given=subscriptions.token(address=address, topic=topic), now=NOON)


def test_an_unasked_mail_can_be_ended_in_one_click_from_any_mail_program() -> None:
    nudge()
    mail.send_due(now=NOON)
    message = django_mail.outbox[0].message()
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    address = message["List-Unsubscribe"].strip("<>")
    assert address.startswith(f"{settings.SITE_URL}/mail/stop/")
    answer = Client(enforce_csrf_checks=True).post(
        address.removeprefix(settings.SITE_URL), {"List-Unsubscribe": "One-Click"}
    )
    assert answer.status_code == 200
    assert nudge(key="gone:2") is None


def test_a_mail_she_asked_for_has_nothing_to_end() -> None:
    queue()
    mail.send_due(now=NOW)
    assert "List-Unsubscribe" not in django_mail.outbox[0].message()


def test_who_refused_is_not_written_to_and_others_are() -> None:
    refuse()
    assert nudge() is None
    assert nudge(to="grace@example.com") is not None


def test_a_refusal_of_another_topic_does_not_count() -> None:
    refuse(topic="visits")
    assert nudge() is not None


def test_a_mail_that_was_owed_before_she_refused_is_not_sent() -> None:
    owed = nudge()
    assert owed is not None
    refuse()
    assert mail.send_due(now=NOON) == 0
    owed.refresh_from_db()
    assert (owed.dead_at, owed.last_error) == (NOON, "She wants no more of these")
    assert django_mail.outbox == []


def test_two_in_a_week_are_enough_and_the_third_waits_until_the_first_is_a_week_old() -> None:
    assert nudge(key="1") is not None
    assert nudge(key="2", now=NOON + timedelta(days=1)) is not None
    almost = NOON + timedelta(days=7) - timedelta(seconds=1)
    assert nudge(key="3", now=almost) is None
    assert nudge(key="3", now=NOON + timedelta(days=7)) is not None


def test_the_cap_counts_every_topic_and_no_mail_that_she_asked_for() -> None:
    queue()
    EmailMessageFactory(topic="visits", queued_at=NOON)
    assert nudge(key="1") is not None
    assert nudge(key="2") is None


def test_a_mail_that_matters_less_leaves_room_for_one_that_matters_more() -> None:
    assert nudge(key="pause", leave=1) is not None
    assert nudge(key="ending", leave=1) is None
    assert nudge(key="gone") is not None


def test_the_same_nudge_again_is_the_first_one_whatever_the_cap_says() -> None:
    first = nudge(key="1")
    nudge(key="2")
    assert nudge(key="1") == first


def test_ten_who_write_to_her_at_once_keep_to_the_cap_which_the_lock_sees_to() -> None:
    def write(number: int) -> bool:
        try:
            return nudge(key=str(number)) is not None
        finally:
            connections.close_all()

    def unlocked(number: int) -> bool:
        with locking.without_locks_to_prove_that_they_are_needed():
            return write(number)

    with ThreadPoolExecutor(10) as pool:
        assert sum(pool.map(write, range(10))) == settings.NUDGE_CAP

        def passes_the_cap_unlocked(_round: int) -> bool:
            EmailMessage.objects.all().delete()
            return sum(pool.map(unlocked, range(10))) > settings.NUDGE_CAP

        assert any(map(passes_the_cap_unlocked, range(50)))  # mostly in the first round


@pytest.mark.parametrize(
    ("local", "due"),
    [
        ("2026-11-21 08:59", "2026-11-21 09:00"),
        ("2026-11-21 09:00", "2026-11-21 09:00"),
        ("2026-11-21 20:59", "2026-11-21 20:59"),
        ("2026-11-21 21:00", "2026-11-22 09:00"),
        ("2026-12-31 23:30", "2027-01-01 09:00"),
        ("2026-10-31 22:00", "2026-11-01 09:00"),  # the clocks go back in this night
        ("2026-03-07 22:00", "2026-03-08 09:00"),  # and forward in this one
    ],
)
def test_at_night_a_nudge_waits_until_nine_by_her_clock(local: str, due: str) -> None:
    now = datetime.fromisoformat(local).replace(tzinfo=NEW_YORK).astimezone(UTC)
    owed = nudge(now=now)
    assert owed is not None
    told = owed.next_attempt_at.astimezone(NEW_YORK)
    assert f"{told:%Y-%m-%d %H:%M}" == due


@given(
    moment=st.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    zone=st.sampled_from(["America/New_York", "Europe/London", "Asia/Kolkata", "Australia/Sydney"]),
)
def test_whatever_the_moment_and_the_zone_the_next_day_begins_soon_and_by_day(
    moment: datetime, zone: str
) -> None:
    due = mail.by_day(moment, zone=ZoneInfo(zone))
    local = due.astimezone(ZoneInfo(zone))
    assert 9 <= local.hour < 21
    assert timedelta() <= due - moment <= timedelta(hours=13)  # the night the clocks go back
    assert mail.by_day(due, zone=ZoneInfo(zone)) == due


def test_a_nudge_that_could_not_be_sent_by_day_is_not_tried_at_night() -> None:
    owed = nudge(now=NOON)
    assert owed is not None
    night = NOON + timedelta(hours=10)  # ten in the evening: its worker comes back only then
    assert mail.send_due(now=night) == 0
    owed.refresh_from_db()
    assert owed.attempts == 0
    morning = owed.next_attempt_at
    assert morning.astimezone(NEW_YORK).hour == 9
    assert mail.send_due(now=morning) == 1


@override_settings(HOUSE_TIME_ZONE="Asia/Tokyo")
def test_where_no_store_is_chosen_the_houses_clock_holds() -> None:
    owed = nudge(zone=None)  # two in the morning in Tokyo
    assert owed is not None
    assert owed.next_attempt_at.astimezone(ZoneInfo("Asia/Tokyo")).hour == 9


def test_a_mail_that_is_true_no_more_is_withdrawn_before_it_is_sent() -> None:
    nudge(key="pause:1")
    assert mail.withdraw(keys=["pause:1"], why="She came", now=NOON) == 1
    assert mail.send_due(now=NOON) == 0
    assert mail.withdraw(keys=["pause:1"], why="She came", now=NOON) == 0


INVITATION = mail.Invitation(text="BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n", method="REQUEST")


def parts_of(sent: Any) -> list[tuple[str, str | None, str]]:
    """Kind with its method, file name, and content with the line ends that calendars want."""
    found = message_from_bytes(sent.message().as_bytes(linesep="\r\n"))
    return [
        (
            f"{part.get_content_type()} {part.get_param('method') or ''}".strip(),
            part.get_filename(),
            bytes(part.get_payload(decode=True) or b"").decode(),  # type: ignore[arg-type]
        )
        for part in found.walk()
        if not part.is_multipart()
    ]


def invite() -> None:
    with transaction.atomic():
        mail.queue(
            key="visit:1", template="tests/everything", to="ada@example.com", subject="Your visit",
            context=CONTEXT, invitation=INVITATION, not_before=NOW + timedelta(hours=1), now=NOW,
        )  # fmt: skip


def test_an_invitation_waits_for_its_moment_and_goes_as_a_part_and_as_a_file() -> None:
    invite()
    assert mail.send_due(now=NOW) == 0
    assert mail.send_due(now=NOW + timedelta(hours=1)) == 1
    [sent] = django_mail.outbox
    assert parts_of(sent)[2:] == [
        ("text/calendar REQUEST", None, INVITATION.text),
        ("application/ics", "invite.ics", INVITATION.text),
    ]
    header = 'Content-Type: text/calendar; method="REQUEST"; charset="utf-8"\n'
    assert header in sent.message().as_string()  # a second charset would spoil it


@override_settings(EMAIL_BACKEND="anymail.backends.postmark.EmailBackend")
def test_where_the_provider_takes_no_such_part_the_file_is_the_invitation(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    gone: list[EmailMultiAlternatives] = []

    def keep(outgoing: EmailMultiAlternatives) -> None:
        gone.append(outgoing)

    monkeypatch.setattr(EmailMultiAlternatives, "send", keep)
    invite()
    assert mail.send_due(now=NOW + timedelta(hours=1)) == 1
    assert parts_of(gone[0])[2:] == [("text/calendar REQUEST", "invite.ics", INVITATION.text)]


def test_a_forgotten_mail_invites_nobody_any_more() -> None:
    invite()
    [owed] = EmailMessage.objects.all()
    mail.forget(ids=[owed.pk], now=NOW)
    owed.refresh_from_db()
    assert (owed.calendar, owed.text) == ("", "")
