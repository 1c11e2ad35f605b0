"""Colleagues called in internal notes: who is meant, who may hear of it, and what they are told."""

from copy import deepcopy
from datetime import timedelta

import pytest

from cases import mentions, notices
from cases.models import Case, Notice, Party, Person
from cases.operations import mentioning, talk
from tests import factories as make
from tests import worlds

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


@pytest.fixture(scope="module")
def made(for_all_of_the_module):
    return worlds.desk()


@pytest.fixture
def desk(made):
    return deepcopy(made)


@pytest.fixture
def case(desk, now):
    return make.case(now=now, team=desk.care, owner=desk.ana)


def told(case):
    return set(Notice.objects.filter(case=case, kind="mentioned").values_list("person__username", flat=True))


def note(case, body, by, now):
    return talk.note(case=case, body=body, by=by, now=now)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("@jonas look", ["jonas"]),
        ("(@jonas), @marta.", ["jonas", "marta"]),
        ("@Jonas", ["jonas"]),
        ("mail jonas@marta.example", []),
        ("@nobody at all", []),
        ("@", []),
        ("https://x.example/@jonas", []),
    ],
)
def test_who_is_called(desk, text, found):
    people = mentioning.people_called([text])
    assert [person.username for _s, _e, person in mentions.spans(text, people)] == found


def test_a_full_name_calls_as_well_the_longest_that_is_somebodys(desk, now):
    make.person("anamaria", role="agent")
    with make.signed():
        Person.objects.filter(username="anamaria").update(name="Ana María O’Neil")
    text = "Ask @Ana María O’Neil please"
    [(start, end, person)] = mentions.spans(text, mentioning.people_called([text]))
    assert (text[start:end], person.username) == ("@Ana María O’Neil", "anamaria")


def test_who_may_read_the_case_hears_of_it_once(desk, case, now):
    note(case, "@jonas and @marta, and @jonas again", desk.ana, now)
    assert told(case) == {"jonas", "marta"}
    notice = Notice.objects.get(person=desk.jonas, kind="mentioned")
    assert notices.sentence(notice) == f"Ana mentions you on {case.number}"
    assert (notice.channel, notice.state) == ("app", "sent")


def test_whom_the_case_is_closed_to_is_not_told_and_the_author_learns_it(desk, case, now):
    called = mentioning.called_in("@bruno @jonas @adam", case=case, by=desk.ana)
    assert [p.username for p in called.told] == ["jonas"]
    assert {p.username for p in called.untold} == {"bruno", "adam"}
    note(case, "@bruno @jonas @adam", desk.ana, now)
    assert told(case) == {"jonas"}


def test_nobody_tells_themselves_and_who_has_left_is_nobody(desk, case, now):
    with make.signed():
        Person.objects.filter(pk=desk.jonas.pk).update(is_active=False)
    assert mentioning.called_in("@ana @jonas", case=case, by=desk.ana) == mentioning.Called((), ())


def test_a_reply_calls_nobody(desk, case, now):
    talk.reply(case=case, body="@jonas", by=desk.ana, now=now)
    assert told(case) == set()


def test_the_subject_of_a_complaint_hears_nothing(desk, case, now):
    with make.signed():
        Party.objects.create(case=case, person=desk.jonas, kind=Party.Kind.SUBJECT, reason="named")
    called = mentioning.called_in("@jonas", case=case, by=desk.ana)
    assert [p.username for p in called.untold] == ["jonas"]
    note(case, "@jonas", desk.ana, now)
    assert told(case) == set()


# (what is done to the case, by name): who may read it is asked two ways, which must agree.
CASES = {
    "its own": {},
    "unrouted": {"team": None, "owner": None},
    "owned by a stranger": {"owner": "bruno"},
    "restricted": {"restricted_because": "private", "owner": "ana"},
    "restricted without an owner": {"restricted_because": "private", "owner": None},
}
HELD = (None, ("holder", "bruno"), ("holder_team", "billing"))


@pytest.mark.parametrize("named", [None, "access", "subject"])
@pytest.mark.parametrize("held", HELD)
@pytest.mark.parametrize("what", CASES)
def test_readers_are_those_who_reach_the_case(desk, now, what, held, named):
    fields = {"team": desk.care, "owner": desk.ana, **CASES[what]}
    if isinstance(fields["owner"], str):
        fields["owner"] = getattr(desk, fields["owner"])
    case = make.case(now=now, **fields)
    department = make.team("Service", lead=make.person("Lena", role="supervisor"))
    with make.signed():
        desk.care.parent = department
        desk.care.save()
        if held:
            setattr(case.standing, held[0], getattr(desk, held[1]))
            case.standing.save()
        if named:
            for person in (desk.sven, desk.marta):
                Party.objects.create(case=case, person=person, kind=named, reason="x")
    reach = {p.pk for p in Person.objects.working() if Case.objects.reachable(p).filter(pk=case.pk).exists()}
    assert set(mentioning.readers(case).values_list("pk", flat=True)) == reach


def test_it_costs_the_same_for_one_and_for_many(desk, case, now, django_assert_num_queries):
    for text in ("@jonas", "@jonas @marta @bruno @priya @sven @audre @adam"):
        with django_assert_num_queries(4):
            mentioning.called_in(text, case=case, by=desk.ana)
    with django_assert_num_queries(0):
        mentioning.called_in("nobody at all", case=case, by=desk.ana)
