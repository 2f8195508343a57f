"""A word of her own that stands for her code: asked for on her page, approved by a manager, and hers alone.

Promise: a word leads to one advocate and, once given up, to nobody else for 24 months; the database allows no second row of it. Of a
guest who was forgotten the word goes too, and a keyed mark of it stays in its place, so that it is not given away meanwhile.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.utils.crypto import salted_hmac

from referrals import wording
from referrals.models import Advocate, VanityCode

State = VanityCode.State
KEPT_BACK = timedelta(days=731)  # 24 months, whatever years they lie in


class WordTaken(ValueError):
    def __init__(self) -> None:
        super().__init__("That word is not free. Try another.")


class HasOne(ValueError):
    """She has a word, or has asked for one."""

    def __init__(self, word: VanityCode) -> None:
        super().__init__(
            f"You have {word.text} already. Give it up first; nobody else can have it for two years."
        )


class AlreadyDecided(ValueError):
    def __init__(self, word: VanityCode) -> None:
        super().__init__(f"{word.text} was {word.get_state_display().lower()} already.")


def of(advocate: Advocate) -> VanityCode | None:
    """The word that she has or has asked for."""
    return advocate.vanity_codes.filter(state__in=[State.ASKED, State.APPROVED]).first()


def last_refused(advocate: Advocate) -> VanityCode | None:
    """What she asked for last, where it was refused and nothing came after it."""
    last = advocate.vanity_codes.order_by("-asked_at", "-pk").first()
    return last if last is not None and last.state == State.REFUSED else None


@transaction.atomic
def ask(*, advocate: Advocate, text: str, now: datetime) -> VanityCode:
    """Raises wording.BadWord, HasOne, WordTaken."""
    word = wording.read(text, house=settings.SITE_NAME)
    has = of(advocate)
    if has is not None:
        raise HasOne(has)
    taken = VanityCode.objects.filter(text__in=[word, mark(word)]).exclude(state=State.REFUSED)
    if taken.exists() or Advocate.objects.filter(code=word).exists():
        raise WordTaken
    try:
        with transaction.atomic():
            return VanityCode.objects.create(advocate=advocate, text=word, asked_at=now)
    except IntegrityError as error:
        raise WordTaken from error


@transaction.atomic
def decide(*, word: VanityCode, is_approved: bool, by: User, now: datetime) -> None:
    """Raises AlreadyDecided."""
    state = State.APPROVED if is_approved else State.REFUSED
    asked = VanityCode.objects.filter(pk=word.pk, state=State.ASKED)
    if not asked.update(state=state, decided_at=now, decided_by=by):
        word.refresh_from_db()
        raise AlreadyDecided(word)


@transaction.atomic
def give_up(*, advocate: Advocate, now: datetime) -> None:
    """She takes another one, or none. What nobody has used yet is simply gone. Doing it again changes nothing."""
    advocate.vanity_codes.filter(state=State.ASKED).delete()
    advocate.vanity_codes.filter(state=State.APPROVED).update(state=State.RETIRED, retired_at=now)


@transaction.atomic
def forget(*, advocate: Advocate, now: datetime) -> None:
    """Nothing of her words; what was in use is kept back by its mark."""
    give_up(advocate=advocate, now=now)
    advocate.vanity_codes.filter(state=State.REFUSED).delete()
    for word in advocate.vanity_codes.filter(state=State.RETIRED).exclude(text__startswith="#"):
        word.text = mark(word.text)
        word.save(update_fields=["text"])


def release(*, now: datetime) -> int:
    """Words that were given up long ago are free again; how many."""
    old = VanityCode.objects.filter(state=State.RETIRED, retired_at__lte=now - KEPT_BACK)
    return old.delete()[0]


def mark(word: str) -> str:
    """By which a word is known again that is not kept."""
    return f"#{salted_hmac('referrals.vanity', word, algorithm='sha256').hexdigest()[:19]}"
