"""Worker processes are killed around the sending of a mail: none is lost.

Before the mail server took it, a kill costs nothing. After it took it and before we wrote that down,
the mail goes out a second time with the same Message-ID: SMTP offers no more than that.
"""

from collections import Counter
from pathlib import Path

import pytest
from django.utils import timezone

from jeweler.models import EmailMessage
from tests.factories.jeweler import EmailMessageFactory
from tests.faults.probe import lines, wait_until, working

pytestmark = pytest.mark.django_db(transaction=True)


def sent_to(file: Path) -> Counter[str]:
    return Counter(line.split()[1] for line in lines(file) if line.startswith("took"))


def kill_at(line: str, *, file: Path) -> None:
    with working("mails", file=file) as worker:
        wait_until(lambda: any(seen.startswith(line) for seen in lines(file)), what=line)
        worker.kill()


@pytest.fixture(autouse=True)
def owed_mails() -> None:
    now = timezone.now()
    for number in range(4):
        EmailMessageFactory(
            key=f"design:{number}",
            to=f"ada{number}@example.com",
            queued_at=now,
            next_attempt_at=now,
        )


def finish(file: Path) -> None:
    with working("mails", file=file, ahead=1):
        owed = EmailMessage.objects.filter(sent_at=None)
        wait_until(lambda: not owed.exists(), what="everything was sent")


def test_a_mail_whose_worker_was_killed_before_it_was_taken_is_sent_once(tmp_path: Path) -> None:
    file = tmp_path / "noted"
    kill_at("called ada1@", file=file)
    finish(file)
    assert sent_to(file) == {f"ada{number}@example.com": 1 for number in range(4)}


def test_a_mail_whose_worker_was_killed_after_it_was_taken_is_sent_again_as_the_same_mail(
    tmp_path: Path,
) -> None:
    file = tmp_path / "noted"
    kill_at("took ada1@", file=file)
    finish(file)
    times = sent_to(file)
    assert times.pop("ada1@example.com") == 2
    assert set(times.values()) == {1}
    assert len({line for line in lines(file) if line.startswith("took ada1@")}) == 1


def test_a_mail_that_a_living_worker_is_sending_is_left_to_it(tmp_path: Path) -> None:
    file = tmp_path / "noted"
    with working("mails", file=file), working("mails", file=file):
        owed = EmailMessage.objects.filter(sent_at=None)
        wait_until(lambda: not owed.exists(), what="everything was sent")
    assert sent_to(file) == {f"ada{number}@example.com": 1 for number in range(4)}
