"""The back office: each role sees its own, and what matters is written down."""

from collections.abc import Iterable

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.db import models
from django.test import Client
from django.urls import reverse

from jeweler import mail, merging, outbox
from jeweler.access import Role
from jeweler.models import (
    AuditEntry,
    ContactPoint,
    Customer,
    CustomerMerge,
    EmailMessage,
    OutboxDelivery,
    OutboxEvent,
    Sale,
    StaffMember,
    Store,
    Visitor,
)
from tests.factories.jeweler import (
    NOW,
    ContactPointFactory,
    CustomerFactory,
    EmailMessageFactory,
    PaymentFactory,
    RefundFactory,
    SaleFactory,
    SaleLineFactory,
    StaffMemberFactory,
    StoreFactory,
    UserFactory,
    VisitorFactory,
)

pytestmark = pytest.mark.django_db

SEES: dict[type[models.Model], set[Role]] = {
    Store: set(Role),
    StaffMember: {Role.MANAGER, Role.OWNER},
    User: {Role.OWNER},
    Visitor: {Role.MANAGER, Role.OWNER},
    AuditEntry: {Role.MANAGER, Role.OWNER},
    Sale: set(Role),
    Customer: {Role.ASSOCIATE, Role.MANAGER, Role.OWNER},
    CustomerMerge: {Role.MANAGER, Role.OWNER},
    OutboxDelivery: {Role.OWNER},
    EmailMessage: {Role.OWNER},
}


def address(model: type[models.Model], page: str, *args: object) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


def log_in(
    client: Client, role: Role, *, stores: Iterable[Store] = (), everywhere: bool = False
) -> StaffMember:
    member = StaffMemberFactory(role=role, stores=list(stores), sees_all_stores=everywhere)
    client.force_login(member.user)
    return member


def one_of_each(store: Store) -> dict[type[models.Model], models.Model]:
    """A row of every table, those of a store in this one."""
    kept, absorbed = CustomerFactory(), CustomerFactory(first_name="A.")
    sale = SaleFactory(store=store, customer=kept, note="gift")
    SaleLineFactory(sale=sale)
    PaymentFactory(sale=sale)
    RefundFactory(sale=sale)
    event = OutboxEvent.objects.create(name="jeweler.SaleRecorded", payload={}, occurred_at=NOW)
    rows = [
        store,
        StaffMemberFactory(stores=[store]),
        UserFactory(),
        VisitorFactory(),
        AuditEntry.objects.create(at=NOW, store=store, action="design.opened", subject="design:1"),
        sale,
        kept,
        merging.merge(kept=kept, absorbed=absorbed, reason="same", by=None, now=NOW),
        OutboxDelivery.objects.create(event=event, subscriber="gone", next_attempt_at=NOW),
        EmailMessageFactory(),
    ]
    return {type(row): row for row in rows}


def test_the_table_of_who_sees_what_names_every_page_of_this_room() -> None:
    registered = {
        model
        for model, model_admin in admin.site._registry.items()
        if type(model_admin).__module__.startswith("jeweler.")
    }
    assert registered == set(SEES)


@pytest.mark.parametrize("role", list(Role))
def test_each_role_sees_its_own_tables_and_no_other(client: Client, role: Role) -> None:
    store = StoreFactory()
    rows = one_of_each(store)
    log_in(client, role, stores=[store])
    for model, roles in SEES.items():
        expected = 200 if role in roles else 403
        assert client.get(address(model, "changelist")).status_code == expected, model
        page = client.get(address(model, "change", rows[model].pk))
        assert page.status_code == expected, model


@pytest.mark.parametrize("role", list(Role))
def test_nobody_but_the_owner_adds_or_deletes(client: Client, role: Role) -> None:
    store = StoreFactory()
    rows = one_of_each(store)
    log_in(client, role, stores=[store])
    added = {Store, StaffMember, User} if role == Role.OWNER else set()
    deleted = {StaffMember} if role == Role.OWNER else set()
    for model in SEES:
        may_add = client.get(address(model, "add")).status_code == 200
        may_delete = client.get(address(model, "delete", rows[model].pk)).status_code == 200
        assert may_add == (model in added), model
        assert may_delete == (model in deleted), model


def test_a_superuser_without_a_role_sees_every_table(client: Client) -> None:
    rows = one_of_each(StoreFactory())
    client.force_login(UserFactory(is_superuser=True))
    assert client.get("/admin/").status_code == 200
    for model in SEES:
        assert client.get(address(model, "changelist")).status_code == 200, model
        assert client.get(address(model, "change", rows[model].pk)).status_code == 200, model


def test_a_log_in_without_a_role_sees_nothing(client: Client) -> None:
    client.force_login(UserFactory())
    for model in SEES:
        assert client.get(address(model, "changelist")).status_code == 403, model


def test_an_owner_neither_sees_nor_makes_a_superuser(client: Client) -> None:
    root = UserFactory(is_superuser=True)
    associate = StaffMemberFactory().user
    log_in(client, Role.OWNER)
    assert client.get(address(User, "change", root.pk)).status_code == 302
    client.post(
        address(User, "change", associate.pk),
        {"username": associate.username, "is_active": "on", "is_staff": "on", "is_superuser": "on"},
    )
    associate.refresh_from_db()
    assert not associate.is_superuser


# Stores.


def test_an_associate_sees_the_sales_of_her_own_stores_alone(client: Client) -> None:
    here, there = StoreFactory(), StoreFactory()
    own, other = SaleFactory(store=here, number="1007"), SaleFactory(store=there, number="2007")
    online = SaleFactory(store=None, channel=Sale.Channel.WEB, number="3007")
    log_in(client, Role.ASSOCIATE, stores=[here])
    page = client.get(address(Sale, "changelist")).content.decode()
    assert "1007" in page
    assert "2007" not in page
    assert "3007" not in page
    assert client.get(address(Sale, "change", own.pk)).status_code == 200
    for hidden in (other, online):
        assert client.get(address(Sale, "change", hidden.pk)).status_code == 302


def test_a_marketer_sees_every_stores_sales_but_not_whose_they_are(client: Client) -> None:
    sale = SaleFactory(customer=CustomerFactory(last_name="Okafor"), note="for Ada Okafor")
    log_in(client, Role.MARKETER, everywhere=True)
    for page in (address(Sale, "changelist"), address(Sale, "change", sale.pk)):
        response = client.get(page)
        assert response.status_code == 200
        assert "Okafor" not in response.content.decode()


def test_a_filter_that_cannot_be_read_is_dropped(client: Client) -> None:
    client.force_login(StaffMemberFactory(role=Role.OWNER, sees_all_stores=True).user)
    page = client.get("/admin/builder/stone/?shape__exact=%00", follow=True)
    assert page.status_code == 200
    assert page.redirect_chain == [("/admin/builder/stone/?e=1", 302)]


def test_the_sidebar_leads_only_where_one_may_go(client: Client) -> None:
    log_in(client, Role.ASSOCIATE)
    page = client.get("/admin/").content.decode()
    assert 'href="/admin/counter/"' in page
    assert 'href="/admin/attribution/"' not in page
    assert address(Sale, "changelist") in page
    assert address(EmailMessage, "changelist") not in page


# Customers.


def ada_of_another_store() -> Customer:
    ada: Customer = ContactPointFactory(canonical="ada@example.com").customer
    ContactPointFactory(
        customer=ada, kind=ContactPoint.Kind.PHONE, canonical="+16505551212", value="650 555 1212"
    )
    return ada


def search(client: Client, text: str) -> str:
    return client.get(address(Customer, "changelist"), {"q": text}).content.decode()


def test_an_associate_finds_a_customer_by_an_exact_key_and_never_browses(client: Client) -> None:
    ada = ada_of_another_store()
    here = StoreFactory()
    SaleFactory(store=here, customer=CustomerFactory(first_name="Grace"))
    log_in(client, Role.ASSOCIATE, stores=[here])
    page = address(Customer, "change", ada.pk)
    assert client.get(page).status_code == 302  # not before she was looked up

    assert "Grace" not in search(client, "")
    for too_little in ("ada", "ada@", "example.com", "555", "okafor"):
        assert page not in search(client, too_little)
    assert page in search(client, " ADA@example.com ")
    assert page in search(client, "(650) 555-1212")
    assert client.get(page).status_code == 200


def test_every_look_up_of_a_customer_is_written_down(client: Client) -> None:
    ada = ada_of_another_store()
    here = StoreFactory()
    associate = log_in(client, Role.ASSOCIATE, stores=[here])
    search(client, "ada@example.com")
    client.get(address(Customer, "change", ada.pk))
    searched, viewed = AuditEntry.objects.order_by("pk")
    assert (searched.action, searched.store, searched.detail) == (
        "customer.searched", here, {"found": [ada.pk]},
    )  # fmt: skip
    assert (viewed.action, viewed.subject) == ("customer.viewed", f"customer:{ada.pk}")
    assert searched.actor == viewed.actor == associate.user


def test_a_page_shows_only_the_sales_of_ones_own_stores(client: Client) -> None:
    here, there = StoreFactory(), StoreFactory()
    ada = CustomerFactory()
    SaleFactory(store=here, customer=ada, number="1007")
    SaleFactory(store=there, customer=ada, number="2007")
    log_in(client, Role.ASSOCIATE, stores=[here])
    page = client.get(address(Customer, "change", ada.pk)).content.decode()
    assert "1007" in page
    assert "2007" not in page


def test_merging_asks_first_and_can_be_undone(client: Client) -> None:
    ada, a_okafor = CustomerFactory(), CustomerFactory(first_name="A.")
    manager = log_in(client, Role.MANAGER, everywhere=True)
    chosen = {"action": "merge", "_selected_action": [ada.pk, a_okafor.pk]}

    question = client.post(address(Customer, "changelist"), chosen)
    assert "Are these two one person?" in question.content.decode()
    assert CustomerMerge.objects.count() == 0

    client.post(
        address(Customer, "changelist"), {**chosen, "kept": a_okafor.pk, "reason": "She said so"}
    )
    merge = CustomerMerge.objects.get()
    assert (merge.kept, merge.absorbed, merge.merged_by) == (a_okafor, ada, manager.user)

    client.post(
        address(CustomerMerge, "changelist"), {"action": "undo", "_selected_action": [merge.pk]}
    )
    ada.refresh_from_db()
    assert ada.merged_into is None


@pytest.mark.parametrize("count", [1, 3])
def test_only_two_are_merged_at_a_time(client: Client, count: int) -> None:
    people = CustomerFactory.create_batch(count)
    log_in(client, Role.MANAGER, everywhere=True)
    response = client.post(
        address(Customer, "changelist"),
        {"action": "merge", "_selected_action": [one.pk for one in people]},
        follow=True,
    )
    assert "Choose exactly two" in response.content.decode()


def test_an_associate_cannot_merge(client: Client) -> None:
    here = StoreFactory()
    pair = [SaleFactory(store=here, customer=CustomerFactory()).customer for _ in range(2)]
    log_in(client, Role.ASSOCIATE, stores=[here])
    client.post(
        address(Customer, "changelist"),
        {"action": "merge", "_selected_action": [one.pk for one in pair], "kept": pair[0].pk},
    )
    assert CustomerMerge.objects.count() == 0


def test_only_the_owner_exports_and_forgets_and_is_asked_first(client: Client) -> None:
    ada = ada_of_another_store()
    export = reverse("admin:jeweler_customer_export", args=[ada.pk])
    forget = reverse("admin:jeweler_customer_forget", args=[ada.pk])
    log_in(client, Role.MANAGER, everywhere=True)
    assert client.get(export).status_code == 403
    assert client.post(forget).status_code == 403

    log_in(client, Role.OWNER, everywhere=True)
    assert client.get(export).json()["contact_points"][0]["value"] == "ada@example.com"
    assert "cannot be undone" in client.get(forget).content.decode()
    ada.refresh_from_db()
    assert ada.forgotten_at is None
    client.post(forget)
    ada.refresh_from_db()
    assert ada.forgotten_at is not None
    actions = set(AuditEntry.objects.values_list("action", flat=True))
    assert {"customer.exported", "customer.forgotten"} <= actions


# Owed work.


def test_a_delivery_that_was_given_up_is_replayed_and_written_down(client: Client) -> None:
    event = OutboxEvent.objects.create(name="x.Gone", payload={"id": 7}, occurred_at=NOW)
    dead = OutboxDelivery.objects.create(
        event=event, subscriber="gone", attempts=10, next_attempt_at=NOW, dead_at=NOW
    )
    owner = log_in(client, Role.OWNER)
    page = client.get(address(OutboxDelivery, "changelist"), {"state": "dead"}).content.decode()
    assert "given up" in page
    client.post(
        address(OutboxDelivery, "changelist"), {"action": "replay", "_selected_action": [dead.pk]}
    )
    dead.refresh_from_db()
    assert (dead.dead_at, dead.attempts) == (None, 0)
    assert AuditEntry.objects.get().actor == owner.user
    assert outbox.AlreadyDelivered.__name__ not in page


def test_a_mail_is_shown_without_its_secrets_and_replayed(client: Client) -> None:
    token = "Zk3-" + "a" * 39
    picture = f"https://shop.example/pictures/{'0123456789abcdef' * 4}.png"
    message = EmailMessageFactory(
        html=f'<img src="{picture}"><p>It is all here</p><a href="https://shop.example/d/{token}/">Open</a>',
        text=f"Open it: https://shop.example/d/{token}/ or https://shop.example/d/{token}.",
        dead_at=NOW,
        attempts=10,
    )
    log_in(client, Role.OWNER)
    page = client.get(address(EmailMessage, "change", message.pk)).content.decode()
    assert "It is all here" in page
    assert token not in page
    assert picture in page
    assert 'sandbox title="The mail as she sees it"' in page
    client.post(
        address(EmailMessage, "changelist"), {"action": "replay", "_selected_action": [message.pk]}
    )
    message.refresh_from_db()
    assert message.dead_at is None
    assert AuditEntry.objects.get().action == "mail.replayed"
    with pytest.raises(mail.NotGivenUp):
        mail.replay(message=message, now=NOW)


def test_a_showrooms_tablet_is_marked_in_the_admin(client: Client) -> None:
    tablet = VisitorFactory()
    log_in(client, Role.MANAGER)
    client.post(address(Visitor, "change", tablet.pk), {"is_store_device": "on"})
    tablet.refresh_from_db()
    assert tablet.is_store_device
