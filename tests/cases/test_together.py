"""Many cases at once: case by case through the one operation, each outcome said; and the tags of cases."""

from copy import deepcopy

import pytest
from django.urls import reverse

from cases.errors import Incomplete, StaleCase, WrongMove
from cases.models import Case, CaseTag, Party, Tag
from cases.operations import promising, tagging, talk
from cases.states import CaseStatus
from reports import timeline
from tests import factories as make

from .desks import HOUR, NOW, ROLES, body, new_case, page, people, post

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def eleven_in_madrid(monkeypatch):
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOW)


@pytest.fixture(scope="module")
def made(for_all_of_the_module):
    return people()


@pytest.fixture
def desk(made):
    return deepcopy(made)


@pytest.fixture
def tags():
    with make.signed():
        return [Tag.objects.create(name=name) for name in ("press", "refund")]


@pytest.fixture
def three(desk):
    return [new_case(desk, f"Customer {n}", subject=f"Case {n}") for n in range(3)]


def boxes(*cases):
    return [f"{case.number}:{case.revision}" for case in cases]


def do(client, person, what, cases, token="t1", **said):
    """The outcome page after sending the form, as (done, refused): numbers, and {number: why}."""
    answer = post(client, person, "cases-together", do=what, case=boxes(*cases), token=token, **said)
    assert answer.status_code == 302, body(answer)
    return outcome(client.get(answer.url))


def outcome(answer):
    done = [case.number for case, _outcome in answer.context["done"]]
    refused = {case.number if case else o["case"]: o["why"] for case, o in answer.context["refused"]}
    return done, refused


# --- Done ---


def test_chosen_cases_are_assigned_each_with_the_one_reason(client, desk, three):
    done, refused = do(
        client, desk["agent"], "assign", three[:2], owner=desk["supervisor"].pk, reason="holiday"
    )
    assert (done, refused) == ([case.number for case in three[:2]], {})
    assert list(Case.objects.order_by("pk").values_list("owner__name", flat=True)) == ["Ana", "Ana", "Lucia"]
    assert {case.team for case in Case.objects.all()} == {three[0].team}
    newest = Case.history.filter(id=three[0].pk).latest("history_id")
    assert (newest.history_change_reason, newest.history_user_id) == ("holiday", desk["agent"].pk)


def test_an_owner_may_be_taken_away_and_the_team_left(client, desk, three):
    do(client, desk["agent"], "assign", three[:1], owner="none", reason="free again")
    assert Case.objects.get(pk=three[0].pk).owner is None


def test_chosen_cases_get_a_priority(client, desk, three):
    done, _refused = do(client, desk["agent"], "priority", three, priority="4", reason="an outage")
    assert len(done) == 3
    assert set(Case.objects.values_list("priority", flat=True)) == {4}


def test_chosen_cases_are_tagged(client, desk, three, tags):
    tagging.tag(case=three[0], add=[tags[1]], by=desk["agent"], now=NOW)
    do(client, desk["agent"], "tag", three[:2], add=[tags[0].pk], remove=[tags[1].pk])
    assert set(CaseTag.objects.on().values_list("case", "tag")) == {
        (three[0].pk, tags[0].pk),
        (three[1].pk, tags[0].pk),
    }


def test_of_chosen_cases_those_are_closed_on_which_nothing_is_owed(client, desk, three):
    promising.promise(case=three[1], what="A credit note", due_at=NOW + HOUR, by=desk["agent"], now=NOW)
    done, refused = do(client, desk["agent"], "close", three, reason="all done")
    assert done == [three[0].number, three[2].number]
    assert "A credit note" in refused[three[1].number]
    assert Case.objects.get(pk=three[1].pk).status != CaseStatus.CLOSED


# --- Refused, and said ---


def test_a_case_that_was_changed_since_is_refused_and_the_others_go_on(client, desk, three):
    seen = [Case.objects.get(pk=case.pk) for case in three]
    talk.note(case=three[1], body="Meanwhile", by=desk["supervisor"], now=NOW)
    done, refused = do(client, desk["agent"], "priority", seen, priority="4", reason="x")
    assert done == [three[0].number, three[2].number]
    assert "Somebody changed this case" in refused[three[1].number]


def test_another_teams_case_is_refused_by_name_and_a_hidden_one_without(client, desk, three):
    theirs = new_case(desk, "Theirs", of="stranger", subject="Theirs")
    hidden = new_case(desk, "Hidden", of="stranger", subject="Hidden one", restricted_because="staff matter")
    answer = post(
        client,
        desk["agent"],
        "cases-together",
        do="priority",
        case=boxes(three[0], theirs, hidden),
        token="t",
        priority="4",
        reason="x",
    )
    shown = client.get(answer.url)
    done, refused = outcome(shown)
    assert done == [three[0].number]
    assert "another team’s" in refused[theirs.number]
    assert "not yours to know of" in refused[hidden.pk]
    assert "Hidden one" not in body(shown)
    assert set(Case.objects.filter(pk__in=[theirs.pk, hidden.pk]).values_list("priority", flat=True)) == {2}


def test_nobody_named_in_a_complaint_is_given_it_among_others(client, desk, three):
    with make.signed():
        Party.objects.create(case=three[0], person=desk["supervisor"], kind="subject", reason="about her")
    done, refused = do(client, desk["agent"], "assign", three, owner=desk["supervisor"].pk, reason="x")
    assert done == [case.number for case in three[1:]]
    assert "named in this complaint" in refused[three[0].number]


def test_sent_twice_it_is_done_once(client, desk, three):
    first = do(client, desk["agent"], "priority", three, priority="4", reason="x")
    revisions = list(Case.objects.order_by("pk").values_list("revision", flat=True))
    assert do(client, desk["agent"], "priority", three, priority="4", reason="x") == first
    assert list(Case.objects.order_by("pk").values_list("revision", flat=True)) == revisions


def test_sent_again_as_another_form_every_case_is_refused_as_changed(client, desk, three):
    seen = [Case.objects.get(pk=case.pk) for case in three]
    do(client, desk["agent"], "priority", seen, priority="4", reason="x")
    done, refused = do(client, desk["agent"], "priority", seen, token="another", priority="1", reason="x")
    assert done == [] and len(refused) == 3


FORMS = {
    "assign": {"reason": "x", "owner": "none"},
    "tag": {"add": "1"},
    "priority": {"priority": "4", "reason": "x"},
    "close": {"reason": "x"},
}


@pytest.mark.parametrize("what", FORMS)
def test_what_is_missing_is_asked_for_with_the_choice_kept(client, desk, three, what):
    answer = post(client, desk["agent"], "cases-together", do=what, case=boxes(*three), token="t")
    assert answer.status_code == 422
    assert all(box in body(answer) for box in boxes(*three))
    assert set(Case.objects.values_list("revision", flat=True)) == {1}


@pytest.mark.parametrize("cases", [[], ["x"], ["C-1"], ["20001"], [":"], ["C-20001:x"]])
def test_no_case_chosen_is_said(client, desk, three, cases):
    answer = post(client, desk["agent"], "cases-together", do="close", case=cases, reason="x")
    assert answer.status_code == 422
    assert "Choose at least one case." in body(answer)
    answer = page(client, desk["agent"], "cases-together", do="close", case=cases)
    assert answer.url == reverse("case-list")


def test_more_than_a_page_at_once_is_refused(client, desk, three):
    many = [f"C-{20001 + n}:1" for n in range(51)]
    answer = post(client, desk["agent"], "cases-together", do="close", case=many, reason="x")
    assert answer.status_code == 422
    assert "At most 50 cases at once; you chose 51." in body(answer)
    assert set(Case.objects.values_list("status", flat=True)) == {"new"}


def test_the_form_names_the_cases_and_what_will_be_refused(client, desk, three):
    theirs = new_case(desk, "Theirs", of="stranger", subject="Theirs")
    hidden = new_case(desk, "Hidden", of="stranger", subject="Hidden one", restricted_because="staff matter")
    seen = boxes(*three, theirs, hidden)
    talk.note(case=three[0], body="Meanwhile", by=desk["agent"], now=NOW)
    answer = page(client, desk["agent"], "cases-together", do="assign", case=seen, back="view=team")
    shown = body(answer)
    assert "Assign 5 cases" in shown and "Case 1" in shown
    assert shown.count("will be refused") == 3
    assert "Hidden one" not in shown
    assert 'href="/cases/?view=team"' in shown


def test_the_way_back_leads_nowhere_but_to_the_queue(client, desk, three):
    for back in ("//evil.example", "https://evil.example/?x=1", "view=team&next=//evil.example"):
        shown = body(
            page(client, desk["agent"], "cases-together", do="close", case=boxes(three[0]), back=back)
        )
        assert 'href="//evil' not in shown and 'href="https://evil' not in shown


@pytest.mark.parametrize("method", ["get", "post"])
def test_each_role_may_or_may_not(client, desk, three, method):
    found = {}
    for role in ROLES:
        client.force_login(desk[role])
        send = getattr(client, method)
        answer = send(reverse("cases-together"), {"do": "close", "case": boxes(three[0]), "token": role})
        found[role] = answer.status_code
    shown = 200 if method == "get" else 422
    assert found == {
        "agent": shown,
        "supervisor": shown,
        "manager": shown,
        "auditor": 403,
        "administrator": 403,
        "stranger": shown,
    }
    client.logout()
    assert getattr(client, method)(reverse("cases-together")).status_code == 302


def test_what_is_not_offered_is_not_found(client, desk, three):
    assert page(client, desk["agent"], "cases-together", do="delete", case=boxes(*three)).status_code == 404
    assert page(client, desk["agent"], "cases-together-done", 1).status_code == 404
    assert page(client, desk["auditor"], "cases-together-done", 1).status_code == 403


def test_boxes_stand_on_rows_for_those_who_work_cases_and_all_may_be_chosen_by_a_link(client, desk, three):
    shown = body(page(client, desk["agent"], "case-list", chosen="all"))
    assert shown.count('name="case"') == shown.count(" checked>") == 3
    assert 'name="case"' not in body(page(client, desk["auditor"], "case-list", view="all"))


# --- The tags of one case ---


def test_the_tags_of_a_case_are_ticked_on_its_sheet(client, desk, three, tags):
    case = three[0]
    tagging.tag(case=case, add=[tags[0]], by=desk["agent"], now=NOW)
    sheet = body(page(client, desk["agent"], "case-tags", case.number))
    assert sheet.count(" checked") == 1
    said = {"tags": [tags[1].pk], "revision": case.revision}
    assert post(client, desk["agent"], "case-tags", case.number, **said).status_code == 302
    assert [on.tag for on in CaseTag.objects.on()] == [tags[1]]
    assert "refund" in body(page(client, desk["agent"], "case", case.number))
    told = [event.text for event in timeline.events(case)]
    assert told[-3:] == [
        "put on the tag “press”",
        "took off the tag “press”",
        "put on the tag “refund”",
    ] or set(told[-3:]) == {
        "put on the tag “press”",
        "took off the tag “press”",
        "put on the tag “refund”",
    }


def test_a_stale_sheet_of_tags_is_refused(client, desk, three, tags):
    case = three[0]
    talk.note(case=case, body="Meanwhile", by=desk["supervisor"], now=NOW)
    answer = post(client, desk["agent"], "case-tags", case.number, tags=[tags[0].pk], revision=1)
    assert answer.status_code == 422
    assert not CaseTag.objects.exists()


@pytest.mark.parametrize(
    ("role", "status"),
    [
        ("agent", 200),
        ("supervisor", 200),
        ("manager", 200),
        ("auditor", 403),
        ("administrator", 404),
        ("stranger", 403),
    ],
)
def test_tags_are_changed_by_those_who_work_the_case(client, desk, three, role, status):
    assert page(client, desk[role], "case-tags", three[0].number).status_code == status


def test_a_tag_is_put_on_once_and_its_ending_is_kept(desk, three, tags):
    for _again in range(2):
        tagging.tag(case=three[0], add=tags, by=desk["agent"], now=NOW)
    assert CaseTag.objects.on().count() == 2
    tagging.tag(case=three[0], remove=[tags[0]], by=desk["agent"], now=NOW + HOUR)
    tagging.tag(case=three[0], add=[tags[0]], by=desk["agent"], now=NOW + 2 * HOUR)
    rows = CaseTag.objects.filter(tag=tags[0]).order_by("pk").values_list("added_at", "removed_at")
    assert list(rows) == [(NOW, NOW + HOUR), (NOW + 2 * HOUR, None)]


def test_tagging_refuses_nothing_chosen_what_is_switched_off_and_a_stale_case(desk, three, tags):
    with make.signed():
        Tag.objects.filter(pk=tags[0].pk).update(is_active=False)
    tags[0].refresh_from_db()
    with pytest.raises(Incomplete):
        tagging.tag(case=three[0], by=desk["agent"], now=NOW)
    with pytest.raises(WrongMove):
        tagging.tag(case=three[0], add=[tags[0]], by=desk["agent"], now=NOW)
    with pytest.raises(StaleCase):
        tagging.tag(case=three[0], add=[tags[1]], revision=7, by=desk["agent"], now=NOW)
    assert not CaseTag.objects.exists()
