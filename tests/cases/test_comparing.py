"""Two versions side by side: what differs, in words; the page, for whom, and the ways to it."""

from datetime import time

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from cases import comparing
from cases.models import CalendarVersion, Holiday, Period, SlaPolicyVersion, SlaTarget
from cases.operations import drafting
from cases.states import Metric
from escalations.models import Level, LevelInform
from tests import factories as make
from tests.workspace import ROLES, body, people

pytestmark = pytest.mark.django_db

HOUR = 3600


@pytest.fixture
def ana():
    return make.person("Ana")


@pytest.fixture
def path(ana):
    levels = [{"person": ana, "authority_limit": 3000}, {"person": ana, "acknowledge_seconds": 2 * HOUR}]
    return make.path(levels=levels, fallback=ana)


def draft_of(version, now):
    return drafting.draft_from(version=version, by=make.person("Nora", role="manager"), now=now)


def changed(row):
    return {line.label: (line.old, line.new) for line in row.lines if line.is_changed}


def test_a_copy_differs_in_nothing(path, now):
    old = path.versions.get()
    found = comparing.compare(old, draft_of(old, now))
    assert found.differences == 0
    assert [row.state for row in found.groups[0].rows] == ["same", "same"]
    assert [row.title for row in found.groups[0].rows] == ["Level 1", "Level 2"]


def test_what_differs_in_a_path_is_said_level_by_level(path, ana, now):
    old = path.versions.get()
    new = draft_of(old, now)
    jonas = make.person("Jonas")
    with make.signed():
        first, second = new.levels.order_by("number")
        Level.objects.filter(pk=first.pk).update(acknowledge_seconds=5400, authority_limit=None, person=jonas)
        LevelInform.objects.create(level=first, person=jonas)
        second.delete()
        Level.objects.create(
            version=new, number=3, name="Top", responsible="account_manager", acknowledge_seconds=HOUR
        )
        new.fallback = jonas
        new.save()
    found = comparing.compare(old, new)
    [fallback] = [line for line in found.lines if line.is_changed]
    assert (fallback.label, fallback.old, fallback.new) == ("Fallback holder", "Ana", "Jonas")
    first, second, third = found.groups[0].rows
    assert [row.state for row in (first, second, third)] == ["changed", "removed", "added"]
    assert changed(first) == {
        "Person": ("Ana", "Jonas"),
        "Acknowledge within": ("1 h", "1 h 30 min"),
        "Authority limit": ("€3,000", ""),
        "People to inform": ("", "Jonas"),
    }
    assert changed(second)["Acknowledge within"] == ("2 h", "")
    assert changed(third)["Who"] == ("", "the customer's account manager")
    assert found.differences == 4


def test_what_differs_in_a_policy_is_said_target_by_target(now):
    old = make.policy(targets={(Metric.FIRST_RESPONSE, None): HOUR, (Metric.RESOLUTION, 4): HOUR})
    new = draft_of(old, now)
    with make.signed():
        SlaPolicyVersion.objects.filter(pk=new.pk).update(tier="gold")
        SlaTarget.objects.filter(version=new, priority=None).update(term_seconds=1800)
    new.refresh_from_db()
    found = comparing.compare(old, new)
    assert {line.label: (line.old, line.new) for line in found.lines if line.is_changed} == {
        "Tier": ("", "Gold")
    }
    response, resolution = found.groups[0].rows
    assert (response.title, changed(response)) == ("First response", {"Term": ("1 h", "30 min")})
    assert (resolution.title, resolution.state) == ("Resolution Urgent", "same")


def test_what_differs_in_a_calendar_is_said_day_by_day(now):
    old = make.calendar().versions.get()
    new = draft_of(old, now)
    with make.signed():
        Period.objects.filter(version=new, weekday=0).update(closes=time(18))
        Period.objects.filter(version=new, weekday=4).delete()
        Holiday.objects.create(version=new, first_on="2026-12-25", last_on="2026-12-25", name="Christmas")
    found = comparing.compare(old, CalendarVersion.objects.get(pk=new.pk))
    rows = {row.title: row for group in found.groups for row in group.rows}
    assert changed(rows["Monday 09:00"]) == {"Closes": ("17:00", "18:00")}
    assert rows["Friday 09:00"].state == "removed"
    [christmas] = [row for title, row in rows.items() if "Christmas" in title]
    assert christmas.state == "added" and found.differences == 3


def test_comparing_costs_the_same_however_much_there_is(path, ana, now):
    old = path.versions.get()
    new = draft_of(old, now)
    comparing.compare(old, new)  # whatever they remember of themselves
    costs = []
    for number in (3, 9):
        with make.signed():
            for n in range(number, number + 5):
                Level.objects.create(
                    version=new,
                    number=n,
                    name="x",
                    responsible="person",
                    person=ana,
                    acknowledge_seconds=HOUR,
                )
        with CaptureQueriesContext(connection) as captured:
            comparing.compare(old, new)
        costs.append(len(captured))
    assert costs[0] == costs[1] <= 4


# --- Its page


def address(version, page="compare"):
    options = version._meta
    return reverse(f"admin:{options.app_label}_{options.model_name}_{page}", args=[version.pk])


@pytest.fixture
def desk():
    return people()


@pytest.fixture
def versions(desk, now):
    manager = desk["manager"]
    path = make.path(levels=[{"person": manager}], fallback=manager)
    old = path.versions.get()
    new = drafting.draft_from(version=old, by=manager, now=now)
    with make.signed():
        Level.objects.filter(version=new).update(acknowledge_seconds=5400)
    return old, new


def test_what_differs_is_struck_and_underlined_and_marked_in_words(desk, versions, client):
    old, new = versions
    client.force_login(desk["manager"])
    for version in versions:  # from either side, the older one stands on the left
        page = body(client.get(address(version)))
        assert "<del>1 h</del>" in page and "<ins>1 h 30 min</ins>" in page
        assert "changed" in page and "1 difference" in page


def test_another_version_is_chosen(desk, versions, client, now):
    old, new = versions
    third = drafting.draft_from(version=new, by=desk["manager"], now=now)
    client.force_login(desk["manager"])
    comparison = client.get(address(third)).context["comparison"]
    assert (comparison.old, comparison.new) == (old, third)  # the one in force
    comparison = client.get(address(third), {"other": new.pk}).context["comparison"]
    assert (comparison.old, comparison.new, comparison.differences) == (new, third, 0)
    for wrong in (third.pk, 0, "x", ""):
        page = client.get(address(third), {"other": wrong})
        assert page.status_code == 200 and page.context["comparison"] is None


def test_another_things_version_is_no_choice(desk, versions, client):
    elsewhere = make.path("Outages", levels=[{"person": desk["manager"]}], fallback=desk["manager"])
    client.force_login(desk["manager"])
    page = client.get(address(versions[0]), {"other": elsewhere.versions.get().pk})
    assert page.context["comparison"] is None


def test_the_only_version_has_nothing_beside_it(desk, client):
    only = make.policy("Gold")
    client.force_login(desk["auditor"])
    assert "is the only version" in body(client.get(address(only)))


@pytest.mark.parametrize("role", ROLES)
def test_who_may_compare(role, desk, versions, client):
    client.force_login(desk[role])
    expected = 403 if role in ("agent", "stranger") else 200
    others = (make.policy("Gold"), make.calendar("Night").versions.get())
    for version in (*versions, *others):
        assert client.get(address(version)).status_code == expected


def test_nobody_else_compares_and_nothing_that_is_not_there(desk, versions, client):
    assert client.get(address(versions[0])).status_code == 302
    client.force_login(desk["manager"])
    gone = reverse("admin:escalations_pathversion_compare", args=[0])
    assert client.get(gone).status_code == 404


def test_it_is_reached_from_the_version_its_history_and_its_whole(desk, versions, client):
    old, new = versions
    client.force_login(desk["auditor"])
    whole = reverse("admin:escalations_escalationpath_change", args=[new.path_id])
    for page in (address(new, "change"), address(new, "history"), whole):
        assert address(new) in body(client.get(page)), page


def test_a_history_of_what_has_no_versions_offers_no_comparison(desk, client):
    client.force_login(desk["manager"])
    page = client.get(reverse("admin:cases_person_history", args=[desk["agent"].pk]))
    assert "compare" not in body(page)
