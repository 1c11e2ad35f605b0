"""What is found before a path is published and what mends it; who publishes; what moves with it."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from cases import engine
from cases.errors import Incomplete, NotInForce, NotTheirs
from cases.models import Absence, Calendar, Duty, PersonSkill, Skill, Timer
from cases.states import Metric, TimerKind
from escalations import checking, matching
from escalations.errors import ChangedMeanwhile, NeedsAnother
from escalations.models import Level, PathVersion
from escalations.operations import moving, publishing
from escalations.operations.escalate import escalate
from tests import factories as make
from tests.console_forms import filled, said
from tests.word import here, kept_its_word

pytestmark = pytest.mark.django_db
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
TEXTS = {"reason": "Credit", "background": "38 lines twice", "tried": "Compared", "next_steps": "Approve"}


@pytest.fixture
def priya():
    return make.person("Priya", role="manager")


def drafted(fallback, *levels, name="Complaints"):
    return make.path(name=name, levels=levels, fallback=fallback, publish=False).versions.get()


def found(version, now, *, blocks=None):
    """[(sentence, level, rule, field)] of the check."""
    return [
        (f.sentence, f.level_number, f.rule_id, f.field)
        for f in checking.check(version, now=now)
        if blocks is None or f.blocks is blocks
    ]


# --- The check --------------------------------------------------------------------------------------------


def test_nothing_is_found_against_a_sound_draft(priya, now):
    assert found(drafted(priya, {"person": make.person("Ana")}), now) == []


def test_a_rule_that_an_earlier_one_leaves_nothing_for_is_found(priya, now):
    path = make.path(levels=[{"person": make.person("Ana")}], fallback=priya)
    make.rule(path, trigger="threat", name="Any", position=1)
    narrow = make.rule(path, trigger="threat", name="Urgent", position=2, priority=4)
    make.rule(path, trigger="safety", name="Safe", position=3)
    [(sentence, level, rule, field)] = found(path.versions.get(), now)
    assert "“Urgent” can never match: rule “Any” takes all of its cases first" in sentence
    assert (level, rule, field) == (None, narrow.pk, "position")


@pytest.mark.parametrize(
    ("earlier", "later", "covers"),
    [
        ({}, {"priority": 4}, True),
        ({"priority": 4}, {}, False),
        ({"priority": 4}, {"priority": 4}, True),
        ({"priority": 3}, {"priority": 4}, False),
        ({"reopened_at_least": 1}, {"reopened_at_least": 2}, True),
        ({"reopened_at_least": 2}, {"reopened_at_least": 1}, False),
        ({"reopened_at_least": 1}, {}, False),
        ({"within_days": 30}, {"within_days": 7}, True),
        ({"within_days": 7}, {"within_days": 30}, False),
        ({"trigger": "threat"}, {"trigger": "safety"}, False),
    ],
)
def test_wider_or_the_same_covers(earlier, later, covers):
    names = (*matching.EQUAL, *matching.AT_LEAST, *matching.AT_MOST)
    rows = [
        type("Rule", (), {**dict.fromkeys(names), "trigger": "threat", **row}) for row in (earlier, later)
    ]
    assert matching.covers(*rows) is covers


def test_a_rule_that_begins_above_the_top_blocks(priya, now):
    ana = make.person("Ana")
    path = make.path(levels=[{"person": ana}, {"person": priya}], fallback=priya)
    rule = make.rule(path, trigger="threat", level_number=2)
    with make.signed():
        draft = PathVersion.objects.create(path=path, number=2, fallback=priya)
        Level.objects.create(
            version=draft, number=1, name="Ana", responsible="person", person=ana, acknowledge_seconds=60
        )
    [(sentence, _level, of, field)] = found(draft, now, blocks=True)
    assert "the top is 1" in sentence and (of, field) == (rule.pk, "level_number")


def test_hours_that_never_open_block(priya, now):
    with make.signed():
        never = Calendar.objects.create(name="Nights", time_zone="UTC")  # never published, never open
    ana = make.person("Ana", calendar=never)
    level = {"person": ana, "is_around_the_clock": False}
    [(sentence, number, _rule, field)] = found(drafted(priya, level), now, blocks=True)
    assert "“Nights”, which never opens again" in sentence
    assert (number, field) == (1, "is_around_the_clock")
    assert found(drafted(priya, {"person": ana}, name="Always"), now) == []


def test_turns_of_duty_outside_working_hours_are_found(priya, now):
    marta = make.person("Marta", calendar=make.calendar())
    with make.signed():
        skill = Skill.objects.create(name="Tax")
        PersonSkill.objects.create(person=marta, skill=skill)
        night = now.replace(hour=20)
        Duty.objects.create(skill=skill, person=marta, starts_at=night, ends_at=night + 8 * HOUR)
    draft = drafted(priya, {"skill": skill, "is_around_the_clock": False})
    sentences = [sentence for sentence, *_rest in found(draft, now)]
    assert any("the turns of Marta for “Tax” never meet their working hours" in s for s in sentences)
    with make.signed():
        Duty.objects.create(skill=skill, person=marta, starts_at=now, ends_at=now + HOUR)
    sentences = [sentence for sentence, *_rest in found(draft, now)]
    assert not any("never meet" in sentence for sentence in sentences)


def test_hours_at_which_nobody_is_there_are_counted(priya, now):
    ana = make.person("Ana")
    with make.signed():
        Absence.objects.create(person=ana, starts_at=now + 2 * HOUR, ends_at=now + 5 * HOUR)
    [(sentence, number, _rule, field)] = found(drafted(priya, {"person": ana}), now, blocks=False)
    assert "For 3 hours of the next two weeks nobody of level 1 is there" in sentence
    assert (number, field) == (1, "person")


def test_a_circle_of_managers_blocks_where_a_level_climbs_it(priya, now):
    ana = make.person("Ana")
    jonas = make.person("Jonas", manager=ana)
    with make.signed():
        type(ana).objects.filter(pk=ana.pk).update(manager=jonas)
    draft = drafted(priya, {"responsible": "holders_manager"})
    [(sentence, number, _rule, _field)] = found(draft, now, blocks=True)
    assert "Ana, Jonas manage each other in a circle" in sentence and number == 1
    assert found(drafted(priya, {"person": ana}, name="Other"), now, blocks=True) == []


def test_two_levels_that_go_to_the_same_are_found(priya, now):
    ana = make.person("Ana")
    [(sentence, number, *_rest)] = found(drafted(priya, {"person": ana}, {"person": ana}), now)
    assert sentence.startswith("Levels 1 and 2 go to the same") and number == 2


@pytest.mark.parametrize(("seconds", "is_found"), [(3600, False), (3601, True)])
def test_a_term_longer_than_what_a_target_leaves_is_found(priya, now, seconds, is_found):
    make.policy(targets={(Metric.RESOLUTION, None): {"term_seconds": 4 * 3600, "at_risk_percent": 75}})
    ana = make.person("Ana")
    path = make.path(levels=[{"person": ana, "acknowledge_seconds": seconds}], fallback=priya)
    make.rule(path, name="At risk", trigger="target_at_risk", metric="resolution")
    sentences = [sentence for sentence, *_rest in found(path.versions.get(), now)]
    assert bool(sentences) is is_found
    assert all("which leaves 1 h. Name 1 h or less." in sentence for sentence in sentences)


# --- The page ---------------------------------------------------------------------------------------------


@pytest.fixture
def console(client, priya, now, monkeypatch):
    client.force_login(priya)
    monkeypatch.setattr(timezone, "now", lambda: now)
    return client


def address(row, page):
    return reverse(f"admin:escalations_{row._meta.model_name}_{page}", args=[row.pk])


def text(page):
    return " ".join(page.content.decode().split())


def test_each_finding_leads_to_the_field_that_mends_it(console, priya, now):
    ana = make.person("Ana")
    draft = drafted(None, {"person": priya}, {"person": ana}, {"person": ana})
    page = text(console.get(address(draft, "publish")))
    assert f"{address(draft, 'change')}#id_fallback" in page
    assert f"{address(draft, 'change')}#id_levels-2-responsible" in page
    assert "Must be mended" in page and "To consider" in page
    # And there is such a field on that page.
    form = text(console.get(address(draft, "change")))
    assert 'id="id_fallback"' in form and 'id="id_levels-2-responsible"' in form


def running(path, priya, now, level=1):
    case = make.case(now=now, owner=priya)
    more = {"level": level} if level > 1 else {}
    kind = "priority" if level > 1 else "hierarchical"
    return escalate(case=case, kind=kind, path=path, by=priya, now=now, **more, **TEXTS).escalation


@pytest.fixture
def two(priya, now):
    """A path with two levels in force, and a draft of it with one."""
    ana = make.person("Ana")
    path = make.path(levels=[{"person": ana}, {"person": make.person("Marta")}], fallback=priya)
    with make.signed(now):
        draft = PathVersion.objects.create(path=path, number=2, fallback=priya)
        Level.objects.create(
            version=draft, number=1, name="Ana", responsible="person", person=ana, acknowledge_seconds=60
        )
    return path, draft


def test_the_running_escalations_are_named_and_move_on_request_alone(console, priya, two, now):
    path, draft = two
    low, high = running(path, priya, now), running(path, priya, now, level=2)
    page = console.get(address(draft, "publish"))
    assert low.case.number in text(page) and high.case.number in text(page)
    assert "would stay: this version has no such level" in text(page)
    data = filled(page, change_reason="New ladder") | {"move_open": "on"}
    page = console.post(address(draft, "publish"), data, follow=True)
    assert "1 running escalation moved to this version." in said(page)
    assert any(f"{high.case.number} at level 2" in sentence for sentence in said(page))
    low.refresh_from_db()
    high.refresh_from_db()
    assert (low.version, low.level_number, high.version) == (draft, 1, path.versions.get(number=1))
    assert low.history.latest("history_id").history_change_reason == "New ladder"


def test_without_asking_for_it_nothing_moves(console, priya, two, now):
    path, draft = two
    low = running(path, priya, now)
    console.post(address(draft, "publish"), filled(console.get(address(draft, "publish"))))
    draft.refresh_from_db()
    low.refresh_from_db()
    assert draft.published_at == now and low.version != draft


@pytest.mark.parametrize("missing", ["reason", "in force"])
def test_moving_needs_a_reason_and_a_version_in_force(console, two, missing):
    _path, draft = two
    data = filled(console.get(address(draft, "publish"))) | {"move_open": "on"}
    data |= (
        {}
        if missing == "reason"
        else {"change_reason": "x", "effective_at_0": "2026-03-09", "effective_at_1": "09:00"}
    )
    assert console.post(address(draft, "publish"), data).status_code == 200
    draft.refresh_from_db()
    assert draft.published_at is None


def test_what_somebody_changed_meanwhile_is_not_published_but_shown(console, priya, two, now):
    _path, draft = two
    looked_at = filled(console.get(address(draft, "publish")))
    marta = make.person("Sofia", role="supervisor")
    with make.signed(now, by=marta):
        draft.levels.update(acknowledge_seconds=7200)
    page = console.post(address(draft, "publish"), looked_at)
    draft.refresh_from_db()
    assert draft.published_at is None
    assert any("Sofia changed 1 Ana" in s and "60 → 7200" in s for s in said(page))
    # Having read it, one may go on.
    console.post(address(draft, "publish"), {"seen": page.context["form"]["seen"].value()})
    draft.refresh_from_db()
    assert draft.published_at == now


def test_an_added_and_a_deleted_level_are_told(priya, two, now):
    _path, draft = two
    seen = publishing.edition(draft)
    with make.signed(now, by=make.person("Sofia", role="supervisor")):
        draft.levels.all().delete()
        Level.objects.create(
            version=draft, number=1, name="Care", responsible="person", person=priya, acknowledge_seconds=60
        )
    with pytest.raises(ChangedMeanwhile) as refused:
        publishing.publish_path(version=draft, by=priya, now=now, seen=seen)
    assert refused.value.messages[1:] == ["Sofia deleted 1 Ana.", "Sofia added 1 Care."]


# --- A second manager -------------------------------------------------------------------------------------


def test_where_two_are_needed_who_changed_a_draft_does_not_publish_it(priya, two, now, settings):
    settings.PATHS_NEED_TWO = True
    _path, draft = two
    nora = make.person("Nora", role="manager")
    with make.signed(now, by=priya):
        draft.levels.update(acknowledge_seconds=120)
    with pytest.raises(NeedsAnother, match="Nora"):
        publishing.publish_path(version=draft, by=priya, now=now)
    publishing.publish_path(version=draft, by=nora, now=now)


def test_where_every_manager_changed_it_the_way_out_is_said(priya, two, now, settings):
    settings.PATHS_NEED_TWO = True
    _path, draft = two
    with make.signed(now, by=priya):
        draft.levels.update(acknowledge_seconds=120)
    with pytest.raises(NeedsAnother, match="Begin a new draft"):
        publishing.publish_path(version=draft, by=priya, now=now)


def test_where_one_is_enough_they_publish_what_they_changed(priya, two, now):
    _path, draft = two
    with make.signed(now, by=priya):
        draft.levels.update(acknowledge_seconds=120)
    publishing.publish_path(version=draft, by=priya, now=now)


# --- The operation that moves -----------------------------------------------------------------------------


def test_only_who_publishes_moves_with_a_reason_and_to_what_is_in_force(priya, two, now):
    _path, draft = two
    for role in ("agent", "supervisor", "auditor", "administrator"):
        with pytest.raises(NotTheirs):
            moving.move_escalations(version=draft, by=make.person(role, role=role), now=now, reason="x")
    with pytest.raises(Incomplete):
        moving.move_escalations(version=draft, by=priya, now=now, reason=" ")
    with pytest.raises(NotInForce):
        moving.move_escalations(version=draft, by=priya, now=now, reason="x")


@pytest.mark.parametrize(("before", "after"), [(600, None), (None, 600), (600, 1200), (None, None)])
def test_who_waits_to_answer_is_reminded_as_the_new_version_says(priya, now, before, after):
    ana = make.person("Ana")
    path = make.path(levels=[{"person": ana, "remind_every_seconds": before}], fallback=priya)
    running(path, priya, now)
    later = now + timedelta(minutes=15)
    engine.run_until_idle(now=later)
    with make.signed(later):
        draft = PathVersion.objects.create(path=path, number=2, fallback=priya)
        terms = {"acknowledge_seconds": 3600, "remind_every_seconds": after}
        Level.objects.create(version=draft, number=1, name="Ana", responsible="person", person=ana, **terms)
    publishing.publish_path(version=draft, by=priya, now=later)
    assert moving.move_escalations(version=draft, by=priya, now=later, reason="x").moved == 1
    reminders = Timer.objects.pending().filter(kind=TimerKind.HOLDER_REMINDER)
    assert reminders.count() == (1 if after else 0)
    engine.run_until_idle(now=later + timedelta(minutes=40))
    kept_its_word(here, now=later + timedelta(minutes=40))
