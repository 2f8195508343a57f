"""The snapshot answers exactly as the table does, whatever changed since it was made."""

import random
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from urllib.parse import urlencode

import pytest
from django.db import connection, connections, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from builder import gemology, search, tasks
from builder.models import SearchSnapshot, Setting, Stone
from builder.search import building, payload, snapshot, table
from builder.search.results import Found
from builder.search.snapshot import Snapshot
from tests.builder.search import ask, asked
from tests.builder.search.conftest import stock
from tests.factories.builder import HeadFactory, SettingFactory, StoneFactory
from tests.factories.jeweler import NOW

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _new_process(settings: object) -> Iterator[None]:
    settings.SEARCH_SNAPSHOT_POLL_S = 0  # type: ignore[attr-defined]
    snapshot.forget()
    yield
    snapshot.forget()


def built() -> Snapshot:
    """The first that has all that was written: another test's transaction may still be open beside this one."""
    for _ in range(50):
        building.build(now=NOW)
        found = snapshot.current()
        if found is not None:
            return found
        time.sleep(0.1)
    raise AssertionError("No snapshot had all that was written")


# Equal answers.


def question(dice: random.Random) -> str:
    """Anything that can be asked, often several at once."""
    asked_for: list[tuple[str, str]] = []
    for name, facet in search.FACETS.items():
        if dice.random() < 0.22:
            values = list(facet.labels)[:8]
            asked_for += [
                (name, value) for value in dice.sample(values, min(len(values), dice.randint(1, 4)))
            ]
    for name, least, most in (
        ("carat", 0.3, 3), ("price", 300, 20000), ("ratio", 1, 2), ("table", 52, 70), ("depth", 55, 75),
    ):  # fmt: skip
        for end, chance in (("min", 0.15), ("max", 0.15)):
            if dice.random() < chance:
                asked_for.append((f"{name}_{end}", f"{dice.uniform(least, most):.2f}"))
    if dice.random() < 0.15:
        asked_for.append(("store", "nyc"))
    if dice.random() < 0.3:
        asked_for.append(("fits", dice.choice(["alba", "lune", "vesper", "several"])))
    if dice.random() < 0.2:
        asked_for.append(
            ("ready_by", (NOW.date() + timedelta(days=dice.randint(0, 50))).isoformat())
        )
    asked_for.append(("sort", dice.choice(list(search.SORTS))))
    asked_for.append(("page_size", str(dice.choice([1, 7, 24, 96]))))
    asked_for.append(("page", str(dice.choice([1, 1, 1, 2, 5, 400]))))
    return urlencode(asked_for)


def answer(found: Found) -> tuple[object, ...]:
    counts = {name: {k: v for k, v in values.items() if v} for name, values in found.counts.items()}
    counted = {name: values for name, values in counts.items() if name and values}
    return (found.total, counted, found.keys, found.page, found.has_previous, found.has_next)


def assert_equal(text: str) -> None:
    query, memory = asked(text), snapshot.current()
    assert memory is not None
    found = memory.find(query, among=None)
    expected = table.find(query, among=None)
    assert answer(found) == answer(expected), text
    assert memory.count(query, among=None) == expected.total
    for key in found.keys[:1] + found.keys[-1:]:
        for name in ("after", "before"):
            turned = f"{text}&{name}={key.written(sort=query.sort)}"
            assert answer(memory.find(asked(turned), among=None)) == answer(
                table.find(asked(turned), among=None)
            ), turned
    for measure in query.measured if not query.crossed else ():
        assert memory.beside(query, measure, among=None) == table.beside(
            query, measure, among=None
        ), (text, measure)


def change(dice: random.Random) -> None:
    """What happens to a shop's stones in an hour."""
    some = list(Stone.objects.order_by("pk").values_list("pk", flat=True))
    chosen = Stone.objects.filter(pk__in=dice.sample(some, dice.randint(1, 40)))
    match dice.randint(0, 6):
        case 0:
            chosen.update(status="held", sold_at=None)
        case 1:
            chosen.update(status="sold", sold_at=NOW)
        case 2:
            chosen.filter(price__isnull=False).update(status="available", sold_at=None)
        case 3:
            chosen.update(price=dice.randint(300, 20000))
        case 4:
            chosen.update(store=None, delivery_days=dice.choice([0, 2, 9]))
        case 5:
            StoneFactory.create_batch(
                dice.randint(1, 5),
                price=dice.randint(300, 20000),
                color=dice.choice(gemology.COLORS[:6]),
                shape=dice.choice(gemology.SHAPES),
                carat=str(dice.randint(30, 300) / 100),
            )
        case 6:
            chosen.update(color="", fancy_hue="pink", fancy_intensity="fancy", depth_pct=None)


@pytest.fixture
def stocked() -> None:
    stock(count=300)
    setting = SettingFactory(
        code="several", lead_days=3, head_max_width_mm="6.20", head_min_width_mm="5.00"
    )
    HeadFactory(setting=setting, code="wide", position=1, extra_price=40, extra_days=6)


@pytest.mark.usefixtures("stocked")
def test_after_any_changes_it_answers_any_question_as_the_table_does() -> None:
    dice = random.Random(5)
    built()
    for number in range(7):
        for _ in range(7):
            assert_equal(question(dice))
        if number == 5:
            building.build(now=NOW)
        else:
            change(dice)


@pytest.mark.usefixtures("stocked")
def test_it_answers_so_when_most_of_its_stones_have_changed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(snapshot, "FEW", 100)
    dice = random.Random(6)
    built()
    Stone.objects.filter(pk__in=list(Stone.objects.values_list("pk", flat=True)[:300])).update(
        price=4321
    )
    for _ in range(25):
        assert_equal(question(dice))


@given(st.randoms(use_true_random=False))
@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_few_stones_of_few_prices_are_ordered_alike(dice: random.Random) -> None:
    """Ties, empty bitmaps and the ends of the list."""
    Stone.objects.all().delete()
    prices, carats = [1000, 2000], ["1.00", "1.01", "2.00"]

    def make(count: int) -> None:
        for _ in range(count):
            StoneFactory(
                price=dice.choice(prices), carat=dice.choice(carats), color=dice.choice("DE")
            )

    make(dice.randint(0, 8))
    built()
    make(dice.randint(0, 4))
    for stone in Stone.objects.all():
        if dice.random() < 0.3:
            Stone.objects.filter(pk=stone.pk).update(price=dice.choice(prices))
    for sort in search.SORTS:
        for text in ("", "&color=D", "&carat_min=1.01&carat_max=1.5", "&price_max=1500"):
            assert_equal(f"sort={sort}&page_size=3&page={dice.randint(1, 3)}{text}")


# What it heeds.


def test_the_list_says_which_engine_answered() -> None:
    StoneFactory()
    assert ask().engine == "table"
    built()
    assert ask().engine == "snapshot"


def test_what_one_connection_sells_is_gone_for_the_other_at_its_next_look() -> None:
    stone, other_stone = StoneFactory(), StoneFactory()
    memory = built()
    assert memory.listed(stone.pk) is not None
    elsewhere = connections.create_connection("default")
    try:
        with elsewhere.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute("UPDATE builder_stone SET status = 'held' WHERE id = %s", [stone.pk])
            assert ask().ids == [stone.pk, other_stone.pk]
            cursor.execute("COMMIT")
        results = ask()
    finally:
        elsewhere.close()
    assert (results.engine, results.ids, results.total) == ("snapshot", [other_stone.pk], 1)
    later = snapshot.current()
    assert later is not None
    assert later.listed(stone.pk) is None


def test_a_transaction_that_commits_late_is_not_missed() -> None:
    """It changed its stone before others that were already seen."""
    late_stone, early_stone = StoneFactory(), StoneFactory()
    elsewhere = connections.create_connection("default")
    try:
        with elsewhere.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute(
                "UPDATE builder_stone SET status = 'held' WHERE id = %s", [late_stone.pk]
            )
            built()
            Stone.objects.filter(pk=early_stone.pk).update(status="held")
            assert ask().ids == [late_stone.pk]
            cursor.execute("COMMIT")
        assert ask().ids == []
    finally:
        elsewhere.close()


def test_what_is_undone_was_never_seen() -> None:
    stone = StoneFactory()
    built()
    with transaction.atomic():
        Stone.objects.filter(pk=stone.pk).update(status="held")
        results = ask()
        assert (results.engine, results.total) == ("table", 0)
        transaction.set_rollback(True)
    assert (ask().engine, ask().total) == ("snapshot", 1)


def test_a_deleted_stone_takes_the_snapshot_with_it() -> None:
    stone = StoneFactory()
    built()
    stone.delete()
    results = ask()
    assert (results.engine, results.total) == ("table", 0)


def test_more_changes_than_are_filtered_one_by_one_are_left_to_the_table(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(snapshot, "MOST_CHANGES", 2)
    stones = StoneFactory.create_batch(4)
    built()
    Stone.objects.filter(pk__in=[stone.pk for stone in stones[:3]]).update(status="held")
    assert (ask().engine, ask().total) == ("table", 1)
    built()
    assert (ask().engine, ask().total) == ("snapshot", 1)


def test_between_two_looks_nothing_is_asked(
    settings: object, django_assert_num_queries: Callable[..., object]
) -> None:
    StoneFactory()
    built()
    settings.SEARCH_SNAPSHOT_POLL_S = 60  # type: ignore[attr-defined]
    query = asked("shape=round")
    with django_assert_num_queries(0):  # type: ignore[attr-defined]
        assert search.listing(query).total == 1


def test_a_listed_stone_is_told_as_the_table_has_it() -> None:
    stone = StoneFactory(cut="", delivery_days=4)
    before = built().listed(stone.pk)
    Stone.objects.filter(pk=stone.pk).update(delivery_days=4)
    after = snapshot.current()
    assert after is not None
    assert before == after.listed(stone.pk)
    assert before is not None
    for name in ("id", "shape", "growth", "color", "clarity", "cut", "carat", "length_mm", "width_mm", "depth_mm", "price", "delivery_days"):  # fmt: skip
        assert getattr(before, name) == getattr(stone, name), name


# Building.


@pytest.mark.usefixtures("stocked")
@pytest.mark.parametrize("text", ["", "shape=round&cut=excellent&color=G,H", "carat_min=99"])
def test_named_facets_are_counted_as_among_all_of_them(text: str) -> None:
    def facets(text: str) -> dict[str, list[search.FacetValue]]:
        return search.listing(asked(text)).facets

    built()
    assert search.listing(asked(text)).engine == "snapshot"
    everything, named = facets(text), facets(f"{text}&facets=cut,lab,fancy_hue")
    assert named == {name: everything[name] for name in ("cut", "lab", "fancy_hue")}
    assert (
        search.listing(asked(f"{text}&facets=lab")).nearest == search.listing(asked(text)).nearest
    )
    snapshot.forget()
    SearchSnapshot.objects.all().delete()
    assert facets(f"{text}&facets=cut,lab,fancy_hue") == named


@pytest.mark.usefixtures("stocked")
def test_what_is_packed_is_unpacked_the_same() -> None:
    bitmaps = built().bitmaps
    again = payload.unpacked(payload.packed(bitmaps))
    assert again.facets == bitmaps.facets
    assert again.measures == bitmaps.measures
    assert again.stores == bitmaps.stores
    assert again.delivery == bitmaps.delivery
    assert again.fits == bitmaps.fits
    assert len(bitmaps.fits) >= Setting.objects.count()
    for name, column in bitmaps.columns.items():
        assert column.tolist() == again.columns[name].tolist()


@pytest.mark.parametrize("data", [b"", b"stones", b"x" * 50, b"stones\xff\xff\x00\x00\x00\x00"])
def test_bytes_of_another_kind_are_refused(data: bytes) -> None:
    with pytest.raises(payload.UnknownFormat):
        payload.unpacked(data)


def test_a_snapshot_of_another_release_is_left_alone() -> None:
    StoneFactory()
    SearchSnapshot.objects.create(built_at=NOW, horizon_xid=3, stones=1, payload=b"x" * 50)
    assert ask().engine == "table"
    built()
    assert ask().engine == "snapshot"


def _build_for_good() -> None:
    """A snapshot by which no stone counts as changed: while another test's transaction runs, they may still."""
    for _ in range(300):
        made = building.build(now=NOW)
        if made and not Stone.objects.filter(changed_xid__gte=made.horizon_xid).exists():
            return
        time.sleep(0.1)
    pytest.fail("Another transaction ran all the while.")


def test_one_is_built_when_stones_changed_and_not_before() -> None:
    stones = StoneFactory.create_batch(2)
    assert building.refresh(now=NOW) is not None
    _build_for_good()
    assert building.refresh(now=NOW + timedelta(hours=1)) is None
    Stone.objects.filter(pk=stones[0].pk).update(status="held")
    assert building.refresh(now=NOW + timedelta(seconds=299)) is None
    assert building.refresh(now=NOW + timedelta(seconds=301)) is not None


def test_the_clock_has_a_worker_look_whether_one_is_needed(settings: object) -> None:
    StoneFactory()
    scheduled = settings.CELERY_BEAT_SCHEDULE["build-snapshot"]  # type: ignore[attr-defined]
    assert scheduled["task"] == tasks.build_snapshot.name
    tasks.build_snapshot()
    assert (ask().engine, ask().total) == ("snapshot", 1)


def test_many_changes_do_not_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(building, "AT_ONCE", 3)
    StoneFactory()
    building.refresh(now=NOW)
    StoneFactory.create_batch(3)
    assert building.refresh(now=NOW + timedelta(seconds=1)) is not None


def test_one_worker_builds_at_a_time_and_two_snapshots_are_kept() -> None:
    StoneFactory()
    elsewhere = connections.create_connection("default")
    try:
        with elsewhere.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [building._LOCK])
            assert building.build(now=NOW) is None
            cursor.execute("SELECT pg_advisory_unlock(%s)", [building._LOCK])
    finally:
        elsewhere.close()
    for _ in range(3):
        building.build(now=NOW)
    assert SearchSnapshot.objects.count() == 2


def test_a_snapshot_is_kept_as_it_is() -> None:
    """Postgres would try to compress what is compressed already."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT attstorage FROM pg_attribute "
            "WHERE attrelid = 'builder_searchsnapshot'::regclass AND attname = 'payload'"
        )
        assert cursor.fetchone()[0] in {"e", b"e"}
