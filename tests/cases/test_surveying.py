"""After a case is closed the customer is asked once how content they are; who is asked, who never, what they
answer and where it is shown."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse

from cases import notices, surveys
from cases.errors import Incomplete, SurveyOver
from cases.models import Case, Notice, NoticeKind, Party, Person, Survey
from cases.models.together import UNDO_WITHIN
from cases.operations import delivering, ending, surveying, talk, together, undoing
from reports.timeline import events
from tests import factories as make
from tests import workspace
from tests.workspace import HOUR, NOW, body, page
from tests.worlds import asks

pytestmark = pytest.mark.django_db
DAY, SECOND = timedelta(days=1), timedelta(seconds=1)


@pytest.fixture(autouse=True)
def clock(monkeypatch, settings):
    """Views read the clock; here it stands until a test turns it."""
    settings.SURVEYS = True
    at = {"now": NOW}
    monkeypatch.setattr("django.utils.timezone.now", lambda: at["now"])
    return at


@pytest.fixture
def desk():
    return workspace.people()


def closed(desk, customer=None, *, now=NOW, told=True, **fields):
    """A case of which the customer was told something, closed at `now`."""
    agent = desk["agent"]
    customer = customer or make.customer()
    case = make.case(customer, now=now - HOUR, team=agent.teams.get(), owner=agent, by=agent, **fields)
    if told:
        talk.reply(case=case, body="It is credited.", by=agent, now=now)
    ending.close(case=case, reason="Credited", by=agent, now=now)
    return Case.objects.get(pk=case.pk)


def asked(case):
    return Survey.objects.filter(case=case).first()


def mails(case):
    return Notice.objects.filter(case=case, kind=NoticeKind.SURVEY)


def test_who_closed_the_case_asks_by_one_mail_with_a_link_in_the_customers_language(desk):
    customer = make.customer()
    with make.signed():
        customer.contacts.update(language="es")
    case = closed(desk, customer)
    survey = asked(case)
    assert (survey.asked_at, survey.expires_at, survey.score) == (NOW, NOW + 14 * DAY, None)
    notice = mails(case).get()
    assert (notice.channel, notice.contact.language, notice.state) == ("mail", "es", "queued")
    _subject, words = notices.mail(notice)
    token = re.search(r"/survey/(\S+)/", words)[1]
    assert surveys.found(token) == survey
    # Whoever reads the outbox or the API cannot answer in the customer's stead.
    assert token not in str(notice.facts)
    # A case that is opened and closed again asks nothing again, once its mail has left; it waits until the
    # closing can no longer be undone.
    assert notice.next_attempt_at == NOW + UNDO_WITHIN
    Notice.objects.filter(pk=notice.pk).update(state="sent", sent_at=NOW + HOUR, attempts=1)
    ending.reopen(case=case, reason="Not done", by=desk["agent"], now=NOW + 40 * DAY)
    ending.close(case=case, reason="Done", by=desk["agent"], now=NOW + 41 * DAY)
    assert mails(case).count() == 1


@pytest.mark.parametrize(
    "never", ["switched off", "restricted", "about staff", "subject", "untold", "unreachable"]
)
def test_nobody_is_asked(desk, settings, never):
    fields, customer = {}, make.customer(contact_email="" if never == "unreachable" else "aoife@example.com")
    if never == "switched off":
        settings.SURVEYS = False
    if never == "restricted":
        fields["restricted_because"] = "staff matter"
    if never == "about staff":
        fields["category"] = make.category("Complaint about staff")
        with make.signed():
            fields["category"].is_about_staff = True
            fields["category"].save()
    if never == "subject":
        case = make.case(customer, now=NOW - HOUR, owner=desk["agent"], by=desk["agent"])
        talk.reply(case=case, body="It is credited.", by=desk["agent"], now=NOW)
        with make.signed():
            Party.objects.create(case=case, person=desk["stranger"], kind=Party.Kind.SUBJECT, reason="named")
        ending.close(case=case, reason="Credited", by=desk["agent"], now=NOW)
    else:
        closed(desk, customer, told=never != "untold", **fields)
    assert not Survey.objects.exists() and not Notice.objects.filter(kind=NoticeKind.SURVEY).exists()


@pytest.mark.parametrize(
    ("later", "times"), [(30 * DAY - timedelta(seconds=1), 1), (30 * DAY, 2), (30 * DAY + HOUR, 2)]
)
def test_a_customer_is_asked_once_in_thirty_days_whichever_case_it_is(desk, later, times):
    customer = make.customer()
    closed(desk, customer)
    closed(desk, customer, now=NOW + later)
    closed(desk, make.customer("Fabrikam"), now=NOW + later)
    assert Survey.objects.filter(customer=customer).count() == times
    assert Survey.objects.count() == times + 1


def test_an_answer_is_signed_by_the_customer_and_may_be_changed_until_it_expires(desk, clock):
    survey = asked(closed(desk))
    for score in (0, 6):
        with pytest.raises(Incomplete):
            surveying.answer(survey=survey, score=score, now=NOW)
    surveying.answer(survey=survey, score=2, comment=" Slow ", now=NOW + HOUR)
    rows = Survey.history.filter(id=survey.pk).count()
    surveying.answer(survey=survey, score=2, comment="Slow", now=NOW + 2 * HOUR)
    assert Survey.history.filter(id=survey.pk).count() == rows  # said twice is said once
    surveying.answer(survey=survey, score=4, comment="", now=survey.expires_at - timedelta(seconds=1))
    survey.refresh_from_db()
    assert (survey.score, survey.comment) == (4, "")
    with pytest.raises(SurveyOver):
        surveying.answer(survey=survey, score=1, now=survey.expires_at)
    told = [(event.who, event.text, event.why) for event in events(survey.case)]
    assert ("Lucia", "asked the customer how content they are", "") in [(w, t, "") for w, t, _why in told]
    assert ("Customer", "answered: 2 of 5", "Slow") in told
    assert any(text == "changed the answer: 4 of 5" for _who, text, _why in told)


def test_of_an_answer_that_is_low_the_owner_and_the_lead_hear_once(desk):
    survey = asked(closed(desk))
    told = Notice.objects.filter(kind=NoticeKind.SURVEY_LOW, channel="app")
    surveying.answer(survey=survey, score=3, now=NOW + HOUR)
    assert not told.exists()
    for score in (2, 1, 5, 1):
        surveying.answer(survey=survey, score=score, now=NOW + HOUR)
    leads = Person.objects.managers_of(survey.case.team)
    assert {row.person for row in told} == {desk["agent"], *leads} and told.count() == 1 + len(leads)
    notice = told.filter(person=desk["agent"]).get()
    assert "gave 2 of 5" in notices.sentence(notice)
    assert notices.page_of(notice, desk["agent"]) == f"/cases/{survey.case.number}/"


def test_a_closing_that_is_undone_calls_the_question_back(desk):
    case = make.case(now=NOW - HOUR, team=desk["agent"].teams.get(), owner=desk["agent"], by=desk["agent"])
    talk.reply(case=case, body="It is credited.", by=desk["agent"], now=NOW)

    def operate(case, revision):
        ending.close(case=case, reason="Credited", by=desk["agent"], now=NOW, revision=revision)

    case.refresh_from_db()
    done = together.carry_out(
        what="close", chosen=[(case.pk, case.revision)], operate=operate, key="k", back="", by=desk["agent"],
        now=NOW,
    )  # fmt: skip
    sent = delivering.deliver_due(now=NOW + UNDO_WITHIN - SECOND)
    assert mails(case).exists() and sent == 2  # receipt and reply
    undoing.undo(done=done, by=desk["agent"], now=NOW + UNDO_WITHIN - SECOND)
    assert mails(case).get().state == "recorded" and asked(case).called_back_at == NOW + UNDO_WITHIN - SECOND
    assert any("called back the question" in event.text for event in events(case))
    with pytest.raises(SurveyOver):
        surveying.answer(survey=asked(case), score=5, now=NOW + HOUR)
    # Closed for good, they are asked; what has begun to leave stays asked.
    ending.close(case=case, reason="Credited", by=desk["agent"], now=NOW + HOUR)
    waiting = mails(case).get(state="queued")
    assert (asked(case).asked_at, asked(case).called_back_at) == (NOW + HOUR, None)
    mails(case).filter(pk=waiting.pk).update(attempts=1)
    ending.reopen(case=case, reason="Not done", by=desk["agent"], now=NOW + HOUR)
    assert mails(case).get(pk=waiting.pk).state == "queued" and asked(case).called_back_at is None


# --- The page ---


def address(survey):
    return surveys.link(survey.pk).removeprefix("http://localhost:8000")


def test_whoever_has_the_link_answers_without_signing_in_and_without_cookies(client, desk, clock):
    survey = asked(closed(desk))
    client.handler.enforce_csrf_checks = True
    shown = client.get(address(survey))
    assert shown.status_code == 200 and not client.cookies
    assert survey.case.number in body(shown) and survey.case.subject not in body(shown)
    assert (shown["Referrer-Policy"], "no-store" in shown["Cache-Control"]) == ("no-referrer", True)
    for wrong in ({}, {"score": "6"}, {"score": "x", "comment": "Kept"}):
        refused = client.post(address(survey), wrong)
        assert refused.status_code == 422 and "Choose one of the numbers" in body(refused)
        assert wrong.get("comment", "") in body(refused)
    assert asked(survey.case).score is None
    answer = client.post(address(survey), {"score": 5, "comment": "Quick & kind"})
    assert answer.status_code == 302
    assert "your answer has arrived" in body(client.get(answer.url))
    assert (asked(survey.case).score, asked(survey.case).comment) == (5, "Quick & kind")
    clock["now"] = survey.expires_at
    assert client.get(address(survey)).status_code == 410
    assert client.post(address(survey), {"score": 1}).status_code == 410
    assert asked(survey.case).score == 5


def test_a_link_that_was_not_signed_by_the_desk_leads_nowhere(client, desk):
    survey, other = asked(closed(desk)), asked(closed(desk, make.customer("Fabrikam")))
    signature = address(survey).rstrip("/").partition(":")[2]
    for token in (f"{other.pk}:{signature}", str(survey.pk), "x:y", f"{survey.pk}:"):
        assert client.get(reverse("survey", args=[token])).status_code == 404
        assert client.post(reverse("survey", args=[token]), {"score": 1}).status_code == 404
    with make.signed():
        Case.objects.filter(pk=survey.case_id).update(is_restricted=True, restricted_because="staff matter")
    assert client.get(address(survey)).status_code == 410
    assert client.post(address(survey), {"score": 1}).status_code == 410


# --- Where it is shown ---


def test_the_case_page_and_the_api_say_how_content_the_customer_is(
    client, desk, django_assert_max_num_queries
):
    customer, counts = make.customer(), []
    for number, score in enumerate((5, 5, 2)):
        at = NOW - (3 - number) * 31 * DAY
        case = closed(desk, customer, now=at)
        surveying.answer(survey=asked(case), score=score, comment="Slow", now=at + HOUR)
        with django_assert_max_num_queries(200) as counted:
            shown = body(page(client, desk["agent"], "case", case.number))
        counts.append(len(counted))
    assert "4.0 of 5 over 3 answers" in shown and "last 2" in shown
    assert counts[1] == counts[2]

    mine, theirs = asks(desk["agent"]), asks(desk["stranger"])
    listed = mine.get("/api/v1/surveys/", {"case": case.number}).data["results"]
    assert [(row["case"], row["score"], row["comment"]) for row in listed] == [(case.number, 2, "Slow")]
    assert theirs.get("/api/v1/surveys/").data["results"] == []
    assert theirs.get(f"/api/v1/surveys/{listed[0]['id']}/").status_code == 404
    assert mine.post("/api/v1/surveys/", {"case": case.number, "score": 5}).status_code == 405
    shown = mine.get(f"/api/v1/customers/{customer.pk}/").data
    assert (shown["satisfaction"], shown["surveys_answered"]) == (4.0, 3)
    closed(desk, make.customer("Fabrikam"))
    assert len(mine.get("/api/v1/surveys/", {"is_answered": "true"}).data["results"]) == 3
    assert len(mine.get("/api/v1/surveys/", {"is_answered": "false"}).data["results"]) == 1
