"""What happens at the same moment: the last word is the database's."""

import io
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection, transaction

from builder import catalog, designs, inventory, keeping, links, pricebook, saving, sharing
from builder.models import Design, DesignLink, DesignVersion, Metal, Stone, Supplier
from jeweler.models import EmailMessage, OutboxEvent
from tests.builder.test_catalog import feed, line
from tests.factories.builder import (
    DesignFactory,
    MetalFactory,
    MetalPriceFactory,
    SettingFactory,
    StoneFactory,
    SupplierFactory,
)
from tests.factories.jeweler import NOW, VisitorFactory

pytestmark = pytest.mark.django_db(transaction=True)

Job = Callable[[], object]


def at_once(*jobs: Job) -> list[object]:
    """Run each job in a thread of its own, all released at one moment; what each gave or raised, in order."""
    gate = threading.Barrier(len(jobs))
    given: list[object] = [None] * len(jobs)

    def work(place: int, job: Job) -> None:
        gate.wait()
        try:
            given[place] = job()
        except Exception as error:  # noqa: BLE001  the test looks at what was raised
            given[place] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=pair) for pair in enumerate(jobs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return given


def save(design: Design) -> saving.Saved:
    return saving.save(
        design=design, email="ada@example.com", visitor=design.visitor, is_discreet=False, now=NOW
    )


def test_a_stone_is_sold_to_one_of_five_tills() -> None:
    stone = StoneFactory()
    told = at_once(
        *[
            lambda sale_id=sale_id: inventory.sell(stone=stone, sale_id=sale_id, at=NOW, now=NOW)
            for sale_id in range(5)
        ]
    )
    assert sorted(told, key=str) == [False] * 4 + [True]
    assert OutboxEvent.objects.filter(name="builder.StoneSold").count() == 1


def test_a_save_and_a_sale_at_once_end_in_one_of_two_honest_ways() -> None:
    for _ in range(4):
        design = DesignFactory()
        stone = design.stone
        saved, sold = at_once(
            lambda design=design: save(design),
            lambda stone=stone: inventory.sell(stone=stone, sale_id=1, at=NOW, now=NOW),
        )
        assert sold is True
        versions = DesignVersion.objects.filter(design=design).count()
        assert (versions, type(saved)) in [(1, saving.Saved), (0, designs.StoneGone)]


def test_one_ring_is_saved_from_many_tabs_under_two_addresses() -> None:
    def save_for(email: str, design: Design) -> saving.Saved:
        return saving.save(
            design=design, email=email, visitor=hers.visitor, is_discreet=False, now=NOW
        )

    hers = DesignFactory()
    save_for("ada@example.com", hers)
    copied = save_for("grace@example.com", hers).version.design
    tabs = [
        lambda email=email, design=design: save_for(email, design)
        for email in ("ada@example.com", "grace@example.com")
        for design in (hers, copied)
    ]
    for _ in range(4):
        saved = at_once(*tabs * 3)
        assert {type(each) for each in saved} == {saving.Saved}, saved
    assert DesignVersion.objects.count() == EmailMessage.objects.count() == 2


def test_four_tabs_begin_one_ring() -> None:
    visitor = VisitorFactory()
    begun = at_once(*[lambda: designs.start(visitor=visitor, now=NOW)] * 4)
    assert len(set(begun)) == 1
    assert Design.objects.count() == 1


def test_choices_from_two_tabs_at_once_are_both_kept() -> None:
    design = DesignFactory()
    at_once(
        lambda: designs.choose(design=design, engraving="Always", now=NOW),
        lambda: designs.choose(design=design, ring_size=Decimal(7), now=NOW),
        lambda: designs.choose(design=design, budget="10000", now=NOW),
    )
    kept = Design.objects.get()
    assert (kept.engraving, kept.ring_size, kept.budget) == ("Always", Decimal(7), "10000")


def test_a_complete_ring_is_announced_once_by_four_tabs() -> None:
    design = DesignFactory()
    at_once(*[lambda: designs.complete(design=design, visitor=design.visitor, now=NOW)] * 4)
    assert OutboxEvent.objects.filter(name="builder.BuilderCompleted").count() == 1


def somebody_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("select exists (select from pg_locks where not granted)")
        return bool(cursor.fetchone()[0])


@pytest.mark.parametrize("what", ["complete", "duplicate", "take up"])
def test_who_has_the_design_and_who_saves_it_do_not_wait_for_each_other(what: str) -> None:
    """The save has the browser's row and waits for the design; the other writes what belongs to both."""
    design = DesignFactory()
    visitor = design.visitor
    has_design = threading.Event()

    def hold() -> object:
        with transaction.atomic():
            designs.lock(design)
            has_design.set()
            give_up = time.monotonic() + 20
            while not somebody_waits() and time.monotonic() < give_up:
                time.sleep(0.01)
            if what == "complete":
                return designs.complete(design=design, visitor=visitor, now=NOW)
            if what == "duplicate":
                return keeping.duplicate(design=design, visitor=visitor, now=NOW)
            return designs.go_on(design=design, visitor=visitor, now=NOW)

    def save_it() -> object:
        has_design.wait()
        return save(design)

    held, saved = at_once(hold, save_it)
    assert not isinstance(held, Exception), held
    assert isinstance(saved, saving.Saved), saved


FORM = "a-form-of-twenty-two-s"


def copies_of_one_form(design: Design, token: str) -> list[object]:
    """The same form posted by four at once: two browsers that we do not know yet, so four visitors."""
    friends = [VisitorFactory() for _ in range(4)]
    jobs = [
        lambda friend=friend: sharing.start_from(token=token, visitor=friend, once=FORM, now=NOW)
        for friend in friends
    ]
    return at_once(*jobs)


def test_a_form_that_is_posted_twice_starts_one_ring() -> None:
    design = DesignFactory()
    token = sharing.share(design=design, has_price=False, now=NOW)
    for _ in range(3):
        given = copies_of_one_form(design, token)
        assert set(given) == {Design.objects.exclude(pk=design.pk).get()}
        Design.objects.exclude(pk=design.pk).delete()


@pytest.fixture
def no_constraint() -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute("DROP INDEX design_once_per_form")
    yield
    Design.objects.all().delete()
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE UNIQUE INDEX design_once_per_form ON builder_design (form_hash) WHERE NOT form_hash = ''"
        )


@pytest.mark.usefixtures("no_constraint")
def test_without_the_constraint_it_would_start_several() -> None:
    design = DesignFactory()
    token = sharing.share(design=design, has_price=False, now=NOW)

    def begun() -> int:
        copies_of_one_form(design, token)
        return Design.objects.exclude(pk=design.pk).delete()[1]["builder.Design"]

    assert any(begun() > 1 for _ in range(20))


def test_a_copy_is_made_once_by_two_posts_at_once() -> None:
    design = DesignFactory()

    def copy() -> object:
        return keeping.duplicate(design=design, visitor=design.visitor, once=FORM, now=NOW)

    given = at_once(copy, copy, copy)
    assert set(given) == {Design.objects.exclude(pk=design.pk).get()}


def test_a_link_is_made_once_by_two_posts_at_once() -> None:
    design = DesignFactory()

    def share() -> object:
        return sharing.share(design=design, has_price=True, once=FORM, now=NOW)

    given = at_once(share, share, share)
    assert len(set(given)) == DesignLink.objects.count() == 1
    assert links.opened(str(given[0]), now=NOW).design == design


def take_in(supplier: Supplier, *lines: str, minutes: int = 0) -> object:
    return catalog.import_feed(
        supplier=supplier,
        file=io.BytesIO(feed(*lines)),
        file_name="feed.csv",
        feed_format="generic",
        dry_run=False,
        allow_shrink=False,
        now=NOW + timedelta(minutes=minutes),
    ).report


def test_two_suppliers_feeds_at_once_agree_on_the_cheaper_offer() -> None:
    north, south = SupplierFactory(code="north"), SupplierFactory(code="south")
    lines = [line(number) for number in range(200)]
    cheaper = [line(number, stock=f"S-{number}", total="5500") for number in range(200)]
    reports = at_once(lambda: take_in(north, *lines), lambda: take_in(south, *cheaper))
    assert all(isinstance(report, dict) for report in reports), reports
    assert Stone.objects.count() == 200
    assert set(Stone.objects.values_list("price", flat=True)) == {Decimal(5500)}


def test_a_save_and_a_feed_that_withdraws_its_stone_at_once_end_in_one_of_two_honest_ways() -> None:
    north = SupplierFactory(code="north")
    lines = [line(number) for number in range(40)]
    setting = SettingFactory(
        head_min_width_mm="1.00", head_max_width_mm="20", head_max_length_mm="20"
    )
    take_in(north, *lines)
    for minutes, stone in enumerate(Stone.objects.order_by("id")[:4], start=1):
        design = DesignFactory(setting=setting, stone=stone)
        number = stone.offers.get().stock_number
        lines = [each for each in lines if number not in each.split(",")]
        saved, report = at_once(
            lambda design=design: save(design),
            lambda lines=lines, minutes=minutes: take_in(north, *lines, minutes=minutes),
        )
        assert isinstance(report, dict), report
        stone.refresh_from_db()
        assert stone.status == "withdrawn"
        versions = DesignVersion.objects.filter(design=design).count()
        assert (versions, type(saved)) in [(1, saving.Saved), (0, designs.StoneGone)]


def test_two_changes_of_the_catalog_at_once_are_both_in_the_next_book() -> None:
    first, second = (
        MetalFactory(),
        MetalFactory(code="platinum", name="platinum", family="platinum"),
    )
    pricebook.fresh()

    def add(metal: Metal, price: int) -> object:
        with transaction.atomic():
            MetalPriceFactory(metal=metal, price_per_gram=price, since_at=NOW)
            time.sleep(0.05)
            return pricebook.fresh().number

    given = at_once(lambda: add(first, 131), lambda: add(second, 77))
    assert all(isinstance(number, int) for number in given), given
    metals = pricebook.fresh().metals
    prices = [metals[metal.pk].price_at(NOW) for metal in (first, second)]
    assert [each.price for each in prices if each] == [Decimal(131), Decimal(77)]


def test_a_feed_never_brings_back_a_stone_that_is_sold_meanwhile() -> None:
    north = SupplierFactory(code="north")
    lines = [line(number) for number in range(300)]
    take_in(north, *lines)
    stone = Stone.objects.order_by("id")[150]
    _, sold = at_once(
        lambda: take_in(north, *[each.replace("6000", "6100") for each in lines]),
        lambda: inventory.sell(stone=stone, sale_id=1, at=NOW, now=NOW),
    )
    assert sold is True
    stone.refresh_from_db()
    assert stone.status == "sold"
