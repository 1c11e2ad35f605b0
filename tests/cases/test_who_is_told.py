"""Nobody hears of a case that is kept from them: the subject of a complaint, strangers to a restricted
case."""

import pytest

from cases.models import Notice, NoticeKind, Party
from cases.operations import notify
from tests import factories as make

pytestmark = pytest.mark.django_db


def told(case, person, kind=NoticeKind.TARGET_BREACHED):
    with make.signed():
        notify.queue([notify.Wanted(kind, case, "clock:1:1", person=person)], now=make.BEGINNING)
    return Notice.objects.filter(case=case, person=person, kind=kind).exists()


def name(case, person, kind):
    with make.signed():
        Party.objects.create(case=case, person=person, kind=kind, reason="named in the letter")


@pytest.mark.parametrize("kind", [NoticeKind.TARGET_BREACHED, NoticeKind.HANDOFF])
def test_the_subject_of_a_complaint_is_not_told_and_others_are(kind):
    case, elena, nora = make.case(), make.person("Elena"), make.person("Nora")
    name(case, elena, Party.Kind.SUBJECT)
    assert not told(case, elena, kind)
    assert told(case, nora, kind)


def test_the_subject_of_one_complaint_hears_of_others():
    one, elena = make.case(), make.person("Elena")
    name(one, elena, Party.Kind.SUBJECT)
    assert told(make.case(make.customer("Other")), elena)


def test_of_a_restricted_case_only_those_hear_who_are_named_on_it_or_get_it():
    case = make.case(restricted_because="Contents of a mailbox")
    nora, marta, priya = make.person("Nora"), make.person("Marta"), make.person("Priya")
    name(case, nora, Party.Kind.ACCESS)
    assert told(case, nora)
    assert not told(case, marta)
    assert told(case, priya, NoticeKind.HANDOFF)
    assert not told(case, priya)
    with make.signed():
        type(case.standing).objects.filter(pk=case.pk).update(holder=priya)
    assert told(case, priya)
