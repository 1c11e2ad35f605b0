"""Paths begun from a template or from another path: files that hold, drafts that pass their check."""

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone, translation

from cases.models import Membership, PersonSkill, Skill
from escalations import path_templates
from escalations.errors import NameTaken, RoleUnfilled
from escalations.forms.steps import StepsField
from escalations.models import EscalationPath, Level, LevelInform, PathVersion
from escalations.operations import publishing, starting
from escalations.path_templates import words
from tests import factories as make
from tests.console_forms import errors
from tests.workspace import ROLES, body, people

pytestmark = pytest.mark.django_db

KEYS = path_templates.KEYS


@pytest.fixture
def nora():
    return make.person("Nora", role="manager")


def filled_by(template, person, team, skill):
    """Each role filled with the first kind that it may be."""
    rows = {"person": person, "team": team, "skill": skill}
    return {role.key: rows[role.kinds[0]] for role in template.roles}


@pytest.fixture
def cast(nora):
    team = make.team("Care", people=[make.person("Ana")])
    with make.signed():
        skill = Skill.objects.create(name="On call")
        PersonSkill.objects.create(person=nora, skill=skill)
    return nora, team, skill


# --- The files


def test_the_files_beside_the_reader_are_those_that_are_offered():
    assert {path.stem for path in path_templates.HERE.glob("*.toml")} == set(KEYS)


@pytest.mark.parametrize("key", KEYS)
def test_a_file_holds_together(key):
    template = path_templates.template(key)
    roles = {role.key for role in template.roles}
    assert template.levels and len(roles) == len(template.roles)
    assert template.role(template.fallback).kinds == ("person",)
    used = {template.fallback}
    for level in template.levels:
        assert bool(level.role) != bool(level.responsible)
        assert level.responsible in ("", "account_manager", "holders_manager")
        assert {level.role, *level.informs} - {""} <= roles
        # As the editor would take them.
        typed = "\n".join(("! " if step.is_required else "") + step.text for step in level.steps)
        assert StepsField().clean(typed) == [(step.text, step.is_required) for step in level.steps] != []
        used |= {level.role, *level.informs} - {""}
    assert used == roles
    assert all(set(role.kinds) <= set(path_templates.KINDS) and role.kinds for role in template.roles)


def said(key):
    file = path_templates.read(key)
    yield from (file["name"], file["about"])
    for role in file["roles"]:
        yield from (role["name"], role["hint"])
    for level in file["levels"]:
        yield from (level["name"], level["instructions"], *(step["text"] for step in level["steps"]))


def test_every_word_of_the_files_is_marked_and_no_other():
    assert set(words.WORDS) == {text for key in KEYS for text in said(key)}
    assert len(words.WORDS) == len(set(words.WORDS))


# --- What they make


@pytest.mark.parametrize("key", KEYS)
def test_a_template_makes_a_draft_that_passes_its_check(key, cast, nora, now):
    template = path_templates.template(key)
    chosen = filled_by(template, *cast)
    draft = starting.start_from(template=template, name="Ours", chosen=chosen, by=nora, now=now)
    assert (draft.published_at, draft.number, draft.path.name) == (None, 1, "Ours")
    assert publishing.findings(draft, now=now) == []
    assert [level.name for level in draft.levels.order_by("number")] == [lv.name for lv in template.levels]
    published = publishing.publish_path(version=draft, by=nora, now=now)
    assert published.published_at == now


def test_a_draft_says_what_its_template_says(cast, nora, now):
    _nora, team, skill = cast
    template = path_templates.template("telecoms")
    head = make.person("Priya")
    chosen = {"on_call": skill, "head": head, "operations": nora, "fallback": nora}
    draft = starting.start_from(
        template=template, name="Outages", chosen=chosen, by=nora, now=now, reason="Agreed"
    )
    first, second, third = draft.levels.order_by("number")
    assert (first.responsible, first.skill, first.person, first.team) == ("skill", skill, None, None)
    assert (first.acknowledge_seconds, first.work_seconds, first.remind_every_seconds) == (900, 14400, 300)
    assert first.is_around_the_clock and first.instructions.startswith("Call the customer")
    assert [inform.person for inform in second.informs.all()] == [nora] and not third.informs.exists()
    assert draft.fallback == nora and draft.note == "Begun from “Telecoms outage”"
    entry = draft.history.latest("history_id")
    assert (entry.history_change_reason, entry.history_user_id) == ("Agreed", nora.pk)


def test_a_role_that_is_a_team_is_informed_of_nothing_by_name(cast, nora, now):
    template = path_templates.template("support")
    chosen = filled_by(template, *cast) | {"engineering": cast[1]}
    starting.start_from(template=template, name="Support", chosen=chosen, by=nora, now=now)
    assert not LevelInform.objects.exists()


def test_roles_that_nobody_or_the_wrong_one_fills_are_named(cast, nora, now):
    template = path_templates.template("public")
    chosen = {"unit": nora, "fallback": nora}
    with pytest.raises(RoleUnfilled) as refused:
        starting.start_from(template=template, name="Ours", chosen=chosen, by=nora, now=now)
    assert refused.value.messages == [
        "“Unit in charge” cannot be Nora: choose another.",
        "Name who is “Director”.",
    ]
    assert not EscalationPath.objects.filter(name="Ours").exists()


def test_a_name_that_is_taken_is_refused_and_nothing_is_left(cast, nora, now):
    template = path_templates.template("retail")
    chosen = filled_by(template, *cast)
    before = EscalationPath.objects.count(), PathVersion.objects.count()
    taken = EscalationPath.objects.get(is_default=True).name
    with pytest.raises(NameTaken):
        starting.start_from(template=template, name=taken, chosen=chosen, by=nora, now=now)
    assert (EscalationPath.objects.count(), PathVersion.objects.count()) == before
    assert connection.in_atomic_block  # the transaction around it goes on


def test_a_copied_path_is_a_draft_of_its_own(nora, now):
    path = make.path(levels=[{"person": nora}], fallback=nora)
    original = path.versions.get()
    with pytest.raises(NameTaken):
        starting.copy_path(version=original, name=path.name, by=nora, now=now)
    draft = starting.copy_path(version=original, name="Night", by=nora, now=now)
    assert (draft.path.name, draft.number, draft.published_at) == ("Night", 1, None)
    assert publishing.findings(draft, now=now) == []
    assert [str(level) for level in draft.levels.all()] == ["1 Level 1"]
    assert path.versions.count() == 1


# --- Their pages


@pytest.fixture
def desk(monkeypatch, now):
    monkeypatch.setattr(timezone, "now", lambda: now)
    return people()


def address(page, *args):
    return reverse(f"admin:escalations_escalationpath_{page}", args=args)


def answers(desk, **changes):
    """What the form of the public service's template is filled with."""
    team = Membership.objects.get(person=desk["agent"]).team
    director = f"person:{desk['manager'].pk}"
    return {
        "name": "Town hall",
        "role_unit": f"team:{team.pk}",
        "role_director": director,
        "role_fallback": director,
        "change_reason": "We begin",
        **changes,
    }


def test_a_template_is_chosen_filled_and_made(desk, client, now):
    client.force_login(desk["supervisor"])
    assert address("template", "public").rsplit("/", 2)[-2] in body(client.get(address("templates")))
    page = client.get(address("template", "public"))
    assert page.context["form"].initial["name"] == "Public service"
    page = client.post(address("template", "public"), answers(desk), follow=True)
    draft = PathVersion.objects.get(path__name="Town hall")
    assert page.request["PATH_INFO"] == reverse("admin:escalations_pathversion_change", args=[draft.pk])
    assert publishing.findings(draft, now=now) == []
    assert draft.history.latest("history_id").history_change_reason == "We begin"
    # Each level's checklist is there to be changed, what is required marked.
    [levels] = [one.formset for one in page.context["inline_admin_formsets"] if one.opts.model is Level]
    assert levels.forms[0]["steps_any"].value() == (
        "! Tell the citizen who is in charge, and until when the answer comes\n"
        "Ask for everything that is missing at once\n"
        "Say what the citizen may read of the file"
    )


def test_an_unfilled_role_and_a_taken_name_are_refused_with_all_that_was_typed(desk, client):
    make.path("Town hall", levels=[{"person": desk["manager"]}], fallback=desk["manager"])
    client.force_login(desk["manager"])
    page = client.post(address("template", "public"), answers(desk, role_director=""))
    assert page.status_code == 422
    assert errors(page) == [
        "A path is called “Town hall” already; choose another name.",
        "Choose who this is.",
    ]
    assert 'value="We begin"' in body(page)
    assert EscalationPath.objects.filter(name="Town hall").count() == 1


@pytest.mark.parametrize("who", ["team:0", "person:x", "skill:1", "x", "person:1:2"])
def test_whoever_may_not_fill_a_role_is_no_choice(who, desk, client):
    client.force_login(desk["manager"])
    page = client.post(address("template", "public"), answers(desk, role_director=who))
    assert page.status_code == 422 and not EscalationPath.objects.filter(name="Town hall").exists()


@pytest.mark.parametrize("role", ROLES)
def test_who_may_begin_a_path(role, desk, client):
    path = make.path(levels=[{"person": desk["manager"]}], fallback=desk["manager"])
    client.force_login(desk[role])
    pages = (address("templates"), address("template", "public"), address("copy", path.pk))
    expected = 200 if role in ("supervisor", "manager") else 403
    assert [client.get(page).status_code for page in pages] == [expected] * 3
    said = {"name": "Night", "change_reason": ""}
    done = 302 if expected == 200 else 403
    assert client.post(address("copy", path.pk), said).status_code == done
    assert client.post(address("template", "public"), answers(desk)).status_code == done
    assert EscalationPath.objects.filter(name__in=("Night", "Town hall")).count() == (2 if done == 302 else 0)


def test_what_is_not_there_is_not_found_and_nobody_else_comes_in(desk, client):
    for page in (address("templates"), address("template", "public"), address("copy", 0)):
        assert client.get(page).status_code == 302
    client.force_login(desk["manager"])
    assert client.get(address("template", "unknown")).status_code == 404
    assert client.get(address("copy", 0)).status_code == 404


def test_what_is_in_force_is_copied_not_a_later_draft(desk, client, now):
    manager = desk["manager"]
    path = make.path(levels=[{"person": manager}], fallback=manager)
    with make.signed():
        PathVersion.objects.create(path=path, number=2, fallback=manager)
    client.force_login(manager)
    client.post(address("copy", path.pk), {"name": "Night", "change_reason": ""})
    assert PathVersion.objects.get(path__name="Night").levels.count() == 1


def test_the_words_are_those_of_whoever_makes_it(monkeypatch):
    """Whatever the catalogues hold, names go through them."""
    monkeypatch.setattr(path_templates, "in_words", lambda text: text.upper())
    with translation.override("es"):
        template = path_templates.template("retail")
    assert template.name == "RETAIL COMPLAINTS" and template.levels[0].name == "CUSTOMER CARE"
