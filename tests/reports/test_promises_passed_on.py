"""What a case's history says when somebody else sees to a promise."""

from datetime import timedelta

import pytest
from django.utils import timezone

from cases.leaving import TO_PERSON, Choice
from cases.models import Case
from cases.operations import leaving, promising
from reports import timeline
from tests import factories as make

pytestmark = pytest.mark.django_db


def test_the_history_says_to_whom_a_promise_went_and_why(now, monkeypatch):
    monkeypatch.setattr(timezone, "now", lambda: now)
    ana, ben, priya = make.person("Ana"), make.person("Ben"), make.person("Priya", "manager")
    make.policy()
    case = Case.objects.get(pk=make.case(now=now, by=ana, owner=ana, team=make.team(people=[ana])).pk)
    promising.promise(case=case, what="the invoice", due_at=now + timedelta(hours=3), by=ana, now=now)
    later = now + timedelta(hours=1)
    leaving.leave(person=ana, choice=Choice(TO_PERSON, ben, "moves"), by=priya, now=later)
    said = [event.text for event in timeline.events(case)]
    assert any("gave the promise “the invoice” to Ben" in text for text in said)
