"""The referral scenarios by their numbers, from the touch to the ledger, by a clock of their own: London, pounds, terms T1."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import count
from zoneinfo import ZoneInfo

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from jeweler import customers, merging, outbox, privacy, sales
from jeweler.models import Customer, Sale, SaleLine, Store, Visitor
from referrals import credit, following, perks, referring, rewards
from referrals.models import (
    Advocate,
    BenchWeek,
    Campaign,
    Milestone,
    Perk,
    Program,
    Referral,
    ReferralEvent,
    Reward,
    Terms,
    TermsAmount,
    Touch,
)
from tests.factories.jeweler import CustomerFactory, StoreFactory, VisitorFactory, customer_with
from tests.factories.referrals import AdvocateFactory, PerkFactory, a_program, ring

pytestmark = pytest.mark.django_db
LONDON = ZoneInfo("Europe/London")
State = Referral.State
_keys = count(1)


def on(month: int, day: int, hour: int = 12, minute: int = 0, *, year: int = 2026) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=LONDON).astimezone(UTC)


@pytest.fixture
def store() -> Store:
    return StoreFactory(code="london", time_zone="Europe/London", currency="GBP", region="GB")


@pytest.fixture
def program(settings: object) -> Program:
    settings.HOUSE_TIME_ZONE = "Europe/London"  # type: ignore[attr-defined]
    return a_program()


@pytest.fixture
def ada(program: Program) -> Advocate:
    person = customer_with(email="ada@gmail.com", phone="+447911123456")
    return AdvocateFactory(customer=person, code="7KQ2M9XDM", joined_at=on(1, 1, year=2024))


@pytest.fixture
def cleo(program: Program) -> Advocate:
    return AdvocateFactory(code="9HJ3TW5P9", joined_at=on(1, 1, year=2024))


def deliver(now: datetime) -> None:
    while outbox.deliver_due(now=now):
        pass


def sweep(now: datetime) -> None:
    while following.sweep(now=now):
        pass
    deliver(now)


def clicked(advocate: Advocate, at: datetime) -> Visitor:
    visitor: Visitor = VisitorFactory(first_seen_at=at, last_seen_at=at)
    referring.touch(advocate=advocate, channel=Touch.Channel.LINK, visitor=visitor, at=at)
    return visitor


def told(visitor: Visitor, friend: Customer, at: datetime) -> Referral | None:
    """She says who she is on this browser."""
    visitor.customer = friend
    visitor.save()
    return referring.recognize(customer=friend, now=at)


def brought(advocate: Advocate, *, at: datetime, friend: Customer | None = None) -> Referral:
    referral = told(clicked(advocate, at), friend or CustomerFactory(first_name="Bea"), at)
    assert referral is not None
    return referral


def order(
    friend: Customer, amount: str = "4200.00", *, store: Store, at: datetime,
    kind: str = SaleLine.Kind.MERCHANDISE, number: str = "", version: int = 1,
    lines: tuple[sales.LineReport, ...] = (),
) -> Sale:  # fmt: skip
    line = sales.LineReport(
        kind=SaleLine.Kind(kind), list_price=Decimal(amount), net_total=Decimal(amount)
    )
    total = sum((each.net_total for each in lines), Decimal(0)) if lines else Decimal(amount)
    sale = sales.record_sale(
        report=sales.SaleReport(
            source="till:london", external_id=number or f"o-{next(_keys)}", version=version,
            channel=Sale.Channel.STORE, store=store, currency="GBP", total=total,
            placed_at=at, lines=lines or (line,),
        ),
        now=at,
    )  # fmt: skip
    if sale.customer is None:
        sale.customer = friend
        sale.save()
    deliver(at)
    return sale


def pay(
    sale: Sale, amount: str = "", *, at: datetime, tender: str = "card", reference: str = ""
) -> None:
    sales.record_payment(
        source="till:london", external_id=f"p-{next(_keys)}", sale=sale, status="captured",  # type: ignore[arg-type]
        amount=Decimal(amount or sale.total), currency="GBP", tender=tender, reference=reference,
        paid_at=at, now=at,
    )  # fmt: skip
    deliver(at)


def hand_over(sale: Sale, *, at: datetime) -> None:
    sales.hand_over(sale=sale, at=at, now=at)
    deliver(at)


def refund(sale: Sale, amount: str, *, at: datetime, reason: str = "") -> None:
    sales.record_refund(
        source="till:london", external_id=f"r-{next(_keys)}", sale=sale, amount=Decimal(amount),
        tax=Decimal(0), currency="GBP", reason=reason, refunded_at=at, now=at,
    )  # fmt: skip
    deliver(at)


def buy(friend: Customer, amount: str = "4200.00", *, store: Store, at: datetime) -> Sale:
    sale = order(friend, amount, store=store, at=at)
    pay(sale, at=at)
    hand_over(sale, at=at)
    return sale


def of(friend: Customer) -> Referral:
    return Referral.objects.get(friend=friend)


def credit_of(advocate: Advocate, *, now: datetime) -> credit.Balance:
    return credit.balance(customer=advocate.customer, currency="GBP", now=now)


class TestWhoBroughtWhom:
    def test_case_2_ninety_days_after_the_click_are_the_last(self, ada: Advocate) -> None:
        assert told(clicked(ada, on(1, 5)), CustomerFactory(), on(4, 5, 23, 59)) is not None
        assert told(clicked(ada, on(1, 5)), CustomerFactory(), on(4, 6, 0)) is None

    def test_case_3_the_first_touch_wins_and_the_later_one_is_an_assist(
        self, ada: Advocate, cleo: Advocate
    ) -> None:
        visitor = clicked(ada, on(3, 1))
        referring.touch(advocate=cleo, channel=Touch.Channel.LINK, visitor=visitor, at=on(3, 5))
        referral = told(visitor, CustomerFactory(), on(3, 6))
        assert referral is not None
        assert referral.advocate == ada
        assert cleo.touches.count() == 1
        assert not cleo.referrals.exists()

    def test_case_5_after_the_lock_another_may_bring_her(
        self, ada: Advocate, cleo: Advocate, store: Store
    ) -> None:
        bea = CustomerFactory()
        first = brought(ada, at=on(2, 20), friend=bea)
        buy(bea, store=store, at=on(2, 21, 0, 0, year=2027))
        sweep(on(2, 21, 1, year=2027))
        first.refresh_from_db()
        assert (first.state, first.reason) == (State.EXPIRED, "LOCK_EXPIRED")
        dora = CustomerFactory()
        brought(ada, at=on(2, 20), friend=dora)
        sweep(on(2, 22, year=2027))
        second = referring.apply(
            code="9HJ-3TW-5P9", friend=dora, channel=Touch.Channel.COUNTER, store=store,
            now=on(2, 22, year=2027),
        )  # fmt: skip
        assert second is not None
        assert second.advocate == cleo

    def test_case_7_the_person_is_bound_and_not_the_browser(self, ada: Advocate) -> None:
        bea = customer_with(phone="+447700900123")
        referral = brought(ada, at=on(3, 1), friend=bea)
        assert following.of_friend(bea) == referral
        assert referral.locked_at == on(3, 1)

    def test_case_8_a_showroom_tablet_is_no_evidence(self, ada: Advocate) -> None:
        kiosk = VisitorFactory(is_store_device=True)
        referring.touch(advocate=ada, channel=Touch.Channel.QR, visitor=kiosk, at=on(3, 1))
        assert told(kiosk, CustomerFactory(), on(3, 1, 12, 5)) is None
        assert ada.touches.get().channel == Touch.Channel.KIOSK

    def test_a_code_on_the_ticket_binds_as_of_the_order(self, ada: Advocate, store: Store) -> None:
        bea, at = CustomerFactory(), on(3, 10)
        sale = order(bea, store=store, at=at)
        Sale.objects.filter(pk=sale.pk).update(codes=["7kq 2m9 xdm", "SPRING10"])
        referring.recognize_buyer(sale_id=sale.pk, now=on(3, 10, 13))
        assert (of(bea).state, of(bea).sale, of(bea).locked_at) == (State.PENDING_PAYMENT, sale, at)

    def test_one_browser_that_told_two_names_binds_whoever_is_hers_now(self, ada: Advocate) -> None:
        visitor = clicked(ada, on(3, 1))
        first = told(visitor, CustomerFactory(), on(3, 2))
        assert first is not None
        assert referring.recognize(customer=first.friend, now=on(3, 3)) is None  # once


class TestWhoMayBeBrought:
    def test_case_13_a_repair_makes_nobody_a_customer_and_earrings_do(
        self, ada: Advocate, store: Store
    ) -> None:
        bea, dora = CustomerFactory(), CustomerFactory()
        order(bea, "80.00", store=store, at=on(5, 1, year=2023), kind=SaleLine.Kind.SERVICE)
        pay(order(dora, "250.00", store=store, at=on(5, 1, year=2023)), at=on(5, 1, year=2023))
        assert brought(ada, at=on(3, 1), friend=bea).state == State.IDENTIFIED
        refused = brought(ada, at=on(3, 1), friend=dora)
        assert (refused.state, refused.reason) == (State.REJECTED, "EXISTING_CUSTOMER")
        assert not dora.rewards.exists()
        assert bea.rewards.get().rule == "perk"

    def test_case_19_an_advocate_may_be_younger_than_her_friends_first_visit(
        self, program: Program
    ) -> None:
        bea = CustomerFactory(created_at=on(1, 1, year=2020))
        young = AdvocateFactory(joined_at=on(2, 1))
        assert brought(young, at=on(3, 1), friend=bea).state == State.IDENTIFIED

    def test_case_20_a_pause_takes_nobody_new_and_leaves_who_is_there(
        self, ada: Advocate, program: Program, store: Store
    ) -> None:
        bea = brought(ada, at=on(2, 20)).friend
        program.paused_at = on(3, 15)
        program.save()
        with pytest.raises(referring.ProgramPaused):
            referring.apply(
                code=ada.code, friend=CustomerFactory(), channel=Touch.Channel.TILL,
                store=store, now=on(3, 16),
            )  # fmt: skip
        assert told(clicked(ada, on(3, 16)), CustomerFactory(), on(3, 17)) is None
        buy(bea, store=store, at=on(3, 20))
        sweep(on(4, 20, 0))
        assert of(bea).state == State.REWARDED

    @pytest.mark.parametrize("email", ["a.d.a+ring@googlemail.com", "ada+x@gmail.com"])
    def test_case_47_another_way_of_writing_her_mailbox_is_herself(
        self, ada: Advocate, email: str
    ) -> None:
        referral = brought(ada, at=on(3, 1), friend=customer_with(email=email))
        assert (referral.state, referral.reason) == (State.REJECTED, "SELF_REFERRAL")

    def test_case_49_her_own_number_is_herself(self, ada: Advocate) -> None:
        referral = brought(ada, at=on(3, 1), friend=customer_with(phone="+447911123456"))
        assert (referral.state, referral.reason) == (State.REJECTED, "SELF_REFERRAL")

    @pytest.mark.parametrize("typed", ["+44 (0)7911 123456", "0044 7911 123456"])
    def test_case_49_however_it_is_written(self, typed: str) -> None:
        assert customers.canonical_phone(typed, region="US") == "+447911123456"

    def test_case_49_a_number_that_is_none_in_her_country_is_asked_for_again(self) -> None:
        with pytest.raises(customers.BadPhone, match="Write it"):
            customers.canonical_phone("07911 123456", region="US")

    def test_case_53_no_circle_since_its_first_is_a_customer(
        self, ada: Advocate, store: Store
    ) -> None:
        buy(ada.customer, store=store, at=on(1, 1))
        bea = brought(ada, at=on(2, 1)).friend
        buy(bea, store=store, at=on(2, 2))
        back = AdvocateFactory(customer=bea)
        referral = brought(back, at=on(3, 1), friend=ada.customer)
        assert (referral.state, referral.reason) == (State.REJECTED, "EXISTING_CUSTOMER")

    def test_what_was_refused_is_not_asked_again_and_a_code_of_nobody_says_nothing(
        self, ada: Advocate
    ) -> None:
        bea = customer_with(email="ada@gmail.com")
        brought(ada, at=on(3, 1), friend=bea)
        assert referring.recognize(customer=bea, now=on(3, 2)) is None
        ada.suspended_at = on(3, 3)
        ada.save()
        words = set()
        for text in ("7KQ-2M9-XDM", "C4R-B0N-81V", "nonsense"):
            with pytest.raises(referring.CodeRefused) as refusal:
                referring.advocate_of(text, now=on(3, 4))
            words.add(str(refusal.value))
        assert len(words) == 1


class TestWhatItBrings:
    def test_case_23_a_part_given_back_leaves_the_thank_you(
        self, ada: Advocate, store: Store
    ) -> None:
        bea = brought(ada, at=on(2, 20)).friend
        sale = buy(bea, store=store, at=on(3, 10))
        refund(sale, "600.00", at=on(3, 25))
        sweep(on(4, 9, 23, 59))
        assert of(bea).state == State.IN_RETURN_WINDOW
        sweep(on(4, 10, 0))
        assert (of(bea).state, of(bea).net) == (State.REWARDED, Decimal("3600.00"))
        assert credit_of(ada, now=on(4, 10)).available == Decimal("100.00")
        assert credit_of(ada, now=on(4, 10)).first_last_date == date(2027, 4, 10)

    @pytest.mark.parametrize(
        ("amount", "back", "expected"), [("4200.00", "600.00", "72.00"), ("9000.00", "", "150.00")]
    )
    def test_case_25_a_share_is_of_what_was_kept_and_capped(
        self, store: Store, settings: object, amount: str, back: str, expected: str
    ) -> None:
        a_program(reward=Terms.Reward.PERCENT, percent=Decimal(2), most=Decimal(150))
        ada = AdvocateFactory(joined_at=on(1, 1))
        bea = brought(ada, at=on(2, 20)).friend
        sale = buy(bea, amount, store=store, at=on(3, 10))
        if back:
            refund(sale, back, at=on(3, 25))
        sweep(on(4, 11))
        assert credit_of(ada, now=on(4, 11)).available == Decimal(expected)

    def test_case_30_an_upgrade_later_brings_nothing_and_takes_nothing(
        self, ada: Advocate, store: Store
    ) -> None:
        bea = brought(ada, at=on(2, 20)).friend
        buy(bea, store=store, at=on(3, 10))
        sweep(on(4, 10))
        buy(bea, "2300.00", store=store, at=on(9, 12))
        sweep(on(12, 1))
        assert of(bea).state == State.REWARDED
        assert Reward.objects.filter(rule="credit").count() == 1

    def test_terms_are_those_of_the_lock(
        self, ada: Advocate, program: Program, store: Store
    ) -> None:
        early = brought(ada, at=on(2, 20)).friend
        newer = Terms.objects.create(
            program=program, version=2, in_force_from=on(3, 1), created_at=on(3, 1), disclosure="-"
        )
        TermsAmount.objects.create(terms=newer, currency="GBP", minimum=500, reward=Decimal(10))
        late = brought(ada, at=on(3, 2)).friend
        for friend in (early, late):
            buy(friend, store=store, at=on(3, 10))
        sweep(on(4, 10))
        given = Reward.objects.filter(rule="credit").order_by("referral__locked_at")
        assert [reward.face_value for reward in given] == [100, 10]

    def test_case_37_a_chargeback_takes_what_is_there_and_the_rest_from_her_next(
        self, ada: Advocate, store: Store
    ) -> None:
        bea = brought(ada, at=on(2, 20)).friend
        sale = buy(bea, store=store, at=on(3, 10))
        sweep(on(4, 10))
        kept = credit.hold(
            customer=ada.customer, amount=Decimal(40), currency="GBP", sale_reference="T-9",
            lines=[ring("480.00")], store=store, now=on(5, 1),
        )  # fmt: skip
        credit.capture(uid=kept.uid, now=on(5, 1))
        refund(sale, "4200.00", at=on(5, 20), reason="Chargeback")
        assert (of(bea).state, of(bea).reason) == (State.CLAWED_BACK, "CHARGEBACK")
        after = credit_of(ada, now=on(5, 20))
        assert (after.available, after.owed) == (Decimal(0), Decimal("40.00"))
        reward = Reward.objects.get(rule="credit")
        assert (reward.state, reward.loss) == (Reward.State.CLAWED_BACK, Decimal("40.00"))
        dora = brought(ada, at=on(5, 21)).friend
        buy(dora, store=store, at=on(5, 22))
        sweep(on(7, 1))
        later = credit_of(ada, now=on(7, 1))
        assert (later.available, later.owed) == (Decimal("60.00"), Decimal(0))

    def test_case_39_a_late_goodwill_refund_is_taken_back_too(
        self, ada: Advocate, store: Store
    ) -> None:
        bea = brought(ada, at=on(2, 20)).friend
        sale = buy(bea, store=store, at=on(3, 10))
        sweep(on(4, 10))
        refund(sale, "4200.00", at=on(5, 15), reason="Goodwill")
        assert (of(bea).state, of(bea).reason) == (State.CLAWED_BACK, "LATE_REFUND")
        assert Reward.objects.get(rule="credit").state == Reward.State.REVOKED
        assert credit_of(ada, now=on(5, 16)).available == 0

    def test_the_sixth_within_a_year_is_beyond_the_cap(self, ada: Advocate, store: Store) -> None:
        for day in range(1, 7):
            buy(brought(ada, at=on(2, day)).friend, store=store, at=on(3, day))
        sweep(on(4, 20))
        states = list(ada.referrals.order_by("locked_at").values_list("state", flat=True))
        assert states == [State.REWARDED] * 5 + [State.UNREWARDED]
        assert ada.referrals.get(state=State.UNREWARDED).reason == "CAP_REACHED"

    def test_case_75_an_erased_friend_still_brings_it_and_an_erased_advocate_gets_none(
        self, ada: Advocate, cleo: Advocate, store: Store
    ) -> None:
        bea, dora = brought(ada, at=on(2, 20)).friend, brought(cleo, at=on(2, 20)).friend
        buy(bea, store=store, at=on(3, 10))
        buy(dora, store=store, at=on(3, 10))
        privacy.forget(customer=bea, now=on(3, 20))
        privacy.forget(customer=cleo.customer, now=on(3, 20))
        deliver(on(3, 20))
        sweep(on(4, 10))
        assert of(bea).state == State.REWARDED
        assert (of(dora).state, of(dora).reason) == (State.UNREWARDED, "ADVOCATE_ERASED")

    def test_a_surprise_leaves_no_trace_before_its_day(self, ada: Advocate, store: Store) -> None:
        referral = brought(ada, at=on(2, 20))
        Referral.objects.filter(pk=referral.pk).update(surprise_until=date(2026, 6, 1))
        buy(referral.friend, store=store, at=on(3, 10))
        sweep(on(5, 31, 23, 59))
        assert of(referral.friend).state == State.QUALIFIED
        assert not ada.customer.rewards.exists()
        assert not ada.customer.credit_accounts.exists()
        sweep(on(6, 1, 0))
        assert of(referral.friend).state == State.REWARDED
        assert ada.customer.rewards.get().issued_at == on(6, 1, 0)


class TestMilestones:
    @pytest.fixture
    def season(self, program: Program) -> Campaign:
        season = Campaign.objects.create(
            program=program, name="S26", starts_at=on(3, 1, 0), ends_at=on(6, 1, 0),
            settles_until=on(11, 28, 0),
        )  # fmt: skip
        for number, code in ((1, "early-access"), (3, "polishing"), (5, "private-viewing")):
            perk = PerkFactory(code=code, kind=Perk.Kind.POLISHING, cost=Decimal(31))
            Milestone.objects.create(campaign=season, count=number, perk=perk)
        return season

    def bring_three(self, ada: Advocate, store: Store) -> list[Sale]:
        friends = [brought(ada, at=on(3, day)).friend for day in (2, 3, 4)]
        bought = [buy(f, store=store, at=on(3, 10 + i)) for i, f in enumerate(friends)]
        for day in (on(4, 10), on(4, 14), on(5, 2)):
            sweep(day)
        return bought

    def has(self, ada: Advocate) -> dict[str, str]:
        rows = Reward.objects.filter(customer=ada.customer, rule="milestone").order_by("pk")
        return dict(rows.values_list("perk__code", "state"))

    def test_case_41_each_is_given_once(
        self, ada: Advocate, store: Store, season: Campaign
    ) -> None:
        self.bring_three(ada, store)
        assert self.has(ada) == {"early-access": "issued", "polishing": "issued"}
        for referral in ada.referrals.all():
            following.look(referral, now=on(5, 3))
        assert Reward.objects.filter(rule="milestone").count() == 2

    def test_case_44_an_unused_one_is_taken_back_and_given_again(
        self, ada: Advocate, store: Store, season: Campaign
    ) -> None:
        bought = self.bring_three(ada, store)
        refund(bought[2], "4200.00", at=on(5, 10))
        assert self.has(ada) == {"early-access": "issued", "polishing": "revoked"}
        buy(brought(ada, at=on(5, 11)).friend, store=store, at=on(5, 12))
        sweep(on(6, 20))
        assert self.has(ada) == {"early-access": "issued", "polishing": "issued"}

    def test_case_44_a_used_one_stays_and_is_a_loss(
        self, ada: Advocate, store: Store, season: Campaign
    ) -> None:
        bought = self.bring_three(ada, store)
        polishing = Reward.objects.get(perk__code="polishing")
        perks.reserve(
            reward=polishing, customer=ada.customer, store=store, day=date(2026, 5, 6), now=on(5, 5)
        )
        perks.consume(reward=polishing, now=on(5, 6))
        refund(bought[2], "4200.00", at=on(5, 10))
        assert self.has(ada)["polishing"] == "loss_recorded"
        buy(brought(ada, at=on(5, 11)).friend, store=store, at=on(5, 12))
        sweep(on(6, 20))
        polishing.refresh_from_db()
        assert (polishing.state, polishing.loss) == (Reward.State.LOSS_RECORDED, Decimal(31))
        assert Reward.objects.filter(perk__code="polishing").count() == 1

    def test_a_friend_who_ordered_in_time_counts_until_the_season_is_settled(
        self, ada: Advocate, store: Store, season: Campaign
    ) -> None:
        in_time, too_late = brought(ada, at=on(5, 1)).friend, brought(ada, at=on(5, 2)).friend
        slow = order(in_time, store=store, at=on(5, 31, 23))
        pay(slow, at=on(8, 1))
        hand_over(slow, at=on(8, 1))
        buy(too_late, store=store, at=on(6, 1, 0))
        sweep(on(9, 2))
        assert self.has(ada) == {"early-access": "issued"}
        assert rewards.counted(season, advocate=ada) == 1


class TestPerks:
    @pytest.fixture
    def engraving(self, ada: Advocate) -> Reward:
        return brought(ada, at=on(3, 1)).rewards.get()

    def test_case_78_released_with_the_order_and_used_once_by_whom_it_is(
        self, engraving: Reward, ada: Advocate, store: Store
    ) -> None:
        friend = engraving.customer
        with pytest.raises(perks.NotHers):
            perks.reserve(
                reward=engraving,
                customer=ada.customer,
                store=store,
                day=date(2026, 3, 9),
                now=on(3, 9),
            )
        sale = order(friend, store=store, at=on(3, 9))
        perks.reserve(
            reward=engraving,
            customer=friend,
            store=store,
            sale=sale,
            day=date(2026, 3, 9),
            now=on(3, 9),
        )
        sales.void(sale=sale, at=on(3, 10), now=on(3, 10))
        deliver(on(3, 10))
        assert engraving.uses.get().state == "released"
        perks.reserve(
            reward=engraving, customer=friend, store=store, day=date(2026, 3, 11), now=on(3, 11)
        )
        perks.consume(reward=engraving, now=on(3, 12))
        with pytest.raises(perks.PerkInUse):
            perks.consume(reward=engraving, now=on(3, 12))
        with pytest.raises(perks.PerkGone):
            perks.reserve(
                reward=engraving, customer=friend, store=store, day=date(2026, 3, 13), now=on(3, 13)
            )

    def test_the_bench_has_so_many_minutes_a_week(self, ada: Advocate, store: Store) -> None:
        BenchWeek.objects.create(store=store, minutes=40)
        Perk.objects.update(bench_minutes=25)
        one, two = brought(ada, at=on(3, 1)).rewards.get(), brought(ada, at=on(3, 2)).rewards.get()
        perks.reserve(
            reward=one, customer=one.customer, store=store, day=date(2026, 3, 10), now=on(3, 9)
        )
        with pytest.raises(perks.BenchFull, match="15 minutes left"):
            perks.reserve(
                reward=two, customer=two.customer, store=store, day=date(2026, 3, 15), now=on(3, 9)
            )
        later = perks.reserve(
            reward=two, customer=two.customer, store=store, day=date(2026, 3, 16), now=on(3, 9)
        )
        assert later.monday == date(2026, 3, 16)


class TestTwoWhoWereOne:
    def test_the_earlier_referral_stands_for_both(
        self, ada: Advocate, cleo: Advocate, program: Program
    ) -> None:
        one, two = brought(ada, at=on(3, 1)), brought(cleo, at=on(3, 5))
        merging.merge(
            kept=two.friend, absorbed=one.friend, reason="Same person", by=None, now=on(3, 6)
        )
        deliver(on(3, 6))
        one.refresh_from_db()
        two.refresh_from_db()
        assert (one.state, two.state) == (State.IDENTIFIED, State.SUPERSEDED)

    def test_who_turns_out_to_be_her_own_advocate_brought_nobody(self, ada: Advocate) -> None:
        referral = brought(ada, at=on(3, 1))
        merging.merge(
            kept=ada.customer, absorbed=referral.friend, reason="Same person", by=None, now=on(3, 6)
        )
        deliver(on(3, 6))
        referral.refresh_from_db()
        assert (referral.state, referral.reason) == (State.REJECTED, "SELF_REFERRAL")


class TestWhatTheDatabaseRefuses:
    @pytest.mark.parametrize(
        "statement",
        [
            "update referrals_terms set lock_days = 1",
            "delete from referrals_terms",
            "update referrals_termsamount set reward = 1",
            "update referrals_touch set at = now()",
            "delete from referrals_touch",
            "update referrals_referralevent set at = now()",
            "delete from referrals_referralevent",
        ],
    )
    def test_what_was_promised_and_what_happened_is_never_changed(
        self, ada: Advocate, store: Store, statement: str
    ) -> None:
        order(brought(ada, at=on(3, 1)).friend, store=store, at=on(3, 2))
        assert ReferralEvent.objects.exists()
        refused = pytest.raises(DatabaseError, match="append-only")
        with refused, transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)

    def test_no_second_referral_no_second_reward_and_no_way_out_of_an_end(
        self, ada: Advocate, cleo: Advocate
    ) -> None:
        referral = brought(ada, at=on(3, 1))
        perk = referral.rewards.get()
        with pytest.raises(IntegrityError, match="referral_one_alive"), transaction.atomic():
            Referral.objects.create(
                advocate=cleo, friend=referral.friend, terms=referral.terms, locked_at=on(3, 2),
                lock_ends_at=on(3, 3), time_zone="Europe/London",
            )  # fmt: skip
        perk.pk = None
        with pytest.raises(IntegrityError, match="reward_once"), transaction.atomic():
            perk.save(force_insert=True)
        sweep(on(3, 1, year=2028))
        with pytest.raises(DatabaseError, match="has ended"), transaction.atomic():
            Referral.objects.filter(pk=referral.pk).update(state=State.IDENTIFIED)

    def test_a_touch_forgets_its_browser(self, ada: Advocate) -> None:
        visitor = clicked(ada, on(3, 1))
        visitor.delete()
        assert ada.touches.get().visitor is None


def test_time_is_counted_by_the_stores_own_midnight(ada: Advocate, store: Store) -> None:
    """Paid at half past eleven at night in London, which is the next day nowhere that matters."""
    bea = brought(ada, at=on(2, 20)).friend
    buy(bea, store=store, at=on(3, 10, 23, 30))
    assert of(bea).qualify_at == on(4, 10, 0)
    assert of(bea).look_at == on(4, 10, 0)
    assert timedelta(days=31) > on(4, 10, 0) - on(3, 10, 23, 30)


def test_one_that_cannot_be_looked_at_keeps_no_other_waiting(
    ada: Advocate, store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    broken, sound = brought(ada, at=on(2, 20)), brought(ada, at=on(2, 20))
    buy(broken.friend, store=store, at=on(3, 9))
    buy(sound.friend, store=store, at=on(3, 10))
    Referral.objects.filter(pk=broken.pk).update(time_zone="Nowhere/Never")
    assert following.sweep(now=on(4, 20)) == 2
    assert of(sound.friend).state == State.REWARDED
    assert of(broken.friend).state == State.IN_RETURN_WINDOW
    assert f"Referral {broken.pk} could not be looked at" in caplog.text
