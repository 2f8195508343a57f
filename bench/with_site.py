"""The site as it is, on the bench's database: `granian bench.with_site:application`; BENCH_DATABASE names the database."""

import logging
import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "jeweler.settings")
django.setup()

from django.core.wsgi import get_wsgi_application  # noqa: E402  after the set-up
from django.db import connections  # noqa: E402

if name := os.environ.get("BENCH_DATABASE"):
    connections["default"].settings_dict["NAME"] = name
application = get_wsgi_application()
logging.getLogger("django.request").setLevel(logging.ERROR)  # a refusal is an answer here
