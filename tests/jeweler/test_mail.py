"""Mails: owed once per key, sent from a worker, and never lost."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core import mail as django_mail
from django.core.mail.backends.base import BaseEmailBackend
from django.db import connections, transaction
from django.db.transaction import TransactionManagementError
from django.template import TemplateDoesNotExist
from django.test import override_settings

from jeweler import mail
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
            now=NOW,
        )


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
