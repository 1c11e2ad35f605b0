"""The answer: one message to the customer, one row, one promise; and a case that stays open."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from cases import closing
from cases.errors import Incomplete, InThePast, StaleCase, WrongMove
from cases.models import Answer, Case, Cause, Contact, Message, Notice, Promise
from cases.operations import answering, ending
from cases.states import Metric
from tests import factories as make
from tests import worlds

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
SAID = {
    "cause": "A migration ran twice.",
    "remedy": "The second charge is credited.",
    "turn_to": "Ana, ana@example.com",
}


@pytest.fixture
def desk():
    return worlds.desk()


@pytest.fixture
def case(desk, now):
    customer = make.customer(time_zone="Europe/Madrid")
    return make.case(customer, now=now, team=desk.care, owner=desk.ana)


def answer(case, by, now, **given):
    return answering.answer(case=case, by=by, now=now, **{**SAID, "due_at": now + 30 * HOUR, **given})


def test_an_answer_is_a_message_a_row_and_a_promise_and_the_case_stays_open(desk, case, now):
    row = answer(case, desk.ana, now, revision=case.revision)
    assert (row.cause, row.remedy, row.turn_to) == tuple(SAID.values())
    assert (row.given_by, row.given_at) == (desk.ana, now)
    message, promise = row.message, row.promise
    assert (message.direction, message.author, message.contact) == ("out", desk.ana, case.contact)
    assert (promise.kind, promise.due_at, promise.what) == ("outcome", now + 30 * HOUR, SAID["remedy"])
    assert (promise.told_at, promise.state, promise.made_by) == (now, "open", desk.ana)
    assert Case.objects.get(pk=case.pk).status == "open"


def test_the_form_asks_for_the_kind_of_cause_once_managers_wrote_a_catalogue(
    client, desk, case, now, monkeypatch
):
    monkeypatch.setattr(timezone, "now", lambda: now)
    client.force_login(desk.ana)
    page = reverse("case-answer", args=[case.number])
    assert "catalogue_cause" not in client.get(page).context["form"].fields
    with make.signed():
        ours = Cause.objects.create(name="Our mistake", position=10)
        Cause.objects.create(name="Once upon a time", is_active=False)
    form = client.get(page).context["form"]
    assert [str(row) for row in form.fields["catalogue_cause"].queryset] == ["Our mistake"]
    tomorrow = timezone.localtime(now) + 30 * HOUR
    given = {
        **SAID,
        "due_at": tomorrow.strftime("%Y-%m-%dT%H:%M"),
        "channel": "mail",
        "revision": Case.objects.get(pk=case.pk).revision,
    }
    assert "catalogue_cause" in client.post(page, given).context["form"].errors
    assert client.post(page, {**given, "catalogue_cause": ours.pk}).status_code == 302
    assert Answer.objects.get().catalogue_cause == ours


def test_it_goes_the_way_of_every_reply(desk, case, now):
    """The first response is met, the next update owed anew, the mail on its way."""
    answer(case, desk.ana, now + HOUR / 2)
    assert not case.clocks.get(metric=Metric.FIRST_RESPONSE).is_open
    assert case.clocks.filter(metric=Metric.NEXT_UPDATE).exists()
    notice = Notice.objects.get(kind="reply")
    assert (notice.contact, notice.facts["message"]) == (
        case.contact,
        Message.objects.get(direction="out").pk,
    )


def test_the_customer_reads_all_of_it_with_the_date_in_their_own_zone(desk, case, now):
    body = answer(case, desk.ana, now).message.body
    assert body.startswith("Dear Aoife Brennan,")
    for words in (SAID["cause"], SAID["remedy"], "Ana, ana@example.com", "Madrid time"):
        assert words in body
    # Monday 08:00 UTC and thirty hours: Tuesday 15:00 in Madrid.
    assert "15:00" in body and "14:00" not in body
    assert body.endswith("\nAna")
    assert "{" not in body and "&#" not in body


def test_a_case_of_nobody_in_particular_is_answered_to_the_customer(desk, now):
    case = make.case(make.customer("Fabrikam & Sons", contact_email=""), now=now, contact=None)
    assert "Dear Fabrikam & Sons," in answer(case, desk.ana, now).message.body


def test_a_salutation_in_the_customers_language(desk, now):
    customer = make.customer("Ibarra", contact_email="", language="es")
    with make.signed():
        contact = Contact.objects.create(customer=customer, name="Ainhoa Ibarra", language="es")
    case = make.case(customer, now=now, contact=contact)
    assert case.language == "es"
    assert not answer(case, desk.ana, now).message.body.startswith("Dear ")


@pytest.mark.parametrize("name", SAID)
@pytest.mark.parametrize("empty", ["", "  "])
def test_an_answer_with_a_gap_is_refused_by_field(desk, case, now, name, empty):
    with pytest.raises(Incomplete) as refusal:
        answer(case, desk.ana, now, **{name: empty})
    assert set(refusal.value.message_dict) == {name}
    assert not Message.objects.filter(direction="out").exists()


@pytest.mark.parametrize("late", [timedelta(0), timedelta(seconds=-1)])
def test_a_date_that_is_over_is_refused_and_nothing_is_sent(desk, case, now, late):
    with pytest.raises(InThePast):
        answer(case, desk.ana, now, due_at=now + late)
    assert not Message.objects.filter(direction="out").exists()
    assert not (Answer.objects.exists() or Promise.objects.exists() or Notice.objects.filter(kind="reply"))


def test_a_stale_page_answers_nothing(desk, case, now):
    with pytest.raises(StaleCase):
        answer(case, desk.ana, now, revision=case.revision - 1)
    assert not Answer.objects.exists()


@pytest.mark.parametrize("end", [ending.resolve, ending.close])
def test_only_a_live_case_is_answered(desk, case, now, end):
    end(case=case, reason="done", by=desk.ana, now=now)
    with pytest.raises(WrongMove):
        answer(case, desk.ana, now)


def test_a_long_remedy_makes_a_promise_in_short(desk, case, now):
    row = answer(case, desk.ana, now, remedy="word " * 200)
    assert len(row.promise.what) <= 200 and row.promise.what.endswith("…")
    assert len(row.remedy) == 999


def test_what_was_answered_blocks_closing_until_it_is_done(desk, case, now):
    row = answer(case, desk.ana, now)
    assert [b.where for b in closing.blockers(case)] == [f"promise-{row.promise_id}"]
