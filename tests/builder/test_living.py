"""A saved design is watched: its owner is told what became of it, once, and only what is worth a mail."""

import io
import re
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.core import mail as django_mail
from django.db import IntegrityError, connection, connections, transaction
from django.test import override_settings
from django.test.utils import CaptureQueriesContext

from builder import catalog, inventory, keeping, living, saving
from builder.models import Design, DesignNotice, MetalPrice, Still, Stone
from jeweler import locking, mail, merging, outbox, privacy, sales, subscriptions
from jeweler.models import Customer, EmailMessage, Sale
from tests.factories.builder import (
    DesignFactory,
    MetalFactory,
    SettingFactory,
    StoneFactory,
    StoneOfferFactory,
    SupplierFactory,
)
from tests.factories.jeweler import (
    ContactPointFactory,
    CustomerFactory,
    SaleFactory,
    SaleLineFactory,
    StoreFactory,
)

pytestmark = pytest.mark.django_db(transaction=True)

SAVED = datetime(2026, 11, 2, 16, 0, tzinfo=UTC)  # eleven in the morning in New York
LATER = SAVED + timedelta(hours=3)
UNTIL = SAVED + timedelta(days=14)
EMAIL = "ada@example.com"


def saved(*, email: str = EMAIL, is_discreet: bool = False, **design: Any) -> Design:
    """A whole ring, saved by e-mail, its price promised until November 16."""
    ring = DesignFactory(created_at=SAVED, updated_at=SAVED, **design)
    kept = saving.save(
        design=ring, email=email, visitor=ring.visitor, is_discreet=is_discreet, now=SAVED
    )
    return kept.version.design


def sell(stone: Stone | None, *, now: datetime = LATER, sale: Sale | None = None) -> None:
    assert stone is not None
    inventory.sell(stone=stone, sale_id=sale.pk if sale else 1, at=now, now=now)


def kinds() -> list[str]:
    return list(DesignNotice.objects.order_by("id").values_list("kind", flat=True))


def told() -> EmailMessage:
    """The one mail that was written unasked."""
    return EmailMessage.objects.exclude(topic="").get()


def raise_prices(*, per_gram: int = 218) -> None:
    """Gold, from $118 a gram: the ring has more than two of them."""
    MetalPrice.objects.create(
        metal=MetalFactory(), price_per_gram=per_gram, since_at=SAVED + timedelta(minutes=1)
    )


def lower_prices() -> None:
    raise_prices(per_gram=18)


# Gone.


def test_a_stone_that_was_sold_is_told_within_one_ring_with_what_is_like_it() -> None:
    design = saved()
    living.watch(now=LATER - timedelta(minutes=30))
    twin = StoneFactory(width_mm="7.36", length_mm="7.40", price="12300.00", color="F")
    sell(design.stone)
    assert living.watch(now=LATER) == 0  # nobody rang yet
    outbox.deliver_due(now=LATER)
    assert living.watch(now=LATER) == 1

    notice = DesignNotice.objects.get()
    assert (notice.kind, notice.mail) == ("gone", told())
    words = "0.02 mm wider, 0.02 mm longer, one color better, $180 less"
    assert notice.twins == [{"stone": twin.pk, "words": words}]
    assert told().to == EMAIL
    assert told().subject == "The stone of the Alba was sold; here is what is like it"
    assert words in told().text
    assert f"?stone={twin.pk}" in told().text


def test_its_mail_shows_the_picture_that_her_browser_drew_where_there_is_one() -> None:
    design = saved()
    Still.objects.create(
        design=design,
        picture_hash=design.versions.get().picture_hash,
        image=b"png",
        width=900,
        height=675,
        made_at=SAVED,
    )
    sell(design.stone)
    outbox.deliver_due(now=LATER)
    living.watch(now=LATER)

    assert f"{settings.SITE_URL}/stills/" in told().html
    assert "/pictures/" not in told().html


def test_a_stone_that_an_import_withdrew_is_found_by_the_clock() -> None:
    design = saved()
    living.watch(now=SAVED)
    Stone.objects.filter(pk=design.stone_id).update(status="withdrawn")
    living.watch(now=SAVED + timedelta(minutes=59))
    assert kinds() == []
    living.watch(now=SAVED + timedelta(hours=1))
    assert kinds() == ["gone"]


def test_a_stone_that_is_held_for_somebody_is_not_gone() -> None:
    design = saved()
    Stone.objects.filter(pk=design.stone_id).update(status="held")
    living.watch(now=LATER)
    assert kinds() == []


def test_it_is_told_once_however_often_it_is_looked_at() -> None:
    design = saved()
    sell(design.stone)
    for hours in range(1, 30):
        living.watch(now=LATER + timedelta(hours=hours))
    assert kinds() == ["gone"]


def test_hearing_twice_of_a_sale_writes_one_mail() -> None:
    design = saved()
    sell(design.stone)
    for _ in range(3):
        living.ring(stone_ids=[design.stone_id or 0])
        living.watch(now=LATER)
    assert kinds() == ["gone"]


def test_everybody_who_saved_the_stone_is_told() -> None:
    stone = StoneFactory()
    for number in range(3):
        saved(stone=stone, email=f"ada{number}@example.com")
    sell(stone)
    living.watch(now=LATER)
    assert kinds() == ["gone"] * 3


def test_the_saved_version_counts_and_not_what_she_tried_since() -> None:
    design = saved()
    Design.objects.filter(pk=design.pk).update(stone=StoneFactory(carat="1.60"))
    sell(design.stone)
    living.watch(now=LATER)
    assert kinds() == ["gone"]


def test_her_own_purchase_of_the_stone_is_no_loss() -> None:
    design = saved()
    line = SaleLineFactory(
        sale=SaleFactory(customer=design.customer), report_number=design.stone.report_number
    )
    sell(design.stone, sale=line.sale)
    living.watch(now=LATER)
    assert kinds() == []


def test_a_purchase_by_the_person_she_turned_out_to_be_is_hers_too() -> None:
    design = saved()
    other = CustomerFactory()
    line = SaleLineFactory(
        sale=SaleFactory(customer=other), report_number=design.stone.report_number
    )
    merging.merge(kept=other, absorbed=design.customer, reason="One person", by=None, now=SAVED)
    sell(design.stone, sale=line.sale)
    living.watch(now=LATER)
    assert kinds() == []


def test_a_ring_bought_by_its_code_is_not_told_to_be_gone_whoever_paid() -> None:
    design = saved()
    line = SaleLineFactory(design_code=design.code.lower().replace("-", " "))
    sell(design.stone, sale=line.sale)
    living.watch(now=LATER)
    # Tills keep the code as it is read, and a ticket's own spelling is read once more here.
    assert kinds() == ["gone"]
    line.design_code = design.code
    line.save(update_fields=["design_code"])
    other = saved(email="grace@example.com")
    SaleLineFactory(design_code=other.code)
    sell(other.stone)
    living.watch(now=LATER + timedelta(hours=2))
    assert kinds() == ["gone"]


def test_a_voided_sale_was_none() -> None:
    design = saved()
    sale = SaleFactory(customer=design.customer, voided_at=LATER)
    SaleLineFactory(sale=sale, report_number=design.stone.report_number)
    sell(design.stone, sale=sale)
    living.watch(now=LATER)
    assert kinds() == ["gone"]


def test_her_other_designs_stone_is_told_although_she_bought_this_one() -> None:
    hers, other = saved(), saved()
    sale = SaleFactory(customer=hers.customer)
    SaleLineFactory(sale=sale, report_number=hers.stone.report_number)
    sell(hers.stone, sale=sale)
    sell(other.stone)
    living.watch(now=LATER)
    assert DesignNotice.objects.get().design == other


def test_a_stone_that_an_import_withdrew_is_told_within_one_ring_like_a_sold_one() -> None:
    supplier, kept = SupplierFactory(), StoneFactory()
    design = saved()
    for number, stone in enumerate([design.stone, kept]):
        StoneOfferFactory(supplier=supplier, stone=stone, stock_number=f"N-{number}")
    living.watch(now=LATER - timedelta(minutes=1))

    header = "Stock #,Shape,Weight,Color,Clarity,Measurements,Lab,Report #,Total Price"
    row = f"N-1,{kept.shape},{kept.carat},{kept.color},{kept.clarity},7.40x7.36x4.50,{kept.lab},{kept.report_number},9000"
    catalog.import_feed(
        supplier=supplier, file=io.BytesIO(f"{header}\n{row}\n".encode()), file_name="feed.csv",
        feed_format="generic", dry_run=False, allow_shrink=True, now=LATER,
    )  # fmt: skip
    assert Stone.objects.get(pk=design.stone_id).status == "withdrawn"
    assert living.watch(now=LATER) == 0  # nobody rang yet
    outbox.deliver_due(now=LATER)
    assert living.watch(now=LATER) == 1
    assert kinds() == ["gone"]


@pytest.mark.parametrize(
    "changes",
    [
        {"removed_at": SAVED},
        {"saved_at": SAVED - timedelta(days=181)},
        {"customer": None},
    ],
)
def test_what_was_removed_or_is_old_or_nobodys_is_not_watched(changes: dict[str, Any]) -> None:
    design = saved()
    Design.objects.filter(pk=design.pk).update(**changes)
    sell(design.stone)
    assert living.watch(now=LATER) == 0


@pytest.mark.parametrize("end", ["old", "forgotten", "removed", "told"])
def test_what_has_died_stands_in_nobodys_way_and_is_looked_at_never_again(end: str) -> None:
    """Dead ones that waited longest would else be asked for, and passed over, by every sweep."""
    dying = [saved(email=f"ada{number}@example.com") for number in range(3)]
    now = SAVED + timedelta(days=170)
    for each in dying:
        if end == "forgotten":
            privacy.forget(customer=each.customer or Customer(), now=SAVED)
        elif end == "removed":
            keeping.remove(design=each, now=SAVED)
        elif end == "told":
            sell(each.stone, now=SAVED)
    if end == "old":
        now += timedelta(days=11)
    for _ in range(3):
        living.watch(now=now)
        now += living.EVERY
    fresh = saved(email="grace@example.com")
    Design.objects.filter(pk=fresh.pk).update(saved_at=now)

    assert [each.pk for each in living._claim(now=now, limit=1)] == [fresh.pk]
    assert not Design.objects.exclude(pk=fresh.pk).filter(next_watch_at__isnull=False).exists()
    living.ring(stone_ids=[each.stone_id or 0 for each in dying])
    outbox.deliver_due(now=now)
    assert living.watch(now=now) == 0


def test_a_design_that_is_put_back_or_saved_again_is_watched_again() -> None:
    design = saved()
    keeping.remove(design=design, now=SAVED)
    assert living.watch(now=LATER) == 0
    keeping.restore(design=design, now=LATER)
    assert living.watch(now=LATER) == 1
    Design.objects.update(next_watch_at=None)
    saving.save(design=design, email=EMAIL, visitor=None, is_discreet=False, now=LATER)
    assert living.watch(now=LATER) == 1


def test_a_forgotten_customer_is_not_written_to() -> None:
    design = saved()
    privacy.forget(customer=Customer.objects.get(), now=SAVED)
    sell(design.stone)
    living.watch(now=LATER)
    assert kinds() == []


def test_the_mail_goes_where_this_design_was_sent_and_not_to_another_address_of_hers() -> None:
    design = saved(is_discreet=True)
    ContactPointFactory(customer=design.customer, canonical="family@example.com")
    sell(design.stone)
    living.watch(now=LATER)
    assert told().to == EMAIL


# Prices.


def test_while_the_promise_holds_a_dearer_ring_is_not_told_and_on_the_day_after_it_is() -> None:
    design = saved()
    twin = StoneFactory(price="12000.00")
    raise_prices()
    price = design.versions.get().price
    last_evening = datetime(2026, 11, 17, 4, 59, tzinfo=UTC)  # 23:59 on November 16 in New York
    living.watch(now=last_evening)
    assert "dearer" not in kinds()
    living.watch(now=last_evening + timedelta(hours=12))
    notice = DesignNotice.objects.get(kind="dearer")
    assert notice.price > price
    # The twin's ring costs the new gold, too: its difference is from the price that she had.
    [offered] = notice.twins
    assert offered["stone"] == twin.pk
    saving_of = price - (notice.price - 480)
    assert offered["words"].endswith(f"${saving_of:,.0f} less")


def test_a_promise_ends_by_the_clock_of_her_store() -> None:
    tokyo = StoreFactory(time_zone="Asia/Tokyo", code="tokyo")
    saved(store=tokyo)
    raise_prices()
    # Saved at one at night on November 3 there, so that November 17 is the last day.
    living.watch(now=datetime(2026, 11, 17, 14, 59, tzinfo=UTC))
    assert "dearer" not in kinds()
    living.watch(now=datetime(2026, 11, 18, 1, 0, tzinfo=UTC))
    assert "dearer" in kinds()


def test_a_lower_price_is_told_at_once() -> None:
    design = saved()
    lower_prices()
    living.watch(now=LATER)
    notice = DesignNotice.objects.get()
    assert notice.kind == "cheaper"
    assert notice.price < design.versions.get().price
    assert told().subject == "The price of the Alba has fallen"


def test_an_ending_promise_is_told_three_days_before() -> None:
    saved()
    living.watch(now=SAVED + timedelta(days=3))
    living.watch(now=UNTIL - timedelta(days=4))
    assert kinds() == ["pause"]
    living.watch(now=UNTIL - timedelta(days=3))
    assert kinds() == ["pause", "ending"]
    subjects = (
        EmailMessage.objects.exclude(topic="").order_by("pk").values_list("subject", flat=True)
    )
    assert list(subjects) == [
        "The Alba, as you left it",
        "Your price for the Alba holds until November 16",
    ]


@override_settings(PRICE_MODE="on_request")
def test_where_prices_are_told_on_request_no_mail_tells_of_them() -> None:
    saved()
    raise_prices()
    living.watch(now=UNTIL + timedelta(days=2))
    assert "dearer" not in kinds()


@override_settings(PRICE_MODE="range")
def test_where_prices_are_told_as_a_range_no_difference_gives_them_away() -> None:
    design = saved()
    StoneFactory(price="11000.00", width_mm="7.36")
    sell(design.stone)
    living.watch(now=LATER)
    assert DesignNotice.objects.get().twins[0]["words"] == "0.02 mm wider"
    assert "less" not in told().text


# A pause.


def test_after_three_days_without_a_step_she_is_asked_once() -> None:
    saved()
    living.watch(now=SAVED + timedelta(days=2))
    assert kinds() == []
    living.watch(now=SAVED + timedelta(days=3))
    assert kinds() == ["pause"]
    living.watch(now=SAVED + timedelta(days=9))
    assert kinds() == ["pause"]


def test_a_pause_is_not_told_at_night_when_she_may_act_before_the_morning() -> None:
    saved()
    living.watch(now=SAVED + timedelta(days=3, hours=11))  # ten in the evening
    assert kinds() == []
    living.watch(now=SAVED + timedelta(days=3, hours=22, minutes=30))
    assert kinds() == ["pause"]


def test_who_goes_on_is_not_asked() -> None:
    design = saved()
    Design.objects.filter(pk=design.pk).update(updated_at=SAVED + timedelta(days=2))
    living.watch(now=SAVED + timedelta(days=3))
    assert kinds() == []


def test_a_sale_lets_her_designs_rest_and_takes_back_what_was_not_sent() -> None:
    design = saved()
    living.watch(now=SAVED + timedelta(days=3))
    sale = SaleFactory(customer=design.customer, placed_at=SAVED + timedelta(days=3))
    with transaction.atomic():
        outbox.publish(sales.SaleRecorded(sale_id=sale.pk), at=SAVED + timedelta(days=3))
    outbox.deliver_due(now=SAVED + timedelta(days=3))
    design.refresh_from_db()
    assert design.rested_at == sale.placed_at
    assert told().dead_at is not None
    living.watch(now=UNTIL - timedelta(days=2))
    assert kinds() == ["pause"]


def test_a_sale_that_is_told_again_later_does_not_rest_what_she_saved_since() -> None:
    design = saved()
    assert living.rest(customer=design.customer, acted_at=SAVED - timedelta(days=1), now=LATER) == 0
    assert living.rest(design=design, now=LATER) == 1
    assert living.rest(design=design, now=LATER) == 0


def test_a_merge_lets_the_designs_of_the_one_rest_by_the_purchase_of_the_other() -> None:
    design, buyer = saved(), CustomerFactory()
    SaleFactory(customer=buyer, placed_at=LATER)
    merging.merge(kept=buyer, absorbed=design.customer, reason="One", by=None, now=LATER)
    outbox.deliver_due(now=LATER)
    design.refresh_from_db()
    assert design.rested_at == LATER


# Not too much.


def test_who_refused_is_not_told_and_nothing_is_lost_for_the_page() -> None:
    design = saved()
    subscriptions.stop(given=subscriptions.token(address=EMAIL, topic="designs"), now=SAVED)
    sell(design.stone)
    living.watch(now=LATER)
    assert kinds() == []
    assert design.links.count() == 1  # no link is opened for a mail that is not written


def test_one_over_the_cap_is_told_when_the_week_is_over() -> None:
    for _ in range(3):
        sell(saved().stone)
    living.watch(now=LATER)
    assert kinds() == ["gone"] * 2
    living.watch(now=LATER + timedelta(days=6))
    assert kinds() == ["gone"] * 2
    living.watch(now=LATER + timedelta(days=7))
    assert kinds() == ["gone"] * 3


def test_what_matters_more_goes_first_and_finds_room_after_what_matters_less() -> None:
    paused, second, lost = saved(), saved(), saved()
    sell(lost.stone)
    living.watch(now=SAVED + timedelta(days=3))
    assert kinds() == ["gone"]  # two pauses would each leave no room for the next loss
    sell(second.stone)
    living.watch(now=SAVED + timedelta(days=4))
    assert kinds() == ["gone", "gone"]
    living.watch(now=SAVED + timedelta(days=12))
    assert DesignNotice.objects.get(kind="ending").design == paused


def test_a_loss_at_night_is_told_in_the_morning() -> None:
    design = saved()
    night = datetime(2026, 11, 3, 3, 0, tzinfo=UTC)  # ten in the evening in New York
    sell(design.stone, now=night)
    living.watch(now=night)
    assert kinds() == ["gone"]
    assert told().next_attempt_at == datetime(2026, 11, 3, 14, 0, tzinfo=UTC)


def test_a_discreet_designs_mail_gives_nothing_away() -> None:
    design = saved(is_discreet=True)
    sell(design.stone)
    living.watch(now=LATER)
    mail.send_due(now=LATER)
    sent = django_mail.outbox[-1]
    assert sent.subject == "A note about what you kept"
    assert sent.from_email == settings.DISCREET_FROM_EMAIL
    shown = re.sub(r"https?://\S+", "", f"{told().text} {told().html}").lower()
    for word in ("osmere", "jewel", "stone", "alba", "sold", "price", "carat", "pictures"):
        assert word not in shown, word
    assert not re.search(r"\bring\b", shown)


@pytest.mark.parametrize(
    ("days", "word"), [(3, "There is no hurry"), (12, "holds until the end of November 16")]
)
def test_a_discreet_note_says_as_much_as_it_may(days: int, word: str) -> None:
    saved(is_discreet=True)
    living.watch(now=SAVED + timedelta(days=days))
    assert word in told().text


# Many, and at once.


@override_settings(PRICE_BOOK_PAUSE=60)
def test_a_batch_is_watched_in_as_many_queries_as_a_single_design() -> None:
    setting = SettingFactory()

    def queries(number: int) -> int:
        for each in range(number):
            saved(email=f"ada{each}@example.com", setting=setting)
        living.watch(now=LATER, limit=1000)  # reads the price book
        Design.objects.update(next_watch_at=SAVED)
        with CaptureQueriesContext(connection) as caught:
            living.watch(now=LATER, limit=1000)
        return len(caught)

    few = queries(2)
    assert queries(20) == few <= 13  # two of them begin, two commit


def test_designs_that_wait_longest_come_first_and_rung_ones_before_all() -> None:
    first, second, rung = saved(), saved(), saved()
    Design.objects.filter(pk=first.pk).update(next_watch_at=SAVED - timedelta(hours=9))
    Design.objects.filter(pk=second.pk).update(next_watch_at=SAVED - timedelta(hours=5))
    Design.objects.filter(pk=rung.pk).update(next_watch_at=living.AT_ONCE)
    order = []
    for _ in range(3):
        assert living.watch(now=LATER, limit=1) == 1
        order += (
            Design.objects.filter(next_watch_at=LATER + living.EVERY)
            .exclude(code__in=order)
            .values_list("code", flat=True)
        )
    assert order == [rung.code, first.code, second.code]
    assert living.watch(now=LATER) == 0


def test_a_design_that_was_rung_while_it_was_looked_at_is_looked_at_again() -> None:
    design = saved()
    [claimed] = living._claim(now=LATER, limit=1)
    living.ring(stone_ids=[design.stone_id or 0])
    assert living.watch(now=LATER) == 1
    assert claimed == design


def test_what_a_killed_watcher_had_claimed_is_due_again_after_its_lease() -> None:
    design = saved()
    sell(design.stone)
    living._claim(now=LATER, limit=10)  # and it dies here
    assert living.watch(now=LATER + timedelta(minutes=1)) == 0
    assert living.watch(now=LATER + timedelta(minutes=2)) == 1
    assert kinds() == ["gone"]


def test_one_design_that_cannot_be_told_keeps_no_other_from_it() -> None:
    """Here the database refuses a sender that is too long."""
    poisoned, healthy = saved(), saved(email="grace@example.com")
    Design.objects.filter(pk=poisoned.pk).update(is_discreet=True)
    sell(poisoned.stone)
    sell(healthy.stone)
    with override_settings(DISCREET_FROM_EMAIL="x" * 300):
        living.watch(now=LATER)
    assert DesignNotice.objects.get().design == healthy


def at_once(job: Any, *, workers: int) -> list[Any]:
    gate = threading.Barrier(workers)

    def work(_: int) -> Any:
        gate.wait()
        try:
            return job()
        except IntegrityError as error:
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(work, range(workers)))


def test_watchers_side_by_side_share_the_designs_and_without_the_lock_they_do_not() -> None:
    for number in range(12):
        saved(email=f"ada{number}@example.com")

    def unlocked() -> int:
        with locking.without_locks_to_prove_that_they_are_needed():
            return len(living._claim(now=LATER, limit=12))

    def claimed_unlocked() -> int:
        Design.objects.update(next_watch_at=SAVED)
        return sum(at_once(unlocked, workers=6))

    assert sum(at_once(lambda: living.watch(now=LATER, limit=4), workers=3)) == 12
    assert any(claimed_unlocked() > 12 for _ in range(50))


def test_two_who_tell_at_once_write_one_notice_and_one_mail() -> None:
    for _ in range(3):
        design = saved()
        sell(design.stone)
        EmailMessage.objects.exclude(topic="").delete()
        given = at_once(lambda design=design: living.tell(design=design, now=LATER), workers=4)
        assert [type(each) for each in given if each is not None] == [DesignNotice]
        assert EmailMessage.objects.exclude(topic="").count() == 1


@pytest.fixture
def no_constraint() -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE builder_designnotice DROP CONSTRAINT design_notice_once")
    yield
    DesignNotice.objects.all().delete()
    with connection.cursor() as cursor:
        cursor.execute(
            "ALTER TABLE builder_designnotice ADD CONSTRAINT design_notice_once UNIQUE (version_id, kind)"
        )


def unlocked_tell(design: Design) -> object:
    with locking.without_locks_to_prove_that_they_are_needed():
        return living.tell(design=design, now=LATER)


def test_without_the_lock_the_constraint_still_lets_one_through() -> None:
    design = saved()
    sell(design.stone)
    given = at_once(lambda: unlocked_tell(design), workers=4)
    assert kinds() == ["gone"]
    assert any(isinstance(each, IntegrityError) for each in given), given


@pytest.mark.usefixtures("no_constraint")
def test_without_the_lock_and_the_constraint_she_would_be_told_twice() -> None:
    design = saved()
    sell(design.stone)
    at_once(lambda: unlocked_tell(design), workers=4)
    assert len(kinds()) > 1
