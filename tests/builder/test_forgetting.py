"""Who asks to be forgotten leaves her rings behind, and not a word of hers in any column of any table."""

from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from builder import designs, forgetting, keeping, lookup, saving, sharing
from builder.models import Design, DesignLink, DesignVersion, Picture, Still
from jeweler import mail, outbox, privacy
from jeweler.models import Customer, EmailMessage, Visitor
from tests.builder.test_views import whole_ring
from tests.factories.builder import DesignFactory
from tests.factories.jeweler import NOW, StaffMemberFactory, StoreFactory, VisitorFactory

pytestmark = pytest.mark.django_db

LATER = NOW + timedelta(minutes=5)
# What she typed, each word like no other, and whom she wrote to.
HERS = ("zebedea@example.com", "Zebedea", "Quillon", "Marzipan", "Oxlip", "gnomon@example.com",
        "Vesper", "Saffron", "Zinnia", "reply-zeb@example.com")  # fmt: skip


def columns() -> list[tuple[str, str]]:
    """Every column of ours that can hold a word."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select table_name, column_name from information_schema.columns where table_schema = 'public' and "
            "data_type in ('text', 'character varying', 'character', 'json', 'jsonb', 'bytea', 'ARRAY')"
        )
        return cursor.fetchall()


def holding(word: str) -> list[str]:
    """The columns in which the word is to be read."""
    found = []
    with connection.cursor() as cursor:
        for table, column in columns():
            text = f'"{column}"::text'
            asked = f'select count(*) from "{table}" where {text} ilike %s or {text} like %s'  # noqa: S608
            cursor.execute(asked, [f"%{word}%", f"%{word.encode().hex()}%"])
            if cursor.fetchone()[0]:
                found.append(f"{table}.{column}")
    return found + [
        "django_session" for each in Session.objects.all() if word in str(each.get_decoded())
    ]


def live_a_life(client: Client) -> Customer:
    """She saves, names, engraves, shares, hints, copies and begins another ring, and is looked up in a showroom."""
    whole_ring(client)
    address = reverse("builder:save")
    client.post(address, {"email": "zebedea@example.com"}, follow=True)
    design = Design.objects.get()
    now = timezone.now()
    designs.choose(design=design, engraving="Quillon", now=now)
    client.post(address, {"email": "zebedea@example.com"}, follow=True)
    client.get(reverse("builder:ring"), follow=True)
    visitor = Visitor.objects.get()
    keeping.rename(design=design, name="Marzipan")
    copy = keeping.duplicate(design=Design.objects.get(), visitor=visitor, now=now)
    designs.choose(design=copy, engraving="Zinnia", budget="Saffron", now=now)
    client.get(reverse("builder:ring"), follow=True)
    client.post(
        f"{reverse('builder:hint')}?design={design.code}",
        {"to": "gnomon@example.com", "from_name": "Zebedea", "note": "Oxlip", "wanted_date": "",
         "reply_to": "reply-zeb@example.com"},
    )  # fmt: skip
    sharing.share(design=design, has_price=True, now=now)
    Still.objects.create(
        design=design, picture_hash="0" * 64, image=b"PNG Quillon", width=9, height=9, made_at=now
    )
    store = StoreFactory()
    member = StaffMemberFactory(stores=[store])
    lookup.find(text="zebedea@example.com", member=member, now=now)
    lookup.open_design(design=design, member=member, store=store, key="email", now=now)
    customer = Customer.objects.get()
    Customer.objects.update(first_name="Zebedea", last_name="Vesper")
    EmailMessage.objects.update(last_error="550 <zebedea@example.com> refused")
    return customer


def test_nothing_of_hers_is_left_in_any_column() -> None:
    client = Client(headers={"user-agent": "Mozilla/5.0 (Macintosh) Safari/605"})
    customer = live_a_life(client)
    assert not [word for word in HERS if not holding(word)], "each was somewhere"

    privacy.forget(customer=customer, now=timezone.now())
    outbox.deliver_due(now=timezone.now())

    assert {word: left for word in HERS if (left := holding(word))} == {}
    assert Design.objects.filter(setting__isnull=False, stone__isnull=False).count() == 2
    assert {version.price for version in DesignVersion.objects.all()} != {None}
    assert Picture.objects.exists()


def test_the_rings_of_others_in_the_same_browser_keep_their_words() -> None:
    browser = VisitorFactory()
    hers = DesignFactory(visitor=browser, name="Hers")
    his = DesignFactory(visitor=browser, name="His", engraving="Ever")
    kept = saving.save(
        design=his, email="tom@example.com", visitor=None, is_discreet=False, now=NOW
    )
    saved = saving.save(
        design=hers, email="ada@example.com", visitor=browser, is_discreet=False, now=NOW
    )
    strangers = DesignFactory(name="A stranger's")

    for _ in range(2):  # heard twice
        forgetting.forget(customer_id=saved.customer.pk, visitor_ids=[browser.pk], now=LATER)

    named = dict(Design.objects.values_list("pk", "name"))
    assert named == {hers.pk: "", his.pk: "His", strangers.pk: "A stranger's"}
    assert kept.version.engraving == DesignVersion.objects.get(design=his).engraving == "Ever"


def test_her_words_and_links_and_a_hint_that_is_owed_are_gone() -> None:
    design = DesignFactory(name="For May")
    kept = saving.save(
        design=design, email="ada@example.com", visitor=None, is_discreet=False, now=NOW
    )
    made = sharing.hint(
        design=design, to="tom@example.com", from_name="Ada", note="Soon", wanted_date=None, now=NOW
    )
    privacy.forget(customer=kept.customer, now=LATER)
    outbox.deliver_due(now=LATER)
    made.refresh_from_db()
    assert made.mail
    assert (made.from_name, made.note, made.wanted_date) == ("", "", None)
    assert (made.mail.to, made.mail.dead_at) == ("forgotten@invalid.invalid", LATER)
    assert not DesignLink.objects.filter(revoked_at=None).exists()
    assert mail.send_due(now=LATER) == 0
