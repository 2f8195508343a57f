"""Nothing of hers is left in any text of the showrooms."""

import pytest
from django.apps import apps
from django.db import models

from appointments import booking
from appointments.booking import Contact, Wishes
from appointments.models import Appointment
from jeweler import outbox, privacy
from tests.appointments.test_booking import MONDAY, reserve
from tests.factories.appointments import ServiceFactory, open_showroom
from tests.factories.jeweler import NOW

pytestmark = pytest.mark.django_db

HERS = ("ada@", "6505551212", "secret", "anniversary")


def test_a_forgotten_customer_leaves_no_word_and_her_time_is_free() -> None:
    service = ServiceFactory()
    store = open_showroom()
    held = reserve(store, service)
    visit = booking.confirm(
        uid=held.uid,
        contact=Contact(email="ada@example.com", phone="+1 650 555 1212"),
        wishes=Wishes(occasion="anniversary", note="A secret", is_surprise=True),
        now=NOW,
    )
    assert visit.customer is not None
    privacy.forget(customer=visit.customer, now=NOW)
    outbox.deliver_due(now=NOW)
    visit.refresh_from_db()
    assert visit.status == Appointment.Status.CANCELLED
    for model in apps.get_app_config("appointments").get_models():
        for row in model._default_manager.all():
            for field in model._meta.concrete_fields:
                if isinstance(field, (models.CharField, models.TextField)):
                    assert not any(each in str(getattr(row, field.name)) for each in HERS), field
    assert reserve(store, service).starts_at == MONDAY
