"""The builder's first usable pages, as the server makes them for a shopper who has a ring: HTML, whole, in this process.

A browser with a visitor's cookie and a design with setting, stone, metal and size asks for each page through the WSGI
application: settings, the stone list bare, filtered two hundred ways, as grid and as table, four stones side by side, the
ring and its summary. By default among 100,000 stones; --full takes a million. Each filtered page is timed the first time that it
is asked for, so that nothing of it is kept. Before anything is timed every page has been answered with 200 and says what the tables
say: how many stones, which settings, and the price that the quote works out. The aim is 50 ms at the 95th percentile; beside the
list stands the table's one query for the same count, facets and page, without a page around them. On a machine that others
use too, the CPU time of this process says what a page costs, and the clock what it waited for besides.
"""

import gc
import html
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from django.db import connection as database
from django.urls import reverse

from bench import harness, site
from bench.questions import Question, Scan, questions
from builder import designs, quotes, search, states
from builder.models import Design, Setting, Stone, Supplier
from builder.search import building, snapshot, table
from demo import catalog, house, wholesale
from jeweler import tokens
from jeweler.models import Store, Visitor

SEED = 20261123
FEW, MANY = 100_000, 1_000_000
AIM_MS = 50.0
ASKED_OF_TABLE = 24  # which takes many times as long
BROWSER = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 Safari/605.1"
COUNT = re.compile(rb'<b class="num" role="status">([\d,]+) stones?</b>')
Check = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Page:
    """One kind of page: its addresses, and what is looked for in each of them."""

    title: str
    addresses: Sequence[str]
    checks: Sequence[Check]
    is_first: bool = False  # timed the first time that each address is asked for


class Shopper:
    """A browser that the shop knows, with a ring of hers."""

    def __init__(self, *, now: datetime) -> None:
        self.token, token_hash = tokens.issue()
        self.visitor = Visitor.objects.create(
            token_hash=token_hash, first_seen_at=now, last_seen_at=now
        )
        self.design = self._ring(now=now)

    def _ring(self, *, now: datetime) -> Design:
        setting = Setting.objects.filter(is_offered=True).order_by("id").first()
        if setting is None:
            raise harness.WrongAnswer("there is no setting to begin with")
        stone = (
            Stone.objects.filter(search.fitting(setting.rules), status=Stone.Status.AVAILABLE)
            .order_by("id")
            .first()
        )
        design = designs.start(visitor=self.visitor, now=now)
        return designs.choose(
            design=design,
            now=now,
            setting=setting,
            stone=stone,
            metal=setting.metals.order_by("position").first(),
            ring_size=Decimal(6),
        )

    def get(self, address: str) -> str:
        path, _, query = address.partition("?")
        answer = site.call(
            path,
            query=query,
            headers={"cookie": f"ring_visitor={self.token}", "user-agent": BROWSER, "sec-fetch-site": "same-origin"},
        )  # fmt: skip
        harness.same(answer.status, 200, what=address)
        return answer.body.decode()


def run(*, full: bool) -> list[harness.Case]:
    now = datetime.now(UTC)
    house.open_stores()
    catalog.load_catalog(now=now, count=100)
    _fill(MANY if full else FEW, now=now)
    building.build(now=now)
    snapshot.forget()
    scan, asked = Scan(), of_letters(questions(300))[:200]
    totals = [scan.answer(question)[0] for question in asked]
    shopper = Shopper(now=now)
    name = f"{len(scan):,} stones"
    cases = []
    for page in _pages(shopper, asked, totals, everything=len(scan), now=now):
        timed = _timed(shopper, page, rounds=200 if full else 80)
        of_cpu = harness.Sample(wall=timed.cpu)
        cases += [
            _aim(f"{name}, {page.title}, 50th percentile", timed.percentile(0.5)),
            _aim(f"{name}, {page.title}, 95th percentile", timed.percentile(0.95)),
            _aim(f"{name}, {page.title}, 95th percentile, CPU", of_cpu.percentile(0.95)),
        ]
    return [*cases, *_beside_the_table(name, shopper, asked[:ASKED_OF_TABLE])]


def of_letters(asked: Sequence[Question]) -> list[Question]:
    """Without fancy colors: the page lays letters aside where hues are asked for, which a scan does not."""
    return [each for each in asked if not {"fancy_hue", "fancy_intensity"} & set(each.chosen)]


def _fill(count: int, *, now: datetime) -> None:
    wholesaler, _ = Supplier.objects.get_or_create(
        code="bench-page", defaults={"name": "Wholesaler", "markup": Decimal("1.4")}
    )
    store_ids = list(Store.objects.values_list("pk", flat=True))
    wholesale.fill(supplier=wholesaler, count=count, seed=SEED, now=now, store_ids=store_ids)
    with database.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE builder_stone")


def _pages(
    shopper: Shopper,
    asked: Sequence[Question],
    totals: Sequence[int],
    *,
    everything: int,
    now: datetime,
) -> list[Page]:
    design = shopper.design
    price = quotes.quote(design, now=now).told
    settings = list(Setting.objects.filter(is_offered=True).values_list("name", flat=True))
    four = list(Stone.objects.filter(status="available").order_by("-pk")[:4])
    stones = reverse("builder:diamonds")
    beside = "&".join(f"stone={stone.pk}" for stone in four)
    return [
        Page(
            title="stones, filtered 200 ways, each for the first time",
            addresses=[f"{stones}?{question.text}" for question in asked],
            checks=[_counts(total) for total in totals],
            is_first=True,
        ),
        Page(title="stones", addresses=[stones], checks=[_counts(everything)]),
        Page(title="stones as a grid", addresses=[f"{stones}?view=grid"], checks=[_counts(everything)]),
        Page(title="stones as a table", addresses=[f"{stones}?view=table"], checks=[_counts(everything)]),
        Page(
            title="four stones side by side",
            addresses=[f"{reverse('builder:compare')}?{beside}"],
            checks=[_says(*(stone.report_number for stone in four))],
        ),
        Page(title="settings", addresses=[reverse("builder:rings")], checks=[_says(*settings)]),
        Page(title="ring", addresses=[states.address(design)], checks=[_says(price, design.setting.name if design.setting else "")]),
        Page(title="summary", addresses=[states.address(design, page="builder:summary")], checks=[_says(price)]),
    ]  # fmt: skip


def _counts(total: int) -> Check:
    def check(body: str) -> None:
        found = COUNT.search(body.encode())
        said = int(found[1].replace(b",", b"")) if found else None
        harness.same(said, total, what="how many stones the page says there are")

    return check


def _says(*words: str) -> Check:
    def check(body: str) -> None:
        missing = [word for word in words if html.escape(word) not in body]
        harness.same(missing, [], what="words that the page should say")

    return check


def _timed(shopper: Shopper, page: Page, *, rounds: int) -> harness.Sample:
    """Each answer is checked; what is timed is the answering alone."""
    sample = harness.Sample()
    addresses = list(page.addresses)
    checks = list(page.checks)
    if not page.is_first:
        for address, check in zip(addresses, checks, strict=True):
            for _ in range(3):
                check(shopper.get(address))
        addresses, checks = addresses * rounds, checks * rounds
    else:
        shopper.get(reverse("builder:diamonds"))  # templates are read once, whoever comes first
    gc.collect()
    for address, check in zip(addresses, checks, strict=True):
        begun, cpu = time.perf_counter(), time.process_time()
        body = shopper.get(address)
        sample.cpu.append((time.process_time() - cpu) * 1e3)
        sample.wall.append((time.perf_counter() - begun) * 1e3)
        check(body)
    return sample


def _beside_the_table(name: str, shopper: Shopper, asked: Sequence[Question]) -> list[harness.Case]:
    ours, theirs = harness.side_by_side(
        lambda question: shopper.get(f"{reverse('builder:diamonds')}?{question.text}"),
        lambda question: table.find(question.query, among=None),
        asked,
    )
    return harness.compare(
        case=f"{name}, stones, filtered, the whole page",
        reference_name="the table's one query alone",
        ours=ours,
        reference=theirs,
    )


def _aim(case: str, ours: float) -> harness.Case:
    return harness.Case(
        case=case,
        unit="ms",
        ours=round(ours, 3),
        reference=AIM_MS,
        reference_name="aim",
        ratio=round(ours / AIM_MS, 2),
    )
