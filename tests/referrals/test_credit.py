"""The credit ledger: what is granted, held, spent, ended and taken back, and what the database itself refuses."""

import random
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import settings as examples
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from jeweler import merging
from jeweler.models import AuditEntry, OutboxEvent
from referrals import credit
from referrals.models import CreditAccount, CreditEntry, CreditHold, CreditLot, CreditTransaction
from tests.factories.jeweler import NOW, CustomerFactory, UserFactory, customer_with
from tests.factories.referrals import grant, hold, ring

pytestmark = pytest.mark.django_db

NEW_YORK = ZoneInfo("America/New_York")
DAY = timedelta(days=1)


def available(customer: object, *, now: datetime = NOW, currency: str = "USD") -> Decimal:
    return credit.balance(customer=customer, currency=currency, now=now).available  # type: ignore[arg-type]


def events() -> list[str]:
    told = OutboxEvent.objects.filter(name__startswith="referrals.").order_by("id")
    return [name.removeprefix("referrals.Credit") for name in told.values_list("name", flat=True)]


def test_credit_is_granted_held_and_captured_in_entries_that_are_announced() -> None:
    ada = CustomerFactory()
    grant(ada, "100.00")
    kept = hold(ada, "60.00")
    there = credit.balance(customer=ada, currency="USD", now=NOW)
    assert (there.available, there.held) == (Decimal("40.00"), Decimal("60.00"))

    credit.capture(uid=kept.uid, amount=Decimal("35.00"), now=NOW)

    assert available(ada) == Decimal("65.00")
    assert events() == ["Granted", "Held", "Captured"]
    lot = CreditLot.objects.get()
    assert (lot.available, lot.held, lot.spent) == (65, 0, 35)
    assert CreditEntry.objects.filter(target="spent").get().amount == 35


def test_the_lot_that_ends_first_is_spent_first() -> None:
    ada = CustomerFactory()
    today = credit.last_day(NOW)
    lots = [grant(ada, "10.00", last_date=last) for last in (None, today + 2 * DAY, today + DAY)]
    hold(ada, "15.00")
    assert [CreditLot.objects.get(pk=lot.pk).held for lot in lots] == [0, 5, 10]
    assert credit.balance(customer=ada, currency="USD", now=NOW).first_last_date == today + 2 * DAY


def test_scenario_63_more_than_is_there_is_refused_and_nothing_is_written() -> None:
    ada = CustomerFactory()
    grant(ada, "100.00")
    credit.capture(uid=hold(ada, "35.00").uid, now=NOW)
    written = CreditEntry.objects.count()
    with pytest.raises(credit.InsufficientCredit, match=r"She has \$65 of credit") as refusal:
        hold(ada, "65.01")
    assert refusal.value.available == Decimal("65.00")
    assert CreditEntry.objects.count() == written


def test_scenario_65_credit_lasts_until_its_last_day_ends_on_the_houses_clock() -> None:
    ada = CustomerFactory()
    grant(ada, "10.00", last_date=date(2027, 4, 10))
    last_second = datetime(2027, 4, 10, 23, 59, 59, tzinfo=NEW_YORK)
    midnight = datetime(2027, 4, 11, tzinfo=NEW_YORK)
    assert available(ada, now=last_second) == 10
    assert available(ada, now=midnight) == 0
    with pytest.raises(credit.InsufficientCredit):
        hold(ada, "1.00", now=midnight)

    assert credit.expire(now=last_second) == 0
    assert [credit.expire(now=midnight), credit.expire(now=midnight)] == [1, 0]
    ended = CreditEntry.objects.get(target="ended")
    assert ended.amount == 10


def test_a_hold_that_ran_out_is_free_for_the_next_before_any_sweep() -> None:
    ada = CustomerFactory()
    grant(ada)
    first, later = hold(ada), NOW + timedelta(minutes=31)
    assert (available(ada), available(ada, now=later)) == (0, 50)
    hold(ada, now=later)
    first.refresh_from_db()
    assert first.state == CreditHold.State.LAPSED
    with pytest.raises(credit.HoldClosed, match="ran out"):
        credit.capture(uid=first.uid, now=later)


def test_a_hold_that_ran_out_is_captured_as_long_as_nobody_else_was_given_it() -> None:
    ada = CustomerFactory()
    grant(ada)
    kept = hold(ada)
    credit.capture(uid=kept.uid, now=NOW + timedelta(hours=2))
    assert credit.release_lapsed(now=NOW + timedelta(hours=2)) == 0
    assert available(ada) == 0


def test_capture_and_release_have_one_effect_each_however_often_they_come() -> None:
    ada = CustomerFactory()
    grant(ada, "100.00")
    spent, freed = hold(ada, "30.00"), hold(ada, "20.00")
    for _ in range(2):
        credit.capture(uid=spent.uid, amount=Decimal("25.00"), now=NOW)
        credit.release(uid=freed.uid, now=NOW)
    assert available(ada) == 75
    with pytest.raises(credit.OtherAmount, match=r"\$25 was captured before"):
        credit.capture(uid=spent.uid, amount=Decimal("30.00"), now=NOW)
    with pytest.raises(credit.HoldClosed):
        credit.release(uid=spent.uid, now=NOW)
    with pytest.raises(credit.HoldClosed):
        credit.capture(uid=freed.uid, now=NOW)


def test_a_sale_without_enough_at_full_price_takes_no_credit() -> None:
    ada = CustomerFactory()
    grant(ada, "500.00")
    lines = [ring("100.00"), ring("400.00", net="300.00")]
    with pytest.raises(credit.NotFullPrice, match=r"\$100 can be paid .* Line 2: it is reduced"):
        credit.hold(
            customer=ada, amount=Decimal("100.01"), currency="USD", sale_reference="T-1",
            lines=lines, now=NOW,
        )  # fmt: skip
    assert available(ada) == 500


def test_credit_of_a_merged_customer_is_one_and_stays_where_it_was_granted() -> None:
    clara, c = CustomerFactory(), CustomerFactory()
    grant(clara, "30.00")
    grant(c, "20.00")
    merge = merging.merge(kept=clara, absorbed=c, reason="one person", by=None, now=NOW)
    for either in (clara, c):
        assert available(either) == 50
    kept = hold(c, "45.00")
    assert kept.customer == clara
    credit.release(uid=kept.uid, now=NOW)
    merging.unmerge(merge=merge, by=None, now=NOW)
    assert (available(clara), available(c)) == (30, 20)


def test_currencies_are_never_mixed() -> None:
    ada = CustomerFactory()
    grant(ada, "50.00", currency="CAD")
    assert (available(ada), available(ada, currency="CAD")) == (0, 50)
    with pytest.raises(credit.InsufficientCredit):
        hold(ada, "50.00")


def test_scenario_37_of_referrals_what_was_spent_is_owed_and_paid_by_the_next_reward() -> None:
    ada = CustomerFactory()
    lot = grant(ada, "100.00")
    credit.capture(uid=hold(ada, "40.00").uid, now=NOW)

    assert credit.reverse(lot=lot, reason="Chargeback", now=NOW) == credit.Reversed(
        taken=Decimal("60.000"), owed=Decimal("40.000")
    )
    there = credit.balance(customer=ada, currency="USD", now=NOW)
    assert (there.available, there.owed) == (0, 40)

    grant(ada, "100.00", key="reward:2", pays_debt=True)
    there = credit.balance(customer=ada, currency="USD", now=NOW)
    assert (there.available, there.owed) == (60, 0)
    assert CreditTransaction.objects.get(key="reward:2").entries.count() == 2


def test_scenario_72_a_lot_is_taken_back_once_and_the_books_refuse_every_change_by_hand() -> None:
    ada = CustomerFactory()
    lot = grant(ada, "100.00")
    credit.reverse(lot=lot, reason="Chargeback", now=NOW)
    with pytest.raises(credit.AlreadyReversed):
        credit.reverse(lot=lot, reason="Chargeback", now=NOW)
    for table, change in (
        ("creditentry", "amount = 1"),
        ("credittransaction", "reason = 'x'"),
        ("creditlot", "available = 1000"),
        ("creditaccount", "owed = 5"),
    ):
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"update referrals_{table} set {change}")  # noqa: S608
    for table in ("creditentry", "credittransaction"):
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"delete from referrals_{table}")  # noqa: S608


def test_scenario_72_a_balance_written_past_the_triggers_is_found_and_blocks_what_it_would_pay() -> (
    None
):
    ada, beth = CustomerFactory(), CustomerFactory()
    lot = grant(ada, "100.00")
    grant(beth, "20.00")
    kept = hold(ada, "30.00")
    assert credit.check(now=NOW) == 0
    _tamper("available = available + 1000", lot=lot)

    assert [credit.check(now=NOW) for _ in range(2)] == [1, 0]

    account = CreditAccount.objects.get(customer=ada)
    assert f"Lot {lot.pk} has 1070 available, and its entries say 70." in account.blocked_because
    assert available(ada) == 0
    with pytest.raises(credit.AccountBlocked, match="being checked by the house"):
        hold(ada, "10.00")
    hold(beth, "10.00")
    credit.capture(uid=kept.uid, now=NOW)  # she was told before that it pays
    with pytest.raises(credit.StillDiffers, match="stays blocked"):
        credit.look_again(account=account, by=UserFactory(), now=NOW)

    _tamper("available = available - 1000", lot=lot)
    credit.look_again(account=account, by=UserFactory(), now=NOW)
    assert available(ada) == Decimal("70.00")
    assert list(AuditEntry.objects.values_list("action", flat=True)) == [
        "credit_account.blocked",
        "credit_account.opened",
    ]


def _tamper(change: str, *, lot: CreditLot) -> None:
    """As somebody might who may alter tables, within what the constraints leave."""
    face = "face = face + 1000" if "+" in change else "face = face - 1000"
    trigger = "trigger credit_balance_is_derived"
    with connection.cursor() as cursor:
        cursor.execute("set constraints all immediate")
        cursor.execute(f"alter table referrals_creditlot disable {trigger}")
        cursor.execute(f"update referrals_creditlot set {face}, {change} where id = {lot.pk}")  # noqa: S608
        cursor.execute(f"alter table referrals_creditlot enable {trigger}")


def test_what_a_till_captured_and_never_reported_is_found_after_a_day() -> None:
    ada = CustomerFactory()
    grant(ada, "100.00")
    kept = hold(ada, "10.00")
    hold(ada, "10.00")
    credit.capture(uid=kept.uid, now=NOW)
    assert not credit.unreported(now=NOW + DAY / 2).exists()
    assert credit.unreported(now=NOW + DAY).get() == kept


def test_what_a_till_never_reported_is_given_back_once_with_a_reason() -> None:
    ada, daniel = CustomerFactory(), UserFactory(email="daniel@osmere.example")
    grant(ada, "100.00")
    kept = hold(ada, "60.00")
    credit.capture(uid=kept.uid, amount=Decimal("40.00"), now=NOW)

    def give_back(at: datetime, *, reason: str = "The till was never closed that day") -> Decimal:
        return credit.return_unreported(uid=kept.uid, reason=reason, by=daniel, now=at)

    with pytest.raises(credit.NotUnreported, match="has a day to report"):
        give_back(NOW + DAY / 2)
    with pytest.raises(credit.NoReason):
        give_back(NOW + DAY, reason=" ")
    assert give_back(NOW + DAY) == 40
    with pytest.raises(credit.NotUnreported, match="given back by a manager"):
        give_back(NOW + 2 * DAY)

    assert credit.balance(customer=ada, currency="USD", now=NOW + DAY).available == 100
    [entry] = CreditEntry.objects.filter(transaction__kind="give_back")
    assert (entry.source, entry.target, entry.amount) == ("spent", "available", 40)
    assert (entry.transaction.by, entry.transaction.reason) == (
        daniel,
        "The till was never closed that day",
    )
    assert AuditEntry.objects.get(action="credit.returned").actor == daniel
    assert credit.check(now=NOW + DAY) == 0, "the books agree"
    with pytest.raises(credit.HoldClosed):
        credit.capture(uid=kept.uid, now=NOW + 2 * DAY)


def test_an_entry_that_would_take_a_lot_below_zero_is_refused_by_the_database() -> None:
    lot = grant(CustomerFactory(), "10.00")
    posted = CreditTransaction.objects.create(key="by hand", kind="hold", at=NOW)
    with pytest.raises(IntegrityError, match="credit_lot_is_never_below_zero"):
        CreditEntry.objects.create(
            transaction=posted, lot=lot, source="available", target="held", amount=11
        )


def test_scenario_73_credit_has_a_reason_and_is_not_granted_to_oneself() -> None:
    marisol = customer_with(email="marisol@osmere.example")
    by = UserFactory(email="Marisol@osmere.example")
    asked = {"amount": Decimal(1000), "currency": "USD", "last_date": None, "key": "k", "now": NOW}
    with pytest.raises(credit.NoReason):
        credit.grant(customer=marisol, reason=" ", **asked)  # type: ignore[arg-type]
    with pytest.raises(credit.OwnCredit):
        credit.grant(customer=marisol, reason="Kindness", by=by, **asked)  # type: ignore[arg-type]
    assert not CreditLot.objects.exists()


def test_a_grant_comes_once_for_its_key() -> None:
    ada = CustomerFactory()
    assert grant(ada, "10.00", key="reward:1") == grant(ada, "10.00", key="reward:1")
    with pytest.raises(credit.KeyReused):
        grant(ada, "11.00", key="reward:1")
    assert available(ada) == 10


def test_what_comes_back_to_a_lot_that_has_ended_can_be_spent_for_a_while() -> None:
    ada = CustomerFactory()
    today = credit.last_day(NOW)
    grant(ada, "50.00", last_date=today)
    kept = hold(ada)
    credit.capture(uid=kept.uid, now=NOW)
    later = NOW + 10 * DAY
    give = {"uid": kept.uid, "total": Decimal("20.00"), "reason": "refund", "now": later}
    assert [credit.give_back(**give), credit.give_back(**give)] == [20, 0]  # type: ignore[arg-type]
    assert available(ada, now=later + 30 * DAY) == 20
    assert available(ada, now=later + 31 * DAY) == 0


def test_the_balance_is_one_statement() -> None:
    ada = CustomerFactory()
    grant(ada)
    with CaptureQueriesContext(
        connection,
    ) as asked:
        available(ada)
    assert len([each for each in asked if "referrals_" in each["sql"]]) == 1


class Coins(RuleBasedStateMachine):
    """The ledger beside a purse: a list of single dollars, each of a lot and in one place."""

    def __init__(self) -> None:
        super().__init__()
        self.undo = transaction.atomic()
        self.undo.__enter__()
        self.ada = CustomerFactory()
        self.now = NOW
        self.owed = 0
        self.lots: list[CreditLot] = []
        self.lasts: list[date | None] = []
        self.reversed: set[int] = set()
        self.coins: list[list[object]] = []  # [lot, place], the place a word or ("held", hold)
        self.holds: list[CreditHold] = []
        self.open: dict[int, list[list[object]]] = {}
        self.spent: dict[int, list[list[object]]] = {}

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.undo.__exit__(None, None, None)

    @rule(amount=st.integers(1, 20), days=st.none() | st.integers(0, 3), pays_debt=st.booleans())
    def grant(self, amount: int, days: int | None, pays_debt: bool) -> None:
        last = None if days is None else credit.last_day(self.now) + days * DAY
        self.lots.append(
            grant(self.ada, Decimal(amount), last_date=last, pays_debt=pays_debt, now=self.now)
        )
        self.lasts.append(last)
        paid = min(self.owed, amount) if pays_debt else 0
        self.owed -= paid
        self.coins += [[len(self.lots) - 1, "there"] for _ in range(amount - paid)]

    @rule(amount=st.integers(1, 25))
    def hold(self, amount: int) -> None:
        self.let_go_of_lapsed()
        usable = sorted(
            (coin for coin in self.coins if coin[1] == "there" and self.lasts_today(coin)),
            key=lambda coin: (self.lasts[coin[0]] or date.max, coin[0]),  # type: ignore[index]
        )
        if len(usable) < amount:
            with pytest.raises(credit.InsufficientCredit) as refusal, transaction.atomic():
                hold(self.ada, Decimal(amount), now=self.now)
            assert refusal.value.available == len(usable)
            credit.release_lapsed(now=self.now)  # what the refusal rolled back
            return
        self.holds.append(hold(self.ada, Decimal(amount), now=self.now))
        self.open[len(self.holds) - 1] = usable[:amount]
        for coin in usable[:amount]:
            coin[1] = "held"

    @precondition(lambda self: self.open)
    @rule(dice=st.randoms(use_true_random=False))
    def capture(self, dice: random.Random) -> None:
        number = dice.choice(sorted(self.open))
        coins = self.open.pop(number)
        amount = dice.randint(1, len(coins))
        credit.capture(uid=self.holds[number].uid, amount=Decimal(amount), now=self.now)
        self.spent[number] = coins[:amount]
        for coin in coins[:amount]:
            coin[1] = "spent"
        self.set_free(coins[amount:])

    @precondition(lambda self: self.open)
    @rule(dice=st.randoms(use_true_random=False))
    def release(self, dice: random.Random) -> None:
        number = dice.choice(sorted(self.open))
        credit.release(uid=self.holds[number].uid, now=self.now)
        self.set_free(self.open.pop(number))

    @precondition(lambda self: self.spent)
    @rule(dice=st.randoms(use_true_random=False))
    def give_back(self, dice: random.Random) -> None:
        number = dice.choice(sorted(self.spent))
        coins, kept = self.spent[number], self.holds[number]
        kept.refresh_from_db()
        before = int(kept.captured_amount) - len(coins)
        more = dice.randint(0, len(coins))
        credit.give_back(uid=kept.uid, total=Decimal(before + more), reason="", now=self.now)
        back = coins[len(coins) - more :]
        self.spent[number] = coins[: len(coins) - more]
        for coin in back:
            if not self.lasts_today(coin):
                self.lasts[coin[0]] = credit.last_day(self.now) + 30 * DAY  # type: ignore[index]
        self.set_free(back)

    @precondition(lambda self: len(self.reversed) < len(self.lots))
    @rule(dice=st.randoms(use_true_random=False))
    def reverse(self, dice: random.Random) -> None:
        number = dice.choice(sorted(set(range(len(self.lots))) - self.reversed))
        self.reversed.add(number)
        credit.reverse(lot=self.lots[number], reason="Chargeback", now=self.now)
        for coin in self.coins:
            if coin[0] == number and coin[1] == "there":
                coin[1] = "gone"
            elif coin[0] == number and coin[1] in ("held", "spent"):
                self.owed += 1

    @rule(hours=st.sampled_from([0.3, 1, 30]))
    def wait(self, hours: float) -> None:
        self.now += timedelta(hours=hours)

    @rule()
    def sweep(self) -> None:
        credit.release_lapsed(now=self.now)
        credit.expire(now=self.now)
        self.let_go_of_lapsed()
        for coin in self.coins:
            if coin[1] == "there" and not self.lasts_today(coin):
                coin[1] = "gone"

    @invariant()
    def the_books_agree_with_the_purse(self) -> None:
        for number, lot in enumerate(self.lots):
            lot.refresh_from_db()
            mine = [coin[1] for coin in self.coins if coin[0] == number]
            assert (lot.available, lot.held, lot.spent) == tuple(
                mine.count(place) for place in ("there", "held", "spent")
            )
        there = credit.balance(customer=self.ada, currency="USD", now=self.now)
        lapsed = [
            coin
            for number in self.lapsed()
            for coin in self.open[number]
            if coin[0] not in self.reversed
        ]
        free = lapsed + [coin for coin in self.coins if coin[1] == "there"]
        assert there.available == len([coin for coin in free if self.lasts_today(coin)])
        assert there.owed == self.owed

    def lasts_today(self, coin: list[object]) -> bool:
        last = self.lasts[coin[0]]  # type: ignore[index]
        return last is None or last >= credit.last_day(self.now)

    def lapsed(self) -> list[int]:
        return [number for number in self.open if self.holds[number].lapses_at <= self.now]

    def let_go_of_lapsed(self) -> None:
        for number in self.lapsed():
            self.set_free(self.open.pop(number))

    def set_free(self, coins: list[list[object]]) -> None:
        for coin in coins:
            pays = coin[0] in self.reversed and self.owed > 0
            self.owed -= pays
            coin[1] = "gone" if pays else "there"


def test_the_ledger_agrees_with_a_purse_of_single_coins_whatever_is_done() -> None:
    run_state_machine_as_test(
        Coins, settings=examples(max_examples=30, stateful_step_count=18, deadline=None)
    )
