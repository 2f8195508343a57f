"""Who sent her, as it is asked at the counter, and her perks: found covered, confirmed by her, reserved for the bench's week."""

from dataclasses import dataclass
from datetime import date, datetime

from jeweler import customers
from jeweler.access import StaffRequest
from jeweler.models import Customer, Store
from referrals import codes, naming, perks, referring, rewards
from referrals.models import Advocate, PerkUse, Referral, Reward, Touch

REFUSALS = (naming.NoName, naming.TooManyGuesses, referring.CodeRefused, referring.ProgramPaused)


class Unclear(ValueError):
    """It may be one of these: she says which."""

    def __init__(self, words: str, *, candidates: list[naming.Candidate]) -> None:
        super().__init__(words)
        self.candidates = candidates


@dataclass(frozen=True, kw_only=True)
class Perk:
    """A perk of hers as her page says it. `use`: what it is reserved for, or was used for."""

    reward: Reward
    name: str
    needs_bench: bool
    is_open: bool
    use: PerkUse | None


def asked(request: StaffRequest, *, store: Store, now: datetime) -> tuple[Advocate, Touch.Channel]:
    """Whose code was typed, or whom she chose. Raises Unclear and REFUSALS."""
    token = request.POST.get("chosen", "")
    if token:
        return naming.chosen(token, member=request.member, now=now), Touch.Channel.NAME
    text = request.POST.get("friend", "").strip()[:120]
    if _is_name(text):
        raise _choice(
            naming.by_name(
                name=text, ending=request.POST.get("ending", ""), member=request.member,
                store=store, now=now,
            )
        )  # fmt: skip
    found = naming.by_code(text=text, member=request.member, store=store, now=now)
    if found.advocate is not None:
        return found.advocate, Touch.Channel.COUNTER
    if found.meant is not None:
        words = f"That is no code. Was it {found.meant_code}? Ask her whether this is who sent her."
        raise Unclear(words, candidates=[found.meant])
    raise referring.CodeRefused


def perks_of(customer: Customer, *, store: Store, now: datetime) -> list[Perk]:
    """What she was given other than credit, and has not lost; what was used stays in sight."""
    today = now.astimezone(store.zone).date()
    hers = Reward.objects.filter(
        customer__in=customers.ids_of(customer), kind=Reward.Kind.PERK,
        state__in=[Reward.State.ISSUED, Reward.State.REDEEMED],
    ).exclude(last_date__lt=today, state=Reward.State.ISSUED)  # fmt: skip
    return [
        Perk(
            reward=each, name=each.perk.name if each.perk else "",
            needs_bench=bool(each.perk and each.perk.bench_minutes),
            is_open=each.state == Reward.State.ISSUED,
            use=each.uses.exclude(state=PerkUse.State.RELEASED).select_related("store").first(),
        )
        for each in hers.select_related("perk").order_by("-issued_at", "-pk")[:20]
    ]  # fmt: skip


def friends(ids: list[int], *, now: datetime) -> dict[str, object]:
    """That she has a code, how many thank-yous are on their way to her, and that a friend sent her: nobody's purchase, nobody's name."""
    advocate = Advocate.objects.filter(customer__in=ids).order_by("joined_at").first()
    came = Referral.objects.filter(friend__in=ids).exclude(state=Referral.State.REJECTED).order_by("locked_at").first()  # fmt: skip
    return {
        "code": codes.shown(advocate.code) if advocate else "",
        "is_suspended": bool(advocate and advocate.suspended_at),
        "on_their_way": _on_their_way(ids, now=now),
        "came_at": came.locked_at if came else None,
    }


def act_on_perk(
    request: StaffRequest, *, customer: Customer, store: Store, do: str, now: datetime
) -> str:
    """Reserve, consume or release a perk of hers. Raises perks.PerkRefused."""
    pk = request.POST.get("reward", "")
    known = Reward.objects.filter(customer__in=customers.ids_of(customer), kind=Reward.Kind.PERK)
    reward = known.filter(pk=int(pk) if pk.isascii() and pk.isdigit() else 0).first()
    if reward is None:
        raise perks.NotHers
    if do == "reserve":
        use = perks.reserve(
            reward=reward, customer=customer, store=store, day=_day(request, store=store, now=now),
            by=request.member.user, now=now,
        )  # fmt: skip
        return f"Kept for the week of {use.monday:%B %-d}."
    if do == "consume":
        perks.consume(reward=reward, now=now)
        return "Written down as done."
    perks.release(reward=reward, now=now)
    return "Free again."


def _day(request: StaffRequest, *, store: Store, now: datetime) -> date:
    """The day of the work; today where none was said. Raises perks.PerkRefused."""
    today = now.astimezone(store.zone).date()
    text = request.POST.get("day", "").strip()
    try:
        day = date.fromisoformat(text) if text else today
    except ValueError as error:
        raise perks.PerkRefused("Choose the day of the work once more.") from error
    if day < today:
        raise perks.PerkRefused("That day is over. Choose one to come.")
    return day


def _on_their_way(ids: list[int], *, now: datetime) -> int:
    """Of friends who may be known of by now."""
    pending = Referral.objects.filter(
        advocate__customer__in=ids, closed_at=None,
        state__in=[
            Referral.State.IDENTIFIED, Referral.State.PENDING_PAYMENT, Referral.State.PURCHASED,
            Referral.State.IN_RETURN_WINDOW, Referral.State.ON_HOLD, Referral.State.QUALIFIED,
        ],
    )  # fmt: skip
    reveals = [rewards.revealed_at(each) for each in pending]
    return sum(1 for until in reveals if until is None or until <= now)


def _is_name(text: str) -> bool:
    try:
        codes.read(text)
    except codes.NotACode:
        return len(text.split()) > 1 and not any(letter.isdigit() for letter in text)
    return False


def _choice(found: list[naming.Candidate]) -> ValueError:
    if not found:
        return Unclear("Nobody of this name has a code. Ask for the code itself.", candidates=[])
    if len(found) > naming.MOST:
        words = "More than five guests have this name. Add the last four digits of her friend’s telephone number."
        return Unclear(words, candidates=[])
    return Unclear("Ask her which of them sent her.", candidates=found)
