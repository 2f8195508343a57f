"""Credit in the back office: granted by a form, with a reason, by nobody to herself; and what does not add up is seen."""

import html
from decimal import Decimal

import pytest
from django.test import Client

from jeweler import privacy
from jeweler.access import Role
from jeweler.models import AuditEntry, Customer, StaffMember
from referrals import credit
from referrals.models import CreditAccount, CreditLot, CreditTransaction
from tests.factories import pos_bridge as tills
from tests.factories.jeweler import NOW, StaffMemberFactory, UserFactory, customer_with
from tests.factories.referrals import grant, hold

pytestmark = pytest.mark.django_db

FORM = "/admin/referrals/creditaccount/grant/"


@pytest.fixture
def daniel() -> StaffMember:
    user = UserFactory(email="daniel@osmere.example", is_staff=True)
    return StaffMemberFactory(role=Role.MANAGER, user=user, stores=[tills.open_store()])


@pytest.fixture
def ada() -> Customer:
    return customer_with(email="ada@example.com")


def post(member: StaffMember, **more: str) -> tuple[int, str]:
    desk = Client()
    desk.force_login(member.user)
    said = {"whom": "Ada@example.com", "amount": "75", "currency": "USD", "reason": "A late ring", "once": "k" * 22}  # fmt: skip
    answer = desk.post(FORM, {**said, **more}, follow=True)
    return answer.status_code, html.unescape(answer.content.decode())


def test_a_manager_grants_credit_once_and_the_ledger_says_who_and_why(
    daniel: StaffMember, ada: Customer
) -> None:
    for _ in range(2):  # a doubled click
        assert "$75 of credit are hers." in post(daniel)[1]

    lot = CreditLot.objects.get()
    granted = CreditTransaction.objects.get()
    assert (lot.face, lot.account.customer) == (Decimal(75), ada)
    assert (granted.by, granted.reason) == (daniel.user, "A late ring")
    assert AuditEntry.objects.filter(action="credit.granted", actor=daniel.user).exists()


def test_scenario_73_without_a_reason_or_by_her_own_log_in_nothing_is_granted(
    daniel: StaffMember, ada: Customer
) -> None:
    customer_with(email="daniel@osmere.example")
    refused = {
        "Say why": post(daniel, amount="1000", reason=" "),
        "Nobody grants credit to herself": post(daniel, whom="Daniel@osmere.example"),
        "Nobody is known by this": post(daniel, whom="nobody@example.com"),
        "decimals": post(daniel, amount="1.005"),
    }
    for words, (status, page) in refused.items():
        assert (status, words in page) == (400, True), words
    daniel.user.email = ""
    daniel.user.save()
    assert "has no e-mail address" in post(daniel)[1]
    assert not CreditLot.objects.exists()


def test_an_associate_grants_nothing(daniel: StaffMember, ada: Customer) -> None:
    marisol = StaffMemberFactory(role=Role.ASSOCIATE, stores=list(daniel.stores.all()))
    assert post(marisol)[0] == 403
    assert not CreditLot.objects.exists()


def test_what_does_not_add_up_stands_on_the_front_page_of_its_stores_managers_alone(
    daniel: StaffMember, ada: Customer
) -> None:
    grant(ada, "100.00")
    credit.capture(uid=hold(ada, "10.00", store=daniel.stores.get()).uid, now=NOW)
    CreditAccount.objects.update(blocked_at=NOW, blocked_because="Lot 1 differs.")
    desk = Client()
    desk.force_login(daniel.user)
    front = desk.get("/admin/").content.decode()
    assert "1 credit account blocked" in front
    assert "1 credit hold without a sale" in front
    assert "Lot 1 differs." in desk.get("/admin/referrals/creditaccount/").content.decode()
    assert "T-1" in desk.get("/admin/referrals/credithold/?sale=missing").content.decode()

    elsewhere = StaffMemberFactory(role=Role.MANAGER, stores=[tills.open_store(code="chicago")])
    desk.force_login(elsewhere.user)
    assert "without a sale" not in desk.get("/admin/").content.decode()


def test_a_manager_of_its_store_gives_back_what_no_sale_came_for(
    daniel: StaffMember, ada: Customer
) -> None:
    grant(ada, "100.00")
    kept = credit.capture(uid=hold(ada, "10.00", store=daniel.stores.get()).uid, now=NOW)
    page, desk = f"/admin/referrals/credithold/{kept.pk}/give-back/", Client()
    elsewhere = StaffMemberFactory(role=Role.MANAGER, stores=[tills.open_store(code="chicago")])
    desk.force_login(elsewhere.user)
    desk.post(page, {"reason": "No sale came"})
    assert CreditLot.objects.get().spent == 10, "another store's manager gives nothing back"

    desk.force_login(daniel.user)
    assert page in desk.get(f"/admin/referrals/credithold/{kept.pk}/change/").content.decode()
    assert "Give $10 back?" in desk.get(page).content.decode()
    refused = desk.post(page, {"reason": " "})
    assert (refused.status_code, "Say why" in refused.content.decode()) == (409, True)
    done = desk.post(page, {"reason": "No sale came"}, follow=True).content.decode()
    assert "$10 of credit are hers again." in html.unescape(done)
    assert page not in done, "it is done once"
    assert "given back by a manager" in desk.post(page, {"reason": "Again"}).content.decode()
    assert CreditLot.objects.get().available == 100


def test_she_is_told_of_her_credit_when_she_asks_what_is_kept_of_her(ada: Customer) -> None:
    grant(ada, "100.00")
    hold(ada, "10.00")
    [account] = privacy.export(ada)["store_credit"]
    assert account["lots"][0]["available"] == "90.000"
    assert [(each["what"], each["why"], each["ticket"]) for each in account["movements"]] == [
        ("Granted", "A friend of hers bought", ""),
        ("Held", "", "T-1"),
    ]
