"""The console's pages as a whole: who may open what, that facts stay as they are, what they cost."""

import re
from datetime import timedelta
from uuid import UUID

import pytest
from django.apps import apps
from django.contrib import admin
from django.db import connection
from django.template.backends.django import Template
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from cases import roles
from cases.console import CappedPaginator
from cases.models import (
    Case,
    ComplaintProfile,
    DoneTogether,
    Draft,
    EngineMinute,
    EnginePass,
    Membership,
    Notice,
    Person,
    Presence,
    SavedView,
    SentForm,
    Skill,
    Standing,
    Survey,
    Team,
    Timer,
)
from cases.operations import talk
from escalations.models import BackTest, Replay, ReplayedCase
from reports.models import Counting, DailyCount
from tests import audited
from tests import factories as make
from tests.test_architecture import imported, name, our_models, sources

pytestmark = pytest.mark.django_db
# As the first page that is asked for would.
admin.autodiscover()

ROLES = ("supervisor", "manager", "auditor", "administrator")
DRAFTS = {"calendarversion", "slapolicyversion", "pathversion"}
WHOLES = {"calendar", "slapolicy", "escalationpath"}
SWITCHED = {
    "category",
    "service",
    "cause",
    "pausereason",
    "intakerule",
    "question",
    "replytemplate",
    "rule",
    "tag",
    "option",
    "escalationreason",
}
CUSTOMERS = {"customer", "contact", "subscription"}
ROSTER = {"membership", "personskill", "absence", "duty"}
PATTERNS = {"dutypattern"}
KEPT_BY_ALL = {"person", "team", "skill"}
# What each role may add, change (a draft, or what nobody published; a rule in force) and delete.
ADD = {
    "supervisor": WHOLES | SWITCHED | CUSTOMERS | ROSTER | PATTERNS,
    "manager": WHOLES | SWITCHED | CUSTOMERS | ROSTER | PATTERNS | KEPT_BY_ALL,
    "auditor": set(),
    "administrator": ROSTER | PATTERNS | KEPT_BY_ALL,
}
CHANGE = {
    "supervisor": WHOLES | DRAFTS | CUSTOMERS | ROSTER | PATTERNS | {"person", "team"},
    "manager": WHOLES | DRAFTS | SWITCHED | CUSTOMERS | ROSTER | PATTERNS | KEPT_BY_ALL,
    "auditor": set(),
    "administrator": ROSTER | PATTERNS | KEPT_BY_ALL,
}
DELETE = {
    "supervisor": DRAFTS | ROSTER,
    "manager": DRAFTS | (SWITCHED - {"pausereason"}) | ROSTER | {"skill"},
    "auditor": set(),
    "administrator": ROSTER | {"skill"},
}


# Only who holds a complaint reads its profile, on the case's own page: the console has none of it. What the
# worker counts for the dashboard stands there, and nowhere row by row.
KEPT_FROM_THE_CONSOLE = {ComplaintProfile, DailyCount, Counting}


def shown_models():
    return [model for model in our_models() if model not in KEPT_FROM_THE_CONSOLE]


@pytest.fixture
def world():
    """A case of the supervisor's own team, somebody of every role, and what rows of every model stand on."""
    w = audited.world()
    w.marta = make.person("Marta", role="supervisor")
    w.of_role = {role: make.person(role, role=role) for role in ROLES if role != "supervisor"}
    w.of_role["supervisor"] = w.marta
    with make.signed():
        for position, person in enumerate([w.marta, w.ana, *w.people], 1):
            Membership.objects.create(team=w.team, person=person, position=position)
        Case.objects.update(team=w.team)
    return w


def rows(w, n):
    """{model: a row of it within everybody's reach}; with another `n` (2 to 4), others beside them."""
    found = {}
    with make.signed():
        for model in set(shown_models()) & set(audited.SAMPLES) - {Membership}:
            found[model] = audited.make_row(model, w, n)
        replay = Replay.objects.create(name=f"log {n}")
        notice = {"kind": "assigned", "channel": "app", "created_at": make.BEGINNING}
        unaudited = {
            Timer: Timer.objects.filter(case=w.case).first(),
            EnginePass: EnginePass.objects.create(worker=f"worker {n}", started_at=make.BEGINNING),
            EngineMinute: EngineMinute.objects.create(worker=f"worker {n}", minute=n),
            SavedView: SavedView.objects.create(person=w.ana, name=f"view {n}"),
            DoneTogether: DoneTogether.objects.create(
                person=w.ana, key=str(n), what="tag", done_at=make.BEGINNING
            ),
            Notice: Notice.objects.create(case=w.case, person=w.ana, key=str(n), state="recorded", **notice),
            Draft: Draft.objects.create(
                person=w.people[n], case=w.case, kind="note", text="Not yet", saved_at=make.BEGINNING
            ),
            SentForm: SentForm.objects.create(
                person=w.ana, case=w.case, key=UUID(int=n), content="0" * 64, sent_at=make.BEGINNING
            ),
            Presence: Presence.objects.create(case=w.case, person=w.people[n], seen_at=make.BEGINNING),
            BackTest: BackTest.objects.create(
                title=f"path {n}",
                since=make.BEGINNING,
                until=make.BEGINNING + timedelta(days=n),
                asked_by=w.ana,
                asked_at=make.BEGINNING,
                state="cancelled",
                finished_at=make.BEGINNING,
            ),
            Replay: replay,
            ReplayedCase: ReplayedCase.objects.create(replay=replay, case=w.case, number="INC1")
            if n == 2
            else ReplayedCase.objects.create(replay=replay, case=found[Case], number="INC2"),
        }
    in_reach = {
        Case: w.case,
        Person: w.ana,
        Team: w.team,
        Membership: w.ana.memberships.get(),
        Standing: w.case.standing,
    }
    return found | unaudited | in_reach


def address(model, page, *args):
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


def may(person, verb, model):
    return roles.has_model_permission(person, f"{model._meta.app_label}.{verb}_{model._meta.model_name}")


def test_every_model_has_its_pages():
    assert set(admin.site._registry) == set(shown_models())


def test_one_file_knows_unfold():
    files = sources("cases", "escalations", "reports", "escalation_site")
    assert {name(path) for path in files for top, _line in imported(path) if top == "unfold"} == {
        "cases/console.py"
    }


@pytest.mark.parametrize("role", ROLES)
def test_each_role_opens_and_changes_what_the_table_of_roles_says(role, world, client, monkeypatch):
    """Written are only the pages of who changes most and of who changes nothing: it takes the most time."""
    if role not in ("manager", "auditor"):
        monkeypatch.setattr(Template, "render", lambda *_args, **_kwargs: "")
    person = world.of_role[role]
    client.force_login(person)
    wrong = []
    for model, row in rows(world, 2).items():
        label, reads = model._meta.model_name, may(person, "view", model)
        expected = {
            address(model, "changelist"): reads,
            address(model, "export", "csv"): reads,
            address(model, "export", "xlsx"): reads,
            address(model, "add"): label in ADD[role],
            address(model, "delete", row.pk): label in DELETE[role],
        }
        answers = {page: whole(client.get(page)) for page in expected}
        wrong += [page for page, allowed in expected.items() if answers[page] != (200 if allowed else 403)]
        page = client.get(address(model, "change", row.pk))
        if page.status_code != (200 if reads else 403):
            wrong.append(f"{label}: {page.status_code}")
        elif reads and page.context_data["has_change_permission"] is not (label in CHANGE[role]):
            wrong.append(f"{label}: may change: {page.context_data['has_change_permission']}")
    assert not wrong


def whole(answer):
    """Its status, once all of it has been written: a file is written while it is read."""
    if answer.streaming:
        answer.getvalue()
    return answer.status_code


@pytest.mark.parametrize("role", ROLES)
def test_what_a_role_changes_the_table_of_roles_permits(role):
    person = Person(role=role)
    for verb, labels in (("add", ADD[role]), ("change", CHANGE[role]), ("delete", DELETE[role])):
        assert all(
            may(person, verb, apps.get_model(model._meta.label))
            for model in shown_models()
            if model._meta.model_name in labels
        )


def test_an_agent_and_a_stranger_stay_outside(world, client):
    assert client.get("/admin/", follow=True).redirect_chain[-1] == ("/login/?next=/admin/", 302)
    client.force_login(world.ana)
    for page in ("/admin/", address(Case, "changelist"), address(Case, "change", world.case.pk)):
        assert client.get(page).status_code == 403


def test_a_list_costs_the_same_however_long_it_is(world, client):
    """Nor does it as a file."""
    client.force_login(world.of_role["manager"])
    rows(world, 2)
    pages = [address(model, "changelist") for model in shown_models()]
    pages += [address(model, "export", "csv") for model in shown_models()]
    for page in pages:
        queries(client, page)  # whatever is remembered between requests
    before = {page: queries(client, page) for page in pages}
    for n in (3, 4):
        rows(world, n)
    after = {page: queries(client, page) for page in pages}
    assert after == before
    assert max(number for page, number in before.items() if "/export/" not in page) <= 8
    assert max(before.values()) <= 11


def queries(client, page):
    with CaptureQueriesContext(connection) as captured:
        assert whole(client.get(page)) == 200
    return len(captured)


def test_no_list_counts_further_than_its_cap(world, client, monkeypatch):
    monkeypatch.setattr(CappedPaginator, "CAP", 3)
    rows(world, 2)
    client.force_login(world.of_role["manager"])
    for model in shown_models():
        with CaptureQueriesContext(connection) as captured:
            page = client.get(address(model, "changelist"))
        assert page.context["cl"].result_count <= 3
        assert page.context["cl"].full_result_count is None
        counts = [query["sql"] for query in captured if "COUNT(*)" in query["sql"].upper()]
        # In their order: to find so many, nothing is read but the end of one index.
        assert counts and all(re.search(r"ORDER BY .* DESC LIMIT 3", sql) for sql in counts), counts
    assert "3 or more" in client.get(address(Person, "changelist")).content.decode()


def test_only_the_console_may_evaluate_scripts(world, client):
    client.force_login(world.of_role["manager"])
    assert policy(client.get("/admin/"))["script-src"] == {"'self'", "'unsafe-eval'"}
    for page in ("/cases/", "/login/"):
        strict = policy(client.get(page))
        assert "script-src" not in strict and strict["default-src"] == {"'self'"}


def policy(response):
    parts = (part.split() for part in response["Content-Security-Policy"].split(";"))
    return {part[0]: set(part[1:]) for part in parts}


# --- What no page of the console does


def everything(model):
    return list(model.objects.order_by("pk").values())


# What the others may is less than one of these two (the tables above).
@pytest.mark.parametrize("role", ["manager", "administrator"])
def test_no_page_deletes_or_rewrites_a_fact(role, world, client):
    """Posted to directly: change page, delete page, bulk action, and simple-history's way back."""
    client.force_login(world.of_role[role])
    found = rows(world, 2)
    kept = [
        model
        for model in found
        if getattr(model, "KEPT", False) or not may(world.of_role[role], "change", model)
    ]
    talk.note(case=world.case, body="Ask Ana.", by=world.ana, now=make.BEGINNING)
    before = {model: everything(model) for model in found}
    for model in kept:
        pk = found[model].pk
        assert client.post(address(model, "delete", pk), {"post": "yes"}).status_code == 403
        action = {"action": "delete_selected", "_selected_action": pk, "post": "yes"}
        client.post(address(model, "changelist"), action)
        if not may(world.of_role[role], "change", model):
            fields = {field.name: "1" for field in model._meta.fields}
            assert client.post(address(model, "change", pk), fields).status_code == 403
        if hasattr(model, "history"):
            for row in model.history.filter(**{model._meta.pk.attname: pk}):
                way_back = f"{address(model, 'history', pk)}{row.history_id}/"
                assert client.post(way_back, {}).status_code in (302, 404, 405)
                assert client.post(f"{way_back}change/", {}).status_code in (302, 403, 404)
    assert {model: everything(model) for model in found} == before


def test_history_has_no_pages_of_its_own_to_write_it(world):
    models = {model for model in admin.site._registry if hasattr(model, "instance_type")}
    names = {pattern.name for model in admin.site._registry.values() for pattern in model.urls}
    assert not models and not [name for name in names if name and name.endswith("simple_history")]


def test_a_restricted_case_is_nowhere_for_whom_it_is_not(world, client):
    """Neither the case, nor what belongs to it, nor the history of either; auditors read it."""
    found = rows(world, 2)
    # One survey a case: its sample is on a case of its own.
    restricted = [world.case.pk, found[Survey].case_id]
    with make.signed():
        Case.objects.filter(pk__in=restricted).update(
            is_restricted=True, restricted_because="A colleague's own contract"
        )
    of_case = [
        model
        for model, pages in admin.site._registry.items()
        if getattr(pages, "case_path", None) and model != ReplayedCase
    ]
    assert len(of_case) > 10
    for role, status in (("manager", (302, 404)), ("auditor", (200,))):
        client.force_login(world.of_role[role])
        for model in of_case:
            pk = found[model].pk
            listed = {row.pk for row in client.get(address(model, "changelist")).context["cl"].result_list}
            assert (pk in listed) is (role == "auditor"), model
            # As a file it is nobody's, not even theirs whose every look is recorded.
            file = client.get(address(model, "export", "csv")).getvalue().decode()
            assert world.case.number not in file, model
            assert client.get(address(model, "change", pk)).status_code in status
            assert client.get(address(model, "history", pk)).status_code in status


def test_another_departments_people_and_cases_are_out_of_a_supervisors_reach(world, client):
    bruno = make.person("Bruno")
    make.team("Billing", people=[bruno])
    with make.signed():
        skill = Skill.objects.create(name="Tax")
    client.force_login(world.marta)
    assert bruno not in client.get(address(Person, "changelist")).context["cl"].result_list
    assert client.get(address(Person, "change", bruno.pk)).status_code == 302
    assert client.get(address(Person, "history", bruno.pk)).status_code == 404
    assert client.get(address(Skill, "change", skill.pk)).context["has_change_permission"] is False
