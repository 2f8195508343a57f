"""The replay screen: whose events they are, what one would do, and many tried again with a reason."""

from typing import Any

import pytest
from django.test import Client

from jeweler.access import Role
from jeweler.models import AuditEntry, OutboxEvent, Payment, Sale
from pos_bridge import replaying
from pos_bridge.connections import Opened
from pos_bridge.models import InboxEvent
from tests.factories import pos_bridge as tills
from tests.factories.jeweler import StaffMemberFactory
from tests.factories.pos_bridge import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def till() -> Opened:
    return tills.open_till(store=tills.open_store())


def keep(till: Opened, kind: str, **groups: Any) -> InboxEvent:
    tills.post(till, tills.event(kind, **groups))
    return InboxEvent.objects.latest("id")


def manager_of(store: Any) -> Any:
    member = StaffMemberFactory(role=Role.MANAGER)
    member.stores.add(store)
    return member


def test_a_trial_says_what_would_change_table_by_table_and_changes_nothing(till: Opened) -> None:
    ring = tills.stone(report_number="2216048137")
    lines = [{"description": "Ring", "price_minor": 470000, "report_number": ring.report_number}]
    event = keep(till, "sale.recorded", customer={"email": "clara@example.com"}, lines=lines)

    found = replaying.trial(event=event, now=NOW)

    assert found.state == "done"
    by_table: dict[str, list[replaying.Change]] = {}
    for change in found.changes:
        by_table.setdefault(change.table, []).append(change)
    assert {"Sales", "Lines", "Stones", "Customers", "Evidence", "Events published"} <= set(
        by_table
    )
    [sale] = by_table["Sales"]
    assert ("total", "", "5088.00") in sale.values or ("total", "", "5088.000") in sale.values
    assert not any("clara" in str(change) for change in found.changes)

    event.refresh_from_db()
    assert (event.state, event.attempts) == ("new", 0)
    assert not Sale.objects.exists()
    assert not OutboxEvent.objects.exists()
    ring.refresh_from_db()
    assert ring.status != "sold"


def test_what_was_done_already_would_change_nothing_a_second_time(till: Opened) -> None:
    event = keep(till, "sale.recorded")
    tills.work_off()
    found = replaying.trial(event=event, now=NOW)
    assert (found.state, found.changes) == ("done", ())


def test_a_trial_tells_what_it_waits_for_and_what_the_ledger_refuses(till: Opened) -> None:
    waiting = keep(till, "payment.captured")
    assert replaying.trial(event=waiting, now=NOW).reason == "sale_unknown"

    keep(till, "sale.recorded")
    tills.work_off()
    too_much = keep(till, "refund.recorded", refund={"amount_minor": 900000})
    refused = replaying.trial(event=too_much, now=NOW)
    assert (refused.state, refused.reason) == ("dead", "over_refund")


def test_many_are_tried_again_with_a_reason_in_the_log_and_never_doubled(
    till: Opened, client: Client
) -> None:
    keep(till, "payment.captured")
    tills.work_off()
    member = manager_of(till.connection.store)
    client.force_login(member.user)
    Sale.objects.all().delete()
    keep(till, "sale.recorded", sale={"id": "T-1"})
    tills.work_off()
    assert Payment.objects.count() == 1
    refund = keep(till, "refund.recorded", refund={"amount_minor": 900000})
    tills.work_off()

    without = client.post("/admin/tills/inbox/replay/", {"all": "1"}, follow=True)
    assert "Say why" in without.content.decode()
    client.post("/admin/tills/inbox/replay/", {"all": "1", "because": "The total was mended"})

    refund.refresh_from_db()
    assert refund.state == "new"
    entry = AuditEntry.objects.get(action="inbox.replayed")
    assert entry.actor == member.user
    assert entry.detail["because"] == "The total was mended"
    tills.work_off()
    assert Payment.objects.count() == 1


def test_more_than_the_cap_are_not_begun(till: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    events = [keep(till, "payment.captured", payment={"id": f"P-{n}"}) for n in range(3)]
    tills.work_off()
    monkeypatch.setattr(replaying, "MOST_AT_ONCE", 2)
    with pytest.raises(replaying.TooMany, match="3 events are more than the 2"):
        replaying.replay_all(
            events=events, by=StaffMemberFactory().user, because="all of it", now=NOW
        )
    assert not AuditEntry.objects.filter(action="inbox.replayed").exists()


def test_another_stores_events_do_not_exist_for_a_manager(till: Opened, client: Client) -> None:
    event = keep(till, "sale.recorded")
    stranger = manager_of(tills.open_store(code="london", name="London"))
    client.force_login(stranger.user)

    assert "T-1" not in client.get("/admin/tills/inbox/?state=all").content.decode()
    for page in ("", "trial/", "replay/", "owner/"):
        address = f"/admin/tills/inbox/{event.pk}/{page}"
        answer = client.post(address, {"because": "x"}) if page else client.get(address)
        assert answer.status_code == 404, page
    client.post("/admin/tills/inbox/replay/", {"event": event.pk, "because": "x", "state": "all"})
    assert not AuditEntry.objects.filter(action="inbox.replayed").exists()


def test_a_house_wide_tills_event_is_seen_by_the_manager_of_its_store(client: Client) -> None:
    till = tills.open_till()  # of no store: each event names its own
    tills.open_store()
    event = keep(till, "sale.recorded")
    payment = keep(till, "payment.captured")  # names no store; its sale does, once it is there
    tills.work_off()
    member = manager_of(tills.open_store())
    assert set(replaying.of_member(member)) == {event, payment}


def test_an_event_shows_its_body_without_who_bought_and_a_dead_one_gets_an_owner(
    till: Opened, client: Client
) -> None:
    event = keep(till, "refund.recorded")
    keep(
        till, "sale.recorded", customer={"email": "clara@example.com"}, sale={"note": "her secret"}
    )
    sale = InboxEvent.objects.latest("id")
    member = manager_of(till.connection.store)
    client.force_login(member.user)

    page = client.get(f"/admin/tills/inbox/{sale.pk}/").content.decode()
    assert "nyc-lispenard" in page
    assert "clara@example.com" not in page
    assert "her secret" not in page

    tills.work_off()
    client.post(f"/admin/tills/inbox/{event.pk}/owner/", {"owner": member.user_id})
    event.refresh_from_db()
    assert event.owner == member.user
    stranger = manager_of(tills.open_store(code="london", name="London"))
    client.post(f"/admin/tills/inbox/{event.pk}/owner/", {"owner": stranger.user_id})
    event.refresh_from_db()
    assert event.owner == member.user
