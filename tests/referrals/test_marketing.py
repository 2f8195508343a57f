"""The marketer's pages: who opens them, what they set and refuse, and that each figure opens to the rows that it counts."""

import csv
import html
import io
import re
from datetime import timedelta

import pytest
import time_machine
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from jeweler.access import Role
from jeweler.models import AuditEntry, Store
from referrals.models import (
    Advocate,
    BenchWeek,
    Campaign,
    Invitation,
    Perk,
    Program,
    Referral,
    Review,
    Share,
    Terms,
    Touch,
)
from tests.factories.jeweler import (
    NOW,
    CustomerFactory,
    StaffMemberFactory,
    StoreFactory,
    VisitorFactory,
)
from tests.factories.referrals import AdvocateFactory, PerkFactory, a_program
from tests.referrals.test_scenarios import brought, buy, order, refund, sweep

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
PROGRAM, TERMS = "/admin/friends/figures/program/", "/admin/friends/figures/program/terms/"
FIGURES, ROWS = "/admin/friends/figures/", "/admin/friends/figures/rows/"


@pytest.fixture(autouse=True)
def _today(settings: object) -> object:
    settings.HOUSE_TIME_ZONE = "Europe/London"  # type: ignore[attr-defined]
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def store() -> Store:
    return StoreFactory(code="london", time_zone="Europe/London", currency="GBP", region="GB")


@pytest.fixture
def program(store: Store) -> Program:
    return a_program()


@pytest.fixture
def marketer() -> Client:
    client = Client()
    client.force_login(StaffMemberFactory(role=Role.MARKETER).user)
    return client


def words(answer: object) -> str:
    return html.unescape(re.sub(r"<[^>]+>", " ", answer.content.decode()))  # type: ignore[attr-defined]


def said(marketer: Client, **changed: object) -> dict[str, object]:
    """What the form of new terms sends, with some of it changed."""
    page = marketer.get(TERMS).content.decode()
    fields = dict(re.findall(r'<input type="(?:number|text|datetime-local)" name="(\w+)"(?: value="([^"]*)")?', page))  # fmt: skip
    return {**fields, "reward": "fixed", "friend_perk": "engraving", **changed}


class TestTerms:
    def test_new_terms_are_thought_of_before_they_are_put_in_force_and_nothing_kept_is_touched(
        self, program: Program, marketer: Client, store: Store
    ) -> None:
        ada = AdvocateFactory(joined_at=NOW - 300 * DAY)
        locked = brought(ada, at=NOW - 90 * DAY)
        buy(locked.friend, "900.00", store=store, at=NOW - 80 * DAY)
        sweep(NOW - DAY)
        asked = said(marketer, minimum_GBP="1000", cap="2")
        page = words(marketer.get(TERMS, asked))
        assert "Minimum, GBP 500.00 1,000.00" in " ".join(page.split())
        assert "What she bought is below the minimum 1" in " ".join(page.split())
        assert Terms.objects.count() == 1

        answer = marketer.post(TERMS, asked, follow=True)
        assert "Version 2 is in force from now" in words(answer)
        newer = Terms.objects.get(version=2)
        assert (newer.amounts.get().minimum, newer.cap, newer.in_force_from) == (1000, 2, NOW)
        locked.refresh_from_db()
        assert locked.terms.version == 1
        entry = AuditEntry.objects.get(action="terms.published")
        assert entry.detail["changes"]["Minimum, GBP"] == ["500.00", "1,000.00"]
        with pytest.raises(DatabaseError), transaction.atomic():
            Terms.objects.filter(pk=newer.pk).update(cap=9)

    def test_terms_take_force_later_but_never_in_the_past_nor_twice_at_a_moment(
        self, program: Program, marketer: Client
    ) -> None:
        earlier = said(marketer, cap="2", in_force_from="2024-01-01T10:00")
        assert "take force now or later" in words(marketer.post(TERMS, earlier))
        later = f"{NOW + 9 * DAY:%Y-%m-%dT10:00}"
        marketer.post(TERMS, said(marketer, cap="2", in_force_from=later))
        assert "takes force at that very moment" in words(
            marketer.post(TERMS, said(marketer, cap="3", in_force_from=later))
        )
        assert "in force already" in words(marketer.post(TERMS, said(marketer)))
        assert "A thank-you of nothing is none" in words(marketer.post(TERMS, said(marketer, reward="percent")))  # fmt: skip
        assert Terms.objects.count() == 2

    def test_a_house_without_a_program_begins_one(self, marketer: Client, store: Store) -> None:
        PerkFactory()
        marketer.post(PROGRAM, {"name": "Friends of ours"})
        asked = said(marketer, minimum_GBP="500", reward_GBP="100", disclosure="I may be thanked.", benchmark="10")  # fmt: skip
        marketer.post(TERMS, asked)
        assert Terms.objects.get().version == 1
        assert "Friends of ours" in words(marketer.get(PROGRAM))


class TestProgram:
    def test_scenario_20_a_pause_and_its_end_are_set_and_written_down(
        self, program: Program, marketer: Client
    ) -> None:
        for _ in range(2):
            marketer.post(f"{PROGRAM}pause/", {"do": "pause"})
        program.refresh_from_db()
        assert program.paused_at == NOW
        assert "Nobody new is locked" in words(marketer.get(PROGRAM))
        marketer.post(f"{PROGRAM}pause/", {"do": "go_on"})
        actions = list(AuditEntry.objects.order_by("pk").values_list("action", flat=True))
        assert actions == ["program.paused", "program.resumed"]

    def test_a_campaign_that_has_begun_keeps_what_it_promised(
        self, program: Program, marketer: Client
    ) -> None:
        early, polish = PerkFactory(code="early"), PerkFactory(code="polish")
        asked = {"name": "Spring", "starts_at": "2020-03-01T00:00", "ends_at": "2030-06-01T00:00",
                 "settles_until": "2030-11-28T00:00", "count_0": "1", "perk_0": str(early.pk)}  # fmt: skip
        marketer.post(f"{PROGRAM}campaign/", asked)
        spring = Campaign.objects.get()
        assert [(each.count, each.perk) for each in spring.milestones.all()] == [(1, early)]

        address = f"{PROGRAM}campaign/{spring.pk}/"
        for worse in ({"perk_0": str(polish.pk)}, {"ends_at": "2030-05-01T00:00"}, {"count_0": ""}):
            assert marketer.post(address, {**asked, **worse}).status_code == 400
        marketer.post(address, {**asked, "ends_at": "2030-07-01T00:00", "count_1": "3", "perk_1": str(polish.pk)})  # fmt: skip
        spring.refresh_from_db()
        assert spring.ends_at.month == 6  # midnight in London is an hour earlier in UTC
        assert list(spring.milestones.order_by("count").values_list("count", flat=True)) == [1, 3]

    def test_perks_shares_and_the_bench_are_set_with_who_did_it(
        self, program: Program, marketer: Client, store: Store
    ) -> None:
        perk = {"name": "Polishing", "code": "polishing", "kind": "polishing", "face_value": "120", "cost": "31",
                "currency": "GBP", "bench_minutes": "35", "valid_days": "365", "is_offered": "on"}  # fmt: skip
        marketer.post(f"{PROGRAM}perk/", perk)
        made = Perk.objects.get(code="polishing")
        marketer.post(f"{PROGRAM}perk/{made.pk}/", {**perk, "cost": "35"})
        assert AuditEntry.objects.get(action="perk.changed").detail["cost"] == ["31.000", "35.000"]
        marketer.post(f"{PROGRAM}shares/", {"holdout_percent": "20", "goods_percent": "45"})
        assert marketer.post(f"{PROGRAM}shares/", {"holdout_percent": "90", "goods_percent": "45"}).status_code == 400  # fmt: skip
        program.refresh_from_db()
        assert (program.holdout_percent, program.goods_percent) == (20, 45)
        marketer.post(f"{PROGRAM}bench/", {"store": "london", "week": "2026-11-26", "minutes": "90"})  # fmt: skip
        assert f"{BenchWeek.objects.get().monday}" == "2026-11-23"
        assert AuditEntry.objects.filter(action="bench.set", store=store).exists()


@pytest.fixture
def lived(program: Program, store: Store) -> Advocate:
    """Nine came by a link; five told who they are, three bought, one of them was thanked for and one taken back."""
    ada = AdvocateFactory(joined_at=NOW - 300 * DAY)
    for number in range(4):
        visitor = VisitorFactory()
        Touch.objects.create(advocate=ada, channel="link", visitor=visitor, at=NOW - (90 + number) * DAY)  # fmt: skip
    friends = [brought(ada, at=NOW - (100 - number) * DAY).friend for number in range(5)]
    for friend in friends[:2]:
        buy(friend, "2000.00", store=store, at=NOW - 80 * DAY)
    order(friends[2], "3000.00", store=store, at=NOW - 5 * DAY)
    sweep(NOW - 10 * DAY)
    refund(Referral.objects.get(friend=friends[1]).sale, "2000.00", at=NOW - 8 * DAY)  # type: ignore[arg-type]
    held = Referral.objects.get(friend=friends[3])
    Review.objects.create(referral=held, reason="VELOCITY", opened_at=NOW - 9 * DAY, due_at=NOW - 2 * DAY)  # fmt: skip
    Share.objects.create(advocate=ada, way="copy", at=NOW - 200 * DAY)
    for is_held_out in (True, False, False):
        guest = CustomerFactory()
        Invitation.objects.create(program=program, customer=guest, is_held_out=is_held_out, decided_at=NOW - 50 * DAY)  # fmt: skip
    buy(guest, "700.00", store=store, at=NOW - 3 * DAY)
    AdvocateFactory(customer=guest, joined_at=NOW - 49 * DAY)
    return ada


class TestFigures:
    def test_each_figure_opens_to_as_many_rows_and_names_nobody(
        self, lived: Advocate, marketer: Client
    ) -> None:
        page = marketer.get(FIGURES).content.decode()
        links = {html.unescape(link): shown for link, shown in re.findall(rf'<a href="({ROWS}\?of=[^"]*)">([\d,]+)</a>', page)}  # fmt: skip
        assert len(links) > 8
        for address, shown in links.items():
            rows = marketer.get(address)
            assert rows.status_code == 200, address
            assert re.search(r"<h2>(\d[\d,]*\d|\d)", rows.content.decode()).group(1) == shown, (
                address
            )  # type: ignore[union-attr]
            for name in (lived.customer.first_name, "Bea", lived.code):
                assert name not in words(rows)
        steps = dict(re.findall(r'<th scope="row">([\w ]+)</th><td class="n b"><a[^>]*>(\d+)', page))  # fmt: skip
        assert steps["Came by a friend"] == "9"
        assert steps["Told us who they are"] == "5"
        assert steps["Qualified"] == "2"

    def test_costs_are_costs_and_a_discount_stands_beside_them(
        self, lived: Advocate, marketer: Client
    ) -> None:
        page = " ".join(words(marketer.get(FIGURES)).split())
        # One thank-you of 100 stands, open, at half its face; four engravings at 22 are open still.
        assert "Thanking costs £138 10 % off" in page
        assert "Of £2,000 in 1 order that qualified in these days £400" in page
        assert "Margin protected £262" in page
        assert "Outstanding now Available until its last day; £0 more is held for sales £100" in page  # fmt: skip

    def test_young_weeks_are_marked_and_the_number_of_questions_is_fixed(
        self, lived: Advocate, marketer: Client, store: Store
    ) -> None:
        marketer.get(FIGURES)
        with CaptureQueriesContext(connection) as before:
            marketer.get(FIGURES)
        for number in range(3):
            friend = brought(lived, at=NOW - (20 + number) * DAY).friend
            order(friend, "900.00", store=store, at=NOW - 4 * DAY)
        with CaptureQueriesContext(connection) as after:
            page = marketer.get(FIGURES).content.decode()
        assert len(after) == len(before)
        assert "young, so far" in page

    def test_a_file_for_a_spreadsheet_has_every_row_and_no_formula(
        self, lived: Advocate, marketer: Client
    ) -> None:
        Perk.objects.update(name="=HYPERLINK(1)")
        rows = marketer.get("/admin/friends/figures/rows.csv?of=given").content.decode()
        assert "'=HYPERLINK(1)" in rows
        assert not [cell for line in csv.reader(io.StringIO(rows)) for cell in line if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]  # fmt: skip
        figures = list(csv.reader(io.StringIO(marketer.get("/admin/friends/figures.csv").content.decode())))  # fmt: skip
        assert ["Margin protected", "262.00"] in [line[:2] for line in figures]

    def test_what_is_asked_wrongly_is_refused_in_words_and_nothing_breaks(
        self, lived: Advocate, marketer: Client
    ) -> None:
        assert "Swap the two" in words(marketer.get(f"{FIGURES}?since=2026-05-01&until=2026-01-01"))
        assert marketer.get(f"{ROWS}?of=nonsense").status_code == 404
        for query in ("of=came&week=x&page=-1", "of=came&page=99999999999", "of=given&currency=XXX"):  # fmt: skip
            assert marketer.get(f"{ROWS}?{query}").status_code == 200
