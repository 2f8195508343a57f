"""Suppliers' stones on memo: asked for when a visit is booked, answered by the staff, let go when nobody needs them any more.

Promise: every stone of a supplier's that is promised to a visit has a memo, within the minute; he is asked until it went through,
with growing pauses, and told when the stone is needed at another time or not at all. What he refuses is a broken promise at once.
Asking happens outside of any lock; a memo is claimed by counting the attempt, so that two workers never ask twice at once.

How a supplier is asked is his `Lender`. The one here writes a mail; whoever offers an interface for it gets a class of the same two
methods. Limit: answers come to people, who enter them; no mail is read by machine.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Protocol

from django.db import transaction
from django.db.models import F, Q, QuerySet

from appointments import clocks, promises
from appointments.models import Appointment, Memo, PieceHold, VisitTask
from builder import workdays
from builder.models import Stone, StoneOffer, Supplier
from jeweler import mail
from jeweler.models import Store
from jeweler.outbox import wait_after

logger = logging.getLogger(__name__)

State = Memo.State
LEASE = timedelta(minutes=2)
FIRST_WAIT = timedelta(minutes=5)
MOST_ATTEMPTS = 6


class NotOpen(Exception):
    """A memo that was answered or ended is not answered again."""

    def __init__(self, memo: Memo) -> None:
        super().__init__(
            f"This memo is {memo.get_state_display().lower()}; there is nothing to answer."
        )


@dataclass(frozen=True, kw_only=True)
class Loan:
    """What a supplier is asked for: this stone, in this store from `by_date` to `until_date`. `reference` is ours.

    `key` names this one question: asked twice with it, he is asked once.
    """

    key: str
    reference: str
    supplier: Supplier
    stone: Stone
    stock_number: str
    store: Store
    by_date: date
    until_date: date


class Lender(Protocol):
    """How a supplier is asked. Whatever is raised is tried again; what is done twice must have one effect."""

    def ask(self, loan: Loan, *, now: datetime) -> str:
        """Ask for the stone, or for other days than before; the supplier's own reference, if he gives one."""

    def release(self, loan: Loan, *, now: datetime) -> None:
        """It is not needed any more."""


class ByMail:
    """A supplier who reads mail; it is sent by our outbox, so that asking succeeds when it is owed."""

    def ask(self, loan: Loan, *, now: datetime) -> str:
        self._write("ask", loan, f"Memo request {loan.reference}", now=now)
        return ""

    def release(self, loan: Loan, *, now: datetime) -> None:
        self._write("release", loan, f"Memo {loan.reference} is not needed any more", now=now)

    def _write(self, kind: str, loan: Loan, subject: str, *, now: datetime) -> None:
        mail.queue(
            key=f"memo:{loan.key}:{kind}",
            template="appointments/memo",
            to=loan.supplier.memo_email,
            subject=f"{subject}: {loan.stone.lab} {loan.stone.report_number}",
            context={
                "kind": kind, "loan": loan, "by": clocks.date_told(loan.by_date),
                "until": clocks.date_told(loan.until_date),
            },
            now=now,
        )  # fmt: skip


def lender_of(supplier: Supplier) -> Lender | None:
    """None: he has to be phoned."""
    return ByMail() if supplier.memo_email else None


def attend(
    *,
    now: datetime,
    lender: Callable[[Supplier], Lender | None] = lender_of,
    limit: int = 50,
) -> int:
    """Owe what is missing, ask and release what is due; how many went through. Must not run inside a transaction."""
    owe(now=now)
    done = 0
    for _ in range(limit):
        claimed = _claim(now=now)
        if claimed is None:
            break
        done += _attempt(claimed, lender=lender, now=now)
    return done


def owe(*, now: datetime) -> None:
    """A memo for every promised stone of a supplier's; a visit that was moved keeps its memo, with other days."""
    promised = PieceHold.objects.filter(
        state=PieceHold.State.PROMISED, stone__store=None, memo=None, during__endswith__gt=now,
        appointment__status=Appointment.Status.BOOKED,
    )  # fmt: skip
    for hold in promised.order_by("pk"):
        with transaction.atomic():
            before = _open().filter(
                hold__appointment=hold.appointment_id, hold__stone=hold.stone_id
            )
            moved = before.exclude(hold__state=PieceHold.State.PROMISED)
            known = moved.values_list("pk", flat=True).first()
            if known is None:
                Memo.objects.get_or_create(hold=hold, defaults={"next_attempt_at": now})
            else:
                Memo.objects.filter(pk=known).update(
                    hold=hold, state=State.OWED, attempts=0, next_attempt_at=now
                )


def answer(
    *, memo: Memo, is_granted: bool, said: str = "", reference: str = "", now: datetime
) -> Memo:
    """What the supplier said. A refusal breaks the promise. Raises NotOpen."""
    state = State.GRANTED if is_granted else State.REFUSED
    with transaction.atomic():
        waiting = Memo.objects.filter(pk=memo.pk, state__in=[State.OWED, State.ASKED])
        if not waiting.update(
            state=state,
            answered_at=now,
            said=said[:200],
            reference=reference[:64],
            next_attempt_at=None,
        ):
            raise NotOpen(Memo.objects.get(pk=memo.pk))
        memo = _whole().get(pk=memo.pk)
        if not is_granted:
            stone = memo.hold.stone
            promises.break_(
                stone=stone, why=f"The supplier does not lend {stone}", cause=f"refused:{memo.pk}",
                visit_ids=[memo.hold.appointment_id], now=now,
            )  # fmt: skip
    return memo


def end(*, memo: Memo, now: datetime) -> None:
    """The stone went back, or was bought. Done again it changes nothing."""
    Memo.objects.filter(pk=memo.pk).exclude(state=State.REFUSED).update(
        state=State.ENDED, next_attempt_at=None
    )


# Inside.

_LET_GO = [PieceHold.State.RELEASED, PieceHold.State.EXPIRED, PieceHold.State.BROKEN]


def _whole() -> QuerySet[Memo]:
    return Memo.objects.select_related(
        "hold__stone", "hold__store__showroom", "hold__appointment__store"
    )


def _open() -> QuerySet[Memo]:
    return Memo.objects.filter(state__in=[State.OWED, State.ASKED, State.GRANTED])


@transaction.atomic(durable=True)
def _claim(*, now: datetime) -> Memo | None:
    """Count an attempt on the memo that waits longest, to ask for it or to let it go, and lease it."""
    to_ask = Q(state=State.OWED, hold__state=PieceHold.State.PROMISED)
    to_let_go = Q(state__in=[State.OWED, State.ASKED, State.GRANTED], hold__state__in=_LET_GO)
    due = Q(next_attempt_at__lte=now) | (to_let_go & Q(next_attempt_at=None))
    memo = (
        _whole()
        .select_for_update(of=["self"], skip_locked=True)
        .filter(to_ask | to_let_go, due, attempts__lt=MOST_ATTEMPTS)
        .order_by("next_attempt_at", "pk")
        .first()
    )
    if memo is None:
        return None
    memo.attempts += 1
    memo.next_attempt_at = now + LEASE
    memo.save(update_fields=["attempts", "next_attempt_at"])
    return memo


def _attempt(memo: Memo, *, lender: Callable[[Supplier], Lender | None], now: datetime) -> bool:
    mine = Memo.objects.filter(pk=memo.pk, attempts=memo.attempts)
    offer = _offer(memo)
    asked = lender(offer.supplier) if offer else None
    if offer is None or asked is None:
        _have_phoned(memo, mine, offer, now=now)
        return False
    is_asking = memo.hold.state == PieceHold.State.PROMISED
    try:
        with transaction.atomic():
            _speak(memo, mine, asked, _loan(memo, offer), is_asking=is_asking, now=now)
    except Exception as error:  # whatever a supplier's interface raises
        logger.warning("Could not reach the lender of memo %s", memo.pk, exc_info=True)
        mine.update(
            said=repr(error)[:200],
            next_attempt_at=now + wait_after(memo.attempts, first=FIRST_WAIT),
        )
        if memo.attempts >= MOST_ATTEMPTS:
            _have_phoned(memo, mine, offer, now=now)
        return False
    return True


def _speak(
    memo: Memo, mine: QuerySet[Memo], lender: Lender, loan: Loan, *, is_asking: bool, now: datetime
) -> None:
    if is_asking:
        reference = lender.ask(loan, now=now)
        mine.update(
            state=State.ASKED, asked_at=now, said="", reference=reference or memo.reference,
            attempts=0, next_attempt_at=None,
        )  # fmt: skip
        return
    if memo.state != State.OWED or memo.asked_at is not None:  # he has heard of it
        lender.release(loan, now=now)
    mine.update(state=State.ENDED, next_attempt_at=None)


def _have_phoned(
    memo: Memo, mine: QuerySet[Memo], offer: StoneOffer | None, *, now: datetime
) -> None:
    """Nobody can be asked by machine: a task for the store, once for each state of the memo."""
    hold = memo.hold
    is_asking = hold.state == PieceHold.State.PROMISED
    who = offer.supplier.name if offer else "its supplier"
    text = (
        f"Ask {who} to lend {hold.stone}"
        if is_asking
        else f"Tell {who} that {hold.stone} is not needed"
    )
    VisitTask.objects.get_or_create(
        key=f"memo:{memo.pk}:{'ask' if is_asking else 'release'}:{hold.pk}",
        defaults={
            "store": hold.store, "appointment": hold.appointment, "text": text[:300],
            "created_at": now, "due_at": now,
        },
    )  # fmt: skip
    state = State.ASKED if is_asking else State.ENDED
    mine.update(state=state, asked_at=now, next_attempt_at=None, attempts=0)


def _offer(memo: Memo) -> StoneOffer | None:
    offers = memo.hold.stone.offers.select_related("supplier")
    return offers.order_by(F("withdrawn_at").asc(nulls_first=True), "price").first()


def _loan(memo: Memo, offer: StoneOffer) -> Loan:
    hold = memo.hold
    zone = hold.store.zone
    day = hold.during.lower.astimezone(zone).date()
    return Loan(
        key=f"{memo.pk}:{hold.pk}",
        reference=f"M-{memo.pk}",
        supplier=offer.supplier,
        stone=hold.stone,
        stock_number=offer.stock_number,
        store=hold.store,
        by_date=workdays.before(day, days=1),
        until_date=workdays.after(hold.during.upper.astimezone(zone).date(), days=1),
    )
