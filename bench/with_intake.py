"""The site with one address before it, on a server of several processes: a view that does a single INSERT of what it was sent.

`granian bench.with_intake:application` serves it; BENCH_DATABASE names the database.
"""

import logging
import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "jeweler.settings")
django.setup()

from django.conf import settings  # noqa: E402  after the set-up
from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.db import connections  # noqa: E402
from django.http import HttpRequest, JsonResponse  # noqa: E402
from django.urls import path  # noqa: E402
from django.utils import timezone  # noqa: E402
from django.views.decorators.csrf import csrf_exempt  # noqa: E402

from jeweler import prepared  # noqa: E402
from jeweler.urls import urlpatterns as site  # noqa: E402

INSERT = """
insert into bench_bare_inbox (delivery_key, body, received_at)
values (%(key)s, %(body)s::jsonb, %(now)s) on conflict do nothing returning 1
"""


@csrf_exempt
def insert(request: HttpRequest) -> JsonResponse:
    """What any view costs that keeps a body once for its key: no signature, no secret, nothing read, nothing taken out."""
    said = {
        "key": request.headers["webhook-id"],
        "body": request.body.decode(),
        "now": timezone.now(),
    }
    return JsonResponse({"status": "kept" if prepared.rows(INSERT, said) else "known"})


urlpatterns = [path("bench/insert/", insert), *site]
settings.ROOT_URLCONF = __name__
if name := os.environ.get("BENCH_DATABASE"):
    connections["default"].settings_dict["NAME"] = name
application = get_wsgi_application()
logging.getLogger("django.request").setLevel(logging.ERROR)  # a refusal is an answer here
