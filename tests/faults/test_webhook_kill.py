"""A worker is killed after an endpoint heard us and before that is written down: it hears once more, under the same id."""

from pathlib import Path

import pytest

from pos_bridge.models import WebhookMessage
from tests.factories.pos_bridge import numbered, open_endpoint
from tests.faults.probe import wait_until, working
from tests.listeners import listening

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_message_whose_worker_was_killed_is_delivered_again_and_none_is_lost(
    tmp_path: Path,
) -> None:
    file = tmp_path / "noted"
    with listening() as listener:
        open_endpoint(address=listener.url)
        numbered(3)
        with working("webhooks", file=file) as worker:
            listener.meanwhile = worker.kill
            wait_until(lambda: worker.process.poll() is not None, what="the worker was killed")
        assert not WebhookMessage.objects.filter(state="delivered").exists()
        listener.meanwhile = lambda: None
        with working("webhooks", file=file, ahead=1):
            owed = WebhookMessage.objects.exclude(state="delivered")
            wait_until(lambda: not owed.exists(), what="everything was delivered")

    heard = [request.headers["webhook-id"] for request in listener.requests]
    assert len(heard) == 4
    assert len(set(heard)) == 3
