"""What was tried on a case, and the questions of its category, as programs read and write them."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from cases.models import Attempt, CaseReading, Question, QuestionAnswer
from cases.operations import attempts
from tests import factories as make
from tests import worlds
from tests.worlds import asks, expected, statuses

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clock(monkeypatch, now):
    monkeypatch.setattr(timezone, "now", lambda: now)


@pytest.fixture
def desk(now):
    desk = worlds.desk()
    desk.category = make.category("Billing matters")
    with make.signed():
        of = {"category": desk.category}
        desk.number = Question.objects.create(text="Which invoice?", kind="line", position=1, **of)
        desk.day = Question.objects.create(text="Since when?", kind="date", position=2, **of)
        desk.elsewhere = Question.objects.create(
            text="Which line?", kind="line", category=make.category("Network")
        )
    desk.case = make.case(now=now, team=desk.care, owner=desk.ana, category=desk.category)
    return desk


def url(desk, *words):
    return "/".join(["/api/v1/cases", desk.case.number, *words, ""])


def revision(desk):
    desk.case.refresh_from_db()
    return desk.case.revision


# --- What was tried ---


def test_who_reads_the_case_reads_what_was_tried_and_who_works_it_adds_to_it(desk):
    def note(client):
        return client.post(url(desk, "note-attempt"), {"tried": "Restarted it"})

    reads = statuses(desk, lambda client: client.get(url(desk, "attempts")))
    assert reads == expected(200, bruno=403, sven=403)
    assert statuses(desk, note) == expected(201, bruno=403, sven=403, audre=403)


def test_one_a_line_with_who_noted_it_and_what_is_carried_over(desk, now):
    attempts.note_attempt(case=desk.case, tried="Restarted it", by=desk.jonas, now=now)
    sent = {"tried": "Asked for the meter\n\nRead it ourselves", "revision": revision(desk)}
    answer = asks(desk.ana).post(url(desk, "note-attempt"), sent)
    assert answer.status_code == 201
    found = asks(desk.ana).get(url(desk, "attempts")).data["attempts"]
    assert found == answer.data["attempts"]
    assert [(row["what"], row["told_by"]["name"], row["case"]) for row in found] == [
        ("Restarted it", "Jonas", desk.case.number),
        ("Asked for the meter", "Ana", desk.case.number),
        ("Read it ourselves", "Ana", desk.case.number),
    ]


def test_nothing_tried_and_a_stale_case_are_refused(desk, now):
    first = revision(desk)
    assert asks(desk.ana).post(url(desk, "note-attempt"), {"tried": " "}).data["messages"] == [
        "Say what was tried."
    ]
    attempts.note_attempt(case=desk.case, tried="Restarted it", by=desk.jonas, now=now)
    stale = asks(desk.ana).post(url(desk, "note-attempt"), {"tried": "Asked", "revision": first})
    assert stale.status_code == 409 and Attempt.objects.count() == 1


def test_an_auditors_look_is_recorded(desk):
    asks(desk.audre).get(url(desk, "attempts"))
    assert CaseReading.objects.filter(case=desk.case, person=desk.audre).exists()


def test_of_many_attempts_no_more_is_asked_than_of_few(desk, now):
    program = asks(desk.ana)
    attempts.note_attempt(case=desk.case, tried="One", by=desk.ana, now=now)
    with CaptureQueriesContext(connection) as few:
        program.get(url(desk, "attempts"))
    attempts.note_attempt(case=desk.case, tried="\n".join("abcdefgh"), by=desk.jonas, now=now)
    with CaptureQueriesContext(connection) as many:
        assert len(program.get(url(desk, "attempts")).data["attempts"]) == 9
    assert len(many) == len(few)


# --- Its questions ---


def test_who_reads_the_case_reads_the_answers_and_who_works_it_fills_them_in(desk):
    def fill(client):
        return client.post(url(desk, "fill-in"), {"answers": {str(desk.number.pk): "2026-118"}})

    reads = statuses(desk, lambda client: client.get(url(desk, "questions")))
    assert reads == expected(200, bruno=403, sven=403)
    assert statuses(desk, fill) == expected(200, bruno=403, sven=403, audre=403)


def test_what_is_left_out_or_empty_stays_and_a_correction_takes_its_place(desk):
    program = asks(desk.ana)
    where, number, day = url(desk, "fill-in"), str(desk.number.pk), str(desk.day.pk)
    program.post(where, {"answers": {number: "118", day: "2026-02-27"}})
    answer = program.post(where, {"answers": {number: "119", day: ""}, "revision": revision(desk)})
    assert answer.status_code == 200
    asked = program.get(url(desk, "questions")).data["questions"]
    assert asked == answer.data["questions"]
    assert [(row["question"], row["answer"], row["is_asked"]) for row in asked] == [
        (desk.number.pk, "119", True),
        (desk.day.pk, "2026-02-27", True),
    ]
    assert QuestionAnswer.history.filter(value="118").exists()


@pytest.mark.parametrize(
    ("answers", "sentence"),
    [
        ({"day": "tomorrow"}, "is answered by a date"),
        ({"elsewhere": "3"}, "Nobody asks question"),
        ({"number": " "}, "Write down at least one answer."),
        ({"x": "3"}, "Answers go by the ids of their questions."),
    ],
)
def test_what_does_not_fit_is_refused_with_what_would(desk, answers, sentence):
    ids = {"day": desk.day.pk, "elsewhere": desk.elsewhere.pk, "number": desk.number.pk}
    sent = {str(ids.get(name, name)): value for name, value in answers.items()}
    answer = asks(desk.ana).post(url(desk, "fill-in"), {"answers": sent})
    assert answer.status_code == 400 and sentence in str(answer.data)
    assert not QuestionAnswer.objects.exists()


def test_what_was_answered_and_is_asked_no_more_is_shown_as_it_was(desk):
    program = asks(desk.ana)
    program.post(url(desk, "fill-in"), {"answers": {str(desk.number.pk): "118"}})
    with make.signed():
        desk.number.text, desk.number.is_active = "Which bill?", False
        desk.number.save()
    asked = program.get(url(desk, "questions")).data["questions"]
    assert [(row["text"], row["answer"], row["is_asked"]) for row in asked] == [
        ("Since when?", None, True),
        ("Which invoice?", "118", False),
    ]
