"""Others look at a ring by a link or a hint: without a price where none is wanted, and no longer than she likes."""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.core import mail as django_mail

from builder import designs, keeping, links, quotes, sharing
from builder.models import Design, DesignLink, Hint, Picture, Still
from jeweler import customers, mail
from jeweler.models import Customer, EmailMessage
from tests.builder.test_saving import TELLING, save
from tests.factories.builder import DesignFactory
from tests.factories.jeweler import NOW, VisitorFactory

pytestmark = pytest.mark.django_db

LATER = NOW + timedelta(minutes=5)


def drop(design: Design | None = None, **changes: Any) -> Hint:
    wishes = {"to": "tom@example.com", "from_name": "Ada", "note": "", "wanted_date": None}
    return sharing.hint(design=design or DesignFactory(), now=LATER, **{**wishes, **changes})


def token_of(made: Hint) -> str:
    assert made.mail
    found = re.search(r"/d/([\w-]+)/", made.mail.text)
    assert found
    return found[1]


# Links.


@pytest.mark.parametrize("has_price", [True, False])
def test_a_shared_link_opens_the_ring_with_prices_as_she_wishes(has_price: bool) -> None:
    design = DesignFactory()
    token = sharing.share(design=design, has_price=has_price, now=NOW)
    found = links.opened(token, now=LATER)
    assert (found.design, found.purpose, found.has_price) == (design, "share", has_price)


def test_what_is_started_from_a_shared_ring_is_the_visitor_s_own_and_hers_stays() -> None:
    design = DesignFactory(name="Hers")
    token = sharing.share(design=design, has_price=False, now=NOW)
    friend = VisitorFactory()
    started = sharing.start_from(token=token, visitor=friend, now=LATER)
    assert (started.stone, started.engraving, started.name) == (design.stone, "Ever & always", "")
    assert designs.current(visitor=friend) == started
    designs.choose(design=started, engraving="Other", now=LATER)
    design.refresh_from_db()
    assert design.engraving == "Ever & always"


def test_a_hint_is_not_started_from() -> None:
    with pytest.raises(links.LinkGone):
        sharing.start_from(token=token_of(drop()), visitor=VisitorFactory(), now=LATER)


def test_nothing_chosen_is_nothing_to_show() -> None:
    empty = DesignFactory(setting=None, stone=None)
    with pytest.raises(sharing.NothingToShow):
        sharing.share(design=empty, has_price=False, now=NOW)
    with pytest.raises(sharing.NothingToShow):
        drop(empty)


def test_a_link_that_was_taken_back_opens_nothing_and_the_others_do() -> None:
    design = DesignFactory()
    first, second = (sharing.share(design=design, has_price=False, now=NOW) for _ in range(2))
    link = links.opened(first, now=NOW)
    for _ in range(2):
        sharing.withdraw(design=design, link_id=link.pk, now=LATER)
    with pytest.raises(links.LinkGone):
        links.opened(first, now=LATER)
    assert links.opened(second, now=LATER)


def test_another_design_s_link_and_her_own_mailed_one_are_not_taken_back() -> None:
    mine, others = DesignFactory(), DesignFactory()
    token = sharing.share(design=others, has_price=False, now=NOW)
    save(mine)
    for link in (links.opened(token, now=NOW), DesignLink.objects.get(purpose="resume")):
        with pytest.raises(links.LinkGone):
            sharing.withdraw(design=mine, link_id=link.pk, now=LATER)


# Hints.


def test_a_hint_says_what_it_is_and_never_a_price_a_size_or_an_engraving() -> None:
    mailed = drop(note="The one with the thin band.").mail
    assert mailed is not None
    assert mailed.subject == "Ada has a hint for you"
    for words in (mailed.text, mailed.html):
        assert "The Alba in 18 k yellow gold, 1.52 ct round" in words
        assert "The one with the thin band." in words
        for hidden in ("$", "12,480", "size", "Ever"):
            assert hidden not in re.sub(
                r"<style.*?</style>|style=\"[^\"]*\"", "", words, flags=re.S
            )


def test_her_size_is_told_when_she_says_so_and_only_in_the_mail() -> None:
    made = drop(has_size=True)
    assert made.mail
    assert "size 6" in made.mail.text


def test_whom_the_hint_is_for_becomes_no_customer_of_ours() -> None:
    made = drop()
    assert not Customer.objects.exists()
    assert made.mail is not None
    assert made.mail.customer is None
    assert "tom@example.com" not in str(vars(made))


def test_a_hint_says_by_when_to_order() -> None:
    wanted = date(2027, 6, 4)
    design = DesignFactory()
    order = sharing.order(design=design, wanted_date=wanted, now=NOW)
    made = drop(design, wanted_date=wanted)
    assert made.mail
    assert order.is_in_time
    assert order.by < wanted
    said = f"{order.by:%B} {order.by.day}, {order.by.year}"
    assert f"it is ordered by {said}" in made.mail.text
    on_that_day = NOW.replace(year=order.by.year, month=order.by.month, day=order.by.day)
    assert designs.quote(design, now=on_that_day).ready_date <= wanted


def test_a_day_too_near_is_answered_with_the_day_it_could_be_ready() -> None:
    made = drop(wanted_date=NOW.date() + timedelta(days=1))
    assert made.mail
    assert "ordered today, it is ready on" in made.mail.text


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("note", "see https://evil.example/"),
        ("note", "see www.evil.example"),
        ("note", "look at evil.com please"),
        ("note", "look at evil。com please"),
        ("note", "write to me@evil"),
        ("note", "a" * 401),
        ("note", "sec\u202eret"),
        ("from_name", ""),
        ("from_name", "  "),
        ("from_name", "a" * 10_000),
        ("from_name", "evil.com"),
        ("from_name", "Call 650 555 1212"),
        ("from_name", "A\u200b\u202eda"),
    ],
)
def test_words_that_are_not_hers_to_send_are_refused_and_nothing_is_made(
    field: str, text: str
) -> None:
    with pytest.raises(sharing.BadHint) as refusal:
        drop(**{field: text})
    assert refusal.value.field == field
    assert not DesignLink.objects.exists()
    assert not EmailMessage.objects.exists()


@pytest.mark.parametrize("note", ["It is 1.52 ct. Yes, mine!", "and/or\n\n\n\nboth 🌷", ""])
def test_words_of_her_own_are_sent_as_they_are(note: str) -> None:
    assert drop(note=note).note == re.sub(r"\n{3,}", "\n\n", note)


@pytest.mark.parametrize("days", [-1, 4 * 365])
def test_a_day_gone_by_or_far_away_is_refused(days: int) -> None:
    with pytest.raises(sharing.BadHint, match="from today on"):
        drop(wanted_date=LATER.date() + timedelta(days=days))


def test_what_she_writes_cannot_become_markup() -> None:
    made = drop(note="<b>bold</b> & <script>x</script>", from_name="A <i>")
    assert made.mail
    assert "<script>" not in made.mail.html
    assert "&lt;b&gt;bold&lt;/b&gt;" in made.mail.html


def test_a_discreet_hint_gives_nothing_away() -> None:
    made = drop(
        DesignFactory(is_discreet=True), has_size=True, wanted_date=NOW.date() + timedelta(days=200)
    )
    assert made.mail
    for words in (made.mail.subject, made.mail.text, made.mail.html):
        shown = re.sub(r"\bhttps?://\S+", "", words)
        assert not TELLING.search(shown), TELLING.search(shown)
    assert made.mail.sender.startswith("Kept for you")


def test_a_hint_that_is_taken_back_in_time_is_not_sent() -> None:
    made = drop()
    token = token_of(made)
    sharing.withdraw(design=made.design, link_id=made.link_id, now=LATER)
    assert made.mail
    made.mail.refresh_from_db()
    assert made.mail.dead_at == LATER
    with pytest.raises(links.LinkGone):
        links.opened(token, now=LATER)


def test_what_she_took_off_her_list_is_shown_to_nobody_until_it_is_on_it_again() -> None:
    design = DesignFactory()
    hint, shared = token_of(drop(design)), sharing.share(design=design, has_price=True, now=LATER)
    keeping.remove(design=design, now=LATER)
    for token in (hint, shared):
        with pytest.raises(links.LinkGone):
            links.opened(token, now=LATER)
    with pytest.raises(links.LinkGone):
        sharing.start_from(token=shared, visitor=VisitorFactory(), now=LATER)
    keeping.restore(design=design, now=LATER)
    assert links.opened(shared, now=LATER).design == design


def test_a_double_click_drops_one_hint_and_other_words_are_another() -> None:
    design = DesignFactory()
    first = drop(design)
    assert drop(design) == first
    assert drop(design, note="Soon") != first
    sharing.withdraw(design=design, link_id=first.link_id, now=LATER)
    assert drop(design) != first
    assert EmailMessage.objects.count() == 3


def test_the_day_of_a_hint_is_counted_where_her_store_is() -> None:
    evening = datetime(2026, 6, 2, 1, 30, tzinfo=UTC)  # June 1, half past nine, in New York
    design = DesignFactory()
    said = {"to": "tom@example.com", "from_name": "Ada", "note": "", "now": evening}
    assert sharing.hint(design=design, wanted_date=date(2026, 6, 1), **said)
    with pytest.raises(sharing.BadHint):
        sharing.hint(design=design, wanted_date=date(2026, 5, 31), **said)


def test_an_answer_to_a_hint_goes_to_her_where_she_said_so_and_else_to_nobody() -> None:
    drop(reply_to=" Ada@Example.com ", note="one")
    drop(note="two")
    mail.send_due(now=LATER)
    first, second = django_mail.outbox
    assert (first.reply_to, second.reply_to) == (["ada@example.com"], [])
    assert "An answer to this mail goes to Ada" in first.body
    assert "Replies are not read" in second.body
    assert "ada@example.com" not in first.body


def test_an_address_that_no_answer_could_reach_is_refused() -> None:
    with pytest.raises(customers.BadEmail):
        drop(reply_to="ada\nbcc: eve@example.com")
    assert not EmailMessage.objects.exists()


def test_a_hint_shows_the_picture_that_her_browser_drew_where_there_is_one() -> None:
    design = DesignFactory()
    drawn = drop(design, note="one").mail
    quote = quotes.quote(design, now=LATER)
    Still.objects.create(
        design=design, picture_hash=quote.picture_hash, image=b"png", width=900, height=675,
        made_at=NOW,
    )  # fmt: skip
    shown = drop(design, note="two").mail
    assert drawn
    assert shown
    assert f"{settings.SITE_URL}/pictures/{quote.picture_hash}.png" in drawn.html
    assert f"{settings.SITE_URL}/stills/" in shown.html
    assert "/pictures/" not in shown.html


def test_what_a_hint_shows_is_kept_for_as_long_as_its_mail_may_be() -> None:
    drop()
    assert Picture.objects.get().is_kept
