"""The configuration's history: who changed what, with what it said before, and who may read that."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from cases import configuration, history
from cases.models import Membership
from cases.operations import drafting
from escalations.models import Level, Rule
from tests import factories as make

pytestmark = pytest.mark.django_db

PAGE = reverse("configuration-history")


@pytest.fixture
def priya():
    return make.person("Priya", role="manager")


@pytest.fixture
def world(now, priya):
    """A path whose draft somebody changed, and a rule that they switched off."""
    ana = make.person("Ana")
    path = make.path("Complaints", [{"person": ana}], fallback=priya)
    rule = make.rule(path, name="Late")
    version = path.versions.get()
    draft = drafting.draft_from(version=version, by=priya, now=now, reason="slower")
    with history.acting(by=priya, reason="people need longer", now=now + timedelta(hours=1), via="console"):
        Level.objects.filter(version=draft).update(acknowledge_seconds=7200)
        Rule.objects.filter(pk=rule.pk).update(is_active=False)
    return {"path": path, "draft": draft, "rule": rule, "ana": ana}


def asked(**fields):
    return configuration.Asked(kinds=tuple(configuration.kinds(True)), **fields)


def test_it_says_who_changed_what_how_and_why_with_the_old_value_and_the_new_in_words(world, priya):
    deeds, is_more = configuration.changes(asked(person=priya.pk))
    newest = deeds[0]
    assert (newest.who, newest.via, newest.reason) == ("Priya", "console", "people need longer")
    said = {(c.name, line.field, line.old, line.new) for c in newest.changes for line in c.lines}
    level = Level.objects.get(version=world["draft"])
    assert (f"{level} of Complaints v2", "Acknowledge within", "1 h", "2 h") in said
    assert (str(world["rule"]), "Active", "yes", "no") in said
    assert not is_more


def test_it_is_narrowed_to_a_thing_with_its_parts_a_person_a_kind_and_days(world, now, priya):
    def names(**fields):
        return {c.name for deed in configuration.changes(asked(**fields))[0] for c in deed.changes}

    of_draft = names(subject=("escalations.pathversion", world["draft"].pk))
    assert of_draft == {"Complaints v2", f"{Level.objects.get(version=world['draft'])} of Complaints v2"}
    of_path = names(subject=("escalations.escalationpath", world["path"].pk))
    assert of_draft | {"Complaints", "Complaints v1"} < of_path
    assert str(world["rule"]) not in of_path
    assert str(world["rule"]) in names(person=priya.pk, since=now + timedelta(hours=1))
    assert names(before=now + timedelta(hours=1), person=priya.pk) == of_draft
    with make.signed():
        Level.objects.filter(version=world["draft"]).delete()
    gone = configuration.changes(asked(subject=("escalations.pathversion", world["draft"].pk)))[0]
    assert any(c.what == "-" and not c.is_there for deed in gone for c in deed.changes)


def test_it_costs_the_same_however_much_was_changed(world, client, priya):
    client.force_login(priya)

    def cost():
        with CaptureQueriesContext(connection) as queries:
            assert client.get(PAGE, {"kind": "cases.category"}).status_code == 200
        return len(queries)

    make.category("A")
    cost()
    few = cost()
    for name in "BCDEF":
        make.category(name)
    assert cost() == few


@pytest.mark.parametrize(
    ("role", "status", "reads_people"),
    [
        ("agent", 403, False),
        ("supervisor", 200, False),
        ("manager", 200, True),
        ("auditor", 200, True),
        ("administrator", 200, True),
    ],
)
def test_who_reads_the_configuration_reads_its_history_and_people_s_who_keeps_them(
    client, role, status, reads_people
):
    person = make.person("Somebody", role=role)
    make.team("Care", people=[person])
    client.force_login(person)
    answer = client.get(PAGE)
    assert answer.status_code == status
    if status == 200:
        kinds = {c.kind for deed in answer.context["deeds"] for c in deed.changes}
        assert ("cases.membership" in kinds) is reads_people
        about = {"about": f"cases.membership:{Membership.objects.get().pk}"}
        assert client.get(PAGE, about).status_code == (200 if reads_people else 404)


def test_a_stranger_is_sent_to_the_door_and_nonsense_is_said(client, priya, world):
    assert client.get(PAGE).status_code == 302
    client.force_login(priya)
    assert client.get(PAGE, {"about": "cases.case:1"}).status_code == 404
    wrong = client.get(PAGE, {"since": "2026-03-05", "until": "2026-03-04"})
    assert "Nothing was changed" not in wrong.content.decode(), "of what was not understood nothing is said"
    assert "The last day comes after the first" in wrong.content.decode()
    assert client.post(PAGE).status_code == 405
    row = world["path"]
    page = client.get(reverse("admin:escalations_escalationpath_change", args=[row.pk])).content.decode()
    assert f"{PAGE}?about=escalations.escalationpath%3A{row.pk}" in page
