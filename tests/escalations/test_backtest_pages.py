"""The console's pages that try a draft: on one case, and on those of the past; who may see and do what."""

import time
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from cases.models import Absence
from cases.states import Metric
from escalations.models import BackTest
from escalations.operations import backtesting
from tests import factories as make
from tests.console_forms import errors, said

pytestmark = pytest.mark.django_db
ROLES = {"agent": 403, "supervisor": 200, "manager": 200, "auditor": 200, "administrator": 200}
MAY_DRAFT = {"supervisor", "manager"}
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def today(now, monkeypatch):
    monkeypatch.setattr(timezone, "now", lambda: now)


@pytest.fixture
def priya(client):
    person = make.person("Priya", role="manager", time_zone="Europe/Madrid")
    client.force_login(person)
    return person


@pytest.fixture
def version(priya):
    make.policy(targets={(Metric.RESOLUTION, None): 4 * 3600})
    marta = make.person("Marta", time_zone="America/New_York")
    path = make.path(levels=[{"person": marta, "acknowledge_seconds": 1800}], fallback=priya)
    make.rule(path, name="Broken", trigger="target_breached")
    return path.versions.get()


@pytest.fixture
def case(version, now):
    """Opened yesterday, its target broken four hours later, done today."""
    from_then = now - DAY
    return make.case(now=from_then, owner=make.person("Ana"))


def address(page, *args, model="pathversion"):
    return reverse(f"admin:escalations_{model}_{page}", args=args)


def text(page):
    return " ".join(page.content.decode().split())


def begun(client, version):
    """The page of a back-test of yesterday."""
    yesterday = (timezone.now() - DAY).date().isoformat()
    data = {"since": yesterday, "until": yesterday, "change_reason": ""}
    return client.post(address("try_on_past", version.pk), data, follow=True)


def worked(now, size=1000):
    worker = backtesting.Worker(size)
    while worker.next_slice(now=now):
        pass


# --- Back-test --------------------------------------------------------------------------------------------


def test_it_is_asked_for_on_the_drafts_page_and_seen_moving(client, version, case, now):
    assert address("try_on_past", version.pk) in text(client.get(address("change", version.pk)))
    page = begun(client, version)
    job = BackTest.objects.get()
    assert page.request["PATH_INFO"] == address("change", job.pk, model="backtest")
    assert (job.asked_by.name, job.asked_at, job.total) == ("Priya", now, 1)
    assert 'hx-trigger="every 1s"' in text(page) and "0 of 1 case" in text(page)
    worked(now + timedelta(seconds=2))
    part = client.get(address("progress", job.pk, model="backtest"))
    assert 'hx-trigger="every 1s"' not in text(part)
    assert "1 of 1 case" in text(part) and "This draft would have called somebody" in text(part)
    assert "What was assumed" in text(part) and "<svg" in text(part)
    assert "The same as a table, by the hour" in text(part)


def test_while_one_is_going_on_it_is_shown_and_no_second_begun(client, version, case):
    begun(client, version)
    page = client.get(address("try_on_past", version.pk), follow=True)
    assert page.request["PATH_INFO"] == address("change", BackTest.objects.get().pk, model="backtest")


def test_days_that_cannot_be_tried_are_refused_and_nothing_typed_is_lost(client, version):
    data = {"since": "2026-03-09", "until": "2026-03-09"}
    page = client.post(address("try_on_past", version.pk), data)
    assert said(page) == ["The future has not happened yet; choose days that are over."]
    assert 'value="2026-03-09"' in text(page) and not BackTest.objects.exists()
    page = client.post(address("try_on_past", version.pk), {"since": "soon", "until": ""})
    assert len(errors(page)) == 2


def test_it_is_cancelled_and_says_so(client, version, case):
    begun(client, version)
    job = BackTest.objects.get()
    page = client.post(address("cancel", job.pk, model="backtest"), follow=True)
    assert "Cancelled." in text(page)
    page = client.post(address("cancel", job.pk, model="backtest"), follow=True)
    assert said(page) == ["It is over already; there is nothing to cancel."]


def test_nobody_taking_it_up_is_said(client, version, case, now, monkeypatch):
    begun(client, version)
    job = BackTest.objects.get()
    monkeypatch.setattr(timezone, "now", lambda: now + timedelta(seconds=61))
    assert "Nobody works on it." in text(client.get(address("progress", job.pk, model="backtest")))


def test_what_failed_is_said(client, version, case, now):
    begun(client, version)
    BackTest.objects.update(question={})
    worked(now)
    page = text(client.get(address("change", BackTest.objects.get().pk, model="backtest")))
    assert "It failed, and nothing of it is reliable: KeyError" in page
    assert "This draft would have called" not in page
    again = address("try_on_past", version.pk)
    assert f'href="{again}">Try on past cases…' in page, "there is a way on"
    BackTest.objects.update(state=BackTest.State.FINISHED)
    page = text(client.get(address("change", BackTest.objects.get().pk, model="backtest")))
    assert again not in page


@pytest.mark.parametrize("role", ROLES)
def test_who_may_see_begin_and_cancel(client, version, case, role):
    begun(client, version)
    job = BackTest.objects.get()
    client.force_login(make.person("Xenia", role=role))
    for page in ("change", "progress"):
        assert client.get(address(page, job.pk, model="backtest")).status_code == ROLES[role]
    allowed = role in MAY_DRAFT
    if ROLES[role] == 200:
        shown = "Cancel the back-test" in text(client.get(address("change", job.pk, model="backtest")))
        assert shown is allowed
    assert client.get(address("cancel", job.pk, model="backtest")).status_code in (403, 405)
    answer = client.post(address("cancel", job.pk, model="backtest"))
    assert answer.status_code == (302 if allowed else 403)
    assert client.get(address("try_on_past", version.pk)).status_code == (200 if allowed else 403)
    assert begun(client, version).status_code == (200 if allowed else 403)
    assert BackTest.objects.count() == (2 if allowed else 1)


def test_a_stranger_sees_and_does_nothing(client, version, case):
    begun(client, version)
    job = BackTest.objects.get()
    client.logout()
    for page in ("change", "progress"):
        assert client.get(address(page, job.pk, model="backtest")).status_code == 302
    assert client.post(address("cancel", job.pk, model="backtest")).status_code == 302
    assert client.get(address("preview", version.pk)).status_code == 302
    job.refresh_from_db()
    assert job.is_live


def test_what_is_not_there_is_not_found(client, priya):
    for page in ("progress", "cancel"):
        answer = (client.get if page == "progress" else client.post)(address(page, 999, model="backtest"))
        assert answer.status_code == 404


def test_a_restricted_case_is_not_named(client, version, case, now):
    begun(client, version)
    worked(now)
    job = BackTest.objects.get()
    counted = job.counted
    counted["different"] = {"all": 1, "cases": [[case.pk, [], ["1"]]]}
    BackTest.objects.update(counted=counted)
    assert case.number in text(client.get(address("change", job.pk, model="backtest")))
    with make.signed():
        type(case).objects.filter(pk=case.pk).update(is_restricted=True, restricted_because="a colleague")
    page = text(client.get(address("change", job.pk, model="backtest")))
    assert case.number not in page and "a case that is not for you" in page


# --- Preview ----------------------------------------------------------------------------------------------


def previewed(client, version, **said_):
    given = {"at_0": "2026-03-02", "at_1": "09:00", "trigger": "target_breached", "priority": "2"}
    return client.get(address("preview", version.pk), {**given, **said_})


def test_a_described_case_is_seen_with_who_when_and_by_whose_clock(client, version):
    assert address("preview", version.pk) in text(client.get(address("change", version.pk)))
    page = text(previewed(client, version))
    assert "Rule “Broken” starts it at level 1." in page
    assert "Level 1: Level 1 → <strong>Marta</strong>" in page
    assert "Mon 03:00 in New York" in page  # nine in Madrid
    assert "Fallback → <strong>Priya</strong>" in page and "if nobody acknowledges" in page
    assert "09:30" in page


def test_a_real_case_is_seen_by_its_number(client, version, case):
    page = text(previewed(client, version, number=case.number))
    assert "Marta" in page and "Rule “Broken” starts it" in page


def test_who_is_passed_over_is_said_with_the_reason(client, version, now):
    marta = version.levels.get().person
    with make.signed():
        Absence.objects.create(person=marta, starts_at=now - DAY, ends_at=now + DAY)
    page = text(previewed(client, version))
    assert "Level 1 passes over Marta: absent." in page
    assert "Level 1 is passed over: nobody there." in page


def test_what_no_rule_answers_is_said(client, version):
    page = text(previewed(client, version, trigger="threat"))
    assert "No rule answers this" in page and "Marta" in page


@pytest.mark.parametrize("number", ["C-99999", "twelve"])
def test_a_number_that_is_none_is_refused_and_nothing_typed_is_lost(client, version, number):
    page = previewed(client, version, number=number, tier="gold")
    assert errors(page) == [
        f"There is no case {number}; write a number such as C-20418, or leave this empty."
    ]
    assert number in text(page)


def test_a_restricted_case_is_no_case_for_others(client, version, case):
    with make.signed():
        type(case).objects.filter(pk=case.pk).update(is_restricted=True, restricted_because="a colleague")
    assert len(errors(previewed(client, version, number=case.number))) == 1


@pytest.mark.parametrize("role", ROLES)
def test_who_may_preview(client, version, role):
    client.force_login(make.person("Xenia", role=role))
    assert previewed(client, version).status_code == (200 if role in MAY_DRAFT else 403)


def test_a_preview_writes_nothing_and_costs_the_same_however_long_the_ladder(client, version, case):
    client.get(address("preview", version.pk))
    with CaptureQueriesContext(connection) as captured:
        began = time.process_time()
        previewed(client, version, number=case.number)
        took = time.process_time() - began
    assert not [q for q in captured if q["sql"].split()[0] in ("INSERT", "UPDATE", "DELETE")]
    assert len(captured) <= 40
    assert took < 2  # of its own time; on an idle machine a tenth of it
