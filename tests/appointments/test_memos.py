"""Suppliers' stones: asked for once, asked again until it went through, and let go when nobody needs them."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest

from appointments import booking, memos, promises
from appointments.memos import Loan, NotOpen
from appointments.models import Appointment, Memo, VisitTask
from builder.models import Stone, Supplier
from jeweler.models import EmailMessage, Store
from tests.appointments.test_reminders import FRIDAY, book
from tests.factories.appointments import ServiceFactory, open_showroom
from tests.factories.builder import StoneFactory, StoneOfferFactory, SupplierFactory
from tests.factories.jeweler import NOW

pytestmark = pytest.mark.django_db(transaction=True)

VISIT = FRIDAY + timedelta(days=7)
HOUR = timedelta(hours=1)


@dataclass
class FakeLender:
    """Keeps what it is told; the first `failures` times its interface is down."""

    failures: int = 0
    told: list[str] = field(default_factory=list)

    def ask(self, loan: Loan, *, now: datetime) -> str:
        if self.failures:
            self.failures -= 1
            raise ConnectionRefusedError("no interface here")
        self.told.append(f"ask by {loan.by_date}")
        return "NC-77"

    def release(self, loan: Loan, *, now: datetime) -> None:
        self.told.append("release")

    def of(self, supplier: Supplier) -> "FakeLender":
        return self


@pytest.fixture
def store() -> Store:
    ServiceFactory()
    return open_showroom()


@pytest.fixture
def stone() -> Stone:
    offer = StoneOfferFactory(
        supplier=SupplierFactory(memo_email="memo@north.example"), stock_number="N-1",
        stone=StoneFactory(delivery_days=3),
    )  # fmt: skip
    found: Stone = offer.stone
    return found


@pytest.fixture
def visit(store: Store, stone: Stone) -> Appointment:
    return book(store, VISIT, stones=[stone])


def test_a_suppliers_stone_is_asked_for_by_mail_once(visit: Appointment) -> None:
    assert memos.attend(now=NOW) == 1
    assert memos.attend(now=NOW + HOUR) == 0
    mail = EmailMessage.objects.get(to="memo@north.example")
    memo = Memo.objects.get()
    assert memo.state == "asked"
    assert "by Thursday, December 3 and send it back by Monday, December 7" in mail.text
    assert "Your number: N-1" in mail.text
    assert "Ada" not in mail.html
    assert "ada@" not in mail.html


def test_what_could_not_be_asked_is_asked_again_later_and_then_by_phone(
    visit: Appointment,
) -> None:
    lender = FakeLender(failures=2)
    assert memos.attend(now=NOW, lender=lender.of) == 0
    assert memos.attend(now=NOW + timedelta(minutes=4), lender=lender.of) == 0
    assert lender.failures == 1  # it was left in peace for five minutes
    assert memos.attend(now=NOW + timedelta(minutes=7), lender=lender.of) == 0
    assert memos.attend(now=NOW + HOUR, lender=lender.of) == 1
    assert Memo.objects.get().reference == "NC-77"
    Memo.objects.update(state="owed", next_attempt_at=NOW)
    down = FakeLender(failures=99)
    for hours in range(2, 20):
        memos.attend(now=NOW + hours * HOUR, lender=down.of)
    assert 99 - down.failures == memos.MOST_ATTEMPTS
    assert VisitTask.objects.get().text.startswith("Ask North Cutters to lend")


def test_whoever_has_no_address_is_phoned(visit: Appointment) -> None:
    Supplier.objects.update(memo_email="")
    memos.attend(now=NOW)
    memos.attend(now=NOW + HOUR)
    assert VisitTask.objects.get().text.startswith("Ask North Cutters to lend")
    assert not EmailMessage.objects.filter(kind="appointments/memo").exists()


def test_a_visit_that_moves_asks_for_other_days_and_one_that_ends_lets_go(
    visit: Appointment,
) -> None:
    lender = FakeLender()
    memos.attend(now=NOW, lender=lender.of)
    memos.answer(memo=Memo.objects.get(), is_granted=True, now=NOW)
    visit = booking.move(appointment=visit, starts_at=VISIT + timedelta(days=3), now=NOW)
    memos.attend(now=NOW, lender=lender.of)
    booking.cancel(appointment=visit, now=NOW)
    memos.attend(now=NOW, lender=lender.of)
    memos.attend(now=NOW + HOUR, lender=lender.of)
    assert lender.told == ["ask by 2026-12-03", "ask by 2026-12-04", "release"]
    assert Memo.objects.get().state == "ended"


def test_who_was_never_asked_is_told_nothing(visit: Appointment) -> None:
    memos.owe(now=NOW)
    booking.cancel(appointment=visit, now=NOW)
    lender = FakeLender()
    memos.attend(now=NOW, lender=lender.of)
    assert lender.told == []
    assert Memo.objects.get().state == "ended"


def test_a_refusal_is_a_broken_promise_at_once(visit: Appointment) -> None:
    memos.attend(now=NOW)
    memo = memos.answer(memo=Memo.objects.get(), is_granted=False, now=NOW)
    visit.refresh_from_db()
    assert visit.flagged_at == NOW
    assert [hold.pk for hold in promises.broken(visit)] == [memo.hold_id]
    with pytest.raises(NotOpen):
        memos.answer(memo=memo, is_granted=True, now=NOW)


def test_a_stone_that_lies_in_the_house_needs_nobodys_leave(store: Store) -> None:
    book(store, VISIT, stones=[StoneFactory(store=store)])
    assert memos.attend(now=NOW) == 0
    assert not Memo.objects.exists()
