"""A stock to search: the sample catalog with what its stones lack."""

import pytest
from django.db import connection

from demo.catalog import load_catalog
from tests.factories.jeweler import NOW, StoreFactory

COUNT = 600

# Fancy colors, delivery times and gaps, spread over the stones by their ids.
VARIED = """
    UPDATE builder_stone SET
        delivery_days = (ARRAY[0, 3, 7, 15])[1 + id % 4],
        table_pct = CASE WHEN id % 11 = 0 THEN NULL ELSE table_pct END,
        color = CASE WHEN id % 9 = 0 THEN '' ELSE color END,
        fancy_hue = CASE WHEN id % 9 = 0 THEN (ARRAY['yellow', 'pink', 'blue'])[1 + id % 7 % 3] ELSE '' END,
        fancy_intensity = CASE WHEN id % 9 = 0 THEN (ARRAY['fancy', 'fancy_light', 'fancy_vivid'])[1 + id % 5 % 3] ELSE '' END
"""


@pytest.fixture
def catalog() -> None:
    stock(count=COUNT)


def stock(*, count: int) -> None:
    StoreFactory(code="nyc")
    load_catalog(now=NOW, count=count)
    with connection.cursor() as cursor:
        cursor.execute(VARIED)
