"""What the showrooms' workers look at, again and again. What is owed stands in the database."""

from celery import shared_task
from django.utils import timezone

from appointments import memos, outside, reminders, risk, seating, waitlist, watching


@shared_task(expires=10)
def write_letters() -> int:
    """Reminders, follow-ups, and what is instead of a stone that is gone."""
    now = timezone.now()
    return (
        reminders.tell_of_broken(now=now) + reminders.remind(now=now) + reminders.follow_up(now=now)
    )


@shared_task(expires=50)
def watch_visits() -> int:
    """Stones that have not left, calls without a link, forms that nobody finished, and who waits for what they leave."""
    now = timezone.now()
    seating.expire(now=now)
    risk.let_go_unverified(now=now)
    waitlist.offer(now=now)
    return watching.watch_stones(now=now) + watching.ask_for_calls(now=now)


@shared_task(expires=50)
def attend_memos() -> int:
    """Ask suppliers for the stones that were promised, and tell them which are needed no more."""
    return memos.attend(now=timezone.now())


@shared_task(expires=50)
def poll_outside() -> int:
    """Busy times of associates' calendars elsewhere; each is read every ten minutes."""
    return outside.poll(now=timezone.now())


@shared_task(expires=3600)
def keep_wall_times() -> int:
    return watching.keep_wall_times(now=timezone.now())
