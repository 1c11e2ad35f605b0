"""Opening a case through the API with what was asked and answered; links between cases, to be read."""

import pytest
from django.utils import timezone

from cases.models import Case, Question
from cases.operations import relating
from tests import factories as make
from tests import worlds
from tests.worlds import asks, expected, statuses

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk():
    return worlds.desk()


@pytest.fixture(autouse=True)
def clock(monkeypatch, now):
    monkeypatch.setattr(timezone, "now", lambda: now)


@pytest.fixture
def question():
    with make.signed():
        return Question.objects.create(
            text="Which line?", is_required=True, kind="choice", choices="red\ngreen"
        )


def opening(**fields):
    return {
        "customer": make.customer().pk,
        "subject": "Down",
        "body": "It is down.",
        "channel": "web",
        **fields,
    }


def test_asks_answers_and_what_was_tried_come_with_the_case(desk, question):
    said = opening(answers={str(question.pk): "red"}, asks=["A technician"], tried="Restarted")
    answer = asks(desk.ana).post("/api/v1/cases/", said, format="json")
    assert answer.status_code == 201
    case = Case.objects.get()
    assert [(a.asked, a.value) for a in case.question_answers.all()] == [("Which line?", "red")]
    assert case.attempts.get().what == "Restarted"
    assert [ask.text for ask in case.asks.all()] == ["A technician"]


@pytest.mark.parametrize("answers", [{}, {"x": "red"}, {"1" * 30: "red"}, {"999": "red"}, {"q": "blue"}])
def test_answers_that_are_missing_or_do_not_fit_are_refused(desk, question, answers):
    answers = {str(question.pk) if key == "q" else key: value for key, value in answers.items()}
    answer = asks(desk.ana).post("/api/v1/cases/", opening(answers=answers), format="json")
    assert answer.status_code in (400, 409)
    assert not Case.objects.exists()


def test_the_questions_are_read_by_who_may_read_the_rules(desk, question):
    assert statuses(desk, lambda client: client.get("/api/v1/questions/")) == expected(200, adam=200)
    [row] = asks(desk.ana).get("/api/v1/questions/").data["results"]
    assert (row["text"], row["choices"], row["category"]) == ("Which line?", ["red", "green"], None)


def test_links_are_read_from_both_ends_by_who_may_find_both_cases(desk, now):
    customer = make.customer()
    given = {"team": desk.care, "owner": desk.ana, "by": desk.ana, "now": now}
    case, other = make.case(customer, **given), make.case(customer, **given)
    secret = make.case(customer, restricted_because="Fraud", **given)
    relating.link(case=other, other=case, kind="caused_by", by=desk.ana, now=now)
    relating.link(case=case, other=secret, kind="duplicate", by=desk.ana, now=now)

    def read(who, number):
        rows = asks(who).get(f"/api/v1/cases/{number}/links/").data["results"]
        return [(row["source"], row["kind"], row["target"]) for row in rows]

    caused = (other.number, "caused_by", case.number)
    assert read(desk.ana, other.number) == [caused]
    assert read(desk.ana, case.number) == [(case.number, "duplicate", secret.number), caused]
    assert read(desk.jonas, case.number) == [caused]
    assert statuses(desk, lambda c: c.get(f"/api/v1/cases/{case.number}/links/")) == expected(200)
    hidden = statuses(desk, lambda c: c.get(f"/api/v1/cases/{secret.number}/links/"))
    assert hidden["bruno"] == hidden["marta"] == 404 and hidden["ana"] == 200
