"""What the mail provider reports. Its libraries tell it by a signal; from there on it is a fact like any other."""

from typing import Any

from anymail.signals import EventType, tracking
from django.dispatch import receiver
from django.utils import timezone

from jeweler import mail

CAME_BACK = {EventType.BOUNCED, EventType.REJECTED, EventType.FAILED}


@receiver(tracking)
def hear_of_mail(sender: Any, event: Any, esp_name: str, **more: Any) -> None:
    """A provider tells the same several times over and wants an answer at once: one row is looked at, and no more."""
    told = (event.metadata or {}).get("mail", "")
    if event.event_type in CAME_BACK and str(told).isdecimal():
        why = f"{esp_name}: {event.reject_reason or event.event_type}"
        mail.came_back(mail_id=int(told), why=why, now=timezone.now())
