"""The living design: a watcher looks at what was saved, and its owner is told when something became of it.

Promise: every saved design that is alive is looked at once an hour, and within seconds of its stone's sale or withdrawal; one
that has died is looked at never again; one mail for each version and kind, whoever looks at the same moment and however often a
worker is killed. What is told when is in
`notices`, how in `letters`, both in docs/algorithms/living.md. Nothing of a design is changed but when it is looked at next.

Limit: designs are found by the version that was saved last; what she has chosen since and not saved is nobody's to watch.
"""

import logging
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from django.conf import settings
from django.db import transaction
from django.db.models import Max, Q, QuerySet

from builder import alike, codes, letters, notices, pricebook, pricing, quotes
from builder.models import Design, DesignNotice, DesignStep, DesignVersion
from builder.notices import Standing
from jeweler import customers, locking, mail
from jeweler.models import Customer, SaleLine

logger = logging.getLogger(__name__)

EVERY = timedelta(hours=1)
LEASE = timedelta(
    minutes=2
)  # longer than a batch takes; a killed watcher's designs are due again after it
AT_ONCE = datetime(2000, 1, 1, tzinfo=UTC)  # before whatever is due
NUDGES = (notices.ENDING, notices.CHEAPER, notices.PAUSE)


@dataclass(frozen=True, kw_only=True)
class Seen:
    """A design's last version and what is to be told of it, if anything."""

    version: DesignVersion
    standing: Standing
    kind: str | None


def living(*, now: datetime) -> QuerySet[Design]:
    """Saved lately enough, by somebody who was not forgotten, and not taken off her list."""
    return Design.objects.filter(
        saved_at__gte=now - _life(),
        removed_at__isnull=True,
        customer__isnull=False,
        customer__forgotten_at__isnull=True,
    )


def watch(*, now: datetime, limit: int = 200) -> int:
    """Look at the designs that wait longest, tell what is to be told, and say how many were looked at.

    Must not run inside a transaction: a claim has to be seen by the other watchers at once.
    """
    claimed = _claim(now=now, limit=limit)
    seen = look(claimed, now=now)
    due = [each for each in seen if each.kind]
    for each in sorted(due, key=lambda each: notices.ORDER.index(each.kind or "")):
        try:
            tell(design=each.version.design, now=now)
        except Exception:  # one design must not keep the others from being watched
            logger.exception("Could not tell %s of %s", each.kind, each.version)
    # What was rung, saved or taken off her list meanwhile stays as that left it.
    mine = Design.objects.filter(next_watch_at=now + LEASE)
    over = _over(claimed, seen, now=now)
    _change(mine.filter(pk__in=[each.pk for each in claimed if each.pk not in over]), now + EVERY)
    if over:
        _change(mine.filter(pk__in=over), None)
    return len(claimed)


def ring(*, stone_ids: Collection[int]) -> int:
    """Have the living designs that were saved with one of these stones looked at next; how many there are."""
    theirs = Design.objects.filter(versions__stone__in=stone_ids, next_watch_at__isnull=False)
    return _change(Design.objects.filter(pk__in=theirs.values("pk")), AT_ONCE)


def rest(
    *,
    now: datetime,
    customer: Customer | None = None,
    design: Design | None = None,
    acted_at: datetime | None = None,
) -> int:
    """She booked or bought: what she has saved until then needs no nudge any more. How many designs that is.

    `acted_at`: when she did, if it was told later. What she saves afterwards lives on its own.
    """
    at = acted_at or now
    hers = Design.objects.filter(saved_at__lte=at).filter(Q(rested_at=None) | Q(rested_at__lt=at))
    if customer is not None:
        hers = hers.filter(customer__in=customers.ids_of(customer))
    if design is not None:
        hers = hers.filter(pk=design.pk)
    if customer is None and design is None:
        raise ValueError("Say who or which design rests")
    with transaction.atomic():
        resting = _locked(hers)
        told = DesignNotice.objects.filter(design__in=resting, kind__in=NUDGES)
        keys = [letters.key(each.kind, each.version) for each in told.select_related("version")]
        mail.withdraw(keys=keys, why="She booked or bought", now=now)
        return Design.objects.filter(pk__in=resting).update(rested_at=at)


def tell(*, design: Design, now: datetime) -> DesignNotice | None:
    """Write the notice that is due, and its mail, in one; None when nothing is due, or not to be told (yet).

    Locks the design's row and judges anew: of two watchers, the second finds it told.
    """
    with transaction.atomic():
        if locking.are_on():
            Design.objects.select_for_update(no_key=True).only("pk").get(pk=design.pk)
        fresh = list(_with_owners(living(now=now).filter(pk=design.pk)))
        for seen in look(fresh, now=now):
            if seen.kind and _is_time(seen, now=now):
                return _written(seen, now=now)
    return None


def look(designs: Sequence[Design], *, now: datetime) -> list[Seen]:
    """What is due for each design that has a version: a handful of queries, however many designs there are."""
    versions = _last_versions(designs)
    told, paused = _told(designs)
    acted = _acted(designs)
    bought = _bought(versions)
    seen = []
    for version in versions:
        design = version.design
        is_gone = alike.is_gone(version.stone)
        standing = Standing(
            now=now,
            today=quotes.day_of(design.store, now=now),
            saved_at=design.saved_at or version.saved_at,
            acted_at=max(acted.get(design.pk, design.updated_at), design.updated_at),
            rested_at=design.rested_at,
            is_gone=is_gone,
            is_bought=design.pk in bought,
            price=version.price,
            until=version.price_until_date,
            price_now=None if is_gone else _price_now(version, now=now),
            told=frozenset(told[version.pk]),
            was_paused=design.pk in paused,
        )
        kind = notices.due(standing, limits=alike.limits())
        seen.append(Seen(version=version, standing=standing, kind=kind))
    return seen


def behind(*, now: datetime) -> timedelta:
    """How long the design that waits longest has been due; nothing when all were looked at in time."""
    waiting = Design.objects.filter(next_watch_at__gt=AT_ONCE).order_by("next_watch_at")
    due_at = waiting.values_list("next_watch_at", flat=True).first()
    return max(now - due_at, timedelta()) if due_at else timedelta()


# Claiming.


@transaction.atomic(durable=True)
def _claim(*, now: datetime, limit: int) -> list[Design]:
    """Lease the designs that wait longest, those that were rung before all others; what has died is let go for good."""
    waiting = Design.objects.filter(next_watch_at__lte=now).order_by("next_watch_at", "pk")
    if locking.are_on():
        waiting = waiting.select_for_update(skip_locked=True, of=["self"], no_key=True)
    claimed = list(_with_owners(waiting)[:limit])
    alive = [each for each in claimed if _lives(each, at=now)]
    Design.objects.filter(pk__in=[each.pk for each in alive]).update(next_watch_at=now + LEASE)
    if len(alive) < len(claimed):
        dead = {each.pk for each in claimed} - {each.pk for each in alive}
        Design.objects.filter(pk__in=dead).update(next_watch_at=None)
    return alive


def _life() -> timedelta:
    return timedelta(days=settings.DESIGN_LIVE_DAYS)


def _lives(design: Design, *, at: datetime) -> bool:
    """As `living` asks it, of a row that was read."""
    owner, saved_at = design.customer, design.saved_at
    if owner is None or saved_at is None or design.removed_at is not None:
        return False
    return owner.forgotten_at is None and saved_at >= at - _life()


def _over(claimed: Sequence[Design], seen: Sequence[Seen], *, now: datetime) -> set[int]:
    """Those that nothing will ever be told of: too old at the next look, or their stone's end was told before."""
    told = {each.version.design_id for each in seen if notices.GONE in each.standing.told}
    return told | {each.pk for each in claimed if not _lives(each, at=now + EVERY)}


def _with_owners(designs: QuerySet[Design]) -> QuerySet[Design]:
    return designs.select_related("customer__merged_into", "store")


@transaction.atomic
def _change(designs: QuerySet[Design], next_watch_at: datetime | None) -> int:
    return Design.objects.filter(pk__in=_locked(designs)).update(next_watch_at=next_watch_at)


def _locked(designs: QuerySet[Design]) -> list[int]:
    """Locked in one order everywhere, so that a watcher and a sale never wait for each other in a circle."""
    return list(designs.order_by("pk").select_for_update(no_key=True).values_list("pk", flat=True))


# Looking.


def _last_versions(designs: Sequence[Design]) -> list[DesignVersion]:
    by_pk = {design.pk: design for design in designs}
    last = (
        DesignVersion.objects.filter(design__in=by_pk)
        .order_by("design_id", "-number")
        .distinct("design_id")
        .select_related("setting", "metal", "stone")
    )
    versions = list(last)
    for version in versions:
        version.design = by_pk[version.design_id]
    return versions


def _told(designs: Sequence[Design]) -> tuple[dict[int, set[str]], set[int]]:
    """The kinds that were told of each version, and the designs that were asked about a pause."""
    told: dict[int, set[str]] = defaultdict(set)
    paused = set()
    found = DesignNotice.objects.filter(design__in=[design.pk for design in designs])
    for design_id, version_id, kind in found.values_list("design_id", "version_id", "kind"):
        told[version_id].add(kind)
        if kind == notices.PAUSE:
            paused.add(design_id)
    return told, paused


def _acted(designs: Sequence[Design]) -> dict[int, datetime]:
    """When each was last brought a step further, in whichever browser."""
    steps = DesignStep.objects.filter(design__in=[design.pk for design in designs])
    return dict(steps.values_list("design_id").annotate(Max("reached_at")))


def _bought(versions: Sequence[DesignVersion]) -> set[int]:
    """The designs that were bought as such, by whomever, or whose stone their own owner bought."""
    roots = {version.pk: _owner(version) for version in versions}
    by_code = {version.design.code: version.design_id for version in versions}
    lines = SaleLine.objects.filter(sale__voided_at=None).exclude(design_code="", report_number="")
    people = Customer.objects.filter(Q(pk__in=roots.values()) | Q(merged_into__in=roots.values()))
    hers = lines.filter(sale__customer__in=list(people.values_list("pk", flat=True)))
    gone = [version for version in versions if alike.is_gone(version.stone)]
    theirs = hers | lines.filter(design_code__in=[each.design.code for each in gone])
    bought, stones = set(), set()
    for code, report, owner, root in theirs.values_list(
        "design_code", "report_number", "sale__customer", "sale__customer__merged_into"
    ):
        bought.add(by_code.get(_read(code)))
        stones.add((root or owner, report))
    for version in versions:
        if version.stone and (roots[version.pk], version.stone.report_number) in stones:
            bought.add(version.design_id)
    return {pk for pk in bought if pk is not None}


def _owner(version: DesignVersion) -> int | None:
    owner = version.design.customer
    return customers.resolve(owner).pk if owner else None


def _read(code: str) -> str:
    try:
        return codes.read(code)
    except codes.NotACode:
        return code


def _price_now(version: DesignVersion, *, now: datetime) -> Decimal | None:
    """What the saved ring would cost today; None where that is told no otherwise than its saved price."""
    if version.price is None:
        return None
    price = alike.price_now(alike.as_design(version, of=version.design), now=now)
    mode = pricebook.telling(version.design.store).mode
    if price is None or pricing.told(price, mode=mode) == pricing.told(version.price, mode=mode):
        return None
    return price


# Telling.


def _is_time(seen: Seen, *, now: datetime) -> bool:
    """What may have changed by the morning is not decided at night."""
    zone = quotes.zone_of(seen.version.design.store)
    return seen.kind not in notices.BY_DAY or mail.by_day(now, zone=zone) == now


def _written(seen: Seen, *, now: datetime) -> DesignNotice | None:
    version, kind = seen.version, seen.kind or ""
    offered = _offered(seen, now=now)
    message = letters.write(
        kind, version=version, price_now=seen.standing.price_now, alike=offered, now=now
    )
    if message is None:
        transaction.set_rollback(True)  # the link was for the mail
        return None
    return DesignNotice.objects.create(
        design=version.design,
        version=version,
        kind=kind,
        price=seen.standing.price_now,
        twins=[{"stone": each.stone.pk, "words": each.words} for each in offered],
        mail=message,
        created_at=now,
    )


def _offered(seen: Seen, *, now: datetime) -> list[alike.Alike]:
    version = seen.version
    ring = alike.as_design(version, of=version.design)
    if seen.kind == notices.GONE:
        return alike.offered(ring, than=version.price, now=now)
    if seen.kind == notices.DEARER:
        return alike.offered(ring, than=version.price, at_most=seen.standing.price_now, now=now)
    return []
