"""What a mail provider reports of a mail, told by a webhook in the provider's own words."""

import json
from base64 import b64encode

import pytest
from anymail.exceptions import AnymailWebhookValidationFailure
from anymail.webhooks.postmark import PostmarkTrackingWebhookView
from django.test import RequestFactory, override_settings

from jeweler.models import EmailMessage, OutboxEvent
from tests.factories.jeweler import NOW, EmailMessageFactory

pytestmark = pytest.mark.django_db

SECRET = "user:password"


def report(mail: EmailMessage, *, secret: str = SECRET) -> int:
    """As Postmark sends it when an address does not exist."""
    said = {
        "RecordType": "Bounce", "ID": 42, "Type": "HardBounce", "TypeCode": 1,
        "MessageID": "b7bc2f4a-e38e-4336-af7d-e6c392c2f817", "Metadata": {"mail": str(mail.pk)},
        "Email": mail.to, "BouncedAt": "2026-11-21T16:33:54Z", "Description": "Unknown user",
    }  # fmt: skip
    request = RequestFactory().post(
        "/hooks/mail/postmark/tracking/", json.dumps(said), content_type="application/json",
        headers={"authorization": f"Basic {b64encode(secret.encode()).decode()}"},
    )  # fmt: skip
    with override_settings(ANYMAIL={"WEBHOOK_SECRET": SECRET}):
        answer = PostmarkTrackingWebhookView.as_view()(request)
    return int(answer.status_code)


def test_a_mail_that_came_back_is_told_once_however_often_it_is_reported() -> None:
    mail = EmailMessageFactory(sent_at=NOW)
    assert [report(mail) for _ in range(3)] == [200, 200, 200]
    mail.refresh_from_db()
    assert mail.bounced_at is not None
    assert [event.payload for event in OutboxEvent.objects.all()] == [{"mail_id": mail.pk}]


def test_whoever_does_not_know_the_secret_reports_nothing() -> None:
    mail = EmailMessageFactory(sent_at=NOW)
    with pytest.raises(AnymailWebhookValidationFailure):
        report(mail, secret="user:guessed")
    mail.refresh_from_db()
    assert mail.bounced_at is None
