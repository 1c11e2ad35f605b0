"""The ladder beside a path’s form: who would answer now, terms in words, what differs from what holds."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from cases.models import Absence, Duty, Skill
from cases.operations import drafting
from escalations.models import Level, LevelInform, PathVersion
from escalations.path_picture import Before, Said, draw, said_by
from tests import factories as make
from tests.console_forms import filled
from tests.workspace import ROLES, body, people

pytestmark = pytest.mark.django_db

HOUR = 3600
DAY = timedelta(days=1)


@pytest.fixture
def ana():
    return make.person("Ana")


def person(who, number=1, **fields):
    return Said(number, f"Level {number}", "person", person_id=who.pk, **{"acknowledge": HOUR, **fields})


def now_of(said, now):
    rung = draw([said], None, now=now).rungs[0]
    return rung.now, rung.is_empty


def test_a_person_is_there_or_away_with_or_without_a_deputy(ana, now):
    assert now_of(person(ana), now) == ("there now", False)
    deputy = make.person("Jonas")
    with make.signed():
        absence = Absence.objects.create(person=ana, starts_at=now - DAY, ends_at=now + DAY)
    said, is_empty = now_of(person(ana), now)
    assert said.startswith("absent until ") and is_empty
    with make.signed():
        Absence.objects.filter(pk=absence.pk).update(deputy=deputy)
    said, is_empty = now_of(person(ana), now)
    assert said.endswith("; Jonas stands in") and not is_empty
    # Half-open: at its end they are back.
    assert now_of(person(ana), now + DAY) == ("there now", False)


def test_a_team_says_how_many_are_there(ana, now):
    team = make.team("Care", people=[ana, make.person("Jonas")])
    said = Said(1, "Care", "team", team_id=team.pk, acknowledge=HOUR)
    assert now_of(said, now) == ("2 of 2 there now, Ana asked first", False)
    with make.signed():
        Absence.objects.create(person=ana, starts_at=now, ends_at=now + DAY)
    assert now_of(said, now) == ("1 of 2 there now: Jonas", False)
    assert now_of(Said(1, "x", "team", team_id=make.team("Empty").pk), now) == ("has no people", True)


def test_a_skill_says_who_is_on_duty_now(ana, now):
    with make.signed():
        skill = Skill.objects.create(name="Network on call")
    said = Said(1, "On call", "skill", skill_id=skill.pk, acknowledge=HOUR)
    assert now_of(said, now) == ("nobody is on duty, now or later", True)
    with make.signed():
        Duty.objects.create(skill=skill, person=ana, starts_at=now + DAY, ends_at=now + 2 * DAY)
    words, is_empty = now_of(said, now)
    assert words.startswith("nobody on duty now; Ana from ") and is_empty
    assert now_of(said, now + DAY) == ("on duty now: Ana", False)


@pytest.mark.parametrize("who", ["account_manager", "holders_manager"])
def test_what_differs_by_case_says_so(who, now):
    words, is_empty = now_of(Said(1, "x", who, acknowledge=HOUR), now)
    assert words.startswith("differs by") and not is_empty


def lines(rung):
    return {line.label: (line.words, line.was) for line in rung.lines}


def test_terms_stand_in_words(ana, now):
    said = person(ana, work=9000, limit=3000, informs=(ana.pk,), remind=300)
    rung = draw([said], ana.pk, now=now).rungs[0]
    assert lines(rung) == {
        "Acknowledge within": ("1 h working time", ""),
        "Work within": ("2 h 30 min working time", ""),
        "Limit": ("€3,000", ""),
        "Informs": ("Ana", ""),
        "Reminds every": ("5 min", ""),
    }
    around = draw([person(ana, is_around_the_clock=True)], ana.pk, now=now).rungs[0]
    assert lines(around)["Acknowledge within"] == ("1 h, day and night", "")
    assert lines(around)["Work within"] == ("no end", "")


def test_what_nobody_does_is_said_in_a_sentence(ana, now):
    marta = make.person("Marta")
    levels = [person(ana), person(marta, 2, acknowledge=2 * HOUR)]
    assert draw(levels, ana.pk, now=now).otherwise == "Marta after 1 h, Ana after 3 h of working time."
    assert draw([], ana.pk, now=now).otherwise == ""
    assert draw([person(ana, acknowledge="soon")], ana.pk, now=now).otherwise == ""


def test_what_differs_from_the_version_in_force_is_marked(ana, now):
    marta = make.person("Marta")
    before = Before("v1", (person(ana), person(marta, 2)), ana.pk)
    picture = draw([person(marta, acknowledge=2 * HOUR), person(ana, 3)], marta.pk, now=now, before=before)
    first, third, fallback = picture.rungs
    assert first.was == "Ana" and lines(first)["Acknowledge within"][1] == "1 h working time"
    assert lines(first)["Work within"] == ("no end", "")
    assert third.is_new and picture.gone == ("2 Level 2",)
    assert fallback.was == "Ana" and picture.before == "v1: 1 h, 2 h"


def test_a_picture_costs_the_same_however_many_levels_there_are(ana, now):
    costs = []
    for number in (1, 12):
        levels = [person(ana, n, informs=(ana.pk,)) for n in range(1, number + 1)]
        with CaptureQueriesContext(connection) as captured:
            draw(levels, ana.pk, now=now)
        costs.append(len(captured))
    assert costs[0] == costs[1] <= 9


# --- Its page


@pytest.fixture
def desk(monkeypatch, now):
    monkeypatch.setattr(timezone, "now", lambda: now)
    return people()


@pytest.fixture
def draft(desk):
    manager = desk["manager"]
    path = make.path(levels=[{"person": manager, "instructions": "Call them."}], fallback=manager)
    version = path.versions.get()
    return drafting.draft_from(version=version, by=manager, now=timezone.now())


def address(version, page="change"):
    return reverse(f"admin:escalations_pathversion_{page}", args=[version.pk])


def test_the_draft_is_drawn_by_the_server_beside_its_form(desk, draft, client):
    client.force_login(desk["manager"])
    page = client.get(address(draft))
    assert [rung.who for rung in page.context["picture"].rungs] == ["Marta", "Marta"]
    assert f'data-picture="{address(draft, "picture")}"' in body(page)


def test_it_follows_what_is_typed_and_writes_nothing(desk, draft, client):
    client.force_login(desk["manager"])
    data = filled(client.get(address(draft)))
    entries = Level.history.count()
    data |= {"levels-0-acknowledge_seconds": "90 min", "levels-0-work_seconds": "2 foo", "fallback": ""}
    page = client.post(address(draft, "picture"), data)
    first, fallback = page.context["picture"].rungs
    assert lines(first)["Acknowledge within"] == ("1 h 30 min, day and night", "1 h, day and night")
    assert lines(first)["Work within"][0] == "“2 foo”" and "is no term" in body(page)
    assert fallback.is_empty and "needed before publishing" in body(page)
    assert Level.history.count() == entries


def test_what_was_typed_is_drawn_when_the_form_is_refused(desk, draft, client):
    client.force_login(desk["manager"])
    data = filled(client.get(address(draft))) | {"levels-0-name": "Typed", "levels-0-work_seconds": "0 h"}
    page = client.post(address(draft), data)
    assert page.status_code == 200 and page.context["picture"].rungs[0].name == "Typed"


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"levels-TOTAL_FORMS": "x"},
        {"levels-TOTAL_FORMS": "1000000000"},
        {
            "levels-TOTAL_FORMS": "1",
            "levels-0-name": "x",
            "levels-0-responsible": "nobody",
            "levels-0-number": "-1",
            "levels-0-person": "9" * 30,
            "levels-0-authority_limit": "NaN",
            "levels-0-acknowledge_seconds": "9" * 400 + " h",
            "levels-0-informed": ["a", "²"],
            "fallback": "0",
        },
    ],
)
def test_whatever_is_typed_is_drawn(data, desk, draft, client):
    client.force_login(desk["manager"])
    assert client.post(address(draft, "picture"), data).status_code == 200


@pytest.mark.parametrize("role", ROLES)
def test_who_may_draw_what_is_typed(role, desk, draft, client):
    client.force_login(desk[role])
    writes = role in ("supervisor", "manager")
    assert client.post(address(draft, "picture")).status_code == (200 if writes else 403)
    in_console = role not in ("agent", "stranger")
    assert client.get(address(draft, "picture")).status_code == (405 if in_console else 403)
    published = draft.path.versions.get(number=1)
    assert client.post(address(published, "picture")).status_code == 403
    assert (client.get(address(draft)).status_code == 200) is in_console


def test_nobody_else_and_nothing_that_is_not_there(desk, draft, client):
    gone = reverse("admin:escalations_pathversion_picture", args=[0])
    assert client.post(address(draft, "picture")).status_code == 302
    client.force_login(desk["manager"])
    assert client.post(gone).status_code == 404


def test_a_published_version_is_the_picture_alone(desk, draft, client):
    client.force_login(desk["auditor"])
    page = client.get(address(draft.path.versions.get(number=1)))
    assert not page.context["inline_admin_formsets"]
    assert "Call them." in body(page) and "data-picture" not in body(page)


def test_what_a_stored_level_says_is_what_is_drawn(desk, draft, now):
    level = draft.levels.get()
    with make.signed():
        LevelInform.objects.create(level=level, person=desk["agent"])
    said = said_by(PathVersion.objects.get(pk=draft.pk).levels.get())
    assert (said.person_id, said.informs, said.acknowledge) == (level.person_id, (desk["agent"].pk,), HOUR)
