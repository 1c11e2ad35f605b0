"""The console's pages of paths and rules: a ladder is drafted, refused in sentences, published, and stays."""

import pytest
from django.db import DatabaseError, transaction
from django.urls import reverse
from django.utils import timezone

from escalations.models import EscalationPath, Level, LevelInform, PathVersion, Rule
from escalations.operations.escalate import escalate
from tests import factories as make
from tests.console_forms import errors, filled, one_more, said

pytestmark = pytest.mark.django_db


@pytest.fixture
def priya(client, now, monkeypatch):
    """A manager at her console, at `now`."""
    person = make.person("Priya", role="manager")
    client.force_login(person)
    monkeypatch.setattr(timezone, "now", lambda: now)
    return person


@pytest.fixture
def draft(priya):
    return make.path(fallback=priya, publish=False).versions.get()


def address(row, page="change"):
    return reverse(f"admin:escalations_{row._meta.model_name}_{page}", args=[row.pk])


def level(page, data=None, **fields):
    row = {
        "number": "1",
        "name": "Care",
        "responsible": "account_manager",
        "acknowledge_seconds": "30 min",
        **fields,
    }
    return one_more(page, "levels", data or filled(page), **row)


def test_a_path_is_added_given_levels_and_published(client, priya, now):
    new = reverse("admin:escalations_escalationpath_add")
    page = client.post(new, filled(client.get(new), name="Outages"), follow=True)
    version = PathVersion.objects.get(path__name="Outages")
    assert page.request["PATH_INFO"] == address(version)
    ana = make.person("Ana")
    data = level(page, filled(page, fallback=priya.pk), informed=[priya.pk])
    data = level(page, data, number="2", name="Ana", responsible="person", person=ana.pk, work_seconds="1 h")
    assert client.post(address(version), data).status_code == 302
    first, second = version.levels.order_by("number")
    assert (first.acknowledge_seconds, first.work_seconds, second.work_seconds) == (1800, None, 3600)
    assert [inform.person for inform in first.informs.all()] == [priya]

    client.post(address(version, "publish"), {"change_reason": "Agreed on Monday"})
    version.refresh_from_db()
    assert (version.published_at, version.published_by) == (now, priya)
    newest = version.history.latest("history_id")
    assert (newest.history_change_reason, newest.history_via) == ("Agreed on Monday", "console")
    page = client.get(address(version))
    assert not page.context["has_change_permission"] and "30 min" in page.content.decode()


def test_whom_a_level_informs_is_changed_with_its_draft(client, draft, priya):
    ana = make.person("Ana")
    client.post(address(draft), level(client.get(address(draft)), informed=[priya.pk]))
    page = client.get(address(draft))
    client.post(address(draft), filled(page) | {"levels-0-informed": [str(ana.pk)]})
    assert [inform.person for inform in LevelInform.objects.all()] == [ana]


def test_levels_trade_places(client, draft, priya):
    data = level(client.get(address(draft)), informed=[priya.pk])
    data = level(client.get(address(draft)), data, number="2", name="Night")
    client.post(address(draft), data)
    moved = filled(client.get(address(draft))) | {"levels-0-number": "2", "levels-1-number": "1"}
    assert client.post(address(draft), moved).status_code == 302
    night, care = draft.levels.order_by("number")
    assert (night.name, care.name) == ("Night", "Care")
    assert [inform.person for inform in care.informs.all()] == [priya]


def test_every_finding_against_a_path_is_said(client, priya):
    with make.signed():
        version = PathVersion.objects.create(path=EscalationPath.objects.create(name="Outages"), number=1)
    page = client.post(address(version, "publish"), {})
    assert (
        said(page)
        == page.context["findings"]
        == [
            "The path has no level; add at least one.",
            "Name a fallback holder: somebody must get what nobody on the ladder could.",
        ]
    )
    version.refresh_from_db()
    assert version.published_at is None


def test_a_path_without_a_fallback_is_refused_by_the_database_too(priya, now):
    with make.signed():
        version = PathVersion.objects.create(path=EscalationPath.objects.create(name="Outages"), number=1)
    with pytest.raises(DatabaseError), transaction.atomic(), make.signed():
        PathVersion.objects.filter(pk=version.pk).update(
            published_at=now, published_by=priya, effective_at=now
        )


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"acknowledge_seconds": "0 s"}, "A term must be above zero; name at least one second."),
        ({"work_seconds": "0 min"}, "A term must be above zero; name at least one second."),
        (
            {"remind_every_seconds": "59 s"},
            "Remind at most once a minute: name 60 seconds or more, or nothing.",
        ),
        ({"number": "0"}, "Levels are numbered from 1."),
        ({"responsible": "team"}, "Name the team this level goes to."),
    ],
)
def test_a_level_that_cannot_be_is_refused_on_the_form(client, draft, fields, sentence):
    page = client.post(address(draft), level(client.get(address(draft)), **fields))
    assert errors(page) == [sentence]
    assert not draft.levels.exists()


@pytest.mark.parametrize(
    "fields",
    [
        {"acknowledge_seconds": 0},
        {"work_seconds": 0},
        {"remind_every_seconds": 59},
        {"number": 0},
        {"responsible": "team"},
    ],
)
def test_a_level_that_cannot_be_is_refused_by_the_database(draft, fields):
    whole = {"number": 1, "name": "x", "responsible": "account_manager", "acknowledge_seconds": 1}
    with pytest.raises(DatabaseError), transaction.atomic(), make.signed():
        Level.objects.create(version=draft, **{**whole, **fields})
    with make.signed():
        Level.objects.create(version=draft, remind_every_seconds=60, work_seconds=1, **whole)


def test_a_published_ladder_stays_with_all_its_parts(client, priya):
    path = make.path(levels=[{"person": priya}], fallback=priya)
    version = path.versions.get()
    for page in ("change", "delete", "publish"):
        assert client.post(address(version, page), {"post": "yes", "note": "x"}).status_code == 403
    with pytest.raises(DatabaseError), transaction.atomic(), make.signed():
        LevelInform.objects.create(level=version.levels.get(), person=priya)
    client.post(address(version, "new_draft"), {"change_reason": "Longer"})
    copy = path.versions.get(number=2)
    assert [str(level) for level in copy.levels.all()] == ["1 Level 1"]
    with make.signed():
        LevelInform.objects.create(level=copy.levels.get(), person=priya)


def rule_form(client, path, **fields):
    new = reverse("admin:escalations_rule_add")
    said = {"name": "Threats", "trigger": "threat", "path": path.pk, "level_number": "1", **fields}
    return client.post(new, filled(client.get(new), **said))


def test_a_rule_that_points_to_a_draft_is_refused(client, draft):
    assert errors(rule_form(client, draft.path)) == [
        "“Complaints” is only a draft; publish it first, or choose a published path."
    ]
    assert not Rule.objects.exists()


def test_a_rule_that_enters_above_the_top_is_refused(client, priya):
    path = make.path(levels=[{"person": priya}], fallback=priya)
    assert errors(rule_form(client, path, level_number="2")) == [
        "“Complaints” has levels 1 to 1; choose one of them."
    ]
    assert rule_form(client, path).status_code == 302
    assert Rule.objects.get().is_active


@pytest.mark.parametrize(("minutes", "is_fine"), [("0", False), ("1", True), ("60", True), ("61", False)])
def test_a_manager_says_within_how_many_minutes_a_supervisor_is_on_the_line(client, draft, minutes, is_fine):
    page = client.get(address(draft))
    assert filled(page)["supervisor_minutes"] == "3"
    answer = client.post(address(draft), filled(page, supervisor_minutes=minutes))
    if is_fine:
        draft.refresh_from_db()
        assert draft.supervisor_minutes == int(minutes)
    else:
        sentence = "Say how many minutes a live transfer may take: a whole number from 1 to 60."
        assert errors(answer) == [sentence]


SAY_DAYS = "Say within how many days: a whole number from 1 to 365."


@pytest.mark.parametrize(
    ("trigger", "days", "sentence"),
    [
        ("escalated_again", "", SAY_DAYS),
        ("escalated_again", "0", SAY_DAYS),
        ("escalated_again", "366", SAY_DAYS),
        ("escalated_again", "-1", SAY_DAYS),
        ("escalated_again", "a week", SAY_DAYS),
        (
            "threat",
            "7",
            "Only “Second escalation of this customer” counts days; leave this empty, or choose that.",
        ),
    ],
)
def test_a_rule_that_counts_days_says_how_many_and_no_other_does(client, priya, trigger, days, sentence):
    path = make.path(levels=[{"person": priya}], fallback=priya)
    refused = rule_form(client, path, trigger=trigger, within_days=days)
    assert sentence in errors(refused)
    assert not Rule.objects.exists()
    for fine in ("1", "365"):
        rule_form(client, path, trigger="escalated_again", within_days=fine)
    assert sorted(Rule.objects.values_list("within_days", flat=True)) == [1, 365]


def test_a_rule_in_force_is_changed_with_a_reason_and_by_managers(client, priya):
    rule = make.rule(make.path(levels=[{"person": priya}], fallback=priya))
    page = client.get(address(rule))
    assert errors(client.post(address(rule), filled(page, position="5"))) == ["This field is required."]
    client.post(address(rule), filled(page, position="5", change_reason="It comes first"))
    rule.refresh_from_db()
    assert rule.position == 5
    assert rule.history.latest("history_id").history_change_reason == "It comes first"
    client.force_login(make.person("Marta", role="supervisor"))
    assert client.post(address(rule), filled(page, position="1", change_reason="Mine")).status_code == 403


def test_what_a_supervisor_proposes_as_a_rule_starts_nothing(client, priya):
    path = make.path(levels=[{"person": priya}], fallback=priya)
    client.force_login(make.person("Marta", role="supervisor"))
    rule_form(client, path, is_active="on")
    assert not Rule.objects.get().is_active and not Rule.objects.in_order().exists()


def test_an_escalation_is_read_with_its_handoffs(client, priya, now):
    ana = make.person("Ana")
    path = make.path(levels=[{"person": priya}], fallback=ana)
    case = make.case(now=now, owner=ana, team=make.team(people=[ana]))
    words = {name: name for name in ("reason", "background", "tried", "next_steps")}
    handoff = escalate(case=case, kind="hierarchical", path=path, by=ana, now=now, **words)
    page = client.get(address(handoff.escalation))
    assert case.number in client.get(reverse("admin:escalations_escalation_changelist")).content.decode()
    assert "background" in client.get(address(handoff)).content.decode()
    assert not page.context["has_change_permission"]
