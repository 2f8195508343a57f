"""What a saved ring is and what changed in it, in words."""

from decimal import Decimal

import pytest

from builder import saving, versions
from builder.models import Design
from tests.factories.builder import DesignFactory, MetalFactory, StoneFactory
from tests.factories.jeweler import NOW

pytestmark = pytest.mark.django_db


def saved(design: Design) -> saving.Saved:
    return saving.save(
        design=design, email="ada@example.com", visitor=None, is_discreet=False, now=NOW
    )


def test_a_ring_is_said_as_far_as_it_is_chosen() -> None:
    assert versions.in_words(DesignFactory()) == (
        "The Alba in 18 k yellow gold, 1.52 ct round, size 6"
    )
    assert versions.in_words(DesignFactory(setting=None, ring_size=None)) == "1.52 ct round"
    assert versions.in_words(Design()) == "Nothing chosen yet"


def test_below_the_setting_s_name_it_is_not_named_again_and_a_size_may_stay_hers() -> None:
    design = DesignFactory()
    assert versions.beside_its_name(design) == "18 k yellow gold, 1.52 ct round, size 6"
    assert versions.beside_its_name(design, has_size=False) == "18 k yellow gold, 1.52 ct round"


def test_open_parts_are_listed_as_one_says_them() -> None:
    assert versions.open_parts(DesignFactory()) == ""
    assert versions.open_parts(DesignFactory(stone=None)) == "the stone"
    assert versions.open_parts(Design()) == "the setting, the stone and your size"


def test_each_part_that_changed_is_named_with_what_it_was() -> None:
    before = saved(design := DesignFactory()).version
    rose = MetalFactory(code="18k-rose", name="18 k rose gold", family="rose", position=2)
    Design.objects.filter(pk=design.pk).update(
        metal=rose, stone=StoneFactory(report_number="7"), ring_size=Decimal("6.5"), engraving="",
        width_mm=Decimal("2.20"), accents="half",
    )  # fmt: skip
    after = Design.objects.get(pk=design.pk)
    assert versions.changes(before, after) == [
        "Metal 18 k rose gold, before 18 k yellow gold",
        "Stone 1.52 ct round, G, VS1, GIA 7, before 1.52 ct round, G, VS1, "
        f"GIA {before.stone.report_number}",
        "Size 6½, before 6",
        "Band 2.2 mm, diamonds half way, before as shown",
        "Engraving none, before “Ever & always”",
    ]


def test_a_version_that_is_priced_for_the_first_time_says_so() -> None:
    design = DesignFactory(ring_size=None)
    before = saved(design).version
    Design.objects.filter(pk=design.pk).update(ring_size=Decimal(6))
    after = saved(design).version
    first, second = versions.changes(before, after)
    assert first == "Size 6, before open"
    assert second.startswith("Priced at $")


def test_nothing_changed_is_nothing_said() -> None:
    design = DesignFactory()
    assert versions.changes(saved(design).version, Design.objects.get(pk=design.pk)) == []
