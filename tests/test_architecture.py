"""What the import contracts cannot see: keys that point up, side doors, and who may open what."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.apps import apps
from django.contrib import admin
from django.db import models
from django.db.models import signals
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from jeweler import outbox
from jeweler.access import Role
from tests.factories.jeweler import StaffMemberFactory, UserFactory

CHECKOUT = Path(__file__).resolve().parents[1]

# Whoever is later may point at whoever is earlier.
ROOMS = ["jeweler", "builder", "appointments", "referrals", "attribution", "pos_bridge", "demo"]

MANAGERS = {Role.MANAGER, Role.OWNER}
SELLERS = {Role.ASSOCIATE, Role.MANAGER, Role.OWNER}
MARKETERS = {Role.MARKETER, Role.OWNER}
FIGURES = {Role.MARKETER, Role.MANAGER, Role.OWNER}

# Every address of the site but the admin's own. Whoever adds one says here who may open it.
PUBLIC = {
    "healthz",
    "builder:home",
    "builder:rings",
    "builder:diamonds",
    "builder:compare",
    "builder:ring",
    "builder:choose",
    "builder:intent",
    "builder:summary",
    "builder:sizes",
    "builder:save",
    "builder:saved",
    "builder:again",
    "builder:change",
    "builder:share",
    "builder:hint",
    "builder:stones_api",
    "builder:stone_api",
    "builder:ring_api",
    "builder:schema",
    "builder:picture",
    "builder:code",
    "builder:still",
    "builder:still_shown",
    "builder:card",
    "webhook-schema",
    "visits:book",
    "visits:seen",
    "visits:slots_api",
    "visits:holds_api",
    "visits:waiting",
    "referrals:ask",
    "referrals:landing",
    "referrals:scanned",
}
SIGNED = {
    "visits:confirm_api",
    "visits:form",
    "visits:manage",
    "visits:move",
    "visits:calendar",
    "visits:verify",
    "visits:offered",
    "builder:link",
    "builder:all_of_hers",
    "referrals:join",
    "referrals:hers",
    "referrals:shared",
    "referrals:card",
    "referrals:code",
    "referrals:introduced",
    "floor:calendar",
    "webhook",
    "invoice",
    "invoice-picture",
    "till-login",
    "till-design",
    "till-customers",
    "till-code",
    "till-introduce",
    "till-credit",
    "till-holds",
    "till-capture",
    "till-release",
    "stop-mails",
    "friends:days",
}  # opened by a token or a signature
KEYED = {"events", "event"}  # opened by a token in the Authorization header
DEMO = {  # there only while DEMO is on
    "demo:tour",
    "demo:begin_anew",
    "demo:log_in",
    "demo:ring_up",
    "demo:sell_elsewhere",
    "demo:be_an_advocate",
    "demo:mailbox",
    "demo:mail",
}
STAFF = {
    "counter": SELLERS,
    "counter-store": SELLERS,
    "counter-design": SELLERS,
    "counter-reach": SELLERS,
    "counter-sheet": SELLERS,
    "counter-invoices": SELLERS,
    "counter-invoice": SELLERS,
    "counter-invoice-write": SELLERS,
    "friends:reviews": MANAGERS,
    "friends:decide": MANAGERS,
    "friends:referral": MANAGERS,
    "friends:act": MANAGERS,
    "friends:staff": MANAGERS,
    "till-inbox": MANAGERS,
    "till-replay-many": MANAGERS,
    "till-event": MANAGERS,
    "till-trial": MANAGERS,
    "till-replay": MANAGERS,
    "till-assign": MANAGERS,
    "till-days": MANAGERS,
    "till-day": MANAGERS,
    "till-settle": MANAGERS,
    "counter-tickets": SELLERS,
    "counter-ticket": SELLERS,
    "counter-ticket-act": SELLERS,
    "counter-receipt": SELLERS,
    "counter-closing": SELLERS,
    "counter-person": SELLERS,
    "counter-person-reach": SELLERS,
    "counter-person-act": SELLERS,
    "counter-sell": SELLERS,
    "floor:here": SELLERS,
    "floor:day": SELLERS,
    "floor:tray": SELLERS,
    "floor:scan": SELLERS,
    "floor:walk_in": SELLERS,
    "floor:visit": SELLERS,
    "floor:reach": SELLERS,
    "floor:step": SELLERS,
    "floor:complete": SELLERS,
    "floor:move": SELLERS,
    "floor:cancel": SELLERS,
    "floor:note": SELLERS,
    "floor:tick": SELLERS,
    "floor:count_in": SELLERS,
    "floor:send": SELLERS,
    "floor:instead": SELLERS,
    "floor:settle": SELLERS,
    "floor:figures": FIGURES,
    "floor:figures_csv": FIGURES,
    "builder:funnel": FIGURES,
    "builder:funnel_rings": FIGURES,
    "friends:days_at_counter": SELLERS,
    "friends:figures": MARKETERS,
    "friends:figures_csv": MARKETERS,
    "friends:rows": MARKETERS,
    "friends:rows_csv": MARKETERS,
    "friends:program": MARKETERS,
    "friends:terms": MARKETERS,
    "friends:pause": MARKETERS,
    "friends:weigh": MARKETERS,
    "friends:bench": MARKETERS,
    "friends:follow_on": MARKETERS,
    "friends:perk_new": MARKETERS,
    "friends:perk": MARKETERS,
    "friends:campaign_new": MARKETERS,
    "friends:campaign": MARKETERS,
    "attribution:dashboard": FIGURES,
    "attribution:journeys": FIGURES,
    "attribution:journey": FIGURES,
}

SAMPLES = {
    "int": 1, "str": "OS-7K4Q-2M9", "slug": "osmere", "path": "osmere", "uuid": UUID(int=7),
}  # fmt: skip


def addresses(
    patterns: list[URLPattern | URLResolver] | None = None, space: str = ""
) -> Iterator[tuple[str, URLPattern]]:
    """Every named address but the admin's own, as ("builder:home", pattern)."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        if isinstance(pattern, URLResolver):
            inner = f"{space}{pattern.namespace}:" if pattern.namespace else space
            if inner != "admin:":
                yield from addresses(pattern.url_patterns, inner)
        else:
            assert pattern.name, f"{pattern} has no name"
            yield f"{space}{pattern.name}", pattern


def sample_of(name: str) -> str:
    pattern = next(pattern for each, pattern in addresses() if each == name)
    kinds: dict[str, Any] = pattern.pattern.converters  # type: ignore[attr-defined]
    kwargs = {
        key: SAMPLES[type(kind).__name__.removesuffix("Converter").lower().replace("string", "str")]
        for key, kind in kinds.items()
    }
    return reverse(name, kwargs=kwargs)


def answers(client: Client, page: str) -> list[HttpResponse]:
    """What a page answers to the methods that it takes."""
    both: list[Any] = [client.get(page), client.post(page)]
    return [answer for answer in both if answer.status_code != 405]


def house_models() -> list[type[models.Model]]:
    return [model for model in apps.get_models() if model._meta.app_label in ROOMS]


def test_no_row_points_at_a_room_above_its_own() -> None:
    for model in house_models():
        own = ROOMS.index(model._meta.app_label)
        for field in [*model._meta.fields, *model._meta.many_to_many]:
            target = field.remote_field.model._meta.app_label if field.remote_field else ""
            if target in ROOMS:
                assert ROOMS.index(target) <= own, f"{field} points up at {target}"


def test_no_model_hides_work_in_save_or_delete() -> None:
    for model in house_models():
        assert not {"save", "delete"} & set(vars(model)), model


def test_every_room_is_named_in_plain_words() -> None:
    for room in ROOMS:
        if apps.is_installed(room):
            name = str(apps.get_app_config(room).verbose_name)
            assert "_" not in name
            assert name not in {"Jeweler", "Builder", "Demo"}


def test_no_signal_is_listened_to_by_a_room() -> None:
    for signal in vars(signals).values():
        for receiver in getattr(signal, "receivers", ()):
            listener = receiver[1]() if callable(receiver[1]) else receiver[1]
            module = getattr(listener, "__module__", "") or ""
            assert module.partition(".")[0] not in ROOMS, f"{listener} listens to {signal}"


def test_every_subscriber_is_a_handler_of_its_room() -> None:
    names = [name for subscribers in outbox._subscribers.values() for name in subscribers]
    modules = {name.rpartition(".")[0] for name in names if name.partition(".")[0] in ROOMS}
    assert all(module.partition(".")[2].startswith("handlers") for module in modules), modules


def test_no_room_rings_the_broker() -> None:
    """What is owed is found by the clock's sweep: no request waits for a broker (decision 2)."""
    for room in ROOMS:
        for file in (CHECKOUT / room).rglob("*.py"):
            source = file.read_text()
            for call in (".delay(", ".apply_async(", ".send_task(", "delay_on_commit("):
                assert call not in source, f"{file} rings the broker with {call}"


def test_every_address_says_who_may_open_it() -> None:
    known = [*PUBLIC, *SIGNED, *KEYED, *DEMO, *STAFF]
    assert len(known) == len(set(known))
    assert {name for name, _ in addresses()} == set(known)


@pytest.mark.django_db
@pytest.mark.parametrize("name", sorted(STAFF))
def test_a_staff_page_is_opened_by_its_roles_alone(client: Client, name: str) -> None:
    page = sample_of(name)
    for refused in answers(client, page):
        assert refused.status_code == 302
        assert refused.headers["Location"].startswith("/admin/login/?next=")
    for outsider in (UserFactory(), UserFactory(is_superuser=True)):
        client.force_login(outsider)
        assert {refused.status_code for refused in answers(client, page)} == {403}
    for role in Role:
        client.force_login(StaffMemberFactory(role=role).user)
        if role in STAFF[name]:
            assert client.get(page).status_code != 403, role
        else:
            assert {refused.status_code for refused in answers(client, page)} == {403}, role


@pytest.mark.django_db
@pytest.mark.parametrize("name", sorted(PUBLIC))
def test_a_public_page_asks_nobody_to_log_in(client: Client, name: str) -> None:
    response = client.get(sample_of(name))
    response.close()
    assert response.status_code not in {401, 403, 500}
    assert "/admin/login/" not in response.headers.get("Location", "")


@pytest.mark.django_db
@pytest.mark.parametrize("name", sorted(SIGNED))
def test_a_made_up_token_opens_nothing(client: Client, name: str) -> None:
    assert client.get(sample_of(name)).status_code in {401, 404, 405, 410}
    assert client.post(sample_of(name), "{}", content_type="application/json").status_code in {
        401, 403, 404, 405, 410,
    }  # fmt: skip


@pytest.mark.django_db
@pytest.mark.parametrize("name", sorted(KEYED))
def test_an_api_with_a_key_answers_nobody_without_the_right_one(client: Client, name: str) -> None:
    owner = StaffMemberFactory(role=Role.OWNER, sees_all_stores=True)
    client.force_login(owner.user)  # a log-in is no key
    for key in ("", "Bearer", "Bearer wrong", "Bearer \xff\x00", "Basic d3Jvbmc6d3Jvbmc="):
        for answer in answers_to(client, sample_of(name), key):
            assert answer.status_code == 401
            assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def answers_to(client: Client, page: str, key: str) -> list[HttpResponse]:
    both: list[Any] = [method(page, headers={"authorization": key}) for method in (client.get, client.post)]  # fmt: skip
    return [answer for answer in both if answer.status_code != 405]


def admin_pages() -> Iterator[str]:
    yield from (reverse("admin:index"), reverse("admin:app_list", args=["jeweler"]))
    for model in admin.site._registry:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        yield from (reverse(f"{name}_changelist"), reverse(f"{name}_add"))
        for page in ("change", "delete", "history"):
            yield reverse(f"{name}_{page}", args=[1])


@pytest.mark.django_db
def test_the_admin_opens_no_table_without_a_log_in_and_a_role(client: Client) -> None:
    for page in admin_pages():
        response = client.get(page)
        assert response.status_code == 302, page
        assert response.headers["Location"].startswith("/admin/login/"), page
    client.force_login(UserFactory())
    for page in list(admin_pages())[2:]:
        assert client.get(page).status_code in {302, 403}, page
