"""Who is who, also when two ask at once."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context

import pytest
from django.db import connections, transaction
from hypothesis import given
from hypothesis import strategies as st

from jeweler import customers, locking, merging
from jeweler.models import (
    ContactPoint,
    Customer,
)
from tests.factories.jeweler import (
    NOW,
    customer_with,
)

ADA = "ada@example.com"
PHONE = "+16505551212"


# Canonical forms.


@pytest.mark.parametrize(
    ("typed", "canonical"),
    [
        ("  Ada@Example.COM ", ADA),
        ("\u200bada@example.com\ufeff", ADA),
        ("ada.lovelace+ring@gmail.com", "ada.lovelace+ring@gmail.com"),
        ("ada@bücher.example", "ada@xn--bcher-kva.example"),
        ("ada@XN--BCHER-KVA.example", "ada@xn--bcher-kva.example"),
    ],
)
def test_an_email_has_one_canonical_form(typed: str, canonical: str) -> None:
    assert customers.canonical_email(typed) == canonical


@pytest.mark.parametrize(
    ("typed", "way_out"),
    [
        ("ada.example.com", "missing its @"),
        ("ada@", "could not receive mail"),
        ("@example.com", "could not receive mail"),
        ("ada@exam ple.com", "could not receive mail"),
        ("a@b@example.com", "could not receive mail"),
        ("ada@example", "could not receive mail"),
        ("a" * 65 + "@" + "b" * 250 + ".com", "could not receive mail"),
        ("te\u017ft@example.com", "letters that mail cannot carry"),
    ],
)
def test_an_email_that_is_none_is_refused_with_the_way_out(typed: str, way_out: str) -> None:
    with pytest.raises(customers.BadEmail, match=way_out):
        customers.canonical_email(typed)


@pytest.mark.parametrize(
    ("typed", "region", "canonical"),
    [
        ("(650) 555-1212", "US", PHONE),
        ("650.555.1212", "US", PHONE),
        ("1 650 555 1212", "US", PHONE),
        ("0016505551212", "US", PHONE),
        ("00 1 650 555 1212", "GB", PHONE),
        ("+1 650 555 1212 ext. 7", "US", PHONE),
        ("+44 (0)7911 123456", "US", "+447911123456"),
        ("+44 (0)20 7946 0018", "US", "+442079460018"),
        ("07911 123456", "GB", "+447911123456"),
        ("06 1234 5678", "IT", "+390612345678"),
        ("６５０ ５５５ １２１２", "US", PHONE),
    ],
)
def test_a_phone_number_has_one_canonical_form(typed: str, region: str, canonical: str) -> None:
    assert customers.canonical_phone(typed, region=region) == canonical


@pytest.mark.parametrize("typed", ["555-1212", "call me", "+", "123", "9" * 80, "", "+999 12345"])
def test_a_phone_number_that_is_none_is_refused_with_the_way_out(typed: str) -> None:
    with pytest.raises(customers.BadPhone, match=r"like \+1 650 555 1212"):
        customers.canonical_phone(typed, region="US")


@given(st.text(max_size=40) | st.emails())
def test_a_canonical_email_is_its_own_canonical_form(typed: str) -> None:
    try:
        canonical = customers.canonical_email(typed)
    except customers.BadEmail:
        return
    assert customers.canonical_email(canonical) == canonical
    assert customers.canonical_email(f" {canonical.upper()} ") == canonical


phones = st.text(alphabet="0123456789 ()+-./", max_size=20) | st.from_regex(
    r"\A(\+|00)?[1-9][0-9 ]{6,14}\Z"
)


@given(phones, st.sampled_from(["US", "GB", "IT", "DE", "JP", "AU"]))
def test_a_canonical_phone_number_means_the_same_everywhere(typed: str, region: str) -> None:
    try:
        canonical = customers.canonical_phone(typed, region=region)
    except customers.BadPhone:
        return
    for elsewhere in ("US", "GB", "IT"):
        assert customers.canonical_phone(canonical, region=elsewhere) == canonical


# Finding.


@pytest.mark.django_db
def test_those_with_both_the_email_and_the_phone_come_before_those_with_either() -> None:
    both = customer_with(email=ADA, phone=PHONE)
    same_email = customer_with(email=ADA)
    same_phone = customer_with(phone=PHONE)
    assert customers.find(email=ADA, phone=PHONE) == [both]
    assert customers.find(email=ADA) == [both, same_email]
    assert customers.find(phone="(650) 555-1212") == [both, same_phone]
    assert customers.find(email="eve@example.com") == []
    assert customers.find() == []


@pytest.mark.django_db
def test_either_counts_when_nobody_has_both() -> None:
    same_email = customer_with(email=ADA)
    same_phone = customer_with(phone=PHONE)
    assert customers.find(email=ADA, phone=PHONE) == [same_email, same_phone]


@pytest.mark.django_db
def test_a_merged_customer_is_found_as_the_one_who_stands_for_both() -> None:
    kept, absorbed = customer_with(email=ADA), customer_with(phone=PHONE)
    merging.merge(kept=kept, absorbed=absorbed, reason="one", by=None, now=NOW)
    assert customers.find(phone=PHONE) == [kept]
    assert customers.find(email=ADA, phone=PHONE) == [kept]


@pytest.mark.django_db
def test_a_stranger_is_made_a_customer_with_what_she_typed() -> None:
    customer = customers.identify(
        email=" Ada@Example.com", phone="(650) 555-1212", first_name="Ada", source="design", now=NOW
    )
    points = customer.contact_points.order_by("kind").values_list("value", "canonical", "source")
    assert list(points) == [
        ("Ada@Example.com", ADA, "design"),
        ("(650) 555-1212", PHONE, "design"),
    ]
    assert str(customer) == "Ada"


@pytest.mark.django_db
def test_a_known_customer_is_found_and_what_was_unknown_of_her_is_added() -> None:
    known = customer_with(email=ADA)
    again = customers.identify(email=ADA, phone=PHONE, first_name="Eve", source="till", now=NOW)
    assert again == known
    assert again.first_name == "Ada"
    assert customers.find(phone=PHONE) == [known]
    customers.identify(email=ADA, phone=PHONE, source="till", now=NOW)
    assert ContactPoint.objects.count() == 2


@pytest.mark.django_db
def test_keys_that_lead_to_two_people_are_not_guessed() -> None:
    same_email, same_phone = customer_with(email=ADA), customer_with(phone=PHONE)
    with pytest.raises(customers.AmbiguousCustomer) as refusal:
        customers.identify(email=ADA, phone=PHONE, source="till", now=NOW)
    assert refusal.value.candidates == [same_email, same_phone]


@pytest.mark.django_db
def test_nobody_is_identified_by_nothing() -> None:
    with pytest.raises(customers.NothingToIdentify):
        customers.identify(email=" ", first_name="Ada", source="till", now=NOW)


# Races.


def identify_while_another_does() -> int:
    """Two bring the same address; the second asks while the first has not committed."""
    first_asked, second_is_done = threading.Event(), threading.Event()

    def first() -> None:
        try:
            with transaction.atomic():
                customers.identify(email=ADA, source="design", now=NOW)
                first_asked.set()
                second_is_done.wait(0.5)
        finally:
            connections.close_all()

    def second() -> None:
        try:
            first_asked.wait()
            customers.identify(email=ADA, source="till", now=NOW)
            second_is_done.set()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(copy_context().run, each) for each in (first, second)]:
            done.result()
    return Customer.objects.count()


@pytest.mark.django_db(transaction=True)
def test_two_who_bring_one_address_at_once_are_one_customer() -> None:
    assert identify_while_another_does() == 1


@pytest.mark.django_db(transaction=True)
def test_without_the_locks_they_would_be_two() -> None:
    with locking.without_locks_to_prove_that_they_are_needed():
        assert identify_while_another_does() == 2


@pytest.mark.django_db(transaction=True)
def test_many_who_share_addresses_crosswise_never_wait_in_a_circle() -> None:
    emails = [f"ada{number}@example.com" for number in range(3)]
    numbers = [f"+1650555121{number}" for number in range(3)]

    def work(start: int) -> None:
        try:
            for step in range(12):
                email, phone = emails[(start + step) % 3], numbers[(start * step) % 3]
                try:
                    customers.identify(email=email, phone=phone, source="till", now=NOW)
                except customers.AmbiguousCustomer:
                    continue
        finally:
            connections.close_all()

    with ThreadPoolExecutor(6) as pool:
        for done in [pool.submit(work, start) for start in range(6)]:
            done.result()
    points = ContactPoint.objects.values_list("kind", "canonical")
    assert len(points) == len(set(points)) == 6
