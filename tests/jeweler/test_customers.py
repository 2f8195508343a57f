"""Who is who, also when two ask at once."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context

import pytest
from django.db import connections, transaction
from hypothesis import example, given, settings
from hypothesis import strategies as st

from jeweler import customers, locking
from jeweler.models import (
    AuditEntry,
    ContactPoint,
    Customer,
    CustomerMerge,
    EmailMessage,
    IdentityEdge,
    OutboxEvent,
    SaleEvidence,
)
from tests.factories.jeweler import (
    NOW,
    ContactPointFactory,
    CustomerFactory,
    EmailMessageFactory,
    SaleFactory,
    UserFactory,
    VisitorFactory,
)

ADA = "ada@example.com"
PHONE = "+16505551212"
SAVED = IdentityEdge.Evidence.SAVED_DESIGN


def customer_with(*, email: str = "", phone: str = "") -> Customer:
    customer = CustomerFactory()
    if email:
        ContactPointFactory(customer=customer, canonical=email)
    if phone:
        ContactPointFactory(customer=customer, kind=ContactPoint.Kind.PHONE, canonical=phone)
    return customer


def merge(kept: Customer, absorbed: Customer) -> CustomerMerge:
    return customers.merge(kept=kept, absorbed=absorbed, reason="one person", by=None, now=NOW)


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
    merge(kept, absorbed)
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


@pytest.mark.django_db(transaction=True)
def test_two_merges_against_each_other_make_no_circle() -> None:
    ada, eve = customer_with(), customer_with()

    def work(kept: Customer, absorbed: Customer) -> bool:
        try:
            merge(kept, absorbed)
        except customers.CannotMerge:
            return False
        finally:
            connections.close_all()
        return True

    with ThreadPoolExecutor(2) as pool:
        jobs = [pool.submit(work, ada, eve), pool.submit(work, eve, ada)]
        assert sorted(job.result() for job in jobs) == [False, True]
    assert Customer.objects.filter(merged_into=None).count() == 1


# Browsers.


@pytest.mark.django_db
def test_a_browser_is_believed_to_be_hers_once_per_evidence() -> None:
    visitor, ada = VisitorFactory(), customer_with(email=ADA)
    for _ in range(2):
        customers.recognize(visitor=visitor, customer=ada, evidence=SAVED, now=NOW)
    visitor.refresh_from_db()
    assert visitor.customer == ada
    assert IdentityEdge.objects.count() == 1


@pytest.mark.django_db
def test_a_showrooms_own_device_says_nothing() -> None:
    tablet = VisitorFactory(is_store_device=True)
    customers.recognize(visitor=tablet, customer=customer_with(), evidence=SAVED, now=NOW)
    tablet.refresh_from_db()
    assert tablet.customer is None
    assert IdentityEdge.objects.count() == 0


@pytest.mark.django_db
def test_two_who_use_one_browser_stay_two() -> None:
    laptop = VisitorFactory()
    ada, eve = customer_with(email=ADA), customer_with(email="eve@example.com")
    customers.recognize(visitor=laptop, customer=ada, evidence=SAVED, now=NOW)
    customers.recognize(visitor=laptop, customer=eve, evidence=SAVED, now=NOW)
    laptop.refresh_from_db()
    assert laptop.customer == eve
    assert CustomerMerge.objects.count() == 0
    assert IdentityEdge.objects.count() == 2


@pytest.mark.django_db
def test_two_who_share_a_browser_and_a_phone_number_are_one() -> None:
    phone = VisitorFactory()
    first = customer_with(email=ADA, phone=PHONE)
    second = customer_with(email="a.okafor@work.example", phone=PHONE)
    customers.recognize(visitor=phone, customer=first, evidence=SAVED, now=NOW)
    customers.recognize(visitor=phone, customer=second, evidence=SAVED, now=NOW)
    phone.refresh_from_db()
    second.refresh_from_db()
    assert second.merged_into == phone.customer == first
    assert CustomerMerge.objects.get().reason == "The same browser and the same phone number"


# Merging.


@pytest.mark.django_db
def test_a_chain_of_merges_is_kept_one_hop_long() -> None:
    first, second, third = customer_with(), customer_with(), customer_with()
    merge(second, third)
    merge(first, second)
    third.refresh_from_db()
    assert third.merged_into == first
    assert customers.ids_of(third) == [first.pk, second.pk, third.pk]
    assert customers.resolve(third) == first


@pytest.mark.django_db
def test_merging_an_absorbed_customer_merges_whom_it_stands_under() -> None:
    first, second, third = customer_with(), customer_with(), customer_with()
    merge(second, third)
    merge(first, third)
    assert customers.ids_of(first) == [first.pk, second.pk, third.pk]


@pytest.mark.django_db
def test_undoing_a_merge_restores_exactly_what_was() -> None:
    first, second, third = customer_with(), customer_with(), customer_with()
    merge(second, third)
    upper = merge(first, second)
    customers.unmerge(merge=upper, by=None, now=NOW)
    assert customers.ids_of(first) == [first.pk]
    third.refresh_from_db()
    assert third.merged_into == second


@pytest.mark.django_db
def test_undoing_the_lower_merge_leaves_the_upper_one() -> None:
    first, second, third = customer_with(), customer_with(), customer_with()
    lower = merge(second, third)
    merge(first, second)
    customers.unmerge(merge=lower, by=None, now=NOW)
    assert customers.ids_of(first) == [first.pk, second.pk]
    assert customers.ids_of(Customer.objects.get(pk=third.pk)) == [third.pk]


@pytest.mark.django_db
def test_a_merge_is_undone_once() -> None:
    done = merge(customer_with(), customer_with())
    customers.unmerge(merge=done, by=None, now=NOW)
    with pytest.raises(customers.AlreadyUnmerged):
        customers.unmerge(merge=done, by=None, now=NOW)


@pytest.mark.django_db
def test_those_who_are_one_already_are_not_merged_again() -> None:
    kept, absorbed = customer_with(), customer_with()
    merge(kept, absorbed)
    with pytest.raises(customers.CannotMerge, match="one customer already"):
        merge(absorbed, kept)
    with pytest.raises(customers.CannotMerge, match="one customer already"):
        merge(kept, kept)


@pytest.mark.django_db
def test_merging_and_unmerging_is_announced_and_audited() -> None:
    manager = UserFactory()
    kept, absorbed = customer_with(), customer_with()
    done = customers.merge(kept=kept, absorbed=absorbed, reason="same", by=manager, now=NOW)
    customers.unmerge(merge=done, by=manager, now=NOW)
    names = OutboxEvent.objects.order_by("pk").values_list("name", flat=True)
    assert list(names) == ["jeweler.CustomersMerged", "jeweler.CustomersUnmerged"]
    entries = AuditEntry.objects.order_by("pk").values_list("action", "subject", "actor")
    assert list(entries) == [
        ("customer.merged", f"customer:{absorbed.pk}", manager.pk),
        ("customer.unmerged", f"customer:{absorbed.pk}", manager.pk),
    ]


@pytest.mark.django_db
@settings(deadline=None, max_examples=120)
@example(steps=[(0, 1, False), (2, 0, False), (3, 0, False), (0, 0, True)])  # the chain goes on
@example(steps=[(1, 4, False), (0, 1, False), (2, 0, False), (1, 0, True)])  # hers go with her
@given(steps=st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4), st.booleans()), max_size=12))
def test_whatever_is_merged_and_unmerged_every_chain_is_one_hop(
    steps: list[tuple[int, int, bool]],
) -> None:
    with transaction.atomic():
        people = [customer_with() for _ in range(5)]
        in_force: list[CustomerMerge] = []
        for kept, absorbed, undo in steps:
            if undo and in_force:
                undone = in_force.pop(kept % len(in_force))
                customers.unmerge(merge=undone, by=None, now=NOW)
                continue
            try:
                in_force.append(merge(people[kept], people[absorbed]))
            except customers.CannotMerge:
                continue
        step = {done.absorbed_id: done.kept_id for done in in_force}
        for person in Customer.objects.all():
            root = person.pk
            while root in step:
                root = step[root]
            assert person.merged_into_id == (None if root == person.pk else root)
        transaction.set_rollback(True)


# Hers to take away.


@pytest.mark.django_db
def test_an_export_holds_what_any_of_her_had() -> None:
    kept, absorbed = customer_with(email=ADA), customer_with(phone=PHONE)
    merge(kept, absorbed)
    SaleFactory(customer=absorbed, number="1007")
    EmailMessageFactory(customer=kept, subject="Your notes")
    exported = customers.export(absorbed)
    assert exported["name"] == {"first": "Ada", "last": "Okafor"}
    assert [point["value"] for point in exported["contact_points"]] == [ADA, PHONE]
    assert [sale["number"] for sale in exported["sales"]] == ["1007"]
    assert [mail["subject"] for mail in exported["mails"]] == ["Your notes"]


@pytest.mark.django_db
def test_whoever_asks_to_be_forgotten_leaves_only_her_sales_behind() -> None:
    ada = customer_with(email=ADA, phone=PHONE)
    visitor = VisitorFactory()
    customers.recognize(visitor=visitor, customer=ada, evidence=SAVED, now=NOW)
    sale = SaleFactory(customer=ada, note="for Ada Okafor")
    SaleEvidence.objects.create(
        sale=sale, kind=SaleEvidence.Kind.EMAIL, value=ADA, customer=ada, grade="A", found_at=NOW
    )
    EmailMessageFactory(customer=ada, to=ADA)

    customers.forget(customer=ada, now=NOW)

    ada.refresh_from_db()
    sale.refresh_from_db()
    visitor.refresh_from_db()
    assert str(ada) == f"Customer {ada.pk}"
    assert ada.forgotten_at == NOW
    assert customers.find(email=ADA, phone=PHONE) == []
    assert visitor.customer is None
    assert sale.customer == ada
    assert sale.note == ""
    assert not SaleEvidence.objects.exists()
    mail = EmailMessage.objects.get()
    assert ADA not in (mail.to, mail.text, mail.html)
    assert mail.dead_at == NOW
    assert OutboxEvent.objects.get().payload == {"customer_id": ada.pk}


@pytest.mark.django_db
def test_a_forgotten_customer_is_not_merged() -> None:
    ada, eve = customer_with(email=ADA), customer_with()
    customers.forget(customer=ada, now=NOW)
    with pytest.raises(customers.CannotMerge, match="forgotten"):
        merge(eve, ada)
