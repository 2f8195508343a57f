"""The owner's pages of whom we tell. The addresses lead where a resolver of the test's own says."""

import re
from html import unescape

import pytest
from django.test import Client

from jeweler import outward
from jeweler.models import AuditEntry, StaffMember
from pos_bridge import outgoing
from pos_bridge.models import WebhookAttempt, WebhookEndpoint, WebhookMessage
from tests.factories.jeweler import StaffMemberFactory
from tests.factories.pos_bridge import NOW, numbered, open_endpoint

pytestmark = pytest.mark.django_db

ADD = "/admin/pos_bridge/webhookendpoint/add/"
ENDPOINTS = "/admin/pos_bridge/webhookendpoint/"
LOG = "/admin/pos_bridge/webhookmessage/"
LEADS = {"hooks.example": "93.184.215.14", "inside.example": "10.0.0.7"}


@pytest.fixture(autouse=True)
def names(monkeypatch: pytest.MonkeyPatch) -> None:
    def resolves(host: str, port: int) -> list[str]:
        return [LEADS[host]] if host in LEADS else outward.looked_up(host, port)

    reach = outward.Reach(resolves=resolves)
    monkeypatch.setattr(outward, "_usual_reach", lambda: reach)


@pytest.fixture
def office() -> Client:
    return of(StaffMember.Role.OWNER)


def of(role: StaffMember.Role) -> Client:
    client = Client()
    client.force_login(StaffMemberFactory(role=role, sees_all_stores=True).user)
    return client


def act(office: Client, page: str, action: str, *rows: int, **more: str) -> str:
    chosen = {"action": action, "_selected_action": [str(row) for row in rows], **more}
    answer = office.post(page, chosen, follow=True)
    assert answer.status_code == 200
    return unescape(answer.content.decode())


def secret_in(text: str) -> str:
    found = re.search(r"whsec_[A-Za-z0-9+/=]+", text)
    assert found
    return found[0]


def test_a_new_endpoint_shows_its_secret_and_token_once_and_both_work(office: Client) -> None:
    said = {"description": "Accounting", "address": "https://hooks.example/in", "types": ["sale.paid", "sale.recorded"]}  # fmt: skip

    page = office.post(ADD, said)

    text = unescape(page.content.decode())
    endpoint = WebhookEndpoint.objects.get()
    assert outgoing.secrets_of(endpoint) == [secret_in(text)]
    tokens = re.findall(r"<code[^>]*>([\w-]{43})</code>", text)
    assert outgoing.find(token=tokens[0]) == endpoint
    assert "no-store" in page["Cache-Control"]
    again = office.get(f"{ENDPOINTS}{endpoint.pk}/change/").content.decode()
    assert "whsec_" not in again
    assert tokens[0] not in again
    assert AuditEntry.objects.get(action="endpoint.added").actor is not None


@pytest.mark.parametrize(
    ("address", "way_out"),
    [
        ("http://hooks.example/in", "begin with https://"),
        ("https://inside.example/in", "private network"),
        ("https://169.254.169.254/", "private network"),
        ("https://0x7f.1/", "number in disguise"),
        ("https://hooks.example:8080/", "443 or 8443"),
        ("https://me:word@hooks.example/", "no user or password"),
    ],
)
def test_scenario_59_an_address_that_must_not_be_called_is_refused_when_it_is_typed(
    office: Client, address: str, way_out: str
) -> None:
    said = {"description": "Accounting", "address": address, "types": ["sale.paid"]}
    assert way_out in unescape(office.post(ADD, said).content.decode())
    assert not WebhookEndpoint.objects.exists()

    endpoint = open_endpoint().endpoint
    page = office.post(f"{ENDPOINTS}{endpoint.pk}/change/", {**said, "is_active": "on"})
    assert way_out in unescape(page.content.decode())
    endpoint.refresh_from_db()
    assert endpoint.address == "https://hooks.example/in"


def test_a_change_keeps_secrets_and_numbers(office: Client) -> None:
    endpoint = open_endpoint().endpoint
    numbered(2)
    said = {"description": "The books", "address": endpoint.address, "types": ["sale.paid"]}
    assert office.post(f"{ENDPOINTS}{endpoint.pk}/change/", said).status_code == 302
    changed = WebhookEndpoint.objects.get()
    assert (changed.description, changed.types, changed.is_active) == ("The books", ["sale.paid"], False)  # fmt: skip
    assert (changed.secrets, changed.last_seq) == (endpoint.secrets, 2)
    assert "off: nothing" in office.get(ENDPOINTS).content.decode()


def test_secrets_are_rotated_and_retired_and_a_token_is_replaced(office: Client) -> None:
    opened = open_endpoint()
    row = opened.endpoint.pk
    new = secret_in(act(office, ENDPOINTS, "rotate", row))
    assert outgoing.secrets_of(WebhookEndpoint.objects.get()) == [new, opened.secret]
    assert "already has two secrets" in act(office, ENDPOINTS, "rotate", row)
    act(office, ENDPOINTS, "retire", row)
    assert outgoing.secrets_of(WebhookEndpoint.objects.get()) == [new]
    assert "one secret only" in act(office, ENDPOINTS, "retire", row)
    act(office, ENDPOINTS, "issue_token", row)
    assert outgoing.find(token=opened.token) is None


def test_what_has_stopped_says_why_is_tested_and_switched_on_again(office: Client) -> None:
    endpoint = open_endpoint().endpoint
    WebhookEndpoint.objects.update(disabled_at=NOW, disabled_why="It answered 410: gone for good")
    assert "gone for good" in office.get(ENDPOINTS).content.decode()
    assert "beginning with what has waited" in act(office, ENDPOINTS, "switch_on", endpoint.pk)
    assert "nothing to switch on" in act(office, ENDPOINTS, "switch_on", endpoint.pk)
    act(office, ENDPOINTS, "ping", endpoint.pk)
    assert WebhookMessage.objects.get().type == outgoing.PING


def test_the_log_tells_every_attempt_and_sends_again_for_a_reason(office: Client) -> None:
    open_endpoint()
    numbered(3)
    rows = list(WebhookMessage.objects.order_by("pk"))
    WebhookMessage.objects.update(state="given_up", attempts=10)
    WebhookAttempt.objects.create(message=rows[0], at=NOW, duration_ms=12, status=500, excerpt="<b>down</b>")  # fmt: skip
    assert "Given up" in office.get(f"{LOG}?state__exact=given_up").content.decode()
    page = office.get(f"{LOG}{rows[0].pk}/change/").content.decode()
    assert "&lt;b&gt;down&lt;/b&gt;" in page
    assert rows[0].key in page

    assert 'name="why"' in act(office, LOG, "replay", rows[0].pk, rows[1].pk)
    assert not WebhookMessage.objects.filter(state="waiting").exists()
    assert "Say in a few words" in act(office, LOG, "replay", rows[0].pk, why=" ")
    act(office, LOG, "replay", rows[0].pk, rows[1].pk, why="Their server was down")

    assert WebhookMessage.objects.filter(state="waiting", attempts=0).count() == 2
    entry = AuditEntry.objects.get(action="webhooks.replayed")
    assert entry.detail == {"numbers": [1, 2], "why": "Their server was down"}


@pytest.mark.parametrize("role", [role for role in StaffMember.Role if role != "owner"])
def test_nobody_but_the_owner_sees_whom_we_tell(role: StaffMember.Role) -> None:
    endpoint = open_endpoint().endpoint
    numbered()
    client = of(role)
    for page in (ENDPOINTS, ADD, f"{ENDPOINTS}{endpoint.pk}/change/", LOG, f"{LOG}{WebhookMessage.objects.get().pk}/change/"):  # fmt: skip
        assert client.get(page).status_code == 403
