"""The complaint profile: its holder's alone, on the page, in the history, in the API and in the console."""

from datetime import timedelta

import pytest
from django.contrib import admin

from cases import roles
from cases.errors import NotTheirs, StaleCase
from cases.models import Case, ComplaintProfile, Party
from cases.operations import profiling, routing
from escalations.operations import respond
from escalations.operations.escalate import escalate
from reports.timeline import events
from tests import factories as make
from tests import worlds
from tests.worlds import asks

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)
SECRET = "The least they would take is the credit"


@pytest.fixture
def desk():
    return worlds.desk()


@pytest.fixture
def case(desk, now):
    return make.case(now=now, team=desk.care, owner=desk.ana)


def describe(case, by, now, **words):
    return profiling.describe(case=case, by=by, now=now, **{"least_acceptable": SECRET, **words})


def escalated(desk, case, now):
    return escalate(
        case=case,
        path=desk.path,
        kind="hierarchical",
        level=1,
        reason="a",
        background="b",
        tried="c",
        next_steps="d",
        by=desk.ana,
        now=now,
    )


def test_the_owner_describes_it_while_no_escalation_runs(desk, case, now):
    describe(case, desk.ana, now, manner="upset", merit="justified")
    describe(case, desk.ana, now + MINUTE, manner="reasoned")
    row = ComplaintProfile.objects.get()
    assert (row.manner, row.merit, row.least_acceptable) == ("reasoned", "", SECRET)
    assert (row.written_by, row.written_at) == (desk.ana, now + MINUTE)


@pytest.mark.parametrize("who", ["jonas", "marta", "bruno", "priya", "audre", "adam"])
def test_nobody_else_does(desk, case, now, who):
    with pytest.raises(NotTheirs):
        describe(case, getattr(desk, who), now)
    assert not ComplaintProfile.objects.exists()


def test_it_goes_with_the_escalation_to_whoever_holds_it(desk, case, now):
    describe(case, desk.ana, now)
    handoff = escalated(desk, case, now)
    for person in (desk.ana, desk.jonas):  # the team has it, and nobody took it
        with pytest.raises(NotTheirs):
            describe(case, person, now)
    respond.acknowledge(handoff=handoff, by=desk.jonas, now=now + MINUTE)
    describe(case, desk.jonas, now + MINUTE, goal="Keep them")
    with pytest.raises(NotTheirs):
        describe(case, desk.ana, now + MINUTE)


def test_a_new_owner_has_it_and_the_old_one_no_more(desk, case, now):
    describe(case, desk.ana, now)
    routing.assign(case=case, owner=desk.jonas, reason="holiday", by=desk.marta, now=now)
    describe(case, desk.jonas, now)
    with pytest.raises(NotTheirs):
        describe(case, desk.ana, now)


def test_who_is_named_in_the_complaint_describes_nothing_though_they_own_it(desk, case, now):
    with make.signed():
        Party.objects.create(case=case, person=desk.ana, kind=Party.Kind.SUBJECT, reason="Shouted")
    with pytest.raises(NotTheirs):
        describe(case, desk.ana, now)


def test_a_stale_page_describes_nothing(desk, case, now):
    with pytest.raises(StaleCase):
        describe(case, desk.ana, now, revision=case.revision - 1)


def test_nobody_else_learns_that_there_is_one(desk, case, now):
    before = Case.objects.get(pk=case.pk).revision, case.history.count(), len(events(case))
    describe(case, desk.ana, now, manner="upset")
    assert (Case.objects.get(pk=case.pk).revision, case.history.count(), len(events(case))) == before
    for who in (desk.ana, desk.marta, desk.priya, desk.audre):
        history = asks(who).get(f"/api/v1/cases/{case.number}/history/", {"page_size": 200})
        shown = asks(who).get(f"/api/v1/cases/{case.number}/")
        assert history.status_code == shown.status_code == 200
        assert SECRET not in history.content.decode() and "profile" not in history.content.decode()
        assert SECRET not in shown.content.decode() and "profile" not in shown.content.decode()


def test_the_console_has_no_page_of_it_for_anybody(desk):
    assert ComplaintProfile not in admin.site._registry
    for who in (desk.marta, desk.priya, desk.audre, desk.adam):
        assert not roles.has_model_permission(who, "cases.view_complaintprofile")
        assert not roles.has_model_permission(who, "cases.view_historicalcomplaintprofile")


def test_every_word_of_it_can_be_erased_from_its_history():
    erasable = set(ComplaintProfile.history.model.erasable)
    assert erasable == set(profiling.WORDS)
